"""How Shopify's GraphQL is asked and answers.

All goes to one address, and almost all comes back with status 200: what went wrong stands in ``errors``, and
what the shop refused in a mutation's own ``userErrors``. Calls are paid for in points, and every answer says
how many are left.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from datetime import timedelta
from decimal import Decimal
from types import GenericAlias
from typing import Generic, TypeVar, cast

import attrs

from ..._model import Money
from ...adapters import (
    Allowance,
    Headers,
    Read,
    Request,
    Response,
    UnknownRule,
    Write,
    decode_bytes,
    raise_for_status,
)
from ...errors import BridgeError, Forbidden, Malformed, RateLimited, Rejected, Unavailable
from ._settings import Settings

T = TypeVar("T")

WRITE_COST = 10.0  # what Shopify's documentation says a mutation costs

_JSON = Headers({"Accept": "application/json", "Content-Type": "application/json"})
_OPERATION = re.compile(r"\b(?:query|mutation)\s+(\w+)")


# --- asking -------------------------------------------------------------------------------------------


def ask(
    settings: Settings,
    document: str,
    variables: Mapping[str, object] | None = None,
    *,
    cost: float = WRITE_COST,
    keep: timedelta | None = None,
) -> Read:
    """A question.

    Args:
        settings: Whose shop.

        document: One named query, with its fragments.

        variables: What it is asked with.

        cost: In points, as far as it is known.

        keep: As in ``Read``.
    """
    request = _request(settings, document, variables or {}, cost)
    return Read(
        request.method, request.path, headers=request.headers, body=request.body, cost=cost, keep=keep
    )


def change(
    settings: Settings,
    step: str,
    document: str,
    variables: Mapping[str, object],
    *,
    unknown: UnknownRule,
    cost: float = WRITE_COST,
    amount: Money | None = None,
    binding: bool = True,
) -> Write:
    """A mutation, one effect; the rest as in ``Write``."""
    request = _request(settings, document, variables, cost)
    return Write(step, request, unknown=unknown, amount=amount, binding=binding)


def _request(settings: Settings, document: str, variables: Mapping[str, object], cost: float) -> Request:
    found = _OPERATION.search(document)
    if found is None:
        raise ValueError("document: an operation has a name")
    doc = {"query": document, "variables": variables, "operationName": found[1]}
    body = json.dumps(doc, ensure_ascii=False, separators=(",", ":")).encode()
    return Request("POST", settings.api, headers=_JSON, body=body, cost=cost)


def operation_of(request: Request) -> str:
    """The name of the operation that a request of ours asks for."""
    return decode_bytes(_Asked, request.body).operationName


@attrs.frozen(kw_only=True)
class _Asked:
    operationName: str


# --- answers ------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Problem:
    """One entry of an answer's ``errors``: something of the whole call went wrong."""

    message: str = ""
    code: str = ""
    path: tuple[str | int, ...] = ()
    needs: str = ""  # the access that would be enough, in Shopify's words
    cost: float | None = None  # what the call would have cost, where that is too much
    most: float | None = None


@attrs.frozen(kw_only=True)
class UserError:
    """One entry of a mutation's ``userErrors``: the shop refused it."""

    message: str = ""
    code: str | None = None
    field: tuple[str, ...] | None = None


class TooCostly(Rejected):
    """One question asked for more than Shopify gives in one answer; nothing was read or done.

    Args:
        cost: What it would have cost, where Shopify says so.

        most: What one question may cost.
    """

    def __init__(self, message: str = "", *, cost: float | None = None, most: float | None = None) -> None:
        super().__init__(message, status=200, code="MAX_COST_EXCEEDED")
        self.cost = cost
        self.most = most


@attrs.frozen(kw_only=True)
class _Data(Generic[T]):
    data: T | None = None


@attrs.frozen(kw_only=True)
class _ProblemDetails:
    code: object = None
    requiredAccess: object = None
    cost: object = None
    maxCost: object = None


@attrs.frozen(kw_only=True)
class _WireProblem:
    message: object = None
    path: list[object] | None = None
    extensions: _ProblemDetails | None = None


@attrs.frozen(kw_only=True)
class _Throttle:
    maximumAvailable: Decimal | None = None
    currentlyAvailable: Decimal | None = None
    restoreRate: Decimal | None = None


@attrs.frozen(kw_only=True)
class _Cost:
    requestedQueryCost: Decimal | None = None
    throttleStatus: _Throttle | None = None


@attrs.frozen(kw_only=True)
class _Extensions:
    cost: _Cost | None = None


@attrs.frozen(kw_only=True)
class _Around:
    """All of an answer but its data."""

    errors: list[_WireProblem | str] | str | dict[str, object] | None = None
    extensions: _Extensions | None = None


def data_of(cls: type[T], response: Response, *, may_lack: Collection[str] = ()) -> T:
    """The ``data`` of the answer to a question, whole.

    Args:
        cls: An attrs class.

        response: What came.

        may_lack: Fields by name that may have been denied or failed; they are null then. Any other error
            raises, so that half an answer never passes for all of it.

    Raises:
        Unauthorized, Forbidden, NotFound, RateLimited, TooCostly, Unavailable, Rejected: what Shopify says.

        Malformed: it says nothing that can be understood.
    """
    _raise_for_http(response)
    for problem in problems_of(response):
        if not set(may_lack).intersection(problem.path):
            raise error_of(problem, response)
    # What is known only at run time cannot stand in brackets for the type checker.
    answer = decode_bytes(cast("type[_Data[T]]", GenericAlias(_Data, (cls,))), response.body)
    if answer.data is None:
        raise Malformed(f"$.data: none came{_request_id(response)}", path="$.data", status=response.status)
    return answer.data


def _raise_for_http(response: Response) -> None:
    words = {
        402: "the shop is frozen: its owner has to pay Shopify's bill",
        403: "the app may not do this in this shop, or the shop blocks it",
        423: "the shop is locked; its owner has to ask Shopify's support",
        430: "Shopify took the call for an attack and turned it away",
    }
    if response.status in words:
        kind = Forbidden if response.status in (403, 430) else Rejected
        raise kind(words[response.status] + _request_id(response), status=response.status)
    raise_for_status(response)


def problems_of(response: Response) -> tuple[Problem, ...]:
    """What ``errors`` says, in whatever shape; empty where there is none, or no JSON."""
    around = _around(response)
    if around is None or not around.errors:
        return ()
    if isinstance(around.errors, list):
        return tuple(_problem(each) for each in around.errors)
    # What else it can be is text, or an object with texts: only their being there counts.
    return (Problem(message=around.errors if isinstance(around.errors, str) else ""),)


def _problem(wire: _WireProblem | str) -> Problem:
    if isinstance(wire, str):
        return Problem(message=wire)
    more = wire.extensions or _ProblemDetails()
    return Problem(
        message=_text(wire.message),
        code=_text(more.code),
        path=tuple(each for each in wire.path or () if isinstance(each, str | int)),
        needs=_text(more.requiredAccess),
        cost=_number(more.cost),
        most=_number(more.maxCost),
    )


def error_of(problem: Problem, response: Response) -> BridgeError:
    """A problem as the error that says what may be done about it."""
    where = _request_id(response)
    match problem.code:
        case "THROTTLED":
            return RateLimited("Shopify's points are used up for the moment" + where, status=response.status)
        case "MAX_COST_EXCEEDED":
            return TooCostly(
                "one question asked for more than Shopify gives" + where, cost=problem.cost, most=problem.most
            )
        case "ACCESS_DENIED":
            # Shopify's words here name fields and scopes, never a shopper.
            needs = f"it needs {problem.needs.rstrip('.')}" if problem.needs else problem.message
            at = f" ({'.'.join(str(each) for each in problem.path)})" if problem.path else ""
            return Forbidden(
                f"the app may not read this{at}: {needs}; give it that access{where}",
                status=response.status,
                code=problem.code,
            )
        case "INTERNAL_SERVER_ERROR" | "SERVICE_UNAVAILABLE" | "TIMEOUT":
            return Unavailable("Shopify could not answer just now" + where, code=problem.code)
        case "SHOP_INACTIVE":
            return Forbidden("the shop is not active" + where, code=problem.code)
        case _:
            words = problem.message or problem.code or "no reason given"
            return Rejected(f"Shopify refused the question: {words}{where}", status=200, code=problem.code)


def request_id(response: Response) -> str:
    """What Shopify's support asks for; empty where none came."""
    return response.headers.get("x-request-id", "")


def _request_id(response: Response) -> str:
    shown = request_id(response)
    return f" (Shopify's request {shown})" if shown else ""


def version_of(response: Response) -> str:
    """The version that answered, which is another than the one asked once that is out of support."""
    return response.headers.get("x-shopify-api-version", "")


def user_errors(response: Response) -> tuple[UserError, ...]:
    """What a mutation's own lists of errors say, under whichever name it has them."""
    return tuple(
        error
        for payload in payloads_of(response).values()
        for name, errors in (payload or {}).items()
        if name.endswith("serErrors") and isinstance(errors, list)
        for error in decode_bytes(list[UserError], json.dumps(errors).encode())
    )


def payloads_of(response: Response) -> dict[str, dict[str, object] | None]:
    """What each mutation of an answer gave, by its name; empty where the answer is something else."""
    try:
        return decode_bytes(_Payloads, response.body).data or {}
    except Malformed:
        return {}


@attrs.frozen(kw_only=True)
class _Payloads:
    data: dict[str, dict[str, object] | None] | None = None


# --- points -------------------------------------------------------------------------------------------


def requested_cost(response: Response) -> float | None:
    """What the call was charged before it ran, in points."""
    around = _around(response)
    cost = around.extensions.cost if around and around.extensions else None
    return float(cost.requestedQueryCost) if cost and cost.requestedQueryCost is not None else None


def meter(response: Response) -> Allowance | None:
    """What is left in the account's bucket; None where an answer does not say it."""
    if b"throttleStatus" not in response.body:
        return None
    around = _around(response)
    cost = around.extensions.cost if around and around.extensions else None
    status = cost.throttleStatus if cost else None
    if status is None or not status.restoreRate or status.restoreRate < 0:
        return None
    if status.maximumAvailable is None or status.currentlyAvailable is None:
        return None
    return Allowance(
        left=float(status.currentlyAvailable),
        per_second=float(status.restoreRate),
        most=float(status.maximumAvailable),
        throttled=is_throttled(response),
    )


def is_throttled(response: Response) -> bool:
    """The call was turned away for want of points, before it ran; mostly with status 200."""
    return response.status == 429 or any(each.code == "THROTTLED" for each in problems_of(response))


def wait_of(response: Response) -> float | None:
    """Seconds until a call that was turned away can be paid for, where the answer says it."""
    allowance, cost = meter(response), requested_cost(response)
    if allowance is not None and cost is not None:
        return max(0.0, (min(cost, allowance.most) - allowance.left) / allowance.per_second)
    wait = response.headers.get("retry-after", "")
    try:
        return max(0.0, float(wait)) if wait else None
    except ValueError:
        return None


def _around(response: Response) -> _Around | None:
    try:
        return decode_bytes(_Around, response.body)
    except Malformed:
        return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float | Decimal) else None
