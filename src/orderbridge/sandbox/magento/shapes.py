"""How orders and their papers look in an answer."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from .goods import Line
from .shop import Order, Paper
from .values import ZERO, Json, Object, Row, amount, as_json

_FREIGHT = (
    *("base_shipping_amount", "base_shipping_discount_amount"),
    *("base_shipping_discount_tax_compensation_amnt", "base_shipping_incl_tax", "base_shipping_invoiced"),
    *("base_shipping_tax_amount", "shipping_amount", "shipping_discount_amount"),
    *("shipping_discount_tax_compensation_amount", "shipping_incl_tax", "shipping_invoiced"),
    *("shipping_tax_amount", "base_shipping_refunded", "shipping_refunded"),
    *("base_shipping_canceled", "shipping_canceled"),
)


@attrs.frozen(kw_only=True)
class Ways:
    """How releases and settings differ in what they show.

    Args:
        empty_as_list: Extension attributes with nothing in them are ``[]``.

        before_discount: Rows of orders show their totals as they are kept, which older releases do.
    """

    empty_as_list: bool = False
    before_discount: bool = False


def order_columns(order: Order) -> Row:
    """The columns of an order, with what is worked out from them."""
    due = {
        f"{base}total_due": max(order.money(f"{base}grand_total") - order.money(f"{base}total_paid"), ZERO)
        for base in ("base_", "")
    }
    return {**order.row, **due}


def order_json(order: Order, ways: Ways) -> Object:
    """An order as ``GET /V1/orders/{id}`` gives it."""
    items = lines_json(order.lines, ways)
    shipping: Object = {}
    if order.shipping is not None:
        shipping = {"address": address_json(order.shipping), "method": "flatrate_flatrate"}
    shipping["total"] = as_json({name: order.row[name] for name in _FREIGHT})
    assignment: Object = {"shipping": shipping, "items": items}
    info: list[Json] = [
        {"key": key, "value": "null" if value is None else value} for key, value in order.payment_info.items()
    ]
    extension: Object = {
        "shipping_assignments": [assignment],
        "payment_additional_info": info,
        "applied_taxes": [],
        "item_applied_taxes": [],
        "converting_from_quote": False,
        "taxes": [],
        "additional_itemized_taxes": [],
    }
    return {**as_json(order_columns(order)), **order_tail(order, items), "extension_attributes": extension}


def order_tail(order: Order, items: list[Json]) -> Object:
    """What follows an order's columns, but for the extension attributes."""
    named: list[Json] = [*order.payment_info.values()]
    payment = as_json(order.payment) | {"account_status": None, "cc_last4": None}
    # The newest first, which is not how the list of comments has them.
    histories: list[Json] = [comment_json(row) for row in reversed(order.comments)]
    return {
        "items": items,
        "billing_address": address_json(order.billing),
        "payment": {**payment, "additional_information": named},
        "status_histories": histories,
    }


def lines_json(lines: Sequence[Line], ways: Ways, *, bare: bool = False) -> list[Json]:
    """Items; a child has its parent in it once more. ``bare`` leaves out the extension attributes."""
    return [_line_json(line, ways, bare) for line in lines]


def _line_json(line: Line, ways: Ways, bare: bool) -> Object:
    found = as_json(line.row if ways.before_discount else {**line.row, **_after_discount(line.row)})
    if line.parent is not None:
        found["parent_item"] = _line_json(line.parent, ways, bare)
    if line.option is not None:
        found["product_option"] = line.option
    if not bare:
        nothing: Json = [] if ways.empty_as_list else {"itemized_taxes": []}
        found["extension_attributes"] = nothing
    return found


def _after_discount(row: Row) -> Row:
    """What a row's totals are shown as: less its discount, and never below nothing."""
    shown: Row = {}
    for base in ("base_", ""):
        total = amount(row[f"{base}row_total"]) - amount(row[f"{base}discount_amount"])
        shown[f"{base}row_total"] = max(total, ZERO)
        shown[f"{base}row_total_incl_tax"] = max(total + amount(row[f"{base}tax_amount"]), ZERO)
    return shown


def address_json(row: Row) -> Object:
    """An address; its street is a list of lines."""
    lines: list[Json] = [*str(row["street"] or "").split("\n")]
    return {**as_json(row), "street": lines}


def comment_json(row: Row) -> Object:
    """An entry of an order's history. What it says and whether somebody was told may be null."""
    nulls = as_json(row, nulls=True)
    return {**as_json(row), **{name: nulls[name] for name in ("comment", "is_customer_notified")}}


def paper_comment_json(row: Row) -> Object:
    """A comment on a paper; it shows its nulls."""
    return as_json(row, nulls=True)


def shipment_json(paper: Paper, *, source: bool) -> Object:
    """A shipment; tracks show their nulls. ``source``: with where it left from, which a save leaves out."""
    found: Object = {**as_json(paper.row), "packages": []}
    found["items"] = [as_json(row) for row in paper.items]
    found["tracks"] = [as_json(row, nulls=True) for row in paper.tracks]
    found["comments"] = [paper_comment_json(row) for row in paper.comments]
    if source:
        found["extension_attributes"] = {"source_code": paper.source}
    return found


def invoice_json(paper: Paper) -> Object:
    """An invoice."""
    columns = {name: value for name, value in paper.row.items() if name != "base_total_refunded"}
    found = as_json(columns)
    found["items"] = [as_json(row) for row in paper.items]
    found["comments"] = [paper_comment_json(row) for row in paper.comments]
    return found


def creditmemo_json(paper: Paper) -> Object:
    """A credit memo; its items show that nobody knows the cost."""
    found = as_json(paper.row)
    found["items"] = [{**as_json(row), "base_cost": None} for row in paper.items]
    found["comments"] = [paper_comment_json(row) for row in paper.comments]
    return found
