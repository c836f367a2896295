"""What else a Magento is told, each thing once: progress, remarks, cancellations, refunds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import orderbridge as ob
from both_sides import AT_ONCE, START, MagentoSides, codes, only_purchase
from in_magento import (
    ADAPTER,
    BY_HAND,
    LOSSES,
    QUIET,
    Hand,
    Instead,
    a_shop,
    departed,
    evidence,
    in_shop,
    order_of,
    placed,
    row_of,
    said,
    sold,
    taken,
    tasks,
    told,
)
from orderbridge._http import Call, Headers, Response
from orderbridge.adapters import Flow, Noted, Past, Progress, Refunded, Refused, SupplierStatus, Unclear
from orderbridge.sandbox.faults import Fault
from orderbridge.sandbox.magento import Item, Keys, Store
from orderbridge.stores.magento import Magento
from orderbridge.suppliers import rewix

ORDER = "shop/21"  # the sandbox's first
STAGED = attrs.evolve(QUIET, report_progress=True)
EUR = "EUR"


@pytest.fixture
def sides() -> Iterator[MagentoSides]:
    with in_shop() as both:
        yield both


def bodies(sides: MagentoSides, path: str) -> list[dict[str, Any]]:
    """What was asked of the shop there, from now on, as it arrives."""
    heard: list[dict[str, Any]] = []
    there = sides.shop.handle

    def listening(call: Call, now: datetime) -> Response:
        if call.method == "POST" and call.url.partition("?")[0].endswith(path):
            heard.append(json.loads(call.body))
        return there(call, now)

    sides.at_shop.backend = Instead(listening)
    return heard


# --- progress ---------------------------------------------------------------------------------------------

STEPS = ("Booked", "Confirmed", "Working on", "Ready")
STATUSES = {step: f"ob_{step.lower().replace(' ', '_')}" for step in STEPS}


def through_the_steps(sides: MagentoSides, bridge: ob.Bridge) -> None:
    sides.live(bridge, 1)
    for step in (sides.warehouse.pay, sides.warehouse.work, sides.warehouse.ready):
        step(now=sides.now())
        sides.live(bridge, 1)


@pytest.mark.parametrize("fault", [None, *LOSSES])
def test_progress_is_a_comment_for_the_staff_once_for_each_step(
    sides: MagentoSides, fault: Fault | None
) -> None:
    sides.sell({"RW-100": 1})
    if fault is not None:
        sides.shop_plan.meet("POST", "/comments", fault)
    bridge = sides.bridge(policy=STAGED)
    through_the_steps(sides, bridge)
    sides.live(bridge, 2)
    shown = {step: said(sides, f"rewix: {step}") for step in STEPS}
    # A step that lasted no longer than the doubt about the one before it is passed over.
    assert all(seen in ([(0, 0)], []) for seen in shown.values())
    assert shown["Ready"] == [(0, 0)]
    if fault is None:
        assert all(seen == [(0, 0)] for seen in shown.values())
    assert (order_of(sides)["state"], order_of(sides)["status"]) == ("processing", "processing")
    assert sides.shop.mails == []
    assert codes(bridge) == []


def with_statuses(version: str = "2.4.7-p7") -> dict[str, Any]:
    own = dict.fromkeys(STATUSES.values(), "processing") | {"ob_delivered": "complete"}
    return {"version": version, "statuses": own}


@pytest.mark.parametrize(
    ("version", "way", "works"),
    [
        ("2.4.6-p8", "comment", True),
        ("2.4.7-p7", "comment", False),
        ("2.4.8", "comment", True),
        ("2.4.6-p8", "order", True),
        ("2.4.7-p7", "order", True),
        ("2.4.8", "order", True),
    ],
)
def test_a_merchant_s_own_status_is_set_as_his_version_lets_it_or_asked_about(
    version: str, way: str, works: bool
) -> None:
    with in_shop(**with_statuses(version)) as sides:
        sides.sell({"RW-100": 1})
        heard = bodies(sides, "/V1/orders")
        store = sides.store(progress_statuses=STATUSES, status_by=way)
        bridge = sides.bridge(policy=STAGED, stores=[store])
        sides.live(bridge, 2)
        assert order_of(sides)["status"] == (STATUSES["Booked"] if works else "processing")
        assert codes(bridge) == ([] if works else ["REFUSED"])
        assert all(set(body["entity"]) == {"entity_id", "status"} for body in heard)
        assert len(heard) == (way == "order")
        view = told(bridge, ORDER)
        assert (view.record.order.ready, view.record.order.payment) == (True, ob.StorePayment.PAID)
        departed(sides, bridge)
        assert (order_of(sides)["state"], order_of(sides)["status"]) == ("complete", "complete")


@pytest.mark.parametrize("fault", LOSSES)
def test_a_status_whose_answer_is_lost_is_set_once(fault: Fault) -> None:
    with in_shop(**with_statuses()) as sides:
        sides.sell({"RW-100": 1})
        sides.shop_plan.meet("POST", "/V1/orders", fault)
        store = sides.store(progress_statuses=STATUSES, status_by="order", keep_reference=True)
        bridge = sides.bridge(policy=STAGED, stores=[store])
        sides.live(bridge, 4)
        assert order_of(sides)["status"] == STATUSES["Booked"]
        assert said(sides, "rewix: Booked") == [(0, 0)]
        saved = [effect for effect in sides.shop.effects if effect.path == "orders"]
        assert len(saved) == 2
        assert codes(bridge) == []


def test_progress_never_takes_a_shipped_or_held_order_a_step_back() -> None:
    with in_shop(**with_statuses()) as sides:
        for _ in range(2):
            sides.sell({"RW-100": 1})
        store = sides.store(progress_statuses=STATUSES, status_by="order")
        bridge = sides.bridge(policy=STAGED, stores=[store])
        sides.live(bridge, 1)
        sides.clock.sleep(60)
        sides.shop.ship_by_hand(21, now=sides.now())
        sides.shop.hold(22, now=sides.now())
        through_the_steps(sides, bridge)
        assert sides.shop.order(21)["status"] == "complete"
        assert sides.shop.order(22)["status"] == "holded"


ARRIVED: set[str] = set()  # the supplier's orders of which the courier has said so


class Courier(rewix.RewixAdapter):
    """A supplier who hears from the courier."""

    def fetch(self, po: ob.PurchaseOrder) -> Flow[SupplierStatus | None]:
        found = yield from super().fetch(po)
        if found is not None and po.supplier_ref in ARRIVED:
            return attrs.evolve(found, raw="delivered", fulfillment=ob.Fulfillment.DELIVERED)
        return found


ob.register(attrs.evolve(rewix.PLATFORM, name="magento-courier", adapter=Courier, limits=lambda _: AT_ONCE))


@pytest.mark.parametrize("own", [True, False])
def test_what_has_arrived_is_said_in_a_comment_or_in_the_merchant_s_own_status(own: bool) -> None:
    with in_shop(**with_statuses()) as sides:
        ARRIVED.clear()
        keys = {"base_url": sides.warehouse_url, "api_key": "key", "password": "pw"}
        statuses = {"Delivered": "ob_delivered"} if own else {}
        bridge = placed(
            sides,
            suppliers=[ob.supplier("rewix", platform="magento-courier", settings=keys)],
            stores=[sides.store(progress_statuses=statuses, status_by="order")],
            policy=STAGED,
        )
        departed(sides, bridge)
        mails = len(sides.shop.mails)
        ARRIVED.update(order.order_id for order in sides.warehouse.orders)
        sides.live(bridge, 26)
        assert order_of(sides)["state"] == "complete"
        assert order_of(sides)["status"] == ("ob_delivered" if own else "complete")
        assert said(sides, "rewix: Delivered") == [(0, 0)]
        assert len(sides.shop.mails) == mails
        assert codes(bridge) == []


@pytest.mark.parametrize("theirs", ["", "ERP-7"])
def test_our_reference_is_kept_where_the_merchant_wants_it_and_nobody_else_keeps_one(
    sides: MagentoSides, theirs: str
) -> None:
    sides.sell({"RW-100": 1}, ext_order_id=theirs or None)
    sides.clock.sleep(60)
    heard = bodies(sides, "/V1/orders")
    bridge = sides.bridge(policy=STAGED, stores=[sides.store(keep_reference=True)])
    through_the_steps(sides, bridge)
    ours = only_purchase(bridge, ORDER).po.reference
    assert order_of(sides)["ext_order_id"] == (theirs or ours)
    assert len(heard) == (not theirs)
    assert all(body == {"entity": {"entity_id": 21, "ext_order_id": ours}} for body in heard)


# --- remarks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to_shopper", [True, False])
@pytest.mark.parametrize("fault", [None, *LOSSES, Fault.DOUBLED])
def test_a_remark_stands_there_once_for_whom_it_is_meant(
    sides: MagentoSides, to_shopper: bool, fault: Fault | None
) -> None:
    bridge = placed(sides)
    if fault is not None:
        sides.shop_plan.meet("POST", "/comments", fault)
    for _ in range(2):
        bridge.note("shop/21", ob.Note(key="gift", text="Wrapped <b>& tied</b>", to_shopper=to_shopper))
        sides.live(bridge, 2)
    assert said(sides, "Wrapped <b>& tied</b> [ob:gift]") == [(int(to_shopper), int(to_shopper))]
    assert [mail.kind for mail in sides.shop.mails] == (["order comment"] if to_shopper else [])
    assert tasks(bridge, ORDER) == [ob.TaskState.DONE]
    assert codes(bridge) == []


@pytest.mark.parametrize("to_shopper", [True, False])
def test_a_remark_that_the_network_writes_twice_is_a_question_only_if_it_mails(to_shopper: bool) -> None:
    with in_shop(keys=Keys(bearer=True)) as sides:
        values = {"base_url": sides.shop_url, "bearer": True, "access_token": sides.shop.keys.access_token}
        bridge = placed(sides, stores=[ob.store("shop", platform="fast-magento", settings=values)])
        sides.shop_plan.meet("POST", "/comments", Fault.DOUBLED)
        bridge.note(ORDER, ob.Note(key="gift", text="Wrapped", to_shopper=to_shopper))
        sides.live(bridge, 2)
        assert len(said(sides, "[ob:gift]")) == 2
        assert sides.at_shop.count("POST", "/comments") == 2
        if to_shopper:
            assert "two mails may have gone out" in evidence(bridge)
        else:
            assert codes(bridge) == []


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Party \U0001f389 at eight \U0001f37e!", "Party  at eight ! [ob:long]"),
        ("\x00Nul\x07, bell and \x1b[1mmore", "Nul, bell and [1mmore [ob:long]"),
        ("Grüße, ½ kg für 日本", "Grüße, ½ kg für 日本 [ob:long]"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab [ob:long]"),
    ],
)
def test_a_remark_is_kept_as_the_shop_s_database_can_keep_it(
    sides: MagentoSides, text: str, kept: str
) -> None:
    bridge = placed(sides)
    bridge.note(ORDER, ob.Note(key="long", text=text))
    sides.live(bridge, 1)
    assert sides.shop.comments_of(21) == [kept]


@pytest.mark.parametrize("sign", ["x", "ü", "語"])
def test_a_remark_of_any_length_keeps_the_key_by_which_it_is_found_again(
    sides: MagentoSides, sign: str
) -> None:
    bridge = placed(sides)
    sides.shop_plan.meet("POST", "/comments", Fault.ANSWER_LOST)
    bridge.note(ORDER, ob.Note(key="long", text=sign * 70_000))
    sides.live(bridge, 2)
    (comment,) = sides.shop.comments_of(21)
    assert comment.endswith(" [ob:long]")
    assert 59_000 < len(comment.encode()) < 65_535
    assert tasks(bridge, ORDER) == [ob.TaskState.DONE]


# --- cancellations -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [None, *LOSSES, Fault.DOUBLED])
@pytest.mark.parametrize("where", ["/cancel", "/comments"])
def test_an_unpaid_order_is_canceled_once_and_ordered_nowhere(
    sides: MagentoSides, where: str, fault: Fault | None
) -> None:
    sides.sell({"RW-100": 2}, paid=False)
    bridge = sides.bridge(policy=attrs.evolve(BY_HAND, take=ob.Take.ALL))
    sides.live(bridge, 1)
    if fault is not None:
        sides.shop_plan.meet("POST", where, fault)
    bridge.cancel(ORDER, reason="None left")
    bridge.place(only_purchase(bridge, ORDER).po.id)
    sides.live(bridge, 3)
    assert order_of(sides)["state"] == "canceled"
    assert said(sides, "Canceled: None left") == [(0, 0)]
    assert sides.ordered() == []
    assert tasks(bridge, ORDER) == [ob.TaskState.DONE]
    assert codes(bridge) == []


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("paid", "a part of it is invoiced; refund that"),
        ("part paid", "a part of it is invoiced; refund that"),
        ("shipped", "a part of it has shipped"),
        ("held", "it is on hold in the shop"),
    ],
)
def test_an_order_that_is_paid_shipped_or_held_is_not_canceled_but_asked_about(
    sides: MagentoSides, how: str, why: str
) -> None:
    """Magento itself would cancel the rest of a shipped one, and of a part paid one."""
    sides.sell({"RW-100": 2, "OWN-1": 1}, paid=how == "paid")
    mug = row_of(sides, "RW-100")
    bridge = sides.bridge(policy=BY_HAND)
    sides.live(bridge, 1)
    sides.clock.sleep(60)
    if how == "part paid":
        sides.shop.invoice(21, {mug: Decimal(1)}, now=sides.now())
    elif how == "shipped":
        sides.shop.ship_by_hand(21, {mug: 1}, now=sides.now())
    elif how == "held":
        sides.shop.hold(21, now=sides.now())
    before = order_of(sides)
    task = bridge.cancel(ORDER, reason="Too late")
    assert task.state is not ob.TaskState.DONE
    sides.live(bridge, 2)
    assert order_of(sides) == before
    assert sides.at_shop.count("POST", "/cancel") == 0
    assert codes(bridge) == ["UNCLEAR"]
    assert why in evidence(bridge)


def test_a_no_that_is_said_with_a_yes_s_number_is_a_no(sides: MagentoSides) -> None:
    """The money comes in between our look and our call: HTTP 200, ``false``, and nothing is canceled."""
    sides.sell({"RW-100": 2}, paid=False)
    bridge = sides.bridge(policy=BY_HAND)
    sides.live(bridge, 1)

    def pay() -> None:
        sides.shop.invoice(21, now=sides.now())

    sides.shop_plan.before("POST", "/cancel", pay)
    task = bridge.cancel(ORDER, reason="None left")
    assert task.state is not ob.TaskState.DONE
    sides.live(bridge, 2)
    assert order_of(sides)["state"] == "processing"
    assert said(sides, "Canceled") == []
    assert codes(bridge) == ["UNCLEAR"]
    assert "a part of it is invoiced" in evidence(bridge)


# --- refunds -----------------------------------------------------------------------------------------------


def usd(amount: str) -> ob.Money:
    return ob.Money.of(amount, "USD")


def one_unit(key: str = "damaged-1", *, row: int = 401, units: int = 1, **more: Any) -> ob.Refund:
    line = ob.RefundLine(line_ref=str(row), units=Decimal(units), amount=usd("10.00"))
    whole: dict[str, Any] = {"amount": usd("15.00"), "shipping": usd("5.00"), "lines": (line,)}
    return ob.Refund(key=key, **{**whole, **more})


def taken_in(sides: MagentoSides, items: Sequence[Item] = (), **parts: Any) -> ob.Bridge:
    """One order that is paid, by a card unless it is said how."""
    order: dict[str, Any] = parts.pop("order", {})
    sold(sides, items or [Item(sku="RW-100", quantity=3)], **order)
    for invoice in sides.shop.invoices_of(21):
        if sides.shop.orders[21].payment["method"] == "adyen_cc":
            invoice.row.setdefault("transaction_id", "PSP-81")
    bridge = sides.bridge(policy=BY_HAND, **parts)
    sides.live(bridge, 1)
    sides.clock.sleep(60)
    return bridge


def memo(sides: MagentoSides) -> dict[str, Any]:
    """The one credit memo."""
    (paper,) = sides.shop.creditmemos_of(21)
    return dict(paper.row)


def memo_units(sides: MagentoSides) -> dict[int, Decimal]:
    (paper,) = sides.shop.creditmemos_of(21)
    units = {int(row["order_item_id"] or 0): Decimal(str(row["qty"])) for row in paper.items}
    return {row: count for row, count in units.items() if count}


def test_a_record_is_a_credit_memo_for_its_units_and_its_shipping_and_moves_no_money(
    sides: MagentoSides,
) -> None:
    bridge = taken_in(sides)
    task = bridge.refund(ORDER, one_unit(reason="Came broken"))
    assert task.refunded is not None
    assert (task.refunded.ref, task.refunded.gave_money) == ("91", False)
    assert task.refunded.amount == usd("15.00")
    assert memo_units(sides) == {401: 1}
    assert Decimal(str(memo(sides)["shipping_amount"])) == 5
    assert sides.shop.payouts == []
    assert sides.shop.mails == []
    assert said(sides, "Came broken [ob:damaged-1]") == [(0, 0)]
    sides.live(bridge, 1)
    order = told(bridge, ORDER).record.order
    assert [refund.amount for refund in order.refunds] == [usd("15.00")]
    assert order.lines[0].refunded == 1
    assert sides.warehouse.locked == {"100": 2}


@pytest.mark.parametrize(
    ("amount", "shipping", "goods", "memo_says"),
    [
        ("10.00", None, "10.00", ("0", "0")),  # and none of the shipping
        ("12.00", "2.00", "10.00", ("2", "0")),
        ("13.00", None, "10.00", ("0", "3")),  # more than the unit cost
        ("8.00", None, "8.00", ("0", "-2")),  # less
        ("9.50", "1.50", "8.00", ("1.5", "-2")),
    ],
)
def test_what_is_given_back_beside_or_below_the_goods_is_an_adjustment(
    sides: MagentoSides, amount: str, shipping: str | None, goods: str, memo_says: tuple[str, str]
) -> None:
    bridge = taken_in(sides)
    line = ob.RefundLine(line_ref="401", units=Decimal(1), amount=usd(goods))
    wanted = one_unit(amount=usd(amount), lines=(line,), shipping=usd(shipping) if shipping else None)
    task = bridge.refund(ORDER, wanted)
    assert task.refunded is not None
    assert task.refunded.amount == usd(amount)
    made = memo(sides)
    assert (Decimal(str(made["grand_total"])), memo_units(sides)) == (Decimal(amount), {401: 1})
    assert Decimal(str(made["shipping_amount"])) == Decimal(memo_says[0])
    assert Decimal(str(made["adjustment"])) == Decimal(memo_says[1])


def test_money_for_no_goods_gives_no_goods_back_and_never_an_empty_list(sides: MagentoSides) -> None:
    """An empty list of rows gives back everything that was bought."""
    bridge = taken_in(sides)
    heard = bodies(sides, "/refund")
    for key, wanted in {
        "sorry": {"amount": usd("4.00"), "shipping": None},
        "late": {"amount": usd("5.00"), "shipping": usd("5.00")},
    }.items():
        task = bridge.refund(ORDER, one_unit(key, lines=(), **wanted))
        assert task.refunded is not None
        assert task.refunded.amount == wanted["amount"]
    assert all(body["items"] == [{"order_item_id": 401, "qty": 0}] for body in heard)
    assert [body["arguments"]["shipping_amount"] for body in heard] == [0, 5]
    assert Decimal(str(order_of(sides)["total_refunded"])) == 9
    assert Decimal(str(sides.shop.lines(21)[0]["qty_refunded"])) == 0


def test_a_refund_of_an_order_in_another_currency_is_in_that_and_asked_for_in_the_shop_s_own() -> None:
    with in_shop() as sides:
        sides.shop.stores.append(Store(store_id=2, code="eur", name="Europe", currency=EUR))
        order = {"store": "eur", "rate": "0.8"}
        bridge = taken_in(sides, [Item(sku="RW-100", quantity=3, price="12.50")], order=order)
        heard = bodies(sides, "/refund")
        line = ob.RefundLine(line_ref="401", units=Decimal(1), amount=ob.Money.of("10.00", EUR))
        wanted = ob.Refund(
            key="k",
            amount=ob.Money.of("16.00", EUR),
            lines=(line,),
            shipping=ob.Money.of("4.00", EUR),
        )
        task = bridge.refund(ORDER, wanted)
        assert task.refunded is not None
        assert task.refunded.amount == ob.Money.of("16.00", EUR)
        arguments = heard[0]["arguments"]
        assert (arguments["shipping_amount"], arguments["adjustment_positive"]) == (5, 2.5)
        assert Decimal(str(memo(sides)["grand_total"])) == 16


@pytest.mark.parametrize(("with_tax", "asked"), [(False, 2.5), (True, 3.05)])
def test_shipping_is_told_with_its_tax_or_without_as_the_shop_shows_it(with_tax: bool, asked: float) -> None:
    """The same number means both, and nothing in the shop's answers says which."""
    with in_shop(shipping_with_tax=with_tax) as sides:
        sold_so = {"shipping_tax_percent": 22}
        store = sides.store(shipping_refunds_with_tax=with_tax)
        bridge = taken_in(sides, order=sold_so, stores=[store])
        heard = bodies(sides, "/refund")
        task = bridge.refund(ORDER, one_unit(shipping=usd("3.05"), amount=usd("13.05")))
        assert [body["arguments"]["shipping_amount"] for body in heard] == [asked]
        assert task.refunded is not None, evidence(bridge)
        assert task.refunded.amount == usd("13.05")


def test_shipping_that_the_shop_takes_otherwise_than_the_merchant_says_is_asked_about() -> None:
    with in_shop(shipping_with_tax=True) as sides:
        bridge = taken_in(sides, order={"shipping_tax_percent": 22})
        bridge.refund(ORDER, one_unit(shipping=usd("3.05"), amount=usd("13.05")))
        assert "credit memo 91 has our key, but gives 12.5" in evidence(bridge)


@pytest.mark.parametrize("restock", [True, False])
def test_returned_units_go_back_on_sale_only_if_it_is_said(sides: MagentoSides, restock: bool) -> None:
    bridge = taken_in(sides)
    before = sides.shop.in_stock("RW-100", "default")
    bridge.refund(ORDER, one_unit(units=2, restock=restock, amount=usd("25.00")))
    assert memo_units(sides) == {401: 2}
    assert sides.shop.in_stock("RW-100", "default") - before == (2 if restock else 0)


PLATES = (Item(sku="PLATE", quantity=2, price="6"), Item(sku="GLASS", price="4"))
FREE = tuple(attrs.evolve(each, price="0") for each in PLATES)


@pytest.mark.parametrize(
    ("item", "units"),
    [
        (Item(sku="RW-SET", kind="bundle", parts=PLATES, quantity=2), {402: 2, 403: 1}),
        (Item(sku="RW-SET", kind="bundle", parts=FREE, price="16", quantity=2), {401: 1}),
        (Item(sku="RW-SHIRT", kind="configurable", price="16", quantity=2), {401: 1}),
    ],
    ids=["a set priced by its parts", "a set with a price", "a variant"],
)
def test_a_set_goes_back_by_the_rows_that_have_its_price(
    sides: MagentoSides, item: Item, units: dict[int, int]
) -> None:
    bridge = taken_in(sides, [item])
    line = ob.RefundLine(line_ref="401", units=Decimal(1), amount=usd("16.00"))
    task = bridge.refund(ORDER, one_unit(amount=usd("16.00"), shipping=None, lines=(line,)))
    assert task.refunded is not None
    assert task.refunded.amount == usd("16.00")
    assert memo_units(sides).items() >= units.items()
    assert Decimal(str(memo(sides)["grand_total"])) == 16
    sides.live(bridge, 1)
    (top, *_) = told(bridge, ORDER).record.order.lines
    assert top.refunded == 1


def test_a_part_of_a_set_that_ships_part_by_part_goes_back_by_itself(sides: MagentoSides) -> None:
    kit = Item(sku="KIT", kind="bundle", parts=PLATES, separately=True, quantity=2)
    bridge = taken_in(sides, [kit])
    line = ob.RefundLine(line_ref="402", units=Decimal(3), amount=usd("18.00"))
    task = bridge.refund(ORDER, one_unit(amount=usd("18.00"), shipping=None, lines=(line,)))
    assert task.refunded is not None
    assert memo_units(sides)[402] == 3
    assert 403 not in memo_units(sides)
    sides.live(bridge, 1)
    refunded = {line.ref: line.refunded for line in told(bridge, ORDER).record.order.lines if line.shippable}
    assert refunded == {"402": 3, "403": 0}


def test_tax_and_discount_of_a_unit_go_back_with_it_to_the_cent(sides: MagentoSides) -> None:
    item = Item(sku="RW-100", quantity=3, price="12.50", discount="3.75", tax_percent=22)
    bridge = taken_in(sides, [item])
    given = Decimal(0)
    for place, amount in enumerate(("13.73", "13.73", "13.72")):
        line = ob.RefundLine(line_ref="401", units=Decimal(1), amount=usd(amount))
        task = bridge.refund(ORDER, one_unit(f"k{place}", amount=usd(amount), shipping=None, lines=(line,)))
        assert task.refunded is not None, evidence(bridge)
        given += task.refunded.amount.amount
    goods = Decimal(str(sides.shop.order(21)["grand_total"])) - 5
    assert abs(given - goods) <= Decimal("0.01")


def test_units_that_the_staff_gave_back_meanwhile_are_asked_about_and_not_cut(sides: MagentoSides) -> None:
    bridge = taken_in(sides, [Item(sku="RW-100", quantity=3), Item(sku="RW-101", quantity=3)])
    sides.shop.refund_by_hand(21, {401: 2}, now=sides.now())
    bridge.refund(ORDER, one_unit(units=2, amount=usd("20.00"), shipping=None))
    assert codes(bridge) == ["UNCLEAR"]
    assert "1 units are paid and not refunded, fewer than 2" in evidence(bridge)
    assert len(sides.shop.creditmemos_of(21)) == 1


def test_shipping_that_was_not_paid_is_asked_about(sides: MagentoSides) -> None:
    bridge = taken_in(sides)
    bridge.refund(ORDER, one_unit(shipping=usd("5.01"), amount=usd("15.01")))
    assert "5.01 is wanted for shipping, and 5 of it is left to give back" in evidence(bridge)
    assert sides.shop.creditmemos_of(21) == []


def test_more_money_than_is_left_after_a_refund_of_the_staff_s_is_asked_about(sides: MagentoSides) -> None:
    bridge = taken_in(sides)
    sides.shop.refund_by_hand(21, {401: 3}, now=sides.now())
    bridge.refund(ORDER, one_unit(lines=(), shipping=None, amount=usd("5.01")))
    assert codes(bridge) == ["UNCLEAR"]
    assert "5 of what was paid is left to give back" in evidence(bridge)
    assert len(sides.shop.creditmemos_of(21)) == 1


def test_a_credit_memo_just_like_ours_that_the_staff_made_is_theirs(sides: MagentoSides) -> None:
    bridge = taken_in(sides)
    sides.shop.refund_by_hand(21, {401: 1}, now=sides.now())
    refund = one_unit(amount=usd("10.00"), shipping=None)
    for _ in range(2):
        task = bridge.refund(ORDER, refund)
        assert task.refunded is not None
        assert task.refunded.ref == "92"
    assert len(sides.shop.creditmemos_of(21)) == 2
    bridge.refund(ORDER, attrs.evolve(refund, key="damaged-2"))
    assert len(sides.shop.creditmemos_of(21)) == 3


@pytest.mark.parametrize("fault", [*LOSSES, Fault.DOUBLED, Fault.CUT, Fault.HTML])
def test_a_record_whose_answer_is_lost_is_one_credit_memo(tmp_path: Path, fault: Fault) -> None:
    with in_shop() as sides:
        bridge = taken_in(sides, journal=tmp_path / "j.db")
        sides.shop_plan.meet("POST", "/refund", fault)
        assert bridge.refund(ORDER, one_unit()).state is ob.TaskState.DUE
        bridge.close()
        again = sides.bridge(policy=BY_HAND, journal=tmp_path / "j.db")
        sides.live(again, 4)
        assert len(sides.shop.creditmemos_of(21)) == 1
        assert tasks(again, ORDER) == [ob.TaskState.DONE]
        assert codes(again) == []


def test_two_credit_memos_with_one_key_are_a_question() -> None:
    with in_shop(keys=Keys(bearer=True)) as sides:
        values = {"base_url": sides.shop_url, "bearer": True, "access_token": sides.shop.keys.access_token}
        bridge = taken_in(sides, stores=[ob.store("shop", platform="fast-magento", settings=values)])
        sides.shop_plan.meet("POST", "/refund", Fault.DOUBLED)
        bridge.refund(ORDER, one_unit(amount=usd("10.00"), shipping=None))
        sides.live(bridge, 2)
        assert len(sides.shop.creditmemos_of(21)) == 2
        assert "credit memos 91, 92 carry one key [ob:damaged-1]" in evidence(bridge)


# --- money that moves --------------------------------------------------------------------------------------


def test_money_goes_back_through_the_invoice_once(sides: MagentoSides) -> None:
    bridge = taken_in(sides)
    heard = bodies(sides, "/refund")
    for _ in range(2):
        task = bridge.refund(ORDER, one_unit(gives_money=True))
        assert task.refunded is not None
        assert (task.refunded.gave_money, task.refunded.amount) == (True, usd("15.00"))
    assert [payout.amount for payout in sides.shop.payouts] == [15]
    assert [body["isOnline"] for body in heard] == [True]
    assert sides.at_shop.count("POST", "/V1/invoice/81/refund") == 1


@pytest.mark.parametrize("method", ["checkmo", "banktransfer", "cashondelivery"])
def test_a_method_that_gives_nothing_back_is_asked_about_and_nothing_is_written_down(
    sides: MagentoSides, method: str
) -> None:
    bridge = taken_in(sides, order={"method": method})
    bridge.refund(ORDER, one_unit(gives_money=True))
    assert codes(bridge) == ["UNCLEAR"]
    assert f"({method}); give the money back yourself" in evidence(bridge)
    assert sides.shop.creditmemos_of(21) == []
    assert sides.at_shop.count("POST", "/refund") == 0


@pytest.mark.parametrize("fault", [*LOSSES, Fault.CUT, Fault.HTML])
def test_money_whose_answer_was_lost_is_found_by_its_key_or_asked_about_and_goes_once(
    tmp_path: Path, fault: Fault
) -> None:
    """The gateway is asked before anything is saved: no credit memo does not prove that no money went."""
    with in_shop() as sides:
        bridge = taken_in(sides, journal=tmp_path / "j.db")
        sides.shop_plan.meet("POST", "/refund", fault)
        bridge.refund(ORDER, one_unit(gives_money=True))
        bridge.close()
        again = sides.bridge(policy=BY_HAND, journal=tmp_path / "j.db")
        sides.live(again, 4)
        went = fault not in (Fault.REQUEST_LOST, Fault.HTML)
        assert len(sides.shop.payouts) == went
        assert sides.at_shop.count("POST", "/refund") == went
        # What lands late was not to be seen when somebody looked.
        assert codes(again) == ([] if went and fault is not Fault.LATE else ["PARKED"])
        for review in again.reviews():
            assert tasks(again, ORDER) == [ob.TaskState.ASKED]
            again.resolve(review.id, "retry")
        sides.live(again, 2)
        assert len(sides.shop.payouts) == 1
        assert tasks(again, ORDER) == [ob.TaskState.DONE]


def test_a_retry_waits_for_as_long_as_the_lost_call_can_still_arrive(sides: MagentoSides) -> None:
    """Seen on 2.4.7-p3: the call landed ten minutes late, after somebody's retry, and paid again."""
    bridge = taken_in(sides)
    sides.shop_plan.meet("POST", "/refund", Fault.LATE)
    bridge.refund(ORDER, one_unit(gives_money=True))
    sides.live(bridge, 0.04)
    assert (codes(bridge), len(sides.shop.payouts)) == (["PARKED"], 0)
    bridge.resolve(bridge.reviews()[0].id, "retry")
    sides.live(bridge, 0.04)
    assert sides.at_shop.count("POST", "/refund") == 0
    sides.live(bridge, 1)
    assert (sides.at_shop.count("POST", "/refund"), len(sides.shop.payouts)) == (1, 1)
    assert (codes(bridge), tasks(bridge, ORDER)) == ([], [ob.TaskState.DONE])


def test_money_that_the_network_asked_for_twice_went_once_and_is_found(sides: MagentoSides) -> None:
    """The signature's nonce counts once."""
    bridge = taken_in(sides)
    sides.shop_plan.meet("POST", "/refund", Fault.DOUBLED)
    bridge.refund(ORDER, one_unit(gives_money=True))
    sides.live(bridge, 4)
    assert len(sides.shop.payouts) == 1
    assert (codes(bridge), tasks(bridge, ORDER)) == ([], [ob.TaskState.DONE])


@pytest.mark.parametrize(
    ("status", "message", "asked"),
    [
        (400, "Could not save a Creditmemo, see error log for details", "PARKED"),
        (500, "Internal Error. Details are available in Magento log file. Report ID: webapi-1", "PARKED"),
        (400, "Creditmemo Document Validation Error(s):\nToo many.", "REFUSED"),
    ],
)
def test_a_refusal_proves_that_no_money_went_only_if_the_gateway_was_not_asked_yet(
    sides: MagentoSides, status: int, message: str, asked: str
) -> None:
    bridge = taken_in(sides)

    def gateway(call: Call, now: datetime) -> Response:
        if call.url.endswith("/refund"):
            body = json.dumps({"message": message}).encode()
            return Response(status, headers=Headers({"Content-Type": "application/json"}), body=body)
        return sides.shop.handle(call, now)

    calls = sides.at_shop.calls
    sides.at_shop.backend = Instead(gateway)
    bridge.refund(ORDER, one_unit(gives_money=True))
    sides.live(bridge, 4)
    assert codes(bridge) == [asked]
    assert sum(path.endswith("/refund") for _, path, _ in calls) == 1


# --- nothing is left to Magento ----------------------------------------------------------------------------

GOODS = (
    Item(sku="MUG", quantity=3, price="12.50", discount="3.75", tax_percent=22),
    Item(sku="SET", kind="bundle", parts=PLATES, quantity=2, tax_percent=22),
    Item(sku="CLOTH", quantity="1.5", decimal=True, price="7.99", tax_percent=22),
    Item(sku="SHIRT", kind="configurable", quantity=2, price="19.90", tax_percent=10),
)
CENTS = st.decimals(Decimal("0.01"), Decimal(30), places=2)


@given(
    st.dictionaries(st.integers(0, 3), st.tuples(st.integers(1, 3), CENTS), max_size=3),
    st.one_of(st.none(), st.decimals(Decimal("0.01"), Decimal(6), places=2)),
    st.one_of(st.just(Decimal(0)), CENTS),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["1", "0.8", "1.25", "370.5"]),
    st.sampled_from([0, 22]),
)
def test_no_refund_whatever_gives_back_other_goods_or_other_money_than_it_says(
    parts: dict[int, tuple[int, Decimal]],
    shipping: Decimal | None,
    beside: Decimal,
    money: bool,
    restock: bool,
    rate: str,
    taxed: int,
) -> None:
    """An empty list gives back everything, and shipping that is not named goes back whole."""
    shop = a_shop()
    shop.stores.append(Store(store_id=2, code="eur", name="Europe", currency=EUR))
    ref = shop.place_order(GOODS, now=START, store="eur", rate=rate, shipping_tax_percent=taxed)
    shop.invoices_of(ref)[0].row.setdefault("transaction_id", "PSP-81")
    order = taken(shop, ref)
    lines = tuple(
        ob.RefundLine(line_ref=order.lines[place].ref, units=Decimal(units), amount=ob.Money(amount, EUR))
        for place, (units, amount) in parts.items()
    )
    total = sum((line.amount.amount for line in lines), (shipping or Decimal(0)) + beside)
    if not total:
        return
    wanted = ob.Refund(
        key="k",
        amount=ob.Money(total, EUR),
        lines=lines,
        shipping=ob.Money(shipping, EUR) if shipping else None,
        gives_money=money,
        restock=restock,
    )
    hand = Hand(shop, ADAPTER, lambda: ADAPTER.refund(order, wanted, Past()))
    result = hand.finish()
    for write in hand.sent:
        body = json.loads(write.request.body)
        assert body["items"]
        assert all(line["qty"] >= 0 for line in body["items"])
        assert any(line["qty"] for line in body["items"]) == bool(lines)
        assert set(body["arguments"]) >= {"shipping_amount", "adjustment_positive", "adjustment_negative"}
        assert bool(body["arguments"]["shipping_amount"]) <= bool(shipping)
        assert bool(body["arguments"]["extension_attributes"]["return_to_stock_items"]) <= restock
        assert body["notify"] is False
        assert body["comment"]["comment"] == "[ob:k]"
    assert len(hand.sent) <= 1
    made = shop.creditmemos_of(ref)
    if isinstance(result, Refunded):
        (paper,) = made
        amounts = 2 * len(lines) + bool(shipping) + 1
        cent = Decimal("0.01") * max(Decimal(1), Decimal(rate))
        assert abs(Decimal(str(paper.row["grand_total"])) - total) <= cent * amounts
        assert result.gave_money is money
    else:
        assert isinstance(result, Unclear | Refused)
        assert made == [], result
    assert len(shop.payouts) == (money and bool(made))
    refunded = {int(line["item_id"]): Decimal(str(line["qty_refunded"])) for line in shop.lines(ref)}
    for place, line in enumerate(order.lines):
        units = parts[place][0] if made and place in parts else 0
        if place != 1:
            assert refunded[int(line.ref)] == units


@given(st.text(max_size=200), st.booleans())
def test_no_note_whatever_is_written_twice_or_without_its_key(words: str, to_shopper: bool) -> None:
    shop = a_shop()
    ref = shop.place_order([Item(sku="MUG")], now=START)
    order = taken(shop, ref)
    note = ob.Note(key="k", text=words, to_shopper=to_shopper)
    for _ in range(2):
        result = Hand(shop, ADAPTER, lambda: ADAPTER.annotate(order, note, Past())).finish()
        if isinstance(result, Unclear):
            # Nothing that the database keeps: such as emoji only.
            assert not any(sign.isalnum() and sign < "\uffff" for sign in words)
            assert shop.comments_of(ref) == []
            return
        assert isinstance(result, Noted)
    (comment,) = shop.comments_of(ref)
    assert comment.endswith("[ob:k]")
    # What the database cannot keep, it keeps as question marks.
    assert comment.count("?") == words.count("?")
    assert shop.order(ref)["status"] == "processing"


@given(
    st.sampled_from(["new", "processing", "complete", "closed", "holded", "payment_review", "canceled"]),
    st.lists(st.sampled_from([*STEPS, "On hold", "Delivered"]), max_size=3),
    st.booleans(),
    st.sampled_from(["comment", "order"]),
)
def test_no_progress_whatever_sends_more_of_an_order_than_its_status_and_our_reference(
    state: str, stages: list[str], arrived: bool, way: str
) -> None:
    shop = a_shop()
    shop.statuses.update(dict.fromkeys(STATUSES.values(), "processing"), ob_delivered="complete")
    ref = shop.place_order(GOODS, now=START)
    order = taken(shop, ref)
    shop.set_state(shop.orders[ref], state)
    before = shop.order(ref)["status"]
    settings: Any = {"status_by": way, "keep_reference": True}
    statuses = {**STATUSES, "Delivered": "ob_delivered"}
    adapter = Magento(attrs.evolve(ADAPTER.settings, progress_statuses=statuses, **settings))
    said_by = tuple((f"s{place}", stage) for place, stage in enumerate(stages))
    references = tuple(f"ref{place}" for place in range(len(stages)))
    progress = Progress(key="k", order_id=order.id, stages=said_by, references=references, delivered=arrived)
    hand = Hand(shop, adapter, lambda: adapter.report(order, progress, Past()))
    hand.finish()
    for write in hand.sent:
        body = json.loads(write.request.body)
        if write.request.path == "/rest/V1/orders":
            assert set(body) == {"entity"}
            assert set(body["entity"]) in ({"entity_id", "status"}, {"entity_id", "ext_order_id"})
    if state not in ("new", "processing") and not (arrived and state == "complete"):
        assert shop.order(ref)["status"] == before
    assert shop.order(ref)["state"] == state
    assert shop.mails == []


def test_a_remark_of_which_nothing_can_be_kept_is_asked_about_and_mails_nothing(sides: MagentoSides) -> None:
    bridge = taken_in(sides)
    bridge.note(ORDER, ob.Note(key="party", text="\U0001f389\U0001f389", to_shopper=True))
    assert codes(bridge) == ["UNCLEAR"]
    assert (sides.shop.comments_of(21), sides.shop.mails) == ([], [])


def test_a_refund_with_money_whose_memo_is_of_no_invoice_is_asked_about(sides: MagentoSides) -> None:
    """Such as one that staff wrote down under our key, to say that they saw to it."""
    bridge = taken_in(sides)
    memo = sides.shop.refund_by_hand(21, {401: 1}, now=sides.now(), shipping=5)
    said = {"entity_id": 1, "parent_id": memo, "comment": "Seen to [ob:damaged-1]", "is_visible_on_front": 0}
    sides.shop.creditmemos[memo].comments.append(said)
    bridge.refund(ORDER, one_unit(key="damaged-1", gives_money=True))
    assert sides.shop.payouts == []
    assert "of no invoice" in evidence(bridge)
