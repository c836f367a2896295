"""Platforms by name: ours and strangers' come through the same door, loaded only when asked for."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypeVar, cast

import attrs

from ._fits import YES_OR_NO, Wanted, must_fit, one_of, or_none
from ._journal import Journal
from ._policy import Policy
from ._settings import structure
from ._token_store import TokenStore
from ._world import Store, Supplier
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

__all__ = [
    "OPEN_AT_ONCE",
    "Account",
    "Accounts",
    "journal",
    "journal_kind",
    "platform_names",
    "platform_of",
    "register",
    "store",
    "supplier",
    "tokens",
]

S = TypeVar("S", bound=AccountSettings)
A = TypeVar("A", Store, Supplier)
T = TypeVar("T")

OPEN_AT_ONCE = 500  # accounts of a mapping that are kept open; each holds its settings and an adapter

_GROUPS = {
    "store": "orderbridge.stores",
    "supplier": "orderbridge.suppliers",
    "journal": "orderbridge.journals",
}
_registered: dict[tuple[str, str], Platform[AccountSettings]] = {}
_loaded: dict[tuple[str, str], Platform[AccountSettings]] = {}  # entry points are looked for on the disk


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
    known = _registered.get((kind, name)) or _loaded.get((kind, name))
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
        _loaded[kind, name] = cast("Platform[AccountSettings]", found)
        return _loaded[kind, name]
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

        policy: In place of the bridge's own, for what is this account's.
    """

    name: str
    kind: str
    platform: str
    settings: AccountSettings = attrs.field(repr=False)
    owner: str = ""
    shared: bool = False
    policy: Policy | None = None
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
    def foreign(self) -> tuple[str, ...]:
        return self._platform.foreign

    @property
    def adapter(self) -> StoreAdapter | SupplierAdapter:
        platform = self._platform
        assert isinstance(platform, (StorePlatform, SupplierPlatform))
        return platform.adapter(self.settings)


_OPTIONS: Wanted = {
    "platform": (one_of(str), "a platform's name"),
    "settings": (one_of(AccountSettings, Mapping), "the platform's settings, or their fields by name"),
    "owner": (one_of(str), "text"),
    "shared": YES_OR_NO,
    "policy": (or_none(one_of(Policy)), "a Policy"),
}


def _account(
    kind: str,
    name: str,
    platform: str,
    settings: AccountSettings | Mapping[str, object],
    owner: str,
    shared: bool,
    policy: Policy | None,
) -> Account:
    if not isinstance(cast("object", name), str) or not name or "/" in name or name != name.strip():
        raise ConfigurationError(f"account name: {name!r} must be a word without slashes")
    given: dict[str, object] = {
        "platform": platform,
        "settings": settings,
        "owner": owner,
        "shared": shared,
        "policy": policy,
    }
    must_fit(given, _OPTIONS, where=f"{kind} {name!r}", private=given)
    found = platform_of(kind, platform)
    if not isinstance(settings, AccountSettings):
        settings = structure(found.settings, settings, where=f"{kind} {name!r}")
    if not isinstance(settings, found.settings):
        raise ConfigurationError(
            f"{kind} {name!r}: settings are a {type(settings).__name__}; "
            f"{platform} takes {found.settings.__name__}"
        )
    return Account(
        name=name,
        kind=kind,
        platform=platform,
        settings=settings,
        owner=owner,
        shared=shared,
        policy=policy,
        of=found,
    )


def store(
    name: str,
    *,
    platform: str,
    settings: AccountSettings | Mapping[str, object],
    owner: str = "",
    policy: Policy | None = None,
) -> Account:
    """A store's account.

    Args:
        name: Yours to choose; it stands in order ids and never changes.

        platform: ``"woocommerce"``, or what a plug-in brings.

        settings: The platform's settings class, or its fields by name. Secrets may be given as
            ``"env:NAME"``, ``"file:PATH"`` or ``"keyring:NAME"``.

        owner: Whose it is, where one bridge serves several merchants.

        policy: For this account, in place of the bridge's. Where a store and a supplier both have one, a step
            is automatic, and an amount allowed, only if both say so.

    Raises:
        ConfigurationError: names the field, what came and what would be right.
    """
    return _account("store", name, platform, settings, owner, False, policy)


def supplier(
    name: str,
    *,
    platform: str,
    settings: AccountSettings | Mapping[str, object],
    owner: str = "",
    shared: bool = False,
    policy: Policy | None = None,
) -> Account:
    """A supplier's account; arguments as for ``store()``.

    Args:
        shared: Other systems or people reserve on the same account, so what nobody here wants is
            left alone.
    """
    return _account("supplier", name, platform, settings, owner, shared, policy)


def journal(place: str, *, kind: str = "", schema: str = "") -> Journal:
    """Open a journal.

    Args:
        place: A file's path, ``":memory:"`` for one that ends with the process, or
            ``"postgresql://user@host/database"`` for one that many machines share.

        kind: By ``place`` ``"sqlite"``, ``"memory"`` or ``"postgres"``, or what a plug-in brings.

        schema: In a PostgreSQL database, where ``"orderbridge"`` is the default; may also stand in
            ``place``, as ``?schema=``.

    Raises:
        ConfigurationError: no package here brings it, or ``place`` cannot be read.
    """
    kind = kind or journal_kind(place)
    for entry in entry_points(group=_GROUPS["journal"], name=kind):
        try:
            open_it = cast("Callable[..., Journal]", entry.load())
        except ImportError as error:
            mend = f"; pip install 'orderbridge[{kind}]'" if entry.value.startswith("orderbridge.") else ""
            raise ConfigurationError(f"journal: {kind!r} needs what is not here: {error}{mend}") from None
        if schema:
            return open_it(place, schema=schema)
        return open_it() if kind == "memory" else open_it(place)
    raise ConfigurationError(f"journal: no package here brings {kind!r}")


def journal_kind(place: str) -> str:
    """What kind of journal is meant by a place alone."""
    if place == ":memory:":
        return "memory"
    if place.startswith(("postgresql://", "postgres://")):
        return "postgres"
    if "://" in place:  # not shown: there may be a password in it
        raise ConfigurationError("journal: is neither a file's path nor a postgresql:// address")
    return "sqlite"


def tokens(path: str | Path) -> TokenStore:
    """Keep the tokens of accounts that log in, in a file for this user alone, shared by all workers here.

    Args:
        path: On a local disk. The file opens accounts: keep it as safe as a password.
    """
    from .journals.tokens import FileTokens  # only who logs in needs a file for it

    return FileTokens(path)


class Accounts(Mapping[str, A]):
    """Accounts by name, each adapter made when it is first needed.

    Of accounts given as a mapping nobody knows how many there are: each is asked for when it is first
    needed, and those opened first are let go when there are many.
    """

    def __init__(
        self, accounts: Iterable[Account] | Mapping[str, Account], open_it: Callable[[Account], A]
    ) -> None:
        self.lazy = isinstance(accounts, Mapping)
        self._accounts: Mapping[str, Account] = (
            cast("Mapping[str, Account]", accounts) if isinstance(accounts, Mapping) else _by_name(accounts)
        )
        self._names = frozenset[str]() if self.lazy else frozenset(self._accounts)
        self._open_it: Callable[[Account], A] = open_it
        self._loaded: dict[str, Account] = {}
        self._opened: dict[str, A] = {}

    def account(self, name: str) -> Account:
        """The account itself; its adapter is not made."""
        found = self._loaded.get(name)
        if found is None:
            if name not in self:
                raise KeyError(name)
            try:
                found = self._accounts[name]
            except KeyError:
                self._names -= {name}  # gone since the names were asked for
                raise
            except ConfigurationError as error:  # our own words hold no secret
                raise ConfigurationError(f"account {name!r}: {error}") from error
            except Exception as error:  # the embedder's own database, say; it is asked again
                words = f"account {name!r}: its settings could not be loaded: {type(error).__name__}"
                raise ConfigurationError(words) from error
            if found.name != name:
                raise ConfigurationError(f"account {name!r}: the mapping has {found.name!r} under that name")
            self._keep(self._loaded, name, found)
        return found

    def reopen(self, name: str) -> bool:
        """Ask for it anew when it is needed next; False if it is not there, and was not."""
        known = name in self or name in self._loaded
        self._loaded.pop(name, None)
        self._opened.pop(name, None)
        return known

    def _keep(self, kept: dict[str, T], name: str, found: T) -> None:
        kept[name] = found
        if self.lazy:
            for old in list(kept)[:-OPEN_AT_ONCE]:
                kept.pop(old, None)

    def __getitem__(self, name: str) -> A:
        found = self._opened.get(name)
        if found is None:
            found = self._open_it(self.account(name))
            self._keep(self._opened, name, found)
        return found

    def __contains__(self, name: object) -> bool:
        # The names are asked for once a run; only one that is new since then is looked for by itself.
        return name in self._names or (self.lazy and name in self._accounts)

    def __iter__(self) -> Iterator[str]:
        if not self.lazy:
            return iter(self._accounts)
        self._names = frozenset(self._accounts)
        for gone in {*self._loaded, *self._opened} - self._names:
            self.reopen(gone)
        return iter(sorted(self._names))

    def __len__(self) -> int:
        return len(self._accounts)


def _by_name(accounts: Iterable[Account]) -> dict[str, Account]:
    found: dict[str, Account] = {}
    for account in accounts:
        if account.name in found:
            raise ConfigurationError(f"account name: {account.name!r} is given twice")
        found[account.name] = account
    return found


def open_store(account: Account) -> Store:
    """The store behind an account."""
    return Store(
        name=account.name,
        platform=account.platform,
        adapter=cast("StoreAdapter", account.adapter),
        owner=account.owner,
        origin=account.settings.base_url,
        policy=account.policy,
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
        policy=account.policy,
    )
