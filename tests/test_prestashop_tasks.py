"""What else a PrestaShop is told, each thing once: progress, remarks, cancellations, refunds."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from decimal import Decimal
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import pytest

import orderbridge as ob
from both_sides import RULES, START, Jumping, PrestaShopSides, codes, on_clock, only_purchase
from one_prestashop_order import BY_HAND, LOSSES, booked, departed, in_shop, placed, said, states
from orderbridge.errors import Unsupported
from orderbridge.sandbox.faults import Fault


@pytest.fixture
def sides() -> Iterator[PrestaShopSides]:
    with in_shop() as both:
        yield both


# --- progress ---------------------------------------------------------------------------------------------

STEPS = ("Booked", "Confirmed", "Working on", "Ready")


def through_the_steps(sides: PrestaShopSides, bridge: ob.Bridge) -> None:
    sides.live(bridge, 1)
    for step in (sides.warehouse.pay, sides.warehouse.work, sides.warehouse.ready):
        step(now=sides.now())
        sides.live(bridge, 1)


@pytest.mark.parametrize("how", ["paid", "cash on delivery"])
def test_progress_is_shown_to_the_staff_in_the_supplier_s_words(sides: PrestaShopSides, how: str) -> None:
    sides.sell({"RW-100": 1}, **({} if how == "paid" else {"paid": False, "module": "ps_cashondelivery"}))
    bridge = sides.bridge(stores=[sides.store(own_states=how != "paid")])
    mails = len(sides.shop.mails)
    through_the_steps(sides, bridge)
    sides.live(bridge, 24)
    for step in STEPS:
        assert said(sides, f"rewix: {step}") == ["1"]
    assert len(sides.shop.tables["customer_threads"]) == 1
    assert len(states(sides)) == 1
    assert len(sides.shop.mails) == mails


@pytest.mark.parametrize("languages", [1, 2])
@pytest.mark.parametrize("start", ["PS_OS_PAYMENT", "PS_OS_OUTOFSTOCK_PAID"])
def test_own_states_are_as_paid_and_as_valid_as_the_one_before(languages: int, start: str) -> None:
    with in_shop(languages=languages) as sides:
        order_id = sides.sell({"RW-100": 1})
        sides.shop.move(1, start, now=sides.now())
        bridge = sides.bridge(stores=[sides.store(own_states=True)])
        money, mails, valid = booked(sides), len(sides.shop.mails), sides.shop.order(1)["valid"]
        through_the_steps(sides, bridge)
        own = [
            row for row in sides.shop.tables["order_states"].values() if row["module_name"] == "orderbridge"
        ]
        assert [row["name:1"] for row in own] == list(STEPS)
        assert states(sides)[-4:] == [row["id"] for row in own]
        flags = sides.shop.tables["order_states"][int(sides.shop.setting(start))]
        for row in own:
            assert {name: row[name] for name in ("paid", "logable", "invoice")} == {
                name: flags[name] for name in ("paid", "logable", "invoice")
            }
        assert sides.shop.order(1)["valid"] == valid
        assert (booked(sides), len(sides.shop.mails)) == (money, mails)
        view = bridge.order(order_id)
        assert view is not None
        assert (view.record.order.ready, view.record.order.payment) == (True, ob.StorePayment.PAID)
        number = departed(sides, bridge)
        assert (sides.shown(order_id), states(sides)[-1]) == ([number], "4")
        assert codes(bridge) == []


def test_own_states_are_made_once_for_all_orders(sides: PrestaShopSides) -> None:
    for _ in range(3):
        sides.sell({"RW-100": 1})
    sides.shop_plan.meet("POST", "/order_states", Fault.ANSWER_LOST, times=2)
    bridge = sides.bridge(stores=[sides.store(own_states=True)])
    through_the_steps(sides, bridge)
    sides.live(bridge, 3)
    own = [
        row["name:1"]
        for row in sides.shop.tables["order_states"].values()
        if row["module_name"] == "orderbridge"
    ]
    assert sorted(own) == sorted(STEPS)
    assert all(sides.shop.state(ref)["name:1"] == "Ready" for ref in (1, 2, 3))


@pytest.mark.parametrize("write", [("POST", "/order_histories"), ("POST", "/order_states")])
@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.REQUEST_LOST, Fault.ERROR_AFTER])
def test_a_stage_whose_answer_is_lost_is_set_once(
    sides: PrestaShopSides, write: tuple[str, str], fault: Fault
) -> None:
    sides.sell({"RW-100": 1})
    sides.shop_plan.meet(*write, fault)
    bridge = sides.bridge(stores=[sides.store(own_states=True)])
    sides.live(bridge, 12)
    assert len(states(sides)) == 2
    assert sides.shop.state(1)["name:1"] == "Booked"
    assert codes(bridge) == []


@pytest.mark.parametrize("own_states", [True, False])
def test_progress_never_takes_a_shipped_order_a_step_back(sides: PrestaShopSides, own_states: bool) -> None:
    """The merchant has shipped it by hand, and the supplier goes on with his work."""
    sides.sell({"RW-100": 1})
    bridge = sides.bridge(stores=[sides.store(own_states=own_states)])
    sides.live(bridge, 1)
    sides.shop.ship(1, "BYHAND", now=sides.now())
    through_the_steps(sides, bridge)
    assert sides.shop.state(1)["id"] == "4"
    assert states(sides)[-1] == "4"


# --- remarks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to_shopper", [True, False])
@pytest.mark.parametrize("lost", ["/customer_threads", "/customer_messages"])
def test_a_remark_stands_there_once_for_whom_it_is_meant(
    sides: PrestaShopSides, to_shopper: bool, lost: str
) -> None:
    bridge = placed(sides)
    mails = len(sides.shop.mails)
    sides.shop_plan.meet("POST", lost, Fault.ANSWER_LOST)
    note = ob.Note(key="gift", text="Wrapped <b>& tied</b>, onclick= \U0001f381", to_shopper=to_shopper)
    for _ in range(2):
        bridge.note("shop/1", note)
        sides.live(bridge, 2)
    assert said(sides, "Wrapped (b)& tied(/b), onclick -") == ["0" if to_shopper else "1"]
    assert len(sides.shop.messages(1)) == 1
    assert sides.shop.tables["customer_threads"][1]["email"] == "shopper1@example.com"
    assert len(sides.shop.mails) == mails
    assert codes(bridge) == []


# --- cancellations -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [None, Fault.ANSWER_LOST, Fault.REQUEST_LOST, Fault.ERROR_AFTER])
@pytest.mark.parametrize("where", ["/customer_threads", "/customer_messages", "/order_histories"])
def test_a_canceled_order_is_canceled_once_and_ordered_nowhere(
    sides: PrestaShopSides, where: str, fault: Fault | None
) -> None:
    sides.sell({"RW-100": 2})
    bridge = sides.bridge(policy=BY_HAND)
    sides.live(bridge, 1)
    if fault is not None:
        sides.shop_plan.meet("POST", where, fault)
    bridge.cancel("shop/1", reason="None left")
    bridge.place(only_purchase(bridge, "shop/1").po.id)
    sides.live(bridge, 6)
    assert states(sides) == ["2", "6"]
    assert sides.shop.stock == {(1, 0): 100}
    assert said(sides, "Canceled: None left") == ["1"]
    assert sides.ordered() == []
    view = bridge.order("shop/1")
    assert view is not None
    assert [task.state for task in view.tasks] == [ob.TaskState.DONE]
    assert "no money back" in view.tasks[0].warnings[0]


@pytest.mark.parametrize("shipped", ["all", "part"])
def test_an_order_of_which_something_left_is_not_canceled_but_asked_about(
    sides: PrestaShopSides, shipped: str
) -> None:
    bridge = placed(sides, {"RW-100": 2} if shipped == "all" else {"RW-100": 2, "OWN-1": 1})
    departed(sides, bridge)
    before = states(sides)
    task = bridge.cancel("shop/1", reason="Too late")
    assert task.state is not ob.TaskState.DONE
    sides.live(bridge, 6)
    assert states(sides) == before
    assert codes(bridge) == ["UNCLEAR"]


# --- refunds -----------------------------------------------------------------------------------------------


def one_unit(key: str = "damaged-1", **more: Any) -> ob.Refund:
    part = ob.RefundLine(line_ref="1", units=Decimal(1), amount=ob.Money.of("10.00", "EUR"))
    whole: dict[str, Any] = {"amount": ob.Money.of("12.40", "EUR"), "shipping": ob.Money.of("2.40", "EUR")}
    return ob.Refund(key=key, lines=(part,), **{**whole, **more})


def taken_in(sides: PrestaShopSides, **parts: Any) -> ob.Bridge:
    sides.sell({"RW-100": 3})
    bridge = sides.bridge(policy=BY_HAND, **parts)
    sides.live(bridge, 1)
    return bridge


def test_a_refund_is_a_slip_for_its_lines_and_freight_and_moves_no_money(sides: PrestaShopSides) -> None:
    bridge = taken_in(sides)
    money = booked(sides)
    task = bridge.refund("shop/1", one_unit(reason="Came broken"))
    assert task.refunded is not None
    assert (task.refunded.ref, task.refunded.gave_money) == ("1", False)
    assert task.refunded.amount == ob.Money.of("12.40", "EUR")
    assert "record" in " ".join(task.refunded.warnings)
    (slip,) = sides.shop.slips(1)
    assert Decimal(slip["total_products_tax_incl"]) == 10
    assert Decimal(slip["total_products_tax_excl"]).quantize(Decimal("0.01")) == Decimal("8.33")
    assert Decimal(slip["total_shipping_tax_incl"]) == Decimal("2.40")
    assert Decimal(slip["total_shipping_tax_excl"]) == Decimal("2.00")
    assert [(line["id_order_detail"], line["product_quantity"]) for line in sides.shop.slip_lines[1]] == [
        ("1", "1")
    ]
    assert (booked(sides), states(sides)) == (money, ["2"])
    sides.live(bridge, 1)
    view = bridge.order("shop/1")
    assert view is not None
    assert [refund.amount for refund in view.record.order.refunds] == [ob.Money.of("12.40", "EUR")]
    assert sides.warehouse.locked == {"100": 2}


def test_money_cannot_be_given_back_by_a_shop_that_only_writes_it_down(sides: PrestaShopSides) -> None:
    bridge = taken_in(sides)
    with pytest.raises(Unsupported, match="only writes refunds down"):
        bridge.refund("shop/1", one_unit(gives_money=True))
    assert sides.shop.slips(1) == []


def test_a_slip_just_like_ours_that_the_merchant_made_is_his_own(sides: PrestaShopSides) -> None:
    bridge = taken_in(sides)
    sides.shop.refund(1, {1: 1}, now=sides.now(), freight="2.40")
    task = bridge.refund("shop/1", one_unit())
    assert task.refunded is not None
    assert task.refunded.ref == "2"
    bridge.refund("shop/1", one_unit())
    assert len(sides.shop.slips(1)) == 2
    bridge.refund("shop/1", one_unit("damaged-2"))
    assert len(sides.shop.slips(1)) == 3


SLIP = ("/customer_threads", "/customer_messages", "/order_slip")


@pytest.mark.parametrize("fault", LOSSES, ids=lambda fault: fault.value)
@pytest.mark.parametrize("where", SLIP)
def test_a_refund_whose_answer_is_lost_is_one_slip(tmp_path: Path, where: str, fault: Fault) -> None:
    with in_shop() as sides:
        bridge = taken_in(sides, journal=tmp_path / "j.db")
        sides.shop_plan.meet("POST", where, fault)
        assert bridge.refund("shop/1", one_unit()).state is ob.TaskState.DUE
        bridge.close()
        again = sides.bridge(policy=BY_HAND, journal=tmp_path / "j.db")
        sides.live(again, 12)
        assert len(sides.shop.slips(1)) == 1
        assert len(sides.shop.messages(1)) == 1
        view = again.order("shop/1")
        assert view is not None
        assert [task.state for task in view.tasks] == [ob.TaskState.DONE]
        assert codes(again) == []


def refund_and_die(url: str, warehouse: str, key: str, journal: Path) -> None:
    """In a process of its own, which is killed while it waits for an answer."""
    settings = {"base_url": warehouse, "api_key": "key", "password": "pw"}
    bridge = ob.Bridge(
        stores=[ob.store("shop", platform="fast-prestashop", settings={"base_url": url, "key": key})],
        suppliers=[ob.supplier("rewix", platform="fast-rewix", settings=settings)],
        journal=journal,
        policy=BY_HAND,
        rules=RULES,
        take_from=START,
    )
    clock = Jumping()
    clock.sleep(4000)
    on_clock(bridge, clock).refund("shop/1", one_unit())


@pytest.mark.parametrize("where", SLIP)
def test_a_process_that_is_killed_while_it_waits_for_an_answer_leaves_one_slip(
    sides: PrestaShopSides, tmp_path: Path, where: str
) -> None:
    taken_in(sides, journal=tmp_path / "j.db").close()
    process = multiprocessing.get_context("spawn").Process(
        target=refund_and_die, args=(sides.shop_url, sides.warehouse_url, sides.shop.key, tmp_path / "j.db")
    )

    def die() -> None:
        process.kill()
        wait([process.sentinel])

    sides.shop_plan.before("POST", where, die)
    process.start()
    process.join(60)
    assert process.exitcode == -9, "it ended by itself"
    again = sides.bridge(policy=BY_HAND, journal=tmp_path / "j.db")
    sides.live(again, 12)
    assert len(sides.shop.slips(1)) == 1
    assert len(sides.shop.messages(1)) == 1
    assert len(sides.shop.tables["customer_threads"]) == 1
    view = again.order("shop/1")
    assert view is not None
    assert [task.state for task in view.tasks] == [ob.TaskState.DONE]
    assert codes(again) == []
