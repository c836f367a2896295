"""``kill -9`` of a real bridge, again and again over one journal, and then a count of both sides.

    python tests/kill_nine.py --orders 200 --kills 50 --seed 1

The shop and the supplier are simulated and served by this process, so they survive; the bridge is
a process of its own that runs as ``orderbridge run`` does. It is killed at random times and at
random calls: before the call is carried out, or after it and before the answer. Meanwhile shoppers
buy and the supplier's people ship. At the end the bridge may run in peace, and the ledgers of both
sides say whether each line was ordered once and each departure told once.

A lost answer takes the bridge minutes to settle, by rule. So all of them live on one clock that is
many times faster than this machine's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random

import attrs

from orderbridge import _drivers_shared
from orderbridge._clockwork import Clockwork
from orderbridge._http import Call, Response
from orderbridge._saga import Clock
from orderbridge.sandbox import Fault, Line, LoopbackServer, RewixSupplier, WooCommerceShop
from orderbridge.sandbox.rewix import Code

STOCK = [str(100 + n) for n in range(8)]
DEPARTURE_MAILS = ("customer_fulfillment_created", "customer_note", "customer_completed_order")
PATIENCE = 300.0  # seconds of this machine for the last run
CONFIGURATION = """\
journal = "{journal}"
take_from = {take_from}

[stores.shop]
platform = "woocommerce"
base_url = "{shop}"
consumer_key = "{key}"
consumer_secret = "{secret}"

[suppliers.rewix]
platform = "rewix"
base_url = "{supplier}"
api_key = "key"
password = "pw"

[policy]
place = "AUTOMATIC"
pull_every = "2m"
follow_every = "5m"

[[rules]]
prefix = "RW-"
supplier = "rewix"

[[rules]]
own = true
prefix = "OWN-"
"""


class FastClock(Clockwork):
    """Time that runs ``speed`` times as fast as this machine's since ``epoch``, in every process alike."""

    def __init__(self, epoch: float, speed: float) -> None:
        self._epoch = epoch
        self._speed = speed

    def wall(self) -> datetime:
        return datetime.fromtimestamp(self._epoch, UTC) + timedelta(seconds=self.steady())

    def steady(self) -> float:
        return (time.time() - self._epoch) * self._speed

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / self._speed)

    async def rest(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed)

    def read(self) -> Clock:
        # One domain for all processes, as on a machine that is not started anew.
        return attrs.evolve(super().read(), domain=f"since {self._epoch}")


def run_bridge(folder: Path, clock: Clockwork) -> None:
    """The process that is killed: ``orderbridge run``, on another clock than this machine's."""
    from orderbridge.cli.app import app

    _drivers_shared.Clockwork = lambda: clock  # type: ignore[assignment, misc]
    app(["run", "--config", str(folder / "orderbridge.toml")])


@attrs.frozen(kw_only=True)
class Sale:
    """What a shopper bought: ``units`` by stock id are the supplier's to ship, and only if ``paid``."""

    ref: int
    shopper: str
    units: dict[str, int]
    own: bool
    paid: bool

    @property
    def expected(self) -> dict[str, int]:
        return self.units if self.paid else {}


class Bridge:
    """The process that is killed and started again."""

    def __init__(self, folder: Path, epoch: float, speed: float) -> None:
        self._command = [
            sys.executable, __file__, "--bridge", str(folder), "--epoch", repr(epoch), "--speed", repr(speed),
        ]  # fmt: skip
        self._words = folder / "bridge.log"
        self._log = self._words.open("ab")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Bridge:
        return self

    def __exit__(self, *exc: object) -> None:
        if self.alive:
            self.kill()
            self.wait()
        self._log.close()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=self._log, stderr=self._log)

    def kill(self) -> None:
        assert self._process is not None
        with suppress(ProcessLookupError):  # killed a moment ago
            os.kill(self._process.pid, signal.SIGKILL)

    def wait(self) -> None:
        """Until it is dead; anything but the kill is a bug."""
        assert self._process is not None
        died = self._process.wait(timeout=60)
        if died != -signal.SIGKILL:
            raise RuntimeError(f"the bridge ended by itself with {died}{self.last_words}")

    @property
    def last_words(self) -> str:
        return "\n" + self._words.read_text()[-4000:]

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> int:
        """As an operator does; its exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(timeout=60)


@attrs.frozen
class _InTurn:
    backend: RewixSupplier | WooCommerceShop
    turn: threading.Lock

    def handle(self, call: Call, now: datetime) -> Response:
        with self.turn:
            return self.backend.handle(call, now)


@attrs.define
class Strike:
    """The next kill: at the last of so many calls, or of so many writes."""

    bridge: Bridge
    calls_left: int
    writes: bool
    fell: threading.Event = attrs.field(factory=threading.Event)

    def hits(self, call: Call) -> bool:
        if not self.writes or call.method in ("POST", "PUT"):
            self.calls_left -= 1
        return self.calls_left <= 0

    def kill(self) -> None:
        self.bridge.kill()
        self.fell.set()


class Town:
    """The shop and the supplier, the people in both, and what they have done."""

    def __init__(self, seed: int, clock: Clockwork) -> None:
        self.chance = Random(seed)
        self.clock = clock
        self.turn = threading.Lock()  # calls and people one at a time
        self.shop = WooCommerceShop(https=False, fulfillments=True)
        stock = dict.fromkeys(STOCK, Decimal(100_000))
        self.supplier = RewixSupplier(api_key="key", password="pw", stock=stock)
        self.sales: list[Sale] = []
        self.strike: Strike | None = None

    # --- the people ---

    def sell(self) -> None:
        """One order: several products, perhaps some of the merchant's own, perhaps not paid."""
        n, chance = len(self.sales) + 1, self.chance
        units = {stock: chance.randint(1, 3) for stock in chance.sample(STOCK, chance.randint(1, 3))}
        kind = chance.random()
        units = {} if kind < 0.1 else units
        own = kind < 0.35
        paid = n == 1 or chance.random() > 0.1
        basket = {f"RW-{stock}": count for stock, count in units.items()} | ({"OWN-1": 1} if own else {})
        lines = [{"sku": sku, "quantity": count, "price": "10.00"} for sku, count in basket.items()]
        shopper = f"Shopper No{n}"
        with self.turn:
            ref = self.shop.place_order(
                lines,
                now=self.clock.wall(),
                status="processing" if paid else "pending",
                shipping={"first_name": "Shopper", "last_name": f"No{n}"},
            )
        self.sales.append(Sale(ref=ref, shopper=shopper, units=units, own=own, paid=paid))

    def work(self) -> None:
        """The supplier's people bring each order one step on; perhaps not all of them today."""
        steps = {
            Code.BOOKED: self.supplier.pay,
            Code.CONFIRMED: self.supplier.work,
            Code.WORKING_ON: self.supplier.ready,
            Code.READY: self._dispatch,
        }
        with self.turn:
            for order in self.supplier.orders:
                act = steps.get(Code(order.step))
                if act is not None and self.chance.random() < 0.6:
                    act(order.order_id, now=self.clock.wall())

    def _dispatch(self, order_id: str, *, now: datetime) -> None:
        self.supplier.dispatch(order_id, tracking_code=f"1Z{order_id:0>6}", carrier="UPS", now=now)

    # --- the line: where a kill falls ---

    def line(self, backend: RewixSupplier | WooCommerceShop) -> Line:
        """The way to one side, for the server."""
        return Line(_InTurn(backend, self.turn), plan=self._meet)

    def _meet(self, call: Call) -> Fault | None:
        strike = self.strike
        if strike is None or not strike.hits(call):
            return None
        self.strike = None
        strike.kill()
        return Fault.ANSWER_LOST if self.chance.random() < 0.6 else Fault.REQUEST_LOST

    # --- the count ---

    def count(self) -> dict[str, int]:
        """What both sides really hold, read from their own ledgers."""
        with self.turn:
            return self._count()

    def _count(self) -> dict[str, int]:
        ordered: dict[str, Counter[str]] = {}
        for order in self.supplier.orders:
            ordered.setdefault(order.recipient["recipient"], Counter()).update(order.items)
        sales = {sale.shopper: sale for sale in self.sales}
        left = [order for order in self.supplier.orders if order.dispatched]
        told = untold = mails = 0
        for order in left:
            sale = sales[order.recipient["recipient"]]
            shown = self._shown(sale).count(order.tracking_code)
            told += max(0, shown - 1)
            untold += shown == 0
        for sale in self.sales:
            departures = sum(order.recipient["recipient"] == sale.shopper for order in left)
            sent = sum(m.order_id == sale.ref and m.kind in DEPARTURE_MAILS for m in self.shop.mails)
            mails += max(0, sent - departures)
        return {
            "orders": len(self.sales),
            "lines": sum(len(sale.expected) for sale in self.sales),
            "supplier_orders": len(self.supplier.orders),
            "shipped": len(left),
            "double_lines": self._lines(ordered, lambda has, wanted: has > wanted),
            "lost_lines": self._lines(ordered, lambda has, wanted: has < wanted),
            "double_orders": len(self.supplier.orders) - len(ordered),
            "strange_orders": len(set(ordered) - {s.shopper for s in self.sales if s.expected}),
            "unshipped": len(self.supplier.orders) - len(left),
            "untold": untold,
            "told_twice": told,
            "mails_too_many": mails,
            "still_held": sum(self.supplier.locked.values()),
            "not_completed": sum(self._is_to_complete(sale) for sale in self.sales),
        }

    def _lines(self, ordered: dict[str, Counter[str]], wrong: Callable[[int, int], bool]) -> int:
        return sum(
            wrong(ordered.get(sale.shopper, Counter())[stock], sale.expected.get(stock, 0))
            for sale in self.sales
            for stock in {*sale.expected, *ordered.get(sale.shopper, ())}
        )

    def _shown(self, sale: Sale) -> list[str]:
        return [number for shown in self.shop.shipments(sale.ref) for number in shown.numbers]

    def _is_to_complete(self, sale: Sale) -> bool:
        """All of it is the supplier's and paid, and yet the shop does not show it as completed."""
        return bool(sale.expected) and not sale.own and self.shop.order(sale.ref)["status"] != "completed"


WRONG = (
    "double_lines",
    "lost_lines",
    "double_orders",
    "strange_orders",
    "unshipped",
    "untold",
    "told_twice",
    "mails_too_many",
    "still_held",
    "not_completed",
)


def rehearse(
    *,
    orders: int,
    kills: int,
    seed: int,
    speed: float,
    folder: Path,
    say: Callable[[str], None],
    journal: str = "killed.db",
    others: int = 0,
) -> dict[str, int]:
    """Kill the bridge so many times while so many orders go their way; the final count.

    Meanwhile ``others`` that nobody kills work on the same journal.
    """
    epoch = time.time()
    clock = FastClock(epoch, speed)
    town = Town(seed, clock)
    chance = Random(f"kills {seed}")
    with (
        LoopbackServer(town.line(town.shop), clock=clock.wall) as shop,
        LoopbackServer(town.line(town.supplier), clock=clock.wall) as supplier,
        Bridge(folder, epoch, speed) as bridge,
        ExitStack() as kept,
    ):
        text = CONFIGURATION.format(
            journal=journal,
            take_from=(clock.wall() - timedelta(days=1)).isoformat(),
            shop=shop.url,
            supplier=supplier.url,
            key=town.shop.consumer_key,
            secret=town.shop.consumer_secret,
        )
        (folder / "orderbridge.toml").write_text(text)
        beside = [kept.enter_context(Bridge(folder, epoch, speed)) for _ in range(others)]
        for each in beside:
            each.start()
        for number in range(kills):
            while len(town.sales) < orders * (number + 1) / kills:
                town.sell()
            bridge.start()
            where = _kill_somewhere(town, bridge, chance)
            town.work()
            say(f"kill {number + 1} of {kills}: at {where}")
        bridge.start()
        _let_it_finish(town, bridge, say)
        # Whatever is still under way has its chance to do harm.
        clock.sleep(timedelta(minutes=20).total_seconds())
        for each in (bridge, *beside):
            code = each.stop()
            if code:
                raise RuntimeError(f"a bridge did not end in order but with {code}{each.last_words}")
    return {"kills": kills, **town.count()}


def _let_it_finish(town: Town, bridge: Bridge, say: Callable[[str], None]) -> None:
    """The last run: until both sides show that all is done, or far too long."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = town.count()
        say(f"the last run: {found['supplier_orders']} supplier orders, {found['shipped']} shipped")
        if not any(found[name] for name in WRONG):
            return
        if not bridge.alive:
            raise RuntimeError(f"the bridge ended by itself{bridge.last_words}")
        time.sleep(0.5)
        town.work()


def _kill_somewhere(town: Town, bridge: Bridge, chance: Random) -> str:
    """At a call, at a write, or by the clock; where it fell."""
    where = chance.choice(("a call", "a write", "a write", "the clock"))
    if where != "the clock":
        writes = where == "a write"
        strike = Strike(bridge, calls_left=chance.randint(1, 5 if writes else 40), writes=writes)
        town.strike = strike
        fell = strike.fell.wait(timeout=4.0)
        town.strike = None
        if fell or strike.fell.is_set():
            bridge.wait()
            return where
    else:
        time.sleep(chance.uniform(0.3, 2.0))
    bridge.kill()
    bridge.wait()
    return "the clock"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float, default=200.0, help="how many times faster than real time")
    parser.add_argument("--bridge", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--epoch", type=float, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.bridge is not None:
        run_bridge(given.bridge, FastClock(given.epoch, given.speed))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        found = rehearse(
            orders=given.orders,
            kills=given.kills,
            seed=given.seed,
            speed=given.speed,
            folder=Path(folder),
            say=partial(print, file=sys.stderr, flush=True),
        )
    print(json.dumps(found, indent=2))
    return 1 if any(found[name] for name in WRONG) else 0


if __name__ == "__main__":
    sys.exit(main())
