"""Orders as the platform holds them, and its ledger of what really happened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

import attrs

from ..._http import Headers
from .goods import Carrier
from .values import Json, Object

__all__ = ["AlibabaOrder", "Effect", "Event", "OrderLine", "Outcome", "Parcel", "Payment", "Push"]

Outcome: TypeAlias = Literal["PAYING", "PAY_SUCCESS", "PAY_FAILED"]


@attrs.frozen(kw_only=True)
class OrderLine:
    """So many of one SKU, at the price of the moment it was ordered."""

    product_id: str
    sku_id: str
    quantity: int
    unit_price: Decimal
    title: str = ""
    color: str = ""


@attrs.frozen(kw_only=True)
class Event:
    """One scan of a parcel."""

    code: str
    name: str
    location: str
    at: datetime


@attrs.define(kw_only=True)
class Parcel:
    """One parcel.

    Args:
        parts: Units by SKU id. The gateway does not tell them.

        number: Empty as long as nobody has written it down.
    """

    carrier: str
    number: str
    parts: Mapping[str, int]
    sent_at: datetime
    events: list[Event] = attrs.field(factory=list[Event])


@attrs.define(kw_only=True)
class AlibabaOrder:
    """One order.

    Args:
        reference: ``channel_refer_id``, which no answer shows.

        remark: As it came, whole.

        address: ``shipment_address`` as it came; a shopper, so not in the repr.

        adjusted: What the seller changed the total by after it was placed.

        logistic: ``logistic_status``.

        pay_reason: Why the last payment failed: a code and its text.

        refunded: How much went back to the buyer.

        held_from: The status it had before it was frozen.
    """

    trade_id: str
    reference: str
    remark: str
    e_company_id: str
    company: str
    lines: tuple[OrderLine, ...]
    address: Object = attrs.field(repr=False)
    carrier: Carrier
    dispatch: str
    freight: Decimal
    created_at: datetime
    modified_at: datetime
    status: str
    attachments: list[Json] = attrs.field(factory=list["Json"], repr=False)
    adjusted: Decimal = Decimal(0)
    logistic: str = "UNDELIVERED"
    parcels: list[Parcel] = attrs.field(factory=list[Parcel])
    pay_reason: tuple[str, str] | None = None
    refunded: Decimal = Decimal(0)
    held_from: str = ""
    released: bool = False

    @property
    def shopper(self) -> str:
        """Whom it goes to."""
        return str(self.address.get("contact_person", ""))

    @property
    def units(self) -> dict[tuple[str, str], int]:
        """Units by product and SKU."""
        return {(line.product_id, line.sku_id): line.quantity for line in self.lines}

    @property
    def goods_total(self) -> Decimal:
        """The goods alone."""
        return sum((line.unit_price * line.quantity for line in self.lines), Decimal(0))

    @property
    def total(self) -> Decimal:
        """What is to be paid."""
        return self.goods_total + self.freight + self.adjusted

    @property
    def pay_url(self) -> str:
        """Where a person pays."""
        return f"https://biz.alibaba.com/ta/detail.htm?orderId={self.trade_id}"


@attrs.define(kw_only=True)
class Payment:
    """One attempt to move money; it moved if the outcome is ``PAY_SUCCESS``.

    Args:
        by: A call, or a person on the page.

        due: When a slow one is decided.
    """

    trade_id: str
    amount: Decimal
    by: Literal["api", "hand"]
    at: datetime
    due: datetime
    fails: tuple[str, str] | None = None
    outcome: Outcome = "PAYING"


@attrs.frozen(kw_only=True)
class Effect:
    """One call that changed something; refused calls leave none.

    Args:
        ref: The trade id; of an upload, the path.

        tag: The remark of that order.
    """

    at: datetime
    what: Literal["create", "pay", "cancel", "upload"]
    ref: str
    tag: str = ""


@attrs.frozen(kw_only=True)
class Push:
    """One message to the client's callback, ready to be delivered in any order and number."""

    headers: Headers = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
