"""Text, numbers, money, flags and times as Magento writes them.

Ids come as numbers or text, truth as 0 and 1, times in UTC without saying so; what is null is left out. What
is needed and wrong raises ``Malformed`` with its path.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from html import unescape
from typing import TypeAlias

from ..._model import Money
from ...errors import Malformed

# What should be text and is not always.
Scalar: TypeAlias = str | int | float | bool | None
# Missing where the shop has null. Read with ``number``.
Amount: TypeAlias = Decimal | None

_MOST = 12  # digits before the point of a number; more is a mistake or an attack
# Digits that Magento's database keeps. More come from PHP, which writes 12.3 as 12.300000000000001.
_STEP = Decimal("0.0001")


def text(value: object) -> str:
    """``value`` as text; lists, objects, truth values and null are empty."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()


def words(value: object) -> str:
    """Text for people: names are stored with entities where extensions wrote them."""
    return unescape(text(value)).strip()


def flag(value: object) -> bool:
    """Truth, which Magento writes as 0 and 1, as text, or as what it is."""
    return value is True or text(value) not in ("", "0", "false")


def number_of(value: object) -> int:
    """A whole number above zero, such as an id; 0 where something else came."""
    shown = text(value)
    return int(shown) if shown.isascii() and shown.isdigit() and len(shown) <= 2 * _MOST else 0


def id_text(value: object) -> str:
    """An id as text; empty where there is none."""
    return str(number_of(value) or "")


def number(value: Amount, path: str) -> Decimal:
    """An amount or a quantity, to the four digits that the shop keeps; 0 where it is missing.

    Raises:
        Malformed: it is none.
    """
    if value is None:
        return Decimal(0)
    if not value.is_finite() or (value and value.adjusted() >= _MOST):
        raise Malformed(f"{path}: {str(value)[:30]} is not a number", path=path)
    exponent = value.as_tuple().exponent
    return value.quantize(_STEP) if isinstance(exponent, int) and exponent < -4 else value


def needed(value: Amount, path: str) -> Decimal:
    """The same of one that must not be missing."""
    if value is None:
        raise Malformed(f"{path}: none came; a number is needed", path=path)
    return number(value, path)


def money(amount: Decimal, currency: str, path: str) -> Money:
    """An amount with its currency; if there is no such currency, ``path`` says where that was read."""
    try:
        return Money(amount, currency)
    except ValueError as error:
        raise Malformed(f"{path}: {error}", path=path) from None


def json_number(value: Decimal) -> int | float:
    """A quantity or an amount as JSON has them."""
    return int(value) if value == value.to_integral_value() else float(value)


def utc(value: object, path: str) -> datetime:
    """A time: Magento writes UTC without saying so, whatever the shop's zone."""
    try:
        time = datetime.fromisoformat(text(value))
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Malformed(
            f"{path}: {text(value)[:40]!r} is not a time such as 2026-11-22 03:48:32", path=path
        ) from None


def stamp(time: datetime) -> str:
    """A time as Magento writes and compares it. Every other form finds too much or nothing."""
    if time.tzinfo is None:
        raise ValueError(f"{time.isoformat()} has no time zone; give an aware datetime")
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(" ", timespec="seconds")
