"""The journal: where safety lives.

``Tx`` is one transaction in the domain's words, over named SQL that any database can run; a
``Journal`` opens transactions. A saga never holds one across a call to the outside.

``Tx`` has its methods from one module an idea, ``_journal_orders`` and so on, and each has its queries
in the file of the same name, ``journals/sql/queries/orders.sql``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

import attrs

from ._journal_accounts import Accounts
from ._journal_cases import Cases
from ._journal_feed import Feed
from ._journal_intents import Intents
from ._journal_links import Links
from ._journal_money import Spending
from ._journal_orders import Orders
from ._journal_owners import Owners
from ._journal_paces import Paces
from ._journal_purchases import Purchases
from ._journal_reviews import Reviews
from ._journal_rows import Row, Rows, Value, text_in
from ._journal_shipments import Shipments
from ._journal_work import WorkList

__all__ = ["Journal", "Row", "Rows", "Tx", "Value"]

T = TypeVar("T")


class Journal(Protocol):
    """Opens transactions. Safe from any thread; a transaction belongs to the thread that runs it.

    ``commits`` counts the transactions that wrote, so that tests can hold us to a number.
    """

    commits: int

    def transact(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` and commit all of it, or none if it raises."""
        ...

    def look(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` on one consistent picture; it must not write."""
        ...

    @property
    def look_only(self) -> bool:
        """It was copied or restored: it may be read, not acted on."""
        ...

    def adopt(self) -> None:
        """Make a copied or restored journal this machine's own."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


class Tx(
    Accounts,
    Links,
    WorkList,
    Orders,
    Owners,
    Cases,
    Purchases,
    Shipments,
    Intents,
    Feed,
    Reviews,
    Spending,
    Paces,
):
    """One transaction on the journal."""

    def get_meta(self, name: str) -> str | None:
        found = self._rows.run("get_meta", name=name)
        return text_in(found[0], "value") if found else None

    def put_meta(self, name: str, value: str) -> None:
        self._rows.run("put_meta", name=name, value=value)

    def forget(self, order_id: str, at: datetime) -> None:
        """Blank the shopper of an order, for good."""
        self._drop_private(order_id)
        self._drop_tasks(order_id)
        for case in self.cases_of(order_id):
            self.put_case(attrs.evolve(case, reason="", evidence=(), word=""))
        self.put_tombstone(order_id, at)
        self._blank_attempts(order_id)
