"""What the two drivers share: tokens and their renewal, the pace, the answers kept."""

from __future__ import annotations

import atexit
import os
import ssl
import weakref
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from urllib.parse import urlsplit

import httpx

from ._buckets import GLANCE, Buckets
from ._calls import Gone, Line, is_foreign, retry_after
from ._canonical import dump, load
from ._clockwork import Clockwork
from ._http import Call, Read, Request, Response
from ._journal import Journal, Tx
from ._pace import Pace
from ._saga import Commit
from ._token_store import MemoryTokens, TokenStore
from .auth import Auth, Token
from .errors import BridgeError, NotSent, Unauthorized, Unavailable

__all__ = [
    "CANCELED",
    "DEADLINE",
    "LARGEST",
    "LONGEST_WAIT",
    "REPEATED",
    "TRIES",
    "Driver",
    "located",
    "trusted",
]

DEADLINE = 60.0  # seconds for one whole call, also a dripping one
LARGEST = 32 * 1024 * 1024  # bytes of an answer after decompression
TRIES = 3  # of a read
LONGEST_WAIT = 10.0  # seconds a read waits for its turn; others are waiting behind it
LONGEST_PAUSE = 5.0  # seconds between two looks at the journal, which others may write too
REPEATED = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
LOGIN_PAUSE = timedelta(minutes=30)  # after a refused login; Magento locks a user for as long after six
KEPT = 2000  # answers of reference data in memory; the journal has them all
CANCELED = "the bridge is closing"


class Driver:
    """What both drivers share."""

    def __init__(
        self,
        journal: Journal,
        line_of: Callable[[str], Line],
        *,
        tokens: TokenStore | None = None,
        deadline: float = DEADLINE,
        clockwork: Clockwork | None = None,
    ) -> None:
        self.journal = journal
        self.requests: dict[str, int] = {}
        self._line_of = line_of
        self._tokens: TokenStore = tokens or MemoryTokens()
        self._deadline = deadline
        self._clockwork = clockwork or Clockwork()
        self._buckets = self._begin_buckets()
        self._kept: dict[tuple[str, str], tuple[datetime, Response]] = {}
        self._to_keep: list[tuple[str, str, Response, datetime]] = []
        self._stopping = False
        self._refused: dict[str, Token] = {}
        self._no_logins: dict[str, tuple[Auth, Unauthorized, datetime]] = {}
        _drivers.add(self)

    def reopen(self) -> None:
        """In a forked child: leave connections and locks to the parent, whose threads are not here."""
        self._forgotten.detach()  # what the parent said is the parent's
        self._buckets = self._begin_buckets()

    def leave(self) -> None:
        """Leave what platforms allow us to the other processes on the journal."""
        self._buckets.leave()

    def stop(self) -> None:
        """Let running sagas come to an orderly end: no new call begins, what is known is recorded."""
        self._stopping = True

    def go_on(self) -> None:
        """Take calls again after ``stop``."""
        self._stopping = False

    def seconds_until(self, at: datetime | None) -> float:
        """How long to leave the journal alone when nothing is due before ``at``."""
        if at is None:
            return LONGEST_PAUSE
        return min(LONGEST_PAUSE, max(0.05, (at - self._clockwork.wall()).total_seconds()))

    def _begin_buckets(self) -> Buckets:
        buckets = Buckets(self.journal, self._clockwork)
        self._forgotten = weakref.finalize(self, _not_closed, buckets)
        self._forgotten.atexit = False  # _at_exit does it
        return buckets

    def _pace(self, line: Line) -> Pace:
        return self._buckets.pace(line.shared_as, line.bucket)

    def _learn(self, line: Line, request: Request, response: Response | None) -> bool:
        """Believe what an answer says of the allowance; was the call turned away for want of it?"""
        try:
            said = None if response is None else line.meter(response)
        except Exception:  # an answer that a plug-in stumbles over was an answer all the same
            said = None
        self._pace(line).settle(request.cost, said)
        if said is None or not said.throttled:
            return False
        # Less than a call is left of what all of us have; a shorter pause is over before anybody hears of it.
        pause = (1.0 - said.left) / said.per_second
        if pause >= GLANCE:
            self._buckets.freeze(line.shared_as, line.bucket, pause)
        return True

    def _count(self, line: Line | None) -> None:
        if line is None:
            return
        self.requests[line.account] = self.requests.get(line.account, 0) + 1

    def _cached(self, account: str, read: Read) -> Response | None:
        if read.keep is None or read.fresh:
            return None
        now = self._clockwork.wall()
        known = self._kept.get((account, read.sha256))
        if known is not None:
            return known[1] if known[0] > now else None
        text = self.journal.look(lambda tx: tx.cached(account, read.sha256, now))
        return None if text is None else load(Response, text)

    def _keep(self, account: str, read: Read, response: Response) -> None:
        # What a firewall answers today must not be believed for long.
        whole = response.status in (200, 404) and response.media_type != "text/html"
        if read.keep is None or not whole:
            return
        until = self._clockwork.wall() + read.keep
        self._kept[account, read.sha256] = (until, response)
        for old in list(self._kept)[:-KEPT]:
            self._kept.pop(old, None)
        # Written with the next commit: reading adds none of its own.
        self._to_keep.append((account, read.sha256, response, until))

    def _commit(self, effect: Commit) -> object:
        keep, self._to_keep = self._to_keep, []

        def work(tx: Tx) -> object:
            for account, sha256, response, until in keep:
                tx.put_cache(account, sha256, dump(response), until)
            return effect.work(tx)

        return self.journal.transact(work)

    def _sign(self, line: Line, call: Call, token: Token | None) -> Call:
        now = self._clockwork.read()
        return line.auth.sign(call, now=now.wall, nonce=now.salt, token=token)

    def _note(self, line: Line | None, response: Response) -> Response:
        if line is not None and response.status == 429:
            pause = retry_after(response, self._clockwork.wall()) or 5.0
            self._buckets.freeze(line.shared_as, line.bucket, pause)
        return response

    def _kept_token(self, line: Line, refused: Token | None) -> tuple[Token | None, bool]:
        """The token in use, and whether calls can be signed with it."""
        token = self._tokens.get(line.login)
        if token is None or token in (refused, self._refused.get(line.account)):
            return token, False
        soon = self._clockwork.wall() + timedelta(minutes=5)
        return token, token.expires_at is None or token.expires_at >= soon

    def _others_renew(self, line: Line, since: float) -> None:
        """Another worker asks for a new token, which takes two calls at most."""
        if self._clockwork.steady() - since > 2 * self._deadline:
            raise Unavailable("another worker has not come back from logging in", account=line.account)

    def _may_log_in(self, line: Line) -> None:
        """Raise a refusal again instead of asking for it: platforms lock an account that goes on trying."""
        known = self._no_logins.get(line.account)
        if known is None:
            return
        auth, error, until = known
        if auth == line.auth and until > self._clockwork.wall():
            raise error.with_traceback(None)

    def _login_refused(self, line: Line, error: BridgeError) -> None:
        if isinstance(error, Unauthorized):
            self._no_logins[line.account] = (line.auth, error, self._clockwork.wall() + LOGIN_PAUSE)

    def _newer(self, line: Line, token: Token | None) -> Token | None:
        """What another worker has got in place of ``token``; a refresh token may be good only once."""
        found = self._tokens.get(line.login)
        return found if found != token else None

    def _swap(self, line: Line, old: Token | None, new: Token) -> Token:
        if self._tokens.swap(line.login, old, new):
            return new
        return self._tokens.get(line.login) or new

    def _lost_read(self, line: Line, read: Request, gone: Gone) -> BridgeError:
        where = f"{read.method} {read.path}"
        if is_foreign(read):
            return Unavailable(f"no answer from {read.path[2:]} ({gone.why})", account=line.account)
        host = urlsplit(line.base_url).netloc
        if not gone.sent:
            words = f"{host} cannot be reached ({gone.why}); check base_url and the network"
            return NotSent(words, account=line.account, request=where)
        return Unavailable(f"no answer from {host} ({gone.why})", account=line.account, request=where)


@cache
def trusted() -> ssl.SSLContext:
    """Whose certificates are believed. To load them takes longer than most calls: once a process."""
    return httpx.create_ssl_context(trust_env=False)


def located(error: BridgeError, account: str, read: Read) -> BridgeError:
    error.account = error.account or account
    error.request = error.request or f"{read.method} {read.path}"
    return error


# Connections, and locks that a thread of the parent may hold, are no use to a forked child.
_drivers: weakref.WeakSet[Driver] = weakref.WeakSet()

# What drivers shared that nobody closed before they were gone. A few are enough: only a program that goes on
# has more, and there the others miss them after a while.
_open: deque[Buckets] = deque(maxlen=8)


def _not_closed(buckets: Buckets) -> None:
    # Whatever the garbage collector interrupts may be in the journal: it is left at exit.
    if buckets.here:
        _open.append(buckets)


def _at_exit() -> None:
    """A script that ends without ``close()`` leaves what it shared, as if it had closed."""
    for leave in [*(driver.leave for driver in list(_drivers)), *(buckets.leave for buckets in _open)]:
        with suppress(Exception):
            leave()


atexit.register(_at_exit)


def _after_fork() -> None:
    _open.clear()
    for driver in list(_drivers):
        driver.reopen()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
