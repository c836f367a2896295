"""What stands against ordering something, beyond its supplier: who gets it, and what is left of its price."""

from __future__ import annotations

from decimal import Decimal

from ._journal import Tx
from ._model import Address, Order
from ._quote import cost_by_links, quoted
from ._records import PurchaseRecord
from ._reviews import ReviewCode
from ._shipping_rules import sold_for
from ._states import FINAL
from ._wording import amount_of
from ._world import World

__all__ = ["against", "is_nowhere", "still_to_come"]


def against(world: World, order: Order, record: PurchaseRecord) -> list[tuple[ReviewCode, str]]:
    """Why a person is to be asked before it is ordered; what one has accepted already is left out."""
    policy = world.policy_of(order.store, record.po.supplier)
    found: list[tuple[ReviewCode, str]] = []
    if is_nowhere(record.po.ship_to):
        found.append((ReviewCode.BLOCKED, "the order has no address to send it to"))
    elif why := policy.blocks(record.po.ship_to):
        found.append((ReviewCode.BLOCKED, why))
    # What goes out once more was sold once: it leaves nothing, and a person has asked for it.
    if (
        policy.margin is not None
        and not record.resend_of
        and (why := _margin(world, order, record, policy.margin))
    ):
        found.append((ReviewCode.MARGIN, why))
    return [(code, why) for code, why in found if code.value not in record.accepted]


def still_to_come(tx: Tx, order: Order) -> str:
    """Of an order that this one replaces: what a supplier has, or may get yet; empty if that is over."""
    store, seen = order.store, {order.ref}
    while order.replaces and order.replaces not in seen:
        seen.add(order.replaces)
        before = f"{store}/{order.replaces}"
        for record in tx.purchases(before):
            if record.fulfillment not in FINAL:
                return record.po.id
        found = tx.order(before)
        if found is None:
            break
        order = found.order
    return ""


def is_nowhere(to: Address) -> bool:
    """Does an address say no place at all?"""
    return not (to.line1 or to.line2 or to.city or to.postal_code)


def _margin(world: World, order: Order, record: PurchaseRecord, least: Decimal) -> str:
    sold = sold_for(order, record.po)
    asked, unknown = quoted(record), tuple[str, ...]()
    if asked is None:
        linked = cost_by_links(record.po, sold.currency, world.rate)
        if linked is None:
            return ""  # a supplier that names no price, and links without a cost: there is nothing to judge
        asked, unknown = linked.known, linked.unknown
    rate = Decimal(1) if asked.currency == sold.currency else world.rate(asked.currency, sold.currency)
    if rate is None:
        return f"it costs {amount_of(asked)}, and there is no exchange rate to {sold.currency}"
    words = f"it is sold for {amount_of(sold)} and costs {amount_of(asked)}"
    if sold.amount - asked.times(rate).amount < sold.amount * least:
        return f"{words}; at least {least:%} was to be left"
    return "; ".join((f"{words} and more", *unknown)) if unknown else ""
