"""What a supplier is asked: to take an order, to say how far it is, and what only some of them can."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Protocol

import attrs

from ._http import Response
from ._model import Held, Money, PurchaseOrder, Shipment, utc_or_none
from ._states import Fulfillment, Payment
from ._writes import Flow, Past, Unclear, Verdict, Write


@attrs.frozen(kw_only=True)
class Placed:
    """One order at the supplier.

    Args:
        supplier_ref: Its id there.

        lines: Supplier units by remote id; None where the supplier does not say.

        fulfillment: The state it stands at, where the supplier says so.

        payment: The same for money.

        raw_status: The supplier's word.

        total: What the supplier asks for it.

        url: Its page for the merchant.
    """

    supplier_ref: str
    lines: tuple[tuple[str, Decimal], ...] | None = None
    fulfillment: Fulfillment | None = None
    payment: Payment | None = None
    raw_status: str = ""
    total: Money | None = None
    url: str = ""


@attrs.frozen(kw_only=True)
class RefusedLine:
    """Units the supplier did not take."""

    remote_id: str
    quantity: Decimal
    why: str


@attrs.frozen(kw_only=True)
class Placement:
    """What placing came to: one order, or several where the supplier splits, and lines refused."""

    placed: tuple[Placed, ...]
    refused: tuple[RefusedLine, ...] = ()


@attrs.frozen(kw_only=True)
class SupplierStatus:
    """The supplier's word on one purchase order.

    Args:
        raw: The word itself, always.

        fulfillment: What it means; None if nobody knows that word. Never a default.

        payment: What it says of money; None if nothing.

        at: When the supplier last changed it (UTC), where it says so.

        shipments: All departures known so far, each with the same ``ref`` each time.
    """

    raw: str
    fulfillment: Fulfillment | None
    payment: Payment | None = None
    at: datetime | None = attrs.field(default=None, converter=utc_or_none)
    shipments: tuple[Shipment, ...] = ()
    total: Money | None = None


@attrs.frozen(kw_only=True)
class PaymentSeen:
    """What paying came to."""

    payment: Payment
    total: Money | None = None
    url: str = ""


class SupplierAdapter(Protocol):
    """Somebody who ships for the merchant."""

    def place(self, po: PurchaseOrder, past: Past) -> Flow[Write | Placement | Unclear]:
        """Order it: look by ``po.reference`` first, and return the write only if it is not there."""
        ...

    def fetch(self, po: PurchaseOrder) -> Flow[SupplierStatus | None]:
        """How far it is; None if the supplier does not know it."""
        ...

    def judge(self, write: Write, response: Response) -> Verdict:
        """What the answer to a write proves; ``judge_by_status`` where the platform is plain."""
        ...


class Reserves(ABC):
    """A supplier with a growing order: units are held for the account before they are ordered."""

    @abstractmethod
    def held(self) -> Flow[tuple[Held, ...]]:
        """All that the account holds, by whomever."""

    @abstractmethod
    def set_held(self, units: Mapping[str, Decimal], past: Past) -> Flow[Write | tuple[Held, ...] | Unclear]:
        """Hold exactly so many of each remote id named; ids not named stay untouched.

        Returns what the account holds when nothing is left to set. A supplier that gives less than
        was asked is no error: the caller compares.
        """


class Pays(ABC):
    """A supplier that is paid through its API, as a step of its own after placing."""

    @abstractmethod
    def pay(self, po: PurchaseOrder, total: Money, past: Past) -> Flow[Write | PaymentSeen | Unclear]:
        """Pay ``total`` for it: read whether it is paid first."""


class PaidByHand(ABC):
    """A supplier where a person pays."""

    @abstractmethod
    def payment_page(self, po: PurchaseOrder) -> str:
        """The page where a person pays for it."""
