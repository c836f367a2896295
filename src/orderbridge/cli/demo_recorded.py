"""Recorded WooCommerce orders for the demonstration and the sandbox to begin with."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from .. import Order, ProductLink
from ..errors import ConfigurationError
from ..sandbox.woocommerce import WooCommerceShop
from ..sandbox.woocommerce.values import Json, Object
from .output import say_wrong

__all__ = ["link_recorded", "load_recorded", "read_recorded"]


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
