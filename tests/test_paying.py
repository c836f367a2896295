"""What stands against paying: a stop, a hold, a canceled order; the same by page and through an API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import attrs
import pytest

import orderbridge as ob
from at_alibaba import MUG, market_of
from both_sides import AUTOMATIC, Sides, codes, only_purchase
from brief import Bridged, cancel_in_shop
from orderbridge.errors import ConfigurationError
from paid_supplier import PaidSupplier

PAYING = attrs.evolve(AUTOMATIC, pay=ob.Who.AUTOMATIC)


@pytest.fixture
def sides() -> Iterator[Sides]:
    with Sides() as made:
        yield made


def by_page(sides: Sides, bridged: Bridged) -> tuple[ob.Bridge, str]:
    """An order that is placed at a supplier whom a person pays on its page."""
    order_id = sides.sell({"RW-100": 2})
    bridge = bridged(sides, policy=AUTOMATIC)
    sides.live(bridge, 0.5)
    return bridge, order_id


def by_api(sides: Sides, bridged: Bridged, policy: ob.Policy = AUTOMATIC) -> tuple[ob.Bridge, str]:
    """An order that is placed at a supplier who is paid through its API."""
    account = ob.supplier("paid", platform="paid", settings={"base_url": sides.serve(PaidSupplier())})
    order_id = sides.sell({"P-1": 1})
    rules = [ob.SkuPrefix(prefix="P-", supplier="paid")]
    bridge = bridged(sides, suppliers=[account], rules=rules, policy=policy)
    sides.live(bridge, 0.5)
    return bridge, order_id


Placed = Callable[[Sides, Bridged], tuple[ob.Bridge, str]]
EITHER = pytest.mark.parametrize("placed", [by_page, by_api])


def waiting(bridge: ob.Bridge, order_id: str) -> tuple[ob.PurchaseRecord, ob.Payable]:
    record = only_purchase(bridge, order_id)
    return record, bridge.payable(record.po.supplier)


@EITHER
def test_nobody_pays_what_the_shop_has_canceled(sides: Sides, bridged: Bridged, placed: Placed) -> None:
    bridge, order_id = placed(sides, bridged)
    cancel_in_shop(sides, order_id)
    sides.live(bridge, 1)
    assert codes(bridge) == ["CANCELED_AFTER_PLACING"]

    record, payable = waiting(bridge, order_id)
    assert (payable.purchase_orders, payable.pages, payable.page) == ((), {}, "")
    assert payable.kept_back == {record.po.id: "its shop order is canceled; nothing of it is paid"}
    with pytest.raises(ConfigurationError, match="its shop order is canceled; nothing of it is paid"):
        bridge.pay(record.po.id)


@EITHER
def test_a_hold_keeps_people_from_paying_until_it_is_released(
    sides: Sides, bridged: Bridged, placed: Placed
) -> None:
    bridge, order_id = placed(sides, bridged)
    bridge.hold(order_id)

    record, payable = waiting(bridge, order_id)
    assert payable.purchase_orders == ()
    assert payable.kept_back == {record.po.id: "its order is held; release it first"}
    with pytest.raises(ConfigurationError, match="its order is held; release it first"):
        bridge.pay(record.po.id)

    bridge.release(order_id)
    assert bridge.payable(record.po.supplier).purchase_orders == (record.po.id,)
    assert bridge.pay(record.po.id).page or only_purchase(bridge, order_id).payment is ob.Payment.PAID


@EITHER
def test_while_money_is_stopped_no_page_is_named_and_nobody_pays(
    sides: Sides, bridged: Bridged, placed: Placed
) -> None:
    bridge, order_id = placed(sides, bridged)
    bridge.stop_money(reason="a look at the books")

    record, payable = waiting(bridge, order_id)
    assert (payable.stopped, payable.pages, payable.page) == ("a look at the books", {}, "")
    assert payable.purchase_orders == (record.po.id,)
    with pytest.raises(ConfigurationError, match="money is stopped: a look at the books"):
        bridge.pay(record.po.id)
    (page,) = bridge.place(record.po.id)  # it is placed already
    assert (page.page, page.waits) == ("", "money")

    bridge.allow_money()
    assert bridge.payable(record.po.supplier).stopped == ""
    assert bridge.pay(record.po.id).page or only_purchase(bridge, order_id).payment is ob.Payment.PAID


def test_what_is_placed_while_money_is_stopped_waits_for_it_and_goes_at_once_when_it_may(
    sides: Sides, bridged: Bridged
) -> None:
    order_id = sides.sell({"RW-100": 1})
    bridge = bridged(sides, policy=ob.Policy())
    sides.live(bridge, 1)
    bridge.stop_money(reason="a strange day")
    (item,) = bridge.check_out(order_id).items
    assert item.against == ("money is stopped: a strange day",)
    (page,) = bridge.place(only_purchase(bridge, order_id).po.id)
    assert (page.waits, page.page, sides.ordered()) == ("money", "", [])
    assert only_purchase(bridge, order_id).waits == "money"

    bridge.allow_money()
    bridge.run_once()
    assert sides.ordered() == [{"100": 1}]
    assert only_purchase(bridge, order_id).waits == ""


def test_what_was_to_be_paid_by_itself_is_paid_at_once_when_money_is_allowed(
    sides: Sides, bridged: Bridged
) -> None:
    server = PaidSupplier()
    account = ob.supplier("paid", platform="paid", settings={"base_url": sides.serve(server)})
    rules = [ob.SkuPrefix(prefix="P-", supplier="paid")]
    bridge = bridged(sides, suppliers=[account], rules=rules, policy=PAYING)
    held_back = sides.sell({"P-1": 1})
    bridge.stop_money(reason="a strange day")
    sides.live(bridge, 2)
    assert (server.orders, only_purchase(bridge, held_back).waits) == ([], "money")

    bridge.allow_money()
    bridge.run_once()
    assert server.payments == [("P1", "10")]


def test_the_stop_of_one_owner_stays_when_that_of_all_is_lifted(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 1})
    bridge = sides.bridge(stores=[attrs.evolve(sides.store(), owner="ann")], policy=AUTOMATIC)
    sides.live(bridge, 0.5)
    record = only_purchase(bridge, order_id)
    bridge.stop_money(reason="unpaid", owner="ann")
    payable = bridge.payable("rewix")
    assert (payable.stopped, payable.purchase_orders) == ("", ())
    assert payable.kept_back == {record.po.id: "money is stopped: unpaid"}
    bridge.stop_money(reason="all of it")
    bridge.allow_money()
    with pytest.raises(ConfigurationError, match="money is stopped: unpaid"):
        bridge.pay(record.po.id)


def test_a_supplier_s_zeros_are_not_part_of_an_amount() -> None:
    assert str(ob.Money.of("8.1900", "USD")) == "8.19 USD"
    assert str(ob.Money(Decimal("8.1950"), "USD")) == "8.195 USD"
    assert str(ob.Money(Decimal("8.00"), "USD") + ob.Money(Decimal("0.1900"), "USD")) == "8.19 USD"
    assert str(ob.Money(Decimal("1000.00"), "JPY")) == "1000 JPY"
    assert str(ob.Money(Decimal("1.2300"), "KWD")) == "1.230 KWD"
    assert str(ob.Money(Decimal("12.50"), "EUR")) == "12.50 EUR"
    assert str(ob.Money(Decimal("3.6"), "EUR")) == "3.6 EUR"


def test_each_purchase_order_has_its_own_page_where_the_supplier_gives_it_one(
    sides: Sides, bridged: Bridged
) -> None:
    first, second = sides.sell({"RW-100": 1}), sides.sell({"RW-101": 1})
    bridge = bridged(sides, policy=AUTOMATIC)
    sides.live(bridge, 0.5)
    ids = [only_purchase(bridge, each).po.id for each in (first, second)]
    payable = bridge.payable("rewix")
    assert payable.pages == dict.fromkeys(ids, sides.warehouse_url)
    assert payable.page == sides.warehouse_url, "one page for all of them"
    apart = attrs.evolve(payable, pages={ids[0]: "https://a.example", ids[1]: "https://b.example"})
    assert apart.page == ""


def test_at_alibaba_each_order_is_paid_on_its_own_page_and_costs_what_the_checkout_said(
    bridged: Bridged,
) -> None:
    with market_of(bridged, Sides()) as market:
        bridge = market.bridge()
        ids = [market.sells(bridge, {MUG: 1}) for _ in range(2)]
        checkout = bridge.check_out(*ids)
        placed = bridge.place(checkout=checkout.digest)
        assert [str(page.total) for page in placed] == [str(item.total) for item in checkout.items]
        payable = bridge.payable("alibaba")
        assert payable.pages == {page.purchase_order: page.order_page for page in placed}
        assert len(set(payable.pages.values())) == 2
        assert payable.page == ""


def test_what_waits_for_money_is_followed_meanwhile_and_paid_when_it_may(
    sides: Sides, tmp_path: Path
) -> None:
    """A person may pay at the counter, or the supplier may cancel."""
    server = PaidSupplier()
    account = ob.supplier("paid", platform="paid", settings={"base_url": sides.serve(server)})
    parts = {
        "suppliers": [account],
        "rules": [ob.SkuPrefix(prefix="P-", supplier="paid")],
        "journal": tmp_path / "j.db",
    }
    first, second = sides.sell({"P-1": 1}), sides.sell({"P-2": 2})
    with sides.bridge(policy=AUTOMATIC, **parts) as bridge:
        sides.live(bridge, 0.5)
        bridge.stop_money(reason="x")
    with sides.bridge(policy=PAYING, **parts) as bridge:
        sides.live(bridge, 24)
        assert (server.payments, only_purchase(bridge, second).waits) == ([], "money")
        by_hand = next(order for order in server.orders if order["total"] == "10")
        by_hand["paid"] = True
        sides.live(bridge, 24)
        assert only_purchase(bridge, first).payment is ob.Payment.PAID
        assert only_purchase(bridge, first).waits == ""
        assert only_purchase(bridge, second).waits == "money"
        put_off = [event for event in bridge.history(second) if event.kind is ob.EventKind.PUT_OFF]
        assert len(put_off) == 1, "it is followed, and not tried again and again"

        bridge.allow_money()
        bridge.run_once()
        assert [total for _, total in server.payments] == ["20"]


def test_a_total_that_is_named_later_is_asked_about_only_once_a_reading_lacks_it(
    sides: Sides, bridged: Bridged
) -> None:
    server = PaidSupplier(bills=False)
    account = ob.supplier("paid", platform="paid", settings={"base_url": sides.serve(server)})
    rules = [ob.SkuPrefix(prefix="P-", supplier="paid")]
    bridge = bridged(sides, suppliers=[account], rules=rules, policy=PAYING)
    sides.sell({"P-1": 1})
    bridge.run_once()
    bridge.run_once()
    assert (len(server.orders), codes(bridge)) == (1, [])
    sides.live(bridge, 1)
    assert codes(bridge) == ["UNCLEAR"]
    bridge.resolve(bridge.reviews()[0].id, "ignore")
    sides.live(bridge, 1)
    assert codes(bridge) == []

    sides.sell({"P-2": 1})
    bridge.run_once()
    server.bills = True
    sides.live(bridge, 30)
    assert codes(bridge) == []
    assert sorted(server.payments) == [("P1", "10"), ("P2", "10")]
