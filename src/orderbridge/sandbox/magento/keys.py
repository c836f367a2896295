"""Who may come in, and what he may do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Collection
from datetime import datetime
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import attrs

from ..._http import Call
from .values import RestError

SALES = "Magento_Sales::"
# Every right that the routes of this sandbox ask for.
EVERYTHING = frozenset(
    {
        *(
            f"{SALES}{name}"
            for name in (
                *("actions_view", "ship", "shipment", "invoice", "sales_invoice", "creditmemo"),
                *("sales_creditmemo", "cancel", "hold", "unhold", "comment", "emails", "api_actions"),
            )
        ),
        *("Magento_Catalog::products", "Magento_Backend::store", "Magento_Backend::admin"),
        *("Magento_InventoryApi::source",),
    }
)
OAUTH = (
    *("oauth_consumer_key", "oauth_token", "oauth_nonce", "oauth_timestamp", "oauth_signature_method"),
    "oauth_signature",
)
FUTURE = 600  # seconds a timestamp may be ahead; how old it is does not matter
FAILURES, LOCK = 6, 1800  # failed logins, and seconds that the account is locked then
_NOT_KNOWN = (
    "The account sign-in was incorrect or your account is disabled temporarily. "
    "Please wait and try again later."
)


@attrs.define(kw_only=True, eq=False)
class Keys:
    """One integration, and one person of the admin.

    Args:
        resources: Which rights both have.

        bearer: Integration tokens count as bearer tokens, which they do not by default.

        two_factor: What the admin login wants beside the password: nothing, a code, or that it be set up.

        token_minutes: How long an admin token lives.

        origin: Scheme and host as the shop believes them to be, behind a proxy that changes them.
    """

    consumer_key: str = attrs.field(default="c" * 32, repr=False)
    consumer_secret: str = attrs.field(default="d" * 32, repr=False)
    access_token: str = attrs.field(default="a" * 32, repr=False)
    access_token_secret: str = attrs.field(default="b" * 32, repr=False)
    resources: Collection[str] = attrs.field(default=EVERYTHING, repr=False)
    bearer: bool = False
    username: str = "admin"
    password: str = attrs.field(default="Sandbox123!", repr=False)
    otp: str = attrs.field(default="123456", repr=False)
    two_factor: Literal["none", "google", "not configured"] = "google"
    token_minutes: int = 60
    origin: str = ""
    _nonces: set[tuple[str, str]] = attrs.field(init=False, factory=set[tuple[str, str]], repr=False)
    _failures: int = attrs.field(init=False, default=0, repr=False)
    _locked_until: float = attrs.field(init=False, default=0, repr=False)

    def check(self, call: Call, needed: str, now: datetime) -> None:
        """Is this somebody who may?

        Raises:
            RestError: no. The answer is the same for a wrong token and for a right one that lacks the right.
        """
        header = call.headers.get("Authorization", "")
        scheme, _, rest = header.partition(" ")
        match scheme.lower():
            case "oauth":
                known = self._signed(call, rest, now)
            case "bearer":
                known = self._bearer(rest.strip(), now)
            case _:
                known = False
        if not known or needed not in self.resources:
            message = "The consumer isn't authorized to access %resources."
            raise RestError(401, message, {"resources": needed})

    def _bearer(self, token: str, now: datetime) -> bool:
        if hmac.compare_digest(token.encode(), self.access_token.encode()):
            return self.bearer
        head, _, signature = token.rpartition(".")
        if not head or not hmac.compare_digest(self._seal(head).encode(), signature.encode()):
            return False
        claims = json.loads(_unpad(head.partition(".")[2]))
        return float(claims["exp"]) > now.timestamp()

    # OAuth 1.0a

    def _signed(self, call: Call, header: str, now: datetime) -> bool:
        said = {name: unquote(value) for name, value in re.findall(r'([a-z_]+)="([^"]*)"', header)}
        missing = [name for name in OAUTH if not said.get(name)]
        if missing:
            raise RestError(400, f"The required parameters are missing: {', '.join(missing)}.")
        if said["oauth_signature_method"] != "HMAC-SHA256":
            message = "Signature method %1 is not supported"
            raise RestError(400, message, [said["oauth_signature_method"]])
        if said["oauth_consumer_key"] != self.consumer_key:
            raise RestError(401, "A consumer having the specified key does not exist")
        stamp = said["oauth_timestamp"]
        if not stamp.isdecimal() or int(stamp) > now.timestamp() + FUTURE:
            raise RestError(401, "An error occurred validating the nonce")
        if (said["oauth_nonce"], stamp) in self._nonces:
            raise RestError(401, "The nonce is already being used by the consumer with ID %1", ["1"])
        self._nonces.add((said["oauth_nonce"], stamp))
        if said["oauth_token"] != self.access_token:
            raise RestError(401, "Specified token does not exist")
        given = said.pop("oauth_signature")
        if not hmac.compare_digest(self._signature(call, said).encode(), given.encode()):
            raise RestError(401, "The signature is invalid. Verify and try again.")
        return True

    def _signature(self, call: Call, said: dict[str, str]) -> str:
        url = urlsplit(call.url)
        host = url.netloc
        if (url.scheme, url.port) in (("http", 80), ("https", 443)):
            host = host.rpartition(":")[0]
        address = (self.origin or f"{url.scheme.lower()}://{host.lower()}") + url.path
        query = parse_qsl(url.query, keep_blank_values=True)
        told = [pair for pair in said.items() if pair[0].startswith("oauth_")]
        pairs = sorted((_enc(name), _enc(value)) for name, value in (*query, *told))
        params = "&".join(f"{name}={value}" for name, value in pairs)
        base = "&".join(_enc(part) for part in (call.method.upper(), address, params))
        key = f"{_enc(self.consumer_secret)}&{_enc(self.access_token_secret)}"
        return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()).decode()

    # Logins

    def admin_token(self, username: str, password: str, now: datetime) -> str:
        """A token for a name and a password, where no second factor is wanted.

        Raises:
            RestError: wrong, or not this way.
        """
        self._login(username, password, now)
        if self.two_factor == "google":
            message = "Please use the 2fa provider-specific endpoints to obtain a token."
            raise RestError(400, message, {"active_providers": ["google"]})
        if self.two_factor == "not configured":
            raise RestError(400, "Please ask an administrator with sufficient access to configure 2FA first")
        return self._token(now)

    def google_token(self, username: str, password: str, otp: str, now: datetime) -> str:
        """A token for a name, a password and a code.

        Raises:
            RestError: wrong.
        """
        self._login(username, password, now)
        if self.two_factor != "google" or otp != self.otp:
            raise RestError(401, "Invalid code.")
        return self._token(now)

    def _login(self, username: str, password: str, now: datetime) -> None:
        locked = now.timestamp() < self._locked_until
        if locked or (username, password) != (self.username, self.password):
            self._failures = 0 if locked else self._failures + 1
            if self._failures >= FAILURES:
                self._failures, self._locked_until = 0, now.timestamp() + LOCK
            raise RestError(401, _NOT_KNOWN)
        self._failures = 0

    def _token(self, now: datetime) -> str:
        issued = int(now.timestamp())
        claims = {"uid": 1, "utypid": 2, "iat": issued, "exp": issued + 60 * self.token_minutes}
        head = f"{_pad({'kid': '1', 'alg': 'HS256'})}.{_pad(claims)}"
        return f"{head}.{self._seal(head)}"

    def _seal(self, head: str) -> str:
        # The shop's own key; whose it is matters to nobody outside.
        digest = hmac.new(self.consumer_secret.encode()[::-1], head.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _enc(text: str) -> str:
    return quote(text, safe="-._~")


def _pad(claims: dict[str, str] | dict[str, int]) -> str:
    raw = json.dumps(claims, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unpad(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
