"""The states of a purchase order, its payment, a case, an intent, a notice: tables and the rules over them.

Theory
------
1. Every change of a state goes through this file. This file does not know who asks: an adapter,
   a person, a simulator.
2. Several small machines, joined by rules, instead of one big one. How far the goods are and how
   far the money is are two axes: a supplier may prepare unpaid goods on account, and money may be
   disputed while goods travel.
3. Two kinds of step. A *command* is ours: it moves along ``COMMANDS``, one step at a time. An
   *observation* is the supplier's word: it may skip forward, because pollers miss steps and
   people order behind our back.
4. An observation that goes backward is no transition. The state stays, the raw word is kept, and
   the caller writes an event; the same for a word nobody mapped. There is no default.
5. Words are append-only: a journal written today is read in ten years.

The diagrams in the docs are drawn from these tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from .errors import IllegalTransition

__all__ = [
    "COMMANDS",
    "NOTHING_DONE",
    "NOT_YET_PAID",
    "CaseKind",
    "CaseState",
    "Fulfillment",
    "IntentState",
    "ManifestState",
    "NoticeState",
    "Payment",
    "PaymentKind",
    "Seen",
    "TaskState",
    "can_be_canceled",
    "command",
    "move_case",
    "move_intent",
    "observe",
    "observe_payment",
]


class Fulfillment(Enum):
    """How far a purchase order is on its way to the shopper."""

    IN_QUOTE = "IN_QUOTE"
    TO_ORDER = "TO_ORDER"
    RESERVED = "RESERVED"
    PLACING = "PLACING"
    IN_DOUBT = "IN_DOUBT"
    PLACED = "PLACED"
    ACCEPTED = "ACCEPTED"
    PREPARING = "PREPARING"
    READY = "READY"
    PART_SHIPPED = "PART_SHIPPED"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    COMPLETED = "COMPLETED"
    ON_HOLD = "ON_HOLD"
    CANCEL_REQUESTED = "CANCEL_REQUESTED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"


class Payment(Enum):
    """How far a purchase order is paid to the supplier."""

    UNKNOWN = "UNKNOWN"
    NOT_REQUIRED = "NOT_REQUIRED"
    UNPAID = "UNPAID"
    PENDING = "PENDING"
    IN_DOUBT = "IN_DOUBT"
    FAILED = "FAILED"
    PAID = "PAID"
    DISPUTED = "DISPUTED"
    PART_REFUNDED = "PART_REFUNDED"
    REFUNDED = "REFUNDED"
    CHARGED_BACK = "CHARGED_BACK"


class IntentState(Enum):
    """What is known of one effect on the outside."""

    OPEN = "OPEN"  # committed; the call may be under way
    NOT_SENT = "NOT_SENT"  # no byte left: may be tried again
    ABSENT = "ABSENT"  # looked up twice, far enough apart: may be tried again
    UNKNOWN = "UNKNOWN"  # sent, no word: only its rule may resolve it
    CONFIRMED = "CONFIRMED"  # done: never sent again
    REFUSED = "REFUSED"  # the platform said no, before any effect
    PARKED = "PARKED"  # a person decides


class NoticeState(Enum):
    """How far a shipment notice is."""

    DUE = "DUE"
    ANNOUNCED = "ANNOUNCED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"


class ManifestState(Enum):
    """How far a hand-over list is: it may change, or the courier has it. There is no way back."""

    PREPARING = "PREPARING"
    SHIPPED = "SHIPPED"


class TaskState(Enum):
    """How far something is that a person wants done in the shop.

    DUE goes on by itself. REFUSED and ASKED have a review; DROPPED had one, and somebody let it be.
    """

    DUE = "DUE"
    DONE = "DONE"
    REFUSED = "REFUSED"
    ASKED = "ASKED"
    DROPPED = "DROPPED"


class CaseKind(Enum):
    """What is wanted of a supplier beside an order that it has."""

    REFUND = "REFUND"  # money back
    RESEND = "RESEND"  # goods once more
    RETURN = "RETURN"  # goods back
    DISPUTE = "DISPUTE"  # about money, before somebody who decides


class CaseState(Enum):
    """How far a case is."""

    REQUESTED = "REQUESTED"
    UNDER_REVIEW = "UNDER_REVIEW"
    APPROVED = "APPROVED"
    RESOLVED = "RESOLVED"
    DENIED = "DENIED"
    WITHDRAWN = "WITHDRAWN"


F, P, N, C = Fulfillment, Payment, IntentState, CaseState

# The main path, in order. Gaps leave room for words to come.
RANK: Mapping[Fulfillment, int] = {
    F.IN_QUOTE: 0,
    F.TO_ORDER: 1,
    F.RESERVED: 2,
    F.PLACING: 3,
    F.PLACED: 10,
    F.ACCEPTED: 20,
    F.PREPARING: 30,
    F.READY: 40,
    F.PART_SHIPPED: 50,
    F.SHIPPED: 60,
    F.DELIVERED: 70,
    F.COMPLETED: 80,
}
FINAL = frozenset({F.CANCELED, F.REJECTED, F.COMPLETED})
BEFORE_PLACED = frozenset({F.IN_QUOTE, F.TO_ORDER, F.RESERVED, F.PLACING, F.IN_DOUBT})
# What people may say of one that is placed, and of its payment; the rest is the bridge's own.
SAID = tuple(each for each in Fulfillment if each not in BEFORE_PLACED)
SAID_PAID = tuple(each for each in Payment if each not in (Payment.UNKNOWN, Payment.IN_DOUBT))
CAN_CHANGE = frozenset({F.TO_ORDER, F.RESERVED})  # nothing of it was sent, so it may become another yet
SENDING = frozenset({F.PLACING, F.IN_DOUBT})  # it may be on its way to the supplier
HAS_LEFT = frozenset({F.SHIPPED, F.DELIVERED, F.COMPLETED})
_PART_HAS_LEFT = HAS_LEFT | {F.PART_SHIPPED}
_ASIDE = frozenset({F.ON_HOLD, F.CANCEL_REQUESTED})  # it goes on from where it was before

# What we may do ourselves.
COMMANDS: Mapping[Fulfillment, frozenset[Fulfillment]] = {
    F.IN_QUOTE: frozenset({F.TO_ORDER, F.CANCELED}),
    F.TO_ORDER: frozenset({F.IN_QUOTE, F.RESERVED, F.PLACING, F.CANCELED}),
    F.RESERVED: frozenset({F.TO_ORDER, F.PLACING, F.CANCELED}),
    F.PLACING: frozenset({F.PLACED, F.REJECTED, F.IN_DOUBT, F.TO_ORDER}),
    F.IN_DOUBT: frozenset({F.TO_ORDER, F.PLACED}),
    F.PLACED: frozenset({F.CANCEL_REQUESTED}),
    F.ACCEPTED: frozenset({F.CANCEL_REQUESTED}),
    F.PREPARING: frozenset({F.CANCEL_REQUESTED}),
    F.READY: frozenset({F.CANCEL_REQUESTED}),
    F.ON_HOLD: frozenset({F.CANCEL_REQUESTED}),
}

_CAN_CANCEL = frozenset({F.PLACED, F.ACCEPTED, F.PREPARING, F.READY})
_CAN_HOLD = _CAN_CANCEL | {F.PART_SHIPPED}

PAYMENTS: Mapping[Payment, frozenset[Payment]] = {
    P.UNKNOWN: frozenset(P) - {P.UNKNOWN},
    P.UNPAID: frozenset({P.PENDING, P.PAID, P.FAILED, P.IN_DOUBT, P.NOT_REQUIRED}),
    P.PENDING: frozenset({P.PAID, P.FAILED, P.UNPAID, P.IN_DOUBT}),
    P.IN_DOUBT: frozenset({P.PAID, P.UNPAID, P.FAILED, P.PENDING}),
    P.FAILED: frozenset({P.PENDING, P.PAID, P.UNPAID}),
    P.PAID: frozenset({P.PART_REFUNDED, P.REFUNDED, P.DISPUTED, P.CHARGED_BACK}),
    P.PART_REFUNDED: frozenset({P.REFUNDED}),
    P.DISPUTED: frozenset({P.PAID, P.PART_REFUNDED, P.REFUNDED, P.CHARGED_BACK}),
}
_PAID_OR_LATER = frozenset({P.PAID, P.DISPUTED, P.PART_REFUNDED, P.REFUNDED, P.CHARGED_BACK})
NOT_YET_PAID = frozenset({P.UNPAID, P.PENDING, P.FAILED, P.IN_DOUBT})

NOTHING_DONE = frozenset({N.NOT_SENT, N.ABSENT, N.REFUSED})  # for certain, whatever was tried

# A refusal of a repeat is not a refusal of the intent: an UNKNOWN never becomes REFUSED by an
# answer to a later attempt, because the first attempt may have landed.
INTENTS: Mapping[IntentState, frozenset[IntentState]] = {
    N.OPEN: frozenset({N.NOT_SENT, N.UNKNOWN, N.CONFIRMED, N.REFUSED}),
    N.NOT_SENT: frozenset({N.OPEN, N.CONFIRMED, N.PARKED}),
    N.ABSENT: frozenset({N.OPEN, N.CONFIRMED, N.PARKED}),
    N.UNKNOWN: frozenset({N.OPEN, N.ABSENT, N.CONFIRMED, N.PARKED}),
    N.REFUSED: frozenset({N.OPEN, N.CONFIRMED, N.PARKED}),
    N.PARKED: frozenset({N.OPEN, N.CONFIRMED, N.ABSENT}),
}


# Who moves a case is a person, or the supplier's word on the money or the goods.
CASES: Mapping[CaseState, frozenset[CaseState]] = {
    C.REQUESTED: frozenset({C.UNDER_REVIEW, C.APPROVED, C.RESOLVED, C.DENIED, C.WITHDRAWN}),
    C.UNDER_REVIEW: frozenset({C.APPROVED, C.RESOLVED, C.DENIED, C.WITHDRAWN}),
    C.APPROVED: frozenset({C.RESOLVED}),
}
CASE_OVER = frozenset({C.RESOLVED, C.DENIED, C.WITHDRAWN})


class PaymentKind(Enum):
    """How a supplier comes by its money."""

    API = "API"  # a call of its own, after placing
    AT_PLACING = "AT_PLACING"  # placing moves it, so placing is guarded like paying
    BY_HAND = "BY_HAND"  # a person pays, at a page of the supplier's or by any other way
    BY_HUB = "BY_HUB"  # another system orders and pays; we only watch


class Seen(Enum):
    """What an observation did."""

    MOVED = "MOVED"
    SAME = "SAME"
    REGRESSED = "REGRESSED"  # backward: kept as a word, no transition
    CONTRADICTORY = "CONTRADICTORY"  # canceled after it left, or left after it was canceled: a person looks
    UNKNOWN_WORD = "UNKNOWN_WORD"


def command(state: Fulfillment, to: Fulfillment) -> Fulfillment:
    """The state after a step of ours.

    Raises:
        IllegalTransition: the table has no such step.
    """
    if to not in COMMANDS.get(state, frozenset()):
        raise IllegalTransition(f"fulfillment: no step from {state.value} to {to.value}")
    return to


def can_be_canceled(state: Fulfillment, *, left: Fulfillment | None) -> bool:
    """May its supplier be asked to cancel it, or asked again? Nothing of it may have left, hold or no hold.

    Args:
        state: As the journal has it.

        left: Where the purchase order was before ON_HOLD or CANCEL_REQUESTED.
    """
    if state in _ASIDE and left in _PART_HAS_LEFT:
        return False
    return state is F.CANCEL_REQUESTED or F.CANCEL_REQUESTED in COMMANDS.get(state, frozenset())


def observe(
    state: Fulfillment, seen: Fulfillment | None, *, left: Fulfillment | None
) -> tuple[Fulfillment, Seen]:
    """The state after the supplier's word, and what the word did.

    Args:
        state: As the journal has it.

        seen: What the supplier's word maps to; None if nobody mapped it.

        left: Where the purchase order was before ON_HOLD or CANCEL_REQUESTED; None if it was placed and no
            further. Without it nobody can say whether a part of what is on hold is on its way already.
    """
    if seen is None:
        return state, Seen.UNKNOWN_WORD
    if seen is state:
        return state, Seen.SAME
    if state in FINAL:
        contradicts = seen is F.CANCELED or (state is not F.COMPLETED and seen in _PART_HAS_LEFT)
        return state, Seen.CONTRADICTORY if contradicts else Seen.REGRESSED
    if seen is F.CANCELED:
        gone = state in _PART_HAS_LEFT or left in _PART_HAS_LEFT
        return (state, Seen.CONTRADICTORY) if gone else (seen, Seen.MOVED)
    if seen is F.REJECTED:
        return (seen, Seen.MOVED) if state in {F.PLACED, F.IN_DOUBT} else (state, Seen.REGRESSED)
    if seen is F.ON_HOLD:
        return (seen, Seen.MOVED) if state in _CAN_HOLD else (state, Seen.REGRESSED)
    if seen is F.CANCEL_REQUESTED:
        return (seen, Seen.MOVED) if state in _CAN_CANCEL else (state, Seen.REGRESSED)
    rank = RANK.get(seen, -1)
    if rank < RANK[F.PLACED]:
        return state, Seen.REGRESSED
    if state in BEFORE_PLACED:
        return seen, Seen.MOVED
    floor = RANK[state] + 1 if state in RANK else RANK.get(left or F.PLACED, RANK[F.PLACED])
    return (seen, Seen.MOVED) if rank >= floor else (state, Seen.REGRESSED)


def observe_payment(state: Payment, seen: Payment | None) -> tuple[Payment, Seen]:
    """The payment after the supplier's word; None says nothing about money and changes nothing."""
    if seen is None or seen is state:
        return state, Seen.SAME
    if seen in PAYMENTS.get(state, frozenset()) or (state in NOT_YET_PAID and seen in _PAID_OR_LATER):
        return seen, Seen.MOVED
    return state, Seen.REGRESSED


def move_case(state: CaseState, to: CaseState) -> CaseState:
    """The case after a step.

    Raises:
        IllegalTransition: the table has no such step.
    """
    if to is state:
        return state
    if to not in CASES.get(state, frozenset()):
        raise IllegalTransition(f"case: no step from {state.value} to {to.value}")
    return to


def move_intent(state: IntentState, to: IntentState) -> IntentState:
    """The intent after a step.

    Raises:
        IllegalTransition: the table has no such step.
    """
    if to is state:
        return state
    if to not in INTENTS.get(state, frozenset()):
        raise IllegalTransition(f"intent: no step from {state.value} to {to.value}")
    return to
