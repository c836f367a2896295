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
from ..sandbox import magento
from ..sandbox.prestashop import Item, PrestaShopShop
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


@attrs.frozen(kw_only=True)
class Basket:
    """What one shopper buys.

    Args:
        goods: Products and units.

        address: First name, last name, street, city, postcode, country.

        cash: The courier collects the money.

        paid: False for one that was never paid.
    """

    goods: tuple[tuple[Product, int], ...]
    address: tuple[str, str, str, str, str, str] = attrs.field(repr=False)
    at: datetime
    cash: bool = False
    paid: bool = True


def baskets(seed: int, *, now: datetime) -> list[Basket]:
    """Eleven orders of every kind, the last one now and the others within the hour."""
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
    found = [
        _basket(products, chance, at=now - timedelta(minutes=60 - 5 * number), cash=number == 4)
        for number, products in enumerate(kinds)
    ]
    # One that was never paid: seen, and left alone.
    return [*found, attrs.evolve(_basket([chance.choice(PRODUCTS)], chance, at=now, cash=False), paid=False)]


def _basket(products: Iterable[Product], chance: Random, *, at: datetime, cash: bool) -> Basket:
    address = chance.choice(SHOPPERS)
    goods = tuple((product, chance.choice((1, 1, 2, 3))) for product in products)
    return Basket(goods=goods, address=address, at=at, cash=cash)


def place_orders(
    shop: WooCommerceShop | PrestaShopShop | magento.MagentoShop, seed: int, *, now: datetime
) -> None:
    """Shoppers buy: eleven orders of every kind."""
    for basket in baskets(seed, now=now):
        if isinstance(shop, WooCommerceShop):
            _buy_at_woocommerce(shop, basket)
        elif isinstance(shop, magento.MagentoShop):
            _buy_at_magento(shop, basket)
        else:
            _buy_at_prestashop(shop, basket)


def _buy_at_woocommerce(shop: WooCommerceShop, basket: Basket) -> None:
    names = ("first_name", "last_name", "address_1", "city", "postcode", "country")
    address: Object = dict(zip(names, basket.address, strict=True))
    lines: list[Object] = [
        {
            "product_id": product.id,
            "variation_id": product.variation,
            "sku": product.sku,
            "name": product.name,
            "price": product.price,
            "quantity": units,
        }
        for product, units in basket.goods
    ]
    fields = {"payment_method": "cod", "payment_method_title": "Cash on delivery"} if basket.cash else {}
    method = {"method_id": "flat_rate", "instance_id": "1", "method_title": "Courier", "total": "6.50"}
    shop.place_order(
        lines,
        now=basket.at,
        billing=address,
        shipping=address,
        shipping_lines=[{"id": 1, "total_tax": "0.00", "taxes": [], "meta_data": [], **method}],
        **fields if basket.paid else {"status": "pending"},
    )


def _buy_at_prestashop(shop: PrestaShopShop, basket: Basket) -> None:
    names = ("firstname", "lastname", "address1", "city", "postcode", "country")
    lines = [
        Item(
            reference=product.sku,
            name=product.name,
            price=product.price,
            product_id=product.id,
            attribute_id=product.variation,
            quantity=units,
        )
        for product, units in basket.goods
    ]
    shop.place_order(
        lines,
        now=basket.at,
        shipping=dict(zip(names, basket.address, strict=True)),
        shipping_cost="6.50",
        paid=basket.paid and not basket.cash,
        module="ps_cashondelivery" if basket.cash else "",
    )


def _buy_at_magento(shop: magento.MagentoShop, basket: Basket) -> None:
    names = ("firstname", "lastname", "street", "city", "postcode", "country_id")
    items = [
        magento.Item(sku=product.sku, name=product.name, price=product.price, quantity=units)
        for product, units in basket.goods
    ]
    shop.place_order(
        items,
        now=basket.at,
        shipping=dict(zip(names, basket.address, strict=True)),
        shipping_amount="6.50",
        method="cashondelivery" if basket.cash else "",
        paid=basket.paid and not basket.cash,
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
    keys = {line.link_key for order in orders for line in order.lines if line.shippable}
    return [
        ProductLink(store=store, key=key, supplier=supplier, remote_id=str(70_001 + number))
        for number, key in enumerate(sorted(keys - {""}))
    ]
