"""What becomes of an order: invoices, cancellation, holding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import attrs

from .goods import Line
from .ship import Comment, Shipping
from .shop import OFFLINE, Mail, Order, Paper
from .values import ZERO, RestError, Row, amount, cents, stamp

PAID, OPEN = 2, 1  # states of an invoice; a credit memo that gave the money back is 2 too
_NO_PRODUCTS = "The invoice can't be created without products. Add products and try again."


@attrs.define(kw_only=True, eq=False)
class Billing(Shipping):
    """A shop that takes money."""

    def invoice(
        self,
        order_id: int,
        units: Mapping[int, Decimal] | None = None,
        *,
        now: datetime,
        capture: bool = True,
        comment: Comment | None = None,
        notify: bool = False,
        append_comment: bool = False,
    ) -> int:
        """Bill these units by item id, or all that are left. An offline method counts it as paid anyway.

        Raises:
            RestError: it is refused.
        """
        order = self.orders[order_id]
        wanted = units or {}
        asked = [(line, self._to_bill(line, wanted)) for line in order.lines]
        problems = [] if any(count for _, count in asked) else [_NO_PRODUCTS]
        if order.state in ("holded", "payment_review", "canceled", "complete", "closed"):
            problems.append(
                f"An invoice cannot be created when an order has a status of {order.row['status']}"
            )
        elif not self.can_invoice(order):
            problems.append("The order does not allow an invoice to be created.")
        if problems:
            raise RestError(400, "\n".join(("Invoice Document Validation Error(s):", *problems)))
        before = dict(order.row)
        offline = order.payment["method"] in OFFLINE
        entity_id = self.next_id("invoice")
        items = [self._bill_line(line, count, entity_id, stamp(now)) for line, count in asked if count]
        invoice = Paper(row={}, items=items)
        invoice.row = self._invoice_row(order, invoice, entity_id, now)
        paid = offline or capture
        invoice.row["state"] = PAID if paid else OPEN
        self.invoices[entity_id] = invoice
        self._count_invoice(order, invoice, paid)
        if comment is not None:
            self.comment_paper(invoice, comment, now, notified=int(notify and append_comment))
        if order.state in ("new", "pending_payment"):
            self.set_state(order, "processing")
        if capture and not offline:
            self._capture(order, invoice, now)
        self.settle(order)
        if notify:
            invoice.row["email_sent"] = 1
            said = comment.text if comment and append_comment else ""
            self.mails.append(Mail("invoice", order_id, entity_id, (), said))
        self.save_order(order, before, now)
        return entity_id

    def _capture(self, order: Order, invoice: Paper, now: datetime) -> None:
        """The gateway takes the money, and its number stands on the invoice and on the payment."""
        transaction = f"cap-{self.next_id('transaction'):09}"
        del invoice.row["can_void_flag"]
        invoice.row["transaction_id"] = order.payment["last_trans_id"] = transaction
        total = amount(invoice.row["base_grand_total"])
        add_to(order.payment, "base_amount_paid_online", total)
        for base in ("base_", ""):
            order.payment.setdefault(f"{base}amount_authorized", invoice.row[f"{base}grand_total"])
        text = f'Captured amount of {self.money_text(total)} online. Transaction ID: "{transaction}"'
        self.add_comment(order, text, now, entity_name="invoice")

    @staticmethod
    def _to_bill(line: Line, wanted: Mapping[int, Decimal]) -> Decimal:
        """How many of a row are billed; what has its money in another row goes along with it."""
        parent = line.parent
        if not line.billed_with_another:
            units = wanted.get(line.item_id, ZERO) if wanted else line.to_invoice
            if units > line.to_invoice:
                message = 'We found an invalid quantity to invoice item "%1".'
                raise RestError(400, message, [str(line.row["name"])])
            return max(units, ZERO)
        if line.children:
            # A bundle of which the parts have the prices is billed whole, with each of its parts again.
            parts = (wanted.get(one.item_id, ZERO) if wanted else one.to_invoice for one in line.children)
            return line.qty("ordered") if any(part > 0 for part in parts) else ZERO
        if parent is None:
            return ZERO
        return line.each * (wanted.get(parent.item_id, ZERO) if wanted else parent.to_invoice)

    def _bill_line(self, line: Line, units: Decimal, invoice_id: int, at: str) -> Row:
        row: Row = {
            "entity_id": self.next_id("invoice item"),
            "name": line.row["name"],
            "parent_id": invoice_id,
            "product_id": line.row["product_id"],
            "sku": line.sku,
            "order_item_id": line.item_id,
            "qty": units,
        }
        for base in ("base_", ""):
            row |= {
                f"{base}price": line.row[f"{base}price"],
                f"{base}price_incl_tax": line.row.get(f"{base}price_incl_tax"),
            }
            if not line.billed_with_another:
                row |= self._worth(line, units, base)
        line.row["weee_tax_applied"] = "[]"
        line.add("invoiced", units, at)
        return row

    @staticmethod
    def _worth(line: Line, units: Decimal, base: str) -> Row:
        """What these units are billed at; the last of them take what rounding left."""
        share = units / line.qty("ordered")
        worth: Row = {f"{base}discount_tax_compensation_amount": ZERO}
        for name, counted in (
            ("row_total", "row_invoiced"),
            ("tax_amount", "tax_invoiced"),
            ("discount_amount", "discount_invoiced"),
        ):
            whole, billed = amount(line.row[f"{base}{name}"]), amount(line.row[f"{base}{counted}"])
            part = whole - billed if units == line.to_invoice else cents(whole * share)
            line.row[f"{base}{counted}"] = billed + part
            worth[f"{base}{name}"] = part
        worth[f"{base}discount_amount"] = worth[f"{base}discount_amount"] or None
        worth[f"{base}row_total_incl_tax"] = cents(amount(line.row[f"{base}row_total_incl_tax"]) * share)
        line.row[f"{base}discount_tax_compensation_invoiced"] = ZERO
        return worth

    def _invoice_row(self, order: Order, invoice: Paper, entity_id: int, now: datetime) -> Row:
        # The first invoice has all of the shipping in it.
        first = order.row["total_invoiced"] is None
        row = self.paper_row(order, "invoice", entity_id, now)
        row |= {
            "base_shipping_discount_tax_compensation_amnt": ZERO,
            "shipping_discount_tax_compensation_amount": ZERO,
            "can_void_flag": 0,
            "total_qty": sum((amount(item["qty"]) for item in invoice.items), ZERO),
        }
        for base in ("base_", ""):
            freight = order.money(f"{base}shipping_amount") if first else ZERO
            freight_tax = order.money(f"{base}shipping_tax_amount") if first else ZERO
            self._total(row, invoice.items, base, freight, freight_tax)
        return row

    def paper_row(self, order: Order, table: str, entity_id: int, now: datetime) -> Row:
        names = (
            *("base_currency_code", "base_to_global_rate", "base_to_order_rate", "billing_address_id"),
            *("global_currency_code", "order_currency_code", "store_currency_code", "store_id"),
            *("store_to_base_rate", "store_to_order_rate"),
        )
        return {
            **{name: order.row[name] for name in names},
            "created_at": stamp(now),
            "entity_id": entity_id,
            "increment_id": f"{self.next_id(f'increment of {table}'):09}",
            "order_id": order.order_id,
            "shipping_address_id": (order.shipping or {}).get("entity_id"),
            "state": PAID,
            "updated_at": stamp(now),
        }

    @staticmethod
    def _total(row: Row, items: Sequence[Row], base: str, freight: Decimal, freight_tax: Decimal) -> None:
        subtotal = sum((amount(item.get(f"{base}row_total")) for item in items), ZERO)
        with_tax = sum((amount(item.get(f"{base}row_total_incl_tax")) for item in items), ZERO)
        tax = sum((amount(item.get(f"{base}tax_amount")) for item in items), ZERO) + freight_tax
        discount = sum((amount(item.get(f"{base}discount_amount")) for item in items), ZERO)
        row |= {
            f"{base}discount_amount": -discount if discount else ZERO,
            f"{base}discount_tax_compensation_amount": ZERO,
            f"{base}grand_total": subtotal + tax - discount + freight,
            f"{base}shipping_amount": freight,
            f"{base}shipping_incl_tax": freight + freight_tax,
            f"{base}shipping_tax_amount": freight_tax,
            f"{base}subtotal": subtotal,
            f"{base}subtotal_incl_tax": with_tax,
            f"{base}tax_amount": tax,
        }

    def _count_invoice(self, order: Order, invoice: Paper, paid: bool) -> None:
        for base in ("base_", ""):
            parts = {"subtotal": "subtotal", "shipping": "shipping_amount", "tax": "tax_amount"}
            for name, column in {**parts, "discount": "discount_amount", "total": "grand_total"}.items():
                add_to(order.row, f"{base}{name}_invoiced", amount(invoice.row[f"{base}{column}"]))
            order.row[f"{base}discount_tax_compensation_invoiced"] = ZERO
            if paid:
                add_to(order.row, f"{base}total_paid", amount(invoice.row[f"{base}grand_total"]))
                add_to(order.payment, f"{base}amount_paid", amount(invoice.row[f"{base}grand_total"]))
                add_to(
                    order.payment, f"{base}shipping_captured", amount(invoice.row[f"{base}shipping_amount"])
                )
        order.row["base_total_invoiced_cost"] = ZERO

    # Deciding

    def cancel(self, order_id: int, *, now: datetime) -> bool:
        """What was not invoiced yet, whatever was shipped; False if nothing of it could be canceled.

        An order that was invoiced in part is not ``canceled`` afterwards: it goes on with the rest.
        """
        order = self.orders[order_id]
        if not self.can_invoice(order):
            return False
        before = dict(order.row)
        state = "canceled"
        for line in order.lines:
            if line.to_refund and state != "processing":
                to_ship = line.left if line.kind == "bundle" or line.in_bundle else line.to_ship
                state = "processing" if to_ship > line.to_cancel else "complete"
            units = line.to_cancel
            taxed = amount(line.row["base_tax_amount"]) * units / line.qty("ordered")
            line.row["tax_canceled"] = cents(taxed)
            line.add("canceled", units, stamp(now))
        for base in ("base_", ""):
            for name, column in (
                ("total", "grand_total"),
                ("subtotal", "subtotal"),
                ("shipping", "shipping_amount"),
                ("tax", "tax_amount"),
            ):
                invoiced = "total_paid" if name == "total" else f"{name}_invoiced"
                left = order.money(f"{base}{column}") - order.money(f"{base}{invoiced}")
                order.row[f"{base}{name}_canceled"] = left
            discounted = abs(order.money(f"{base}discount_amount"))
            order.row[f"{base}discount_canceled"] = discounted - abs(order.money(f"{base}discount_invoiced"))
        self.set_state(order, state)
        self.settle(order)
        self.save_order(order, before, now)
        return True

    def hold(self, order_id: int, *, now: datetime) -> None:
        """Nothing happens with it until it is let go.

        Raises:
            RestError: not in this state.
        """
        order = self.orders[order_id]
        if order.state in ("holded", "payment_review", "canceled", "complete", "closed"):
            raise RestError(400, "A hold action is not available.")
        before = dict(order.row)
        order.row |= {"hold_before_state": order.state, "hold_before_status": order.row["status"]}
        self.set_state(order, "holded")
        self.save_order(order, before, now)

    def unhold(self, order_id: int, *, now: datetime) -> None:
        """Back to what it was.

        Raises:
            RestError: it is not held.
        """
        order = self.orders[order_id]
        if order.state != "holded":
            raise RestError(400, "You cannot remove the hold.")
        before = dict(order.row)
        self.set_state(order, str(order.row["hold_before_state"]), str(order.row["hold_before_status"]))
        order.row |= {"hold_before_state": None, "hold_before_status": None}
        self.save_order(order, before, now)


def add_to(row: Row, column: str, more: Decimal) -> None:
    """Some more in a money column."""
    row[column] = amount(row.get(column)) + more
