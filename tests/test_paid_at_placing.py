"""Suppliers that take their money with the order: placing there is guarded like paying."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import attrs
import pytest

import orderbridge as ob
from both_sides import AT_ONCE, Sides, codes, only_purchase
from doubtful_supplier import DoubtfulSupplier, Mode, _Adapter, _PaidAtOnce, platform_name
from orderbridge import CaseKind, Fulfillment, Money, Payment, PurchaseOrder
from orderbridge.adapters import (
    AccountSettings,
    Flow,
    Past,
    Placement,
    SupplierPlatform,
    SupplierStatus,
    Unclear,
    Write,
)
from orderbridge.auth import NoAuth
from orderbridge.sandbox.faults import Fault

RULES = (ob.SkuPrefix(prefix="RW-", supplier="doubtful"),)
AUTOMATIC = ob.Policy(
    take=ob.Take.ALL,
    place=ob.Who.AUTOMATIC,
    pay=ob.Who.AUTOMATIC,
    pull_every=timedelta(hours=1),
    follow_every=timedelta(hours=4),
)
MakeBridge = Callable[..., ob.Bridge]


@pytest.fixture
def sides() -> Iterator[Sides]:
    with Sides() as sides:
        yield sides


@pytest.fixture
def supplier() -> DoubtfulSupplier:
    return DoubtfulSupplier(mode=Mode.LOOK_UP, takes_money=True)


@pytest.fixture
def a_bridge(sides: Sides, supplier: DoubtfulSupplier) -> MakeBridge:
    url = sides.serve(supplier, sides.warehouse_plan)

    def make(policy: ob.Policy = AUTOMATIC, *, paid: str = "placing") -> ob.Bridge:
        platform = platform_name(supplier.mode, paid)
        account = ob.supplier("doubtful", platform=platform, settings={"base_url": url})
        return sides.bridge(suppliers=[account], rules=RULES, policy=policy)

    return make


@pytest.mark.parametrize(
    ("place", "pay", "sold", "ordered"),
    [
        (ob.Who.AUTOMATIC, ob.Who.AUTOMATIC, {}, 1),
        (ob.Who.AUTOMATIC, ob.Who.BY_HAND, {}, 0),
        (ob.Who.BY_HAND, ob.Who.AUTOMATIC, {}, 0),
        (ob.Who.BY_HAND, ob.Who.BY_HAND, {}, 0),
        (ob.Who.AUTOMATIC, ob.Who.AUTOMATIC, {"payment_method": "cod", "date_paid": None}, 0),
    ],
    ids=["both automatic", "pays by hand", "places by hand", "all by hand", "paid on delivery"],
)
def test_money_moves_by_itself_only_where_both_steps_may_and_the_shopper_has_paid(
    sides: Sides,
    supplier: DoubtfulSupplier,
    a_bridge: MakeBridge,
    place: ob.Who,
    pay: ob.Who,
    sold: dict[str, Any],
    ordered: int,
) -> None:
    bridge = a_bridge(attrs.evolve(AUTOMATIC, place=place, pay=pay))
    order_id = sides.sell({"RW-A": 2}, **sold)
    sides.live(bridge, 6)
    assert (len(supplier.made), len(supplier.payments)) == (ordered, ordered)
    record = only_purchase(bridge, order_id)
    assert record.fulfillment is (Fulfillment.PLACED if ordered else Fulfillment.TO_ORDER) or record.payment
    if not ordered:
        assert record.waits == "approval"
        bridge.place(record.po.id)
        sides.live(bridge, 6)
        assert len(supplier.payments) == 1
    record = only_purchase(bridge, order_id)
    assert record.payment is Payment.PAID
    assert codes(bridge) == []


def test_an_order_is_placed_once_and_never_paid_again(
    sides: Sides, supplier: DoubtfulSupplier, a_bridge: MakeBridge
) -> None:
    bridge = a_bridge()
    order_id = sides.sell({"RW-A": 2})
    sides.live(bridge, 6)
    page = bridge.pay(only_purchase(bridge, order_id).po.id)
    assert (page.payment, page.page) == (Payment.PAID, "")
    sides.live(bridge, 6)
    assert supplier.payments == [("D1", 20)]


@pytest.mark.parametrize(("limit", "ordered"), [("19.99", 0), ("20", 1)])
@pytest.mark.parametrize("which", ["limit_per_order", "limit_per_day"])
def test_limits_judge_what_placing_moves(
    sides: Sides, supplier: DoubtfulSupplier, a_bridge: MakeBridge, limit: str, ordered: int, which: str
) -> None:
    """To the cent; and once a person raises them, it goes on by itself."""
    policy = attrs.evolve(AUTOMATIC, **{which: (Money.of(limit, "EUR"),)})
    bridge = a_bridge(policy)
    order_id = sides.sell({"RW-A": 2})
    sides.live(bridge, 2)
    assert len(supplier.payments) == ordered
    assert codes(bridge) == ([] if ordered else ["LIMIT"])
    state = only_purchase(bridge, order_id).fulfillment
    assert (state is Fulfillment.TO_ORDER) == (not ordered)


def test_the_limit_of_a_day_counts_orders_whose_answer_was_lost(
    sides: Sides, supplier: DoubtfulSupplier, a_bridge: MakeBridge
) -> None:
    bridge = a_bridge(attrs.evolve(AUTOMATIC, limit_per_day=(Money.of("30", "EUR"),)))
    sides.warehouse_plan.meet("POST", "/orders", Fault.ANSWER_LOST)
    sides.sell({"RW-A": 2})
    bridge.run_once()
    assert supplier.payments == [("D1", 20)]
    sides.sell({"RW-A": 2})
    sides.live(bridge, 4)
    assert len(supplier.payments) == 1
    assert codes(bridge) == ["LIMIT"]
    sides.live(bridge, 26)
    assert len(supplier.payments) == 2
    assert codes(bridge) == []


def test_stopped_money_keeps_orders_back_also_those_a_person_places(
    sides: Sides, supplier: DoubtfulSupplier, a_bridge: MakeBridge
) -> None:
    bridge = a_bridge()
    bridge.stop_money(reason="a look at the books")
    order_id = sides.sell({"RW-A": 2})
    sides.live(bridge, 2)
    bridge.place(only_purchase(bridge, order_id).po.id)
    sides.live(bridge, 2)
    assert (supplier.made, supplier.payments) == ([], [])
    bridge.allow_money()
    sides.live(bridge, 2)
    assert supplier.payments == [("D1", 20)]


def test_a_write_that_does_not_say_how_much_it_moves_never_leaves(
    sides: Sides, supplier: DoubtfulSupplier, a_bridge: MakeBridge
) -> None:
    """Also not by a person's word: the limits could not see it."""
    bridge = a_bridge(paid="silent")
    order_id = sides.sell({"RW-A": 2})
    sides.live(bridge, 2)
    bridge.place(only_purchase(bridge, order_id).po.id)
    sides.live(bridge, 2)
    assert (supplier.made, supplier.payments) == ([], [])
    why = [event.data.get("why", "") for event in bridge.history(order_id) if event.kind == "PutOff"]
    assert why, "nobody is told"
    assert all("does not say how much" in each for each in why)


def test_who_has_taken_the_payment_back_by_then_gets_nothing_ordered(
    sides: Sides, supplier: DoubtfulSupplier, a_bridge: MakeBridge
) -> None:
    """Paid when it was pulled, and not any more when its time to be placed has come."""
    bridge = a_bridge(attrs.evolve(AUTOMATIC, place_after=timedelta(hours=3)))
    order_id = sides.sell({"RW-A": 2})
    sides.live(bridge, 1)
    assert supplier.made == []
    ref = int(order_id.partition("/")[2])
    sides.shop.change(ref, sides.now(), date_paid=None, date_paid_gmt=None)
    sides.live(bridge, 6)
    assert (supplier.made, supplier.payments) == ([], [])


def test_who_pays_later_gets_it_ordered_then(
    sides: Sides, supplier: DoubtfulSupplier, a_bridge: MakeBridge
) -> None:
    bridge = a_bridge()
    order_id = sides.sell({"RW-A": 2}, status="pending", date_paid=None)
    sides.live(bridge, 2)
    assert supplier.made == []
    sides.shop.put_status(int(order_id.partition("/")[2]), "processing", sides.now())
    sides.live(bridge, 3)
    assert len(supplier.payments) == 1


@pytest.mark.parametrize("hours", [1, 40])
def test_a_payment_tried_again_on_a_persons_word_counts_once_and_on_its_own_day(hours: int) -> None:
    """It is judged without what was held back for the try before; and counts when it really leaves."""
    with Sides() as sides:
        supplier = DoubtfulSupplier(mode=Mode.NEITHER, takes_money=True)
        url = sides.serve(supplier, sides.warehouse_plan)
        platform = platform_name(Mode.NEITHER, "placing")
        account = ob.supplier("doubtful", platform=platform, settings={"base_url": url})
        policy = attrs.evolve(AUTOMATIC, limit_per_day=(Money.of("30", "EUR"),))
        bridge = sides.bridge(suppliers=[account], rules=RULES, policy=policy)
        sides.warehouse_plan.meet("POST", "/orders", Fault.REQUEST_LOST)
        sides.sell({"RW-A": 2})
        sides.live(bridge, hours)
        (parked,) = bridge.reviews()
        assert parked.code is ob.ReviewCode.PARKED
        bridge.resolve(parked.id, "retry")
        sides.live(bridge, 1)
        assert codes(bridge) == []
        assert supplier.payments == [("D1", 20)]
        sides.sell({"RW-A": 2})
        sides.live(bridge, 2)
        assert (codes(bridge), len(supplier.payments)) == (["LIMIT"], 1)


# --- suppliers that say nothing of money ------------------------------------------------------------

CANCELED: list[str] = []


class _SaysNothingOfMoney(_Adapter):
    """Paid on account: its API has no word for money."""

    def place(self, po: PurchaseOrder, past: Past) -> Flow[Write | Placement | Unclear]:
        got = yield from super().place(po, past)
        if isinstance(got, Placement):
            got = Placement(placed=tuple(attrs.evolve(each, payment=None) for each in got.placed))
        return got

    def fetch(self, po: PurchaseOrder) -> Flow[SupplierStatus | None]:
        yield from super().fetch(po)
        state = Fulfillment.CANCELED if po.supplier_ref in CANCELED else Fulfillment.PLACED
        return SupplierStatus(raw=state.value, fulfillment=state)


class _TakesItSilently(_SaysNothingOfMoney, _PaidAtOnce):
    """The same, and it takes its money with the order."""


for _name, _kind in (("on-account", _SaysNothingOfMoney), ("silently-paid", _TakesItSilently)):
    ob.register(
        SupplierPlatform(
            name=_name,
            title=_name,
            settings=AccountSettings,
            adapter=lambda _, kind=_kind: kind(Mode.LOOK_UP),
            auth=lambda _: NoAuth(),
            limits=lambda _: AT_ONCE,
        )
    )


@pytest.mark.parametrize(
    ("platform", "payment", "money"),
    [("silently-paid", Payment.PAID, [CaseKind.REFUND]), ("on-account", Payment.UNKNOWN, [])],
    ids=["takes it with the order", "on account"],
)
def test_who_takes_the_money_with_the_order_has_it_though_they_never_speak_of_it(
    sides: Sides, supplier: DoubtfulSupplier, platform: str, payment: Payment, money: list[CaseKind]
) -> None:
    """Nobody is to pay it once more, and if it will not come, the money is to be got back."""
    account = ob.supplier(
        "doubtful", platform=platform, settings={"base_url": sides.serve(supplier, sides.warehouse_plan)}
    )
    policy = AUTOMATIC if money else attrs.evolve(AUTOMATIC, pay=ob.Who.BY_HAND)
    bridge = sides.bridge(suppliers=[account], rules=RULES, policy=policy)
    order_id = sides.sell({"RW-A": 2})
    sides.live(bridge, 2)
    record = only_purchase(bridge, order_id)
    assert (record.fulfillment, record.payment) == (Fulfillment.PLACED, payment)
    assert bridge.payable("doubtful").purchase_orders == (() if money else (record.po.id,))
    CANCELED[:] = [record.po.supplier_ref]
    sides.live(bridge, 6)
    assert only_purchase(bridge, order_id).fulfillment is Fulfillment.CANCELED
    assert [case.kind for case in bridge.cases()] == money
    assert (only_purchase(bridge, order_id).next_at is not None) == bool(money), "it is followed meanwhile"


@pytest.mark.parametrize(
    ("asks", "code"),
    [
        ({"limit_per_order": (Money.of("5", "EUR"),)}, "LIMIT"),
        ({"blocked_countries": frozenset({"PL"})}, "BLOCKED"),
    ],
)
def test_what_was_asked_before_it_was_ordered_is_answered_once_a_person_has_ordered_it(
    sides: Sides, supplier: DoubtfulSupplier, asks: dict[str, Any], code: str
) -> None:
    url = sides.serve(supplier, sides.warehouse_plan)
    account = ob.supplier("doubtful", platform="silently-paid", settings={"base_url": url})
    policy = attrs.evolve(AUTOMATIC, **asks)
    bridge = sides.bridge(suppliers=[account], rules=RULES, policy=policy)
    order_id = sides.sell({"RW-A": 2})
    sides.live(bridge, 2)
    assert codes(bridge) == [code]
    record = bridge.found(only_purchase(bridge, order_id).po.id, supplier_ref="by phone")
    assert (record.fulfillment, record.payment) == (Fulfillment.PLACED, Payment.PAID)
    assert codes(bridge) == []
