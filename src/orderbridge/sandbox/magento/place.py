"""How an order comes to be: from a cart to all the columns that it has when it is placed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import attrs

from .goods import Item, Line, add_up_bundle, line_row, variant_row
from .refund import Refunding
from .shop import Order, Store
from .values import ZERO, Json, Row, Value, amount, cents, stamp

METHOD_TITLES = {
    "checkmo": "Check / Money order",
    "banktransfer": "Bank Transfer Payment",
    "cashondelivery": "Cash On Delivery",
    "purchaseorder": "Purchase Order",
    "free": "No Payment Information Required",
}
# Columns that are NULL until something happens; a filter may name them all the same.
_LATER = (
    *(
        "customer_id",
        "customer_taxvat",
        "coupon_code",
        "ext_order_id",
        "ext_customer_id",
        "hold_before_state",
    ),
    *("hold_before_status", "relation_parent_id", "total_paid", "base_total_paid", "total_invoiced"),
    *("base_total_invoiced", "base_total_invoiced_cost", "subtotal_invoiced", "base_subtotal_invoiced"),
    *("shipping_invoiced", "base_shipping_invoiced", "tax_invoiced", "base_tax_invoiced"),
    *("discount_invoiced", "base_discount_invoiced", "discount_tax_compensation_invoiced"),
    *("base_discount_tax_compensation_invoiced", "total_refunded", "base_total_refunded"),
    *("subtotal_refunded", "base_subtotal_refunded", "shipping_refunded", "base_shipping_refunded"),
    *("tax_refunded", "base_tax_refunded", "discount_refunded", "base_discount_refunded"),
    *("total_offline_refunded", "base_total_offline_refunded", "total_online_refunded"),
    *("base_total_online_refunded", "adjustment_positive", "base_adjustment_positive"),
    *("adjustment_negative", "base_adjustment_negative", "total_canceled", "base_total_canceled"),
    *("subtotal_canceled", "base_subtotal_canceled", "shipping_canceled", "base_shipping_canceled"),
    *("tax_canceled", "base_tax_canceled", "discount_canceled", "base_discount_canceled"),
    *("shipping_tax_refunded", "base_shipping_tax_refunded"),
)


@attrs.define(kw_only=True, eq=False)
class Placing(Refunding):
    """A shop that shoppers buy in."""

    def place_order(
        self,
        items: Sequence[Item],
        *,
        now: datetime,
        shipping: Mapping[str, Value] | None = None,
        billing: Mapping[str, Value] | None = None,
        method: str = "",
        paid: bool = True,
        authorized: bool = False,
        state: str = "",
        shipping_amount: Decimal | int | str = 5,
        shipping_tax_percent: Decimal | int | str = 0,
        store: str = "default",
        rate: Decimal | int | str = 1,
        payment: Mapping[str, Value] | None = None,
        **columns: Value,
    ) -> int:
        """A shopper buys; the order's ``entity_id``.

        Args:
            shipping, billing: Columns of the addresses that differ from the sandbox's own.

            method: Of payment; left out, a card if it is paid or authorized and a check if not.

            paid: The card was charged (there is an invoice), or somebody booked the money as received.

            authorized: The card was only authorized: ``processing``, and nothing paid.

            state: Instead of the one it would have.

            shipping_amount: Without tax, in the base currency.

            rate: From the base currency to that of the store view.
        """
        view = next(one for one in self.stores if one.code == store)
        rate = Decimal(rate)
        number, at = self.next_id("order"), stamp(now)
        lines = [line for item in items for line in self._lines(item, number, view, rate, at)]
        virtual = all(line.virtual for line in lines if line.parent is None)
        freight = ZERO if virtual else Decimal(shipping_amount)
        ship_to = None if virtual else self._address("shipping", number, shipping or {})
        bill_to = self._address("billing", number, billing or {})
        method = method or ("adyen_cc" if paid or authorized else "checkmo")
        row = self._order_row(number, view, rate, lines, freight, Decimal(shipping_tax_percent), at)
        row |= {"billing_address_id": bill_to["entity_id"], "is_virtual": int(virtual)}
        row |= {"shipping_description": None if virtual else "Flat Rate - Fixed"}
        title = METHOD_TITLES.get(method, "Credit Card")
        info: dict[str, str | None] = {"method_title": title}
        if method == "banktransfer":
            info["instructions"] = None
        order = Order(
            row=row | columns,
            lines=lines,
            billing=bill_to,
            shipping=ship_to,
            payment=self._payment_row(row, method) | dict(payment or {}),
            payment_info=info,
        )
        self.orders[number] = order
        if authorized:
            self.set_state(order, "processing")
            order.payment |= {f"{base}amount_authorized": row[f"{base}grand_total"] for base in ("", "base_")}
        if state:
            self.set_state(order, state)
        elif paid and not authorized:
            self.invoice(number, now=now)
        return number

    def _lines(self, item: Item, order_id: int, view: Store, rate: Decimal, at: str) -> list[Line]:
        product = self.product(attrs.evolve(item, kind="simple") if item.kind == "configurable" else item)
        price = sum((part.price * part.quantity for part in item.parts), ZERO) or item.price
        parent_product = product
        if item.kind == "configurable":
            parent_product = self.product(attrs.evolve(item, sku=f"{item.sku}-parent"))
        row = line_row(item, parent_product, item.quantity, rate, price)
        parent = Line(self._item_ids(row, order_id, view, at), separately=item.separately)
        if item.options:
            known: list[Json] = [
                {"option_id": str(number), "option_value": text}
                for number, text in enumerate(item.options.values(), 1)
            ]
            parent.option = {"extension_attributes": {"custom_options": known}}
        found = [parent]
        if item.kind == "configurable":
            choice: list[Json] = [{"option_id": "137", "option_value": product.product_id}]
            parent.option = {"extension_attributes": {"configurable_item_options": choice}}
            child = Line(self._item_ids(variant_row(row, product), order_id, view, at), parent=parent)
            parent.children.append(child)
            found.append(child)
        if item.kind == "bundle":
            chosen: list[Json] = []
            for number, part in enumerate(item.parts, 1):
                each = part.quantity * item.quantity
                its = line_row(part, self.product(part), each, rate, part.price)
                its["row_weight"] = ZERO
                child = Line(self._item_ids(its, order_id, view, at), parent=parent, each=part.quantity)
                parent.children.append(child)
                found.append(child)
                chosen.append(
                    {"option_id": number, "option_qty": int(part.quantity), "option_selections": [number]}
                )
            parent.option = {"extension_attributes": {"bundle_options": chosen}}
            if parent.priced_by_parts:
                add_up_bundle(parent)
        for child in found[1:]:
            child.row["parent_item_id"] = parent.item_id
        return found

    def _item_ids(self, row: Row, order_id: int, view: Store, at: str) -> Row:
        number = self.next_id("item")
        ids: Row = {
            "item_id": number,
            "order_id": order_id,
            "quote_item_id": number,
            "store_id": view.store_id,
        }
        return {**row, **ids, "created_at": at, "updated_at": at, "parent_item_id": None}

    def _address(self, kind: str, order_id: int, given: Mapping[str, Value]) -> Row:
        row: Row = {
            "address_type": kind,
            "city": "Springfield",
            "company": None,
            "country_id": "US",
            "email": "zoe@example.com",
            "entity_id": self.next_id("address"),
            "firstname": "Zoë",
            "lastname": "O'Neil",
            "parent_id": order_id,
            "postcode": "62701",
            "region": "Illinois",
            "region_code": "IL",
            "region_id": 23,
            "street": "1 Dock Rd",
            "telephone": "+1 312 555 0100",
        }
        return {**row, **given}

    def _order_row(
        self,
        number: int,
        view: Store,
        rate: Decimal,
        lines: list[Line],
        freight: Decimal,
        freight_tax: Decimal,
        at: str,
    ) -> Row:
        tops = [line for line in lines if line.parent is None]
        paying = [line for line in lines if not line.billed_with_another]
        counter = self.next_id(f"increment of {view.code}")
        prefix = "" if view.store_id == 1 else str(view.store_id)
        row: Row = dict.fromkeys(_LATER)
        for base, factor in (("base_", Decimal(1)), ("", rate)):
            subtotal = sum((amount(line.row[f"{base}row_total"]) for line in tops), ZERO)
            tax = sum((amount(line.row[f"{base}tax_amount"]) for line in paying), ZERO)
            discount = sum((amount(line.row[f"{base}discount_amount"]) for line in paying), ZERO)
            with_tax = sum((amount(line.row[f"{base}row_total_incl_tax"]) for line in tops), ZERO)
            carriage = cents(freight * factor)
            carriage_tax = cents(carriage * freight_tax / 100)
            row |= {
                f"{base}discount_amount": -discount if discount else ZERO,
                f"{base}discount_tax_compensation_amount": ZERO,
                f"{base}grand_total": subtotal - discount + tax + carriage + carriage_tax,
                f"{base}shipping_amount": carriage,
                f"{base}shipping_discount_amount": ZERO,
                f"{base}shipping_incl_tax": carriage + carriage_tax,
                f"{base}shipping_tax_amount": carriage_tax,
                f"{base}subtotal": subtotal,
                f"{base}subtotal_incl_tax": with_tax,
                f"{base}tax_amount": tax + carriage_tax,
            }
        currency = {"base_currency_code": self.base_currency, "global_currency_code": self.base_currency}
        return row | {
            **currency,
            "base_shipping_discount_tax_compensation_amnt": ZERO,
            "base_to_global_rate": Decimal(1),
            "base_to_order_rate": rate,
            "created_at": at,
            "customer_email": "zoe@example.com",
            "customer_firstname": "Zoë",
            "customer_group_id": 0,
            "customer_is_guest": 1,
            "customer_lastname": "O'Neil",
            "customer_note_notify": 1,
            "email_sent": 1,
            "entity_id": number,
            "increment_id": f"{prefix}{counter:09}",
            "order_currency_code": view.currency,
            "protect_code": hashlib.sha256(f"order {number}".encode()).hexdigest()[:32],
            "quote_id": number + 32,
            "remote_ip": "127.0.0.1",
            "shipping_discount_tax_compensation_amount": ZERO,
            "state": "new",
            "status": "pending",
            "store_currency_code": self.base_currency,
            "store_id": view.store_id,
            "store_name": f"Main Website\nMain Website Store\n{view.name}",
            "store_to_base_rate": ZERO,
            "store_to_order_rate": ZERO,
            "total_item_count": len(tops),
            "total_qty_ordered": sum((line.qty("ordered") for line in tops), ZERO),
            "updated_at": at,
            "weight": sum((amount(line.row["row_weight"]) for line in lines if not line.virtual), ZERO),
        }

    def _payment_row(self, row: Row, method: str) -> Row:
        return {
            "account_status": None,
            "amount_ordered": row["grand_total"],
            "base_amount_ordered": row["base_grand_total"],
            "base_shipping_amount": row["base_shipping_amount"],
            "cc_last4": None,
            "entity_id": row["entity_id"],
            "method": method,
            "parent_id": row["entity_id"],
            "po_number": "PO-77" if method == "purchaseorder" else None,
            "shipping_amount": row["shipping_amount"],
        }
