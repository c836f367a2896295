"""Orders in the shape of Shopify's old REST API, which its webhooks still have, as those of GraphQL.

They do not say what fulfillment orders there are, so such an order is good for looking at; what is acted on
is read again.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import attrs

from ...adapters import decode_bytes
from ...errors import Malformed
from ._wire import (
    WireAddress,
    WireAllocation,
    WireAttribute,
    WireBag,
    WireFulfilledLine,
    WireFulfillment,
    WireId,
    WireLine,
    WireMoney,
    WireOrder,
    WireProduct,
    WireRefund,
    WireShippingLine,
    WireTax,
    WireWeight,
    gid,
    whole,
)

_STATUS = {"": "UNFULFILLED", "PARTIAL": "PARTIALLY_FULFILLED"}


@attrs.frozen(kw_only=True)
class _Money:
    amount: str
    currency_code: str


@attrs.frozen(kw_only=True)
class _Bag:
    shop_money: _Money | None = None
    presentment_money: _Money | None = None


@attrs.frozen(kw_only=True)
class _Tax:
    price_set: _Bag


@attrs.frozen(kw_only=True)
class _Allocation:
    amount_set: _Bag


@attrs.frozen(kw_only=True, repr=False)
class _Property:
    name: str = ""
    value: object = None


@attrs.frozen(kw_only=True)
class _Line:
    id: int
    admin_graphql_api_id: str = ""
    title: str | None = None
    name: str | None = None
    variant_title: str | None = None
    sku: str | None = None
    vendor: str | None = None
    grams: int | None = None
    quantity: int
    current_quantity: int | None = None
    fulfillable_quantity: int | None = None
    requires_shipping: bool = True
    gift_card: bool = False
    properties: list[_Property] | None = None
    price_set: _Bag
    discount_allocations: tuple[_Allocation, ...] = ()
    tax_lines: tuple[_Tax, ...] = ()
    variant_id: int | None = None
    product_id: int | None = None
    product_exists: bool = True


@attrs.frozen(kw_only=True)
class _ShippingLine:
    code: str | None = None
    title: str | None = None
    is_removed: bool = False
    discounted_price_set: _Bag
    tax_lines: tuple[_Tax, ...] = ()


@attrs.frozen(kw_only=True, repr=False)
class _Address:
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    province: str | None = None
    province_code: str | None = None
    zip: str | None = None
    country_code: str | None = None
    phone: str | None = None


@attrs.frozen(kw_only=True)
class _FulfilledLine:
    id: int
    quantity: int = 0


@attrs.frozen(kw_only=True)
class _Fulfillment:
    id: int
    status: str | None = None
    line_items: tuple[_FulfilledLine, ...] = ()


@attrs.frozen(kw_only=True)
class _Transaction:
    kind: str = ""
    status: str = ""
    amount: str = "0"
    currency: str | None = None


@attrs.frozen(kw_only=True)
class _RefundedLine:
    line_item_id: int
    quantity: int | None = None


@attrs.frozen(kw_only=True)
class _Refund:
    id: int
    refund_line_items: tuple[_RefundedLine, ...] = ()
    transactions: tuple[_Transaction, ...] = ()


@attrs.frozen(kw_only=True, repr=False)
class _Order:
    id: int
    admin_graphql_api_id: str = ""
    name: str | None = None
    test: bool | None = None
    confirmed: bool | None = None
    created_at: str | None = None
    processed_at: str | None = None
    updated_at: str | None = None
    cancelled_at: str | None = None
    cancel_reason: str | None = None
    closed_at: str | None = None
    financial_status: str | None = None
    fulfillment_status: str | None = None
    taxes_included: bool | None = None
    email: str | None = None
    phone: str | None = None
    note: str | None = None
    tags: str | None = None
    po_number: str | None = None
    source_name: str | None = None
    payment_gateway_names: tuple[str, ...] = ()
    total_price_set: _Bag
    shipping_address: _Address | None = None
    billing_address: _Address | None = None
    shipping_lines: tuple[_ShippingLine, ...] = ()
    line_items: tuple[_Line, ...] = ()
    fulfillments: tuple[_Fulfillment, ...] = ()
    refunds: tuple[_Refund, ...] = ()


def order_in(body: bytes) -> WireOrder:
    """The order that a webhook's body holds.

    Raises:
        Malformed: it holds none, or one that cannot be read.
    """
    rest = decode_bytes(_Order, body)
    return WireOrder(
        # Some of JavaScript's making have lost the last digits of the number, and not of the name.
        id=rest.admin_graphql_api_id or gid("Order", str(rest.id)),
        name=rest.name,
        test=bool(rest.test),
        confirmed=rest.confirmed,
        createdAt=rest.created_at,
        processedAt=rest.processed_at,
        updatedAt=rest.updated_at,
        cancelledAt=rest.cancelled_at,
        cancelReason=(rest.cancel_reason or "").upper() or None,
        closedAt=rest.closed_at,
        displayFinancialStatus=(rest.financial_status or "").upper() or None,
        displayFulfillmentStatus=_status(rest.fulfillment_status),
        taxesIncluded=rest.taxes_included,
        email=rest.email,
        phone=rest.phone,
        note=rest.note,
        tags=tuple(tag.strip() for tag in (rest.tags or "").split(",") if tag.strip()),
        poNumber=rest.po_number,
        sourceName=rest.source_name,
        paymentGatewayNames=rest.payment_gateway_names,
        totalPriceSet=_bag(rest.total_price_set),
        shippingAddress=_address(rest.shipping_address),
        billingAddress=_address(rest.billing_address),
        shippingLines=whole(_shipping(line) for line in rest.shipping_lines),
        lineItems=whole(_line(line) for line in rest.line_items),
        fulfillments=tuple(_departure(each) for each in rest.fulfillments),
        refunds=tuple(_refund(each) for each in rest.refunds),
    )


def _status(word: str | None) -> str:
    shown = (word or "").upper()
    return _STATUS.get(shown, shown)


def _line(rest: _Line) -> WireLine:
    unit = _bag(rest.price_set)
    return WireLine(
        id=rest.admin_graphql_api_id or gid("LineItem", str(rest.id)),
        title=rest.title,
        name=rest.name,
        variantTitle=rest.variant_title,
        sku=rest.sku,
        vendor=rest.vendor,
        quantity=rest.quantity,
        currentQuantity=rest.current_quantity,
        unfulfilledQuantity=rest.quantity if rest.fulfillable_quantity is None else rest.fulfillable_quantity,
        nonFulfillableQuantity=0,
        requiresShipping=rest.requires_shipping,
        isGiftCard=rest.gift_card,
        weight=WireWeight(unit="GRAMS", value=Decimal(rest.grams or 0)),
        customAttributes=tuple(
            WireAttribute(key=each.name, value=each.value)
            for each in rest.properties or ()
            if isinstance(each.value, str)
        ),
        originalTotalSet=WireBag(
            presentmentMoney=_times(unit.presentmentMoney, rest.quantity),
            shopMoney=_times(unit.shopMoney, rest.quantity),
        ),
        discountAllocations=tuple(
            WireAllocation(allocatedAmountSet=_bag(each.amount_set)) for each in rest.discount_allocations
        ),
        taxLines=_taxes(rest.tax_lines),
        variant=WireId(id=gid("ProductVariant", str(rest.variant_id))) if rest.variant_id else None,
        product=WireProduct(id=gid("Product", str(rest.product_id)))
        if rest.product_id and rest.product_exists
        else None,
    )


def _times(price: WireMoney | None, units: int) -> WireMoney | None:
    if price is None:
        return None
    total = price.money("$.line_items[].price_set").times(units)
    return WireMoney(amount=f"{total.amount:f}", currencyCode=total.currency)


def _bag(rest: _Bag) -> WireBag:
    return WireBag(presentmentMoney=_money(rest.presentment_money), shopMoney=_money(rest.shop_money))


def _money(rest: _Money | None) -> WireMoney | None:
    return WireMoney(amount=rest.amount, currencyCode=rest.currency_code) if rest else None


def _taxes(rest: Iterable[_Tax]) -> tuple[WireTax, ...]:
    return tuple(WireTax(priceSet=_bag(each.price_set)) for each in rest)


def _shipping(rest: _ShippingLine) -> WireShippingLine:
    return WireShippingLine(
        code=rest.code,
        title=rest.title,
        isRemoved=rest.is_removed,
        discountedPriceSet=_bag(rest.discounted_price_set),
        taxLines=_taxes(rest.tax_lines),
    )


def _address(rest: _Address | None) -> WireAddress | None:
    if rest is None:
        return None
    return WireAddress(
        name=rest.name,
        firstName=rest.first_name,
        lastName=rest.last_name,
        company=rest.company,
        address1=rest.address1,
        address2=rest.address2,
        city=rest.city,
        province=rest.province,
        provinceCode=rest.province_code,
        zip=rest.zip,
        countryCodeV2=rest.country_code,
        phone=rest.phone,
    )


def _departure(rest: _Fulfillment) -> WireFulfillment:
    return WireFulfillment(
        id=gid("Fulfillment", str(rest.id)),
        status=(rest.status or "").upper(),
        fulfillmentLineItems=whole(
            WireFulfilledLine(quantity=line.quantity, lineItem=WireId(id=gid("LineItem", str(line.id))))
            for line in rest.line_items
        ),
    )


def _refund(rest: _Refund) -> WireRefund:
    back = [each for each in rest.transactions if (each.kind, each.status) == ("refund", "success")]
    sides = {each.currency or "" for each in back}
    lines = whole(
        WireFulfilledLine(quantity=line.quantity, lineItem=WireId(id=gid("LineItem", str(line.line_item_id))))
        for line in rest.refund_line_items
    )
    name = gid("Refund", str(rest.id))
    if not back:
        return WireRefund(id=name, totalRefundedSet=None, refundLineItems=lines)
    if len(sides) > 1 or "" in sides:
        raise Malformed("$.refunds[].transactions: one currency is needed", path="$.refunds[].transactions")
    try:
        amount = sum((Decimal(each.amount) for each in back), Decimal(0))
    except ArithmeticError:
        raise Malformed("$.refunds[].transactions: no amount", path="$.refunds[].transactions") from None
    money = WireMoney(amount=f"{amount:f}", currencyCode=sides.pop())
    bag = WireBag(presentmentMoney=money)
    return WireRefund(id=name, totalRefundedSet=bag, refundLineItems=lines)
