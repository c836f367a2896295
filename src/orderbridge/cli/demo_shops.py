"""The shops of the demonstration: how each sells an order, and what its ledger says shoppers were told.

A new shop system is one more class here, and its line in ``SHOPS``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from .._http import Call
from ..errors import ConfigurationError
from ..sandbox import magento, prestashop
from ..sandbox.faults import Backend
from ..sandbox.magento import MagentoShop
from ..sandbox.prestashop import PrestaShopShop
from ..sandbox.woocommerce import WooCommerceShop
from ..sandbox.woocommerce.values import Object
from .demo_orders import Basket
from .demo_side import Side

if TYPE_CHECKING:
    from ..sandbox.shopify import ShopifyShop

__all__ = ["SHOPS", "DemoShop", "Magento", "PrestaShop", "Shopify", "WooCommerce"]

_FREIGHT = "6.50"


class DemoShop(Side):
    """A simulated shop and the shoppers in it."""

    @property
    @abstractmethod
    def backend(self) -> Backend: ...

    @abstractmethod
    def sell(self, basket: Basket) -> str:
        """A shopper buys this; the order's ref."""

    @abstractmethod
    def refs(self) -> Sequence[str]:
        """All its orders."""

    @abstractmethod
    def told(self, ref: str) -> Sequence[str]:
        """For each departure that the shop shows on an order, the text with its tracking numbers."""

    @abstractmethod
    def mails(self) -> int:
        """Mails to shoppers that something has left."""


class WooCommerce(DemoShop):
    """A WooCommerce with fulfillments."""

    platform = name = "woocommerce"

    def __init__(self, shop: WooCommerceShop | None = None) -> None:
        self.shop = shop or WooCommerceShop(fulfillments=True, timezone="Europe/Rome")

    @property
    def backend(self) -> WooCommerceShop:
        return self.shop

    def settings(self) -> dict[str, str]:
        return {
            "consumer_key": self.shop.consumer_key,
            "consumer_secret": self.shop.consumer_secret,
        }

    def sell(self, basket: Basket) -> str:
        names = ("first_name", "last_name", "address_1", "city", "postcode", "country")
        address: Object = dict(zip(names, basket.address, strict=True))
        lines: list[Object] = [
            {
                "product_id": item.id,
                "variation_id": item.variation,
                "sku": item.sku,
                "name": item.name,
                "price": item.price,
                "quantity": units,
            }
            for item, units in basket.goods
        ]
        fields = {"payment_method": "cod", "payment_method_title": "Cash on delivery"} if basket.cash else {}
        method = {"method_id": "flat_rate", "instance_id": "1", "method_title": "Courier", "total": _FREIGHT}
        number = self.shop.place_order(
            lines,
            now=basket.at,
            billing=address,
            shipping=address,
            shipping_lines=[{"id": 1, "total_tax": "0.00", "taxes": [], "meta_data": [], **method}],
            **fields if basket.paid else {"status": "pending"},
        )
        return str(number)

    def refs(self) -> Sequence[str]:
        return [str(number) for number in self.shop.book]

    def told(self, ref: str) -> Sequence[str]:
        return [" ".join(shown.numbers) for shown in self.shop.shipments(int(ref))]

    def mails(self) -> int:
        kinds = ("customer_fulfillment_created", "customer_note", "customer_completed_order")
        return sum(mail.kind in kinds for mail in self.shop.mails)


class PrestaShop(DemoShop):
    """A PrestaShop."""

    platform = name = "prestashop"

    def __init__(self, shop: PrestaShopShop | None = None) -> None:
        self.shop = shop or PrestaShopShop()
        # Shoppers are mailed about parcels only where the carrier says how they are tracked.
        self._carrier = self.shop.edit_carrier(2, url="https://track.example/@")

    @property
    def backend(self) -> PrestaShopShop:
        return self.shop

    def settings(self) -> dict[str, str]:
        return {"key": self.shop.key}

    def sell(self, basket: Basket) -> str:
        names = ("firstname", "lastname", "address1", "city", "postcode", "country")
        lines = [
            prestashop.Item(
                reference=item.sku,
                name=item.name,
                price=item.price,
                product_id=item.id,
                attribute_id=item.variation,
                quantity=units,
            )
            for item, units in basket.goods
        ]
        number = self.shop.place_order(
            lines,
            now=basket.at,
            shipping=dict(zip(names, basket.address, strict=True)),
            shipping_cost=_FREIGHT,
            paid=basket.paid and not basket.cash,
            module="ps_cashondelivery" if basket.cash else "",
            carrier_id=self._carrier,
        )
        return str(number)

    def refs(self) -> Sequence[str]:
        return [str(number) for number in self.shop.tables["orders"]]

    def told(self, ref: str) -> Sequence[str]:
        numbers = [parcel["tracking_number"] for parcel in self.shop.parcels(int(ref))]
        return [number for number in numbers if number]

    def mails(self) -> int:
        return sum(mail.template in prestashop.DEPARTURES for mail in self.shop.mails)


class Magento(DemoShop):
    """A Magento, where calls are signed."""

    platform = name = "magento"

    def __init__(self, shop: MagentoShop | None = None) -> None:
        self.shop = shop or MagentoShop()

    @property
    def backend(self) -> MagentoShop:
        return self.shop

    def settings(self) -> dict[str, str]:
        keys = self.shop.keys
        return {
            "consumer_key": keys.consumer_key,
            "consumer_secret": keys.consumer_secret,
            "access_token": keys.access_token,
            "access_token_secret": keys.access_token_secret,
        }

    def sell(self, basket: Basket) -> str:
        names = ("firstname", "lastname", "street", "city", "postcode", "country_id")
        items = [
            magento.Item(sku=item.sku, name=item.name, price=item.price, quantity=units)
            for item, units in basket.goods
        ]
        number = self.shop.place_order(
            items,
            now=basket.at,
            shipping=dict(zip(names, basket.address, strict=True)),
            shipping_amount=_FREIGHT,
            method="cashondelivery" if basket.cash else "",
            paid=basket.paid and not basket.cash,
        )
        return str(number)

    def refs(self) -> Sequence[str]:
        return [str(number) for number in self.shop.orders]

    def told(self, ref: str) -> Sequence[str]:
        return [
            " ".join(str(track["track_number"]) for track in shipment.tracks)
            for shipment in self.shop.shipments_of(int(ref))
        ]

    def mails(self) -> int:
        return sum(mail.kind == "shipment" for mail in self.shop.mails)


class Shopify(DemoShop):
    """A Shopify, where every call is a POST."""

    platform = name = "shopify"

    def __init__(self, shop: ShopifyShop | None = None) -> None:
        self.shop = shop or _shopify()

    @property
    def backend(self) -> ShopifyShop:
        return self.shop

    def settings(self) -> dict[str, str]:
        return {"access_token": self.shop.access_token}

    def changes(self, call: Call) -> bool:
        return b"mutation" in call.body

    def sell(self, basket: Basket) -> str:
        from ..sandbox.shopify import Item

        names = ("firstName", "lastName", "address1", "city", "zip", "countryCode")
        items = [
            Item(sku=item.sku, title=item.name, price=item.price, quantity=units)
            for item, units in basket.goods
        ]
        number = self.shop.place_order(
            items,
            now=basket.at,
            shipping=dict(zip(names, basket.address, strict=True)),
            shipping_cost=_FREIGHT,
            gateway="Cash on Delivery (COD)" if basket.cash else "shopify_payments",
            paid=basket.paid and not basket.cash,
        )
        return str(number)

    def refs(self) -> Sequence[str]:
        return [str(number) for number in self.shop.orders]

    def told(self, ref: str) -> Sequence[str]:
        sent = self.shop.orders[int(ref)].fulfillments
        return [" ".join(each.numbers) for each in sent if each.status == "SUCCESS"]

    def mails(self) -> int:
        return sum(mail.kind in ("shipping_confirmation", "shipping_update") for mail in self.shop.mails)


_GRAPHQL = "platform: the simulated Shopify needs graphql-core 3.2: pip install 'graphql-core>=3.2.14,<3.3'"


def _shopify() -> ShopifyShop:
    """A Shopify shop, where the library that it runs on is installed."""
    try:
        from ..sandbox.shopify import ShopifyShop
    except ModuleNotFoundError as missing:
        if missing.name != "graphql":
            raise
        raise ConfigurationError(_GRAPHQL) from None
    if not version("graphql-core").startswith("3.2."):
        raise ConfigurationError(f"{_GRAPHQL}; {version('graphql-core')} is another one")
    return ShopifyShop()


SHOPS: Mapping[str, type[WooCommerce | Shopify | PrestaShop | Magento]] = {
    shop.platform: shop for shop in (WooCommerce, Shopify, PrestaShop, Magento)
}
