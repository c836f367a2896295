"""An earlier attempt may have landed: when it is safe to attempt again, and when nobody can tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeVar

import attrs

from ._canonical import load
from ._engine_operation import Operation
from ._http import Request
from ._intents import Intent
from ._journal import Tx
from ._reviews import ReviewCode
from ._saga import Clock
from ._states import IntentState, move_intent
from .adapters import LookUp, Park, Refusal, Refused, SameKey, UnknownRule, Write
from .adapters import Repeat as RepeatRule
from .errors import Damaged

__all__ = [
    "CALL_MAX",
    "FIRST_LOOK",
    "SEND_WITHIN",
    "absent",
    "lands_until",
    "may_still_land",
    "rule_name",
    "unresolved",
    "wait",
    "watch",
]

R = TypeVar("R")

SEND_WITHIN = 30.0  # seconds after the intent's commit in which its call may leave
CALL_MAX = 120.0  # seconds a call may last at the most
FIRST_LOOK = 60.0  # seconds after which a lost answer is first looked for
APART = 60.0  # seconds between two look-ups that are to count as two
TRIES = 3  # unanswered attempts in a row, each looked for and not found, before a person is asked


def unresolved(
    tx: Tx, op: Operation[R], intent: Intent, write: Write, began: Clock, now: Clock
) -> tuple[Intent, Request | None] | None:
    """An earlier attempt may have landed. Either it is safe to attempt again, or None: not now."""
    if intent.state is IntentState.CONFIRMED:
        _confirmed_but_missing(tx, op, intent, began, now)
        return None
    if intent.state is IntentState.PARKED:
        _ask_parked(tx, op, intent, now)
        op.doubt(tx, now, again_at=None)
        return None
    if intent.state is IntentState.REFUSED:
        op.refused(tx, Refused(Refusal.INVALID, message=f"{intent.step!r} was refused before"), now)
        return None
    rule = write.unknown
    if isinstance(rule, Park):
        _park(tx, op, intent, now)
        return None
    if isinstance(rule, SameKey):
        return _same_key(tx, op, intent, rule, now)
    if intent.watch_domain != now.domain:
        intent = watch(tx, intent, now)
        op.doubt(tx, now, again_at=now.wall + timedelta(seconds=FIRST_LOOK))
        return None
    waited = began.steady - intent.watch_from
    if waited < intent.wait:
        op.doubt(tx, now, again_at=now.wall + timedelta(seconds=intent.wait - waited))
        return None
    if isinstance(rule, RepeatRule):
        return intent, None
    if intent.absences == 0 or began.steady - intent.absent_at < APART:
        first = intent.absent_at if intent.absences else began.steady
        tx.put_intent(attrs.evolve(intent, absences=1, absent_at=first))
        op.doubt(tx, now, again_at=now.wall + timedelta(seconds=APART - (began.steady - first)))
        return None
    unheard = (IntentState.UNKNOWN, IntentState.ABSENT)
    if intent.binding and sum(each.state in unheard for each in tx.attempts(intent.id)) >= TRIES:
        # Answers are lost by chance once or twice; more often it is the look-up that does not tell.
        _park(tx, op, intent, now)
        return None
    return absent(tx, intent), None


def _confirmed_but_missing(tx: Tx, op: Operation[R], intent: Intent, began: Clock, now: Clock) -> None:
    """The platform said yes and does not show it: never send again; after its lag, ask a person."""
    if intent.watch_domain != now.domain:
        intent = watch(tx, intent, now)
    waited = began.steady - intent.watch_from
    if waited < intent.wait:
        op.doubt(tx, now, again_at=now.wall + timedelta(seconds=min(FIRST_LOOK, intent.wait - waited)))
        return
    op.ask(
        tx,
        ReviewCode.CONFIRMED_NOT_FOUND,
        f"{op.account} confirmed {intent.step!r} and does not show it; it is not sent again",
        now,
    )
    op.doubt(tx, now, again_at=now.wall + timedelta(hours=1))


def _same_key(
    tx: Tx, op: Operation[R], intent: Intent, rule: SameKey, now: Clock
) -> tuple[Intent, Request] | None:
    first = tx.attempts(intent.id)[0]
    # By a clock that was wrong nobody knows how old the key is: then it is too old.
    if not timedelta(0) <= now.wall - first.at < rule.lifetime:
        _park(tx, op, intent, now)
        return None
    request = load(Request, first.request)
    if request.sha256 != first.sha256:
        raise Damaged("the stored bytes of an attempt do not match their fingerprint; nothing was sent")
    return intent, request


def _park(tx: Tx, op: Operation[R], intent: Intent, now: Clock) -> None:
    tx.put_intent(attrs.evolve(intent, state=move_intent(intent.state, IntentState.PARKED)))
    _ask_parked(tx, op, intent, now)
    op.doubt(tx, now, again_at=None)


def _ask_parked(tx: Tx, op: Operation[R], intent: Intent, now: Clock) -> None:
    words = (
        f"nobody can tell whether {intent.step!r} happened at {op.account}: look there first; retry waits "
        "until the call can no longer arrive, looks once more, and sends it again"
    )
    op.ask(tx, ReviewCode.PARKED, words, now)


def absent(tx: Tx, intent: Intent) -> Intent:
    intent = attrs.evolve(intent, state=move_intent(intent.state, IntentState.ABSENT), absences=2)
    tx.put_intent(intent)
    for attempt in tx.attempts(intent.id):
        if attempt.state is IntentState.UNKNOWN:
            tx.put_attempt(attrs.evolve(attempt, state=IntentState.ABSENT))
    tx.unspend(intent.id)
    return intent


def lands_until(tx: Tx, intent: Intent) -> datetime:
    """When the last attempt that may have left can no longer be carried out."""
    unheard = (IntentState.OPEN, IntentState.UNKNOWN, IntentState.ABSENT)
    lost = [attempt.at for attempt in tx.attempts(intent.id) if attempt.state in unheard]
    return max(lost) + timedelta(seconds=intent.wait) if lost else datetime.min.replace(tzinfo=UTC)


def may_still_land(tx: Tx, op: Operation[R], began: Clock, now: Clock) -> datetime | None:
    """A lost absolute set may land after a newer one: until it cannot any more, it is not over."""
    for intent in tx.intents(about=op.about, operation=op.name, op_no=op.op_no):
        unresolved = intent.state in (IntentState.UNKNOWN, IntentState.OPEN)
        if not unresolved or intent.rule != rule_name(RepeatRule()):
            continue
        if intent.watch_domain != now.domain:
            intent = watch(tx, intent, now)
        left = intent.wait - (began.steady - intent.watch_from)
        if left > 0:
            return now.wall + timedelta(seconds=left)
    return None


def watch(tx: Tx, intent: Intent, now: Clock) -> Intent:
    intent = attrs.evolve(intent, watch_domain=now.domain, watch_from=now.steady, absences=0, absent_at=0.0)
    tx.put_intent(intent)
    return intent


def rule_name(rule: UnknownRule) -> str:
    return type(rule).__name__


def wait(rule: UnknownRule) -> float:
    """Seconds after which no attempt can land any more and no look-up can miss it."""
    if isinstance(rule, (LookUp, RepeatRule)):
        return SEND_WITHIN + CALL_MAX + (rule.late + rule.lag).total_seconds()
    late = rule.late if isinstance(rule, Park) else timedelta(0)
    return SEND_WITHIN + CALL_MAX + late.total_seconds()
