"""Who may come in: API keys by Basic, in the query, or by an OAuth 1.0a signature."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from datetime import datetime
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote_plus, urlsplit

import attrs

from ..._http import Call
from .values import Json, Object, WpError

WINDOW = 15 * 60  # seconds a signature's time may be off, both ways
OAUTH = ("oauth_consumer_key", "oauth_timestamp", "oauth_nonce", "oauth_signature", "oauth_signature_method")


def php_query(query: str) -> dict[str, str | dict[str, str]]:
    """A query as PHP reads it: ``a[]`` and ``a[x]`` become arrays, the last of equal names wins."""
    found: dict[str, str | dict[str, str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        base, bracket, inner = name.partition("[")
        if not bracket or "]" not in inner:
            found[name] = value
            continue
        known = found.get(base)
        members = known if isinstance(known, dict) else {}
        members[inner.partition("]")[0] or str(len(members))] = value
        found[base] = members
    return found


def as_params(query: dict[str, str | dict[str, str]]) -> Object:
    """PHP arrays as JSON lists."""
    params: Object = {}
    for name, value in query.items():
        members: list[Json] = [*value.values()] if isinstance(value, dict) else []
        params[name] = members if isinstance(value, dict) else value
    return params


def _no(message: str) -> WpError:
    return WpError("woocommerce_rest_authentication_error", message, 401)


@attrs.define(kw_only=True)
class Keys:
    """One API key and the server in front of it.

    Args:
        permission: What the key may.

        https: PHP knows that the call came over TLS. False is a proxy that does not pass it on.

        trusts_http: Take plain keys over plain http, as a test server on loopback must.

        strips_authorization: The host drops the ``Authorization`` header.
    """

    consumer_key: str = attrs.field(repr=False)
    consumer_secret: str = attrs.field(repr=False)
    permission: Literal["read", "write", "read_write"] = "read_write"
    https: bool = True
    trusts_http: bool = False
    strips_authorization: bool = False
    _nonces: dict[str, int] = attrs.field(init=False, factory=dict[str, int], repr=False)

    def let_in(self, call: Call, home: str, now: datetime) -> bool:
        """Is the call from our key? False is nobody in particular, which public routes accept.

        Raises:
            WpError: somebody tried, and wrongly.
        """
        url = urlsplit(call.url)
        address = url.path + "?" + url.query
        if "wp-json/wc/" not in address and "wp-json/wc-" not in address:
            return False  # keys only count on WooCommerce's own routes, and this is how they are told
        query = php_query(url.query)
        header = "" if self.strips_authorization else call.headers.get("Authorization", "").strip()
        tls = self.https and url.scheme == "https"
        if tls or self.trusts_http:
            key, secret = self._plain(query, header)
            if key and secret and hmac.compare_digest(key.encode(), self.consumer_key.encode()):
                if not hmac.compare_digest(secret.encode(), self.consumer_secret.encode()):
                    raise _no("Consumer secret is invalid.")
                return True
        return self._signed(call.method, url.path, query, header, home, "https" if tls else "http", now)

    def allow(self, method: str) -> None:
        """May the key do this?"""
        need = "read" if method in ("GET", "HEAD") else "write"
        if need not in self.permission.split("_"):
            raise _no(f"The API key provided does not have {need} permissions.")

    @staticmethod
    def _plain(query: dict[str, str | dict[str, str]], header: str) -> tuple[str, str]:
        key, secret = query.get("consumer_key"), query.get("consumer_secret")
        if isinstance(key, str) and isinstance(secret, str) and key and secret:
            return key, secret
        if not header.lower().startswith("basic "):
            return "", ""
        try:
            user, _, password = base64.b64decode(header[6:], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return user, password

    def _signed(
        self,
        method: str,
        path: str,
        query: dict[str, str | dict[str, str]],
        header: str,
        home: str,
        scheme: str,
        now: datetime,
    ) -> bool:
        params = dict(query)
        if header.startswith("OAuth "):
            for name, value in re.findall(r'(oauth_[a-z_-]*)="?([^",]*)"?', header):
                params[name] = unquote_plus(value)
        missing = [name for name in OAUTH if not params.get(name)]
        if len(missing) == len(OAUTH):
            return False
        if missing:
            message = f"Missing OAuth parameter{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
            raise WpError("woocommerce_rest_authentication_missing_parameter", message, 401)
        if params["oauth_consumer_key"] != self.consumer_key:
            raise _no("Consumer key is invalid.")
        given = str(params.pop("oauth_signature")).replace(" ", "+")
        algorithm = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}.get(
            str(params["oauth_signature_method"])
        )
        if algorithm is None:
            raise _no("Invalid signature - signature method is invalid.")
        # Signed is the address the shop believes in, not the one the client called.
        home_path = urlsplit(home).path
        base = f"{scheme}://{urlsplit(home).netloc}{home_path}{path.removeprefix(home_path)}"
        pairs = [pair for name in sorted(params) for pair in _pairs(name, params[name])]
        signed = "&".join((method.upper(), _enc(base), _enc("&").join(_enc(pair) for pair in pairs)))
        wanted = hmac.new(f"{self.consumer_secret}&".encode(), signed.encode(), algorithm).digest()
        if not hmac.compare_digest(base64.b64encode(wanted), given.encode()):
            raise _no("Invalid signature - provided signature does not match.")
        self._once(str(params["oauth_timestamp"]), str(params["oauth_nonce"]), int(now.timestamp()))
        return True

    def _once(self, timestamp: str, nonce: str, now: int) -> None:
        at = int(timestamp) if timestamp.isdecimal() else 0
        if abs(now - at) > WINDOW:
            raise _no("Invalid timestamp.")
        self._nonces = {known: then for known, then in self._nonces.items() if then >= now - WINDOW}
        if nonce in self._nonces:
            raise _no("Invalid nonce - nonce has already been used.")
        self._nonces[nonce] = at


def _pairs(name: str, value: str | dict[str, str]) -> list[str]:
    if isinstance(value, str):
        return [f"{_enc(name)}={_enc(value)}"]
    return [f"{_enc(name)}%5B{_enc(index)}%5D={_enc(member)}" for index, member in value.items()]


def _enc(value: str) -> str:
    return quote(value, safe="-._~")
