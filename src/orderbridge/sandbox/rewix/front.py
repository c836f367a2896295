"""The door of a simulated Rewix supplier: who may come in, what is asked, and how it is answered."""

from __future__ import annotations

import json
from base64 import b64encode
from collections import deque
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from itertools import count
from typing import Literal, TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree.ElementTree import Element, SubElement

import attrs

from ..._http import Call, Response
from . import webshop
from .catalog import LANGUAGES, Feed, Product, assortment, moment, page_xml, product_json
from .desk import Desk
from .reading import asked, changes
from .records import UPS_AND_DHL, Carrier, Code, NotEnoughStock, RewixOrder
from .shelf import ShortStock
from .wire import Fields, Refusal, demand_xml, fill, json_answer, root_of, xml, zipped

__all__ = ["NotFoundHabit", "RepeatHabit", "RewixSupplier"]

NotFoundHabit: TypeAlias = Literal[404, 500]
RepeatHabit: TypeAlias = Literal["refuse_412", "refuse_400_bdroppy", "accept"]

_SERVER_ZONE = timezone(timedelta(hours=1))  # Italy in winter: a client that drops the offset is wrong
_QUARTER = timedelta(minutes=15)


class RewixSupplier(Desk):
    """The supplier's server, with his desk behind it.

    Args:
        stock: Free units by stock id (the model id).

        prices: Net price (``bestTaxable``) in EUR by stock id, for the catalog; orders carry none.

        products: What the catalog says about models; those it does not name are T-shirts.

        not_found: How this server says that it has no such order.

        repeated_key: What a second order with a known key does. ``"accept"`` takes it: two orders.

        short_stock: What placing does when there is too little: refuse the order, cut its lines to
            what is there, or accept what cannot be sent whole.

        late_visible: A placed order is found by look-ups only after so long.

        tracking_fields: Without it, only ``tracking_url`` tells the number.

        substatus: Keep orders Booked and tell the progress in ``substatus``.

        autopay: The account is on credit: orders start as Confirmed.

        hold_for: Units leave the growing order so long after their last change. None: never.

        booked_for: A Booked order is canceled so long after it came. None: never.

        feed_every: The catalog is made anew only so often, so its stock and prices may be old.

        since_window: For so long a catalog may be continued with ``since``.

        catalog_calls: So many catalogs may be fetched in 15 minutes. None: any number.

        gzip: Pack answers for clients that take it.
    """

    def __init__(
        self,
        *,
        api_key: str,
        password: str,
        stock: Mapping[str, Decimal | int],
        prices: Mapping[str, Decimal] | None = None,
        products: Collection[Product] = (),
        not_found: NotFoundHabit = 404,
        repeated_key: RepeatHabit = "refuse_412",
        short_stock: ShortStock = "refuse_412",
        late_visible: timedelta = timedelta(0),
        tracking_fields: bool = True,
        substatus: bool = False,
        autopay: bool = False,
        hold_for: timedelta | None = None,
        booked_for: timedelta | None = None,
        feed_every: timedelta = timedelta(0),
        since_window: timedelta = timedelta(hours=4),
        catalog_calls: int | None = None,
        gzip: bool = False,
        carriers: Collection[Carrier] = UPS_AND_DHL,
    ) -> None:
        super().__init__(
            stock=stock,
            prices=prices or {},
            hold_for=hold_for,
            short_stock=short_stock,
            substatus=substatus,
            autopay=autopay,
            booked_for=booked_for,
        )
        self._authorization = "Basic " + b64encode(f"{api_key}:{password}".encode()).decode()
        self.products = list(products)
        self.not_found: NotFoundHabit = not_found
        self.repeated_key: RepeatHabit = repeated_key
        self.late_visible = late_visible
        self.tracking_fields = tracking_fields
        self.feed_every = feed_every
        self.since_window = since_window
        self.catalog_calls = catalog_calls
        self.gzip = gzip
        self.carriers = {carrier.id: carrier for carrier in carriers}
        self.growing_id = "9001"
        self._ids = count(114)
        self._feed: Feed | None = None
        self._feeds_told: dict[str, datetime] = {}
        self._fetched: deque[datetime] = deque()

    def handle(self, call: Call, now: datetime) -> Response:
        """Carry the call out, as the real one would, and answer."""
        self.let_go(now)
        try:
            response = self._route(call, now)
        except Refusal as refusal:
            response = refusal.answer
        self.after_call(now)
        if call.method == "HEAD":
            return attrs.evolve(response, body=b"")
        return zipped(response, call) if self.gzip else response

    def _route(self, call: Call, now: datetime) -> Response:
        url = urlsplit(call.url)
        path = url.path.removesuffix("/").split("/")[1:]
        if path in ([], ["pay"]):
            return self._web_shop(call, path, now)
        self._let_in(call, now)
        if path[:2] == ["restful", "ghost"]:
            demand_xml(call)
        match "GET" if call.method == "HEAD" else call.method, path:
            case "GET", ["restful", "ghost", "orders", "dropshipping", "locked"]:
                return self._growing_order()
            case "POST", ["restful", "ghost", "orders", "sold"]:
                return self._change_growing_order(root_of(call), now)
            case "POST", ["restful", "ghost", "orders", "0", "dropshipping"]:
                return self._place(root_of(call), now)
            case "GET", ["restful", "ghost", "clientorders", "clientkey", key]:
                return self._look_up([order for order in self.orders if order.key == unquote(key)], now)
            case "GET", ["restful", "ghost", "clientorders", "serverkey", order_id]:
                return self._look_up([order for order in self.orders if order.order_id == order_id], now)
            case "GET", ["restful", "ghost", "returnedgoods", "serverkey", order_id]:
                return self._returned_goods(order_id, now)
            case "GET", ["restful", "export", "carriers"]:
                return self._carrier_list(call)
            case "GET", ["restful", "export", "locales"]:
                return self._wrapped(LANGUAGES)
            case "GET", ["restful", "export", "tags"]:
                return self._tag_list()
            case "GET", ["restful", "export", "api", ("products.json" | "products.xml") as name]:
                query = {field: values[-1] for field, values in parse_qs(url.query).items()}
                return self._catalog(name, query, now)
            case _:
                raise Refusal(404, "Not Found")

    def _let_in(self, call: Call, now: datetime) -> None:
        if call.headers.get("authorization") != self._authorization:
            raise Refusal(401, "Unauthorized")

    def _web_shop(self, call: Call, path: list[str], now: datetime) -> Response:
        """For people, who are believed to have signed in."""
        match "GET" if call.method == "HEAD" else call.method, path:
            case "GET", []:
                return webshop.account_page(self, self.growing_id)
            case "POST", ["pay"]:
                self.pay(webshop.payment(self, call), now=now)
                return webshop.back()
            case _:
                raise Refusal(404, "Not Found")

    # The growing order.

    def _growing_order(self, named: Collection[str] = ()) -> Response:
        """All that is locked, and the models a change named, which may hold nothing."""
        root = Element("root", order_id=self.growing_id)
        for stock_id in dict.fromkeys((*named, *self.locked)):
            locked, available = self.locked.get(stock_id, 0), self.stock[stock_id]
            SubElement(root, "model", stock_id=stock_id, locked=str(locked), available=str(available))
        return xml(root)

    def _change_growing_order(self, root: Element, now: datetime) -> Response:
        known = [change for change in changes(root) if change[1] in self.stock]  # others are no error
        for what, stock_id, units in known:
            self.change(what, stock_id, units, now)
        return self._growing_order([stock_id for _, stock_id, _ in known])

    # Orders.

    def _place(self, root: Element, now: datetime) -> Response:
        orders = [self._read_order(element, now) for element in root.iterfind("order_list/order")]
        if not orders:
            raise Refusal(412, "No order in the list")
        if self.repeated_key != "accept":
            known = set(self.placed_keys)
            for order in orders:
                if order.key in known:
                    raise self._repeat(order.key)
                known.add(order.key)
        try:
            self.accept(orders, now)
        except NotEnoughStock as short:
            raise Refusal(412, f"Not enough stock for model {short}") from None
        return self._growing_order()

    def _repeat(self, key: str) -> Refusal:
        if self.repeated_key == "refuse_400_bdroppy":
            body = {"code": "order_already_exists", "data": {"key": key}}
            return Refusal(400, json.dumps(body), "application/json")
        return Refusal(412, "An order with this key exists")

    def _read_order(self, element: Element, now: datetime) -> RewixOrder:
        sent = asked(element, self.stock)
        status = self.first_step if sent.auto_confirm else Code.PENDING
        return RewixOrder(
            key=sent.key,
            order_id=str(next(self._ids)),
            items=sent.items,
            asked=sent.items,
            recipient=sent.recipient,
            carrier=self._carrier(sent.carrier),
            placed_at=now,
            last_update=now,
            status=int(status),
            prices={each: self.prices[each] for each in sent.items if each in self.prices},
            history=[(now, int(status))],
        )

    def _carrier(self, chosen: str) -> str:
        """The chosen carrier; who chooses none or one that cannot serve gets another."""
        chosen_id = int(chosen) if chosen.isdecimal() else None
        carrier = self.carriers.get(chosen_id) if chosen_id is not None else None
        return (carrier or next(iter(self.carriers.values()))).name

    def _look_up(self, found: Collection[RewixOrder], now: datetime) -> Response:
        root = Element("root")
        order_list = SubElement(root, "order_list")
        for order in self._visible(found, now):
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
            fill(SubElement(order_list, "order"), fields)
        return xml(root)

    def _visible(self, found: Collection[RewixOrder], now: datetime) -> list[RewixOrder]:
        visible = [order for order in found if now >= order.placed_at + self.late_visible]
        if not visible and self.not_found == 500:
            raise Refusal(500, "<html><body><h1>Internal Server Error</h1></body></html>", "text/html")
        if not visible:
            raise Refusal(404, "Order not found")
        return visible

    def _returned_goods(self, order_id: str, now: datetime) -> Response:
        """Each unit that comes back; the names in it are from a write-up, the elements around them ours."""
        self._visible([order for order in self.orders if order.order_id == order_id], now)
        root = Element("root")
        wrapper = SubElement(root, "returnedgoods_list")
        for unit in self.returned:
            if unit.order_id == order_id:
                fields: Fields = {
                    "returnCode": unit.code,
                    "stockModelId": unit.stock_id,
                    "quantity": 1,
                    "status": int(unit.status),
                    "refundStatus": int(unit.refunded),
                    "pdfLink": f"https://supplier.example/returns/{unit.code}.pdf",
                    "requestExtRef": unit.reference,
                    "notes": unit.notes,
                }
                fill(SubElement(wrapper, "returnedgoods"), fields)
        return xml(root)

    # The catalog, and what belongs to it.

    def _catalog(self, name: str, query: Mapping[str, str], now: datetime) -> Response:
        self._count_catalog(now)
        feed = self._feed_at(now)
        products = self._continued(feed, query, now)
        locales = [each for each in query.get("acceptedlocales", "").split(",") if each]
        tags = query.get("addtags") == "true"
        self._feeds_told[moment(feed.at)] = feed.at
        if name == "products.xml":
            return xml(page_xml(products, feed, locales, tags=tags))
        return self._json_catalog(
            [product_json(product, feed, locales, tags=tags) for product in products], feed, query
        )

    def _json_catalog(self, items: list[Fields], feed: Feed, query: Mapping[str, str]) -> Response:
        last_update: Fields = {"lastUpdate": moment(feed.at)}
        if query.get("v") == "TEAL":
            return json_answer({"pageItems": items, "totalItems": len(items), **last_update})
        return json_answer({"items": items, "totalPages": 1, **last_update})

    def _count_catalog(self, now: datetime) -> None:
        if self.catalog_calls is None:
            return
        while self._fetched and self._fetched[0] <= now - _QUARTER:
            self._fetched.popleft()
        if len(self._fetched) >= self.catalog_calls:
            raise Refusal(429, "Too many requests: use this account from one place only, retry in 15 minutes")
        self._fetched.append(now)

    def _feed_at(self, now: datetime) -> Feed:
        if self._feed is None or now >= self._feed.at + self.feed_every:
            self._feed = Feed(
                at=now, stock=dict(self.stock), prices=dict(self.prices), changed_at=dict(self.changed_at)
            )
        return self._feed

    def _continued(self, feed: Feed, query: Mapping[str, str], now: datetime) -> list[Product]:
        """All products, or those of which something changed since the answer that is continued."""
        products = assortment(self.products, feed.stock)
        if "since" not in query:
            return products
        since = self._since(query["since"])
        if since is None or since < now - self.since_window:
            raise Refusal(412, "Incremental validity failed")
        return [product for product in products if feed.changed(product) >= since]

    def _since(self, text: str) -> datetime | None:
        """Only what an answer said as its ``lastUpdate`` can be continued."""
        return self._feeds_told.get(text)

    def _carrier_list(self, call: Call) -> Response:
        if "application/json" in call.headers.get("accept", ""):
            carriers: list[Fields] = [attrs.asdict(carrier) for carrier in self.carriers.values()]
            return json_answer(carriers)
        root = Element("carriers")
        for carrier in self.carriers.values():
            SubElement(root, "carrier", id=str(carrier.id), name=carrier.name, cost=str(carrier.cost))
        return xml(root)

    def _tag_list(self) -> Response:
        names = dict.fromkeys(name for product in self.products for name in product.all_tags)
        return self._wrapped({name: name.capitalize() for name in names})

    def _wrapped(self, values: Mapping[str, str]) -> Response:
        root = Element("wrapper")
        for key, value in values.items():
            SubElement(root, "value", key=key).text = value
        return xml(root)
