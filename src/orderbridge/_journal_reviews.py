"""The questions that only a person can answer, and their answers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from ._canonical import stamp
from ._journal_rows import Part, Row, int_in, text_in, time_in
from ._money import Money
from ._reviews import Review, ReviewCode

__all__ = ["Reviews"]


class Reviews(Part):
    """Open and decided questions."""

    def open_review(
        self,
        code: ReviewCode,
        *,
        about: str,
        evidence: str,
        decisions: Iterable[str],
        at: datetime,
        order_id: str = "",
        account: str = "",
        amount: Money | None = None,
    ) -> int:
        """Ask a person; the same open question is asked once."""
        row = self._rows.run(
            "open_review",
            code=code.value,
            about=about,
            order_id=order_id,
            account=account,
            evidence=evidence,
            amount="" if amount is None else str(amount),
            decisions=json.dumps(list(decisions)),
            opened_at=stamp(at),
        )[0]
        return int_in(row, "id")

    def close_reviews(self, code: ReviewCode, *, about: str, decision: str, at: datetime) -> None:
        self._rows.run("close_reviews", code=code.value, about=about, decision=decision, at=stamp(at))

    def decide_review(self, review_id: int, *, decision: str, at: datetime) -> None:
        self._rows.run("decide_review", id=review_id, decision=decision, at=stamp(at))

    def review(self, review_id: int) -> Review | None:
        found = self._rows.run("get_review", id=review_id)
        return _review(found[0]) if found else None

    def reviews(self, *, after: int = 0, owner: str = "", limit: int = 100) -> tuple[Review, ...]:
        rows = self._rows.run("open_reviews", after=after, owner=owner, limit=limit)
        return tuple(_review(row) for row in rows)

    def reviews_of(self, order_id: str) -> tuple[Review, ...]:
        """What people are being asked about an order now."""
        return tuple(_review(row) for row in self._rows.run("open_reviews_of", order_id=order_id))

    def asked_about(self, order_id: str, code: ReviewCode) -> frozenset[str]:
        """What people were asked about an order under one code, answered or not."""
        rows = self._rows.run("asked_about", order_id=order_id, code=code.value)
        return frozenset(text_in(row, "about") for row in rows)

    def doubles(self, account: str) -> tuple[str, ...]:
        """What people were asked about as an order too many at a supplier, answered or not."""
        return tuple(text_in(row, "about") for row in self._rows.run("doubles", account=account))

    def was_let_be(self, order_id: str, code: ReviewCode, *, about: str, evidence: str) -> bool:
        """Has a person been asked this in the same words, and answered "ignore"?"""
        return bool(
            self._rows.run("was_let_be", order_id=order_id, code=code.value, about=about, evidence=evidence)
        )

    def has_open_review(self, code: ReviewCode, *, about: str) -> bool:
        """Is a person being asked this now?"""
        return bool(self._rows.run("open_review_about", code=code.value, about=about))

    def count_reviews(self) -> dict[str, int]:
        """How many questions are open, by code."""
        return {text_in(row, "code"): int_in(row, "n") for row in self._rows.run("count_reviews")}


def _review(row: Row) -> Review:
    opened_at = time_in(row, "opened_at")
    assert opened_at is not None
    return Review(
        id=int_in(row, "id"),
        code=ReviewCode(text_in(row, "code")),
        about=text_in(row, "about"),
        order_id=text_in(row, "order_id"),
        account=text_in(row, "account"),
        evidence=text_in(row, "evidence"),
        amount=Money.parse(amount) if (amount := text_in(row, "amount")) else None,
        decisions=tuple(str(item) for item in json.loads(text_in(row, "decisions"))),
        opened_at=opened_at,
        resolved_at=time_in(row, "resolved_at"),
        decision=text_in(row, "decision"),
    )
