"""Announce: the shop learns of each departure, and what of its tracking was put right."""

from __future__ import annotations

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
from ._model import NoticeLine, ShipmentNotice
from ._plan import plan_order
from ._records import NoticeRecord, OrderRecord
from ._reviews import ReviewCode
from ._saga import Clock, backoff
from ._states import NOTHING_DONE, NoticeState
from ._world import Store
from .adapters import (
    Announced,
    CorrectsTracking,
    Flow,
    Past,
    Refused,
    Response,
    Unclear,
    Verdict,
    Write,
)

__all__ = ["Announce", "Correct", "StoreOperation", "completes"]

R = TypeVar("R")


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


def _units(lines: Sequence[NoticeLine]) -> Decimal:
    return sum((line.units for line in lines), Decimal(0))


def _in_words(lines: Sequence[NoticeLine]) -> str:
    return ", ".join(f"{line.units:f} more of line {line.line_ref}" for line in lines)


def _without(lines: Sequence[NoticeLine], less: Sequence[NoticeLine]) -> tuple[NoticeLine, ...]:
    """Lines of a notice without units that stand in lines of the same."""
    off = {line.line_ref: line.units for line in less}
    left = (attrs.evolve(line, units=line.units - off.get(line.line_ref, Decimal(0))) for line in lines)
    return tuple(line for line in left if line.units)


def _beyond(
    order: OrderRecord, notice: ShipmentNotice, others: Sequence[NoticeRecord]
) -> tuple[NoticeLine, ...]:
    """Of a departure that the shop does not know yet, the units of which it has none open any more."""
    lines = {line.ref: line for line in order.order.lines}
    found: list[NoticeLine] = []
    for part in notice.lines:
        line = lines.get(part.line_ref)
        told = sum(
            (
                n.units
                for each in others
                if each.told
                for n in each.notice.lines
                if n.line_ref == part.line_ref
            ),
            Decimal(0),
        )
        # What was told may not show yet.
        left = Decimal(0) if line is None else min(line.open, max(Decimal(0), line.quantity - told))
        if part.units > left:
            found.append(attrs.evolve(part, units=part.units - left))
    return tuple(found)


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
        lines = _without(record.notice.lines, record.untold)
        # A parcel more, with nothing of the shop's in it, ends nothing.
        last = bool(lines) and completes(order, notices, record.notice)
        self._notice = attrs.evolve(record.notice, lines=lines, completes=last)
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
        notice = attrs.evolve(self._notice, lines=self._record.notice.lines)
        record = attrs.evolve(self._current(tx), notice=notice)
        if record.untold:
            result = attrs.evolve(result, warnings=(*result.warnings, self._say_untold(tx, record, now)))
        self._shown(tx, record, result, now, EventKind.ANNOUNCED, completes=str(self._notice.completes))

    def _say_untold(self, tx: Tx, record: NoticeRecord, now: Clock) -> str:
        """More went out than the shopper is owed: a person is told, in place of what could be done before."""
        code, po_id = ReviewCode.CHANGED_AFTER_PLACING, record.notice.purchase_order_id
        words = (
            f"{_in_words(record.untold)} left the supplier than were open in the shop, which was not told "
        )
        words += "of these: others have shipped them, or the shop has taken them back"
        tx.close_reviews(code, about=po_id, decision="left", at=now.wall)
        tx.open_review(
            code,
            about=po_id,
            evidence=words,
            decisions=("ignore",),
            at=now.wall,
            order_id=self.order_id,
            account=self.account,
        )
        return words

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
        if self._tells_less(tx, now):
            return
        super().refused(tx, why, now)
        tx.put_notice(attrs.evolve(self._current(tx), state=NoticeState.REFUSED, next_at=None))

    def unclear(self, tx: Tx, why: Unclear, now: Clock) -> None:
        if self._tells_less(tx, now):
            return
        super().unclear(tx, why, now)
        tx.put_notice(attrs.evolve(self._current(tx), next_at=None))

    def ask(self, tx: Tx, code: ReviewCode, evidence: str, now: Clock) -> None:
        if self._record.untold:
            evidence += f"; {_in_words(self._record.untold)} left the supplier, of which the shop is not told"
        super().ask(tx, code, evidence, now)

    def _tells_less(self, tx: Tx, now: Clock) -> bool:
        """More have left than the shop has open: then it is told of those that are, and of all the numbers.

        Only once it has said no, for it may know the departure already, of somebody who typed it in.
        """
        record, order = self._current(tx), tx.order(self.order_id)
        begun = tx.intents(about=self.about, operation=self.name, op_no=self.op_no)
        if order is None or order.order.canceled or record.told:
            return False
        if not all(intent.state in NOTHING_DONE for intent in begun):
            return False
        notices = [each for each in tx.notices(self.order_id) if each.notice.key != self.about]
        untold = _beyond(order, record.notice, notices)
        if _units(untold) <= _units(record.untold):
            return False
        tx.put_notice(
            attrs.evolve(record, untold=untold, op_no=record.op_no + 1, next_at=now.wall, failures=0)
        )
        return True

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
        notice = attrs.evolve(self._notice, completes=self._record.notice.completes)
        notice = self._couriers.in_notice(notice)
        told = tuple(map(self._couriers.linked, self._record.announced))
        return (yield from adapter.correct(self._order.order, notice, told, past))

    def done(self, tx: Tx, result: Announced, now: Clock) -> None:
        self._shown(tx, self._current(tx), result, now, EventKind.TRACKING_CORRECTED)
