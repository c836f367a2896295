"""What has reached the shopper shows in shops that can say it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest

import orderbridge as ob
from both_sides import AT_ONCE, PrestaShopSides, Sides, a_warehouse, codes, only_purchase
from orderbridge.adapters import Flow, SupplierStatus
from orderbridge.errors import Unsupported
from orderbridge.suppliers import rewix

ARRIVED: set[str] = set()  # the supplier's orders of which the courier has said so


class Courier(rewix.RewixAdapter):
    """A supplier who hears from the courier."""

    def fetch(self, po: ob.PurchaseOrder) -> Flow[SupplierStatus | None]:
        found = yield from super().fetch(po)
        if found is not None and po.supplier_ref in ARRIVED:
            return attrs.evolve(found, raw="delivered", fulfillment=ob.Fulfillment.DELIVERED)
        return found


ob.register(attrs.evolve(rewix.PLATFORM, name="courier", adapter=Courier, limits=lambda _: AT_ONCE))


def delivered(sides: Sides, **changes: Any) -> tuple[ob.Bridge, str]:
    """An order that was shipped, told, and has arrived."""
    ARRIVED.clear()
    keys = {"base_url": sides.warehouse_url, "api_key": "key", "password": "pw"}
    account = ob.supplier("rewix", platform="courier", settings=keys)
    bridge = sides.bridge(suppliers=[account], **changes)
    order_id = sides.sell({"RW-100": 2})
    sides.live(bridge)
    sides.dispatch()
    sides.live(bridge, hours=3)
    ARRIVED.update(order.order_id for order in sides.warehouse.orders)
    sides.live(bridge, hours=50)
    assert codes(bridge) == []
    return bridge, order_id


def test_prestashop_goes_on_to_its_own_delivered_once_and_without_a_mail() -> None:
    with PrestaShopSides() as sides:
        bridge, order_id = delivered(sides)
        ref = int(order_id.partition("/")[2])
        assert sides.shop.state(ref)["id"] == sides.shop.setting("PS_OS_DELIVERED")
        set_to = [row["id_order_state"] for row in sides.shop.histories(ref)]
        assert set_to.count(sides.shop.setting("PS_OS_DELIVERED")) == 1
        assert sides.departure_mails(order_id) == 1
        writes = len(sides.shop.effects)
        sides.live(bridge, hours=100)
        assert len(sides.shop.effects) == writes


def test_prestashop_never_goes_on_to_a_state_that_books_what_nobody_paid() -> None:
    with PrestaShopSides() as sides:
        sent = sides.shop.add_state("On its way", "shipped", "logable", "delivery")
        store = sides.store(unpaid_shipped_state=str(sent))
        real = sides.sell

        def on_delivery(basket: Any, **more: Any) -> str:
            return real(basket, paid=False, module="ps_cashondelivery", **more)

        sides.sell = on_delivery  # type: ignore[method-assign]
        _, order_id = delivered(sides, stores=[store])
        ref = int(order_id.partition("/")[2])
        assert sides.shop.state(ref)["id"] == str(sent)
        assert sides.shop.payments(ref) == []
        assert any("Delivered" in row["message"] for row in sides.shop.messages(ref))


def test_woocommerce_says_so_in_a_note_or_in_the_merchants_own_status() -> None:
    with Sides() as sides:
        _, order_id = delivered(sides)
        ref = int(order_id.partition("/")[2])
        assert sides.shop.order(ref)["status"] == "completed"
        assert sum("rewix: Delivered" in str(note["note"]) for note in sides.shop.notes(ref)) == 1
    with Sides() as sides:
        sides.shop.statuses["delivered"] = "Delivered"
        _, order_id = delivered(sides, stores=[sides.store(progress_statuses={"Delivered": "delivered"})])
        assert sides.shop.order(int(order_id.partition("/")[2]))["status"] == "delivered"


def test_an_order_is_not_delivered_while_a_part_of_it_is_on_its_way() -> None:
    with PrestaShopSides() as sides:
        ARRIVED.clear()
        keys = {"base_url": sides.warehouse_url, "api_key": "key", "password": "pw"}
        other = a_warehouse(("101",))
        second = sides.supplier("second", base_url=sides.serve(other))
        bridge = sides.bridge(
            suppliers=[ob.supplier("rewix", platform="courier", settings=keys), second],
            rules=(
                ob.SkuPrefix(prefix="RW-", supplier="rewix"),
                ob.SkuPrefix(prefix="R2-", supplier="second"),
            ),
        )
        order_id = sides.sell({"RW-100": 1, "R2-101": 1})
        sides.live(bridge)
        sides.dispatch()
        sides.dispatch(other)
        sides.live(bridge, hours=3)
        ARRIVED.update(order.order_id for order in sides.warehouse.orders)
        sides.live(bridge, hours=50)
        assert sides.shop.state(int(order_id.partition("/")[2]))["id"] == sides.shop.setting("PS_OS_SHIPPING")


@pytest.mark.parametrize("shown", [True, False])
def test_a_policy_that_shows_no_progress_shows_no_arrival(shown: bool) -> None:
    with PrestaShopSides() as sides:
        policy = ob.Policy(place=ob.Who.AUTOMATIC, report_progress=shown, pull_every=timedelta(hours=1))
        _, order_id = delivered(sides, policy=policy)
        at = sides.shop.state(int(order_id.partition("/")[2]))["id"]
        assert (at == sides.shop.setting("PS_OS_DELIVERED")) is shown


def test_that_it_has_arrived_may_be_said_of_any_suppliers_order_once_it_has_left_and_nothing_else() -> None:
    with PrestaShopSides() as sides:
        bridge = sides.bridge(policy=ob.Policy(place=ob.Who.AUTOMATIC, pull_every=timedelta(hours=1)))
        order_id = sides.sell({"RW-100": 2})
        sides.live(bridge)
        po_id = only_purchase(bridge, order_id).po.id
        with pytest.raises(Unsupported, match="says by itself"):
            bridge.observe(po_id, fulfillment=ob.Fulfillment.DELIVERED)
        sides.dispatch()
        sides.live(bridge, hours=3)
        with pytest.raises(Unsupported, match="says by itself"):
            bridge.observe(po_id, fulfillment=ob.Fulfillment.DELIVERED, payment=ob.Payment.PAID)
        with pytest.raises(Unsupported, match="says by itself"):
            bridge.observe(po_id, fulfillment=ob.Fulfillment.COMPLETED)
        told = [bridge.observe(po_id, fulfillment=ob.Fulfillment.DELIVERED) for _ in range(2)]
        assert [record.fulfillment for record in told] == [ob.Fulfillment.DELIVERED] * 2
        sides.live(bridge, hours=100)
        assert only_purchase(bridge, order_id).word == "Delivered"
        assert codes(bridge) == []
        ref = int(order_id.partition("/")[2])
        assert sides.shop.state(ref)["id"] == sides.shop.setting("PS_OS_DELIVERED")
        assert [event.kind for event in bridge.history(order_id)].count("StatusRegressed") <= 1
