"""The people of a simulated Rewix supplier: they take money, pack, send, and take goods back.

No wire here: ``front`` turns calls into these steps, and tests move orders with the same ones.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from urllib.parse import quote

from .records import Code, Effect, ReturnedUnit, ReturnStatus, RewixOrder
from .shelf import Shelf, ShortStock

__all__ = ["Desk"]

_UNPAID = (Code.PENDING, Code.MONEY_WAITING, Code.BOOKED, Code.PAYMENT_SCHEDULED)
# What logistics writes: into substatus where the server keeps the order Booked.
_LOGISTICS = frozenset((Code.CONFIRMED, Code.DISPATCHED, *range(3001, 3008)))


class Desk(Shelf):
    """The supplier's orders, and what he does with them. Each step may be taken at any time.

    Args:
        substatus: Keep orders Booked and tell the progress in ``substatus``.

        autopay: The account is on credit: orders start as Confirmed.

        booked_for: A Booked order is canceled so long after it came. None: never.
    """

    def __init__(
        self,
        *,
        stock: Mapping[str, Decimal | int],
        prices: Mapping[str, Decimal],
        hold_for: timedelta | None,
        short_stock: ShortStock,
        substatus: bool,
        autopay: bool,
        booked_for: timedelta | None,
    ) -> None:
        super().__init__(stock=stock, prices=prices, hold_for=hold_for, short_stock=short_stock)
        self.substatus = substatus
        self.autopay = autopay
        self.booked_for = booked_for
        self.orders: list[RewixOrder] = []
        self.returned: list[ReturnedUnit] = []
        self._labels = count(7001)

    @property
    def placed_keys(self) -> list[str]:
        """The key of every order, in the order they came; one that stands twice was ordered twice."""
        return [order.key for order in self.orders]

    @property
    def waiting_for_money(self) -> list[RewixOrder]:
        """Orders that a person can pay in the web shop."""
        return [order for order in self.orders if order.step in _UNPAID]

    def order(self, order_id: str) -> RewixOrder:
        """The order with this supplier id."""
        for order in self.orders:
            if order.order_id == order_id:
                return order
        raise LookupError(f"there is no order {order_id}")

    def accept(self, orders: Collection[RewixOrder], now: datetime) -> None:
        """Take what these orders need, and keep them; all or, if stock is short for one, none."""
        self.take(orders, now)
        for order in orders:
            self.orders.append(order)
            units = sum(order.items.values())
            self.effects.append(Effect(at=now, what="place", ref=order.key, quantity=units))

    def confirm(self, order_id: str | None = None, *, now: datetime) -> None:
        """The merchant confirms one order that came with ``autoConfirm`` off, or all of them."""
        self._advance(order_id, (Code.PENDING,), self.first_step, now)

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
        """Give the money of the whole order back."""
        self._move(self.order(order_id), Code.REFUNDED, now)

    def say(self, order_id: str, code: int, substatus: int = 0, *, now: datetime) -> None:
        """Write any two numbers, also ones that nobody knows."""
        order = self.order(order_id)
        order.status, order.substatus, order.last_update = int(code), int(substatus), now
        order.history.append((now, order.step))

    def open_return(
        self,
        order_id: str,
        items: Mapping[str, int] | None = None,
        *,
        reference: str = "",
        notes: str = "",
    ) -> list[str]:
        """The shopper sends units back, all of them if none are named; one code for each unit."""
        order = self.order(order_id)
        opened: list[ReturnedUnit] = []
        for stock_id, units in (order.items if items is None else items).items():
            back = sum(unit.order_id == order_id and unit.stock_id == stock_id for unit in self.returned)
            if not 0 < units <= order.items.get(stock_id, 0) - back:
                raise ValueError(f"order {order_id} has not so many units of {stock_id} to send back")
            opened += [
                ReturnedUnit(
                    code=f"RMA{next(self._labels)}",
                    order_id=order_id,
                    stock_id=stock_id,
                    reference=reference,
                    notes=notes,
                )
                for _ in range(units)
            ]
        self.returned += opened
        return [unit.code for unit in opened]

    def move_return(self, code: str, status: ReturnStatus, *, now: datetime) -> None:
        """Say where a returned unit is; one that arrives whole goes back to stock."""
        unit = self._unit(code)
        arrived = status is ReturnStatus.RECEIVED and unit.status is not ReturnStatus.RECEIVED
        unit.status = status
        if arrived:
            self.restock(unit.stock_id, 1, now=now)

    def refund_return(self, code: str) -> None:
        """Give the money of one returned unit back."""
        self._unit(code).refunded = True

    @property
    def first_step(self) -> Code:
        """Where a confirmed order begins: on credit nobody waits for money."""
        return Code.CONFIRMED if self.autopay else Code.BOOKED

    def let_go(self, now: datetime) -> None:
        """What was held too long goes back to the shelf, and what was not paid in time is canceled."""
        super().let_go(now)
        if self.booked_for is not None:
            for order in self.orders:
                if order.step == Code.BOOKED and now >= order.placed_at + self.booked_for:
                    self.cancel(order.order_id, now=now)

    def _unit(self, code: str) -> ReturnedUnit:
        for unit in self.returned:
            if unit.code == code:
                return unit
        raise LookupError(f"there is no return {code}")

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
            for stock_id, units in order.taken.items():
                self.restock(stock_id, units, now=now)
        self._move(order, code, now)
