"""What Shopify sends: webhooks, and the bare notices that a fulfillment service gets.

Bodies have the shape of Shopify's older REST API, come in any order, more than once, and up to a day late:
an order's number is all that is taken from one.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode

import attrs

from ...adapters import DataRequest, Headers, Nudge, Reply, decode_bytes
from ...errors import Malformed
from ._settings import Settings

# The address below which Shopify tells a fulfillment service that the merchant asks something of it.
_NOTICE = "/fulfillment_order_notification"

# Topics whose body is the order itself; others about orders name it by order_id.
_WHOLE_ORDERS = frozenset(
    f"orders/{what}"
    for what in ("cancelled", "create", "delete", "fulfilled", "paid", "partially_fulfilled", "updated")
)
_RESOURCES = frozenset(
    {
        "app",
        "bulk_operations",
        "fulfillment_events",
        "fulfillment_holds",
        "fulfillment_orders",
        "fulfillments",
        "order_transactions",
        "orders",
        "refunds",
        "returns",
    }
)
# What the law wants of every app that is sold to others. Their bodies name a customer, or nobody.
_PRIVACY = frozenset({"customers/data_request", "customers/redact", "shop/redact"})


@attrs.frozen(kw_only=True)
class _Order:
    id: int | str | None = None
    admin_graphql_api_id: str | None = None


@attrs.frozen(kw_only=True)
class _Edit:
    order_id: int | str | None = None


@attrs.frozen(kw_only=True)
class _Message:
    id: int | str | None = None
    orders_to_redact: tuple[int | str, ...] | None = None
    orders_requested: tuple[int | str, ...] | None = None
    data_request: _Order | None = None
    admin_graphql_api_id: str | None = None
    admin_graphql_api_order_id: str | None = None
    order_id: int | str | None = None
    order: _Order | None = None
    order_edit: _Edit | None = None


@attrs.frozen(kw_only=True)
class _Notice:
    kind: str


def read_webhook(settings: Settings, method: str, path: str, headers: Headers, body: bytes) -> Nudge | Reply:
    """Whether a call is from our shop, and which order it is about.

    Args:
        settings: A call is believed if ``client_secret`` or any of ``webhook_secrets`` signed its body.

        path: Ends in ``/fulfillment_order_notification`` for what a fulfillment service is told.
    """
    if method != "POST":
        return _words(405, "Shopify's webhooks are posted")
    if not (settings.client_secret or settings.webhook_secrets):
        return _words(401, "no secret is in the settings; give client_secret or webhook_secrets")
    if not _signed(settings, _said(headers, "hmac-sha256"), body):
        return _words(401, "the signature fits neither client_secret nor webhook_secrets")
    shop = _said(headers, "shop-domain").lower()
    if shop and settings.shop.endswith(".myshopify.com") and shop != settings.shop:
        return _words(404, f"this account is {settings.shop}, not {shop}")
    if path.partition("?")[0].rstrip("/").endswith(_NOTICE):
        return _notice(headers, body)
    topic = _said(headers, "topic").lower()
    if topic and topic not in _PRIVACY and topic.partition("/")[0] not in _RESOURCES:
        return Reply()
    digest = hashlib.sha256(body).hexdigest()
    # The id is the same each time one message is delivered. It is not signed: with the digest, nobody can
    # have a message dropped by sending an old one under its id.
    return Nudge(
        ref=_order_in(body, topic),
        topic=topic,
        dedupe=f"{topic}:{_said(headers, 'webhook-id')}:{digest}",
        forget=_to_forget(body) if topic == "customers/redact" else (),
        forget_all=topic == "shop/redact",
        data_request=_request_in(body) if topic == "customers/data_request" else None,
    )


def _to_forget(body: bytes) -> tuple[str, ...]:
    """The orders of a shopper whose data are to go."""
    try:
        named = decode_bytes(_Message, body).orders_to_redact or ()
    except Malformed:
        return ()
    return _numbers(named)


def _request_in(body: bytes) -> DataRequest:
    """Who asks is not taken: the orders lead there."""
    try:
        message = decode_bytes(_Message, body)
    except Malformed:
        message = _Message()
    number = message.data_request.id if message.data_request else None
    ref = _numbers((number or "",)) or (hashlib.sha256(body).hexdigest()[:12],)
    return DataRequest(ref=ref[0], orders=_numbers(message.orders_requested or ()))


def _numbers(named: tuple[int | str, ...]) -> tuple[str, ...]:
    return tuple(str(ref) for ref in named if re.fullmatch(r"[1-9][0-9]*", str(ref)))


def _said(headers: Headers, name: str) -> str:
    """A header of Shopify's; its newer messages leave the ``X-`` out."""
    return headers.get(f"x-shopify-{name}") or headers.get(f"shopify-{name}", "")


def _signed(settings: Settings, signature: str, body: bytes) -> bool:
    good = False
    for secret in (settings.client_secret, *settings.webhook_secrets):
        if secret:  # anybody can sign with an empty one
            digest = hmac.new(secret.reveal().encode(), body, hashlib.sha256).digest()
            good |= hmac.compare_digest(b64encode(digest), signature.strip().encode())
    return good


def _order_in(body: bytes, topic: str) -> str:
    """The order's number, or empty if it cannot be told for sure: then all that changed is read."""
    try:
        message = decode_bytes(_Message, body)
    except Malformed:
        return ""
    order, edit = message.order or _Order(), message.order_edit or _Edit()
    gids = (message.admin_graphql_api_order_id, order.admin_graphql_api_id, message.admin_graphql_api_id)
    for gid in gids:
        found = re.fullmatch(r"gid://shopify/Order/([1-9][0-9]*)", gid or "")
        if found:
            return found[1]
    number = edit.order_id or message.order_id or order.id
    if not number and topic in _WHOLE_ORDERS:
        number = message.id
    return str(number) if re.fullmatch(r"[1-9][0-9]*", str(number)) else ""


def _notice(headers: Headers, body: bytes) -> Nudge | Reply:
    """That the merchant asks us to ship something, or to leave it: of which order is not said."""
    try:
        kind = decode_bytes(_Notice, body).kind
    except Malformed:
        return _words(400, "this is no notice to a fulfillment service")
    # Every notice of a kind has the same body and signature: only what came around it may tell two apart.
    # One that is taken for two costs a look at the shop; two taken for one would leave an order waiting.
    around = hashlib.sha256(body)
    for name in sorted(headers):
        around.update(f"\n{name}: {headers[name]}".encode())
    return Nudge(ref="", topic=kind, dedupe=f"{kind}:{around.hexdigest()}")


def _words(status: int, why: str) -> Reply:
    return Reply(status=status, body=why.encode(), headers=Headers({"Content-Type": "text/plain"}))
