"""What a person has let be is not asked again in the same words, though it is tried again by itself."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest

import orderbridge as ob
from both_sides import AUTOMATIC, Sides, codes
from mall_supplier import BUYER
from orderbridge import Money
from test_mall import PAYS, street


@pytest.fixture
def sides() -> Iterator[Sides]:
    with Sides() as made:
        yield made


def let_be(bridge: ob.Bridge) -> ob.Review:
    (review,) = bridge.reviews()
    bridge.resolve(review.id, "ignore")
    return review


def test_a_limit_that_was_let_be_is_not_asked_about_at_each_try() -> None:
    with street() as here:
        low = attrs.evolve(PAYS, limit_per_order=(Money.of(1, "EUR"),))
        bridge = here.bridge(policy=low, buyer=BUYER)
        here.sold(bridge, "a-1", hours=2)
        let_be(bridge)
        here.sides.live(bridge, hours=24)
        assert codes(bridge) == []
        assert here.mall.payments == []


def test_units_of_others_that_were_let_be_are_asked_about_when_they_are_others(sides: Sides) -> None:
    bridge = sides.bridge(policy=AUTOMATIC)
    sides.sell({"RW-100": 1})
    sides.warehouse.others_lock("101", 3, now=sides.now())
    sides.live(bridge, 1)
    assert let_be(bridge).code is ob.ReviewCode.FOREIGN_UNITS
    sides.sell({"RW-100": 1})
    sides.live(bridge, 24)
    assert codes(bridge) == []
    sides.warehouse.others_lock("101", 1, now=sides.now())
    sides.sell({"RW-100": 1})
    sides.live(bridge, 24)
    (again,) = bridge.reviews()
    assert again.evidence.startswith("4 of 101"), "they are more than a person has let be"


def test_a_shortfall_that_was_let_be_is_asked_about_when_something_has_changed(sides: Sides) -> None:
    bridge = sides.bridge(policy=AUTOMATIC)
    sides.sell({"RW-100": 999})
    sides.live(bridge, 1)
    review = let_be(bridge)
    assert review.code is ob.ReviewCode.SHORTFALL
    sides.live(bridge, 24)
    assert codes(bridge) == []
