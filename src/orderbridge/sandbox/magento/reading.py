"""What can be read: lists, single things, and what the shop says about itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from .ask import Ask, Route, route, whole_id
from .goods import Line, Product
from .keys import SALES
from .search import read_criteria, select
from .shapes import (
    comment_json,
    creditmemo_json,
    invoice_json,
    lines_json,
    order_columns,
    order_json,
    shipment_json,
)
from .shop import Order, Paper
from .values import Json, Masked, Object, Row, not_found, stamp

if TYPE_CHECKING:
    from .front import MagentoShop

T = TypeVar("T")

# Columns that a filter may name, whether or not any row has a value there.
_PAPER = frozenset(
    {
        *("entity_id", "increment_id", "order_id", "created_at", "updated_at", "store_id", "state"),
        *("billing_address_id", "shipping_address_id", "email_sent", "customer_id", "total_qty"),
        *("shipment_status", "grand_total", "base_grand_total", "order_currency_code", "invoice_id"),
    }
)
_PRODUCT = frozenset({"entity_id", "sku", "name", "type_id", "price", "created_at", "updated_at", "status"})
_SOURCE = frozenset({"source_code", "name", "enabled", "country_id", "postcode"})
_LINE = frozenset(
    {"item_id", "order_id", "parent_item_id", "sku", "product_id", "product_type", "created_at"}
)


def listing(
    shop: MagentoShop,
    ask: Ask,
    found: Sequence[T],
    columns: Callable[[T], Row],
    known: frozenset[str],
    word: Callable[[T], Json],
) -> Json:
    """A page of something, by ``searchCriteria``."""
    criteria = read_criteria(ask.query, shop.page_limit)
    page, total = select(found, columns, criteria, known=known, past_end=shop.past_end)
    items: list[Json] = [word(one) for one in page]
    return {
        "items": None if shop.null_items and not items else items,
        "search_criteria": criteria.as_json(),
        "total_count": total,
    }


# Orders


def order_of(shop: MagentoShop, text: str) -> Order:
    """The order of an address, by its ``entity_id``."""
    order = shop.orders.get(whole_id(text))
    if order is None:
        raise not_found()
    return order


def order_fields(shop: MagentoShop) -> frozenset[str]:
    """The columns of the orders' table."""
    return frozenset(order_columns(next(iter(shop.orders.values())))) if shop.orders else frozenset()


def _word_order(shop: MagentoShop, order: Order) -> Object:
    if order.order_id in shop.broken:
        raise Masked
    return order_json(order, shop.ways)


def _orders(shop: MagentoShop, ask: Ask) -> Json:
    if not shop.orders:
        return {
            "items": [],
            "search_criteria": read_criteria(ask.query, shop.page_limit).as_json(),
            "total_count": 0,
        }
    found = [*shop.orders.values()]
    return listing(
        shop, ask, found, order_columns, order_fields(shop), lambda order: _word_order(shop, order)
    )


def _order(shop: MagentoShop, _ask: Ask, number: str) -> Json:
    return _word_order(shop, order_of(shop, number))


def _status(shop: MagentoShop, _ask: Ask, number: str) -> Json:
    return str(order_of(shop, number).row["status"])


def _comments(shop: MagentoShop, _ask: Ask, number: str) -> Json:
    rows = order_of(shop, number).comments
    only: Object = {"field": "parent_id", "value": number, "condition_type": "eq"}
    items: list[Json] = [comment_json(row) for row in rows]
    criteria: Object = {"filter_groups": [{"filters": [only]}]}
    return {"items": items, "search_criteria": criteria, "total_count": len(rows)}


def _order_items(shop: MagentoShop, ask: Ask) -> Json:
    found = [line for order in shop.orders.values() for line in order.lines]

    def word(line: Line) -> Json:
        return lines_json([line], shop.ways, bare=True)[0]

    return listing(shop, ask, found, lambda line: line.row, _LINE, word)


# Papers


def _papers(
    table: Callable[[MagentoShop], Mapping[int, Paper]], word: Callable[[Paper], Json]
) -> Callable[..., Json]:
    def run(shop: MagentoShop, ask: Ask) -> Json:
        return listing(shop, ask, [*table(shop).values()], lambda paper: paper.row, _PAPER, word)

    return run


def _paper(
    table: Callable[[MagentoShop], Mapping[int, Paper]], word: Callable[[Paper], Json]
) -> Callable[..., Json]:
    def run(shop: MagentoShop, _ask: Ask, number: str) -> Json:
        paper = table(shop).get(whole_id(number))
        if paper is None:
            raise not_found()
        return word(paper)

    return run


def _shipment_json(paper: Paper) -> Json:
    return shipment_json(paper, source=True)


# The catalog, the sources, the shop itself


def _product_row(product: Product) -> Row:
    return {
        "entity_id": product.product_id,
        "sku": product.sku,
        "name": product.name,
        "type_id": product.kind,
        "price": product.price,
        "status": 1,
    }


def _products(shop: MagentoShop, ask: Ask) -> Json:
    at = stamp(ask.now)
    found = [*shop.products.values()]
    return listing(shop, ask, found, _product_row, _PRODUCT, lambda product: product.as_json(at))


def _product(shop: MagentoShop, ask: Ask, sku: str) -> Json:
    product = shop.products.get(sku)
    if product is None:
        raise not_found()
    return product.as_json(stamp(ask.now))


def _sources(shop: MagentoShop, ask: Ask) -> Json:
    if not shop.msi:
        raise not_found()
    rows: list[Row] = [
        {"source_code": code, "name": name, "enabled": 1, "country_id": "US", "postcode": "00000"}
        for code, name in shop.sources.items()
    ]
    return listing(shop, ask, rows, lambda row: row, _SOURCE, _source_json)


def _source_json(row: Row) -> Json:
    said: Object = {name: str(row[name]) for name in ("source_code", "name", "country_id", "postcode")}
    default: Object = {"description": "Default Source", "latitude": 0, "longitude": 0}
    extension: Object = {"is_pickup_location_active": False, "frontend_name": ""}
    return {
        **said,
        "enabled": True,
        **(default if row["source_code"] == "default" else {}),
        "use_default_carrier_config": True,
        "carrier_links": [],
        "extension_attributes": extension,
    }


def _stock(shop: MagentoShop, _ask: Ask, sku: str, _stock_id: str) -> Json:
    there = sum((shop.in_stock(sku, source) for source in shop.sources), Decimal(0))
    return int(there) if there == int(there) else float(there)


def _store_configs(shop: MagentoShop, ask: Ask) -> Json:
    url = urlsplit(ask.call.url)
    home = f"{url.scheme}://{url.netloc}{url.path.partition('/rest/')[0].removesuffix('/index.php')}/"
    addresses: Object = {
        f"{secure}base_{what}url": f"{home}{folder}"
        for secure in ("", "secure_")
        for what, folder in (("", ""), ("link_", ""), ("static_", "static/version1/"), ("media_", "media/"))
    }
    return [
        {
            "id": store.store_id,
            "code": store.code,
            "website_id": 1,
            "locale": "en_US",
            "base_currency_code": shop.base_currency,
            "default_display_currency_code": store.currency,
            "timezone": shop.time_zone,
            "weight_unit": "lbs",
            **addresses,
        }
        for store in shop.stores
    ]


def _store_views(shop: MagentoShop, _ask: Ask) -> Json:
    admin: Object = {
        "id": 0,
        "code": "admin",
        "name": "Admin",
        "website_id": 0,
        "store_group_id": 0,
        "is_active": 1,
    }
    views: list[Json] = [
        {
            "id": store.store_id,
            "code": store.code,
            "name": store.name,
            "website_id": 1,
            "store_group_id": 1,
            "is_active": 1,
        }
        for store in shop.stores
    ]
    return [*views, admin]


def _modules(shop: MagentoShop, _ask: Ask) -> Json:
    inventory = ("Magento_Inventory", "Magento_InventoryApi", "Magento_InventoryShipping") if shop.msi else ()
    return ["Magento_Store", "Magento_Sales", "Magento_Shipping", "Magento_Webapi", *inventory]


def _schema(shop: MagentoShop, ask: Ask) -> Json:
    url = urlsplit(ask.call.url)
    info: Object = {"version": ".".join(str(part) for part in shop.release[:2]), "title": "Magento Community"}
    return {
        "swagger": "2.0",
        "info": info,
        "host": url.netloc,
        "basePath": f"/rest/{ask.store}",
        "schemes": [url.scheme],
        "tags": [],
        "paths": {f"/{one.pattern.pattern}": {one.method.lower(): {}} for one in READING},
        "definitions": {},
    }


_VIEW = f"{SALES}actions_view"
READING: Sequence[Route] = (
    route("GET", "V1/orders", _VIEW, _orders),
    route("GET", "V1/orders/items", _VIEW, _order_items),
    route("GET", "V1/orders/{}", _VIEW, _order),
    route("GET", "V1/orders/{}/statuses", _VIEW, _status),
    route("GET", "V1/orders/{}/comments", _VIEW, _comments),
    route("GET", "V1/shipments", f"{SALES}shipment", _papers(lambda shop: shop.shipments, _shipment_json)),
    route("GET", "V1/shipment/{}", f"{SALES}shipment", _paper(lambda shop: shop.shipments, _shipment_json)),
    route("GET", "V1/invoices", f"{SALES}sales_invoice", _papers(lambda shop: shop.invoices, invoice_json)),
    route("GET", "V1/invoices/{}", f"{SALES}sales_invoice", _paper(lambda shop: shop.invoices, invoice_json)),
    route(
        "GET",
        "V1/creditmemos",
        f"{SALES}sales_creditmemo",
        _papers(lambda shop: shop.creditmemos, creditmemo_json),
    ),
    route(
        "GET",
        "V1/creditmemo/{}",
        f"{SALES}sales_creditmemo",
        _paper(lambda shop: shop.creditmemos, creditmemo_json),
    ),
    route("GET", "V1/products", "Magento_Catalog::products", _products),
    route("GET", "V1/products/{}", "Magento_Catalog::products", _product),
    route("GET", "V1/inventory/sources", "Magento_InventoryApi::source", _sources),
    route("GET", "V1/inventory/get-product-salable-quantity/{}/{}", "Magento_InventoryApi::source", _stock),
    route("GET", "V1/store/storeConfigs", "Magento_Backend::store", _store_configs),
    route("GET", "V1/store/storeViews", "Magento_Backend::store", _store_views),
    route("GET", "V1/modules", "Magento_Backend::admin", _modules),
    route("GET", "schema", "", _schema),
)
