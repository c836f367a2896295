"""What a WooCommerce shop holds, and what happens in it by itself when somebody acts."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

import attrs

from . import refunds
from .catalog import Catalog
from .shipping import PROVIDERS, TRACKINGS, Fulfillments, Shown, Trackings
from .values import Ids, Json, Object, amount, array, get_meta, integer, money, rows, text
from .webhooks import VERSION, Delivery, Webhooks

STATUSES = {
    "pending": "Pending payment",
    "processing": "Processing",
    "on-hold": "On hold",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "refunded": "Refunded",
    "failed": "Failed",
    "checkout-draft": "Draft",
}
# Which mail the shopper gets when an order moves; from anywhere where the first is empty.
MAILS = {
    **{
        (old, "processing"): "customer_processing_order"
        for old in ("pending", "failed", "cancelled", "on-hold")
    },
    **{(old, "on-hold"): "customer_on_hold_order" for old in ("pending", "failed", "cancelled")},
    ("", "completed"): "customer_completed_order",
}
SHOPPER: Object = {
    "first_name": "Ala",
    "last_name": "Nowak",
    "company": "",
    "address_1": "Polna 7",
    "address_2": "",
    "city": "Warszawa",
    "state": "",
    "postcode": "00-001",
    "country": "PL",
    "phone": "+48 500 000 001",
}
Gateway: TypeAlias = Literal["refunds", "declines", "cannot", "silent", "fatal"]
SYMBOLS = {"EUR": "€", "USD": "$", "PLN": "zł", "GBP": "£"}
SUMS = ("discount_total", "discount_tax", "shipping_total", "shipping_tax", "cart_tax", "total", "total_tax")


class Mail(NamedTuple):
    """One mail to the shopper; ``detail`` is what in it matters (tracking numbers, note, amount)."""

    kind: str
    order_id: int
    detail: str


class Effect(NamedTuple):
    """One call that changed the shop; ``path`` is below the REST root."""

    method: str
    path: str
    at: datetime


@attrs.define(kw_only=True, eq=False)
class Shop:
    """One shop's contents. Knows no HTTP and no clock: whoever acts brings the time (aware, UTC).

    Args:
        timezone: IANA name; the shop's own dates are in it, those ending in ``_gmt`` are not.

        home: The shop's address, the root of links in answers. Empty: whatever it is called by.

        currency: Of new orders.

        weight_unit: kg, g, lbs or oz.

        decimals: Of all money, whatever the currency.

        tax_percent: On all lines.

        gateways: Per payment method, what happens when money is to go back through it: it goes,
            it is declined, or the gateway cannot; or it goes, and the shop does not hear of it in time
            (``silent``) or crashes over it (``fatal``). A method not named here has no gateway.

        fulfillments: The core feature of that name is switched on.

        tracking_plugin: Which tracking plug-in is installed, if any.

        providers: Carriers of that plug-in: names and links by region, ``{}`` for the number.

        mail_crash: What a mail plug-in throws when a fulfillment is mailed: it is saved by then, and the
            answer is a 400.

        orders: Recorded orders to begin with, see ``load``.
    """

    timezone: str = "Europe/Warsaw"
    home: str = ""
    currency: str = "EUR"
    weight_unit: str = "kg"
    decimals: int = 2
    tax_percent: int = 23
    gateways: dict[str, Gateway] = attrs.field(
        factory=lambda: dict[str, Gateway](stripe="refunds", bacs="cannot", cod="cannot")
    )
    fulfillments: bool = False
    tracking_plugin: Literal["official", "ast"] | None = None
    providers: Mapping[str, Mapping[str, str]] = attrs.field(factory=lambda: PROVIDERS, repr=False)
    mail_crash: str = ""
    orders: Iterable[Json] = attrs.field(default=(), repr=False)

    statuses: dict[str, str] = attrs.field(init=False, factory=lambda: dict(STATUSES))
    mails: list[Mail] = attrs.field(init=False, factory=list[Mail], repr=False)
    effects: list[Effect] = attrs.field(init=False, factory=list[Effect])
    money_back: list[tuple[int, str]] = attrs.field(init=False, factory=list[tuple[int, str]])
    book: dict[int, Object] = attrs.field(init=False, factory=dict[int, Object], repr=False)
    refunds: dict[int, list[Object]] = attrs.field(init=False, factory=dict[int, list[Object]], repr=False)
    ids: Ids = attrs.field(init=False, factory=Ids, repr=False)
    catalog: Catalog = attrs.field(init=False, repr=False)
    webhooks: Webhooks = attrs.field(init=False, repr=False)
    parcels: Fulfillments = attrs.field(init=False, repr=False)
    trackings: Trackings = attrs.field(init=False, repr=False)
    _notes: dict[int, list[Object]] = attrs.field(init=False, factory=dict[int, list[Object]], repr=False)

    def __attrs_post_init__(self) -> None:
        self.catalog = Catalog(ids=self.ids, decimals=self.decimals, tax_percent=self.tax_percent)
        self.webhooks = Webhooks(self.ids)
        self.parcels, self.trackings = Fulfillments(self), Trackings(self, self.providers)
        self.load(array(self.orders))

    @property
    def deliveries(self) -> list[Delivery]:
        """Every webhook call the shop made, pings too."""
        return self.webhooks.deliveries

    # What a shopper or the merchant does

    def load(self, recorded: Json) -> None:
        """Take recorded orders in as they are: one, a list, or either wrapped in ``{"data": ...}``."""
        if isinstance(recorded, dict) and "line_items" not in recorded:
            recorded = recorded["data"]
        for order in copy.deepcopy(rows(recorded if isinstance(recorded, list) else [recorded])):
            order.pop("_links", None)
            order_id = integer(order["id"])
            self.ids.seen("post", order_id)
            self.ids.seen_meta(order)
            self.book[order_id], self._notes[order_id] = order, []
            self.refunds[order_id] = [self._known_refund(order, row) for row in rows(order.get("refunds"))]
            for key in ("line_items", "shipping_lines", "fee_lines", "coupon_lines", "tax_lines"):
                for line in rows(order.get(key)):
                    self.ids.seen("item", line.get("id"))
                    self.ids.seen_meta(line)
            for line in rows(order.get("line_items")):
                variation_id, product_id = integer(line.get("variation_id")), integer(line.get("product_id"))
                sold = variation_id or product_id
                if sold and sold not in self.catalog.products:
                    parent_id = product_id if variation_id else 0
                    self.catalog.add(
                        sold, sku=text(line.get("sku")), name=text(line["name"]), parent_id=parent_id
                    )

    def load_refunds(self, order_id: int, recorded: Json) -> None:
        """Recorded answers of the refunds route, for an order that was loaded and lists them."""
        known = copy.deepcopy(rows(recorded if isinstance(recorded, list) else [recorded]))
        for row in known:
            row.pop("_links", None)
        full = {integer(row["id"]): row for row in known}
        self.refunds[order_id] = [full.get(integer(row["id"]), row) for row in self.refunds[order_id]]

    def place_order(self, lines: Sequence[Mapping[str, Json]], *, now: datetime, **overrides: Json) -> int:
        """A shopper buys; gives the order's id. Unless told otherwise it is paid by card and processing.

        Args:
            lines: Per line ``price`` (of a unit, without tax), ``quantity``, and ``product_id``,
                ``variation_id`` or ``sku``; an unknown product is made (``virtual: true`` for a
                download). Other keys replace fields of the line.

            overrides: Fields of the order; objects such as addresses are merged, all else replaces.
        """
        order_id = self.ids.next("post")
        status = text(overrides.pop("status", "processing"))
        local, gmt = self.dates(now)
        zeros = dict.fromkeys(SUMS, money(0, self.decimals))
        order: Object = {
            "id": order_id,
            "parent_id": 0,
            "status": "checkout-draft" if status == "checkout-draft" else "pending",
            "currency": self.currency,
            "version": VERSION,
            "prices_include_tax": True,
            "date_created": local,
            "date_modified": local,
            **zeros,
            "customer_id": 0,
            "order_key": f"wc_order_{hashlib.sha256(str(order_id).encode()).hexdigest()[:13]}",
            "billing": {**SHOPPER, "email": f"shopper{order_id}@example.test"},
            "shipping": dict(SHOPPER),
            "payment_method": "stripe",
            "payment_method_title": "Card",
            "transaction_id": f"ch_test_{order_id}",
            "customer_ip_address": "",
            "customer_user_agent": "",
            "created_via": "checkout",
            "customer_note": "",
            "date_completed": None,
            "date_paid": None,
            "cart_hash": "",
            "number": str(order_id),
            "meta_data": [],
            "line_items": array(self.catalog.new_line(line) for line in lines),
            "tax_lines": [],
            "shipping_lines": [],
            "fee_lines": [],
            "coupon_lines": [],
            "refunds": [],
            "payment_url": f"{self.root}/checkout/order-pay/{order_id}/?pay_for_order=true",
            "is_editable": True,
            "needs_payment": True,
            "needs_processing": True,
            "date_created_gmt": gmt,
            "date_modified_gmt": gmt,
            "date_completed_gmt": None,
            "date_paid_gmt": None,
            "currency_symbol": SYMBOLS.get(self.currency, self.currency),
        }
        self.book[order_id], self._notes[order_id], self.refunds[order_id] = order, [], []
        _merge(order, overrides)
        self.catalog.recalculate(order)
        self.webhooks.fire("order.created", order_id)
        self.touch(order, now)
        self.move(order, status, now)
        _merge(order, overrides)  # also over what paying set: dates, totals
        self._judge(order)
        self.deliver(now)
        return order_id

    def change(self, order_id: int, now: datetime, **fields: Json) -> None:
        """The merchant or a plug-in changes an order in the shop; objects are merged, all else replaced."""
        order = self.book[order_id]
        status = text(fields.pop("status", order["status"]))
        _merge(order, fields)
        self.touch(order, now)
        self.move(order, status, now)
        self.deliver(now)

    def put_status(self, order_id: int, status: str, now: datetime) -> None:
        """The merchant moves an order to another status."""
        self.change(order_id, now, status=status)

    def refund(
        self,
        order_id: int,
        *,
        now: datetime,
        total: str | None = None,
        reason: str = "",
        lines: Sequence[Object] = (),
        through_gateway: bool = False,
    ) -> int:
        """The merchant gives money back in the shop (arguments as in ``refunds``); gives the refund's id."""
        made = refunds.refund(
            self,
            order_id,
            now=now,
            total=total,
            reason=reason,
            lines=lines,
            through_gateway=through_gateway,
        )
        self.deliver(now)
        return integer(made["id"])

    def delete_product(self, product_id: int) -> None:
        """The merchant deletes a product: the lines of old orders lose all that pointed to it."""
        del self.catalog.products[product_id]
        for order in self.book.values():
            for line in rows(order.get("line_items")):
                if product_id in (line.get("product_id"), line.get("variation_id")):
                    line.update(product_id=0, variation_id=0, sku=None, global_unique_id=None)
                    order["needs_processing"] = self.catalog.needs_processing(order)

    def add_note(
        self, order_id: int, note: str, *, now: datetime, customer: bool = False, author: str = "WooCommerce"
    ) -> Object:
        """A note; to the customer it is a mail each time. The order's own date does not move."""
        local, gmt = self.dates(now)
        made: Object = {
            "id": self.ids.next("comment"),
            "author": author,
            "date_created": local,
            "date_created_gmt": gmt,
            "note": note,
            "customer_note": customer,
        }
        self._notes[order_id].append(made)
        if customer:
            self.mail("customer_note", order_id, note)
        return made

    # What one can ask

    def order(self, order_id: int) -> Object:
        """The order's fields as they are now, without links."""
        return copy.deepcopy(self.book[order_id])

    def notes(self, order_id: int) -> list[Object]:
        """As the shop lists them: newest first, but those of one second in the order written."""
        return sorted(self._notes[order_id], key=lambda note: text(note["date_created_gmt"]), reverse=True)

    def shipments(self, order_id: int) -> list[Shown]:
        """What the shop shows as shipped, in every way it has."""
        return self.parcels.shown(order_id) + self.trackings.shown(order_id)

    # What happens by itself

    @property
    def root(self) -> str:
        """Where the shop believes it lives."""
        return self.home or "https://shop.example"

    def local(self, gmt: str) -> str:
        """A ``_gmt`` field in the shop's own zone."""
        moment = datetime.fromisoformat(gmt).replace(tzinfo=UTC)
        return f"{moment.astimezone(ZoneInfo(self.timezone)):%Y-%m-%dT%H:%M:%S}"

    def dates(self, now: datetime) -> tuple[str, str]:
        """``now`` as the pair of date fields: in the shop's zone, and in UTC."""
        gmt = f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
        return self.local(gmt), gmt

    def mail(self, kind: str, order_id: int, detail: str = "") -> None:
        """One mail to the shopper."""
        self.mails.append(Mail(kind, order_id, detail))

    def touch(self, order: Object, now: datetime) -> None:
        """Saving an order moves its date and calls the webhooks, whether or not anything changed."""
        order["date_modified"], order["date_modified_gmt"] = self.dates(now)
        self.webhooks.fire("order.updated", integer(order["id"]))

    def move(self, order: Object, status: str, now: datetime) -> None:
        """From any status to any other, with all that hangs on it; nothing if it is there already."""
        old, order_id = text(order["status"]), integer(order["id"])
        if old == status:
            return
        order["status"] = status
        if status == "completed":
            order["date_completed"], order["date_completed_gmt"] = self.dates(now)
        # Cash on delivery, and orders with nothing to ship, count as paid only when completed.
        early = order.get("needs_processing", True) and order["payment_method"] != "cod"
        if not order.get("date_paid_gmt") and status in (
            ("processing", "completed") if early else ("completed",)
        ):
            order["date_paid"], order["date_paid_gmt"] = self.dates(now)
        self._judge(order)
        stock_note = self.catalog.move_stock(order)
        if stock_note:
            self.add_note(order_id, stock_note, now=now)
        names = [self.statuses.get(slug, slug) for slug in (old, status)]
        self.add_note(order_id, f"Order status changed from {names[0]} to {names[1]}.", now=now)
        kind = MAILS.get((old, status)) or MAILS.get(("", status))
        if kind:
            # The tracking plug-ins print what they know at this moment, so the order of writes matters.
            known = rows(get_meta(order, TRACKINGS)) if self.tracking_plugin else []
            self.mail(kind, order_id, " ".join(text(row["tracking_number"]) for row in known))
        if self.fulfillments and status in ("processing", "completed"):
            self.parcels.fulfill_downloads(order, now)
        self.webhooks.fire("action.woocommerce_order_status_changed", order_id)
        self.touch(order, now)
        left = self.unrefunded(order_id)
        if status == "refunded" and left > 0:
            refunds.refund(self, order_id, now=now, total=str(left), reason="Order fully refunded.")

    def unrefunded(self, order_id: int) -> Decimal:
        """What could still be given back."""
        given = sum((amount(row["amount"]) for row in self.refunds[order_id]), Decimal(0))
        return amount(self.book[order_id]["total"]) - given

    def drop_note(self, order_id: int, note_id: int) -> None:
        """Notes go for good."""
        self._notes[order_id] = [note for note in self._notes[order_id] if note["id"] != note_id]

    def drop_order(self, order_id: int) -> None:
        """The order goes for good."""
        del self.book[order_id], self._notes[order_id], self.refunds[order_id]

    def deliver(self, now: datetime) -> None:
        """Send the webhooks that wait."""
        self.webhooks.deliver(now, self.root, self._hook_body)

    def links(self, home: str, order: Object) -> Object:
        """The ``_links`` of an order."""
        base = f"{home}/wp-json/wc/v3"
        own = f"{base}/orders/{order['id']}"
        hints: Object = {"allow": array(("GET", "POST", "PUT", "PATCH", "DELETE"))}
        links: Object = {
            "self": [{"href": own, "targetHints": hints}],
            "collection": [{"href": f"{base}/orders"}],
            "email_templates": [{"embeddable": True, "href": f"{own}/actions/email_templates"}],
        }
        if order.get("customer_id"):
            links["customer"] = [{"href": f"{base}/customers/{order['customer_id']}"}]
        return links

    def _hook_body(self, order_id: int) -> Object | None:
        order = self.book.get(order_id)
        return order and {**order, "_links": self.links(self.root, order)}

    def _judge(self, order: Object) -> None:
        unpaid = order["status"] in ("pending", "failed", "checkout-draft")
        order["needs_payment"] = unpaid and amount(order["total"]) > 0
        order["is_editable"] = order["status"] in ("pending", "on-hold")

    def _known_refund(self, order: Object, row: Object) -> Object:
        self.ids.seen("post", row["id"])
        empty = ("meta_data", "line_items", "shipping_lines", "tax_lines", "fee_lines")
        return {
            "id": row["id"],
            "date_created": order.get("date_modified"),
            "date_created_gmt": order.get("date_modified_gmt"),
            "amount": text(row["total"]).lstrip("-"),
            "reason": row.get("reason"),
            "refunded_by": 1,
            "refunded_payment": False,
            **{key: [] for key in empty},
        }


def _merge(order: Object, fields: Mapping[str, Json]) -> None:
    for key, value in fields.items():
        known = order.get(key)
        order[key] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
