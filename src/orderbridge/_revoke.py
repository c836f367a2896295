"""Revoke: take a purchase order back at its supplier, where that can be done."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from ._cases import take_money_word
from ._engine import Supplier, backoff
from ._events import EventKind
from ._journal import Tx
from ._place import PurchaseOperation
from ._records import OrderRecord, PurchaseRecord, ReviewCode
from ._saga import Clock
from ._states import COMMANDS, Fulfillment, command, observe
from .adapters import CancelsPurchases, Flow, Past, PurchaseCanceled, Refused, Unclear, Write

__all__ = ["Revoke", "revoking"]


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
        if state is not Fulfillment.CANCEL_REQUESTED:
            if Fulfillment.CANCEL_REQUESTED not in COMMANDS.get(state, frozenset()):
                return f"it is {state.value} by now"
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
            next_at=None if state is Fulfillment.CANCELED else now.wall,
            waits="",
            failures=0,
        )
        tx.put_purchase(after)
        take_money_word(tx, record, after, now)
        self.event(tx, EventKind.REVOKED, now, status=state.value)
        order = tx.order(self.order_id)
        if state is Fulfillment.CANCELED and order is not None and not order.order.canceled:
            self.ask_about_cancel(tx, raw, now)

    def refused(self, tx: Tx, why: Refused, now: Clock) -> None:
        super().refused(tx, why, now)
        self._goes_on(tx, now)

    def unclear(self, tx: Tx, evidence: str, now: Clock) -> None:
        self.ask(tx, ReviewCode.UNCLEAR, evidence, now)
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
