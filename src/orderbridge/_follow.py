"""Follow: the supplier's word on a purchase order."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from ._cases import ABOUT_PAYING, money_asked_at, take_money_word, take_resent, take_return
from ._departures import Departures
from ._events import EventKind
from ._intake_questions import check_shipped
from ._journal import Tx
from ._money import Money
from ._pay import is_over
from ._purchase_operation import PurchaseOperation
from ._records import PurchaseRecord
from ._reviews import ReviewCode
from ._saga import Clock, backoff
from ._states import (
    FINAL,
    HAS_LEFT,
    NOT_YET_PAID,
    Fulfillment,
    Payment,
    Seen,
    observe,
    observe_payment,
)
from ._wording import amount_of
from ._world import World
from .adapters import (
    CorrectsTracking,
    Flow,
    ListsChanges,
    MovedByPeople,
    Past,
    Pays,
    Returned,
    SupplierStatus,
    Unclear,
    Write,
)

__all__ = ["Follow"]

_SETTLED_AFTER = timedelta(days=45)  # suppliers that never say "delivered" are not asked for ever
_SHOWS_UP = timedelta(minutes=15)  # how long a supplier may not know, or bill, an order it has confirmed
_SEEN_LATELY = timedelta(minutes=5)  # an older picture of the shop may show what was put right since
_SIDE = frozenset({Fulfillment.ON_HOLD, Fulfillment.CANCEL_REQUESTED})


class Follow(PurchaseOperation[SupplierStatus | None]):
    """Read one purchase order at the supplier. It never writes there."""

    name = "follow"

    def with_policy(self, world: World) -> Follow:
        """How often, how patiently, and what the shop can take of it."""
        self._world = world
        self._policy = world.policy_of(self._order.order.store, self._supplier.name)
        store = world.stores[self._order.order.store]
        corrects = isinstance(store.adapter, CorrectsTracking)
        self._departures = Departures(policy=self._policy, corrects=corrects, owner=self.owner)
        self._people = isinstance(self._supplier.adapter, MovedByPeople)
        self._lists = isinstance(self._supplier.adapter, ListsChanges)
        return self

    def flow(self, past: Past) -> Flow[Write | SupplierStatus | Unclear | None]:
        return (yield from self._supplier.adapter.fetch(self.po))

    def done(self, tx: Tx, result: SupplierStatus | None, now: Clock) -> None:
        record = before = self.current(tx)
        if result is None:
            self._missing(tx, record, now)
            return
        if record.supplier_at is not None and result.at is not None and result.at < record.supplier_at:
            # An older picture than the one we have, from a server that lags.
            self._again(tx, record, now)
            return
        state, seen = observe(record.fulfillment, result.fulfillment, left=record.left)
        if result.fulfillment is None and result.payment is not None:
            seen = Seen.SAME  # a known word, of money alone
        payment, money_seen = observe_payment(record.payment, result.payment)
        news = state is not record.fulfillment or payment is not record.payment
        if news or result.raw != record.raw_status:
            self._tell(tx, result, seen, money_seen, state, payment, now)
        if seen is Seen.CONTRADICTORY and result.raw != record.raw_status:
            self.ask(
                tx,
                ReviewCode.CONTRADICTORY_STATUS,
                f"{self.account} says {result.raw!r} of an order that is {record.fulfillment.value} here",
                now,
            )
        if state is not record.fulfillment and state in (Fulfillment.CANCELED, Fulfillment.REJECTED):
            self.ask_about_cancel(tx, result.raw, now)
        total = result.total or record.total
        if record.total is None and total is not None:
            tx.close_reviews(ReviewCode.UNCLEAR, about=self.about, decision="said", at=now.wall)
        over = state in FINAL  # then nothing of it is to be paid any more
        dear = (
            not over
            and payment in NOT_YET_PAID
            and total is not None
            and record.agreed is not None
            and self._policy.too_dear(total, record.agreed)
        )
        if dear and total is not None and record.agreed is not None and total != record.total:
            words = f"it asks {amount_of(total)}, and {amount_of(record.agreed)} was agreed"
            self.ask_about_price(tx, words, total, now)
            record = attrs.evolve(record, waits="review")
        if not over and total is not None and self._closes_price(tx, record, total, now):
            record = attrs.evolve(record, waits="", next_at=now.wall)
        record = attrs.evolve(
            record,
            fulfillment=state,
            payment=payment,
            left=record.fulfillment if state in _SIDE and record.fulfillment not in _SIDE else record.left,
            raw_status=result.raw,
            supplier_at=result.at or record.supplier_at,
            total=total,
            agreed=total if record.agreed is None else record.agreed,
            changed_at=now.wall if news else record.changed_at,
            failures=0,
        )
        bounced = before.payment is Payment.PENDING and payment in (Payment.UNPAID, Payment.FAILED)
        if bounced and not over:
            words = f"{self.account} did not take the payment after all: it says {result.raw!r}"
            self.ask(tx, ReviewCode.UNCLEAR, words, now)
            record = attrs.evolve(record, waits="review")
        for shipment in result.shipments:
            self._departures.take(tx, record, shipment, now)
        take_money_word(tx, before, record, now)
        take_resent(tx, record, now)
        for returned in result.returns:
            take_return(tx, record, returned, now)
            self._returned(tx, returned, now)
        self._again(tx, attrs.evolve(record, reads=0 if news else record.reads + 1), now)
        if not over:
            self._ask_for_total(tx, record, now)
        if self._order.seen_within(_SEEN_LATELY, now.wall):
            # As the shop was known when the supplier was asked, so that its word is the newer one.
            check_shipped(tx, self._world, self._order.order, self.current(tx), now)

    def _ask_for_total(self, tx: Tx, record: PurchaseRecord, now: Clock) -> None:
        """What names no price when it is read either cannot be paid from here."""
        unpaid = record.payment in NOT_YET_PAID or record.payment is Payment.UNKNOWN
        placed_at = record.placed_at
        young = placed_at is not None and now.wall - placed_at <= _SHOWS_UP
        if record.total is not None or record.resend_of or not unpaid or young:
            return
        words = f"{self.account} names no total, so nothing can be paid"
        was_let_be = tx.was_let_be(self.order_id, ReviewCode.UNCLEAR, about=self.about, evidence=words)
        if isinstance(self._supplier.adapter, Pays) and not was_let_be:
            self.ask(tx, ReviewCode.UNCLEAR, words, now)

    def _closes_price(self, tx: Tx, record: PurchaseRecord, total: Money, now: Clock) -> bool:
        """Close the question about a price that the supplier asks no more; True if no other holds it."""
        about = [each for each in tx.reviews_of(self.order_id) if each.about == self.about]
        asked = [each for each in about if each.code in ABOUT_PAYING]
        price = next((each.amount for each in asked if each.code is ReviewCode.PRICE), None)
        if price is None or record.agreed is None:
            return False
        # Of several parts each is asked about because all of them together are too dear.
        alone = self._policy.too_dear(price, record.agreed)
        if not alone or self._policy.too_dear(total, record.agreed):
            return False
        tx.close_reviews(ReviewCode.PRICE, about=self.about, decision="agreed price", at=now.wall)
        return len(asked) == 1

    def _returned(self, tx: Tx, returned: Returned, now: Clock) -> None:
        """What goods that came back mean for the shopper's money is for a person to say."""
        about = f"{self.po.id}/return/{returned.ref}"
        words = f"{self.account}: {returned.quantity} of {returned.remote_id} came back: {returned.raw}"
        if about in tx.asked_about(self.order_id, ReviewCode.RETURNED):
            return
        tx.open_review(
            ReviewCode.RETURNED,
            about=about,
            evidence=words,
            decisions=("ignore",),
            at=now.wall,
            order_id=self.order_id,
            account=self.account,
        )
        self.event(
            tx, EventKind.RETURNED, now, ref=returned.ref, remote_id=returned.remote_id, raw=returned.raw
        )

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
            Seen.REGRESSED: EventKind.STATUS_REGRESSED,
            Seen.CONTRADICTORY: EventKind.CONTRADICTORY_STATUS,
            Seen.UNKNOWN_WORD: EventKind.UNKNOWN_STATUS,
        }.get(seen, EventKind.STATUS)
        self.event(tx, kind, now, raw=result.raw, fulfillment=state.value, payment=payment.value)
        if money_seen is Seen.REGRESSED:
            self.event(tx, EventKind.PAYMENT_REGRESSED, now, raw=result.raw, payment=payment.value)

    def _missing(self, tx: Tx, record: PurchaseRecord, now: Clock) -> None:
        # Of what is canceled, suppliers may forget all; the case about the money stays open.
        over, placed_at = record.fulfillment in FINAL, record.placed_at
        if not over and placed_at is not None and now.wall - placed_at > _SHOWS_UP:
            self.ask(
                tx,
                ReviewCode.LOST_AT_SUPPLIER,
                f"{self.account} does not know {record.po.supplier_ref or record.po.reference} any more",
                now,
            )
        self._again(tx, attrs.evolve(record, reads=record.reads + 1), now)

    def _again(self, tx: Tx, record: PurchaseRecord, now: Clock) -> None:
        # A payment that a person is asked about stays theirs, and what is stopped is stopped; the goods are
        # followed all the same.
        over = record.fulfillment in FINAL
        kept = record.waits in ("review", "money") and record.payment in NOT_YET_PAID and not over
        waits = record.waits if kept else ""
        waits = "people" if self._people and not waits and not is_over(record) else waits
        if over and record.waits == "replaced":
            waits = record.waits  # its units are ordered anew, whatever is said of it now
        next_at = self._next(tx, record, now.wall)
        asked = self._record.next_at
        if (record.revoke and not over) or (record.next_at is not None and record.next_at != asked):
            # Somebody has made it due while it was being read.
            next_at = min(next_at or now.wall, record.next_at or now.wall)
        tx.put_purchase(attrs.evolve(record, next_at=next_at, waits=waits))

    def _next(self, tx: Tx, record: PurchaseRecord, now: datetime) -> datetime | None:
        """Often while young, daily when old, and once it is over only while its money is out."""
        if self._people:
            return None
        changed = record.changed_at or record.created_at
        since = now - changed
        asked = money_asked_at(tx, record) if record.fulfillment in FINAL | HAS_LEFT else None
        waited = now - max(changed, asked or changed)
        if record.fulfillment in FINAL:
            return now + timedelta(days=1) if asked is not None and waited <= _SETTLED_AFTER else None
        # What changes is listed by itself; asking for each one is only the net below that.
        every = self._policy.follow_every * (12 if self._lists else 1)
        if record.fulfillment in HAS_LEFT:
            # Numbers are corrected soon if at all.
            soon = since <= timedelta(days=2)
            later = now + (min(24 * every, timedelta(days=1)) if soon else timedelta(days=1))
            return None if waited > _SETTLED_AFTER else later
        if since > timedelta(days=14):
            return now + max(every, timedelta(days=1))
        return now + every * (4 if since > timedelta(days=2) else 1)

    def unclear(self, tx: Tx, why: Unclear, now: Clock) -> None:
        record = self.current(tx)
        super().unclear(tx, why, now)
        if record.fulfillment in FINAL:
            tx.put_purchase(attrs.evolve(record, next_at=self._next(tx, record, now.wall)))

    def doubt(self, tx: Tx, now: Clock, *, again_at: datetime | None) -> None:
        self.later(tx, now, after=None, why="in doubt")

    def later(self, tx: Tx, now: Clock, *, after: timedelta | None, why: str) -> None:
        record = self.current(tx)
        pause = after if after is not None else backoff(record.failures)
        tx.put_purchase(attrs.evolve(record, next_at=now.wall + pause, failures=record.failures + 1))
