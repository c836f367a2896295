"""Orders come in: stored, judged by the policy, shared out to suppliers. All inside one commit."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from ._cases import money_is_out
from ._events import EventKind
from ._intake_purchases import (
    ask_of,
    drop_purchase,
    hub_has_shipped,
    is_wanted,
    placed_by_itself,
    reserves,
    with_shipped,
)
from ._intake_questions import ask_about, check_address, check_committed
from ._intake_sharing import NOT_SOLD, part_of, share_out
from ._intents import Subject
from ._journal import Tx
from ._model import Allocation, Order
from ._plan import plan_order
from ._records import OrderRecord
from ._reviews import ReviewCode
from ._saga import Clock
from ._sourcing import Sourced
from ._states import CAN_CHANGE, FINAL, Fulfillment, observe
from ._world import World
from .adapters import MovedByPeople

__all__ = ["judge_anew", "source", "source_anew", "take_in"]

_CLOCKS_APART = timedelta(hours=1)  # what was seen later than that was seen by a clock that was wrong
_MISSING_AGAIN = timedelta(days=1)  # what nobody sells may be back, and so may an account


def take_in(tx: Tx, world: World, order: Order, now: Clock, *, read_at: datetime) -> bool:
    """Store what the shop shows; True if it is news.

    ``order.store`` names the account, ``read_at`` is when the shop was asked. An echo of our own notes is
    no news: only what matters to shipping and money counts.
    """
    store = world.stores[order.store]
    known = tx.order(order.id)
    if known is not None and read_at < known.seen_at < now.wall + _CLOCKS_APART:
        # Another worker has read it since: this picture may be the older one.
        tx.set_flags(order.id, refresh=True, held=known.held)
        plan_order(tx, order.id, now)
        return False
    gone = tx.forgotten(order.id)
    tx.close_reviews(ReviewCode.ORDER_NOT_UNDERSTOOD, about=order.id, decision="understood", at=now.wall)
    if gone:
        order = _without_shopper(order)
    if known is not None and known.order.digest == order.digest:
        if known.taken and _facts(known.order) != _facts(order):
            # No change of the order, but rules go by it.
            source(tx, world, attrs.evolve(known, order=order, refresh=False, seen_at=read_at), now)
            plan_order(tx, order.id, now)
            return False
        tx.seen_order(order.id, read_at)
        if known.refresh:
            plan_order(tx, order.id, now)
        return False
    taken = known is not None and known.taken
    if not taken:
        take_from = tx.take_from(order.store)
        taken = world.policy_of(order.store).takes(order, take_from=take_from)
    record = OrderRecord(
        order=order,
        address=None if known is None or gone else known.address,
        version=1 if known is None else known.version + 1,
        taken=taken,
        # One that was to be forgotten before it came has nobody to be sent to.
        held=gone if known is None else known.held,
        forgotten=gone,
        seen_at=read_at,
        progress_begun="" if known is None else known.progress_begun,
        progress_shown="" if known is None else known.progress_shown,
        next_at=None if known is None else known.next_at,
    )
    tx.event(
        EventKind.ORDER_SEEN if known is None else EventKind.ORDER_CHANGED,
        about=order.id,
        at=now.wall,
        order_id=order.id,
        owner=store.owner,
        data={"number": order.number, "payment": order.payment.value, "status": order.raw_status},
    )
    source(tx, world, record, now)
    if known is not None and taken:
        check_address(tx, world, known.order, record, now)
    plan_order(tx, order.id, now)
    return True


def _facts(order: Order) -> list[tuple[object, ...]]:
    return [line.facts for line in order.lines]


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
    shared = share_out(tx, world, order, purchases, now)
    waits = dict(shared.waits)
    in_pieces = _in_pieces(tx, world, order, shared, now)
    waits |= dict.fromkeys(in_pieces, "link")
    groups: dict[tuple[str, str], list[Allocation]] = {}
    unsold: set[str] = set()
    for allocation in shared.allocations:
        if allocation.line_ref in in_pieces:
            continue
        part = part_of(tx, world, allocation, purchases, now)
        if part is None:
            waits[allocation.line_ref] = "supplier"
        elif part == NOT_SOLD:
            waits[allocation.line_ref] = "link"
            unsold.add(allocation.line_ref)
            _ask_about_unsold(tx, order, allocation, now)
        else:
            groups.setdefault((allocation.supplier, part), []).append(allocation)
    for line in order.lines:
        # Sold again, or no longer wanted; of a kit one part that is sold says nothing of the others.
        if line.ref not in unsold and waits.get(line.ref) != "supplier":
            about = f"{order.id}/{line.ref}"
            tx.close_reviews(ReviewCode.SHORTFALL, about=about, decision="settled", at=now.wall)
    # A kit goes out whole or waits whole.
    groups = {
        key: kept
        for key, found in groups.items()
        if (kept := [allocation for allocation in found if allocation.line_ref not in waits])
    }
    unasked = "supplier" in waits.values()
    # Of accounts given as a mapping nobody says that one is back.
    missing = bool(unsold) or (world.lazy and shared.absent)
    source_at = now.wall if unasked else now.wall + _MISSING_AGAIN if missing else None
    record = attrs.evolve(record, unsourced=unasked or missing, source_at=source_at)
    tx.put_order(record, owner=store.owner, salt=now.salt, waits=waits)
    if not order.lines:
        ask_about(tx, ReviewCode.NOTHING_TO_SHIP, order, "the order has no lines; see to it in the shop", now)
    for purchase in purchases:
        if hub_has_shipped(world, order, purchase, groups):
            state, _ = observe(purchase.fulfillment, Fulfillment.SHIPPED, left=purchase.left)
            po = attrs.evolve(purchase.po, lines=with_shipped(order, purchase.po.lines, ()))
            tx.put_purchase(
                attrs.evolve(purchase, po=po, fulfillment=state, next_at=None, waits="", changed_at=now.wall)
            )
        elif purchase.fulfillment in CAN_CHANGE and not is_wanted(order, purchase, groups):
            drop_purchase(tx, purchase, now, owner=store.owner)
    for supplier, part in sorted(groups):
        ask_of(tx, world, order, supplier, part, groups[supplier, part], now)
    check_committed(tx, world, order, purchases, now)


def _ask_about_unsold(tx: Tx, order: Order, allocation: Allocation, now: Clock) -> None:
    """Its supplier is asked again by itself; a person may know another one, or let it be for good."""
    words = f"{allocation.supplier} does not sell {allocation.remote_id}: it is asked daily, and by retry"
    about = f"{order.id}/{allocation.line_ref}"
    if not tx.was_let_be(order.id, ReviewCode.SHORTFALL, about=about, evidence=words):
        ask_about(tx, ReviewCode.SHORTFALL, order, words, now, about=about, decisions=("retry", "ignore"))


def source_anew(tx: Tx, world: World, order_id: str, now: Clock) -> bool:
    """Links or rules have changed: what is open is shared out anew; True if that changed anything."""
    record = tx.order(order_id)
    if record is None:
        return False
    store = record.order.store
    taken = record.taken or world.policy_of(store).takes(record.order, take_from=tx.take_from(store))
    if not taken:
        return False
    before = _outcome(tx, order_id)
    # Who has read it already, and not sent yet, must look at it anew.
    source(tx, world, attrs.evolve(record, taken=True, version=record.version + 1), now)
    plan_order(tx, order_id, now)
    return before != _outcome(tx, order_id)


def _outcome(tx: Tx, order_id: str) -> object:
    return tx.waits(order_id), [(p.po.id, p.fulfillment, p.po.lines) for p in tx.purchases(order_id)]


def judge_anew(tx: Tx, world: World, order_id: str, now: Clock) -> None:
    """Rules, policies or accounts have changed: what of the order is not placed yet goes by the new ones.

    An approval that the policy gave and would not give now is taken back; none is given for what was left
    to people.
    """
    source_anew(tx, world, order_id, now)
    record = tx.order(order_id)
    for purchase in tx.purchases(order_id) if record is not None and record.taken else ():
        supplier = purchase.po.supplier
        if supplier not in world.suppliers:
            continue
        if purchase.fulfillment in FINAL:
            if money_is_out(tx, purchase):
                tx.put_purchase(attrs.evolve(purchase, next_at=now.wall))
            continue
        changes = purchase.fulfillment in CAN_CHANGE
        if changes and not purchase.resend_of and purchase.waits not in ("review", "shipping"):
            by_itself = record is not None and placed_by_itself(world, supplier, record.order)
            approved = purchase.approved and (purchase.by_hand or by_itself)
            tx.put_purchase(attrs.evolve(purchase, approved=approved, next_at=now.wall))
        elif purchase.waits == "account":
            tx.put_purchase(attrs.evolve(purchase, waits="", next_at=now.wall))
        if changes and record is not None and reserves(world, supplier, record.order):
            tx.wake(Subject.cart(supplier), now.wall)
    plan_order(tx, order_id, now)


def _in_pieces(tx: Tx, world: World, order: Order, shared: Sourced, now: Clock) -> set[str]:
    """Lines of which a supplier would have to send part of a piece; they must not hold up the others."""
    found: set[str] = set()
    for allocation in shared.allocations:
        supplier = world.suppliers.get(allocation.supplier)
        if supplier is not None and isinstance(supplier.adapter, MovedByPeople):
            continue  # people cut cloth
        pieces = allocation.units * allocation.factor
        if pieces != pieces.to_integral_value():
            found.add(allocation.line_ref)
            words = (
                f"line {allocation.line_ref}: {pieces:f} of {allocation.remote_id} at {allocation.supplier}, "
                "which sells whole pieces; link it with another factor, or change the order in the shop"
            )
            ask_about(tx, ReviewCode.FRACTION, order, words, now, about=f"{order.id}/{allocation.line_ref}")
    for line in order.lines:
        if line.ref not in found:
            about = f"{order.id}/{line.ref}"
            tx.close_reviews(ReviewCode.FRACTION, about=about, decision="whole", at=now.wall)
    return found
