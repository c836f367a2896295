"""What must hold in every simulated world, whatever went wrong in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal

import attrs

from .._canonical import load
from .._engine_doubt import TRIES
from .._events import EventKind
from .._http import Request
from .._intents import Attempt, Intent
from .._journal import Tx
from .._records import OrderRecord, PurchaseRecord
from .._reviews import Review, ReviewCode
from .._states import FINAL, HAS_LEFT, Fulfillment, IntentState, NoticeState, move_intent
from ..errors import IllegalTransition
from .backends import Ordered, StoreBackend, SupplierBackend
from .scenes import BUYER

__all__ = ["Audit", "Ledger", "Sale", "Watched"]

# Questions that only a network which carries out a write twice has to leave open.
_AFTER_DOUBLED = frozenset({ReviewCode.UNCLEAR, ReviewCode.DOUBLE, ReviewCode.REFUSED})
_SENDING = frozenset({Fulfillment.PLACING, Fulfillment.IN_DOUBT})
_UNHEARD = frozenset({IntentState.UNKNOWN, IntentState.ABSENT})
_LIVE = frozenset(Fulfillment) - {Fulfillment.CANCELED, Fulfillment.REJECTED}


@attrs.frozen(kw_only=True)
class Sale:
    """What one shopper bought, and so what the supplier must get: once.

    Args:
        units: By the supplier's remote id.

        own: The merchant ships a part of it himself, so it is never complete.
    """

    ref: str
    shopper: str
    units: Mapping[str, Decimal]
    own: bool


class Watched(Tx):
    """A transaction whose intents and attempts are looked at as they are written."""

    def __init__(self, tx: Tx) -> None:
        super().__init__(tx._rows)
        self.added: list[Attempt] = []
        self.begun: list[Intent] = []
        self.moves: list[tuple[Intent | None, Intent]] = []
        self.fences: list[tuple[str, int]] = []
        self.said: list[str] = []

    def add_attempt(self, attempt: Attempt) -> None:
        """Note it."""
        super().add_attempt(attempt)
        self.added.append(attempt)

    def add_intent(self, intent: Intent) -> Intent:
        """Note it."""
        added = super().add_intent(intent)
        self.begun.append(added)
        return added

    def put_intent(self, intent: Intent) -> None:
        """Note from where to where it moves."""
        before = self.intent(
            about=intent.about, operation=intent.operation, op_no=intent.op_no, step=intent.step
        )
        super().put_intent(intent)
        self.moves.append((before, intent))

    def event(
        self,
        kind: EventKind,
        *,
        about: str,
        at: datetime,
        order_id: str = "",
        owner: str = "",
        data: Mapping[str, str] | None = None,
    ) -> None:
        """Note it for the story."""
        super().event(kind, about=about, at=at, order_id=order_id, owner=owner, data=data)
        self.said.append(f"{kind} {about} {dict(data or {})}")

    def claim(self, subject: str, *, seen: int, now: datetime) -> int:
        """Note the new fence."""
        fence = super().claim(subject, seen=seen, now=now)
        self.fences.append((subject, fence))
        return fence


class Ledger:
    """What the world itself remembers, to hold it against both platforms and the journal."""

    def __init__(self) -> None:
        self.sales: list[Sale] = []
        self.numbers: dict[str, str] = {}  # tracking numbers by the supplier's order
        self.problems: list[str] = []
        self.doubled_refs: set[str] = set()  # shop orders to which the network sent a write twice
        self.doubled_shoppers: set[str] = set()  # for whom the network ordered twice
        self._attempted: Counter[str] = Counter()
        self._subjects: dict[int, str] = {}  # of intents
        self._subject_of: dict[str, str] = {}  # of a request, by its fingerprint
        self._sent: Counter[str] = Counter()
        self._fences: dict[str, int] = {}

    def committed(self, tx: Watched) -> None:
        """A transaction is in the journal for good."""
        self._subjects.update({intent.id: intent.subject for intent in tx.begun})
        for attempt in tx.added:
            kept = load(Request, attempt.request)
            if _names_buyer(kept):
                self.problems.append(f"I2: attempt {attempt.sha256[:8]} keeps who pays")
            for mark in (kept.sha256, _place_of(kept)):
                self._attempted[mark] += 1
                self._subject_of[mark] = self._subjects[attempt.intent]
        for before, after in tx.moves:
            if before is not None:
                try:
                    move_intent(before.state, after.state)
                except IllegalTransition as error:
                    self.problems.append(f"I7: {after.operation} {after.step} of {after.about}: {error}")
        for subject, fence in tx.fences:
            if fence <= self._fences.get(subject, 0):
                self.problems.append(f"I8: {subject} was claimed with fence {fence} again")
            self._fences[subject] = fence

    def sent(self, write: Request) -> None:
        """A write is about to leave."""
        mark = _mark_of(write)
        self._sent[mark] += 1
        if self._sent[mark] > self._attempted[mark]:
            self.problems.append(
                f"I2: {write.method} {write.path} ({write.sha256[:8]}) left without an attempt before it"
            )

    def of_an_order(self, write: Request) -> bool:
        """Is it about one order, and not about all that a supplier holds?"""
        return self._subject_of.get(_mark_of(write), "").startswith("order/")

    def doubled(self, write: Request, shoppers: Iterable[str]) -> None:
        """The network has carried a write out twice."""
        kind, _, order_id = self._subject_of[_mark_of(write)].partition("/")
        if kind == "order":
            self.doubled_refs.add(order_id.partition("/")[2])
        self.doubled_shoppers.update(shoppers)


def _names_buyer(request: Request) -> bool:
    return BUYER.ip.encode() in request.body or BUYER.ip in f"{request.path} {request.query}"


def _place_of(request: Request) -> str:
    return f"{request.method} {request.path}"


def _mark_of(write: Request) -> str:
    """What a request is known by in the journal, which keeps no copy of one that says who pays."""
    return _place_of(write) if _names_buyer(write) else write.sha256


class Audit:
    """Both platforms and the journal, held against what the shoppers bought.

    Args:
        tx: A look at the journal.

        store: The store account's name.

        prefix: Of the SKUs that the supplier ships.
    """

    def __init__(
        self, tx: Tx, ledger: Ledger, *, store: str, prefix: str, shop: StoreBackend, desk: SupplierBackend
    ) -> None:
        self._tx = tx
        self._ledger = ledger
        self._store = store
        self._prefix = prefix
        self._shop = shop
        self._desk = desk
        self.reviews = tuple(_reviews(tx))
        self._asked = {review.about for review in self.reviews}
        self._frozen = {
            remote_id
            for sale in ledger.sales
            for purchase in tx.purchases(self._id(sale))
            if purchase.po.id in self._asked and purchase.fulfillment in _SENDING
            for remote_id in purchase.po.units
        }

    def settled(self) -> bool:
        """Has everything been placed, has left, and been told; or does a person have to look?"""
        return all(self._is_settled(sale) for sale in self._ledger.sales)

    def problems(self) -> tuple[str, ...]:
        """What is wrong."""
        sales = self._ledger.sales
        return (
            *self._at_the_supplier(),
            *(problem for sale in sales for problem in self._in_the_shop(sale)),
            *(problem for sale in sales for problem in self._in_the_journal(sale)),
            *self._questions(),
        )

    def _id(self, sale: Sale) -> str:
        return f"{self._store}/{sale.ref}"

    def _doubled(self, sale: Sale) -> bool:
        ledger = self._ledger
        return sale.ref in ledger.doubled_refs or sale.shopper in ledger.doubled_shoppers

    def _excused(self, sale: Sale) -> bool:
        """The network did it twice, and a person is asked."""
        return self._doubled(sale) and any(review.order_id == self._id(sale) for review in self.reviews)

    def _waits(self, purchase: PurchaseRecord) -> bool:
        """For a person, or for units that another one's open question keeps frozen."""
        if purchase.next_at is not None:
            return False
        frozen = purchase.waits == "stock" and self._frozen & purchase.po.units.keys()
        return purchase.po.id in self._asked or bool(frozen)

    def _is_settled(self, sale: Sale) -> bool:
        order_id = self._id(sale)
        purchases, notices = self._tx.purchases(order_id), self._tx.notices(order_id)
        for purchase in purchases:
            told = any(notice.notice.purchase_order_id == purchase.po.id for notice in notices)
            gone = purchase.fulfillment in FINAL or (purchase.fulfillment in HAS_LEFT and told)
            if not gone and not self._waits(purchase):
                return False
        for notice in notices:
            waits = notice.notice.key in self._asked and notice.next_at is None
            if notice.state is NoticeState.DUE and not waits:
                return False
        return bool(purchases)

    def _at_the_supplier(self) -> Iterator[str]:
        by_shopper: dict[str, list[Ordered]] = {}
        references: Counter[str] = Counter()
        for order in self._desk.orders():
            by_shopper.setdefault(order.shopper, []).append(order)
            references[order.reference] += bool(order.reference)
        for sale in self._ledger.sales:
            found = by_shopper.pop(sale.shopper, [])
            waiting = all(self._waits(purchase) for purchase in self._tx.purchases(self._id(sale)))
            if not found and not (self._tx.purchases(self._id(sale)) and waiting and self._frozen):
                yield f"lost: nothing was ordered for {sale.shopper}, order {sale.ref}"
            if len(found) > 1 and not self._excused(sale):
                yield f"double: {[order.ref for order in found]} for {sale.shopper}, order {sale.ref}"
            for order in found:
                if references[order.reference] > 1 and not self._excused(sale):
                    yield f"double: reference {order.reference} stands {references[order.reference]} times"
                if dict(order.units) != dict(sale.units):
                    yield f"units: {dict(order.units)} instead of {dict(sale.units)} for order {sale.ref}"
        for shopper in by_shopper:
            yield f"foreign: something was ordered for {shopper}, who bought nothing"

    def _in_the_shop(self, sale: Sale) -> Iterator[str]:
        if self._excused(sale):
            return
        mine = [order.ref for order in self._desk.orders() if order.shopper == sale.shopper]
        numbers = [self._ledger.numbers[ref] for ref in mine if ref in self._ledger.numbers]
        shown = self._shop.shown(sale.ref)
        told = Counter(number for each in shown for number in each.numbers)
        for number in numbers:
            if told[number] != 1:
                yield f"I5: order {sale.ref}: {number} is shown {told[number]} times"
        for number in told.keys() - set(numbers):
            yield f"I5: order {sale.ref}: {number} is shown and is not its own"
        wanted = {self._prefix + remote_id: units for remote_id, units in sale.units.items()}
        for each in shown:
            if each.units is not None and dict(each.units) != wanted:
                yield f"I5: order {sale.ref}: {dict(each.units)} is shown as shipped, {wanted} has left"
        mails = self._shop.mails(sale.ref)
        # A call that the network carries twice may mail twice without a trace.
        if mails > len(numbers) + int(self._doubled(sale)):
            yield f"I5: order {sale.ref}: {mails} mails about {len(numbers)} departures"
        if numbers and self._shop.closed(sale.ref) == sale.own:
            yield f"order {sale.ref}: closed is {sale.own}, a part shipped by the merchant is {sale.own}"

    def _in_the_journal(self, sale: Sale) -> Iterator[str]:
        order_id = self._id(sale)
        record = self._tx.order(order_id)
        if record is None:
            yield f"I4: order {sale.ref} is not in the journal"
            return
        purchases = self._tx.purchases(order_id)
        yield from _units(record, purchases)
        for purchase in purchases:
            rests = purchase.fulfillment in FINAL or purchase.fulfillment in HAS_LEFT
            state = f"{purchase.po.id} is {purchase.fulfillment.value}"
            if purchase.next_at is None and not purchase.waits and not rests:
                yield f"I3: {state}, neither due nor waiting for anything"
            if purchase.fulfillment not in HAS_LEFT and not self._waits(purchase):
                yield f"I3: {state}, waits {purchase.waits!r}, due {purchase.next_at}"
            told = [
                event
                for event in self._tx.time_line(order_id)
                if event.about == purchase.po.id and event.kind == "Status"
            ]
            if told and told[-1].data["fulfillment"] != purchase.fulfillment.value:
                yield f"I10: {state}, its last event says {told[-1].data['fulfillment']}"
        for notice in self._tx.notices(order_id):
            if notice.state is not NoticeState.ANNOUNCED and notice.notice.key not in self._asked:
                yield f"I5: a departure of {order_id} is {notice.state.value}"

    def _never_heard_of(self, po_id: str) -> bool:
        """Was it tried until the bridge gave up, each time without an answer?"""
        purchase = self._tx.purchase(po_id)
        if purchase is None:
            return False
        tried = [
            sum(attempt.state in _UNHEARD for attempt in self._tx.attempts(intent.id))
            for operation in ("place", "pay")
            for intent in self._tx.intents(about=po_id, operation=operation, op_no=purchase.op_no)
        ]
        return max(tried, default=0) >= TRIES

    def _questions(self) -> Iterator[str]:
        sales = {self._id(sale): sale for sale in self._ledger.sales}
        for review in self.reviews:
            sale = sales.get(review.order_id)
            if sale is not None and review.code in _AFTER_DOUBLED and self._doubled(sale):
                continue
            if review.code is ReviewCode.FAULT and sale is not None and self._excused(sale):
                continue  # it would have closed itself, but nothing goes on before a person has looked
            if review.code is ReviewCode.FAULT and review.about.startswith(f"{review.order_id}#"):
                continue  # progress could not be shown for a while, and then there was other progress
            if review.code is ReviewCode.PARKED and self._never_heard_of(review.about):
                continue  # so many lost answers in a row are rare weather, and a person's matter
            yield f"review {review.code.value} on {review.about}: {review.evidence}"


def _reviews(tx: Tx) -> Iterator[Review]:
    after = 0
    while page := tx.reviews(after=after, limit=100):
        yield from page
        after = page[-1].id


def _units(record: OrderRecord, purchases: Iterable[PurchaseRecord]) -> Iterator[str]:
    live = [purchase for purchase in purchases if purchase.fulfillment in _LIVE]
    for line in record.order.lines:
        units = sum(
            (part.units for each in live for part in each.po.lines if part.line_ref == line.ref), Decimal(0)
        )
        if units > line.quantity - line.canceled - line.refunded:
            yield f"I1: {units} units of line {line.ref} in purchase orders, {line.quantity} were sold"
