"""What both faces are made of: accounts, policy and journal, checked against each other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from ._drivers import Line
from ._engine import Store, Supplier, World
from ._journal import Journal
from ._plugins import Account, Accounts, open_store, open_supplier
from ._plugins import journal as open_journal
from ._policy import Policy, Who
from ._sourcing import Rule
from .adapters import Pays
from .errors import ConfigurationError

__all__ = ["Setup"]


class Setup:
    """What both faces are made of."""

    def __init__(
        self,
        *,
        stores: Iterable[Account],
        suppliers: Iterable[Account],
        journal: Journal | str | Path,
        policy: Policy | None,
        rules: Iterable[Rule],
        take_from: datetime | None,
    ) -> None:
        self.stores: Accounts[Store] = Accounts(stores, open_store)
        self.suppliers: Accounts[Supplier] = Accounts(suppliers, open_supplier)
        self.journal: Journal = open_journal(str(journal)) if isinstance(journal, (str, Path)) else journal
        self.policy = policy or Policy()
        self.identified: set[str] = set()
        self._lines: dict[str, Line] = {}
        both = set(self.stores) & set(self.suppliers)
        if both:
            raise ConfigurationError(f"account name: {sorted(both)[0]!r} is a store and a supplier")
        self._check(self.policy, tuple(rules))
        self.world = World(
            stores=self.stores,
            suppliers=self.suppliers,
            policy=self.policy,
            rules=tuple(rules),
            take_from=take_from,
        )

    def _check(self, policy: Policy, rules: tuple[Rule, ...]) -> None:
        """The policy may ask nothing that the accounts cannot do."""
        named = [("rules", name) for rule in rules if (name := getattr(rule, "supplier", None)) is not None]
        named += [
            (f"store {store!r}", name)
            for store, account in self.stores.accounts.items()
            for name in account.settings.suppliers_named
        ]
        for where, name in named:
            if name not in self.suppliers:
                known = ", ".join(self.suppliers) or "none"
                raise ConfigurationError(
                    f"{where}: there is no supplier account {name!r}; known are: {known}"
                )
        if policy.pay is Who.AUTOMATIC:
            for supplier in self.suppliers.values():
                if not isinstance(supplier.adapter, Pays):
                    raise ConfigurationError(
                        f"policy: pay is AUTOMATIC, but {supplier.name} ({supplier.platform}) has no way to "
                        "be paid through its API; set pay to BY_HAND"
                    )

    def line_of(self, name: str) -> Line:
        """How to reach an account."""
        found = self._lines.get(name)
        if found is None:
            account = self.stores.accounts.get(name) or self.suppliers.accounts[name]
            found = self._lines[name] = Line(
                account=name,
                base_url=account.settings.base_url,
                auth=account.auth,
                bucket=account.bucket,
                meter=account.meter,
            )
        return found
