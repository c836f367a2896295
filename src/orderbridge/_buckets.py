"""One bucket for all processes on a journal: who asks whom how fast.

A process that asks a platform says so in the journal, and again every ``RENEW`` seconds for as long as it
does. What the platform allows is divided by how many do. Each looks at the others every ``GLANCE`` seconds,
so who comes new keeps still for ``ARRIVE`` seconds: by then everybody has made room. Calls cost no commits.

A process is there if its row has changed during the last ``LOST`` seconds of the looker's own clock, which
never jumps. Who comes new has seen no row change yet: until it has, a row counts whose last word is less than
``OLD`` away by the wall clock, and so that a wrong one stops nobody, calls leave now and then all the same.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import datetime, timedelta

import attrs

from ._clockwork import Clockwork
from ._journal import Journal, Tx
from ._pace import Pace
from .adapters import Bucket
from .errors import JournalError

__all__ = ["GLANCE", "Buckets"]

RENEW = 20.0  # seconds in use after which a process says again that it is there
LOST = 60.0  # seconds without a word after which nobody counts it any more
OLD = timedelta(minutes=2)  # LOST, and what clocks may be apart: 20 s to either side of a server's
GLANCE = 0.5  # seconds for which a look at the others is good
ARRIVE = 2 * GLANCE  # until others have looked, and what they let out before has left


@attrs.frozen(kw_only=True)
class _Other:
    """Another process, as we have seen it.

    Args:
        beat: Its last one.

        news_at: When that was news to us, on the steady clock.

        wall_at: When that was by its own wall clock.

        surely: It came while we were looking on, and not before.
    """

    beat: int
    news_at: float
    wall_at: datetime
    surely: bool


@attrs.define(kw_only=True)
class _Share:
    """What one bucket is here.

    Args:
        said_at: When we last said that we use it, on the steady clock.

        heard: The end of the last pause that we know of.

        untold: The end of a pause that the others do not know of yet, and its length in seconds.
    """

    name: str
    pace: Pace
    lock: threading.Lock = attrs.field(factory=threading.Lock)
    beat: int = 0
    said_at: float | None = None
    looked_at: float | None = None
    others: dict[str, _Other] = attrs.field(factory=dict[str, _Other])
    heard: datetime | None = None
    untold: tuple[datetime, float] | None = None

    def is_new(self, now: float) -> bool:
        """Whoever was away so long is counted no more, or will not be in a moment."""
        return self.said_at is None or now - self.said_at >= LOST - RENEW


class Buckets:
    """The buckets that this process draws from, each shared with whoever else does on the journal."""

    def __init__(self, journal: Journal, clockwork: Clockwork) -> None:
        self._journal = journal
        self._clockwork = clockwork
        self._process = clockwork.read().salt
        self._shares: dict[str, _Share] = {}

    def pace(self, name: str, bucket: Bucket) -> Pace:
        """Our share of a bucket."""
        return self._share(name, bucket).pace

    def knows(self, name: str) -> bool:
        """Is what we know of the others on a bucket new enough, and do they know what we do?"""
        share = self._shares.get(name)
        if share is None or share.looked_at is None or share.untold is not None:
            return False
        return self._clockwork.steady() - share.looked_at < GLANCE

    def meet(self, name: str, bucket: Bucket) -> float:
        """Say that we are here, if it is time, and see who else is, and whether the platform wants a pause.

        Returns:
            The seconds to keep still before meeting again, for one that comes new.
        """
        share = self._share(name, bucket)
        with share.lock:
            now = self._clockwork.steady()
            new = share.is_new(now)
            looking_on = share.looked_at is not None and now - share.looked_at < LOST
            share.looked_at = now
            # A journal that cannot be used, or only read, keeps nobody from asking.
            with suppress(JournalError):
                if share.said_at is None or now - share.said_at >= RENEW or share.untold is not None:
                    self._say(share, now)
            with suppress(JournalError):
                # Not in the same transaction: of two that come at once one sees the other at least.
                beats, freeze = self._journal.look(lambda tx: (tx.paces(name), tx.freeze(name)))
                self._see(share, beats, now, looking_on)
                there = self._others(share, now)
                among = 1 + len(there)
                share.pace.share(among, in_doubt=not all(other.surely for other in there))
                self._heed(share, freeze)
                if new and among > 1:
                    share.pace.come_late(ARRIVE)
                    return ARRIVE
            return 0.0

    def freeze(self, name: str, bucket: Bucket, seconds: float) -> None:
        """The platform wants a pause, also from the others; ``tell`` tells them."""
        share = self._share(name, bucket)
        if share.pace.freeze(seconds):
            share.untold = (self._clockwork.wall() + timedelta(seconds=seconds), seconds)

    def is_told(self, name: str) -> bool:
        """Do the others know of each pause that we know of?"""
        share = self._shares.get(name)
        return share is None or share.untold is None

    def tell(self, name: str) -> None:
        """Tell the others of a pause."""
        share = self._shares[name]
        with share.lock:
            if share.untold is not None:
                with suppress(JournalError):
                    self._say(share, self._clockwork.steady())

    def leave(self) -> None:
        """Leave what we had to the others, who need not wait until they miss us."""
        here = self.here
        self._shares = {}
        if here:
            with suppress(JournalError):
                self._journal.transact(lambda tx: tx.drop_paces(self._process))

    @property
    def here(self) -> bool:
        """Have we said that we use any, and not left?"""
        return any(share.said_at is not None for share in list(self._shares.values()))

    def _share(self, name: str, bucket: Bucket) -> _Share:
        found = self._shares.get(name)
        if found is None:
            made = _Share(name=name, pace=Pace(bucket, self._clockwork))
            found = self._shares.setdefault(name, made)
        return found

    def _say(self, share: _Share, now: float) -> None:
        untold, share.untold = share.untold, None
        gone = {name: other.beat for name, other in share.others.items() if now - other.news_at >= LOST}
        share.beat += 1
        new = share.is_new(now)

        def work(tx: Tx) -> None:
            wall = self._clockwork.wall()
            if new:
                # Whoever lives shorter than LOST never sees that nobody is behind a row.
                tx.drop_old_paces(share.name, since=wall - OLD, until=wall + OLD)
            tx.put_pace(share.name, self._process, share.beat, wall)
            for process, beat in gone.items():
                tx.drop_pace(share.name, process, beat)
            if untold is not None:
                tx.put_freeze(share.name, *untold)

        share.said_at = now
        if untold is not None:
            share.heard = untold[0]
        self._journal.transact(work)

    def _see(
        self, share: _Share, beats: dict[str, tuple[int, datetime]], now: float, looking_on: bool
    ) -> None:
        known, share.others = share.others, {}
        for process, (beat, wall_at) in beats.items():
            if process == self._process:
                continue
            other = known.get(process)
            if other is None or other.beat != beat:
                other = _Other(beat=beat, news_at=now, wall_at=wall_at, surely=looking_on)
            share.others[process] = other

    def _others(self, share: _Share, now: float) -> list[_Other]:
        """The other processes that are there, or may be."""
        wall = self._clockwork.wall()
        return [
            other
            for other in share.others.values()
            if now - other.news_at < LOST and (other.surely or abs(wall - other.wall_at) < OLD)
        ]

    def _heed(self, share: _Share, freeze: tuple[datetime, float] | None) -> None:
        if freeze is None or freeze[0] == share.heard:
            return
        share.heard, seconds = freeze
        # Whoever wrote it may have had another time: it never lasts longer than the platform said.
        left = (share.heard - self._clockwork.wall()).total_seconds()
        share.pace.freeze(min(left, seconds))
