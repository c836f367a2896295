"""What the engine is asked to do: one use case on one thing, and what to write down at each turn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from ._events import EventKind
from ._http import Response
from ._journal import Tx
from ._policy import Policy
from ._reviews import ReviewCode
from ._saga import Clock
from .adapters import Flow, Past, Refused, Unclear, Verdict, Write

__all__ = ["NotDone", "Operation"]

R = TypeVar("R")


# What is tried again by itself and comes back in the same words: who let that be is not asked once more.
_LET_BE = frozenset(
    {ReviewCode.LIMIT, ReviewCode.SHORTFALL, ReviewCode.CONFIRMED_NOT_FOUND, ReviewCode.FAULT}
)


class NotDone:
    """Base of results that say why nothing is to be written now: they prove no earlier write."""


class Operation(ABC, Generic[R]):
    """One use case on one thing: what to run, and what to write at each turn.

    The hooks run inside the engine's transactions; each leaves the thing with its next time.
    """

    name: str
    account: str
    about: str
    op_no: int = 1
    subject: str
    also: tuple[str, ...] = ()  # further subjects that must be ours while we write
    order_id: str = ""
    owner: str = ""
    failures: int = 0  # in a row, before this run
    decisions: tuple[str, ...] = ("retry", "ignore")  # what a person who is asked about it may answer
    policy: Policy | None = None  # of its accounts, beside the bridge's own
    spends: bool = False  # its amounts are ours to pay, and counted against the limits
    moves_money: bool = False  # ours or the merchant's: the stop switch keeps it back

    def past(self, past: Past) -> Past:
        """What the flow is to know beside the answers of its own writes."""
        return past

    @abstractmethod
    def flow(self, past: Past) -> Flow[Write | R | Unclear]:
        """The adapter's flow."""

    @abstractmethod
    def judge(self, write: Write, response: Response) -> Verdict:
        """The adapter's judgement of an answer."""

    @abstractmethod
    def done(self, tx: Tx, result: R, now: Clock) -> None:
        """It has come to a result."""

    def plan(self, tx: Tx, write: Write, now: Clock) -> str:
        """Last look before the intent: why it may not be done now, or empty."""
        return ""

    def refused(self, tx: Tx, why: Refused, now: Clock) -> None:
        """The platform said no, before any effect."""
        words = " ".join(word for word in (why.why.value, why.code, why.message) if word)
        self.ask(tx, ReviewCode.REFUSED, f"{self.account}: {words}", now)

    def unclear(self, tx: Tx, why: Unclear, now: Clock) -> None:
        """A person must look."""
        self.ask(tx, ReviewCode.UNCLEAR, why.evidence, now)

    @abstractmethod
    def doubt(self, tx: Tx, now: Clock, *, again_at: datetime | None) -> None:
        """Nobody knows yet; look again at ``again_at``, or a person is asked already."""

    @abstractmethod
    def later(self, tx: Tx, now: Clock, *, after: timedelta | None, why: str) -> None:
        """Nothing happened; try again, after a growing pause unless ``after`` says how long."""

    def wait_for_money(self, tx: Tx) -> None:
        """It was put off because the money is stopped: mark it, if it is to go on as soon as it may."""

    @abstractmethod
    def settle(self, tx: Tx, now: Clock) -> None:
        """Let the subjects go, each due when something in it is."""

    def ask(self, tx: Tx, code: ReviewCode, evidence: str, now: Clock) -> None:
        """Ask a person about it; that it is asked is told once, however often it is tried again."""
        if code in _LET_BE and tx.was_let_be(self.order_id, code, about=self.about, evidence=evidence):
            return
        news = not tx.has_open_review(code, about=self.about)
        tx.open_review(
            code,
            about=self.about,
            evidence=evidence,
            decisions=self.decisions,
            at=now.wall,
            order_id=self.order_id,
            account=self.account,
        )
        if news:
            tx.event(
                EventKind.REVIEW_OPENED,
                about=self.about,
                at=now.wall,
                order_id=self.order_id,
                owner=self.owner,
                data={"code": code.value, "evidence": evidence},
            )
