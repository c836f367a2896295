"""What Adobe sends: the webhooks of Adobe Commerce, and the events of Adobe I/O.

Magento Open Source and Mage-OS send nothing; there, polling is all there is.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from urllib.parse import parse_qs

import attrs

from ...adapters import Headers, Nudge, Reply, decode_bytes
from ...errors import ConfigurationError, Malformed
from ._settings import Settings

# Events about an order itself; those about its parts carry its order_id.
_OF_ORDERS = re.compile(r"sales_order_(save|place|cancel)|\border_(management|repository)\.")


@attrs.frozen(kw_only=True)
class _Order:
    entity_id: int | str | None = None


@attrs.frozen(kw_only=True)
class _Value:
    """Fields of Magento's own models, not of its REST API: only numbers of orders are taken."""

    order: _Order | None = None
    order_id: int | str | None = None
    entity_id: int | str | None = None


@attrs.frozen(kw_only=True)
class _Data:
    value: _Value | None = None


@attrs.frozen(kw_only=True)
class _Inner:
    data: _Data | None = None


@attrs.frozen(kw_only=True)
class _Payload:
    data: _Data | None = None
    event: _Inner | None = None


@attrs.frozen(kw_only=True)
class _Event:
    """The envelope; Adobe spells two of its names in two ways."""

    type: str = ""
    event_id: str = ""
    eventid: str = ""
    recipient_client_id: str = ""
    recipientclientid: str = ""


def read_webhook(settings: Settings, method: str, path: str, headers: Headers, body: bytes) -> Nudge | Reply:
    """Whether a call is from Adobe, and which order it is about.

    Args:
        settings: ``webhook_keys`` are the public keys of Adobe Commerce (shown in its admin) and of Adobe
            I/O Events (served below static.adobeioevents.com, where the header x-adobe-public-key1-path
            points; nothing is fetched here). ``event_client_ids`` say whose events are ours: all of
            Adobe's customers share its keys.

        path: With the query, which holds the challenge when a registration is made.
    """
    if not settings.webhook_keys:
        return _words(404, "this account takes no webhooks: webhook_keys is empty")
    challenge = parse_qs(path.partition("?")[2]).get("challenge", [""])[0]
    if method == "GET" and settings.event_client_ids and re.fullmatch(r"[\w.-]{1,200}", challenge):
        return _json({"challenge": challenge})
    if method != "POST":
        return _words(405, "send a POST")
    signature = headers.get("x-adobe-commerce-webhook-signature")
    if signature is not None:
        # Commerce signs the text that its body becomes in base64.
        if not _signed(settings.webhook_keys, [signature], b64encode(body)):
            return _words(401, "the signature fits none of webhook_keys")
        # Commerce makes the shopper wait for this answer, before the order is stored: so it names no order
        # that could be read already, and anything but this word could stop it.
        go_on = _json({"op": "success"})
        return Nudge(ref="", topic="webhook", dedupe=hashlib.sha256(body).hexdigest(), reply=go_on)
    signatures = [headers.get(f"x-adobe-digital-signature-{number}", "") for number in (1, 2)]
    if not any(signatures):
        return _words(
            401,
            "there is no signature; switch signing on in Adobe Commerce. If this is Adobe's validationUrl, "
            "have the GET with ?challenge= reach this account with its query",
        )
    if not _signed(settings.webhook_keys, signatures, body):
        return _words(401, "the signature fits none of webhook_keys; Adobe may have new keys")
    return _event(settings, body)


def _event(settings: Settings, body: bytes) -> Nudge | Reply:
    """A signed event, or several at once."""
    many = body.lstrip()[:1] == b"["
    try:
        events = decode_bytes(list[_Event], body) if many else [decode_bytes(_Event, body)]
    except Malformed:
        return _words(400, "this is no event")
    recipients = {each.recipient_client_id or each.recipientclientid for each in events}
    if not events or not recipients <= set(settings.event_client_ids):
        return _words(401, "this event is for somebody else, or event_client_ids lacks its recipient")
    first = events[0]
    once = first.event_id or first.eventid
    if many or not once:
        once = hashlib.sha256(body).hexdigest()
    return Nudge(ref="" if many else _order_in(body, first.type), topic=first.type, dedupe=once)


def _order_in(body: bytes, topic: str) -> str:
    """The order's number, or empty if it cannot be told for sure."""
    try:
        payload = decode_bytes(_Payload, body)
    except Malformed:
        return ""
    data = payload.event.data if payload.event else payload.data
    value = data.value if data else None
    if value is None:
        return ""
    if value.order is not None:
        number = value.order.entity_id
    elif value.order_id is not None:
        number = value.order_id
    else:
        number = value.entity_id if _OF_ORDERS.search(topic) else None
    return str(number) if re.fullmatch(r"[1-9][0-9]*", str(number)) else ""


def _signed(keys: Iterable[str], signatures: Iterable[str], message: bytes) -> bool:
    """Is any of the signatures one of the message by any of the keys (RSA, PKCS#1 v1.5, SHA-256)?"""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ImportError:
        raise ConfigurationError(
            "webhook_keys: checking Adobe's signatures needs one more package; "
            "install it with pip install 'orderbridge[adobe]'"
        ) from None
    good = False
    for place, pem in enumerate(keys, 1):
        try:
            key = load_pem_public_key(pem.strip().encode())
        except ValueError:
            key = None
        if not isinstance(key, RSAPublicKey):
            raise ConfigurationError(
                f"webhook_keys: number {place} is no RSA public key; give the whole text from "
                "-----BEGIN PUBLIC KEY----- to -----END PUBLIC KEY-----"
            )
        for signature in signatures:
            try:
                key.verify(b64decode(signature, validate=True), message, PKCS1v15(), SHA256())
                good = True
            except (InvalidSignature, ValueError):
                pass
    return good


def _json(answer: dict[str, str]) -> Reply:
    headers = Headers({"Content-Type": "application/json"})
    return Reply(body=json.dumps(answer).encode(), headers=headers)


def _words(status: int, why: str) -> Reply:
    return Reply(status=status, body=why.encode(), headers=Headers({"Content-Type": "text/plain"}))
