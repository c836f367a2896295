"""Orders that a person has held in a Shopify: one hold of ours on what may ship, and only ours comes off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

import orderbridge as ob
from both_sides import Sides, codes
from in_shopify import (
    BY_HAND,
    LOSSES,
    QUIET,
    ShopifySides,
    boxes,
    evidence,
    in_shop,
    order_id_of,
    order_of,
    placed,
    tasks,
    told,
    work_of,
)
from orderbridge.errors import Unsupported
from orderbridge.sandbox.faults import Fault
from orderbridge.sandbox.shopify.records import FulfillmentOrder

DONE, DUE, ASKED, DROPPED = (
    ob.TaskState.DONE,
    ob.TaskState.DUE,
    ob.TaskState.ASKED,
    ob.TaskState.DROPPED,
)


@pytest.fixture
def sides() -> Iterator[ShopifySides]:
    with in_shop() as both:
        yield both


def taken_in(sides: ShopifySides, bridge: ob.Bridge, basket: dict[str, int | str] | None = None) -> str:
    """An order that the bridge has, not yet placed anywhere."""
    order_id = sides.sell(basket or {"RW-100": 2})
    bridge.pull("shop")
    return order_id


def ours(work: FulfillmentOrder) -> list[str | None]:
    """What our holds say."""
    return [hold.notes for hold in work.holds if hold.ours and hold.handle == "orderbridge"]


def in_two_places(sides: ShopifySides) -> str:
    """An order with two fulfillment orders of ours."""
    order_id = sides.sell({"RW-100": 2})
    (work,) = work_of(sides)
    line = work.lines[0]
    second = sides.shop.add_location("Second")
    sides.shop.relocate(work, second, [(line, 1)], sides.now())
    assert len(work_of(sides)) == 2
    return order_id


# --- holding and letting go ---------------------------------------------------------------------------


def test_a_held_order_shows_it_in_the_shop_and_is_not_ordered(sides: ShopifySides) -> None:
    bridge = sides.bridge(policy=QUIET)
    order_id = taken_in(sides, bridge)
    task = bridge.hold_in_shop(order_id, reason="The address\nis to be checked")
    assert task.state is DONE
    (work,) = work_of(sides)
    assert work.status == "ON_HOLD"
    assert ours(work) == ["The address is to be checked"]
    sides.live(bridge, 3)
    assert sides.ordered() == []
    assert told(bridge, order_id).record.held


def test_a_released_order_goes_on_and_the_shop_shows_no_hold(sides: ShopifySides) -> None:
    bridge = sides.bridge(policy=QUIET)
    order_id = taken_in(sides, bridge)
    bridge.hold_in_shop(order_id)
    task = bridge.release(order_id)
    assert task is not None
    assert task.state is DONE
    (work,) = work_of(sides)
    assert (work.status, work.holds) == ("OPEN", [])
    sides.live(bridge, 2)
    assert sides.ordered() == [{"100": 2}]
    assert codes(bridge) == []


def test_an_order_held_here_alone_is_not_touched_in_the_shop(sides: ShopifySides) -> None:
    bridge = sides.bridge(policy=QUIET)
    order_id = taken_in(sides, bridge)
    bridge.hold(order_id)
    assert bridge.release(order_id) is None
    assert sides.operations.writes() == []


def test_all_that_may_ship_is_held_wherever_it_stands(sides: ShopifySides) -> None:
    bridge = sides.bridge(policy=BY_HAND)
    order_id = in_two_places(sides)
    bridge.pull("shop")
    bridge.hold_in_shop(order_id, reason="Fraud?")
    assert [ours(work) for work in work_of(sides)] == [["Fraud?"], ["Fraud?"]]
    bridge.release(order_id)
    assert [work.status for work in work_of(sides)] == ["OPEN", "OPEN"]


def test_only_our_hold_comes_off(sides: ShopifySides) -> None:
    """The merchant's stays, that of another program of the same app, and another app's of the same name."""
    bridge = sides.bridge(policy=QUIET)
    order_id = taken_in(sides, bridge)
    (work,) = work_of(sides)
    merchants = sides.shop.hold_by_hand(work, now=sides.now())
    programs = sides.shop.hold_by_hand(work, ours=True, now=sides.now())
    programs.handle = "fraud-check"
    namesakes = sides.shop.hold_by_hand(work, now=sides.now())
    namesakes.handle = "orderbridge"
    bridge.hold_in_shop(order_id)
    assert len(work.holds) == 4
    task = bridge.release(order_id)
    assert task is not None
    assert work.holds == [merchants, programs, namesakes]
    assert "that others keep on hold" in "; ".join(task.warnings)
    sides.live(bridge, 3)
    assert sides.ordered() == [], "the merchant has not let it go"
    sides.shop.let_go(work, list(work.holds), sides.now())
    sides.live(bridge, 2)
    assert sides.ordered() == [{"100": 2}]


def test_a_hold_that_the_staff_took_off_can_be_put_on_again(sides: ShopifySides) -> None:
    bridge = sides.bridge(policy=BY_HAND)
    order_id = taken_in(sides, bridge)
    for _ in range(2):
        bridge.hold_in_shop(order_id)
        (work,) = work_of(sides)
        assert len(work.holds) == 1
        bridge.hold_in_shop(order_id)
        assert len(work.holds) == 1
        sides.shop.let_go(work, list(work.holds), sides.now())
    assert bridge.release(order_id) is not None
    assert sides.operations.writes("Release") == []


def test_a_departure_of_an_order_that_we_hold_is_asked_about_and_told_once_it_is_released(
    sides: ShopifySides,
) -> None:
    bridge = placed(sides)
    order_id = order_id_of(sides)
    bridge.hold_in_shop(order_id)
    sides.dispatch()
    sides.live(bridge, 3)
    assert boxes(sides) == []
    assert "release the order there" in evidence(bridge)
    bridge.release(order_id)
    (review,) = bridge.reviews()
    bridge.resolve(review.id, "retry")
    sides.live(bridge, 1)
    assert boxes(sides) == [{"RW-100": 2}]
    assert codes(bridge) == []


def test_what_the_staff_take_off_while_the_rest_is_held_stays_off(sides: ShopifySides) -> None:
    bridge = sides.bridge(policy=BY_HAND)
    order_id = in_two_places(sides)
    bridge.pull("shop")
    first, second = work_of(sides)
    sides.operations.nth_write(1, Fault.REQUEST_LOST)
    assert bridge.hold_in_shop(order_id).state is DUE
    sides.shop.let_go(first, list(first.holds), sides.now())
    sides.live(bridge, 3)
    assert tasks(bridge, order_id) == [DONE]
    assert (first.holds, len(second.holds)) == ([], 1)
    assert codes(bridge) == []


# --- what is not held ---------------------------------------------------------------------------------


def test_what_cannot_be_held_beside_what_can_is_said(sides: ShopifySides) -> None:
    bridge = sides.bridge(policy=BY_HAND)
    order_id = in_two_places(sides)
    bridge.pull("shop")
    first, second = work_of(sides)
    second.status = "SCHEDULED"
    task = bridge.hold_in_shop(order_id)
    assert task.state is DONE
    assert (len(first.holds), second.holds) == (1, [])
    assert f"fulfillment order {second.id} (SCHEDULED)" in "; ".join(task.warnings)


def test_an_order_of_which_nothing_is_left_to_ship_is_a_question(sides: ShopifySides) -> None:
    bridge = placed(sides)
    sides.dispatch()
    sides.live(bridge, 1)
    task = bridge.hold_in_shop(order_id_of(sides))
    assert task.state is ASKED
    assert "no work on it that may still ship" in evidence(bridge)


def test_a_fulfillment_service_holds_nothing() -> None:
    with in_shop() as sides:
        sides.shop.add_location("Ours", service="ours", ours=True)
        bridge = sides.bridge(stores=[sides.store(service="ours")], policy=BY_HAND)
        assert "HoldsWork" in bridge.probe()["shop"].lacks
        order_id = sides.sell({"RW-100": 1})
        bridge.pull("shop")
        assert bridge.hold_in_shop(order_id).state is ASKED
        assert sides.operations.writes() == []


def test_a_shop_that_cannot_hold_says_so_and_the_order_is_held_here() -> None:
    with Sides() as sides:
        bridge = sides.bridge(policy=BY_HAND)
        order_id = sides.sell({"RW-100": 2})
        bridge.pull("shop")
        with pytest.raises(Unsupported):
            bridge.hold_in_shop(order_id)
        view = bridge.order(order_id)
        assert view is not None
        assert view.record.held, "what somebody wants held is not ordered, whatever the shop can show"


# --- lost, late and doubled ---------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [*LOSSES, Fault.DOUBLED], ids=lambda fault: fault.value)
@pytest.mark.parametrize("number", [0, 1])
def test_whatever_a_call_comes_to_each_work_has_one_hold(
    sides: ShopifySides, fault: Fault, number: int
) -> None:
    bridge = sides.bridge(policy=BY_HAND)
    order_id = in_two_places(sides)
    bridge.pull("shop")
    sides.operations.nth_write(number, fault)
    bridge.hold_in_shop(order_id)
    sides.live(bridge, 3)
    assert tasks(bridge, order_id) == [DONE]
    assert [len(work.holds) for work in work_of(sides)] == [1, 1]
    assert codes(bridge) == []


@pytest.mark.parametrize("fault", [*LOSSES, Fault.DOUBLED], ids=lambda fault: fault.value)
@pytest.mark.parametrize("number", [0, 1])
def test_whatever_a_call_comes_to_no_work_is_held_once_it_is_released(
    sides: ShopifySides, fault: Fault, number: int
) -> None:
    bridge = sides.bridge(policy=BY_HAND)
    order_id = in_two_places(sides)
    bridge.pull("shop")
    bridge.hold_in_shop(order_id)
    sides.operations.nth_write(number, fault)
    bridge.release(order_id)
    sides.live(bridge, 3)
    assert tasks(bridge, order_id) == [DONE, DONE]
    assert [work.holds for work in work_of(sides)] == [[], []]
    assert codes(bridge) == []


def test_a_hold_refused_because_ours_is_there_already_is_held(sides: ShopifySides) -> None:
    """The answer may be that to a copy of the call, which came second: then it proves no refusal."""
    bridge = sides.bridge(policy=BY_HAND)
    order_id = taken_in(sides, bridge)
    (work,) = work_of(sides)

    def first() -> None:
        sides.shop.hold_by_hand(work, ours=True, now=sides.now()).handle = "orderbridge"

    sides.operations.before("POST", "mutation/Hold", first)
    assert bridge.hold_in_shop(order_id).state is DONE
    assert len(work.holds) == 1
    assert codes(bridge) == []


@pytest.mark.parametrize("fault", LOSSES, ids=lambda fault: fault.value)
def test_what_was_wanted_last_is_what_the_shop_shows(sides: ShopifySides, fault: Fault) -> None:
    """A release waits for the hold before it, of which nobody knows what came; a hold for the release."""
    bridge = sides.bridge(policy=BY_HAND)
    order_id = taken_in(sides, bridge)
    (work,) = work_of(sides)
    sides.operations.nth_write(0, fault)
    assert bridge.hold_in_shop(order_id).state is DUE
    assert not told(bridge, order_id).tasks[1:]
    task = bridge.release(order_id)
    assert task is not None
    assert task.state is DUE
    assert bridge.release(order_id) == task
    sides.live(bridge, 3)
    assert tasks(bridge, order_id) == [DONE, DONE]
    assert work.holds == []
    bridge.hold_in_shop(order_id)
    sides.operations.nth_write(0, fault)
    bridge.release(order_id)
    bridge.hold_in_shop(order_id)
    sides.live(bridge, 3)
    assert tasks(bridge, order_id) == [DONE] * 5
    assert len(work.holds) == 1
    assert codes(bridge) == []


def test_a_hold_that_was_asked_about_is_not_put_on_after_the_order_was_released(sides: ShopifySides) -> None:
    bridge = sides.bridge(policy=BY_HAND)
    order_id = taken_in(sides, bridge)
    (work,) = work_of(sides)
    work.status = "SCHEDULED"
    assert bridge.hold_in_shop(order_id).state is ASKED
    bridge.release(order_id)
    work.status = "OPEN"
    (review,) = bridge.reviews()
    bridge.resolve(review.id, "retry")
    sides.live(bridge, 1)
    assert tasks(bridge, order_id) == [DROPPED, DONE]
    assert work.holds == []


def test_keys_of_holds_are_nobodys_to_give(sides: ShopifySides) -> None:
    bridge = sides.bridge(policy=BY_HAND)
    order_id = taken_in(sides, bridge)
    with pytest.raises(ob.ConfigurationError, match="key"):
        bridge.note(order_id, ob.Note(key="hold.1", text="Mine"))


def test_the_async_face_does_the_same(sides: ShopifySides) -> None:
    async def held_and_released() -> None:
        async with ob.AsyncBridge(**sides.parts(policy=BY_HAND)) as bridge:
            order_id = sides.sell({"RW-100": 2})
            await bridge.pull("shop")
            assert (await bridge.hold_in_shop(order_id)).state is DONE
            assert len(order_of(sides).fulfillment_orders[0].holds) == 1
            task = await bridge.release(order_id)
            assert task is not None
            assert task.state is DONE

    asyncio.run(held_and_released())
    assert work_of(sides)[0].holds == []
