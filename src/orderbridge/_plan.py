"""When an order is due: at the first time that something in it waits for."""

from __future__ import annotations

from collections.abc import Sequence

from ._intents import Subject
from ._journal import Tx
from ._records import NoticeRecord
from ._saga import Clock
from ._states import IntentState, NoticeState, TaskState

__all__ = ["plan_order", "told_half_way"]


def told_half_way(tx: Tx, notices: Sequence[NoticeRecord]) -> NoticeRecord | None:
    """The notice of which the shop may know a part, and which goes on by itself.

    Whether it is the order's last one must not change under it, so its siblings wait for it.
    """
    for record in notices:
        if record.state is NoticeState.DUE and not record.told and record.next_at is not None:
            intents = tx.intents(about=record.notice.key, operation="announce", op_no=record.op_no)
            if any(intent.state is not IntentState.NOT_SENT for intent in intents):
                return record
    return None


def plan_order(tx: Tx, order_id: str, now: Clock) -> None:
    """The order's subject is due when the first thing in it is; whoever has it keeps it."""
    record = tx.order(order_id)
    purchases = tx.purchases(order_id)
    times = [purchase.next_at for purchase in purchases]
    times += [twin.next_at for purchase in purchases for twin in purchase.twins]
    notices = tx.notices(order_id)
    half = told_half_way(tx, notices)
    if half is not None:
        times.append(half.next_at)
    else:
        times += [notice.next_at for notice in notices if notice.state is NoticeState.DUE]
    times += [task.next_at for task in tx.tasks(order_id) if task.state is TaskState.DUE]
    if record is not None:
        times.append(record.next_at)
        if record.unsourced:
            times.append(record.source_at or now.wall)
        if record.refresh:
            times.append(now.wall)
    tx.schedule(Subject.order(order_id), min((at for at in times if at is not None), default=None))
