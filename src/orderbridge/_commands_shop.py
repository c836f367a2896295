"""Commands about an order in its shop: remarks, refunds, cancels, holds."""

from __future__ import annotations

import re
from contextlib import suppress
from decimal import Decimal

import attrs

from ._events import EventKind
from ._journal import Tx
from ._model import Money, Order
from ._money import is_finer
from ._orders import advance_order
from ._plan import plan_order
from ._records import OrderRecord
from ._saga import Clock, Saga, clock, commit, look
from ._states import BEFORE_PLACED, TaskState
from ._tasks import KINDS
from ._wishes import Task, Wish
from ._world import World
from .adapters import Cancellation, Hold, HoldsWork, Note, Refund, Refunds, Release
from .errors import BridgeError, ConfigurationError, Unsupported

__all__ = ["ask_of_shop", "cancel", "hold", "hold_in_shop", "put_held", "release"]


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
            put_held(tx, record, now, held=isinstance(wish, Hold))
        known = _task(tx, order_id, wish.key)
        if known is not None:
            if known.wish != wish:
                raise ConfigurationError(
                    f"key: {wish.key!r} names another task of {order_id} already, with other content; "
                    "another key (--key) is another task"
                )
            return
        if isinstance(wish, Refund):
            _check_refund(record.order, wish, tx.tasks(order_id))
        tx.put_task(task)
        # What is to be canceled is not ordered while the shop is asked.
        if isinstance(wish, Cancellation):
            tx.set_flags(order_id, refresh=record.refresh, held=True)
        wanted = {"task": kind.name}
        if isinstance(wish, Refund):
            wanted["amount"] = str(wish.amount)
        tx.event(
            EventKind.ASKED,
            about=task.about,
            at=now.wall,
            order_id=order_id,
            owner=store.owner,
            data=wanted,
        )
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
        if name in ("amount", "shipping") and is_finer(money, order.total):
            raise ConfigurationError(f"{name}: {money} came; {order.currency} has no such small change")
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
    """Keep an order from being placed and paid, or let it go again."""
    now = yield from clock()

    def work(tx: Tx) -> None:
        record = tx.order(order_id)
        if record is None:
            raise ConfigurationError(f"order: there is no {order_id!r}")
        put_held(tx, record, now, held=held)

    yield from commit(work)


def hold_in_shop(world: World, order_id: str, *, reason: str, identified: set[str]) -> Saga[Task]:
    """Hold the order, and have the shop show it; the same task as before while that one is under way.

    Raises:
        Unsupported: the shop cannot show it. The order is held here all the same.
    """
    store = world.stores.get(order_id.partition("/")[0])
    if store is not None and not isinstance(store.adapter, HoldsWork):
        yield from hold(order_id, held=True)
        raise Unsupported(
            f"{store.platform} has no way to hold an order in the shop: it is held here, and nothing of it "
            "is placed, but people in the shop may ship it",
            account=store.name,
        )

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


def put_held(tx: Tx, record: OrderRecord, now: Clock, *, held: bool) -> None:
    """Keep an order from being placed and paid, or let what waits for that go on."""
    order_id = record.order.id
    tx.set_flags(order_id, refresh=record.refresh, held=held)
    for purchase in tx.purchases(order_id):
        waits = purchase.fulfillment in BEFORE_PLACED and purchase.approved and purchase.waits != "stock"
        if waits and not held:
            tx.put_purchase(attrs.evolve(purchase, waits="", next_at=now.wall))
    tx.event(EventKind.HELD if held else EventKind.RELEASED, about=order_id, at=now.wall, order_id=order_id)
    plan_order(tx, order_id, now)
