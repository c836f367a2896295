"""What a PrestaShop holds, and what happens in it by itself when an order changes its state."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import attrs

from . import seed
from .output import Shown
from .schema import Resource
from .tables import resources
from .values import NO_TIME, Row, money, wall_clock

DEPARTURES = ("shipped", "in_transit")
# How payment modules call themselves, which is not how they call the payment to the shopper.
MODULES = {
    "ps_checkpayment": "Payments by check",
    "ps_wirepayment": "Wire payment",
    "ps_cashondelivery": "Cash on delivery (COD)",
}


class Mail(NamedTuple):
    """One mail to the shopper; ``number`` and ``link`` are what it says about tracking."""

    template: str
    order_id: int
    number: str
    link: str


class Effect(NamedTuple):
    """One call that changed the shop; ``path`` is below ``/api/``."""

    method: str
    path: str
    at: datetime


@attrs.define(kw_only=True, eq=False)
class Shop:
    """One shop's contents. Knows no HTTP and no clock: whoever acts brings the time (aware, UTC).

    Args:
        version: 1.7 has no PATCH and no order note, and runs on PHP 7, whose JSON numbers are texts; before
            1.7.8 it also sets a state again that an order is in already, before 1.7.5 it mails no parcel's
            number. From 8.0 the JSON of one thing lacks falsy fields, from 9.0 a tracking number that is too
            long is refused.

        time_zone: PS_TIMEZONE, an IANA name. All dates are this zone's wall clock and do not say so.

        languages: 1 or 2. Translated fields are plain texts with one, lists with two.

        shops: How many shops this installation serves.

        state_ids: Other ids for stock order states, by configuration (``{"PS_OS_SHIPPING": 24}``).

        mail_down: No mail leaves: a write that should send one is saved, and answered with a 500.
    """

    version: str = "8.1.2"
    time_zone: str = "Europe/Rome"
    languages: int = 1
    shops: int = 1
    state_ids: Mapping[str, int] = attrs.field(factory=dict[str, int])
    mail_down: bool = False

    tables: dict[str, dict[int, Row]] = attrs.field(init=False, repr=False)
    mails: list[Mail] = attrs.field(init=False, factory=list[Mail], repr=False)
    effects: list[Effect] = attrs.field(init=False, factory=list[Effect])
    stock: dict[tuple[int, int], int] = attrs.field(init=False, factory=dict[tuple[int, int], int])
    resources: dict[str, Resource] = attrs.field(init=False, repr=False)
    writes: int = attrs.field(init=False, default=0, repr=False)
    slip_lines: dict[int, list[Row]] = attrs.field(init=False, factory=dict[int, list[Row]], repr=False)
    _last_id: dict[str, int] = attrs.field(init=False, factory=dict[str, int], repr=False)
    # Which payments an invoice counts; one posted on its own belongs to none.
    _paid_by: dict[int, list[int]] = attrs.field(init=False, factory=dict[int, list[int]], repr=False)

    def __attrs_post_init__(self) -> None:
        self.resources = resources(self.release)
        self.tables = {name: {} for name in self.resources}
        ready = seed.rows(
            languages=self.languages, shops=self.shops, time_zone=self.time_zone, state_ids=self.state_ids
        )
        for name, row in ready:
            self.insert(name, row, NO_TIME)

    @property
    def release(self) -> tuple[int, ...]:
        """The version as numbers."""
        return tuple(int(part) for part in self.version.split("."))

    # Rows

    def insert(self, name: str, values: Row, stamp: str) -> Row:
        """A new row; what is not said is the column's default, dates are ``stamp``."""
        resource = self.resources[name]
        number = int(values.get("id", 0)) or self._last_id.get(name, 0) + 1
        self._last_id[name] = max(self._last_id.get(name, 0), number)
        row: Row = {"id": str(number)}
        for field in resource.fields:
            if field.kind == "i18n":
                text = values.get(field.name, "")
                for language in range(1, self.languages + 1):
                    key = f"{field.name}:{language}"
                    row[key] = values.get(key, text)
            else:
                default = stamp if field.name in ("date_add", "date_upd") else field.default
                row[field.name] = values.get(field.name, default) or default
        self.tables[name][number] = row
        self.writes += 1
        return row

    def change(self, name: str, row: Row, /, **values: str | int) -> None:
        """Columns of a row change."""
        assert self.tables[name][int(row["id"])] is row
        row.update({column: str(value) for column, value in values.items()})
        self.writes += 1

    def rows_of(self, name: str, order_id: int, column: str = "id_order") -> list[Row]:
        """The rows of an order, first to last."""
        found = [row for row in self.tables[name].values() if row[column] == str(order_id)]
        return sorted(found, key=lambda row: int(row["id"]))

    def setting(self, name: str) -> str:
        """A configuration."""
        return next(row["value"] for row in self.tables["configurations"].values() if row["name"] == name)

    def shown(self, resource: Resource, row: Row) -> Shown:
        """A row as it is read: with what is worked out, and with its associated rows."""
        number = int(row["id"])
        match resource.name:
            case "orders":
                row = {**row, "shipping_number": self.shipping_number(number)}
                return Shown(row=row, parts={"order_rows": self.rows_of("order_details", number)})
            case "order_slip":
                return Shown(row=row, parts={"order_slip_details": self.slip_lines.get(number, [])})
            case "customer_threads":
                replies = self.rows_of("customer_messages", number, "id_customer_thread")
                return Shown(row=row, parts={"customer_messages": replies})
            case "customers":
                return Shown(row=row, parts={"groups": [{"id": row["id_default_group"]}]})
            case _:
                return Shown(row=row)

    # Eyes

    def order(self, order_id: int) -> Row:
        """An order's own columns."""
        return dict(self.tables["orders"][order_id])

    def state(self, order_id: int) -> Row:
        """The state an order is in; empty if it was put into none."""
        current = int(self.tables["orders"][order_id]["current_state"])
        return dict(self.tables["order_states"].get(current, {}))

    def details(self, order_id: int) -> Sequence[Row]:
        """Its lines."""
        return copy.deepcopy(self.rows_of("order_details", order_id))

    def histories(self, order_id: int) -> Sequence[Row]:
        """The states it went through."""
        return copy.deepcopy(self.rows_of("order_histories", order_id))

    def parcels(self, order_id: int) -> Sequence[Row]:
        """Its order_carriers."""
        return copy.deepcopy(self.rows_of("order_carriers", order_id))

    def invoices(self, order_id: int) -> Sequence[Row]:
        """Its invoices."""
        return copy.deepcopy(self.rows_of("order_invoices", order_id))

    def slips(self, order_id: int) -> Sequence[Row]:
        """Its credit slips."""
        return copy.deepcopy(self.rows_of("order_slip", order_id))

    def payments(self, order_id: int) -> Sequence[Row]:
        """Payments under its reference, which split orders share."""
        reference = self.tables["orders"][order_id]["reference"]
        found = self.tables["order_payments"].values()
        return [dict(row) for row in found if row["order_reference"] == reference]

    def messages(self, order_id: int) -> Sequence[Row]:
        """What stands in its customer threads, which is what the back office shows."""
        threads = [thread["id"] for thread in self.rows_of("customer_threads", order_id)]
        found = self.tables["customer_messages"].values()
        return [dict(row) for row in found if row["id_customer_thread"] in threads]

    def shipping_number(self, order_id: int) -> str:
        """The tracking number of whichever order_carrier comes first."""
        parcels = self.rows_of("order_carriers", order_id)
        return parcels[0]["tracking_number"] if parcels else ""

    # What happens by itself

    def stamp(self, now: datetime) -> str:
        """A time as this shop writes it."""
        return wall_clock(now, self.time_zone)

    def change_state(self, order: Row, state: Row, stamp: str, *, link_payments: bool = False) -> None:
        """Everything that a new state brings, except its line in the history and its mail.

        ``link_payments`` counts earlier payments for the invoice this makes; the webservice does not.
        """
        before = self.tables["order_states"].get(int(order["current_state"]))
        if before is not None:
            self._move_stock(order, before, state)
        new = {"current_state": state["id"], "valid": state["logable"], "date_upd": stamp}
        self.change("orders", order, **new)
        if state["invoice"] == "1" and order["invoice_number"] == "0":
            self._make_invoice(order, stamp, link_payments)
        if state["paid"] == "1":
            self._pay_rest(order, stamp)
        if state["delivery"] == "1" and order["delivery_number"] == "0":
            number = 1 + max(
                (int(row["delivery_number"]) for row in self.tables["orders"].values()), default=0
            )
            slip = {"delivery_number": str(number), "delivery_date": stamp}
            self.change("orders", order, **slip)
            for invoice in self.rows_of("order_invoices", int(order["id"])):
                self.change("order_invoices", invoice, **slip)

    def _move_stock(self, order: Row, before: Row, state: Row) -> None:
        off = (self.setting("PS_OS_CANCELED"), self.setting("PS_OS_ERROR"))
        logable = (before["logable"] == "1", state["logable"] == "1")
        takes = logable == (False, True) and before["id"] in off
        gives = state["id"] in off and (
            logable == (True, False) or (not any(logable) and before["id"] not in off)
        )
        for line in self.rows_of("order_details", int(order["id"])):
            goods = (int(line["product_id"]), int(line["product_attribute_id"]))
            self.stock[goods] = self.stock.get(goods, 0) + (gives - takes) * int(line["product_quantity"])

    def _make_invoice(self, order: Row, stamp: str, link_payments: bool) -> None:
        number = 1 + max((int(row["number"]) for row in self.tables["order_invoices"].values()), default=0)
        paid = ("total_paid_tax_excl", "total_paid_tax_incl", "total_products", "total_products_wt")
        freight = ("total_shipping_tax_excl", "total_shipping_tax_incl")
        totals = {name: order[name] for name in (*paid, *freight)}
        words = {"number": str(number), "shop_address": self.setting("PS_SHOP_NAME")}
        values = {"id_order": order["id"], **words, **totals}
        invoice = self.insert("order_invoices", values, stamp)
        self.change("orders", order, invoice_number=number, invoice_date=stamp)
        for name in ("order_carriers", "order_details"):
            for row in self.rows_of(name, int(order["id"])):
                self.change(name, row, id_order_invoice=invoice["id"])
        earlier = self.payments(int(order["id"])) if link_payments else ()
        self._paid_by[int(invoice["id"])] = [int(row["id"]) for row in earlier]

    def _pay_rest(self, order: Row, stamp: str) -> None:
        for invoice in self.rows_of("order_invoices", int(order["id"])):
            counted = self._paid_by.setdefault(int(invoice["id"]), [])
            paid = sum((Decimal(self.tables["order_payments"][one]["amount"]) for one in counted), Decimal(0))
            rest = round(Decimal(invoice["total_paid_tax_incl"]) - paid, 2)
            if rest > 0:
                counted.append(int(self.add_payment(order, money(rest), stamp)["id"]))

    def add_payment(self, order: Row, amount: str, stamp: str) -> Row:
        """Money counted for an order, as the shop itself counts it."""
        real = Decimal(order["total_paid_real"]) + Decimal(amount)
        self.change("orders", order, total_paid_real=money(real))
        method = MODULES.get(order["module"], order["payment"])
        words = {"payment_method": method, "conversion_rate": order["conversion_rate"]}
        values = {
            "order_reference": order["reference"],
            "id_currency": order["id_currency"],
            "amount": amount,
        }
        return self.insert("order_payments", {**values, **words}, stamp)

    def add_history(self, order: Row, state: Row, stamp: str, employee: str = "0") -> Row:
        """One line more, be it the same as the last."""
        values = {"id_order": order["id"], "id_order_state": state["id"], "id_employee": employee}
        return self.insert("order_histories", values, stamp)

    def set_state(self, order: Row, state: Row, stamp: str) -> None:
        """A state set in the back office, or through ``orders.current_state``: it always mails."""
        self.change_state(order, state, stamp, link_payments=order["invoice_number"] == "0")
        self.add_history(order, state, stamp)
        self.mail_state(order, state)

    def mail_state(self, order: Row, state: Row) -> bool:
        """The mail of a state, if it has one; False where it should have left and could not."""
        template = state.get(f"template:{order['id_lang']}") or state["template:1"]
        if state["send_email"] == "0" or not template:
            return True
        carrier = self.tables["carriers"].get(int(order["id_carrier"]))
        return self.mail(template, order, self.shipping_number(int(order["id"])), carrier)

    def mail_in_transit(self, order: Row, parcel: Row) -> bool:
        """The mail about a parcel, of the order's carrier and not the parcel's.

        1.7.0 has none. Before 1.7.5 its link takes a number of the order's that is always empty. Only from
        8.1 does it stay where the carrier has no link.
        """
        if self.release < (1, 7, 1):
            return True
        carrier = self.tables["carriers"].get(int(order["id_carrier"]))
        if carrier is not None and not carrier["url"] and self.release >= (8, 1):
            return True
        return self.mail(
            "in_transit", order, parcel["tracking_number"] if self.release >= (1, 7, 5) else "", carrier
        )

    def mail(self, template: str, order: Row, number: str = "", carrier: Row | None = None) -> bool:
        """One mail to the shopper; False where none leaves."""
        if self.mail_down:
            return False
        link = carrier["url"].replace("@", number) if carrier else ""
        self.mails.append(Mail(template, int(order["id"]), number, link))
        return True
