"""What the bridge does to orders in a Shopify shop: each thing once, and never more than was asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import graphql
import pytest
from graphql.execution import values
from hypothesis import given, settings
from hypothesis import strategies as st

from one_shopify_order import order
from one_shopify_order import shop as adapter
from orderbridge._http import Request
from orderbridge._model import Money, NoticeLine, Order, Package, ShipmentNotice
from orderbridge.adapters import (
    Announced,
    Canceled,
    Cancellation,
    Note,
    Noted,
    Past,
    Progress,
    Refund,
    Refunded,
    RefundLine,
    SameKey,
    Unclear,
    Unknown,
    Write,
)
from orderbridge.errors import Malformed, Unavailable
from shopify_client import Shop, answer, gid, order_of

DHL = Package(tracking_number="D1", tracking_url="https://dhl.example/D1", carrier="DHL Express")
UPS = Package(tracking_number="U1", carrier="ups")


def notice(*units: tuple[int, int], packages: tuple[Package, ...] = (DHL,), **more: Any) -> ShipmentNotice:
    return attrs.evolve(
        ShipmentNotice(
            key="n-1",
            order_id="shop/3",
            purchase_order_id="shop/3/rewix/1",
            lines=tuple(NoticeLine(line_ref=str(of), ship_ref=str(of), units=Decimal(n)) for of, n in units),
            packages=packages,
            shipped_at=datetime(2026, 11, 22, tzinfo=UTC),
            completes=True,
        ),
        **more,
    )


def announced(shop: Shop, told: ShipmentNotice, **more: Any) -> Announced | Unclear:
    shopify = adapter(**more)
    return shop.run(lambda past: shopify.announce(order_of(), told, past), shopify)


def done(result: object) -> Announced:
    assert isinstance(result, Announced), result
    return result


def evidence(result: object) -> str:
    assert isinstance(result, Unclear), result
    return result.evidence


def shows(shop: Shop) -> list[tuple[str, list[str], dict[str, int]]]:
    return [(each["company"], each["numbers"], each["units"]) for each in shop.departures.values()]


# --- a departure ----------------------------------------------------------------------------------------


def test_a_departure_is_one_fulfillment_and_one_mail() -> None:
    shop = Shop()
    shop.work(30, (10, 2))
    result = done(announced(shop, notice((10, 2))))
    assert shows(shop) == [("DHL Express", ["D1"], {"10": 2})]
    assert result.refs == tuple(name.rsplit("/", 1)[1] for name in shop.departures)
    assert shop.mails == 1
    assert [each["name"] for each in shop.writes] == ["Mark", "Ship", "Mark"]


def test_a_departure_that_is_told_again_is_only_looked_at() -> None:
    shop = Shop()
    shop.work(30, (10, 2))
    first = done(announced(shop, notice((10, 2))))
    shop.writes.clear()
    assert announced(shop, notice((10, 2))) == first
    assert shop.writes == []


def test_a_part_leaves_the_rest_to_ship() -> None:
    shop = Shop()
    shop.work(30, (10, 3), (11, 1))
    done(announced(shop, notice((10, 1))))
    done(announced(shop, notice((10, 2), key="n-2", packages=(UPS,))))
    assert shows(shop) == [("DHL Express", ["D1"], {"10": 1}), ("UPS", ["U1"], {"10": 2})]


def test_two_departures_that_look_the_same_are_two() -> None:
    """No numbers, the same units: only the marks tell them apart."""
    shop = Shop()
    shop.work(30, (10, 2))
    for key in ("n-1", "n-2", "n-1", "n-2"):
        done(announced(shop, notice((10, 1), packages=(), key=key)))
    assert shows(shop) == [("", [], {"10": 1}), ("", [], {"10": 1})]


def test_several_packages_of_a_carrier_stand_in_one_fulfillment_each_link_by_its_number() -> None:
    shop = Shop()
    shop.work(30, (10, 2))
    packages = (attrs.evolve(DHL, tracking_number="D2", tracking_url=""), DHL)
    done(announced(shop, notice((10, 2), packages=packages)))
    (there,) = shop.departures.values()
    assert there["numbers"] == ["D1", "D2"]
    assert there["urls"] == ["https://dhl.example/D1"]


def test_two_locations_are_two_fulfillments_and_one_mail() -> None:
    shop = Shop()
    shop.work(30, (10, 1), at=1)
    shop.work(31, (10, 1), at=2)
    done(announced(shop, notice((10, 2))))
    assert [each["at"] for each in shop.departures.values()] == [1, 2]
    assert shop.shipped == {"10": 2}
    assert shop.mails == 1


def test_a_location_that_has_it_all_ships_it_all() -> None:
    shop = Shop()
    shop.work(30, (10, 1), at=1)
    shop.work(31, (10, 2), at=2)
    done(announced(shop, notice((10, 2))))
    assert [(each["at"], each["units"]) for each in shop.departures.values()] == [(2, {"10": 2})]


def test_fulfillment_orders_of_one_location_ship_together() -> None:
    shop = Shop()
    shop.work(30, (10, 1))
    shop.work(31, (10, 1))
    done(announced(shop, notice((10, 2))))
    assert shows(shop) == [("DHL Express", ["D1"], {"10": 2})]


def test_two_carriers_are_two_fulfillments() -> None:
    shop = Shop()
    shop.work(30, (10, 2))
    result = done(announced(shop, notice((10, 2), packages=(DHL, UPS))))
    assert shows(shop) == [("DHL Express", ["D1"], {"10": 1}), ("UPS", ["U1"], {"10": 1})]
    assert shop.mails == 1
    assert any("one carrier for each" in each for each in result.warnings)


def test_more_carriers_than_units_still_show_every_number() -> None:
    shop = Shop()
    shop.work(30, (10, 1))
    result = done(announced(shop, notice((10, 1), packages=(DHL, UPS))))
    assert shows(shop) == [("DHL Express", ["D1", "U1"], {"10": 1})]
    assert any("more carriers than units" in each for each in result.warnings)


def test_a_carrier_that_shopify_does_not_know_is_shown_by_name_with_its_link() -> None:
    shop = Shop()
    shop.work(30, (10, 1))
    package = Package(tracking_number="X1", tracking_url="https://x.example/X1", carrier="Slow Boats")
    result = done(announced(shop, notice((10, 1), packages=(package,))))
    (there,) = shop.departures.values()
    assert (there["company"], there["numbers"], there["urls"]) == (
        "Slow Boats",
        ["X1"],
        [package.tracking_url],
    )
    assert any("Slow Boats" in each for each in result.warnings)


def test_a_merchants_own_spelling_of_a_carrier_wins() -> None:
    shop = Shop()
    shop.work(30, (10, 1))
    package = Package(tracking_number="X1", carrier="deutsche post")
    done(
        announced(
            shop, notice((10, 1), packages=(package,)), carriers={"Deutsche Post": "Deutsche Post (DE)"}
        )
    )
    assert shows(shop)[0][0] == "Deutsche Post (DE)"


def test_a_link_without_a_number_is_never_sent() -> None:
    shop = Shop()
    shop.work(30, (10, 1))
    package = Package(tracking_url="https://x.example/1", carrier="UPS")
    result = done(announced(shop, notice((10, 1), packages=(package,))))
    assert shows(shop) == [("UPS", [], {"10": 1})]
    assert result.warnings


def test_no_mail_where_the_merchant_wants_none() -> None:
    shop = Shop()
    shop.work(30, (10, 1))
    done(announced(shop, notice((10, 1)), shipped_mail=False))
    assert shop.mails == 0


@pytest.mark.parametrize("page", [1, 2])
def test_lists_are_read_to_their_end(page: int) -> None:
    """The units of a line lie in the last of many fulfillment orders, among many lines."""
    shop = Shop()
    shop.page = page
    for name in range(30, 34):
        shop.work(name, (20, 1), (21, 1), (22, 1))
    shop.work(40, (20, 1), (21, 1), (10, 2))
    done(announced(shop, notice((10, 2))))
    assert shop.shipped == {"10": 2}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"status": "ON_HOLD"}, "on hold"),
        ({"status": "SCHEDULED"}, "SCHEDULED"),
        ({"service": "other"}, "another location or service"),
        ({"method": "PICK_UP"}, "fetches it in the store"),
        ({"actions": []}, "does not let the app ship"),
    ],
)
def test_what_may_not_ship_is_for_a_person_and_says_why(more: dict[str, Any], words: str) -> None:
    shop = Shop()
    shop.work(30, (10, 1))
    shop.work(31, (10, 1), **more)
    found = evidence(announced(shop, notice((10, 2))))
    assert words in found
    assert "fulfillment order 31" in found
    assert shop.writes == []


def test_no_fulfillment_orders_never_mean_that_there_is_nothing_to_ship() -> None:
    shop = Shop()
    assert "lacks the access" in evidence(announced(shop, notice((10, 2))))


def test_units_that_a_closed_fulfillment_order_still_shows_do_not_count() -> None:
    """What was moved elsewhere still stands there."""
    shop = Shop()
    shop.work(30, (10, 2), status="CLOSED")
    evidence(announced(shop, notice((10, 2))))


def test_a_notice_of_nothing_ships_nothing() -> None:
    """An empty list would ship everything that is left."""
    shop = Shop()
    shop.work(30, (10, 2))
    evidence(announced(shop, notice((10, 0))))
    # Without lines it is one parcel more; nothing is there yet that could show it.
    assert "order's note" in str(announced(shop, notice()))
    assert shop.departures == {}


def test_half_units_are_for_a_person() -> None:
    shop = Shop()
    shop.work(30, (10, 2))
    half = NoticeLine(line_ref="10", ship_ref="10", units=Decimal("0.5"))
    assert "whole" in evidence(announced(shop, notice(lines=(half,))))


def test_only_the_merchants_locations_that_we_ship_for_are_touched() -> None:
    shop = Shop()
    shop.work(30, (10, 2), at=1)
    shop.work(31, (10, 2), at=2)
    done(announced(shop, notice((10, 2)), locations=("2",)))
    assert [each["at"] for each in shop.departures.values()] == [2]


def test_a_request_is_accepted_before_anything_of_it_ships() -> None:
    shop = Shop(service="ours")
    shop.work(30, (10, 2), request="SUBMITTED", actions=["CANCEL_FULFILLMENT_ORDER"])
    done(announced(shop, notice((10, 2)), service="ours"))
    assert [each["name"] for each in shop.writes] == ["Accept", "Mark", "Ship", "Mark"]


def test_what_was_requested_leaves_before_what_was_not() -> None:
    """Both are of one line: requested units that stayed would be ordered once more."""
    shop = Shop(service="ours")
    shop.work(30, (10, 3))
    shop.work(31, (10, 2), request="ACCEPTED")
    done(announced(shop, notice((10, 2)), service="ours"))
    left = [sum(some for _, some in each["rows"].values()) for each in shop.works.values()]
    assert left == [3, 0]


def test_a_request_that_comes_again_is_accepted_again() -> None:
    """Each yes answers one request: under one name the second would be taken for given."""
    shop = Shop(service="ours")
    shop.work(30, (10, 2), request="SUBMITTED", actions=["CANCEL_FULFILLMENT_ORDER"])
    again = {"request": "SUBMITTED", "status": "OPEN", "actions": ["CANCEL_FULFILLMENT_ORDER"], "asked": 2}
    changes = iter([again])

    def ask_again(write: Write) -> str:
        if write.step.startswith("mark"):
            shop.works[gid("FulfillmentOrder", 30)].update(next(changes, {}))
        return ""

    shop.lose = ask_again
    done(announced(shop, notice((10, 2)), service="ours"))
    assert [each["name"] for each in shop.writes] == ["Accept", "Mark", "Accept", "Ship", "Mark"]
    assert shop.shipped == {"10": 2}


# --- what is there already ------------------------------------------------------------------------------


def test_what_the_staff_typed_in_is_the_departure() -> None:
    shop = Shop()
    shop.work(30, (10, 1))
    typed = shop.departed((10, 2), numbers=("d 1",))
    assert done(announced(shop, notice((10, 2)))).refs == (typed.rsplit("/", 1)[1],)
    assert len(shop.departures) == 1
    assert shop.mails == 0


def test_the_same_number_with_other_contents_is_for_a_person() -> None:
    shop = Shop()
    shop.work(30, (10, 2))
    shop.departed((10, 1), numbers=("D1",))
    assert "show numbers" in evidence(announced(shop, notice((10, 2))))
    assert len(shop.departures) == 1


def test_a_number_that_another_departure_has_may_come_again() -> None:
    """One parcel with goods of two purchase orders."""
    shop = Shop()
    shop.work(30, (10, 2), (11, 1))
    done(announced(shop, notice((10, 2))))
    done(announced(shop, notice((11, 1), key="n-2")))
    assert [units for _, _, units in shows(shop)] == [{"10": 2}, {"11": 1}]


def test_fulfillment_orders_that_are_replaced_between_two_parts_are_found_anew() -> None:
    shop = Shop()
    shop.work(30, (10, 1), at=1)
    shop.work(31, (10, 1), at=2)

    def moved(write: Write) -> str:
        if len(shop.departures) == 1 and gid("FulfillmentOrder", 31) in shop.works:
            del shop.works[gid("FulfillmentOrder", 31)]
            shop.work(55, (10, 1), at=7)
        return ""

    shop.lose = moved
    done(announced(shop, notice((10, 2))))
    assert [each["at"] for each in shop.departures.values()] == [1, 7]
    assert shop.mails == 1


def test_a_number_that_changed_before_all_was_told_is_put_right() -> None:
    shop = Shop()
    shop.work(30, (10, 2))
    shop.lose = lambda write: "stop" if write.step.startswith("ship") else ""
    shopify = adapter()
    with pytest.raises(AssertionError, match="does not end"):
        shop.run(lambda past: shopify.announce(order_of(), notice((10, 2)), past), shopify, most=2)
    shop.lose = lambda _: ""
    done(announced(shop, notice((10, 2), packages=(attrs.evolve(DHL, tracking_number="D9"),))))
    assert [numbers for _, numbers, _ in shows(shop)] == [["D9"]]


def test_a_plan_that_changes_and_changes_back_is_written_down_each_time() -> None:
    """The merchant moves the goods to another location and back while calls are lost."""
    shop = Shop()
    shop.work(30, (10, 2), at=1)
    places = iter([2, 1, 2, 1])

    def move(write: Write) -> str:
        place = next(places, None) if write.step.startswith("ship") else None
        if place is None:
            return ""
        shop.works[gid("FulfillmentOrder", 30)]["at"] = place
        return "request"

    shop.lose = move
    done(announced(shop, notice((10, 2))))
    assert [each["at"] for each in shop.departures.values()] == [1]
    assert shop.mails == 1


def test_a_number_of_the_staff_s_stays_when_ours_changes_before_all_was_told() -> None:
    shop = Shop()
    shop.work(30, (10, 2))
    typed = shop.departed((10, 2), numbers=("D1", "STAFF"))
    shop.lose = lambda write: "stop" if write.step.startswith("mark") else ""
    shopify = adapter()
    with pytest.raises(AssertionError, match="does not end"):
        shop.run(lambda past: shopify.announce(order_of(), notice((10, 2)), past), shopify, most=1)
    shop.lose = lambda _: ""
    right = attrs.evolve(DHL, tracking_number="D9")
    done(announced(shop, notice((10, 2), packages=(right,))))
    assert sorted(shop.departures[typed]["numbers"]) == ["D9", "STAFF"]
    assert list(shop.departures) == [typed]


def test_a_departure_that_is_not_shown_yet_was_not_taken_back() -> None:
    shop = Shop()
    shop.work(30, (10, 2))

    def hide(write: Write) -> str:
        shop.hidden.update(shop.departures)
        return ""

    shop.lose = hide
    (warning,) = done(announced(shop, notice((10, 2)))).warnings
    assert "does not show it" in warning
    assert len(shop.departures) == 1


def test_an_order_with_more_fulfillments_than_shopify_shows_is_never_guessed_at() -> None:
    """One that is not shown may be the departure."""
    shop = Shop()
    shop.work(30, (10, 2))
    for _ in range(250):
        shop.departed((11, 1))
    with pytest.raises(Malformed, match="250 fulfillments or more"):
        announced(shop, notice((10, 2)))
    assert shop.writes == []


# --- lost answers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["request", "answer", "doubled"])
@pytest.mark.parametrize("at", range(9))
def test_a_fault_at_any_write_leaves_one_fulfillment_each_or_a_review(fault: str, at: int) -> None:
    """Two locations and two carriers."""
    shop = Shop()
    shop.work(30, (10, 1), (11, 2), at=1)
    shop.work(31, (10, 1), at=2)
    count = iter(range(1000))
    shop.lose = lambda _: fault if next(count) == at else ""
    told = notice((10, 2), (11, 1), packages=(DHL, UPS))
    result = announced(shop, told)
    once = shop.shipped == {"10": 2, "11": 1} and len(shop.departures) == 2
    if isinstance(result, Announced):
        assert once
        assert shop.mails == 1
    else:
        assert fault == "doubled"
        assert not once
        assert "twice" in result.evidence or "may" in result.evidence


def test_an_answer_that_comes_after_all_is_found_once() -> None:
    """The call that ships is carried out long after nobody waits any more."""
    shop = Shop()
    shop.work(30, (10, 2))
    late: list[Write] = []

    def keep(write: Write) -> str:
        if write.step.startswith("ship") and not late:
            late.append(write)
            return "request"
        if late and not shop.departures:
            shop.answer(late[0].request, write=True)
        return ""

    shop.lose = keep
    told = notice((10, 1))
    result = announced(shop, told)
    # The copy and the repeat both took place: never passed over.
    assert shop.shipped == {"10": 2}
    assert "twice" in evidence(result) or "may each be" in evidence(result)


@pytest.mark.parametrize("which", [0, 1])
def test_once_one_of_two_is_taken_back_the_other_is_the_departure(which: int) -> None:
    shop = Shop()
    shop.work(30, (10, 4))
    shop.lose = lambda write: "doubled" if write.step.startswith("ship") else ""
    evidence(announced(shop, notice((10, 2))))
    gone, kept = sorted(shop.departures, reverse=bool(which))
    shop.departures[gone]["status"] = "CANCELLED"
    assert done(announced(shop, notice((10, 2)))).refs == (kept.rsplit("/", 1)[1],)
    assert len(shop.departures) == 2


def test_what_the_shop_takes_back_later_is_not_shipped_again() -> None:
    shop = Shop()
    shop.work(30, (10, 4))
    done(announced(shop, notice((10, 2))))
    next(iter(shop.departures.values()))["status"] = "CANCELLED"
    assert any("taken back" in each for each in done(announced(shop, notice((10, 2)))).warnings)
    assert len(shop.departures) == 1


def test_another_departure_in_between_is_not_taken_for_ours() -> None:
    shop = Shop()
    shop.work(30, (10, 3))

    def between(write: Write) -> str:
        if write.step.startswith("ship") and not shop.departures:
            shop.departed((10, 1), numbers=("STAFF",))
        return ""

    shop.lose = between
    done(announced(shop, notice((10, 2))))
    assert shows(shop)[1] == ("DHL Express", ["D1"], {"10": 2})


def test_what_came_in_between_and_may_be_ours_is_for_a_person() -> None:
    shop = Shop()
    shop.work(30, (10, 3))

    def between(write: Write) -> str:
        if write.step.startswith("ship") and not shop.departures:
            shop.departed((10, 2), numbers=("STAFF",))
            return "request"
        return ""

    shop.lose = between
    assert "may be this departure" in evidence(announced(shop, notice((10, 2))))


def test_without_leave_to_write_beside_orders_numbers_tell() -> None:
    shop = Shop()
    shop.scopes = ["write_merchant_managed_fulfillment_orders", "read_orders"]
    shop.work(30, (10, 1), at=1)
    shop.work(31, (10, 1), at=2)
    lost = iter(["answer", "answer"])
    shop.lose = lambda _: next(lost, "")
    result = done(announced(shop, notice((10, 2))))
    assert any("write_orders" in each for each in result.warnings)
    assert shop.shipped == {"10": 2}
    assert shop.marks == {}
    assert announced(shop, notice((10, 2))) == result


def test_without_marks_and_numbers_the_answer_alone_tells() -> None:
    shop = Shop()
    shop.scopes = []
    shop.work(30, (10, 2))
    done(announced(shop, notice((10, 1), packages=())))
    assert shop.shipped == {"10": 1}


UNITS = st.integers(min_value=0, max_value=3)
CARRIERS = st.lists(st.sampled_from(["UPS", "FedEx", "DPD", "", "Slow Boats"]), max_size=4)


@settings(max_examples=60, deadline=None)
@given(
    works=st.lists(st.tuples(UNITS, UNITS, st.integers(min_value=1, max_value=3)), max_size=4),
    wanted=st.tuples(UNITS, UNITS),
    carriers=CARRIERS,
    numbered=st.booleans(),
    faults=st.lists(st.sampled_from(["", "", "request", "answer"]), max_size=6),
)
def test_no_notice_ever_ships_more_than_it_says(
    works: list[tuple[int, int, int]],
    wanted: tuple[int, int],
    carriers: list[str],
    numbered: bool,
    faults: list[str],
) -> None:
    shop = Shop()
    for name, (some, others, at) in enumerate(works):
        shop.work(30 + name, (10, some), (11, others), at=at)
    rest = iter(faults)
    shop.lose = lambda _: next(rest, "")
    packages = tuple(
        Package(carrier=name, tracking_number=f"T{index}" if numbered else "")
        for index, name in enumerate(carriers)
    )
    result = announced(shop, notice((10, wanted[0]), (11, wanted[1]), packages=packages))
    asked = {str(of): some for of, some in zip((10, 11), wanted, strict=True) if some}
    if isinstance(result, Announced):
        assert shop.shipped == asked
        numbers = {number for _, shown, _ in shows(shop) for number in shown}
        assert numbers == {package.tracking_number for package in packages if package.tracking_number}
        assert shop.mails == 1
    else:
        assert all(some <= asked.get(of, 0) for of, some in shop.shipped.items())
    for write in shop.writes:
        for group in write.get("fulfillment", {}).get("lineItemsByFulfillmentOrder", ()):
            assert group["fulfillmentOrderLineItems"]
            assert all(row["quantity"] > 0 for row in group["fulfillmentOrderLineItems"])


# --- corrections ----------------------------------------------------------------------------------------


def corrected(
    shop: Shop, told: ShipmentNotice, before: tuple[Package, ...], **more: Any
) -> Announced | Unclear:
    shopify = adapter(**more)
    return shop.run(lambda past: shopify.correct(order_of(), told, before, past), shopify)


def test_a_wrong_number_is_put_right_and_others_stay() -> None:
    shop = Shop()
    shop.work(30, (10, 2))
    other = attrs.evolve(DHL, tracking_number="D2", tracking_url="")
    done(announced(shop, notice((10, 2), packages=(DHL, other))))
    (name,) = shop.departures
    shop.departures[name]["numbers"].append("STAFF")
    right = attrs.evolve(DHL, tracking_number="D9")
    done(corrected(shop, notice((10, 2), packages=(right, other)), (DHL, other)))
    assert sorted(shop.departures[name]["numbers"]) == ["D2", "D9", "STAFF"]
    assert shop.mails == 2
    shop.writes.clear()
    done(corrected(shop, notice((10, 2), packages=(right, other)), (DHL, other)))
    assert shop.writes == []


def test_a_correction_finds_the_fulfillment_that_shows_the_wrong_number() -> None:
    shop = Shop()
    shop.work(30, (10, 2))
    done(announced(shop, notice((10, 2), packages=(DHL, UPS))))
    right = attrs.evolve(UPS, tracking_number="U9")
    done(corrected(shop, notice((10, 2), packages=(DHL, right)), (DHL, UPS)))
    assert [numbers for _, numbers, _ in shows(shop)] == [["D1"], ["U9"]]


def test_a_number_that_comes_later_is_added() -> None:
    shop = Shop()
    shop.work(30, (10, 2))
    blank = Package(carrier="UPS")
    done(announced(shop, notice((10, 2), packages=(blank,))))
    assert shop.mails == 1
    done(corrected(shop, notice((10, 2), packages=(UPS,)), (blank,)))
    assert shows(shop) == [("UPS", ["U1"], {"10": 2})]
    # Nothing that the shopper was told is wrong.
    assert shop.mails == 1


@pytest.mark.parametrize("fault", ["", "request", "answer"])
def test_a_link_that_shopify_writes_anew_is_set_once_and_mailed_once(fault: str) -> None:
    shop = Shop()
    shop.work(30, (10, 2))
    done(announced(shop, notice((10, 2))))
    shop.relink = lambda url: f"{url}?utm=shop"
    faults = iter([fault])
    shop.lose = lambda _: next(faults, "")
    right = attrs.evolve(DHL, tracking_number="D9", tracking_url="https://dhl.example/D9")
    result = done(corrected(shop, notice((10, 2), packages=(right,)), (DHL,)))
    assert [numbers for _, numbers, _ in shows(shop)] == [["D9"]]
    assert any("another tracking page" in warning for warning in result.warnings)
    assert shop.mails == 2


def test_a_link_counts_as_shown_in_whatever_way_it_is_escaped() -> None:
    shop = Shop()
    shop.work(30, (10, 2))
    done(announced(shop, notice((10, 2))))
    right = attrs.evolve(DHL, tracking_number="D9", tracking_url="https://dhl.example/für/D 9")
    result = done(corrected(shop, notice((10, 2), packages=(right,)), (DHL,)))
    assert result.warnings == ()
    assert [each["name"] for each in shop.writes].count("Track") == 1


def test_tracking_that_changes_and_changes_back_is_set_each_time() -> None:
    """The supplier changes a number and changes it back while a departure is still being put right."""
    shop = Shop()
    shop.work(30, (10, 2))
    done(announced(shop, notice((10, 2), packages=(DHL, UPS))))
    _, second = shop.departures
    nine, eight = (attrs.evolve(DHL, tracking_number=number) for number in ("D9", "D8"))
    later = iter([eight, nine, eight, nine])
    now = [nine]

    def change_mind(write: Write) -> str:
        other = write.step.startswith(f"track-{second.rsplit('/', 1)[1]}-")
        package = next(later, None) if other else None
        if package is None:
            return ""
        now[:] = [package]
        return "request"

    shop.lose = change_mind
    shopify = adapter()
    right = attrs.evolve(UPS, tracking_number="U9")
    done(
        shop.run(
            lambda past: shopify.correct(
                order_of(), notice((10, 2), packages=(*now, right)), (DHL, UPS), past
            ),
            shopify,
        )
    )
    assert [numbers for _, numbers, _ in shows(shop)] == [["D9"], ["U9"]]


def test_a_correction_of_what_is_nowhere_is_for_a_person() -> None:
    assert "no fulfillment" in evidence(corrected(Shop(), notice((10, 2), packages=(UPS,)), (DHL,)))


@pytest.mark.parametrize("fault", ["request", "answer", "doubled"])
def test_a_fault_in_a_correction_leaves_the_right_number(fault: str) -> None:
    shop = Shop()
    shop.work(30, (10, 2))
    done(announced(shop, notice((10, 2))))
    faults = iter([fault])
    shop.lose = lambda _: next(faults, "")
    done(corrected(shop, notice((10, 2), packages=(UPS,)), (DHL,)))
    assert shows(shop) == [("UPS", ["U1"], {"10": 2})]


# --- carriers -------------------------------------------------------------------------------------------


def test_carriers_are_listed_in_shopifys_spelling() -> None:
    codes = [each.code for each in Shop().ask(adapter().carriers())]
    assert {"DPD UK", "Evri", "Deutsche Post (DE)", "PostNord SE"} <= set(codes)
    assert {code: codes.count(code) for code in ("GLS", "DHL Express", "Evri")} == dict.fromkeys(
        ("GLS", "DHL Express", "Evri"), 1
    )


# --- progress -------------------------------------------------------------------------------------------


def reported(shop: Shop, *stages: str, delivered: bool = False, key: str = "p", **more: Any) -> None:
    shopify = adapter(**more)
    progress = Progress(
        key=key,
        order_id="shop/3",
        stages=tuple((f"s{index}", stage) for index, stage in enumerate(stages)),
        delivered=delivered,
    )
    assert shop.run(lambda past: shopify.report(order_of(), progress, past), shopify) == Noted()


def test_work_that_has_begun_is_reported_where_shopify_lets_us() -> None:
    shop = Shop()
    shop.work(30, (10, 2))
    shop.work(31, (11, 2), actions=[])
    shop.work(32, (11, 2), service="other")
    reported(shop, "Working on")
    assert shop.reports == [(gid("FulfillmentOrder", 30), "s0: Working on")]


def test_what_was_not_requested_of_a_service_is_not_said_to_be_in_progress() -> None:
    """The merchant could neither move nor cancel it then."""
    shop = Shop(service="ours")
    shop.work(30, (10, 1))
    shop.work(31, (10, 1), request="ACCEPTED")
    reported(shop, "Working on", service="ours")
    assert [name for name, _ in shop.reports] == [gid("FulfillmentOrder", 31)]


def test_before_work_begins_it_stands_only_beside_the_order() -> None:
    shop = Shop()
    shop.work(30, (10, 2))
    reported(shop, "Booked")
    assert shop.reports == []
    assert "Booked" in shop.marks["progress"][0]


def test_going_back_to_an_earlier_word_is_shown_again() -> None:
    """Beside the order; to people Shopify shows that it is in progress, and no words."""
    shop = Shop()
    shop.work(30, (10, 2))
    for key, word in (("a", "Working on"), ("b", "On hold"), ("a", "Working on")):
        reported(shop, word, key=key)
    assert [words for _, words in shop.reports] == ["s0: Working on"]
    steps = [each["marks"][0]["value"] for each in shop.writes if each["name"] == "Mark"]
    assert len(set(steps)) == 3


def test_notes_are_cut_to_what_shopify_takes() -> None:
    shop = Shop()
    shop.work(30, (10, 2))
    reported(shop, *(["Working on"] * 40))
    assert len(shop.reports[0][1]) == 256


@pytest.mark.parametrize(
    ("word", "status", "accepted"),
    [("Booked", "OPEN", 0), ("Confirmed", "OPEN", 1), ("Confirmed", "IN_PROGRESS", 1)],
)
def test_a_request_is_accepted_once_a_supplier_has_confirmed(word: str, status: str, accepted: int) -> None:
    """Of what the merchant has shipped a part himself the rest can be requested too."""
    shop = Shop(service="ours")
    shop.work(30, (10, 2), request="SUBMITTED", actions=[], status=status)
    reported(shop, word, service="ours")
    assert [each["name"] for each in shop.writes].count("Accept") == accepted


@pytest.mark.parametrize("fault", ["request", "answer"])
def test_what_has_arrived_is_said_once_for_each_fulfillment_of_ours(fault: str) -> None:
    shop = Shop()
    shop.work(30, (10, 2))
    done(announced(shop, notice((10, 2), packages=(DHL, UPS))))
    ours = list(shop.departures)
    shop.departed((11, 1), numbers=("STAFF",))
    faults = iter(["", fault])
    shop.lose = lambda _: next(faults, "")
    reported(shop, "Delivered", delivered=True)
    reported(shop, "Delivered", delivered=True)
    assert shop.events == [(name, "DELIVERED") for name in ours]


def test_what_has_arrived_is_left_out_where_the_app_may_not_say_it() -> None:
    shop = Shop()
    shop.work(30, (10, 2))
    done(announced(shop, notice((10, 2))))
    shop.scopes.remove("write_fulfillments")
    reported(shop, "Delivered", delivered=True)
    assert shop.events == []


# --- remarks --------------------------------------------------------------------------------------------


def noted(shop: Shop, note: Note) -> Noted | Unclear:
    shopify = adapter()
    return shop.run(lambda past: shopify.annotate(order_of(), note, past), shopify)


@pytest.mark.parametrize("fault", ["", "request", "answer", "doubled"])
def test_a_remark_is_added_once_and_what_was_there_stays(fault: str) -> None:
    shop = Shop()
    shop.note = "Please ring\ntwice"
    faults = iter([fault])
    shop.lose = lambda _: next(faults, "")
    assert noted(shop, Note(key="k", text="two\nlines")) == Noted()
    assert noted(shop, Note(key="k", text="two\nlines")) == Noted()
    assert shop.note == "Please ring\ntwice\n[ob:k] two lines"


def test_a_remark_for_the_shopper_is_for_a_person() -> None:
    shop = Shop()
    assert "no remarks for shoppers" in evidence(noted(shop, Note(key="k", text="Hi", to_shopper=True)))
    assert shop.writes == []


def test_a_note_that_is_full_is_never_cut() -> None:
    shop = Shop()
    shop.note = "x" * 4995
    assert "4995 of 5000" in evidence(noted(shop, Note(key="k", text="Hi")))


@pytest.mark.parametrize("lands", [True, False])
def test_a_remark_that_lands_late_takes_no_newer_one_away(lands: bool) -> None:
    """The note is written whole, so a late one is without what came since."""
    shop = Shop()
    shop.note = "Please ring"
    shopify = adapter()
    early, newer = Note(key="early", text="Wrapped"), Note(key="newer", text="As a gift")
    late = shop.ask(shopify.annotate(order_of(), early, Past()))
    assert isinstance(late, Write)
    assert noted(shop, newer) == Noted()
    if lands:
        shop.answer(late.request, write=True)
    past = Past(attempted=True)
    assert shop.run(lambda then: shopify.annotate(order_of(), early, then), shopify, past=past) == Noted()
    assert sorted(shop.note.splitlines()) == ["Please ring", "[ob:early] Wrapped", "[ob:newer] As a gift"]


def test_a_remark_that_the_staff_took_off_stays_off() -> None:
    shop = Shop()
    assert noted(shop, Note(key="one", text="Wrapped")) == Noted()
    shop.note = "Ours now"
    assert noted(shop, Note(key="two", text="As a gift")) == Noted()
    assert shop.note == "Ours now\n[ob:two] As a gift"


# --- cancels --------------------------------------------------------------------------------------------


def canceled(shop: Shop, **more: Any) -> Canceled | Unclear:
    shopify = adapter(**more)
    wish = Cancellation(key="c-1", reason="changed their mind " * 30)
    return shop.run(lambda past: shopify.cancel(order_of(), wish, past), shopify)


def test_a_cancel_that_is_under_way_is_come_back_to() -> None:
    shop = Shop()
    shop.work(30, (10, 2))
    with pytest.raises(Unavailable):
        canceled(shop)


@pytest.mark.parametrize(
    "words", ["Order is already being canceled", "Cannot cancel an order that has already been canceled"]
)
def test_a_copy_of_a_cancel_that_is_refused_proves_nothing(words: str) -> None:
    """A cancel takes its time: the first call is at work, and the order does not show it yet."""
    shopify = adapter()
    shop = Shop()
    shop.work(30, (10, 2))
    cancellation = Cancellation(key="c-1", reason="sold out")
    write = shop.ask(shopify.cancel(order_of(), cancellation, Past()))
    assert isinstance(write, Write)
    error = {"field": ["orderId"], "message": words, "code": "INVALID"}
    refusal = {"job": None, "jobResult": None, "orderCancelUserErrors": [error], "userErrors": [error]}
    assert isinstance(shopify.judge(write, answer({"orderCancel": refusal})), Unknown)


def test_a_cancel_that_is_done_says_what_was_not_given_back() -> None:
    shop = Shop()
    shop.work(30, (10, 2))
    shop.net = "35.00"
    shop.canceled_at = "2026-11-22T04:00:00Z"
    result = canceled(shop)
    assert isinstance(result, Canceled)
    assert "35.00 EUR" in result.warnings[0]
    assert shop.writes == []


def test_a_cancel_that_failed_says_why() -> None:
    shop = Shop()
    shop.job = {"done": True, "status": "FAILED", "errors": [{"message": "No permission", "code": "INVALID"}]}
    assert "No permission" in evidence(canceled(shop))


def test_a_cancel_without_effect_is_for_a_person() -> None:
    shop = Shop()
    shop.job = {"done": True, "status": "SUCCEEDED", "errors": []}
    assert "does not show it" in evidence(canceled(shop))


def test_a_cancel_of_which_shopify_has_forgotten_the_job_is_for_a_person() -> None:
    """It may still come: never sent again, and never taken for done."""
    shop = Shop()
    shop.work(30, (10, 2))
    shop.job = {}
    assert "no longer says what came of the cancel" in evidence(canceled(shop))
    assert [each["name"] for each in shop.writes] == ["Cancel"]


def test_a_cancel_that_shows_is_done_whatever_became_of_its_job() -> None:
    shop = Shop()
    shop.work(30, (10, 2))
    shop.job = {}

    def cancel(_: Write) -> str:
        shop.canceled_at = "2026-11-22T04:00:00Z"
        return "stop"

    shop.lose = cancel
    assert isinstance(canceled(shop), Canceled)


def spoil(shop: Shop, how: str) -> None:
    if how == "shipped":
        shop.departed((10, 1))
    elif how == "returns":
        shop.returns.append({"name": "#3-R1", "status": "OPEN"})
    else:
        shop.work(31, (10, 1), status="IN_PROGRESS", service="other")


@pytest.mark.parametrize("how", ["shipped", "returns", "others are at work"])
def test_nothing_is_canceled_that_is_under_way(how: str) -> None:
    shop = Shop()
    spoil(shop, how)
    assert how in evidence(canceled(shop))
    assert shop.writes == []


@pytest.mark.parametrize(
    ("request_status", "name"),
    [("SUBMITTED", "Reject"), ("ACCEPTED", "GiveBack"), ("CANCELLATION_REQUESTED", "AcceptCancellation")],
)
def test_a_service_gives_only_its_own_part_back(request_status: str, name: str) -> None:
    shop = Shop(service="ours")
    shop.work(30, (10, 2), request=request_status, status="IN_PROGRESS")
    shop.work(31, (11, 2), service="")
    result = canceled(shop, service="ours")
    assert isinstance(result, Canceled)
    assert result.warnings
    assert [each["name"] for each in shop.writes] == [name]


@pytest.mark.parametrize("status", ["ON_HOLD", "SCHEDULED", "INCOMPLETE"])
def test_a_service_never_says_that_a_part_went_back_which_it_cannot_give(status: str) -> None:
    """Only what is in progress can be closed; what can go back goes first."""
    shop = Shop(service="ours")
    shop.work(30, (10, 2), request="ACCEPTED", status=status)
    shop.work(31, (11, 2), request="ACCEPTED", status="IN_PROGRESS")
    words = evidence(canceled(shop, service="ours"))
    assert f"fulfillment order 30 ({status}/ACCEPTED)" in words
    assert [(each["name"], each["id"]) for each in shop.writes] == [("GiveBack", gid("FulfillmentOrder", 31))]
    assert shop.works[gid("FulfillmentOrder", 30)]["request"] == "ACCEPTED"


@pytest.mark.parametrize("status", ["ON_HOLD", "SCHEDULED"])
@pytest.mark.parametrize(
    ("request_status", "name"),
    [("SUBMITTED", "Reject"), ("CANCELLATION_REQUESTED", "AcceptCancellation")],
)
def test_a_service_answers_a_request_that_waits(status: str, request_status: str, name: str) -> None:
    shop = Shop(service="ours")
    shop.work(30, (10, 2), request=request_status, status=status)
    assert isinstance(canceled(shop, service="ours"), Canceled)
    assert [each["name"] for each in shop.writes] == [name]


def test_a_service_of_which_nothing_was_requested_says_no_more_than_that() -> None:
    shop = Shop(service="ours")
    shop.work(30, (10, 2), status="ON_HOLD")
    result = canceled(shop, service="ours")
    assert isinstance(result, Canceled)
    assert result.warnings == (
        "nothing of it is requested of us now; the order itself is the merchant's to cancel",
    )
    assert shop.writes == []


# --- refunds --------------------------------------------------------------------------------------------


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


def refunded(shop: Shop, amount: str = "30.00", **more: Any) -> Refunded | Unclear:
    wanted = Refund(
        key="r-1",
        amount=eur(amount),
        **{"lines": (RefundLine(line_ref="10", units=Decimal(2), amount=eur("20.00")),), **more},
    )
    shopify = adapter()
    return shop.run(lambda past: shopify.refund(order_of(), wanted, past), shopify)


@pytest.mark.parametrize("fault", ["", "request", "answer", "doubled"])
def test_money_goes_back_once_the_way_it_came(fault: str) -> None:
    shop = Shop()
    faults = iter([fault])
    shop.lose = lambda _: next(faults, "")
    result = refunded(shop, "70.00", gives_money=True)
    assert isinstance(result, Refunded)
    assert (result.amount, result.gave_money) == (eur("70.00"), True)
    assert len(shop.refunds) == 1
    sent = next(each for each in shop.writes if each["name"] == "Refund")["input"]
    assert [(each["gateway"], each["amount"]) for each in sent["transactions"]] == [
        ("cards", "60"),
        ("gift", "10.00"),
    ]
    assert refunded(shop, "70.00", gives_money=True) == result


def test_never_more_goes_back_than_is_left() -> None:
    shop = Shop()
    shop.left_to_pay_back = 29
    assert "29 EUR can be given back" in evidence(refunded(shop, gives_money=True))
    assert shop.writes == []


def test_a_record_moves_no_money_and_says_so() -> None:
    shop = Shop()
    result = refunded(shop)
    assert isinstance(result, Refunded)
    assert not result.gave_money
    [sent] = shop.writes[0]["input"]["transactions"]
    assert (sent["gateway"], sent["amount"]) == ("manual", "30.00")
    assert "parentId" not in sent
    assert "30.00 EUR given back outside" in shop.refunds[0]["note"]


def test_money_alone_can_be_written_down_too() -> None:
    result = refunded(Shop(), lines=())
    assert isinstance(result, Refunded)
    assert (result.amount, result.gave_money) == (eur("30.00"), False)


def test_no_more_is_written_down_than_was_paid() -> None:
    shop = Shop()
    shop.left_to_pay_back = 29
    assert "29 EUR" in evidence(refunded(shop))
    assert shop.writes == []


def test_money_that_came_by_hand_is_not_given_back_by_shopify() -> None:
    """Cash, or a transfer: Shopify would write it down as given back and move nothing."""
    shop = Shop()
    shop.by_hand = True
    assert "70.00 EUR is wanted" in evidence(refunded(shop, "70.00", gives_money=True))
    assert shop.writes == []
    # 40 of the 100 came by a gift card.
    assert isinstance(refunded(shop, "40.00", gives_money=True), Refunded)
    [sent] = shop.writes[0]["input"]["transactions"]
    assert (sent["gateway"], sent["amount"]) == ("gift", "40.00")
    assert isinstance(refunded(Shop(), "70.00"), Refunded)


@pytest.mark.parametrize(
    ("restock", "unfulfilled", "kinds"),
    [
        (False, 1, ["NO_RESTOCK"]),
        (True, 1, ["CANCEL", "RETURN"]),
        (True, 2, ["CANCEL"]),
        (True, 0, ["RETURN"]),
    ],
)
def test_units_go_back_as_what_they_are(restock: bool, unfulfilled: int, kinds: list[str]) -> None:
    shop = Shop()
    shop.lines = {"10": (unfulfilled, 2)}
    assert isinstance(refunded(shop, restock=restock), Refunded)
    rows = shop.writes[0]["input"]["refundLineItems"]
    assert [row["restockType"] for row in rows] == kinds
    assert sum(row["quantity"] for row in rows) == 2
    assert all(("locationId" in row) is restock for row in rows)


def test_amounts_are_in_what_the_shopper_paid_with() -> None:
    shop = Shop()
    shop.currencies = ("USD", "EUR")
    assert isinstance(refunded(shop, gives_money=True), Refunded)
    assert shop.writes[0]["input"]["currency"] == "EUR"
    shop = Shop()
    shop.currencies = ("EUR", "USD")
    assert "USD" in evidence(refunded(shop, gives_money=True))


def test_more_units_than_can_be_given_back_are_for_a_person() -> None:
    shop = Shop()
    shop.lines = {"10": (0, 1)}
    assert "1 can be" in evidence(refunded(shop))


def test_money_that_did_not_go_back_is_for_a_person() -> None:
    shop = Shop()
    shop.failing_gateway = True
    assert "FAILURE" in evidence(refunded(shop, gives_money=True))


def test_two_refunds_of_one_key_are_for_a_person() -> None:
    shop = Shop()
    refunded(shop, gives_money=True)
    shop.refunds.append(shop.refunds[0])
    assert "carry one key" in evidence(refunded(shop, gives_money=True))


def test_money_that_was_to_move_nowhere_and_did_is_for_a_person() -> None:
    shop = Shop()
    assert isinstance(refunded(shop), Refunded)
    shop.refunds[0]["transactions"]["nodes"][0]["gateway"] = "cards"
    assert "gave some back by cards" in evidence(refunded(shop))


def test_more_refunds_than_shopify_shows_may_hold_ours() -> None:
    shop = Shop()
    shop.refunds = [{"id": gid("Refund", ref), "note": "Staff"} for ref in range(250)]
    assert "more refunds than Shopify shows" in evidence(refunded(shop, gives_money=True))
    assert shop.writes == []


def test_the_same_key_on_another_order_is_another_refund() -> None:
    """Shopify knows a key in the whole shop."""
    keys: list[str] = []
    for ref in ("3", "4"):
        wanted = Refund(key="r-1", amount=eur("30.00"))
        write = Shop().ask(adapter().refund(attrs.evolve(order_of(), ref=ref), wanted, Past()))
        assert isinstance(write, Write)
        keys.append(json.loads(write.request.body)["variables"]["key"])
    assert len(set(keys)) == 2


def test_another_refund_has_another_key_and_the_same_one_the_same() -> None:
    """With one key for two bodies Shopify would refuse the second, whatever became of the first."""
    keys: list[str] = []
    for unfulfilled in (2, 1, 2):
        shop = Shop()
        shop.lines = {"10": (unfulfilled, 2)}
        assert isinstance(refunded(shop, restock=True), Refunded)
        keys.append(shop.writes[0]["key"])
    assert keys[0] == keys[2] != keys[1]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (None, "IDEMPOTENCY_CONCURRENT_REQUEST: a request is in progress"),
        (None, "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"),
        ("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "The same key was used with other parameters."),
        ("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", "Failed before."),
        (None, "The idempotency key has been used with different parameters."),
    ],
)
def test_what_shopify_says_of_a_key_that_was_used_proves_nothing(code: str | None, words: str) -> None:
    """The first call with that key may have moved money."""
    error = {"field": None, "message": words, "code": code}
    response = answer({"refundCreate": {"refund": None, "userErrors": [error]}})
    write = Write("refund", Request("POST", "/"), unknown=SameKey(lifetime=timedelta(hours=1)))
    assert isinstance(adapter().judge(write, response), Unknown)


# --- all of it ------------------------------------------------------------------------------------------

FLOWS: tuple[Callable[[Any], Any], ...] = (
    lambda shopify: shopify.announce(order_of(), notice((10, 1)), Past()),
    lambda shopify: shopify.correct(order_of(), notice((10, 1)), (DHL,), Past()),
    lambda shopify: shopify.cancel(order_of(), Cancellation(key="c"), Past()),
    lambda shopify: shopify.annotate(order_of(), Note(key="k", text="Hi"), Past()),
)


@pytest.mark.parametrize("flow", FLOWS)
def test_an_order_that_is_gone_is_for_a_person(flow: Callable[[Any], Any]) -> None:
    class Gone(Shop):
        def _Shipping(self, of: str, first: int) -> dict[str, Any]:
            return {**super()._Shipping(of, first), "order": None}

        def _NoteOf(self, of: str) -> dict[str, Any]:
            return {"order": None}

    assert "no such order" in evidence(Gone().ask(flow(adapter())))


def everything() -> Shop:
    """A shop to which each thing was done that the bridge can do."""
    shop = Shop(service="ours")
    ours = {"service": "ours"}
    shop.work(30, (10, 2), (11, 2), request="SUBMITTED", actions=[])
    reported(shop, "Confirmed", **ours)
    done(announced(shop, notice((10, 2), packages=(DHL, attrs.evolve(DHL, tracking_number="D2"))), **ours))
    done(announced(shop, notice((11, 1), packages=(UPS,), key="n-2"), **ours))
    done(corrected(shop, notice((11, 1), key="n-2"), (UPS,), **ours))
    reported(shop, "Delivered", delivered=True, key="r", **ours)
    noted(shop, Note(key="k", text="Hi"))
    refunded(shop, gives_money=True, restock=True, shipping=eur("2.00"))
    for status in ("SUBMITTED", "ACCEPTED", "CANCELLATION_REQUESTED"):
        other = Shop(service="ours")
        other.work(30, (10, 2), request=status)
        canceled(other, **ours)
        shop.asked += other.asked
    other = Shop()
    other.job = {"done": True, "status": "FAILED", "errors": []}
    other.work(30, (10, 2))
    reported(other, "Working on")
    canceled(other)
    shop.asked += other.asked
    return shop


def test_everything_that_is_sent_is_of_the_types_that_shopify_wants() -> None:
    path = Path(__file__).parents[1].parent / "shared/shopify/admin-trimmed.graphql"
    if not path.exists():
        pytest.skip("no schema here")
    schema = graphql.build_schema(path.read_text())
    sent = everything().asked
    assert {"Ship", "Mark", "Track", "Accept", "Report", "Delivered", "PutNote", "Refund", "Cancel"} <= {
        each["operationName"] for each in sent
    }
    for each in sent:
        (operation,) = (
            part
            for part in graphql.parse(each["query"]).definitions
            if isinstance(part, graphql.OperationDefinitionNode)
        )
        found = values.get_variable_values(schema, operation.variable_definitions, each["variables"])
        assert isinstance(found, dict), (each["operationName"], found)
        known = {part.variable.name.value for part in operation.variable_definitions}
        assert each["variables"].keys() <= known


def test_our_remarks_are_not_the_shoppers_words() -> None:
    """What stands in the note may go on to suppliers."""
    body = {"data": {"order": order(note="Please ring\n[ob:k] call the warehouse")}}
    (found,) = adapter().decode_orders(json.dumps(body).encode())
    assert isinstance(found, Order)
    assert found.note == "Please ring"
