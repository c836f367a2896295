"""The WooCommerce sandbox against what a real shop said: same fields, same types, same bytes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orderbridge.sandbox.woocommerce import Delivery
from orderbridge.sandbox.woocommerce.webhooks import signature
from woocommerce_client import NOW, SHIRT, Client, a_shop, hooked, parcel


@pytest.fixture
def client() -> Client:
    return Client(a_shop())


RECORDED = Path(__file__).parents[1].parent / "shared/payloads/woocommerce"
LIVE = RECORDED / "live"
recorded = pytest.mark.skipif(not LIVE.is_dir(), reason="no recorded traffic here")


def read(path: Path) -> Any:
    """A recorded body; some are followed by the status, some wrapped by the app that recorded them."""
    content = json.JSONDecoder().raw_decode(path.read_text().strip())[0]
    return content["data"] if isinstance(content, dict) and content.keys() == {"data"} else content


def shape(value: Any, at: str = "") -> set[tuple[str, str]]:
    """Every path in a JSON value with its type; a list is the union of its members. Links are compared
    only by relation, and values of meta (any JSON) not at all."""
    if isinstance(value, dict):
        skip = {"value", "display_value"} if {"key", "value"} <= value.keys() else set[str]()
        found = {(at, "object")}
        for key, inner in value.items():
            found |= {(f"{at}.{key}", "any")} if key in skip else shape(inner, f"{at}.{key}")
        return found
    if isinstance(value, list):
        return {(at, "list")}.union(*(shape(inner, f"{at}[]") for inner in value))
    name = {bool: "bool", int: "number", float: "number", str: "text", type(None): "null"}[type(value)]
    return {(at, name)}


def orders_recorded() -> list[Path]:
    if not LIVE.is_dir():
        return []
    found = sorted([*LIVE.glob("order_*.json"), *RECORDED.glob("*order*.json")])
    return [path for path in found if _is_order(path)]


def _is_order(path: Path) -> bool:
    try:
        content = read(path)
    except ValueError:
        return False
    return isinstance(content, dict) and "line_items" in content and "billing" in content


@recorded
@pytest.mark.parametrize("path", orders_recorded(), ids=lambda path: path.stem)
def test_a_recorded_order_is_served_as_it_was(path: Path, client: Client) -> None:
    known = read(path)
    client.shop.load(json.loads(json.dumps(known)))
    served = client.get(f"/wc/v3/orders/{known['id']}")
    links, known_links = served.pop("_links"), known.pop("_links", None)
    assert served == known
    if path.parent == LIVE:
        assert shape(links) == shape(known_links)
        assert {row["id"] for row in client.get("/wc/v3/orders", per_page=100)} == {known["id"]}


@recorded
def test_a_placed_order_has_the_shape_of_a_recorded_one(client: Client) -> None:
    known = shape(read(LIVE / "order_18_processing_coupon_fee.json"))
    placed = shape(client.get(f"/wc/v3/orders/{client.shop.place_order([SHIRT], now=NOW)}"))
    known = {
        one for one in known if not one[0].startswith((".coupon_lines[", ".fee_lines[", ".shipping_lines["))
    }
    # The recorded one was completed by hand before, has order meta and a variation.
    known -= {(".image.id", "number")}
    assert {path for path, _ in placed} - {path for path, _ in known} == set()
    assert {one for one in placed if one[1] != "null"} - known == set()


@recorded
def test_the_list_is_shaped_like_one_order(client: Client) -> None:
    client.shop.load(read(LIVE / "order_18_partially_refunded.json"))
    (row,) = client.get("/wc/v3/orders")
    assert shape(row) == shape(read(LIVE / "order_18_partially_refunded.json"))


def loaded(name: str, **settings: Any) -> tuple[Client, int, Any]:
    client, order = Client(a_shop(**settings)), read(LIVE / name)
    client.shop.load(order)
    return client, order["id"], order


def replay(client: Client, method: str, path: str, body: Any, name: str, status: int) -> None:
    response = client.send(method, path, body, at=datetime(2026, 11, 22, 4, 0, tzinfo=UTC))
    assert response.status == status, response.text
    assert shape(json.loads(response.body)) == shape(read(LIVE / name))


@recorded
@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"note": "Supplier <b>booked</b> PO-1 & ok"}, "note_private.json"),
        (
            {"note": "Shipped with DPD 123", "customer_note": True, "added_by_user": True},
            "note_customer.json",
        ),
    ],
)
def test_notes_as_recorded(body: Any, name: str) -> None:
    client, order_id, _ = loaded("order_18_processing_coupon_fee.json")
    replay(client, "POST", f"/wc/v3/orders/{order_id}/notes", body, name, 201)
    assert client.get(f"/wc/v3/orders/{order_id}/notes")[0]["author"] == read(LIVE / name)["author"]
    replay(client, "GET", f"/wc/v3/orders/{order_id}/notes", None, "notes_list.json", 200)


@recorded
def test_refunds_as_recorded() -> None:
    client, order_id, order = loaded("order_18_processing_coupon_fee.json")
    path = f"/wc/v3/orders/{order_id}/refunds"
    part = {"id": order["line_items"][0]["id"], "quantity": 1, "refund_total": 16.26}
    part["refund_tax"] = [{"id": 1, "refund_total": 3.74}]
    body = {"amount": "20.00", "reason": "supplier out of stock", "api_refund": False, "line_items": [part]}
    replay(client, "POST", path, body, "refund_partial_lines.json", 201)
    replay(client, "POST", path, {"amount": "1.00", "reason": "ok"}, "refund_api_ok.json", 201)
    replay(client, "GET", path, None, "refunds_list.json", 200)
    rest = {"amount": "349.82", "reason": "all", "api_refund": False}
    replay(client, "POST", path, rest, "refund_full.json", 201)


@recorded
def test_all_refunds_and_a_declined_one_as_recorded() -> None:
    client, order_id, _ = loaded("order_18_processing_coupon_fee.json", gateways={"stripe": "declines"})
    path = f"/wc/v3/orders/{order_id}/refunds"
    replay(client, "POST", path, {"amount": "1.00"}, "refund_api_declined_500.json", 500)
    client.shop.refund(order_id, now=NOW, total="1")
    replay(client, "GET", "/wc/v3/refunds", None, "refunds_global.json", 200)


@recorded
def test_recorded_refunds_are_served_for_a_recorded_order() -> None:
    client, order_id, _ = loaded("order_18_partially_refunded.json")
    known = read(LIVE / "refunds_list.json")
    client.shop.load_refunds(order_id, known)
    served = {row["id"]: row for row in client.get(f"/wc/v3/orders/{order_id}/refunds")}
    assert served.keys() == {row["id"] for row in known}
    assert all(served[row["id"]]["line_items"] == row["line_items"] for row in known)


@recorded
@pytest.mark.parametrize("name", ["fulfillment_create_201.json", "fulfillment_create_draft_201.json"])
def test_fulfillments_as_recorded(name: str) -> None:
    client, order_id, order = loaded("order_18_processing_coupon_fee.json", fulfillments=True)
    line = order["line_items"][0]["id"]
    body = parcel([(line, 1)])
    if "draft" in name:
        body = {"status": "unfulfilled", "is_fulfilled": False, "meta_data": body["meta_data"][:1]}
    replay(client, "POST", f"/wc/v3/orders/{order_id}/fulfillments", body, name, 201)
    meta = {entry["key"] for entry in client.get(f"/wc/v3/orders/{order_id}")["meta_data"]}
    assert "_fulfillment_status" in meta
    one = f"/wc/v3/orders/{order_id}/fulfillments/1"
    replay(client, "PUT", one, {"status": "fulfilled", "meta_data": []}, "fulfillment_update.json", 400)


@recorded
def test_trackings_as_recorded() -> None:
    client, order_id, order = loaded("order_20_with_ast_tracking.json", tracking_plugin="ast")
    path = f"/wc-shipment-tracking/v3/orders/{order_id}/shipment-trackings"
    listed = client.get(path)
    known = read(LIVE / "shipment_tracking_list.json")
    assert shape(listed) == shape(known)
    assert [row["tracking_number"] for row in listed] == [row["tracking_number"] for row in known]
    assert listed[3] == {**known[3], "_links": listed[3]["_links"]}
    body = {"tracking_number": "PL777", "tracking_provider": "DPD Poland", "date_shipped": "2026-11-22"}
    replay(client, "POST", path, body, "shipment_tracking_create_known_provider.json", 201)
    body["tracking_provider"] = "Nope"
    replay(client, "POST", path, body, "shipment_tracking_create.json", 201)
    stored = client.shop.order(order_id)["meta_data"]
    assert shape(stored) == shape(order["meta_data"])


@recorded
def test_a_mixed_batch_as_recorded() -> None:
    client, order_id, _ = loaded("order_18_partially_refunded.json")
    product = client.shop.catalog.add(sku="SUP-B-001", name="T-Shirt basic", price="64.96")
    batch = {
        "create": [
            {"set_paid": True, "line_items": [{"product_id": product, "quantity": 1}]},
            {"status": "pending"},
        ],
        "update": [{"id": order_id, "status": "on-hold"}, {"id": 777777, "status": "on-hold"}],
        "delete": [888888],
    }
    answer = client.write("POST", "/wc/v3/orders/batch", batch)
    known = read(LIVE / "batch_mixed.json")
    for verb in ("update", "delete"):
        assert shape(answer[verb]) == shape(known[verb])
    assert answer["update"][1] == known["update"][1]
    assert answer["delete"] == known["delete"]
    assert answer["create"][0].keys() == known["create"][0].keys()
    statuses = [order["status"] for order in answer["create"]]
    assert statuses == [order["status"] for order in known["create"]]


@recorded
def test_statuses_products_and_carriers_as_recorded() -> None:
    client = Client(a_shop(tracking_plugin="ast"))
    assert client.get("/wc/v3/orders/statuses") == read(LIVE / "orders_statuses.json")
    for name in ("product_10.json", "variation_via_products_14.json"):
        known = read(LIVE / name)
        client.shop.catalog.load(known)
        served = client.get(f"/wc/v3/products/{known['id']}")
        assert shape(served) == shape(known)
        made = client.get(f"/wc/v3/products/{client.shop.catalog.add(sku='X', parent_id=known['parent_id'])}")
        assert made.keys() == known.keys()
    carriers = client.get("/wc-ast/v3/orders/1/shipment-trackings/providers")
    assert shape(read(LIVE / "ast_providers.json")) <= shape(carriers)


@recorded
def test_system_status_is_a_part_of_the_recorded_one(client: Client) -> None:
    known = {path for path, _ in shape(read(LIVE / "system_status.json"))}
    assert {path for path, _ in shape(client.get("/wc/v3/system_status"))} <= known


@recorded
def test_webhooks_are_created_as_recorded(client: Client) -> None:
    for line in (LIVE / "webhook_create_responses.txt").read_text().splitlines():
        known = json.JSONDecoder().raw_decode(line)[0]
        body = {key: known[key] for key in ("name", "topic", "delivery_url")}
        made = client.write("POST", "/wc/v3/webhooks", body, at=datetime(2026, 11, 22, 3, 51, 28, tzinfo=UTC))
        del made["_links"]
        for own in ("id", "date_created", "date_created_gmt"):
            del made[own], known[own]
        assert made == known


@recorded
def test_recorded_deliveries_verify_and_ours_have_their_headers() -> None:
    client = hooked()
    client.shop.place_order([SHIRT], now=NOW)
    ping, *_, ours = client.shop.deliveries
    checked = 0
    for path in sorted(LIVE.glob("webhook_[0-9]*.json")):
        known = json.loads(path.read_text())
        names = {name for name in known["headers"] if name.startswith("X-WC-")}
        if not known["sig_ok"]:
            assert names == {name for name in ping.headers if name.startswith("X-WC-")}
            continue
        assert names == {name for name in ours.headers if name.startswith("X-WC-")}
        assert signature("whsec&<1>", known["raw"].encode()) == known["headers"]["X-WC-Webhook-Signature"]
        checked += 1
    assert checked > 20


@recorded
def test_a_delivery_has_the_very_bytes_php_writes() -> None:
    known = json.loads((LIVE / "webhook_08_order_updated.json").read_text())
    order = json.loads(known["raw"])
    client = Client(a_shop(home=known["headers"]["X-WC-Webhook-Source"].rstrip("/")))
    client.write("POST", "/wc/v3/webhooks", {"topic": "order.updated", "delivery_url": "https://b.test/"})
    client.shop.load(order)
    client.shop.change(order["id"], datetime.fromisoformat(order["date_modified_gmt"] + "+00:00"))
    delivery: Delivery = client.shop.deliveries[-1]
    assert delivery.body == known["raw"].encode()
