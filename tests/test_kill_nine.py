"""``kill -9`` of a real process that runs a bridge: nothing is ordered, told or lost twice over."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

import kill_nine
import orderbridge as ob
from both_sides import RULES, START, Jumping, on_clock
from kill_nine import WRONG, Town
from orderbridge.sandbox import LoopbackServer

pytestmark = pytest.mark.slow  # minutes of work: once, on the interpreter at hand


def test_a_bridge_that_is_killed_again_and_again_orders_and_tells_everything_once(tmp_path: Path) -> None:
    found = kill_nine.rehearse(orders=20, kills=8, seed=3, speed=400.0, folder=tmp_path, say=lambda _: None)
    assert {name: found[name] for name in WRONG} == dict.fromkeys(WRONG, 0)
    assert found["kills"] == 8
    assert found["supplier_orders"] == found["shipped"] > 10


# --- the count sees what it is there to see -------------------------------------------------------


@pytest.fixture(scope="module")
def finished() -> Town:
    """A town in which all went well."""
    town = Town(5, Jumping())
    while sum(bool(sale.expected and not sale.own) for sale in town.sales) < 2:
        town.sell()
    with (
        LoopbackServer(town.line(town.shop), clock=town.clock.wall) as shop,
        LoopbackServer(town.line(town.supplier), clock=town.clock.wall) as supplier,
    ):
        keys = {"consumer_key": town.shop.consumer_key, "consumer_secret": town.shop.consumer_secret}
        rewix = {"base_url": supplier.url, "api_key": "key", "password": "pw"}
        bridge = on_clock(
            ob.Bridge(
                stores=[
                    ob.store("shop", platform="fast-woocommerce", settings={"base_url": shop.url, **keys})
                ],
                suppliers=[ob.supplier("rewix", platform="fast-rewix", settings=rewix)],
                journal=":memory:",
                policy=ob.Policy(place=ob.Who.AUTOMATIC),
                rules=RULES,
                take_from=START - timedelta(days=1),
            ),
            town.clock,
        )
        with bridge:
            for _ in range(20):
                bridge.run_once()
                town.work()
                town.clock.sleep(timedelta(minutes=30).total_seconds())
            bridge.run_once()
    return town


def test_the_count_finds_nothing_where_all_went_well(finished: Town) -> None:
    found = finished.count()
    assert {name: found[name] for name in WRONG} == dict.fromkeys(WRONG, 0)
    assert found["shipped"] >= 2


def _ordered_twice(town: Town) -> None:
    town.supplier.orders.append(copy.copy(town.supplier.orders[0]))


def _never_ordered(town: Town) -> None:
    del town.supplier.orders[0]


def _ordered_for_nobody(town: Town) -> None:
    unpaid = town.sales[0].shopper
    town.sales[0] = kill_nine.Sale(ref=town.sales[0].ref, shopper=unpaid, units={}, own=True, paid=False)


def _not_told(town: Town) -> None:
    next(iter(town.shop.parcels.made.values())).deleted = True


def _told_twice(town: Town) -> None:
    one = copy.copy(next(iter(town.shop.parcels.made.values())))
    one.id = 9999
    town.shop.parcels.made[one.id] = one


def _mailed_twice(town: Town) -> None:
    town.shop.mails += [mail for mail in town.shop.mails if mail.kind in kill_nine.DEPARTURE_MAILS]


def _still_held(town: Town) -> None:
    town.supplier.locked["100"] = 1


def _not_sent_off(town: Town) -> None:
    town.supplier.orders[0].dispatched = False


@pytest.mark.parametrize(
    ("spoil", "seen"),
    [
        (_ordered_twice, {"double_lines", "double_orders"}),
        (_never_ordered, {"lost_lines"}),
        (_ordered_for_nobody, {"double_lines", "strange_orders"}),
        (_not_told, {"untold"}),
        (_told_twice, {"told_twice"}),
        (_mailed_twice, {"mails_too_many"}),
        (_still_held, {"still_held"}),
        (_not_sent_off, {"unshipped"}),
    ],
)
def test_the_count_finds_what_went_wrong(
    finished: Town, spoil: Callable[[Town], None], seen: set[str]
) -> None:
    town = copy.copy(finished)
    town.sales = list(finished.sales)
    town.shop, town.supplier = copy.copy(finished.shop), copy.copy(finished.supplier)
    town.shop.mails = list(finished.shop.mails)
    town.shop.parcels = copy.deepcopy(finished.shop.parcels)
    town.supplier.orders = copy.deepcopy(finished.supplier.orders)
    town.supplier.locked = {}
    spoil(town)
    found = town.count()
    wrong = {name for name in WRONG if found[name]}
    assert seen <= wrong
