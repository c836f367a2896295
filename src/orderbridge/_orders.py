"""An order goes its way: placed, paid, followed, shown in the shop, announced.

``advance_order`` does the next thing that is due in an order until nothing is. Each thing keeps
its own time, so that one in doubt never holds up its siblings.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

import attrs

from ._announce import Announce, Correct, completes
from ._engine import perform
from ._journal import Tx
from ._orders_purchase import next_of_purchase, next_of_twin
from ._orders_steps import View, is_due, is_fresh, read_again, source_again, view_of, write
from ._progress import Report, delivered, overtaken, progress_key, showing, stages
from ._pull import recognize
from ._saga import Clock, Saga, backoff, clock, look
from ._states import NoticeState, TaskState
from ._tasks import Perform, waits_for
from ._wishes import Task
from ._world import Store, World
from .adapters import ReportsProgress

__all__ = ["advance_order"]

_AT_ONCE = 40  # things done for one order in one go


def advance_order(world: World, order_id: str, identified: set[str]) -> Saga[None]:
    """Do what is due in one order.

    Args:
        identified: Accounts whose identity this process has compared already.
    """
    yield from recognize(world, world.stores[order_id.partition("/")[0]], identified)
    fence = -1
    for _ in range(_AT_ONCE):
        now = yield from clock()
        view = yield from look(partial(view_of, order_id, now))
        if view is None:
            yield from read_again(world, order_id, None)
            return
        # A step that did nothing leaves the fence: another worker has what it needs, such as the cart.
        if view.busy or view.fence == fence:
            return
        fence = view.fence
        step = _next(world, view, now.wall, identified)
        if step is None:
            if view.due:
                yield from write(view, partial(_rest, order_id))
            return
        yield from step


def _next(world: World, view: View, now: datetime, identified: set[str]) -> Saga[None] | None:
    """The first thing that is due; None if nothing is."""
    record = view.record
    if record.refresh:
        return read_again(world, record.order.id, view)
    if record.unsourced and (record.source_at is None or record.source_at <= now):
        return source_again(world, view)
    for task in view.tasks:
        if task.state is TaskState.DUE and is_due(task.next_at, now):
            if not is_fresh(record, now):
                return read_again(world, record.order.id, view)
            first = waits_for(task, view.tasks)
            if first is not None:
                return _wait(view, task, first)
            return perform(Perform(world.stores[record.order.store], record, task), world, seen=view.fence)
    for purchase in view.purchases:
        if is_due(purchase.next_at, now):
            return next_of_purchase(world, view, purchase, now, identified)
    for purchase, twin in ((each, twin) for each in view.purchases for twin in each.twins):
        if is_due(twin.next_at, now):
            return next_of_twin(world, view, purchase, twin, now, identified)
    for notice in view.notices if view.half is None else (view.half,):
        if notice.state is NoticeState.DUE and is_due(notice.next_at, now):
            store = world.stores[record.order.store]
            if notice.told:
                operation = Correct(store, record, notice, view.notices, world.couriers)
                return perform(operation, world, seen=view.fence)
            last = completes(record, view.notices, notice.notice)
            if last and not is_fresh(record, now):
                # Before the shop is told that all has left, does it still want no more than we know of?
                return read_again(world, record.order.id, view)
            announce = Announce(store, record, notice, view.notices, world.couriers)
            return perform(announce, world, seen=view.fence)
    if record.next_at is not None and record.next_at > now:
        return None
    return _progress(world, view) or (None if record.next_at is None else _forget_progress(view))


def _rest(order_id: str, tx: Tx, now: Clock) -> None:
    """It was due, and nothing in it is: such as progress that was to be shown again, and is past."""
    record = tx.order(order_id)
    if record is not None and is_due(record.next_at, now.wall):
        _drop_progress(order_id, tx, now)


def _drop_progress(order_id: str, tx: Tx, now: Clock) -> None:
    tx.put_progress(order_id, shown=None, next_at=None, failures=0)
    overtaken(tx, order_id, now)


def _wait(view: View, task: Task, first: Task) -> Saga[None]:
    """Not before that one is done, which waits for its own time."""

    def work(tx: Tx, now: Clock) -> None:
        tx.put_task(attrs.evolve(task, next_at=first.next_at or now.wall + backoff(task.failures)))

    return write(view, work)


def _forget_progress(view: View) -> Saga[None]:
    """What could not be shown has been overtaken: without this the order would be due for ever."""
    order_id = view.record.order.id
    return write(view, partial(_drop_progress, order_id))


def _progress(world: World, view: View) -> Saga[None] | None:
    record = view.record
    store = world.stores[record.order.store]
    arrived = delivered(record, view.purchases, view.notices)
    key = progress_key(stages(view.purchases), arrived=arrived)
    if not world.policy_of(record.order.store).report_progress or not key or key == record.progress_shown:
        return None
    if not isinstance(store.adapter, ReportsProgress):
        return None
    return _show(world, view, store, store.adapter, arrived=arrived)


def _show(world: World, view: View, store: Store, adapter: ReportsProgress, *, arrived: bool) -> Saga[None]:
    key = progress_key(stages(view.purchases), arrived=arrived)
    op_no = yield from look(lambda tx: showing(tx, view.record, key))
    report = Report(store, adapter, view.record, view.purchases, arrived=arrived, op_no=op_no)
    yield from perform(report, world, seen=view.fence)
