"""Staff, or an app of the supplier's own, ship in the shop what a supplier was asked for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
import pytest

import orderbridge as ob
from both_sides import AT_ONCE, MagentoSides, Sides, codes, only_purchase
from in_shopify import ShopifySides
from orderbridge import Fulfillment, Package, Shipment, ShipmentLine, SkuPrefix
from orderbridge._sourcing import still_needed, still_wanted
from orderbridge.adapters import Announced, Bucket, Flow, LookUp, Past, Request, Unclear, Write
from orderbridge.sandbox.faults import Fault
from orderbridge.stores import woocommerce
from quiet_store import an_order

DEPOT = ob.supplier("depot", platform="offline", settings={"title": "Main warehouse"})
TO_DEPOT = (SkuPrefix(prefix="RW-", supplier="depot"),)


def staff_ship(sides: Sides, order_id: str, units: int, number: str = "STAFF1", *, line: int = 0) -> None:
    """Somebody in the shop ships so many units of a line by hand."""
    ref = int(order_id.partition("/")[2])
    rows: Any = sides.shop.order(ref)["line_items"]
    meta = {"_items": [{"item_id": rows[line]["id"], "qty": units}], "_tracking_number": number}
    body = {
        "status": "fulfilled",
        "is_fulfilled": True,
        "meta_data": [{"id": 0, "key": key, "value": value} for key, value in meta.items()],
    }
    sides.shop.parcels.create(ref, body, sides.now())
    sides.shop.touch(sides.shop.order(ref), sides.now())


def parcel(number: str, **units: int) -> Shipment:
    lines = tuple(ShipmentLine(remote_id=key[1:], quantity=Decimal(count)) for key, count in units.items())
    packages = (Package(tracking_number=number, carrier="UPS"),)
    return Shipment(ref=number, packages=packages, lines=lines or None)


def events(bridge: ob.Bridge, order_id: str) -> list[str]:
    return [event.data.get("text", "") for event in bridge.history(order_id)]


# --- before it leaves the supplier ------------------------------------------------------------------------


@pytest.mark.parametrize(("units", "left"), [(3, 0), (1, 2)])
def test_units_that_staff_ship_after_placing_ask_a_person_before_the_supplier_ships(
    units: int, left: int
) -> None:
    with Sides() as sides:
        bridge = sides.bridge()
        order_id = sides.sell({"RW-100": 3})
        sides.live(bridge)
        staff_ship(sides, order_id, units)
        sides.live(bridge)
        assert only_purchase(bridge, order_id).fulfillment is Fulfillment.PLACED
        (review,) = bridge.reviews()
        assert review.code is ob.ReviewCode.CHANGED_AFTER_PLACING
        assert review.about == only_purchase(bridge, order_id).po.id
        words = f"3 ordered at suppliers, {left} left in the shop, where others have shipped {units}"
        assert words in review.evidence
        bridge.resolve(review.id, "ignore")
        sides.live(bridge, 30)
        assert codes(bridge) == []  # it is let come, and asked once


def test_what_staff_have_shipped_before_placing_is_not_ordered() -> None:
    with Sides() as sides:
        bridge = sides.bridge()
        order_id = sides.sell({"RW-100": 3})
        staff_ship(sides, order_id, 1)
        sides.live(bridge)
        assert sides.ordered() == [{"100": 2}]
        sides.dispatch()
        sides.live(bridge, 3)
        assert codes(bridge) == []


def test_staff_who_ship_what_people_move_are_asked_at_once() -> None:
    with Sides() as sides:
        bridge = sides.bridge(suppliers=[DEPOT], rules=TO_DEPOT)
        order_id = sides.sell({"RW-100": 3})
        sides.live(bridge)
        staff_ship(sides, order_id, 3)
        sides.live(bridge)
        assert codes(bridge) == ["CHANGED_AFTER_PLACING"]


@pytest.mark.parametrize("lost", [False, True])
def test_what_the_shop_shows_of_our_own_announcements_asks_nobody(lost: bool) -> None:
    with Sides() as sides:
        bridge = sides.bridge(suppliers=[DEPOT], rules=TO_DEPOT)
        order_id = sides.sell({"RW-100": 3, "RW-101": 1})
        sides.live(bridge)
        po_id = only_purchase(bridge, order_id).po.id
        if lost:
            sides.shop_plan.meet("POST", "/fulfillments", Fault.ANSWER_LOST)
        for number in ("1Z1", "1Z2"):
            bridge.ship(po_id, parcel(number, _100=1))
            sides.live(bridge)
        assert sides.shown(order_id) == ["1Z1", "1Z2"]
        assert codes(bridge) == []
        bridge.resend(po_id, key="lost", lines=[ShipmentLine(remote_id="100", quantity=Decimal(1))])
        sides.live(bridge, 30)
        assert codes(bridge) == []


def test_an_app_of_the_supplier_s_own_may_tell_the_shop_before_us() -> None:
    with Sides() as sides:
        bridge = sides.bridge()
        order_id = sides.sell({"RW-100": 3})
        sides.live(bridge)
        (number,) = sides.dispatch()
        staff_ship(sides, order_id, 3, number)
        sides.live(bridge, 30)
        assert only_purchase(bridge, order_id).fulfillment is Fulfillment.SHIPPED
        assert (sides.shown(order_id), codes(bridge)) == ([number], [])


def test_others_shipped_what_the_shop_shows_beyond_our_notices() -> None:
    line = attrs.evolve(an_order("shop", "1", "A").lines[0], quantity=Decimal(5), fulfilled=Decimal(3))
    assert still_wanted(line, announced=Decimal(3)) == 5
    assert still_wanted(line, announced=Decimal(1)) == 3
    assert still_wanted(line, announced=Decimal(4)) == 5
    assert still_needed(line, committed=Decimal(5), announced=Decimal(0)) == 0


# --- once it has left ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Sides, MagentoSides, ShopifySides])
def test_of_a_departure_with_too_many_the_shop_is_told_what_is_open_and_all_numbers(
    kind: type[Sides],
) -> None:
    with kind() as sides:
        bridge = sides.bridge(suppliers=[DEPOT], rules=TO_DEPOT)
        order_id = sides.sell({"RW-100": 3, "RW-101": 2})
        sides.live(bridge)
        ref = int(order_id.partition("/")[2])
        if kind is Sides:
            staff_ship(sides, order_id, 1)
        elif kind is ShopifySides:
            sides.shop.fulfill_by_hand(ref, {"RW-100": 1}, now=sides.now())
        else:
            row = int(order_of(bridge, order_id).lines[0].ref)
            sides.shop.ship_by_hand(ref, {row: 1}, now=sides.now())
        sides.live(bridge)
        bridge.ship(only_purchase(bridge, order_id).po.id, parcel("1Z1"))
        sides.live(bridge)
        assert "1Z1" in sides.shown(order_id)
        (line, other) = order_of(bridge, order_id).lines
        assert (line.fulfilled, other.fulfilled) == (3, 2)
        assert codes(bridge) == ["CHANGED_AFTER_PLACING"]
        (review,) = bridge.reviews()
        assert "1 more of line" in review.evidence
        assert review.decisions == ("ignore",)
        assert any("1 more of line" in text for text in events(bridge, order_id))
        sides.live(bridge, 50)
        assert sides.shown(order_id).count("1Z1") == 1


class Refusing(woocommerce.WooCommerce):
    """A shop that is asked for too many, and refuses by itself."""

    def announce(
        self, order: ob.Order, notice: ob.ShipmentNotice, past: Past
    ) -> Flow[Write | Announced | Unclear]:
        told = yield from super().announce(order, notice, past)
        if not isinstance(told, Unclear):
            return told
        path = f"/wp-json/wc/v3/orders/{order.ref}/fulfillments"
        body = b'{"status": "fulfilled", "meta_data": []}'
        request = Request("POST", path, body=body, headers={"Content-Type": "application/json"})
        return Write("fulfillment-1", request, unknown=LookUp())


def at_once(settings: object) -> Bucket:
    return AT_ONCE


ob.register(attrs.evolve(woocommerce.PLATFORM, name="refusing", adapter=Refusing, limits=at_once))


def test_a_shop_that_refuses_by_itself_is_told_what_is_open_too() -> None:
    with Sides() as sides:
        shop = attrs.evolve(sides.store(), platform="refusing")
        bridge = sides.bridge(stores=[shop], suppliers=[DEPOT], rules=TO_DEPOT)
        order_id = sides.sell({"RW-100": 3, "RW-101": 2})
        sides.live(bridge)
        staff_ship(sides, order_id, 1)
        sides.live(bridge)
        bridge.ship(only_purchase(bridge, order_id).po.id, parcel("1Z1"))
        sides.live(bridge)
        assert sides.shown(order_id) == ["STAFF1", "1Z1"]
        assert codes(bridge) == ["CHANGED_AFTER_PLACING"]


def order_of(bridge: ob.Bridge, order_id: str) -> ob.Order:
    view = bridge.order(order_id)
    assert view is not None
    return view.record.order


def test_of_a_departure_with_nothing_open_the_shop_shows_the_number() -> None:
    with Sides() as sides:
        bridge = sides.bridge(suppliers=[DEPOT], rules=TO_DEPOT)
        order_id = sides.sell({"RW-100": 2})
        sides.live(bridge)
        staff_ship(sides, order_id, 2)
        sides.live(bridge)
        bridge.ship(only_purchase(bridge, order_id).po.id, parcel("1Z1"))
        sides.live(bridge)
        ref = int(order_id.partition("/")[2])
        assert sides.shown(order_id) == ["STAFF1"]
        assert any("1Z1" in str(note["note"]) for note in sides.shop.notes(ref))
        assert codes(bridge) == ["CHANGED_AFTER_PLACING"]
