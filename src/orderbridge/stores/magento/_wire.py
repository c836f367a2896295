"""What is asked of Magento's API, and what an answer says: lists, single values, and errors in words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import TypeVar, cast

import attrs

from ...adapters import Read, Response, decode_bytes, raise_for_status
from ...errors import Forbidden, Malformed, NotFound, Rejected, Unauthorized, Unavailable
from ._settings import Settings
from ._shapes import WireList, WireOrder
from ._values import Scalar, text

T = TypeVar("T")

KEEP = timedelta(hours=1)  # products' kinds, store views and sources seldom change
# Without it some hosts ask PHP for a web page.
ACCEPT = {"Accept": "application/json"}
JSON = {"Accept": "application/json", "Content-Type": "application/json"}


def get(settings: Settings, path: str) -> Read:
    """A read of ``path`` below the API's address, such as ``/orders/3/comments``; lists are ``listing``'s."""
    return Read("GET", f"{settings.api}{path}", headers=ACCEPT)


def listed(cls: type[WireList[T]], response: Response) -> WireList[T]:
    """A page of a list, such as ``WireList[WireShipment]``. Any other answer raises, in words."""
    refuse(response)
    return decode_bytes(cls, response.body)


def rows(cls: type[WireList[T]], response: Response) -> tuple[T, ...]:
    """The rows of such a page."""
    return listed(cls, response).rows


def each(cls: type[T], found: Iterable[object]) -> list[T | Malformed]:
    """Each of JSON's own values by itself, so that one bad order never hides the others."""
    items: list[T | Malformed] = []
    for value in found:
        try:
            # A float's text is the shortest that means it, which is what Magento wrote.
            items.append(decode_bytes(cls, json.dumps(value).encode()))
        except Malformed as error:
            items.append(error)
    return items


def orders_in(response: Response) -> list[WireOrder | Malformed]:
    """The orders of a list; in place of a bad one, what is wrong with it. Any other answer raises."""
    return each(WireOrder, rows(WireList[object], response))


def items_of(body: bytes, key: str) -> tuple[object, ...]:
    """What a file holds: one thing with the field ``key``, or a list, bare or as the shop answers."""
    document = decode_bytes(object, body)
    if isinstance(document, list):
        return tuple(cast("list[object]", document))
    found = cast("dict[str, object]", document) if isinstance(document, dict) else {}
    if key in found or "items" not in found:
        return (found,)
    return decode_bytes(WireList[object], body).rows


def bare(response: Response) -> str | bool | None:
    """An answer that is one value: text for ``"7"`` and ``7``, a truth value, None for all else."""
    try:
        value = decode_bytes(object, response.body)
    except Malformed:
        return None
    if isinstance(value, bool):
        return value
    return text(value) if isinstance(value, str | int) else None


# --- errors --------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Problem:
    """Magento's own words for what went wrong; empty where something else answered.

    Args:
        message: The sentence with its placeholders, as the shop's language has it.

        parameters: What stands for the placeholders, by name or, from a list, by ``1``, ``2``, ...
            May hold what a shopper wrote: never shown.
    """

    message: str = ""
    parameters: dict[str, str] = attrs.field(factory=dict[str, str], repr=False)

    def __bool__(self) -> bool:
        return bool(self.message)

    @property
    def right(self) -> str:
        """The permission that was missing, such as ``Magento_Sales::ship``, or empty."""
        return ", ".join(
            re.findall(r"[A-Za-z0-9]+_[A-Za-z0-9]+::[A-Za-z0-9_]+", self.parameters.get("resources", ""))
        )


@attrs.frozen(kw_only=True)
class _WireProblem:
    message: Scalar = ""
    parameters: dict[str, object] | list[object] | None = None


def problem_of(response: Response) -> Problem:
    """What Magento says went wrong. A page, a bare text or garbage is no word of its."""
    try:
        found = decode_bytes(_WireProblem, response.body)
    except Malformed:
        return Problem()
    given = found.parameters or {}
    pairs = (
        given.items() if isinstance(given, dict) else ((str(at), each) for at, each in enumerate(given, 1))
    )
    return Problem(
        message=text(found.message)[:300],
        parameters={
            name: ", ".join(text(each) for each in cast("list[object]", value))
            if isinstance(value, list)
            else text(value)
            for name, value in pairs
        },
    )


def refuse(response: Response) -> None:
    """Turn the answer to a read into a typed error, in words; 2xx passes."""
    status = response.status
    if 200 <= status < 300:
        return
    problem = problem_of(response)
    if status == 401 and problem.right:
        # Magento says the same of a token that it does not know.
        raise Forbidden(
            f"Magento wants the right {problem.right}: tick it under System, Extensions, Integrations, API "
            "(or in the user's role); if it is ticked, the token is wrong, or the shop does not take "
            "integration tokens as bearer",
            status=status,
            code=problem.right,
        )
    if status == 401 and problem:
        raise Unauthorized(f"Magento does not accept these credentials ({problem.message})", status=status)
    if status == 503 and is_maintenance(response):
        raise Unavailable("the shop is in maintenance mode", status=status)
    if status == 404 and problem:
        raise NotFound(f"Magento: {problem.message}", status=status)
    if status >= 500 and problem:
        # Its words may be raw SQL, with what a shopper wrote in it.
        raise Unavailable(f"Magento failed (HTTP {status})", status=status)
    if status == 400 and problem:
        raise Rejected(f"Magento refuses the question ({problem.message})", status=status)
    raise_for_status(response)


def is_maintenance(response: Response) -> bool:
    """Magento's page for a shop in maintenance mode, which it sends before it looks at anything."""
    page = response.text.lower()
    return (
        response.status == 503
        and "<html" in page
        and "503: service unavailable" in page
        and "maintenance downtime" in page
    )
