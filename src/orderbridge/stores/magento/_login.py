"""How calls to a Magento shop are signed: an integration's four values, a bearer token, or a login."""

from __future__ import annotations

import hmac
import json
import re
from base64 import b32decode, urlsafe_b64decode
from collections.abc import Generator
from datetime import UTC, datetime, timedelta

import attrs

from ..._model import Secret
from ...adapters import Auth, Read, Response, Token, decode, decode_bytes, raise_for_status
from ...auth import Bearer, Call, OAuth1, with_header
from ...errors import ConfigurationError, Malformed, Unauthorized
from ._settings import Settings
from ._wire import JSON, Problem, problem_of

_STEP = 30  # seconds for which a one-time code is good
_INTEGRATION = "or give an integration's four values, which need no login (System, Integrations)"


def auth_of(settings: Settings) -> Auth:
    """The one way of the three that the settings have chosen."""
    if settings.username:
        return AdminToken(
            path=settings.api,
            username=settings.username,
            password=settings.password,
            otp_secret=settings.otp_secret,
        )
    if settings.bearer:
        return Bearer(settings.access_token)
    return OAuth1(
        settings.consumer_key,
        settings.consumer_secret,
        settings.access_token,
        settings.access_token_secret,
    )


@attrs.frozen(kw_only=True)
class AdminToken(Auth):
    """A token for an hour or so, got with a user's name and password.

    Args:
        path: Of the API, such as ``/rest/V1``.

        username: Of a user of the admin.

        password: Of that user.

        otp_secret: What the user's Google Authenticator was set up with (base32); empty where the shop
            asks for no second factor.
    """

    needs_token = True

    path: str
    username: str = attrs.field(repr=False)
    password: Secret
    otp_secret: Secret

    def sign(self, call: Call, *, now: datetime, nonce: str, token: Token | None) -> Call:
        if token is None:
            return call
        return with_header(call, "Authorization", "Bearer " + token.access.reveal())

    def expired(self, response: Response) -> bool:
        # A missing right is answered in the very same words as a token that has ended.
        return response.status == 401

    def refresh(self, token: Token | None, *, now: datetime) -> Generator[Read, Response, Token]:
        """One try, never two: six refused ones lock the user out for half an hour."""
        given = {"username": self.username, "password": self.password.reveal()}
        path = f"{self.path}/integration/admin/token"
        if self.otp_secret:
            given["otp"] = one_time_code(self.otp_secret, now)
            path = f"{self.path}/tfa/provider/google/authenticate"
        response = yield Read("POST", path, headers=JSON, body=json.dumps(given).encode())
        if response.status in (400, 401, 404):
            raise self._refused(response, problem_of(response))
        raise_for_status(response)
        try:
            access = decode(str, response)
        except Malformed:
            # What came may hold the token, or the password: it is not repeated here.
            raise Malformed("no token came from the shop's login; is base_url right?", path="$") from None
        return Token(Secret(access), expires_at=ends_at(access, now))

    def _refused(self, response: Response, problem: Problem) -> Unauthorized:
        words = problem.message.lower()
        if response.status == 404:
            if self.otp_secret and problem:
                return _no(
                    response,
                    "two_factor",
                    "the shop has no login with a code of Google Authenticator; leave otp_secret empty",
                )
            return _no(response, "no_login", "there is no Magento login at this address; check base_url")
        if not problem:
            return _no(
                response,
                "no_login",
                f"a web server's own page came instead of Magento's login (HTTP {response.status}); let "
                "/rest/ through without a password of the server's own",
            )
        if response.status == 400:
            if "specified request cannot" in words:
                return _no(response, "no_store_view", "the shop has no such store view; correct store_view")
            if "active_providers" in problem.parameters or re.search(r"2fa|two.factor|provider", words):
                return _no(response, "two_factor", _second_factor(problem, with_code=bool(self.otp_secret)))
            return _no(response, "refused", f"the shop refuses the login ({problem.message})")
        if self.otp_secret and words == "invalid code.":
            return _no(
                response,
                "wrong_code",
                "the shop does not accept the one-time code; check otp_secret and this machine's clock",
            )
        return _no(
            response,
            "wrong_password",
            "the shop does not accept this username and password, or has locked the user for half an hour "
            "after six wrong tries; correct username and password",
        )


def _no(response: Response, code: str, message: str) -> Unauthorized:
    return Unauthorized(message, status=response.status, code=code)


def _second_factor(problem: Problem, *, with_code: bool) -> str:
    active = problem.parameters.get("active_providers", "")
    if with_code:
        return (
            "the shop lets this user in with no code of Google Authenticator; have the user set it up in the "
            f"admin, {_INTEGRATION}"
        )
    if "google" in active:
        return (
            "the shop asks this user for a second factor; put the key that Google Authenticator was set up "
            f"with into otp_secret, {_INTEGRATION}"
        )
    if active:
        return (
            "the shop asks this user for a second factor other than Google Authenticator; set that up, "
            + _INTEGRATION
        )
    return (
        "the shop wants a second factor that this user has not set up yet; sign in to the admin once, set up "
        f"Google Authenticator and put its key into otp_secret, {_INTEGRATION}"
    )


def one_time_code(secret: Secret, now: datetime) -> str:
    """Six digits as of RFC 6238 (SHA-1, 30 seconds)."""
    text = "".join(secret.reveal().split()).rstrip("=").upper()
    try:
        key = b32decode(text + "=" * (-len(text) % 8))
    except ValueError:
        raise ConfigurationError(
            "otp_secret: this is no base32 text (letters and the digits 2 to 7); give the key that the "
            "authenticator was set up with, not a code that it shows"
        ) from None
    digest = hmac.new(key, (int(now.timestamp()) // _STEP).to_bytes(8, "big"), "sha1").digest()
    at = digest[-1] & 15
    number = int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


@attrs.frozen(kw_only=True)
class _Claims:
    exp: float | None = None
    iat: float | None = None


def ends_at(access: str, now: datetime) -> datetime | None:
    """When a token of just ``now`` ends, if it says so: those of shops before 2.4.4 do not."""
    parts = access.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = decode_bytes(_Claims, urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        if claims.exp is None:
            return None
        if claims.iat is None:
            return datetime.fromtimestamp(claims.exp, UTC)
        # Its life by the shop's clock, counted by ours: the two may differ by more than the token lives.
        return now + timedelta(seconds=claims.exp - claims.iat)
    except (Malformed, ValueError, OverflowError, OSError):
        return None
