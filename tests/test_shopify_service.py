"""The bridge as a fulfillment service: asked by the merchant, it answers, ships, and says what arrived."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import attrs
import pytest

import orderbridge as ob
from both_sides import RULES, a_warehouse, codes
from in_shopify import (
    ARRIVED,
    BY_HAND,
    LEFT,
    LOSSES,
    QUIET,
    ShopifySides,
    boxes,
    by_parts,
    evidence,
    in_shop,
    notices,
    order_id_of,
    order_of,
    part,
    sold,
    tasks,
    told,
)
from orderbridge.sandbox import RewixSupplier
from orderbridge.sandbox.faults import Fault
from orderbridge.sandbox.shopify import Item
from orderbridge.sandbox.shopify.records import FulfillmentOrder

SECOND = ob.SkuPrefix(prefix="R2-", supplier="second")
STAGED = attrs.evolve(QUIET, report_progress=True, follow_every=timedelta(hours=1))


@pytest.fixture
def sides() -> Iterator[ShopifySides]:
    with in_shop() as both:
        yield both


# --- the merchant ---------------------------------------------------------------------------------------


def stocked(sides: ShopifySides, *skus: str, **parts: Any) -> ob.Bridge:
    """An order of goods that our service stocks, one of each; nothing is requested of us yet."""
    ours = sides.shop.add_location("Bridge", service="bridge", ours=True)
    sold(sides, [Item(sku=sku, at=ours.id) for sku in skus or ("RW-100",)])
    return sides.bridge(**{"policy": STAGED, "stores": [sides.store(service="bridge")], **parts})


def requested(sides: ShopifySides) -> FulfillmentOrder:
    """The merchant asks us to ship what waits at our location."""
    (work,) = (each for each in order_of(sides).fulfillment_orders if each.open and each.remaining)
    sides.shop.request_by_hand(work, now=sides.now())
    return work


def asked_to_stop(sides: ShopifySides, work: FulfillmentOrder) -> None:
    """The merchant would have it back, of which we have said yes already."""
    sides.shop.ask(work, "CANCELLATION_REQUEST", "He wants another color", sides.now(), notify=False)
    work.request_status = "CANCELLATION_REQUESTED"
    sides.shop.changed(work, sides.now(), "fulfillment_orders/cancellation_request_submitted")


def withdrawn(sides: ShopifySides, work: FulfillmentOrder) -> FulfillmentOrder:
    """The merchant takes back a request that nobody has answered: another fulfillment order stands for it."""
    return sides.shop.replace(work, sides.now())


def mutations(sides: ShopifySides, name: str) -> int:
    return sum(effect.mutation == f"fulfillmentOrder{name}" for effect in sides.shop.effects)


# --- from the request to the door -----------------------------------------------------------------------


def two_suppliers(sides: ShopifySides) -> tuple[ob.Bridge, RewixSupplier]:
    """What is requested of us comes from two suppliers."""
    other = a_warehouse(("200",))
    accounts = [by_parts("rewix", sides.warehouse_url), by_parts("second", sides.serve(other))]
    bridge = stocked(sides, "RW-100", "R2-200", suppliers=accounts, rules=(*RULES, SECOND))
    sides.live(bridge, 1)
    return bridge, other


def delivered(sides: ShopifySides, bridge: ob.Bridge, other: RewixSupplier) -> None:
    """Both suppliers confirm, send it off, and the courier brings it."""
    sides.live(bridge, 1)
    for warehouse in (sides.warehouse, other):
        warehouse.pay(now=sides.now())
    sides.live(bridge, 2)
    LEFT.update({"rewix": [part("1ZA", {"100": 1})], "second": [part("1ZB", {"200": 1})]})
    sides.live(bridge, 3)
    ARRIVED.update(order.order_id for each in (sides.warehouse, other) for order in each.orders)
    sides.live(bridge, 26)


WRITES = 12  # the suppliers' words, our yes, three for each departure, and for each that it has arrived


def shown(sides: ShopifySides) -> list[tuple[list[str], list[str]]]:
    """What the shop shows of each departure: its numbers, and what happened to it."""
    gone = [each for each in order_of(sides).fulfillments if each.status == "SUCCESS"]
    return sorted((each.numbers, [event.status for event in each.events]) for each in gone)


def test_a_request_is_accepted_shipped_by_two_suppliers_and_said_to_have_arrived(
    sides: ShopifySides,
) -> None:
    bridge, other = two_suppliers(sides)
    assert sides.ordered() == sides.ordered(other) == []
    work = requested(sides)
    sides.live(bridge, 1)
    assert (sides.ordered(), sides.ordered(other)) == ([{"100": 1}], [{"200": 1}])
    delivered(sides, bridge, other)
    assert mutations(sides, "AcceptFulfillmentRequest") == 1
    assert shown(sides) == [(["1ZA"], ["DELIVERED"]), (["1ZB"], ["DELIVERED"])]
    assert sorted(map(repr, boxes(sides))) == ["{'R2-200': 1}", "{'RW-100': 1}"]
    assert (work.status, work.request_status) == ("CLOSED", "CLOSED")
    assert sides.departure_mails(order_id_of(sides)) == 2
    assert notices(bridge, order_id_of(sides)) == [ob.NoticeState.ANNOUNCED] * 2
    assert len(sides.operations.writes()) == WRITES
    assert codes(bridge) == []


@pytest.mark.parametrize("fault", LOSSES, ids=str)
@pytest.mark.parametrize("write", range(WRITES))
def test_whatever_becomes_of_one_write_there_is_one_yes_and_each_departure_once(
    sides: ShopifySides, write: int, fault: Fault
) -> None:
    bridge, other = two_suppliers(sides)
    requested(sides)
    sides.operations.nth_write(write, fault)
    delivered(sides, bridge, other)
    sides.live(bridge, 3)
    assert mutations(sides, "AcceptFulfillmentRequest") == 1
    assert shown(sides) == [(["1ZA"], ["DELIVERED"]), (["1ZB"], ["DELIVERED"])]
    assert sides.departure_mails(order_id_of(sides)) == 2
    assert codes(bridge) == []


# --- saying no ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [None, *LOSSES], ids=str)
def test_a_request_that_cannot_be_served_is_rejected_with_the_reason(
    sides: ShopifySides, fault: Fault | None
) -> None:
    """The supplier has none of it left: a person is asked, and says no."""
    bridge = stocked(sides, "RW-100", "RW-999")
    work = requested(sides)
    sides.live(bridge, 2)
    assert (sides.ordered(), codes(bridge)) == ([], ["SHORTFALL"])
    if fault is not None:
        sides.operations.meet("POST", "mutation/Reject", fault)
    bridge.cancel(order_id_of(sides), reason="RW-999 is sold out")
    sides.live(bridge, 3)
    assert work.request_status == "REJECTED"
    assert work.answer == "RW-999 is sold out [ob:cancel.1]"
    assert mutations(sides, "RejectFulfillmentRequest") == 1
    assert order_of(sides).canceled_at is None
    assert tasks(bridge, order_id_of(sides)) == [ob.TaskState.DONE]
    assert not told(bridge, order_id_of(sides)).record.order.ready


def test_what_is_requested_again_after_a_no_is_ours_again(sides: ShopifySides) -> None:
    bridge = stocked(sides, policy=BY_HAND)
    work = requested(sides)
    sides.live(bridge, 1)
    bridge.cancel(order_id_of(sides), reason="Sold out")
    sides.live(bridge, 1)
    assert work.request_status == "REJECTED"
    sides.shop.request_by_hand(work, now=sides.now())
    sides.live(bridge, 1)
    assert told(bridge, order_id_of(sides)).record.order.ready
    bridge.cancel(order_id_of(sides), reason="Still sold out")
    sides.live(bridge, 1)
    assert work.request_status == "REJECTED"
    assert mutations(sides, "RejectFulfillmentRequest") == 2
    assert tasks(bridge, order_id_of(sides)) == [ob.TaskState.DONE] * 2


# --- the merchant thinks better of it -------------------------------------------------------------------


@pytest.mark.parametrize("fault", [None, *LOSSES], ids=str)
def test_a_cancellation_that_is_asked_for_before_anything_is_ordered_is_granted_once(
    sides: ShopifySides, fault: Fault | None
) -> None:
    bridge = stocked(sides, policy=BY_HAND)
    work = requested(sides)
    work.status, work.request_status = "IN_PROGRESS", "ACCEPTED"
    sides.live(bridge, 1)
    asked_to_stop(sides, work)
    sides.live(bridge, 2)
    assert not told(bridge, order_id_of(sides)).record.order.ready
    if fault is not None:
        sides.operations.meet("POST", "mutation/AcceptCancellation", fault)
    bridge.cancel(order_id_of(sides), reason="As you wish")
    sides.live(bridge, 3)
    assert work.request_status == "CANCELLATION_ACCEPTED"
    assert mutations(sides, "AcceptCancellationRequest") == 1
    assert tasks(bridge, order_id_of(sides)) == [ob.TaskState.DONE]
    assert sides.ordered() == []
    assert codes(bridge) == []


def test_a_cancellation_that_is_asked_for_too_late_takes_no_departure_away(sides: ShopifySides) -> None:
    """The supplier has it: people are asked, let it come, and the shop is told; the merchant sees why."""
    bridge = stocked(sides)
    work = requested(sides)
    sides.live(bridge, 1)
    sides.warehouse.pay(now=sides.now())
    sides.live(bridge, 2)
    assert work.request_status == "ACCEPTED"
    asked_to_stop(sides, work)
    sides.live(bridge, 2)
    assert codes(bridge) == ["CHANGED_AFTER_PLACING"]
    (review,) = bridge.reviews()
    bridge.resolve(review.id, "ignore")
    sides.live(bridge, 2)
    assert codes(bridge) == []
    (number,) = sides.dispatch()
    sides.live(bridge, 3)
    assert sides.shown(order_id_of(sides)) == [number]
    assert work.status == "CLOSED"
    assert mutations(sides, "AcceptCancellationRequest") == 0
    assert notices(bridge, order_id_of(sides)) == [ob.NoticeState.ANNOUNCED]
    bridge.cancel(order_id_of(sides), reason="As you wish")
    sides.live(bridge, 2)
    assert "a part of ours has shipped" in evidence(bridge)


def test_a_cancellation_that_is_asked_for_and_refused_leaves_the_order_to_us(sides: ShopifySides) -> None:
    """The app said no by other means: what was not ordered yet is ordered then."""
    bridge = stocked(sides, policy=BY_HAND)
    work = requested(sides)
    sides.live(bridge, 1)
    asked_to_stop(sides, work)
    sides.live(bridge, 1)
    assert not told(bridge, order_id_of(sides)).record.order.ready
    work.status, work.request_status = "IN_PROGRESS", "CANCELLATION_REJECTED"
    sides.shop.changed(work, sides.now())
    sides.live(bridge, 1)
    before, now = told(bridge, order_id_of(sides)).purchases
    assert before.fulfillment is ob.Fulfillment.CANCELED
    bridge.place(now.po.id)
    sides.live(bridge, 2)
    assert sides.ordered() == [{"100": 1}]
    assert codes(bridge) == []


@pytest.mark.parametrize("policy", [BY_HAND, STAGED], ids=["before", "after"])
def test_a_request_that_is_withdrawn_is_ours_no_more(sides: ShopifySides, policy: ob.Policy) -> None:
    """Before the supplier has it nothing is ordered; after that what left is told all the same."""
    bridge = stocked(sides, policy=policy)
    work = requested(sides)
    sides.live(bridge, 1)
    fresh = withdrawn(sides, work)
    sides.live(bridge, 2)
    assert not told(bridge, order_id_of(sides)).record.order.ready
    assert mutations(sides, "AcceptFulfillmentRequest") == 0
    if policy is BY_HAND:
        assert sides.ordered() == []
        return
    (number,) = sides.dispatch()
    sides.live(bridge, 3)
    assert sides.shown(order_id_of(sides)) == [number]
    assert fresh.status == "CLOSED"
    assert len(order_of(sides).fulfillments) == 1
    assert codes(bridge) == []


def test_a_part_of_a_request_is_all_that_is_ordered(sides: ShopifySides) -> None:
    """The merchant asks for some of it: the rest stands in a fulfillment order of its own."""
    bridge = stocked(sides, "RW-100", "RW-101", policy=STAGED)
    (work,) = order_of(sides).fulfillment_orders
    sides.shop.split_by_hand(work, {"RW-101": 1}, now=sides.now())
    sides.shop.request_by_hand(work, now=sides.now())
    sides.live(bridge, 2)
    assert sides.ordered() == [{"100": 1}]


def test_what_leaves_is_taken_off_what_was_requested_and_nothing_is_ordered_twice(
    sides: ShopifySides,
) -> None:
    """Of one line the merchant asks for some units: those are what leaves, not the others of that line."""
    ours = sides.shop.add_location("Bridge", service="bridge", ours=True)
    sold(sides, [Item(sku="RW-100", quantity=5, at=ours.id)])
    accounts = [by_parts("rewix", sides.warehouse_url)]
    bridge = sides.bridge(policy=STAGED, stores=[sides.store(service="bridge")], suppliers=accounts)
    (rest,) = order_of(sides).fulfillment_orders
    asked = sides.shop.split_by_hand(rest, {"RW-100": 2}, now=sides.now())
    sides.shop.request_by_hand(asked, now=sides.now())
    sides.live(bridge, 2)
    sides.warehouse.pay(now=sides.now())
    sides.live(bridge, 2)
    LEFT.update({"rewix": [part("1ZA", {"100": 2})]})
    sides.live(bridge, 4)
    assert sides.ordered() == [{"100": 2}]
    assert boxes(sides) == [{"RW-100": 2}]
    assert (asked.status, asked.remaining) == ("CLOSED", 0)
    assert (rest.status, rest.remaining, rest.reported) == ("OPEN", 3, False)
    assert codes(bridge) == []


def test_what_is_held_is_not_said_to_have_gone_back(sides: ShopifySides) -> None:
    """Only work in progress can be closed: a person learns that the request stands, and retries."""
    bridge = stocked(sides, policy=BY_HAND)
    work = requested(sides)
    work.status, work.request_status = "IN_PROGRESS", "ACCEPTED"
    sides.live(bridge, 1)
    hold = sides.shop.hold_by_hand(work, now=sides.now())
    sides.live(bridge, 1)
    bridge.cancel(order_id_of(sides), reason="None left")
    sides.live(bridge, 1)
    assert f"{work.id} (ON_HOLD/ACCEPTED) is still requested of us" in evidence(bridge)
    sides.shop.let_go(work, [hold], sides.now())
    work.status = "IN_PROGRESS"
    (review,) = bridge.reviews()
    bridge.resolve(review.id, "retry")
    sides.live(bridge, 1)
    assert (work.status, work.request_status) == ("INCOMPLETE", "CLOSED")
    assert tasks(bridge, order_id_of(sides)) == [ob.TaskState.DONE]
