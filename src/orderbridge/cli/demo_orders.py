"""What the demonstration's shops sell and who has it, and what shoppers buy: made up from a seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import product
from random import Random

import attrs

from .. import ProductLink

__all__ = ["OWN", "PRODUCTS", "Basket", "Product", "baskets", "links_of"]

OWN = "OWN-"  # SKUs that start so are shipped by the merchant


@attrs.frozen
class Product:
    """One thing to buy.

    Args:
        id, variation: The shop's numbers of the product and its variant; 0 if it has none.

        supplier: The platform of whoever has it; empty if it is linked to nobody.

        parts: Remote ids at the supplier, and how many of each are in one unit.

        seller: Where one order at the supplier holds one seller's goods only, whose it is.
    """

    id: int
    variation: int
    sku: str
    name: str
    price: str
    supplier: str = ""
    parts: Mapping[str, int] = attrs.field(factory=dict[str, int])
    seller: str = ""


# Product and variant, as Alibaba.com numbers them.
_RED, _BLUE, _LAMP = (
    "1601206892606:105613018158",
    "1601206892606:105613018159",
    "1600191825486:107089731477",
)

PRODUCTS = (
    Product(510, 511, "SHIRT-S", "Linen shirt S", "39.90", "rewix", {"31201": 1}),
    Product(510, 512, "SHIRT-M", "Linen shirt M", "39.90", "rewix", {"31202": 1}),
    Product(510, 513, "SHIRT-L", "Linen shirt L", "39.90", "rewix", {"31203": 1}),
    Product(520, 0, "BAG", "Canvas bag", "54.00", "rewix", {"31310": 1}),
    Product(530, 0, "BELT-90", "Leather belt 90 cm", "29.50", "rewix", {"31420": 1}),
    Product(540, 0, "SOCKS-3", "Socks, pack of three", "14.90", "rewix", {"31555": 3}),
    # A kit: one in the shop is a scarf and a pair of gloves at the supplier.
    Product(550, 0, "WINTER", "Winter set", "59.00", "rewix", {"31601": 1, "31602": 2}),
    Product(610, 611, "MUG-RED", "Mug, red", "12.50", "alibaba", {_RED: 1}, "Mug Company"),
    Product(610, 612, "MUG-BLUE", "Mug, blue", "12.50", "alibaba", {_BLUE: 1}, "Mug Company"),
    Product(620, 0, "MUGS-6", "Six mugs", "64.00", "alibaba", {_RED: 6}, "Mug Company"),
    Product(630, 0, "LAMP", "Desk lamp", "34.00", "alibaba", {_LAMP: 1}, "Lamp Company"),
    Product(710, 0, "POSTER", "Poster", "18.00", "offline", {"shelf-4": 1}),
    Product(720, 0, "CARDS", "Greeting cards", "11.00", "offline", {"shelf-7": 1}),
    Product(730, 0, "HAMPER", "Tea hamper", "45.00", "offline", {"shelf-2": 1, "shelf-9": 2}),
)
OWN_STOCK = Product(560, 0, f"{OWN}CUP", "Shop cup", "9.90")
UNLINKED = Product(570, 0, "CANDLE", "Candle, not linked to anybody yet", "12.00")

PLACES = (
    ("12 rue des Tanneurs", "Lille", "59000", "FR"),
    ("Ahornweg 4", "Kassel", "34117", "DE"),
    ("Via Cavour 21", "Parma", "43121", "IT"),
    ("Calle Mayor 8", "Burgos", "09003", "ES"),
    ("ul. Lipowa 3", "Lublin", "20-020", "PL"),
    ("Kerkstraat 77", "Zwolle", "8011 RV", "NL"),
    ("Storgatan 5", "Kalmar", "392 32", "SE"),
    ("Rua do Sol 19", "Braga", "4700-024", "PT"),
)
# No two orders are of the same person, so that the ledgers of both sides can be compared by the name.
NAMES = tuple(
    product(
        ("Ines", "Jonas", "Chiara", "Pilar", "Tomasz", "Femke", "Sofia", "Rui"),
        ("Moreau", "Brandt", "Fontana", "Iglesias", "Wilk", "de Boer", "Lund", "Teixeira"),
    )
)
ORDERS = 11


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

    @property
    def shopper(self) -> str:
        """Whose it is."""
        return " ".join(self.address[:2])

    @property
    def wanted(self) -> dict[str, Counter[str]]:
        """What suppliers are to send for it: by platform, units of each remote id."""
        found: dict[str, Counter[str]] = {}
        for item, units in self.goods if self.paid else ():
            for remote_id, each in item.parts.items():
                found.setdefault(item.supplier, Counter())[remote_id] += units * each
        return found


def baskets(
    seed: int, *, now: datetime, suppliers: Collection[str] = ("rewix",), shop: int = 0
) -> list[Basket]:
    """Eleven orders of every kind, the last one now and the others within the hour.

    Args:
        suppliers: Whose goods are bought; about half of the orders hold something of each.

        shop: Which one of several it is: no two sell to the same people.
    """
    chance = Random(f"{seed} {shop}")  # noqa: S311 (a demonstration, no secret)
    linked = [item for item in PRODUCTS if item.supplier in suppliers]
    kits = [item for item in linked if sum(item.parts.values()) > 1]
    sellers: dict[tuple[str, str], list[Product]] = {}
    for item in linked:
        sellers.setdefault((item.supplier, item.seller), []).append(item)

    def one_of_each() -> list[Product]:
        return [chance.choice(items) for items in sellers.values()]

    kinds = [
        [chance.choice(linked)],
        [chance.choice(kits)],
        chance.sample(linked, 2),
        one_of_each(),
        one_of_each(),
        one_of_each(),
        [*one_of_each(), OWN_STOCK],
        [OWN_STOCK],
        [chance.choice(linked), UNLINKED],
        [chance.choice(linked), OWN_STOCK, UNLINKED],
        [chance.choice(linked)],
    ]
    # The last one was never paid: seen, and left alone.
    order = [*chance.sample(range(ORDERS - 1), ORDERS - 1), ORDERS - 1]
    names = list(NAMES)
    Random(seed).shuffle(names)  # noqa: S311 (as above)
    return [
        Basket(
            goods=tuple((item, chance.choice((1, 1, 2, 3))) for item in kinds[kind]),
            address=(*names[shop * ORDERS + number], *chance.choice(PLACES)),
            at=now - timedelta(minutes=60 - 5 * number) if kind < ORDERS - 1 else now,
            cash=number == 4,
            paid=kind < ORDERS - 1,
        )
        for number, kind in enumerate(order)
    ]


def links_of(store: str, suppliers: Mapping[str, str]) -> list[ProductLink]:
    """Which of the products is what at whom.

    Args:
        store: The shop's account.

        suppliers: The supplier's account, by its platform.
    """
    return [
        ProductLink(
            store=store,
            key=f"sku:{item.sku}",
            supplier=suppliers[item.supplier],
            remote_id=remote_id,
            factor=Decimal(units),
        )
        for item in PRODUCTS
        if item.supplier in suppliers
        for remote_id, units in item.parts.items()
    ]
