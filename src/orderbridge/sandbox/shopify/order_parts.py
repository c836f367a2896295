"""The small things that orders, lines and refunds are shown with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from . import totals
from .ask import Ask
from .records import Discount, Order
from .values import Json, Node, gid, whole


def pairs(values: Mapping[str, str]) -> list[Node]:
    """Attributes."""
    return [{"key": key, "value": value} for key, value in values.items()]


def tax_node(at: Ask, order: Order, title: str, rate: Decimal, amount: Decimal) -> Node:
    """A TaxLine."""
    return {
        "title": title,
        "rate": float(rate),
        "ratePercentage": float(rate * 100),
        "source": "Shopify",
        "channelLiable": False,
        "priceSet": at.money(order, amount),
    }


def freight_node(at: Ask, order: Order) -> Node | None:
    """The ShippingLine of an order; none where nothing is sent."""
    if order.shipping_code is None:
        return None
    return {
        "id": gid("ShippingLine", order.id + 11),
        "title": order.shipping_code,
        "code": order.shipping_code,
        "source": "shopify",
        "carrierIdentifier": None,
        "custom": False,
        "deliveryCategory": None,
        "isRemoved": order.shipping_removed,
        "phone": None,
        "requestedFulfillmentService": None,
        "shippingRateHandle": None,
        "taxLines": [],
        "originalPriceSet": at.money(order, order.shipping),
        "discountedPriceSet": at.money(order, order.shipping),
        "currentDiscountedPriceSet": at.money(order, totals.shipping_left(order)),
    }


def connected(nodes: Sequence[Node | None], args: Mapping[str, Json]) -> Node:
    """A connection over what has no record of its own."""
    shown = nodes[: whole(args.get("first"))] if args.get("first") else nodes
    return {
        "nodes": shown,
        "edges": [{"cursor": str(i), "node": node} for i, node in enumerate(shown)],
        "pageInfo": {
            "hasNextPage": len(shown) < len(nodes),
            "hasPreviousPage": False,
            "startCursor": None,
            "endCursor": None,
        },
    }


def discount_node(order: Order, discount: Discount) -> Node:
    """A DiscountApplication."""
    kind = "DiscountCodeApplication" if discount.code else "ManualDiscountApplication"
    value: Node = {"__typename": "MoneyV2", "amount": f"{discount.amount}", "currencyCode": order.currency}
    if discount.percentage is not None:
        value = {"__typename": "PricingPercentageValue", "percentage": float(discount.percentage)}
    return {
        "__typename": kind,
        "index": discount.index,
        "code": discount.code,
        "title": discount.title,
        "description": None,
        "allocationMethod": "ACROSS",
        "targetSelection": "ALL",
        "targetType": "LINE_ITEM",
        "value": value,
    }
