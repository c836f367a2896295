"""Commands about one purchase order: which order of its supplier it is, or that it be canceled there."""

from __future__ import annotations

from contextlib import suppress

import attrs

from ._cart import moved_out
from ._cases import take_money_word
from ._engine_doubt import lands_until
from ._events import EventKind
from ._intents import Subject
from ._journal import Tx
from ._orders import advance_order
from ._plan import plan_order
from ._records import PurchaseRecord
from ._reviews import ReviewCode
from ._revoke import revoking
from ._saga import Clock, Saga, clock, commit, look
from ._states import (
    BEFORE_PLACED,
    SENDING,
    Fulfillment,
    IntentState,
    Payment,
    can_be_canceled,
    move_intent,
    observe,
)
from ._twins import is_being_canceled, none_too_many
from ._views import known_supplier
from ._world import World
from .adapters import CancelsPurchases, PaidAtPlacing
from .errors import BridgeError, ConfigurationError, Unsupported

__all__ = ["MAY_LAND", "found", "revoke", "want_revoked"]

# What is asked before it is ordered, or of its ordering; what it costs may be a question still.
_ANSWERED = (
    ReviewCode.REFUSED,
    ReviewCode.UNCLEAR,
    ReviewCode.PARKED,
    ReviewCode.CONFIRMED_NOT_FOUND,
    ReviewCode.MARGIN,
    ReviewCode.BLOCKED,
    ReviewCode.REPLACES,
)
MAY_LAND = (IntentState.OPEN, IntentState.UNKNOWN)  # a call of such an intent may still arrive


def found(world: World, po_id: str, supplier_ref: str, identified: set[str]) -> Saga[PurchaseRecord]:
    """A person says which of the supplier's orders a purchase order is, where nobody else could tell.

    Raises:
        ConfigurationError: there is no such purchase order, it is another order already, or that order is
            another purchase order's, or is being canceled as one too many.
    """
    now = yield from clock()

    def work(tx: Tx) -> PurchaseRecord:
        record = tx.purchase(po_id)
        if record is None:
            raise ConfigurationError(f"purchase order: there is no {po_id!r}")
        supplier = known_supplier(world, record.po.supplier)
        if not supplier_ref.strip():
            raise ConfigurationError("supplier_ref: give the supplier's own id of the order")
        if record.fulfillment not in BEFORE_PLACED:
            if record.po.supplier_ref == supplier_ref:
                return record
            raise ConfigurationError(f"purchase order {po_id!r} is {record.po.supplier_ref!r} there already")
        other = tx.purchase_with(supplier.name, supplier_ref)
        if other is not None and other != po_id:
            # Not whose: an account may serve several owners.
            raise ConfigurationError(f"supplier_ref: {supplier_ref!r} is another purchase order's")
        if is_being_canceled(tx, supplier.name, supplier_ref):
            raise ConfigurationError(
                f"supplier_ref: {supplier_ref!r} is canceled there, or is to be, as one order too many"
            )
        for intent in tx.intents(about=po_id, operation="place", op_no=record.op_no):
            lands = lands_until(tx, intent)
            if intent.state in MAY_LAND and lands > now.wall:
                raise ConfigurationError(
                    f"purchase order {po_id!r}: the call that orders it may still arrive; say so after "
                    f"{lands:%Y-%m-%d %H:%M} UTC"
                )
            if intent.state is IntentState.OPEN:
                intent = attrs.evolve(intent, state=IntentState.UNKNOWN)
            if intent.state is not IntentState.CONFIRMED:
                confirmed = move_intent(intent.state, IntentState.CONFIRMED)
                tx.put_intent(attrs.evolve(intent, state=confirmed, reason="said"))
        state, _ = observe(record.fulfillment, Fulfillment.PLACED, left=record.left)
        paid = Payment.PAID if isinstance(supplier.adapter, PaidAtPlacing) else record.payment
        before = record
        record = attrs.evolve(
            record,
            po=attrs.evolve(record.po, supplier_ref=supplier_ref),
            fulfillment=state,
            payment=paid,
            placed_at=now.wall,
            changed_at=now.wall,
            next_at=now.wall,
            waits="",
            failures=0,
        )
        tx.put_purchase(record)
        take_money_word(tx, before, record, now)
        if before.fulfillment in SENDING:
            moved_out(tx, record.po)
        # Whoever waits for the same units goes on; what is still held for this one is not wanted any more.
        tx.wake(Subject.cart(supplier.name), now.wall)
        none_too_many(tx, supplier.name, supplier_ref, now)
        for code in _ANSWERED:
            tx.close_reviews(code, about=po_id, decision="found", at=now.wall)
        tx.event(
            EventKind.FOUND_BY_HAND,
            about=po_id,
            at=now.wall,
            order_id=record.po.order_id,
            data={"supplier_ref": supplier_ref},
        )
        plan_order(tx, record.po.order_id, now)
        return record

    record = yield from commit(work)
    with suppress(BridgeError):
        yield from advance_order(world, record.po.order_id, identified)
    after = yield from look(lambda tx: tx.purchase(po_id))
    return after or record


def want_revoked(tx: Tx, po_id: str, now: Clock) -> PurchaseRecord:
    """A person wants it canceled at its supplier; the order goes on with that."""
    record = tx.purchase(po_id)
    if record is None:
        raise ConfigurationError(f"purchase order: there is no {po_id!r}")
    if not can_be_canceled(record.fulfillment, left=record.left):
        raise ConfigurationError(
            f"purchase order {po_id!r} is {record.fulfillment.value}; only one that is placed and has "
            "not left is canceled"
        )
    if any(i.state in MAY_LAND for i in tx.intents(about=po_id, operation="pay", op_no=record.op_no)):
        raise ConfigurationError(
            f"purchase order {po_id!r}: a payment may still be under way; cancel it once that is known"
        )
    before = tx.intents(about=revoking(po_id), operation="revoke", op_no=record.revoke_no)
    under_way = any(intent.state in (*MAY_LAND, IntentState.NOT_SENT) for intent in before)
    number = record.revoke_no if under_way else record.revoke_no + 1
    record = attrs.evolve(record, revoke=True, revoke_no=number, next_at=now.wall)
    tx.put_purchase(record)
    tx.event(EventKind.REVOKE_ASKED, about=po_id, at=now.wall, order_id=record.po.order_id)
    plan_order(tx, record.po.order_id, now)
    return record


def revoke(world: World, po_id: str, identified: set[str]) -> Saga[PurchaseRecord]:
    """Have a placed purchase order canceled at its supplier, and how far that is now.

    Raises:
        ConfigurationError: there is no such purchase order, or it is not placed, or has left.

        Unsupported: the supplier cannot do that; ask people there.
    """
    record = yield from look(lambda tx: tx.purchase(po_id))
    if record is None:
        raise ConfigurationError(f"purchase order: there is no {po_id!r}")
    supplier = known_supplier(world, record.po.supplier)
    if not isinstance(supplier.adapter, CancelsPurchases):
        raise Unsupported(
            f"{supplier.platform} has no way to cancel; ask the supplier", account=supplier.name
        )
    now = yield from clock()
    yield from commit(lambda tx: want_revoked(tx, po_id, now))
    with suppress(BridgeError):
        yield from advance_order(world, record.po.order_id, identified)
    after = yield from look(lambda tx: tx.purchase(po_id))
    return after or record
