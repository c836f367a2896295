"""Is it alive? What a monitoring system asks, in one look at the journal; nobody is called."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

import attrs

from ._daily_look import last_look
from ._far_ahead import far_ahead
from ._intents import Subject, Work
from ._journal import Tx
from ._money import Money
from ._records import DailyLook
from ._saga import Saga, clock, look
from ._standing import UNSHIPPED
from ._world import World

__all__ = ["Health", "LimitUse", "StoreHealth", "health"]

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_USUAL = 28  # days that what is usual is taken from: four whole weeks
_STUCK_AFTER = 3  # times the longest period in which something due is worked on
_REFUSED_FOR = timedelta(hours=2)  # what is refused is tried again within one
_MOST = 100


@attrs.frozen(kw_only=True)
class StoreHealth:
    """Is a store being read, and does it sell as it used to?

    Args:
        last_pull: When its last page was taken in (UTC); None if never.

        age: How old that is.

        failed: Why the last try gave no orders, or empty if it gave some.

        failed_at: When that was.

        seen: Orders known here that shoppers placed in the last 24 hours.

        expected: How many a day there were in the four weeks before that, or in as much of it as this
            journal knows orders of; None for less than a day. No store is asked how many it has: a number
            far below it says only that the store sells less, or that orders do not get here.
    """

    last_pull: datetime | None
    age: timedelta | None = None
    failed: str = ""
    failed_at: datetime | None = None
    seen: int = 0
    expected: Decimal | None = None


@attrs.frozen(kw_only=True)
class LimitUse:
    """How much of a day's limit is used.

    Args:
        spent: What was paid in the last 24 hours through suppliers' APIs, or may have been.

        limit: The strictest ``limit_per_day`` of the owner's accounts, or where accounts come from a mapping,
            of the bridge's policy; None if there is none.
    """

    owner: str
    currency: str
    spent: Money
    limit: Money | None = None


@attrs.frozen(kw_only=True)
class Health:
    """Is it alive?

    Args:
        stores: Per store, whether it is read.

        orders: All, and those acted on.

        purchase_orders: How many stand in which state.

        notices: How many stand in which state.

        due: Subjects that wait for work now.

        stuck: Of those the ones that wait three times as long as the longest of ``Policy.pull_every``
            and ``follow_every``, the longest first, at most a hundred: nobody runs, or their account is not
            configured any more. By default that is 45 minutes; with periods of seconds it is seconds.

        far_ahead: Subjects that are planned, or that somebody has, until later than anything is planned, at
            most a hundred: this machine's clock is wrong, or one was that planned them. The next run brings
            them back to now. Not told to one owner alone.

        next_at: When there is something to do again (UTC).

        reviews: Open questions.

        review_codes: The same by code.

        oldest_unshipped: When the oldest order that is acted on and has not wholly left was placed.

        untold: Departures that are more than a day old and that no shop was told of.

        waiting: Stores that refused to be told of a departure, or could not be for an hour, and why: mostly
            their key may read and no more.

        limits: What is used of each day's limit, by owner and currency.

        refused_logins: Accounts that refused our login during the last two hours, or would not say who they
            are, or whose adapter broke when it was asked that; and why.

        daily_looks: Per supplier account that shows what is in it, what the last daily look came to.

        stopped: Why money is stopped, or empty.

        stopped_owners: Owners whose money alone is stopped, and why. Not told to one owner alone.

        look_only: The journal was copied or restored, and nobody has adopted it: nothing is done.
    """

    stores: Mapping[str, StoreHealth]
    orders: int
    taken: int
    purchase_orders: Mapping[str, int]
    notices: Mapping[str, int]
    due: int
    stuck: tuple[str, ...]
    next_at: datetime | None
    reviews: int
    review_codes: Mapping[str, int]
    oldest_unshipped: datetime | None
    untold: int
    waiting: Mapping[str, str]
    limits: tuple[LimitUse, ...]
    refused_logins: Mapping[str, str]
    daily_looks: Mapping[str, DailyLook]
    stopped: str
    stopped_owners: Mapping[str, str] = attrs.field(factory=dict[str, str])
    far_ahead: tuple[str, ...] = ()
    look_only: bool = False

    @property
    def last_pull(self) -> Mapping[str, datetime | None]:
        """Per store, when its last page was taken in (UTC); None if never."""
        return {name: store.last_pull for name, store in self.stores.items()}


def health(world: World, *, owner: str = "", look_only: bool = False) -> Saga[Health]:
    """How everything is, or what is one owner's, from the journal alone.

    Args:
        look_only: The journal says that it is a copy.
    """
    now = yield from clock()
    found = yield from look(
        lambda tx: _health_of(tx, world, owner, now.wall) if owner else _health(tx, world, now.wall)
    )
    return attrs.evolve(found, look_only=look_only)


def _health_of(tx: Tx, world: World, owner: str, now: datetime) -> Health:
    """What is one owner's: no count, name or reason of another's, nor of what serves several."""
    orders, taken = tx.count_orders_of(owner)
    codes = tx.count_reviews_of(owner)
    names = _stores(tx, world, owner)
    stores = {name: _store(tx, name, now) for name in names}
    oldest = [at for tab in UNSHIPPED if (at := tx.oldest_in_of(owner, tab)) is not None]
    suppliers = [name for name in tx.accounts("supplier") if _is_of(tx, world, name, owner)]
    kinds = (Subject.pull, Subject.source, Subject.forget)
    subjects = [kind(name) for name in names for kind in kinds]
    subjects += [
        kind(name) for name in suppliers for kind in (Subject.cart, Subject.changes, Subject.daily_look)
    ]
    theirs = {subject: at for subject in subjects if (at := _waits_until(tx.work(subject))) is not None}
    late = now - _STUCK_AFTER * _period(world)
    next_at = [tx.next_due_of(owner), *theirs.values()]
    return Health(
        stores=stores,
        orders=orders,
        taken=taken,
        purchase_orders=tx.count_purchases_of(owner),
        notices=tx.count_notices_of(owner),
        due=tx.count_due_of(owner, now) + sum(at <= now for at in theirs.values()),
        stuck=(
            *(subject for subject, at in theirs.items() if at <= late),
            *tx.due_of(owner, late, _MOST),
        )[:_MOST],
        next_at=min((at for at in next_at if at is not None), default=None),
        reviews=sum(codes.values()),
        review_codes=codes,
        oldest_unshipped=min(oldest, default=None),
        untold=tx.count_untold_of(owner, now - _DAY),
        waiting={name: why for name, why in tx.stores_waiting(now - _HOUR).items() if name in stores},
        limits=tuple(use for use in _limits(tx, world, now) if use.owner == owner),
        refused_logins=_refused(tx, stores, suppliers, now),
        daily_looks=_daily_looks(tx, suppliers),
        stopped=tx.stopped(owner) or "",
    )


def _waits_until(work: Work) -> datetime | None:
    """When it wants to be worked on; who has it keeps it until then."""
    if work.due_at is None or work.lease_until is None:
        return work.due_at
    return max(work.due_at, work.lease_until)


def _stores(tx: Tx, world: World, owner: str = "") -> tuple[str, ...]:
    if not world.lazy:
        return tuple(name for name in world.stores if owner in ("", world.stores[name].owner))
    # Those that this process has not opened yet are known to the journal.
    known = (name for name in tx.accounts("store") if name in world.stores)
    if owner:
        return tuple(name for name in known if tx.account_owner(name) == owner)
    return tuple(sorted({*world.stores, *known}))


def _is_of(tx: Tx, world: World, supplier: str, owner: str) -> bool:
    return supplier in world.suppliers and tx.account_owner(supplier) == owner


def _health(tx: Tx, world: World, now: datetime) -> Health:
    orders, taken = tx.count_orders()
    codes = tx.count_reviews()
    stores = {name: _store(tx, name, now) for name in _stores(tx, world)}
    oldest = [at for tab in UNSHIPPED if (at := tx.oldest_in(tab)) is not None]
    return Health(
        stores=stores,
        orders=orders,
        taken=taken,
        purchase_orders=tx.count_purchases(),
        notices=tx.count_notices(),
        due=tx.count_due(now),
        stuck=tx.due(now - _STUCK_AFTER * _period(world), _MOST),
        next_at=tx.next_due(),
        reviews=sum(codes.values()),
        review_codes=codes,
        oldest_unshipped=min(oldest, default=None),
        untold=tx.count_untold(now - _DAY),
        waiting={name: why for name, why in tx.stores_waiting(now - _HOUR).items() if name in world.stores},
        limits=_limits(tx, world, now),
        refused_logins=_refused(tx, stores, world.suppliers, now),
        daily_looks=_daily_looks(tx, (name for name in tx.accounts("supplier") if name in world.suppliers)),
        stopped=tx.stopped("") or "",
        stopped_owners={owner: why for owner, why in tx.switches().items() if owner and why is not None},
        far_ahead=far_ahead(tx, world, now),
    )


def _refused(
    tx: Tx, stores: Mapping[str, StoreHealth], suppliers: Container[str], now: datetime
) -> dict[str, str]:
    return {
        name: why
        for name, (at, why) in tx.refused_logins(since=now - _REFUSED_FOR).items()
        if name in suppliers or (name in stores and at > (stores[name].last_pull or at - _DAY))
    }


def _daily_looks(tx: Tx, suppliers: Iterable[str]) -> dict[str, DailyLook]:
    return {name: last for name in suppliers if (last := last_look(tx, name)) is not None}


def _period(world: World) -> timedelta:
    """How long it may take, if all is well, until what is due was looked at."""
    policies = [world.policy]
    if not world.lazy:
        policies += [world.policy_of(name) for name in world.stores]
    return max(period for policy in policies for period in (policy.pull_every, policy.follow_every))


def _store(tx: Tx, name: str, now: datetime) -> StoreHealth:
    cursor, failure = tx.cursor(name), tx.last_failed_pull(name)
    last_pull = cursor[1] if cursor is not None else None
    failed_at, failed = failure if failure is not None else (None, "")
    if failed_at is None or (last_pull is not None and last_pull > failed_at):
        failed_at, failed = None, ""
    return StoreHealth(
        last_pull=last_pull,
        age=None if last_pull is None else now - last_pull,
        failed=failed,
        failed_at=failed_at,
        seen=tx.count_orders_between(name, now - _DAY, now),
        expected=_usual(tx, name, now - _DAY),
    )


def _usual(tx: Tx, name: str, until: datetime) -> Decimal | None:
    oldest = tx.oldest_order(name)
    if oldest is None:
        return None
    since = max(oldest, until - _USUAL * _DAY)
    days = Decimal((until - since).total_seconds()) / Decimal(_DAY.total_seconds())
    if days < 1:
        return None
    return (tx.count_orders_between(name, since, until) / days).quantize(Decimal("0.1"))


def _limits(tx: Tx, world: World, now: datetime) -> tuple[LimitUse, ...]:
    strictest: dict[tuple[str, str], Money] = {}
    # Of thousands of accounts none is opened for it; what all of them have in common holds for each.
    for store in () if world.lazy else world.stores.values():
        policies = [world.policy, *(world.policy_of(store.name, supplier) for supplier in world.suppliers)]
        for limit in (limit for policy in policies for limit in policy.limit_per_day):
            key = store.owner, limit.currency
            strictest[key] = min(limit, strictest.get(key, limit))
    spent = tx.spent_by_all(since=now - _DAY)
    for owner, currency in spent if world.lazy else ():
        for limit in (limit for limit in world.policy.limit_per_day if limit.currency == currency):
            strictest[owner, currency] = limit
    return tuple(
        LimitUse(
            owner=owner,
            currency=currency,
            spent=Money(spent.get((owner, currency), Decimal(0)), currency),
            limit=strictest.get((owner, currency)),
        )
        for owner, currency in sorted({*strictest, *spent})
    )
