"""What a simulated Rewix supplier keeps: orders, returned goods, and what was done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from typing import Literal, TypeAlias

import attrs

__all__ = [
    "UPS_AND_DHL",
    "Carrier",
    "Change",
    "Code",
    "Effect",
    "NotEnoughStock",
    "ReturnStatus",
    "ReturnedUnit",
    "RewixOrder",
]

Change: TypeAlias = Literal["lock", "set", "unlock"]


class Code(IntEnum):
    """Status numbers of the platform. Plug-ins use some of them for things of their own."""

    PENDING = 0
    MONEY_WAITING = 1
    CONFIRMED = 2
    DISPATCHED = 3
    BOOKED = 5
    DROPSHIPPING = 6  # a wrapper; the real step stands in substatus
    PENDING_WITHOUT_LOCK = 10
    WISHLIST = 11
    PAYMENT_CANCELED = 1000
    CANCELED = 2000
    EXCEPTION = 2001
    PAYMENT_CHECK_FAILED = 2002
    REFUNDED = 2003
    REJECTED = 2005
    WORKING_ON = 3001
    READY = 3002
    NOT_DISPATCHABLE = 3003
    MISSING_ITEMS = 3004
    NOT_ALLOWED_TO_DISPATCH = 3005
    NOT_DISPATCHABLE_READY = 3006
    NOT_VALIDATED = 3007
    PAYMENT_SCHEDULED = 4000
    NOT_AUTHORIZED = 5001
    AUTHORIZED = 5002
    GROWING = 5003  # the growing order itself, never one that was placed
    AUTHORIZED_BY_PHOTO = 5004


class ReturnStatus(IntEnum):
    """Where one returned unit is."""

    PENDING = 0
    AUTHORIZED_AT_BUYERS_COST = 1
    AUTHORIZED = 2
    RECEIVED = 3
    RECEIVED_DAMAGED = 4
    NOT_RECEIVED = 5
    REFUSED = 7
    COMPLETED = 9


@attrs.frozen(kw_only=True)
class Carrier:
    """A carrier this account may choose; ``cost`` is for one order, in EUR."""

    id: int
    name: str
    cost: Decimal


UPS_AND_DHL = (
    Carrier(id=1, name="UPS", cost=Decimal("5.90")),
    Carrier(id=2, name="DHL", cost=Decimal("7.50")),
)


@attrs.define(kw_only=True)
class RewixOrder:
    """One order at the supplier, as he sees it.

    Args:
        key: The client's reference, ``ext_ref`` in answers.

        items: What will be sent, by stock id; less than was asked for where lines were cut.

        asked: What the client ordered.

        recipient: Everything below ``recipient_details`` by element name; a shopper, so not in
            the repr.

        prices: Net price of a unit in EUR when the order came, where one is known.

        extra: What BDroppy's clients send beside it, by element name; prices of lines as
            ``price_taxable/<stock id>``.

        taken: Units that left the shelf for it; fewer than ``items`` if more was accepted than there is.

        released: What was taken went back to stock.

        history: Each status number with its time, first to last.
    """

    key: str
    order_id: str
    items: Mapping[str, int]
    asked: Mapping[str, int]
    recipient: Mapping[str, str] = attrs.field(repr=False)
    carrier: str
    placed_at: datetime
    last_update: datetime
    status: int
    substatus: int = 0
    prices: Mapping[str, Decimal] = attrs.field(factory=dict[str, Decimal])
    extra: Mapping[str, str] = attrs.field(factory=dict[str, str], repr=False)
    tracking_code: str = ""
    tracking_url: str = ""
    dispatched: bool = False
    taken: Mapping[str, int] = attrs.field(factory=dict[str, int])
    released: bool = False
    history: list[tuple[datetime, int]] = attrs.field(factory=list[tuple[datetime, int]])

    @property
    def step(self) -> int:
        """Where it really is, whichever of the two fields says so."""
        wrapped = self.status in (Code.BOOKED, Code.DROPSHIPPING)
        return self.substatus if wrapped and self.substatus else self.status

    @property
    def total(self) -> Decimal:
        """What the goods cost the merchant, net, in EUR, without the carrier."""
        return sum(
            (self.prices.get(stock_id, Decimal(0)) * units for stock_id, units in self.items.items()),
            Decimal(0),
        )


@attrs.define(kw_only=True)
class ReturnedUnit:
    """One piece that comes back.

    Args:
        code: What stands on its label.

        reference: The client's own, ``requestExtRef`` in answers.

        refunded: Its money went back.
    """

    code: str
    order_id: str
    stock_id: str
    status: ReturnStatus = ReturnStatus.PENDING
    reference: str = ""
    notes: str = ""
    refunded: bool = False


@attrs.frozen(kw_only=True)
class Effect:
    """One change that was asked for and carried out; refused calls leave none.

    Args:
        what: ``"others"`` is a change by somebody else on the account.

        ref: The stock id for changes of the growing order, the key for placed orders.

        quantity: Units asked for, which may be more than were given; those of others with a sign.
    """

    at: datetime
    what: Change | Literal["place", "others"]
    ref: str
    quantity: int


class NotEnoughStock(Exception):
    """Neither the growing order nor the shelf holds enough; nothing was taken."""
