"""The configuration file: one TOML file says which accounts, which policy, which journal."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import cast

import attrs

from ._model import Address, BuyerContext
from ._plugins import Account, journal_kind, platform_of, store, supplier
from ._policy import PackingRule, Policy
from ._settings import no_such_key, secret, structure
from ._sourcing import Match, OwnStock, Rule, SkuPrefix, SupplierRef
from .errors import ConfigurationError

__all__ = ["Config", "read_address", "read_buyer", "read_config"]


@attrs.frozen(kw_only=True)
class Config:
    """What a configuration file says.

    Args:
        journal: Path of the journal, relative to the file itself; or a PostgreSQL address.

        take_from: Orders placed before it are only observed; None means before the first pull.

        buyer: Who pays, for suppliers that ask.

        couriers: Tracking pages by courier, over the built-in ones.

        unread: Secrets that could not be read, in words.
    """

    journal: str = attrs.field(repr=False)  # an address may hold a password
    stores: tuple[Account, ...]
    suppliers: tuple[Account, ...]
    policy: Policy
    rules: tuple[Rule, ...]
    packing: tuple[PackingRule, ...] = ()
    take_from: datetime | None = None
    buyer: BuyerContext | None = None
    couriers: Mapping[str, str] = attrs.field(factory=dict[str, str])
    unread: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class _Top:
    journal: str = "orderbridge.db"
    take_from: datetime | None = None


_KEYS = ("journal", "take_from", "stores", "suppliers", "policy", "rules", "packing", "buyer", "couriers")


def read_config(path: str | Path, *, signs: bool = True) -> Config:
    """Read a configuration file.

    Args:
        signs: False for what asks no platform: then secrets that cannot be read are only named in it.

    Raises:
        ConfigurationError: names the file and the key, what came and what would be right; of secrets that
            cannot be read all.
    """
    file = Path(path)
    table = _read(file, missing="there is no such file; orderbridge init writes one")
    try:
        config = _config(file, table)
        if config.unread and signs:
            raise ConfigurationError("; ".join(config.unread))
        return config
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}: {error}") from None


def read_buyer(path: str | Path) -> BuyerContext:
    """Who pays, from a file of his own: the keys that ``[buyer]`` has in a configuration.

    Raises:
        ConfigurationError: as for ``read_config``.
    """
    file = Path(path)
    return structure(BuyerContext, _read(file, missing="there is no such file"), where=str(file))


def read_address(path: str | Path) -> Address:
    """Where to ship, from a file: the fields of ``Address`` by name.

    Raises:
        ConfigurationError: as for ``read_config``.
    """
    file = Path(path)
    return structure(Address, _read(file, missing="there is no such file"), where=str(file))


def _read(file: Path, *, missing: str) -> dict[str, object]:
    try:
        with file.open("rb") as opened:
            return tomllib.load(opened)
    except FileNotFoundError:
        raise ConfigurationError(f"{file}: {missing}") from None
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: is no TOML: {error}") from None


def _config(file: Path, table: dict[str, object]) -> Config:
    for key in table:
        if key not in _KEYS:
            raise ConfigurationError(no_such_key(key, _KEYS))
    stores = _tables(table.pop("stores", {}), "stores")
    suppliers = _tables(table.pop("suppliers", {}), "suppliers")
    policy = table.pop("policy", {})
    rules = table.pop("rules", [])
    buyer = table.pop("buyer", None)
    couriers = table.pop("couriers", {})
    packing = table.pop("packing", [])
    if not isinstance(policy, Mapping):
        raise ConfigurationError("policy: must be a table")
    base = cast("Mapping[str, object]", policy)
    if not isinstance(packing, list):
        raise ConfigurationError("packing: must be a list of tables, each under [[packing]]")
    if buyer is not None and not isinstance(buyer, Mapping):
        raise ConfigurationError("buyer: must be a table")
    if not isinstance(couriers, dict) or not all(
        isinstance(link, str) for link in cast("dict[str, object]", couriers).values()
    ):
        raise ConfigurationError('couriers: must be a table of links, such as DHL = "https://...{number}"')
    if not isinstance(rules, list):
        raise ConfigurationError("rules: must be a list of tables, each under [[rules]]")
    top = structure(_Top, table, where="top level")
    unread: list[str] = []
    return Config(
        journal=_place(top.journal, file.parent),
        stores=tuple(_account("store", name, settings, base, unread) for name, settings in stores.items()),
        suppliers=tuple(
            _account("supplier", name, settings, base, unread) for name, settings in suppliers.items()
        ),
        unread=tuple(unread),
        policy=structure(Policy, base, where="policy"),
        rules=tuple(_rule(rule) for rule in cast("list[object]", rules)),
        packing=tuple(_packing(each) for each in cast("list[object]", packing)),
        take_from=top.take_from,
        couriers=cast("dict[str, str]", couriers),
        buyer=None
        if buyer is None
        else structure(BuyerContext, cast("Mapping[str, object]", buyer), where="buyer"),
    )


def _place(text: str, folder: Path) -> str:
    if text.startswith(("env:", "file:", "keyring:")):
        text = secret(text).reveal()
    return str(folder / text) if journal_kind(text) == "sqlite" else text


def _tables(value: object, key: str) -> dict[str, dict[str, object]]:
    items = cast("dict[str, object]", value) if isinstance(value, dict) else {"": value}
    if not all(isinstance(item, dict) for item in items.values()):
        raise ConfigurationError(f"{key}: give each account its own table, such as [{key}.shop]")
    return cast("dict[str, dict[str, object]]", items)


def _account(
    kind: str, name: str, table: dict[str, object], base: Mapping[str, object], unread: list[str]
) -> Account:
    settings = dict(table)
    platform = settings.pop("platform", None)
    owner = settings.pop("owner", "")
    if not isinstance(platform, str):
        raise ConfigurationError(f"{kind} {name!r}: platform: is missing; say which system it is")
    if not isinstance(owner, str):
        raise ConfigurationError(f"{kind} {name!r}: owner: must be text")
    own = settings.pop("policy", None)
    if own is not None and not isinstance(own, Mapping):
        raise ConfigurationError(f"{kind} {name!r}: policy: must be a table")
    # What an account says of its policy it says in place of the top level's word, key by key.
    where = f"{kind} {name!r}: policy"
    said = {**base, **cast("Mapping[str, object]", own)} if own is not None else None
    policy = structure(Policy, said, where=where) if said is not None else None
    shared = settings.pop("shared", False) if kind == "supplier" else False
    if not isinstance(shared, bool):
        raise ConfigurationError(f"{kind} {name!r}: shared: is neither true nor false")
    wanted = platform_of(kind, platform).settings
    known = structure(wanted, settings, where=f"{kind} {name!r}", unread=unread)
    if kind == "store":
        return store(name, platform=platform, settings=known, owner=owner, policy=policy)
    return supplier(name, platform=platform, settings=known, owner=owner, shared=shared, policy=policy)


def _packing(table: object) -> PackingRule:
    if not isinstance(table, dict):
        raise ConfigurationError("packing: each rule is a table under [[packing]]")
    return structure(PackingRule, cast("dict[str, object]", table), where="packing")


def _rule(table: object) -> Rule:
    if not isinstance(table, dict):
        raise ConfigurationError("rules: each rule is a table under [[rules]]")
    found = dict(cast("dict[str, object]", table))
    own, supplier_ref = (found.pop(name, False) for name in ("own", "supplier_ref"))
    for name, said in (("own", own), ("supplier_ref", supplier_ref)):
        if not isinstance(said, bool):
            raise ConfigurationError(f"rules: {name}: {said!r} is neither true nor false")
    if own and supplier_ref:
        raise ConfigurationError("rules: own and supplier_ref: a rule is one of them")
    if own:
        return structure(OwnStock, found, where="rules")
    if supplier_ref:
        return structure(SupplierRef, found, where="rules")
    if "prefix" in found:
        return structure(SkuPrefix, found, where="rules")
    return structure(Match, found, where="rules")
