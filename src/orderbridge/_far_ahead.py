"""Far ahead: what a clock that was wrong has planned for years to come is brought back to now.

Whoever works on something too early does no harm: each step looks first, and each wait that a write
depends on is measured on a clock that never jumps.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import attrs

from ._journal import Tx
from ._saga import Clock, Saga, clock, commit, look

__all__ = ["bring_back"]

_PLANNED = timedelta(days=400)  # no plan reaches so far
_LEASED = timedelta(hours=1)  # no call lasts so long
_MOST = 100  # in one go


def bring_back() -> Saga[None]:
    """Make due what is planned absurdly far ahead, and let go what nobody can have for so long."""
    now = yield from clock()

    def found(tx: Tx) -> tuple[str, ...]:
        return tx.far_ahead(plans=now.wall + _PLANNED, leases=now.wall + _LEASED, limit=_MOST)

    for subject in (yield from look(found)):
        yield from commit(partial(_bring_back, subject, now))


def _bring_back(subject: str, now: Clock, tx: Tx) -> None:
    kind, _, order_id = subject.partition("/")
    record = tx.order(order_id) if kind == "order" else None
    if record is not None:
        for purchase in tx.purchases(order_id):
            twins = tuple(attrs.evolve(each, next_at=_back(each.next_at, now)) for each in purchase.twins)
            tx.put_purchase(attrs.evolve(purchase, next_at=_back(purchase.next_at, now), twins=twins))
        for notice in tx.notices(order_id):
            tx.put_notice(attrs.evolve(notice, next_at=_back(notice.next_at, now)))
        for task in tx.tasks(order_id):
            tx.put_task(attrs.evolve(task, next_at=_back(task.next_at, now)))
        if record.source_at is not None and _back(record.source_at, now) == now.wall:
            tx.put_source(order_id, source_at=now.wall, failures=record.failures)
        tx.put_progress(order_id, shown=None, next_at=_back(record.next_at, now), failures=record.failures)
    tx.release(subject, due_at=now.wall)


def _back(at: datetime | None, now: Clock) -> datetime | None:
    return now.wall if at is not None and at > now.wall + _PLANNED else at
