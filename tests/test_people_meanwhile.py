"""A person acts, here or in the shop, while goods or money are under way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

import orderbridge as ob
import test_offline
from both_sides import AT_ONCE, Sides, codes, only_purchase
from doubtful_supplier import DoubtfulSupplier, Mode, _PaidAtOnce
from mall_supplier import BUYER, Mall, _Adapter, _json
from orderbridge import (
    Fulfillment,
    Money,
    Package,
    Payment,
    Policy,
    PurchaseOrder,
    Shipment,
    SkuPrefix,
    _checkout,
)
from orderbridge._http import Call
from orderbridge._journal import Tx
from orderbridge.adapters import (
    AccountSettings,
    Flow,
    LookUp,
    Past,
    Placement,
    PurchaseCanceled,
    Quote,
    Quotes,
    Request,
    Response,
    ShippingOption,
    SupplierPlatform,
    SupplierStatus,
    Unclear,
    Write,
)
from orderbridge.auth import NoAuth
from orderbridge.errors import ConfigurationError
from orderbridge.sandbox.faults import Fault
from test_mall import PAYS, Street, linked, purchases, street
from test_stale_answers import SOON, answers, question

BY_HAND = Policy()


class _Considers(_Adapter):
    """Asked to cancel, its people think about it first."""

    def cancel_purchase(self, po: PurchaseOrder, past: Past) -> Flow[Write | PurchaseCanceled | Unclear]:
        order = yield from self._order(po)
        if order.state == "CANCEL_REQUESTED":
            return PurchaseCanceled(fulfillment=Fulfillment.CANCEL_REQUESTED, raw_status=order.state)
        return Write("cancel", Request("POST", f"/orders/{order.ref}/cancel"), unknown=LookUp())


class _SaysNothing(_Adapter):
    """It never says that an order is canceled; of what has left it gives the parcel."""

    def cancel_purchase(self, po: PurchaseOrder, past: Past) -> Flow[Write | PurchaseCanceled | Unclear]:
        order = yield from self._order(po)
        return Write("cancel", Request("POST", f"/orders/{order.ref}/cancel"), unknown=LookUp())

    def fetch(self, po: PurchaseOrder) -> Flow[SupplierStatus | None]:
        seen = yield from super().fetch(po)
        assert seen is not None
        if seen.fulfillment is not Fulfillment.SHIPPED:
            return seen
        parcel = Package(tracking_number="1Z9", carrier="UPS")
        return attrs.evolve(seen, shipments=(Shipment(ref="1", packages=(parcel,)),))


class _MakesTwo(_Adapter):
    """What was ordered as one it keeps as two; the second is there already."""

    def place(self, po: PurchaseOrder, past: Past) -> Flow[Write | Placement | Unclear]:
        got = yield from super().place(po, past)
        if not isinstance(got, Placement):
            return got
        (whole,) = got.placed
        one = attrs.evolve(whole, lines=(("a-1", Decimal(1)),))
        other = attrs.evolve(
            whole, supplier_ref="M1", total=Money.of(500, "EUR"), lines=(("a-2", Decimal(1)),)
        )
        return Placement(placed=(one, other))


class _QuotesTooLittle(_PaidAtOnce, Quotes):
    needed_to_place = True

    def quote(self, po: PurchaseOrder) -> Flow[Quote | Unclear]:
        yield from ()
        post = ShippingOption(code="post", title="Post", price=Money.of(0, "EUR"))
        return Quote(goods=Money.of(1, "EUR"), options=(post,))


def register(name: str, adapter: Callable[[], Any]) -> None:
    ob.register(
        SupplierPlatform(
            name=name,
            title=name,
            settings=AccountSettings,
            adapter=lambda _: adapter(),
            auth=lambda _: NoAuth(),
            limits=lambda _: AT_ONCE,
        )
    )


register("mall-considers", _Considers)
register("mall-says-nothing", _SaysNothing)
register("mall-makes-two", _MakesTwo)
register("doubtful-quotes-too-little", lambda: _QuotesTooLittle(Mode.LOOK_UP))


def mall(here: Street, platform: str) -> list[ob.Account]:
    return [ob.supplier("mall", platform=platform, settings={"base_url": here.url})]


def canceled_in_shop(here: Street, order_id: str) -> None:
    here.sides.shop.put_status(int(order_id.partition("/")[2]), "cancelled", here.sides.now())


# --- money ---------------------------------------------------------------------------------------


def test_an_order_that_the_shop_has_canceled_is_not_paid_by_hand_either() -> None:
    """Nobody has heard of it when the person pays: the shop is asked first."""
    with street() as here:
        bridge = here.bridge(buyer=BUYER)
        order_id = here.sold(bridge, "a-1", hours=SOON)
        canceled_in_shop(here, order_id)
        with pytest.raises(ConfigurationError, match="its shop order is canceled; nothing of it is paid"):
            bridge.pay(only_purchase(bridge, order_id).po.id)
        assert only_purchase(bridge, order_id).payment is Payment.UNPAID
        assert here.mall.payments == []
        assert codes(bridge) == ["CANCELED_AFTER_PLACING"]


def test_a_payment_that_never_left_is_not_tried_again_for_an_order_that_was_canceled_meanwhile() -> None:
    with street() as here:
        bridge = here.bridge(policy=PAYS, buyer=BUYER)
        here.plan.meet("POST", "/pay", Fault.NOT_CONNECTED, times=4)
        order_id = here.sold(bridge, "a-1", hours=0.005)
        canceled_in_shop(here, order_id)
        here.sides.live(bridge, hours=3)
        assert here.mall.payments == []
        assert only_purchase(bridge, order_id).payment is Payment.UNPAID
        assert codes(bridge) == ["CANCELED_AFTER_PLACING"]


def test_what_a_person_has_asked_to_be_canceled_is_not_paid_by_itself(tmp_path: Path) -> None:
    with street() as here:

        def considers() -> Any:
            here.mall.orders["M1"]["state"] = "CANCEL_REQUESTED"
            return _json([here.mall.orders["M1"]])

        answers(here.mall, "POST", "/cancel", considers)
        file, suppliers = tmp_path / "journal.db", mall(here, "mall-considers")
        bridge = here.bridge(suppliers=suppliers, journal=file)
        order_id = here.sold(bridge, "a-1", hours=SOON)
        (record,) = purchases(bridge, order_id)
        assert bridge.cancel_purchase(record.po.id).fulfillment is Fulfillment.CANCEL_REQUESTED
        pays = here.bridge(suppliers=suppliers, journal=file, policy=PAYS, buyer=BUYER)
        here.sides.live(pays)
        assert here.mall.payments == []
        assert only_purchase(pays, order_id).fulfillment is Fulfillment.CANCEL_REQUESTED


def test_an_order_is_not_canceled_while_its_payment_is_in_doubt() -> None:
    with street() as here:
        bridge = here.bridge(buyer=BUYER)
        order_id = here.sold(bridge, "a-1", hours=SOON)
        (record,) = purchases(bridge, order_id)
        here.plan.meet("POST", "/pay", Fault.LATE)
        bridge.pay(record.po.id)
        with pytest.raises(ConfigurationError, match="cancel it once that is known"):
            bridge.cancel_purchase(record.po.id)
        here.sides.live(bridge, hours=3)
        paid = only_purchase(bridge, order_id)
        assert (paid.payment, paid.revoke) == (Payment.PAID, False)
        assert here.mall.orders["M1"]["state"] == "PLACED"


@pytest.mark.parametrize("currency", ["EUR", "USD"])
def test_limits_of_two_policies_in_two_currencies_leave_nothing(currency: str) -> None:
    """Each of them lets only its own currency move."""
    store = Policy(limit_per_order=(Money.of(100, "EUR"),))
    supplier = Policy(limit_per_order=(Money.of(100, "USD"),))
    both = Policy().joined(store, supplier)
    assert both.over_limit(Money.of(1, currency), spent_today=Money.zero(currency))


def test_a_quote_in_another_currency_than_the_links_is_asked_about() -> None:
    with street() as here:
        here.mall.currency = "USD"
        bridge = here.bridge()
        linked(here, bridge, "10 EUR")
        assert here.mall.orders == {}
        assert codes(bridge) == ["PRICE"]
        bridge.resolve(bridge.reviews()[0].id, "accept")
        here.sides.live(bridge)
        assert len(here.mall.orders) == 1


def test_what_takes_its_money_with_the_order_and_more_than_quoted_is_not_sent() -> None:
    with Sides() as sides:
        supplier = DoubtfulSupplier(mode=Mode.LOOK_UP, takes_money=True)
        account = ob.supplier(
            "doubtful", platform="doubtful-quotes-too-little", settings={"base_url": sides.serve(supplier)}
        )
        rules = (SkuPrefix(prefix="RW-", supplier="doubtful"),)
        bridge = sides.bridge(suppliers=[account], rules=rules, policy=PAYS)
        sides.sell({"RW-A": 2})
        sides.live(bridge)
        assert (supplier.made, supplier.payments) == ([], [])
        assert codes(bridge) == ["PRICE"]


def test_orders_that_one_order_became_are_together_no_dearer_than_agreed() -> None:
    with street() as here:
        here.mall.orders["M1"] = {
            "ref": "M1",
            "reference": "the second of two",
            "units": {"a-2": "1"},
            "carrier": "slow",
            "total": "500",
            "currency": "EUR",
            "paid": False,
            "state": "PLACED",
        }
        bridge = here.bridge(suppliers=mall(here, "mall-makes-two"), policy=PAYS, buyer=BUYER)
        order_id = here.sold(bridge, "a-1", "a-2")
        assert {record.po.supplier_ref for record in purchases(bridge, order_id)} == {"M1", "M2"}
        assert "M1" not in {ref for ref, _, _ in here.mall.payments}
        assert "PRICE" in codes(bridge)


def test_each_part_of_a_dear_order_is_asked_about_and_paid_once_a_person_accepts_it() -> None:
    with street() as here:
        here.mall.orders["M1"] = {
            "ref": "M1",
            "reference": "the second of two",
            "units": {"a-2": "1"},
            "carrier": "slow",
            "total": "500",
            "currency": "EUR",
            "paid": False,
            "state": "PLACED",
        }
        bridge = here.bridge(suppliers=mall(here, "mall-makes-two"), policy=PAYS, buyer=BUYER)
        order_id = here.sold(bridge, "a-1", "a-2", hours=24)
        assert here.mall.payments == []
        names = {record.po.supplier_ref: record.po.id for record in purchases(bridge, order_id)}
        asked = {review.about: review for review in bridge.reviews()}
        assert set(asked) == set(names.values())
        assert {review.code.value for review in asked.values()} == {"PRICE"}
        assert "500.00 EUR" in asked[names["M1"]].evidence
        bridge.resolve(asked[names["M1"]].id, "accept")
        here.sides.live(bridge, hours=24)
        assert [(ref, amount) for ref, amount, _ in here.mall.payments] == [("M1", "500")]
        bridge.resolve(asked[names["M2"]].id, "accept")
        here.sides.live(bridge, hours=24)
        assert {ref for ref, _, _ in here.mall.payments} == {"M1", "M2"}
        assert codes(bridge) == []


# --- while a worker reads ------------------------------------------------------------------------


def while_read(
    here: Street, path: str, person: Callable[[], object], written: Callable[[], bool]
) -> threading.Thread:
    """During the next read there a person acts, and the read goes on once that is written down.

    The mall answers one call at a time: what the person has it do comes after.
    """
    handle, acts = here.mall.handle, threading.Thread(target=person)

    def instead(call: Call, now: datetime) -> Response:
        if call.method == "GET" and call.url.partition("?")[0].endswith(path) and acts.ident is None:
            acts.start()
            while acts.is_alive() and not written():
                acts.join(timeout=0.01)
        return handle(call, now)

    here.mall.handle = instead  # type: ignore[method-assign]
    return acts


@pytest.mark.parametrize("act", ["hold", "cancel"])
def test_what_a_person_holds_or_cancels_while_a_worker_looks_for_it_is_not_ordered(
    act: str, tmp_path: Path
) -> None:
    with street() as here:
        worker, desk = (here.bridge(journal=tmp_path / "j.db") for _ in range(2))
        order_id = here.sides.sell({"RW-a-1": 1})
        person = while_read(here, "/orders", lambda: getattr(desk, act)(order_id), lambda: False)
        here.sides.live(worker, hours=2)
        person.join()
        assert here.mall.orders == {}
        view = worker.order(order_id)
        assert view is not None
        assert view.record.held or view.record.order.canceled
        assert codes(worker) == []


def test_what_a_person_cancels_while_a_worker_is_about_to_pay_it_is_not_paid(tmp_path: Path) -> None:
    with street() as here:
        worker, desk = (here.bridge(journal=tmp_path / "j.db", policy=PAYS, buyer=BUYER) for _ in range(2))
        order_id = here.sides.sell({"RW-a-1": 1})
        po_id = f"{order_id}/mall/1"
        person = while_read(
            here,
            "/orders/M1",
            lambda: desk.cancel_purchase(po_id),
            lambda: only_purchase(desk, order_id).revoke,
        )
        here.sides.live(worker, hours=0.1)
        person.join()
        here.sides.live(worker, hours=2)
        assert here.mall.payments == []
        assert here.mall.orders["M1"]["state"] == "CANCELED"
        assert only_purchase(worker, order_id).fulfillment is Fulfillment.CANCELED
        assert codes(worker) == ["CANCELED_BY_SUPPLIER"]


# --- before it is placed -------------------------------------------------------------------------


def test_what_waits_for_stock_still_does_after_a_hold() -> None:
    with street() as here:
        here.mall.gone.add("a-1")
        bridge = here.bridge()
        order_id = here.sold(bridge, "a-1", hours=SOON)
        bridge.hold(order_id)
        bridge.release(order_id)
        assert only_purchase(bridge, order_id).waits == "stock"
        here.mall.gone.clear()
        here.sides.live(bridge, hours=24)
        assert only_purchase(bridge, order_id).fulfillment is Fulfillment.PLACED


def test_what_a_person_approved_and_the_shopper_changed_since_is_approved_anew() -> None:
    with street() as here:
        bridge = here.bridge(policy=BY_HAND)
        order_id = here.sold(bridge, "a-1", hours=SOON)
        bridge.hold(order_id)
        bridge.place(checkout=bridge.check_out(order_id).digest)
        shop, ref = here.sides.shop, int(order_id.partition("/")[2])
        more = {
            **shop.order(ref)["line_items"][0],
            "quantity": 100,
            "total": "1000.00",
            "subtotal": "1000.00",
        }
        shop.change(ref, here.sides.now(), line_items=[more])
        here.sides.live(bridge)
        bridge.release(order_id)
        here.sides.live(bridge)
        assert here.mall.orders == {}
        bridge.place(checkout=bridge.check_out(order_id).digest)
        assert [order["units"] for order in here.mall.orders.values()] == [{"a-1": "100"}]


def test_who_chooses_a_way_of_sending_for_what_another_has_placed_meanwhile_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with street() as here:
        file = tmp_path / "journal.db"
        slow, quick = (here.bridge(policy=BY_HAND, journal=file) for _ in range(2))
        order_id = here.sold(slow, "a-1", hours=SOON)
        (record,) = purchases(slow, order_id)
        digest = quick.check_out(order_id).digest
        commit, left = _checkout.commit, [digest]

        def places_first(work: Any) -> Any:
            while left:
                quick.place(checkout=left.pop())
            return (yield from commit(work))

        monkeypatch.setattr(_checkout, "commit", places_first)
        late = slow.check_out(order_id, shipping={record.po.id: "fast"})
        slow.place(checkout=late.digest)
        placed = only_purchase(slow, order_id)
        assert (placed.fulfillment, placed.po.carrier) == (Fulfillment.PLACED, "slow")
        here.mall.move("M1", "SHIPPED")
        here.sides.live(slow, hours=6)
        assert only_purchase(slow, order_id).fulfillment is Fulfillment.SHIPPED


@pytest.mark.parametrize(("remote_id", "hours"), [("a-1", 24), ("none-1", 6)], ids=["sold", "sold by nobody"])
def test_who_sells_something_is_believed_for_a_day_and_that_nobody_does_for_six_hours(
    remote_id: str, hours: int
) -> None:
    with street() as here:
        bridge = here.bridge()
        here.sold(bridge, remote_id, hours=hours - 2)
        here.sold(bridge, remote_id)
        assert here.mall.asked.count("GET /sellers") == 1
        here.sides.live(bridge)
        here.sold(bridge, remote_id)
        assert here.mall.asked.count("GET /sellers") == 2


def test_what_nobody_sold_for_a_moment_is_ordered_the_next_time() -> None:
    with street() as here:
        answers(here.mall, "GET", "/sellers", lambda: _json({}))
        bridge = here.bridge()
        first = here.sold(bridge, "a-1", hours=7)
        assert purchases(bridge, first) == ()
        second = here.sold(bridge, "a-1")
        assert only_purchase(bridge, second).fulfillment is Fulfillment.PLACED


# --- while it leaves -----------------------------------------------------------------------------


def test_a_bare_word_that_it_has_left_is_refused_for_the_shop_would_hear_of_nothing() -> None:
    with Sides() as sides:
        bridge, order_id = test_offline.placed(sides, {"RW-100": 2})
        record = only_purchase(bridge, order_id)
        with pytest.raises(ConfigurationError, match="say with ship what of"):
            bridge.observe(record.po.id, fulfillment=Fulfillment.SHIPPED)
        assert only_purchase(bridge, order_id).fulfillment is Fulfillment.PLACED


def test_what_was_to_be_canceled_and_leaves_all_the_same_is_followed() -> None:
    with street() as here:
        answers(here.mall, "POST", "/cancel", lambda: _json([here.mall.orders["M1"]]))
        bridge = here.bridge(suppliers=mall(here, "mall-says-nothing"))
        order_id = here.sold(bridge, "a-1", hours=SOON)
        bridge.cancel_purchase(only_purchase(bridge, order_id).po.id)
        here.mall.move("M1", "SHIPPED")
        here.sides.live(bridge, hours=72)
        assert only_purchase(bridge, order_id).fulfillment is Fulfillment.SHIPPED
        assert test_offline.told(bridge, order_id) != []
        assert codes(bridge) == ["CONFIRMED_NOT_FOUND"]


# --- owners --------------------------------------------------------------------------------------


def test_a_push_to_another_owners_account_moves_no_order_of_ours() -> None:
    with street() as here:
        other = ob.supplier(
            "other", platform="mall", settings={"base_url": here.sides.serve(Mall())}, owner="eve"
        )
        bridge = here.bridge(suppliers=[*mall(here, "mall"), other])
        here.sold(bridge, "a-1")
        asked = here.mall.asked.count("GET /orders/M1")
        bridge.receive("other", method="POST", path="/", headers={}, body=b"M1")
        bridge.run_once()
        assert here.mall.asked.count("GET /orders/M1") == asked


# --- what has changed while somebody was looking --------------------------------------------------


def test_a_payment_that_is_begun_anew_meanwhile_does_not_go_on_under_its_old_number(tmp_path: Path) -> None:
    """What a person has declared absent while somebody else was looking is not sent beside its successor."""
    with street() as here:
        here.mall.unclear = True
        file = tmp_path / "journal.db"
        first, second = here.bridge(journal=file, buyer=BUYER), here.bridge(journal=file, buyer=BUYER)
        order_id = here.sold(first, "a-1")
        (record,) = purchases(first, order_id)
        first.pay(record.po.id)
        here.sides.live(first, hours=2)
        here.mall.unclear = False
        here.mall.orders["M1"]["tried"] = False

        def retried() -> None:
            second.resolve(question(second, ob.ReviewCode.UNCLEAR).id, "retry")

        here.plan.before("GET", "/orders/M1", retried)
        first.pay(record.po.id)
        after = only_purchase(first, order_id)
        assert after.op_no == record.op_no + 1
        old = first._setup.journal.look(
            lambda tx: [
                (intent.state.value, len(tx.attempts(intent.id)))
                for intent in tx.intents(about=record.po.id, operation="pay", op_no=record.op_no)
            ]
        )
        assert old == [("ABSENT", 1)]


def test_an_order_does_not_leave_in_a_way_that_was_changed_while_it_was_looked_for(tmp_path: Path) -> None:
    with street() as here:
        bridge = here.bridge(journal=tmp_path / "journal.db")
        order_id = here.sides.sell({"RW-a-1": 1})
        said: list[str] = []

        def choose() -> None:
            def work(tx: Tx) -> None:
                (record,) = tx.purchases(order_id)
                said.append(record.po.carrier)
                tx.put_purchase(
                    attrs.evolve(
                        record, po=attrs.evolve(record.po, carrier="fast"), agreed=Money.of(15, "EUR")
                    )
                )

            bridge._setup.journal.transact(work)

        here.plan.before("GET", "/orders", choose)
        here.sides.live(bridge, hours=1)
        assert said == ["slow"]
        (made,) = here.mall.orders.values()
        assert made["carrier"] == only_purchase(bridge, order_id).po.carrier


@pytest.mark.parametrize("payment", [Payment.REFUNDED, Payment.NOT_REQUIRED, Payment.PAID])
def test_nothing_is_paid_that_is_not_to_be_paid_any_more(payment: Payment) -> None:
    """Whatever the supplier shows just now: a list that lags must not cost money twice."""
    with street() as here:
        bridge = here.bridge(buyer=BUYER)
        order_id = here.sold(bridge, "a-1", hours=SOON)
        record = only_purchase(bridge, order_id)
        bridge._setup.journal.transact(lambda tx: tx.put_purchase(attrs.evolve(record, payment=payment)))
        assert bridge.pay(record.po.id).payment is payment
        assert here.mall.payments == []
