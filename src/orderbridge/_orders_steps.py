"""What each step of an order begins and ends with: a view of all of it, and one commit on its subject.

The steps that come before any other are here too: to read the order in its shop again, and to share it
out anew.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import attrs

from ._cases import money_is_out
from ._events import EventKind
from ._guards import still_to_come
from ._intake import source, take_in
from ._intents import Subject
from ._journal import Tx
from ._pay import Pay
from ._plan import plan_order, told_half_way
from ._records import NoticeRecord, OrderRecord, PurchaseRecord
from ._reviews import Review, ReviewCode
from ._saga import Clock, Saga, backoff, clock, commit, look, run_flow
from ._source_anew import ask_suppliers
from ._states import FINAL, IntentState, NoticeState, Payment
from ._wishes import Task
from ._world import World
from .errors import BridgeError, LeaseLost

__all__ = ["View", "is_due", "is_fresh", "read_again", "source_again", "view_of", "write"]

_FRESH = timedelta(seconds=60)  # how long ago the shop must have shown an order that is to be placed


@attrs.frozen(kw_only=True)
class View:
    record: OrderRecord
    purchases: tuple[PurchaseRecord, ...]
    notices: tuple[NoticeRecord, ...]
    tasks: tuple[Task, ...]
    half: NoticeRecord | None  # a notice that is told half-way: its siblings wait for it
    asked: frozenset[str]  # whose price, or for the order whose address, a person is asked about
    paying: frozenset[str]  # purchase orders with a payment that may be under way
    out: frozenset[str]  # those that are over, and of which the supplier has money, or may have
    still_to_come: str  # the purchase order, not over yet, of an order that this one replaces
    fence: int
    due: bool
    busy: bool


def view_of(order_id: str, now: Clock, tx: Tx) -> View | None:
    record = tx.order(order_id)
    if record is None:
        return None
    work = tx.work(Subject.order(order_id))
    purchases, notices = tx.purchases(order_id), tx.notices(order_id)
    return View(
        record=record,
        purchases=purchases,
        notices=notices,
        tasks=tx.tasks(order_id),
        half=told_half_way(tx, notices),
        asked=frozenset(each.about for each in tx.reviews_of(order_id) if _is_asked(each)),
        paying=frozenset(each.po.id for each in purchases if _paying(tx, each)),
        out=frozenset(
            each.po.id for each in purchases if each.fulfillment in FINAL and money_is_out(tx, each)
        ),
        still_to_come=still_to_come(tx, record.order),
        fence=work.fence,
        due=is_due(work.due_at, now.wall),
        busy=work.lease_until is not None and work.lease_until > now.wall,
    )


def _is_asked(review: Review) -> bool:
    disputed = review.code is ReviewCode.ADDRESS_CHANGED and review.about == review.order_id
    return disputed or review.code is ReviewCode.PRICE


def _paying(tx: Tx, purchase: PurchaseRecord) -> bool:
    if purchase.payment is not Payment.PENDING:
        return False
    intents = tx.intents(about=purchase.po.id, operation=Pay.name, op_no=purchase.op_no)
    return any(intent.state in (IntentState.OPEN, IntentState.UNKNOWN) for intent in intents)


def is_fresh(record: OrderRecord, now: datetime) -> bool:
    """Has the shop shown it just now? A minute is too old: that long a lost answer waits for its look-up."""
    return record.seen_within(_FRESH, now)


def is_due(at: datetime | None, now: datetime) -> bool:
    return at is not None and at <= now


def write(view: View, work: Callable[[Tx, Clock], None]) -> Saga[None]:
    """One commit on the order's subject, if nobody has taken it over since it was viewed."""
    now = yield from clock()
    order_id = view.record.order.id
    subject = Subject.order(order_id)

    def whole(tx: Tx) -> None:
        tx.claim(subject, seen=view.fence, now=now.wall)
        work(tx, now)
        plan_order(tx, order_id, now)

    try:
        yield from commit(whole)
    except LeaseLost:
        return


def read_again(world: World, order_id: str, view: View | None) -> Saga[None]:
    """Ask the shop for the order: before money moves, and when a webhook says it has changed."""
    name, _, ref = order_id.partition("/")
    store = world.stores[name]
    subject = Subject.order(order_id)
    fence = view.fence if view is not None else (yield from look(lambda tx: tx.work(subject).fence))
    asked = yield from clock()
    try:
        order = yield from run_flow(name, store.adapter.fetch_order(ref))
    except BridgeError as error:
        yield from _put_off(order_id, fence, error)
        return
    now = yield from clock()

    def work(tx: Tx) -> None:
        tx.claim(subject, seen=fence, now=now.wall)
        if tx.account_identity(name) is None:
            # A webhook before the first pull, which says from when on orders are acted on.
            tx.schedule(subject, None)
            tx.wake(Subject.pull(name), now.wall)
            return
        if order is not None:
            take_in(tx, world, attrs.evolve(order, store=name), now, read_at=asked.wall)
        elif view is not None:
            gone = attrs.evolve(view.record.order, canceled=True, ready=False)
            tx.event(EventKind.ORDER_GONE, about=order_id, at=now.wall, order_id=order_id, owner=store.owner)
            if not take_in(tx, world, gone, now, read_at=asked.wall):
                tx.set_flags(order_id, refresh=False, held=view.record.held)
        plan_order(tx, order_id, now)

    try:
        yield from commit(work)
    except LeaseLost:
        return


def _put_off(order_id: str, fence: int, error: BridgeError) -> Saga[None]:
    """The shop cannot be asked now: all that is due in the order waits, longer each time."""
    now = yield from clock()
    subject = Subject.order(order_id)

    def work(tx: Tx) -> None:
        failures = tx.work(subject).failures
        again_at = now.wall + backoff(failures)
        tx.claim(subject, seen=fence, now=now.wall)
        for purchase in tx.purchases(order_id):
            if is_due(purchase.next_at, now.wall):
                tx.put_purchase(attrs.evolve(purchase, next_at=again_at))
        for task in tx.tasks(order_id):
            if is_due(task.next_at, now.wall):
                tx.put_task(attrs.evolve(task, next_at=again_at))
        for notice in tx.notices(order_id):
            if notice.state is NoticeState.DUE and is_due(notice.next_at, now.wall):
                tx.put_notice(attrs.evolve(notice, next_at=again_at))
        tx.event(
            EventKind.PUT_OFF, about=order_id, at=now.wall, order_id=order_id, data={"why": error.message}
        )
        tx.release(subject, due_at=again_at, failures=failures + 1)

    try:
        yield from commit(work)
    except LeaseLost:
        return


def source_again(world: World, view: View) -> Saga[None]:
    """When the order came in, a supplier was not asked what only it knows."""
    well = yield from ask_suppliers(world, view.record)

    def work(tx: Tx, now: Clock) -> None:
        record = tx.order(view.record.order.id)
        assert record is not None
        source(tx, world, record, now)
        if not well:
            again_at = now.wall + backoff(record.failures)
            tx.put_source(record.order.id, source_at=again_at, failures=record.failures + 1)

    yield from write(view, work)
