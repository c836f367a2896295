"""How changed orders of Shopify's are found: nothing is lost, nothing comes for ever, and few questions."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from one_shopify_order import Json, bag, conn, departure, line, order, place, shop, way, work
from orderbridge._http import Read, Request, Response
from orderbridge._model import Money, Package
from orderbridge.adapters import (
    Allowance,
    Confirmed,
    Flow,
    LookUp,
    Page,
    Park,
    Refusal,
    Refused,
    Throttled,
    Unknown,
    Write,
)
from orderbridge.errors import (
    BridgeError,
    Forbidden,
    Malformed,
    RateLimited,
    Rejected,
    Unauthorized,
    Unavailable,
)
from orderbridge.stores.shopify import PLATFORM, _reading
from orderbridge.stores.shopify._graphql import TooCostly, ask, change, meter
from orderbridge.stores.shopify._paging import (
    MOST,
    OVERLAP,
    Position,
    after_page,
    first,
    new_beginning,
    started,
)
from orderbridge.stores.shopify._parcels import tracking_of
from orderbridge.stores.shopify._wire import stamp

T = TypeVar("T")
NOW = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
_SINCE = re.compile(r"updated_at:>='(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)'")


def answer(
    data: object = None, *errors: Json, cost: float = 10, status: int = 200, **headers: str
) -> Response:
    throttle = {"maximumAvailable": 2000.0, "currentlyAvailable": 1990, "restoreRate": 100.0}
    body: Json = {
        "extensions": {
            "cost": {"requestedQueryCost": cost, "actualQueryCost": None, "throttleStatus": throttle}
        }
    }
    if data is not None:
        body["data"] = data
    if errors:
        body["errors"] = list(errors)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, headers=named, body=json.dumps(body).encode())


def problem(code: str, *path: str | int, **more: Any) -> Json:
    return {"message": f"{code} it is", "path": list(path), "extensions": {"code": code, **more}}


class Shop:
    """Orders in memory, and an index of them that lags behind until it is told to catch up."""

    def __init__(self, *orders: Json) -> None:
        self.orders = {row["id"]: row for row in orders}
        self.index: dict[str, str] = {}
        self.catch_up()
        self.per_line = 0.1  # points
        self.failing: set[str] = set()
        self.denied: Json | None = None
        self.work_changed: dict[str, str] = {}  # when a fulfillment order did, by its order
        self.no_work = False
        self.most_ids = 250
        self.longest = 25_000  # of one list of fulfillment orders
        self.reads: list[Read] = []
        self.between: Callable[[], None] = lambda: None

    def catch_up(self) -> None:
        self.index = {name: row["updatedAt"] for name, row in self.orders.items()}

    def change(self, ref: int, when: datetime, **more: Any) -> None:
        name = f"gid://shopify/Order/{ref}"
        self.orders[name] = {**self.orders[name], "updatedAt": stamp(when), **more}

    @property
    def asked(self) -> Counter[str]:
        return Counter(json.loads(read.body)["operationName"] for read in self.reads)

    def __call__(self, read: Read) -> Response:
        self.reads.append(read)
        assert (read.method, read.path) == ("POST", "/admin/api/2026-10/graphql.json")
        doc = json.loads(read.body)
        variables = {"of" if name == "id" else name: value for name, value in doc["variables"].items()}
        response: Response = getattr(self, doc["operationName"])(**variables)
        self.between()
        return response

    # --- what is asked ---

    def ChangedOrders(self, lines: int, **page: Any) -> Response:
        cost = page["first"] * (1 + self.per_line * lines)
        if cost > 1000:
            too_much = problem("MAX_COST_EXCEEDED", cost=cost, maxCost=1000)
            return answer(None, too_much, cost=cost)
        if self.denied:
            return answer(None, self.denied)
        names, info = self._page(**page)
        if self.failing.intersection(names):
            return answer(None, problem("INTERNAL_SERVER_ERROR"), cost=cost)
        rows = [self._cut(self.orders[name], lines) for name in names]
        return answer({"orders": {"pageInfo": info, "nodes": rows}}, cost=cost)

    def HowMany(self, search: str, most: int) -> Response:
        return answer({"ordersCount": {"count": min(most, len(self.orders))}})

    def ChangedIds(self, **page: Any) -> Response:
        names, info = self._page(**page)
        return answer({"orders": {"pageInfo": info, "nodes": [{"id": name} for name in names]}})

    def OneOrder(self, of: str, lines: int) -> Response:
        if of in self.failing:
            return answer(None, problem("INTERNAL_SERVER_ERROR"))
        row = self.orders.get(of)
        return answer({"order": self._cut(row, lines) if row else None})

    def SomeOrders(self, ids: list[str], lines: int) -> Response:
        if self.failing.intersection(ids):
            return answer(None, problem("INTERNAL_SERVER_ERROR"))
        rows = [self.orders.get(name) for name in ids]
        return answer({"nodes": [self._cut(row, lines) if row else None for row in rows]})

    def WhenChanged(self, ids: list[str]) -> Response:
        rows = [self.orders.get(name) for name in ids]
        return answer({"nodes": [{k: row[k] for k in ("id", "updatedAt")} if row else None for row in rows]})

    def ChangedWork(self, first: int, after: str | None, changed: str) -> Response:
        found = _SINCE.fullmatch(changed)
        assert found
        if self.no_work:
            return answer(None, problem("ACCESS_DENIED", "fulfillmentOrders"))
        rows = sorted((when, name) for name, when in self.work_changed.items() if when >= found[1])
        nodes = [{"orderId": name, "updatedAt": when} for when, name in rows]
        if int(after or 0) >= self.longest:
            return answer(None, problem("BAD_REQUEST"))
        return answer({"fulfillmentOrders": part(nodes, first, int(after or 0))})

    def MoreLines(self, of: str, after: str, first: int) -> Response:
        return self._more(of, "lineItems", after, first)

    def MoreShipping(self, of: str, after: str, first: int) -> Response:
        return self._more(of, "shippingLines", after, first)

    def MoreWork(self, of: str, after: str, first: int) -> Response:
        return self._more(of, "fulfillmentOrders", after, first)

    def LeftAndRefunded(self, ids: list[str], first: int, left: bool, refunded: bool) -> Response:
        if len(ids) > self.most_ids:
            return answer(None, problem("MAX_COST_EXCEEDED"))
        nodes: list[Json | None] = []
        for name in ids:
            row = self.orders.get(name)
            some: Json = {"id": name}
            if row and left:
                some["fulfillments"] = [
                    {**each, "fulfillmentLineItems": part(each["fulfillmentLineItems"]["nodes"], 10)}
                    for each in row.get("fulfillments", [])[:first]
                ]
            if row and refunded:
                some["refunds"] = row.get("refunds", [])[:first]
            nodes.append(some if row else None)
        return answer({"nodes": nodes})

    def AllLeftAndRefunded(self, of: str) -> Response:
        row = self.orders[of]
        departures = [
            {key: value for key, value in each.items() if key != "fulfillmentLineItems"}
            for each in row.get("fulfillments", [])
        ]
        found = {"id": of, "fulfillments": departures, "refunds": row.get("refunds", [])}
        return answer({"order": found})

    def TheirLines(self, ids: list[str]) -> Response:
        if len(ids) > self.most_ids:
            return answer(None, problem("MAX_COST_EXCEEDED"))
        nodes: list[Json] = []
        for row in self.orders.values():
            for kind, lists in (("fulfillments", "fulfillmentLineItems"), ("refunds", "refundLineItems")):
                nodes += (
                    {"id": each["id"], lists: part(each.get(lists, conn())["nodes"], 10)}
                    for each in row.get(kind, [])
                    if each["id"] in ids
                )
        return answer({"nodes": nodes})

    def LeftLines(self, of: str, after: str, first: int) -> Response:
        for row in self.orders.values():
            for each in row.get("fulfillments", []):
                if each["id"] == of:
                    rest = part(each["fulfillmentLineItems"]["nodes"], first, int(after))
                    return answer({"node": {"fulfillmentLineItems": rest}})
        return answer({"node": None})

    def WorkLines(self, ids: list[str]) -> Response:
        return answer({"nodes": [self._work(name, 20) for name in ids]})

    def MoreWorkLines(self, of: str, after: str, first: int) -> Response:
        return answer({"node": self._work(of, first, int(after))})

    # --- how it is found ---

    def _page(self, first: int, after: str | None, changed: str) -> tuple[list[str], Json]:
        found = _SINCE.fullmatch(changed)
        assert found, "an unquoted time is searched by whole days"
        last = tuple(json.loads(after)) if after else ("", "")
        rows = sorted((when, name) for name, when in self.index.items())
        rest = [pair for pair in rows if pair[0] >= found[1] and pair > last]
        page = rest[:first]
        info = {
            "hasNextPage": len(rest) > first,
            "endCursor": json.dumps(page[-1]) if page else None,
        }
        return [name for _, name in page], info

    def _cut(self, row: Json, lines: int) -> Json:
        hidden = ("fulfillments", "refunds")
        works = [
            {key: value for key, value in each.items() if key != "lineItems"}
            for each in row["fulfillmentOrders"]["nodes"]
        ]
        return {
            **{key: value for key, value in row.items() if key not in hidden},
            "lineItems": part(row["lineItems"]["nodes"], lines),
            "shippingLines": part(row["shippingLines"]["nodes"], 3),
            "fulfillmentOrders": part(works, 5),
        }

    def _more(self, of: str, name: str, after: str, first: int) -> Response:
        row = self.orders.get(of)
        return answer({"order": {name: part(row[name]["nodes"], first, int(after))} if row else None})

    def _work(self, of: str, first: int, start: int = 0) -> Json | None:
        for row in self.orders.values():
            for each in row["fulfillmentOrders"]["nodes"]:
                if each["id"] == of:
                    return {**each, "lineItems": part(each["lineItems"]["nodes"], first, start)}
        return None


def part(rows: list[Json], first: int, start: int = 0) -> Json:
    more = len(rows) > start + first
    return {
        "pageInfo": {"hasNextPage": more, "endCursor": str(start + first)},
        "nodes": rows[start : start + first],
    }


def run(flow: Flow[T], reply: Callable[[Read], Response]) -> T:
    try:
        read = next(flow)
        while True:
            read = flow.send(reply(read))
    except StopIteration as done:
        result: T = done.value
        return result


def pulled(
    there: Callable[[Read], Response], cursor: str | None = None, now: datetime = NOW, **more: Any
) -> Page:
    return run(shop(**more).fetch_orders(cursor, since=datetime(2026, 11, 1, tzinfo=UTC), now=now), there)


def drained(
    there: Callable[[Read], Response], cursor: str | None = None, now: datetime = NOW
) -> tuple[list[int], str]:
    """The orders of a whole run, and where the next one starts."""
    seen: list[int] = []
    for _ in range(400):
        page = pulled(there, cursor, now)
        seen += [int(each.ref) for each in page.items]
        cursor = page.next
        if not page.more:
            return seen, cursor
    raise AssertionError("the run has no end")


def placed(ref: int, minutes: float = 0, *lines: Json, **more: Any) -> Json:
    when = datetime(2026, 11, 22, 3, 0, tzinfo=UTC) + timedelta(minutes=minutes)
    return order(*(lines or (line(ref * 100),)), ref=ref, **{"updatedAt": stamp(when), **more})


# --- runs ---------------------------------------------------------------------------------------------


def test_a_run_reads_every_order_once() -> None:
    there = Shop(*(placed(ref, ref % 7) for ref in range(1, 61)))
    seen, _ = drained(there)
    assert sorted(seen) == list(range(1, 61))


def pages(there: Shop) -> list[Read]:
    return [read for read in there.reads if "changed" in json.loads(read.body)["variables"]]


def test_pages_grow_to_what_the_points_allow() -> None:
    there = Shop(*(placed(ref, ref) for ref in range(1, 101)))
    drained(there)
    sizes = [json.loads(read.body)["variables"]["first"] for read in pages(there)]
    assert sizes == [5, 10, 20, 40, 50]
    # What is asked for by id comes fifty at a time, and as many as the points allow.
    assert there.asked["ChangedOrders"] == 5
    assert set(there.asked) == {"ChangedOrders", "HowMany", "WorkLines"}


def test_a_page_says_what_it_is_likely_to_cost() -> None:
    """The core takes so many points from the bucket before it asks."""
    there = Shop(*(placed(ref, ref) for ref in range(1, 101)))
    drained(there)
    real = [size * 2.0 for size in (5, 10, 20, 40, 50)]
    assert [read.cost for read in pages(there)[1:]] == pytest.approx(real[1:])


@given(st.lists(st.integers(0, 90), min_size=1, max_size=40), st.data())
@settings(deadline=None, max_examples=40)
def test_nothing_is_lost_while_rows_move(minutes: list[int], data: st.DataObject) -> None:
    """Orders change between two pages, in the shop at once and in its search when it comes to it."""
    there = Shop(*(placed(ref, at) for ref, at in enumerate(minutes, 1)))
    wanted = {int(row["id"].rpartition("/")[2]): row["updatedAt"] for row in there.orders.values()}
    time = NOW

    def between() -> None:
        nonlocal time
        time += timedelta(seconds=20)
        if len(there.reads) < 20 and data.draw(st.booleans()):
            ref = data.draw(st.sampled_from(sorted(wanted)))
            there.change(ref, time)
            wanted[ref] = stamp(time)
        if data.draw(st.booleans()):
            there.catch_up()

    there.between = between
    known: dict[int, datetime] = {}
    cursor: str | None = None
    for _ in range(200):
        page = pulled(there, cursor, time)
        known |= {int(each.ref): each.updated_at for each in page.items}
        cursor = page.next
        if not page.more and len(there.reads) > 25:
            break
    # One more run, once the search has caught up.
    there.between = lambda: None
    there.catch_up()
    while True:
        page = pulled(there, cursor, time)
        known |= {int(each.ref): each.updated_at for each in page.items}
        cursor = page.next
        if not page.more:
            break
    assert {ref: stamp(when) for ref, when in known.items()} == wanted


def test_what_the_search_shows_late_is_found_by_the_next_run() -> None:
    there = Shop(placed(1, 0))
    there.orders["gid://shopify/Order/2"] = placed(2, 119)  # a minute ago, and not searchable yet
    seen, cursor = drained(there)
    assert seen == [1]
    there.catch_up()
    later, _ = drained(there, cursor, NOW + timedelta(minutes=2))
    assert later == [2]


def test_a_run_begins_where_the_last_one_began_less_the_lag() -> None:
    """By the time at which the run began: a change while it ran may be searchable only after it."""
    there = Shop(*(placed(ref, ref) for ref in range(1, 31)))
    one = pulled(there)
    assert one.more
    page = pulled(there, one.next, NOW + timedelta(hours=2))
    while page.more:
        page = pulled(there, page.next, NOW + timedelta(hours=3))
    assert json.loads(page.next)["since"] == stamp(NOW - OVERLAP)


def test_where_our_clock_is_ahead_the_shops_own_counts() -> None:
    there = Shop(placed(1))

    def dated(read: Read) -> Response:
        return Response(200, headers={"Date": "Sun, 22 Nov 2026 04:00:00 GMT"}, body=there(read).body)

    assert json.loads(pulled(dated).next)["since"] == "2026-11-22T03:55:00Z"
    behind = NOW - timedelta(hours=3)
    assert json.loads(pulled(dated, now=behind).next)["since"] == stamp(behind - OVERLAP)


def test_a_quiet_shop_costs_two_questions() -> None:
    there = Shop(placed(1))
    _, cursor = drained(there)
    there.reads.clear()
    assert drained(there, cursor, NOW + timedelta(minutes=10))[0] == []
    assert there.asked == Counter(ChangedOrders=1, ChangedWork=1)


# --- what changes behind the orders' back -------------------------------------------------------------


def routed(there: Shop, ref: int, when: datetime) -> None:
    """Shopify makes an order's fulfillment orders, and the order itself does not count as changed."""
    name = f"gid://shopify/Order/{ref}"
    there.orders[name] = {**there.orders[name], "fulfillmentOrders": conn(work(ref, "OPEN", (ref * 100, 2)))}
    there.work_changed[name] = stamp(when)


def test_an_order_that_is_routed_after_it_was_read_becomes_ready() -> None:
    there = Shop(placed(1, 0, fulfillmentOrders=conn()), placed(2, 1))
    page = pulled(there)
    assert [each.ready for each in page.items] == [False, True]
    routed(there, 1, NOW + timedelta(minutes=1))
    there.reads.clear()
    later = pulled(there, page.next, NOW + timedelta(minutes=10))
    assert [(each.ref, each.ready) for each in later.items] == [("1", True)]
    assert there.asked == Counter(ChangedOrders=1, ChangedWork=1, SomeOrders=1, WorkLines=1)


def test_more_changed_work_than_shopify_pages_through_is_read_with_a_new_beginning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After a long pause: else the run would never come to its end, and no new order would come in."""
    monkeypatch.setattr(_reading, "LONG", 200)
    there = Shop(placed(1, 0, fulfillmentOrders=conn()))
    _, cursor = drained(there)
    there.longest = 300
    for minute in range(450):  # of orders that we do not see
        there.work_changed[f"gid://shopify/Order/{1000 + minute}"] = stamp(NOW + timedelta(minutes=minute))
    routed(there, 1, NOW + timedelta(minutes=500))
    assert drained(there, cursor, NOW + timedelta(days=1))[0] == [1]
    assert there.asked["ChangedWork"] == 8


def test_what_changed_with_its_order_is_not_read_twice() -> None:
    there = Shop(*(placed(ref, ref, fulfillmentOrders=conn()) for ref in range(1, 31)))
    _, cursor = drained(there)
    then = NOW + timedelta(minutes=1)
    for ref in range(1, 31):
        routed(there, ref, then)
        if ref != 7:
            there.change(ref, then)
    there.catch_up()
    there.reads.clear()
    cursor = json.dumps({**json.loads(cursor), "first": 10})  # more pages than one
    seen, _ = drained(there, cursor, NOW + timedelta(minutes=10))
    assert sorted(seen) == list(range(1, 31))
    assert there.asked["SomeOrders"] == 1
    assert ["gid://shopify/Order/7"] in [
        json.loads(read.body)["variables"].get("ids") for read in there.reads
    ]


def test_a_late_one_over_which_shopify_fails_is_set_aside() -> None:
    there = Shop(placed(1, 0, fulfillmentOrders=conn()), placed(2, 1, fulfillmentOrders=conn()))
    _, cursor = drained(there)
    routed(there, 1, NOW + timedelta(minutes=1))
    routed(there, 2, NOW + timedelta(minutes=1))
    there.failing = {"gid://shopify/Order/1"}
    page = pulled(there, cursor, NOW + timedelta(minutes=10))
    assert ([each.ref for each in page.items], [each.ref for each in page.set_aside]) == (["2"], ["1"])


def test_a_late_one_alone_over_which_shopify_fails_costs_no_other_order() -> None:
    there = Shop(placed(1, 0, fulfillmentOrders=conn()), placed(2, 1))
    _, cursor = drained(there)
    routed(there, 1, NOW + timedelta(minutes=1))
    there.change(2, NOW + timedelta(minutes=2))
    there.catch_up()
    there.failing = {"gid://shopify/Order/1"}
    page = pulled(there, cursor, NOW + timedelta(minutes=10))
    assert ([each.ref for each in page.items], [each.ref for each in page.set_aside]) == (["2"], ["1"])
    assert not page.more


def test_an_app_that_may_not_see_fulfillment_orders_still_reads_orders() -> None:
    there = Shop(placed(1, 0, fulfillmentOrders=conn()))
    there.no_work = True
    _, cursor = drained(there)
    there.change(1, NOW + timedelta(minutes=1))
    there.catch_up()
    page = pulled(there, cursor, NOW + timedelta(minutes=10))
    assert [(each.ref, each.ready) for each in page.items] == [("1", False)]


def test_a_cursor_that_shopify_takes_no_more_begins_the_run_anew() -> None:
    there = Shop(*(placed(ref, ref) for ref in range(1, 31)))
    page = pulled(there)

    def forgetful(read: Read) -> Response:
        if json.loads(read.body)["variables"].get("after"):
            return answer(None, {"message": "Invalid cursor for current pagination sort."})
        return there(read)

    again = pulled(forgetful, page.next)
    assert [each.ref for each in again.items][:3] == ["1", "2", "3"]
    with pytest.raises(Rejected):  # once is chance; again and again would never come to an end
        pulled(forgetful, again.next)


@given(st.integers(0, 90))
def test_a_long_run_takes_a_new_beginning_and_passes_over_nothing(minutes: int) -> None:
    """Shopify pages through 25,000 things and no further."""
    at = started(first(NOW - timedelta(days=9)), NOW)
    long = Position(since=at.since, began=at.began, after="x", read=19_999)
    changed = [stamp(NOW - timedelta(minutes=each)) for each in (minutes + 3, minutes + 4, 1)]
    new = after_page(long, changed, "y", 100.0)
    if minutes + 4 <= 5:  # all of these have changed since just now: their old places are not known
        assert (new.after, new.since) == ("y", at.since)
    else:
        assert (new.after, new.since) == ("", min(changed))
        assert (new.began, new.read) == (at.began, 0)


def test_behind_a_new_beginning_older_fulfillment_orders_still_count() -> None:
    """What changed in fulfillment orders is looked up at the end of a run, for all the time of the run."""
    there = Shop(
        placed(1, -180, fulfillmentOrders=conn()),  # routed in the part that was read before
        placed(2, -30),  # was read in that part itself
        placed(3, 70),
    )
    routed(there, 1, NOW - timedelta(minutes=140))
    routed(there, 2, NOW - timedelta(minutes=140))
    long = started(attrs.evolve(first(NOW - timedelta(minutes=200)), again=True, read=19_999), NOW)
    changed = [stamp(NOW - timedelta(minutes=100))]
    rolled = after_page(attrs.evolve(long, after="x"), changed, "y", 100.0)
    assert (rolled.since, rolled.after) == (changed[0], "")
    there.reads.clear()
    page = pulled(there, rolled.text)
    assert sorted(each.ref for each in page.items) == ["1", "3"]
    assert not page.more
    assert "work_since" not in page.next or json.loads(page.next)["work_since"] == ""


def test_a_second_new_beginning_keeps_where_the_first_one_was() -> None:
    at = started(attrs.evolve(first(NOW - timedelta(days=9)), again=True), NOW)
    for days in (5, 3):
        changed = [stamp(NOW - timedelta(days=days))]
        at = after_page(attrs.evolve(at, after="x", read=19_999), changed, "y", 100.0)
    assert (at.since, at.work_since) == (changed[0], stamp(NOW - timedelta(days=9)))


def test_a_page_of_nothing_in_a_long_run_is_no_place_to_begin_anew() -> None:
    at = started(first(NOW - timedelta(days=9)), NOW)
    new = after_page(attrs.evolve(at, after="x", read=20_000), [], "y", 100.0)
    assert (new.since, new.after, new.read) == (at.since, "y", 20_000)
    assert new_beginning(at.since, at.began, []) == ""


def test_a_run_never_begins_before_what_was_asked_for() -> None:
    there = Shop(placed(1))
    page = run(shop().fetch_orders(None, since=NOW, now=NOW), there)
    assert json.loads(page.next)["since"] == stamp(NOW)


# --- too much at once ---------------------------------------------------------------------------------


def test_a_page_that_costs_too_much_is_halved_until_it_does_not() -> None:
    there = Shop(*(placed(ref, ref) for ref in range(1, 13)))
    there.per_line = 30
    seen, cursor = drained(there)
    sizes = [json.loads(read.body)["variables"]["first"] for read in pages(there)]
    assert sizes[:2] == [5, 2]
    assert sorted(seen) == list(range(1, 13))
    assert max(sizes[2:]) <= 3, "what fits is remembered"
    assert json.loads(cursor)["first"] <= 3


def test_where_one_order_costs_too_much_fewer_of_its_lines_come_at_once() -> None:
    there = Shop(placed(1, 0, *(line(ref) for ref in range(1, 31))))
    there.per_line = 90
    page = pulled(there)
    assert [len(each.lines) for each in page.items] == [30]
    assert there.asked["MoreLines"] == 1


def test_what_is_asked_for_by_id_is_halved_too() -> None:
    gone = {"displayFulfillmentStatus": "FULFILLED"}
    there = Shop(
        *(
            placed(
                ref,
                ref,
                line(ref, unfulfilledQuantity=0),
                **gone,
                fulfillments=[departure(ref, (ref, 2))],
            )
            for ref in range(1, 11)
        )
    )
    there.most_ids = 2
    page = pulled(there)
    assert [each.lines[0].fulfilled for each in page.items] == [2] * 5
    sizes = [len(json.loads(read.body)["variables"]["ids"]) for read in there.reads[1:]]
    assert sizes[:6] == [3, 1, 1, 1, 1, 1]


def test_what_can_be_made_no_smaller_is_said() -> None:
    there = Shop(placed(1))
    there.per_line = 1000
    with pytest.raises(TooCostly) as caught:
        pulled(there)
    assert caught.value.most == 1000
    assert len(there.reads) < 12


# --- lists that go on ---------------------------------------------------------------------------------


def test_lists_are_read_to_their_end() -> None:
    rows = [line(ref) for ref in range(1, 261)]
    works = [work(ref) for ref in range(1, 8)]
    there = Shop(
        placed(
            1,
            0,
            *rows,
            fulfillmentOrders=conn(*works[:6], work(7, "ON_HOLD", (1, 2))),
            shippingLines=conn(way(), way(), way(), way("1.00")),
        )
    )
    (found,) = pulled(there).items
    assert len(found.lines) == 260
    assert len(found.shipping) == 4
    assert there.asked == Counter(ChangedOrders=1, MoreLines=5, MoreShipping=1, MoreWork=1, WorkLines=1)


def test_an_order_that_goes_away_while_it_is_read_is_no_half_order() -> None:
    there = Shop(placed(1, 0, *(line(ref) for ref in range(1, 40))))
    there.between = there.orders.clear
    page = pulled(there)
    assert page.items == ()
    assert [each.ref for each in page.set_aside] == ["1"]
    assert "went away" in page.set_aside[0].why


def test_a_list_that_never_ends_is_no_order() -> None:
    there = Shop(placed(1, 0, *(line(ref) for ref in range(1, 40))))
    endless = {"pageInfo": {"hasNextPage": True, "endCursor": "25"}, "nodes": [line(99)]}

    def stuck(read: Read) -> Response:
        if b"MoreLines" in read.body:
            return answer({"order": {"lineItems": endless}})
        return there(read)

    assert "do not end" in pulled(stuck).set_aside[0].why


def test_departures_and_refunds_are_asked_for_once_for_all_orders_that_have_some() -> None:
    back = [{"id": "gid://shopify/Refund/9", "totalRefundedSet": bag("5.00")}]
    there = Shop(
        placed(1),
        placed(
            2,
            1,
            line(20, 3, unfulfilledQuantity=1),
            fulfillments=[departure(1, (20, 2))],
            displayFulfillmentStatus="PARTIALLY_FULFILLED",
        ),
        placed(3, 2, refunds=back, totalRefundedSet=bag("5.00")),
    )
    found = {each.ref: each for each in pulled(there).items}
    assert there.asked == Counter(ChangedOrders=1, LeftAndRefunded=1, WorkLines=1)
    asked = json.loads(there.reads[1].body)["variables"]["ids"]
    assert asked == ["gid://shopify/Order/2", "gid://shopify/Order/3"]
    assert [(each.fulfilled, each.open) for each in found["2"].lines] == [(2, 1)]
    assert [each.amount for each in found["3"].refunds] == [Money.parse("5.00 EUR")]


def test_more_departures_than_one_answer_holds_are_all_read() -> None:
    """A plain list does not say that it goes on, and a departure's lines do."""
    many = [departure(ref, (20, 1)) for ref in range(1, 31)]
    many.append(departure(99, *((ref, 1) for ref in range(500, 530)), (20, 1)))
    there = Shop(placed(2, 1, line(20, 40, unfulfilledQuantity=9), fulfillments=many))
    (found,) = pulled(there).items
    assert found.lines[0].fulfilled == 31
    assert there.asked == Counter(
        ChangedOrders=1, LeftAndRefunded=1, AllLeftAndRefunded=1, TheirLines=2, LeftLines=1, WorkLines=1
    )


@pytest.mark.parametrize("kind", ["fulfillments", "refunds"])
def test_an_order_with_more_of_them_than_shopify_shows_is_set_aside_and_the_others_go_on(kind: str) -> None:
    """What is not shown may have left, or was given back: its units would be ordered once more."""
    back = {"totalRefundedSet": bag("1.00"), "refundLineItems": conn()}
    many = {
        "fulfillments": [departure(ref, (20, 1)) for ref in range(250)],
        "refunds": [{"id": f"gid://shopify/Refund/{ref}", **back} for ref in range(250)],
    }
    more = {kind: many[kind], "totalRefundedSet": bag("250.00")}
    there = Shop(placed(1), placed(2, 1, line(20, 500, unfulfilledQuantity=250), **more))
    page = pulled(there)
    assert [each.ref for each in page.items] == ["1"]
    (aside,) = page.set_aside
    assert aside.ref == "2"
    assert "Shopify shows no others" in aside.why


def test_the_lines_of_fulfillment_orders_that_may_ship_are_read_once_for_all() -> None:
    """Shopify leaves out those that we may not see without a word, so what we see is counted."""
    held = work(31, "ON_HOLD", *((ref, 2) for ref in range(700, 725)), (21, 2))
    there = Shop(
        placed(1),
        placed(2, 1, line(20), line(21), fulfillmentOrders=conn(work(29, "OPEN", (20, 2)), held)),
    )
    found = {each.ref: each for each in pulled(there).items}
    assert [each.open for each in found["2"].lines] == [2, 0]
    assert there.asked == Counter(ChangedOrders=1, WorkLines=1)
    (asked,) = (json.loads(read.body)["variables"]["ids"] for read in there.reads[1:])
    assert asked == ["gid://shopify/FulfillmentOrder/301", "gid://shopify/FulfillmentOrder/29"]


def test_a_service_reads_the_lines_that_were_requested_of_it() -> None:
    rows = [*((ref, 1) for ref in range(700, 725)), (20, 1)]
    ours = work(
        31, "OPEN", *rows, requestStatus="SUBMITTED", assignedLocation={"location": place(2, "rewix")}
    )
    there = Shop(placed(2, 1, line(20), line(21), fulfillmentOrders=conn(work(30, "OPEN", (21, 2)), ours)))
    (found,) = pulled(there, service="rewix").items
    assert [each.open for each in found.lines] == [1, 0]
    assert there.asked == Counter(ChangedOrders=1, WorkLines=1, MoreWorkLines=1)


def test_work_that_is_moved_while_it_is_read_is_never_taken_for_ours() -> None:
    """Another fulfillment order stands for it by then, perhaps of another's: the order is read again."""
    there = Shop(placed(1), placed(2, 1))

    def moved() -> None:
        there.orders["gid://shopify/Order/2"]["fulfillmentOrders"] = conn(work(77, "OPEN", (200, 2)))

    there.between = moved
    page = pulled(there)
    assert [each.ref for each in page.items] == ["1"]
    assert [(each.ref, each.path) for each in page.set_aside] == [("2", "$.fulfillmentOrders")]


# --- orders that cannot be read -----------------------------------------------------------------------


def test_one_bad_order_never_stops_a_page() -> None:
    there = Shop(placed(1), placed(2, 1, line(20, quantity=None)), placed(3, 2))
    page = pulled(there)
    assert [each.ref for each in page.items] == ["1", "3"]
    assert [(each.ref, each.path) for each in page.set_aside] == [("2", "$.lineItems.nodes[0].quantity")]


def test_an_order_over_which_shopify_fails_is_set_aside_and_the_others_are_read() -> None:
    there = Shop(placed(1), placed(2, 1), placed(3, 2))
    there.failing = {"gid://shopify/Order/2"}
    page = pulled(there)
    assert [each.ref for each in page.items] == ["1", "3"]
    assert [each.ref for each in page.set_aside] == ["2"]
    assert not page.more


def test_a_page_with_one_order_alone_over_which_shopify_fails_goes_on() -> None:
    there = Shop(placed(1))
    there.failing = {"gid://shopify/Order/1"}
    page = pulled(there)
    assert (page.items, [each.ref for each in page.set_aside]) == ((), ["1"])


def test_an_order_over_whose_departures_shopify_fails_is_set_aside_and_the_others_are_read() -> None:
    """The second round asks for what only some have, for all of them at once; then for each by itself."""
    gone = {"displayFulfillmentStatus": "FULFILLED", "fulfillments": [departure(800, (10, 2))]}
    there = Shop(*(placed(ref, ref, **gone) for ref in (1, 2, 3)))

    def failing(read: Read) -> Response:
        doc = json.loads(read.body)
        if doc["operationName"] == "LeftAndRefunded" and "gid://shopify/Order/2" in doc["variables"]["ids"]:
            return answer(None, problem("INTERNAL_SERVER_ERROR"))
        return there(read)

    page = pulled(failing)
    assert [each.ref for each in page.items] == ["1", "3"]
    assert [each.ref for each in page.set_aside] == ["2"]
    assert not page.more


def test_where_shopify_fails_over_all_of_them_the_pull_waits() -> None:
    there = Shop(placed(1), placed(2, 1))
    there.failing = set(there.orders)
    with pytest.raises(Unavailable):
        pulled(there)


def test_words_of_next_years_shopify_are_read_as_they_are() -> None:
    there = Shop(placed(1, 0, displayFinancialStatus="BARTERED", displayFulfillmentStatus="BEAMED"))
    (found,) = pulled(there).items
    assert (found.payment.value, found.raw_status) == ("UNKNOWN", "BEAMED")


# --- one order ----------------------------------------------------------------------------------------


def test_one_order_is_read_with_all_it_has() -> None:
    there = Shop(placed(1, 0, *(line(ref) for ref in range(1, 40))))
    found = run(shop().fetch_order("1"), there)
    assert found is not None
    assert len(found.lines) == 39


@pytest.mark.parametrize("ref", ["77", "", "1 or 1", "gid://shopify/Order/1", "¹"])
def test_an_order_that_the_shop_does_not_show_is_none(ref: str) -> None:
    assert run(shop().fetch_order(ref), Shop(placed(1))) is None


def test_one_order_that_cannot_be_read_says_why() -> None:
    with pytest.raises(Malformed, match="quantity"):
        run(shop().fetch_order("1"), Shop(placed(1, 0, line(10, quantity=-1))))


# --- what went wrong ----------------------------------------------------------------------------------


def raised(response: Response) -> BridgeError:
    with pytest.raises(BridgeError) as caught:
        pulled(lambda _: response)
    return caught.value


def test_a_scope_that_is_missing_is_named_with_the_request() -> None:
    denied = problem(
        "ACCESS_DENIED", "orders", "nodes", 0, "shippingAddress", requiredAccess="`read_orders` access scope."
    )
    error = raised(answer(None, denied, x_request_id="7e85-033"))
    assert isinstance(error, Forbidden)
    for part_of_it in ("read_orders", "orders.nodes.0.shippingAddress", "7e85-033"):
        assert part_of_it in str(error)


def test_half_an_answer_never_passes_for_all_of_it() -> None:
    there = Shop(placed(1))
    data = json.loads(there(ask(shop().settings, "query ChangedOrders", page_variables())).body)["data"]
    denied = problem("ACCESS_DENIED", "orders", "nodes", 0, "shippingAddress")
    assert isinstance(raised(answer(data, denied)), Forbidden)


def page_variables() -> Json:
    return {"first": 5, "after": None, "changed": "updated_at:>='2026-11-01T00:00:00Z'", "lines": 5}


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (Response(401, body=b'{"errors":"[API] Invalid API key or access token"}'), Unauthorized),
        (Response(402, body=b'{"errors":"Unavailable Shop"}'), Rejected),
        (Response(403, body=b'{"errors":"User does not have access"}'), Forbidden),
        (Response(423, body=b"{}"), Rejected),
        (Response(430, body=b""), Forbidden),
        (Response(429, body=b"{}"), RateLimited),
        (Response(503, body=b"<html>Oops</html>"), Unavailable),
        (Response(200, body=b"<html>Oops</html>"), Malformed),
        (Response(200, body=b'{"data":null}'), Malformed),
        (Response(200, body=b'{"errors":"odd"}'), Rejected),
        (Response(200, body=b'{"errors":{"base":["odd"]}}'), Rejected),
        (answer(None, problem("THROTTLED")), RateLimited),
        (answer(None, {"message": "you must provide one of first or last"}), Rejected),
    ],
)
def test_each_way_to_fail_is_told_apart(response: Response, kind: type[BridgeError]) -> None:
    assert type(raised(response)) is kind


# --- points -------------------------------------------------------------------------------------------


THROTTLED = json.dumps(
    {
        "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
        "extensions": {
            "cost": {
                "requestedQueryCost": 752,
                "actualQueryCost": None,
                "throttleStatus": {
                    "maximumAvailable": 1000.0,
                    "currentlyAvailable": 666,
                    "restoreRate": 50.0,
                },
            }
        },
    }
).encode()


def test_an_answer_says_what_is_left_though_its_status_is_200() -> None:
    assert meter(answer({})) == Allowance(left=1990, per_second=100, most=2000)
    assert meter(Response(200, body=THROTTLED)) == Allowance(
        left=666, per_second=50, most=1000, throttled=True
    )
    assert PLATFORM.meter(Response(503, body=b"<html>throttleStatus</html>")) is None
    assert meter(Response(200, body=b'{"data":{"note":"throttleStatus"}}')) is None


# --- what answers to writes prove ---------------------------------------------------------------------


WRITE = change(shop().settings, "ship", "mutation fulfillmentCreate($f: F!) {x}", {"f": {}}, unknown=LookUp())


def judged(response: Response) -> object:
    return shop().judge(WRITE, response)


def made(fulfillment: object, *errors: Json, name: str = "fulfillmentCreate") -> Response:
    return answer({name: {"fulfillment": fulfillment, "userErrors": list(errors)}})


def test_a_write_took_place_only_if_the_answer_names_what_it_made() -> None:
    assert judged(made({"id": "gid://shopify/Fulfillment/1"})) == Confirmed()
    assert isinstance(judged(made(None)), Unknown)
    assert isinstance(judged(made({})), Unknown)
    assert isinstance(judged(answer({})), Unknown)
    assert isinstance(judged(answer({"fulfillmentCreate": None})), Unknown)
    assert isinstance(judged(made({"id": "x"}, name="somethingElse")), Unknown)
    assert isinstance(judged(Response(200, body=b"<html>Welcome</html>")), Unknown)


def test_a_refusal_carries_shopifys_words() -> None:
    verdict = judged(made(None, {"field": ["fulfillment"], "message": "Invalid quantity requested."}))
    assert verdict == Refused(Refusal.INVALID, message="Invalid quantity requested.")
    gone = judged(made(None, {"field": None, "message": "Fulfillment order does not exist."}))
    assert isinstance(gone, Refused)
    assert gone.why is Refusal.NOT_FOUND


def test_errors_beside_what_was_made_prove_nothing() -> None:
    assert isinstance(judged(made({"id": "x"}, {"field": None, "message": "odd"})), Unknown)
    data = {"fulfillmentCreate": {"fulfillment": {"id": "x"}, "userErrors": []}}
    assert isinstance(judged(answer(data, problem("INTERNAL_SERVER_ERROR"))), Unknown)
    assert isinstance(judged(answer(data, problem("ACCESS_DENIED"))), Unknown)
    assert isinstance(judged(answer(data, problem("THROTTLED"))), Unknown)


def test_a_cancel_has_its_errors_under_a_name_of_their_own() -> None:
    data = {"orderCancel": {"job": None, "orderCancelUserErrors": [{"message": "No.", "code": "INVALID"}]}}
    assert judged(answer(data)) == Refused(Refusal.INVALID, code="INVALID", message="No.")


def test_a_write_that_was_turned_away_waits_until_it_can_be_paid_for() -> None:
    assert judged(Response(200, body=THROTTLED)) == Throttled((752 - 666) / 50)
    assert judged(Response(429, headers={"Retry-After": "2.0"}, body=b"{}")) == Throttled(2.0)
    assert judged(Response(429)) == Throttled(None)


@pytest.mark.parametrize(
    ("response", "why"),
    [
        (Response(401, body=b'{"errors":"[API] Invalid API key"}'), Refusal.UNAUTHORIZED),
        (Response(403, body=b'{"errors":"[API] This action requires approval"}'), Refusal.FORBIDDEN),
        (answer(None, problem("ACCESS_DENIED", "fulfillmentCreate")), Refusal.FORBIDDEN),
        (answer({"fulfillmentCreate": None}, problem("ACCESS_DENIED")), Refusal.FORBIDDEN),
    ],
)
def test_who_may_not_write_is_told_so(response: Response, why: Refusal) -> None:
    verdict = judged(response)
    assert isinstance(verdict, Refused)
    assert verdict.why is why


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 408, 500, 502, 503])
def test_a_page_from_something_else_proves_nothing(status: int) -> None:
    assert isinstance(judged(Response(status, body=b"<html>Who are you?</html>")), Unknown)


@pytest.mark.parametrize("code", ["INTERNAL_SERVER_ERROR", "TIMEOUT", "", "A_NEW_ONE"])
def test_an_error_of_the_whole_call_leaves_its_outcome_unknown(code: str) -> None:
    assert isinstance(judged(answer(None, problem(code))), Unknown)


def test_a_request_is_the_same_bytes_each_time_and_shows_nothing() -> None:
    document = "mutation x($a: String) { y }"
    one = change(shop().settings, "a", document, {"a": "Zoë"}, unknown=Park())
    assert one == change(shop().settings, "a", document, {"a": "Zoë"}, unknown=Park())
    assert isinstance(one, Write)
    assert isinstance(one.request, Request)
    assert "Zoë" not in repr(one)
    assert one.request.cost == 10
    assert json.loads(one.request.body) == {
        "query": document,
        "variables": {"a": "Zoë"},
        "operationName": "x",
    }


def test_pages_are_never_larger_than_is_worth_it() -> None:
    at = Position(since="2026-11-22T00:00:00Z", began=stamp(NOW), first=MOST)
    assert after_page(at, [], "x", 1.0).first == MOST


@pytest.mark.parametrize("code", ["INVALID_VARIABLE", "undefinedField"])
def test_a_call_that_is_wrong_itself_has_done_nothing_and_is_not_sent_for_ever(code: str) -> None:
    wrong = answer(None, {"message": "Variable $fulfillment is invalid", "extensions": {"code": code}})
    write = Write("ship", Request("POST", "/admin/api/2026-10/graphql.json"), unknown=LookUp())
    verdict = shop().judge(write, wrong)
    assert isinstance(verdict, Refused)
    assert (verdict.code, verdict.message) == (code, "")


def test_a_link_goes_out_as_shopify_takes_it() -> None:
    """An address that RFC 3986 does not allow makes Shopify refuse the whole departure."""
    package = Package(tracking_number="1Z7", tracking_url="https://t.example/?q={a} b|ü&n=1%20Z")
    assert tracking_of("UPS", [package])["url"] == "https://t.example/?q=%7Ba%7D%20b%7C%C3%BC&n=1%20Z"
