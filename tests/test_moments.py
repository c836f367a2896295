"""The world moves at bad moments: between a read and its commit, a call and its answer, a yes and a look."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import orderbridge as ob
from both_sides import Sides, codes
from orderbridge import _pull
from orderbridge._http import Call, Response
from orderbridge._journal import Tx
from orderbridge._saga import Commit, Effect, Fetch, Saga
from orderbridge.sandbox.faults import Backend, Fault

AUTOMATIC = ob.Policy(place=ob.Who.AUTOMATIC, pull_every=timedelta(hours=1))


@pytest.fixture
def sides() -> Iterator[Sides]:
    with Sides() as made:
        yield made


class Hooked:
    """A backend that is watched: the hook acts before a call, and may answer in its place."""

    def __init__(self, backend: Backend, hook: Callable[[Call, datetime], Response | None]) -> None:
        self._backend = backend
        self._hook = hook

    def handle(self, call: Call, now: datetime) -> Response:
        return self._hook(call, now) or self._backend.handle(call, now)


def in_shop(order_id: str) -> int:
    return int(order_id.partition("/")[2])


def purchase(bridge: ob.Bridge, order_id: str) -> ob.PurchaseRecord:
    view = bridge.order(order_id)
    assert view is not None
    return view.purchases[-1]


def test_an_older_picture_of_an_order_never_overwrites_a_newer_one(sides: Sides, tmp_path: Path) -> None:
    """One worker has read a page when the shopper cancels and another worker reads the order again."""
    sides.warehouse.stock["100"] = 0
    slow, quick = (sides.bridge(journal=tmp_path / "j.db") for _ in range(2))
    order_id = sides.sell({"RW-100": 1})
    slow.run_once()
    quick.run_once()
    sides.clock.sleep(20)
    sides.shop.change(in_shop(order_id), sides.now(), customer_note="a gift")
    sides.clock.sleep(300)
    sides.warehouse.stock["100"] = 5

    def alone(effect: Effect) -> Saga[object]:
        return (yield effect)

    def read_it_again(tx: Tx) -> None:  # as a webhook asks
        tx.set_flags(order_id, refresh=True, held=False)
        tx.wake(f"order/{order_id}", sides.now())

    setup = slow._setup
    saga = _pull.pull(setup.world, "shop", identified=setup.identified)
    effect, fetched, canceled = next(saga), False, False
    with suppress(StopIteration):
        while True:
            if isinstance(effect, Commit) and fetched and not canceled:
                canceled = True
                sides.clock.sleep(1)
                sides.shop.put_status(in_shop(order_id), "cancelled", sides.now())
                quick._setup.journal.transact(read_it_again)
                quick.advance(f"order/{order_id}")
            answer = slow._driver.run(alone(effect))
            fetched = fetched or isinstance(effect, Fetch)
            effect = saga.send(answer)
    sides.live(slow, 3)
    view = slow.order(order_id)
    assert canceled
    assert view is not None
    assert view.record.order.canceled
    assert sides.ordered() == []


@pytest.mark.parametrize("status", ["on-hold", "pending"])
def test_an_order_the_shop_takes_back_before_it_is_placed_waits_for_the_shop(
    sides: Sides, status: str
) -> None:
    sides.warehouse.stock["100"] = 0
    bridge = sides.bridge(policy=AUTOMATIC)
    order_id = sides.sell({"RW-100": 1})
    sides.live(bridge, 1)
    sides.shop.put_status(in_shop(order_id), status, sides.now())
    sides.live(bridge, 2)
    sides.warehouse.stock["100"] = 5
    sides.live(bridge, 3)
    assert sides.ordered() == []
    assert purchase(bridge, order_id).waits == "shop"
    sides.shop.put_status(in_shop(order_id), "processing", sides.now())
    sides.live(bridge, 3)
    assert sides.ordered() == [{"100": 1}]


def test_nothing_is_sent_again_before_the_shop_was_asked_again(sides: Sides) -> None:
    """The first try was lost on its way, and the shopper canceled while nobody knew."""
    sides.warehouse_plan.meet("POST", "/orders/0/dropshipping", Fault.REQUEST_LOST)
    bridge = sides.bridge(policy=AUTOMATIC)
    order_id = sides.sell({"RW-100": 1})
    bridge.run_once()
    sides.clock.sleep(30)
    sides.shop.put_status(in_shop(order_id), "cancelled", sides.now())
    sides.live(bridge, 5)
    assert sides.ordered() == []
    assert purchase(bridge, order_id).fulfillment is ob.Fulfillment.CANCELED


@pytest.mark.parametrize("fault", [None, Fault.ANSWER_LOST])
def test_an_order_that_is_canceled_when_it_is_found_asks_a_person(sides: Sides, fault: Fault | None) -> None:
    canceled: list[str] = []

    def cancel(call: Call, now: datetime) -> None:
        if "/clientkey/" in call.url and sides.warehouse.orders and not canceled:
            canceled.append(sides.warehouse.orders[0].order_id)
            sides.warehouse.cancel(canceled[0], now=now)

    sides.at_warehouse.backend = Hooked(sides.warehouse, cancel)
    if fault is not None:
        sides.warehouse_plan.meet("POST", "/orders/0/dropshipping", fault)
    bridge = sides.bridge(policy=AUTOMATIC)
    sides.sell({"RW-100": 1})
    sides.live(bridge, 24)
    assert canceled
    assert codes(bridge) == ["CANCELED_BY_SUPPLIER"]


def test_an_order_is_not_completed_over_a_line_that_came_late(sides: Sides) -> None:
    bridge = sides.bridge(policy=ob.Policy(place=ob.Who.AUTOMATIC, pull_every=timedelta(hours=12)))
    order_id = sides.sell({"RW-100": 1})
    bridge.run_once()
    sides.clock.sleep(60)
    rows = copy.deepcopy(sides.shop.order(in_shop(order_id))["line_items"])
    late = {**copy.deepcopy(rows[0]), "id": 9999, "sku": "RW-101", "quantity": 2}
    sides.shop.change(in_shop(order_id), sides.now(), line_items=[*rows, late])
    sides.dispatch()
    sides.live(bridge, 24)
    assert sides.shop.order(in_shop(order_id))["status"] == "processing"
    assert sides.ordered() == [{"100": 1}, {"101": 2}]


def test_one_refused_set_does_not_end_the_growing_order(sides: Sides) -> None:
    left = [1]

    def refuse(call: Call, now: datetime) -> Response | None:
        if call.method == "POST" and call.url.endswith("/sold") and left:
            left.pop()
            return Response(403, body=b"Forbidden")
        return None

    sides.at_warehouse.backend = Hooked(sides.warehouse, refuse)
    bridge = sides.bridge(policy=AUTOMATIC)
    sides.sell({"RW-100": 1})
    sides.live(bridge, 24)
    sides.sell({"RW-101": 1})
    sides.live(bridge, 24)
    assert not left
    assert sorted(map(str, sides.ordered())) == ["{'100': 1}", "{'101': 1}"]


def test_without_reserving_nothing_is_ever_held(sides: Sides) -> None:
    bridge = sides.bridge(policy=ob.Policy(reserve=False))
    gone, kept = sides.sell({"RW-100": 1}), sides.sell({"RW-101": 7})
    sides.live(bridge, 1)
    sides.shop.put_status(in_shop(gone), "cancelled", sides.now())
    sides.live(bridge, 1)
    assert sides.warehouse.locked == {}
    bridge.place(purchase(bridge, kept).po.id)
    assert sides.ordered() == [{"101": 7}]


def test_two_bridges_with_accounts_of_their_own_share_a_journal(sides: Sides, tmp_path: Path) -> None:
    ours = sides.bridge(journal=tmp_path / "j.db")
    others = sides.bridge(journal=tmp_path / "j.db", stores=[sides.store("other")], suppliers=[], rules=())
    ours.run_once()
    others.run_once()
    sides.sell({"RW-100": 1})
    for _ in range(20):
        sides.clock.sleep(301)
        others.run_once()
        ours.run_once()
    assert sides.ordered() == [{"100": 1}]


def test_a_forgotten_shopper_is_in_no_file_of_the_journal(sides: Sides, tmp_path: Path) -> None:
    bridge = sides.bridge(journal=tmp_path / "j.db")
    order_id = sides.sell({"RW-100": 1}, shipping={"first_name": "Zebediah", "address_1": "Xyzzy street 77"})
    sides.live(bridge, 1)
    assert bridge.forget(order_id)
    bridge.close()
    for file in tmp_path.iterdir():
        assert b"Zebediah" not in file.read_bytes(), file.name
        assert b"Xyzzy" not in file.read_bytes(), file.name
