"""Push messages: a nudge about one order, whose statuses may contradict each other."""

from __future__ import annotations

import hashlib
import hmac

import attrs

from ...adapters import Headers, Nudge, Reply, decode_bytes
from ...errors import Malformed
from ._settings import Settings
from ._wire import Text, said

_ORDER_STATUS = "3"


@attrs.frozen(kw_only=True)
class _Data:
    trade_id_str: Text = None
    status: Text = None
    order_status: Text = None
    status_update_time: Text = None


@attrs.frozen(kw_only=True)
class _Kind:
    message_type: Text = None


@attrs.frozen(kw_only=True)
class _Message:
    data: _Data
    timestamp: Text = None


def read_push(settings: Settings, headers: Headers, body: bytes) -> Nudge | Reply:
    """Whose message it is, by the app's signature over the raw bytes, and which order it is about."""
    given = headers.get("authorization", "").strip().lower().encode()
    secrets = (settings.app_secret, *settings.webhook_secrets)
    # All are tried, so that the time taken tells nothing.
    good = [
        hmac.compare_digest(given, _signed(settings.app_key, secret.reveal(), body)) for secret in secrets
    ]
    if not any(good):
        return Reply(status=401)
    try:
        kind = said(decode_bytes(_Kind, body).message_type)
        if kind != _ORDER_STATUS:
            return Reply()  # about a product, or of a kind nobody has explained: taken, and that is all
        message = decode_bytes(_Message, body)
    except Malformed:
        return Reply(status=400)
    data = message.data
    ref = said(data.trade_id_str)
    # Messages have no number of their own.
    parts = (kind, ref, said(data.status), said(data.order_status), said(data.status_update_time))
    told = "\n".join((*parts, said(message.timestamp)))
    return Nudge(ref=ref, topic="order status", dedupe=hashlib.sha256(told.encode()).hexdigest())


def _signed(app_key: str, secret: str, body: bytes) -> bytes:
    return hmac.new(secret.encode(), app_key.encode() + body, hashlib.sha256).hexdigest().encode()
