"""What the answer to a write proves.

Each of Magento's writes promises one kind of answer: an id as bare text, a truth value, an object. Another
kind comes from something else, such as a wall before the shop, and proves nothing.
"""

from __future__ import annotations

import re

from ...adapters import (
    Confirmed,
    Park,
    Refusal,
    Refused,
    Response,
    Throttled,
    Unknown,
    Verdict,
    Write,
    decode_bytes,
)
from ...errors import Malformed
from ._shapes import WireMade
from ._wire import Problem, bare, is_maintenance, problem_of

# By method and path below the API's address.
_ID = re.compile(r"POST /(order/\d+/(ship|refund)|invoice/\d+/refund)")
_TRUE = re.compile(r"POST /orders/\d+/(comments|cancel)|DELETE /shipment/track/\d+")
_OBJECT = re.compile(r"POST /(orders|shipment/track|shipment/\d+/comments)")
# What a refund is answered that did not come as far as the gateway.
_CHECKED = "Creditmemo Document Validation Error"
_CANCEL = re.compile(r"POST /orders/\d+/cancel")


def verdict_on(write: Write, response: Response) -> Verdict:
    status = response.status
    if status == 429 or is_maintenance(response):
        wait = response.headers.get("retry-after", "")
        return Throttled(float(wait) if wait.isascii() and wait.isdigit() else None)
    if 200 <= status < 300:
        return _on_success(write, response)
    problem = problem_of(response)
    if not problem or status not in (400, 401, 404):
        return Unknown(f"HTTP {status}")
    if status == 400 and isinstance(write.unknown, Park) and not problem.message.startswith(_CHECKED):
        # Magento asks the gateway before it saves, and says this of a save that failed too.
        return Unknown("HTTP 400, after the money may have moved")
    if status == 401 and not problem.right and problem.parameters:
        # A signature's nonce counts once: a network that carried the call twice brings this back for the
        # second, and the first may have been carried out.
        return Unknown("HTTP 401, the nonce was used")
    return Refused(_why(status, problem), code=problem.right, message=_in_words(write, problem))


def _in_words(write: Write, problem: Problem) -> str:
    status = problem.parameters.get("1", "")
    if status and f'"status":"{status}"'.encode() in write.request.body:
        # Its own words have a placeholder there.
        return (
            f"the shop does not take status {status!r} with a remark: assign it to the order's state "
            "(Stores, Order Status), or set status_by to order"
        )
    if problem.right:
        return f"the right {problem.right} is missing: tick it for the integration, or in the user's role"
    if problem.message.startswith("Could not save a shipment"):
        return f"{problem.message}; a source that the shop does not have, or that is empty, is answered so"
    return problem.message


def _on_success(write: Write, response: Response) -> Verdict:
    call = f"{write.request.method} {write.request.path.partition('/V1')[2]}"
    value = bare(response)
    if _ID.fullmatch(call):
        # A truth value is no text.
        proven = isinstance(value, str) and value.isascii() and value.isdigit() and int(value) > 0
    elif _TRUE.fullmatch(call):
        if value is False and _CANCEL.fullmatch(call):
            return Refused(Refusal.INVALID, message="Magento canceled nothing")
        proven = value is True
    elif _OBJECT.fullmatch(call):
        proven = _is_made(response)
    else:
        return Unknown(f"HTTP {response.status} to a call of which nothing is promised")
    return Confirmed() if proven else Unknown(f"HTTP {response.status}, but not with what was promised")


def _is_made(response: Response) -> bool:
    try:
        return bool(decode_bytes(WireMade, response.body).ref)
    except Malformed:
        return False


def _why(status: int, problem: Problem) -> Refusal:
    if status == 401:
        return Refusal.FORBIDDEN if problem.right else Refusal.UNAUTHORIZED
    return Refusal.NOT_FOUND if status == 404 else Refusal.INVALID
