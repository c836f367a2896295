"""``sandbox``: a simulated platform on this machine, to try any client on."""

from __future__ import annotations

import csv
import io
import signal
import threading
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, TypedDict

import typer

from .._plugins import platform_names
from ..errors import ConfigurationError
from ..sandbox.faults import Backend, Line
from ..sandbox.hands import Hands
from ..sandbox.magento import Keys, MagentoShop
from ..sandbox.rewix import BDroppySupplier, RewixSupplier
from ..sandbox.server import LoopbackServer
from ..sandbox.woocommerce import WooCommerceShop
from .demo import chosen
from .demo_orders import PRODUCTS, Basket, baskets, links_of
from .demo_recorded import load_recorded, read_recorded
from .demo_shops import SHOPS, DemoShop, Magento, WooCommerce
from .demo_suppliers import SUPPLIERS, Alibaba
from .output import AsJson, print_json

__all__ = ["sandbox"]

KEY, PASSWORD = "sandbox", "sandbox"
PLATFORMS = (*SHOPS, "rewix", "bdroppy", "alibaba")


def _platforms_like(incomplete: str) -> list[str]:
    """For the shell, while somebody types."""
    return [name for name in PLATFORMS if name.startswith(incomplete)]


def sandbox(
    platform: Annotated[
        str, typer.Argument(help=f"Which one: {', '.join(PLATFORMS)}.", autocompletion=_platforms_like)
    ],
    port: Annotated[int, typer.Option(help="0 takes a free one.", min=0, max=65535)] = 0,
    orders: Annotated[
        list[Path] | None,
        typer.Option(help="Recorded orders for the shop to begin with: a file or a folder."),
    ] = None,
    empty: Annotated[bool, typer.Option("--empty", help="The shop begins with no order.")] = False,
    seed: Annotated[int, typer.Option(help="Which orders are made up, where none are given.")] = 1,
    suppliers: Annotated[
        str, typer.Option(help=f"Whose goods the shop sells, with commas between: {', '.join(SUPPLIERS)}.")
    ] = "rewix",
    links: Annotated[
        Path | None,
        typer.Option(
            help="A file for the shop's product links, for orderbridge links import. "
            "Suppliers' accounts are called as their platforms there."
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="Of the account; by default the platform's.")] = "",
    as_json: AsJson = False,
) -> None:
    """Serve a simulated platform on this machine until Ctrl-C. It believes whoever comes.

    What its people do (pay, dispatch, cancel, ...) is done by POST to /_desk/<verb> with the arguments
    as a JSON object; GET /_desk lists the verbs.
    """
    sold = list(dict.fromkeys(each.platform for each in chosen(SUPPLIERS, suppliers, "suppliers")))
    if platform in SHOPS:
        path = ""
        backend, settings = _shop(
            platform, orders, [] if empty else baskets(seed, now=_now(), suppliers=sold)
        )
    else:
        if orders or empty or links:
            raise ConfigurationError(
                "--orders, --empty and --links are a shop's; a supplier begins with none"
            )
        path, backend, settings = _supplier(platform)
    name = name or platform
    if links is not None:
        _write_links(links, name, sold)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _, __: stop.set())
    try:
        server = LoopbackServer(Line(Hands(backend)), clock=_now, port=port)
    except OSError as error:
        raise ConfigurationError(f"port {port}: cannot be used: {error.strerror}") from None
    with server:
        account = {"platform": platform, "base_url": server.url + path, **settings}
        if as_json:
            print_json(account)
        else:
            kind = "suppliers" if platform in platform_names("supplier") else "stores"
            typer.echo(
                f"{platform} is served at {server.url} until Ctrl-C, its people at {server.url}/_desk. "
                "An account for it:\n"
            )
            typer.echo(f"[{kind}.{name}]")
            for setting, value in account.items():
                typer.echo(f'{setting} = "{value}"')
        stop.wait()


def _now() -> datetime:
    return datetime.now(UTC)


def _supplier(platform: str) -> tuple[str, Backend, dict[str, str]]:
    """The path of its address, the platform, and what an account of it needs beside the address."""
    if platform == "rewix":
        rewix = RewixSupplier(api_key=KEY, password=PASSWORD, **_stocked())
        return "", rewix, {"api_key": KEY, "password": PASSWORD}
    if platform == "bdroppy":
        bdroppy = BDroppySupplier(email=KEY, password=PASSWORD, **_stocked())
        catalog = next(iter(bdroppy.user_catalogs))
        return "", bdroppy, {"email": KEY, "password": PASSWORD, "user_catalog": catalog}
    if platform == "alibaba":
        alibaba = Alibaba()
        return alibaba.path, alibaba.backend, alibaba.settings()
    raise ConfigurationError(f"platform: there is no sandbox {platform!r}; known are: {', '.join(PLATFORMS)}")


def _shop(
    platform: str, recorded: list[Path] | None, made_up: list[Basket]
) -> tuple[Backend, dict[str, str]]:
    """A shop with orders in it. Plain keys and bearer tokens will do here, so that curl can be used too."""
    shop: DemoShop
    if platform == "woocommerce":
        woocommerce = WooCommerceShop(fulfillments=True, trusts_http=True)
        shop = WooCommerce(woocommerce)
        if recorded:
            load_recorded(woocommerce, read_recorded(recorded))
            return woocommerce, shop.settings()
    elif recorded:
        raise ConfigurationError(f"orders: only woocommerce can begin with recorded ones, not {platform}")
    else:
        shop = Magento(MagentoShop(keys=Keys(bearer=True))) if platform == "magento" else SHOPS[platform]()
    for basket in made_up:
        shop.sell(basket)
    return shop.backend, shop.settings()


def _write_links(file: Path, store: str, suppliers: list[str]) -> None:
    """What the shop's goods are at their suppliers, as a table that ``links import`` takes."""
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(("store", "key", "supplier", "remote_id", "factor"))
    for link in links_of(store, {platform: platform for platform in suppliers}):
        rows.writerow((link.store, link.key, link.supplier, link.remote_id, f"{link.factor:f}"))
    try:
        if file.exists() and file.read_text("utf-8") != table.getvalue():
            raise ConfigurationError(f"{file}: is there with other content")
        file.write_text(table.getvalue(), "utf-8")
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be written: {error.strerror}") from None


class _Stocked(TypedDict):
    stock: dict[str, int]
    prices: dict[str, Decimal]


def _stocked() -> _Stocked:
    """The goods of the demonstration that a Rewix supplier ships."""
    ids = [stock_id for product in PRODUCTS if product.supplier == "rewix" for stock_id in product.parts]
    return {"stock": dict.fromkeys(ids, 1000), "prices": dict.fromkeys(ids, Decimal("9.90"))}
