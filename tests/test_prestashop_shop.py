"""What a PrestaShop is told of departures: the number, the words, the state and one mail, each once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

import orderbridge as ob
from both_sides import RULES, PrestaShopSides, a_warehouse, codes
from one_prestashop_order import (
    LINK,
    LOSSES,
    QUIET,
    booked,
    departed,
    in_shop,
    notices,
    placed,
    said,
    states,
    warnings,
)
from orderbridge.adapters import Flow
from orderbridge.sandbox.faults import Fault
from orderbridge.sandbox.prestashop import DEPARTURES, MINIMUM
from orderbridge.suppliers import rewix


@pytest.fixture
def sides() -> Iterator[PrestaShopSides]:
    with in_shop() as both:
        yield both


# --- a departure --------------------------------------------------------------------------------------


@pytest.mark.parametrize("link", [True, False], ids=["the parcel mails", "the state mails"])
def test_a_whole_departure_is_shown_and_mailed_before_the_state_and_all_of_it_once(link: bool) -> None:
    """The parcel's mail links to it; the state's is the only one where the carrier has no address."""
    with in_shop(link=link) as sides:
        bridge = placed(sides)
        money = booked(sides)
        before = len(sides.shop.effects)
        number = departed(sides, bridge)
        made = [effect.path.partition("/")[0] for effect in sides.shop.effects[before:]]
        words = ["customer_threads", "customer_messages"]
        shown = [*words, "order_carriers"] if link else ["order_carriers", *words]
        assert made == [*shown, "order_histories"]
        assert sides.shown("shop/1") == [number]
        assert states(sides) == ["2", "4"]
        mails = [mail for mail in sides.shop.mails if mail.template in DEPARTURES]
        assert [(mail.template, mail.number) for mail in mails] == [
            ("in_transit" if link else "shipped", number)
        ]
        assert said(sides, "2 x RW-100") == ["1"]
        assert booked(sides) == money
        sides.live(bridge, 50)
        assert len(sides.shop.effects) == before + 4
        assert codes(bridge) == []


def test_a_part_shows_its_number_and_mails_it_and_the_order_stays_open(sides: PrestaShopSides) -> None:
    bridge = placed(sides, {"RW-100": 2, "OWN-1": 1})
    number = departed(sides, bridge)
    assert sides.shown("shop/1") == [number]
    assert states(sides) == ["2"]
    assert sides.shop.mails[-1] == ("in_transit", 1, number, LINK.replace("@", number))
    assert sides.departure_mails("shop/1") == 1
    assert said(sides, "2 x RW-100") == ["1"]
    assert said(sides, "OWN-1") == []


def test_two_suppliers_of_one_order_are_two_parcels_and_the_second_completes_it(
    sides: PrestaShopSides,
) -> None:
    second = a_warehouse(("200",))
    url = sides.serve(second)
    bridge = placed(
        sides,
        {"RW-100": 1, "R2-200": 2},
        suppliers=[sides.supplier(), sides.supplier("second", base_url=url)],
        rules=(*RULES, ob.SkuPrefix(prefix="R2-", supplier="second")),
    )
    first = departed(sides, bridge)
    assert (sides.shown("shop/1"), states(sides)) == ([first], ["2"])
    (number,) = sides.dispatch(second)
    sides.live(bridge, 1)
    assert sides.shown("shop/1") == [first, number]
    assert states(sides) == ["2", "4"]
    assert sides.departure_mails("shop/1") == 2
    # PrestaShop's pages show one parcel for each carrier, so the second is told to the shopper in words.
    assert said(sides, "Shipped: ") == ["1", "0"]


class ManyParcels(rewix.RewixAdapter):
    """A Rewix that writes the numbers of an order's parcels with a comma between them."""

    def fetch(self, po: ob.PurchaseOrder) -> Flow[Any]:
        status = yield from super().fetch(po)
        if status is None:
            return None
        shipments = tuple(
            attrs.evolve(
                shipment,
                packages=tuple(
                    attrs.evolve(package, tracking_number=number)
                    for package in shipment.packages
                    for number in package.tracking_number.split(",")
                ),
            )
            for shipment in status.shipments
        )
        return attrs.evolve(status, shipments=shipments)


ob.register(attrs.evolve(rewix.PLATFORM, name="many-parcels", adapter=ManyParcels))


@pytest.mark.parametrize("whole", [True, False])
def test_two_packages_of_one_departure_are_two_rows_and_one_mail(sides: PrestaShopSides, whole: bool) -> None:
    keys = {"base_url": sides.warehouse_url, "api_key": "key", "password": "pw"}
    basket: dict[str, int | str] = {"RW-100": 2} if whole else {"RW-100": 2, "OWN-1": 1}
    bridge = placed(sides, basket, suppliers=[ob.supplier("rewix", platform="many-parcels", settings=keys)])
    sides.warehouse.dispatch("114", tracking_code="1ZA,1ZB", carrier="UPS", now=sides.now())
    sides.live(bridge, 1)
    assert sides.shown("shop/1") == ["1ZA", "1ZB"]
    assert sides.departure_mails("shop/1") == 1
    assert states(sides) == (["2", "4"] if whole else ["2"])
    assert said(sides, "1ZB") == ["0"]


def test_a_supplier_s_carrier_is_the_shop_s_present_row_of_it_though_it_was_edited(
    sides: PrestaShopSides,
) -> None:
    """Each edit in the back office makes a new row with a new id, and marks the old one deleted."""
    bridge = placed(sides, stores=[sides.store(carriers={"UPS": "1"})])
    edited = sides.shop.edit_carrier(sides.shop.edit_carrier(1, name="By UPS"), name="UPS of today")
    departed(sides, bridge)
    (parcel,) = sides.shop.parcels(1)
    assert parcel["id_carrier"] == str(edited)
    assert sides.shop.order(1)["id_carrier"] == "2"
    assert warnings(bridge) == ""
    (found,) = [carrier for carrier in bridge.carriers("shop") if carrier.code == "1"]
    assert found.name == "UPS of today"


def test_a_carrier_that_the_shop_does_not_know_loses_nothing_and_is_warned_about(
    sides: PrestaShopSides,
) -> None:
    bridge = placed(sides)
    number = departed(sides, bridge)
    assert sides.shown("shop/1") == [number]
    assert sides.shop.parcels(1)[0]["id_carrier"] == "2"
    assert "carrier UPS is not known" in warnings(bridge)
    assert said(sides, f"UPS {number} https://ups.example/") == ["1"]


@pytest.mark.parametrize("number", ["1" * 65, "1Z;DROP", "Ä123"])
@pytest.mark.parametrize("version", ["8.1.2", "9.0.0"])
def test_a_number_that_the_shop_would_cut_or_refuse_is_told_in_words(number: str, version: str) -> None:
    with in_shop(version=version) as sides:
        bridge = placed(sides)
        sides.warehouse.dispatch("114", tracking_code=number, carrier="UPS", now=sides.now())
        sides.live(bridge, 1)
        assert sides.shown("shop/1") == []
        assert "tracking number has" in warnings(bridge)
        assert said(sides, number) == ["1"]
        assert notices(bridge) == [ob.NoticeState.ANNOUNCED]
        assert states(sides) == ["2", "4"]
        assert codes(bridge) == []


@pytest.mark.parametrize(
    ("settings", "policy"),
    [({}, attrs.evolve(QUIET, notify_shopper=False)), ({"shipped_mail": False}, QUIET)],
    ids=["policy", "setting"],
)
@pytest.mark.parametrize("whole", [True, False])
def test_where_no_mail_is_wanted_none_goes_out(
    sides: PrestaShopSides, settings: dict[str, Any], policy: ob.Policy, whole: bool
) -> None:
    basket: dict[str, int | str] = {"RW-100": 2} if whole else {"RW-100": 2, "OWN-1": 1}
    bridge = placed(sides, basket, stores=[sides.store(**settings)], policy=policy)
    departed(sides, bridge)
    assert notices(bridge) == [ob.NoticeState.ANNOUNCED]
    assert sides.departure_mails("shop/1") == 0


@pytest.mark.parametrize("ids", [{"PS_OS_SHIPPING": 24}, {"PS_OS_SHIPPING": 2, "PS_OS_PAYMENT": 4}])
def test_the_shop_s_shipped_state_is_the_one_that_its_settings_name(ids: dict[str, int]) -> None:
    with in_shop(state_ids=ids) as sides:
        bridge = placed(sides)
        departed(sides, bridge)
        assert sides.shop.state(1)["name:1"] == "Shipped"
        assert states(sides) == [str(ids.get("PS_OS_PAYMENT", 2)), str(ids["PS_OS_SHIPPING"])]


def test_a_merchant_s_own_shipped_state_is_set_where_it_is_named(sides: PrestaShopSides) -> None:
    own = sides.shop.add_state("Left by dropshipping", "paid", "logable", "shipped")
    bridge = placed(sides, stores=[sides.store(shipped_state=str(own))])
    number = departed(sides, bridge)
    assert states(sides) == ["2", str(own)]
    # The state has no mail, so the parcel has.
    assert [mail.template for mail in sides.shop.mails if mail.number == number] == ["in_transit"]


def test_an_order_that_the_merchant_has_shipped_meanwhile_keeps_its_state_and_gets_no_second_mail(
    sides: PrestaShopSides,
) -> None:
    bridge = placed(sides)
    (number,) = sides.dispatch()
    sides.shop.ship(1, number, now=sides.now())
    sides.live(bridge, 24)
    assert sides.shown("shop/1") == [number]
    assert states(sides) == ["2", "4"]
    assert sides.departure_mails("shop/1") == 1


def test_an_order_that_was_delivered_is_never_put_back_to_shipped(sides: PrestaShopSides) -> None:
    bridge = placed(sides)
    departed(sides, bridge)
    sides.shop.move(1, "PS_OS_DELIVERED", now=sides.now())
    sides.warehouse.orders[0].tracking_code = "1ZRIGHT"
    sides.live(bridge, 50)
    assert states(sides) == ["2", "4", "5"]
    assert sides.shown("shop/1") == ["1ZRIGHT"]


def test_an_order_canceled_after_placing_shows_the_parcel_all_the_same_and_stays_canceled(
    sides: PrestaShopSides,
) -> None:
    bridge = placed(sides)
    sides.shop.cancel(1, now=sides.now())
    number = departed(sides, bridge)
    assert states(sides) == ["2", "6"]
    assert sides.shown("shop/1") == [number]
    assert "closed in the shop" in warnings(bridge)


def test_a_corrected_number_takes_the_old_one_s_place_and_is_mailed_once(sides: PrestaShopSides) -> None:
    bridge = placed(sides)
    departed(sides, bridge)
    before = sides.shop.parcels(1)
    sides.warehouse.orders[0].tracking_code = "1ZRIGHT"
    sides.shop_plan.meet("PATCH", "/order_carriers/", Fault.ANSWER_LOST)
    sides.live(bridge, 50)
    assert sides.shop.parcels(1) == [{**before[0], "tracking_number": "1ZRIGHT"}]
    mails = [mail.number for mail in sides.shop.mails if mail.template in DEPARTURES]
    assert mails == [before[0]["tracking_number"], "1ZRIGHT"]
    assert said(sides, "Tracking corrected: 1ZRIGHT") == ["1"]
    assert states(sides) == ["2", "4"]
    assert codes(bridge) == []


@pytest.mark.parametrize("old", ["1.7", "upgraded"])
def test_where_there_is_no_patch_the_whole_row_goes_back_as_it_was_but_for_the_number(old: str) -> None:
    """A PUT empties every field that it leaves out; and keys made on 1.7 have no right to PATCH."""
    rights = {name: [right for right in may if right != "PATCH"] for name, may in MINIMUM.items()}
    habits = {"version": "1.7.8.11"} if old == "1.7" else {"permissions": rights}
    with in_shop(**habits) as sides:
        bridge = placed(sides)
        (before,) = sides.shop.parcels(1)
        number = departed(sides, bridge)
        assert sides.shop.parcels(1) == [{**before, "tracking_number": number}]
        assert Decimal(before["shipping_cost_tax_incl"]) == Decimal("8.40")
        assert "PATCH" not in {method for method, _, _ in sides.at_shop.calls}
        assert states(sides) == ["2", "4"]
        assert codes(bridge) == []


# --- orders that are not paid ----------------------------------------------------------------------------

UNPAID = {
    "cash on delivery": ("ps_cashondelivery", {}),
    "bank wire": ("ps_wirepayment", {"ready_states": ["10"]}),
}


@pytest.mark.parametrize("how", UNPAID)
@pytest.mark.parametrize("state", ["none", "own", "paid"])
def test_shipping_an_unpaid_order_never_books_a_payment_that_nobody_made(
    sides: PrestaShopSides, how: str, state: str
) -> None:
    """PrestaShop's own "Shipped" makes an invoice and counts the rest as paid."""
    module, settings = UNPAID[how]
    own = sides.shop.add_state("Left unpaid", "shipped", *(["paid"] if state == "paid" else []))
    if state != "none":
        settings = {**settings, "unpaid_shipped_state": str(own)}
    sides.sell({"RW-100": 2}, paid=False, module=module)
    bridge = sides.bridge(stores=[sides.store(**settings)], policy=attrs.evolve(QUIET, take=ob.Take.ALL))
    sides.live(bridge, 1)
    number = departed(sides, bridge)
    assert sides.shown("shop/1") == [number]
    assert sides.departure_mails("shop/1") == 1
    assert booked(sides) == (0, 0, "0.000000")
    waiting = states(sides)[0]
    assert states(sides) == ([waiting, str(own)] if state == "own" else [waiting])
    assert ("unpaid_shipped_state" in warnings(bridge)) == (state != "own")


def test_an_order_on_delivery_that_is_paid_since_gets_the_shop_s_own_state(sides: PrestaShopSides) -> None:
    sides.sell({"RW-100": 2}, paid=False, module="ps_cashondelivery")
    bridge = sides.bridge(policy=QUIET)
    sides.live(bridge, 1)
    sides.shop.pay(1, now=sides.now())
    money = booked(sides)
    departed(sides, bridge)
    assert states(sides) == ["13", "2", "4"]
    assert booked(sides) == money


# --- answers that do not come ---------------------------------------------------------------------------

WRITES = {
    "tracking": ("PATCH", "/order_carriers/"),
    "thread": ("POST", "/customer_threads"),
    "message": ("POST", "/customer_messages"),
    "state": ("POST", "/order_histories"),
}


@pytest.mark.parametrize("fault", LOSSES, ids=lambda fault: fault.value)
@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("link", [True, False], ids=["the parcel mails", "the state mails"])
def test_a_lost_answer_to_any_write_of_a_departure_leaves_one_effect(
    tmp_path: Path, link: bool, write: str, fault: Fault
) -> None:
    """The bridge is closed right after, and another one goes on with its journal."""
    with in_shop(link=link) as sides:
        bridge = placed(sides, journal=tmp_path / "j.db")
        sides.shop_plan.meet(*WRITES[write], fault)
        sides.dispatch()
        sides.clock.sleep(1200)
        bridge.run_once()
        bridge.close()
        seldom = attrs.evolve(QUIET, pull_every=timedelta(hours=6))
        again = sides.bridge(journal=tmp_path / "j.db", policy=seldom)
        sides.live(again, 12)
        assert len(sides.shown("shop/1")) == len(sides.shop.parcels(1)) == 1
        assert len(sides.shop.tables["customer_threads"]) == 1
        assert said(sides, "Shipped: ") == ["1"]
        assert states(sides) == ["2", "4"]
        assert sides.departure_mails("shop/1") == 1
        assert notices(again) == [ob.NoticeState.ANNOUNCED]
        assert codes(again) == []


@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.REQUEST_LOST, Fault.ERROR_AFTER])
def test_a_second_parcel_whose_answers_are_lost_is_one_row_and_one_mail(
    sides: PrestaShopSides, fault: Fault
) -> None:
    bridge = placed(sides, {"RW-100": 2, "OWN-1": 1})
    sides.shop.change("order_carriers", sides.shop.tables["order_carriers"][1], tracking_number="OURS")
    sides.shop_plan.meet("POST", "/order_carriers", fault)
    sides.shop_plan.meet("PATCH", "/order_carriers/", fault)
    (number,) = sides.dispatch()
    sides.live(bridge, 12)
    assert sides.shown("shop/1") == ["OURS", number]
    assert len(sides.shop.parcels(1)) == 2
    assert [mail.number for mail in sides.shop.mails if mail.template == "in_transit"] == [number]
    assert codes(bridge) == []


@pytest.mark.parametrize("link", [True, False])
def test_a_state_that_the_network_sets_twice_is_a_question_only_if_it_mails(link: bool) -> None:
    with in_shop(link=link) as sides:
        bridge = placed(sides)
        sides.shop_plan.meet("POST", "/order_histories", Fault.DOUBLED)
        departed(sides, bridge)
        sides.live(bridge, 24)
        assert states(sides) == ["2", "4", "4"]
        assert sides.departure_mails("shop/1") == (1 if link else 2)
        if link:
            assert codes(bridge) == []
            assert notices(bridge) == [ob.NoticeState.ANNOUNCED]
            return
        (review,) = bridge.reviews()
        assert "two mails" in review.evidence
        assert review.decisions == ("retry", "told", "ignore")
        # A person has seen it; nothing more is to be done, and nothing is.
        bridge.resolve(review.id, "told")
        sides.live(bridge, 24)
        assert notices(bridge) == [ob.NoticeState.ANNOUNCED]
        assert (codes(bridge), states(sides)) == ([], ["2", "4", "4"])


def test_a_message_that_the_network_writes_twice_keeps_no_number_from_the_shopper(
    sides: PrestaShopSides,
) -> None:
    """Staff cannot delete a message, so a question about it could never be answered."""
    bridge = placed(sides)
    sides.shop_plan.meet("POST", "/customer_messages", Fault.DOUBLED)
    number = departed(sides, bridge)
    assert len(said(sides, "Shipped: ")) == 2
    assert sides.shown("shop/1") == [number]
    assert notices(bridge) == [ob.NoticeState.ANNOUNCED]
    assert codes(bridge) == []


@pytest.mark.parametrize("link", [True, False])
def test_a_departure_told_half_way_keeps_the_next_one_waiting_so_each_mails_once(link: bool) -> None:
    """Both have left; after the first one's number the shop cannot be read for a while."""
    with in_shop(link=link) as sides:
        second = a_warehouse(("200",))
        bridge = placed(
            sides,
            {"RW-100": 1, "R2-200": 2},
            suppliers=[sides.supplier(), sides.supplier("second", base_url=sides.serve(second))],
            rules=(*RULES, ob.SkuPrefix(prefix="R2-", supplier="second")),
        )
        numbers = [*sides.dispatch(), *sides.dispatch(second)]

        def stumble() -> None:
            sides.shop_plan.meet("GET", "/orders", Fault.ERROR_BEFORE, times=12)

        sides.shop_plan.before("PATCH", "/order_carriers/", stumble)
        sides.live(bridge, 24)
        assert sorted(sides.shown("shop/1")) == sorted(numbers)
        assert states(sides) == ["2", "4"]
        # Without a tracking address only the last departure has a mail, that of the state.
        assert sides.departure_mails("shop/1") == (2 if link else 1)
        assert notices(bridge) == [ob.NoticeState.ANNOUNCED] * 2


@pytest.mark.parametrize("whole", [True, False])
def test_a_mail_server_that_is_down_leaves_one_line_and_the_departure_told(
    sides: PrestaShopSides, whole: bool
) -> None:
    """The answer is a 500 that says "unable to save", and it is saved."""
    bridge = placed(sides, {"RW-100": 2} if whole else {"RW-100": 2, "OWN-1": 1})
    sides.shop.mail_down = True
    number = departed(sides, bridge)
    sides.live(bridge, 24)
    assert sides.shown("shop/1") == [number]
    assert states(sides) == (["2", "4"] if whole else ["2"])
    assert notices(bridge) == [ob.NoticeState.ANNOUNCED]
    assert codes(bridge) == []


def test_a_key_that_may_not_set_states_is_a_question_and_the_number_is_shown(sides: PrestaShopSides) -> None:
    sides.shop.permissions = {**MINIMUM, "order_histories": ("GET",)}
    bridge = placed(sides)
    number = departed(sides, bridge)
    assert sides.shown("shop/1") == [number]
    assert codes(bridge) == ["REFUSED"]
    sides.shop.permissions = MINIMUM
    bridge.resolve(bridge.reviews()[0].id, "retry")
    sides.live(bridge, 1)
    assert states(sides) == ["2", "4"]
    assert said(sides, "Shipped: ") == ["1"]
