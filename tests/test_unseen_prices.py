"""Nothing is paid at a price that nobody has seen: what a person agrees to is what stood before them."""

from __future__ import annotations

from decimal import Decimal

import pytest

import orderbridge as ob
from both_sides import codes
from mall_supplier import BUYER
from orderbridge import Fulfillment, Money, Policy, ReviewCode, Who
from orderbridge.errors import ConfigurationError
from orderbridge.sandbox.faults import Fault
from test_mall import Street, purchases, street

PAYS = Policy(pay=Who.AUTOMATIC)


def paid(here: Street) -> list[str]:
    """What the supplier was paid, order by order."""
    return [here.mall.orders[ref]["total"] for ref in here.mall.orders if here.mall.orders[ref]["paid"]]


def test_a_checkout_that_could_not_ask_the_price_is_not_placed() -> None:
    with street() as here:
        bridge = here.bridge(policy=PAYS, buyer=BUYER)
        order_id = here.sold(bridge, "a-1")
        here.plan.meet("POST", "/quotes", Fault.ERROR_BEFORE, times=9)
        checkout = bridge.check_out(order_id)
        assert checkout.items[0].total is None
        assert checkout.items[0].against
        with pytest.raises(ConfigurationError, match="nobody has seen"):
            bridge.place(checkout=checkout.digest)
        here.mall.price = Decimal(90000)
        here.sides.live(bridge, hours=3)
        assert here.mall.orders == {}


def asked_about_52(here: Street, bridge: ob.Bridge, order_id: str) -> ob.Review:
    """12 was agreed; while the order was held the price rose, and a person is asked."""
    shown = bridge.check_out(order_id)
    bridge.hold(order_id)
    bridge.place(checkout=shown.digest)
    here.mall.price = Decimal(50)
    here.sides.live(bridge, hours=1)
    bridge.release(order_id)
    here.sides.live(bridge, hours=1)
    (review,) = bridge.reviews()
    assert (review.code, review.amount) == (ReviewCode.PRICE, Money.parse("52 EUR"))
    return review


def test_accept_agrees_to_the_price_in_the_question_and_to_no_other() -> None:
    """Somebody looks at a dearer way to send it, before the question about the price is answered."""
    with street() as here:
        here.mall.fees["fast"] = Decimal(9000)
        bridge = here.bridge(policy=PAYS, buyer=BUYER)
        order_id = here.sold(bridge, "a-1")
        review = asked_about_52(here, bridge, order_id)
        here.plan.meet("POST", "/quotes", Fault.ERROR_BEFORE, times=3)
        (record,) = purchases(bridge, order_id)
        dear = bridge.check_out(order_id, shipping={record.po.id: "fast"})
        assert dear.items[0].total == Money.parse("9050 EUR")
        bridge.resolve(review.id, "accept")
        (record,) = purchases(bridge, order_id)
        assert record.agreed == Money.parse("52 EUR")
        here.sides.live(bridge, hours=3)
        assert [Decimal(total) for total in paid(here)] == [Decimal(52)]


def test_a_price_that_rose_again_since_the_question_is_asked_about_again() -> None:
    with street() as here:
        bridge = here.bridge(policy=PAYS, buyer=BUYER)
        order_id = here.sold(bridge, "a-1")
        review = asked_about_52(here, bridge, order_id)
        here.mall.price = Decimal(700)
        here.sides.clock.sleep(3600)
        bridge.resolve(review.id, "accept")
        here.sides.live(bridge, hours=3)
        assert here.mall.orders == {}
        (again,) = bridge.reviews()
        assert (again.code, again.amount) == (ReviewCode.PRICE, Money.parse("702 EUR"))


def test_to_look_at_another_way_to_send_it_chooses_nothing() -> None:
    """The policy places it by itself, the cheapest way, whatever somebody has looked at."""
    with street() as here:
        here.mall.fees["fast"] = Decimal(9000)
        policy = Policy(place=Who.AUTOMATIC, pay=Who.AUTOMATIC, price_drift=Decimal(0))
        bridge = here.bridge(policy=policy, buyer=BUYER)
        order_id = here.sides.sell({"RW-a-1": 1})
        bridge.pull("shop")
        bridge.hold(order_id)
        here.sides.live(bridge, hours=1)
        (record,) = purchases(bridge, order_id)
        assert bridge.check_out(order_id, shipping={record.po.id: "fast"}).totals == (
            Money.parse("9010 EUR"),
        )
        bridge.release(order_id)
        here.sides.live(bridge, hours=2)
        assert [order["carrier"] for order in here.mall.orders.values()] == ["slow"]
        assert [Decimal(total) for total in paid(here)] == [Decimal(12)]


def test_what_was_agreed_for_ten_is_not_agreed_for_the_one_that_is_left() -> None:
    with street() as here:
        bridge = here.bridge(policy=PAYS, buyer=BUYER)
        order_id = here.sides.sell({"RW-a-1": 10})
        here.sides.live(bridge, hours=0.2)
        shown = bridge.check_out(order_id)
        assert shown.totals == (Money.parse("102 EUR"),)
        bridge.hold(order_id)
        bridge.place(checkout=shown.digest)
        nine = {"id": 1, "quantity": 9, "refund_total": "90.00"}
        here.sides.shop.refund(int(order_id.partition("/")[2]), now=here.sides.now(), lines=[nine])
        here.mall.price = Decimal(100)
        here.sides.live(bridge, hours=1)
        bridge.release(order_id)
        here.sides.live(bridge, hours=1)
        assert here.mall.orders == {}
        assert "PRICE" in str(codes(bridge))
        (record,) = purchases(bridge, order_id)
        assert record.fulfillment is Fulfillment.TO_ORDER


def test_one_that_is_left_at_its_old_price_goes_without_a_question() -> None:
    with street() as here:
        bridge = here.bridge(policy=PAYS, buyer=BUYER)
        order_id = here.sides.sell({"RW-a-1": 10})
        here.sides.live(bridge, hours=0.2)
        shown = bridge.check_out(order_id)
        bridge.hold(order_id)
        bridge.place(checkout=shown.digest)
        nine = {"id": 1, "quantity": 9, "refund_total": "90.00"}
        here.sides.shop.refund(int(order_id.partition("/")[2]), now=here.sides.now(), lines=[nine])
        here.sides.live(bridge, hours=1)
        bridge.release(order_id)
        here.sides.live(bridge, hours=1)
        assert [Decimal(order["total"]) for order in here.mall.orders.values()] == [Decimal(12)]
        assert bridge.reviews() == ()


def test_an_old_checkout_that_is_placed_again_agrees_to_its_own_price_only() -> None:
    """A double click, after the price has risen and a person is being asked about it."""
    with street() as here:
        bridge = here.bridge(policy=PAYS, buyer=BUYER)
        order_id = here.sold(bridge, "a-1", hours=0.1)
        shown = bridge.check_out(order_id)
        bridge.hold(order_id)
        bridge.place(checkout=shown.digest)
        here.sides.clock.sleep(660)  # the quote is too old by then, the checkout is not
        here.mall.price = Decimal(50)
        bridge.release(order_id)
        bridge.run_once()
        assert [review.amount for review in bridge.reviews()] == [Money.parse("52 EUR")]
        bridge.place(checkout=shown.digest)
        here.sides.live(bridge, hours=1)
        assert here.mall.orders == {}
        assert [review.amount for review in bridge.reviews()] == [Money.parse("52 EUR")]


def test_a_question_about_goods_names_what_they_cost_with_their_way() -> None:
    with street() as here:
        here.mall.price, here.mall.fees = Decimal(12), {"slow": Decimal(9000)}
        bridge = here.bridge(policy=Policy(place=Who.AUTOMATIC, pay=Who.AUTOMATIC), buyer=BUYER)
        bridge.pull("shop")
        cost = Money.parse("10.00 EUR")
        bridge.link(
            ob.ProductLink(store="shop", key="sku:RW-a-1", supplier="mall", remote_id="a-1", cost=cost)
        )
        here.sold(bridge, "a-1")
        (review,) = bridge.reviews()
        assert review.amount == Money.parse("9012 EUR")
        assert "9012.00 EUR" in review.evidence
        assert here.mall.orders == {}
