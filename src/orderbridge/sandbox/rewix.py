"""A Rewix supplier as those who order from it meet it: XML, one growing order, no list of orders.

What makes careless clients order twice or pay for air is here on purpose:

- a shortfall is a 200 with a smaller ``locked``; an unknown model is just missing from the answer;
- ``lock`` and ``unlock`` add up when repeated, only ``set`` does not;
- the growing order belongs to everything on the account, so a ``set`` can erase what others hold;
- placing answers with the growing order, whose ``order_id`` is not that of the order just placed;
- 412 may mean "no stock", "bad address" or "this key is used up": it does not prove absence;
- a look-up may say "no such order" with a 500, and may say so for a while after placing;
- Booked may carry the real step in ``substatus``; old servers have no ``tracking_code``.

Where public sources leave the behavior open (``not_found``, ``repeated_key``), the caller chooses.
Refused because no known client does it, so nobody knows: the operation ``ensure``, part units,
JSON bodies.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from itertools import count
from typing import Literal, TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

import attrs
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from .._http import Call, Headers, Response
from .rewix_desk import UPS_AND_DHL, Carrier, Change, Code, Desk, Effect, NotEnoughStock, RewixOrder

__all__ = ["Carrier", "Code", "Effect", "RewixOrder", "RewixSupplier"]

NotFoundHabit: TypeAlias = Literal[404, 500]
RepeatHabit: TypeAlias = Literal["refuse_412", "refuse_400_bdroppy", "accept"]
Fields: TypeAlias = dict[str, "str | int | Decimal | list[Fields] | None"]

_SERVER_ZONE = timezone(timedelta(hours=1))  # Italy in winter: a client that drops the offset is wrong
_DATE = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d [+-]\d{4}")
_ADDRESS = ("recipient", "street_name", "zip", "city", "countrycode")  # without these it goes nowhere


class _Refusal(Exception):
    def __init__(self, status: int, reason: str, media_type: str = "text/plain;charset=UTF-8") -> None:
        super().__init__(reason)
        self.answer = Response(status, headers=Headers({"Content-Type": media_type}), body=reason.encode())


class RewixSupplier(Desk):
    """The supplier's server, with his desk behind it.

    Args:
        stock: Free units by stock id (the model id).

        prices: Net price (``bestTaxable``) in EUR by stock id, for the catalog; orders carry none.

        not_found: How this server says that it has no such order.

        repeated_key: What a second order with a known key does. ``"accept"`` takes it: two orders.

        late_visible: A placed order is found by look-ups only after so long.

        tracking_fields: Without it, only ``tracking_url`` tells the number.

        substatus: Keep orders Booked and tell the progress in ``substatus``.

        autopay: The account is on credit: orders start as Confirmed.
    """

    def __init__(
        self,
        *,
        api_key: str,
        password: str,
        stock: Mapping[str, Decimal | int],
        prices: Mapping[str, Decimal] | None = None,
        not_found: NotFoundHabit = 404,
        repeated_key: RepeatHabit = "refuse_412",
        late_visible: timedelta = timedelta(0),
        tracking_fields: bool = True,
        substatus: bool = False,
        autopay: bool = False,
        carriers: Collection[Carrier] = UPS_AND_DHL,
    ) -> None:
        super().__init__(stock=stock, substatus=substatus)
        self._authorization = "Basic " + b64encode(f"{api_key}:{password}".encode()).decode()
        self.prices = dict(prices or {})
        self.not_found: NotFoundHabit = not_found
        self.repeated_key: RepeatHabit = repeated_key
        self.late_visible = late_visible
        self.tracking_fields = tracking_fields
        self.autopay = autopay
        self.carriers = {carrier.id: carrier for carrier in carriers}
        self.growing_id = "9001"
        self._ids = count(114)

    def handle(self, call: Call, now: datetime) -> Response:
        """Carry the call out, as the real one would, and answer."""
        try:
            response = self._route(call, now)
        except _Refusal as refusal:
            response = refusal.answer
        return attrs.evolve(response, body=b"") if call.method == "HEAD" else response

    def _route(self, call: Call, now: datetime) -> Response:
        if call.headers.get("authorization") != self._authorization:
            raise _Refusal(401, "Unauthorized")
        url = urlsplit(call.url)
        path = url.path.removesuffix("/").split("/")[1:]
        if path[:2] == ["restful", "ghost"]:
            _demand_xml(call)
        match "GET" if call.method == "HEAD" else call.method, path:
            case "GET", ["restful", "ghost", "orders", "dropshipping", "locked"]:
                return self._growing_order()
            case "POST", ["restful", "ghost", "orders", "sold"]:
                return self._change_growing_order(_root(call), now)
            case "POST", ["restful", "ghost", "orders", "0", "dropshipping"]:
                return self._place(_root(call), now)
            case "GET", ["restful", "ghost", "clientorders", "clientkey", key]:
                return self._look_up([order for order in self.orders if order.key == unquote(key)], now)
            case "GET", ["restful", "ghost", "clientorders", "serverkey", order_id]:
                return self._look_up([order for order in self.orders if order.order_id == order_id], now)
            case "GET", ["restful", "export", "carriers"]:
                return self._carrier_list()
            case "GET", ["restful", "export", "api", ("products.json" | "products.xml") as name]:
                query = {field: values[-1] for field, values in parse_qs(url.query).items()}
                return self._products(name, query, now)
            case _:
                raise _Refusal(404, "Not Found")

    def _growing_order(self, named: Collection[str] = ()) -> Response:
        """All that is locked, and the models a change named, which may hold nothing."""
        root = Element("root", order_id=self.growing_id)
        for stock_id in dict.fromkeys((*named, *self.locked)):
            locked, available = self.locked.get(stock_id, 0), self.stock[stock_id]
            SubElement(root, "model", stock_id=stock_id, locked=str(locked), available=str(available))
        return _xml(root)

    def _change_growing_order(self, root: Element, now: datetime) -> Response:
        changes: list[tuple[Change, str, int]] = []
        for operation in root.iterfind("operation"):
            match operation.get("type"):
                case "lock" | "set" | "unlock" as what:
                    for model in operation.iterfind("model"):
                        changes.append((what, model.get("stock_id", ""), _units(model.get("quantity"))))
                case _:
                    raise _Refusal(400, "Unknown operation")
        known = [change for change in changes if change[1] in self.stock]  # the others are no error
        for what, stock_id, units in known:
            self.change(what, stock_id, units, now)
        return self._growing_order([stock_id for _, stock_id, _ in known])

    def _place(self, root: Element, now: datetime) -> Response:
        orders = [self._read_order(element, now) for element in root.iterfind("order_list/order")]
        if not orders:
            raise _Refusal(412, "No order in the list")
        if self.repeated_key != "accept":
            known = set(self.placed_keys)
            for order in orders:
                if order.key in known:
                    raise self._repeat(order.key)
                known.add(order.key)
        try:
            self.take(orders, now)
        except NotEnoughStock as short:
            raise _Refusal(412, f"Not enough stock for model {short}") from None
        return self._growing_order()

    def _repeat(self, key: str) -> _Refusal:
        if self.repeated_key == "refuse_400_bdroppy":
            body = {"code": "order_already_exists", "data": {"key": key}}
            return _Refusal(400, json.dumps(body), "application/json")
        return _Refusal(412, "An order with this key exists")

    def _read_order(self, element: Element, now: datetime) -> RewixOrder:
        key = element.findtext("key") or ""
        if not key:
            raise _Refusal(412, "The key is missing")
        if not _is_date(element.findtext("date") or ""):
            raise _Refusal(412, "The date is missing or not yyyy/MM/dd HH:mm:ss Z")
        details = element.find("recipient_details")
        recipient = {} if details is None else {e.tag: e.text or "" for e in details.iter() if len(e) == 0}
        for field in _ADDRESS:
            if not recipient.get(field, "").strip():
                raise _Refusal(412, f"The address is incomplete: {field}")
        if not re.fullmatch("[A-Z]{2}", recipient["countrycode"]):
            raise _Refusal(412, "The countrycode is unknown")
        items: dict[str, int] = {}
        for item in element.iterfind("item_list/item"):
            stock_id = (item.findtext("stock_id") or "").strip()
            if stock_id not in self.stock:
                raise _Refusal(404, f"Model {stock_id} not found")
            if stock_id in items:
                raise _Refusal(412, f"Model {stock_id} stands on several lines")
            items[stock_id] = _units(item.findtext("quantity"))
        if not items or 0 in items.values():
            raise _Refusal(412, "An order needs items and each item a quantity")
        status = Code.CONFIRMED if self.autopay else Code.BOOKED
        if element.findtext("autoConfirm") == "false":
            status = Code.PENDING
        return RewixOrder(
            key=key,
            order_id=str(next(self._ids)),
            items=items,
            recipient=recipient,
            carrier=self._carrier(element.findtext("carrierId") or ""),
            placed_at=now,
            last_update=now,
            status=int(status),
            history=[(now, int(status))],
        )

    def _carrier(self, chosen: str) -> str:
        """The chosen carrier; who chooses none or one that cannot serve gets another."""
        chosen_id = int(chosen) if chosen.isdecimal() else None
        carrier = self.carriers.get(chosen_id) if chosen_id is not None else None
        return (carrier or next(iter(self.carriers.values()))).name

    def _look_up(self, found: list[RewixOrder], now: datetime) -> Response:
        visible = [order for order in found if now >= order.placed_at + self.late_visible]
        if not visible and self.not_found == 500:
            raise _Refusal(500, "<html><body><h1>Internal Server Error</h1></body></html>", "text/html")
        if not visible:
            raise _Refusal(404, "Order not found")
        root = Element("root")
        order_list = SubElement(root, "order_list")
        for order in visible:
            fields: Fields = {
                "order_id": order.order_id,
                "ext_ref": order.key,
                "status": str(order.status),
                "substatus": str(order.substatus),
                "last_update": order.last_update.astimezone(_SERVER_ZONE).strftime("%Y/%m/%d %H:%M:%S %z"),
                "tracking_code": order.tracking_code if self.tracking_fields else "",
                "tracking_url": order.tracking_url,
                "carrier_name": order.carrier if order.dispatched else "",
            }
            _fill(SubElement(order_list, "order"), fields)
        return _xml(root)

    def _carrier_list(self) -> Response:
        root = Element("carriers")
        for carrier in self.carriers.values():
            SubElement(root, "carrier", id=str(carrier.id), name=carrier.name, cost=str(carrier.cost))
        return _xml(root)

    def _products(self, name: str, query: Mapping[str, str], now: datetime) -> Response:
        if "since" in query:
            raise _Refusal(412, "Incremental validity failed")
        updated = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if name == "products.xml":
            page = Element("page", currentPage="1", pageSize="1", totalPages="1", totalNumberOfElements="1")
            page.set("lastUpdate", updated)
            _fill(page, {"items": [self._product()]})
            return _xml(page)
        shape = ("pageItems", "totalItems") if query.get("v") == "TEAL" else ("items", "totalPages")
        body = {shape[0]: [self._product()], shape[1]: 1, "lastUpdate": updated}
        headers = Headers({"Content-Type": "application/json;charset=UTF-8"})
        # Prices leave as JSON floats: that is how the feed has them.
        return Response(200, headers=headers, body=json.dumps(body, default=float).encode())

    def _product(self) -> Fields:
        """One product with every model. They share the SKU: only the id tells them apart."""
        models: list[Fields] = [
            {
                "id": int(stock_id),
                "code": "SKU-82105_M",
                "size": "M",
                "availability": free,
                "bestTaxable": self.prices.get(stock_id),
                "currency": "EUR",
            }
            for stock_id, free in self.stock.items()
        ]
        available = sum(self.stock.values())
        return {
            "id": 82105,
            "code": "SKU-82105",
            "name": "T-shirt",
            "availability": available,
            "models": models,
        }


def _units(text: str | None) -> int:
    if text is None or not re.fullmatch(r"\s*\d{1,9}\s*", text, re.ASCII):
        raise _Refusal(400, "A quantity is no whole number")
    return int(text)


def _is_date(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y/%m/%d %H:%M:%S %z")
    except ValueError:
        return False
    return bool(_DATE.fullmatch(text))  # Java's Z knows neither "+01:00" nor "Z"


def _demand_xml(call: Call) -> None:
    takes = {part.partition(";")[0].strip() for part in call.headers.get("accept", "*/*").split(",")}
    if takes.isdisjoint(("application/xml", "application/*", "*/*")):
        raise _Refusal(406, "Not Acceptable")
    sends = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if call.method == "POST" and sends != "application/xml":
        raise _Refusal(415, "Unsupported Media Type")


def _root(call: Call) -> Element:
    try:
        root = fromstring(call.body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise _Refusal(400, "The body is no XML") from None
    if root.tag != "root":
        raise _Refusal(400, "The body has no root")
    return root


def _fill(parent: Element, fields: Fields) -> None:
    """A child per field; fields without a value are left out, as Java's XML binding does."""
    for name, value in fields.items():
        if isinstance(value, list):
            wrapper = SubElement(parent, name)
            for each in value:
                _fill(SubElement(wrapper, name.removesuffix("s")), each)
        elif value is not None and value != "":
            SubElement(parent, name).text = str(value)


def _xml(root: Element) -> Response:
    declaration = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    headers = Headers({"Content-Type": "application/xml;charset=UTF-8"})
    return Response(200, headers=headers, body=declaration + tostring(root, encoding="unicode").encode())
