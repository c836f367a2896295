"""JSON values as WordPress reads and writes them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeAlias

import attrs

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Object: TypeAlias = "dict[str, Json]"


class WpError(Exception):
    """An answer of WordPress that says no. ``code`` and ``data`` have odd types in some corners."""

    def __init__(self, code: str | int, message: str, status: int, data: Json = None) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status
        self.data: Json = {"status": status} if data is None else data


def rows(value: Json) -> list[Object]:
    """The objects of a list; the very same objects, so that changing one changes its owner."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def array(values: Iterable[Json]) -> list[Json]:
    """A JSON list of what is known more exactly than JSON."""
    return list(values)


def text(value: Json) -> str:
    """A field as text; null is empty."""
    return "" if value is None else str(value)


def amount(value: Json) -> Decimal:
    """A money or quantity field; empty is zero."""
    return Decimal(text(value) or "0")


def integer(value: Json) -> int:
    """A numeric field as a whole number; 0 where there is none."""
    return int(amount(value))


def money(value: Decimal | int, decimals: int) -> str:
    """Money as a shop writes it: with its own decimals, whatever the currency."""
    return str(Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def encode(value: Json) -> bytes:
    """JSON as PHP writes it: escaped slashes, no raw non-ASCII, whole floats without ``.0``."""
    return json.dumps(_php(value), separators=(",", ":")).replace("/", "\\/").encode()


def _php(value: Json) -> Json:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_php(item) for item in value]
    return {key: _php(item) for key, item in value.items()} if isinstance(value, dict) else value


def get_meta(owner: Object, key: str) -> Json:
    """The value of a meta entry of an order, a line or a product; None where there is none."""
    return next(
        (entry.get("value") for entry in rows(owner.get("meta_data")) if entry.get("key") == key), None
    )


def drop_meta(owner: Object, key: str) -> None:
    """Remove a meta entry."""
    owner["meta_data"] = array(entry for entry in rows(owner.get("meta_data")) if entry.get("key") != key)


@attrs.define
class Ids:
    """The next free numbers. Orders, refunds and products share one row of them, as posts do."""

    _last: dict[str, int] = attrs.field(init=False, factory=lambda: {"post": 100})

    def next(self, of: str) -> int:
        """A number not used yet."""
        self._last[of] = self._last.get(of, 0) + 1
        return self._last[of]

    def seen(self, of: str, value: Json) -> None:
        """A number came with recorded data."""
        self._last[of] = max(self._last.get(of, 0), integer(value))

    def seen_meta(self, owner: Object) -> None:
        """So did the numbers of its meta entries."""
        for entry in rows(owner.get("meta_data")):
            self.seen("meta", entry.get("id"))

    def set_meta(self, owner: Object, key: str, value: Json) -> None:
        """Set or add one meta entry; those of lines also have fields for display."""
        entries = rows(owner.get("meta_data"))
        known = next((entry for entry in entries if entry.get("key") == key), None)
        entry: Object = {"id": self.next("meta"), "key": key} if known is None else known
        if known is None:
            entries.append(entry)
        entry["value"] = value
        if "subtotal" in owner:
            entry.update(display_key=key, display_value=value)
        owner["meta_data"] = array(entries)
