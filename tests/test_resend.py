"""Goods that leave once more: an order of their own at the supplier, one parcel more in the shop, no more."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs
import pytest

import orderbridge as ob
from both_sides import AUTOMATIC, MagentoSides, PrestaShopSides, Sides, codes
from in_shopify import ShopifySides
from mall_supplier import BUYER
from orderbridge import CaseKind, CaseState, Fulfillment, Package, Payment, Shipment, ShipmentLine, SkuPrefix
from orderbridge._clockwork import Clockwork
from orderbridge.errors import ConfigurationError, Unsupported
from orderbridge.sandbox import WooCommerceShop
from orderbridge.sandbox.faults import Fault
from test_mall import PAYS, street

RULES = (SkuPrefix(prefix="RW-", supplier="depot"), SkuPrefix(prefix="HUB-", supplier="syncee"))
FIRST, AGAIN = "1Z000001", "1Z000002"


def depot(name: str = "depot", title: str = "Main warehouse") -> ob.Account:
    return ob.supplier(name, platform="offline", settings={"title": title})


def hub() -> ob.Account:
    return ob.supplier("syncee", platform="hub", settings={"title": "Syncee"})


def a_bridge(sides: Sides, **changes: Any) -> ob.Bridge:
    return sides.bridge(**{"suppliers": [depot(), hub()], "rules": RULES, **changes})


def parcel(number: str, **units: int) -> Shipment:
    lines = tuple(ShipmentLine(remote_id=key[1:], quantity=Decimal(count)) for key, count in units.items())
    packages = (Package(tracking_number=number, carrier="UPS"),)
    return Shipment(ref=number, packages=packages, lines=lines or None)


def some(remote_id: str, units: int) -> ShipmentLine:
    return ShipmentLine(remote_id=remote_id, quantity=Decimal(units))


def purchases(bridge: ob.Bridge, order_id: str) -> list[ob.PurchaseRecord]:
    view = bridge.order(order_id)
    assert view is not None
    return list(view.purchases)


def shipped(sides: Sides, bridge: ob.Bridge, **basket: int) -> tuple[str, str]:
    """An order that has left whole, and its purchase order."""
    order_id = sides.sell({f"RW-{key[1:]}": units for key, units in (basket or {"_100": 2}).items()})
    sides.live(bridge)
    (record,) = purchases(bridge, order_id)
    bridge.ship(record.po.id, parcel(FIRST))
    sides.live(bridge)
    return order_id, record.po.id


def sent_again(sides: Sides, bridge: ob.Bridge, po_id: str, **resend: Any) -> str:
    """Asked for, placed and shipped; the purchase order that did it."""
    child = bridge.resend(po_id, **{"key": "lost", **resend}).po.id
    bridge.place(child)
    sides.live(bridge)
    bridge.ship(child, parcel(AGAIN))
    sides.live(bridge)
    return child


# --- at the supplier ------------------------------------------------------------------------------------


def test_goods_are_ordered_once_more_only_when_a_person_places_them() -> None:
    with Sides() as sides:
        bridge = a_bridge(sides)
        order_id, po_id = shipped(sides, bridge)
        child = bridge.resend(po_id, key="lost", lines=[some("100", 1)], reason="the parcel was lost")
        assert (child.resend_of, child.split_from, child.po.n) == (po_id, po_id, 2)
        assert child.po.reference != purchases(bridge, order_id)[0].po.reference
        sides.live(bridge, 24)
        child = purchases(bridge, order_id)[1]
        assert (child.fulfillment, child.waits, child.po.units) == (
            Fulfillment.TO_ORDER,
            "approval",
            {"100": 1},
        )
        bridge.place(child.po.id)
        child = purchases(bridge, order_id)[1]
        assert (child.fulfillment, child.payment) == (Fulfillment.PLACED, Payment.NOT_REQUIRED)
        assert bridge.documents(child.po.id)
        assert not codes(bridge)


def test_asked_for_again_it_is_the_same_and_another_time_needs_another_key() -> None:
    with Sides() as sides:
        bridge = a_bridge(sides, suppliers=[depot(), depot("attic", "Attic"), hub()])
        order_id, po_id = shipped(sides, bridge)
        first = bridge.resend(po_id, key="lost", reason="lost")
        assert bridge.resend(po_id, key="lost").po.id == first.po.id
        with pytest.raises(ConfigurationError, match="other content"):
            bridge.resend(po_id, key="lost", lines=[some("100", 1)])
        with pytest.raises(ConfigurationError, match="already, at depot"):
            bridge.resend(po_id, key="lost", supplier="attic")
        assert bridge.resend(po_id, key="lost-twice").po.id != first.po.id
        assert len(purchases(bridge, order_id)) == 3


def test_what_has_not_left_or_is_not_in_it_cannot_be_sent_once_more() -> None:
    with Sides() as sides:
        bridge = a_bridge(sides)
        order_id = sides.sell({"RW-100": 2, "HUB-7": 1})
        sides.live(bridge)
        for_hub, for_us = sorted(purchases(bridge, order_id), key=lambda each: each.po.supplier == "depot")
        with pytest.raises(ConfigurationError, match="nothing of it has left"):
            bridge.resend(for_us.po.id, key="k")
        with pytest.raises(Unsupported, match="orders by itself"):
            bridge.resend(for_hub.po.id, key="k")
        with pytest.raises(ConfigurationError, match="there is no"):
            bridge.resend("shop/1/depot/9", key="k")
        bridge.ship(for_us.po.id, parcel(FIRST))
        for line in (some("100", 3), some("100", 0), some("999", 1)):
            with pytest.raises(ConfigurationError, match="remote id"):
                bridge.resend(for_us.po.id, key="k", lines=[line])
        with pytest.raises(ConfigurationError, match="letters"):
            bridge.resend(for_us.po.id, key="a key")
        assert bridge.cases(everything=True) == ()


def test_the_shops_own_stock_can_send_what_a_supplier_lost() -> None:
    with Sides() as sides:
        bridge = a_bridge(sides, suppliers=[depot(), depot("own", "Own stock"), hub()])
        order_id, po_id = shipped(sides, bridge)
        child = sent_again(sides, bridge, po_id, supplier="own")
        assert child == f"{order_id}/own/1"
        assert sides.shown(order_id)[0] == FIRST
        assert not codes(bridge)


def test_its_case_is_done_when_the_goods_have_left_once_more() -> None:
    with Sides() as sides:
        bridge = a_bridge(sides)
        _, po_id = shipped(sides, bridge)
        bridge.open_case(po_id, kind=CaseKind.RESEND, key="lost", reason="it never came")
        child = bridge.resend(po_id, key="lost").po.id
        (case,) = bridge.cases()
        assert (case.child, case.state, case.reason) == (child, CaseState.APPROVED, "it never came")
        bridge.place(child)
        bridge.ship(child, parcel(AGAIN))
        assert bridge.cases() == ()
        (case,) = bridge.cases(everything=True)
        assert case.state is CaseState.RESOLVED


def test_a_supplier_that_wants_money_for_it_is_not_paid_by_itself() -> None:
    with street() as here:
        bridge = here.bridge(policy=PAYS, buyer=BUYER)
        order_id = here.sold(bridge, "a-1")
        here.mall.move("M1", "SHIPPED")
        here.sides.live(bridge)
        assert len(here.mall.payments) == 1
        child = bridge.resend(purchases(bridge, order_id)[0].po.id, key="lost").po.id
        checkout = bridge.check_out(child)
        bridge.place(checkout=checkout.digest)
        here.sides.live(bridge, 5)
        assert sorted(here.mall.orders) == ["M1", "M2"]
        assert purchases(bridge, order_id)[1].payment is Payment.UNPAID
        assert len(here.mall.payments) == 1
        bridge.pay(child)
        assert [ref for ref, _, _ in here.mall.payments] == ["M1", "M2"]
        assert not codes(bridge)


@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.REQUEST_LOST, Fault.ERROR_AFTER])
def test_a_lost_call_orders_it_once(fault: Fault) -> None:
    with street() as here:
        bridge = here.bridge()
        order_id = here.sold(bridge, "a-1")
        here.mall.move("M1", "SHIPPED")
        here.sides.live(bridge)
        child = bridge.resend(purchases(bridge, order_id)[0].po.id, key="lost").po.id
        here.plan.meet("POST", "/orders", fault)
        bridge.place(checkout=bridge.check_out(child).digest)
        here.sides.live(bridge, 3)
        assert sorted(here.mall.orders) == ["M1", "M2"]
        assert purchases(bridge, order_id)[1].fulfillment is Fulfillment.PLACED


def test_where_units_are_held_first_they_are_held_for_it_too() -> None:
    """The order is completed in the shop by then, and changes there take nothing away from it."""
    with Sides() as sides:
        bridge = sides.bridge()
        order_id = sides.sell({"RW-100": 2, "RW-101": 1})
        sides.live(bridge)
        sides.dispatch()
        sides.live(bridge, 2)
        child = bridge.resend(f"{order_id}/rewix/1", key="lost", lines=[some("100", 1)]).po.id
        sides.live(bridge)
        assert sides.warehouse.locked == {"100": 1}
        sides.shop.change(int(order_id.partition("/")[2]), sides.now(), customer_note="Where is it?")
        sides.live(bridge, 24)
        assert sides.warehouse.locked == {"100": 1}
        bridge.place(child)
        sides.live(bridge)
        assert sides.ordered() == [{"100": 2, "101": 1}, {"100": 1}]
        sides.dispatch()
        sides.live(bridge, 2)
        assert purchases(bridge, order_id)[1].fulfillment is Fulfillment.SHIPPED
        assert len(sides.shown(order_id)) == 1
        assert sides.shop.order(int(order_id.partition("/")[2]))["status"] == "completed"
        assert not codes(bridge)


def test_one_that_the_supplier_cancels_is_for_a_person_to_ask_for_again() -> None:
    with street() as here:
        bridge = here.bridge()
        order_id = here.sold(bridge, "a-1")
        here.mall.move("M1", "SHIPPED")
        here.sides.live(bridge)
        po_id = purchases(bridge, order_id)[0].po.id
        bridge.resend(po_id, key="lost")
        bridge.place(checkout=bridge.check_out(order_id).digest)
        here.mall.move("M2", "CANCELED")
        here.sides.live(bridge)
        (review,) = bridge.reviews()
        assert (review.code, review.decisions) == (ob.ReviewCode.CANCELED_BY_SUPPLIER, ("ignore",))
        bridge.resolve(review.id, "ignore")
        bridge.resend(po_id, key="lost-2")
        assert [each.fulfillment for each in purchases(bridge, order_id)] == [
            Fulfillment.SHIPPED,
            Fulfillment.CANCELED,
            Fulfillment.TO_ORDER,
        ]


def test_of_an_order_that_the_shop_canceled_or_holds_nothing_more_leaves() -> None:
    with Sides() as sides:
        bridge = a_bridge(sides)
        order_id, po_id = shipped(sides, bridge)
        child = bridge.resend(po_id, key="lost").po.id
        bridge.hold(order_id)
        bridge.place(child)
        sides.live(bridge, 2)
        assert purchases(bridge, order_id)[1].fulfillment is Fulfillment.TO_ORDER
        sides.shop.put_status(int(order_id.partition("/")[2]), "cancelled", sides.now())
        sides.live(bridge, 2)
        assert purchases(bridge, order_id)[1].fulfillment is Fulfillment.CANCELED
        with pytest.raises(ConfigurationError, match="canceled"):
            bridge.resend(po_id, key="lost-twice")


def test_what_the_shop_still_wants_is_ordered_as_if_nothing_was_sent_once_more() -> None:
    """A line that grows is ordered for the units that were added, whatever else is on its way."""
    with Sides() as sides:
        bridge = a_bridge(sides)
        order_id = sides.sell({"RW-100": 3, "RW-101": 1})
        sides.live(bridge)
        (record,) = purchases(bridge, order_id)
        bridge.ship(record.po.id, parcel(FIRST, _100=2))
        child = bridge.resend(record.po.id, key="lost", lines=[some("100", 2)]).po.id
        bridge.place(child)
        bridge.ship(child, parcel(AGAIN))
        sides.live(bridge)
        assert len(purchases(bridge, order_id)) == 2
        view = bridge.order(order_id)
        assert view is not None
        assert not any(notice.notice.completes for notice in view.notices)
        bridge.ship(record.po.id, parcel("1Z000003"))
        sides.live(bridge)
        assert sides.shop.order(int(order_id.partition("/")[2]))["status"] == "completed"
        assert not codes(bridge)


def test_an_async_bridge_sends_once_more_too() -> None:
    with Sides(clock=Clockwork()) as sides:
        order_id = sides.sell({"RW-100": 1})

        async def main() -> None:
            parts = sides.parts(suppliers=[depot()], rules=RULES[:1])
            async with ob.AsyncBridge(**parts) as bridge:
                await bridge.run_once()
                po_id = f"{order_id}/depot/1"
                await bridge.ship(po_id, parcel(FIRST))
                child = await bridge.resend(po_id, key="lost")
                await bridge.place(child.po.id)
                await bridge.ship(child.po.id, parcel(AGAIN))
                (case,) = await bridge.cases(everything=True)
                assert case.state is CaseState.RESOLVED
                moved = await bridge.open_case(po_id, kind=CaseKind.REFUND, key="money")
                assert (await bridge.move_case(moved.id, CaseState.DENIED)).state is CaseState.DENIED

        asyncio.run(main())


# --- in the shop ----------------------------------------------------------------------------------------


def woocommerce(**habits: Any) -> Sides:
    return Sides(shop=WooCommerceShop(https=False, **habits))


def words(sides: Sides) -> str:
    """All that the shop shows people of an order beside its shipments."""
    shop: Any = sides.shop
    if isinstance(sides, ShopifySides):
        return " ".join(str(order.note) for order in shop.orders.values())
    if isinstance(sides, MagentoSides):
        return str([order.comments for order in shop.orders.values()])
    if isinstance(sides, PrestaShopSides):
        return str(shop.messages(1))
    return json.dumps([shop.notes(order_id) for order_id in shop.book])


SHOPS: dict[str, Callable[[], Sides]] = {
    "woocommerce": lambda: woocommerce(fulfillments=True),
    "woocommerce-plugin": lambda: woocommerce(fulfillments=False, tracking_plugin="official"),
    "woocommerce-plain": lambda: woocommerce(fulfillments=False),
    "prestashop": PrestaShopSides,
    "magento": MagentoSides,
    "shopify": ShopifySides,
}


@pytest.mark.parametrize("shop", SHOPS)
def test_the_shop_shows_one_parcel_more_and_ships_nothing_twice(shop: str) -> None:
    with SHOPS[shop]() as sides:
        bridge = a_bridge(sides)
        order_id, po_id = shipped(sides, bridge)
        before = bridge.order(order_id)
        assert before is not None
        status, fulfilled = (
            before.record.order.raw_status,
            [line.fulfilled for line in before.record.order.lines],
        )
        mails = sides.departure_mails(order_id)
        sent_again(sides, bridge, po_id)
        assert AGAIN in f"{sides.shown(order_id)} {words(sides)}"
        assert sides.shown(order_id).count(FIRST) <= 1
        bridge.pull("shop")
        after = bridge.order(order_id)
        assert after is not None
        assert after.record.order.raw_status == status
        assert [line.fulfilled for line in after.record.order.lines] == fulfilled
        assert sides.departure_mails(order_id) <= mails + 1
        assert not codes(bridge)
        sides.live(bridge, 48)
        assert sides.shown(order_id).count(AGAIN) <= 1
        assert words(sides).count("One more parcel") <= 1
        assert not codes(bridge)


@pytest.mark.parametrize("shop", ["prestashop", "magento", "shopify", "woocommerce-plugin"])
def test_its_number_stands_beside_the_first(shop: str) -> None:
    with SHOPS[shop]() as sides:
        bridge = a_bridge(sides)
        order_id, po_id = shipped(sides, bridge)
        sent_again(sides, bridge, po_id)
        assert sorted(sides.shown(order_id)) == [FIRST, AGAIN]


@pytest.mark.parametrize("shop", SHOPS)
def test_a_number_that_changes_is_put_right_and_the_first_stays(shop: str) -> None:
    with SHOPS[shop]() as sides:
        bridge = a_bridge(sides)
        order_id, po_id = shipped(sides, bridge)
        child = sent_again(sides, bridge, po_id)
        right = Shipment(ref=AGAIN, packages=(Package(tracking_number="1Z000009", carrier="UPS"),))
        bridge.ship(child, right)
        sides.live(bridge)
        assert "1Z000009" in f"{sides.shown(order_id)} {words(sides)}"
        assert AGAIN not in sides.shown(order_id)
        assert FIRST in f"{sides.shown(order_id)} {words(sides)}"
        assert not codes(bridge)


@pytest.mark.parametrize("shop", ["magento", "shopify"])
def test_without_a_number_it_is_a_remark(shop: str) -> None:
    with SHOPS[shop]() as sides:
        bridge = a_bridge(sides)
        order_id, po_id = shipped(sides, bridge)
        child = bridge.resend(po_id, key="lost").po.id
        bridge.place(child)
        page = Package(carrier="Bike", tracking_url="https://bike.example/7")
        bridge.ship(child, Shipment(ref="x", packages=(page,)))
        sides.live(bridge, 8)
        assert "One more parcel" in words(sides)
        assert sides.shown(order_id) == [FIRST]
        assert not codes(bridge)


@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.REQUEST_LOST])
@pytest.mark.parametrize("shop", ["prestashop", "magento", "shopify", "woocommerce-plugin"])
def test_a_lost_call_shows_it_once(shop: str, fault: Fault) -> None:
    with SHOPS[shop]() as sides:
        bridge = a_bridge(sides, policy=attrs.evolve(AUTOMATIC, report_progress=False))
        order_id, po_id = shipped(sides, bridge)
        child = bridge.resend(po_id, key="lost").po.id
        bridge.place(child)
        if isinstance(sides, ShopifySides):
            sides.operations.nth_write(0, fault)
        else:
            for method in ("POST", "PUT", "PATCH"):
                sides.shop_plan.meet(method, "/", fault)
        bridge.ship(child, parcel(AGAIN))
        sides.live(bridge, 6)
        assert sorted(sides.shown(order_id)) == [FIRST, AGAIN]
        assert not codes(bridge)
