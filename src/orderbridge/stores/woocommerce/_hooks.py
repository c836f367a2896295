"""WooCommerce's webhooks: whether one is from the shop, and which order it is about."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from html import unescape

from ..._model import Secret
from ...adapters import Headers, Nudge, Reply, decode_bytes
from ...errors import Malformed
from ._wire import is_id, text

# WordPress's own events whose first argument is an order. Others that speak of orders hand over the number
# of a note, a line or a refund.
_OF_ORDERS = (
    "woocommerce_order_status_",
    "woocommerce_order_refunded",
    "woocommerce_order_fully_refunded",
    "woocommerce_order_partially_refunded",
    "woocommerce_new_order",
    "woocommerce_update_order",
    "woocommerce_trash_order",
    "woocommerce_untrash_order",
    "woocommerce_delete_order",
    "woocommerce_cancelled_order",
    "woocommerce_payment_complete",
    "woocommerce_pre_payment_complete",
    "woocommerce_checkout_order_processed",
    "woocommerce_thankyou",
)
_NOT_ORDERS = ("woocommerce_new_order_", "woocommerce_update_order_", "woocommerce_delete_order_")


def read(secrets: Iterable[Secret], method: str, headers: Headers, body: bytes) -> Nudge | Reply:
    """A signed message about an order is a nudge; the ping of a new webhook is answered and dropped."""
    signature = headers.get("x-wc-webhook-signature", "")
    if method != "POST":
        return Reply(status=405)
    if not signature and body.startswith(b"webhook_id="):
        return Reply()
    if not _signed(secrets, signature, body):
        return Reply(status=401)
    topic = headers.get("x-wc-webhook-topic", "")
    resource, _, event = topic.partition(".")
    try:
        message = decode_bytes(dict[str, object], body)
    except Malformed:
        message = {}
    if resource == "action":
        about = message.get("arg") if _of_an_order(event) else None
    elif resource in ("order", ""):
        about = message.get("id")
    else:
        return Reply()
    ref = text(about) if is_id(text(about)) else ""
    changed = text(message.get("date_modified_gmt"))
    # One delivery id serves all orders of a second. Bodies without a time are equal for different
    # events, so there it helps; it is not signed, so elsewhere it has no say.
    once = changed or headers.get("x-wc-webhook-delivery-id", "")
    digest = hashlib.sha256(body).hexdigest()
    return Nudge(ref=ref, topic=topic, dedupe=f"{topic}:{ref}:{once}:{digest}")


def _of_an_order(event: str) -> bool:
    return event.startswith(_OF_ORDERS) and not event.startswith(_NOT_ORDERS)


def _signed(secrets: Iterable[Secret], signature: str, body: bytes) -> bool:
    good = False
    for secret in secrets:
        # WooCommerce decodes HTML entities in a secret before it signs.
        for key in {secret.reveal(), unescape(secret.reveal())}:
            digest = hmac.new(key.encode(), body, hashlib.sha256).digest()
            good |= hmac.compare_digest(base64.b64encode(digest), signature.encode())
    return good
