"""How changed orders of Magento's are found: nothing is lost, nothing comes for ever, and few questions."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from one_magento_order import KIT, Json, address, item, order, part, shop
from orderbridge._http import Read, Request, Response
from orderbridge.adapters import (
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
from orderbridge.errors import Forbidden, Malformed, Rejected, Unauthorized, Unavailable
from orderbridge.stores.magento._paging import PER_PAGE
from orderbridge.stores.magento._query import Filter, above, equal, listing, one_of, since
from orderbridge.stores.magento._reading import creditmemos_of, shipments_of

T = TypeVar("T")
NOW = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
NO_RIGHT = {
    "message": "The consumer isn't authorized to access %resources.",
    "parameters": {"resources": "Magento_Catalog::products"},
}
_FILTER = re.compile(r"searchCriteria\[filter_groups\]\[(\d+)\]\[filters\]\[0\]\[(\w+)\]")
_COMPARE: dict[str, Callable[[Any, str], bool]] = {
    "eq": lambda value, wanted: str(value) == wanted,
    "in": lambda value, wanted: str(value) in wanted.split(","),
    "gt": lambda value, wanted: value > type(value)(wanted),
    "gteq": lambda value, wanted: value >= type(value)(wanted),
}


def answer(body: object, status: int = 200, **headers: str) -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, headers={k.replace("_", "-"): v for k, v in headers.items()}, body=content)


class Lists:
    """Magento's lists in memory, with its answers to pages that hold nothing."""

    def __init__(self, *orders: Json) -> None:
        self.tables: dict[str, list[Json]] = {
            "orders": list(orders),
            "shipments": [],
            "invoices": [],
            "creditmemos": [],
            "products": [],
        }
        self.breaks: set[int] = set()  # orders that Magento stumbles over
        self.repeats = False  # the last page comes again for ever, as in older shops
        self.denied: set[str] = set()
        self.reads: list[Read] = []
        self.between: Callable[[Lists], None] = lambda _: None

    def __call__(self, read: Read) -> Response:
        self.reads.append(read)
        name = read.path.removeprefix("/rest/V1/")
        if name in self.denied:
            return answer(NO_RIGHT, 401)
        params = dict(read.params)
        assert "searchCriteria[pageSize]" in params
        number = int(params.get("searchCriteria[currentPage]", 1))
        conditions: dict[str, Json] = {}
        for key, value in read.params:
            if found := _FILTER.fullmatch(key):
                conditions.setdefault(found[1], {})[found[2]] = value
        rows = [
            row
            for row in self.tables[name]
            if all(
                _COMPARE[each["condition_type"]](row[each["field"]], each["value"])
                for each in conditions.values()
            )
        ]
        by = [params[key] for key in sorted(params) if re.fullmatch(r".*sortOrders.*\[field\]", key)]
        back = params["searchCriteria[sortOrders][0][direction]"] == "DESC"
        rows.sort(key=lambda row: [row[field] for field in by], reverse=back)
        size = int(params["searchCriteria[pageSize]"])
        start = (number - 1) * size
        if self.repeats and rows:
            start = min(start, (len(rows) - 1) // size * size)
        page = rows[start : start + size]
        # Fields are left out of what was built, so a row that cannot be built breaks the answer all the same.
        if name == "orders" and any(row["entity_id"] in self.breaks for row in page):
            return answer({"message": "Internal Error. Report ID: webapi-6b02668375cb3"}, 500)
        if fields := params.get("fields"):
            names = fields.removeprefix("items[").removesuffix("],total_count").split(",")
            page = [{key: row[key] for key in names if key in row} for row in page]
        self.between(self)
        return answer({"items": page or None, "total_count": len(rows)})

    def asked(self, name: str) -> list[Read]:
        return [read for read in self.reads if read.path == f"/rest/V1/{name}"]


def run(flow: Flow[T], reply: Callable[[Read], Response]) -> T:
    try:
        read = next(flow)
        while True:
            read = flow.send(reply(read))
    except StopIteration as done:
        result: T = done.value
        return result


def at(seconds: int) -> str:
    return (datetime(2026, 11, 22, 3, 0) + timedelta(seconds=seconds)).isoformat(" ")


def placed(ref: int, seconds: int = 0, **more: Any) -> Json:
    return order(item(ref * 10), entity_id=ref, increment_id=f"{ref:09}", updated_at=at(seconds), **more)


def pulled(
    there: Callable[[Read], Response], cursor: str | None = None, now: datetime = NOW, **more: Any
) -> Page:
    return run(shop(**more).fetch_orders(cursor, since=datetime(2026, 11, 1, tzinfo=UTC), now=now), there)


def drained(there: Lists, cursor: str | None = None, now: datetime = NOW) -> tuple[list[int], str]:
    """The orders of a whole run, and where the next one starts."""
    seen: list[int] = []
    for _ in range(60):
        page = pulled(there, cursor, now)
        seen += [int(found.ref) for found in page.items]
        cursor = page.next
        if not page.more:
            return seen, cursor
    raise AssertionError("the run has no end")


# --- runs -----------------------------------------------------------------------------------------


def test_a_run_reads_every_order_once_where_times_differ() -> None:
    there = Lists(*(placed(ref, ref) for ref in range(1, 131)))
    seen, _ = drained(there)
    assert set(seen) == set(range(1, 131))
    # The last row of a page is read again with the next one, and no other.
    assert max(Counter(seen).values()) == 2
    assert len(seen) <= 130 + 130 // PER_PAGE


def test_a_crowd_in_one_second_is_read_to_its_end() -> None:
    crowd = [placed(ref, 5) for ref in range(1, 171)]
    there = Lists(placed(900, 1), *crowd, placed(901, 6))
    seen, _ = drained(there)
    assert set(seen) == {900, 901, *range(1, 171)}
    assert len(seen) < 2 * 172


def test_an_order_that_changes_while_the_run_goes_on_is_read_as_it_became() -> None:
    there = Lists(*(placed(ref, ref) for ref in range(1, 121)))
    page = pulled(there)
    there.tables["orders"][2]["updated_at"] = at(500)  # read already
    there.tables["orders"][100]["updated_at"] = at(501)  # still to come
    seen, _ = drained(there, page.next)
    assert {3, 101} <= set(seen)
    assert {int(found.ref) for found in page.items} | set(seen) == set(range(1, 121))


@given(st.lists(st.integers(0, 12), min_size=1, max_size=130), st.lists(st.integers(0, 129), max_size=6))
def test_nothing_is_lost_however_orders_stand_and_move(times: list[int], moves: list[int]) -> None:
    """An order that moves goes behind all others, as a shop's clock only goes on."""
    there = Lists(*(placed(ref, second) for ref, second in enumerate(times, 1)))
    waiting = [ref for ref in moves if ref < len(times)]
    late = iter(range(100, 200))
    expected = {ref: row["updated_at"] for ref, row in enumerate(there.tables["orders"], 1)}

    def move(shop: Lists) -> None:
        if waiting and len(shop.asked("orders")) % 2 == 0:
            row = shop.tables["orders"][waiting.pop()]
            row["updated_at"] = expected[row["entity_id"]] = at(next(late))

    there.between = move
    read: dict[int, set[str]] = {}
    cursor: str | None = None
    for _ in range(80):
        page = pulled(there, cursor)
        for found in page.items:
            read.setdefault(int(found.ref), set()).add(
                found.updated_at.replace(tzinfo=None).isoformat(" ", timespec="seconds")
            )
        cursor = page.next
        if not page.more and not waiting:
            break
    else:
        waiting.clear()
    seen, _ = drained(there, cursor)
    for ref in seen:
        read.setdefault(ref, set()).add(expected[ref])
    assert all(expected[ref] in read.get(ref, set()) for ref in expected)


def test_what_becomes_readable_late_is_found_by_the_next_run() -> None:
    there = Lists(placed(1, 100))
    _, cursor = drained(there)
    there.tables["orders"].append(placed(2, 50))
    seen, _ = drained(there, cursor)
    assert 2 in seen


def test_a_quiet_shop_is_not_read_again_and_again() -> None:
    there = Lists(placed(1, 100))
    _, cursor = drained(there)
    seen, cursor = drained(there, cursor, NOW + timedelta(minutes=20))
    assert seen == [1]
    assert drained(there, cursor, NOW + timedelta(minutes=21))[0] == []


def test_a_shop_whose_clock_is_ahead_loses_nothing() -> None:
    ahead = int((NOW - datetime(2026, 11, 22, 3, tzinfo=UTC)).total_seconds()) + 3600
    there = Lists(placed(1, ahead))
    _, cursor = drained(there)
    there.tables["orders"].append(placed(2, ahead - 3000))
    assert 2 in drained(there, cursor)[0]


def test_an_empty_shop_is_a_page_without_orders() -> None:
    page = pulled(Lists())
    assert (page.items, page.set_aside, page.more) == ((), (), False)


def test_the_first_run_begins_where_the_merchant_says() -> None:
    there = Lists(placed(1, 0, created_at="2026-01-01 00:00:00"))
    there.tables["orders"][0]["updated_at"] = "2026-10-31 23:59:59"
    assert drained(there)[0] == []
    there.tables["orders"][0]["updated_at"] = "2026-11-01 00:00:00"
    assert drained(there)[0] == [1]


def test_only_orders_of_the_store_views_that_are_meant_come() -> None:
    there = Lists(placed(1, store_id=1), placed(2, store_id=2))
    there.tables["shipments"] = [{"entity_id": 1, "order_id": 1}]
    page = pulled(there, store_ids=("2",))
    assert [found.ref for found in page.items] == ["2"]
    assert run(shop(store_ids=("2",)).fetch_order("1"), there) is None
    there.tables["shipments"].append({"entity_id": 2, "order_id": 1})
    assert [found.ref for found in pulled(there, page.next, store_ids=("2",)).items] == ["2"]


# --- what does not move an order -----------------------------------------------------------------------


@pytest.mark.parametrize("path", ["shipments", "invoices", "creditmemos"])
def test_a_second_part_is_noticed_though_the_orders_time_stands_still(path: str) -> None:
    there = Lists(placed(1, 0), placed(2, 7200))
    there.tables[path] = [{"entity_id": 5, "order_id": 1}]
    _, cursor = drained(there)
    assert drained(there, cursor)[0] == [2]
    there.tables[path].append({"entity_id": 6, "order_id": 1})
    seen, cursor = drained(there, cursor)
    assert sorted(seen) == [1, 2]
    assert drained(there, cursor)[0] == [2]


def test_more_new_shipments_than_a_page_holds_are_all_followed() -> None:
    there = Lists(*(placed(ref, 0) for ref in range(1, 241)), placed(999, 7200))
    there.tables["shipments"] = [{"entity_id": 1, "order_id": 1}]
    _, cursor = drained(there)
    there.tables["shipments"] += [{"entity_id": ref + 1, "order_id": ref} for ref in range(1, 241)]
    assert set(drained(there, cursor)[0]) == {999, *range(1, 241)}


# --- bad orders ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("repeats", [False, True], ids=["empty past the end", "the last page again"])
def test_an_order_that_magento_stumbles_over_is_set_aside_and_the_others_come(repeats: bool) -> None:
    there = Lists(*(placed(ref, ref) for ref in range(1, 61)))
    there.breaks = {17}
    there.repeats = repeats
    seen, _ = drained(there)
    assert set(seen) == set(range(1, 61)) - {17}
    (aside,) = pulled(there).set_aside
    assert (aside.ref, "the one after order 16" in aside.why) == ("", True)


@pytest.mark.parametrize("repeats", [False, True], ids=["empty past the end", "the last page again"])
def test_the_newest_order_may_be_the_one_that_magento_stumbles_over(repeats: bool) -> None:
    there = Lists(*(placed(ref, ref) for ref in range(1, 4)))
    there.breaks = {3}
    there.repeats = repeats
    page = pulled(there)
    assert [found.ref for found in page.items] == ["1", "2"]
    (aside,) = page.set_aside
    assert "the one after order 2" in aside.why


def test_an_order_that_magento_stumbles_over_is_named_where_its_id_is_known() -> None:
    there = Lists(*(placed(ref, ref) for ref in range(1, 4)))
    cursor = pulled(there).next
    there.tables["shipments"].append({"entity_id": 9, "order_id": 2})
    there.breaks = {2}
    assert "2" in {each.ref for each in pulled(there, cursor).set_aside}


def test_a_crowd_with_a_broken_order_in_it_is_read_to_its_end() -> None:
    """More orders in one minute than a page holds: the page without the broken one is a full one still."""
    there = Lists(*(placed(ref, 0) for ref in range(1, 131)))
    there.breaks = {17}
    seen, _ = drained(there)
    assert set(seen) == set(range(1, 131)) - {17}


@pytest.mark.parametrize("after", range(1, 6))
def test_nothing_is_lost_where_orders_move_while_a_page_is_read_one_by_one(after: int) -> None:
    there = Lists(*(placed(ref, ref) for ref in range(1, 6)))
    there.breaks = {5}

    def move(lists: Lists) -> None:
        if len(lists.asked("orders")) == after + 1:
            lists.tables["orders"][0]["updated_at"] = at(100)

    there.between = move
    seen, _ = drained(there)
    assert {2, 3, 4} <= set(seen)


def test_a_shop_that_fails_altogether_is_no_page() -> None:
    def reply(read: Read) -> Response:
        return answer({"message": "Internal Error."}, 500)

    with pytest.raises(Unavailable):
        pulled(reply)


def test_an_order_that_cannot_be_understood_is_set_aside_and_the_run_goes_on() -> None:
    there = Lists(placed(1, 1), placed(2, 2, items=7), placed(3, 3, grand_total=None), placed(4, 4))
    page = pulled(there)
    assert [found.ref for found in page.items] == ["1", "4"]
    assert {each.ref: each.path for each in page.set_aside} == {"2": "$.items", "3": "$.grand_total"}
    assert json.loads(page.next)["top"] == at(4)


@pytest.mark.parametrize("strange", [{"order_id": {"of": 7}}, {"entity_id": [2]}, {"entity_id": {}}])
def test_no_field_of_one_order_keeps_the_others_from_coming(strange: Json) -> None:
    rows = [placed(1, 1), {**placed(2, 2), **strange}, placed(3, 3)]

    def reply(read: Read) -> Response:
        return answer({"items": rows if read.path.endswith("/orders") else [], "total_count": len(rows)})

    assert {"1", "3"} <= {found.ref for found in pulled(reply).items}


def test_one_order_that_cannot_be_understood_is_malformed() -> None:
    for broken in (placed(1, grand_total=None), placed(1, items=7)):
        with pytest.raises(Malformed):
            run(shop().fetch_order("1"), Lists(broken))


def test_an_order_that_a_list_shows_with_the_address_of_another_is_right_by_itself() -> None:
    """Reported of 2.4.7 (magento2 #38808): each order of a list had the address of the first one."""
    there = Lists(placed(1, 1), placed(2, 2))
    for row in there.tables["orders"]:
        lives = {"address": address(parent_id=row["entity_id"], firstname=f"Shopper {row['entity_id']}")}
        row["extension_attributes"] = {"shipping_assignments": [{"shipping": lives}]}

    def reply(read: Read) -> Response:
        body = json.loads(there(read).body)
        for row in body["items"] or []:
            if "extension_attributes" in row:
                row["extension_attributes"] = body["items"][0]["extension_attributes"]
        return answer(body)

    page = pulled(reply)
    assert [found.ref for found in page.items] == ["1"]
    assert [aside.ref for aside in page.set_aside] == ["2"]
    alone = run(shop().fetch_order("2"), reply)
    assert alone is not None
    assert alone.ship_to is not None
    assert alone.ship_to.name == "Shopper 2 O'Neil"


# --- bundles and refunds -------------------------------------------------------------------------------


def kind(ref: int, shipment_type: str) -> Json:
    told = [{"attribute_code": "shipment_type", "value": shipment_type}]
    return {"id": ref, "entity_id": ref, "custom_attributes": told}


@pytest.mark.parametrize(("said", "lines"), [("1", ["8", "9", "10"]), ("0", ["8"]), ("", ["8"])])
def test_a_bundles_product_says_whether_its_parts_ship_by_themselves(said: str, lines: list[str]) -> None:
    there = Lists(order(*KIT))
    there.tables["products"] = [kind(7, said)] if said else []
    found = run(shop().fetch_order("3"), there)
    assert found is not None
    assert [line.ref for line in found.lines] == lines
    assert there.asked("products")[0].keep is not None


def test_orders_of_bundles_wait_where_products_may_not_be_read_and_the_right_is_named() -> None:
    there = Lists(order(*KIT), placed(4))
    there.denied = {"products"}
    page = pulled(there)
    assert [found.ref for found in page.items] == ["4"]
    assert [each.ref for each in page.set_aside] == ["3"]
    assert "Magento_Catalog::products" in page.set_aside[0].why


def memo(ref: int, order_id: int, amount: float, state: int = 2) -> Json:
    return {"entity_id": ref, "order_id": order_id, "grand_total": amount, "state": state}


def test_refunds_are_the_credit_memos_that_were_not_canceled() -> None:
    there = Lists(placed(1, total_paid=35, total_refunded=17.5), placed(2))
    there.tables["creditmemos"] = [memo(1, 1, 17.5), memo(2, 1, 5, state=3), memo(3, 1, 0)]
    found = {each.ref: each.refunds for each in pulled(there).items}
    assert [(each.ref, str(each.amount)) for each in found["1"]] == [("1", "17.5 USD")]
    assert found["2"] == ()


# --- how many questions ----------------------------------------------------------------------------------


@pytest.mark.parametrize("many", [1, 40])
def test_a_page_costs_the_same_number_of_questions_however_many_orders_are_on_it(many: int) -> None:
    refunded = {"total_paid": 35, "total_refunded": 5}
    there = Lists(*(placed(ref, **refunded) for ref in range(1, many + 1)))
    cursor = pulled(there).next
    # Orders, and the newest of shipments, invoices and credit memos, and the refunds.
    assert len(there.reads) == 5
    there.tables["shipments"] += [{"entity_id": ref, "order_id": 500 + ref} for ref in range(1, 41)]
    there.reads.clear()
    pulled(there, cursor)
    # One more for all orders that something was made of.
    assert len(there.reads) == 6


def test_one_order_is_one_question() -> None:
    there = Lists(placed(1))
    assert run(shop().fetch_order("1"), there) is not None
    assert len(there.reads) == 1


@pytest.mark.parametrize("ref", ["", "x", "1,2", "-1", "٣", "000000001x"])
def test_what_is_no_id_is_no_order_and_no_question(ref: str) -> None:
    there = Lists(placed(1))
    assert run(shop().fetch_order(ref), there) is None
    assert not there.reads


def test_an_order_that_is_gone_is_none_and_a_wrong_address_is_not() -> None:
    assert run(shop().fetch_order("1"), Lists()) is None
    with pytest.raises(Rejected):
        run(shop().fetch_order("1"), lambda _: answer({"message": "Request does not match any route."}, 404))


# --- whole lists -----------------------------------------------------------------------------------------


def test_a_list_is_read_to_its_end() -> None:
    there = Lists()
    there.tables["shipments"] = [{"entity_id": ref, "order_id": 1} for ref in range(1, 251)]
    assert len(run(shipments_of(shop().settings, 1), there)) == 250
    assert len(there.reads) == 3


def test_a_list_that_comes_again_for_ever_is_never_taken_for_whole() -> None:
    rows = [{"entity_id": ref, "order_id": 1} for ref in range(1, 101)]
    with pytest.raises(Malformed):
        run(creditmemos_of(shop().settings, "1"), lambda _: answer({"items": rows, "total_count": 100}))


def test_rows_of_other_orders_are_dropped() -> None:
    rows = [{"entity_id": 1, "order_id": 1}, {"entity_id": 2, "order_id": 2}]
    (found,) = run(shipments_of(shop().settings, 2), lambda _: answer({"items": rows, "total_count": 2}))
    assert found.ref == "2"


@pytest.mark.parametrize("body", [{}, {"message": "Requested product doesn't exist"}, {"total_count": 0}])
def test_a_yes_without_a_list_is_no_empty_list(body: Json) -> None:
    """Old shops, and walls before shops, answer so; no shipment there would mean to ship once more."""
    with pytest.raises(Malformed, match="items"):
        run(shipments_of(shop().settings, 1), lambda _: answer(body))
    with pytest.raises(Malformed, match="items"):
        pulled(lambda _: answer(body))


# --- questions ---------------------------------------------------------------------------------------------


def test_a_time_is_asked_for_in_utc_and_in_no_other_form() -> None:
    rome = datetime.fromisoformat("2026-11-22T04:00:00+01:00")
    assert since(rome).value == "2026-11-22 03:00:00"
    with pytest.raises(ValueError, match="time zone"):
        since(datetime(2026, 11, 22))


@pytest.mark.parametrize(
    "build",
    [
        lambda: equal("order_id", -1),
        lambda: equal("order_id", True),
        lambda: equal("increment_id", "1,2"),
        lambda: equal("status", "%"),
        lambda: equal("updated_at", "yesterday ish"),
        lambda: equal("items.sku", "MUG"),
        lambda: one_of("entity_id", list[int]()),
        lambda: Filter("updated_at", "gteq", "2026-11-22T03:00:00+01:00"),
        lambda: listing(shop().settings, "orders", size=0),
        lambda: listing(shop().settings, "orders", size=301),
        lambda: listing(shop().settings, "orders", page=0),
        lambda: listing(shop().settings, "orders", sort=()),
        lambda: listing(shop().settings, "orders", fields=("entity_id],x[",)),
    ],
)
def test_questions_that_magento_answers_wrongly_cannot_be_built(build: Callable[[], object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        build()


def test_a_list_always_has_a_size_an_order_and_its_count() -> None:
    read = listing(shop().settings, "shipments", above("entity_id", 3), fields=("entity_id", "items[qty]"))
    params = dict(read.params)
    assert params["searchCriteria[pageSize]"] == "100"
    assert params["searchCriteria[sortOrders][0][field]"] == "entity_id"
    assert params["fields"] == "items[entity_id,items[qty]],total_count"


# --- errors of reads ---------------------------------------------------------------------------------------

MAINTENANCE = (
    b"<!doctype html>\n<html><head><title>Error 503: Service Unavailable</title></head><body>"
    b"unable to service your request due to maintenance downtime or capacity problems.</body></html>"
)

APACHE = (
    b"<!DOCTYPE html><html><head><title>503 Service Unavailable</title></head><body>The server is "
    b"temporarily unable to service your request due to maintenance downtime or capacity problems."
    b"</body></html>"
)


@pytest.mark.parametrize(
    ("response", "error", "words"),
    [
        (answer(NO_RIGHT, 401), Forbidden, "Magento_Catalog::products"),
        (answer({"message": "The signature is invalid."}, 401), Unauthorized, "signature"),
        (answer(MAINTENANCE, 503), Unavailable, "maintenance"),
        (answer(b"<html>busy</html>", 503), Unavailable, "503"),
        (answer({"message": "Internal Error."}, 502), Unavailable, "HTTP 50"),
        (answer({"message": "Maximum SearchCriteria pageSize is %max"}, 400), Rejected, "pageSize"),
        (answer(b"<html>Welcome</html>"), Malformed, "web page"),
        (answer({"items": "x"}), Malformed, "items"),
    ],
)
def test_what_went_wrong_is_said_in_words(response: Response, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        run(shop().fetch_order("1"), lambda _: response)


# --- what answers to writes prove --------------------------------------------------------------------------


def judged(call: str, response: Response) -> object:
    method, path = call.split()
    write = Write("x", Request(method, f"/rest/V1{path}"), unknown=LookUp())
    return shop().judge(write, response)


SHIP, CANCEL, TRACK = "POST /order/3/ship", "POST /orders/3/cancel", "POST /shipment/track"


@pytest.mark.parametrize(
    ("call", "body", "verdict"),
    [
        (SHIP, b'"7"', Confirmed),
        (SHIP, b"7", Confirmed),
        (SHIP, b"true", Unknown),
        (SHIP, b'"0"', Unknown),
        (SHIP, b"[]", Unknown),
        (SHIP, b"", Unknown),
        (SHIP, b"<html>Welcome</html>", Unknown),
        (SHIP, b'{"entity_id": 7}', Unknown),
        ("POST /order/3/refund", b'"7"', Confirmed),
        ("POST /invoice/3/refund", b'"7"', Confirmed),
        ("POST /orders/3/comments", b"true", Confirmed),
        ("POST /orders/3/comments", b"false", Unknown),
        (CANCEL, b"true", Confirmed),
        (CANCEL, b"false", Refused),
        (CANCEL, b'"7"', Unknown),
        (TRACK, b'{"entity_id": 7}', Confirmed),
        (TRACK, b'{"entity_id": null}', Unknown),
        (TRACK, b"true", Unknown),
        ("DELETE /shipment/track/7", b"true", Confirmed),
        ("DELETE /shipment/track/7", b"false", Unknown),
        ("POST /shipment/7/comments", b'{"entity_id": 2}', Confirmed),
        ("POST /orders", b'{"entity_id": 3, "grand_total": null}', Confirmed),
        ("POST /orders", b"[]", Unknown),
        ("POST /elsewhere", b"true", Unknown),
    ],
)
def test_a_write_is_believed_where_it_is_answered_as_promised(call: str, body: bytes, verdict: type) -> None:
    assert isinstance(judged(call, answer(body)), verdict)


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer({"message": "Could not save a shipment, see error log for details"}, 400), Refusal.INVALID),
        (answer({"message": "The entity that was requested doesn't exist."}, 404), Refusal.NOT_FOUND),
        (answer(NO_RIGHT, 401), Refusal.FORBIDDEN),
        (answer({"message": "The signature is invalid."}, 401), Refusal.UNAUTHORIZED),
        (answer({"message": "The nonce is already being used by %1", "parameters": ["1"]}, 401), Unknown),
        (answer(b"<html>No.</html>", 400), Unknown),
        (answer(b'"No."', 404), Unknown),
        (answer({"message": "Internal Error."}, 500), Unknown),
        (answer({"message": "No."}, 403), Unknown),
        (answer(b"<html>busy</html>", 503), Unknown),
        # The web server's own page has Magento's words: its patience may end while PHP works on.
        (answer(APACHE, 503), Unknown),
        (answer(b"", 504), Unknown),
        (answer(MAINTENANCE, 503), Throttled),
        (answer(MAINTENANCE, 500), Unknown),
        (answer(b"", 429, retry_after="30"), Throttled),
    ],
)
def test_only_magentos_own_words_prove_that_nothing_was_done(response: Response, verdict: object) -> None:
    found = judged(SHIP, response)
    if isinstance(verdict, Refusal):
        assert isinstance(found, Refused)
        assert found.why is verdict
    else:
        assert isinstance(verdict, type)
        assert isinstance(found, verdict)


def test_a_refusal_repeats_the_sentence_and_never_what_the_shopper_wrote() -> None:
    body = {"message": "No place for %1.", "parameters": ["max@example.test"]}
    found = judged(SHIP, answer(body, 400))
    assert isinstance(found, Refused)
    assert found.message == "No place for %1."


def test_a_shop_that_says_when_is_believed() -> None:
    found = judged(SHIP, answer(b"", 429, retry_after="30"))
    assert found == Throttled(30.0)


@pytest.mark.parametrize(
    ("message", "verdict"),
    [
        ("Could not save a Creditmemo, see error log for details", Unknown),
        ("Could not be said in this language", Unknown),
        ("Creditmemo Document Validation Error(s):\nWe can't create creditmemo for the invoice.", Refused),
    ],
)
def test_a_no_after_the_gateway_was_asked_proves_nothing(message: str, verdict: type) -> None:
    """Seen on 2.4.7-p3: the gateway pays, the save fails, and the answer is a 400 like any other."""
    request = Request("POST", "/rest/V1/invoice/5/refund")
    no = answer({"message": message}, 400)
    assert isinstance(shop().judge(Write("refund", request, unknown=Park()), no), verdict)
    assert isinstance(shop().judge(Write("refund", request, unknown=LookUp()), no), Refused)


# --- what one bad answer must not stop -----------------------------------------------------------------


def test_a_broken_order_that_is_alone_in_its_time_is_set_aside_and_the_run_goes_on() -> None:
    there = Lists(placed(1, 1))
    there.breaks = {1}
    page = pulled(there)
    (aside,) = page.set_aside
    assert (page.items, "HTTP 500" in aside.why, page.more) == ((), True, False)


def test_a_shop_that_fails_altogether_is_asked_a_few_times_only() -> None:
    asked: list[Read] = []

    def reply(read: Read) -> Response:
        asked.append(read)
        if read.path.endswith("/orders"):
            return answer({"message": "Internal Error."}, 500)
        return answer({"items": [], "total_count": 0})

    with pytest.raises(Unavailable):
        pulled(reply)
    assert sum(read.path.endswith("/orders") for read in asked) == 4


def test_a_credit_memo_that_cannot_be_read_sets_its_order_aside_and_no_other() -> None:
    there = Lists(placed(1, 1), placed(2, 2, total_refunded=5))
    there.tables["creditmemos"].append({"entity_id": 1, "order_id": 2, "grand_total": "n/a"})
    page = pulled(there)
    assert [found.ref for found in page.items] == ["1"]
    assert [(aside.ref, aside.path) for aside in page.set_aside] == [("2", "$.total_refunded")]


def test_credit_memos_that_magento_stumbles_over_set_their_orders_aside_and_no_others() -> None:
    there = Lists(placed(1, 1), placed(2, 2, total_refunded=5))

    def reply(read: Read) -> Response:
        if read.path.endswith("/creditmemos") and "order_id" in dict(read.params).values():
            return answer({"message": "Internal Error."}, 500)
        return there(read)

    page = pulled(reply)
    assert [found.ref for found in page.items] == ["1"]
    assert [(aside.ref, aside.path) for aside in page.set_aside] == [("2", "$.total_refunded")]


@pytest.mark.parametrize("broken", ["shipments", "invoices", "creditmemos"])
def test_a_paper_that_magento_stumbles_over_keeps_no_order_from_coming(broken: str) -> None:
    """All the list fails then; what was made of orders meanwhile is noticed once it is whole again."""
    there = Lists(placed(1, 1))
    later = NOW + timedelta(hours=1)
    cursor = drained(there, drained(there)[1], later)[1]
    there.tables["orders"].append(placed(2, 2))
    there.tables[broken].append({"entity_id": 9, "order_id": 1})

    def reply(read: Read) -> Response:
        if read.path.endswith(f"/{broken}"):
            return answer({"message": "Internal Error."}, 500)
        return there(read)

    page = pulled(reply, cursor, later)
    assert [found.ref for found in page.items] == ["2"]
    (aside,) = page.set_aside
    assert (aside.ref, broken in aside.why) == ("", True)
    assert "1" in [found.ref for found in pulled(there, page.next, later).items]


def test_products_that_fail_set_orders_with_bundles_aside_and_no_others() -> None:
    bundle = (item(10, product_type="bundle", product_id=7), part(11, 10))
    there = Lists(placed(1, 1), placed(2, 2, items=list(bundle)))

    def reply(read: Read) -> Response:
        if read.path.endswith("/products"):
            return answer({"message": "Internal Error."}, 500)
        return there(read)

    page = run(shop().fetch_orders(None, since=datetime(2026, 11, 1, tzinfo=UTC), now=NOW), reply)
    assert [found.ref for found in page.items] == ["1"]
    assert [aside.ref for aside in page.set_aside] == ["2"]


def test_a_shipment_whose_row_is_committed_after_a_later_one_is_seen_all_the_same() -> None:
    there = Lists(placed(1, 1), placed(2, 2))
    there.tables["shipments"] = [{"entity_id": 5, "order_id": 1}]
    cursor = drained(there)[1]
    later = NOW + timedelta(hours=1)
    there.tables["shipments"].append({"entity_id": 7, "order_id": 1})
    seen, cursor = drained(there, cursor, later)
    assert 1 in seen
    there.tables["shipments"].append({"entity_id": 6, "order_id": 2})
    seen, cursor = drained(there, cursor, later + timedelta(hours=1))
    assert 2 in seen
    before = len(there.asked("orders"))
    drained(there, cursor, later + timedelta(hours=2))
    assert len(there.asked("orders")) == before + 1, "what was seen is not followed again"
