"""Logging in: a token for an hour, and a second one that buys the next pair, once."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from datetime import datetime

import attrs
from orderbridge import Secret
from orderbridge.adapters import Read, Response, decode
from orderbridge.auth import Auth, Call, Token, with_header
from orderbridge.errors import Unauthorized

__all__ = ["Login"]


@attrs.frozen
class Login(Auth):
    """How calls of one ParcelHub account are signed.

    It holds no token and reads no clock: the bridge keeps the token where all its workers find it,
    and asks for the next one shortly before ``expires_at``.
    """

    email: Secret
    password: Secret

    needs_token = True

    def sign(self, call: Call, *, now: datetime, nonce: str, token: Token | None) -> Call:
        """``call`` with the token on it."""
        if token is None:
            return call
        return with_header(call, "Authorization", f"Bearer {token.access.reveal()}")

    def expired(self, response: Response) -> bool:
        """ParcelHub says 401 for a token that has ended or was revoked, and for nothing else."""
        return response.status == 401

    def refresh(self, token: Token | None, *, now: datetime) -> Generator[Read, Response, Token]:
        """The next pair; by email and password if there is none yet or its second half is used up."""
        if token is not None and token.refresh is not None:
            response = yield _post("/token/refresh", {"refresh": token.refresh.reveal()})
            # 401 is no dead end: an answer that got lost has used the token up all the same.
            if response.status != 401:
                return _token(response)
        response = yield _post("/login", {"email": self.email.reveal(), "password": self.password.reveal()})
        if response.status == 401:
            raise Unauthorized("ParcelHub does not accept this email and password", status=401)
        return _token(response)


@attrs.frozen(kw_only=True)
class _Pair:
    access: str
    refresh: str
    expires_at: datetime


def _post(path: str, document: Mapping[str, str]) -> Read:
    # A read although it is a POST: nothing that is worth money changes.
    return Read(
        "POST", path, headers={"Content-Type": "application/json"}, body=json.dumps(document).encode()
    )


def _token(response: Response) -> Token:
    pair = decode(_Pair, response)
    return Token(access=Secret(pair.access), refresh=Secret(pair.refresh), expires_at=pair.expires_at)
