"""How calls to a Shopify shop are signed: a token that never ends, or one got in the app's own name."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from datetime import datetime, timedelta

import attrs

from ..._model import Secret
from ...adapters import Auth, Headers, Read, Response, Token, decode_bytes, raise_for_status
from ...auth import Call, with_header
from ...errors import Forbidden, Malformed, NotFound, Rejected, Unauthorized
from ._settings import Settings

_PATH = "/admin/oauth/access_token"
# Without Accept a refusal comes as a web page.
_JSON = Headers({"Accept": "application/json", "Content-Type": "application/json"})
# What these say is wrong with the app or the shop: another refresh token would not help.
_NOT_THE_TOKEN = frozenset(
    {
        "app_not_installed",
        "application_cannot_be_found",
        "invalid_client",
        "shop_not_permitted",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)


def auth_of(settings: Settings) -> Auth:
    """The one way of the three that the settings have chosen."""
    match settings.sign_in:
        case "token":
            return AccessToken(settings.access_token)
        case "client":
            return ClientCredentials(client_id=settings.client_id, client_secret=settings.client_secret)
        case "refresh":
            return Refreshing(
                client_id=settings.client_id,
                client_secret=settings.client_secret,
                first=settings.refresh_token,
            )


def _signed(call: Call, access: Secret) -> Call:
    return with_header(call, "X-Shopify-Access-Token", access.reveal())


@attrs.frozen
class AccessToken(Auth):
    """The token of a custom app; it never ends."""

    token: Secret

    def sign(self, call: Call, *, now: datetime, nonce: str, token: Token | None) -> Call:
        return _signed(call, self.token)


@attrs.frozen(kw_only=True)
class ClientCredentials(Auth):
    """A token for a day, asked for in the name of an app of the shop's own organization."""

    needs_token = True

    client_id: str
    client_secret: Secret

    def sign(self, call: Call, *, now: datetime, nonce: str, token: Token | None) -> Call:
        return call if token is None else _signed(call, token.access)

    def expired(self, response: Response) -> bool:
        return response.status == 401

    def refresh(self, token: Token | None, *, now: datetime) -> Generator[Read, Response, Token]:
        """Simply asked for again: there is nothing to be used up."""
        response = yield self._ask({"grant_type": "client_credentials"})
        return _token_in(response, now)

    def _ask(self, grant: dict[str, str]) -> Read:
        app = {"client_id": self.client_id, "client_secret": self.client_secret.reveal()}
        return Read("POST", _PATH, headers=_JSON, body=json.dumps({**app, **grant}).encode())


@attrs.frozen(kw_only=True)
class Refreshing(ClientCredentials):
    """A token for an hour, of an app that a merchant has let in; each comes with what gets the next one.

    Args:
        first: The refresh token that came when the app was installed. Each one that follows is kept with
            the token it came with; the one before it is good until the new one is used, so that an answer
            that was lost costs nothing.
    """

    first: Secret

    def refresh(self, token: Token | None, *, now: datetime) -> Generator[Read, Response, Token]:
        """With the newest refresh token; the one in the settings if that is refused.

        That one is newer in one case: the merchant has let the app in again.
        """
        newest = token.refresh if token and token.refresh else self.first
        response = yield self._with(newest)
        if newest != self.first and response.status in (400, 401) and _code(response) not in _NOT_THE_TOKEN:
            newest = self.first
            response = yield self._with(newest)
        got = _token_in(response, now)
        return got if got.refresh else attrs.evolve(got, refresh=newest)

    def _with(self, refresh_token: Secret) -> Read:
        return self._ask({"grant_type": "refresh_token", "refresh_token": refresh_token.reveal()})


# --- answers ------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True, repr=False)
class _Granted:
    access_token: str
    expires_in: float | None = None  # seconds
    refresh_token: str | None = None


@attrs.frozen(kw_only=True)
class _Refused:
    error: object = None
    error_description: object = None


def _token_in(response: Response, now: datetime) -> Token:
    _raise_for_refusal(response)
    raise_for_status(response)
    try:
        granted = decode_bytes(_Granted, response.body)
        ends = None if granted.expires_in is None else now + timedelta(seconds=granted.expires_in)
    except (Malformed, OverflowError, ValueError):
        # What came may hold a token: it is not repeated here.
        raise Malformed("no token came from Shopify's login; is base_url right?", path="$") from None
    return Token(
        Secret(granted.access_token),
        refresh=Secret(granted.refresh_token) if granted.refresh_token else None,
        expires_at=ends,
    )


def _code(response: Response) -> str:
    """Shopify's own word for a refusal, as JSON or in a web page; empty if there is none."""
    try:
        refused = decode_bytes(_Refused, response.body)
    except Malformed:
        page = re.search(r"[Oo]auth error ([a-z_]{3,40})(?:: ([^<]*))?", response.text)
        refused = _Refused(error=page[1], error_description=page[2]) if page else _Refused()
    word, why = refused.error, refused.error_description
    if word == "invalid_request" and isinstance(why, str) and "refresh_token" in why:
        return "invalid_grant"  # the standard's word for it; Shopify calls it an invalid request
    return word if isinstance(word, str) and re.fullmatch(r"[a-z_]{3,40}", word) else ""


def _raise_for_refusal(response: Response) -> None:
    """In words: Shopify's own description is left out, which may repeat what was sent."""
    status, code = response.status, _code(response)
    match status:
        case 402:
            raise Rejected("the shop is frozen: its owner has to pay Shopify's bill", status=status)
        case 403 | 430:
            raise Forbidden("Shopify blocks this machine, or the app in this shop", status=status)
        case 404:
            raise NotFound("there is no Shopify shop at this address; check base_url", status=status)
        case 423:
            raise Rejected("the shop is locked; its owner has to ask Shopify's support", status=status)
        case 400 | 401:
            raise Unauthorized(_WORDS.get(code) or _unknown(code), status=status, code=code)
        case _:
            return


_NOT_INSTALLED = "the app is not installed in this shop; install it there, then try again"
_STALE = (
    "the refresh token is no longer good: a later one has been used, it lay unused for 90 days, or the app "
    "was removed; have the merchant let the app in again and put the new one into refresh_token. Each is "
    "good until the next is used, so the bridge needs a token store that outlives the process"
)
_WORDS = {
    "app_not_installed": _NOT_INSTALLED,
    "application_cannot_be_found": (
        "Shopify finds no app of this client_id for the shop; copy it from the app's settings, and see that "
        "the app is installed there"
    ),
    "invalid_client": (
        "Shopify does not accept client_id and client_secret; copy both from the app's settings"
    ),
    "invalid_grant": _STALE,
    "shop_not_permitted": (
        "the app and the shop belong to different organizations: client_id and client_secret alone are for "
        "an organization's own shops; give the refresh_token that came when the app was installed here, or "
        "an access_token of this shop's own"
    ),
    "unauthorized_client": _NOT_INSTALLED,
}


def _unknown(code: str) -> str:
    said = f" ({code})" if code else ""
    return (
        f"Shopify refuses the login{said}; check base_url, client_id, client_secret and, where one is given, "
        "refresh_token, and see that the app is installed in the shop"
    )
