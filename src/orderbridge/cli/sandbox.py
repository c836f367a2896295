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
from ..sandbox.prestashop import PrestaShopShop
from ..sandbox.rewix import RewixSupplier
from ..sandbox.server import LoopbackServer
from ..sandbox.woocommerce import WooCommerceShop
from .demo_orders import PRODUCTS, load_recorded, place_orders, read_recorded
from .output import AsJson, print_json

__all__ = ["sandbox"]

KEY, PASSWORD = "sandbox", "sandbox"


def sandbox(
    platform: Annotated[str, typer.Argument(help="Which one: woocommerce, prestashop or rewix.")],
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
    if platform == "rewix":
        stock = {stock_id: 1000 for product in PRODUCTS for stock_id in product.parts}
        return RewixSupplier(api_key=KEY, password=PASSWORD, stock=stock), {
            "api_key": KEY,
            "password": PASSWORD,
        }
    raise ConfigurationError(
        f"platform: there is no sandbox {platform!r}; known are: woocommerce, prestashop, rewix"
    )
