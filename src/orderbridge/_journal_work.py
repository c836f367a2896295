"""Who works on what, and when: one row a subject, with its fence and its lease."""

from __future__ import annotations

from datetime import datetime

import attrs

from ._canonical import stamp
from ._intents import Work
from ._journal_rows import Part, int_in, text_in, time_in, when
from .errors import LeaseLost

__all__ = ["WorkList"]


class WorkList(Part):
    """Subjects, when they are due, and who has them."""

    def work(self, subject: str) -> Work:
        found = self._rows.run("get_work", subject=subject)
        if not found:
            return Work(subject=subject, due_at=None, fence=0, lease_until=None)
        row = found[0]
        return Work(
            subject=subject,
            due_at=time_in(row, "due_at"),
            fence=int_in(row, "fence"),
            lease_until=time_in(row, "lease_until"),
            failures=int_in(row, "failures"),
        )

    def _put_work(self, work: Work) -> None:
        self._rows.run(
            "put_work",
            subject=work.subject,
            due_at=when(work.due_at),
            fence=work.fence,
            lease_until=when(work.lease_until),
            failures=work.failures,
        )

    def wake(self, subject: str, at: datetime) -> None:
        """Make ``subject`` due no later than ``at``."""
        self._rows.run("wake", subject=subject, due_at=stamp(at))

    def due(self, now: datetime, limit: int) -> tuple[str, ...]:
        rows = self._rows.run("due", now=stamp(now), limit=limit)
        return tuple(text_in(row, "subject") for row in rows)

    def far_ahead(self, *, plans: datetime, leases: datetime, limit: int) -> tuple[str, ...]:
        """Subjects that are planned, or that somebody has, until later than that."""
        rows = self._rows.run("far_ahead", plans=stamp(plans), leases=stamp(leases), limit=limit)
        return tuple(text_in(row, "subject") for row in rows)

    def planned(self, kind: str) -> frozenset[str]:
        """Subjects of a kind, such as ``"pull"``, that are due now or at a time to come."""
        return frozenset(text_in(row, "subject") for row in self._rows.run("planned", kind=kind))

    def next_due(self) -> datetime | None:
        return time_in(self._rows.run("next_due")[0], "at")

    def count_due(self, now: datetime) -> int:
        return int_in(self._rows.run("count_due", now=stamp(now))[0], "n")

    def claim(self, subject: str, *, seen: int, now: datetime) -> int:
        """Take ``subject`` over if nobody did since fence ``seen`` was read; the new fence.

        Raises:
            LeaseLost: somebody did, or has a call under way.
        """
        work = self.work(subject)
        if work.fence != seen or (work.lease_until is not None and work.lease_until > now):
            raise LeaseLost("another worker has this subject", reference=subject)
        self._put_work(attrs.evolve(work, fence=seen + 1, lease_until=None))
        return seen + 1

    def hold(self, subject: str, *, fence: int, until: datetime) -> None:
        """Keep others away while a call is under way.

        Raises:
            LeaseLost: the subject was taken over.
        """
        work = self.work(subject)
        if work.fence != fence:
            raise LeaseLost("another worker has taken this subject over", reference=subject)
        self._put_work(attrs.evolve(work, lease_until=until))

    def owns(self, subject: str, fence: int) -> bool:
        return self.work(subject).fence == fence

    def schedule(self, subject: str, due_at: datetime | None) -> None:
        """Say when it wants work next; whoever has it keeps it."""
        self._put_work(attrs.evolve(self.work(subject), due_at=due_at))

    def free(self, subject: str) -> None:
        """Let others have it, due when it already is."""
        self._put_work(attrs.evolve(self.work(subject), lease_until=None))

    def release(self, subject: str, *, due_at: datetime | None, failures: int = 0) -> None:
        """Let others have it, and say when it wants work next."""
        work = self.work(subject)
        self._put_work(attrs.evolve(work, lease_until=None, due_at=due_at, failures=failures))
