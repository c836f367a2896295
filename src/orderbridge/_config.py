"""The configuration file: one TOML file says which accounts, which policy, which journal."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import cast

import attrs

from ._plugins import Account, store, supplier
from ._policy import Policy
from ._settings import no_such_key, structure
from ._sourcing import OwnStock, Rule, SkuPrefix, SupplierRef
from .errors import ConfigurationError

__all__ = ["Config", "read_config"]


@attrs.frozen(kw_only=True)
class Config:
    """What a configuration file says.

    Args:
        journal: Path of the journal, relative to the file itself.

        take_from: Orders placed before it are only observed; None means before the first pull.
    """

    journal: str
    stores: tuple[Account, ...]
    suppliers: tuple[Account, ...]
    policy: Policy
    rules: tuple[Rule, ...]
    take_from: datetime | None = None


@attrs.frozen(kw_only=True)
class _Top:
    journal: str = "orderbridge.db"
    take_from: datetime | None = None


_KEYS = ("journal", "take_from", "stores", "suppliers", "policy", "rules")


def read_config(path: str | Path) -> Config:
    """Read a configuration file.

    Raises:
        ConfigurationError: names the file and the key, what came and what would be right.
    """
    file = Path(path)
    try:
        with file.open("rb") as opened:
            table: dict[str, object] = tomllib.load(opened)
    except FileNotFoundError:
        raise ConfigurationError(f"{file}: there is no such file; orderbridge init writes one") from None
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: is no TOML: {error}") from None
    try:
        return _config(file, table)
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}: {error}") from None


def _config(file: Path, table: dict[str, object]) -> Config:
    for key in table:
        if key not in _KEYS:
            raise ConfigurationError(no_such_key(key, _KEYS))
    stores = _tables(table.pop("stores", {}), "stores")
    suppliers = _tables(table.pop("suppliers", {}), "suppliers")
    policy = table.pop("policy", {})
    rules = table.pop("rules", [])
    if not isinstance(policy, Mapping):
        raise ConfigurationError("policy: must be a table")
    if not isinstance(rules, list):
        raise ConfigurationError("rules: must be a list of tables, each under [[rules]]")
    top = structure(_Top, table, where="top level")
    place = top.journal if top.journal == ":memory:" else str(file.parent / top.journal)
    return Config(
        journal=place,
        stores=tuple(_account("store", name, settings) for name, settings in stores.items()),
        suppliers=tuple(_account("supplier", name, settings) for name, settings in suppliers.items()),
        policy=structure(Policy, cast("Mapping[str, object]", policy), where="policy"),
        rules=tuple(_rule(rule) for rule in cast("list[object]", rules)),
        take_from=top.take_from,
    )


def _tables(value: object, key: str) -> dict[str, dict[str, object]]:
    items = cast("dict[str, object]", value) if isinstance(value, dict) else {"": value}
    if not all(isinstance(item, dict) for item in items.values()):
        raise ConfigurationError(f"{key}: give each account its own table, such as [{key}.shop]")
    return cast("dict[str, dict[str, object]]", items)


def _account(kind: str, name: str, table: dict[str, object]) -> Account:
    settings = dict(table)
    platform = settings.pop("platform", None)
    owner = settings.pop("owner", "")
    if not isinstance(platform, str):
        raise ConfigurationError(f"{kind} {name!r}: platform: is missing; say which system it is")
    if not isinstance(owner, str):
        raise ConfigurationError(f"{kind} {name!r}: owner: must be text")
    if kind == "store":
        return store(name, platform=platform, settings=settings, owner=owner)
    shared = settings.pop("shared", False)
    if not isinstance(shared, bool):
        raise ConfigurationError(f"{kind} {name!r}: shared: is neither true nor false")
    return supplier(name, platform=platform, settings=settings, owner=owner, shared=shared)


def _rule(table: object) -> Rule:
    if not isinstance(table, dict):
        raise ConfigurationError("rules: each rule is a table under [[rules]]")
    found = cast("dict[str, object]", table)
    if found.get("own") is True:
        return structure(OwnStock, {k: v for k, v in found.items() if k != "own"}, where="rules")
    if found.get("supplier_ref") is True:
        kept = {k: v for k, v in found.items() if k != "supplier_ref"}
        return structure(SupplierRef, kept, where="rules")
    return structure(SkuPrefix, found, where="rules")
