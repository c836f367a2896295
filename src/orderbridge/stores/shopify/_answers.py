"""What the answer to a write proves.

A mutation took place only if the answer holds the very thing it makes or changes, and no error beside it.
Anything else may come from a wall before the shop, or from a server that broke off in the middle.
"""

from __future__ import annotations

import re

from ...adapters import Confirmed, Refusal, Refused, Response, Throttled, Unknown, Verdict, Write
from ...errors import Malformed
from ._graphql import (
    UserError,
    is_throttled,
    payloads_of,
    problems_of,
    request_id,
    user_errors,
    wait_of,
)

# What each mutation gives back once it has taken place.
MAKES = {
    "bulkOperationRunQuery": "bulkOperation",
    "fulfillmentCreate": "fulfillment",
    "fulfillmentEventCreate": "fulfillmentEvent",
    "fulfillmentOrderAcceptCancellationRequest": "fulfillmentOrder",
    "fulfillmentOrderAcceptFulfillmentRequest": "fulfillmentOrder",
    "fulfillmentOrderClose": "fulfillmentOrder",
    "fulfillmentOrderHold": "fulfillmentHold",
    "fulfillmentOrderRejectFulfillmentRequest": "fulfillmentOrder",
    "fulfillmentOrderReleaseHold": "fulfillmentOrder",
    "fulfillmentOrderReportProgress": "fulfillmentOrder",
    "fulfillmentTrackingInfoUpdate": "fulfillment",
    "metafieldsSet": "metafields",
    "orderCancel": "job",
    "orderUpdate": "order",
    "refundCreate": "refund",
    "tagsAdd": "node",
}


# Codes of questions that are wrong themselves: those of the check before a call is run begin small.
_WRONG = re.compile(r"INVALID_VARIABLE|[a-z][A-Za-z]*")


def verdict_on(write: Write, response: Response) -> Verdict:
    status = response.status
    payloads = payloads_of(response)
    answered = any(payloads.values())
    if is_throttled(response) and not answered:
        return Throttled(wait_of(response))
    problems = problems_of(response)
    if status == 401 and problems:
        return Refused(Refusal.UNAUTHORIZED)
    if status in (402, 403, 423) and problems:
        return Refused(Refusal.FORBIDDEN, code=str(status))
    if status != 200:
        return Unknown(_said(f"HTTP {status}", response))
    if problems:
        # Denied before it ran; beside an answer of the mutation itself it proves nothing.
        if not answered and all(each.code == "ACCESS_DENIED" for each in problems):
            needs = problems[0].needs or problems[0].message
            return Refused(Refusal.FORBIDDEN, code="ACCESS_DENIED", message=needs)
        if not payloads and all(_WRONG.fullmatch(each.code or "") for each in problems):
            # The question itself was wrong, so nothing ran. Its words may repeat what was sent.
            return Refused(Refusal.INVALID, code=problems[0].code)
        codes = ", ".join(sorted({each.code or "no code" for each in problems}))
        return Unknown(_said(f"Shopify answered with errors: {codes}", response))
    try:
        errors = user_errors(response)
    except Malformed as error:
        return Unknown(_said(f"the errors cannot be read: {error.message}", response))
    made = bool(payloads) and all(
        (payload or {}).get(MAKES.get(name, "")) for name, payload in payloads.items()
    )
    if any(_is_about_its_key(each) for each in errors):
        return Unknown(_said("a call with this key came before, or is still under way", response))
    if any(_is_done_already(each) for each in errors):
        return Unknown(_said("Shopify says that it is done or begun already, by whatever call", response))
    if errors and not made:
        return _refused(errors)
    if errors:
        return Unknown(_said("Shopify names errors and what was made, both", response))
    return (
        Confirmed() if made else Unknown(_said("Shopify names neither an error nor what was made", response))
    )


def _refused(errors: tuple[UserError, ...]) -> Refused:
    gone = any(_is_gone(each) for each in errors)
    return Refused(
        Refusal.NOT_FOUND if gone else Refusal.INVALID,
        code=errors[0].code or "",
        message="; ".join(each.message for each in errors),
    )


def _is_about_its_key(error: UserError) -> bool:
    # Refunds have no codes here, so the words are all there is. Whatever is wrong with the key, an earlier
    # call that had it may have taken place.
    return "IDEMPOTEN" in f"{error.code or ''} {error.message}".upper()


def _is_done_already(error: UserError) -> bool:
    # A cancel takes its time: the copy of a call that the network doubled is refused while nothing shows yet.
    return "already been cancel" in error.message or "already being cancel" in error.message


def _is_gone(error: UserError) -> bool:
    # Most of these errors have no code, so the words are all there is.
    return error.code in ("NOT_FOUND", "RECORD_NOT_FOUND", "FULFILLMENT_ORDER_NOT_FOUND") or (
        not error.code and ("does not exist" in error.message or "not found" in error.message.lower())
    )


def _said(what: str, response: Response) -> str:
    shown = request_id(response)
    return f"{what} (Shopify's request {shown})" if shown else what
