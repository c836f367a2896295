"""How calls to BDroppy are signed: a token that an e-mail address and a password give."""

from __future__ import annotations

import json
from collections.abc import Generator
from datetime import datetime

import attrs

from ..._model import Secret
from ...adapters import Auth, Headers, Read, Response, Token, decode_bytes, raise_for_status
from ...auth import Call, with_header
from ...errors import Malformed, Unauthorized
from ._settings import BDroppySettings

_JSON = Headers({"Accept": "application/json", "Content-Type": "application/json"})


@attrs.frozen(kw_only=True)
class _Answer:
    token: str


@attrs.frozen
class Login(Auth):
    """Signs in when there is no token, or when BDroppy says that the one there is has ended.

    How long one lasts is not told.
    """

    needs_token = True

    settings: BDroppySettings

    def sign(self, call: Call, *, now: datetime, nonce: str, token: Token | None) -> Call:
        if token is None:
            return call
        return with_header(call, "Authorization", "Bearer " + token.access.reveal())

    def expired(self, response: Response) -> bool:
        return response.status == 401

    def refresh(self, token: Token | None, *, now: datetime) -> Generator[Read, Response, Token]:
        """One try with what the settings have."""
        given = {"email": self.settings.email, "password": self.settings.password.reveal()}
        response = yield Read("POST", "/api/auth/login", headers=_JSON, body=json.dumps(given).encode())
        if response.status in (400, 401, 403):
            raise Unauthorized(
                "BDroppy does not accept this email and password; correct them in the settings",
                status=response.status,
            )
        if response.status == 404:
            raise Unauthorized(
                "there is no BDroppy login at this address; correct base_url", status=response.status
            )
        raise_for_status(response)
        try:
            access = decode_bytes(_Answer, response.body).token.strip()
        except Malformed:
            access = ""
        if not access:
            # What came may hold the token, or the password: it is not repeated here.
            raise Malformed("no token came from BDroppy's login; is base_url right?", path="$.token")
        return Token(Secret(access))
