"""Orders in a file: recorded answers, the bodies of webhooks, and the lines that bulk operations write."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import cast

from ..._model import Order
from ...adapters import SetAside, decode_bytes
from ...errors import Malformed
from ._lines import Object, assembled
from ._orders import order_from
from ._parts import set_aside
from ._reading import id_of
from ._rest import order_in
from ._settings import Settings
from ._wire import WireOrder, kind_of, ref_of


def orders_in(body: bytes, settings: Settings) -> tuple[Order | SetAside, ...]:
    """The orders in a file, one for each in its order."""
    try:
        found = list(_orders(_document(body)))
    except Malformed as error:
        return (SetAside("", error.path, error.message),)
    return tuple(_order(raw, settings) for raw in found)


def _order(raw: object, settings: Settings) -> Order | SetAside:
    wire = None
    try:
        wire = _wire(raw)
        return order_from(wire, settings)
    except (Malformed, ValueError) as error:
        if wire is not None:
            return set_aside(wire, error)
        what = error if isinstance(error, Malformed) else Malformed(str(error), path="$")
        return SetAside(_id_of(raw), what.path, what.message)


def _wire(raw: object) -> WireOrder:
    text = json.dumps(raw).encode()
    found = cast("Object", raw) if isinstance(raw, dict) else {}
    if "line_items" in found and "financial_status" in found:
        return order_in(text)
    if kind_of(found.get("id")) != "Order" and "lineItems" not in found:
        raise Malformed("$: this is no order", path="$")
    wire = decode_bytes(WireOrder, text)
    works = wire.fulfillmentOrders
    if wire.lineItems.rest or wire.shippingLines.rest or (works and works.rest):
        raise Malformed("$: the order's lists go on in another answer", path="$")
    return wire


def _id_of(raw: object) -> str:
    found = cast("Object", raw) if isinstance(raw, dict) else {}
    name = found.get("admin_graphql_api_id")
    return ref_of(name) if kind_of(name) == "Order" else id_of(found)


def _document(body: bytes) -> object:
    try:
        return decode_bytes(object, body)
    except Malformed:
        lines = [line for line in body.splitlines() if line.strip()]
        if len(lines) < 2:
            raise
    return assembled(decode_bytes(Object, line) for line in lines)


def _orders(document: object) -> Iterable[object]:
    """What may be orders in an answer, a webhook's body or a list of such."""
    if isinstance(document, list):
        for part in cast("list[object]", document):
            yield from _orders(part)
        return
    if not isinstance(document, dict):
        raise Malformed("$: an order, a list of orders or an answer with some was expected", path="$")
    found = cast("Object", document)
    if isinstance(found.get("data"), dict):
        found = cast("Object", found["data"])
    inside = found.get("orders", found.get("order", found.get("nodes")))
    if isinstance(inside, dict):
        inside = _connection(cast("Object", inside))
    if inside is None:
        yield found
    elif isinstance(inside, list):
        yield from cast("list[object]", inside)
    else:
        yield inside


def _connection(found: Object) -> object:
    """The items of a list as Shopify gives it; an order is given back as it came."""
    if isinstance(found.get("nodes"), list):
        return found["nodes"]
    if isinstance(found.get("edges"), list):
        edges = cast("list[object]", found["edges"])
        return [cast("Object", edge).get("node") for edge in edges if isinstance(edge, dict)]
    return found
