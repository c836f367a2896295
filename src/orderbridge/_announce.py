"""Announce: the shop learns what left, and before that how far the suppliers are."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Generic, TypeVar

import attrs

from ._couriers import Couriers
from ._engine_operation import Operation
from ._events import EventKind
from ._intents import Subject
from ._journal import Tx
from ._model import ShipmentNotice
from ._plan import plan_order
from ._records import NoticeRecord, OrderRecord, PurchaseRecord
from ._reviews import ReviewCode
from ._saga import Clock, backoff
from ._states import Fulfillment, NoticeState
from ._wording import purchase_name
from ._world import Store
from .adapters import (
    Announced,
    CorrectsTracking,
    Flow,
    Noted,
    Past,
    Progress,
    Refused,
    ReportsProgress,
    Response,
    Unclear,
    Verdict,
    Write,
)

__all__ = [
    "Announce",
    "Correct",
    "Report",
    "about_progress",
    "completes",
    "delivered",
    "progress_key",
    "showing",
    "stages",
]

R = TypeVar("R")

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


def completes(
    order: OrderRecord, notices: Sequence[NoticeRecord], notice: ShipmentNotice | None = None
) -> bool:
    """Is nothing of the shop's order left to ship once this notice is told, or as it stands?"""
    for line in order.order.lines:
        if not line.shippable:
            continue
        told = Decimal(0)
        for record in notices:
            mine = notice is not None and record.notice.key == notice.key
            if mine or record.told:
                told += sum((n.units for n in record.notice.lines if n.line_ref == line.ref), Decimal(0))
        # The shop may show ours as shipped already, or others' beside ours: never count both twice.
        gone = max(told, line.fulfilled)
        if line.quantity - line.canceled - line.refunded > gone:
            return False
    return True


class StoreOperation(Operation[R], Generic[R]):
    """What operations on one order of a store share."""

    def __init__(self, store: Store, order: OrderRecord) -> None:
        self._store = store
        self._order = order
        self.account = store.name
        self.order_id = order.order.id
        self.owner = store.owner
        self.subject = Subject.order(order.order.id)

    def judge(self, write: Write, response: Response) -> Verdict:
        return self._store.adapter.judge(write, response)

    def settle(self, tx: Tx, now: Clock) -> None:
        plan_order(tx, self.order_id, now)
        tx.free(self.subject)


class Announce(StoreOperation[Announced]):
    """Tell the shop of one departure, once."""

    name = "announce"
    decisions = ("retry", "told", "ignore")

    def __init__(
        self,
        store: Store,
        order: OrderRecord,
        record: NoticeRecord,
        notices: Sequence[NoticeRecord],
        couriers: Couriers,
    ) -> None:
        super().__init__(store, order)
        self._record = record
        # What is kept is the supplier's word; links that it did not give are made anew each time.
        self._couriers = couriers
        # A parcel more, with nothing of the shop's in it, ends nothing.
        last = bool(record.notice.lines) and completes(order, notices, record.notice)
        self._notice = attrs.evolve(record.notice, completes=last)
        self.about = record.notice.key
        self.op_no = record.op_no
        self.failures = record.failures

    def flow(self, past: Past) -> Flow[Write | Announced | Unclear]:
        notice = self._couriers.in_notice(self._notice)
        return (yield from self._store.adapter.announce(self._order.order, notice, past))

    def _current(self, tx: Tx) -> NoticeRecord:
        return next(n for n in tx.notices(self.order_id) if n.notice.key == self.about)

    def _event(self, tx: Tx, kind: EventKind, now: Clock, **data: str) -> None:
        data["purchase_order"] = self._notice.purchase_order_id
        tx.event(kind, about=self.about, at=now.wall, order_id=self.order_id, owner=self.owner, data=data)

    def plan(self, tx: Tx, write: Write, now: Clock) -> str:
        if self._current(tx).notice.packages != self._notice.packages:
            return "the supplier has just changed the packages; they are looked at anew"
        return ""

    def done(self, tx: Tx, result: Announced, now: Clock) -> None:
        record = attrs.evolve(self._current(tx), notice=self._notice)
        self._shown(tx, record, result, now, EventKind.ANNOUNCED, completes=str(self._notice.completes))

    def _shown(
        self, tx: Tx, record: NoticeRecord, result: Announced, now: Clock, kind: EventKind, **data: str
    ) -> None:
        """The shop shows the packages of ``record``."""
        tx.put_notice(
            attrs.evolve(
                record,
                state=NoticeState.ANNOUNCED,
                announced=self._notice.packages,
                refs=result.refs,
                warnings=result.warnings,
                next_at=None,
                failures=0,
            )
        )
        parcels = ((each.carrier, each.tracking_number) for each in self._notice.packages)
        data["parcels"] = ", ".join(" ".join(filter(None, parcel)) for parcel in parcels if any(parcel))
        self._event(tx, kind, now, **data)
        for warning in result.warnings:
            self._event(tx, EventKind.WARNING, now, text=warning)

    def refused(self, tx: Tx, why: Refused, now: Clock) -> None:
        super().refused(tx, why, now)
        tx.put_notice(attrs.evolve(self._current(tx), state=NoticeState.REFUSED, next_at=None))

    def unclear(self, tx: Tx, why: Unclear, now: Clock) -> None:
        super().unclear(tx, why, now)
        tx.put_notice(attrs.evolve(self._current(tx), next_at=None))

    def doubt(self, tx: Tx, now: Clock, *, again_at: datetime | None) -> None:
        tx.put_notice(attrs.evolve(self._current(tx), next_at=again_at))

    def later(self, tx: Tx, now: Clock, *, after: timedelta | None, why: str) -> None:
        record = self._current(tx)
        pause = after if after is not None else backoff(record.failures)
        tx.put_notice(attrs.evolve(record, next_at=now.wall + pause, failures=record.failures + 1))
        self._event(tx, EventKind.PUT_OFF, now, why=why)


class Correct(Announce):
    """Put right the tracking of a departure that the shop was told of."""

    name = "correct"

    def flow(self, past: Past) -> Flow[Write | Announced | Unclear]:
        adapter = self._store.adapter
        if not isinstance(adapter, CorrectsTracking):
            # It could when the correction was asked for.
            return Unclear(f"{self._store.platform} cannot correct the tracking of a departure")
        notice = self._couriers.in_notice(self._record.notice)
        told = tuple(map(self._couriers.linked, self._record.announced))
        return (yield from adapter.correct(self._order.order, notice, told, past))

    def done(self, tx: Tx, result: Announced, now: Clock) -> None:
        self._shown(tx, self._current(tx), result, now, EventKind.TRACKING_CORRECTED)


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
