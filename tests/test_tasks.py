"""What people want done to an order in its shop: remarks, cancellations, refunds; and tracking put right."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast

import attrs
import pytest

import orderbridge as ob
from both_sides import PrestaShopSides, Sides, codes, only_purchase
from orderbridge._clockwork import Clockwork
from orderbridge.errors import Unsupported
from orderbridge.sandbox import WooCommerceShop
from orderbridge.sandbox.faults import Fault
from orderbridge.stores import woocommerce


@pytest.fixture
def sides() -> Iterator[Sides]:
    with Sides() as both:
        yield both


def eur(amount: str) -> ob.Money:
    return ob.Money.of(amount, "EUR")


def taken_in(sides: Sides, bridge: ob.Bridge, basket: dict[str, int | str] | None = None) -> str:
    """An order that the bridge has, not yet placed anywhere."""
    order_id = sides.sell(basket or {"RW-100": 2})
    bridge.pull("shop")
    return order_id


def by_hand(sides: Sides) -> ob.Bridge:
    return sides.bridge(policy=ob.Policy(place=ob.Who.BY_HAND))


def line_of(bridge: ob.Bridge, order_id: str) -> ob.Line:
    view = bridge.order(order_id)
    assert view is not None
    return view.record.order.lines[0]


def remarks(sides: Sides, order_id: str, text: str) -> int:
    notes = sides.shop.notes(int(order_id.partition("/")[2]))
    return sum(text in str(note["note"]) for note in notes)


def refunds(sides: Sides, order_id: str) -> list[str]:
    order = cast("Any", sides.shop.order(int(order_id.partition("/")[2])))
    return [str(refund["total"]) for refund in order["refunds"]]


# --- remarks ------------------------------------------------------------------------------------------


def test_a_remark_asked_for_twice_stands_there_once(sides: Sides) -> None:
    bridge = by_hand(sides)
    order_id = taken_in(sides, bridge)
    for _ in range(2):
        task = bridge.note(order_id, ob.Note(key="gift-1", text="Wrapped as a gift"))
        assert task.state is ob.TaskState.DONE
    assert remarks(sides, order_id, "Wrapped as a gift") == 1


def test_a_key_names_one_thing_for_ever(sides: Sides) -> None:
    bridge = by_hand(sides)
    order_id = taken_in(sides, bridge)
    bridge.note(order_id, ob.Note(key="gift-1", text="Wrapped as a gift"))
    with pytest.raises(ob.ConfigurationError, match="gift-1"):
        bridge.note(order_id, ob.Note(key="gift-1", text="Not wrapped"))
    with pytest.raises(ob.ConfigurationError, match="key"):
        bridge.note(order_id, ob.Note(key="a key", text="Not wrapped"))


def test_a_remark_whose_answer_was_lost_stands_there_once(sides: Sides) -> None:
    bridge = by_hand(sides)
    order_id = taken_in(sides, bridge)
    sides.shop_plan.meet("POST", "/notes", Fault.ANSWER_LOST)
    task = bridge.note(order_id, ob.Note(key="gift-1", text="Wrapped as a gift"))
    assert task.state is ob.TaskState.DUE
    sides.live(bridge)
    view = bridge.order(order_id)
    assert view is not None
    assert [task.state for task in view.tasks] == [ob.TaskState.DONE]
    assert remarks(sides, order_id, "Wrapped as a gift") == 1


# --- refunds ------------------------------------------------------------------------------------------


def one_unit(bridge: ob.Bridge, order_id: str, key: str = "damaged-1", **more: Any) -> ob.Refund:
    line = line_of(bridge, order_id)
    part = ob.RefundLine(line_ref=line.ref, units=Decimal(1), amount=eur("10.00"))
    return ob.Refund(key=key, amount=eur("10.00"), lines=(part,), **more)


def test_refunded_units_are_not_shipped_any_more(sides: Sides) -> None:
    """The refund is the shop's, and what the supplier is asked for follows from it."""
    bridge = by_hand(sides)
    order_id = taken_in(sides, bridge)
    task = bridge.refund(order_id, one_unit(bridge, order_id, reason="One came broken"))
    assert task.refunded is not None
    assert task.refunded.amount == eur("10.00")
    assert not task.refunded.gave_money
    assert refunds(sides, order_id) == ["-10.00"]
    assert line_of(bridge, order_id).open == 1
    assert only_purchase(bridge, order_id).po.units == {"100": Decimal(1)}
    view = bridge.order(order_id)
    assert view is not None
    assert [known.amount for known in view.record.order.refunds] == [eur("10.00")]


def test_a_refund_asked_for_twice_is_one_and_by_another_key_another(sides: Sides) -> None:
    bridge = by_hand(sides)
    order_id = taken_in(sides, bridge)
    refund = one_unit(bridge, order_id)
    bridge.refund(order_id, refund)
    bridge.refund(order_id, refund)
    assert refunds(sides, order_id) == ["-10.00"]
    bridge.refund(order_id, ob.Refund(key="late-2", amount=eur("2.50")))
    assert sorted(refunds(sides, order_id)) == ["-10.00", "-2.50"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"amount": ob.Money.of("10.00", "USD")}, "amount"),
        ({"amount": ob.Money.of("0", "EUR")}, "amount"),
        ({"amount": ob.Money.of("100.00", "EUR")}, "amount"),
        ({"amount": ob.Money.of("9.99", "EUR")}, "parts"),
        ({"shipping": ob.Money.of("-1", "EUR")}, "shipping"),
        ({"lines": (ob.RefundLine(line_ref="999", units=Decimal(1), amount=eur("1")),)}, "999"),
    ],
)
def test_a_refund_that_makes_no_sense_is_refused_before_the_shop_hears_of_it(
    sides: Sides, change: dict[str, Any], named: str
) -> None:
    bridge = by_hand(sides)
    order_id = taken_in(sides, bridge)
    calls = len(sides.at_shop.calls)
    with pytest.raises(ob.ConfigurationError, match=named):
        bridge.refund(order_id, attrs.evolve(one_unit(bridge, order_id), **change))
    assert len(sides.at_shop.calls) == calls
    assert refunds(sides, order_id) == []


def test_no_more_units_are_refunded_than_the_line_has(sides: Sides) -> None:
    bridge = by_hand(sides)
    order_id = taken_in(sides, bridge)
    line = line_of(bridge, order_id)
    for units in ("3", "0", "-1"):
        part = ob.RefundLine(line_ref=line.ref, units=Decimal(units), amount=eur("10.00"))
        with pytest.raises(ob.ConfigurationError, match=line.ref):
            bridge.refund(order_id, ob.Refund(key="r", amount=eur("10.00"), lines=(part,)))


def test_money_given_back_waits_for_the_stop_switch_and_a_record_does_not(sides: Sides) -> None:
    bridge = by_hand(sides)
    order_id = taken_in(sides, bridge)
    bridge.stop_money(reason="the accountant says so")
    record = bridge.refund(order_id, ob.Refund(key="record", amount=eur("1.00")))
    assert record.state is ob.TaskState.DONE
    given = bridge.refund(order_id, ob.Refund(key="given", amount=eur("2.00"), gives_money=True))
    assert given.state is ob.TaskState.DUE
    assert refunds(sides, order_id) == ["-1.00"]
    bridge.allow_money()
    bridge.run_once()
    assert refunds(sides, order_id) == ["-2.00", "-1.00"], "it goes as soon as money may"


def test_a_refund_the_gateway_declines_is_a_question_and_a_retry_asks_it_again(sides: Sides) -> None:
    bridge = by_hand(sides)
    order_id = taken_in(sides, bridge)
    gateways = sides.shop.gateways
    gateways["stripe"] = "declines"
    task = bridge.refund(order_id, ob.Refund(key="given", amount=eur("2.00"), gives_money=True))
    assert task.state is ob.TaskState.REFUSED
    assert codes(bridge) == ["REFUSED"]
    sides.live(bridge, hours=30)
    assert refunds(sides, order_id) == []
    gateways["stripe"] = "refunds"
    bridge.resolve(bridge.reviews()[0].id, "retry")
    sides.live(bridge)
    assert refunds(sides, order_id) == ["-2.00"]


def test_a_shop_that_cannot_be_reached_is_no_error_and_the_refund_is_made_once_it_can(sides: Sides) -> None:
    """Whoever got an error would ask again under another key, and the money would go back twice."""
    bridge = by_hand(sides)
    order_id = taken_in(sides, bridge)
    sides.clock.sleep(120)
    sides.shop_plan.meet("GET", f"/orders/{order_id.partition('/')[2]}", Fault.NOT_CONNECTED, times=4)
    refund = ob.Refund(key="late-1", amount=eur("2.00"))
    assert bridge.refund(order_id, refund).state is ob.TaskState.DUE
    assert refunds(sides, order_id) == []
    sides.live(bridge)
    assert bridge.refund(order_id, refund).state is ob.TaskState.DONE
    assert refunds(sides, order_id) == ["-2.00"]


def test_refunds_under_way_count_towards_what_is_left(sides: Sides) -> None:
    bridge = by_hand(sides)
    order_id = taken_in(sides, bridge)
    sides.clock.sleep(120)
    view = bridge.order(order_id)
    assert view is not None
    total = view.record.order.total
    sides.shop_plan.meet("GET", f"/orders/{order_id.partition('/')[2]}", Fault.NOT_CONNECTED, times=9)
    assert bridge.refund(order_id, ob.Refund(key="all", amount=total)).state is ob.TaskState.DUE
    with pytest.raises(ob.ConfigurationError, match="at most"):
        bridge.refund(order_id, ob.Refund(key="more", amount=eur("0.01")))


def test_a_refund_of_what_has_left_is_no_question(sides: Sides) -> None:
    bridge = sides.bridge()
    order_id = sides.sell({"RW-100": 2})
    sides.live(bridge)
    sides.dispatch()
    sides.live(bridge, hours=3)
    bridge.refund(order_id, one_unit(bridge, order_id, reason="One came broken"))
    sides.live(bridge)
    assert codes(bridge) == []


def test_a_prestashop_gives_no_more_back_than_was_paid_whoever_wrote_the_slips() -> None:
    with PrestaShopSides() as sides:
        bridge = by_hand(sides)
        order_id = taken_in(sides, bridge)
        line = line_of(bridge, order_id)
        # Somebody in the back office, and the bridge has not looked since.
        sides.shop.refund(int(order_id.partition("/")[2]), {int(line.ref): 2}, now=sides.now())
        part = ob.RefundLine(line_ref=line.ref, units=Decimal(2), amount=eur("20.00"))
        wish = ob.Refund(key="both", amount=eur("20.00"), lines=(part,))
        sides.clock.sleep(1)
        task = bridge.refund(order_id, wish)
        assert task.state is ob.TaskState.ASKED
        assert len(sides.shop.slips(int(order_id.partition("/")[2]))) == 1
        (review,) = bridge.reviews()
        assert "left to give back" in review.evidence
        bridge.resolve(review.id, "ignore")
        view = bridge.order(order_id)
        assert view is not None
        assert [task.state for task in view.tasks] == [ob.TaskState.DROPPED]


# --- cancellations ------------------------------------------------------------------------------------


def test_a_canceled_order_is_not_ordered_anywhere(sides: Sides) -> None:
    bridge = by_hand(sides)
    order_id = taken_in(sides, bridge)
    task = bridge.cancel(order_id, reason="The shopper asked for it")
    assert task.state is ob.TaskState.DONE
    assert sides.shop.order(int(order_id.partition("/")[2]))["status"] == "cancelled"
    assert only_purchase(bridge, order_id).fulfillment is ob.Fulfillment.CANCELED
    sides.live(bridge)
    assert sides.ordered() == []


def test_what_a_supplier_was_asked_for_is_a_question_when_the_shop_cancels(sides: Sides) -> None:
    bridge = sides.bridge()
    order_id = sides.sell({"RW-100": 2})
    sides.live(bridge)
    assert sides.ordered() == [{"100": 2}]
    bridge.cancel(order_id)
    sides.live(bridge)
    assert "CANCELED_AFTER_PLACING" in codes(bridge)


def test_an_order_that_has_left_is_not_canceled_but_asked_about(sides: Sides) -> None:
    bridge = sides.bridge()
    order_id = sides.sell({"RW-100": 2})
    sides.live(bridge)
    sides.dispatch()
    sides.live(bridge, hours=3)
    task = bridge.cancel(order_id)
    assert task.state is not ob.TaskState.DONE
    assert sides.shop.order(int(order_id.partition("/")[2]))["status"] == "completed"
    assert codes(bridge)


def test_an_order_whose_cancel_hangs_is_not_placed_meanwhile(sides: Sides) -> None:
    bridge = by_hand(sides)
    order_id = taken_in(sides, bridge)
    path = f"/orders/{order_id.partition('/')[2]}"
    sides.shop_plan.meet("PUT", path, Fault.REQUEST_LOST, times=3)
    bridge.cancel(order_id)
    bridge.place(only_purchase(bridge, order_id).po.id)
    assert sides.ordered() == []
    sides.live(bridge, hours=6)
    assert sides.shop.order(int(order_id.partition("/")[2]))["status"] == "cancelled"
    assert sides.ordered() == []


@pytest.mark.parametrize("held", [False, True], ids=["free before", "held before"])
def test_a_cancel_that_was_let_be_leaves_the_order_as_it_was(sides: Sides, held: bool) -> None:
    bridge = by_hand(sides)
    order_id = taken_in(sides, bridge)
    if held:
        bridge.hold(order_id)
    sides.shop.put_status(int(order_id.partition("/")[2]), "completed", sides.now())
    sides.clock.sleep(120)
    bridge.cancel(order_id)
    bridge.resolve(bridge.reviews()[0].id, "ignore")
    sides.shop.put_status(int(order_id.partition("/")[2]), "processing", sides.now())
    sides.live(bridge)
    view = bridge.order(order_id)
    assert view is not None
    bridge.place(view.purchases[-1].po.id)
    sides.live(bridge)
    if held:
        assert sides.ordered() == []
        bridge.release(order_id)
        sides.live(bridge)
    assert sides.ordered() == [{"100": 2}]


def test_a_cancel_that_was_let_be_can_be_asked_for_again(sides: Sides) -> None:
    bridge = by_hand(sides)
    order_id = taken_in(sides, bridge)
    ref = int(order_id.partition("/")[2])
    sides.shop.put_status(ref, "completed", sides.now())
    sides.clock.sleep(120)
    assert bridge.cancel(order_id).state is ob.TaskState.ASKED
    bridge.resolve(bridge.reviews()[0].id, "ignore")
    sides.shop.put_status(ref, "processing", sides.now())
    sides.clock.sleep(120)
    task = bridge.cancel(order_id, reason="The shopper asked again")
    assert (task.state, task.key) == (ob.TaskState.DONE, "cancel.2")
    assert sides.shop.order(ref)["status"] == "cancelled"
    assert bridge.cancel(order_id).key == "cancel.2"


@pytest.mark.parametrize("wrong", ["hi", None, {"amount": 1}])
def test_what_is_no_wish_is_said(sides: Sides, wrong: Any) -> None:
    bridge = by_hand(sides)
    order_id = taken_in(sides, bridge)
    with pytest.raises(ob.ConfigurationError, match="Note"):
        bridge.note(order_id, wrong)
    with pytest.raises(ob.ConfigurationError, match="text: a half of a character"):
        bridge.note(order_id, ob.Note(key="half", text="Cut off in \ud83d"))
    with pytest.raises(ob.ConfigurationError, match="empty"):
        bridge.note(order_id, ob.Note(key="n", text="  "))
    with pytest.raises(ob.ConfigurationError, match="cancel"):
        bridge.note(order_id, ob.Note(key="cancel.1", text="x"))


# --- tracking put right -------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["fulfillments", "plugin", "note"])
def test_a_number_that_the_supplier_corrects_is_put_right_in_the_shop(way: str) -> None:
    shop = WooCommerceShop(
        https=False, fulfillments=way == "fulfillments", tracking_plugin="ast" if way == "plugin" else None
    )
    with Sides(shop=shop) as sides:
        bridge = sides.bridge()
        order_id = sides.sell({"RW-100": 2})
        sides.live(bridge)
        (wrong,) = sides.dispatch()
        sides.live(bridge, hours=3)
        (order,) = sides.warehouse.orders
        order.tracking_code = "1ZRIGHT"
        sides.live(bridge, hours=50)
        assert codes(bridge) == []
        if way == "note":
            assert remarks(sides, order_id, "1ZRIGHT") == 1
        else:
            assert sides.shown(order_id) == ["1ZRIGHT"]
            assert wrong not in sides.shown(order_id)
        view = bridge.order(order_id)
        assert view is not None
        assert [notice.state for notice in view.notices] == [ob.NoticeState.ANNOUNCED]


def test_an_answer_lost_while_a_number_is_put_right_shows_it_once() -> None:
    with Sides() as sides:
        bridge = sides.bridge()
        order_id = sides.sell({"RW-100": 2})
        sides.live(bridge)
        sides.dispatch()
        sides.live(bridge, hours=3)
        (order,) = sides.warehouse.orders
        order.tracking_code = "1ZRIGHT"
        sides.shop_plan.meet("PUT", "/fulfillments/", Fault.ANSWER_LOST)
        sides.live(bridge, hours=50)
        assert sides.shown(order_id) == ["1ZRIGHT"]
        assert codes(bridge) == []


# --- the rest -----------------------------------------------------------------------------------------


def test_a_shop_says_which_carriers_it_knows() -> None:
    with Sides(shop=WooCommerceShop(https=False, tracking_plugin="ast")) as sides:
        found = sides.bridge().carriers("shop")
        assert found
        assert all(carrier.code and carrier.name for carrier in found)


def test_what_a_shop_or_an_order_does_not_exist_for_is_said(sides: Sides) -> None:
    bridge = by_hand(sides)
    order_id = taken_in(sides, bridge)
    for wrong in ("shop/999999", "other/1"):
        with pytest.raises(ob.ConfigurationError, match=wrong):
            bridge.note(wrong, ob.Note(key="n", text="x"))
    with pytest.raises(ob.ConfigurationError, match="other"):
        bridge.carriers("other")
    assert order_id


def test_what_people_wrote_is_forgotten_with_the_shopper(sides: Sides) -> None:
    bridge = by_hand(sides)
    order_id = taken_in(sides, bridge)
    bridge.note(order_id, ob.Note(key="n", text="Ms Moreau rang"))
    assert bridge.forget(order_id)
    view = bridge.order(order_id)
    assert view is not None
    assert view.tasks == ()


async def _both(sides: Sides, order_id: str) -> ob.Task:
    async with ob.AsyncBridge(**sides.parts(policy=ob.Policy(place=ob.Who.BY_HAND))) as bridge:
        await bridge.pull("shop")
        return await bridge.note(order_id, ob.Note(key="n", text="From the loop"))


def test_the_async_face_does_the_same() -> None:
    with Sides(clock=Clockwork()) as sides:
        order_id = sides.sell({"RW-100": 1})
        task = asyncio.run(_both(sides, order_id))
        assert task.state is ob.TaskState.DONE
        assert remarks(sides, order_id, "From the loop") == 1


def test_a_shop_that_cannot_says_so(sides: Sides) -> None:
    """A platform without the ability is a typed error, and no task is left waiting."""

    class Plain:
        """Only what every store must be able to do."""

        def __init__(self, settings: woocommerce.Settings) -> None:
            whole = woocommerce.WooCommerce(settings)
            self.fetch_orders, self.fetch_order = whole.fetch_orders, whole.fetch_order
            self.announce, self.judge = whole.announce, whole.judge

    ob.register(attrs.evolve(woocommerce.PLATFORM, name="plain-shop", adapter=Plain))
    keys = {
        "base_url": sides.shop_url,
        "consumer_key": sides.shop.consumer_key,
        "consumer_secret": sides.shop.consumer_secret,
    }
    bridge = sides.bridge(stores=[ob.store("shop", platform="plain-shop", settings=keys)])
    order_id = taken_in(sides, bridge)
    with pytest.raises(Unsupported):
        bridge.cancel(order_id)
    with pytest.raises(Unsupported):
        bridge.carriers("shop")
    view = bridge.order(order_id)
    assert view is not None
    assert view.tasks == ()
