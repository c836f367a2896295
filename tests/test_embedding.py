"""What an application builds on: the feed of events, views to join, and an address of its own."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

import orderbridge as ob
from both_sides import Sides, codes, only_purchase
from orderbridge._events import EVENTS
from orderbridge._journal import Tx
from orderbridge.errors import ConfigurationError, OutOfDate, Repeat
from quiet_store import QuietShops

ROOT = Path(__file__).parents[1]
ELSEWHERE = ob.Address(name="Zoë", line1="New Road 2", city="Kraków", postal_code="30-001", country="PL")
ABROAD = attrs.evolve(ELSEWHERE, country="AQ")


@pytest.fixture
def sides() -> Iterator[Sides]:
    with Sides() as made:
        yield made


# --- events -------------------------------------------------------------------------------------------


def test_every_kind_of_event_is_explained() -> None:
    assert set(EVENTS) == set(ob.EventKind)
    for text in EVENTS.values():
        assert text.means.endswith(".")
        assert text.about


def test_events_say_no_more_than_the_page_about_them_does(sides: Sides) -> None:
    bridge = sides.bridge()
    first, second = sides.sell({"RW-100": 1}), sides.sell({"RW-101": 99})
    sides.live(bridge, 1)
    sides.dispatch()
    sides.live(bridge, 2)
    bridge.hold(second)
    bridge.note(first, ob.Note(key="n", text="Hello"))
    bridge.stop_money(reason="x")
    events = bridge.events(limit=1000)
    assert len({event.kind for event in events}) > 12
    for event in events:
        assert isinstance(event.kind, ob.EventKind)
        assert set(event.data) <= set(EVENTS[event.kind].data), event.kind


def test_an_application_may_match_on_kinds(sides: Sides) -> None:
    sides.sell({"RW-100": 1})
    bridge = sides.bridge()
    bridge.run_once()
    placed: list[str] = []
    for event in bridge.events():
        match event.kind:
            case ob.EventKind.PLACED:
                placed.append(event.data["supplier_ref"])
            case _:
                pass
    assert placed == [only_purchase(bridge, bridge.orders()[0].record.order.id).po.supplier_ref]


def test_a_kind_that_a_later_version_has_written_is_kept_as_its_word(sides: Sides) -> None:
    bridge = sides.bridge()

    def write(tx: Tx) -> None:
        tx.event("Teleported", about="shop/1", at=sides.now())  # type: ignore[arg-type]

    bridge._setup.journal.transact(write)
    assert [event.kind for event in bridge.events()] == ["Teleported"]


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_no_consumer_skips_an_event_however_many_write_at_once(tmp_path: Path) -> None:
    """Threads and processes write; all who listen hear the same, in one order."""
    path, each, writers = str(tmp_path / "j.db"), 25, 3
    with ob.Bridge(journal=path) as bridge:
        heard: dict[str, list[tuple[int, str]]] = {"a": [], "b": []}
        pids = [_writing_process(path, f"process {number}", each) for number in range(writers)]
        threads = [
            threading.Thread(target=_write, args=(bridge, f"thread {number}", each))
            for number in range(writers)
        ]
        for thread in threads:
            thread.start()
        expected = 2 * writers * each
        running = list(pids)
        while running or any(thread.is_alive() for thread in threads):
            bridge.consume("a", lambda event: heard["a"].append((event.position, event.about)), limit=7)
            running = [pid for pid in running if os.waitpid(pid, os.WNOHANG)[0] == 0]
        for name, kept in heard.items():
            while bridge.consume(name, lambda event, kept=kept: kept.append((event.position, event.about))):
                pass
        assert heard["a"] == heard["b"]
        assert len(heard["a"]) == expected
        positions = [position for position, _ in heard["a"]]
        assert positions == sorted(set(positions))
        for who in {about.partition(":")[0] for _, about in heard["a"]}:
            own = [about for _, about in heard["a"] if about.startswith(f"{who}:")]
            assert own == [f"{who}:{count}" for count in range(each)]


def _write(bridge: ob.Bridge, who: str, each: int) -> None:
    for count in range(each):
        bridge._setup.journal.transact(
            lambda tx, about=f"{who}:{count}": tx.event(
                ob.EventKind.STATUS, about=about, at=datetime.now(UTC)
            )
        )


def _writing_process(path: str, who: str, each: int) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            with ob.Bridge(journal=path) as bridge:
                _write(bridge, who, each)
        finally:
            os._exit(0)
    return pid


def test_a_slow_consumer_never_sets_a_faster_one_back(sides: Sides) -> None:
    sides.sell({"RW-100": 1})
    bridge = sides.bridge()
    bridge.run_once()
    count = len(bridge.events())
    inner: list[int] = []

    def handler(event: ob.Event) -> None:
        if not inner:  # while this one has its first event in hand, another worker takes them all
            inner.append(0)
            inner.append(bridge.consume("erp", lambda _: None))

    bridge.consume("erp", handler, limit=1)
    assert inner == [0, count]
    assert bridge.consume("erp", lambda _: None) == 0


# --- views --------------------------------------------------------------------------------------------


def test_an_application_s_own_sql_joins_the_promised_views(sides: Sides, tmp_path: Path) -> None:
    """From a connection of its own, that cannot write, while the bridge is at work."""
    journal = tmp_path / "orders.db"
    order_id = sides.sell({"RW-100": 2})
    bridge = sides.bridge(journal=journal)
    sides.live(bridge, 1)
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as own:
        rows = own.execute(
            "SELECT o.number, l.sku, po.supplier, po.fulfillment FROM orderbridge_orders o "
            "JOIN orderbridge_lines l ON l.order_id = o.id "
            "JOIN orderbridge_purchase_orders po ON po.order_id = o.id"
        ).fetchall()
        assert rows == [(order_id.partition("/")[2], "RW-100", "rewix", "PLACED")]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            own.execute("DELETE FROM orders")
    sides.sell({"RW-100": 1})
    assert bridge.run_once().failures == ()


# --- an address of the application's ------------------------------------------------------------------


@pytest.fixture
def shops() -> QuietShops:
    return QuietShops()


@pytest.fixture
def bridge(shops: QuietShops) -> Iterator[ob.Bridge]:
    with _bridge(shops) as made:
        yield made


def _bridge(shops: QuietShops, **changes: Any) -> ob.Bridge:
    parts: dict[str, Any] = {
        "stores": [
            ob.store("shop", platform=shops.platform(), settings={"base_url": "https://shop.example"})
        ],
        "suppliers": [ob.supplier("depot", platform="offline", settings={"title": "Depot"})],
        "rules": [ob.SkuPrefix(prefix="D-", supplier="depot")],
        "journal": ":memory:",
        "take_from": datetime.now(UTC) - timedelta(days=1),
        **changes,
    }
    return ob.Bridge(**parts)


def sold(shops: QuietShops, bridge: ob.Bridge) -> str:
    order_id = shops.sell("shop", "D-1")
    bridge.run_once()
    return order_id


def digest(bridge: ob.Bridge, order_id: str) -> str:
    view = bridge.order(order_id)
    assert view is not None
    return view.record.digest


def street(bridge: ob.Bridge, order_id: str) -> str:
    return only_purchase(bridge, order_id).po.ship_to.line1


def change(bridge: ob.Bridge, order_id: str, address: ob.Address | None = ELSEWHERE) -> ob.OrderRecord:
    return bridge.change_address(order_id, address, expected=digest(bridge, order_id))


def test_what_is_not_placed_yet_goes_to_the_application_s_address(
    bridge: ob.Bridge, shops: QuietShops
) -> None:
    order_id = sold(shops, bridge)
    record = change(bridge, order_id)
    assert record.ship_to == record.address == ELSEWHERE
    bridge.place(order_id + "/depot/1")
    assert any(b"New Road 2" in paper.body for paper in bridge.documents(order_id + "/depot/1"))
    assert not bridge.reviews()


def test_it_survives_the_shop_which_goes_on_showing_the_old_one(bridge: ob.Bridge, shops: QuietShops) -> None:
    order_id = sold(shops, bridge)
    change(bridge, order_id)
    shops.change(order_id, raw_status="packing")
    bridge.pull("shop")
    assert street(bridge, order_id) == "New Road 2"
    assert not bridge.reviews()


def test_an_edit_of_something_that_has_changed_since_is_refused(bridge: ob.Bridge, shops: QuietShops) -> None:
    """By the shop, or by another person in the application."""
    order_id = sold(shops, bridge)
    seen = digest(bridge, order_id)
    shops.change(order_id, ship_to=ob.Address(name="Zoë", line1="Third Road 3", city="Łódź", country="PL"))
    bridge.pull("shop")
    with pytest.raises(OutOfDate) as refused:
        bridge.change_address(order_id, ELSEWHERE, expected=seen)
    assert refused.value.repeat is Repeat.ASK_FIRST
    assert "Road" not in str(refused.value)
    assert street(bridge, order_id) == "Third Road 3"
    seen = digest(bridge, order_id)
    bridge.change_address(order_id, ELSEWHERE, expected=seen)
    with pytest.raises(OutOfDate):
        bridge.change_address(order_id, ABROAD, expected=seen)
    assert street(bridge, order_id) == "New Road 2"


def test_it_can_be_taken_back(bridge: ob.Bridge, shops: QuietShops) -> None:
    order_id = sold(shops, bridge)
    change(bridge, order_id)
    assert change(bridge, order_id, None).address is None
    assert street(bridge, order_id) == "Old Road 1"
    kinds = [event.data for event in bridge.history(order_id) if event.kind is ob.EventKind.ADDRESS_CHANGED]
    assert kinds == [{"address": "yours"}, {"address": "the shop's"}]


def test_a_worker_that_has_read_the_old_address_does_not_send_it(sides: Sides) -> None:
    """The address changes while the order is being looked for at the supplier, right before it is placed."""
    order_id = sides.sell({"RW-100": 1})
    bridge = sides.bridge(policy=ob.Policy())
    sides.live(bridge, 1)
    po = only_purchase(bridge, order_id).po.id
    other = ob.Bridge(**sides.parts(journal=bridge._setup.journal))
    changed: list[ob.OrderRecord] = []

    def meanwhile() -> None:
        changed.append(other.change_address(order_id, ELSEWHERE, expected=digest(bridge, order_id)))

    calls = len(sides.at_warehouse.calls)
    bridge.hold(order_id)
    bridge.place(po)
    assert len(sides.at_warehouse.calls) == calls
    bridge.release(order_id)
    sides.warehouse_plan.before("GET", "/", meanwhile)
    sides.live(bridge, 1)
    assert changed
    assert len(sides.ordered()) == 1
    (order,) = sides.warehouse.orders
    assert "New Road 2" in repr(vars(order) if hasattr(order, "__dict__") else attrs.asdict(order))


@pytest.mark.parametrize(("decision", "goes_to"), [("accept", "Third Road 3"), ("ignore", "New Road 2")])
def test_a_later_edit_in_the_shop_is_asked_about_and_nothing_is_ordered_before(
    bridge: ob.Bridge, shops: QuietShops, decision: str, goes_to: str
) -> None:
    order_id = sold(shops, bridge)
    change(bridge, order_id)
    shops.change(order_id, ship_to=ob.Address(name="Zoë", line1="Third Road 3", city="Łódź", country="PL"))
    bridge.pull("shop")
    bridge.run_once()
    assert codes(bridge) == ["ADDRESS_CHANGED"]
    bridge.place(order_id + "/depot/1")
    assert only_purchase(bridge, order_id).fulfillment is ob.Fulfillment.TO_ORDER
    assert only_purchase(bridge, order_id).waits == "address"
    bridge.resolve(bridge.reviews()[0].id, decision)
    bridge.run_once()
    assert only_purchase(bridge, order_id).fulfillment is ob.Fulfillment.PLACED
    assert street(bridge, order_id) == goes_to
    assert not bridge.reviews()


def test_a_shop_that_comes_to_say_the_same_asks_nobody(bridge: ob.Bridge, shops: QuietShops) -> None:
    order_id = sold(shops, bridge)
    change(bridge, order_id)
    for line1 in ("Third Road 3", "New Road 2"):
        shops.change(order_id, ship_to=attrs.evolve(ELSEWHERE, line1=line1))
        bridge.pull("shop")
        bridge.place(order_id + "/depot/1")
        bridge.run_once()
    assert not bridge.reviews()
    assert only_purchase(bridge, order_id).fulfillment is ob.Fulfillment.PLACED


def test_after_it_was_ordered_a_person_has_it_changed_at_the_supplier(
    bridge: ob.Bridge, shops: QuietShops
) -> None:
    order_id = sold(shops, bridge)
    bridge.place(order_id + "/depot/1")
    change(bridge, order_id)
    (review,) = bridge.reviews()
    assert (review.code, review.about) == (ob.ReviewCode.ADDRESS_CHANGED, order_id + "/depot/1")
    assert "Road" not in review.evidence


def test_what_has_no_address_is_not_placed_before_a_person_gives_one(shops: QuietShops) -> None:
    with _bridge(shops, policy=ob.Policy(place=ob.Who.AUTOMATIC)) as bridge:
        order_id = shops.sell("shop", "D-1", ship_to=None)
        bridge.run_once()
        assert codes(bridge) == ["BLOCKED"]
        assert only_purchase(bridge, order_id).fulfillment is ob.Fulfillment.TO_ORDER
        change(bridge, order_id)
        bridge.run_once()
        assert codes(bridge) == []
        assert only_purchase(bridge, order_id).fulfillment is ob.Fulfillment.PLACED


def test_an_address_that_may_not_be_sent_to_can_be_put_right(shops: QuietShops) -> None:
    """And what a person accepted of one address is not accepted of another."""
    policy = ob.Policy(place=ob.Who.AUTOMATIC, blocked_countries=frozenset({"AQ"}))
    with _bridge(shops, policy=policy) as bridge:
        order_id = shops.sell("shop", "D-1", ship_to=ABROAD)
        bridge.run_once()
        assert codes(bridge) == ["BLOCKED"]
        change(bridge, order_id)
        bridge.run_once()
        assert not bridge.reviews()
        assert only_purchase(bridge, order_id).fulfillment is ob.Fulfillment.PLACED


@pytest.mark.parametrize(
    ("address", "word"),
    [
        (attrs.evolve(ELSEWHERE, country="Poland"), "country"),
        (attrs.evolve(ELSEWHERE, line1=""), "line1"),
        (attrs.evolve(ELSEWHERE, city=""), "city"),
        (attrs.evolve(ELSEWHERE, name=""), "name"),
        (attrs.evolve(ELSEWHERE, line2="a\nb"), "line2"),
        (attrs.evolve(ELSEWHERE, phone="\ud800"), "phone"),
    ],
)
def test_what_is_no_address_is_refused_by_the_name_of_its_field(
    bridge: ob.Bridge, shops: QuietShops, address: ob.Address, word: str
) -> None:
    order_id = sold(shops, bridge)
    with pytest.raises(ConfigurationError, match=f"address: {word}"):
        change(bridge, order_id, address)


def test_what_cannot_go_elsewhere_any_more_is_refused(bridge: ob.Bridge, shops: QuietShops) -> None:
    with pytest.raises(ConfigurationError, match="no 'shop/9'"):
        bridge.change_address("shop/9", ELSEWHERE, expected="")
    gone, canceled = sold(shops, bridge), sold(shops, bridge)
    bridge.forget(gone)
    with pytest.raises(ConfigurationError, match="forgotten"):
        change(bridge, gone)
    shops.change(canceled, canceled=True)
    bridge.pull("shop")
    with pytest.raises(ConfigurationError, match="canceled"):
        change(bridge, canceled)


def test_a_forgotten_shopper_s_new_address_is_forgotten_too(shops: QuietShops, tmp_path: Path) -> None:
    with _bridge(shops, journal=tmp_path / "orders.db") as bridge:
        order_id = sold(shops, bridge)
        change(bridge, order_id)
        assert bridge.forget(order_id)
        bridge.pull("shop")
        view = bridge.order(order_id)
        assert view is not None
        assert view.record.ship_to is None
        bridge._setup.journal.transact(lambda tx: tx.put_meta("x", "y"))
    with closing(sqlite3.connect(tmp_path / "orders.db")) as own:
        dump = "\n".join(own.iterdump())
    assert "New Road" not in dump
