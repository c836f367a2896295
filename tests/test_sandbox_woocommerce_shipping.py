"""Both ways of showing shipments in the WooCommerce sandbox, with their traps."""

from __future__ import annotations

import json

import pytest

from woocommerce_client import MUG, NOW, SHIRT, Client, a_shop, later, parcel

# Fulfillments


def fulfillment_status(client: Client, order_id: int) -> str | None:
    meta = client.get(f"/wc/v3/orders/{order_id}")["meta_data"]
    return next((entry["value"] for entry in meta if entry["key"] == "_fulfillment_status"), None)


@pytest.fixture
def shipping() -> Client:
    return Client(a_shop(fulfillments=True))


def test_fulfillments_add_up_on_the_order(shipping: Client) -> None:
    order_id = shipping.shop.place_order([SHIRT, MUG], now=NOW)
    path = f"/wc/v3/orders/{order_id}"
    first, second = (line["id"] for line in shipping.get(path)["line_items"])
    shipping.write("POST", f"{path}/fulfillments", parcel([(first, 1)]), at=later(minutes=1))
    order = shipping.get(path)
    assert fulfillment_status(shipping, order_id) == "partially_fulfilled"
    assert (order["status"], order["date_modified_gmt"]) == ("processing", "2026-03-01T12:01:00")
    shipping.write("POST", f"{path}/fulfillments", parcel([(first, 1), (second, 1)], "TN2"))
    assert fulfillment_status(shipping, order_id) == "fulfilled"
    shown = shipping.shop.shipments(order_id)
    assert [(one.way, one.items, one.numbers, one.carrier) for one in shown] == [
        ("fulfillment", {first: 1}, ("TN1",), "dpd"),
        ("fulfillment", {first: 1, second: 1}, ("TN2",), "dpd"),
    ]


def test_meta_without_an_id_is_dropped(shipping: Client) -> None:
    order_id = shipping.shop.place_order([SHIRT], now=NOW)
    body = parcel([(1, 1)])
    for entry in body["meta_data"]:
        del entry["id"]
    response = shipping.send("POST", f"/wc/v3/orders/{order_id}/fulfillments", body)
    assert (response.status, json.loads(response.body)["code"]) == (400, 0)
    assert shipping.shop.shipments(order_id) == []


def test_nothing_is_checked_but_the_type_of_quantities(shipping: Client) -> None:
    order_id = shipping.shop.place_order([SHIRT], now=NOW)
    path = f"/wc/v3/orders/{order_id}/fulfillments"
    for _ in range(2):
        shipping.write("POST", path, parcel([(4711, 99)]))
    assert len(shipping.shop.shipments(order_id)) == 2
    assert json.loads(shipping.send("POST", path, parcel([(1, "1")])).body)["message"] == "Invalid item."


def test_an_update_replaces_all_meta_and_a_deleted_one_is_gone(shipping: Client) -> None:
    order_id = shipping.shop.place_order([SHIRT], now=NOW)
    path = f"/wc/v3/orders/{order_id}/fulfillments"
    made = shipping.write("POST", path, parcel([(1, 1)]))["fulfillment"]
    one = f"{path}/{made['id']}"
    number = {"meta_data": [{"id": 0, "key": "_tracking_number", "value": "TN9"}]}
    assert shipping.send("PUT", one, number).status == 400
    number["meta_data"].append({"id": 0, "key": "_items", "value": [{"item_id": 1, "qty": 1}]})
    assert len(shipping.write("PUT", one, number)["fulfillment"]["meta_data"]) == 3  # and the date
    assert shipping.shop.shipments(order_id)[0].numbers == ("TN9",)
    assert shipping.write("DELETE", one) == {"message": "Fulfillment deleted successfully."}
    gone = shipping.send("GET", one)
    assert json.loads(gone.body) == {
        "code": 404,
        "message": "Fulfillment not found.",
        "data": {"status": 400},
    }
    assert gone.status == 400
    assert fulfillment_status(shipping, order_id) is None
    assert shipping.shop.shipments(order_id) == []


def test_a_fulfillment_of_a_missing_order_has_a_status_in_text(shipping: Client) -> None:
    response = shipping.send("POST", "/wc/v3/orders/5/fulfillments", parcel([(1, 1)]))
    assert (response.status, json.loads(response.body)["data"]) == (404, {"status": "404"})


def test_drafts_and_unknown_statuses_are_not_shown_and_mail_nobody(shipping: Client) -> None:
    order_id = shipping.shop.place_order([SHIRT], now=NOW)
    body = parcel([(1, 1)], status="on its way", is_fulfilled=False, notify_customer=True)
    made = shipping.write("POST", f"/wc/v3/orders/{order_id}/fulfillments", body)["fulfillment"]
    assert (made["status"], shipping.shop.shipments(order_id)) == ("unfulfilled", [])
    assert len(shipping.shop.mails) == 1


def test_the_shopper_is_mailed_when_told_so(shipping: Client) -> None:
    order_id = shipping.shop.place_order([SHIRT], now=NOW)
    path = f"/wc/v3/orders/{order_id}/fulfillments"
    made = shipping.write("POST", path, parcel([(1, 1)], notify_customer=True))["fulfillment"]
    shipping.write("PUT", f"{path}/{made['id']}", parcel([(1, 1)], "TN2", notify_customer=True))
    shipping.write("PUT", f"{path}/{made['id']}", parcel([(1, 1)], "TN3"))
    assert shipping.shop.mails[1:] == [
        ("customer_fulfillment_created", order_id, "TN1"),
        ("customer_fulfillment_updated", order_id, "TN2"),
    ]


def test_a_fulfillment_whose_mail_crashes_is_saved_and_answered_with_a_400(shipping: Client) -> None:
    shipping.shop.mail_crash = "SMTP connect() failed."
    order_id = shipping.shop.place_order([SHIRT], now=NOW)
    body = parcel([(1, 1)], notify_customer=True)
    response = shipping.send("POST", f"/wc/v3/orders/{order_id}/fulfillments", body)
    assert (response.status, json.loads(response.body)) == (
        400,
        {"code": 0, "message": "SMTP connect() failed.", "data": {"status": 400}},
    )
    assert len(shipping.shop.shipments(order_id)) == 1


def test_the_shop_fulfills_downloads_by_itself_and_only_those(shipping: Client) -> None:
    order_id = shipping.shop.place_order([SHIRT, {"sku": "EBOOK", "virtual": True}], now=NOW)
    ebook = shipping.get(f"/wc/v3/orders/{order_id}")["line_items"][1]["id"]
    shipping.shop.put_status(order_id, "completed", NOW)
    assert [one.items for one in shipping.shop.shipments(order_id)] == [{ebook: 1}]
    assert fulfillment_status(shipping, order_id) == "partially_fulfilled"


def test_a_draft_that_becomes_fulfilled_is_announced_as_new(shipping: Client) -> None:
    order_id = shipping.shop.place_order([SHIRT], now=NOW)
    path = f"/wc/v3/orders/{order_id}/fulfillments"
    draft = shipping.write("POST", path, parcel([(1, 1)], status="unfulfilled", is_fulfilled=False))
    shipping.write("PUT", f"{path}/{draft['fulfillment']['id']}", parcel([(1, 1)], notify_customer=True))
    assert shipping.shop.mails[1:] == [("customer_fulfillment_created", order_id, "TN1")]


@pytest.mark.parametrize("bare", [True, False])
def test_both_answer_shapes(bare: bool) -> None:
    client = Client(a_shop(fulfillments=True, bare_fulfillment_answers=bare))
    path = f"/wc/v3/orders/{client.shop.place_order([SHIRT], now=NOW)}/fulfillments"
    made = client.write("POST", path, parcel([(1, 1)]))
    assert (made if bare else made["fulfillment"])["entity_type"] == "WC_Order"
    listed = client.get(path)
    assert len(listed if bare else listed["fulfillments"]) == 1


def test_a_number_can_be_looked_up(shipping: Client) -> None:
    path = f"/wc/v3/orders/{shipping.shop.place_order([SHIRT], now=NOW)}/fulfillments/lookup"
    assert shipping.get(path, tracking_number="???") == []
    details = shipping.get(path, tracking_number="1Z" + "9" * 16)["tracking_number_details"]
    assert details["shipping_provider"] == "ups"


# Tracking plug-ins


@pytest.fixture(params=["official", "ast"])
def tracking(request: pytest.FixtureRequest) -> Client:
    return Client(a_shop(tracking_plugin=request.param))


def test_the_same_number_twice_is_two_entries(tracking: Client) -> None:
    order_id = tracking.shop.place_order([SHIRT], now=NOW)
    path = f"/wc-shipment-tracking/v3/orders/{order_id}/shipment-trackings"
    body = {"tracking_number": "PL1", "tracking_provider": "DPD Poland", "date_shipped": "2026-03-01"}
    made = tracking.write("POST", path, body, at=later(minutes=1))
    assert made["tracking_link"] == "https://tracktrace.dpd.com.pl/parcelDetails?p1=PL1"
    assert made["date_shipped"] == "2026-03-01"
    tracking.write("POST", path, body)
    assert [one.numbers for one in tracking.shop.shipments(order_id)] == [("PL1",), ("PL1",)]
    tracking.write("DELETE", f"{path}/{made['tracking_id']}")
    assert len(tracking.get(path)) == 1
    assert tracking.send("GET", f"{path}/{made['tracking_id']}").status == 404
    assert tracking.send("POST", path, {}).status == 400


def test_an_unknown_carrier_is_stored_but_shown_without_a_name(tracking: Client) -> None:
    order_id = tracking.shop.place_order([SHIRT], now=NOW)
    path = f"/wc-shipment-tracking/v3/orders/{order_id}/shipment-trackings"
    made = tracking.write("POST", path, {"tracking_number": "N1", "tracking_provider": "Nope Express"})
    assert (made["tracking_provider"], made["tracking_link"]) == ("", "")
    assert "Nope Express" in json.dumps(tracking.shop.order(order_id)["meta_data"])


def test_the_completed_mail_prints_only_numbers_that_are_there_already(tracking: Client) -> None:
    early, late = (tracking.shop.place_order([SHIRT], now=NOW) for _ in range(2))
    for order_id, steps in ((early, (0, 1)), (late, (1, 0))):
        for step in steps:
            if step == 0:
                path = f"/wc-shipment-tracking/v3/orders/{order_id}/shipment-trackings"
                tracking.write("POST", path, {"tracking_number": f"T{order_id}"})
            else:
                tracking.write("PUT", f"/wc/v3/orders/{order_id}", {"status": "completed"})
    completed = [mail for mail in tracking.shop.mails if mail.kind == "customer_completed_order"]
    assert [mail.detail for mail in completed] == [f"T{early}", ""]


def test_tracking_meta_written_by_hand_is_shown_only_with_the_plugin(tracking: Client) -> None:
    for client, count in ((tracking, 1), (Client(a_shop()), 0)):
        order_id = client.shop.place_order([SHIRT], now=NOW)
        item = {
            "tracking_provider": "UPS",
            "tracking_number": "U1",
            "date_shipped": 1795000000,
            "tracking_id": "a",
        }
        meta = {"meta_data": [{"key": "_wc_shipment_tracking_items", "value": [item]}]}
        client.write("PUT", f"/wc/v3/orders/{order_id}", {**meta, "status": "completed"})
        assert len(client.shop.shipments(order_id)) == count
        assert client.shop.mails[-1].detail == ("U1" if count else "")


def test_carriers_stand_in_different_places_and_forms() -> None:
    official, ast = Client(a_shop(tracking_plugin="official")), Client(a_shop(tracking_plugin="ast"))
    for_all = "/wc-shipment-tracking/v3/shipment-trackings/providers"
    of_order = "/wc-shipment-tracking/v3/orders/1/shipment-trackings/providers"
    assert "%1$s" in official.get(for_all)["Global"]["UPS"]
    assert ast.send("GET", for_all).status == 404
    assert "%number%" in ast.get(of_order)["Global"]["UPS"]
    assert Client(a_shop(tracking_plugin="ast", providers={})).get(of_order) == []


def test_ast_serves_its_own_address_completes_and_replaces() -> None:
    client = Client(a_shop(tracking_plugin="ast"))
    order_id = client.shop.place_order([SHIRT], now=NOW)
    path = f"/wc-ast/v3/orders/{order_id}/shipment-trackings"
    client.write("POST", path, {"tracking_number": "A1"})
    client.write("POST", path, {"tracking_number": "A2", "replace_tracking": 1, "status_shipped": 1})
    assert [item["tracking_number"] for item in client.get(path)] == ["A2"]
    assert client.shop.order(order_id)["status"] == "completed"
    assert client.shop.mails[-1] == ("customer_completed_order", order_id, "A2")
