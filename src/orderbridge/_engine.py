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

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Generic, TypeVar

import attrs

from ._canonical import dump, load
from ._couriers import Couriers
from ._events import EventKind
from ._http import Request, Response
from ._journal import Tx
from ._model import BuyerContext
from ._policy import PackingRule, Policy
from ._records import Attempt, Intent, ReviewCode
from ._saga import Clock, Lost, Saga, clock, commit, look, run_flow, send
from ._sourcing import Rule
from ._states import IntentState, move_intent
from .adapters import (
    Confirmed,
    Flow,
    LookUp,
    Park,
    Past,
    Refusal,
    Refused,
    SameKey,
    StoreAdapter,
    SupplierAdapter,
    Throttled,
    Unclear,
    Unknown,
    UnknownRule,
    Verdict,
    Write,
)
from .adapters import Repeat as RepeatRule
from .errors import BridgeError, Damaged, IllegalTransition, LeaseLost, Repeat

__all__ = ["NotDone", "Operation", "Store", "Supplier", "World", "backoff", "perform"]

R = TypeVar("R")

SEND_WITHIN = 30.0  # seconds after the intent's commit in which its call may leave
PATIENCE = 3  # reads in a row that make no sense before a person is asked: bot walls come and go
CALL_MAX = 120.0  # seconds a call may last at the most
APART = 60.0  # seconds between two look-ups that are to count as two
FIRST_LOOK = 60.0  # seconds after which a lost answer is first looked for
TRIES = 3  # unanswered attempts in a row, each looked for and not found, before a person is asked
STEPS = 50  # writes in one chain; more means an adapter runs in circles


@attrs.frozen(kw_only=True)
class Store:
    """A store's account, opened."""

    name: str
    platform: str
    adapter: StoreAdapter
    owner: str = ""
    origin: str
    policy: Policy | None = None


@attrs.frozen(kw_only=True)
class Supplier:
    """A supplier's account, opened.

    Args:
        shared: Other systems or people use the same growing order.
    """

    name: str
    platform: str
    adapter: SupplierAdapter
    owner: str = ""
    origin: str
    shared: bool = False
    policy: Policy | None = None


@attrs.frozen(kw_only=True)
class World:
    """All that a saga may know beside the journal.

    Args:
        lazy: There may be thousands of accounts, each opened when it is needed: nothing looks at all of them.
    """

    stores: Mapping[str, Store]
    suppliers: Mapping[str, Supplier]
    policy: Policy
    rules: tuple[Rule, ...] = ()
    take_from: datetime | None = None
    packing: tuple[PackingRule, ...] = ()
    buyer: BuyerContext | None = None
    couriers: Couriers = attrs.field(factory=Couriers)
    rate: Callable[[str, str], Decimal | None] = lambda _, __: None
    lazy: bool = False

    def serves(self, supplier: str, store: str) -> bool:
        """May this supplier ship for this store? Nothing crosses owners; one that is nobody's serves all."""
        if supplier not in self.suppliers or store not in self.stores:
            return False
        return self.suppliers[supplier].owner in ("", self.stores[store].owner)

    def policy_of(self, store: str, supplier: str = "") -> Policy:
        """The policy for a store, or for its purchase orders at a supplier."""
        seller, shipper = self.stores.get(store), self.suppliers.get(supplier)
        return self.policy.joined(
            seller.policy if seller is not None else None, shipper.policy if shipper is not None else None
        )


def backoff(failures: int, *, base: float = 15.0, most: float = 3600.0) -> timedelta:
    """How long to leave something alone after so many failures in a row."""
    return timedelta(seconds=min(most, base * 2 ** min(failures, 10)))


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

    def unclear(self, tx: Tx, evidence: str, now: Clock) -> None:
        """A person must look."""
        self.ask(tx, ReviewCode.UNCLEAR, evidence, now)

    @abstractmethod
    def doubt(self, tx: Tx, now: Clock, *, again_at: datetime | None) -> None:
        """Nobody knows yet; look again at ``again_at``, or a person is asked already."""

    @abstractmethod
    def later(self, tx: Tx, now: Clock, *, after: timedelta | None, why: str) -> None:
        """Nothing happened; try again, after a growing pause unless ``after`` says how long."""

    @abstractmethod
    def settle(self, tx: Tx, now: Clock) -> None:
        """Let the subjects go, each due when something in it is."""

    def ask(self, tx: Tx, code: ReviewCode, evidence: str, now: Clock) -> None:
        """Ask a person about it."""
        tx.open_review(
            code,
            about=self.about,
            evidence=evidence,
            decisions=self.decisions,
            at=now.wall,
            order_id=self.order_id,
            account=self.account,
        )
        tx.event(
            EventKind.REVIEW_OPENED,
            about=self.about,
            at=now.wall,
            order_id=self.order_id,
            owner=self.owner,
            data={"code": code.value, "evidence": evidence},
        )


@attrs.define
class _Chain:
    """What one worker has of a subject while it works on it."""

    fences: dict[str, int]
    claimed: bool = False
    answers: dict[str, Response] = attrs.field(factory=dict[str, Response])
    attempted: bool = False
    sent: _Sent | None = None


@attrs.frozen
class _Sent:
    intent: int
    attempt: int
    write: Write
    outcome: Response | Lost
    verdict: Verdict


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
    chain = yield from look(partial(_begin, op, seen, now))
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
            yield from _too_late(chain)
            return
        chain.claimed, chain.sent = True, None
        if go is None:
            return
        outcome = yield from send(op.account, go.request, not_after=now.steady + SEND_WITHIN)
        verdict = Unknown(outcome.why) if isinstance(outcome, Lost) else op.judge(write, outcome)
        chain.attempted = True
        chain.sent = _Sent(go.intent, go.attempt, write, outcome, verdict)
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


def _begin(op: Operation[R], seen: int | None, now: Clock, tx: Tx) -> _Chain | None:
    works = [tx.work(subject) for subject in (op.subject, *op.also)]
    if seen is not None and works[0].fence != seen:
        return None
    if any(work.lease_until is not None and work.lease_until > now.wall for work in works):
        return None  # somebody has a call under way
    chain = _Chain({work.subject: work.fence for work in works})
    for intent in tx.intents(about=op.about, operation=op.name, op_no=op.op_no):
        chain.attempted = chain.attempted or intent.state is not IntentState.NOT_SENT
        if intent.state is IntentState.CONFIRMED:
            for attempt in tx.attempts(intent.id):
                if attempt.state is IntentState.CONFIRMED and attempt.answer:
                    chain.answers[intent.step] = load(Response, attempt.answer)
    return chain


def _own(tx: Tx, op: Operation[R], chain: _Chain, now: Clock) -> None:
    """Take the subjects over with the first commit of a chain; own them still with each later one."""
    for subject, fence in chain.fences.items():
        if not chain.claimed:
            tx.claim(subject, seen=fence, now=now.wall)
        elif not tx.owns(subject, fence + 1):
            raise LeaseLost("another worker has taken this subject over", reference=subject)


def _turn(
    op: Operation[R], chain: _Chain, world: World, write: Write, began: Clock, now: Clock, tx: Tx
) -> _Go | None:
    _own(tx, op, chain, now)
    if chain.sent is not None:
        _record(tx, op, chain.sent, now)
    intent = tx.intent(about=op.about, operation=op.name, op_no=op.op_no, step=write.step)
    if intent is not None and intent.state is IntentState.OPEN:
        # Its sender died, or its answer never reached the journal.
        intent = _watch(tx, attrs.evolve(intent, state=move_intent(intent.state, IntentState.UNKNOWN)), now)
        for attempt in tx.attempts(intent.id):
            if attempt.state is IntentState.OPEN:
                tx.put_attempt(attrs.evolve(attempt, state=IntentState.UNKNOWN))
        began = now
    stored: Request | None = None
    if intent is not None and intent.state not in (IntentState.NOT_SENT, IntentState.ABSENT):
        again = _unresolved(tx, op, intent, write, began, now)
        if again is None:
            op.settle(tx, now)
            return None
        intent, stored = again
    elif intent is not None and isinstance(write.unknown, Park):
        # A person said "retry"; the call that nobody heard of may still be on its way.
        lands = _lands_until(tx, intent, write.unknown)
        if lands > now.wall:
            op.doubt(tx, now, again_at=lands)
            op.settle(tx, now)
            return None
    why = op.plan(tx, write, now) or _money(tx, op, world, write, now, intent)
    if why:
        op.later(tx, now, after=timedelta(minutes=15), why=why)
        op.settle(tx, now)
        return None
    return _attempt(tx, op, chain, intent, stored or write.request, write, now)


def _money(tx: Tx, op: Operation[R], world: World, write: Write, now: Clock, intent: Intent | None) -> str:
    """The stop switch and the limits, judged in the same commit as the intent."""
    if not write.binding:
        return ""
    if op.moves_money and (reason := tx.stopped(op.owner)) is not None:
        return f"all money is stopped: {reason}"
    if write.amount is None or not op.spends or (intent is not None and intent.state is IntentState.UNKNOWN):
        return ""
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
    tx: Tx, op: Operation[R], chain: _Chain, intent: Intent | None, request: Request, write: Write, now: Clock
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
                rule=_rule_name(write.unknown),
                amount=write.amount,
                binding=write.binding,
                wait=_wait(write.unknown),
            )
        )
    else:
        intent = attrs.evolve(
            intent, state=move_intent(intent.state, IntentState.OPEN), absences=0, wait=_wait(write.unknown)
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


def _unresolved(
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
        intent = _watch(tx, intent, now)
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
    return _absent(tx, intent), None


def _lands_until(tx: Tx, intent: Intent, rule: Park) -> datetime:
    """When the last attempt that may have left can no longer be carried out."""
    unheard = (IntentState.OPEN, IntentState.UNKNOWN, IntentState.ABSENT)
    lost = [attempt.at for attempt in tx.attempts(intent.id) if attempt.state in unheard]
    within = timedelta(seconds=SEND_WITHIN + CALL_MAX) + rule.late
    return max(lost, default=datetime.min.replace(tzinfo=UTC)) + (within if lost else timedelta(0))


def _absent(tx: Tx, intent: Intent) -> Intent:
    intent = attrs.evolve(intent, state=move_intent(intent.state, IntentState.ABSENT), absences=2)
    tx.put_intent(intent)
    for attempt in tx.attempts(intent.id):
        if attempt.state is IntentState.UNKNOWN:
            tx.put_attempt(attrs.evolve(attempt, state=IntentState.ABSENT))
    tx.unspend(intent.id)
    return intent


def _confirmed_but_missing(tx: Tx, op: Operation[R], intent: Intent, began: Clock, now: Clock) -> None:
    """The platform said yes and does not show it: never send again; after its lag, ask a person."""
    if intent.watch_domain != now.domain:
        intent = _watch(tx, intent, now)
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
    if now.wall - first.at >= rule.lifetime:
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


def _watch(tx: Tx, intent: Intent, now: Clock) -> Intent:
    intent = attrs.evolve(intent, watch_domain=now.domain, watch_from=now.steady, absences=0, absent_at=0.0)
    tx.put_intent(intent)
    return intent


def _record(tx: Tx, op: Operation[R], sent: _Sent, now: Clock, *, owned: bool = True) -> IntentState:
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


def _find(tx: Tx, op: Operation[R], sent: _Sent) -> tuple[Intent, Attempt]:
    intent = tx.intent(about=op.about, operation=op.name, op_no=op.op_no, step=sent.write.step)
    assert intent is not None
    return intent, next(a for a in tx.attempts(intent.id) if a.no == sent.attempt)


def _note_now(op: Operation[R], chain: _Chain) -> Saga[None]:
    now = yield from clock()
    sent = chain.sent
    assert sent is not None
    yield from commit(lambda tx: _record(tx, op, sent, now))
    chain.sent = None


def _looked_at(op: Operation[R], chain: _Chain, write: Write, refused: Refused) -> Saga[Verdict | None]:
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


def _conclude(op: Operation[R], chain: _Chain) -> Saga[None]:
    """A call that was not confirmed ends the chain."""
    now = yield from clock()
    sent = chain.sent
    assert sent is not None

    def work(tx: Tx) -> None:
        owned = all(tx.owns(subject, fence + 1) for subject, fence in chain.fences.items())
        state = _record(tx, op, sent, now, owned=owned)
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


def _final(op: Operation[R], chain: _Chain, result: R | Unclear, began: Clock, now: Clock) -> Saga[None]:
    def work(tx: Tx) -> None:
        _own(tx, op, chain, now)
        if chain.sent is not None:
            _record(tx, op, chain.sent, now)
        if isinstance(result, Unclear):
            op.unclear(tx, result.evidence, now)
        elif (again_at := _may_still_land(tx, op, began, now)) is not None:
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
        yield from _too_late(chain)


def _may_still_land(tx: Tx, op: Operation[R], began: Clock, now: Clock) -> datetime | None:
    """A lost absolute set may land after a newer one: until it cannot any more, it is not over."""
    for intent in tx.intents(about=op.about, operation=op.name, op_no=op.op_no):
        unresolved = intent.state in (IntentState.UNKNOWN, IntentState.OPEN)
        if not unresolved or intent.rule != _rule_name(RepeatRule()):
            continue
        if intent.watch_domain != now.domain:
            intent = _watch(tx, intent, now)
        left = intent.wait - (began.steady - intent.watch_from)
        if left > 0:
            return now.wall + timedelta(seconds=left)
    return None


def _too_late(chain: _Chain) -> Saga[None]:
    """Another worker took over. A success closes its intent whoever brings it; a failure is evidence."""
    sent = chain.sent
    if sent is None or not isinstance(sent.verdict, Confirmed) or not isinstance(sent.outcome, Response):
        return
    answer = dump(sent.outcome)

    def work(tx: Tx) -> None:
        tx.confirm_late(sent.intent, sent.attempt, answer)

    yield from commit(work)


def _close(op: Operation[R], chain: _Chain, error: Exception) -> Saga[None]:
    """A read failed, or a flow broke: write down what is known and come back later."""
    now = yield from clock()

    def work(tx: Tx) -> None:
        _own(tx, op, chain, now)
        if chain.sent is not None:
            _record(tx, op, chain.sent, now)
        if not isinstance(error, BridgeError):
            op.ask(tx, ReviewCode.FAULT, f"{op.name} at {op.account}: {type(error).__name__}", now)
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
        yield from _too_late(chain)


def _rule_name(rule: UnknownRule) -> str:
    return type(rule).__name__


def _wait(rule: UnknownRule) -> float:
    """Seconds after which no attempt can land any more and no look-up can miss it."""
    if isinstance(rule, (LookUp, RepeatRule)):
        return SEND_WITHIN + CALL_MAX + (rule.late + rule.lag).total_seconds()
    return SEND_WITHIN + CALL_MAX
