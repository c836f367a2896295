"""One simulated process: it runs sagas with the engine's own protocol, on clocks of its own."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from random import Random
from typing import Protocol, TypeVar, cast

import attrs

from .._calls import Line as Address
from .._calls import is_foreign, prepare
from .._drivers_shared import DEADLINE, REPEATED, TRIES
from .._http import Call, Read, Request, Response
from .._journal import Tx
from .._saga import Clock, Commit, Effect, Fetch, Look, Lost, Saga, Send, Tick
from ..auth import Token
from ..errors import BridgeError, NotSent, Unavailable
from ..sandbox.faults import Line, NoAnswer, NotConnected

__all__ = ["Account", "Outside", "Pause", "Process", "let_in"]

T = TypeVar("T")


@attrs.define(kw_only=True)
class Account:
    """A platform's account as all processes reach it; tokens are shared, as in a real token store."""

    address: Address
    line: Line
    token: Token | None = None


def let_in(account: Account, now: datetime) -> None:
    """Get the account its first token in calm weather, as whoever sets it up and probes it does."""
    auth = account.address.auth
    if not auth.needs_token:
        return
    flow = auth.refresh(None, now=now)
    try:
        read = next(flow)
        while True:
            read = flow.send(account.line.backend.handle(prepare(account.address, read), now))
    except StopIteration as end:
        account.token = cast("Token", end.value)
    finally:
        flow.close()


@attrs.frozen
class Pause:
    """Time passes for this process.

    Args:
        seconds: Until it goes on; None until something is due.

        point: It may be killed here, and what it did before and after are two states of the world.
    """

    seconds: float | None
    point: bool = False


class Outside(Protocol):
    """What a process shares with the others."""

    now: datetime
    chance: Random
    accounts: dict[str, Account]

    def commit(self, work: Callable[[Tx], object]) -> object:
        """Run a transaction."""
        ...

    def look(self, work: Callable[[Tx], object]) -> object:
        """Look at the journal."""
        ...

    def exchange(
        self, process: str, account: Account, call: Call, *, write: Request | None, reads: bool
    ) -> Response:
        """One call; ``write`` is the request if it is one. To log in is neither to read nor to write."""
        ...


Steps = Generator[Pause, None, T]


class Process:
    """A process as the operating system sees it: it can be killed, and it can be slow.

    Args:
        name: For the trace.

        skew: By how much its wall clock is wrong.

        domain: Names its steady clock.

        born: When that clock showed 0.
    """

    def __init__(self, outside: Outside, name: str, *, skew: timedelta, domain: str, born: datetime) -> None:
        self.name = name
        self.skew = skew
        self.domain = domain
        self.born = born
        self.identified: set[str] = set()
        self._outside = outside
        self._kept: dict[tuple[str, str], tuple[datetime, Response]] = {}

    def clock(self) -> Clock:
        """What time it is for this process."""
        now, salt = self._outside.now, f"{self._outside.chance.getrandbits(128):032x}"
        return Clock(
            wall=now + self.skew, steady=(now - self.born).total_seconds(), domain=self.domain, salt=salt
        )

    def run(self, saga: Saga[T]) -> Steps[T]:
        """Run a saga; each step of this generator is a moment at which others may act."""
        answer: object = None
        error: BridgeError | None = None
        try:
            while True:
                effect = saga.throw(error) if error is not None else saga.send(answer)
                error = None
                try:
                    answer = yield from self._do(effect)
                except BridgeError as failed:
                    error = failed
        except StopIteration as end:
            return cast("T", end.value)
        finally:
            saga.close()

    def _do(self, effect: Effect) -> Steps[object]:
        match effect:
            case Tick():
                return self.clock()
            case Look():
                yield Pause(0.0)
                return self._outside.look(effect.work)
            case Commit():
                yield Pause(0.01, point=True)
                return self._outside.commit(effect.work)
            case Fetch():
                return (yield from self._fetch(self._outside.accounts[effect.account], effect.read))
            case Send():
                return (yield from self._send(self._outside.accounts[effect.account], effect))

    def _fetch(self, account: Account, read: Read) -> Steps[Response]:
        if read.keep is None:
            return (yield from self._answer(account, read))
        key = (account.address.account, read.sha256)
        known = self._kept.get(key)
        if not read.fresh and known is not None and known[0] > self._outside.now:
            return known[1]
        response = yield from self._answer(account, read)
        if response.status in (200, 404) and response.media_type != "text/html":
            self._kept[key] = (self._outside.now + read.keep, response)
        return response

    def _answer(self, account: Account, read: Read) -> Steps[Response]:
        renewed = False
        where = f"{read.method} {read.path}"
        for tried in range(TRIES):
            last = tried == TRIES - 1
            yield from self._log_in(account, renew=False)
            try:
                response = yield from self._call(account, read)
            except NotConnected:
                if last:
                    raise NotSent("not connected", account=account.address.account, request=where) from None
            except NoAnswer:
                if last:
                    raise Unavailable("deadline", account=account.address.account, request=where) from None
            else:
                if account.token is not None and account.address.auth.expired(response) and not renewed:
                    yield from self._log_in(account, renew=True)
                    renewed = True
                    continue
                if last or response.status not in REPEATED:
                    return response
            yield Pause(self._outside.chance.uniform(0, 0.5 * 2**tried))
        raise Unavailable("the platform did not accept a renewed token", account=account.address.account)

    def _send(self, account: Account, send: Send) -> Steps[Response | Lost]:
        try:
            yield from self._log_in(account, renew=False)
        except BridgeError as error:
            return Lost(False, error.message)
        # Whoever slept since the commit finds out here, right before the bytes leave.
        yield Pause(0.0, point=True)
        if self.clock().steady > send.not_after:
            return Lost(False, "it could not leave in time")
        try:
            return (yield from self._call(account, send.request, write=True))
        except NotConnected:
            return Lost(False, "not connected")
        except NoAnswer:
            return Lost(True, "deadline")

    def _call(
        self, account: Account, request: Request, *, write: bool = False, plain: bool = False
    ) -> Steps[Response]:
        """One call: on the way, carried out, and the answer on the way."""
        call = prepare(account.address, request)
        clock = self.clock()
        if not plain and not is_foreign(request):
            call = account.address.auth.sign(call, now=clock.wall, nonce=clock.salt, token=account.token)
        if not write:
            yield Pause(0.0, point=True)
        else:
            try:
                yield Pause(self._outside.chance.choice((0.1, 0.1, 0.1, 25.0)))
            except GeneratorExit:
                # The bytes have left: they arrive, whatever becomes of their sender.
                account.line.pending.append((self._outside.now + timedelta(seconds=1), call))
                raise
        try:
            response = self._outside.exchange(
                self.name,
                account,
                call,
                write=request if write else None,
                reads=not write and not plain,
            )
        except NoAnswer:
            yield Pause(DEADLINE)
            raise
        except NotConnected:
            yield Pause(self._outside.chance.uniform(0, 10))
            raise
        yield Pause(self._outside.chance.uniform(0.05, 1.5))
        return response

    def _log_in(self, account: Account, *, renew: bool) -> Steps[None]:
        """See to a token that is good for a while, where this account needs one."""
        auth, token = account.address.auth, account.token
        if not auth.needs_token:
            return
        soon = self.clock().wall + timedelta(minutes=5)
        if token is not None and not renew and (token.expires_at is None or token.expires_at > soon):
            return
        flow = auth.refresh(token, now=self.clock().wall)
        try:
            read = next(flow)
            while True:
                try:
                    response = yield from self._call(account, read, plain=True)
                except (NoAnswer, NotConnected):
                    raise Unavailable("the log-in got no answer", account=account.address.account) from None
                read = flow.send(response)
        except StopIteration as end:
            if account.token == token:
                account.token = cast("Token", end.value)
        finally:
            flow.close()
