"""What a Magento is told of departures: one shipment each, its units, its number and one mail."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import orderbridge as ob
from both_sides import RULES, START, Jumping, MagentoSides, a_warehouse, codes, on_clock
from in_magento import (
    ADAPTER,
    GONE,
    LOSSES,
    QUIET,
    Hand,
    Instead,
    a_shop,
    boxes,
    by_parts,
    departed,
    evidence,
    in_shop,
    left,
    notices,
    order_of,
    placed,
    ref_of,
    row_of,
    said,
    sold,
    taken,
    told,
    warnings,
)
from orderbridge import NoticeLine, Package, ProductLink, Shipment, ShipmentLine
from orderbridge._clockwork import Clockwork
from orderbridge._http import Call, Headers, Response
from orderbridge.adapters import Announced, Past, Refused, Unclear
from orderbridge.errors import Unauthorized
from orderbridge.sandbox import MagentoShop
from orderbridge.sandbox.faults import Fault
from orderbridge.sandbox.magento import EVERYTHING, Item, Keys, Store

ORDER = "shop/21"  # the sandbox's first
R2 = ob.SkuPrefix(prefix="R2-", supplier="second")


@pytest.fixture
def sides() -> Iterator[MagentoSides]:
    with in_shop() as both:
        yield both


def part(number: str, units: dict[str, int]) -> Shipment:
    """A departure of so many of each of the supplier's models."""
    lines = tuple(ShipmentLine(remote_id=model, quantity=Decimal(count)) for model, count in units.items())
    return Shipment(ref=number, packages=(Package(tracking_number=number, carrier="UPS"),), lines=lines)


# --- a departure --------------------------------------------------------------------------------------


def test_a_whole_departure_is_one_shipment_one_number_one_mail_and_the_order_is_complete(
    sides: MagentoSides,
) -> None:
    bridge = placed(sides)
    number = departed(sides, bridge)
    assert [effect.path for effect in sides.shop.effects] == ["order/21/ship"]
    assert boxes(sides) == [{"RW-100": 2}]
    assert sides.shown(ORDER) == [number]
    assert order_of(sides)["state"] == "complete"
    (mail,) = sides.shop.mails
    assert (mail.kind, mail.numbers, mail.comment) == ("shipment", (number,), "")
    assert [visible for visible, _ in said(sides, "Shipped: 2 x RW-100")] == [0]
    sides.live(bridge, 7)
    assert len(sides.shop.effects) == 1
    assert codes(bridge) == []


def test_a_part_leaves_the_rest_to_ship_and_the_order_open(sides: MagentoSides) -> None:
    bridge = placed(sides, {"RW-100": 2, "OWN-1": 1})
    departed(sides, bridge)
    assert boxes(sides) == [{"RW-100": 2}]
    assert left(sides) == {"OWN-1": 1}
    assert order_of(sides)["state"] == "processing"
    assert sides.departure_mails(ORDER) == 1


def test_two_suppliers_of_one_order_are_two_shipments_each_from_its_own_source(sides: MagentoSides) -> None:
    """Goods leave from where the supplier stands; left unsaid, Magento takes them from its default."""
    for code in ("north", "south"):
        sides.shop.add_source(code)
        for sku in ("RW-100", "R2-200"):
            sides.shop.stock[sku, code] = Decimal(10)
    second = a_warehouse(("200",))
    bridge = placed(
        sides,
        {"RW-100": 1, "R2-200": 2},
        stores=[sides.store(sources={"rewix": "north"}, source="south")],
        suppliers=[sides.supplier(), sides.supplier("second", base_url=sides.serve(second))],
        rules=(*RULES, R2),
    )
    numbers = sides.dispatch()
    sides.live(bridge, 1)
    assert (boxes(sides), sides.shown(ORDER)) == ([{"RW-100": 1}], numbers)
    numbers += sides.dispatch(second)
    sides.live(bridge, 1)
    assert boxes(sides) == [{"RW-100": 1}, {"R2-200": 2}]
    assert sides.shown(ORDER) == numbers
    assert [paper.source for paper in sides.shop.shipments_of(21)] == ["north", "south"]
    assert sides.shop.stock == {
        ("RW-100", "north"): 9,
        ("R2-200", "north"): 10,
        ("RW-100", "south"): 10,
        ("R2-200", "south"): 8,
    }
    assert order_of(sides)["state"] == "complete"
    assert sides.departure_mails(ORDER) == 2
    assert codes(bridge) == []


@pytest.mark.parametrize(("msi", "source"), [(True, "nowhere"), (True, "empty"), (False, "default")])
def test_a_source_that_the_shop_refuses_is_a_question_and_ships_nothing(msi: bool, source: str) -> None:
    with in_shop(msi=msi) as sides:
        sides.shop.add_source("empty")
        bridge = placed(sides, stores=[sides.store(source=source)])
        sides.dispatch()
        sides.live(bridge, 6)
        assert boxes(sides) == []
        assert codes(bridge) == ["REFUSED"]
        assert sides.at_shop.count("POST", "/ship") == 1


def test_several_packages_of_one_departure_are_tracks_of_one_shipment_and_one_mail(
    sides: MagentoSides,
) -> None:
    bridge = placed(sides, suppliers=[by_parts("rewix", sides.warehouse_url)])
    packages = tuple(Package(tracking_number=n, carrier="UPS") for n in ("1ZA", "1ZB", "1Z A", ""))
    GONE[sides.warehouse.orders[0].order_id] = [Shipment(ref="1", packages=packages)]
    sides.live(bridge, 2)
    assert boxes(sides) == [{"RW-100": 2}]
    assert sides.shown(ORDER) == ["1ZA", "1ZB"]
    assert sides.departure_mails(ORDER) == 1


# --- everything at once ---------------------------------------------------------------------------------

SHIRT = Item(sku="RW-SHIRT-M", kind="configurable", quantity=2, price="25")
SET = Item(  # ships as it is
    sku="RW-SET",
    kind="bundle",
    parts=(Item(sku="PLATE", quantity=2, price="6"), Item(sku="GLASS", price="4")),
    quantity=2,
)
KIT = Item(  # ships part by part
    sku="KIT",
    kind="bundle",
    parts=(Item(sku="RW-MUG", quantity=2, price="12.50"), Item(sku="R2-TOWEL", price="19.90")),
    separately=True,
    quantity=2,
)
CLOTH = Item(sku="R2-CLOTH", quantity="1.5", decimal=True, price="8")
GIFT = Item(sku="GIFT", kind="virtual", price="50")


def test_an_order_of_everything_leaves_two_suppliers_in_three_departures_with_the_right_units(
    sides: MagentoSides,
) -> None:
    """A configurable, a bundle of each kind, cloth by the meter and something that is never shipped."""
    sides.warehouse = a_warehouse(("SHIRT-M", "SET", "MUG"))
    second = a_warehouse(("TOWEL", "HALF-METER"))
    url = sides.serve(sides.warehouse)
    bridge = sides.bridge(
        policy=QUIET,
        suppliers=[by_parts("rewix", url), sides.supplier("second", base_url=sides.serve(second))],
        rules=(*RULES, R2),
    )
    bridge.link(
        ProductLink(
            store="shop", key="sku:R2-CLOTH", supplier="second", remote_id="HALF-METER", factor=Decimal(2)
        )
    )
    order_id = sold(sides, (SHIRT, SET, KIT, CLOTH, GIFT))
    sides.live(bridge, 1)
    assert sides.ordered() == [{"SHIRT-M": 2, "SET": 2, "MUG": 4}]
    assert sides.ordered(second) == [{"TOWEL": 2, "HALF-METER": 3}]

    first = part("1ZA", {"SHIRT-M": 1, "SET": 1, "MUG": 1})
    GONE[sides.warehouse.orders[0].order_id] = [first]
    sides.live(bridge, 2)
    assert boxes(sides) == [{"RW-SHIRT-M": 1, "RW-SET": 1, "RW-MUG": 1}]

    second.dispatch(second.orders[0].order_id, tracking_code="1ZB", carrier="UPS", now=sides.now())
    sides.live(bridge, 2)
    assert boxes(sides)[1:] == [{"R2-TOWEL": 2, "R2-CLOTH": Decimal("1.5")}]
    assert left(sides) == {"RW-SHIRT-M": 1, "RW-SET": 1, "RW-MUG": 3}

    rest = part("1ZC", {"SHIRT-M": 1, "SET": 1, "MUG": 3})
    GONE[sides.warehouse.orders[0].order_id] = [first, rest]
    sides.live(bridge, 2)
    assert boxes(sides)[2:] == [{"RW-SHIRT-M": 1, "RW-SET": 1, "RW-MUG": 3}]

    assert left(sides) == {}
    assert sides.shown(order_id) == ["1ZA", "1ZB", "1ZC"]
    assert sides.departure_mails(order_id) == 3
    assert notices(bridge, order_id) == [ob.NoticeState.ANNOUNCED] * 3
    completes = [notice.notice.completes for notice in told(bridge, order_id).notices]
    assert completes == [False, False, True]
    sides.live(bridge, 7)
    assert len(boxes(sides)) == 3
    assert codes(bridge) == []


def test_a_set_in_one_box_whose_parts_come_from_two_suppliers_waits_for_a_link_of_its_own(
    sides: MagentoSides,
) -> None:
    """The shop ships it as a whole or not at all; so nobody is asked for its parts one by one."""
    both = Item(sku="BOTH", kind="bundle", parts=(Item(sku="RW-100"), Item(sku="R2-200")))
    order_id = sold(sides, (both, Item(sku="RW-101")))
    bridge = sides.bridge(policy=QUIET)
    sides.live(bridge, 2)
    assert sides.ordered() == [{"101": 1}]
    departed(sides, bridge)
    assert boxes(sides) == [{"RW-101": 1}]
    assert left(sides) == {"BOTH": 1}
    bridge.link(ProductLink(store="shop", key="sku:BOTH", supplier="rewix", remote_id="102"))
    sides.live(bridge, 2)
    assert sides.ordered()[1:] == [{"102": 1}]
    departed(sides, bridge)
    assert boxes(sides)[1:] == [{"BOTH": 1}]
    assert notices(bridge, order_id) == [ob.NoticeState.ANNOUNCED] * 2


def test_an_order_that_magento_calls_complete_too_early_ships_on(sides: MagentoSides) -> None:
    """It counts a set and its parts against the sets that were bought."""
    order_id = sold(sides, (SET,))
    sides.warehouse = a_warehouse(("SET",))
    bridge = sides.bridge(policy=QUIET, suppliers=[by_parts("rewix", sides.serve(sides.warehouse))])
    sides.live(bridge, 1)
    ref = sides.warehouse.orders[0].order_id
    GONE[ref] = [part("1ZA", {"SET": 1})]
    sides.live(bridge, 1)
    sides.shop.set_state(sides.shop.orders[ref_of(sides)], "complete")
    sides.live(bridge, 1)
    GONE[ref] = [part("1ZA", {"SET": 1}), part("1ZB", {"SET": 1})]
    sides.live(bridge, 2)
    assert boxes(sides) == [{"RW-SET": 1}, {"RW-SET": 1}]
    assert notices(bridge, order_id) == [ob.NoticeState.ANNOUNCED] * 2
    assert codes(bridge) == []


def test_an_order_of_virtual_things_goes_nowhere(sides: MagentoSides) -> None:
    order_id = sold(sides, (GIFT, Item(sku="RW-100", kind="downloadable")))
    bridge = sides.bridge(policy=QUIET)
    sides.live(bridge, 3)
    assert sides.ordered() == []
    assert sides.shop.effects == []
    assert all(not line.shippable for line in told(bridge, order_id).record.order.lines)
    assert codes(bridge) == []


# --- three workers ------------------------------------------------------------------------------------

PARTS = (part("1ZA", {"100": 1}), part("1ZB", {"100": 2}), part("1ZC", {"100": 1, "101": 2}))


def with_parts_to_tell(sides: MagentoSides, journal: Path) -> None:
    """Three parts of an order have left, and nobody has heard of it yet."""
    account = by_parts("rewix", sides.warehouse_url)
    sides.sell({"RW-100": 4, "RW-101": 2})
    bridge = sides.bridge(journal=journal, policy=QUIET, suppliers=[account])
    sides.live(bridge, 1)
    bridge.close()
    GONE[sides.warehouse.orders[0].order_id] = list(PARTS)
    sides.clock.sleep(1200)


def shipped_as_asked(sides: MagentoSides, journal: Path) -> None:
    bridge = sides.bridge(
        journal=journal, policy=QUIET, suppliers=[ob.supplier("rewix", platform="in-parts", settings=KEYS)]
    )
    sides.live(bridge, 12)
    asked = [{"RW-100": 1}, {"RW-100": 2}, {"RW-100": 1, "RW-101": 2}]
    assert sorted(boxes(sides), key=repr) == sorted(
        [{sku: Decimal(units) for sku, units in box.items()} for box in asked], key=repr
    )
    assert sorted(sides.shown(ORDER)) == ["1ZA", "1ZB", "1ZC"]
    assert sides.departure_mails(ORDER) == 3
    assert sides.at_shop.count("POST", "/ship") == 3
    assert notices(bridge, ORDER) == [ob.NoticeState.ANNOUNCED] * 3
    assert codes(bridge) == []


KEYS: dict[str, Any] = {}


def test_three_workers_on_one_journal_make_exactly_the_shipments_asked_for(
    sides: MagentoSides, tmp_path: Path
) -> None:
    journal = tmp_path / "j.db"
    KEYS.update(base_url=sides.warehouse_url, api_key="key", password="pw")
    with_parts_to_tell(sides, journal)
    account = ob.supplier("rewix", platform="in-parts", settings=KEYS)
    ready = threading.Barrier(3)
    failed: list[BaseException] = []

    def work() -> None:
        bridge = sides.bridge(journal=journal, policy=QUIET, suppliers=[account])
        ready.wait(30)
        try:
            for _ in range(4):
                bridge.run_once()
        except BaseException as error:
            failed.append(error)
            raise

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert failed == []
    shipped_as_asked(sides, journal)


def work_alone(shop: str, keys: dict[str, str], supplier: dict[str, Any], order: str, journal: Path) -> None:
    """One worker in a process of its own."""
    GONE[order] = list(PARTS)
    bridge = ob.Bridge(
        stores=[ob.store("shop", platform="fast-magento", settings={"base_url": shop, **keys})],
        suppliers=[ob.supplier("rewix", platform="in-parts", settings=supplier)],
        journal=journal,
        policy=QUIET,
        rules=RULES,
        take_from=START,
    )
    clock = Jumping()
    clock.sleep(4800)
    for _ in range(4):
        on_clock(bridge, clock).run_once()


def test_three_workers_in_processes_of_their_own_do_so_too(sides: MagentoSides, tmp_path: Path) -> None:
    journal = tmp_path / "j.db"
    KEYS.update(base_url=sides.warehouse_url, api_key="key", password="pw")
    with_parts_to_tell(sides, journal)
    keys = sides.shop.keys
    names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    args = (
        sides.shop_url,
        {name: str(getattr(keys, name)) for name in names},
        KEYS,
        sides.warehouse.orders[0].order_id,
        journal,
    )
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=work_alone, args=args) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    shipped_as_asked(sides, journal)


# --- staff --------------------------------------------------------------------------------------------


def test_a_departure_that_staff_have_typed_in_already_is_theirs_and_not_made_again(
    sides: MagentoSides,
) -> None:
    bridge = placed(sides, {"RW-100": 2, "OWN-1": 1})
    (number,) = sides.dispatch()
    sides.shop.ship_by_hand(21, {row_of(sides, "RW-100"): 2}, now=sides.now(), number=number.lower())
    sides.live(bridge, 6)
    assert boxes(sides) == [{"RW-100": 2}]
    assert sides.at_shop.count("POST", "/ship") == 0
    assert sides.departure_mails(ORDER) == 0
    assert notices(bridge, ORDER) == [ob.NoticeState.ANNOUNCED]
    assert codes(bridge) == []


def test_what_staff_shipped_before_us_under_another_number_is_asked_about_and_siblings_go_on(
    sides: MagentoSides,
) -> None:
    second = a_warehouse(("200",))
    bridge = placed(
        sides,
        {"RW-100": 2, "R2-200": 2},
        suppliers=[sides.supplier(), sides.supplier("second", base_url=sides.serve(second))],
        rules=(*RULES, R2),
    )
    sides.shop.ship_by_hand(21, {row_of(sides, "RW-100"): 1}, now=sides.now(), number="BY-HAND")
    sides.dispatch()
    (number,) = sides.dispatch(second)
    sides.live(bridge, 6)
    assert boxes(sides) == [{"RW-100": 1}, {"R2-200": 2}]
    assert sides.shown(ORDER) == ["BY-HAND", number]
    review = next(each for each in bridge.reviews() if each.code is ob.ReviewCode.UNCLEAR)
    assert "(RW-100): the supplier shipped 2, and the shop has 1 of 2 still to ship (shipments 61" in (
        review.evidence
    )
    assert review.decisions == ("retry", "told", "ignore")
    bridge.resolve(review.id, "told")
    sides.live(bridge, 6)
    assert len(boxes(sides)) == 2


def test_what_the_shop_cuts_without_a_word_is_a_part_and_never_told_as_the_whole(
    sides: MagentoSides,
) -> None:
    """Staff ship a unit between our look and our call, which is answered with yes all the same."""
    second = a_warehouse(("200",))
    bridge = placed(
        sides,
        {"RW-100": 2, "R2-200": 2},
        suppliers=[sides.supplier(), sides.supplier("second", base_url=sides.serve(second))],
        rules=(*RULES, R2),
    )
    mug = row_of(sides, "RW-100")
    sides.shop_plan.before(
        "POST", "/ship", lambda: void(sides.shop.ship_by_hand(21, {mug: 1}, now=sides.now()))
    )
    sides.dispatch()
    sides.live(bridge, 2)
    (sibling,) = sides.dispatch(second)
    sides.live(bridge, 6)
    assert boxes(sides) == [{"RW-100": 1}, {"RW-100": 1}, {"R2-200": 2}]
    review = next(each for each in bridge.reviews() if each.code is ob.ReviewCode.UNCLEAR)
    assert f"only in part: 1 of 2 of row {mug}" in review.evidence
    assert sibling in sides.shown(ORDER)
    assert notices(bridge, ORDER).count(ob.NoticeState.ANNOUNCED) == 1


def void(_: object) -> None:
    """Nothing, whatever came."""


def test_a_second_part_that_staff_ship_is_noticed_though_the_order_s_time_stands_still(
    sides: MagentoSides,
) -> None:
    bridge = placed(sides, {"RW-100": 1, "OWN-1": 2})
    departed(sides, bridge)
    moved = order_of(sides)["updated_at"]
    sides.clock.sleep(7200)
    sides.shop.ship_by_hand(21, {row_of(sides, "OWN-1"): 1}, now=sides.now())
    assert order_of(sides)["updated_at"] == moved
    sides.live(bridge, 1)
    shipped = {line.sku: line.fulfilled for line in told(bridge, ORDER).record.order.lines}
    assert shipped == {"RW-100": 1, "OWN-1": 1}


@pytest.mark.parametrize("placed_before", [True, False])
def test_an_order_canceled_in_the_shop_is_not_ordered_and_one_ordered_is_asked_about(
    sides: MagentoSides, placed_before: bool
) -> None:
    sides.sell({"RW-100": 1}, paid=False)
    ready = attrs.evolve(QUIET, take=ob.Take.ALL)
    bridge = sides.bridge(policy=ready if placed_before else QUIET)
    sides.live(bridge, 1)
    assert len(sides.ordered()) == placed_before
    sides.clock.sleep(60)
    assert sides.shop.cancel(21, now=sides.now())
    sides.live(bridge, 1)
    assert told(bridge, ORDER).record.order.canceled
    assert codes(bridge) == (["CANCELED_AFTER_PLACING"] if placed_before else [])
    if placed_before:
        sides.dispatch()
        sides.live(bridge, 6)
        assert boxes(sides) == []
        review = next(each for each in bridge.reviews() if each.code is ob.ReviewCode.UNCLEAR)
        assert "its state is canceled" in review.evidence


@pytest.mark.parametrize("answer", ["cancel", "accept", "ignore"])
def test_what_staff_made_of_an_order_that_a_supplier_has_waits_for_it(
    sides: MagentoSides, answer: str
) -> None:
    """The admin's Edit cancels the order and makes another one of it, which would be a second parcel."""
    sides.sell({"RW-100": 1}, paid=False)
    bridge = sides.bridge(policy=attrs.evolve(QUIET, take=ob.Take.ALL))
    sides.live(bridge, 1)
    anew = sides.sell({"RW-100": 1}, paid=False)
    sides.shop.orders[22].row["relation_parent_id"] = 21
    assert sides.shop.cancel(21, now=sides.now())
    sides.live(bridge, 2)
    assert len(sides.ordered()) == 1
    assert sorted(codes(bridge)) == ["CANCELED_AFTER_PLACING", "REPLACES"]
    (review,) = [each for each in bridge.reviews() if each.code is ob.ReviewCode.REPLACES]
    assert "shop/21/" in review.evidence
    assert review.order_id == anew
    if answer == "cancel":
        (there,) = sides.warehouse.orders
        sides.warehouse.cancel(there.order_id, now=sides.now())
    else:
        bridge.resolve(review.id, answer)
    sides.live(bridge, 12)
    (purchase,) = told(bridge, anew).purchases
    assert (purchase.placed_at is None) == (answer == "ignore")
    assert "REPLACES" not in codes(bridge)


@pytest.mark.parametrize("moved", [False, True])
def test_what_replaces_an_order_that_is_over_by_now_waits_for_no_more_than_its_other_question(
    sides: MagentoSides, moved: bool
) -> None:
    sides.sell({"RW-100": 1}, paid=False)
    journal = ob.journal(":memory:")
    bridge = sides.bridge(journal=journal, policy=attrs.evolve(QUIET, take=ob.Take.ALL))
    sides.live(bridge, 1)
    anew = sides.sell({"RW-100": 1}, paid=False)
    sides.shop.orders[22].row["relation_parent_id"] = 21
    assert sides.shop.cancel(21, now=sides.now())
    sides.live(bridge, 2)
    assert "shop/21/" in " ".join(bridge.check_out(anew).items[0].against)
    (there,) = sides.warehouse.orders
    sides.warehouse.cancel(there.order_id, now=sides.now())
    blocking = attrs.evolve(QUIET, take=ob.Take.ALL, blocked_countries=frozenset({"US"}))
    bridge = sides.bridge(journal=journal, policy=blocking)
    sides.live(bridge, 12)
    asked = {each.code: each for each in bridge.reviews() if each.order_id == anew}
    assert set(asked) == {ob.ReviewCode.REPLACES, ob.ReviewCode.BLOCKED}
    if moved:
        elsewhere = ob.Address(name="Jo", line1="Elm 1", city="Ghent", postal_code="9000", country="BE")
        bridge.change_address(anew, elsewhere, expected=told(bridge, anew).record.digest)
    else:
        bridge.resolve(asked[ob.ReviewCode.BLOCKED].id, "accept")
    sides.live(bridge, 1)
    (purchase,) = told(bridge, anew).purchases
    assert purchase.placed_at is not None
    assert [each.code for each in bridge.reviews() if each.order_id == anew] == []


def test_units_refunded_in_the_shop_are_not_ordered(sides: MagentoSides) -> None:
    sides.sell({"RW-100": 3, "RW-101": 1})
    mug = row_of(sides, "RW-100")
    sides.shop.refund_by_hand(21, {mug: 2}, now=sides.now())
    bridge = sides.bridge(policy=QUIET)
    sides.live(bridge, 1)
    assert sides.ordered() == [{"100": 1, "101": 1}]
    assert told(bridge, ORDER).record.order.payment is ob.StorePayment.PART_REFUNDED
    departed(sides, bridge)
    assert boxes(sides) == [{"RW-100": 1, "RW-101": 1}]
    assert notices(bridge, ORDER) == [ob.NoticeState.ANNOUNCED]


def test_units_refunded_after_ordering_that_leave_all_the_same_are_asked_about(sides: MagentoSides) -> None:
    bridge = placed(sides, {"RW-100": 3, "OWN-1": 1})
    sides.clock.sleep(60)
    sides.shop.refund_by_hand(21, {row_of(sides, "RW-100"): 2}, now=sides.now())
    sides.dispatch()
    sides.live(bridge, 6)
    assert boxes(sides) == []
    review = next(each for each in bridge.reviews() if each.code is ob.ReviewCode.UNCLEAR)
    assert "the supplier shipped 3, and the shop has 1 of 3 still to ship" in review.evidence


def test_a_set_of_which_staff_refunded_one_before_it_left_is_asked_about(sides: MagentoSides) -> None:
    """Of a set priced by its parts, Magento counts all as refunded once one is, and ships no more of them."""
    sides.warehouse = a_warehouse(("SET",))
    order_id = sold(sides, (SET, Item(sku="OWN-1")))
    bridge = sides.bridge(policy=QUIET, suppliers=[sides.supplier(base_url=sides.serve(sides.warehouse))])
    sides.live(bridge, 1)
    sides.clock.sleep(60)
    sides.shop.refund_by_hand(21, {402: 2, 403: 1}, now=sides.now())
    sides.live(bridge, 1)
    line = told(bridge, order_id).record.order.lines[0]
    assert (line.quantity, line.refunded) == (2, 1)
    sides.dispatch()
    sides.live(bridge, 3)
    assert boxes(sides) == []
    review = next(each for each in bridge.reviews() if each.code is ob.ReviewCode.UNCLEAR)
    assert "the supplier shipped 1, and the shop has 0 of 2" in review.evidence
    assert "; 1 more of line 401 left the supplier" in review.evidence


def test_an_order_that_the_shop_has_no_more_is_asked_about(sides: MagentoSides) -> None:
    bridge = placed(sides)
    del sides.shop.orders[21]
    sides.dispatch()
    sides.live(bridge, 6)
    assert "no such order any more" in " ".join(review.evidence for review in bridge.reviews())
    assert sides.shop.effects == []


def test_a_product_deleted_since_ships_by_its_row(sides: MagentoSides) -> None:
    sides.sell({"RW-100": 2})
    sides.shop.delete_product("RW-100")
    bridge = sides.bridge(policy=QUIET)
    sides.live(bridge, 1)
    departed(sides, bridge)
    assert boxes(sides) == [{"RW-100": 2}]
    assert codes(bridge) == []


@pytest.mark.parametrize("fix", ["let go", "never"])
def test_a_held_order_waits_for_a_person_and_ships_when_it_is_let_go(sides: MagentoSides, fix: str) -> None:
    bridge = placed(sides)
    sides.clock.sleep(60)
    sides.shop.hold(21, now=sides.now())
    sides.dispatch()
    sides.live(bridge, 3)
    assert boxes(sides) == []
    review = next(each for each in bridge.reviews() if each.code is ob.ReviewCode.UNCLEAR)
    assert "it is on hold in the shop; take it off hold there" in review.evidence
    assert "take it off hold" in review.evidence
    assert sides.shop.effects == []
    if fix == "let go":
        sides.shop.unhold(21, now=sides.now())
        bridge.resolve(review.id, "retry")
        sides.live(bridge, 2)
        assert boxes(sides) == [{"RW-100": 2}]
        assert order_of(sides)["state"] == "complete"


@pytest.mark.parametrize("state", ["holded", "payment_review", "pending_payment"])
def test_an_order_that_the_shop_holds_back_is_not_ordered_until_it_is_let_go(
    sides: MagentoSides, state: str
) -> None:
    sides.sell({"RW-100": 1})
    order = sides.shop.orders[21]
    if state == "holded":
        sides.shop.hold(21, now=sides.now())
    else:
        sides.shop.set_state(order, state)
    bridge = sides.bridge(policy=attrs.evolve(QUIET, take=ob.Take.ALL))
    sides.live(bridge, 2)
    assert sides.ordered() == []
    before = dict(order.row)
    if state == "holded":
        sides.shop.unhold(21, now=sides.now())
    else:
        sides.shop.set_state(order, "processing")
        sides.shop.save_order(order, before, sides.now())
    sides.live(bridge, 2)
    assert sides.ordered() == [{"100": 1}]


# --- answers that do not come ---------------------------------------------------------------------------

WRITES = {"ship": ("POST", "/ship"), "link": ("POST", "/comments")}


@pytest.mark.parametrize("fault", LOSSES, ids=lambda fault: fault.value)
@pytest.mark.parametrize("write", WRITES)
def test_a_lost_answer_to_any_write_of_a_departure_leaves_one_effect(
    tmp_path: Path, write: str, fault: Fault
) -> None:
    """The bridge is closed right after, and another one goes on with its journal."""
    with in_shop() as sides:
        bridge = placed(sides, {"RW-100": 2, "OWN-1": 1}, journal=tmp_path / "j.db")
        sides.shop_plan.meet(*WRITES[write], fault)
        ref = sides.warehouse.orders[0].order_id
        sides.warehouse.dispatch(ref, tracking_code="G1", carrier="GLS", now=sides.now())
        sides.clock.sleep(1200)
        bridge.run_once()
        bridge.close()
        again = sides.bridge(journal=tmp_path / "j.db", policy=QUIET)
        sides.live(again, 12)
        assert boxes(sides) == [{"RW-100": 2}]
        assert sides.shown(ORDER) == ["G1"]
        assert [visible for visible, _ in said(sides, "https://gls.example/track?tracknum=G1")] == [0, 1]
        assert sides.departure_mails(ORDER) == 1
        assert notices(again, ORDER) == [ob.NoticeState.ANNOUNCED]
        assert codes(again) == []


def bearer(sides: MagentoSides, **settings: Any) -> ob.Account:
    """The shop, signed in with the token alone."""
    values = {"base_url": sides.shop_url, "bearer": True, "access_token": sides.shop.keys.access_token}
    return ob.store("shop", platform="fast-magento", settings={**values, **settings})


@pytest.mark.parametrize("rest", [True, False], ids=["units are left", "none is left"])
def test_a_shipment_that_the_network_makes_twice_is_a_question_where_it_can_be_two(rest: bool) -> None:
    """The shop ships what is left as often as it is told, and takes nothing back."""
    with in_shop(keys=Keys(bearer=True)) as sides:
        account = by_parts("rewix", sides.warehouse_url)
        units = 4 if rest else 1
        bridge = placed(sides, {"RW-100": units}, stores=[bearer(sides)], suppliers=[account])
        GONE[sides.warehouse.orders[0].order_id] = [part("1ZA", {"100": 1})]
        sides.shop_plan.meet("POST", "/ship", Fault.DOUBLED)
        sides.live(bridge, 6)
        assert boxes(sides) == [{"RW-100": 1}] * (2 if rest else 1)
        assert sides.at_shop.count("POST", "/ship") == 2
        if rest:
            assert "shipments 61, 62 carry one key" in evidence(bridge)
        else:
            assert notices(bridge, ORDER) == [ob.NoticeState.ANNOUNCED]
            assert codes(bridge) == []


def test_a_call_that_the_network_carries_twice_is_refused_the_second_time_by_its_nonce(
    sides: MagentoSides,
) -> None:
    bridge = placed(sides, {"RW-100": 2, "OWN-1": 1})
    sides.shop_plan.meet("POST", "/ship", Fault.DOUBLED)
    departed(sides, bridge)
    sides.live(bridge, 6)
    assert boxes(sides) == [{"RW-100": 2}]
    assert notices(bridge, ORDER) == [ob.NoticeState.ANNOUNCED]
    assert codes(bridge) == []


@pytest.mark.parametrize("fault", [Fault.HTML, Fault.ERROR_BEFORE, Fault.THROTTLED, Fault.CUT, Fault.BOM])
def test_an_answer_that_is_not_the_shop_s_own_proves_nothing_and_the_shop_is_looked_at(
    sides: MagentoSides, fault: Fault
) -> None:
    bridge = placed(sides, {"RW-100": 2, "OWN-1": 1})
    sides.shop_plan.meet("POST", "/ship", fault)
    departed(sides, bridge)
    sides.live(bridge, 6)
    assert boxes(sides) == [{"RW-100": 2}]
    assert sides.departure_mails(ORDER) == 1
    assert notices(bridge, ORDER) == [ob.NoticeState.ANNOUNCED]
    assert codes(bridge) == []


def test_a_shop_in_maintenance_is_asked_again_later(sides: MagentoSides) -> None:
    bridge = placed(sides)
    sides.shop.maintenance = True
    sides.dispatch()
    sides.live(bridge, 3)
    sides.shop.maintenance = False
    sides.live(bridge, 6)
    assert boxes(sides) == [{"RW-100": 2}]
    assert codes(bridge) == []


def test_an_integration_that_may_not_ship_is_a_question_that_names_the_right(sides: MagentoSides) -> None:
    sides.shop.keys.resources = EVERYTHING - {"Magento_Sales::ship"}
    bridge = placed(sides)
    sides.dispatch()
    sides.live(bridge, 3)
    assert codes(bridge) == ["REFUSED"]
    assert "Magento_Sales::ship" in evidence(bridge)
    sides.shop.keys.resources = EVERYTHING
    bridge.resolve(bridge.reviews()[0].id, "retry")
    sides.live(bridge, 2)
    assert boxes(sides) == [{"RW-100": 2}]


BODIES = ["true", "false", "[]", "{}", "null", '""', '"0"', "<html>hi</html>", ""]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("there", [True, False])
def test_a_yes_of_another_kind_than_a_shipment_s_id_is_believed_only_after_a_look(
    sides: MagentoSides, body: str, there: bool
) -> None:
    bridge = placed(sides, {"RW-100": 2, "OWN-1": 1})
    answers = iter([Response(200, headers=Headers({"Content-Type": "application/json"}), body=body.encode())])

    def instead(call: Call, now: datetime) -> Response:
        answer = next(answers, None) if call.url.endswith("/ship") else None
        done = sides.shop.handle(call, now) if there or answer is None else None
        return answer or done or Response(500)

    sides.at_shop.backend = Instead(instead)
    departed(sides, bridge)
    sides.live(bridge, 2)
    assert boxes(sides) == [{"RW-100": 2}]
    assert sides.departure_mails(ORDER) == 1
    assert notices(bridge, ORDER) == [ob.NoticeState.ANNOUNCED]
    assert codes(bridge) == []


@pytest.mark.parametrize("body", [b'"61"', b"61"])
def test_a_shipment_that_was_promised_and_is_not_there_is_a_question(
    sides: MagentoSides, body: bytes
) -> None:
    bridge = placed(sides)

    def promise(call: Call, now: datetime) -> Response:
        if call.url.endswith("/ship"):
            return Response(200, headers=Headers({"Content-Type": "application/json"}), body=body)
        return sides.shop.handle(call, now)

    sides.at_shop.backend = Instead(promise)
    sides.dispatch()
    sides.live(bridge, 7)
    assert sides.at_shop.count("POST", "/ship") == 1
    assert codes(bridge) == ["CONFIRMED_NOT_FOUND"]


# --- mail, carriers, links ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "policy"),
    [({}, attrs.evolve(QUIET, notify_shopper=False)), ({"shipped_mail": False}, QUIET)],
    ids=["policy", "setting"],
)
def test_where_no_mail_is_wanted_none_goes_out(
    sides: MagentoSides, settings: dict[str, Any], policy: ob.Policy
) -> None:
    bridge = placed(sides, stores=[sides.store(**settings)], policy=policy)
    departed(sides, bridge)
    sides.warehouse.orders[0].tracking_code = "1ZRIGHT"
    sides.live(bridge, 7)
    assert sides.shown(ORDER) == ["1ZRIGHT"]
    assert sides.shop.mails == []


@pytest.mark.parametrize(
    ("carrier", "settings", "shown", "linked", "warned"),
    [
        ("UPS", {}, ("ups", "UPS"), False, ""),
        ("GLS Italy", {}, ("custom", "GLS Italy"), True, "carrier GLS Italy is not known to the shop"),
        ("GLS Italy", {"carriers": {"gls italy": "gls"}}, ("gls", "GLS Italy"), True, ""),
        ("UPS", {"carriers": {"UPS": "custom"}}, ("custom", "UPS"), True, ""),
        ("UPS", {"carriers": {"UPS": "x" * 33}}, ("custom", "UPS"), True, "longer than the 32 letters"),
    ],
)
def test_a_carrier_is_the_shop_s_own_or_shown_by_name_with_a_link_that_the_shopper_sees(
    sides: MagentoSides,
    carrier: str,
    settings: dict[str, Any],
    shown: tuple[str, str],
    linked: bool,
    warned: str,
) -> None:
    """Magento itself makes links for the few carriers that it knows, and has no place for others'."""
    bridge = placed(sides, stores=[sides.store(**settings)])
    ref = sides.warehouse.orders[0].order_id
    sides.warehouse.dispatch(ref, tracking_code="N1", carrier=carrier, now=sides.now())
    sides.live(bridge, 1)
    ((track,),) = (shipment.tracks for shipment in sides.shop.shipments_of(21))
    assert (track["carrier_code"], track["title"]) == shown
    visible = [seen for seen in said(sides, "tracknum=N1") if seen[0]]
    assert visible == ([(1, 0)] if linked else [])
    assert warned in warnings(bridge, ORDER)
    assert bool(warned) == bool(warnings(bridge, ORDER))
    assert sides.departure_mails(ORDER) == 1


def test_carriers_are_those_whose_numbers_magento_can_follow(sides: MagentoSides) -> None:
    codes_ = {carrier.code for carrier in sides.bridge().carriers("shop")}
    assert codes_ == {"custom", "dhl", "fedex", "ups", "usps"}


@pytest.mark.parametrize("number", ["0", ""])
def test_what_magento_takes_for_no_number_ships_without_one(sides: MagentoSides, number: str) -> None:
    bridge = placed(sides)
    ref = sides.warehouse.orders[0].order_id
    sides.warehouse.dispatch(ref, tracking_code=number, carrier="UPS", now=sides.now())
    sides.live(bridge, 12)
    assert boxes(sides) == [{"RW-100": 2}]
    assert sides.shown(ORDER) == []
    assert codes(bridge) == []


# --- corrections ----------------------------------------------------------------------------------------

CORRECTION = {
    "add": ("POST", "/shipment/track"),
    "delete": ("DELETE", "/track/"),
    "tell": ("POST", "/comments"),
}


@pytest.mark.parametrize("fault", [None, *LOSSES, Fault.DOUBLED])
@pytest.mark.parametrize("write", CORRECTION)
def test_a_corrected_number_is_added_before_the_wrong_one_goes_and_told_once(
    sides: MagentoSides, write: str, fault: Fault | None
) -> None:
    bridge = placed(sides)
    wrong = departed(sides, bridge)
    before = len(sides.shop.effects)
    sides.warehouse.orders[0].tracking_code = "1ZRIGHT"
    if fault is not None:
        sides.shop_plan.meet(*CORRECTION[write], fault)
    sides.live(bridge, 7)
    assert sides.shown(ORDER) == ["1ZRIGHT"]
    paths = [effect.path for effect in sides.shop.effects[before:]]
    assert paths[0] == "shipment/track"
    assert len(boxes(sides)) == 1
    assert said(sides, f"Tracking corrected: 1ZRIGHT, in place of {wrong}") == [(1, 1)]
    assert [mail.kind for mail in sides.shop.mails] == ["shipment", "order comment"]
    assert notices(bridge, ORDER) == [ob.NoticeState.ANNOUNCED]
    assert codes(bridge) == []


def test_a_number_that_goes_back_to_what_it_was_is_told_once_more(sides: MagentoSides) -> None:
    bridge = placed(sides)
    first = departed(sides, bridge)
    for number in ("1ZOTHER", first):
        sides.warehouse.orders[0].tracking_code = number
        sides.live(bridge, 7)
    assert sides.shown(ORDER) == [first]
    assert len(said(sides, "Tracking corrected: ")) == 2


def test_a_number_that_staff_added_beside_ours_stays(sides: MagentoSides) -> None:
    bridge = placed(sides)
    departed(sides, bridge)
    (shipment,) = sides.shop.shipments_of(21)
    sides.shop.add_track(shipment.entity_id, "PALLET", now=sides.now())
    sides.warehouse.orders[0].tracking_code = "1ZRIGHT"
    sides.live(bridge, 7)
    assert sorted(sides.shown(ORDER)) == ["1ZRIGHT", "PALLET"]


def test_tracking_that_comes_days_later_is_added_to_the_shipment(sides: MagentoSides) -> None:
    bridge = placed(sides)
    ref = sides.warehouse.orders[0].order_id
    sides.warehouse.dispatch(ref, carrier="UPS", now=sides.now())
    sides.live(bridge, 12)
    assert (boxes(sides), sides.shown(ORDER)) == ([{"RW-100": 2}], [])
    sides.warehouse.dispatch(ref, tracking_code="1ZLATE", carrier="UPS", now=sides.now())
    sides.live(bridge, 7)
    assert (boxes(sides), sides.shown(ORDER)) == ([{"RW-100": 2}], ["1ZLATE"])
    assert codes(bridge) == []


# --- money that is not there yet --------------------------------------------------------------------------

PAYMENTS: dict[str, tuple[dict[str, Any], ob.StorePayment, bool]] = {
    "paid": ({}, ob.StorePayment.PAID, True),
    "a check": ({"paid": False}, ob.StorePayment.UNPAID, False),
    "authorized": ({"authorized": True}, ob.StorePayment.AUTHORIZED, False),
    "on delivery": ({"paid": False, "method": "cashondelivery"}, ob.StorePayment.ON_DELIVERY, True),
}


@pytest.mark.parametrize("how", PAYMENTS)
def test_only_what_is_paid_or_is_paid_on_delivery_is_ordered(sides: MagentoSides, how: str) -> None:
    given, payment, ordered = PAYMENTS[how]
    order_id = sides.sell({"RW-100": 1}, **given)
    bridge = sides.bridge(policy=QUIET)
    sides.live(bridge, 1)
    assert told(bridge, order_id).record.order.payment is payment
    assert bool(sides.ordered()) is ordered
    if ordered:
        departed(sides, bridge)
        assert boxes(sides) == [{"RW-100": 1}]


def test_shipping_an_unpaid_order_books_no_money_and_does_not_make_it_paid(sides: MagentoSides) -> None:
    """Magento calls it processing then, as it calls orders that are paid."""
    order_id = sides.sell({"RW-100": 1, "OWN-1": 1}, paid=False)
    bridge = sides.bridge(policy=attrs.evolve(QUIET, take=ob.Take.ALL))
    sides.live(bridge, 1)
    departed(sides, bridge)
    assert order_of(sides)["state"] == "processing"
    assert sides.shop.invoices_of(21) == []
    sides.live(bridge, 1)
    assert told(bridge, order_id).record.order.payment is ob.StorePayment.UNPAID


def test_amounts_are_in_the_order_s_own_currency(sides: MagentoSides) -> None:
    sides.shop.stores.append(Store(store_id=2, code="eur", name="Europe", currency="EUR"))
    lines = [Item(sku="RW-100", quantity=3, price="12.50", discount="3.75", tax_percent=22)]
    order_id = sold(sides, lines, store="eur", rate="0.8")
    bridge = sides.bridge(policy=QUIET)
    sides.live(bridge, 1)
    order = told(bridge, order_id).record.order
    assert order.currency == "EUR"
    assert order.total.amount == Decimal(str(sides.shop.order(21)["grand_total"]))
    assert order.lines[0].total == ob.Money.of("27.00", "EUR")
    departed(sides, bridge)
    assert boxes(sides) == [{"RW-100": 3}]


# --- signing in -------------------------------------------------------------------------------------------


def test_every_call_is_signed_as_it_is_sent_brackets_and_all(sides: MagentoSides) -> None:
    """Served over HTTP; the shop signs the address that arrived, and compares."""
    bridge = placed(sides)
    departed(sides, bridge)
    lists = [query for _, _, query in sides.at_shop.calls if "searchCriteria" in query]
    assert all("HMAC-SHA256" in query for query in lists)
    # Brackets arrive escaped, and mean the same.
    assert all("searchCriteria%5B" in query and "searchCriteria[" not in query for query in lists)
    assert boxes(sides) == [{"RW-100": 2}]
    sides.shop.keys.access_token_secret = "another"
    with pytest.raises(Unauthorized, match="signature"):
        bridge.pull("shop")


def test_an_admin_s_token_is_got_anew_when_it_has_ended(sides: MagentoSides) -> None:
    sides.shop.keys.two_factor = "none"
    account = ob.store(
        "shop",
        platform="fast-magento",
        settings={
            "base_url": sides.shop_url,
            "username": sides.shop.keys.username,
            "password": sides.shop.keys.password,
        },
    )
    bridge = placed(sides, stores=[account])
    sides.live(bridge, 30)
    departed(sides, bridge)
    assert boxes(sides) == [{"RW-100": 2}]
    logins = sides.at_shop.count("POST", "/integration/admin/token")
    assert 20 <= logins <= 45


def test_an_async_bridge_on_the_clock_of_this_machine_ships_the_same() -> None:
    with MagentoSides(clock=Clockwork()) as sides:
        sides.sell({"RW-100": 1, "OWN-1": 1})
        soon = attrs.evolve(QUIET, follow_every=timedelta(milliseconds=10))

        async def work() -> None:
            async with ob.AsyncBridge(**sides.parts(policy=soon)) as bridge:
                await bridge.run_once()
                sides.dispatch()
                for _ in range(100):
                    await bridge.run_once()
                    if boxes(sides):
                        break
                view = await bridge.order(ORDER)
                assert view is not None
                assert [notice.state for notice in view.notices] == [ob.NoticeState.ANNOUNCED]

        asyncio.run(work())
        assert boxes(sides) == [{"RW-100": 1}]
        assert sides.departure_mails(ORDER) == 1


# --- what can be asked of the shop at all -------------------------------------------------------------------


def notice(order: ob.Order, key: str, units: dict[str, Decimal], **more: Any) -> ob.ShipmentNotice:
    lines = tuple(NoticeLine(line_ref=ref, ship_ref=ref, units=count) for ref, count in units.items())
    values: dict[str, Any] = {
        "key": key,
        "order_id": order.id,
        "purchase_order_id": f"{order.id}/rewix/1",
        "lines": lines,
        "packages": (Package(tracking_number=f"1Z{key}", carrier="UPS"),),
        "shipped_at": START,
        "completes": False,
        **more,
    }
    return ob.ShipmentNotice(**values)


def announcing(shop: MagentoShop, order: ob.Order, told_of: ob.ShipmentNotice) -> Hand:
    return Hand(shop, ADAPTER, lambda: ADAPTER.announce(order, told_of, Past()))


@given(st.lists(st.integers(0, 2), max_size=40), st.lists(st.integers(1, 3), min_size=3, max_size=3))
def test_three_workers_whose_calls_come_in_any_order_ship_what_was_asked_or_say_that_they_did_not(
    turns: list[int], parts: list[int]
) -> None:
    """Without a lock of ours between them, as if each had a journal of its own."""
    shop = a_shop()
    ref = shop.place_order([Item(sku="MUG", quantity=5), Item(sku="LAMP")], now=START)
    order = taken(shop, ref)
    mug = order.lines[0].ref
    hands = [
        announcing(shop, order, notice(order, f"key{place}", {mug: Decimal(units)}))
        for place, units in enumerate(parts)
    ]
    for turn in turns:
        hands[turn].step()
    results = [hand.finish() for hand in hands]
    shipped = {
        str(paper.tracks[0]["track_number"]): [Decimal(str(row["qty"])) for row in paper.items]
        for paper in shop.shipments_of(ref)
    }
    for place, (units, result) in enumerate(zip(parts, results, strict=True)):
        assert isinstance(result, Announced | Unclear | Refused)
        if isinstance(result, Announced):
            assert shipped[f"1Zkey{place}"] == [units]
        else:
            assert shipped.get(f"1Zkey{place}", [Decimal(0)])[0] < units
    if sum(parts) <= 5:
        assert all(isinstance(result, Announced) for result in results)
    assert sum(sum(units) for units in shipped.values()) <= 5
    assert all(sum(write.step == "ship" for write in hand.sent) <= 1 for hand in hands)


EVERYTHING_AT_ONCE = (SHIRT, SET, KIT, CLOTH, GIFT)
UNITS = st.one_of(
    st.integers(0, 6).map(Decimal),
    st.decimals(Decimal("0.0001"), Decimal(7), places=4),
)


@given(
    st.one_of(
        st.dictionaries(st.integers(400, 411), UNITS, max_size=5),
        # Rows that ship, and at times the virtual one.
        st.dictionaries(st.sampled_from([401, 403, 407, 408, 409, 410]), st.just(Decimal(1)), min_size=1),
    ),
    st.lists(st.sampled_from(["1ZA", "1z a", "0", "", " ", "Ä1", "9" * 400]), max_size=3),
    st.sampled_from(["new", "processing", "complete", "closed", "holded", "payment_review", "canceled"]),
    st.booleans(),
)
def test_no_notice_whatever_becomes_a_call_that_ships_more_or_other_things_than_it_says(
    units: dict[int, Decimal], numbers: list[str], state: str, notify: bool
) -> None:
    """An empty list ships everything, a wrong row is passed over, and too many units are cut."""
    shop = a_shop()
    ref = shop.place_order(EVERYTHING_AT_ONCE, now=START)
    order = taken(shop, ref)
    if state != "processing":
        shop.set_state(shop.orders[ref], state)
    packages = tuple(Package(tracking_number=number, carrier="GLS") for number in numbers)
    wanted = {str(row): count for row, count in units.items()}
    hand = announcing(shop, order, notice(order, "key", wanted, packages=packages, notify=notify))
    result = hand.finish()
    asked = {row: count for row, count in wanted.items() if count}
    for write in hand.sent:
        body = json.loads(write.request.body)
        assert write.request.path != "/rest/V1/shipment"
        if write.step != "ship":
            continue
        assert body["items"]
        assert all(line["qty"] > 0 for line in body["items"])
        assert {str(line["order_item_id"]): Decimal(str(line["qty"])) for line in body["items"]} == asked
        assert all(track["track_number"] not in ("", "0") for track in body["tracks"])
        assert body["comment"]["comment"]
        assert body["comment"]["is_visible_on_front"] == 0
    made = shop.shipments_of(ref)
    if not units:
        # One parcel more, of what the shop has as shipped.
        assert isinstance(result, Announced)
        assert made == []
    elif isinstance(result, Announced):
        (shipment,) = made
        there = {str(row["order_item_id"]): Decimal(str(row["qty"])) for row in shipment.items}
        assert {row: there[row] for row in asked} == asked
        # Beside them only the bundles whose parts they are.
        assert all(row in asked or shop.orders[ref].line(int(row)).kind == "bundle" for row in there)  # type: ignore[union-attr]
        assert len(shop.mails) == int(notify)
    else:
        assert isinstance(result, Unclear | Refused)
        assert made == []


def test_a_notice_of_nothing_ships_nothing() -> None:
    shop = a_shop()
    ref = shop.place_order([Item(sku="MUG", quantity=5)], now=START)
    order = taken(shop, ref)
    hand = announcing(shop, order, notice(order, "key", {order.lines[0].ref: Decimal(0)}))
    assert isinstance(hand.finish(), Unclear)
    assert hand.sent == []
    assert shop.effects == []
    hand = announcing(shop, order, notice(order, "key", {}))
    assert isinstance(hand.finish(), Announced)
    assert [write.step for write in hand.sent] == ["comment"]
    assert shop.shipments_of(ref) == []


def correcting(shop: MagentoShop, order: ob.Order, right: ob.ShipmentNotice, *told_of: Package) -> Hand:
    return Hand(shop, ADAPTER, lambda: ADAPTER.correct(order, right, told_of, Past()))


def two_mugs() -> tuple[MagentoShop, ob.Order, dict[str, Decimal]]:
    """A shop, an order of two, and the departure of one of them."""
    shop = a_shop()
    order = taken(shop, shop.place_order([Item(sku="MUG", quantity=2)], now=START))
    return shop, order, {order.lines[0].ref: Decimal(1)}


def test_a_shipment_typed_in_by_hand_is_one_departure_and_never_two() -> None:
    """It gets our mark: another departure of the same units under the same number is another one."""
    shop, order, one = two_mugs()
    ref = int(order.ref)
    shop.ship_by_hand(ref, {int(order.lines[0].ref): 1}, now=START, number="1Z7")
    by_ups = (Package(tracking_number="1Z7", carrier="UPS"),)
    for key in ("first", "second", "first", "second"):
        told_of = notice(order, key, one, packages=by_ups)
        assert isinstance(announcing(shop, order, told_of).finish(), Announced)
    assert [len(paper.items) for paper in shop.shipments_of(ref)] == [1, 1]


def test_a_link_that_is_the_beginning_of_another_is_shown_too() -> None:
    shop, order, one = two_mugs()
    long, short = (
        Package(tracking_number=number, carrier="GLS", tracking_url=f"https://gls.example/{number}")
        for number in ("T10", "T1")
    )
    announcing(shop, order, notice(order, "k", one, packages=(long,))).finish()
    correcting(shop, order, notice(order, "k", one, packages=(long, short)), long).finish()
    (paper,) = shop.shipments_of(int(order.ref))
    visible = [str(row["comment"]) for row in paper.comments if row["is_visible_on_front"]]
    assert any(comment.endswith("https://gls.example/T1") for comment in visible)


def test_a_first_number_after_a_departure_without_one_is_no_correction() -> None:
    shop, order, one = two_mugs()
    announcing(shop, order, notice(order, "k", one, packages=())).finish()
    late = notice(order, "k", one, packages=(Package(tracking_number="1Z7", carrier="UPS"),))
    correcting(shop, order, late).finish()
    (comment,) = shop.comments_of(int(order.ref))
    assert comment.startswith("Tracking number: 1Z7 ")
