"""What the shop changes once a supplier was asked: an address, a cancel, fewer units. People settle that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import attrs

from ._intake_sharing import announced, units_in
from ._journal import Tx
from ._model import Address, Order
from ._records import OrderRecord, PurchaseRecord
from ._reviews import ReviewCode
from ._saga import Clock
from ._sourcing import still_wanted
from ._states import BEFORE_PLACED, CAN_CHANGE, FINAL, HAS_LEFT, Fulfillment, NoticeState, can_be_canceled
from ._world import World
from .adapters import CancelsPurchases, MovedByPeople

__all__ = [
    "address_changed",
    "address_settled",
    "ask_about",
    "check_address",
    "check_committed",
    "check_shipped",
    "door",
]

_NOBODY = Address()
_NOT_ORDERED = CAN_CHANGE | {Fulfillment.CANCELED, Fulfillment.REJECTED}


def check_committed(
    tx: Tx, world: World, order: Order, purchases: Sequence[PurchaseRecord], now: Clock
) -> None:
    """What the shop takes back after the supplier was asked is for a person to settle."""
    fixed = _ordered(purchases)
    told = _told(tx, world, order, fixed) if any(line.fulfilled for line in order.lines) else None
    for purchase in fixed:
        if purchase.fulfillment in HAS_LEFT:
            continue  # then a refund is the merchant's own business
        if order.canceled:
            if purchase.fulfillment is not Fulfillment.CANCEL_REQUESTED:
                there = f"{purchase.po.id} is ordered at {purchase.po.supplier}"
                words = f"{there}; cancel it there, or let it come"
                _ask_to_cancel(tx, world, ReviewCode.CANCELED_AFTER_PLACING, order, purchase, words, now)
        elif too_many := _too_many(order, purchase, fixed):
            words = _in_words(purchase, too_many)
            _ask_to_cancel(tx, world, ReviewCode.CHANGED_AFTER_PLACING, order, purchase, words, now)
        elif _too_many(order, purchase, fixed, told):
            supplier = world.suppliers.get(purchase.po.supplier)
            if supplier is not None and isinstance(supplier.adapter, MovedByPeople):
                check_shipped(tx, world, order, purchase, now)  # it is read nowhere
            elif purchase.fulfillment not in BEFORE_PLACED:
                tx.put_purchase(attrs.evolve(purchase, next_at=now.wall))  # its supplier is heard first


def check_shipped(tx: Tx, world: World, order: Order, purchase: PurchaseRecord, now: Clock) -> None:
    """What others have shipped of what is still to leave a supplier is for a person to settle.

    To be asked once its supplier has been heard, whose own app may tell the shop of a departure before us.
    """
    over = purchase.fulfillment in HAS_LEFT | FINAL | BEFORE_PLACED or order.canceled
    canceling = purchase.revoke or purchase.fulfillment is Fulfillment.CANCEL_REQUESTED
    if over or canceling or not any(line.fulfilled for line in order.lines):
        return
    if any(notice.state is NoticeState.DUE for notice in tx.notices(order.id)):
        return  # what the shop shows may be of a departure that it is being told of, even twice
    fixed = _ordered(tx.purchases(order.id))
    too_many = _too_many(order, purchase, fixed, _told(tx, world, order, fixed))
    if too_many:
        words = _in_words(purchase, too_many)
        _ask_to_cancel(tx, world, ReviewCode.CHANGED_AFTER_PLACING, order, purchase, words, now)


def _in_words(purchase: PurchaseRecord, too_many: str) -> str:
    there = f"{purchase.po.id} is ordered at {purchase.po.supplier}; {too_many}"
    return f"{there}; cancel it there and order anew what is left, or let it come"


def _ordered(purchases: Sequence[PurchaseRecord]) -> list[PurchaseRecord]:
    return [each for each in purchases if each.fulfillment not in _NOT_ORDERED]


def _told(tx: Tx, world: World, order: Order, fixed: Sequence[PurchaseRecord]) -> dict[str, Decimal]:
    """By line, the units that the shop was told of, or may have been."""
    notices = tx.notices(order.id)
    return {line.ref: announced(world, line.ref, fixed, notices) for line in order.lines}


def _too_many(
    order: Order,
    purchase: PurchaseRecord,
    fixed: Sequence[PurchaseRecord],
    told: Mapping[str, Decimal] | None = None,
) -> str:
    """The lines of which more is ordered than the shop still wants, in words; what has left counts too.

    Args:
        told: By line, the units the shop may know of from us; without it, what others shipped is not counted.
    """
    mine = {part.line_ref for part in purchase.po.lines if not purchase.resend_of}
    found: list[str] = []
    for line in order.lines:
        by_us = line.fulfilled if told is None else told[line.ref]
        committed, wanted = units_in(line.ref, fixed), still_wanted(line, announced=by_us)
        if line.ref in mine and committed > wanted:
            others = line.fulfilled - by_us
            by_others = f", where others have shipped {others:f}" if others > 0 else ""
            left = f"{committed:f} ordered at suppliers, {wanted:f} left in the shop{by_others}"
            found.append(f"line {line.ref}: {left}")
    return ", ".join(found)


def check_address(tx: Tx, world: World, before: Order, record: OrderRecord, now: Clock) -> None:
    """The shop has another address now; it goes there, unless your application has said where to."""
    order = record.order
    if order.canceled or door(before.ship_to) == door(order.ship_to) or tx.forgotten(order.id):
        return
    if record.address is None:
        address_changed(tx, world, order, "the shop has another address now", now)
        return
    tx.close_reviews(ReviewCode.ADDRESS_CHANGED, about=order.id, decision="changed", at=now.wall)
    if door(record.address) == door(order.ship_to):
        address_settled(tx, order.id, now)  # the shop says the same by now
        return
    words = (
        "your application gave an address, and the shop has changed its own since: `accept` sends it where "
        "the shop says, `ignore` where your application says"
    )
    ask_about(tx, ReviewCode.ADDRESS_CHANGED, order, words, now, decisions=("accept", "ignore"))


def address_changed(tx: Tx, world: World, order: Order, why: str, now: Clock) -> None:
    """What was ordered goes to the address that its supplier was given then: a person settles that."""
    for purchase in tx.purchases(order.id):
        if purchase.fulfillment in CAN_CHANGE:
            _go_elsewhere(tx, purchase, now)
        elif purchase.fulfillment not in HAS_LEFT | FINAL:
            sent = "may be" if purchase.fulfillment in BEFORE_PLACED else "is"
            words = (
                f"{why}, and {purchase.po.id} {sent} ordered at "
                f"{purchase.po.supplier} to the one before; cancel it there and order anew, or have them "
                "change it"
            )
            _ask_to_cancel(tx, world, ReviewCode.ADDRESS_CHANGED, order, purchase, words, now)


def _go_elsewhere(tx: Tx, purchase: PurchaseRecord, now: Clock) -> None:
    """Another way may have another price; what was agreed stays so, but for what was said of the address."""
    blocked, po_id = ReviewCode.BLOCKED, purchase.po.id
    was_asked = tx.has_open_review(blocked, about=po_id)
    tx.close_reviews(blocked, about=po_id, decision="another address", at=now.wall)
    # Whether it still stands for another order is looked at anew each time: that question holds nothing back.
    asked_still = any(
        review.about == po_id and review.code is not ReviewCode.REPLACES
        for review in tx.reviews_of(purchase.po.order_id)
    )
    purchase = attrs.evolve(
        purchase, quoted_at=None, accepted=tuple(code for code in purchase.accepted if code != blocked.value)
    )
    if was_asked and not asked_still and purchase.waits == "review":
        purchase = attrs.evolve(purchase, waits="", next_at=now.wall if purchase.approved else None)
    tx.put_purchase(purchase)


def address_settled(tx: Tx, order_id: str, now: Clock) -> None:
    """What waited for somebody to say which address is right waits no more."""
    for purchase in tx.purchases(order_id):
        if purchase.fulfillment in BEFORE_PLACED and purchase.waits == "address":
            tx.put_purchase(attrs.evolve(purchase, waits="", next_at=now.wall))


def door(address: Address | None) -> Address:
    """What of an address stands on a parcel; a mail address or a tax number does not."""
    return attrs.evolve(address or _NOBODY, email="", tax_id="")


def _ask_to_cancel(
    tx: Tx,
    world: World,
    code: ReviewCode,
    order: Order,
    purchase: PurchaseRecord,
    words: str,
    now: Clock,
) -> None:
    """Where the supplier can, a decision cancels; else people have to ask there."""
    supplier = world.suppliers.get(purchase.po.supplier)
    can = supplier is not None and isinstance(supplier.adapter, CancelsPurchases)
    sent = purchase.fulfillment not in BEFORE_PLACED  # else it may be placed by the time of the answer
    can = can and not (sent and not can_be_canceled(purchase.fulfillment, left=purchase.left))
    by_phone = f"{words}: ask the supplier to cancel it, it cannot be done from here"
    if code is ReviewCode.CHANGED_AFTER_PLACING and any(
        tx.was_let_be(order.id, code, about=purchase.po.id, evidence=said) for said in (words, by_phone)
    ):
        return  # units are counted anew with every change in the shop
    ask_about(
        tx,
        code,
        order,
        words if can else by_phone,
        now,
        about=purchase.po.id,
        decisions=("cancel", "ignore") if can else ("ignore",),
    )


def ask_about(
    tx: Tx,
    code: ReviewCode,
    order: Order,
    evidence: str,
    now: Clock,
    *,
    about: str = "",
    decisions: tuple[str, ...] = ("ignore",),
) -> None:
    """Ask people about an order, or about what of it ``about`` names."""
    tx.open_review(
        code,
        about=about or order.id,
        evidence=evidence,
        decisions=decisions,
        at=now.wall,
        order_id=order.id,
        account=order.store,
    )
