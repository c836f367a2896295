"""Questions to Magento's lists, built so that none of its silent traps can be asked.

Magento takes a date it cannot read for the beginning of time and an unknown condition for "equals", and
answers with the wrong orders; without a page size it answers with all there are. So a filter here is made
of whole numbers, names and UTC times only; nothing takes free text, and every list has an order and a size.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

import attrs

from ...adapters import Headers, Read
from ._settings import Settings
from ._values import stamp
from ._wire import ACCEPT

Path: TypeAlias = Literal["creditmemos", "inventory/sources", "invoices", "orders", "products", "shipments"]

MOST = 100  # rows asked for at once; shops that limit this allow 300
# Ids of one question: its address must stay short enough for every host.
_IDS = 100

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_FIELD = re.compile(r"[a-z][a-z0-9_]*(\[[a-z0-9_,\[\]]+\])?")
_VALUE = re.compile(r"[A-Za-z0-9_.-]+(,[A-Za-z0-9_.-]+)*|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")

Value: TypeAlias = int | str | datetime


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[object, attrs.Attribute[str], str], None]:
    def check(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
        if not pattern.fullmatch(value):
            raise ValueError(f"{attribute.name}: {value!r} is not {what}")

    return check


@attrs.frozen
class Filter:
    """One condition, as the functions below make it."""

    field: str = attrs.field(validator=_matching(_NAME, "the name of a column"))
    condition: Literal["eq", "gt", "gteq", "in"]
    value: str = attrs.field(validator=_matching(_VALUE, "a value that Magento understands"))


def equal(field: str, value: Value) -> Filter:
    """``field`` is ``value``: a whole number, a time, or a name of letters, digits and ``_.-``."""
    return Filter(field, "eq", _text(value))


def above(field: str, value: int | datetime) -> Filter:
    """``field`` is more than ``value``."""
    return Filter(field, "gt", _text(value))


def since(moment: datetime, field: str = "updated_at") -> Filter:
    """``field`` is this moment or a later one."""
    return Filter(field, "gteq", _text(moment))


def one_of(field: str, values: Iterable[int] | Iterable[str]) -> Filter:
    """``field`` is one of ``values``, of which there must be one."""
    shown = [_text(value) for value in values]
    if not shown:
        raise ValueError(f"{field}: a filter without a value finds everything")
    return Filter(field, "in", ",".join(shown))


def _text(value: Value) -> str:
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, bool) or (isinstance(value, int) and value < 0):
        raise ValueError(f"{value!r} cannot stand in a filter; give a whole number of zero or more")
    shown = str(value)
    if "," in shown:
        raise ValueError(f"{shown!r} cannot stand in a filter: a comma parts two values")
    return shown


def listing(
    settings: Settings,
    path: Path,
    *filters: Filter,
    sort: tuple[str, ...] = ("entity_id",),
    descending: bool = False,
    size: int = MOST,
    page: int = 1,
    fields: tuple[str, ...] = (),
    keep: timedelta | None = None,
) -> Read:
    """A page of a list.

    Args:
        settings: Whose shop.

        path: Of what.

        filters: All of them must be true.

        sort: Columns to sort by.

        descending: From the highest down.

        size: The most rows to send.

        page: From 1. Rows move while a list is read: go by a key where there is one.

        fields: Of each row, as ``entity_id`` or ``items[order_item_id,qty]``; all if empty.

        keep: As in ``Read``.
    """
    if not sort or not all(_NAME.fullmatch(name) for name in sort):
        raise ValueError("sort: give columns by name, at least one")
    if not all(_FIELD.fullmatch(name) for name in fields):
        raise ValueError("fields: give names, such as entity_id or items[order_item_id,qty]")
    if not 1 <= size <= MOST or page < 1:
        raise ValueError(f"size, page: give a size of 1 to {MOST} and a page from 1")
    params: list[tuple[str, str]] = []
    for index, each in enumerate(filters):
        at = f"searchCriteria[filter_groups][{index}][filters][0]"
        params += [
            (f"{at}[field]", each.field),
            (f"{at}[value]", each.value),
            (f"{at}[condition_type]", each.condition),
        ]
    for index, name in enumerate(sort):
        params += [
            (f"searchCriteria[sortOrders][{index}][field]", name),
            (f"searchCriteria[sortOrders][{index}][direction]", "DESC" if descending else "ASC"),
        ]
    params.append(("searchCriteria[pageSize]", str(size)))
    if page > 1:
        params.append(("searchCriteria[currentPage]", str(page)))
    if fields:
        params.append(("fields", f"items[{','.join(fields)}],total_count"))
    return Read("GET", f"{settings.api}/{path}", params=params, headers=Headers(ACCEPT), keep=keep)


def chunks(ids: Iterable[int]) -> Iterable[tuple[int, ...]]:
    """Ids, none twice, upward, in lists short enough for one question."""
    rest = sorted(set(ids))
    while rest:
        yield tuple(rest[:_IDS])
        rest = rest[_IDS:]
