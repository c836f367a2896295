"""What goes over the wire: ids, times and money as Shopify writes them, and JSON read without surprises."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple, TypeAlias

import attrs

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Object: TypeAlias = "dict[str, Json]"
# One object as GraphQL reads it: plain values by field name, or what gives them when asked.
Node: TypeAlias = "Mapping[str, object]"

CENT = Decimal("0.01")


@attrs.frozen
class Asked:
    """A field that depends on its arguments."""

    answer: Callable[[Object], object]


class Newer(str):
    """An enum value that this version of the schema does not name."""

    __slots__ = ()


class Refusal(Exception):
    """A mutation says no: an entry of its ``userErrors``."""

    def __init__(self, message: str, field: Iterable[str] | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message, self.field, self.code = message, None if field is None else [*field], code


class ShopError(Exception):
    """A top-level error at a field, with its ``extensions``."""

    def __init__(self, message: str, **extensions: Json) -> None:
        super().__init__(message)
        self.extensions = extensions


class Money(NamedTuple):
    """An amount in the shopper's currency, and how many units of the shop's currency one of it is."""

    amount: Decimal
    currency: str
    rate: Decimal
    shop_currency: str


def gid(kind: str, number: int | str) -> str:
    """A global id."""
    return f"gid://shopify/{kind}/{number}"


def number_of(value: Json, kind: str = "") -> int:
    """The number in a global id of this kind; 0 if it is something else."""
    head, _, tail = text(value).rpartition("/")
    named = head.removeprefix("gid://shopify/")
    return int(tail) if tail.isdigit() and head.startswith("gid://shopify/") and kind in ("", named) else 0


def iso(moment: datetime | None) -> str | None:
    """A time: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def moment(value: str) -> datetime:
    """A time that a client sent.

    Raises:
        ValueError: It is none.
    """
    found = datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def amount(value: Decimal) -> str:
    """An amount: no more digits than needed, but at least one after the point."""
    digits = f"{value.quantize(CENT, ROUND_HALF_UP):f}".rstrip("0")
    return digits + "0" if digits.endswith(".") else digits


def bag(money: Money) -> Node:
    """A MoneyBag."""
    shop = (money.amount * money.rate).quantize(CENT, ROUND_HALF_UP)
    return {
        "shopMoney": {"amount": amount(shop), "currencyCode": money.shop_currency},
        "presentmentMoney": {"amount": amount(money.amount), "currencyCode": money.currency},
    }


def text(value: Json) -> str:
    """A field as text; null is empty."""
    return "" if value is None else str(value)


def whole(value: Json) -> int:
    """A field as a whole number; null is 0."""
    return int(text(value) or "0")


def mapping(value: Json) -> Object:
    """A field as an object; null is empty."""
    return value if isinstance(value, dict) else {}


def rows(value: Json) -> list[Object]:
    """The objects of a list; none where it is no list."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def texts(value: Json) -> list[str]:
    """The texts of a list; none where it is no list."""
    return [text(one) for one in value] if isinstance(value, list) else []


def encode(value: object) -> bytes:
    """JSON as Rails writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
