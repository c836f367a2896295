"""What the journal keeps of the work itself: who works on what, and what is about to be done outside."""

from __future__ import annotations

from datetime import datetime

import attrs

from ._money import Money
from ._states import IntentState

__all__ = ["Attempt", "Intent", "Subject", "Work"]


class Subject:
    """Names of what one worker at a time may work on."""

    @staticmethod
    def order(order_id: str) -> str:
        """An order, its purchase orders, and all writes to its store about it."""
        return f"order/{order_id}"

    @staticmethod
    def cart(supplier: str) -> str:
        """A supplier account's growing order."""
        return f"cart/{supplier}"

    @staticmethod
    def pull(store: str) -> str:
        """The pull of one store."""
        return f"pull/{store}"

    @staticmethod
    def forget(store: str) -> str:
        """The shoppers of a store that went away."""
        return f"forget/{store}"

    @staticmethod
    def source(store: str) -> str:
        """The orders of a store that wait, once its rules have changed."""
        return f"source/{store}"

    @staticmethod
    def changes(supplier: str) -> str:
        """A supplier account's list of what changed."""
        return f"list/{supplier}"

    @staticmethod
    def daily_look(supplier: str) -> str:
        """The daily look over a supplier account's orders."""
        return f"look/{supplier}"


@attrs.frozen(kw_only=True)
class Work:
    """When a subject is due, and who has it.

    Args:
        fence: Rises with each claim; a commit under an older one is refused.

        lease_until: Until when the holder of ``fence`` may have a call under way.

        failures: In a row.
    """

    subject: str
    due_at: datetime | None
    fence: int
    lease_until: datetime | None
    failures: int = 0


@attrs.frozen(kw_only=True)
class Intent:
    """We are about to do this, once.

    Args:
        about: What it is done to: a purchase order's id, a notice's key, a supplier's name.

        rule: The unknown-outcome rule as stored.

        wait: Seconds after which, on one steady clock, no attempt so far can land any more and no
            look-up can miss it.

        watch_domain: Which steady clock ``watch_from`` and ``absent_at`` are on.

        watch_from: Since when an attempt without an answer is watched, in seconds of that clock.

        absences: Look-ups after ``wait`` that did not find it.
    """

    id: int
    subject: str
    about: str
    operation: str
    op_no: int
    step: str
    account: str
    state: IntentState
    rule: str
    amount: Money | None = None
    binding: bool = True
    wait: float = 0.0
    watch_domain: str = ""
    watch_from: float = 0.0
    absences: int = 0
    absent_at: float = 0.0
    reason: str = ""


@attrs.frozen(kw_only=True)
class Attempt:
    """One try at an intent: the bytes, their fingerprint, what came back."""

    intent: int
    no: int
    request: str
    sha256: str
    at: datetime
    state: IntentState
    answer: str = ""
    fence: int = 0
