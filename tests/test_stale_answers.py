"""People who answer late: by then something newer is under way, or a call of before may still arrive."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import orderbridge as ob
from both_sides import Sides, codes, only_purchase
from doubtful_supplier import DoubtfulSupplier, Mode, platform_name
from mall_supplier import BUYER, Mall
from orderbridge import Fulfillment, Payment, ReviewCode, SkuPrefix
from orderbridge._engine_doubt import wait
from orderbridge._http import Call
from orderbridge.adapters import Park, Response
from orderbridge.errors import ConfigurationError
from orderbridge.sandbox.faults import Fault
from test_mall import PAYS, purchases, street

SOON = 0.1  # hours: the order is pulled and tried, and nothing is looked at a second time


def answers(mall: Mall, method: str, where: str, answer: Callable[[], Response]) -> None:
    """The next call there gets this answer, and the mall does not hear of it."""
    handle, left = mall.handle, [answer]

    def instead(call: Call, now: datetime) -> Response:
        there = call.method == method and call.url.partition("?")[0].endswith(where)
        return left.pop()() if there and left else handle(call, now)

    mall.handle = instead  # type: ignore[method-assign]


def refuses(mall: Mall, where: str) -> None:
    answers(mall, "POST", where, lambda: Response(409))


def question(bridge: ob.Bridge, code: ReviewCode) -> ob.Review:
    (review,) = [review for review in bridge.reviews() if review.code is code]
    return review


# --- what was refused first, and is tried again since --------------------------------------------


def test_a_refusal_answered_with_retry_orders_nothing_while_a_newer_try_is_in_doubt() -> None:
    with street() as here:
        refuses(here.mall, "/orders")
        bridge = here.bridge()
        order_id = here.sold(bridge, "a-1", hours=SOON)
        refused = question(bridge, ReviewCode.REFUSED)
        here.plan.meet("POST", "/orders", Fault.LATE)
        bridge.place(checkout=bridge.check_out(order_id).digest)
        in_doubt = only_purchase(bridge, order_id)
        assert in_doubt.fulfillment is Fulfillment.IN_DOUBT
        bridge.resolve(refused.id, "retry")
        assert only_purchase(bridge, order_id).op_no == in_doubt.op_no
        here.sides.live(bridge, hours=3)
        assert len(here.mall.orders) == 1
        assert only_purchase(bridge, order_id).fulfillment is Fulfillment.PLACED
        assert codes(bridge) == []


def test_a_cancel_that_was_refused_is_not_tried_again_while_a_payment_is_in_doubt() -> None:
    with street() as here:
        bridge = here.bridge(buyer=BUYER)
        order_id = here.sold(bridge, "a-1", hours=SOON)
        (record,) = purchases(bridge, order_id)
        refuses(here.mall, "/cancel")
        bridge.cancel_purchase(record.po.id)
        refused = question(bridge, ReviewCode.REFUSED)
        here.plan.meet("POST", "/pay", Fault.LATE)
        assert bridge.pay(record.po.id).payment is Payment.IN_DOUBT
        with pytest.raises(ConfigurationError, match="a payment may still be under way"):
            bridge.resolve(refused.id, "retry")
        here.sides.live(bridge, hours=3)
        assert len(here.mall.payments) == 1
        assert only_purchase(bridge, order_id).payment is Payment.PAID
        assert here.mall.orders["M1"]["state"] == "PLACED"


def test_a_refusal_is_no_question_any_more_once_the_order_stands() -> None:
    """Accepting its price has it followed: nothing older holds it back."""
    with street() as here:
        here.mall.surcharge = Decimal(1)
        refuses(here.mall, "/orders")
        bridge = here.bridge(policy=PAYS, buyer=BUYER)
        order_id = here.sold(bridge, "a-1", hours=SOON)
        assert codes(bridge) == ["REFUSED"]
        bridge.place(checkout=bridge.check_out(order_id).digest)
        here.sides.live(bridge)
        assert codes(bridge) == ["PRICE"]
        bridge.resolve(question(bridge, ReviewCode.PRICE).id, "accept")
        here.mall.orders["M1"]["state"] = "SHIPPED"
        here.sides.live(bridge, hours=72)
        assert only_purchase(bridge, order_id).fulfillment is Fulfillment.SHIPPED


# --- what was not so when the question was asked -------------------------------------------------


def test_an_amount_that_nobody_was_shown_is_not_accepted_with_the_one_before() -> None:
    with street() as here:
        here.mall.surcharge = Decimal(1)
        bridge = here.bridge(policy=PAYS, buyer=BUYER)
        here.sold(bridge, "a-1")
        shown = question(bridge, ReviewCode.PRICE)
        assert "13.00 EUR" in shown.evidence
        here.mall.orders["M1"]["total"] = "500"
        here.mall.changed.append("M1")
        here.sides.live(bridge, hours=4)
        bridge.resolve(shown.id, "accept")
        here.sides.live(bridge)
        assert here.mall.payments == []
        asked = question(bridge, ReviewCode.PRICE)
        assert "500.00 EUR" in asked.evidence
        bridge.resolve(asked.id, "accept")
        here.sides.live(bridge)
        assert [amount for _, amount, _ in here.mall.payments] == ["500"]


def test_a_cancel_that_is_decided_while_the_order_is_looked_at_is_not_lost(tmp_path: Path) -> None:
    with street() as here:
        file = tmp_path / "journal.db"
        worker, desk = here.bridge(journal=file), here.bridge(journal=file)
        order_id = here.sold(worker, "a-1")
        here.sides.shop.put_status(int(order_id.partition("/")[2]), "cancelled", here.sides.now())
        here.sides.live(worker, hours=0.2)
        decided: list[ob.Review] = []

        def decide() -> None:
            review = question(desk, ReviewCode.CANCELED_AFTER_PLACING)
            decided.append(desk.resolve(review.id, "cancel"))

        here.plan.before("GET", "/orders/M1", decide)
        here.sides.live(worker, hours=4)
        assert len(decided) == 1
        assert here.mall.orders["M1"]["state"] == "CANCELED"
        assert only_purchase(worker, order_id).fulfillment is Fulfillment.CANCELED


def test_what_was_unclear_about_paying_is_no_question_once_the_supplier_has_canceled_it_unpaid() -> None:
    with street() as here:
        here.mall.unclear = True
        bridge = here.bridge()
        order_id = here.sold(bridge, "a-1")
        (record,) = purchases(bridge, order_id)
        bridge.pay(record.po.id, buyer=BUYER)
        here.sides.live(bridge, hours=2)
        assert codes(bridge) == ["UNCLEAR"]
        here.mall.move("M1", "CANCELED")
        here.sides.live(bridge, hours=24)
        assert codes(bridge) == ["CANCELED_BY_SUPPLIER"]
        assert only_purchase(bridge, order_id).waits == ""
        assert any("unpaid" in step.words for step in bridge.timeline(order_id))


def test_a_question_about_a_price_closes_when_the_supplier_asks_the_agreed_one_again() -> None:
    with street() as here:
        here.mall.surcharge = Decimal(1)
        bridge = here.bridge(policy=PAYS, buyer=BUYER)
        order_id = here.sold(bridge, "a-1")
        assert codes(bridge) == ["PRICE"]
        po_id = only_purchase(bridge, order_id).po.id
        bridge._setup.journal.transact(
            lambda tx: tx.open_review(
                ob.ReviewCode.PACKING,
                about=po_id,
                evidence="a card",
                decisions=("ignore",),
                at=here.sides.now(),
                order_id=order_id,
            )
        )
        for total in ("500", "12"):
            here.mall.orders["M1"]["total"] = total
            here.mall.changed.append("M1")
            here.sides.live(bridge, hours=4)
        assert codes(bridge) == ["PACKING"], "which keeps no money back"
        assert only_purchase(bridge, order_id).payment is Payment.PAID
        assert [amount for _, amount, _ in here.mall.payments] == ["12"]


# --- what may still arrive -----------------------------------------------------------------------


def test_nobody_says_which_order_it_is_while_the_call_that_orders_it_may_still_arrive() -> None:
    with street() as here:
        bridge = here.bridge()
        here.plan.meet("POST", "/orders", Fault.LATE)
        order_id = here.sold(bridge, "a-1", hours=0.01)
        record = only_purchase(bridge, order_id)
        assert record.fulfillment is Fulfillment.IN_DOUBT
        with pytest.raises(ConfigurationError, match="may still arrive; say so after"):
            bridge.found(record.po.id, supplier_ref="M9")
        here.sides.live(bridge)
        assert list(here.mall.orders) == ["M1"]
        assert only_purchase(bridge, order_id).po.supplier_ref == "M1"


def test_saying_place_does_not_hurry_a_call_that_can_only_be_parked() -> None:
    """Such a call bears nothing that it could be found by: a second one beside it is a second order."""
    with Sides() as sides:
        supplier = DoubtfulSupplier(mode=Mode.NEITHER)
        url = sides.serve(supplier, sides.warehouse_plan)
        platform = platform_name(Mode.NEITHER, "call")
        account = ob.supplier("doubtful", platform=platform, settings={"base_url": url})
        rules = (SkuPrefix(prefix="RW-", supplier="doubtful"),)
        bridge = sides.bridge(suppliers=[account], rules=rules)
        sides.warehouse_plan.meet("POST", "/orders", Fault.REQUEST_LOST)
        order_id = sides.sell({"RW-A": 1})
        sides.live(bridge, hours=0.03)
        bridge.resolve(question(bridge, ReviewCode.PARKED).id, "retry")
        record = only_purchase(bridge, order_id)
        bridge.place(record.po.id)
        assert supplier.made == []
        sides.live(bridge, hours=3)
        assert len(supplier.made) == 1


def test_who_is_sent_goods_that_were_paid_at_the_second_try_can_be_forgotten() -> None:
    """The first payment came to nothing, as a person said: no call about the shopper is in doubt."""
    with street() as here:
        here.mall.unclear = True
        bridge = here.bridge()
        order_id = here.sold(bridge, "a-1")
        (record,) = purchases(bridge, order_id)
        bridge.pay(record.po.id, buyer=BUYER)
        here.sides.live(bridge, hours=2)
        here.mall.unclear = False
        bridge.resolve(question(bridge, ReviewCode.UNCLEAR).id, "retry")
        assert bridge.pay(record.po.id, buyer=BUYER).payment is Payment.PAID
        here.mall.move("M1", "COMPLETED")
        here.sides.live(bridge, hours=24)
        assert bridge.forget(order_id)


def test_a_refusal_is_no_question_once_nobody_wants_it() -> None:
    with street() as here:
        refuses(here.mall, "/orders")
        bridge = here.bridge()
        order_id = here.sold(bridge, "a-1", hours=SOON)
        assert codes(bridge) == ["REFUSED"]
        here.sides.shop.put_status(int(order_id.partition("/")[2]), "cancelled", here.sides.now())
        here.sides.live(bridge)
        assert only_purchase(bridge, order_id).fulfillment is Fulfillment.CANCELED
        assert codes(bridge) == []


def test_a_call_of_which_nobody_can_tell_may_arrive_as_late_as_its_adapter_says() -> None:
    """For a payment that a person retries it counted for nothing: the first could arrive beside it."""
    assert wait(Park(late=timedelta(hours=1))) - wait(Park(late=timedelta(0))) == 3600
