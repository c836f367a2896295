"""The page about Shopify says what is so: its settings, its scopes, and what a shop is asked."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import attrs
import pytest

import orderbridge as ob
from both_sides import AT_ONCE, Sides, codes
from one_shopify_order import shop as adapter
from orderbridge._http import Call, Response
from orderbridge.adapters import AccountSettings
from orderbridge.sandbox import ShopifyShop
from orderbridge.sandbox.shopify import Item
from orderbridge.stores import shopify
from orderbridge.stores.shopify import Settings
from orderbridge.stores.shopify._lists import _REST
from orderbridge.stores.shopify._paging import _START, LINES, MOST
from orderbridge.stores.shopify._scopes import needs

PAGE = (Path(__file__).parents[1] / "docs/stores/shopify.md").read_text(encoding="utf-8")
POLICY = ob.Policy(place=ob.Who.AUTOMATIC, pull_every=timedelta(hours=12))

FAST = attrs.evolve(shopify.PLATFORM, name="fast-shopify", limits=lambda _: AT_ONCE, meter=lambda _: None)
ob.register(FAST)
REFUNDING = ("Refundable", "Refund", "RefundMade")


class Asked(ShopifyShop):
    """A shop that remembers what it was asked, by the names of the operations."""

    questions: list[str]

    def __init__(self, scopes: Collection[str]) -> None:
        super().__init__(scopes=tuple(scopes))
        self.questions = []

    def handle(self, call: Call, now: datetime) -> Response:
        if call.url.endswith("/graphql.json"):
            self.questions.append(cast("dict[str, str]", json.loads(call.body))["operationName"])
        return super().handle(call, now)


class ShopifySides(Sides):
    """A Shopify shop and a supplier."""

    shop: ShopifyShop

    def a_shop(self) -> Any:
        return ShopifyShop()

    def store(self, name: str = "shop", **settings: Any) -> ob.Account:
        keys = {"base_url": self.shop_url, "access_token": self.shop.access_token}
        return ob.store(name, platform="fast-shopify", settings={**keys, **settings})

    def sell(self, basket: Any, **overrides: Any) -> str:
        lines = [Item(sku=sku, quantity=int(units)) for sku, units in basket.items()]
        return f"shop/{self.shop.place_order(lines, now=self.now(), **overrides)}"

    def shown(self, order_id: str) -> list[str]:
        order = self.shop.orders[int(order_id.partition("/")[2])]
        return [number for each in order.fulfillments for number in each.numbers]


@contextmanager
def in_shopify(scopes: Collection[str], **settings: Any) -> Iterator[tuple[ShopifySides, ob.Bridge]]:
    with ShopifySides(shop=Asked(scopes)) as sides:
        yield sides, sides.bridge(stores=[sides.store(**settings)], policy=POLICY)


def section(heading: str) -> str:
    """What stands below a heading of the page, up to the next one."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return found[1]


def first_column(table: str) -> set[str]:
    """The names in code in the first cell of each row."""
    rows = (row.split("|")[1] for row in table.splitlines() if row.startswith("|"))
    return {name for cell in rows for name in re.findall(r"`([\w/]+)`", cell)}


def asked(sides: ShopifySides) -> list[str]:
    """What the shop was asked and told since the last time."""
    names = sides.shop.questions[:]
    sides.shop.questions.clear()
    return names


def line_of(bridge: ob.Bridge, order_id: str) -> str:
    """The order's only line."""
    view = bridge.order(order_id)
    assert view is not None
    (line,) = view.record.order.lines
    return line.ref


def test_every_setting_is_in_the_table_with_its_default() -> None:
    table = section("Settings")
    common = {field.name for field in attrs.fields(AccountSettings)} - {"base_url"}
    assert first_column(table) == {field.name for field in attrs.fields(Settings)} - common
    (on_delivery,) = adapter().settings.delivery_on_payment_gateways
    assert f'`["{on_delivery}"]`' in table
    assert f'`"{attrs.fields(Settings).api_version.default}"`' in table


def test_the_scopes_on_the_page_are_those_that_are_asked_for() -> None:
    plain, service = (needs(adapter(**more).settings) for more in ({}, {"service": "ours"}))
    table = section("What it may do")
    assert first_column(table) == {need.scope for need in (*plain, *service)}
    optional = first_column("\n".join(row for row in table.splitlines() if "| optional:" in row))
    assert optional == {need.scope for need in (*plain, *service) if not need.needed}


def said_by_the_adapter() -> str:
    """All texts in the adapter's source, with a mark where something is filled in."""
    texts: list[str] = []
    for file in Path(cast("str", shopify.__file__)).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (part.value if isinstance(part, ast.Constant) else "\0" for part in node.values)
                texts.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
    return "\n".join(texts)


def test_what_you_see_is_what_the_adapter_says() -> None:
    """The words in the tables of errors and reviews; dots and numbers stand for what is filled in."""
    said = said_by_the_adapter()
    cells = re.findall(r"^\| (\*.+?) \|", PAGE.partition("## Errors")[2], re.MULTILINE)
    words = [word for cell in cells for word in re.findall(r"\*([^*]+)\*", cell)]
    assert len(words) > 40
    for word in words:
        for part in re.split(r"\.\.\.|\d+", word):
            assert part.strip(" ,") in said, word


@pytest.mark.parametrize("service", ["", "ours"])
def test_the_topics_on_the_page_are_those_that_the_probe_misses(service: str) -> None:
    settings = {"service": service} if service else {}
    shop = ShopifyShop()
    if service:
        shop.add_location("Ours", service=service, ours=True)
    with ShopifySides(shop=shop) as sides:
        bridge = sides.bridge(stores=[sides.store(webhook_secrets=["s"], **settings)])
        said = [finding.what for finding in bridge.probe()["shop"].findings]
    (missing,) = (what for what in said if "has no webhooks for" in what)
    topics = first_column(section("Webhooks"))
    if not service:
        topics -= {topic for topic in topics if topic.endswith("request_submitted")}
    assert set(re.findall(r"[A-Z_]{8,}", missing)) == {topic.upper().replace("/", "_") for topic in topics}


LOOK = ("OneOrder", "WorkLines")


def test_a_shop_is_asked_as_little_as_the_page_says() -> None:
    costs = section("What a pull costs")
    assert f"begins with {_START} orders and grows to {MOST} " in costs
    assert f"more than {LINES} lines takes a question more for each {_REST} others" in costs
    counts = dict(re.findall(r"^\| (.+?) \| (\d+) \|$", costs, re.MULTILINE))

    def says(words: str) -> int:
        (count,) = (number for what, number in counts.items() if what.startswith(words))
        return int(count)

    with in_shopify([need.scope for need in needs(adapter().settings)]) as (sides, bridge):
        bridge.probe()
        assert len(asked(sides)) == says("a probe")
        order_id = sides.sell({"RW-100": 2})
        sides.live(bridge, 1)
        sides.clock.sleep(600)
        bridge.pull("shop")
        sides.clock.sleep(600)
        asked(sides)
        bridge.pull("shop")
        assert asked(sides) == ["ChangedOrders", "ChangedWork"]
        assert says("a pull of a quiet shop") == 2
        bridge.note(order_id, ob.Note(key="n", text="Wrapped"))
        names = asked(sides)
        # What was read a while ago is looked at once more before.
        look = [name for name in names if name in LOOK]
        assert (len(look), len(names) - len(look)) == (says("a look at one order"), says("a remark"))
        sides.dispatch()
        sides.live(bridge, 0.5)
        told = [name for name in asked(sides) if name not in LOOK]
        assert len(told) == says("a departure")
        assert [name for name in told if name in ("Mark", "Ship")] == ["Mark", "Ship", "Mark"]
        bridge.refund(order_id, ob.Refund(key="r", amount=ob.Money.of("1.00", "EUR"), gives_money=True))
        assert len([name for name in asked(sides) if name in REFUNDING]) == says("a refund")


def test_the_scopes_on_the_page_are_enough_for_a_whole_life() -> None:
    table, _ = section("What it may do").split("\n- ", 1)
    with in_shopify(first_column(table)) as (sides, bridge):
        order_id = sides.sell({"RW-100": 2})
        sides.live(bridge, 1)
        tasks = [bridge.note(order_id, ob.Note(key="n", text="Wrapped as a gift"))]
        sides.dispatch()
        sides.live(bridge, 1)
        (order,) = sides.warehouse.orders
        order.tracking_code = "1ZRIGHT"
        sides.live(bridge, 50)
        assert sides.shown(order_id) == ["1ZRIGHT"]
        other = sides.sell({"OWN-1": 1}, paid=False)
        bridge.pull("shop")
        bridge.cancel(other, reason="Ordered twice")
        for key, gives_money in (("money", True), ("record", False)):
            one = ob.Money.of("1.00", "EUR")
            row = ob.RefundLine(line_ref=line_of(bridge, order_id), units=Decimal(1), amount=one)
            refund = ob.Refund(key=key, amount=one, lines=(row,), gives_money=gives_money)
            tasks.append(bridge.refund(order_id, refund))
        sides.live(bridge, 1)
        assert [task.state for task in tasks] == [ob.TaskState.DONE] * 3
        assert sides.shop.orders[int(other.partition("/")[2])].canceled_at
        assert codes(bridge) == []
        access = bridge.probe()["shop"]
        assert all(finding.ok for finding in access.findings)
        assert access.lacks == frozenset()
