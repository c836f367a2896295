"""Reading orders: one by its number, or all since a moment, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

import attrs

from ..._model import Money
from ...adapters import Changes, Cursor, Flow, PurchasePage, SeenPurchase, decode_bytes
from ...errors import Malformed, Unavailable
from ._call import ask, from_milliseconds, milliseconds, moment, packed
from ._failures import answered
from ._settings import Settings
from ._wire import ListAnswer, OrderAnswer, Rows, WireOrder, counted, money, needed, number, said, when
from ._words import Meaning, meanings_with

_ORDER = "/alibaba/order/get"
_LIST = "/alibaba/order/list"
_PAGE = 100  # the most

# How far back the first look for changes goes, and how late a change may show in the list.
_AT_FIRST = timedelta(hours=24)
_A_SECOND = timedelta(seconds=2)  # and one more, for clocks that differ
_LAG = timedelta(minutes=10)
_NARROWEST = timedelta(seconds=2)


@attrs.frozen(kw_only=True)
class SeenOrder:
    """An order as Alibaba.com shows it, in our words.

    Args:
        ref: Its number there.

        raw: The status word as it came.

        meaning: What that says of goods and money.

        units: By product and variant; None where the lines are not shown, or not all understood: others'
            orders may hold what no product of the platform is.
    """

    ref: str
    raw: str
    meaning: Meaning
    total: Money | None
    units: Mapping[tuple[str, str], Decimal] | None
    remark: str = attrs.field(repr=False)
    at: datetime | None
    wire: WireOrder = attrs.field(repr=False)


def order_with(settings: Settings, ref: str) -> Flow[SeenOrder | None]:
    """One order; None if Alibaba.com has nothing under this number."""
    response = yield ask(_ORDER, e_trade_id=ref, language=settings.language)
    wire = answered(OrderAnswer, response).value
    if wire is None:
        return None
    if needed(wire.trade_id, "$.value.trade_id") != ref:
        raise Malformed(f"$.value.trade_id: order {ref} was asked for, another came", path="$.value.trade_id")
    raw = needed(wire.trade_status, "$.value.trade_status")
    return SeenOrder(
        ref=ref,
        raw=raw,
        meaning=meanings_with(settings.statuses).get(raw.lower(), (None, None)),
        total=money(wire.total_amount, "$.value.total_amount"),
        units=_units(wire),
        remark=said(wire.remark),
        at=when(wire.modify_date, "$.value.modify_date"),
        wire=wire,
    )


def _units(wire: WireOrder) -> dict[tuple[str, str], Decimal] | None:
    if wire.order_products is None:
        return None
    units: dict[tuple[str, str], Decimal] = {}
    for line in wire.order_products:
        product, quantity = said(line.product_id), counted(line.quantity)
        if not product or quantity is None:
            return None
        key = (product, said(line.sku_id))
        units[key] = units.get(key, Decimal(0)) + quantity
    return units


def orders_since(since: datetime) -> Flow[tuple[str, ...]]:
    """The numbers of all orders made since then.

    Raises:
        Unavailable: the list shows fewer than it counts, so nothing can be said of what it does not show.
    """
    found: dict[str, None] = {}
    counted: int | None = None
    page = 0
    while True:
        rows = yield from _page(page, create_date_start=moment(since))
        before = len(found)
        found.update(dict.fromkeys(_refs(rows)))
        # Orders made meanwhile move rows to later pages, where they are seen twice, and are not the ones
        # that this count is about.
        counted = _count(rows) if counted is None else counted
        if len(found) == before or (counted is not None and len(found) >= counted):
            break
        page += 1
    if counted is not None and len(found) < counted:
        raise Unavailable(f"Alibaba.com counts {counted} orders and shows {len(found)}; they are read again")
    return tuple(found)


def _page(page: int, **span: str) -> Flow[Rows]:
    response = yield ask(_LIST, role="buyer", start_page=str(page), page_size=str(_PAGE), **span)
    return answered(ListAnswer, response).value


def _refs(rows: Rows) -> list[str]:
    return [
        needed(row.trade_id, f"$.value.order_list[{index}].trade_id")
        for index, row in enumerate(rows.order_list or [])
    ]


def _count(rows: Rows) -> int | None:
    text = said(rows.total_count)
    return int(number(text, "$.value.total_count")) if text else None


# --- what is new, and what changed ---------------------------------------------------------------


@attrs.frozen(kw_only=True)
class _Place:
    """Where the next look goes on.

    Args:
        since: Milliseconds.

        seen: Orders from there on that were told already, by number, with their times.
    """

    since: int
    seen: dict[str, str]


def purchases(cursor: Cursor | None, *, since: datetime, now: datetime) -> Flow[PurchasePage]:
    """Orders made since then, of a time so short that one page holds them; which is whose they do not say."""
    begin = since if cursor is None else from_milliseconds(int(cursor))
    times, end = yield from _told_of("create", begin, now)
    return PurchasePage(
        items=tuple(SeenPurchase(supplier_ref=ref) for ref in times),
        cursor=None if end is None else str(milliseconds(end)),
    )


def _told_of(kind: str, since: datetime, now: datetime) -> Flow[tuple[dict[str, str], datetime | None]]:
    """Orders made or changed from a moment on, with their times, and until when; None is until now.

    Pages of this list move while they are read: an order that changes leaves its place, and one behind it
    slips to a page that was read before. So what fills more than a page is asked for in shorter times.
    """
    length = max(now - since, _LAG)
    span = {f"{kind}_date_start": moment(since)}
    rows = yield from _page(0, **span)
    while not _is_whole(rows) and length > _NARROWEST:
        length /= 2
        span[f"{kind}_date_end"] = moment(since + length, is_end=True)
        rows = yield from _page(0, **span)
    times = _times(rows)
    page = 1
    while not _is_whole(rows, len(times)):  # more in a few seconds than a page holds
        rows = yield from _page(page, **span)
        if not _times(rows):
            raise Unavailable("Alibaba.com counts more orders than it shows; they are read again")
        times.update(_times(rows))
        page += 1
    return times, since + length if len(span) > 1 else None


def changes(cursor: Cursor | None, *, now: datetime) -> Flow[Changes]:
    """Orders changed since the cursor, of a time so short that one page holds them."""
    if cursor is None:
        place = _Place(since=milliseconds(now - _AT_FIRST), seen={})
    else:
        place = decode_bytes(_Place, cursor.encode())
    since = from_milliseconds(place.since)
    times, end = yield from _told_of("modified", since, now)
    if end is not None:
        until = milliseconds(end)
    else:
        last = max((int(at) for at in times.values() if at), default=0)
        # Nothing has changed later than now, whatever is written there.
        last = min(last, milliseconds(now))
        until = max(place.since, last - _LAG // timedelta(milliseconds=1))
    # A second that is not over yet may see another change, which no time would tell from this one.
    over = milliseconds(now - _A_SECOND)
    seen = {ref: at for ref, at in times.items() if not at or until <= int(at) <= over}
    return Changes(
        refs=tuple(ref for ref, at in times.items() if place.seen.get(ref) != at),
        cursor=packed({"since": until, "seen": seen}),
        more=end is not None,
    )


def _is_whole(rows: Rows, shown: int | None = None) -> bool:
    found = len(rows.order_list or []) if shown is None else shown
    count = _count(rows)
    return found < _PAGE if count is None else found >= count


def _times(rows: Rows) -> dict[str, str]:
    """When each was changed, in milliseconds; empty where the list does not say."""
    times: dict[str, str] = {}
    for ref, row in zip(_refs(rows), rows.order_list or [], strict=True):
        at = when(row.modify_date, "$.value.order_list[].modify_date")
        times[ref] = "" if at is None else str(milliseconds(at))
    return times
