"""Both ways a shop shows shipments: core fulfillments (by line) and the tracking plug-ins (by order)."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import attrs

from .values import Json, Object, WpError, array, get_meta, integer, rows, text

if TYPE_CHECKING:
    from .shop import Shop

TRACKINGS = "_wc_shipment_tracking_items"
FULFILLMENT_STATUS = "_fulfillment_status"
AUTO_FULFILLED = "_auto_fulfill_processed"
PROVIDERS: Mapping[str, Mapping[str, str]] = {
    "Global": {"UPS": "https://www.ups.com/track?tracknum={}"},
    "Germany": {"DHL": "https://www.dhl.de/track?id={}"},
    "Poland": {
        "DPD Poland": "https://tracktrace.dpd.com.pl/parcelDetails?p1={}",
        "InPost": "https://inpost.pl/sledzenie-przesylek?number={}",
    },
}
KNOWN_NUMBERS = {
    "ups": (re.compile(r"1Z[0-9A-Z]{16}"), "https://www.ups.com/track?tracknum="),
    "dpd": (re.compile(r"\d{14}"), "https://www.dpd.com/tracking/"),
}


@attrs.frozen(kw_only=True)
class Shown:
    """One shipment as the shop shows it to the shopper; ``items`` is units by line id, where known."""

    way: Literal["fulfillment", "tracking"]
    items: Mapping[int, int]
    numbers: tuple[str, ...]
    carrier: str
    link: str


@attrs.define
class Fulfillment:
    """One fulfillment; it belongs to an order and is never really deleted."""

    id: int
    order_id: int
    status: str = "unfulfilled"
    is_fulfilled: bool = False
    updated: str = ""
    deleted: bool = False
    meta: list[Object] = attrs.field(factory=list[Object])

    def set_status(self, props: Object) -> None:
        """A status the shop does not know becomes ``unfulfilled``. Later fields win over earlier ones."""
        for key, value in props.items():
            if key == "status":
                self.status = "fulfilled" if value == "fulfilled" else "unfulfilled"
                self.is_fulfilled = self.status == "fulfilled"
            elif key == "is_fulfilled":
                self.is_fulfilled = bool(value)

    def value(self, key: str) -> Json:
        """One meta value."""
        return get_meta({"meta_data": array(self.meta)}, key)

    def items(self) -> dict[int, int]:
        """Units by line id, whether or not the order has that line."""
        return {integer(item["item_id"]): integer(item["qty"]) for item in rows(self.value("_items"))}

    def shape(self) -> Object:
        """As answers have it."""
        return {
            "id": self.id,
            "is_fulfilled": self.is_fulfilled,
            "status": self.status,
            "entity_type": "WC_Order",
            "entity_id": str(self.order_id),
            "date_updated": self.updated,
            "fulfillment_id": self.id,
            "meta_data": array(self.meta),
        }


def _odd(message: str, code: int = 0) -> WpError:
    return WpError(code, message, 400)  # the code is a number, and "not found" is a 400 too


@attrs.define(eq=False)
class Fulfillments:
    """``/orders/{id}/fulfillments``. Nothing checks quantities, lines or doubles."""

    shop: Shop
    made: dict[int, Fulfillment] = attrs.field(init=False, factory=dict[int, Fulfillment])

    def of(self, order_id: int) -> list[Fulfillment]:
        """Those not deleted."""
        if order_id not in self.shop.book:
            raise WpError("woocommerce_rest_order_invalid_id", "Invalid order ID.", 404, {"status": "404"})
        return [one for one in self.made.values() if one.order_id == order_id and not one.deleted]

    def get(self, order_id: int, fulfillment_id: int) -> Fulfillment:
        """One of them."""
        found = next((one for one in self.of(order_id) if one.id == fulfillment_id), None)
        if found is None:
            raise _odd("Fulfillment not found.", 404)
        return found

    def create(self, order_id: int, body: Object, now: datetime) -> Fulfillment:
        """Meta entries without an ``id`` (0 will do) are dropped without a word."""
        self.of(order_id)
        one = Fulfillment(0, order_id)
        one.set_status(body)
        given = [
            entry for entry in rows(body.get("meta_data")) if entry.get("id") is not None and "value" in entry
        ]
        one.meta = [{"id": 0, "key": entry.get("key"), "value": entry["value"]} for entry in given]
        self._check(one)
        one.id = self.shop.ids.next("fulfillment")
        self.made[one.id] = one
        self._save(one, now)
        self._mail(one, body, "created")
        return one

    def update(self, order_id: int, fulfillment_id: int, body: Object, now: datetime) -> Fulfillment:
        """``meta_data`` replaces all keys: what is not sent again is gone, ``_items`` too."""
        one = self.get(order_id, fulfillment_id)
        before, meta = one.is_fulfilled, one.meta
        changed = attrs.evolve(one)
        changed.set_status(body)
        if "meta_data" in body:
            known = {text(entry["key"]): entry["id"] for entry in meta}
            given = rows(body["meta_data"])
            changed.meta = [
                {"id": known.get(text(entry["key"]), 0), "key": entry["key"], "value": entry.get("value")}
                for entry in given
            ]
        self._check(changed)
        # The day it left is that of the last change.
        changed.meta = [entry for entry in changed.meta if entry["key"] != "_date_fulfilled"]
        self.made[one.id] = changed
        self._save(changed, now)
        self._mail(changed, body, "updated" if before else "created")
        return changed

    def delete(self, order_id: int, fulfillment_id: int, body: Object, now: datetime) -> Object:
        """Hidden, not gone."""
        one = self.get(order_id, fulfillment_id)
        one.deleted = True
        self._save(one, now)
        self._mail(one, body, "deleted")
        return {"message": "Fulfillment deleted successfully."}

    def fulfill_downloads(self, order: Object, now: datetime) -> None:
        """The shop itself fulfills downloads once, when the order goes to processing or skips that."""
        order_id = integer(order["id"])
        if order["status"] == "completed" and (get_meta(order, AUTO_FULFILLED) or self.of(order_id)):
            return
        items: list[Json] = []
        for line in rows(order["line_items"]):
            product = self.shop.catalog.find(line)
            if product is not None and product.get("downloadable"):
                items.append({"item_id": line["id"], "qty": line["quantity"]})
        if items:
            entry: Object = {"id": 0, "key": "_items", "value": items}
            self.create(order_id, {"status": "fulfilled", "meta_data": [entry]}, now)
        self.shop.ids.set_meta(order, AUTO_FULFILLED, "1")

    def shown(self, order_id: int) -> list[Shown]:
        """What the shopper sees; drafts are the merchant's own."""
        return [
            Shown(
                way="fulfillment",
                items=one.items(),
                numbers=(text(one.value("_tracking_number")),) if one.value("_tracking_number") else (),
                carrier=text(one.value("_shipment_provider") or one.value("_provider_name")),
                link=text(one.value("_tracking_url")),
            )
            for one in self.made.values()
            if one.order_id == order_id and one.is_fulfilled and not one.deleted
        ]

    @staticmethod
    def lookup(number: str) -> Json:
        """Whose number may this be?"""
        possible: Object = {
            slug: {"url": url + number, "ambiguity_score": 90}
            for slug, (pattern, url) in KNOWN_NUMBERS.items()
            if pattern.fullmatch(number)
        }
        if not possible:
            return []
        best = next(iter(possible))
        url = KNOWN_NUMBERS[best][1] + number
        details: Object = {"tracking_number": number, "shipping_provider": best, "tracking_url": url}
        return {"tracking_number_details": {**details, "possibilities": possible}}

    @staticmethod
    def _check(one: Fulfillment) -> None:
        items = one.value("_items")
        if not items or not isinstance(items, list):
            raise _odd("The fulfillment should contain at least one item.")
        for item in items:
            whole = isinstance(item, dict) and all(type(item.get(key)) is int for key in ("item_id", "qty"))
            if not whole or not isinstance(item, dict) or integer(item["qty"]) < 1:
                raise _odd("Invalid item.")

    def _save(self, one: Fulfillment, now: datetime) -> None:
        one.updated = self.shop.dates(now)[0].replace("T", " ")
        if one.is_fulfilled and one.value("_date_fulfilled") is None:
            one.meta.append({"key": "_date_fulfilled", "value": one.updated, "id": 0})
        for entry in one.meta:
            entry["id"] = entry["id"] or self.shop.ids.next("fulfillment meta")
        order = self.shop.book[one.order_id]
        living = self.of(one.order_id)
        if living:
            self.shop.ids.set_meta(order, FULFILLMENT_STATUS, self._sum(order, living))
        else:
            order["meta_data"] = array(e for e in rows(order["meta_data"]) if e["key"] != FULFILLMENT_STATUS)
        self.shop.touch(order, now)

    @staticmethod
    def _sum(order: Object, living: list[Fulfillment]) -> str:
        units: Counter[int] = Counter()
        for one in living:
            units.update(one.items())
        pending = any(
            units[integer(line["id"])] < integer(line["quantity"]) for line in rows(order["line_items"])
        )
        if not pending and all(one.is_fulfilled for one in living):
            return "fulfilled"
        return "partially_fulfilled" if any(one.is_fulfilled for one in living) else "unfulfilled"

    def _mail(self, one: Fulfillment, body: Object, what: str) -> None:
        if one.is_fulfilled and body.get("notify_customer"):
            if self.shop.mail_crash:
                raise _odd(self.shop.mail_crash)
            self.shop.mail(f"customer_fulfillment_{what}", one.order_id, text(one.value("_tracking_number")))


@attrs.define(eq=False)
class Trackings:
    """``/orders/{id}/shipment-trackings`` of the official plug-in and of AST, kept in one order meta."""

    shop: Shop
    providers: Mapping[str, Mapping[str, str]] = PROVIDERS

    def of(self, order_id: int) -> list[Object]:
        """As answers have them, without links."""
        if order_id not in self.shop.book:
            raise WpError("woocommerce_rest_order_invalid_id", "Invalid order ID.", 404)
        order = self.shop.book[order_id]
        return [self._shape(order, item) for item in rows(get_meta(order, TRACKINGS))]

    def get(self, order_id: int, tracking_id: str) -> Object:
        """One of them."""
        found = next((item for item in self.of(order_id) if item["tracking_id"] == tracking_id), None)
        if found is None:
            raise WpError(
                "woocommerce_rest_shipment_tracking_invalid_id", "Invalid shipment tracking ID.", 404
            )
        return found

    def create(self, order_id: int, params: Object, now: datetime) -> Object:
        """One more entry, whatever is there; AST can move the order too."""
        self.of(order_id)
        ast = self.shop.tracking_plugin == "ast"
        if not params.get("tracking_number"):
            data: Object = {"status": 400, "params": ["tracking_number"]}
            raise WpError("rest_missing_callback_param", "Missing parameter(s): tracking_number", 400, data)
        order = self.shop.book[order_id]
        number = text(params["tracking_number"])
        provider, custom = text(params.get("tracking_provider")), text(params.get("custom_tracking_provider"))
        serial = f"{order_id} {number} {self.shop.ids.next('tracking')}"
        item: Object = {
            "tracking_provider": provider or (custom if ast else ""),
            "custom_tracking_provider": "" if ast else custom,
            "custom_tracking_link": text(params.get("custom_tracking_link")),
            "tracking_number": number,
            **({"tracking_product_code": ""} if ast else {}),
            "date_shipped": _shipped(text(params.get("date_shipped")), now),
            **({"products_list": "", "status_shipped": text(params.get("status_shipped"))} if ast else {}),
            "tracking_id": hashlib.sha256(serial.encode()).hexdigest()[:32],
        }
        known = rows(get_meta(order, TRACKINGS))
        if ast and text(params.get("replace_tracking")) == "1":
            known = []
        self.shop.ids.set_meta(order, TRACKINGS, [*known, item])
        self.shop.touch(order, now)
        if ast and item["status_shipped"] == "1":
            self.shop.move(order, "completed", now)
        elif ast and item["status_shipped"] == "2" and "partial-shipped" in self.shop.statuses:
            self.shop.move(order, "partial-shipped", now)
        return self._shape(order, item)

    def delete(self, order_id: int, tracking_id: str, now: datetime) -> Object:
        """Gone."""
        gone, order = self.get(order_id, tracking_id), self.shop.book[order_id]
        left = [item for item in rows(get_meta(order, TRACKINGS)) if item["tracking_id"] != tracking_id]
        self.shop.ids.set_meta(order, TRACKINGS, array(left))
        self.shop.touch(order, now)
        return gone

    def table(self) -> Json:
        """Carriers by region with the form of their links; PHP's empty table is a list."""
        mark = "%number%" if self.shop.tracking_plugin == "ast" else "%1$s"
        table: Object = {
            region: {name: url.format(mark) for name, url in names.items()}
            for region, names in self.providers.items()
        }
        return table or []

    def shown(self, order_id: int) -> list[Shown]:
        """What the shopper sees; without a plug-in the meta is only meta."""
        if self.shop.tracking_plugin is None:
            return []
        return [
            Shown(
                way="tracking",
                items={},
                numbers=(text(item["tracking_number"]),),
                carrier=text(item["tracking_provider"]),
                link=text(item["tracking_link"]),
            )
            for item in self.of(order_id)
        ]

    @staticmethod
    def links(root: str, order_id: int, item: Object) -> Object:
        """``_links``, in the namespace of the call."""
        up = f"{root}/orders/{order_id}"
        hints: Object = {"allow": array(("GET", "DELETE"))}
        return {
            "self": [{"href": f"{up}/shipment-trackings/{item['tracking_id']}", "targetHints": hints}],
            "collection": [{"href": f"{up}/shipment-trackings"}],
            "up": [{"href": up}],
        }

    def _shape(self, order: Object, item: Object) -> Object:
        number, wanted = text(item.get("tracking_number")), text(item.get("tracking_provider"))
        urls = {name: url for names in self.providers.values() for name, url in names.items()}
        # An unknown carrier is kept, but shown without name and link.
        name = next((name for name in urls if wanted in (name, _slug(name))), "")
        link = urls[name].format(number) if name else text(item.get("custom_tracking_link"))
        at = datetime.fromtimestamp(integer(item.get("date_shipped")), UTC)
        return {
            "tracking_id": item.get("tracking_id"),
            "tracking_provider": name or item.get("custom_tracking_provider", ""),
            "tracking_link": link,
            "tracking_number": number,
            "date_shipped": f"{at:%Y-%m-%d}",
        }


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower())


def _shipped(day: str, now: datetime) -> Json:
    """Unix seconds: text where the day was given, a number where it was not."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
        return int(now.timestamp())
    return str(int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()))
