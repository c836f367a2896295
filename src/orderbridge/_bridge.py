"""The face for threads: every method is one line over a saga, the same as in ``_bridge_async``.

Here it opens, runs and closes; what people do with it is in ``_bridge_views`` and the others beside it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from ._bridge_buying import Buying
from ._bridge_by_hand import ByHand
from ._bridge_cases import AfterTheFact
from ._bridge_goods import Goods
from ._bridge_shop import InShop
from ._bridge_views import Views
from ._drivers import SyncDriver
from ._health import Health, health
from ._http import Headers
from ._journal import Journal
from ._model import BuyerContext
from ._owners import of_accounts
from ._plugins import Account
from ._policy import PackingRule, Policy
from ._run import Report, advance_alone, due_now, pull_now, receive, run_once, start
from ._setup import Setup
from ._sourcing import Rule
from ._token_store import TokenStore
from ._views import probe
from .adapters import Access, Reply
from .errors import ConfigurationError, Unreachable

__all__ = ["Bridge"]

_log = logging.getLogger("orderbridge")


class Bridge(Views, Goods, Buying, AfterTheFact, ByHand, InShop):
    """Shops on one side, suppliers on the other, and a journal between them.

    Safe from any number of threads. Files, connections and threads open on first use, and again
    after a fork.

    Args:
        stores: From ``store()``. For thousands give a mapping of accounts by name: each is asked for when
            it is first needed, and let go again.

        suppliers: From ``supplier()``; a mapping as well, if you like.

        journal: Path of the journal's file, a ``postgresql://`` address, or one from ``journal()``.

        policy: What the bridge may do by itself; by default it takes orders, reserves, and leaves
            placing and paying to people.

        rules: Which supplier ships what, where no product link says so; the first that fits.

        take_from: Orders placed before it (aware) are only observed. By default the moment of the
            first pull.

        tokens: Where tokens of platforms with a login are kept: path of a file, one from ``tokens()``, or
            your own. By default in the database of a journal in PostgreSQL; else in a file beside the
            journal's, named ``...-tokens``, or in memory if the journal is not given as a path.

        buyer: Who pays, for suppliers that want to know, where paying is automatic. It is never kept.

        rate: What one unit of a currency is worth in another (both ISO 4217), or None if you do not know;
            asked where ``Policy.margin`` holds a supplier's price against a shop's.

        packing: What goes into orders beside the goods.

        couriers: Tracking pages by courier, with ``{number}`` in the number's place, for numbers that come
            without a link; over the built-in ones. Empty for no link.

    Raises:
        ConfigurationError: names what is wrong and what would be right.
    """

    def __init__(
        self,
        *,
        stores: Iterable[Account] | Mapping[str, Account] = (),
        suppliers: Iterable[Account] | Mapping[str, Account] = (),
        journal: Journal | str | Path,
        policy: Policy | None = None,
        rules: Iterable[Rule] = (),
        take_from: datetime | None = None,
        tokens: TokenStore | str | Path | None = None,
        buyer: BuyerContext | None = None,
        rate: Callable[[str, str], Decimal | None] | None = None,
        packing: Iterable[PackingRule] = (),
        couriers: Mapping[str, str] | None = None,
    ) -> None:
        self._setup = Setup(
            stores=stores,
            suppliers=suppliers,
            journal=journal,
            policy=policy,
            rules=rules,
            take_from=take_from,
            tokens=tokens,
            buyer=buyer,
            rate=rate,
            packing=packing,
            couriers=couriers,
        )
        self._driver = SyncDriver(self._setup.journal, self._setup.line_of, tokens=self._setup.tokens)
        self._stopped = False

    _signs = True  # it asks platforms, so a configuration's secrets must be there

    @classmethod
    def from_toml(cls, path: str | Path) -> Bridge:
        """A bridge as a configuration file says."""
        from ._config import read_config  # only who has a file needs a reader of it

        config = read_config(path, signs=cls._signs)
        try:
            return cls(
                stores=config.stores,
                suppliers=config.suppliers,
                journal=config.journal,
                policy=config.policy,
                rules=config.rules,
                take_from=config.take_from,
                buyer=config.buyer,
                packing=config.packing,
                couriers=config.couriers,
            )
        except ConfigurationError as error:
            raise ConfigurationError(f"{path}: {error}") from None

    @property
    def requests(self) -> Mapping[str, int]:
        """How many requests each account was sent by this bridge."""
        return dict(self._driver.requests)

    def run_once(self, *, told: Callable[[Report], None] | None = None) -> Report:
        """Work until nothing is due. One order or account that fails never stops the others."""
        return self._driver.run(
            run_once(self._setup.world, self._setup.identified, stopping=lambda: self._stopped, told=told)
        )

    def run(self, *, told: Callable[[Report], None] | None = None) -> None:
        """Work until ``stop`` is called, from another thread or a signal handler.

        Once it has worked, it waits for a journal that is out of reach and goes on.
        """
        worked = False
        try:
            while not self._stopped:
                next_at = None
                try:
                    next_at = (self.run_once(told=told)).next_at
                    worked = True
                except Unreachable as error:
                    if not worked:
                        raise
                    _log.warning("waiting for the journal: %s", error)
                self._driver.wait(next_at, stopped=lambda: self._stopped)
        finally:
            self._stopped = False
            self._driver.go_on()

    def stop(self) -> None:
        """End ``run``: no new call begins until the next ``run``, and what is known is written down."""
        self._stopped = True
        self._driver.stop()

    def pull(self, store: str, *, owner: str = "", told: Callable[[int], None] | None = None) -> int:
        """Take in all pages of one store's changes now; how many orders came.

        ``told`` hears after each page how many it were so far.
        """
        return self._driver.run(
            of_accounts(
                self._setup.world,
                owner,
                pull_now(self._setup.world, store, self._setup.identified, told=told),
                store,
            )
        )

    def advance(self, subject: str) -> None:
        """Do what is due in one subject; safe for any number of callers. What fails is put off and raised."""
        self._driver.run(advance_alone(self._setup.world, subject, self._setup.identified))

    def start(self) -> None:
        """Make due what nothing is planned for yet, such as a new store's pull; part of ``run_once``."""
        self._driver.run(start(self._setup.world, self._setup.identified))

    def due(self, *, limit: int = 50) -> tuple[str, ...]:
        """Subjects that wait for work now."""
        return self._driver.run(due_now(self._setup.world, limit))

    def receive(
        self, account: str, *, method: str = "POST", path: str = "/", headers: Mapping[str, str], body: bytes
    ) -> Reply:
        """Take a webhook in and say what to answer. Nothing goes out."""
        return self._driver.run(
            receive(self._setup.world, account, method=method, path=path, headers=Headers(headers), body=body)
        )

    def health(self, *, owner: str = "") -> Health:
        """Is it alive? With an owner, only what is the owner's."""
        copy = self._setup.journal.look_only
        return self._driver.run(health(self._setup.world, owner=owner, look_only=copy))

    def probe(self, *, owner: str = "") -> dict[str, Access]:
        """Ask every account who it is and what it may do."""
        return self._driver.run(probe(self._setup.world, owner=owner))

    def reopen(self, account: str) -> None:
        """Ask the mapping of accounts anew for this one, whose settings have changed."""
        self._setup.reopen(account)

    def adopt(self) -> None:
        """Make a copied or restored journal this bridge's own, after making sure no other one runs."""
        self._setup.journal.adopt()

    def close(self) -> None:
        """Let go of connections and files."""
        self._driver.leave()
        self._driver.close()
        self._setup.journal.close()

    def __enter__(self) -> Bridge:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
