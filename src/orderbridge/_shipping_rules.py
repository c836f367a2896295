"""Shipping rules: which of a supplier's ways is taken, by where goods go, what they sell for and weigh."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from enum import Enum

import attrs

from ._fits import (
    COUNTRIES,
    MONEY,
    WEIGHT,
    Wanted,
    all_in,
    is_count,
    must_fit,
    one_of,
    or_none,
    says_something,
)
from ._model import Order, PurchaseOrder
from ._money import Money
from ._supplier_adapter import ShippingOption

__all__ = ["ShipBy", "ShippingRule", "cheapest", "fastest", "sold_for"]


class ShipBy(Enum):
    """Which of a supplier's shipping options is taken where no rule says so."""

    CHEAPEST = "CHEAPEST"
    FASTEST = "FASTEST"
    BY_HAND = "BY_HAND"


@attrs.frozen(kw_only=True)
class ShippingRule:
    """Which shipping option is taken for some orders; of several rules the first that fits and finds one.

    Args:
        carrier: An option's code or title; empty takes the cheapest that is left.

        countries: Ship-to countries (ISO 3166-1 alpha-2) it is for; empty for all.

        suppliers: Names of supplier accounts it is for; empty for all.

        shop_method: Part of the code or title of the method the shopper chose.

        min_total: Least value of the goods in the shop, without tax; other currencies do not fit.

        max_total: Most, the same.

        min_weight: Least weight of the goods in kg; where the shop does not say it, the rule does not fit.

        max_weight: Most, the same.

        max_days: Only options that promise to arrive in so many days.
    """

    carrier: str = ""
    countries: frozenset[str] = frozenset()
    suppliers: frozenset[str] = frozenset()
    shop_method: str = ""
    min_total: Money | None = None
    max_total: Money | None = None
    min_weight: Decimal | None = None
    max_weight: Decimal | None = None
    max_days: int | None = None

    def __attrs_post_init__(self) -> None:
        must_fit(attrs.asdict(self, recurse=False), _OF_SHIPPING, where="shipping")

    def fits(self, order: Order, po: PurchaseOrder) -> bool:
        """Is it for this purchase order?"""
        if self.countries and po.ship_to.country not in self.countries:
            return False
        if self.suppliers and po.supplier not in self.suppliers:
            return False
        words = " ".join(f"{method.code} {method.title}" for method in order.shipping).lower()
        if self.shop_method.lower() not in words:
            return False
        return self._total_fits(order, po) and self._weight_fits(order, po)

    def _total_fits(self, order: Order, po: PurchaseOrder) -> bool:
        total = sold_for(order, po)
        for limit in (self.min_total, self.max_total):
            if limit is not None and limit.currency != total.currency:
                return False
        over = self.max_total is not None and total > self.max_total
        return not over and not (self.min_total is not None and total < self.min_total)

    def _weight_fits(self, order: Order, po: PurchaseOrder) -> bool:
        if self.min_weight is None and self.max_weight is None:
            return True
        weight = _weight(order, po)
        if weight is None:
            return False
        return (self.min_weight or Decimal(0)) <= weight <= (self.max_weight or Decimal("Infinity"))

    def choose(self, options: tuple[ShippingOption, ...]) -> ShippingOption | None:
        """The option it takes, of those offered; None if it finds none."""
        wanted = self.carrier.lower()
        found = [
            option
            for option in options
            if (not wanted or wanted in (option.code.lower(), option.title.lower()))
            and (self.max_days is None or (option.days is not None and option.days[1] <= self.max_days))
        ]
        return cheapest(found)


def cheapest(options: Iterable[ShippingOption]) -> ShippingOption | None:
    """The option with the lowest price; of equal ones the faster."""
    return min(options, key=lambda each: (each.price.amount, each.days or _SLOW, each.code), default=None)


def fastest(options: Iterable[ShippingOption]) -> ShippingOption | None:
    """The option that promises to be first; of equal ones the cheaper."""
    return min(options, key=lambda each: (each.days or _SLOW, each.price.amount, each.code), default=None)


_OF_SHIPPING: Wanted = {
    "carrier": (one_of(str), "text"),
    "countries": COUNTRIES,
    "suppliers": (
        all_in(frozenset, says_something),
        "a list of names of supplier accounts, in Python a frozenset",
    ),
    "shop_method": (one_of(str), "text"),
    "min_total": MONEY,
    "max_total": MONEY,
    "min_weight": WEIGHT,
    "max_weight": WEIGHT,
    "max_days": (or_none(is_count), "a whole number of days, zero or more"),
}

_SLOW = (999, 999)  # who says nothing of the time comes last


def sold_for(order: Order, po: PurchaseOrder) -> Money:
    """What the shopper pays for the goods of a purchase order, without tax and shipping.

    A bundle with a price of its own counts for as many as all of its parts are there for: which part is worth
    how much of it, nobody says.
    """
    total = Money.zero(order.currency)
    units = _units(po)
    for line in order.lines:
        parts = [part for part in order.lines if part.container == line.ref and part.shippable]
        shares = [
            line.total.each(part.quantity).times(units.get(part.ref, Decimal(0)))
            for part in ([line] if line.ref in units else parts)
            if part.quantity
        ]
        total += min(shares, default=Money.zero(order.currency))
    return total


def _weight(order: Order, po: PurchaseOrder) -> Decimal | None:
    lines = {line.ref: line for line in order.lines}
    total = Decimal(0)
    for ref, units in _units(po).items():
        line = lines.get(ref)
        if line is None or line.weight is None:
            return None
        total += line.weight * units
    return total


def _units(po: PurchaseOrder) -> dict[str, Decimal]:
    """The shop's units by line; the several parts of a kit are of one."""
    units: dict[str, Decimal] = {}
    for part in po.lines:
        units[part.line_ref] = max(part.units, units.get(part.line_ref, Decimal(0)))
    return units
