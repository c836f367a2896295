"""How fast an account is asked: a bucket of what it allows, which answers may correct."""

from __future__ import annotations

import threading
from datetime import timedelta

from ._clockwork import Clockwork
from .adapters import Allowance, Bucket
from .errors import RateLimited


class Pace:
    """The bucket of one account, shared by the threads of this process.

    What a call may cost is taken before it leaves. Where the platform's answers say what it did cost and
    what is left, they are believed: other programs draw from the same bucket.
    """

    def __init__(self, bucket: Bucket, clockwork: Clockwork) -> None:
        self._per_second = bucket.per_second
        self._burst = float(bucket.burst)
        self._clockwork = clockwork
        self._level = self._burst
        self._under_way = 0.0
        self._at = clockwork.steady()
        self._frozen_until = 0.0
        self._lock = threading.Lock()

    def take(self, at_most: float, cost: float = 1.0) -> float:
        """Take what a call costs; the seconds to wait before it may leave.

        Raises:
            RateLimited: they would be more than ``at_most``; nothing is taken.
        """
        with self._lock:
            now = self._fill()
            # More than the bucket holds is never there: what is more comes as a debt.
            needed = min(cost, self._burst)
            wait = max(0.0, (needed - self._level) / self._per_second, self._frozen_until - now)
            if wait > at_most:
                until = self._clockwork.wall() + timedelta(seconds=wait)
                raise RateLimited("too many requests; the platform wants a pause", until=until)
            self._level -= cost
            self._under_way += cost
            return wait

    def settle(self, cost: float, said: Allowance | None) -> None:
        """A call that ``cost`` was taken for has come to its end, with what the answer said, if it did."""
        with self._lock:
            self._fill()
            self._under_way -= cost
            if said is None:
                return
            self._per_second = said.per_second
            self._burst = said.most
            # Others of ours under way may not have been charged yet when this was written.
            self._level = min(said.left, said.most) - self._under_way

    def freeze(self, seconds: float) -> None:
        """The platform said: not now. It holds for everybody on the account."""
        with self._lock:
            self._frozen_until = max(self._frozen_until, self._clockwork.steady() + seconds)

    def _fill(self) -> float:
        now = self._clockwork.steady()
        self._level = min(self._burst, self._level + (now - self._at) * self._per_second)
        self._at = now
        return now
