"""An order of Magento's, row by row, as its API writes them."""

from __future__ import annotations

from typing import Any

from orderbridge._model import Secret
from orderbridge.stores.magento import Magento, Settings

Json = dict[str, Any]


def shop(**more: Any) -> Magento:
    return Magento(
        Settings(**{"base_url": "https://shop.example", "bearer": True, "access_token": Secret("t"), **more})
    )


def item(ref: object = 10, **more: Any) -> Json:
    return {
        "item_id": ref,
        "product_id": 1,
        "product_type": "simple",
        "sku": "MUG",
        "name": "Mug",
        "is_virtual": 0,
        "qty_ordered": 2,
        "qty_shipped": 0,
        "qty_refunded": 0,
        "qty_canceled": 0,
        "row_total": 25,
        "tax_amount": 0,
        "discount_amount": 0,
        **more,
    }


def part(ref: int, parent: int, **more: Any) -> Json:
    return item(ref, parent_item_id=parent, **{"row_total": 0, **more})


def address(**more: Any) -> Json:
    return {
        "firstname": "Max",
        "lastname": "O'Neil",
        "street": ["1 Dock Rd", "Floor 9"],
        "city": "Springfield",
        "region": "Illinois",
        "region_code": "IL",
        "postcode": "62701",
        "country_id": "US",
        "telephone": "+1 312 555 0100",
        "email": "max@example.test",
        **more,
    }


def order(*items: Json, **more: Any) -> Json:
    return {
        "entity_id": 3,
        "increment_id": "000000003",
        "store_id": 1,
        "state": "new",
        "status": "pending",
        "created_at": "2026-11-22 03:48:32",
        "updated_at": "2026-11-22 03:48:34",
        "order_currency_code": "USD",
        "grand_total": 35,
        "total_due": 35,
        "shipping_amount": 10,
        "shipping_description": "Flat Rate - Fixed",
        "items": list(items or (item(),)),
        "payment": {"method": "checkmo"},
        "billing_address": address(firstname="Zoë"),
        "extension_attributes": {
            "shipping_assignments": [{"shipping": {"address": address(), "method": "flatrate_flatrate"}}]
        },
        **more,
    }


def bundle(*parts: Json, **more: Any) -> tuple[Json, ...]:
    kit = item(8, product_type="bundle", product_id=7, sku="KIT", name="Kit", **{"row_total": 130, **more})
    return (kit, *parts)


APART = b'{"id": 7, "custom_attributes": [{"attribute_code": "shipment_type", "value": "1"}]}'
WHOLE = b'{"id": 7, "custom_attributes": [{"attribute_code": "shipment_type", "value": "0"}]}'
KIT = bundle(
    part(9, 8, sku="MUG", product_id=1, qty_ordered=4, row_total=50),
    part(10, 8, sku="LAMP", name="Lamp", product_id=2, qty_ordered=2, row_total=80),
)
