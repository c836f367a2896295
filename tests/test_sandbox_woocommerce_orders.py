"""Orders, notes, refunds and webhooks of the WooCommerce sandbox behave as the recorded ones."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderbridge.sandbox.woocommerce import WooCommerceShop
from woocommerce_client import MUG, NOW, SHIRT, Client, a_shop, error, hooked, later


@pytest.fixture
def shop() -> WooCommerceShop:
    return a_shop()


@pytest.fixture
def client(shop: WooCommerceShop) -> Client:
    return Client(shop)


# Orders


def test_money_is_text_and_the_unit_price_a_number(client: Client) -> None:
    response = client.send("GET", f"/wc/v3/orders/{client.shop.place_order([SHIRT, MUG], now=NOW)}")
    assert b'"price":10,' in response.body  # PHP writes no ".0"
    order = json.loads(response.body)
    assert (order["total"], order["total_tax"]) == ("30.75", "5.75")
    assert [line["price"] for line in order["line_items"]] == [10, 5]
    assert [line["total"] for line in order["line_items"]] == ["20.00", "5.00"]


@given(price=st.decimals("0.01", "9999", places=4), quantity=st.integers(1, 99))
def test_totals_are_the_sum_of_what_the_lines_say(price: Any, quantity: int) -> None:
    shop = a_shop()
    order: Any = shop.order(
        shop.place_order([{"sku": "X", "price": str(price), "quantity": quantity}], now=NOW)
    )
    cents = [int(order["line_items"][0][key].replace(".", "")) for key in ("total", "total_tax")]
    assert int(order["total"].replace(".", "")) == sum(cents)


def test_cash_on_delivery_is_processing_and_not_paid_until_completed(shop: WooCommerceShop) -> None:
    order_id = shop.place_order([SHIRT], now=NOW, payment_method="cod")
    assert (shop.order(order_id)["status"], shop.order(order_id)["date_paid_gmt"]) == ("processing", None)
    shop.put_status(order_id, "completed", later(hours=1))
    assert shop.order(order_id)["date_paid_gmt"] == "2026-03-01T13:00:00"


def test_a_deleted_product_leaves_its_line_bare(client: Client) -> None:
    order_id = client.shop.place_order([SHIRT], now=NOW)
    client.shop.delete_product(client.get(f"/wc/v3/orders/{order_id}")["line_items"][0]["product_id"])
    order = client.get(f"/wc/v3/orders/{order_id}")
    line = order["line_items"][0]
    assert (line["product_id"], line["sku"], order["needs_processing"]) == (0, None, False)


def test_a_download_needs_no_processing(shop: WooCommerceShop) -> None:
    order_id = shop.place_order([{"sku": "EBOOK", "virtual": True}], now=NOW)
    assert shop.order(order_id)["needs_processing"] is False


def test_completing_mails_once_and_going_back_keeps_the_date(client: Client) -> None:
    order_id = client.shop.place_order([SHIRT], now=NOW)
    path = f"/wc/v3/orders/{order_id}"
    client.write("PUT", path, {"status": "completed"}, at=later(minutes=1))
    client.write("PUT", path, {"status": "completed"}, at=later(minutes=2))
    back = client.write("PUT", path, {"status": "processing"}, at=later(minutes=3))
    assert back["date_completed_gmt"] == "2026-03-01T12:01:00"
    assert [mail.kind for mail in client.shop.mails] == [
        "customer_processing_order",
        "customer_completed_order",
    ]


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH"])
def test_every_write_moves_the_date_even_an_empty_one(client: Client, method: str) -> None:
    order_id = client.shop.place_order([SHIRT], now=NOW)
    order = client.write(method, f"/wc/v3/orders/{order_id}", {}, at=later(minutes=1))
    assert order["date_modified_gmt"] == "2026-03-01T12:01:00"
    assert client.shop.effects == [(method, f"/wc/v3/orders/{order_id}", later(minutes=1))]


def test_a_status_the_shop_lacks_is_refused_alone_and_becomes_pending_in_a_batch(client: Client) -> None:
    order_id = client.shop.place_order([SHIRT], now=NOW)
    for status in ("supplier-booked", "wc-completed", "any", "trash"):
        response = client.send("PUT", f"/wc/v3/orders/{order_id}", {"status": status})
        assert error(response) == (400, "rest_invalid_param")
    batch = {
        "update": [{"id": order_id, "status": "supplier-booked"}, {"id": 9, "status": "x"}],
        "delete": [8],
    }
    answer = client.write("POST", "/wc/v3/orders/batch", batch)
    assert answer["update"][0]["status"] == "pending"
    assert answer["update"][1]["error"]["data"] == {"status": 400}
    assert answer["delete"][0]["error"]["data"] == {"status": 404}


def test_a_batch_holds_a_hundred(client: Client) -> None:
    batch = {"update": [{"id": n} for n in range(60)], "delete": list(range(41))}
    assert error(client.send("POST", "/wc/v3/orders/batch", batch)) == (
        413,
        "woocommerce_rest_request_entity_too_large",
    )


def test_a_registered_status_is_accepted_and_listed(client: Client) -> None:
    client.shop.statuses["supplier-booked"] = "Booked"
    order_id = client.shop.place_order([SHIRT], now=NOW)
    assert {"slug": "supplier-booked", "name": "Booked"} in client.get("/wc/v3/orders/statuses")
    order = client.write("PUT", f"/wc/v3/orders/{order_id}", {"status": "supplier-booked"})
    assert order["status"] == "supplier-booked"


def test_paying_acts_only_where_payment_is_due(client: Client) -> None:
    pending = client.shop.place_order([SHIRT], now=NOW, status="pending")
    held = client.shop.place_order([SHIRT], now=NOW, status="on-hold")
    paid = client.write("PUT", f"/wc/v3/orders/{pending}", {"set_paid": True}, at=later(minutes=1))
    assert (paid["status"], paid["date_paid_gmt"]) == ("processing", "2026-03-01T12:01:00")
    assert client.write("PUT", f"/wc/v3/orders/{held}", {"set_paid": True})["date_paid_gmt"] is None


def test_meta_is_updated_by_key_deleted_by_null_and_keeps_structures(client: Client) -> None:
    path = f"/wc/v3/orders/{client.shop.place_order([SHIRT], now=NOW)}"
    for value in ({"po": [1, None]}, "again"):
        order = client.write("PUT", path, {"meta_data": [{"key": "_orderbridge_state", "value": value}]})
        assert [entry["value"] for entry in order["meta_data"]] == [value]
    entry = order["meta_data"][0]
    order = client.write(
        "PUT", path, {"meta_data": [{"id": entry["id"], "key": entry["key"], "value": None}]}
    )
    assert order["meta_data"] == []


def test_internal_keys_change_real_fields(client: Client) -> None:
    path = f"/wc/v3/orders/{client.shop.place_order([SHIRT], now=NOW)}"
    order = client.write("PUT", path, {"meta_data": [{"key": "_billing_email", "value": "evil@x.test"}]})
    assert order["billing"]["email"] == "evil@x.test"
    assert order["meta_data"] == []


def test_a_line_with_id_is_touched_and_one_without_is_added(client: Client) -> None:
    path = f"/wc/v3/orders/{client.shop.place_order([SHIRT, MUG], now=NOW)}"
    first, second = client.get(path)["line_items"]
    mark = {"id": first["id"], "meta_data": [{"key": "Tracking", "value": "T1"}]}
    order = client.write("PUT", path, {"line_items": [mark]})
    assert order["line_items"][0]["meta_data"][-1]["display_key"] == "Tracking"
    assert (order["line_items"][1], order["total"]) == (second, "30.75")
    order = client.write("PUT", path, {"line_items": [{"product_id": second["product_id"], "quantity": 1}]})
    assert (len(order["line_items"]), order["total"]) == (3, "36.90")
    order = client.write("PUT", path, {"line_items": [{"id": first["id"], "product_id": None}]})
    assert (len(order["line_items"]), order["total"]) == (2, "12.30")
    refused = client.send("PUT", path, {"line_items": [{"id": 9999, "quantity": 1}]})
    assert error(refused) == (400, "woocommerce_rest_invalid_item_id")


def test_a_missing_order_is_404_to_read_and_400_to_write(client: Client) -> None:
    assert error(client.send("GET", "/wc/v3/orders/5")) == (404, "woocommerce_rest_shop_order_invalid_id")
    assert error(client.send("PUT", "/wc/v3/orders/5", {})) == (400, "woocommerce_rest_shop_order_invalid_id")


def test_deleting_is_trash_first_and_force_is_final(client: Client) -> None:
    order_id = client.shop.place_order([SHIRT], now=NOW)
    path = f"/wc/v3/orders/{order_id}"
    assert client.write("DELETE", path)["status"] == "processing"
    assert client.get(path)["status"] == "trash"
    assert client.send("DELETE", path).status == 410
    client.write("DELETE", path, force="true")
    assert client.send("GET", path).status == 404


def test_stock_is_taken_once_and_comes_back_on_cancel(client: Client) -> None:
    product_id = client.shop.catalog.add(sku="SHIRT", name="Shirt")
    order_id = client.shop.place_order([SHIRT], now=NOW, status="on-hold")
    client.shop.put_status(order_id, "processing", NOW)
    assert client.get(f"/wc/v3/products/{product_id}")["stock_quantity"] == 48
    client.shop.put_status(order_id, "cancelled", NOW)
    assert client.get(f"/wc/v3/products/{product_id}")["stock_quantity"] == 50


def test_products_are_found_by_exact_sku_variations_too(client: Client) -> None:
    parent = client.shop.catalog.add(sku="HOODIE", name="Hoodie", type="variable")
    variation = client.shop.catalog.add(
        sku="HOODIE-M", name="Hoodie - M", parent_id=parent, meta={"_supplier": "acme"}
    )
    found = client.get("/wc/v3/products", sku="HOODIE-M,MUG")
    assert [(row["id"], row["type"], row["meta_data"][0]["value"]) for row in found] == [
        (variation, "variation", "acme")
    ]
    order_id = client.shop.place_order([{"variation_id": variation, "quantity": 1}], now=NOW)
    line = client.get(f"/wc/v3/orders/{order_id}")["line_items"][0]
    assert (line["product_id"], line["variation_id"], line["parent_name"]) == (parent, variation, "Hoodie")
    by_id = client.get("/wc/v3/products", include=f"{parent},{variation}")
    assert [row["id"] for row in by_id] == [parent], "the list by id has no variations"


# Notes


def test_a_note_does_not_move_the_order_and_mails_only_the_customer(client: Client) -> None:
    order_id = client.shop.place_order([SHIRT], now=NOW)
    before = client.shop.order(order_id)
    path = f"/wc/v3/orders/{order_id}/notes"
    client.write("POST", path, {"note": "PO-1 booked"}, at=later(minutes=1))
    shown = client.write("POST", path, {"note": "Shipped", "customer_note": True}, at=later(minutes=2))
    assert client.shop.order(order_id) == before
    assert client.shop.mails[1:] == [("customer_note", order_id, "Shipped")]
    assert client.get(path, per_page=1)[0]["id"] == shown["id"]
    assert len(client.get(path, per_page=1)) > 2
    assert [note["note"] for note in client.get(path, type="customer")] == ["Shipped"]


def test_a_note_is_deleted_only_by_force(client: Client) -> None:
    order_id = client.shop.place_order([SHIRT], now=NOW)
    note = client.write("POST", f"/wc/v3/orders/{order_id}/notes", {"note": ""})
    path = f"/wc/v3/orders/{order_id}/notes/{note['id']}"
    assert error(client.send("DELETE", path)) == (501, "woocommerce_rest_trash_not_supported")
    client.write("DELETE", path, force="true")
    assert error(client.send("GET", path)) == (404, "woocommerce_rest_invalid_id")


# Refunds


def test_a_refund_is_written_down_beside_the_order_which_keeps_its_total(client: Client) -> None:
    order_id = client.shop.place_order([SHIRT], now=NOW)
    line = client.get(f"/wc/v3/orders/{order_id}")["line_items"][0]
    tax = [{"id": 1, "refund_total": 2.30}]
    part = {"id": line["id"], "quantity": 1, "refund_total": 10, "refund_tax": tax}
    body = {"reason": "out", "api_refund": False, "line_items": [part]}
    made = client.write("POST", f"/wc/v3/orders/{order_id}/refunds", body)
    assert (made["amount"], made["line_items"][0]["quantity"], made["line_items"][0]["total"]) == (
        "12.30",
        -1,
        "-10.00",
    )
    assert made["line_items"][0]["meta_data"][0]["value"] == str(line["id"])
    order = client.get(f"/wc/v3/orders/{order_id}")
    assert order["refunds"] == [{"id": made["id"], "reason": "out", "total": "-12.30"}]
    assert (order["total"], order["line_items"][0]["quantity"], order["status"]) == ("24.60", 2, "processing")
    assert client.shop.money_back == []


def test_money_moves_by_default_and_twice_when_asked_twice(client: Client) -> None:
    order_id = client.shop.place_order([SHIRT], now=NOW)
    for _ in range(2):
        client.write("POST", f"/wc/v3/orders/{order_id}/refunds", {"amount": "1.00"})
    assert client.shop.money_back == [(order_id, "1.00")] * 2


@pytest.mark.parametrize(
    ("method", "said"), [("paypal", "exist"), ("cod", "support"), ("fakepay", "declined")]
)
def test_a_gateway_that_says_no_is_a_500_and_leaves_nothing(method: str, said: str) -> None:
    client = Client(a_shop(gateways={"cod": "cannot", "fakepay": "declines"}))
    order_id = client.shop.place_order([SHIRT], now=NOW, payment_method=method)
    response = client.send("POST", f"/wc/v3/orders/{order_id}/refunds", {"amount": "1.00"})
    assert (response.status, json.loads(response.body)["data"]) == (500, 500)
    assert said in response.text
    assert client.get(f"/wc/v3/orders/{order_id}/refunds") == []


def test_more_than_is_left_is_a_500_and_a_number_a_400(client: Client) -> None:
    path = f"/wc/v3/orders/{client.shop.place_order([SHIRT], now=NOW)}/refunds"
    assert client.send("POST", path, {"amount": "24.61"}).status == 500
    assert error(client.send("POST", path, {"amount": 1})) == (400, "rest_invalid_param")
    assert client.write("POST", path, {"api_refund": False})["amount"] == "0.00"


def test_a_full_refund_moves_the_order_and_mails(client: Client) -> None:
    order_id = client.shop.place_order([SHIRT], now=NOW)
    client.write("POST", f"/wc/v3/orders/{order_id}/refunds", {"amount": "24.60"})
    assert client.shop.order(order_id)["status"] == "refunded"
    assert client.shop.mails[-1].kind == "customer_refunded_order"
    assert len(client.get("/wc/v3/refunds")) == 1


def test_moving_to_refunded_writes_the_refund_but_moves_no_money(client: Client) -> None:
    order_id = client.shop.place_order([SHIRT], now=NOW)
    client.write("PUT", f"/wc/v3/orders/{order_id}", {"status": "refunded"})
    assert [row["amount"] for row in client.get(f"/wc/v3/orders/{order_id}/refunds")] == ["24.60"]
    assert client.shop.money_back == []


def test_a_refund_can_be_deleted(client: Client) -> None:
    order_id = client.shop.place_order([SHIRT], now=NOW)
    refund_id = client.shop.refund(order_id, now=NOW, total="2")
    client.write("DELETE", f"/wc/v3/orders/{order_id}/refunds/{refund_id}")
    assert client.shop.order(order_id)["refunds"] == []
    assert client.send("GET", f"/wc/v3/orders/{order_id}/refunds/{refund_id}").status == 404


# Webhooks


def test_a_new_webhook_pings_without_signature() -> None:
    (ping,) = hooked().shop.deliveries
    assert (ping.body, ping.topic, ping.headers["Content-Type"]) == (
        b"webhook_id=1",
        "",
        "application/x-www-form-urlencoded",
    )
    assert "X-WC-Webhook-Signature" not in ping.headers


def test_deliveries_are_signed_over_raw_bytes_with_the_decoded_secret() -> None:
    client = hooked()
    client.shop.place_order([SHIRT], now=NOW, billing={"city": "Łódź"})
    delivery = client.shop.deliveries[-1]
    expected = b64encode(hmac.new(b"s&<1>", delivery.body, hashlib.sha256).digest()).decode()
    assert delivery.headers["X-WC-Webhook-Signature"] == expected
    assert b"\\u0141\\u00f3d" in delivery.body


def test_two_orders_of_one_second_share_a_delivery_id() -> None:
    client = hooked()
    for moment in (NOW, NOW, later(seconds=1)):
        client.shop.place_order([SHIRT], now=moment)
    ids = [one.headers["X-WC-Webhook-Delivery-ID"] for one in client.shop.deliveries[1:]]
    assert ids[0] == ids[1] != ids[2]


def test_our_own_write_comes_back_as_an_echo_once() -> None:
    client = hooked()
    order_id = client.shop.place_order([SHIRT], now=NOW)
    count = len(client.shop.deliveries)
    client.write(
        "PUT", f"/wc/v3/orders/{order_id}", {"status": "completed", "meta_data": [{"key": "a", "value": 1}]}
    )
    (echo,) = client.shop.deliveries[count:]
    assert json.loads(echo.body)["status"] == "completed"


def test_notes_fire_nothing_and_trash_sends_only_the_id() -> None:
    client = hooked("order.deleted")
    order_id = client.shop.place_order([SHIRT], now=NOW)
    client.write("POST", f"/wc/v3/orders/{order_id}/notes", {"note": "x", "customer_note": True})
    assert len(client.shop.deliveries) == 1
    client.write("DELETE", f"/wc/v3/orders/{order_id}")
    assert client.shop.deliveries[-1].body == f'{{"id":{order_id}}}'.encode()


def test_an_action_carries_only_the_id() -> None:
    client = hooked("action.woocommerce_order_status_changed")
    order_id = client.shop.place_order([SHIRT], now=NOW)
    assert json.loads(client.shop.deliveries[-1].body) == {
        "action": "woocommerce_order_status_changed",
        "arg": order_id,
    }


def test_seven_failures_in_a_row_switch_a_webhook_off_until_switched_on() -> None:
    client = hooked()
    order_id = client.shop.place_order([SHIRT], now=NOW)

    def deliver(status: int) -> None:
        client.shop.change(order_id, NOW, customer_note="x")
        client.shop.webhooks.answered(client.shop.deliveries[-1], status)

    for status in (500, 302, *[500] * 6):
        deliver(status)
    assert client.get("/wc/v3/webhooks/1")["status"] == "active"
    deliver(404)
    assert client.get("/wc/v3/webhooks/1")["status"] == "disabled"
    count = len(client.shop.deliveries)
    client.shop.change(order_id, NOW)
    assert len(client.shop.deliveries) == count
    client.write("PUT", "/wc/v3/webhooks/1", {"status": "active"})
    client.shop.change(order_id, NOW)
    assert len(client.shop.deliveries) == count + 1


def test_a_webhook_without_a_real_topic_or_address_is_refused(client: Client) -> None:
    for hook in ({"topic": "order.shipped", "delivery_url": "https://b.test"}, {"topic": "order.updated"}):
        assert client.send("POST", "/wc/v3/webhooks", hook).status == 400
