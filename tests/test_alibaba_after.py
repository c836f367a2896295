"""What the Alibaba.com adapter does once an order is placed: pay, cancel, follow, list changes, be nudged."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import attrs
import pytest

from in_alibaba import (
    BUYER,
    MUG_BLUE,
    MUG_RED,
    Account,
    a_line,
    an_order,
    habits,
    packed_in,
    pay,
    status_of,
    total_of,
)
from orderbridge import errors
from orderbridge._http import Headers, Read, Response
from orderbridge._model import PurchaseOrder, Secret
from orderbridge.adapters import (
    Fulfillment,
    LookUp,
    Nudge,
    Past,
    Payment,
    PurchaseCanceled,
    Refusal,
    Refused,
    Repeat,
    Reply,
    SupplierStatus,
    Unclear,
    Write,
)
from orderbridge.sandbox.alibaba import AlibabaSupplier
from orderbridge.sandbox.faults import Fault
from orderbridge.suppliers.alibaba import PLATFORM, AlibabaAdapter
from orderbridge.testing import SupplierBackend
from orderbridge.testing._bench import Bench
from orderbridge.testing.simulator import SupplierSide

F, P = Fulfillment, Payment
OTHER = "zz22cd34ef56gh77"


@pytest.fixture
def account() -> Account:
    return Account()


# --- paying -------------------------------------------------------------------------------------


def test_an_order_is_paid_once_and_the_journal_keeps_nothing_of_the_buyer(account: Account) -> None:
    po = account.placed(an_order())
    total = total_of(account, po)
    write = account.run(account.adapter.pay(po, total, BUYER, Past()))
    assert isinstance(write, Write)
    assert write.amount == total
    assert isinstance(write.unknown, LookUp)
    assert write.private is not None
    for fact in (b"192.0.2.17", b"Mozilla", b"it-IT", b"1920", b"1616595118627"):
        assert fact not in write.request.body
    assert "192.0.2.17" not in repr(write)
    account.send(write)
    asked = packed_in(account.calls[-1], "param_order_pay_request")
    assert asked == {
        "order_id_list": [po.supplier_ref],
        "is_pc": "true",
        "payment_method": "CREDIT_CARD",
        "user_ip": "192.0.2.17",
        "user_agent": "Mozilla/5.0 (the buyer's own)",
        "accept_language": "it-IT,it;q=0.9",
        "screen_resolution": "1920*1080",
        "isv_drop_shipper_registration_time": "1616595118627",
    }
    assert pay(account, po).payment is P.PAID
    assert account.shop.paid(po.supplier_ref) == 1


def test_without_the_buyer_the_write_is_only_one_to_compare_with(account: Account) -> None:
    po = account.placed(an_order())
    total = total_of(account, po)
    blind = account.run(account.adapter.pay(po, total, None, Past()))
    seeing = account.run(account.adapter.pay(po, total, BUYER, Past()))
    assert isinstance(blind, Write)
    assert isinstance(seeing, Write)
    assert blind.private is None
    assert blind.request.sha256 == seeing.request.sha256


def test_a_payment_under_way_is_not_made_again() -> None:
    account = Account(AlibabaSupplier(paying_for=timedelta(minutes=1)))
    po = account.placed(an_order())
    assert pay(account, po).payment is P.PENDING
    assert pay(account, po).payment is P.PENDING
    account.wait(minutes=2)
    assert pay(account, po).payment is P.PAID
    assert account.shop.paid(po.supplier_ref) == 1


def test_the_first_payment_is_made_by_hand_and_its_page_is_named() -> None:
    account = Account(AlibabaSupplier(paid_before=False))
    po = account.placed(an_order())
    write = account.run(account.adapter.pay(po, total_of(account, po), BUYER, Past()))
    assert isinstance(write, Write)
    verdict, _ = account.send(write)
    assert isinstance(verdict, Refused)
    assert (verdict.why, verdict.code) == (Refusal.PAYMENT_REFUSED, "NEVER_PAY_SUCCESS_IN_DROPSHIPER")
    assert verdict.page == account.shop.orders[0].pay_url
    account.shop.pay_by_hand(po.supplier_ref, now=account.now)
    assert pay(account, po).payment is P.PAID
    assert account.shop.paid(po.supplier_ref) == 1


def test_a_sum_that_has_moved_is_not_paid(account: Account) -> None:
    po = account.placed(an_order())
    total = total_of(account, po)
    account.shop.adjust(po.supplier_ref, Decimal("0.01"), now=account.now)
    result = account.run(account.adapter.pay(po, total, BUYER, Past()))
    assert isinstance(result, Unclear)
    assert "21.5" in result.evidence


def test_a_payment_that_failed_is_tried_again_only_by_a_person(account: Account) -> None:
    po = account.placed(an_order())
    total = total_of(account, po)
    account.shop.decline()
    write = account.run(account.adapter.pay(po, total, BUYER, Past()))
    assert isinstance(write, Write)
    account.send(write)
    result = account.run(account.adapter.pay(po, total, BUYER, Past(attempted=True)))
    assert isinstance(result, Unclear)
    assert "50006" in result.evidence
    account.shop.accept()
    assert pay(account, po).payment is P.PAID


def test_an_order_under_review_or_closed_is_not_paid() -> None:
    account = Account(AlibabaSupplier(audited=True))
    po = account.placed(an_order())
    total = total_of(account, po)
    if status_of(account, po).raw == "to_be_audited":
        with pytest.raises(errors.Unavailable, match="review"):
            account.run(account.adapter.pay(po, total, BUYER, Past()))
    account.shop.close(po.supplier_ref, now=account.now)
    assert isinstance(account.run(account.adapter.pay(po, total, BUYER, Past())), Unclear)


# --- canceling ----------------------------------------------------------------------------------


def cancel(account: Account, po: PurchaseOrder) -> PurchaseCanceled | Unclear:
    result = account.carry(lambda past: account.adapter.cancel_purchase(po, past))
    assert isinstance(result, (PurchaseCanceled, Unclear)), result
    return result


def test_an_unpaid_order_is_canceled_and_canceling_it_again_changes_nothing(account: Account) -> None:
    po = account.placed(an_order())
    write = account.run(account.adapter.cancel_purchase(po, Past()))
    assert isinstance(write, Write)
    assert isinstance(write.unknown, Repeat)
    for _ in range(2):
        assert cancel(account, po) == PurchaseCanceled(fulfillment=F.CANCELED, raw_status="trade_close")
    assert account.shop.cancellations == [po.supplier_ref]
    status = status_of(account, po)
    assert (status.fulfillment, status.payment) == (F.CANCELED, P.UNPAID)


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.value)
def test_whatever_one_call_of_a_cancel_comes_to_it_is_canceled_once(fault: Fault) -> None:
    """Each call in turn: the two that read and the one that writes."""
    for call in range(1, 4):
        account = Account()
        po = account.placed(an_order())
        side = SupplierSide.of(PLATFORM, account.settings, cast("SupplierBackend", Behind(account.shop)))
        bench = Bench(side)
        bench.run(account.adapter.probe())  # the login has its own tests
        bench.fault_at = {bench.line.calls + call: fault}
        result = bench.carry(partial(account.adapter.cancel_purchase, po))
        assert isinstance(result, PurchaseCanceled), f"call {call}: {result}"
        bench.wait()
        assert result.fulfillment is F.CANCELED
        assert account.shop.cancellations == [po.supplier_ref]


class Behind:
    """The platform as the bench wants it."""

    def __init__(self, shop: AlibabaSupplier) -> None:
        self._shop = shop
        self.handle = shop.handle

    def effects(self) -> int:
        return len(self._shop.effects)


def test_a_refused_cancel_is_believed(account: Account) -> None:
    po = account.placed(an_order())
    pay(account, po)
    write = account.run(account.adapter.cancel_purchase(po, Past()))
    assert isinstance(write, Write)
    verdict, _ = account.send(write)
    assert isinstance(verdict, Refused)


def test_what_has_left_is_not_canceled(account: Account) -> None:
    po = shipped(account)
    result = cancel(account, po)
    assert isinstance(result, Unclear)
    assert "has left" in result.evidence


# --- following ----------------------------------------------------------------------------------


def shipped(account: Account) -> PurchaseOrder:
    po = account.placed(an_order())
    pay(account, po)
    account.shop.ready(po.supplier_ref, now=account.now)
    account.wait(minutes=1)
    account.shop.ship(po.supplier_ref, "OB00000042", now=account.now)
    account.wait(minutes=1)
    return po


WORDS: list[tuple[str, Fulfillment | None, Payment | None]] = [
    ("to_be_audited", F.PLACED, P.UNPAID),
    ("unpay", F.PLACED, P.UNPAID),
    ("paying", F.PLACED, P.PENDING),
    ("paid", F.ACCEPTED, P.PAID),
    ("captured", F.ACCEPTED, P.PAID),
    ("undeliver", F.PREPARING, P.PAID),
    ("wait_seller_send", F.PREPARING, P.PAID),
    ("delivering", F.SHIPPED, P.PAID),
    ("wait_confirm_receipt", F.SHIPPED, P.PAID),
    ("trade_success", F.COMPLETED, P.PAID),
    ("frozen", None, P.DISPUTED),
    ("charge_back", None, P.CHARGED_BACK),
    ("WAIT_SELLER_SEND", F.PREPARING, P.PAID),
    ("gone_fishing", None, None),
]


@pytest.mark.parametrize(("word", "fulfillment", "payment"), WORDS, ids=[word for word, *_ in WORDS])
def test_each_word_means_what_the_table_says(
    account: Account, word: str, fulfillment: Fulfillment | None, payment: Payment | None
) -> None:
    po = account.placed(an_order())
    parcels = "DELIVERING" if word == "delivering" else None
    account.shop.say(po.supplier_ref, word, logistic=parcels, now=account.now)
    status = status_of(account, po)
    assert (status.raw, status.fulfillment, status.payment) == (word, fulfillment, payment)


@pytest.mark.parametrize("word", ["trade_close", "trade_closed", "cancel", "Cancel"])
def test_a_closed_order_that_nobody_paid_is_unpaid(account: Account, word: str) -> None:
    po = account.placed(an_order())
    account.shop.say(po.supplier_ref, word, now=account.now)
    status = status_of(account, po)
    assert (status.fulfillment, status.payment) == (F.CANCELED, P.UNPAID)


STATES = Path(__file__).parents[1].parent / "shared/states.json"


@pytest.mark.skipif(not STATES.exists(), reason="the table of states is not here")
def test_the_words_are_those_of_the_shared_table() -> None:
    table = json.loads(STATES.read_text())["map"]["alibaba"]
    ours = {word: [f and f.value, p and p.value] for word, f, p in WORDS}
    ours |= {word: ["CANCELED", None] for word in ("trade_close", "trade_closed", "cancel")}
    assert {word: ours[word] for word in table} == table


def test_the_merchant_may_explain_more_words(account: Account) -> None:
    po = account.placed(an_order())
    account.shop.say(po.supplier_ref, "Gone_Fishing", now=account.now)
    settings = attrs.evolve(account.settings, statuses={"gone_fishing": "ON_HOLD/PAID"})
    account.adapter = AlibabaAdapter(settings)
    status = status_of(account, po)
    assert (status.fulfillment, status.payment) == (F.ON_HOLD, P.PAID)


def test_handed_over_is_not_arrived(account: Account) -> None:
    """Only the tracking says that a parcel has arrived."""
    po = shipped(account)
    status = status_of(account, po)
    assert status.fulfillment is F.SHIPPED
    [shipment] = status.shipments
    [package] = shipment.packages
    assert (package.tracking_number, package.carrier) == ("OB00000042", "FEDEX")
    assert package.tracking_url.startswith("https://")
    assert shipment.lines is None
    account.shop.scan(po.supplier_ref, "OB00000042", now=account.now)
    status = status_of(account, po)
    assert status.fulfillment is F.DELIVERED
    assert status.shipments == (shipment,)


def test_nothing_has_left_before_the_seller_says_so(account: Account) -> None:
    po = account.placed(an_order())
    pay(account, po)
    account.shop.work(po.supplier_ref, now=account.now)
    status = status_of(account, po)
    assert (status.fulfillment, status.shipments) == (F.PREPARING, ())


def test_of_a_part_that_left_nobody_knows_what_is_in_it(account: Account) -> None:
    """Told as a departure it would be taken for all of the order; so it is told when all has left."""
    po = account.placed(an_order(a_line(MUG_RED, "2"), a_line(MUG_BLUE, "1", "L2")))
    pay(account, po)
    account.shop.ready(po.supplier_ref, now=account.now)
    account.shop.ship(po.supplier_ref, "OB00000001", parts={"105613018158": 2}, now=account.now)
    status = status_of(account, po)
    assert (status.fulfillment, status.shipments) == (F.PART_SHIPPED, ())
    account.shop.scan(po.supplier_ref, "OB00000001", now=account.now)
    assert status_of(account, po).fulfillment is F.PART_SHIPPED
    account.shop.ship(po.supplier_ref, "OB00000002", now=account.now)
    status = status_of(account, po)
    assert status.fulfillment is F.SHIPPED
    [shipment] = status.shipments
    assert [package.tracking_number for package in shipment.packages] == ["OB00000001", "OB00000002"]
    account.shop.scan(po.supplier_ref, "OB00000002", now=account.now)
    assert status_of(account, po).fulfillment is F.DELIVERED


def test_while_its_parcels_say_that_none_has_left_an_order_on_its_way_is_prepared(account: Account) -> None:
    """Its word comes with the first parcel, and whether there are more nobody knows yet."""
    po = shipped(account)
    account.shop.say(po.supplier_ref, "delivering", logistic="UNDELIVERED", now=account.now)
    status = status_of(account, po)
    assert (status.fulfillment, status.shipments) == (F.PREPARING, ())
    account.shop.say(po.supplier_ref, "wait_confirm_receipt", now=account.now)
    status = status_of(account, po)
    assert status.fulfillment is F.SHIPPED
    assert len(status.shipments) == 1


@pytest.mark.parametrize("word", ["wait_confirm_receipt", "trade_success"])
def test_an_order_that_is_through_has_left_whatever_its_parcels_say(account: Account, word: str) -> None:
    answers: dict[str, object] = {
        "/alibaba/order/get": {"trade_id": "9", "trade_status": word},
        "/order/logistics/query": {
            "logistic_status": "PART_DELIVERED",
            "shipping_order_list": [{"voucher": {"tracking_number": "N1", "service_provider": "DHL"}}],
        },
    }
    [shipment] = fed(account.adapter, an_order(supplier_ref="9"), answers).shipments
    assert [package.tracking_number for package in shipment.packages] == ["N1"]


def test_a_parcel_without_scans_is_told_by_its_number(account: Account) -> None:
    po = shipped(account)
    account.shop.fail_next("2005", path="/order/logistics/tracking/get")
    [shipment] = status_of(account, po).shipments
    assert [package.tracking_number for package in shipment.packages] == ["OB00000042"]
    account.shop.fail_next("ServiceTimeout", path="/order/logistics/tracking/get")
    with pytest.raises(errors.Unavailable):
        status_of(account, po)


def test_a_corrected_number_is_the_same_departure(account: Account) -> None:
    po = shipped(account)
    [before] = status_of(account, po).shipments
    account.shop.renumber(po.supplier_ref, "OB00000042", "OB00000043", now=account.now)
    [after] = status_of(account, po).shipments
    assert after.ref == before.ref
    assert [package.tracking_number for package in after.packages] == ["OB00000043"]


def test_what_a_parcel_holds_is_told_where_it_is_told(account: Account) -> None:
    """As the gateway before this one did."""
    po = an_order(a_line(MUG_RED, "2"), a_line(MUG_BLUE, "1", "L2"), supplier_ref="9")
    answers = {
        "/alibaba/order/get": {"trade_id": "9", "trade_status": "delivering"},
        "/order/logistics/query": {
            "logistic_status": "PART_DELIVERED",
            "shipping_order_list": [
                {
                    "voucher": {"tracking_number": "N1", "service_provider": "DHL"},
                    "goods": [
                        {"product_id": "1601206892606", "sku_id": "105613018158", "quantity": "2.0000"}
                    ],
                }
            ],
        },
    }
    status = fed(account.adapter, po, answers)
    assert status.fulfillment is F.PART_SHIPPED
    [shipment] = status.shipments
    assert shipment.ref == "N1"
    assert [(line.remote_id, line.quantity) for line in shipment.lines or ()] == [(MUG_RED, Decimal(2))]


RED, BLUE = ({"product_id": "1601206892606", "sku_id": f"10561301815{n}"} for n in (8, 9))


def parcels(account: Account, *holding: object, status: str = "PART_DELIVERED") -> SupplierStatus:
    """The status of an order of two red mugs and a blue one, of which these parcels have left."""
    po = an_order(a_line(MUG_RED, "2"), a_line(MUG_BLUE, "1", "L2"), supplier_ref="9")
    rows = [{"voucher": {"tracking_number": f"N{n}"}, "goods": goods} for n, goods in enumerate(holding)]
    answers = {
        "/alibaba/order/get": {"trade_id": "9", "trade_status": "delivering"},
        "/order/logistics/query": {"logistic_status": status, "shipping_order_list": rows},
    }
    return fed(account.adapter, po, answers)


def test_goods_that_a_parcel_names_twice_are_added_up(account: Account) -> None:
    one = {**RED, "quantity": "1.0000"}
    [shipment] = parcels(account, [one, one]).shipments
    assert [(line.remote_id, line.quantity) for line in shipment.lines or ()] == [(MUG_RED, Decimal(2))]


@pytest.mark.parametrize(
    "goods",
    [
        [{"product_id": "1601206892606", "quantity": "1"}],  # red or blue?
        [{**RED, "quantity": "1"}, {"product_id": "77", "quantity": "1"}],
        [{**RED, "sku_id": "77", "quantity": "1"}],
        [{**RED, "quantity": "a pair"}],
        [{**RED}],
        [{"quantity": "1"}],
        [],
        None,
    ],
)
def test_a_parcel_whose_goods_are_not_told_for_certain_is_told_with_the_last(
    account: Account, goods: object
) -> None:
    """A guess would tell the shop of units that have not left, and never of those that have."""
    status = parcels(account, [{**BLUE, "quantity": "1"}], goods)
    assert status.fulfillment is F.PART_SHIPPED
    [blue] = status.shipments
    assert [(line.remote_id, line.quantity) for line in blue.lines or ()] == [(MUG_BLUE, Decimal(1))]
    same, rest = parcels(account, [{**BLUE, "quantity": "1"}], goods, status="DELIVERED").shipments
    assert same == blue
    assert rest.lines is None
    assert [package.tracking_number for package in rest.packages] == ["N1"]


def test_when_all_has_left_what_no_parcel_was_told_to_hold_has_left_too(account: Account) -> None:
    """And not before: the seller may still be sending."""
    red = [{**RED, "quantity": "2"}]
    for status in ("PART_DELIVERED", "DELIVERING"):
        [only] = parcels(account, red, status=status).shipments
        assert only.ref == "N0"
    told, rest = parcels(account, red, status="DELIVERED").shipments
    assert told == only
    assert (rest.lines, rest.packages) == (None, ())
    [all_of_it] = parcels(account, [*red, {**BLUE, "quantity": "1"}], status="DELIVERED").shipments
    assert all_of_it.lines is not None


def test_two_rows_of_one_parcel_are_one_departure(account: Account) -> None:
    po = an_order(a_line(MUG_RED, "2"), a_line(MUG_BLUE, "1", "L2"), supplier_ref="9")
    rows = [
        {"voucher": {"tracking_number": "N1"}, "goods": [{**RED, "quantity": "2"}]},
        {"voucher": {"tracking_number": "N1"}, "goods": [{**BLUE, "quantity": "1"}]},
    ]
    answers = {
        "/alibaba/order/get": {"trade_id": "9", "trade_status": "wait_confirm_receipt"},
        "/order/logistics/query": {"logistic_status": "DELIVERED", "shipping_order_list": rows},
    }
    [shipment] = fed(account.adapter, po, answers).shipments
    assert [package.tracking_number for package in shipment.packages] == ["N1"]


def test_a_number_that_is_tracked_twice_is_one_parcel(account: Account) -> None:
    legs = [{"tracking_number": "N1", "carrier": carrier} for carrier in ("YANWEN", "USPS")]
    answers = {
        "/alibaba/order/get": {"trade_id": "9", "trade_status": "wait_confirm_receipt"},
        "/order/logistics/query": {"logistic_status": "DELIVERED"},
        "/order/logistics/tracking/get": legs,
    }
    [shipment] = fed(account.adapter, an_order(supplier_ref="9"), answers).shipments
    assert [package.tracking_number for package in shipment.packages] == ["N1"]


def test_an_app_that_may_not_ask_for_tracking_still_hears_of_the_parcels(account: Account) -> None:
    """It is a permission of its own; the numbers stand in the order's logistics too."""
    po = shipped(account)
    account.shop.fail_next("InsufficientPermission", path="/order/logistics/tracking/get")
    status = status_of(account, po)
    assert status.fulfillment is F.SHIPPED
    [shipment] = status.shipments
    assert [package.tracking_number for package in shipment.packages] == ["OB00000042"]


def test_an_order_without_logistics_yet_is_followed_all_the_same(account: Account) -> None:
    po = account.placed(an_order())
    pay(account, po)
    account.shop.work(po.supplier_ref, now=account.now)
    account.shop.fail_next("2005", path="/order/logistics/query")
    status = status_of(account, po)
    assert (status.fulfillment, status.payment, status.shipments) == (F.PREPARING, P.PAID, ())
    account.shop.say(po.supplier_ref, "delivering", now=account.now)
    account.shop.fail_next("2005", path="/order/logistics/query")
    with pytest.raises(errors.Rejected):  # whether all or a part has left, nobody knows
        status_of(account, po)


def fed(adapter: AlibabaAdapter, po: PurchaseOrder, answers: Mapping[str, object]) -> SupplierStatus:
    """A status out of answers written by hand."""
    flow = adapter.fetch(po)
    read: Read = next(flow)
    while True:
        # One of the answers has its list at the top.
        body = {"code": "0", "value": answers.get(read.path), "tracking_list": answers.get(read.path)}
        try:
            read = flow.send(Response(200, body=json.dumps(body).encode()))
        except StopIteration as stop:
            status = stop.value
            assert isinstance(status, SupplierStatus)
            return status


def test_money_in_dispute_leaves_the_goods_where_they_are(account: Account) -> None:
    po = shipped(account)
    account.shop.freeze(po.supplier_ref, now=account.now)
    status = status_of(account, po)
    assert (status.fulfillment, status.payment) == (None, P.DISPUTED)
    assert status.shipments
    account.shop.charge_back(po.supplier_ref, now=account.now)
    status = status_of(account, po)
    assert (status.fulfillment, status.payment) == (None, P.CHARGED_BACK)


def test_a_closed_order_that_was_paid_is_never_called_unpaid(account: Account) -> None:
    po = account.placed(an_order())
    pay(account, po)
    account.shop.refund(po.supplier_ref, now=account.now)
    assert status_of(account, po).payment in (P.REFUNDED, None)


@pytest.mark.parametrize(
    ("back", "payment"),
    [(("21.50",), P.REFUNDED), (("10", "11.50"), P.REFUNDED), (("5",), P.PART_REFUNDED), ((), None)],
)
def test_what_came_back_for_a_closed_order_is_added_up(
    account: Account, back: tuple[str, ...], payment: Payment | None
) -> None:
    total = {"amount": "21.5000", "currency": "USD"}
    answers: dict[str, object] = {
        "/alibaba/order/get": {"trade_id": "9", "trade_status": "trade_close", "total_amount": total},
        "/alibaba/order/pay/result/query": {"status": "PAY_SUCCESS"},
        "/alibaba/order/fund/query": {
            "refund_list": [{"refund_amount": {"amount": each, "currency": "USD"}} for each in back]
        },
    }
    assert fed(account.adapter, an_order(supplier_ref="9"), answers).payment is payment


@pytest.mark.parametrize("answer", [None, {}, {"status": "PAY_SUCCESS"}])
def test_that_an_order_is_closed_is_told_whatever_is_said_of_its_money(
    account: Account, answer: object
) -> None:
    answers = {
        "/alibaba/order/get": {
            "trade_id": "9",
            "trade_status": "trade_close",
            "total_amount": {"amount": "5", "currency": "USD"},
        },
        "/alibaba/order/pay/result/query": answer,
        "/alibaba/order/fund/query": {"refund_list": [{"refund_amount": {"amount": "some"}}]},
    }
    status = fed(account.adapter, an_order(supplier_ref="9"), answers)
    assert (status.fulfillment, status.payment) == (F.CANCELED, None)


def test_an_order_that_was_never_placed_has_no_status(account: Account) -> None:
    assert account.run(account.adapter.fetch(an_order())) is None
    assert not account.calls


def test_another_order_than_the_one_asked_for_is_malformed(account: Account) -> None:
    with pytest.raises(errors.Malformed, match="another came"):
        fed(
            account.adapter,
            an_order(supplier_ref="9"),
            {"/alibaba/order/get": {"trade_id": "8", "trade_status": "unpay"}},
        )


# --- changes ------------------------------------------------------------------------------------


def changed(account: Account, cursor: str | None) -> tuple[list[str], str]:
    refs: list[str] = []
    while True:
        found = account.run(account.adapter.changes(cursor, now=account.now))
        refs += found.refs
        assert not found.more or found.cursor != cursor
        cursor = found.cursor
        if not found.more:
            return refs, cursor


@pytest.mark.parametrize("field", ["date_str", "date_timestamp"])
def test_a_change_is_told_once_whichever_way_to_write_a_time_wins(field: str) -> None:
    account = habits(date_field=field)
    refs, cursor = changed(account, None)
    assert refs == []
    po = account.placed(an_order())
    account.wait(seconds=5)
    refs, cursor = changed(account, cursor)
    assert refs == [po.supplier_ref]
    assert changed(account, cursor)[0] == []
    account.wait(minutes=1)
    pay(account, po)
    account.wait(seconds=5)
    refs, cursor = changed(account, cursor)
    assert refs == [po.supplier_ref]
    account.wait(hours=3)
    assert changed(account, cursor)[0] == []


def test_a_second_change_within_the_same_second_is_told_too(account: Account) -> None:
    _, cursor = changed(account, None)
    po = account.placed(an_order())
    refs, cursor = changed(account, cursor)
    assert refs == [po.supplier_ref]
    pay(account, po)
    assert changed(account, cursor)[0] == [po.supplier_ref]


def test_more_changes_than_a_page_holds_are_told_to_the_last(account: Account) -> None:
    _, cursor = changed(account, None)
    for number in range(230):
        account.wait(seconds=7)
        account.placed_elsewhere(f"{number:04}cd34ef56gh77")
    account.wait(seconds=7)
    refs, cursor = changed(account, cursor)
    assert sorted(set(refs)) == sorted(order.trade_id for order in account.shop.orders)
    assert changed(account, cursor)[0] == []


def test_an_order_that_changes_while_its_list_is_read_hides_no_other(account: Account) -> None:
    _, cursor = changed(account, None)
    for number in range(150):
        account.wait(seconds=7)
        account.placed_elsewhere(f"{number:04}cd34ef56gh77")
    seen: set[str] = set()
    more = True
    while more:
        found = account.run(account.adapter.changes(cursor, now=account.now))
        seen |= set(found.refs)
        cursor, more = found.cursor, found.more
        account.wait(seconds=1)
        account.shop.say(account.shop.orders[0].trade_id, "paying", now=account.now)
    assert seen == {order.trade_id for order in account.shop.orders}


def test_a_change_dated_years_ahead_hides_none_that_come_after_it(account: Account) -> None:
    ahead = {"trade_id": "1", "modify_date": {"timestamp": "4102444800000"}}
    body = {"code": "0", "value": {"total_count": "1", "order_list": [ahead]}}
    flow = account.adapter.changes(None, now=account.now)
    next(flow)
    with pytest.raises(StopIteration) as stop:
        flow.send(Response(200, body=json.dumps(body).encode()))
    found = stop.value.value
    assert found.refs == ("1",)
    po = account.placed(an_order())
    account.wait(minutes=1)
    assert changed(account, found.cursor)[0] == [po.supplier_ref]


def test_changes_of_one_moment_may_fill_pages(account: Account) -> None:
    _, cursor = changed(account, None)
    for number in range(130):
        account.placed_elsewhere(f"{number:04}cd34ef56gh77")
    assert len(set(changed(account, cursor)[0])) == 130


# --- push messages ------------------------------------------------------------------------------


def told(account: Account, body: bytes, *, secret: str = "", header: str | None = None) -> Nudge | Reply:
    key = secret or account.shop.keys.app_secret
    sign = hmac.new(key.encode(), account.settings.app_key.encode() + body, hashlib.sha256).hexdigest()
    headers = Headers({"Authorization": sign if header is None else header})
    return account.adapter.read_webhook("POST", "/hook", headers, body)


BODY = (
    b'{"seller_id":"1","message_type":3,"data":{"status":"trade_close","trade_id_str":"255201166001024316",'
    b'"order_status":"PLACE_ORDER_SUCCESS","status_update_time":"2025-04-19 23:18:56"},'
    b'"timestamp":1650435537}'
)


def test_a_message_is_a_nudge_about_one_order_whatever_it_says_of_it(account: Account) -> None:
    nudge = told(account, BODY)
    assert isinstance(nudge, Nudge)
    assert nudge.ref == "255201166001024316"
    assert nudge.reply.status == 200


def test_the_simulated_platforms_messages_are_believed(account: Account) -> None:
    po = account.placed(an_order())
    account.shop.say(po.supplier_ref, "paid", now=account.now)
    for push in account.shop.messages():
        nudge = account.adapter.read_webhook("POST", "/hook", Headers(push.headers), push.body)
        assert isinstance(nudge, Nudge)
        assert nudge.ref == po.supplier_ref


def test_the_same_message_is_known_again_and_another_is_not(account: Account) -> None:
    def key(body: bytes) -> str:
        nudge = told(account, body)
        assert isinstance(nudge, Nudge)
        return nudge.dedupe

    assert key(BODY) == key(BODY)
    for old, new in ((b"trade_close", b"paid"), (b"024316", b"024317"), (b"1650435537", b"1650435538")):
        assert key(BODY.replace(old, new)) != key(BODY)


@pytest.mark.parametrize("header", ["", "0" * 64, "é", "Bearer x"])
def test_a_message_with_a_wrong_signature_is_turned_away(account: Account, header: str) -> None:
    assert told(account, BODY, header=header) == Reply(status=401)
    assert told(account, BODY, secret="another") == Reply(status=401)


def test_a_message_may_be_signed_with_the_secret_before(account: Account) -> None:
    account.adapter = AlibabaAdapter(attrs.evolve(account.settings, webhook_secrets=(Secret("old"),)))
    assert isinstance(told(account, BODY, secret="old"), Nudge)


def test_the_signature_is_over_the_raw_bytes(account: Account) -> None:
    good = hmac.new(b"helloworld", b"12345678" + BODY, hashlib.sha256).hexdigest()
    assert told(account, BODY.replace(b",", b", "), header=good) == Reply(status=401)
    assert isinstance(told(account, BODY, header=good.upper()), Nudge)


@pytest.mark.parametrize(
    "body", [b'{"message_type":1,"data":{"productId":"1"}}', b'{"message_type":99}', b"{}"]
)
def test_messages_about_other_things_are_taken_and_that_is_all(account: Account, body: bytes) -> None:
    assert told(account, body) == Reply(status=200)


def test_a_message_that_cannot_be_read_is_said_to_be_so(account: Account) -> None:
    assert told(account, b"[]") == Reply(status=400)


# --- probing ------------------------------------------------------------------------------------


def test_a_probe_says_that_all_is_well(account: Account) -> None:
    access = account.run(account.adapter.probe())
    assert all(finding.ok for finding in access.findings)
    assert account.settings.app_key not in access.identity


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("IncompleteSignature", "app_secret"),
        ("InsufficientPermission", "permission package"),
        ("IllegalAccessToken", "let the app in again"),
        ("IllegalTimestamp", "clock"),
        ("ServiceTimeout", "later"),
    ],
)
def test_a_probe_says_what_is_wrong_and_what_helps(account: Account, code: str, words: str) -> None:
    flow = account.adapter.probe()
    next(flow)
    body = json.dumps({"type": "ISV", "code": code, "message": "no"}).encode()
    with pytest.raises(StopIteration) as stop:
        flow.send(Response(200, body=body))
    [finding] = stop.value.value.findings
    assert not finding.ok
    assert words in finding.what + finding.fix


def test_two_accounts_of_one_app_are_two(account: Account) -> None:
    other = AlibabaAdapter(attrs.evolve(account.settings, account="buyer@example.com"))
    assert account.run(other.probe()).identity != account.run(account.adapter.probe()).identity


def test_no_secret_leaves_but_as_a_signature(account: Account) -> None:
    account.placed(an_order())
    for call in account.calls:
        assert b"helloworld" not in call.body
        assert "helloworld" not in call.url
        if call.method == "POST":
            assert not urlsplit(call.url).query
