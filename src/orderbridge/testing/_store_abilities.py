"""What a shop must do that can cancel, refund, hold, correct or list carriers: a part of ``StoreSuite``.

All of it is told by what ``StoreBackend`` has anyway, and by reading the order back. What a probe
says this account lacks is skipped.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from typing import TypeAlias, TypeVar

import attrs
import pytest

from .. import Line, Money, Order, Package, ShipmentNotice
from ..adapters import (
    Announced,
    Canceled,
    Cancellation,
    CancelsShopOrders,
    CorrectsTracking,
    Flow,
    Held,
    Hold,
    HoldsWork,
    ListsCarriers,
    Past,
    Probes,
    Refund,
    Refunded,
    RefundLine,
    Refunds,
    Refused,
    Release,
    Released,
    Unclear,
    Write,
)
from ..sandbox.faults import Fault
from ._bench import Bench
from ._demands import Demands
from .backends import tracking_number
from .simulator import StoreSide

__all__ = ["StoreAbilities", "each_fault"]

R = TypeVar("R")
Operation: TypeAlias = Callable[
    [Past], Flow[Write | Canceled | Refunded | Announced | Held | Released | Unclear]
]

each_fault = pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.value)
for_goods_or_not = pytest.mark.parametrize("goods", [True, False], ids=["one unit", "plain amount"])

RIGHT = tracking_number(7)  # the number that takes the place of a wrong one


class StoreAbilities(Demands):
    """Demands on what only some shops can."""

    @abstractmethod
    def side(self) -> StoreSide:
        """The platform before a fresh backend."""

    @abstractmethod
    def sold(self, side: StoreSide, bench: Bench) -> Order:
        """An order that the shop has, as the adapter reads it."""

    def sold_to_cancel(self, side: StoreSide, bench: Bench) -> Order:
        """An order as shops cancel one: override where yours cancels none that is paid."""
        return self.sold(side, bench)

    def sold_and_held(self, side: StoreSide, bench: Bench) -> Order | None:
        """An order that the merchant holds in the shop: override where your backend can."""
        return None

    @abstractmethod
    def notice(
        self, order: Order, *, packages: int = 1, lines: tuple[Line, ...] | None = None
    ) -> ShipmentNotice:
        """One departure of the lines, or of all that is open."""

    # --- what is tried ---

    def has(self, side: StoreSide, ability: type[object]) -> bool:
        """The adapter has this ability, and the account does not lack it."""
        adapter = side.adapter
        if not isinstance(adapter, ability):
            return False
        lacks = Bench(side).run(adapter.probe()).lacks if isinstance(adapter, Probes) else frozenset[str]()
        return ability.__name__ not in lacks

    def cancellation(self) -> Cancellation:
        """Nothing is to ship."""
        return Cancellation(key="suitecancel1", reason="Sold < twice > & broken")

    def wait(self, number: int = 1) -> Hold:
        """It is to wait."""
        return Hold(key=f"suitehold{number}", reason="Address < to be checked > & more")

    def held(self, side: StoreSide, bench: Bench) -> Order:
        """An order that we hold, as it was before."""
        adapter, order = side.adapter, self.sold(side, bench)
        assert isinstance(adapter, HoldsWork)
        result = bench.carry(partial(adapter.hold, order, self.wait()))
        assert isinstance(result, Held), f"hold: comes to {result}"
        return order

    def money_back(self, order: Order, *, goods: bool, gives: bool = False, number: int = 1) -> Refund:
        """For one unit of the first line, or a plain tenth of the whole order for nothing in particular."""
        key, reason = f"suiterefund{number}", "Scratched < here > & there"
        if not goods:
            amount = self._whole(order.total.times(Decimal("0.1")))
            return Refund(key=key, amount=amount, reason=reason, gives_money=gives)
        line = _first(order)
        amount = self._whole((line.total + line.tax).each(line.quantity))
        back = RefundLine(line_ref=line.ref, units=Decimal(1), amount=amount)
        return Refund(key=key, amount=amount, lines=(back,), reason=reason, gives_money=gives)

    def _whole(self, money: Money) -> Money:
        """Whole units of a currency: every shop can give them back, whatever its cents."""
        whole = Money(Decimal(int(money.amount)), money.currency)
        assert whole, f"the backend sells so cheaply that {money} cannot be refunded; let each unit cost 10"
        return whole

    def righted(self, notice: ShipmentNotice) -> ShipmentNotice:
        """The same departure, of which the last package has another number."""
        right = Package(tracking_number=RIGHT, tracking_url="https://carrier.example/7", carrier="UPS")
        return attrs.evolve(notice, packages=(*notice.packages[:-1], right))

    def wrongly_told(
        self, side: StoreSide, bench: Bench, packages: int = 1
    ) -> tuple[Order, ShipmentNotice, tuple[Package, ...]]:
        """An order with a departure that was told wrongly, what is right, and what was told.

        With more than one package only the first line has left, so that the order is still open.
        """
        order = self.sold(side, bench)
        notice = self.notice(order, packages=packages, lines=None if packages == 1 else (_first(order),))
        result = bench.carry(lambda past: side.adapter.announce(order, notice, past))
        assert isinstance(result, Announced), f"announce: comes to {result}"
        return order, self.righted(notice), notice.packages

    def begin_abilities(self, side: StoreSide, bench: Bench) -> dict[str, Callable[[], Flow[object]]]:
        """Flows of which nothing is done, each with an order of its own."""
        return {
            name: partial(operation, Past()) for name, operation in self._operations(side, bench).items()
        } | self._reads(side)

    def end_abilities(self, side: StoreSide, bench: Bench) -> dict[str, Callable[[], Flow[object]]]:
        """Flows of which all is done: with nothing known, with all answers, and after lost ones."""
        flows: dict[str, Callable[[], Flow[object]]] = {}
        for name, operation in self._operations(side, bench).items():
            result = bench.carry(operation)
            assert not isinstance(result, (Unclear, Refused)), f"{name}: comes to {result}"
            if not name.startswith("refund"):
                # Without a key, who knows nothing cannot know whose refund it is: tested by itself.
                flows[f"{name}, cold"] = partial(operation, Past())
            flows[f"{name}, warm"] = partial(operation, bench.past)
            flows[f"{name}, stale"] = partial(operation, Past(attempted=True))
        return flows | self._reads(side)

    def _operations(self, side: StoreSide, bench: Bench) -> dict[str, Operation]:
        adapter = side.adapter
        found: dict[str, Operation] = {}
        if isinstance(adapter, CancelsShopOrders) and self.has(side, CancelsShopOrders):
            found["cancel"] = partial(adapter.cancel, self.sold_to_cancel(side, bench), self.cancellation())
        if isinstance(adapter, Refunds) and self.has(side, Refunds):
            for goods, name in ((True, "refund of a unit"), (False, "refund")):
                order = self.sold(side, bench)
                found[name] = partial(adapter.refund, order, self.money_back(order, goods=goods))
        if isinstance(adapter, CorrectsTracking) and self.has(side, CorrectsTracking):
            found["correct"] = partial(adapter.correct, *self.wrongly_told(side, bench))
        if isinstance(adapter, HoldsWork) and self.has(side, HoldsWork):
            found["hold"] = partial(adapter.hold, self.sold(side, bench), self.wait())
            found["release"] = partial(adapter.release, self.held(side, bench), Release(key="suiterelease1"))
        return found

    def _reads(self, side: StoreSide) -> dict[str, Callable[[], Flow[object]]]:
        adapter = side.adapter
        if isinstance(adapter, ListsCarriers) and self.has(side, ListsCarriers):
            return {"carriers": adapter.carriers}
        return {}

    def once_or_asked(
        self, fault: Fault, prepare: Callable[[], tuple[Bench, Callable[[Past], Flow[Write | R | Unclear]]]]
    ) -> Iterator[tuple[Bench, R | None]]:
        """Each call, one after the other, with the fault; None where a person is asked instead."""
        before = needed = 0

        def counted() -> tuple[Bench, Callable[[Past], Flow[Write | R | Unclear]]]:
            nonlocal before
            bench, operation = prepare()
            before = bench.effects()
            return bench, operation

        for each, result in self.each_call(fault, counted):
            changed, asked = each.effects() - before, isinstance(result, Unclear)
            if not needed:  # the first is the calm one
                assert not isinstance(result, (Unclear, Refused)), (
                    f"nothing is wrong, and it comes to {result}"
                )
                assert changed, f"it comes to {result}, and no call changed the shop"
                needed = changed
            assert not isinstance(result, Refused), f"comes to {result}"
            right = changed == needed or (asked and changed < needed) or fault is Fault.DOUBLED
            assert right, f"{changed} calls changed the shop instead of {needed}, and it comes to {result}"
            yield each, None if isinstance(result, Unclear) else result

    def _read(self, side: StoreSide, bench: Bench, order: Order) -> Order:
        found = bench.run(side.adapter.fetch_order(order.ref))
        assert found is not None, f"order {order.ref} is gone"
        return found

    # --- canceling ---

    @each_fault
    def test_whatever_one_call_comes_to_an_order_is_canceled_once(self, fault: Fault) -> None:
        """The shop says so when it is read again; or a person is asked."""
        self._needs(CancelsShopOrders, "cannot cancel an order")
        stand: list[tuple[StoreSide, Order]] = []

        def prepare() -> tuple[Bench, Callable[[Past], Flow[Write | Canceled | Unclear]]]:
            side = self.side()
            bench, adapter = Bench(side), side.adapter
            assert isinstance(adapter, CancelsShopOrders)
            order = self.sold_to_cancel(side, bench)
            stand.append((side, order))
            return bench, partial(adapter.cancel, order, self.cancellation())

        for bench, result in self.once_or_asked(fault, prepare):
            side, order = stand[-1]
            if result is not None:
                now = self._read(side, bench, order)
                assert now.canceled, f"canceled, and the shop says {now.raw_status}"
                assert not now.ready, "nothing of it is to ship, and it may be shipped"

    def test_an_order_of_which_something_has_shipped_is_not_canceled(self) -> None:
        """A person decides, and nothing is changed."""
        self._needs(CancelsShopOrders, "cannot cancel an order")
        side = self.side()
        bench, adapter = Bench(side), side.adapter
        assert isinstance(adapter, CancelsShopOrders)
        order = self.sold(side, bench)
        gone = self.notice(order, lines=(_first(order),))
        bench.carry(lambda past: side.adapter.announce(order, gone, past))
        before = bench.effects()
        for seen in (order, attrs.evolve(self._read(side, bench, order), store="shop")):
            result = bench.carry(partial(adapter.cancel, seen, self.cancellation()))
            assert isinstance(result, Unclear), f"a part has shipped, and cancel comes to {result}"
        assert bench.effects() == before, "a part has shipped, and cancel changed something"

    # --- refunding ---

    @each_fault
    @for_goods_or_not
    def test_whatever_one_call_comes_to_a_refund_is_made_once(self, fault: Fault, goods: bool) -> None:
        """The shop has it once, to the cent, with its units; or a person is asked."""
        for gives in self._ways():
            stand: list[tuple[StoreSide, Order, Refund]] = []

            def prepare(
                gives: bool = gives, stand: list[tuple[StoreSide, Order, Refund]] = stand
            ) -> tuple[Bench, Callable[[Past], Flow[Write | Refunded | Unclear]]]:
                side = self.side()
                bench, adapter = Bench(side), side.adapter
                assert isinstance(adapter, Refunds)
                order = self.sold(side, bench)
                refund = self.money_back(order, goods=goods, gives=gives)
                stand.append((side, order, refund))
                return bench, partial(adapter.refund, order, refund)

            for bench, result in self.once_or_asked(fault, prepare):
                if result is not None:
                    self._refunded(bench, *stand[-1], result)

    def _ways(self) -> tuple[bool, ...]:
        self._needs(Refunds, "cannot refund")
        adapter = self.side().adapter
        assert isinstance(adapter, Refunds)
        return (False, True) if adapter.can_give_money else (False,)

    def _refunded(
        self, bench: Bench, side: StoreSide, order: Order, refund: Refund, result: Refunded
    ) -> None:
        assert result.amount == refund.amount, f"{refund.amount} was to be refunded, and {result} is said"
        gave = result.gave_money
        assert gave == refund.gives_money, f"gives_money={refund.gives_money}, and {gave} is said"
        now = self._read(side, bench, order)
        shown = [(each.ref, each.amount) for each in now.refunds]
        assert shown == [(result.ref, refund.amount)], f"the order shows {shown} for {result}"
        back = {line.ref: line.refunded for line in now.lines if line.refunded}
        assert back == {line.line_ref: line.units for line in refund.lines}, f"units refunded: {back}"
        assert not now.canceled, "only a part was refunded, and the order is canceled"

    def test_a_refunded_order_is_the_same_from_a_page_and_by_itself(self) -> None:
        """What came back and which units never ship must not depend on how the order was read."""
        self._needs(Refunds, "cannot refund")
        side = self.side()
        bench, adapter = Bench(side), side.adapter
        assert isinstance(adapter, Refunds)
        order = self.sold(side, bench)
        bench.carry(partial(adapter.refund, order, self.money_back(order, goods=True)))
        bench.wait()
        alone = self._read(side, bench, order)
        page = bench.run(adapter.fetch_orders(None, since=order.placed_at, now=bench.now))
        paged = next((each for each in page.items if each.ref == order.ref), None)
        said = f"changed since {order.placed_at} (placed_at), and fetch_orders lists it not: is it in UTC?"
        assert paged is not None, said
        assert paged.refunds == alone.refunds
        assert paged.lines == alone.lines

    @for_goods_or_not
    def test_two_refunds_of_the_same_amount_are_two(self, goods: bool) -> None:
        """Another key is another refund, or a person is asked; never is the first one taken for it."""
        self._needs(Refunds, "cannot refund")
        side = self.side()
        bench, adapter = Bench(side), side.adapter
        assert isinstance(adapter, Refunds)
        order = self.sold(side, bench)
        first = bench.carry(partial(adapter.refund, order, self.money_back(order, goods=goods)))
        assert isinstance(first, Refunded), f"refund: comes to {first}"
        order = attrs.evolve(self._read(side, bench, order), store="shop")
        again = bench.carry(partial(adapter.refund, order, self.money_back(order, goods=goods, number=2)))
        made = len(self._read(side, bench, order).refunds)
        if isinstance(again, Refunded):
            assert again.ref != first.ref, "the first refund was taken for the second"
            assert made == 2, f"two refunds were made, and the order shows {made}"
        else:
            assert isinstance(again, Unclear), f"refund: comes to {again}"
            assert made == 1, f"a person is asked about the second refund, and the order shows {made}"

    @for_goods_or_not
    def test_a_refund_that_is_there_is_not_made_by_a_flow_that_knows_of_nothing(self, goods: bool) -> None:
        """With nothing in the journal it finds the refund, or asks a person."""
        self._needs(Refunds, "cannot refund")
        side = self.side()
        bench, adapter = Bench(side), side.adapter
        assert isinstance(adapter, Refunds)
        order = self.sold(side, bench)
        refund = self.money_back(order, goods=goods)
        bench.carry(partial(adapter.refund, order, refund))
        bench.wait()
        for seen in (order, attrs.evolve(self._read(side, bench, order), store="shop")):
            result = bench.run(adapter.refund(seen, refund, Past()))
            assert not isinstance(result, Write), f"it is there, and {result.step!r} would make it again"

    # --- holding ---

    @each_fault
    def test_whatever_one_call_comes_to_an_order_is_held_once(self, fault: Fault) -> None:
        """It may not be shipped then, and nothing else of it is another; or a person is asked."""
        self._needs(HoldsWork, "cannot hold an order")
        stand: list[tuple[StoreSide, Order]] = []

        def prepare() -> tuple[Bench, Callable[[Past], Flow[Write | Held | Unclear]]]:
            side = self.side()
            bench, adapter = Bench(side), side.adapter
            assert isinstance(adapter, HoldsWork)
            order = self.sold(side, bench)
            stand.append((side, order))
            return bench, partial(adapter.hold, order, self.wait())

        for bench, result in self.once_or_asked(fault, prepare):
            side, order = stand[-1]
            if result is not None:
                self._waits(bench, side, order, waits=True)

    @each_fault
    def test_whatever_one_call_comes_to_our_hold_comes_off(self, fault: Fault) -> None:
        """The order may be shipped as before; or a person is asked."""
        self._needs(HoldsWork, "cannot hold an order")
        stand: list[tuple[StoreSide, Order]] = []

        def prepare() -> tuple[Bench, Callable[[Past], Flow[Write | Released | Unclear]]]:
            side = self.side()
            bench, adapter = Bench(side), side.adapter
            assert isinstance(adapter, HoldsWork)
            order = self.held(side, bench)
            stand.append((side, order))
            return bench, partial(adapter.release, order, Release(key="suiterelease1"))

        for bench, result in self.once_or_asked(fault, prepare):
            side, order = stand[-1]
            if result is not None:
                self._waits(bench, side, order, waits=False)

    def _waits(self, bench: Bench, side: StoreSide, order: Order, *, waits: bool) -> None:
        now = self._read(side, bench, order)
        assert now.ready is not waits, f"ready is {now.ready}, and the shop says {now.raw_status}"
        assert not now.canceled, "a hold is no cancel"
        assert now.lines == order.lines, "other units are open than before"

    def test_a_second_hold_is_the_first_and_one_release_ends_it(self) -> None:
        """Whatever the keys are: a bridge that lost its journal finds its hold, and takes it off."""
        self._needs(HoldsWork, "cannot hold an order")
        side = self.side()
        bench, adapter = Bench(side), side.adapter
        assert isinstance(adapter, HoldsWork)
        order = self.held(side, bench)
        before = bench.effects()
        again = bench.carry(partial(adapter.hold, order, self.wait(2)))
        assert isinstance(again, Held), f"it is held, and hold comes to {again}"
        assert bench.effects() == before, "it is held, and hold changed something"
        bench.carry(partial(adapter.release, order, Release(key="suiterelease3")))
        self._waits(bench, side, order, waits=False)
        before = bench.effects()
        nothing = bench.carry(partial(adapter.release, order, Release(key="suiterelease4")))
        assert isinstance(nothing, Released), f"nothing is held, and release comes to {nothing}"
        assert bench.effects() == before, "nothing is held, and release changed something"

    def test_what_the_merchant_holds_stays_on_hold(self) -> None:
        """Only ours comes off."""
        self._needs(HoldsWork, "cannot hold an order")
        side = self.side()
        bench, adapter = Bench(side), side.adapter
        assert isinstance(adapter, HoldsWork)
        order = self.sold_and_held(side, bench)
        if order is None:
            pytest.skip("the backend has no hand to hold an order: override sold_and_held")
        assert not order.ready, "the merchant holds it, and it may be shipped"
        bench.carry(partial(adapter.hold, order, self.wait()))
        released = bench.carry(partial(adapter.release, order, Release(key="suiterelease1")))
        assert isinstance(released, Released), f"release: comes to {released}"
        assert not self._read(side, bench, order).ready, "the merchant's hold came off"

    # --- correcting ---

    @each_fault
    @pytest.mark.parametrize("packages", [1, 2])
    def test_whatever_one_call_comes_to_a_number_is_put_right_once(self, fault: Fault, packages: int) -> None:
        """Shown in the wrong one's place, at most one mail, all else as it was; or a person is asked."""
        self._needs(CorrectsTracking, "cannot put tracking right")
        stand: list[tuple[StoreSide, ShipmentNotice, Order, int, list[str]]] = []

        def prepare() -> tuple[Bench, Callable[[Past], Flow[Write | Announced | Unclear]]]:
            side = self.side()
            bench, adapter = Bench(side), side.adapter
            assert isinstance(adapter, CorrectsTracking)
            order, notice, told = self.wrongly_told(side, bench, packages)
            was = self._read(side, bench, order)
            stand.append((side, notice, was, side.backend.mails(order.ref), _contents(side, order)))
            return bench, partial(adapter.correct, order, notice, told)

        for bench, result in self.once_or_asked(fault, prepare):
            side, notice, was, mails, contents = stand[-1]
            if result is None:
                continue
            now = self._read(side, bench, was)
            numbers = sorted(each for shown in side.backend.shown(now.ref) for each in shown.numbers)
            wanted = sorted(package.tracking_number for package in notice.packages)
            assert numbers == wanted, f"the shop shows {numbers} instead of {wanted}"
            more = side.backend.mails(now.ref) - mails
            # What a network doubles is mailed twice where the shop mails, and no adapter can help it.
            assert more <= 1 or fault is Fault.DOUBLED, f"{more} mails about one correction"
            assert now.raw_status == was.raw_status, f"{was.raw_status} became {now.raw_status}"
            assert now.lines == was.lines, "other units are shipped than before"
            assert _contents(side, now) == contents, "the departure holds something else than before"

    # --- carriers ---

    def test_carriers_have_a_code_of_their_own_and_a_name(self) -> None:
        """The code is what a merchant writes into the settings."""
        self._needs(ListsCarriers, "does not list carriers")
        side = self.side()
        adapter = side.adapter
        assert isinstance(adapter, ListsCarriers)
        carriers = Bench(side).run(adapter.carriers())
        if not carriers:
            pytest.skip("the simulated shop knows no carriers")
        codes = [carrier.code for carrier in carriers]
        assert len(set(codes)) == len(codes), f"a code stands there twice: {codes}"
        for carrier in carriers:
            assert carrier.code.strip(), f"no code: {carrier}"
            assert carrier.name.strip(), f"no name: {carrier}"
            assert not carrier.tracking_url or "{number}" in carrier.tracking_url, f"no place: {carrier}"

    def _needs(self, ability: type[object], words: str) -> None:
        if not self.has(self.side(), ability):
            pytest.skip(words)


def _first(order: Order) -> Line:
    return next(line for line in order.lines if line.shippable)


def _contents(side: StoreSide, order: Order) -> list[str]:
    """What each departure holds, where the shop can say."""
    return sorted(repr(sorted((each.units or {}).items())) for each in side.backend.shown(order.ref))
