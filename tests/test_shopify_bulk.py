"""The first import in bulk: every order whole, and by pages where anything goes wrong with the file."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import attrs
import pytest

import orderbridge as ob
from in_shopify import BY_HAND, QUIET, ShopifySides, in_shop
from orderbridge._http import Call, Headers, Read, Response
from orderbridge._model import Order, Secret
from orderbridge.adapters import Flow, Page
from orderbridge.errors import Unavailable
from orderbridge.sandbox.shopify import Bucket, Item, ShopifyShop
from orderbridge.stores.shopify import Settings, Shopify, _bulk, _paging
from orderbridge.stores.shopify._documents_bulk import BULK_ORDERS
from orderbridge.stores.shopify._wire import stamp

T = TypeVar("T")
START = datetime(2026, 11, 20, 8, tzinfo=UTC)
NOW = START + timedelta(days=1)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty orders are many here, and ten are some; a piece of the file holds about five."""
    monkeypatch.setattr(_bulk, "MANY", 20)
    monkeypatch.setattr(_bulk, "_ORDERS", 5)
    monkeypatch.setattr(_bulk, "_PIECE", 8 * 1024)
    monkeypatch.setattr(_bulk, "_PIECES", 32 * 1024)
    monkeypatch.setattr(_paging, "_SOME", 10)


class Import:
    """A shop, and the pull of it; ``meanwhile`` happens before each call, and ``instead`` may answer it."""

    def __init__(self, orders: int = 40, lines: int = 3, **habits: Any) -> None:
        self.shop = ShopifyShop(bucket=Bucket(maximum=1e9, restore=1e9), **habits)
        for number in range(orders):
            items = [Item(sku=f"SKU-{line}", quantity=1 + line) for line in range(lines)]
            self.shop.place_order(items, now=START + timedelta(minutes=number))
        token = Secret(self.shop.access_token)
        self.adapter = Shopify(Settings(base_url="https://shop.myshopify.com", access_token=token))
        self.now = NOW
        self.cursor: str | None = None
        self.asked: Counter[str] = Counter()
        self.files: list[Call] = []
        self.pages: list[Page] = []
        self.meanwhile: Callable[[str], None] = lambda name: None
        self.instead: Callable[[str, Response], Response] = lambda name, answer: answer

    def page(self) -> Page:
        flow = self.adapter.fetch_orders(self.cursor, since=START - timedelta(hours=1), now=self.now)
        page = self.run(flow)
        self.cursor = page.next
        self.pages.append(page)
        return page

    def all(self) -> list[str]:
        """The whole first run, and what is behind it; the orders as they came."""
        for _ in range(1000):
            page = self.page()
            if page.again_at is not None:
                assert page.again_at > self.now
                self.now = page.again_at
            elif not page.more:
                return [order.ref for order in self.orders]
            self.now += timedelta(seconds=1)
        raise AssertionError("the run has no end")

    @property
    def orders(self) -> list[Order]:
        return [order for page in self.pages for order in page.items]

    @property
    def refs(self) -> list[str]:
        return sorted(str(number) for number in self.shop.orders)

    def run(self, flow: Flow[T]) -> T:
        try:
            read = next(flow)
            while True:
                try:
                    response = self.answer(read)
                except Unavailable as error:
                    read = flow.throw(error)
                else:
                    read = flow.send(response)
        except StopIteration as end:
            result: T = end.value
            return result

    def answer(self, read: Read) -> Response:
        name = "File" if read.url else json.loads(read.body)["operationName"]
        self.asked[name] += 1
        self.meanwhile(name)
        if read.url:
            call = Call("GET", read.url, headers=read.headers)
            self.files.append(call)
        else:
            headers = Headers({**read.headers, "X-Shopify-Access-Token": self.shop.access_token})
            call = Call("POST", f"https://shop.myshopify.com{read.path}", headers=headers, body=read.body)
        return self.instead(name, self.shop.handle(call, self.now))

    @property
    def bulk(self) -> Any:
        (found,) = self.shop.bulks.values()
        return found


def by_pages_alone(there: Import) -> dict[str, Order]:
    """What a run by pages reads of the same shop."""
    other = Import(orders=0)
    other.shop, other.now = there.shop, there.now
    other.cursor = _paging.Position(since="2026-11-20T07:00:00Z", paged=True).text
    other.all()
    return {order.ref: order for order in other.orders}


# --- all goes well --------------------------------------------------------------------------------------


def test_many_orders_come_in_a_file_whole_and_once() -> None:
    there = Import()
    came = there.all()
    assert sorted(set(came)) == there.refs
    assert len(came) - len(set(came)) <= 10  # the page at which it changed over comes once more
    assert there.asked["RunBulk"] == 1
    assert there.asked["File"] >= 6
    whole = by_pages_alone(there)
    for order in there.orders:
        assert order == whole[order.ref]


def test_orders_with_all_kinds_of_histories_are_the_same_in_bulk_and_by_pages() -> None:
    """Departures, refunds, fulfillment orders at two places, and more than one answer holds by pages."""
    there = Import(orders=30, lines=1)
    later = START + timedelta(hours=2)
    numbers = sorted(there.shop.orders)
    there.shop.fulfill_by_hand(numbers[15], {"SKU-0": 1}, now=later)
    there.shop.refund_by_hand(numbers[16], {"SKU-0": 1}, now=later)
    there.shop.cancel_by_hand(numbers[17], now=later)
    there.shop.variant("B", location_id=there.shop.add_location("Second").id)
    there.shop.place_order([Item(sku="A", quantity=2), Item(sku="B", quantity=1)], now=later)
    many = [Item(sku=f"M{number}", quantity=1) for number in range(70)]
    big = there.shop.place_order(many, now=later)
    there.all()
    whole = by_pages_alone(there)
    got = {order.ref: order for order in there.orders}
    assert got == whole
    assert len(got[str(big)].lines) == 70
    assert not any(page.set_aside for page in there.pages)


def test_few_orders_come_by_pages_without_a_question_more() -> None:
    there = Import(orders=9)
    assert sorted(there.all()) == there.refs
    assert not {"HowMany", "RunBulk"}.intersection(there.asked)


def test_some_but_not_many_cost_one_question() -> None:
    there = Import(orders=19)
    assert sorted(there.all()) == there.refs
    assert (there.asked["HowMany"], there.asked["RunBulk"]) == (1, 0)


def test_it_waits_without_holding_anything_up() -> None:
    there = Import(bulk_takes=timedelta(minutes=20))
    while not there.asked["RunBulk"]:
        there.page()
    waits: list[timedelta] = []
    while (page := there.page()).again_at is not None:
        assert (page.items, page.more) == ((), False)
        waits.append(page.again_at - there.now)
        there.now = page.again_at
    assert waits[0] == timedelta(seconds=5)
    assert waits == sorted(waits)
    assert max(waits) <= timedelta(minutes=1)
    assert len(waits) < 60


def test_what_changes_while_it_is_written_and_read_is_read_again() -> None:
    """The file is of one moment; the run behind it goes on from there."""
    there = Import(search_lag=timedelta(seconds=90))
    changed: dict[str, str] = {}

    def meanwhile(name: str) -> None:
        step = {"RunBulk": 3, "Bulk": 25, "File": 30}.get(name)
        if step is not None and name not in changed:
            number = sorted(there.shop.orders)[step]
            changed[name] = str(number)
            order = there.shop.orders[number]
            order.note = f"changed at {name}"
            there.shop.touch(order, there.now)
        if name == "Bulk" and "new" not in changed:
            changed["new"] = str(there.shop.place_order([Item(sku="NEW", quantity=1)], now=there.now))

    there.meanwhile = meanwhile
    there.all()
    there.now += timedelta(minutes=5)
    there.all()
    last = {order.ref: order for order in there.orders}
    assert sorted(last) == there.refs
    for name in ("RunBulk", "Bulk", "File"):
        assert last[changed[name]].note == f"changed at {name}"
    assert changed["new"] in last


@pytest.mark.parametrize("habits", [{}, {"bulk_fails": "TIMEOUT"}])
def test_the_run_behind_goes_back_to_where_the_first_page_was_read(habits: dict[str, Any]) -> None:
    """A fulfillment order that changed since then shows in no order's time of change."""
    there = Import(**habits)
    there.page()
    began = there.now
    while not there.asked["RunBulk"]:
        there.now += timedelta(minutes=20)  # as long as points are scarce
        there.page()
    there.all()
    since = json.loads(next(page.next for page in there.pages if json.loads(page.next)["again"]))["since"]
    assert since == stamp(began - timedelta(minutes=5))


def test_what_a_file_says_counts_as_seen_when_it_was_written() -> None:
    """Before it is placed, an order is read again unless it was seen just now; a file may be hours old."""
    there = Import(bulk_takes=timedelta(hours=2))
    there.all()
    from_file = [page for page in there.pages if page.as_of is not None]
    assert from_file
    assert all(page.as_of == there.bulk.created_at for page in from_file)
    assert all(page.as_of is None for page in there.pages if page not in from_file)


def test_the_address_of_the_file_is_in_no_cursor() -> None:
    there = Import()
    there.all()
    assert "Signature" in there.files[0].url
    for page in there.pages:
        assert "Signature" not in page.next
        assert "http" not in page.next


def test_no_key_of_the_shops_goes_to_the_file() -> None:
    there = Import()
    there.all()
    for call in there.files:
        assert set(call.headers) == {"range", "accept-encoding"}


def test_what_is_held_at_once_is_bounded_and_each_byte_is_read_about_once() -> None:
    there = Import(orders=60, lines=8)
    there.all()
    pieces = [re.fullmatch(r"bytes=(\d+)-(\d+)", call.headers["range"]) for call in there.files]
    sizes = [int(found[2]) - int(found[1]) + 1 for found in pieces if found]
    assert max(sizes) <= 32 * 1024
    assert sum(sizes) < 2 * len(there.bulk.content) + 64 * 1024


def test_an_order_that_is_larger_than_a_piece_comes_whole() -> None:
    there = Import(orders=30, lines=1)
    items = [Item(sku=f"M{number}", quantity=1) for number in range(150)]
    there.shop.place_order(items, now=START + timedelta(hours=1))
    there.all()
    assert there.asked["RunBulk"] == 1
    assert max(len(order.lines) for page in there.pages if page.as_of for order in page.items) == 150


def test_where_an_answer_was_lost_the_operation_that_runs_is_taken_up() -> None:
    """The run that began it was never recorded: nothing is begun twice."""
    there = Import()
    while not there.asked["RunBulk"]:
        cursor = there.cursor
        there.page()
    there.pages.pop()
    there.cursor = cursor
    assert sorted(set(there.all())) == there.refs
    assert there.asked["RunBulk"] == 1
    assert there.asked["Bulks"] == 2


def test_an_operation_of_somebody_elses_is_left_alone() -> None:
    there = Import()
    query = "{ orders { edges { node { id } } } }"
    ask = "mutation Other($q: String!) { bulkOperationRunQuery(query: $q) { bulkOperation { id } } }"
    body = {"query": ask, "operationName": "Other", "variables": {"q": query}}
    there.answer(
        Read("POST", "/admin/api/2026-10/graphql.json", headers=_JSON, body=json.dumps(body).encode())
    )
    assert sorted(set(there.all())) == there.refs
    assert len(there.shop.bulks) == 2


_JSON = Headers({"Content-Type": "application/json"})


# --- something goes wrong -------------------------------------------------------------------------------


def goes_on_by_pages(there: Import) -> None:
    came = Counter(there.all())
    assert sorted(came) == there.refs
    assert there.asked["RunBulk"] <= 1
    whole = by_pages_alone(there)
    assert {order.ref: order for order in there.orders} == whole
    assert not any(page.set_aside for page in there.pages)


def test_an_operation_that_fails_is_made_up_for_by_pages_and_no_half_file_is_read() -> None:
    there = Import(bulk_fails="TIMEOUT")
    goes_on_by_pages(there)
    assert there.files == []


@pytest.mark.parametrize("status", ["CANCELED", "CANCELING", "EXPIRED", "PAUSED_TOMORROW"])
def test_an_operation_that_ends_otherwise_is_made_up_for_by_pages(status: str) -> None:
    there = Import(bulk_takes=timedelta(days=30))

    def instead(name: str, response: Response) -> Response:
        if name != "Bulk":
            return response
        return attrs.evolve(response, body=response.body.replace(b'"RUNNING"', f'"{status}"'.encode()))

    there.instead = instead
    goes_on_by_pages(there)


def test_one_that_never_ends_is_waited_for_half_a_day() -> None:
    there = Import(bulk_takes=timedelta(days=9))
    goes_on_by_pages(there)
    assert timedelta(hours=12) <= there.now - NOW <= timedelta(hours=13)


@pytest.mark.parametrize("code", ["INVALID", "LIMIT_REACHED", "OPERATION_IN_PROGRESS"])
def test_where_shopify_will_not_run_it_there_are_pages(code: str) -> None:
    there = Import()
    refused = {"bulkOperation": None, "userErrors": [{"field": None, "message": "no", "code": code}]}

    def instead(name: str, response: Response) -> Response:
        if name == "RunBulk":
            there.shop.bulks.clear()
            return Response(200, body=json.dumps({"data": {"bulkOperationRunQuery": refused}}).encode())
        return response

    there.instead = instead
    goes_on_by_pages(there)


@pytest.mark.parametrize("name", ["HowMany", "Bulks", "RunBulk", "Bulk"])
def test_where_shopify_does_not_know_the_question_there_are_pages(name: str) -> None:
    there = Import()
    unknown = {"message": "Field doesn't exist", "extensions": {"code": "undefinedField"}}
    body = json.dumps({"errors": [unknown]}).encode()
    there.instead = lambda asked, response: Response(200, body=body) if asked == name else response
    goes_on_by_pages(there)


def lost(there: Import, at: int) -> None:
    def meanwhile(name: str) -> None:
        if name == "File" and there.asked["File"] > at:
            raise Unavailable("no answer from storage.googleapis.com")

    there.meanwhile = meanwhile


def spoiled(change: Callable[[Response], Response]) -> Callable[[Import, int], None]:
    def spoil(there: Import, at: int) -> None:
        there.instead = lambda name, response: (
            change(response) if name == "File" and there.asked["File"] > at else response
        )

    return spoil


FILES: dict[str, Callable[[Import, int], None]] = {
    "no answer": lost,
    "refused": spoiled(lambda response: Response(403, body=b"<Error/>")),
    "gone": spoiled(lambda response: Response(404, body=b"")),
    "a page of another's": spoiled(lambda response: Response(200, body=b"<html>Sign in</html>")),
    "cut": spoiled(lambda response: attrs.evolve(response, body=response.body[:-7])),
    "another part": spoiled(
        lambda response: attrs.evolve(response, headers=Headers({"Content-Range": "bytes 7-9/10"}))
    ),
    "a line out of place": spoiled(
        lambda response: attrs.evolve(response, body=response.body.replace(b"/Order/5", b"/Order/6", 2))
    ),
    "a line of a kind that nobody knows": spoiled(
        lambda response: attrs.evolve(response, body=response.body.replace(b"/LineItem/", b"/LineThat/"))
    ),
}


@pytest.mark.parametrize("at", [0, 3])
@pytest.mark.parametrize("what", FILES)
def test_a_file_that_cannot_be_read_is_made_up_for_by_pages(what: str, at: int) -> None:
    """From its beginning or half-way: what was read of it by then was whole."""
    there = Import()
    FILES[what](there, at)
    goes_on_by_pages(there)
    assert there.asked["File"] == at + 1


def test_lines_that_do_not_stand_with_their_orders_are_no_orders() -> None:
    """Shopify groups them where it is asked to; if it ever did not, half an order might look whole."""
    there = Import(lines=1)

    def meanwhile(name: str) -> None:
        for bulk in there.shop.bulks.values():
            bulk.grouped = False

    there.meanwhile = meanwhile
    came = there.all()
    assert sorted(set(came)) == there.refs
    assert {order.ref: order for order in there.orders} == by_pages_alone(there)


def test_a_file_with_fewer_orders_than_shopify_counted_is_not_all() -> None:
    there = Import()
    there.instead = lambda name, response: (
        attrs.evolve(response, body=re.sub(rb'("rootObjectCount": ?)"\d+"', rb'\1"999"', response.body))
        if name == "Bulk"
        else response
    )
    goes_on_by_pages(there)


def test_a_server_that_sends_all_at_once_is_understood() -> None:
    there = Import()

    def instead(name: str, response: Response) -> Response:
        return Response(200, body=there.bulk.content) if name == "File" else response

    there.instead = instead
    assert sorted(set(there.all())) == there.refs
    assert there.asked["File"] > 1


def test_an_order_that_came_without_lines_is_read_by_itself() -> None:
    there = Import(orders=30, lines=1)
    number = sorted(there.shop.orders)[20]

    def meanwhile(name: str) -> None:
        bulk = next(iter(there.shop.bulks.values()), None)
        if name == "File" and bulk is not None:
            rows = bulk.content.splitlines(keepends=True)
            parent = f'"gid://shopify/Order/{number}"'.encode()
            bulk.content = b"".join(
                row
                for row in rows
                if not (b"/LineItem/" in row[:60] and b"__parentId" in row and parent in row)
            )

    there.meanwhile = meanwhile
    assert sorted(set(there.all())) == there.refs
    assert there.asked["OneOrder"] == 1
    assert {order.ref: order for order in there.orders} == by_pages_alone(there)


# --- what is asked for ------------------------------------------------------------------------------------


def test_what_runs_in_bulk_keeps_to_the_limits_and_has_no_pages() -> None:
    assert BULK_ORDERS.count("edges {") == 5
    assert "first:" not in BULK_ORDERS
    assert "..." not in BULK_ORDERS
    assert "nodes" not in BULK_ORDERS
    assert "fragment" not in BULK_ORDERS


# --- with a whole bridge ----------------------------------------------------------------------------------


@pytest.fixture
def served() -> Iterator[Any]:
    with in_shop() as sides:
        for number in range(40):
            sides.shop.place_order([Item(sku=f"OWN-{number}", quantity=1)], now=sides.now())
        yield sides


def test_a_bridge_imports_in_bulk_while_it_does_its_other_work(served: Any) -> None:
    bridge = served.bridge(policy=BY_HAND)
    served.live(bridge, 1)
    assert len(bridge.orders(limit=100)) == 40
    (bulk,) = served.shop.bulks.values()
    assert bulk.status == "COMPLETED"
    journal = json.dumps([event.data for event in bridge.events(limit=500)])
    assert "Signature" not in journal


def test_an_async_bridge_imports_in_bulk_too(served: Any) -> None:
    async def run() -> int:
        bridge = ob.AsyncBridge(**served.parts(policy=BY_HAND))
        bridge._driver._clockwork = served.clock
        async with bridge:
            for _ in range(60):
                report = await bridge.run_once()
                if report.next_at is not None:
                    served.clock.sleep(min(60.0, max(0.05, (report.next_at - served.now()).total_seconds())))
            return len(await bridge.orders(limit=100))

    assert asyncio.run(run()) == 40
    (bulk,) = served.shop.bulks.values()
    assert bulk.status == "COMPLETED"


class CanceledSince(ShopifyShop):
    """A shop whose newest order is canceled while its file is read, without a word in the list of changes."""

    def handle(self, call: Call, now: datetime) -> Response:
        if "/bulk/" in call.url:
            order = self.orders[max(self.orders)]
            order.canceled_at = order.canceled_at or now
        return super().handle(call, now)


def test_what_was_canceled_since_the_file_was_written_is_not_ordered() -> None:
    """The file shows it as it was; it is read again before the supplier is asked for anything."""
    with ShopifySides(shop=CanceledSince(bulk_takes=timedelta(minutes=10))) as sides:
        for _ in range(40):
            sides.shop.place_order([Item(sku="RW-100", quantity=1)], now=sides.now())
        bridge = sides.bridge(policy=QUIET)
        sides.live(bridge, 1)
        assert sides.shop.orders[max(sides.shop.orders)].canceled_at is not None
        assert len(bridge.orders(limit=100)) == 40
        assert sum(sum(order.values()) for order in sides.ordered()) == 39
