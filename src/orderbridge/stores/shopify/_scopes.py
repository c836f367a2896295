"""Which access scopes the bridge needs of an app, and what does not work without each."""

from __future__ import annotations

from collections.abc import Collection

import attrs

from ...adapters import Finding
from ._settings import Settings

APPROVE = "have the merchant approve the app anew: what was granted before stays as it was"
_ADD = f"Add it to the app's access scopes, and {APPROVE}."


@attrs.frozen(kw_only=True)
class Need:
    """An access scope.

    Args:
        scope: As Shopify calls it.

        without: What does not work then.

        needed: The bridge cannot work without it.

        lacks: Abilities that go with it.

        fix: How to get it.
    """

    scope: str
    without: str
    needed: bool = True
    lacks: frozenset[str] = frozenset()
    fix: str = _ADD

    @property
    def finding(self) -> Finding:
        """That it is missing, in words."""
        what = f"the app lacks the access {self.scope}: {self.without}"
        return Finding(ok=not self.needed, what=what, fix=self.fix)


def needs(settings: Settings) -> tuple[Need, ...]:
    """All that the bridge asks for, as the account is set up."""
    whose = "assigned" if settings.service else "merchant_managed"
    return (
        Need(scope="read_orders", without="orders cannot be read"),
        Need(
            scope="write_orders",
            without="nothing can be noted on orders, not even which departures were announced",
            lacks=frozenset({"Annotates", "CancelsShopOrders", "Refunds"}),
        ),
        Need(
            scope=f"read_{whose}_fulfillment_orders",
            without="Shopify then shows orders as if there were nothing to ship, and no error",
        ),
        Need(
            scope=f"write_{whose}_fulfillment_orders",
            without="departures cannot be announced",
            lacks=frozenset({"CorrectsTracking", "HoldsWork", "ReportsProgress"}),
        ),
        Need(scope="read_products", without="it cannot be told which product a line is"),
        Need(scope="read_locations", without="it cannot be told from where an order ships"),
        Need(
            scope="write_fulfillments",
            without="the shop cannot be told that a parcel has arrived",
            needed=False,
        ),
        Need(
            scope="read_returns",
            without="orders cannot be canceled: returns under way are looked for before",
            needed=False,
            lacks=frozenset({"CancelsShopOrders"}),
        ),
        Need(
            scope="read_all_orders",
            without="orders older than 60 days look as if they were not there",
            needed=False,
            fix="Shopify itself grants it: if you need it, ask under the app's API access.",
        ),
    )


def has(granted: Collection[str], scope: str) -> bool:
    """Writing includes reading."""
    write = scope.replace("read_", "write_", 1) if scope.startswith("read_") else scope
    return scope in granted or write in granted
