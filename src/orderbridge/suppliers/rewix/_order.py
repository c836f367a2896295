"""What we send: orders, and numbers of units to hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from xml.etree.ElementTree import Element, SubElement, tostring

import attrs

from ..._model import Address, Money, PurchaseOrder
from ...adapters import Headers, LookUp, Repeat, Request, Write
from ...errors import Unsupported

SEND = Headers({"Accept": "application/xml", "Content-Type": "application/xml; charset=utf-8"})
MODEL = re.compile(r"[\w.-]{1,64}", re.ASCII)

_CREATE = "/restful/ghost/orders/0/dropshipping"
_SET = "/restful/ghost/orders/sold"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@attrs.frozen(kw_only=True)
class Priced:
    """What BDroppy wants to be told of money. It charges its own prices, whatever stands here.

    Args:
        user_catalog: That the goods are from.

        units: Of one unit each, by remote id; all in one currency.

        shipping: Of the whole order.
    """

    user_catalog: str
    units: Mapping[str, Money]
    shipping: Money


def create(po: PurchaseOrder, carrier: str, priced: Priced | None = None) -> Write:
    """The write that orders it."""
    body = _xml(_order(po, carrier, priced))
    return Write("create", Request("POST", _CREATE, headers=SEND, body=body), unknown=LookUp())


def set_units(wanted: Mapping[str, int]) -> Write:
    """The write that holds exactly so many of each in the growing order."""
    root = Element("root")
    operation = SubElement(root, "operation", type="set")
    for remote_id, n in wanted.items():
        SubElement(operation, "model", stock_id=remote_id, quantity=str(n))
    # "lock" and "unlock" add and subtract, so a repeat counts twice; "set" is absolute.
    return Write("set", Request("POST", _SET, headers=SEND, body=_xml(root)), unknown=Repeat())


def items_of(po: PurchaseOrder) -> dict[str, int]:
    """Units by remote id: an order may name each only once.

    Raises:
        Unsupported: an id or a number of units that no order can have.
    """
    items: dict[str, int] = {}
    for remote_id, quantity in po.units.items():
        lines = ", ".join(line.line_ref for line in po.lines if line.remote_id == remote_id)
        items[remote_id] = whole(remote_id, quantity, of=f"line {lines}, ")
        if not items[remote_id]:
            raise Unsupported(f"line {lines}, remote id {remote_id}: nothing of it is asked for")
    if not items:
        raise Unsupported("the purchase order has no lines")
    return items


def whole(remote_id: str, quantity: Decimal, *, of: str = "") -> int:
    """A number of units that the supplier can take."""
    if remote_id != _plain(remote_id) or not remote_id:
        raise Unsupported(f"{of}remote id {remote_id!r}: give the number of the supplier's model")
    if not quantity.is_finite() or quantity < 0 or quantity != quantity.to_integral_value():
        raise Unsupported(
            f"{of}remote id {remote_id}: {quantity} units; this supplier takes whole units only"
        )
    return int(quantity)


def missing(to: Address) -> list[str]:
    """What an address must have and this one has not."""
    fields = {
        "name": to.name + to.company,
        "street": to.line1 + to.line2,
        "zip": to.postal_code,
        "city": to.city,
        "country": to.country,
    }
    return [name for name, value in fields.items() if not _plain(value)]


def _order(po: PurchaseOrder, carrier: str, priced: Priced | None) -> Element:
    to = po.ship_to
    items = items_of(po)
    root = Element("root")
    order = SubElement(SubElement(root, "order_list"), "order")
    _put(order, {"key": po.reference, "date": po.placed_at.strftime("%Y/%m/%d %H:%M:%S %z")})
    if carrier:
        _put(order, {"carrierId": carrier})
    if priced is not None:
        _put(order, _money(po, priced, items))
    details = SubElement(order, "recipient_details")
    _put(
        details,
        {
            "recipient": to.name or to.company,
            "careof": to.company if to.name else "",
            "cfpiva": to.tax_id,
            # One customer per order, so that no two shoppers are ever filed as one.
            "customer_key": po.reference,
            "notes": po.note,
            **({"email": to.email} if priced is not None else {}),
        },
    )
    # Like the vendor's own clients: the whole street in one field, its number and kind left empty.
    _put(
        SubElement(details, "address"),
        {
            "street_type": "",
            "street_name": f"{to.line1} {to.line2}",
            "address_number": "",
            "zip": to.postal_code,
            "city": to.city,
            "province": to.region_code or to.region,
            "countrycode": to.country,
        },
    )
    _put(SubElement(details, "phone"), {"prefix": "", "number": to.phone})
    listed = SubElement(order, "item_list")
    for remote_id, quantity in items.items():
        item = SubElement(listed, "item")
        _put(item, {"stock_id": remote_id, "quantity": str(quantity)})
        if priced is not None:
            price = priced.units[remote_id]
            _put(item, {"price_taxable": f"{price.amount:f}", "price_currency": price.currency})
    return root


def _money(po: PurchaseOrder, priced: Priced, items: Mapping[str, int]) -> dict[str, str]:
    goods = [priced.units[remote_id].times(quantity) for remote_id, quantity in items.items()]
    total = Money.sum([*goods, priced.shipping], priced.shipping.currency)
    return {
        "ref_id": po.order_ref,
        "user_catalog_id": priced.user_catalog,
        "shipping_taxable": f"{priced.shipping.amount:f}",
        "shipping_currency": priced.shipping.currency,
        "price_total": f"{total.amount:f}",
        "price_currency": total.currency,
        # Nobody collects money at the door for us.
        "cash_on_delivery": "0",
    }


def _put(parent: Element, fields: Mapping[str, str]) -> None:
    for name, value in fields.items():
        SubElement(parent, name).text = _plain(value)


def _plain(value: str) -> str:
    # Characters that XML 1.0 cannot hold would make the whole order unreadable.
    return " ".join(_NOT_XML.sub("", value).split())


def _xml(root: Element) -> bytes:
    body: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return body
