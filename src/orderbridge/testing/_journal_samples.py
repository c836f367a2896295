"""Orders and what belongs to them, full of traps, for the journal suite."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import attrs

from .._intents import Attempt, Intent
from .._journal import Tx
from .._model import (
    Address,
    Line,
    NoticeLine,
    Order,
    Package,
    PurchaseLine,
    PurchaseOrder,
    ShipmentLine,
    ShipmentNotice,
    ShippingChoice,
    StorePayment,
)
from .._money import Money
from .._records import NoticeRecord, OrderRecord, PurchaseRecord
from .._states import CaseKind, CaseState, Fulfillment, IntentState, Payment
from .._wishes import Case, Task
from ..adapters import Note, Refund, Refunded, RefundLine

__all__ = [
    "MINUTE",
    "NOW",
    "SHOPPER",
    "a_case",
    "a_notice",
    "a_purchase",
    "a_task",
    "an_attempt",
    "an_intent",
    "an_order",
    "keep_order",
]

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
EURO = Money(Decimal("19.90"), "EUR")
SHOPPER = Address(
    name="Zoë O'Näme",
    line1="Straße 1; DROP TABLE orders;--",
    city="Łódź",
    postal_code="01234",
    country="PL",
    email="zoe@example.com",
    phone="+48 😀",
)


def _a_line() -> Line:
    return Line(
        ref="l1",
        ship_ref="l1-child",
        sku="SKU 1",
        product_ref="p1",
        variant_ref="v1",
        name="Tee “été”",
        attributes=(("engraving", "for Zoë"),),
        quantity=Decimal("1.50"),
        refunded=Decimal("0.25"),
        unit_price=Money(Decimal("13.266667"), "EUR"),
        total=EURO,
        tax=Money(Decimal("0.000"), "EUR"),
    )


def an_order(ref: str = "7", store: str = "shop") -> Order:
    return Order(
        store=store,
        ref=ref,
        number=f"#{ref}",
        placed_at=NOW - MINUTE,
        updated_at=NOW,
        currency="EUR",
        payment=StorePayment.PAID,
        ready=True,
        raw_status="processing",
        lines=(_a_line(), attrs.evolve(_a_line(), ref="l2", variant_ref="", product_ref="p2", attributes=())),
        ship_to=SHOPPER,
        bill_to=attrs.evolve(SHOPPER, company="Firma"),
        shipping=(ShippingChoice(code="flat", title="Post", total=Money(Decimal("4.90"), "EUR")),),
        total=Money(Decimal("99999999999999.99"), "EUR"),
        note="Ring twice\nplease",
        tags=("b2c", "été"),
        extra=(("gift", "yes"),),
    )


def keep_order(tx: Tx, order: Order, *, waits: str = "", owner: str = "") -> OrderRecord:
    record = OrderRecord(order=order, taken=True, seen_at=NOW)
    tx.put_order(record, owner=owner, salt="pepper", waits={"l1": waits} if waits else {})
    return record


def a_purchase(
    n: int = 1, *, supplier: str = "hub", order: str = "7", supplier_ref: str = ""
) -> PurchaseRecord:
    po = PurchaseOrder(
        id=f"shop/{order}/{supplier}/{n}",
        order_id=f"shop/{order}",
        order_ref=order,
        order_number=f"#{order}",
        store="shop",
        supplier=supplier,
        n=n,
        reference=f"ref{order}{supplier}{n}",
        lines=(PurchaseLine(line_ref="l1", remote_id="r1", quantity=Decimal("2.0"), units=Decimal("1.5")),),
        supplier_ref=supplier_ref,
        ship_to=SHOPPER,
        placed_at=NOW,
        note="Ring twice\nplease",
    )
    return PurchaseRecord(
        po=po, payment=Payment.UNPAID, left=Fulfillment.PLACED, total=EURO, created_at=NOW + n * MINUTE
    )


def a_notice(key: str, *, shipment: str, created_at: datetime = NOW) -> NoticeRecord:
    notice = ShipmentNotice(
        key=key,
        order_id="shop/7",
        purchase_order_id="shop/7/hub/1",
        lines=(NoticeLine(line_ref="l1", ship_ref="l1-child", units=Decimal("1.5")),),
        packages=(Package(tracking_number="1Z", carrier="Pošta"),),
        shipped_at=NOW,
        completes=False,
    )
    return NoticeRecord(notice=notice, shipment_ref=shipment, created_at=created_at, refs=("9",))


def a_task(key: str, amount: Money | None = None, *, created_at: datetime = NOW) -> Task:
    """A note, or a refund of ``amount``."""
    if amount is None:
        return Task(order_id="shop/7", note=Note(key=key, text="Ring Zoë"), created_at=created_at)
    line = RefundLine(line_ref="l1", units=Decimal("0.5"), amount=amount)
    refund = Refund(key=key, amount=amount, lines=(line,), reason="Broken", gives_money=True)
    refunded = Refunded(ref="4", amount=amount, gave_money=True)
    return Task(order_id="shop/7", refund=refund, refunded=refunded, created_at=created_at)


def a_case(n: int, *, kind: CaseKind = CaseKind.REFUND, state: CaseState = CaseState.REQUESTED) -> Case:
    """A case about the purchase order of ``a_purchase``."""
    return Case(
        id=f"shop/7/hub/1/case/{n}",
        order_id="shop/7",
        purchase_order="shop/7/hub/1",
        key=f"k{n}",
        kind=kind,
        state=state,
        lines=(ShipmentLine(remote_id="r1", quantity=Decimal("1.50")),),
        amount=Money.of("12.50", "EUR"),
        reason="torn",
        evidence=("https://pictures.example/1", "two of them"),
        opened_at=NOW + n * MINUTE,
        changed_at=NOW + n * MINUTE,
    )


def an_intent(about: str = "shop/7/hub/1", step: str = "create", subject: str = "order/shop/7") -> Intent:
    return Intent(
        id=0,
        subject=subject,
        about=about,
        operation="place",
        op_no=1,
        step=step,
        account="hub",
        state=IntentState.OPEN,
        rule="park",
        amount=EURO,
    )


def an_attempt(intent: int, no: int = 1) -> Attempt:
    return Attempt(
        intent=intent, no=no, request="POST ☃", sha256="ab", at=NOW, state=IntentState.OPEN, fence=3
    )
