"""What orders name, and what its seller asks for it and has of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

import attrs

from ..._model import Money, PurchaseOrder
from ...adapters import Flow, Product
from ...errors import Rejected, Unsupported
from ._call import get, packed
from ._failures import GONE, answered
from ._settings import Settings
from ._wire import ProductAnswer, Sku, Stock, StockAnswer, Tier, WireProduct, number, priced, said

_PRODUCT = "/eco/buyer/product/description"
_STOCK = "/eco/buyer/product/inventory"
# 2005 is what product calls say of a product that they cannot show.
_GONE = GONE | {"2005"}
_REMOTE_ID = re.compile(r"(\d{1,30})(?::([\w.-]{1,64}))?(?:@([A-Z]{2}))?", re.ASCII)


@attrs.frozen(kw_only=True)
class Item:
    """What one remote id stands for.

    Args:
        product: Its id at Alibaba.com.

        sku: Of its variant; empty for a product without variants.

        place: The country it leaves from.
    """

    product: str
    sku: str
    place: str

    @property
    def body(self) -> dict[str, str]:
        """As orders and shipping quotes name it."""
        return {"product_id": self.product, **({"sku_id": self.sku} if self.sku else {})}


def item_of(settings: Settings, remote_id: str) -> Item:
    """``product:variant``, or ``product``, each with ``@US`` where it does not leave from the usual place.

    Raises:
        Unsupported: it is none.
    """
    found = _REMOTE_ID.fullmatch(remote_id)
    if found is None:
        raise Unsupported(
            f"remote id {remote_id!r}: give Alibaba.com's numbers of product and variant, such as "
            "1601206892606:105613018158, and @US where it is to leave from the United States"
        )
    return Item(product=found[1], sku=found[2] or "", place=found[3] or settings.dispatch)


def items_of(settings: Settings, po: PurchaseOrder) -> dict[Item, int]:
    """What a purchase order asks for, each once: Alibaba.com refuses repeated ones.

    Raises:
        Unsupported: an id or a quantity that no order can have.
    """
    items: dict[Item, int] = {}
    for remote_id, quantity in po.units.items():
        if not quantity.is_finite() or quantity <= 0 or quantity != quantity.to_integral_value():
            lines = ", ".join(line.line_ref for line in po.lines if line.remote_id == remote_id)
            raise Unsupported(
                f"line {lines}, remote id {remote_id}: {quantity} units; Alibaba.com takes whole units only"
            )
        item = item_of(settings, remote_id)
        items[item] = items.get(item, 0) + int(quantity)
    if not items:
        raise Unsupported("the purchase order has no lines")
    return items


def listed(items: Mapping[Item, int]) -> list[dict[str, str]]:
    """Items and quantities as orders and shipping quotes name them."""
    return [{**item.body, "quantity": str(quantity)} for item, quantity in items.items()]


def part_of(product: WireProduct, place: str) -> str:
    """One order holds one seller's goods from one place; a seller's id may have slashes in it."""
    return f"{said(product.eCompanyId)}/{place}"


def products_of(items: Iterable[Item], *, country: str = "US") -> Flow[dict[str, WireProduct]]:
    """The products that items are of, by id; what is no longer sold is left out.

    Args:
        items: Of any sellers.

        country: Where they are to go, as prices may depend on it; clients in use found that it may not be
            left out.
    """
    found: dict[str, WireProduct] = {}
    for product_id in dict.fromkeys(item.product for item in items):
        asked = {"product_id": product_id, "country": country, "ship_to_country": country}
        response = yield get(_PRODUCT, query_req=packed(asked))
        try:
            product = answered(ProductAnswer, response).result.result_data
        except Rejected as error:
            if error.code not in _GONE:
                raise
            continue
        if product is not None and said(product.status).upper() in ("", "PRODUCT_ONLINE"):
            found[product_id] = product
    return found


def sku_of(product: WireProduct, item: Item) -> Sku | None:
    """The variant, if it is sold; the only one there is, where the remote id names none."""
    skus = [sku for sku in product.skus or [] if said(sku.status).upper() in ("", "NORMAL")]
    if item.sku:
        return next((sku for sku in skus if said(sku.sku_id) == item.sku), None)
    return skus[0] if len(skus) == 1 else None


def sells(product: WireProduct | None, item: Item) -> bool:
    """Is there such a product, with such a variant?"""
    if product is None:
        return False
    if not product.skus and not item.sku:
        return True
    return sku_of(product, item) is not None


def least(product: WireProduct) -> Decimal:
    """The seller's least quantity of a product, over all of its variants."""
    text = said(product.min_order_quantity)
    return number(text, "$.result.result_data.min_order_quantity") if text else Decimal(0)


def price_of(product: WireProduct, sku: Sku, quantity: Decimal) -> Money | None:
    """What one unit costs where so many are taken; None if the seller names no price.

    A price for many counts only from its own variant's quantity on, so what is quoted is never too low.
    """
    path = "$.result.result_data.skus[].ladder_price[]"
    tiers = sorted(sku.ladder_price or [], key=lambda tier: number(tier.min_quantity, f"{path}.min_quantity"))
    if not tiers:
        if not said(sku.cost_discount_price):
            return None
        currency = said(sku.cost_price_currency) or product.currency
        return priced(sku.cost_discount_price, currency, "$.result.result_data.skus[].cost_discount_price")
    reached = [tier for tier in tiers if number(tier.min_quantity, f"{path}.min_quantity") <= quantity]
    tier: Tier = reached[-1] if reached else tiers[0]
    currency = said(tier.currency) or said(sku.cost_price_currency) or product.currency
    return priced(tier.price, currency, f"{path}.price")


def stock_of(item: Item) -> Flow[Decimal | None]:
    """Units of it at its place of dispatch; None where nobody counts them."""
    asked = {**item.body, "shipping_from": item.place}
    response = yield get(_STOCK, inv_req=packed(asked))
    stocks = answered(StockAnswer, response).result.result_data or []
    return _counted(stocks, item)


def _counted(stocks: Iterable[Stock], item: Item) -> Decimal | None:
    counts = [
        number(count.inventory_count, "$.result.result_data[].inventory_list[].inventory_count")
        for stock in stocks
        if said(stock.shipping_from) in ("", item.place)
        for count in stock.inventory_list or []
        if said(count.inventory_count) and (not item.sku or said(count.sku_id) in ("", item.sku))
    ]
    return sum(counts, Decimal(0)) if counts else None


def check(settings: Settings, remote_ids: Collection[str]) -> Flow[tuple[Product, ...]]:
    """Price and stock of some products; the price is that of the smallest quantity sold."""
    items = {remote_id: item_of(settings, remote_id) for remote_id in remote_ids}
    products = yield from products_of(items.values())
    checked: list[Product] = []
    for remote_id, item in items.items():
        product = products.get(item.product)
        if product is None or not sells(product, item):
            continue
        sku = sku_of(product, item)
        available = yield from stock_of(item)
        chosen = [said(choice.attr_value_desc) for choice in (sku.sku_attr_list or [] if sku else [])]
        checked.append(
            Product(
                remote_id=remote_id,
                product_ref=item.product,
                sku=said(sku.seller_sku_id) if sku else "",
                name=", ".join(part for part in (said(product.title), *chosen) if part),
                price=price_of(product, sku, Decimal(1)) if sku else None,
                available=available,
            )
        )
    return tuple(checked)


def parts(settings: Settings, remote_ids: Collection[str]) -> Flow[Mapping[str, str]]:
    """The seller and place of dispatch of each; what nobody sells is left out."""
    items = {remote_id: item_of(settings, remote_id) for remote_id in remote_ids}
    products = yield from products_of(items.values())
    return {
        remote_id: part_of(products[item.product], item.place)
        for remote_id, item in items.items()
        if sells(products.get(item.product), item) and said(products[item.product].eCompanyId)
    }
