"""The workday's rows about looking and embedding, with both faces: views, events, owners, webhooks, edits."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import attrs
import pytest

import orderbridge as ob
from both_sides import RULES, Sides
from brief import Bridged, purchase_of, told
from orderbridge import Tab
from orderbridge.errors import ConfigurationError, OutOfDate

RARELY = timedelta(minutes=30)
AUTOMATIC = ob.Policy(place=ob.Who.AUTOMATIC, pull_every=RARELY)
ANN, BOB = "ann", "bob"


@pytest.fixture
def sides() -> Iterator[Sides]:
    with Sides() as both:
        yield both


# --- row 11: views --------------------------------------------------------------------------------------


def test_the_eight_tabs_and_the_five_words_say_where_each_order_stands(
    sides: Sides, bridged: Bridged
) -> None:
    """The eight tabs, Rewix's five words."""
    quote, order = sides.sell({"NOBODYS": 1}), sides.sell({"RW-100": 1})
    bridge = bridged(sides, policy=ob.Policy(pull_every=RARELY))
    sides.live(bridge, 1)
    assert set(bridge.tabs()) == set(Tab)
    assert bridge.tabs()[Tab.IN_QUOTE] == bridge.tabs()[Tab.TO_ORDER] == 1
    assert [view.record.order.id for view in bridge.orders(tab=Tab.IN_QUOTE)] == [quote]

    bridge.place(purchase_of(bridge, order).po.id)
    assert (purchase_of(bridge, order).word, told(bridge, order).tabs) == ("Booked", (Tab.PENDING,))
    sides.warehouse.pay(now=sides.now())
    sides.live(bridge, 1)
    assert (purchase_of(bridge, order).word, told(bridge, order).tabs) == ("Confirmed", (Tab.PROCESSING,))
    sides.dispatch()
    sides.live(bridge, 1)
    assert (purchase_of(bridge, order).word, told(bridge, order).tabs) == ("Dispatched", (Tab.SHIPPED,))


def test_the_time_line_tells_an_order_s_way_in_words(sides: Sides, bridged: Bridged) -> None:
    """The time line of an order in words."""
    order = sides.sell({"RW-100": 1})
    bridge = bridged(sides, policy=AUTOMATIC)
    sides.live(bridge, 1)
    sides.dispatch()
    sides.live(bridge, 1)

    steps = bridge.timeline(order)

    assert [step.at for step in steps] == sorted(step.at for step in steps)
    words = " ".join(step.words for step in steps)
    for said in ("The shop shows the order", "The supplier has the order", "told"):
        assert said in words


def test_health_says_whether_it_is_alive(sides: Sides, bridged: Bridged) -> None:
    """Age of the last pull per store, oldest unshipped, due and stuck counts, limits in use."""
    sides.sell({"RW-100": 1})
    policy = attrs.evolve(AUTOMATIC, limit_per_day=(ob.Money.of(500, "EUR"),))
    bridge = bridged(sides, policy=policy)
    assert bridge.health().stores["shop"].last_pull is None
    sides.live(bridge, 1)

    health = bridge.health()

    assert health.stores["shop"].age is not None
    assert health.stores["shop"].seen == 1
    assert health.oldest_unshipped is not None
    assert (health.stuck, health.refused_logins) == ((), {})
    assert [str(use.limit) for use in health.limits] == ["500 EUR"]
    sides.clock.sleep(6 * 3600)
    assert bridge.health().stuck, "nobody has worked for six hours"


def test_lists_are_filtered_and_read_page_by_page(sides: Sides, bridged: Bridged) -> None:
    """Filters and paging."""
    ids = [sides.sell({"RW-100": 1}) for _ in range(7)]
    bridge = bridged(sides, policy=AUTOMATIC)
    sides.live(bridge, 1)
    found: list[str] = []
    while page := bridge.orders(after=found[-1] if found else "", limit=3):
        found += [view.record.order.id for view in page]
    assert sorted(found) == sorted(ids)
    number = told(bridge, ids[3]).record.order.number
    assert [view.record.order.id for view in bridge.orders(number=number)] == [ids[3]]
    at_supplier = purchase_of(bridge, ids[5]).po.supplier_ref
    assert [view.record.order.id for view in bridge.orders(find=at_supplier)] == [ids[5]]


# --- row 12: embedding ----------------------------------------------------------------------------------


def test_each_event_is_handed_over_at_least_once_and_none_is_skipped(sides: Sides, bridged: Bridged) -> None:
    """The events feed and consume: typed events, at least once."""
    order = sides.sell({"RW-100": 1})
    bridge = bridged(sides, policy=AUTOMATIC)
    sides.live(bridge, 1)
    taken: list[ob.Event] = []

    def handler(event: ob.Event) -> None:
        if len(taken) == 3 and not failed:
            failed.append(event.position)
            raise RuntimeError("the application is in trouble")
        taken.append(event)

    failed: list[int] = []
    with pytest.raises(RuntimeError):
        bridge.consume("mine", handler)
    while bridge.consume("mine", handler):
        pass
    assert [event.position for event in taken] == [event.position for event in bridge.events(limit=1000)]
    assert failed[0] in {event.position for event in taken}
    kinds = [event.kind for event in taken if event.order_id == order]
    assert kinds.index(ob.EventKind.PLACING) < kinds.index(ob.EventKind.PLACED)


def two_owners(sides: Sides) -> dict[str, object]:
    """A shop for each of two merchants, and one supplier for both."""
    second = type(sides.shop)(https=False)
    second.place_order([{"sku": "RW-101", "quantity": 1, "price": "9.00"}], now=sides.now())
    keys = {"consumer_key": second.consumer_key, "consumer_secret": second.consumer_secret}
    bobs = ob.store(
        "bobs",
        platform="fast-woocommerce",
        settings={"base_url": sides.serve(second), **keys},
        owner=BOB,
    )
    return {"stores": [attrs.evolve(sides.store(), owner=ANN), bobs], "rules": RULES, "policy": AUTOMATIC}


def test_nothing_crosses_owners(sides: Sides, bridged: Bridged) -> None:
    """``owner=`` on every view and limit."""
    anns = sides.sell({"RW-100": 1})
    bridge = bridged(sides, **two_owners(sides))
    sides.live(bridge, 1)
    (bobs,) = (view.record.order.id for view in bridge.orders(owner=BOB))
    assert [view.record.order.id for view in bridge.orders(owner=ANN)] == [anns]
    assert bridge.order(bobs, owner=ANN) is None
    with pytest.raises(ConfigurationError, match="there is no"):
        bridge.cancel(bobs, owner=ANN)
    assert {event.order_id for event in bridge.events(owner=ANN, limit=1000)} <= {anns, ""}

    bridge.stop_money(reason="counting", owner=ANN)
    for owner, told_why in ((ANN, "counting"), (BOB, "")):
        assert bridge.health(owner=owner).stopped == told_why


def test_an_application_may_join_the_promised_views(sides: Sides, bridged: Bridged, tmp_path: Path) -> None:
    """Promised SQL views that an app may join."""
    order = sides.sell({"RW-100": 1})
    path = tmp_path / "orders.db"
    bridge = bridged(sides, policy=AUTOMATIC, journal=path)
    sides.live(bridge, 1)
    with closing(sqlite3.connect(path)) as db:
        found = db.execute(
            "SELECT o.number, p.fulfillment FROM orderbridge_orders o "
            "JOIN orderbridge_purchase_orders p ON p.order_id = o.id WHERE o.id = ?",
            (order,),
        ).fetchall()
    assert found == [(told(bridge, order).record.order.number, "PLACED")]


def test_a_webhook_makes_its_order_due_and_a_forged_one_does_not(sides: Sides, bridged: Bridged) -> None:
    """``receive`` for webhooks: verify, inbox, due, answer."""
    sides.shop.webhooks.create(
        {"topic": "order.updated", "delivery_url": "https://app.example/hooks/shop", "secret": "s3cret"},
        sides.shop.dates(sides.now()),
    )
    bridge = bridged(sides, stores=[sides.store(webhook_secrets=["s3cret"])], policy=AUTOMATIC)
    bridge.run_once()
    order = sides.sell({"RW-100": 1})
    sent = sides.shop.deliveries[-1]
    headers = dict(sent.headers)
    forged = {**headers, "x-wc-webhook-signature": "AAAA"}
    assert bridge.receive("shop", headers=forged, body=sent.body).status == 401
    assert bridge.order(order) is None
    assert bridge.receive("shop", headers=headers, body=sent.body).status == 200
    bridge.run_once()
    assert purchase_of(bridge, order).fulfillment is ob.Fulfillment.PLACED


def test_a_host_s_edit_is_refused_once_the_order_has_changed(sides: Sides, bridged: Bridged) -> None:
    """Host edits with ``expected=digest``."""
    order = sides.sell({"RW-100": 1})
    bridge = bridged(sides, policy=ob.Policy(pull_every=RARELY))
    sides.live(bridge, 0.2)
    record = told(bridge, order).record
    assert record.order.ship_to is not None
    moved = attrs.evolve(record.order.ship_to, line1="New Road 2")
    changed = bridge.change_address(order, moved, expected=record.digest)
    with pytest.raises(OutOfDate):
        bridge.change_address(order, record.order.ship_to, expected=record.digest)
    assert changed.address == moved
    bridge.place(purchase_of(bridge, order).po.id)
    (sent,) = sides.warehouse.orders
    assert "New Road 2" in str(attrs.asdict(sent))


def test_a_shopper_is_forgotten_for_good(sides: Sides, bridged: Bridged) -> None:
    """``forget`` blanks it, and the next pull does not bring it back."""
    order = sides.sell({"RW-100": 1})
    bridge = bridged(sides, policy=AUTOMATIC)
    sides.live(bridge, 1)
    sides.dispatch()
    sides.live(bridge, 1)
    assert told(bridge, order).record.order.ship_to is not None
    assert bridge.forget(order)
    sides.shop.put_status(int(order.partition("/")[2]), "processing", sides.now())
    sides.live(bridge, 2)
    assert told(bridge, order).record.order.ship_to is None
