"""Drivers: the only place with sockets, clocks and randomness.

A driver runs sagas. This one is for threads, ``_drivers_async`` is for an event loop; what both share is
in ``_drivers_shared``, and how a request becomes a call in ``_calls``.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing
from datetime import datetime
from typing import TypeVar, cast

import httpx

from ._calls import Gone, Line, headers_of, is_foreign, outcome_of, outgoing, prepare, unlogged
from ._clockwork import Clockwork
from ._drivers_shared import (
    CANCELED,
    DEADLINE,
    LARGEST,
    LONGEST_WAIT,
    REPEATED,
    TRIES,
    Driver,
    located,
    trusted,
)
from ._http import Call, Read, Response
from ._journal import Journal
from ._saga import Commit, Effect, Fetch, Look, Lost, Saga, Send, Tick
from ._token_store import TokenStore
from .auth import Token
from .errors import BridgeError, Unavailable

__all__ = ["SyncDriver"]

T = TypeVar("T")


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

    def _take(self, line: Line, at_most: float, cost: float, *, write: bool = False) -> float:
        # What may order or pay goes by what is known now.
        if write or not self._buckets.knows(line.shared_as):
            pause = self._buckets.meet(line.shared_as, line.bucket)
            if pause:
                self._clockwork.sleep(pause)
                self._buckets.meet(line.shared_as, line.bucket)
        return self._pace(line).take(at_most, cost)

    def _tell(self, line: Line) -> None:
        if not self._buckets.is_told(line.shared_as):
            self._buckets.tell(line.shared_as)

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
            wait = self._take(line, LONGEST_WAIT, read.cost)
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
                self._tell(line)
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
                self._tell(line)
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
            wait = self._take(line, at_most, effect.request.cost, write=True)
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
            self._tell(line)
        if token is not None and line.auth.expired(answer):
            self._refused[line.account] = token  # renewed before the next call; nothing is sent again
        return answer

    def _transport(self, *, write: bool) -> httpx.HTTPTransport:
        with self._lock:
            if write not in self._transports:
                # A write never goes out on a kept connection that the other side may be closing.
                limits = httpx.Limits(max_connections=100, max_keepalive_connections=0 if write else 20)
                self._transports[write] = httpx.HTTPTransport(
                    verify=trusted(), limits=limits, trust_env=False
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
