"""Alibaba.com's words for how far an order is, and what each means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from ...adapters import Fulfillment, Payment, meaning_of

F, P = Fulfillment, Payment
Meaning: TypeAlias = tuple[Fulfillment | None, Payment | None]

# The documentation and what is seen live disagree on a few, so both are here.
MEANINGS: Mapping[str, Meaning] = {
    "to_be_audited": (F.PLACED, P.UNPAID),  # under review
    "unpay": (F.PLACED, P.UNPAID),
    "paying": (F.PLACED, P.PENDING),
    "paid": (F.ACCEPTED, P.PAID),
    "captured": (F.ACCEPTED, P.PAID),
    "undeliver": (F.PREPARING, P.PAID),
    "wait_seller_send": (F.PREPARING, P.PAID),
    "delivering": (F.SHIPPED, P.PAID),
    "wait_confirm_receipt": (F.SHIPPED, P.PAID),
    "trade_success": (F.COMPLETED, P.PAID),
    # Whether money came back, only the payment can tell.
    "trade_close": (F.CANCELED, None),
    "trade_closed": (F.CANCELED, None),
    "cancel": (F.CANCELED, None),
    # Money alone: the goods may be anywhere.
    "frozen": (None, P.DISPUTED),
    "charge_back": (None, P.CHARGED_BACK),
}
UNDER_REVIEW = "to_be_audited"

# How far the parcels are. DELIVERED says that the seller has handed them over, not that they arrived.
NONE_LEFT = "undelivered"
PARTLY = "part_delivered"
# Words of an order that go with it; the later ones are about all of the order, whatever the parcels say.
MAY_BE_PARTLY = frozenset({"undeliver", "wait_seller_send", "delivering"})
ALL_HANDED_OVER = frozenset({"delivered", "confirm_receipt"})
HANDED_OVER = ALL_HANDED_OVER | {"delivering"}
# The word of the tracking that says so.
ARRIVED = "delivered"


def meanings_with(statuses: Mapping[str, str]) -> Mapping[str, Meaning]:
    """The table with the merchant's own lines in it; by lower case, as the words come in either."""
    own = {raw.strip().lower(): meaning_of(raw, words) for raw, words in statuses.items()}
    return {**MEANINGS, **own}
