"""How calls are signed, and how tokens of ten days follow one another."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import attrs

from ..._model import Secret
from ...adapters import Auth, Read, Response, Token, decode_bytes, raise_for_status
from ...auth import Call
from ...errors import Malformed, Rejected, Unauthorized
from ._call import ask, form, milliseconds, signature
from ._failures import TOKEN_ENDED, Failure, error_of, failure_in, token_ended
from ._settings import Settings
from ._wire import TokenAnswer, WireUser, number, said

_CREATE = "/auth/token/create"
_REFRESH = "/auth/token/refresh"


@attrs.frozen
class Login(Auth):
    """The app's signature over every parameter, with the token that a merchant's permission gave.

    A refresh token is used up by its use. So each that comes is kept with its access token, and the
    settings' own is tried only if that one is refused: it is newer if the merchant has let the app in again.
    """

    needs_token = True

    settings: Settings

    def sign(self, call: Call, *, now: datetime, nonce: str, token: Token | None) -> Call:
        """``call`` with the gateway's own parameters and a signature over exactly what is sent."""
        access = {"access_token": token.access.reveal()} if token is not None else {}
        url = urlsplit(call.url)
        api = url.path.removeprefix(urlsplit(self.settings.base_url).path)
        if call.method == "GET":
            params = self._signed(api, dict(parse_qsl(url.query, keep_blank_values=True)), access, now)
            return attrs.evolve(call, url=url._replace(query=form(params).decode()).geturl())
        given = dict(parse_qsl(call.body.decode(), keep_blank_values=True))
        return attrs.evolve(call, body=form(self._signed(api, given, access, now)))

    def _signed(
        self, api: str, given: Mapping[str, str], access: Mapping[str, str], now: datetime
    ) -> dict[str, str]:
        params = {
            **given,
            **access,
            "app_key": self.settings.app_key,
            "sign_method": "sha256",
            "timestamp": str(milliseconds(now)),
        }
        return {**params, "sign": signature(self.settings.app_secret, api, params)}

    def expired(self, response: Response) -> bool:
        return token_ended(response)

    def refresh(self, token: Token | None, *, now: datetime) -> Generator[Read, Response, Token]:
        """With the newest refresh token; with what the settings have if there is none, or it is refused."""
        first = self._first()
        newest = self._by("refresh_token", token.refresh) if token and token.refresh else first
        response = yield self._read(newest, now)
        failure = _failure_in(response)
        if failure is not None and newest != first and _is_of_the_token(failure):
            response = yield self._read(first, now)
            failure = _failure_in(response)
        if failure is not None:
            raise Unauthorized(_STALE, code=failure.code) if _is_of_the_token(failure) else error_of(failure)
        return self._token_in(response, now)

    def _first(self) -> tuple[str, str, Secret]:
        if self.settings.refresh_token:
            return self._by("refresh_token", self.settings.refresh_token)
        return self._by("code", self.settings.code)

    def _by(self, name: str, value: Secret) -> tuple[str, str, Secret]:
        return (_CREATE if name == "code" else _REFRESH, name, value)

    def _read(self, way: tuple[str, str, Secret], now: datetime) -> Read:
        path, name, value = way
        # These calls get no token, and so no signature from the driver.
        return ask(path, **self._signed(path, {name: value.reveal()}, {}, now))

    def _token_in(self, response: Response, now: datetime) -> Token:
        try:
            answer = decode_bytes(TokenAnswer, response.body)
            lasts = timedelta(seconds=float(number(answer.expires_in, "$.expires_in")))
            # A tenth early, a day of ten: nothing is ever sent with a token at its end.
            expires_at = now + lasts * 0.9
            access = said(answer.access_token)
        except (Malformed, OverflowError):
            access, expires_at, answer = "", now, TokenAnswer(access_token="")
        if not access:
            # What came may hold a token: it is not repeated here.
            raise Malformed("no token came from Alibaba.com's login; is base_url right?", path="$")
        self._check_account(answer)
        renewable = said(answer.refresh_token) and said(answer.refresh_expires_in) != "0"
        return Token(
            Secret(access),
            refresh=Secret(said(answer.refresh_token)) if renewable else None,
            expires_at=expires_at,
        )

    def _check_account(self, answer: TokenAnswer) -> None:
        """Orders placed and paid from another account than the merchant meant would be nobody's to find."""
        user = answer.user_info or WireUser()
        words = (answer.account, answer.account_id, user.loginId, user.user_id)
        names = {said(word).casefold() for word in words} - {""}
        if self.settings.account and names and self.settings.account.casefold() not in names:
            raise Unauthorized(
                "the token is another account's than the setting account names; let the app in again, logged "
                "in to Alibaba.com as that account, or correct the setting"
            )


_STALE = (
    "Alibaba.com takes neither the newest refresh token nor what the settings have: a refresh token is good "
    "for 60 days and once, a code for half an hour and once; have the merchant let the app in again. The "
    "bridge needs a token store that outlives the process"
)


def _failure_in(response: Response) -> Failure | None:
    raise_for_status(response)
    return failure_in(response.body)


def _is_of_the_token(failure: Failure) -> bool:
    """Another token might do better. Everything that has another cause is said as such."""
    if failure.is_theirs or failure.limit is not None:
        return False
    return TOKEN_ENDED in failure.codes or type(error_of(failure)) is Rejected
