"""Who is to ship what of an order is still needed, and what its suppliers have to be asked for that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import attrs

from ._intake_purchases import is_hub
from ._journal import Tx
from ._model import Allocation, Line, Order, ProductLink
from ._records import NoticeRecord, Offer, OrderRecord, PurchaseRecord
from ._saga import Clock
from ._sourcing import Choice, Sourced, allocate, still_needed
from ._states import CAN_CHANGE, Fulfillment, NoticeState
from ._world import World
from .adapters import ChecksProducts, Splits

__all__ = [
    "NOT_SOLD",
    "announced",
    "part_of",
    "share_out",
    "suppliers_wanted",
    "unasked_offers",
    "units_in",
    "unknown_parts",
]

NOT_SOLD = "\0"  # no part's name
_OFFER_GOOD_FOR = timedelta(minutes=10)  # prices and stock move; older ones are asked for again


def part_of(
    tx: Tx, world: World, allocation: Allocation, purchases: Sequence[PurchaseRecord], now: Clock
) -> str | None:
    """Which part of its supplier it goes to, mostly the only one; None while the supplier was not asked."""
    supplier = world.suppliers.get(allocation.supplier)
    if supplier is None or tx.account_identity(supplier.name) is None:
        return None
    if not isinstance(supplier.adapter, Splits):
        return ""
    part = tx.part_of(supplier.name, allocation.remote_id, now=now.wall)
    if part is None:
        # Not asked lately: what stands in a purchase order already stays there.
        mine = [p.po for p in purchases if p.po.supplier == supplier.name and p.fulfillment in CAN_CHANGE]
        part = next((po.part for po in mine if allocation.remote_id in po.units), None)
    return NOT_SOLD if part == "" else part


def suppliers_wanted(tx: Tx, world: World, record: OrderRecord, now: Clock) -> tuple[str, ...]:
    """The suppliers that are to ship something of an order."""
    shared = share_out(tx, world, record.order, tx.purchases(record.order.id), now)
    return tuple(sorted({allocation.supplier for allocation in shared.allocations}))


def unasked_offers(tx: Tx, world: World, record: OrderRecord, now: Clock) -> dict[str, tuple[str, ...]]:
    """Remote ids by supplier, whose price or stock says who gets a line of the order and is not known."""
    purchases = tx.purchases(record.order.id)
    found: dict[str, set[str]] = {}
    for supplier, remote_id in share_out(tx, world, record.order, purchases, now).unasked:
        found.setdefault(supplier, set()).add(remote_id)
    return {name: tuple(sorted(remote_ids)) for name, remote_ids in found.items()}


def unknown_parts(tx: Tx, world: World, record: OrderRecord, now: Clock) -> dict[str, tuple[str, ...]]:
    """Remote ids of an order by supplier, of which nobody asked yet which part of it sells them."""
    found: dict[str, set[str]] = {}
    for allocation in share_out(tx, world, record.order, tx.purchases(record.order.id), now).allocations:
        supplier = world.suppliers.get(allocation.supplier)
        splits = supplier is not None and isinstance(supplier.adapter, Splits)
        if splits and tx.part_of(allocation.supplier, allocation.remote_id, now=now.wall) is None:
            found.setdefault(allocation.supplier, set()).add(allocation.remote_id)
    return {name: tuple(sorted(remote_ids)) for name, remote_ids in found.items()}


def share_out(tx: Tx, world: World, order: Order, purchases: Sequence[PurchaseRecord], now: Clock) -> Sourced:
    """Who is to ship what is still needed and not yet ordered for certain."""
    notices = tx.notices(order.id)
    fixed = [p for p in purchases if p.fulfillment not in CAN_CHANGE and not _given_up(p)]
    needed = {
        line.ref: still_needed(
            line,
            committed=units_in(line.ref, fixed),
            announced=announced(world, line.ref, fixed, notices),
        )
        for line in order.lines
        if not order.canceled
    }

    def links(line: Line) -> Sequence[ProductLink]:
        found = tx.links_of(order.store, line.link_key)
        return found or (tx.links_of(order.store, f"sku:{line.sku}") if line.sku else ())

    def offer(supplier: str, remote_id: str) -> Offer | None:
        if not isinstance(world.suppliers[supplier].adapter, ChecksProducts):
            return Offer()
        return tx.offer(supplier, remote_id, since=now.wall - _OFFER_GOOD_FOR)

    choice = Choice(
        by=world.policy_of(order.store).source_by,
        known=_Serving(world, order.store),
        settled={
            line.line_ref: purchase.po.supplier
            for purchase in purchases
            if purchase.fulfillment in CAN_CHANGE and not purchase.resend_of
            for line in purchase.po.lines
        },
        offer=offer,
        rate=world.rate,
    )
    # Only those that fit: no supplier is opened that the order has nothing to do with.
    fitting = [rule for rule in world.rules if any(rule.matches(line) for line in order.lines)]
    rules = [rule for rule in fitting if not rule.supplier or world.serves(rule.supplier, order.store)]
    shared = allocate(order, needed, links=links, rules=rules, choice=choice)
    absent = any(
        shared.waits.get(line.ref) == "link" and (links(line) or any(rule.matches(line) for rule in fitting))
        for line in order.lines
    )
    return attrs.evolve(shared, absent=absent)


@attrs.frozen
class _Serving:
    """The suppliers that may ship for a store, however many there are."""

    world: World
    store: str

    def __contains__(self, supplier: object) -> bool:
        return isinstance(supplier, str) and self.world.serves(supplier, self.store)


def _given_up(purchase: PurchaseRecord) -> bool:
    """Its units may be asked for anew: never ordered, or a person said so after the supplier refused."""
    if purchase.fulfillment not in (Fulfillment.CANCELED, Fulfillment.REJECTED):
        return False
    return purchase.placed_at is None or purchase.waits == "replaced"


def units_in(line_ref: str, purchases: Sequence[PurchaseRecord]) -> Decimal:
    """Units of a line in purchase orders; a kit's several remote ids count once, goods sent again never."""
    total = Decimal(0)
    for purchase in (each for each in purchases if not each.resend_of):
        total += max(
            (line.units for line in purchase.po.lines if line.line_ref == line_ref), default=Decimal(0)
        )
    return total


def announced(
    world: World, line_ref: str, fixed: Sequence[PurchaseRecord], notices: Sequence[NoticeRecord]
) -> Decimal:
    """Units of a line that the shop was told of, or may have been; what it shows beyond is of others."""
    # What hubs ship they tell the shop themselves: it is no more others' than what we tell it.
    hubs = [purchase for purchase in fixed if is_hub(world, purchase.po.supplier)]
    return units_in(line_ref, hubs) + sum(
        (
            line.units
            for record in notices
            if record.state is not NoticeState.WITHDRAWN
            for line in record.notice.lines
            if line.line_ref == line_ref
        ),
        Decimal(0),
    )
