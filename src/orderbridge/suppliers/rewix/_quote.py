"""What an order would cost now: goods by the catalog, shipping by the list of carriers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from xml.etree.ElementTree import Element

from ..._model import Money, PurchaseOrder
from ...adapters import Flow, Product, Quote, Read, RefusedLine, ShippingOption, Unclear, decode_xml
from ...errors import Malformed, NotFound
from ._answers import ACCEPT, word
from ._catalog import Catalog
from ._order import items_of

_CARRIERS = Read("GET", "/restful/export/carriers", headers=ACCEPT, keep=timedelta(days=1))


def quote(po: PurchaseOrder, catalog: Catalog, carrier: str) -> Flow[Quote | Unclear]:
    """Goods at today's prices, and the cost of the carrier where one is named.

    How many are there is not asked: units that are held for us already are not counted as available.
    """
    items = items_of(po)
    absent = [remote_id for remote_id in items if remote_id not in catalog.products]
    if absent and catalog.unread:
        return Unclear(f"{', '.join(absent)}: not in what can be read of the catalog ({catalog.unread[0]})")
    prices = prices_of(items, catalog.products)
    if isinstance(prices, Unclear):
        return prices
    currency = next((price.currency for price in prices.values()), "EUR")
    goods = Money.sum((price.times(items[each]) for each, price in prices.items()), currency)
    if absent:
        return Quote(
            goods=goods,
            refused=tuple(
                RefusedLine(
                    remote_id=each,
                    quantity=Decimal(items[each]),
                    why="it is not in the supplier's catalog now, so nobody knows its price",
                )
                for each in absent
            ),
        )
    if not carrier:
        return Quote(goods=goods)  # the supplier chooses, and says nowhere what that costs
    carriers = yield from _carriers()
    if carriers is None:
        return Quote(goods=goods)
    if carrier not in carriers:
        return Unclear(f"carrier {carrier}: the supplier has {', '.join(carriers) or 'none'}")
    return Quote(goods=goods, options=(_option(carriers[carrier], currency),))


def prices_of(items: Mapping[str, int], products: Mapping[str, Product]) -> dict[str, Money] | Unclear:
    """The price of one of each that is sold."""
    prices: dict[str, Money] = {}
    for remote_id in items:
        product = products.get(remote_id)
        if product is not None and product.price is None:
            return Unclear(f"model {remote_id}: the catalog names no price for it")
        if product is not None and product.price is not None:
            prices[remote_id] = product.price
    if len({price.currency for price in prices.values()}) > 1:
        return Unclear("the models are priced in several currencies")
    return prices


def _carriers() -> Flow[dict[str, Element] | None]:
    """The account's carriers by number; None where nobody lists them."""
    response = yield _CARRIERS
    try:
        return {_said(row, "id"): row for row in decode_xml(response).iter("carrier")}
    except NotFound:
        return None


def _option(carrier: Element, currency: str) -> ShippingOption:
    """Its cost is in the supplier's own currency."""
    number = _said(carrier, "id")
    try:
        price = Money.of(_said(carrier, "cost"), currency, field="cost")
    except ValueError:
        raise Malformed(f"carrier {number}: cost: not an amount such as 5.90", path="//carrier") from None
    return ShippingOption(code=number, title=_said(carrier, "name") or number, price=price)


def _said(row: Element, name: str) -> str:
    return word(row.get(name) or row.findtext(name))
