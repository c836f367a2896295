"""Where a run through PrestaShop's changed orders stands, and where it goes on: no requests in here.

A run goes by the pair of time of change and id, upward, and each page is asked for from where the one
before ended, so that rows which move are met again and none is skipped. The times are those of the
shop's wall clock, which in autumn shows an hour twice and which the merchant can set to another zone.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import attrs

from ...adapters import Cursor
from ._orders import zone_of
from ._wire import Row, wall

PER_PAGE = 50
# A change may become readable a little after the time written on it; so much is read again each time.
OVERLAP = timedelta(minutes=5)
# After so long without a newer change nothing can still turn up that is as old as the newest one.
SETTLED = timedelta(minutes=10)
# Longer than any clock change lasts.
_BEYOND = timedelta(hours=3)


@attrs.frozen(kw_only=True)
class Position:
    """The cursor. Times are the shop's wall times, but for ``top_seen``.

    Args:
        since: The run reads what changed after this.

        zone: By which these times are meant.

        after: As far as this run has come; empty at its start.

        within: The run is inside this one second, in which more changed than one page holds.

        last: The highest id read of that second.

        top: The newest change ever seen.

        top_seen: Our own time (UTC) when that was.

        history: The highest id of an order's history entry ever looked at.

        slip: The highest id of a credit slip ever looked at.
    """

    since: str
    zone: str
    after: str = ""
    within: str = ""
    last: int = 0
    top: str = ""
    top_seen: str = ""
    history: int = -1
    slip: int = -1

    @property
    def text(self) -> Cursor:
        return json.dumps(attrs.asdict(self), separators=(",", ":"))

    @property
    def starts(self) -> bool:
        """The next page is a run's first."""
        return not self.after and not self.within


def first(since: datetime, zone: str) -> Position:
    """Before the first page ever: PrestaShop gives what changed after the second named."""
    return Position(since=lowest(wall(since - timedelta(seconds=1), zone_of(zone)), zone), zone=zone)


def in_zone(at: Position, zone: str) -> Position:
    """The same position after the merchant has set the shop to another zone.

    Orders that changed before carry the old zone's times, all others the new one's; so a run goes on
    from the lower of the two.
    """
    if zone == at.zone:
        return at
    top = min(at.top, _moved(at.top, at.zone, zone)) if at.top else ""
    return attrs.evolve(
        at,
        since=min(at.since, _moved(at.since, at.zone, zone)),
        zone=zone,
        after="",
        within="",
        last=0,
        top=top,
    )


def next_position(at: Position, rows: list[Row], full: bool, now: datetime) -> Position:
    """Where to go on after a page.

    Args:
        at: Where the page was asked for.

        rows: What came.

        full: More may follow.

        now: Our own time.
    """
    at = _seen(at, rows, now)
    changed = [stamp for row in rows if (stamp := row.stamp("date_upd"))]
    if at.within:
        if full:
            return attrs.evolve(at, last=max(row.id() for row in rows))
        return attrs.evolve(at, after=at.within, within="", last=0)
    if not full or not changed:
        return _done(at, now)
    last = changed[-1]
    if last > changed[0]:
        # What shares the last row's second is read again with the next page.
        return attrs.evolve(at, after=_shifted(last, timedelta(seconds=-1)))
    ids = [row.id() for row in rows if row.stamp("date_upd") == last]
    return attrs.evolve(at, within=last, last=max(ids))


def _seen(at: Position, rows: list[Row], now: datetime) -> Position:
    # A shop's clock may be ahead, and modules write dates by the database's zone.
    newest = max((row.stamp("date_upd") for row in rows), default="")
    top = max(at.top, min(newest, wall(now, zone_of(at.zone))))
    return at if top == at.top else attrs.evolve(at, top=top, top_seen=_naive(now))


def _done(at: Position, now: datetime) -> Position:
    """The start of the next run. Only times that the shop wrote itself count; ours say how long ago."""
    since = at.since
    if at.top:
        settled = _naive(now - SETTLED) > at.top_seen
        top = at.top if settled else _shifted(at.top, -OVERLAP)
        # Never behind where this run began: that would read the same again for ever.
        since = max(lowest(top, at.zone), at.since) if _steady(at.top, at.zone) else lowest(top, at.zone)
    return Position(
        since=since, zone=at.zone, top=at.top, top_seen=at.top_seen, history=at.history, slip=at.slip
    )


def lowest(stamp: str, zone: str) -> str:
    """The lowest time that the shop's clock can show at ``stamp`` or any time after it."""
    return _shifted(stamp, -_goes_back(stamp, zone))


def _steady(stamp: str, zone: str) -> bool:
    return not _goes_back(stamp, zone)


def _goes_back(stamp: str, zone: str) -> timedelta:
    """By how much the clock is put back at ``stamp`` or soon after."""
    # Without a fold the first of two equal hours is meant, the one before the clock goes back.
    begins = datetime.fromisoformat(stamp).replace(tzinfo=zone_of(zone)).astimezone(UTC)
    before = begins.astimezone(zone_of(zone)).utcoffset() or timedelta()
    after = (begins + _BEYOND).astimezone(zone_of(zone)).utcoffset() or timedelta()
    return max(timedelta(), before - after)


def _moved(stamp: str, old: str, new: str) -> str:
    moment = datetime.fromisoformat(stamp).replace(tzinfo=zone_of(old))
    return wall(moment, zone_of(new))


def _naive(time: datetime) -> str:
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def _shifted(stamp: str, by: timedelta) -> str:
    return (datetime.fromisoformat(stamp) + by).isoformat(" ", timespec="seconds")
