"""The simulated Rewix supplier answers with the shapes and the traps of the real one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from orderbridge.sandbox.faults import Fault, Line, NoAnswer
from orderbridge.sandbox.rewix import Code
from rewix_client import (
    ADDRESS,
    LOCKED,
    NOW,
    PLACE,
    SOLD,
    call,
    change,
    found,
    get,
    held,
    look_up,
    operation,
    order_xml,
    place,
    post,
    supplier,
)

# --- who may ask, and how -----------------------------------------------------------------------


def test_a_wrong_password_is_refused_everywhere_before_anything_is_done() -> None:
    rewix = supplier()
    body = f"<root>{operation('set', ('234225', 1))}</root>"
    assert rewix.handle(call("POST", SOLD, body, password="old"), NOW).status == 401
    assert rewix.handle(call("GET", LOCKED, password="old"), NOW).status == 401
    assert rewix.handle(call("GET", LOCKED, headers={"Authorization": "Basic §"}), NOW).status == 401
    assert rewix.handle(call("GET", LOCKED, headers={"Authorization": "Bearer a-key"}), NOW).status == 401
    assert rewix.locked == {}


def test_order_endpoints_speak_only_xml() -> None:
    rewix = supplier()
    wants_json = {"Accept": "application/json"}
    assert rewix.handle(call("GET", LOCKED, headers=wants_json), NOW).status == 406
    sends_json = {"Content-Type": "application/json"}
    assert rewix.handle(call("POST", SOLD, "{}", headers=sends_json), NOW).status == 415


def test_the_connection_test_is_a_head_without_a_slash_at_the_end() -> None:
    rewix = supplier()
    answer = rewix.handle(call("HEAD", LOCKED.removesuffix("/")), NOW)
    assert (answer.status, answer.body) == (200, b"")
    assert rewix.handle(call("HEAD", LOCKED, password="old"), NOW).status == 401


def test_an_address_nobody_serves_is_not_found() -> None:
    assert get(supplier(), "/restful/orders/list").status == 404


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{}",
        "<root>",
        "<orders/>",
        "<!DOCTYPE root><root/>",
        '<!DOCTYPE root [<!ENTITY a "b">]><root>&a;</root>',
        "<root><operation type='ensure'><model stock_id='234225' quantity='1'/></operation></root>",
        "<root><operation type='set'><model stock_id='234225' quantity='1.5'/></operation></root>",
        "<root><operation type='set'><model stock_id='234225' quantity='-1'/></operation></root>",
        "<root><operation type='set'><model stock_id='234225'/></operation></root>",
    ],
)
def test_a_body_that_nobody_understands_is_refused_and_changes_nothing(body: str) -> None:
    rewix = supplier()
    assert post(rewix, SOLD, body).status == 400
    assert rewix.locked == {}
    assert rewix.effects == []


# --- the growing order --------------------------------------------------------------------------


def test_lock_set_and_unlock_go_in_one_call_and_empty_operations_are_fine() -> None:
    rewix = supplier()
    change(rewix, operation("set", ("234230", 2)))
    answer = change(
        rewix, operation("lock", ("234225", 3)), operation("set"), operation("unlock", ("234230", 1))
    )
    assert held(answer) == {"234225": ("3", "2"), "234230": ("1", "1")}
    assert held(get(rewix, LOCKED)) == held(answer)
    assert [(effect.what, effect.ref) for effect in rewix.effects] == [
        ("set", "234230"),
        ("lock", "234225"),
        ("unlock", "234230"),
    ]


def test_a_shortfall_is_a_200_with_fewer_locked_than_asked() -> None:
    answer = change(supplier(), operation("set", ("234225", 7)))
    assert held(answer) == {"234225": ("5", "0")}


def test_a_model_that_does_not_exist_is_missing_from_the_answer_without_an_error() -> None:
    answer = change(supplier(), operation("set", ("999", 1), ("234225", 1)))
    assert held(answer) == {"234225": ("1", "4")}


def test_the_answer_has_what_was_named_even_if_nothing_of_it_is_held_and_all_that_is_locked() -> None:
    rewix = supplier()
    change(rewix, operation("set", ("234230", 1)))
    assert held(change(rewix, operation("set", ("234225", 0)))) == {
        "234225": ("0", "5"),
        "234230": ("1", "1"),
    }
    assert held(get(rewix, LOCKED)) == {"234230": ("1", "1")}


def test_a_repeated_lock_adds_up_and_a_repeated_set_does_not() -> None:
    rewix = supplier()
    change(rewix, operation("lock", ("234225", 2)))
    assert held(change(rewix, operation("lock", ("234225", 2))))["234225"] == ("4", "1")
    change(rewix, operation("set", ("234225", 2)))
    assert held(change(rewix, operation("set", ("234225", 2))))["234225"] == ("2", "3")


def test_more_than_is_held_cannot_be_unlocked() -> None:
    rewix = supplier()
    change(rewix, operation("set", ("234225", 1)))
    assert held(change(rewix, operation("unlock", ("234225", 4)))) == {"234225": ("0", "5")}


def test_somebody_else_on_the_account_holds_units_in_the_same_order_and_a_set_erases_them() -> None:
    rewix = supplier()
    rewix.others_lock("234225", 2, now=NOW)
    assert held(get(rewix, LOCKED)) == {"234225": ("2", "3")}
    assert held(change(rewix, operation("set", ("234225", 1)))) == {"234225": ("1", "4")}
    assert [effect.what for effect in rewix.effects] == ["others", "set"]


# --- placing ------------------------------------------------------------------------------------


def test_placing_answers_with_the_growing_order_and_only_a_look_up_tells_the_orders_own_id() -> None:
    rewix = supplier()
    change(rewix, operation("set", ("234225", 3)))
    answer = place(rewix, order_xml())
    assert held(answer) == {"234225": ("2", "2")}
    order_id = found(look_up(rewix))["order_id"]
    assert fromstring(answer.body).get("order_id") not in (None, order_id)
    assert found(get(rewix, f"/restful/ghost/clientorders/serverkey/{order_id}"))["ext_ref"] == "ob-1"


def test_units_leave_the_growing_order_first_and_then_the_shelf() -> None:
    rewix = supplier()
    change(rewix, operation("set", ("234225", 2)))
    assert held(place(rewix, order_xml("ob-1", ("234225", "4")))) == {}
    assert (rewix.locked, rewix.stock["234225"]) == ({}, 1)


def test_a_new_order_is_booked_and_waits_for_payment() -> None:
    rewix = supplier()
    place(rewix, order_xml())
    fields = found(look_up(rewix))
    assert (fields["status"], fields["substatus"]) == ("5", "0")
    assert "tracking_code" not in fields
    assert "carrier_name" not in fields


def test_an_account_on_credit_starts_confirmed_and_an_order_not_to_confirm_stays_pending() -> None:
    rewix = supplier(autopay=True)
    place(rewix, order_xml("ob-1"), order_xml("ob-2", extra="<autoConfirm>false</autoConfirm>"))
    assert found(look_up(rewix, "ob-1"))["status"] == "2"
    assert found(look_up(rewix, "ob-2"))["status"] == "0"


def test_the_supplier_sees_the_shopper_and_the_repr_does_not() -> None:
    rewix = supplier()
    place(rewix, order_xml(recipient="Ada Öztürk &amp; Co"))
    assert rewix.orders[0].recipient["recipient"] == "Ada Öztürk & Co"
    assert rewix.orders[0].recipient["zip"] == "20100"
    assert "Ada" not in repr(rewix.orders[0])


def test_one_call_may_bring_several_orders() -> None:
    rewix = supplier()
    place(rewix, order_xml("ob-1"), order_xml("ob-2", ("234230", "2")))
    assert rewix.placed_keys == ["ob-1", "ob-2"]
    assert [(effect.ref, effect.quantity) for effect in rewix.effects] == [("ob-1", 1), ("ob-2", 2)]


@pytest.mark.parametrize(
    ("status", "order"),
    [
        (412, order_xml("")),
        (412, order_xml(date="")),
        (412, order_xml(date="2026-01-30T14:30:00Z")),
        (412, order_xml(date="2026/01/30 14:30:00 +01:00")),
        (412, order_xml(date="2026/13/30 14:30:00 +0100")),
        *((412, order_xml(**{field: " "})) for field in ADDRESS),
        (412, order_xml(countrycode="Italy")),
        (412, order_xml("ob-1", ("234225", "1"), ("234225", "1"))),
        (412, order_xml("ob-1", ("234225", "0"))),
        (412, order_xml("ob-1", ("234225", "6"))),
        (412, ""),
        (404, order_xml("ob-1", ("999", "1"))),
        (400, order_xml("ob-1", ("234225", "1.5"))),
    ],
)
def test_what_cannot_be_sent_is_refused_with_a_reason_in_plain_text(status: int, order: str) -> None:
    rewix = supplier()
    answer = place(rewix, order)
    assert (answer.status, answer.media_type) == (status, "text/plain")
    assert answer.text
    assert not answer.text.startswith("<")
    assert (rewix.orders, rewix.effects, rewix.stock["234225"]) == ([], [], 5)


def test_of_several_orders_none_is_taken_if_stock_is_short_for_all_of_them() -> None:
    rewix = supplier()
    change(rewix, operation("set", ("234225", 2)))
    answer = place(rewix, order_xml("ob-1", ("234225", "3")), order_xml("ob-2", ("234225", "3")))
    assert answer.status == 412
    assert rewix.orders == []
    assert (rewix.locked, rewix.stock["234225"]) == ({"234225": 2}, 3)


def test_a_house_number_a_province_and_a_phone_are_not_needed() -> None:
    """Some write-up calls them required; every shipping client leaves them out."""
    assert place(supplier(), order_xml()).status == 200


def test_a_used_key_is_refused_with_the_same_status_as_a_bad_order() -> None:
    rewix = supplier()
    place(rewix, order_xml())
    answer = place(rewix, order_xml())
    assert (answer.status, answer.media_type) == (412, "text/plain")
    assert rewix.placed_keys == ["ob-1"]
    assert place(rewix, order_xml("ob-2"), order_xml("ob-2")).status == 412
    assert rewix.placed_keys == ["ob-1"]


def test_bdroppy_refuses_a_used_key_in_json_though_xml_was_asked_for() -> None:
    rewix = supplier(repeated_key="refuse_400_bdroppy")
    place(rewix, order_xml("<![CDATA[a&b]]>"))
    answer = place(rewix, order_xml("<![CDATA[a&b]]>"))
    assert (answer.status, answer.media_type) == (400, "application/json")
    assert json.loads(answer.body) == {"code": "order_already_exists", "data": {"key": "a&b"}}
    assert rewix.placed_keys == ["a&b"]


def test_a_careless_supplier_takes_a_used_key_and_makes_a_second_order() -> None:
    rewix = supplier(repeated_key="accept")
    place(rewix, order_xml())
    place(rewix, order_xml())
    assert rewix.placed_keys == ["ob-1", "ob-1"]
    orders = list(fromstring(look_up(rewix).body).iterfind("order_list/order"))
    assert len({order.findtext("order_id") for order in orders}) == 2


def test_a_used_key_is_refused_even_after_its_order_was_canceled() -> None:
    rewix = supplier()
    place(rewix, order_xml())
    rewix.cancel(rewix.orders[0].order_id, now=NOW)
    assert place(rewix, order_xml()).status == 412


# --- looking up ---------------------------------------------------------------------------------


def test_an_unknown_key_is_a_404_in_plain_text() -> None:
    answer = look_up(supplier(), "nobody")
    assert (answer.status, answer.media_type) == (404, "text/plain")


def test_some_servers_say_with_a_500_that_there_is_no_such_order() -> None:
    rewix = supplier(not_found=500)
    assert look_up(rewix, "nobody").status == 500
    assert get(rewix, "/restful/ghost/clientorders/serverkey/1").status == 500
    assert get(rewix, LOCKED).status == 200


def test_an_order_may_be_placed_and_yet_not_be_found_for_a_while() -> None:
    rewix = supplier(late_visible=timedelta(minutes=2))
    place(rewix, order_xml())
    assert look_up(rewix, now=NOW + timedelta(seconds=119)).status == 404
    assert found(look_up(rewix, now=NOW + timedelta(minutes=2)))["ext_ref"] == "ob-1"
    assert place(rewix, order_xml()).status == 412


def test_a_key_with_a_slash_is_found_when_it_is_encoded() -> None:
    rewix = supplier()
    place(rewix, order_xml("shop/1001 a"))
    assert found(look_up(rewix, "shop%2F1001%20a"))["ext_ref"] == "shop/1001 a"
    assert look_up(rewix, "shop/1001%20a").status == 404


def test_times_carry_the_offset_of_the_server() -> None:
    rewix = supplier()
    place(rewix, order_xml(), now=datetime(2026, 7, 1, 23, 30, tzinfo=UTC))
    told = str(found(look_up(rewix, now=NOW + timedelta(days=1)))["last_update"])
    assert told == "2026/07/02 00:30:00 +0100"


# --- what the supplier does ---------------------------------------------------------------------


def test_an_order_goes_through_logistics_as_numbers() -> None:
    rewix = supplier()
    place(rewix, order_xml("ob-1"), order_xml("ob-2"))
    first, second = rewix.orders
    rewix.pay(first.order_id, now=NOW)
    rewix.work(now=NOW)
    rewix.ready(now=NOW)
    rewix.dispatch(first.order_id, tracking_code="1Z 9/9", carrier="DHL", now=NOW)
    assert [code for _, code in first.history] == [5, 2, 3001, 3002, 3]
    assert [code for _, code in second.history] == [5]
    fields = found(look_up(rewix))
    assert (fields["status"], fields["tracking_code"], fields["carrier_name"]) == ("3", "1Z 9/9", "DHL")
    assert str(fields["tracking_url"]).endswith("=1Z%209%2F9")


def test_pay_without_an_order_pays_all_that_wait_and_no_other() -> None:
    rewix = supplier()
    place(rewix, order_xml("ob-1"), order_xml("ob-2"), order_xml("ob-3"))
    rewix.cancel(rewix.orders[0].order_id, now=NOW)
    rewix.work(rewix.orders[1].order_id, now=NOW)
    rewix.pay(now=NOW)
    assert [order.step for order in rewix.orders] == [Code.CANCELED, Code.WORKING_ON, Code.CONFIRMED]


def test_the_real_step_may_stand_in_substatus_while_the_order_stays_booked() -> None:
    rewix = supplier(substatus=True)
    place(rewix, order_xml())
    order_id = rewix.orders[0].order_id
    told: list[tuple[str | None, str | None]] = []
    for step in (rewix.pay, rewix.work, rewix.ready, rewix.dispatch, rewix.hold):
        step(order_id, now=NOW)
        fields = found(look_up(rewix))
        told.append((fields["status"], fields["substatus"]))
    assert told == [("5", "2"), ("5", "3001"), ("5", "3002"), ("5", "3"), ("5", "3003")]
    rewix.cancel(order_id, now=NOW)
    fields = found(look_up(rewix))
    assert (fields["status"], fields["substatus"]) == ("2000", "3003")
    assert rewix.orders[0].step == Code.CANCELED


def test_a_dropshipping_wrapper_moves_in_substatus_on_every_server() -> None:
    rewix = supplier()
    place(rewix, order_xml())
    rewix.say(rewix.orders[0].order_id, Code.DROPSHIPPING, Code.WORKING_ON, now=NOW)
    rewix.ready(now=NOW)
    fields = found(look_up(rewix))
    assert (fields["status"], fields["substatus"]) == ("6", "3002")


def test_numbers_that_nobody_knows_are_told_as_they_are() -> None:
    rewix = supplier()
    place(rewix, order_xml())
    rewix.say(rewix.orders[0].order_id, 7777, now=NOW)
    assert found(look_up(rewix))["status"] == "7777"


def test_an_old_server_tells_the_number_only_inside_the_link() -> None:
    rewix = supplier(tracking_fields=False)
    place(rewix, order_xml())
    rewix.dispatch(rewix.orders[0].order_id, tracking_code="1Z999", now=NOW)
    fields = found(look_up(rewix))
    assert "tracking_code" not in fields
    assert str(fields["tracking_url"]).split("=")[1] == "1Z999"


def test_a_dispatched_order_may_get_its_number_later() -> None:
    rewix = supplier()
    place(rewix, order_xml())
    order_id = rewix.orders[0].order_id
    rewix.dispatch(order_id, now=NOW)
    assert "tracking_code" not in found(look_up(rewix))
    rewix.dispatch(order_id, tracking_code="1Z999", now=NOW + timedelta(hours=1))
    fields = found(look_up(rewix))
    assert (fields["tracking_code"], fields["last_update"]) == ("1Z999", "2026/07/01 12:00:00 +0100")


@pytest.mark.parametrize(("stop", "code"), [("cancel", "2000"), ("reject", "2005")])
def test_what_is_stopped_before_it_left_goes_back_to_stock_once(stop: str, code: str) -> None:
    rewix = supplier()
    place(rewix, order_xml("ob-1", ("234225", "2")), order_xml("ob-2", ("234230", "1")))
    first, second = rewix.orders
    rewix.dispatch(second.order_id, tracking_code="1Z999", now=NOW)
    for order in (first, first, second):
        getattr(rewix, stop)(order.order_id, now=NOW)
    assert found(look_up(rewix))["status"] == code
    assert rewix.stock == {"234225": 5, "234230": 1}


def test_a_refund_is_a_status_of_its_own() -> None:
    rewix = supplier()
    place(rewix, order_xml())
    rewix.refund(rewix.orders[0].order_id, now=NOW)
    assert found(look_up(rewix))["status"] == "2003"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["lock", "set", "unlock", "others", "place", "cancel", "reject", "dispatch"]),
            st.sampled_from(["234225", "234230"]),
            st.integers(0, 4),
        ),
        max_size=25,
    )
)
def test_units_are_never_made_nor_lost(steps: list[tuple[str, str, int]]) -> None:
    rewix = supplier()
    for number, (what, stock_id, units) in enumerate(steps):
        match what:
            case "lock" | "set" | "unlock":
                change(rewix, operation(what, (stock_id, units)))
            case "others":
                rewix.others_lock(stock_id, units - 2, now=NOW)
            case "place":
                place(rewix, order_xml(f"ob-{number}", (stock_id, str(units))))
            case _ if rewix.orders:
                getattr(rewix, what)(rewix.orders[units % len(rewix.orders)].order_id, now=NOW)
            case _:
                pass
        for model, total in (("234225", 5), ("234230", 2)):
            ordered = sum(order.items.get(model, 0) for order in rewix.orders if not order.released)
            assert rewix.stock[model] >= 0
            assert rewix.locked.get(model, 1) > 0
            assert rewix.stock[model] + rewix.locked.get(model, 0) + ordered == total


def test_stock_is_counted_in_whole_pieces() -> None:
    assert supplier(stock={"1": Decimal("2.00")}).stock == {"1": 2}
    with pytest.raises(ValueError, match="whole pieces"):
        supplier(stock={"1": Decimal("1.5")})


# --- reference data -----------------------------------------------------------------------------


def test_carriers_come_with_their_cost_and_the_chosen_one_may_be_another() -> None:
    rewix = supplier()
    carriers = fromstring(get(rewix, "/restful/export/carriers").body)
    assert [carrier.attrib for carrier in carriers.iterfind("carrier")] == [
        {"id": "1", "name": "UPS", "cost": "5.90"},
        {"id": "2", "name": "DHL", "cost": "7.50"},
    ]
    for key, chosen in (("ob-1", "2"), ("ob-2", "77"), ("ob-3", "")):
        place(rewix, order_xml(key, extra=f"<carrierId>{chosen}</carrierId>"))
    assert [order.carrier for order in rewix.orders] == ["DHL", "UPS", "UPS"]


# --- against the payloads and the faults --------------------------------------------------------


def shape(element: Element) -> object:
    """Names of elements and attributes, without their values; equal siblings once."""
    children: list[object] = []
    for child in element:
        if shape(child) not in children:
            children.append(shape(child))
    return (element.tag, list(element.attrib), children)


def test_answers_have_the_shape_of_the_collected_ones_and_their_requests_are_understood(
    shared: Path,
) -> None:
    def collected(name: str) -> str:
        return (shared / "payloads/rewix/derived" / name).read_text()

    rewix = supplier()
    sold = post(rewix, SOLD, collected("sold_request.xml"))
    assert shape(fromstring(sold.body)) == shape(fromstring(collected("sold_response_ok.xml")))
    assert post(rewix, PLACE, collected("dropshipping_order_request.xml")).status == 200
    rewix.dispatch(rewix.orders[0].order_id, tracking_code="1Z999AA10123456784", now=NOW)
    answer = look_up(rewix, "ob-1001-1")
    assert shape(fromstring(answer.body)) == shape(fromstring(collected("clientorders_response.xml")))
    assert rewix.orders[0].recipient["number"] == "0000000000"


def test_a_late_call_places_its_order_when_it_arrives_and_not_before() -> None:
    rewix = supplier()
    plan = iter([Fault.LATE, None, None])
    line = Line(rewix, lambda _: next(plan))
    with pytest.raises(NoAnswer):
        line.exchange(call("POST", PLACE, f"<root><order_list>{order_xml()}</order_list></root>"), NOW)
    path = "/restful/ghost/clientorders/clientkey/ob-1"
    assert line.exchange(call("GET", path), NOW + timedelta(minutes=4)).status == 404
    assert line.exchange(call("GET", path), NOW + timedelta(minutes=5)).status == 200
    assert rewix.placed_keys == ["ob-1"]
