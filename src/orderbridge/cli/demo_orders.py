"""What the demonstration's shop sells, and the orders in it: made up from a seed, or recorded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import attrs

from .. import Order, ProductLink
from ..errors import ConfigurationError
from ..sandbox.woocommerce import WooCommerceShop
from ..sandbox.woocommerce.values import Json, Object
from .output import say_wrong

__all__ = [
    "OWN",
    "PRODUCTS",
    "Product",
    "link_recorded",
    "links_of",
    "load_recorded",
    "place_orders",
    "read_recorded",
]

OWN = "OWN-"  # SKUs that start so are shipped by the merchant


@attrs.frozen(kw_only=True)
class Product:
    """One thing to buy.

    Args:
        parts: Rewix stock ids and how many of each are in one unit; empty if the supplier has none.
    """

    id: int
    variation: int = 0
    sku: str
    name: str
    price: str
    parts: Mapping[str, int] = attrs.field(factory=dict[str, int])


PRODUCTS = (
    Product(id=510, variation=511, sku="SHIRT-S", name="Linen shirt S", price="39.90", parts={"31201": 1}),
    Product(id=510, variation=512, sku="SHIRT-M", name="Linen shirt M", price="39.90", parts={"31202": 1}),
    Product(id=510, variation=513, sku="SHIRT-L", name="Linen shirt L", price="39.90", parts={"31203": 1}),
    Product(id=520, sku="BAG", name="Canvas bag", price="54.00", parts={"31310": 1}),
    Product(id=530, sku="BELT-90", name="Leather belt 90 cm", price="29.50", parts={"31420": 1}),
    Product(id=540, sku="SOCKS-3", name="Socks, pack of three", price="14.90", parts={"31555": 3}),
    # A kit: one in the shop is a scarf and a pair of gloves at the supplier.
    Product(id=550, sku="WINTER", name="Winter set", price="59.00", parts={"31601": 1, "31602": 2}),
)
OWN_STOCK = Product(id=560, sku=f"{OWN}MUG", name="Shop mug", price="9.90")
UNLINKED = Product(id=570, sku="CANDLE", name="Candle, not linked to anybody yet", price="12.00")

SHOPPERS = (
    ("Ines", "Moreau", "12 rue des Tanneurs", "Lille", "59000", "FR"),
    ("Jonas", "Brandt", "Ahornweg 4", "Kassel", "34117", "DE"),
    ("Chiara", "Fontana", "Via Cavour 21", "Parma", "43121", "IT"),
    ("Pilar", "Iglesias", "Calle Mayor 8", "Burgos", "09003", "ES"),
    ("Tomasz", "Wilk", "ul. Lipowa 3", "Lublin", "20-020", "PL"),
    ("Femke", "de Boer", "Kerkstraat 77", "Zwolle", "8011 RV", "NL"),
    ("Sofia", "Lund", "Storgatan 5", "Kalmar", "392 32", "SE"),
    ("Rui", "Teixeira", "Rua do Sol 19", "Braga", "4700-024", "PT"),
)


def links_of(store: str, supplier: str) -> list[ProductLink]:
    """Which of the made-up products is what at the supplier."""
    return [
        ProductLink(
            store=store,
            key=str(product.variation or product.id),
            supplier=supplier,
            remote_id=stock_id,
            factor=Decimal(units),
        )
        for product in PRODUCTS
        for stock_id, units in product.parts.items()
    ]


def place_orders(shop: WooCommerceShop, seed: int, *, now: datetime) -> None:
    """Shoppers buy: eleven orders of every kind, the last one an hour ago at the most."""
    chance = Random(seed)  # noqa: S311 (a demonstration, no secret)
    kinds: list[list[Product]] = [
        [chance.choice(PRODUCTS)],
        [chance.choice(PRODUCTS[:3])],
        chance.sample(PRODUCTS, 2),
        chance.sample(PRODUCTS, 3),
        [PRODUCTS[-1]],
        [PRODUCTS[-1], chance.choice(PRODUCTS[:-1])],
        [chance.choice(PRODUCTS), OWN_STOCK],
        [OWN_STOCK],
        [chance.choice(PRODUCTS), UNLINKED],
        [chance.choice(PRODUCTS), OWN_STOCK, UNLINKED],
    ]
    chance.shuffle(kinds)
    for number, products in enumerate(kinds):
        at = now - timedelta(minutes=60 - 5 * number)
        cash = {"payment_method": "cod", "payment_method_title": "Cash on delivery"}
        _buy(shop, products, chance, at=at, fields=cash if number == 4 else {})
    # One that was never paid: seen, and left alone.
    _buy(shop, [chance.choice(PRODUCTS)], chance, at=now, fields={"status": "pending"})


def _buy(
    shop: WooCommerceShop,
    products: Iterable[Product],
    chance: Random,
    *,
    at: datetime,
    fields: Mapping[str, str],
) -> None:
    first, last, street, city, postcode, country = chance.choice(SHOPPERS)
    address = {
        "first_name": first,
        "last_name": last,
        "address_1": street,
        "city": city,
        "postcode": postcode,
        "country": country,
    }
    lines = [
        {
            "product_id": product.id,
            "variation_id": product.variation,
            "sku": product.sku,
            "name": product.name,
            "price": product.price,
            "quantity": chance.choice((1, 1, 2, 3)),
        }
        for product in products
    ]
    method = {"method_id": "flat_rate", "instance_id": "1", "method_title": "Courier", "total": "6.50"}
    shop.place_order(
        lines,
        now=at,
        billing=dict(address),
        shipping=dict(address),
        shipping_lines=[{"id": 1, "total_tax": "0.00", "taxes": [], "meta_data": [], **method}],
        **fields,
    )


def read_recorded(paths: Iterable[Path]) -> list[Object]:
    """Recorded orders from files, or from all ``.json`` files of a folder.

    Raises:
        ConfigurationError: a file cannot be read, or there is no order at all.
    """
    found: dict[str, Object] = {}
    for path in paths:
        files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
        for file in files:
            try:
                document: Json = json.loads(file.read_bytes().removeprefix(b"\xef\xbb\xbf"))
            except OSError as error:
                raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from None
            except ValueError as error:
                if path.is_dir():
                    continue
                raise ConfigurationError(f"{file}: is no JSON: {error}") from None
            found.update({str(order["id"]): order for order in _orders_in(document)})
    if not found:
        raise ConfigurationError(
            f"{', '.join(str(path) for path in paths)}: no order with line_items in there"
        )
    return list(found.values())


def _orders_in(document: Json) -> list[Object]:
    if isinstance(document, list):
        return [order for item in document for order in _orders_in(item)]
    if not isinstance(document, dict):
        return []
    if "line_items" not in document and "data" in document:
        return _orders_in(document["data"])
    # Refunds have line_items too, and no status.
    return [document] if {"id", "status", "line_items"} <= document.keys() else []


def load_recorded(shop: WooCommerceShop, orders: Iterable[Object]) -> None:
    """Put recorded orders into a shop; one that no shop can have sent is left out, with a word about it."""
    for order in orders:
        before = set(shop.book)
        try:
            # Old recordings have no such field, and a shop lists by it.
            shop.load({"date_modified_gmt": order.get("date_created_gmt"), **order})
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            for half_loaded in shop.book.keys() - before:
                del shop.book[half_loaded]
            say_wrong(
                f"order {order['id']} is left out, it is none of WooCommerce's ({type(error).__name__})"
            )


def link_recorded(orders: Iterable[Order], store: str, supplier: str) -> list[ProductLink]:
    """A made-up stock id at the supplier for each product in recorded orders."""
    keys = {
        line.variant_ref or line.product_ref or (f"sku:{line.sku}" if line.sku else "")
        for order in orders
        for line in order.lines
        if line.shippable
    }
    return [
        ProductLink(store=store, key=key, supplier=supplier, remote_id=str(70_001 + number))
        for number, key in enumerate(sorted(keys - {""}))
    ]
