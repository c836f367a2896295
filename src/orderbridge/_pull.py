"""Pull: a store's changed orders, one page and its cursor in one commit."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

import attrs

from ._events import EventKind
from ._intake import take_in
from ._intents import Subject
from ._journal import Tx
from ._reviews import ReviewCode
from ._saga import Clock, Saga, ask, backoff, clock, commit, kept_out, let_in, look, run_flow
from ._world import Store, Supplier, World
from .adapters import Access, FindsPurchases, Flow, ListsChanges, ListsPurchases, Page, Probes
from .errors import BridgeError, ConfigurationError, LeaseLost, Unavailable

__all__ = ["identify", "identity_flow", "pull", "recognize"]


def identity_flow(account: Store | Supplier) -> Flow[Access]:
    """Who the account is: as the platform says, else its address."""
    if isinstance(account.adapter, Probes):
        return (yield from account.adapter.probe())
    return Access(identity=account.origin)
    yield  # makes this a flow


def identify(world: World, account: Store | Supplier) -> Saga[str]:
    """The account's identity, remembered at first sight and compared ever after.

    Raises:
        ConfigurationError: the name belonged to another shop or supplier account before, or this one to
            another name: under two names everything would be pulled, or ordered, twice.

        Unavailable: it does not say who it is, such as a bot wall before it: nothing is remembered.
    """
    access = yield from ask(account.name, identity_flow(account))
    if not access.identity:
        wrong = [f"{finding.what}; {finding.fix}" for finding in access.findings if not finding.ok]
        if wrong:
            yield from kept_out(account.name, wrong[0])
        raise Unavailable(wrong[0] if wrong else "it does not say who it is", account=account.name)
    if all(finding.ok for finding in access.findings):
        yield from let_in(account.name)
    now = yield from clock()
    known = yield from look(lambda tx: tx.account_identity(account.name))
    if known is None:
        twin = yield from look(partial(_twin, account, access.identity))
        if twin is not None:
            its = yield from look(lambda tx: tx.account_owner(twin))
            raise ConfigurationError(
                f"account {account.name!r}: it is {access.identity!r}, which this journal knows as {twin!r}; "
                "keep one name for it"
                if its == account.owner  # nobody hears what others call theirs
                else f"account {account.name!r}: it is {access.identity!r}, which is connected here already"
            )
        yield from commit(lambda tx: _remember(tx, world, account, access.identity, now))
    elif known != access.identity:
        raise ConfigurationError(
            f"account {account.name!r}: it was {known!r} when this journal first saw it and is now "
            f"{access.identity!r}; give the new one another account name, or use another journal"
        )
    elif (yield from look(lambda tx: tx.account_owner(account.name))) != account.owner:
        yield from commit(lambda tx: _remember(tx, world, account, access.identity, now))
    return access.identity


def _twin(account: Store | Supplier, identity: str, tx: Tx) -> str | None:
    """Another name of the same account, under which something may have been pulled or ordered."""
    if isinstance(account, Supplier):
        return tx.account_with(kind="supplier", identity=identity)
    name = tx.account_with(kind="store", identity=identity)
    return name if name is not None and tx.cursor(name) is not None else None


def recognize(world: World, account: Store | Supplier, identified: set[str]) -> Saga[None]:
    """Once in a process, before anything is written there: it is the account it always was.

    Another one knows nothing of what was ordered at the old one, and would be given it all anew.

    Args:
        identified: Accounts whose identity this process has compared already.
    """
    if account.name not in identified:
        yield from identify(world, account)
        identified.add(account.name)


def _remember(tx: Tx, world: World, account: Store | Supplier, identity: str, now: Clock) -> None:
    store = isinstance(account, Store)
    tx.put_account(
        account.name,
        kind="store" if store else "supplier",
        platform=account.platform,
        owner=account.owner,
        identity=identity,
        # Shops count in whole seconds: an order of this very second is not an earlier one.
        take_from=(tx.take_from(account.name) or world.take_from or now.wall.replace(microsecond=0))
        if store
        else None,
        at=now.wall,
    )
    if isinstance(account.adapter, ListsChanges):
        tx.wake(Subject.changes(account.name), now.wall)
    if isinstance(account.adapter, (ListsPurchases, FindsPurchases)):
        tx.wake(Subject.daily_look(account.name), now.wall + timedelta(days=1))


def pull(world: World, name: str, *, identified: set[str]) -> Saga[Page | None]:
    """One page of a store's changes; None if another worker has the pull.

    Args:
        identified: Accounts whose identity this process has compared already.
    """
    store = world.stores[name]
    began = yield from clock()
    subject = Subject.pull(name)
    work = yield from look(lambda tx: tx.work(subject))
    if work.lease_until is not None and work.lease_until > began.wall:
        return None
    try:
        yield from recognize(world, store, identified)
        # Of thousands only those are asked who they are that an order wants, once it is here.
        for supplier in () if world.lazy else world.suppliers.values():
            yield from _try_to_recognize(world, supplier, identified)
        start = yield from look(lambda tx: _start(tx, name, began.wall))
        cursor, since = start
        asked = yield from clock()
        page = yield from run_flow(name, store.adapter.fetch_orders(cursor, since=since, now=began.wall))
    except (BridgeError, ConfigurationError) as error:
        failed: BridgeError | ConfigurationError = error
        why = failed.message if isinstance(failed, BridgeError) else str(failed)
        now = yield from clock()

        def put_off(tx: Tx) -> None:
            tx.claim(subject, seen=work.fence, now=now.wall)
            tx.release(subject, due_at=now.wall + backoff(work.failures), failures=work.failures + 1)
            tx.event(
                EventKind.PULL_FAILED,
                about=name,
                at=now.wall,
                owner=store.owner,
                data={"why": why},
            )

        try:
            yield from commit(put_off)
        except LeaseLost:
            return None
        raise
    now = yield from clock()

    def work_in(tx: Tx) -> None:
        tx.claim(subject, seen=work.fence, now=now.wall)
        for order in page.items:
            take_in(tx, world, attrs.evolve(order, store=name), now, read_at=page.as_of or asked.wall)
        for bad in page.set_aside:
            tx.open_review(
                ReviewCode.ORDER_NOT_UNDERSTOOD,
                about=f"{name}/{bad.ref}" if bad.ref else name,
                evidence=f"{bad.path}: {bad.why}",
                decisions=("ignore",),
                at=now.wall,
                order_id=f"{name}/{bad.ref}" if bad.ref else "",
                account=name,
            )
            if bad.ref:
                # It may have been the answer and not the order: the order is asked for by itself.
                known = tx.order(f"{name}/{bad.ref}")
                if known is not None:
                    tx.set_flags(known.order.id, refresh=True, held=known.held)
                tx.wake(Subject.order(f"{name}/{bad.ref}"), now.wall + timedelta(minutes=5))
        tx.put_cursor(name, page.next, now.wall)
        tx.trim_inbox(now.wall - timedelta(days=30))
        due_at = now.wall + (timedelta(0) if page.more else world.policy_of(name).pull_every)
        if page.again_at is not None:
            due_at = min(due_at, max(now.wall, page.again_at))
        nudged_at = tx.work(subject).due_at
        if nudged_at is not None and nudged_at != work.due_at:
            due_at = min(due_at, nudged_at)  # a webhook came while the page was read
        tx.release(subject, due_at=due_at)

    try:
        yield from commit(work_in)
    except LeaseLost:
        return None
    return page


def _try_to_recognize(world: World, supplier: Supplier, identified: set[str]) -> Saga[None]:
    """A supplier that is down, or another one now, must not keep orders from coming in; its lines wait."""
    with suppress(BridgeError, ConfigurationError):
        yield from recognize(world, supplier, identified)


def _start(tx: Tx, name: str, now: datetime) -> tuple[str | None, datetime]:
    found = tx.cursor(name)
    return (found[0] if found else None, tx.take_from(name) or now)
