"""A machine whose clock was years ahead, and is put right: nothing waits for years, or happens twice."""

from __future__ import annotations

from datetime import datetime, timedelta

import orderbridge as ob
from both_sides import Plan, PrestaShopSides, codes, on_clock, only_purchase
from doubtful_supplier import DoubtfulSupplier, Mode
from orderbridge import Fulfillment
from orderbridge._clockwork import Clockwork
from orderbridge.sandbox.faults import Fault
from test_lost_answers import a_bridge

YEARS = timedelta(days=3 * 365)


class Ahead(Clockwork):
    """A clock whose wall is ahead until somebody puts it right; its steady side runs as it should."""

    def __init__(self, true: Clockwork) -> None:
        self._true, self._by = true, YEARS

    def put_right(self) -> None:
        self._by = timedelta(0)

    def wall(self) -> datetime:
        return self._true.wall() + self._by

    def steady(self) -> float:
        return self._true.steady()

    def sleep(self, seconds: float) -> None:
        self._true.sleep(seconds)


def test_what_was_planned_for_years_ahead_goes_on_once_the_clock_is_right() -> None:
    with PrestaShopSides() as sides:
        clock = Ahead(sides.clock)
        bridge = on_clock(sides.bridge(), clock)
        order_id = sides.sell({"RW-100": 1})
        bridge.run_once()
        assert only_purchase(bridge, order_id).placed_at is not None
        clock.put_right()
        (number,) = sides.dispatch()
        later = sides.sell({"RW-100": 2})
        sides.live(bridge, hours=4)
        assert sides.shown(order_id) == [number]
        assert only_purchase(bridge, later).fulfillment is Fulfillment.PLACED
        assert sides.ordered() == [{"100": 1}, {"100": 2}]
        assert codes(bridge) == []


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
