"""Our values as canonical JSON and back: what the journal keeps and what ``--json`` prints."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar, cast

import attrs

from ._http import Headers
from ._money import Money

__all__ = ["dump", "load", "load_kept", "plain", "stamp", "unstamp"]

if TYPE_CHECKING:
    from cattrs import Converter

T = TypeVar("T")


def stamp(at: datetime) -> str:
    """A time as text that sorts: UTC, microseconds, ``Z``."""
    # Not strftime, which writes the first years with fewer than four digits.
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def unstamp(text: str) -> datetime:
    """The inverse of ``stamp``."""
    return datetime.fromisoformat(text)


@lru_cache(maxsize=1)
def _converter() -> Converter:
    # Here and not above: who only imports orderbridge need not load it.
    from cattrs import Converter

    converter = Converter(omit_if_default=True)
    converter.register_unstructure_hook(Decimal, str)
    converter.register_structure_hook(Decimal, lambda value, _: Decimal(value))
    converter.register_unstructure_hook(datetime, stamp)
    converter.register_structure_hook(datetime, lambda value, _: unstamp(value))
    converter.register_unstructure_hook(timedelta, lambda value: value.total_seconds())
    converter.register_structure_hook(timedelta, lambda value, _: timedelta(seconds=value))
    converter.register_unstructure_hook(Money, str)
    converter.register_structure_hook(Money, lambda value, _: Money.parse(value))
    converter.register_unstructure_hook(Headers, lambda value: dict(value.items()))
    converter.register_structure_hook(Headers, lambda value, _: Headers(value))
    converter.register_unstructure_hook(bytes, lambda value: value.decode("latin-1"))
    converter.register_structure_hook(bytes, lambda value, _: value.encode("latin-1"))
    return converter


def dump(value: object) -> str:
    """``value`` (attrs classes, tuples, mappings) as JSON: sorted keys, exact decimals, UTC."""
    return json.dumps(
        _converter().unstructure(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )


def load(cls: type[T], text: str) -> T:
    """The inverse of ``dump``."""
    return _converter().structure(json.loads(text), cls)


def load_kept(cls: type[T], text: str) -> T:
    """The same for what is read again and again, and says nothing about a person: the last ones are kept."""
    return cast("T", _kept(cast("Hashable", cls), text))


@lru_cache(maxsize=256)
def _kept(cls: Hashable, text: str) -> object:
    return load(cast("type[object]", cls), text)


def plain(value: object) -> object:
    """``value`` as JSON types for people's programs: nothing left out, absent is null."""
    if isinstance(value, Money):
        return f"{value.amount:f}"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        at = value.astimezone(UTC)
        return at.isoformat(timespec="microseconds" if at.microsecond else "seconds").replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Enum):
        return cast("object", value.value)
    if attrs.has(type(value)):
        instance = cast("attrs.AttrsInstance", value)
        return {field.name: plain(getattr(value, field.name)) for field in attrs.fields(type(instance))}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in cast("Mapping[object, object]", value).items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in cast("list[object]", value)]
    return value
