"""Where the tokens of accounts that log in are kept."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from .auth import Token

__all__ = ["MemoryTokens", "TokenStore"]


class TokenStore(Protocol):
    """Where the tokens of accounts that log in are kept.

    ``account`` is its name and address: a token is never sent to another address than it came from.
    """

    def get(self, account: str) -> Token | None:
        """The token in use."""
        ...

    def swap(self, account: str, old: Token | None, new: Token) -> bool:
        """Put ``new`` in the place of ``old``; False, and nothing done, if another worker was first."""
        ...

    def renewing(self, account: str) -> AbstractContextManager[bool]:
        """True for the one worker that may renew the token now, False while another does; never waits."""
        ...


class MemoryTokens:
    """Tokens for as long as the process lives; each start logs in anew."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self._renewing: dict[str, int] = {}
        self._lock = threading.Lock()

    def get(self, account: str) -> Token | None:
        return self._tokens.get(account)

    def swap(self, account: str, old: Token | None, new: Token) -> bool:
        with self._lock:
            if self._tokens.get(account) != old:
                return False
            self._tokens[account] = new
            return True

    @contextmanager
    def renewing(self, account: str) -> Generator[bool, None, None]:
        me = os.getpid()  # in a forked child nobody is at it
        with self._lock:
            mine = self._renewing.get(account) != me
            self._renewing[account] = me
        try:
            yield mine
        finally:
            if mine:
                self._renewing.pop(account, None)
