"""What the Alibaba sandbox tells of orders after they are placed: lists, parcels, money, messages."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderbridge._http import Call, Headers
from orderbridge.sandbox import Fault, Line, LoopbackServer
from orderbridge.sandbox.alibaba import AlibabaSupplier, Habits, sign
from test_alibaba_sandbox import CABLE, MUG, NOW, PAYLOADS, Client, dumps, later


@pytest.fixture
def client() -> Client:
    return Client()


def logistics(client: Client, trade_id: str) -> Any:
    wanted = {"trade_id": trade_id, "data_select": "logistic_order"}
    return client.ask("/order/logistics/query", wanted)["value"]


def tracking(client: Client, trade_id: str) -> Any:
    body = client.ask("/order/logistics/tracking/get", {"trade_id": trade_id})
    assert "value" not in body
    return body["tracking_list"]


# --- lists ---


def test_a_new_order_stands_in_the_list_only_later_and_is_read_by_its_id_at_once() -> None:
    client = Client(AlibabaSupplier(habits=Habits(late_visible=timedelta(seconds=40))))
    trade_id = client.order()
    assert client.listed() == []
    assert client.status(trade_id)["trade_id"] == trade_id
    client.now = later(seconds=40)
    assert client.listed() == [trade_id]


def test_pages_begin_at_zero_and_an_order_that_changes_moves_between_them(client: Client) -> None:
    ids: list[str] = []
    for number in range(4):
        client.now = later(minutes=number)
        ids.append(client.order())
    assert client.listed(page_size="2") == [ids[3], ids[2]]
    client.supplier.pay_by_hand(ids[0], now=later(minutes=9))
    second = client.listed(page_size="2", start_page="1")
    assert second == [ids[2], ids[1]], "who reads page 1 now has never seen the first, and the third twice"
    assert (
        client.ask("/alibaba/order/list", {"role": "buyer", "page_size": "101"})["code"] == "InvalidParameter"
    )
    body = client.ask("/alibaba/order/list", {"role": "buyer", "page_size": "1"})
    assert body["value"]["total_count"] == "4"


def test_the_list_is_filtered_by_status_and_role(client: Client) -> None:
    first, second = client.order(), client.order()
    client.supplier.pay_by_hand(first, now=NOW)
    assert client.listed(status="unpay") == [second]
    assert client.listed(role="seller") == []


@pytest.mark.parametrize(
    ("local", "moment"),
    [
        ("2026-03-08 01:59:59", datetime(2026, 3, 8, 9, 59, 59, tzinfo=UTC)),
        ("2026-03-08 03:00:00", datetime(2026, 3, 8, 10, 0, 0, tzinfo=UTC)),
        ("2026-11-01 00:59:59", datetime(2026, 11, 1, 7, 59, 59, tzinfo=UTC)),
        ("2026-11-01 02:00:00", datetime(2026, 11, 1, 10, 0, 0, tzinfo=UTC)),
    ],
)
def test_a_date_text_is_the_wall_clock_of_los_angeles_through_summer_time(
    local: str, moment: datetime
) -> None:
    client = Client(now=moment)
    trade_id = client.order()
    assert client.listed(create_date_start=dumps({"date_str": local})) == [trade_id]
    assert client.listed(create_date_end=dumps({"date_str": local})) == [trade_id]
    before = local[:-1] + ("8" if local.endswith("9") else "1")
    which = "create_date_end" if local.endswith("9") else "create_date_start"
    assert client.listed(**{which: dumps({"date_str": before})}) == []


@given(st.integers(-120, 120), st.integers(-120, 120))
def test_a_time_filter_takes_both_its_ends(since: int, until: int) -> None:
    client = Client()
    trade_id = client.order()
    found = client.listed(
        modified_date_start=dumps({"date_timestamp": f"{int(later(seconds=since).timestamp())}000"}),
        modified_date_end=dumps({"date_timestamp": f"{int(later(seconds=until).timestamp())}000"}),
    )
    assert found == ([trade_id] if since <= 0 <= until else [])


@pytest.mark.parametrize(("field", "found"), [("date_str", 1), ("date_timestamp", 0)])
def test_which_of_two_dates_counts_is_a_habit(field: Any, found: int) -> None:
    client = Client(AlibabaSupplier(habits=Habits(date_field=field)))
    client.order()
    both = {"date_str": "2026-03-07 12:00:00", "date_timestamp": f"{int(later(days=1).timestamp())}000"}
    assert len(client.listed(create_date_start=dumps(both))) == found


# --- the way of an order ---


def test_an_order_goes_its_way_and_only_a_scan_says_that_it_arrived(client: Client) -> None:
    supplier, trade_id = client.supplier, client.order()
    client.pay(trade_id)
    seen = [client.status(trade_id)["trade_status"]]
    for step in (supplier.confirm, supplier.work, supplier.ready):
        step(now=NOW)
        seen.append(client.status(trade_id)["trade_status"])
    assert seen == ["paid", "captured", "undeliver", "undeliver"]
    assert logistics(client, trade_id) == {"logistic_status": "UNDELIVERED", "shipping_order_list": []}
    supplier.ship(trade_id, "OB00000042", now=later(days=1))
    assert client.status(trade_id)["trade_status"] == "wait_confirm_receipt"
    value = logistics(client, trade_id)
    assert value["logistic_status"] == "DELIVERED"
    assert value["shipping_order_list"][0]["voucher"]["tracking_number"] == "OB00000042"
    [row] = tracking(client, trade_id)
    assert (row["current_event_code"], row["event_list"]) == ("null", [])
    supplier.scan(trade_id, "OB00000042", "IN_TRANSIT", now=later(days=2))
    supplier.scan(trade_id, "OB00000042", now=later(days=3))
    [row] = tracking(client, trade_id)
    assert row["current_event_code"] == "DELIVERED"
    assert [event["event_code"] for event in row["event_list"]] == ["DELIVERED", "IN_TRANSIT"]
    supplier.receive(trade_id, now=later(days=9))
    assert client.status(trade_id)["trade_status"] == "trade_success"
    assert logistics(client, trade_id)["logistic_status"] == "CONFIRM_RECEIPT"


def test_parcels_leave_one_by_one_and_do_not_say_what_is_in_them(client: Client) -> None:
    supplier, trade_id = client.supplier, client.order(MUG, CABLE)
    client.pay(trade_id)
    supplier.ship(trade_id, "A1", parts={MUG["sku_id"]: 1}, now=NOW)
    assert client.status(trade_id)["trade_status"] == "delivering"
    assert logistics(client, trade_id)["logistic_status"] == "PART_DELIVERED"
    with pytest.raises(ValueError, match="cannot be sent"):
        supplier.ship(trade_id, "A2", parts={MUG["sku_id"]: 2}, now=NOW)
    supplier.ship(trade_id, "", now=NOW)
    value = logistics(client, trade_id)
    assert value["logistic_status"] == "DELIVERED"
    assert [row["voucher"]["tracking_number"] for row in value["shipping_order_list"]] == ["A1", "null"]
    assert MUG["sku_id"] not in dumps(value)
    assert len(tracking(client, trade_id)) == 1
    supplier.renumber(trade_id, "", "A2", now=NOW)
    supplier.resend(trade_id, "A3", now=NOW)
    assert [row["tracking_number"] for row in tracking(client, trade_id)] == ["A1", "A2", "A3"]
    assert supplier.order(trade_id).parcels[1].parts == {MUG["sku_id"]: 1, CABLE["sku_id"]: 1}


def test_parcels_are_told_only_to_who_asks_for_them(client: Client) -> None:
    trade_id = client.order()
    client.supplier.ship(trade_id, "A1", now=NOW)
    body = client.ask("/order/logistics/query", {"trade_id": trade_id})
    assert "shipping_order_list" not in body["value"]


def test_a_frozen_order_goes_on_after_a_part_and_closes_after_the_whole(client: Client) -> None:
    supplier, trade_id = client.supplier, client.order()
    client.pay(trade_id)
    supplier.work(now=NOW)
    supplier.freeze(trade_id, now=NOW)
    assert client.status(trade_id)["trade_status"] == "frozen"
    supplier.refund(trade_id, Decimal("1.00"), now=NOW)
    assert client.status(trade_id)["trade_status"] == "undeliver"
    with pytest.raises(ValueError, match="cannot be refunded"):
        supplier.refund(trade_id, Decimal("6.00"), now=NOW)
    supplier.refund(trade_id, now=NOW)
    assert client.status(trade_id)["trade_status"] == "trade_close"
    assert supplier.order(trade_id).refunded == Decimal("6.96")
    assert client.paid(trade_id) == "PAY_SUCCESS", "the payment itself does not forget"


def test_any_word_can_be_said_and_the_seller_can_change_the_total(client: Client) -> None:
    trade_id = client.order()
    client.supplier.adjust(trade_id, Decimal("0.54"), now=NOW)
    client.supplier.say(trade_id, "wait_seller_send", logistic="DELIVERING", now=NOW)
    value = client.status(trade_id)
    assert (value["trade_status"], value["total_amount"]["amount"]) == ("wait_seller_send", "7.5000")
    assert logistics(client, trade_id)["logistic_status"] == "DELIVERING"
    client.supplier.charge_back(trade_id, now=NOW)
    assert client.status(trade_id)["trade_status"] == "charge_back"


def test_the_fee_is_told_only_of_what_was_paid(client: Client) -> None:
    trade_id = client.order()
    wanted = {"e_trade_id": trade_id, "data_select": "fund_transaction_fee"}
    assert client.ask("/alibaba/order/fund/query", wanted)["value"] == {}
    client.pay(trade_id)
    fee = client.ask("/alibaba/order/fund/query", wanted)["value"]["payment_transaction_fee"]
    assert fee == {"amount": "0.21", "currency": "USD"}


def test_the_name_of_the_id_is_another_for_each_method(client: Client) -> None:
    trade_id = client.order()
    assert client.ask("/alibaba/order/get", {"trade_id": trade_id})["code"] == "MissingParameter"
    assert client.ask("/order/logistics/query", {"e_trade_id": trade_id})["code"] == "MissingParameter"
    assert client.ask("/alibaba/order/get", {"e_trade_id": "1"})["code"] == "ORDER_NOT_EXIST"


# --- messages ---


def test_each_change_sends_a_message_that_is_signed_and_contradicts_itself(client: Client) -> None:
    trade_id = client.order()
    client.pay(trade_id)
    client.supplier.close(trade_id, now=later(hours=1))
    pushes = client.supplier.messages()
    bodies = [json.loads(push.body) for push in pushes]
    assert [body["data"]["status"] for body in bodies] == ["unpay", "paid", "trade_close"]
    assert {body["data"]["order_status"] for body in bodies} == {"PLACE_ORDER_SUCCESS"}
    assert bodies[-1]["data"]["trade_id_str"] == trade_id
    assert bodies[-1]["data"]["status_update_time"] == "2026-03-07 13:30:15"
    for push in pushes:
        right = hmac.new(b"helloworld", b"12345678" + push.body, hashlib.sha256).hexdigest()
        assert push.headers["authorization"] == right


def test_a_message_may_say_what_the_order_does_not(client: Client) -> None:
    trade_id = client.order()
    client.supplier.say(trade_id, "undeliver", told="trade_close", now=NOW)
    assert json.loads(client.supplier.messages()[-1].body)["data"]["status"] == "trade_close"
    assert client.status(trade_id)["trade_status"] == "undeliver"


def test_a_changed_price_is_told_to_everybody(client: Client) -> None:
    client.supplier.set_price(MUG["product_id"], MUG["sku_id"], {1: Decimal(11)}, now=NOW)
    assert client.supplier.messages() == []
    [push] = client.supplier.messages("all")
    assert json.loads(push.body)["data"]["value"] == "11.00"


# --- the recorded samples, the line, the door ---


def same_shape(mine: object, theirs: object, where: str = "") -> list[str]:
    """What theirs has of names and kinds that mine has not."""
    if isinstance(theirs, dict):
        if not isinstance(mine, dict):
            return [where]
        return [
            fault
            for name, value in theirs.items()
            for fault in (
                same_shape(mine[name], value, f"{where}/{name}") if name in mine else [f"{where}/{name}"]
            )
        ]
    if isinstance(theirs, list):
        if not isinstance(mine, list) or not mine:
            return [] if mine == theirs else [where]
        return same_shape(mine[0], theirs[0], f"{where}/0") if theirs else []
    return [] if isinstance(mine, type(theirs)) else [where]


@pytest.mark.skipif(not PAYLOADS.exists(), reason="the recorded payloads are not here")
def test_answers_have_the_shape_of_the_recorded_ones(client: Client) -> None:
    supplier = client.supplier
    supplier.paid_before = False
    trade_id = client.order()
    never = client.pay(trade_id)
    failed = client.ask("/alibaba/order/pay/result/query", {"trade_id": trade_id})
    other = client.order()
    supplier.pay_by_hand(other, now=NOW)
    supplier.ship(other, "A1", now=NOW)
    wanted = dumps({"product_id": MUG["product_id"], "country": "IT"})
    batch = dumps({"product_ids": [MUG["product_id"], "1"]})
    answers = {
        "buynow_order_create.response": client.create(),
        "dropshipping_order_pay.response_failed": never,
        "order_pay_result_query.response_failed": failed,
        "order_list.response": client.ask("/alibaba/order/list", {"role": "buyer"}),
        "order_logistics_query.response": {"code": "0", "value": logistics(client, other), "request_id": ""},
        "order_merge_pay_query.response": client.ask(
            "/order/merge/pay/query", {"order_ids": dumps([trade_id, other])}
        ),
        "product_description.response": client.ask("/eco/buyer/product/description", {"query_req": wanted}),
        "product_inventory_batch.response": client.ask(
            "/eco/buyer/product/batch/inventory", {"query_req": batch}
        ),
        "error_gateway.response": client.ask("/alibaba/order/list", {"role": "buyer"}, access_token="no"),
        "token_create.response": client.ask("/auth/token/create", {"code": supplier.keys.consent(now=NOW)}),
    }
    for name, mine in answers.items():
        theirs = json.loads((PAYLOADS / f"official_docs_samples/{name}.json").read_text())
        unsold = {"/result/result_data/wholesale_trade"}  # terms of an old kind of trade
        assert set(same_shape(mine, theirs)) <= unsold, name
    push = json.loads((PAYLOADS / "official_docs_samples/push_order_status.body.json").read_text())
    assert same_shape(json.loads(supplier.messages()[0].body), push) == []


def test_a_line_that_doubles_a_call_makes_two_orders() -> None:
    supplier = AlibabaSupplier()
    line = Line(supplier, plan=lambda call: Fault.DOUBLED)

    class Doubled(AlibabaSupplier):
        def handle(self, call: Call, now: datetime) -> Any:
            return line.exchange(call, now)

    Client(Doubled(keys=supplier.keys)).order(remark="tag-9")
    assert len(supplier.tagged("tag-9")) == 2


def test_it_is_served_over_http_like_the_others(client: Client) -> None:
    params = {"role": "buyer", "app_key": "12345678", "sign_method": "sha256", "access_token": client.token}
    params["timestamp"] = f"{int(NOW.timestamp())}000"
    params["sign"] = sign("/alibaba/order/list", params, "helloworld")
    with LoopbackServer(Line(client.supplier), clock=lambda: NOW) as server:
        body = httpx.post(f"{server.url}/rest/alibaba/order/list", data=params).json()
    assert body["value"] == {"total_count": "0", "order_list": []}


def test_a_file_is_taken_and_its_bytes_are_in_no_signature(client: Client) -> None:
    path = "/alibaba/order/attachment/upload"
    params = {"file_name": "bill.pdf", "app_key": "12345678", "sign_method": "sha256"}
    params |= {"access_token": client.token, "timestamp": f"{int(NOW.timestamp())}000"}
    params["sign"] = sign(path, params, "helloworld")
    body = (
        b'--cut\r\nContent-Disposition: form-data; name="data"; filename="bill.pdf"\r\n'
        b"Content-Type: application/pdf\r\n\r\n%PDF\r\n--cut--\r\n"
    )
    headers = Headers({"Content-Type": "multipart/form-data; boundary=cut"})
    call = Call("POST", f"https://a.test/rest{path}?{urlencode(params)}", headers=headers, body=body)
    answer = json.loads(client.supplier.handle(call, NOW).body)
    assert answer["value"].endswith(".pdf")
    assert [effect.what for effect in client.supplier.effects] == ["upload"]


def test_signs_that_could_end_an_attribute_are_escaped_as_the_gateway_does(client: Client) -> None:
    body = client.send("/alibaba/order/get", {"e_trade_id": client.order()}).body
    assert b"Mug \\u0026 Tumbler" in body
    assert b"cVmhg7/xG8q3UQgcH/5Fag\\u003d\\u003d" in body
