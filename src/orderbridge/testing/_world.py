"""The simulated world itself: what happens next, to whom, and what goes wrong with it."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Generator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import count
from random import Random

import attrs

from .. import OwnStock, SkuPrefix
from .._calls import Line as Address
from .._http import Call, Request, Response
from .._journal import Tx
from .._run import run_once
from .._world import Store, Supplier, World
from ..adapters import Bucket, FindsPurchases, ListsPurchases
from ..journals.sqlite import open_memory
from ..sandbox.faults import Fault, Line, NotConnected
from ._checks import Audit, Ledger, Sale, Watched
from ._process import Account, Pause, Process, let_in
from .backends import tracking_number
from .scenes import BUYER, Scene

__all__ = ["Outcome", "SimulatedWorld", "Weather"]

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
STORE, SUPPLIER = "shop", "supplier"
PREFIX = "X-"  # SKUs that the supplier ships; the rest of one is the remote id
OWN = "OWN-1"  # a SKU that the merchant ships

_FAULTS = tuple(Fault)
_WORKS = timedelta(hours=2)  # how often the supplier's people do something
_WORKED = 4  # how often before an order ships
_STORM = timedelta(days=2)  # after which nothing goes wrong any more
_AFTERWARDS = timedelta(hours=26)  # watched on after all is done
_MOST = timedelta(days=20)


@attrs.frozen(kw_only=True)
class Outcome:
    """What came of a simulated world.

    Args:
        problems: What must never be and was; empty if all is well.

        trace: What happened, line by line.

        points: Moments at which a process could have been killed.

        calls: The last such moment before each call.

        reads: Numbers of the calls that only read.

        commits: How many transactions wrote.

        reviews: Codes of the questions left open.

        took: Simulated time.
    """

    problems: tuple[str, ...]
    trace: tuple[str, ...] = attrs.field(repr=False)
    points: int
    calls: tuple[int, ...]
    reads: frozenset[int]
    commits: int
    reviews: tuple[str, ...]
    took: timedelta

    @property
    def story(self) -> str:
        """The problems, and what led to them."""
        return "\n".join((*self.problems, "", *self.trace))


class Weather:
    """What goes wrong, by chance or by the test's own hand, until the storm is over."""

    def __init__(
        self,
        chance: Random,
        *,
        faults: float,
        kills: float,
        stalls: float,
        fault_at: Mapping[int, Fault],
        kill_at: Collection[int],
    ) -> None:
        self._chance = chance
        self._faults, self._kills, self._stalls = faults, kills, stalls
        self._fault_at, self._kill_at = fault_at, frozenset(kill_at)
        self.calls = 0
        self.points = 0

    def fault(self, now: datetime) -> Fault | None:
        """What happens to the next call."""
        self.calls += 1
        if self.calls in self._fault_at:
            return self._fault_at[self.calls]
        return self._chance.choice(_FAULTS) if self._hits(self._faults, now) else None

    def kills(self, now: datetime) -> bool:
        """Does the process die at this moment?"""
        self.points += 1
        return self.points in self._kill_at or self._hits(self._kills, now)

    def stall(self, now: datetime) -> float:
        """Seconds for which the process sleeps here."""
        return self._chance.choice((5.0, 40.0, 300.0, 1200.0)) if self._hits(self._stalls, now) else 0.0

    def _hits(self, share: float, now: datetime) -> bool:
        return share > 0 and now < START + _STORM and self._chance.random() < share


@attrs.define(kw_only=True)
class _Running:
    """A process and when it goes on; ``at`` is None while it waits for something to be due."""

    process: Process
    life: Generator[Pause, None, None]
    at: datetime | None


class SimulatedWorld:
    """Both platforms, the journal, the processes, and the one true clock."""

    def __init__(self, seed: int, *, scene: Scene, weather: Weather) -> None:
        self.now = START
        self.chance = Random(f"world {seed}")
        self.scene = scene
        self.weather = weather
        self.journal = open_memory()
        self.trace: list[str] = []
        self.called_at: list[int] = []
        self.read_calls: set[int] = set()
        self.ledger = Ledger()
        self.accounts = {
            name: Account(
                address=Address(
                    account=name,
                    base_url=side.base_url,
                    auth=side.auth,
                    bucket=Bucket(per_second=1.0, burst=1),
                ),
                line=Line(
                    side.backend,
                    plan=lambda _: self._fault,
                    late_by=timedelta(minutes=self.chance.choice((1, 3, 9))),
                ),
            )
            for name, side in ((STORE, scene.store), (SUPPLIER, scene.supplier))
        }
        for account in self.accounts.values():
            let_in(account, self.now)
        self._world = World(
            stores={
                STORE: Store(
                    name=STORE,
                    platform="simulated",
                    adapter=scene.store.adapter,
                    origin=scene.store.base_url,
                )
            },
            suppliers={
                SUPPLIER: Supplier(
                    name=SUPPLIER,
                    platform="simulated",
                    adapter=scene.supplier.adapter,
                    origin=scene.supplier.base_url,
                )
            },
            policy=scene.policy,
            rules=(SkuPrefix(prefix=PREFIX, supplier=SUPPLIER), OwnStock(prefix=OWN)),
            take_from=START - timedelta(days=1),
            buyer=BUYER,
        )
        # What is ordered twice long after it was confirmed is seen by nobody but the daily look.
        looked_over = isinstance(scene.supplier.adapter, (ListsPurchases, FindsPurchases))
        late = Random(f"doubles {seed}").choice((0, 1, 9)) if looked_over else 0
        self._double_after = timedelta(minutes=late)
        self._fault: Fault | None = None
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = count()
        self._running: dict[str, _Running] = {}
        self._worked: dict[str, int] = {}
        self._due: tuple[int, datetime | None] = (-1, None)
        self._unsettled = -1  # after so many commits something was left to do
        self._boots = count(1)

    # --- the people ---

    def open_shop(self, orders: int) -> None:
        """Shoppers will buy; the supplier's people will work."""
        for n in range(orders):
            at = timedelta(minutes=0 if n == 0 else self.chance.uniform(0, 240))
            self._plan(at, partial(self._sell, n + 1))
        self._expected = orders
        self._plan(_WORKS, self._work)

    def _sell(self, n: int) -> None:
        goods = self.scene.supplier.backend.goods
        chosen = self.chance.sample(list(goods), self.chance.randint(1, min(3, len(goods))))
        basket = {PREFIX + remote_id: self.chance.randint(1, 3) for remote_id in chosen}
        own = n > 1 and self.chance.random() < 0.15
        if own:
            basket[OWN] = 1
        shopper = f"Shopper No{n}"
        ref = self.scene.store.backend.sell(basket, shopper=shopper, now=self.now)
        units = {sku.removeprefix(PREFIX): Decimal(units) for sku, units in basket.items() if sku != OWN}
        self.ledger.sales.append(Sale(ref=ref, shopper=shopper, units=units, own=own))
        self._tell("people", f"{shopper} buys {basket} as order {ref}")

    def _work(self) -> None:
        backend = self.scene.supplier.backend
        for order in backend.orders():
            worked = self._worked[order.ref] = self._worked.get(order.ref, 0) + 1
            if worked == _WORKED:
                number = self.ledger.numbers[order.ref] = tracking_number(len(self.ledger.numbers) + 1)
                backend.ship(order.ref, number, now=self.now)
                self._tell("people", f"supplier order {order.ref} leaves as {number}")
        backend.work(self.now)
        self._plan(_WORKS, self._work)

    def _plan(self, after: timedelta, what: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (self.now + after, next(self._order), what))

    # --- processes ---

    def start(self, name: str, *, after: Process | None = None) -> None:
        """A process starts, perhaps on a machine that was just started too."""
        same_boot = after is not None and self.chance.random() < 0.5
        skew = self.chance.choice((0.0, 0.0, -2.0, 2.0, 90.0, -90.0, 3600.0))
        process = Process(
            self,
            name,
            skew=after.skew if after is not None else timedelta(seconds=skew),
            domain=after.domain if same_boot and after is not None else f"boot {next(self._boots)}",
            born=after.born
            if same_boot and after is not None
            else self.now - timedelta(seconds=self.chance.uniform(1, 1e6)),
        )
        self._tell(name, f"starts with its clock wrong by {process.skew} on {process.domain}")
        self._running[name] = _Running(process=process, life=self._live(process), at=self.now)

    def _live(self, process: Process) -> Generator[Pause, None, None]:
        while True:
            report = yield from process.run(run_once(self._world, process.identified, stopping=lambda: False))
            for subject, why in report.failures:
                self._tell(process.name, f"failed: {subject}: {why}")
            yield Pause(5.0)  # as between two runs of a bridge
            yield Pause(None)

    def _kill(self, name: str, running: _Running) -> None:
        self._tell(name, f"is killed at point {self.weather.points}")
        running.life.close()
        del self._running[name]
        down = timedelta(seconds=self.chance.choice((1, 20, 200, 1000)))
        self._plan(down, lambda: self.start(name, after=running.process))

    # --- what processes do ---

    def commit(self, work: Callable[[Tx], object]) -> object:
        """Run a transaction, watched."""
        watched: list[Watched] = []

        def watch(tx: Tx) -> object:
            watched.append(Watched(tx))
            return work(watched[0])

        result = self.journal.transact(watch)
        self.ledger.committed(watched[0])
        for said in watched[0].said:
            self._tell("journal", said)
        return result

    def look(self, work: Callable[[Tx], object]) -> object:
        """Look at the journal."""
        return self.journal.look(work)

    def exchange(
        self, process: str, account: Account, call: Call, *, write: Request | None, reads: bool
    ) -> Response:
        """One call, and what the line makes of it."""
        self._fault = self.weather.fault(self.now)
        self.called_at.append(self.weather.points)
        if reads:
            self.read_calls.add(self.weather.calls)
        orders_before = 0
        if write is not None:
            orders_before = len(self.scene.supplier.backend.orders())
            self.ledger.sent(write)
            late = account is self.accounts[SUPPLIER] and self.ledger.of_an_order(write)
            account.line.double_after = self._double_after if late else timedelta(0)
        words = f"call {self.weather.calls}: {call.method} {call.url.partition('?')[0]}"
        came = "no answer"
        try:
            response = account.line.exchange(call, self.now)
            came = str(response.status)
            return response
        except NotConnected:
            came = "not connected"
            raise
        finally:
            fault = f" [{self._fault.value}]" if self._fault else ""
            self._tell(process, f"{words} -> {came}{fault}")
            if self._fault is Fault.DOUBLED and write is not None:
                ordered = self.scene.supplier.backend.orders()[orders_before:]
                self.ledger.doubled(write, {order.shopper for order in ordered})

    # --- time ---

    def run(self) -> Outcome:
        """Let time pass until all is settled and stayed so, or far too long."""
        ends: datetime | None = None
        while self.now < START + _MOST:
            if ends is None and not self._busy() and self._settled():
                ends = self.now + _AFTERWARDS
                self._tell("people", "all is settled")
            if ends is not None and self.now >= ends:
                break
            self._step()
        return self._outcome()

    def _busy(self) -> bool:
        return any(running.at is not None for running in self._running.values())

    def _settled(self) -> bool:
        complete = len(self.ledger.sales) == self._expected
        waiting = any(account.line.pending for account in self.accounts.values())
        if not complete or waiting or self._unsettled == self.journal.commits:
            return False
        settled = self.journal.look(lambda tx: self._audit(tx).settled())
        # Once all is sold, nothing but a commit settles what is not.
        self._unsettled = -1 if settled else self.journal.commits
        return settled

    def _audit(self, tx: Tx) -> Audit:
        store, supplier = self.scene.store.backend, self.scene.supplier.backend
        return Audit(tx, self.ledger, store=STORE, prefix=PREFIX, shop=store, desk=supplier)

    def _step(self) -> None:
        """The next thing that happens, whoever does it."""
        moments = [(self._wakes(running), name) for name, running in self._running.items()]
        at, name = min(moments, default=(None, ""))
        if self._agenda and (at is None or self._agenda[0][0] <= at):
            planned, _, what = heapq.heappop(self._agenda)
            self._pass_time(planned)
            what()
            return
        assert at is not None
        self._pass_time(at)
        running = self._running[name]
        pause = next(running.life)
        if pause.seconds is None:
            running.at = None
            return
        running.at = self.now + timedelta(seconds=pause.seconds)
        if pause.point:
            running.at += timedelta(seconds=self.weather.stall(self.now))
            if self.weather.kills(self.now):
                self._kill(name, running)

    def _wakes(self, running: _Running) -> datetime:
        if running.at is not None:
            return running.at
        if self._due[0] != self.journal.commits:
            self._due = (self.journal.commits, self.journal.look(lambda tx: tx.next_due()))
        due = self._due[1]
        if due is None:
            return START + _MOST
        return max(self.now, due - running.process.skew)

    def _pass_time(self, to: datetime) -> None:
        self.now = max(self.now, to)
        for account in self.accounts.values():
            if account.line.pending:
                before = len(account.line.pending)
                account.line.deliver(self.now)
                if len(account.line.pending) < before:
                    self._tell("line", f"late calls reach {account.address.account}")

    def _tell(self, who: str, what: str) -> None:
        self.trace.append(f"{self.now:%d %H:%M:%S} {who}: {what}")

    def _outcome(self) -> Outcome:
        for running in self._running.values():
            running.life.close()
        problems, reviews = self.journal.look(self._final)
        self.journal.close()
        return Outcome(
            problems=(*self.ledger.problems, *problems),
            trace=tuple(self.trace),
            points=self.weather.points,
            calls=tuple(self.called_at),
            reads=frozenset(self.read_calls),
            commits=self.journal.commits,
            reviews=reviews,
            took=self.now - START,
        )

    def _final(self, tx: Tx) -> tuple[tuple[str, ...], tuple[str, ...]]:
        audit = self._audit(tx)
        return audit.problems(), tuple(review.code.value for review in audit.reviews)
