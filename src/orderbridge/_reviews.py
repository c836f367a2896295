"""What each review means to the person who is asked. The page in the docs is made from these tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

import attrs

from ._money import Money

__all__ = ["DECISIONS", "REVIEWS", "Review", "ReviewCode", "ReviewText"]


class ReviewCode(Enum):
    """Why a person is asked. Words are never renamed or removed."""

    ORDER_NOT_UNDERSTOOD = "ORDER_NOT_UNDERSTOOD"
    NOTHING_TO_SHIP = "NOTHING_TO_SHIP"
    SHORTFALL = "SHORTFALL"
    FRACTION = "FRACTION"
    FOREIGN_UNITS = "FOREIGN_UNITS"
    UNCLEAR = "UNCLEAR"
    REFUSED = "REFUSED"
    PARKED = "PARKED"
    CONFIRMED_NOT_FOUND = "CONFIRMED_NOT_FOUND"
    DOUBLE = "DOUBLE"
    CANCELED_BY_SUPPLIER = "CANCELED_BY_SUPPLIER"
    CANCELED_AFTER_PLACING = "CANCELED_AFTER_PLACING"
    CHANGED_AFTER_PLACING = "CHANGED_AFTER_PLACING"
    ADDRESS_CHANGED = "ADDRESS_CHANGED"
    CONTRADICTORY_STATUS = "CONTRADICTORY_STATUS"
    LOST_AT_SUPPLIER = "LOST_AT_SUPPLIER"
    TRACKING_CHANGED = "TRACKING_CHANGED"
    PRICE = "PRICE"
    PACKING = "PACKING"
    MARGIN = "MARGIN"
    BLOCKED = "BLOCKED"
    REPLACES = "REPLACES"
    RETURNED = "RETURNED"
    LIMIT = "LIMIT"
    FAULT = "FAULT"
    PRIVACY = "PRIVACY"


DECISIONS: Mapping[str, str] = {
    "retry": "Looks first whether it happened after all, and only then does it again.",
    "accept": "It is all right so: what was held back goes on.",
    "cancel": "Cancels the purchase order at its supplier. The shopper's money is another matter.",
    "told": "The shop shows it now, because a person saw to it there.",
    "done": "A person has done what was asked.",
    "ignore": "Leaves it as it is and closes the question.",
}
"""What each decision does, wherever it may be chosen."""


@attrs.frozen(kw_only=True)
class ReviewText:
    """One reason to ask a person.

    Args:
        title: In a few words.

        means: What has happened.

        evidence: What the review's own evidence says.

        hint: What to do.

        decisions: What may be answered; which of them depends on what it is about. None: it closes by itself.
    """

    title: str
    means: str
    evidence: str
    hint: str
    decisions: tuple[str, ...] = ("ignore",)


R = ReviewCode
_TRY = ("retry", "told", "ignore")

REVIEWS: Mapping[ReviewCode, ReviewText] = {
    R.ORDER_NOT_UNDERSTOOD: ReviewText(
        title="An order of the shop's makes no sense",
        means="A field of it is missing or wrong, so that it was left out.",
        evidence="The field, and what is wrong with it.",
        hint="Correct it in the shop; it is read again by itself, and the question closes.",
    ),
    R.NOTHING_TO_SHIP: ReviewText(
        title="An order without lines",
        means="The shop has an order in which nothing was bought.",
        evidence="The order.",
        hint="See to it in the shop.",
    ),
    R.SHORTFALL: ReviewText(
        title="The supplier has too few",
        means="Fewer units are held, or were taken, than are wanted.",
        evidence="How many of which remote id, and why.",
        hint="Wait: it goes on when they are held. A supplier that does not sell the product now is asked "
        "again daily by itself, and at once by `retry`. Or link the product to another supplier.",
    ),
    R.FRACTION: ReviewText(
        title="A part of a piece",
        means="The supplier would have to send a part of a piece.",
        evidence="The line, and how much of it.",
        hint="Link the product with another factor, or change the order in the shop.",
    ),
    R.FOREIGN_UNITS: ReviewText(
        title="Units that no order wants",
        means="The supplier's account holds units that nobody here asked for.",
        evidence="How many of which remote id.",
        hint="Give them back with `reconcile --fix`, or set `shared = true` if others use the account.",
    ),
    R.UNCLEAR: ReviewText(
        title="Something does not fit",
        means="What the platform shows is not what it should be: nothing was written because of it.",
        evidence="What was found, and what was expected.",
        hint="Correct it there, then choose `retry`.",
        decisions=_TRY,
    ),
    R.REFUSED: ReviewText(
        title="The platform said no",
        means="It refused, and nothing was done.",
        evidence="The platform's words.",
        hint="Mend the cause, then choose `retry`.",
        decisions=_TRY,
    ),
    R.PARKED: ReviewText(
        title="Nobody can tell whether it happened",
        means="The answer was lost, and nothing there says whether the call arrived.",
        evidence="What was sent, and when.",
        hint=(
            "Look at the platform. `retry` if it is not there: it waits until the lost call can no longer "
            "arrive, about 13 minutes after it was sent, and looks once more."
        ),
        decisions=_TRY,
    ),
    R.CONFIRMED_NOT_FOUND: ReviewText(
        title="Confirmed, and not to be found",
        means="The platform said yes and does not show it. It is never sent again.",
        evidence="What was confirmed.",
        hint="Ask the platform. It closes by itself when it shows up.",
        decisions=_TRY,
    ),
    R.DOUBLE: ReviewText(
        title="Ordered twice",
        means="The supplier has one order too many: a second one, or one that nothing here wants any more.",
        evidence="The supplier's number of it, and of the one that is to stay.",
        hint=(
            "`cancel` the one too many where that is offered, else have the supplier's people do it; the "
            "question closes when the daily look sees it canceled, or `found` says that it is another "
            "purchase order's. `ignore` lets both come."
        ),
        decisions=("cancel", "ignore"),
    ),
    R.CANCELED_BY_SUPPLIER: ReviewText(
        title="The supplier will not ship it",
        means="A placed purchase order was canceled or rejected. If it was paid, a refund case is open.",
        evidence="The supplier's word.",
        hint="`retry` orders anew what is still wanted, under a new number, to the shop's present address.",
        decisions=("retry", "ignore"),
    ),
    R.CANCELED_AFTER_PLACING: ReviewText(
        title="The shop canceled what is ordered",
        means="The shop canceled or deleted an order that a supplier has already.",
        evidence="The purchase order, and its supplier.",
        hint="`cancel` it at the supplier where that is offered; else ask its people, or let it come.",
        decisions=("cancel", "ignore"),
    ),
    R.CHANGED_AFTER_PLACING: ReviewText(
        title="The shop wants less than is ordered",
        means=(
            "Units were refunded, canceled, taken out of the order or shipped by others after a supplier was "
            "asked for them."
        ),
        evidence="For each line, how many are ordered and how many are left, or what has left all the same.",
        hint=(
            "`cancel` it at the supplier where that is offered; the question that follows orders anew what "
            "is left. Else ask its people, or let it come."
        ),
        decisions=("cancel", "ignore"),
    ),
    R.ADDRESS_CHANGED: ReviewText(
        title="Another address than the supplier has",
        means=(
            "The address changed after the supplier was given the one before, and nothing has left yet. Or "
            "your application gave an address, and the shop changed its own since: nothing more of the order "
            "is placed before somebody says which is right."
        ),
        evidence="The purchase order, and its supplier; never the address.",
        hint=(
            "`cancel` it at the supplier where that is offered, and order it anew; else have its people "
            "change the address, and then `ignore`. Of two addresses `accept` takes the shop's, and `ignore` "
            "keeps your application's."
        ),
        decisions=("cancel", "accept", "ignore"),
    ),
    R.CONTRADICTORY_STATUS: ReviewText(
        title="The supplier contradicts itself",
        means="It says canceled of what has left, or the reverse. The state stays as it was.",
        evidence="The supplier's word, and the state here.",
        hint="Ask the supplier.",
        decisions=("retry", "ignore"),
    ),
    R.LOST_AT_SUPPLIER: ReviewText(
        title="The supplier does not know it any more",
        means="A placed purchase order is not found there.",
        evidence="The number that it was asked for by.",
        hint="Ask the supplier.",
        decisions=("retry", "ignore"),
    ),
    R.TRACKING_CHANGED: ReviewText(
        title="Another tracking number",
        means="The supplier changed it after the shop was told, and the shop cannot correct one.",
        evidence="The supplier.",
        hint="Tell the shopper.",
    ),
    R.PRICE: ReviewText(
        title="It costs more than agreed",
        means="More than was quoted, or than its links say, by more than the policy allows.",
        evidence="Both prices.",
        hint="`accept` the price; or `ignore`, and it is neither placed nor paid by itself.",
        decisions=("accept", "ignore"),
    ),
    R.MARGIN: ReviewText(
        title="Too little is left of its price",
        means="The policy's margin is not kept, or there is no exchange rate to tell.",
        evidence="What it is sold for, and what it costs.",
        hint="`accept` it; or `ignore`, and it is not placed.",
        decisions=("accept", "ignore"),
    ),
    R.BLOCKED: ReviewText(
        title="An address that the policy blocks, or none",
        means="The policy says that nothing is sent there unasked; or the order says no place at all.",
        evidence="The rule that holds it, or that there is no address.",
        hint="`accept` it, or give the order another address; or `ignore`, and it is not placed.",
        decisions=("accept", "ignore"),
    ),
    R.REPLACES: ReviewText(
        title="It stands for another order, which is still to come",
        means="The shop says that it was made from another order, of which a supplier still has something.",
        evidence="The purchase order of that one.",
        hint=(
            "Cancel that one if this comes in its place; or `accept`, and both come. With `ignore` this one "
            "waits until that one is over."
        ),
        decisions=("accept", "ignore"),
    ),
    R.PACKING: ReviewText(
        title="Packing that the supplier does not take",
        means="It was to go in beside the goods, and the supplier's API has no place for it.",
        evidence="What was to go in.",
        hint="Ask its people.",
    ),
    R.RETURNED: ReviewText(
        title="Goods came back",
        means="Goods are on their way back to the supplier, or there. A return case says how far that is.",
        evidence="How many of which remote id, and the supplier's word.",
        hint="Settle it with the shopper: refund in the shop, or `resend`. Then `ignore`.",
    ),
    R.LIMIT: ReviewText(
        title="More than may be spent",
        means="It would cost more than the policy allows at once, or in a day.",
        evidence="The amount, and the limit.",
        hint="Raise the limit, or leave it; it is tried again by itself.",
        decisions=("retry", "told", "ignore"),
    ),
    R.FAULT: ReviewText(
        title="Answers that make no sense, or a bug",
        means="Several times in a row something could not be read, or the bridge itself failed.",
        evidence="What failed, and how; of a bug its kind and place.",
        hint="It is tried again by itself; report it with the log if it stays.",
        decisions=_TRY,
    ),
    R.PRIVACY: ReviewText(
        title="A shopper's right",
        means="A shopper asks what is kept, or a shop that went away has its shoppers forgotten.",
        evidence="What is to be done, and until when.",
        hint="Do as it says; answer `done` when the shopper was told.",
        decisions=("done",),
    ),
}


@attrs.frozen(kw_only=True)
class Review:
    """A question only a person may answer.

    Args:
        code: Why.

        about: The id of what it is about.

        evidence: What was seen, without shopper data.

        amount: What it costs, where that is the question: the most that "accept" agrees to.

        decisions: What may be answered.

        decision: What was answered, once it was.
    """

    id: int
    code: ReviewCode
    about: str
    order_id: str = ""
    account: str = ""
    evidence: str
    amount: Money | None = None
    decisions: tuple[str, ...]
    opened_at: datetime
    resolved_at: datetime | None = None
    decision: str = ""

    @property
    def text(self) -> ReviewText:
        """What it means to the person who is asked, and what to do."""
        return REVIEWS[self.code]
