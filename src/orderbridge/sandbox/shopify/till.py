"""The till: money in, money back, and orders called off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import attrs

from .floor import Floor
from .records import Job, Line, Order, Refund, RefundLine, Transaction
from .totals import (
    ZERO,
    capturable,
    cents,
    outstanding,
    received,
    refunded,
    shipping_left,
    tax_of_units,
    unfulfilled,
)
from .values import Refusal


@attrs.frozen(kw_only=True)
class Wanted:
    """Units to refund."""

    line: Line
    quantity: int
    restock: str = "NO_RESTOCK"


@attrs.frozen(kw_only=True)
class MoneyBack:
    """Money to give back by one transaction."""

    amount: Decimal
    gateway: str
    parent: Transaction | None = None


@attrs.define(kw_only=True, eq=False)
class Till(Floor):
    """A shop with a till."""

    def transact(
        self,
        order: Order,
        kind: str,
        amount: Decimal,
        now: datetime,
        *,
        parent: Transaction | None = None,
        gateway: str = "",
        status: str = "SUCCESS",
    ) -> Transaction:
        """Money moves, or may."""
        one = Transaction(
            id=self.next_id("OrderTransaction"),
            order=order,
            kind=kind,
            amount=amount,
            created_at=now.replace(microsecond=0),
            gateway=gateway or order.gateway,
            status=status,
            parent=parent,
        )
        order.transactions.append(one)
        return one

    def mark_paid(self, order: Order, now: datetime) -> None:
        """The merchant has the money from elsewhere.

        Raises:
            Refusal: Nothing is owed.
        """
        if outstanding(order) <= ZERO or order.canceled_at:
            raise Refusal("Order cannot be marked as paid.", ["id"])
        pending = next((one for one in order.transactions if one.status == "PENDING"), None)
        self.transact(order, "SALE", outstanding(order), now, parent=pending, gateway="manual")
        if pending:
            pending.status = "SUCCESS" if pending.kind != "SALE" else "FAILURE"
        self.touch(order, now, "orders/paid")

    def capture(self, order: Order, parent: Transaction, amount: Decimal, now: datetime) -> Transaction:
        """Take authorized money.

        Raises:
            Refusal: It was taken already, or there is not so much.
        """
        if capturable(order) == ZERO:
            raise Refusal("The authorized transaction has already been captured")
        if not ZERO < amount <= capturable(order):
            raise Refusal("The amount is greater than the authorized amount.", ["amount"])
        taken = self.transact(order, "CAPTURE", amount, now, parent=parent)
        self.touch(order, now, "orders/paid")
        return taken

    def refundable(self, line: Line) -> int:
        """Units that can still be refunded."""
        return line.current

    def worth(self, order: Order, wanted: Sequence[Wanted]) -> tuple[Decimal, Decimal]:
        """What units cost after discounts, and the taxes of that."""
        price = sum((cents(each.line.share(each.quantity)) for each in wanted), ZERO)
        tax = sum((tax_of_units(order, each.line, each.quantity) for each in wanted), ZERO)
        return price, tax

    def suggest(self, order: Order, wanted: Sequence[Wanted], shipping: Decimal) -> Decimal:
        """The money for these units and this much shipping, as far as there is any."""
        price, tax = self.worth(order, wanted)
        due = price + shipping + (ZERO if order.taxes_included else tax)
        return min(due, received(order) - refunded(order))

    def sources(self, order: Order, due: Decimal) -> list[MoneyBack]:
        """The payments to give money back to, first to last."""
        found: list[MoneyBack] = []
        for paid in order.transactions:
            if paid.kind not in ("SALE", "CAPTURE") or paid.status != "SUCCESS" or due <= ZERO:
                continue
            back = sum(
                (one.amount for one in order.transactions if one.parent is paid and one.kind == "REFUND"),
                ZERO,
            )
            share = min(due, paid.amount - back)
            if share > ZERO:
                found.append(MoneyBack(amount=share, gateway=paid.gateway, parent=paid))
                due -= share
        return found

    def refund(
        self,
        order: Order,
        wanted: Sequence[Wanted],
        *,
        shipping: Decimal = ZERO,
        money: Sequence[MoneyBack] = (),
        note: str | None = None,
        notify: bool = False,
        over: bool = False,
        now: datetime,
    ) -> Refund:
        """Give back. Lines only say what for: money moves by ``money`` alone.

        Raises:
            Refusal: More units, shipping or money than there are.
        """
        for each in wanted:
            asked = sum(one.quantity for one in wanted if one.line is each.line)
            if each.quantity < 1 or asked > self.refundable(each.line):
                raise Refusal("Quantity cannot refund more items than were purchased", ["refundLineItems"])
            if each.restock == "LEGACY_RESTOCK":
                raise Refusal("Restock type is not valid", ["refundLineItems", "0", "restockType"])
            if each.restock == "CANCEL" and each.quantity > unfulfilled(each.line):
                raise Refusal(
                    "Restock type cannot cancel fulfilled items", ["refundLineItems", "0", "restockType"]
                )
        if shipping > shipping_left(order):
            raise Refusal("Shipping refund amount is greater than the amount remaining", ["shipping"])
        back = sum((one.amount for one in money), ZERO)
        if back > received(order) - refunded(order) and not over:
            raise Refusal("Refund amount cannot exceed the amount available to refund", ["transactions"])
        if not wanted and not shipping and not money:
            raise Refusal("Refund must have at least one line item, shipping or transaction")
        moved = [
            self.transact(order, "REFUND", one.amount, now, parent=one.parent, gateway=one.gateway)
            for one in money
        ]
        lines = [
            RefundLine(
                id=self.next_id("RefundLineItem"),
                line=each.line,
                quantity=each.quantity,
                restock=each.restock,
            )
            for each in wanted
        ]
        for each in wanted:
            self._give_back(each)
        given = Refund(
            id=self.next_id("Refund"),
            order=order,
            created_at=now.replace(microsecond=0),
            lines=lines,
            shipping=shipping,
            transactions=moved,
            note=note,
        )
        order.refunds.append(given)
        if notify:
            self.mail("refund_notification", order)
        self.touch(order, now, "refunds/create")
        return given

    def _give_back(self, each: Wanted) -> None:
        # Units that wait are taken first, unless the goods came back.
        waiting = 0 if each.restock == "RETURN" else min(each.quantity, unfulfilled(each.line))
        self.take_out(each.line, waiting)
        each.line.refunded += each.quantity
        each.line.returned += each.quantity - waiting

    # Calling off

    def start_cancel(
        self, order: Order, *, reason: str, restock: bool, refund: bool, notify: bool, now: datetime
    ) -> Job:
        """An order is to be cancelled; that takes a while, and may fail in the end.

        Raises:
            Refusal: It is cancelled, goods have left, or a return is open.
        """
        if order.canceled_at:
            raise Refusal("Cannot cancel an order that has already been canceled", ["orderId"], "INVALID")
        if any(job.order is order and job.status == "STARTED" for job in self.jobs.values()):
            raise Refusal("Order is already being canceled", ["orderId"], "INVALID")
        if any(gone.status == "SUCCESS" for gone in order.fulfillments):
            raise Refusal("Cannot cancel a paid order with fulfillments", ["orderId"], "INVALID")
        if any(each.status in ("OPEN", "REQUESTED") for each in order.returns):
            raise Refusal("Cannot cancel an order with an open return", ["orderId"], "INVALID")
        job = Job(
            id=self.next_id("Job"),
            order=order,
            due=now + self.cancel_takes,
            reason=reason,
            restock=restock,
            refund=refund,
        )
        self.jobs[job.id] = job
        if notify:
            self.mail("order_canceled", order)
        return job

    def tick(self, now: datetime) -> None:
        """Cancels end."""
        Floor.tick(self, now)
        for job in self.jobs.values():
            if job.status == "STARTED" and job.due <= now:
                # What left in the meantime stops it as well.
                gone = any(each.status == "SUCCESS" for each in job.order.fulfillments)
                job.error = "Cannot cancel an order with fulfillments" if gone else self.cancel_fails
                job.status = "FAILED" if job.error else "SUCCEEDED"
                if not job.error:
                    self._cancel(job)

    def _cancel(self, job: Job) -> None:
        order, now = job.order, job.due
        if job.refund and received(order) > refunded(order):
            restock = "CANCEL" if job.restock else "NO_RESTOCK"
            wanted = [
                Wanted(line=line, quantity=line.current, restock=restock)
                for line in order.lines
                if line.current
            ]
            left = shipping_left(order)
            money = self.sources(order, received(order) - refunded(order))
            self.refund(order, wanted, shipping=left, money=money, now=now)
        elif capturable(order):
            self.transact(order, "VOID", capturable(order), now, parent=order.transactions[0])
        for work in order.fulfillment_orders:
            if work.open:
                work.status, work.updated_at = "CLOSED", now.replace(microsecond=0)
        for line in order.lines:
            # Given back without money, where there was none.
            line.refunded += line.current
        order.canceled_at, order.cancel_reason = now.replace(microsecond=0), job.reason
        self.touch(order, now, "orders/cancelled")
