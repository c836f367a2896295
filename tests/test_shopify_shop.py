"""What a Shopify shows of what bridges did: each package once, and nothing that was not asked for."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest

import orderbridge as ob
from both_sides import RULES, a_warehouse, codes, only_purchase
from in_shopify import (
    ARRIVED,
    BY_HAND,
    LEFT,
    LOSSES,
    QUIET,
    ShopifySides,
    boxes,
    by_parts,
    departed,
    evidence,
    in_shop,
    notices,
    order_id_of,
    order_of,
    part,
    placed,
    sold,
    tasks,
    told,
    warnings,
    work_of,
)
from orderbridge import Package, Shipment
from orderbridge.errors import ConfigurationError
from orderbridge.sandbox.faults import Fault
from orderbridge.sandbox.shopify import SCOPES, Bucket, Item

R2 = ob.SkuPrefix(prefix="R2-", supplier="second")
R3 = ob.SkuPrefix(prefix="R3-", supplier="third")
STAGED = attrs.evolve(QUIET, report_progress=True)
MERCHANT_MANAGED = "merchant_managed_fulfillment_orders"


@pytest.fixture
def sides() -> Iterator[ShopifySides]:
    with in_shop() as both:
        yield both


def ships(sides: ShopifySides) -> int:
    """How often the shop was asked to ship."""
    return len(sides.operations.writes("Ship"))


# --- a departure --------------------------------------------------------------------------------------


def test_a_whole_departure_is_one_fulfillment_with_its_number_and_one_mail(sides: ShopifySides) -> None:
    bridge = placed(sides)
    number = departed(sides, bridge)
    order_id = order_id_of(sides)
    assert boxes(sides) == [{"RW-100": 2}]
    assert sides.shown(order_id) == [number]
    (gone,) = order_of(sides).fulfillments
    assert gone.company == "UPS"
    assert [number in url for url in gone.urls] == [True]
    assert sides.shop.fulfilled(order_of(sides).gid)
    assert [(mail.kind, mail.numbers) for mail in sides.shop.mails] == [("shipping_confirmation", (number,))]
    sides.live(bridge, 26)
    assert (ships(sides), boxes(sides)) == (1, [{"RW-100": 2}])
    assert sides.departure_mails(order_id) == 1
    assert notices(bridge, order_id) == [ob.NoticeState.ANNOUNCED]
    assert codes(bridge) == []


def test_parts_leave_one_after_the_other_and_the_rest_stays_to_ship(sides: ShopifySides) -> None:
    bridge = placed(
        sides, {"RW-100": 3, "RW-101": 1, "OWN-1": 1}, suppliers=[by_parts("rewix", sides.warehouse_url)]
    )
    order_id = order_id_of(sides)
    parts = [part("1ZA", {"100": 1}), part("1ZB", {"100": 1}), part("1ZC", {"100": 1, "101": 1})]
    for count in (1, 2, 3):
        LEFT["rewix"] = parts[:count]
        sides.live(bridge, 2)
        assert sides.shown(order_id) == ["1ZA", "1ZB", "1ZC"][:count]
    # Two packages of one unit each are alike in all but their numbers.
    assert boxes(sides) == [{"RW-100": 1}, {"RW-100": 1}, {"RW-100": 1, "RW-101": 1}]
    (rest,) = work_of(sides)
    assert {line.line.sku: line.remaining for line in rest.lines if line.remaining} == {"OWN-1": 1}
    assert sides.departure_mails(order_id) == 3
    sides.live(bridge, 7)
    assert ships(sides) == 3
    assert codes(bridge) == []


def test_packages_of_one_carrier_share_a_fulfillment_and_one_mail(sides: ShopifySides) -> None:
    bridge = placed(sides, suppliers=[by_parts("rewix", sides.warehouse_url)])
    packages = tuple(Package(tracking_number=n, carrier="UPS") for n in ("1ZA", "1ZB", "1Z A", ""))
    LEFT["rewix"] = [Shipment(ref="1", packages=packages)]
    sides.live(bridge, 2)
    assert boxes(sides) == [{"RW-100": 2}]
    assert sides.shown(order_id_of(sides)) == ["1ZA", "1ZB"]
    assert sides.departure_mails(order_id_of(sides)) == 1


def test_packages_of_two_carriers_are_two_fulfillments_one_mail_and_a_warning(sides: ShopifySides) -> None:
    bridge = placed(sides, suppliers=[by_parts("rewix", sides.warehouse_url)])
    packages = (Package(tracking_number="1ZA", carrier="UPS"), Package(tracking_number="D1", carrier="DPD"))
    LEFT["rewix"] = [Shipment(ref="1", packages=packages)]
    sides.live(bridge, 2)
    order_id = order_id_of(sides)
    assert boxes(sides) == [{"RW-100": 1}, {"RW-100": 1}]
    assert [(gone.company, gone.numbers) for gone in order_of(sides).fulfillments] == [
        ("UPS", ["1ZA"]),
        ("DPD", ["D1"]),
    ]
    assert "which units left with which is not known" in warnings(bridge, order_id)
    assert sides.departure_mails(order_id) == 1
    assert codes(bridge) == []


def test_a_package_with_goods_of_two_locations_is_a_fulfillment_at_each_and_one_mail(
    sides: ShopifySides,
) -> None:
    south = sides.shop.add_location("South")
    sold(sides, [Item(sku="RW-100"), Item(sku="RW-101", quantity=2, at=south.id)])
    bridge = sides.bridge(policy=QUIET)
    sides.live(bridge, 1)
    number = departed(sides, bridge)
    assert boxes(sides) == [{"RW-100": 1}, {"RW-101": 2}]
    assert sides.shown(order_id_of(sides)) == [number, number]
    assert sides.departure_mails(order_id_of(sides)) == 1
    assert notices(bridge, order_id_of(sides)) == [ob.NoticeState.ANNOUNCED]
    assert codes(bridge) == []


# --- three suppliers, two locations, and an answer lost at every write ------------------------------------

# What leaves of it, package by package; 1ZA and 1ZB are parts of a line.
PACKAGES = {"1ZA": ("rewix", {"100": 1}), "1ZB": ("second", {"200": 2}), "1ZC": ("third", {"300": 1})}
ASKED = {"1ZA": {"RW-100": 1}, "1ZB": {"R2-200": 2}, "1ZC": {"R3-300": 1}}
WRITES = 3 * len(PACKAGES)  # each: what is meant, the call that ships, what came of it


def left(sides: ShopifySides) -> list[tuple[str, dict[str, int]]]:
    """What the shop shows: each number, and what is in its package."""
    gone = [each for each in order_of(sides).fulfillments if each.status == "SUCCESS"]
    assert all(len(each.numbers) == 1 for each in gone)
    numbers = [each.numbers[0] for each in gone]
    return sorted(zip(numbers, boxes(sides), strict=True), key=repr)


def three(sides: ShopifySides) -> ob.Bridge:
    """An order at three suppliers, of goods at two locations; all have shipped, the shop has not heard."""
    accounts = [by_parts("rewix", sides.warehouse_url)]
    for name, stock in (("second", "200"), ("third", "300")):
        accounts.append(by_parts(name, sides.serve(a_warehouse((stock,)))))
    south = sides.shop.add_location("South").id
    sold(
        sides,
        [
            Item(sku="RW-100", quantity=3),
            Item(sku="R2-200", quantity=3, at=south),
            Item(sku="R3-300"),
            Item(sku="OWN-1", at=south),
        ],
    )
    policy = attrs.evolve(QUIET, follow_every=timedelta(hours=1))
    bridge = sides.bridge(policy=policy, suppliers=accounts, rules=(*RULES, R2, R3))
    sides.live(bridge, 1)
    LEFT.update({name: [part(number, units)] for number, (name, units) in PACKAGES.items()})
    return bridge


def test_three_suppliers_ship_parts_from_two_locations(sides: ShopifySides) -> None:
    bridge = three(sides)
    sides.live(bridge, 3)
    assert left(sides) == sorted(ASKED.items())
    assert sorted(gone.sources[0].location.name for gone in order_of(sides).fulfillments) == [
        "Main warehouse",
        "Main warehouse",
        "South",
    ]
    assert len(sides.operations.writes()) == WRITES
    assert sides.departure_mails(order_id_of(sides)) == 3
    assert codes(bridge) == []


@pytest.mark.parametrize("fault", LOSSES, ids=str)
@pytest.mark.parametrize("write", range(WRITES))
def test_whatever_becomes_of_one_of_their_writes_the_shop_shows_each_package_once(
    sides: ShopifySides, write: int, fault: Fault
) -> None:
    bridge = three(sides)
    sides.operations.nth_write(write, fault)
    sides.live(bridge, 2)
    assert left(sides) == sorted(ASKED.items())
    assert sides.departure_mails(order_id_of(sides)) == len(PACKAGES)
    assert notices(bridge, order_id_of(sides)) == [ob.NoticeState.ANNOUNCED] * len(PACKAGES)
    assert codes(bridge) == []


@pytest.mark.parametrize("write", range(WRITES))
def test_a_write_that_the_network_doubles_is_one_effect_or_a_question_that_names_both(
    sides: ShopifySides, write: int
) -> None:
    """Shopify ships once more what it is told twice, as long as units are left."""
    bridge = three(sides)
    sides.operations.nth_write(write, Fault.DOUBLED)
    sides.live(bridge, 2)
    shown = left(sides)
    twice = [each for each in shown if shown.count(each) > 1]
    assert sorted(dict(shown).items()) == sorted(ASKED.items())
    if not twice:
        assert codes(bridge) == []
        return
    assert [number for number, _ in twice] == ["1ZA", "1ZA"]
    assert codes(bridge) == ["UNCLEAR"]
    assert "came twice" in evidence(bridge)
    # The staff take one back, and it goes on.
    last = next(each for each in reversed(order_of(sides).fulfillments) if each.numbers == ["1ZA"])
    sides.shop.unfulfill(last, sides.now())
    bridge.resolve(bridge.reviews()[0].id, "retry")
    sides.live(bridge, 2)
    assert left(sides) == sorted(ASKED.items())
    assert notices(bridge, order_id_of(sides)) == [ob.NoticeState.ANNOUNCED] * len(PACKAGES)
    assert codes(bridge) == []


# --- work that moves while we look ------------------------------------------------------------------------


def split(sides: ShopifySides) -> None:
    sides.shop.split_by_hand(work_of(sides)[0], {"RW-100": 1}, now=sides.now())


def move(sides: ShopifySides) -> None:
    sides.shop.move_by_hand(work_of(sides)[0], sides.shop.add_location("South"), now=sides.now())


def replace(sides: ShopifySides) -> None:
    sides.shop.replace(work_of(sides)[0], sides.now())


CHANGES = {"split": split, "moved": move, "replaced": replace}


@pytest.mark.parametrize("when", ["before", "between read and write"])
@pytest.mark.parametrize("change", CHANGES)
def test_work_that_gets_new_ids_ships_all_the_same(sides: ShopifySides, change: str, when: str) -> None:
    bridge = placed(sides, {"RW-100": 2, "OWN-1": 1})
    if when == "before":
        sides.clock.sleep(60)
        CHANGES[change](sides)
    else:
        sides.operations.before("POST", "mutation/Ship", lambda: CHANGES[change](sides))
    number = departed(sides, bridge)
    sides.live(bridge, 3)
    units = [box.get("RW-100", 0) for box in boxes(sides)]
    assert (sum(units), [set(box) for box in boxes(sides)]) == (2, [{"RW-100"}] * len(units))
    assert set(sides.shown(order_id_of(sides))) == {number}
    assert sides.departure_mails(order_id_of(sides)) == 1
    assert codes(bridge) == []


@pytest.mark.parametrize("when", ["before", "between read and write"])
def test_what_is_on_hold_waits_for_a_person_and_ships_once_it_is_let_go(
    sides: ShopifySides, when: str
) -> None:
    """We never take off what somebody else has put on."""
    bridge = placed(sides)
    (work,) = work_of(sides)
    if when == "before":
        sides.clock.sleep(60)
        sides.shop.hold_by_hand(work, now=sides.now())
    else:
        sides.operations.before(
            "POST", "mutation/Ship", lambda: _nothing(sides.shop.hold_by_hand(work, now=sides.now()))
        )
    sides.dispatch()
    sides.live(bridge, 3)
    assert boxes(sides) == []
    assert work.holds
    assert "only who placed the hold should take it off" in evidence(bridge)
    sides.shop.let_go(work, list(work.holds), sides.now())
    # A call that the shop has refused is only sent again when a person has seen that it was.
    for _ in range(1 if when == "before" else 2):
        (review,) = bridge.reviews()
        bridge.resolve(review.id, "retry")
        sides.live(bridge, 1)
    assert boxes(sides) == [{"RW-100": 2}]
    assert sides.departure_mails(order_id_of(sides)) == 1
    assert codes(bridge) == []


def _nothing(_: object) -> None:
    """Whatever came."""


def test_an_order_on_hold_is_not_ordered_until_it_is_let_go(sides: ShopifySides) -> None:
    """Letting go changes the work, and not the order's own time."""
    sides.sell({"RW-100": 2})
    (work,) = work_of(sides)
    hold = sides.shop.hold_by_hand(work, now=sides.now())
    bridge = sides.bridge(policy=QUIET)
    sides.live(bridge, 3)
    assert sides.ordered() == []
    changed = order_of(sides).updated_at
    sides.shop.let_go(work, [hold], sides.now())
    order_of(sides).updated_at = changed
    sides.live(bridge, 2)
    assert sides.ordered() == [{"100": 2}]


def test_an_order_for_later_is_ordered_when_its_day_has_come(sides: ShopifySides) -> None:
    sides.sell({"RW-100": 1}, fulfill_at=sides.now() + timedelta(days=1))
    bridge = sides.bridge(policy=QUIET)
    sides.live(bridge, 12)
    assert sides.ordered() == []
    sides.live(bridge, 14)
    assert sides.ordered() == [{"100": 1}]


def test_an_order_that_is_routed_late_is_ordered_once_it_is(sides: ShopifySides) -> None:
    """For some time after the order there is no work: that is not an order with nothing to ship."""
    sides.shop.routing_delay = timedelta(minutes=90)
    sides.sell({"RW-100": 1})
    bridge = sides.bridge(policy=QUIET)
    sides.live(bridge, 1)
    order = told(bridge, order_id_of(sides)).record.order
    assert (order.ready, order.lines[0].open) == (False, Decimal(1))
    assert sides.ordered() == []
    sides.live(bridge, 3)
    assert sides.ordered() == [{"100": 1}]


def test_without_the_access_to_work_nothing_counts_as_shipped_and_the_probe_says_what_lacks() -> None:
    """Shopify then shows an empty list, and no error."""
    scopes = [scope for scope in SCOPES if not scope.endswith("fulfillment_orders")]
    with in_shop(scopes=scopes) as sides:
        sides.sell({"RW-100": 2})
        bridge = sides.bridge(policy=QUIET)
        sides.live(bridge, 2)
        order = told(bridge, order_id_of(sides)).record.order
        assert (order.ready, order.lines[0].open) == (False, Decimal(2))
        assert sides.ordered() == []
        access = bridge.probe()["shop"]
        lacking = "; ".join(finding.what for finding in access.findings if not finding.ok)
        assert "lacks the access read_merchant_managed_fulfillment_orders" in lacking
        # The merchant lets the app in.
        sides.shop.scopes = SCOPES
        sides.shop.touch(order_of(sides), sides.now())
        sides.live(bridge, 2)
        assert sides.ordered() == [{"100": 2}]


def test_access_that_is_taken_away_after_ordering_is_asked_about_and_never_told_as_shipped(
    sides: ShopifySides,
) -> None:
    bridge = placed(sides)
    sides.shop.scopes = [scope for scope in SCOPES if MERCHANT_MANAGED not in scope]
    sides.dispatch()
    sides.live(bridge, 3)
    assert boxes(sides) == []
    assert notices(bridge, order_id_of(sides)) != [ob.NoticeState.ANNOUNCED]
    assert "it lacks the access" in evidence(bridge)
    sides.shop.scopes = SCOPES
    for review in bridge.reviews():
        bridge.resolve(review.id, "retry")
    sides.live(bridge, 3)
    assert boxes(sides) == [{"RW-100": 2}]
    assert codes(bridge) == []


def test_an_app_that_may_not_write_beside_orders_ships_once_too_and_says_so(sides: ShopifySides) -> None:
    sides.shop.scopes = [scope for scope in SCOPES if scope != "write_orders"]
    bridge = placed(sides)
    sides.operations.meet("POST", "mutation/Ship", Fault.ANSWER_LOST)
    departed(sides, bridge)
    sides.live(bridge, 3)
    assert boxes(sides) == [{"RW-100": 2}]
    assert ships(sides) == 1
    assert "write_orders" in warnings(bridge, order_id_of(sides))
    assert codes(bridge) == []


# --- staff --------------------------------------------------------------------------------------------


def test_a_departure_that_staff_have_typed_in_already_is_theirs_and_not_made_again(
    sides: ShopifySides,
) -> None:
    bridge = placed(sides, {"RW-100": 2, "OWN-1": 1})
    (number,) = sides.dispatch()
    sides.shop.fulfill_by_hand(
        order_of(sides).id, {"RW-100": 2}, now=sides.now(), numbers=[number.lower()], company="UPS"
    )
    sides.live(bridge, 6)
    assert boxes(sides) == [{"RW-100": 2}]
    assert ships(sides) == 0
    assert sides.departure_mails(order_id_of(sides)) == 0
    assert notices(bridge, order_id_of(sides)) == [ob.NoticeState.ANNOUNCED]
    assert codes(bridge) == []


@pytest.mark.parametrize("when", ["before", "between read and write"])
@pytest.mark.parametrize("units", [1, 2])
def test_what_staff_shipped_under_another_number_is_asked_about(
    sides: ShopifySides, units: int, when: str
) -> None:
    bridge = placed(sides, {"RW-100": 2, "OWN-1": 1})

    def by_hand() -> None:
        sides.shop.fulfill_by_hand(
            order_of(sides).id, {"RW-100": units}, now=sides.now(), numbers=["BY-HAND"]
        )

    if when == "before":
        by_hand()
    else:
        sides.operations.before("POST", "mutation/Ship", by_hand)
    sides.dispatch()
    sides.live(bridge, 6)
    assert boxes(sides) == [{"RW-100": units}]
    assert sides.shown(order_id_of(sides)) == ["BY-HAND"]
    review = next(each for each in bridge.reviews() if each.code is ob.ReviewCode.UNCLEAR)
    bridge.resolve(review.id, "told")
    sides.live(bridge, 3)
    assert boxes(sides) == [{"RW-100": units}]
    assert sides.departure_mails(order_id_of(sides)) == 0


def test_an_order_canceled_in_the_shop_after_ordering_is_asked_about_and_not_shipped(
    sides: ShopifySides,
) -> None:
    bridge = placed(sides)
    sides.clock.sleep(60)
    sides.shop.cancel_by_hand(order_of(sides).id, now=sides.now())
    sides.live(bridge, 1)
    assert codes(bridge) == ["CANCELED_AFTER_PLACING"]
    sides.dispatch()
    sides.live(bridge, 6)
    assert boxes(sides) == []
    assert "the order is canceled" in evidence(bridge)


def test_units_refunded_in_the_shop_are_not_ordered(sides: ShopifySides) -> None:
    sides.sell({"RW-100": 3, "RW-101": 1})
    sides.shop.refund_by_hand(order_of(sides).id, {"RW-100": 2}, now=sides.now())
    bridge = sides.bridge(policy=QUIET)
    sides.live(bridge, 1)
    assert sides.ordered() == [{"100": 1, "101": 1}]
    assert told(bridge, order_id_of(sides)).record.order.payment is ob.StorePayment.PART_REFUNDED
    departed(sides, bridge)
    assert boxes(sides) == [{"RW-100": 1, "RW-101": 1}]


def test_a_product_deleted_since_ships_by_its_line(sides: ShopifySides) -> None:
    sides.sell({"RW-100": 2})
    sides.shop.delete_product("RW-100")
    bridge = sides.bridge(policy=QUIET)
    sides.live(bridge, 1)
    departed(sides, bridge)
    assert boxes(sides) == [{"RW-100": 2}]
    assert codes(bridge) == []


# --- corrections ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [None, *LOSSES, Fault.DOUBLED], ids=str)
def test_a_corrected_number_takes_the_place_of_the_wrong_one_with_one_more_mail(
    sides: ShopifySides, fault: Fault | None
) -> None:
    bridge = placed(sides)
    departed(sides, bridge)
    sides.warehouse.orders[0].tracking_code = "1ZRIGHT"
    if fault is not None:
        sides.operations.meet("POST", "mutation/Track", fault)
    sides.live(bridge, 7)
    assert sides.shown(order_id_of(sides)) == ["1ZRIGHT"]
    assert boxes(sides) == [{"RW-100": 2}]
    kinds = [mail.kind for mail in sides.shop.mails]
    doubled = fault is Fault.DOUBLED  # what the network doubles mails twice
    assert kinds == ["shipping_confirmation", *["shipping_update"] * (1 + doubled)]
    assert notices(bridge, order_id_of(sides)) == [ob.NoticeState.ANNOUNCED]
    assert codes(bridge) == []


def test_tracking_that_comes_days_later_is_added_to_the_fulfillment(sides: ShopifySides) -> None:
    bridge = placed(sides)
    ref = sides.warehouse.orders[0].order_id
    sides.warehouse.dispatch(ref, carrier="UPS", now=sides.now())
    sides.live(bridge, 12)
    assert (boxes(sides), sides.shown(order_id_of(sides))) == ([{"RW-100": 2}], [])
    sides.warehouse.dispatch(ref, tracking_code="1ZLATE", carrier="UPS", now=sides.now())
    sides.live(bridge, 7)
    assert (boxes(sides), sides.shown(order_id_of(sides))) == ([{"RW-100": 2}], ["1ZLATE"])
    # The mail that went out links to where the number stands now.
    assert [mail.kind for mail in sides.shop.mails] == ["shipping_confirmation"]
    assert codes(bridge) == []


@pytest.mark.parametrize(
    ("policy", "settings"),
    [(attrs.evolve(QUIET, notify_shopper=False), {}), (QUIET, {"shipped_mail": False})],
)
def test_who_wants_no_mail_gets_none(
    sides: ShopifySides, policy: ob.Policy, settings: dict[str, Any]
) -> None:
    bridge = placed(sides, stores=[sides.store(**settings)], policy=policy)
    departed(sides, bridge)
    sides.warehouse.orders[0].tracking_code = "1ZRIGHT"
    sides.live(bridge, 7)
    assert sides.shown(order_id_of(sides)) == ["1ZRIGHT"]
    assert sides.shop.mails == []


@pytest.mark.parametrize(
    ("carrier", "settings", "company", "warned"),
    [
        ("ups", {}, "UPS", ""),
        ("Hop On", {}, "Hop On", "Hop On"),
        ("Hop On", {"carriers": {"hop on": "DPD"}}, "DPD", ""),
    ],
)
def test_a_carrier_is_spelt_as_shopify_does_or_shown_by_name_with_its_link(
    sides: ShopifySides, carrier: str, settings: dict[str, Any], company: str, warned: str
) -> None:
    bridge = placed(sides, stores=[sides.store(**settings)])
    ref = sides.warehouse.orders[0].order_id
    sides.warehouse.dispatch(ref, tracking_code="N1", carrier=carrier, now=sides.now())
    sides.live(bridge, 1)
    (gone,) = order_of(sides).fulfillments
    assert (gone.company, gone.numbers) == (company, ["N1"])
    assert gone.urls
    assert warned in warnings(bridge, order_id_of(sides))
    assert bool(warned) == bool(warnings(bridge, order_id_of(sides)))


# --- progress -------------------------------------------------------------------------------------------


def through_the_steps(sides: ShopifySides, bridge: ob.Bridge) -> None:
    sides.live(bridge, 1)
    for step in (sides.warehouse.pay, sides.warehouse.work, sides.warehouse.ready):
        step(now=sides.now())
        sides.live(bridge, 1)


def mark(sides: ShopifySides, key: str) -> dict[str, Any]:
    """What we keep beside the order."""
    (found,) = [field for field in order_of(sides).metafields if field.key == key]
    values: dict[str, Any] = json.loads(found.value)
    return values


@pytest.mark.parametrize(
    ("write", "fault"),
    [("Mark", None), ("Mark", Fault.ANSWER_LOST), *(("Report", fault) for fault in LOSSES)],
    ids=str,
)
def test_work_of_the_supplier_shows_as_in_progress_and_each_step_beside_the_order(
    sides: ShopifySides, write: str, fault: Fault | None
) -> None:
    sides.sell({"RW-100": 1})
    if fault is not None:
        sides.operations.meet("POST", f"mutation/{write}", fault)
    bridge = sides.bridge(policy=STAGED)
    sides.live(bridge, 1)
    (work,) = work_of(sides)
    assert (work.status, work.reported) == ("OPEN", False)
    through_the_steps(sides, bridge)
    assert (work.status, work.reported) == ("IN_PROGRESS", True)
    assert mark(sides, "progress")["stages"] == [["rewix", "Ready"]]
    assert sides.shop.mails == []
    departed(sides, bridge)
    assert boxes(sides) == [{"RW-100": 1}]
    assert codes(bridge) == []


@pytest.mark.parametrize("fault", [None, *LOSSES], ids=str)
def test_what_has_arrived_is_said_once(sides: ShopifySides, fault: Fault | None) -> None:
    bridge = placed(sides, suppliers=[by_parts("rewix", sides.warehouse_url)], policy=STAGED)
    departed(sides, bridge)
    if fault is not None:
        sides.operations.meet("POST", "mutation/Delivered", fault)
    ARRIVED.update(order.order_id for order in sides.warehouse.orders)
    sides.live(bridge, 26)
    (gone,) = order_of(sides).fulfillments
    assert [event.status for event in gone.events] == ["DELIVERED"]
    assert sides.departure_mails(order_id_of(sides)) == 1
    assert codes(bridge) == []


def test_what_a_carrier_has_said_itself_is_not_said_again(sides: ShopifySides) -> None:
    bridge = placed(sides, suppliers=[by_parts("rewix", sides.warehouse_url)], policy=STAGED)
    departed(sides, bridge)
    (gone,) = order_of(sides).fulfillments
    for status in ("IN_TRANSIT", "DELIVERED"):
        sides.shop.event_by_hand(gone, status, now=sides.now())
    ARRIVED.update(order.order_id for order in sides.warehouse.orders)
    sides.live(bridge, 26)
    assert [event.status for event in gone.events] == ["IN_TRANSIT", "DELIVERED"]
    assert sides.operations.writes("Delivered") == []


# --- what is fetched in a store ----------------------------------------------------------------------------


def test_what_the_shopper_fetches_in_a_store_is_never_ordered(sides: ShopifySides) -> None:
    """Neither beside what is sent to him, nor alone, where the shop has only the address of his invoice."""
    sold(sides, [Item(sku="RW-100"), Item(sku="RW-101", fetched=True)])
    sold(sides, [Item(sku="RW-101", fetched=True)])
    bridge = sides.bridge(policy=QUIET)
    sides.live(bridge, 2)
    assert sides.ordered() == [{"100": 1}]
    (number,) = sides.dispatch()
    sides.live(bridge, 2)
    mixed, alone = sides.shop.orders.values()
    assert [gone.numbers for gone in mixed.fulfillments] == [[number]]
    assert alone.fulfillments == []
    assert codes(bridge) == []


# --- as a fulfillment service ------------------------------------------------------------------------------


def in_service(sides: ShopifySides, **parts: Any) -> ob.Bridge:
    """An order of goods that our service stocks, and of others; nothing is requested of us yet."""
    ours = sides.shop.add_location("Bridge", service="bridge", ours=True)
    sold(sides, [Item(sku="RW-100", quantity=2, at=ours.id), Item(sku="RW-101")])
    store = sides.store(service="bridge")
    return sides.bridge(**{"policy": QUIET, "stores": [store], **parts})


def request(sides: ShopifySides) -> None:
    """The merchant asks us to ship."""
    (work,) = (each for each in work_of(sides) if each.location.service)
    sides.shop.request_by_hand(work, now=sides.now())


@pytest.mark.parametrize(
    ("policy", "fault"),
    [(QUIET, None), (QUIET, Fault.ANSWER_LOST), *((STAGED, each) for each in (None, *LOSSES, Fault.DOUBLED))],
    ids=lambda value: "" if isinstance(value, ob.Policy) else str(value),
)
def test_a_service_ships_what_is_requested_of_it_and_nothing_else(
    sides: ShopifySides, policy: ob.Policy, fault: Fault | None
) -> None:
    bridge = in_service(sides, policy=policy)
    sides.live(bridge, 2)
    assert sides.ordered() == []
    request(sides)
    if fault is not None:
        sides.operations.meet("POST", "mutation/Accept", fault)
    (ours,) = (each for each in work_of(sides) if each.location.service)
    through_the_steps(sides, bridge)
    assert sides.ordered() == [{"100": 2}]
    # Once the supplier has confirmed, so have we.
    assert ours.request_status == ("ACCEPTED" if policy is STAGED else "SUBMITTED")
    sides.dispatch()
    sides.live(bridge, 3)
    assert boxes(sides) == [{"RW-100": 2}]
    assert (ours.status, ours.request_status) == ("CLOSED", "CLOSED")
    assert [line.line.sku for work in work_of(sides) for line in work.lines] == ["RW-101"]
    assert sides.departure_mails(order_id_of(sides)) == 1
    assert codes(bridge) == []


def test_a_service_that_is_to_leave_it_gives_its_part_back(sides: ShopifySides) -> None:
    bridge = in_service(sides, policy=BY_HAND)
    request(sides)
    sides.live(bridge, 1)
    bridge.cancel(order_id_of(sides), reason="None left")
    sides.live(bridge, 1)
    assert order_of(sides).canceled_at is None
    assert "REJECTED" in [work.request_status for work in order_of(sides).fulfillment_orders]
    assert tasks(bridge, order_id_of(sides)) == [ob.TaskState.DONE]


# --- cancels ----------------------------------------------------------------------------------------------


def cancels(sides: ShopifySides) -> int:
    return sum(effect.mutation == "orderCancel" for effect in sides.shop.effects)


def taken_in(sides: ShopifySides, units: int = 3, **sale: Any) -> ob.Bridge:
    """One order that is paid and ordered nowhere."""
    sold(sides, [Item(sku="RW-100", quantity=units)], **sale)
    bridge = sides.bridge(policy=BY_HAND)
    sides.live(bridge, 1)
    sides.clock.sleep(60)
    return bridge


@pytest.mark.parametrize("fault", [None, *LOSSES, Fault.DOUBLED], ids=str)
def test_a_cancel_is_done_when_shopify_has_done_it(sides: ShopifySides, fault: Fault | None) -> None:
    """It says yes at once, and cancels some minutes later."""
    sides.shop.cancel_takes = timedelta(minutes=10)
    bridge = taken_in(sides)
    if fault is not None:
        sides.operations.meet("POST", "mutation/Cancel", fault)
    task = bridge.cancel(order_id_of(sides), reason="None left")
    assert task.state is ob.TaskState.DUE
    assert order_of(sides).canceled_at is None
    bridge.place(only_purchase(bridge, order_id_of(sides)).po.id)
    sides.live(bridge, 3)
    assert order_of(sides).canceled_at is not None
    assert cancels(sides) == 1
    assert sides.ordered() == []
    assert tasks(bridge, order_id_of(sides)) == [ob.TaskState.DONE]
    # The money is a decision of its own.
    assert [one.kind for one in order_of(sides).transactions] == ["SALE"]
    assert codes(bridge) == []


def test_a_cancel_that_fails_in_the_end_is_asked_about(sides: ShopifySides) -> None:
    sides.shop.cancel_fails = "The inventory could not be restocked"
    bridge = taken_in(sides)
    task = bridge.cancel(order_id_of(sides), reason="None left")
    assert task.state is not ob.TaskState.DONE
    sides.live(bridge, 3)
    assert order_of(sides).canceled_at is None
    assert "The inventory could not be restocked" in evidence(bridge)
    assert cancels(sides) == 1


def test_an_order_of_which_a_part_has_shipped_is_not_canceled_but_asked_about(sides: ShopifySides) -> None:
    bridge = taken_in(sides)
    sides.shop.fulfill_by_hand(order_of(sides).id, {"RW-100": 1}, now=sides.now())
    bridge.cancel(order_id_of(sides), reason="Too late")
    sides.live(bridge, 2)
    assert cancels(sides) == 0
    assert "a part of it has shipped" in evidence(bridge)


# --- refunds -----------------------------------------------------------------------------------------------


def money(amount: str, currency: str = "EUR") -> ob.Money:
    return ob.Money.of(amount, currency)


def one_unit(sides: ShopifySides, key: str = "damaged-1", *, currency: str = "EUR", **more: Any) -> ob.Refund:
    """A unit for 10.00 and 2.00 of the shipping."""
    line = ob.RefundLine(
        line_ref=str(order_of(sides).lines[0].id), units=Decimal(1), amount=money("10.00", currency)
    )
    whole: dict[str, Any] = {
        "amount": money("12.00", currency),
        "shipping": money("2.00", currency),
        "lines": (line,),
        "gives_money": True,
    }
    return ob.Refund(key=key, **{**whole, **more})


def given_back(sides: ShopifySides) -> list[Decimal]:
    """Money that moved back."""
    return [one.amount for one in order_of(sides).transactions if one.kind == "REFUND"]


@pytest.mark.parametrize("fault", [None, *LOSSES, Fault.DOUBLED, Fault.CUT], ids=str)
def test_money_goes_back_once_the_way_it_was_paid(sides: ShopifySides, fault: Fault | None) -> None:
    """Shopify knows a repeat by our key, for a day."""
    bridge = taken_in(sides)
    if fault is not None:
        sides.operations.meet("POST", "mutation/Refund", fault)
    for _ in range(2):
        bridge.refund(order_id_of(sides), one_unit(sides, reason="Came broken"))
        sides.live(bridge, 2)
    assert given_back(sides) == [Decimal("12.00")]
    (made,) = order_of(sides).refunds
    assert [(row.line.sku, row.quantity) for row in made.lines] == [("RW-100", 1)]
    assert made.shipping == Decimal("2.00")
    assert [(each.gateway, each.parent) for each in made.transactions] == [
        ("shopify_payments", order_of(sides).transactions[0])
    ]
    assert "Came broken [ob:damaged-1]" in (made.note or "")
    assert tasks(bridge, order_id_of(sides)) == [ob.TaskState.DONE]
    order = told(bridge, order_id_of(sides)).record.order
    assert [refund.amount for refund in order.refunds] == [money("12.00")]
    assert codes(bridge) == []


def test_a_refund_of_the_same_amount_under_another_key_is_another(sides: ShopifySides) -> None:
    bridge = taken_in(sides)
    for key in ("damaged-1", "damaged-2"):
        bridge.refund(order_id_of(sides), one_unit(sides, key))
        sides.live(bridge, 1)
    assert given_back(sides) == [Decimal("12.00")] * 2
    assert codes(bridge) == []


def test_money_goes_back_over_all_the_ways_it_came(sides: ShopifySides) -> None:
    """Each transaction gives back no more than it took."""
    bridge = taken_in(sides, paid=False)
    sides.shop.pay(order_of(sides).id, now=sides.now(), amount="9.00")
    sides.shop.pay(order_of(sides).id, now=sides.now())
    sides.live(bridge, 1)
    bridge.refund(order_id_of(sides), one_unit(sides))
    sides.live(bridge, 1)
    assert sum(given_back(sides)) == Decimal("12.00")
    assert len(given_back(sides)) == 2
    assert codes(bridge) == []


@pytest.mark.parametrize("fault", [None, Fault.ANSWER_LOST], ids=str)
def test_a_record_takes_units_off_and_moves_no_money_itself(sides: ShopifySides, fault: Fault | None) -> None:
    bridge = taken_in(sides)
    if fault is not None:
        sides.operations.meet("POST", "mutation/Refund", fault)
    bridge.refund(order_id_of(sides), one_unit(sides, gives_money=False))
    sides.live(bridge, 2)
    (made,) = order_of(sides).refunds
    assert len(made.lines) == 1
    assert [(each.gateway, each.parent) for each in made.transactions] == [("manual", None)]
    assert "12.00 EUR given back outside Shopify" in (made.note or "")
    (task,) = told(bridge, order_id_of(sides)).tasks
    assert task.refunded is not None
    assert (task.refunded.amount, task.refunded.gave_money) == (money("12.00"), False)
    assert codes(bridge) == []


def test_more_than_is_left_after_a_refund_of_the_staff_s_is_asked_about(sides: ShopifySides) -> None:
    bridge = taken_in(sides, units=1)
    sides.shop.refund_by_hand(order_of(sides).id, {"RW-100": 1}, now=sides.now())
    bridge.refund(order_id_of(sides), one_unit(sides))
    sides.live(bridge, 1)
    assert len(order_of(sides).refunds) == 1
    assert "0 can be" in evidence(bridge)


# --- the shopper's money -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sale", "payment", "ordered"),
    [
        ({}, ob.StorePayment.PAID, True),
        ({"paid": False}, ob.StorePayment.UNPAID, False),
        ({"authorized": True}, ob.StorePayment.AUTHORIZED, False),
        ({"paid": False, "gateway": "Cash on Delivery (COD)"}, ob.StorePayment.ON_DELIVERY, True),
    ],
)
def test_only_what_is_paid_or_is_paid_on_delivery_is_ordered(
    sides: ShopifySides, sale: dict[str, Any], payment: ob.StorePayment, ordered: bool
) -> None:
    order_id = sides.sell({"RW-100": 1}, **sale)
    bridge = sides.bridge(policy=QUIET)
    sides.live(bridge, 1)
    assert told(bridge, order_id).record.order.payment is payment
    assert bool(sides.ordered()) is ordered
    if payment is ob.StorePayment.AUTHORIZED:
        sides.shop.capture_by_hand(order_of(sides).id, now=sides.now())
        sides.live(bridge, 2)
        assert sides.ordered() == [{"100": 1}]


def test_amounts_are_what_the_shopper_paid_in_and_go_back_so(sides: ShopifySides) -> None:
    """The shop counts in euros; this shopper saw and paid dollars."""
    bridge = taken_in(sides, currency="USD", rate="0.8")
    order = told(bridge, order_id_of(sides)).record.order
    assert order.currency == "USD"
    assert order.total == money("34.90", "USD")
    assert order.lines[0].total + order.lines[0].tax == money("30.00", "USD")
    assert dict(order.extra)["shop_total"] == "27.92"
    bridge.refund(order_id_of(sides), one_unit(sides, currency="USD"))
    sides.live(bridge, 1)
    assert given_back(sides) == [Decimal("12.00")]
    (task,) = told(bridge, order_id_of(sides)).tasks
    assert task.refunded is not None, evidence(bridge)
    assert task.refunded.amount == money("12.00", "USD")
    with pytest.raises(ConfigurationError, match="the order is in USD"):
        bridge.refund(order_id_of(sides), one_unit(sides, "in-euros", currency="EUR"))


# --- remarks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [None, *LOSSES, Fault.DOUBLED], ids=str)
def test_a_remark_stands_in_the_note_once_and_what_others_wrote_stays(
    sides: ShopifySides, fault: Fault | None
) -> None:
    sides.sell({"RW-100": 1}, note="Ring twice\nplease")
    bridge = sides.bridge(policy=BY_HAND)
    sides.live(bridge, 1)
    if fault is not None:
        sides.operations.meet("POST", "mutation/PutNote", fault)
    for _ in range(2):
        bridge.note(order_id_of(sides), ob.Note(key="gift", text="Wrapped & tied"))
        sides.live(bridge, 2)
    note = order_of(sides).note
    assert note == "Ring twice\nplease\n[ob:gift] Wrapped & tied"
    order_of(sides).note = f"{note}\nStaff: called him"
    sides.shop.touch(order_of(sides), sides.now())
    bridge.note(order_id_of(sides), ob.Note(key="late", text="A day late"))
    sides.live(bridge, 2)
    assert order_of(sides).note == f"{note}\nStaff: called him\n[ob:late] A day late"
    # The shopper's own words, for the supplier, are without ours.
    assert "[ob:" not in told(bridge, order_id_of(sides)).record.order.note
    assert codes(bridge) == []


def test_a_remark_that_arrives_late_takes_no_newer_one_away(sides: ShopifySides) -> None:
    bridge = taken_in(sides)
    sides.operations.meet("POST", "mutation/PutNote", Fault.LATE)
    for key in ("early", "newer"):
        bridge.note(order_id_of(sides), ob.Note(key=key, text="Wrapped"))
    sides.live(bridge, 3)
    note = order_of(sides).note or ""
    assert sorted(note.splitlines()) == ["[ob:early] Wrapped", "[ob:newer] Wrapped"]
    assert tasks(bridge, order_id_of(sides)) == [ob.TaskState.DONE] * 2
    assert codes(bridge) == []


def test_a_remark_for_the_shopper_has_no_place_and_is_asked_about(sides: ShopifySides) -> None:
    bridge = taken_in(sides)
    bridge.note(order_id_of(sides), ob.Note(key="gift", text="Wrapped", to_shopper=True))
    sides.live(bridge, 1)
    assert order_of(sides).note is None
    assert "Shopify has no remarks for shoppers" in evidence(bridge)


# --- answers that are no answers -------------------------------------------------------------------------


def drained(sides: ShopifySides) -> None:
    """Somebody else has used up the shop's points: the next call is refused, with HTTP 200."""
    bucket = sides.shop.bucket
    bucket.take(bucket.at(sides.now()))


@pytest.mark.parametrize(
    "place",
    ["query/ChangedOrders", "query/OneOrder", "query/Shipping", "mutation/Mark", "mutation/Ship"],
)
def test_a_call_that_is_throttled_inside_a_200_did_nothing_and_is_made_later(
    sides: ShopifySides, place: str
) -> None:
    for _ in range(3):
        sides.operations.before("POST", place, lambda: drained(sides))
    bridge = placed(sides)
    departed(sides, bridge)
    sides.live(bridge, 3)
    assert boxes(sides) == [{"RW-100": 2}]
    assert sides.departure_mails(order_id_of(sides)) == 1
    assert codes(bridge) == []


@pytest.mark.parametrize("write", ["Refund", "Cancel", "PutNote", "Track"])
def test_a_throttled_write_is_made_later_once(sides: ShopifySides, write: str) -> None:
    tried: list[str] = []

    def drain() -> None:
        tried.append(write)
        drained(sides)

    sides.operations.before("POST", f"mutation/{write}", drain)
    if write == "Track":
        bridge = placed(sides)
        departed(sides, bridge)
        sides.warehouse.orders[0].tracking_code = "1ZRIGHT"
    else:
        bridge = taken_in(sides)
    order_id = order_id_of(sides)
    asks: dict[str, Callable[[], object]] = {
        "Refund": lambda: bridge.refund(order_id, one_unit(sides)),
        "Cancel": lambda: bridge.cancel(order_id, reason="None left"),
        "PutNote": lambda: bridge.note(order_id, ob.Note(key="gift", text="Wrapped")),
    }
    if write in asks:
        asks[write]()
    sides.live(bridge, 7)
    done = {
        "Refund": given_back(sides) == [Decimal("12.00")],
        "Cancel": order_of(sides).canceled_at is not None,
        "PutNote": order_of(sides).note == "[ob:gift] Wrapped",
        "Track": sides.shown(order_id) == ["1ZRIGHT"],
    }
    assert tried == [write]
    assert done[write]
    assert codes(bridge) == []


def test_a_shop_with_few_points_is_asked_slowly_and_loses_nothing() -> None:
    with in_shop(bucket=Bucket(maximum=1000, restore=50)) as sides:
        for _ in range(12):
            sides.sell({"RW-100": 1})
        bridge = sides.bridge(policy=QUIET)
        sides.live(bridge, 2)
        assert len(sides.ordered()) == 12
        assert codes(bridge) == []


# Words that this version has no name for; whether it is ordered, and shipped, under each.
NEWER = {
    "OrderDisplayFinancialStatus": (False, False),
    "OrderDisplayFulfillmentStatus": (True, True),
    "FulfillmentOrderStatus": (False, False),
    "FulfillmentOrderRequestStatus": (True, True),
    "FulfillmentOrderAction": (True, False),
    "FulfillmentStatus": (True, True),
}


@pytest.mark.parametrize("kind", NEWER)
def test_a_word_of_a_later_version_stops_no_pull_and_is_never_taken_for_another(
    sides: ShopifySides, kind: str
) -> None:
    sides.shop.newer = {kind: "BEAMED"}
    sides.sell({"RW-100": 2, "OWN-1": 2})
    bridge = sides.bridge(policy=QUIET)
    sides.live(bridge, 2)
    assert [line.open for line in told(bridge, order_id_of(sides)).record.order.lines] == [2, 2]
    ordered, shipped = NEWER[kind]
    assert bool(sides.ordered()) is ordered
    sides.dispatch()
    sides.live(bridge, 3)
    assert boxes(sides) == [{"RW-100": 2}] * shipped
    assert "taken back" not in warnings(bridge, order_id_of(sides))
    # Once its name is known, all goes on.
    sides.shop.newer = {}
    sides.shop.touch(order_of(sides), sides.now())
    for review in bridge.reviews():
        bridge.resolve(review.id, "retry")
    sides.live(bridge, 2)
    sides.dispatch()
    sides.live(bridge, 2)
    assert boxes(sides) == [{"RW-100": 2}]
    assert codes(bridge) == []


def test_a_departure_of_which_the_shop_has_a_new_word_is_not_taken_for_absent(sides: ShopifySides) -> None:
    bridge = placed(sides, {"RW-100": 3}, suppliers=[by_parts("rewix", sides.warehouse_url)])
    sides.shop.newer = {"FulfillmentStatus": "BEAMED"}
    LEFT["rewix"] = [part("1ZA", {"100": 1})]
    sides.operations.meet("POST", "mutation/Ship", Fault.ANSWER_LOST)
    sides.live(bridge, 6)
    assert boxes(sides) == [{"RW-100": 1}]
    assert ships(sides) == 1
    assert notices(bridge, order_id_of(sides)) == [ob.NoticeState.ANNOUNCED]
    # Read under that word, the unit is neither open nor shipped: a person is asked, and nothing is done.
    assert codes(bridge) == ["CHANGED_AFTER_PLACING"]


def test_nothing_is_lost_or_ordered_twice_while_the_search_lags_behind() -> None:
    """Lists choose by what the search has seen some minutes ago; what they show is of now."""
    with in_shop(search_lag=timedelta(minutes=4)) as sides:
        often = attrs.evolve(QUIET, pull_every=timedelta(minutes=5))
        bridge = sides.bridge(policy=often)
        sold_ids: list[str] = []
        for index in range(12):
            sold_ids.append(sides.sell({"RW-100": 1}, paid=index % 2 == 0))
            sides.live(bridge, 0.05)
        for order_id in sold_ids[1::2]:
            sides.shop.pay(int(order_id.partition("/")[2]), now=sides.now())
            sides.live(bridge, 0.05)
        sides.live(bridge, 1)
        assert len(sides.ordered()) == 12
        assert all(told(bridge, order_id).purchases for order_id in sold_ids)
        assert codes(bridge) == []


# --- the door ---------------------------------------------------------------------------------------------


def test_a_token_that_ends_is_renewed_and_each_refresh_token_kept_for_the_next() -> None:
    with in_shop(access_token="", refresh_token="shprt_first") as sides:
        tokens = ob.MemoryTokens()
        bridge = placed(sides, tokens=tokens)
        sides.live(bridge, 5)
        kept = tokens.get(f"shop {sides.store().settings.base_url}")
        assert kept is not None
        assert kept.refresh is not None
        assert kept.refresh.reveal() != "shprt_first"
        assert 5 <= sides.operations.seen.count("login") <= 9
        bridge.close()
        # Another process goes on with what was kept: the first refresh token is good no more.
        sides.clock.sleep(7200)
        sides.sell({"RW-101": 1})
        again = sides.bridge(policy=QUIET, tokens=tokens)
        sides.live(again, 1)
        assert {"101": 1} in sides.ordered()
        assert "shprt" not in repr(kept)


def test_a_signed_webhook_has_the_order_read_and_one_that_is_not_does_nothing(sides: ShopifySides) -> None:
    secret = sides.shop.client_secret
    bridge = sides.bridge(policy=QUIET, stores=[sides.store(webhook_secrets=[secret])])
    bridge.run_once()
    order_id = sides.sell({"RW-100": 1})
    delivery = sides.shop.webhook("orders/paid", order_of(sides).id, now=sides.now())
    forged = sides.shop.webhook("orders/paid", order_of(sides).id, now=sides.now(), secret="another")
    calls = len(sides.operations.seen)
    assert bridge.receive("shop", headers=forged.headers, body=forged.body).status == 401
    assert bridge.due() == ()
    for _ in range(2):
        assert bridge.receive("shop", headers=delivery.headers, body=delivery.body).status == 200
    assert len(sides.operations.seen) == calls
    assert bridge.due() == (f"order/{order_id}",)
    bridge.run_once()
    assert sides.ordered() == [{"100": 1}]


def test_a_shopper_whose_data_are_to_go_is_blanked_by_the_shops_own_message() -> None:
    """While a call about the order is under way the shop is told to send its message again."""
    with in_shop() as sides:
        order_id = sides.sell({"RW-100": 1})
        bridge = sides.bridge(stores=[sides.store(webhook_secrets=["s"])])
        sides.live(bridge, 1)
        body = json.dumps({"orders_to_redact": [int(order_id.partition("/")[2])]}).encode()
        signature = b64encode(hmac.new(b"s", body, hashlib.sha256).digest()).decode()
        headers = {"X-Shopify-Topic": "customers/redact", "X-Shopify-Hmac-Sha256": signature}
        reply = bridge.receive("shop", method="POST", path="/", headers=headers, body=body)
        assert reply.status == 200
        view = bridge.order(order_id)
        assert view is not None
        assert view.record.order.ship_to is None or not view.record.order.ship_to.name
