"""Purchase orders while they can still change: made of what was shared out, changed, or dropped."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal

import attrs

from ._events import EventKind
from ._intents import Subject
from ._journal import Tx
from ._model import Address, Allocation, Money, Order, PurchaseLine, PurchaseOrder, StorePayment
from ._policy import Who
from ._records import PurchaseRecord
from ._reviews import ReviewCode
from ._saga import Clock
from ._states import CAN_CHANGE, FINAL, HAS_LEFT, Fulfillment, command
from ._world import World
from .adapters import OrdersItself, PaymentKind, Reserves, payment_kind

__all__ = [
    "ask_of",
    "drop_purchase",
    "hub_has_shipped",
    "is_hub",
    "is_wanted",
    "placed_by_itself",
    "reference",
    "reserves",
    "with_shipped",
]

_NOBODY = Address()


def reference(*, store: str, order_ref: str, supplier: str, n: int) -> str:
    """What a supplier sees as our number: the same for the same order, whatever journal it is in.

    Args:
        store: The shop's identity as probed, not its name in a file.

        supplier: The supplier account's identity as probed.
    """
    # The last part never changes. It stays, because references are never computed in another way: by them
    # a journal that was lost finds its orders.
    text = "\n".join((store, order_ref, supplier, str(n), "0"))
    return b32encode(hashlib.sha256(text.encode()).digest()).decode()[:16].lower()


def is_wanted(order: Order, purchase: PurchaseRecord, groups: Collection[tuple[str, str]]) -> bool:
    """Is anything of the order still to come from where this purchase order is?"""
    if purchase.resend_of:
        return not order.canceled  # a person wants it, whatever has left already
    return (purchase.po.supplier, purchase.po.part) in groups


def is_hub(world: World, name: str) -> bool:
    """Does it order and ship by itself, so that we only watch?"""
    supplier = world.suppliers.get(name)
    return supplier is not None and isinstance(supplier.adapter, OrdersItself)


def hub_has_shipped(
    world: World, order: Order, purchase: PurchaseRecord, groups: Collection[tuple[str, str]]
) -> bool:
    """A hub tells the shop by itself, so the shop's word is how we learn of it."""
    if not is_hub(world, purchase.po.supplier) or order.canceled:
        return False
    if purchase.fulfillment in HAS_LEFT or purchase.fulfillment in FINAL:
        return False
    shipped = {line.ref: line.fulfilled for line in order.lines}
    if purchase.fulfillment in CAN_CHANGE and not is_wanted(order, purchase, groups):
        return any(shipped.get(line.line_ref) for line in purchase.po.lines)
    return all(shipped.get(line.line_ref, Decimal(0)) >= line.units for line in purchase.po.lines)


def with_shipped(
    order: Order, held: Sequence[PurchaseLine], asked: Sequence[PurchaseLine]
) -> tuple[PurchaseLine, ...]:
    """What a hub is asked for, and what of it the shop shows as shipped already: its order stays whole.

    Args:
        held: Its purchase order until now.

        asked: What is still to be shipped.
    """
    shipped = {line.ref: line.fulfilled for line in order.lines}
    still = {(line.line_ref, line.remote_id): line for line in asked}
    found: list[PurchaseLine] = []
    for part in held:
        line = still.pop((part.line_ref, part.remote_id), None)
        left = Decimal(0) if line is None else line.units
        gone = min(shipped.get(part.line_ref, Decimal(0)), max(Decimal(0), part.units - left))
        if left + gone:
            quantity = part.quantity * (left + gone) / part.units
            found.append(attrs.evolve(line or part, units=left + gone, quantity=quantity))
    return (*found, *still.values())


def ask_of(
    tx: Tx,
    world: World,
    order: Order,
    supplier: str,
    part: str,
    allocations: Sequence[Allocation],
    now: Clock,
) -> None:
    """The one purchase order of this part of a supplier that can still change follows the allocations."""
    lines = tuple(_purchase_line(order, allocation) for allocation in allocations)
    refs = [line.line_ref for line in lines]
    rules = [rule for rule in world.packing if rule.fits(order, supplier, refs)]
    packing = tuple(dict.fromkeys(rule.packing for rule in rules))
    owner = world.stores[order.store].owner
    mine = [p for p in tx.purchases(order.id) if p.po.supplier == supplier]
    current = next(
        (p for p in mine if p.fulfillment in CAN_CHANGE and p.po.part == part and not p.resend_of), None
    )
    if current is not None:
        if is_hub(world, supplier):
            lines = with_shipped(order, current.po.lines, lines)
        if current.waits == "shop" and world.policy_of(order.store).takes(order, take_from=None):
            current = attrs.evolve(current, waits="", next_at=now.wall if current.approved else None)
            tx.put_purchase(current)
        if current.po.lines == lines and current.po.packing == packing:
            return
        state = current.fulfillment
        if state is Fulfillment.RESERVED:
            state = command(state, Fulfillment.TO_ORDER)
        # What was quoted and agreed was for other lines.
        po = attrs.evolve(current.po, lines=lines, packing=packing, carrier="")
        automatic = placed_by_itself(world, supplier, order)
        # A person has said place it, and of less: what is more than that, somebody has to say anew.
        more = any(units > current.po.units.get(key, Decimal(0)) for key, units in po.units.items())
        again = current.by_hand and more and not automatic
        approved = current.approved and not again
        waits, next_at = _begins(world, supplier, order, now, approved=approved)
        tx.put_purchase(
            attrs.evolve(
                current,
                po=po,
                fulfillment=state,
                quote=None,
                quoted_at=None,
                agreed=_agreed_for(current, po) if current.by_hand and not more else None,
                accepted=(),
                by_hand=current.by_hand and not more,
                approved=approved,
                # The questions about what it was are closed below, so it waits for none of them.
                waits=waits,
                next_at=next_at,
            )
        )
        for code in _OF_WHAT_IS_TO_COME:
            tx.close_reviews(code, about=current.po.id, decision="other lines", at=now.wall)
        _changed(tx, world, current.po.id, supplier, order, owner, EventKind.PURCHASE_ORDER_CHANGED, now)
        return
    n = 1 + max((p.po.n for p in mine), default=0)
    store_identity = tx.account_identity(order.store)
    supplier_identity = tx.account_identity(supplier)
    assert store_identity is not None
    assert supplier_identity is not None
    po = PurchaseOrder(
        id=f"{order.id}/{supplier}/{n}",
        order_id=order.id,
        order_ref=order.ref,
        order_number=order.number,
        store=order.store,
        supplier=supplier,
        n=n,
        reference=reference(store=store_identity, order_ref=order.ref, supplier=supplier_identity, n=n),
        lines=lines,
        ship_to=_NOBODY,  # read with the order, whose address may change until it is placed
        # Look-ups begin here; a shop whose clock is ahead must not put that behind the order itself.
        placed_at=min(order.placed_at, now.wall),
        part=part,
        packing=packing,
    )
    automatic = not is_hub(world, supplier) and placed_by_itself(world, supplier, order)
    waits, next_at = _begins(world, supplier, order, now, approved=automatic)
    tx.put_purchase(
        PurchaseRecord(po=po, created_at=now.wall, approved=automatic, waits=waits, next_at=next_at)
    )
    _changed(tx, world, po.id, supplier, order, owner, EventKind.PURCHASE_ORDER_MADE, now)


def _agreed_for(record: PurchaseRecord, po: PurchaseOrder) -> Money | None:
    """What a person agreed to for all, for the part that is left: goods shrink, the way they go does not."""
    if record.agreed is None:
        return None
    goods = record.agreed if record.quote is None else min(record.quote.goods, record.agreed)
    was, left = sum(record.po.units.values(), Decimal(0)), sum(po.units.values(), Decimal(0))
    return record.agreed - goods + goods.times(left / was)


def _begins(
    world: World, supplier: str, order: Order, now: Clock, *, approved: bool
) -> tuple[str, datetime | None]:
    """For what a purchase order with these lines waits first, and when it is due."""
    if is_hub(world, supplier):
        return "hub", None
    if reserves(world, supplier, order):
        return "stock", None
    return ("", now.wall) if approved else ("approval", None)


def placed_by_itself(world: World, supplier: str, order: Order) -> bool:
    """Is it placed without a person? Where that moves money, only as paying would be."""
    policy = world.policy_of(order.store, supplier)
    if policy.place is not Who.AUTOMATIC:
        return False
    if payment_kind(world.suppliers[supplier].adapter) is not PaymentKind.AT_PLACING:
        return True
    return policy.pay is Who.AUTOMATIC and order.payment is StorePayment.PAID


def _changed(
    tx: Tx, world: World, po_id: str, supplier: str, order: Order, owner: str, kind: EventKind, now: Clock
) -> None:
    tx.event(kind, about=po_id, at=now.wall, order_id=order.id, owner=owner, data={"supplier": supplier})
    if reserves(world, supplier, order):
        tx.wake(Subject.cart(supplier), now.wall)


def reserves(world: World, supplier: str, order: Order) -> bool:
    """Are units held in a growing order before they are placed?"""
    return world.policy_of("", supplier).reserve and isinstance(world.suppliers[supplier].adapter, Reserves)


def _purchase_line(order: Order, allocation: Allocation) -> PurchaseLine:
    line = next(line for line in order.lines if line.ref == allocation.line_ref)
    return PurchaseLine(
        line_ref=line.ref,
        ship_ref=line.ship_ref or line.ref,
        remote_id=allocation.remote_id,
        quantity=allocation.units * allocation.factor,
        units=allocation.units,
        sku=line.sku,
        name=line.name,
        cost=allocation.cost,
    )


# Questions about an order that is not placed yet; nobody need answer them once nothing of it is wanted.
_OF_WHAT_IS_TO_COME = (
    ReviewCode.SHORTFALL,
    ReviewCode.PRICE,
    ReviewCode.MARGIN,
    ReviewCode.BLOCKED,
    ReviewCode.REPLACES,
    ReviewCode.LIMIT,
)


def drop_purchase(tx: Tx, record: PurchaseRecord, now: Clock, *, owner: str) -> None:
    """Nothing of it is wanted any more, and nothing has been ordered."""
    po = record.po
    tx.put_purchase(
        attrs.evolve(
            record,
            fulfillment=command(record.fulfillment, Fulfillment.CANCELED),
            next_at=None,
            waits="",
            changed_at=now.wall,
        )
    )
    # Why it was refused, or went wrong, is no question either: it is tried no more.
    for code in (*_OF_WHAT_IS_TO_COME, ReviewCode.REFUSED, ReviewCode.FAULT):
        tx.close_reviews(code, about=po.id, decision="not wanted", at=now.wall)
    tx.event(EventKind.PURCHASE_ORDER_CANCELED, about=po.id, at=now.wall, order_id=po.order_id, owner=owner)
    tx.wake(Subject.cart(po.supplier), now.wall)
