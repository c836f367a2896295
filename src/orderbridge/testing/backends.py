"""What the suites and the simulator ask of a simulated platform, beside that it answers calls.

A backend is yours to write: a small model of the platform at its wire format, from the platform's
documentation and never from your adapter, which would share its mistakes. ``handle`` answers
calls; the other methods are the hands and eyes of the test. They act and look behind the wire, so
no fault of the line ever touches them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol, runtime_checkable

import attrs

from .. import Address, Money
from .._http import Call, Response
from ..sandbox.faults import Backend

__all__ = [
    "TRACKING",
    "CallsBack",
    "FirstPaidByHand",
    "Ordered",
    "OrdersAgain",
    "PaysSlowly",
    "PrintsLabels",
    "RaisesPrices",
    "SellsUnpaid",
    "SetsTotals",
    "ShipsParts",
    "Shown",
    "StoreBackend",
    "SupplierBackend",
    "Unasked",
    "tracking_number",
]

# Tracking numbers of the tests, so that a backend which only keeps text can find them in it.
TRACKING = re.compile(r"OB\d{8}")


def tracking_number(n: int) -> str:
    """The ``n``-th tracking number."""
    return f"OB{n:08}"


@attrs.frozen(kw_only=True)
class Shown:
    """One departure as the shop shows it.

    Args:
        numbers: Its tracking numbers.

        units: What is in it, by SKU; None where this shop cannot say.
    """

    numbers: tuple[str, ...]
    units: Mapping[str, Decimal] | None = None


@attrs.frozen(kw_only=True)
class Ordered:
    """One order as the supplier has it.

    Args:
        ref: The supplier's id of it.

        reference: The client's number on it, if this supplier keeps one.

        shopper: Whom it goes to.

        units: By remote id.

        paid: How many times its total has been paid; None where nobody pays through the API.

        canceled: How many times it was canceled; what finds it canceled and changes nothing does not count.

        to: Where it goes: what it keeps of ``line1``, ``postal_code``, ``city``, ``country`` and ``phone``,
            by these names. What you leave out is not compared; what is empty has not come.

        amount: What the last payment moved; None where nothing was paid, or your backend does not say.
    """

    ref: str
    reference: str
    shopper: str = attrs.field(repr=False)
    units: Mapping[str, Decimal]
    paid: int | None = None
    canceled: int = 0
    to: Mapping[str, str] = attrs.field(factory=dict[str, str], repr=False)
    amount: Money | None = None


class StoreBackend(Backend, Protocol):
    """A simulated shop."""

    def sell(self, goods: Mapping[str, int], *, shopper: str, now: datetime) -> str:
        """A shopper buys so many of each SKU and pays; the order's ref as the adapter will call it.

        ``shopper`` is the name on the shipping address.
        """
        ...

    def shown(self, ref: str) -> Sequence[Shown]:
        """What the shop tells of departures of this order; told twice stands here twice."""
        ...

    def mails(self, ref: str) -> int:
        """How many mails the shopper got about departures of this order."""
        ...

    def closed(self, ref: str) -> bool:
        """The shop says that the order is done."""
        ...

    def effects(self) -> int:
        """How many calls have changed something so far."""
        ...


class SupplierBackend(Backend, Protocol):
    """A simulated supplier.

    What follows is asked of each. Further hands are yours to write where your supplier has what they are
    about; a test that needs one is skipped where it is missing:

    - ``order_again``: the same is ordered once more under one reference, see ``OrdersAgain``;
    - ``print_label``: a number shows before anything has left, see ``PrintsLabels``;
    - ``ship_part``: an order leaves in parts, see ``ShipsParts``;
    - ``raise_price``: prices move after the quote, see ``RaisesPrices``;
    - ``set_total``: an order is to cost another sum, see ``SetsTotals``;
    - ``pay_slowly``: a payment is undecided for a while, see ``PaysSlowly``;
    - ``forget_payments``: a person makes the first payment, see ``FirstPaidByHand``;
    - ``call_back``: the platform calls us, see ``CallsBack``.
    """

    @property
    def goods(self) -> Sequence[str]:
        """Remote ids that can be ordered in any number the tests come to (some hundreds), and together:
        a supplier that splits takes them in one order."""
        ...

    def orders(self) -> Sequence[Ordered]:
        """Everything ordered for good, first to last; drafts that cost nothing do not stand here."""
        ...

    def work(self, now: datetime) -> None:
        """Whatever the supplier does next, for all orders: accept, be paid by hand, pack; never ship.

        Called several times before ``ship``.
        """
        ...

    def ship(self, ref: str, number: str, *, now: datetime) -> None:
        """The order leaves as one package with this tracking number, by a carrier of your choice."""
        ...

    def effects(self) -> int:
        """How many calls have changed something so far."""
        ...


@runtime_checkable
class OrdersAgain(Protocol):
    """A hand of suppliers that show which orders bear a reference, and take one twice."""

    def order_again(self, ref: str, *, now: datetime) -> str:
        """One more order like this one, under the same reference: its id. No call has made it."""
        ...


@runtime_checkable
class PrintsLabels(Protocol):
    """A hand of suppliers that tell a tracking number before anything has left."""

    def print_label(self, ref: str, number: str, *, now: datetime) -> None:
        """The order's label is printed and all of it is still here; ``ship`` will name the same number."""
        ...


@runtime_checkable
class SetsTotals(Protocol):
    """A hand of suppliers that are paid through their API."""

    def set_total(self, ref: str, total: Decimal, *, now: datetime) -> None:
        """So much is to be paid for this order, in the currency it has."""
        ...


@runtime_checkable
class CallsBack(Protocol):
    """A hand of platforms that call us: without it, a reader of calls is only shown false ones."""

    def call_back(self, *, now: datetime) -> Call:
        """One genuine call about an order, signed as the platform does; another message each time."""
        ...


@runtime_checkable
class ShowsAddresses(Protocol):
    """A hand of shops: where an order goes, as the shop's own pages show it."""

    def ship_to(self, ref: str) -> Address:
        """At least name, street, postal code, city, country and phone."""
        ...


@runtime_checkable
class ShowsRemarks(Protocol):
    """A hand of shops that keep remarks."""

    def shown_to_shopper(self, ref: str) -> Sequence[str]:
        """The remarks on an order that its shopper is mailed or finds in the shop."""
        ...


@runtime_checkable
class SellsUnpaid(Protocol):
    """A hand of shops that show orders before their money has come."""

    def sell_unpaid(self, goods: Mapping[str, int], *, shopper: str, now: datetime) -> Sequence[str]:
        """Refs of an order for each way in which yours shows one so: not paid, only authorized."""
        ...


@runtime_checkable
class SpoilsOrders(Protocol):
    """A hand of shops whose lists name no shopper, so that the suite cannot spoil an order by itself."""

    def spoil(self, ref: str) -> None:
        """From now on the order holds something that none can have, such as the currency EURO."""
        ...


@runtime_checkable
class RaisesPrices(Protocol):
    """A hand of suppliers that are quoted."""

    def raise_price(self, *, now: datetime) -> None:
        """All goods cost more from now on."""
        ...


@runtime_checkable
class ShipsParts(Protocol):
    """A hand of suppliers that send an order in several departures, and tell what is in each."""

    def ship_part(self, ref: str, units: Mapping[str, int], number: str, *, now: datetime) -> None:
        """So many of these remote ids leave in a package; ``ship`` sends what is left after it."""
        ...


@runtime_checkable
class PaysSlowly(Protocol):
    """A hand of suppliers whose payments may be undecided for a while."""

    def pay_slowly(self) -> None:
        """From now on no payment is decided for a day."""
        ...


@runtime_checkable
class FirstPaidByHand(Protocol):
    """A hand of suppliers where a person makes the first payment."""

    def forget_payments(self) -> None:
        """Nobody has paid here yet."""
        ...


class Unasked:
    """What stands behind a supplier that people move: nobody. A call is a failure of the test."""

    goods = ("P-1", "P-2", "P-3")

    def handle(self, call: Call, now: datetime) -> Response:
        """No call of its adapter's ever leaves."""
        raise AssertionError(f"people move it, and it was sent {call.method} {call.url.partition('?')[0]}")

    def orders(self) -> Sequence[Ordered]:
        """They are on paper."""
        return ()

    def work(self, now: datetime) -> None:
        """People work unseen."""

    def ship(self, ref: str, number: str, *, now: datetime) -> None:
        """The same."""

    def effects(self) -> int:
        """None."""
        return 0
