"""``searchCriteria`` and ``fields``, with all that Magento lets pass in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from operator import itemgetter
from typing import Literal, TypeVar

import attrs

from .values import Json, Masked, Object, RestError, Row, Value, amount

T = TypeVar("T")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")
_NUMBER = re.compile(r"\s*[+-]?\d+(?:\.\d+)?")


@attrs.frozen(kw_only=True)
class Filter:
    """One condition, as it came."""

    field: str
    value: str
    condition: str


@attrs.frozen(kw_only=True)
class Criteria:
    """What is asked for: groups are joined by AND, the filters in one by OR."""

    groups: Sequence[Sequence[Filter]]
    sorts: Sequence[tuple[str, str]]
    page_size: int | None
    page: int | None

    def as_json(self) -> Object:
        """As the answer repeats it."""
        groups: list[Json] = [
            {"filters": [{"field": f.field, "value": f.value, "condition_type": f.condition} for f in group]}
            for group in self.groups
        ]
        said: Object = {"filter_groups": groups}
        if self.sorts:
            said["sort_orders"] = [{"field": field, "direction": word} for field, word in self.sorts]
        if self.page_size is not None:
            said["page_size"] = self.page_size
        if self.page is not None:
            said["current_page"] = self.page
        return said


def read_criteria(query: Sequence[tuple[str, str]], limit: int | None) -> Criteria:
    """The ``searchCriteria`` of a query string.

    Args:
        limit: The largest page where input limiting is on.

    Raises:
        RestError: there is none, or something in it is refused.
    """
    found = [pair for pair in query if re.match(r"search_?[cC]riteria(\[|$)", pair[0])]
    if not found:
        message = '"%fieldName" is required. Enter and try again.'
        raise RestError(400, message, {"fieldName": "searchCriteria"})
    groups: dict[str, dict[str, dict[str, str]]] = {}
    sorts: dict[str, dict[str, str]] = {}
    numbers: dict[str, int] = {}
    for name, value in found:
        match [_snake(key) for key in re.findall(r"\[([^\]]*)\]", name)]:
            case ["filter_groups", group, "filters", which, key]:
                groups.setdefault(group, {}).setdefault(which, {})[key] = value
            case ["sort_orders", which, key]:
                sorts.setdefault(which, {})[key] = value
            case ["page_size" | "current_page" as key]:
                numbers[key] = _whole(value, key)
            case _:
                pass
    size = numbers.get("page_size")
    if limit is not None:
        if size is not None and size > limit:
            raise RestError(400, "Maximum SearchCriteria pageSize is %max", {"max": limit})
        size = 999_999 if size is None else size
    return Criteria(
        groups=[[_filter(parts) for parts in group.values()] for group in groups.values()],
        sorts=[
            (parts.get("field", ""), _direction(parts.get("direction", "DESC"))) for parts in sorts.values()
        ],
        page_size=size,
        page=numbers.get("current_page"),
    )


def _filter(parts: Mapping[str, str]) -> Filter:
    condition = parts.get("condition_type", "eq")
    return Filter(field=parts.get("field", ""), value=parts.get("value", ""), condition=condition)


def _direction(word: str) -> str:
    if word.upper() not in ("ASC", "DESC"):
        message = "The sort order has to be specified as %1 for ascending order or %2 for descending order."
        raise RestError(400, message, ["ASC", "DESC"])
    return word.upper()


def _whole(text: str, name: str) -> int:
    if re.fullmatch(r"-?\d+", text) is None:
        raise RestError(
            400,
            f'Error occurred during "{name}" processing. The "{text}" value\'s type is invalid. '
            'The "int" type was expected. Verify and try again.',
        )
    return int(text)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", lambda found: "_" + found[1].lower(), name)


def select(
    rows: Sequence[T],
    columns: Callable[[T], Row],
    criteria: Criteria,
    *,
    known: frozenset[str],
    past_end: Literal["empty", "last"],
) -> tuple[list[T], int]:
    """One page, and how many there are in all.

    Raises:
        Masked: a column that the table does not have.
    """
    named = {one.field for group in criteria.groups for one in group} | {field for field, _ in criteria.sorts}
    if not named <= known:
        raise Masked
    found = [
        row
        for row in rows
        if all(not group or any(_passes(columns(row), one) for one in group) for group in criteria.groups)
    ]
    for field, direction in reversed(criteria.sorts):
        ranked = [(_rank(columns(row).get(field)), row) for row in found]
        ranked.sort(key=itemgetter(0), reverse=direction == "DESC")
        found = [row for _, row in ranked]
    size = criteria.page_size or 0
    if size <= 0:
        return found, len(found)
    page = max(criteria.page or 1, 1)
    if past_end == "last":
        page = min(page, max(-(-len(found) // size), 1))
    return found[(page - 1) * size : page * size], len(found)


def _rank(value: Value) -> tuple[int, Decimal, str]:
    if value is None:
        return (0, Decimal(0), "")
    if isinstance(value, str):
        return (1, Decimal(0), value.lower())
    return (1, Decimal(value), "")


def _passes(row: Row, one: Filter) -> bool:
    held, given = row.get(one.field), one.value
    match one.condition:
        case "null":
            return held is None
        case "notnull":
            return held is not None
        case "in":
            return any(_compare(held, word, one.field) == 0 for word in given.split(","))
        case "nin":
            return held is not None and all(_compare(held, word, one.field) != 0 for word in given.split(","))
        case "like":
            return held is not None and _like(held, given)
        case "nlike":
            return held is not None and not _like(held, given)
        case "finset":
            return held is not None and given in str(held).split(",")
        case "nfinset":
            return held is not None and given not in str(held).split(",")
        case _:
            order = _compare(held, given, one.field)
    if order is None:
        return False
    match one.condition:
        case "neq":
            return order != 0
        case "gt":
            return order > 0
        case "gteq" | "moreq" | "from":
            return order >= 0
        case "lt":
            return order < 0
        case "lteq" | "to":
            return order <= 0
        case _:
            # A condition nobody knows is taken for "eq".
            return order == 0


def _like(held: Value, pattern: str) -> bool:
    words = "".join(".*" if char == "%" else "." if char == "_" else re.escape(char) for char in pattern)
    return re.fullmatch(words, str(held), re.IGNORECASE | re.DOTALL) is not None


def _compare(held: Value, given: str, field: str) -> int | None:
    """-1, 0 or 1 as the column is below, equal or above; None where the database calls it unknown."""
    if held is None:
        return None
    if field.endswith("_at"):
        moment = _moment(given)
        return None if moment is None else _sign(str(held), moment)
    if isinstance(held, str):
        return _sign(held.lower(), given.lower())
    found = _NUMBER.match(given)
    try:
        return _sign(amount(held), Decimal(found[0].strip()) if found else Decimal(0))
    except InvalidOperation:
        return None


def _moment(given: str) -> str | None:
    """A moment as the database reads it: with an offset it matches nothing, and no moment is before all."""
    found = _MOMENT.fullmatch(given.strip())
    if found is None:
        return ""
    day, time, zone = found.groups()
    if zone not in (None, "Z"):
        return None
    clock = str(time or "00:00:00")
    return f"{day} {clock}" if len(clock) == 8 else f"{day} {clock}:00"


def _sign(one: str | Decimal, other: str | Decimal) -> int:
    if isinstance(one, str) and isinstance(other, str):
        return (one > other) - (one < other)
    left, right = Decimal(one), Decimal(other)
    return (left > right) - (left < right)


# Projection

Fields = dict[str, "Fields | None"]


def read_fields(text: str) -> Fields:
    """``items[sku,qty],total_count`` as a tree; None is a whole value."""
    tree: Fields = {}
    stack = [tree]
    name = ""
    for mark in re.findall(r"[\[\],]|[^\[\],]+", text):
        if mark == "[":
            inner: Fields = {}
            stack[-1][name] = inner
            stack.append(inner)
        elif mark == "]":
            if len(stack) > 1:
                stack.pop()
        elif mark != ",":
            name = mark.strip()
            stack[-1].setdefault(name, None)
    return tree


def project(value: Json, fields: Fields) -> Json:
    """Only these fields; names nobody knows vanish, and what is left with nothing is ``[]`` or null."""
    if isinstance(value, list):
        return [project(member, fields) for member in value] or None
    if not isinstance(value, dict):
        return value
    left: Object = {
        name: member if (inner := fields[name]) is None else project(member, inner)
        for name, member in value.items()
        if name in fields
    }
    return left or []
