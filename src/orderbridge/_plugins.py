"""Platforms by name: ours and strangers' come through the same door, loaded only when asked for."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import entry_points
from typing import TypeVar, cast

import attrs

from ._engine import Store, Supplier
from ._journal import Journal
from ._settings import structure
from .adapters import (
    AccountSettings,
    Allowance,
    Auth,
    Bucket,
    Platform,
    Response,
    StoreAdapter,
    StorePlatform,
    SupplierAdapter,
    SupplierPlatform,
)
from .errors import ConfigurationError

__all__ = ["Account", "Accounts", "journal", "platform_names", "platform_of", "register", "store", "supplier"]

S = TypeVar("S", bound=AccountSettings)
A = TypeVar("A", Store, Supplier)

_GROUPS = {
    "store": "orderbridge.stores",
    "supplier": "orderbridge.suppliers",
    "journal": "orderbridge.journals",
}
_registered: dict[tuple[str, str], Platform[AccountSettings]] = {}


def register(platform: StorePlatform[S] | SupplierPlatform[S]) -> None:
    """Make a platform known without packaging it: for one application, or a test."""
    kind = "store" if isinstance(platform, StorePlatform) else "supplier"
    _registered[kind, platform.name] = cast("Platform[AccountSettings]", platform)


def platform_names(kind: str) -> tuple[str, ...]:
    """Names of the platforms that can be used here: ``kind`` is ``"store"`` or ``"supplier"``."""
    names = {entry.name for entry in entry_points(group=_GROUPS[kind])}
    return tuple(sorted(names | {name for known, name in _registered if known == kind}))


def platform_of(kind: str, name: str) -> Platform[AccountSettings]:
    """The platform of that name; only its module is imported.

    Raises:
        ConfigurationError: no package here brings it.
    """
    known = _registered.get((kind, name))
    if known is not None:
        return known
    for entry in entry_points(group=_GROUPS[kind], name=name):
        found: object = entry.load()
        wanted = StorePlatform if kind == "store" else SupplierPlatform
        if not isinstance(found, wanted):
            raise ConfigurationError(
                f"entry point {entry.group}: {entry.name} = {entry.value} is a {type(found).__name__}, "
                f"not a {wanted.__name__}"
            )
        return cast("Platform[AccountSettings]", found)
    names = platform_names(kind)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(names) or 'none'}"
    raise ConfigurationError(f"platform: there is no {kind} platform {name!r}; {hint}")


@attrs.frozen(kw_only=True)
class Account:
    """One account on one store or supplier. Make it with ``store()`` or ``supplier()``.

    Args:
        name: How it is called in the journal, for ever.

        owner: Whose it is, where one bridge serves several merchants; nothing crosses owners.
    """

    name: str
    kind: str
    platform: str
    settings: AccountSettings = attrs.field(repr=False)
    owner: str = ""
    shared: bool = False
    _platform: Platform[AccountSettings] = attrs.field(repr=False, alias="of")

    @property
    def auth(self) -> Auth:
        return self._platform.auth(self.settings)

    @property
    def bucket(self) -> Bucket:
        return self._platform.limits(self.settings)

    @property
    def meter(self) -> Callable[[Response], Allowance | None]:
        return self._platform.meter

    @property
    def adapter(self) -> StoreAdapter | SupplierAdapter:
        platform = self._platform
        assert isinstance(platform, (StorePlatform, SupplierPlatform))
        return platform.adapter(self.settings)


def _account(
    kind: str,
    name: str,
    platform: str,
    settings: AccountSettings | Mapping[str, object],
    owner: str,
    shared: bool,
) -> Account:
    if not name or "/" in name or name != name.strip():
        raise ConfigurationError(f"account name: {name!r} must be a word without slashes")
    found = platform_of(kind, platform)
    if not isinstance(settings, AccountSettings):
        settings = structure(found.settings, settings, where=f"{kind} {name!r}")
    if not isinstance(settings, found.settings):
        raise ConfigurationError(
            f"{kind} {name!r}: settings are a {type(settings).__name__}; "
            f"{platform} takes {found.settings.__name__}"
        )
    return Account(
        name=name, kind=kind, platform=platform, settings=settings, owner=owner, shared=shared, of=found
    )


def store(
    name: str, *, platform: str, settings: AccountSettings | Mapping[str, object], owner: str = ""
) -> Account:
    """A store's account.

    Args:
        name: Yours to choose; it stands in order ids and never changes.

        platform: ``"woocommerce"``, or what a plug-in brings.

        settings: The platform's settings class, or its fields by name. Secrets may be given as
            ``"env:NAME"``, ``"file:PATH"`` or ``"keyring:NAME"``.

        owner: Whose it is, where one bridge serves several merchants.

    Raises:
        ConfigurationError: names the field, what came and what would be right.
    """
    return _account("store", name, platform, settings, owner, False)


def supplier(
    name: str,
    *,
    platform: str,
    settings: AccountSettings | Mapping[str, object],
    owner: str = "",
    shared: bool = False,
) -> Account:
    """A supplier's account; arguments as for ``store()``.

    Args:
        shared: Other systems or people reserve on the same account, so what nobody here wants is
            left alone.
    """
    return _account("supplier", name, platform, settings, owner, shared)


def journal(place: str, *, kind: str = "") -> Journal:
    """Open a journal.

    Args:
        place: A file's path, or ``":memory:"`` for one that ends with the process.

        kind: ``"sqlite"`` or ``"memory"`` by default, or what a plug-in brings.

    Raises:
        ConfigurationError: no package here brings it.
    """
    kind = kind or ("memory" if place == ":memory:" else "sqlite")
    for entry in entry_points(group=_GROUPS["journal"], name=kind):
        open_it = cast("Callable[..., Journal]", entry.load())
        return open_it() if kind == "memory" else open_it(place)
    raise ConfigurationError(f"journal: no package here brings {kind!r}")


class Accounts(Mapping[str, A]):
    """Accounts by name, each adapter made when it is first needed."""

    def __init__(self, accounts: Iterable[Account], open_it: Callable[[Account], A]) -> None:
        self.accounts: dict[str, Account] = {}
        self._open_it: Callable[[Account], A] = open_it
        self._opened: dict[str, A] = {}
        for account in accounts:
            if account.name in self.accounts:
                raise ConfigurationError(f"account name: {account.name!r} is given twice")
            self.accounts[account.name] = account

    def __getitem__(self, name: str) -> A:
        found = self._opened.get(name)
        if found is None:
            found = self._opened[name] = self._open_it(self.accounts[name])
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.accounts)

    def __len__(self) -> int:
        return len(self.accounts)


def open_store(account: Account) -> Store:
    """The store behind an account."""
    return Store(
        name=account.name,
        platform=account.platform,
        adapter=cast("StoreAdapter", account.adapter),
        owner=account.owner,
        origin=account.settings.base_url,
    )


def open_supplier(account: Account) -> Supplier:
    """The supplier behind an account."""
    return Supplier(
        name=account.name,
        platform=account.platform,
        adapter=cast("SupplierAdapter", account.adapter),
        owner=account.owner,
        origin=account.settings.base_url,
        shared=account.shared,
    )
