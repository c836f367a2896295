"""What both suites stand on: one account before its backend, and a hand that runs flows by turns."""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeAlias, TypeVar, cast

import attrs

from .. import Address
from .._calls import Line as Reach
from .._http import Call, Read, Request, Response
from .._journal import Tx
from .._saga import Lost, Saga, run_flow, send
from .._settings import structure
from ..adapters import (
    AccountSettings,
    Bucket,
    Confirmed,
    Flow,
    Park,
    Past,
    Refused,
    Unclear,
    Verdict,
    Write,
)
from ..errors import BridgeError, LookOnly
from ..sandbox.faults import Backend, Fault, Line
from ._process import Account, Pause, Process, let_in
from .scenes import BUYER
from .simulator import StoreSide, SupplierSide

__all__ = ["MARKS", "NAME", "SHOPPER", "START", "Bench", "Spoil", "Through", "read_settings"]

R = TypeVar("R")
S = TypeVar("S", bound=AccountSettings)
T = TypeVar("T")

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
NAME = "account"

# Words that turn up nowhere else, so that each place that shows them is found.
SHOPPER = Address(
    name="Quirina Zwetschgenmus",
    line1="Blaumeisenweg 7171",
    city="Milano",
    region="Milano",
    region_code="MI",
    postal_code="20121",
    country="IT",
    phone="+390271717171",
    email="quirina@zwetschgenmus.example",
)

MARKS = ("Quirina", "Zwetschgenmus", "Blaumeisenweg", "0271717171", BUYER.ip, "Mirabelle")

# Sentences of a platform's answer, as far as a pattern can tell them from codes: values with a space.
_SENTENCE = re.compile(rb'(:\s*"[^"\\]* [^"\\]*)"')

Spoil: TypeAlias = Callable[[int, Response], Response]

_CLOCKS_AND_CHANCE = re.compile(
    r"time\.(time|time_ns|monotonic|monotonic_ns|perf_counter|perf_counter_ns|sleep)"
    r"|(posix|nt)\.urandom|_socket\.getaddrinfo"
    r"|.*\b(datetime\.(now|utcnow|today)|date\.today|Random\.(random|getrandbits)|socket\.(connect|send|recv)\w*)"
)


def read_settings(kind: type[S], given: S | Mapping[str, object]) -> S:
    """Settings as the configuration would read them."""
    return structure(kind, given, where="settings()") if isinstance(given, Mapping) else given


def _names_nobody(said: object) -> None:
    """It is stored and shown: neither the shopper nor who pays may stand in it."""
    mark = next((mark for mark in MARKS if mark in f"{said!r} {said}"), "")
    assert not mark, f"it names the shopper: {f'{said!r} {said}'.replace(mark, '***')}"


class Through:
    """A backend of which each answer is changed on its way.

    Args:
        backend: Answers calls, and all else that it is asked.
    """

    def __init__(self, backend: Backend, change: Callable[[Response], Response]) -> None:
        self._backend = backend
        self._change = change

    def __getattr__(self, name: str) -> object:
        return getattr(self._backend, name)

    def handle(self, call: Call, now: datetime) -> Response:
        """Carry it out, and change the answer."""
        return self._change(self._backend.handle(call, now))


class Bench:
    """One account and its backend, and a hand that runs flows and sends writes, one after the other."""

    def __init__(self, side: StoreSide | SupplierSide) -> None:
        self.now = START
        self.chance = Random(1)
        self.watching = False  # for clocks, chance and sockets: it makes flows many times slower
        self.touched: list[str] = []  # what was found so
        self.write_calls: set[int] = set()  # numbers of the calls that may change something
        self.fault_at: dict[int, Fault] = {}
        self.writes: list[tuple[Write, Response]] = []
        self.past = Past()  # of the operation carried out last
        self._seen: list[object] = []
        self._backend = side.backend
        self._judge = side.adapter.judge
        self._sells = isinstance(side, StoreSide)
        self.line = Line(side.backend, plan=lambda _: self.fault_at.get(self.line.calls))
        address = Reach(
            account=NAME, base_url=side.base_url, auth=side.auth, bucket=Bucket(per_second=1.0, burst=1)
        )
        self.accounts = {NAME: Account(address=address, line=self.line)}
        let_in(self.accounts[NAME], START)
        self._process = Process(
            self, "suite", skew=timedelta(0), domain="boot", born=START - timedelta(days=1)
        )

    # --- what a process asks of the world around it ---

    def commit(self, work: Callable[[Tx], object]) -> object:
        """Flows have no journal, so what the engine notes beside them is let be."""
        raise LookOnly("flows have no journal")

    def look(self, work: Callable[[Tx], object]) -> object:
        """Flows have no journal."""
        raise NotImplementedError

    def exchange(
        self, process: str, account: Account, call: Call, *, write: Request | None, reads: bool
    ) -> Response:
        """One call."""
        if not reads:
            self.write_calls.add(self.line.calls + 1)
        return self.line.exchange(call, self.now)

    # --- the hand ---

    def wait(self, minutes: float = 30.0) -> None:
        """Let time pass: late calls arrive, and what was made shows."""
        self.now += timedelta(minutes=minutes)
        self.line.deliver(self.now)

    def run(self, flow: Flow[T], spoil: Spoil | None = None) -> T:
        """Run a flow to its end. It reads only, so nothing may change."""
        before = self.effects()
        late = len(self.line.pending)
        try:
            result = self.drive(run_flow(NAME, self._watched(flow, spoil)))
        except BridgeError as error:
            self._seen += [str(error), repr(error)]
            _names_nobody(error)
            raise
        if late == len(self.line.pending) and Fault.LATE not in self.fault_at.values():
            assert self.effects() == before, "a flow changed something with what it calls a Read"
        self._seen.append(result)
        if isinstance(result, Unclear):
            _names_nobody(result)
        return result

    def send(self, request: Request) -> Response | Lost:
        """Send a write once."""
        return self.drive(send(NAME, request, not_after=float("inf")))

    def carry(self, operation: Callable[[Past], Flow[Write | R | Unclear]]) -> R | Unclear | Refused:
        """Do all of an operation, as the engine would: each step once, and looked for where nobody knows."""
        answers: dict[str, Response] = {}
        doubtful: set[str] = set()
        attempted = False
        step = "reads that fail"
        for _ in range(40):
            self.past = Past(answers=answers, attempted=attempted)
            try:
                result = self.run(operation(self.past))
            except BridgeError:
                self.wait()
                continue
            if not isinstance(result, Write):
                return result
            step = repr(result.step)
            if result.step in answers:
                self.wait()  # it may show only later
                continue
            if result.step in doubtful:
                if isinstance(result.unknown, Park):
                    return Unclear(f"{result.step}: it was tried once, and nobody knows what came of it")
                doubtful.remove(result.step)  # looked for, long enough after: it is not there
            attempted = True
            verdict = self.do(result)
            if isinstance(verdict, Confirmed):
                answers = {**answers, result.step: self.writes[-1][1]}
            elif isinstance(verdict, Refused):
                again = self.run(operation(Past(answers=answers, attempted=True)))
                if isinstance(again, Write) and again.step == result.step:
                    return verdict
            else:
                self.wait()
                doubtful.add(result.step)
        raise AssertionError(f"it never came to an end: its flow asks for {step} again and again")

    def do(self, write: Write) -> Verdict | Lost:
        """Send a write, and what its answer proves."""
        self._seen.append(write)
        outcome = self.send(write.private or write.request)
        if isinstance(outcome, Lost):
            return outcome
        self.writes.append((write, outcome))
        verdict = self._judge(write, outcome)
        self._seen += [outcome, verdict]
        _names_nobody(verdict)
        if isinstance(verdict, Refused):
            self._doubt(write, outcome)
        return verdict

    def _doubt(self, write: Write, no: Response) -> None:
        """A genuine no proves nothing with a server's error, and its words may name the shopper."""
        if no.status < 500:
            verdict = self._judge(write, attrs.evolve(no, status=500))
            said = (
                f"{write.step}: a refusal that came as HTTP {no.status} comes as HTTP 500, and is {verdict}"
            )
            assert not isinstance(verdict, (Confirmed, Refused)), said
        # Shops may speak of their own order in their own words; a new field is none of them.
        body = no.body if self._sells else _SENTENCE.sub(rb'\1 of Quirina"', no.body)
        _names_nobody(
            self._judge(write, attrs.evolve(no, body=body.replace(b'{"', b'{"new":"Quirina","', 1)))
        )

    def effects(self) -> int:
        """How many calls have changed something so far."""
        return self._backend.effects()

    def shown(self) -> Iterator[str]:
        """All that could end up in a log or in the journal so far."""
        for seen in self._seen:
            yield seen if isinstance(seen, str) else repr(seen)
            if isinstance(seen, Write):
                yield seen.step
            request = seen.request if isinstance(seen, Write) else seen
            if isinstance(request, Request):
                yield from (request.path, request.query)

    def drive(self, saga: Saga[T]) -> T:
        """Run a saga; time passes with it."""
        steps: Generator[Pause, None, T] = self._process.run(saga)
        try:
            while True:
                self.now += timedelta(seconds=next(steps).seconds or 0.0)
                self.line.deliver(self.now)
        except StopIteration as end:
            return cast("T", end.value)

    def _watched(self, flow: Flow[T], spoil: Spoil | None) -> Flow[T]:
        answer: Response | None = None
        number = 0
        try:
            while True:
                with self._profiled():
                    read = flow.send(answer) if answer is not None else next(flow)
                assert isinstance(read, Read), (
                    f"a flow yields Reads only, and here is a {type(read).__name__}"
                )
                self._seen.append(read)
                answer = yield read
                answer = answer if spoil is None else spoil(number, answer)
                number += 1
        except StopIteration as end:
            return cast("T", end.value)
        finally:
            flow.close()

    @contextmanager
    def _profiled(self) -> Generator[None, None, None]:
        """Clocks, chance and sockets are C functions, and the interpreter tells of each call to one."""
        if not self.watching:
            yield
            return

        def told(frame: object, event: str, called: object) -> None:
            if event != "c_call":
                return
            name = f"{getattr(called, '__module__', '')}.{getattr(called, '__qualname__', '')}"
            if _CLOCKS_AND_CHANCE.fullmatch(name):
                self.touched.append(name)

        before, collects = sys.getprofile(), gc.isenabled()
        # A collection calls back whoever asked for that, such as Hypothesis, who looks at the clock.
        gc.disable()
        sys.setprofile(told)
        try:
            yield
        finally:
            sys.setprofile(before)
            if collects:
                gc.enable()
