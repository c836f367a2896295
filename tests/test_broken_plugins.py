"""A plug-in that errs stops what it is about, and nothing beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import attrs
import pytest

import orderbridge as ob
from both_sides import AT_ONCE, AUTOMATIC, Jumping, Sides, codes, on_clock, only_purchase
from doubtful_supplier import DoubtfulSupplier, Mode, platform_name
from orderbridge import Fulfillment
from orderbridge.adapters import (
    AccountSettings,
    Flow,
    Page,
    Past,
    Placed,
    Placement,
    Probes,
    Response,
    StorePlatform,
    SupplierPlatform,
    SupplierStatus,
    Verdict,
    Write,
    judge_by_status,
)
from orderbridge.auth import NoAuth
from orderbridge.sandbox.faults import Fault
from quiet_store import QuietShops, QuietStore, an_order

RULES = tuple(ob.SkuPrefix(prefix=f"{name}-", supplier=name) for name in ("bad", "good"))
_names = count(1)


class Quiet:
    """A supplier that takes each order and has sent it, and never calls out."""

    def place(self, po: ob.PurchaseOrder, past: Past) -> Flow[Write | Placement]:
        return Placement(placed=(Placed(supplier_ref=po.reference),))
        yield  # makes this a flow

    def fetch(self, po: ob.PurchaseOrder) -> Flow[SupplierStatus | None]:
        gone = (ob.Shipment(ref="1", packages=(ob.Package(tracking_number=po.reference),)),)
        return SupplierStatus(raw="gone", fulfillment=Fulfillment.SHIPPED, shipments=gone)
        yield

    def judge(self, write: Write, response: Response) -> Verdict:
        return judge_by_status(response)


def supplier(name: str, adapter: object) -> ob.Account:
    """An account on a platform of its own."""
    platform = f"quiet-{next(_names)}"
    ob.register(
        SupplierPlatform(
            name=platform,
            title="Quiet",
            settings=AccountSettings,
            adapter=lambda _: adapter,  # type: ignore[arg-type,return-value]  # some are none, which is the point
            auth=lambda _: NoAuth(),
            limits=lambda _: AT_ONCE,
        )
    )
    return ob.supplier(name, platform=platform, settings={"base_url": f"https://{name}.example"})


class Clock(Jumping):
    def wall(self) -> datetime:
        return super().wall() - datetime(2026, 3, 2, 8, tzinfo=UTC) + BEGAN


BEGAN = datetime.now(UTC)


@attrs.define
class Town:
    """Shops that never call out, and bridges to them."""

    shops: QuietShops = attrs.field(factory=QuietShops)
    clock: Clock = attrs.field(factory=Clock)

    def bridge(self, suppliers: object, **changes: Any) -> ob.Bridge:
        store = ob.store(
            "shop", platform=self.shops.platform(), settings={"base_url": "https://shop.example"}
        )
        stores: object = {"shop": store} if isinstance(suppliers, Mapping) else [store]
        parts = {"stores": stores, "suppliers": suppliers, "journal": ":memory:", "policy": AUTOMATIC}
        made = ob.Bridge(**{**parts, "rules": RULES, "take_from": BEGAN - timedelta(days=1), **changes})
        return on_clock(made, self.clock)

    def live(self, bridge: ob.Bridge, hours: int) -> None:
        for _ in range(hours):
            bridge.run_once()
            self.clock.sleep(3600)


@pytest.fixture
def town() -> Town:
    return Town()


class NamelessSupplier(Quiet, Probes):
    def probe(self) -> Flow[Any]:
        raise KeyError("it says who it is in another way by now")
        yield


def test_orders_come_in_though_a_supplier_breaks_when_it_is_asked_who_it_is(town: Town) -> None:
    town.shops.sell("shop", "good-1")
    with town.bridge([supplier("bad", NamelessSupplier()), supplier("good", Quiet())]) as bridge:
        town.live(bridge, 2)
        assert only_purchase(bridge, "shop/1").fulfillment is Fulfillment.SHIPPED
        assert list(bridge.health().refused_logins) == ["bad"]
        assert "KeyError at test_broken_plugins" in bridge.health().refused_logins["bad"]


@attrs.define
class NoResult(Quiet):
    """Its flows come to no result that anybody knows."""

    result: object

    def place(self, po: ob.PurchaseOrder, past: Past) -> Flow[Any]:
        return self.result
        yield


@pytest.mark.parametrize("result", [None, 5])
def test_a_result_that_is_none_holds_up_its_own_purchase_order_alone(town: Town, result: object) -> None:
    bad, good = (
        attrs.evolve(an_order("shop", "1", f"{name}-1").lines[0], ref=name) for name in ("bad", "good")
    )
    town.shops.sell("shop", "", lines=(bad, good))
    with town.bridge([supplier("bad", NoResult(result)), supplier("good", Quiet())]) as bridge:
        town.live(bridge, 3)
        view = bridge.order("shop/1")
        assert view is not None
        assert [(p.po.supplier, p.fulfillment.value) for p in view.purchases] == [
            ("bad", "TO_ORDER"),
            ("good", "SHIPPED"),
        ]
        assert [notice.told for notice in view.notices] == [True]
        assert [(review.code.value, review.about) for review in bridge.reviews()] == [
            ("FAULT", "shop/1/bad/1")
        ]


def test_an_answer_that_an_adapter_stumbles_over_is_kept_and_looked_up() -> None:
    made = DoubtfulSupplier(mode=Mode.LOOK_UP)
    with Sides() as sides:
        account = ob.supplier(
            "bad", platform=platform_name(Mode.LOOK_UP, "call"), settings={"base_url": sides.serve(made)}
        )
        bridge = sides.bridge(suppliers=[account], rules=RULES[:1])
        adapter = bridge._setup.world.suppliers["bad"].adapter
        judge: Callable[[Write, Response], Verdict] = type(adapter).judge

        def stumble(self: object, write: Write, response: Response) -> Verdict:
            raise KeyError("another shape")

        type(adapter).judge = stumble  # type: ignore[method-assign,assignment]
        try:
            order_id = sides.sell({"bad-1": 1})
            sides.live(bridge, 1)
        finally:
            type(adapter).judge = judge  # type: ignore[method-assign,assignment]
        record = only_purchase(bridge, order_id)
        assert (record.po.supplier_ref, len(made.made)) == ("D1", 1)
        (intent,) = bridge._setup.journal.look(
            lambda tx: tx.intents(about=record.po.id, operation="place", op_no=1)
        )
        (attempt,) = bridge._setup.journal.look(lambda tx: tx.attempts(intent.id))
        assert "D1" in attempt.answer


class NowhereOn(QuietStore):
    def fetch_orders(self, cursor: str | None, *, since: datetime, now: datetime) -> Flow[Page]:
        return Page(items=(), next=None, more=False)  # type: ignore[arg-type]  # as those without mypy write
        yield


def test_a_row_that_cannot_be_stops_nothing_else(town: Town) -> None:
    """It is what came that is wrong, and not the journal."""
    town.shops.sell("two", "good-1")
    two = ob.store("two", platform=town.shops.platform(), settings={"base_url": "https://two.example"})
    platform = StorePlatform(
        name="nowhere-on",
        title="Nowhere on",
        settings=AccountSettings,
        adapter=lambda _: NowhereOn(town.shops, "one"),
        auth=lambda _: NoAuth(),
    )
    ob.register(platform)
    one = ob.store("one", platform="nowhere-on", settings={"base_url": "https://one.example"})
    with town.bridge([supplier("good", Quiet())], stores=[one, two], rules=RULES[1:]) as bridge:
        failures = dict(bridge.run_once().failures)
        assert list(failures) == ["pull/one"]
        assert "a row was refused" in failures["pull/one"]
        assert "a row was refused" in bridge.health().stores["one"].failed
        assert only_purchase(bridge, "two/1").fulfillment is Fulfillment.PLACED


def test_a_confirmed_payment_is_known_though_no_answer_came_after_it() -> None:
    """Nothing of this supplier's tells of money later, so only the payment's own steps can."""
    made = DoubtfulSupplier(mode=Mode.NEITHER)
    with Sides() as sides:
        url = sides.serve(made, sides.warehouse_plan)
        account = ob.supplier("bad", platform=platform_name(Mode.NEITHER, "call"), settings={"base_url": url})
        policy = attrs.evolve(AUTOMATIC, pay=ob.Who.AUTOMATIC)
        bridge = sides.bridge(suppliers=[account], rules=RULES[:1], policy=policy)
        sides.warehouse_plan.before(
            "POST",
            "/pay",
            lambda: sides.warehouse_plan.meet("GET", "/D1", Fault.REQUEST_LOST, times=3),
        )
        order_id = sides.sell({"bad-1": 1})
        sides.live(bridge, 3)
        assert only_purchase(bridge, order_id).payment is ob.Payment.PAID
        assert (made.payments, codes(bridge)) == ([("D1", made.made[0].total)], [])


def test_a_supplier_that_is_back_in_the_mapping_is_asked_about_its_orders_again(
    town: Town, tmp_path: Any
) -> None:
    """Nobody says so: what waited for it looks by itself."""

    @attrs.define
    class Slow(Quiet):
        gone: bool = False

        def fetch(self, po: ob.PurchaseOrder) -> Flow[SupplierStatus | None]:
            if self.gone:
                return (yield from super().fetch(po))
            return SupplierStatus(raw="placed", fulfillment=Fulfillment.PLACED)

    slow = Slow()
    account = supplier("good", slow)
    town.shops.sell("shop", "cup")
    parts = {"journal": tmp_path / "j.db", "rules": ()}
    with town.bridge({"good": account}, **parts) as bridge:
        bridge.link(ob.ProductLink(store="shop", key="p1", supplier="good", remote_id="1"))
        town.live(bridge, 1)
    with town.bridge({}, **parts) as without:
        town.live(without, 2)
        assert only_purchase(without, "shop/1").waits == "account"
    slow.gone = True
    with town.bridge({"good": account}, **parts) as back:
        town.live(back, 7)
        view = back.order("shop/1")
        assert view is not None
        assert [notice.told for notice in view.notices] == [True]


class TellsRowByRow(Quiet):
    """A departure's list of goods has a row for each box, so an article stands in it twice."""

    def fetch(self, po: ob.PurchaseOrder) -> Flow[SupplierStatus | None]:
        boxes = tuple(
            ob.ShipmentLine(remote_id=key, quantity=Decimal(1)) for key in po.units for _ in range(2)
        )
        gone = (ob.Shipment(ref="1", packages=(ob.Package(tracking_number="JD1"),), lines=boxes),)
        return SupplierStatus(raw="gone", fulfillment=Fulfillment.SHIPPED, shipments=gone)
        yield


def test_an_article_that_a_departure_names_twice_counts_twice(town: Town) -> None:
    order_id = town.shops.sell("shop", "good-1")
    (line,) = town.shops.orders["shop"][0].lines
    town.shops.change(order_id, lines=(attrs.evolve(line, quantity=Decimal(2)),))
    bridge = town.bridge([supplier("good", TellsRowByRow())], rules=RULES[1:])
    town.live(bridge, 2)
    view = bridge.order(order_id)
    assert view is not None
    assert [[line.units for line in n.notice.lines] for n in view.notices] == [[Decimal(2)]]


def test_who_fails_at_what_another_has_a_call_under_way_for_leaves_it_to_that_one() -> None:
    with Sides() as sides:
        journal = ob.journal(":memory:")
        bridge = sides.bridge(journal=journal)
        subject = f"order/{sides.sell({'RW-100': 1})}"
        bridge.run_once()
        until = sides.now() + timedelta(minutes=2)

        def call(tx: ob._journal.Tx) -> None:
            tx.wake(subject, sides.now())
            tx.hold(subject, fence=tx.work(subject).fence, until=until)

        journal.transact(call)
        with pytest.raises(ob.errors.BridgeError):
            sides.bridge(journal=journal, stores=[sides.store(base_url="http://127.0.0.1:9")]).advance(
                subject
            )
        assert journal.look(lambda tx: tx.work(subject)).lease_until == until


class NamesAnew(Quiet):
    """A departure has another name once its goods are known."""

    asked = 0

    def fetch(self, po: ob.PurchaseOrder) -> Flow[SupplierStatus | None]:
        self.asked += 1
        goods = tuple(ob.ShipmentLine(remote_id=key, quantity=count) for key, count in po.units.items())
        numbered = (ob.Package(tracking_number="JD1"),)
        gone = ob.Shipment(ref="all", packages=numbered)
        if self.asked > 1:
            gone = ob.Shipment(ref="N0", packages=numbered, lines=goods)
        return SupplierStatus(raw="gone", fulfillment=Fulfillment.SHIPPED, shipments=(gone,))
        yield


def test_a_departure_that_has_another_name_later_is_told_once(town: Town) -> None:
    order_id, adapter = town.shops.sell("shop", "good-1"), NamesAnew()
    bridge = town.bridge([supplier("good", adapter)], rules=RULES[1:])
    town.live(bridge, 48)
    view = bridge.order(order_id)
    assert view is not None
    assert adapter.asked > 1
    assert [notice.shipment_ref for notice in view.notices] == ["all"]
