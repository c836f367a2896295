"""The demonstration itself: two sandboxes on loopback HTTP, a bridge between them, and a merchant.

Nothing here waits: the bridge and both sandboxes share a clock that jumps over every pause, so a
day of theirs takes seconds. What came of it is counted in the sandboxes' own ledgers.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from types import TracebackType
from typing import TypeAlias

import attrs

from .. import (
    Bridge,
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
from .._http import Call
from ..errors import BridgeError
from ..sandbox.faults import Fault, Line
from ..sandbox.rewix import Code, RewixSupplier
from ..sandbox.server import LoopbackServer
from ..sandbox.woocommerce import WooCommerceShop
from ..sandbox.woocommerce.values import Object, rows
from .decode import decode_file
from .demo_orders import OWN, link_recorded, links_of, load_recorded, place_orders

__all__ = ["Counts", "Demo", "JumpingClock"]

SHOP, SUPPLIER = "shop", "rewix"
PATIENCE = timedelta(hours=12)  # of the jumping clock, for one stage
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
        """To a moment; by a second if that is past or unknown."""
        self.sleep(1.0 if until is None else max(1.0, (until - self.wall()).total_seconds()))


class _QuickBridge(Bridge):
    """A bridge on a clock that jumps."""

    def run_on(self, clock: Clockwork) -> None:
        self._driver = SyncDriver(self._setup.journal, self._setup.line_of, clockwork=clock)


class _Weather:
    """Which call meets which fault: a seeded throw for each."""

    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)  # noqa: S311 (a demonstration, no secret)

    def __call__(self, call: Call) -> Fault | None:
        read = call.method in ("GET", "HEAD")
        if self._chance.random() > (0.12 if read else 0.35):
            return None
        fault = self._chance.choice(list(Fault))
        # A network that doubles what makes a new thing each time makes two, whoever sends it.
        adds = call.method == "POST" and "/wp-json/" in call.url
        return Fault.ANSWER_LOST if fault is Fault.DOUBLED and adds else fault


@attrs.frozen(kw_only=True)
class Counts:
    """What both sides hold in the end, read from their own ledgers.

    Args:
        orders: In the shop.

        taken: Of them, those that are paid and have something the supplier has.

        purchase_orders: That the bridge made.

        placed: Orders at the supplier.

        shipped: Of them, those that left.

        announced: Of those, the ones whose tracking number the shop shows.

        reviews: Open questions to a person.

        double_orders: Shop orders with more units at the supplier than were bought, and supplier
            orders of no shop order.

        lost_orders: Taken orders with fewer units at the supplier than were bought, and no review
            that says so.

        unannounced: Departures whose tracking number the shop does not show.

        double_announcements: Tracking numbers that the shop shows more than once.
    """

    orders: int
    taken: int
    lines: int
    purchase_orders: int
    placed: int
    shipped: int
    announced: int
    reviews: int
    double_orders: int
    lost_orders: int
    unannounced: int
    double_announcements: int
    requests: int
    seconds: float

    @property
    def good(self) -> bool:
        """Nothing doubled, lost or untold."""
        wrong = self.double_orders + self.lost_orders + self.unannounced + self.double_announcements
        return wrong == 0


class Demo:
    """Both sandboxes, served; the bridge; and the hands of the merchant and of the supplier's people.

    Args:
        folder: Where the journal lies.

        recorded: Orders as a shop's API gave them; without, some are made up from the seed.

        now: When it begins (UTC).
    """

    def __init__(
        self,
        folder: Path,
        *,
        seed: int,
        faults: bool,
        recorded: Iterable[Object] = (),
        now: datetime,
    ) -> None:
        self._began = time.monotonic()
        self.clock = JumpingClock(now, seed)
        self.shop = WooCommerceShop(fulfillments=True, timezone="Europe/Rome")
        self.rewix = RewixSupplier(api_key="demo", password="demo", stock={})  # noqa: S106 (the sandbox's own)
        recorded = list(recorded)
        load_recorded(self.shop, recorded)
        if not recorded:
            place_orders(self.shop, seed, now=now)
        ordered = self._in_the_shop()
        self.links = link_recorded(ordered, SHOP, SUPPLIER) if recorded else links_of(SHOP, SUPPLIER)
        self.wanted = {order.id: units for order in ordered if (units := self._units(order))}
        self._stock_up()
        self.lines = Line(self.shop), Line(self.rewix)
        if faults:
            for number, line in enumerate(self.lines):
                line.plan = _Weather(2 * seed + number)
        self._servers = [LoopbackServer(line, clock=self.clock.wall) for line in self.lines]
        self.bridge = self._open(folder, ordered)
        self.bridge.link(*self.links)

    def _open(self, folder: Path, ordered: list[Order]) -> Bridge:
        shop, rewix = self._servers
        keys = {"consumer_key": self.shop.consumer_key, "consumer_secret": self.shop.consumer_secret}
        bridge = _QuickBridge(
            stores=[store(SHOP, platform="woocommerce", settings={"base_url": shop.url, **keys})],
            suppliers=[
                supplier(
                    SUPPLIER,
                    platform="rewix",
                    settings={"base_url": rewix.url, "api_key": "demo", "password": "demo"},
                )
            ],
            journal=folder / "demo.db",
            policy=Policy(place=Who.AUTOMATIC, pull_every=timedelta(minutes=15)),
            rules=[OwnStock(prefix=OWN)],
            take_from=min(order.placed_at for order in ordered) if ordered else None,
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
        for server in self._servers:
            server.close()

    # --- stages: each says again and again how much of it is done, and of how much -----------------

    def pull(self, told: Told) -> None:
        """The shop's orders come in."""
        end = self.clock.wall() + PATIENCE
        while self.clock.wall() < end:
            try:
                self.bridge.pull(SHOP)
            except BridgeError:
                self._wait(Report())
                continue
            told(1, 1)
            return

    def order(self, told: Told) -> None:
        """Units are reserved, and each order is placed at the supplier."""
        self._until(lambda: [self._is_ordered(order_id) for order_id in self.wanted], told)

    def pay(self, told: Told) -> None:
        """The merchant pays in the supplier's shop."""
        self._move((self.rewix.pay,), Fulfillment.ACCEPTED, told)

    def work(self, told: Told) -> None:
        """The supplier's people pick the goods."""
        self._move((self.rewix.pay, self.rewix.work), Fulfillment.PREPARING, told)

    def pack(self, told: Told) -> None:
        """They are ready to leave."""
        self._move((self.rewix.pay, self.rewix.work, self.rewix.ready), Fulfillment.READY, told)

    def ship(self, told: Told) -> None:
        """They leave, and the shop is told."""
        self._move(
            (self.rewix.pay, self.rewix.work, self.rewix.ready, self._dispatch), Fulfillment.SHIPPED, told
        )

    def _dispatch(self, *, now: datetime) -> None:
        for order in self.rewix.orders:
            if order.step == Code.READY:
                carrier = "UPS" if int(order.order_id) % 2 else "DHL"
                number = f"DEMO{order.order_id:0>8}"
                self.rewix.dispatch(order.order_id, tracking_code=number, carrier=carrier, now=now)

    def _move(self, hands: tuple[Callable[..., None], ...], to: Fulfillment, told: Told) -> None:
        """Act on every order, also on one that came late, until the bridge knows where all are."""

        def reached() -> list[bool]:
            for act in hands:
                act(now=self.clock.wall())
            # A FAULT is tried again and mends itself; the others wait for a person.
            asked = {review.about for review in self.reviews() if review.code is not ReviewCode.FAULT}
            return [
                self._is_there(view, record, to, asked)
                for view in self.orders()
                for record in view.purchases
                if record.po.supplier_ref
            ]

        reached()
        self._until(reached, told)

    @staticmethod
    def _is_there(view: OrderView, record: PurchaseRecord, to: Fulfillment, asked: set[str]) -> bool:
        if record.po.id in asked:
            return True
        if to is not Fulfillment.SHIPPED or record.fulfillment is not to:
            return record.fulfillment is to
        mine = [notice for notice in view.notices if notice.notice.purchase_order_id == record.po.id]
        done = [notice.state is not NoticeState.DUE or notice.notice.key in asked for notice in mine]
        return bool(done) and all(done)

    def _is_ordered(self, order_id: str) -> bool:
        view = self.bridge.order(order_id)
        purchases = view.purchases if view else ()
        if purchases and all(record.fulfillment not in _BEFORE for record in purchases):
            return True
        return any(order_id in (review.order_id, review.about) for review in self.reviews())

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
        for line in self.lines:
            line.deliver(self.clock.wall())

    def settle(self) -> None:
        """Let everything land that is still under way, and see what the bridge makes of it."""
        self.clock.sleep(timedelta(hours=1).total_seconds())
        for line in self.lines:
            line.deliver(self.clock.wall())
        self.bridge.run_once()

    # --- what is so -------------------------------------------------------------------------------

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

    def count(self) -> Counts:
        """Read both ledgers."""
        views = self.orders()
        asked = {review.order_id or review.about for review in self.reviews()}
        order_of = {record.po.reference: record.po.order_id for view in views for record in view.purchases}
        sent = {order_id: Counter[str]() for order_id in self.wanted}
        strange = 0
        for order in self.rewix.orders:
            order_id = order_of.get(order.key, "")
            if order_id not in sent:
                strange += 1
            elif not order.released:
                sent[order_id].update(order.items)
        more = [o for o, units in self.wanted.items() if any(sent[o][i] > units[i] for i in units)]
        less = [o for o, units in self.wanted.items() if any(sent[o][i] < units[i] for i in units)]
        left = [order for order in self.rewix.orders if order.dispatched]
        shown = Counter(
            number
            for order_id in self.shop.book
            for shipment in self.shop.shipments(order_id)
            for number in shipment.numbers
        )
        told = [order for order in left if self._shows(order_of.get(order.key, ""), order.tracking_code)]
        return Counts(
            orders=len(self.shop.book),
            taken=len(self.wanted),
            lines=sum(len(rows(order["line_items"])) for order in self.shop.book.values()),
            purchase_orders=sum(len(view.purchases) for view in views),
            placed=len(self.rewix.orders),
            shipped=len(left),
            announced=len(told),
            reviews=len(self.reviews()),
            double_orders=len(more) + strange,
            lost_orders=len([order_id for order_id in less if order_id not in asked]),
            unannounced=len(left) - len(told),
            double_announcements=sum(times > 1 for times in shown.values()),
            requests=sum(self.bridge.requests.values()),
            seconds=round(time.monotonic() - self._began, 2),
        )

    def _shows(self, order_id: str, number: str) -> bool:
        ref = order_id.partition("/")[2]
        return bool(ref) and any(number in shipment.numbers for shipment in self.shop.shipments(int(ref)))

    def _in_the_shop(self) -> list[Order]:
        body = json.dumps(list(self.shop.book.values())).encode()
        found = decode_file("woocommerce", body)
        return [attrs.evolve(item, store=SHOP) for item in found if isinstance(item, Order)]

    def _units(self, order: Order) -> Mapping[str, int]:
        """What the supplier is to ship of an order, by stock id."""
        if not order.ready or order.canceled or order.payment not in _PAID:
            return {}
        units: dict[str, int] = {}
        for line in order.lines:
            for link in self._links_of(line.link_key, line.sku):
                if line.open:
                    wanted = units.get(link.remote_id, 0) + line.open * link.factor
                    units[link.remote_id] = int(wanted.to_integral_value(rounding="ROUND_UP"))
        return units

    def _links_of(self, key: str, sku: str) -> list[ProductLink]:
        return [link for link in self.links if link.key in (key, f"sku:{sku}") and link.key]

    def _stock_up(self) -> None:
        """The supplier has enough of everything, and a little more."""
        self.rewix.stock = {link.remote_id: 5 for link in self.links}
        for units in self.wanted.values():
            for stock_id, wanted in units.items():
                self.rewix.stock[stock_id] += wanted
