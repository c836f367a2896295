"""A working day: links and sourcing, the growing order, manifests, and what the shops are told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

import orderbridge as ob
from both_sides import PrestaShopSides, Sides, a_warehouse
from brief import Bridged, cancel_in_shop, departures_in_shop, fulfilled, purchase_of, told
from in_shopify import ShopifySides
from orderbridge.errors import OutOfDate
from orderbridge.sandbox import RewixSupplier
from orderbridge.sandbox.prestashop import MINIMUM
from orderbridge.sandbox.shopify import Item

BY_HAND = ob.Policy(pull_every=timedelta(minutes=30))
AUTOMATIC = ob.Policy(place=ob.Who.AUTOMATIC, pull_every=timedelta(minutes=30))
HEADER = "store,key,supplier,remote_id,factor,cost,priority"


@pytest.fixture
def sides() -> Iterator[Sides]:
    with Sides() as both:
        yield both


def link(sku: str, remote_id: str, supplier: str = "rewix", **more: Any) -> ob.ProductLink:
    return ob.ProductLink(store="shop", key=f"sku:{sku}", supplier=supplier, remote_id=remote_id, **more)


def warehouse(name: str) -> ob.Account:
    return ob.supplier(name, platform="offline", settings={"title": f"Warehouse {name}"})


def second_rewix(sides: Sides, **habits: Any) -> tuple[ob.Account, RewixSupplier]:
    """Another supplier of the same platform, and what stands there."""
    people = a_warehouse(["200"], **habits)
    keys = {"base_url": sides.serve(people), "api_key": "key", "password": "pw"}
    return ob.supplier("second", platform="fast-rewix", settings=keys), people


# --- links and sourcing -----------------------------------------------------------------------------


def test_linking_frees_the_waiting_lines_by_itself_and_unlinking_puts_those_not_yet_placed_back_in_quote(
    any_shop: Sides, bridged: Bridged
) -> None:
    """Linking frees the waiting lines by itself; unlinking puts those not yet placed back in quote."""
    order = any_shop.sell({"TEE": 2})
    bridge = bridged(any_shop, policy=BY_HAND)
    any_shop.live(bridge, 0.2)
    assert told(bridge, order).tabs == (ob.Tab.IN_QUOTE,)

    assert bridge.link(link("TEE", "100")) == 1
    any_shop.live(bridge, 0.2)
    assert told(bridge, order).tabs == (ob.Tab.TO_ORDER,)
    assert any_shop.warehouse.locked == {"100": 2}

    assert bridge.unlink(link("TEE", "100")) == 1
    any_shop.live(bridge, 0.2)
    assert told(bridge, order).tabs == (ob.Tab.IN_QUOTE,)
    assert any_shop.warehouse.locked == {}


def test_what_is_placed_keeps_its_way_when_it_is_unlinked(sides: Sides, bridged: Bridged) -> None:
    """... unlinking puts those not yet placed back in quote."""
    order = sides.sell({"TEE": 2})
    bridge = bridged(sides, policy=AUTOMATIC)
    bridge.link(link("TEE", "100"))
    sides.live(bridge, 0.2)

    bridge.unlink(link("TEE", "100"))
    sides.live(bridge, 1)

    assert sides.ordered() == [{"100": 2}]
    assert purchase_of(bridge, order).word == "Booked"


def test_links_go_in_and_out_by_csv_with_row_by_row_errors_and_a_dry_run(
    sides: Sides, bridged: Bridged
) -> None:
    """Product links by API and CSV import/export (row-by-row errors, dry run)."""
    order = sides.sell({"TEE": 2, "MUG": 1})
    bridge = bridged(sides, policy=BY_HAND)
    sides.live(bridge, 0.2)
    rows = ("shop,sku:TEE,rewix,100,1,,0", "shop,sku:MUG,nobody,101,1,,0", "shop,sku:MUG,rewix,101,two,,0")
    table = "\n".join((HEADER, *rows))

    dry = bridge.import_links(table, dry_run=True)
    assert [(error.row, error.column) for error in dry.errors] == [(3, "supplier"), (4, "factor")]
    assert (dry.links, bridge.links()) == (1, ())

    done = bridge.import_links(table)
    assert (done.links, done.orders, done.errors) == (1, 1, dry.errors)
    assert purchase_of(bridge, order).po.units == {"100": 2}
    exported = bridge.export_links()
    bridge.unlink(*bridge.links())
    assert bridge.import_links(exported).errors == ()
    assert bridge.links() == (link("TEE", "100"),)


def test_rules_go_by_sku_prefix_line_attribute_vendor_and_tag(bridged: Bridged) -> None:
    """Rules by SKU prefix, product or line attribute, vendor, tag ..."""
    with ShopifySides() as sides:
        sides.shop.variant("V-1").vendor = "Acme"
        sides.shop.variant("T-1").tags = ("Dropship",)
        items = [
            Item(sku="P-1"),
            Item(sku="A-1", attributes={"Engraving": "Ada"}),
            Item(sku="V-1"),
            Item(sku="T-1"),
        ]
        order = f"shop/{sides.shop.place_order([*items, Item(sku='X-1')], now=sides.now())}"
        names = ("prefix", "attribute", "vendor", "tag")
        rules = (
            ob.SkuPrefix(prefix="P-", supplier="prefix"),
            ob.Match(attribute="engraving", supplier="attribute"),
            ob.Match(vendor="acme", supplier="vendor"),
            ob.Match(tag="dropship", supplier="tag"),
        )
        bridge = bridged(sides, suppliers=[warehouse(name) for name in names], rules=rules)

        sides.live(bridge, 0.2)

        went = {purchase.po.supplier: purchase.po.units for purchase in told(bridge, order).purchases}
        assert went == {"prefix": {"1": 1}, "attribute": {"A-1": 1}, "vendor": {"V-1": 1}, "tag": {"T-1": 1}}
        assert told(bridge, order).in_quote


def test_rules_go_by_a_product_s_attribute(sides: Sides, bridged: Bridged) -> None:
    """Rules by ... product ... attribute."""
    color = {"id": 1, "key": "pa_color", "display_key": "Color"}
    lines = [
        {"sku": f"TEE-{word}", "quantity": 1, "price": "10.00", "meta_data": [{**color, "value": word}]}
        for word in ("red", "blue")
    ]
    order = f"shop/{sides.shop.place_order(lines, now=sides.now())}"
    rules = [ob.Match(attribute="Color=Red", supplier="dyers")]
    bridge = bridged(sides, suppliers=[warehouse("dyers")], rules=rules)

    sides.live(bridge, 0.2)

    assert purchase_of(bridge, order, "dyers").po.units == {"TEE-red": 1}
    assert list(told(bridge, order).waits.values()) == ["link"]


def test_rules_go_by_the_shop_s_shipping_class(sides: Sides, bridged: Bridged) -> None:
    """Rules by ... shipping class."""
    product = sides.shop.catalog.add(sku="SOFA", name="Sofa", shipping_class="bulky")
    lines = [{"product_id": product, "quantity": 1, "price": "10.00"}]
    order = f"shop/{sides.shop.place_order(lines, now=sides.now())}"
    rules = [ob.Match(shipping_class="bulky", supplier="movers")]
    bridge = bridged(
        sides, stores=[sides.store(read_products=True)], suppliers=[warehouse("movers")], rules=rules
    )

    sides.live(bridge, 0.2)

    assert purchase_of(bridge, order, "movers").po.units == {"SOFA": 1}


def test_a_kit_is_several_remote_ids_and_goes_whole(any_shop: Sides, bridged: Bridged) -> None:
    """Kits."""
    order = any_shop.sell({"KIT": 3})
    bridge = bridged(any_shop, policy=AUTOMATIC)
    bridge.link(link("KIT", "100"), link("KIT", "101", factor=Decimal(2)))

    any_shop.live(bridge, 0.5)
    assert any_shop.ordered() == [{"100": 3, "101": 6}]

    any_shop.dispatch()
    any_shop.live(bridge, 2)
    assert fulfilled(any_shop, order)
    assert told(bridge, order).notices[0].notice.lines[0].units == 3


@pytest.mark.parametrize(
    ("by", "ours", "theirs"),
    [
        (ob.SourceBy.PRIORITY, [{"100": 2}], []),
        (ob.SourceBy.PRICE, [], [{"200": 2}]),
        (ob.SourceBy.STOCK, [], [{"200": 2}]),
    ],
)
def test_of_several_suppliers_for_one_product_one_is_chosen_by_priority_price_or_stock(
    sides: Sides, bridged: Bridged, by: ob.SourceBy, ours: list[object], theirs: list[object]
) -> None:
    """Several suppliers for one product by priority, price or stock."""
    units = 1 if by is ob.SourceBy.STOCK else 50
    sides.warehouse = sides.at_warehouse.backend = a_warehouse(units=units, prices={"100": Decimal(4)})
    account, people = second_rewix(sides, prices={"200": Decimal(3)})
    sides.sell({"TEE": 2})
    policy = ob.Policy(place=ob.Who.AUTOMATIC, source_by=by, pull_every=timedelta(minutes=30))
    bridge = bridged(sides, suppliers=[sides.supplier(), account], policy=policy)
    bridge.link(link("TEE", "100"), link("TEE", "200", "second", priority=1))

    sides.live(bridge, 0.5)

    assert (sides.ordered(), sides.ordered(people)) == (ours, theirs)


def test_each_line_has_its_owner_ours_a_hub_s_or_own_stock(sides: Sides, bridged: Bridged) -> None:
    """An owner per line (ours, a hub's, own stock)."""
    order = sides.sell({"RW-100": 2, "HUB-1": 1, "OWN-1": 3})
    hub = ob.supplier("syncee", platform="hub", settings={"title": "Syncee"})
    rules = (
        ob.SkuPrefix(prefix="RW-", supplier="rewix"),
        ob.SkuPrefix(prefix="HUB-", supplier="syncee"),
        ob.OwnStock(prefix="OWN-"),
    )
    bridge = bridged(sides, suppliers=[sides.supplier(), hub], rules=rules, policy=AUTOMATIC)

    sides.live(bridge, 0.5)

    assert sides.ordered() == [{"100": 2}]
    assert purchase_of(bridge, order, "syncee").waits == "hub"
    lines = {line.ref: line.sku for line in told(bridge, order).record.order.lines}
    assert {lines[ref]: why for ref, why in told(bridge, order).waits.items()} == {"OWN-1": "own"}
    assert not told(bridge, order).in_quote


# --- reservations and the growing order --------------------------------------------------------------


def test_a_line_is_placed_only_when_its_units_are_held_and_the_account_reconciles(
    sides: Sides, bridged: Bridged
) -> None:
    """A line is placed only when its units are held and the account reconciles."""
    sides.warehouse.others_lock("100", 5, now=sides.now())
    sides.sell({"RW-100": 2})
    lacking = sides.sell({"RW-101": 51})
    fine = sides.sell({"RW-102": 1})
    bridge = bridged(sides, policy=AUTOMATIC)

    sides.live(bridge, 1)

    assert sides.ordered() == [{"102": 1}]
    assert purchase_of(bridge, fine).word == "Booked"
    assert purchase_of(bridge, lacking).waits == "stock"
    assert [each.cause for each in bridge.reconcile("rewix")] == ["too many", "missing"]
    # A person has seen the five units too many, and gives them back.
    (foreign,) = [each for each in bridge.reconcile("rewix") if each.cause == "too many"]
    bridge.put_right(foreign)
    sides.warehouse.restock("101", 1, now=sides.now())
    sides.live(bridge, 1)
    assert sorted(map(sorted, sides.ordered())) == [["100"], ["101"], ["102"]]
    assert bridge.reviews() == ()


def test_a_fix_plan_is_applied_only_as_shown_and_refused_if_the_world_moved(
    sides: Sides, bridged: Bridged
) -> None:
    """Reconcile with causes and a fix plan, applied only as shown (refused if the world moved)."""
    sides.sell({"RW-100": 2})
    bridge = bridged(sides, policy=BY_HAND)
    sides.live(bridge, 0.5)
    sides.warehouse.others("set", "100", 3, now=sides.now())
    sides.warehouse.others("set", "101", 4, now=sides.now())
    plan = bridge.reconcile("rewix")
    assert [(each.cause, each.fix != "") for each in plan] == [("too many", True), ("foreign", True)]

    sides.sell({"RW-100": 1})
    bridge.pull("shop")  # one more is wanted now: the three are right
    with pytest.raises(OutOfDate):
        bridge.put_right(*plan)
    assert sides.warehouse.locked == {"100": 3, "101": 4}

    (left,) = bridge.reconcile("rewix")
    assert bridge.put_right(left) == ()
    assert sides.warehouse.locked == {"100": 3}


def test_payable_says_what_a_person_may_pay_where_and_what_stands_against_it(
    sides: Sides, bridged: Bridged
) -> None:
    """Payable says what a person may pay, where, and what stands against it."""
    first, second = sides.sell({"RW-100": 2}), sides.sell({"RW-101": 1})
    bridge = bridged(sides, policy=AUTOMATIC)
    sides.live(bridge, 0.5)
    booked = [purchase_of(bridge, order).po.id for order in (first, second)]

    payable = bridge.payable("rewix")
    assert sorted(payable.purchase_orders) == booked
    assert (payable.page, payable.against) == (sides.warehouse_url, ())
    sides.warehouse.pay(purchase_of(bridge, first).po.supplier_ref, now=sides.now())
    sides.live(bridge, 1)
    assert bridge.payable("rewix").purchase_orders == (booked[1],)

    sides.warehouse.others_lock("102", 1, now=sides.now())
    (against,) = bridge.payable("rewix").against
    assert (against.remote_id, against.cause) == ("102", "foreign")
    assert bridge.payable("rewix").page == ""


def test_on_a_shared_account_what_others_hold_stands_against_nothing(sides: Sides, bridged: Bridged) -> None:
    """... and what stands against it."""
    sides.warehouse.others_lock("102", 1, now=sides.now())
    sides.sell({"RW-100": 2})
    bridge = bridged(sides, suppliers=[sides.supplier(shared=True)], policy=AUTOMATIC)
    sides.live(bridge, 0.5)

    assert bridge.payable("rewix").page == sides.warehouse_url
    assert sides.warehouse.locked == {"102": 1}


def test_canceled_shop_orders_release(sides: Sides, bridged: Bridged) -> None:
    """Canceled shop orders release."""
    stays, goes = sides.sell({"RW-100": 2}), sides.sell({"RW-100": 3, "RW-101": 1})
    bridge = bridged(sides, policy=BY_HAND)
    sides.live(bridge, 0.5)
    assert sides.warehouse.locked == {"100": 5, "101": 1}

    cancel_in_shop(sides, goes)
    sides.live(bridge, 1)

    assert sides.warehouse.locked == {"100": 2}
    assert told(bridge, goes).tabs == (ob.Tab.CANCELED,)
    assert told(bridge, stays).tabs == (ob.Tab.TO_ORDER,)
    assert bridge.reviews() == ()


# --- manifests --------------------------------------------------------------------------------------


def test_shipments_of_one_courier_are_gathered_printed_marked_shipped_and_all_notices_sent(
    sides: Sides, bridged: Bridged
) -> None:
    """Gather shipments of one courier, print (HTML), mark shipped, send all notices."""
    orders = [sides.sell({"OWN-1": 2}), sides.sell({"OWN-2": 1})]
    bridge = bridged(
        sides, suppliers=[warehouse("depot")], rules=[ob.OwnStock(prefix="OWN-", supplier="depot")]
    )
    sides.live(bridge, 0.1)
    manifest = bridge.open_manifest("DHL").id
    for number, order in enumerate(orders):
        bridge.pack(manifest, purchase_of(bridge, order, "depot").po.id, _parcel(f"JD{number}"))
    with pytest.raises(ob.BridgeError, match="UPS"):
        bridge.pack(manifest, purchase_of(bridge, orders[0], "depot").po.id, _parcel("1Z1", "UPS"))

    page = bridge.print_manifest(manifest)
    assert (page.media_type, b"<html" in page.body, b"JD0" in page.body) == ("text/html", True, True)
    report = bridge.ship_manifest(manifest)

    assert (report.manifest.state, len(report.told)) == (ob.ManifestState.SHIPPED, 2)
    assert [sides.shown(order) for order in orders] == [["JD0"], ["JD1"]]
    assert [sides.departure_mails(order) for order in orders] == [1, 1]
    assert bridge.ship_manifest(manifest).told == report.told
    assert [sides.departure_mails(order) for order in orders] == [1, 1]


def test_it_shows_which_shops_refused_and_why_and_repeats_only_those(bridged: Bridged) -> None:
    """Show which shops refused and why, repeat only those."""
    with Sides() as sides, PrestaShopSides() as other:
        keys = {"base_url": other.shop_url, "key": other.shop.key}
        boutique = ob.store("boutique", platform="fast-prestashop", settings=keys)
        here, there = sides.sell({"OWN-1": 1}), "boutique/" + other.sell({"OWN-2": 1}).partition("/")[2]
        bridge = bridged(
            sides,
            stores=[sides.store(), boutique],
            suppliers=[warehouse("depot")],
            rules=[ob.OwnStock(prefix="OWN-", supplier="depot")],
        )
        sides.live(bridge, 0.1)
        manifest = bridge.open_manifest("DHL").id
        for number, order in (("JD1", here), ("JD2", there)):
            bridge.pack(manifest, purchase_of(bridge, order, "depot").po.id, _parcel(number))
        closed = dict.fromkeys(("order_carriers", "order_histories"), ("GET",))
        other.shop.permissions = {**MINIMUM, **closed}

        report = bridge.ship_manifest(manifest)
        (refused,) = report.refused
        assert (refused.store, bool(refused.why)) == ("boutique", True)
        assert (sides.shown(here), other.shown(there)) == (["JD1"], [])

        other.shop.permissions = MINIMUM
        calls = len(sides.at_shop.calls)
        assert len(bridge.repeat_manifest(manifest).told) == 2
        assert len(sides.at_shop.calls) == calls
        assert other.shown(there) == ["JD2"]


def _parcel(number: str, carrier: str = "", units: dict[str, int] | None = None) -> ob.Shipment:
    lines = None
    if units is not None:
        lines = tuple(ob.ShipmentLine(remote_id=key, quantity=Decimal(n)) for key, n in units.items())
    return ob.Shipment(
        ref=number, packages=(ob.Package(tracking_number=number, carrier=carrier),), lines=lines
    )


# --- announcing -------------------------------------------------------------------------------------


def at_depot(sides: Sides, bridged: Bridged, **changes: Any) -> tuple[ob.Bridge, str, str]:
    """An order of two articles at the merchant's own warehouse; its id and its purchase order's."""
    order = sides.sell({"OWN-1": 2, "OWN-2": 1})
    parts = {"suppliers": [warehouse("depot")], "rules": [ob.OwnStock(prefix="OWN-", supplier="depot")]}
    bridge = bridged(sides, **{**parts, "policy": AUTOMATIC, **changes})
    sides.live(bridge, 0.1)
    return bridge, order, purchase_of(bridge, order, "depot").po.id


def test_common_couriers_are_known_by_name_with_their_link_and_the_configuration_goes_over_it(
    any_shop: Sides, bridged: Bridged
) -> None:
    """Carrier map per store with built-in names and link templates for the common couriers, overrides in the
    configuration, unknown carrier rule."""
    couriers = {"GLS": "https://gls.mine.example/{number}"}
    bridge, order, po = at_depot(any_shop, bridged, couriers=couriers)

    bridge.ship(po, _parcel("N1", "Bartolini", {"OWN-1": 2}))  # BRT's other name
    bridge.ship(po, _parcel("N2", "GLS", {"OWN-2": 1}))
    any_shop.live(bridge, 0.5)

    shown = departures_in_shop(any_shop, order).replace("&amp;", "&")
    assert sorted(any_shop.shown(order)) == ["N1", "N2"]
    assert "https://vas.brt.it/" in shown
    assert "Nspediz=N1" in shown
    assert "https://gls.mine.example/N2" in shown


def test_a_part_that_left_is_shown_and_the_shop_order_is_completed_with_the_last_part(
    any_shop: Sides, bridged: Bridged
) -> None:
    """Part shipments."""
    bridge, order, po = at_depot(any_shop, bridged)

    bridge.ship(po, _parcel("N1", "UPS", {"OWN-1": 1}))
    any_shop.live(bridge, 0.5)
    assert any_shop.shown(order) == ["N1"]
    assert not fulfilled(any_shop, order)
    assert purchase_of(bridge, order, "depot").word == "Dispatched in part"

    bridge.ship(po, _parcel("N2", "UPS", {"OWN-1": 1, "OWN-2": 1}))
    any_shop.live(bridge, 0.5)
    assert fulfilled(any_shop, order)
    assert sorted(any_shop.shown(order))[-1] == "N2"


def test_a_tracking_number_that_is_corrected_later_is_corrected_in_the_shop(
    any_shop: Sides, bridged: Bridged
) -> None:
    """Later tracking corrections."""
    bridge, order, po = at_depot(any_shop, bridged)
    bridge.ship(po, ob.Shipment(ref="box", packages=(ob.Package(tracking_number="WRONG", carrier="UPS"),)))
    any_shop.live(bridge, 0.5)
    assert any_shop.shown(order) == ["WRONG"]

    bridge.ship(po, ob.Shipment(ref="box", packages=(ob.Package(tracking_number="RIGHT", carrier="UPS"),)))
    any_shop.live(bridge, 0.5)

    assert any_shop.shown(order) == ["RIGHT"]
    assert fulfilled(any_shop, order)
    assert bridge.reviews() == ()


def test_the_shop_is_told_of_the_arrival_where_it_can_hold_it(any_shop: Sides, bridged: Bridged) -> None:
    """Delivered updates where the shop has them."""
    bridge, order, po = at_depot(any_shop, bridged)
    bridge.ship(po, _parcel("N1", "UPS"))
    any_shop.live(bridge, 0.5)

    bridge.observe(po, fulfillment=ob.Fulfillment.DELIVERED)
    any_shop.live(bridge, 1)

    assert _arrived(any_shop, order)
    assert any_shop.departure_mails(order) == 1
    assert bridge.reviews() == ()


def _arrived(sides: Sides, order_id: str) -> bool:
    """The shop shows that it has reached the shopper: as a state, as an event, or in words for the staff."""
    shop, ref = sides.shop, int(order_id.partition("/")[2])
    match sides:
        case ShopifySides():
            (gone,) = shop.orders[ref].fulfillments
            return [event.status for event in gone.events][-1:] == ["DELIVERED"]
        case PrestaShopSides():
            return bool(shop.state(ref)["id"] == shop.setting("PS_OS_DELIVERED"))
        case _ if hasattr(shop, "comments_of"):
            return any("Delivered" in words for words in shop.comments_of(ref))
        case _:
            return any("Delivered" in str(note["note"]) for note in shop.notes(ref))
