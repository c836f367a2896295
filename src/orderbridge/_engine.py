"""One effect on the outside, done once: the protocol every writing use case goes through.

    R  run the flow from the top: reads only, no transaction. A crash here means nothing happened.
       a result -> finish.   Unclear -> a review.   a Write -> T
    T  one transaction: take the subject over (or still own it), record what the last call came to,
       then the intent of this step:
         none, NOT_SENT, ABSENT  a new attempt with these bytes: commit, then C
         CONFIRMED               never send again: wait for the look-up to show it, then a review
         UNKNOWN                 by its rule: look again, repeat, send the same bytes, or look once and park
    C  one call. Then R again with what it came to.

Recording an answer rides on the next transaction instead of having its own: a chain of w writes
costs w + 1 commits, and a crash between the answer and its record is the same as a crash before
the answer, which the rules above already survive. A write that can only be parked (nothing could
tell what came of it) is the exception: its answer is recorded at once.

Claiming rides on the first transaction in the same way. Two workers may run R for the same
subject; the fence lets one of them write.

Time is measured on a clock that never jumps, and only on one: a look-up that finds nothing counts
as evidence only if this very clock has run long enough since the attempt could last have left.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TypeVar

import attrs

from ._canonical import dump
from ._engine_chain import Chain, Sent, begin, own, record
from ._engine_doubt import (
    CALL_MAX,
    FIRST_LOOK,
    SEND_WITHIN,
    lands_until,
    may_still_land,
    rule_name,
    unresolved,
    wait,
    watch,
)
from ._engine_operation import NotDone, Operation
from ._http import Request, Response
from ._intents import Attempt, Intent
from ._journal import Tx
from ._raised import log_raised, raised_at
from ._reviews import ReviewCode
from ._saga import Clock, Lost, Saga, backoff, clock, commit, look, run_flow, send
from ._states import IntentState, move_intent
from ._world import World
from .adapters import Confirmed, Park, Past, Refused, SameKey, Throttled, Unclear, Unknown, Verdict, Write
from .errors import BridgeError, JournalError, LeaseLost, Repeat

__all__ = ["perform"]

R = TypeVar("R")

PATIENCE = 3  # reads in a row that make no sense before a person is asked: bot walls come and go
STEPS = 50  # writes in one chain; more means an adapter runs in circles


@attrs.frozen
class _Go:
    intent: int
    attempt: int
    request: Request


def perform(op: Operation[R], world: World, *, seen: int | None = None) -> Saga[None]:
    """Bring an operation as far as it will go now.

    ``seen`` is the fence of its subject when what the operation was made from was read: if somebody
    has worked on the subject since, that is out of date and nothing is done.
    """
    now = yield from clock()
    chain = yield from look(partial(begin, op, seen, now))
    if chain is None:
        return
    for _ in range(STEPS):
        began = yield from clock()
        past = op.past(Past(answers=chain.answers, attempted=chain.attempted))
        try:
            result = yield from run_flow(op.account, op.flow(past))
        except BridgeError as error:
            yield from _close(op, chain, error)
            return
        except Exception as error:  # a flow's bug is a review, never read as a refusal
            yield from _close(op, chain, error)
            return
        now = yield from clock()
        if not isinstance(result, Write):
            yield from _final(op, chain, result, began, now)
            return
        write: Write = result
        try:
            go = yield from commit(partial(_turn, op, chain, world, write, began, now))
        except LeaseLost:
            yield from _too_late(op, chain)
            return
        except JournalError:
            raise
        except Exception as error:  # what an adapter wants written makes no sense: only this operation waits
            yield from _close(op, chain, error)
            return
        chain.claimed, chain.sent = True, None
        if go is None:
            return
        outcome = yield from send(op.account, go.request, not_after=now.steady + SEND_WITHIN)
        verdict = Unknown(outcome.why) if isinstance(outcome, Lost) else _judged(op, write, outcome)
        chain.attempted = True
        chain.sent = Sent(go.intent, go.attempt, write, outcome, verdict)
        if isinstance(verdict, Confirmed) and isinstance(outcome, Response):
            chain.answers = {**chain.answers, write.step: outcome}
            if isinstance(write.unknown, Park):
                yield from _note_now(op, chain)
            continue
        if isinstance(verdict, Refused):
            believed = yield from _looked_at(op, chain, write, verdict)
            if believed is None:
                continue
            chain.sent = attrs.evolve(chain.sent, verdict=believed)
        yield from _conclude(op, chain)
        return
    yield from _close(op, chain, RuntimeError(f"more than {STEPS} writes in one chain"))


def _turn(
    op: Operation[R], chain: Chain, world: World, write: Write, began: Clock, now: Clock, tx: Tx
) -> _Go | None:
    own(tx, op, chain, now)
    if chain.sent is not None:
        record(tx, op, chain.sent, now)
    intent = tx.intent(about=op.about, operation=op.name, op_no=op.op_no, step=write.step)
    if intent is not None and intent.state is IntentState.OPEN:
        # Its sender died, or its answer never reached the journal.
        intent = watch(tx, attrs.evolve(intent, state=move_intent(intent.state, IntentState.UNKNOWN)), now)
        for attempt in tx.attempts(intent.id):
            if attempt.state is IntentState.OPEN:
                tx.put_attempt(attrs.evolve(attempt, state=IntentState.UNKNOWN))
        began = now
    stored: Request | None = None
    if intent is not None and intent.state not in (IntentState.NOT_SENT, IntentState.ABSENT):
        again = unresolved(tx, op, intent, write, began, now)
        if again is None:
            op.settle(tx, now)
            return None
        intent, stored = again
    elif intent is not None and isinstance(write.unknown, Park):
        # A person said "retry"; the call that nobody heard of may still be on its way.
        lands = lands_until(tx, intent)
        if lands > now.wall:
            op.doubt(tx, now, again_at=lands)
            op.settle(tx, now)
            return None
    why, stopped = op.plan(tx, write, now), ""
    if not why:
        stopped = _stopped(tx, op, write)
        why = stopped or _money(tx, op, world, write, now, intent)
    if why:
        op.later(tx, now, after=timedelta(minutes=15), why=why)
        if stopped:
            op.wait_for_money(tx)
        op.settle(tx, now)
        return None
    return _attempt(tx, op, chain, intent, stored or write.request, write, now)


def _stopped(tx: Tx, op: Operation[R], write: Write) -> str:
    """The stop switch, judged in the same commit as the intent."""
    reason = tx.stopped(op.owner) if write.binding and op.moves_money else None
    return "" if reason is None else f"all money is stopped: {reason}"


def _money(tx: Tx, op: Operation[R], world: World, write: Write, now: Clock, intent: Intent | None) -> str:
    """The limits, judged in the same commit as the intent."""
    if not write.binding:
        return ""
    if write.amount is None or not op.spends or (intent is not None and intent.state is IntentState.UNKNOWN):
        return ""
    if intent is not None:
        # What was kept back for tries that came to nothing is judged and counted anew.
        tx.unspend(intent.id)
    spent = tx.spent(owner=op.owner, currency=write.amount.currency, since=now.wall - timedelta(hours=24))
    today = attrs.evolve(write.amount, amount=spent)
    over = world.policy.over_limit(write.amount, spent_today=today)
    if not over and op.policy is not None:
        over = op.policy.over_limit(write.amount, spent_today=today)
    if over:
        op.ask(tx, ReviewCode.LIMIT, over, now)
    else:
        tx.close_reviews(ReviewCode.LIMIT, about=op.about, decision="allowed", at=now.wall)
    return over


def _attempt(
    tx: Tx, op: Operation[R], chain: Chain, intent: Intent | None, request: Request, write: Write, now: Clock
) -> _Go:
    if intent is None:
        intent = tx.add_intent(
            Intent(
                id=0,
                subject=op.subject,
                about=op.about,
                operation=op.name,
                op_no=op.op_no,
                step=write.step,
                account=op.account,
                state=IntentState.OPEN,
                rule=rule_name(write.unknown),
                amount=write.amount,
                binding=write.binding,
                wait=wait(write.unknown),
            )
        )
    else:
        intent = attrs.evolve(
            intent, state=move_intent(intent.state, IntentState.OPEN), absences=0, wait=wait(write.unknown)
        )
        tx.put_intent(intent)
    if write.amount is not None and op.spends:
        tx.spend(
            intent.id, owner=op.owner, currency=write.amount.currency, amount=write.amount.amount, at=now.wall
        )
    no = len(tx.attempts(intent.id)) + 1
    tx.add_attempt(
        Attempt(
            intent=intent.id,
            no=no,
            request=dump(request),
            sha256=request.sha256,
            at=now.wall,
            state=IntentState.OPEN,
            fence=chain.fences[op.subject] + 1,
        )
    )
    for subject, fence in chain.fences.items():
        tx.hold(subject, fence=fence + 1, until=now.wall + timedelta(seconds=SEND_WITHIN + CALL_MAX))
        # Whatever becomes of this process, somebody looks at it again.
        tx.wake(subject, now.wall + timedelta(seconds=SEND_WITHIN + CALL_MAX))
    # What may not be kept leaves now or never: a rule that sends stored bytes again has no such write.
    return _Go(intent.id, no, write.private or request)


def _judged(op: Operation[R], write: Write, answer: Response) -> Verdict:
    """What an answer proves: nothing, if its adapter stumbles over it; it is kept all the same."""
    try:
        return op.judge(write, answer)
    except Exception as error:
        log_raised(error, f"{op.name} at {op.account}")
        return Unknown(raised_at(error))


def _note_now(op: Operation[R], chain: Chain) -> Saga[None]:
    now = yield from clock()
    sent = chain.sent
    assert sent is not None
    yield from commit(lambda tx: record(tx, op, sent, now))
    chain.sent = None


def _looked_at(op: Operation[R], chain: Chain, write: Write, refused: Refused) -> Saga[Verdict | None]:
    """Look before a refusal is believed; None if the step is found done all the same.

    A network that carries a call twice brings back the refusal of the copy: "this key is used up".
    """
    try:
        result = yield from run_flow(
            op.account, op.flow(op.past(Past(answers=chain.answers, attempted=True)))
        )
    except Exception:  # whatever kept us from looking, the refusal alone proves nothing
        return Unknown(f"refused ({refused.why.value}), and nobody could look whether it was done")
    if not isinstance(result, Write) or result.step != write.step:
        return None
    # What was refused has changed since it was laid out: it is laid out anew.
    return refused if result.request.sha256 == write.request.sha256 else Throttled(1.0)


def _conclude(op: Operation[R], chain: Chain) -> Saga[None]:
    """A call that was not confirmed ends the chain."""
    now = yield from clock()
    sent = chain.sent
    assert sent is not None

    def work(tx: Tx) -> None:
        owned = all(tx.owns(subject, fence + 1) for subject, fence in chain.fences.items())
        state = record(tx, op, sent, now, owned=owned)
        if not owned:
            return
        verdict = sent.verdict
        if state is IntentState.REFUSED and isinstance(verdict, Refused):
            op.refused(tx, verdict, now)
        elif state is IntentState.NOT_SENT:
            after = verdict.after if isinstance(verdict, Throttled) else None
            why = sent.outcome.why if isinstance(sent.outcome, Lost) else "throttled"
            op.later(tx, now, after=None if after is None else timedelta(seconds=after), why=why)
        else:
            tries = len(tx.attempts(sent.intent))
            pause = backoff(tries - 1, base=FIRST_LOOK) if isinstance(sent.write.unknown, SameKey) else None
            op.doubt(tx, now, again_at=now.wall + (pause or timedelta(seconds=FIRST_LOOK)))
        op.settle(tx, now)

    yield from commit(work)


def _final(op: Operation[R], chain: Chain, result: R | Unclear, began: Clock, now: Clock) -> Saga[None]:
    def work(tx: Tx) -> None:
        own(tx, op, chain, now)
        if chain.sent is not None:
            record(tx, op, chain.sent, now)
        if isinstance(result, Unclear):
            op.unclear(tx, result, now)
        elif (again_at := may_still_land(tx, op, began, now)) is not None:
            op.doubt(tx, now, again_at=again_at)
        else:
            done = not isinstance(result, NotDone)
            for intent in tx.intents(about=op.about, operation=op.name, op_no=op.op_no) if done else ():
                if intent.state is IntentState.OPEN:
                    intent = attrs.evolve(intent, state=IntentState.UNKNOWN)
                if intent.state is not IntentState.CONFIRMED:
                    tx.put_intent(
                        attrs.evolve(
                            intent, state=move_intent(intent.state, IntentState.CONFIRMED), reason="found"
                        )
                    )
                    tx.close_reviews(ReviewCode.PARKED, about=op.about, decision="found", at=now.wall)
            tx.close_reviews(ReviewCode.CONFIRMED_NOT_FOUND, about=op.about, decision="found", at=now.wall)
            # A page of a bot wall, a cut answer: it came right by itself.
            tx.close_reviews(ReviewCode.FAULT, about=op.about, decision="passed", at=now.wall)
            op.done(tx, result, now)
        op.settle(tx, now)

    try:
        yield from commit(work)
    except LeaseLost:
        yield from _too_late(op, chain)
    except JournalError:
        raise
    except Exception as error:  # the result is none: as if the flow itself had broken
        yield from _close(op, chain, error)


def _too_late(op: Operation[R], chain: Chain) -> Saga[None]:
    """Another worker took over. A success closes its intent whoever brings it; a failure is evidence."""
    sent = chain.sent
    if sent is None or not isinstance(sent.verdict, Confirmed) or not isinstance(sent.outcome, Response):
        return
    answer = dump(sent.outcome)
    now = yield from clock()
    amount = sent.write.amount if sent.write.binding and op.spends else None

    def work(tx: Tx) -> None:
        tx.confirm_late(sent.intent, sent.attempt, answer)
        if amount is not None:
            # It may have been given up, and its money given back to the limits.
            tx.spend(sent.intent, owner=op.owner, currency=amount.currency, amount=amount.amount, at=now.wall)

    yield from commit(work)


def _close(op: Operation[R], chain: Chain, error: Exception) -> Saga[None]:
    """A read failed, or a flow broke: write down what is known and come back later."""
    if not isinstance(error, BridgeError):
        log_raised(error, f"{op.name} at {op.account}")
    now = yield from clock()

    def work(tx: Tx) -> None:
        own(tx, op, chain, now)
        if chain.sent is not None:
            record(tx, op, chain.sent, now)
        if not isinstance(error, BridgeError):
            op.ask(tx, ReviewCode.FAULT, f"{op.name} at {op.account}: {raised_at(error)}", now)
            op.later(tx, now, after=timedelta(hours=1), why=type(error).__name__)
        elif error.repeat is Repeat.NO and op.failures >= PATIENCE:
            op.ask(tx, ReviewCode.FAULT, f"{op.name} at {op.account}: {error}", now)
            op.later(tx, now, after=timedelta(hours=1), why=str(error))
        else:
            op.later(tx, now, after=None, why=str(error))
        op.settle(tx, now)

    try:
        yield from commit(work)
    except LeaseLost:
        yield from _too_late(op, chain)
