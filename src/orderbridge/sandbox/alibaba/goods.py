"""What the sellers offer: products with their SKUs, prices by quantity, stock by place, and freight."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import attrs

__all__ = ["SELLER", "Carrier", "Product", "Sku", "routes", "shelf", "some_carriers", "some_goods"]

SELLER = "cVmhg7/xG8q3UQgcH/5Fag=="
_OTHER_SELLER = "kx++Dlfuw+osaJiw08no/A=="


@attrs.define(kw_only=True)
class Sku:
    """One variant.

    Args:
        stock: Free units by dispatch place (``CN``, ``US``, ``MX``).

        ladder: Price in USD by the quantity from which it counts, smallest first.
    """

    sku_id: str
    stock: dict[str, int]
    ladder: Mapping[int, Decimal]
    color: str = "Red"
    status: str = "NORMAL"

    def price(self, units: int) -> Decimal | None:
        """What one of so many costs; None below the first step."""
        reached = [price for least, price in self.ladder.items() if least <= units]
        return reached[-1] if reached else None


@attrs.define(kw_only=True)
class Product:
    """A product of one seller.

    Args:
        e_company_id: The seller. An order holds products of one only.

        not_to: Country codes it may not be sent to.

        epr: The seller has the registration that Germany and France demand.
    """

    product_id: str
    skus: list[Sku]
    e_company_id: str = SELLER
    title: str = "Sublimation Mug & Tumbler"
    company: str = "Mug Company"
    min_order_quantity: int = 1
    status: str = "PRODUCT_ONLINE"
    not_to: frozenset[str] = frozenset()
    epr: bool = True

    def sku(self, sku_id: str) -> Sku | None:
        """The variant, if it is still sold."""
        found = (sku for sku in self.skus if sku.sku_id == sku_id and sku.status == "NORMAL")
        return next(found, None)

    @property
    def places(self) -> list[str]:
        """Where it is sent from."""
        return list(dict.fromkeys(place for sku in self.skus for place in sku.stock))


@attrs.define(kw_only=True)
class Carrier:
    """One way to send an order.

    Args:
        code: ``vendor_code`` in quotes, ``carrier_code`` of an order.

        fee: For an order, in USD; ``each`` comes on top for every unit.

        dispatch: The place it starts from.

        quick: It also stands in the quick quote, which may name ways that orders do not take.

        exact: Orders take it, so it stands in the exact quote.

        to: Country codes; empty is everywhere.
    """

    code: str
    name: str
    fee: Decimal
    each: Decimal = Decimal(0)
    dispatch: str = "CN"
    delivery_time: str = "10~15"
    shipping_type: str = "EXPRESS"
    quick: bool = True
    exact: bool = True
    to: frozenset[str] = frozenset()

    def cost(self, units: int) -> Decimal:
        """Of an order with so many units."""
        return self.fee + self.each * units

    def goes(self, country: str) -> bool:
        """Does it go there?"""
        return not self.to or country in self.to


def shelf(*products: Product) -> dict[str, Product]:
    """Products by their ids."""
    return {product.product_id: product for product in products}


def routes(*carriers: Carrier) -> dict[str, Carrier]:
    """Carriers by their codes."""
    return {carrier.code: carrier for carrier in carriers}


def some_goods() -> dict[str, Product]:
    """Two products of one seller that can be ordered one by one; one of another seller; and odd ones."""
    return shelf(
        Product(
            product_id="1601206892606",
            skus=[
                Sku(
                    sku_id="105613018158",
                    stock={"CN": 100_000},
                    ladder={1: Decimal("1.20"), 50: Decimal("0.95")},
                ),
                Sku(sku_id="105613018159", stock={"CN": 100_000}, ladder={1: Decimal("1.25")}, color="Blue"),
            ],
        ),
        Product(
            product_id="1601314875038",
            skus=[
                Sku(sku_id="106117950042", stock={"CN": 100_000, "US": 500}, ladder={1: Decimal("0.1234")})
            ],
            title="USB cable",
        ),
        Product(
            product_id="1600191825486",
            skus=[Sku(sku_id="107089731477", stock={"CN": 100_000}, ladder={1: Decimal("2.50")})],
            e_company_id=_OTHER_SELLER,
            company="Lamp Company",
            title="Lamp",
        ),
        Product(
            product_id="1600124642247",
            skus=[
                Sku(
                    sku_id="104536974925",
                    stock={"CN": 5_000},
                    ladder={50: Decimal("3.69"), 500: Decimal("3.10")},
                )
            ],
            min_order_quantity=50,
            title="Only by the box",
        ),
        Product(
            product_id="1600927952535",
            skus=[Sku(sku_id="104536974926", stock={"MX": 80}, ladder={1: Decimal("6.00")})],
            title="Waits in Mexico",
        ),
    )


def some_carriers() -> dict[str, Carrier]:
    """From China two that orders take and one that only the quick quote knows; one from elsewhere each."""
    return routes(
        Carrier(
            code="EX_ASP_Economy_Express_3C",
            name="Alibaba.com Economy Express (3C)",
            fee=Decimal("2.10"),
            exact=False,
        ),
        Carrier(code="EX_ASP_JYC_FEDEX", name="FedEx IE", fee=Decimal("19.10"), delivery_time="5~8"),
        Carrier(
            code="SEMI_MANAGED_CARRIER_CODE_CHEAPEST",
            name="Standard",
            fee=Decimal("4.50"),
            each=Decimal("0.03"),
            quick=False,
        ),
        Carrier(
            code="seller_oversea_distributor_sellers_shipping_method_1",
            name="Seller's Shipping Method 1",
            fee=Decimal("3.00"),
            dispatch="US",
            delivery_time="3-9",
            shipping_type="EXPRESS/MULTIMODAL_TRANSPORT",
            to=frozenset({"US"}),
        ),
        Carrier(code="EX_ASP_MX_LOCAL", name="Local MX", fee=Decimal("5.00"), dispatch="MX"),
    )
