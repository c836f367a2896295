"""The money: what left or may have left, whose is stopped, and what a person was shown before paying."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from ._canonical import stamp
from ._journal_rows import Part, int_in, text_in

__all__ = ["Spending"]


class Spending(Part):
    """Budgets, the stop switches and the checkouts."""

    def spend(self, intent: int, *, owner: str, currency: str, amount: Decimal, at: datetime) -> None:
        self._rows.run(
            "spend", intent=intent, owner=owner, currency=currency, amount=str(amount), at=stamp(at)
        )

    def unspend(self, intent: int) -> None:
        self._rows.run("unspend", intent=intent)

    def spent(self, *, owner: str, currency: str, since: datetime) -> Decimal:
        rows = self._rows.run("spent", owner=owner, currency=currency, since=stamp(since))
        return sum((Decimal(text_in(row, "amount")) for row in rows), Decimal(0))

    def spent_by_all(self, *, since: datetime) -> dict[tuple[str, str], Decimal]:
        """What left or may have left since then, by owner and currency."""
        found: dict[tuple[str, str], Decimal] = {}
        for row in self._rows.run("spent_by_all", since=stamp(since)):
            key = text_in(row, "owner"), text_in(row, "currency")
            found[key] = found.get(key, Decimal(0)) + Decimal(text_in(row, "amount"))
        return found

    def put_switch(self, *, owner: str, stopped: bool, reason: str, at: datetime) -> None:
        self._rows.run("put_switch", owner=owner, stopped=int(stopped), reason=reason, at=stamp(at))

    def stopped(self, owner: str) -> str | None:
        """Why this owner's money is stopped; None if it may go."""
        found = self._rows.run("stopped", owner=owner)
        return text_in(found[0], "reason") if found else None

    def switches(self) -> dict[str, str | None]:
        """By owner, ``""`` for all, why money is stopped, or None where it may go again."""
        return {
            text_in(row, "owner"): text_in(row, "reason") if int_in(row, "stopped") else None
            for row in self._rows.run("list_switches")
        }

    def put_checkout(self, digest: str, doc: str, *, expires_at: datetime, now: datetime) -> None:
        """Keep what a person was shown; those that nobody can place any more go."""
        # For a day somebody may still ask why it is too late.
        self._rows.run("trim_checkouts", before=stamp(now - timedelta(days=1)))
        self._rows.run("put_checkout", digest=digest, doc=doc, expires_at=stamp(expires_at))

    def checkout(self, digest: str) -> str | None:
        found = self._rows.run("get_checkout", digest=digest)
        return text_in(found[0], "doc") if found else None
