"""What a read asks for: fields, filters, order, page. The silent traps of the real one are all here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from difflib import SequenceMatcher

import attrs

from .schema import NUMBERS, Resource
from .values import NO_TIME, Fatal, Row, WebserviceError, integer, moment, number

FILTER = re.compile(r"filter\[([^\]]*)\]")
_WRAPPED = re.compile(r"(.*)\[(.*)\](.*)")
_INTERVAL = re.compile(r"([\d.:\-\s]+),([\d.:\-\s]+)")
_STAMPS = ("date_add", "date_upd")


@attrs.frozen
class Display:
    """The fields of an answer; ``parts`` names fields of associated rows. None is all there is."""

    fields: tuple[str, ...] | None = None
    parts: Mapping[str, tuple[str, ...]] | None = None

    def shows(self, field: str) -> bool:
        """Is this field wanted?"""
        return self.fields is None or field in self.fields

    def part(self, name: str) -> tuple[str, ...] | None:
        """Which fields of associated rows are wanted; () is none, None is all."""
        return None if self.parts is None else self.parts.get(name, ())


FULL = Display()


def read_display(resource: Resource, text: str) -> Display | None:
    """``full`` or ``[field,rows[field,field]]``; None is ids only."""
    names = ", ".join(("id", *(field.name for field in resource.fields)))
    if text == "full":
        return FULL
    if text == "minimum":
        return None
    if not re.fullmatch(r"\[.*\]", text):
        message = "The 'display' syntax is wrong. You can set 'full' or '[field_1,field_2,field_3,...]'."
        raise WebserviceError(400, (36, f"{message} These are available: {names}"))
    fields: list[str] = []
    parts: dict[str, tuple[str, ...]] = {}
    for word in re.findall(r"[^,\[\]]+(?:\[[^\]]*\])?", text[1:-1]):
        name, bracket, inner = word.partition("[")
        name = name.strip()
        wanted = tuple(inner.rstrip("]").split(",")) if bracket else ()
        if not _may_show(resource, name, wanted):
            message = f'Unable to display this field "{name}". However, these are available: {names}'
            raise WebserviceError(400, (35, message))
        if bracket:
            parts[name] = wanted
        else:
            fields.append(name)
    return Display(tuple(fields), parts)


def _may_show(resource: Resource, name: str, wanted: tuple[str, ...]) -> bool:
    if not wanted:
        return name == "id" or resource.field(name) is not None
    part = next((part for part in resource.parts if part.name == name), None)
    return part is not None and all(
        one == "id" or any(field.name == one for field in part.fields) for one in wanted
    )


def select(resource: Resource, rows: Iterable[Row], query: Mapping[str, str]) -> list[Row]:
    """The rows that a list answers: filtered, sorted, cut."""
    found = list(rows)
    dates = query.get("date", "") not in ("", "0")
    for name, wanted in query.items():
        match = FILTER.fullmatch(name)
        if match:
            found = _filtered(resource, found, match[1], wanted, dates)
    # Without ``sort`` the order is whatever the database likes today; so it is here, on purpose.
    found.sort(key=lambda row: (-(int(row["id"]) % 3), int(row["id"])))
    found = _sorted(resource, found, query["sort"], dates) if "sort" in query else found
    return _limited(found, query["limit"]) if "limit" in query else found


def _names(resource: Resource, dates: bool) -> list[str]:
    plain = ["id", *(field.name for field in resource.fields if field.kind != "i18n")]
    return [*dict.fromkeys((*plain, *_STAMPS))] if dates else [n for n in plain if n not in _STAMPS]


def _translated(resource: Resource) -> list[str]:
    return [field.name for field in resource.fields if field.kind == "i18n"]


def _filtered(resource: Resource, rows: list[Row], name: str, wanted: str, dates: bool) -> list[Row]:
    available = _names(resource, dates)
    if wanted and name in _translated(resource):
        return [row for row in rows if any(_passes(text, wanted, "text") for text in translations(row, name))]
    if name not in available:
        closest = max(available, key=lambda one: SequenceMatcher(None, one, name).ratio())
        listed = ", ".join(f'"{one}"' for one in available)
        message = f'This filter does not exist. Did you mean: "{closest}"? The full list is: {listed}'
        raise WebserviceError(400, (32, message))
    if not wanted:
        raise WebserviceError(400, (33, f'The filter "{name}" is malformed.'))
    field = resource.field(name)
    if field is not None and field.dynamic:
        message = f'The field "{name}" is dynamic. It is not possible to filter GET query with this field.'
        raise WebserviceError(400, (34, message))
    if field is None and name != "id":
        raise Fatal  # date=1 lets a date through that the table does not have
    kind = field.kind if field else "int"
    return [row for row in rows if _passes(row.get(name, ""), wanted, kind)]


def translations(row: Row, name: str) -> list[str]:
    """A translated column in every language."""
    return [text for key, text in row.items() if key.startswith(f"{name}:")]


def _passes(value: str, wanted: str, kind: str) -> bool:
    """One filter on one value. What it does not understand filters nothing."""
    match = _WRAPPED.fullmatch(wanted)
    if match is None:
        return _compare(value, wanted, kind) == 0
    before, inner, after = match.groups()
    if "%" in (before, after):
        pattern = re.escape(before + inner + after).replace("%", ".*").replace("_", ".")
        return re.fullmatch(pattern, value, re.IGNORECASE | re.DOTALL) is not None
    if (before, after) == ("", ""):
        if inner.find("|") > 0:
            return any(_compare(value, one, kind) == 0 for one in inner.split("|"))
        interval = _INTERVAL.fullmatch(inner)  # of three numbers it is none
        if interval:
            low, high = _php_sorted(interval[1], interval[2])
            return _compare(value, low, kind) >= 0 and _compare(value, high, kind) <= 0
        return _compare(value, inner, kind) == 0
    if before == ">":
        return _compare(value, inner, kind) > 0
    if before == "<":
        return _compare(value, inner, kind) < 0
    if before == "!":
        return all(_compare(value, one, kind) != 0 for one in inner.split("|"))
    return True


def _php_sorted(one: str, other: str) -> tuple[str, str]:
    numeric = all(re.fullmatch(r"\s*-?\d+(\.\d*)?\s*", text) for text in (one, other))
    swap = number(one) > number(other) if numeric else one > other
    return (other, one) if swap else (one, other)


def _compare(value: str, wanted: str, kind: str) -> int:
    """As MySQL compares a column with a text: -1, 0 or 1."""
    if kind in NUMBERS:
        return int(number(value).compare(number(wanted)))
    if kind in ("date", "day"):
        at = moment(wanted)
        # What is no date comes before every date, and is equal to none.
        return _order(moment(value) or NO_TIME, at) if at else 1
    return _order(value.casefold().rstrip(" "), wanted.casefold().rstrip(" "))


def _order(one: str, other: str) -> int:
    return (one > other) - (one < other)


def _sorted(resource: Resource, rows: list[Row], text: str, dates: bool) -> list[Row]:
    wrapped = re.fullmatch(r"\[(.*)\]", text)
    available = [*_names(resource, dates), *_translated(resource)]
    for sort in reversed((wrapped[1] if wrapped else text).split(",")):
        name, _, direction = sort.rpartition("_")
        if not name or direction.upper() not in ("ASC", "DESC"):
            message = 'The "sort" value has to be formed as this example: "field_ASC"'
            raise WebserviceError(400, (37, message))
        if name not in available:
            message = f"Unable to filter by this field. However, these are available: {', '.join(available)}"
            raise WebserviceError(400, (38, message))
        field = resource.field(name)
        if field is None and name != "id":
            raise Fatal
        kind = field.kind if field else "int"
        column = f"{name}:1" if kind == "i18n" else name
        rows = sorted(rows, key=_key(column, kind), reverse=direction.upper() == "DESC")
    return rows


def _key(column: str, kind: str) -> Callable[[Row], tuple[Decimal, str]]:
    if kind in NUMBERS:
        return lambda row: (number(row[column]), "")
    return lambda row: (Decimal(0), row.get(column, "").casefold())


def _limited(rows: list[Row], text: str) -> list[Row]:
    words = text.split(",")
    if len(words) > 2:
        message = 'The "limit" value has to be formed as this example: "5,25" or "10"'
        raise WebserviceError(400, (39, message))
    start = integer(words[0]) if len(words) == 2 else 0
    return rows[start : start + integer(words[-1])]
