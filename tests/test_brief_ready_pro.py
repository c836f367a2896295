"""The brief's rows about Ready Pro and the shops it serves: WooCommerce, Shopify, PrestaShop, Magento."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orderbridge as ob
from both_sides import PrestaShopSides, Sides
from brief import Bridged, departures_in_shop, fulfilled, purchase_of, told

POLICY = ob.Policy(place=ob.Who.AUTOMATIC, pull_every=timedelta(minutes=30))
WAREHOUSE = ob.OwnStock(prefix="OWN-", supplier="depot")
MAKER = ob.SkuPrefix(prefix="MK-", supplier="maker")


def erp(sides: Sides, bridged: Bridged, **changes: Any) -> ob.Bridge:
    """An ERP's bridge: the merchant's own warehouse, and a maker who is told by mail."""
    depot = ob.supplier("depot", platform="offline", settings={"title": "Our own warehouse"})
    maker = ob.supplier("maker", platform="offline", settings={"title": "The maker"})
    parts = {"suppliers": [depot, maker], "rules": [WAREHOUSE, MAKER], "policy": POLICY, **changes}
    return bridged(sides, **parts)


def parcel(number: str, carrier: str = "", link: str = "") -> ob.Shipment:
    package = ob.Package(tracking_number=number, carrier=carrier, tracking_url=link)
    return ob.Shipment(ref=number, packages=(package,))


# --- row 8 ------------------------------------------------------------------------------------------


def test_new_orders_are_fetched_from_the_shop_where_they_are_unfulfilled(
    any_shop: Sides, bridged: Bridged
) -> None:
    """New orders are fetched from the shop; there they are "unfulfilled"."""
    bridge = erp(any_shop, bridged)
    first = any_shop.sell({"OWN-1": 2})
    assert bridge.pull("shop") == 1
    second = any_shop.sell({"OWN-2": 1})
    any_shop.live(bridge, 1)

    assert {view.record.order.id for view in bridge.orders()} == {first, second}
    for order in (first, second):
        (line,) = told(bridge, order).record.order.lines
        assert (line.fulfilled, line.open) == (0, line.quantity)
        assert not fulfilled(any_shop, order)
        assert any_shop.shown(order) == []


# --- rows 9 and 10 ----------------------------------------------------------------------------------


def test_orders_become_shipping_documents_gathered_in_a_manifest_in_preparation_then_shipped(
    any_shop: Sides, bridged: Bridged
) -> None:
    """Orders become shipping documents, which are gathered in a shipping manifest (a hand-over list for the
    courier): in preparation, then shipped. This covers goods sent from the merchant's own warehouse too.
    When the manifest is shipped, shipment notices go to each shop and the shop orders become fulfilled."""
    ours, theirs = any_shop.sell({"OWN-1": 2}), any_shop.sell({"MK-TEAPOT": 1})
    bridge = erp(any_shop, bridged)
    any_shop.live(bridge, 0.1)
    packed = [purchase_of(bridge, ours, "depot").po.id, purchase_of(bridge, theirs, "maker").po.id]
    papers = [document.body.decode() for each in packed for document in bridge.documents(each)]
    assert any("OWN-1" in paper for paper in papers)
    assert any("TEAPOT" in paper for paper in papers)

    manifest = bridge.open_manifest("DHL").id
    bridge.pack(manifest, packed[0], parcel("JD1"))
    bridge.pack(manifest, packed[1], parcel("JD2"))
    assert bridge.manifest(manifest).manifest.state is ob.ManifestState.PREPARING
    list_for_courier = bridge.print_manifest(manifest).body.decode()
    assert "JD1" in list_for_courier
    assert "JD2" in list_for_courier
    any_shop.live(bridge, 1)
    assert [fulfilled(any_shop, order) for order in (ours, theirs)] == [False, False]

    report = bridge.ship_manifest(manifest)

    assert report.manifest.state is ob.ManifestState.SHIPPED
    assert [each.purchase_order for each in report.told] == packed
    assert [any_shop.shown(order) for order in (ours, theirs)] == [["JD1"], ["JD2"]]
    assert [fulfilled(any_shop, order) for order in (ours, theirs)] == [True, True]


def test_when_the_manifest_is_shipped_notices_go_to_each_shop(bridged: Bridged) -> None:
    """When the manifest is shipped, shipment notices go to each shop and the shop orders become fulfilled."""
    with Sides() as sides, PrestaShopSides() as other:
        keys = {"base_url": other.shop_url, "key": other.shop.key}
        boutique = ob.store("boutique", platform="fast-prestashop", settings=keys)
        here = sides.sell({"OWN-1": 1})
        there = "boutique/" + other.sell({"OWN-2": 1}).partition("/")[2]
        bridge = erp(sides, bridged, stores=[sides.store(), boutique])
        sides.live(bridge, 0.1)
        manifest = bridge.open_manifest("DHL").id
        for number, order in (("JD1", here), ("JD2", there)):
            bridge.pack(manifest, purchase_of(bridge, order, "depot").po.id, parcel(number))

        report = bridge.ship_manifest(manifest)

        assert {each.store for each in report.told} == {"shop", "boutique"}
        assert (sides.shown(here), other.shown(there)) == (["JD1"], ["JD2"])
        assert fulfilled(sides, here)
        assert fulfilled(other, there)


# --- row 11 -----------------------------------------------------------------------------------------


def test_tracking_number_and_carrier_go_along_where_the_mapping_names_a_carrier_the_shop_knows(
    any_shop: Sides, bridged: Bridged
) -> None:
    """Where the shop can hold it, the tracking number and the carrier go along, if the carrier is one the
    shop knows and the mapping between our carriers and the shop's carrier codes is set up."""
    known = bridged(any_shop).carriers("shop")[-1]
    order = any_shop.sell({"OWN-1": 2})
    bridge = erp(any_shop, bridged, stores=[any_shop.store(carriers={"Our van": known.code})])
    any_shop.live(bridge, 0.1)

    bridge.ship(
        purchase_of(bridge, order, "depot").po.id, parcel("V-1", "Our van", "https://van.example/V-1")
    )
    any_shop.live(bridge, 0.1)

    assert any_shop.shown(order) == ["V-1"]
    assert known.code in departures_in_shop(any_shop, order)
    assert "not known" not in " ".join(told(bridge, order).notices[0].warnings)


def test_what_the_shop_does_not_know_goes_as_other_with_its_name_and_link_and_a_warning(
    any_shop: Sides, bridged: Bridged
) -> None:
    """What the shop does not know must not lose the notice: it goes as "other", with its name and link, and a
    warning."""
    order = any_shop.sell({"OWN-1": 2})
    bridge = erp(any_shop, bridged)
    any_shop.live(bridge, 0.1)

    bridge.ship(
        purchase_of(bridge, order, "depot").po.id, parcel("V-1", "Our van", "https://van.example/V-1")
    )
    any_shop.live(bridge, 0.1)

    assert any_shop.shown(order) == ["V-1"]
    assert fulfilled(any_shop, order)
    shown = departures_in_shop(any_shop, order)
    assert "Our van" in shown
    assert "https://van.example/V-1" in shown
    assert "carrier Our van is not known" in " ".join(told(bridge, order).notices[0].warnings)
    assert bridge.reviews() == ()
