"""Marketstall does what every shop must do, and what only its own contract says.

The platform is taken from its entry point, as a bridge would take it, so the package has to be
installed: ``pip install --editable .``
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.metadata import entry_points
from typing import TypeVar

import pytest
from orderbridge import Money, NoticeLine, Order, Package, ShipmentNotice
from orderbridge.adapters import (
    Announced,
    Canceled,
    Cancellation,
    Confirmed,
    Flow,
    LookUp,
    Past,
    Read,
    Refusal,
    Refused,
    Request,
    Response,
    StorePlatform,
    Throttled,
    Unclear,
    Unknown,
    Verdict,
    Write,
)
from orderbridge.auth import Call
from orderbridge.errors import Malformed, NotFound
from orderbridge.testing import StoreBackend, StoreSuite

from orderbridge_marketstall import Marketstall as Adapter
from orderbridge_marketstall import Settings
from orderbridge_marketstall.sandbox import Marketstall, StallRefund

T = TypeVar("T")

TOKEN, URL = "the token of the stall", "https://stall.example"
NOW = datetime(2026, 3, 2, 8, 0, 0, 125000, tzinfo=UTC)
ADAPTER = Adapter()


class TestMarketstall(StoreSuite[Settings]):
    """All that is the same for every shop."""

    def platform(self) -> StorePlatform[Settings]:
        [entry] = entry_points(group="orderbridge.stores", name="marketstall")
        found: StorePlatform[Settings] = entry.load()
        return found

    def settings(self) -> dict[str, object]:
        return {"base_url": URL, "token": TOKEN}

    def backend(self) -> StoreBackend:
        return Marketstall(TOKEN)


# --- what only its own contract says ---


class Wire:
    """A line to a stall, on which flows are run by hand."""

    def __init__(self) -> None:
        self.stall = Marketstall(TOKEN)
        self.ref = self.stall.sell({"MUG": 2, "LAMP": 1}, shopper="Ala Nowak", now=NOW)
        self.of = self.stall.orders[self.ref]

    def call(self, asked: Read | Request) -> Response:
        query = "?" + "&".join(f"{name}={value}" for name, value in asked.params)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return self.stall.handle(
            Call(asked.method, URL + asked.path + query, headers=headers, body=asked.body), NOW
        )

    def run(self, flow: Flow[T]) -> T:
        try:
            read = next(flow)
            while True:
                read = flow.send(self.call(read))
        except StopIteration as end:
            result: T = end.value
            return result

    @property
    def order(self) -> Order:
        found = self.run(ADAPTER.fetch_order(self.ref))
        assert found is not None
        return found


@pytest.fixture
def wire() -> Wire:
    return Wire()


def test_cents_milliseconds_and_units_in_text_are_read_as_they_are(wire: Wire) -> None:
    wire.of.lines[0].quantity = "1.5"
    order = wire.order
    mug = order.lines[0]
    assert (mug.quantity, mug.total, mug.tax) == (
        Decimal("1.5"),
        Money.of("20.00", "EUR"),
        Money.of("4.60", "EUR"),
    )
    assert order.total == Money.of("41.80", "EUR")
    assert order.placed_at == NOW


def test_what_the_stall_gave_back_and_what_of_it_never_ships_is_known(wire: Wire) -> None:
    wire.of.refunds.append(StallRefund(id="r-1", amount=1230))
    wire.of.lines[0].refunded = "1"
    assert [(back.ref, back.amount) for back in wire.order.refunds] == [("r-1", Money.of("12.30", "EUR"))]
    assert [line.open for line in wire.order.lines] == [1, 1]


@pytest.mark.parametrize(
    ("status", "ready", "canceled"),
    [
        ("to_pay", False, False),
        ("to_pack", True, False),
        ("resting", False, False),
        ("done", False, False),
        ("dropped", False, True),
        ("a word of tomorrow", False, False),
    ],
)
def test_only_what_is_to_be_packed_is_ready(wire: Wire, status: str, ready: bool, canceled: bool) -> None:
    wire.of.status = status
    assert (wire.order.ready, wire.order.canceled, wire.order.raw_status) == (ready, canceled, status)


def test_an_order_that_cannot_be_read_is_set_aside_by_its_id_and_hides_no_other(wire: Wire) -> None:
    wire.stall.sell({"MUG": 1}, shopper="Ala Nowak", now=NOW)
    wire.of.currency = "euros"
    page = wire.run(ADAPTER.fetch_orders(None, since=NOW - timedelta(days=1), now=NOW))
    assert [order.ref for order in page.items] == ["s-2"]
    [aside] = page.set_aside
    assert aside.ref == wire.ref
    assert "Ala" not in repr(aside)


def test_the_first_page_begins_at_the_time_and_the_next_at_the_change(wire: Wire) -> None:
    assert not wire.run(ADAPTER.fetch_orders(None, since=NOW + timedelta(seconds=1), now=NOW)).items
    page = wire.run(ADAPTER.fetch_orders(None, since=NOW, now=NOW))
    assert [order.ref for order in page.items] == [wire.ref]
    again = wire.run(ADAPTER.fetch_orders(page.next, since=NOW, now=NOW))
    assert (again.items, again.next, again.more) == ((), page.next, False)


def test_a_list_without_its_place_to_go_on_is_no_list() -> None:
    flow = ADAPTER.fetch_orders(None, since=NOW, now=NOW)
    next(flow)
    with pytest.raises(Malformed, match="X-After"):
        flow.send(Response(200, body=b"[]"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"oops": "no such page"}',
        b"<!DOCTYPE html><html></html>",
        b'{"absent": "order", "id": "s-2"}',
        b'{"absent": "stall", "id": "s-1"}',
    ],
)
def test_a_404_is_absence_only_in_the_stalls_own_words_about_this_order(wire: Wire, body: bytes) -> None:
    assert wire.run(ADAPTER.fetch_order("s-99")) is None
    flow = ADAPTER.fetch_order("s-1")
    next(flow)
    with pytest.raises(NotFound):
        flow.send(Response(404, body=body))


def answer(status: int, **document: object) -> Response:
    return Response(status, body=json.dumps(document).encode())


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer(200, ok=True, id="p-1"), Confirmed()),
        (answer(200, ok=True), Unknown("HTTP 200")),
        (answer(200, ok=False, why="closed"), Refused(Refusal.INVALID, code="closed")),
        (answer(200, ok=False, why="moved"), Unknown("moved")),
        (answer(200, ok=False, why="a_new_word"), Unknown("a_new_word")),
        (answer(401, ok=False, why="bad_token"), Refused(Refusal.UNAUTHORIZED, code="bad_token")),
        (answer(404, absent="order", id="s-1"), Refused(Refusal.NOT_FOUND, code="absent")),
        (answer(404, oops="no such page"), Unknown("HTTP 404, not in Marketstall's words")),
        (answer(500, ok=False, why="closed"), Unknown("closed")),
        (answer(500, ok=True, id="p-1"), Unknown("HTTP 500")),
        (Response(429, headers={"Retry-After": "20"}), Throttled(20.0)),
    ],
)
def test_the_words_decide_because_refusals_come_with_a_200(response: Response, verdict: Verdict) -> None:
    write = Write("any", Request("POST", "/"), unknown=LookUp())
    assert ADAPTER.judge(write, response) == verdict


def test_an_order_is_dropped_only_from_the_status_it_was_seen_in(wire: Wire) -> None:
    dropping = Cancellation(key="c1", reason="broken")
    write = wire.run(ADAPTER.cancel(wire.order, dropping, Past()))
    assert isinstance(write, Write)
    wire.of.status = "resting"  # somebody was faster
    assert ADAPTER.judge(write, wire.call(write.request)) == Unknown("moved")
    assert wire.of.status == "resting"
    again = wire.run(ADAPTER.cancel(wire.order, dropping, Past(attempted=True)))
    assert isinstance(again, Write)
    assert ADAPTER.judge(again, wire.call(again.request)) == Confirmed()
    done = wire.run(ADAPTER.cancel(wire.order, dropping, Past(attempted=True)))
    assert done == Canceled(warnings=("Marketstall keeps the money; give it back",))


def test_a_number_that_somebody_typed_in_is_not_told_again(wire: Wire) -> None:
    notice = ShipmentNotice(
        key="n1",
        order_id=f"shop/{wire.ref}",
        purchase_order_id=f"shop/{wire.ref}/hub/1",
        lines=(NoticeLine(line_ref="L1", ship_ref="L1", units=Decimal("1.5")),),
        packages=(Package(tracking_number="T1", carrier="DHL"),),
        shipped_at=NOW,
        completes=False,
    )
    write = wire.run(ADAPTER.announce(wire.order, notice, Past()))
    assert isinstance(write, Write)
    wire.call(write.request)
    assert wire.run(ADAPTER.announce(wire.order, notice, Past())) == Announced(refs=("p-1",))
    wire.of.parcels[0].remark = ""
    assert isinstance(wire.run(ADAPTER.announce(wire.order, notice, Past())), Unclear)


def test_the_probe_says_in_words_that_the_token_may_only_read(wire: Wire) -> None:
    access = wire.run(ADAPTER.probe())
    assert access.identity == "marketstall/krakow-7"
    assert [finding.ok for finding in access.findings] == [True]
    wire.stall.may_write = False
    [finding] = wire.run(ADAPTER.probe()).findings
    assert not finding.ok
    assert "Helpers" in finding.fix
