"""Commands: what people tell a bridge to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from inspect import iscoroutine

import attrs

from ._engine import World, perform
from ._intake import plan_order, source
from ._journal import Tx
from ._model import Money, Order, ProductLink
from ._orders import advance_order, read_again
from ._place import Pay, payment_page
from ._pull import recognize
from ._records import (
    Event,
    OrderRecord,
    Review,
    ReviewCode,
    Task,
)
from ._saga import Clock, Saga, clock, commit, look
from ._states import BEFORE_PLACED, FINAL, IntentState, NoticeState, Payment, TaskState
from ._tasks import ABILITIES
from ._views import known_supplier
from .adapters import Cancellation, Note, Pays, Refund, Refunds
from .errors import BridgeError, ConfigurationError, Unsupported

__all__ = [
    "PaymentPage",
    "ask_of_shop",
    "blank",
    "cancel",
    "consume",
    "forget",
    "have_read",
    "hold",
    "link",
    "pay",
    "place",
    "resolve",
    "switch",
    "unread",
]


_NOTHING = (IntentState.REFUSED, IntentState.NOT_SENT, IntentState.ABSENT)


@attrs.frozen(kw_only=True)
class PaymentPage:
    """Where a person pays for a purchase order; empty ``page`` if it is paid through the API.

    Args:
        payment: How far that is now: a stop switch, a limit or a refusal may have kept it.
    """

    purchase_order: str
    page: str
    payment: Payment


def link(world: World, links: tuple[ProductLink, ...], *, remove: bool) -> Saga[int]:
    """Write or take away links; how many waiting orders were looked at anew."""
    for item in links:
        if item.store not in world.stores:
            raise ConfigurationError(f"store: there is no account {item.store!r}")
        if not remove and item.supplier not in world.suppliers:
            raise ConfigurationError(f"supplier: there is no account {item.supplier!r}")
        if not remove and (item.factor <= 0 or not item.remote_id):
            raise ConfigurationError(f"link {item.key!r}: give a remote id and a factor above zero")
    now = yield from clock()

    def work(tx: Tx) -> int:
        freed: set[str] = set()
        for item in links:
            if remove:
                tx.drop_links(item.store, item.key)
            else:
                tx.put_link(item)
                freed.update(tx.orders_waiting_for(item.store, item.key))
        for order_id in sorted(freed):
            record = tx.order(order_id)
            if record is not None:
                source(tx, world, record, now)
                plan_order(tx, order_id, now)
        return len(freed)

    return (yield from commit(work))


def place(world: World, po_ids: tuple[str, ...], identified: set[str]) -> Saga[None]:
    """A person says: order these. They go when their units are held."""
    now = yield from clock()

    def work(tx: Tx) -> None:
        for po_id in po_ids:
            record = tx.purchase(po_id)
            if record is None:
                raise ConfigurationError(f"purchase order: there is no {po_id!r}")
            if record.fulfillment not in BEFORE_PLACED:
                continue
            stock = record.waits == "stock"
            before = tx.intents(about=po_id, operation="place", op_no=record.op_no)
            refused = bool(before) and all(intent.state in _NOTHING for intent in before)
            tx.put_purchase(
                attrs.evolve(
                    record,
                    approved=True,
                    # A person says so again: another operation, which looks first like any other.
                    op_no=record.op_no + 1 if refused else record.op_no,
                    waits="stock" if stock else "",
                    next_at=record.next_at if stock else now.wall,
                )
            )
            tx.event("Approved", about=po_id, at=now.wall, order_id=record.po.order_id)
            plan_order(tx, record.po.order_id, now)

    yield from commit(work)
    for order_id in dict.fromkeys(po_id.rsplit("/", 2)[0] for po_id in po_ids):
        yield from advance_order(world, order_id, identified)


def pay(world: World, po_id: str, identified: set[str]) -> Saga[PaymentPage]:
    """Pay through the supplier's API, or say where a person pays.

    Raises:
        ConfigurationError: there is no such purchase order, or it is not placed.
    """
    record = yield from look(lambda tx: tx.purchase(po_id))
    if record is None:
        raise ConfigurationError(f"purchase order: there is no {po_id!r}")
    if record.fulfillment in BEFORE_PLACED or record.fulfillment in FINAL:
        raise ConfigurationError(
            f"purchase order {po_id!r} is {record.fulfillment.value}; only a placed one is paid"
        )
    supplier = known_supplier(world, record.po.supplier)
    order = yield from look(lambda tx: tx.order(record.po.order_id))
    if isinstance(supplier.adapter, Pays) and order is not None:
        if record.total is None:
            raise Unsupported(f"{supplier.name} has not said what {po_id} costs", account=supplier.name)
        owner = world.stores[order.order.store].owner
        yield from recognize(world, supplier, identified)
        # Before money moves, the shop is asked whether it still wants this.
        yield from read_again(world, order.order.id, None)
        order = (yield from look(lambda tx: tx.order(record.po.order_id))) or order
        yield from perform(Pay(supplier, supplier.adapter, order, record, record.total, owner=owner), world)
        after = yield from look(lambda tx: tx.purchase(po_id))
        return PaymentPage(purchase_order=po_id, page="", payment=(after or record).payment)
    return PaymentPage(purchase_order=po_id, page=payment_page(supplier, record), payment=record.payment)


def ask_of_shop(
    world: World, order_id: str, wish: Note | Cancellation | Refund, identified: set[str]
) -> Saga[Task]:
    """Have something done to an order in its shop, and how far that is now.

    The key names it for ever: asked for again it is the same task, and happens once.

    Raises:
        ConfigurationError: there is no such order, or the shop's order and the wish do not go together.

        Unsupported: the shop cannot do that.
    """
    store = world.stores.get(order_id.partition("/")[0])
    if store is None:
        raise ConfigurationError(f"order: there is no account for {order_id!r}")
    ability = ABILITIES.get(type(wish))
    if ability is None:
        raise ConfigurationError(f"{type(wish).__name__}: give an orderbridge.Note or an orderbridge.Refund")
    if not isinstance(store.adapter, ability):
        raise Unsupported(f"{store.platform} has no way to do that in the shop", account=store.name)
    canceling = isinstance(wish, Cancellation)
    if not _KEY.fullmatch(wish.key) or wish.key.startswith(_CANCEL) != canceling:
        raise ConfigurationError(
            f"key: {wish.key!r} is not 1 to 40 letters, digits, dots, dashes, or begins with {_CANCEL!r}"
        )
    if isinstance(wish, Note) and not wish.text.strip():
        raise ConfigurationError("text: the remark is empty")
    name, said = ("text", wish.text) if isinstance(wish, Note) else ("reason", wish.reason)
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
            holds=canceling and not record.held,
            created_at=now.wall,
            next_at=now.wall,
        )
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
        tx.event("Asked", about=task.about, at=now.wall, order_id=order_id, owner=store.owner)
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


_CANCEL = "cancel."  # begins the keys of cancellations, which nobody gives
_KEY = re.compile(r"[A-Za-z0-9._-]{1,40}")


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


def _hold(tx: Tx, record: OrderRecord, now: Clock, *, held: bool) -> None:
    order_id = record.order.id
    tx.set_flags(order_id, refresh=record.refresh, held=held)
    for purchase in tx.purchases(order_id):
        if purchase.fulfillment in BEFORE_PLACED and purchase.approved and not held:
            waits = "stock" if purchase.waits == "stock" else ""
            tx.put_purchase(attrs.evolve(purchase, waits=waits, next_at=None if waits else now.wall))
    tx.event("Held" if held else "Released", about=order_id, at=now.wall, order_id=order_id)
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
            "ReviewResolved",
            about=review.about,
            at=now.wall,
            order_id=review.order_id,
            data={"code": review.code.value, "decision": decision},
        )
        if decision == "retry":
            _retry(tx, review, now)
        elif decision == "told":
            _told(tx, review, now)
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
            tx.event("ToldByHand", about=review.about, at=now.wall, order_id=review.order_id)
    plan_order(tx, review.order_id, now)


def _retry(tx: Tx, review: Review, now: Clock) -> None:
    """Start what was refused or unclear again: the flow looks first, whatever was sent before."""
    for purchase in tx.purchases(review.order_id):
        if purchase.po.id != review.about:
            continue
        if purchase.fulfillment in FINAL and review.code is not ReviewCode.CANCELED_BY_SUPPLIER:
            continue
        if purchase.fulfillment in FINAL:
            tx.put_purchase(attrs.evolve(purchase, waits="replaced", next_at=None))
            tx.ask_to_source(review.order_id)
            continue
        refused = review.code is ReviewCode.REFUSED
        tx.put_purchase(
            attrs.evolve(
                purchase,
                op_no=purchase.op_no + 1 if refused else purchase.op_no,
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
        kind = "MoneyStopped" if stopped else "MoneyReleased"
        tx.event(kind, about=owner or "all", at=now.wall, owner=owner, data={"reason": reason})

    yield from commit(work)


def forget(order_id: str) -> Saga[bool]:
    """Blank a shopper for good; False if a call about the order is under way, so ask again later."""
    now = yield from clock()
    return (yield from commit(lambda tx: blank(tx, order_id, now)))


def blank(tx: Tx, order_id: str, now: Clock) -> bool:
    """As ``forget``, within a transaction."""
    record = tx.order(order_id)
    if record is None:
        tx.put_tombstone(order_id, now.wall)
        return True
    abouts = [p.po.id for p in tx.purchases(order_id)]
    abouts += [n.notice.key for n in tx.notices(order_id)]
    abouts += [task.about for task in tx.tasks(order_id)]
    if any(tx.unresolved(about) for about in abouts):
        return False
    tx.forget(order_id, now.wall)
    tx.event("Forgotten", about=order_id, at=now.wall, order_id=order_id)
    return True


def unread(name: str, *, limit: int) -> Saga[tuple[Event, ...]]:
    """The events that a consumer has not had yet."""
    return look(lambda tx: tx.events(after=tx.consumer(name), limit=limit))


def have_read(name: str, position: int) -> Saga[None]:
    """Remember how far a consumer is."""
    return commit(lambda tx: tx.put_consumer(name, position))


def consume(name: str, handler: Callable[[Event], object], *, limit: int) -> Saga[int]:
    """Hand each new event to ``handler``, at least once; how many there were."""
    new = yield from unread(name, limit=limit)
    for event in new:
        waits = handler(event)
        if iscoroutine(waits):
            waits.close()
            raise ConfigurationError("handler: is async; use it with AsyncBridge")
        yield from have_read(name, event.position)
    return len(new)
