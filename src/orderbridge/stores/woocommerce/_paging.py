"""Where a run through WooCommerce's changed orders stands, and where it goes on: no requests in here.

A run goes by time of change, always asking for the first page, so that rows which move are met again
and none is skipped. Where that order cannot be trusted it goes by id, page by page.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import attrs

from ...adapters import Cursor
from ._wire import WireRow, number_of

PER_PAGE = 100
# A change may become readable a little after the time written on it; so much is read again each time.
OVERLAP = timedelta(minutes=2)
# A run's pages are this near to the present if they hold changes of the last hour. More would only cost
# reads; less would not bear a shop whose clock is wrong.
NEAR = timedelta(hours=1)
# After so long without a newer change nothing can still turn up that is as old as the newest one.
SETTLED = timedelta(minutes=5)
# More ids than this make an address that hosts refuse.
MOST_SKIPPED = 400


@attrs.frozen(kw_only=True)
class Position:
    """The cursor.

    Args:
        since: The run reads what changed after this. Times are naive UTC, as the shop compares them.

        began: Our own time at the run's first page; empty before it.

        after: As far as this run has come by time; empty at its start.

        skip: Orders already read of the second that begins after ``after``.

        page: The page to ask for by id; 0 while the run goes by time.

        count: How many orders the run had at its last page by id; fewer means that rows moved up.

        mark: Of a run of several pages: what changed up to an overlap before this cannot be missing. What
            changed later may have done so behind our back, between two pages.

        top: The newest change ever seen.

        top_seen: Our own time when that was.

        zone: Seconds by which the shop's time was ahead of UTC at the last row.
    """

    since: str
    began: str = ""
    after: str = ""
    skip: tuple[int, ...] = ()
    page: int = 0
    count: int = 0
    mark: str = ""
    top: str = ""
    top_seen: str = ""
    zone: int | None = None

    @property
    def text(self) -> Cursor:
        return json.dumps(attrs.asdict(self), separators=(",", ":"))


def changed_params(at: Position) -> list[tuple[str, str]]:
    """The query for one page of the run.

    A naive UTC time together with ``dates_are_gmt`` is the one form that no shop's zone bends.
    """
    after = at.since if at.page else (at.after or at.since)
    params = [
        ("status", "any"),
        ("modified_after", after),
        ("dates_are_gmt", "true"),
        ("orderby", "id" if at.page else "modified"),
        ("order", "asc"),
        ("per_page", str(PER_PAGE)),
    ]
    if at.page:
        params.append(("page", str(at.page)))
    elif at.skip:
        params.append(("exclude", ",".join(str(ref) for ref in at.skip)))
    return params


def next_by_time(at: Position, rows: list[WireRow], full: bool, count: int, now: datetime) -> Position:
    """Where to go on after a page of a run by time of change.

    Args:
        at: Where the page was asked for.

        rows: What came.

        full: More may follow.

        count: Orders in the whole list, as the shop says; 0 where it does not.

        now: Our own time.
    """
    at = _seen(at, rows, now)
    if not full:
        return _done(at, at.mark or at.top)
    last = max((row.changed for row in rows), default="")
    before = _shifted(last, -timedelta(seconds=1)) if last else ""
    # Read again what shares the last row's second, less what was read of it.
    skip = [number_of(row.id) for row in rows if row.changed == last]
    if before == at.after:
        skip += at.skip
    # Sorted by the shop's own time, which has an hour twice when the clocks go back.
    zones = {zone for zone in (at.zone, *(row.zone for row in rows)) if zone is not None}
    zone = _last_zone(at, rows)
    if not last or len(zones) > 1 or len(skip) > MOST_SKIPPED:
        return attrs.evolve(at, after="", skip=(), page=1, count=0, mark=at.top, zone=zone)
    # An order of this very second may change once more in it, and is then skipped.
    mark = at.mark or (last if last > naive(now - NEAR) else "")
    return attrs.evolve(at, after=before, skip=tuple(sorted(skip)), mark=mark, zone=zone)


def next_by_id(at: Position, rows: list[WireRow], full: bool, count: int, now: datetime) -> Position:
    """Where to go on after a page of a run by id; arguments as for ``next_by_time``."""
    at = attrs.evolve(_seen(at, rows, now), zone=_last_zone(at, rows))
    if at.page > 1 and count < at.count:
        # An order left the list and the others moved up: one may have slipped between two pages.
        return attrs.evolve(at, page=1, count=0)
    if full:
        return attrs.evolve(at, page=at.page + 1, count=count)
    # Only a single page is one moment.
    return _done(at, at.top if at.page == 1 else at.mark)


def _seen(at: Position, rows: list[WireRow], now: datetime) -> Position:
    # A shop's clock may be ahead, or a plug-in may have written a date in the future.
    top = min(max([at.top, *(row.changed for row in rows)]), naive(now))
    at = attrs.evolve(at, began=at.began or naive(now))
    return at if top == at.top else attrs.evolve(at, top=top, top_seen=naive(now))


def _done(at: Position, covered: str) -> Position:
    """The start of the next run.

    Only times that the shop wrote itself count, since its clock may be wrong and a proxy's ``Date`` is
    not the shop's; ours only says how long nothing has changed.
    """
    since = _shifted(covered, -OVERLAP) if covered else at.since
    if at.top and _shifted(at.top_seen, SETTLED) < at.began:
        since = at.top
    return Position(since=max(at.since, since), top=at.top, top_seen=at.top_seen, zone=at.zone)


def _last_zone(at: Position, rows: list[WireRow]) -> int | None:
    return next((row.zone for row in reversed(rows) if row.zone is not None), at.zone)


def naive(time: datetime) -> str:
    """A time as the shop's filters want it; such texts sort by time."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def _shifted(stamp: str, by: timedelta) -> str:
    return (datetime.fromisoformat(stamp) + by).isoformat(timespec="seconds")
