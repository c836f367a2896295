"""What a credit memo comes to: which rows it has, and what each is worth, rounded as Magento rounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import attrs

from .goods import Line
from .shop import CURRENCY_SIGNS, Order
from .values import ZERO, RestError, Row, amount, cents

_PARTS = ("row_total", "row_total_incl_tax", "tax_amount", "discount_amount")


@attrs.define(eq=False)
class _Pennies:
    """Rounds each amount together with what the one before left over, one kind apart from the other."""

    left: dict[str, Decimal] = attrs.field(factory=dict[str, Decimal])

    def round(self, value: Decimal, kind: str, sign: int = 1) -> Decimal:
        if not value:
            return value
        exact = value + sign * self.left.get(kind, ZERO)
        rounded = cents(exact)
        self.left[kind] = sign * (exact - rounded)
        return rounded


@attrs.define(eq=False)
class MemoRow:
    """One row of a credit memo.

    Args:
        asked: As it was asked for, which may be no quantity at all (-1, or half of what comes whole).

        dummy: Another row has the money.
    """

    line: Line
    asked: Decimal
    dummy: bool
    money: Row = attrs.field(factory=dict[str, "str | int | Decimal | None"])

    @property
    def units(self) -> Decimal:
        """What goes into the books.

        Raises:
            RestError: more than there is.
        """
        cut = self.asked if self.line.row["is_qty_decimal"] else Decimal(int(self.asked))
        units = max(cut, ZERO)
        if units > self.line.to_refund and not self.dummy:
            name = str(self.line.row["name"])
            raise RestError(400, 'We found an invalid quantity to refund item "%1".', [name])
        return units

    @property
    def last(self) -> bool:
        """Nothing of it is left then, so that it takes what rounding left."""
        return self.units == self.line.to_refund

    def share(self, base: str, got: str, gone: str, units: Decimal, pennies: _Pennies, sign: int) -> Decimal:
        """Of what was invoiced and not given back, the part that falls on these units."""
        row = self.line.row
        left = amount(row[f"{base}{got}"]) - amount(row.get(f"{base}{gone}"))
        if self.last:
            return left
        there = self.line.qty("invoiced") - self.line.qty("refunded")
        return pennies.round(left / there * units, base, sign)

    def register(self, memo_id: int, entity_id: int, at: str) -> Row:
        """The row as it is kept; the item counts it."""
        line = self.line
        for base in ("base_", ""):
            for column, part in (
                ("amount", "row_total"),
                ("tax", "tax_amount"),
                ("discount", "discount_amount"),
            ):
                name = f"{base}{column}_refunded"
                line.row[name] = amount(line.row.get(name)) + amount(self.money.get(f"{base}{part}"))
        line.add("refunded", self.units, at)
        row: Row = {
            "base_cost": None,
            "base_weee_tax_row_disposition": ZERO,
            "entity_id": entity_id,
            "name": line.row["name"],
            "order_item_id": line.item_id,
            "parent_id": memo_id,
            "product_id": line.row["product_id"],
            "qty": self.asked,
            "sku": line.sku,
            "weee_tax_applied": "[]",
            "weee_tax_applied_row_amount": ZERO,
            "weee_tax_row_disposition": ZERO,
        }
        for base in ("base_", ""):
            row |= {
                f"{base}discount_tax_compensation_amount": None if self.dummy else ZERO,
                f"{base}price": line.row[f"{base}price"],
                f"{base}price_incl_tax": line.row.get(f"{base}price_incl_tax"),
            }
            row |= {f"{base}{part}": self.money.get(f"{base}{part}") for part in _PARTS}
            row[f"{base}discount_amount"] = row[f"{base}discount_amount"] or None
        return row


def memo_rows(
    lines: Sequence[Line], asked: Mapping[int, Decimal], limits: Mapping[int, Decimal] | None
) -> list[MemoRow]:
    """The rows of a credit memo, those of nothing too.

    Args:
        asked: Units by item id; nothing asked is everything.

        limits: What is left of each item of the invoice, if it is about one.
    """

    def left(line: Line) -> bool:
        return line.to_refund > 0 and (limits is None or limits.get(line.item_id, ZERO) > 0)

    rows: list[MemoRow] = []
    for line in lines:
        if not line.billed_with_another:
            if left(line):
                units = asked.get(line.item_id, ZERO) if asked else line.to_refund
                if limits is not None:
                    units = min(units, limits[line.item_id])
                rows.append(MemoRow(line, units, dummy=False))
        elif line.children:
            # A bundle of which the parts have the prices goes back whole every time, even when all that is
            # asked for is none of something else.
            chosen = [asked.get(child.item_id, ZERO) > 0 for child in line.children]
            if any(chosen) if any(asked.values()) else any(left(child) for child in line.children):
                rows.append(MemoRow(line, line.qty("invoiced"), dummy=True))
        elif line.parent is not None:
            of_parent = asked.get(line.parent.item_id, ZERO) if asked else line.parent.to_refund
            if of_parent > 0:
                rows.append(MemoRow(line, of_parent * line.each, dummy=True))
    return rows


@attrs.define(kw_only=True, eq=False)
class CreditMemo:
    """A credit memo that is being made; ``totals`` are its columns of money."""

    order: Order
    rows: Sequence[MemoRow]
    invoice: Row | None
    shipping_with_tax: bool
    totals: Row = attrs.field(init=False, factory=dict[str, "str | int | Decimal | None"])

    def reckon(self, shipping: Decimal | None, more: Decimal, less: Decimal) -> None:
        """Work out what it comes to; ``shipping`` None is all that is left.

        Raises:
            RestError: too many units, or too much shipping.
        """
        pennies = _Pennies()
        paying = [row for row in self.rows if not row.dummy]
        for row in paying:
            for base in ("", "base_"):
                worth = row.share(base, "row_invoiced", "amount_refunded", row.units, pennies, 1)
                row.money[f"{base}row_total"] = worth
                one = amount(row.line.row[f"{base}row_total_incl_tax"]) / row.line.qty("ordered")
                row.money[f"{base}row_total_incl_tax"] = pennies.round(one * row.units, f"{base}including")
        for row in paying:
            for base in ("", "base_"):
                off = row.share(base, "discount_invoiced", "discount_refunded", row.asked, pennies, -1)
                row.money[f"{base}discount_amount"] = off
        self._freight(shipping)
        for row in paying:
            for base in ("", "base_"):
                taxed = ZERO
                if row.asked > 0:
                    taxed = row.share(base, "tax_invoiced", "tax_refunded", row.asked, pennies, 1)
                row.money[f"{base}tax_amount"] = taxed
        rate = amount(self.order.row["base_to_order_rate"])
        for base, factor in (("", rate), ("base_", Decimal(1))):
            added, kept = cents(more * factor), cents(less * factor)
            self._total(base, paying, added - kept, pennies)
            self.totals |= {f"{base}adjustment_positive": added or None}
            self.totals |= {f"{base}adjustment_negative": kept or None}

    def _freight(self, wanted: Decimal | None) -> None:
        order = self.order
        taxed = order.money("base_shipping_tax_amount") - order.money("base_shipping_tax_refunded")
        left = {
            base: order.money(f"{base}shipping_amount") - order.money(f"{base}shipping_refunded")
            for base in ("base_", "")
        }
        most = left["base_"] + (taxed if self.shipping_with_tax else ZERO)
        whole = order.money("base_shipping_incl_tax" if self.shipping_with_tax else "base_shipping_amount")
        if wanted and whole <= 0:
            raise RestError(400, "You can not refund shipping if there is no shipping amount.")
        if wanted is not None and cents(wanted) > most:
            text = f"{CURRENCY_SIGNS.get(str(order.row['base_currency_code']), '')}{most:.2f}"
            raise RestError(400, "Maximum shipping amount allowed to refund is: %1", [text])
        part = most if wanted is None else cents(wanted)
        ratio = part / whole if whole else ZERO
        for base in ("base_", ""):
            amounts = order.money(f"{base}shipping_amount"), order.money(f"{base}shipping_incl_tax")
            self.totals |= {
                f"{base}shipping_amount": left[base] if part >= most else cents(amounts[0] * ratio),
                f"{base}shipping_incl_tax": cents(amounts[1] * ratio),
            }

    def _freight_tax(self, base: str, pennies: _Pennies) -> Decimal:
        order = self.order
        whole = order.money(f"{base}shipping_amount")
        given = amount(self.totals[f"{base}shipping_amount"])
        if not whole:
            return ZERO
        there = order.money("base_shipping_amount") - order.money("base_shipping_refunded")
        whole_rest = there == amount(self.totals["base_shipping_amount"])
        if self.invoice is None and not self.shipping_with_tax and whole_rest:
            return order.money(f"{base}shipping_tax_amount") - order.money(f"{base}shipping_tax_refunded")
        taxed = amount((order.row if self.invoice is None else self.invoice)[f"{base}shipping_tax_amount"])
        return pennies.round(taxed * given / whole, base)

    def _total(self, base: str, paying: Sequence[MemoRow], adjustment: Decimal, pennies: _Pennies) -> None:
        order = self.order

        def of_all(part: str) -> Decimal:
            return sum((amount(row.money[f"{base}{part}"]) for row in paying), ZERO)

        on_freight = self._freight_tax(base, pennies)
        tax = of_all("tax_amount") + on_freight
        freight = amount(self.totals[f"{base}shipping_amount"])
        allowed = order.money(f"{base}tax_invoiced") - order.money(f"{base}tax_refunded")
        partly = freight < order.money(f"{base}shipping_amount") and order.money(f"{base}shipping_tax_amount")
        tax = allowed if self._last(paying) and not partly else min(tax, allowed)
        subtotal, discount = of_all("row_total"), of_all("discount_amount")
        self.totals |= {
            f"{base}adjustment": adjustment,
            f"{base}discount_amount": -discount if discount else ZERO,
            f"{base}discount_tax_compensation_amount": ZERO,
            f"{base}grand_total": subtotal + tax - discount + freight + adjustment,
            f"{base}shipping_tax_amount": on_freight,
            f"{base}subtotal": subtotal,
            f"{base}subtotal_incl_tax": of_all("row_total_incl_tax"),
            f"{base}tax_amount": tax,
        }

    def _last(self, paying: Sequence[MemoRow]) -> bool:
        if not self.rows:
            return not any(line.to_refund for line in self.order.lines)
        return all(row.last for row in paying)
