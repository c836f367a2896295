"""Lists of Shopify's to their end, and things by their ids, in as few questions as it can be.

A question that is more than Shopify gives in one answer is asked in halves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from ...adapters import Flow, Response
from ...errors import Malformed
from ._graphql import TooCostly, ask
from ._settings import Settings
from ._wire import Connection, whole

T = TypeVar("T")

_REST = 50  # of a list that goes on
_ROW = 11.0  # points of one of its rows, at most
_SOME = 50  # things asked for by id at once
_ENOUGH = 900.0  # points that a question may be charged, where Shopify allows 1000


def rest_of(
    settings: Settings,
    document: str,
    name: str,
    begun: Connection[T],
    read: Callable[[Response], Connection[T] | None],
) -> Flow[Connection[T]]:
    """A list to its end, from where it was left."""
    items, after, first = list(begun.items), begun.rest, _REST
    while after:
        response = yield ask(
            settings, document, {"id": name, "after": after, "first": first}, cost=first * _ROW
        )
        try:
            part = read(response)
        except TooCostly:
            if first == 1:
                raise
            first //= 2
            continue
        if part is None:
            raise Malformed(f"$: {name} went away while its lists were read", path="$")
        if part.rest == after:
            raise Malformed(f"$: the lists of {name} do not end", path="$")
        items += part.items
        after = part.rest
    return whole(items)


def by_id(
    settings: Settings,
    document: str,
    names: Sequence[str],
    variables: Mapping[str, object],
    read: Callable[[Response], tuple[T | None, ...]],
    *,
    each: float,
) -> Flow[list[T]]:
    """Things by their ids, as many at once as Shopify gives; what is gone is not among them.

    Args:
        settings: Whose shop.

        document: What is asked.

        names: The ids.

        variables: What else it is asked with.

        read: The things in an answer.

        each: Points that one of them may be charged.
    """
    found: list[T] = []
    rest = list(names)
    some = max(1, min(_SOME, int(_ENOUGH / each)))
    while rest:
        part = rest[:some]
        response = yield ask(settings, document, {"ids": part, **variables}, cost=each * len(part))
        try:
            nodes = read(response)
        except TooCostly:
            if some == 1:
                raise
            some = max(1, min(some, len(part)) // 2)
            continue
        found += (node for node in nodes if node is not None)
        rest = rest[some:]
    return found
