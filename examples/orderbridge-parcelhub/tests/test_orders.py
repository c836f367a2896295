"""Whole orders from a simulated shop to ParcelHub, with everything that can go wrong between them.

The platform is taken from its entry point, as a bridge would take it, so the package has to be
installed: ``pip install --editable .``
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from importlib.metadata import entry_points
from random import Random

import orderbridge as ob
import pytest
from orderbridge.adapters import Response, SupplierPlatform
from orderbridge.auth import Call
from orderbridge.sandbox import Fault
from orderbridge.testing.backends import Ordered
from orderbridge.testing.simulator import Scene, SupplierSide, a_woocommerce, simulate

from orderbridge_parcelhub import Settings
from orderbridge_parcelhub.sandbox import ParcelHub

EMAIL, PASSWORD = "shop@example.test", "the password of the shop"


class Backend:
    """ParcelHub with the hands and eyes that the simulator asks for."""

    def __init__(self) -> None:
        prices = {f"P{n}": f"{n}.90" for n in range(1, 7)}
        self.hub = ParcelHub(email=EMAIL, password=PASSWORD, prices=prices)

    def handle(self, call: Call, now: datetime) -> Response:
        return self.hub.handle(call, now)

    @property
    def goods(self) -> Sequence[str]:
        return sorted(self.hub.prices)

    def orders(self) -> Sequence[Ordered]:
        return [
            Ordered(
                ref=order.id,
                reference=order.memo,
                shopper=order.to["name"],
                units={sku: Decimal(units) for sku, units in order.lines.items()},
                paid=len(order.paid),
                amount=ob.Money(order.paid[-1], "EUR") if order.paid else None,
                to={
                    "line1": order.to["street"],
                    "postal_code": order.to["zip"],
                    "city": order.to["city"],
                    "country": order.to["country"],
                    "phone": order.to["phone"],
                },
            )
            for order in self.hub.orders.values()
        ]

    def work(self, now: datetime) -> None:
        for order in self.hub.orders.values():
            if order.paid and order.status in ("S10", "S20"):
                self.hub.move(order.id, "S20" if order.status == "S10" else "S30", now=now)

    def ship(self, ref: str, number: str, *, now: datetime) -> None:
        printed = [each.id for each in self.hub.orders[ref].shipments if ("DHL", number) in each.packages]
        shipment = printed[0] if printed else self.hub.print_labels(ref, number, now=now)
        self.hub.hand_over(ref, shipment, now=now)

    def print_label(self, ref: str, number: str, *, now: datetime) -> None:
        self.hub.print_labels(ref, number, now=now)

    def set_total(self, ref: str, total: Decimal, *, now: datetime) -> None:
        self.hub.orders[ref].total = total
        self.hub.credit = total

    def effects(self) -> int:
        return len(self.hub.ledger)


class World:
    """A WooCommerce shop, ParcelHub, and a bridge that orders and pays by itself."""

    def __init__(self) -> None:
        self.backend = Backend()

    def scene(self, chance: Random) -> Scene:
        settings = Settings(
            base_url="https://hub.example", email=ob.Secret(EMAIL), password=ob.Secret(PASSWORD)
        )
        return Scene(
            store=a_woocommerce(chance),
            supplier=SupplierSide.of(platform(), settings, self.backend),
            policy=ob.Policy(
                place=ob.Who.AUTOMATIC,
                pay=ob.Who.AUTOMATIC,
                pull_every=timedelta(hours=1),
                follow_every=timedelta(hours=2),
            ),
        )

    def check(self, orders: int) -> None:
        """What the ledger must hold, whatever went wrong: each order once, and its money once."""
        made = Counter(effect.what for effect in self.backend.hub.ledger)
        assert (made["confirm"], made["pay"]) == (orders, orders)
        assert all(order.paid == [order.total] for order in self.backend.hub.orders.values())


def platform() -> SupplierPlatform[Settings]:
    [entry] = entry_points(group="orderbridge.suppliers", name="parcelhub")
    found: SupplierPlatform[Settings] = entry.load()
    return found


def test_a_bridge_finds_the_platform_by_its_name_in_the_configuration() -> None:
    account = ob.supplier(
        "hub",
        platform="parcelhub",
        settings={"base_url": "https://hub.example", "email": EMAIL, "password": PASSWORD},
    )
    assert account.settings == Settings(
        base_url="https://hub.example", email=ob.Secret(EMAIL), password=ob.Secret(PASSWORD)
    )
    with pytest.raises(ob.ConfigurationError, match="email"):
        ob.supplier("hub", platform="parcelhub", settings={"base_url": "https://hub.example", "mail": "x"})


@pytest.mark.parametrize("fault", Fault)
def test_whatever_happens_to_the_call_of_a_step_it_is_done_once(fault: Fault) -> None:
    calm = simulate(1, orders=1, faults=0, kills=0, stalls=0, processes=1, scene=World().scene)
    writes = re.findall(r"call (\d+): (?:POST|PUT) https://hub.example/(?:drafts|orders)", calm.story)
    assert len(writes) == 4
    for call in map(int, writes):
        world = World()
        outcome = simulate(
            1, orders=1, faults=0, kills=0, stalls=0, processes=1, fault_at={call: fault}, scene=world.scene
        )
        assert not outcome.problems, f"call {call}: {fault.value}\n{outcome.story}"
        world.check(1)


@pytest.mark.parametrize("seed", range(10))
def test_many_orders_in_bad_weather(seed: int) -> None:
    world = World()
    simulate(seed, orders=6, faults=0.08, kills=0.02, processes=1, scene=world.scene)
    world.check(6)
