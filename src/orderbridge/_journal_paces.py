"""How fast platforms may be asked, by all processes on the journal together."""

from __future__ import annotations

import math
from datetime import datetime

from ._canonical import stamp, unstamp
from ._journal_rows import Part, int_in, text_in, time_in

__all__ = ["Paces"]


class Paces(Part):
    """Who asks out of which bucket, and which platforms want to be left alone for a while."""

    def put_pace(self, bucket: str, process: str, beat: int, said_at: datetime) -> None:
        """A process asks out of a bucket; ``beat`` is another each time it says so."""
        self._rows.run("put_pace", bucket=bucket, process=process, beat=beat, said_at=stamp(said_at))

    def paces(self, bucket: str) -> dict[str, tuple[int, datetime]]:
        """The processes that ask out of a bucket, each with its last beat, and when that was by its clock."""
        return {
            text_in(row, "process"): (int_in(row, "beat"), unstamp(text_in(row, "said_at")))
            for row in self._rows.run("paces_of", bucket=bucket)
        }

    def drop_pace(self, bucket: str, process: str, beat: int) -> None:
        """A process does not ask out of a bucket any more, unless it has said so again since that beat."""
        self._rows.run("drop_pace", bucket=bucket, process=process, beat=beat)

    def drop_old_paces(self, bucket: str, *, since: datetime, until: datetime) -> None:
        """Forget who last said before or after this that it asks out of a bucket."""
        self._rows.run("drop_old_paces", bucket=bucket, since=stamp(since), until=stamp(until))

    def drop_paces(self, process: str) -> None:
        """A process does not ask at all any more."""
        self._rows.run("drop_paces", process=process)

    def put_freeze(self, bucket: str, until: datetime, seconds: float) -> None:
        """A platform wants to be left alone: until then, which is so many seconds from now."""
        self._rows.run("put_freeze", bucket=bucket, until=stamp(until), seconds=math.ceil(seconds))

    def freeze(self, bucket: str) -> tuple[datetime, float] | None:
        """Until when a platform wanted to be left alone, and for how many seconds when it said so."""
        for row in self._rows.run("get_freeze", bucket=bucket):
            if (until := time_in(row, "until")) is not None:
                return until, float(int_in(row, "seconds"))
        return None
