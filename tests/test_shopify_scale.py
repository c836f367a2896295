"""Many orders with many lines: a pull uses the points that Shopify gives, and is never turned away."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from graphql import FragmentDefinitionNode, get_operation_ast, parse

from orderbridge._clockwork import Clockwork
from orderbridge._drivers_shared import LONGEST_WAIT
from orderbridge._http import Call, Headers, Read, Response
from orderbridge._model import Secret
from orderbridge._pace import Pace
from orderbridge.adapters import Flow
from orderbridge.sandbox.shopify import Bucket, Item, ShopifyShop
from orderbridge.sandbox.shopify.cost import Rule, Tariff
from orderbridge.sandbox.shopify.schema import schema
from orderbridge.stores.shopify import PLATFORM, Settings, Shopify
from orderbridge.stores.shopify._paging import FEWEST_LINES
from shopify_client import DOCUMENTS

T = TypeVar("T")
START = datetime(2026, 11, 20, 8, tzinfo=UTC)
TRIP = 0.25  # seconds that a call is on its way


class Jumping(Clockwork):
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        self.at = 0.0

    def wall(self) -> datetime:
        return START + timedelta(hours=2, seconds=self.at)

    def steady(self) -> float:
        return self.at


class Counted(Bucket):
    """Shopify's points, and how many of them were spent."""

    spent = 0.0

    def take(self, points: float) -> None:
        super().take(points)
        self.spent += points


class Pull:
    """A shop whose changed orders are read as the core reads them: as fast as the points come back."""

    def __init__(self, orders: int, lines: int, rule: Rule = "linear") -> None:
        self.points = Counted()
        self.shop = ShopifyShop(bucket=self.points, cost_rule=rule)
        for number in range(orders):
            items = [Item(sku=f"SKU-{line}", quantity=1) for line in range(lines)]
            self.shop.place_order(items, now=START + timedelta(seconds=number))
        self.settings = Settings(
            base_url="https://shop.myshopify.com", access_token=Secret(self.shop.access_token)
        )
        self.adapter = Shopify(self.settings)
        self.clock = Jumping()
        self.pace = Pace(PLATFORM.limits(self.settings), self.clock)
        self.asked: Counter[str] = Counter()
        self.turned_away: list[str] = []
        self.too_low: list[str] = []
        self.waits_from: tuple[float, float] | None = None  # when it first waited, and what was spent by then

    def all(self) -> int:
        """How many lines were read, to the end of the run."""
        found, cursor, more = 0, None, True
        while more:
            flow = self.adapter.fetch_orders(cursor, since=START - timedelta(hours=1), now=self.clock.wall())
            page = self.run(flow)
            assert not page.set_aside
            found += sum(len(order.lines) for order in page.items)
            cursor, more = page.next, page.more
        return found

    def run(self, flow: Flow[T]) -> T:
        try:
            read = next(flow)
            while True:
                read = flow.send(self.answer(read))
        except StopIteration as end:
            result: T = end.value
            return result

    def answer(self, read: Read) -> Response:
        wait = self.pace.take(LONGEST_WAIT, read.cost)
        if wait and self.waits_from is None:
            self.waits_from = (self.clock.at, self.points.spent)
        self.clock.at += wait + TRIP
        headers = Headers({**read.headers, "X-Shopify-Access-Token": self.shop.access_token})
        call = Call("POST", f"https://shop.myshopify.com{read.path}", headers=headers, body=read.body)
        response = self.shop.handle(call, self.clock.wall())
        said = PLATFORM.meter(response)
        self.pace.settle(read.cost, said)
        name = json.loads(read.body)["operationName"]
        self.asked[name] += 1
        if said is not None and said.throttled:
            self.turned_away.append(name)
        cost = json.loads(response.body).get("extensions", {}).get("cost", {}).get("requestedQueryCost", 0)
        if cost > read.cost:
            self.too_low.append(f"{name}: {cost} charged, {read.cost} expected")
        return response

    @property
    def use(self) -> float:
        """Of the points that came back since it first waited, the part that was spent."""
        assert self.waits_from is not None, "it never waited: there were points for all"
        since, before = self.waits_from
        return (self.points.spent - before) / ((self.clock.at - since) * self.points.restore)


def test_a_pull_uses_what_shopify_gives_and_is_never_turned_away() -> None:
    """Sixty lines each: ten come with the order, and the rest in one question more."""
    pull = Pull(orders=24, lines=60)
    assert pull.all() == 24 * 60
    assert pull.turned_away == []
    assert pull.too_low == []
    assert pull.use >= 0.95
    assert pull.asked["MoreLines"] == 24
    assert pull.asked["ChangedOrders"] <= 6


def smallest(document: str) -> int:
    """What a question costs by the rule that charges the most, for one thing with as few rows as can be."""
    parsed = parse(document)
    operation = get_operation_ast(parsed)
    assert operation is not None
    fragments = {
        each.name.value: each for each in parsed.definitions if isinstance(each, FragmentDefinitionNode)
    }
    variables = {"first": 1, "lines": FEWEST_LINES, "ids": ["1"]}
    return Tariff(schema=schema(), fragments=fragments, variables=variables, rule="linear").charge(operation)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_question_can_be_asked_so_small_that_shopify_answers(name: str) -> None:
    assert smallest(DOCUMENTS[name]) <= 600


@pytest.mark.parametrize("rule", ["linear", "gentle"])
def test_pages_are_as_large_as_the_rule_of_the_day_allows(rule: Rule) -> None:
    """Nobody knows how Shopify counts a page; its answers say what one was charged."""
    pull = Pull(orders=40, lines=2, rule=rule)
    assert pull.all() == 80
    assert pull.turned_away == []
    assert pull.too_low == []
    assert pull.asked["ChangedOrders"] <= (9 if rule == "linear" else 4)
