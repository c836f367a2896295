"""The lines of a bulk operation's file, put together: each names the line that it belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias, cast

from ._wire import kind_of

Object: TypeAlias = dict[str, object]

# Where a bulk operation's lines belong in the line that they name as their parent.
_LISTS = {
    "FulfillmentLineItem": "fulfillmentLineItems",
    "FulfillmentOrder": "fulfillmentOrders",
    "FulfillmentOrderLineItem": "lineItems",
    "LineItem": "lineItems",
    "ShippingLine": "shippingLines",
}


def parent_of(line: Object) -> str:
    """The list of its parent that a line belongs to; empty for what has none."""
    # Shopify does not promise a shipping line an id.
    return _LISTS.get(kind_of(line.get("id")) or str(line.get("__typename")), "")


def assembled(lines: Iterable[Object]) -> list[object]:
    """The orders that a bulk operation has written, each put together from its lines."""
    parts = [dict(line) for line in lines]
    by_id = {part["id"]: part for part in parts if isinstance(part.get("id"), str)}
    for part in parts:
        parent = by_id.get(part.pop("__parentId", None))
        name = parent_of(part)
        if parent is not None and name:
            held = cast("dict[str, list[Object]]", parent.setdefault(name, {"nodes": []}))
            held["nodes"].append(part)
    return [part for part in parts if kind_of(part.get("id")) == "Order"]
