"""What sending costs: the quick quote of one product, and the exact one that orders go by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TypeAlias

from .desk import Desk
from .goods import Carrier, Product, Sku
from .values import (
    CURRENCY,
    Json,
    Object,
    Refused,
    demanded,
    missing,
    plain,
    read_object,
    read_objects,
    units,
)

__all__ = ["Wanted", "check_dispatch", "exact_quote", "quick_quote", "wanted_goods"]

Wanted: TypeAlias = "list[tuple[Product, Sku, int]]"


def quick_quote(desk: Desk, params: Mapping[str, str]) -> Object:
    """``/shipping/freight/calculate``. Its vendor codes may be none that an order takes."""
    for name in ("destination_country", "product_id", "quantity"):
        if name not in params:
            raise missing(name)
    product = desk.products.get(params["product_id"])
    if product is None:
        raise Refused("4016", "freight template service error")
    place = check_dispatch([product], params.get("dispatch_location", ""))
    carriers = [carrier for carrier in desk.carriers.values() if carrier.quick]
    return _quote(carriers, place, params["destination_country"], units(params["quantity"]), "")


def exact_quote(desk: Desk, params: Mapping[str, str]) -> Object:
    """``/order/freight/calculate``: for the goods of one seller."""
    for name in ("e_company_id", "destination_country", "logistics_product_list"):
        if name not in params:
            raise missing(name)
    if "address" in params:
        read_object(params["address"], "address")
    rows = read_objects(params["logistics_product_list"], "logistics_product_list")
    wanted = wanted_goods(desk, rows)
    if any(product.e_company_id != params["e_company_id"] for product, _, _ in wanted):
        raise Refused("4016", "freight template service error")
    place = check_dispatch([product for product, _, _ in wanted], params.get("dispatch_location", ""))
    carriers = [carrier for carrier in desk.carriers.values() if carrier.exact]
    pieces = sum(quantity for _, _, quantity in wanted)
    return _quote(carriers, place, params["destination_country"], pieces, "CERTIFIED")


def wanted_goods(desk: Desk, rows: Iterable[Object]) -> Wanted:
    """Products, variants and quantities that a call asks for."""
    wanted: Wanted = []
    seen: set[tuple[str, str]] = set()
    for row in rows:
        product_id, sku_id = demanded(row, "product_id"), demanded(row, "sku_id")
        quantity = units(demanded(row, "quantity"))
        if (product_id, sku_id) in seen:
            raise Refused("4012", "The product and sku are repeated")
        seen.add((product_id, sku_id))
        product = desk.products.get(product_id)
        if product is None:
            raise Refused("4008", "The product does not exist")
        if product.status != "PRODUCT_ONLINE":
            raise Refused("130106", "The product has expired. Please select again.")
        sku = product.sku(sku_id)
        if sku is None:
            raise Refused("10005", "The sku is not found")
        wanted.append((product, sku, quantity))
    return wanted


def check_dispatch(products: Iterable[Product], place: str) -> str:
    """The place all of them can leave from; China where none is said."""
    for product in products:
        if not place and product.places == ["MX"]:
            raise Refused("130608", "Products in Mexico need their dispatch location")
        if (place or "CN") not in product.places:
            raise Refused("10012", "The dispatch location is invalid for this product")
    return place or "CN"


def _quote(carriers: Collection[Carrier], place: str, country: str, pieces: int, store: str) -> Object:
    here = [carrier for carrier in carriers if carrier.dispatch == place]
    if not here:
        raise Refused("10010", "No logistics route was found")
    there = [carrier for carrier in here if carrier.goes(country)]
    if not there:
        raise Refused("4015", "The seller does not ship to this country")
    value: list[Json] = []
    for carrier in there:
        row: Object = {
            "destination_country": country,
            "vendor_code": carrier.code,
            "fee": {"amount": plain(carrier.cost(pieces)), "currency": CURRENCY},
            "shipping_type": carrier.shipping_type,
            "dispatch_country": place,
            "vendor_name": carrier.name,
            "solution_biz_type": "distributionWaybill",
            "trade_term": "DAP",
            "delivery_time": carrier.delivery_time,
        }
        value.append(row | {"store_type": store} if store else row)
    return {"code": "0", "value": value}
