"""Cases: money back, goods back, goods once more. People ask the supplier; here stands how far that is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import attrs

from ._events import EventKind
from ._fits import at_most
from ._journal import Tx
from ._model import ShipmentLine
from ._money import Money, is_finer
from ._plan import plan_order
from ._records import PurchaseRecord
from ._reviews import ReviewCode
from ._saga import Clock, Saga, clock, commit, look
from ._states import (
    BEFORE_PLACED,
    CASE_OVER,
    CASES,
    HAS_LEFT,
    CaseKind,
    CaseState,
    Fulfillment,
    Payment,
    move_case,
)
from ._wishes import Case
from ._wording import readable
from .adapters import Returned
from .errors import ConfigurationError, IllegalTransition

__all__ = [
    "ABOUT_PAYING",
    "case_opened",
    "check_key",
    "check_lines",
    "list_cases",
    "money_asked_at",
    "money_is_out",
    "move",
    "open_case",
    "take_money_word",
    "take_resent",
    "take_return",
]

_KEY = re.compile(r"[A-Za-z0-9._-]{1,40}")
# What begins the keys that the bridge gives.
_OURS = "supplier:"
_REFUND, _DISPUTE = f"{_OURS}refund", f"{_OURS}dispute"
_ENDED = (Fulfillment.CANCELED, Fulfillment.REJECTED)
_OUT = frozenset({Payment.PAID, Payment.DISPUTED, Payment.PART_REFUNDED})  # money of ours is at the supplier
_ON_ITS_WAY = frozenset({Payment.PENDING, Payment.IN_DOUBT})  # it may be
_NOT_OUT = frozenset({Payment.UNPAID, Payment.FAILED, Payment.NOT_REQUIRED})
# What is asked of paying something; until it is answered, or falls away, nothing of it is paid.
ABOUT_PAYING = (
    ReviewCode.REFUSED,
    ReviewCode.UNCLEAR,
    ReviewCode.PARKED,
    ReviewCode.LIMIT,
    ReviewCode.PRICE,
)


# --- what people say ----------------------------------------------------------------------------------


def open_case(
    po_id: str,
    *,
    kind: CaseKind,
    key: str,
    lines: Sequence[ShipmentLine],
    amount: Money | None,
    reason: str,
    evidence: Sequence[str],
) -> Saga[Case]:
    """A case about a placed purchase order; asked for again by its key it is the same one.

    Raises:
        ConfigurationError: there is no such purchase order, it is not placed, what is wanted is more than it
            holds or costs, or the key names another case.
    """
    check_key(key)
    for name, text in (("reason", reason), *(("evidence", each) for each in evidence)):
        if any("\ud800" <= sign <= "\udfff" for sign in text):
            raise ConfigurationError(
                f"{name}: a half of a character stands in it; give text that UTF-8 can hold"
            )
    now = yield from clock()

    def work(tx: Tx) -> Case:
        record = tx.purchase(po_id)
        if record is None:
            raise ConfigurationError(f"purchase order: there is no {po_id!r}")
        never = record.fulfillment in _ENDED and record.placed_at is None
        if record.fulfillment in BEFORE_PLACED or never:
            raise ConfigurationError(
                f"purchase order {po_id!r} is {record.fulfillment.value}: the supplier has not got it"
            )
        check_lines(record, lines)
        _check_amount(record, amount)
        case = case_opened(
            tx,
            record,
            now,
            kind=kind,
            key=key,
            lines=tuple(lines),
            amount=amount,
            reason=reason,
            evidence=tuple(evidence),
        )
        if record.next_at is None and money_is_out(tx, record):
            # It was asked about no more; now something is waited for.
            tx.put_purchase(attrs.evolve(record, next_at=now.wall))
            plan_order(tx, record.po.order_id, now)
        return case

    return (yield from commit(work))


def move(case_id: str, state: CaseState, *, word: str) -> Saga[Case]:
    """A person says how far a case is; the same again changes nothing.

    Raises:
        ConfigurationError: there is no such case, or it cannot be there from where it is.
    """
    now = yield from clock()

    def work(tx: Tx) -> Case:
        case = tx.case(case_id)
        if case is None:
            raise ConfigurationError(f"case: there is no {case_id!r}")
        try:
            return _moved(tx, case, state, word, now)
        except IllegalTransition:
            raise ConfigurationError(
                f"case {case_id!r} is {case.state.value} and cannot be {state.value}"
            ) from None

    return (yield from commit(work))


def list_cases(
    *, purchase_order: str, kind: CaseKind | None, everything: bool, owner: str, after: str, limit: int
) -> Saga[tuple[Case, ...]]:
    most = at_most(limit)
    return look(
        lambda tx: tx.cases(
            purchase_order=purchase_order,
            kind=kind,
            everything=everything,
            owner=owner,
            after=after,
            limit=most,
        )
    )


def check_key(key: str) -> None:
    """A key of a person's."""
    if not _KEY.fullmatch(key):
        raise ConfigurationError(f"key: {key!r} is not 1 to 40 letters, digits, dots or dashes")


def check_lines(record: PurchaseRecord, lines: Sequence[ShipmentLine]) -> None:
    """Supplier units of a purchase order, no more than it holds."""
    held = record.po.units
    named: dict[str, Decimal] = {}
    for line in lines:
        if line.remote_id not in held:
            known = ", ".join(sorted(held))
            raise ConfigurationError(f"remote id: {line.remote_id!r} came; {record.po.id} holds {known}")
        named[line.remote_id] = named.get(line.remote_id, Decimal(0)) + line.quantity
        if not (
            line.quantity.is_finite() and line.quantity > 0 and named[line.remote_id] <= held[line.remote_id]
        ):
            raise ConfigurationError(
                f"remote id {line.remote_id}: {named[line.remote_id]:f} units came; "
                f"{record.po.id} holds {held[line.remote_id]:f}"
            )


def _check_amount(record: PurchaseRecord, amount: Money | None) -> None:
    if amount is None:
        return
    if amount.amount <= 0:
        raise ConfigurationError(f"amount: {amount} came; give more than zero")
    if is_finer(amount, record.total or Money.zero(amount.currency)):
        raise ConfigurationError(f"amount: {amount} came; {amount.currency} has no such small change")
    if record.total is None:
        return
    if amount.currency != record.total.currency:
        raise ConfigurationError(f"amount: {amount.currency} came; it costs {record.total}")
    if amount.amount > record.total.amount:
        raise ConfigurationError(f"amount: {amount} came; {record.po.id} costs {record.total}")


# --- within a transaction -----------------------------------------------------------------------------


def case_opened(
    tx: Tx,
    record: PurchaseRecord,
    now: Clock,
    *,
    kind: CaseKind,
    key: str,
    state: CaseState = CaseState.REQUESTED,
    lines: tuple[ShipmentLine, ...] = (),
    amount: Money | None = None,
    reason: str = "",
    evidence: tuple[str, ...] = (),
    child: str = "",
    word: str = "",
) -> Case:
    """The case that ``key`` names in a purchase order, opened now if it was not before."""
    mine = _cases_of(tx, record)
    known = next((case for case in mine if case.key == key), None)
    if known is not None:
        same = (known.kind, known.lines, known.amount) == (kind, lines, amount)
        # Words may have been forgotten since, and who asks again need not say them again.
        said = (known.reason, known.evidence) == (reason, evidence)
        wordless = ("", ()) in ((known.reason, known.evidence), (reason, evidence))
        if not (same and (said or wordless)):
            raise ConfigurationError(
                f"key: {key!r} names {known.id} already, of {known.opened_at:%Y-%m-%d %H:%M} UTC, with other "
                "content; another key (--key) is another case"
            )
        return known
    case = Case(
        id=f"{record.po.id}/case/{len(mine) + 1}",
        order_id=record.po.order_id,
        purchase_order=record.po.id,
        key=key,
        kind=kind,
        state=state,
        lines=lines,
        amount=amount,
        reason=reason,
        evidence=evidence,
        child=child,
        opened_at=now.wall,
        changed_at=now.wall,
        word=word,
    )
    tx.put_case(case)
    _event(tx, EventKind.CASE_OPENED, case, now)
    return case


def take_money_word(tx: Tx, before: PurchaseRecord, after: PurchaseRecord, now: Clock) -> None:
    """What a change of a purchase order's payment, or its end, means for the money that is out."""
    payment, word = after.payment, readable(after.raw_status) or after.word
    mine = [case for case in _cases_of(tx, after) if case.state not in CASE_OVER]
    disputes = [case for case in mine if case.kind is CaseKind.DISPUTE]
    refunds = [case for case in mine if case.kind is CaseKind.REFUND]
    if payment is not before.payment:
        if payment is Payment.DISPUTED:
            if not disputes:
                _open(tx, after, now, CaseKind.DISPUTE, _DISPUTE, CaseState.UNDER_REVIEW)
        elif payment is Payment.CHARGED_BACK:
            if not disputes:
                disputes = [_open(tx, after, now, CaseKind.DISPUTE, _DISPUTE, CaseState.UNDER_REVIEW)]
            _all(tx, disputes, CaseState.RESOLVED, word, now)
        elif payment is Payment.PART_REFUNDED:
            # Whether that was all is for a person to say.
            if not (refunds or disputes):
                refunds = [_open(tx, after, now, CaseKind.REFUND, _REFUND, CaseState.REQUESTED)]
            _all(tx, [*refunds, *disputes], CaseState.APPROVED, word, now)
        elif payment is Payment.REFUNDED:
            if not (refunds or disputes):
                refunds = [_open(tx, after, now, CaseKind.REFUND, _REFUND, CaseState.REQUESTED)]
            _all(tx, [*refunds, *disputes], CaseState.RESOLVED, word, now)
        elif payment is Payment.PAID and before.payment is Payment.DISPUTED:
            _all(tx, disputes, CaseState.DENIED, word, now)
        elif payment in _NOT_OUT and after.fulfillment in _ENDED:
            # What was on its way never came there. What people have asked for is theirs to end.
            ours = [case for case in refunds if case.key.startswith(_REFUND)]
            _all(tx, ours, CaseState.WITHDRAWN, word, now)
        if payment is Payment.PAID:
            _nothing_to_pay(tx, after, now, decision="paid")
    ended = after.fulfillment in _ENDED
    ends = ended and before.fulfillment not in _ENDED
    out = payment in _OUT | _ON_ITS_WAY
    if ends and out and not refunds:
        # It will not come, and it is paid, or nobody knows yet that it is not.
        _open(tx, after, now, CaseKind.REFUND, _REFUND, CaseState.REQUESTED)
    if ended and not out:
        _nothing_to_pay(tx, after, now, decision="canceled")


def _nothing_to_pay(tx: Tx, record: PurchaseRecord, now: Clock, *, decision: str) -> None:
    """What was asked about paying it is answered, whoever did it."""
    for code in ABOUT_PAYING:
        tx.close_reviews(code, about=record.po.id, decision=decision, at=now.wall)


def money_is_out(tx: Tx, record: PurchaseRecord) -> bool:
    """The supplier has money of ours, or may have, and a case about getting it back is open."""
    return money_asked_at(tx, record) is not None


def money_asked_at(tx: Tx, record: PurchaseRecord) -> datetime | None:
    """When money that is out was last asked for; None if none is, or nobody waits for it."""
    if record.payment not in _OUT | _ON_ITS_WAY:
        return None
    kinds = (CaseKind.REFUND, CaseKind.DISPUTE)
    asked = [
        case.opened_at for case in _cases_of(tx, record) if case.kind in kinds and case.state not in CASE_OVER
    ]
    return max(asked, default=None)


def take_return(tx: Tx, record: PurchaseRecord, returned: Returned, now: Clock) -> None:
    """Goods that came back: one case for each return that the supplier names."""
    key = f"{_OURS}return:{returned.ref}"
    lines = (ShipmentLine(remote_id=returned.remote_id, quantity=returned.quantity),)
    known = next((case for case in _cases_of(tx, record) if case.key == key), None)
    if known is None:
        case_opened(
            tx,
            record,
            now,
            kind=CaseKind.RETURN,
            key=key,
            state=CaseState.UNDER_REVIEW,
            lines=lines,
            word=readable(returned.raw),
        )
    elif (known.word, known.lines) != (readable(returned.raw), lines) and known.state not in CASE_OVER:
        moved = attrs.evolve(known, lines=lines, word=readable(returned.raw), changed_at=now.wall)
        tx.put_case(moved)
        _event(tx, EventKind.CASE_MOVED, moved, now)


def take_resent(tx: Tx, record: PurchaseRecord, now: Clock) -> None:
    """The goods have left once more: what was asked for is done."""
    if record.resend_of and record.fulfillment in HAS_LEFT:
        mine = [case for case in tx.cases_of(record.po.order_id) if case.child == record.po.id]
        _all(tx, mine, CaseState.RESOLVED, record.raw_status, now)


def _open(tx: Tx, record: PurchaseRecord, now: Clock, kind: CaseKind, key: str, state: CaseState) -> Case:
    taken = [case.key for case in _cases_of(tx, record) if case.key.startswith(key)]
    # One that is over stays over: money disputed a second time is a second case.
    name = f"{key}:{len(taken) + 1}" if taken else key
    return case_opened(
        tx, record, now, kind=kind, key=name, state=state, word=readable(record.raw_status) or record.word
    )


def _all(tx: Tx, cases: Sequence[Case], to: CaseState, word: str, now: Clock) -> None:
    for case in cases:
        if to in CASES.get(case.state, frozenset()):  # further than that, a person has said
            _moved(tx, case, to, word, now)


def _moved(tx: Tx, case: Case, to: CaseState, word: str, now: Clock) -> Case:
    state = move_case(case.state, to)
    moved = attrs.evolve(case, state=state, word=word or case.word)
    if moved == case:
        return case
    moved = attrs.evolve(moved, changed_at=now.wall)
    tx.put_case(moved)
    _event(tx, EventKind.CASE_MOVED, moved, now)
    return moved


def _cases_of(tx: Tx, record: PurchaseRecord) -> list[Case]:
    return [case for case in tx.cases_of(record.po.order_id) if case.purchase_order == record.po.id]


def _event(tx: Tx, kind: EventKind, case: Case, now: Clock) -> None:
    # Neither the reason nor the word: people write what they like there, and events are never forgotten.
    data = {"kind": case.kind.value, "state": case.state.value}
    tx.event(kind, about=case.id, at=now.wall, order_id=case.order_id, data=data)
