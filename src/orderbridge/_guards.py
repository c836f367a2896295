"""What stands against ordering something, beyond its supplier: who gets it, and what is left of its price."""

from __future__ import annotations

from decimal import Decimal

from ._engine import World
from ._model import Order
from ._money import Money
from ._policy import sold_for
from ._quote import quoted
from ._records import PurchaseRecord, ReviewCode

__all__ = ["against"]


def against(world: World, order: Order, record: PurchaseRecord) -> list[tuple[ReviewCode, str]]:
    """Why a person is to be asked before it is ordered; what one has accepted already is left out."""
    policy = world.policy_of(order.store, record.po.supplier)
    found: list[tuple[ReviewCode, str]] = []
    if why := policy.blocks(record.po.ship_to):
        found.append((ReviewCode.BLOCKED, why))
    # What goes out once more was sold once: it leaves nothing, and a person has asked for it.
    if (
        policy.margin is not None
        and not record.resend_of
        and (why := _margin(world, order, record, policy.margin))
    ):
        found.append((ReviewCode.MARGIN, why))
    return [(code, why) for code, why in found if code.value not in record.accepted]


def _margin(world: World, order: Order, record: PurchaseRecord, least: Decimal) -> str:
    cost = quoted(record)
    cost = _linked(record) if cost is None else cost
    if cost is None:
        return ""  # a supplier that names no price, and links without a cost: there is nothing to judge
    sold = sold_for(order, record.po)
    rate = Decimal(1) if cost.currency == sold.currency else world.rate(cost.currency, sold.currency)
    if rate is None:
        return f"it costs {cost}, and there is no exchange rate to {sold.currency}"
    left = sold.amount - cost.amount * rate
    if left >= sold.amount * least:
        return ""
    return f"it is sold for {sold} and costs {cost}; at least {least:%} was to be left"


def _linked(record: PurchaseRecord) -> Money | None:
    costs = [line.cost.times(line.quantity) for line in record.po.lines if line.cost is not None]
    if len(costs) < len(record.po.lines) or len({cost.currency for cost in costs}) != 1:
        return None
    return Money.sum(costs, costs[0].currency)
