"""The faces: one order all the way, people who step in, and what two bridges, threads and forks do."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs
import pytest

import orderbridge as ob
from both_sides import (
    AUTOMATIC,
    RULES,
    START,
    Jumping,
    Plan,
    Sides,
    a_warehouse,
    codes,
    on_clock,
    only_purchase,
)
from orderbridge._clockwork import Clockwork
from orderbridge._guards import is_nowhere
from orderbridge._http import Call, Response
from orderbridge._journal import Tx
from orderbridge.adapters import AccountSettings
from orderbridge.journals.sqlite import open_memory
from orderbridge.sandbox import WooCommerceShop
from orderbridge.sandbox.faults import Fault
from orderbridge.sandbox.rewix import Code
from orderbridge.testing._journal_samples import a_purchase, an_order, keep_order
from paid_supplier import PaidSupplier

BY_HAND = ob.Policy()


@pytest.fixture
def sides() -> Iterator[Sides]:
    with Sides() as made:
        yield made


@pytest.fixture
def real() -> Iterator[Sides]:
    """On this machine's clock: for threads, processes and event loops."""
    with Sides(clock=Clockwork()) as made:
        yield made


def state(bridge: ob.Bridge, order_id: str) -> ob.Fulfillment:
    return only_purchase(bridge, order_id).fulfillment


def kinds(bridge: ob.Bridge, order_id: str) -> list[str]:
    return [event.kind for event in bridge.history(order_id)]


# --- one order all the way ----------------------------------------------------------------------


def test_an_order_is_reserved_placed_followed_and_announced(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 2})
    bridge = sides.bridge()
    bridge.run_once()
    assert sides.ordered() == [{"100": 2}]
    assert state(bridge, order_id) is ob.Fulfillment.PLACED
    assert not sides.warehouse.locked
    sides.warehouse.pay(now=sides.now())
    sides.live(bridge, 1)
    assert state(bridge, order_id) is ob.Fulfillment.ACCEPTED
    assert only_purchase(bridge, order_id).payment is ob.Payment.PAID
    (number,) = sides.dispatch()
    sides.live(bridge, 1)
    assert sides.shown(order_id) == [number]
    assert sides.departure_mails(order_id) == 1
    assert sides.shop.order(int(order_id.partition("/")[2]))["status"] == "completed"
    wanted = ["OrderSeen", "PurchaseOrderMade", "Reserved", "Placing", "Placed", "Departed", "Announced"]
    assert [kind for kind in kinds(bridge, order_id) if kind in wanted] == wanted
    assert not bridge.reviews()
    health = bridge.health()
    assert (health.orders, health.taken, health.reviews) == (1, 1, 0)
    assert health.purchase_orders == {"SHIPPED": 1}
    assert health.oldest_unshipped is None


def test_running_again_and_again_orders_and_tells_nothing_twice(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 2})
    bridge = sides.bridge()
    sides.live(bridge, 5)
    sides.dispatch()
    sides.live(bridge, 50)
    assert len(sides.ordered()) == 1
    assert len(sides.shown(order_id)) == 1
    assert sides.departure_mails(order_id) == 1


def test_by_default_a_person_places_and_units_are_held_for_it(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 2})
    bridge = sides.bridge(policy=BY_HAND)
    sides.live(bridge, 3)
    assert not sides.ordered()
    assert sides.warehouse.locked == {"100": 2}
    purchase = only_purchase(bridge, order_id)
    assert (purchase.fulfillment, purchase.waits) == (ob.Fulfillment.RESERVED, "approval")
    bridge.place(purchase.po.id)
    assert sides.ordered() == [{"100": 2}]
    bridge.place(purchase.po.id)
    sides.live(bridge, 3)
    assert len(sides.ordered()) == 1


def test_who_pays_by_hand_is_told_where_and_what_stands_against_it(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 2})
    bridge = sides.bridge()
    bridge.run_once()
    purchase = only_purchase(bridge, order_id)
    payable = bridge.payable("rewix")
    assert payable.purchase_orders == (purchase.po.id,)
    assert payable.page == sides.warehouse_url
    assert payable.against == ()
    assert bridge.pay(purchase.po.id).page == sides.warehouse_url
    sides.warehouse.others_lock("101", 3, now=sides.now())
    (difference,) = bridge.payable("rewix").against
    assert (difference.remote_id, difference.cause) == ("101", "foreign")


# --- the two faces ------------------------------------------------------------------------------


def public(face: type[object]) -> dict[str, inspect.Signature]:
    return {
        name: inspect.signature(member)
        for name, member in inspect.getmembers_static(face)
        if callable(member) and (not name.startswith("_") or name == "__init__")
    }


def test_the_twins_have_the_same_methods_with_the_same_arguments_and_answers() -> None:
    sync, twin = public(ob.Bridge), public(ob.AsyncBridge)
    # The one difference: on an event loop the handler of events may be async.
    assert list(sync.pop("consume").parameters) == list(twin.pop("consume").parameters)
    assert sync == twin
    plain = {"stop", "__init__"}
    for name in set(sync) - plain:
        assert inspect.iscoroutinefunction(getattr(ob.AsyncBridge, name)), name
        assert not inspect.iscoroutinefunction(getattr(ob.Bridge, name)), name
    properties = [
        {name for name, member in inspect.getmembers_static(face) if isinstance(member, property)}
        for face in (ob.Bridge, ob.AsyncBridge)
    ]
    assert properties[0] == properties[1] == {"requests"}


def test_every_argument_after_the_first_is_by_name_only() -> None:
    # Nobody mixes these up.
    plain = {("resolve", "decision"), ("consume", "handler"), ("note", "note"), ("refund", "refund")}
    plain |= {("ship", "departure"), ("move_case", "state"), ("change_address", "address")}
    plain |= {("pack", "purchase_order"), ("pack", "departure"), ("unpack", "purchase_order")}
    for name, signature in public(ob.Bridge).items():
        parameters = [p for p in signature.parameters.values() if p.name != "self"]
        for parameter in parameters[1:]:
            if (name, parameter.name) not in plain:
                assert parameter.kind is parameter.KEYWORD_ONLY, (name, parameter.name)
        assert not [p for p in parameters if p.kind is p.VAR_KEYWORD], name


class Sync:
    """The sync face behind the async one's, so that one test can drive both."""

    def __init__(self, bridge: ob.Bridge) -> None:
        self._bridge = bridge

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._bridge, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            return method(*args, **kwargs)

        return call


async def a_day(bridge: Any, sides: Sides) -> list[Any]:
    """Everything a face can do, and what it says, without what differs each time."""
    said: list[Any] = []
    first = sides.sell({"RW-100": 2, "OWN-1": 1})
    second = sides.sell({"RW-101": 1, "XX-1": 1})
    report = await bridge.run_once()
    said.append((report.orders, report.failures))
    said.append(
        await bridge.link(ob.ProductLink(store="shop", key="sku:XX-1", supplier="rewix", remote_id="102"))
    )
    said.append(await bridge.links(store="shop"))
    await bridge.run_once()
    said.append([(row.remote_id, row.wanted, row.held) for row in await bridge.reservations("rewix")])
    said.append(await bridge.reconcile("rewix"))
    await bridge.hold(second)
    view = await bridge.order(first)
    await bridge.place(*(purchase.po.id for purchase in view.purchases))
    view = await bridge.order(second)
    await bridge.place(*(purchase.po.id for purchase in view.purchases))
    said.append(sides.ordered())
    await bridge.stop_money(reason="a look at the books")
    await bridge.release(second)
    await bridge.run_once()
    said.append((sides.ordered(), (await bridge.health()).stopped))
    await bridge.allow_money()
    await bridge.advance(f"order/{second}")
    said.append(await bridge.pull("shop"))
    said.append([view.in_quote for view in await bridge.orders()])
    payable = await bridge.payable("rewix")
    said.append((payable.purchase_orders, payable.against))
    said.append([(await bridge.pay(po)).purchase_order for po in payable.purchase_orders])
    said.append([(access.identity != "", access.lacks) for access in (await bridge.probe()).values()])
    said.append([(event.kind, event.about) for event in await bridge.history(first)])
    said.append([(event.position, event.kind) for event in await bridge.events()])
    heard: list[str] = []
    said.append((await bridge.consume("books", lambda event: heard.append(event.kind)), heard))
    said.append(await bridge.reviews())
    said.append((await bridge.receive("shop", headers={}, body=b"{}")).status)
    said.append(await bridge.forget(first))
    said.append(await bridge.due())
    said.append(await bridge.unlink(*(await bridge.links())))
    said.append(dict(bridge.requests) if not isinstance(bridge, Sync) else dict(bridge._bridge.requests))
    said.append(
        [
            (effect.what, effect.ref if effect.what == "set" else "", effect.quantity)
            for effect in sides.warehouse.effects
        ]
    )
    said.append([(effect.method, effect.path) for effect in sides.shop.effects])
    return said


def test_both_faces_do_the_same_and_say_the_same() -> None:
    days = []
    for kind in (ob.Bridge, ob.AsyncBridge):
        with Sides(clock=Clockwork()) as sides:
            parts = sides.parts(policy=BY_HAND, take_from=sides.now() - timedelta(days=1))

            async def live(
                kind: Any = kind, sides: Sides = sides, parts: dict[str, Any] = parts
            ) -> list[Any]:
                bridge = kind(**parts)
                face = Sync(bridge) if kind is ob.Bridge else bridge
                day = await a_day(face, sides)
                await face.close()
                return day

            days.append(asyncio.run(live()))
    assert len(days[0]) > 20
    for ours, theirs in zip(*days, strict=True):
        assert ours == theirs


def test_the_quick_start_works_in_a_running_event_loop(real: Sides) -> None:
    order_id = real.sell({"RW-100": 2})
    parts = real.parts(take_from=real.now() - timedelta(days=1))
    beats = 0

    async def heart() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0.001)

    async def main() -> None:
        beating = asyncio.ensure_future(heart())
        async with ob.AsyncBridge(**parts) as bridge:
            report = await bridge.run_once()
            assert report.orders == 1
            view = await bridge.order(order_id)
            assert view is not None
            assert view.purchases[0].fulfillment is ob.Fulfillment.PLACED
        beating.cancel()

    asyncio.run(main())
    assert real.ordered() == [{"100": 2}]
    assert beats > 20  # the loop was never blocked for long


def test_many_tasks_on_one_async_bridge_place_each_order_once(real: Sides) -> None:
    for _ in range(4):
        real.sell({"RW-100": 1})
    parts = real.parts(take_from=real.now() - timedelta(days=1))

    async def main() -> None:
        async with ob.AsyncBridge(**parts) as bridge:
            await asyncio.gather(*(bridge.run_once() for _ in range(6)))
            await bridge.run_once()

    asyncio.run(main())
    assert real.ordered() == [{"100": 1}] * 4


# --- canceling and stopping ---------------------------------------------------------------------


class Door:
    """Lets a call wait inside the platform until the test opens."""

    def __init__(self) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self.entered.set()
        assert self.opened.wait(20)


PLACE = ("POST", "/orders/0/dropshipping")


def test_a_canceled_async_call_finishes_and_is_written_down(real: Sides) -> None:
    order_id = real.sell({"RW-100": 2})
    door = Door()
    real.warehouse_plan.before(*PLACE, door)
    parts = real.parts(take_from=real.now() - timedelta(days=1))

    async def main() -> None:
        async with ob.AsyncBridge(**parts) as bridge:
            task = asyncio.ensure_future(bridge.run_once())
            assert await asyncio.to_thread(door.entered.wait, 20)
            task.cancel()
            await asyncio.sleep(0.05)
            assert not task.done()
            calls = len(real.at_warehouse.calls)
            door.opened.set()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert len(real.at_warehouse.calls) == calls + 1  # the one under way, and none after it
            journal = bridge._setup.journal
            (intent,) = journal.look(
                lambda tx: tx.intents(about=f"{order_id}/rewix/1", operation="place", op_no=1)
            )
            assert intent.state is ob.IntentState.CONFIRMED
        assert real.ordered() == [{"100": 2}]

    asyncio.run(main())


def test_what_a_canceled_call_has_ordered_is_found_by_the_next_run(sides: Sides) -> None:
    """The same with a journal on disk, and the day after."""
    order_id = sides.sell({"RW-100": 2})
    sides.warehouse_plan.meet(*PLACE, Fault.ANSWER_LOST)
    bridge = sides.bridge()
    bridge.run_once()
    assert state(bridge, order_id) is ob.Fulfillment.IN_DOUBT
    sides.live(bridge, 1)
    assert state(bridge, order_id) is ob.Fulfillment.PLACED
    assert sides.ordered() == [{"100": 2}]
    assert sides.at_warehouse.count(*PLACE) == 1


def test_an_order_that_never_arrived_is_sent_again_after_two_looks(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 2})
    sides.warehouse_plan.meet(*PLACE, Fault.REQUEST_LOST)
    bridge = sides.bridge()
    sides.live(bridge, 0.1)
    assert not sides.ordered()
    sides.live(bridge, 1)
    assert state(bridge, order_id) is ob.Fulfillment.PLACED
    assert sides.ordered() == [{"100": 2}]


def test_an_order_that_was_confirmed_is_never_again_taken_for_one_to_order(sides: Sides) -> None:
    """The supplier said yes, and the look-up after it fails: the shop's cancel comes too late."""
    order_id = sides.sell({"RW-100": 2})
    outage = lambda: sides.warehouse_plan.meet("GET", "clientkey/", Fault.ERROR_BEFORE, times=3)  # noqa: E731
    sides.warehouse_plan.before(*PLACE, outage)
    bridge = sides.bridge()
    bridge.run_once()
    assert sides.ordered() == [{"100": 2}]
    assert state(bridge, order_id) in (ob.Fulfillment.PLACING, ob.Fulfillment.IN_DOUBT)
    sides.shop.put_status(int(order_id.partition("/")[2]), "cancelled", sides.now())
    bridge.pull("shop")
    assert state(bridge, order_id) is not ob.Fulfillment.CANCELED
    sides.live(bridge, 1)
    assert codes(bridge) == ["CANCELED_AFTER_PLACING"]
    assert state(bridge, order_id) is ob.Fulfillment.PLACED
    assert sides.at_warehouse.count(*PLACE) == 1
    assert not sides.warehouse.locked


def test_run_works_until_stop_and_ends_in_order(real: Sides) -> None:
    bridge = ob.Bridge(**real.parts(take_from=real.now() - timedelta(days=1)))
    thread = threading.Thread(target=bridge.run)
    thread.start()
    order_id = real.sell({"RW-100": 1})
    bridge.pull("shop")
    eventually(lambda: "Placed" in kinds(bridge, order_id))
    bridge.stop()
    thread.join(20)
    assert not thread.is_alive()
    assert real.ordered() == [{"100": 1}]
    bridge.close()


def test_stop_lets_the_call_under_way_finish_and_begins_no_other(real: Sides) -> None:
    order_id = real.sell({"RW-100": 1})
    real.sell({"RW-101": 1})
    door = Door()
    real.warehouse_plan.before(*PLACE, door)
    bridge = ob.Bridge(**real.parts(take_from=real.now() - timedelta(days=1)))
    thread = threading.Thread(target=bridge.run)
    thread.start()
    assert door.entered.wait(20)
    bridge.stop()
    calls = len(real.at_warehouse.calls) + len(real.at_shop.calls)
    door.opened.set()
    thread.join(20)
    assert not thread.is_alive()
    assert len(real.at_warehouse.calls) + len(real.at_shop.calls) == calls + 1
    (intent,) = bridge._setup.journal.look(
        lambda tx: tx.intents(about=f"{order_id}/rewix/1", operation="place", op_no=1)
    )
    assert intent.state is ob.IntentState.CONFIRMED
    bridge.close()


def test_a_signal_handler_may_stop_it(real: Sides) -> None:
    real.sell({"RW-100": 1})
    bridge = ob.Bridge(**real.parts(take_from=real.now() - timedelta(days=1)))
    before = signal.signal(signal.SIGTERM, lambda *_: bridge.stop())
    try:

        def operator() -> None:
            eventually(lambda: bool(real.ordered()))
            os.kill(os.getpid(), signal.SIGTERM)

        thread = threading.Thread(target=operator)
        thread.start()
        bridge.run()
        thread.join()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert real.ordered() == [{"100": 1}]
    bridge.close()


def eventually(so: Callable[[], bool]) -> None:
    for _ in range(1000):
        if so():
            return
        time.sleep(0.02)
    raise AssertionError("it never came to it")


# --- several at once ----------------------------------------------------------------------------


def test_eight_threads_on_one_bridge_place_each_order_once(real: Sides, tmp_path: Path) -> None:
    ids = [real.sell({"RW-100": 1, "RW-101": 2}) for _ in range(8)]
    bridge = ob.Bridge(**real.parts(journal=tmp_path / "j.db", take_from=real.now() - timedelta(days=1)))
    gate = threading.Barrier(8)
    failures: list[str] = []

    def work(number: int) -> None:
        gate.wait()
        for _ in range(3):
            try:
                if number % 2:
                    failures.extend(why for _, why in bridge.run_once().failures)
                else:
                    for subject in bridge.due():
                        bridge.advance(subject)
            except ob.BridgeError as error:
                failures.append(repr(error))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bridge.run_once()
    assert sorted(map(str, real.ordered())) == [str({"100": 1, "101": 2})] * 8
    assert {state(bridge, order_id) for order_id in ids} == {ob.Fulfillment.PLACED}
    assert failures == []
    bridge.close()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_bridge_works_on_both_sides_of_a_fork(real: Sides, tmp_path: Path) -> None:
    first = real.sell({"RW-100": 1})
    bridge = ob.Bridge(**real.parts(journal=tmp_path / "j.db", take_from=real.now() - timedelta(days=1)))
    bridge.run_once()
    second = real.sell({"RW-101": 1})
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            watchdog = threading.Timer(30, os._exit, (7,))
            watchdog.daemon = True
            watchdog.start()
            bridge.pull("shop")
            bridge.run_once()
            seen = [view.record.order.id for view in bridge.orders()]
            code = 0 if seen == [second, first] and state(bridge, second) is ob.Fulfillment.PLACED else 2
            bridge.close()
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    third = real.sell({"RW-102": 1})
    bridge.pull("shop")
    bridge.run_once()
    assert {state(bridge, order_id) for order_id in (first, second, third)} == {ob.Fulfillment.PLACED}
    assert real.ordered() == [{"100": 1}, {"101": 1}, {"102": 1}]
    bridge.close()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_parent_and_child_that_work_at_once_place_each_order_once(real: Sides, tmp_path: Path) -> None:
    bridge = ob.Bridge(**real.parts(journal=tmp_path / "j.db", take_from=real.now() - timedelta(days=1)))
    bridge.run_once()
    ids = [real.sell({"RW-100": 1}) for _ in range(6)]
    bridge.pull("shop")
    pid = os.fork()
    try:
        for _ in range(4):
            bridge.run_once()
            time.sleep(0.05)
    finally:
        if pid == 0:
            os._exit(0)
    os.waitpid(pid, 0)
    bridge.run_once()
    assert real.ordered() == [{"100": 1}] * 6
    assert {state(bridge, order_id) for order_id in ids} == {ob.Fulfillment.PLACED}
    bridge.close()


def test_two_bridges_in_one_process_share_nothing() -> None:
    with Sides() as ours, Sides(shop=another_shop(), warehouse=a_warehouse(), clock=Jumping()) as theirs:
        parts = theirs.parts()
        bridges = (ours.bridge(), on_clock(ob.Bridge(**parts), theirs.clock))
        ids = (ours.sell({"RW-100": 1}), theirs.sell({"RW-101": 2}))
        for bridge in bridges:
            bridge.run_once()
        assert ours.ordered() == [{"100": 1}]
        assert theirs.ordered() == [{"101": 2}]
        assert [len(bridge.orders()) for bridge in bridges] == [1, 1]
        for sides, other in ((ours, theirs), (theirs, ours)):
            assert all(sides.shop.consumer_key in said for _, _, said in sides.at_shop.calls)
            assert not any(other.shop.consumer_key in said for _, _, said in sides.at_shop.calls)
        bridges[0].stop_money(reason="only here")
        assert bridges[0].health().stopped
        assert not bridges[1].health().stopped
        bridges[0].stop()
        assert bridges[1].run_once().failures == ()
        assert ids[0].partition("/")[0] == ids[1].partition("/")[0] == "shop"
        bridges[1].close()


def another_shop() -> WooCommerceShop:
    return WooCommerceShop(
        https=False, fulfillments=True, consumer_key="ck_" + "8" * 40, consumer_secret="cs_" + "9" * 40
    )


@attrs.define
class TwoTenants:
    """Two shops on one host, told apart by the path."""

    shops: dict[str, WooCommerceShop]
    calls: list[tuple[str, str]] = attrs.field(factory=list[tuple[str, str]])

    def handle(self, call: Call, now: datetime) -> Response:
        tenant = urlsplit(call.url).path.split("/")[1]
        self.calls.append((tenant, call.headers.get("authorization", "")))
        return self.shops[tenant].handle(call, now)


def test_two_accounts_on_one_host_never_use_each_other_s_credentials() -> None:
    with Sides() as sides:
        host = TwoTenants({"one": sides.shop, "two": another_shop()})
        url = sides.serve(host)
        stores = [
            sides.store(
                name,
                base_url=f"{url}/{name}",
                consumer_key=shop.consumer_key,
                consumer_secret=shop.consumer_secret,
            )
            for name, shop in host.shops.items()
        ]
        bridge = sides.bridge(stores=stores)
        for shop in host.shops.values():
            shop.place_order([{"sku": "RW-100", "quantity": 1, "price": "1.00"}], now=sides.now())
        sides.live(bridge, 1)
        sides.dispatch()
        sides.live(bridge, 1)
        assert len(sides.ordered()) == 2
        assert {tenant for tenant, _ in host.calls} == {"one", "two"}
        for tenant, said in host.calls:
            assert host.shops[tenant].consumer_key in said
        assert not codes(bridge)


# --- events -------------------------------------------------------------------------------------


def test_events_have_one_order_and_come_page_by_page(sides: Sides) -> None:
    for _ in range(3):
        sides.sell({"RW-100": 1})
    bridge = sides.bridge()
    bridge.run_once()
    whole = bridge.events(limit=1000)
    positions = [event.position for event in whole]
    assert positions == sorted(set(positions))
    paged: list[ob.Event] = []
    while page := bridge.events(after=paged[-1].position if paged else 0, limit=4):
        assert len(page) <= 4
        paged += page
    assert tuple(paged) == whole
    assert "Ala" not in repr(whole)


def test_a_consumer_hears_every_event_at_least_once_also_if_it_fails(sides: Sides) -> None:
    sides.sell({"RW-100": 1})
    bridge = sides.bridge()
    bridge.run_once()
    heard: list[int] = []
    angry = {3, 5}

    def handler(event: ob.Event) -> None:
        heard.append(event.position)
        if event.position in angry:
            angry.discard(event.position)
            raise RuntimeError("the ERP is down")

    for _ in range(2):
        with pytest.raises(RuntimeError, match="ERP"):
            bridge.consume("erp", handler)
    bridge.consume("erp", handler)
    everything = [event.position for event in bridge.events()]
    assert sorted(set(heard)) == everything
    assert heard == sorted([*everything, 3, 5])
    assert bridge.consume("erp", handler) == 0
    assert bridge.consume("another", lambda event: None) == len(everything)
    sides.sell({"RW-100": 1})
    bridge.pull("shop")
    assert bridge.consume("erp", handler) > 0


def test_an_async_handler_is_waited_for_and_a_sync_bridge_refuses_it(sides: Sides) -> None:
    """Events that nobody handled must come again."""
    sides.sell({"RW-100": 1})
    heard: list[int] = []

    async def handler(event: ob.Event) -> None:
        await asyncio.sleep(0)
        heard.append(event.position)

    journal = ob.journal(":memory:")
    bridge = sides.bridge(journal=journal)
    bridge.run_once()
    with pytest.raises(ob.ConfigurationError, match="AsyncBridge"):
        bridge.consume("erp", handler)  # type: ignore[arg-type]
    everything = [event.position for event in bridge.events()]

    async def twin() -> int:
        return await ob.AsyncBridge(**sides.parts(journal=journal)).consume("erp", handler)

    assert asyncio.run(twin()) == len(everything)
    assert heard == everything


def test_a_bridge_that_was_stopped_runs_again(sides: Sides) -> None:
    bridge = sides.bridge()
    bridge.stop()
    bridge.run()  # ends at once
    sides.sell({"RW-100": 1})
    assert bridge.pull("shop") == 1


# --- people step in -----------------------------------------------------------------------------


def test_a_held_order_is_not_placed_until_it_is_released(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 1})
    bridge = sides.bridge()
    bridge.pull("shop")
    bridge.hold(order_id)
    sides.live(bridge, 5)
    assert not sides.ordered()
    assert state(bridge, order_id) is ob.Fulfillment.RESERVED
    bridge.release(order_id)
    sides.live(bridge, 1)
    assert sides.ordered() == [{"100": 1}]


def test_an_order_may_be_held_and_released_by_hand_too(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 1})
    bridge = sides.bridge(policy=BY_HAND)
    bridge.run_once()
    bridge.hold(order_id)
    bridge.place(only_purchase(bridge, order_id).po.id)
    sides.live(bridge, 2)
    assert not sides.ordered()
    bridge.release(order_id)
    sides.live(bridge, 1)
    assert sides.ordered() == [{"100": 1}]


def test_stopped_money_keeps_everything_from_being_placed_and_says_why(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 1})
    bridge = sides.bridge()
    bridge.stop_money(reason="a strange day")
    sides.live(bridge, 3)
    assert not sides.ordered()
    assert bridge.health().stopped == "a strange day"
    why = [event.data.get("why", "") for event in bridge.history(order_id) if event.kind == "PutOff"]
    assert any("a strange day" in text for text in why)
    bridge.allow_money()
    sides.live(bridge, 2)
    assert sides.ordered() == [{"100": 1}]


def test_the_money_of_one_owner_is_stopped_without_that_of_another() -> None:
    with Sides() as sides:
        host = TwoTenants({"one": sides.shop, "two": another_shop()})
        url = sides.serve(host)
        stores = [
            attrs.evolve(
                sides.store(
                    name,
                    base_url=f"{url}/{name}",
                    consumer_key=shop.consumer_key,
                    consumer_secret=shop.consumer_secret,
                ),
                owner=f"owner {name}",
            )
            for name, shop in host.shops.items()
        ]
        bridge = sides.bridge(stores=stores)
        for stock, shop in zip(("100", "101"), host.shops.values(), strict=True):
            shop.place_order([{"sku": f"RW-{stock}", "quantity": 1, "price": "1.00"}], now=sides.now())
        bridge.stop_money(reason="unpaid", owner="owner one")
        sides.live(bridge, 2)
        assert sides.ordered() == [{"101": 1}]
        assert {view.record.order.store for view in bridge.orders(owner="owner one")} == {"one"}
        assert {event.about.partition("/")[0] for event in bridge.events(owner="owner two")} <= {"two"}


def test_a_link_frees_the_lines_that_wait_for_it(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 1, "XX-7": 2})
    bridge = sides.bridge()
    sides.live(bridge, 2)
    assert sides.ordered() == [{"100": 1}]  # the unlinked line held nothing up
    view = bridge.order(order_id)
    assert view is not None
    assert view.in_quote
    freed = bridge.link(ob.ProductLink(store="shop", key="sku:XX-7", supplier="rewix", remote_id="102"))
    assert freed == 1
    sides.live(bridge, 2)
    assert sides.ordered() == [{"100": 1}, {"102": 2}]
    view = bridge.order(order_id)
    assert view is not None
    assert not view.in_quote
    assert [purchase.po.n for purchase in view.purchases] == [1, 2]
    assert not codes(bridge)


def test_a_link_before_anything_is_placed_joins_the_purchase_order(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 1, "XX-7": 2})
    bridge = sides.bridge(policy=BY_HAND)
    sides.live(bridge, 1)
    bridge.link(ob.ProductLink(store="shop", key="sku:XX-7", supplier="rewix", remote_id="102"))
    sides.live(bridge, 1)
    assert sides.warehouse.locked == {"100": 1, "102": 2}
    bridge.place(only_purchase(bridge, order_id).po.id)
    assert sides.ordered() == [{"100": 1, "102": 2}]


def test_a_forgotten_shopper_is_gone_and_does_not_come_back(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 1})
    bridge = sides.bridge()
    sides.live(bridge, 1)
    sides.dispatch()
    sides.live(bridge, 1)
    assert bridge.forget(order_id)
    sides.shop.change(int(order_id.partition("/")[2]), sides.now(), customer_note="hello again")
    sides.live(bridge, 2)
    view = bridge.order(order_id)
    assert view is not None
    assert view.record.forgotten
    assert not view.record.order.ship_to
    assert not view.record.order.bill_to
    assert not view.purchases[0].po.ship_to
    everything = bridge._setup.journal.look(
        lambda tx: [dict(row) for row in tx._rows.run("events_after", after=0, owner="", limit=999)]
    )
    assert "Polna" not in str(everything)
    assert bridge.forget(order_id)


def test_a_shopper_is_not_forgotten_while_a_call_about_him_is_in_doubt(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 1})
    sides.warehouse_plan.meet(*PLACE, Fault.ANSWER_LOST)
    bridge = sides.bridge()
    bridge.run_once()
    assert not bridge.forget(order_id)
    sides.live(bridge, 1)
    assert bridge.forget(order_id)
    assert len(sides.ordered()) == 1


# --- orders that change -------------------------------------------------------------------------


def test_orders_from_before_take_from_are_only_observed(sides: Sides) -> None:
    line = {"sku": "RW-100", "quantity": 1, "price": "1.00"}
    old = f"shop/{sides.shop.place_order([line], now=START - timedelta(days=3))}"
    new = sides.sell({"RW-101": 1})
    bridge = sides.bridge(take_from=START - timedelta(days=1))
    sides.live(bridge, 2)
    assert sides.ordered() == [{"101": 1}]
    taken = {view.record.order.id: view.record.taken for view in bridge.orders()}
    assert taken in ({old: False, new: True}, {new: True})


def test_without_take_from_only_orders_after_the_first_pull_are_taken(sides: Sides) -> None:
    sides.sell({"RW-100": 1})
    sides.clock.sleep(3600)
    bridge = sides.bridge(take_from=None)
    sides.live(bridge, 1)
    assert not sides.ordered()
    sides.sell({"RW-101": 1})
    sides.live(bridge, 1)
    assert sides.ordered() == [{"101": 1}]


def test_an_unpaid_order_is_seen_and_taken_once_it_is_paid(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 1}, status="pending")
    bridge = sides.bridge()
    sides.live(bridge, 1)
    view = bridge.order(order_id)
    assert view is not None
    assert not view.record.taken
    assert not sides.ordered()
    sides.shop.put_status(int(order_id.partition("/")[2]), "processing", sides.now())
    sides.live(bridge, 1)
    assert sides.ordered() == [{"100": 1}]


def test_an_order_canceled_before_placing_gives_its_units_back(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 3})
    other = sides.sell({"RW-100": 1})
    bridge = sides.bridge(policy=BY_HAND)
    sides.live(bridge, 1)
    assert sides.warehouse.locked == {"100": 4}
    sides.shop.put_status(int(order_id.partition("/")[2]), "cancelled", sides.now())
    sides.live(bridge, 1)
    assert sides.warehouse.locked == {"100": 1}
    assert state(bridge, order_id) is ob.Fulfillment.CANCELED
    assert state(bridge, other) is ob.Fulfillment.RESERVED
    assert not codes(bridge)


def test_an_order_canceled_after_placing_asks_a_person(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 3})
    bridge = sides.bridge()
    sides.live(bridge, 1)
    sides.shop.put_status(int(order_id.partition("/")[2]), "cancelled", sides.now())
    sides.live(bridge, 1)
    assert codes(bridge) == ["CANCELED_AFTER_PLACING"]
    (review,) = bridge.reviews()
    assert "ask the supplier to cancel" in review.evidence
    assert sides.ordered() == [{"100": 3}]
    assert bridge.resolve(review.id, "ignore").decision == "ignore"
    assert bridge.resolve(review.id, "ignore").decision == "ignore"
    sides.live(bridge, 24)
    assert not codes(bridge)


def test_an_order_changed_in_the_shop_just_before_placing_is_placed_as_it_is_now(sides: Sides) -> None:
    """It is read again when it was not seen for a minute."""
    order_id = sides.sell({"RW-100": 3})
    bridge = sides.bridge(policy=BY_HAND)
    sides.live(bridge, 1)
    sides.shop.put_status(int(order_id.partition("/")[2]), "cancelled", sides.now())
    bridge.place(only_purchase(bridge, order_id).po.id)
    sides.live(bridge, 1)
    assert not sides.ordered()
    assert state(bridge, order_id) is ob.Fulfillment.CANCELED


def test_units_refunded_just_before_placing_are_not_ordered(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 3})
    ref = int(order_id.partition("/")[2])
    bridge = sides.bridge(policy=BY_HAND)
    sides.live(bridge, 1)
    line: Any = sides.shop.order(ref)["line_items"]
    sides.shop.refund(
        ref,
        now=sides.now(),
        lines=[{"id": line[0]["id"], "quantity": 2, "refund_total": "20.00"}],
        total="20.00",
    )
    bridge.place(only_purchase(bridge, order_id).po.id)
    sides.live(bridge, 1)
    assert sides.ordered() == [{"100": 1}]


def test_units_refunded_after_placing_ask_a_person(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 3})
    ref = int(order_id.partition("/")[2])
    bridge = sides.bridge()
    sides.live(bridge, 1)
    line: Any = sides.shop.order(ref)["line_items"]
    sides.shop.refund(
        ref,
        now=sides.now(),
        lines=[{"id": line[0]["id"], "quantity": 2, "refund_total": "20.00"}],
        total="20.00",
    )
    sides.live(bridge, 1)
    assert codes(bridge) == ["CHANGED_AFTER_PLACING"]


@pytest.mark.parametrize("ordered", [True, False])
def test_what_the_shopper_comes_to_fetch_after_all_is_not_ordered_or_a_person_is_asked(
    sides: Sides, ordered: bool
) -> None:
    order_id = sides.sell({"RW-100": 3})
    bridge = sides.bridge(policy=AUTOMATIC if ordered else BY_HAND)
    sides.live(bridge, 1)
    ref = int(order_id.partition("/")[2])
    fetched = {"id": 7, "method_id": "local_pickup", "method_title": "Pickup", "total": "0"}
    sides.shop.change(ref, sides.now(), shipping_lines=[fetched])
    sides.live(bridge, 1)
    assert codes(bridge) == (["CHANGED_AFTER_PLACING"] if ordered else [])
    assert state(bridge, order_id) is (ob.Fulfillment.PLACED if ordered else ob.Fulfillment.CANCELED)


def test_nothing_goes_where_the_bill_goes_unless_the_store_says_so() -> None:
    """Some shops' orders go there: their adapters give it as the address to ship to."""
    billed = attrs.evolve(an_order(), ship_to=None)
    assert billed.bill_to

    def kept(tx: Tx) -> ob.PurchaseRecord | None:
        assert keep_order(tx, billed).ship_to is None
        tx.put_purchase(a_purchase())
        return tx.purchase(a_purchase().po.id)

    purchase = open_memory().transact(kept)
    assert purchase is not None
    assert is_nowhere(purchase.po.ship_to)


# --- the growing order ----------------------------------------------------------------------------


def test_units_that_others_hold_are_never_set_away_but_asked_about(sides: Sides) -> None:
    sides.warehouse.others_lock("100", 5, now=sides.now())
    order_id = sides.sell({"RW-101": 1})
    bridge = sides.bridge()
    sides.live(bridge, 2)
    assert sides.warehouse.locked == {"100": 5}
    assert sides.ordered() == [{"101": 1}]
    assert codes(bridge) == ["FOREIGN_UNITS"]
    assert state(bridge, order_id) is ob.Fulfillment.PLACED
    (difference,) = bridge.reconcile("rewix")
    assert (difference.cause, difference.held) == ("foreign", 5)


def test_an_order_for_units_that_others_hold_too_waits_and_no_wrong_set_is_made(sides: Sides) -> None:
    sides.warehouse.others_lock("100", 5, now=sides.now())
    order_id = sides.sell({"RW-100": 2})
    bridge = sides.bridge()
    sides.live(bridge, 2)
    assert sides.warehouse.locked == {"100": 5}
    assert not [effect for effect in sides.warehouse.effects if effect.what == "set"]
    assert "FOREIGN_UNITS" in codes(bridge)
    assert not sides.ordered()
    sides.warehouse.others_lock("100", -5, now=sides.now())
    sides.live(bridge, 8)
    assert sides.ordered() == [{"100": 2}]
    assert state(bridge, order_id) is ob.Fulfillment.PLACED


def test_units_added_by_others_to_ours_are_never_set_away(sides: Sides) -> None:
    sides.sell({"RW-100": 2})
    bridge = sides.bridge(policy=BY_HAND)
    sides.live(bridge, 1)
    sides.warehouse.others_lock("100", 5, now=sides.now())
    sides.live(bridge, 24)
    assert sides.warehouse.locked == {"100": 7}
    assert codes(bridge) == ["FOREIGN_UNITS"]
    sides.sell({"RW-100": 1})
    sides.live(bridge, 24)
    assert sides.warehouse.locked == {"100": 7}
    sides.warehouse.others_lock("100", -5, now=sides.now())
    sides.live(bridge, 24)
    assert sides.warehouse.locked == {"100": 3}
    assert not codes(bridge)


def test_units_of_others_are_not_taken_for_those_that_were_just_placed(sides: Sides) -> None:
    sides.sell({"RW-100": 2})
    bridge = sides.bridge()
    bridge.run_once()
    assert sides.ordered() == [{"100": 2}]
    sides.warehouse.others_lock("100", 2, now=sides.now())
    sides.sell({"RW-100": 1})
    sides.live(bridge, 24)
    assert sides.warehouse.locked == {"100": 2}
    assert codes(bridge) == ["FOREIGN_UNITS"]
    assert len(sides.ordered()) == 1


def test_on_a_shared_account_the_units_of_others_are_nobody_s_business(sides: Sides) -> None:
    sides.warehouse.others_lock("101", 5, now=sides.now())
    sides.sell({"RW-100": 2})
    bridge = sides.bridge(suppliers=[sides.supplier(shared=True)])
    sides.live(bridge, 8)
    assert sides.warehouse.locked == {"101": 5}
    assert sides.ordered() == [{"100": 2}]
    assert not codes(bridge)


def test_others_who_take_held_units_away_before_placing_keep_the_order_from_going(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 2})
    bridge = sides.bridge(policy=BY_HAND)
    sides.live(bridge, 1)
    sides.warehouse.others_lock("100", -2, now=sides.now())
    sides.warehouse.stock["100"] = 0
    bridge.place(only_purchase(bridge, order_id).po.id)
    sides.live(bridge, 1)
    assert not sides.ordered()
    assert "SHORTFALL" in codes(bridge)


def test_a_shortfall_is_a_review_and_is_ordered_when_stock_comes() -> None:
    with Sides(warehouse=a_warehouse(("100", "101"), units=1)) as sides:
        short = sides.sell({"RW-100": 2})
        fine = sides.sell({"RW-101": 1})
        bridge = sides.bridge()
        sides.live(bridge, 2)
        assert sides.ordered() == [{"101": 1}]
        assert state(bridge, fine) is ob.Fulfillment.PLACED
        (review,) = bridge.reviews()
        assert review.code is ob.ReviewCode.SHORTFALL
        assert review.order_id == short
        assert "2 wanted" in review.evidence
        sides.warehouse.stock["100"] += 10
        sides.live(bridge, 2)
        assert sides.ordered() == [{"101": 1}, {"100": 2}]
        assert not codes(bridge)


def test_what_is_short_goes_to_the_oldest_order_that_it_is_enough_for() -> None:
    with Sides(warehouse=a_warehouse(("100",), units=3)) as sides:
        ids = []
        for units in (2, 2, 1):
            ids.append(sides.sell({"RW-100": units}))
            sides.clock.sleep(60)
        bridge = sides.bridge()
        sides.live(bridge, 2)
        assert sides.ordered() == [{"100": 2}, {"100": 1}]
        assert state(bridge, ids[1]) is ob.Fulfillment.TO_ORDER


# --- lines that differ ------------------------------------------------------------------------------


def test_a_mixed_order_sends_the_supplier_s_lines_and_leaves_the_others(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 2, "OWN-9": 1, "XX-1": 1})
    bridge = sides.bridge()
    sides.live(bridge, 1)
    assert sides.ordered() == [{"100": 2}]
    (number,) = sides.dispatch()
    sides.live(bridge, 1)
    assert sides.shown(order_id) == [number]
    # The merchant's own lines are still to go.
    assert sides.shop.order(int(order_id.partition("/")[2]))["status"] == "processing"
    assert not codes(bridge)


def test_an_order_of_own_lines_only_is_left_alone(sides: Sides) -> None:
    order_id = sides.sell({"OWN-9": 1})
    bridge = sides.bridge()
    sides.live(bridge, 2)
    view = bridge.order(order_id)
    assert view is not None
    assert view.purchases == ()
    assert not codes(bridge)
    assert not sides.ordered()


def test_a_kit_is_ordered_by_its_parts_and_announced_as_one(sides: Sides) -> None:
    order_id = sides.sell({"KIT": 2})
    bridge = sides.bridge()
    bridge.link(
        ob.ProductLink(store="shop", key="sku:KIT", supplier="rewix", remote_id="100", factor=Decimal(2)),
        ob.ProductLink(store="shop", key="sku:KIT", supplier="rewix", remote_id="101"),
    )
    sides.live(bridge, 1)
    assert sides.ordered() == [{"100": 4, "101": 2}]
    sides.dispatch()
    sides.live(bridge, 1)
    ref = int(order_id.partition("/")[2])
    (shipment,) = sides.shop.shipments(ref)
    assert list(shipment.items.values()) == [2]
    assert sides.shop.order(ref)["status"] == "completed"


def test_part_of_a_unit_that_a_supplier_cannot_take_asks_a_person_in_words(sides: Sides) -> None:
    cloth = sides.sell({"RW-100": "1.5"})
    fine = sides.sell({"RW-101": 1})
    bridge = sides.bridge()
    sides.live(bridge, 8)
    assert sides.ordered() == [{"101": 1}]
    assert state(bridge, fine) is ob.Fulfillment.PLACED
    found = [review for review in bridge.reviews() if review.code.value in ("FRACTION", "FAULT")]
    assert found
    assert "1.5" in found[0].evidence
    assert "whole" in found[0].evidence
    view = bridge.order(cloth)
    assert view is not None
    assert view.in_quote


def test_two_suppliers_in_one_order_make_two_purchase_orders_and_two_notices(sides: Sides) -> None:
    second = a_warehouse(("200",))
    url = sides.serve(second)
    order_id = sides.sell({"RW-100": 1, "R2-200": 2})
    bridge = sides.bridge(
        suppliers=[sides.supplier(), sides.supplier("second", base_url=url)],
        rules=(*RULES, ob.SkuPrefix(prefix="R2-", supplier="second")),
    )
    sides.live(bridge, 1)
    assert sides.ordered() == [{"100": 1}]
    assert sides.ordered(second) == [{"200": 2}]
    (first_number,) = sides.dispatch()
    sides.live(bridge, 1)
    ref = int(order_id.partition("/")[2])
    assert sides.shown(order_id) == [first_number]
    assert sides.shop.order(ref)["status"] == "processing"
    (second_number,) = sides.dispatch(second)
    sides.live(bridge, 1)
    assert sorted(sides.shown(order_id)) == sorted([first_number, second_number])
    assert sides.shop.order(ref)["status"] == "completed"
    assert sides.departure_mails(order_id) == 2
    view = bridge.order(order_id)
    assert view is not None
    assert [notice.notice.completes for notice in view.notices] == [False, True]
    assert {purchase.po.id for purchase in view.purchases} == {f"{order_id}/rewix/1", f"{order_id}/second/1"}


def test_one_supplier_in_trouble_does_not_hold_up_the_other(sides: Sides) -> None:
    second = a_warehouse(("200",))
    url = sides.serve(second)
    sides.warehouse_plan.meet(*PLACE, Fault.REQUEST_LOST, times=99)
    order_id = sides.sell({"RW-100": 1, "R2-200": 2})
    bridge = sides.bridge(
        suppliers=[sides.supplier(), sides.supplier("second", base_url=url)],
        rules=(*RULES, ob.SkuPrefix(prefix="R2-", supplier="second")),
    )
    bridge.run_once()
    assert sides.ordered(second) == [{"200": 2}]
    assert not sides.ordered()
    sides.dispatch(second)
    sides.live(bridge, 1)
    assert len(sides.shown(order_id)) == 1


# --- webhooks -----------------------------------------------------------------------------------------


@pytest.fixture
def hooked(sides: Sides) -> Sides:
    params: Any = {"topic": "order.updated", "delivery_url": "https://us.example/hook", "secret": "s3cret"}
    sides.shop.webhooks.create(params, sides.shop.dates(sides.now()))
    return sides


def deliver(bridge: ob.Bridge, sides: Sides, *, body: bytes | None = None) -> list[int]:
    """Bring the shop's webhooks to the bridge, as the embedder's web framework would."""
    return [
        bridge.receive(
            "shop",
            method=delivery.method,
            path="/hook",
            headers=delivery.headers,
            body=delivery.body if body is None else body,
        ).status
        for delivery in sides.shop.deliveries
    ]


def test_a_webhook_makes_the_order_due_and_it_is_read_again(hooked: Sides) -> None:
    sides = hooked
    bridge = sides.bridge(stores=[sides.store(webhook_secrets=["s3cret"])])
    bridge.run_once()
    assert deliver(bridge, sides) == [200]  # the ping
    sides.shop.deliveries.clear()
    order_id = sides.sell({"RW-100": 1})
    calls = len(sides.at_shop.calls)
    assert set(deliver(bridge, sides)) == {200}
    assert len(sides.at_shop.calls) == calls  # nothing goes out
    assert bridge.due() == (f"order/{order_id}",)
    bridge.run_once()
    assert sides.ordered() == [{"100": 1}]


def test_a_webhook_s_word_is_not_believed_the_shop_is_asked(hooked: Sides) -> None:
    sides = hooked
    order_id = sides.sell({"RW-100": 1}, status="pending")
    bridge = sides.bridge(stores=[sides.store(webhook_secrets=["s3cret"])])
    sides.live(bridge, 1)
    sides.shop.deliveries.clear()
    sides.shop.put_status(int(order_id.partition("/")[2]), "processing", sides.now())
    paid = list(sides.shop.deliveries)
    sides.shop.put_status(int(order_id.partition("/")[2]), "cancelled", sides.now())
    for delivery in paid:
        bridge.receive("shop", headers=delivery.headers, body=delivery.body)
    bridge.run_once()
    view = bridge.order(order_id)
    assert view is not None
    assert view.record.order.canceled
    assert not sides.ordered()


def test_a_message_delivered_twice_is_taken_once(hooked: Sides) -> None:
    sides = hooked
    order_id = sides.sell({"RW-100": 1}, status="pending")
    bridge = sides.bridge(stores=[sides.store(webhook_secrets=["s3cret"])])
    sides.live(bridge, 1)
    sides.shop.deliveries.clear()
    sides.shop.put_status(int(order_id.partition("/")[2]), "processing", sides.now())
    first = list(sides.shop.deliveries)
    assert set(deliver(bridge, sides)) == {200}
    bridge.run_once()
    assert bridge.due() == ()
    sides.shop.deliveries[:] = first  # without those about what the bridge has written
    assert set(deliver(bridge, sides)) == {200}
    assert bridge.due() == ()


def test_a_wrong_signature_is_turned_away_and_leaves_nothing(hooked: Sides) -> None:
    sides = hooked
    sides.sell({"RW-100": 1})
    bridge = sides.bridge(stores=[sides.store(webhook_secrets=["another"])])
    bridge.run_once()
    del sides.shop.deliveries[0]  # the ping, which nobody signs
    due = bridge.due()
    assert set(deliver(bridge, sides)) == {401}
    assert set(deliver(bridge, sides, body=b'{"id": 1}')) == {401}
    assert bridge.due() == due


def test_a_webhook_for_an_account_that_is_not_there_is_404(sides: Sides) -> None:
    assert sides.bridge().receive("nobody", headers={}, body=b"").status == 404


def test_a_nudge_during_a_pull_is_not_lost(hooked: Sides) -> None:
    sides = hooked
    bridge = sides.bridge(stores=[sides.store(webhook_secrets=["s3cret"])])
    bridge.run_once()
    sides.shop.deliveries.clear()
    order_id = sides.sell({"RW-100": 1}, status="pending")
    sides.clock.sleep(2400)

    def paid_meanwhile() -> None:
        sides.shop.put_status(int(order_id.partition("/")[2]), "processing", sides.now())
        deliver(bridge, sides)

    sides.shop_plan.before("GET", "/wc/v3/orders", lambda: threading.Thread(target=paid_meanwhile).run())
    bridge.run_once()
    assert sides.ordered() == [{"100": 1}]


# --- small things -----------------------------------------------------------------------------------


def test_a_bridge_is_a_context_manager_and_closes_what_it_opened(sides: Sides, tmp_path: Path) -> None:
    with ob.Bridge(**sides.parts(journal=tmp_path / "j.db")) as bridge:
        bridge.health()
    with pytest.raises(ob.BridgeError, match="closed"):
        bridge.health()


def test_nothing_is_opened_before_it_is_used(tmp_path: Path) -> None:
    ob.Bridge(journal=tmp_path / "j.db")
    assert list(tmp_path.iterdir()) == []


def test_settings_show_no_secret(sides: Sides) -> None:
    store = sides.store()
    assert isinstance(store.settings, AccountSettings)
    for shown in (repr(store), repr(store.settings), repr(sides.bridge()), repr(sides.bridge()._setup.world)):
        assert sides.shop.consumer_secret not in shown


def test_progress_is_shown_in_the_shop_as_it_comes(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 1})
    ref = int(order_id.partition("/")[2])
    bridge = sides.bridge()
    sides.live(bridge, 1)
    for act, word in (
        (sides.warehouse.pay, "Confirmed"),
        (sides.warehouse.work, "Working on"),
        (sides.warehouse.ready, "Ready"),
    ):
        act(now=sides.now())
        sides.live(bridge, 1)
        assert f"rewix: {word}" in str(sides.shop.notes(ref)[0]["note"])
    sides.warehouse.hold("114", now=sides.now())
    sides.live(bridge, 1)
    assert state(bridge, order_id) is ob.Fulfillment.ON_HOLD
    assert sides.warehouse.order("114").step == Code.NOT_DISPATCHABLE
    before = len(sides.shop.notes(ref))
    sides.live(bridge, 24)
    assert len(sides.shop.notes(ref)) == before
    assert not [note for note in sides.shop.notes(ref) if note["customer_note"]]


class RefusesNotes(WooCommerceShop):
    """Somebody may forbid notes there, and allow them again."""

    refuses = True

    def handle(self, call: Call, now: datetime) -> Response:
        if not (self.refuses and call.method == "POST" and call.url.endswith("/notes")):
            return super().handle(call, now)
        body = b'{"code": "woocommerce_rest_cannot_create", "message": "no", "data": {"status": 403}}'
        return Response(403, headers={"Content-Type": "application/json"}, body=body)


def test_progress_that_the_shop_refused_is_shown_when_a_person_says_retry() -> None:
    shop = RefusesNotes(https=False, fulfillments=True)
    with Sides(shop=shop) as sides:
        order_id = sides.sell({"RW-100": 1})
        bridge = sides.bridge()
        sides.live(bridge, 1)
        (review,) = bridge.reviews()
        assert review.code is ob.ReviewCode.REFUSED
        shop.refuses = False
        sides.live(bridge, 24)
        ref = int(order_id.partition("/")[2])
        assert "rewix" not in str(shop.notes(ref)), "nothing is tried before somebody has seen to it"
        bridge.resolve(review.id, "retry")
        sides.live(bridge, 24)
        assert str(shop.notes(ref)).count("rewix: Booked") == 1
        assert codes(bridge) == []


def test_progress_that_the_shop_refused_is_no_question_once_newer_progress_shows() -> None:
    shop = RefusesNotes(https=False, fulfillments=True)
    with Sides(shop=shop) as sides:
        sides.sell({"RW-100": 1})
        bridge = sides.bridge()
        sides.live(bridge, 1)
        assert codes(bridge) == ["REFUSED"]
        shop.refuses = False
        sides.warehouse.pay(now=sides.now())
        sides.live(bridge, 2)
        assert codes(bridge) == []


# --- a supplier that is paid through its API: limits ----------------------------------------------

PAYING = ob.Policy(place=ob.Who.AUTOMATIC, pay=ob.Who.AUTOMATIC)


def eur(amount: int) -> tuple[ob.Money, ...]:
    return (ob.Money(Decimal(amount), "EUR"),)


def paying(sides: Sides, server: PaidSupplier, policy: ob.Policy, plan: Plan | None = None) -> ob.Bridge:
    account = ob.supplier("paid", platform="paid", settings={"base_url": sides.serve(server, plan)})
    return sides.bridge(
        suppliers=[account], rules=[ob.SkuPrefix(prefix="P-", supplier="paid")], policy=policy
    )


def test_what_may_be_paid_by_itself_is_paid_once(sides: Sides) -> None:
    server = PaidSupplier()
    order_id = sides.sell({"P-1": 3})
    bridge = paying(sides, server, PAYING)
    sides.live(bridge, 5)
    assert server.payments == [("P1", "30")]
    purchase = only_purchase(bridge, order_id)
    assert (purchase.payment, purchase.total) == (ob.Payment.PAID, eur(30)[0])
    assert not codes(bridge)


def test_a_payment_whose_answer_was_lost_is_looked_up_and_not_repeated(sides: Sides) -> None:
    server, plan = PaidSupplier(), Plan()
    order_id = sides.sell({"P-1": 3})
    plan.meet("POST", "/pay", Fault.ANSWER_LOST)
    bridge = paying(sides, server, PAYING, plan)
    bridge.run_once()
    assert only_purchase(bridge, order_id).payment is ob.Payment.IN_DOUBT
    sides.live(bridge, 5)
    assert server.payments == [("P1", "30")]
    assert only_purchase(bridge, order_id).payment is ob.Payment.PAID


def test_by_default_nothing_is_paid_and_a_person_pays_with_one_call(sides: Sides) -> None:
    server = PaidSupplier()
    order_id = sides.sell({"P-1": 3})
    bridge = paying(sides, server, AUTOMATIC)
    sides.live(bridge, 5)
    assert not server.payments
    po = only_purchase(bridge, order_id).po.id
    for _ in range(3):
        bridge.pay(po)
    assert server.payments == [("P1", "30")]


def test_a_payment_over_the_limit_asks_a_person_and_the_smaller_one_goes(sides: Sides) -> None:
    server = PaidSupplier()
    big, small = sides.sell({"P-1": 6}), sides.sell({"P-1": 5})
    bridge = paying(sides, server, attrs.evolve(PAYING, limit_per_order=eur(50)))
    sides.live(bridge, 5)
    assert server.payments == [("P2", "50")]
    assert only_purchase(bridge, small).payment is ob.Payment.PAID
    assert only_purchase(bridge, big).payment is not ob.Payment.PAID
    (review,) = bridge.reviews()
    assert review.code is ob.ReviewCode.LIMIT
    assert "60" in review.evidence
    assert "50" in review.evidence


def test_the_limit_of_a_day_counts_what_was_paid_in_the_last_24_hours(sides: Sides) -> None:
    server = PaidSupplier()
    for _ in range(3):
        sides.sell({"P-1": 4})
    bridge = paying(sides, server, attrs.evolve(PAYING, limit_per_day=eur(100)))
    sides.live(bridge, 12)
    assert len(server.payments) == 2
    sides.live(bridge, 14)
    assert len(server.payments) == 3
    assert not codes(bridge)


def test_money_in_a_currency_without_a_limit_does_not_move_where_there_are_limits(sides: Sides) -> None:
    server = PaidSupplier()
    sides.sell({"P-1": 1})
    usd = (ob.Money(Decimal(1000), "USD"),)
    bridge = paying(sides, server, attrs.evolve(PAYING, limit_per_order=usd))
    sides.live(bridge, 2)
    assert not server.payments
    assert codes(bridge) == ["LIMIT"]


def test_a_declined_payment_asks_a_person_and_costs_none_of_the_day_s_limit(sides: Sides) -> None:
    server = PaidSupplier(declines=True)
    order_id = sides.sell({"P-1": 4})
    bridge = paying(sides, server, attrs.evolve(PAYING, limit_per_day=eur(40)))
    sides.live(bridge, 2)
    assert codes(bridge) == ["REFUSED"]
    assert bridge.pay(only_purchase(bridge, order_id).po.id).payment is not ob.Payment.PAID
    assert not server.payments
    server.declines = False
    (review,) = bridge.reviews()
    bridge.resolve(review.id, "retry")
    bridge.pay(only_purchase(bridge, order_id).po.id)
    assert server.payments == [("P1", "40")]


def test_goods_whose_payment_was_declined_are_followed_all_the_same(sides: Sides) -> None:
    """The merchant may pay at the counter, and the supplier ships."""
    server = PaidSupplier(declines=True)
    order_id = sides.sell({"P-1": 4})
    bridge = paying(sides, server, PAYING)
    sides.live(bridge, 2)
    assert codes(bridge) == ["REFUSED"]
    server.orders[0]["paid"] = True
    sides.live(bridge, 2)
    purchase = only_purchase(bridge, order_id)
    assert (purchase.payment, purchase.fulfillment) == (ob.Payment.PAID, ob.Fulfillment.ACCEPTED)
    assert not server.payments


def test_stopped_money_is_not_paid_either(sides: Sides) -> None:
    server = PaidSupplier()
    order_id = sides.sell({"P-1": 1})
    bridge = paying(sides, server, AUTOMATIC)
    bridge.run_once()
    bridge.stop_money(reason="fraud")
    with pytest.raises(ob.ConfigurationError, match="money is stopped: fraud"):
        bridge.pay(only_purchase(bridge, order_id).po.id)
    assert not server.payments
    bridge.allow_money()
    bridge.pay(only_purchase(bridge, order_id).po.id)
    assert server.payments == [("P1", "10")]


def test_orders_that_the_shopper_has_not_paid_are_not_paid_at_the_supplier(sides: Sides) -> None:
    server = PaidSupplier()
    sides.sell({"P-1": 1}, payment_method="cod")
    bridge = paying(sides, server, PAYING)
    sides.live(bridge, 3)
    assert len(server.orders) == 1
    assert not server.payments
