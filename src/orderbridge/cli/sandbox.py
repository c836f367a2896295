"""``sandbox``: a simulated platform on this machine, to try any client on."""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ..errors import ConfigurationError
from ..sandbox.faults import Backend, Line
from ..sandbox.magento import Keys, MagentoShop
from ..sandbox.prestashop import PrestaShopShop
from ..sandbox.rewix import RewixSupplier
from ..sandbox.server import LoopbackServer
from ..sandbox.woocommerce import WooCommerceShop
from .demo_orders import PRODUCTS, baskets, load_recorded, place_orders, read_recorded
from .output import AsJson, print_json

__all__ = ["sandbox"]

KEY, PASSWORD = "sandbox", "sandbox"


def sandbox(
    platform: Annotated[
        str, typer.Argument(help="Which one: magento, shopify, woocommerce, prestashop or rewix.")
    ],
    port: Annotated[int, typer.Option(help="0 takes a free one.", min=0, max=65535)] = 0,
    orders: Annotated[
        list[Path] | None,
        typer.Option(help="Recorded orders for the shop to begin with: a file or a folder."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Which orders are made up, where none are given.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Serve a simulated platform on this machine until Ctrl-C. It believes whoever comes."""
    backend, settings = _backend(platform, orders, seed)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _, __: stop.set())
    try:
        server = LoopbackServer(Line(backend), clock=lambda: datetime.now(UTC), port=port)
    except OSError as error:
        raise ConfigurationError(f"port {port}: cannot be used: {error.strerror}") from None
    with server:
        account = {"platform": platform, "base_url": server.url, **settings}
        if as_json:
            print_json(account)
        else:
            kind = "suppliers" if platform == "rewix" else "stores"
            typer.echo(f"{platform} is served at {server.url} until Ctrl-C. An account for it:\n")
            typer.echo(f"[{kind}.sandbox]")
            for name, value in account.items():
                typer.echo(f'{name} = "{value}"')
        stop.wait()


def _backend(platform: str, orders: list[Path] | None, seed: int) -> tuple[Backend, dict[str, str]]:
    """The platform, and what an account of it needs beside the address."""
    if platform == "woocommerce":
        # Plain keys will do here, so that curl can be used too.
        shop = WooCommerceShop(fulfillments=True, trusts_http=True)
        if orders:
            load_recorded(shop, read_recorded(orders))
        else:
            place_orders(shop, seed, now=datetime.now(UTC))
        return shop, {"consumer_key": shop.consumer_key, "consumer_secret": shop.consumer_secret}
    if orders:
        raise ConfigurationError(f"orders: only woocommerce can begin with recorded ones, not {platform}")
    if platform == "prestashop":
        prestashop = PrestaShopShop()
        place_orders(prestashop, seed, now=datetime.now(UTC))
        return prestashop, {"key": prestashop.key}
    if platform == "magento":
        # Bearer tokens will do here, so that curl can be used too.
        magento = MagentoShop(keys=Keys(bearer=True))
        place_orders(magento, seed, now=datetime.now(UTC))
        return magento, {
            "consumer_key": magento.keys.consumer_key,
            "consumer_secret": magento.keys.consumer_secret,
            "access_token": magento.keys.access_token,
            "access_token_secret": magento.keys.access_token_secret,
        }
    if platform == "shopify":
        return _shopify(seed)
    if platform == "rewix":
        stock = {stock_id: 1000 for product in PRODUCTS for stock_id in product.parts}
        return RewixSupplier(api_key=KEY, password=PASSWORD, stock=stock), {
            "api_key": KEY,
            "password": PASSWORD,
        }
    raise ConfigurationError(
        f"platform: there is no sandbox {platform!r}; known are: magento, shopify, "
        "woocommerce, prestashop, rewix"
    )


def _shopify(seed: int) -> tuple[Backend, dict[str, str]]:
    """A Shopify shop with the demonstration's orders, where the library it runs on is installed."""
    try:
        from ..sandbox import shopify
    except ModuleNotFoundError as missing:
        if missing.name != "graphql":
            raise
        raise ConfigurationError(
            "platform: the simulated Shopify needs graphql-core: pip install 'orderbridge[graphql]'"
        ) from None
    shop = shopify.ShopifyShop()
    names = ("firstName", "lastName", "address1", "city", "zip", "countryCode")
    for basket in baskets(seed, now=datetime.now(UTC)):
        items = [
            shopify.Item(sku=product.sku, title=product.name, price=product.price, quantity=units)
            for product, units in basket.goods
        ]
        shop.place_order(
            items,
            now=basket.at,
            shipping=dict(zip(names, basket.address, strict=True)),
            shipping_cost="6.50",
            gateway="Cash on Delivery (COD)" if basket.cash else "shopify_payments",
            paid=basket.paid and not basket.cash,
        )
    return shop, {"access_token": shop.access_token}
