"""Tasks: what a person wants done to an order in its shop, such as a note, a refund or a hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

import attrs

from ._announce import StoreOperation
from ._events import EventKind
from ._journal import Tx
from ._model import Order
from ._records import OrderRecord
from ._saga import Clock, backoff
from ._states import TaskState
from ._wishes import Task, Wish
from ._world import Store
from .adapters import (
    Annotates,
    Canceled,
    Cancellation,
    CancelsShopOrders,
    Flow,
    Held,
    Hold,
    HoldsWork,
    Note,
    Noted,
    Past,
    Refund,
    Refunded,
    Refunds,
    Refused,
    Release,
    Released,
    Unclear,
    Write,
)
from .errors import Unsupported

__all__ = ["KINDS", "Kind", "Perform", "is_overtaken", "waits_for"]

Outcome: TypeAlias = Noted | Canceled | Refunded | Held | Released
TaskFlow: TypeAlias = Flow[Write | Outcome | Unclear]

# --- the kinds ----------------------------------------------------------------------------------------


def _note(shop: object, order: Order, wish: Wish, past: Past) -> TaskFlow:
    assert isinstance(shop, Annotates)
    assert isinstance(wish, Note)
    return shop.annotate(order, wish, past)


def _cancel(shop: object, order: Order, wish: Wish, past: Past) -> TaskFlow:
    assert isinstance(shop, CancelsShopOrders)
    assert isinstance(wish, Cancellation)
    return shop.cancel(order, wish, past)


def _refund(shop: object, order: Order, wish: Wish, past: Past) -> TaskFlow:
    assert isinstance(shop, Refunds)
    assert isinstance(wish, Refund)
    return shop.refund(order, wish, past)


def _hold(shop: object, order: Order, wish: Wish, past: Past) -> TaskFlow:
    assert isinstance(shop, HoldsWork)
    assert isinstance(wish, Hold)
    return shop.hold(order, wish, past)


def _release(shop: object, order: Order, wish: Wish, past: Past) -> TaskFlow:
    assert isinstance(shop, HoldsWork)
    assert isinstance(wish, Release)
    return shop.release(order, wish, past)


@attrs.frozen
class Kind:
    """A kind of task.

    Args:
        name: Of its operation, in the journal for ever.

        ability: What a shop must be able to do for it.

        flow: What the shop's adapter does, if it has the ability.

        done: The event that says so.
    """

    name: str
    ability: type
    flow: Callable[[object, Order, Wish, Past], TaskFlow]
    done: EventKind


KINDS: dict[type, Kind] = {
    Note: Kind("note", Annotates, _note, EventKind.NOTED),
    Cancellation: Kind("cancel", CancelsShopOrders, _cancel, EventKind.CANCELED_IN_SHOP),
    Refund: Kind("refund", Refunds, _refund, EventKind.REFUNDED),
    Hold: Kind("hold", HoldsWork, _hold, EventKind.HELD_IN_SHOP),
    Release: Kind("release", HoldsWork, _release, EventKind.RELEASED_IN_SHOP),
}

# --- holds and releases -------------------------------------------------------------------------------


def waits_for(task: Task, tasks: tuple[Task, ...]) -> Task | None:
    """The hold or release before this one that is not settled: what was wanted last must be done last."""
    if not _holds(task):
        return None
    before = (each for each in tasks[: tasks.index(task)] if _holds(each))
    return next((each for each in before if each.state is TaskState.DUE), None)


def is_overtaken(task: Task, tasks: tuple[Task, ...]) -> bool:
    """A later hold or release has been asked for: to do this one again would undo that."""
    return _holds(task) and any(_holds(each) for each in tasks[tasks.index(task) + 1 :])


def _holds(task: Task) -> bool:
    return task.hold is not None or task.release is not None


# --- doing one ----------------------------------------------------------------------------------------


class Perform(StoreOperation[Outcome]):
    """Do one task in the shop, once."""

    def __init__(self, store: Store, order: OrderRecord, task: Task) -> None:
        super().__init__(store, order)
        self._task = task
        self._kind = KINDS[type(task.wish)]
        self.name = self._kind.name
        self.about = task.about
        self.op_no = task.op_no
        self.failures = task.failures
        self.moves_money = task.refund is not None and task.refund.gives_money

    def flow(self, past: Past) -> TaskFlow:
        adapter = self._store.adapter
        if not isinstance(adapter, self._kind.ability):
            raise Unsupported(f"{self._store.platform} cannot {self.name} an order", account=self.account)
        return (yield from self._kind.flow(adapter, self._order.order, self._task.wish, past))

    def _current(self, tx: Tx) -> Task:
        return next(task for task in tx.tasks(self.order_id) if task.key == self._task.key)

    def _event(self, tx: Tx, kind: EventKind, now: Clock, **data: str) -> None:
        tx.event(kind, about=self.about, at=now.wall, order_id=self.order_id, owner=self.owner, data=data)

    def done(self, tx: Tx, result: Outcome, now: Clock) -> None:
        task = attrs.evolve(self._current(tx), state=TaskState.DONE, next_at=None, failures=0)
        if isinstance(result, Noted):
            tx.put_task(task)
            self._event(tx, self._kind.done, now)
            return
        data: dict[str, str] = {}
        if isinstance(result, Refunded):
            task = attrs.evolve(task, refunded=result)
            gave = "the money was given back" if result.gave_money else "a record, no money moved"
            data = {"ref": result.ref, "amount": str(result.amount), "money": gave}
        tx.put_task(attrs.evolve(task, warnings=result.warnings))
        self._event(tx, self._kind.done, now, **data)
        for warning in result.warnings:
            self._event(tx, EventKind.WARNING, now, text=warning)
        # What may ship has changed: the shop is asked, and what follows from it follows.
        record = tx.order(self.order_id)
        if record is not None:
            tx.set_flags(self.order_id, refresh=True, held=record.held)

    def refused(self, tx: Tx, why: Refused, now: Clock) -> None:
        super().refused(tx, why, now)
        tx.put_task(attrs.evolve(self._current(tx), state=TaskState.REFUSED, next_at=None))

    def unclear(self, tx: Tx, why: Unclear, now: Clock) -> None:
        super().unclear(tx, why, now)
        tx.put_task(attrs.evolve(self._current(tx), state=TaskState.ASKED, next_at=None))

    def doubt(self, tx: Tx, now: Clock, *, again_at: datetime | None) -> None:
        state = TaskState.DUE if again_at is not None else TaskState.ASKED
        tx.put_task(attrs.evolve(self._current(tx), state=state, next_at=again_at))

    def later(self, tx: Tx, now: Clock, *, after: timedelta | None, why: str) -> None:
        task = self._current(tx)
        pause = after if after is not None else backoff(task.failures)
        tx.put_task(attrs.evolve(task, next_at=now.wall + pause, failures=task.failures + 1))
        self._event(tx, EventKind.PUT_OFF, now, why=why)
