"""Pay: the step after placing, an intent of its own."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from ._cases import take_money_word
from ._events import EventKind
from ._journal import Tx
from ._model import BuyerContext
from ._money import Money
from ._policy import Policy
from ._purchase_operation import PurchaseOperation
from ._records import OrderRecord, PurchaseRecord
from ._saga import Clock, backoff
from ._states import FINAL, Fulfillment, Payment, Seen, observe_payment
from ._wording import amount_of
from ._world import Supplier
from .adapters import Flow, PaidByHand, Past, PaymentSeen, Pays, Refused, Unclear, Write

__all__ = ["TO_PAY", "Pay", "against_paying", "is_over", "money_stopped", "payment_page"]


TO_PAY = frozenset({Payment.UNKNOWN, Payment.UNPAID, Payment.FAILED})  # it waits for whoever pays it


def is_over(record: PurchaseRecord) -> bool:
    """It has arrived, and nobody is to pay it any more."""
    return record.fulfillment is Fulfillment.DELIVERED and record.payment not in TO_PAY


def against_paying(tx: Tx, record: PurchaseRecord) -> str:
    """Why nobody pays it, neither through an API nor on a page; empty if nothing stands against it.

    The stop of all money is another matter: it is no purchase order's.
    """
    order = tx.order(record.po.order_id)
    if order is None or order.order.canceled:
        return "its shop order is canceled; nothing of it is paid"
    if record.revoke or record.fulfillment is Fulfillment.CANCEL_REQUESTED:
        return "it is being canceled; nothing of it is paid"
    if order.held:
        return "its order is held; release it first"
    return ""


def money_stopped(tx: Tx, order_id: str) -> str:
    """That the money of an order is stopped, and why; empty if it may go."""
    reason = tx.stopped(tx.owner_of(order_id) or "")
    return "" if reason is None else f"money is stopped: {reason}"


class Pay(PurchaseOperation[PaymentSeen]):
    """Pay it through the supplier's API, once."""

    name = "pay"
    moves_money = spends = True

    def __init__(
        self,
        supplier: Supplier,
        adapter: Pays,
        order: OrderRecord,
        record: PurchaseRecord,
        total: Money,
        *,
        owner: str,
        policy: Policy,
        buyer: BuyerContext | None,
        by_hand: bool = False,
    ) -> None:
        super().__init__(supplier, order, record, owner=owner)
        self._adapter = adapter
        self._total = total
        self._policy = self.policy = policy
        self._buyer = buyer
        self._by_hand = by_hand

    def flow(self, past: Past) -> Flow[Write | PaymentSeen | Unclear]:
        result = yield from self._adapter.pay(self.po, self._total, self._buyer, past)
        if isinstance(result, Write) and self._adapter.needs_buyer and self._buyer is None:
            return Unclear(f"{self.account} asks who pays; give a BuyerContext with pay")
        return result

    def plan(self, tx: Tx, write: Write, now: Clock) -> str:
        record = self.current(tx)
        order = tx.order(self.order_id)
        if order is None or self.not_seen(tx, order, now):
            return "the shop's order is looked at first"
        if why := against_paying(tx, record):
            return why
        # A person may pay for what the shop has on hold, or is done with.
        if not order.order.ready and not self._by_hand:
            return "the shop does not want it shipped now"
        if record.fulfillment in FINAL:
            return f"it is {record.fulfillment.value} by now"
        if record.op_no != self.op_no:
            return "a person has begun it anew; it goes on under another number"
        if observe_payment(record.payment, Payment.PENDING)[1] is Seen.REGRESSED:
            return f"its payment is {record.payment.value} by now"
        if record.total is not None and record.total != self._total:
            asked, was = amount_of(record.total), amount_of(self._total)
            return f"the supplier asks {asked} now, and {was} was to be paid"
        if record.agreed is not None and self._policy.too_dear(self._total, record.agreed):
            return f"the supplier asks {amount_of(self._total)}, and {amount_of(record.agreed)} was agreed"
        if write.amount is None:
            # The limits must see every payment, also of an adapter that forgot to say.
            return f"{self.account}: the adapter does not say how much {write.step!r} moves"
        self._pay(tx, record, Payment.PENDING)
        self.event(tx, EventKind.PAYING, now, amount=str(self._total))
        return ""

    def _pay(self, tx: Tx, record: PurchaseRecord, to: Payment) -> PurchaseRecord:
        payment, _ = observe_payment(record.payment, to)
        moved = attrs.evolve(record, payment=payment)
        tx.put_purchase(moved)
        return moved

    def done(self, tx: Tx, result: PaymentSeen, now: Clock) -> None:
        before = self.current(tx)
        record = self._pay(tx, before, result.payment)
        take_money_word(tx, before, record, now)
        url = result.url or record.url
        tx.put_purchase(attrs.evolve(record, next_at=now.wall, changed_at=now.wall, url=url))
        self.event(
            tx,
            EventKind.PAID if record.payment is Payment.PAID else EventKind.PAYMENT_SEEN,
            now,
            payment=record.payment.value,
        )

    def refused(self, tx: Tx, why: Refused, now: Clock) -> None:
        super().refused(tx, why, now)
        record = self._pay(tx, self.current(tx), Payment.FAILED)
        self._to_a_person(tx, attrs.evolve(record, url=why.page or record.url), now)

    def unclear(self, tx: Tx, why: Unclear, now: Clock) -> None:
        super().unclear(tx, why, now)
        record = self.current(tx)
        if why.page:
            record = attrs.evolve(self._pay(tx, record, Payment.FAILED), url=why.page)
        self._to_a_person(tx, record, now)

    def _to_a_person(self, tx: Tx, record: PurchaseRecord, now: Clock) -> None:
        # Due at once, to be followed: the goods may leave whatever becomes of the payment.
        tx.put_purchase(attrs.evolve(record, next_at=now.wall, waits="review"))

    def doubt(self, tx: Tx, now: Clock, *, again_at: datetime | None) -> None:
        to = Payment.IN_DOUBT if self.may_have_happened(tx) else Payment.FAILED
        record = self._pay(tx, self.current(tx), to)
        if again_at is None:
            self._to_a_person(tx, record, now)
        else:
            tx.put_purchase(attrs.evolve(record, next_at=again_at, waits=""))

    def later(self, tx: Tx, now: Clock, *, after: timedelta | None, why: str) -> None:
        # What may have happened is asked about until that is known; not all suppliers tell it to who follows.
        to = Payment.IN_DOUBT if self.may_have_happened(tx) else Payment.UNPAID
        record = self._pay(tx, self.current(tx), to)
        pause = after if after is not None else backoff(record.failures)
        tx.put_purchase(attrs.evolve(record, next_at=now.wall + pause, failures=record.failures + 1))
        self.event(tx, EventKind.PUT_OFF, now, why=why)


def payment_page(supplier: Supplier, record: PurchaseRecord) -> str:
    """Where a person pays; empty if nobody does."""
    adapter = supplier.adapter
    if isinstance(adapter, PaidByHand):
        return record.url or adapter.payment_page(record.po)
    return record.url
