"""Order lines and what they sell, as GraphQL reads them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from . import totals
from .ask import Ask, limit
from .order_parts import discount_node, pairs, tax_node
from .records import Line, Variant
from .values import Asked, Node, gid

ZERO = Decimal(0)


def line_node(at: Ask, line: Line) -> Node:
    """A LineItem."""
    order = line.order
    variant = None if line.variant is None or line.variant.deleted else line.variant
    coded = {discount.index for discount in order.discounts if discount.code}
    manual = sum((value for index, value in line.discounts.items() if index not in coded), ZERO)
    left = totals.unfulfilled(line)

    def money(value: Decimal) -> Callable[[], Node]:
        return lambda: at.money(order, value)

    return {
        "__typename": "LineItem",
        "id": gid("LineItem", line.id),
        "title": line.title,
        "variantTitle": line.variant_title,
        "name": f"{line.title} - {line.variant_title}" if line.variant_title else line.title,
        "sku": line.sku,
        "vendor": line.vendor,
        "quantity": line.quantity,
        "currentQuantity": line.current,
        "unfulfilledQuantity": left,
        "refundableQuantity": line.current,
        "nonFulfillableQuantity": max(0, line.quantity - line.fulfilled - left),
        "requiresShipping": line.requires_shipping,
        "isGiftCard": line.gift_card,
        "weight": {"__typename": "Weight", "unit": "KILOGRAMS", "value": line.weight},
        "taxable": bool(line.taxes),
        "restockable": line.variant is not None,
        "customAttributes": pairs(line.attributes),
        "originalUnitPriceSet": money(line.price),
        "originalTotalSet": money(line.total),
        "discountedUnitPriceSet": money((line.total - manual) / line.quantity),
        "discountedUnitPriceAfterAllDiscountsSet": money(line.net / line.quantity),
        "discountedTotalSet": Asked(
            lambda args: at.money(order, line.net if args.get("withCodeDiscounts") else line.total - manual)
        ),
        "totalDiscountSet": money(line.discount),
        "unfulfilledOriginalTotalSet": money(line.price * left),
        "unfulfilledDiscountedTotalSet": money(line.share(left)),
        "priceAfterAllDiscountsBeforeTaxesSet": money(
            line.share(line.current)
            - (totals.tax_of_units(order, line, line.current) if order.taxes_included else ZERO)
        ),
        "taxLines": Asked(
            lambda args: [
                tax_node(at, order, title, rate, totals.tax_of(order, line.net, rate))
                for title, rate in line.taxes
            ][: limit(args)]
        ),
        "discountAllocations": lambda: [
            {
                "allocatedAmountSet": at.money(order, value),
                "discountApplication": discount_node(order, order.discounts[index]),
            }
            for index, value in line.discounts.items()
        ],
        "duties": lambda: _duties(at, line),
        "lineItemGroup": {
            "__typename": "LineItemGroup",
            "id": gid("LineItemGroup", line.group),
            "title": line.group,
            "quantity": line.quantity,
            "productId": None,
            "variantId": None,
            "variantSku": None,
        }
        if line.group
        else None,
        "variant": lambda: at.show(variant),
        "product": lambda: product_node(variant) if variant else None,
    }


def _duties(at: Ask, line: Line) -> list[Node]:
    if not line.duty:
        return []
    return [
        {
            "__typename": "Duty",
            "id": gid("Duty", line.id),
            "countryCodeOfOrigin": None,
            "harmonizedSystemCode": None,
            "price": at.money(line.order, line.duty),
            "taxLines": [],
        }
    ]


def variant_node(at: Ask, variant: Variant) -> Node:
    """A ProductVariant."""
    return {
        "__typename": "ProductVariant",
        "id": gid("ProductVariant", variant.id),
        "legacyResourceId": variant.id,
        "sku": variant.sku,
        "barcode": variant.barcode or None,
        "title": variant.title,
        "displayName": f"{variant.product_title} - {variant.title}",
        "price": f"{totals.cents(variant.price)}",
        "inventoryQuantity": 100,
        "inventoryItem": lambda: {
            "__typename": "InventoryItem",
            "id": gid("InventoryItem", variant.id + 2),
            "legacyResourceId": variant.id + 2,
            "sku": variant.sku,
            "tracked": True,
            "requiresShipping": variant.requires_shipping,
        },
        "product": lambda: product_node(variant),
    }


def product_node(variant: Variant) -> Node:
    """The product of a variant."""
    return {
        "__typename": "Product",
        "id": gid("Product", variant.id + 1),
        "legacyResourceId": variant.id + 1,
        "title": variant.product_title,
        "handle": variant.sku.lower(),
        "status": "ACTIVE",
        "vendor": variant.vendor,
        "tags": sorted(variant.tags),
    }
