"""The driver for an event loop; the one for threads is in ``_drivers``."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from datetime import datetime
from functools import partial
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
from ._journal import Journal, Tx
from ._saga import Commit, Effect, Fetch, Look, Lost, Saga, Send, Tick
from ._token_store import TokenStore
from .auth import Token
from .errors import BridgeError, Unavailable

__all__ = ["AsyncDriver"]

T = TypeVar("T")


class AsyncDriver(Driver):
    """Runs sagas on one event loop; transactions run on a thread of its own."""

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
        self._transports: dict[bool, httpx.AsyncHTTPTransport] = {}
        self._logins: dict[str, asyncio.Lock] = {}
        self._thread: ThreadPoolExecutor | None = None
        self._canceled: set[int] = set()

    def reopen(self) -> None:
        super().reopen()
        self._transports, self._logins, self._thread = {}, {}, None

    async def run(self, saga: Saga[T]) -> T:
        """Run a saga to its end and return what it returns.

        A cancel lets the call under way finish and records it; then it is raised.
        """
        key = id(saga)
        task = asyncio.ensure_future(self._run(saga, key))
        task.add_done_callback(lambda _: self._canceled.discard(key))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._canceled.add(key)
            await asyncio.wait([task])
            raise

    async def _run(self, saga: Saga[T], key: int) -> T:
        answer: object = None
        error: Exception | None = None
        try:
            while True:
                effect = saga.throw(error) if error is not None else saga.send(answer)
                error = None
                try:
                    answer = await self._do(effect, key)
                except Exception as failed:  # the saga says what it stops: one order, and not all
                    error = failed
        except StopIteration as end:
            return cast("T", end.value)
        finally:
            saga.close()

    async def wait(self, until: datetime | None, *, stopped: Callable[[], bool]) -> None:
        """Sleep until there is something to do again, or a few seconds: others write the journal too."""
        end = self._clockwork.steady() + self.seconds_until(until)
        while not stopped() and (left := end - self._clockwork.steady()) > 0:
            await self._clockwork.rest(min(0.2, left))

    async def look(self, work: Callable[[Tx], T]) -> T:
        """A look at the journal, off the event loop."""
        return await self.on_thread(partial(self.journal.look, work))

    async def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        transports, self._transports = self._transports, {}
        for transport in transports.values():
            await transport.aclose()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown(wait=True)

    async def _do(self, effect: Effect, key: int) -> object:
        stopping = self._stopping or key in self._canceled
        match effect:
            case Tick():
                return self._clockwork.read()
            case Fetch():
                if stopping:
                    raise Unavailable(CANCELED, account=effect.account)
                return await self._fetch(effect.account, effect.read)
            case Send():
                return Lost(False, CANCELED) if stopping else await self._send(effect)
            case Commit():
                return await self.on_thread(partial(self._commit, effect))
            case Look():
                return await self.on_thread(partial(self.journal.look, effect.work))

    async def on_thread(self, work: Callable[[], T]) -> T:
        """Run what blocks on the journal's own thread."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="orderbridge-journal")
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _fetch(self, account: str, read: Read) -> Response:
        line = self._line_of(account)
        cached = await self.on_thread(partial(self._cached, account, read))
        if cached is not None:
            return cached
        try:
            response = await self._answer(line, read)
        except BridgeError as error:
            raise located(error, account, read) from None
        self._keep(account, read, response)
        return response

    async def _take(self, line: Line, at_most: float, cost: float, *, write: bool = False) -> float:
        if write or not self._buckets.knows(line.shared_as):
            meet = partial(self._buckets.meet, line.shared_as, line.bucket)
            pause = await self.on_thread(meet)
            if pause:
                await self._clockwork.rest(pause)
                await self.on_thread(meet)
        return self._pace(line).take(at_most, cost)

    async def _tell(self, line: Line) -> None:
        if not self._buckets.is_told(line.shared_as):
            await self.on_thread(partial(self._buckets.tell, line.shared_as))

    async def _ask_abroad(self, line: Line, read: Read) -> Response:
        call = prepare(line, read)
        for tried in range(TRIES):
            if self._stopping:
                raise Unavailable(CANCELED, account=line.account)
            last = tried == TRIES - 1
            try:
                answer = await self._call(None, call, write=False)
                if last or answer.status not in REPEATED:
                    return answer
            except Gone as gone:
                if last:
                    raise self._lost_read(line, read, gone) from None
            await self._clockwork.rest(self._clockwork.pause(tried))
        raise AssertionError("the last try answers or raises")

    async def _answer(self, line: Line, read: Read) -> Response:
        if is_foreign(read):
            return await self._ask_abroad(line, read)
        refused: Token | None = None
        for tried in range(TRIES):
            if self._stopping:
                raise Unavailable(CANCELED, account=line.account)
            last = tried == TRIES - 1
            token = await self._token(line, refused=refused)
            wait = await self._take(line, LONGEST_WAIT, read.cost)
            response, throttled = None, False
            try:
                await self._clockwork.rest(wait)
                answer = await self._call(line, self._sign(line, prepare(line, read), token), write=False)
                response = answer
            except Gone as gone:
                if last:
                    raise self._lost_read(line, read, gone) from None
                await self._clockwork.rest(self._clockwork.pause(tried))
                continue
            finally:
                throttled = self._learn(line, read, response)
                await self._tell(line)
            if token is not None and line.auth.expired(answer) and refused is None:
                refused = token
                continue
            if throttled and not last:
                continue
            if last or answer.status not in REPEATED:
                return answer
            await self._clockwork.rest(self._clockwork.pause(tried))
        raise Unavailable("the platform did not accept a renewed token", account=line.account)

    async def _token(self, line: Line, *, refused: Token | None = None) -> Token | None:
        if not line.auth.needs_token:
            return None
        async with self._logins.setdefault(line.account, asyncio.Lock()):
            began = self._clockwork.steady()
            while True:
                token, good = await self.on_thread(partial(self._kept_token, line, refused))
                if good:
                    return token
                self._may_log_in(line)
                renewing = self._tokens.renewing(line.login)
                mine = await self.on_thread(renewing.__enter__)
                try:
                    if mine:
                        return await self._renew(line, refused)
                finally:
                    await self.on_thread(partial(renewing.__exit__, None, None, None))
                self._others_renew(line, began)
                await self._clockwork.rest(0.1)

    async def _renew(self, line: Line, refused: Token | None) -> Token | None:
        token, good = await self.on_thread(partial(self._kept_token, line, refused))
        if good:
            return token
        try:
            new = await self._refresh(line, line.auth.refresh(token, now=self._clockwork.wall()))
        except BridgeError as error:
            newer = await self.on_thread(partial(self._newer, line, token))
            if newer is None:
                self._login_refused(line, error)
                raise
            return newer
        return await self.on_thread(partial(self._swap, line, token, new))

    async def _refresh(self, line: Line, flow: Generator[Read, Response, Token]) -> Token:
        try:
            read = next(flow)
            while True:
                try:
                    response = await self._call(line, prepare(line, read), write=True)
                except Gone as gone:
                    raise self._lost_read(line, read, gone) from None
                await self._tell(line)
                read = flow.send(response)
        except StopIteration as end:
            return cast("Token", end.value)
        finally:
            flow.close()

    async def _send(self, effect: Send) -> Response | Lost:
        line = self._line_of(effect.account)
        try:
            token = await self._token(line)
            call = prepare(line, effect.request)
            at_most = effect.not_after - self._clockwork.steady()
            wait = await self._take(line, at_most, effect.request.cost, write=True)
        except BridgeError as error:
            return Lost(False, error.message)
        response = None
        try:
            await self._clockwork.rest(wait)
            if self._clockwork.steady() > effect.not_after:
                return Lost(False, "it could not leave in time")
            answer = await self._call(line, self._sign(line, call, token), write=True)
            response = answer
        except Gone as gone:
            return Lost(gone.sent, gone.why)
        finally:
            self._learn(line, effect.request, response)
            await self._tell(line)
        if token is not None and line.auth.expired(answer):
            self._refused[line.account] = token  # renewed before the next call; nothing is sent again
        return answer

    def _transport(self, *, write: bool) -> httpx.AsyncHTTPTransport:
        if write not in self._transports:
            limits = httpx.Limits(max_connections=100, max_keepalive_connections=0 if write else 20)
            self._transports[write] = httpx.AsyncHTTPTransport(
                verify=trusted(), limits=limits, trust_env=False
            )
        return self._transports[write]

    async def _call(self, line: Line | None, call: Call, *, write: bool) -> Response:
        self._count(line)
        try:
            async with asyncio.timeout(self._deadline):
                response = await self._stream(self._transport(write=write), call)
        except TimeoutError:
            raise Gone("deadline", sent=True) from None
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
            raise outcome_of(error) from None
        return self._note(line, response)

    async def _stream(self, transport: httpx.AsyncHTTPTransport, call: Call) -> Response:
        request = outgoing(call, self._deadline)
        with unlogged():
            async with aclosing(await transport.handle_async_request(request)) as answer:
                body = bytearray()
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > LARGEST:
                        raise Gone("the answer is larger than 32 MiB", sent=True)
                return Response(answer.status_code, headers=headers_of(answer), body=bytes(body))
