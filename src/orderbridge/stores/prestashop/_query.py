"""Questions to PrestaShop's webservice, built so that none of its silent traps can be asked.

PrestaShop ignores a filter it does not understand and answers with everything, or reads a list as its
first number. So a filter here is one of four forms, made of whole numbers, names and wall times only;
nothing takes free text, and every list has an order and a limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Literal, TypeAlias

import attrs

from ...adapters import Read

Resource: TypeAlias = Literal[
    "addresses",
    "carriers",
    "configurations",
    "countries",
    "currencies",
    "customer_messages",
    "customer_threads",
    "customers",
    "order_carriers",
    "order_details",
    "order_histories",
    "order_slip",
    "order_states",
    "orders",
    "products",
    "shops",
    "states",
]

# What their lists are called, where that is not the resource's own name.
_LIST = {"order_slip": "order_slips"}

# Tables that really have the column: elsewhere date=1 makes the shop's database fail.
_DATED = frozenset({"orders", "order_slip", "customer_threads", "customer_messages"})

MOST = 1000  # rows of a list asked for at once where rows are small
# Of an address; longer ones are refused by some hosts. Brackets and bars are sent as three characters.
_LONGEST = 4000

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_WORD = re.compile(r"[A-Za-z0-9_]+")
# The four forms, and nothing else: one, more than one, from one of several, between two.
_ONE, _TWO = rf"(\d+|{_MOMENT.pattern})", rf"(\d+,\d+|{_MOMENT.pattern},{_MOMENT.pattern})"
_FORM = re.compile(rf">?\[{_ONE}\]|\[{_TWO}\]|\[{_WORD.pattern}(\|{_WORD.pattern})*\]")


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[object, attrs.Attribute[str], str], None]:
    def check(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
        if not pattern.fullmatch(value):
            raise ValueError(f"{attribute.name}: {value!r} is not {what}")

    return check


@attrs.frozen
class Moment:
    """A wall time of the shop's: the ISO form with a T finds nothing in an interval."""

    wall: str = attrs.field(validator=_matching(_MOMENT, "a time such as 2026-11-22 04:45:26"))


@attrs.frozen
class Word:
    """A name of letters, digits and underscores, as configuration keys and module names are."""

    word: str = attrs.field(validator=_matching(_WORD, "a name such as PS_TIMEZONE"))


Value: TypeAlias = int | Moment | Word


@attrs.frozen
class Filter:
    """One condition, as the functions below make it."""

    field: str = attrs.field(validator=_matching(_NAME, "the name of a field"))
    shown: str = attrs.field(validator=_matching(_FORM, "a filter that PrestaShop understands"))
    dated: bool = False


def equal(field: str, value: Value) -> Filter:
    """``field`` is ``value``."""
    return _filter(field, "", (value,))


def any_of(field: str, values: Iterable[int] | Iterable[Word]) -> Filter:
    """``field`` is one of ``values``, of which there must be one."""
    return _filter(field, "", tuple(values), "|")


def between(field: str, first: int | Moment, last: int | Moment) -> Filter:
    """``field`` is ``first``, ``last`` or something between."""
    if isinstance(first, Moment) is not isinstance(last, Moment):
        raise ValueError(f"{field}: {first} and {last} cannot be compared")
    return _filter(field, "", (first, last), ",")


def above(field: str, value: int | Moment) -> Filter:
    """``field`` is more than ``value``: PrestaShop has no "or equal"."""
    return _filter(field, ">", (value,))


def _text(value: Value) -> str:
    if isinstance(value, Moment):
        return value.wall
    if isinstance(value, Word):
        return value.word
    if isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} cannot stand in a filter; give a whole number of zero or more")
    return str(value)


def _filter(field: str, mark: str, values: tuple[Value, ...], joint: str = "") -> Filter:
    if not values:
        raise ValueError(f"{field}: a filter without a value finds everything")
    shown = f"{mark}[{joint.join(_text(value) for value in values)}]"
    return Filter(field, shown, any(isinstance(value, Moment) for value in values))


def listing(
    resource: Resource,
    *filters: Filter,
    display: tuple[str, ...] = (),
    sort: tuple[str, ...] = ("id",),
    descending: bool = False,
    limit: int = MOST,
    shop: str = "",
    keep: timedelta | None = None,
) -> Read:
    """A list in JSON.

    Args:
        resource: What of.

        filters: All of them must be true.

        display: Names of the fields wanted; all of them if empty.

        sort: Fields to sort by.

        descending: From the highest down.

        limit: The most rows to send. There is no offset: rows move while a list is read.

        shop: Of a multistore's shops, the id of the one that is asked; empty for the address's own.

        keep: As in ``Read``.
    """
    if resource == "customers" and not display:
        raise ValueError("customers: name the fields wanted; all of them include the password's hash")
    if not sort or not all(_NAME.fullmatch(name) for name in (*sort, *display)) or limit < 1:
        raise ValueError("give fields by name, at least one of them to sort by, and a limit above zero")
    way = "DESC" if descending else "ASC"
    params = [
        ("output_format", "JSON"),
        ("display", f"[{','.join(display)}]" if display else "full"),
        *((f"filter[{each.field}]", each.shown) for each in filters),
        ("sort", f"[{','.join(f'{name}_{way}' for name in sort)}]"),
        ("limit", f"0,{limit}"),
    ]
    if any(each.dated or each.field in ("date_add", "date_upd") for each in filters) or {
        "date_add",
        "date_upd",
    } & set(sort):
        if resource not in _DATED:
            raise ValueError(f"{resource}: its rows cannot be found or sorted by date")
        params.append(("date", "1"))
    if shop:
        params.append(("id_shop", str(int(shop))))
    return Read("GET", f"/api/{resource}", params=params, keep=keep)


def list_name(resource: Resource) -> str:
    """What the answer to ``listing`` calls the list."""
    return _LIST.get(resource, resource)


def chunks(ids: Iterable[int]) -> Iterable[tuple[int, ...]]:
    """Ids, none twice, in lists short enough for an address, in their order."""
    part: list[int] = []
    length = 0
    for each in sorted(set(ids)):
        size = len(str(each)) + len("%7C")
        if part and length + size > _LONGEST:
            yield tuple(part)
            part, length = [], 0
        part.append(each)
        length += size
    if part:
        yield tuple(part)


def rights(keep: timedelta | None, *, shop: str = "") -> Read:
    """What the key may do, as XML: in JSON this question kills PHP."""
    return Read("GET", "/api/", params=(("id_shop", shop),) if shop else (), keep=keep)


def one_as_xml(resource: Literal["order_carriers"], ref: int) -> Read:
    """A whole row in the form in which it can be put back."""
    return Read("GET", f"/api/{resource}/{ref:d}")
