"""Where a run through Magento's changed orders stands, and where it goes on: no requests in here.

A run goes by the pair of time of change and id, upward, and each page is asked for from where the one
before ended, so that rows which move are met again and none is skipped. An order's time of change stands
still when a second part of it ships, so a run also looks at what was made of orders since the last one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import attrs

from ...adapters import Cursor
from ...errors import Malformed
from ._shapes import WireRow
from ._values import stamp, utc

PER_PAGE = 50
# A change may become readable a little after the time written on it; so much is read again each time.
OVERLAP = timedelta(minutes=5)
# After so long without a newer change nothing can still turn up that is as old as the newest one.
SETTLED = timedelta(minutes=10)
_SECOND = timedelta(seconds=1)


@attrs.frozen(kw_only=True)
class Position:
    """The cursor. All times are UTC, as Magento writes them.

    Args:
        since: The run reads what changed then or later.

        after: As far as this run has come: what changed then or later is still to read; empty at its
            start.

        within: The run is inside this one second, in which more changed than one page holds.

        last: The highest id read of that second.

        top: The newest change ever seen.

        top_seen: Our own time when that was.

        papers: The last ids that were looked at in each list of what is made of orders, by its name; one
            that was not looked at yet has none.
    """

    since: str
    after: str = ""
    within: str = ""
    last: int = 0
    top: str = ""
    top_seen: str = ""
    papers: Mapping[str, tuple[int, ...]] = attrs.field(factory=dict[str, tuple[int, ...]])

    @property
    def text(self) -> Cursor:
        return json.dumps(attrs.asdict(self), separators=(",", ":"))

    @property
    def starts(self) -> bool:
        """The next page is a run's first."""
        return not self.after and not self.within


def first(since: datetime) -> Position:
    """Before the first page ever."""
    return Position(since=stamp(since))


def time_of(shown: str) -> datetime:
    """A position's time, for a filter."""
    return datetime.fromisoformat(shown).replace(tzinfo=UTC)


def next_position(at: Position, rows: Sequence[WireRow], full: bool, now: datetime) -> Position:
    """Where to go on after a page.

    Args:
        at: Where the page was asked for.

        rows: What came.

        full: More may follow.

        now: Our own time.
    """
    changed = sorted(shown for row in rows if (shown := _changed(row)))
    at = _seen(at, changed, now)
    if at.within:
        if full:
            return attrs.evolve(at, last=max(row.id for row in rows))
        return attrs.evolve(at, after=_shifted(at.within, _SECOND), within="", last=0)
    if not full or not changed:
        return _done(at, now)
    newest = changed[-1]
    if newest > changed[0]:
        # What shares the last row's second is read again with the next page.
        return attrs.evolve(at, after=newest)
    return attrs.evolve(at, within=newest, last=max(row.id for row in rows))


def _changed(row: WireRow) -> str:
    try:
        return stamp(utc(row.updated_at, "$.updated_at"))
    except Malformed:
        return ""


def _seen(at: Position, changed: Sequence[str], now: datetime) -> Position:
    # A shop's clock may be ahead.
    top = max(at.top, min(changed[-1], stamp(now))) if changed else at.top
    return at if top == at.top else attrs.evolve(at, top=top, top_seen=stamp(now))


def _done(at: Position, now: datetime) -> Position:
    """The start of the next run. Only times that the shop wrote itself count; ours say how long ago."""
    since = at.since
    if at.top:
        settled = stamp(now - SETTLED) > at.top_seen
        # Never behind where this run began: that would read the same again for ever.
        since = max(since, _shifted(at.top, _SECOND if settled else -OVERLAP))
    return attrs.evolve(at, since=since, after="", within="", last=0)


def _shifted(shown: str, by: timedelta) -> str:
    return stamp(time_of(shown) + by)
