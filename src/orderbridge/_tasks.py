"""Tasks: what a person wants done to an order in its shop. A note, a cancellation, a refund."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from ._announce import StoreOperation
from ._engine import Store, backoff
from ._journal import Tx
from ._records import OrderRecord, Task
from ._saga import Clock
from ._states import TaskState
from .adapters import (
    Annotates,
    Canceled,
    Cancellation,
    CancelsShopOrders,
    Flow,
    Note,
    Noted,
    Past,
    Refund,
    Refunded,
    Refunds,
    Refused,
    Unclear,
    Write,
)
from .errors import Unsupported

__all__ = ["ABILITIES", "Perform"]

_NAMES: dict[type, str] = {Note: "note", Cancellation: "cancel", Refund: "refund"}

# What a shop must be able to do for each.
ABILITIES: dict[type, type] = {Note: Annotates, Cancellation: CancelsShopOrders, Refund: Refunds}


class Perform(StoreOperation[Noted | Canceled | Refunded]):
    """Do one task in the shop, once."""

    def __init__(self, store: Store, order: OrderRecord, task: Task) -> None:
        super().__init__(store, order)
        self._task = task
        self.name = _NAMES[type(task.wish)]
        self.about = task.about
        self.op_no = task.op_no
        self.failures = task.failures
        self.moves_money = task.refund is not None and task.refund.gives_money

    def flow(self, past: Past) -> Flow[Write | Noted | Canceled | Refunded | Unclear]:
        adapter, order, wish = self._store.adapter, self._order.order, self._task.wish
        if isinstance(wish, Note) and isinstance(adapter, Annotates):
            return (yield from adapter.annotate(order, wish, past))
        if isinstance(wish, Cancellation) and isinstance(adapter, CancelsShopOrders):
            return (yield from adapter.cancel(order, wish, past))
        if isinstance(wish, Refund) and isinstance(adapter, Refunds):
            return (yield from adapter.refund(order, wish, past))
        raise Unsupported(f"{self._store.platform} cannot {self.name} an order", account=self.account)

    def _current(self, tx: Tx) -> Task:
        return next(task for task in tx.tasks(self.order_id) if task.key == self._task.key)

    def _event(self, tx: Tx, kind: str, now: Clock, **data: str) -> None:
        tx.event(kind, about=self.about, at=now.wall, order_id=self.order_id, owner=self.owner, data=data)

    def done(self, tx: Tx, result: Noted | Canceled | Refunded, now: Clock) -> None:
        task = attrs.evolve(self._current(tx), state=TaskState.DONE, next_at=None, failures=0)
        if isinstance(result, Refunded):
            tx.put_task(attrs.evolve(task, refunded=result, warnings=result.warnings))
            gave = "the money was given back" if result.gave_money else "a record, no money moved"
            self._event(tx, "Refunded", now, ref=result.ref, amount=str(result.amount), money=gave)
        elif isinstance(result, Canceled):
            tx.put_task(attrs.evolve(task, warnings=result.warnings))
            self._event(tx, "CanceledInShop", now)
        else:
            tx.put_task(task)
            self._event(tx, "Noted", now)
            return
        for warning in result.warnings:
            self._event(tx, "Warning", now, text=warning)
        # What is still to ship has changed: the shop is asked, and what follows from it follows.
        record = tx.order(self.order_id)
        if record is not None:
            tx.set_flags(self.order_id, refresh=True, held=record.held)

    def refused(self, tx: Tx, why: Refused, now: Clock) -> None:
        super().refused(tx, why, now)
        tx.put_task(attrs.evolve(self._current(tx), state=TaskState.REFUSED, next_at=None))

    def unclear(self, tx: Tx, evidence: str, now: Clock) -> None:
        super().unclear(tx, evidence, now)
        tx.put_task(attrs.evolve(self._current(tx), state=TaskState.ASKED, next_at=None))

    def doubt(self, tx: Tx, now: Clock, *, again_at: datetime | None) -> None:
        state = TaskState.DUE if again_at is not None else TaskState.ASKED
        tx.put_task(attrs.evolve(self._current(tx), state=state, next_at=again_at))

    def later(self, tx: Tx, now: Clock, *, after: timedelta | None, why: str) -> None:
        task = self._current(tx)
        pause = after if after is not None else backoff(task.failures)
        tx.put_task(attrs.evolve(task, next_at=now.wall + pause, failures=task.failures + 1))
        self._event(tx, "PutOff", now, why=why)
