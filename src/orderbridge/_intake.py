"""Orders come in: stored, judged by the policy, shared out to suppliers. All inside one commit."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import attrs

from ._engine import World
from ._journal import Tx
from ._model import Address, Allocation, Line, Order, ProductLink, PurchaseLine, PurchaseOrder
from ._policy import Who
from ._records import NoticeRecord, OrderRecord, PurchaseRecord, ReviewCode, Subject
from ._saga import Clock
from ._sourcing import Sourced, allocate, still_needed
from ._states import BEFORE_PLACED, FINAL, HAS_LEFT, Fulfillment, IntentState, NoticeState, TaskState, command
from .adapters import Reserves

__all__ = ["plan_order", "reference", "source", "take_in", "told_half_way"]

_CAN_CHANGE = frozenset({Fulfillment.TO_ORDER, Fulfillment.RESERVED})
_NOBODY = Address()


def reference(*, store: str, order_ref: str, supplier: str, n: int, epoch: int) -> str:
    """What a supplier sees as our number: the same for the same order, whatever journal it is in.

    Args:
        store: The shop's identity as probed, not its name in a file.

        supplier: The supplier account's identity as probed.
    """
    text = "\n".join((store, order_ref, supplier, str(n), str(epoch)))
    return b32encode(hashlib.sha256(text.encode()).digest()).decode()[:16].lower()


def take_in(tx: Tx, world: World, order: Order, now: Clock, *, read_at: datetime) -> bool:
    """Store what the shop shows; True if it is news.

    ``order.store`` names the account, ``read_at`` is when the shop was asked. An echo of our own notes is
    no news: only what matters to shipping and money counts.
    """
    store = world.stores[order.store]
    known = tx.order(order.id)
    if known is not None and known.seen_at > read_at:
        # Another worker has read it since: this picture may be the older one.
        tx.set_flags(order.id, refresh=True, held=known.held)
        plan_order(tx, order.id, now)
        return False
    gone = tx.forgotten(order.id)
    tx.close_reviews(ReviewCode.ORDER_NOT_UNDERSTOOD, about=order.id, decision="understood", at=now.wall)
    if gone:
        order = _without_shopper(order)
    if known is not None and known.order.digest == order.digest:
        tx.seen_order(order.id, read_at)
        if known.refresh:
            plan_order(tx, order.id, now)
        return False
    taken = known is not None and known.taken
    if not taken:
        take_from = tx.take_from(order.store)
        taken = world.policy.takes(order, take_from=take_from)
    record = OrderRecord(
        order=order,
        version=1 if known is None else known.version + 1,
        taken=taken,
        held=known is not None and known.held,
        forgotten=gone,
        seen_at=read_at,
        progress_shown="" if known is None else known.progress_shown,
    )
    tx.event(
        "OrderSeen" if known is None else "OrderChanged",
        about=order.id,
        at=now.wall,
        order_id=order.id,
        owner=store.owner,
        data={"number": order.number, "payment": order.payment.value, "status": order.raw_status},
    )
    source(tx, world, record, now)
    plan_order(tx, order.id, now)
    return True


def _without_shopper(order: Order) -> Order:
    return attrs.evolve(
        order,
        ship_to=None,
        bill_to=None,
        note="",
        lines=tuple(attrs.evolve(line, attributes=()) for line in order.lines),
    )


def source(tx: Tx, world: World, record: OrderRecord, now: Clock) -> None:
    """Store the order, and share its open units out: what can still change follows the shop."""
    order = record.order
    store = world.stores[order.store]
    if not record.taken:
        tx.put_order(record, owner=store.owner, salt=now.salt, waits={})
        return
    purchases = tx.purchases(order.id)
    fixed = [p for p in purchases if p.fulfillment not in _CAN_CHANGE and p.fulfillment not in FINAL]
    shared = _share_out(tx, world, order, purchases)
    waits = dict(shared.waits)
    in_pieces = _in_pieces(tx, order, shared, now)
    waits |= dict.fromkeys(in_pieces, "link")
    by_supplier: dict[str, list[Allocation]] = {}
    for allocation in shared.allocations:
        if allocation.line_ref in in_pieces:
            continue
        if allocation.supplier in world.suppliers and tx.account_identity(allocation.supplier) is not None:
            by_supplier.setdefault(allocation.supplier, []).append(allocation)
        else:
            waits[allocation.line_ref] = "supplier"
    unsourced = "supplier" in waits.values()
    record = attrs.evolve(record, unsourced=unsourced, next_at=now.wall if unsourced else None)
    tx.put_order(record, owner=store.owner, salt=now.salt, waits=waits)
    if not order.lines:
        _ask(tx, ReviewCode.NOTHING_TO_SHIP, order, "the order has no lines; see to it in the shop", now)
    for changeable in purchases:
        if changeable.fulfillment in _CAN_CHANGE and changeable.po.supplier not in by_supplier:
            _drop(tx, changeable, now, owner=store.owner)
    for supplier in sorted(by_supplier):
        _ask_of(tx, world, order, supplier, by_supplier[supplier], purchases, now)
    _check_committed(tx, order, fixed, now)


def _in_pieces(tx: Tx, order: Order, shared: Sourced, now: Clock) -> set[str]:
    """Lines of which a supplier would have to send part of a piece; they must not hold up the others."""
    found: set[str] = set()
    for allocation in shared.allocations:
        pieces = allocation.units * allocation.factor
        if pieces != pieces.to_integral_value():
            found.add(allocation.line_ref)
            words = (
                f"line {allocation.line_ref}: {pieces:f} of {allocation.remote_id} at {allocation.supplier}, "
                "which sells whole pieces; link it with another factor, or change the order in the shop"
            )
            _ask(tx, ReviewCode.FRACTION, order, words, now, about=f"{order.id}/{allocation.line_ref}")
    for line in order.lines:
        if line.ref not in found:
            about = f"{order.id}/{line.ref}"
            tx.close_reviews(ReviewCode.FRACTION, about=about, decision="whole", at=now.wall)
    return found


def _share_out(tx: Tx, world: World, order: Order, purchases: Sequence[PurchaseRecord]) -> Sourced:
    """Who is to ship what is still needed and not yet ordered for certain."""
    notices = tx.notices(order.id)
    fixed = [p for p in purchases if p.fulfillment not in _CAN_CHANGE and not _given_up(p)]
    needed = {
        line.ref: still_needed(
            line, committed=_units(line.ref, fixed), announced=_announced(line.ref, notices)
        )
        for line in order.lines
        if not order.canceled
    }

    def links(line: Line) -> Sequence[ProductLink]:
        found = tx.links_of(order.store, line.link_key)
        return found or (tx.links_of(order.store, f"sku:{line.sku}") if line.sku else ())

    return allocate(order, needed, links=links, rules=world.rules)


def _given_up(purchase: PurchaseRecord) -> bool:
    """Its units may be asked for anew: never ordered, or a person said so after the supplier refused."""
    if purchase.fulfillment not in (Fulfillment.CANCELED, Fulfillment.REJECTED):
        return False
    return purchase.placed_at is None or purchase.waits == "replaced"


def _units(line_ref: str, purchases: Sequence[PurchaseRecord]) -> Decimal:
    """Units of a line in purchase orders; a kit's several remote ids count once."""
    total = Decimal(0)
    for purchase in purchases:
        total += max(
            (line.units for line in purchase.po.lines if line.line_ref == line_ref), default=Decimal(0)
        )
    return total


def _announced(line_ref: str, notices: Sequence[NoticeRecord]) -> Decimal:
    return sum(
        (
            line.units
            for record in notices
            if record.state is not NoticeState.WITHDRAWN
            for line in record.notice.lines
            if line.line_ref == line_ref
        ),
        Decimal(0),
    )


def _ask_of(
    tx: Tx,
    world: World,
    order: Order,
    supplier: str,
    allocations: Sequence[Allocation],
    purchases: Sequence[PurchaseRecord],
    now: Clock,
) -> None:
    """The one purchase order of this supplier that can still change follows the allocations."""
    lines = tuple(_purchase_line(order, allocation) for allocation in allocations)
    owner = world.stores[order.store].owner
    mine = [p for p in purchases if p.po.supplier == supplier]
    current = next((p for p in mine if p.fulfillment in _CAN_CHANGE), None)
    if current is not None:
        if current.waits == "shop" and world.policy.takes(order, take_from=None):
            current = attrs.evolve(current, waits="", next_at=now.wall if current.approved else None)
            tx.put_purchase(current)
        if current.po.lines == lines:
            return
        state = current.fulfillment
        if state is Fulfillment.RESERVED:
            state = command(state, Fulfillment.TO_ORDER)
        tx.put_purchase(attrs.evolve(current, po=attrs.evolve(current.po, lines=lines), fulfillment=state))
        _changed(tx, world, current.po.id, supplier, order, owner, "PurchaseOrderChanged", now)
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
        reference=reference(
            store=store_identity, order_ref=order.ref, supplier=supplier_identity, n=n, epoch=0
        ),
        lines=lines,
        ship_to=order.ship_to or order.bill_to or _NOBODY,
        placed_at=order.placed_at,
    )
    automatic = world.policy.place is Who.AUTOMATIC
    reserves = _reserves(world, supplier)
    tx.put_purchase(
        PurchaseRecord(
            po=po,
            created_at=now.wall,
            approved=automatic,
            waits="stock" if reserves else "" if automatic else "approval",
            next_at=now.wall if automatic and not reserves else None,
        )
    )
    _changed(tx, world, po.id, supplier, order, owner, "PurchaseOrderMade", now)


def _changed(
    tx: Tx, world: World, po_id: str, supplier: str, order: Order, owner: str, kind: str, now: Clock
) -> None:
    tx.event(kind, about=po_id, at=now.wall, order_id=order.id, owner=owner, data={"supplier": supplier})
    if _reserves(world, supplier):
        tx.wake(Subject.cart(supplier), now.wall)


def _reserves(world: World, supplier: str) -> bool:
    return world.policy.reserve and isinstance(world.suppliers[supplier].adapter, Reserves)


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
    )


def _drop(tx: Tx, record: PurchaseRecord, now: Clock, *, owner: str) -> None:
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
    tx.event("PurchaseOrderCanceled", about=po.id, at=now.wall, order_id=po.order_id, owner=owner)
    tx.wake(Subject.cart(po.supplier), now.wall)


def _check_committed(tx: Tx, order: Order, fixed: Sequence[PurchaseRecord], now: Clock) -> None:
    """What the shop takes back after the supplier was asked is for a person to settle."""
    for purchase in fixed:
        if purchase.fulfillment in HAS_LEFT or purchase.fulfillment in BEFORE_PLACED - {
            Fulfillment.PLACING,
            Fulfillment.IN_DOUBT,
        }:
            continue
        if order.canceled:
            _ask(
                tx,
                ReviewCode.CANCELED_AFTER_PLACING,
                order,
                f"{purchase.po.id} is ordered at {purchase.po.supplier}; ask the supplier to cancel it",
                now,
                about=purchase.po.id,
            )
    for line in order.lines:
        committed = _units(line.ref, fixed)
        # Once all of it has left, a refund for it is the merchant's own business.
        waits = _units(line.ref, [each for each in fixed if each.fulfillment not in HAS_LEFT])
        if waits and not order.canceled and committed > line.quantity - line.canceled - line.refunded:
            _ask(
                tx,
                ReviewCode.CHANGED_AFTER_PLACING,
                order,
                f"line {line.ref}: {committed} ordered at suppliers, "
                f"{line.quantity - line.canceled - line.refunded} left in the shop",
                now,
            )


def _ask(tx: Tx, code: ReviewCode, order: Order, evidence: str, now: Clock, *, about: str = "") -> None:
    tx.open_review(
        code,
        about=about or order.id,
        evidence=evidence,
        decisions=("ignore",),
        at=now.wall,
        order_id=order.id,
        account=order.store,
    )


def told_half_way(tx: Tx, notices: Sequence[NoticeRecord]) -> NoticeRecord | None:
    """The notice of which the shop may know a part, and which goes on by itself.

    Whether it is the order's last one must not change under it, so its siblings wait for it.
    """
    for record in notices:
        if record.state is NoticeState.DUE and not record.told and record.next_at is not None:
            intents = tx.intents(about=record.notice.key, operation="announce", op_no=record.op_no)
            if any(intent.state is not IntentState.NOT_SENT for intent in intents):
                return record
    return None


def plan_order(tx: Tx, order_id: str, now: Clock) -> None:
    """The order's subject is due when the first thing in it is; whoever has it keeps it."""
    record = tx.order(order_id)
    times = [purchase.next_at for purchase in tx.purchases(order_id)]
    notices = tx.notices(order_id)
    half = told_half_way(tx, notices)
    if half is not None:
        times.append(half.next_at)
    else:
        times += [notice.next_at for notice in notices if notice.state is NoticeState.DUE]
    times += [task.next_at for task in tx.tasks(order_id) if task.state is TaskState.DUE]
    if record is not None:
        times.append(record.next_at)
        if record.refresh or (record.unsourced and record.next_at is None):
            times.append(now.wall)
    tx.schedule(Subject.order(order_id), min((at for at in times if at is not None), default=None))
