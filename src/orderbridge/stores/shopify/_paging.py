"""Where a run through Shopify's changed orders stands, and where it goes on: no requests in here.

A run asks for what changed since a moment, by time of change, and follows Shopify's own cursor, which goes by
the last row's place and not by a count: a row that changes meanwhile moves to the end and none is skipped.
What Shopify searches in lags behind what it answers with, so a run begins some minutes before the last one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from ...adapters import Cursor
from ._wire import stamp, utc

OVERLAP = timedelta(minutes=5)

MOST = 50  # orders of one page
_START = 5
LINES = 10  # of each order that come with it; the others are asked for by themselves
FEWEST_LINES = 5
# Points a page may be charged, where Shopify allows 1000 for one question.
_ENOUGH = 900.0
# Points of one order, before Shopify has said how many it takes. What is guessed too high only waits a little
# longer; too low, and the call is turned away.
ONE = 200.0
# Shopify pages through 25,000 things and no further, so a run takes a new beginning before that.
LONG = 20_000
# Orders after which a first run asks how many there are.
_SOME = 20


@attrs.frozen(kw_only=True)
class Position:
    """The cursor. Times are UTC.

    Args:
        since: This run reads what changed then or later.

        work_since: The same of fulfillment orders, where a long run has gone on from a later moment.

        began: When this run began; empty before its first page.

        after: Shopify's own cursor in this run; empty for the first page.

        read: Orders that this run has read since its last beginning.

        again: There was a run before this one.

        first: How many orders to ask for.

        lines: How many lines of each.

        anew: This run has begun once more, because Shopify did not take its cursor.

        cost: What Shopify charged for a page of this size at last, in points; 0 where none was read yet.

        bulk: The bulk operation whose file this run reads; empty for a run by pages. The file's address is
            asked for each time: it is as good as a key, and it ends.

        offset: Where to go on in that file, in bytes.

        roots: Orders read of that file.

        paged: This run stays with pages, whatever there is to read.
    """

    since: str
    work_since: str = ""
    began: str = ""
    after: str = ""
    read: int = 0
    again: bool = False
    first: int = _START
    lines: int = LINES
    anew: bool = False
    cost: float = 0.0
    bulk: str = ""
    offset: int = 0
    roots: int = 0
    paged: bool = False

    @property
    def text(self) -> Cursor:
        return json.dumps(attrs.asdict(self), separators=(",", ":"))

    @property
    def expected(self) -> float:
        """What the next page may be charged, in points."""
        return self.cost or min(self.first * ONE, _ENOUGH)


def first(since: datetime) -> Position:
    """Before the first page ever."""
    return Position(since=stamp(since))


def smaller(at: Position) -> Position | None:
    """For a page that was more than Shopify gives in one answer; None if it cannot be smaller."""
    if at.first > 1:
        return attrs.evolve(at, first=at.first // 2, cost=0.0)
    if at.lines > FEWEST_LINES:
        return attrs.evolve(at, lines=max(FEWEST_LINES, at.lines // 2), cost=0.0)
    return None


def started(at: Position, now: datetime) -> Position:
    """At its first page a run keeps when it began."""
    return at if at.began else attrs.evolve(at, began=stamp(now))


def by_pages(at: Position) -> Position:
    """What is left of the run, without a bulk operation."""
    return attrs.evolve(at, bulk="", offset=0, roots=0, paged=True)


def may_be_long(at: Position) -> bool:
    """Is this a first run that goes on, so that it is worth a question how long it is?"""
    return bool(at.began) and at.read >= _SOME and not (at.again or at.paged or at.bulk)


def ended(at: Position) -> Position:
    """The end of a run, and where the next one begins."""
    settled = stamp(utc(at.began, "began") - OVERLAP)
    # Never behind where this run began: that would read the same again for ever.
    since = max(at.since, settled)
    return Position(since=since, again=True, first=at.first, lines=at.lines, cost=at.cost)


def after_page(at: Position, changed: Sequence[str], rest: str, cost: float | None) -> Position:
    """Where to go on after a page.

    Args:
        at: Where it was asked for.

        changed: When its orders were changed, as Shopify wrote it.

        rest: Shopify's cursor for what follows; empty at the end.

        cost: What it was charged, where the answer says so.
    """
    at = _resized(at, cost)
    if not rest:
        return ended(at)
    at = attrs.evolve(at, after=rest, read=at.read + len(changed))
    return at if at.read < LONG else moved_on(at, changed)


def moved_on(at: Position, changed: Sequence[str]) -> Position:
    """The same run with a new beginning behind what it has read, where that has long stood still.

    Args:
        at: Behind a page.

        changed: When the orders of that page were changed, as Shopify wrote it.
    """
    anew = new_beginning(at.since, at.began, changed)
    if not anew:
        return at
    return attrs.evolve(at, since=anew, work_since=at.work_since or at.since, after="", read=0)


def new_beginning(since: str, began: str, changed: Sequence[str]) -> str:
    """From when a list by time of change can be asked for anew behind a page; empty if it cannot."""
    # A row's time is read fresh while its place may be old; what has long stood still has both the same.
    oldest = min((stamp(utc(shown, "$.updatedAt")) for shown in changed), default="")
    return oldest if since < oldest < stamp(utc(began, "began") - OVERLAP) else ""


def _resized(at: Position, cost: float | None) -> Position:
    if not cost:
        return at
    fits = int(at.first * _ENOUGH / cost)
    wanted = max(1, min(MOST, fits, 2 * at.first))
    return attrs.evolve(at, first=wanted, cost=cost * wanted / at.first)
