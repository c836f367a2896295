"""What the bridge may do by itself, and up to which limits."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from typing import cast

import attrs

from ._model import Order, StorePayment
from ._money import Money
from .errors import ConfigurationError

__all__ = ["Policy", "Take", "Who"]


class Take(Enum):
    """Which of a shop's orders are acted on."""

    PAID = "PAID"  # paid, or to be paid on delivery
    ALL = "ALL"


class Who(Enum):
    """Who takes a step."""

    BY_HAND = "BY_HAND"
    AUTOMATIC = "AUTOMATIC"


_PAID = frozenset({StorePayment.PAID, StorePayment.PART_REFUNDED, StorePayment.ON_DELIVERY})


@attrs.frozen(kw_only=True)
class Policy:
    """What the bridge may do by itself. The defaults spend nothing.

    Args:
        take: Which orders are acted on; the others are stored and shown.

        reserve: Hold units at suppliers that have a growing order, as soon as an order is taken.

        place: Who orders at the supplier.

        pay: Who pays the supplier, where that can be done through its API. Automatic paying takes
            only orders that the shopper has paid.

        limit_per_order: The most that one payment through a supplier's API may be, one amount per
            currency. With any limit set, money in a currency without one does not move. A supplier
            whose orders a person pays (Rewix) has no payment for a limit to judge.

        limit_per_day: The most that may be paid in any 24 hours, one amount per currency and owner.

        report_progress: Show Booked, Confirmed, Working on and Ready in the shop's order.

        notify_shopper: Let the shop mail the shopper about shipments.

        pull_every: How often a shop is asked for changes.

        follow_every: How often a young purchase order is asked about; older ones less often.

        tracking_wait: How long a departure without a tracking number waits for one before the shop
            is told of it anyway.
    """

    take: Take = Take.PAID
    reserve: bool = True
    place: Who = Who.BY_HAND
    pay: Who = Who.BY_HAND
    limit_per_order: tuple[Money, ...] = ()
    limit_per_day: tuple[Money, ...] = ()
    report_progress: bool = True
    notify_shopper: bool = True
    pull_every: timedelta = timedelta(minutes=5)
    follow_every: timedelta = timedelta(minutes=15)
    tracking_wait: timedelta = timedelta(hours=4)

    def __attrs_post_init__(self) -> None:
        # Callers without a type checker give words and numbers; what they would mean is never guessed.
        wanted: dict[str, tuple[type, str]] = {
            "take": (Take, "Take.PAID or Take.ALL"),
            "place": (Who, "Who.BY_HAND or Who.AUTOMATIC"),
            "pay": (Who, "Who.BY_HAND or Who.AUTOMATIC"),
            "pull_every": (timedelta, "a timedelta"),
            "follow_every": (timedelta, "a timedelta"),
            "tracking_wait": (timedelta, "a timedelta"),
        }
        for name, (kind, words) in wanted.items():
            if not isinstance(getattr(self, name), kind):
                raise ConfigurationError(f"policy: {name}: {getattr(self, name)!r} is not {words}")
        for name in ("limit_per_order", "limit_per_day"):
            limits: object = getattr(self, name)
            each = cast("tuple[object, ...]", limits) if isinstance(limits, tuple) else (limits,)
            if not isinstance(limits, tuple) or not all(isinstance(limit, Money) for limit in each):
                raise ConfigurationError(f"policy: {name}: give a tuple of Money, one per currency")

    def takes(self, order: Order, *, take_from: datetime | None) -> bool:
        """Is this order acted on?"""
        if not order.ready or order.canceled:
            return False
        if take_from is not None and order.placed_at < take_from:
            return False
        return self.take is Take.ALL or order.payment in _PAID

    def over_limit(self, amount: Money, *, spent_today: Money) -> str:
        """Which limit ``amount`` would break, in words; empty if none."""
        for words, limits, value in (
            ("per order", self.limit_per_order, amount),
            ("per day", self.limit_per_day, amount + spent_today),
        ):
            if not limits:
                continue
            limit = next((limit for limit in limits if limit.currency == amount.currency), None)
            if limit is None:
                return f"no limit {words} is set for {amount.currency}; {amount} would be spent"
            if value > limit:
                return f"limit {words}: {value} would be over {limit}"
        return ""
