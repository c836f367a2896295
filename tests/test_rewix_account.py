"""A bridge at a Rewix supplier with all his habits: short stock, others on the account, pauses, returns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import attrs
import pytest

import orderbridge as ob
from both_sides import Sides, a_warehouse, codes, only_purchase
from orderbridge._http import Call, Headers, Response
from orderbridge.adapters import SupplierPlatform
from orderbridge.sandbox import Backend
from orderbridge.sandbox.rewix import Code, ReturnStatus
from orderbridge.suppliers.rewix import BDROPPY, PLATFORM

RETURNED = "/returnedgoods/"
CREATE = "/restful/ghost/orders/0/dropshipping"
SOLD = "/restful/ghost/orders/sold"
LOCKED = "/restful/ghost/orders/dropshipping/locked"


@pytest.fixture
def sides() -> Iterator[Sides]:
    with Sides() as both:
        yield both


def asked(sides: Sides, part: str) -> int:
    """How often the supplier was asked for something below this path."""
    return sum(part in path for _, path, _ in sides.at_warehouse.calls)


# --- units that are not there -------------------------------------------------------------------


@pytest.mark.parametrize("habit", ["refuse_412", "cut", "accept"])
def test_an_order_goes_whole_or_not_at_all_whatever_the_supplier_does_when_stock_is_short(habit: str) -> None:
    """What is held in full cannot be cut, and what is not held in full is never sent."""
    with Sides(warehouse=a_warehouse(("100", "101"), units=2, short_stock=habit)) as sides:
        short, fits = sides.sell({"RW-100": 3, "RW-101": 1}), sides.sell({"RW-101": 1})
        bridge = sides.bridge()
        sides.live(bridge, 2)
        assert sides.ordered() == [{"101": 1}]
        assert [review.order_id for review in bridge.reviews()] == [short]
        assert codes(bridge) == ["SHORTFALL"]
        assert only_purchase(bridge, fits).fulfillment is ob.Fulfillment.PLACED
        sides.warehouse.restock("100", 5, now=sides.now())
        sides.live(bridge, 2)
        assert {"100": 3, "101": 1} in sides.ordered()
        assert not codes(bridge)


@pytest.mark.parametrize("habit", ["refuse_412", "cut", "accept"])
def test_units_lost_after_they_were_held_keep_the_order_from_being_sent(habit: str) -> None:
    with Sides(warehouse=a_warehouse(("100",), units=3, short_stock=habit)) as sides:
        order_id = sides.sell({"RW-100": 3})
        bridge = sides.bridge(policy=ob.Policy())
        sides.live(bridge)
        sides.warehouse.lose("100", 1, now=sides.now())
        bridge.place(only_purchase(bridge, order_id).po.id)
        sides.live(bridge, 2)
        assert sides.ordered() == []
        assert codes(bridge) == ["SHORTFALL"]


def test_a_refusal_in_the_moment_of_sending_is_told_by_its_kind(sides: Sides) -> None:
    """Between our last look and the order somebody took the units: the supplier says so in plain text."""
    sides.sell({"RW-100": 50})
    bridge = sides.bridge()
    sides.warehouse_plan.before("POST", CREATE, lambda: sides.warehouse.lose("100", 50, now=sides.now()))
    sides.live(bridge)
    assert sides.ordered() == []
    (review,) = [review for review in bridge.reviews() if review.code is ob.ReviewCode.REFUSED]
    assert "OUT_OF_STOCK 412" in review.evidence


# --- others on the account ----------------------------------------------------------------------


def test_where_the_account_is_ours_alone_units_of_others_are_a_review_and_stay(sides: Sides) -> None:
    sides.warehouse.others("lock", "100", 5, now=sides.now())
    sides.sell({"RW-100": 2})
    bridge = sides.bridge()
    sides.live(bridge, 2)
    assert sides.warehouse.locked == {"100": 5}
    assert "FOREIGN_UNITS" in codes(bridge)


def test_others_who_come_between_our_look_and_our_set_keep_what_we_need_not_change(sides: Sides) -> None:
    sides.sell({"RW-100": 2})
    bridge = sides.bridge(policy=ob.Policy())
    sides.live(bridge)
    assert sides.warehouse.locked == {"100": 2}
    sides.warehouse.others("lock", "100", 4, after_calls=2, now=sides.now())
    sides.sell({"RW-101": 1})
    sides.live(bridge, 8)
    assert sides.warehouse.locked == {"100": 6, "101": 1}
    assert codes(bridge) == ["FOREIGN_UNITS"]


def test_on_a_shared_account_models_of_others_are_never_set(sides: Sides) -> None:
    sides.warehouse.others("lock", "101", 5, now=sides.now())
    sides.sell({"RW-100": 2})
    bridge = sides.bridge(suppliers=[sides.supplier(shared=True)], policy=ob.Policy())
    sides.live(bridge, 8)
    assert sides.warehouse.locked == {"100": 2, "101": 5}
    assert not codes(bridge)


def test_on_a_shared_account_units_of_others_of_the_same_model_are_never_set_away(sides: Sides) -> None:
    sides.warehouse.others("lock", "100", 5, now=sides.now())
    sides.sell({"RW-100": 2})
    bridge = sides.bridge(suppliers=[sides.supplier(shared=True)], policy=ob.Policy())
    sides.live(bridge, 8)
    assert sides.warehouse.locked.get("100", 0) >= 5


# --- too many requests --------------------------------------------------------------------------


@attrs.define
class Busy:
    """A supplier who answers one call with "too many requests", without saying for how long."""

    supplier: Backend
    method: str
    where: str
    calls: int = 0

    def handle(self, call: Call, now: datetime) -> Response:
        self.calls += 1
        if call.method == self.method and urlsplit(call.url).path.rstrip("/") == self.where:
            self.where = "/done"
            return Response(429)
        return self.supplier.handle(call, now)


@pytest.mark.parametrize(("method", "where"), [("GET", LOCKED), ("POST", SOLD), ("POST", CREATE)])
def test_too_many_requests_silence_the_whole_account_for_a_quarter_of_an_hour(
    sides: Sides, method: str, where: str
) -> None:
    busy = sides.at_warehouse.backend = Busy(sides.warehouse, method, where)
    sides.sell({"RW-100": 1})
    sides.sell({"RW-101": 1})
    bridge = sides.bridge()
    while busy.where != "/done":
        bridge.run_once()
        sides.clock.sleep(30)
    calls = busy.calls
    sides.live(bridge, 13 / 60)
    assert busy.calls == calls
    sides.live(bridge, 3)
    assert sorted(map(str, sides.ordered())) == ["{'100': 1}", "{'101': 1}"]


@pytest.mark.parametrize("platform", [PLATFORM, BDROPPY])
def test_only_an_answer_without_a_time_of_its_own_silences_for_so_long(
    platform: SupplierPlatform[Any],
) -> None:
    said = platform.meter(Response(429))
    assert said is not None
    assert said.throttled
    assert (1 - said.left) / said.per_second == 900
    assert platform.meter(Response(429, headers=Headers({"Retry-After": "20"}))) is None
    assert platform.meter(Response(200)) is None


# --- goods that come back -----------------------------------------------------------------------


def shipped(sides: Sides, bridge: ob.Bridge) -> str:
    order_id = sides.sell({"RW-100": 2})
    sides.live(bridge)
    sides.dispatch()
    sides.live(bridge, 2)
    return order_id


@pytest.mark.parametrize("habit", [404, 500])
def test_an_order_of_which_nothing_comes_back_is_followed_all_the_same(habit: int) -> None:
    with Sides(warehouse=a_warehouse(not_found=habit)) as sides:
        bridge = sides.bridge()
        order_id = shipped(sides, bridge)
        sides.live(bridge, 12)
        assert only_purchase(bridge, order_id).fulfillment is ob.Fulfillment.SHIPPED
        assert not codes(bridge)


def test_a_returned_unit_is_a_review_once_that_says_how_far_it_is(sides: Sides) -> None:
    bridge = sides.bridge()
    order_id = shipped(sides, bridge)
    (code,) = sides.warehouse.open_return(
        sides.warehouse.orders[0].order_id, {"100": 1}, notes="Ada says it is too small"
    )
    sides.live(bridge, 12)
    (review,) = bridge.reviews()
    assert (review.code, review.order_id) == (ob.ReviewCode.RETURNED, order_id)
    assert "1 of 100" in review.evidence
    assert "pending" in review.evidence
    assert "Ada" not in str(bridge.history(order_id))
    sides.warehouse.move_return(code, ReturnStatus.RECEIVED, now=sides.now())
    sides.live(bridge, 12)
    assert codes(bridge) == ["RETURNED"]


def test_returns_are_asked_for_only_once_an_order_has_left_and_then_seldom(
    sides: Sides,
) -> None:
    bridge = sides.bridge()
    sides.sell({"RW-100": 2})
    sides.live(bridge, 4)
    assert asked(sides, RETURNED) == 0
    sides.dispatch()
    sides.live(bridge, 4)
    assert asked(sides, RETURNED) == 1
    sides.live(bridge, 48)
    assert 2 <= asked(sides, RETURNED) <= 12


# --- numbers of the status ----------------------------------------------------------------------


@pytest.mark.parametrize("substatus", [False, True])
def test_a_status_that_skips_steps_or_hides_them_in_the_second_number_is_followed(substatus: bool) -> None:
    with Sides(warehouse=a_warehouse(substatus=substatus, tracking_fields=False)) as sides:
        order_id = sides.sell({"RW-100": 1})
        bridge = sides.bridge()
        sides.live(bridge)
        (number,) = (order.order_id for order in sides.warehouse.orders)
        sides.warehouse.pay(number, now=sides.now())
        sides.warehouse.work(number, now=sides.now())
        sides.live(bridge)
        purchase = only_purchase(bridge, order_id)
        assert (purchase.fulfillment, purchase.payment) == (ob.Fulfillment.PREPARING, ob.Payment.PAID)
        (tracking,) = sides.dispatch()
        sides.live(bridge, 2)
        # An older server gives only a link, which ends in the number.
        assert sides.shown(order_id) == [tracking]


def test_a_number_that_nobody_has_explained_changes_nothing_and_is_told(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 1})
    bridge = sides.bridge()
    sides.live(bridge)
    sides.warehouse.say(sides.warehouse.orders[0].order_id, 2001, now=sides.now())
    sides.live(bridge)
    purchase = only_purchase(bridge, order_id)
    assert (purchase.fulfillment, purchase.raw_status) == (ob.Fulfillment.PLACED, "2001")
    assert "UnknownStatus" in [event.kind for event in bridge.history(order_id)]


@pytest.mark.parametrize("code", [Code.CANCELED, Code.REJECTED])
def test_a_supplier_who_takes_it_back_is_a_question_and_nothing_is_ordered_anew(
    sides: Sides, code: Code
) -> None:
    sides.sell({"RW-100": 1})
    bridge = sides.bridge()
    sides.live(bridge)
    sides.warehouse.say(sides.warehouse.orders[0].order_id, code, now=sides.now())
    sides.live(bridge, 4)
    assert codes(bridge) == ["CANCELED_BY_SUPPLIER"]
    assert len(sides.warehouse.orders) == 1
