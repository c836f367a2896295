"""A machine whose clock was years ahead, and is put right: nothing waits for years, or happens twice."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs
import pytest

import orderbridge as ob
from both_sides import Plan, PrestaShopSides, Sides, codes, on_clock, only_purchase
from doubtful_supplier import DoubtfulSupplier, Mode
from orderbridge import Fulfillment
from orderbridge._clockwork import Clockwork
from orderbridge.sandbox.faults import Fault
from test_lost_answers import a_bridge

YEARS = timedelta(days=3 * 365)


class Ahead(Clockwork):
    """A clock whose wall is ahead until somebody puts it right; its steady side runs as it should."""

    def __init__(self, true: Clockwork, by: timedelta = YEARS) -> None:
        self._true, self._by = true, by

    def put_right(self) -> None:
        self._by = timedelta(0)

    def wall(self) -> datetime:
        return self._true.wall() + self._by

    def steady(self) -> float:
        return self._true.steady()

    def sleep(self, seconds: float) -> None:
        self._true.sleep(seconds)


@pytest.mark.parametrize("by", [YEARS, timedelta(weeks=3)], ids=["years", "weeks"])
def test_what_was_planned_for_years_ahead_goes_on_once_the_clock_is_right(by: timedelta) -> None:
    with PrestaShopSides() as sides:
        clock = Ahead(sides.clock, by)
        bridge = on_clock(sides.bridge(), clock)
        order_id = sides.sell({"RW-100": 1})
        bridge.run_once()
        assert only_purchase(bridge, order_id).placed_at is not None
        assert bridge.health().far_ahead == ()
        clock.put_right()
        assert {"pull/shop", f"order/{order_id}"} <= set(bridge.health().far_ahead)
        (number,) = sides.dispatch()
        later = sides.sell({"RW-100": 2})
        sides.live(bridge, hours=4)
        assert sides.shown(order_id) == [number]
        assert only_purchase(bridge, later).fulfillment is Fulfillment.PLACED
        assert sides.ordered() == [{"100": 1}, {"100": 2}]
        assert codes(bridge) == []
        assert bridge.health().far_ahead == ()


@pytest.mark.parametrize("by", [YEARS, timedelta(hours=3)], ids=["years", "hours"])
def test_a_first_pull_by_a_clock_that_was_ahead_is_begun_anew_and_that_is_said(by: timedelta) -> None:
    """No order would be asked for, or acted on, until the time that it said."""
    with PrestaShopSides() as sides:
        clock = Ahead(sides.clock, by)
        bridge = on_clock(sides.bridge(take_from=None), clock)
        bridge.run_once()
        clock.put_right()
        bridge.run_once()
        (event,) = (each for each in bridge.events() if each.kind is ob.EventKind.PULL_FAILED)
        assert (event.about, "clock was ahead" in event.data["why"]) == ("shop", True)
        sides.clock.sleep(60)
        order_id = sides.sell({"RW-100": 1})
        sides.live(bridge, hours=1)
        assert only_purchase(bridge, order_id).fulfillment is Fulfillment.PLACED
        assert sides.ordered() == [{"100": 1}]


def test_a_day_to_come_from_which_orders_are_to_count_is_no_wrong_clock() -> None:
    with PrestaShopSides() as sides:
        bridge = sides.bridge(take_from=sides.now() + timedelta(days=1))
        early = sides.sell({"RW-100": 1})
        sides.live(bridge, hours=25)
        sides.sell({"RW-101": 2})
        sides.live(bridge)
        assert sides.ordered() == [{"101": 2}]
        view = bridge.order(early)
        assert view is None or not view.record.taken


def test_a_policy_that_waits_for_long_is_no_wrong_clock() -> None:
    """Of a mapping's accounts nobody reads the policies for this: no plan of theirs waits for a month."""
    for lazy in (False, True):
        account = ob.supplier("depot", platform="offline", settings={"title": "Depot"})
        policy = ob.Policy(place=ob.Who.AUTOMATIC, place_after=timedelta(days=20))
        slow = attrs.evolve(account, policy=policy)
        with PrestaShopSides() as sides:
            bridge = sides.bridge(
                suppliers={"depot": slow} if lazy else [slow],
                rules=[ob.SkuPrefix(prefix="RW-", supplier="depot")],
            )
            order_id = sides.sell({"RW-100": 1})
            bridge.run_once()
            assert only_purchase(bridge, order_id).waits == "window"
            assert bridge.health().far_ahead == ()


def test_an_order_that_a_wrong_clock_has_seen_is_read_again_before_it_is_placed() -> None:
    with PrestaShopSides() as sides:
        clock = Ahead(sides.clock)
        bridge = on_clock(sides.bridge(policy=ob.Policy()), clock)
        order_id = sides.sell({"RW-100": 1})
        bridge.run_once()
        clock.put_right()
        sides.clock.sleep(3600)
        sides.shop.cancel(int(order_id.partition("/")[2]), now=sides.now())
        bridge.place(only_purchase(bridge, order_id).po.id)
        sides.live(bridge, hours=4)
        assert sides.ordered() == []
        assert only_purchase(bridge, order_id).fulfillment is Fulfillment.CANCELED


def test_a_lease_of_a_machine_that_died_years_ahead_is_let_go() -> None:
    with PrestaShopSides() as sides:
        bridge = sides.bridge()
        order_id = sides.sell({"RW-100": 1})
        subject = f"order/{order_id}"
        until = sides.now() + YEARS

        def leave(tx: ob._journal.Tx) -> None:
            tx.wake(subject, sides.now())
            tx.hold(subject, fence=0, until=until)

        bridge._setup.journal.transact(leave)
        sides.live(bridge)
        assert sides.ordered() == [{"100": 1}]


def test_a_key_of_nobody_knows_when_is_not_sent_again() -> None:
    """Its first call left by a clock that was wrong: the supplier may have forgotten the key since."""
    supplier, plan = DoubtfulSupplier(mode=Mode.KEY), Plan()
    plan.meet("POST", "/orders", Fault.ANSWER_LOST)
    with PrestaShopSides() as sides:
        clock = Ahead(sides.clock)
        bridge = on_clock(a_bridge(sides, sides.serve(supplier, plan), Mode.KEY, "call"), clock)
        sides.sell({"RW-A": 1})
        bridge.run_once()
        assert len(supplier.made) == 1
        clock.put_right()
        sides.clock.sleep(3 * 3600)
        sides.live(bridge, hours=12)
        assert len(supplier.made) == 1
        assert codes(bridge) == ["PARKED"]


def test_an_order_that_a_shop_dates_days_ahead_is_looked_for_from_now_on() -> None:
    with Sides() as sides:
        line = {"sku": "RW-100", "quantity": 1, "price": "10.00"}
        order_id = f"shop/{sides.shop.place_order([line], now=sides.now() + timedelta(days=3))}"
        bridge = sides.bridge()
        bridge.run_once()
        assert only_purchase(bridge, order_id).po.placed_at <= sides.now()
