"""What happens inside a simulated Rewix supplier: his stock, the growing order, his logistics.

No wire here: ``rewix.py`` turns calls into these steps, and tests move orders with the same ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from typing import Literal, TypeAlias
from urllib.parse import quote

import attrs

__all__ = ["UPS_AND_DHL", "Carrier", "Change", "Code", "Desk", "Effect", "NotEnoughStock", "RewixOrder"]

Change: TypeAlias = Literal["lock", "set", "unlock"]


class Code(IntEnum):
    """Status numbers of the platform. Plug-ins use some of them for things of their own."""

    PENDING = 0
    MONEY_WAITING = 1
    CONFIRMED = 2
    DISPATCHED = 3
    BOOKED = 5
    DROPSHIPPING = 6  # a wrapper; the real step stands in substatus
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


_UNPAID = (Code.PENDING, Code.MONEY_WAITING, Code.BOOKED, Code.PAYMENT_SCHEDULED)
# What logistics writes: into substatus where the server keeps the order Booked.
_LOGISTICS = frozenset((Code.CONFIRMED, Code.DISPATCHED, *range(3001, 3008)))


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

        recipient: Everything below ``recipient_details`` by element name; a shopper, so not in
            the repr.

        released: Its units went back to stock.

        history: Each status number with its time, first to last.
    """

    key: str
    order_id: str
    items: Mapping[str, int]
    recipient: Mapping[str, str] = attrs.field(repr=False)
    carrier: str
    placed_at: datetime
    last_update: datetime
    status: int
    substatus: int = 0
    tracking_code: str = ""
    tracking_url: str = ""
    dispatched: bool = False
    released: bool = False
    history: list[tuple[datetime, int]] = attrs.field(factory=list[tuple[datetime, int]])

    @property
    def step(self) -> int:
        """Where it really is, whichever of the two fields says so."""
        wrapped = self.status in (Code.BOOKED, Code.DROPSHIPPING)
        return self.substatus if wrapped and self.substatus else self.status


@attrs.frozen(kw_only=True)
class Effect:
    """One change that was asked for and carried out; refused calls leave none.

    Args:
        what: ``"others"`` is a change by somebody else on the account.

        ref: The stock id for changes of the growing order, the key for placed orders.

        quantity: Units asked for, which may be more than were given.
    """

    at: datetime
    what: Change | Literal["place", "others"]
    ref: str
    quantity: int


class NotEnoughStock(Exception):
    """Neither the growing order nor the shelf holds enough; nothing was taken."""


class Desk:
    """The supplier's stock and orders, and what he does with them.

    Args:
        stock: Free units by stock id (the model id); what is locked or ordered is not in it.

        substatus: Keep orders Booked and tell the progress in ``substatus``.
    """

    def __init__(self, *, stock: Mapping[str, Decimal | int], substatus: bool) -> None:
        self.stock = {stock_id: _pieces(units) for stock_id, units in stock.items()}
        self.substatus = substatus
        self.locked: dict[str, int] = {}
        self.orders: list[RewixOrder] = []
        self.effects: list[Effect] = []

    @property
    def placed_keys(self) -> list[str]:
        """The key of every order, in the order they came; one that stands twice was ordered twice."""
        return [order.key for order in self.orders]

    def order(self, order_id: str) -> RewixOrder:
        """The order with this supplier id."""
        return next(order for order in self.orders if order.order_id == order_id)

    # What a client's calls do.

    def change(
        self, what: Literal["lock", "set", "unlock"], stock_id: str, units: int, now: datetime
    ) -> None:
        """Change the growing order as far as stock allows; a shortfall is no error."""
        held = self.locked.get(stock_id, 0)
        self._set(stock_id, {"lock": held + units, "unlock": held - units, "set": units}[what])
        self.effects.append(Effect(at=now, what=what, ref=stock_id, quantity=units))

    def take(self, orders: Collection[RewixOrder], now: datetime) -> None:
        """Accept all of these orders or, if stock is short for one model, none.

        What the growing order holds goes first, so placing takes it out of there.
        """
        wanted = Counter[str]()
        for order in orders:
            wanted.update(order.items)
        for stock_id, units in wanted.items():
            if units > self.locked.get(stock_id, 0) + self.stock[stock_id]:
                raise NotEnoughStock(stock_id)
        for stock_id, units in wanted.items():
            held = self.locked.get(stock_id, 0)
            self._set(stock_id, held - units)
            self.stock[stock_id] -= units
        for order in orders:
            self.orders.append(order)
            self.effects.append(
                Effect(at=now, what="place", ref=order.key, quantity=sum(order.items.values()))
            )

    # What the supplier does.

    def pay(self, order_id: str | None = None, *, now: datetime) -> None:
        """The merchant paid in the web shop: one order, or all that wait for it."""
        self._advance(order_id, _UNPAID, Code.CONFIRMED, now)

    def work(self, order_id: str | None = None, *, now: datetime) -> None:
        """Start on one order, or on all confirmed ones."""
        self._advance(order_id, (Code.CONFIRMED,), Code.WORKING_ON, now)

    def ready(self, order_id: str | None = None, *, now: datetime) -> None:
        """Pack one order, or all that are worked on."""
        self._advance(order_id, (Code.WORKING_ON,), Code.READY, now)

    def dispatch(
        self, order_id: str, *, tracking_code: str = "", carrier: str | None = None, now: datetime
    ) -> None:
        """Hand it to the carrier, perhaps another than chosen; call again if the number comes later."""
        order = self.order(order_id)
        order.dispatched = True
        order.carrier = carrier or order.carrier
        order.tracking_code = tracking_code
        host = quote(order.carrier.lower(), safe="")
        number = quote(tracking_code, safe="")
        order.tracking_url = f"https://{host}.example/track?tracknum={number}" if tracking_code else ""
        self._move(order, Code.DISPATCHED, now)

    def hold(self, order_id: str, code: Code = Code.NOT_DISPATCHABLE, *, now: datetime) -> None:
        """Stop it for a reason: one of the numbers 3003 to 3007."""
        self._move(self.order(order_id), code, now)

    def cancel(self, order_id: str, *, now: datetime) -> None:
        """Cancel it; what has not left goes back to stock."""
        self._release(order_id, Code.CANCELED, now)

    def reject(self, order_id: str, *, now: datetime) -> None:
        """Refuse it after all; what has not left goes back to stock."""
        self._release(order_id, Code.REJECTED, now)

    def refund(self, order_id: str, *, now: datetime) -> None:
        """Give the money back."""
        self._move(self.order(order_id), Code.REFUNDED, now)

    def set_status(self, order_id: str, status: int, substatus: int = 0, *, now: datetime) -> None:
        """Write any two numbers, also ones that nobody knows."""
        order = self.order(order_id)
        order.status, order.substatus, order.last_update = status, substatus, now
        order.history.append((now, order.step))

    def others_lock(self, stock_id: str, units: int, *, now: datetime) -> None:
        """Somebody else on the account adds to the growing order, or takes away (negative)."""
        self._set(stock_id, self.locked.get(stock_id, 0) + units)
        self.effects.append(Effect(at=now, what="others", ref=stock_id, quantity=units))

    def _set(self, stock_id: str, units: int) -> None:
        """Bring the growing order to so many units, or as near as stock allows."""
        held = self.locked.pop(stock_id, 0)
        units = max(0, min(units, held + self.stock[stock_id]))
        self.stock[stock_id] += held - units
        if units:
            self.locked[stock_id] = units

    def _advance(self, order_id: str | None, steps: Collection[int], code: Code, now: datetime) -> None:
        if order_id is not None:
            self._move(self.order(order_id), code, now)
            return
        for order in self.orders:
            if order.step in steps:
                self._move(order, code, now)

    def _move(self, order: RewixOrder, code: Code, now: datetime) -> None:
        wrapped = order.status == Code.DROPSHIPPING or (self.substatus and order.status == Code.BOOKED)
        if wrapped and code in _LOGISTICS:
            order.substatus = int(code)
        else:
            order.status = int(code)  # substatus keeps its last word, which then means nothing
        order.last_update = now
        order.history.append((now, int(code)))

    def _release(self, order_id: str, code: Code, now: datetime) -> None:
        order = self.order(order_id)
        if not order.dispatched and not order.released:
            order.released = True
            for stock_id, units in order.items.items():
                self.stock[stock_id] += units
        self._move(order, code, now)


def _pieces(units: Decimal | int) -> int:
    if units < 0 or units != int(units):
        raise ValueError(f"this supplier sells whole pieces, not {units}")
    return int(units)
