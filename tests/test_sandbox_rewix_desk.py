"""What others and the people of the simulated Rewix supplier do between a client's calls."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import get_args

import pytest
from defusedxml.ElementTree import fromstring

from orderbridge._http import Call, Response
from orderbridge.sandbox.rewix import Code, ReturnStatus, RewixSupplier
from orderbridge.sandbox.rewix.shelf import ShortStock
from rewix_client import (
    LOCKED,
    NOW,
    call,
    change,
    found,
    get,
    held,
    look_up,
    operation,
    order_xml,
    place,
    supplier,
)


def returned(rewix: RewixSupplier, order_id: str) -> list[dict[str, str | None]]:
    root = fromstring(get(rewix, f"/restful/ghost/returnedgoods/serverkey/{order_id}").body)
    return [{field.tag: field.text for field in unit} for unit in root.iter("returnedgoods")]


# --- the growing order is not ours alone --------------------------------------------------------


def test_others_change_the_growing_order_right_after_a_call_of_ours() -> None:
    rewix = supplier()
    change(rewix, operation("set", ("234225", 3)))
    rewix.others("set", "234225", 1, after_calls=2, now=NOW)
    assert held(get(rewix, LOCKED)) == {"234225": ("3", "2")}
    assert held(get(rewix, LOCKED)) == {"234225": ("3", "2")}
    assert held(get(rewix, LOCKED)) == {"234225": ("1", "4")}
    assert (rewix.effects[-1].what, rewix.effects[-1].quantity) == ("others", -2)


@pytest.mark.parametrize(("what", "left"), [("lock", 4), ("unlock", 2), ("set", 1)])
def test_others_lock_unlock_and_set(what: str, left: int) -> None:
    rewix = supplier()
    change(rewix, operation("set", ("234225", 3)))
    rewix.others(what, "234225", 1, now=NOW)  # type: ignore[arg-type]  # one of the three
    assert rewix.locked == {"234225": left}


def test_units_that_nobody_touches_leave_the_growing_order_after_a_while() -> None:
    rewix = supplier(hold_for=timedelta(hours=2))
    change(rewix, operation("set", ("234225", 3)), operation("set", ("234230", 1)))
    rewix.others_lock("234230", 1, now=NOW + timedelta(hours=1))
    assert held(get(rewix, LOCKED, NOW + timedelta(minutes=119))).keys() == {"234225", "234230"}
    assert held(get(rewix, LOCKED, NOW + timedelta(hours=2))) == {"234230": ("2", "0")}
    assert rewix.stock["234225"] == 5


def test_lost_units_go_from_the_shelf_first_and_then_from_the_growing_order() -> None:
    rewix = supplier()
    change(rewix, operation("set", ("234225", 3)))
    rewix.lose("234225", 4, now=NOW)
    assert held(get(rewix, LOCKED)) == {"234225": ("1", "0")}
    rewix.lose("234225", 9, now=NOW)
    assert (rewix.locked, rewix.stock["234225"]) == ({}, 0)


# --- too little in stock when an order comes ----------------------------------------------------


def test_short_stock_refuses_the_order_with_plain_text() -> None:
    rewix = supplier()
    answer = place(rewix, order_xml("ob-1", ("234225", "6"), ("234230", "1")))
    assert (answer.status, answer.media_type) == (412, "text/plain")
    assert (rewix.orders, rewix.stock) == ([], {"234225": 5, "234230": 2})


def test_short_stock_may_cut_lines_without_a_word() -> None:
    rewix = supplier(short_stock="cut")
    rewix.lose("234230", 2, now=NOW)
    assert place(rewix, order_xml("ob-1", ("234225", "6"), ("234230", "1"))).status == 200
    (order,) = rewix.orders
    assert (order.items, order.asked) == ({"234225": 5}, {"234225": 6, "234230": 1})
    assert found(look_up(rewix))["status"] == "5"
    assert rewix.effects[-1].quantity == 5
    assert place(rewix, order_xml("ob-2", ("234230", "1"))).status == 412


def test_short_stock_may_be_accepted_and_only_what_was_there_comes_back() -> None:
    rewix = supplier(short_stock="accept")
    assert place(rewix, order_xml("ob-1", ("234225", "6"))).status == 200
    (order,) = rewix.orders
    assert (order.items, rewix.stock["234225"]) == ({"234225": 6}, 0)
    rewix.cancel(order.order_id, now=NOW)
    assert rewix.stock["234225"] == 5


@pytest.mark.parametrize(("habit", "second"), [("cut", {"234225": 1}), ("accept", {"234225": 4})])
def test_two_orders_of_one_call_do_not_get_the_same_units(habit: str, second: dict[str, int]) -> None:
    rewix = supplier(short_stock=habit)
    place(rewix, order_xml("ob-1", ("234225", "4")), order_xml("ob-2", ("234225", "4")))
    assert [order.taken for order in rewix.orders] == [{"234225": 4}, {"234225": 1}]
    assert rewix.orders[1].items == second
    assert rewix.stock["234225"] == 0


@pytest.mark.parametrize("habit", get_args(ShortStock))
def test_units_are_never_made_nor_lost_whatever_short_stock_does(habit: str) -> None:
    rewix = supplier(short_stock=habit)
    change(rewix, operation("set", ("234225", 2)))
    for number, units in enumerate(("1", "9", "2", "3")):
        place(rewix, order_xml(f"ob-{number}", ("234225", units)))
    taken = sum(order.taken["234225"] for order in rewix.orders)
    assert rewix.stock["234225"] + rewix.locked.get("234225", 0) + taken == 5


# --- paying, and waiting for it -----------------------------------------------------------------


def person(rewix: RewixSupplier, method: str, path: str, body: str = "") -> Response:
    return rewix.handle(Call(method, "https://supplier.example" + path, body=body.encode()), NOW)


def test_a_person_pays_an_order_on_the_page_of_the_web_shop() -> None:
    rewix = supplier(prices={"234225": Decimal("39.90")})
    place(rewix, order_xml("<![CDATA[a<b]]>", ("234225", "2")), order_xml("ob-2"))
    page = person(rewix, "GET", "/")
    assert page.media_type == "text/html"
    assert "a&lt;b" in page.text
    assert "79.80 EUR" in page.text
    order_id = rewix.orders[0].order_id
    answer = person(rewix, "POST", "/pay", f"order_id={order_id}")
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert [order.step for order in rewix.orders] == [Code.CONFIRMED, Code.BOOKED]
    assert person(rewix, "POST", "/pay", f"order_id={order_id}").status == 404
    assert f'value="{order_id}"' not in person(rewix, "GET", "/").text


def test_no_shopper_stands_on_the_page_where_orders_are_paid() -> None:
    rewix = supplier()
    place(rewix, order_xml())
    assert "Ada" not in person(rewix, "GET", "/").text


def test_a_pending_order_waits_for_the_merchants_word() -> None:
    rewix = supplier()
    place(rewix, order_xml(extra="<autoConfirm>false</autoConfirm>"))
    rewix.confirm(now=NOW)
    assert found(look_up(rewix))["status"] == "5"


def test_a_booked_order_that_is_not_paid_in_time_is_canceled_and_a_paid_one_is_not() -> None:
    rewix = supplier(booked_for=timedelta(days=2))
    place(rewix, order_xml("ob-1"), order_xml("ob-2"))
    rewix.pay(rewix.orders[1].order_id, now=NOW)
    later = NOW + timedelta(days=2)
    assert found(look_up(rewix, "ob-1", later))["status"] == "2000"
    assert found(look_up(rewix, "ob-2", later))["status"] == "2"
    assert rewix.stock["234225"] == 4


# --- what the desk says -------------------------------------------------------------------------


@pytest.mark.parametrize("code", list(Code))
@pytest.mark.parametrize("wrapper", [None, Code.BOOKED, Code.DROPSHIPPING])
def test_every_number_can_be_said_in_status_or_in_substatus(code: Code, wrapper: Code | None) -> None:
    rewix = supplier()
    place(rewix, order_xml())
    order_id = rewix.orders[0].order_id
    if wrapper is None:
        rewix.say(order_id, code, now=NOW)
    else:
        rewix.say(order_id, wrapper, code, now=NOW)
    fields = found(look_up(rewix))
    shown = (str(int(code)), "0") if wrapper is None else (str(int(wrapper)), str(int(code)))
    assert (fields["status"], fields["substatus"]) == shown


def test_an_order_that_does_not_exist_cannot_be_moved() -> None:
    with pytest.raises(LookupError, match="no order 77"):
        supplier().pay("77", now=NOW)


# --- goods that come back -----------------------------------------------------------------------


def test_returned_goods_are_one_row_for_each_unit() -> None:
    rewix = supplier()
    place(rewix, order_xml("ob-1", ("234225", "2"), ("234230", "1")))
    order_id = rewix.orders[0].order_id
    assert returned(rewix, order_id) == []
    first, second = rewix.open_return(order_id, {"234225": 2}, reference="case-1", notes="too small")
    rewix.move_return(first, ReturnStatus.AUTHORIZED, now=NOW)
    rewix.refund_return(second)
    one, other = returned(rewix, order_id)
    assert one == {
        "returnCode": first,
        "stockModelId": "234225",
        "quantity": "1",
        "status": "2",
        "refundStatus": "0",
        "pdfLink": f"https://supplier.example/returns/{first}.pdf",
        "requestExtRef": "case-1",
        "notes": "too small",
    }
    assert (other["status"], other["refundStatus"]) == ("0", "1")


def test_no_more_comes_back_than_was_ordered() -> None:
    rewix = supplier()
    place(rewix, order_xml("ob-1", ("234225", "2")))
    order_id = rewix.orders[0].order_id
    rewix.open_return(order_id)
    for items in ({"234225": 1}, {"234230": 1}, {"234225": 0}):
        with pytest.raises(ValueError, match="not so many"):
            rewix.open_return(order_id, items)


def test_a_unit_that_arrives_whole_goes_back_to_stock_once() -> None:
    rewix = supplier()
    place(rewix, order_xml("ob-1", ("234225", "2")))
    whole, broken = rewix.open_return(rewix.orders[0].order_id)
    rewix.move_return(whole, ReturnStatus.RECEIVED, now=NOW)
    rewix.move_return(whole, ReturnStatus.RECEIVED, now=NOW)
    rewix.move_return(broken, ReturnStatus.RECEIVED_DAMAGED, now=NOW)
    assert rewix.stock["234225"] == 4


@pytest.mark.parametrize("habit", [404, 500])
def test_returned_goods_of_no_order_are_told_as_for_look_ups(habit: int) -> None:
    rewix = supplier(not_found=habit)
    assert rewix.handle(call("GET", "/restful/ghost/returnedgoods/serverkey/77"), NOW).status == habit
