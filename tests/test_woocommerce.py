"""WooCommerce: what its orders mean, how they are paged, and that nothing is told twice."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import attrs
import cattrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orderbridge._http import Call, Headers, Read, Response
from orderbridge._model import (
    Money,
    NoticeLine,
    Order,
    Package,
    Secret,
    ShipmentNotice,
    StorePayment,
)
from orderbridge.adapters import (
    Announced,
    Confirmed,
    LookUp,
    Note,
    Noted,
    Nudge,
    Page,
    Past,
    Progress,
    Refusal,
    Refused,
    Repeat,
    Reply,
    SetAside,
    Throttled,
    Unclear,
    Unknown,
    Write,
)
from orderbridge.errors import (
    ConfigurationError,
    Forbidden,
    Malformed,
    NotFound,
    Unauthorized,
    Unavailable,
)
from orderbridge.stores.woocommerce import PLATFORM, Settings, WooCommerce
from orderbridge.stores.woocommerce._carriers import CORE_CARRIERS, core_carrier, same_name
from orderbridge.stores.woocommerce._paging import Position
from orderbridge.stores.woocommerce._parcels import parcels_of

T = TypeVar("T")
Json = dict[str, Any]

PAYLOADS = Path(__file__).parents[1].parent / "shared/payloads/woocommerce"
recorded = pytest.mark.skipif(not PAYLOADS.exists(), reason="recorded payloads are not beside the project")

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
SINCE = datetime(2026, 11, 1, tzinfo=UTC)
SECRET = "whsec&<1>"


def shop(**more: Any) -> WooCommerce:
    given_settings: Json = {
        "base_url": "https://shop.example",
        "consumer_key": Secret("ck_1"),
        "consumer_secret": Secret("cs_1"),
        **more,
    }
    return WooCommerce(Settings(**given_settings))


def answer(body: object, status: int = 200, **headers: str) -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return Response(status, headers={k.replace("_", "-"): v for k, v in headers.items()}, body=content)


def refusal(code: str | int, status: int, message: str = "No.", **data: object) -> Response:
    return answer({"code": code, "message": message, "data": {"status": status, **data}}, status)


def run(flow: Generator[Read, Response, T], reply: Callable[[Read], Response]) -> T:
    """Drive a flow against a shop that answers reads."""
    try:
        read = next(flow)
        while True:
            read = flow.send(reply(read))
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]


def line(ref: int = 6, **more: Any) -> Json:
    return {
        "id": ref,
        "name": "Mug",
        "product_id": 10,
        "variation_id": 0,
        "quantity": 2,
        "total": "73.16",
        "total_tax": "16.83",
        "sku": "SUP-A-001",
        "price": 36.581301,
        "meta_data": [],
        **more,
    }


def order_json(ref: int = 18, **more: Any) -> Json:
    address = {
        "first_name": "Jan",
        "last_name": "Kowalski",
        "company": "",
        "address_1": "Długa 1",
        "address_2": "m. 3",
        "city": "Kraków",
        "state": "",
        "postcode": "30-001",
        "country": "PL",
        "phone": "+48 600",
    }
    return {
        "id": ref,
        "number": str(ref),
        "status": "processing",
        "currency": "EUR",
        "date_created_gmt": "2026-11-22T03:47:03",
        "date_modified": "2026-11-22T04:50:42",
        "date_modified_gmt": "2026-11-22T03:50:42",
        "date_paid_gmt": "2026-11-22T03:47:04",
        "total": "370.82",
        "billing": {**address, "email": "jan@x.test"},
        "shipping": address,
        "payment_method": "stripe",
        "created_via": "checkout",
        "customer_note": "",
        "needs_processing": True,
        "meta_data": [],
        "line_items": [line()],
        "shipping_lines": [
            {"method_title": "Flat rate", "method_id": "flat_rate", "instance_id": "1", "total": "12.20"}
        ],
        "refunds": [],
        **more,
    }


def in_file(body: bytes, adapter: WooCommerce | None = None) -> tuple[list[Order], list[SetAside]]:
    found = (adapter or shop()).decode_orders(body)
    return [o for o in found if isinstance(o, Order)], [o for o in found if isinstance(o, SetAside)]


def decoded(more: Json, adapter: WooCommerce | None = None) -> Order:
    orders, aside = in_file(json.dumps(order_json(**more)).encode(), adapter)
    assert not aside, aside
    return orders[0]


def fetched(item: Json, answers: Json | None = None, adapter: WooCommerce | None = None) -> Order:
    """One order as ``fetch_order`` sees it, with what its side paths answer."""

    def reply(read: Read) -> Response:
        tail = read.path.rpartition("/")[2]
        if tail == str(item["id"]):
            return answer(item)
        found = (answers or {})[tail]
        return found if isinstance(found, Response) else answer(found)

    order = run((adapter or shop()).fetch_order(str(item["id"])), reply)
    assert order is not None
    return order


# --- recorded orders --------------------------------------------------------------------------------

# Orders by id, or the path and the words for which the file is refused.
RECORDED: dict[str, list[str] | tuple[str, str]] = {
    "android-2201_shipment_tracking.json": ("$", "status"),
    "android-2787_details.json": ("$", "status"),
    "docs-notes-1.json": ("$", "status"),
    "docs-notes-2.json": ("$", "status"),
    "docs-notes-3.json": ("$", "status"),
    "docs-orders-1.json": ["727"],
    "docs-orders-3.json": ["727", "723"],
    "docs-refunds-1.json": ("$", "status"),
    "docs-refunds-2.json": ("$", "status"),
    "docs-refunds-3.json": ("$", "status"),
    "docs-webhooks-1.json": ("$", "required field"),
    "ios-broken-order.json": ("$.date_created_gmt", "null"),
    "ios-order-fully-refunded.json": ["609"],
    "ios-order-notes.json": ("$", "status"),
    "ios-order-statuses.json": ("$", "status"),
    "ios-order-with-all-addon-types.json": ["159"],
    "ios-order-with-attribution-info.json": ["459"],
    "ios-order-with-bundled-line-items.json": ["357"],
    "ios-order-with-deleted-refunds.json": ("$", "no JSON"),
    "ios-order-with-faulty-attributes.json": ["656"],
    "ios-order-with-line-item-attributes-before-API-support.json": ["154"],
    "ios-order-with-special-character-currency.json": ["963"],
    "ios-order-with-subscription-renewal.json": ["526"],
    "ios-order.json": ["963"],
    "ios-refund-single.json": ("$", "status"),
    "ios-refunds-all.json": ("$", "status"),
    "ios-shipment_tracking_multiple.json": ("$", "status"),
    "ios-shipment_tracking_new_custom_provider.json": ("$", "status"),
    "ios-shipment_tracking_plugin_not_active.json": ("$", "status"),
    "ios-shipment_tracking_providers.json": ("$", "status"),
    "thirdparty-webhook-guest-PEN-extra-address-fields-5.9.0.json": ["17111"],
    "live/OPTIONS_orders_schema.json": ("$", "status"),
    "live/ast_providers.json": ("$", "status"),
    "live/batch_mixed.json": ("$", "status"),
    "live/core_fulfillment_providers_10.2.4.json": ("$", "status"),
    "live/fulfillment_create_201.json": ("$", "no JSON"),
    "live/fulfillment_create_draft_201.json": ("$", "no JSON"),
    "live/fulfillment_update.json": ("$", "no JSON"),
    "live/note_customer.json": ("$", "no JSON"),
    "live/note_private.json": ("$", "no JSON"),
    "live/notes_list.json": ("$", "status"),
    "live/order_18_partially_refunded.json": ["18"],
    "live/order_18_processing_coupon_fee.json": ["18"],
    "live/order_18_with_fulfillments.json": ["18"],
    "live/order_20_with_ast_tracking.json": ["20"],
    "live/order_36_edge.json": ["36"],
    "live/order_39_edge.json": ["39"],
    "live/order_41_edge.json": ["41"],
    "live/orders_statuses.json": ("$", "status"),
    "live/product_10.json": ("$", "required field"),
    "live/refund_api_declined_500.json": ("$", "no JSON"),
    "live/refund_api_ok.json": ("$", "no JSON"),
    "live/refund_full.json": ("$", "status"),
    "live/refund_partial_lines.json": ("$", "no JSON"),
    "live/refunds_global.json": ("$", "status"),
    "live/refunds_list.json": ("$", "status"),
    "live/shipment_tracking_create.json": ("$", "no JSON"),
    "live/shipment_tracking_create_known_provider.json": ("$", "status"),
    "live/shipment_tracking_list.json": ("$", "status"),
    "live/system_status.json": ("$", "status"),
    "live/variation_via_products_14.json": ("$", "required field"),
}


def recorded_order(name: str) -> Order:
    orders, aside = in_file((PAYLOADS / name).read_bytes())
    assert not aside, aside
    return orders[0]


@recorded
def test_every_recorded_file_is_an_order_or_is_refused_for_a_known_reason() -> None:
    names = {
        str(path.relative_to(PAYLOADS))
        for path in PAYLOADS.rglob("*.json")
        if not path.name.startswith("webhook_")
    }
    assert names == set(RECORDED)
    for name in sorted(names):
        orders, aside = in_file((PAYLOADS / name).read_bytes())
        expected = RECORDED[name]
        if isinstance(expected, list):
            assert [order.ref for order in orders] == expected, name
            assert not aside, name
        else:
            assert not orders, name
            path, why = expected
            assert {item.path for item in aside} == {path}, (name, aside)
            assert all(why in item.why for item in aside), (name, aside)


@recorded
def test_money_and_units_of_a_live_order_are_exact() -> None:
    order = recorded_order("live/order_18_processing_coupon_fee.json")
    mug, shirt, hoodie = order.lines
    assert order.total == Money.of("370.82", "EUR")
    assert order.payment is StorePayment.PAID
    assert order.ready
    assert not order.canceled
    assert order.placed_at == datetime(2026, 11, 22, 3, 47, 3, tzinfo=UTC)
    assert mug.name == 'Mug "Zażółć" & co'
    assert mug.quantity == mug.open == 2
    assert (mug.total, mug.tax) == (Money.of("73.16", "EUR"), Money.of("16.83", "EUR"))
    assert mug.unit_price == Money.of("36.58", "EUR")  # not the unrounded price 36.581301
    assert shirt.unit_price == Money.of("58.465", "EUR")
    assert (hoodie.product_ref, hoodie.variant_ref) == ("12", "14")
    assert hoodie.attributes == (("Size", "M"),)
    assert [(choice.code, choice.total) for choice in order.shipping] == [
        ("flat_rate:1", Money.of("12.20", "EUR"))
    ]
    assert order.ship_to is not None
    assert (order.ship_to.name, order.ship_to.city) == ("Jan Kowalski", "Kraków")
    assert "order_key" not in dict(order.extra)


@recorded
def test_recorded_payments_are_read_by_the_date_paid_and_by_cash_on_delivery() -> None:
    states = {
        name: recorded_order(name).payment.value
        for name, expected in RECORDED.items()
        if isinstance(expected, list)
    }
    assert states == {
        "docs-orders-1.json": "PAID",
        "docs-orders-3.json": "PAID",
        "ios-order-fully-refunded.json": "REFUNDED",
        "ios-order-with-all-addon-types.json": "ON_DELIVERY",
        "ios-order-with-attribution-info.json": "PAID",
        "ios-order-with-bundled-line-items.json": "PAID",
        "ios-order-with-faulty-attributes.json": "ON_DELIVERY",
        "ios-order-with-line-item-attributes-before-API-support.json": "ON_DELIVERY",
        "ios-order-with-special-character-currency.json": "PAID",
        "ios-order-with-subscription-renewal.json": "PAID",
        "ios-order.json": "PAID",
        "thirdparty-webhook-guest-PEN-extra-address-fields-5.9.0.json": "ON_DELIVERY",
        "live/order_18_partially_refunded.json": "PART_REFUNDED",
        "live/order_18_processing_coupon_fee.json": "PAID",
        "live/order_18_with_fulfillments.json": "PART_REFUNDED",
        "live/order_20_with_ast_tracking.json": "PART_REFUNDED",
        "live/order_36_edge.json": "UNPAID",
        "live/order_39_edge.json": "UNPAID",
        "live/order_41_edge.json": "PAID",
    }


@recorded
def test_a_bundle_is_not_shipped_beside_its_parts() -> None:
    bundle, beanie = recorded_order("ios-order-with-bundled-line-items.json").lines
    assert (bundle.shippable, bundle.open) == (False, 0)
    assert (beanie.shippable, beanie.container) == (True, bundle.ref)


@recorded
def test_odd_meta_of_lines_never_stops_an_order() -> None:
    pizza = recorded_order("ios-order-with-all-addon-types.json").lines[0]
    assert ("Tip (customer defined price)", "($2.50)") in pizza.attributes
    assert all(not name.startswith("_") for name, _ in pizza.attributes)
    faulty = recorded_order("ios-order-with-faulty-attributes.json").lines[0]
    assert faulty.attributes == (("Required Weight (kg)", "2.3"),)


@recorded
def test_one_and_a_half_units_stay_one_and_a_half() -> None:
    assert recorded_order("ios-order.json").lines[1].quantity == Decimal("1.5")


@recorded
def test_a_deleted_product_is_still_to_ship_although_the_shop_says_nothing_needs_processing() -> None:
    gone = recorded_order("live/order_39_edge.json").lines[0]
    assert (gone.product_ref, gone.sku, gone.shippable) == ("", "", True)


@recorded
def test_an_ebook_is_nothing_to_ship() -> None:
    order = recorded_order("live/order_41_edge.json")
    assert not order.lines[0].shippable
    assert not order.ready
    assert order.ship_to is None


@recorded
def test_a_cart_of_the_block_checkout_is_never_ready() -> None:
    assert not recorded_order("live/order_36_edge.json").ready


# --- what an order means ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "paid", "method", "payment", "ready", "canceled"),
    [
        ("processing", True, "stripe", "PAID", True, False),
        ("processing", False, "cod", "ON_DELIVERY", True, False),
        ("processing", False, "bacs", "UNPAID", True, False),
        ("pending", False, "cod", "UNPAID", False, False),
        ("on-hold", False, "bacs", "UNPAID", False, False),
        ("on-hold", True, "stripe", "PAID", False, False),
        ("completed", True, "stripe", "PAID", False, False),
        ("completed", False, "cod", "ON_DELIVERY", False, False),
        ("cancelled", False, "stripe", "VOIDED", False, True),
        ("cancelled", True, "stripe", "PAID", False, True),
        ("failed", False, "stripe", "VOIDED", False, True),
        ("trash", False, "stripe", "VOIDED", False, True),
        ("refunded", True, "stripe", "REFUNDED", False, True),
        ("supplier-booked", True, "stripe", "PAID", False, False),
        ("supplier-booked", False, "stripe", "UNPAID", False, False),
    ],
)
def test_status_and_payment_are_two_things(
    status: str, paid: bool, method: str, payment: str, ready: bool, canceled: bool
) -> None:
    date = "2026-11-22T03:47:04" if paid else None
    order = decoded({"status": status, "date_paid_gmt": date, "payment_method": method})
    assert (order.payment.value, order.ready, order.canceled) == (payment, ready, canceled)
    assert order.raw_status == status


@pytest.mark.parametrize(
    ("method", "status", "back", "payment"),
    [
        ("cod", "processing", "-20.00", "ON_DELIVERY"),
        ("bacs", "awaiting", "-20.00", "UNPAID"),
        ("bacs", "awaiting", "-370.82", "REFUNDED"),
        ("stripe", "cancelled", "-20.00", "VOIDED"),
    ],
)
def test_a_refund_of_what_was_never_paid_makes_the_order_cheaper_and_not_paid(
    method: str, status: str, back: str, payment: str
) -> None:
    """Merchants take a line off an unpaid order by a refund of it: WooCommerce has no other way."""
    order = decoded(
        {
            "status": status,
            "payment_method": method,
            "date_paid_gmt": None,
            "refunds": [{"id": 1, "total": back}],
        }
    )
    assert order.payment.value == payment


def test_a_custom_status_is_ready_only_where_the_merchant_says_so() -> None:
    order = decoded({"status": "supplier-booked"}, shop(ready_statuses=("wc-supplier-booked",)))
    assert order.ready


def test_completed_means_that_all_has_left_unless_the_shop_completes_orders_by_itself() -> None:
    assert decoded({"status": "completed"}).lines[0].open == 0
    by_itself = decoded({"status": "completed"}, shop(ready_statuses=("completed",)))
    assert by_itself.lines[0].open == 2
    assert by_itself.ready


def test_a_refund_shows_units_only_in_a_place_of_its_own() -> None:
    refunds = [
        {"id": 24, "line_items": [
            {"quantity": -1, "meta_data": [{"key": "_refunded_item_id", "value": "6"}]}]},
        {"id": 25, "line_items": []},
    ]  # fmt: skip
    item = order_json(refunds=[{"id": 24, "total": "-20.00"}, {"id": 25, "total": "-0.00"}])
    order = fetched(item, {"refunds": refunds})
    assert order.payment is StorePayment.PART_REFUNDED
    assert (order.lines[0].refunded, order.lines[0].open) == (1, 1)
    assert order.total == Money.of("370.82", "EUR")  # the shop does not shrink it


def test_a_refund_that_does_not_say_what_came_back_is_refused_rather_than_shipped() -> None:
    with pytest.raises(Malformed, match="of which line"):
        fetched(
            order_json(refunds=[{"total": "-20.00"}]),
            {"refunds": [{"line_items": [{"quantity": -1}]}]},
        )


def test_a_refund_in_full_is_a_refund_even_while_the_status_lags() -> None:
    item = order_json(refunds=[{"id": 24, "total": "-370.82"}])
    assert fetched(item, {"refunds": []}).payment is StorePayment.REFUNDED


def test_refunds_are_read_to_their_last_page() -> None:
    one = {"line_items": [{"quantity": -1, "meta_data": [{"key": "_refunded_item_id", "value": 6}]}]}

    def reply(read: Read) -> Response:
        if not read.path.endswith("/refunds"):
            return answer(order_json(refunds=[{"total": "-1.00"}], line_items=[line(quantity=150)]))
        return answer([one] * (100 if dict(read.params)["page"] == "1" else 30))

    order = run(shop().fetch_order("18"), reply)
    assert order is not None
    assert order.lines[0].refunded == 130


def test_units_in_fulfillments_that_have_left_are_no_longer_open() -> None:
    def entry(number: int, left: bool, qty: int) -> Json:
        meta = [{"id": 1, "key": "_items", "value": [{"item_id": 6, "qty": qty}]}]
        return {"id": number, "is_fulfilled": left, "status": "x", "meta_data": meta}

    item = order_json(
        meta_data=[{"key": "_fulfillment_status", "value": "partially_fulfilled"}],
        line_items=[line(quantity=5)],
    )
    both = [entry(1, True, 2), entry(2, False, 1)]
    for shape in ({"fulfillments": both}, both):  # 10.2 and newer
        order = fetched(item, {"fulfillments": shape})
        assert (order.lines[0].fulfilled, order.lines[0].open) == (2, 3)
    too_many = fetched(item, {"fulfillments": [entry(1, True, 9)]})  # the shop checks nothing
    assert too_many.lines[0].fulfilled == 5


def test_a_part_that_left_without_saying_which_is_refused_rather_than_shipped_twice() -> None:
    item = order_json(meta_data=[{"key": "_fulfillment_status", "value": "partially_fulfilled"}])
    with pytest.raises(Malformed, match="switched off"):
        fetched(item, {"fulfillments": refusal("rest_no_route", 404)})


def test_a_fulfilled_order_needs_no_further_look() -> None:
    order = fetched(order_json(meta_data=[{"key": "_fulfillment_status", "value": "fulfilled"}]))
    assert order.lines[0].open == 0


def test_an_assembled_bundle_ships_as_one() -> None:
    inside = [{"key": "_bundled_item_needs_shipping", "value": "no"}]
    order = decoded(
        {
            "line_items": [
                line(1, bundled_items=[2]),
                line(2, bundled_by=1, meta_data=inside),
                line(3, composite_children=[4]),
                line(4, composite_parent="3"),
            ]
        }
    )
    assert [item.shippable for item in order.lines] == [True, False, False, True]
    assert [item.container for item in order.lines] == ["", "1", "", "3"]


def test_a_bundle_in_a_composite_leaves_only_the_innermost_parts_to_ship() -> None:
    order = decoded(
        {"line_items": [line(1), line(2, composite_parent=1), line(3, bundled_by=2), line(4, bundled_by=2)]}
    )
    assert [item.shippable for item in order.lines] == [False, False, True, True]


def test_a_part_whose_bundle_was_removed_still_ships() -> None:
    assert decoded({"line_items": [line(2, bundled_by=1)]}).lines[0].shippable


def test_lines_in_a_ring_do_not_hang_the_adapter() -> None:
    ring = {"line_items": [line(1, bundled_by=2), line(2, bundled_by=1), line(3, bundled_by=3)]}
    assert len(decoded(ring).lines) == 3


def test_plugins_that_complete_orders_by_themselves_do_not_hide_goods() -> None:
    assert decoded({"needs_processing": False}).lines[0].shippable  # shipping was charged
    assert not decoded({"needs_processing": False, "shipping_lines": []}).lines[0].shippable


PICKUPS = ("local_pickup", "pickup_location", "legacy_local_pickup", "local_pickup_plus", "local_pickup:3")


def shipping_by(*methods: str) -> Json:
    """An order whose shopper chose these methods."""
    return {"shipping_lines": [{"method_id": method, "instance_id": "1", "total": "0"} for method in methods]}


@pytest.mark.parametrize("method", PICKUPS)
def test_what_the_shopper_fetches_in_the_shop_is_nothing_to_ship(method: str) -> None:
    """The checkout writes the bill's address, or that of the place, as the one to ship to."""
    order = decoded(shipping_by(method))
    assert not order.ready
    assert not any(line.open for line in order.lines)
    assert not decoded(shipping_by(method, "local_pickup")).ready
    assert decoded(shipping_by("flat_rate")).ready


def test_an_order_that_is_fetched_in_part_is_for_a_person_because_nobody_says_which_part() -> None:
    orders, aside = in_file(
        json.dumps({**order_json(), **shipping_by("flat_rate", "pickup_location")}).encode()
    )
    assert not orders
    assert aside[0].path == "$.shipping_lines"
    assert decoded({**shipping_by("flat_rate", "pickup_location"), "status": "completed"}).raw_status


def test_an_empty_shipping_address_ships_to_the_billing_address() -> None:
    empty = {"first_name": "", "address_1": "", "city": "", "postcode": "", "country": "PL", "extra": 1}
    order = decoded({"shipping": empty})
    assert order.ship_to == order.bill_to
    assert order.ship_to is not None
    assert order.ship_to.email == "jan@x.test"


def test_a_shipping_address_without_phone_borrows_the_one_of_the_bill() -> None:
    order = decoded({"shipping": {**order_json()["shipping"], "phone": "", "city": "Łódź"}})
    assert order.ship_to is not None
    assert (order.ship_to.city, order.ship_to.phone, order.ship_to.email) == ("Łódź", "+48 600", "jan@x.test")


def test_text_that_is_a_number_or_null_and_entities_in_names_are_read() -> None:
    odd = line(sku=123, name="Caf&eacute; <b>Cup</b>", product_id="10", variation_id=None, parent_name=None)
    order = decoded({"number": "GB426092", "line_items": [odd]})
    assert order.number == "GB426092"
    assert (order.lines[0].sku, order.lines[0].name, order.lines[0].variant_ref) == ("123", "Café Cup", "")


def test_amounts_follow_the_shops_decimals_not_the_currencys() -> None:
    assert decoded({"currency": "JPY", "total": "149.97"}).total == Money.of("149.97", "JPY")


def test_a_region_is_a_code_only_where_it_looks_like_one() -> None:
    def region(state: str) -> tuple[str, str]:
        order = decoded({"shipping": {**order_json()["shipping"], "state": state}})
        assert order.ship_to is not None
        return order.ship_to.region, order.ship_to.region_code

    assert region("CA") == ("CA", "CA")
    assert region("Małopolska") == ("Małopolska", "")


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"currency": "euro"}, "$.currency"),
        ({"total": "12,50"}, "$.total"),
        ({"total": "NaN"}, "$.total"),
        ({"date_created_gmt": None}, "$.date_created_gmt"),
        ({"date_created_gmt": "0000-00-00 00:00:00"}, "$.date_created_gmt"),
        ({"date_modified_gmt": "yesterday"}, "$.date_modified_gmt"),
        ({"line_items": [line(), line(7, quantity=-1)]}, "$.line_items[1].quantity"),
        ({"line_items": [line(quantity="1e30")]}, "$.line_items[0].quantity"),
        ({"line_items": [line(total="1e999")]}, "$.line_items[0].total"),
        ({"line_items": {}}, "$.line_items"),
        ({"id": "18/../../x"}, "$.id"),
    ],
)
def test_what_cannot_be_understood_is_named_by_its_path(more: Json, path: str) -> None:
    body = json.dumps({**order_json(), **more}).encode()
    orders, aside = in_file(body)
    assert not orders
    # A path inside a list may come without its index.
    assert aside[0].path.replace("[...]", "[0]") in (path, path.replace("[1]", "[0]"))
    assert "Kowalski" not in aside[0].why


def test_a_file_may_be_a_list_a_wrapper_or_have_dirt_before_it() -> None:
    one = json.dumps(order_json()).encode()
    for body in (one, b"[" + one + b"]", b'{"data":' + one + b"}", b"\xef\xbb\xbf \n" + one):
        assert [order.ref for order in in_file(body)[0]] == ["18"]
    dirty = b"<br />\n<b>Warning</b>: bad {thing} in x.php on line 3<br />" + one
    assert in_file(dirty)[0]


amounts = st.decimals(min_value=0, max_value=10**7, places=4)
quantities = st.decimals(min_value=Decimal("0.001"), max_value=10**5, places=3)


@given(total=amounts, quantity=quantities, as_text=st.booleans())
def test_money_and_quantities_survive_the_wire_to_the_last_digit(
    total: Decimal, quantity: Decimal, as_text: bool
) -> None:
    text = f'"{quantity:f}"' if as_text else f"{quantity:f}"
    body = json.dumps(order_json(line_items=[line(quantity="@", total=str(total))]))
    rows = f"[{body}]".replace('"@"', text).encode()
    page = run(
        shop().fetch_orders(None, since=SINCE, now=NOW),
        lambda _: answer(rows, x_wp_total="1"),
    )
    got = page.items[0].lines[0]
    assert (got.quantity, got.total.amount) == (quantity, total)
    assert abs(got.unit_price.amount * quantity - total) <= quantity * Decimal("0.0000005")


@given(refunded=st.integers(0, 9), left=st.integers(0, 9), ordered=st.integers(0, 9))
@settings(max_examples=40)
def test_open_units_are_never_negative_nor_more_than_ordered(refunded: int, left: int, ordered: int) -> None:
    item = order_json(
        meta_data=[{"key": "_fulfillment_status", "value": "partially_fulfilled"}],
        line_items=[line(quantity=ordered)],
        refunds=[{"total": "-1.00"}],
    )
    meta = [{"key": "_refunded_item_id", "value": "6"}]
    answers = {
        "refunds": [{"line_items": [{"quantity": -refunded, "meta_data": meta}]}],
        "fulfillments": [
            {"id": 1, "is_fulfilled": True, "meta_data": [
                {"key": "_items", "value": [{"item_id": 6, "qty": left}]}]}
        ],
    }  # fmt: skip
    got = fetched(item, answers).lines[0]
    assert got.open == max(0, ordered - min(refunded, ordered) - min(left, ordered))


def test_our_own_echo_is_no_change() -> None:
    before = decoded({})
    after = decoded(
        {
            "date_modified_gmt": "2026-11-22T09:00:00",
            "meta_data": [{"key": "_orderbridge_state", "value": {"key": "k"}}],
        }
    )
    assert before.digest == after.digest


# --- paging -----------------------------------------------------------------------------------------


class Orders:
    """A shop's list of orders: filters in UTC, sorts by its own time, as legacy storage does."""

    def __init__(self, zone: str = "UTC", *, old: bool = False) -> None:
        self.rows: dict[int, tuple[datetime, int, str]] = {}
        self.zone = ZoneInfo(zone)
        self.old = old
        self.broken: set[int] = set()
        self.calls = 0
        self.before_answer: Callable[[], None] = lambda: None

    def change(self, ref: int, at: datetime, status: str = "processing") -> None:
        version = self.rows.get(ref, (at, 0, ""))[1] + 1
        self.rows[ref] = (at, version, status)

    def reply(self, read: Read) -> Response:
        self.calls += 1
        self.before_answer()
        params = dict(read.params)
        assert params["dates_are_gmt"] == "true"
        assert "Z" not in params["modified_after"]
        if self.old and params["orderby"] == "modified":
            return refusal("rest_invalid_param", 400, params={"orderby": "orderby is not one of id, date"})
        after = datetime.fromisoformat(params["modified_after"]).replace(tzinfo=UTC)
        skip = {int(ref) for ref in params.get("exclude", "").split(",") if ref}
        found = [ref for ref, (at, _, _) in self.rows.items() if at > after and ref not in skip]
        if params["orderby"] == "modified":
            found.sort(key=lambda ref: self.local(ref))
        else:
            found.sort()
        size, page = int(params["per_page"]), int(params.get("page", "1"))
        shown = [ref for ref in found[(page - 1) * size : page * size] if ref not in self.broken]
        return answer([self.row(ref) for ref in shown], x_wp_total=str(len(found)))

    def local(self, ref: int) -> str:
        return self.rows[ref][0].astimezone(self.zone).strftime("%Y-%m-%dT%H:%M:%S")

    def row(self, ref: int) -> Json:
        at, version, status = self.rows[ref]
        return order_json(
            ref,
            status=status,
            customer_note=str(version),
            date_modified=self.local(ref),
            date_modified_gmt=at.strftime("%Y-%m-%dT%H:%M:%S"),
        )


class Pull:
    """What a caller of ``fetch_orders`` keeps: the cursor, and the newest version seen of each order."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.cursor: str | None = None
        self.seen: dict[int, int] = {}
        self.read = 0

    def page(self, now: datetime) -> Page:
        page = run(shop().fetch_orders(self.cursor, since=SINCE, now=now), self.orders.reply)
        self.cursor = page.next
        self.read += len(page.items)
        for order in page.items:
            self.seen[int(order.ref)] = max(int(order.note), self.seen.get(int(order.ref), 0))
        return page

    def all(self, now: datetime) -> None:
        for _ in range(200):
            if not self.page(now).more:
                return
        raise AssertionError("the run never ends")

    def missing(self) -> set[int]:
        rows = self.orders.rows.items()
        return {ref for ref, (_, version, _) in rows if self.seen.get(ref) != version} - self.orders.broken


def test_a_first_pull_begins_where_it_is_told_and_reads_every_page_once() -> None:
    orders = Orders("Europe/Warsaw")
    orders.change(999, SINCE - timedelta(days=1))
    for ref in range(250):
        orders.change(ref + 1, SINCE + timedelta(minutes=ref + 1))
    pull = Pull(orders)
    pull.all(NOW)
    assert pull.missing() == {999}
    assert (orders.calls, pull.read) == (3, 250)


def test_a_first_pull_reads_what_changed_in_the_very_second_it_begins_at() -> None:
    orders = Orders()
    orders.change(1, SINCE)
    pull = Pull(orders)
    pull.all(NOW)
    assert pull.missing() == set()


def test_the_next_pull_reads_an_overlap_and_a_quiet_shop_is_not_read_for_ever() -> None:
    orders = Orders()
    for ref in range(1, 121):
        orders.change(ref, NOW - timedelta(seconds=240 - ref))
    pull = Pull(orders)
    pull.all(NOW)
    pull.read = 0
    pull.all(NOW + timedelta(minutes=1))
    assert 0 < pull.read <= 120
    pull.all(NOW + timedelta(minutes=10))
    pull.read = 0
    pull.all(NOW + timedelta(minutes=11))
    assert pull.read == 0
    orders.change(500, NOW + timedelta(minutes=12))
    pull.all(NOW + timedelta(minutes=13))
    assert not pull.missing()


def test_a_change_that_becomes_readable_a_minute_late_is_not_lost() -> None:
    orders = Orders()
    orders.change(1, NOW)
    pull = Pull(orders)
    pull.all(NOW)
    orders.change(2, NOW - timedelta(seconds=60))
    pull.all(NOW + timedelta(seconds=10))
    assert not pull.missing()


@pytest.mark.parametrize("count", [100, 101, 350, 650, 1203])
def test_a_bulk_edit_within_one_second_is_read_whole(count: int) -> None:
    orders = Orders()
    for ref in range(1, count + 1):
        orders.change(ref, NOW - timedelta(hours=1))
    pull = Pull(orders)
    pull.all(NOW)
    assert not pull.missing()
    pull.all(NOW + timedelta(minutes=1))
    pull.all(NOW + timedelta(minutes=20))
    pull.read = 0
    pull.all(NOW + timedelta(minutes=21))
    assert pull.read == 0


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("broken", [{1}, set(range(1, 121))])
def test_a_page_that_lacks_orders_which_wordpress_cannot_load_is_not_the_last(
    old: bool, broken: set[int]
) -> None:
    """The shop counts them and leaves them out, so that fewer than a page's hundred come."""
    orders = Orders(old=old)
    orders.broken = broken
    for ref in range(1, 251):
        orders.change(ref, NOW - timedelta(hours=1))
    pull = Pull(orders)
    for minutes in (0, 20, 40):
        pull.all(NOW + timedelta(minutes=minutes))
    assert not pull.missing()


def test_a_shop_too_old_to_sort_by_change_is_read_by_id() -> None:
    orders = Orders(old=True)
    for ref in range(1, 251):
        orders.change(ref, SINCE + timedelta(minutes=ref))
    pull = Pull(orders)
    pull.all(NOW)
    assert not pull.missing()
    pull.all(NOW)
    pull.read = 0
    pull.all(NOW)
    assert pull.read <= 3


def test_an_order_that_leaves_the_list_of_an_old_shop_takes_none_with_it() -> None:
    orders = Orders(old=True)
    for ref in range(1, 251):
        orders.change(ref, SINCE + timedelta(minutes=ref))
    pull = Pull(orders)
    pull.page(NOW)
    del orders.rows[20]
    pull.all(NOW)
    assert not pull.missing()


def test_the_hour_that_comes_twice_loses_nothing() -> None:
    # In Warsaw 01:00 UTC on that night is 02:00 for the second time: the shop sorts it first.
    midnight = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    orders = Orders("Europe/Warsaw")
    for minute in range(30, 120):
        orders.change(minute, midnight + timedelta(minutes=minute))
        orders.change(1000 + minute, midnight + timedelta(minutes=minute, seconds=20))
        orders.change(2000 + minute, midnight + timedelta(minutes=minute, seconds=40))
    pull = Pull(orders)
    page = run(shop().fetch_orders(None, since=midnight - timedelta(hours=1), now=NOW), orders.reply)
    pull.cursor = page.next
    for order in page.items:
        pull.seen[int(order.ref)] = int(order.note)
    pull.all(NOW)
    assert not pull.missing()


def test_a_date_in_the_future_does_not_stop_later_pulls() -> None:
    orders = Orders()
    orders.change(1, NOW + timedelta(days=2000))
    pull = Pull(orders)
    pull.all(NOW)
    orders.change(2, NOW + timedelta(minutes=5))
    pull.all(NOW + timedelta(minutes=6))
    assert not pull.missing()


@pytest.mark.parametrize("wrong", [timedelta(minutes=-20), timedelta(minutes=20)])
def test_a_shop_whose_clock_is_wrong_loses_nothing(wrong: timedelta) -> None:
    orders = Orders()
    pull = Pull(orders)
    for ref in range(1, 60):
        now = NOW + timedelta(minutes=ref)
        orders.change(ref, now + wrong)
        pull.all(now)
    assert not pull.missing()


steps = st.lists(
    st.tuples(st.integers(1, 130), st.integers(0, 90), st.sampled_from(["change", "page", "bulk"])),
    max_size=25,
)


# An order that is read, and then changes once more in the same second.
@example(plan=[(1, 0, "page"), (31, 0, "bulk"), (1, 30, "change"), (1, 90, "change")], old=False, zone="UTC")
@given(plan=steps, old=st.booleans(), zone=st.sampled_from(["UTC", "Europe/Warsaw", "America/New_York"]))
@settings(max_examples=30, deadline=None)
def test_however_orders_move_between_pages_every_last_version_arrives(
    plan: list[tuple[int, int, str]], old: bool, zone: str
) -> None:
    orders = Orders(zone, old=old)
    pull = Pull(orders)
    now = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # New York's clocks go back in half an hour
    for ref in range(1, 131):
        orders.change(ref, now - timedelta(minutes=130 - ref))
    for ref, seconds, what in plan:
        now += timedelta(seconds=seconds)
        if what == "page":
            pull.page(now)
        elif what == "change":
            orders.change(ref, now)
        else:
            for other in range(ref, 131):
                orders.change(other, now)
    for _ in range(4):
        now += timedelta(seconds=45)
        pull.all(now)
    assert not {ref for ref in pull.missing() if orders.rows[ref][0] > SINCE}


def test_one_bad_order_is_set_aside_and_the_cursor_still_moves() -> None:
    good, bad = order_json(1), order_json(2, total=None, date_modified_gmt="2026-11-22T05:00:00")

    page = run(shop().fetch_orders(None, since=SINCE, now=NOW), lambda _: answer([good, bad, None, "odd"]))
    assert [order.ref for order in page.items] == ["1"]
    assert (page.set_aside[0].ref, page.set_aside[0].path) == ("2", "$[1].total")
    assert len(page.set_aside) == 3
    assert json.loads(page.next)["top"] == "2026-11-22T05:00:00"
    assert not page.more


@pytest.mark.parametrize(
    "odd",
    [
        {"status": ["processing"]},
        {"refunds": [{"id": 3, "total": "NaN"}]},
        {"refunds": [{"id": 3, "total": "-sNaN"}]},
        {"date_created_gmt": "0001-01-01T00:00:00+05:00"},
        {"date_modified_gmt": "0001-01-01T00:00:00+05:00"},
        {"id": "\u00b2"},
        {"id": "9" * 5000},
    ],
)
def test_whatever_stands_in_one_order_the_page_still_comes(odd: Json) -> None:
    rows = [order_json(1), {**order_json(2), **odd}, order_json(3)]
    page = run(
        shop().fetch_orders(None, since=SINCE, now=NOW),
        lambda read: answer([] if read.path.endswith("/refunds") else rows),
    )
    assert [order.ref for order in page.items] == ["1", "3"]
    assert len(page.set_aside) == 1


def test_an_order_whose_parts_the_key_may_not_see_is_set_aside_and_says_so() -> None:
    """Order fulfillments ask for a shop manager; orders do not."""
    meta = [{"key": "_fulfillment_status", "value": "partially_fulfilled"}]
    rows = [order_json(1, meta_data=meta), order_json(2)]

    def reply(read: Read) -> Response:
        if read.path.endswith("/fulfillments"):
            return refusal("woocommerce_rest_cannot_view", 403)
        return answer(rows)

    page = run(shop().fetch_orders(None, since=SINCE, now=NOW), reply)
    assert [order.ref for order in page.items] == ["2"]
    (aside,) = page.set_aside
    assert (aside.ref, "Shop manager" in aside.why) == ("1", True)


def test_carts_and_the_trash_are_left_out() -> None:
    rows = [
        order_json(ref, status=status)
        for ref, status in enumerate(["checkout-draft", "auto-draft", "trash", "processing"])
    ]
    page = run(shop().fetch_orders(None, since=SINCE, now=NOW), lambda _: answer(rows))
    assert [order.ref for order in page.items] == ["3"]
    assert not page.set_aside


def test_an_order_deleted_while_its_refunds_are_read_is_set_aside_not_the_page() -> None:
    rows = [order_json(1, refunds=[{"total": "-1"}]), order_json(2)]

    def reply(read: Read) -> Response:
        if read.path.endswith("/refunds"):
            return refusal("woocommerce_rest_shop_order_invalid_id", 404)
        return answer(rows)

    page = run(shop().fetch_orders(None, since=SINCE, now=NOW), reply)
    assert [order.ref for order in page.items] == ["2"]
    assert [item.ref for item in page.set_aside] == ["1"]


def test_a_shop_that_cannot_answer_now_gives_no_page_at_all() -> None:
    rows = [order_json(1, refunds=[{"total": "-1"}])]

    def reply(read: Read) -> Response:
        return answer(b"<html>", 503) if read.path.endswith("/refunds") else answer(rows)

    with pytest.raises(Unavailable):
        run(shop().fetch_orders(None, since=SINCE, now=NOW), reply)
    with pytest.raises(Unauthorized):
        run(shop().fetch_orders(None, since=SINCE, now=NOW), lambda _: refusal("x", 401))
    with pytest.raises(Malformed, match="web page"):
        run(shop().fetch_orders(None, since=SINCE, now=NOW), lambda _: answer(b"<html>are you human"))


def test_a_cursor_is_read_back_as_it_was_written() -> None:
    at = Position(since="2026-11-01T00:00:00", skip=(1, 2), page=3, zone=3600)
    assert Position(**{**json.loads(at.text), "skip": (1, 2)}) == at


def test_one_order_is_none_only_if_the_shop_says_that_it_has_no_such_order() -> None:
    gone = refusal("woocommerce_rest_shop_order_invalid_id", 404, "Invalid ID.")
    assert run(shop().fetch_order("99"), lambda _: gone) is None
    assert run(shop().fetch_order("../users"), lambda _: gone) is None
    assert run(shop().fetch_order("18"), lambda _: answer(order_json(status="checkout-draft"))) is None
    with pytest.raises(NotFound):  # WooCommerce is switched off: nothing is known about the order
        run(shop().fetch_order("18"), lambda _: refusal("rest_no_route", 404))
    with pytest.raises(NotFound):
        run(shop().fetch_order("18"), lambda _: answer(b"<html>404", 404))


def test_an_order_in_the_trash_is_canceled() -> None:
    assert fetched(order_json(status="trash")).canceled


# --- announcing -------------------------------------------------------------------------------------


class Shop:
    """A shop that takes writes: fulfillments, a tracking plug-in, notes, meta, status, and mails."""

    def __init__(self, *, fulfillments: bool = False, plugin: str = "", bare: bool = False) -> None:
        self.has_fulfillments = fulfillments
        self.plugin = plugin
        self.bare = bare
        self.status = "processing"
        self.meta: Json = {}
        self.fulfillments: list[Json] = []
        self.trackings: list[Json] = []
        self.notes: list[Json] = []
        self.mails: list[str] = []
        self.reads: list[str] = []

    def read(self, read: Read) -> Response:
        self.reads.append(read.path)
        tail = read.path.rpartition("/")[2]
        if read.path == "/wp-json/wc/v3":
            routes = {"/wc/v3/orders": {}}
            if self.has_fulfillments:
                routes[r"/wc/v3/orders/(?P<order_id>[\d]+)/fulfillments"] = {}
            assert read.keep == timedelta(hours=1)
            return answer({"namespace": "wc/v3", "routes": routes})
        if read.path == "/wp-json/":
            return answer({"namespaces": ["wc/v3", *([self.plugin] if self.plugin else [])]})
        if tail == "fulfillments":
            return answer(self.fulfillments if self.bare else {"fulfillments": self.fulfillments})
        if tail == "shipment-trackings":
            return answer(self.trackings)
        if tail == "providers":
            return answer({"Poland": {"DPD Poland": "https://dpd.example/%number%"}, "Empty": []})
        if tail == "notes":
            return answer(self.notes)
        meta = [{"id": 1, "key": key, "value": value} for key, value in self.meta.items()]
        return answer({"id": 18, "status": self.status, "meta_data": meta})

    def write(self, write: Write) -> Response:
        request = write.request
        body = json.loads(request.body)
        tail = request.path.rpartition("/")[2]
        number = len(self.fulfillments) + len(self.trackings) + len(self.notes) + 1
        if tail == "fulfillments":
            rows = [{**row, "id": 1} for row in body["meta_data"] if "id" in row]
            items = next((row["value"] for row in rows if row["key"] == "_items"), [])
            if not items or any(type(item["qty"]) is not int for item in items):
                return refusal(0, 400, "The fulfillment should contain at least one item.")
            left = body["status"] == "fulfilled"
            entry = {"id": number, "status": body["status"], "is_fulfilled": left, "meta_data": rows}
            self.fulfillments.append(entry)
            if body["notify_customer"]:
                self.mails.append("fulfillment")
            return answer({"fulfillment": entry}, 201)
        if tail == "shipment-trackings":
            self.trackings.append({"tracking_id": f"t{number}", **body})
            return answer(self.trackings[-1], 201)
        if tail == "notes":
            self.notes.append({"id": number, **body})
            if body["customer_note"]:
                self.mails.append("note")
            return answer(self.notes[-1], 201)
        assert request.method == "PUT"
        assert set(body) <= {"status", "meta_data"}
        for row in body.get("meta_data", []):
            assert row["key"].startswith("_orderbridge_")
            self.meta[row["key"]] = row["value"]
        if body.get("status", self.status) != self.status:
            self.status = body["status"]
            if self.status == "completed":
                self.mails.append("completed")
        return answer({"id": 18, "status": self.status})

    def units(self) -> dict[int, int]:
        sums: dict[int, int] = {}
        for entry in self.fulfillments:
            for item in self.meta_of(entry)["_items"]:
                sums[item["item_id"]] = sums.get(item["item_id"], 0) + item["qty"]
        return sums

    def meta_of(self, entry: Json) -> Json:
        return {row["key"]: row["value"] for row in entry["meta_data"]}


ORDER = decoded({"line_items": [line(6), line(7, quantity=3, name="T-Shirt")]})
DPD = Package(tracking_number="PL1", carrier="DPD", tracking_url="https://dpd.example/PL1?a=1&b=2")
OWN = Package(tracking_number="X9", carrier="Bob's Vans", tracking_url="https://bob.example/X9")


def notice(*packages: Package, **more: Any) -> ShipmentNotice:
    fields: Json = {
        "key": "n1",
        "order_id": "main/18",
        "purchase_order_id": "main/18/rewix/1",
        "lines": (
            NoticeLine(line_ref="6", ship_ref="6", units=Decimal(2)),
            NoticeLine(line_ref="7", ship_ref="7", units=Decimal(1)),
        ),
        "packages": packages or (DPD,),
        "shipped_at": NOW,
        "completes": False,
        **more,
    }
    return ShipmentNotice(**fields)


def announce(
    at: Shop, told: ShipmentNotice, adapter: WooCommerce | None = None
) -> tuple[Announced | Unclear, list[str]]:
    """As the engine does it: run, write, run again; each step is sent once."""
    adapter = adapter or shop()
    answers: dict[str, Response] = {}
    for _ in range(9):
        result = run(adapter.announce(ORDER, told, Past(answers=answers)), at.read)
        if not isinstance(result, Write):
            return result, list(answers)
        assert result.step not in answers
        response = at.write(result)
        assert adapter.judge(result, response) == Confirmed(), response.text
        answers[result.step] = response
    raise AssertionError("announcing never ends")


WAYS = {
    "fulfillments": lambda: Shop(fulfillments=True),
    "bare fulfillments": lambda: Shop(fulfillments=True, bare=True),
    "tracking plug-in": lambda: Shop(plugin="wc-shipment-tracking/v3"),
    "AST alone": lambda: Shop(plugin="wc-ast/v3"),
    "notes": lambda: Shop(),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("completes", [False, True])
@pytest.mark.parametrize("packages", [(DPD,), (DPD, OWN), (Package(),)])
def test_a_departure_is_shown_once_with_one_mail_and_tracking_before_status(
    way: str, completes: bool, packages: tuple[Package, ...]
) -> None:
    at = WAYS[way]()
    told = notice(*packages, completes=completes)
    result, steps = announce(at, told)
    assert isinstance(result, Announced)
    assert len(at.mails) == 1
    assert at.status == ("completed" if completes else "processing")
    assert "status" not in steps[:-1]
    shown = json.dumps([at.fulfillments, at.trackings, at.notes, at.meta])
    assert all(package.tracking_number in shown for package in packages)
    again, more = announce(at, told)
    assert again == result
    assert not more


@pytest.mark.parametrize("way", WAYS)
def test_a_lost_answer_at_any_write_leaves_one_effect(way: str) -> None:
    told = notice(DPD, OWN, completes=True)
    whole = WAYS[way]()
    _, steps = announce(whole, told)
    for lost in range(len(steps)):
        at = WAYS[way]()
        for _ in range(lost + 1):  # written, and never heard of again
            result = run(shop().announce(ORDER, told, Past(attempted=True)), at.read)
            assert isinstance(result, Write)
            at.write(result)
        announce(at, told)
        assert (at.fulfillments, at.trackings, at.notes) == (
            whole.fulfillments,
            whole.trackings,
            whole.notes,
        )
        assert (at.meta, at.status, at.mails) == (whole.meta, whole.status, whole.mails)


@pytest.mark.parametrize("way", WAYS)
def test_a_doubled_call_is_for_a_person_to_look_at(way: str) -> None:
    at = WAYS[way]()
    told = notice()
    first = run(shop().announce(ORDER, told, Past()), at.read)
    assert isinstance(first, Write)
    at.write(first)
    at.write(first)
    result, _ = announce(at, told)
    if isinstance(first.unknown, Repeat):  # meta: twice is once
        assert isinstance(result, Announced)
    else:
        assert isinstance(result, Unclear)
        assert "18" in result.evidence
        assert "Kowalski" not in result.evidence


def test_what_can_be_looked_up_is_looked_up_and_what_is_absolute_is_repeated() -> None:
    rules: dict[str, type] = {}
    for make in WAYS.values():
        at = make()
        answers: dict[str, Response] = {}
        while isinstance(
            write := run(shop().announce(ORDER, notice(completes=True, notify=True), Past()), at.read), Write
        ):
            rules[write.step] = type(write.unknown)
            answers[write.step] = at.write(write)
    assert rules == {
        "fulfillment-1": LookUp,
        "tracking-1": LookUp,
        "shipment": Repeat,
        "note": LookUp,
        "status": Repeat,
    }


def test_fulfillments_hold_each_unit_once_whatever_the_packages() -> None:
    at = Shop(fulfillments=True)
    result, steps = announce(at, notice(DPD, OWN))
    assert steps == ["fulfillment-1", "fulfillment-2"]
    assert at.units() == {6: 2, 7: 1}
    assert isinstance(result, Announced)
    assert result.refs == ("1", "2")
    first, second = (at.meta_of(entry) for entry in at.fulfillments)
    assert (first["_shipment_provider"], first["_tracking_url"]) == ("dpd", DPD.tracking_url)
    assert (second["_shipment_provider"], second["_provider_name"]) == ("other", "Bob's Vans")
    assert any("Bob's Vans" in warning for warning in result.warnings)
    assert any("assumed" in warning for warning in result.warnings)


def test_more_packages_than_units_keep_all_their_numbers() -> None:
    at = Shop(fulfillments=True)
    one = (NoticeLine(line_ref="6", ship_ref="6", units=Decimal(1)),)
    announce(at, notice(DPD, OWN, lines=one))
    assert at.units() == {6: 1}
    assert at.meta_of(at.fulfillments[0])["_tracking_number"] == "PL1, X9"


@given(
    units=st.lists(st.integers(1, 6), min_size=1, max_size=5),
    count=st.integers(0, 9),
)
def test_parcels_hold_every_unit_and_every_package_exactly_once(units: list[int], count: int) -> None:
    packages = tuple(Package(tracking_number=f"T{index}") for index in range(count))
    lines = tuple(
        NoticeLine(line_ref=str(index % 3), ship_ref="", units=Decimal(many))
        for index, many in enumerate(units)
    )
    parcels = parcels_of(notice(lines=lines, packages=packages))
    assert sum(many for parcel in parcels for _, many in parcel.lines) == sum(units)
    assert all(parcel.lines and all(many > 0 for _, many in parcel.lines) for parcel in parcels)
    assert tuple(package for parcel in parcels for package in parcel.packages) == (packages or (Package(),))


def test_a_fraction_of_a_unit_goes_where_fractions_fit() -> None:
    at = Shop(fulfillments=True)
    half = (NoticeLine(line_ref="6", ship_ref="6", units=Decimal("1.5")),)
    result, steps = announce(at, notice(lines=half))
    assert isinstance(result, Announced)
    assert steps == ["shipment", "note"]
    assert "1.5 x Mug" in at.notes[0]["note"]


def test_a_fulfillment_typed_in_by_hand_is_ours_if_it_is_the_same_and_a_riddle_if_not() -> None:
    def by_hand(qty: int) -> Shop:
        at = Shop(fulfillments=True)
        items = [{"item_id": 6, "qty": 2}, {"item_id": 7, "qty": qty}]
        meta = [{"key": "_items", "value": items}, {"key": "_tracking_number", "value": "pl1"}]
        at.fulfillments.append({"id": 70, "is_fulfilled": True, "status": "fulfilled", "meta_data": meta})
        return at

    result, steps = announce(by_hand(1), notice())
    assert (isinstance(result, Announced) and result.refs, steps) == (("70",), [])
    assert isinstance(announce(by_hand(2), notice())[0], Unclear)


def test_units_that_somebody_else_has_fulfilled_are_not_counted_twice() -> None:
    at = Shop(fulfillments=True)
    meta = [{"key": "_items", "value": [{"item_id": 6, "qty": 1}]}]
    at.fulfillments.append({"id": 70, "is_fulfilled": True, "status": "fulfilled", "meta_data": meta})
    result, _ = announce(at, notice())
    assert isinstance(result, Unclear)
    assert "1 of 2" in result.evidence


def test_two_suppliers_in_one_box_are_two_notices() -> None:
    at = Shop(fulfillments=True)
    announce(at, notice(lines=(NoticeLine(line_ref="6", ship_ref="6", units=Decimal(2)),)))
    other = (NoticeLine(line_ref="7", ship_ref="7", units=Decimal(3)),)
    result, _ = announce(at, notice(key="n2", lines=other, completes=True))
    assert isinstance(result, Announced)
    assert at.units() == {6: 2, 7: 3}
    assert at.status == "completed"


def test_a_known_carrier_of_the_plugin_is_named_as_the_plugin_names_it() -> None:
    at = Shop(plugin="wc-shipment-tracking/v3")
    announce(at, notice(attrs.evolve(DPD, carrier="dpd  poland")))
    assert at.trackings[0]["tracking_provider"] == "DPD Poland"
    at = Shop(plugin="wc-shipment-tracking/v3")
    result, _ = announce(at, notice(DPD), shop(carriers={"DPD": "DPD Poland"}))
    assert at.trackings[0]["tracking_provider"] == "DPD Poland"
    assert isinstance(result, Announced)
    assert not result.warnings
    at = Shop(plugin="wc-shipment-tracking/v3")
    result, _ = announce(at, notice(OWN))
    assert at.trackings[0]["custom_tracking_provider"] == "Bob's Vans"
    assert at.trackings[0]["custom_tracking_link"] == OWN.tracking_url
    assert at.trackings[0]["date_shipped"] == "2026-11-22"
    assert isinstance(result, Announced)
    assert result.warnings


def test_an_old_plugin_lists_its_carriers_below_the_order() -> None:
    at = Shop(plugin="wc-shipment-tracking/v3")

    def old(read: Read) -> Response:
        if read.path.endswith("/v3/shipment-trackings/providers"):
            return refusal("rest_no_route", 404)
        return at.read(read)

    write = run(shop().announce(ORDER, notice(attrs.evolve(DPD, carrier="DPD Poland")), Past()), old)
    assert isinstance(write, Write)
    assert b'"tracking_provider":"DPD Poland"' in write.request.body


def test_a_shop_without_a_place_for_it_keeps_what_left_in_meta_and_reads_it_back() -> None:
    at = Shop()
    announce(at, notice())
    meta = [{"key": key, "value": value} for key, value in at.meta.items()]
    order = decoded({"line_items": [line(6), line(7, quantity=3)], "meta_data": meta + meta})
    assert [item.open for item in order.lines] == [0, 2]
    assert "DPD PL1 https://dpd.example/PL1?a=1&amp;b=2" in at.notes[0]["note"]


def test_the_merchant_may_turn_the_completed_mail_off_and_have_the_tracking_mailed() -> None:
    for make in (WAYS["fulfillments"], WAYS["notes"], WAYS["tracking plug-in"]):
        at = make()
        result, _ = announce(at, notice(completes=True), shop(completed_mail=False))
        assert len(at.mails) == 2  # the second one is the one that this merchant has turned off
        assert at.mails[0] in ("fulfillment", "note")
        assert isinstance(result, Announced)
        assert not any("mail" in warning for warning in result.warnings)
    at = Shop(fulfillments=True)
    announce(at, notice(completes=True), shop(complete_status=""))
    assert (at.mails, at.status) == (["fulfillment"], "processing")


def test_a_mail_without_the_tracking_number_is_warned_of() -> None:
    result, _ = announce(Shop(), notice(completes=True))
    assert isinstance(result, Announced)
    assert any("tracking number" in warning for warning in result.warnings)


def test_a_shopper_who_is_not_to_be_mailed_gets_no_mail_before_the_order_is_complete() -> None:
    for make in WAYS.values():
        at = make()
        announce(at, notice(notify=False))
        assert not at.mails


@pytest.mark.parametrize("status", ["completed", "refunded", "cancelled", "trash", "shipped"])
def test_an_order_that_is_already_there_is_not_set_back(status: str) -> None:
    at = Shop(fulfillments=True)
    at.status = status
    announce(at, notice(completes=True), shop(complete_status="wc-shipped"))
    assert at.status == status


def test_a_link_that_is_none_is_not_shown() -> None:
    at = Shop(fulfillments=True)
    announce(at, notice(attrs.evolve(DPD, tracking_url="javascript:alert(1)")))
    assert "_tracking_url" not in at.meta_of(at.fulfillments[0])


def test_the_place_can_be_chosen() -> None:
    at = Shop(fulfillments=True, plugin="wc-shipment-tracking/v3")
    announce(at, notice(), shop(tracking="plugin"))
    assert (len(at.trackings), len(at.fulfillments)) == (1, 0)
    at = Shop(fulfillments=True, plugin="wc-shipment-tracking/v3")
    announce(at, notice(), shop(tracking="note"))
    assert (len(at.trackings), len(at.fulfillments), len(at.notes)) == (0, 0, 1)


def test_a_key_without_the_right_to_fulfill_says_so() -> None:
    def reply(read: Read) -> Response:
        if read.path.endswith("/fulfillments"):
            return refusal("woocommerce_rest_cannot_view", 403)
        return Shop(fulfillments=True).read(read)

    with pytest.raises(Forbidden):
        run(shop().announce(ORDER, notice(), Past()), reply)


def test_progress_is_meta_for_programs_and_one_private_note_for_people() -> None:
    at = Shop()
    stages = (("rewix", "Working on"), ("rewix", "Ready"), ("alibaba", "Booked"))
    progress = Progress(key="p1", order_id="main/18", stages=stages)
    for _ in range(3):
        result = run(shop().report(ORDER, progress, Past()), at.read)
        if isinstance(result, Write):
            at.write(result)
    assert result == Noted()
    assert at.meta["_orderbridge_state"]["stages"] == [list(stage) for stage in stages]
    assert [note["note"] for note in at.notes] == ["rewix: Working on; rewix: Ready; alibaba: Booked [ob:p1]"]
    assert not at.mails


def test_a_note_is_put_on_the_order_once_and_mailed_only_if_asked() -> None:
    at = Shop()
    for to_shopper in (False, True):
        note = Note(key=f"k{to_shopper}", text="a < b & c", to_shopper=to_shopper)
        for _ in range(2):
            result = run(shop().annotate(ORDER, note, Past()), at.read)
            if isinstance(result, Write):
                assert isinstance(result.unknown, LookUp)
                at.write(result)
        assert result == Noted()
    assert [note["note"] for note in at.notes] == [
        "a &lt; b &amp; c [ob:kFalse]",
        "a &lt; b &amp; c [ob:kTrue]",
    ]
    assert at.mails == ["note"]


# --- carriers ---------------------------------------------------------------------------------------


@recorded
def test_every_carrier_that_woocommerce_knows_is_known_here() -> None:
    known: Json = json.loads((PAYLOADS / "live/core_fulfillment_providers_10.2.4.json").read_text())
    assert {slug: entry["name"] for slug, entry in known.items()} == CORE_CARRIERS
    named = {slug: core_carrier(entry["name"]) for slug, entry in known.items()}
    assert {slug: found for slug, found in named.items() if slug != found} == {}


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("DHL Express", "dhl"),
        ("dpd", "dpd"),
        ("GLS Italy", "gls"),
        ("BRT", "bartolini-brt"),
        ("Poste Italiane", "poste-italiane"),
        ("Hermes", "evri-hermes"),
        ("Zásilkovna", "zasilkovna"),
        ("Bob's Vans", ""),
        ("", ""),
    ],
)
def test_carriers_are_known_by_the_names_suppliers_use(name: str, slug: str) -> None:
    assert core_carrier(name) == slug


@given(st.text(max_size=40))
def test_any_carrier_name_can_be_compared(name: str) -> None:
    assert same_name(same_name(name)) == same_name(name)


# --- answers to writes ------------------------------------------------------------------------------

WRITE = run(shop().announce(ORDER, notice(), Past()), Shop(fulfillments=True).read)


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer({"id": 1}, 201), Confirmed),
        (answer(b'\xef\xbb\xbf\n{"id": 1}'), Confirmed),
        (answer(b'<br /><b>Warning</b>: x{1} in y.php<br />{"id": 1}'), Confirmed),
        (answer(b"<html>are you human?</html>"), Unknown),
        (answer(b""), Unknown),
        (answer(b"{}"), Unknown),
        (answer(b'{"status": "ok", "service": "gateway"}'), Unknown),
        (answer(b'{"fulfillment": {"fulfillment_id": 1}}', 201), Confirmed),
        (answer(b'{"tracking_id": "1a"}', 201), Confirmed),
        (answer(b'{"id": 1'), Unknown),
        (answer(b"<html>404</html>", 404), Unknown),
        (answer(b"<html>403</html>", 403), Unknown),
        (answer(b"moved", 301), Unknown),
        (answer(b"", 408), Unknown),
        (refusal("x", 409), Unknown),
        # The answer to the second of two equal calls says nothing of the first.
        (refusal("x", 401, "Invalid nonce - nonce has already been used."), Unknown),
        (refusal("x", 425), Unknown),
        (refusal("internal_server_error", 500), Unknown),
        (answer(b"<html>maintenance", 503, retry_after="600"), Unknown),
        (answer(b"", 501), Unknown),
        (refusal("woocommerce_rest_authentication_error", 401), Refusal.UNAUTHORIZED),
        (refusal("woocommerce_rest_cannot_edit", 403), Refusal.FORBIDDEN),
        (refusal("woocommerce_rest_shop_order_invalid_id", 404), Refusal.NOT_FOUND),
        (refusal("woocommerce_rest_shop_order_invalid_id", 400), Refusal.NOT_FOUND),
        (refusal("rest_no_route", 404), Refusal.NOT_FOUND),
        (refusal("rest_invalid_param", 400), Refusal.INVALID),
        (refusal(404, 400, "Fulfillment not found."), Refusal.NOT_FOUND),
        (refusal(0, 400, "The fulfillment should contain at least one item."), Refusal.INVALID),
    ],
)  # fmt: skip
def test_an_answer_proves_only_what_woocommerce_itself_says(response: Response, verdict: object) -> None:
    assert isinstance(WRITE, Write)
    found = shop().judge(WRITE, response)
    if isinstance(verdict, Refusal):
        assert isinstance(found, Refused)
        assert found.why is verdict
    else:
        assert type(found) is verdict


def test_a_throttled_write_says_when_to_come_back() -> None:
    assert isinstance(WRITE, Write)
    assert shop().judge(WRITE, answer(b"slow", 429, retry_after="30")) == Throttled(30.0)
    for when in ("Sun, 22 Nov 2026 12:00:00 GMT", "\u00b2"):
        assert shop().judge(WRITE, answer(b"", 429, retry_after=when)) == Throttled(None)
    assert shop().judge(WRITE, answer(b"", 429, retry_after="9" * 20)) == Throttled(24 * 3600.0)


# --- webhooks ---------------------------------------------------------------------------------------


def signed(body: bytes, topic: str, secret: str = SECRET, **more: str) -> Headers:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return Headers(
        {
            "X-WC-Webhook-Topic": topic,
            "X-WC-Webhook-Signature": base64.b64encode(digest).decode(),
            "X-WC-Webhook-Delivery-ID": "d1",
            **more,
        }
    )


def hook(body: bytes, headers: Headers, secrets: tuple[str, ...] = (SECRET,)) -> Nudge | Reply:
    adapter = shop(webhook_secrets=tuple(Secret(secret) for secret in secrets))
    return adapter.read_webhook("POST", "/hooks/main", headers, body)


@recorded
def test_every_recorded_webhook_is_a_ping_or_a_nudge_about_the_order_it_names() -> None:
    dedupe: dict[str, bytes] = {}
    kinds: dict[str, int] = {}
    for path in sorted(PAYLOADS.glob("live/webhook_*.json")):
        record = json.loads(path.read_text())
        body = record["raw"].encode()
        result = hook(body, Headers(record["headers"]))
        if not record["sig_ok"]:
            assert result == Reply(status=200), path.name
            kinds["ping"] = kinds.get("ping", 0) + 1
            continue
        assert isinstance(result, Nudge), path.name
        message = json.loads(body)
        assert result.ref == str(message.get("id", message.get("arg")))
        assert dedupe.setdefault(result.dedupe, body) == body
        kinds[result.topic] = kinds.get(result.topic, 0) + 1
        orders, aside = in_file(body)
        if result.topic in ("order.created", "order.updated"):
            assert [order.ref for order in orders] == [result.ref]
        else:
            assert [item.path for item in aside] == ["$"]
    assert set(kinds) == {
        "ping", "order.created", "order.updated", "order.deleted",
        "action.woocommerce_order_status_changed",
    }  # fmt: skip


def test_a_wrong_or_missing_signature_is_turned_away() -> None:
    body = b'{"id":31}'
    good = signed(body, "order.deleted")
    assert isinstance(hook(body, good), Nudge)
    assert hook(body + b" ", good) == Reply(status=401)
    assert hook(body, Headers({"X-WC-Webhook-Topic": "order.deleted"})) == Reply(status=401)
    assert hook(body, signed(body, "order.deleted", "other")) == Reply(status=401)
    assert hook(body, Headers({"X-WC-Webhook-Signature": "ż"})) == Reply(status=401)
    assert hook(body, good, ()) == Reply(status=401)  # no secret is configured
    assert hook(b"webhook_id=1", Headers(), ()) == Reply(status=200)


def test_a_secret_may_be_replaced_and_may_hold_entities() -> None:
    body = b'{"id":31}'
    assert isinstance(hook(body, signed(body, "order.deleted", "new"), ("old", "new")), Nudge)
    # Saved as a&amp;b, WooCommerce signs with a&b.
    assert isinstance(hook(body, signed(body, "order.deleted", "a&b"), ("a&amp;b",)), Nudge)


def test_a_message_counts_once_and_another_one_counts_again() -> None:
    body = json.dumps(order_json()).encode()
    first = hook(body, signed(body, "order.updated"))
    again = hook(body, signed(body, "order.updated", **{"X-WC-Webhook-Delivery-ID": "d2"}))
    assert isinstance(first, Nudge)
    assert first == again
    action = b'{"action":"woocommerce_order_status_changed","arg":18}'
    topic = "action.woocommerce_order_status_changed"
    one = hook(action, signed(action, topic))
    two = hook(action, signed(action, topic, **{"X-WC-Webhook-Delivery-ID": "d2"}))
    assert isinstance(one, Nudge)
    assert isinstance(two, Nudge)
    assert one.ref == two.ref == "18"
    assert one.dedupe != two.dedupe


def test_messages_that_name_no_order_only_say_that_something_happened() -> None:
    lost_rights = b'{"code":"woocommerce_rest_cannot_view","message":"No.","data":{"status":401}}'
    nudge = hook(lost_rights, signed(lost_rights, "order.updated"))
    assert isinstance(nudge, Nudge)
    assert nudge.ref == ""
    cart = b'{"action":"woocommerce_add_to_cart","arg":"10"}'
    nudge = hook(cart, signed(cart, "action.woocommerce_add_to_cart"))
    assert isinstance(nudge, Nudge)
    assert nudge.ref == ""
    product = b'{"id":10}'
    assert hook(product, signed(product, "product.updated")) == Reply(status=200)
    assert shop().read_webhook("GET", "/", Headers(), b"") == Reply(status=405)


# --- settings, credentials, probe -------------------------------------------------------------------


def test_settings_are_read_from_a_table_and_say_what_is_wrong() -> None:
    converter = cattrs.Converter(forbid_extra_keys=True)
    converter.register_structure_hook(Secret, lambda value, _: Secret(value))
    table = {
        "base_url": "https://shop.example/",
        "consumer_key": "ck_1",
        "consumer_secret": "cs_1",
        "ready_statuses": ["wc-processing", "packed"],
        "carriers": {"DPD": "dpd"},
        "tracking": "plugin",
        "webhook_secrets": ["a", "b"],
    }
    read = converter.structure(table, Settings)
    assert read.ready_statuses == ("processing", "packed")
    assert read.base_url == "https://shop.example"
    assert "ck_1" not in repr(read)
    with pytest.raises(ConfigurationError, match="without /wp-json"):
        shop(base_url="https://shop.example/wp-json/wc/v3")
    with pytest.raises(ConfigurationError, match="tracking"):
        shop(tracking="mail")
    with pytest.raises(ConfigurationError, match="webhook_secrets"):
        shop(webhook_secrets=(Secret(""),))


def test_credentials_go_where_woocommerce_looks_for_them() -> None:
    def sign(**more: Any) -> Call:
        call = Call("GET", f"{more.get('base_url', 'https://shop.example')}/wp-json/wc/v3/orders")
        return PLATFORM.auth(shop(**more).settings).sign(call, now=NOW, nonce="n", token=None)

    assert sign().headers["authorization"].startswith("Basic ")
    assert sign(base_url="http://shop.example").headers["authorization"].startswith("OAuth ")
    assert sign(query_keys=True).url.endswith("?consumer_key=ck_1&consumer_secret=cs_1")


SITE: Json = {
    "name": "Mugs &amp; Co",
    "home": "https://Shop.example/pl",
    "namespaces": ["wc/v3"],
    "timezone_string": "Europe/Warsaw",
}
ALLOWED: dict[str, Response] = {
    "/wp-json/": answer(SITE),
    "/wp-json/wc/v3/orders": answer([], x_wp_total="12"),
    "/wp-json/wc/v3/orders/0": refusal("woocommerce_rest_shop_order_invalid_id", 400),
    "/wp-json/wc/v3/system_status": answer({"environment": {"version": "10.2.4"}}),
    "/wp-json/wc/v3": answer({"routes": {}}),
}


def probe(**instead: Response) -> Any:
    places = {"home": "/wp-json/", "orders": "/wp-json/wc/v3/orders", "write": "/wp-json/wc/v3/orders/0",
              "system": "/wp-json/wc/v3/system_status", "routes": "/wp-json/wc/v3"}  # fmt: skip
    answers = {**ALLOWED, **{places[name]: response for name, response in instead.items()}}
    return run(shop().probe(), lambda read: answers[read.path])


def test_a_shop_where_all_is_well_says_who_it_is() -> None:
    access = probe()
    assert access.identity == "shop.example/pl"
    assert access.version == "10.2.4"
    assert all(finding.ok for finding in access.findings)
    assert "Mugs & Co" in access.findings[0].what
    assert "Europe/Warsaw" in access.findings[0].what
    assert access.lacks == frozenset()


def test_the_identity_survives_a_new_title_and_the_move_to_https() -> None:
    moved = probe(home=answer({**SITE, "name": "New title", "home": "http://shop.example/pl/"}))
    assert moved.identity == probe().identity


def bad_key(message: str) -> Response:
    return refusal("woocommerce_rest_authentication_error", 401, message)


READ_ONLY = bad_key("The API key provided does not have write permissions.")
WRITE_ONLY = bad_key("The API key provided does not have read permissions.")
BAD_SIGNATURE = bad_key("Invalid signature - provided signature does not match.")
WALL = answer(b"<!doctype html><title>Just a moment...</title>", 403)
WITH_FULFILLMENTS = answer({"routes": {"/x/fulfillments": {}}})
CANNOT_VIEW = "woocommerce_rest_cannot_view"


@pytest.mark.parametrize(
    ("instead", "words"),
    [
        ({"home": answer(b"<html>", 404)}, "Permalinks"),
        ({"home": answer(b"", 301, location="https://www.shop.example/wp-json/?x=1")}, "base_url"),
        ({"home": refusal("rest_not_logged_in", 401)}, "security plug-in"),
        ({"home": WALL}, "firewall"),
        ({"home": answer(b"<html>park page")}, "firewall"),
        ({"home": answer({**SITE, "namespaces": ["wp/v2"]})}, "WooCommerce plug-in"),
        ({"orders": bad_key("Consumer secret is invalid.")}, "secret"),
        ({"orders": WRITE_ONLY}, "Read/Write"),
        ({"orders": BAD_SIGNATURE}, "clock"),
        ({"orders": refusal(CANNOT_VIEW, 401)}, "query_keys"),
        ({"orders": refusal(CANNOT_VIEW, 403)}, "Shop manager"),
        ({"orders": refusal("rest_forbidden", 401)}, "security plug-in"),
        ({"orders": refusal("rest_no_route", 404)}, "Update WooCommerce"),
        ({"orders": WALL}, "firewall"),
        ({"write": READ_ONLY}, "Read/Write"),
        ({"write": refusal("woocommerce_rest_cannot_edit", 403)}, "Shop manager"),
        ({"write": answer(b"<html>", 501)}, "PUT"),
        ({"system": refusal(CANNOT_VIEW, 403), "routes": WITH_FULFILLMENTS}, "Shop manager"),
    ],
)  # fmt: skip
def test_a_probe_names_what_is_wrong_and_the_fix(instead: dict[str, Response], words: str) -> None:
    wrong = [finding for finding in probe(**instead).findings if not finding.ok]
    assert len(wrong) == 1
    assert words in wrong[0].fix + wrong[0].what
    assert "ck_1" not in wrong[0].what


def test_a_key_that_may_only_read_takes_away_all_that_writes() -> None:
    access = probe(write=refusal("woocommerce_rest_authentication_error", 401, "no write permissions."))
    assert access.lacks == {
        "Annotates", "CancelsShopOrders", "CorrectsTracking", "Refunds", "ReportsProgress",
    }  # fmt: skip


def test_a_shop_that_is_down_raises_so_that_it_is_asked_again() -> None:
    with pytest.raises(Unavailable):
        probe(home=answer(b"", 502))
