"""A Magento with one order in it, and what can be seen there of what bridges did to that order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs

import orderbridge as ob
from both_sides import AT_ONCE, START, MagentoSides
from orderbridge import Shipment
from orderbridge._http import Call, Headers, Request, Response
from orderbridge._model import Secret
from orderbridge.adapters import Flow, Refused, SupplierStatus, Write
from orderbridge.sandbox import MagentoShop
from orderbridge.sandbox.faults import Fault
from orderbridge.sandbox.magento import Item, Keys
from orderbridge.stores.magento import Magento, Settings
from orderbridge.suppliers import rewix

__all__ = [
    "ADAPTER",
    "BY_HAND",
    "GONE",
    "LOSSES",
    "QUIET",
    "Hand",
    "Instead",
    "a_shop",
    "boxes",
    "by_parts",
    "departed",
    "evidence",
    "in_shop",
    "left",
    "notices",
    "order_of",
    "placed",
    "ref_of",
    "row_of",
    "said",
    "sold",
    "taken",
    "tasks",
    "told",
    "warnings",
]

# Pulls are rare where none is needed, so that hours pass quickly.
RARELY = timedelta(hours=1)
BY_HAND = ob.Policy(place=ob.Who.BY_HAND, report_progress=False, pull_every=RARELY)
QUIET = ob.Policy(place=ob.Who.AUTOMATIC, report_progress=False, pull_every=RARELY)
# What may become of a write so that nobody knows whether it was carried out.
LOSSES = (Fault.ANSWER_LOST, Fault.REQUEST_LOST, Fault.ERROR_AFTER, Fault.LATE)
# Departures of the supplier's orders, by his number: what is in each, where an order leaves in parts.
GONE: dict[str, list[Shipment]] = {}


class InParts(rewix.RewixAdapter):
    """A supplier who says what is in each departure."""

    def fetch(self, po: ob.PurchaseOrder) -> Flow[SupplierStatus | None]:
        found = yield from super().fetch(po)
        parts = GONE.get(po.supplier_ref or "")
        return attrs.evolve(found, shipments=tuple(parts)) if found is not None and parts else found


ob.register(attrs.evolve(rewix.PLATFORM, name="in-parts", adapter=InParts, limits=lambda _: AT_ONCE))


def by_parts(name: str, url: str) -> ob.Account:
    """The account of such a supplier."""
    GONE.clear()
    return ob.supplier(
        name, platform="in-parts", settings={"base_url": url, "api_key": "key", "password": "pw"}
    )


def in_shop(**habits: Any) -> MagentoSides:
    """Both sides, with a Magento of these habits."""
    return MagentoSides(shop=MagentoShop(**habits))


def sold(sides: MagentoSides, items: Sequence[Item], **more: Any) -> str:
    """A shopper buys these; the order's id in the bridge."""
    return f"shop/{sides.shop.place_order(items, now=sides.now(), **more)}"


def placed(sides: MagentoSides, basket: dict[str, int | str] | None = None, **bridge: Any) -> ob.Bridge:
    """One order, which the supplier has."""
    sides.sell(basket or {"RW-100": 2})
    made = sides.bridge(**{"policy": QUIET, **bridge})
    sides.live(made, 1)
    assert sides.ordered()
    return made


def departed(sides: MagentoSides, bridge: ob.Bridge) -> str:
    """The supplier sends it off, and the shop is told; the tracking number."""
    (number,) = sides.dispatch()
    sides.live(bridge, 1)
    return number


def ref_of(sides: MagentoSides) -> int:
    """The shop's one order."""
    (ref,) = sides.shop.orders
    return ref


def order_of(sides: MagentoSides) -> dict[str, Any]:
    return dict(sides.shop.order(ref_of(sides)))


def row_of(sides: MagentoSides, sku: str, *, part: bool = False) -> int:
    """The id of the row with this SKU; with ``part`` that of the one below it."""
    for line in sides.shop.orders[ref_of(sides)].lines:
        if line.sku == sku and (line.parent is not None) is part:
            return line.item_id
    raise KeyError(sku)


def boxes(sides: MagentoSides) -> list[dict[str, Decimal]]:
    """What is in each shipment, without bundles whose parts are in it."""
    found: list[dict[str, Decimal]] = []
    order = sides.shop.orders[ref_of(sides)]
    for shipment in sides.shop.shipments_of(order.order_id):
        units: dict[str, Decimal] = {}
        for row in shipment.items:
            line = order.line(int(row["order_item_id"] or 0))
            assert line is not None
            if not line.ships_with_another:
                units[line.sku] = units.get(line.sku, Decimal(0)) + Decimal(str(row["qty"]))
        found.append(units)
    return found


def left(sides: MagentoSides) -> dict[str, Decimal]:
    """Units that are not shipped, of rows that can be."""
    lines = sides.shop.orders[ref_of(sides)].lines
    return {line.sku: line.to_ship for line in lines if line.to_ship and not line.virtual}


def said(sides: MagentoSides, words: str) -> list[tuple[int, int]]:
    """Comments with these words on the order and its papers: seen by the shopper, mailed."""
    ref = ref_of(sides)
    papers = [*sides.shop.shipments_of(ref), *sides.shop.creditmemos_of(ref)]
    rows = [*sides.shop.orders[ref].comments, *(row for paper in papers for row in paper.comments)]
    return [
        (int(row["is_visible_on_front"] or 0), int(row["is_customer_notified"] or 0))
        for row in rows
        if words in str(row["comment"])
    ]


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
    """What the one review says."""
    (review,) = bridge.reviews()
    return review.evidence


@attrs.frozen
class Instead:
    """A shop of which some answers are ours."""

    handle: Callable[[Call, datetime], Response]


# --- one worker, call by call ---------------------------------------------------------------------------

ADAPTER = Magento(Settings(base_url="https://shop.example", bearer=True, access_token=Secret("t")))


@attrs.define
class Hand:
    """An engine of one worker: runs a flow anew after each write, and looks again if nobody answered."""

    shop: MagentoShop
    adapter: Magento
    flow: Callable[[], Flow[Any]]
    sent: list[Write] = attrs.field(factory=list[Write])
    result: Any = None
    _running: Flow[Any] | None = None
    _next: Any = None

    def step(self) -> None:
        """One call, a question or a write."""
        if self.result is not None:
            return
        try:
            if self._running is None:
                self._running = self.flow()
                self._next = next(self._running)
            else:
                self._next = self._running.send(self._send(self._next))
        except StopIteration as end:
            self._running = None
            if not isinstance(end.value, Write):
                self.result = end.value
                return
            self.sent.append(end.value)
            verdict = self.adapter.judge(end.value, self._send(end.value.request))
            if isinstance(verdict, Refused):
                self.result = verdict

    def finish(self) -> Any:
        for _ in range(200):
            self.step()
            if self.result is not None:
                return self.result
        raise AssertionError(f"no end: {[write.step for write in self.sent]}")

    def _send(self, request: Request) -> Response:
        url = f"https://shop.example{request.path}" + (f"?{request.query}" if request.query else "")
        headers = {**request.headers, "Authorization": "Bearer t"}
        call = Call(request.method, url, headers=Headers(headers), body=request.body)
        return self.shop.handle(call, START)


def a_shop() -> MagentoShop:
    return MagentoShop(keys=Keys(bearer=True, access_token="t"))


def taken(shop: MagentoShop, ref: int) -> ob.Order:
    hand = Hand(shop, ADAPTER, lambda: ADAPTER.fetch_order(str(ref)))
    order = hand.finish()
    assert isinstance(order, ob.Order)
    return attrs.evolve(order, store="shop")
