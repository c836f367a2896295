"""What rules ask of a product and an order does not say: weight, brand, tags, shipping class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal, InvalidOperation

import attrs

from ..._model import Line, Order
from ...adapters import Flow, decode, in_kg
from ...errors import Forbidden, Unauthorized
from ._wire import API, KEEP, WireOption, WireProduct, get, text, words

_A_DAY = timedelta(days=1)
_FIELDS = ("_fields", "id,parent_id,weight,shipping_class,tags,brands")
_AT_ONCE = 50  # so that an address with that many SKUs is none that hosts refuse


def with_products(orders: Iterable[Order]) -> Flow[tuple[Order, ...]]:
    """The orders with what the shop's products say now; as they were where a product is gone."""
    orders = tuple(orders)
    lines = [line for order in orders for line in order.lines if line.product_ref]
    if not lines:
        return orders
    unit = yield from _unit()
    found: dict[str, WireProduct] = {}
    for refs in _some(line.product_ref for line in lines):
        found |= yield from _read("include", refs)
    # The list by id leaves variations out, the list by SKU has them.
    for skus in _some(line.sku for line in lines if line.variant_ref and "," not in line.sku):
        found |= yield from _read("sku", skus)
    return tuple(
        attrs.evolve(order, lines=tuple(_with(line, found, unit) for line in order.lines)) for order in orders
    )


def _unit() -> Flow[str]:
    """What the shop weighs in; empty if the key may not know."""
    response = yield get(f"{API}/settings/products/woocommerce_weight_unit", keep=KEEP)
    try:
        return text(decode(WireOption, response).value)
    except (Forbidden, Unauthorized):
        return ""


def _read(by: str, values: Sequence[str]) -> Flow[dict[str, WireProduct]]:
    # A SKU is one product's alone; still, a plug-in that allows doubles must not cut the list.
    response = yield get(f"{API}/products", (by, ",".join(values)), ("per_page", "100"), _FIELDS, keep=_A_DAY)
    return {str(product.id): product for product in decode(tuple[WireProduct, ...], response)}


def _with(line: Line, found: Mapping[str, WireProduct], unit: str) -> Line:
    product = found.get(line.product_ref)
    itself = found.get(line.variant_ref) if line.variant_ref else product
    if product is None:
        return line
    return attrs.evolve(
        line,
        # A variation may weigh something else than its product says.
        weight=_weight(itself, unit),
        vendor=next((words(brand.name) for brand in product.brands), ""),
        tags=tuple(words(tag.name) for tag in product.tags),
        shipping_class=text((itself or product).shipping_class),
    )


def _weight(product: WireProduct | None, unit: str) -> Decimal | None:
    try:
        return in_kg(Decimal(text(product.weight).replace(",", ".")), unit) if product else None
    except InvalidOperation:
        return None


def _some(values: Iterable[str]) -> Iterator[list[str]]:
    """Each value once and in one order, so that the same question is asked in the same words."""
    wanted = sorted({value for value in values if value})
    for start in range(0, len(wanted), _AT_ONCE):
        yield wanted[start : start + _AT_ONCE]
