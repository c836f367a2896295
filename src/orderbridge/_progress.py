"""Progress: the shop shows how far the suppliers are, until all of the order has arrived."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from ._announce import StoreOperation, completes
from ._events import EventKind
from ._journal import Tx
from ._records import NoticeRecord, OrderRecord, PurchaseRecord
from ._reviews import ReviewCode
from ._saga import Clock, backoff
from ._states import Fulfillment, NoticeState
from ._wording import purchase_name
from ._world import Store
from .adapters import Flow, Noted, Past, Progress, Refused, ReportsProgress, Unclear, Write

__all__ = [
    "Report",
    "about_progress",
    "delivered",
    "overtaken",
    "progress_key",
    "showing",
    "stages",
]

# What the shop is told in a word; of what has left it shows the parcels instead.
_TOLD = frozenset(
    {
        Fulfillment.PLACED,
        Fulfillment.ACCEPTED,
        Fulfillment.PREPARING,
        Fulfillment.READY,
        Fulfillment.ON_HOLD,
        Fulfillment.DELIVERED,
        Fulfillment.COMPLETED,
    }
)
_ARRIVED = frozenset({Fulfillment.DELIVERED, Fulfillment.COMPLETED})
_GIVEN_UP = frozenset({Fulfillment.CANCELED, Fulfillment.REJECTED})


def stages(purchases: Sequence[PurchaseRecord]) -> tuple[tuple[str, str], ...]:
    """What the shop is to show beside departures: supplier and word, one each purchase order.

    Of goods sent once more the shop shows the parcel alone: its order has gone its way before.
    """
    return tuple((record.po.supplier, record.word) for record in _shown(purchases))


def _shown(purchases: Sequence[PurchaseRecord]) -> list[PurchaseRecord]:
    return [record for record in purchases if record.fulfillment in _TOLD and not record.resend_of]


def progress_key(shown: tuple[tuple[str, str], ...], *, arrived: bool) -> str:
    """Changes when what is to be shown changes; empty if there is nothing to show."""
    if not shown:
        return ""
    return hashlib.sha256(f"{shown!r}{arrived}".encode()).hexdigest()[:12]


def about_progress(order_id: str, key: str) -> str:
    """What showings of the same progress are about."""
    return f"{order_id}#{key}"


def showing(tx: Tx, order: OrderRecord, key: str) -> int:
    """Which showing of ``key`` is due: the one that was begun last, or if others came after it, one more."""
    last = tx.last_op_no(about_progress(order.order.id, key), Report.name)
    return max(last, 1) if order.progress_begun == key else last + 1


def delivered(
    order: OrderRecord, purchases: Sequence[PurchaseRecord], notices: Sequence[NoticeRecord]
) -> bool:
    """Has all of the shop's order reached the shopper?"""
    alive = [each for each in purchases if each.fulfillment not in _GIVEN_UP and not each.resend_of]
    arrived = bool(alive) and all(record.fulfillment in _ARRIVED for record in alive)
    told = all(notice.told or notice.state is NoticeState.WITHDRAWN for notice in notices)
    return arrived and told and completes(order, notices)


def overtaken(tx: Tx, order_id: str, now: Clock) -> None:
    """What kept older progress from being shown is no question any more."""
    tasks = {task.about for task in tx.tasks(order_id)}
    for review in tx.reviews_of(order_id):
        progress = review.about.startswith(about_progress(order_id, "")) and review.about not in tasks
        if progress and review.code in (ReviewCode.FAULT, ReviewCode.REFUSED, ReviewCode.UNCLEAR):
            tx.close_reviews(review.code, about=review.about, decision="passed", at=now.wall)


class Report(StoreOperation[Noted]):
    """Show the suppliers' progress in the shop's order.

    Progress may come back to where it was: each showing is an operation of its own, and has a key of its
    own in the shop, where the same words stand from before.

    Args:
        op_no: Which showing of these words it is.
    """

    name = "report"

    def __init__(
        self,
        store: Store,
        adapter: ReportsProgress,
        order: OrderRecord,
        purchases: Sequence[PurchaseRecord],
        *,
        arrived: bool,
        op_no: int,
    ) -> None:
        super().__init__(store, order)
        self._adapter = adapter
        shown = stages(purchases)
        # A supplier may have several of an order: people must be able to tell them apart.
        self._words = [f"{purchase_name(record.po.id)}: {record.word}" for record in _shown(purchases)]
        self._key = progress_key(shown, arrived=arrived)
        self._progress = Progress(
            key=self._key if op_no == 1 else f"{self._key}-{op_no}",
            order_id=self.order_id,
            stages=shown,
            references=tuple(record.po.reference for record in _shown(purchases)),
            delivered=arrived,
        )
        self.about = about_progress(self.order_id, self._key)
        self.op_no = op_no
        self.failures = order.failures

    def flow(self, past: Past) -> Flow[Write | Noted | Unclear]:
        return (yield from self._adapter.report(self._order.order, self._progress, past))

    def plan(self, tx: Tx, write: Write, now: Clock) -> str:
        tx.begin_progress(self.order_id, self._key)
        return ""

    def _put(self, tx: Tx, *, shown: str | None, again_at: datetime | None, failures: int) -> None:
        tx.put_progress(self.order_id, shown=shown, next_at=again_at, failures=failures)

    def done(self, tx: Tx, result: Noted, now: Clock) -> None:
        self._put(tx, shown=self._key, again_at=None, failures=0)
        overtaken(tx, self.order_id, now)
        words = ", ".join(self._words)
        tx.event(
            EventKind.PROGRESS_SHOWN,
            about=self.order_id,
            at=now.wall,
            order_id=self.order_id,
            owner=self.owner,
            data={"stages": words},
        )

    def refused(self, tx: Tx, why: Refused, now: Clock) -> None:
        super().refused(tx, why, now)
        self._put(tx, shown=self._key, again_at=None, failures=0)

    def unclear(self, tx: Tx, why: Unclear, now: Clock) -> None:
        super().unclear(tx, why, now)
        self._put(tx, shown=self._key, again_at=None, failures=0)

    def doubt(self, tx: Tx, now: Clock, *, again_at: datetime | None) -> None:
        self._put(tx, shown=None, again_at=again_at, failures=self._order.failures)

    def later(self, tx: Tx, now: Clock, *, after: timedelta | None, why: str) -> None:
        pause = after if after is not None else backoff(self._order.failures)
        self._put(tx, shown=None, again_at=now.wall + pause, failures=self._order.failures + 1)
