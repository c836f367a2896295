"""An order goes its way: placed, paid, followed, shown in the shop, announced.

``advance_order`` does the next thing that is due in an order until nothing is. Each thing keeps
its own time, so that one in doubt never holds up its siblings.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

import attrs

from ._announce import (
    Announce,
    Correct,
    Report,
    completes,
    delivered,
    overtaken,
    progress_key,
    stages,
)
from ._engine import Supplier, World, backoff, perform
from ._events import EventKind
from ._follow import Follow
from ._guards import against
from ._intake import plan_order, source, take_in, told_half_way
from ._journal import Tx
from ._model import StorePayment
from ._place import Pay, Place
from ._policy import Who
from ._pull import recognize
from ._quote import AskQuote, wants_quote
from ._records import NoticeRecord, OrderRecord, PurchaseRecord, Review, ReviewCode, Subject, Task
from ._revoke import Revoke, revoking
from ._saga import Clock, Saga, clock, commit, look, run_flow
from ._source_anew import ask_suppliers
from ._states import (
    BEFORE_PLACED,
    COMMANDS,
    FINAL,
    HAS_LEFT,
    Fulfillment,
    IntentState,
    NoticeState,
    Payment,
    TaskState,
)
from ._tasks import Perform, waits_for
from .adapters import (
    CancelsPurchases,
    MovedByPeople,
    OrdersItself,
    Pays,
    Quotes,
    ReportsProgress,
    Reserves,
)
from .errors import BridgeError, ConfigurationError, LeaseLost

__all__ = ["advance_order", "read_again"]

_FRESH = timedelta(seconds=60)  # how long ago the shop must have shown an order that is to be placed
_SEEN_DAILY = timedelta(days=1)  # how old the shop's word may be while its goods have not left
_KNOWN_BEFORE = timedelta(days=30)  # orders made so long before may be listed after this one was bought
_AT_ONCE = 40  # things done for one order in one go
_SENDING = (Fulfillment.PLACING, Fulfillment.IN_DOUBT)


@attrs.frozen(kw_only=True)
class _View:
    record: OrderRecord
    purchases: tuple[PurchaseRecord, ...]
    notices: tuple[NoticeRecord, ...]
    tasks: tuple[Task, ...]
    half: NoticeRecord | None  # a notice that is told half-way: its siblings wait for it
    asked: frozenset[str]  # whose price, or for the order whose address, a person is asked about
    paying: frozenset[str]  # purchase orders with a payment that may be under way
    fence: int
    due: bool
    busy: bool


def _view(order_id: str, now: Clock, tx: Tx) -> _View | None:
    record = tx.order(order_id)
    if record is None:
        return None
    work = tx.work(Subject.order(order_id))
    return _View(
        record=record,
        purchases=tx.purchases(order_id),
        notices=tx.notices(order_id),
        tasks=tx.tasks(order_id),
        half=told_half_way(tx, tx.notices(order_id)),
        asked=frozenset(each.about for each in tx.reviews_of(order_id) if _is_asked(each)),
        paying=frozenset(p.po.id for p in tx.purchases(order_id) if _paying(tx, p)),
        fence=work.fence,
        due=_is_due(work.due_at, now.wall),
        busy=work.lease_until is not None and work.lease_until > now.wall,
    )


def _is_asked(review: Review) -> bool:
    disputed = review.code is ReviewCode.ADDRESS_CHANGED and review.about == review.order_id
    return disputed or review.code is ReviewCode.PRICE


def advance_order(world: World, order_id: str, identified: set[str]) -> Saga[None]:
    """Do what is due in one order.

    Args:
        identified: Accounts whose identity this process has compared already.
    """
    yield from recognize(world, world.stores[order_id.partition("/")[0]], identified)
    fence = -1
    for _ in range(_AT_ONCE):
        now = yield from clock()
        view = yield from look(partial(_view, order_id, now))
        if view is None:
            yield from read_again(world, order_id, None)
            return
        # A step that did nothing leaves the fence: another worker has what it needs, such as the cart.
        if view.busy or view.fence == fence:
            return
        fence = view.fence
        step = _next(world, view, now.wall, identified)
        if step is None:
            if view.due:
                yield from _write(view, partial(_rest, order_id))
            return
        yield from step


def _next(world: World, view: _View, now: datetime, identified: set[str]) -> Saga[None] | None:
    """The first thing that is due; None if nothing is."""
    record = view.record
    if record.refresh:
        return read_again(world, record.order.id, view)
    if record.unsourced and (record.next_at is None or record.next_at <= now):
        return _source_again(world, view)
    for task in view.tasks:
        if task.state is TaskState.DUE and _is_due(task.next_at, now):
            if now - record.seen_at > _FRESH:
                return read_again(world, record.order.id, view)
            first = waits_for(task, view.tasks)
            if first is not None:
                return _wait(view, task, first)
            return perform(Perform(world.stores[record.order.store], record, task), world, seen=view.fence)
    for purchase in view.purchases:
        if _is_due(purchase.next_at, now):
            return _purchase(world, view, purchase, now, identified)
    for notice in view.notices if view.half is None else (view.half,):
        if notice.state is NoticeState.DUE and _is_due(notice.next_at, now):
            store = world.stores[record.order.store]
            if notice.told:
                operation = Correct(store, record, notice, view.notices, world.couriers)
                return perform(operation, world, seen=view.fence)
            last = completes(record, view.notices, notice.notice)
            if last and now - record.seen_at > _FRESH:
                # Before the shop is told that all has left, does it still want no more than we know of?
                return read_again(world, record.order.id, view)
            announce = Announce(store, record, notice, view.notices, world.couriers)
            return perform(announce, world, seen=view.fence)
    if record.next_at is not None and record.next_at > now:
        return None
    return _progress(world, view) or (None if record.next_at is None else _forget_progress(view))


def _rest(order_id: str, tx: Tx, now: Clock) -> None:
    """It was due, and nothing in it is: such as progress that was to be shown again, and is past."""
    record = tx.order(order_id)
    if record is not None and _is_due(record.next_at, now.wall):
        _drop_progress(order_id, tx, now)


def _drop_progress(order_id: str, tx: Tx, now: Clock) -> None:
    tx.put_progress(order_id, shown=None, next_at=None, failures=0)
    overtaken(tx, order_id, now)


def _paying(tx: Tx, purchase: PurchaseRecord) -> bool:
    if purchase.payment is not Payment.PENDING:
        return False
    intents = tx.intents(about=purchase.po.id, operation=Pay.name, op_no=purchase.op_no)
    return any(intent.state in (IntentState.OPEN, IntentState.UNKNOWN) for intent in intents)


def _is_due(at: datetime | None, now: datetime) -> bool:
    return at is not None and at <= now


def _purchase(
    world: World, view: _View, purchase: PurchaseRecord, now: datetime, identified: set[str]
) -> Saga[None]:
    record = view.record
    supplier = world.suppliers.get(purchase.po.supplier)
    owner = world.stores[record.order.store].owner
    if supplier is None or purchase.fulfillment in FINAL:
        return _leave(purchase, view, waits="" if supplier else "account")
    if supplier.name not in identified:
        return _recognize(world, view, purchase, supplier, now, identified)
    adapter = supplier.adapter
    policy = world.policy_of(record.order.store, supplier.name)
    # One growing order serves all shops, so whether it is kept is the supplier's matter.
    reserves = world.policy_of("", supplier.name).reserve and isinstance(adapter, Reserves)
    if purchase.fulfillment in _SENDING:
        if now - record.seen_at > _FRESH:
            return read_again(world, record.order.id, view)
        return _place(world, view, purchase, reserves=reserves)
    if purchase.fulfillment in BEFORE_PLACED:
        if isinstance(adapter, OrdersItself):
            return _leave(purchase, view, waits="hub")
        if not purchase.approved or record.held:
            return _leave(purchase, view, waits="held" if purchase.approved else "approval")
        if record.order.canceled:
            return _source_again(world, view)
        if not purchase.resend_of and not policy.takes(record.order, take_from=None):
            return _leave(purchase, view, waits="shop")
        wait_until = record.order.placed_at + policy.place_after
        if not purchase.by_hand and now < wait_until:
            return _wait_until(purchase, view, wait_until)
        if reserves and purchase.fulfillment is not Fulfillment.RESERVED:
            return _leave(purchase, view, waits="stock")
        if record.order.id in view.asked:
            return _leave(purchase, view, waits="address")
        if purchase.po.id in view.asked:
            return _leave(purchase, view, waits="review")
        if now - record.seen_at > _FRESH:
            return read_again(world, record.order.id, view)
        if isinstance(adapter, Quotes) and wants_quote(adapter, purchase, now):
            ask = AskQuote(supplier, adapter, record, purchase, owner=owner, policy=policy)
            return perform(ask, world, seen=view.fence)
        if questions := against(world, record.order, purchase):
            return _ask(view, purchase, questions)
        return _place(world, view, purchase, reserves=reserves)
    in_doubt = purchase.payment is Payment.IN_DOUBT or purchase.po.id in view.paying
    if isinstance(adapter, CancelsPurchases) and purchase.revoke and not in_doubt:
        can = purchase.fulfillment is Fulfillment.CANCEL_REQUESTED or (
            Fulfillment.CANCEL_REQUESTED in COMMANDS.get(purchase.fulfillment, frozenset())
        )
        if not can:
            return _too_late_to_revoke(view, purchase)
        return perform(Revoke(supplier, adapter, record, purchase, owner=owner), world, seen=view.fence)
    if isinstance(adapter, MovedByPeople):
        return _leave(purchase, view, waits="people")
    if isinstance(adapter, Pays) and purchase.total is not None and _to_pay(world, purchase, view):
        if now - record.seen_at > _FRESH:
            return read_again(world, record.order.id, view)
        return perform(
            Pay(
                supplier,
                adapter,
                record,
                purchase,
                purchase.total,
                owner=owner,
                policy=policy,
                buyer=world.buyer,
            ),
            world,
            seen=view.fence,
        )
    if purchase.fulfillment not in HAS_LEFT and now - record.seen_at > _SEEN_DAILY:
        # Shops that say nothing of a new address, or of an order that was deleted, are asked.
        return read_again(world, record.order.id, view)
    follow = Follow(supplier, record, purchase, owner=owner).with_policy(world)
    return perform(follow, world, seen=view.fence)


def _recognize(
    world: World,
    view: _View,
    purchase: PurchaseRecord,
    supplier: Supplier,
    now: datetime,
    identified: set[str],
) -> Saga[None]:
    """Then its next step; or only this purchase order waits, and its siblings go on."""
    try:
        yield from recognize(world, supplier, identified)
    except (BridgeError, ConfigurationError) as error:
        why: BridgeError | ConfigurationError = error
    else:
        yield from _purchase(world, view, purchase, now, identified)
        return

    def work(tx: Tx, now: Clock) -> None:
        record = tx.purchase(purchase.po.id)
        if record is not None:
            again_at = now.wall + backoff(record.failures, base=60.0)
            tx.put_purchase(attrs.evolve(record, next_at=again_at, failures=record.failures + 1))
            tx.event(EventKind.PUT_OFF, about=record.po.id, at=now.wall, order_id=record.po.order_id)

    yield from _write(view, work)
    if isinstance(why, ConfigurationError):
        raise why


def _to_pay(world: World, purchase: PurchaseRecord, view: _View) -> bool:
    if purchase.waits == "review" or purchase.po.id in view.asked:
        return False
    if purchase.payment is Payment.IN_DOUBT or purchase.po.id in view.paying:
        return True
    policy = world.policy_of(view.record.order.store, purchase.po.supplier)
    automatic = policy.pay is Who.AUTOMATIC and purchase.payment is Payment.UNPAID and not purchase.resend_of
    if purchase.revoke or purchase.fulfillment is Fulfillment.CANCEL_REQUESTED or not view.record.order.ready:
        automatic = False
    return automatic and view.record.order.payment is StorePayment.PAID and not view.record.held


def _place(world: World, view: _View, purchase: PurchaseRecord, *, reserves: bool) -> Saga[None]:
    supplier = world.suppliers[purchase.po.supplier]
    owner = world.stores[view.record.order.store].owner
    reserved: dict[str, Decimal] | None = None
    wanted: dict[str, Decimal] = {}
    if reserves:
        reserved = {}
        for _, remote_id, state, units in (
            yield from look(lambda tx: tx.allocated(supplier.name, purchase.po.units))
        ):
            if state is Fulfillment.RESERVED:
                reserved[remote_id] = reserved.get(remote_id, Decimal(0)) + units
            if state in (Fulfillment.RESERVED, Fulfillment.TO_ORDER):
                wanted[remote_id] = wanted.get(remote_id, Decimal(0)) + units
    # Placing has just read the order; unless money is to follow, there is nothing to ask at once.
    policy = world.policy_of(view.record.order.store, supplier.name)
    pays = policy.pay is Who.AUTOMATIC and isinstance(supplier.adapter, Pays)
    long_before = view.record.order.placed_at - _KNOWN_BEFORE
    others = yield from look(lambda tx: tx.supplier_refs(supplier.name, since=long_before))
    place = Place(
        supplier,
        view.record,
        purchase,
        owner=owner,
        policy=policy,
        others=others - {purchase.po.supplier_ref},
        follow_after=timedelta(0) if pays else policy.follow_every,
        reserved=reserved,
        wanted=wanted,
    )
    yield from perform(place, world, seen=view.fence)


def _leave(purchase: PurchaseRecord, view: _View, *, waits: str) -> Saga[None]:
    """Nothing can be done for it until a named thing happens."""

    def work(tx: Tx, now: Clock) -> None:
        record = tx.purchase(purchase.po.id)
        if record is not None:
            tx.put_purchase(attrs.evolve(record, next_at=None, waits=waits))

    return _write(view, work)


def _wait(view: _View, task: Task, first: Task) -> Saga[None]:
    """Not before that one is done, which waits for its own time."""

    def work(tx: Tx, now: Clock) -> None:
        tx.put_task(attrs.evolve(task, next_at=first.next_at or now.wall + backoff(task.failures)))

    return _write(view, work)


def _wait_until(purchase: PurchaseRecord, view: _View, until: datetime) -> Saga[None]:
    """The policy gives the shopper time to think again."""

    def work(tx: Tx, now: Clock) -> None:
        record = tx.purchase(purchase.po.id)
        if record is not None:
            tx.put_purchase(attrs.evolve(record, next_at=until, waits="window"))

    return _write(view, work)


def _ask(view: _View, purchase: PurchaseRecord, questions: list[tuple[ReviewCode, str]]) -> Saga[None]:
    """Nothing is ordered before a person has answered."""

    def work(tx: Tx, now: Clock) -> None:
        record = tx.purchase(purchase.po.id)
        if record is None:
            return
        tx.put_purchase(attrs.evolve(record, next_at=None, waits="review"))
        for code, why in questions:
            tx.open_review(
                code,
                about=record.po.id,
                evidence=why,
                decisions=("accept", "ignore"),
                at=now.wall,
                order_id=record.po.order_id,
                account=record.po.supplier,
            )
            tx.event(
                EventKind.REVIEW_OPENED,
                about=record.po.id,
                at=now.wall,
                order_id=record.po.order_id,
                data={"code": code.value, "evidence": why},
            )

    return _write(view, work)


def _too_late_to_revoke(view: _View, purchase: PurchaseRecord) -> Saga[None]:
    """It has left, or is over: a person hears of it, and it is followed on."""

    def work(tx: Tx, now: Clock) -> None:
        record = tx.purchase(purchase.po.id)
        if record is None:
            return
        tx.put_purchase(attrs.evolve(record, revoke=False, next_at=now.wall))
        tx.open_review(
            ReviewCode.REFUSED,
            about=revoking(record.po.id),
            evidence=f"{record.po.supplier}: it is {record.fulfillment.value} by now and cannot be canceled",
            decisions=("ignore",),
            at=now.wall,
            order_id=record.po.order_id,
            account=record.po.supplier,
        )

    return _write(view, work)


def _write(view: _View, work: Callable[[Tx, Clock], None]) -> Saga[None]:
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


def read_again(world: World, order_id: str, view: _View | None) -> Saga[None]:
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
            if _is_due(purchase.next_at, now.wall):
                tx.put_purchase(attrs.evolve(purchase, next_at=again_at))
        for task in tx.tasks(order_id):
            if _is_due(task.next_at, now.wall):
                tx.put_task(attrs.evolve(task, next_at=again_at))
        for notice in tx.notices(order_id):
            if notice.state is NoticeState.DUE and _is_due(notice.next_at, now.wall):
                tx.put_notice(attrs.evolve(notice, next_at=again_at))
        tx.event(
            EventKind.PUT_OFF, about=order_id, at=now.wall, order_id=order_id, data={"why": error.message}
        )
        tx.release(subject, due_at=again_at, failures=failures + 1)

    try:
        yield from commit(work)
    except LeaseLost:
        return


def _source_again(world: World, view: _View) -> Saga[None]:
    """When the order came in, a supplier was not asked what only it knows."""
    well = yield from ask_suppliers(world, view.record)

    def work(tx: Tx, now: Clock) -> None:
        record = tx.order(view.record.order.id)
        assert record is not None
        source(tx, world, record, now)
        if not well:
            again_at = now.wall + backoff(record.failures)
            tx.put_progress(record.order.id, shown=None, next_at=again_at, failures=record.failures + 1)

    yield from _write(view, work)


def _forget_progress(view: _View) -> Saga[None]:
    """What could not be shown has been overtaken: without this the order would be due for ever."""
    order_id = view.record.order.id
    return _write(view, partial(_drop_progress, order_id))


def _progress(world: World, view: _View) -> Saga[None] | None:
    record = view.record
    store = world.stores[record.order.store]
    arrived = delivered(record, view.purchases, view.notices)
    key = progress_key(stages(view.purchases), arrived=arrived)
    if not world.policy_of(record.order.store).report_progress or not key or key == record.progress_shown:
        return None
    if not isinstance(store.adapter, ReportsProgress):
        return None
    return perform(
        Report(store, store.adapter, record, view.purchases, arrived=arrived), world, seen=view.fence
    )
