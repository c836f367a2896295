"""Orders and their lines, money, refunds and returns as GraphQL reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from decimal import Decimal

from . import totals
from .ask import Ask
from .money_view import suggested
from .order_parts import connected, discount_node, freight_node, pairs, tax_node
from .records import Metafield, Order
from .values import Asked, Json, Node, gid, iso, text

ZERO = Decimal(0)
PRIVATE = "app--170001"
MONEY: Mapping[str, Callable[[Order], Decimal]] = {
    "totalPriceSet": lambda order: totals.total(order, now=False),
    "originalTotalPriceSet": totals.original_total,
    "currentTotalPriceSet": lambda order: totals.total(order, now=True),
    "subtotalPriceSet": lambda order: totals.subtotal(order, now=False),
    "currentSubtotalPriceSet": lambda order: totals.subtotal(order, now=True),
    "totalTaxSet": lambda order: sum(totals.taxes(order, now=False).values(), ZERO),
    "currentTotalTaxSet": lambda order: sum(totals.taxes(order, now=True).values(), ZERO),
    "totalDiscountsSet": lambda order: totals.discounts(order, now=False),
    "currentTotalDiscountsSet": lambda order: totals.discounts(order, now=True),
    "totalShippingPriceSet": lambda order: order.shipping,
    "currentShippingPriceSet": totals.shipping_left,
    "totalReceivedSet": totals.received,
    "totalRefundedSet": totals.refunded,
    "totalRefundedShippingSet": lambda order: sum((one.shipping for one in order.refunds), ZERO),
    "totalOutstandingSet": totals.outstanding,
    "totalCapturableSet": totals.capturable,
    "totalTipReceivedSet": lambda order: order.tip,
    "netPaymentSet": lambda order: totals.received(order) - totals.refunded(order),
}


def order_node(at: Ask, order: Order) -> Node:
    """An Order."""
    due = totals.outstanding(order)
    left = sum(totals.unfulfilled(line) for line in order.lines)
    return {
        "__typename": "Order",
        "id": order.gid,
        "legacyResourceId": order.id,
        "name": order.name,
        "number": order.number,
        "confirmationNumber": _letters(order.id),
        "poNumber": order.po_number,
        "test": order.test,
        "email": order.email,
        "phone": order.phone,
        "note": order.note,
        "tags": sorted(order.tags),
        "createdAt": iso(order.created_at),
        "updatedAt": iso(order.updated_at),
        "processedAt": iso(order.created_at),
        "cancelledAt": iso(order.canceled_at),
        "cancelReason": order.cancel_reason,
        "closed": order.closed_at is not None,
        "closedAt": iso(order.closed_at),
        "confirmed": True,
        "fullyPaid": due <= 0,
        "unpaid": totals.received(order) == 0,
        "edited": order.edited,
        "currencyCode": order.shop_currency,
        "presentmentCurrencyCode": order.currency,
        "taxesIncluded": order.taxes_included,
        "taxExempt": order.tax_exempt,
        "dutiesIncluded": False,
        "sourceName": order.source,
        "sourceIdentifier": None,
        "customerLocale": "en",
        "statusPageUrl": f"https://{at.shop.domain}/orders/{order.id}/authenticate?key=none",
        "displayFinancialStatus": order.financial_status or totals.financial_status(order),
        "displayFulfillmentStatus": order.fulfillment_status or totals.fulfillment_status(order),
        "returnStatus": totals.return_status(order),
        "requiresShipping": any(line.requires_shipping for line in order.lines),
        "capturable": totals.capturable(order) > 0,
        "canMarkAsPaid": due > 0 and not order.canceled_at and totals.capturable(order) == 0,
        "canNotifyCustomer": order.email is not None,
        "fulfillable": left > 0,
        "refundable": any(line.current for line in order.lines),
        "restockable": any(line.current for line in order.lines),
        "subtotalLineItemsQuantity": sum(line.quantity - line.removed for line in order.lines),
        "currentSubtotalLineItemsQuantity": sum(line.current for line in order.lines),
        "paymentGatewayNames": sorted({one.gateway for one in order.transactions}),
        "customAttributes": pairs(order.attributes),
        "discountCodes": [discount.code for discount in order.discounts if discount.code],
        "customer": lambda: _customer(order),
        "shippingAddress": lambda: _address(order, order.shipping_address, 1),
        "billingAddress": lambda: _address(order, order.billing_address, 2),
        **{name: _lazy(at, order, worth) for name, worth in MONEY.items()},
        "originalTotalDutiesSet": lambda: _duties(at, order, totals.duties(order, now=False)),
        "currentTotalDutiesSet": lambda: _duties(at, order, totals.duties(order, now=True)),
        "taxLines": lambda: _taxes(at, order, totals.taxes(order, now=False)),
        "currentTaxLines": lambda: _taxes(at, order, totals.taxes(order, now=True)),
        "shippingLine": lambda: freight_node(at, order),
        "shippingLines": Asked(lambda args: _freights(at, order, args)),
        "lineItems": at.pages(lambda: order.lines),
        "fulfillmentOrders": Asked(
            lambda args: at.page(
                [
                    work
                    for work in order.fulfillment_orders
                    if at.sees(work) and (work.displayable or not args.get("displayable"))
                ],
                args,
            )
        ),
        "fulfillments": at.first(lambda: order.fulfillments),
        "transactions": at.first(lambda: order.transactions),
        "refunds": at.first(lambda: order.refunds),
        "returns": at.pages(lambda: order.returns),
        "discountApplications": Asked(lambda args: _discounts(at, order, args)),
        "metafields": Asked(lambda args: _metafields(at, order, args)),
        "metafield": Asked(
            lambda args: at.show(
                find_metafield(order, text(args.get("namespace")) or None, text(args["key"]))
            )
        ),
        "suggestedRefund": Asked(lambda args: suggested(at, order, args)),
    }


def _lazy(at: Ask, order: Order, worth: Callable[[Order], Decimal]) -> Callable[[], Node]:
    return lambda: at.money(order, worth(order))


def _duties(at: Ask, order: Order, owed: Decimal) -> Node | None:
    return at.money(order, owed) if any(line.duty for line in order.lines) else None


def _letters(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()[:9].upper()


def _customer(order: Order) -> Node | None:
    if order.email is None:
        return None
    given = order.shipping_address or order.billing_address or {}
    first, last = given.get("firstName"), given.get("lastName")
    return {
        "__typename": "Customer",
        "id": gid("Customer", order.id + 7),
        "legacyResourceId": order.id + 7,
        "firstName": first,
        "lastName": last,
        "displayName": f"{first or ''} {last or ''}".strip() or order.email,
        "email": order.email,
        "phone": order.phone,
    }


ADDRESS = (
    "firstName",
    "lastName",
    "company",
    "address1",
    "address2",
    "city",
    "province",
    "provinceCode",
    "zip",
)


def _address(order: Order, given: Mapping[str, str] | None, which: int) -> Node | None:
    if given is None:
        return None
    first, last = given.get("firstName"), given.get("lastName")
    return {
        "__typename": "MailingAddress",
        "id": gid("MailingAddress", f"{order.id}{which}") + "?model_name=Address",
        **{name: given.get(name) for name in ADDRESS},
        "name": f"{first or ''} {last or ''}".strip() or None,
        "country": given.get("country"),
        "countryCodeV2": given.get("countryCode"),
        "phone": given.get("phone"),
    }


def _taxes(at: Ask, order: Order, found: Mapping[tuple[str, Decimal], Decimal]) -> list[Node]:
    return [tax_node(at, order, title, rate, amount) for (title, rate), amount in found.items()]


def _freights(at: Ask, order: Order, args: dict[str, Json]) -> Node:
    removed = bool(args.pop("includeRemovals", False))
    there = order.shipping_code is not None and (removed or not order.shipping_removed)
    return connected([freight_node(at, order)] if there else [], args)


def _discounts(at: Ask, order: Order, args: dict[str, Json]) -> Node:
    return connected([discount_node(order, discount) for discount in order.discounts], args)


# Metafields


def full_namespace(namespace: str | None) -> str:
    """``$app`` is the app's own corner, shown by its full name."""
    name = namespace or "$app"
    return name.replace("$app", PRIVATE, 1) if name.startswith("$app") else name


def find_metafield(order: Order, namespace: str | None, key: str) -> Metafield | None:
    """The metafield of this name."""
    if namespace is None and "." in key:
        namespace, _, key = key.rpartition(".")
    full = full_namespace(namespace)
    return next((one for one in order.metafields if (one.namespace, one.key) == (full, key)), None)


def _metafields(at: Ask, order: Order, args: dict[str, Json]) -> Node:
    namespace, keys = args.pop("namespace", None), args.pop("keys", None)
    found = order.metafields
    if namespace is not None:
        found = [one for one in found if one.namespace == full_namespace(text(namespace))]
    if isinstance(keys, list):
        found = [one for one in found if f"{one.namespace}.{one.key}" in keys or one.key in keys]
    return at.page(found, args)


def digest(field: Metafield) -> str:
    """``compareDigest``: changes with the value."""
    return hashlib.sha256(f"{field.id} {field.changes} {field.value}".encode()).hexdigest()


def metafield_node(at: Ask, field: Metafield) -> Node:
    """A Metafield."""
    return {
        "__typename": "Metafield",
        "id": gid("Metafield", field.id),
        "namespace": field.namespace,
        "key": field.key,
        "type": field.type,
        "value": field.value,
        "compareDigest": digest(field),
        "ownerType": "ORDER",
        "createdAt": iso(field.created_at),
        "updatedAt": iso(field.updated_at),
    }
