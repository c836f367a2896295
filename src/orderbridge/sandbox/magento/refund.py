"""Credit memos: what is given back, and whether the money goes along."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal

import attrs

from .bill import PAID, Billing, add_to
from .memo import CreditMemo, memo_rows
from .ship import Comment
from .shop import OFFLINE, Mail, Order, Paper, Payout
from .values import ZERO, RestError, amount, number, stamp

_NO_REFUND = "We can't create creditmemo for the invoice."


@attrs.frozen(kw_only=True)
class Refund:
    """What to give back. All money is in the base currency, whatever the shopper paid in.

    Args:
        items: Units by item id; empty is all that was invoiced.

        shipping: None is ALL of the shipping that was not refunded yet.

        more, less: What comes on top, and what the shop keeps.

        restock: Item ids that go back on the shelf.
    """

    items: Mapping[int, Decimal] = attrs.field(factory=dict[int, Decimal])
    shipping: Decimal | None = None
    more: Decimal = ZERO
    less: Decimal = ZERO
    restock: Collection[int] = ()


@attrs.define(kw_only=True, eq=False)
class Refunding(Billing):
    """A shop that gives money back.

    Args:
        shipping_with_tax: Shipping is shown with its tax in the admin, so what is to be given back of it is
            understood so too.
    """

    shipping_with_tax: bool = False

    def refund(
        self,
        order: Order,
        what: Refund,
        *,
        now: datetime,
        invoice: Paper | None = None,
        online: bool = False,
        comment: Comment | None = None,
        notify: bool = False,
        append_comment: bool = False,
    ) -> int:
        """A credit memo; with an invoice and ``online`` the money goes back through the payment method.

        Nobody looks whether the same was asked for a moment ago.

        Raises:
            RestError: it is refused.
        """
        memo = CreditMemo(
            order=order,
            rows=memo_rows(order.lines, what.items, self._left_of(invoice)),
            invoice=None if invoice is None else invoice.row,
            shipping_with_tax=self.shipping_with_tax,
        )
        memo.reckon(what.shipping, what.more, what.less)
        problems = self._refund_problems(order, memo, what, invoice)
        if problems:
            raise RestError(400, "\n".join(("Creditmemo Document Validation Error(s):", *problems)))
        if comment is not None and not comment.text:
            raise RestError(400, "Could not save a Creditmemo, see error log for details")
        before = dict(order.row)
        entity_id = self.next_id("creditmemo")
        paper = Paper(row={**self.paper_row(order, "creditmemo", entity_id, now), **memo.totals}, items=[])
        for row in memo.rows:
            if row.units > 0:
                if row.line.item_id in what.restock:
                    sku = row.line.sku
                    self.stock[sku, "default"] = self.in_stock(sku, "default") + row.units
                paper.items.append(row.register(entity_id, self.next_id("creditmemo item"), stamp(now)))
        self.creditmemos[entity_id] = paper
        self._count_refund(order, paper, online)
        if invoice is not None:
            paper.row["invoice_id"] = invoice.entity_id
            add_to(invoice.row, "base_total_refunded", amount(paper.row["base_grand_total"]))
        told = self._pay_back(order, paper, online)
        if comment is not None:
            self.comment_paper(paper, comment, now, notified=int(notify and append_comment))
        if notify:
            paper.row["email_sent"] = 1
            said = comment.text if comment and append_comment else ""
            self.mails.append(Mail("creditmemo", order.order_id, entity_id, (), said))
        self._set_state_anew(order, keep_status=invoice is None)
        self.add_comment(order, told, now, is_customer_notified=int(notify), entity_name="creditmemo")
        self.settle(order)
        self.save_order(order, before, now)
        return entity_id

    def refund_by_hand(
        self,
        order_id: int,
        units: Mapping[int, Decimal | int] | None = None,
        *,
        now: datetime,
        shipping: Decimal | int = 0,
    ) -> int:
        """Somebody makes a credit memo in the admin, of these units by item id, or of all."""
        items = {item: Decimal(count) for item, count in (units or {}).items()}
        return self.refund(self.orders[order_id], Refund(items=items, shipping=Decimal(shipping)), now=now)

    def _left_of(self, invoice: Paper | None) -> dict[int, Decimal] | None:
        """How much of each item of an invoice was not refunded by it yet."""
        if invoice is None:
            return None
        left = {int(item["order_item_id"] or 0): amount(item["qty"]) for item in invoice.items}
        for memo in self.creditmemos_of(invoice.order_id):
            if memo.row.get("invoice_id") == invoice.entity_id:
                for item in memo.items:
                    item_id = int(item["order_item_id"] or 0)
                    left[item_id] = left.get(item_id, ZERO) - amount(item["qty"])
        return left

    def _refund_problems(
        self, order: Order, memo: CreditMemo, what: Refund, invoice: Paper | None
    ) -> list[str]:
        problems: list[str] = []
        paid, given = order.money("total_paid"), order.money("total_refunded")
        if order.state in ("closed", "canceled", "holded", "payment_review"):
            status = order.row["status"]
            problems.append(f"A creditmemo can not be created when an order has a status of {status}")
        elif paid == given and paid:
            problems.append("The order does not allow a creditmemo to be created.")
        for row in memo.rows:
            if not row.line.row["is_qty_decimal"] and row.asked % 1:
                problems.append(f'We found an invalid quantity to refund item "{row.line.sku}".')
        most = order.money("base_total_paid") - order.money("base_total_refunded")
        if amount(memo.totals["base_grand_total"]) > most:
            problems.append(f"The most money available to refund is {number(most)}.")
        if invoice is not None:
            left = amount(invoice.row["base_grand_total"]) - amount(invoice.row.get("base_total_refunded"))
            if order.payment["method"] in OFFLINE or invoice.row["state"] != PAID or left <= 0:
                problems.append(_NO_REFUND)
        for item_id, units in what.items.items():
            line = order.line(item_id)
            if line is None:
                problems.append(
                    "The creditmemo contains product item that is not part of the original order."
                )
            elif line.billed_with_another:
                problems.append("The creditmemo contains incorrect product items.")
            elif units > line.to_refund:
                problems.append("The quantity to refund must not be greater than the unrefunded quantity.")
        return problems

    def _pay_back(self, order: Order, memo: Paper, online: bool) -> str:
        """The money, if it goes; the line that the order's history gets."""
        told = self.money_text(amount(memo.row["base_grand_total"]))
        if not online:
            return f"We refunded {told} offline."
        transaction = f"ref-{self.next_id('transaction'):09}"
        memo.row["transaction_id"] = order.payment["last_trans_id"] = transaction
        total, currency = amount(memo.row["grand_total"]), str(memo.row["order_currency_code"])
        self.payouts.append(Payout(order.order_id, total, currency))
        add_to(order.payment, "base_amount_refunded_online", amount(memo.row["base_grand_total"]))
        return f'We refunded {told} online. Transaction ID: "{transaction}"'

    def _count_refund(self, order: Order, memo: Paper, online: bool) -> None:
        parts = {
            "subtotal": "subtotal",
            "shipping": "shipping_amount",
            "shipping_tax": "shipping_tax_amount",
            "tax": "tax_amount",
            "discount": "discount_amount",
        }
        for base in ("base_", ""):
            total = amount(memo.row[f"{base}grand_total"])
            for name, column in parts.items():
                add_to(order.row, f"{base}{name}_refunded", amount(memo.row[f"{base}{column}"]))
            add_to(order.row, f"{base}total_refunded", total)
            add_to(order.row, f"{base}total_{'online' if online else 'offline'}_refunded", total)
            add_to(order.payment, f"{base}amount_refunded", total)
            add_to(order.payment, f"{base}shipping_refunded", amount(memo.row[f"{base}shipping_amount"]))
            for way in ("positive", "negative"):
                name = f"{base}adjustment_{way}"
                add_to(order.row, name, amount(memo.row.get(name)))

    def _set_state_anew(self, order: Order, *, keep_status: bool) -> None:
        """A refund forgets ``complete``: what can still be shipped makes an order ``new`` again."""
        state = "processing" if order.state == "processing" else "new"
        if not self.can_invoice(order) and not self.can_ship(order):
            if self.can_refund(order) or not order.money("base_grand_total"):
                state = "complete"
            elif order.money("total_refunded"):
                state = "closed"
        status = str(order.row["status"])
        known = self.all_statuses().get(status) == state
        self.set_state(order, state, status if keep_status and known else "")
