"""What a Magento holds: orders and their papers, the catalog, stock, and what went out of the house."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import attrs

from .goods import Item, Line, Product
from .values import ZERO, Object, Row, Value, amount, as_json, stamp, stored_text

# What a state's orders are called by default.
STATUSES: Mapping[str, str] = {
    "pending": "new",
    "pending_payment": "pending_payment",
    "payment_review": "payment_review",
    "fraud": "payment_review",
    "processing": "processing",
    "holded": "holded",
    "complete": "complete",
    "closed": "closed",
    "canceled": "canceled",
}
OFFLINE = ("checkmo", "banktransfer", "cashondelivery", "purchaseorder", "free")
CURRENCY_SIGNS: Mapping[str, str] = {"EUR": "€", "USD": "$", "GBP": "£"}
FIRST_IDS: Mapping[str, int] = {
    "order": 21,
    "item": 401,
    "shipment": 61,
    "invoice": 81,
    "creditmemo": 91,
    "address": 301,
    "track": 201,
    "product": 501,
}
# Stock that a product has at the default source unless somebody counts it.
PLENTY = Decimal(100_000)


class Mail(NamedTuple):
    """One mail to the shopper. ``numbers`` are the tracking numbers in it, ``comment`` what it says."""

    kind: str
    order_id: int
    entity_id: int
    numbers: tuple[str, ...]
    comment: str


class Effect(NamedTuple):
    """One call that changed the shop; ``path`` is below ``/V1/``."""

    method: str
    path: str
    at: datetime


class Payout(NamedTuple):
    """Money that went back to a shopper through the payment method."""

    order_id: int
    amount: Decimal
    currency: str


@attrs.frozen(kw_only=True)
class Store:
    """One store view."""

    store_id: int
    code: str
    name: str
    currency: str


@attrs.define(eq=False, kw_only=True)
class Order:
    """An order: its columns, and the rows that hang on it."""

    row: Row
    lines: list[Line]
    billing: Row = attrs.field(repr=False)
    shipping: Row | None = attrs.field(repr=False)
    payment: Row
    payment_info: Mapping[str, str | None]
    comments: list[Row] = attrs.field(factory=list["Row"])

    @property
    def order_id(self) -> int:
        """Its ``entity_id``, which all addresses use."""
        return int(self.row["entity_id"] or 0)

    @property
    def state(self) -> str:
        """Its state."""
        return str(self.row["state"])

    def money(self, column: str) -> Decimal:
        """A money column."""
        return amount(self.row[column])

    def line(self, item_id: int) -> Line | None:
        """The row with this id, if it is one of this order's."""
        return next((line for line in self.lines if line.item_id == item_id), None)


@attrs.define(eq=False, kw_only=True)
class Paper:
    """A shipment, invoice or credit memo."""

    row: Row
    items: list[Row]
    tracks: list[Row] = attrs.field(factory=list["Row"])
    comments: list[Row] = attrs.field(factory=list["Row"])
    source: str = "default"

    @property
    def entity_id(self) -> int:
        """Its ``entity_id``."""
        return int(self.row["entity_id"] or 0)

    @property
    def order_id(self) -> int:
        """The order it belongs to."""
        return int(self.row["order_id"] or 0)


@attrs.define(kw_only=True, eq=False)
class Shop:
    """One shop's contents. Knows no HTTP and no clock: whoever acts brings the time (aware, UTC).

    Args:
        version: Up to 2.4.6 a comment may set any status, 2.4.7 takes the current one only, and from 2.4.8
            it takes those of the same state.

        base_currency: The website's.

        time_zone: The store's, which the API's times do not follow.

        stores: Store views beside the default one.

        msi: The inventory modules are there: sources, and shipments from them.

        statuses: The merchant's own, with the state each is assigned to.

        first_ids: Where the tables' ids begin; apart, so that nobody takes one for the other and gets away.
    """

    version: str = "2.4.7-p7"
    base_currency: str = "USD"
    time_zone: str = "America/Chicago"
    stores: list[Store] = attrs.field(factory=list[Store])
    msi: bool = True
    statuses: dict[str, str] = attrs.field(factory=dict[str, str])
    first_ids: Mapping[str, int] = attrs.field(default=FIRST_IDS, repr=False)

    orders: dict[int, Order] = attrs.field(init=False, factory=dict[int, Order], repr=False)
    shipments: dict[int, Paper] = attrs.field(init=False, factory=dict[int, Paper], repr=False)
    invoices: dict[int, Paper] = attrs.field(init=False, factory=dict[int, Paper], repr=False)
    creditmemos: dict[int, Paper] = attrs.field(init=False, factory=dict[int, Paper], repr=False)
    products: dict[str, Product] = attrs.field(init=False, factory=dict[str, Product], repr=False)
    sources: dict[str, str] = attrs.field(init=False, factory=lambda: {"default": "Default Source"})
    stock: dict[tuple[str, str], Decimal] = attrs.field(init=False, factory=dict[tuple[str, str], Decimal])
    mails: list[Mail] = attrs.field(init=False, factory=list[Mail], repr=False)
    effects: list[Effect] = attrs.field(init=False, factory=list[Effect])
    payouts: list[Payout] = attrs.field(init=False, factory=list[Payout])
    changes: int = attrs.field(init=False, default=0, repr=False)
    _last: dict[str, int] = attrs.field(init=False, factory=dict[str, int], repr=False)

    def __attrs_post_init__(self) -> None:
        first = Store(store_id=1, code="default", name="Default Store View", currency=self.base_currency)
        self.stores = [first, *self.stores]

    @property
    def release(self) -> tuple[int, ...]:
        """The version as numbers, without its patches."""
        return tuple(int(part) for part in self.version.partition("-")[0].split("."))

    def next_id(self, table: str) -> int:
        """The next of a table's ids; one that a failed save took is gone."""
        self._last[table] = self._last.get(table, self.first_ids.get(table, 1) - 1) + 1
        return self._last[table]

    def changed(self) -> None:
        """Something was written."""
        self.changes += 1

    # Eyes

    def order(self, order_id: int) -> Object:
        """An order's own columns, as JSON."""
        return as_json(self.orders[order_id].row)

    def lines(self, order_id: int) -> list[Object]:
        """The columns of its items."""
        return [as_json(line.row) for line in self.orders[order_id].lines]

    def shipments_of(self, order_id: int) -> list[Paper]:
        """Its shipments, first to last."""
        return [paper for paper in self.shipments.values() if paper.order_id == order_id]

    def invoices_of(self, order_id: int) -> list[Paper]:
        """Its invoices."""
        return [paper for paper in self.invoices.values() if paper.order_id == order_id]

    def creditmemos_of(self, order_id: int) -> list[Paper]:
        """Its credit memos."""
        return [paper for paper in self.creditmemos.values() if paper.order_id == order_id]

    def comments_of(self, order_id: int) -> list[str]:
        """What people and programs wrote in its history; what Magento wrote by itself is left out."""
        rows = self.orders[order_id].comments
        return [str(row["comment"] or "") for row in rows if row["entity_name"] is None]

    # What several hands need

    def all_statuses(self) -> dict[str, str]:
        """All statuses, with their states."""
        return {**STATUSES, **self.statuses}

    def save_order(self, order: Order, before: Row, now: datetime) -> None:
        """``updated_at`` moves when a column of the order itself has another value now, and not else."""
        if order.row != before:
            order.row["updated_at"] = stamp(now)
        self.changed()

    def set_state(self, order: Order, state: str, status: str = "") -> None:
        """A state, with its default status."""
        default = next(code for code, its in STATUSES.items() if its == state)
        order.row |= {"state": state, "status": status or default}

    def can_invoice(self, order: Order) -> bool:
        """Something can be invoiced."""
        blocked = ("holded", "payment_review", "canceled", "complete", "closed")
        return order.state not in blocked and any(line.to_invoice for line in order.lines)

    def can_ship(self, order: Order) -> bool:
        """Something was not shipped yet, says the order. A shipment asks another question."""
        if order.state in ("holded", "payment_review", "canceled") or order.row["is_virtual"]:
            return False
        return any(
            (line.left if line.in_bundle else line.to_ship)
            and not line.virtual
            and line.qty("refunded") != line.qty("ordered")
            for line in order.lines
        )

    def can_refund(self, order: Order) -> bool:
        """Some money can be given back."""
        blocked = ("holded", "payment_review", "canceled", "closed")
        left = order.money("total_paid") - order.money("total_refunded")
        return order.state not in blocked and left not in (ZERO, order.money("adjustment_negative"))

    def settle(self, order: Order) -> None:
        """An order that has nothing left to do is complete, or closed if it was given back."""
        if order.state not in ("processing", "complete") or self.can_invoice(order):
            return
        shippable = self.can_ship(order)
        if not shippable and not self.can_refund(order) and not order.row["is_virtual"]:
            self.set_state(order, "closed")
        elif order.state == "processing" and (not shippable or self._shipped_but_for_refunds(order)):
            self.set_state(order, "complete")

    def _shipped_but_for_refunds(self, order: Order) -> bool:
        """Shipped and refunded units make up the whole, so it is complete; it can be shipped all the same.

        They are counted on every row, a bundle and its parts too, but the whole is counted without the
        parts: with bundles it comes too early.
        """
        shipped = sum(int(line.qty("shipped")) for line in order.lines)
        refunded = sum(int(line.qty("refunded")) for line in order.lines if line.kind == "simple")
        return shipped > 0 and order.money("total_qty_ordered") <= shipped + refunded

    def money_text(self, value: Decimal) -> str:
        """An amount of the base currency as people read it."""
        sign = CURRENCY_SIGNS.get(self.base_currency, self.base_currency)
        return f"{'-' if value < 0 else ''}{sign}{abs(value):.2f}"

    def add_comment(self, order: Order, text: str, now: datetime, **columns: Value) -> None:
        """One entry of an order's history."""
        row: Row = {
            "comment": stored_text(text) or None,
            "created_at": stamp(now),
            "entity_id": self.next_id("comment"),
            "entity_name": None,
            "is_customer_notified": None,
            "is_visible_on_front": 0,
            "parent_id": order.order_id,
            "status": order.row["status"],
        }
        order.comments.append({**row, **columns})
        self.changed()

    def product(self, item: Item) -> Product:
        """The catalog's row for what is bought."""
        known = self.products.get(item.sku)
        if known is None:
            number = self.next_id("product")
            known = Product(
                product_id=number,
                sku=item.sku,
                name=item.name or item.sku,
                kind=item.kind,
                price=item.price,
                separately=item.separately,
            )
            self.products[item.sku] = known
        return known

    def add_source(self, code: str, name: str = "") -> None:
        """Another place that goods leave from."""
        self.sources[code] = name or code

    def in_stock(self, sku: str, source: str) -> Decimal:
        """How many are there."""
        return self.stock.get((sku, source), PLENTY if source == "default" else ZERO)

    def delete_product(self, sku: str) -> None:
        """The product goes from the catalog; orders keep what they say about it."""
        del self.products[sku]
