"""The rows under a transaction: named queries run, and columns read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from ._canonical import stamp, unstamp

__all__ = ["Part", "Row", "Rows", "Value", "int_in", "text_in", "time_in", "when"]

Value = str | int | float | None


class Row(Protocol):
    """One row by column name."""

    def __getitem__(self, name: str, /) -> Value: ...


class Rows(Protocol):
    """Runs a named query."""

    def run(self, name: str, /, **values: Value) -> Sequence[Row]:
        """The rows of query ``name``; none for one that only writes."""
        ...


class Part:
    """One part of a transaction: the methods over the tables of one idea."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows


def text_in(row: Row, name: str) -> str:
    """A column's text; empty for NULL."""
    value = row[name]
    return "" if value is None else str(value)


def int_in(row: Row, name: str) -> int:
    """A column's number; 0 for NULL."""
    return int(row[name] or 0)


def time_in(row: Row, name: str) -> datetime | None:
    """A column's time, if it has one."""
    value = row[name]
    return unstamp(value) if isinstance(value, str) and value else None


def when(at: datetime | None) -> str | None:
    """A time as a column keeps it."""
    return None if at is None else stamp(at)
