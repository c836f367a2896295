"""Whatever becomes of a call that orders or pays: one order and one payment, or a person who knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import Any

import attrs
import pytest

import orderbridge as ob
from both_sides import AT_ONCE, Sides, a_warehouse, codes, only_purchase
from doubtful_supplier import DoubtfulSupplier, Mode, platform_name
from in_alibaba import BUYER, MUG_RED
from orderbridge import Fulfillment, Payment
from orderbridge._http import Call
from orderbridge.sandbox import AlibabaSupplier, LoopbackServer
from orderbridge.sandbox.alibaba import Habits
from orderbridge.sandbox.faults import Backend, Fault, Line
from orderbridge.suppliers import alibaba

F, P = Fulfillment, Payment

RULES = (ob.SkuPrefix(prefix="RW-", supplier="doubtful"),)

POLICY = ob.Policy(
    place=ob.Who.AUTOMATIC,
    pay=ob.Who.AUTOMATIC,
    report_progress=False,
    pull_every=timedelta(hours=12),
    follow_every=timedelta(hours=4),
)
ob.register(attrs.evolve(alibaba.PLATFORM, name="fast-alibaba", limits=lambda _: AT_ONCE))

UNHEARD = (Fault.REQUEST_LOST, Fault.ANSWER_LOST, Fault.LATE, Fault.DOUBLED)
each_mode = pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.value)
each_fault = pytest.mark.parametrize("fault", UNHEARD, ids=lambda fault: fault.value)
each_way_to_pay = pytest.mark.parametrize("paid", ["call", "placing"])


@attrs.define
class Wire:
    """The line to a supplier, where some calls by their number meet a fault; late is 10 minutes."""

    backend: Backend
    fault_at: dict[int, Fault] = attrs.field(factory=dict[int, Fault])
    calls: list[str] = attrs.field(factory=list[str])
    line: Line = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.line = Line(self.backend, self._meets, late_by=timedelta(minutes=10))

    def _meets(self, call: Call) -> Fault | None:
        self.calls.append(f"{call.method} {call.url.partition('?')[0].rpartition('/')[2]}")
        return self.fault_at.get(len(self.calls))


@contextmanager
def served(backend: Backend) -> Iterator[tuple[Sides, Wire, str]]:
    with Sides() as sides:
        wire = Wire(backend)
        with LoopbackServer(wire.line, clock=sides.now) as server:
            yield sides, wire, server.url


def live(sides: Sides, wire: Wire, bridge: ob.Bridge, hours: float) -> None:
    """Let time pass; late calls arrive when their time has come, whoever calls then."""
    end = sides.now() + timedelta(hours=hours)
    while sides.now() < end:
        next_at = bridge.run_once().next_at or end
        lands = min((at for at, _ in wire.line.pending), default=end)
        sides.clock.sleep(max(0.05, (min(next_at, lands, end) - sides.now()).total_seconds()))
        wire.line.deliver(sides.now())


def a_bridge(sides: Sides, url: str, mode: Mode, paid: str, **changes: Any) -> ob.Bridge:
    account = ob.supplier("doubtful", platform=platform_name(mode, paid), settings={"base_url": url})
    return sides.bridge(**{"suppliers": [account], "rules": RULES, "policy": POLICY, **changes})


def a_life(
    supplier: DoubtfulSupplier, paid: str, fault_at: dict[int, Fault]
) -> tuple[Wire, ob.PurchaseRecord, list[ob.Review]]:
    """Two days of one order, and what is left at their end."""
    with served(supplier) as (sides, wire, url):
        wire.fault_at = fault_at
        bridge = a_bridge(sides, url, supplier.mode, paid)
        order_id = sides.sell({"RW-A": 2})
        live(sides, wire, bridge, 12)
        return wire, only_purchase(bridge, order_id), list(bridge.reviews())


@cache
def calls_of(mode: Mode, paid: str) -> list[str]:
    """The calls of a life in which nothing goes wrong, up to when it is paid."""
    supplier = DoubtfulSupplier(mode=mode, takes_money=paid == "placing")
    wire, record, reviews = a_life(supplier, paid, {})
    assert reviews == []
    assert (len(supplier.made), len(supplier.payments)) == (1, 1)
    assert record.payment is P.PAID
    last = max(number for number, call in enumerate(wire.calls, 1) if call.startswith("POST"))
    return wire.calls[: last + 1]


def one_or_asked(
    supplier: DoubtfulSupplier, record: ob.PurchaseRecord, reviews: list[ob.Review], *, doubled: bool = False
) -> None:
    """One order and one payment; where there is less, or the network made more, a person knows of it."""
    asked = [review for review in reviews if review.about == record.po.id]
    assert all(review.evidence for review in asked)
    orders, payments = len(supplier.made), len(supplier.payments)
    if not doubled:
        assert orders <= 1, supplier.made
        assert payments <= 1, supplier.payments
    if not asked and not doubled:
        assert (orders, payments) == (1, 1)
        assert record.po.supplier_ref == supplier.made[0].ref
        assert record.payment is P.PAID


@each_way_to_pay
@each_mode
@each_fault
def test_a_call_nobody_hears_of_leaves_one_order_and_one_payment_or_a_review(
    mode: Mode, paid: str, fault: Fault
) -> None:
    """Each call of place and pay in turn."""
    calm = calls_of(mode, paid)
    for number, call in enumerate(calm, 1):
        supplier = DoubtfulSupplier(mode=mode, takes_money=paid == "placing")
        wire, record, reviews = a_life(supplier, paid, {number: fault})
        writes, reads = call.startswith("POST"), call.startswith("GET")
        doubled = fault is Fault.DOUBLED and writes and mode is not Mode.KEY
        where = f"call {number}, {call}: {fault.value}: {wire.calls}"
        one_or_asked(supplier, record, reviews, doubled=doubled)
        if reads or mode is Mode.KEY:
            assert reviews == [], where
        if mode is Mode.NEITHER:
            posts = [each for each in wire.calls if each.startswith("POST")]
            assert len(posts) == len(set(posts)), f"what can only be parked was sent twice: {where}"
            assert doubled or not writes or [review.code.value for review in reviews] == ["PARKED"], where
        if doubled and call == "POST orders" and mode is Mode.LOOK_UP:
            assert [review.code.value for review in reviews] == ["UNCLEAR"], where


@pytest.mark.parametrize("which", ["orders", "pay"])
@each_mode
@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.LATE], ids=lambda fault: fault.value)
def test_a_refused_repeat_does_not_mean_that_the_first_try_came_to_nothing(
    mode: Mode, which: str, fault: Fault
) -> None:
    """What landed is not seen for long, so it is tried again, and refused; nothing is done twice."""
    number = calls_of(mode, "call").index(f"POST {which}") + 1
    supplier = DoubtfulSupplier(mode=mode, refuses_repeats=True, shows_after=timedelta(minutes=40))
    with served(supplier) as (sides, wire, url):
        wire.fault_at = {number: fault}
        bridge = a_bridge(sides, url, mode, "call")
        order_id = sides.sell({"RW-A": 2})
        live(sides, wire, bridge, 12)
        one_or_asked(supplier, only_purchase(bridge, order_id), list(bridge.reviews()))
        assert len(supplier.made) == 1
        if fault is Fault.ANSWER_LOST and mode is not Mode.LOOK_UP:
            # Not REFUSED, which would free its units and its money for another try.
            assert codes(bridge) == (["PARKED"] if (mode, which) != (Mode.KEY, "pay") else [])
            doubtful = only_purchase(bridge, order_id)
            assert (doubtful.fulfillment is F.IN_DOUBT) == (which == "orders")
        for review in bridge.reviews():
            bridge.resolve(review.id, "retry")
        live(sides, wire, bridge, 12)
        one_or_asked(supplier, only_purchase(bridge, order_id), list(bridge.reviews()))
        assert (len(supplier.made), len(supplier.payments)) in ((1, 1), (1, 0))
        if mode is Mode.LOOK_UP:
            record = only_purchase(bridge, order_id)
            assert (record.payment, codes(bridge)) == (P.PAID, [])


def test_a_key_is_used_no_longer_than_the_supplier_remembers_it() -> None:
    """After that nobody can tell any more: a person is asked, and nothing is ordered anew."""
    supplier = DoubtfulSupplier(mode=Mode.KEY)
    _, record, reviews = a_life(supplier, "call", dict.fromkeys(range(1, 2000), Fault.ANSWER_LOST))
    assert len(supplier.made) == 1
    assert [review.code.value for review in reviews] == ["PARKED"]
    assert record.fulfillment is F.IN_DOUBT


# --- the suppliers there are ----------------------------------------------------------------------


def at_alibaba(sides: Sides, url: str, shop: AlibabaSupplier, policy: ob.Policy = POLICY) -> ob.Bridge:
    keys = shop.keys
    settings = {
        "base_url": f"{url}/rest",
        "app_key": keys.app_key,
        "app_secret": keys.app_secret,
        "refresh_token": keys.refresh_token,
    }
    account = ob.supplier("doubtful", platform="fast-alibaba", settings=settings)
    return sides.bridge(suppliers=[account], rules=RULES, policy=policy, buyer=BUYER)


def writes_of(wire: Wire, *names: str) -> list[int]:
    return [number for number, call in enumerate(wire.calls, 1) if call in names]


def bought_at_alibaba(
    fault_at: dict[int, Fault], habits: Habits | None = None, **people: Any
) -> tuple[AlibabaSupplier, Wire, ob.PurchaseRecord, list[str]]:
    shop = AlibabaSupplier(habits=habits or Habits(), **people)
    with served(shop) as (sides, wire, url):
        wire.fault_at = fault_at
        bridge = at_alibaba(sides, url, shop)
        order_id = sides.sell({f"RW-{MUG_RED}": 2})
        live(sides, wire, bridge, 12)
        return shop, wire, only_purchase(bridge, order_id), codes(bridge)


@each_fault
def test_alibaba_orders_and_pays_once_whatever_becomes_of_either_call(fault: Fault) -> None:
    """A late call comes 10 minutes after its deadline, which is as late as the adapter reckons with."""
    shop, wire, record, reviews = bought_at_alibaba({})
    assert (len(shop.orders), shop.paid(record.po.supplier_ref), reviews) == (1, 1, [])
    writes = writes_of(wire, "POST create", "POST pay")
    assert len(writes) == 2
    for number in writes:
        shop, wire, record, reviews = bought_at_alibaba({number: fault})
        twice = fault is Fault.DOUBLED and number == writes[0]
        assert len(shop.orders) == (2 if twice else 1)
        assert len(shop.movements()) == (0 if twice else 1)
        assert reviews == (["UNCLEAR"] if twice else [])
        assert twice or record.payment is P.PAID


def test_an_order_at_alibaba_that_shows_late_is_found_after_its_repeat_was_refused() -> None:
    """It landed, is not listed for an hour, and the second try is refused: a person says retry."""
    number = writes_of(bought_at_alibaba({})[1], "POST create")[0]
    shop = AlibabaSupplier(habits=Habits(late_visible=timedelta(hours=1)))
    with served(shop) as (sides, wire, url):
        wire.fault_at = {number: Fault.ANSWER_LOST}
        bridge = at_alibaba(sides, url, shop)
        order_id = sides.sell({f"RW-{MUG_RED}": 2})
        bridge.run_once()
        assert len(shop.orders) == 1
        shop.fail_next("480006", path="/buynow/order/create")
        live(sides, wire, bridge, 4)
        assert len(writes_of(wire, "POST create")) == 2
        (review,) = bridge.reviews()
        assert review.code is ob.ReviewCode.REFUSED
        assert "480006" in review.evidence
        bridge.resolve(review.id, "retry")
        live(sides, wire, bridge, 4)
        record = only_purchase(bridge, order_id)
        assert (len(shop.orders), len(shop.movements()), codes(bridge)) == (1, 1, [])
        assert (record.po.supplier_ref, record.payment) == (shop.orders[0].trade_id, P.PAID)


def bought_at_rewix(
    fault_at: dict[int, Fault], **habits: Any
) -> tuple[list[dict[str, Any]], Wire, ob.PurchaseRecord, list[str]]:
    warehouse = a_warehouse(**habits)
    with served(warehouse) as (sides, wire, url):
        wire.fault_at = fault_at
        account = sides.supplier("doubtful", base_url=url)
        bridge = sides.bridge(
            suppliers=[account], rules=RULES, policy=attrs.evolve(POLICY, pay=ob.Who.BY_HAND)
        )
        order_id = sides.sell({"RW-100": 2})
        live(sides, wire, bridge, 12)
        return sides.ordered(warehouse), wire, only_purchase(bridge, order_id), codes(bridge)


@each_fault
def test_rewix_takes_the_order_once_whatever_becomes_of_a_call_that_changes_something(fault: Fault) -> None:
    ordered, wire, record, reviews = bought_at_rewix({})
    assert (ordered, record.fulfillment, reviews) == ([{"100": 2}], F.PLACED, [])
    writes = [number for number, call in enumerate(wire.calls, 1) if not call.startswith("GET")]
    assert len(writes) >= 2, wire.calls
    for number in writes:
        ordered, wire, record, reviews = bought_at_rewix({number: fault})
        assert ordered == [{"100": 2}], wire.calls
        assert (record.fulfillment, reviews) == (F.PLACED, []), wire.calls


@pytest.mark.parametrize("refuses", ["refuse_412", "refuse_400_bdroppy"])
def test_rewix_refuses_a_used_key_of_an_order_that_shows_late_and_it_is_not_believed(refuses: str) -> None:
    """The first try landed: the refusal of the second says only that the key is used up."""
    calm = bought_at_rewix({})[1]
    number = max(number for number, call in enumerate(calm.calls, 1) if not call.startswith("GET"))
    ordered, _, record, reviews = bought_at_rewix(
        {number: Fault.ANSWER_LOST}, repeated_key=refuses, late_visible=timedelta(hours=1)
    )
    assert ordered == [{"100": 2}]
    assert record.fulfillment is F.PLACED or reviews


@pytest.mark.parametrize("fault", [None, Fault.ANSWER_LOST], ids=["heard", "lost"])
@pytest.mark.parametrize("code", ["430005", "50006"], ids=["a known reason", "an unknown reason"])
def test_a_payment_that_alibaba_declines_is_not_made_again_and_names_the_page_to_pay_at(
    code: str, fault: Fault | None
) -> None:
    number = writes_of(bought_at_alibaba({})[1], "POST pay")[0]
    shop = AlibabaSupplier()
    shop.decline(code)
    with served(shop) as (sides, wire, url):
        wire.fault_at = {number: fault} if fault is not None else {}
        bridge = at_alibaba(sides, url, shop, attrs.evolve(POLICY, pay=ob.Who.BY_HAND))
        order_id = sides.sell({f"RW-{MUG_RED}": 2})
        live(sides, wire, bridge, 1)
        po_id = only_purchase(bridge, order_id).po.id
        page = bridge.pay(po_id)
        if code == "430005" and fault is None:
            assert (page.payment, page.page) == (P.FAILED, shop.orders[0].pay_url)
        live(sides, wire, bridge, 1)
        assert codes(bridge) == ["UNCLEAR"]
        assert code in bridge.reviews()[0].evidence
        page = bridge.pay(po_id)
        assert (page.payment, page.page) == (P.FAILED, shop.orders[0].pay_url)
        assert len(shop.payments) == 1


def test_a_payment_that_is_declined_only_later_is_asked_about_and_not_made_again() -> None:
    shop = AlibabaSupplier(paying_for=timedelta(minutes=5))
    shop.decline()
    with served(shop) as (sides, wire, url):
        bridge = at_alibaba(sides, url, shop)
        order_id = sides.sell({f"RW-{MUG_RED}": 2})
        live(sides, wire, bridge, 12)
        record = only_purchase(bridge, order_id)
        assert (codes(bridge), record.payment, record.waits) == (["UNCLEAR"], P.UNPAID, "review")
        shop.pay_by_hand(record.po.supplier_ref, now=sides.now())
        live(sides, wire, bridge, 12)
        assert (codes(bridge), only_purchase(bridge, order_id).payment) == ([], P.PAID)
        assert [payment.by for payment in shop.payments] == ["api", "hand"]


@pytest.mark.parametrize("seconds", [0, 1, 59])
def test_after_a_lost_answer_to_an_order_the_shop_is_asked_again_before_it_is_paid(seconds: int) -> None:
    """The shopper cancels while nobody knows whether the supplier has the order."""
    supplier = DoubtfulSupplier(mode=Mode.LOOK_UP)
    with served(supplier) as (sides, wire, url):
        wire.fault_at = {calls_of(Mode.LOOK_UP, "call").index("POST orders") + 1: Fault.ANSWER_LOST}
        bridge = a_bridge(sides, url, Mode.LOOK_UP, "call")
        order_id = sides.sell({"RW-A": 2})
        bridge.run_once()
        assert len(supplier.made) == 1
        sides.clock.sleep(seconds)
        sides.shop.put_status(int(order_id.partition("/")[2]), "cancelled", sides.now())
        live(sides, wire, bridge, 6)
        assert supplier.payments == []
