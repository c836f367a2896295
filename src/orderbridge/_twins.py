"""Twins: what a supplier has twice under one reference, and what a person wants done about it."""

from __future__ import annotations

import attrs

from ._events import EventKind
from ._journal import Tx
from ._plan import plan_order
from ._records import PurchaseRecord, Twin
from ._reviews import Review, ReviewCode
from ._saga import Clock
from ._states import Fulfillment, IntentState
from .adapters import CancelsPurchases, SeenPurchase, SupplierAdapter

__all__ = [
    "OVER",
    "is_being_canceled",
    "none_too_many",
    "put_twin",
    "take_twin",
    "twin_name",
    "want_twin_canceled",
]

OVER = frozenset({Fulfillment.CANCELED, Fulfillment.REJECTED})
_UNDER_WAY = (IntentState.OPEN, IntentState.UNKNOWN, IntentState.NOT_SENT)
_SENT = (IntentState.OPEN, IntentState.UNKNOWN, IntentState.CONFIRMED)
_ASKED = (
    ReviewCode.DOUBLE,
    ReviewCode.REFUSED,
    ReviewCode.UNCLEAR,
    ReviewCode.PARKED,
    ReviewCode.CONFIRMED_NOT_FOUND,
    ReviewCode.FAULT,
)


def twin_name(po_id: str, supplier_ref: str) -> str:
    """What reviews and intents about one order too many are about."""
    return f"{po_id}#twin/{supplier_ref}"


def _one_too_many_of(tx: Tx, supplier: str, supplier_ref: str) -> list[tuple[PurchaseRecord, Twin]]:
    """The purchase orders that this order of a supplier is a twin of; whoever has one was asked about it."""
    names = [about for about in tx.doubles(supplier) if about.endswith(twin_name("", supplier_ref))]
    records = [tx.purchase(about.removesuffix(twin_name("", supplier_ref))) for about in names]
    return [
        (record, twin)
        for record in records
        for twin in (record.twins if record is not None else ())
        if record is not None and twin.supplier_ref == supplier_ref
    ]


def is_being_canceled(tx: Tx, supplier: str, supplier_ref: str) -> bool:
    """Does a person want it canceled as one too many, or was that sent? A cancel that was refused is over."""
    for record, twin in _one_too_many_of(tx, supplier, supplier_ref):
        about = twin_name(record.po.id, supplier_ref)
        tries = (
            intent
            for number in range(1, twin.revoke_no + 1)
            for intent in tx.intents(about=about, operation="revoke", op_no=number)
        )
        if twin.next_at is not None or twin.fulfillment in OVER or any(i.state in _SENT for i in tries):
            return True
    return False


def none_too_many(tx: Tx, supplier: str, supplier_ref: str, now: Clock) -> None:
    """It is a purchase order's own by now: no twin any more, and what was asked about it is answered."""
    for record, twin in _one_too_many_of(tx, supplier, supplier_ref):
        others = tuple(each for each in record.twins if each is not twin)
        tx.put_purchase(attrs.evolve(record, twins=others))
        for code in _ASKED:
            tx.close_reviews(code, about=twin_name(record.po.id, supplier_ref), decision="found", at=now.wall)


def put_twin(tx: Tx, record: PurchaseRecord, twin: Twin) -> PurchaseRecord:
    """Keep what is known of it now."""
    others = (each for each in record.twins if each.supplier_ref != twin.supplier_ref)
    record = attrs.evolve(record, twins=(*others, twin))
    tx.put_purchase(record)
    return record


def take_twin(
    tx: Tx, adapter: SupplierAdapter, record: PurchaseRecord, seen: SeenPurchase, now: Clock
) -> PurchaseRecord:
    """The supplier shows an order too many: a person is asked once, and not at all if it is canceled."""
    known = next((twin for twin in record.twins if twin.supplier_ref == seen.supplier_ref), None)
    if known is None and seen.fulfillment in OVER:
        return record
    if tx.purchase_with(record.po.supplier, seen.supplier_ref) not in (None, record.po.id):
        return record  # another purchase order's own
    twin = attrs.evolve(
        known or Twin(supplier_ref=seen.supplier_ref),
        fulfillment=seen.fulfillment,
        raw_status=seen.raw_status,
        total=seen.total,
    )
    if twin.fulfillment in OVER:
        twin = attrs.evolve(twin, next_at=None)
        for code in (ReviewCode.DOUBLE, ReviewCode.REFUSED, ReviewCode.UNCLEAR):
            about = twin_name(record.po.id, twin.supplier_ref)
            tx.close_reviews(code, about=about, decision="canceled there", at=now.wall)
    if known is None:
        _ask(tx, adapter, record, twin, now)
    return record if twin == known else put_twin(tx, record, twin)


def _ask(tx: Tx, adapter: SupplierAdapter, record: PurchaseRecord, twin: Twin, now: Clock) -> None:
    po = record.po
    words = [twin.raw_status] if twin.raw_status else []
    words += [str(twin.total)] if twin.total is not None else []
    second = twin.supplier_ref + (f" ({', '.join(words)})" if words else "")
    evidence = f"{po.supplier} has {po.supplier_ref} for it, and {second} with the same reference"
    if not po.supplier_ref:
        evidence = f"{po.supplier} has {second} for it, and it is {record.fulfillment.value} here"
    tx.event(
        EventKind.TWIN_FOUND,
        about=po.id,
        at=now.wall,
        order_id=po.order_id,
        data={"supplier_ref": twin.supplier_ref, "raw": twin.raw_status},
    )
    tx.open_review(
        ReviewCode.DOUBLE,
        about=twin_name(po.id, twin.supplier_ref),
        evidence=evidence,
        decisions=("cancel", "ignore") if isinstance(adapter, CancelsPurchases) else ("ignore",),
        at=now.wall,
        order_id=po.order_id,
        account=po.supplier,
    )
    tx.event(
        EventKind.REVIEW_OPENED,
        about=po.id,
        at=now.wall,
        order_id=po.order_id,
        data={"code": ReviewCode.DOUBLE.value, "evidence": evidence},
    )


def want_twin_canceled(tx: Tx, review: Review, now: Clock) -> None:
    """A person wants the order that the review is about canceled at the supplier, or that tried again."""
    for record in tx.purchases(review.order_id):
        for twin in record.twins:
            about = twin_name(record.po.id, twin.supplier_ref)
            if about != review.about or twin.fulfillment in OVER:
                continue
            if tx.purchase_with(record.po.supplier, twin.supplier_ref) is not None:
                none_too_many(tx, record.po.supplier, twin.supplier_ref, now)
                continue
            before = tx.intents(about=about, operation="revoke", op_no=twin.revoke_no)
            under_way = any(intent.state in _UNDER_WAY for intent in before)
            number = twin.revoke_no if under_way else twin.revoke_no + 1
            put_twin(
                tx, record, attrs.evolve(twin, revoke_no=number, asked_at=None, next_at=now.wall, failures=0)
            )
            plan_order(tx, review.order_id, now)
