"""What an order must say, and what the shop must show of it: a part of ``StoreSuite``.

Some of it is tried on answers that are changed on their way: a currency that there is not, a status of
tomorrow. That is done to any JSON. Where a shop speaks otherwise, a hand of its backend or a method of the
suite's class does it, see ``backends``.
"""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import cast

import attrs
import pytest

from .. import Line, NoticeLine, Order, Package, ShipmentNotice, StorePayment
from ..adapters import Annotates, Announced, CorrectsTracking, Note, Noted, Response, SetAside
from ..errors import BridgeError
from ._bench import SHOPPER, START, Bench
from ._store_abilities import StoreAbilities
from .backends import SellsUnpaid, ShowsAddresses, ShowsRemarks, SpoilsOrders, tracking_number
from .simulator import StoreSide

__all__ = ["StoreOrders"]

_TOMORROW = "word_of_tomorrow"
_STATUS = re.compile(r"(status|state)(_?name)?", re.IGNORECASE)
_PAYMENT = re.compile(r"\w*(financial|payment|paid)_?\w*(status|state)", re.IGNORECASE)
_FIELDS = ("name", "company", "line1", "line2", "postal_code", "city", "country", "phone")
_AGAIN = tracking_number(70)  # of goods that leave once more


class StoreOrders(StoreAbilities):
    """Demands on how orders are read, and on what the shop shows of what it was told."""

    @abstractmethod
    def side(self, change: Callable[[Response], Response] | None = None) -> StoreSide:
        """The platform before a fresh backend."""

    @abstractmethod
    def sold(self, side: StoreSide, bench: Bench, shopper: str = SHOPPER.name) -> Order:
        """An order that the shop has, as the adapter reads it."""

    @abstractmethod
    def notice(
        self, order: Order, *, packages: int = 1, lines: tuple[Line, ...] | None = None, number: int = 1
    ) -> ShipmentNotice:
        """One departure of the lines, or of all that is open."""

    def with_another_status(self, response: Response, order: Order) -> Response:
        """The answer, in which the order has a status of tomorrow: override where yours is no JSON."""

        def change(name: str, value: object) -> object:
            told = _same(value, order.raw_status) or (_STATUS.search(name) is not None)
            return _TOMORROW if told and isinstance(value, str) else value

        return _changed(response, lambda document: _each(document, change))

    def with_another_payment(self, response: Response) -> Response:
        """The answer, in which the payment has a word of tomorrow: override where yours is no JSON."""

        def change(name: str, value: object) -> object:
            told = _same(value, "paid") or _PAYMENT.search(name) is not None
            return _TOMORROW if told and isinstance(value, str) else value

        return _changed(response, lambda document: _each(document, change))

    # --- reading ---

    def test_an_order_that_cannot_be_understood_is_set_aside_and_hides_no_other(self) -> None:
        """One of three has the currency EURO: the others come, and this one is told of."""
        by_hand = isinstance(self.side().backend, SpoilsOrders)
        spoiled: list[str] = []  # the currency, once it is to be another
        names = ("Ada Firstling", "Bea Oddling", "Cid Lastling")
        reached: list[bool] = []

        def change(response: Response) -> Response:
            if not spoiled:
                return response
            odd, others = "Oddling", ("Firstling", "Lastling")
            changed = _changed(response, lambda document: _spoil(document, odd, others, spoiled[0]))
            reached.append(changed is not response)
            return changed

        side = self.side(None if by_hand else change)
        bench = Bench(side)
        since = bench.now - timedelta(hours=1)
        first, odd, last = (self.sold(side, bench, shopper) for shopper in names)
        if by_hand:
            cast("SpoilsOrders", side.backend).spoil(odd.ref)
        else:
            spoiled.append(odd.currency)
        came, aside = self._pull(side, bench, since)
        if not by_hand and not any(reached):
            pytest.skip("no JSON that names the shopper: give the backend a hand to spoil an order")
        assert {first.ref, last.ref} <= came, f"one odd order, and {sorted(came)} come of three"
        assert odd.ref not in came, "an order with the currency EURO passes for a good one"
        assert aside, "an order that cannot be understood is dropped in silence: put it into set_aside"
        for each in aside:
            assert each.ref in (odd.ref, ""), f"{each.ref} is set aside, and {odd.ref} is the odd one"
            assert "Oddling" not in repr(each), "what is said of an order set aside names its shopper"
        try:
            found = bench.run(side.adapter.fetch_order(odd.ref))
        except BridgeError:
            return
        except Exception as error:
            raise AssertionError(
                f"fetch_order: an order with the currency EURO raises {error!r}; raise Malformed"
            ) from error
        assert found is not None, "an order that cannot be understood passes for one that is gone"
        raise AssertionError("fetch_order: an order with the currency EURO passes for a good one")

    def _pull(self, side: StoreSide, bench: Bench, since: datetime) -> tuple[set[str], list[SetAside]]:
        came, aside = set[str](), list[SetAside]()
        cursor: str | None = None
        for _ in range(6):
            try:
                page = bench.run(side.adapter.fetch_orders(cursor, since=since, now=bench.now))
            except Exception as error:
                raise AssertionError(f"fetch_orders: one odd order stops all, by {error!r}") from error
            came |= {order.ref for order in page.items}
            aside += page.set_aside
            cursor = page.next
            if not page.more:
                bench.wait()
        return came, aside

    def test_a_status_of_tomorrow_is_neither_ready_nor_canceled(self) -> None:
        """Nothing is shipped, and nothing is called off, by a word that nobody knows."""
        known: list[Order] = []
        reached: list[bool] = []

        def change(response: Response) -> Response:
            changed = self.with_another_status(response, known[0]) if known else response
            reached.append(changed is not response)
            return changed

        side = self.side(change)
        bench = Bench(side)
        known.append(self.sold(side, bench))
        found = self._read_if_understood(side, bench, known[0])
        if not any(reached):
            pytest.skip("no status in JSON: override with_another_status")
        paged = self._orders(side, bench, START - timedelta(hours=1)) if found is not None else []
        for each in (found, *paged):
            if each is not None:
                assert not each.ready, "a status that nobody knows counts as ready"
                assert not each.canceled, "a status that nobody knows counts as canceled"

    def test_a_payment_of_tomorrow_is_not_paid(self) -> None:
        """A word that nobody knows says nothing about money."""
        known: list[Order] = []
        reached: list[bool] = []

        def change(response: Response) -> Response:
            changed = self.with_another_payment(response) if known else response
            reached.append(changed is not response)
            return changed

        side = self.side(change)
        bench = Bench(side)
        known.append(self.sold(side, bench))
        found = self._read_if_understood(side, bench, known[0])
        if not any(reached):
            pytest.skip("no word about the payment in JSON: override with_another_payment")
        paged = self._orders(side, bench, START - timedelta(hours=1)) if found is not None else []
        for each in (found, *paged):
            if each is not None:
                right = each.payment is StorePayment.UNKNOWN
                assert right, f"a word about the payment that nobody knows counts as {each.payment.value}"

    def test_an_order_that_is_not_paid_is_not_told_as_paid(self) -> None:
        """Nor one of which the money is only set aside: it would be ordered at once."""
        side = self.side()
        bench = Bench(side)
        if not isinstance(side.backend, SellsUnpaid):
            pytest.skip("the backend has no hand sell_unpaid")
        since = bench.now - timedelta(hours=1)
        refs = side.backend.sell_unpaid({"SUITE-1": 2}, shopper=SHOPPER.name, now=bench.now)
        alone = [bench.run(side.adapter.fetch_order(ref)) for ref in refs]
        for order in (*alone, *(each for each in self._orders(side, bench, since) if each.ref in refs)):
            paid = order is not None and order.payment is StorePayment.PAID
            assert not paid, f"order {order.ref if order else ''} is not paid, and counts as paid"

    def _read_if_understood(self, side: StoreSide, bench: Bench, order: Order) -> Order | None:
        """The order, or None where its words are refused as a whole, which harms nobody."""
        try:
            found = bench.run(side.adapter.fetch_order(order.ref))
        except BridgeError:
            return None
        assert found is not None, "an order with a word that nobody knows passes for one that is gone"
        return found

    def test_an_order_goes_to_the_whole_address_that_the_shop_shows(self) -> None:
        """Street, postal code, city, country and phone, by itself and from a page."""
        side = self.side()
        bench = Bench(side)
        since = bench.now - timedelta(hours=1)
        alone = self.sold(side, bench)
        came = [order for order in self._orders(side, bench, since) if order.ref == alone.ref]
        assert came, "a sold order does not come"
        for order in (alone, *came):
            here = order.ship_to
            assert here is not None, "the order goes nowhere"
            missing = [
                name for name in ("line1", "postal_code", "city", "country") if not getattr(here, name)
            ]
            assert not missing, f"ship_to lacks {', '.join(missing)}: nothing can be sent there"
            assert re.fullmatch("[A-Z]{2}", here.country), f"country {here.country!r} is no code such as PL"
            if isinstance(side.backend, ShowsAddresses):
                wanted = side.backend.ship_to(order.ref)
                wrong = [name for name in _FIELDS if getattr(here, name) != getattr(wanted, name)]
                assert not wrong, f"ship_to has another {', '.join(wrong)} than the shop shows"

    def _orders(self, side: StoreSide, bench: Bench, since: datetime) -> list[Order]:
        found: list[Order] = []
        cursor: str | None = None
        for _ in range(4):
            page = bench.run(side.adapter.fetch_orders(cursor, since=since, now=bench.now))
            found += page.items
            cursor = page.next
            if not page.more:
                bench.wait()
        return found

    # --- what has left ---

    def test_units_that_the_shop_knows_as_shipped_are_not_open_any_more(self) -> None:
        """One unit of two is told: the order, read again, has one less to ship. Else it is shipped twice."""
        side = self.side()
        bench, adapter = Bench(side), side.adapter
        since = bench.now - timedelta(hours=1)
        order = self.sold(side, bench)
        line = next(line for line in order.lines if line.shippable and line.open > 1)
        notice = self.notice(order, lines=(line,))
        part = NoticeLine(line_ref=line.ref, ship_ref=line.ship_ref or line.ref, units=Decimal(1))
        notice = attrs.evolve(notice, lines=(part,), completes=False)
        result = bench.carry(partial(adapter.announce, order, notice))
        assert isinstance(result, Announced), f"announce: comes to {result}"
        if any(shown.units is None for shown in side.backend.shown(order.ref)):
            pytest.skip("the shop cannot say what has left")
        bench.wait()
        again = bench.run(adapter.fetch_order(order.ref))
        assert again is not None
        was = {each.ref: each.open for each in order.lines}
        paged = [each for each in self._orders(side, bench, since) if each.ref == order.ref]
        assert paged, "an order of which something has left does not come"
        for where, found in (("by itself", again), ("from a page", paged[-1])):
            now = {each.ref: each.open for each in found.lines}
            right = now == {**was, line.ref: was[line.ref] - 1}
            assert right, f"open before {was}, and {where} with one unit gone {now}"

    def test_goods_that_leave_once_more_are_one_parcel_and_no_units(self) -> None:
        """A notice without lines: its number is shown, and nothing else of the order changes."""
        side = self.side()
        bench, adapter = Bench(side), side.adapter
        order = self.sold(side, bench)
        line = next(line for line in order.lines if line.shippable)
        notice = attrs.evolve(self.notice(order, lines=(line,)), completes=False)
        result = bench.carry(partial(adapter.announce, order, notice))
        assert isinstance(result, Announced), f"announce: comes to {result}"
        was = attrs.evolve(self._again(side, bench, order), store="shop")
        units = _units(side, order)
        package = Package(tracking_number=_AGAIN, tracking_url="https://carrier.example/70", carrier="UPS")
        more = attrs.evolve(
            notice,
            key=f"suite{order.ref}again",
            purchase_order_id=f"{order.id}/supplier/2",
            lines=(),
            packages=(package,),
        )
        result = bench.carry(partial(adapter.announce, was, more))
        assert isinstance(result, Announced), f"announce: a notice without lines comes to {result}"
        numbers = [number for shown in side.backend.shown(order.ref) for number in shown.numbers]
        assert numbers.count(_AGAIN) == 1, f"goods left once more as {_AGAIN}, and the shop shows {numbers}"
        now = self._again(side, bench, order)
        assert _units(side, order) == units, "goods that left once more count as units shipped"
        assert now.lines == was.lines, "goods that left once more change what is open"
        assert now.raw_status == was.raw_status, f"{was.raw_status} became {now.raw_status}"
        assert not side.backend.closed(order.ref), "something is left to ship, and the order is closed"

    def _again(self, side: StoreSide, bench: Bench, order: Order) -> Order:
        bench.wait()
        found = bench.run(side.adapter.fetch_order(order.ref))
        assert found is not None, f"order {order.ref} is gone"
        return found

    # --- what the shopper gets to know ---

    def test_a_remark_for_the_staff_is_not_shown_to_the_shopper(self) -> None:
        """And one that is for the shopper is, or a person is asked."""
        side = self.side()
        bench, adapter = Bench(side), side.adapter
        if not isinstance(adapter, Annotates):
            pytest.skip("cannot put a remark on an order")
        if not isinstance(side.backend, ShowsRemarks):
            pytest.skip("the backend does not say which remarks the shopper sees")
        order = self.sold(side, bench)
        note = Note(key="suitestaff1", text="The shopper must not read Mirabellenkompott")
        result = bench.carry(partial(adapter.annotate, order, note))
        assert isinstance(result, Noted), f"annotate: comes to {result}"
        told = "\n".join(side.backend.shown_to_shopper(order.ref))
        assert "Mirabellenkompott" not in told, "a remark for the staff is shown to the shopper"
        mails = side.backend.mails(order.ref)
        assert not mails, f"a remark for the staff makes {mails} mails"

    def test_a_number_that_is_put_right_in_silence_mails_nobody(self) -> None:
        """``notify`` holds for a correction too."""
        if not self.has(self.side(), CorrectsTracking):
            pytest.skip("cannot put tracking right")
        side = self.side()
        bench, adapter = Bench(side), side.adapter
        assert isinstance(adapter, CorrectsTracking)
        order, notice, told = self.wrongly_told(side, bench)
        mails = side.backend.mails(order.ref)
        notice = attrs.evolve(notice, notify=False)
        result = bench.carry(partial(adapter.correct, order, notice, told))
        assert isinstance(result, Announced), f"correct: comes to {result}"
        assert side.backend.mails(order.ref) == mails, "the shopper got a mail that was not wanted"


def _units(side: StoreSide, order: Order) -> Decimal:
    """All units that the shop shows as gone, as far as it says."""
    return sum(
        (sum((each.units or {}).values(), Decimal(0)) for each in side.backend.shown(order.ref)), Decimal(0)
    )


# --- answers that are changed on their way ---


def _changed(response: Response, change: Callable[[object], object]) -> Response:
    """The answer with its JSON changed; the very same answer if it is none, or stays as it is."""
    try:
        document = cast("object", json.loads(response.body))
    except ValueError:
        return response
    changed = change(document)
    if changed == document:
        return response
    return attrs.evolve(response, body=json.dumps(changed).encode())


def _each(node: object, change: Callable[[str, object], object], name: str = "") -> object:
    """A document whose every value went through ``change``, with the name that it stands under."""
    if isinstance(node, dict):
        fields = cast("dict[str, object]", node)
        return {key: _each(value, change, key) for key, value in fields.items()}
    if isinstance(node, list):
        return [_each(each, change, name) for each in cast("list[object]", node)]
    return change(name, node)


def _spoil(node: object, odd: str, others: Sequence[str], currency: str) -> object:
    """In the largest parts that speak of this shopper alone, the currency becomes EURO."""
    text = json.dumps(node)
    if odd not in text:
        return node
    if not any(other in text for other in others):
        return _each(node, lambda _, value: "EURO" if _same(value, currency) else value)
    if isinstance(node, dict):
        fields = cast("dict[str, object]", node)
        return {key: _spoil(value, odd, others, currency) for key, value in fields.items()}
    return [_spoil(each, odd, others, currency) for each in cast("list[object]", node)]


def _same(value: object, word: str) -> bool:
    return isinstance(value, str) and bool(word) and value.casefold() == word.casefold()
