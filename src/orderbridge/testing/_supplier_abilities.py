"""What a supplier must do that splits, quotes, is paid, takes back or lists changes: a part of its suite."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from unittest import SkipTest

import attrs
import pytest

from .. import Fulfillment, Money, Payment, PurchaseOrder
from .._http import Response
from ..adapters import (
    CancelsPurchases,
    FindsPurchases,
    Flow,
    ListsChanges,
    ListsPurchases,
    Past,
    PaymentSeen,
    Pays,
    Placed,
    Placement,
    PurchaseCanceled,
    Quote,
    Quotes,
    Refused,
    SeenPurchase,
    Splits,
    SupplierAdapter,
    Unclear,
    Write,
)
from ..errors import BridgeError
from ..sandbox.faults import Fault
from ._bench import START, Bench
from ._demands import Demands, story
from .backends import FirstPaidByHand, Ordered, PaysSlowly, RaisesPrices, SupplierBackend, tracking_number
from .scenes import BUYER, SupplierSide

__all__ = ["ByAbility", "each_fault", "the_one"]

each_fault = pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.value)

_MANY = 105  # orders, more than most lists show on a page
_SUM = r"'{}': '([^']+)'"


class _RaisesPrice:
    """Stands before the answers of a supplier, and raises its prices after so many of them.

    Args:
        after: This answer is the last of the old prices.
    """

    def __init__(self, after: int) -> None:
        self.backend: SupplierBackend | None = None
        self.too_late = False  # something was ordered by then
        self._left = after

    def __call__(self, response: Response) -> Response:
        """Count the answer."""
        self._left -= 1
        if self._left == 0 and isinstance(self.backend, RaisesPrices):
            self.too_late = bool(self.backend.orders())
            self.backend.raise_price(now=START)
        return response


class ByAbility(Demands):
    """Demands on what only some suppliers can; the others skip them."""

    @abstractmethod
    def side(self, change: Callable[[Response], Response] | None = None) -> SupplierSide:
        """The platform before a fresh backend."""

    @abstractmethod
    def asked_for(self, side: SupplierSide, bench: Bench, *quantities: str) -> PurchaseOrder:
        """A purchase order as it would be placed."""

    @abstractmethod
    def place(self, side: SupplierSide, bench: Bench) -> tuple[PurchaseOrder, Placed]:
        """An order that has been placed."""

    @abstractmethod
    def total(self, side: SupplierSide, bench: Bench, po: PurchaseOrder, placed: Placed) -> Money:
        """What it costs, as the supplier says."""

    # --- splitting ---

    def test_a_product_belongs_to_the_same_part_whatever_is_asked_beside_it(self) -> None:
        """All at once, each alone, and again: and what is not sold is left out."""
        side = self.side()
        bench, adapter, goods = Bench(side), side.adapter, side.backend.goods
        if not isinstance(adapter, Splits):
            raise SkipTest("takes all in one order")
        parts = bench.run(adapter.parts(goods))
        assert parts.keys() == {*goods}, "some of what it sells is in no part, or there is more in them"
        assert all(parts.values()), "a part has no name"
        assert len({*parts.values()}) == 1, "the backend's goods go in one order"
        for remote_id in goods:
            assert bench.run(adapter.parts([remote_id])) == {remote_id: parts[remote_id]}, (
                f"{remote_id} alone is in another part"
            )
        assert bench.run(adapter.parts([])) == {}, "nothing was asked for, and something is in a part"
        unknown = f"{goods[0]}0"
        with suppress(BridgeError):  # it may say so
            assert unknown not in bench.run(adapter.parts([goods[0], unknown])), (
                f"{unknown}, which is not sold, is in a part"
            )
        assert bench.run(adapter.parts(goods)) == parts, "asked again, they are in other parts"

    # --- quoting ---

    def test_an_order_costs_exactly_what_was_quoted(self) -> None:
        """In each way of sending it, as long as no price moves; asking changes nothing."""
        adapter = self._quotes()
        side = self.side()
        quote = self._quote(side, Bench(side))
        for option in quote.options or (None,):
            side = self.side()
            bench = Bench(side)
            po = self.asked_for(side, bench, "2", "1")
            po = po if option is None else attrs.evolve(po, carrier=option.code)
            result = bench.carry(partial(side.adapter.place, po))
            assert not isinstance(result, (Unclear, Refused)), f"place: comes to {result}"
            refs = [placed.supplier_ref for placed in result.placed]
            assert len(refs) == 1, f"place: one order was asked for, and it comes to {refs or 'none'}"
            placed = result.placed[0]
            total = self.total(side, bench, attrs.evolve(po, supplier_ref=placed.supplier_ref), placed)
            assert total == (quote.goods if option is None else quote.goods + option.price), (
                f"quoted {quote.goods} and {option}, and it costs {total}"
            )
        assert quote.options or not adapter.needed_to_place, "no way to send it is named, and one is needed"

    def test_ways_of_sending_are_told_apart(self) -> None:
        """Each code stands once, each price is in the currency of the goods, and two quotes are the same."""
        self._quotes()
        side = self.side()
        bench = Bench(side)
        quote = self._quote(side, bench)
        codes = [option.code for option in quote.options]
        assert len(set(codes)) == len(codes), f"which way is meant by one of {codes}?"
        assert all(codes), "a way of sending has no code"
        assert {option.price.currency for option in quote.options} <= {quote.goods.currency}, (
            "a way of sending is priced in another currency than the goods"
        )
        assert not quote.refused, "there is plenty of everything"
        assert self._quote(side, bench) == quote, (
            "asked again, nothing having changed, it costs something else"
        )

    def test_a_price_that_moves_is_not_paid_before_a_person_has_seen_it(self) -> None:
        """Raised after each answer up to the order's: it is quoted anew, or a person is asked."""
        if not self._quotes().needed_to_place:
            raise SkipTest("is asked only where product links have costs, and here are none")
        if not isinstance(self.side().backend, RaisesPrices):
            raise SkipTest("the backend has no hand raise_price")
        asked = 0
        for after in range(1, 200):
            people = _RaisesPrice(after)
            scene = self.scene(people)
            people.backend = scene.supplier.backend
            outcome = story(scene)
            quoted, paid = _sums(outcome.trace, "Quoted", "total"), _sums(outcome.trace, "Paying", "amount")
            assert quoted, outcome.story
            # The question may be closed by the end: the supplier's people have shipped, as if it were paid.
            if any(" journal: TooDear " in line for line in outcome.trace):
                asked += 1
                assert not paid, outcome.story
                assert not any(order.paid for order in scene.supplier.backend.orders()), outcome.story
            else:
                assert set(paid) <= {quoted[-1]}, f"{paid} is paid, {quoted[-1]} was quoted\n{outcome.story}"
            if people.too_late:
                break
        assert asked, "between the quote and the order a price may move unseen"

    def _quotes(self) -> Quotes:
        adapter = self.side().adapter
        if not isinstance(adapter, Quotes):
            raise SkipTest("quotes nothing")
        return adapter

    def _quote(self, side: SupplierSide, bench: Bench) -> Quote:
        adapter = side.adapter
        assert isinstance(adapter, Quotes)
        before = bench.effects()
        quote = bench.run(adapter.quote(self.asked_for(side, bench, "2", "1")))
        assert isinstance(quote, Quote), f"quote: comes to {quote}"
        assert bench.effects() == before, "asking for a price has changed something"
        return quote

    # --- paying ---

    def test_who_pays_leaves_and_is_not_kept(self) -> None:
        """The journal's request says nothing of the buyer, and is the same whoever pays."""
        side, bench, adapter, po, total = self._to_pay()
        write = bench.run(adapter.pay(po, total, BUYER, Past()))
        assert isinstance(write, Write), f"pay: comes to {write}"
        for mark in (BUYER.ip, "Mirabelle"):
            kept = f"{write!r} {write.request.path} {write.request.query} {write.request.body!r}"
            assert mark not in kept, "what is journalled names the buyer"
            assert mark not in "".join(write.request.headers.values()), "a header names the buyer"
        if adapter.needs_buyer:
            assert write.private is not None, "it asks who pays, and sends nothing of that"
            nobody = bench.run(adapter.pay(po, total, None, Past()))
            assert isinstance(nobody, Write), f"pay: comes to {nobody} without a buyer"
            assert nobody.private is None, "somebody pays where nobody was named"
            assert nobody.request == write.request, "what is journaled depends on who pays"
        assert side.backend.orders()[0].paid == 0, "money moved, and only the request was asked for"

    def test_a_payment_that_is_under_way_is_asked_about_and_never_made_again(self) -> None:
        """However often it is looked at, and in an order's whole life."""
        side, bench, adapter, po, total = self._to_pay()
        if not isinstance(side.backend, PaysSlowly):
            raise SkipTest("the backend has no hand pay_slowly")
        side.backend.pay_slowly()
        result: object = bench.carry(lambda past: adapter.pay(po, total, BUYER, past))
        for past in (bench.past, Past(), Past(attempted=True)) * 2:
            assert isinstance(result, PaymentSeen), f"pay: comes to {result}"
            assert result.payment is Payment.PENDING, f"a payment under way is told as {result.payment}"
            bench.wait()
            result = bench.run(adapter.pay(po, total, BUYER, past))
        status = bench.run(side.adapter.fetch(po))
        assert status is not None
        assert status.payment is Payment.PENDING, f"fetch: a payment under way is told as {status.payment}"
        scene = self.scene()
        assert isinstance(scene.supplier.backend, PaysSlowly)
        scene.supplier.backend.pay_slowly()
        outcome = story(scene)
        assert len(_sums(outcome.trace, "Paying", "amount")) == 1, outcome.story
        assert [order.paid for order in scene.supplier.backend.orders()] == [1], outcome.story
        assert not outcome.problems, outcome.story

    def test_a_first_payment_that_a_person_must_make_names_its_page(self) -> None:
        """It is refused with the page to pay at, and no money moves."""
        side, bench, adapter, po, total = self._to_pay()
        if not isinstance(side.backend, FirstPaidByHand):
            raise SkipTest("the backend has no hand forget_payments")
        side.backend.forget_payments()
        result = bench.carry(lambda past: adapter.pay(po, total, BUYER, past))
        assert isinstance(result, Refused), f"pay: comes to {result}"
        assert result.page.startswith("https://"), "where does a person pay?"
        assert [order.paid for order in side.backend.orders()] == [0], (
            "money moved in a payment that was refused"
        )

    def _to_pay(self) -> tuple[SupplierSide, Bench, Pays, PurchaseOrder, Money]:
        side = self.side()
        bench, adapter = Bench(side), side.adapter
        if not isinstance(adapter, Pays):
            raise SkipTest("is not paid through its API")
        po, placed = self.place(side, bench)
        return side, bench, adapter, po, self.total(side, bench, po, placed)

    # --- taking back ---

    @each_fault
    def test_whatever_one_call_comes_to_a_purchase_is_canceled_once(self, fault: Fault) -> None:
        """Each of its calls, one after the other."""
        self._cancels()
        boxes: list[tuple[SupplierSide, PurchaseOrder]] = []

        def prepare() -> tuple[Bench, Callable[[Past], Flow[Write | PurchaseCanceled | Unclear]]]:
            side = self.side()
            bench, adapter = Bench(side), side.adapter
            assert isinstance(adapter, CancelsPurchases)
            po, _ = self.place(side, bench)
            boxes.append((side, po))
            return bench, lambda past: adapter.cancel_purchase(po, past)

        for bench, result in self.each_call(fault, prepare):
            side, po = boxes[-1]
            assert isinstance(result, PurchaseCanceled), f"cancel_purchase: comes to {result}"
            assert [order.canceled for order in side.backend.orders()] == [1], "it was to be canceled once"
            status = bench.run(side.adapter.fetch(po))
            assert status is not None
            canceled = (Fulfillment.CANCELED, Fulfillment.CANCEL_REQUESTED)
            assert status.fulfillment in canceled, f"it is canceled, and fetch says {status}"
            adapter = side.adapter
            assert isinstance(adapter, CancelsPurchases)
            again = bench.run(adapter.cancel_purchase(po, Past()))
            assert isinstance(again, PurchaseCanceled), f"it is canceled already: {again}"

    def test_what_has_left_is_not_canceled(self) -> None:
        """A person is told, or the supplier refuses."""
        self._cancels()
        side = self.side()
        bench, adapter = Bench(side), side.adapter
        assert isinstance(adapter, CancelsPurchases)
        po, _ = self.place(side, bench)
        side.backend.ship(po.supplier_ref, tracking_number(1), now=bench.now)
        result = bench.carry(lambda past: adapter.cancel_purchase(po, past))
        assert isinstance(result, (Refused, Unclear)), f"cancel_purchase: comes to {result}"
        assert [order.canceled for order in side.backend.orders()] == [0], (
            "it was canceled, and that was refused"
        )

    def _cancels(self) -> None:
        if not isinstance(self.side().adapter, CancelsPurchases):
            raise SkipTest("takes nothing back through its API")

    # --- showing what is in the account ---

    def test_all_that_was_ordered_is_shown_with_our_reference(self) -> None:
        """More orders than a page holds; others change while they are read; and a read changes nothing."""
        side = self.side()
        bench, adapter = Bench(side), side.adapter
        if not isinstance(adapter, (ListsPurchases, FindsPurchases)):
            raise SkipTest("does not show what is in the account")
        began = bench.now
        ours = dict(
            zip(self._many(side, bench), self._references(self.asked_for(side, bench, "2", "1")), strict=True)
        )
        bench.wait()
        before = bench.effects()
        moving = [*ours]

        def one_more(_: int, answer: Response) -> Response:
            if moving and isinstance(adapter, ListsPurchases):
                side.backend.ship(moving.pop(), tracking_number(len(moving)), now=bench.now)
            return answer

        if isinstance(adapter, ListsPurchases):
            seen = self._purchases(bench, adapter, began, one_more)
        else:
            seen = [
                each for reference in ours.values() for each in bench.run(adapter.purchases_with(reference))
            ]
            assert bench.effects() == before, "a read has changed something"
            assert not bench.run(adapter.purchases_with("suite4q7m2xwnobo")), "nobody has ordered that"
        listed = {each.supplier_ref: each.reference for each in seen}
        wrong = {ref: listed.get(ref) for ref in sorted({*ours, *listed}) if listed.get(ref) != ours.get(ref)}
        said = f"{len(wrong)} of {len(ours)} orders are shown under another reference, or not at all"
        assert not wrong, f"{said}: {[*wrong.items()][:5]}"

    def test_what_was_canceled_is_shown_as_canceled_or_not_at_all(self) -> None:
        """Or a person would be asked about a twin that is none any more."""
        self._cancels()
        side = self.side()
        bench, adapter = Bench(side), side.adapter
        if not isinstance(adapter, (ListsPurchases, FindsPurchases)):
            raise SkipTest("does not show what is in the account")
        assert isinstance(adapter, CancelsPurchases)
        began = bench.now
        po, _ = self.place(side, bench)
        bench.carry(lambda past: adapter.cancel_purchase(po, past))
        bench.wait()
        if isinstance(adapter, ListsPurchases):
            seen = self._purchases(bench, adapter, began)
        else:
            seen = list(bench.run(adapter.purchases_with(po.reference)))
        canceled = (Fulfillment.CANCELED, Fulfillment.CANCEL_REQUESTED)
        assert all(each.fulfillment in canceled for each in seen), seen

    def _purchases(
        self,
        bench: Bench,
        adapter: ListsPurchases,
        since: datetime,
        spoil: Callable[[int, Response], Response] | None = None,
    ) -> list[SeenPurchase]:
        """All that is listed, each with what it carries."""
        listed: dict[str, SeenPurchase] = {}
        cursor: str | None = None
        for _ in range(200):
            page = bench.run(adapter.purchases(cursor, since=since, now=bench.now), spoil)
            listed |= {each.supplier_ref: each for each in page.items}
            cursor = page.cursor
            if cursor is None:
                break
        else:
            raise AssertionError("purchases: there is always one more page")
        whole = [
            each if each.reference is not None else bench.run(adapter.purchase(each.supplier_ref))
            for each in listed.values()
        ]
        assert None not in whole, "it is listed, and nothing can be read of it"
        return [each for each in whole if each is not None]

    # --- listing changes ---

    def test_every_changed_order_is_listed_though_pages_move(self) -> None:
        """More orders than a page holds; others change while they are read; and then there is quiet."""
        side = self.side()
        bench, adapter = Bench(side), side.adapter
        if not isinstance(adapter, ListsChanges):
            raise SkipTest("lists no changes")
        refs = self._many(side, bench)
        bench.wait()  # the list may lag
        told, cursor = self._listed(bench, adapter, None)
        assert {*refs} <= {*told}, "a new order is not listed"
        bench.wait()
        told, cursor = self._listed(bench, adapter, cursor)
        still, moving = refs[::2], refs[1::2]
        for number, ref in enumerate(still):
            side.backend.ship(ref, tracking_number(number), now=bench.now)

        def one_more(_: int, answer: Response) -> Response:
            if moving:
                ref = moving.pop()
                side.backend.ship(ref, tracking_number(1000 + len(moving)), now=bench.now)
            return answer

        bench.wait(1)
        told, cursor = self._listed(bench, adapter, cursor, one_more)
        while moving:
            one_more(0, Response(200))
        more: list[str] = []
        for _ in range(3):
            bench.wait()
            more, cursor = self._listed(bench, adapter, cursor)
            told += more
        assert {*refs} <= {*told}, f"changed, and not listed: {sorted({*refs} - {*told})[:5]}"
        assert {*told} <= {*refs}, "orders are listed that nobody made"
        assert not more, f"nothing has changed for hours, and {more[:5]} are listed again"

    def _many(self, side: SupplierSide, bench: Bench) -> list[str]:
        po = self.asked_for(side, bench, "2", "1")
        refs: list[str] = []
        for number, reference in enumerate(self._references(po)):
            mine = attrs.evolve(po, id=f"shop/{number}/supplier/1", reference=reference)
            result = bench.carry(partial(self._beside, side.adapter, mine, frozenset(refs)))
            assert not isinstance(result, (Unclear, Refused)), f"place: comes to {result}"
            refs += [placed.supplier_ref for placed in result.placed]
            bench.wait(0.05)
        return refs

    def _references(self, po: PurchaseOrder) -> list[str]:
        """Of each of many, in letters that are none of a number's."""
        letters = str.maketrans("0123456789", "abcdefghij")
        tags = (f"{number:03}".translate(letters) for number in range(_MANY))
        return [f"{po.reference[:-3]}{tag}" for tag in tags]

    def _beside(
        self, adapter: SupplierAdapter, po: PurchaseOrder, others: frozenset[str], past: Past
    ) -> Flow[Write | Placement | Unclear]:
        return adapter.place(po, attrs.evolve(past, others=others))

    def _listed(
        self,
        bench: Bench,
        adapter: ListsChanges,
        cursor: str | None,
        spoil: Callable[[int, Response], Response] | None = None,
    ) -> tuple[list[str], str]:
        refs: list[str] = []
        for _ in range(200):
            page = bench.run(adapter.changes(cursor, now=bench.now), spoil)
            refs += page.refs
            cursor = page.cursor
            if not page.more:
                return refs, cursor
        raise AssertionError("changes: there is always one more page")


def _sums(trace: tuple[str, ...], event: str, name: str) -> list[str]:
    """What the journal's events of a kind say of money, first to last."""
    found = (re.search(_SUM.format(name), line) for line in trace if f" journal: {event} " in line)
    return [each[1] for each in found if each]


def the_one(orders: Sequence[Ordered]) -> Ordered:
    """The only order that the supplier has."""
    refs = ", ".join(order.ref for order in orders) or "none"
    assert len(orders) == 1, f"one order was asked for, and the supplier has {len(orders)}: {refs}"
    return orders[0]
