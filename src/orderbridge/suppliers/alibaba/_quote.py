"""What a purchase order would cost now: goods by the sellers' price ladders, shipping by the exact call."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ..._model import Money, PurchaseOrder
from ...adapters import Flow, Quote, RefusedLine, Response, ShippingOption, Unclear
from ...errors import Forbidden, Malformed, Rejected
from ._address import country_of, for_quote, missing
from ._call import ask, packed
from ._failures import BUSINESS, answered
from ._products import (
    Item,
    item_of,
    items_of,
    least,
    listed,
    part_of,
    price_of,
    products_of,
    sells,
    sku_of,
    stock_of,
)
from ._settings import Settings
from ._wire import FreightAnswer, Sum, WireProduct, days, needed, priced, said

_EXACT = "/order/freight/calculate"
_QUICK = "/shipping/freight/calculate"
# The exact call wants more of an address than some shops have; the quick one does without.
_ADDRESS_TOO_SHORT = "800022"


def quote(settings: Settings, po: PurchaseOrder) -> Flow[Quote | Unclear]:
    """Goods, and the ways to send them; without the ways where not all units can be had."""
    lacking = missing(po.ship_to)
    if lacking:
        return Unclear(f"ship_to: {', '.join(lacking)} missing")
    items = items_of(settings, po)
    products = yield from products_of(items, country=country_of(po.ship_to))
    refused: dict[Item, str] = {}
    prices: list[Money] = []
    for item, quantity in items.items():
        product = products.get(item.product)
        if product is None or not sells(product, item):
            refused[item] = "it is no longer sold"
            continue
        sku = sku_of(product, item)
        price = price_of(product, sku, Decimal(quantity)) if sku is not None else None
        if price is None:
            return Unclear(f"product {item.product}: its seller names no price")
        prices.append(price.times(quantity))
        why = yield from _why_not(product, item, items)
        if why:
            refused[item] = why
    if len({price.currency for price in prices}) > 1:
        return Unclear("the products are priced in several currencies")
    goods = Money.sum(prices, prices[0].currency if prices else "USD")
    if refused:
        return Quote(goods=goods, refused=_lines(settings, po, refused))
    found = {part_of(products[item.product], item.place) for item in items}
    if len(found) > 1:
        return Unclear("the products are of several sellers, or leave from several places: one order each")
    [part] = found
    if po.part not in ("", part):
        return Unclear(f"the products are now {part}'s, where the order was made for {po.part}")
    try:
        options = yield from _ways(po, part, items)
    except Rejected as error:
        if error.code not in BUSINESS or isinstance(error, Forbidden):
            raise
        return Quote(goods=goods, refused=_lines(settings, po, dict.fromkeys(items, error.message)))
    if not options:
        why = "the seller offers no way to ship it to this address"
        return Quote(goods=goods, refused=_lines(settings, po, dict.fromkeys(items, why)))
    return Quote(goods=goods, options=options)


def _why_not(product: WireProduct, item: Item, items: Mapping[Item, int]) -> Flow[str]:
    """Why so many of it cannot be had; empty if they can."""
    together = sum(quantity for other, quantity in items.items() if other.product == item.product)
    if together < least(product):
        return f"its seller sells no fewer than {least(product).normalize():f}"
    there = yield from stock_of(item)
    if there is not None and there < items[item]:
        return f"{there.normalize():f} are in stock"
    return ""


def _lines(settings: Settings, po: PurchaseOrder, refused: Mapping[Item, str]) -> tuple[RefusedLine, ...]:
    return tuple(
        RefusedLine(remote_id=remote_id, quantity=quantity, why=refused[item])
        for remote_id, quantity in po.units.items()
        if (item := item_of(settings, remote_id)) in refused
    )


def _ways(po: PurchaseOrder, part: str, items: Mapping[Item, int]) -> Flow[tuple[ShippingOption, ...]]:
    company, _, place = part.rpartition("/")
    country = country_of(po.ship_to)
    response = yield ask(
        _EXACT,
        e_company_id=company,
        destination_country=country,
        dispatch_location=place,
        address=packed(for_quote(po.ship_to)),
        logistics_product_list=packed(listed(items)),
    )
    try:
        return _options(response)
    except Rejected as error:
        if error.code != _ADDRESS_TOO_SHORT or len({item.product for item in items}) > 1:
            raise
    [product_id] = {item.product for item in items}
    response = yield ask(
        _QUICK,
        product_id=product_id,
        quantity=str(sum(items.values())),
        destination_country=country,
        zip_code=" ".join(po.ship_to.postal_code.split()),
        dispatch_location=place,
    )
    return _options(response)


def _options(response: Response) -> tuple[ShippingOption, ...]:
    options: dict[str, ShippingOption] = {}
    wrong: Malformed | None = None
    for index, way in enumerate(answered(FreightAnswer, response).value or []):
        path = f"$.value[{index}]"
        try:
            code = needed(way.vendor_code, f"{path}.vendor_code")
            fee = way.fee or Sum()
            price = priced(fee.amount, fee.currency, f"{path}.fee")
        except Malformed as error:
            wrong = error  # nobody could say yes to it
            continue
        title = said(way.vendor_name) or code
        option = ShippingOption(code=code, title=title, price=price, days=days(way.delivery_time))
        options.setdefault(code, option)
    if wrong is not None and not options:
        raise wrong
    return tuple(options.values())
