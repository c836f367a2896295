"""A Shopify with one order in it, and what can be seen there of what bridges did to that order."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import attrs

import orderbridge as ob
from both_sides import AT_ONCE, Plan, Sides
from orderbridge import Package, Shipment, ShipmentLine
from orderbridge._http import Call
from orderbridge.adapters import Bucket, Flow, SupplierStatus
from orderbridge.sandbox.faults import Backend, Fault
from orderbridge.sandbox.shopify import Item, ShopifyShop
from orderbridge.sandbox.shopify.records import FulfillmentOrder, Order
from orderbridge.stores import shopify
from orderbridge.suppliers import rewix

__all__ = [
    "ARRIVED",
    "BY_HAND",
    "LEFT",
    "LOSSES",
    "QUIET",
    "ShopifySides",
    "boxes",
    "by_parts",
    "departed",
    "evidence",
    "in_shop",
    "notices",
    "order_id_of",
    "order_of",
    "part",
    "placed",
    "sold",
    "tasks",
    "told",
    "warnings",
    "work_of",
]

# Pulls are rare where none is needed, so that hours pass quickly.
RARELY = timedelta(hours=1)
BY_HAND = ob.Policy(place=ob.Who.BY_HAND, report_progress=False, pull_every=RARELY)
QUIET = ob.Policy(place=ob.Who.AUTOMATIC, report_progress=False, pull_every=RARELY)
# What may become of a write so that nobody knows whether it was carried out.
LOSSES = (Fault.ANSWER_LOST, Fault.REQUEST_LOST, Fault.LATE)
# Departures by supplier: what is in each, where an order leaves in parts.
LEFT: dict[str, list[Shipment]] = {}
# The suppliers' orders of which the courier has said that they have arrived.
ARRIVED: set[str] = set()


def at_once(settings: object) -> Bucket:
    return AT_ONCE


ob.register(attrs.evolve(shopify.PLATFORM, name="fast-shopify", limits=at_once))


class InParts(rewix.RewixAdapter):
    """A supplier who says what is in each departure, and hears from the courier."""

    def fetch(self, po: ob.PurchaseOrder) -> Flow[SupplierStatus | None]:
        found = yield from super().fetch(po)
        if found is not None and (parts := LEFT.get(po.supplier)):
            found = attrs.evolve(found, shipments=tuple(parts))
        if found is not None and po.supplier_ref in ARRIVED:
            return attrs.evolve(found, raw="delivered", fulfillment=ob.Fulfillment.DELIVERED)
        return found


ob.register(attrs.evolve(rewix.PLATFORM, name="shopify-parts", adapter=InParts, limits=at_once))


def by_parts(name: str, url: str) -> ob.Account:
    """The account of such a supplier."""
    LEFT.clear()
    ARRIVED.clear()
    keys = {"base_url": url, "api_key": "key", "password": "pw"}
    return ob.supplier(name, platform="shopify-parts", settings=keys)


class Operations(Plan):
    """All calls go to one path: here a place is ``query/Name`` or ``mutation/Name``, as the documents say."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def __call__(self, call: Call) -> Fault | None:
        place = "login"
        if call.url.endswith("/graphql.json"):
            document: str = json.loads(call.body)["query"]
            kind, _, rest = document.lstrip().partition(" ")
            place = f"{kind}/{rest.partition('(')[0].split()[0]}"
        self.seen.append(place)
        return super().__call__(Call(call.method, f"http://shop/{place}"))

    def nth_write(self, number: int, fault: Fault) -> None:
        """The write of this number, counted from now, meets the fault."""
        left = iter([None] * number + [fault])
        self._rules.append(("POST", "/mutation/", lambda: next(left, None)))

    def writes(self, name: str = "") -> list[str]:
        """The mutations sent so far."""
        return [place for place in self.seen if place.startswith(f"mutation/{name}")]


class ShopifySides(Sides):
    """The same two sides with a Shopify, where faults meet operations."""

    shop: ShopifyShop

    def __init__(self, **sides: Any) -> None:
        self.operations = Operations()
        super().__init__(**sides)

    def serve(self, backend: Backend, plan: Callable[[Call], Fault | None] | None = None) -> str:
        return super().serve(backend, self.operations if backend is self.at_shop else plan)

    def a_shop(self) -> Any:
        return ShopifyShop()

    def store(self, name: str = "shop", **settings: Any) -> ob.Account:
        app = ("client_id", "client_secret", "refresh_token")
        names = ("access_token",) if self.shop.access_token else app
        keys = {name: getattr(self.shop, name) for name in names}
        values = {"base_url": self.shop_url, **keys, **settings}
        return ob.store(name, platform="fast-shopify", settings=values)

    def sell(self, basket: Mapping[str, int | str], **overrides: Any) -> str:
        return sold(self, [Item(sku=sku, quantity=int(units)) for sku, units in basket.items()], **overrides)

    def shown(self, order_id: str) -> list[str]:
        order = self.shop.orders[int(order_id.partition("/")[2])]
        return [number for gone in order.fulfillments if gone.status == "SUCCESS" for number in gone.numbers]

    def departure_mails(self, order_id: str) -> int:
        ref = int(order_id.partition("/")[2])
        kinds = ("shipping_confirmation", "shipping_update")
        return sum(mail.order_id == ref and mail.kind in kinds for mail in self.shop.mails)


def in_shop(**habits: Any) -> ShopifySides:
    """Both sides, with a Shopify of these habits."""
    return ShopifySides(shop=ShopifyShop(**habits))


def sold(sides: ShopifySides, items: Sequence[Item], **more: Any) -> str:
    """A shopper buys these; the order's id in the bridge."""
    return f"shop/{sides.shop.place_order(items, now=sides.now(), **more)}"


def placed(sides: ShopifySides, basket: dict[str, int | str] | None = None, **bridge: Any) -> ob.Bridge:
    """One order, which the supplier has."""
    sides.sell(basket or {"RW-100": 2})
    made = sides.bridge(**{"policy": QUIET, **bridge})
    sides.live(made, 1)
    assert sides.ordered()
    return made


def departed(sides: ShopifySides, bridge: ob.Bridge) -> str:
    """The supplier sends it off, and the shop is told; the tracking number."""
    (number,) = sides.dispatch()
    sides.live(bridge, 1)
    return number


def order_of(sides: ShopifySides) -> Order:
    """The shop's one order."""
    (order,) = sides.shop.orders.values()
    return order


def order_id_of(sides: ShopifySides) -> str:
    return f"shop/{order_of(sides).id}"


def work_of(sides: ShopifySides) -> list[FulfillmentOrder]:
    """The fulfillment orders that something is left of."""
    return [work for work in order_of(sides).fulfillment_orders if work.open and work.remaining]


def boxes(sides: ShopifySides) -> list[dict[str, int]]:
    """What is in each fulfillment that was not taken back."""
    found: list[dict[str, int]] = []
    for gone in order_of(sides).fulfillments:
        if gone.status == "SUCCESS":
            units: Counter[str] = Counter()
            for each in gone.parts:
                units[each.source.line.sku or ""] += each.quantity
            found.append(dict(units))
    return found


def part(number: str, units: dict[str, int]) -> Shipment:
    """A departure of so many of each of the supplier's models."""
    lines = tuple(ShipmentLine(remote_id=model, quantity=Decimal(count)) for model, count in units.items())
    return Shipment(ref=number, packages=(Package(tracking_number=number, carrier="UPS"),), lines=lines)


def told(bridge: ob.Bridge, order_id: str) -> ob.OrderView:
    view = bridge.order(order_id)
    assert view is not None
    return view


def warnings(bridge: ob.Bridge, order_id: str) -> str:
    view = told(bridge, order_id)
    return "; ".join(warning for notice in view.notices for warning in notice.warnings)


def notices(bridge: ob.Bridge, order_id: str) -> list[ob.NoticeState]:
    return [notice.state for notice in told(bridge, order_id).notices]


def tasks(bridge: ob.Bridge, order_id: str) -> list[ob.TaskState]:
    return [task.state for task in told(bridge, order_id).tasks]


def evidence(bridge: ob.Bridge) -> str:
    """What all reviews say."""
    return "; ".join(review.evidence for review in bridge.reviews())
