"""Fits: what a setting has to be. Each is looked at once, and a wrong one named before anything begins.

Callers without a type checker give words and numbers; what they would mean is never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast

from ._money import Money
from .errors import ConfigurationError

__all__ = [
    "COUNTRIES",
    "LIMITS",
    "MONEY",
    "WEIGHT",
    "YES_OR_NO",
    "Fits",
    "Wanted",
    "all_in",
    "at_most",
    "is_aware",
    "is_count",
    "is_number",
    "is_share",
    "listed",
    "must_fit",
    "one_of",
    "or_none",
    "says_something",
    "some",
    "span",
]

Fits = Callable[[object], bool]
Wanted = Mapping[str, tuple[Fits, str]]
"""By field, what fits it, and what that is in words."""


def must_fit(
    given: Mapping[str, object], wanted: Wanted, *, where: str = "", private: Container[str] = ()
) -> None:
    """Look at what was given, by name.

    Args:
        private: Names of what is never shown: of it only the type that came is told.

    Raises:
        ConfigurationError: names the setting, what came and what would be right.
    """
    for name, (fits, words) in wanted.items():
        value = given[name]
        if not fits(value):
            came = str(value) if isinstance(value, (Decimal, timedelta)) else repr(value)
            if name in private:
                came = f"what came, a {type(value).__name__},"
            raise ConfigurationError(f"{where and f'{where}: '}{name}: {came} is not {words}")


def at_most(limit: object) -> int:
    """How many a caller wants of something."""
    if not is_count(limit):
        raise ConfigurationError(f"limit: {limit!r} is not a whole number of zero or more")
    return cast("int", limit)


def one_of(*kinds: type) -> Fits:
    """One of these types."""
    return lambda value: isinstance(value, kinds)


def or_none(fits: Fits) -> Fits:
    """That, or nothing."""
    return lambda value: value is None or fits(value)


def all_in(kind: type, fits: Fits) -> Fits:
    """A tuple or a set, each of which fits."""
    return lambda value: isinstance(value, kind) and all(map(fits, cast("Iterable[object]", value)))


def some(*kinds: type) -> tuple[Fits, str]:
    """A list of these types."""
    names = " or ".join(kind.__name__ for kind in kinds)
    return all_in(tuple, one_of(*kinds)), f"a list, each of it {names}"


def listed(value: object) -> object:
    """Whatever can be gone through as a tuple, to be looked at more than once; all else as it is."""
    found = value
    if isinstance(value, Iterable) and not isinstance(value, (str, Mapping)):
        found = tuple(cast("Iterable[object]", value))
    return found


def is_aware(value: object) -> bool:
    """A time that says its zone."""
    return isinstance(value, datetime) and value.utcoffset() is not None


def span(*, zero: bool) -> tuple[Fits, str]:
    """A duration, and whether it may be none at all."""

    def fits(value: object) -> bool:
        return isinstance(value, timedelta) and (value > timedelta(0) or (zero and not value))

    return fits, f"a duration {'of zero or more' if zero else 'above zero'}, in Python a timedelta"


def is_number(value: object) -> bool:
    """Zero or more."""
    return isinstance(value, Decimal) and value.is_finite() and value >= 0


def is_share(value: object) -> bool:
    """A part that is not all."""
    return isinstance(value, Decimal) and is_number(value) and value < 1


def is_count(value: object) -> bool:
    """So many days, or things."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def says_something(value: object) -> bool:
    """Text that is not empty."""
    return isinstance(value, str) and bool(value.strip())


def _is_money(value: object) -> bool:
    return isinstance(value, Money) and value.amount >= 0


def _are_limits(value: object) -> bool:
    if not all_in(tuple, _is_money)(value):
        return False
    currencies = [limit.currency for limit in cast("tuple[Money, ...]", value)]
    return len(set(currencies)) == len(currencies)


def _is_country(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch("[A-Z]{2}", value) is not None


COUNTRIES = (
    all_in(frozenset, _is_country),
    "a list of countries, two capital letters each, such as DE; in Python a frozenset",
)
LIMITS = (_are_limits, "a list of amounts of zero or more, one per currency; in Python a tuple of Money")
MONEY = (or_none(_is_money), "an amount of zero or more, in Python Money")
WEIGHT = (or_none(is_number), "a number of zero or more, in Python a Decimal")
YES_OR_NO = (one_of(bool), "true or false")
