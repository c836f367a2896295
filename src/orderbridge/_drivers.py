"""Drivers: the only place with sockets, clocks and randomness.

A driver runs sagas. The sync and the async one share everything but the call itself: how a
request becomes a call, what an outcome proves, when a read is repeated.
"""

from __future__ import annotations

import logging
import os
import queue
import re
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing, contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol, TypeGuard, TypeVar, cast
from urllib.parse import unquote, urlsplit

import attrs
import httpx

from ._canonical import dump, load
from ._clockwork import Clockwork
from ._http import Call, Headers, Read, Request, Response
from ._journal import Journal, Tx
from ._pace import Pace
from ._saga import Commit, Effect, Fetch, Look, Lost, Saga, Send, Tick
from .adapters import Allowance, Bucket
from .auth import Auth, Token
from .errors import BridgeError, Malformed, NotSent, Unauthorized, Unavailable, Unsupported

__all__ = ["Driver", "Line", "MemoryTokens", "SyncDriver", "TokenStore"]

T = TypeVar("T")

CONNECT = 10.0  # seconds
DEADLINE = 60.0  # seconds for one whole call, also a dripping one
LARGEST = 32 * 1024 * 1024  # bytes of an answer after decompression
TRIES = 3  # of a read
LONGEST_WAIT = 10.0  # seconds a read waits for its turn; others are waiting behind it
LONGEST_PAUSE = 5.0  # seconds between two looks at the journal, which others may write too
REPEATED = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
LONGEST_FREEZE = 24 * 3600.0  # seconds, whatever an account is told
LOGIN_PAUSE = timedelta(minutes=30)  # after a refused login; Magento locks a user for as long after six
KEPT = 2000  # answers of reference data in memory; the journal has them all
USER_AGENT = "orderbridge/0.1 (+https://pypi.org/project/orderbridge/)"


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


@attrs.frozen(kw_only=True)
class Line:
    """How to reach one account."""

    account: str
    base_url: str
    auth: Auth
    bucket: Bucket
    meter: Callable[[Response], Allowance | None] = lambda _: None
    foreign: tuple[str, ...] = ()

    @property
    def login(self) -> str:
        """Under which its token is kept."""
        return f"{self.account} {self.base_url}"


class Gone(Exception):
    """A call that got no answer.

    Args:
        sent: False only if it is certain that not one byte left.
    """

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.why = why
        self.sent = sent


# RFC 3986; what is not in it would be rewritten on the way out, after it was signed.
_PATH = re.compile(r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)+")


def prepare(line: Line, request: Request) -> Call:
    """The call before it is signed: absolute, and below the account's own address."""
    if is_foreign(request):
        return _abroad(line, request)
    path = request.path
    if not _PATH.fullmatch(path) or path.startswith("//"):
        raise Malformed(f"path: {path!r} must start with one slash and be percent-encoded")
    if not {".", ".."}.isdisjoint(unquote(path).split("/")):
        raise Malformed(f"path: {path!r} leads out of the account's base_url")
    url = line.base_url + path + (f"?{request.query}" if request.query else "")
    headers = {"Accept": "application/json", "User-Agent": USER_AGENT, **request.headers}
    return Call(request.method, url, headers=Headers(headers), body=request.body)


def is_foreign(request: Request) -> TypeGuard[Read]:
    """Does it go to another origin, where nothing of the account's may go?"""
    return isinstance(request, Read) and bool(request.url)


# As strict as the path above; what httpx and we could read differently is not asked at all.
_FOREIGN = re.compile(
    r"(?P<origin>(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]+)(?P<port>:\d+)?)"
    r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*(\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?"
)
_LOOPBACK = re.compile(r"localhost|127\.\d+\.\d+\.\d+")


def _abroad(line: Line, read: Read) -> Call:
    """A call to another origin: only there where the platform says, and nothing of the account's on it."""
    found = _FOREIGN.fullmatch(read.url)
    if found is None or read.method != "GET" or read.body:
        raise Malformed("an address at another origin is a whole URL without credentials, asked with GET")
    host = found["host"].lower()
    if found["scheme"] != "https" and not _LOOPBACK.fullmatch(host):
        raise Malformed(f"{host}: another origin is asked over https only")
    own = urlsplit(line.base_url)
    if found["origin"].lower() != f"{own.scheme}://{own.netloc}".lower() and (
        found["port"] not in (None, ":443") or not any(_covers(pattern, host) for pattern in line.foreign)
    ):
        raise Unsupported(f"{host}: the platform does not say that its files are there, so it is not asked")
    headers = {"Accept": "*/*", "User-Agent": USER_AGENT, **read.headers}
    return Call("GET", read.url, headers=Headers(headers))


def _covers(pattern: str, host: str) -> bool:
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def outgoing(call: Call, deadline: float) -> httpx.Request:
    """The call as httpx's transports take it.

    Its clients are not used: they log every address, which may hold keys, and they keep the
    cookies that one account was given for another account on the same host.
    """
    timeout = httpx.Timeout(deadline, connect=CONNECT, pool=CONNECT)
    return httpx.Request(
        call.method,
        call.url,
        headers=Headers({"Accept-Encoding": "gzip, deflate", **call.headers}),
        content=call.body or None,
        extensions={"timeout": timeout.as_dict()},
    )


# httpcore writes the headers of answers to its debug log, where a redirect may repeat our keys.
_ours: ContextVar[bool] = ContextVar("_ours", default=False)
logging.getLogger("httpcore.http11").addFilter(lambda _: not _ours.get())


@contextmanager
def unlogged() -> Generator[None, None, None]:
    """A call of ours, of which httpcore tells nobody."""
    token = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(token)


def outcome_of(error: Exception) -> Gone:
    """What a transport error proves: the one classification table; what is not listed is unknown."""
    match error:
        case Gone():
            return error
        case (
            httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout() | httpx.UnsupportedProtocol()
        ):
            return Gone(type(error).__name__, sent=False)
        case _:
            return Gone(type(error).__name__, sent=True)


def retry_after(response: Response, now: datetime) -> float | None:
    """Seconds a platform asks to wait, from Retry-After in either of its forms."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return min(float(value), LONGEST_FREEZE)
    try:
        seconds = (parsedate_to_datetime(value) - now).total_seconds() if value else None
        return None if seconds is None else min(max(0.0, seconds), LONGEST_FREEZE)
    except (TypeError, ValueError):
        return None


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
        self._paces: dict[str, Pace] = {}
        self._kept: dict[tuple[str, str], tuple[datetime, Response]] = {}
        self._to_keep: list[tuple[str, str, Response, datetime]] = []
        self._ssl: ssl.SSLContext | None = None
        self._stopping = False
        self._refused: dict[str, Token] = {}
        self._no_logins: dict[str, tuple[Auth, Unauthorized, datetime]] = {}
        _drivers.add(self)

    def reopen(self) -> None:
        """In a forked child: leave connections and locks to the parent, whose threads are not here."""
        self._paces = {}

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

    def _context(self) -> ssl.SSLContext:
        # Loading the certificates takes longer than most calls: once a driver.
        if self._ssl is None:
            self._ssl = httpx.create_ssl_context(trust_env=False)
        return self._ssl

    def _pace(self, line: Line) -> Pace:
        return self._paces.setdefault(line.account, Pace(line.bucket, self._clockwork))

    def _learn(self, line: Line, request: Request, response: Response | None) -> bool:
        """Believe what an answer says of the allowance; was the call turned away for want of it?"""
        try:
            said = None if response is None else line.meter(response)
        except Exception:  # an answer that a plug-in stumbles over was an answer all the same
            said = None
        self._pace(line).settle(request.cost, said)
        return said is not None and said.throttled

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
            self._pace(line).freeze(retry_after(response, self._clockwork.wall()) or 5.0)
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


def located(error: BridgeError, account: str, read: Read) -> BridgeError:
    error.account = error.account or account
    error.request = error.request or f"{read.method} {read.path}"
    return error


CANCELED = "the bridge is closing"


class SyncDriver(Driver):
    """Runs sagas in the calling thread. Safe from any number of threads."""

    def __init__(
        self,
        journal: Journal,
        line_of: Callable[[str], Line],
        *,
        tokens: TokenStore | None = None,
        deadline: float = DEADLINE,
        clockwork: Clockwork | None = None,
    ) -> None:
        super().__init__(journal, line_of, tokens=tokens, deadline=deadline, clockwork=clockwork)
        self._transports: dict[bool, httpx.HTTPTransport] = {}
        self._lock = threading.Lock()
        self._logins: dict[str, threading.Lock] = {}

    def reopen(self) -> None:
        super().reopen()
        self._transports, self._lock, self._logins = {}, threading.Lock(), {}

    def run(self, saga: Saga[T]) -> T:
        """Run a saga to its end and return what it returns."""
        answer: object = None
        error: Exception | None = None
        try:
            while True:
                effect = saga.throw(error) if error is not None else saga.send(answer)
                error = None
                try:
                    answer = self._do(effect)
                except Exception as failed:  # the saga says what it stops: one order, and not all
                    error = failed
        except StopIteration as end:
            return cast("T", end.value)
        finally:
            saga.close()

    def wait(self, until: datetime | None, *, stopped: Callable[[], bool]) -> None:
        """Sleep until there is something to do again, or a few seconds: others write the journal too."""
        end = self._clockwork.steady() + self.seconds_until(until)
        while not stopped() and (left := end - self._clockwork.steady()) > 0:
            self._clockwork.sleep(min(0.2, left))

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        with self._lock:
            transports, self._transports = self._transports, {}
        for transport in transports.values():
            transport.close()

    def _do(self, effect: Effect) -> object:
        match effect:
            case Tick():
                return self._clockwork.read()
            case Fetch():
                return self._fetch(effect.account, effect.read)
            case Send():
                return self._send(effect)
            case Commit():
                return self._commit(effect)
            case Look():
                return self.journal.look(effect.work)

    def _fetch(self, account: str, read: Read) -> Response:
        line = self._line_of(account)
        cached = self._cached(account, read)
        if cached is not None:
            return cached
        try:
            response = self._answer(line, read)
        except BridgeError as error:
            raise located(error, account, read) from None
        self._keep(account, read, response)
        return response

    def _ask_abroad(self, line: Line, read: Read) -> Response:
        """Nothing of the account's goes there, and what is answered there says nothing of the account."""
        call = prepare(line, read)
        for tried in range(TRIES):
            if self._stopping:
                raise Unavailable(CANCELED, account=line.account)
            last = tried == TRIES - 1
            try:
                answer = self._call(None, call, write=False)
                if last or answer.status not in REPEATED:
                    return answer
            except Gone as gone:
                if last:
                    raise self._lost_read(line, read, gone) from None
            self._clockwork.sleep(self._clockwork.pause(tried))
        raise AssertionError("the last try answers or raises")

    def _answer(self, line: Line, read: Read) -> Response:
        if is_foreign(read):
            return self._ask_abroad(line, read)
        refused: Token | None = None
        for tried in range(TRIES):
            if self._stopping:
                raise Unavailable(CANCELED, account=line.account)
            last = tried == TRIES - 1
            token = self._token(line, refused=refused)
            wait = self._pace(line).take(LONGEST_WAIT, read.cost)
            response, throttled = None, False
            try:
                self._clockwork.sleep(wait)
                answer = self._call(line, self._sign(line, prepare(line, read), token), write=False)
                response = answer
            except Gone as gone:
                if last:
                    raise self._lost_read(line, read, gone) from None
                self._clockwork.sleep(self._clockwork.pause(tried))
                continue
            finally:
                throttled = self._learn(line, read, response)
            if token is not None and line.auth.expired(answer) and refused is None:
                refused = token
                continue
            if throttled and not last:
                continue  # the pace knows how long to wait
            if last or answer.status not in REPEATED:
                return answer
            self._clockwork.sleep(self._clockwork.pause(tried))
        raise Unavailable("the platform did not accept a renewed token", account=line.account)

    def _token(self, line: Line, *, refused: Token | None = None) -> Token | None:
        """The token to sign with: another than ``refused``, which the platform no longer takes."""
        if not line.auth.needs_token:
            return None
        with self._logins.setdefault(line.account, threading.Lock()):
            # Single flight: others wait here, or below in their own process, and find the new one.
            began = self._clockwork.steady()
            while True:
                token, good = self._kept_token(line, refused)
                if good:
                    return token
                self._may_log_in(line)
                with self._tokens.renewing(line.login) as mine:
                    if mine:
                        return self._renew(line, refused)
                self._others_renew(line, began)
                self._clockwork.sleep(0.1)

    def _renew(self, line: Line, refused: Token | None) -> Token | None:
        token, good = self._kept_token(line, refused)  # again, now that nobody else renews it
        if good:
            return token
        try:
            new = self._refresh(line, line.auth.refresh(token, now=self._clockwork.wall()))
        except BridgeError as error:
            newer = self._newer(line, token)
            if newer is None:
                self._login_refused(line, error)
                raise
            return newer
        return self._swap(line, token, new)

    def _refresh(self, line: Line, flow: Generator[Read, Response, Token]) -> Token:
        """Run a token flow: never repeated, because a refresh token may be used up by its first use."""
        try:
            read = next(flow)
            while True:
                try:
                    response = self._call(line, prepare(line, read), write=True)
                except Gone as gone:
                    raise self._lost_read(line, read, gone) from None
                read = flow.send(response)
        except StopIteration as end:
            return cast("Token", end.value)
        finally:
            flow.close()

    def _send(self, effect: Send) -> Response | Lost:
        line = self._line_of(effect.account)
        if self._stopping:
            return Lost(False, CANCELED)
        try:
            token = self._token(line)
            call = prepare(line, effect.request)
            at_most = effect.not_after - self._clockwork.steady()
            wait = self._pace(line).take(at_most, effect.request.cost)
        except BridgeError as error:
            return Lost(False, error.message)
        response = None
        try:
            self._clockwork.sleep(wait)
            if self._clockwork.steady() > effect.not_after:
                return Lost(False, "it could not leave in time")
            answer = self._call(line, self._sign(line, call, token), write=True)
            response = answer
        except Gone as gone:
            return Lost(gone.sent, gone.why)
        finally:
            self._learn(line, effect.request, response)
        if token is not None and line.auth.expired(answer):
            self._refused[line.account] = token  # renewed before the next call; nothing is sent again
        return answer

    def _transport(self, *, write: bool) -> httpx.HTTPTransport:
        with self._lock:
            if write not in self._transports:
                # A write never goes out on a kept connection that the other side may be closing.
                limits = httpx.Limits(max_connections=100, max_keepalive_connections=0 if write else 20)
                self._transports[write] = httpx.HTTPTransport(
                    verify=self._context(), limits=limits, trust_env=False
                )
            return self._transports[write]

    def _call(self, line: Line | None, call: Call, *, write: bool) -> Response:
        """One call within the deadline, whatever the other side drips.

        Args:
            line: Whose it is; None for another origin.

            call: As it leaves.

            write: It is never repeated.

        Raises:
            Gone: no whole answer came.
        """
        self._count(line)
        transport = self._transport(write=write)
        answers: queue.SimpleQueue[Response | Exception] = queue.SimpleQueue()

        def work() -> None:
            try:
                answers.put(self._stream(transport, call))
            except Exception as error:
                answers.put(error)

        # The call has a thread of its own, so that the deadline holds whatever it is stuck in.
        threading.Thread(target=work, daemon=True, name="orderbridge-call").start()
        try:
            answer = answers.get(timeout=self._deadline)
        except queue.Empty:
            raise Gone("deadline", sent=True) from None
        if isinstance(answer, Exception):
            raise outcome_of(answer) from None
        return self._note(line, answer)

    def _stream(self, transport: httpx.HTTPTransport, call: Call) -> Response:
        end = time.monotonic() + self._deadline
        with unlogged(), closing(transport.handle_request(outgoing(call, self._deadline))) as answer:
            body = bytearray()
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > LARGEST:
                    raise Gone("the answer is larger than 32 MiB", sent=True)
                if time.monotonic() > end:  # nobody waits for it any more
                    raise Gone("deadline", sent=True)
            return Response(answer.status_code, headers=headers_of(answer), body=bytes(body))


def headers_of(answer: httpx.Response) -> Headers:
    return Headers(dict(answer.headers.items()))


# Connections, and locks that a thread of the parent may hold, are no use to a forked child.
_drivers: weakref.WeakSet[Driver] = weakref.WeakSet()


def _after_fork() -> None:
    for driver in list(_drivers):
        driver.reopen()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
