"""One call to the API, and the routes it may take."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import attrs

from ..._http import Call
from .values import Json, RestError


@attrs.frozen(kw_only=True)
class Ask:
    """One call; ``path`` is below ``/rest`` and the store code, and ``query`` is decoded."""

    call: Call = attrs.field(repr=False)
    now: datetime
    store: str
    path: str
    query: tuple[tuple[str, str], ...] = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Route:
    """Where a call can go.

    Args:
        resource: The right it takes; none for everybody.

        run: Does it, with the shop, the call and the parts of the address.
    """

    method: str
    pattern: re.Pattern[str]
    resource: str
    run: Callable[..., Json]
    status: int = 200


def route(method: str, path: str, resource: str, run: Callable[..., Json], status: int = 200) -> Route:
    """A route; ``{}`` in its path is one part of the address."""
    pattern = re.compile(re.escape(path).replace(r"\{\}", "([^/]+)"))
    return Route(method=method, pattern=pattern, resource=resource, run=run, status=status)


def whole_id(text: str) -> int:
    """An id in an address.

    Raises:
        RestError: it is no number.
    """
    if re.fullmatch(r"-?\d+", text) is None:
        raise RestError(
            400,
            f'The "{text}" value\'s type is invalid. The "int" type was expected. Verify and try again.',
        )
    return int(text)
