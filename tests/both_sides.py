"""A shop and a supplier, simulated and served on this machine, and bridges between them.

The bridges' time jumps: a pause takes none, and ``Sides.live`` lets hours pass at once. Their own
pace is not limited either, so that tests on the real clock need not wait.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, Self
from urllib.parse import urlsplit

import attrs

import orderbridge as ob
from orderbridge._clockwork import Clockwork
from orderbridge._drivers import SyncDriver
from orderbridge._http import Call, Response
from orderbridge.adapters import Bucket
from orderbridge.sandbox import (
    Backend,
    LoopbackServer,
    MagentoShop,
    PrestaShopShop,
    RewixSupplier,
    WooCommerceShop,
)
from orderbridge.sandbox import magento as magento_shop
from orderbridge.sandbox.faults import Fault, Line
from orderbridge.sandbox.prestashop import DEPARTURES, Item
from orderbridge.stores import magento, prestashop, woocommerce
from orderbridge.suppliers import rewix

__all__ = [
    "AUTOMATIC",
    "OWN",
    "PREFIX",
    "RULES",
    "START",
    "Jumping",
    "MagentoSides",
    "Plan",
    "PrestaShopSides",
    "Sides",
    "Watched",
    "a_warehouse",
    "codes",
    "on_clock",
    "only_purchase",
]

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
PREFIX, OWN = "RW-", "OWN-"
RULES = (ob.SkuPrefix(prefix=PREFIX, supplier="rewix"), ob.OwnStock(prefix=OWN))
RARELY = timedelta(minutes=30)  # enough where hours pass
AUTOMATIC = ob.Policy(place=ob.Who.AUTOMATIC, pull_every=RARELY)
AT_ONCE = Bucket(per_second=1e6, burst=1_000_000)

ob.register(attrs.evolve(woocommerce.PLATFORM, name="fast-woocommerce", limits=lambda _: AT_ONCE))
ob.register(attrs.evolve(magento.PLATFORM, name="fast-magento", limits=lambda _: AT_ONCE))
ob.register(attrs.evolve(prestashop.PLATFORM, name="fast-prestashop", limits=lambda _: AT_ONCE))
ob.register(attrs.evolve(rewix.PLATFORM, name="fast-rewix", limits=lambda _: AT_ONCE))


class Jumping(Clockwork):
    """Time that passes only when somebody waits, and then at once."""

    def __init__(self) -> None:
        self._passed = 0.0
        self._lock = threading.Lock()

    def wall(self) -> datetime:
        return START + timedelta(seconds=self._passed)

    def steady(self) -> float:
        return self._passed

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._passed += max(0.0, seconds)

    async def rest(self, seconds: float) -> None:
        self.sleep(seconds)


def on_clock(bridge: ob.Bridge, clock: Clockwork) -> ob.Bridge:
    """The bridge with another clock than this machine's."""
    setup = bridge._setup
    tokens = bridge._driver._tokens
    bridge._driver = SyncDriver(setup.journal, setup.line_of, clockwork=clock, tokens=tokens)
    return bridge


@attrs.define
class Watched:
    """A backend that remembers who called: each call's method, path and credentials."""

    backend: Backend
    calls: list[tuple[str, str, str]] = attrs.field(factory=list[tuple[str, str, str]])

    def handle(self, call: Call, now: datetime) -> Response:
        url = urlsplit(call.url)
        self.calls.append((call.method, url.path, call.headers.get("authorization", "") + url.query))
        return self.backend.handle(call, now)

    def count(self, method: str, path: str) -> int:
        return sum(called == method and where.endswith(path) for called, where, _ in self.calls)


class Plan:
    """Which calls meet a fault: those to one place, a number of times.

    A place is the end of a path, or with a slash at its end any part of one.
    """

    def __init__(self) -> None:
        self._rules: list[tuple[str, str, Callable[[], Fault | None]]] = []

    def __call__(self, call: Call) -> Fault | None:
        path = urlsplit(call.url).path
        for method, where, fault in self._rules:
            there = where in path if where.endswith("/") else path.rstrip("/").endswith(where)
            if call.method == method and there:
                return fault()
        return None

    def meet(self, method: str, where: str, fault: Fault, *, times: int = 1) -> None:
        """The next calls there meet the fault."""
        left = iter([fault] * times)
        self._rules.append((method, where, lambda: next(left, None)))

    def before(self, method: str, where: str, act: Callable[[], None], *, nth: int = 1) -> None:
        """Do something when the next call there arrives, or the nth, before it is carried out."""
        calls = count(1)

        def once() -> None:
            if next(calls) == nth:
                act()

        self._rules.append((method, where, once))


class Sides:
    """One shop, one supplier, the people in both, and the one clock of them all."""

    def __init__(
        self,
        *,
        shop: Any = None,
        warehouse: RewixSupplier | None = None,
        clock: Clockwork | None = None,
    ) -> None:
        self.clock = clock or Jumping()
        self.shop = shop or self.a_shop()
        self.warehouse = warehouse or a_warehouse()
        self.at_shop, self.at_warehouse = Watched(self.shop), Watched(self.warehouse)
        self.shop_plan, self.warehouse_plan = Plan(), Plan()
        self._open = ExitStack()
        self._parcels = count(1)
        self.shop_url = self.serve(self.at_shop, self.shop_plan)
        self.warehouse_url = self.serve(self.at_warehouse, self.warehouse_plan)

    def a_shop(self) -> Any:
        return WooCommerceShop(https=False, fulfillments=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._open.close()

    def serve(self, backend: Backend, plan: Callable[[Call], Fault | None] | None = None) -> str:
        """Serve one more backend; its address."""
        line = Line(backend) if plan is None else Line(backend, plan)
        return self._open.enter_context(LoopbackServer(line, clock=self.now)).url

    def now(self) -> datetime:
        return self.clock.wall()

    # --- bridges ---

    def store(self, name: str = "shop", **settings: Any) -> ob.Account:
        keys = {
            "base_url": self.shop_url,
            "consumer_key": self.shop.consumer_key,
            "consumer_secret": self.shop.consumer_secret,
        }
        return ob.store(name, platform="fast-woocommerce", settings={**keys, **settings})

    def supplier(self, name: str = "rewix", *, shared: bool = False, **settings: Any) -> ob.Account:
        keys = {"base_url": self.warehouse_url, "api_key": "key", "password": "pw"}
        return ob.supplier(name, platform="fast-rewix", settings={**keys, **settings}, shared=shared)

    def parts(self, **changes: Any) -> dict[str, Any]:
        """What a bridge between the two is made of."""
        return {
            "stores": [self.store()],
            "suppliers": [self.supplier()],
            "journal": ":memory:",
            "policy": AUTOMATIC,
            "rules": RULES,
            "take_from": START - timedelta(days=30),
            **changes,
        }

    def bridge(self, **changes: Any) -> ob.Bridge:
        bridge = ob.Bridge(**self.parts(**changes))
        self._open.callback(bridge.close)
        return on_clock(bridge, self.clock)

    def live(self, bridge: ob.Bridge, hours: float = 1.0) -> None:
        """Let the bridge work for so long."""
        end = self.now() + timedelta(hours=hours)
        while True:
            next_at = bridge.run_once().next_at
            if next_at is None or next_at > end:
                break
            self.clock.sleep(max(0.05, (next_at - self.now()).total_seconds()))
        self.clock.sleep(max(0.0, (end - self.now()).total_seconds()))
        bridge.run_once()

    # --- people ---

    def sell(self, basket: Mapping[str, int | str], **overrides: Any) -> str:
        """A shopper buys so many of each SKU; the order's id in the bridge."""
        lines = [{"sku": sku, "quantity": units, "price": "10.00"} for sku, units in basket.items()]
        return f"shop/{self.shop.place_order(lines, now=self.now(), **overrides)}"

    def ordered(self, warehouse: RewixSupplier | None = None) -> list[dict[str, int]]:
        """What stands at the supplier, order by order, without what was canceled."""
        orders = (warehouse or self.warehouse).orders
        return [dict(order.items) for order in orders if not order.released]

    def dispatch(self, warehouse: RewixSupplier | None = None) -> list[str]:
        """The supplier's people send off all they have; the tracking numbers."""
        warehouse = warehouse or self.warehouse
        numbers: list[str] = []
        for order in warehouse.orders:
            if not order.dispatched and not order.released:
                numbers.append(f"1Z{next(self._parcels):06}")
                warehouse.dispatch(order.order_id, tracking_code=numbers[-1], carrier="UPS", now=self.now())
        return numbers

    def shown(self, order_id: str) -> list[str]:
        """Tracking numbers that the shop shows on an order."""
        ref = int(order_id.partition("/")[2])
        return [number for shipment in self.shop.shipments(ref) for number in shipment.numbers]

    def departure_mails(self, order_id: str) -> int:
        ref = int(order_id.partition("/")[2])
        kinds = ("customer_fulfillment_created", "customer_note", "customer_completed_order")
        return sum(mail.order_id == ref and mail.kind in kinds for mail in self.shop.mails)


class PrestaShopSides(Sides):
    """The same with a PrestaShop."""

    shop: PrestaShopShop

    def a_shop(self) -> Any:
        return PrestaShopShop()

    def store(self, name: str = "shop", **settings: Any) -> ob.Account:
        keys = {"base_url": self.shop_url, "key": self.shop.key}
        return ob.store(name, platform="fast-prestashop", settings={**keys, **settings})

    def sell(self, basket: Mapping[str, int | str], **overrides: Any) -> str:
        lines = [Item(reference=sku, quantity=int(units)) for sku, units in basket.items()]
        return f"shop/{self.shop.place_order(lines, now=self.now(), **overrides)}"

    def shown(self, order_id: str) -> list[str]:
        parcels = self.shop.parcels(int(order_id.partition("/")[2]))
        return [parcel["tracking_number"] for parcel in parcels if parcel["tracking_number"]]

    def departure_mails(self, order_id: str) -> int:
        ref = int(order_id.partition("/")[2])
        return sum(mail.order_id == ref and mail.template in DEPARTURES for mail in self.shop.mails)


class MagentoSides(Sides):
    """The same with a Magento, where calls are signed with an integration's four values."""

    shop: MagentoShop

    def a_shop(self) -> Any:
        return MagentoShop()

    def store(self, name: str = "shop", **settings: Any) -> ob.Account:
        keys = self.shop.keys
        values = {
            "base_url": self.shop_url,
            "consumer_key": keys.consumer_key,
            "consumer_secret": keys.consumer_secret,
            "access_token": keys.access_token,
            "access_token_secret": keys.access_token_secret,
        }
        return ob.store(name, platform="fast-magento", settings={**values, **settings})

    def sell(self, basket: Mapping[str, int | str], **overrides: Any) -> str:
        lines = [magento_shop.Item(sku=sku, quantity=units) for sku, units in basket.items()]
        return f"shop/{self.shop.place_order(lines, now=self.now(), **overrides)}"

    def shown(self, order_id: str) -> list[str]:
        shipments = self.shop.shipments_of(int(order_id.partition("/")[2]))
        return [str(track["track_number"]) for shipment in shipments for track in shipment.tracks]

    def departure_mails(self, order_id: str) -> int:
        ref = int(order_id.partition("/")[2])
        return sum(mail.order_id == ref and mail.kind == "shipment" for mail in self.shop.mails)


def a_warehouse(
    stock: Iterable[str] = ("100", "101", "102"), units: int = 50, **habits: Any
) -> RewixSupplier:
    return RewixSupplier(
        api_key="key", password="pw", stock={stock_id: Decimal(units) for stock_id in stock}, **habits
    )


def codes(bridge: ob.Bridge) -> list[str]:
    """Why people are asked."""
    return [review.code.value for review in bridge.reviews()]


def only_purchase(bridge: ob.Bridge, order_id: str) -> ob.PurchaseRecord:
    view = bridge.order(order_id)
    assert view is not None
    (purchase,) = view.purchases
    return purchase
