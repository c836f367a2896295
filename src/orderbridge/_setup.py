"""What both faces are made of: accounts, policy and journal, checked against each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

from ._calls import Line
from ._couriers import Couriers
from ._intents import Subject
from ._journal import Journal
from ._model import BuyerContext
from ._plugins import OPEN_AT_ONCE, Account, Accounts, open_store, open_supplier
from ._plugins import journal as open_journal
from ._plugins import tokens as open_tokens
from ._policy import PackingRule, Policy, Who
from ._sourcing import Rule
from ._token_store import MemoryTokens, TokenStore
from ._world import Store, Supplier, World
from .adapters import MovedByPeople, PaymentKind, Pays, payment_kind
from .errors import ConfigurationError

__all__ = ["Setup"]


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
        rules = tuple(rules)
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
            packing=tuple(packing),
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
        accounts = self.stores if name in self.stores else self.suppliers
        if not accounts.lazy:
            raise ConfigurationError(
                f"account {name!r}: it was given once and for all; give a mapping for settings that change"
            )
        accounts.reopen(name)
        self._lines.pop(name, None)
        # It may be another shop by now, and its policy another one.
        self.identified -= {name, Subject.source(name)}

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
