"""Far ahead: what a clock that was wrong has planned for years to come is brought back to now.

Whoever works on something too early does no harm: each step looks first, and each wait that a write
depends on is measured on a clock that never jumps.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import attrs

from ._events import EventKind
from ._intents import Subject
from ._journal import Tx
from ._saga import Clock, Saga, clock, commit, look
from ._world import World

__all__ = ["bring_back", "far_ahead"]

_REST = timedelta(days=2)  # what no policy asks for is done daily at the latest
_REST_OF_MANY = timedelta(days=30)  # of accounts in a mapping nobody reads the policies for it
_PLANNED = timedelta(days=400)  # no plan reaches so far, whatever a policy asks for
_LEASED = timedelta(hours=1)  # no call lasts so long
_MOST = 100  # in one go


def far_ahead(tx: Tx, world: World, now: datetime) -> tuple[str, ...]:
    """Subjects that are planned absurdly far ahead, or that somebody has for so long; at most a hundred."""
    return tx.far_ahead(plans=now + _furthest(world), leases=now + _LEASED, limit=_MOST)


def _furthest(world: World) -> timedelta:
    """Further ahead than anything is planned."""
    policies = [world.policy]
    if not world.lazy:
        own = (
            *(store.policy for store in world.stores.values()),
            *(s.policy for s in world.suppliers.values()),
        )
        policies += [policy for policy in own if policy is not None]
    longest = max(
        asked
        for policy in policies
        for asked in (policy.pull_every, policy.follow_every, policy.tracking_wait, policy.place_after)
    )
    # Twelve: what a supplier lists by itself when it changes is asked for so much less often.
    return min((_REST_OF_MANY if world.lazy else _REST) + 12 * min(longest, _PLANNED), _PLANNED)


def bring_back(world: World) -> Saga[None]:
    """Make due what is planned absurdly far ahead, and let go what nobody can have for so long."""
    now = yield from clock()
    for subject in (yield from look(partial(far_ahead, world=world, now=now.wall))):
        yield from commit(partial(_bring_back, subject, now.wall + _furthest(world), now))
    for name in (yield from look(lambda tx: tx.begun_ahead(now.wall))):
        if name in world.stores:
            yield from commit(partial(_begin_anew, world, name, now))


def _begin_anew(world: World, store: str, now: Clock, tx: Tx) -> None:
    """Until the time that a wrong clock said, its orders would not even be asked for, or acted on."""
    subject = Subject.pull(store)
    tx.claim(subject, seen=tx.work(subject).fence, now=now.wall)  # a page that is being read counts no more
    tx.begin_anew(store, take_from=world.take_from or now.wall.replace(microsecond=0), at=now.wall)
    tx.release(subject, due_at=now.wall)
    why = "this machine's clock was ahead at its first pull; orders placed before now are only observed"
    tx.event(
        EventKind.PULL_FAILED,
        about=store,
        at=now.wall,
        owner=tx.account_owner(store),
        data={"why": why},
    )


def _bring_back(subject: str, furthest: datetime, now: Clock, tx: Tx) -> None:
    def back(at: datetime | None) -> datetime | None:
        return now.wall if at is not None and at > furthest else at

    kind, _, order_id = subject.partition("/")
    record = tx.order(order_id) if kind == "order" else None
    if record is not None:
        for purchase in tx.purchases(order_id):
            twins = tuple(attrs.evolve(each, next_at=back(each.next_at)) for each in purchase.twins)
            tx.put_purchase(attrs.evolve(purchase, next_at=back(purchase.next_at), twins=twins))
        for notice in tx.notices(order_id):
            tx.put_notice(attrs.evolve(notice, next_at=back(notice.next_at)))
        for task in tx.tasks(order_id):
            tx.put_task(attrs.evolve(task, next_at=back(task.next_at)))
        if record.source_at is not None and back(record.source_at) == now.wall:
            tx.put_source(order_id, source_at=now.wall, failures=record.failures)
        tx.put_progress(order_id, shown=None, next_at=back(record.next_at), failures=record.failures)
    tx.release(subject, due_at=now.wall)
