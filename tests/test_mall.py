"""Suppliers of many sellers: parts, quotes, agreed prices, paying as somebody, taking back, changes."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

import orderbridge as ob
from both_sides import Plan, Sides, Watched, codes
from mall_supplier import BUYER, Mall
from orderbridge import Fulfillment, Money, Payment, SkuPrefix
from orderbridge._clockwork import Clockwork
from orderbridge._intents import Subject
from orderbridge.errors import ConfigurationError
from orderbridge.sandbox.faults import Fault

RULES = (SkuPrefix(prefix="RW-", supplier="mall"),)
PLACES = ob.Policy(place=ob.Who.AUTOMATIC, pull_every=timedelta(minutes=30))
PAYS = ob.Policy(place=ob.Who.AUTOMATIC, pay=ob.Who.AUTOMATIC)


@attrs.define
class Street:
    sides: Sides
    mall: Mall
    seen: Watched
    plan: Plan
    url: str

    def bridge(self, **changes: Any) -> ob.Bridge:
        account = ob.supplier("mall", platform="mall", settings={"base_url": self.url})
        return self.sides.bridge(**{"suppliers": [account], "rules": RULES, "policy": PLACES, **changes})

    def sold(self, bridge: ob.Bridge, *remote_ids: str, hours: float = 1.0) -> str:
        order_id = self.sides.sell({f"RW-{remote_id}": 1 for remote_id in remote_ids})
        self.sides.live(bridge, hours)
        return order_id


@contextmanager
def street(clock: Clockwork | None = None) -> Iterator[Street]:
    with Sides(clock=clock) as sides:
        mall, plan = Mall(), Plan()
        seen = Watched(mall)
        yield Street(sides, mall, seen, plan, sides.serve(seen, plan))


def purchases(bridge: ob.Bridge, order_id: str) -> tuple[ob.PurchaseRecord, ...]:
    found = bridge.order(order_id)
    assert found is not None
    return found.purchases


def test_each_seller_gets_an_order_of_its_own_with_the_cheapest_way_of_sending() -> None:
    with street() as here:
        bridge = here.bridge()
        order_id = here.sold(bridge, "a-1", "b-1", "a-2")
        assert sorted(sorted(order["units"]) for order in here.mall.orders.values()) == [
            ["a-1", "a-2"],
            ["b-1"],
        ]
        assert {order["carrier"] for order in here.mall.orders.values()} == {"slow"}
        assert {p.po.part for p in purchases(bridge, order_id)} == {"a", "b"}
        assert {str(p.agreed) for p in purchases(bridge, order_id)} == {"22 EUR", "12 EUR"}
        asked = here.mall.asked.count("GET /sellers")
        here.sold(bridge, "a-1", "b-1")
        assert here.mall.asked.count("GET /sellers") == asked
        assert codes(bridge) == []


def test_what_nobody_sells_waits_for_a_link_and_holds_up_nothing_else() -> None:
    with street() as here:
        bridge = here.bridge()
        order_id = here.sold(bridge, "none-1", "a-1")
        (record,) = purchases(bridge, order_id)
        assert record.fulfillment is Fulfillment.PLACED
        assert codes(bridge) == ["SHORTFALL"]
        view = bridge.order(order_id)
        assert view is not None
        assert view.in_quote
        line = next(line for line in view.record.order.lines if line.sku == "RW-none-1")
        bridge.link(ob.ProductLink(store="shop", key=line.link_key, supplier="mall", remote_id="b-9"))
        here.sides.live(bridge)
        assert {p.po.part for p in purchases(bridge, order_id)} == {"a", "b"}


def test_what_nobody_sold_for_a_moment_is_asked_about_and_goes_on() -> None:
    with street() as here:
        bridge = here.bridge()
        order_id = here.sold(bridge, "none-1")
        (review,) = bridge.reviews()
        assert review.code is ob.ReviewCode.SHORTFALL
        assert "none-1" in review.evidence
        here.mall.sold_again.add("none-1")
        bridge.resolve(review.id, "retry")
        here.sides.live(bridge)
        assert [p.fulfillment for p in purchases(bridge, order_id)] == [Fulfillment.PLACED]
        assert codes(bridge) == []


def test_what_nobody_sells_is_asked_for_again_daily_and_ordered_once_it_is_sold() -> None:
    with street() as here:
        bridge = here.bridge()
        order_id = here.sold(bridge, "none-1", "a-1", hours=12)
        asked = here.mall.asked.count("GET /sellers")
        here.sides.live(bridge, hours=72)
        assert here.mall.asked.count("GET /sellers") == asked + 3
        assert codes(bridge) == ["SHORTFALL"]
        here.mall.sold_again.add("none-1")
        here.sides.live(bridge, hours=24)
        assert sorted(str(order["units"]) for order in here.mall.orders.values()) == [
            "{'a-1': '1'}",
            "{'none-1': '1'}",
        ]
        assert codes(bridge) == []
        assert {p.fulfillment for p in purchases(bridge, order_id)} == {Fulfillment.PLACED}
        asked = here.mall.asked.count("GET /sellers")
        here.sides.live(bridge, hours=72)
        assert here.mall.asked.count("GET /sellers") == asked


def test_what_nobody_sells_and_somebody_let_be_is_not_asked_of_people_again() -> None:
    with street() as here:
        bridge = here.bridge()
        here.sold(bridge, "none-1")
        bridge.resolve(bridge.reviews()[0].id, "ignore")
        here.sides.live(bridge, hours=72)
        assert codes(bridge) == []
        here.mall.sold_again.add("none-1")
        here.sides.live(bridge, hours=24)
        assert len(here.mall.orders) == 1


def test_a_look_up_that_does_not_tell_is_believed_three_times_and_no_more() -> None:
    with street() as here:
        here.mall.forgetful = True
        here.plan.meet("POST", "/orders", Fault.ERROR_AFTER, times=99)
        bridge = here.bridge()
        here.sold(bridge, "a-1", hours=24)
        assert len(here.mall.orders) == 3
        assert codes(bridge) == ["PARKED"]


def test_nothing_is_paid_by_itself_for_what_the_shop_has_put_on_hold() -> None:
    with street() as here:
        here.plan.meet("POST", "/pay", Fault.NOT_CONNECTED, times=2)
        bridge = here.bridge(policy=PAYS, buyer=BUYER)
        order_id = here.sold(bridge, "a-1", hours=0.01)
        here.sides.shop.put_status(int(order_id.partition("/")[2]), "on-hold", here.sides.now())
        here.sides.live(bridge, hours=24)
        assert here.mall.payments == []


def test_sellers_that_cannot_be_asked_now_are_asked_again() -> None:
    with street() as here:
        here.plan.meet("GET", "/sellers", Fault.ERROR_BEFORE, times=5)
        bridge = here.bridge()
        order_id = here.sold(bridge, "a-1", hours=5)
        assert [p.fulfillment for p in purchases(bridge, order_id)] == [Fulfillment.PLACED]


def test_what_is_sold_out_waits_and_is_said() -> None:
    with street() as here:
        here.mall.gone.add("a-1")
        bridge = here.bridge()
        order_id = here.sold(bridge, "a-1")
        assert here.mall.orders == {}
        assert codes(bridge) == ["SHORTFALL"]
        here.mall.gone.clear()
        here.sides.live(bridge)
        assert [p.fulfillment for p in purchases(bridge, order_id)] == [Fulfillment.PLACED]
        assert codes(bridge) == []


def linked(here: Street, bridge: ob.Bridge, cost: str) -> str:
    order_id = here.sides.sell({"NEW-1": 2})
    here.sides.live(bridge)
    view = bridge.order(order_id)
    assert view is not None
    key = view.record.order.lines[0].link_key
    bridge.link(
        ob.ProductLink(store="shop", key=key, supplier="mall", remote_id="a-1", cost=Money.parse(cost))
    )
    here.sides.live(bridge)
    return order_id


def test_goods_dearer_than_their_links_say_are_not_ordered_before_a_person_accepts() -> None:
    with street() as here:
        bridge = here.bridge()
        linked(here, bridge, "9.99 EUR")
        assert here.mall.orders == {}
        (review,) = bridge.reviews()
        assert review.code is ob.ReviewCode.PRICE
        assert "20.00 EUR" in review.evidence
        bridge.resolve(review.id, "accept")
        here.sides.live(bridge)
        assert len(here.mall.orders) == 1


def test_a_person_who_says_place_again_has_not_accepted_the_price() -> None:
    with street() as here:
        bridge = here.bridge(policy=PAYS, buyer=BUYER)
        order_id = linked(here, bridge, "9.99 EUR")
        (record,) = purchases(bridge, order_id)
        with pytest.raises(ConfigurationError, match="answer its review first"):
            bridge.place(record.po.id)
        bridge.resolve(bridge.reviews()[0].id, "ignore")
        with pytest.raises(ConfigurationError, match="check out first"):
            bridge.place(record.po.id)
        here.sides.live(bridge)
        assert (here.mall.orders, here.mall.payments) == ({}, [])
        bridge.place(checkout=bridge.check_out(record.po.id).digest)
        here.sides.live(bridge)
        assert len(here.mall.orders) == 1


def test_a_price_that_somebody_let_be_is_asked_about_again_before_it_is_paid() -> None:
    with street() as here:
        here.mall.surcharge = Decimal(1)
        bridge = here.bridge(policy=PLACES)
        order_id = here.sold(bridge, "a-1")
        (record,) = purchases(bridge, order_id)
        bridge.resolve(bridge.reviews()[0].id, "ignore")
        with pytest.raises(ConfigurationError, match="answer its review first"):
            bridge.pay(record.po.id, buyer=BUYER)
        bridge.resolve(bridge.reviews()[0].id, "accept")
        assert bridge.pay(record.po.id, buyer=BUYER).payment is Payment.PAID


def test_what_was_asked_about_and_has_changed_since_goes_its_way_anew() -> None:
    with street() as here:
        bridge = here.bridge()
        order_id = here.sides.sell({"NEW-1": 2})
        here.sides.live(bridge, hours=0.1)
        view = bridge.order(order_id)
        assert view is not None
        key = view.record.order.lines[0].link_key
        cost = Money.parse("9.99 EUR")
        bridge.link(ob.ProductLink(store="shop", key=key, supplier="mall", remote_id="a-1", cost=cost))
        here.sides.live(bridge, hours=0.1)
        assert codes(bridge) == ["PRICE"]
        here.mall.price = Decimal(9)
        here.sides.shop.refund(
            int(order_id.partition("/")[2]),
            now=here.sides.now(),
            lines=[{"id": 1, "quantity": 1, "refund_total": "10.00"}],
        )
        here.sides.live(bridge)
        assert [order["units"] for order in here.mall.orders.values()] == [{"a-1": "1"}]
        assert codes(bridge) == []


def test_a_drift_within_the_policy_is_let_pass() -> None:
    with street() as here:
        bridge = here.bridge(policy=attrs.evolve(PLACES, price_drift=Decimal("0.01")))
        linked(here, bridge, "9.99 EUR")
        assert len(here.mall.orders) == 1


@pytest.mark.parametrize(("surcharge", "paid"), [("0.00", 1), ("0.01", 0), ("-1", 1)])
def test_an_order_that_costs_more_than_quoted_by_a_cent_is_not_paid(surcharge: str, paid: int) -> None:
    with street() as here:
        here.mall.surcharge = Decimal(surcharge)
        bridge = here.bridge(policy=PAYS, buyer=BUYER)
        order_id = here.sold(bridge, "a-1")
        assert len(here.mall.payments) == paid
        assert codes(bridge) == ([] if paid else ["PRICE"])
        if not paid:
            (record,) = purchases(bridge, order_id)
            with pytest.raises(ConfigurationError, match=r"12\.01 EUR, and 12\.00 EUR was agreed"):
                bridge.pay(record.po.id)
            bridge.resolve(bridge.reviews()[0].id, "accept")
            here.sides.live(bridge)
            assert [amount for _, amount, _ in here.mall.payments] == ["12.01"]


def test_a_price_that_rises_between_quote_and_order_is_asked_for_again() -> None:
    with street() as here:
        bridge = here.bridge(policy=ob.Policy())
        order_id = here.sold(bridge, "a-1")
        (record,) = purchases(bridge, order_id)
        here.plan.meet("GET", "/orders", Fault.ERROR_BEFORE, times=24)
        bridge.place(checkout=bridge.check_out(record.po.id).digest)
        here.mall.price = Decimal(11)
        here.sides.live(bridge)
        assert here.mall.orders == {}
        assert codes(bridge) == ["PRICE"]


def test_who_pays_reaches_the_supplier_and_stays_nowhere(tmp_path: Path) -> None:
    with street() as here:
        file = tmp_path / "journal.db"
        bridge = here.bridge(policy=PAYS, buyer=BUYER, journal=file)
        here.sold(bridge, "a-1")
        assert [ip for _, _, ip in here.mall.payments] == [BUYER.ip]
        bridge.close()
        text = "\n".join(sqlite3.connect(file).iterdump())
        assert BUYER.ip not in text
        assert BUYER.user_agent not in text
        assert BUYER.ip not in repr(BUYER)


def test_nobody_pays_as_nobody() -> None:
    with street() as here:
        with pytest.raises(ConfigurationError, match="asks who pays"):
            here.bridge(policy=PAYS)
        bridge = here.bridge()
        order_id = here.sold(bridge, "a-1")
        (record,) = purchases(bridge, order_id)
        with pytest.raises(ConfigurationError, match="BuyerContext"):
            bridge.pay(record.po.id)
        assert bridge.pay(record.po.id, buyer=BUYER).payment is Payment.PAID
        bridge.pay(record.po.id, buyer=BUYER)
        assert len(here.mall.payments) == 1


def test_a_first_payment_by_hand_is_done_at_the_page_that_the_refusal_names() -> None:
    with street() as here:
        here.mall.first_payment_by_hand = True
        bridge = here.bridge()
        order_id = here.sold(bridge, "a-1")
        (record,) = purchases(bridge, order_id)
        page = bridge.pay(record.po.id, buyer=BUYER)
        assert (page.payment, page.page) == (Payment.FAILED, "https://mall.example/pay/M1")
        here.mall.orders["M1"]["paid"] = True
        here.sides.live(bridge)
        assert purchases(bridge, order_id)[0].payment is Payment.PAID


def test_a_lost_answer_to_a_payment_that_nobody_can_repeat_goes_to_a_person_and_is_followed() -> None:
    with street() as here:
        bridge = here.bridge()
        order_id = here.sold(bridge, "a-1")
        (record,) = purchases(bridge, order_id)
        here.plan.meet("POST", "/pay", Fault.ANSWER_LOST)
        bridge.pay(record.po.id, buyer=BUYER)
        here.sides.live(bridge, hours=3)
        assert purchases(bridge, order_id)[0].payment is Payment.PAID
        assert len(here.mall.payments) == 1


def test_a_payment_that_was_unclear_is_made_again_once_a_person_says_so_and_nothing_can_arrive() -> None:
    with street() as here:
        here.mall.unclear = True
        bridge = here.bridge()
        order_id = here.sold(bridge, "a-1")
        (record,) = purchases(bridge, order_id)
        bridge.pay(record.po.id, buyer=BUYER)
        here.sides.live(bridge, hours=0.1)
        (review,) = bridge.reviews()
        assert review.code is ob.ReviewCode.UNCLEAR
        with pytest.raises(ConfigurationError, match="may still arrive"):
            bridge.resolve(review.id, "retry")
        here.sides.live(bridge, hours=2)
        here.mall.unclear = False
        bridge.resolve(review.id, "retry")
        assert bridge.pay(record.po.id, buyer=BUYER).payment is Payment.PAID
        assert len(here.mall.payments) == 1


def test_a_payment_request_that_was_lost_asks_who_pays_before_it_is_sent_again() -> None:
    with street() as here:
        bridge = here.bridge()
        order_id = here.sold(bridge, "a-1")
        (record,) = purchases(bridge, order_id)
        here.plan.meet("POST", "/pay", Fault.REQUEST_LOST)
        bridge.pay(record.po.id, buyer=BUYER)
        here.sides.live(bridge, hours=3)
        assert here.mall.payments == []
        assert codes(bridge) == ["UNCLEAR"]
        here.sides.live(bridge)
        bridge.pay(record.po.id, buyer=BUYER)
        here.sides.live(bridge, hours=3)
        assert len(here.mall.payments) <= 1


def test_an_unpaid_order_is_taken_back_once_and_ordered_anew_only_if_a_person_says_so() -> None:
    with street() as here:
        bridge = here.bridge()
        order_id = here.sold(bridge, "a-1")
        (record,) = purchases(bridge, order_id)
        assert bridge.cancel_purchase(record.po.id).fulfillment is Fulfillment.CANCELED
        here.sides.live(bridge)
        assert [order["state"] for order in here.mall.orders.values()] == ["CANCELED"]
        (review,) = bridge.reviews()
        assert review.code is ob.ReviewCode.CANCELED_BY_SUPPLIER
        bridge.resolve(review.id, "retry")
        here.sides.live(bridge)
        assert [order["state"] for order in here.mall.orders.values()] == ["CANCELED", "PLACED"]


def test_what_the_supplier_will_not_take_back_goes_on_as_before() -> None:
    with street() as here:
        bridge = here.bridge(policy=PAYS, buyer=BUYER)
        order_id = here.sold(bridge, "a-1")
        (record,) = purchases(bridge, order_id)
        assert bridge.cancel_purchase(record.po.id).fulfillment is Fulfillment.PLACED
        assert codes(bridge) == ["REFUSED"]
        here.mall.move("M1", "SHIPPED")
        here.sides.live(bridge)
        assert purchases(bridge, order_id)[0].fulfillment is Fulfillment.SHIPPED


@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.REQUEST_LOST, Fault.ERROR_AFTER])
def test_taking_back_survives_a_lost_call(fault: Fault) -> None:
    with street() as here:
        bridge = here.bridge()
        order_id = here.sold(bridge, "a-1")
        (record,) = purchases(bridge, order_id)
        here.plan.meet("POST", "/cancel", fault)
        bridge.cancel_purchase(record.po.id)
        here.sides.live(bridge, hours=3)
        assert purchases(bridge, order_id)[0].fulfillment is Fulfillment.CANCELED
        assert here.mall.orders["M1"]["state"] == "CANCELED"


def test_an_order_that_the_shopper_canceled_is_taken_back_if_a_person_says_so() -> None:
    with street() as here:
        bridge = here.bridge()
        order_id = here.sold(bridge, "a-1")
        here.sides.shop.put_status(int(order_id.partition("/")[2]), "cancelled", here.sides.now())
        here.sides.live(bridge)
        (review,) = bridge.reviews()
        assert review.code is ob.ReviewCode.CANCELED_AFTER_PLACING
        bridge.resolve(review.id, "cancel")
        here.sides.live(bridge)
        assert here.mall.orders["M1"]["state"] == "CANCELED"
        assert codes(bridge) == []


def test_a_list_of_changes_has_them_read_at_once_and_the_others_left_alone() -> None:
    with street() as here:
        bridge = here.bridge()
        ids = [here.sold(bridge, "a-1") for _ in range(4)]
        here.sides.live(bridge)
        before = here.mall.asked.count("GET /orders/M1")
        for ref in ("M2", "M3", "M4", "M77"):
            here.mall.move(ref, "PREPARING") if ref in here.mall.orders else here.mall.changed.append(ref)
        here.sides.live(bridge, hours=0.5)
        states = [purchases(bridge, order_id)[0].fulfillment for order_id in ids]
        assert states == [Fulfillment.PLACED, *[Fulfillment.PREPARING] * 3]
        assert here.mall.asked.count("GET /orders/M1") == before


def test_a_push_of_the_supplier_finds_its_order_under_whichever_account_it_was_sent_to() -> None:
    with street() as here:
        second = ob.supplier("other", platform="mall", settings={"base_url": here.sides.serve(Mall())})
        first = ob.supplier("mall", platform="mall", settings={"base_url": here.url})
        bridge = here.bridge(suppliers=[first, second])
        order_id = here.sold(bridge, "a-1")
        here.mall.orders["M1"]["state"] = "READY"
        assert bridge.receive("other", method="POST", path="/", headers={}, body=b"M1").status == 200
        bridge.run_once()
        assert purchases(bridge, order_id)[0].fulfillment is Fulfillment.READY


def test_both_faces_pay_and_take_back_alike() -> None:
    with street(Clockwork()) as here:
        account = ob.supplier("mall", platform="mall", settings={"base_url": here.url})
        parts = here.sides.parts(suppliers=[account], rules=RULES, policy=PLACES)

        async def work() -> None:
            async with ob.AsyncBridge(**parts) as bridge:
                for sku in ("RW-a-1", "RW-b-1"):
                    here.sides.sell({sku: 1})
                await bridge.run_once()
                found = [p for view in await bridge.orders() for p in view.purchases]
                paid, back = (record.po.id for record in found)
                assert (await bridge.pay(paid, buyer=BUYER)).payment is Payment.PAID
                assert (await bridge.cancel_purchase(back)).fulfillment is Fulfillment.CANCELED

        asyncio.run(work())
        assert len(here.mall.payments) == 1


def test_a_person_says_which_of_the_suppliers_orders_it_is() -> None:
    with street() as here:
        bridge = here.bridge(policy=ob.Policy())
        first, second = here.sold(bridge, "a-1"), here.sold(bridge, "a-1")
        one, other = (purchases(bridge, order_id)[0].po.id for order_id in (first, second))
        here.mall.orders["M1"] = {
            "reference": "made by hand",
            "units": {"a-1": "1"},
            "carrier": "slow",
            "ref": "M1",
            "total": "12",
            "currency": "EUR",
            "paid": True,
            "state": "READY",
        }
        record = bridge.found(one, supplier_ref="M1")
        assert (record.fulfillment, record.payment) == (Fulfillment.READY, Payment.PAID)
        assert bridge.found(one, supplier_ref="M1").po.supplier_ref == "M1"
        with pytest.raises(ConfigurationError, match="there already"):
            bridge.found(one, supplier_ref="M2")
        with pytest.raises(ConfigurationError, match="is another purchase order"):
            bridge.found(other, supplier_ref="M1")
        with pytest.raises(ConfigurationError, match="own id"):
            bridge.found(other, supplier_ref=" ")
        assert len(here.mall.orders) == 1


def test_what_is_not_sold_is_no_question_once_nobody_wants_it() -> None:
    with street() as here:
        bridge = here.bridge()
        order_id = here.sold(bridge, "none-1")
        assert codes(bridge) == ["SHORTFALL"]
        here.sides.shop.put_status(int(order_id.partition("/")[2]), "cancelled", here.sides.now())
        here.sides.live(bridge)
        assert codes(bridge) == []


def test_one_part_of_a_kit_that_is_sold_says_nothing_of_the_others() -> None:
    with street() as here:
        bridge = here.bridge()
        order_id = here.sold(bridge, "none-0")
        view = bridge.order(order_id)
        assert view is not None
        line = view.record.order.lines[0]
        for remote_id in ("none-1", "z-9"):
            bridge.link(ob.ProductLink(store="shop", key=line.link_key, supplier="mall", remote_id=remote_id))
        here.sides.live(bridge)
        assert codes(bridge) == ["SHORTFALL"]
        (review,) = bridge.reviews()
        assert "none-1" in review.evidence


def test_a_question_that_stands_is_told_once() -> None:
    """However often it is tried again."""
    with street() as here:
        bridge = here.bridge(policy=attrs.evolve(PAYS, limit_per_order=(Money.of(1, "EUR"),)), buyer=BUYER)
        order_id = here.sold(bridge, "a-1", hours=6)
        assert codes(bridge) == ["LIMIT"]
        told = [each for each in bridge.history(order_id) if each.kind == "ReviewOpened"]
        assert len(told) == 1


def test_progress_that_is_to_be_shown_again_is_not_forgotten_when_the_order_changes(tmp_path: Path) -> None:
    with street() as here:
        bridge = here.bridge()
        order_id = here.sold(bridge, "a-1")
        again_at = here.sides.now() + timedelta(hours=30)
        journal = bridge._setup.journal
        journal.transact(lambda tx: tx.put_progress(order_id, shown=None, next_at=again_at, failures=3))
        here.sides.shop.put_status(int(order_id.partition("/")[2]), "on-hold", here.sides.now())
        here.sides.live(bridge, 2)
        view = bridge.order(order_id)
        assert view is not None
        after = view.record
        assert after.version > 1
        assert after.next_at == again_at


def test_the_daily_look_at_an_account_that_shows_nothing_any_more_is_not_due_for_ever() -> None:
    with street() as here:
        bridge = here.bridge()
        here.sold(bridge, "a-1")
        now = here.sides.now()
        journal = bridge._setup.journal
        journal.transact(lambda tx: tx.wake(Subject.daily_look("mall"), now))
        here.sides.live(bridge, 2)
        assert Subject.daily_look("mall") not in bridge.due()
