"""Money that moved, refunds and returns as GraphQL reads them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from . import totals
from .ask import Ask
from .order_parts import connected, freight_node
from .records import Order, Part, Refund, RefundLine, Return, Transaction
from .till import Wanted
from .values import Asked, Json, Node, gid, iso, number_of, rows, text, whole

ZERO = Decimal(0)


def transaction_node(at: Ask, one: Transaction) -> Node:
    """An OrderTransaction."""
    unsettled = one.amount if one.kind == "AUTHORIZATION" else ZERO
    return {
        "__typename": "OrderTransaction",
        "id": gid("OrderTransaction", one.id),
        "kind": one.kind,
        "status": one.status,
        "gateway": one.gateway,
        "formattedGateway": one.gateway.replace("_", " ").title(),
        "manualPaymentGateway": one.gateway in ("manual", "Cash on Delivery (COD)"),
        "amountSet": at.money(one.order, one.amount),
        "totalUnsettledSet": at.money(one.order, unsettled),
        "createdAt": iso(one.created_at),
        "processedAt": iso(one.created_at),
        "authorizationExpiresAt": None,
        "errorCode": None,
        "paymentId": f"{one.order.name}.{one.id}",
        "test": one.order.test,
        "order": lambda: at.shown(one.order),
        "parentTransaction": lambda: at.show(one.parent),
    }


def refund_node(at: Ask, refund: Refund) -> Node:
    """A Refund."""
    order = refund.order
    moved = sum((one.amount for one in refund.transactions if one.status == "SUCCESS"), ZERO)
    freight = [
        {
            "id": gid("RefundShippingLine", refund.id),
            "shippingLine": freight_node(at, order),
            "subtotalAmountSet": at.money(order, refund.shipping),
            "taxAmountSet": at.money(order, ZERO),
        }
    ]
    return {
        "__typename": "Refund",
        "id": gid("Refund", refund.id),
        "legacyResourceId": refund.id,
        "note": refund.note,
        "createdAt": iso(refund.created_at),
        "updatedAt": iso(refund.created_at),
        "processedAt": iso(refund.created_at),
        "totalRefundedSet": at.money(order, moved),
        "order": lambda: at.shown(order),
        "refundLineItems": at.pages(lambda: refund.lines),
        "refundShippingLines": Asked(lambda args: connected(freight if refund.shipping else [], args)),
        "orderAdjustments": Asked(lambda args: connected([], args)),
        "transactions": at.pages(lambda: refund.transactions),
    }


def refund_line_node(at: Ask, given: RefundLine) -> Node:
    """A RefundLineItem."""
    order = given.line.order
    return {
        "id": gid("RefundLineItem", given.id) if given.id else None,
        "lineItem": lambda: at.shown(given.line),
        "location": lambda: (
            at.show(at.shop.locations[given.line.location_id])
            if given.restock in ("RETURN", "CANCEL")
            else None
        ),
        "quantity": given.quantity,
        "restockType": given.restock,
        "restocked": given.restock in ("RETURN", "CANCEL"),
        "priceSet": at.money(order, given.line.price),
        "subtotalSet": at.money(order, given.line.share(given.quantity)),
        "totalTaxSet": at.money(order, totals.tax_of_units(order, given.line, given.quantity)),
    }


def suggested(at: Ask, order: Order, args: Mapping[str, Json]) -> Node:
    """What a refund would come to; nothing is changed."""
    wanted = [
        Wanted(
            line=line,
            quantity=whole(each.get("quantity")),
            restock=text(each.get("restockType")) or "NO_RESTOCK",
        )
        for each in rows(args.get("refundLineItems"))
        for line in order.lines
        if line.id == number_of(each.get("lineItemId"), "LineItem")
    ]
    left = totals.shipping_left(order)
    shipping = (
        left if args.get("refundShipping") else min(left, Decimal(text(args.get("shippingAmount")) or "0"))
    )
    if args.get("suggestFullRefund"):
        wanted, shipping = (
            [Wanted(line=line, quantity=line.current) for line in order.lines if line.current],
            left,
        )
    price, tax = at.shop.worth(order, wanted)
    due = at.shop.suggest(order, wanted, shipping)
    lines = [
        RefundLine(id=0, line=each.line, quantity=each.quantity, restock=each.restock) for each in wanted
    ]
    return {
        "amountSet": at.money(order, due),
        "maximumRefundableSet": at.money(order, totals.received(order) - totals.refunded(order)),
        "subtotalSet": at.money(order, price),
        "discountedSubtotalSet": at.money(order, price),
        "totalTaxSet": at.money(order, tax),
        "shipping": {
            "amountSet": at.money(order, shipping),
            "maximumRefundableSet": at.money(order, left),
            "taxSet": at.money(order, ZERO),
        },
        "refundLineItems": at.each(lines),
        "suggestedTransactions": [
            {
                "kind": "SUGGESTED_REFUND",
                "gateway": one.gateway,
                "amountSet": at.money(order, one.amount),
                "parentTransaction": at.show(one.parent),
            }
            for one in at.shop.sources(order, due)
        ],
    }


def return_node(at: Ask, back: Return) -> Node:
    """A Return."""
    return {
        "__typename": "Return",
        "id": gid("Return", back.id),
        "name": f"{back.order.name}-R{back.order.returns.index(back) + 1}",
        "status": back.status,
        "totalQuantity": sum(count for *_, count in back.parts),
        "createdAt": iso(back.created_at),
        "closedAt": None,
        "order": lambda: at.shown(back.order),
        "refunds": Asked(lambda args: connected([], args)),
        "returnLineItems": Asked(lambda args: connected([_back(at, *one) for one in back.parts], args)),
    }


def _back(at: Ask, number: int, part: Part, count: int) -> Node:
    return {
        "__typename": "ReturnLineItem",
        "id": gid("ReturnLineItem", number),
        "quantity": count,
        "processedQuantity": 0,
        "refundableQuantity": count,
        "refundedQuantity": 0,
        "returnReasonNote": "",
        "customerNote": None,
        "fulfillmentLineItem": at.shown(part),
    }
