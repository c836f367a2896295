"""Settings from tables of a configuration: wrong keys and values are named, secrets come from outside."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar, cast, get_args, get_origin

import attrs

from ._model import Secret
from ._money import Money
from .errors import ConfigurationError

__all__ = ["no_such_key", "structure"]

if TYPE_CHECKING:
    from cattrs import Converter

T = TypeVar("T")

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


_UNREAD = "UNREADSECRET"  # stands where nothing is ever signed


def structure(cls: type[T], table: Mapping[str, object], *, where: str, unread: list[str] | None = None) -> T:
    """``cls`` out of a table.

    Args:
        cls: An attrs class.

        table: Its fields by name, as TOML or JSON gives them. Durations are ``"15m"``, ``"4h"``.

        where: What the table is, for the error: ``store 'shop'``.

        unread: Takes the secrets that cannot be read, in words, for who signs nothing or names them all
            at once; without it they are an error.

    Raises:
        ConfigurationError: names the key, what came and what would be right. Values of secrets are
            never shown.
    """
    found = dict(table)
    missing = [f"{where}: {why}" for why in _read_secrets(cls, found)]
    if missing and unread is None:
        raise ConfigurationError("; ".join(missing))
    try:
        made = _converter().structure(found, cls)
    except Exception as error:
        words = str(error) if isinstance(error, ConfigurationError) else _words(error, cls)
        # What a class says of itself is said already, for example policy.
        words = words.removeprefix(f"{where.rpartition(': ')[2]}: ")
        raise ConfigurationError("; ".join((*missing, f"{where}: {words}"))) from None
    if unread is not None:
        unread += missing
    return made


def _read_secrets(cls: type, table: dict[str, object]) -> list[str]:
    """Put the secrets of a table in the place of what says where they are; why some cannot be read."""
    wrong: list[str] = []
    fields = attrs.fields(attrs.resolve_types(cast("type[attrs.AttrsInstance]", cls)))
    for name in (field.name for field in fields if Secret in (field.type, *get_args(field.type))):
        said = table.get(name)
        if isinstance(said, str):
            table[name] = _read_secret(name, said, wrong)
        elif isinstance(said, (list, tuple)):
            each_said = cast("Sequence[object]", said)
            table[name] = [
                _read_secret(name, each, wrong) if isinstance(each, str) else each for each in each_said
            ]
    return wrong


def _read_secret(name: str, said: str, wrong: list[str]) -> Secret:
    try:
        return secret(said)
    except ConfigurationError as error:
        wrong.append(f"{name}: {error}")
        return Secret(_UNREAD)


@lru_cache(maxsize=1)
def _converter() -> Converter:
    # Here and not above: who only imports orderbridge need not load it.
    from cattrs import Converter

    converter = Converter(forbid_extra_keys=True)
    converter.register_structure_hook(Secret, lambda value, _: secret(value))
    converter.register_structure_hook(timedelta, lambda value, _: _duration(value))
    converter.register_structure_hook(Money, lambda value, _: Money.parse(_text(value)))
    converter.register_structure_hook(Decimal, lambda value, _: _number(value))
    converter.register_structure_hook(str, lambda value, _: _text(value))
    converter.register_structure_hook(bool, lambda value, _: _yes_or_no(value))
    converter.register_structure_hook(datetime, lambda value, _: _time(value))
    converter.register_structure_hook_func(_is_enum, _choice)
    converter.register_structure_hook_func(_is_literal, _word)
    converter.register_structure_hook_factory(_is_frozenset, lambda cls, of: _set_hook(cls, of))
    converter.register_structure_hook_factory(_is_tuple, lambda cls, of: _list_hook(cls, of))
    return converter


def _is_enum(cls: object) -> bool:
    return isinstance(cls, type) and issubclass(cls, Enum)


def _choice(value: object, cls: type[Enum]) -> Enum:
    words = {str(item.value): item for item in cls}
    if isinstance(value, cls):
        return value
    if not isinstance(value, str) or value not in words:
        raise ConfigurationError(f"{value!r} is none of {', '.join(words)}")
    return words[value]


def _is_literal(cls: object) -> bool:
    return get_origin(cls) == Literal


def _word(value: object, cls: object) -> object:
    words = get_args(cls)
    if value not in words:
        raise ConfigurationError(f"{value!r} is none of {', '.join(words)}")
    return value


def _is_tuple(cls: object) -> bool:
    return get_origin(cls) is tuple


def _list_hook(cls: object, converter: Converter) -> Callable[[object, object], tuple[object, ...]]:
    of = cast("type[object]", get_args(cls)[0])

    def hook(value: object, _: object) -> tuple[object, ...]:
        if not isinstance(value, (list, tuple)):
            # Without the value, which may be a secret.
            raise ConfigurationError("give a list, also of one: [...]")
        return tuple(converter.structure(each, of) for each in cast("list[object]", value))

    return hook


def _is_frozenset(cls: object) -> bool:
    return get_origin(cls) is frozenset


def _set_hook(cls: object, converter: Converter) -> Callable[[object, object], frozenset[object]]:
    listed = _list_hook(cls, converter)

    def hook(value: object, of: object) -> frozenset[object]:
        # Written in Python it is a set already; a file has lists only.
        found = list(cast("frozenset[object]", value)) if isinstance(value, frozenset) else value
        return frozenset(listed(found, of))

    return hook


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ConfigurationError(f"{value!r} is a {type(value).__name__}; give it in quotes")
    return value


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{value!r} is neither true nor false")
    return value


def _number(value: object) -> Decimal:
    try:
        return Decimal(_text(value))
    except InvalidOperation:
        raise ConfigurationError(f'{value!r} is not a number such as "0.02"') from None


def _time(value: object) -> datetime:
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise ConfigurationError(f"{value!r} is not a time such as 2026-01-01T00:00:00Z") from None
    if at.tzinfo is None:
        raise ConfigurationError(f"{at.isoformat()} has no time zone; write {at.isoformat()}Z for UTC")
    return at


def _duration(value: object) -> timedelta:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", _text(value).strip())
    if found is None:
        raise ConfigurationError(f"{value!r} is not a duration such as 30s, 15m, 4h or 2d")
    return timedelta(seconds=float(found[1]) * _UNITS[found[2]])


def secret(value: object) -> Secret:
    """A secret as it stands, or from where ``env:``, ``file:`` or ``keyring:`` says that it is."""
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise ConfigurationError(f"a secret is text, not a {type(value).__name__}")
    kind, mark, rest = value.partition(":")
    if mark and kind == "env":
        found = os.environ.get(rest)
        if found is None:
            raise ConfigurationError(f"the environment has no variable {rest}")
        return Secret(found)
    if mark and kind == "file":
        try:
            return Secret(Path(rest).expanduser().read_text().strip())
        except OSError as error:
            raise ConfigurationError(f"the file {rest} cannot be read: {error.strerror}") from None
    if mark and kind == "keyring":
        return _from_keyring(rest)
    return Secret(value)


def _from_keyring(name: str) -> Secret:
    try:
        # By name, so that the library and its types are only needed where it is used.
        ask = cast("Callable[[str, str], str | None]", import_module("keyring").get_password)
    except ImportError:
        raise ConfigurationError("keyring: is not installed; pip install 'orderbridge[keyring]'") from None
    found = ask("orderbridge", name)
    if found is None:
        raise ConfigurationError(f"the keyring has no password {name!r} for service 'orderbridge'")
    return Secret(found)


def _words(error: Exception, cls: object) -> str:
    from cattrs import ClassValidationError, IterableValidationError
    from cattrs.errors import ForbiddenExtraKeysError

    if isinstance(error, (ClassValidationError, IterableValidationError)):
        # A key that is not known explains one that is missing.
        unknown = [inner for inner in error.exceptions if isinstance(inner, ForbiddenExtraKeysError)]
        inner = (*unknown, *error.exceptions)[0]
        owner = error.cl if isinstance(error, ClassValidationError) else cls
        words = _words(inner, owner)
        for note in getattr(inner, "__notes__", ()):
            field = re.search(r"attribute (\w+)", str(note))
            if field:
                return f"{field[1]}: {words.removeprefix(f'{field[1]}: ')}"
        return words
    if isinstance(error, ForbiddenExtraKeysError):
        key = sorted(error.extra_fields)[0]
        fields = attrs.fields(cast("type[attrs.AttrsInstance]", error.cl))
        return no_such_key(key, [field.name for field in fields])
    if isinstance(error, KeyError):
        return f"{error.args[0]}: is missing"
    return str(error)


def no_such_key(key: str, names: Sequence[str]) -> str:
    """What to say of a key that is none, with the one that was meant."""
    near = difflib.get_close_matches(key, names, n=1)
    return f"{key}: there is no such key; " + (
        f"did you mean {near[0]!r}?" if near else f"the keys are {', '.join(names)}"
    )
