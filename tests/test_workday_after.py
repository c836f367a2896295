"""After the order: cases, changes of mind, and the questions that only a person answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

import orderbridge as ob
from at_alibaba import MUG, Market, market_of
from both_sides import PrestaShopSides, Sides, codes
from brief import Bridged, cancel_in_shop, progress_in_shop, told
from orderbridge import CaseKind, CaseState, Money, Policy, ReviewCode, ShipmentLine
from orderbridge.errors import ConfigurationError
from orderbridge.sandbox.faults import Fault
from orderbridge.sandbox.rewix import ReturnStatus

PLACES = Policy(place=ob.Who.AUTOMATIC, pull_every=timedelta(minutes=30))
OLD, NEW = "Polna 7", "New Road 7"  # where the shop's shopper lives, and will
RARELY = Policy(place=ob.Who.AUTOMATIC, pull_every=timedelta(hours=6))


@pytest.fixture
def market(bridged: Bridged) -> Iterator[Market]:
    with market_of(bridged, Sides()) as made:
        yield made


def last(bridge: ob.Bridge, order_id: str) -> ob.PurchaseRecord:
    """The newest purchase order of an order."""
    return told(bridge, order_id).purchases[-1]


def the_review(bridge: ob.Bridge, code: ReviewCode) -> ob.Review:
    """The one question that is open."""
    (review,) = bridge.reviews()
    assert review.code is code, review
    assert review.evidence
    return review


def has_left(market: Market, bridge: ob.Bridge, *, units: int = 2) -> ob.PurchaseRecord:
    """Mugs from Alibaba that are paid and on their way, and whose number the shop shows."""
    order_id = market.sells(bridge, {MUG: units}, hours=0)
    bridge.pull("shop")
    market.live(bridge, 0.2)
    bridge.pay(last(bridge, order_id).po.id)
    market.alibaba.work(now=market.sides.now())
    market.alibaba.ship(market.ordered[-1].trade_id, "FX1", now=market.sides.now())
    market.live(bridge, 2)
    assert market.sides.shown(order_id) == ["FX1"]
    return last(bridge, order_id)


# --- 8: cases -----------------------------------------------------------------------------------------------


def test_a_refund_has_lines_amount_reason_and_evidence_and_goes_on_by_the_operators_word(
    market: Market,
) -> None:
    """Cases: refund (lines, amount, reason, evidence); progress; from the operator's word."""
    bridge = market.bridge(PLACES)
    record = has_left(market, bridge)
    wish: dict[str, Any] = {
        "kind": CaseKind.REFUND,
        "key": "chipped",
        "lines": [ShipmentLine(remote_id=MUG, quantity=Decimal(1))],
        "amount": Money.of("1.20", "USD"),
        "reason": "One came chipped",
        "evidence": ["https://pictures.example/chipped.jpg"],
    }
    case = bridge.open_case(record.po.id, **wish)
    assert bridge.open_case(record.po.id, **wish) == case == bridge.cases()[0]
    assert (case.lines[0].quantity, case.amount) == (1, Money.of("1.20", "USD"))
    assert (case.reason, case.evidence) == ("One came chipped", ("https://pictures.example/chipped.jpg",))
    for state in (CaseState.UNDER_REVIEW, CaseState.APPROVED, CaseState.RESOLVED):
        assert bridge.move_case(case.id, state, word=f"they say {state.value}").state is state
    with pytest.raises(ConfigurationError, match="cannot be"):
        bridge.move_case(case.id, CaseState.DENIED)
    assert bridge.cases(everything=True)[0].word == "they say RESOLVED"


def test_a_resend_is_a_child_purchase_order_with_its_own_notice(market: Market) -> None:
    """Resend (child purchase order and its own notice)."""
    bridge = market.bridge(RARELY)
    record = has_left(market, bridge)
    order_id = record.po.order_id
    one = ShipmentLine(remote_id=MUG, quantity=Decimal(1))
    child = bridge.resend(record.po.id, key="lost", lines=[one], reason="One was lost")
    assert bridge.resend(record.po.id, key="lost", lines=[one]).po.id == child.po.id
    market.live(bridge, 6)
    assert (len(market.ordered), child.resend_of) == (1, record.po.id)
    bridge.place(checkout=bridge.check_out(child.po.id).digest)
    assert [list(order.units.values()) for order in market.ordered] == [[2], [1]]
    bridge.pay(child.po.id)
    market.alibaba.ship(market.ordered[1].trade_id, "FX2", now=market.sides.now())
    market.live(bridge, 26)
    first, second = told(bridge, order_id).notices
    assert (first.shipment_ref, second.shipment_ref) == tuple(order.trade_id for order in market.ordered)
    assert market.sides.shown(order_id) == ["FX1"]
    assert "FX2" in progress_in_shop(market.sides, order_id)
    assert market.sides.departure_mails(order_id) == 2
    (case,) = bridge.cases(everything=True)
    assert (case.kind, case.state, case.child) == (CaseKind.RESEND, CaseState.RESOLVED, child.po.id)


def test_a_return_is_a_case_that_goes_on_by_the_suppliers_word(bridged: Bridged) -> None:
    """Return; progress; from the supplier's word."""
    with Sides() as sides:
        bridge = bridged(sides, policy=RARELY)
        order_id = sides.sell({"RW-100": 2})
        sides.live(bridge)
        sides.warehouse.pay(now=sides.now())
        sides.dispatch()
        sides.live(bridge, 2)
        (label,) = sides.warehouse.open_return(last(bridge, order_id).po.supplier_ref, {"100": 1})
        sides.live(bridge, 26)
        (case,) = bridge.cases()
        assert (case.kind, case.state) == (CaseKind.RETURN, CaseState.UNDER_REVIEW)
        assert [(line.remote_id, line.quantity) for line in case.lines] == [("100", 1)]
        question = the_review(bridge, ReviewCode.RETURNED)
        sides.warehouse.move_return(label, ReturnStatus.RECEIVED, now=sides.now())
        sides.live(bridge, 26)
        assert bridge.cases()[0].word != case.word
        bridge.resolve(question.id, "ignore")
        bridge.move_case(case.id, CaseState.RESOLVED)
        assert (bridge.cases(), codes(bridge)) == ((), [])


def test_a_dispute_is_a_case_until_somebody_has_decided(market: Market) -> None:
    """Dispute; progress; from the supplier's word."""
    bridge = market.bridge(RARELY)
    record = has_left(market, bridge)
    market.alibaba.freeze(record.po.supplier_ref, now=market.sides.now())
    market.live(bridge, 26)
    (case,) = bridge.cases()
    assert (case.kind, case.state) == (CaseKind.DISPUTE, CaseState.UNDER_REVIEW)
    market.alibaba.charge_back(record.po.supplier_ref, now=market.sides.now())
    market.live(bridge, 26)
    (case,) = bridge.cases(everything=True)
    assert (case.kind, case.state) == (CaseKind.DISPUTE, CaseState.RESOLVED)
    assert last(bridge, record.po.order_id).payment is ob.Payment.CHARGED_BACK


@pytest.mark.parametrize(("act", "state"), [("refund", CaseState.RESOLVED), ("cancel", CaseState.REQUESTED)])
def test_money_that_comes_back_or_is_to_come_back_is_a_refund_by_the_suppliers_word(
    bridged: Bridged, act: str, state: CaseState
) -> None:
    """Refund; from the supplier's word."""
    with Sides() as sides:
        bridge = bridged(sides, policy=RARELY)
        order_id = sides.sell({"RW-100": 2})
        sides.live(bridge)
        (order,) = sides.warehouse.orders
        sides.warehouse.pay(now=sides.now())
        sides.live(bridge, 2)
        getattr(sides.warehouse, act)(order.order_id, now=sides.now())
        sides.live(bridge, 2)
        (case,) = bridge.cases(everything=True)
        assert (case.kind, case.state) == (CaseKind.REFUND, state)
        assert ob.Tab.REFUNDS in told(bridge, order_id).tabs


def canceled_though_paid(sides: Sides, bridge: ob.Bridge) -> str:
    """The supplier cancels what it was paid for, and keeps the money; its own number of it."""
    sides.sell({"RW-100": 2})
    sides.live(bridge)
    (order,) = sides.warehouse.orders
    sides.warehouse.pay(now=sides.now())
    sides.live(bridge, 2)
    sides.warehouse.cancel(order.order_id, now=sides.now())
    sides.live(bridge, 6)
    (case,) = bridge.cases()
    assert (case.kind, case.state) == (CaseKind.REFUND, CaseState.REQUESTED)
    return order.order_id


def test_money_for_a_paid_order_that_was_canceled_is_seen_when_it_comes_back(bridged: Bridged) -> None:
    """Refund; progress; from the supplier's word."""
    with Sides() as sides:
        bridge = bridged(sides, policy=RARELY)
        supplier_ref = canceled_though_paid(sides, bridge)
        question = the_review(bridge, ReviewCode.CANCELED_BY_SUPPLIER)
        sides.warehouse.refund(supplier_ref, now=sides.now())
        sides.live(bridge, 48)
        (case,) = bridge.cases(everything=True)
        assert case.state is CaseState.RESOLVED
        assert the_review(bridge, ReviewCode.CANCELED_BY_SUPPLIER).id == question.id
        bridge.resolve(question.id, "ignore")
        sides.live(bridge, 48)
        assert (codes(bridge), len(sides.warehouse.orders)) == ([], 1)


def test_progress_that_comes_back_to_where_it_was_is_shown_again(bridged: Bridged) -> None:
    """Confirmed, on hold, confirmed: the shop is told each time, once, also where an answer was lost."""
    with Sides() as sides:
        bridge = bridged(sides, policy=RARELY)
        order_id = sides.sell({"RW-100": 2})
        sides.live(bridge)
        (order,) = sides.warehouse.orders
        sides.warehouse.pay(now=sides.now())
        sides.live(bridge, 2)
        for _ in range(2):
            sides.warehouse.hold(order.order_id, now=sides.now())
            sides.live(bridge, 3)
            sides.warehouse.say(order.order_id, 2, now=sides.now())
            sides.shop_plan.meet("POST", "/notes", Fault.ANSWER_LOST)
            sides.live(bridge, 6)
        told_of = [
            e.data["stages"] for e in bridge.history(order_id) if e.kind is ob.EventKind.PROGRESS_SHOWN
        ]
        words = ["Booked", "Confirmed", "On hold", "Confirmed", "On hold", "Confirmed"]
        assert told_of == [f"rewix: {word}" for word in words]
        assert re.findall("rewix: ([A-Z][a-z]+(?: hold)?)", progress_in_shop(sides, order_id)) == words[::-1]
        assert codes(bridge) == []


def test_what_is_ordered_anew_stays_so_when_the_money_for_the_first_comes_back(bridged: Bridged) -> None:
    """Its units are asked for once, and neither of the two is placed or counted once more."""
    with Sides() as sides:
        bridge = bridged(sides, policy=RARELY)
        supplier_ref = canceled_though_paid(sides, bridge)
        bridge.resolve(the_review(bridge, ReviewCode.CANCELED_BY_SUPPLIER).id, "retry")
        sides.live(bridge, 48)
        assert [order.released for order in sides.warehouse.orders] == [True, False]
        sides.warehouse.refund(supplier_ref, now=sides.now())
        sides.live(bridge, 48)
        (case,) = bridge.cases(everything=True)
        order_id = case.order_id
        first, second = told(bridge, order_id).purchases
        assert (case.state, case.purchase_order) == (CaseState.RESOLVED, first.po.id)
        assert (first.payment, first.waits, first.next_at) == (ob.Payment.REFUNDED, "replaced", None)
        assert (second.payment, second.po.units) == (ob.Payment.UNPAID, first.po.units)
        assert (len(sides.warehouse.orders), codes(bridge)) == (2, [])


def test_what_leaves_though_it_was_canceled_and_ordered_anew_is_a_question(bridged: Bridged) -> None:
    """The shop would be told of the same units twice."""
    with Sides() as sides:
        bridge = bridged(sides, policy=RARELY)
        supplier_ref = canceled_though_paid(sides, bridge)
        bridge.resolve(the_review(bridge, ReviewCode.CANCELED_BY_SUPPLIER).id, "retry")
        sides.live(bridge, 1)
        sides.warehouse.dispatch(supplier_ref, tracking_code="1ZLATE", carrier="UPS", now=sides.now())
        sides.live(bridge, 48)
        questions = bridge.reviews()
        assert {review.code for review in questions} == {ReviewCode.CONTRADICTORY_STATUS}
        assert any("was not told of it" in review.evidence for review in questions)
        for review in questions:
            bridge.resolve(review.id, "ignore")
        sides.live(bridge, 72)
        assert (codes(bridge), sides.shown(questions[0].order_id)) == ([], [])


def test_a_supplier_that_keeps_the_money_is_asked_daily_and_not_for_ever(bridged: Bridged) -> None:
    """Refund; progress: who is asked in vain is left to the people, whose case it stays."""
    with Sides() as sides:
        bridge = bridged(sides, policy=attrs.evolve(RARELY, pull_every=timedelta(hours=24)))
        path = f"clientorders/serverkey/{canceled_though_paid(sides, bridge)}"
        before = sides.at_warehouse.count("GET", path)
        sides.live(bridge, 10 * 24)
        assert 9 <= sides.at_warehouse.count("GET", path) - before <= 11
        assert bridge.health().stuck == ()
        sides.live(bridge, 40 * 24)
        after = sides.at_warehouse.count("GET", path)
        assert after - before <= 46
        sides.live(bridge, 10 * 24)
        assert sides.at_warehouse.count("GET", path) == after
        assert [case.state for case in bridge.cases()] == [CaseState.REQUESTED]
        assert bridge.health().stuck == ()


def test_a_case_that_people_have_closed_is_not_asked_about_any_more(bridged: Bridged) -> None:
    """Refund; progress; from the operator's word."""
    with Sides() as sides:
        bridge = bridged(sides, policy=RARELY)
        path = f"clientorders/serverkey/{canceled_though_paid(sides, bridge)}"
        (case,) = bridge.cases()
        bridge.move_case(case.id, CaseState.RESOLVED, word="It came by another way")
        sides.live(bridge, 26)
        before = sides.at_warehouse.count("GET", path)
        sides.live(bridge, 72)
        assert sides.at_warehouse.count("GET", path) == before


def test_a_change_that_a_supplier_lists_of_a_canceled_order_is_taken(market: Market) -> None:
    """Dispute; from the supplier's word: also so late that it is not asked any more."""
    seldom = timedelta(hours=12)  # weeks pass here
    bridge = market.bridge(attrs.evolve(PLACES, pull_every=seldom, follow_every=seldom))
    order_id = market.sells(bridge, {MUG: 2})
    bridge.pay(last(bridge, order_id).po.id)
    market.alibaba.confirm(now=market.sides.now())
    market.live(bridge, 13)
    trade_id = market.ordered[0].trade_id
    market.alibaba.close(trade_id, now=market.sides.now())
    market.live(bridge, 60 * 24)
    (case,) = bridge.cases()
    assert (case.kind, case.state) == (CaseKind.REFUND, CaseState.REQUESTED)
    assert last(bridge, order_id).next_at is None
    market.alibaba.charge_back(trade_id, now=market.sides.now())
    market.live(bridge, 13)
    record = last(bridge, order_id)
    assert (record.payment, record.fulfillment) == (ob.Payment.CHARGED_BACK, ob.Fulfillment.CANCELED)
    assert len(market.paid) == 1


def test_the_shops_refunds_are_read_and_applied_to_what_is_still_open(market: Market) -> None:
    """The shop's refunds read and applied to what is still open."""
    bridge = market.bridge()
    order_id = market.sells(bridge, {MUG: 3})
    market.give_back(order_id, units=2)
    market.live(bridge, 0.5)
    view = told(bridge, order_id)
    assert [line.open for line in view.record.order.lines] == [1]
    assert [str(refund.amount) for refund in view.record.order.refunds] == ["20.00 EUR"]
    bridge.place(checkout=bridge.check_out(order_id).digest)
    assert [list(order.units.values()) for order in market.ordered] == [[1]]


# --- 9: changes after the fact ------------------------------------------------------------------------------


def edit(market: Market, order_id: str, units: int) -> None:
    """The shopper has another number of mugs in his order."""
    ref = int(order_id.partition("/")[2])
    (line,) = market.sides.shop.order(ref)["line_items"]
    market.sides.shop.change(ref, market.sides.now(), line_items=[{**line, "quantity": units}])


def move(market: Market, order_id: str) -> None:
    """The shopper lives elsewhere now."""
    ref = int(order_id.partition("/")[2])
    market.sides.shop.change(ref, market.sides.now(), shipping={"address_1": NEW})


def units_at(market: Market) -> list[int]:
    """How many mugs each order that stands at Alibaba holds."""
    return [sum(order.units.values()) for order in market.ordered]


def went_to(market: Market) -> set[str]:
    """Where the orders that stand at Alibaba go."""
    return {str(order.address["address"]) for order in market.ordered}


CHANGES: dict[str, tuple[Callable[[Market, str], None], list[int], ReviewCode | None, list[int]]] = {
    "cancels": (
        lambda at, order: cancel_in_shop(at.sides, order),
        [],
        ReviewCode.CANCELED_AFTER_PLACING,
        [2],
    ),
    "wants one less": (lambda at, order: edit(at, order, 1), [1], ReviewCode.CHANGED_AFTER_PLACING, [2]),
    "wants one more": (lambda at, order: edit(at, order, 3), [3], None, [2, 1]),
    "gets one refunded": (
        lambda at, order: at.give_back(order, units=1),
        [1],
        ReviewCode.CHANGED_AFTER_PLACING,
        [2],
    ),
    "moves": (move, [2], ReviewCode.ADDRESS_CHANGED, [2]),
}
EACH = pytest.mark.parametrize("change", CHANGES)


@EACH
def test_what_changes_before_placing_is_ordered_as_it_is_then(market: Market, change: str) -> None:
    """Shopper cancels or edits before placing, address change, partial refund."""
    happens, wanted, _, _ = CHANGES[change]
    bridge = market.bridge(attrs.evolve(PLACES, place_after=timedelta(hours=3)))
    order_id = market.sells(bridge, {MUG: 2}, hours=1)
    happens(market, order_id)
    market.live(bridge, 4)
    assert units_at(market) == wanted
    assert went_to(market) == ({NEW if change == "moves" else OLD} if wanted else set())
    assert codes(bridge) == []


@EACH
def test_what_changes_after_placing_is_a_question_that_is_settled_where_the_supplier_can(
    market: Market, change: str
) -> None:
    """Shopper cancels or edits after placing, address change, partial refund: handled where the supplier can,
    else a review."""
    happens, wanted, code, stands = CHANGES[change]
    bridge = market.bridge(PLACES)
    order_id = market.sells(bridge, {MUG: 2}, hours=1)
    happens(market, order_id)
    market.live(bridge)
    assert units_at(market) == stands
    if code is not None:
        question = the_review(bridge, code)
        assert question.decisions == ("cancel", "ignore")
        bridge.resolve(question.id, "cancel")
        market.live(bridge)
        assert (units_at(market), len(market.alibaba.cancellations)) == ([], 1)
        for anew in bridge.reviews():
            assert anew.code is ReviewCode.CANCELED_BY_SUPPLIER
            bridge.resolve(anew.id, "retry")
        market.live(bridge)
        assert units_at(market) == wanted
    assert went_to(market) == ({NEW if change == "moves" else OLD} if wanted else set())
    assert codes(bridge) == []


def test_where_the_supplier_cannot_it_is_a_review_for_people_who_ask_there(bridged: Bridged) -> None:
    """Handled where the supplier can, else a review."""
    with Sides() as sides:
        bridge = bridged(sides, policy=PLACES)
        order_id = sides.sell({"RW-100": 2})
        sides.live(bridge)
        cancel_in_shop(sides, order_id)
        sides.live(bridge)
        question = the_review(bridge, ReviewCode.CANCELED_AFTER_PLACING)
        assert question.decisions == ("ignore",)
        assert sides.ordered() == [{"100": 2}]
        bridge.resolve(question.id, "ignore")
        sides.live(bridge, 2)
        assert codes(bridge) == []


def test_an_order_is_never_shipped_to_an_old_address_in_silence(market: Market) -> None:
    """Never an order shipped to an old address in silence: not even if the shopper moves while it is
    placed."""
    bridge = market.bridge(RARELY)
    order_id = market.sides.sell({f"AB-{MUG}": 1})
    market.plan.before("POST", "/order/create", lambda: move(market, order_id))
    market.live(bridge, 7)
    assert (units_at(market), went_to(market)) == ([1], {OLD})
    question = the_review(bridge, ReviewCode.ADDRESS_CHANGED)
    assert question.about == last(bridge, order_id).po.id
    assert NEW not in question.evidence
    assert last(bridge, order_id).fulfillment is ob.Fulfillment.PLACED


def test_an_address_that_a_supplier_cannot_change_is_a_question_for_people(bridged: Bridged) -> None:
    """Never an order shipped to an old address in silence."""
    with Sides() as sides:
        bridge = bridged(sides, policy=RARELY)
        order_id = sides.sell({"RW-100": 1})

        def moves() -> None:
            sides.shop.change(int(order_id.partition("/")[2]), sides.now(), shipping={"address_1": NEW})

        sides.warehouse_plan.before("POST", "/dropshipping", moves)
        sides.live(bridge, 7)
        assert [order.recipient["street_name"] for order in sides.warehouse.orders] == [OLD]
        question = the_review(bridge, ReviewCode.ADDRESS_CHANGED)
        assert (question.about, question.decisions) == (last(bridge, order_id).po.id, ("ignore",))


def test_an_address_that_changed_after_the_checkout_is_the_one_that_is_ordered_to(market: Market) -> None:
    """Address change before placing: the shop is asked once more before anything is ordered."""
    bridge = market.bridge(attrs.evolve(RARELY, place=ob.Who.BY_HAND))
    order_id = market.sells(bridge, {MUG: 1})
    checkout = bridge.check_out(order_id)
    move(market, order_id)
    market.sides.clock.sleep(300)
    bridge.place(checkout=checkout.digest)
    market.live(bridge, 0.5)
    assert (units_at(market), went_to(market), codes(bridge)) == ([1], {NEW}, [])


@pytest.mark.parametrize("placed", [False, True], ids=["before", "after"])
def test_an_order_that_is_deleted_is_not_ordered_or_is_a_question(bridged: Bridged, placed: bool) -> None:
    """Order deleted."""
    with PrestaShopSides() as sides:
        later = timedelta(days=7) * (not placed)
        bridge = bridged(sides, policy=attrs.evolve(RARELY, place_after=later))
        order_id = sides.sell({"RW-100": 1})
        sides.live(bridge)
        sides.shop.delete_order(int(order_id.partition("/")[2]))
        if not placed:
            bridge.place(last(bridge, order_id).po.id)
        sides.live(bridge, 30)
        assert codes(bridge) == (["CANCELED_AFTER_PLACING"] if placed else [])
        assert sides.ordered() == ([{"100": 1}] if placed else [])


@pytest.mark.parametrize("placed", [False, True], ids=["before", "after"])
def test_orders_that_are_merged_are_ordered_once_or_are_a_question(market: Market, placed: bool) -> None:
    """Order merged: the goods of one move to another of the same shopper, and the first is canceled."""
    bridge = market.bridge(Policy(place=ob.Who.AUTOMATIC) if placed else Policy())
    first, second = market.sells(bridge, {MUG: 1}), market.sells(bridge, {MUG: 1})
    cancel_in_shop(market.sides, first)
    edit(market, second, 2)
    market.live(bridge)
    if not placed:
        bridge.place(checkout=bridge.check_out(second).digest)
        assert (units_at(market), codes(bridge)) == ([2], [])
        return
    question = the_review(bridge, ReviewCode.CANCELED_AFTER_PLACING)
    assert (question.order_id, units_at(market)) == (first, [1, 1, 1])
    bridge.resolve(question.id, "cancel")
    market.live(bridge)
    assert (units_at(market), codes(bridge)) == ([1, 1], [])


# --- 10: reviews --------------------------------------------------------------------------------------------


def ask(bridge: ob.Bridge, code: ReviewCode, order_id: str) -> ob.Review:
    """Something has happened at Alibaba that only a person can decide; all answers are allowed."""
    asked = {
        "about": last(bridge, order_id).po.id,
        "evidence": "what was seen",
        "decisions": tuple(ob.DECISIONS),
        "at": told(bridge, order_id).record.seen_at,
        "order_id": order_id,
        "account": "alibaba",
    }
    bridge._setup.journal.transact(lambda tx: tx.open_review(code, **asked))
    return next(review for review in bridge.reviews() if review.code is code)


def test_every_reason_has_text_hint_evidence_and_decisions(market: Market) -> None:
    """All reason codes in one enum with text, hint, evidence and allowed decisions."""
    bridge = market.bridge(PLACES)
    order_id = market.sells(bridge, {MUG: 1})
    for code in ReviewCode:
        question = ask(bridge, code, order_id)
        text = question.text
        assert all((text.title, text.means, text.evidence, text.hint, text.decisions)), code
        assert all(ob.DECISIONS[decision] for decision in text.decisions), code
        assert question.evidence == "what was seen"
    assert {review.code for review in bridge.reviews()} == set(ReviewCode)


def test_to_answer_twice_is_to_answer_once_whatever_the_reason(market: Market) -> None:
    """Resolve is itself journalled and safe to repeat."""
    bridge = market.bridge(RARELY)
    standing = market.sells(bridge, {MUG: 1})
    asked = [(code, word) for code in ReviewCode for word in ask(bridge, code, standing).text.decisions]
    for code, decision in asked:
        # What is canceled is gone, so that each has an order of its own.
        order_id = market.sells(bridge, {MUG: 1}, hours=7) if decision == "cancel" else standing
        question = ask(bridge, code, order_id)
        before = answers(bridge, order_id)
        another = next(word for word in ob.DECISIONS if word != decision)
        for word in (decision, decision, another):
            assert bridge.resolve(question.id, word).decision == decision
        assert answers(bridge, order_id) == [*before, (code.value, decision)]
        market.live(bridge, 0.1)
        for anew in bridge.reviews():  # such as whether to order anew what is canceled
            bridge.resolve(anew.id, "ignore")
    canceled = market.alibaba.cancellations
    assert 3 <= len(canceled) == len(set(canceled)) < len(market.alibaba.orders)
    assert (codes(bridge), market.paid) == ([], [])


def answers(bridge: ob.Bridge, order_id: str) -> list[tuple[str, str]]:
    """What people have answered about an order, as the audit has it."""
    return [
        (event.data["code"], event.data["decision"])
        for event in bridge.history(order_id)
        if event.kind is ob.EventKind.REVIEW_RESOLVED
    ]


def test_an_answer_is_journalled_and_given_again_after_a_restart_it_is_the_same(
    market: Market, tmp_path: Path
) -> None:
    """Resolve is itself journalled and safe to repeat."""
    journal = tmp_path / "orders.db"
    bridge = market.bridge(PLACES, journal=journal)
    order_id = market.sells(bridge, {MUG: 1})
    cancel_in_shop(market.sides, order_id)
    market.live(bridge, 0.5)
    question = the_review(bridge, ReviewCode.CANCELED_AFTER_PLACING)
    with pytest.raises(ConfigurationError, match="is none of cancel, ignore"):
        bridge.resolve(question.id, "retry")
    bridge.resolve(question.id, "cancel")
    bridge.close()
    anew = market.bridge(PLACES, journal=journal)
    assert anew.resolve(question.id, "cancel").decision == "cancel"
    market.live(anew)
    assert anew.resolve(question.id, "ignore").decision == "cancel"
    assert market.alibaba.cancellations == [market.alibaba.orders[0].trade_id]
    assert answers(anew, order_id) == [("CANCELED_AFTER_PLACING", "cancel")]
    assert codes(anew) == []
