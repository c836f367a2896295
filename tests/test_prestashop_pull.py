"""What comes out of a PrestaShop: every order once, with its money, its units and nobody else's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest

import orderbridge as ob
from both_sides import RULES, PrestaShopSides, a_warehouse, codes, only_purchase
from orderbridge._http import Call, Response
from orderbridge.sandbox import Backend, PrestaShopShop
from orderbridge.sandbox.faults import Fault
from orderbridge.sandbox.prestashop import Item

BY_HAND = ob.Policy(place=ob.Who.BY_HAND)
OWN = {"OWN-1": 1}


@pytest.fixture
def sides() -> Iterator[PrestaShopSides]:
    with PrestaShopSides() as both:
        yield both


def ref_of(order_id: str) -> int:
    return int(order_id.partition("/")[2])


def seen(bridge: ob.Bridge, order_id: str) -> ob.Order:
    view = bridge.order(order_id)
    assert view is not None
    return view.record.order


def taken(bridge: ob.Bridge, order_id: str) -> bool:
    view = bridge.order(order_id)
    return view is not None and view.record.taken


def known(bridge: ob.Bridge) -> set[str]:
    return {view.record.order.id for view in bridge.orders(limit=1000)}


def city(bridge: ob.Bridge, order_id: str) -> str:
    address = seen(bridge, order_id).ship_to
    return address.city if address is not None else ""


def until(sides: PrestaShopSides, moment: datetime) -> None:
    sides.clock.sleep((moment - sides.now()).total_seconds())


def pulled(bridge: ob.Bridge) -> list[str]:
    """One pull; each order that came anew or changed."""
    before = bridge.events(limit=1000)[-1:]
    bridge.pull("shop")
    after = before[0].position if before else 0
    return [event.order_id for event in bridge.events(after=after, limit=1000) if event.kind == "OrderSeen"]


# --- every order, once ----------------------------------------------------------------------------


def pages(sides: PrestaShopSides) -> list[list[str]]:
    """The calls at the shop, from one page of its orders to the next."""
    found: list[list[str]] = []
    for _, path, said in sides.at_shop.calls:
        if path == "/api/orders" and "date_upd" in said:
            found.append([])
        if found:
            found[-1].append(path.removeprefix("/api/"))
    return found


def test_many_pages_bring_each_order_once_and_each_page_costs_the_same(sides: PrestaShopSides) -> None:
    """The first page also asks for what is kept: settings, states, countries, currencies, carriers."""
    sold = set()
    for _ in range(230):
        sold.add(sides.sell(OWN))
        sides.clock.sleep(7)
    bridge = sides.bridge()
    assert sorted(pulled(bridge)) == sorted(sold)
    assert known(bridge) == sold
    first, *later = pages(sides)
    assert len(later) == 4
    assert len({tuple(page) for page in later}) == 1, "a page costs the same, be there 50 orders on it or 30"
    assert Counter(later[0]) == Counter(["orders", "order_details", "order_slip", "addresses", "customers"])
    assert len(first) <= 12


def test_looking_again_at_a_quiet_shop_costs_three_questions_and_finds_nothing(
    sides: PrestaShopSides,
) -> None:
    sides.sell(OWN)
    bridge = sides.bridge()
    bridge.pull("shop")
    sides.clock.sleep(1200)
    bridge.pull("shop")
    sides.clock.sleep(300)
    asked = len(sides.at_shop.calls)
    assert pulled(bridge) == []
    assert [path for _, path, _ in sides.at_shop.calls[asked:]] == [
        "/api/order_histories",
        "/api/order_slip",
        "/api/orders",
    ]


def test_a_burst_of_orders_in_one_second_is_read_in_pages_too(sides: PrestaShopSides) -> None:
    sold = {sides.sell(OWN) for _ in range(250)}
    bridge = sides.bridge()
    assert sorted(pulled(bridge)) == sorted(sold)
    sides.clock.sleep(1)
    more = {sides.sell(OWN) for _ in range(60)}
    sides.clock.sleep(300)
    assert more <= set(pulled(bridge))
    assert known(bridge) == sold | more


@attrs.define
class Restless:
    """A shop in which somebody does something before each page of orders is read."""

    shop: Backend
    acts: Iterator[Callable[[], object]]

    def handle(self, call: Call, now: datetime) -> Response:
        if "/api/orders?" in call.url:
            next(self.acts, lambda: None)()
        return self.shop.handle(call, now)


def test_orders_that_move_while_the_pages_are_read_hide_none(sides: PrestaShopSides) -> None:
    """What was read moves to the end, what was not yet read moves too, and new ones come."""
    sold = []
    for _ in range(170):
        sold.append(sides.sell(OWN))
        sides.clock.sleep(20)

    def stir(page: int) -> Callable[[], object]:
        def act() -> None:
            for place in range(page, 170, 11):
                sides.shop.move(ref_of(sold[place]), "PS_OS_PREPARATION", now=sides.now())
            sold.append(sides.sell(OWN))

        return act

    sides.at_shop.backend = Restless(sides.shop, (stir(page) for page in range(5)))
    bridge = sides.bridge()
    bridge.pull("shop")
    sides.clock.sleep(60)
    bridge.pull("shop")
    assert len(sold) == 175
    assert known(bridge) == set(sold)
    for order_id in sold:
        wanted = sides.shop.state(ref_of(order_id))["name:1"]
        assert seen(bridge, order_id).raw_status == wanted


# --- the shop's clock -------------------------------------------------------------------------------


CHANGES = pytest.mark.parametrize(
    "change",
    [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)],
    ids=["spring", "autumn"],
)


@CHANGES
def test_a_night_in_which_the_clock_changes_loses_no_order_and_doubles_none(change: datetime) -> None:
    """An order each minute, with a pull every five, from before the change until long after it."""
    with PrestaShopSides(warehouse=a_warehouse(units=1000)) as sides:
        until(sides, change - timedelta(minutes=65))
        policy = ob.Policy(place=ob.Who.AUTOMATIC, report_progress=False, follow_every=timedelta(hours=12))
        bridge = sides.bridge(policy=policy, take_from=sides.now() - timedelta(days=1))
        sold: dict[str, datetime] = {}
        for minute in range(130):
            sold[sides.sell({"RW-100": 1})] = sides.now()
            sides.clock.sleep(60)
            if minute % 5 == 0:
                bridge.run_once()
        sides.live(bridge, 2)
        assert known(bridge) == set(sold)
        assert len(sides.ordered()) == 130
        assert len(set(sides.warehouse.placed_keys)) == 130
        assert codes(bridge) == []
        # The hour that autumn has twice is read as its first; all other times are exact.
        off = {placed - seen(bridge, order_id).placed_at for order_id, placed in sold.items()}
        assert off <= {timedelta(0), timedelta(hours=1)}
        assert (len(off) == 2) == (change.month == 10)


@CHANGES
def test_addresses_corrected_in_such_a_night_are_seen(sides: PrestaShopSides, change: datetime) -> None:
    """They move nothing but the order's date, which in autumn goes back by an hour."""
    until(sides, change - timedelta(hours=3))
    bridge = sides.bridge(policy=BY_HAND)
    sold = [sides.sell(OWN) for _ in range(50)]
    bridge.pull("shop")
    until(sides, change - timedelta(minutes=65))
    for number, order_id in enumerate(sold):
        sides.shop.edit_address(ref_of(order_id), now=sides.now(), city=f"City {number}")
        sides.clock.sleep(160)
        if number % 2:
            bridge.pull("shop")
    sides.clock.sleep(3600)
    bridge.pull("shop")
    assert [city(bridge, order_id) for order_id in sold] == [f"City {number}" for number in range(50)]


@pytest.mark.parametrize("to", ["America/New_York", "Asia/Tokyo"])
def test_a_merchant_who_sets_the_shop_to_another_zone_loses_no_order_and_no_change(
    sides: PrestaShopSides, to: str
) -> None:
    bridge = sides.bridge(policy=BY_HAND)
    old = [sides.sell(OWN) for _ in range(90)]
    bridge.pull("shop")
    sold, edited = set(old), iter(old)
    for zone in ("Europe/Rome", to, "Europe/Rome"):
        sides.shop.move_to_zone(zone)
        for _ in range(30):
            sold.add(sides.sell(OWN))
            sides.shop.edit_address(ref_of(next(edited)), now=sides.now(), city="Elsewhere")
            sides.clock.sleep(1500)
            bridge.pull("shop")
    assert known(bridge) == sold
    assert [city(bridge, order_id) for order_id in old] == ["Elsewhere"] * 90


def test_a_time_zone_in_the_settings_comes_before_what_the_shop_says(sides: PrestaShopSides) -> None:
    order_id = sides.sell(OWN)
    bridge = sides.bridge(stores=[sides.store(time_zone="Asia/Tokyo")])
    bridge.pull("shop")
    placed = seen(bridge, order_id).placed_at
    assert placed == sides.now() - timedelta(hours=8)  # Rome's wall time, read as Tokyo's


# --- what happens in the back office -------------------------------------------------------------------


def changes_before_placing(sides: PrestaShopSides, act: Callable[[int], object]) -> tuple[ob.Bridge, str]:
    order_id = sides.sell({"RW-100": 3})
    bridge = sides.bridge(policy=BY_HAND)
    sides.live(bridge, 1)
    act(ref_of(order_id))
    sides.live(bridge, 1)
    return bridge, order_id


def test_units_refunded_in_the_back_office_are_not_ordered_though_the_order_s_date_stands_still(
    sides: PrestaShopSides,
) -> None:
    bridge, order_id = changes_before_placing(
        sides, lambda ref: sides.shop.refund(ref, {1: 2}, now=sides.now(), freight="1.20")
    )
    assert sides.shop.order(1)["date_upd"] == sides.shop.order(1)["date_add"]
    order = seen(bridge, order_id)
    assert order.payment is ob.StorePayment.PART_REFUNDED
    assert (order.lines[0].refunded, order.lines[0].open) == (Decimal(2), Decimal(1))
    assert [refund.amount for refund in order.refunds] == [ob.Money.of("21.20", "EUR")]
    assert sides.warehouse.locked == {"100": 1}
    bridge.place(only_purchase(bridge, order_id).po.id)
    assert sides.ordered() == [{"100": 1}]


def test_an_order_refunded_in_full_is_not_ordered(sides: PrestaShopSides) -> None:
    bridge, order_id = changes_before_placing(
        sides, lambda ref: sides.shop.refund(ref, {1: 3}, now=sides.now(), freight="8.40")
    )
    assert seen(bridge, order_id).payment is ob.StorePayment.REFUNDED
    assert only_purchase(bridge, order_id).fulfillment is ob.Fulfillment.CANCELED
    assert sides.warehouse.locked == {}


def test_two_slips_of_one_line_are_added_up_and_never_counted_twice(sides: PrestaShopSides) -> None:
    def twice(ref: int) -> None:
        for _ in range(2):
            sides.shop.refund(ref, {1: 1}, now=sides.now())

    bridge, order_id = changes_before_placing(sides, twice)
    assert seen(bridge, order_id).lines[0].refunded == 2


def test_units_refunded_after_placing_ask_a_person(sides: PrestaShopSides) -> None:
    sides.sell({"RW-100": 3})
    bridge = sides.bridge()
    sides.live(bridge, 1)
    sides.shop.refund(1, {1: 2}, now=sides.now())
    sides.live(bridge, 1)
    assert codes(bridge) == ["CHANGED_AFTER_PLACING"]
    assert sides.ordered() == [{"100": 3}]


def test_goods_that_came_back_without_a_slip_are_a_parcel_on_its_way_home_and_no_money(
    sides: PrestaShopSides,
) -> None:
    def returned(ref: int) -> None:
        line = sides.shop.tables["order_details"][1]
        sides.shop.change("order_details", line, product_quantity_return=1)
        sides.shop.move(ref, "PS_OS_PREPARATION", now=sides.now())

    bridge, order_id = changes_before_placing(sides, returned)
    assert seen(bridge, order_id).lines[0].open == 3
    assert seen(bridge, order_id).payment is ob.StorePayment.PAID


def test_a_state_that_a_module_set_past_the_shop_s_own_code_is_seen(sides: PrestaShopSides) -> None:
    """It wrote the order and its history, and did not touch the order's date."""

    def by_module(ref: int) -> None:
        sides.shop.change("orders", sides.shop.tables["orders"][ref], current_state=6)
        canceled = sides.shop.tables["order_states"][6]
        sides.shop.add_history(sides.shop.tables["orders"][ref], canceled, sides.shop.stamp(sides.now()))

    bridge, order_id = changes_before_placing(sides, by_module)
    assert seen(bridge, order_id).canceled
    assert sides.warehouse.locked == {}


def test_an_order_canceled_in_the_back_office_is_not_ordered(sides: PrestaShopSides) -> None:
    bridge, order_id = changes_before_placing(sides, lambda ref: sides.shop.cancel(ref, now=sides.now()))
    assert seen(bridge, order_id).canceled
    assert only_purchase(bridge, order_id).fulfillment is ob.Fulfillment.CANCELED
    assert sides.warehouse.locked == {}
    assert codes(bridge) == []


def test_an_order_canceled_after_placing_asks_a_person(sides: PrestaShopSides) -> None:
    sides.sell({"RW-100": 3})
    bridge = sides.bridge()
    sides.live(bridge, 1)
    sides.shop.cancel(1, now=sides.now())
    sides.live(bridge, 1)
    assert codes(bridge) == ["CANCELED_AFTER_PLACING"]


def test_an_order_that_the_merchant_ships_by_hand_is_not_ordered(sides: PrestaShopSides) -> None:
    bridge, order_id = changes_before_placing(
        sides, lambda ref: sides.shop.ship(ref, "BYHAND1", now=sides.now())
    )
    assert seen(bridge, order_id).lines[0].open == 0
    assert sides.warehouse.locked == {}
    assert sides.shown(order_id) == ["BYHAND1"]


@pytest.mark.parametrize("act", ["cancel", "refund", "delete", "address", "less"])
def test_what_is_done_to_an_order_just_before_placing_counts(sides: PrestaShopSides, act: str) -> None:
    """No pull comes between: the order is read again when it was not seen for a minute."""
    order_id = sides.sell(
        {"RW-100": 3}, paid=act != "less", module="ps_cashondelivery" if act == "less" else ""
    )
    bridge = sides.bridge(policy=BY_HAND)
    sides.live(bridge, 1)
    sides.clock.sleep(90)
    now = sides.now()
    match act:
        case "cancel":
            sides.shop.cancel(1, now=now)
        case "refund":
            sides.shop.refund(1, {1: 2}, now=now)
        case "delete":
            sides.shop.delete_order(1)
        case "address":
            sides.shop.edit_address(1, now=now, address1="Via Nuova 7", city="Roma")
        case _:
            sides.shop.drop_units(1, 1, 1, now=now)
    bridge.place(only_purchase(bridge, order_id).po.id)
    sides.live(bridge, 1)
    wanted = {"refund": [{"100": 1}], "address": [{"100": 3}], "less": [{"100": 2}]}
    assert sides.ordered() == wanted.get(act, [])
    assert codes(bridge) == []
    if act == "address":
        assert sides.warehouse.orders[0].recipient["city"] == "Roma"
        assert "Via Nuova" in str(sides.warehouse.orders[0].recipient)


# --- payment ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "state", "payment", "acted_on"),
    [
        ({}, "", ob.StorePayment.PAID, True),
        ({}, "PS_OS_PREPARATION", ob.StorePayment.PAID, True),
        ({}, "PS_OS_WS_PAYMENT", ob.StorePayment.PAID, True),
        ({}, "PS_OS_OUTOFSTOCK_PAID", ob.StorePayment.PAID, True),
        ({"paid": False, "module": "ps_cashondelivery"}, "", ob.StorePayment.ON_DELIVERY, True),
        ({"paid": False, "module": "ps_wirepayment"}, "", ob.StorePayment.UNPAID, False),
        ({"paid": False, "module": "ps_checkpayment"}, "", ob.StorePayment.UNPAID, False),
        ({"paid": False}, "PS_OS_OUTOFSTOCK_UNPAID", ob.StorePayment.UNPAID, False),
        ({"paid": False}, "PS_OS_ERROR", ob.StorePayment.VOIDED, False),
        ({}, "PS_OS_REFUND", ob.StorePayment.REFUNDED, False),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
@pytest.mark.parametrize("ids", [{}, {"PS_OS_OUTOFSTOCK_PAID": 27, "PS_OS_ERROR": 28, "PS_OS_REFUND": 29}])
def test_an_order_is_acted_on_if_it_is_paid_or_is_paid_on_delivery(
    how: dict[str, Any], state: str, payment: ob.StorePayment, acted_on: bool, ids: dict[str, int]
) -> None:
    """By the shop's flags and settings, whatever ids its states have; "valid" says nothing about it."""
    with PrestaShopSides(shop=PrestaShopShop(state_ids=ids)) as sides:
        order_id = sides.sell({"RW-100": 1}, **how)
        if state:
            sides.shop.move(1, state, now=sides.now())
        bridge = sides.bridge()
        sides.live(bridge, 1)
        assert seen(bridge, order_id).payment is payment
        assert sides.ordered() == [{"100": 1}] * acted_on


def test_a_bank_wire_is_waited_for_and_the_order_goes_when_it_comes(sides: PrestaShopSides) -> None:
    order_id = sides.sell({"RW-100": 1}, paid=False, module="ps_wirepayment")
    bridge = sides.bridge()
    sides.live(bridge, 24)
    assert not taken(bridge, order_id)
    assert sides.warehouse.locked == {}
    sides.shop.pay(1, now=sides.now())
    sides.live(bridge, 1)
    assert sides.ordered() == [{"100": 1}]


def test_named_states_decide_where_the_merchant_names_them(sides: PrestaShopSides) -> None:
    picked = sides.shop.add_state("For the supplier", "paid", "logable")
    bridge = sides.bridge(stores=[sides.store(ready_states=[str(picked)])])
    sides.sell({"RW-100": 1})
    sides.live(bridge, 1)
    assert sides.ordered() == []
    sides.shop.move_to(1, picked, now=sides.now())
    sides.live(bridge, 1)
    assert sides.ordered() == [{"100": 1}]


def test_split_carts_share_a_reference_and_are_two_orders(sides: PrestaShopSides) -> None:
    first = sides.sell({"RW-100": 1}, reference="SPLITCART")
    second = sides.sell({"RW-101": 1}, reference="SPLITCART")
    bridge = sides.bridge()
    sides.live(bridge, 1)
    assert [seen(bridge, each).number for each in (first, second)] == ["SPLITCART"] * 2
    assert sides.ordered() == [{"100": 1}, {"101": 1}]


# --- units --------------------------------------------------------------------------------------------


def bought(sides: PrestaShopSides, *items: Item) -> str:
    return f"shop/{sides.shop.place_order(items, now=sides.now())}"


def test_one_product_customized_twice_is_two_lines_and_all_its_units(sides: PrestaShopSides) -> None:
    order_id = bought(
        sides,
        Item(reference="RW-100", quantity=1, customization_id=3),
        Item(reference="RW-100", quantity=2, customization_id=4),
    )
    bridge = sides.bridge()
    sides.live(bridge, 1)
    lines = seen(bridge, order_id).lines
    assert [dict(line.attributes)["customization"] for line in lines] == ["3", "4"]
    assert len({line.ref for line in lines}) == 2
    assert sides.ordered() == [{"100": 3}]
    sides.shop.refund(1, {2: 1}, now=sides.now())
    sides.live(bridge, 1)
    assert [line.open for line in seen(bridge, order_id).lines] == [1, 1]


def test_a_combination_is_a_variant_of_its_product(sides: PrestaShopSides) -> None:
    order_id = bought(sides, Item(reference="RW-100", product_id=40, attribute_id=41))
    bridge = sides.bridge(policy=BY_HAND)
    bridge.pull("shop")
    (line,) = seen(bridge, order_id).lines
    assert (line.product_ref, line.variant_ref) == ("40", "41")


def test_a_link_of_a_product_is_not_that_of_another_products_combination(sides: PrestaShopSides) -> None:
    """PrestaShop counts products and combinations apart: 6 is a mug, and the sixth cut of a shirt."""
    bought(sides, Item(reference="SHIRT-L", product_id=1, attribute_id=6))
    mug = bought(sides, Item(reference="MUG", product_id=6))
    bridge = sides.bridge()
    bridge.link(ob.ProductLink(store="shop", key="6", supplier="rewix", remote_id="101"))
    sides.live(bridge, 1)
    assert sides.ordered() == [{"101": 1}]
    assert seen(bridge, mug).lines[0].link_key == "6"
    bridge.link(ob.ProductLink(store="shop", key="1-6", supplier="rewix", remote_id="100"))
    sides.live(bridge, 1)
    assert sides.ordered() == [{"101": 1}, {"100": 1}]


def test_a_pack_is_one_line_and_is_ordered_by_the_parts_that_a_link_names(sides: PrestaShopSides) -> None:
    order_id = bought(sides, Item(reference="RW-100"), Item(reference="PACK-1", quantity=2))
    bridge = sides.bridge()
    bridge.link(
        ob.ProductLink(store="shop", key="sku:PACK-1", supplier="rewix", remote_id="101", factor=Decimal(3))
    )
    sides.live(bridge, 1)
    assert sides.ordered() == [{"100": 1, "101": 6}]
    (number,) = sides.dispatch()
    sides.live(bridge, 1)
    assert sides.shown(order_id) == [number]
    assert sides.shop.state(1)["shipped"] == "1"


def test_a_virtual_product_is_not_ordered_and_does_not_keep_the_order_open(sides: PrestaShopSides) -> None:
    order_id = bought(sides, Item(reference="RW-100"), Item(reference="RW-101", product_id=90))
    sides.shop.change("products", sides.shop.tables["products"][90], is_virtual=1)
    bridge = sides.bridge()
    sides.live(bridge, 1)
    assert [line.shippable for line in seen(bridge, order_id).lines] == [True, False]
    assert sides.ordered() == [{"100": 1}]
    sides.dispatch()
    sides.live(bridge, 1)
    assert sides.shop.state(1)["shipped"] == "1"


def test_an_order_of_downloads_only_needs_nobody(sides: PrestaShopSides) -> None:
    order_id = bought(sides, Item(reference="RW-101", product_id=90))
    sides.shop.change("products", sides.shop.tables["products"][90], is_virtual=1)
    bridge = sides.bridge()
    sides.live(bridge, 1)
    assert not taken(bridge, order_id)
    assert codes(bridge) == []


def test_a_product_deleted_since_is_ordered_as_the_order_names_it(sides: PrestaShopSides) -> None:
    sides.sell({"RW-100": 2})
    sides.shop.tables["products"].clear()
    bridge = sides.bridge()
    sides.live(bridge, 1)
    assert sides.ordered() == [{"100": 2}]


# --- several shops in one installation ------------------------------------------------------------------


@pytest.fixture
def two() -> Iterator[PrestaShopSides]:
    with PrestaShopSides(shop=PrestaShopShop(shops=2)) as both:
        yield both


def test_an_order_of_another_shop_is_never_taken(two: PrestaShopSides) -> None:
    """Slips and histories come from every shop, and an order by its id is given to anybody."""
    theirs, ours = two.sell({"RW-100": 1}), two.sell({"RW-101": 1}, id_shop=2)
    bridge = two.bridge(stores=[two.store(shop_id="2")])
    two.live(bridge, 1)
    two.shop.refund(ref_of(theirs), {1: 1}, now=two.now())
    two.shop.move(ref_of(theirs), "PS_OS_PREPARATION", now=two.now())
    two.live(bridge, 2)
    assert known(bridge) == {ours}
    assert two.ordered() == [{"101": 1}]


def test_both_shops_of_one_installation_work_side_by_side(two: PrestaShopSides) -> None:
    two.sell({"RW-100": 1})
    two.sell({"RW-101": 2}, id_shop=2)
    bridge = two.bridge(stores=[two.store(shop_id="1"), two.store("second", shop_id="2")])
    two.live(bridge, 1)
    assert known(bridge) == {"shop/1", "second/2"}
    assert sorted(two.ordered(), key=str) == [{"100": 1}, {"101": 2}]


def test_an_order_read_by_its_id_is_checked_for_its_shop(two: PrestaShopSides) -> None:
    """It was this shop's when it was seen, and is the other's when it is to be placed."""
    order_id = two.sell({"RW-100": 1}, id_shop=2)
    bridge = two.bridge(stores=[two.store(shop_id="2")], policy=BY_HAND)
    two.live(bridge, 1)
    two.clock.sleep(90)
    two.shop.change("orders", two.shop.tables["orders"][1], id_shop=1)
    bridge.place(only_purchase(bridge, order_id).po.id)
    assert two.ordered() == []


# --- what cannot be read ----------------------------------------------------------------------------------


def no_currency(sides: PrestaShopSides, ref: int) -> None:
    sides.shop.change("orders", sides.shop.tables["orders"][ref], id_currency=77)


def no_date(sides: PrestaShopSides, ref: int) -> None:
    sides.shop.change("orders", sides.shop.tables["orders"][ref], date_add="0000-00-00 00:00:00")


def no_lines(sides: PrestaShopSides, ref: int) -> None:
    for row in sides.shop.details(ref):
        del sides.shop.tables["order_details"][int(row["id"])]


def negative(sides: PrestaShopSides, ref: int) -> None:
    (line,) = sides.shop.rows_of("order_details", ref)
    sides.shop.change("order_details", line, product_quantity=-4)


NOT_UTF8 = b"caf\xe9".decode(errors="surrogateescape")


def bad_note(sides: PrestaShopSides, ref: int) -> None:
    sides.shop.add_note(ref, NOT_UTF8)


def bad_name(sides: PrestaShopSides, ref: int) -> None:
    (line,) = sides.shop.rows_of("order_details", ref)
    sides.shop.change("order_details", line, product_name=NOT_UTF8)


def bad_street(sides: PrestaShopSides, ref: int) -> None:
    address = sides.shop.tables["addresses"][int(sides.shop.order(ref)["id_address_delivery"])]
    sides.shop.change("addresses", address, address1=NOT_UTF8)


@pytest.mark.parametrize("spoil", [no_currency, no_date, no_lines, negative, bad_note, bad_name, bad_street])
def test_one_order_that_cannot_be_read_is_set_aside_and_the_others_go_on(
    sides: PrestaShopSides, spoil: Callable[[PrestaShopSides, int], None]
) -> None:
    """A text that is not UTF-8 makes PHP answer 200 with nothing at all for the whole list."""
    for sku in ("RW-100", "RW-101", "RW-102"):
        sides.sell({sku: 1})
    spoil(sides, 2)
    bridge = sides.bridge()
    sides.live(bridge, 1)
    assert known(bridge) == {"shop/1", "shop/3"}
    assert sides.ordered() == [{"100": 1}, {"102": 1}]
    (review,) = bridge.reviews()
    assert (review.code, review.about) == (ob.ReviewCode.ORDER_NOT_UNDERSTOOD, "shop/2")
    for shopper in ("Dupont", "Principale", "example.com", "Paris"):
        assert shopper not in review.evidence


def test_an_order_that_was_set_aside_comes_once_it_is_put_right(sides: PrestaShopSides) -> None:
    order_id = sides.sell({"RW-100": 1})
    bad_note(sides, 1)
    bridge = sides.bridge()
    sides.live(bridge, 1)
    assert sides.ordered() == []
    sides.shop.add_note(1, "café")
    sides.shop.move(1, "PS_OS_PREPARATION", now=sides.now())
    sides.live(bridge, 1)
    assert known(bridge) == {order_id}
    assert sides.ordered() == [{"100": 1}]


@pytest.mark.parametrize(
    ("country", "state", "code"), [("IT", "AG", "AG"), ("CA", "ON", "ON"), ("FR", "", "")]
)
def test_the_address_goes_to_the_supplier_as_the_shop_has_it(
    sides: PrestaShopSides, country: str, state: str, code: str
) -> None:
    there = {"country": country, "state": state, "address2": "Scala B", "company": "Ditta"}
    order_id = sides.sell({"RW-100": 1}, shipping=there, email="anna@example.com")
    bridge = sides.bridge()
    bridge.run_once()
    address = seen(bridge, order_id).ship_to
    assert address is not None
    assert (address.country, address.region_code, address.city) == (country, code, "Paris")
    assert (address.line2, address.company, address.email) == ("Scala B", "Ditta", "anna@example.com")
    assert "Paris" in sides.warehouse.orders[0].recipient.values()


@pytest.mark.parametrize("currency", ["PLN", "JPY"])
def test_money_is_in_the_order_s_own_currency(sides: PrestaShopSides, currency: str) -> None:
    order_id = sides.sell({"RW-100": 2}, currency=currency, shipping_cost="6", discount="1")
    bridge = sides.bridge(policy=BY_HAND)
    bridge.pull("shop")
    order = seen(bridge, order_id)
    assert order.currency == currency
    assert order.total == ob.Money.of("25", currency)
    # The voucher of 1 stands on the order alone, and is a part of what the shopper pays for the goods.
    assert (order.lines[0].total + order.lines[0].tax).amount.quantize(Decimal("0.01")) == 19


@pytest.mark.parametrize("version", ["1.7.8.11", "8.1.2", "9.0.0"])
@pytest.mark.parametrize("languages", [1, 2])
def test_every_version_and_any_number_of_languages_mean_the_same(version: str, languages: int) -> None:
    with PrestaShopSides(shop=PrestaShopShop(version=version, languages=languages)) as sides:
        order_id = sides.sell({"RW-100": 2})
        bridge = sides.bridge()
        sides.live(bridge, 1)
        order = seen(bridge, order_id)
        assert (order.raw_status, order.payment) == ("Payment accepted", ob.StorePayment.PAID)
        assert sides.ordered() == [{"100": 2}]


def test_a_pull_that_is_cut_off_or_hits_a_wall_is_made_again(sides: PrestaShopSides) -> None:
    for fault in (Fault.HTML, Fault.CUT, Fault.ERROR_BEFORE, Fault.ANSWER_LOST, Fault.BOM, Fault.THROTTLED):
        sides.shop_plan.meet("GET", "/api/order_details", fault)
    sides.sell({"RW-100": 1})
    bridge = sides.bridge(rules=RULES)
    sides.live(bridge, 6)
    assert sides.ordered() == [{"100": 1}]
    assert codes(bridge) == []


@pytest.mark.parametrize("first", ["", "1"])
def test_a_shop_with_and_without_its_id_is_one_shop_and_nothing_is_ordered_twice(
    sides: PrestaShopSides, first: str
) -> None:
    sides.sell({"RW-100": 1})
    second = "1" if not first else ""
    accounts = [sides.store(shop_id=first), sides.store("main", shop_id=second)]
    bridge = sides.bridge(stores=accounts)
    failures = dict(bridge.run_once().failures)
    assert len(failures) == 1
    assert "keep one name" in "".join(failures.values())
    sides.live(bridge)
    assert sides.ordered() == [{"100": 1}]
