"""What every supplier's adapter must do, as tests: subclass ``SupplierSuite`` and let pytest tell.

    class TestCrates(SupplierSuite[Settings]):
        def platform(self): return PLATFORM
        def settings(self): return {"base_url": "https://crates.example", "api_key": "key-1"}
        def backend(self): return CratesBackend()

The backend is the supplier in memory, see ``backends``. Each test asks for a fresh one. A
supplier that people move has none: give ``Unasked()``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from random import Random
from typing import Generic, TypeVar, cast

import attrs
import pytest

from .. import Address, Fulfillment, Money, PurchaseLine, PurchaseOrder
from .._states import HAS_LEFT
from ..adapters import (
    AccountSettings,
    Confirmed,
    FindsPurchases,
    Flow,
    ListsChanges,
    ListsPurchases,
    LookUp,
    MovedByPeople,
    OrdersItself,
    Past,
    PaymentSeen,
    Pays,
    Placed,
    Placement,
    Probes,
    Quote,
    Quotes,
    Reserves,
    Response,
    Splits,
    SupplierPlatform,
    Unclear,
    Write,
)
from ..errors import Unsupported
from ..sandbox.faults import Fault
from ._bench import SHOPPER, START, Bench, Through, read_settings
from ._demands import POLICY, Flows
from ._supplier_abilities import each_fault, the_one
from ._supplier_answers import OnAnswers
from ._supplier_asking import OnAsking
from ._supplier_paper import OnPaper
from .backends import SupplierBackend
from .scenes import BUYER
from .simulator import Outcome, Scene, SupplierSide, a_woocommerce

__all__ = ["SupplierSuite"]

S = TypeVar("S", bound=AccountSettings)


class SupplierSuite(OnAnswers, OnAsking, OnPaper, Generic[S]):
    """Give the platform, its settings, and a simulated supplier."""

    @abstractmethod
    def platform(self) -> SupplierPlatform[S]:
        """What the entry point names."""

    @abstractmethod
    def settings(self) -> S | Mapping[str, object]:
        """Of an account at the simulated supplier."""

    @abstractmethod
    def backend(self) -> SupplierBackend:
        """A fresh simulated supplier: nothing ordered, plenty of everything."""

    def shopper(self) -> Address:
        """Whom everything goes to: override where your supplier does not ship to Italy."""
        return SHOPPER

    # --- what is tried ---

    def given(self) -> S:
        """The settings."""
        return read_settings(self.platform().settings, self.settings())

    def side(self, change: Callable[[Response], Response] | None = None) -> SupplierSide:
        """The platform before a fresh backend."""
        backend = self.backend()
        if change is not None:
            backend = cast("SupplierBackend", Through(backend, change))
        return SupplierSide.of(self.platform(), self.given(), backend)

    def scene(self, change: Callable[[Response], Response] | None = None) -> Scene:
        """A WooCommerce shop sells what the supplier has."""
        return Scene(store=a_woocommerce(Random(1)), supplier=self.side(change), policy=POLICY)

    def order(self, side: SupplierSide, *quantities: str) -> PurchaseOrder:
        """A purchase order for so many of the first goods, each of them six of the shop's.

        What is more than one stands in two lines, as a shop's lines may be of the same goods.
        """
        asked = [
            (remote_id, part)
            for remote_id, quantity in zip(side.backend.goods, map(Decimal, quantities), strict=False)
            for part in ((Decimal(1), quantity - 1) if quantity > 1 else (quantity,))
        ]
        return PurchaseOrder(
            id="shop/4711/supplier/1",
            order_id="shop/4711",
            order_ref="4711",
            order_number="4711",
            store="shop",
            supplier="supplier",
            reference="suite4q7m2xwk5bt",
            lines=tuple(
                PurchaseLine(
                    line_ref=f"{number}",
                    remote_id=remote_id,
                    quantity=part,
                    units=part * 6,
                )
                for number, (remote_id, part) in enumerate(asked, 1)
            ),
            ship_to=self.shopper(),
            placed_at=datetime(2026, 3, 2, 7, 59, 30, tzinfo=UTC),
        )

    def asked_for(self, side: SupplierSide, bench: Bench, *quantities: str) -> PurchaseOrder:
        """The same, with the part it is of and the first way to send it, where there are such."""
        adapter, po = side.adapter, self.order(side, *quantities)
        if isinstance(adapter, Splits):
            parts = bench.run(adapter.parts(po.units))
            po = attrs.evolve(po, part=parts[po.lines[0].remote_id])
        if isinstance(adapter, Quotes):
            # Of one piece each: what is tried may be more than anybody has.
            few = tuple(attrs.evolve(line, quantity=Decimal(1), units=Decimal(6)) for line in po.lines)
            quote = bench.run(adapter.quote(attrs.evolve(po, lines=few)))
            assert isinstance(quote, Quote), f"quote: comes to {quote}"
            po = attrs.evolve(po, carrier=next((option.code for option in quote.options), ""))
        return po

    def place(self, side: SupplierSide, bench: Bench) -> tuple[PurchaseOrder, Placed]:
        """An order that has been placed."""
        po = self.asked_for(side, bench, "2", "1")
        result = bench.carry(lambda past: side.adapter.place(po, past))
        assert isinstance(result, Placement), f"place: comes to {result}"
        refs = [placed.supplier_ref for placed in result.placed]
        assert len(refs) == 1, f"place: one order was asked for, and it comes to {refs or 'none'}"
        placed = result.placed[0]
        return attrs.evolve(po, supplier_ref=placed.supplier_ref), placed

    def total(self, side: SupplierSide, bench: Bench, po: PurchaseOrder, placed: Placed) -> Money:
        """What it costs, as the supplier says."""
        status = bench.run(side.adapter.fetch(po))
        total = placed.total or (status.total if status is not None else None)
        assert total is not None, "who is paid through the API says what is to be paid"
        return total

    def at_first(self) -> tuple[Bench, Flows]:
        """Nothing is ordered."""
        side = self.side()
        bench, adapter = Bench(side), side.adapter
        po = self.asked_for(side, bench, "2", "1")
        flows: dict[str, Callable[[], Flow[object]]] = {}
        if isinstance(adapter, Splits):
            flows["parts"] = lambda: adapter.parts(po.units)
        if isinstance(adapter, Quotes):
            flows["quote"] = lambda: adapter.quote(po)
        if not isinstance(adapter, OrdersItself):
            flows["place"] = lambda: adapter.place(po, Past())
        self._look(side, flows)
        if isinstance(adapter, Reserves):
            flows["set_held"] = lambda: adapter.set_held(po.units, Past())
        return bench, flows

    def at_last(self) -> tuple[Bench, Flows]:
        """All is ordered, and paid, and held."""
        side = self.side()
        bench, adapter = Bench(side), side.adapter
        if isinstance(adapter, OrdersItself):
            return self.at_first()
        po, placed = self.place(side, bench)
        if isinstance(adapter, MovedByPeople):
            again = {"place, with its number": lambda: adapter.place(po, Past())}
            return bench, {**self.at_first()[1], **again}
        unplaced = attrs.evolve(po, supplier_ref="")
        warm = bench.past
        write = bench.writes[-1][0]
        bench.wait()
        flows: dict[str, Callable[[], Flow[object]]] = {
            "place, warm": lambda: adapter.place(unplaced, warm),
            "place, with its number": lambda: adapter.place(po, warm),
            "fetch": lambda: adapter.fetch(po),
        }
        if isinstance(write.unknown, LookUp):
            known = {step: answer for step, answer in warm.answers.items() if step != write.step}
            stale = Past(answers=known, attempted=True)
            flows["place, stale"] = lambda: adapter.place(unplaced, stale)
        self._look(side, flows)
        if isinstance(adapter, Pays):
            total = self.total(side, bench, po, placed)
            bench.carry(lambda past: adapter.pay(po, total, BUYER, past))
            flows["pay, cold"] = lambda: adapter.pay(po, total, BUYER, Past())
            flows["pay, warm"] = lambda: adapter.pay(po, total, BUYER, bench.past)
        if isinstance(adapter, Reserves):
            bench.carry(lambda past: adapter.set_held(po.units, past))
            flows["set_held"] = lambda: adapter.set_held(po.units, Past())
        return bench, flows

    def _look(self, side: SupplierSide, flows: dict[str, Callable[[], Flow[object]]]) -> None:
        adapter = side.adapter
        if isinstance(adapter, Reserves):
            flows["held"] = adapter.held
        if isinstance(adapter, Probes):
            flows["probe"] = adapter.probe
        if isinstance(adapter, ListsChanges):
            flows["changes"] = lambda: adapter.changes(None, now=START)
        if isinstance(adapter, ListsPurchases):
            flows["purchases"] = lambda: adapter.purchases(None, since=START - timedelta(days=1), now=START)
            for order in side.backend.orders():
                flows["purchase"] = partial(adapter.purchase, order.ref)
        if isinstance(adapter, FindsPurchases):
            flows["purchases_with"] = lambda: adapter.purchases_with(self.order(side).reference)

    def check(self, scene: Scene, outcome: Outcome) -> None:
        """Money moves once, or a person is asked."""
        pays = isinstance(scene.supplier.adapter, Pays)
        for order in scene.supplier.backend.orders() if pays else ():
            assert order.paid == 1 or outcome.reviews, (
                f"{order.ref} was paid {order.paid} times\n{outcome.story}"
            )

    # --- placing ---

    def test_an_order_is_placed_once_exactly_as_it_was_asked_for(self) -> None:
        """The same units, to the same shopper, under our reference where there is one."""
        self.asks()
        side = self.side()
        po, placed = self.place(side, Bench(side))
        ordered = the_one(side.backend.orders())
        said = f"{po.units} was asked for, and {dict(ordered.units)} is ordered"
        assert dict(ordered.units) == po.units, said
        assert ordered.shopper == po.ship_to.name, "it goes to somebody else than was asked for"
        said = f"it is {po.reference}, and bears {ordered.reference}"
        assert ordered.reference in ("", po.reference), said
        said = f"the supplier calls it {ordered.ref}, and place says {placed.supplier_ref}"
        assert ordered.ref == placed.supplier_ref, said

    def test_an_order_that_was_placed_is_not_placed_by_a_flow_that_knows_of_nothing(self) -> None:
        """With nothing in the journal it finds the order, or does at first what costs nothing."""
        self._orders()
        side = self.side()
        bench = Bench(side)
        po, _ = self.place(side, bench)
        bench.wait()
        for past in (Past(), Past(attempted=True)):
            result = bench.run(side.adapter.place(attrs.evolve(po, supplier_ref=""), past))
            if isinstance(result, Write):
                parked = not isinstance(result.unknown, LookUp)
                assert not result.binding or parked, f"it is there, and {result.step!r} would order it again"
            elif isinstance(result, Placement):
                refs = [each.supplier_ref for each in result.placed]
                assert refs == [po.supplier_ref], f"it is {po.supplier_ref}, and place finds {refs}"

    @each_fault
    def test_whatever_one_call_comes_to_the_order_is_placed_and_paid_once(self, fault: Fault) -> None:
        """Each call of an order's whole life, one after the other; the real engine does the rest."""
        self.whatever(fault)

    def test_any_number_of_units_is_ordered_to_the_last_one(self) -> None:
        """A number that no float can hold reaches the supplier digit by digit."""
        self._said("9007199254740993")

    def test_parts_of_a_unit_are_ordered_as_they_are_or_not_at_all(self) -> None:
        """Never rounded: the adapter says that it cannot, before anything binding is sent."""
        self._said("1.5")

    def _said(self, quantity: str) -> None:
        self._orders()
        side = self.side()
        bench, answers, bodies = Bench(side), dict[str, Response](), list[bytes]()
        po = self.asked_for(side, bench, quantity)
        if isinstance(side.adapter, MovedByPeople):
            bodies += [document.body for document in side.adapter.documents(po)]
        for _ in range(10):
            try:
                result = bench.run(side.adapter.place(po, Past(answers=answers, attempted=bool(answers))))
            except Unsupported as error:
                self._nothing_is_ordered(side, quantity, error)
                return
            if isinstance(result, Unclear):
                self._nothing_is_ordered(side, quantity, result)
                return
            if not isinstance(result, Write):
                break
            bodies.append(result.request.body)
            if not isinstance(bench.do(result), Confirmed):
                break
            answers[result.step] = bench.writes[-1][1]
        assert any(quantity.encode() in body for body in bodies), f"nothing that is sent asks for {quantity}"

    def _nothing_is_ordered(self, side: SupplierSide, quantity: str, after: object) -> None:
        units = [dict(order.units) for order in side.backend.orders()]
        assert not units, f"{quantity} was asked for, {units} is ordered, and then it says {after!r}"

    def _orders(self) -> None:
        if isinstance(self.side().adapter, OrdersItself):
            pytest.skip("orders by itself")

    def test_a_shipment_that_has_left_is_told_with_its_number(self) -> None:
        """And with the same ref each time, whatever came before."""
        self.asks()
        side = self.side()
        bench = Bench(side)
        po, _ = self.place(side, bench)
        for _ in range(4):
            side.backend.work(bench.now)
            status = bench.run(side.adapter.fetch(po))
            assert status is not None, "the supplier has the order"
            assert status.raw, "the supplier's own word is always kept"
            said = f"nothing has left yet, and fetch says {status}"
            assert not status.shipments, said
            assert status.fulfillment not in HAS_LEFT, said
            bench.wait()
        side.backend.ship(po.supplier_ref, "OB00000042", now=bench.now)
        bench.wait()
        refs: set[str] = set()
        for _ in range(2):
            status = bench.run(side.adapter.fetch(po))
            assert status is not None, "the supplier has the order"
            told = [[each.tracking_number for each in gone.packages] for gone in status.shipments]
            assert told == [["OB00000042"]], f"one parcel has left, OB00000042, and fetch tells of {told}"
            early = status.fulfillment in (Fulfillment.DELIVERED, Fulfillment.COMPLETED)
            assert not early, f"it has left, nobody has got it yet, and fetch says {status.fulfillment}"
            refs.add(status.shipments[0].ref)
            side.backend.work(bench.now)
            bench.wait()
        assert len(refs) == 1, f"one departure, and refs {refs}"

    # --- paying ---

    @each_fault
    def test_whatever_one_call_of_a_payment_comes_to_money_moves_once(self, fault: Fault) -> None:
        """Each of its calls, one after the other."""
        self._pays()
        boxes: list[SupplierSide] = []

        def prepare() -> tuple[Bench, Callable[[Past], Flow[Write | PaymentSeen | Unclear]]]:
            side = self.side()
            boxes.append(side)
            bench, adapter = Bench(side), side.adapter
            assert isinstance(adapter, Pays)
            po, placed = self.place(side, bench)
            total = self.total(side, bench, po, placed)
            return bench, lambda past: adapter.pay(po, total, BUYER, past)

        for _, result in self.each_call(fault, prepare):
            ordered = the_one(boxes[-1].backend.orders())
            doubled = fault is Fault.DOUBLED
            assert isinstance(result, PaymentSeen) or doubled, f"pay: {fault.value} comes to {result}"
            why = "the request came twice and the sandbox" if doubled else f"{fault.value}, and the sandbox"
            said = f"{why} paid {ordered.paid} times: pay comes to {result}, where a person must be asked"
            assert ordered.paid == 1 or (doubled and isinstance(result, Unclear)), said

    def test_a_payment_says_how_much_it_moves(self) -> None:
        """Or the limits could not see it."""
        self._pays()
        side = self.side()
        bench, adapter = Bench(side), side.adapter
        assert isinstance(adapter, Pays)
        po, placed = self.place(side, bench)
        total = self.total(side, bench, po, placed)
        write = bench.run(adapter.pay(po, total, BUYER, Past()))
        assert isinstance(write, Write), f"pay: comes to {write}"
        assert write.amount == total, f"{total} is to be paid, and the write says {write.amount}"

    def _pays(self) -> None:
        if not isinstance(self.side().adapter, Pays):
            pytest.skip("is not paid through its API")

    # --- holding ---

    def test_what_is_set_is_held_and_other_goods_stay_untouched(self) -> None:
        """Absolute numbers: more, fewer, none."""
        self._reserves()
        side = self.side()
        bench, adapter = Bench(side), side.adapter
        assert isinstance(adapter, Reserves)
        first, second = side.backend.goods[:2]
        for wanted in ({first: 2, second: 3}, {first: 5}, {first: 1}, {second: 0}):
            units = {remote_id: Decimal(n) for remote_id, n in wanted.items()}
            result = bench.carry(partial(adapter.set_held, units))
            assert isinstance(result, tuple), f"set_held: comes to {result}"
        held = self._held(bench, adapter)
        assert held == {first: Decimal(1)}, f"1 of {first} was set at last, and {held} is held"

    @each_fault
    def test_whatever_one_call_of_a_set_comes_to_exactly_the_target_is_held(self, fault: Fault) -> None:
        """Each of its calls, one after the other."""
        self._reserves()
        goods = self.backend().goods
        target = {goods[0]: Decimal(3), goods[1]: Decimal(1)}
        adapters: list[Reserves] = []

        def prepare() -> tuple[Bench, Callable[[Past], Flow[Write | object | Unclear]]]:
            side = self.side()
            adapter = side.adapter
            assert isinstance(adapter, Reserves)
            adapters.append(adapter)
            return Bench(side), lambda past: adapter.set_held(target, past)

        for bench, _ in self.each_call(fault, prepare):
            held = self._held(bench, adapters[-1])
            assert held == target, f"{fault.value}: {target} was set, and {held} is held"

    def _held(self, bench: Bench, adapter: Reserves) -> dict[str, Decimal]:
        return {item.remote_id: item.held for item in bench.run(adapter.held()) if item.held}

    def _reserves(self) -> None:
        if not isinstance(self.side().adapter, Reserves):
            pytest.skip("has no growing order")
