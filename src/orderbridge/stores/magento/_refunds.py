"""Refunds: credit memos, each with our key in a comment.

A refund of an order is a record; a refund of an invoice asks the payment method to give the money back, and
only some can. Magento works the amounts of rows out by itself, so what is to be given back beyond or below
them goes into its adjustments, which, like shipping, are in the currency of the shop and not of the order.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

import attrs

from ..._model import Line, Money, Order
from ...adapters import Flow, Park, Refund, Refunded, Unclear, Write, mark_of
from ._comments import clean, has_mark, post
from ._reading import creditmemos_of, invoices_of
from ._settings import Settings
from ._shapes import WireCreditmemo, WireInvoice, WireItem, WireOrder, row_total
from ._values import Amount, json_number, number, text

_CENT = Decimal("0.01")
_PAID = "2"  # of an invoice
_GONE = "3"  # of a credit memo that was canceled
# Our own, because the caller's may round to a few digits.
_WIDE = Context(prec=80)


def refund(
    settings: Settings, wire: WireOrder, order: Order, wanted: Refund
) -> Flow[Write | Refunded | Unclear]:
    """The credit memo as the shop has it by our key, or the one call that makes it."""
    made = yield from creditmemos_of(settings, wire.ref)
    mark = mark_of(wanted.key)
    ours = [memo for memo in made if has_mark(memo.comments, wanted.key)]
    if len(ours) > 1:
        twice = (
            "the shopper may have got the money twice" if wanted.gives_money else "it is written down twice"
        )
        return Unclear(f"{wire.title}: credit memos {_refs(ours)} carry one key {mark}: {twice}")
    if ours:
        return _as_made(wire, order, wanted, ours[0])
    if riddle := _beyond(wire, wanted) or _breaks(wire, order, wanted):
        return Unclear(f"{wire.title}: {riddle}")
    body = _body(settings, wire, wanted)
    if not wanted.gives_money:
        return post(settings, "refund", f"/order/{wire.ref}/refund", body)
    found = _payable(wire, (yield from invoices_of(settings, wire.ref)), made, wanted)
    if found is None:
        return Unclear(
            f"{wire.title}: no invoice of it can give {wanted.amount} back: it takes one with a payment "
            f"transaction and so much left ({wire.method}); give the money back yourself and write it down"
        )
    write = post(settings, "refund", f"/invoice/{found.ref}/refund", {**body, "isOnline": True})
    # The gateway is asked before the credit memo is saved: no memo does not prove that no money moved.
    return attrs.evolve(write, unknown=Park())


def _refs(memos: Iterable[WireCreditmemo]) -> str:
    return ", ".join(memo.ref for memo in memos)


def _amount(value: Amount, name: str) -> Decimal:
    return number(value, f"$.{name}")


# --- what can be given back -----------------------------------------------------------------------------


def _beyond(wire: WireOrder, wanted: Refund) -> str:
    """Why there is not so much left to give back, or empty: Magento cuts units down without a word."""
    left = _amount(wire.total_paid, "total_paid") - _amount(wire.total_refunded, "total_refunded")
    if wanted.amount.amount > left:
        return f"{wanted.amount.amount:f} is wanted, and {left:f} of what was paid is left to give back"
    rows = {item.ref: item for item in wire.lines}
    for line in wanted.lines:
        item = rows.get(line.line_ref)
        if item is None:
            return f"it has no row {line.line_ref}"
        paid = _amount(item.qty_invoiced, "items[].qty_invoiced")
        units = paid - _amount(item.qty_refunded, "items[].qty_refunded")
        if line.units > units:
            return (
                f"row {line.line_ref}: {units:f} units are paid and not refunded, fewer than {line.units:f}"
            )
    shipping = _shipping_paid(wire) - _amount(wire.shipping_refunded, "shipping_refunded")
    shipping -= _amount(wire.shipping_tax_refunded, "shipping_tax_refunded")
    if wanted.shipping is not None and wanted.shipping.amount > shipping:
        return (
            f"{wanted.shipping.amount:f} is wanted for shipping, and {shipping:f} of it is left to give back"
        )
    return ""


def _breaks(wire: WireOrder, order: Order, wanted: Refund) -> str:
    """What a refund would do to the rest of the order, or empty.

    For money alone Magento counts every bundle that is priced by its parts and ships in one box as given
    back, and ships it no more; so too where only its parts go back (seen on 2.4.7-p3).
    """
    if any(line.units for line in wanted.lines):
        return ""
    for item, line in _in_one_box(wire, order):
        if line.open:
            return (
                f"a refund of money alone makes the shop count the bundle {item.title} as given back, "
                "and it could not be shipped there any more; name a line, or wait until it has shipped"
            )
    return ""


def _in_one_box(wire: WireOrder, order: Order) -> list[tuple[WireItem, Line]]:
    """Bundles that are priced by their parts and ship as a whole."""
    lines = {line.ref: line for line in order.lines if line.shippable}
    priced = {part.parent for part in wire.lines if part.parent and _before_discount(part)}
    return [(item, lines[item.ref]) for item in wire.lines if item.ref in priced and item.ref in lines]


def _rows(wire: WireOrder, wanted: Refund) -> list[tuple[WireItem, Decimal]]:
    """The rows that Magento takes back, and how many units of each.

    A bundle that is priced by its parts goes back by them: named itself, Magento would count all of it.
    """
    units: dict[str, Decimal] = {}
    for line in wanted.lines:
        top = next(item for item in wire.lines if item.ref == line.line_ref)
        ordered = _amount(top.qty_ordered, "items[].qty_ordered")
        parts = [item for item in wire.lines if item.parent == top.ref]
        # A part may be free beside others that are not.
        for item in parts if any(_before_discount(part) for part in parts) else [top]:
            with localcontext(_WIDE):
                share = _amount(item.qty_ordered, "items[].qty_ordered") / ordered if ordered else Decimal(1)
                units[item.ref] = units.get(item.ref, Decimal(0)) + line.units * share
    return [(item, units[item.ref]) for item in wire.lines if units.get(item.ref)]


def _payable(
    wire: WireOrder, invoices: Iterable[WireInvoice], made: Iterable[WireCreditmemo], wanted: Refund
) -> WireInvoice | None:
    """The invoice that has the rows, the money left, and a transaction to give it back through."""
    gone = [memo for memo in made if text(memo.state) != _GONE]
    for invoice in invoices:
        if text(invoice.state) != _PAID or not text(invoice.transaction_id):
            continue
        given = sum(
            (_amount(memo.grand_total, "grand_total") for memo in gone if _is_of(memo, invoice)), Decimal(0)
        )
        billed = {row.ref: row.units for row in invoice.items or ()}
        enough = all(billed.get(item.ref, Decimal(0)) >= units for item, units in _rows(wire, wanted))
        if enough and _amount(invoice.grand_total, "grand_total") - given >= wanted.amount.amount:
            return invoice
    return None


def _is_of(memo: WireCreditmemo, invoice: WireInvoice) -> bool:
    # A memo of the order's own may have taken from any of its invoices.
    return text(memo.invoice_id) in ("", "0", invoice.ref)


# --- what is sent ---------------------------------------------------------------------------------------


def _body(settings: Settings, wire: WireOrder, wanted: Refund) -> dict[str, object]:
    shipping = wanted.shipping.amount if wanted.shipping is not None else Decimal(0)
    rows = _rows(wire, wanted)
    goods = sum((_worth(item, units) for item, units in rows), Decimal(0))
    told, given = _shipping(settings, wire, shipping)
    # What rounding in the shop's own currency makes of shipping is made up for here.
    beside = _in_base(wire, wanted.amount.amount - given - goods)
    arguments: dict[str, object] = {
        # Left out, Magento gives back all the shipping there is.
        "shipping_amount": json_number(told),
        "adjustment_positive": json_number(max(beside, Decimal(0))),
        "adjustment_negative": json_number(max(-beside, Decimal(0))),
        "extension_attributes": {
            "return_to_stock_items": [int(item.ref) for item, _ in rows if wanted.restock]
        },
    }
    said = f"{clean(wanted.reason)} {mark_of(wanted.key)}".strip()
    return {
        # An empty list would give back everything: a row of which nothing goes back stands for none.
        "items": [
            {"order_item_id": int(item.ref), "qty": json_number(units)}
            for item, units in rows or [(wire.lines[0], Decimal(0))]
        ],
        "notify": False,
        "appendComment": False,
        "comment": {"comment": said, "is_visible_on_front": 0},
        "arguments": arguments,
    }


def _worth(item: WireItem, units: Decimal) -> Decimal:
    """What Magento will give back for units of a row: each of its parts rounded by itself."""
    ordered = _amount(item.qty_ordered, "items[].qty_ordered")
    with localcontext(_WIDE):
        share = units / ordered if ordered else Decimal(0)
        more = (item.discount_tax_compensation_amount, item.tax_amount)
        worth = _cents(_before_discount(item) * share)
        worth += sum((_cents(_amount(part, "items[]") * share) for part in more), Decimal(0))
        return worth - _cents(_amount(item.discount_amount, "items[].discount_amount") * share)


def _before_discount(item: WireItem) -> Decimal:
    return row_total(item, "$.items[]")


def _shipping_paid(wire: WireOrder) -> Decimal:
    gross = _amount(wire.shipping_incl_tax, "shipping_incl_tax") or _amount(
        wire.shipping_amount, "shipping_amount"
    )
    return gross - _amount(wire.shipping_discount_amount, "shipping_discount_amount")


def _shipping(settings: Settings, wire: WireOrder, wanted: Decimal) -> tuple[Decimal, Decimal]:
    """What to say of shipping, in the shop's currency, and what comes of that for the shopper."""
    paid = _shipping_paid(wire)
    with_tax = settings.shipping_refunds_with_tax
    whole = _amount(wire.shipping_incl_tax if with_tax else wire.shipping_amount, "shipping_amount")
    if not wanted or not paid or not whole:
        return Decimal(0), Decimal(0)
    with localcontext(_WIDE):
        told = _in_base(wire, whole * wanted / paid)
        return told, _cents(told * _rate(wire) * paid / whole)


def _rate(wire: WireOrder) -> Decimal:
    return _amount(wire.base_to_order_rate, "base_to_order_rate") or Decimal(1)


def _in_base(wire: WireOrder, amount: Decimal) -> Decimal:
    with localcontext(_WIDE):
        return _cents(amount / _rate(wire))


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)


# --- what the shop has ----------------------------------------------------------------------------------


def _as_made(wire: WireOrder, order: Order, wanted: Refund, memo: WireCreditmemo) -> Refunded | Unclear:
    amount = Money(_amount(memo.grand_total, "grand_total"), order.currency)
    about = f"{wire.title}: credit memo {memo.ref} has our key, but"
    if text(memo.state) == _GONE:
        return Unclear(f"{about} is canceled")
    if wanted.gives_money and text(memo.invoice_id) in ("", "0"):
        return Unclear(f"{about} is of no invoice: look at the payment provider whether money moved")
    off = abs(amount.amount - wanted.amount.amount)
    if off > _roundings(wire, wanted):
        return Unclear(f"{about} gives {amount}, not {wanted.amount}")
    warnings = [f"the shop rounds: its credit memo gives {amount}"] if off else []
    back = {line.line_ref: line.units for line in wanted.lines}
    for item, line in _in_one_box(wire, order):
        if item.ref in back and line.quantity - line.canceled - line.fulfilled > back[item.ref]:
            warnings.append(
                f"the shop counts every set of {item.title} as given back, and ships none any more"
            )
    return Refunded(ref=memo.ref, amount=amount, gave_money=wanted.gives_money, warnings=tuple(warnings))


def _roundings(wire: WireOrder, wanted: Refund) -> Decimal:
    """How far off the shop's roundings may be: of each row and its tax, of shipping, of what is beside them.

    The last two are told in cents of the shop's currency, one of which may be many of the order's.
    """
    cent = _CENT * max(Decimal(1), _rate(wire))
    return cent * (2 * len(_rows(wire, wanted)) + (wanted.shipping is not None) + 1)
