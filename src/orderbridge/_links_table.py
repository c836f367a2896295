"""A table of product links: out to a spreadsheet, and back in, row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any, TypeAlias

import attrs

from ._journal import Tx
from ._links import keep_links, why_not
from ._model import ProductLink
from ._money import Money
from ._saga import Clock, Saga, clock, commit, look
from ._shipments_table import RowError
from ._world import World
from .errors import ConfigurationError

__all__ = ["LinksImported", "export_links", "import_links"]

_Cells: TypeAlias = Mapping[str | Any, str | Any]
_Product: TypeAlias = tuple[str, str]  # the store and the key
_COLUMNS = ("store", "key", "supplier", "remote_id", "factor", "cost", "priority")
_NEEDED = _COLUMNS[:4]
_TOGETHER = 100  # products in one commit: others want the journal too
_GUARD = "'"
_GUARDED = ("=", "+", "-", "@", _GUARD)  # what a spreadsheet would run, and the sign that keeps it from that


@attrs.frozen(kw_only=True)
class LinksImported:
    """What a table of links came to.

    Args:
        links: Rows that went in.

        orders: Orders that changed by it; none on a dry run.

        errors: The rows left out.
    """

    links: int = 0
    orders: int = 0
    errors: tuple[RowError, ...] = ()


class _Wrong(ValueError):
    def __init__(self, column: str, why: str) -> None:
        super().__init__(why)
        self.column = column


def export_links(tx: Tx, store: str, *, owner: str = "") -> str:
    """All links, or those of one store, as CSV that ``import_links`` takes back unchanged."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for link in tx.links(store, owner=owner):
        cost = "" if link.cost is None else str(link.cost)
        words = (link.store, link.key, link.supplier, link.remote_id, f"{link.factor:f}", cost)
        writer.writerow([*map(_guarded, words), link.priority])
    return text.getvalue()


def _guarded(cell: str) -> str:
    return _GUARD + cell if cell.startswith(_GUARDED) else cell


def import_links(world: World, text: str, *, dry_run: bool = False, owner: str = "") -> Saga[LinksImported]:
    """Take in a table of links, row by row; those that the table does not name stay as they are.

    A wrong row keeps its whole product out, because half a kit is not to be ordered, and never stops others.
    With an owner, others' accounts are not there.

    Raises:
        ConfigurationError: it is no CSV, or its header lacks a column or names one that is not known.
    """
    rows, errors = _read(text)
    errors += yield from look(lambda tx: _check(tx, world, rows, owner))
    wrong = {error.row for error in errors}
    spoiled = {product for no, product, _ in rows if no in wrong}
    rest = "another row of this product is wrong; they go in together"
    errors += [
        RowError(row=no, column="", why=rest)
        for no, product, _ in rows
        if product in spoiled and no not in wrong
    ]
    products: dict[_Product, list[ProductLink]] = {}
    for _, product, link in rows:
        if link is not None and product not in spoiled:
            products.setdefault(product, []).append(link)
    orders = 0
    now = yield from clock()
    whole = list(products.values())
    for first in range(0, 0 if dry_run else len(whole), _TOGETHER):
        orders += yield from commit(partial(_keep, world, whole[first : first + _TOGETHER], now))
    return LinksImported(
        links=sum(map(len, whole)),
        orders=orders,
        errors=tuple(sorted(errors, key=lambda error: error.row)),
    )


def _keep(world: World, products: Iterable[list[ProductLink]], now: Clock, tx: Tx) -> int:
    return keep_links(tx, world, [link for links in products for link in links], now)


def _check(
    tx: Tx, world: World, rows: Iterable[tuple[int, _Product, ProductLink | None]], owner: str
) -> list[RowError]:
    found: list[RowError] = []
    seen: dict[tuple[str, str, str, str], int] = {}
    for no, _, link in rows:
        if link is None:
            continue
        column, _, why = why_not(tx, world, link, owner).partition(": ")
        before = seen.setdefault((link.store, link.key, link.supplier, link.remote_id), no)
        if why:
            found.append(RowError(row=no, column=column.replace(" ", "_"), why=why))
        elif before != no:
            found.append(RowError(row=no, column="", why=f"row {before} is the same link"))
    return found


def _read(text: str) -> tuple[list[tuple[int, _Product, ProductLink | None]], list[RowError]]:
    """Each row with its number, its product and its link; None where it has an error."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    rows: list[tuple[int, _Product, ProductLink | None]] = []
    errors: list[RowError] = []
    try:
        names = tuple(reader.fieldnames or ())
        wrong = [name for name in names if name not in _COLUMNS] or [n for n in _NEEDED if n not in names]
        if wrong:
            raise ConfigurationError(
                f"columns: {', '.join(wrong)}; "
                f"give {', '.join(_NEEDED)}, and any of {', '.join(_COLUMNS[4:])}"
            )
        for no, cells in enumerate(reader, start=2):
            link = None
            try:
                link = _read_row(cells)
            except _Wrong as error:
                errors.append(RowError(row=no, column=error.column, why=str(error)))
            rows.append((no, (_cell(cells, "store"), _cell(cells, "key")), link))
    except csv.Error as error:
        raise ConfigurationError(f"row {len(rows) + 2}: is no CSV: {error}") from None
    return rows, errors


def _read_row(cells: _Cells) -> ProductLink:
    if None in cells:
        raise _Wrong("", "the row has more cells than the header")
    return ProductLink(
        store=_cell(cells, "store"),
        key=_cell(cells, "key"),
        supplier=_cell(cells, "supplier"),
        remote_id=_cell(cells, "remote_id"),
        factor=_number(_cell(cells, "factor") or "1"),
        cost=_money(_cell(cells, "cost")),
        priority=_whole(_cell(cells, "priority") or "0"),
    )


def _cell(cells: _Cells, name: str) -> str:
    value = cells.get(name)
    return value.strip().removeprefix(_GUARD) if isinstance(value, str) else ""


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise _Wrong("factor", f"{text!r} came; give a number above zero such as 2 or 1.5") from None


def _money(text: str) -> Money | None:
    try:
        return Money.parse(text) if text else None
    except ValueError:
        raise _Wrong("cost", f"{text!r} came; give an amount and its currency such as 3.10 EUR") from None


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise _Wrong("priority", f"{text!r} came; give a whole number such as 0") from None
