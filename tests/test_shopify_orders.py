"""What an order of Shopify's means: money, units, payment, what may ship now, addresses."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from one_shopify_order import Json, address, bag, conn, departure, line, order, place, shop, way, work
from orderbridge._model import Money, Order, Secret, StorePayment
from orderbridge.adapters import SetAside
from orderbridge.errors import ConfigurationError, Malformed
from orderbridge.stores.shopify import Settings
from orderbridge.stores.shopify._departures import Part
from orderbridge.stores.shopify._wire import Connection, PageInfo

PAYLOADS = Path(__file__).parents[1].parent / "shared/payloads/shopify"
recorded = pytest.mark.skipif(not PAYLOADS.exists(), reason="no recorded answers here")


def read(row: Json, **settings: Any) -> Order:
    (found,) = shop(**settings).decode_orders(json.dumps(row).encode())
    assert isinstance(found, Order), found
    return found


def refused(row: Json, **settings: Any) -> SetAside:
    (found,) = shop(**settings).decode_orders(json.dumps(row).encode())
    assert isinstance(found, SetAside), found
    return found


def in_file(name: str) -> tuple[Order | SetAside, ...]:
    return shop().decode_orders((PAYLOADS / name).read_bytes())


# --- recorded orders ----------------------------------------------------------------------------------


@recorded
def test_the_recorded_webhook_is_an_order_of_five_lines() -> None:
    (found,) = in_file("webhook-orders-create.json")
    assert isinstance(found, Order)
    # Its number was rounded by JavaScript; Shopify's name of it was not.
    assert (found.ref, found.number) == ("820982911946154508", "#9999")
    assert found.total == Money.parse("404.95 USD")
    assert [str(each.total) for each in found.lines] == [
        "89.99 USD",
        "19.99 USD",
        "24.99 USD",
        "159.99 USD",
        "119.99 USD",
    ]
    assert found.lines[1].product_ref == "", "the product has been deleted"
    assert found.placed_at == datetime(2022, 1, 1, 0, 0, tzinfo=UTC)
    assert found.ship_to is not None
    assert (found.ship_to.country, found.ship_to.region_code, found.ship_to.postal_code) == (
        "US",
        "KY",
        "40003",
    )
    assert (found.payment, found.canceled, found.ready) == (StorePayment.VOIDED, True, False)
    assert found.tags == ("tag1", "tag2")


@recorded
def test_the_recorded_page_is_refused_for_it_has_no_ids() -> None:
    """Somebody asked for a page without the orders' ids: nothing of ours could ever name them."""
    found = in_file("gql-orders-page.json")
    assert [each.path for each in found if isinstance(each, SetAside)] == ["$.id", "$.id"]


@recorded
@pytest.mark.parametrize(
    "name",
    sorted(
        path.name
        for path in PAYLOADS.glob("*.json")
        if path.name not in ("gql-orders-page.json", "webhook-orders-create.json")
    ),
)
def test_what_is_no_order_is_said_to_be_none(name: str) -> None:
    (found,) = in_file(name)
    assert found == SetAside("", "$", "$: this is no order")


# --- files ----------------------------------------------------------------------------------------------


def test_an_answer_a_list_and_an_order_by_itself_read_the_same() -> None:
    one = read(order())
    assert read({"data": {"order": order()}}) == one
    assert read({"data": {"orders": conn(order())}}) == one
    assert read({"data": {"orders": {"edges": [{"node": order()}]}}}) == one
    assert read({"data": {"nodes": [order()]}}) == one
    both = shop().decode_orders(json.dumps([order(), order(ref=4)]).encode())
    assert [each.ref for each in both] == ["3", "4"]


def test_the_lines_of_a_bulk_operation_are_put_together() -> None:
    """Children name their parent, and stand anywhere in the file."""
    head = {key: value for key, value in order().items() if key not in ("lineItems", "fulfillmentOrders")}
    del head["shippingLines"]
    rows = [
        {**line(11), "__parentId": head["id"]},
        head,
        {**order(ref=4), "fulfillmentOrders": conn()},
        {**line(10), "__parentId": head["id"]},
    ]
    one, other = shop().decode_orders("\n".join(json.dumps(row) for row in rows).encode())
    assert isinstance(one, Order)
    assert isinstance(other, Order)
    assert [each.ref for each in one.lines] == ["11", "10"]
    assert (one.ref, other.ref) == ("3", "4")


def test_an_order_whose_lists_go_on_elsewhere_is_not_half_read() -> None:
    lines = {"pageInfo": {"hasNextPage": True, "endCursor": "x"}, "nodes": [line()]}
    assert "go on" in refused(order(lineItems=lines)).why


def test_one_bad_order_does_not_hide_the_others() -> None:
    bad = order(line(quantity="two"), ref=5)
    good, aside = shop().decode_orders(json.dumps([order(), bad]).encode())
    assert isinstance(good, Order)
    assert isinstance(aside, SetAside)
    assert aside.ref == "5"
    assert aside.path.endswith("quantity")


# --- money -----------------------------------------------------------------------------------------------


def test_money_is_what_the_shopper_paid_and_the_shops_own_stands_beside_it() -> None:
    found = read(order())
    assert found.currency == "EUR"
    assert found.total == Money.parse("35.00 EUR")
    assert dict(found.extra)["shop_currency"] == "USD"
    assert dict(found.extra)["shop_total"] == "38.50"


def test_a_discount_on_the_whole_order_is_taken_off_the_lines() -> None:
    """Shopify's own discounted total of a line leaves it out; what was allocated to the line does not."""
    given = {"allocatedAmountSet": bag("5.00")}
    found = read(order(line(discountAllocations=[given, given])))
    assert found.lines[0].total == Money.parse("15.00 EUR")
    assert found.lines[0].unit_price == Money.parse("7.5 EUR")


def test_where_prices_hold_the_tax_a_line_is_without_it() -> None:
    taxed = line(originalTotalSet=bag("12.00"), taxLines=[{"priceSet": bag("2.00")}])
    assert read(order(taxed, taxesIncluded=True)).lines[0].total == Money.parse("10.00 EUR")
    assert read(order(taxed, taxesIncluded=False)).lines[0].total == Money.parse("12.00 EUR")
    assert read(order(taxed)).lines[0].tax == Money.parse("2.00 EUR")


CENTS = st.integers(0, 10**7).map(lambda cents: Decimal(cents) / 100)


@st.composite
def bills(draw: st.DrawFn) -> Json:
    """An order as Shopify adds it up."""
    inside = draw(st.booleans())
    total = Decimal(0)
    lines: list[Json] = []
    for ref in range(1, draw(st.integers(1, 5)) + 1):
        before = draw(CENTS)
        given = min(before, draw(CENTS))
        taxes = [min(before - given, draw(CENTS)) / 4 for _ in range(draw(st.integers(0, 2)))]
        total += before - given + (0 if inside else sum(taxes, Decimal(0)))
        lines.append(
            line(
                ref,
                draw(st.integers(1, 9)),
                originalTotalSet=bag(before),
                discountAllocations=[{"allocatedAmountSet": bag(given)}],
                taxLines=[{"priceSet": bag(tax)} for tax in taxes],
            )
        )
    freight = draw(CENTS)
    tax = freight / 8
    total += freight + (0 if inside else tax)
    shipping = conn(way(freight, taxLines=[{"priceSet": bag(tax)}]))
    return order(*lines, totalPriceSet=bag(total), taxesIncluded=inside, shippingLines=shipping)


@given(bills())
def test_lines_shipping_and_tax_come_to_the_orders_total(bill: Json) -> None:
    found = read(bill)
    tax = bill["shippingLines"]["nodes"][0]["taxLines"][0]["priceSet"]["presentmentMoney"]["amount"]
    parts = [amount for each in found.lines for amount in (each.total, each.tax)]
    parts += [each.total for each in found.shipping]
    assert Money.sum(parts, "EUR") + Money.of(tax, "EUR") == found.total


def test_a_currency_that_is_none_sets_the_order_aside() -> None:
    assert refused(order(totalPriceSet=bag("35", "EURO"))).path == "$.totalPriceSet"


def test_refunds_are_what_went_back_and_not_what_only_took_units_off() -> None:
    refunds = [
        {"id": "gid://shopify/Refund/8", "totalRefundedSet": bag("0.0")},
        {"id": "gid://shopify/Refund/9", "totalRefundedSet": bag("12.50")},
    ]
    found = read(order(refunds=refunds))
    assert [(each.ref, str(each.amount)) for each in found.refunds] == [("9", "12.50 EUR")]


# --- payment ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("PAID", StorePayment.PAID),
        ("PARTIALLY_PAID", StorePayment.PART_PAID),
        ("AUTHORIZED", StorePayment.AUTHORIZED),
        ("PENDING", StorePayment.UNPAID),
        ("EXPIRED", StorePayment.UNPAID),
        ("VOIDED", StorePayment.VOIDED),
        ("REFUNDED", StorePayment.REFUNDED),
        ("PARTIALLY_REFUNDED", StorePayment.PART_REFUNDED),
        ("PAID_IN_SHELLS", StorePayment.UNKNOWN),
        (None, StorePayment.UNKNOWN),
    ],
)
def test_payment_is_shopifys_word_for_it(word: str | None, meaning: StorePayment) -> None:
    """A word that next year's Shopify has is no payment, and no error."""
    assert read(order(displayFinancialStatus=word)).payment is meaning


def test_cash_on_delivery_is_pending_by_a_gateway_that_collects() -> None:
    cash = order(displayFinancialStatus="PENDING", paymentGatewayNames=["Cash on Delivery (COD)"])
    assert read(cash).payment is StorePayment.ON_DELIVERY
    assert read(cash, delivery_on_payment_gateways=("nachnahme",)).payment is StorePayment.UNPAID
    paid = {**cash, "displayFinancialStatus": "PAID"}
    assert read(paid).payment is StorePayment.PAID


# --- units -----------------------------------------------------------------------------------------------


@given(st.data())
def test_open_units_are_those_that_shopify_still_has_to_fulfill(data: st.DataObject) -> None:
    """Whatever was removed, refunded, sent back or shipped again."""
    quantity = data.draw(st.integers(0, 20))
    unfulfilled = data.draw(st.integers(0, quantity))
    never = data.draw(st.integers(0, quantity - unfulfilled))
    left = data.draw(st.integers(0, 30))
    current = data.draw(st.integers(0, quantity))
    row = line(
        10,
        quantity,
        unfulfilledQuantity=unfulfilled,
        nonFulfillableQuantity=never,
        currentQuantity=current,
    )
    back = data.draw(st.integers(0, 20))
    given = {"id": "gid://shopify/Refund/7", "totalRefundedSet": bag("1.00")}
    rows = conn({"quantity": back, "lineItem": {"id": "gid://shopify/LineItem/10"}})
    body = order(row, fulfillments=[departure(5, (10, left))], refunds=[{**given, "refundLineItems": rows}])
    (found,) = read(body).lines
    assert found.open == unfulfilled
    assert found.fulfilled <= left
    assert found.refunded <= back
    assert found.canceled + found.refunded + found.fulfilled + found.open == quantity


def test_units_that_were_refunded_before_they_left_are_told_from_those_taken_off() -> None:
    """Those of a refund that gave something: else they were only taken off."""
    rows = conn({"quantity": 2, "lineItem": {"id": "gid://shopify/LineItem/10"}})
    for amount, refunded in (("9.00", 2), ("0.00", 0)):
        back = {"id": "gid://shopify/Refund/7", "totalRefundedSet": bag(amount), "refundLineItems": rows}
        (found,) = read(order(line(10, 5, unfulfilledQuantity=2, currentQuantity=2), refunds=[back])).lines
        assert (found.open, found.refunded, found.canceled) == (2, refunded, 3 - refunded)


def test_only_departures_that_took_place_count() -> None:
    row = line(10, 9, unfulfilledQuantity=3)
    departures = [
        departure(1, (10, 2)),
        departure(2, (10, 9), status="CANCELLED"),
        departure(3, (10, 9), status="FAILURE"),
        departure(4, (10, 9), status="ERROR"),
        departure(5, (10, 9), status="TELEPORTED"),
        departure(6, (10, 1), status="PENDING"),
        departure(7, (10, 1), status="OPEN"),
    ]
    (found,) = read(order(row, fulfillments=departures)).lines
    assert (found.fulfilled, found.open, found.canceled) == (4, 3, 2)


def test_units_that_can_never_ship_are_not_open() -> None:
    (found,) = read(order(line(10, 3, unfulfilledQuantity=3, nonFulfillableQuantity=1))).lines
    assert found.open == 2


def test_a_removed_line_is_canceled() -> None:
    gone = line(10, 2, currentQuantity=0, unfulfilledQuantity=0)
    (found,) = read(order(gone)).lines
    assert (found.quantity, found.canceled, found.open, found.refunded) == (2, 2, 0, 0)


@pytest.mark.parametrize("more", [{"requiresShipping": False}, {"isGiftCard": True}])
def test_what_needs_no_shipping_is_not_shippable(more: Json) -> None:
    found = read(order(line(**more)))
    assert not found.lines[0].shippable
    assert found.lines[0].open == 0
    assert not found.ready


def test_a_deleted_product_leaves_its_line() -> None:
    (found,) = read(order(line(variant=None, product=None, sku=None))).lines
    assert (found.product_ref, found.variant_ref, found.sku, found.open) == ("", "", "", 2)


def test_a_line_is_linked_by_its_variant_and_ships_by_its_own_id() -> None:
    (found,) = read(order()).lines
    assert (found.ref, found.ship_ref, found.product_ref, found.variant_ref) == ("10", "10", "6", "7")
    assert found.link_key == "7"


def test_what_the_shopper_chose_stands_with_the_line_and_not_what_apps_hide() -> None:
    chosen = [{"key": "Engraving", "value": "Zoë"}, {"key": "_bundle", "value": "x"}]
    (found,) = read(order(line(customAttributes=chosen))).lines
    assert found.attributes == (("variant", "Red"), ("Engraving", "Zoë"))


# --- what may ship now ------------------------------------------------------------------------------------


def ready(*works: Json, **settings: Any) -> bool:
    return read(order(line(10), line(11), fulfillmentOrders=conn(*works)), **settings).ready


ALL = ((10, 2), (11, 2))


@pytest.mark.parametrize(
    ("status", "may"),
    [
        ("OPEN", True),
        ("IN_PROGRESS", True),
        ("ON_HOLD", False),
        ("SCHEDULED", False),
        ("INCOMPLETE", False),
        ("CLOSED", False),
        ("CANCELLED", False),
        ("LEVITATING", False),
    ],
)
def test_an_order_may_ship_while_a_fulfillment_order_may(status: str, may: bool) -> None:
    assert ready(work(30, status, *ALL)) is may


def test_no_fulfillment_orders_are_not_nothing_to_ship() -> None:
    """Shopify has not routed the order yet, or the app may not see its fulfillment orders."""
    found = read(order(fulfillmentOrders=conn()))
    assert not found.ready
    assert found.lines[0].open == 2


@pytest.mark.parametrize(
    "more",
    [
        {"confirmed": False},
        {"test": True},
        {"cancelledAt": "2026-11-22T04:00:00Z"},
    ],
)
def test_unconfirmed_test_and_canceled_orders_are_not_ready(more: Json) -> None:
    found = read(order(**more))
    assert not found.ready
    assert found.canceled is ("cancelledAt" in more)
    assert dict(found.extra).get("test", "") == ("true" if more.get("test") else "")


def test_an_archived_order_with_open_units_may_still_ship() -> None:
    assert read(order(closedAt="2026-11-22T04:00:00Z")).ready


def test_what_is_held_waits_while_the_rest_ships() -> None:
    held = order(
        line(10),
        line(11),
        fulfillmentOrders=conn(work(30, "OPEN", (10, 2)), work(31, "ON_HOLD", (11, 2))),
    )
    found = read(held)
    assert found.ready
    assert [each.open for each in found.lines] == [2, 0]


def test_a_closed_fulfillment_order_counts_for_nothing_whatever_it_says_remains() -> None:
    """Seen in a shop: what was moved elsewhere still shows a remaining quantity."""
    moved = order(
        line(10, unfulfilledQuantity=1),
        fulfillmentOrders=conn(work(30, "CLOSED", (10, 1)), work(31, "IN_PROGRESS", (10, 1))),
        fulfillments=[departure(5, (10, 1))],
    )
    found = read(moved)
    assert found.ready
    assert [each.open for each in found.lines] == [1]


def test_what_another_fulfillment_service_ships_is_not_ours() -> None:
    theirs = work(31, "OPEN", (11, 2), assignedLocation={"location": place(2, "other")})
    found = read(order(line(10), line(11), fulfillmentOrders=conn(work(30, "OPEN", (10, 2)), theirs)))
    assert found.ready
    assert [each.open for each in found.lines] == [2, 0]
    alone = read(order(line(11), fulfillmentOrders=conn(theirs)))
    assert not alone.ready
    assert [each.open for each in alone.lines] == [0]


@pytest.mark.parametrize("method", ["PICK_UP", "RETAIL"])
def test_what_the_shopper_fetches_in_the_store_is_not_sent_to_him(method: str) -> None:
    """Nor to where his invoice goes. One order can have both: what is sent, and what is fetched."""
    fetched = work(31, "OPEN", (11, 2), deliveryMethod={"methodType": method})
    both = read(order(line(10), line(11), fulfillmentOrders=conn(work(30, "OPEN", (10, 2)), fetched)))
    assert both.ready
    assert [each.open for each in both.lines] == [2, 0]
    alone = read(order(line(11), shippingAddress=None, fulfillmentOrders=conn(fetched)))
    assert not alone.ready
    assert [each.open for each in alone.lines] == [0]


@pytest.mark.parametrize("method", [None, "SHIPPING", "LOCAL", "PICKUP_POINT", "NONE", "BY_DRONE"])
def test_any_other_way_of_delivery_ships(method: str | None) -> None:
    """A word that we don't know loses no order; what needs no delivery is the line's to say."""
    way_there = {"methodType": method} if method else None
    assert ready(work(30, "OPEN", *ALL, deliveryMethod=way_there))


def requested(status: str, work_status: str = "OPEN") -> Json:
    ours = {"location": place(2, "rewix")}
    return work(31, work_status, (11, 2), assignedLocation=ours, requestStatus=status)


@pytest.mark.parametrize(
    ("status", "may"),
    [
        ("SUBMITTED", True),
        ("ACCEPTED", True),
        ("UNSUBMITTED", False),
        ("REJECTED", False),
        ("CANCELLATION_REQUESTED", False),
        ("CANCELLATION_REJECTED", True),
        ("CANCELLATION_ACCEPTED", False),
        ("CLOSED", False),
        ("SIGNED_IN_BLOOD", False),
    ],
)
def test_a_service_ships_only_what_was_requested_of_it(status: str, may: bool) -> None:
    found = read(
        order(line(10), line(11), fulfillmentOrders=conn(work(30, "OPEN", (10, 2)), requested(status))),
        service="rewix",
    )
    assert found.ready is may
    assert found.lines[0].open == 0, "the merchant ships that one"
    # What we gave back is the merchant's again, and what he wants back he wants no more; what was not yet
    # asked of us waits.
    back = status in ("REJECTED", "CANCELLATION_REQUESTED", "CANCELLATION_ACCEPTED", "CLOSED")
    assert found.lines[1].open == (0 if back else 2)


def test_only_the_named_locations_are_ours() -> None:
    there = work(31, "OPEN", (11, 2), assignedLocation={"location": place(2)})
    both = order(line(10), line(11), fulfillmentOrders=conn(work(30, "OPEN", (10, 2)), there))
    assert [each.open for each in read(both, locations=("2",)).lines] == [0, 2]
    assert [each.open for each in read(both).lines] == [2, 2]
    assert not read(both, locations=("9",)).ready


# --- words and people -----------------------------------------------------------------------------------


def test_addresses_are_read_and_a_digital_order_has_none() -> None:
    found = read(order())
    assert found.ship_to is not None
    assert found.bill_to is not None
    assert (found.ship_to.name, found.bill_to.name) == ("Zoë O'Neil", "Max O'Neil")
    assert (found.ship_to.line2, found.ship_to.region_code, found.ship_to.country) == ("Floor 9", "IL", "US")
    assert (found.ship_to.phone, found.ship_to.email) == ("+13125550100", "zoe@example.test")
    assert read(order(shippingAddress=None)).ship_to is None
    named = read(order(shippingAddress=address(firstName=None, lastName=None)))
    assert named.ship_to is not None
    assert named.ship_to.name == "Zoë O'Neil"


def test_times_need_a_zone() -> None:
    assert refused(order(updatedAt="2026-11-22 03:48:34")).path == "$.updatedAt"
    zoned = read(order(updatedAt="2026-11-21T22:48:34-05:00"))
    assert zoned.updated_at == datetime(2026, 11, 22, 3, 48, 34, tzinfo=UTC)


def test_removed_shipping_is_not_what_the_shopper_chose() -> None:
    ways = conn(way("3.00", isRemoved=True), way("4.00", code=None, title="Express"))
    assert [(each.code, str(each.total)) for each in read(order(shippingLines=ways)).shipping] == [
        ("Express", "4.00 EUR")
    ]


# --- settings -----------------------------------------------------------------------------------------------


def made(**more: Any) -> Settings:
    return Settings(**{"base_url": "https://demo.myshopify.com", **more})


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("https://admin.shopify.com/store/demo", "https://demo.myshopify.com"),
        ("https://shop.example", "https://name.myshopify.com"),
        ("https://demo.myshopify.com/admin", "nothing after it"),
        ("http://demo.myshopify.com", "https://demo.myshopify.com"),
        ("https://demo.myshopify.com.evil.example", "https://name.myshopify.com"),
    ],
)
def test_only_the_shops_own_address_will_do(url: str, hint: str) -> None:
    with pytest.raises(ConfigurationError, match=hint):
        made(base_url=url, access_token=Secret("x"))


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({}, "client_id"),
        ({"client_id": "a"}, "client_secret"),
        ({"client_secret": Secret("b")}, "client_id"),
        ({"refresh_token": Secret("c")}, "client_id"),
        ({"access_token": Secret("x"), "client_id": "a"}, "access_token"),
        ({"access_token": Secret("x"), "refresh_token": Secret("c")}, "access_token"),
        ({"access_token": Secret("x"), "api_version": "unstable"}, "api_version"),
        ({"access_token": Secret("x"), "api_version": "2026-13"}, "api_version"),
        ({"access_token": Secret("x"), "locations": ("Berlin",)}, "locations"),
    ],
)
def test_there_is_exactly_one_way_to_sign_in(more: Json, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name}: ") as caught:
        made(**more)
    assert "shpat" not in str(caught.value)


def test_the_ways_to_sign_in_are_told_apart() -> None:
    app = {"client_id": "a", "client_secret": Secret("b")}
    assert made(access_token=Secret("x")).sign_in == "token"
    assert made(**app).sign_in == "client"
    assert made(**app, refresh_token=Secret("c")).sign_in == "refresh"
    assert made(**app, locations=("gid://shopify/Location/5", " 6 ")).locations == ("5", "6")


def test_units_of_fulfillment_orders_that_we_are_not_shown_are_not_ours() -> None:
    """Shopify leaves those of other services out without a word: that all we see is ours proves nothing."""
    found = read(order(line(10), line(11), fulfillmentOrders=conn(work(30, "OPEN", (10, 2)))))
    assert [each.open for each in found.lines] == [2, 0]


def test_a_list_that_goes_on_without_saying_where_is_no_whole_one() -> None:
    cut = Connection[object](nodes=(), pageInfo=PageInfo(hasNextPage=True, endCursor=None))
    with pytest.raises(Malformed, match="goes on"):
        _ = cut.rest


def test_a_number_that_changes_makes_no_other_departure_of_the_same_units() -> None:
    """A call that was lost may still land: under a new name it would be sent beside it at once."""
    first = Part(location="1", units={"10": 2}, carrier="UPS", numbers=("1Z1",))
    assert first.name == attrs.evolve(first, carrier="GLS", numbers=("1Z2",)).name
    assert first.name != attrs.evolve(first, units={"10": 1}).name


# --- what shipping rules ask of a line -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "value", "kg"),
    [
        ("KILOGRAMS", 1.5, "1.5"),
        ("GRAMS", 250.0, "0.25"),
        ("POUNDS", 1.0, "0.45359237"),
        ("OUNCES", 2.0, "0.05669904625"),
        ("STONES", 2.0, None),
        ("KILOGRAMS", 0.0, None),
    ],
)
def test_a_weight_is_kg_whatever_the_shop_weighs_in(unit: str, value: float, kg: str | None) -> None:
    found = read(order(line(weight={"unit": unit, "value": value})))
    assert found.lines[0].weight == (None if kg is None else Decimal(kg))


def test_an_order_of_the_time_before_shopify_said_weights_has_none() -> None:
    assert read(order(line(weight=None))).lines[0].weight is None
