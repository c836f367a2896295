"""``decode``: what the bridge understands of recorded orders, without an account or a network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import attrs
import typer

from .. import Address, Line, Order, store
from .._canonical import plain
from .._plugins import platform_names, platform_of
from ..adapters import DecodesOrders, SetAside
from ..errors import ConfigurationError, Malformed
from .output import AsJson, print_json, print_table

__all__ = ["decode", "decode_file"]

# Where an account may sign in by one of several ways, so that no single field is needed, or where its address
# has a shape of its own.
_SIGNED_IN: dict[str, dict[str, object]] = {
    "magento": {"bearer": True, "access_token": "none"},
    "shopify": {"base_url": "https://none.myshopify.com", "access_token": "none"},
}


def _platforms_like(incomplete: str) -> list[str]:
    """For the shell, while somebody types."""
    return [name for name in platform_names("store") if name.startswith(incomplete)]


def decode(
    platform: Annotated[
        str,
        typer.Argument(
            help="Which shop system: magento, prestashop, shopify or woocommerce.",
            autocompletion=_platforms_like,
        ),
    ],
    file: Annotated[
        str,
        typer.Argument(
            help="One order, a list of them, an answer with some, or a webhook's body; - is standard input."
        ),
    ],
    sides: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Further answers of the shop with what its orders only name by id (PrestaShop: addresses, "
            "currencies, carriers, states, ...; Magento: products with custom_attributes), in any order. "
            "What they do not say stays empty."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what the bridge understands of recorded orders. Exit code 3: some were refused."""
    found = decode_file(platform, _read(file), *(_read(str(side)) for side in sides or ()))
    orders = [item for item in found if isinstance(item, Order)]
    refused = [(index, item) for index, item in enumerate(found) if isinstance(item, SetAside)]
    if as_json:
        print_json(
            {
                "orders": [_order(order) for order in orders],
                "refused": [
                    {"index": index, "path": item.path, "why": item.why.removeprefix(f"{item.path}: ")}
                    for index, item in refused
                ],
            }
        )
    else:
        _show(orders, refused)
    if refused:
        raise typer.Exit(3)


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from None


def decode_file(platform: str, body: bytes, *sides: bytes) -> tuple[Order | SetAside, ...]:
    """The orders in a file, in its order, and in their places those that cannot be understood.

    Args:
        platform: Which shop system.

        body: The file.

        sides: Further answers of that shop, see ``DecodesOrders``.

    Raises:
        ConfigurationError: there is no such shop system here, or it has no way to read files.
    """
    # An account must have an address and keys; a file needs neither.
    needed = {f.name: "none" for f in attrs.fields(platform_of("store", platform).settings) if _is_needed(f)}
    settings = {**needed, "base_url": "https://shop.example", **_SIGNED_IN.get(platform, {})}
    account = store("file", platform=platform, settings=settings)
    if not isinstance(account.adapter, DecodesOrders):
        raise ConfigurationError(f"platform: {platform} has no way to read orders from a file")
    try:
        return account.adapter.decode_orders(body, *sides)
    except Malformed as error:
        raise ConfigurationError(f"{error.message}; give answers of the shop, as they came") from None


def _is_needed(field: attrs.Attribute[object]) -> bool:
    return field.default is attrs.NOTHING


def _order(order: Order) -> dict[str, object]:
    return _nulls(
        {
            "ref": order.ref,
            "number": order.number,
            "placed_at": order.placed_at,
            "updated_at": order.updated_at,
            # ISO 4217's own word for no currency: the file names one that no side tells of.
            "currency": None if order.currency == "XXX" else order.currency,
            "payment": order.payment,
            "canceled": order.canceled,
            "raw_status": order.raw_status,
            "total": order.total,
            "lines": [_line(line) for line in order.lines],
            "ship_to": _address(order.ship_to),
            "bill_to": _address(order.bill_to),
            "shipping": [
                _nulls({"code": way.code, "title": way.title, "total": way.total}) for way in order.shipping
            ],
        }
    )


def _line(line: Line) -> dict[str, object]:
    return _nulls(
        {
            "ref": line.ref,
            "ship_ref": line.ship_ref,
            "sku": line.sku,
            "product_ref": line.product_ref,
            "variant_ref": line.variant_ref,
            "name": line.name,
            "quantity": line.quantity,
            "open": line.open,
            "unit_price": line.unit_price,
            "total": line.total,
            "shippable": line.shippable,
        }
    )


def _address(address: Address | None) -> dict[str, object] | None:
    return None if address is None else _nulls(attrs.asdict(address))


def _nulls(fields: dict[str, object]) -> dict[str, object]:
    """What is absent is null, never an empty text."""
    return {name: None if value == "" else plain(value) for name, value in fields.items()}


def _show(orders: list[Order], refused: list[tuple[int, SetAside]]) -> None:
    print_table(
        f"{len(orders)} understood",
        ("Order", "Number", "Placed", "Status", "Payment", "Total", "Open", "Product", "SKU"),
        (
            (
                order.ref,
                order.number,
                order.placed_at,
                order.raw_status,
                order.payment.value,
                order.total,
                f"{line.open:f} of {line.quantity:f}",
                line.name,
                line.sku,
            )
            for order in orders
            for line in order.lines
        ),
    )
    if refused:
        print_table(
            f"{len(refused)} refused",
            ("No.", "Field", "Why"),
            ((i, item.path, item.why) for i, item in refused),
        )
