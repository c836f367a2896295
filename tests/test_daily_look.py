"""The daily look over what a supplier account holds: doubles are found, and nothing is made of absence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

import orderbridge as ob
from both_sides import AT_ONCE, Sides, a_warehouse, codes, only_purchase
from in_alibaba import BUYER, MUG_RED
from in_alibaba import Account as Elsewhere
from orderbridge import Fulfillment, Payment
from orderbridge._drivers_async import AsyncDriver
from orderbridge._http import Call
from orderbridge._journal import Tx
from orderbridge.sandbox import AlibabaSupplier, LoopbackServer
from orderbridge.sandbox.alibaba import Habits
from orderbridge.sandbox.faults import Backend, Fault, Line
from orderbridge.suppliers import alibaba

F, P = Fulfillment, Payment
RULES = (ob.SkuPrefix(prefix="RW-", supplier="far"),)
POLICY = ob.Policy(
    place=ob.Who.AUTOMATIC,
    pay=ob.Who.AUTOMATIC,
    report_progress=False,
    pull_every=timedelta(hours=12),
    follow_every=timedelta(hours=4),
)
SOON, NEXT_DAY = 3.0, 26.0  # hours
ob.register(
    attrs.evolve(alibaba.PLATFORM, name="far-alibaba", limits=lambda _: AT_ONCE, meter=lambda _: None)
)


@attrs.define
class Wire:
    """The line to the supplier; the next call to some place meets a fault."""

    backend: Backend
    next_there: dict[str, Fault] = attrs.field(factory=dict[str, Fault])
    calls: list[str] = attrs.field(factory=list[str])
    line: Line = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.line = Line(self.backend, self._meets, double_after=timedelta(minutes=9))

    def _meets(self, call: Call) -> Fault | None:
        path = call.url.partition("?")[0]
        self.calls.append(f"{call.method} {path}")
        return self.next_there.pop(path.rpartition("/")[2], None)

    def count(self, end: str) -> int:
        return sum(call.endswith(end) for call in self.calls)


@attrs.define
class Far:
    """A shop, a supplier whom the network sometimes asks twice, and the account of it."""

    sides: Sides
    wire: Wire
    account: ob.Account
    changes: dict[str, Any]

    @property
    def given(self) -> dict[str, Any]:
        fixed = {"suppliers": [self.account], "rules": RULES, "policy": POLICY, "buyer": BUYER}
        return {**fixed, **self.changes}

    def bridge(self) -> ob.Bridge:
        return self.sides.bridge(**self.given)

    def live(self, bridge: ob.Bridge, hours: float) -> None:
        """Let time pass; what the network still carries arrives when its time has come."""
        end = self.sides.now() + timedelta(hours=hours)
        while self.sides.now() < end:
            next_at = bridge.run_once().next_at or end
            lands = min((at for at, _ in self.wire.line.pending), default=end)
            pause = (min(next_at, lands, end) - self.sides.now()).total_seconds()
            self.sides.clock.sleep(max(0.05, pause))
            self.wire.line.deliver(self.sides.now())
        bridge.run_once()


@contextmanager
def at_alibaba(shop: AlibabaSupplier, **changes: Any) -> Iterator[Far]:
    with Sides() as sides:
        wire = Wire(shop)
        with LoopbackServer(wire.line, clock=sides.now) as server:
            settings = {
                "base_url": f"{server.url}/rest",
                "app_key": shop.keys.app_key,
                "app_secret": shop.keys.app_secret,
                "refresh_token": shop.keys.refresh_token,
            }
            account = ob.supplier("far", platform="far-alibaba", settings=settings)
            yield Far(sides, wire, account, changes)


@contextmanager
def at_rewix(**habits: Any) -> Iterator[tuple[Far, Any]]:
    warehouse = a_warehouse(**habits)
    with Sides() as sides:
        wire = Wire(warehouse)
        with LoopbackServer(wire.line, clock=sides.now) as server:
            by_hand = attrs.evolve(POLICY, pay=ob.Who.BY_HAND)
            yield Far(sides, wire, sides.supplier("far", base_url=server.url), {"policy": by_hand}), warehouse


def events(bridge: ob.Bridge, kind: ob.EventKind) -> list[ob.Event]:
    return [event for event in bridge.events(limit=10_000) if event.kind is kind]


def looked(bridge: ob.Bridge) -> ob.DailyLook:
    return bridge.health().daily_looks["far"]


# --- one order too many -------------------------------------------------------------------------


def test_what_the_network_doubled_is_found_a_day_later_and_canceled_once_a_person_says_so() -> None:
    shop = AlibabaSupplier()
    with at_alibaba(shop) as far:
        far.wire.next_there["create"] = Fault.DOUBLED
        bridge = far.bridge()
        order_id = far.sides.sell({f"RW-{MUG_RED}": 2})
        far.live(bridge, SOON)
        ours, twin = shop.orders
        record = only_purchase(bridge, order_id)
        assert (record.po.supplier_ref, record.payment, codes(bridge)) == (ours.trade_id, P.PAID, [])
        far.live(bridge, NEXT_DAY)
        [review] = bridge.reviews()
        assert (review.code, review.decisions) == (ob.ReviewCode.DOUBLE, ("cancel", "ignore"))
        assert ours.trade_id in review.evidence
        assert twin.trade_id in review.evidence
        assert only_purchase(bridge, order_id).fulfillment is record.fulfillment, "the original goes on"
        bridge.resolve(review.id, "cancel")
        bridge.resolve(review.id, "cancel")
        far.live(bridge, SOON)
        assert shop.cancellations == [twin.trade_id]
        assert codes(bridge) == []
        assert [shop.paid(order.trade_id) for order in shop.orders] == [1, 0]
        far.live(bridge, 3 * NEXT_DAY)
        shop.work(now=far.sides.now())
        shop.ready(now=far.sides.now())
        shop.ship(ours.trade_id, "OB0000001", now=far.sides.now())
        far.live(bridge, NEXT_DAY)
        assert only_purchase(bridge, order_id).fulfillment is F.SHIPPED
        assert far.sides.shown(order_id) == ["OB0000001"]
        assert codes(bridge) == []
        assert len(events(bridge, ob.EventKind.TWIN_FOUND)) == 1
        words = "\n".join(entry.words for entry in bridge.timeline(order_id))
        assert f"one order too many: {twin.trade_id}" in words


def doubled(far: Far, shop: AlibabaSupplier, bridge: ob.Bridge) -> tuple[str, str, str]:
    """An order that the network has doubled; its id, the supplier's number of it, and of its twin."""
    far.wire.next_there["create"] = Fault.DOUBLED
    before = len(shop.orders)
    order_id = far.sides.sell({f"RW-{MUG_RED}": 2})
    far.live(bridge, 1)
    ours, twin = shop.orders[before:]
    return order_id, ours.trade_id, twin.trade_id


def test_a_twin_that_is_to_stay_is_asked_about_once() -> None:
    shop = AlibabaSupplier()
    with at_alibaba(shop) as far:
        bridge = far.bridge()
        doubled(far, shop, bridge)
        far.live(bridge, NEXT_DAY)
        [review] = bridge.reviews()
        bridge.resolve(review.id, "ignore")
        far.live(bridge, 3 * NEXT_DAY)
        assert codes(bridge) == []
        assert shop.cancellations == []


def ordered_anew(far: Far, shop: AlibabaSupplier, bridge: ob.Bridge) -> tuple[str, str, str]:
    """The supplier canceled an order that it has twice, and a person ordered it anew: the order's id, the
    number of the twin, which is asked about, and the new purchase order, which is on hold."""
    order_id, ours, twin = doubled(far, shop, bridge)
    shop.close(ours, now=far.sides.now())
    far.live(bridge, NEXT_DAY)
    bridge.hold(order_id)
    [canceled] = [each for each in bridge.reviews() if each.code is ob.ReviewCode.CANCELED_BY_SUPPLIER]
    bridge.resolve(canceled.id, "retry")
    far.live(bridge, 1)
    view = bridge.order(order_id)
    assert view is not None
    return order_id, twin, view.purchases[-1].po.id


def test_a_twin_that_is_another_purchase_order_s_by_now_is_none_and_the_question_closes() -> None:
    """Late enough that the list shows the twin only once the first is canceled, as it may be anywhere."""
    shop = AlibabaSupplier(habits=Habits(late_visible=timedelta(hours=6)))
    with at_alibaba(shop) as far:
        bridge = far.bridge()
        order_id, twin, second = ordered_anew(far, shop, bridge)
        [asked] = [each for each in bridge.reviews() if each.code is ob.ReviewCode.DOUBLE]
        assert bridge.found(second, supplier_ref=twin).po.supplier_ref == twin

        assert ob.ReviewCode.DOUBLE.value not in codes(bridge)
        view = bridge.order(order_id)
        assert view is not None
        assert [purchase.twins for purchase in view.purchases] == [(), ()]
        bridge.resolve(asked.id, "cancel")  # somebody had the page open since before
        bridge.release(order_id)
        far.live(bridge, 2 * NEXT_DAY)
        assert shop.cancellations == []
        assert ob.ReviewCode.DOUBLE.value not in codes(bridge)
        assert looked(bridge).ended_at > far.sides.now() - timedelta(days=2)


def test_the_cancel_of_a_twin_never_leaves_once_it_is_a_purchase_order_s() -> None:
    """However it became one: it is looked at in the commit that plans the call."""
    shop = AlibabaSupplier(habits=Habits(late_visible=timedelta(hours=6)))
    with at_alibaba(shop) as far:
        bridge = far.bridge()
        order_id, twin, second = ordered_anew(far, shop, bridge)
        [asked] = [each for each in bridge.reviews() if each.code is ob.ReviewCode.DOUBLE]
        bridge.resolve(asked.id, "cancel")

        def becomes_one(tx: Tx) -> None:
            record = tx.purchase(second)
            assert record is not None
            tx.put_purchase(attrs.evolve(record, po=attrs.evolve(record.po, supplier_ref=twin)))

        bridge._setup.journal.transact(becomes_one)
        far.live(bridge, 3)
        assert shop.cancellations == []
        view = bridge.order(order_id)
        assert view is not None
        assert [purchase.twins for purchase in view.purchases] == [(), ()]


def test_an_order_whose_cancel_is_wanted_or_sent_is_nobody_s_to_be_found() -> None:
    shop = AlibabaSupplier(habits=Habits(late_visible=timedelta(hours=6)))
    with at_alibaba(shop) as far:
        bridge = far.bridge()
        _, twin, second = ordered_anew(far, shop, bridge)
        [asked] = [each for each in bridge.reviews() if each.code is ob.ReviewCode.DOUBLE]
        bridge.resolve(asked.id, "cancel")
        for _ in ("wanted", "sent"):
            with pytest.raises(ob.ConfigurationError, match=f"{twin}.* one order too many"):
                bridge.found(second, supplier_ref=twin)
            far.live(bridge, 1)
        assert shop.cancellations == [twin]


def test_what_the_supplier_would_not_cancel_may_be_found_all_the_same() -> None:
    shop = AlibabaSupplier(habits=Habits(late_visible=timedelta(hours=6)))
    with at_alibaba(shop) as far:
        bridge = far.bridge()
        _, twin, second = ordered_anew(far, shop, bridge)
        [asked] = [each for each in bridge.reviews() if each.code is ob.ReviewCode.DOUBLE]
        now = far.sides.now()
        shop.pay_by_hand(twin, now=now)
        shop.ship(twin, "OB0000009", now=now)
        bridge.resolve(asked.id, "cancel")
        far.live(bridge, 1)
        assert shop.cancellations == []
        assert bridge.found(second, supplier_ref=twin).po.supplier_ref == twin
        far.live(bridge, 1)
        about_the_twin = [each for each in bridge.reviews() if "#twin" in each.about]
        assert about_the_twin == []


def test_a_twin_that_is_canceled_already_is_no_question() -> None:
    shop = AlibabaSupplier()
    with at_alibaba(shop) as far:
        bridge = far.bridge()
        _, _, twin = doubled(far, shop, bridge)
        shop.close(twin, now=far.sides.now())
        far.live(bridge, NEXT_DAY)
        assert looked(bridge).seen == 1
        assert codes(bridge) == []


def test_the_question_closes_once_people_have_canceled_the_twin_there() -> None:
    shop = AlibabaSupplier()
    with at_alibaba(shop) as far:
        bridge = far.bridge()
        _, _, twin = doubled(far, shop, bridge)
        far.live(bridge, 24)
        assert codes(bridge) == ["DOUBLE"]
        shop.close(twin, now=far.sides.now())
        far.live(bridge, 24)
        assert codes(bridge) == []


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.value)
def test_whatever_becomes_of_the_call_that_cancels_a_twin_only_the_twin_is_canceled(fault: Fault) -> None:
    shop = AlibabaSupplier()
    with at_alibaba(shop) as far:
        bridge = far.bridge()
        order_id, ours, twin = doubled(far, shop, bridge)
        far.live(bridge, NEXT_DAY)
        [review] = bridge.reviews()
        far.wire.next_there["cancel"] = fault
        bridge.resolve(review.id, "cancel")
        far.live(bridge, NEXT_DAY)
        assert set(shop.cancellations) == {twin}
        assert codes(bridge) == []
        assert only_purchase(bridge, order_id).po.supplier_ref == ours


def test_a_twin_that_left_before_it_was_to_be_canceled_is_a_question_again() -> None:
    shop = AlibabaSupplier()
    with at_alibaba(shop) as far:
        bridge = far.bridge()
        order_id, _, twin = doubled(far, shop, bridge)
        far.live(bridge, NEXT_DAY)
        [review] = bridge.reviews()
        now = far.sides.now()
        shop.pay_by_hand(twin, now=now)
        shop.confirm(now=now)
        shop.work(now=now)
        shop.ready(now=now)
        shop.ship(twin, "OB0000009", now=now)
        bridge.resolve(review.id, "cancel")
        far.live(bridge, SOON)
        [asked] = bridge.reviews()
        assert asked.code is ob.ReviewCode.UNCLEAR
        assert twin in asked.evidence
        assert shop.cancellations == []
        assert far.sides.shown(order_id) == [], "what the twin ships is none of the order's"
        bridge.resolve(asked.id, "retry")
        far.live(bridge, SOON)
        assert codes(bridge) == ["UNCLEAR"]


def test_a_supplier_that_takes_nothing_back_is_asked_by_people() -> None:
    """Rewix lists nothing, so each purchase order is asked for by its key; two may answer to one."""
    with at_rewix(repeated_key="accept") as (far, warehouse):
        far.wire.next_there["dropshipping"] = Fault.DOUBLED
        bridge = far.bridge()
        order_id = far.sides.sell({"RW-100": 2})
        far.live(bridge, SOON)
        ours, twin = warehouse.orders
        assert codes(bridge) == []
        far.live(bridge, 24)
        [review] = bridge.reviews()
        assert (review.code, review.decisions) == (ob.ReviewCode.DOUBLE, ("ignore",))
        assert ours.order_id in review.evidence
        assert twin.order_id in review.evidence
        warehouse.cancel(twin.order_id, now=far.sides.now())
        far.live(bridge, 24)
        assert codes(bridge) == []
        assert only_purchase(bridge, order_id).po.supplier_ref == ours.order_id


def test_a_list_that_lags_longer_than_anybody_reckons_with_shows_the_first_try_in_the_end() -> None:
    """It was looked for, and not found, and ordered again: a day later there are two."""
    shop = AlibabaSupplier(habits=Habits(late_visible=timedelta(hours=6)))
    with at_alibaba(shop) as far:
        far.wire.next_there["create"] = Fault.ANSWER_LOST
        bridge = far.bridge()
        order_id = far.sides.sell({f"RW-{MUG_RED}": 2})
        far.live(bridge, 4)
        first, second = shop.orders
        assert only_purchase(bridge, order_id).po.supplier_ref == second.trade_id
        far.live(bridge, NEXT_DAY)
        [review] = bridge.reviews()
        bridge.resolve(review.id, "cancel")
        far.live(bridge, SOON)
        assert (shop.cancellations, codes(bridge)) == ([first.trade_id], [])


def test_an_order_that_nothing_here_wants_any_more_is_one_too_many() -> None:
    """The lost call was given up and the shop canceled; and then the supplier has it after all."""
    shop = AlibabaSupplier(habits=Habits(late_visible=timedelta(hours=6)))
    with at_alibaba(shop) as far:
        bridge = far.bridge()
        order_id = far.sides.sell({f"RW-{MUG_RED}": 2})
        far.wire.next_there["create"] = Fault.ANSWER_LOST
        bridge.run_once()
        far.sides.shop.put_status(int(order_id.partition("/")[2]), "cancelled", far.sides.now())
        far.live(bridge, NEXT_DAY)
        record = only_purchase(bridge, order_id)
        assert len(shop.orders) == 1
        assert record.fulfillment is F.CANCELED, codes(bridge)
        far.live(bridge, NEXT_DAY)
        [review] = [each for each in bridge.reviews() if each.code is ob.ReviewCode.DOUBLE]
        assert shop.orders[0].trade_id in review.evidence
        bridge.resolve(review.id, "cancel")
        far.live(bridge, SOON)
        assert shop.cancellations == [shop.orders[0].trade_id]


# --- what is in doubt, and what is others' --------------------------------------------------------


def test_what_is_in_doubt_is_looked_up_when_the_look_has_seen_it() -> None:
    """Also when a person was asked, and has not answered."""
    shop = AlibabaSupplier(habits=Habits(late_visible=timedelta(hours=8)))
    with at_alibaba(shop) as far:
        bridge = far.bridge()
        order_id = far.sides.sell({f"RW-{MUG_RED}": 2})
        far.wire.next_there["create"] = Fault.ANSWER_LOST
        bridge.run_once()
        record = only_purchase(bridge, order_id)
        assert record.fulfillment is F.IN_DOUBT
        journal = bridge._setup.journal
        # As it stands when nobody can tell what came of a call.
        journal.transact(lambda tx: tx.put_purchase(attrs.evolve(record, next_at=None, waits="review")))
        journal.transact(lambda tx: tx.schedule(f"order/{order_id}", None))
        far.live(bridge, 20)
        assert only_purchase(bridge, order_id).fulfillment is F.IN_DOUBT
        far.live(bridge, 6)
        record = only_purchase(bridge, order_id)
        assert (record.po.supplier_ref, len(shop.orders)) == (shop.orders[0].trade_id, 1)
        assert len(events(bridge, ob.EventKind.SEEN_AT_SUPPLIER)) == 1
        assert ob.ReviewCode.DOUBLE.value not in codes(bridge)


def crowd(shop: AlibabaSupplier, far: Far, *references: str) -> None:
    """Somebody else orders at the same account."""
    elsewhere = Elsewhere()
    elsewhere.placed_elsewhere("a-reference")
    [pattern] = elsewhere.shop.orders
    for n, reference in enumerate(references):
        at = far.sides.now() + timedelta(seconds=n % 600)
        shop.keep(
            attrs.evolve(
                pattern, trade_id=shop.next_trade_id(), remark=reference, created_at=at, modified_at=at
            )
        )


def like_ours(orders: int) -> list[str]:
    """References as another journal gives them."""
    letters = str.maketrans("0123456789", "abcdefghij")
    return [f"zzccyyddxx{n:06}".translate(letters) for n in range(orders)]


def test_another_journal_on_the_same_account_is_told_once_and_counted_and_no_question() -> None:
    shop = AlibabaSupplier()
    with at_alibaba(shop) as far:
        bridge = far.bridge()
        bridge.run_once()
        crowd(shop, far, *like_ours(3))
        far.live(bridge, 24)
        assert (looked(bridge).unknown, codes(bridge)) == (3, [])
        told = events(bridge, ob.EventKind.UNKNOWN_PURCHASE)
        assert {event.data["supplier_ref"] for event in told} == {order.trade_id for order in shop.orders}
        far.live(bridge, 24)
        assert looked(bridge).unknown == 3
        far.live(bridge, 48)
        assert looked(bridge).unknown == 0, "what is days old is not gone through again"
        assert len(events(bridge, ob.EventKind.UNKNOWN_PURCHASE)) == 3


def test_what_people_order_there_by_hand_is_none_of_ours() -> None:
    shop = AlibabaSupplier()
    with at_alibaba(shop) as far:
        bridge = far.bridge()
        bridge.run_once()
        crowd(shop, far, "for aunt Quirina")
        far.live(bridge, NEXT_DAY)
        last = looked(bridge)
        assert (last.seen, last.unknown, codes(bridge)) == (1, 0, [])
        assert events(bridge, ob.EventKind.UNKNOWN_PURCHASE) == []


def test_nothing_is_made_of_what_a_list_does_not_show() -> None:
    shop = AlibabaSupplier(habits=Habits(late_visible=timedelta(days=30)))
    with at_alibaba(shop) as far:
        bridge = far.bridge()
        order_id = far.sides.sell({f"RW-{MUG_RED}": 2})
        far.live(bridge, 2 * NEXT_DAY)
        assert (looked(bridge).seen, codes(bridge), len(shop.orders)) == (0, [], 1)
        assert only_purchase(bridge, order_id).payment is P.PAID


# --- many, and at once ----------------------------------------------------------------------------


@pytest.mark.slow  # each order that is not known is read, in a call of its own
def test_hundreds_of_orders_are_gone_through_page_by_page() -> None:
    """No page holds more than the supplier shows at once, and what is ours is not read again."""
    shop = AlibabaSupplier()
    with at_alibaba(shop) as far:
        bridge = far.bridge()
        _, _, twin = doubled(far, shop, bridge)
        crowd(shop, far, *like_ours(600))
        reads = far.wire.count("/order/get")
        far.live(bridge, NEXT_DAY)
        assert (looked(bridge).seen, looked(bridge).unknown) == (601, 600)
        assert far.wire.count("/order/get") - reads <= 601 + 100
        assert codes(bridge) == ["DOUBLE"]
        assert twin in bridge.reviews()[0].evidence


class Killed(BaseException):
    """The process is gone."""


def test_a_look_that_is_killed_in_the_middle_goes_on_where_it_was() -> None:
    shop = AlibabaSupplier()
    with at_alibaba(shop) as far:
        bridge = far.bridge()
        _, _, twin = doubled(far, shop, bridge)
        crowd(shop, far, *like_ours(250))
        far.sides.clock.sleep(23 * 3600)
        journal = bridge._setup.journal
        kills = 0
        for commit in range(1, 40):
            real, left = journal.transact, [commit]

            def transact(work: Callable[[Any], Any], real: Any = real, left: list[int] = left) -> Any:
                left[0] -= 1
                if left[0] == 0:
                    raise Killed
                return real(work)

            journal.transact = transact  # type: ignore[method-assign]
            try:
                bridge.run_once()
            except Killed:
                kills += 1
            finally:
                journal.transact = real  # type: ignore[method-assign]
        far.live(bridge, 1)
        assert kills >= 3
        assert codes(bridge) == ["DOUBLE"]
        assert twin in bridge.reviews()[0].evidence
        assert looked(bridge).unknown == 250
        assert len(events(bridge, ob.EventKind.UNKNOWN_PURCHASE)) == 250
        assert len(events(bridge, ob.EventKind.TWIN_FOUND)) == 1


def test_two_processes_look_once(tmp_path: Path) -> None:
    """While the one reads its page, the other reads and writes it: only one of them counts."""
    shop = AlibabaSupplier()
    with at_alibaba(shop, journal=tmp_path / "orders.db") as far:
        one, other = far.bridge(), far.bridge()
        doubled(far, shop, one)
        crowd(shop, far, *like_ours(150))
        far.sides.clock.sleep(23 * 3600)
        with ThreadPoolExecutor(2) as both:
            list(both.map(lambda bridge: bridge.run_once(), (one, other)))
        far.live(one, 1)
        assert codes(one) == codes(other) == ["DOUBLE"]
        assert (looked(one).seen, looked(one).unknown) == (151, 150)
        assert len(events(one, ob.EventKind.TWIN_FOUND)) == 1
        assert len(events(one, ob.EventKind.UNKNOWN_PURCHASE)) == 150


def test_a_supplier_that_cannot_be_asked_is_asked_again_and_then_seen_whole() -> None:
    shop = AlibabaSupplier()
    with at_alibaba(shop) as far:
        bridge = far.bridge()
        doubled(far, shop, bridge)
        crowd(shop, far, *like_ours(150))
        far.sides.clock.sleep(23 * 3600)
        real = far.wire.line.plan
        left = [30]

        def down(call: Call) -> Fault | None:
            left[0] -= 1
            return Fault.ERROR_BEFORE if left[0] > 0 else real(call)

        far.wire.line.plan = down
        far.live(bridge, 3)
        assert codes(bridge) == ["DOUBLE"]
        assert looked(bridge).seen == 151


def test_an_async_bridge_looks_and_cancels_just_so(tmp_path: Path) -> None:
    shop = AlibabaSupplier()
    with at_alibaba(shop, journal=tmp_path / "orders.db") as far:
        _, _, twin = doubled(far, shop, far.bridge())
        far.sides.clock.sleep(24 * 3600)

        async def a_day() -> None:
            async with ob.AsyncBridge(**far.sides.parts(**far.given)) as bridge:
                setup, tokens = bridge._setup, bridge._driver._tokens
                clock = far.sides.clock
                bridge._driver = AsyncDriver(setup.journal, setup.line_of, clockwork=clock, tokens=tokens)
                await bridge.run_once()
                [review] = await bridge.reviews()
                assert review.code is ob.ReviewCode.DOUBLE
                await bridge.resolve(review.id, "cancel")
                await bridge.run_once()
                assert await bridge.reviews() == ()

        asyncio.run(a_day())
        assert shop.cancellations == [twin]
