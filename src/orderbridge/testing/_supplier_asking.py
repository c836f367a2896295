"""What a supplier's adapter must say whole when it orders and pays: a part of its suite."""

from __future__ import annotations

import re
from decimal import Decimal
from unittest import SkipTest

import attrs

from ..adapters import CarriesNotes, MovedByPeople, Packs, Past, Pays, Placement, Refused, Unclear, Write
from ._bench import Bench
from ._supplier_abilities import ByAbility, the_one
from .backends import SetsTotals
from .scenes import BUYER

__all__ = ["OnAsking"]

# What becomes another sum on its way through a float, and one too large for some.
_SUMS = ("0.29", "1.15", "4.35", "19.99", "1000000.01")

_NOTE, _PACKING = "MarkOfTheNote", "MarkOfThePacking"


class OnAsking(ByAbility):
    """Demands on what is said to the supplier."""

    def test_an_order_goes_where_the_shopper_lives(self) -> None:
        """Street, postal code, city, country and phone, as far as the backend keeps them."""
        self.asks()
        side = self.side()
        po, _ = self.place(side, Bench(side))
        told = the_one(side.backend.orders()).to
        if not told:
            raise SkipTest("the backend does not tell where an order goes: Ordered.to")
        to = po.ship_to
        wanted = {
            "line1": to.line1,
            "postal_code": to.postal_code,
            "city": to.city,
            "country": to.country,
            "phone": to.phone,
        }
        assert told.keys() <= wanted.keys(), f"Ordered.to has fields that nobody knows: {[*told]}"
        for name, came in told.items():
            said = f"{name}: {wanted[name]!r} was asked for, and {came!r} has come"
            assert _compared(name, came) == _compared(name, wanted[name]), said

    def test_what_is_to_be_packed_and_the_note_reach_the_supplier(self) -> None:
        """They stand in what is sent when it is ordered."""
        side = self.side()
        adapter, bench = side.adapter, Bench(side)
        wanted = {_PACKING: isinstance(adapter, Packs), _NOTE: isinstance(adapter, CarriesNotes)}
        if isinstance(adapter, MovedByPeople) or not any(wanted.values()):
            raise SkipTest("takes neither packing nor notes: it is neither Packs nor CarriesNotes")
        po = attrs.evolve(self.asked_for(side, bench, "2", "1"), note=_NOTE, packing=(_PACKING,))
        result = bench.carry(lambda past: adapter.place(po, past))
        assert isinstance(result, Placement), f"place: comes to {result}"
        sent = [write.private or write.request for write, _ in bench.writes]
        said = b"".join(b"%s %s" % (request.query.encode(), request.body) for request in sent)
        for mark in (mark for mark, carried in wanted.items() if carried):
            assert mark.encode() in said, f"{mark} was to go with the order, and no write of it says so"

    def test_exactly_what_an_order_costs_is_paid(self) -> None:
        """To the cent, also where a float has none."""
        if not isinstance(self.side().adapter, Pays):
            raise SkipTest("is not paid through its API")
        self._paid_exactly(None)
        if isinstance(self.side().backend, SetsTotals):
            for text in _SUMS:
                self._paid_exactly(Decimal(text))

    def test_an_order_that_costs_another_sum_than_is_to_be_paid_is_not_paid(self) -> None:
        """Its price has moved since it was asked about: a person is told, or the supplier refuses."""
        side = self.side()
        bench, adapter = Bench(side), side.adapter
        if not isinstance(adapter, Pays):
            raise SkipTest("is not paid through its API")
        po, placed = self.place(side, bench)
        total = self.total(side, bench, po, placed)
        other = total.times(2)
        result = bench.carry(lambda past: adapter.pay(po, other, BUYER, past))
        paid = the_one(side.backend.orders()).paid
        said = f"{other} was to be paid for what costs {total}: paid {paid} times, and pay comes to {result}"
        assert paid == 0, said
        assert isinstance(result, (Refused, Unclear)), said

    def _paid_exactly(self, sum_: Decimal | None) -> None:
        """What an order costs, or this sum, is paid once."""
        side = self.side()
        bench, adapter, backend = Bench(side), side.adapter, side.backend
        assert isinstance(adapter, Pays)
        po, placed = self.place(side, bench)
        if sum_ is not None and isinstance(backend, SetsTotals):
            backend.set_total(po.supplier_ref, sum_, now=bench.now)
            bench.wait()
            placed = attrs.evolve(placed, total=None)  # that of before
        total = self.total(side, bench, po, placed)
        assert sum_ in (None, total.amount), f"it costs {sum_}, and fetch says {total}"
        write = bench.run(adapter.pay(po, total, BUYER, Past()))
        assert isinstance(write, Write), f"pay: comes to {write}"
        assert write.amount == total, f"{total} is to be paid, and the write says {write.amount}"
        bench.carry(lambda past: adapter.pay(po, total, BUYER, past))
        ordered = the_one(backend.orders())
        assert ordered.paid == 1, f"{total} was to be paid once, and was {ordered.paid} times"
        assert ordered.amount in (None, total), f"{total} was to be paid, and {ordered.amount} was"


def _compared(name: str, value: str) -> str:
    """A phone number by its digits: platforms write them in many ways."""
    return re.sub(r"\D", "", value) if name == "phone" else " ".join(value.split())
