"""The demonstration itself: sandboxes on loopback HTTP, a bridge between them, and the people around it.

Nothing here waits: the bridge and the sandboxes share a clock that jumps over every pause, so a
day of theirs takes seconds.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from random import Random
from types import TracebackType
from typing import TypeAlias

import attrs

from .. import (
    Bridge,
    BuyerContext,
    Fulfillment,
    NoticeState,
    Order,
    OrderView,
    OwnStock,
    Policy,
    ProductLink,
    PurchaseRecord,
    Report,
    Review,
    ReviewCode,
    StorePayment,
    Who,
    store,
    supplier,
)
from .._clockwork import Clockwork
from .._drivers import SyncDriver
from ..errors import BridgeError
from ..sandbox.faults import Line
from ..sandbox.server import LoopbackServer
from ..sandbox.woocommerce.values import Object
from .decode import decode_file
from .demo_count import Counts, Sold, count
from .demo_orders import OWN, baskets, links_of
from .demo_recorded import link_recorded, load_recorded
from .demo_shops import DemoShop, WooCommerce
from .demo_side import Side, Weather
from .demo_suppliers import DemoSupplier

__all__ = ["Demo", "JumpingClock"]

PATIENCE = timedelta(hours=12)  # of the jumping clock, for one stage
_LITTLE = 10.0  # seconds
Told: TypeAlias = Callable[[int, int], None]
_PAID = (StorePayment.PAID, StorePayment.PART_REFUNDED, StorePayment.ON_DELIVERY)
_BEFORE = (Fulfillment.TO_ORDER, Fulfillment.RESERVED, Fulfillment.PLACING, Fulfillment.IN_DOUBT)


class JumpingClock(Clockwork):
    """Time that passes only when somebody waits, and then at once; the same from the same seed."""

    def __init__(self, start: datetime, seed: int) -> None:
        self._start = start
        self._passed = 0.0
        self._chance = Random(seed)  # noqa: S311 (a demonstration, no secret)

    def wall(self) -> datetime:
        return self._start + timedelta(seconds=self._passed)

    def steady(self) -> float:
        return self._passed

    def sleep(self, seconds: float) -> None:
        self._passed += max(0.05, seconds)

    def chance(self) -> float:
        return self._chance.random()

    def jump(self, until: datetime | None) -> None:
        """To a moment, or a little on if that is past or unknown."""
        self.sleep(_LITTLE if until is None else max(_LITTLE, (until - self.wall()).total_seconds()))


class _QuickBridge(Bridge):
    """A bridge on a clock that jumps."""

    def run_on(self, clock: Clockwork) -> None:
        setup = self._setup
        self._driver = SyncDriver(setup.journal, setup.line_of, clockwork=clock, tokens=setup.tokens)


class Demo:
    """All platforms, served; the bridge; and the hands of the merchant and of the suppliers' people.

    Args:
        recorded: Orders as a WooCommerce's API gave them, for the one shop and supplier that then are
            there; without, some are made up from the seed.

        now: When it begins (UTC).
    """

    def __init__(
        self,
        *,
        shops: Sequence[DemoShop],
        suppliers: Sequence[DemoSupplier],
        seed: int,
        faults: bool,
        recorded: Collection[Object] = (),
        now: datetime,
    ) -> None:
        self._began = time.monotonic()
        self.clock = JumpingClock(now, seed)
        self.shops, self.suppliers = shops, suppliers
        self.sold: dict[str, Sold] = {}
        self.links: list[ProductLink] = []
        self._first = now  # when the oldest order was placed
        if recorded:
            self._load(recorded)
        else:
            self._sell(seed, now)
        self._stock_up()
        self.lines: dict[str, Line] = {}
        self._served = ExitStack()
        settings = {side.name: self._serve(side) for side in (*shops, *suppliers)}
        if faults:
            for side in (*shops, *suppliers):
                if side.name in self.lines:
                    self.lines[side.name].plan = Weather(side, seed)
        self.bridge = self._open(settings)
        self.bridge.link(*self.links)

    def _serve(self, side: Side) -> dict[str, str]:
        """The settings of an account of it, at the address where it is served."""
        if side.backend is None:
            return side.settings()
        line = self.lines[side.name] = Line(side.backend)
        server = self._served.enter_context(LoopbackServer(line, clock=self.clock.wall))
        return {"base_url": server.url + side.path, **side.settings()}

    def _open(self, settings: Mapping[str, Mapping[str, str]]) -> Bridge:
        bridge = _QuickBridge(
            stores=[
                store(shop.name, platform=shop.platform, settings=settings[shop.name]) for shop in self.shops
            ],
            suppliers=[
                supplier(each.name, platform=each.platform, settings=settings[each.name])
                for each in self.suppliers
            ],
            journal=":memory:",
            policy=Policy(place=Who.AUTOMATIC, pull_every=timedelta(minutes=15)),
            rules=[OwnStock(prefix=OWN)],
            take_from=self._first,
            # Whoever really pays is never made up: an application hands on what the person's browser said.
            buyer=BuyerContext(
                ip="192.0.2.17",
                user_agent="orderbridge demo",
                accept_language="en-US,en;q=0.9",
                screen="1920*1080",
                member_since=self.clock.wall() - timedelta(days=400),
            ),
        )
        bridge.run_on(self.clock)
        return bridge

    def __enter__(self) -> Demo:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.bridge.close()
        self._served.close()

    # --- what is sold ---------------------------------------------------------------------------------

    def _sell(self, seed: int, now: datetime) -> None:
        accounts = {each.platform: each.name for each in self.suppliers}
        for number, shop in enumerate(self.shops):
            self.links += links_of(shop.name, accounts)
            for basket in baskets(seed, now=now, suppliers=list(accounts), shop=number):
                ref = shop.sell(basket)
                self._first = min(self._first, basket.at)
                if basket.wanted:
                    units = {accounts[platform]: mine for platform, mine in basket.wanted.items()}
                    self.sold[f"{shop.name}/{ref}"] = Sold(shopper=basket.shopper, units=units)

    def _load(self, recorded: Iterable[Object]) -> None:
        """What was recorded is sold by the one shop to the one supplier."""
        (shop,), (wanted_of,) = self.shops, self.suppliers
        assert isinstance(shop, WooCommerce)
        load_recorded(shop.shop, recorded)
        body = json.dumps(list(shop.shop.book.values())).encode()
        found = decode_file(shop.platform, body)
        orders = [attrs.evolve(item, store=shop.name) for item in found if isinstance(item, Order)]
        self.links = link_recorded(orders, shop.name, wanted_of.name)
        for order in orders:
            self._first = min(self._first, order.placed_at)
            if units := self._units(order):
                shopper = order.ship_to.name or order.ship_to.company if order.ship_to else ""
                self.sold[order.id] = Sold(shopper=shopper, units={wanted_of.name: units})

    def _units(self, order: Order) -> Mapping[str, int]:
        """What the supplier is to ship of a recorded order, by remote id."""
        if not order.ready or order.canceled or order.payment not in _PAID:
            return {}
        units: dict[str, int] = {}
        for line in order.lines:
            for link in self.links:
                if line.open and link.key and link.key in (line.link_key, f"sku:{line.sku}"):
                    wanted = units.get(link.remote_id, 0) + line.open * link.factor
                    units[link.remote_id] = int(wanted.to_integral_value(rounding="ROUND_UP"))
        return units

    def _stock_up(self) -> None:
        for each in self.suppliers:
            units = Counter({link.remote_id: 0 for link in self.links if link.supplier == each.name})
            for order in self.sold.values():
                units.update(order.units.get(each.name, {}))
            each.stock_up(units)

    # --- stages: each says again and again how much of it is done, and of how much ----------------------

    def pull(self, told: Told) -> None:
        """The shops' orders come in."""
        end = self.clock.wall() + PATIENCE
        waiting = [shop.name for shop in self.shops]
        while waiting and self.clock.wall() < end:
            try:
                self.bridge.pull(waiting[0])
            except BridgeError:
                self._wait(Report())
                continue
            waiting.pop(0)
            told(len(self.shops) - len(waiting), len(self.shops))

    def order(self, told: Told) -> None:
        """Units are reserved, and each order is placed at its suppliers."""
        self._until(self._ordered, told)

    def pay(self, told: Told) -> None:
        """The merchant pays: on the supplier's page, or by a word to the bridge."""
        self._move(Fulfillment.ACCEPTED, told)

    def work(self, told: Told) -> None:
        """The suppliers' people pick the goods."""
        self._move(Fulfillment.PREPARING, told)

    def pack(self, told: Told) -> None:
        """They are ready to leave."""
        self._move(Fulfillment.READY, told)

    def ship(self, told: Told) -> None:
        """They leave, and the shops are told."""
        self._move(Fulfillment.SHIPPED, told)

    def _ordered(self) -> list[bool]:
        views = {view.record.order.id: view for view in self.orders()}
        asked = self._asked()
        return [
            order_id in asked or (order_id in views and _is_ordered(views[order_id], order))
            for order_id, order in self.sold.items()
        ]

    def _move(self, to: Fulfillment, told: Told) -> None:
        """Act on every order, also on one that came late, until the bridge knows where all are."""
        shows = {each.name: each.shows(to) for each in self.suppliers}

        def reached() -> list[bool]:
            placed = [
                (view, record)
                for view in self.orders()
                for record in view.purchases
                if record.po.supplier_ref
            ]
            for each in self.suppliers:
                mine = [record for _, record in placed if record.po.supplier == each.name]
                each.act(to, self.bridge, mine, self.clock.wall())
            # A FAULT is tried again and mends itself; the others wait for a person.
            asked = {review.about for review in self.reviews() if review.code is not ReviewCode.FAULT}
            return [_is_there(view, record, shows[record.po.supplier], asked) for view, record in placed]

        reached()
        self._until(reached, told)

    def _until(self, reached: Callable[[], list[bool]], told: Told) -> None:
        end = self.clock.wall() + PATIENCE
        while True:
            report = self.bridge.run_once()
            done = reached()
            told(sum(done), len(done))
            if all(done) or self.clock.wall() > end:
                return
            self._wait(report)

    def _wait(self, report: Report) -> None:
        self.clock.jump(report.next_at)
        self._deliver()

    def settle(self) -> None:
        """Let everything land that is still under way, and see what the bridge makes of it."""
        self.clock.sleep(timedelta(hours=1).total_seconds())
        self._deliver()
        self.bridge.run_once()

    def _deliver(self) -> None:
        for line in self.lines.values():
            line.deliver(self.clock.wall())

    # --- what is so -----------------------------------------------------------------------------------

    def orders(self) -> list[OrderView]:
        """All orders the bridge knows."""
        found: list[OrderView] = []
        while page := self.bridge.orders(after=found[-1].record.order.id if found else ""):
            found += page
        return found

    def reviews(self) -> list[Review]:
        """All open questions."""
        found: list[Review] = []
        while page := self.bridge.reviews(after=found[-1].id if found else 0):
            found += page
        return found

    def _asked(self) -> set[str]:
        return {review.order_id or review.about for review in self.reviews()}

    def _untold(self) -> set[str]:
        about = {review.about for review in self.reviews()}
        notices = [record.notice for view in self.orders() for record in view.notices]
        return {
            package.tracking_number
            for notice in notices
            if notice.key in about
            for package in notice.packages
        }

    def count(self) -> Counts:
        """Read the ledgers of both sides."""
        return count(
            self.shops,
            self.suppliers,
            self.sold,
            asked=self._asked(),
            untold=self._untold(),
            purchase_orders=sum(len(view.purchases) for view in self.orders()),
            reviews=len(self.reviews()),
            requests=sum(self.bridge.requests.values()),
            seconds=round(time.monotonic() - self._began, 2),
        )


def _is_ordered(view: OrderView, order: Sold) -> bool:
    """All that was bought is with its suppliers."""
    with_them: dict[str, Counter[str]] = {}
    for record in view.purchases:
        if record.fulfillment in _BEFORE:
            return False
        mine = with_them.setdefault(record.po.supplier, Counter())
        mine.update({remote_id: int(units) for remote_id, units in record.po.units.items()})
    return all(Counter(units) <= with_them.get(name, Counter()) for name, units in order.units.items())


def _is_there(view: OrderView, record: PurchaseRecord, to: Fulfillment, asked: Collection[str]) -> bool:
    if record.po.id in asked:
        return True
    if to is not Fulfillment.SHIPPED or record.fulfillment is not to:
        return record.fulfillment is to
    mine = [notice for notice in view.notices if notice.notice.purchase_order_id == record.po.id]
    done = [notice.state is not NoticeState.DUE or notice.notice.key in asked for notice in mine]
    return bool(done) and all(done)
