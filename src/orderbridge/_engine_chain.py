"""What one worker has of a subject while it works on it, and the record of what its calls came to."""

from __future__ import annotations

from typing import TypeVar

import attrs

from ._canonical import dump, load
from ._engine_operation import Operation
from ._http import Response
from ._intents import Attempt, Intent
from ._journal import Tx
from ._saga import Clock, Lost
from ._states import IntentState, move_intent
from .adapters import Confirmed, Refused, Throttled, Verdict, Write
from .errors import IllegalTransition, LeaseLost

__all__ = ["Chain", "Sent", "begin", "own", "record"]

R = TypeVar("R")


@attrs.define
class Chain:
    """What one worker has of a subject while it works on it."""

    fences: dict[str, int]
    claimed: bool = False
    answers: dict[str, Response] = attrs.field(factory=dict[str, Response])
    attempted: bool = False
    sent: Sent | None = None


@attrs.frozen
class Sent:
    intent: int
    attempt: int
    write: Write
    outcome: Response | Lost
    verdict: Verdict


def begin(op: Operation[R], seen: int | None, now: Clock, tx: Tx) -> Chain | None:
    works = [tx.work(subject) for subject in (op.subject, *op.also)]
    if seen is not None and works[0].fence != seen:
        return None
    if any(work.lease_until is not None and work.lease_until > now.wall for work in works):
        return None  # somebody has a call under way
    chain = Chain({work.subject: work.fence for work in works})
    for intent in tx.intents(about=op.about, operation=op.name, op_no=op.op_no):
        chain.attempted = chain.attempted or intent.state is not IntentState.NOT_SENT
        if intent.state is IntentState.CONFIRMED:
            for attempt in tx.attempts(intent.id):
                if attempt.state is IntentState.CONFIRMED and attempt.answer:
                    chain.answers[intent.step] = load(Response, attempt.answer)
    return chain


def own(tx: Tx, op: Operation[R], chain: Chain, now: Clock) -> None:
    """Take the subjects over with the first commit of a chain; own them still with each later one."""
    for subject, fence in chain.fences.items():
        if not chain.claimed:
            tx.claim(subject, seen=fence, now=now.wall)
        elif not tx.owns(subject, fence + 1):
            raise LeaseLost("another worker has taken this subject over", reference=subject)


def record(tx: Tx, op: Operation[R], sent: Sent, now: Clock, *, owned: bool = True) -> IntentState:
    """Write down what a call came to; the intent's state after it."""
    intent, attempt = _find(tx, op, sent)
    verdict, outcome = sent.verdict, sent.outcome
    others = [a for a in tx.attempts(intent.id) if a.no != attempt.no]
    only_one = all(a.state in (IntentState.NOT_SENT, IntentState.ABSENT, IntentState.REFUSED) for a in others)
    if isinstance(verdict, Confirmed):
        state, whole = IntentState.CONFIRMED, IntentState.CONFIRMED
    elif isinstance(verdict, Refused):
        # A refusal of a repeat proves nothing of the first try.
        state, whole = IntentState.REFUSED, IntentState.REFUSED if only_one else IntentState.UNKNOWN
    elif isinstance(verdict, Throttled) or (isinstance(outcome, Lost) and not outcome.sent):
        state, whole = IntentState.NOT_SENT, IntentState.NOT_SENT if only_one else IntentState.UNKNOWN
    else:
        state = whole = IntentState.UNKNOWN
    answer = dump(outcome) if isinstance(outcome, Response) else ""
    tx.put_attempt(attrs.evolve(attempt, state=state, answer=answer))
    if whole is IntentState.CONFIRMED or owned:
        if intent.state is not IntentState.CONFIRMED:
            try:
                moved = move_intent(intent.state, whole)
            except IllegalTransition:
                moved = intent.state
            intent = attrs.evolve(
                intent,
                state=moved,
                watch_domain=now.domain,
                watch_from=now.steady,
                reason=outcome.why if isinstance(outcome, Lost) else "",
            )
            tx.put_intent(intent)
        if intent.state in (IntentState.REFUSED, IntentState.NOT_SENT):
            tx.unspend(intent.id)
    return intent.state


def _find(tx: Tx, op: Operation[R], sent: Sent) -> tuple[Intent, Attempt]:
    intent = tx.intent(about=op.about, operation=op.name, op_no=op.op_no, step=sent.write.step)
    assert intent is not None
    return intent, next(a for a in tx.attempts(intent.id) if a.no == sent.attempt)
