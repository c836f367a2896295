"""What both faces are made of: accounts, policy and journal, checked against each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias, cast

from ._calls import Line
from ._couriers import Couriers
from ._fits import Fits, Wanted, all_in, is_aware, listed, must_fit, one_of, or_none, some
from ._intents import Subject
from ._journal import Journal
from ._model import BuyerContext
from ._plugins import OPEN_AT_ONCE, Account, Accounts, open_store, open_supplier
from ._plugins import journal as open_journal
from ._plugins import tokens as open_tokens
from ._policy import PackingRule, Policy, Who
from ._sourcing import Match, OwnStock, Rule, SkuPrefix, SupplierRef
from ._token_store import MemoryTokens, TokenStore
from ._world import Store, Supplier, World
from .adapters import MovedByPeople, PaymentKind, Pays, payment_kind
from .errors import ConfigurationError

__all__ = ["Setup"]

_Given: TypeAlias = tuple[Account, ...] | Mapping[str, Account]


def _are_accounts(value: object) -> bool:
    return isinstance(value, Mapping) or all_in(tuple, one_of(Account))(value)


def _are_links(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(each, str) for pair in cast("Mapping[object, object]", value).items() for each in pair
    )


def _is_place_or(*methods: str) -> Fits:
    """A path, or something that can do that."""
    return lambda value: (
        isinstance(value, (str, Path)) or all(callable(getattr(value, method, None)) for method in methods)
    )


_ACCOUNTS = (_are_accounts, "a list of what store() or supplier() gives, or a mapping of it by name")
_OPTIONS: Wanted = {
    "stores": _ACCOUNTS,
    "suppliers": _ACCOUNTS,
    "journal": (_is_place_or("transact", "look"), "a path, a postgresql:// address or what journal() gives"),
    "policy": (or_none(one_of(Policy)), "a Policy"),
    "rules": some(SkuPrefix, SupplierRef, Match, OwnStock),
    "take_from": (or_none(is_aware), "an aware datetime, such as datetime(2026, 1, 1, tzinfo=UTC)"),
    "tokens": (or_none(_is_place_or("get", "swap")), "a path, or what tokens() gives"),
    "buyer": (or_none(one_of(BuyerContext)), "a BuyerContext"),
    "rate": (or_none(callable), "a function of two currencies"),
    "packing": some(PackingRule),
    "couriers": (or_none(_are_links), "a mapping of links by courier"),
}


class Setup:
    """What both faces are made of."""

    def __init__(
        self,
        *,
        stores: Iterable[Account] | Mapping[str, Account],
        suppliers: Iterable[Account] | Mapping[str, Account],
        journal: Journal | str | Path,
        policy: Policy | None,
        rules: Iterable[Rule],
        take_from: datetime | None,
        buyer: BuyerContext | None = None,
        rate: Callable[[str, str], Decimal | None] | None = None,
        packing: Iterable[PackingRule] = (),
        couriers: Mapping[str, str] | None = None,
        tokens: TokenStore | str | Path | None,
    ) -> None:
        stores, suppliers = cast("_Given", listed(stores)), cast("_Given", listed(suppliers))
        rules = cast("tuple[Rule, ...]", listed(rules))
        packing = cast("tuple[PackingRule, ...]", listed(packing))
        given: dict[str, object] = {
            "stores": stores,
            "suppliers": suppliers,
            "journal": journal,
            "policy": policy,
            "rules": rules,
            "take_from": take_from,
            "tokens": tokens,
            "buyer": buyer,
            "rate": rate,
            "packing": packing,
            "couriers": couriers,
        }
        must_fit(given, _OPTIONS, private=given)
        self.stores: Accounts[Store] = Accounts(stores, self._open_store)
        self.suppliers: Accounts[Supplier] = Accounts(suppliers, self._open_supplier)
        self.journal: Journal = open_journal(str(journal)) if isinstance(journal, (str, Path)) else journal
        self.tokens = _tokens(tokens, journal, self.journal)
        self.policy = policy or Policy()
        self._buyer = buyer
        self.identified: set[str] = set()
        self._lines: dict[str, Line] = {}
        both = set(self.stores) & set(self.suppliers)
        if both:
            raise ConfigurationError(f"account name: {sorted(both)[0]!r} is a store and a supplier")
        self._check(rules)
        self.world = World(
            stores=self.stores,
            suppliers=self.suppliers,
            policy=self.policy,
            rules=rules,
            take_from=take_from,
            buyer=buyer,
            couriers=Couriers(couriers),
            rate=rate or (lambda _, __: None),
            packing=packing,
            lazy=self.stores.lazy or self.suppliers.lazy,
        )

    def _check(self, rules: tuple[Rule, ...]) -> None:
        """The policy may ask nothing that the accounts cannot do; of a mapping, when each is opened."""
        for rule in rules:
            if name := getattr(rule, "supplier", ""):
                self._check_supplier_named("rules", name)
        if not self.stores.lazy:
            for name in self.stores:
                self._check_store(self.stores.account(name))
        if not self.suppliers.lazy:
            for name in self.suppliers:
                self.suppliers[name]

    def _check_supplier_named(self, where: str, name: str) -> None:
        if name not in self.suppliers:
            known = "in the mapping" if self.suppliers.lazy else ", ".join(self.suppliers) or "none"
            raise ConfigurationError(f"{where}: there is no supplier account {name!r}; known are: {known}")

    def _check_store(self, account: Account) -> None:
        for name in account.settings.suppliers_named:
            self._check_supplier_named(f"store {account.name!r}", name)
            owner = self.suppliers.account(name).owner
            if owner not in ("", account.owner):
                raise ConfigurationError(
                    f"store {account.name!r}: supplier account {name!r} is another owner's"
                )

    def _open_store(self, account: Account) -> Store:
        _check_kind(account, "store")
        if self.stores.lazy:
            self._check_store(account)
        return open_store(account)

    def _open_supplier(self, account: Account) -> Supplier:
        _check_kind(account, "supplier")
        supplier = open_supplier(account)
        adapter = supplier.adapter
        elsewhere = isinstance(adapter, MovedByPeople) or payment_kind(adapter) is PaymentKind.AT_PLACING
        if (supplier.policy or self.policy).pay is not Who.AUTOMATIC or elsewhere:
            return supplier
        if not isinstance(adapter, Pays):
            raise ConfigurationError(
                f"policy: pay is AUTOMATIC, but {supplier.name} ({supplier.platform}) has no way to "
                "be paid through its API; set pay to BY_HAND, for all "
                "or in a policy of that account's own"
            )
        if adapter.needs_buyer and self._buyer is None:
            raise ConfigurationError(
                f"buyer: pay is AUTOMATIC, and {supplier.name} ({supplier.platform}) asks who pays; "
                "give a BuyerContext, or set pay to BY_HAND"
            )
        return supplier

    def reopen(self, name: str) -> None:
        """Ask for an account's settings anew when it is needed next."""
        both = (self.stores, self.suppliers)
        if any(name in accounts for accounts in both if not accounts.lazy):
            raise ConfigurationError(
                f"account {name!r}: it was given once and for all; give a mapping for settings that change"
            )
        if not any(accounts.reopen(name) for accounts in both):
            raise ConfigurationError(f"account: there is no {name!r}")
        self._lines.pop(name, None)
        # It may be another shop by now, and its policy another one: of a supplier's, each store is to hear.
        self.identified -= {name, *(each for each in self.identified if each.startswith(Subject.source("")))}

    @property
    def owners(self) -> frozenset[str] | None:
        """Whose accounts there are; None if nobody knows all of them."""
        if self.world.lazy:
            return None
        both = (self.stores, self.suppliers)
        return frozenset(accounts.account(name).owner for accounts in both for name in accounts)

    def owner_of(self, store: str) -> str:
        """Whose a store is; nobody's if there is none of that name."""
        return self.stores.account(store).owner if store in self.stores else ""

    def line_of(self, name: str) -> Line:
        """How to reach an account."""
        found = self._lines.get(name)
        if found is None:
            account = self.stores.account(name) if name in self.stores else self.suppliers.account(name)
            found = self._lines[name] = Line(
                account=name,
                base_url=account.settings.base_url,
                auth=account.auth,
                bucket=account.bucket,
                meter=account.meter,
                foreign=account.foreign,
            )
            if self.world.lazy:
                for old in list(self._lines)[:-OPEN_AT_ONCE]:
                    self._lines.pop(old, None)
        return found


def _check_kind(account: Account, kind: str) -> None:
    if account.kind != kind:
        raise ConfigurationError(f"account {account.name!r} is a {account.kind}, and was given as a {kind}")


def _tokens(
    tokens: TokenStore | str | Path | None, place: Journal | str | Path, journal: Journal
) -> TokenStore:
    """As given; else in the journal's database, or beside its file: what rotates is lost with the process."""
    if tokens is not None:
        return open_tokens(tokens) if isinstance(tokens, (str, Path)) else tokens
    own = cast("TokenStore | None", getattr(journal, "tokens", None))
    if own is not None:
        return own
    lasts = isinstance(place, (str, Path)) and str(place) != ":memory:"
    return open_tokens(f"{place}-tokens") if lasts else MemoryTokens()
