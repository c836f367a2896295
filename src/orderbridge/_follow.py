"""Follow: the supplier's word on a purchase order, and the departures it tells of."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from datetime import datetime, timedelta
from decimal import Decimal

import attrs

from ._engine import World, backoff
from ._journal import Tx
from ._model import NoticeLine, Package, Shipment, ShipmentNotice
from ._place import PurchaseOperation
from ._records import NoticeRecord, PurchaseRecord, ReviewCode
from ._saga import Clock
from ._states import HAS_LEFT, Fulfillment, IntentState, NoticeState, Payment, Seen, observe, observe_payment
from .adapters import CorrectsTracking, Flow, Past, SupplierStatus, Unclear, Write

__all__ = ["Follow", "notice_key"]

_SETTLED_AFTER = timedelta(days=45)  # suppliers that never say "delivered" are not asked for ever
_SHOWS_UP = timedelta(minutes=15)  # how long a supplier may not know an order it has confirmed
_NOT_PAID = frozenset({Payment.UNPAID, Payment.PENDING, Payment.FAILED, Payment.IN_DOUBT})
_SIDE = frozenset({Fulfillment.ON_HOLD, Fulfillment.CANCEL_REQUESTED})


def notice_key(reference: str, shipment_ref: str) -> str:
    """Names one departure of one purchase order for ever, whatever journal it is in."""
    digest = hashlib.sha256(f"{reference}\n{shipment_ref}".encode()).digest()
    return b32encode(digest).decode()[:16].lower()


class Follow(PurchaseOperation[SupplierStatus | None]):
    """Read one purchase order at the supplier. It never writes there."""

    name = "follow"

    def with_policy(self, world: World) -> Follow:
        """How often, how patiently, and what the shop can take of it."""
        self._policy = world.policy
        store = world.stores[self._order.order.store]
        self._corrects = isinstance(store.adapter, CorrectsTracking)
        return self

    def flow(self, past: Past) -> Flow[Write | SupplierStatus | Unclear | None]:
        return (yield from self._supplier.adapter.fetch(self.po))

    def done(self, tx: Tx, result: SupplierStatus | None, now: Clock) -> None:
        record = self.current(tx)
        if result is None:
            self._missing(tx, record, now)
            return
        if record.supplier_at is not None and result.at is not None and result.at < record.supplier_at:
            # An older picture than the one we have, from a server that lags.
            self._again(tx, record, now)
            return
        state, seen = observe(record.fulfillment, result.fulfillment, left=record.left)
        payment, money_seen = observe_payment(record.payment, result.payment)
        news = state is not record.fulfillment or payment is not record.payment
        if result.raw != record.raw_status:
            self._tell(tx, result, seen, money_seen, state, payment, now)
        if seen is Seen.CONTRADICTORY and result.raw != record.raw_status:
            self.ask(
                tx,
                ReviewCode.CONTRADICTORY_STATUS,
                f"{self.account} says {result.raw!r} of an order that is {record.fulfillment.value} here",
                now,
            )
        if news and state in (Fulfillment.CANCELED, Fulfillment.REJECTED):
            self.ask_about_cancel(tx, result.raw, now)
        record = attrs.evolve(
            record,
            fulfillment=state,
            payment=payment,
            left=record.fulfillment if state in _SIDE and record.fulfillment not in _SIDE else record.left,
            raw_status=result.raw,
            supplier_at=result.at or record.supplier_at,
            total=result.total or record.total,
            changed_at=now.wall if news else record.changed_at,
            failures=0,
        )
        for shipment in result.shipments:
            self._departed(tx, record, shipment, now)
        self._again(tx, attrs.evolve(record, reads=0 if news else record.reads + 1), now)

    def _tell(
        self,
        tx: Tx,
        result: SupplierStatus,
        seen: Seen,
        money_seen: Seen,
        state: Fulfillment,
        payment: Payment,
        now: Clock,
    ) -> None:
        kind = {
            Seen.REGRESSED: "StatusRegressed",
            Seen.CONTRADICTORY: "ContradictoryStatus",
            Seen.UNKNOWN_WORD: "UnknownStatus",
        }.get(seen, "Status")
        self.event(tx, kind, now, raw=result.raw, fulfillment=state.value, payment=payment.value)
        if money_seen is Seen.REGRESSED:
            self.event(tx, "PaymentRegressed", now, raw=result.raw, payment=payment.value)

    def _missing(self, tx: Tx, record: PurchaseRecord, now: Clock) -> None:
        if record.placed_at is not None and now.wall - record.placed_at > _SHOWS_UP:
            self.ask(
                tx,
                ReviewCode.LOST_AT_SUPPLIER,
                f"{self.account} does not know {record.po.supplier_ref or record.po.reference} any more",
                now,
            )
        self._again(tx, attrs.evolve(record, reads=record.reads + 1), now)

    def _again(self, tx: Tx, record: PurchaseRecord, now: Clock) -> None:
        # A payment that a person is asked about stays theirs; the goods are followed all the same.
        waits = "review" if record.waits == "review" and record.payment in _NOT_PAID else ""
        tx.put_purchase(attrs.evolve(record, next_at=self._next(record, now.wall), waits=waits))

    def _next(self, record: PurchaseRecord, now: datetime) -> datetime | None:
        """Often while young, daily when old, never once it is over."""
        if record.fulfillment in {Fulfillment.CANCELED, Fulfillment.REJECTED, Fulfillment.COMPLETED}:
            return None
        since = now - (record.changed_at or record.created_at)
        every = self._policy.follow_every
        if record.fulfillment in HAS_LEFT:
            # Numbers are corrected soon if at all.
            soon = since <= timedelta(days=2)
            later = now + (min(24 * every, timedelta(days=1)) if soon else timedelta(days=1))
            return None if since > _SETTLED_AFTER else later
        if since > timedelta(days=14):
            return now + max(every, timedelta(days=1))
        return now + every * (4 if since > timedelta(days=2) else 1)

    def _departed(self, tx: Tx, record: PurchaseRecord, shipment: Shipment, now: Clock) -> None:
        known = next(
            (
                notice
                for notice in tx.notices(self.order_id)
                if notice.notice.purchase_order_id == self.po.id and notice.shipment_ref == shipment.ref
            ),
            None,
        )
        packages = shipment.packages or (Package(),)
        tracked = any(package.tracking_number or package.tracking_url for package in packages)
        if known is None:
            lines = self._lines(tx, record, shipment)
            tx.put_notice(
                NoticeRecord(
                    notice=ShipmentNotice(
                        key=notice_key(record.po.reference, shipment.ref),
                        order_id=self.order_id,
                        purchase_order_id=self.po.id,
                        lines=lines,
                        packages=packages,
                        shipped_at=shipment.shipped_at or now.wall,
                        completes=False,
                        notify=self._policy.notify_shopper,
                    ),
                    shipment_ref=shipment.ref,
                    created_at=now.wall,
                    next_at=now.wall if tracked else now.wall + self._policy.tracking_wait,
                )
            )
            self.event(tx, "Departed", now, shipment=shipment.ref, packages=str(len(packages)))
            return
        if known.notice.packages == packages:
            return
        begun = tx.intents(about=known.notice.key, operation="announce", op_no=known.op_no)
        # What the shop has of it in part is told to its end, and corrected then.
        half = any(intent.state is IntentState.CONFIRMED for intent in begun)
        if known.state is NoticeState.DUE and not half and not tx.unresolved(known.notice.key):
            tx.put_notice(
                attrs.evolve(
                    known,
                    notice=attrs.evolve(known.notice, packages=packages),
                    next_at=now.wall if tracked else known.next_at,
                )
            )
        elif known.state is not NoticeState.ANNOUNCED or known.announced == packages:
            return
        elif self._corrects:
            tx.put_notice(
                attrs.evolve(
                    known,
                    notice=attrs.evolve(known.notice, packages=packages),
                    state=NoticeState.DUE,
                    op_no=known.op_no + 1,
                    next_at=now.wall,
                )
            )
            self.event(tx, "TrackingChanged", now, shipment=shipment.ref)
        else:
            tx.open_review(
                ReviewCode.TRACKING_CHANGED,
                about=known.notice.key,
                evidence=f"{self.account} has changed the tracking of a departure the shop was told of",
                decisions=("ignore",),
                at=now.wall,
                order_id=self.order_id,
                account=self.account,
            )

    def _lines(self, tx: Tx, record: PurchaseRecord, shipment: Shipment) -> tuple[NoticeLine, ...]:
        """The shop's units in this departure: what the supplier says, else all that has not left yet."""
        gone: dict[str, Decimal] = {}
        for notice in tx.notices(self.order_id):
            if notice.notice.purchase_order_id == self.po.id and notice.state is not NoticeState.WITHDRAWN:
                for line in notice.notice.lines:
                    gone[line.line_ref] = gone.get(line.line_ref, Decimal(0)) + line.units
        inside = (
            None if shipment.lines is None else {line.remote_id: line.quantity for line in shipment.lines}
        )
        lines: dict[str, NoticeLine] = {}
        for part in record.po.lines:
            left = part.units - gone.get(part.line_ref, Decimal(0))
            if inside is not None:
                supplied = min(part.quantity, inside.get(part.remote_id, Decimal(0)))
                if part.remote_id in inside:
                    inside[part.remote_id] -= supplied
                left = min(left, part.units * supplied / part.quantity)
            if part.line_ref in lines:
                # A kit: the shop's unit has left when the last of its parts has.
                left = min(left, lines[part.line_ref].units)
            lines[part.line_ref] = NoticeLine(
                line_ref=part.line_ref,
                ship_ref=part.ship_ref or part.line_ref,
                units=max(left, Decimal(0)),
            )
        return tuple(line for line in lines.values() if line.units > 0)

    def doubt(self, tx: Tx, now: Clock, *, again_at: datetime | None) -> None:
        self.later(tx, now, after=None, why="in doubt")

    def later(self, tx: Tx, now: Clock, *, after: timedelta | None, why: str) -> None:
        record = self.current(tx)
        pause = after if after is not None else backoff(record.failures)
        tx.put_purchase(attrs.evolve(record, next_at=now.wall + pause, failures=record.failures + 1))
