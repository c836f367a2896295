"""What a shop keeps: orders and all that hangs on them. Amounts are in the shopper's currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import attrs

from .values import Money, gid

OPEN_STATES = ("OPEN", "IN_PROGRESS", "ON_HOLD", "SCHEDULED", "INCOMPLETE")


@attrs.define(kw_only=True, eq=False)
class Variant:
    """One thing on sale. ``deleted`` leaves the order lines that name it without it."""

    id: int
    sku: str
    title: str = "Default Title"
    product_title: str = "Thing"
    vendor: str = "Vendor"
    weight: float = 0.0
    tags: Sequence[str] = ()
    barcode: str = ""
    price: Decimal = Decimal("10.00")
    requires_shipping: bool = True
    gift_card: bool = False
    location_id: int = 1
    deleted: bool = False


@attrs.define(kw_only=True, eq=False)
class Location:
    """A place goods leave from; a fulfillment service has its own.

    Args:
        service: The handle of the fulfillment service, or empty for the merchant's own place.

        ours: That service belongs to the app that asks.
    """

    id: int
    name: str
    service: str = ""
    ours: bool = False
    active: bool = True
    country: str = "US"
    callback: str = ""


@attrs.define(kw_only=True, eq=False)
class Discount:
    """A discount of the whole order, a code's or one by hand."""

    index: int
    code: str = ""
    title: str = ""
    percentage: Decimal | None = None
    amount: Decimal = Decimal(0)


@attrs.define(kw_only=True, eq=False)
class Line:
    """A line as ordered; what became of its units is counted beside it.

    Args:
        removed: Units taken out by an edit of the order.

        refunded: Units refunded.

        fulfilled: Units in fulfillments that are not cancelled.

        returned: Units refunded after they had been fulfilled.

        discounts: What each discount takes off the whole line, by the discount's index.

        taxes: Title and rate of each tax.

        fetched: The shopper picks it up in a store.
    """

    id: int
    sku: str | None
    title: str
    variant_title: str | None
    vendor: str | None
    quantity: int
    price: Decimal
    weight: float = 0.0
    variant: Variant | None = None
    requires_shipping: bool = True
    gift_card: bool = False
    fulfillable: bool = True
    fetched: bool = False
    location_id: int = 1
    discounts: Mapping[int, Decimal] = attrs.field(factory=dict[int, Decimal])
    taxes: tuple[tuple[str, Decimal], ...] = ()
    duty: Decimal = Decimal(0)
    attributes: Mapping[str, str] = attrs.field(factory=dict[str, str])
    group: str = ""
    removed: int = 0
    refunded: int = 0
    fulfilled: int = 0
    returned: int = 0
    order: Order = attrs.field(init=False, repr=False)

    @property
    def method(self) -> str:
        """The way of delivery, in Shopify's word."""
        if not self.requires_shipping:
            return "NONE"
        return "PICK_UP" if self.fetched else "SHIPPING"

    @property
    def current(self) -> int:
        """Units neither removed nor refunded."""
        return self.quantity - self.removed - self.refunded

    @property
    def total(self) -> Decimal:
        """As ordered, before discounts."""
        return self.price * self.quantity

    @property
    def discount(self) -> Decimal:
        """All that is taken off the line as ordered."""
        return sum(self.discounts.values(), Decimal(0))

    @property
    def net(self) -> Decimal:
        """As ordered, after all discounts."""
        return self.total - self.discount

    def share(self, units: int) -> Decimal:
        """What so many units cost after all discounts."""
        return self.net * units / self.quantity if self.quantity else Decimal(0)


@attrs.define(kw_only=True, eq=False)
class Hold:
    """A hold on a fulfillment order, by the app that asks or by somebody else."""

    id: int
    reason: str
    notes: str | None = None
    handle: str | None = None
    ours: bool = True


@attrs.define(kw_only=True, eq=False)
class Request:
    """What the merchant asked of a fulfillment service."""

    id: int
    kind: str
    message: str | None
    sent_at: datetime
    notify: bool = False


@attrs.define(kw_only=True, eq=False)
class FulfillmentLine:
    """Units of a line in a fulfillment order. Its id is not the line's."""

    id: int
    line: Line
    total: int
    remaining: int


@attrs.define(kw_only=True, eq=False)
class FulfillmentOrder:
    """Work to do at one location. Only open ones count: a closed one may still show units.

    Args:
        reported: Progress was reported by hand.

        displayable: False for what was merged or moved away.

        answer: What the service said when it answered last.
    """

    id: int
    order: Order
    location: Location
    lines: list[FulfillmentLine]
    created_at: datetime
    updated_at: datetime
    method: str = "SHIPPING"
    status: str = "OPEN"
    request_status: str = "UNSUBMITTED"
    fulfill_at: datetime | None = None
    fulfill_by: datetime | None = None
    holds: list[Hold] = attrs.field(factory=list[Hold])
    requests: list[Request] = attrs.field(factory=list[Request])
    reported: bool = False
    displayable: bool = True
    answer: str = ""

    @property
    def open(self) -> bool:
        """There may be work left in it."""
        return self.status in OPEN_STATES

    @property
    def remaining(self) -> int:
        """Units left in it."""
        return sum(line.remaining for line in self.lines)


@attrs.define(kw_only=True, eq=False)
class Event:
    """Something that happened to a fulfillment on its way."""

    id: int
    status: str
    happened_at: datetime
    created_at: datetime
    message: str | None = None
    estimated_at: datetime | None = None
    place: Mapping[str, str] = attrs.field(factory=dict[str, str])


@attrs.define(kw_only=True, eq=False)
class Part:
    """Units of a line in a fulfillment, and where they came from."""

    id: int
    source: FulfillmentLine
    quantity: int


@attrs.define(kw_only=True, eq=False)
class Fulfillment:
    """A shipment that left."""

    id: int
    order: Order
    index: int
    sources: list[FulfillmentOrder]
    parts: list[Part]
    created_at: datetime
    updated_at: datetime
    status: str = "SUCCESS"
    company: str | None = None
    numbers: list[str] = attrs.field(factory=list[str])
    urls: list[str] = attrs.field(factory=list[str])
    events: list[Event] = attrs.field(factory=list[Event])


@attrs.define(kw_only=True, eq=False)
class Transaction:
    """Money that moved, or that may."""

    id: int
    order: Order
    kind: str
    amount: Decimal
    created_at: datetime
    gateway: str = "shopify_payments"
    status: str = "SUCCESS"
    parent: Transaction | None = None


@attrs.define(kw_only=True, eq=False)
class RefundLine:
    """Units refunded."""

    id: int
    line: Line
    quantity: int
    restock: str


@attrs.define(kw_only=True, eq=False)
class Refund:
    """A refund: what was given back, and the transactions that moved money, if any."""

    id: int
    order: Order
    created_at: datetime
    lines: list[RefundLine]
    shipping: Decimal
    transactions: list[Transaction]
    note: str | None = None


@attrs.define(kw_only=True, eq=False)
class Return:
    """Goods on their way back."""

    id: int
    order: Order
    status: str
    created_at: datetime
    parts: list[tuple[int, Part, int]]


@attrs.define(kw_only=True, eq=False)
class Metafield:
    """A value an app keeps on an order."""

    id: int
    namespace: str
    key: str
    type: str
    value: str
    created_at: datetime
    updated_at: datetime
    changes: int = 0


@attrs.define(kw_only=True, eq=False)
class Job:
    """A cancel under way: done when its time has come, unless it fails."""

    id: int
    order: Order
    due: datetime
    reason: str
    restock: bool
    refund: bool
    status: str = "STARTED"
    error: str = ""


@attrs.define(kw_only=True, eq=False)
class Order:
    """An order. ``indexed`` is what the search has seen of it, and when."""

    id: int
    number: int
    name: str
    currency: str
    rate: Decimal
    shop_currency: str
    created_at: datetime
    updated_at: datetime
    lines: list[Line]
    email: str | None
    phone: str | None
    shipping_address: Mapping[str, str] | None
    billing_address: Mapping[str, str] | None
    shipping: Decimal = Decimal(0)
    shipping_code: str | None = "Standard"
    shipping_removed: bool = False
    tip: Decimal = Decimal(0)
    gateway: str = "shopify_payments"
    taxes_included: bool = True
    tax_exempt: bool = False
    test: bool = False
    source: str = "web"
    po_number: str | None = None
    note: str | None = None
    tags: list[str] = attrs.field(factory=list[str])
    attributes: dict[str, str] = attrs.field(factory=dict[str, str])
    discounts: list[Discount] = attrs.field(factory=list[Discount])
    expired: bool = False
    edited: bool = False
    canceled_at: datetime | None = None
    cancel_reason: str | None = None
    closed_at: datetime | None = None
    financial_status: str | None = None
    fulfillment_status: str | None = None
    fulfillment_orders: list[FulfillmentOrder] = attrs.field(factory=list[FulfillmentOrder])
    fulfillments: list[Fulfillment] = attrs.field(factory=list[Fulfillment])
    transactions: list[Transaction] = attrs.field(factory=list[Transaction])
    refunds: list[Refund] = attrs.field(factory=list[Refund])
    returns: list[Return] = attrs.field(factory=list[Return])
    metafields: list[Metafield] = attrs.field(factory=list[Metafield])
    indexed: list[tuple[datetime, Mapping[str, object]]] = attrs.field(
        factory=list[tuple[datetime, Mapping[str, object]]], repr=False
    )

    @property
    def gid(self) -> str:
        """Its global id."""
        return gid("Order", self.id)

    def money(self, amount: Decimal) -> Money:
        """An amount of this order."""
        return Money(amount, self.currency, self.rate, self.shop_currency)
