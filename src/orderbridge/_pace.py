"""How fast an account is asked: a bucket of what it allows, which answers may correct."""

from __future__ import annotations

import threading
from datetime import timedelta

from ._clockwork import Clockwork
from ._writes import LONGEST_FREEZE
from .adapters import Allowance, Bucket
from .errors import RateLimited

__all__ = ["SURE", "Pace"]

SURE = 3.0  # seconds after a call in which another may leave, where the others may not be there any more


class Pace:
    """This process's share of a bucket, for all its threads.

    What a call may cost is taken before it leaves. Where the platform's answers say what it did cost and
    what is left, they are believed: other programs draw from the same bucket.

    Where nobody knows whether the others are still there, a call now and then leaves at their cost: if they
    are not, it is nobody's, and if they are, the platform says so. Else one could stand still for ever.
    """

    def __init__(self, bucket: Bucket, clockwork: Clockwork) -> None:
        self._per_second = bucket.per_second
        self._burst = float(bucket.burst)
        self._among = 1
        self._in_doubt = False
        self._clockwork = clockwork
        self._level = self._burst
        self._under_way = 0.0
        self._at = self._left_at = clockwork.steady()
        self._frozen_until = 0.0
        self._lock = threading.Lock()

    def take(self, at_most: float, cost: float = 1.0) -> float:
        """Take what a call costs; the seconds to wait before it may leave.

        Raises:
            RateLimited: they would be more than ``at_most``; nothing is taken.
        """
        with self._lock:
            now = self._fill()
            # More than the share holds is never there: what is more comes as a debt.
            needed = min(cost, self._burst / self._among)
            wait = (needed - self._level) * self._among / self._per_second
            # Never sooner than one that is alone could go on.
            sure = self._left_at + max(SURE, cost / self._per_second) - now
            at_others_cost = self._in_doubt and wait > max(0.0, sure)
            wait = max(0.0, sure if at_others_cost else wait, self._frozen_until - now)
            if wait > at_most:
                until = self._clockwork.wall() + timedelta(seconds=min(wait, LONGEST_FREEZE))
                raise RateLimited("too many requests; the platform wants a pause", until=until)
            if not at_others_cost:
                self._level -= cost
            self._under_way += cost
            self._left_at = max(self._left_at, now + wait)
            return wait

    def settle(self, cost: float, said: Allowance | None) -> None:
        """A call that ``cost`` was taken for has come to its end, with what the answer said, if it did."""
        with self._lock:
            self._under_way -= cost
            if said is None:
                return
            self._at = self._clockwork.steady()
            # What a platform says is of the whole bucket, whoever draws from it.
            self._per_second = said.per_second
            self._burst = said.most
            # Others of ours under way may not have been charged yet when this was written.
            left = max(min(said.left, said.most), -LONGEST_FREEZE * said.per_second)
            self._level = left / self._among - self._under_way

    def freeze(self, seconds: float) -> bool:
        """The platform said: not now. It holds for everybody on the account; is it news?"""
        with self._lock:
            until = self._clockwork.steady() + seconds
            longer = until > self._frozen_until
            self._frozen_until = max(self._frozen_until, until)
            return longer

    def share(self, among: int, *, in_doubt: bool = False) -> None:
        """So many processes ask, this one among them: to each the same part.

        Args:
            in_doubt: Some of them may not be there any more.
        """
        with self._lock:
            self._in_doubt = in_doubt
            if among == self._among:
                return
            # Nobody knows when that changed: what came back since then counts by the smaller part.
            self._among = max(among, self._among)
            self._fill()
            self._among = among
            self._level = min(self._level, self._burst / among)

    def come_late(self, seconds: float) -> None:
        """Others have drawn from it, and make room within so many seconds: then begin, with nothing."""
        with self._lock:
            self._fill()
            self._level = min(self._level, 0.0) - seconds * self._per_second / self._among
            self._left_at = max(self._left_at, self._at)

    def _fill(self) -> float:
        now = self._clockwork.steady()
        back = (now - self._at) * self._per_second / self._among
        self._level = min(self._burst / self._among, self._level + back)
        self._at = now
        return now
