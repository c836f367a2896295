"""Values as PHP and MySQL see them: JSON, falsy, numbers read from the front of a text, wall-clock dates."""

from __future__ import annotations

import json
import re
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeAlias
from zoneinfo import ZoneInfo

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Object: TypeAlias = "dict[str, Json]"
Row: TypeAlias = (
    "dict[str, str]"  # as the database holds it; translated columns are called "name:1", "name:2"
)

NO_TIME = "0000-00-00 00:00:00"
NO_DAY = "0000-00-00"

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+))")
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}:\d{2}))?")
_TAG = re.compile(r"<(?![\s=<])[^>]*(?:>|$)")


class WebserviceError(Exception):
    """An answer that says no: an HTTP status, and one or more numbered messages."""

    def __init__(self, status: int, *errors: tuple[int, str]) -> None:
        super().__init__(errors[0][1])
        self.status, self.errors = status, errors


class Fatal(Exception):
    """PHP died: 500 and not a byte more. What was written before stays written."""


def number(text: str) -> Decimal:
    """A text compared with a numeric column: MySQL reads what stands in front, ``3x`` is 3, ``x`` is 0."""
    found = _NUMBER.match(text)
    return Decimal(found[1]) if found else Decimal(0)


def integer(text: str) -> int:
    """A text cast to a whole number."""
    return int(number(text))


def money(value: Decimal | int | str, decimals: int = 6) -> str:
    """A decimal column."""
    return str(Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def moment(text: str) -> str | None:
    """A text compared with a date column: a bare day is its midnight; None where it is no date."""
    found = _TIME.fullmatch(text.strip())
    return f"{found[1]} {found[2] or '00:00:00'}" if found else None


def wall_clock(now: datetime, zone: str) -> str:
    """How the shop writes a time: in its own zone, whole seconds, and not saying which zone."""
    return now.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def without_tags(text: str) -> str:
    """What is left of a plain text column after ``strip_tags``."""
    return _TAG.sub("", text)


def objects(value: Json) -> list[Object]:
    """The objects of a list; none where it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def falsy(value: Json) -> bool:
    """What PHP's ``array_filter`` drops: also ``"0"``, but not ``"0.000000"``."""
    return not value or value == "0"


def encode(value: Json) -> bytes:
    """JSON as PHP writes it: slashes escaped, letters as they are.

    One text that is no UTF-8 (kept as lone surrogates), and there is no JSON at all.
    """
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False).replace("/", "\\/")
    try:
        return text.encode()
    except UnicodeEncodeError:
        return b""
