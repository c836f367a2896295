"""Cases: what is wanted of suppliers beside their orders, by people and by the supplier's own word."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import orderbridge as ob
from both_sides import AT_ONCE, Sides, codes, only_purchase
from mall_supplier import Mall, _Order
from mall_supplier import _Adapter as MallAdapter
from orderbridge import (
    CaseKind,
    CaseState,
    Fulfillment,
    Money,
    Payment,
    PurchaseOrder,
    ShipmentLine,
    SkuPrefix,
)
from orderbridge._states import CASE_OVER, CASES, move_case
from orderbridge.adapters import (
    AccountSettings,
    Flow,
    Past,
    Placed,
    Placement,
    Read,
    Returned,
    SupplierPlatform,
    SupplierStatus,
    Unclear,
    Write,
    decode,
)
from orderbridge.auth import NoAuth
from orderbridge.errors import ConfigurationError, IllegalTransition

RULES = (SkuPrefix(prefix="RW-", supplier="mall"),)
K, S, P = CaseKind, CaseState, Payment

# What the mall says of the money, and of goods that came back.
MONEY: list[Payment] = []
RETURNS: list[Returned] = []


class _Candid(MallAdapter):
    """A mall that tells of refunds, disputes and returns too, and may make several orders of one."""

    def place(self, po: PurchaseOrder, past: Past) -> Flow[Write | Placement | Unclear]:
        query = (("reference", po.reference),)
        found = decode(list[_Order], (yield Read("GET", "/orders", params=query)))
        if not found:
            return (yield from super().place(po, past))
        placed = tuple(
            Placed(
                supplier_ref=each.ref,
                fulfillment=Fulfillment[each.state],
                payment=MONEY[-1] if MONEY else P.UNPAID,
                total=Money.of(each.total, each.currency),
                lines=tuple((remote_id, Decimal(units)) for remote_id, units in each.units.items()),
            )
            for each in found
        )
        return Placement(placed=placed)

    def fetch(self, po: PurchaseOrder) -> Flow[SupplierStatus | None]:
        found = yield from super().fetch(po)
        assert found is not None
        payment = MONEY[-1] if MONEY else found.payment
        raw = f"{found.raw}/{payment.value if payment else ''}"
        return attrs.evolve(found, raw=raw, payment=payment, returns=tuple(RETURNS))


ob.register(
    SupplierPlatform(
        name="candid-mall",
        title="Candid mall",
        settings=AccountSettings,
        adapter=lambda _: _Candid(),
        auth=lambda _: NoAuth(),
        limits=lambda _: AT_ONCE,
    )
)


@attrs.define
class Desk:
    """One order at the mall, and the people who follow its money."""

    sides: Sides
    bridge: ob.Bridge
    mall: Mall
    url: str
    order_id: str = ""

    def sold(self) -> str:
        self.order_id = self.sides.sell({"RW-a-1": 3, "RW-a-2": 1})
        self.sides.live(self.bridge)
        return self.po.id

    @property
    def po(self) -> PurchaseOrder:
        return only_purchase(self.bridge, self.order_id).po

    def says(self, payment: Payment, state: str = "") -> None:
        """The mall's people touch the order's money, and perhaps its goods."""
        MONEY.append(payment)
        self.mall.move("M1", state or self.mall.orders["M1"]["state"])
        self.sides.live(self.bridge, 6)

    def cases(self) -> list[tuple[CaseKind, CaseState]]:
        return [(case.kind, case.state) for case in self.bridge.cases(everything=True)]


def opened(sides: Sides, url: str) -> ob.Bridge:
    account = ob.supplier("mall", platform="candid-mall", settings={"base_url": url})
    return sides.bridge(suppliers=[account], rules=RULES)


@pytest.fixture
def desk() -> Iterator[Desk]:
    MONEY.clear()
    RETURNS.clear()
    with Sides() as sides:
        mall = Mall()
        url = sides.serve(mall)
        made = Desk(sides, opened(sides, url), mall, url)
        made.sold()
        yield made


def refund(desk: Desk, key: str = "broken", **wish: Any) -> ob.Case:
    return desk.bridge.open_case(desk.po.id, **{"kind": K.REFUND, "key": key, **wish})


# --- the table ------------------------------------------------------------------------------------------


def test_a_case_goes_on_or_ends_and_never_comes_back() -> None:
    order = [S.REQUESTED, S.UNDER_REVIEW, S.APPROVED]
    for state in S:
        for to in S:
            ahead = state in order and (
                to in CASE_OVER or (to in order and order.index(to) > order.index(state))
            )
            legal = to is state or (ahead and not (state is S.APPROVED and to is not S.RESOLVED))
            assert (to is state or to in CASES.get(state, ())) is legal, (state, to)
            if legal:
                assert move_case(state, to) is to
            else:
                with pytest.raises(IllegalTransition):
                    move_case(state, to)


# --- people ---------------------------------------------------------------------------------------------


def test_a_case_is_opened_once_for_its_key_and_says_what_it_is_about(desk: Desk) -> None:
    line = ShipmentLine(remote_id="a-1", quantity=Decimal(2))
    wish: dict[str, Any] = {
        "lines": [line],
        "amount": Money.of("20.00", "EUR"),
        "reason": "two are broken",
        "evidence": ["https://pictures.example/7"],
    }
    case = refund(desk, **wish)
    assert case.id == f"{desk.po.id}/case/1"
    assert (case.state, case.lines, case.evidence) == (S.REQUESTED, (line,), ("https://pictures.example/7",))
    assert refund(desk, **wish) == case
    assert desk.bridge.cases() == (case,)
    view = desk.bridge.order(desk.order_id)
    assert view is not None
    assert view.cases == (case,)
    with pytest.raises(ConfigurationError, match="other content"):
        refund(desk, **{**wish, "amount": Money.of("19.00", "EUR")})
    assert refund(desk, "also-late").id.endswith("/case/2")
    opened = [event for event in desk.bridge.history(desk.order_id) if event.kind == "CaseOpened"]
    assert len(opened) == 2
    assert "broken" not in str(opened)


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ({"lines": [ShipmentLine(remote_id="a-9", quantity=Decimal(1))]}, "holds a-1, a-2"),
        ({"lines": [ShipmentLine(remote_id="a-2", quantity=Decimal(2))]}, "holds 1"),
        ({"lines": [ShipmentLine(remote_id="a-1", quantity=Decimal(2))] * 2}, "4 units came"),
        ({"lines": [ShipmentLine(remote_id="a-1", quantity=Decimal("NaN"))]}, "remote id a-1"),
        ({"amount": Money.of("0", "EUR")}, "more than zero"),
        ({"amount": Money.of("1", "USD")}, "it costs"),
        ({"amount": Money.of("1000", "EUR")}, "costs 42"),
        ({"reason": "\ud800"}, "UTF-8"),
        ({"key": "a key"}, "letters"),
        ({"key": "supplier:refund"}, "letters"),
    ],
)
def test_more_than_there_is_cannot_be_wanted(desk: Desk, wish: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        refund(desk, **wish)
    assert desk.bridge.cases() == ()


def test_only_what_a_supplier_has_can_have_a_case(desk: Desk) -> None:
    with pytest.raises(ConfigurationError, match="there is no"):
        desk.bridge.open_case("shop/1/mall/7", kind=K.RETURN, key="k")
    waiting = desk.sides.bridge(policy=ob.Policy(), journal=":memory:")
    order_id = desk.sides.sell({"RW-100": 1})
    desk.sides.live(waiting)
    with pytest.raises(ConfigurationError, match="the supplier has not got it"):
        waiting.open_case(only_purchase(waiting, order_id).po.id, kind=K.RETURN, key="k")


def test_people_say_how_far_it_is_and_saying_it_again_changes_nothing(desk: Desk) -> None:
    case = refund(desk)
    moved = desk.bridge.move_case(case.id, S.UNDER_REVIEW, word="we look into it")
    assert (moved.state, moved.word) == (S.UNDER_REVIEW, "we look into it")
    desk.sides.live(desk.bridge, 1)
    assert desk.bridge.move_case(case.id, S.UNDER_REVIEW) == moved
    assert desk.bridge.move_case(case.id, S.RESOLVED).state is S.RESOLVED
    assert desk.bridge.cases() == ()
    with pytest.raises(ConfigurationError, match="cannot be DENIED"):
        desk.bridge.move_case(case.id, S.DENIED)
    with pytest.raises(ConfigurationError, match="there is no"):
        desk.bridge.move_case("shop/1/mall/1/case/9", S.DENIED)
    kinds = [event.kind for event in desk.bridge.history(desk.order_id) if event.kind.startswith("Case")]
    assert kinds == ["CaseOpened", "CaseMoved", "CaseMoved"]


def test_cases_come_page_by_page_of_one_kind_or_purchase_order(desk: Desk) -> None:
    for number in range(5):
        refund(desk, f"r{number}")
    desk.bridge.open_case(desk.po.id, kind=K.RETURN, key="back")
    pages, after = [], ""
    while page := desk.bridge.cases(kind=K.REFUND, limit=2, after=after):
        pages += page
        after = page[-1].id
    assert len({case.id for case in pages}) == len(pages) == 5
    assert len(desk.bridge.cases(purchase_order=desk.po.id)) == 6
    assert desk.bridge.cases(purchase_order="shop/1/mall/7") == ()
    assert desk.bridge.cases(owner="somebody else") == ()


def test_a_forgotten_shopper_takes_the_words_along_and_leaves_the_money(desk: Desk) -> None:
    case = refund(desk, reason="Ada's cup broke", evidence=["Ada's picture"], amount=Money.of("10", "EUR"))
    desk.bridge.move_case(case.id, S.APPROVED, word="sorry, Ada")
    assert desk.bridge.forget(desk.order_id)
    (left,) = desk.bridge.cases()
    assert "Ada" not in repr(left)
    assert (left.amount, left.state) == (Money.of("10", "EUR"), S.APPROVED)
    assert refund(desk, amount=Money.of("10", "EUR"), reason="Ada's cup broke") == left


# --- the supplier's word on money -------------------------------------------------------------------------


def test_money_that_comes_back_ends_what_people_asked_for(desk: Desk) -> None:
    desk.says(P.PAID, "SHIPPED")
    refund(desk)
    desk.says(P.PART_REFUNDED)
    assert desk.cases() == [(K.REFUND, S.APPROVED)]
    desk.says(P.REFUNDED)
    assert desk.cases() == [(K.REFUND, S.RESOLVED)]
    (case,) = desk.bridge.cases(everything=True)
    assert "REFUNDED" in case.word


def test_money_that_comes_back_unasked_is_a_case_all_the_same(desk: Desk) -> None:
    desk.says(P.PAID, "SHIPPED")
    assert desk.cases() == []
    desk.says(P.PART_REFUNDED)
    assert desk.cases() == [(K.REFUND, S.APPROVED)]


@pytest.mark.parametrize(
    ("ends", "state"), [(P.PAID, S.DENIED), (P.REFUNDED, S.RESOLVED), (P.CHARGED_BACK, S.RESOLVED)]
)
def test_a_dispute_is_a_case_until_somebody_has_decided(desk: Desk, ends: Payment, state: CaseState) -> None:
    desk.says(P.PAID, "SHIPPED")
    desk.says(P.DISPUTED)
    assert desk.cases() == [(K.DISPUTE, S.UNDER_REVIEW)]
    desk.says(ends)
    assert desk.cases() == [(K.DISPUTE, state)]


def test_a_second_dispute_is_a_second_case(desk: Desk) -> None:
    for money in (P.PAID, P.DISPUTED, P.PAID, P.DISPUTED):
        desk.says(money, "SHIPPED")
    assert desk.cases() == [(K.DISPUTE, S.DENIED), (K.DISPUTE, S.UNDER_REVIEW)]


def test_a_paid_order_that_will_not_come_is_money_to_get_back(desk: Desk) -> None:
    desk.says(P.PAID)
    desk.says(P.PAID, "CANCELED")
    assert desk.cases() == [(K.REFUND, S.REQUESTED)]
    assert codes(desk.bridge) == ["CANCELED_BY_SUPPLIER"]


def test_an_unpaid_order_that_will_not_come_is_none(desk: Desk) -> None:
    desk.says(P.UNPAID, "CANCELED")
    assert desk.cases() == []


@pytest.mark.parametrize("before", [P.PENDING, P.IN_DOUBT])
@pytest.mark.parametrize(
    ("words", "state"),
    [
        ([P.PAID], S.REQUESTED),
        ([P.PAID, P.REFUNDED], S.RESOLVED),
        ([P.UNPAID], S.WITHDRAWN),
        ([P.FAILED], S.WITHDRAWN),
    ],
)
def test_money_that_was_on_its_way_when_it_was_canceled_is_followed_until_it_is_known(
    desk: Desk, before: Payment, words: list[Payment], state: CaseState
) -> None:
    """The supplier is asked daily, without a sign from it, and people are asked nothing more."""
    desk.says(before)
    desk.says(before, "CANCELED")
    assert desk.cases() == [(K.REFUND, S.REQUESTED)]
    asked = codes(desk.bridge)
    assert "CANCELED_BY_SUPPLIER" in asked
    for word in words:
        MONEY.append(word)
        desk.sides.live(desk.bridge, 26)
    assert only_purchase(desk.bridge, desk.order_id).payment is words[-1]
    assert desk.cases() == [(K.REFUND, state)]
    assert set(codes(desk.bridge)) <= set(asked)


def test_what_is_ordered_anew_stays_so_whatever_becomes_of_a_payment_on_its_way(desk: Desk) -> None:
    desk.says(P.PENDING)
    desk.says(P.PENDING, "CANCELED")
    (question,) = desk.bridge.reviews()
    desk.bridge.resolve(question.id, "retry")
    MONEY.append(P.UNPAID)
    desk.sides.live(desk.bridge, 26)
    view = desk.bridge.order(desk.order_id)
    assert view is not None
    assert [(each.waits == "replaced", each.payment) for each in view.purchases] == [
        (True, P.UNPAID),
        (False, P.UNPAID),
    ]
    assert (desk.cases(), codes(desk.bridge)) == ([(K.REFUND, S.WITHDRAWN)], [])
    assert len(desk.mall.orders) == 2


@pytest.mark.parametrize("money", [P.PAID, P.PENDING])
def test_an_order_that_is_found_paid_and_canceled_already_is_money_to_get_back(
    desk: Desk, money: Payment
) -> None:
    """The journal was lost: it is known by its reference, and its end by the first look."""
    MONEY.append(money)
    desk.mall.orders["M1"]["state"] = "CANCELED"
    anew = opened(desk.sides, desk.url)
    desk.sides.live(anew, 1)
    assert [(case.kind, case.state) for case in anew.cases()] == [(K.REFUND, S.REQUESTED)]
    assert codes(anew) == ["CANCELED_BY_SUPPLIER"]
    MONEY.extend((P.PAID, P.REFUNDED))
    desk.sides.live(anew, 50)
    assert [case.state for case in anew.cases(everything=True)] == [S.RESOLVED]


def test_a_part_that_is_found_paid_and_canceled_already_is_asked_about_like_any_other(desk: Desk) -> None:
    """The supplier made two orders of one, and has canceled the second by now."""
    MONEY.append(P.PAID)
    first = desk.mall.orders["M1"]
    second = {**first, "ref": "M2", "units": {"a-2": "1"}, "total": "11", "state": "CANCELED"}
    desk.mall.orders = {"M1": {**first, "units": {"a-1": "3"}, "total": "31"}, "M2": second}
    anew = opened(desk.sides, desk.url)
    desk.sides.live(anew, 1)
    (case,) = anew.cases()
    (review,) = anew.reviews()
    assert (case.kind, review.code) == (K.REFUND, ob.ReviewCode.CANCELED_BY_SUPPLIER)
    assert case.purchase_order == review.about == f"{desk.order_id}/mall/2"


@pytest.mark.parametrize("state", ["SHIPPED", "COMPLETED"])
@pytest.mark.parametrize("days", [1, 60])
def test_money_to_get_back_is_followed_also_of_what_has_arrived_long_since(
    desk: Desk, state: str, days: int
) -> None:
    """However old the order is: it counts from when a person asked for the money."""
    desk.says(P.PAID, state)
    desk.sides.clock.sleep(days * 24 * 3600)
    desk.sides.live(desk.bridge, 26)
    refund(desk)
    desk.sides.live(desk.bridge, 26)
    MONEY.append(P.REFUNDED)
    desk.sides.live(desk.bridge, 26)
    assert desk.cases() == [(K.REFUND, S.RESOLVED)]


def test_what_a_person_has_ended_no_word_of_the_supplier_opens_again(desk: Desk) -> None:
    desk.says(P.PAID, "SHIPPED")
    desk.says(P.DISPUTED)
    (case,) = desk.bridge.cases()
    desk.bridge.move_case(case.id, S.APPROVED)
    desk.says(P.PAID)
    assert desk.cases() == [(K.DISPUTE, S.APPROVED)]
    desk.bridge.move_case(case.id, S.RESOLVED)
    desk.says(P.PAID)
    assert desk.cases() == [(K.DISPUTE, S.RESOLVED)]


@given(words=st.lists(st.sampled_from(list(P)), max_size=8))
def test_no_order_of_words_about_money_breaks_the_following(words: list[Payment]) -> None:
    """Told by a hub's people, of whom each word goes the same way as a supplier's."""
    with Sides() as sides:
        hub = ob.supplier("syncee", platform="hub", settings={"title": "Syncee"})
        bridge = sides.bridge(suppliers=[hub], rules=(SkuPrefix(prefix="RW-", supplier="syncee"),))
        order_id = sides.sell({"RW-100": 1})
        sides.live(bridge)
        po_id = only_purchase(bridge, order_id).po.id
        bridge.observe(po_id, fulfillment=Fulfillment.SHIPPED, payment=P.PAID)
        for word in words:
            try:
                bridge.observe(po_id, payment=word)
            except ConfigurationError as error:
                assert "cannot be" in str(error)  # noqa: PT017
        open_disputes = [case for case in bridge.cases() if case.kind is K.DISPUTE]
        disputed = only_purchase(bridge, order_id).payment is P.DISPUTED
        assert len(open_disputes) <= 1
        assert not disputed or open_disputes


# --- goods that come back ---------------------------------------------------------------------------------


def test_goods_on_their_way_back_are_a_case_that_says_how_far_they_are(desk: Desk) -> None:
    desk.says(P.PAID, "SHIPPED")
    back = Returned(ref="R1", remote_id="a-1", quantity=Decimal(2), raw="pending")
    RETURNS.append(back)
    desk.says(P.PAID)
    (case,) = desk.bridge.cases()
    assert (case.kind, case.state, case.word) == (K.RETURN, S.UNDER_REVIEW, "pending")
    assert case.lines == (ShipmentLine(remote_id="a-1", quantity=Decimal(2)),)
    RETURNS[0] = attrs.evolve(back, raw="received")
    desk.says(P.PAID)
    (case,) = desk.bridge.cases()
    assert case.word == "received"
    # What it means for the shopper is a question, and answering that does not end the case.
    (review,) = desk.bridge.reviews()
    assert review.code is ob.ReviewCode.RETURNED
    desk.bridge.resolve(review.id, "ignore")
    assert [each.state for each in desk.bridge.cases()] == [S.UNDER_REVIEW]
    desk.bridge.move_case(case.id, S.RESOLVED)
    RETURNS[0] = attrs.evolve(back, raw="scrapped")
    desk.says(P.PAID)
    assert desk.cases() == [(K.RETURN, S.RESOLVED)]
