"""The daily look: what a supplier's account holds under our references, and no call has told us of.

A call that the network carries twice makes two orders, and a list that lags shows the second one when
nobody looks any more. So once a day each supplier account is gone through, page by page. What is
found starts nothing: a person is asked, or what was in doubt is looked up as it always is. What is
*not* found says nothing, because lists lag; a purchase order that its supplier does not know any more
is noticed where it is followed, by its number.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

import attrs

from ._canonical import dump, load, stamp, unstamp
from ._events import EventKind
from ._intents import Subject
from ._journal import Tx
from ._plan import plan_order
from ._pull import recognize
from ._records import DailyLook
from ._saga import Clock, Saga, backoff, clock, commit, look, run_flow
from ._states import FINAL, SENDING
from ._twins import take_twin
from ._world import Supplier, World
from .adapters import FindsPurchases, ListsPurchases, SeenPurchase
from .errors import BridgeError, LeaseLost, Malformed

__all__ = ["DAILY", "daily_looks", "last_look", "look_daily", "looks_daily"]

DAILY = timedelta(days=1)
_BACK = timedelta(days=1)  # how far before the look before: what a list showed too late for that one
_AT_ONCE = 20  # purchase orders that are asked about in one page, where the supplier lists none
_OURS = re.compile(r"[a-z2-7]{16}")  # what every journal's references look like


@attrs.frozen(kw_only=True)
class _Look:
    """How far a look is.

    Args:
        since: Orders made from then on are looked at.

        place: Where the next page begins; empty at the first, None after the last.

        before: What was new on the page before, of which lists show some once more.

        unread: Orders that made no sense.

        last: What the last one that is over came to.
    """

    since: datetime
    began: datetime
    place: str | None = ""
    before: tuple[str, ...] = ()
    seen: int = 0
    unknown: int = 0
    unread: int = 0
    last: DailyLook | None = None


@attrs.frozen(kw_only=True)
class _Page:
    new: tuple[str, ...]
    strangers: tuple[SeenPurchase, ...]
    unread: int
    place: str | None


def looks_daily(supplier: Supplier) -> bool:
    """Does it show what is in the account?"""
    return isinstance(supplier.adapter, (ListsPurchases, FindsPurchases))


def daily_looks(world: World) -> list[str]:
    """The subjects of the suppliers that show what is in the account."""
    return [Subject.daily_look(name) for name, each in world.suppliers.items() if looks_daily(each)]


def last_look(tx: Tx, supplier: str) -> DailyLook | None:
    """What the last look that is over came to; None before the first."""
    state = _state(tx, supplier)
    return None if state is None else state.last


def look_daily(world: World, name: str, identified: set[str]) -> Saga[None]:
    """One page of what a supplier account holds.

    Raises:
        BridgeError: the supplier could not be asked; it is asked again later.
    """
    supplier = world.suppliers[name]
    subject = Subject.daily_look(name)
    if not looks_daily(supplier):
        yield from commit(lambda tx: tx.schedule(subject, None))
        return
    began = yield from clock()
    work = yield from look(lambda tx: tx.work(subject))
    if work.lease_until is not None and work.lease_until > began.wall:
        return
    state = yield from look(partial(_begin, name, began.wall))
    try:
        yield from recognize(world, supplier, identified)
        page = yield from _page(supplier, state, began.wall)
    except BridgeError:
        now = yield from clock()

        def put_off(tx: Tx) -> None:
            tx.claim(subject, seen=work.fence, now=now.wall)
            tx.release(subject, due_at=now.wall + backoff(work.failures), failures=work.failures + 1)

        try:
            yield from commit(put_off)
        except LeaseLost:
            return
        raise
    now = yield from clock()

    def take_in(tx: Tx) -> None:
        tx.claim(subject, seen=work.fence, now=now.wall)
        after = attrs.evolve(
            state,
            place=page.place,
            before=page.new,
            seen=state.seen + len(page.new),
            unknown=state.unknown + sum(_is_unknown(tx, supplier, each, now) for each in page.strangers),
            unread=state.unread + page.unread,
        )
        due_at = now.wall
        if page.place is None:
            came_to = DailyLook(
                ended_at=now.wall, seen=after.seen, unknown=after.unknown, unread=after.unread
            )
            after = attrs.evolve(after, last=came_to)
            # Begun by a clock that was ahead, the next one would not come for as long.
            due_at = max(now.wall, min(state.began, now.wall) + DAILY)
        tx.put_cursor(subject, dump(after), now.wall)
        tx.release(subject, due_at=due_at)

    try:
        yield from commit(take_in)
    except LeaseLost:
        return


def _state(tx: Tx, name: str) -> _Look | None:
    kept = tx.cursor(Subject.daily_look(name))
    return None if kept is None else load(_Look, kept[0])


def _begin(name: str, now: datetime, tx: Tx) -> _Look:
    """Where the look goes on; a new one if the last is over."""
    state = _state(tx, name)
    if state is not None and state.place is not None:
        return state
    before = now - DAILY if state is None else min(state.began, now - DAILY)
    return _Look(since=before - _BACK, began=now, last=None if state is None else state.last)


def _page(supplier: Supplier, state: _Look, now: datetime) -> Saga[_Page]:
    """The orders of one page that no purchase order is known to be."""
    adapter = supplier.adapter
    if isinstance(adapter, ListsPurchases):
        return (yield from _listed(supplier.name, adapter, state, now))
    assert isinstance(adapter, FindsPurchases)
    return (yield from _asked_for(supplier.name, adapter, state))


def _listed(name: str, adapter: ListsPurchases, state: _Look, now: datetime) -> Saga[_Page]:
    flow = adapter.purchases(state.place or None, since=state.since, now=now)
    page = yield from run_flow(name, flow)
    new = yield from look(partial(_new, name, page.items, state.before))
    strangers: list[SeenPurchase] = []
    for item in new:
        seen = item if item.reference is not None else None
        if seen is None:
            # One order of somebody's that makes no sense must not hide all that come after it.
            with suppress(Malformed):
                seen = yield from run_flow(name, adapter.purchase(item.supplier_ref))
        if seen is not None:
            strangers.append(seen)
    return _Page(
        new=tuple(item.supplier_ref for item in new),
        strangers=tuple(strangers),
        unread=len(new) - len(strangers),
        place=page.cursor,
    )


def _new(
    name: str, items: tuple[SeenPurchase, ...], before: tuple[str, ...], tx: Tx
) -> tuple[SeenPurchase, ...]:
    once = {item.supplier_ref: item for item in items if item.supplier_ref not in before}
    return tuple(item for ref, item in once.items() if tx.purchase_with(name, ref) is None)


def _asked_for(name: str, adapter: FindsPurchases, state: _Look) -> Saga[_Page]:
    """Of each purchase order placed since, all orders that carry its reference."""
    at, _, po_id = (state.place or "").partition(" ")
    after = (unstamp(at), po_id) if at else (state.since, "")
    placed = yield from look(lambda tx: tx.placed_since(name, after=after, limit=_AT_ONCE))
    strangers: list[SeenPurchase] = []
    unread = 0
    for record in placed:
        try:
            found = yield from run_flow(name, adapter.purchases_with(record.po.reference))
        except Malformed:
            unread += 1
            continue
        strangers += [each for each in found if each.supplier_ref != record.po.supplier_ref]
    last = placed[-1] if len(placed) == _AT_ONCE else None
    on = None if last is None or last.placed_at is None else f"{stamp(last.placed_at)} {last.po.id}"
    return _Page(
        new=tuple(each.supplier_ref for each in strangers),
        strangers=tuple(strangers),
        unread=unread,
        place=on,
    )


def _is_unknown(tx: Tx, supplier: Supplier, seen: SeenPurchase, now: Clock) -> bool:
    """Take in one order that was no purchase order's; True if its reference is another journal's."""
    if not seen.reference or tx.purchase_with(supplier.name, seen.supplier_ref) is not None:
        return False
    po_id = tx.purchase_called(seen.reference)
    record = tx.purchase(po_id) if po_id is not None else None
    if record is None or record.po.supplier != supplier.name:
        if not _OURS.fullmatch(seen.reference):
            return False
        if _is_news(tx, supplier.name, seen, now):
            tx.event(
                EventKind.UNKNOWN_PURCHASE,
                about=supplier.name,
                at=now.wall,
                owner=supplier.owner,
                data={"supplier_ref": seen.supplier_ref, "reference": seen.reference},
            )
        return True
    if record.po.supplier_ref or record.fulfillment in FINAL:
        take_twin(tx, supplier.adapter, record, seen, now)
    elif _is_news(tx, supplier.name, seen, now):
        tx.event(
            EventKind.SEEN_AT_SUPPLIER,
            about=record.po.id,
            at=now.wall,
            order_id=record.po.order_id,
            data={"supplier_ref": seen.supplier_ref},
        )
        if record.fulfillment in SENDING:
            # Its own look-up finds it. What was never sent is left alone: it looks before it is placed.
            tx.put_purchase(attrs.evolve(record, next_at=now.wall))
            plan_order(tx, record.po.order_id, now)
    return False


def _is_news(tx: Tx, name: str, seen: SeenPurchase, now: Clock) -> bool:
    return tx.take_inbox(name, f"look/{seen.supplier_ref}", now.wall)
