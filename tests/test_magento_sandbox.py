"""The Magento sandbox, trap by trap: what a real one does that nobody would expect."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderbridge._http import Call, Headers, Response
from orderbridge.sandbox.magento import EVERYTHING, Item, Keys, MagentoShop, Payout, Store, Ways
from orderbridge.testing.backends import Shown, StoreBackend, tracking_number
from orderbridge.testing.sandboxes import MagentoBackend

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
MUG = Item(sku="MUG", price=Decimal("12.50"), quantity=Decimal(2))
LAMP = Item(sku="LAMP", price=Decimal("39.99"))


def later(**delta: float) -> datetime:
    return NOW + timedelta(**delta)


@attrs.define
class Client:
    """A merchant's integration, written only from the public documentation."""

    shop: MagentoShop
    root: str = "https://shop.test/rest"
    headers: dict[str, str] = attrs.field(factory=lambda: {"Authorization": "Bearer " + "a" * 32})

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        at: datetime = NOW,
        headers: dict[str, str] | None = None,
    ) -> Response:
        given = {"Content-Type": "application/json", **(self.headers if headers is None else headers)}
        content = b"" if body is None else json.dumps(body).encode()
        return self.shop.handle(Call(method, self.root + path, headers=Headers(given), body=content), at)

    def get(self, path: str, *, at: datetime = NOW) -> Any:
        response = self.send("GET", path, at=at)
        assert response.status == 200, response.text
        return json.loads(response.body)

    def order(self, number: int) -> Any:
        return self.get(f"/V1/orders/{number}")

    def post(self, path: str, body: Any = None, *, at: datetime = NOW) -> Any:
        response = self.send("POST", path, body, at=at)
        assert response.status == 200, response.text
        return json.loads(response.body)

    def refused(self, path: str, body: Any = None) -> str:
        response = self.send("POST", path, body)
        assert response.status == 400, response.text
        return str(json.loads(response.body)["message"])

    def ship(
        self, number: int, units: dict[int, Any] | None = None, *, at: datetime = NOW, **more: Any
    ) -> int:
        items = [{"order_item_id": item, "qty": count} for item, count in (units or {}).items()]
        return int(self.post(f"/V1/order/{number}/ship", {"items": items, **more}, at=at))

    def listed(self, what: str = "orders", **criteria: Any) -> Any:
        words = "&".join(f"searchCriteria{name}={quote(str(value))}" for name, value in criteria.items())
        return self.get(f"/V1/{what}?{words or 'searchCriteria'}")

    def found(self, field: str, value: object, condition: str = "eq") -> list[int]:
        keys = {"field": field, "value": value, "condition_type": condition}
        group = "[filter_groups][0][filters][0]"
        listed = self.listed(**{f"{group}[{key}]": word for key, word in keys.items()})
        return [order["entity_id"] for order in listed["items"]]


def a_client(**settings: Any) -> Client:
    return Client(MagentoShop(**{"keys": Keys(bearer=True), **settings}))


@pytest.fixture
def client() -> Client:
    return a_client()


def item_ids(client: Client, number: int) -> list[int]:
    return [item["item_id"] for item in client.order(number)["items"]]


# Who may come in


def oauth(
    call: Call, keys: Keys, now: datetime, *, nonce: str = "n1", method: str = "HMAC-SHA256"
) -> dict[str, str]:
    """A signature as the documentation has it, over the address exactly as it is sent."""
    said = {
        "oauth_consumer_key": keys.consumer_key,
        "oauth_nonce": nonce,
        "oauth_signature_method": method,
        "oauth_timestamp": str(int(now.timestamp())),
        "oauth_token": keys.access_token,
        "oauth_version": "1.0",
    }
    url = urlsplit(call.url)
    pairs = [*said.items(), *parse_qsl(url.query, keep_blank_values=True)]
    params = "&".join(sorted(f"{quote(k, safe='-._~')}={quote(v, safe='-._~')}" for k, v in pairs))
    parts = (call.method, f"{url.scheme}://{url.netloc}{url.path}", params)
    base = "&".join(quote(part, safe="-._~") for part in parts)
    secret = f"{keys.consumer_secret}&{keys.access_token_secret}".encode()
    said["oauth_signature"] = base64.b64encode(hmac.digest(secret, base.encode(), hashlib.sha256)).decode()
    return {"Authorization": "OAuth " + ", ".join(f'{k}="{quote(v, safe="")}"' for k, v in said.items())}


def signed(shop: MagentoShop, url: str, now: datetime = NOW, **more: Any) -> Response:
    call = Call("GET", url)
    return shop.handle(attrs.evolve(call, headers=oauth(call, shop.keys, more.pop("at", now), **more)), now)


LIST = "https://shop.test/rest/V1/orders?searchCriteria[pageSize]=1&searchCriteria%5BcurrentPage%5D=1"


def test_an_oauth_signature_covers_the_query_and_counts_once() -> None:
    """Brackets may be sent either way; the same nonce again, or another page under it, is 401."""
    shop = MagentoShop()
    assert signed(shop, LIST).status == 200
    again = signed(shop, LIST)
    assert (again.status, json.loads(again.body)["parameters"]) == (401, ["1"])
    call = Call("GET", LIST)
    stolen = attrs.evolve(
        call, url=LIST.replace("%5D=1", "%5D=2"), headers=oauth(call, shop.keys, NOW, nonce="n2")
    )
    assert "signature is invalid" in shop.handle(stolen, NOW).text


def test_an_old_timestamp_passes_and_a_far_future_one_does_not() -> None:
    shop = MagentoShop()
    assert signed(shop, LIST, at=later(hours=-1)).status == 200
    assert signed(shop, LIST, at=later(minutes=9)).status == 200
    assert signed(shop, LIST, at=later(minutes=11)).status == 401


def test_only_hmac_sha256_is_known() -> None:
    answer = signed(MagentoShop(), LIST, method="HMAC-SHA1")
    assert (answer.status, json.loads(answer.body)["parameters"]) == (400, ["HMAC-SHA1"])


def test_a_proxy_that_changes_the_scheme_breaks_the_signature() -> None:
    shop = MagentoShop(keys=Keys(origin="http://shop.test"))
    assert signed(shop, LIST).status == 401


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer nobody"}, {"Authorization": "Bearer " + "a" * 32}]
)
def test_no_token_a_wrong_one_and_bearer_switched_off_look_the_same(header: dict[str, str]) -> None:
    client = Client(MagentoShop(), headers=header)
    answer = client.send("GET", "/V1/orders/1")
    assert answer.status == 401
    assert json.loads(answer.body)["parameters"] == {"resources": "Magento_Sales::actions_view"}


def test_a_right_that_is_missing_is_named() -> None:
    client = a_client(keys=Keys(bearer=True, resources=EVERYTHING - {"Magento_Sales::ship"}))
    number = client.shop.place_order([MUG], now=NOW)
    answer = client.send("POST", f"/V1/order/{number}/ship", {})
    assert (answer.status, json.loads(answer.body)["parameters"]) == (
        401,
        {"resources": "Magento_Sales::ship"},
    )
    assert client.shop.effects == []


def login(client: Client, at: datetime = NOW, **more: str) -> Response:
    said = {"username": "admin", "password": "Sandbox123!", **more}
    path = "/V1/tfa/provider/google/authenticate" if "otp" in more else "/V1/integration/admin/token"
    return client.send("POST", path, said, at=at, headers={})


def test_an_admin_token_takes_a_code_and_lives_for_an_hour() -> None:
    client = Client(MagentoShop())
    assert json.loads(login(client).body)["parameters"] == {"active_providers": ["google"]}
    assert login(client, otp="000000").status == 401
    token = json.loads(login(client, otp="123456").body)
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["exp"] - claims["iat"] == 3600
    client.headers = {"Authorization": f"Bearer {token}"}
    path = "/V1/orders?searchCriteria"
    assert client.send("GET", path, at=later(minutes=59)).status == 200
    assert client.send("GET", path, at=later(minutes=61)).status == 401


def test_the_login_locks_for_half_an_hour_after_six_failures() -> None:
    client = Client(MagentoShop(keys=Keys(two_factor="none")))
    assert login(client).status == 200
    assert [login(client, password="wrong").status for _ in range(6)] == [401] * 6
    assert login(client, at=later(minutes=29)).status == 401
    assert login(client, at=later(minutes=31)).status == 200


def test_a_login_whose_second_factor_is_not_set_up_is_refused() -> None:
    answer = login(Client(MagentoShop(keys=Keys(two_factor="not configured"))))
    assert answer.status == 400
    assert "configure 2FA" in answer.text


# Where it answers


@pytest.mark.parametrize(
    "root",
    [
        "http://127.0.0.1:8080/rest",
        "https://shop.test/sub/path/rest",
        "https://shop.test/index.php/rest",
        "https://shop.test/rest/default",
        "https://shop.test/rest/all",
    ],
)
def test_it_answers_under_any_address(root: str) -> None:
    client = Client(a_client().shop, root=root)
    assert client.get("/V1/orders?searchCriteria")["total_count"] == 0


def test_the_store_code_of_the_address_filters_nothing() -> None:
    client = a_client(stores=[Store(store_id=2, code="fr", name="French", currency="EUR")])
    french = client.shop.place_order([MUG], now=NOW, store="fr", rate="0.9137")
    client.shop.place_order([MUG], now=NOW)
    client.root = "https://shop.test/rest/fr"
    assert client.listed()["total_count"] == 2
    assert client.found("store_id", 2) == [french]
    order = client.order(french)
    assert order["increment_id"] == "2000000001"
    assert (order["base_grand_total"], order["base_currency_code"]) == (30, "USD")
    assert (order["grand_total"], order["order_currency_code"]) == (27.41, "EUR")


def test_maintenance_is_a_page() -> None:
    client = a_client(maintenance=True)
    answer = client.send("GET", "/V1/orders/1")
    assert (answer.status, answer.media_type) == (503, "text/html")


# Lists


def test_nonsense_in_a_filter_is_no_error(client: Client) -> None:
    """A garbage date finds everything, an offset nothing, an unknown condition is "eq"."""
    first, second = (client.shop.place_order([MUG], now=later(minutes=n)) for n in range(2))
    assert client.found("updated_at", "2026-03-01 12:01:00", "gteq") == [second]
    assert client.found("updated_at", "2026-03-01T12:01:00Z", "gteq") == [second]
    assert client.found("updated_at", "yesterdayish", "gteq") == [first, second]
    assert client.found("updated_at", "2026-03-01T13:00:00+01:00", "gteq") == []
    assert client.found("entity_id", second, "zzz") == [second]
    assert client.found("increment_id", "2") == []
    assert client.found("increment_id", "000000002") == [second]


def test_a_filter_on_what_is_no_column_is_a_500_with_a_report(client: Client) -> None:
    client.shop.place_order([MUG], now=NOW)
    group = "searchCriteria[filter_groups][0][filters][0]"
    answer = client.send("GET", f"/V1/orders?{group}[field]=items.sku&{group}[value]=MUG")
    assert answer.status == 500
    assert "Report ID: webapi-" in answer.text


def test_behind_the_last_page_is_nothing_or_the_last_page_again(client: Client) -> None:
    numbers = [client.shop.place_order([MUG], now=NOW) for _ in range(3)]
    ask = {"[pageSize]": 2, "[currentPage]": 9}
    assert client.listed(**ask)["items"] == []
    client.shop.past_end = "last"
    assert [order["entity_id"] for order in client.listed(**ask)["items"]] == numbers[2:]
    assert len(client.listed(**{"[pageSize]": 0})["items"]) == 3
    client.shop.null_items, client.shop.past_end = True, "empty"
    assert client.listed(**ask)["items"] is None


def test_a_page_may_have_a_limit() -> None:
    client = a_client(page_limit=300)
    answer = client.send("GET", "/V1/orders?searchCriteria[pageSize]=301")
    assert json.loads(answer.body)["parameters"] == {"max": 300}
    assert client.listed()["search_criteria"]["page_size"] == 999_999


def test_one_broken_order_breaks_every_page_it_is_on(client: Client) -> None:
    good, bad = (client.shop.place_order([MUG], now=NOW) for _ in range(2))
    client.shop.broken.add(bad)
    assert client.send("GET", "/V1/orders?searchCriteria").status == 500
    assert [order["entity_id"] for order in client.listed(**{"[pageSize]": 1})["items"]] == [good]
    assert client.send("GET", f"/V1/orders/{bad}").status == 500


# How orders look


def test_numbers_are_ints_when_whole_and_nulls_are_absent(client: Client) -> None:
    order = client.order(client.shop.place_order([MUG, LAMP], now=NOW, paid=False))
    assert [(item["price"], type(item["price"])) for item in order["items"]] == [
        (12.5, float),
        (39.99, float),
    ]
    assert type(order["items"][0]["row_total"]) is int
    assert "total_paid" not in order
    assert order["total_due"] == 69.99
    assert order["created_at"] == "2026-03-01 12:00:00"


def test_tax_and_discount_add_up(client: Client) -> None:
    taxed = attrs.evolve(MUG, tax_percent=Decimal(22), discount=Decimal(5))
    order = client.order(client.shop.place_order([taxed], now=NOW))
    assert (order["subtotal"], order["discount_amount"], order["tax_amount"]) == (25, -5, 4.4)
    assert order["grand_total"] == order["total_paid"] == 29.4
    assert order["total_due"] == 0


def test_a_configurable_is_two_rows_with_one_sku_and_ships_as_its_parent(client: Client) -> None:
    shirt = Item(sku="SHIRT-S", kind="configurable", quantity=Decimal(2), price=Decimal(20))
    number = client.shop.place_order([shirt], now=NOW)
    parent, child = client.order(number)["items"]
    assert (parent["sku"], child["sku"], child["price"]) == ("SHIRT-S", "SHIRT-S", 0)
    assert parent["product_id"] != child["product_id"]
    assert child["parent_item"]["item_id"] == parent["item_id"]
    assert "without products" in client.refused(
        f"/V1/order/{number}/ship", {"items": [{"order_item_id": child["item_id"], "qty": 1}]}
    )
    client.ship(number, {parent["item_id"]: 1, child["item_id"]: 1})
    assert [item["qty_shipped"] for item in client.order(number)["items"]] == [1, 0]


def a_bundle(client: Client, *, separately: bool) -> tuple[int, int, int, int]:
    parts = [MUG, LAMP]
    kit = Item(sku="KIT", kind="bundle", quantity=Decimal(2), parts=parts, separately=separately)
    number = client.shop.place_order([kit], now=NOW)
    return number, *item_ids(client, number)


def test_a_bundle_that_ships_together_is_shipped_as_itself(client: Client) -> None:
    number, kit, mug, _ = a_bundle(client, separately=False)
    message = client.refused(f"/V1/order/{number}/ship", {"items": [{"order_item_id": mug, "qty": 1}]})
    assert 'shipment type "Together"' in message
    shipment = client.get(f"/V1/shipment/{client.ship(number, {kit: 1})}")
    assert [(row["order_item_id"], row["qty"]) for row in shipment["items"]] == [(kit, 1)]
    assert [item["qty_shipped"] for item in client.order(number)["items"]] == [1, 2, 1]


def test_a_bundle_that_ships_separately_is_shipped_part_by_part(client: Client) -> None:
    """Its own row is in each of the boxes once, whatever else is."""
    number, kit, mug, lamp = a_bundle(client, separately=True)
    message = client.refused(f"/V1/order/{number}/ship", {"items": [{"order_item_id": kit, "qty": 1}]})
    assert 'shipment type "Separately"' in message
    shipment = client.get(f"/V1/shipment/{client.ship(number, {mug: 3})}")
    assert shipment["total_qty"] == 3
    assert [(row["order_item_id"], row["qty"]) for row in shipment["items"]] == [(kit, 1), (mug, 3)]
    client.ship(number, {mug: 1, lamp: 2})
    assert client.order(number)["state"] == "complete"


def test_how_a_bundle_ships_stands_only_in_the_catalog(client: Client) -> None:
    number, *_ = a_bundle(client, separately=True)
    assert "shipment_type" not in json.dumps(client.order(number))
    group = "[filter_groups][0][filters][0]"
    found = client.listed("products", **{f"{group}[field]": "sku", f"{group}[value]": "KIT"})["items"]
    attributes = {one["attribute_code"]: one["value"] for one in found[0]["custom_attributes"]}
    assert attributes["shipment_type"] == "1"
    client.shop.delete_product("KIT")
    assert client.send("GET", "/V1/products/KIT").status == 404
    assert client.order(number)["items"][0]["sku"] == "KIT"


def test_an_order_of_virtual_things_has_no_address_and_ships_nothing(client: Client) -> None:
    number = client.shop.place_order([Item(sku="WARRANTY", kind="virtual")], now=NOW, paid=False)
    assert (
        "address" not in client.order(number)["extension_attributes"]["shipping_assignments"][0]["shipping"]
    )
    assert "has a status of pending" in client.refused(f"/V1/order/{number}/ship", {})


# Shipping


def test_too_much_is_cut_and_fractions_of_whole_things_are_dropped(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    (mug,) = item_ids(client, number)
    assert client.get(f"/V1/shipment/{client.ship(number, {mug: 1.5})}")["total_qty"] == 1
    assert client.get(f"/V1/shipment/{client.ship(number, {mug: 5, 99: 1})}")["total_qty"] == 1


def test_what_is_sold_by_length_ships_by_length(client: Client) -> None:
    number = client.shop.place_order([Item(sku="ROPE", quantity=Decimal("2.5"), decimal=True)], now=NOW)
    (rope,) = item_ids(client, number)
    assert client.get(f"/V1/shipment/{client.ship(number, {rope: 1.25})}")["total_qty"] == 1.25


def test_no_items_is_everything_that_is_left(client: Client) -> None:
    number = client.shop.place_order([MUG, LAMP], now=NOW)
    assert client.get(f"/V1/shipment/{client.ship(number)}")["total_qty"] == 3


def test_the_same_call_ships_again_while_anything_is_left(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    (mug,) = item_ids(client, number)
    assert client.ship(number, {mug: 1}) != client.ship(number, {mug: 1})
    assert "does not allow" in client.refused(f"/V1/order/{number}/ship", {})
    assert len(client.shop.effects) == 2


def test_shipping_an_unpaid_order_makes_it_processing_and_no_more_paid(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW, paid=False)
    client.ship(number)
    order = client.order(number)
    assert (order["state"], order["total_due"], "total_paid" in order) == ("processing", 30, False)


def test_the_time_of_change_moves_only_with_the_orders_own_columns(client: Client) -> None:
    """Not for a second shipment, a comment or a track."""
    number = client.shop.place_order([MUG, LAMP], now=NOW, paid=False)
    mug, lamp = item_ids(client, number)

    def moved() -> str:
        return str(client.order(number)["updated_at"])[-8:]

    shipped = client.ship(number, {mug: 1}, at=later(minutes=1))
    assert moved() == "12:01:00"
    client.ship(number, {lamp: 1}, at=later(minutes=2))
    track = {
        "order_id": number,
        "parent_id": shipped,
        "track_number": "A",
        "title": "T",
        "carrier_code": "ups",
    }
    client.post("/V1/shipment/track", {"entity": track}, at=later(minutes=3))
    client.post(f"/V1/orders/{number}/comments", {"statusHistory": {"comment": "x"}}, at=later(minutes=4))
    assert moved() == "12:01:00"
    client.post(f"/V1/order/{number}/invoice", {"capture": True}, at=later(minutes=5))
    assert moved() == "12:05:00"
    client.post(f"/V1/orders/{number}/hold", at=later(minutes=6))
    assert moved() == "12:06:00"


def test_after_a_refund_magento_lets_ship_what_was_refunded(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    (mug,) = item_ids(client, number)
    client.ship(number, {mug: 1})
    client.shop.refund_by_hand(number, {mug: 1}, now=NOW)
    assert client.order(number)["state"] == "complete"
    client.ship(number, {mug: 1})
    assert client.order(number)["items"][0]["qty_shipped"] == 2


def test_held_and_canceled_orders_do_not_ship(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW, paid=False)
    client.post(f"/V1/orders/{number}/hold")
    assert "has a status of holded" in client.refused(f"/V1/order/{number}/ship", {})
    assert client.post(f"/V1/orders/{number}/cancel") is False
    client.post(f"/V1/orders/{number}/unhold")
    assert client.post(f"/V1/orders/{number}/cancel") is True
    assert "has a status of canceled" in client.refused(f"/V1/order/{number}/ship", {})


def test_tracks_are_checked_and_unknown_keys_below_the_top_are_refused(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    track = {"track_number": "0", "title": "T", "carrier_code": "custom"}
    path = f"/V1/order/{number}/ship"
    assert "enter a tracking number" in client.refused(path, {"tracks": [track]})
    answer = client.send("POST", path, {"tracks": [{**track, "track_number": "1", "url": "https://t"}]})
    assert json.loads(answer.body)["parameters"] == {"fieldName": "Url"}
    camel = {"trackNumber": "1Z", "title": "T", "carrierCode": "ups"}
    client.post(path, {"tracks": [camel], "bogus": {"url": 1}})
    assert client.shop.shipments_of(number)[0].tracks[0]["track_number"] == "1Z"


def test_a_carrier_code_is_cut_though_the_answer_repeats_it_whole(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    shipped = client.ship(number)
    track = {
        "order_id": number,
        "parent_id": shipped,
        "track_number": "A",
        "title": "T",
        "carrier_code": "c" * 60,
    }
    said = client.post("/V1/shipment/track", {"entity": track})
    assert len(said["carrier_code"]) == 60
    assert len(client.get(f"/V1/shipment/{shipped}")["tracks"][0]["carrier_code"]) == 32


def test_tracks_may_be_doubled_and_deleted_though_they_never_were(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    shipped = client.ship(number)
    track = {
        "order_id": number,
        "parent_id": shipped,
        "track_number": "A",
        "title": "T",
        "carrier_code": "ups",
    }
    first, second = (client.post("/V1/shipment/track", {"entity": track}) for _ in range(2))
    effects = len(client.shop.effects)
    assert json.loads(client.send("DELETE", "/V1/shipment/track/9999").body) is True
    assert len(client.shop.effects) == effects
    assert json.loads(client.send("DELETE", f"/V1/shipment/track/{first['entity_id']}").body) is True
    left = client.get(f"/V1/shipment/{shipped}")["tracks"]
    assert [one["entity_id"] for one in left] == [second["entity_id"]]
    assert "Could not save" in client.refused("/V1/shipment/track", {"entity": {**track, "order_id": 1}})


def test_the_mail_has_the_comment_only_if_both_were_asked_for(client: Client) -> None:
    number = client.shop.place_order([attrs.evolve(MUG, quantity=Decimal(3))], now=NOW)
    (mug,) = item_ids(client, number)
    comment = {"comment": "orderbridge:1", "is_visible_on_front": 0}
    for notify, append in ((False, True), (True, False), (True, True)):
        client.ship(number, {mug: 1}, notify=notify, appendComment=append, comment=comment)
    assert [mail.comment for mail in client.shop.mails] == ["", "orderbridge:1"]
    assert all(len(shipment.comments) == 1 for shipment in client.shop.shipments_of(number))


def test_a_source_that_is_unknown_or_empty_keeps_nothing_and_loses_a_number(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    client.shop.add_source("supplier")
    for code in ("nowhere", "supplier"):
        arguments = {"extension_attributes": {"source_code": code}}
        assert "see error log" in client.refused(f"/V1/order/{number}/ship", {"arguments": arguments})
    client.shop.stock["MUG", "supplier"] = Decimal(2)
    first = min(client.shop.first_ids["shipment"], 10**9)
    arguments = {"extension_attributes": {"source_code": "supplier"}}
    assert client.ship(number, arguments=arguments) == first + 2
    assert client.shop.in_stock("MUG", "supplier") == 0
    assert client.listed("shipments")["items"][0]["extension_attributes"] == {"source_code": "supplier"}


def test_without_the_inventory_modules_a_source_is_an_unknown_field() -> None:
    client = a_client(msi=False)
    number = client.shop.place_order([MUG], now=NOW)
    arguments = {"extension_attributes": {"source_code": "default"}}
    answer = client.send("POST", f"/V1/order/{number}/ship", {"arguments": arguments})
    assert json.loads(answer.body)["parameters"] == {"fieldName": "SourceCode"}


def test_a_raw_save_of_a_shipment_looks_at_nothing(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    (mug,) = item_ids(client, number)
    client.post("/V1/shipment", {"entity": {"order_id": number, "items": [{"order_item_id": mug, "qty": 9}]}})
    assert client.order(number)["items"][0]["qty_shipped"] == 0


def test_an_id_lost_in_a_failed_save_is_gone_and_a_track_without_a_carrier_is_not_saved(
    client: Client,
) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    track = {"track_number": "A", "title": "UPS"}
    assert "see error log" in client.refused(f"/V1/order/{number}/ship", {"tracks": [track]})
    assert client.ship(number) == client.shop.first_ids["shipment"] + 1
    assert client.shop.shipments_of(number)[0].row["increment_id"] == "000000002"


@pytest.mark.parametrize("path", ["V1/shipments", "V1/invoices", "V1/creditmemos"])
def test_papers_are_found_by_their_order_and_by_when_they_were_made(client: Client, path: str) -> None:
    """Which is how a second shipment is noticed, that moves nothing of the order."""
    for hour in range(2):
        number = client.shop.place_order([MUG], now=later(hours=hour))
        client.shop.ship_by_hand(number, now=later(hours=hour))
        client.shop.refund_by_hand(number, now=later(hours=hour), shipping=5)
    group = "[filter_groups][0][filters][0]"
    for field, value in (("order_id", number), ("created_at", "2026-03-01 13:00:00")):
        asked = {f"{group}[field]": field, f"{group}[value]": value, f"{group}[condition_type]": "gteq"}
        found = client.listed(path.removeprefix("V1/"), **asked)
        assert [paper["order_id"] for paper in found["items"]] == [number]


@pytest.mark.parametrize(
    ("condition", "value", "found"),
    [
        ("eq", "1", {1}),
        ("neq", "1", {2, 3}),
        ("gt", "1", {2, 3}),
        ("moreq", "2", {2, 3}),
        ("lt", "2", {1}),
        ("lteq", "2", {1, 2}),
        ("from", "2", {2, 3}),
        ("to", "2", {1, 2}),
        ("in", "1,3", {1, 3}),
        ("nin", "1,3", {2}),
        ("like", "%1", {1}),
        ("nlike", "%1", {2, 3}),
        ("finset", "2", {2}),
        ("nfinset", "2", {1, 3}),
        ("notnull", "0", {1, 2, 3}),
        ("null", "0", set()),
    ],
)
def test_every_condition_of_a_filter(condition: str, value: str, found: set[int]) -> None:
    client = a_client(first_ids={})
    for _ in range(3):
        client.shop.place_order([MUG], now=NOW)
    assert set(client.found("entity_id", value, condition)) == found


# Notes and statuses


@pytest.mark.parametrize(
    ("version", "custom", "other"),
    [("2.4.6-p4", True, True), ("2.4.7-p7", False, False), ("2.4.8", True, False)],
)
def test_a_comment_sets_a_status_as_the_version_lets_it(version: str, custom: bool, other: bool) -> None:
    client = a_client(version=version, statuses={"at_supplier": "processing"})
    number = client.shop.place_order([MUG], now=NOW)
    path = f"/V1/orders/{number}/comments"
    for status, passes in (("processing", True), ("complete", other), ("at_supplier", custom)):
        answer = client.send("POST", path, {"statusHistory": {"comment": "x", "status": status}})
        assert (answer.status == 200) is passes, status
    assert client.order(number)["state"] == "processing"
    assert client.get(f"/V1/orders/{number}/statuses") == ("at_supplier" if custom else "processing")


def test_a_custom_status_survives_a_part_shipment_and_not_the_last(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    (mug,) = item_ids(client, number)
    client.post("/V1/orders", {"entity": {"entity_id": number, "status": "at_supplier"}})
    client.ship(number, {mug: 1})
    assert client.order(number)["status"] == "at_supplier"
    client.ship(number, {mug: 1})
    assert client.order(number)["status"] == "complete"


def test_a_comment_loses_what_its_column_cannot_hold(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    for text in ("ok 😀", "é" * 40_000):
        client.post(f"/V1/orders/{number}/comments", {"statusHistory": {"comment": text}})
    first, second = client.shop.comments_of(number)
    assert first == "ok ????"
    assert len(second.encode()) == 65_534


def test_a_saved_order_keeps_the_rest_though_the_answer_shows_nulls(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    body = {"entity": {"entity_id": number, "ext_order_id": "OB-1"}}
    said = client.post("/V1/orders", body, at=later(minutes=1))
    assert said["grand_total"] is None
    order = client.order(number)
    assert (order["grand_total"], order["ext_order_id"]) == (30, "OB-1")
    assert order["updated_at"] == "2026-03-01 12:01:00"
    assert client.found("ext_order_id", "OB-1") == [number]


def test_a_saved_order_believes_anything(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW, paid=False)
    client.post("/V1/orders", {"entity": {"entity_id": number, "state": "complete", "status": "complete"}})
    order = client.order(number)
    assert (order["state"], order["total_due"]) == ("complete", 30)


def test_echoed_items_destroy_what_a_bundle_is(client: Client) -> None:
    number, _, mug, _ = a_bundle(client, separately=True)
    items = client.order(number)["items"]
    client.post("/V1/orders", {"entity": {"entity_id": number, "items": items}})
    message = client.refused(f"/V1/order/{number}/ship", {"items": [{"order_item_id": mug, "qty": 1}]})
    assert 'shipment type "Together"' in message


# Money


def test_a_refund_without_shipping_gives_all_the_shipping_back(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW, shipping_amount=15)
    (mug,) = item_ids(client, number)
    one = {"items": [{"order_item_id": mug, "qty": 1}]}
    client.post(f"/V1/order/{number}/refund", {**one, "arguments": {"shipping_amount": 5}})
    client.post(f"/V1/order/{number}/refund", one)
    given = [memo.row["grand_total"] for memo in client.shop.creditmemos_of(number)]
    assert given == [Decimal("17.5"), Decimal("22.5")]
    assert client.order(number)["state"] == "closed"
    assert client.shop.payouts == []


def test_more_than_was_paid_is_not_given_back(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW, paid=False)
    assert "most money available to refund is 0." in client.refused(f"/V1/order/{number}/refund", {})


def test_a_refund_of_an_invoice_sends_the_money_once(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    (invoice,) = client.shop.invoices_of(number)
    path = f"/V1/invoice/{invoice.entity_id}/refund"
    client.post(path, {"isOnline": True})
    assert client.shop.payouts == [Payout(number, Decimal(30), "USD")]
    assert "can't create creditmemo for the invoice" in client.refused(path, {"isOnline": True})


def test_an_offline_method_sends_no_money_at_all(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW, method="banktransfer")
    (invoice,) = client.shop.invoices_of(number)
    path = f"/V1/invoice/{invoice.entity_id}/refund"
    assert "can't create creditmemo" in client.refused(path, {"isOnline": False})


def test_what_is_returned_goes_back_on_the_shelf_if_it_is_said(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    (mug,) = item_ids(client, number)
    before = client.shop.in_stock("MUG", "default")
    arguments = {"shipping_amount": 0, "extension_attributes": {"return_to_stock_items": [mug]}}
    client.post(f"/V1/order/{number}/refund", {"arguments": arguments})
    assert client.shop.in_stock("MUG", "default") == before + 2


def test_an_invoice_of_an_offline_method_counts_as_paid_though_nothing_was_captured(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW, paid=False)
    client.post(f"/V1/order/{number}/invoice", {"capture": False})
    assert client.order(number)["total_due"] == 0


def test_an_authorized_card_is_processing_and_not_paid(client: Client) -> None:
    order = client.order(client.shop.place_order([MUG], now=NOW, authorized=True))
    assert (order["state"], order["total_due"], order["payment"]["amount_authorized"]) == (
        "processing",
        30,
        30,
    )


def test_a_part_shipped_order_cancels_and_keeps_what_was_shipped(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW, paid=False)
    (mug,) = item_ids(client, number)
    client.ship(number, {mug: 1})
    assert client.post(f"/V1/orders/{number}/cancel") is True
    (item,) = client.order(number)["items"]
    assert (item["qty_shipped"], item["qty_canceled"]) == (1, 1)


@given(
    price=st.decimals("0.01", "999.99", places=2),
    units=st.integers(1, 9),
    tax=st.sampled_from((0, 4, 22)),
    off=st.integers(0, 100),
    rate=st.sampled_from(("1", "0.9137", "4.2811")),
)
def test_what_is_paid_and_given_back_is_the_whole_to_the_cent(
    price: Decimal, units: int, tax: int, off: int, rate: str
) -> None:
    """In both currencies, whatever was rounded on the way."""
    shop = MagentoShop(stores=[Store(store_id=2, code="fr", name="French", currency="EUR")])
    discount = (price * units * off / 100).quantize(Decimal("0.01"))
    item = Item(sku="A", price=price, quantity=Decimal(units), tax_percent=Decimal(tax), discount=discount)
    number = shop.place_order([item, LAMP], now=NOW, store="fr", rate=rate)
    order = shop.orders[number]
    for base in ("base_", ""):
        assert order.money(f"{base}total_paid") == order.money(f"{base}grand_total")
    shop.refund_by_hand(number, now=NOW, shipping=5)
    for base in ("base_", ""):
        assert order.money(f"{base}total_refunded") == order.money(f"{base}grand_total")
    assert order.state == "closed"


# What a real 2.4.7 was seen to do


def given_back(client: Client, number: int, *rows: tuple[int, Any], **arguments: Any) -> Decimal:
    """Refund these units of these rows, counted from 0; what it came to."""
    items = [{"order_item_id": item_ids(client, number)[row], "qty": units} for row, units in rows]
    made = client.post(f"/V1/order/{number}/refund", {"items": items, "arguments": arguments})
    return Decimal(str(client.get(f"/V1/creditmemo/{made}")["grand_total"]))


def rows_of(client: Client, number: int, *columns: str) -> list[Any]:
    found = [[item[f"qty_{column}"] for column in columns] for item in client.order(number)["items"]]
    return [row[0] if len(columns) == 1 else tuple(row) for row in found]


TAXED = Item(sku="MUG", price=Decimal("12.50"), quantity=Decimal(3), tax_percent=Decimal(22))
OFF = attrs.evolve(TAXED, discount=Decimal("3.75"))


def a_set(client: Client, *, separately: bool = False, **more: Any) -> int:
    """Two bundles of two mugs and a lamp each, and a cup beside them."""
    parts = [MUG, LAMP]
    bundle = Item(sku="SET", kind="bundle", quantity=Decimal(2), parts=parts, separately=separately)
    return client.shop.place_order([bundle, Item(sku="CUP")], now=NOW, **more)


def test_rows_of_orders_are_shown_after_discount_and_those_of_papers_before(client: Client) -> None:
    number = client.shop.place_order([OFF], now=NOW)
    order = client.order(number)
    (item,) = order["items"]
    assert (item["row_total"], item["base_row_total"], item["row_total_incl_tax"]) == (33.75, 33.75, 41.18)
    assert (order["subtotal"], item["price_incl_tax"]) == (37.5, 15.25)
    (invoice,) = client.listed("invoices")["items"]
    assert invoice["items"][0]["row_total"] == 37.5
    given_back(client, number, (0, 1), shipping_amount=0)
    (memo,) = client.listed("creditmemos")["items"]
    assert memo["items"][0]["row_total"] == 12.5
    assert client.order(number)["items"][0]["amount_refunded"] == 12.5


def test_a_row_is_never_shown_below_nothing_and_older_releases_show_it_before_discount() -> None:
    free = attrs.evolve(MUG, discount=Decimal(26))
    client = a_client()
    assert client.order(client.shop.place_order([free], now=NOW))["items"][0]["row_total"] == 0
    older = a_client(ways=Ways(before_discount=True))
    assert older.order(older.shop.place_order([OFF], now=NOW))["items"][0]["row_total"] == 37.5


def test_only_a_gateway_leaves_transaction_numbers(client: Client) -> None:
    """They are how a payment that can go back by itself is told from one that cannot."""
    card = client.shop.place_order([MUG], now=NOW)
    bank = client.shop.place_order([MUG], now=NOW, method="banktransfer")
    assert client.order(card)["payment"]["base_amount_paid_online"] == 30
    numbers = {
        invoice["order_id"]: "transaction_id" in invoice for invoice in client.listed("invoices")["items"]
    }
    assert numbers == {card: True, bank: False}
    assert ["last_trans_id" in client.order(one)["payment"] for one in (card, bank)] == [True, False]
    (invoice,) = client.shop.invoices_of(card)
    memo = client.post(f"/V1/invoice/{invoice.entity_id}/refund", {"isOnline": True})
    paper = client.get(f"/V1/creditmemo/{memo}")
    assert paper["transaction_id"] == client.order(card)["payment"]["last_trans_id"]
    assert paper["invoice_id"] == invoice.entity_id
    given_back(client, bank, (0, 1))
    assert "transaction_id" not in client.listed("creditmemos")["items"][1]


def test_a_doubled_online_refund_pays_twice(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    (invoice,) = client.shop.invoices_of(number)
    one = {"items": [{"order_item_id": item_ids(client, number)[0], "qty": 1}], "isOnline": True}
    for _ in range(2):
        client.post(f"/V1/invoice/{invoice.entity_id}/refund", {**one, "arguments": {"shipping_amount": 0}})
    assert client.shop.payouts == [Payout(number, Decimal("12.5"), "USD")] * 2


def test_a_refund_by_the_order_moves_no_money_even_where_a_gateway_could(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    given_back(client, number, (0, 1), shipping_amount=0)
    order = client.order(number)
    assert (order["total_offline_refunded"], client.shop.payouts) == (12.5, [])
    assert "total_online_refunded" not in order
    assert order["status_histories"][0]["comment"] == "We refunded $12.50 offline."


def test_rows_of_nothing_give_the_adjustment_and_the_shipping_alone(client: Client) -> None:
    number = client.shop.place_order([TAXED], now=NOW, shipping_tax_percent=22)
    assert given_back(client, number, (0, 0), shipping_amount=0, adjustment_positive=2) == 2
    assert given_back(client, number, (0, 0), shipping_amount=1) == Decimal("1.22")
    assert given_back(client, number, (0, 0), shipping_amount=0) == 0
    assert rows_of(client, number, "refunded") == [0]


@pytest.mark.parametrize("items", [{}, {"items": []}, {"itemz": [{"order_item_id": 401, "qty": 1}]}])
def test_items_that_are_missing_empty_or_misspelt_are_all_there_is(
    client: Client, items: dict[str, Any]
) -> None:
    number = client.shop.place_order([TAXED, LAMP], now=NOW)
    client.post(f"/V1/order/{number}/ship", items)
    assert rows_of(client, number, "shipped") == [3, 1]
    client.post(f"/V1/order/{number}/refund", {**items, "arguments": {"shipping_amount": 0}})
    assert rows_of(client, number, "refunded") == [3, 1]


def test_a_fee_that_is_too_high_makes_a_memo_below_nothing(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    assert given_back(client, number, (0, 0), shipping_amount=0, adjustment_negative=500) == -500
    assert client.order(number)["total_refunded"] == -500


def test_what_is_given_back_beside_goods_is_in_the_base_currency() -> None:
    client = a_client(stores=[Store(store_id=2, code="fr", name="French", currency="EUR")])
    number = client.shop.place_order([MUG], now=NOW, store="fr", rate="1.25")
    assert given_back(client, number, (0, 0), shipping_amount=2, adjustment_positive=1) == Decimal("3.75")
    (memo,) = client.listed("creditmemos")["items"]
    assert (memo["shipping_amount"], memo["base_shipping_amount"], memo["base_grand_total"]) == (2.5, 2, 3)
    body = {"items": [{"order_item_id": item_ids(client, number)[0]}], "arguments": {"shipping_amount": 4}}
    answer = client.send("POST", f"/V1/order/{number}/refund", body)
    assert json.loads(answer.body)["parameters"] == ["$3.00"]


@pytest.mark.parametrize(("with_tax", "net", "gross"), [(False, 5, "6.10"), (True, 4.1, "5.00")])
def test_shipping_is_without_its_tax_unless_the_shop_shows_it_with(
    with_tax: bool, net: float, gross: str
) -> None:
    client = a_client(shipping_with_tax=with_tax)
    number = client.shop.place_order([TAXED], now=NOW, shipping_tax_percent=22)
    assert given_back(client, number, (0, 0), shipping_amount=5) == Decimal(gross)
    assert client.listed("creditmemos")["items"][0]["shipping_amount"] == net


def test_the_last_unit_takes_what_rounding_left(client: Client) -> None:
    number = client.shop.place_order([OFF], now=NOW)
    each = [given_back(client, number, (0, 1), shipping_amount=0) for _ in range(3)]
    assert each == [Decimal("13.73"), Decimal("13.73"), Decimal("13.72")]


def test_too_many_are_refused_in_three_ways_and_half_of_a_whole_one_too(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    (mug,) = item_ids(client, number)
    path = f"/V1/order/{number}/refund"
    (invoice,) = client.shop.invoices_of(number)
    for units, words in ((5, 'refund item "%1"'), (0.5, 'refund item "MUG"')):
        assert words in client.refused(path, {"items": [{"order_item_id": mug, "qty": units}]})
    many = {"items": [{"order_item_id": mug, "qty": 5}], "isOnline": True}
    assert "must not be greater" in client.refused(f"/V1/invoice/{invoice.entity_id}/refund", many)
    assert "not part of the original order" in client.refused(
        path, {"items": [{"order_item_id": 1, "qty": 1}]}
    )
    assert client.shop.creditmemos_of(number) == []


def test_a_bundle_with_priced_parts_is_refunded_by_them_and_counted_whole_each_time(client: Client) -> None:
    number = a_set(client)
    bundle, mug, _, _ = item_ids(client, number)
    for asked in ([bundle], [bundle, mug]):
        items = [{"order_item_id": one, "qty": 1} for one in asked]
        assert "incorrect product items" in client.refused(f"/V1/order/{number}/refund", {"items": items})
    given_back(client, number, (1, 2), shipping_amount=0)
    assert rows_of(client, number, "refunded") == [2, 2, 0, 0]
    given_back(client, number, (2, 1), shipping_amount=0)
    assert rows_of(client, number, "refunded") == [4, 2, 1, 0]
    assert client.order(number)["items"][0]["amount_refunded"] == 0


def test_a_refund_of_no_goods_at_all_uses_a_bundle_up_that_ships_together(client: Client) -> None:
    """It can never be shipped again, though nobody gave it back; with other goods its parts go unseen."""
    number = a_set(client)
    assert given_back(client, number, (3, 0), shipping_amount=1) == 1
    assert rows_of(client, number, "refunded") == [2, 0, 0, 0]
    bundle, _, _, cup = item_ids(client, number)
    path = f"/V1/order/{number}/ship"
    assert "see error log" in client.refused(path, {"items": [{"order_item_id": bundle, "qty": 1}]})
    shipment = client.get(f"/V1/shipment/{client.ship(number, {bundle: 1, cup: 1})}")
    assert [item["sku"] for item in shipment["items"]] == ["CUP"]
    assert rows_of(client, number, "shipped") == [0, 2, 1, 1]


def test_a_refund_of_no_goods_leaves_the_parts_of_a_separate_bundle_shippable(client: Client) -> None:
    number = a_set(client, separately=True)
    given_back(client, number, (3, 0), shipping_amount=1)
    client.ship(number)
    assert rows_of(client, number, "shipped")[1:] == [4, 2, 1]


def test_a_bundle_with_one_price_is_refunded_as_itself_and_its_rest_ships(client: Client) -> None:
    parts = [Item(sku="PLATE", quantity=Decimal(2), price=Decimal(0)), Item(sku="GLASS", price=Decimal(0))]
    fixed = Item(sku="FIX", kind="bundle", price=Decimal(40), quantity=Decimal(2), parts=parts)
    number = client.shop.place_order([fixed], now=NOW)
    bundle, plate, _ = item_ids(client, number)
    body = {"items": [{"order_item_id": plate, "qty": 1}]}
    assert "incorrect product items" in client.refused(f"/V1/order/{number}/refund", body)
    assert given_back(client, number, (0, 1), shipping_amount=0) == 40
    assert rows_of(client, number, "refunded") == [1, 2, 1]
    client.ship(number, {bundle: 2})
    assert rows_of(client, number, "shipped") == [1, 2, 1]


def test_a_separate_bundle_counts_one_for_every_box_that_a_part_is_in(client: Client) -> None:
    number = a_set(client, separately=True)
    _, mug, _, _ = item_ids(client, number)
    client.ship(number, {mug: 1})
    shipment = client.get(f"/V1/shipment/{client.ship(number, {mug: 1})}")
    assert rows_of(client, number, "shipped") == [2, 2, 0, 0]
    assert (shipment["total_qty"], len(shipment["items"])) == (1, 2)


@pytest.mark.parametrize("separately", [True, False])
def test_an_order_with_bundles_is_complete_too_early_and_a_refund_takes_it_back(
    client: Client, separately: bool
) -> None:
    number = a_set(client, separately=separately)
    bundle, mug, _, cup = item_ids(client, number)
    client.ship(number, {mug: 2} if separately else {bundle: 1})
    assert client.order(number)["state"] == "complete"
    given_back(client, number, (1, 2), shipping_amount=0)
    order = client.order(number)
    assert (order["state"], order["status"]) == ("new", "pending")
    client.ship(number, {cup: 1})
    assert client.order(number)["state"] == "complete"


def test_an_order_is_closed_by_a_refund_of_all_and_complete_if_the_shipping_was_kept(client: Client) -> None:
    whole, goods = (client.shop.place_order([MUG], now=NOW) for _ in range(2))
    given_back(client, whole, (0, 2))
    given_back(client, goods, (0, 2), shipping_amount=0)
    assert [client.order(one)["state"] for one in (whole, goods)] == ["closed", "complete"]


def test_what_was_refunded_unshipped_takes_nothing_from_what_was_shipped(client: Client) -> None:
    """Of four, one shipped and three refunded, one more can be shipped."""
    number = client.shop.place_order([attrs.evolve(MUG, quantity=Decimal(4))], now=NOW)
    (mug,) = item_ids(client, number)
    client.ship(number, {mug: 1})
    given_back(client, number, (0, 3), shipping_amount=0)
    client.ship(number, {mug: 4})
    assert rows_of(client, number, "shipped", "refunded") == [(2, 3)]


def test_an_order_invoiced_in_part_goes_on_after_its_cancellation(client: Client) -> None:
    number = client.shop.place_order([MUG, LAMP], now=NOW, paid=False)
    mug, _ = item_ids(client, number)
    client.post(f"/V1/order/{number}/invoice", {"items": [{"order_item_id": mug, "qty": 1}]})
    assert client.post(f"/V1/orders/{number}/cancel") is True
    assert client.order(number)["state"] == "processing"
    assert rows_of(client, number, "invoiced", "canceled") == [(1, 1), (0, 1)]
    client.ship(number)
    assert client.order(number)["state"] == "complete"


def test_a_canceled_bundle_is_canceled_on_the_rows_that_have_the_money(client: Client) -> None:
    number = a_set(client, paid=False)
    assert client.post(f"/V1/orders/{number}/cancel") is True
    assert rows_of(client, number, "canceled") == [0, 4, 2, 1]


def test_an_invoice_bills_a_bundle_whole_with_each_of_its_parts(client: Client) -> None:
    number = a_set(client, paid=False)
    _, mug, _, _ = item_ids(client, number)
    path = f"/V1/order/{number}/invoice"
    client.post(path, {"items": [{"order_item_id": mug, "qty": 2}]})
    client.post(path, {})
    assert rows_of(client, number, "invoiced") == [4, 4, 2, 1]
    assert client.order(number)["total_due"] == 0
    assert "does not allow an invoice" in client.refused(path, {})


@pytest.mark.parametrize(("asked", "shipped"), [([1, 2], 2), ([2, 0], 0), ([1.7], 1), ([9], 3), (["2"], 2)])
def test_of_two_lines_for_an_item_the_last_wins_and_quantities_are_cut(
    client: Client, asked: list[Any], shipped: int
) -> None:
    number = client.shop.place_order([TAXED, LAMP], now=NOW)
    mug, lamp = item_ids(client, number)
    items = [{"order_item_id": mug, "qty": units} for units in asked]
    client.post(f"/V1/order/{number}/ship", {"items": [*items, {"order_item_id": lamp, "qty": 1}]})
    assert rows_of(client, number, "shipped") == [shipped, 1]


@pytest.mark.parametrize("line", [{}, {"qty": 0}, {"qty": -1}])
def test_a_line_of_nothing_ships_nothing(client: Client, line: dict[str, Any]) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    items = [{"order_item_id": item_ids(client, number)[0], **line}]
    assert "without products" in client.refused(f"/V1/order/{number}/ship", {"items": items})


@pytest.mark.parametrize("path", ["ship", "refund"])
def test_an_empty_comment_keeps_the_whole_paper_from_being_saved(client: Client, path: str) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    assert "see error log" in client.refused(f"/V1/order/{number}/{path}", {"comment": {"comment": ""}})
    assert client.shop.effects == []


def test_an_order_shows_its_comments_newest_first_and_their_list_oldest_first(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW, method="banktransfer")
    for text in ("one <b>&", "two", ""):
        client.post(f"/V1/orders/{number}/comments", {"statusHistory": {"comment": text}})
    shown = [row["comment"] for row in client.order(number)["status_histories"]]
    assert shown == [None, "two", "one <b>&"]
    listed = client.get(f"/V1/orders/{number}/comments")["items"]
    assert [row["comment"] for row in listed] == shown[::-1]


@pytest.mark.parametrize("status", ["complete", "pending", "fraud", "nonsense"])
def test_a_comment_with_another_status_is_not_stored(client: Client, status: str) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    said = {"statusHistory": {"comment": "x", "status": status}}
    assert "not part of the order" in client.refused(f"/V1/orders/{number}/comments", said)
    assert client.shop.comments_of(number) == []


def test_a_comment_on_a_shipment_goes_where_its_body_says_and_is_shown_in_lists(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    shipped = client.ship(number)
    path = "/V1/shipment/99/comments"
    said = {"comment": "mark", "parent_id": shipped}
    assert client.post(path, {"entity": said})["is_customer_notified"] is None
    for name in said:
        body = {"entity": {key: value for key, value in said.items() if key != name}}
        assert "Could not save the shipment comment" in client.refused(path, body)
    (listed,) = client.listed("shipments")["items"]
    assert [row["comment"] for row in listed["comments"]] == ["mark"]


def test_a_comment_counts_as_told_only_if_it_stood_in_a_mail(client: Client) -> None:
    number = client.shop.place_order([TAXED], now=NOW)
    (mug,) = item_ids(client, number)
    for append in (False, True):
        client.ship(number, {mug: 1}, notify=True, appendComment=append, comment={"comment": "c"})
    told = [paper.comments[0]["is_customer_notified"] for paper in client.shop.shipments_of(number)]
    assert told == [0, 1]


def test_a_paper_says_that_it_was_mailed_and_says_nothing_if_it_was_not(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    shipped = client.ship(number)
    assert "email_sent" not in client.get(f"/V1/shipment/{shipped}")
    client.post(f"/V1/shipment/{shipped}/emails")
    assert client.get(f"/V1/shipment/{shipped}")["email_sent"] == 1
    client.post(f"/V1/order/{number}/refund", {"notify": True})
    assert client.listed("creditmemos")["items"][0]["email_sent"] == 1
    assert [mail.kind for mail in client.shop.mails] == ["shipment", "creditmemo"]


def test_a_part_shipment_a_comment_and_a_track_leave_the_time_and_a_refund_moves_it(client: Client) -> None:
    number = client.shop.place_order([TAXED], now=NOW)
    (mug,) = item_ids(client, number)
    shipped = client.ship(number, {mug: 1}, at=later(minutes=1))
    client.shop.add_track(shipped, "A", now=later(minutes=2))
    client.post(f"/V1/orders/{number}/comments", {"statusHistory": {"comment": "x"}}, at=later(minutes=3))
    assert client.order(number)["updated_at"] == "2026-03-01 12:00:00"
    client.shop.refund_by_hand(number, {mug: 1}, now=later(minutes=4))
    assert client.order(number)["updated_at"] == "2026-03-01 12:04:00"


def test_a_track_added_later_needs_a_number_and_a_carrier_and_may_lack_a_title(client: Client) -> None:
    number = client.shop.place_order([MUG], now=NOW)
    shipped = client.ship(number)
    track = {"order_id": number, "parent_id": shipped, "track_number": "N" * 300, "carrier_code": "x" * 40}
    assert client.post("/V1/shipment/track", {"entity": track})["title"] is None
    for name in track:
        body = {"entity": {key: value for key, value in track.items() if key != name}}
        assert "Could not save the shipment tracking" in client.refused("/V1/shipment/track", body)
    client.post("/V1/shipment/track", {"entity": {**track, "title": "t" * 300}})
    first, second = client.get(f"/V1/shipment/{shipped}")["tracks"]
    assert (len(first["track_number"]), len(first["carrier_code"]), len(second["title"])) == (300, 32, 255)


def test_a_broken_order_breaks_its_page_even_if_only_its_number_is_asked_for(client: Client) -> None:
    client.shop.broken.add(client.shop.place_order([MUG], now=NOW))
    answer = client.send("GET", "/V1/orders?searchCriteria&fields=items[entity_id]")
    assert answer.status == 500


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"consumer_key": "z" * 32}, 401, "A consumer having the specified key does not exist"),
        ({"access_token": "z" * 32}, 401, "Specified token does not exist"),
        ({"consumer_secret": "z" * 32}, 401, "The signature is invalid. Verify and try again."),
    ],
)
def test_each_wrong_part_of_a_signature_is_told_by_its_own_words(
    change: dict[str, Any], status: int, words: str
) -> None:
    shop = MagentoShop()
    call = Call("GET", LIST)
    wrong = attrs.evolve(call, headers=oauth(call, Keys(**change), NOW))
    answer = shop.handle(wrong, NOW)
    assert (answer.status, json.loads(answer.body)["message"]) == (status, words)
    assert "WWW-Authenticate" not in answer.headers


# As a backend of the suites


def test_the_backend_sees_what_the_shop_shows(client: Client) -> None:
    backend: StoreBackend = MagentoBackend(client.shop)
    ref = backend.sell({"MUG": 2}, shopper="Ada Lovelace", now=NOW)
    address = client.order(int(ref))["extension_attributes"]["shipping_assignments"][0]["shipping"]["address"]
    assert (address["firstname"], address["lastname"]) == ("Ada", "Lovelace")
    track = {"track_number": tracking_number(1), "title": "UPS", "carrier_code": "ups"}
    client.ship(int(ref), tracks=[track], notify=True)
    assert backend.shown(ref) == [Shown(numbers=(tracking_number(1),), units={"MUG": Decimal(2)})]
    assert (backend.mails(ref), backend.closed(ref), backend.effects()) == (1, True, 1)
