"""What a simulated Rewix supplier has: free units, their prices, and the growing order of one account."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, TypeAlias

import attrs

from .records import Change, Effect, NotEnoughStock, RewixOrder

__all__ = ["Shelf", "ShortStock"]

ShortStock: TypeAlias = Literal["refuse_412", "cut", "accept"]


@attrs.define
class _Planned:
    """What somebody else will do to the growing order after so many more calls."""

    calls: int
    what: Change
    stock_id: str
    units: int


class Shelf:
    """Stock, prices and the growing order.

    Args:
        stock: Free units by stock id (the model id); what is locked or ordered is not in it.

        prices: Net price of a unit (``bestTaxable``) in EUR by stock id.

        hold_for: What the growing order holds of a model goes back to the shelf so long after
            its last change. None: never.

        short_stock: What placing does when there is too little: refuse, cut the line, or accept
            an order that cannot be sent whole.
    """

    def __init__(
        self,
        *,
        stock: Mapping[str, Decimal | int],
        prices: Mapping[str, Decimal],
        hold_for: timedelta | None,
        short_stock: ShortStock,
    ) -> None:
        self.stock = {stock_id: _pieces(units) for stock_id, units in stock.items()}
        self.prices = dict(prices)
        self.hold_for = hold_for
        self.short_stock: ShortStock = short_stock
        self.locked: dict[str, int] = {}
        self.locked_at: dict[str, datetime] = {}
        self.changed_at: dict[str, datetime] = {}
        self.effects: list[Effect] = []
        self._planned: list[_Planned] = []

    # What a client's calls do.

    def change(self, what: Change, stock_id: str, units: int, now: datetime) -> None:
        """Change the growing order as far as stock allows; a shortfall is no error."""
        self._hold(stock_id, self._target(what, stock_id, units), now)
        self.effects.append(Effect(at=now, what=what, ref=stock_id, quantity=units))

    def take(self, orders: Collection[RewixOrder], now: datetime) -> None:
        """Take what these orders need, of all or of none.

        What the growing order holds goes first, so placing takes it out of there.

        Raises:
            NotEnoughStock: Too little for one of them; nothing was taken.
        """
        there = {stock_id: self.locked.get(stock_id, 0) + free for stock_id, free in self.stock.items()}
        given: list[dict[str, int]] = []
        for order in orders:
            given.append({stock_id: min(units, there[stock_id]) for stock_id, units in order.items.items()})
            for stock_id, units in given[-1].items():
                if units < order.items[stock_id] and self.short_stock == "refuse_412":
                    raise NotEnoughStock(stock_id)
                there[stock_id] -= units
            if self.short_stock == "cut" and not any(given[-1].values()):
                raise NotEnoughStock(next(iter(order.items)))
        for order, units_of in zip(orders, given, strict=True):
            order.taken = units_of
            if self.short_stock == "cut":
                order.items = {stock_id: units for stock_id, units in units_of.items() if units}
            for stock_id, units in units_of.items():
                self._hold(stock_id, self.locked.get(stock_id, 0) - units, now)
                self.stock[stock_id] -= units

    # What others on the account do.

    def others(self, what: Change, stock_id: str, units: int, *, after_calls: int = 0, now: datetime) -> None:
        """A person or another plug-in changes the growing order.

        Args:
            after_calls: Not now, but right after so many more calls of the client: between two of
                his, so that what he read is no longer so.
        """
        self._known(stock_id)
        if after_calls:
            self._planned.append(_Planned(after_calls, what, stock_id, units))
            return
        target = self._target(what, stock_id, units)
        asked = target - self.locked.get(stock_id, 0)
        self._hold(stock_id, target, now)
        self.effects.append(Effect(at=now, what="others", ref=stock_id, quantity=asked))

    def others_lock(self, stock_id: str, units: int, *, now: datetime) -> None:
        """Somebody else on the account adds to the growing order, or takes away (negative)."""
        self.others("lock", stock_id, units, now=now)

    # What happens at the supplier.

    def restock(self, stock_id: str, units: int, *, now: datetime) -> None:
        """Units come in; of a model that was not there before, too."""
        if units < 0:
            raise ValueError("what goes away is lost, not restocked")
        self.stock[stock_id] = self.stock.get(stock_id, 0) + units
        self.changed_at[stock_id] = now

    def lose(self, stock_id: str, units: int, *, now: datetime) -> None:
        """Units are sold elsewhere or broken: free ones first, then those in the growing order."""
        self._known(stock_id)
        missing = max(0, units - self.stock[stock_id])
        self._hold(stock_id, self.locked.get(stock_id, 0) - missing, now)
        self.stock[stock_id] = max(0, self.stock[stock_id] - units)

    def reprice(self, stock_id: str, price: Decimal, *, now: datetime) -> None:
        """The net price of a unit is another one from now on, in EUR."""
        self._known(stock_id)
        self.prices[stock_id] = price
        self.changed_at[stock_id] = now

    def let_go(self, now: datetime) -> None:
        """What was held too long goes back to the shelf."""
        if self.hold_for is not None:
            for stock_id, since in list(self.locked_at.items()):
                if now >= since + self.hold_for:
                    self._hold(stock_id, 0, now)

    def after_call(self, now: datetime) -> None:
        """A call of the client is over: others do what they had planned for now."""
        for planned in list(self._planned):
            planned.calls -= 1
            if planned.calls <= 0:
                self._planned.remove(planned)
                self.others(planned.what, planned.stock_id, planned.units, now=now)

    def _known(self, stock_id: str) -> None:
        if stock_id not in self.stock:
            raise LookupError(f"there is no model {stock_id}")

    def _target(self, what: Change, stock_id: str, units: int) -> int:
        held = self.locked.get(stock_id, 0)
        return {"lock": held + units, "unlock": held - units, "set": units}[what]

    def _hold(self, stock_id: str, units: int, now: datetime) -> None:
        """Bring the growing order to so many units, or as near as stock allows."""
        held = self.locked.pop(stock_id, 0)
        self.locked_at.pop(stock_id, None)
        units = max(0, min(units, held + self.stock[stock_id]))
        self.stock[stock_id] += held - units
        self.changed_at[stock_id] = now
        if units:
            self.locked[stock_id] = units
            self.locked_at[stock_id] = now


def _pieces(units: Decimal | int) -> int:
    if units < 0 or units != int(units):
        raise ValueError(f"this supplier sells whole pieces, not {units}")
    return int(units)
