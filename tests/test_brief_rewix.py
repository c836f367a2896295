"""The brief's rows about Rewix and its WordPress plug-in, each told at the four shops and with both faces."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

import orderbridge as ob
from both_sides import OWN, PREFIX, Sides, a_warehouse
from brief import (
    Bridged,
    cancel_in_shop,
    fulfilled,
    progress_in_shop,
    purchase_of,
    sell_unpaid,
    taking_unpaid,
    told,
)
from orderbridge.errors import OutOfDate

RARELY = timedelta(minutes=30)  # enough where hours pass
BY_HAND = ob.Policy(pull_every=RARELY)
ALL = ob.Policy(take=ob.Take.ALL, pull_every=RARELY)
AUTOMATIC = ob.Policy(place=ob.Who.AUTOMATIC, pull_every=RARELY)
BOTH = (
    ob.SkuPrefix(prefix=PREFIX, supplier="rewix"),
    ob.SkuPrefix(prefix="SE-", supplier="second"),
    ob.OwnStock(prefix=OWN, supplier="depot"),
)


@pytest.fixture
def sides() -> Iterator[Sides]:
    """A WooCommerce, where a row does not speak of shops."""
    with Sides() as both:
        yield both


# --- row 1 ------------------------------------------------------------------------------------------


def test_an_order_with_a_product_imported_from_the_supplier_is_sent_to_that_supplier_by_itself(
    any_shop: Sides, bridged: Bridged
) -> None:
    """An order that arrives in the shop with a product imported from the supplier is sent to that supplier
    by itself."""
    order = any_shop.sell({"RW-100": 2})
    bridge = bridged(any_shop, policy=AUTOMATIC)

    any_shop.live(bridge, 1)

    assert any_shop.ordered() == [{"100": 2}]
    assert purchase_of(bridge, order).word == "Booked"


def test_an_order_may_mix_products_of_several_suppliers_and_own_stock_each_part_goes_its_own_way(
    any_shop: Sides, bridged: Bridged
) -> None:
    """An order may mix products of several suppliers and own stock; each part goes its own way."""
    second = a_warehouse(["700"])
    order = any_shop.sell({"RW-100": 2, "SE-700": 1, "OWN-3": 4})
    elsewhere = ob.supplier(
        "second",
        platform="fast-rewix",
        settings={"base_url": any_shop.serve(second), "api_key": "key", "password": "pw"},
    )
    depot = ob.supplier("depot", platform="offline", settings={"title": "Our own warehouse"})
    bridge = bridged(
        any_shop, suppliers=[any_shop.supplier(), elsewhere, depot], rules=BOTH, policy=AUTOMATIC
    )

    any_shop.live(bridge, 1)

    assert any_shop.ordered() == [{"100": 2}]
    assert any_shop.ordered(second) == [{"700": 1}]
    assert purchase_of(bridge, order, "depot").po.units == {"OWN-3": 4}
    # One part leaves: the shop shows it, and waits for the others.
    (number,) = any_shop.dispatch()
    any_shop.live(bridge, 2)
    assert any_shop.shown(order) == [number]
    assert not fulfilled(any_shop, order)


def test_own_stock_that_nobody_else_ships_is_left_alone(sides: Sides, bridged: Bridged) -> None:
    """... and own stock; each part goes its own way."""
    order = sides.sell({"RW-100": 2, "OWN-3": 4})
    bridge = bridged(sides, policy=AUTOMATIC)

    sides.live(bridge, 1)

    assert sides.ordered() == [{"100": 2}]
    assert list(told(bridge, order).waits.values()) == ["own"]


# --- row 2 ------------------------------------------------------------------------------------------


def test_the_reservations_view_shows_which_products_are_reserved_for_which_orders(
    any_shop: Sides, bridged: Bridged
) -> None:
    """A reservations view: which supplier products are reserved, and how many units are needed to serve the
    shop's pending and processing orders. Columns: Remote ID, the shop's product and variant id with a way to
    the order, and the synchronisation status."""
    first, second = any_shop.sell({"RW-100": 2}), sell_unpaid(any_shop, {"RW-100": 3, "RW-101": 1})
    bridge = bridged(any_shop, policy=ALL, stores=[taking_unpaid(any_shop)])

    any_shop.live(bridge, 1)
    hundred, other = bridge.reservations("rewix")

    assert (hundred.remote_id, hundred.wanted, hundred.held, hundred.status) == ("100", 5, 5, "held")
    assert (other.remote_id, other.wanted, other.held, other.status) == ("101", 1, 1, "held")
    assert [(each.order_id, each.units) for each in hundred.wanted_by] == [(first, 2), (second, 3)]
    for each in (*hundred.wanted_by, *other.wanted_by):
        order = told(bridge, each.order_id).record.order
        (line,) = [line for line in order.lines if line.sku == each.sku]
        assert (each.product_ref, each.variant_ref) == (line.product_ref, line.variant_ref)
        assert (each.product_ref, each.order_number) != ("", "")
        assert (each.order_number, each.waits) == (order.number, "approval")
    assert any_shop.warehouse.locked == {"100": 5, "101": 1}


def test_the_reservations_view_says_where_units_are_missing(sides: Sides, bridged: Bridged) -> None:
    """... and the synchronisation status."""
    sides.sell({"RW-100": 60})
    bridge = bridged(sides, policy=BY_HAND)
    bridge.pull("shop")
    (row,) = bridge.reservations("rewix")
    assert (row.wanted, row.held, row.status) == (60, 0, "not asked yet")

    sides.live(bridge, 0.1)

    (row,) = bridge.reservations("rewix")
    assert (row.wanted, row.held, row.status) == (60, 50, "missing")
    sides.warehouse.others_lock("102", 4, now=sides.now())
    sides.live(bridge, 7)
    assert [row.status for row in bridge.reservations("rewix")] == ["missing", "foreign"]


# --- row 3 ------------------------------------------------------------------------------------------


def test_a_supplier_order_is_booked_confirmed_worked_on_ready_and_dispatched_and_the_shop_shows_it(
    any_shop: Sides, bridged: Bridged
) -> None:
    """Booked (reserved, the supplier waits for payment), Confirmed (payment received, passed to logistics),
    Working on (being prepared), Ready (to be shipped), Dispatched (with the courier). The shop order shows
    the synchronisation status."""
    order = any_shop.sell({"RW-100": 2})
    bridge = bridged(any_shop, policy=AUTOMATIC)
    steps = {
        "Booked": lambda: None,
        "Confirmed": lambda: any_shop.warehouse.pay(now=any_shop.now()),
        "Working on": lambda: any_shop.warehouse.work(now=any_shop.now()),
        "Ready": lambda: any_shop.warehouse.ready(now=any_shop.now()),
        "Dispatched": any_shop.dispatch,
    }

    for word, step in steps.items():
        step()
        any_shop.live(bridge, 1.5)
        assert purchase_of(bridge, order).word == word
        assert word == "Dispatched" or f"rewix: {word}" in progress_in_shop(any_shop, order).replace(
            'rewix","', "rewix: "
        )

    assert fulfilled(any_shop, order)
    assert purchase_of(bridge, order).payment is ob.Payment.PAID


# --- row 4 ------------------------------------------------------------------------------------------


def test_products_are_added_to_the_growing_order_and_removed_as_shop_orders_come_and_go(
    any_shop: Sides, bridged: Bridged
) -> None:
    """A growing order in the merchant's account at the supplier: products are added and removed as shop
    orders come and go."""
    bridge = bridged(any_shop, policy=ALL, stores=[taking_unpaid(any_shop)])
    any_shop.sell({"RW-100": 2})
    any_shop.live(bridge, 1)
    assert any_shop.warehouse.locked == {"100": 2}

    goes = sell_unpaid(any_shop, {"RW-100": 3, "RW-101": 1})
    any_shop.live(bridge, 1)
    assert any_shop.warehouse.locked == {"100": 5, "101": 1}

    cancel_in_shop(any_shop, goes)
    any_shop.live(bridge, 1)
    assert any_shop.warehouse.locked == {"100": 2}
    assert not any_shop.ordered()


# --- row 5 ------------------------------------------------------------------------------------------


def test_before_paying_each_line_that_differs_is_named_with_its_cause_and_its_fix(
    sides: Sides, bridged: Bridged
) -> None:
    """Before paying, the merchant checks that the growing order holds exactly what the customers ordered. We
    do this comparison, line by line, say what differs and why, offer the fix, and refuse to call it payable
    while it differs."""
    sides.sell({"RW-100": 2, "RW-101": 1})
    bridge = bridged(sides, policy=BY_HAND)
    sides.live(bridge, 1)
    assert bridge.reconcile("rewix") == ()

    sides.warehouse.others("set", "100", 5, now=sides.now())
    sides.warehouse.others("set", "101", 0, now=sides.now())
    sides.warehouse.others("set", "102", 7, now=sides.now())
    found = bridge.reconcile("rewix")

    assert [(each.remote_id, each.wanted, each.held, each.cause) for each in found] == [
        ("100", 2, 5, "too many"),
        ("101", 1, 0, "missing"),
        ("102", 0, 7, "foreign"),
    ]
    assert all(each.fix for each in found)
    assert bridge.payable("rewix").against == found
    # The fix is offered, and done as it was shown.
    assert bridge.put_right(*found) == ()
    assert sides.warehouse.locked == {"100": 2, "101": 1}
    assert bridge.payable("rewix").against == ()


def test_while_the_growing_order_differs_it_is_not_called_payable(sides: Sides, bridged: Bridged) -> None:
    """... and refuse to call it payable while it differs."""
    order = sides.sell({"RW-100": 2})
    bridge = bridged(sides, policy=AUTOMATIC)
    sides.live(bridge, 1)
    booked = purchase_of(bridge, order).po.id
    payable = bridge.payable("rewix")
    assert (payable.purchase_orders, payable.page, payable.against) == ((booked,), sides.warehouse_url, ())

    sides.warehouse.others_lock("102", 7, now=sides.now())

    payable = bridge.payable("rewix")
    assert (payable.purchase_orders, payable.page) == ((booked,), "")
    assert [each.cause for each in payable.against] == ["foreign"]
    with pytest.raises(ob.ConfigurationError, match="102"):
        bridge.pay(booked)


def test_a_fix_is_refused_if_the_growing_order_has_moved_since_it_was_shown(
    sides: Sides, bridged: Bridged
) -> None:
    """... say what differs and why, offer the fix ..."""
    bridge = bridged(sides, policy=BY_HAND)
    sides.live(bridge, 1)
    sides.warehouse.others_lock("102", 7, now=sides.now())
    found = bridge.reconcile("rewix")
    sides.warehouse.others_lock("102", 1, now=sides.now())

    with pytest.raises(OutOfDate, match="102"):
        bridge.put_right(*found)

    assert sides.warehouse.locked == {"102": 8}
    assert bridge.put_right(*bridge.reconcile("rewix")) == ()
    assert sides.warehouse.locked == {}


# --- row 6 ------------------------------------------------------------------------------------------


def test_the_shipping_address_goes_to_the_supplier_who_ships_straight_to_the_shopper(
    any_shop: Sides, bridged: Bridged
) -> None:
    """The shipping address of each order goes to the supplier, who ships straight to the shopper."""
    first = any_shop.sell({"RW-100": 1}, shipping={"city": "Siena"})
    second = any_shop.sell({"RW-101": 1}, shipping={"city": "Gubbio"})
    bridge = bridged(any_shop, policy=AUTOMATIC)

    any_shop.live(bridge, 1)

    goes_to = {order.key: order.recipient for order in any_shop.warehouse.orders}
    for order, city in ((first, "Siena"), (second, "Gubbio")):
        shopper = told(bridge, order).record.order.ship_to
        recipient = goes_to[purchase_of(bridge, order).po.reference]
        assert shopper is not None
        assert (shopper.city, recipient["city"]) == (city, city)
        assert (recipient["recipient"], recipient["zip"]) == (shopper.name, shopper.postal_code)
        assert shopper.line1 in recipient["street_name"]


# --- row 7 ------------------------------------------------------------------------------------------


def test_after_payment_the_merchant_follows_the_order_s_time_line_until_delivery(
    any_shop: Sides, bridged: Bridged
) -> None:
    """After payment the merchant follows the order's time line until delivery."""
    order = any_shop.sell({"RW-100": 2})
    bridge = bridged(any_shop, policy=AUTOMATIC)
    any_shop.live(bridge, 1)
    any_shop.warehouse.pay(now=any_shop.now())
    any_shop.live(bridge, 1)
    any_shop.warehouse.work(now=any_shop.now())
    any_shop.live(bridge, 1)
    any_shop.dispatch()
    any_shop.live(bridge, 1)
    # Rewix never hears of it: whoever asks the courier says so.
    bridge.observe(purchase_of(bridge, order).po.id, fulfillment=ob.Fulfillment.DELIVERED, raw="at the door")
    any_shop.live(bridge, 5)

    entries = bridge.timeline(order)
    said = iter(entry.words for entry in entries)
    for words in (
        "The shop shows the order",
        "units are held",
        "The supplier has the order as",
        "paid",
        "Working on",
        "Goods left",
        "shop was told",
        "elivered",
    ):
        assert any(words in each for each in said), words
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    assert purchase_of(bridge, order).word == "Delivered"
    assert bridge.reviews() == ()
