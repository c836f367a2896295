"""The shapes of Shopify's answers about orders, and how to read ids, money and times in them.

Enumerations are plain text: they grow within a year. Only what is asked for is named, and what is needed and
missing raises ``Malformed`` with its path where it is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Generic, TypeVar

import attrs

from ..._model import Money
from ...adapters import decode_bytes
from ...errors import Malformed

T = TypeVar("T")

_GID = re.compile(r"gid://shopify/([A-Za-z]+)/(\d+)(?:\?.*)?")


# --- ids, times, amounts -------------------------------------------------------------------------------


def gid(kind: str, ref: str) -> str:
    """Shopify's name of a thing: ``gid("Order", "1")`` is ``gid://shopify/Order/1``."""
    return f"gid://shopify/{kind}/{ref}"


def ref_of(value: object) -> str:
    """The number at the end of Shopify's name of a thing, as text; empty where there is none."""
    found = _GID.fullmatch(value) if isinstance(value, str) else None
    return found[2] if found else ""


def kind_of(value: object) -> str:
    """What Shopify's name of a thing says it is: ``Order``; empty where it is no such name."""
    found = _GID.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else ""


def is_ref(ref: str) -> bool:
    """Can this be an id of ours, a whole number as text?"""
    return ref.isascii() and ref.isdigit()


def utc(value: str | None, path: str) -> datetime:
    """A time as Shopify writes it, with its zone."""
    try:
        time = datetime.fromisoformat(value or "")
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise Malformed(f"{path}: {value!r} is not a time such as 2026-11-22T03:48:32Z", path=path)
    return time.astimezone(UTC)


def stamp(time: datetime) -> str:
    """A time as searches want it: in UTC and saying so, whole seconds."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


# --- shapes ------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class PageInfo:
    hasNextPage: bool = False
    endCursor: str | None = None


@attrs.frozen(kw_only=True)
class Edge(Generic[T]):
    node: T


@attrs.frozen(kw_only=True)
class Connection(Generic[T]):
    """A list, or the beginning of one; recorded answers may have edges where we ask for nodes."""

    nodes: tuple[T, ...] = ()
    edges: tuple[Edge[T], ...] = ()
    pageInfo: PageInfo = attrs.field(factory=PageInfo)

    @property
    def items(self) -> tuple[T, ...]:
        return self.nodes or tuple(edge.node for edge in self.edges)

    @property
    def rest(self) -> str:
        """Where the list goes on; empty at its end."""
        if self.pageInfo.hasNextPage and not self.pageInfo.endCursor:
            raise Malformed("$.pageInfo: a list goes on, and it is not said where", path="$.pageInfo")
        return (self.pageInfo.endCursor or "") if self.pageInfo.hasNextPage else ""


@attrs.frozen(kw_only=True)
class WireMoney:
    amount: str
    currencyCode: str

    def money(self, path: str) -> Money:
        try:
            return Money.of(self.amount, self.currencyCode, field="amount")
        except ValueError as error:
            raise Malformed(f"{path}: {error}", path=path) from None


@attrs.frozen(kw_only=True)
class WireBag:
    """The same amount twice: in the currency the shopper paid in, and in the shop's."""

    presentmentMoney: WireMoney | None = None
    shopMoney: WireMoney | None = None

    def paid(self, path: str) -> Money:
        """As the shopper paid it; old recordings have the shop's side alone."""
        side = self.presentmentMoney or self.shopMoney
        if side is None:
            raise Malformed(f"{path}: no amount came", path=path)
        return side.money(path)


@attrs.frozen(kw_only=True)
class WireId:
    id: str = ""


@attrs.frozen(kw_only=True)
class WireTax:
    priceSet: WireBag


@attrs.frozen(kw_only=True)
class WireAllocation:
    allocatedAmountSet: WireBag


@attrs.frozen(kw_only=True, repr=False)
class WireAttribute:
    key: str = ""
    value: str | None = None


@attrs.frozen(kw_only=True)
class WireProduct:
    id: str = ""
    tags: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class WireWeight:
    unit: str = ""
    value: Decimal = Decimal(0)


@attrs.frozen(kw_only=True)
class WireLine:
    """A line of an order. ``quantity`` counts what was removed since, ``currentQuantity`` does not."""

    id: str = ""
    title: str | None = None
    name: str | None = None
    variantTitle: str | None = None
    sku: str | None = None
    vendor: str | None = None
    quantity: int | None = None
    currentQuantity: int | None = None
    unfulfilledQuantity: int | None = None
    nonFulfillableQuantity: int | None = None
    requiresShipping: bool = True
    isGiftCard: bool = False
    weight: WireWeight | None = None
    customAttributes: tuple[WireAttribute, ...] = ()
    originalTotalSet: WireBag | None = None
    discountAllocations: tuple[WireAllocation, ...] = ()
    taxLines: tuple[WireTax, ...] = ()
    variant: WireId | None = None
    product: WireProduct | None = None

    @property
    def ref(self) -> str:
        return ref_of(self.id)


@attrs.frozen(kw_only=True)
class WireShippingLine:
    code: str | None = None
    title: str | None = None
    isRemoved: bool = False
    discountedPriceSet: WireBag
    taxLines: tuple[WireTax, ...] = ()


@attrs.frozen(kw_only=True, repr=False)
class WireAddress:
    name: str | None = None
    firstName: str | None = None
    lastName: str | None = None
    company: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    province: str | None = None
    provinceCode: str | None = None
    zip: str | None = None
    countryCodeV2: str | None = None
    phone: str | None = None


@attrs.frozen(kw_only=True)
class WireService:
    handle: str = ""


@attrs.frozen(kw_only=True)
class WireLocation:
    id: str = ""
    isFulfillmentService: bool = False
    fulfillmentService: WireService | None = None


@attrs.frozen(kw_only=True)
class WireAssigned:
    location: WireLocation | None = None


@attrs.frozen(kw_only=True)
class WireDelivery:
    methodType: str = ""


@attrs.frozen(kw_only=True)
class WireAction:
    action: str = ""


@attrs.frozen(kw_only=True)
class WireFulfillmentOrderLine:
    id: str = ""
    remainingQuantity: int = 0
    lineItem: WireId = attrs.field(factory=WireId)


HANDLE = "orderbridge"  # names our hold of a fulfillment order


@attrs.frozen(kw_only=True)
class WireHold:
    id: str = ""
    handle: str | None = None
    heldByRequestingApp: bool = False


@attrs.frozen(kw_only=True)
class WireFulfillmentOrder:
    """A part of an order that ships from one location. It does not last: it is split, moved, replaced."""

    id: str = ""
    status: str = ""
    requestStatus: str = ""
    supportedActions: tuple[WireAction, ...] = ()
    fulfillmentHolds: tuple[WireHold, ...] = ()
    assignedLocation: WireAssigned = attrs.field(factory=WireAssigned)
    deliveryMethod: WireDelivery | None = None
    lineItems: Connection[WireFulfillmentOrderLine] | None = None
    merchantRequests: Connection[WireId] | None = None  # the last one for us to ship

    @property
    def our_holds(self) -> tuple[WireHold, ...]:
        """Those that the bridge made: others, and other programs of the same app, have other handles."""
        return tuple(
            each for each in self.fulfillmentHolds if each.heldByRequestingApp and each.handle == HANDLE
        )


@attrs.frozen(kw_only=True)
class WireFulfilledLine:
    quantity: int | None = None
    lineItem: WireId = attrs.field(factory=WireId)


@attrs.frozen(kw_only=True)
class WireTrack:
    company: str | None = None
    number: str | None = None
    url: str | None = None


@attrs.frozen(kw_only=True)
class WireFulfillment:
    """A departure that the shop knows."""

    id: str = ""
    status: str = ""
    location: WireId | None = None
    deliveredAt: str | None = None
    trackingInfo: tuple[WireTrack, ...] = ()
    fulfillmentLineItems: Connection[WireFulfilledLine] = attrs.field(factory=Connection[WireFulfilledLine])


@attrs.frozen(kw_only=True)
class WireRefund:
    id: str = ""
    totalRefundedSet: WireBag | None = None
    refundLineItems: Connection[WireFulfilledLine] = attrs.field(factory=Connection[WireFulfilledLine])


@attrs.frozen(kw_only=True, repr=False)
class WireOrder:
    id: str = ""
    name: str | None = None
    test: bool = False
    confirmed: bool | None = None
    createdAt: str | None = None
    processedAt: str | None = None
    updatedAt: str | None = None
    cancelledAt: str | None = None
    cancelReason: str | None = None
    closedAt: str | None = None
    displayFinancialStatus: str | None = None
    displayFulfillmentStatus: str | None = None
    taxesIncluded: bool | None = None
    email: str | None = None
    phone: str | None = None
    note: str | None = None
    tags: tuple[str, ...] = ()
    poNumber: str | None = None
    sourceName: str | None = None
    paymentGatewayNames: tuple[str, ...] = ()
    totalPriceSet: WireBag | None = None
    totalRefundedSet: WireBag | None = None
    shippingAddress: WireAddress | None = None
    billingAddress: WireAddress | None = None
    shippingLines: Connection[WireShippingLine] = attrs.field(factory=Connection[WireShippingLine])
    lineItems: Connection[WireLine] = attrs.field(factory=Connection[WireLine])
    # None where they were not asked for, which is not the same as none.
    fulfillmentOrders: Connection[WireFulfillmentOrder] | None = None
    fulfillments: tuple[WireFulfillment, ...] | None = None
    refunds: tuple[WireRefund, ...] | None = None

    @property
    def ref(self) -> str:
        return ref_of(self.id)


def whole(items: Iterable[T]) -> Connection[T]:
    """A list that is known to its end."""
    return Connection(nodes=tuple(items))


def each(cls: type[T], found: Iterable[object]) -> list[T | Malformed]:
    """Each of JSON's own values by itself, so that one bad order never hides the others."""
    items: list[T | Malformed] = []
    for value in found:
        try:
            items.append(decode_bytes(cls, json.dumps(value, default=str).encode()))
        except Malformed as error:
            items.append(error)
    return items


def count(value: int | None, path: str) -> Decimal:
    """Units, zero or more."""
    if value is None or value < 0:
        raise Malformed(f"{path}: {value} is not a quantity of zero or more", path=path)
    return Decimal(value)
