"""What we read of orders, of the growing order and of returned goods, in XML or JSON."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import quote, unquote
from xml.etree.ElementTree import Element

import attrs
from dateutil.parser import parse as parse_date

from ..._model import Held, Package, PurchaseOrder, Shipment
from ...adapters import (
    Flow,
    Headers,
    Read,
    Response,
    Returned,
    decode,
    decode_xml,
    parse_xml,
    raise_for_status,
)
from ...errors import Malformed, Unavailable
from ._words import RETURN_WORDS, WRAPPERS

ACCEPT = Headers({"Accept": "application/xml"})
CART = "/restful/ghost/orders/dropshipping/locked/"

_ORDERS = "/restful/ghost/clientorders"
_RETURNED = "/restful/ghost/returnedgoods/serverkey"

# How this server says "no such order", asked while it is well: by a key that no order can have.
NO_SUCH_ORDER = Read("GET", f"{_ORDERS}/clientkey/orderbridge-none", headers=ACCEPT, keep=timedelta(days=7))


# --- orders -------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Seen:
    """An order as the supplier shows it, from XML or JSON."""

    order_id: str
    ext_ref: str
    status: str
    substatus: str
    last_update: str
    tracking_code: str
    tracking_url: str
    carrier_name: str
    told_at: datetime | None = None  # by the server's clock

    @property
    def raw(self) -> str:
        """The number, and after a slash the second one if there is one."""
        return self.status if self.substatus in ("", "0") else f"{self.status}/{self.substatus}"

    @property
    def effective(self) -> str:
        """The number that tells how far it is."""
        inner = self.status in WRAPPERS and self.substatus not in ("", "0")
        return self.substatus if inner else self.status

    @property
    def at(self) -> datetime | None:
        """When it last changed, if that is told with a time zone."""
        return _moment(self.last_update)

    @property
    def just_changed(self) -> bool:
        """Within the last hour, as far as the server says."""
        return self.at is not None and self.told_at is not None and self.told_at - self.at < _AN_HOUR

    @property
    def shipment(self) -> Shipment:
        """The one departure this API can express."""
        url = self.tracking_url
        # Older servers give no number of their own, only an address with it; what stands behind it in some
        # carriers' addresses are words, such as a language.
        numbers = [value for value in _VALUE.findall(url) if any(map(str.isdigit, value))]
        number = self.tracking_code or (unquote(numbers[-1]) if numbers else "")
        package = Package(tracking_number=number, tracking_url=url, carrier=self.carrier_name)
        return Shipment(ref="1", packages=(package,) if package != Package() else ())


def _moment(text: str) -> datetime | None:
    try:
        # Servers differ in how they write it. What is missing must not come from today's date.
        at = parse_date(text, default=datetime.min)
        return at.astimezone(UTC) if at.tzinfo is not None and at.year > 1 else None
    except (ValueError, OverflowError):
        return None


_AN_HOUR = timedelta(hours=1)
_VALUE = re.compile(r"=([^=&#]+)")


@attrs.frozen(kw_only=True)
class _JsonOrders:
    orders: list[dict[str, object]]


_FIELDS = tuple(field.name for field in attrs.fields(Seen) if field.default is attrs.NOTHING)


def by_key(reference: str) -> Flow[tuple[Seen, ...]]:
    """The orders with our key."""
    return _find(f"{_ORDERS}/clientkey/{quote(reference, safe='')}")


def by_id(po: PurchaseOrder) -> Flow[tuple[Seen, ...]]:
    """The order with the supplier's id of it."""
    return _find(f"{_ORDERS}/serverkey/{quote(po.supplier_ref, safe='')}")


def _find(path: str) -> Flow[tuple[Seen, ...]]:
    """The orders at ``path``; none only if the supplier is sure to have none."""
    response = yield Read("GET", path, headers=ACCEPT)
    if response.status == 500 or _is_of_another(response):
        # Some servers say 500 for "no such order", and all say it when they are broken. Only if
        # the account answers something else right now, and this still fails, is it the former.
        # The same for a 404 that something before the server may have said.
        control = yield Read("GET", CART, headers=ACCEPT)
        cart_in(control)
        response = yield Read("GET", path, headers=ACCEPT)
        if response.status == 500:
            habit = yield NO_SUCH_ORDER
            if habit.status != 500:
                words = f"this supplier says {habit.status} for what it does not know, and now says 500"
                raise Unavailable(words)
            return ()
    if response.status in (200, 404) and is_page(response):
        raise Malformed(
            "a web page came where an order was expected; is base_url the supplier's own shop?", path="/"
        )
    return () if response.status == 404 else _orders(response)


def _is_of_another(response: Response) -> bool:
    """A 404 without words, or in JSON as gateways write it: this platform says "no such order" in words."""
    text = response.text.strip()
    return response.status == 404 and (not text or text[0] in "{[")


def is_page(response: Response) -> bool:
    """A page for people, which says nothing of orders."""
    head = response.text[:1000].lower()
    return "<html" in head or "<!doctype html" in head


def _orders(response: Response) -> tuple[Seen, ...]:
    raise_for_status(response)
    if response.text.lstrip().startswith("{"):
        found = decode(_JsonOrders, response).orders
        rows = [{name: word(order.get(name)) for name in _FIELDS} for order in found]
    else:
        root = parse_xml(response.body)
        if root.tag != "root" or (len(root) and root.find("order_list") is None):
            raise Malformed("an answer without order_list came where an order was expected", path="/root")
        elements = root.findall("order_list/order")
        if not elements and root.find("order_list/*") is not None:
            raise Malformed("a list of something else came where orders were expected", path="/root")
        rows = [{name: word(order.findtext(name)) for name in _FIELDS} for order in elements]
    for row in rows:
        for name in ("order_id", "status"):
            if not row[name]:
                raise Malformed(f"{name}: missing", path=f"/root/order_list/order/{name}")
    told_at = _moment(response.headers.get("date", ""))
    return tuple(Seen(**row, told_at=told_at) for row in rows)


def word(value: object) -> str:
    """What was written; empty if nothing was."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # this vendor's JSON writes whole numbers as 3.0
    return "" if value is None else str(value).strip()


def doubt(found: tuple[Seen, ...], po: PurchaseOrder) -> str:
    """Why what was found may not be ours; empty if it is. The answer has no lines and no total to compare."""
    order, *others = found
    if others:
        ids = ", ".join(each.order_id for each in found)
        return f"{len(found)} supplier orders answer to our key: {ids}"
    if po.supplier_ref and order.order_id != po.supplier_ref:
        return f"supplier order {order.order_id} answers, where {po.supplier_ref} was placed"
    if order.ext_ref == po.reference or (po.supplier_ref and not order.ext_ref):
        return ""
    return f"supplier order {order.order_id}: its ext_ref is not our key"


# --- the growing order --------------------------------------------------------------------------


def cart_in(response: Response) -> tuple[Held, ...]:
    """What the account holds, by whomever."""
    root = decode_xml(response)
    if root.tag != "root":
        raise Malformed("something else came where the growing order was expected", path="/")
    held: dict[str, Held] = {}
    for model in root.iterfind("model"):
        remote_id = model.get("stock_id", "").strip()
        if not remote_id or remote_id in held:
            raise Malformed("stock_id: missing, or there twice", path="/root/model/@stock_id")
        locked, available = model.get("locked", "").strip(), model.get("available", "").strip()
        if not locked.isdecimal():
            raise Malformed("locked: not a number of units", path="/root/model/@locked")
        held[remote_id] = Held(
            remote_id=remote_id,
            held=Decimal(locked),
            available=Decimal(available) if available.isdecimal() else None,
        )
    return tuple(held.values())


# --- returned goods -----------------------------------------------------------------------------


def returns_of(order_id: str) -> Flow[tuple[Returned, ...]]:
    """What of an order comes back.

    This call is known from one description of the API only. So whatever it answers but a list of returns
    counts as none, and never keeps an order from being followed.
    """
    response = yield Read("GET", f"{_RETURNED}/{quote(order_id, safe='')}", headers=ACCEPT)
    if response.status != 200:
        return ()
    try:
        rows = _json_returns(response) if response.text.lstrip()[:1] in ("[", "{") else _xml_returns(response)
    except Malformed:
        return ()
    units: dict[tuple[str, str], tuple[Decimal, str]] = {}
    for row in rows:
        code, model, quantity = row["returnCode"], row["stockModelId"], row["quantity"]
        if not code or not model:
            continue
        # Each unit is a row of its own.
        so_far, _ = units.get((code, model), (Decimal(0), ""))
        more = Decimal(quantity) if quantity.isdecimal() else Decimal(1)
        units[code, model] = (so_far + more, _how_far(row))
    return tuple(
        Returned(ref=f"{code}/{model}", remote_id=model, quantity=quantity, raw=raw)
        for (code, model), (quantity, raw) in units.items()
    )


_OF_RETURNS = ("returnCode", "stockModelId", "quantity", "status", "refundStatus")


def _how_far(row: dict[str, str]) -> str:
    said = f"{row['status']} {RETURN_WORDS.get(row['status'], '')}".strip()
    return f"{said}, refunded" if row["refundStatus"] == "1" else said


def _xml_returns(response: Response) -> list[dict[str, str]]:
    def field(row: Element, name: str) -> str:
        return word(row.findtext(name) or row.get(name))

    rows = [row for row in parse_xml(response.body).iter() if field(row, "returnCode")]
    return [{name: field(row, name) for name in _OF_RETURNS} for row in rows]


def _json_returns(response: Response) -> list[dict[str, str]]:
    if response.text.lstrip().startswith("["):
        rows = decode(list[dict[str, object]], response)
    else:
        lists = decode(dict[str, list[dict[str, object]]], response).values()
        rows = [row for each in lists for row in each]
    return [{name: word(row.get(name)) for name in _OF_RETURNS} for row in rows]
