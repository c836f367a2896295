"""What the supplier's status numbers mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from ...adapters import Fulfillment, Payment

F, P = Fulfillment, Payment
Meaning: TypeAlias = tuple[Fulfillment | None, Payment | None]

# The supplier's numbers. The same numbers mean other things inside its plug-ins' own tables; only
# what the supplier itself answers is read here. What is missing (2001, 11, 5001...) nobody has
# explained, and 5003 is the growing order itself.
MEANINGS: Mapping[str, Meaning] = {
    "0": (F.PLACED, P.UNPAID),  # pending
    "10": (F.PLACED, P.UNPAID),  # pending, nothing locked
    "1": (F.PLACED, P.UNPAID),  # money waiting
    "4000": (F.PLACED, P.PENDING),  # payment scheduled
    "1000": (F.PLACED, P.FAILED),  # payment canceled
    "2002": (F.PLACED, P.FAILED),  # payment verification failed
    "5": (F.PLACED, P.UNPAID),  # booked: it may run on account, so it never proves a payment
    "2": (F.ACCEPTED, P.PAID),  # confirmed
    "3001": (F.PREPARING, P.PAID),  # working on
    "3002": (F.READY, P.PAID),  # ready
    "3": (F.SHIPPED, P.PAID),  # dispatched
    "3003": (F.ON_HOLD, None),  # not dispatchable
    "3004": (F.ON_HOLD, None),  # missing items
    "3005": (F.ON_HOLD, None),  # not allowed to dispatch
    "3006": (F.ON_HOLD, None),  # ready, yet not dispatchable
    "3007": (F.ON_HOLD, None),  # not validated
    "2000": (F.CANCELED, None),
    "2005": (F.REJECTED, None),
    "2003": (None, P.REFUNDED),
}
GROWING = "5003"
WRAPPERS = frozenset({"5", "6"})  # booked, dropshipping: the real step is the substatus
HAS_LEFT = frozenset({F.SHIPPED, F.DELIVERED, F.COMPLETED})
OVER = frozenset({F.CANCELED, F.REJECTED})

# How far a return is.
RETURN_WORDS: Mapping[str, str] = {
    "0": "pending",
    "1": "authorized, the customer pays",
    "2": "authorized",
    "3": "received, as it should be",
    "4": "received, not as it should be",
    "5": "not received",
    "7": "refused",
    "9": "completed",
}
