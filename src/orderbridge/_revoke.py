"""Revoke: take a purchase order back at its supplier, where that can be done."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from ._cases import money_is_out, take_money_word
from ._events import EventKind
from ._journal import Tx
from ._purchase_operation import PurchaseOperation
from ._records import OrderRecord, PurchaseRecord, Twin
from ._reviews import ReviewCode
from ._saga import Clock, backoff
from ._states import Fulfillment, can_be_canceled, command, observe
from ._twins import OVER, none_too_many, put_twin, twin_name
from ._world import Supplier
from .adapters import CancelsPurchases, Flow, Past, PurchaseCanceled, Refused, Unclear, Write

__all__ = ["Revoke", "RevokeTwin", "revoking"]

_PATIENT = timedelta(days=14)  # after which a supplier that has not said yes to canceling will not


def revoking(po_id: str) -> str:
    """What reviews and intents about canceling a purchase order are about."""
    return f"{po_id}#cancel"


class Revoke(PurchaseOperation[PurchaseCanceled]):
    """Cancel it at the supplier, once. The shopper's money is another matter."""

    name = "revoke"

    def __init__(
        self,
        supplier: Supplier,
        adapter: CancelsPurchases,
        order: OrderRecord,
        record: PurchaseRecord,
        *,
        owner: str,
    ) -> None:
        super().__init__(supplier, order, record, owner=owner)
        self._adapter = adapter
        # Named apart from placing and paying, so that an answer about one is never one about another.
        self.about = revoking(record.po.id)
        self.op_no = record.revoke_no

    def flow(self, past: Past) -> Flow[Write | PurchaseCanceled | Unclear]:
        return (yield from self._adapter.cancel_purchase(self.po, past))

    def plan(self, tx: Tx, write: Write, now: Clock) -> str:
        record = self.current(tx)
        state = record.fulfillment
        if not can_be_canceled(state, left=record.left):
            return f"it is {state.value} by now"
        if state is not Fulfillment.CANCEL_REQUESTED:
            # On hold it remembers already where it was.
            left = record.left if state is Fulfillment.ON_HOLD else state
            asked = command(state, Fulfillment.CANCEL_REQUESTED)
            tx.put_purchase(attrs.evolve(record, fulfillment=asked, left=left))
        self.event(tx, EventKind.REVOKING, now)
        return ""

    def done(self, tx: Tx, result: PurchaseCanceled, now: Clock) -> None:
        record = self.current(tx)
        state, _ = observe(record.fulfillment, result.fulfillment, left=record.left)
        raw = result.raw_status or record.raw_status
        after = attrs.evolve(
            record,
            fulfillment=state,
            revoke=False,
            raw_status=raw,
            changed_at=now.wall,
            waits="",
            failures=0,
        )
        take_money_word(tx, record, after, now)
        followed = state is not Fulfillment.CANCELED or money_is_out(tx, after)
        tx.put_purchase(attrs.evolve(after, next_at=now.wall if followed else None))
        self.event(tx, EventKind.REVOKED, now, status=state.value)
        order = tx.order(self.order_id)
        if state is Fulfillment.CANCELED and order is not None and not order.order.canceled:
            self.ask_about_cancel(tx, raw, now)

    def refused(self, tx: Tx, why: Refused, now: Clock) -> None:
        super().refused(tx, why, now)
        self._goes_on(tx, now)

    def unclear(self, tx: Tx, why: Unclear, now: Clock) -> None:
        self.ask(tx, ReviewCode.UNCLEAR, why.evidence, now)
        self._goes_on(tx, now)

    def _goes_on(self, tx: Tx, now: Clock) -> None:
        """The supplier keeps it: it is followed as before."""
        record = self._as_it_was(self.current(tx))
        tx.put_purchase(attrs.evolve(record, revoke=False, next_at=now.wall, waits=""))

    def _as_it_was(self, record: PurchaseRecord) -> PurchaseRecord:
        if record.fulfillment is not Fulfillment.CANCEL_REQUESTED:
            return record
        state, _ = observe(record.fulfillment, record.left, left=record.left)
        return attrs.evolve(record, fulfillment=state)

    def doubt(self, tx: Tx, now: Clock, *, again_at: datetime | None) -> None:
        record = self.current(tx)
        if again_at is None or tx.has_open_review(ReviewCode.CONFIRMED_NOT_FOUND, about=self.about):
            # A person is asked; the goods may leave meanwhile, and are followed.
            tx.put_purchase(attrs.evolve(record, revoke=False, next_at=now.wall))
        else:
            tx.put_purchase(attrs.evolve(record, next_at=again_at))

    def later(self, tx: Tx, now: Clock, *, after: timedelta | None, why: str) -> None:
        record = self.current(tx)
        pause = after if after is not None else backoff(record.failures)
        tx.put_purchase(attrs.evolve(record, next_at=now.wall + pause, failures=record.failures + 1))
        self.event(tx, EventKind.PUT_OFF, now, why=why)


class RevokeTwin(PurchaseOperation[PurchaseCanceled]):
    """Cancel an order too many. The purchase order and its own order at the supplier go on as they were."""

    name = "revoke"

    def __init__(
        self,
        supplier: Supplier,
        adapter: CancelsPurchases,
        order: OrderRecord,
        record: PurchaseRecord,
        twin: Twin,
        *,
        owner: str,
    ) -> None:
        super().__init__(supplier, order, record, owner=owner)
        self._adapter = adapter
        self._ref = twin.supplier_ref
        self.about = twin_name(record.po.id, twin.supplier_ref)
        self.op_no = twin.revoke_no
        self.failures = twin.failures

    def flow(self, past: Past) -> Flow[Write | PurchaseCanceled | Unclear]:
        return (yield from self._adapter.cancel_purchase(attrs.evolve(self.po, supplier_ref=self._ref), past))

    def _twin(self, tx: Tx) -> Twin | None:
        """None once it is a purchase order's own."""
        return next((twin for twin in self.current(tx).twins if twin.supplier_ref == self._ref), None)

    def _due(self, tx: Tx, next_at: datetime | None) -> None:
        twin = self._twin(tx)
        if twin is not None:
            put_twin(tx, self.current(tx), attrs.evolve(twin, next_at=next_at))

    def plan(self, tx: Tx, write: Write, now: Clock) -> str:
        # Who it is may have been said or found since a person wanted it canceled.
        if tx.purchase_with(self.account, self._ref) is not None:
            none_too_many(tx, self.account, self._ref, now)
        if self._twin(tx) is None:
            return f"{self.account}'s {self._ref} is a purchase order's own by now, and none too many"
        self.event(tx, EventKind.TWIN_REVOKING, now, supplier_ref=self._ref)
        return ""

    def done(self, tx: Tx, result: PurchaseCanceled, now: Clock) -> None:
        twin = self._twin(tx)
        if twin is None:
            return
        asked_at = twin.asked_at or now.wall
        over = result.fulfillment in OVER
        waited = now.wall - asked_at
        next_at = now.wall + (timedelta(hours=1) if waited < timedelta(days=1) else timedelta(days=1))
        if not over and waited > _PATIENT:
            words = f"{self.account} was asked to cancel {self._ref} on {asked_at:%Y-%m-%d}, and has not"
            self.ask(tx, ReviewCode.UNCLEAR, words, now)
        put_twin(
            tx,
            self.current(tx),
            attrs.evolve(
                twin,
                fulfillment=result.fulfillment,
                raw_status=result.raw_status or twin.raw_status,
                asked_at=asked_at,
                next_at=None if over or waited > _PATIENT else next_at,
                failures=0,
            ),
        )
        if twin.fulfillment is not result.fulfillment:
            status = result.fulfillment.value
            self.event(tx, EventKind.TWIN_REVOKED, now, supplier_ref=self._ref, status=status)
        if over:
            for code in (ReviewCode.DOUBLE, ReviewCode.REFUSED, ReviewCode.UNCLEAR):
                tx.close_reviews(code, about=self.about, decision="canceled", at=now.wall)

    def refused(self, tx: Tx, why: Refused, now: Clock) -> None:
        super().refused(tx, why, now)
        self._due(tx, None)

    def unclear(self, tx: Tx, why: Unclear, now: Clock) -> None:
        self.ask(tx, ReviewCode.UNCLEAR, why.evidence, now)
        self._due(tx, None)

    def doubt(self, tx: Tx, now: Clock, *, again_at: datetime | None) -> None:
        self._due(tx, again_at)

    def later(self, tx: Tx, now: Clock, *, after: timedelta | None, why: str) -> None:
        twin = self._twin(tx)
        if twin is not None:
            pause = after if after is not None else backoff(twin.failures)
            put_twin(
                tx,
                self.current(tx),
                attrs.evolve(twin, next_at=now.wall + pause, failures=twin.failures + 1),
            )
        self.event(tx, EventKind.PUT_OFF, now, why=why)
