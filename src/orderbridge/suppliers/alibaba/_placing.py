"""Placing: nothing on Alibaba.com keeps an order from being made twice, so look first, and know it again.

Its own field for our number is never shown back. What may be shown is the remark, so our reference stands
there; and what is always shown are the lines and the address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from ..._model import PurchaseOrder
from ...adapters import (
    Confirmed,
    Flow,
    LookUp,
    Past,
    Placed,
    Placement,
    Response,
    SeenPurchase,
    Unclear,
    Unknown,
    Verdict,
    Write,
    decode_bytes,
)
from ...errors import Malformed, NotFound, Rejected
from ._address import clearance, country_of, for_order, missing, same_place
from ._call import packed, send
from ._failures import answered, verdict_on
from ._orders import SeenOrder, order_with, orders_since
from ._paying import result_of
from ._products import Item, items_of, listed, part_of, products_of, sells
from ._settings import Settings
from ._wire import CreateAnswer, WireCreated, needed, said
from ._words import F, P

CREATE = "/buynow/order/create"

# The shop's clock may differ from theirs, and a person may have ordered before the bridge did.
_BEFORE = timedelta(days=1)
# How late a new order may show in the list is written nowhere; waiting costs only time.
UNKNOWN = LookUp(late=timedelta(minutes=10), lag=timedelta(minutes=10))
# What a reference of ours looks like, so that another one's is known as such.
_TAG = re.compile(r"(?<![A-Za-z0-9])[a-z2-7]{16}(?![A-Za-z0-9])")
# So much of ours is enough to know it again where a remark was cut.
_CUT = 8


def place(settings: Settings, po: PurchaseOrder, past: Past) -> Flow[Write | Placement | Unclear]:
    """The order that carries our reference; the write that makes it where there is none."""
    items = items_of(settings, po)
    answer = past.answers.get("create")
    created = None if answer is None else answered(CreateAnswer, answer).value
    known = needed(created.trade_id, "$.value.trade_id") if created else po.supplier_ref
    refs = yield from orders_since(po.placed_at - _BEFORE)
    ours: list[SeenOrder] = []
    alike: list[SeenOrder] = []
    # The one that must be there first: the list may not show it yet.
    for ref in [known, *(ref for ref in refs if ref != known)] if known else refs:
        if ref in past.others and ref != known:
            continue
        order = yield from order_with(settings, ref)
        if order is None:
            if ref == known:
                raise NotFound(f"Alibaba.com does not show order {ref} yet")
        elif ref == known or _has_tag(order, po.reference):
            ours.append(order)
        elif _is_alike(order, po, items):
            alike.append(order)
    # Of one that was doubled, what is canceled is settled.
    ours = [order for order in ours if order.meaning[0] is not F.CANCELED] or ours[:1]
    if len(ours) > 1:
        refs_found = ", ".join(order.ref for order in ours)
        return Unclear(
            f"{len(ours)} orders at Alibaba.com carry our reference: {refs_found}; cancel all but one"
        )
    if created and alike:
        refs_found = ", ".join(order.ref for order in (*ours, *alike))
        return Unclear(
            f"orders {refs_found} at Alibaba.com have the same goods for the same shopper, of which one was "
            "asked for just now: the network may have doubled it; cancel what is too much there and retry"
        )
    if ours:
        if not _same_units(ours[0], items):
            return Unclear(f"order {ours[0].ref} at Alibaba.com carries our reference and holds other goods")
        return _taken(ours[0], po, page=(yield from _page_of(ours[0], created)))
    if alike:
        refs_found = ", ".join(order.ref for order in alike)
        return Unclear(
            f"order {refs_found} at Alibaba.com has the same goods for the same shopper and no reference: it "
            "may be this one, ordered by hand or before; cancel it there and retry, or let this one be"
        )
    return (yield from _create(settings, po, items))


def seen_purchase(settings: Settings, ref: str) -> Flow[SeenPurchase | None]:
    """An order with the reference in its remark; where a remark is cut or not shown, there is none."""
    order = yield from order_with(settings, ref)
    if order is None:
        return None
    found = _TAG.search(order.remark)
    return SeenPurchase(
        supplier_ref=order.ref,
        reference=found[0] if found else "",
        fulfillment=order.meaning[0],
        raw_status=order.raw,
        total=order.total,
    )


def verdict(response: Response) -> Verdict:
    """An order exists only where the answer names it; anything else is looked up."""
    found = verdict_on(response)
    if not isinstance(found, Confirmed):
        return found
    try:
        needed(decode_bytes(CreateAnswer, response.body).value.trade_id, "$.value.trade_id")
    except Malformed as error:
        return Unknown(error.message)
    return found


def _has_tag(order: SeenOrder, reference: str) -> bool:
    return reference in order.remark


def _is_alike(order: SeenOrder, po: PurchaseOrder, items: Mapping[Item, int]) -> bool:
    """Might it be this order all the same?

    Whether or not we tried before: the journal may be lost, and where no remark is shown this is all that
    is left to know the order by. And one made by hand for the same shopper would be doubled as well.
    """
    if order.meaning[0] is F.CANCELED or not _same_units(order, items):
        return False
    tags = _TAG.findall(order.remark)
    cut = any(po.reference.startswith(word) for word in order.remark.split() if len(word) >= _CUT)
    address = order.wire.shipping_address
    return (cut or not tags) and (address is None or same_place(po.ship_to, address))


def _same_units(order: SeenOrder, items: Mapping[Item, int]) -> bool:
    """Equal goods; where the remote id names no variant, whichever the product has."""
    if order.units is None:
        return True
    without = {item.product for item in items if not item.sku}
    seen: dict[tuple[str, str], Decimal] = {}
    for (product, sku), quantity in order.units.items():
        key = (product, "" if product in without else sku)
        seen[key] = seen.get(key, Decimal(0)) + quantity
    wanted: dict[tuple[str, str], Decimal] = {}
    for item, units in items.items():
        key = (item.product, "" if item.product in without else item.sku)
        wanted[key] = wanted.get(key, Decimal(0)) + units
    return seen == wanted


def _page_of(order: SeenOrder, created: WireCreated | None) -> Flow[str]:
    """Where a person pays for it; the order itself does not say."""
    if created is not None:
        return said(created.pay_url)
    if order.meaning[1] is not P.UNPAID:
        return ""
    try:
        return said((yield from result_of(order.ref)).pay_url)
    except (Rejected, Malformed):  # nobody has tried to pay it; that it is placed counts for more
        return ""


def _taken(order: SeenOrder, po: PurchaseOrder, *, page: str) -> Placement:
    fulfillment, payment = order.meaning
    return Placement(
        placed=(
            Placed(
                supplier_ref=order.ref,
                lines=tuple(po.units.items()) if order.units is not None else None,
                fulfillment=fulfillment,
                payment=payment,
                raw_status=order.raw,
                total=order.total,
                url=page,
            ),
        )
    )


def _create(settings: Settings, po: PurchaseOrder, items: Mapping[Item, int]) -> Flow[Write | Unclear]:
    doubt = yield from _doubt(po, items)
    if doubt:
        return Unclear(doubt)
    [place] = {item.place for item in items}
    customs = clearance(po.ship_to)
    request = send(
        CREATE,
        channel_refer_id=po.reference,
        logistics_detail=packed(
            {
                "shipment_address": for_order(po.ship_to),
                "dispatch_location": place,
                "carrier_code": po.carrier,
            }
        ),
        product_list=packed(listed(items)),
        # First, so that it is what is left if the text is cut.
        remark=f"{po.reference} {' '.join(po.note.split())}".strip(),
        clearance_detail=packed(customs) if customs else "",
    )
    return Write("create", request, unknown=UNKNOWN)


def _doubt(po: PurchaseOrder, items: Mapping[Item, int]) -> Flow[str]:
    """Why it cannot be ordered as it stands; empty if it can."""
    if not po.carrier:
        return "carrier: none is chosen; Alibaba.com takes no order without one, so quote it first"
    lacking = missing(po.ship_to)
    if lacking:
        return f"ship_to: {', '.join(lacking)} missing"
    products = yield from products_of(items, country=country_of(po.ship_to))
    gone = [item.product for item in items if not sells(products.get(item.product), item)]
    if gone:
        return f"product {', '.join(gone)}: is no longer sold as it was linked"
    found = {part_of(products[item.product], item.place) for item in items}
    if len(found) > 1:
        return "the products are of several sellers, or leave from several places: one order each"
    if po.part and found != {po.part}:
        return f"the products are now {found.pop()}'s, where the order was made for {po.part}"
    return ""
