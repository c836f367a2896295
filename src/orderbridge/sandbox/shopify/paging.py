"""Connections: pages cut out of sorted rows by keyset cursors."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from .values import Json, Node, ShopError, encode, text, whole

MOST = 250


class Row(Protocol):
    """Anything with a number."""

    @property
    def id(self) -> int: ...


R = TypeVar("R", bound=Row)


def _cursor(value: Json, last_id: int) -> str:
    return base64.b64encode(encode({"last_id": last_id, "last_value": value})).decode()


def _position(cursor: str) -> tuple[str, int]:
    try:
        seen = json.loads(base64.b64decode(cursor, validate=True))
        return str(seen["last_value"]), int(seen["last_id"])
    except (ValueError, KeyError, TypeError):
        raise ShopError("Invalid cursor for current pagination sort.") from None


def connection(
    found: Sequence[R],
    show: Callable[[R], Node],
    args: dict[str, Json],
    sort: Callable[[R], str] | None = None,
    *,
    whole_list: bool = False,
) -> Node:
    """A connection over all of ``found``, sorted by ``sort`` and the number, cut as the arguments say.

    A page begins after a place in the order, not after a row: rows that move meanwhile are seen at
    their new place.

    A bulk query gets the whole list.

    Raises:
        ShopError: No size was given, or one out of bounds.
    """
    first, last = args.get("first"), args.get("last")
    if first is None and last is None and not whole_list:
        raise ShopError("you must provide one of first or last")
    for size in (first, last):
        if size is not None and not whole_list and not 0 < whole(size) <= MOST:
            raise ShopError(f"first and last must be between 1 and {MOST}", code="BAD_REQUEST")
    backwards = bool(args.get("reverse"))
    keyed = [((sort(row) if sort else "", row.id), row) for row in found]
    keyed.sort(key=lambda one: one[0], reverse=backwards)
    if args.get("after") is not None:
        after = _position(text(args["after"]))
        keyed = [one for one in keyed if (one[0] < after if backwards else one[0] > after)]
    if args.get("before") is not None:
        before = _position(text(args["before"]))
        keyed = [one for one in keyed if (one[0] > before if backwards else one[0] < before)]
    window = keyed
    if first is not None and not whole_list:
        window = window[: whole(first)]
    if last is not None and not whole_list:
        window = window[-whole(last) :]
    more = bool(window) and window[-1] is not keyed[-1]
    earlier = bool(window) and (window[0] is not keyed[0] or args.get("after") is not None)
    cursors = [_cursor(*key) for key, _ in window]
    return {
        "edges": lambda: [
            {"cursor": cursor, "node": show(row)} for cursor, (_, row) in zip(cursors, window, strict=True)
        ],
        "nodes": lambda: [show(row) for _, row in window],
        "pageInfo": {
            "hasNextPage": more,
            "hasPreviousPage": earlier,
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
        },
    }
