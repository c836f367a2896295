"""Values as Magento keeps them in its columns and says them in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeAlias
from xml.sax.saxutils import escape

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Object: TypeAlias = "dict[str, Json]"
Value: TypeAlias = "str | int | Decimal | None"
Row: TypeAlias = "dict[str, Value]"

ZERO = Decimal(0)


class RestError(Exception):
    """An answer that says no. ``parameters`` go into the message's placeholders, which the reader does."""

    def __init__(self, status: int, message: str, parameters: Object | list[Json] | None = None) -> None:
        super().__init__(message)
        self.status, self.message = status, message
        self.parameters: Json = parameters


class Masked(Exception):
    """An exception that is none of Magento's own: the answer is a 500 whose reason stands in a log only."""


NOT_FOUND = "The entity that was requested doesn't exist. Verify the entity and try again."


def not_found() -> RestError:
    """No such entity."""
    return RestError(404, NOT_FOUND)


def stamp(at: datetime) -> str:
    """A time as it is stored: UTC, whatever the shop's time zone, and without saying so."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def amount(value: Value) -> Decimal:
    """A money or quantity column; NULL is zero."""
    return Decimal(value or 0)


def cents(value: Decimal) -> Decimal:
    """Money is rounded to cents when an order is placed, though columns have four decimals."""
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def number(value: Decimal) -> int | float:
    """A decimal in JSON: an int when it is whole."""
    return int(value) if value == value.to_integral_value() else float(value)


def as_json(row: Mapping[str, Value], *, nulls: bool = False) -> Object:
    """A row; columns that are NULL are absent, except where the real one shows them."""
    return {
        name: number(value) if isinstance(value, Decimal) else value
        for name, value in row.items()
        if nulls or value is not None
    }


def stored_text(text: str) -> str:
    """What is left of a text in a utf8mb3 TEXT column: no character of four bytes, 65,535 bytes at most."""
    known = "".join("????" if ord(char) > 0xFFFF else char for char in text)
    return known.encode()[:65_535].decode(errors="ignore")


def encode(value: Json) -> bytes:
    """JSON as PHP writes it: escaped slashes, no raw non-ASCII."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/").encode()


def encode_xml(value: Json) -> bytes:
    """XML, for who asks for it."""
    return f'<?xml version="1.0"?>\n<response>{_xml(value)}</response>\n'.encode()


def _xml(value: Json) -> str:
    if isinstance(value, dict):
        return "".join(f"<{name}>{_xml(member)}</{name}>" for name, member in value.items())
    if isinstance(value, list):
        return "".join(f"<item>{_xml(member)}</item>" for member in value)
    return "" if value is None else escape(str(value))
