"""Commands about all of it: stop the money, and hand on what has happened."""

from __future__ import annotations

from collections.abc import Callable
from inspect import iscoroutine

import attrs

from ._events import Event, EventKind
from ._fits import at_most
from ._journal import Tx
from ._plan import plan_order
from ._saga import Saga, clock, commit, look
from .errors import ConfigurationError

__all__ = ["consume", "have_read", "switch", "unread"]


def switch(owners: frozenset[str] | None, *, owner: str, stopped: bool, reason: str) -> Saga[None]:
    """Stop all placing and paying, or let it go again: then what has waited for it is due at once.

    Args:
        owners: Whose accounts there are; None if nobody knows all of them.

    Raises:
        ConfigurationError: no account is this owner's, nor was one: nothing would be stopped.
    """
    now = yield from clock()

    def work(tx: Tx) -> None:
        if owner and owners is not None:
            names = (name for kind in ("store", "supplier") for name in tx.accounts(kind))
            known = {*owners, *map(tx.account_owner, names), *tx.switches()} - {""}
            if owner not in known:
                listed = ", ".join(sorted(known)) or "none"
                raise ConfigurationError(f"owner: no account is {owner!r}'s; known are: {listed}")
        why = (reason.strip() or "nobody said why") if stopped else ""
        tx.put_switch(owner=owner, stopped=stopped, reason=why, at=now.wall)
        kind = EventKind.MONEY_STOPPED if stopped else EventKind.MONEY_RELEASED
        tx.event(kind, about=owner or "all", at=now.wall, owner=owner, data={"reason": why})
        for record in () if stopped else tx.purchases_waiting("money", owner=owner):
            tx.put_purchase(attrs.evolve(record, waits="", next_at=now.wall))
            plan_order(tx, record.po.order_id, now)
        for task in () if stopped else tx.tasks_due(owner):
            if task.refund is not None and task.refund.gives_money:
                # Whatever else it waits for is looked at again: it may be due.
                tx.put_task(attrs.evolve(task, next_at=now.wall))
                plan_order(tx, task.order_id, now)

    yield from commit(work)


def unread(name: str, *, owner: str, limit: int) -> Saga[tuple[Event, ...]]:
    """The events that a consumer has not had yet."""
    who = _consumer(name, owner)
    most = at_most(limit)
    return look(lambda tx: tx.events(after=tx.consumer(who), owner=owner, limit=most))


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
