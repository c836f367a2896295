"""The WooCommerce sandbox lets in, lists and refuses as the recorded shop did."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import attrs
import pytest

from orderbridge._http import Call, Headers
from orderbridge.sandbox.faults import Fault, Line, NoAnswer
from orderbridge.sandbox.woocommerce import WooCommerceShop
from woocommerce_client import KEY, MUG, NOW, SECRET, SHIRT, Client, a_shop, error, hooked, later


@pytest.fixture
def shop() -> WooCommerceShop:
    return a_shop()


@pytest.fixture
def client(shop: WooCommerceShop) -> Client:
    return Client(shop)


# Getting in


def test_nobody_is_told_that_they_cannot_list(shop: WooCommerceShop) -> None:
    response = shop.handle(Call("GET", "https://shop.test/wp-json/wc/v3/orders"), NOW)
    assert error(response) == (401, "woocommerce_rest_cannot_view")


def test_an_unknown_key_reads_like_no_key_but_a_wrong_secret_is_named(shop: WooCommerceShop) -> None:
    assert error(Client(shop, key="ck_x").send("GET", "/wc/v3/orders")) == (
        401,
        "woocommerce_rest_cannot_view",
    )
    response = Client(shop, secret="cs_x").send("GET", "/wc/v3/orders")
    assert error(response) == (401, "woocommerce_rest_authentication_error")
    assert json.loads(response.body)["message"] == "Consumer secret is invalid."


def test_keys_over_plain_http_are_silently_ignored(shop: WooCommerceShop) -> None:
    plain = Client(shop, root="http://shop.test/wp-json")
    assert error(plain.send("GET", "/wc/v3/orders")) == (401, "woocommerce_rest_cannot_view")


def test_a_proxy_that_hides_tls_makes_keys_useless() -> None:
    assert Client(a_shop(https=False)).send("GET", "/wc/v3/orders").status == 401


def test_a_loopback_shop_may_trust_http() -> None:
    shop = a_shop(trusts_http=True)
    assert Client(shop, root="http://127.0.0.1:8080/shop/wp-json").get("/wc/v3/orders") == []


def test_where_the_header_is_stripped_the_query_still_works() -> None:
    shop = a_shop(strips_authorization=True)
    client = Client(shop)
    assert client.send("GET", "/wc/v3/orders").status == 401
    assert client.send("GET", "/wc/v3/orders", consumer_key=KEY, consumer_secret=SECRET).status == 200


def test_a_reading_key_that_writes_gets_a_401() -> None:
    shop = a_shop(permission="read")
    order_id = shop.place_order([SHIRT], now=NOW)
    before = shop.order(order_id)
    response = Client(shop).send("PUT", f"/wc/v3/orders/{order_id}", {"status": "completed"})
    assert error(response) == (401, "woocommerce_rest_authentication_error")
    assert shop.order(order_id) == before
    assert shop.effects == []


def test_a_user_without_the_capability_gets_a_403() -> None:
    assert error(Client(a_shop(may_manage=False)).send("GET", "/wc/v3/orders")) == (
        403,
        "woocommerce_rest_cannot_view",
    )


def test_plain_permalinks_have_no_rest_path_and_ignore_keys() -> None:
    client = Client(a_shop(plain_permalinks=True))
    response = client.send("GET", "/wc/v3/orders")
    assert (response.status, response.media_type) == (404, "text/html")
    client.root = "https://shop.test/"
    assert client.send("GET", "", rest_route="/wc/v3/orders").status == 401
    call = client.call("GET", "", rest_route="/wc/v3/orders")
    assert client.shop.handle(attrs.evolve(call, url=f"{call.url}&x=wp-json/wc/"), NOW).status == 200


def test_a_shop_may_live_under_a_sub_path(shop: WooCommerceShop) -> None:
    order_id = shop.place_order([SHIRT], now=NOW)
    deep = Client(shop, root="https://host.test/de/shop/wp-json")
    order = deep.get(f"/wc/v3/orders/{order_id}/")
    assert order["_links"]["self"][0]["href"] == f"https://host.test/de/shop/wp-json/wc/v3/orders/{order_id}"


def oauth(
    call: Call, *, at: datetime, nonce: str, method: str = "HMAC-SHA256", in_query: bool = False
) -> Call:
    base, _, query = call.url.partition("?")
    given = {
        "oauth_consumer_key": KEY,
        "oauth_nonce": nonce,
        "oauth_signature_method": method,
        "oauth_timestamp": str(int(at.timestamp())),
    }
    pairs = sorted((quote(k, safe=""), quote(v, safe="")) for k, v in [*parse_qsl(query), *given.items()])
    text = "&".join(
        (call.method, quote(base, safe=""), quote("&".join(f"{k}={v}" for k, v in pairs), safe=""))
    )
    digest = {"HMAC-SHA256": hashlib.sha256, "HMAC-SHA1": hashlib.sha1}[method]
    given["oauth_signature"] = b64encode(
        hmac.new(f"{SECRET}&".encode(), text.encode(), digest).digest()
    ).decode()
    if in_query:
        return attrs.evolve(
            call, url=f"{base}?{query}{'&' if query else ''}{urlencode(given)}", headers=Headers()
        )
    header = "OAuth " + ", ".join(f'{k}="{quote(v, safe="")}"' for k, v in given.items())
    return attrs.evolve(call, headers=Headers({**call.headers, "Authorization": header}))


@pytest.mark.parametrize("method", ["HMAC-SHA256", "HMAC-SHA1"])
@pytest.mark.parametrize("in_query", [True, False])
def test_a_signature_opens_plain_http(shop: WooCommerceShop, method: str, in_query: bool) -> None:
    client = Client(shop, root="http://shop.test/sub/wp-json")
    call = client.call("GET", "/wc/v3/orders", **{"status[0]": "processing", "search": "Zażółć & co"})
    assert shop.handle(oauth(call, at=NOW, nonce="n", method=method, in_query=in_query), NOW).status == 200


def test_a_signed_call_sent_twice_is_refused(shop: WooCommerceShop) -> None:
    call = oauth(
        Client(shop, root="http://shop.test/wp-json").call("GET", "/wc/v3/orders"), at=NOW, nonce="once"
    )
    assert shop.handle(call, NOW).status == 200
    assert "nonce has already been used" in shop.handle(call, NOW).text


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_signature_ages(shop: WooCommerceShop, minutes: int) -> None:
    call = Client(shop, root="http://shop.test/wp-json").call("GET", "/wc/v3/orders")
    response = shop.handle(oauth(call, at=later(minutes=minutes), nonce="n"), NOW)
    assert (response.status, "Invalid timestamp." in response.text) == (401, True)


def test_a_signature_for_another_scheme_or_url_does_not_match() -> None:
    for shop in (a_shop(https=False), a_shop(home="https://www.shop.test")):
        call = oauth(Client(shop).call("GET", "/wc/v3/orders"), at=NOW, nonce="n")
        assert "Invalid signature" in shop.handle(call, NOW).text


def test_php_numbers_empty_brackets_so_a_client_that_signs_them_raw_fails(shop: WooCommerceShop) -> None:
    call = Client(shop, root="http://shop.test/wp-json").call("GET", "/wc/v3/orders", **{"status[]": "any"})
    assert "Invalid signature" in shop.handle(oauth(call, at=NOW, nonce="n"), NOW).text


# The site


def test_the_root_needs_no_key_and_names_plugins_and_zone() -> None:
    root = Client(a_shop(tracking_plugin="ast"), key="none").get("/")
    assert (root["timezone_string"], root["gmt_offset"], root["home"]) == (
        "Europe/Warsaw",
        1,
        "https://shop.test",
    )
    assert {"wc/v3", "wc-shipment-tracking/v3", "wc-ast/v3"} <= set(root["namespaces"])
    assert "wc-shipment-tracking/v3" not in Client(a_shop()).get("/")["namespaces"]


def test_the_routes_tell_whether_fulfillments_are_on() -> None:
    for on in (True, False):
        routes = Client(a_shop(fulfillments=on)).get("/wc/v3")["routes"]
        assert any("fulfillments" in route for route in routes) is on


def test_system_status_needs_a_key_and_names_version_and_features() -> None:
    status = Client(a_shop(fulfillments=True)).get("/wc/v3/system_status")
    assert status["environment"]["version"] == "10.2.4"
    assert "fulfillments" in status["settings"]["enabled_features"]


def test_an_answer_carries_the_shop_s_date_and_head_has_no_body(client: Client) -> None:
    client.shop.place_order([SHIRT], now=NOW)
    response = client.send("HEAD", "/wc/v3/orders")
    assert response.headers["Date"] == "Sun, 01 Mar 2026 12:00:00 GMT"
    assert (response.headers["X-WP-Total"], response.body) == ("1", b"")


def test_an_unknown_route_is_a_rest_error(client: Client) -> None:
    assert error(client.send("GET", "/wc/v3/nothing")) == (404, "rest_no_route")
    assert error(client.send("GET", "/wc/v3/orders/1/fulfillments")) == (404, "rest_no_route")
    assert error(client.send("POST", "/wc-shipment-tracking/v3/orders/1/shipment-trackings", {})) == (
        404,
        "rest_no_route",
    )


def test_a_broken_body_changes_nothing(client: Client) -> None:
    order_id = client.shop.place_order([SHIRT], now=NOW)
    call = attrs.evolve(client.call("PUT", f"/wc/v3/orders/{order_id}", {}), body=b'{"status":')
    assert error(client.shop.handle(call, NOW)) == (400, "rest_invalid_json")
    assert client.shop.effects == []


def test_a_put_hidden_in_a_post_is_a_put(client: Client) -> None:
    hook = client.write(
        "POST", "/wc/v3/webhooks", {"topic": "order.updated", "delivery_url": "https://b.test/"}
    )
    call = client.call("POST", f"/wc/v3/webhooks/{hook['id']}")
    hidden = attrs.evolve(call, headers=Headers({**call.headers, "X-HTTP-Method-Override": "DELETE"}))
    assert client.shop.handle(hidden, NOW).status == 501
    assert client.send("POST", f"/wc/v3/webhooks/{hook['id']}", _method="DELETE", force="true").status == 200
    assert client.get("/wc/v3/webhooks") == []


# Lists


def test_unknown_parameters_do_nothing_at_all(client: Client) -> None:
    ids = {client.shop.place_order([SHIRT], now=NOW) for _ in range(3)}
    assert set(client.ids(number="nope", meta_key="x", transaction_id="y")) == ids


def test_pages_hold_ten_and_a_page_past_the_end_is_empty(client: Client) -> None:
    for _ in range(11):
        client.shop.place_order([SHIRT], now=NOW)
    first = client.send("GET", "/wc/v3/orders")
    assert (len(json.loads(first.body)), first.headers["X-WP-TotalPages"]) == (10, "2")
    assert 'rel="next"' in first.headers["Link"]
    assert client.ids(page=3) == []


@pytest.mark.parametrize(
    "query",
    [
        {"per_page": 0},
        {"per_page": 101},
        {"page": 0},
        {"page": "x"},
        {"status": "wc-processing"},
        {"status": "processing,supplier-booked"},
        {"orderby": "total"},
        {"order": "down"},
        {"after": "2026-11-22"},
        {"modified_after": "1767225600"},
        {"modified_after": "2026-02-30T00:00:00"},
        {"dates_are_gmt": "perhaps"},
    ],
)
def test_bad_parameters_are_named(client: Client, query: dict[str, Any]) -> None:
    client.shop.place_order([SHIRT], now=NOW)
    response = client.send("GET", "/wc/v3/orders", **query)
    assert error(response) == (400, "rest_invalid_param")
    assert list(json.loads(response.body)["data"]["params"]) == list(query)


def test_old_stores_do_not_order_by_modification() -> None:
    shop = a_shop(orderby_modified=False)
    assert error(Client(shop).send("GET", "/wc/v3/orders", orderby="modified")) == (400, "rest_invalid_param")


def test_a_plus_that_was_not_encoded_is_no_date(client: Client) -> None:
    client.shop.place_order([SHIRT], now=NOW)
    url = f"{client.root}/wc/v3/orders?after=2026-01-01T00:00:00"
    headers = client.call("GET", "/").headers
    assert client.shop.handle(Call("GET", url + "+01:00", headers=headers), NOW).status == 400
    assert client.shop.handle(Call("GET", url + "%2B01:00", headers=headers), NOW).status == 200


def test_any_has_carts_but_neither_trash_nor_statuses_of_a_lost_plugin(client: Client) -> None:
    shop = client.shop
    shop.statuses["packed"] = "Packed"
    cart = shop.place_order([SHIRT], now=NOW, status="checkout-draft")
    trashed, packed = shop.place_order([SHIRT], now=NOW), shop.place_order([SHIRT], now=NOW, status="packed")
    client.write("DELETE", f"/wc/v3/orders/{trashed}")
    assert set(client.ids()) == {cart, packed}
    del shop.statuses["packed"]
    assert client.ids() == [cart]
    assert client.get(f"/wc/v3/orders/{packed}")["status"] == "packed"
    assert client.ids(status="trash") == [trashed]


def test_dates_are_strict_and_whole_seconds(client: Client) -> None:
    order_id = client.shop.place_order([SHIRT], now=later(microseconds=900_000))
    assert client.ids(modified_after="2026-03-01T12:00:00", dates_are_gmt="true") == []
    assert client.ids(modified_after="2026-03-01T11:59:59", dates_are_gmt="true") == [order_id]
    assert client.ids(before="2026-03-01T12:00:00", dates_are_gmt="true") == []


def test_the_zone_trap(client: Client) -> None:
    """A zoned value together with dates_are_gmt loses what came within the zone's offset."""
    order_id = client.shop.place_order([SHIRT], now=NOW)
    half_an_hour_ago = "2026-03-01T11:30:00"
    assert client.ids(modified_after=half_an_hour_ago, dates_are_gmt="true") == [order_id]
    assert client.ids(modified_after=half_an_hour_ago + "Z") == [order_id]
    assert client.ids(modified_after=half_an_hour_ago + "Z", dates_are_gmt="true") == []
    # Without either, the value is shop time: 13:00 in Warsaw.
    assert client.ids(modified_after="2026-03-01T12:59:59") == [order_id]
    assert client.ids(modified_after="2026-03-01T13:00:00") == []


def test_shop_time_is_written_without_zone_beside_utc(client: Client) -> None:
    order = client.get(f"/wc/v3/orders/{client.shop.place_order([SHIRT], now=later(days=120))}")
    assert order["date_created"] == "2026-06-29T14:00:00"
    assert order["date_created_gmt"] == "2026-06-29T12:00:00"


def test_equal_seconds_have_no_order_so_pages_may_repeat_and_miss(client: Client) -> None:
    ids = {client.shop.place_order([SHIRT], now=NOW) for _ in range(20)}
    paged = [
        i for page in range(1, 6) for i in client.ids(orderby="modified", order="asc", per_page=4, page=page)
    ]
    assert len(paged) == 20
    assert set(paged) < ids
    # Page one, again and again, without what was seen: the way that loses nothing.
    seen: list[int] = []
    while got := client.ids(orderby="modified", order="asc", per_page=4, exclude=",".join(map(str, seen))):
        seen += got
    assert sorted(seen) == sorted(ids)


def test_an_order_that_leaves_the_set_between_pages_skips_another(client: Client) -> None:
    ids = [client.shop.place_order([SHIRT], now=NOW) for _ in range(4)]
    query = {"status": "processing", "orderby": "id", "order": "asc", "per_page": 2}
    first = client.ids(**query)
    client.shop.put_status(ids[0], "completed", NOW)
    assert ids[2] not in first + client.ids(**query, page=2)


def test_lists_can_be_narrowed(client: Client) -> None:
    shop = client.shop
    one = shop.place_order([SHIRT], now=NOW, billing={"last_name": "Żak"})
    two = shop.place_order([MUG], now=later(seconds=5), customer_id=7, status="on-hold")
    assert client.ids(search="żak") == [one]
    assert client.ids(include=f"{two},{one}", orderby="include") == [two, one]
    assert client.ids(exclude=one) == client.ids(customer=7) == client.ids(status="on-hold,failed") == [two]
    assert client.ids(**{"status[]": "on-hold"}) == [two]
    assert client.ids(product=shop.order(one)["line_items"][0]["product_id"]) == [one]  # type: ignore[index,call-overload]


def test_fields_trim_lists_wholly_but_leave_links_on_one(client: Client) -> None:
    order_id = client.shop.place_order([SHIRT], now=NOW)
    assert client.get("/wc/v3/orders", _fields="id,billing.city") == [
        {"id": order_id, "billing": {"city": "Warszawa"}}
    ]
    assert client.get(f"/wc/v3/orders/{order_id}", _fields="id").keys() == {"id", "_links"}


def test_meta_can_be_picked_and_decimals_asked(client: Client) -> None:
    marks: Any = [{"id": 1, "key": "a", "value": 1}, {"id": 2, "key": "b", "value": [2]}]
    order_id = client.shop.place_order([{**SHIRT, "price": "10.006"}], now=NOW, meta_data=marks)
    path = f"/wc/v3/orders/{order_id}"
    assert [entry["key"] for entry in client.get(path, include_meta="b")["meta_data"]] == ["b"]
    assert [entry["key"] for entry in client.get(path, exclude_meta="b")["meta_data"]] == ["a"]
    assert client.get(path)["line_items"][0]["total"] == "20.01"
    assert client.get(path, dp=4)["line_items"][0]["total"] == "20.0120"


# Faults and secrets


def test_a_doubled_write_has_two_effects_and_a_lost_answer_one(client: Client) -> None:
    order_id = client.shop.place_order([SHIRT], now=NOW)
    call = client.call("POST", f"/wc/v3/orders/{order_id}/refunds", {"amount": "1.00"})
    Line(client.shop, plan=lambda _: Fault.DOUBLED).exchange(call, NOW)
    with pytest.raises(NoAnswer):
        Line(client.shop, plan=lambda _: Fault.ANSWER_LOST).exchange(call, NOW)
    assert len(client.shop.money_back) == len(client.shop.effects) == 3


def test_no_secret_and_no_shopper_in_any_repr() -> None:
    client = hooked(secret="s3cret")
    client.shop.place_order([SHIRT], now=NOW)
    seen = repr(client.shop) + repr(client.shop.deliveries)
    for private in (KEY, SECRET, "s3cret", "Nowak", "@example.test"):
        assert private not in seen
