"""How a call is laid out: flat parameters, objects as JSON inside them, signed over exactly what is sent."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from urllib.parse import urlencode

from dateutil.tz import datetime_ambiguous, gettz

from ..._model import Secret
from ...adapters import Headers, Read, Request

_FORM = Headers({"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"})


def ask(path: str, **params: str) -> Read:
    """A read. Its parameters go as a form: they may name a shopper, and no address may show one."""
    return Read("POST", path, headers=_FORM, body=form(params))


def get(path: str, **params: str) -> Read:
    """A read of what only answers to GET: products."""
    return Read("GET", path, params=_given(params))


def send(path: str, **params: str) -> Request:
    """What changes something."""
    return Request("POST", path, headers=_FORM, body=form(params))


def form(params: Mapping[str, str]) -> bytes:
    """Parameters as a form; empty ones are left out, as clients differ on whether those are signed."""
    return urlencode(_given(params)).encode()


def _given(params: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in params.items() if value)


def packed(value: object) -> str:
    """An object or a list as the text of one parameter, the same for the same value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def signature(secret: Secret, api: str, params: Mapping[str, str]) -> str:
    """The gateway's signature.

    Args:
        secret: The app's.

        api: The path below ``/rest``; a name without a slash is a parameter itself and no prefix.

        params: All that is sent but the signature, not yet encoded.
    """
    # Python sorts text by code point, which is the order of its UTF-8 bytes.
    pairs = "".join(name + params[name] for name in sorted(params))
    text = (api if "/" in api else "") + pairs
    return hmac.new(secret.reveal().encode(), text.encode(), hashlib.sha256).hexdigest().upper()


# --- times ----------------------------------------------------------------------------------------


@cache
def _los_angeles() -> tzinfo:
    # dateutil finds its own copy where the machine has no table of time zones.
    zone = gettz("America/Los_Angeles")
    assert zone is not None
    return zone


def moment(at: datetime, *, is_end: bool = False) -> str:
    """The beginning or end of a time span, in both of the ways the gateway takes: nobody knows which wins.

    In the hour that comes twice in autumn the text would name two moments. The span is made an hour longer
    then, which only brings more.
    """
    at = at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)
    zone = _los_angeles()
    if datetime_ambiguous(at.astimezone(zone).replace(tzinfo=None), zone):
        at += timedelta(hours=1 if is_end else -1)
    local = at.astimezone(zone)
    return packed({"date_str": local.strftime("%Y-%m-%d %H:%M:%S"), "date_timestamp": str(milliseconds(at))})


def milliseconds(at: datetime) -> int:
    """Since 1970, exactly."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def from_milliseconds(value: int) -> datetime:
    """The inverse of ``milliseconds``."""
    return _EPOCH + timedelta(milliseconds=value)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
