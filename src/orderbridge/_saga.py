"""Sagas: the use cases as generators, with no sockets, clocks or threads of their own.

A saga yields one of five effects and is sent what came of it. A driver runs it, in a thread, on
an event loop or in a simulator. Every place where a crash or a lost answer can fall is a
``yield``, so a test can stop at each of them and start again.

The helpers at the end are the only place where ``Any`` stands: they tie each effect to the type
of what comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeAlias, TypeVar

import attrs

from ._http import Read, Request, Response
from ._journal import Tx
from ._raised import log_raised, raised_at
from .adapters import Flow
from .errors import BridgeError, JournalError, Unauthorized, Unavailable

__all__ = [
    "Clock",
    "Commit",
    "Effect",
    "Fetch",
    "Look",
    "Lost",
    "Saga",
    "Send",
    "Tick",
    "ask",
    "backoff",
    "clock",
    "commit",
    "fetch",
    "kept_out",
    "let_in",
    "look",
    "run_flow",
    "send",
]

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Clock:
    """What time it is, twice: for people, and for measuring.

    Args:
        wall: UTC, as good as this machine's clock is.

        steady: Seconds of a clock that never jumps.

        domain: Names that steady clock: readings of two domains cannot be compared. A machine
            that was started anew has another.

        salt: New random text each time.
    """

    wall: datetime
    steady: float
    domain: str
    salt: str


@attrs.frozen
class Lost:
    """A write that got no answer.

    Args:
        sent: False if not one byte left, which proves that nothing happened.

        why: For the audit.
    """

    sent: bool
    why: str


@attrs.frozen
class Tick:
    """What time is it?"""


@attrs.frozen
class Fetch:
    """A read: the driver may repeat it, and raises a ``BridgeError`` if no answer can be had."""

    account: str
    read: Read


@attrs.frozen
class Send:
    """A write: sent once, and not at all if the steady clock shows more than ``not_after``.

    The check is made right before the bytes leave: whoever was asleep since the intent's commit
    must not send what others have given up by now.
    """

    account: str
    request: Request
    not_after: float


@attrs.frozen
class Commit:
    """A transaction on the journal."""

    work: Callable[[Tx], object]


@attrs.frozen
class Look:
    """A look at the journal; nothing is written."""

    work: Callable[[Tx], object]


Effect: TypeAlias = Tick | Fetch | Send | Commit | Look
Saga: TypeAlias = Generator[Effect, Any, T]


def clock() -> Saga[Clock]:
    """What time it is."""
    now: Clock = yield Tick()
    return now


def fetch(account: str, read: Read) -> Saga[Response]:
    """The answer to a read."""
    response: Response = yield Fetch(account, read)
    return response


def send(account: str, request: Request, *, not_after: float) -> Saga[Response | Lost]:
    """What came of a write."""
    outcome: Response | Lost = yield Send(account, request, not_after)
    return outcome


def commit(work: Callable[[Tx], T]) -> Saga[T]:
    """What a transaction returned, after it was committed."""
    result: T = yield Commit(work)
    return result


def look(work: Callable[[Tx], T]) -> Saga[T]:
    """What a look at the journal returned."""
    result: T = yield Look(work)
    return result


def run_flow(account: str, flow: Flow[T]) -> Saga[T]:
    """Run an adapter's flow to its end.

    A read that fails ends the flow: it is closed and the error goes on. Nothing has happened then. Only what
    fails at another origin is raised in the flow, which may know another way.
    """
    try:
        read = next(flow)
        while True:
            try:
                response = yield from fetch(account, read)
            except BridgeError as error:
                if not read.url:
                    raise
                read = flow.throw(error)
            else:
                read = flow.send(response)
    except StopIteration as stop:
        result: T = stop.value
        return result
    except BridgeError as error:
        error.account = error.account or account
        if isinstance(error, Unauthorized):
            yield from kept_out(error.account, error.message)
        raise
    finally:
        flow.close()


def ask(account: str, flow: Flow[T]) -> Saga[T]:
    """Run a flow that is one of several: if it breaks, its account does not answer, and the others do.

    Raises:
        BridgeError: as ``run_flow``; a bug is ``Unavailable``, and written down as ``kept_out`` is.
    """
    try:
        return (yield from run_flow(account, flow))
    except BridgeError:
        raise
    except Exception as error:
        log_raised(error, account)
        why = f"its adapter broke: {raised_at(error)}"
    yield from kept_out(account, why)
    raise Unavailable(why, account=account)


def kept_out(account: str, why: str) -> Saga[None]:
    """The account did not let us in. Written down for whoever asks how things are, in whatever process."""
    now = yield from clock()
    # Where nothing may be written, the error itself is told all the same.
    with suppress(JournalError):
        yield from commit(lambda tx: tx.put_refused_login(account, why, now.wall))


def let_in(account: str) -> Saga[None]:
    """The account has answered: a login that it refused is no matter any more."""
    if account in (yield from look(lambda tx: tx.refused_logins())):
        with suppress(JournalError):
            yield from commit(lambda tx: tx.drop_refused_login(account))


def backoff(failures: int, *, base: float = 15.0, most: float = 3600.0) -> timedelta:
    """How long to leave something alone after so many failures in a row."""
    return timedelta(seconds=min(most, base * 2 ** min(failures, 10)))
