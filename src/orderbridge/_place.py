"""Place: order it at the supplier, once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

import attrs

from ._cart import moved_out
from ._cases import take_money_word
from ._engine_operation import NotDone
from ._events import EventKind
from ._guards import is_nowhere, still_to_come
from ._intents import Subject
from ._journal import Tx
from ._model import PurchaseLine, PurchaseOrder, StorePayment
from ._money import Money
from ._policy import Policy
from ._purchase_operation import PurchaseOperation, ask_about_price
from ._records import OrderRecord, PurchaseRecord
from ._reviews import ReviewCode
from ._saga import Clock, backoff
from ._states import FINAL, SENDING, Fulfillment, Payment, command, observe, observe_payment
from ._twins import none_too_many, take_twin
from ._wording import amount_of
from ._world import Supplier
from .adapters import (
    CarriesNotes,
    Flow,
    MovedByPeople,
    Packs,
    PaidAtPlacing,
    Past,
    Placed,
    Placement,
    Refusal,
    Refused,
    Reserves,
    SeenPurchase,
    SupplierAdapter,
    Unclear,
    Write,
)

__all__ = ["Place"]


@attrs.frozen
class _NotHeld(NotDone):
    """Its units are not all held, so it may not be ordered."""

    remote_id: str


class Place(PurchaseOperation[Placement | _NotHeld]):
    """Order it at the supplier, once.

    Where the supplier has a growing order, placing moves units out of it: so the cart must be ours
    too, the units held, and nothing else be held of the same remote ids.
    """

    name = "place"
    moves_money = spends = True

    def __init__(
        self,
        supplier: Supplier,
        order: OrderRecord,
        record: PurchaseRecord,
        *,
        owner: str,
        follow_after: timedelta,
        policy: Policy,
        others: frozenset[str] = frozenset(),
        reserved: Mapping[str, Decimal] | None = None,
        wanted: Mapping[str, Decimal] | None = None,
    ) -> None:
        super().__init__(supplier, order, record, owner=owner)
        self._follow_after = follow_after
        self._policy = self.policy = policy
        self._others = others
        self._at_placing = isinstance(supplier.adapter, PaidAtPlacing)
        self._reserved = reserved
        self._wanted = wanted or {}
        self._state = record.fulfillment
        if reserved is not None:
            self.also = (Subject.cart(supplier.name),)

    def past(self, past: Past) -> Past:
        return attrs.evolve(past, others=self._others)

    def flow(self, past: Past) -> Flow[Write | Placement | _NotHeld | Unclear]:
        adapter = self._supplier.adapter
        result = yield from adapter.place(_with_packing(self.po, adapter), past)
        if not isinstance(result, Write) or self._reserved is None or not isinstance(adapter, Reserves):
            return result
        if result.step in past.answers or past.attempted or self._state in SENDING:
            return result
        holds = {item.remote_id: item.held for item in (yield from adapter.held())}
        for remote_id in self.po.units:
            has = holds.get(remote_id, Decimal(0))
            too_many = not self._supplier.shared and has > self._wanted.get(remote_id, Decimal(0))
            if has < self._reserved.get(remote_id, Decimal(0)) or too_many:
                return _NotHeld(remote_id)
        return result

    def plan(self, tx: Tx, write: Write, now: Clock) -> str:
        order = tx.order(self.order_id)
        record = self.current(tx)
        if order is None or order.version != self._order.version:
            return "the shop's order has changed; it is looked at anew"
        # What is sent once more belongs to an order that the shop has closed.
        ready = order.order.ready or bool(record.resend_of)
        if order.held or order.order.canceled or not ready:
            return "the order is held, or the shop does not want it shipped"
        if tx.has_open_review(ReviewCode.ADDRESS_CHANGED, about=self.order_id):
            return "nobody has said yet which of two addresses is right"
        if is_nowhere(record.po.ship_to) and ReviewCode.BLOCKED.value not in record.accepted:
            return "the order has no address to send it to"
        if ReviewCode.REPLACES.value not in record.accepted and still_to_come(tx, order.order):
            return "an order that it replaces is not over"
        tx.close_reviews(ReviewCode.REPLACES, about=record.po.id, decision="over", at=now.wall)
        if why := self.not_seen(tx, order, now):
            return why
        if record.op_no != self.op_no:
            return "a person has begun it anew; it goes on under another number"
        if record.po.lines != self.po.lines:
            return "its lines have changed; it is looked at anew"
        if (record.po.carrier, record.po.packing) != (self.po.carrier, self.po.packing):
            return "the way it is sent, or what goes in, has changed; it is looked at anew"
        if self._at_placing and not record.by_hand and order.order.payment is not StorePayment.PAID:
            return "it is paid with the order, and the shopper has not paid"
        if self._at_placing and self._dear(tx, record, write, now):
            return "it costs more than was agreed"
        if self._at_placing and write.binding and write.amount is None:
            # The limits must see every payment, also of an adapter that forgot to say.
            return f"{self.account}: the adapter does not say how much {write.step!r} moves"
        self._move(tx, record, Fulfillment.PLACING)
        self.event(tx, EventKind.PLACING, now, reference=self.po.reference)
        return ""

    def _dear(self, tx: Tx, record: PurchaseRecord, write: Write, now: Clock) -> bool:
        """Where placing pays, its price is judged before."""
        amount, agreed = write.amount, record.agreed
        if amount is None or agreed is None or not self._policy.too_dear(amount, agreed):
            return False
        tx.put_purchase(attrs.evolve(record, total=amount))
        words = f"it asks {amount_of(amount)}, and {amount_of(agreed)} was agreed"
        self.ask_about_price(tx, words, amount, now)
        return True

    def _move(self, tx: Tx, record: PurchaseRecord, to: Fulfillment) -> PurchaseRecord:
        state = record.fulfillment
        if state is Fulfillment.IN_DOUBT and to is Fulfillment.PLACING:
            state = command(state, Fulfillment.TO_ORDER)
        if state is not to:
            state = command(state, to)
        moved = attrs.evolve(
            record,
            fulfillment=state,
            left=record.fulfillment if record.fulfillment not in SENDING else record.left,
            waits="",
        )
        tx.put_purchase(moved)
        return moved

    def done(self, tx: Tx, result: Placement | _NotHeld, now: Clock) -> None:
        record = self.current(tx)
        if isinstance(result, _NotHeld):
            self._back(tx, record, now, waits="stock")
            self.event(tx, EventKind.NOT_HELD, now, remote_id=result.remote_id)
            tx.wake(Subject.cart(self.account), now.wall)
            return
        first, *siblings = result.placed or (None,)
        if first is None:
            self.refused(tx, Refused(Refusal.OUT_OF_STOCK, message="no line was taken"), now)
            return
        taken_by = tx.purchase_with(self.account, first.supplier_ref)
        if taken_by not in (None, self.po.id):
            # Not whose: an account may serve several owners, and this one reads it.
            words = f"{self.account} calls it {first.supplier_ref}, which is another purchase order's"
            self.unclear(tx, Unclear(words), now)
            return
        if record.po.supplier_ref and record.po.supplier_ref != first.supplier_ref:
            known = SeenPurchase(supplier_ref=record.po.supplier_ref)
            record = attrs.evolve(record, po=attrs.evolve(record.po, supplier_ref=first.supplier_ref))
            record = take_twin(tx, self._supplier.adapter, record, known, now)
        self._placed(tx, record, first, result, now)
        asked = _sum_of(result)
        dear = asked is not None and record.agreed is not None and self._policy.too_dear(asked, record.agreed)
        for index, sibling in enumerate(siblings, start=1):
            self._sibling(tx, record, sibling, index, now, dear=dear)
        if self.also:
            moved_out(tx, self.po)
        self._thaw(tx, now)

    def _thaw(self, tx: Tx, now: Clock) -> None:
        """Whoever waits for units of the same remote ids could not reserve while this was being placed."""
        waiting = any(
            state is Fulfillment.TO_ORDER for _, _, state, _ in tx.allocated(self.account, self.po.units)
        )
        if self.also and waiting:
            tx.wake(self.also[0], now.wall)

    def _placed(self, tx: Tx, record: PurchaseRecord, placed: Placed, result: Placement, now: Clock) -> None:
        state = record.fulfillment
        if state not in SENDING:
            # Found without our having sent it: a journal that was lost, or a person.
            state, _ = observe(state, Fulfillment.PLACED, left=record.left)
        else:
            state = command(state, Fulfillment.PLACED)
        state, _ = observe(state, placed.fulfillment, left=record.left)
        payment, _ = observe_payment(record.payment, self._paid(placed))
        lines = record.po.lines
        if placed.lines is not None:
            lines = _taken(lines, dict(placed.lines))
        total, agreed = placed.total or record.total, record.agreed
        asked = _sum_of(result) or total
        dear = asked is not None and agreed is not None and self._policy.too_dear(asked, agreed)
        for code in (ReviewCode.REFUSED, ReviewCode.UNCLEAR):
            # Whatever it was, it is ordered now: an answer to it would be about the next thing.
            tx.close_reviews(code, about=self.about, decision="placed", at=now.wall)
        people = isinstance(self._supplier.adapter, MovedByPeople)
        after = attrs.evolve(
            record,
            po=attrs.evolve(record.po, supplier_ref=placed.supplier_ref, lines=lines),
            fulfillment=state,
            payment=payment,
            raw_status=placed.raw_status,
            total=total,
            agreed=total if agreed is None else agreed,
            url=placed.url,
            placed_at=now.wall,
            changed_at=now.wall,
            next_at=None if people else now.wall + self._follow_after,
            waits="people" if people else "review" if dear else "",
            failures=0,
        )
        tx.put_purchase(after)
        # What is found again may be over by now.
        take_money_word(tx, record, after, now)
        none_too_many(tx, self.account, placed.supplier_ref, now)
        self.event(tx, EventKind.PLACED, now, supplier_ref=placed.supplier_ref, status=placed.raw_status)
        if record.po.packing and not isinstance(self._supplier.adapter, (Packs, CarriesNotes)):
            tx.open_review(
                ReviewCode.PACKING,
                about=self.about,
                evidence=f"{self.account} cannot be told through its API: " + "; ".join(record.po.packing),
                decisions=("ignore",),
                at=now.wall,
                order_id=self.order_id,
                account=self.account,
            )
        if dear and asked is not None and agreed is not None:
            words = f"it asks {amount_of(asked)}, and {amount_of(agreed)} was agreed"
            # Of several parts each is asked about for itself.
            self.ask_about_price(tx, words, total or asked, now)
        if state in (Fulfillment.CANCELED, Fulfillment.REJECTED):
            self.ask_about_cancel(tx, placed.raw_status, now)
        for line in result.refused:
            tx.open_review(
                ReviewCode.SHORTFALL,
                about=f"{self.po.id}/{line.remote_id}",
                evidence=f"{self.account} did not take {line.quantity} of {line.remote_id}: {line.why}",
                decisions=("ignore",),
                at=now.wall,
                order_id=self.order_id,
                account=self.account,
            )

    def _paid(self, placed: Placed) -> Payment | None:
        """Who takes the money with the order has it, whether they say so or not."""
        return Payment.PAID if placed.payment is None and self._at_placing else placed.payment

    def _sibling(
        self, tx: Tx, record: PurchaseRecord, placed: Placed, index: int, now: Clock, *, dear: bool
    ) -> None:
        """The supplier made several orders of what we asked as one."""
        if tx.purchase_with(self.account, placed.supplier_ref) is not None:
            return
        n = 1 + max(p.po.n for p in tx.purchases(self.order_id) if p.po.supplier == self.account)
        po = attrs.evolve(
            record.po,
            id=f"{self.order_id}/{self.account}/{n}",
            n=n,
            reference=f"{record.po.reference}-{index + 1}",
            supplier_ref=placed.supplier_ref,
            lines=_taken(record.po.lines, dict(placed.lines or ())),
        )
        state, _ = observe(Fulfillment.PLACED, placed.fulfillment, left=None)
        if state in FINAL:
            state = (
                Fulfillment.PLACED
            )  # that it is over is heard when it is followed, at once, and asked about
        tx.put_purchase(
            PurchaseRecord(
                po=po,
                fulfillment=state,
                payment=self._paid(placed) or Payment.UNKNOWN,
                raw_status=placed.raw_status,
                split_from=record.po.id,
                resend_of=record.resend_of,
                total=placed.total,
                # Together they are too dear: nothing of this one is agreed to until a person says so.
                agreed=Money.zero(placed.total.currency) if dear and placed.total else placed.total,
                url=placed.url,
                approved=True,
                created_at=now.wall,
                placed_at=now.wall,
                next_at=now.wall,
                waits="review" if dear else "",
            )
        )
        none_too_many(tx, self.account, placed.supplier_ref, now)
        tx.event(EventKind.PLACED, about=po.id, at=now.wall, order_id=self.order_id, owner=self.owner)
        if dear and placed.total is not None:
            ask_about_price(
                tx,
                po,
                f"it asks {amount_of(placed.total)} as a part of what was agreed for less",
                placed.total,
                now,
            )

    def refused(self, tx: Tx, why: Refused, now: Clock) -> None:
        # It stays what it is to be: a retry looks for it under the same reference first, in case the
        # refusal was not the whole truth.
        super().refused(tx, why, now)
        record = self.current(tx)
        if self.may_have_happened(tx):  # an earlier step was confirmed
            tx.put_purchase(attrs.evolve(record, next_at=None, waits="review"))
        else:
            self._back(tx, record, now, waits="review")
        self.event(tx, EventKind.REFUSED, now, code=why.code, why=why.why.value)
        self._thaw(tx, now)

    def doubt(self, tx: Tx, now: Clock, *, again_at: datetime | None) -> None:
        record = self.current(tx)
        if record.fulfillment is Fulfillment.PLACING:
            record = self._move(tx, record, Fulfillment.IN_DOUBT)
            self.event(tx, EventKind.IN_DOUBT, now)
        tx.put_purchase(
            attrs.evolve(record, next_at=again_at, waits="" if again_at is not None else "review")
        )

    def later(self, tx: Tx, now: Clock, *, after: timedelta | None, why: str) -> None:
        record = self.current(tx)
        pause = after if after is not None else backoff(record.failures)
        if not self.may_have_happened(tx):
            record = self._back(tx, record, now, waits=record.waits)
        tx.put_purchase(attrs.evolve(record, next_at=now.wall + pause, failures=record.failures + 1))
        self.event(tx, EventKind.PUT_OFF, now, why=why)

    def _back(self, tx: Tx, record: PurchaseRecord, now: Clock, *, waits: str) -> PurchaseRecord:
        """Nothing was sent: back to where it was before."""
        state = record.fulfillment
        if state in SENDING:
            state = command(state, Fulfillment.TO_ORDER)
            if record.left is Fulfillment.RESERVED and waits != "stock":
                state = command(state, Fulfillment.RESERVED)
            # While it was being placed, the shop's changes could not reach it.
            tx.ask_to_source(self.order_id)
        elif state is Fulfillment.RESERVED and waits == "stock":
            state = command(state, Fulfillment.TO_ORDER)
        record = attrs.evolve(record, fulfillment=state, next_at=None, waits=waits)
        tx.put_purchase(record)
        return record


def _sum_of(result: Placement) -> Money | None:
    """What all the orders that came of it ask; None unless each says so in one currency."""
    totals = [placed.total for placed in result.placed if placed.total is not None]
    if len(totals) < len(result.placed) or len({total.currency for total in totals}) != 1:
        return None
    return Money.sum(totals, totals[0].currency)


def _with_packing(po: PurchaseOrder, adapter: SupplierAdapter) -> PurchaseOrder:
    """Where a supplier has no place for it, its people read it in the note."""
    if not po.packing or isinstance(adapter, Packs) or not isinstance(adapter, CarriesNotes):
        return po
    return attrs.evolve(po, note="\n".join((*po.packing, *((po.note,) if po.note else ()))))


def _taken(lines: tuple[PurchaseLine, ...], taken: dict[str, Decimal]) -> tuple[PurchaseLine, ...]:
    """The lines the supplier took, each with no more than it took."""
    kept: list[PurchaseLine] = []
    for line in lines:
        got = min(line.quantity, taken.get(line.remote_id, Decimal(0)))
        if got <= 0:
            continue
        taken[line.remote_id] -= got
        kept.append(attrs.evolve(line, quantity=got, units=line.units * got / line.quantity))
    return tuple(kept)
