"""The adapter's flows, driven by hand against ParcelHub in memory: no bridge, no network, no clock."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from orderbridge import Address, Fulfillment, Money, Payment, PurchaseLine, PurchaseOrder, Secret
from orderbridge.adapters import (
    Confirmed,
    Flow,
    Headers,
    LookUp,
    Past,
    PaymentSeen,
    Placement,
    Read,
    Refusal,
    Refused,
    Repeat,
    Request,
    Response,
    SupplierStatus,
    Throttled,
    Unclear,
    Unknown,
    Write,
)
from orderbridge.auth import Call, Token
from orderbridge.errors import Malformed, NotFound, Unauthorized, Unsupported

from orderbridge_parcelhub import PLATFORM, Login, ParcelHubAdapter, Settings
from orderbridge_parcelhub.sandbox import ParcelHub

T = TypeVar("T")

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
EMAIL, PASSWORD = "shop@example.test", "the password of the shop"
LOGIN = Login(Secret(EMAIL), Secret(PASSWORD))
ADAPTER = ParcelHubAdapter()
ANY = Write("confirm", Request("POST", "/drafts/D-1/confirm"), unknown=LookUp())
SHOPPER = Address(name="Ala Nowak", line1="Polna 7", city="Warszawa", postal_code="00-001", country="PL")


def lines(**units: int | str) -> tuple[PurchaseLine, ...]:
    return tuple(
        PurchaseLine(line_ref=f"L-{sku}", remote_id=sku, quantity=Decimal(n), units=Decimal(n))
        for sku, n in units.items()
    )


PO = PurchaseOrder(
    id="shop/101/hub/1",
    order_id="shop/101",
    order_ref="101",
    order_number="101",
    store="shop",
    supplier="hub",
    reference="ab12cd34ef56gh78",
    lines=lines(MUG=2, LAMP=1),
    ship_to=SHOPPER,
    placed_at=NOW,
)


class Wire:
    """Runs flows against a ParcelHub, logged in, and does the writes they return."""

    def __init__(self, hub: ParcelHub) -> None:
        self.hub = hub
        self.token: Token | None = None
        self.answers: dict[str, Response] = {}

    def call(self, request: Request) -> Response:
        url = f"https://hub.example{request.path}"
        call = Call(request.method, url, headers=request.headers, body=request.body)
        return self.hub.handle(LOGIN.sign(call, now=NOW, nonce="n", token=self.token), NOW)

    def log_in(self) -> None:
        self.token = self.run(LOGIN.refresh(self.token, now=NOW))

    def run(self, flow: Flow[T]) -> T:
        try:
            read = next(flow)
            while True:
                assert isinstance(read, Read)
                read = flow.send(self.call(read))
        except StopIteration as end:
            result: T = end.value
            return result

    def place(self, po: PurchaseOrder = PO) -> Write | Placement | Unclear:
        return self.run(ADAPTER.place(po, Past(answers=self.answers, attempted=bool(self.answers))))

    def do(self, write: object) -> Response:
        """Carry out a write; its answer is known to the next run if it was confirmed."""
        assert isinstance(write, Write)
        response = self.call(write.request)
        if ADAPTER.judge(write, response) == Confirmed():
            self.answers[write.step] = response
        return response


@pytest.fixture
def wire() -> Wire:
    wire = Wire(
        ParcelHub(email=EMAIL, password=PASSWORD, prices={"MUG": "7.90", "LAMP": "10.10"}, stock={"LAMP": 5})
    )
    wire.log_in()
    return wire


@pytest.fixture
def placed(wire: Wire) -> PurchaseOrder:
    """The purchase order after it was placed."""
    for _ in range(3):
        wire.do(wire.place())
    result = wire.place()
    assert isinstance(result, Placement)
    return attrs.evolve(PO, supplier_ref=result.placed[0].supplier_ref)


def ledger(wire: Wire) -> list[str]:
    return [effect.what for effect in wire.hub.ledger]


# --- placing ------------------------------------------------------------------------------------


def test_an_order_is_drafted_filled_and_confirmed_and_then_found(wire: Wire) -> None:
    steps: list[Write] = []
    while isinstance(write := wire.place(), Write):
        steps.append(write)
        wire.do(write)
    assert isinstance(write, Placement)
    [order] = write.placed
    assert [step.step.partition("-")[0] for step in steps] == ["draft", "lines", "confirm"]
    assert (order.supplier_ref, order.total) == ("O-5001", Money.of("25.90", "EUR"))
    assert (order.fulfillment, order.payment) == (Fulfillment.PLACED, Payment.UNPAID)
    [at_hub] = wire.hub.orders.values()
    assert (at_hub.memo, at_hub.lines) == (PO.reference, {"LAMP": 1, "MUG": 2})
    assert (at_hub.to["name"], at_hub.to["country"]) == ("Ala Nowak", "PL")


def test_only_the_confirmation_binds_and_each_step_says_what_to_do_if_its_answer_is_lost(wire: Wire) -> None:
    seen: list[tuple[bool, type[object], Money | None]] = []
    while isinstance(write := wire.place(), Write):
        seen.append((write.binding, type(write.unknown), write.amount))
        wire.do(write)
    assert seen == [(False, Repeat, None), (False, Repeat, None), (True, LookUp, None)]


def test_a_flow_that_is_run_again_asks_for_the_very_same_write(wire: Wire) -> None:
    for _ in range(3):
        first, again = wire.place(), wire.place()
        assert first == again
        wire.do(first)


def test_a_confirmation_whose_answer_was_lost_is_found_through_its_draft(wire: Wire) -> None:
    wire.do(wire.place())
    wire.do(wire.place())
    confirm = wire.place()
    assert isinstance(confirm, Write)
    wire.call(confirm.request)  # and nobody hears the answer
    result = wire.place()
    assert isinstance(result, Placement)
    assert ledger(wire) == ["draft", "lines", "confirm"]


def test_a_second_confirmation_is_no_refusal_because_the_first_one_landed(wire: Wire) -> None:
    wire.do(wire.place())
    wire.do(wire.place())
    confirm = wire.place()
    wire.do(confirm)
    assert isinstance(confirm, Write)
    assert ADAPTER.judge(confirm, wire.call(confirm.request)) == Unknown("already_confirmed")


def test_lines_that_change_before_the_confirmation_get_a_draft_of_their_own(wire: Wire) -> None:
    wire.do(wire.place())
    wire.do(wire.place())
    changed = attrs.evolve(PO, lines=lines(MUG=1))
    while isinstance(write := wire.place(changed), Write):
        wire.do(write)
    assert ledger(wire) == ["draft", "lines", "draft", "lines", "confirm"]
    assert [order.lines for order in wire.hub.orders.values()] == [{"MUG": 1}]


def test_lines_that_change_and_change_back_are_confirmed_as_they_are(wire: Wire) -> None:
    changed = attrs.evolve(PO, lines=lines(MUG=1))
    for po in (PO, PO, changed, changed, PO):
        wire.do(wire.place(po))
    assert [order.lines for order in wire.hub.orders.values()] == [{"LAMP": 1, "MUG": 2}]


def test_an_order_whose_number_is_known_is_never_placed_anew(wire: Wire, placed: PurchaseOrder) -> None:
    wire.answers.clear()
    assert isinstance(wire.place(placed), Placement)
    gone = attrs.evolve(placed, supplier_ref="O-1")
    assert isinstance(wire.place(gone), Unclear)


def test_an_order_that_is_not_ours_is_left_to_a_person(wire: Wire, placed: PurchaseOrder) -> None:
    order = wire.hub.orders[placed.supplier_ref]
    order.memo = "somebody else"
    assert isinstance(wire.place(placed), Unclear)
    order.memo, order.lines = PO.reference, {"MUG": 1}
    assert isinstance(wire.place(placed), Unclear)


def test_a_draft_that_is_not_ours_is_left_to_a_person(wire: Wire) -> None:
    wire.do(wire.place())
    wire.hub.drafts["D-1001"].memo = "somebody else"
    assert isinstance(wire.place(), Unclear)


@pytest.mark.parametrize("quantity", ["1.5", "0"])
def test_what_cannot_be_ordered_is_said_before_anything_is_sent(wire: Wire, quantity: str) -> None:
    with pytest.raises(Unsupported, match="ParcelHub takes whole units only"):
        wire.place(attrs.evolve(PO, lines=lines(MUG=quantity)))
    with pytest.raises(Unsupported, match="no lines"):
        wire.place(attrs.evolve(PO, lines=()))
    assert not wire.hub.ledger


@given(quantities=st.lists(st.integers(1, 10**6), min_size=1, max_size=4))
def test_exactly_what_is_wanted_is_ordered_summed_by_article(quantities: list[int]) -> None:
    wire = Wire(ParcelHub(email=EMAIL, password=PASSWORD, prices={"MUG": "7.90"}, stock={"MUG": 10**7}))
    wire.log_in()
    wanted = tuple(line for n in quantities for line in lines(MUG=n))
    while isinstance(write := wire.place(attrs.evolve(PO, lines=wanted)), Write):
        wire.do(write)
    assert isinstance(write, Placement)
    assert [order.lines for order in wire.hub.orders.values()] == [{"MUG": sum(quantities)}]
    assert write.placed[0].total == Money.of("7.90", "EUR").times(sum(quantities))


# --- what answers prove -------------------------------------------------------------------------


def answer(status: int, **document: object) -> Response:
    return Response(status, body=json.dumps(document).encode())


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer(200, ok=True, id="P-1"), Confirmed()),
        (answer(201, ok=True, id="O-1"), Confirmed()),
        (answer(200, ok=False, error="out_of_stock"), Refused(Refusal.OUT_OF_STOCK, code="out_of_stock")),
        (answer(200, ok=False, error="no_credit"), Refused(Refusal.PAYMENT_REFUSED, code="no_credit")),
        (answer(404, error="not_found"), Refused(Refusal.NOT_FOUND, code="not_found")),
        (answer(422, error="invalid"), Refused(Refusal.INVALID, code="invalid")),
        (answer(401, error="bad_token"), Throttled()),
        (Response(429, headers=Headers({"Retry-After": "20"})), Throttled(20.0)),
        (Response(429), Throttled()),
        (answer(409, error="already_paid"), Unknown("already_paid")),
        (answer(400, error="a_new_word"), Unknown("a_new_word")),
        (answer(500, error="out_of_stock"), Unknown("out_of_stock")),
        (answer(200, ok=True), Unknown("HTTP 200")),
        (answer(200), Unknown("HTTP 200")),
        (Response(200, body=b"<!DOCTYPE html>"), Unknown("HTTP 200, not in ParcelHub's words")),
        (Response(200, body=b'{"ok": true, "id"'), Unknown("HTTP 200, not in ParcelHub's words")),
        (Response(502), Unknown("HTTP 502, not in ParcelHub's words")),
    ],
)
def test_an_answer_proves_what_the_contract_says_and_nothing_more(
    response: Response, verdict: object
) -> None:
    assert ADAPTER.judge(ANY, response) == verdict


def test_a_refusal_keeps_the_code_and_leaves_the_shopper_out(wire: Wire) -> None:
    nowhere = attrs.evolve(PO, ship_to=attrs.evolve(SHOPPER, city=""))
    wire.do(wire.place(nowhere))
    wire.do(wire.place(nowhere))
    confirm = wire.place(nowhere)
    response = wire.do(confirm)
    assert "Ala Nowak" in response.text
    assert isinstance(confirm, Write)
    verdict = ADAPTER.judge(confirm, response)
    assert verdict == Refused(Refusal.INVALID, code="bad_address")
    assert "Ala" not in repr((verdict, confirm, response))
    assert not wire.hub.orders


# --- paying -------------------------------------------------------------------------------------


def test_an_order_is_paid_once_and_the_write_says_what_it_moves(wire: Wire, placed: PurchaseOrder) -> None:
    total = Money.of("25.90", "EUR")
    write = wire.run(ADAPTER.pay(placed, total, None, Past()))
    assert isinstance(write, Write)
    assert (write.amount, write.binding, type(write.unknown)) == (total, True, LookUp)
    wire.do(write)
    assert ADAPTER.judge(write, wire.call(write.request)) == Unknown("already_paid")
    assert wire.run(ADAPTER.pay(placed, total, None, Past())) == PaymentSeen(
        payment=Payment.PAID, total=total
    )
    assert wire.hub.orders[placed.supplier_ref].paid == [Decimal("25.90")]


def test_a_price_that_changed_is_not_paid(wire: Wire, placed: PurchaseOrder) -> None:
    assert isinstance(wire.run(ADAPTER.pay(placed, Money.of("20.00", "EUR"), None, Past())), Unclear)
    assert isinstance(wire.run(ADAPTER.pay(placed, Money.of("25.90", "PLN"), None, Past())), Unclear)


# --- following ----------------------------------------------------------------------------------


def status(wire: Wire, po: PurchaseOrder) -> SupplierStatus:
    found = wire.run(ADAPTER.fetch(po))
    assert found is not None
    return found


def test_a_shipment_counts_when_it_has_left_with_its_lines_and_all_its_packages(
    wire: Wire, placed: PurchaseOrder
) -> None:
    ref = placed.supplier_ref
    first = wire.hub.print_labels(ref, "T1", "T2", lines={"MUG": 2}, now=NOW)
    assert status(wire, placed).shipments == ()
    wire.hub.hand_over(ref, first, now=NOW + timedelta(hours=1))
    seen = status(wire, placed)
    assert seen.fulfillment is Fulfillment.PART_SHIPPED
    [shipment] = seen.shipments
    assert [package.tracking_number for package in shipment.packages] == ["T1", "T2"]
    assert shipment.lines is not None
    assert {line.remote_id: line.quantity for line in shipment.lines} == {"MUG": 2}
    assert shipment.shipped_at == NOW + timedelta(hours=1)
    wire.hub.hand_over(ref, wire.hub.print_labels(ref, "T3", lines={"LAMP": 1}, now=NOW), now=NOW)
    seen = status(wire, placed)
    assert (seen.fulfillment, len(seen.shipments)) == (Fulfillment.SHIPPED, 2)


def test_a_status_nobody_knows_keeps_its_word_and_means_nothing(wire: Wire, placed: PurchaseOrder) -> None:
    wire.hub.move(placed.supplier_ref, "S95", now=NOW)  # listed, and not filed under any stage
    assert (status(wire, placed).raw, status(wire, placed).fulfillment) == ("S95", None)
    wire.hub.move(placed.supplier_ref, "S99", now=NOW)  # not even listed
    assert (status(wire, placed).raw, status(wire, placed).fulfillment) == ("S99", None)


def test_the_statuses_are_read_anew_only_for_a_code_that_is_not_among_them() -> None:
    listed = Response(200, body=b'[{"code": "S50", "stage": "sent"}]')
    flow = ADAPTER._stage("S51")
    assert next(flow).keep == timedelta(days=1)
    assert flow.send(listed).fresh
    with pytest.raises(StopIteration):
        flow.send(listed)
    flow = ADAPTER._stage("S50")
    next(flow)
    with pytest.raises(StopIteration) as end:
        flow.send(listed)
    assert end.value.value is Fulfillment.SHIPPED


def test_an_order_parcelhub_does_not_know_is_none_and_one_without_its_number_cannot_be_asked_for(
    wire: Wire,
) -> None:
    assert wire.run(ADAPTER.fetch(attrs.evolve(PO, supplier_ref="O-1"))) is None
    with pytest.raises(Unsupported):
        wire.run(ADAPTER.fetch(PO))


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"<!DOCTYPE html>", b'{"error": "no_route"}', b'{"error": "not_f']
)
def test_a_404_in_other_words_than_parcelhubs_is_no_absence(placed: PurchaseOrder, body: bytes) -> None:
    flow = ADAPTER.fetch(placed)
    next(flow)
    with pytest.raises(NotFound):
        flow.send(Response(404, body=body))


def test_a_field_that_is_missing_is_named() -> None:
    flow = ADAPTER.fetch(attrs.evolve(PO, supplier_ref="O-1"))
    next(flow)
    with pytest.raises(Malformed, match="memo"):
        flow.send(Response(200, body=b'{"id": "O-1"}'))


# --- the account --------------------------------------------------------------------------------


def test_the_probe_names_the_account_and_says_in_words_that_it_is_blocked(wire: Wire) -> None:
    access = wire.run(ADAPTER.probe())
    assert access.identity == "parcelhub/A-77"
    assert [finding.ok for finding in access.findings] == [True]
    wire.hub.blocked = True
    [finding] = wire.run(ADAPTER.probe()).findings
    assert not finding.ok
    assert "invoices" in finding.fix


def test_a_token_buys_the_next_one_and_the_password_helps_where_it_does_not(wire: Wire) -> None:
    first = wire.token
    wire.log_in()
    assert wire.token != first
    assert wire.hub.logins == 1
    wire.token = first  # its answer was lost, so its second half is used up
    wire.log_in()
    assert wire.hub.logins == 2
    assert wire.call(Read("GET", "/account")).status == 200
    wire.hub.revoke()
    assert LOGIN.expired(wire.call(Read("GET", "/account")))
    wire.log_in()
    assert wire.hub.logins == 3


def test_a_wrong_password_says_so_and_nothing_shows_it(wire: Wire) -> None:
    login = Login(Secret(EMAIL), Secret("a wrong one"))
    with pytest.raises(Unauthorized) as error:
        wire.run(login.refresh(None, now=NOW))
    settings = Settings(base_url="https://hub.example", email=login.email, password=login.password)
    shown = f"{error.value} {login!r} {settings!r} {wire.token!r}"
    assert "wrong one" not in shown
    assert EMAIL not in shown
    assert "access-1" not in shown


def test_the_platform_is_made_of_its_settings() -> None:
    settings = Settings(base_url="https://hub.example/", email=Secret(EMAIL), password=Secret(PASSWORD))
    assert PLATFORM.auth(settings) == LOGIN
    assert isinstance(PLATFORM.adapter(settings), ParcelHubAdapter)
