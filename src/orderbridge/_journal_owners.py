"""Owners: whose an order is, and the counts of one owner's alone."""

from __future__ import annotations

from datetime import datetime

from ._canonical import stamp
from ._journal_rows import Part, int_in, text_in, time_in
from ._standing import Tab

__all__ = ["Owners"]


class Owners(Part):
    """What is one owner's, where several share a journal."""

    def owner_of(self, order_id: str) -> str | None:
        """Whose an order is; None if there is none."""
        found = self._rows.run("owner_of_order", id=order_id)
        return text_in(found[0], "owner") if found else None

    def count_orders_of(self, owner: str) -> tuple[int, int]:
        """All, and those acted on."""
        rows = self._rows.run("count_orders_of", owner=owner)
        counts = {int_in(row, "taken"): int_in(row, "n") for row in rows}
        return sum(counts.values()), counts.get(1, 0)

    def count_purchases_of(self, owner: str) -> dict[str, int]:
        rows = self._rows.run("count_purchases_of", owner=owner)
        return {text_in(row, "fulfillment"): int_in(row, "n") for row in rows}

    def count_notices_of(self, owner: str) -> dict[str, int]:
        rows = self._rows.run("count_notices_of", owner=owner)
        return {text_in(row, "state"): int_in(row, "n") for row in rows}

    def count_untold_of(self, owner: str, before: datetime) -> int:
        """How many departures since before then no shop was told of."""
        return int_in(self._rows.run("count_untold_of", owner=owner, before=stamp(before))[0], "n")

    def count_reviews_of(self, owner: str) -> dict[str, int]:
        """How many questions are open, by code."""
        rows = self._rows.run("count_reviews_of", owner=owner)
        return {text_in(row, "code"): int_in(row, "n") for row in rows}

    def oldest_in_of(self, owner: str, tab: Tab) -> datetime | None:
        """When the oldest order in a tab was placed."""
        return time_in(self._rows.run("oldest_in_tab_of", tab=tab.value, owner=owner)[0], "at")

    def due_of(self, owner: str, now: datetime, limit: int) -> tuple[str, ...]:
        """Orders that wait for work; what is due of whole accounts is in ``work``."""
        rows = self._rows.run("due_of", owner=owner, now=stamp(now), limit=limit)
        return tuple(text_in(row, "subject") for row in rows)

    def count_due_of(self, owner: str, now: datetime) -> int:
        return int_in(self._rows.run("count_due_of", owner=owner, now=stamp(now))[0], "n")

    def next_due_of(self, owner: str) -> datetime | None:
        """When an order wants work next."""
        found = self._rows.run("next_due_of", owner=owner)
        return time_in(found[0], "at") if found else None
