"""The first import of a large shop: Shopify writes its orders into a file, which is read piece by piece.

A bulk operation is a query that Shopify runs at its leisure, for no points. It changes nothing in the shop,
so a flow may start one as it may ask anything; it only looks first for one of its own, so as not to start a
second beside it. Whatever goes wrong with one, the pull goes on by pages: nothing depends on it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias, cast

import attrs

from ...adapters import Flow, Read, Response, decode_bytes
from ...errors import BridgeError, Malformed, Rejected, Unavailable
from ._documents_bulk import BULK, BULK_ORDERS, BULKS, HOW_MANY, RUN_BULK
from ._graphql import ask, data_of
from ._lines import assembled, parent_of
from ._paging import Position
from ._settings import Settings
from ._wire import kind_of, stamp, utc

Object: TypeAlias = dict[str, object]

HOSTS = ("storage.googleapis.com",)
"""Where Shopify keeps the files."""

MANY = 2_000  # orders for which a file is worth the wait
_PATIENCE = timedelta(hours=12)  # then the pull goes on by pages
_FRESH = timedelta(hours=6)  # an operation of ours that is older is not taken up again
_SOON, _LATER = timedelta(seconds=5), timedelta(minutes=1)
_COST = 10.0  # points of a question about operations

_ORDERS = 100  # of one piece, about
_PIECE, _PIECES = 256 * 1024, 2 * 1024 * 1024  # bytes of the first one, and of any
_LARGEST = 16 * 1024 * 1024  # bytes, for the sake of one order
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


@attrs.frozen(kw_only=True)
class Piece:
    """Some whole orders of the file, as they were when the operation began.

    Args:
        orders: As Shopify's answers have them.

        as_of: When the operation began.

        next: Where to go on.

        done: This was the end of the file.
    """

    orders: tuple[object, ...]
    as_of: datetime
    next: Position
    done: bool


@attrs.frozen
class NotYet:
    """Shopify is still at it; ``again_at`` is when to ask again."""

    again_at: datetime


# --- starting one ---------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class _Count:
    count: int = 0


@attrs.frozen(kw_only=True)
class _HowMany:
    ordersCount: _Count | None = None


@attrs.frozen(kw_only=True)
class _Operation:
    id: str = ""
    status: str = ""
    createdAt: str | None = None
    query: str = ""
    rootObjectCount: str = ""
    # Who has the address has the file.
    url: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class _Operations:
    nodes: tuple[_Operation, ...] = ()


@attrs.frozen(kw_only=True)
class _Bulks:
    bulkOperations: _Operations


@attrs.frozen(kw_only=True)
class _Run:
    bulkOperation: _Operation | None = None


@attrs.frozen(kw_only=True)
class _RunBulk:
    bulkOperationRunQuery: _Run | None = None


@attrs.frozen(kw_only=True)
class _Bulk:
    bulkOperation: _Operation | None = None


def begun(settings: Settings, at: Position, changed: str, now: datetime) -> Flow[Position | None]:
    """What is left of a run as a bulk operation; None if that is little, or Shopify will not have it.

    Args:
        settings: Whose shop.

        at: Behind what the run has read by pages.

        changed: Shopify's search for what is left.

        now: By our clock.
    """
    try:
        asked = {"search": changed, "most": MANY}
        counted = data_of(_HowMany, (yield ask(settings, HOW_MANY, asked, cost=_COST)))
        if counted.ordersCount is None or counted.ordersCount.count < MANY:
            return None
        query = BULK_ORDERS.replace("$changed", changed)
        found = yield from _ours(settings, query, now)
        if found is None:
            response = yield ask(settings, RUN_BULK, {"query": query}, cost=_COST)
            run = data_of(_RunBulk, response).bulkOperationRunQuery
            # A call of which no answer came is asked again, and refused where one more is one too many.
            found = (run and run.bulkOperation) or (yield from _ours(settings, query, now))
        if found is None or not found.id:
            return None
        # What the run has read by pages counts from where the run began, and one taken up may be older.
        began = min(utc(at.began, "began"), utc(found.createdAt, "$.createdAt"))
    except (Rejected, Malformed, Unavailable):
        return None
    return attrs.evolve(at, began=stamp(began), after="", read=0, bulk=found.id)


def _ours(settings: Settings, query: str, now: datetime) -> Flow[_Operation | None]:
    """One that asks for the very same, from a run that was not recorded."""
    response = yield ask(settings, BULKS, cost=_COST * 2)
    for each in data_of(_Bulks, response).bulkOperations.nodes:
        alive = each.status in ("CREATED", "RUNNING", "COMPLETED")
        if alive and each.query == query and utc(each.createdAt, "$.createdAt") > now - _FRESH:
            return each
    return None


# --- reading its file -----------------------------------------------------------------------------------


def next_piece(settings: Settings, at: Position, now: datetime) -> Flow[Piece | NotYet | None]:
    """The next orders of the file; None if it cannot be had whole, and the run is to begin anew by pages."""
    response = yield ask(settings, BULK, {"id": at.bulk}, cost=_COST)
    try:
        found = data_of(_Bulk, response).bulkOperation
        if found is None:
            return None
        began = utc(found.createdAt, "$.createdAt")
    except (Rejected, Malformed):
        return None
    if found.status in ("CREATED", "RUNNING"):
        waited = max(timedelta(0), now - began)
        return NotYet(now + min(_LATER, max(_SOON, waited / 10))) if waited < _PATIENCE else None
    if found.status != "COMPLETED":
        return None
    if not found.url:
        # No file means no orders; there were many a moment ago.
        return None
    size = _PIECE if not at.roots else min(_PIECES, max(_PIECE // 4, at.offset // at.roots * _ORDERS))
    while size <= _LARGEST:
        try:
            wanted = {"Range": f"bytes={at.offset}-{at.offset + size - 1}", "Accept-Encoding": "identity"}
            body, end = _cut(at.offset, size, (yield Read.foreign(found.url, headers=wanted)))
            orders, used = _whole(body, end)
        except BridgeError:
            return None
        if orders or end:
            roots = at.roots + len(orders)
            if end and str(roots) != found.rootObjectCount:
                return None
            on = attrs.evolve(at, offset=at.offset + used, roots=roots)
            return Piece(orders=tuple(orders), as_of=began, next=on, done=end)
        size *= 4
    return None


def _cut(start: int, size: int, response: Response) -> tuple[bytes, bool]:
    """The bytes from ``start`` on, and whether they go to the end of the file.

    Raises:
        Malformed: it is something else.
    """
    found = _RANGE.fullmatch(response.headers.get("content-range", ""))
    if response.status == 206 and found and int(found[1]) == start:
        last = start + len(response.body) - 1
        if last == int(found[2]):
            return response.body, last + 1 == int(found[3])
    if response.status == 200:  # who does not know of ranges sends all
        return response.body[start : start + size], start + size >= len(response.body)
    raise Malformed("$: the file of the bulk operation cannot be read", path="$", status=response.status)


def _whole(body: bytes, end: bool) -> tuple[list[object], int]:
    """The orders that are there with all their lines, and how many bytes they are.

    Lines stand below the order that they belong to, so an order is whole where the next one begins.

    Raises:
        Malformed: they do not.
    """
    parts: list[Object] = []
    orders: list[object] = []
    names = set[object]()
    used = offset = 0
    for line in body.splitlines(keepends=True):
        if not line.endswith(b"\n") and not end:
            break
        part = decode_bytes(Object, line)
        if "__parentId" not in part:
            orders += _order(parts)
            parts, names, used = [], set[object](), offset
            if kind_of(part.get("id")) != "Order":
                raise Malformed("$: a line of the file is no order", path="$")
        elif part["__parentId"] not in names or not parent_of(part):
            raise Malformed("$: a line of the file does not stand with its order", path="$")
        parts.append(part)
        names.add(part.get("id"))
        offset += len(line)
    if end:
        orders += _order(parts)
        used = offset
    return orders, used


def _order(parts: Sequence[Object]) -> list[object]:
    found = assembled(parts)
    for order in found:
        # All lists were asked for, so what did not come is empty and not unknown.
        works = cast("Object", order).setdefault("fulfillmentOrders", {"nodes": []})
        for work in cast("list[Object]", cast("Object", works)["nodes"]):
            work.setdefault("lineItems", {"nodes": []})
    return found
