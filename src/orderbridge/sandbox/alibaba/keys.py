"""Who may come in: the app's signature, its clock, and the buyer's tokens."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count

import attrs

from .values import GatewayError, Object, missing

__all__ = ["Keys", "Token", "sign"]

CODE_LIFE = timedelta(minutes=30)
ACCESS_LIFE = timedelta(days=10)
REFRESH_LIFE = timedelta(days=60)
_BAD_SIGNATURE = "The request signature does not conform to platform standards"


def sign(path: str, params: Mapping[str, str], secret: str) -> str:
    """The signature of a call.

    Args:
        path: Below ``/rest``, starting with ``/``; empty for the older calls that name a ``method``.

        params: All that is sent, before any encoding; ``sign`` itself is left out.
    """
    said = (f"{name}{params[name]}" for name in sorted(params, key=str.encode) if name != "sign")
    message = path + "".join(said)
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest().upper()


@attrs.frozen(kw_only=True)
class Token:
    """What a buyer's consent is worth.

    Args:
        refresh_until: Refreshing does not prolong this: 60 days after the consent a person is asked again.
    """

    access: str = attrs.field(repr=False)
    refresh: str = attrs.field(repr=False)
    access_until: datetime
    refresh_until: datetime


@attrs.define(kw_only=True)
class Keys:
    """One app, and one buyer who may consent to it.

    Args:
        access_token: Of a consent that was given before the first call. Its times run from there.

        refresh_token: Goes with it.

        window: How far the call's time may be off, both ways.

        permitted: The app has the buyer's permission package.
    """

    app_key: str = "12345678"
    app_secret: str = attrs.field(default="helloworld", repr=False)
    access_token: str = attrs.field(default="50000000a00sandbox", repr=False)
    refresh_token: str = attrs.field(default="50001000a00sandbox", repr=False)
    window: timedelta = timedelta(hours=2)
    permitted: bool = True
    _token: Token | None = attrs.field(init=False, default=None, repr=False)
    _codes: dict[str, datetime] = attrs.field(init=False, factory=dict[str, datetime], repr=False)
    _numbers: count[int] = attrs.field(init=False, factory=lambda: count(1), repr=False)

    def consent(self, *, now: datetime) -> str:
        """The buyer agrees on the authorization page; the code it sends him back with."""
        code = f"3_{self.app_key}_code{next(self._numbers):06}"
        self._codes[code] = now + CODE_LIFE
        return code

    def revoke(self) -> None:
        """The buyer takes his consent back: no token is good any more."""
        past = datetime.fromtimestamp(0, UTC)
        self._token = Token(access="", refresh="", access_until=past, refresh_until=past)

    def token(self, now: datetime) -> Token:
        """The one pair that is good now; a refresh spoils the pair before it."""
        if self._token is None:
            self._token = Token(
                access=self.access_token,
                refresh=self.refresh_token,
                access_until=now + ACCESS_LIFE,
                refresh_until=now + REFRESH_LIFE,
            )
        return self._token

    def check(self, path: str, params: Mapping[str, str], now: datetime) -> None:
        """Is it our app, now, with an unspoiled call?

        A parameter without a value is refused: clients differ on whether it is signed.

        Raises:
            GatewayError: no.
        """
        for name in ("app_key", "timestamp", "sign_method", "sign"):
            if name not in params:
                raise missing(name)
        if params["app_key"] != self.app_key:
            raise GatewayError("InvalidAppKey", "The specified app key is invalid")
        if not re.fullmatch(r"\d{13}", params["timestamp"], re.ASCII):
            raise GatewayError("InvalidTimestamp", "The timestamp is not in milliseconds")
        off = now - datetime.fromtimestamp(int(params["timestamp"]) / 1000, UTC)
        if abs(off) > self.window:
            raise GatewayError("InvalidTimestamp", "The timestamp is too far from the platform's time")
        right = sign(path, params, self.app_secret)
        if params["sign_method"] != "sha256" or "" in params.values() or "session" in params:
            raise GatewayError("IncompleteSignature", _BAD_SIGNATURE)
        if not hmac.compare_digest(right.encode(), params["sign"].encode()):
            raise GatewayError("IncompleteSignature", _BAD_SIGNATURE)

    def let_in(self, params: Mapping[str, str], now: datetime) -> None:
        """Does the buyer's token hold?

        Raises:
            GatewayError: no, or the app may not do this.
        """
        token = self.token(now)
        given = params.get("access_token", "")
        if not given:
            raise missing("access_token")
        if given != token.access or now >= token.access_until:
            message = "The specified access token is invalid or expired"
            raise GatewayError("IllegalAccessToken", message)
        if not self.permitted:
            raise GatewayError("InsufficientPermission", "The app has no permission to call this API")

    def create(self, params: Mapping[str, str], now: datetime) -> Object:
        """``/auth/token/create``: a code, once."""
        if "code" not in params:
            raise missing("code")
        until = self._codes.pop(params["code"], None)
        if until is None or now >= until:
            raise GatewayError("InvalidCode", "The authorization code is invalid or expired")
        return self._issue(now, refresh_until=now + REFRESH_LIFE)

    def refresh(self, params: Mapping[str, str], now: datetime) -> Object:
        """``/auth/token/refresh``: a new pair; the one before is spoiled."""
        if "refresh_token" not in params:
            raise missing("refresh_token")
        token = self.token(now)
        if params["refresh_token"] != token.refresh or now >= token.refresh_until:
            message = "The specified refresh token is invalid or expired"
            raise GatewayError("IllegalRefreshToken", message)
        return self._issue(now, refresh_until=token.refresh_until)

    def _issue(self, now: datetime, *, refresh_until: datetime) -> Object:
        number = next(self._numbers)
        self._token = Token(
            access=f"50000{number:03}a00sandbox",
            refresh=f"50001{number:03}a00sandbox",
            access_until=now + ACCESS_LIFE,
            refresh_until=refresh_until,
        )
        return {
            "access_token": self._token.access,
            "refresh_token": self._token.refresh,
            "expires_in": str(int(ACCESS_LIFE.total_seconds())),
            "refresh_expires_in": str(int((refresh_until - now).total_seconds())),
            "account_id": "7063844",
            "account": "buyer@example.com",
            "account_platform": "buyApp",
            "country": "it",
            "user_info": {
                "country": "GLOBAL",
                "loginId": "buyer123",
                "user_id": "200042362",
                "seller_id": "1001",
            },
            "code": "0",
        }
