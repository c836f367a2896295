"""What every store's adapter must do, as tests: subclass ``StoreSuite`` and let pytest tell.

    class TestBazaar(StoreSuite[Settings]):
        def platform(self): return PLATFORM
        def settings(self): return {"base_url": "https://bazaar.example", "api_key": "key-1"}
        def backend(self): return BazaarBackend()

The backend is the shop in memory, see ``backends``. Each test asks for a fresh one.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from functools import partial
from random import Random
from typing import Generic, TypeVar, cast
from urllib.parse import quote

import attrs
import pytest

from .. import Line, NoticeLine, Order, Package, ShipmentNotice
from ..adapters import (
    AccountSettings,
    Annotates,
    Announced,
    Cursor,
    Flow,
    Headers,
    Note,
    Noted,
    Past,
    Probes,
    Progress,
    ReportsProgress,
    Response,
    StorePlatform,
    Unclear,
    Write,
)
from ..errors import BridgeError
from ..sandbox.faults import Fault
from ._bench import SHOPPER, START, Bench, Through, read_settings
from ._demands import POLICY, Flows
from ._store_abilities import each_fault
from ._store_orders import StoreOrders
from .backends import StoreBackend, tracking_number
from .simulator import Outcome, Scene, StoreSide, a_rewix

__all__ = ["StoreSuite"]

S = TypeVar("S", bound=AccountSettings)

GOODS = {"SUITE-1": 2, "SUITE-2": 1}


class StoreSuite(StoreOrders, Generic[S]):
    """Give the platform, its settings, and a simulated shop."""

    @abstractmethod
    def platform(self) -> StorePlatform[S]:
        """What the entry point names."""

    @abstractmethod
    def settings(self) -> S | Mapping[str, object]:
        """Of an account at the simulated shop."""

    @abstractmethod
    def backend(self) -> StoreBackend:
        """A fresh simulated shop: nothing sold, any SKU can be."""

    # --- what is tried ---

    def given(self) -> S:
        """The settings."""
        return read_settings(self.platform().settings, self.settings())

    def side(self, change: Callable[[Response], Response] | None = None) -> StoreSide:
        """The platform before a fresh backend."""
        backend = self.backend()
        if change is not None:
            backend = cast("StoreBackend", Through(backend, change))
        return StoreSide.of(self.platform(), self.given(), backend)

    def scene(self, change: Callable[[Response], Response] | None = None) -> Scene:
        """A Rewix supplier ships what the shop sells."""
        return Scene(store=self.side(change), supplier=a_rewix(Random(1)), policy=POLICY)

    def sold(self, side: StoreSide, bench: Bench, shopper: str = SHOPPER.name) -> Order:
        """An order that the shop has, as the adapter reads it."""
        ref = side.backend.sell(GOODS, shopper=shopper, now=bench.now)
        order = bench.run(side.adapter.fetch_order(ref))
        assert order is not None, f"order {ref} was sold, and the shop does not have it"
        return attrs.evolve(order, store="shop")

    def notice(
        self, order: Order, *, packages: int = 1, lines: tuple[Line, ...] | None = None, number: int = 1
    ) -> ShipmentNotice:
        """One departure of the lines, or of all that is open."""
        gone = order.lines if lines is None else lines
        return ShipmentNotice(
            key=f"suite{order.ref}n{number}",
            order_id=order.id,
            purchase_order_id=f"{order.id}/supplier/{number}",
            lines=tuple(
                NoticeLine(line_ref=line.ref, ship_ref=line.ship_ref or line.ref, units=line.quantity)
                for line in gone
                if line.shippable
            ),
            packages=tuple(
                Package(
                    tracking_number=tracking_number(10 * number + each),
                    tracking_url=f"https://carrier.example/{10 * number + each}",
                    carrier="UPS",
                )
                for each in range(packages)
            ),
            shipped_at=START + timedelta(hours=1),
            completes=lines is None,
        )

    def at_first(self) -> tuple[Bench, Flows]:
        """An order was sold, and nobody has been told anything."""
        side = self.side()
        bench = Bench(side)
        flows = self._flows(side, self.sold(side, bench), Past(), bench)
        return bench, {**flows, **self.begin_abilities(side, bench)}

    def at_last(self) -> tuple[Bench, Flows]:
        """All has been told."""
        side = self.side()
        bench = Bench(side)
        order, adapter = self.sold(side, bench), side.adapter
        if isinstance(adapter, ReportsProgress):
            bench.carry(lambda past: adapter.report(order, self.progress(order), past))
        if isinstance(adapter, Annotates):
            bench.carry(lambda past: adapter.annotate(order, self.note(), past))
        result = bench.carry(lambda past: adapter.announce(order, self.notice(order), past))
        assert isinstance(result, Announced), f"announce: comes to {result}"
        flows = dict(self._flows(side, order, Past(), bench))
        warm, stale = bench.past, Past(attempted=True)
        flows["announce, warm"] = lambda: adapter.announce(order, self.notice(order), warm)
        flows["announce, stale"] = lambda: adapter.announce(order, self.notice(order), stale)
        return bench, {**flows, **self.end_abilities(side, bench)}

    def _flows(self, side: StoreSide, order: Order, past: Past, bench: Bench) -> Flows:
        adapter, since, now = side.adapter, START - timedelta(hours=1), bench.now
        flows: dict[str, Callable[[], Flow[object]]] = {
            "fetch_orders": lambda: adapter.fetch_orders(None, since=since, now=now),
            "fetch_order": lambda: adapter.fetch_order(order.ref),
            "announce": lambda: adapter.announce(order, self.notice(order), past),
        }
        if isinstance(adapter, Annotates):
            flows["annotate"] = lambda: adapter.annotate(order, self.note(), past)
        if isinstance(adapter, ReportsProgress):
            flows["report"] = lambda: adapter.report(order, self.progress(order), past)
        if isinstance(adapter, Probes):
            flows["probe"] = adapter.probe
        return flows

    def note(self) -> Note:
        """A remark."""
        return Note(key="suitenote1", text="Packed < with > care & love")

    def progress(self, order: Order) -> Progress:
        """A stage."""
        return Progress(key="suitestage1", order_id=order.id, stages=(("supplier", "Working on"),))

    def check(self, scene: Scene, outcome: Outcome) -> None:
        """All is in the outcome's problems."""

    # --- orders ---

    def test_every_order_comes_once_it_is_sold_whatever_moves_between_two_pages(self) -> None:
        """Many orders of one second over many pages, while others are sold and change."""
        side = self.side()
        bench, adapter, backend = Bench(side), side.adapter, side.backend
        since = bench.now - timedelta(hours=1)
        refs: list[str] = []
        for number in range(130):
            refs.append(backend.sell(GOODS, shopper=SHOPPER.name, now=bench.now))
            # Sixty of one second, which is more than most pages hold, and tens of the others.
            bench.now += timedelta(minutes=10 if number % 10 == 9 and not 20 <= number < 79 else 0)
        seen: Counter[str] = Counter()
        cursor: Cursor | None = None
        quiet = 0
        for number in range(60):
            page = bench.run(adapter.fetch_orders(cursor, since=since, now=bench.now))
            assert not page.set_aside, f"set aside: {page.set_aside}"
            got = [order.ref for order in page.items]
            assert len(set(got)) == len(got), "a page has an order twice"
            seen.update(got)
            cursor = page.next
            if number < 4:
                refs.append(backend.sell(GOODS, shopper=SHOPPER.name, now=bench.now))
                for ref in (refs[number], refs[-30 - number]):
                    order = bench.run(adapter.fetch_order(ref))
                    assert order is not None
                    moved = attrs.evolve(order, store="shop")
                    bench.carry(partial(adapter.announce, moved, self.notice(moved)))
            elif not page.more:
                quiet += 1
                bench.wait()
            if quiet == 3:
                break
        assert quiet == 3, "the pages never come to an end"
        lost, foreign = (sorted(each) for each in (set(refs) - seen.keys(), seen.keys() - set(refs)))
        assert not lost, f"{len(lost)} of {len(refs)} orders are lost, such as {lost[:5]}"
        assert not foreign, f"{len(foreign)} orders come that nobody sold, such as {foreign[:5]}"

    def test_an_order_says_what_was_bought_and_where_it_goes(self) -> None:
        """Its SKUs and units exactly, and the shopper's name."""
        side = self.side()
        order = self.sold(side, Bench(side))
        bought = {line.sku: line.open for line in order.lines if line.shippable}
        assert bought == {sku: Decimal(units) for sku, units in GOODS.items()}
        assert order.ship_to is not None
        assert order.ship_to.name == SHOPPER.name
        assert order.ready
        assert not order.canceled
        assert abs(order.placed_at - START) < timedelta(seconds=1)

    def test_an_order_that_does_not_exist_is_none(self) -> None:
        """And no error, and no other order."""
        side = self.side()
        bench = Bench(side)
        order = self.sold(side, bench)
        assert bench.run(side.adapter.fetch_order(f"{order.ref}999999")) is None

    def test_a_web_page_that_says_404_is_not_an_order_that_is_gone(self) -> None:
        """It comes from something before the shop; and what is gone is not shipped any more."""
        walls: list[bool] = []
        page = Response(404, headers=Headers({"Content-Type": "text/html"}), body=b"<html>Not here</html>")
        side = self.side(lambda response: page if walls else response)
        bench = Bench(side)
        order = self.sold(side, bench)
        walls.append(True)
        try:
            found = bench.run(side.adapter.fetch_order(order.ref))
        except BridgeError:
            return
        assert found is not None, "a web page with the status 404 counts as an order that is gone"

    def test_a_departure_that_nobody_is_to_be_mailed_about_mails_nobody(self) -> None:
        """As long as it leaves something to ship: many shops mail by themselves when an order is done."""
        side = self.side()
        bench, adapter = Bench(side), side.adapter
        order = self.sold(side, bench)
        first, _ = (line for line in order.lines if line.shippable)
        notice = attrs.evolve(self.notice(order, lines=(first,)), completes=False, notify=False)
        assert isinstance(bench.carry(partial(adapter.announce, order, notice)), Announced)
        assert side.backend.mails(order.ref) == 0, "the shopper got a mail that was not wanted"

    @each_fault
    def test_whatever_one_call_comes_to_an_order_goes_its_whole_way(self, fault: Fault) -> None:
        """Each call of its life, one after the other; the real engine does the rest."""
        self.whatever(fault)

    def test_a_refusal_of_the_shop_is_none_with_a_server_error_and_names_nobody(self) -> None:
        """Told of an order that the shop does not have, it says no; ``Bench.do`` looks at each no."""
        side = self.side()
        bench = Bench(side)
        order = self.sold(side, bench)
        bench.carry(lambda past: side.adapter.announce(order, self.notice(order), past))
        ref = quote(order.ref, safe="")
        for write, _ in tuple(bench.writes):
            path = write.request.path.replace(ref, f"{ref}999999")
            bench.do(attrs.evolve(write, request=attrs.evolve(write.request, path=path)))

    # --- announcing ---

    @each_fault
    @pytest.mark.parametrize("packages", [1, 2])
    def test_whatever_one_call_comes_to_a_departure_is_told_once(self, fault: Fault, packages: int) -> None:
        """Each number once, at most one mail; or a person is asked."""
        sides: list[tuple[StoreSide, Order]] = []

        def prepare() -> tuple[Bench, Callable[[Past], Flow[Write | Announced | Unclear]]]:
            side = self.side()
            bench = Bench(side)
            order = self.sold(side, bench)
            sides.append((side, order))
            notice = self.notice(order, packages=packages)
            return bench, lambda past: side.adapter.announce(order, notice, past)

        wanted = [
            package.tracking_number for package in self.notice(self.any_order(), packages=packages).packages
        ]
        for _, result in self.each_call(fault, prepare):
            side, order = sides[-1]
            if fault is Fault.DOUBLED and isinstance(result, Unclear):
                continue
            assert isinstance(result, Announced), f"announce: comes to {result}"
            # Nothing shows a mail that the network doubled, where it is not the shop's page that doubles it.
            self._told(side, order, wanted, mails=2 if fault is Fault.DOUBLED else 1)
            assert side.backend.closed(order.ref), "nothing is left to ship, and the order is open"

    def any_order(self) -> Order:
        """Some order."""
        side = self.side()
        return self.sold(side, Bench(side))

    def _told(self, side: StoreSide, order: Order, numbers: list[str], *, mails: int) -> None:
        shown = sorted(number for each in side.backend.shown(order.ref) for number in each.numbers)
        assert shown == sorted(numbers), f"the shop shows {shown} instead of {numbers}"
        sent = side.backend.mails(order.ref)
        assert sent <= mails, f"{sent} mails about one departure"

    def test_the_last_departure_closes_the_order_and_none_before(self) -> None:
        """Two departures of one order, each shown with its own number."""
        side = self.side()
        bench, adapter = Bench(side), side.adapter
        order = self.sold(side, bench)
        first, last = (line for line in order.lines if line.shippable)
        for number, line in enumerate((first, last), 1):
            notice = attrs.evolve(self.notice(order, lines=(line,), number=number), completes=number == 2)
            result = bench.carry(partial(adapter.announce, order, notice))
            assert isinstance(result, Announced), f"announce: comes to {result}"
            assert side.backend.closed(order.ref) == (number == 2)
            told = sorted(number for each in side.backend.shown(order.ref) for number in each.numbers)
            assert told == [tracking_number(10 * n) for n in range(1, number + 1)]

    # --- remarks ---

    @each_fault
    def test_whatever_one_call_comes_to_a_remark_is_made_once(self, fault: Fault) -> None:
        """Each call, one after the other: it is there, or a person is asked."""
        if not isinstance(self.side().adapter, Annotates):
            pytest.skip("cannot put a remark on an order")

        def prepare() -> tuple[Bench, Callable[[Past], Flow[Write | Noted | Unclear]]]:
            side = self.side()
            bench, adapter = Bench(side), side.adapter
            assert isinstance(adapter, Annotates)
            order = self.sold(side, bench)
            return bench, lambda past: adapter.annotate(order, self.note(), past)

        self._once(fault, prepare)

    @each_fault
    def test_whatever_one_call_comes_to_a_stage_is_shown_once(self, fault: Fault) -> None:
        """Each call, one after the other: it is there, or a person is asked."""
        if not isinstance(self.side().adapter, ReportsProgress):
            pytest.skip("cannot show how far the suppliers are")

        def prepare() -> tuple[Bench, Callable[[Past], Flow[Write | Noted | Unclear]]]:
            side = self.side()
            bench, adapter = Bench(side), side.adapter
            assert isinstance(adapter, ReportsProgress)
            order = self.sold(side, bench)
            return bench, lambda past: adapter.report(order, self.progress(order), past)

        self._once(fault, prepare)

    def _once(
        self,
        fault: Fault,
        prepare: Callable[[], tuple[Bench, Callable[[Past], Flow[Write | Noted | Unclear]]]],
    ) -> None:
        needed: int | None = None
        for each, result in self.each_call(fault, prepare):
            if needed is None:  # the first is the calm one
                needed = each.effects()
            if fault is Fault.DOUBLED:
                assert isinstance(result, (Noted, Unclear)), f"comes to {result}"
                continue
            assert isinstance(result, Noted), f"comes to {result}"
            # The sale is no call, so what has changed is what was written.
            assert each.effects() == needed, f"{each.effects()} calls changed the shop instead of {needed}"
