"""WooCommerce: refunds, cancels, corrections, carriers and statuses, told to the sandbox shop."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any, TypeVar

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import orderbridge as ob
from both_sides import Sides, codes
from orderbridge._http import Call, Headers, Read, Request, Response
from orderbridge._model import Money, NoticeLine, Order, Package, Secret, ShipmentNotice
from orderbridge.adapters import (
    Announced,
    Canceled,
    Cancellation,
    Carrier,
    Confirmed,
    Flow,
    LookUp,
    Note,
    Noted,
    Nudge,
    Park,
    Past,
    Progress,
    Refund,
    Refunded,
    RefundLine,
    Refusal,
    Refused,
    Repeat,
    Reply,
    Unclear,
    Unknown,
    Write,
)
from orderbridge.errors import ConfigurationError, Unsupported
from orderbridge.sandbox.woocommerce import WooCommerceShop
from orderbridge.sandbox.woocommerce.webhooks import signature
from orderbridge.stores.woocommerce import PLATFORM, Settings, WooCommerce
from orderbridge.stores.woocommerce._refunds import split

R = TypeVar("R")
Json = dict[str, Any]

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SHIRT: Json = {"sku": "SHIRT", "name": "Shirt", "quantity": 3, "price": "10.01"}
MUG: Json = {"sku": "MUG", "name": "Mug", "quantity": 1, "price": "5.00"}
FREIGHT: Json = {
    "id": 901,
    "method_title": "Flat rate",
    "method_id": "flat_rate",
    "instance_id": "1",
    "total": "8.13",
    "total_tax": "1.87",
    "taxes": [{"id": 1, "total": "1.87", "subtotal": ""}],
    "meta_data": [],
}


@attrs.define
class Side:
    """An adapter before a shop, and the hand that runs its flows as the engine does: each step once."""

    shop: WooCommerceShop
    settings: Settings
    ref: int
    sent: list[Write] = attrs.field(factory=list[Write])

    @property
    def adapter(self) -> WooCommerce:
        return WooCommerce(self.settings)

    def call(self, request: Request) -> Response:
        url = f"https://shop.test{request.path}" + (f"?{request.query}" if request.query else "")
        call = Call(request.method, url, headers=request.headers, body=request.body)
        call = PLATFORM.auth(self.settings).sign(call, now=NOW, nonce="n", token=None)
        return self.shop.handle(call, NOW)

    def flow(self, flow: Flow[R]) -> R:
        try:
            read = next(flow)
            while True:
                assert isinstance(read, Read)
                read = flow.send(self.call(read))
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]

    def write(self, write: Write) -> Response:
        assert "batch" not in write.request.path  # where statuses are not checked
        self.sent.append(write)
        return self.call(write.request)

    def perform(self, flow: Callable[[Past], Flow[Write | R]], *, lost: int | None = None) -> R | Refused:
        """To the end; the answer to the write numbered ``lost`` never arrives."""
        answers: dict[str, Response] = {}
        past = Past()
        for number in range(12):
            result = self.flow(flow(past))
            if not isinstance(result, Write):
                return result
            assert result.step not in answers, f"{result.step} is sent again though it was confirmed"
            response = self.write(result)
            if number == lost:
                past = Past(answers=answers, attempted=True)
                continue
            verdict = self.adapter.judge(result, response)
            if isinstance(verdict, Refused):
                return verdict
            assert verdict == Confirmed(), response.text
            answers[result.step] = response
            past = Past(answers=answers, attempted=True)
        raise AssertionError("it never ends")

    def order(self) -> Order:
        order = self.flow(self.adapter.fetch_order(str(self.ref)))
        assert order is not None
        return order

    def shown(self) -> list[str]:
        return [number for entry in self.shop.shipments(self.ref) for number in entry.numbers]

    def stock(self) -> list[Any]:
        return [product["stock_quantity"] for product in self.shop.catalog.products.values()]

    def mails(self) -> list[str]:
        return [mail.kind for mail in self.shop.mails if mail.order_id == self.ref]


def side(*lines: Json, order: Json | None = None, adapter: Json | None = None, **shop: Any) -> Side:
    settings = Settings(
        base_url="https://shop.test",
        consumer_key=Secret("ck_" + "1" * 40),
        consumer_secret=Secret("cs_" + "2" * 40),
        **(adapter or {}),
    )
    made = WooCommerceShop(**shop)
    more: Json = {"shipping_lines": [FREIGHT], **(order or {})}
    ref = made.place_order([*(lines or (SHIRT, MUG))], now=NOW - timedelta(hours=1), **more)
    made.mails.clear()
    return Side(made, settings, ref)


def plain(value: object) -> Any:
    """What a shop holds, as whoever reads its JSON sees it."""
    return json.loads(json.dumps(value))


def eur(amount: str | Decimal) -> Money:
    return Money.of(amount, "EUR")


# --- refunds ----------------------------------------------------------------------------------------


def refund_of(at: Side, amount: str = "22.31", **more: Any) -> Refund:
    first = at.order().lines[0].ref
    lines = (RefundLine(line_ref=first, units=Decimal(1), amount=eur("12.31")),)
    return Refund(**{"key": "r1", "amount": eur(amount), "lines": lines, "shipping": eur("10"), **more})


def give(at: Side, refund: Refund, *, lost: int | None = None) -> Any:
    order = at.order()
    return at.perform(lambda past: at.adapter.refund(order, refund, past), lost=lost)


def test_a_record_moves_no_money_and_no_stock_and_says_what_came_back_to_the_cent() -> None:
    at = side()
    stock = at.stock()
    done = give(at, refund_of(at, reason="Damaged"))
    made = plain(at.shop.refunds[at.ref])
    assert done == Refunded(ref=str(made[0]["id"]), amount=eur("22.31"), gave_money=False)
    assert made[0]["reason"] == "Damaged [ob:r1]"
    body = json.loads(at.sent[0].request.body)
    assert (body["amount"], body["api_refund"], body["api_restock"]) == ("22.31", False, False)
    assert not at.shop.money_back
    assert at.stock() == stock
    line, freight = made[0]["line_items"][0], made[0]["shipping_lines"][0]
    assert (line["quantity"], line["total"], line["total_tax"]) == (-1, "-10.01", "-2.30")
    assert (freight["total"], freight["total_tax"]) == ("-8.13", "-1.87")
    order = at.order()
    assert [(refund.ref, refund.amount) for refund in order.refunds] == [(done.ref, eur("22.31"))]
    assert order.lines[0].refunded == 1


def test_money_goes_back_through_the_gateway_only_if_that_was_asked_for() -> None:
    at = side()
    done = give(at, refund_of(at, gives_money=True, restock=True))
    assert done.gave_money is True
    assert at.shop.money_back == [(at.ref, "22.31")]
    assert json.loads(at.sent[0].request.body)["api_restock"] is True
    assert at.sent[0].amount is None


@pytest.mark.parametrize("gives_money", [False, True])
def test_a_refund_whose_answer_is_lost_is_found_by_its_key_and_made_once(gives_money: bool) -> None:
    at = side()
    done = give(at, refund_of(at, gives_money=gives_money), lost=0)
    assert isinstance(done, Refunded)
    assert len(at.sent) == len(at.shop.refunds[at.ref]) == 1
    assert give(at, refund_of(at, gives_money=gives_money)) == done
    assert len(at.sent) == 1


def test_a_record_in_doubt_is_looked_up_and_money_in_doubt_is_never_sent_again() -> None:
    at = side()
    order = at.order()
    for gives_money, rule in ((False, LookUp), (True, Park)):
        write = at.flow(at.adapter.refund(order, refund_of(at, gives_money=gives_money), Past()))
        assert isinstance(write, Write)
        assert isinstance(write.unknown, rule)


def test_a_refund_is_found_among_more_than_a_hundred() -> None:
    at = side(SHIRT | {"price": "1000"})
    done = give(at, refund_of(at))
    for _ in range(120):
        at.shop.refund(at.ref, now=NOW, total="0.01")
    assert give(at, refund_of(at)) == done
    assert len(at.sent) == 1


def test_two_refunds_with_one_key_are_for_a_person() -> None:
    at = side()
    give(at, refund_of(at, amount="22.31"))
    at.write(at.sent[0])
    unclear = give(at, refund_of(at))
    assert isinstance(unclear, Unclear)
    assert all(str(made["id"]) in unclear.evidence for made in at.shop.refunds[at.ref])


def test_a_gateway_that_declines_has_refused_and_leaves_nothing_behind() -> None:
    at = side(gateways={"stripe": "declines"})
    refused = give(at, refund_of(at, gives_money=True))
    assert refused == Refused(
        Refusal.PAYMENT_REFUSED,
        code="woocommerce_rest_cannot_create_order_refund",
        message="FakePay: refund declined",
    )
    assert not at.shop.refunds[at.ref]


def test_a_gateway_that_did_not_answer_the_shop_may_have_paid() -> None:
    at = side(gateways={"stripe": "silent"})
    order = at.order()
    write = at.flow(at.adapter.refund(order, refund_of(at, gives_money=True), Past()))
    assert isinstance(write, Write)
    assert isinstance(at.adapter.judge(write, at.write(write)), Unknown)
    assert at.shop.money_back
    assert not at.shop.refunds[at.ref]


@pytest.mark.parametrize(
    "words", ["There was a problem connecting to the Stripe API endpoint.", "Network error [errno 28]"]
)
def test_gateways_say_in_many_words_that_they_were_not_heard(words: str) -> None:
    at = side()
    body = {"code": "woocommerce_rest_cannot_create_order_refund", "message": words, "data": 500}
    answer = Response(500, body=json.dumps(body).encode())
    for gives_money, verdict in ((True, Unknown), (False, Refused)):
        write = at.flow(at.adapter.refund(at.order(), refund_of(at, gives_money=gives_money), Past()))
        assert isinstance(write, Write)
        assert isinstance(at.adapter.judge(write, answer), verdict)


def test_a_record_left_by_a_shop_that_crashed_while_paying_is_for_a_person() -> None:
    at = side(gateways={"stripe": "fatal"})
    unclear = give(at, refund_of(at, gives_money=True), lost=0)
    assert isinstance(unclear, Unclear)
    assert "payment provider" in unclear.evidence


@pytest.mark.parametrize(
    ("step", "status", "body"),
    [
        ("refund", 500, {"code": "internal_server_error", "message": "", "data": {"status": 500}}),
        ("refund", 500, {"code": "woocommerce_rest_cannot_create_order_refund", "data": {"status": 500}}),
        ("refund", 502, {"code": "woocommerce_rest_cannot_create_order_refund", "data": 500}),
        ("status", 500, {"code": "woocommerce_rest_cannot_create_order_refund", "data": 500}),
    ],
)
def test_any_other_500_proves_nothing(step: str, status: int, body: Json) -> None:
    at = side()
    write = at.flow(at.adapter.refund(at.order(), refund_of(at), Past()))
    assert isinstance(write, Write)
    answer = Response(status, body=json.dumps(body).encode())
    assert isinstance(at.adapter.judge(attrs.evolve(write, step=step), answer), Unknown)
    assert isinstance(at.adapter.judge(write, Response(500, body=b"<html>oops")), Unknown)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"amount": "0", "lines": (), "shipping": None}, "above zero"),
        ({"shipping": Money.of("5", "USD")}, "EUR"),
        ({"amount": "1"}, "less than"),
        ({"lines": (RefundLine(line_ref="9", units=Decimal(1), amount=eur("1")),)}, "no line 9"),
        ({"lines": (RefundLine(line_ref="9", units=Decimal("0.5"), amount=eur("1")),)}, "whole units"),
    ],
)
def test_what_no_shop_could_do_is_refused_before_any_request(more: Json, words: str) -> None:
    at = side()
    order, refund = at.order(), refund_of(at, **more)
    with pytest.raises(Unsupported, match=words):
        next(at.adapter.refund(order, refund, Past()))


@pytest.mark.parametrize(
    ("amount", "units", "words"),
    [("500", "1", "left to give back"), ("40", "4", "fewer than 4"), ("12.345", "1", "2 decimals")],
)
def test_more_than_the_shop_has_left_is_for_a_person_and_never_sent(
    amount: str, units: str, words: str
) -> None:
    at = side()
    ref = at.order().lines[0].ref
    lines = (RefundLine(line_ref=ref, units=Decimal(units), amount=eur("1")),)
    unclear = give(at, Refund(key="r", amount=eur(amount), lines=lines))
    assert isinstance(unclear, Unclear)
    assert words in unclear.evidence
    assert not at.sent


def test_an_amount_without_lines_is_for_no_line() -> None:
    at = side()
    done = give(at, Refund(key="r", amount=eur("3")))
    assert isinstance(done, Refunded)
    assert json.loads(at.sent[0].request.body)["line_items"] == []
    assert at.order().lines[0].refunded == 0


CENTS = st.decimals(0, 10**9, places=2)


@given(CENTS, st.lists(CENTS, min_size=1, max_size=5), st.integers(2, 4))
def test_the_parts_of_an_amount_sum_up_to_it_and_none_is_negative_or_too_fine(
    amount: Decimal, weights: list[Decimal], places: int
) -> None:
    with localcontext() as context:
        context.prec = 6  # whatever the caller's is
        parts = split(amount, weights, places)
    assert sum(parts) == amount
    assert all(part >= 0 for part in parts)
    assert all(part == part.quantize(Decimal(1).scaleb(-places)) for part in parts)
    whole = sum(weights)
    if whole:
        step = Decimal(1).scaleb(-places)
        assert all(
            abs(part - amount * weight / whole) <= step for part, weight in zip(parts, weights, strict=True)
        )


@given(st.decimals("0.01", 10**6, places=2), st.integers(0, 27))
def test_a_line_given_back_whole_gives_back_its_own_tax(net: Decimal, percent: int) -> None:
    tax = (net * percent / 100).quantize(Decimal("0.01"))
    assert split(net + tax, [net, tax], 2) == [net, tax]


def test_refunds_of_nothing_are_dropped() -> None:
    at = side()
    at.shop.refund(at.ref, now=NOW, total="0")
    at.shop.refund(at.ref, now=NOW, total="2.50")
    assert [refund.amount for refund in at.order().refunds] == [eur("2.50")]
    body = json.dumps(at.shop.order(at.ref)).encode()
    (order,) = at.adapter.decode_orders(body)
    assert isinstance(order, Order)
    assert order.refunds == at.order().refunds


# --- cancels ----------------------------------------------------------------------------------------


def call_off(at: Side, *, lost: int | None = None) -> Any:
    order, word = at.order(), Cancellation(key="c1", reason="The shopper changed <her> mind")
    return at.perform(lambda past: at.adapter.cancel(order, word, past), lost=lost)


@pytest.mark.parametrize("lost", [None, 0, 1])
def test_an_order_is_canceled_once_with_the_reason_in_a_private_note(lost: int | None) -> None:
    at = side()
    done = call_off(at, lost=lost)
    assert isinstance(done, Canceled)
    assert "not given back" in done.warnings[0]
    assert at.shop.order(at.ref)["status"] == "cancelled"
    mine = [note for note in at.shop.notes(at.ref) if "[ob:c1]" in str(note["note"])]
    assert [(note["note"], note["customer_note"]) for note in mine] == [
        ("Canceled: The shopper changed &lt;her&gt; mind [ob:c1]", False)
    ]
    assert [type(write.unknown) for write in at.sent] == [Repeat, LookUp]
    assert not at.shop.money_back
    assert call_off(at) == done
    assert len(at.sent) == 2


def test_an_unpaid_order_has_no_money_to_warn_of() -> None:
    at = side(order={"status": "on-hold", "payment_method": "bacs"})
    assert call_off(at) == Canceled()


@pytest.mark.parametrize("status", ["completed", "refunded"])
def test_an_order_that_is_over_is_not_canceled(status: str) -> None:
    at = side()
    at.shop.put_status(at.ref, status, NOW)
    unclear = call_off(at)
    assert isinstance(unclear, Unclear)
    assert status in unclear.evidence
    assert not at.sent


@pytest.mark.parametrize("shop", [{"fulfillments": True}, {"tracking_plugin": "ast"}, {}])
def test_an_order_of_which_a_part_has_left_is_not_canceled(shop: Json) -> None:
    at = side(**shop)
    told = tell(at, notice(at, UPS))
    assert isinstance(told, Announced)
    sent = len(at.sent)
    assert isinstance(call_off(at), Unclear)
    assert len(at.sent) == sent


# --- corrected tracking -----------------------------------------------------------------------------

UPS = Package(tracking_number="1Z1", carrier="UPS", tracking_url="https://ups.example/1Z1")
UPS_RIGHT = Package(tracking_number="1Z2", carrier="UPS", tracking_url="https://ups.example/1Z2")
DHL = Package(tracking_number="JD9", carrier="DHL", tracking_url="https://dhl.example/JD9")
OWN = Package(tracking_number="X7", carrier="Bob's Vans", tracking_url="https://bob.example/X7")


def notice(at: Side, *packages: Package, **more: Any) -> ShipmentNotice:
    refs = [line.ref for line in at.order().lines]
    return ShipmentNotice(
        **{
            "key": "n1",
            "order_id": f"main/{at.ref}",
            "purchase_order_id": f"main/{at.ref}/rewix/1",
            "lines": (NoticeLine(line_ref=refs[0], ship_ref=refs[0], units=Decimal(2)),),
            "packages": packages,
            "shipped_at": NOW,
            "completes": False,
            **more,
        }
    )


def tell(at: Side, told: ShipmentNotice) -> Any:
    order = at.order()
    return at.perform(lambda past: at.adapter.announce(order, told, past))


def put_right(at: Side, right: ShipmentNotice, told: tuple[Package, ...], *, lost: int | None = None) -> Any:
    order = at.order()
    return at.perform(lambda past: at.adapter.correct(order, right, told, past), lost=lost)


WAYS: dict[str, Json] = {
    "fulfillments": {"fulfillments": True},
    "bare fulfillments": {"fulfillments": True, "bare_fulfillment_answers": True},
    "plug-in": {"tracking_plugin": "official"},
    "AST": {"tracking_plugin": "ast"},
    "note": {},
}
CHANGES: dict[str, tuple[tuple[Package, ...], tuple[Package, ...]]] = {
    "a number": ((UPS,), (UPS_RIGHT,)),
    "a number and its carrier": ((UPS,), (DHL,)),
    "an unknown carrier": ((UPS,), (OWN,)),
    "one of two": ((UPS, DHL), (UPS, OWN)),
    "one more": ((UPS,), (UPS, DHL)),
    "one less": ((UPS, DHL), (UPS,)),
    "the carrier only": ((attrs.evolve(UPS, carrier="DHL"),), (UPS,)),
}


@pytest.mark.parametrize("notify", [True, False])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("way", WAYS)
def test_a_corrected_departure_shows_what_is_right_with_at_most_one_mail_whatever_is_lost(
    way: str, change: str, notify: bool
) -> None:
    before, after = CHANGES[change]
    writes = 1
    for lost in itertools.count(-1):
        if lost == writes:
            break
        at = side(**WAYS[way])
        told = notice(at, *before, notify=notify)
        assert isinstance(tell(at, told), Announced)
        at.shop.mails.clear()
        at.sent.clear()
        status = at.shop.order(at.ref)["status"]
        right = attrs.evolve(told, packages=after)
        done = put_right(at, right, before, lost=lost)
        assert isinstance(done, Announced), done
        writes = len(at.sent)
        if way == "note":
            key = "_orderbridge_shipment_n1"
            rows = plain(at.shop.order(at.ref))["meta_data"]
            value = next(row["value"] for row in rows if row["key"] == key)
            assert [row["number"] for row in value["packages"]] == [p.tracking_number for p in after]
        else:
            assert sorted(at.shown()) == sorted(package.tracking_number for package in after)
            shown = {n: s for s in at.shop.shipments(at.ref) for n in s.numbers}
            for package in after:
                if package.carrier in ("UPS", "DHL"):
                    assert shown[package.tracking_number].carrier.upper() == package.carrier
        if "fulfillments" in way:
            units = [sum(entry.items.values()) for entry in at.shop.shipments(at.ref)]
            assert sum(units) == 2
            assert len(done.refs) == len(after)
        assert len(at.mails()) == (1 if notify else 0), at.mails()
        assert at.shop.order(at.ref)["status"] == status
        again = put_right(at, right, before)
        assert again == done
        assert len(at.sent) == writes


def test_a_departure_whose_mail_crashes_in_the_shop_is_told_once_all_the_same() -> None:
    with Sides() as sides:
        sides.shop.mail_crash = "SMTP connect() failed."
        order_id = sides.sell({"RW-100": 1})
        bridge = sides.bridge(stores=[sides.store(complete_status="")])
        sides.live(bridge, 1)
        (number,) = sides.dispatch()
        sides.live(bridge, 2)
        assert sides.shown(order_id) == [number]
        assert codes(bridge) == []
        view = bridge.order(order_id)
        assert view is not None
        (told,) = view.notices
        assert told.state is ob.NoticeState.ANNOUNCED
        assert [warning for warning in told.warnings if "may not have gone out" in warning]


def test_what_others_keep_on_a_fulfillment_survives_a_correction() -> None:
    at = side(fulfillments=True)
    told = notice(at, UPS)
    tell(at, told)
    (entry,) = at.shop.parcels.of(at.ref)
    entry.meta.append({"id": 77, "key": "_warehouse", "value": {"shelf": "B"}})
    put_right(at, attrs.evolve(told, packages=(UPS_RIGHT,)), (UPS,))
    (entry,) = at.shop.parcels.of(at.ref)
    assert entry.value("_warehouse") == {"shelf": "B"}
    assert entry.value("_tracking_number") == "1Z2"
    assert at.order().lines[0].fulfilled == 2


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("_tracking_number", "BY-HAND", "never told"),
        ("_items", None, "other units"),
        ("", None, "draft"),
        ("gone", None, "any more"),
    ],
)
def test_a_fulfillment_that_somebody_changed_is_not_overwritten(key: str, value: str, words: str) -> None:
    at = side(fulfillments=True)
    told = notice(at, UPS)
    tell(at, told)
    (entry,) = at.shop.parcels.of(at.ref)
    row = next((row for row in entry.meta if row["key"] == key), None)
    if row:
        line = int(at.order().lines[1].ref)
        row["value"] = value or [{"item_id": line, "qty": 1}]
    elif key:
        entry.deleted = True
    else:
        entry.status, entry.is_fulfilled = "unfulfilled", False
    sent = len(at.sent)
    unclear = put_right(at, attrs.evolve(told, packages=(UPS_RIGHT,)), (UPS,))
    assert isinstance(unclear, Unclear)
    assert words in unclear.evidence
    assert len(at.sent) == sent


@pytest.mark.parametrize("plugin", ["official", "ast"])
def test_a_number_that_two_suppliers_share_stays_for_the_other(plugin: str) -> None:
    at = side(tracking_plugin=plugin)
    told = notice(at, UPS)
    tell(at, told)
    tell(at, notice(at, UPS, key="n2"))
    done = put_right(at, attrs.evolve(told, packages=(DHL,)), (UPS,))
    assert isinstance(done, Announced)
    assert "1Z1 is left" in done.warnings[0]
    assert sorted(at.shown()) == ["1Z1", "JD9"]


def test_a_departure_told_without_a_number_gets_one() -> None:
    for way in WAYS.values():
        at = side(**way)
        told = notice(at, Package())
        tell(at, told)
        assert isinstance(put_right(at, attrs.evolve(told, packages=(UPS,)), (Package(),)), Announced)
        assert at.shown() == (["1Z1"] if way else [])
        assert at.order().lines[0].fulfilled == (0 if "tracking_plugin" in way else 2)


def test_the_steps_of_a_correction_are_absolute_or_looked_up() -> None:
    rules: dict[str, str] = {}
    for way, (before, after) in itertools.product(WAYS.values(), CHANGES.values()):
        at = side(**way)
        told = notice(at, *before)
        tell(at, told)
        at.sent.clear()
        put_right(at, attrs.evolve(told, packages=after), before)
        rules |= {write.step: type(write.unknown).__name__ for write in at.sent}
    assert rules == {
        "correct-1": "Repeat",
        "correct-2": "Repeat",
        "fulfillment-2": "LookUp",
        "drop-1": "LookUp",
        "drop-2": "LookUp",
        "tracking-1": "LookUp",
        "tracking-2": "LookUp",
        "drop-old-1": "LookUp",
        "drop-old-2": "LookUp",
        "shipment": "Repeat",
        "note": "LookUp",
    }


# --- tracking that a plug-in loses ------------------------------------------------------------------


@pytest.mark.parametrize("plugin", ["official", "ast"])
def test_an_entry_that_a_parallel_worker_wiped_out_is_missed_at_once(plugin: str) -> None:
    """The plug-in keeps all entries in one field: the later of two writers takes the other's with it."""
    at = side(tracking_plugin=plugin)
    order, told = at.order(), notice(at, UPS)
    write = at.flow(at.adapter.announce(order, told, Past()))
    assert isinstance(write, Write)
    before = json.loads(json.dumps(at.shop.order(at.ref)["meta_data"]))
    response = at.write(write)
    assert at.adapter.judge(write, response) == Confirmed()
    at.shop.book[at.ref]["meta_data"] = before  # what the other worker had read before ours was there
    past = Past(answers={write.step: response}, attempted=True)
    # Asked for again although it was confirmed: the engine lets a person see that, and never loses it.
    again = at.flow(at.adapter.announce(order, told, past))
    assert isinstance(again, Write)
    assert (again.step, again.request) == (write.step, write.request)


@pytest.mark.parametrize("plugin", ["official", "ast"])
def test_two_departures_told_by_turns_both_stay(plugin: str) -> None:
    at = side(tracking_plugin=plugin)
    order = at.order()
    told = [notice(at, UPS), attrs.evolve(notice(at, DHL), key="n2")]
    results: list[object] = [None, None]
    while not all(isinstance(result, Announced) for result in results):
        for index, one in enumerate(told):
            results[index] = at.flow(at.adapter.announce(order, one, Past()))
            if isinstance(write := results[index], Write):
                at.write(write)
    assert sorted(at.shown()) == ["1Z1", "JD9"]


# --- carriers ---------------------------------------------------------------------------------------


def carriers(at: Side) -> tuple[Carrier, ...]:
    return at.flow(at.adapter.carriers())


@pytest.mark.parametrize("plugin", ["official", "ast"])
def test_a_plugins_carriers_are_listed_with_their_links(plugin: str) -> None:
    at = side(tracking_plugin=plugin)
    assert Carrier(
        code="DPD Poland",
        name="DPD Poland",
        tracking_url="https://tracktrace.dpd.com.pl/parcelDetails?p1={number}",
    ) in carriers(at)
    assert len(carriers(at)) == 4


def test_a_plugin_without_carriers_lists_none() -> None:
    assert carriers(side(tracking_plugin="ast", providers={})) == ()


def test_a_shop_with_fulfillments_knows_the_carriers_of_woocommerce() -> None:
    known = {carrier.code: carrier.name for carrier in carriers(side(fulfillments=True))}
    assert (known["dhl"], known["ceska-posta"], len(known)) == ("DHL", "Česká pošta", 77)


def test_a_shop_with_notes_only_knows_no_carriers() -> None:
    assert carriers(side()) == ()


@pytest.mark.parametrize("keyed", [False, True])
def test_a_newer_shop_lists_the_carriers_of_its_fulfillments_itself(keyed: bool) -> None:
    row = {
        "label": "Bob&#039;s Vans",
        "icon": "",
        "value": "bob",
        "url": "https://bob.example/__PLACEHOLDER__",
    }
    answers: Json = {
        "/wp-json/wc/v3": {"routes": {"/wc/v3/orders/(?P<order_id>[\\d]+)/fulfillments": {}}},
        "/wp-json/": {"namespaces": ["wc/v3", "wc/v4"]},
        "/wp-json/wc/v4": {"routes": {"/wc/v4/fulfillments/providers": {}}},
        "/wp-json/wc/v4/fulfillments/providers": {"bob": row} if keyed else [row],
    }
    flow: Generator[Read, Response, tuple[Carrier, ...]] = side().adapter.carriers()
    try:
        read = next(flow)
        while True:
            read = flow.send(Response(200, body=json.dumps(answers[read.path]).encode()))
    except StopIteration as stop:
        found = stop.value
    assert found == (Carrier(code="bob", name="Bob's Vans", tracking_url="https://bob.example/{number}"),)


# --- statuses of the merchant's own -----------------------------------------------------------------

WORDS = {"Booked": "wc-supplier-booked", "Working on": "supplier-working", "Ready": "supplier-ready"}


def with_statuses(**more: Any) -> Side:
    at = side(adapter={"progress_statuses": WORDS, **more})
    at.shop.statuses |= {
        slug: slug for slug in ("supplier-booked", "supplier-working", "supplier-ready", "partial-shipped")
    }
    return at


def progress(at: Side, *stages: str) -> Any:
    key = "/".join(stages)
    order = at.order()
    shown = Progress(key=key, order_id="x", stages=tuple((f"s{i}", stage) for i, stage in enumerate(stages)))
    return at.perform(lambda past: at.adapter.report(order, shown, past))


def test_progress_is_a_status_where_the_merchant_has_one_and_the_order_is_still_to_ship() -> None:
    at = with_statuses()
    for stage, status in (
        ("Booked", "supplier-booked"),
        ("Working on", "supplier-working"),
        ("Ready", "supplier-ready"),
    ):
        assert progress(at, stage) == Noted()
        assert at.shop.order(at.ref)["status"] == status
        assert at.order().ready
    assert not [note for note in at.shop.notes(at.ref) if "[ob:" in str(note["note"])]
    assert {write.step: type(write.unknown) for write in at.sent} == {"state": Repeat, "progress": Repeat}


def test_of_several_suppliers_the_one_least_far_gives_the_status_and_a_note_says_the_rest() -> None:
    at = with_statuses()
    progress(at, "Ready", "Booked")
    assert at.shop.order(at.ref)["status"] == "supplier-booked"
    assert "s0: Ready; s1: Booked [ob:Ready/Booked]" in [note["note"] for note in at.shop.notes(at.ref)]


@pytest.mark.parametrize("status", ["completed", "cancelled", "on-hold", "partial-shipped", "refunded"])
def test_progress_never_moves_an_order_back_from_where_the_merchant_has_it(status: str) -> None:
    at = with_statuses(part_shipped_status="partial-shipped")
    at.shop.put_status(at.ref, status, NOW)
    progress(at, "Booked")
    assert at.shop.order(at.ref)["status"] == status
    assert "s0: Booked [ob:Booked]" in [note["note"] for note in at.shop.notes(at.ref)]


def test_a_status_that_the_shop_does_not_have_is_a_note() -> None:
    at = side(adapter={"progress_statuses": WORDS})
    progress(at, "Booked")
    progress(at, "Shipped by magic")
    assert at.shop.order(at.ref)["status"] == "processing"
    assert sum("[ob:" in str(note["note"]) for note in at.shop.notes(at.ref)) == 2


@pytest.mark.parametrize("way", WAYS)
def test_an_order_of_which_a_part_has_left_may_have_a_status_of_its_own(way: str) -> None:
    at = side(adapter={"part_shipped_status": "partial-shipped"}, **WAYS[way])
    at.shop.statuses["partial-shipped"] = "Partially shipped"
    tell(at, notice(at, UPS))
    assert at.shop.order(at.ref)["status"] == "partial-shipped"
    assert at.sent[-1].step == "part-shipped"
    assert at.order().ready
    ref = at.order().lines[1].ref
    rest = (NoticeLine(line_ref=ref, ship_ref=ref, units=Decimal(1)),)
    tell(at, notice(at, DHL, key="n2", lines=rest, completes=True))
    assert at.shop.order(at.ref)["status"] == "completed"


@pytest.mark.parametrize("status", ["completed", "wc-cancelled", "checkout-draft"])
def test_a_status_that_ends_an_order_is_no_progress(status: str) -> None:
    with pytest.raises(ConfigurationError, match="still to ship"):
        side(adapter={"progress_statuses": {"Booked": status}})


# --- all that is ever written -----------------------------------------------------------------------


def test_no_write_goes_by_batch_or_touches_lines_or_fields_that_are_not_ours() -> None:
    sent: list[Write] = []
    for way in WAYS.values():
        at = with_statuses(part_shipped_status="partial-shipped")
        for name, value in way.items():
            setattr(at.shop, name, value)
        order = at.order()
        progress(at, "Booked")
        remark = at.flow(at.adapter.annotate(order, Note(key="k", text="x"), Past()))
        assert isinstance(remark, Write)
        at.write(remark)
        told = notice(at, UPS)
        tell(at, told)
        put_right(at, attrs.evolve(told, packages=(DHL,)), (UPS,))
        give(at, refund_of(at))
        sent += at.sent
        other = side()
        call_off(other)
        sent += other.sent
    assert len({write.step for write in sent}) > 8
    for write in sent:
        assert "/batch" not in write.request.path
        if write.request.method == "PUT" and write.request.path.rpartition("/")[0].endswith("/orders"):
            body = json.loads(write.request.body)
            assert set(body) <= {"status", "meta_data"}
            assert all(row["key"].startswith("_orderbridge_") for row in body.get("meta_data", []))


# --- pulls from the sandbox -------------------------------------------------------------------------


def pull(at: Side) -> list[str]:
    cursor, refs, more = None, [], True
    while more:
        page = at.flow(at.adapter.fetch_orders(cursor, since=NOW - timedelta(days=9), now=NOW))
        refs += [order.ref for order in page.items]
        cursor, more = page.next, page.more
    return refs


@pytest.mark.parametrize("orderby_modified", [True, False])
def test_a_burst_of_more_than_a_page_in_one_second_arrives_whole(orderby_modified: bool) -> None:
    at = side(orderby_modified=orderby_modified)
    for _ in range(230):
        at.shop.place_order([MUG], now=NOW - timedelta(minutes=30))
    refs = pull(at)
    assert set(refs) == {str(ref) for ref in at.shop.book}


# --- webhooks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("topic", ["order.created", "order.updated", "order.deleted", "order.restored"])
def test_every_topic_about_orders_is_a_nudge(topic: str) -> None:
    at = side(adapter={"webhook_secrets": (Secret("old"), Secret("new"))})
    hook = {"name": "n", "topic": topic, "delivery_url": "https://bridge.test/in", "secret": "new"}
    made = at.call(Request("POST", "/wp-json/wc/v3/webhooks", body=json.dumps(hook).encode(),
                           headers={"Content-Type": "application/json"}))  # fmt: skip
    assert made.status == 201
    ping = at.shop.deliveries[-1]
    assert at.adapter.read_webhook("POST", "/in", Headers(ping.headers), ping.body) == Reply()
    at.shop.webhooks.fire(topic, at.ref)
    at.shop.deliver(NOW)
    sent = at.shop.deliveries[-1]
    nudge = at.adapter.read_webhook("POST", "/in", Headers(sent.headers), sent.body)
    assert isinstance(nudge, Nudge)
    assert (nudge.ref, nudge.topic) == (str(at.ref), topic)


@pytest.mark.parametrize(
    ("event", "ref"),
    [
        ("woocommerce_order_status_changed", "18"),
        ("woocommerce_order_refunded", "18"),
        ("woocommerce_payment_complete", "18"),
        ("woocommerce_new_order", "18"),
        # Their argument is the number of a note, a line, a refund.
        ("woocommerce_order_note_added", ""),
        ("woocommerce_new_order_item", ""),
        ("woocommerce_refund_created", ""),
    ],
)
def test_an_action_names_an_order_only_if_its_argument_is_one(event: str, ref: str) -> None:
    nudge = hooked(json.dumps({"action": event, "arg": 18}).encode(), f"action.{event}")
    assert isinstance(nudge, Nudge)
    assert nudge.ref == ref


def test_the_broken_webhook_without_topic_or_number_still_says_which_order() -> None:
    nudge = hooked(b'{"id":18,"status":"processing","date_modified_gmt":"2026-03-02T08:00:00"}', "")
    assert isinstance(nudge, Nudge)
    assert (nudge.ref, nudge.topic) == ("18", "")


def hooked(body: bytes, topic: str) -> Nudge | Reply:
    at = side(adapter={"webhook_secrets": (Secret("s"),)})
    headers = {"X-WC-Webhook-Topic": topic, "X-WC-Webhook-Signature": signature("s", body)}
    return at.adapter.read_webhook("POST", "/in", Headers(headers), body)
