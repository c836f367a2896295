"""``products``: what a supplier sells, to link a shop's products to."""

from __future__ import annotations

import csv
import sys
from typing import Annotated

import typer

from .. import Bridge
from ..adapters import Product
from ..errors import Malformed
from .desk import Supplier
from .opened import Owner
from .output import CONFIG, AsJson, ConfigFile, print_json, print_table, say_wrong

__all__ = ["products"]

_COLUMNS = ("remote_id", "product_ref", "sku", "name", "price", "currency", "available")


def products(
    supplier: Supplier,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, for a spreadsheet.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what a supplier sells, with the remote ids to link. Exit code 3: some could not be read."""
    found, unread = _all(supplier, owner, config)
    if as_json:
        print_json([_named(each) for each in found])
    elif as_csv:
        rows = csv.writer(sys.stdout, lineterminator="\n")
        rows.writerow(_COLUMNS)
        rows.writerows(_row(each) for each in found)
    else:
        print_table(
            f"{len(found)} sold by {supplier}",
            ("Remote id", "Product", "SKU", "Name", "Price", "", "Available"),
            (_row(each) for each in found),
        )
    if unread is not None:
        say_wrong(str(unread))
        raise typer.Exit(3)


def _all(supplier: str, owner: str, config: ConfigFile) -> tuple[list[Product], Malformed | None]:
    """All pages, and what is wrong with those that are no good."""
    found: list[Product] = []
    cursor: str | None = None
    with Bridge.from_toml(config) as bridge:
        while True:
            try:
                page = bridge.products(supplier, cursor=cursor, owner=owner)
            except Malformed as error:
                if cursor is None:
                    raise
                return found, error
            found += page.items
            cursor = page.cursor
            if cursor is None:
                return found, None


def _row(product: Product) -> tuple[str, ...]:
    price = product.price
    return (
        product.remote_id,
        product.product_ref,
        product.sku,
        product.name,
        "" if price is None else f"{price.amount:f}",
        "" if price is None else price.currency,
        "" if product.available is None else f"{product.available:f}",
    )


def _named(product: Product) -> dict[str, str | None]:
    """What is absent is null, never an empty text."""
    return {name: value or None for name, value in zip(_COLUMNS, _row(product), strict=True)}
