"""Commands: what people tell a bridge to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from inspect import iscoroutine

import attrs

from ._address import settle_address
from ._engine import World
from ._events import EventKind
from ._intake import plan_order
from ._journal import Tx
from ._model import Money, Order
from ._orders import advance_order
from ._place import surely_refused
from ._quote import quoted
from ._records import (
    Event,
    Intent,
    OrderRecord,
    PurchaseRecord,
    Review,
    ReviewCode,
    Task,
    Wish,
)
from ._revoke import revoking
from ._saga import Clock, Saga, clock, commit, look
from ._states import (
    BEFORE_PLACED,
    COMMANDS,
    FINAL,
    Fulfillment,
    IntentState,
    NoticeState,
    TaskState,
    move_intent,
    observe,
)
from ._tasks import KINDS, is_overtaken
from ._views import known_supplier
from .adapters import Cancellation, CancelsPurchases, Hold, Note, Refund, Refunds, Release
from .errors import BridgeError, ConfigurationError, Unsupported

__all__ = [
    "ask_of_shop",
    "cancel",
    "consume",
    "found",
    "have_read",
    "hold",
    "hold_in_shop",
    "release",
    "resolve",
    "revoke",
    "switch",
    "unread",
]


def ask_of_shop(world: World, order_id: str, wish: Wish, identified: set[str]) -> Saga[Task]:
    """Have something done to an order in its shop, and how far that is now.

    The key names it for ever: asked for again it is the same task, and happens once.

    Raises:
        ConfigurationError: there is no such order, or the shop's order and the wish do not go together.

        Unsupported: the shop cannot do that.
    """
    store = world.stores.get(order_id.partition("/")[0])
    if store is None:
        raise ConfigurationError(f"order: there is no account for {order_id!r}")
    kind = KINDS.get(type(wish))
    if kind is None:
        raise ConfigurationError(f"{type(wish).__name__}: give an orderbridge.Note or an orderbridge.Refund")
    if not isinstance(store.adapter, kind.ability):
        raise Unsupported(f"{store.platform} has no way to do that in the shop", account=store.name)
    canceling = isinstance(wish, Cancellation)
    if not _KEY.fullmatch(wish.key) or wish.key.startswith(_OURS) == isinstance(wish, (Note, Refund)):
        raise ConfigurationError(
            f"key: {wish.key!r} is not 1 to 40 letters, digits, dots, dashes, or begins with one of {_OURS}"
        )
    if isinstance(wish, Note) and not wish.text.strip():
        raise ConfigurationError("text: the remark is empty")
    name, said = ("text", wish.text) if isinstance(wish, Note) else ("reason", _reason(wish))
    if any("\ud800" <= sign <= "\udfff" for sign in said):
        raise ConfigurationError(f"{name}: a half of a character stands in it; give text that UTF-8 can hold")
    records_only = isinstance(store.adapter, Refunds) and not store.adapter.can_give_money
    if isinstance(wish, Refund) and wish.gives_money and records_only:
        raise Unsupported(f"{store.platform} only writes refunds down", account=store.name)
    now = yield from clock()

    def work(tx: Tx) -> None:
        record = tx.order(order_id)
        if record is None:
            raise ConfigurationError(f"order: there is no {order_id!r}")
        task = Task(
            order_id=order_id,
            note=wish if isinstance(wish, Note) else None,
            cancellation=wish if isinstance(wish, Cancellation) else None,
            refund=wish if isinstance(wish, Refund) else None,
            hold=wish if isinstance(wish, Hold) else None,
            release=wish if isinstance(wish, Release) else None,
            holds=canceling and not record.held,
            created_at=now.wall,
            next_at=now.wall,
        )
        if isinstance(wish, (Hold, Release)):
            _hold(tx, record, now, held=isinstance(wish, Hold))
        known = _task(tx, order_id, wish.key)
        if known is not None:
            if known.wish != wish:
                raise ConfigurationError(
                    f"key: {wish.key!r} names another task of {order_id} already, with other content"
                )
            return
        if isinstance(wish, Refund):
            _check_refund(record.order, wish, tx.tasks(order_id))
        tx.put_task(task)
        # What is to be canceled is not ordered while the shop is asked.
        if isinstance(wish, Cancellation):
            tx.set_flags(order_id, refresh=record.refresh, held=True)
        tx.event(EventKind.ASKED, about=task.about, at=now.wall, order_id=order_id, owner=store.owner)
        plan_order(tx, order_id, now)

    yield from commit(work)
    # It is written down by now, and goes on by itself: a shop that cannot be reached is no error here,
    # or the caller would ask for the same under another key.
    with suppress(BridgeError):
        yield from advance_order(world, order_id, identified)
    task = yield from look(lambda tx: _task(tx, order_id, wish.key))
    assert task is not None
    return task


def cancel(world: World, order_id: str, *, reason: str, identified: set[str]) -> Saga[Task]:
    """Have the shop's order canceled; the same task as before while that one is under way or has done it."""

    def wished(tx: Tx) -> Cancellation:
        record = tx.order(order_id)
        before = [task for task in tx.tasks(order_id) if task.cancellation is not None]
        last = before[-1] if before else None
        if last is not None and last.cancellation is not None:
            again = last.state in (TaskState.REFUSED, TaskState.DROPPED) or (
                last.state is TaskState.DONE and record is not None and not record.order.canceled
            )
            if not again:
                return last.cancellation
        return Cancellation(key=f"{_CANCEL}{len(before) + 1}", reason=reason)

    wish = yield from look(wished)
    return (yield from ask_of_shop(world, order_id, wish, identified))


# What begins the keys that nobody gives.
_CANCEL, _HOLD = "cancel.", "hold."
_OURS = (_CANCEL, _HOLD)
_KEY = re.compile(r"[A-Za-z0-9._-]{1,40}")


def _reason(wish: Cancellation | Refund | Hold | Release) -> str:
    return "" if isinstance(wish, Release) else wish.reason


def _task(tx: Tx, order_id: str, key: str) -> Task | None:
    return next((task for task in tx.tasks(order_id) if task.key == key), None)


def _check_refund(order: Order, refund: Refund, tasks: tuple[Task, ...]) -> None:
    """What no shop should be asked: some of them would do it."""
    open_states = (TaskState.DUE, TaskState.ASKED)
    waiting = [task.refund for task in tasks if task.refund is not None and task.state in open_states]
    parts = [("amount", refund.amount)]
    parts += [(f"line {line.line_ref}", line.amount) for line in refund.lines]
    if refund.shipping is not None:
        parts.append(("shipping", refund.shipping))
    for name, money in parts:
        if money.currency != order.currency:
            raise ConfigurationError(f"{name}: {money.currency} came; the order is in {order.currency}")
        if money.amount < 0:
            raise ConfigurationError(f"{name}: {money} is below zero")
    given = (*(known.amount for known in order.refunds), *(other.amount for other in waiting))
    left = order.total - Money.sum(given, order.currency)
    if not 0 < refund.amount.amount <= left.amount:
        raise ConfigurationError(f"amount: {refund.amount} came; give more than zero and at most {left}")
    named = Money.sum((money for _, money in parts[1:]), order.currency)
    if named.amount > refund.amount.amount:
        raise ConfigurationError(f"amount: {refund.amount} is less than its parts, {named}")
    known_lines = {line.ref: line for line in order.lines}
    if len({part.line_ref for part in refund.lines}) < len(refund.lines):
        raise ConfigurationError("lines: name each line once")
    for part in refund.lines:
        line = known_lines.get(part.line_ref)
        if line is None:
            raise ConfigurationError(f"line {part.line_ref}: the order has no such line")
        asked = [one.units for other in waiting for one in other.lines if one.line_ref == line.ref]
        units_left = line.quantity - line.refunded - sum(asked, Decimal(0))
        if not 0 < part.units <= units_left:
            raise ConfigurationError(
                f"line {part.line_ref}: {part.units} units came; it has {units_left} left"
            )


def hold(order_id: str, *, held: bool) -> Saga[None]:
    """Keep an order from being placed, or let it go again."""
    now = yield from clock()

    def work(tx: Tx) -> None:
        record = tx.order(order_id)
        if record is None:
            raise ConfigurationError(f"order: there is no {order_id!r}")
        _hold(tx, record, now, held=held)

    yield from commit(work)


def hold_in_shop(world: World, order_id: str, *, reason: str, identified: set[str]) -> Saga[Task]:
    """Hold the order, and have the shop show it; the same task as before while that one is under way."""

    def wished(tx: Tx) -> Hold:
        before = _holds(tx, order_id)
        if before and before[-1].hold is not None and before[-1].state in _UNDER_WAY:
            return before[-1].hold
        # One that is done may have been taken off in the shop since: the shop is asked.
        return Hold(key=f"{_HOLD}{len(before) + 1}", reason=reason)

    wish = yield from look(wished)
    return (yield from ask_of_shop(world, order_id, wish, identified))


def release(world: World, order_id: str, identified: set[str]) -> Saga[Task | None]:
    """Let the order go, and have the shop take our hold off if we ever asked it for one."""

    def wished(tx: Tx) -> Release | None:
        before = _holds(tx, order_id)
        if before and before[-1].release is not None and before[-1].state in (*_UNDER_WAY, TaskState.DONE):
            return before[-1].release
        return Release(key=f"{_HOLD}{len(before) + 1}") if before else None

    wish = yield from look(wished)
    if wish is None:
        yield from hold(order_id, held=False)
        return None
    return (yield from ask_of_shop(world, order_id, wish, identified))


_UNDER_WAY = (TaskState.DUE, TaskState.ASKED)


def _holds(tx: Tx, order_id: str) -> list[Task]:
    """Holds and releases, the last one last."""
    return [task for task in tx.tasks(order_id) if task.key.startswith(_HOLD)]


def _hold(tx: Tx, record: OrderRecord, now: Clock, *, held: bool) -> None:
    order_id = record.order.id
    tx.set_flags(order_id, refresh=record.refresh, held=held)
    for purchase in tx.purchases(order_id):
        waits = purchase.fulfillment in BEFORE_PLACED and purchase.approved and purchase.waits != "stock"
        if waits and not held:
            tx.put_purchase(attrs.evolve(purchase, waits="", next_at=now.wall))
    tx.event(EventKind.HELD if held else EventKind.RELEASED, about=order_id, at=now.wall, order_id=order_id)
    plan_order(tx, order_id, now)


def resolve(world: World, review_id: int, decision: str) -> Saga[Review]:
    """Answer a review; the same answer twice does nothing the second time.

    Raises:
        ConfigurationError: there is no such review, or it does not take this answer.
    """
    now = yield from clock()

    def work(tx: Tx) -> Review:
        review = tx.review(review_id)
        if review is None:
            raise ConfigurationError(f"review: there is no {review_id}")
        if review.resolved_at is not None:
            return review
        if decision not in review.decisions:
            raise ConfigurationError(
                f"review {review_id}: {decision!r} is none of {', '.join(review.decisions)}"
            )
        tx.decide_review(review_id, decision=decision, at=now.wall)
        tx.event(
            EventKind.REVIEW_RESOLVED,
            about=review.about,
            at=now.wall,
            order_id=review.order_id,
            data={"code": review.code.value, "decision": decision},
        )
        if decision == "retry":
            _retry(tx, review, now)
        elif decision == "accept":
            _accept(tx, review, now)
        elif decision == "cancel":
            _revoke(tx, review.about, now)
        elif decision == "told":
            _told(tx, review, now)
        if review.code is ReviewCode.ADDRESS_CHANGED and review.about == review.order_id:
            settle_address(tx, world, review.order_id, now, ours=decision == "ignore")
        for task in tx.tasks(review.order_id) if decision == "ignore" else ():
            if task.about != review.about:
                continue
            if task.state is TaskState.ASKED:
                tx.put_task(attrs.evolve(task, state=TaskState.DROPPED))
            record = tx.order(review.order_id)
            if task.holds and record is not None and record.held:
                # It is not to be canceled after all, and was not held before.
                _hold(tx, record, now, held=False)
        return attrs.evolve(review, resolved_at=now.wall, decision=decision)

    return (yield from commit(work))


def found(world: World, po_id: str, supplier_ref: str, identified: set[str]) -> Saga[PurchaseRecord]:
    """A person says which of the supplier's orders a purchase order is, where nobody else could tell.

    Raises:
        ConfigurationError: there is no such purchase order, it is another order already, or that order is
            another purchase order's.
    """
    now = yield from clock()

    def work(tx: Tx) -> PurchaseRecord:
        record = tx.purchase(po_id)
        if record is None:
            raise ConfigurationError(f"purchase order: there is no {po_id!r}")
        supplier = known_supplier(world, record.po.supplier)
        if not supplier_ref.strip():
            raise ConfigurationError("supplier_ref: give the supplier's own id of the order")
        if record.fulfillment not in BEFORE_PLACED:
            if record.po.supplier_ref == supplier_ref:
                return record
            raise ConfigurationError(f"purchase order {po_id!r} is {record.po.supplier_ref!r} there already")
        other = tx.purchase_with(supplier.name, supplier_ref)
        if other is not None and other != po_id:
            raise ConfigurationError(f"supplier_ref: {supplier_ref!r} is {other!r}")
        for intent in tx.intents(about=po_id, operation="place", op_no=record.op_no):
            lands = _lands_until(tx, intent)
            if intent.state in _MAY_LAND and lands > now.wall:
                raise ConfigurationError(
                    f"purchase order {po_id!r}: the call that orders it may still arrive; say so after "
                    f"{lands:%Y-%m-%d %H:%M} UTC"
                )
            if intent.state is IntentState.OPEN:
                intent = attrs.evolve(intent, state=IntentState.UNKNOWN)
            if intent.state is not IntentState.CONFIRMED:
                confirmed = move_intent(intent.state, IntentState.CONFIRMED)
                tx.put_intent(attrs.evolve(intent, state=confirmed, reason="said"))
        state, _ = observe(record.fulfillment, Fulfillment.PLACED)
        record = attrs.evolve(
            record,
            po=attrs.evolve(record.po, supplier_ref=supplier_ref),
            fulfillment=state,
            placed_at=now.wall,
            changed_at=now.wall,
            next_at=now.wall,
            waits="",
            failures=0,
        )
        tx.put_purchase(record)
        for code in (ReviewCode.UNCLEAR, ReviewCode.PARKED, ReviewCode.CONFIRMED_NOT_FOUND):
            tx.close_reviews(code, about=po_id, decision="found", at=now.wall)
        tx.event(
            EventKind.FOUND_BY_HAND,
            about=po_id,
            at=now.wall,
            order_id=record.po.order_id,
            data={"supplier_ref": supplier_ref},
        )
        plan_order(tx, record.po.order_id, now)
        return record

    record = yield from commit(work)
    with suppress(BridgeError):
        yield from advance_order(world, record.po.order_id, identified)
    after = yield from look(lambda tx: tx.purchase(po_id))
    return after or record


_ACCEPTED_FIRST = (ReviewCode.PRICE, ReviewCode.MARGIN, ReviewCode.BLOCKED)


def _accept(tx: Tx, review: Review, now: Clock) -> None:
    """A person says that it is all right: what was held back goes on, once nothing else is asked."""
    record = tx.purchase(review.about)
    if record is None:
        return
    agreed = record.agreed
    if review.code is ReviewCode.PRICE:
        price = record.total if record.total is not None else quoted(record)
        agreed = agreed if price is None else price
    open_still = any(
        other.about == review.about and other.id != review.id and other.code in _ACCEPTED_FIRST
        for other in tx.reviews_of(review.order_id)
    )
    go_on = record.placed_at is not None or (record.approved and not open_still)
    tx.put_purchase(
        attrs.evolve(
            record,
            agreed=agreed,
            accepted=(*record.accepted, review.code.value),
            waits=record.waits if open_still else "",
            next_at=now.wall if go_on else None,
        )
    )
    plan_order(tx, record.po.order_id, now)


_MAY_LAND = (IntentState.OPEN, IntentState.UNKNOWN)


def _revoke(tx: Tx, po_id: str, now: Clock) -> PurchaseRecord:
    record = tx.purchase(po_id)
    if record is None:
        raise ConfigurationError(f"purchase order: there is no {po_id!r}")
    asked = record.fulfillment is Fulfillment.CANCEL_REQUESTED
    if not asked and Fulfillment.CANCEL_REQUESTED not in COMMANDS.get(record.fulfillment, frozenset()):
        raise ConfigurationError(
            f"purchase order {po_id!r} is {record.fulfillment.value}; only one that is placed and has "
            "not left is canceled"
        )
    if any(i.state in _MAY_LAND for i in tx.intents(about=po_id, operation="pay", op_no=record.op_no)):
        raise ConfigurationError(
            f"purchase order {po_id!r}: a payment may still be under way; cancel it once that is known"
        )
    before = tx.intents(about=revoking(po_id), operation="revoke", op_no=record.revoke_no)
    under_way = any(intent.state in (*_MAY_LAND, IntentState.NOT_SENT) for intent in before)
    number = record.revoke_no if under_way else record.revoke_no + 1
    record = attrs.evolve(record, revoke=True, revoke_no=number, next_at=now.wall)
    tx.put_purchase(record)
    tx.event(EventKind.REVOKE_ASKED, about=po_id, at=now.wall, order_id=record.po.order_id)
    plan_order(tx, record.po.order_id, now)
    return record


def revoke(world: World, po_id: str, identified: set[str]) -> Saga[PurchaseRecord]:
    """Have a placed purchase order canceled at its supplier, and how far that is now.

    Raises:
        ConfigurationError: there is no such purchase order, or it is not placed, or has left.

        Unsupported: the supplier cannot do that; ask people there.
    """
    record = yield from look(lambda tx: tx.purchase(po_id))
    if record is None:
        raise ConfigurationError(f"purchase order: there is no {po_id!r}")
    supplier = known_supplier(world, record.po.supplier)
    if not isinstance(supplier.adapter, CancelsPurchases):
        raise Unsupported(
            f"{supplier.platform} has no way to cancel; ask the supplier", account=supplier.name
        )
    now = yield from clock()
    yield from commit(lambda tx: _revoke(tx, po_id, now))
    with suppress(BridgeError):
        yield from advance_order(world, record.po.order_id, identified)
    after = yield from look(lambda tx: tx.purchase(po_id))
    return after or record


def _told(tx: Tx, review: Review, now: Clock) -> None:
    """A person has told the shop, or found that it shows all there is: the departure is done with."""
    for record in tx.notices(review.order_id):
        if record.notice.key == review.about and record.state is not NoticeState.ANNOUNCED:
            packages = record.notice.packages
            tx.put_notice(
                attrs.evolve(
                    record, state=NoticeState.ANNOUNCED, announced=packages, next_at=None, failures=0
                )
            )
            tx.event(EventKind.TOLD_BY_HAND, about=review.about, at=now.wall, order_id=review.order_id)
    plan_order(tx, review.order_id, now)


def _lands_until(tx: Tx, intent: Intent) -> datetime:
    """When no call of it so far can arrive any more."""
    last = max(attempt.at for attempt in tx.attempts(intent.id))
    return last + timedelta(seconds=intent.wait)


def _was_refused(tx: Tx, review: Review, purchase: PurchaseRecord) -> bool:
    """Is what the answer is about surely not done? An older question may be answered after a newer try."""
    if review.code is not ReviewCode.REFUSED:
        return False
    operation = "place" if purchase.fulfillment in BEFORE_PLACED else "pay"
    intents = tx.intents(about=purchase.po.id, operation=operation, op_no=purchase.op_no)
    return surely_refused(intents)


def _to_pay_anew(tx: Tx, review: Review, purchase: PurchaseRecord, now: Clock) -> bool:
    """May a payment that is unclear be made again? Once no call of before can arrive any more.

    Raises:
        ConfigurationError: one still can.
    """
    if review.code is not ReviewCode.UNCLEAR or purchase.fulfillment in BEFORE_PLACED:
        return False
    intents = tx.intents(about=purchase.po.id, operation="pay", op_no=purchase.op_no)
    for intent in intents:
        if intent.state is IntentState.CONFIRMED:
            return False
        lands = _lands_until(tx, intent)
        if lands > now.wall:
            raise ConfigurationError(
                f"review {review.id}: the last payment may still arrive; retry after {lands:%H:%M} UTC"
            )
    for intent in intents:
        if intent.state in _MAY_LAND:
            unknown = attrs.evolve(intent, state=IntentState.UNKNOWN)
            tx.put_intent(attrs.evolve(unknown, state=move_intent(unknown.state, IntentState.ABSENT)))
    return bool(intents)


def _retry(tx: Tx, review: Review, now: Clock) -> None:
    """Start what was refused or unclear again: the flow looks first, whatever was sent before."""
    if review.code is ReviewCode.SHORTFALL and tx.purchase(review.about) is None:
        tx.drop_unsold()
        tx.ask_to_source(review.order_id)
    for purchase in tx.purchases(review.order_id):
        if revoking(purchase.po.id) == review.about and purchase.fulfillment not in FINAL:
            _revoke(tx, purchase.po.id, now)
        if purchase.po.id != review.about:
            continue
        if purchase.fulfillment in FINAL and review.code is not ReviewCode.CANCELED_BY_SUPPLIER:
            continue
        if purchase.fulfillment in FINAL:
            tx.put_purchase(attrs.evolve(purchase, waits="replaced", next_at=None))
            tx.ask_to_source(review.order_id)
            continue
        anew = _was_refused(tx, review, purchase) or _to_pay_anew(tx, review, purchase, now)
        tx.put_purchase(
            attrs.evolve(
                purchase,
                op_no=purchase.op_no + 1 if anew else purchase.op_no,
                next_at=now.wall,
                waits="",
            )
        )
    for notice in tx.notices(review.order_id):
        if notice.notice.key == review.about:
            refused = notice.state is NoticeState.REFUSED
            tx.put_notice(
                attrs.evolve(
                    notice,
                    state=NoticeState.DUE if refused else notice.state,
                    op_no=notice.op_no + 1 if refused else notice.op_no,
                    next_at=now.wall,
                )
            )
    for task in tx.tasks(review.order_id):
        if task.about == review.about:
            refused = task.state is TaskState.REFUSED
            op_no = task.op_no + 1 if refused else task.op_no
            if is_overtaken(task, tx.tasks(review.order_id)):
                tx.put_task(attrs.evolve(task, state=TaskState.DROPPED))
            else:
                tx.put_task(attrs.evolve(task, state=TaskState.DUE, op_no=op_no, next_at=now.wall))
    if review.code is ReviewCode.PARKED:
        tx.unpark(review.about)
    if review.order_id:
        plan_order(tx, review.order_id, now)
    elif review.about.startswith("cart/"):
        tx.wake(review.about, now.wall)


def switch(*, owner: str, stopped: bool, reason: str) -> Saga[None]:
    """Stop all placing and paying, or let it go again."""
    now = yield from clock()

    def work(tx: Tx) -> None:
        tx.put_switch(owner=owner, stopped=stopped, reason=reason, at=now.wall)
        kind = EventKind.MONEY_STOPPED if stopped else EventKind.MONEY_RELEASED
        tx.event(kind, about=owner or "all", at=now.wall, owner=owner, data={"reason": reason})

    yield from commit(work)


def unread(name: str, *, owner: str, limit: int) -> Saga[tuple[Event, ...]]:
    """The events that a consumer has not had yet."""
    who = _consumer(name, owner)
    return look(lambda tx: tx.events(after=tx.consumer(who), owner=owner, limit=limit))


def have_read(name: str, position: int, *, owner: str) -> Saga[None]:
    """Remember how far a consumer is."""
    return commit(lambda tx: tx.put_consumer(_consumer(name, owner), position))


def _consumer(name: str, owner: str) -> str:
    """One name for several owners is several consumers: none of them may skip what another has read."""
    if "\n" in name:
        raise ConfigurationError(f"name: {name!r} has a line break in it")
    return f"{name}\n{owner}" if owner else name


def consume(name: str, handler: Callable[[Event], object], *, owner: str, limit: int) -> Saga[int]:
    """Hand each new event to ``handler``, at least once; how many there were."""
    new = yield from unread(name, owner=owner, limit=limit)
    for event in new:
        waits = handler(event)
        if iscoroutine(waits):
            waits.close()
            raise ConfigurationError("handler: is async; use it with AsyncBridge")
        yield from have_read(name, event.position, owner=owner)
    return len(new)
