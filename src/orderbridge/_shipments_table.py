"""A table of what people say: statuses and departures, row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any, TypeAlias, TypeVar

import attrs

from ._by_people import (
    after_departure,
    check_left,
    check_placed,
    check_said,
    check_word,
    go_on,
    moved_by_people,
    notices_of,
    take_departure,
    take_word,
)
from ._journal import Tx
from ._model import Package, Shipment, ShipmentLine
from ._saga import Clock, Saga, clock, commit, look
from ._states import SAID, SAID_PAID, Fulfillment, Payment
from ._views import owns
from ._world import World
from .adapters import OrdersItself
from .errors import BridgeError, ConfigurationError, Unsupported

__all__ = ["Imported", "RowError", "import_shipments"]

W = TypeVar("W", Fulfillment, Payment)

_Cells: TypeAlias = Mapping[str | Any, str | Any]
_COLUMNS = (
    "purchase_order",
    "reference",
    "status",
    "payment",
    "remote_id",
    "quantity",
    "carrier",
    "tracking_number",
    "tracking_url",
    "shipped_at",
    "ref",
)
# What a purchase order's own table has beside: people fill that table in and give it back.
_ONLY_TOLD = (
    "shop_order",
    "ordered_at",
    "sku",
    "name",
    "ship_name",
    "ship_company",
    "ship_line1",
    "ship_line2",
    "ship_postal_code",
    "ship_city",
    "ship_region",
    "ship_country",
    "ship_phone",
    "ship_email",
    "packing",
    "note",
)


@attrs.frozen(kw_only=True)
class RowError:
    """A row of a file that could not be taken in.

    Args:
        row: Its number, the header being 1.

        column: Where it is wrong; empty if it is the whole row.

        why: What came and what would be right.
    """

    row: int
    column: str
    why: str


@attrs.frozen(kw_only=True)
class Imported:
    """What a file came to: how many purchase orders and departures are news, and the rows left out.

    Args:
        statuses: Purchase orders that are further than before, or paid otherwise.

        departures: Departures that were not known, or had another number.

        known: Statuses and departures that were known already, as after the same file once more.
    """

    statuses: int = 0
    departures: int = 0
    known: int = 0
    errors: tuple[RowError, ...] = ()


@attrs.frozen(kw_only=True)
class _Row:
    no: int
    po_id: str
    fulfillment: Fulfillment | None
    payment: Payment | None
    raw: str
    line: ShipmentLine | None
    package: Package
    shipped_at: datetime | None
    ref: str

    @property
    def departs(self) -> bool:
        return bool(self.ref)


class _Wrong(ValueError):
    def __init__(self, column: str, why: str) -> None:
        super().__init__(why)
        self.column = column


def import_shipments(
    world: World, text: str, *, dry_run: bool = False, owner: str = "", identified: set[str]
) -> Saga[Imported]:
    """Take in a table of statuses and departures, row by row; a wrong row never stops the others.

    Rows of one purchase order with one ``ref`` (or else one tracking number) are one departure.

    Raises:
        ConfigurationError: the header names a column that is not known, or neither ``purchase_order`` nor
            ``reference``.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        names = tuple(reader.fieldnames or ())
    except csv.Error as error:
        raise ConfigurationError(f"the table: is no CSV: {error}") from None
    unknown = [name for name in names if name not in (*_COLUMNS, *_ONLY_TOLD)]
    if unknown or not {"purchase_order", "reference"} & set(names):
        raise ConfigurationError(
            f"columns: {', '.join(unknown) or 'neither purchase_order nor reference'}; "
            f"give purchase_order or reference, and any of {', '.join(_COLUMNS[2:])}"
        )
    rows: list[_Row] = []
    errors: list[RowError] = []
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            errors.append(RowError(row=reader.line_num, column="", why=f"is no CSV: {error}"))
            break
        if cells is None:
            break
        row = yield from look(partial(_row_or_error, reader.line_num, cells, owner))
        if isinstance(row, RowError):
            errors.append(row)
        elif row is not None:
            rows.append(row)
    done = Imported()
    orders: list[str] = []
    now = yield from clock()
    for group in _grouped(rows):
        why = yield from look(partial(_why_not, world, group, now))
        status_news, departure_news = (False, False) if why else (yield from look(partial(_news, group)))
        if not why and not dry_run:
            try:
                yield from commit(partial(_apply, world, group, now))
            except (BridgeError, ConfigurationError) as error:
                why = str(error)  # somebody moved it in between: nothing of these rows is written
        if why:
            errors += [RowError(row=row.no, column="", why=why) for row in group]
            continue
        if not dry_run:
            orders.append(group[0].po_id.rsplit("/", 2)[0])
        done = attrs.evolve(
            done,
            statuses=done.statuses + status_news,
            departures=done.departures + departure_news,
            known=done.known
            + (group[0].departs and not departure_news)
            + (any(row.fulfillment or row.payment for row in group) and not status_news),
        )
    for order_id in dict.fromkeys(orders):
        yield from go_on(world, order_id, identified)
    return attrs.evolve(done, errors=tuple(sorted(errors, key=lambda error: error.row)))


def _grouped(rows: Iterable[_Row]) -> list[list[_Row]]:
    groups: dict[tuple[str, str], list[_Row]] = {}
    for row in rows:
        groups.setdefault((row.po_id, row.ref or f"row {row.no}"), []).append(row)
    return list(groups.values())


def _row_or_error(no: int, cells: _Cells, owner: str, tx: Tx) -> _Row | RowError | None:
    try:
        return _read_row(no, cells, owner, tx)
    except _Wrong as wrong:
        return RowError(row=no, column=wrong.column, why=str(wrong))


def _read_row(no: int, cells: _Cells, owner: str, tx: Tx) -> _Row | None:
    if None in cells:
        raise _Wrong("", "the row has more cells than the header")
    cell = {str(name): _as_said(value) if isinstance(value, str) else "" for name, value in cells.items()}
    po_id = cell.get("purchase_order", "")
    if not po_id and cell.get("reference"):
        po_id = tx.purchase_called(cell["reference"]) or ""
    if not po_id or tx.purchase(po_id) is None or not owns(tx, owner, po_id):
        column = "purchase_order" if cell.get("purchase_order") else "reference"
        raise _Wrong(column, f"there is no purchase order {cell.get(column, '')!r}")
    word = cell.get("status", "")
    package = Package(
        carrier=cell.get("carrier", ""),
        tracking_number=cell.get("tracking_number", ""),
        tracking_url=cell.get("tracking_url", ""),
    )
    ref = cell.get("ref", "") or package.tracking_number or package.tracking_url
    remote_id = cell.get("remote_id", "")
    if cell.get("quantity") and not remote_id:
        raise _Wrong("remote_id", "a quantity came and no remote_id: of what?")
    if not (word or cell.get("payment") or ref):
        return None  # nobody has said anything of it yet
    return _Row(
        no=no,
        po_id=po_id,
        fulfillment=_word(SAID, "status", word),
        payment=_word(SAID_PAID, "payment", cell.get("payment", "")),
        raw=word,
        line=ShipmentLine(remote_id=remote_id, quantity=_quantity(cell.get("quantity", "")))
        if remote_id and ref
        else None,
        package=package,
        shipped_at=_time(cell.get("shipped_at", "")),
        ref=ref,
    )


def _as_said(value: str) -> str:
    """Without the sign that keeps spreadsheets from running it, as our own tables have it."""
    text = value.strip()
    return text[1:] if text[:1] == "'" and text[1:2] in tuple("=@+-") else text


def _word(words: tuple[W, ...], column: str, word: str) -> W | None:
    known = {each.value: each for each in words}
    said = word.upper().replace(" ", "_")
    if word and said not in known:
        raise _Wrong(column, f"{word!r} came; give one of {', '.join(known)}")
    return known.get(said)


def _quantity(text: str) -> Decimal:
    try:
        quantity = Decimal(text)
    except InvalidOperation:
        quantity = Decimal(0)
    if not quantity.is_finite() or quantity <= 0:
        raise _Wrong("quantity", f"{text!r} came; give a number above zero such as 2 or 1.5")
    return quantity


def _time(text: str) -> datetime | None:
    if not text:
        return None
    from dateutil.parser import isoparse  # it loads the zones of the world; only who has a table needs it

    try:
        at = isoparse(text)
        at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _Wrong("shipped_at", f"{text!r} came; give a time such as 2026-11-22T15:00:00+01:00") from None
    if at.tzinfo is None:
        raise _Wrong("shipped_at", f"{text!r} has no time zone; add Z or an offset such as +01:00")
    return at


def _departure(group: list[_Row]) -> Shipment:
    lines = tuple(row.line for row in group if row.line is not None)
    first = group[0]
    return Shipment(
        ref=first.ref,
        packages=tuple(dict.fromkeys(row.package for row in group)),
        lines=lines or None,
        shipped_at=first.shipped_at,
    )


def _why_not(world: World, group: list[_Row], now: Clock, tx: Tx) -> str:
    """What is wrong with a group of rows, before anything is written; empty if nothing is."""
    first = group[0]
    try:
        record, _, supplier = moved_by_people(tx, world, first.po_id)
        hub = isinstance(supplier.adapter, OrdersItself)
        if not hub:
            check_placed(record)
        if first.departs:
            if hub:
                raise Unsupported("it tells the shop by itself what it ships", account=supplier.name)
            departure = _departure(group)
            check_said(departure, now)
            if departure.ref not in {notice.shipment_ref for notice in notices_of(tx, record)}:
                check_left(tx, record, departure)
            record = attrs.evolve(record, fulfillment=after_departure(tx, record, departure))
        for row in group:
            check_word(record, row.fulfillment, row.payment)
            if row.fulfillment is not None:
                record = attrs.evolve(record, fulfillment=row.fulfillment)
    except (BridgeError, ConfigurationError) as error:
        return str(error)
    return ""


def _news(group: list[_Row], tx: Tx) -> tuple[bool, bool]:
    """Do these rows say how far it is, and what has left, other than is known?"""
    record = tx.purchase(group[0].po_id)
    assert record is not None
    said = any(
        row.fulfillment not in (None, record.fulfillment) or row.payment not in (None, record.payment)
        for row in group
    )
    if not group[0].departs:
        return said, False
    departure = _departure(group)
    told = [each.notice.packages for each in notices_of(tx, record) if each.shipment_ref == departure.ref]
    left = all(package in packages for packages in told for package in departure.packages)
    return said, not (told and left)


def _apply(world: World, group: list[_Row], now: Clock, tx: Tx) -> None:
    first = group[0]
    if first.departs:
        take_departure(tx, world, first.po_id, _departure(group), now)
    for row in group:
        if row.fulfillment is not None or row.payment is not None:
            take_word(tx, world, row.po_id, row.fulfillment, row.payment, row.raw, now)
