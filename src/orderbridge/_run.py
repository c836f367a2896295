"""Run: whatever is due, one subject after the other, and what comes in from outside."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import cast

import attrs

from ._cart import advance_cart
from ._changes import list_changes, lists_of_changes, nudge_purchase
from ._daily_look import DAILY, daily_looks, look_daily
from ._events import EventKind
from ._far_ahead import bring_back
from ._fits import at_most
from ._forget import advance_forget, ask_to_disclose, ask_to_forget, blank
from ._intents import Subject
from ._journal import Tx
from ._orders import advance_order
from ._pull import pull, recognize
from ._raised import log_raised, raised_at
from ._reviews import ReviewCode
from ._saga import Saga, backoff, clock, commit, look
from ._source_anew import advance_source, settings_changed
from ._world import World
from .adapters import Headers, ListsChanges, Nudge, ReceivesWebhooks, Reply
from .errors import BridgeError, ConfigurationError, JournalError, Unsupported

__all__ = [
    "Report",
    "advance",
    "advance_alone",
    "due_now",
    "pull_now",
    "receive",
    "run_once",
    "start",
]

_ROUNDS = 20  # times one order or cart is advanced in one go; more means it does not get on
_LEFT_OVER = timedelta(seconds=5)  # until it is looked again what of that is ours by now


@attrs.frozen(kw_only=True)
class Report:
    """What one run did.

    Args:
        advanced: Subjects worked on.

        orders: Orders that this run's own pulls took in as new or changed; what ``pull``, or a run before,
            took in is not counted again.

        failures: Accounts and orders that could not be worked on, and why, in words.

        next_at: When there is something to do again (UTC).
    """

    advanced: int = 0
    orders: int = 0
    failures: tuple[tuple[str, str], ...] = ()
    next_at: datetime | None = None


def start(world: World, compared: set[str]) -> Saga[None]:
    """Make every store's pull due once, and its orders if its settings have changed."""
    yield from bring_back(world)
    if not world.lazy:
        yield from settings_changed(world, compared, world.stores)
    now = yield from clock()
    pulls = [Subject.pull(name) for name in world.stores]
    if world.lazy:
        list(world.suppliers)  # a mapping is asked for its names once a run: those that are gone are let go
    lists = () if world.lazy else lists_of_changes(world)
    looks = () if world.lazy else daily_looks(world)
    planned = yield from look(lambda tx: tx.planned("pull") | tx.planned("list") | tx.planned("look"))
    missing = [subject for subject in (*pulls, *lists, *looks) if subject not in planned]
    if missing:

        def work(tx: Tx) -> None:
            for subject in missing:
                # There is nothing to look over yet.
                tx.wake(subject, now.wall + DAILY if subject in looks else now.wall)

        yield from commit(work)


def advance(world: World, subject: str, identified: set[str]) -> Saga[int]:
    """Do what is due in one subject; how many orders were news."""
    kind, _, name = subject.partition("/")
    if kind == "pull":
        if name in world.stores:
            if world.lazy:
                yield from settings_changed(world, identified, (name,))
            page = yield from pull(world, name, identified=identified)
            return 0 if page is None else len(page.items)
    elif kind == "cart":
        if name in world.suppliers:
            yield from recognize(world, world.suppliers[name], identified)
            yield from advance_cart(world, name)
            return 0
    elif kind == "forget":
        if name in world.stores:
            yield from advance_forget(name)
            return 0
    elif kind == "source":
        if name in world.stores:
            yield from advance_source(world, name)
            return 0
    elif kind == "list":
        if name in world.suppliers:
            yield from list_changes(world, name, identified)
    elif kind == "look":
        if name in world.suppliers:
            yield from look_daily(world, name, identified)
    elif (store := name.partition("/")[0]) in world.stores:
        if world.lazy:
            yield from settings_changed(world, identified, (store,))
        yield from advance_order(world, name, identified)
        return 0
    return 0


def run_once(
    world: World,
    identified: set[str],
    *,
    stopping: Callable[[], bool],
    told: Callable[[Report], None] | None = None,
    limit: int = 50,
) -> Saga[Report]:
    """Work until nothing is due. One subject that fails never stops the others."""
    yield from start(world, identified)
    report = Report()
    rounds: dict[str, int] = {}
    fences: dict[str, int] = {}
    while not stopping():
        now = yield from clock()
        due = yield from look(partial(_due_with_fences, now.wall, limit))
        # One that is as it was when we last tried waits for what another worker has.
        todo = {
            subject: fence
            for subject, fence in due.items()
            if _is_ours(world, subject)
            and fences.get(subject) != fence
            and (
                rounds.get(subject, 0) < _ROUNDS
                or subject.startswith(("pull/", "forget/", "source/", "look/"))
            )
        }
        if not todo:
            if len(due) < limit:
                break
            limit *= 4  # past what is another bridge's on this journal, or does not get on
            continue
        for subject, fence in todo.items():
            if stopping():
                break
            rounds[subject], fences[subject] = rounds.get(subject, 0) + 1, fence
            news, failure = yield from _guarded(world, subject, identified)
            report = attrs.evolve(
                report,
                advanced=report.advanced + 1,
                orders=report.orders + news,
                failures=(*report.failures, (subject, failure)) if failure else report.failures,
            )
            if told is not None:
                told(report)
    next_at = yield from look(lambda tx: tx.next_due())
    if next_at is not None and not stopping():
        # What is left over is another bridge's, or of an account that is gone, or does not get on.
        now = yield from clock()
        if next_at <= now.wall:
            next_at = now.wall + _LEFT_OVER
    return attrs.evolve(report, next_at=next_at)


def _is_ours(world: World, subject: str) -> bool:
    kind, _, name = subject.partition("/")
    return (
        name in world.suppliers
        if kind in ("cart", "list", "look")
        else name.partition("/")[0] in world.stores
    )


def due_now(world: World, limit: int) -> Saga[tuple[str, ...]]:
    """Subjects of these accounts that wait for work now."""
    now = yield from clock()
    most = limit = at_most(limit)
    while True:
        due = yield from look(partial(_due, now.wall, most))
        ours = tuple(subject for subject in due if _is_ours(world, subject))
        if len(ours) >= limit or len(due) < most:
            return ours[:limit]
        most *= 4  # past what is another bridge's on this journal


def _due(now: datetime, limit: int, tx: Tx) -> tuple[str, ...]:
    return tx.due(now, limit)


def _due_with_fences(now: datetime, limit: int, tx: Tx) -> dict[str, int]:
    return {subject: tx.work(subject).fence for subject in tx.due(now, limit)}


def advance_alone(world: World, subject: str, identified: set[str]) -> Saga[int]:
    """``advance`` for a caller who sees only this subject: what fails is put off, and the error comes out."""
    try:
        return (yield from advance(world, subject, identified))
    except JournalError:
        raise
    except (BridgeError, ConfigurationError) as error:
        yield from _put_off(
            subject, None, why=error.message if isinstance(error, BridgeError) else str(error)
        )
        raise
    except Exception as error:
        log_raised(error, subject)
        yield from _put_off(subject, f"{raised_at(error)}, for {subject}")
        raise


def _guarded(world: World, subject: str, identified: set[str]) -> Saga[tuple[int, str]]:
    try:
        return (yield from advance_alone(world, subject, identified)), ""
    except JournalError:
        raise
    except (BridgeError, ConfigurationError) as error:
        return 0, str(error)
    except Exception as error:  # a bug stops what it is in, never the rest
        return 0, f"{raised_at(error)}, for {subject}"


def _put_off(subject: str, bug: str | None, *, why: str = "") -> Saga[None]:
    now = yield from clock()

    def work(tx: Tx) -> None:
        found = tx.work(subject)
        # Who has a call under way in it says by itself when it is due again.
        taken = found.lease_until is not None and found.lease_until > now.wall
        if found.due_at is not None and found.due_at <= now.wall and not taken:
            due_at = now.wall + backoff(found.failures, base=60.0)
            tx.release(subject, due_at=due_at, failures=found.failures + 1)
            kind, _, name = subject.partition("/")
            if kind == "pull":  # its account could not even be opened
                tx.event(EventKind.PULL_FAILED, about=name, at=now.wall, data={"why": why or bug or ""})
        if bug is not None:
            account = subject.split("/")[1]
            tx.open_review(
                ReviewCode.FAULT,
                about=subject,
                evidence=bug,
                decisions=("ignore",),
                at=now.wall,
                account=account,
            )

    yield from commit(work)


def pull_now(
    world: World, name: str, identified: set[str], *, told: Callable[[int], None] | None = None
) -> Saga[int]:
    """All pages of one store's changes, now; how many orders came."""
    if name not in world.stores:
        raise ConfigurationError(
            f"store: there is no account {name!r}; known are {', '.join(world.stores) or 'none'}"
        )
    orders = 0
    while True:
        page = yield from pull(world, name, identified=identified)
        if page is None:
            return orders
        orders += len(page.items)
        if told is not None:
            told(orders)
        if not page.more:
            return orders


def receive(
    world: World, account: str, *, method: str, path: str, headers: Headers, body: bytes
) -> Saga[Reply]:
    """Take a webhook in: checked, remembered, and the order it is about made due. Nothing goes out."""
    if not isinstance(cast("object", body), bytes):
        raise ConfigurationError(f"body: a {type(body).__name__} came; give the bytes as they arrived")
    found = world.stores.get(account) or world.suppliers.get(account)
    if found is None:
        return Reply(status=404)
    if not isinstance(found.adapter, ReceivesWebhooks):
        raise Unsupported(f"{found.platform} has no webhooks", account=account)
    read = found.adapter.read_webhook(method, path, headers, body)
    if isinstance(read, Reply):
        return read
    nudge: Nudge = read
    now = yield from clock()
    is_store = account in world.stores

    def work(tx: Tx) -> bool:
        # Before the message counts as taken: what cannot be blanked now is asked for again.
        if not all(blank(tx, f"{account}/{ref}", now) for ref in nudge.forget):
            return False
        if not tx.take_inbox(account, nudge.dedupe, now.wall):
            return True
        if nudge.forget_all and is_store:
            ask_to_forget(tx, account, now)
        if nudge.data_request is not None:
            ask_to_disclose(tx, account, nudge.data_request, now)
        if not is_store:
            # One callback may serve several accounts of a platform: whose order is it?
            for name in (account, *(n for n in world.suppliers if n != account)):
                known = nudge.ref and tx.purchase_with(name, nudge.ref) is not None
                other = world.suppliers[name] if known else found
                same = known and (other.platform, other.owner) == (found.platform, found.owner)
                if same and nudge_purchase(tx, name, nudge.ref, now):
                    return True
            lists = isinstance(found.adapter, ListsChanges)
            tx.wake(Subject.changes(account) if lists else Subject.cart(account), now.wall)
            return True
        if not nudge.ref:
            tx.wake(Subject.pull(account), now.wall)
            return True
        order_id = f"{account}/{nudge.ref}"
        record = tx.order(order_id)
        if record is not None:
            tx.set_flags(order_id, refresh=True, held=record.held)
        tx.wake(Subject.order(order_id), now.wall)
        return True

    return nudge.reply if (yield from commit(work)) else Reply(status=503)
