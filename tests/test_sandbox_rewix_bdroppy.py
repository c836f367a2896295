"""The simulated BDroppy: Rewix's orders behind tokens, with more in them, and a catalog in pages."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring

from orderbridge._http import Call, Headers, Response
from orderbridge.sandbox.rewix import BDroppySupplier, Code, Model, Product
from rewix_client import LOCKED, NOW, PLACE, found, order_xml

LOGIN = "/api/auth/login"
CATALOG = "6400c0ffee0123456789abcd"
PRODUCTS = "/restful/export/api/products.json"
EXTRA = {
    "ref_id": "1001",
    "user_catalog_id": CATALOG,
    "shipping_taxable": "5.90",
    "shipping_currency": "EUR",
    "price_total": "45.80",
    "price_currency": "EUR",
    "cash_on_delivery": "0",
}
ITEM = {"price_taxable": "39.90", "price_currency": "EUR"}


def bdroppy(**settings: Any) -> BDroppySupplier:
    stock = {"234225": 5, "234230": 2}
    return BDroppySupplier(
        **({"email": "a@shop.example", "password": "a-password", "stock": stock} | settings)
    )


def send(
    supplier: BDroppySupplier,
    method: str,
    path: str,
    body: str = "",
    *,
    token: str = "",
    now: datetime = NOW,
) -> Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if path.startswith("/restful/ghost"):
        headers |= {"Accept": "application/xml", "Content-Type": "application/xml"}
    call = Call(method, "https://api.example" + path, headers=Headers(headers), body=body.encode())
    return supplier.handle(call, now)


def sign_in(supplier: BDroppySupplier, now: datetime = NOW) -> str:
    login = json.dumps({"email": "a@shop.example", "password": "a-password"})
    return str(json.loads(send(supplier, "POST", LOGIN, login, now=now).body)["token"])


def full_order(key: str = "ob-1", without: str = "", **changed: str) -> str:
    """An order with all that BDroppy's clients send, or without one of the fields."""
    fields = {name: value for name, value in (EXTRA | changed).items() if name != without}
    extra = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    line = "".join(f"<{name}>{value}</{name}>" for name, value in ITEM.items() if f"item {name}" != without)
    return order_xml(key, extra=extra).replace("</quantity>", f"</quantity>{line}")


def place(supplier: BDroppySupplier, token: str, order: str) -> Response:
    return send(supplier, "POST", PLACE, f"<root><order_list>{order}</order_list></root>", token=token)


def told(supplier: BDroppySupplier, token: str, query: str, now: datetime = NOW) -> Any:
    answer = send(supplier, "GET", f"{PRODUCTS}?{query}", token=token, now=now)
    assert (answer.status, answer.media_type) == (200, "application/json")
    return json.loads(answer.body)


# --- signing in ---------------------------------------------------------------------------------


def test_a_login_gives_a_token_that_opens_the_same_paths() -> None:
    supplier = bdroppy()
    assert send(supplier, "GET", LOCKED).status == 401
    answer = send(supplier, "GET", LOCKED, token=sign_in(supplier))
    assert fromstring(answer.body).get("order_id")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"email": "a@shop.example", "password": "old"}', 401),
        ('{"email": "a@shop.example"}', 401),
        ("email=a", 400),
    ],
)
def test_a_wrong_login_gets_no_token(body: str, status: int) -> None:
    answer = send(bdroppy(), "POST", LOGIN, body)
    assert (answer.status, answer.media_type) == (status, "application/json")
    assert "token" not in json.loads(answer.body)


def test_an_expired_token_is_refused_before_anything_is_done_and_a_new_login_helps() -> None:
    supplier = bdroppy(token_life=timedelta(hours=1))
    token, later = sign_in(supplier), NOW + timedelta(hours=1)
    answer = send(supplier, "GET", LOCKED, token=token, now=later)
    assert (answer.status, json.loads(answer.body)) == (401, {"message": "The token has expired"})
    assert send(supplier, "GET", LOCKED, token=sign_in(supplier, later), now=later).status == 200


def test_tokens_can_be_taken_away_at_once() -> None:
    supplier = bdroppy()
    token = sign_in(supplier)
    supplier.forget_tokens()
    assert place(supplier, token, full_order()).status == 401
    assert supplier.orders == []


# --- orders -------------------------------------------------------------------------------------


def test_an_order_carries_its_prices_and_its_catalog() -> None:
    supplier = bdroppy()
    token = sign_in(supplier)
    assert place(supplier, token, full_order()).status == 200
    (order,) = supplier.orders
    assert order.extra["ref_id"] == "1001"
    assert order.extra["price_taxable/234225"] == "39.90"
    answer = send(supplier, "GET", "/restful/ghost/clientorders/clientkey/ob-1", token=token)
    assert found(answer)["status"] == str(int(Code.BOOKED))


@pytest.mark.parametrize("missing", [*EXTRA, *(f"item {name}" for name in ITEM)])
def test_an_order_without_what_all_its_clients_send_is_refused(missing: str) -> None:
    supplier = bdroppy()
    answer = place(supplier, sign_in(supplier), full_order(without=missing))
    assert (answer.status, answer.media_type) == (412, "text/plain")
    assert missing.removeprefix("item ") in answer.text
    assert supplier.orders == []


def test_an_order_for_a_catalog_of_somebody_else_is_refused() -> None:
    supplier = bdroppy()
    assert place(supplier, sign_in(supplier), full_order(user_catalog_id="f00")).status == 412


def test_a_used_key_is_refused_in_json_of_the_collected_shape(shared: Path) -> None:
    path = shared / "payloads/rewix/docs_samples/bdroppy_duplicate_key.400.json"
    collected = json.loads(path.read_text())
    supplier = bdroppy()
    token = sign_in(supplier)
    place(supplier, token, full_order())
    answer = place(supplier, token, full_order())
    assert answer.status == 400
    assert json.loads(answer.body) == {"code": collected["code"], "data": {"key": "ob-1"}}
    assert supplier.placed_keys == ["ob-1"]


# --- the catalog --------------------------------------------------------------------------------


def many() -> BDroppySupplier:
    products = [
        Product(id=n, code=f"P{n}", name=f"No. {n}", models=[Model(id=str(100 + n), code=f"P{n}_M")])
        for n in range(1, 6)
    ]
    return bdroppy(
        stock={str(100 + n): 1 for n in range(1, 6)},
        products=products,
        user_catalogs={CATALOG: None, "two": [2, 4]},
    )


def test_pages_are_counted_from_one_and_bring_every_product_once() -> None:
    supplier = many()
    token = sign_in(supplier)
    pages = [told(supplier, token, f"user_catalog={CATALOG}&pageSize=2&page={n}") for n in (1, 2, 3, 4)]
    assert [[item["id"] for item in page["items"]] for page in pages] == [[1, 2], [3, 4], [5], []]
    assert {page["totalPages"] for page in pages} == {3}


def test_a_catalog_of_the_user_has_its_products_only_and_may_be_asked_for_their_ids() -> None:
    supplier = many()
    token = sign_in(supplier)
    answer = told(supplier, token, "user_catalog=two&onlyid=true")
    assert [item["refId"] for item in answer["items"]] == [2, 4]
    assert "models" not in answer["items"][0]
    listed = json.loads(send(supplier, "GET", "/restful/user_catalog/list", token=token).body)
    assert [(each["_id"], each["count"]) for each in listed] == [(CATALOG, 5), ("two", 2)]
    assert answer["userCatalog"] == listed[1]


@pytest.mark.parametrize("query", ["", "user_catalog=f00"])
def test_no_catalog_of_the_user_is_no_catalog(query: str) -> None:
    supplier = many()
    token = sign_in(supplier)
    assert send(supplier, "GET", f"{PRODUCTS}?{query}", token=token).status == 404


def test_it_is_continued_from_a_second_of_the_clients_clock_within_the_window() -> None:
    supplier = many()
    token = sign_in(supplier)
    supplier.reprice("103", Decimal("9.90"), now=NOW)
    since = f"user_catalog={CATALOG}&since={int(NOW.timestamp())}"
    (item,) = told(supplier, token, since, NOW + timedelta(hours=4))["items"]
    assert item["id"] == 3
    late = send(supplier, "GET", f"{PRODUCTS}?{since}", token=token, now=NOW + timedelta(hours=4, seconds=1))
    assert late.status == 412
