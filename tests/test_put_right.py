"""Putting a growing order right: as a person was shown it, once, and never over what an order is moving."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import attrs
import pytest

import orderbridge as ob
from both_sides import Sides, codes, only_purchase
from orderbridge.errors import OutOfDate, Unsupported
from orderbridge.sandbox.faults import Fault

BY_HAND = ob.Policy()
SET = ("POST", "/orders/sold")


@pytest.fixture
def sides() -> Iterator[Sides]:
    with Sides() as both:
        yield both


def with_five_too_many(sides: Sides, **changes: object) -> ob.Bridge:
    """An order wants two of a model, and somebody else has taken five."""
    sides.sell({"RW-100": 2})
    bridge = sides.bridge(**{"policy": BY_HAND, **changes})
    sides.live(bridge, 0.2)
    sides.warehouse.others_lock("100", 5, now=sides.now())
    return bridge


def test_the_bridge_by_itself_never_takes_them_away_and_a_person_may(sides: Sides) -> None:
    bridge = with_five_too_many(sides)
    sides.live(bridge, 7)
    assert sides.warehouse.locked == {"100": 7}
    assert codes(bridge) == ["FOREIGN_UNITS"]
    assert bridge.put_right(*bridge.reconcile("rewix")) == ()
    assert sides.warehouse.locked == {"100": 2}
    sides.live(bridge, 7)
    assert codes(bridge) == []


def test_what_is_not_named_stays_as_it_is(sides: Sides) -> None:
    bridge = with_five_too_many(sides)
    sides.warehouse.others_lock("101", 3, now=sides.now())
    hundred, other = bridge.reconcile("rewix")
    assert bridge.put_right(hundred) == (other,)
    assert sides.warehouse.locked == {"100": 2, "101": 3}
    assert bridge.put_right() == ()


@pytest.mark.parametrize("seen", [{"held": 8}, {"wanted": 1}, {"cause": "foreign"}, {"remote_id": "102"}])
def test_nothing_is_set_where_it_is_not_as_it_was_shown(sides: Sides, seen: dict[str, object]) -> None:
    bridge = with_five_too_many(sides)
    sides.warehouse.others_lock("101", 3, now=sides.now())
    hundred, other = bridge.reconcile("rewix")
    sets = [effect for effect in sides.warehouse.effects if effect.what == "set"]
    with pytest.raises(OutOfDate, match="not as it was shown"):
        bridge.put_right(attrs.evolve(hundred, **seen), other)
    assert [effect for effect in sides.warehouse.effects if effect.what == "set"] == sets
    assert bridge.put_right(hundred, other) == ()


@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.REQUEST_LOST, Fault.LATE])
def test_a_set_that_nobody_heard_of_ends_well_and_leaves_the_order_its_units(
    sides: Sides, fault: Fault
) -> None:
    bridge = with_five_too_many(sides)
    sides.warehouse_plan.meet(*SET, fault)
    left = bridge.put_right(*bridge.reconcile("rewix"))
    assert (left == ()) is (fault is Fault.ANSWER_LOST)
    sides.live(bridge, 7)
    bridge.put_right(*bridge.reconcile("rewix"))
    assert bridge.reconcile("rewix") == ()
    assert sides.warehouse.locked == {"100": 2}
    (order,) = bridge.orders()
    bridge.place(only_purchase(bridge, order.record.order.id).po.id)
    sides.live(bridge, 1)
    assert sides.ordered() == [{"100": 2}]
    assert codes(bridge) == []


def test_what_an_order_is_moving_out_just_now_is_left_to_it(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 2})
    bridge = sides.bridge()
    sides.warehouse_plan.meet("POST", "/orders/0/dropshipping", Fault.REQUEST_LOST)
    bridge.run_once()
    assert only_purchase(bridge, order_id).fulfillment is ob.Fulfillment.IN_DOUBT
    (moving,) = bridge.reconcile("rewix")
    assert moving.cause == "being placed"
    assert bridge.put_right(moving) == (moving,)
    assert sides.warehouse.locked == {"100": 2}
    sides.live(bridge, 2)
    assert sides.ordered() == [{"100": 2}]


def test_an_order_that_is_found_while_they_are_set_keeps_its_units(sides: Sides) -> None:
    bridge = with_five_too_many(sides)
    found = bridge.reconcile("rewix")

    def more() -> None:
        sides.sell({"RW-100": 1})
        bridge.pull("shop")

    sides.warehouse_plan.before(*SET, more)
    bridge.put_right(*found)
    sides.live(bridge, 1)
    assert sides.warehouse.locked == {"100": 3}
    assert bridge.reconcile("rewix") == ()


def test_on_a_shared_account_nothing_is_taken_from_others(sides: Sides) -> None:
    sides.warehouse.others_lock("102", 3, now=sides.now())
    bridge = with_five_too_many(sides, suppliers=[sides.supplier(shared=True)])
    found = bridge.reconcile("rewix")
    assert [each.cause for each in found] == ["too many", "foreign"]
    for each in found:
        with pytest.raises(ob.ConfigurationError, match="is shared"):
            bridge.put_right(each)
    assert sides.warehouse.locked == {"100": 7, "102": 3}


def test_what_makes_no_sense_is_refused_in_words(sides: Sides) -> None:
    bridge = with_five_too_many(sides, policy=ob.Policy(reserve=False))
    (one, *_) = bridge.reconcile("rewix")
    with pytest.raises(ob.ConfigurationError, match="nothing is reserved"):
        bridge.put_right(one)
    with pytest.raises(ob.ConfigurationError, match="of one supplier"):
        bridge.put_right(one, attrs.evolve(one, supplier="other"))
    with pytest.raises(ob.ConfigurationError, match="nobody"):
        bridge.put_right(attrs.evolve(one, supplier="nobody"))
    depot = ob.supplier("depot", platform="offline", settings={"title": "Depot"})
    with pytest.raises(Unsupported, match="no growing order"):
        sides.bridge(suppliers=[depot], rules=[]).put_right(attrs.evolve(one, supplier="depot"))


@pytest.mark.parametrize("shared", [False, True], ids=["alone", "shared"])
@pytest.mark.parametrize("read", [1, 2, 3])
def test_what_others_take_meanwhile_and_nobody_was_shown_is_never_taken_from_them(
    sides: Sides, read: int, *, shared: bool
) -> None:
    """Whichever read of the growing order they come before: either nothing is set, or it is set before."""
    sides.sell({"RW-100": 3})
    bridge = sides.bridge(policy=BY_HAND, suppliers=[sides.supplier(shared=shared)])
    sides.live(bridge, 0.1)
    sides.warehouse.locked["100"] = 1
    shown = bridge.reconcile("rewix")
    others = partial(sides.warehouse.others_lock, "100", 5, now=sides.now())
    sides.warehouse_plan.before("GET", "/locked", others, nth=read)
    if read == 1:
        with pytest.raises(OutOfDate, match="not as it was shown"):
            bridge.put_right(*shown)
        assert sides.warehouse.locked == {"100": 6}
    else:
        bridge.put_right(*shown)
        assert sides.warehouse.locked == {"100": 8}


# --- a person says which order it is -----------------------------------------------------------------


def test_what_a_person_has_ordered_by_hand_is_held_no_longer(sides: Sides) -> None:
    """The supplier's growing order is looked at at once, and not after its hours."""
    bridge = sides.bridge(policy=BY_HAND)
    order_id = sides.sell({"RW-100": 2})
    sides.live(bridge, 0.2)
    assert sides.warehouse.locked == {"100": 2}
    bridge.found(only_purchase(bridge, order_id).po.id, supplier_ref="77")
    bridge.run_once()
    assert sides.warehouse.locked == {}


def test_units_that_a_lost_call_moved_out_are_others_when_a_person_has_found_the_order(sides: Sides) -> None:
    """What others hold of them by then is not taken away."""
    bridge = sides.bridge(suppliers=[sides.supplier(shared=True)])
    order_id = sides.sell({"RW-100": 2})
    sides.warehouse_plan.meet("POST", "/orders/0/dropshipping", Fault.ANSWER_LOST)
    bridge.run_once()
    sides.warehouse_plan.meet("GET", "/clientkey/", Fault.ERROR_BEFORE, times=99)
    record = only_purchase(bridge, order_id)
    assert record.fulfillment is ob.Fulfillment.IN_DOUBT
    sides.clock.sleep(3600)
    sides.warehouse.others_lock("100", 2, now=sides.now())
    bridge.found(record.po.id, supplier_ref=sides.warehouse.orders[0].order_id)
    sides.live(bridge, 12)
    assert sides.warehouse.locked == {"100": 2}
