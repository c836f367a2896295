"""Ways to prove who we are to a platform: pure, no clock, no randomness, no sockets.

The driver signs last, right before the bytes leave, so that every try carries its own time and
nonce. Plug-ins use these or bring their own ``Auth``.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Generator
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlsplit

import attrs

from ._http import Call, Headers, Read, Response
from ._model import Secret
from .errors import Unsupported

__all__ = ["Auth", "Basic", "Bearer", "Call", "NoAuth", "OAuth1", "QueryKeys", "Token", "with_header"]


def _utc_or_none(value: datetime | None) -> datetime | None:
    if value is not None and value.tzinfo is None:
        raise ValueError(f"expires_at: {value.isoformat()} has no time zone; give an aware datetime")
    return None if value is None else value.astimezone(UTC)


_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@attrs.frozen
class Token:
    """What a login gave: kept in the caller's token store, never in the journal's events.

    Args:
        access: Sent with each call.

        refresh: Sent to get the next one; may be used up by that.

        expires_at: When ``access`` ends (UTC), where the platform says so.
    """

    access: Secret
    refresh: Secret | None = None
    expires_at: datetime | None = attrs.field(default=None, converter=_utc_or_none)


class Auth:
    """How calls of one account are signed. The default signs nothing and needs no token."""

    needs_token = False

    def sign(self, call: Call, *, now: datetime, nonce: str, token: Token | None) -> Call:
        """``call`` with credentials on it; ``nonce`` is new for each call."""
        return call

    def expired(self, response: Response) -> bool:
        """Does this answer say that the token has ended before its time?"""
        return False

    def refresh(self, token: Token | None, *, now: datetime) -> Generator[Read, Response, Token]:
        """The flow that gets a first token, or the next one, at ``now`` (UTC). Its calls are not signed."""
        raise Unsupported("this platform's credentials are not refreshed")
        yield  # makes this a flow


class NoAuth(Auth):
    """Calls go as they are."""


@attrs.frozen
class Basic(Auth):
    """HTTP Basic (RFC 7617), UTF-8."""

    user: Secret
    password: Secret

    def sign(self, call: Call, *, now: datetime, nonce: str, token: Token | None) -> Call:
        pair = f"{self.user.reveal()}:{self.password.reveal()}".encode()
        return with_header(call, "Authorization", "Basic " + b64encode(pair).decode())


@attrs.frozen
class Bearer(Auth):
    """A fixed bearer token (RFC 6750)."""

    token: Secret

    def sign(self, call: Call, *, now: datetime, nonce: str, token: Token | None) -> Call:
        return with_header(call, "Authorization", "Bearer " + self.token.reveal())


@attrs.frozen
class QueryKeys(Auth):
    """Credentials as query parameters, for hosts that strip the Authorization header.

    They end up in the shop's access log, so this is never a default.
    """

    keys: tuple[tuple[str, Secret], ...]

    def sign(self, call: Call, *, now: datetime, nonce: str, token: Token | None) -> Call:
        query = "&".join(f"{_enc(name)}={_enc(value.reveal())}" for name, value in self.keys)
        mark = "&" if "?" in call.url else "?"
        return attrs.evolve(call, url=f"{call.url}{mark}{query}")


@attrs.frozen
class OAuth1(Auth):
    """OAuth 1.0a (RFC 5849) in the Authorization header; one-legged where no token is given.

    Signs the URL exactly as it is sent. JSON bodies are not part of the signature.
    """

    consumer_key: Secret
    consumer_secret: Secret
    access_token: Secret | None = None
    access_secret: Secret | None = None

    def sign(self, call: Call, *, now: datetime, nonce: str, token: Token | None) -> Call:
        url = urlsplit(call.url)
        oauth = {
            "oauth_consumer_key": self.consumer_key.reveal(),
            "oauth_nonce": nonce,
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_timestamp": str(int(now.timestamp())),
            "oauth_version": "1.0",
        }
        if self.access_token is not None:
            oauth["oauth_token"] = self.access_token.reveal()
        pairs = [*parse_qsl(url.query, keep_blank_values=True), *oauth.items()]
        encoded = sorted((_enc(name), _enc(value)) for name, value in pairs)
        params = "&".join(f"{name}={value}" for name, value in encoded)
        host = url.netloc.lower().removesuffix(_DEFAULT_PORTS.get(url.scheme, ""))
        base = f"{url.scheme}://{host}{url.path or '/'}"
        text = "&".join((call.method.upper(), _enc(base), _enc(params)))
        secret = self.access_secret.reveal() if self.access_secret else ""
        key = f"{_enc(self.consumer_secret.reveal())}&{_enc(secret)}"
        digest = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
        oauth["oauth_signature"] = b64encode(digest).decode()
        fields = ", ".join(f'{name}="{_enc(value)}"' for name, value in sorted(oauth.items()))
        return with_header(call, "Authorization", "OAuth " + fields)


def with_header(call: Call, name: str, value: str) -> Call:
    """``call`` with one more header, or another value of it."""
    return attrs.evolve(call, headers=Headers({**call.headers, name: value}))


def _enc(value: str) -> str:
    return quote(value, safe="-._~")
