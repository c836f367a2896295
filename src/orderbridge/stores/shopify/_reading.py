"""Which orders of a Shopify shop are read, in as few questions as it can be.

An order need not count as changed when Shopify routes it to a location, or when the merchant lets it go: so a
run looks at the fulfillment orders that changed too, once it has read the orders.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime
from email.utils import parsedate_to_datetime

import attrs

from ..._model import Order
from ...adapters import Flow, Page, Response, SetAside
from ...errors import Forbidden, Malformed, Rejected, Unavailable
from ._bulk import NotYet, begun, next_piece
from ._documents_orders import (
    CHANGED_IDS,
    CHANGED_ORDERS,
    CHANGED_WORK,
    ONE_ORDER,
    SOME_ORDERS,
    WHEN_CHANGED,
)
from ._graphql import TooCostly, ask, data_of, requested_cost
from ._lists import by_id
from ._paging import (
    FEWEST_LINES,
    LINES,
    LONG,
    ONE,
    Position,
    after_page,
    by_pages,
    ended,
    may_be_long,
    moved_on,
    new_beginning,
    smaller,
    started,
)
from ._parts import orders_of
from ._settings import Settings
from ._wire import Connection, WireId, WireOrder, each, gid, is_ref, kind_of, ref_of, stamp, utc

_WORKS = 100  # changed fulfillment orders asked for at once


# --- a page -------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class _Anything:
    """An answer that has data, whatever is in it."""


@attrs.frozen(kw_only=True)
class _Orders:
    orders: Connection[object]


def page_of(settings: Settings, at: Position, now: datetime) -> Flow[Page]:
    """One page of what changed, and where to go on."""
    if at.bulk:
        page = yield from _imported(settings, at, now)
        if page is not None:
            return page
        at = by_pages(at)
    at, response = yield from _changed(settings, at)
    at = started(at, min(now, _clock_of(response) or now))
    try:
        found = data_of(_Orders, response).orders
        cost = requested_cost(response)
        wires, aside = _sorted_out(found.items)
    except Unavailable:
        found, wires, aside = yield from _one_by_one(settings, at)
        cost = None
    changed = [wire.updatedAt for wire in wires if wire.updatedAt]
    after = after_page(at, changed, found.rest, cost)
    if not after.began and at.again:
        known = {id_of(raw) for raw in found.items}
        more, bad = yield from _by_their_work(settings, at, known)
        wires, aside = [*wires, *more], [*aside, *bad]
    orders, more_aside = yield from orders_of(settings, wires)
    if may_be_long(after):
        rest = moved_on(after, changed)
        bulk = yield from begun(settings, rest, _since(rest.since), now)
        after = bulk or attrs.evolve(after, paged=True)
    return Page(items=tuple(orders), set_aside=(*aside, *more_aside), next=after.text, more=bool(after.began))


def _imported(settings: Settings, at: Position, now: datetime) -> Flow[Page | None]:
    """A page of the first import; None if Shopify cannot give it in bulk."""
    found = yield from next_piece(settings, at, now)
    if found is None:
        return None
    if isinstance(found, NotYet):
        return Page(items=(), next=at.text, more=False, again_at=found.again_at)
    wires, aside = _sorted_out(found.orders)
    # An order has lines: one without any is read by itself.
    bare = [wire.ref for wire in wires if not wire.lineItems.items]
    if bare:
        others, bad = yield from _each(settings, bare)
        wires, aside = [*(wire for wire in wires if wire.lineItems.items), *others], [*aside, *bad]
    orders, more_aside = yield from orders_of(settings, wires)
    after = ended(found.next) if found.done else found.next
    return Page(
        items=tuple(orders), set_aside=(*aside, *more_aside), next=after.text, more=True, as_of=found.as_of
    )


def _changed(settings: Settings, at: Position) -> Flow[tuple[Position, Response]]:
    """A page as small as Shopify wants it; the answer may still say that it failed."""
    while True:
        changed = _since(at.since)
        variables = {"first": at.first, "after": at.after or None, "changed": changed, "lines": at.lines}
        response = yield ask(settings, CHANGED_ORDERS, variables, cost=at.expected)
        try:
            data_of(_Anything, response)
        except TooCostly:
            fewer = smaller(at)
            if fewer is None:
                raise
            at = fewer
        except Unavailable:
            if response.status != 200:
                raise
            return at, response
        except Rejected as error:
            # Cursors are Shopify's own and may end; a run can always begin anew.
            if type(error) is not Rejected or response.status != 200 or not at.after or at.anew:
                raise
            at = attrs.evolve(at, after="", read=0, anew=True)
        else:
            return at, response


def _since(time: str) -> str:
    # Without the quotes Shopify searches by whole days.
    return f"updated_at:>='{time}'"


def _clock_of(response: Response) -> datetime | None:
    """What time the shop has; ours may be ahead, and what changed in between would be passed over."""
    try:
        time = parsedate_to_datetime(response.headers.get("date", ""))
    except ValueError:
        return None
    return time if time.tzinfo else None


def _one_by_one(
    settings: Settings, at: Position
) -> Flow[tuple[Connection[object], list[WireOrder], list[SetAside]]]:
    """The same page order by order, where Shopify fails over one of them; that one is set aside."""
    variables = {"first": at.first, "after": at.after or None, "changed": _since(at.since)}
    found = data_of(_Orders, (yield ask(settings, CHANGED_IDS, variables, cost=at.first + 5.0))).orders
    wires, aside = yield from _each(settings, [id_of(raw) for raw in found.items])
    return found, wires, aside


def _each(settings: Settings, refs: Sequence[str]) -> Flow[tuple[list[WireOrder], list[SetAside]]]:
    wires: list[WireOrder] = []
    aside: list[SetAside] = []
    for ref in refs:
        try:
            wire = yield from _one(settings, ref)
        except (Unavailable, Malformed) as error:
            aside.append(SetAside(ref, "$", f"Shopify fails when asked for this order: {error.message}"))
        else:
            wires += [wire] if wire else []
    if len(aside) == len(refs) > 1:
        # Perhaps it is Shopify and not the orders: later it may go well. A single one says nothing of others.
        raise Unavailable("Shopify fails when asked for orders, one by one too")
    return wires, aside


def _sorted_out(found: Sequence[object]) -> tuple[list[WireOrder], list[SetAside]]:
    wires: list[WireOrder] = []
    aside: list[SetAside] = []
    for raw, wire in zip(found, each(WireOrder, found), strict=True):
        if isinstance(wire, WireOrder):
            wires.append(wire)
        else:
            aside.append(SetAside(id_of(raw), wire.path, wire.message))
    return wires, aside


def id_of(raw: object) -> str:
    """The id of what may be an order and could not be read; empty where none is to be had."""
    found = each(WireId, (raw,))[0]
    return "" if isinstance(found, Malformed) or kind_of(found.id) != "Order" else ref_of(found.id)


# --- what changed behind the orders' back --------------------------------------------------------------


@attrs.frozen(kw_only=True)
class _Work:
    orderId: str
    updatedAt: str


@attrs.frozen(kw_only=True)
class _ChangedWork:
    fulfillmentOrders: Connection[_Work]


@attrs.frozen(kw_only=True)
class _RawNodes:
    nodes: tuple[object, ...]


def _by_their_work(
    settings: Settings, at: Position, known: Set[str]
) -> Flow[tuple[list[WireOrder], list[SetAside]]]:
    """Orders of which a fulfillment order changed, and which did not count as changed themselves."""

    def read(response: Response) -> tuple[object, ...]:
        return data_of(_RawNodes, response).nodes

    since = at.work_since or at.since
    refs = [ref for ref in (yield from _changed_work(settings, since, at.began)) if ref not in known]
    if refs and (at.read or at.work_since):
        # Earlier pages of this run had those that changed since where it began.
        names = [gid("Order", ref) for ref in refs]
        rows = yield from by_id(settings, WHEN_CHANGED, names, {}, read, each=2.0)
        still, _ = _sorted_out(rows)
        refs = [wire.ref for wire in still if stamp(utc(wire.updatedAt, "$.updatedAt")) < since]
    names = [gid("Order", ref) for ref in refs]
    lines = {"lines": at.lines}
    try:
        found = yield from by_id(settings, SOME_ORDERS, names, lines, read, each=at.expected / at.first)
    except Unavailable:
        return (yield from _each(settings, refs))
    return _sorted_out(found)


def _changed_work(settings: Settings, since: str, began: str) -> Flow[list[str]]:
    """The orders, none twice."""
    refs: dict[str, None] = {}
    after, read = "", 0
    while True:
        variables = {"first": _WORKS, "after": after or None, "changed": _since(since)}
        response = yield ask(settings, CHANGED_WORK, variables, cost=_WORKS + 5.0)
        try:
            page = data_of(_ChangedWork, response).fulfillmentOrders
        except Forbidden:
            # No order is ready then, and the probe says which access is missing.
            return []
        refs |= {ref_of(work.orderId): None for work in page.items if ref_of(work.orderId)}
        if not page.rest or page.rest == after:
            return list(refs)
        after, read = page.rest, read + len(page.items)
        if read >= LONG and (anew := new_beginning(since, began, [work.updatedAt for work in page.items])):
            since, after, read = anew, "", 0


# --- one order ------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class _One:
    order: WireOrder | None = None


def order_of(settings: Settings, ref: str) -> Flow[Order | None]:
    """One order; None if the shop has none of this id, or shows it to us no more after 60 days."""
    if not is_ref(ref):
        return None
    wire = yield from _one(settings, ref)
    if wire is None:
        return None
    orders, aside = yield from orders_of(settings, (wire,))
    if aside:
        raise Malformed(aside[0].why, path=aside[0].path)
    return orders[0]


def _one(settings: Settings, ref: str) -> Flow[WireOrder | None]:
    lines = LINES
    while True:
        response = yield ask(settings, ONE_ORDER, {"id": gid("Order", ref), "lines": lines}, cost=ONE)
        try:
            return data_of(_One, response).order
        except TooCostly:
            if lines <= FEWEST_LINES:
                raise
            lines = max(FEWEST_LINES, lines // 2)
