"""Where an order stands, in the words people use: the eight tabs, and the words of a supplier's order.

One table each, over the states. Nothing here is a state of its own: the journal keeps the tabs beside
what they are derived from only so that they can be looked up.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from ._states import CaseKind, CaseState, Fulfillment, Payment

__all__ = ["UNSHIPPED", "Tab", "case_tabs", "order_tabs", "purchase_tabs", "word_of"]


class Tab(Enum):
    """Where people look for an order. It may stand in several, or in none."""

    IN_QUOTE = "IN_QUOTE"  # nobody said who ships a line of it
    TO_ORDER = "TO_ORDER"  # a supplier is to ship something, and was not asked to yet
    PENDING = "PENDING"  # being ordered or paid, not yet successful
    PROCESSING = "PROCESSING"  # the supplier works on it; not all of it has left
    SHIPPED = "SHIPPED"  # something left
    REFUNDS = "REFUNDS"  # money or goods back, or a dispute about them, at a supplier
    RESENT = "RESENT"  # goods once more
    CANCELED = "CANCELED"  # by the shop, or by a supplier for good


F, P, T = Fulfillment, Payment, Tab

_TABS: Mapping[Fulfillment, tuple[Tab, ...]] = {
    F.IN_QUOTE: (T.IN_QUOTE,),
    F.TO_ORDER: (T.TO_ORDER,),
    F.RESERVED: (T.TO_ORDER,),
    F.PLACING: (T.PENDING,),
    F.IN_DOUBT: (T.PENDING,),
    F.PLACED: (T.PENDING,),  # until it is paid
    F.ACCEPTED: (T.PROCESSING,),
    F.PREPARING: (T.PROCESSING,),
    F.READY: (T.PROCESSING,),
    F.PART_SHIPPED: (T.PROCESSING, T.SHIPPED),
    F.SHIPPED: (T.SHIPPED,),
    F.DELIVERED: (T.SHIPPED,),
    F.COMPLETED: (T.SHIPPED,),
    F.CANCELED: (T.CANCELED,),
    F.REJECTED: (T.CANCELED,),
}
_ASIDE = frozenset({F.ON_HOLD, F.CANCEL_REQUESTED})  # it stands where it was before
_ENDED = frozenset({F.CANCELED, F.REJECTED})
_NOT_PAID = frozenset({P.UNKNOWN, P.UNPAID, P.PENDING, P.IN_DOUBT, P.FAILED})

UNSHIPPED = (T.IN_QUOTE, T.TO_ORDER, T.PENDING, T.PROCESSING)
"""The tabs of what is still to leave."""


def purchase_tabs(
    fulfillment: Fulfillment, payment: Payment, *, left: Fulfillment | None, placed: bool, waits: str
) -> tuple[Tab, ...]:
    """The tabs in which a purchase order puts its order.

    Args:
        left: Where it was before ON_HOLD or CANCEL_REQUESTED.

        placed: The supplier has or had it.

        waits: For what it waits, in the journal's word.
    """
    state = fulfillment
    if fulfillment in _ASIDE:
        state = left if left is not None and left not in _ASIDE else F.PLACED
    if (state is F.CANCELED and not placed) or (state in _ENDED and waits == "replaced"):
        return ()  # it was only shared out anew: another purchase order stands for it, or nothing is wanted
    if waits == "hub" and T.TO_ORDER in _TABS[state]:
        return (T.PROCESSING,)  # another system orders it; nobody here has to
    if state is F.PLACED and payment not in _NOT_PAID:
        return (T.PROCESSING,)
    return _TABS[state]


def order_tabs(*, taken: bool, canceled: bool, in_quote: bool) -> tuple[Tab, ...]:
    """The tabs in which an order stands by itself, whatever its purchase orders say."""
    if not taken:
        return ()
    return (T.CANCELED,) if canceled else (T.IN_QUOTE,) if in_quote else ()


def case_tabs(kind: CaseKind, state: CaseState) -> tuple[Tab, ...]:
    """The tabs in which a case puts its order: it stays there when it is over, unless it was taken back."""
    if state is CaseState.WITHDRAWN:
        return ()
    return (T.RESENT,) if kind is CaseKind.RESEND else (T.REFUNDS,)


# Rewix's words, for every supplier: what people read here and in the shop's order page.
_WORDS: Mapping[Fulfillment, str] = {
    F.PLACED: "Booked",
    F.ACCEPTED: "Confirmed",
    F.PREPARING: "Working on",
    F.READY: "Ready",
    F.PART_SHIPPED: "Dispatched in part",
    F.SHIPPED: "Dispatched",
    F.DELIVERED: "Delivered",
    F.COMPLETED: "Delivered",
    F.ON_HOLD: "On hold",
    F.CANCEL_REQUESTED: "Being canceled",
    F.CANCELED: "Canceled",
    F.REJECTED: "Rejected",
}


def word_of(fulfillment: Fulfillment, payment: Payment) -> str:
    """How far it is at the supplier, in a word; empty before the supplier has it."""
    if fulfillment is F.PLACED and payment in (P.PAID, P.NOT_REQUIRED):
        return "Confirmed"
    return _WORDS.get(fulfillment, "")
