"""What must hold in every simulated world, whatever went wrong in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

import attrs

from .._http import Call
from .._journal import Tx
from .._records import Attempt, Intent, OrderRecord, PurchaseRecord, Review, ReviewCode
from .._states import FINAL, HAS_LEFT, Fulfillment, NoticeState, move_intent
from ..errors import IllegalTransition
from .backends import Ordered, StoreBackend, SupplierBackend

__all__ = ["Ledger", "Sale", "Watched", "is_settled", "problems_of"]

# Questions that a world without doubled calls has no reason to leave open.
_ONLY_AFTER_DOUBLED = frozenset({ReviewCode.UNCLEAR, ReviewCode.DOUBLE, ReviewCode.REFUSED})
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
        self.moves: list[tuple[Intent | None, Intent]] = []
        self.fences: list[tuple[str, int]] = []

    def add_attempt(self, attempt: Attempt) -> None:
        """Note it."""
        super().add_attempt(attempt)
        self.added.append(attempt)

    def put_intent(self, intent: Intent) -> None:
        """Note from where to where it moves."""
        before = self.intent(
            about=intent.about, operation=intent.operation, op_no=intent.op_no, step=intent.step
        )
        super().put_intent(intent)
        self.moves.append((before, intent))

    def claim(self, subject: str, *, seen: int, now: object) -> int:
        """Note the new fence."""
        fence = super().claim(subject, seen=seen, now=now)  # type: ignore[arg-type]
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
        self._sent: Counter[str] = Counter()
        self._fences: dict[str, int] = {}

    def committed(self, tx: Watched) -> None:
        """A transaction is in the journal for good."""
        self._attempted.update(attempt.sha256 for attempt in tx.added)
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

    def sent(self, sha256: str) -> None:
        """A write is about to leave."""
        self._sent[sha256] += 1
        if self._sent[sha256] > self._attempted[sha256]:
            self.problems.append(f"I2: request {sha256[:8]} left without an attempt committed before it")

    def doubled(self, call: Call, shoppers: Iterable[str]) -> None:
        """The network has carried a write out twice."""
        found = re.search(r"/orders/(\d+)", call.url)
        if found:
            self.doubled_refs.add(found[1])
        self.doubled_shoppers.update(shoppers)


def is_settled(tx: Tx, store: str, ledger: Ledger) -> bool:
    """Has everything been placed, has left, and been told; or does a person have to look?"""
    asked = {review.about for review in _reviews(tx)}
    for sale in ledger.sales:
        order_id = f"{store}/{sale.ref}"
        purchases, notices = tx.purchases(order_id), tx.notices(order_id)
        if not purchases:
            return False
        for purchase in purchases:
            if purchase.po.id in asked and purchase.next_at is None:
                continue
            left = purchase.fulfillment in HAS_LEFT or purchase.fulfillment in FINAL
            told = any(notice.notice.purchase_order_id == purchase.po.id for notice in notices)
            if not left or (purchase.fulfillment in HAS_LEFT and not told):
                return False
        for notice in notices:
            waits = notice.notice.key in asked and notice.next_at is None
            if notice.state is NoticeState.DUE and not waits:
                return False
    return True


def _reviews(tx: Tx) -> Iterator[Review]:
    after = 0
    while page := tx.reviews(after=after, limit=100):
        yield from page
        after = page[-1].id


def problems_of(
    tx: Tx, ledger: Ledger, store: str, prefix: str, shop: StoreBackend, desk: SupplierBackend
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is wrong in the end, and which questions are open."""
    reviews = tuple(_reviews(tx))
    asked = {review.order_id for review in reviews}
    problems = [
        *_at_the_supplier(ledger, store, desk, asked),
        *(
            problem
            for sale in ledger.sales
            for problem in _in_the_shop(ledger, sale, store, prefix, shop, desk, asked)
        ),
        *(problem for sale in ledger.sales for problem in _in_the_journal(tx, sale, store, reviews)),
        *_questions(ledger, store, reviews),
    ]
    return tuple(problems), tuple(review.code.value for review in reviews)


def _at_the_supplier(
    ledger: Ledger, store: str, desk: SupplierBackend, asked: set[str]
) -> Iterator[str]:
    by_shopper: dict[str, list[Ordered]] = {}
    for order in desk.orders():
        by_shopper.setdefault(order.shopper, []).append(order)
    for sale in ledger.sales:
        found = by_shopper.pop(sale.shopper, [])
        excused = sale.shopper in ledger.doubled_shoppers and f"{store}/{sale.ref}" in asked
        if not found:
            yield f"lost: nothing was ordered for {sale.shopper}, order {sale.ref}"
        elif len(found) > 1 and not excused:
            yield f"double: orders {[order.ref for order in found]} for {sale.shopper}, order {sale.ref}"
        for order in found:
            if dict(order.units) != dict(sale.units):
                yield f"wrong units: {dict(order.units)} instead of {dict(sale.units)} for order {sale.ref}"
    for shopper in by_shopper:
        yield f"foreign: somebody ordered for {shopper}, who bought nothing"


def _in_the_shop(
    ledger: Ledger,
    sale: Sale,
    store: str,
    prefix: str,
    shop: StoreBackend,
    desk: SupplierBackend,
    asked: set[str],
) -> Iterator[str]:
    excused = f"{store}/{sale.ref}" in asked and (
        sale.ref in ledger.doubled_refs or sale.shopper in ledger.doubled_shoppers
    )
    numbers = [ledger.numbers[o.ref] for o in desk.orders() if o.shopper == sale.shopper and o.ref in ledger.numbers]
    shown = shop.shown(sale.ref)
    told = Counter(number for each in shown for number in each.numbers)
    if excused:
        return
    for number in numbers:
        if told[number] != 1:
            yield f"order {sale.ref}: {number} is shown {told[number]} times"
    for number in told.keys() - set(numbers):
        yield f"order {sale.ref}: {number} is shown and is not its own"
    wanted = {prefix + remote_id: units for remote_id, units in sale.units.items()}
    for each in shown:
        if each.units is not None and dict(each.units) != wanted:
            yield f"order {sale.ref}: {dict(each.units)} is shown as shipped instead of {wanted}"
    if shop.mails(sale.ref) > len(numbers):
        yield f"order {sale.ref}: {shop.mails(sale.ref)} mails about {len(numbers)} departures"
    if shop.closed(sale.ref) == sale.own:
        yield f"order {sale.ref}: closed is {shop.closed(sale.ref)}, a part of its own is {sale.own}"


def _in_the_journal(tx: Tx, sale: Sale, store: str, reviews: tuple[Review, ...]) -> Iterator[str]:
    order_id = f"{store}/{sale.ref}"
    record = tx.order(order_id)
    if record is None:
        yield f"I4: order {sale.ref} is not in the journal"
        return
    asked = {review.about for review in reviews}
    purchases = tx.purchases(order_id)
    yield from _units(record, purchases)
    for purchase in purchases:
        rests = purchase.fulfillment in FINAL or purchase.fulfillment in HAS_LEFT
        if purchase.next_at is None and not purchase.waits and not rests and purchase.po.id not in asked:
            yield f"I3: {purchase.po.id} is {purchase.fulfillment.value}, neither due nor waiting for anything"
        if purchase.fulfillment not in HAS_LEFT and purchase.po.id not in asked:
            yield f"stuck: {purchase.po.id} is {purchase.fulfillment.value}, waits {purchase.waits!r}"
        told = [e for e in tx.time_line(order_id) if e.about == purchase.po.id and e.kind == "Status"]
        if told and told[-1].data["fulfillment"] != purchase.fulfillment.value:
            yield f"I10: {purchase.po.id} is {purchase.fulfillment.value}, its last event says otherwise"
    for notice in tx.notices(order_id):
        if notice.state is not NoticeState.ANNOUNCED and notice.notice.key not in asked:
            yield f"I5: a departure of {order_id} is {notice.state.value}"


def _units(record: OrderRecord, purchases: Iterable[PurchaseRecord]) -> Iterator[str]:
    live = [purchase for purchase in purchases if purchase.fulfillment in _LIVE]
    for line in record.order.lines:
        units = sum(
            (part.units for each in live for part in each.po.lines if part.line_ref == line.ref), Decimal(0)
        )
        if units > line.quantity - line.canceled - line.refunded:
            yield f"I1: {units} units of line {line.ref} in purchase orders, {line.quantity} were sold"


def _questions(ledger: Ledger, store: str, reviews: Iterable[Review]) -> Iterator[str]:
    shoppers = {f"{store}/{sale.ref}": sale.shopper for sale in ledger.sales}
    for review in reviews:
        ref = review.order_id.rpartition("/")[2]
        doubled = ref in ledger.doubled_refs or shoppers.get(review.order_id) in ledger.doubled_shoppers
        if review.code in _ONLY_AFTER_DOUBLED and doubled:
            continue
        if review.code is ReviewCode.FAULT and review.about.startswith(f"{review.order_id}#"):
            continue  # progress could not be shown for a while, and then there was other progress
        yield f"review {review.code.value} on {review.about}: {review.evidence}"
