"""What tests that read like the brief share: both faces behind one word, and the four shops behind another.

A test asks for the fixture ``bridged``, says ``bridge = bridged(sides)``, and goes on in plain calls. It runs
twice: with a ``Bridge``, and with an ``AsyncBridge`` in an event loop of its own, whose methods are waited
for here. The fixtures are known to all tests by ``conftest``.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Protocol, cast

import pytest

import orderbridge as ob
from both_sides import MagentoSides, PrestaShopSides, Sides
from in_shopify import ShopifySides
from orderbridge._drivers_async import AsyncDriver

__all__ = [
    "SHOPS",
    "Bridged",
    "any_shop",
    "bridged",
    "cancel_in_shop",
    "departures_in_shop",
    "fulfilled",
    "progress_in_shop",
    "purchase_of",
    "sell_unpaid",
    "taking_unpaid",
    "told",
]

SHOPS: dict[str, type[Sides]] = {
    "woocommerce": Sides,
    "shopify": ShopifySides,
    "prestashop": PrestaShopSides,
    "magento": MagentoSides,
}


class Bridged(Protocol):
    """Opens a bridge between two sides; what is not named is as ``Sides.parts`` has it."""

    def __call__(self, sides: Sides, **changes: Any) -> ob.Bridge: ...


@pytest.fixture(params=["sync", "async"])
def bridged(request: pytest.FixtureRequest) -> Iterator[Bridged]:
    """A bridge of one face, and then of the other."""
    if request.param == "sync":
        yield lambda sides, **changes: sides.bridge(**changes)
        return
    with asyncio.Runner() as loop, ExitStack() as opened_here:

        def opened(sides: Sides, **changes: Any) -> ob.Bridge:
            bridge = ob.AsyncBridge(**sides.parts(**changes))
            setup = bridge._setup
            tokens = bridge._driver._tokens
            bridge._driver = AsyncDriver(setup.journal, setup.line_of, clockwork=sides.clock, tokens=tokens)
            waited = Waited(bridge, loop)
            opened_here.callback(lambda: loop.run(bridge.close()))
            return cast("ob.Bridge", waited)

        yield opened


class Waited:
    """An ``AsyncBridge`` whose methods are waited for, so that it is used like the other face."""

    def __init__(self, bridge: ob.AsyncBridge, loop: asyncio.Runner) -> None:
        self._bridge, self._loop = bridge, loop

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._bridge, name)
        if not inspect.iscoroutinefunction(found):
            return found

        def waited(*args: Any, **named: Any) -> Any:
            return self._loop.run(found(*args, **named))

        return waited


@pytest.fixture(params=list(SHOPS))
def any_shop(request: pytest.FixtureRequest) -> Iterator[Sides]:
    """Each of the four shops, with a supplier who holds 50 of three articles."""
    with SHOPS[request.param]() as both:
        yield both


def told(bridge: ob.Bridge, order_id: str) -> ob.OrderView:
    """One order as the bridge shows it."""
    view = bridge.order(order_id)
    assert view is not None
    return view


def purchase_of(bridge: ob.Bridge, order_id: str, supplier: str = "rewix") -> ob.PurchaseRecord:
    """The last purchase order of an order at a supplier."""
    return [found for found in told(bridge, order_id).purchases if found.po.supplier == supplier][-1]


# --- what the shop's own people see and do ----------------------------------------------------------


def sell_unpaid(sides: Sides, basket: dict[str, int | str]) -> str:
    """A shopper buys, and is still to pay: by bank transfer or the like."""
    if type(sides) is Sides:
        return sides.sell(basket, status="on-hold")
    return sides.sell(basket, paid=False)


def taking_unpaid(sides: Sides) -> ob.Account:
    """The shop's account, with the words of its pending orders among those that are to be shipped."""
    match sides:
        case PrestaShopSides():
            return sides.store(ready_states=["2", "10"])
        case ShopifySides() | MagentoSides():
            return sides.store()
        case _:
            return sides.store(ready_statuses=["processing", "on-hold"])


def fulfilled(sides: Sides, order_id: str) -> bool:
    """The shop shows the order as sent off, all of it."""
    shop, ref = sides.shop, int(order_id.partition("/")[2])
    match sides:
        case ShopifySides():
            return bool(shop.fulfilled(str(ref)))
        case PrestaShopSides():
            return bool(shop.state(ref)["shipped"] == "1")
        case MagentoSides():
            return bool(shop.order(ref)["state"] == "complete")
        case _:
            return bool(shop.order(ref)["status"] == "completed")


def cancel_in_shop(sides: Sides, order_id: str) -> None:
    """The shop's staff cancel the order."""
    shop, ref = sides.shop, int(order_id.partition("/")[2])
    match sides:
        case ShopifySides():
            shop.cancel_by_hand(ref, now=sides.now())
        case PrestaShopSides() | MagentoSides():
            shop.cancel(ref, now=sides.now())
        case _:
            shop.put_status(ref, "cancelled", sides.now())


def progress_in_shop(sides: Sides, order_id: str) -> str:
    """What the shop shows its staff of how far the order is at suppliers, all words so far."""
    shop, ref = sides.shop, int(order_id.partition("/")[2])
    match sides:
        case ShopifySides():
            return " ".join(field.value for field in shop.orders[ref].metafields)
        case PrestaShopSides():
            return " ".join(row["message"] for row in shop.messages(ref))
        case MagentoSides():
            return " ".join(shop.comments_of(ref))
        case _:
            return " ".join(str(note["note"]) for note in shop.notes(ref))


def departures_in_shop(sides: Sides, order_id: str) -> str:
    """What the shop shows of what left: carriers, numbers and links."""
    shop, ref = sides.shop, int(order_id.partition("/")[2])
    match sides:
        case ShopifySides():
            return " ".join(
                str((gone.company, gone.numbers, gone.urls)) for gone in shop.orders[ref].fulfillments
            )
        case PrestaShopSides():
            said = " ".join(row["message"] for row in shop.messages(ref))
            return (
                " ".join(f"{row['id_carrier']} {row['tracking_number']}" for row in shop.parcels(ref)) + said
            )
        case MagentoSides():
            return " ".join(str((paper.tracks, paper.comments)) for paper in shop.shipments_of(ref))
        case _:
            return " ".join(str(gone.shape()) for gone in shop.parcels.of(ref))
