"""One parcel more: goods that left once more, of units that Shopify has as shipped already.

A second fulfillment of the same units would be refused, or ship others. So its number is added to those of a
fulfillment that is there, which is also where the shopper looks.
"""

from __future__ import annotations

from ..._model import Order, ShipmentNotice
from ...adapters import Announced, Flow, Note, Past, Unclear, Write, departure
from ._corrections import corrected, home_of
from ._departures import shop_of
from ._parcels import number_of
from ._progress import annotate
from ._settings import Settings


def announce(
    settings: Settings, order: Order, notice: ShipmentNotice, past: Past
) -> Flow[Write | Announced | Unclear]:
    """Its number at the last fulfillment; where that cannot be, a remark for the staff."""
    shop = yield from shop_of(settings, order.ref)
    if shop is None:
        return Unclear(f"order {order.ref}: the shop has no such order any more")
    home = home_of(shop, notice.packages)
    if home is not None and any(number_of(package) for package in notice.packages):
        return corrected(settings, shop, (home,), notice, (), past)
    said = yield from annotate(settings, order, Note(key=notice.key, text=departure(order, notice)), past)
    if isinstance(said, (Write, Unclear)):
        return said
    why = "it has no number" if home is not None else "no fulfillment is left to show it"
    return Announced(warnings=(f"the parcel stands in the order's note only: {why}",))
