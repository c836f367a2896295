"""Bulk operations of the simulated shop: refused, run, and written down as Shopify's documentation says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orderbridge._http import Call, Headers, Response
from orderbridge.sandbox.shopify import Item, ShopifyShop

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
SHIRT, MUG = Item(sku="SHIRT", quantity=1), Item(sku="MUG", quantity=2)
LINES = "lineItems { edges { node { id sku } } }"
BACK = "refundLineItems { edges { node { quantity } } }"
ORDERS = "{ orders { edges { node { id " + LINES + " } } } }"
RUN = """mutation Run($query: String!, $group: Boolean!) {
  bulkOperationRunQuery(query: $query, groupObjects: $group) {
    bulkOperation { id status }
    userErrors { message code }
  }
}"""
LOOK = """query Look($id: ID!) {
  bulkOperation(id: $id) { status errorCode url partialDataUrl rootObjectCount objectCount }
}"""


class Shop:
    def __init__(self, orders: int = 2, **habits: Any) -> None:
        self.shop = ShopifyShop(**habits)
        for _ in range(orders):
            self.shop.place_order([SHIRT, MUG], now=NOW)

    def ask(self, document: str, at: datetime = NOW, **variables: Any) -> Any:
        headers = {"Content-Type": "application/json", "X-Shopify-Access-Token": self.shop.access_token}
        body = json.dumps({"query": document, "variables": variables}).encode()
        url = "https://bridge-test.myshopify.com/admin/api/2026-10/graphql.json"
        return json.loads(self.shop.handle(Call("POST", url, headers=Headers(headers), body=body), at).body)[
            "data"
        ]

    def begin(self, query: str = ORDERS, *, group: bool = True) -> Any:
        return self.ask(RUN, query=query, group=group)["bulkOperationRunQuery"]

    def look(self, name: str, minutes: float) -> Any:
        return self.ask(LOOK, NOW + timedelta(minutes=minutes), id=name)["bulkOperation"]

    def done(self, query: str = ORDERS, *, group: bool = True) -> Any:
        return self.look(self.begin(query, group=group)["bulkOperation"]["id"], 1)

    def file(self, url: str, days: float = 0, **headers: str) -> Response:
        at = NOW + timedelta(minutes=2, days=days)
        return self.shop.handle(Call("GET", url, headers=Headers(headers)), at)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("{ orders { nodes { id } } }", "Selecting via 'nodes' is not supported"),
        ("{ orders { edges { node { name " + LINES + " } } } }", "must select the 'id' field"),
        ("{ orders { edges { node { id refunds { " + BACK + " } } } } }", "within a list field"),
        ("{ shop { name } }", "at least one connection"),
        ("{ orders { edges { node { id ...Rest } } } } fragment Rest on Order { name }", "exactly one query"),
    ],
)
def test_a_query_that_bulk_cannot_run_is_refused_in_words(query: str, why: str) -> None:
    made = Shop().begin(query)
    assert made["bulkOperation"] is None
    (error,) = made["userErrors"]
    assert error["code"] == "INVALID"
    assert why in error["message"]


def test_two_connections_may_stand_below_each_other_under_the_root() -> None:
    works = "fulfillmentOrders { edges { node { id lineItems { edges { node { id } } } } } }"
    assert Shop().begin("{ orders { edges { node { id " + works + " } } } }")["userErrors"] == []


def test_it_takes_its_time_and_goes_through_the_states_of_one() -> None:
    there = Shop(bulk_takes=timedelta(minutes=5))
    made = there.begin()["bulkOperation"]
    assert made["status"] == "CREATED"
    running = there.look(made["id"], 1)
    assert (running["status"], running["url"]) == ("RUNNING", None)
    done = there.look(made["id"], 6)
    assert (done["status"], done["rootObjectCount"], done["objectCount"]) == ("COMPLETED", "2", "6")
    assert there.look(made["id"], 8 * 24 * 60)["status"] == "EXPIRED"


def kinds(body: bytes) -> list[str]:
    return [json.loads(line)["id"].split("/")[3] for line in body.splitlines()]


def test_lines_stand_below_their_order_only_where_that_was_asked_for() -> None:
    there = Shop()
    grouped, not_grouped = (there.file(there.done(group=group)["url"]).body for group in (True, False))
    assert kinds(grouped) == ["Order", "LineItem", "LineItem"] * 2
    assert kinds(not_grouped) == ["Order"] * 2 + ["LineItem"] * 4
    assert sorted(grouped.splitlines()) == sorted(not_grouped.splitlines())


def test_a_file_is_read_in_pieces() -> None:
    there = Shop()
    url = there.done()["url"]
    all_of_it = there.file(url).body
    some = there.file(url, Range="bytes=10-29")
    assert (some.status, some.body) == (206, all_of_it[10:30])
    assert some.headers["content-range"] == f"bytes 10-29/{len(all_of_it)}"
    rest = there.file(url, Range="bytes=100-99999")
    assert (rest.status, rest.body) == (206, all_of_it[100:])
    assert there.file(url, Range=f"bytes={len(all_of_it)}-").status == 416


def test_the_file_is_there_for_who_has_its_address_and_for_a_week() -> None:
    there = Shop()
    url = there.done()["url"]
    assert there.file(url).status == 200
    assert there.file(url.partition("?")[0]).status == 403
    assert there.file(url, Authorization="Bearer x").status == 403
    assert there.file(url, days=7).status == 403


def test_one_that_fails_leaves_a_part() -> None:
    there = Shop(orders=4, bulk_fails="TIMEOUT")
    found = there.done()
    assert (found["status"], found["errorCode"], found["url"]) == ("FAILED", "TIMEOUT", None)
    assert 0 < len(there.file(found["partialDataUrl"]).body.splitlines()) < 12


def test_where_nothing_is_found_there_is_no_file() -> None:
    found = Shop(orders=0).done()
    assert (found["status"], found["url"], found["rootObjectCount"]) == ("COMPLETED", None, "0")


def test_five_run_at_a_time() -> None:
    there = Shop()
    codes = [[each["code"] for each in there.begin()["userErrors"]] for _ in range(6)]
    assert codes == [[]] * 5 + [["LIMIT_REACHED"]]


def test_many_orders_are_all_in_it() -> None:
    there = Shop(orders=120)
    ids = [json.loads(line)["id"] for line in there.file(there.done()["url"]).body.splitlines()]
    orders = [each for each in ids if "/Order/" in each]
    assert len(orders) == len(set(orders)) == 120
