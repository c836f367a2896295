"""Writes capabilities.md from the abilities our adapters inherit; run it after giving one a new ability."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from inspect import getdoc
from pathlib import Path

from orderbridge import PaymentKind, adapters
from orderbridge.adapters import StorePlatform, SupplierPlatform, payment_kind

PAGE = Path(__file__).with_name("capabilities.md")

INTRO = """\
<!-- Made by docs/make_capabilities.py from the adapters: give an adapter an ability, then run it. -->

# What each platform can do

Every store gives its orders and takes shipment notices; every supplier takes orders and says how far they
are, or people say it. The rest are abilities. What is missing here is missing in the platform, and the
bridge says so with a typed error, `Unsupported`, instead of pretending. An account may be able to do less
than its platform: `orderbridge probe` tells.
"""
STORES = (
    "Annotates",
    "CancelsShopOrders",
    "CorrectsTracking",
    "DecodesOrders",
    "HoldsWork",
    "ListsCarriers",
    "Probes",
    "ReceivesWebhooks",
    "Refunds",
    "ReportsProgress",
)
SUPPLIERS = (
    "CancelsPurchases",
    "ChecksProducts",
    "FindsPurchases",
    "ListsChanges",
    "ListsProducts",
    "ListsPurchases",
    "MovedByPeople",
    "OrdersItself",
    "PaidAtPlacing",
    "PaidByHand",
    "Pays",
    "Probes",
    "Quotes",
    "ReceivesWebhooks",
    "Reserves",
    "Splits",
)
KINDS = {
    PaymentKind.API: "`pay` pays, after placing and within the limits",
    PaymentKind.AT_PLACING: "placing pays, so it is guarded like paying",
    PaymentKind.BY_HAND: "a person pays, if anything is owed; `pay` names the page, where there is one",
    PaymentKind.BY_HUB: "it orders and pays by itself; the bridge only watches",
}


def ours(group: str) -> Iterator[StorePlatform | SupplierPlatform]:
    """Our own platforms, not those of plug-ins that happen to be installed."""
    for entry in distribution("orderbridge").entry_points.select(group=group):
        yield entry.load()


def table(abilities: Iterable[str], platforms: Iterable[StorePlatform | SupplierPlatform]) -> str:
    """One row an ability, one column a platform."""
    columns = sorted(platforms, key=lambda platform: platform.title)
    rows = [
        f"| Ability | | {' | '.join(platform.title for platform in columns)} |",
        f"|---|---|{':-:|' * len(columns)}",
    ]
    for name in abilities:
        ability = getattr(adapters, name)
        said = (getdoc(ability) or "").split("\n\n")[0].replace("\n", " ").replace("``", "`")
        assert all(isinstance(platform.adapter, type) for platform in columns), "an adapter is a class"
        can = ("yes" if issubclass(platform.adapter, ability) else "" for platform in columns)
        rows.append(f"| `{name}` | {said} | {' | '.join(can)} |")
    return "\n".join(rows) + "\n"


def money(platforms: Iterable[SupplierPlatform]) -> str:
    """One row a platform: how it comes by its money."""
    rows = ["| Supplier | Payment kind | |", "|---|---|---|"]
    for platform in sorted(platforms, key=lambda platform: platform.title):
        # The class will do: the kind is a matter of what it inherits.
        kind = payment_kind(platform.adapter.__new__(platform.adapter))
        rows.append(f"| {platform.title} | `{kind.value}` | {KINDS[kind]} |")
    return "\n".join(rows) + "\n"


def page() -> str:
    """The whole page."""
    stores, suppliers = list(ours("orderbridge.stores")), list(ours("orderbridge.suppliers"))
    return "\n".join(
        (
            INTRO,
            "## Stores\n",
            table(STORES, stores),
            "## Suppliers\n",
            table(SUPPLIERS, suppliers),
            "### How they come by their money\n",
            money(suppliers),
        )
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
