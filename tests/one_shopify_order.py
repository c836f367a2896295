"""An order of Shopify's, part by part, as its GraphQL API writes them."""

from __future__ import annotations

from typing import Any

from orderbridge._model import Secret
from orderbridge.stores.shopify import Settings, Shopify

Json = dict[str, Any]


def shop(**more: Any) -> Shopify:
    return Shopify(
        Settings(
            **{
                "base_url": "https://demo.myshopify.com",
                "access_token": Secret("shpat_not_to_be_seen"),
                **more,
            }
        )
    )


def bag(amount: object, currency: str = "EUR", *, shop: object = None, shop_currency: str = "USD") -> Json:
    """An amount as the shopper paid it, and in the shop's own currency."""
    return {
        "presentmentMoney": {"amount": str(amount), "currencyCode": currency},
        "shopMoney": {"amount": str(amount if shop is None else shop), "currencyCode": shop_currency},
    }


def line(ref: int = 10, units: int = 2, **more: Any) -> Json:
    return {
        "id": f"gid://shopify/LineItem/{ref}",
        "title": "Mug",
        "name": "Mug - Red",
        "variantTitle": "Red",
        "sku": "MUG-R",
        "quantity": units,
        "currentQuantity": units,
        "unfulfilledQuantity": units,
        "nonFulfillableQuantity": 0,
        "requiresShipping": True,
        "isGiftCard": False,
        "customAttributes": [],
        "originalTotalSet": bag("25.00"),
        "discountAllocations": [],
        "taxLines": [],
        "variant": {"id": "gid://shopify/ProductVariant/7"},
        "product": {"id": "gid://shopify/Product/6"},
        **more,
    }


def work(ref: int = 30, status: str = "OPEN", *units: tuple[int, int], **more: Any) -> Json:
    """A fulfillment order; ``units`` are a line's id and how much of it remains."""
    return {
        "id": f"gid://shopify/FulfillmentOrder/{ref}",
        "status": status,
        "requestStatus": "UNSUBMITTED",
        "assignedLocation": {"location": place()},
        "lineItems": conn(
            *(
                {"remainingQuantity": some, "lineItem": {"id": f"gid://shopify/LineItem/{of}"}}
                for of, some in units
            )
        ),
        **more,
    }


def place(ref: int = 1, service: str = "") -> Json:
    return {
        "id": f"gid://shopify/Location/{ref}",
        "isFulfillmentService": bool(service),
        "fulfillmentService": {"handle": service} if service else None,
    }


def departure(ref: int, *units: tuple[int, int], status: str = "SUCCESS") -> Json:
    return {
        "id": f"gid://shopify/Fulfillment/{ref}",
        "status": status,
        "fulfillmentLineItems": conn(
            *({"quantity": some, "lineItem": {"id": f"gid://shopify/LineItem/{of}"}} for of, some in units)
        ),
    }


def conn(*nodes: Json) -> Json:
    return {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": list(nodes)}


def address(**more: Any) -> Json:
    return {
        "name": "Zoë O'Neil",
        "firstName": "Zoë",
        "lastName": "O'Neil",
        "company": None,
        "address1": "1 Dock Rd",
        "address2": "Floor 9",
        "city": "Springfield",
        "province": "Illinois",
        "provinceCode": "IL",
        "zip": "62701",
        "countryCodeV2": "US",
        "phone": None,
        **more,
    }


def way(amount: object = "10.00", **more: Any) -> Json:
    return {
        "code": "standard",
        "title": "Standard",
        "isRemoved": False,
        "discountedPriceSet": bag(amount),
        "taxLines": [],
        **more,
    }


def order(*lines: Json, ref: int = 3, **more: Any) -> Json:
    rows = lines or (line(),)
    left = [(int(row["id"].rpartition("/")[2]), row["unfulfilledQuantity"]) for row in rows]
    return {
        "id": f"gid://shopify/Order/{ref}",
        "name": f"#{1000 + ref}",
        "test": False,
        "confirmed": True,
        "createdAt": "2026-11-22T03:48:32Z",
        "processedAt": "2026-11-22T03:48:30Z",
        "updatedAt": "2026-11-22T03:48:34Z",
        "cancelledAt": None,
        "cancelReason": None,
        "closedAt": None,
        "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "UNFULFILLED",
        "taxesIncluded": False,
        "email": "zoe@example.test",
        "phone": "+13125550100",
        "note": None,
        "tags": [],
        "poNumber": None,
        "sourceName": "web",
        "paymentGatewayNames": ["shopify_payments"],
        "totalPriceSet": bag("35.00", shop="38.50"),
        "totalRefundedSet": bag("0.0"),
        "shippingAddress": address(),
        "billingAddress": address(firstName="Max"),
        "shippingLines": conn(way()),
        "lineItems": conn(*rows),
        "fulfillmentOrders": conn(work(300 + ref, "OPEN", *left)),
        **more,
    }
