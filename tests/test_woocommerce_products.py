"""WooCommerce's products are asked for what rules want to know and no order says."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from decimal import Decimal
from typing import Any, TypeVar

import pytest

from orderbridge import Line, Match, Order, Secret
from orderbridge._http import Response
from orderbridge.adapters import Read
from orderbridge.errors import Unavailable
from orderbridge.sandbox import WooCommerceShop
from orderbridge.stores.woocommerce import Settings, WooCommerce
from woocommerce_client import KEY, NOW, SECRET, Client

T = TypeVar("T")
ADAPTER = WooCommerce(
    Settings(
        base_url="https://shop.test",
        consumer_key=Secret(KEY),
        consumer_secret=Secret(SECRET),
        read_products=True,
    )
)


class Shop:
    """A shop, and what it is asked; ``instead`` may answer in its place."""

    def __init__(self, **more: Any) -> None:
        self.backend = WooCommerceShop(consumer_key=KEY, consumer_secret=SECRET, **more)
        self.client = Client(self.backend)
        self.asked: list[str] = []
        self.instead: Callable[[Read], Response | None] = lambda _: None

    def run(self, flow: Generator[Read, Response, T]) -> T:
        try:
            read = next(flow)
            while True:
                self.asked.append(read.path)
                mine = self.instead(read)
                path = read.path.removeprefix("/wp-json")
                read = flow.send(mine or self.client.send("GET", path, **dict(read.params)))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    def sell(self, sku: str, **more: Any) -> dict[str, Any]:
        product = self.backend.catalog.add(sku=sku, name=sku, **more)
        parent = more.get("parent_id", 0)
        ids = {"product_id": parent, "variation_id": product} if parent else {"product_id": product}
        return {"sku": sku, "name": sku, "price": "10.00", "quantity": 2, **ids}

    def order(self, *lines: dict[str, Any]) -> Order:
        self.backend.place_order(lines, now=NOW)
        order = self.run(ADAPTER.fetch_orders(None, since=NOW.replace(year=2025), now=NOW)).items[-1]
        assert self.run(ADAPTER.fetch_order(order.ref)) == order, "one order reads as it does in a page"
        return order


def only(order: Order) -> Line:
    (line,) = order.lines
    return line


def test_a_rule_by_shipping_class_tag_or_brand_fits_what_the_product_says() -> None:
    shop = Shop()
    order = shop.order(
        shop.sell(
            "SOFA",
            weight="40.5",
            shipping_class="bulky",
            tags=[{"id": 1, "name": "Dropship &amp; Co", "slug": "dropship-co"}],
            brands=[{"id": 2, "name": "Oak", "slug": "oak"}],
        ),
        shop.sell("CUP"),
    )
    sofa, cup = order.lines
    for rule in (
        Match(supplier="x", shipping_class="bulky"),
        Match(supplier="x", tag="Dropship & Co"),
        Match(supplier="x", vendor="Oak"),
    ):
        assert rule.matches(sofa)
        assert not rule.matches(cup)
    assert (sofa.weight, cup.weight) == (Decimal("40.5"), None)


def test_a_variation_has_the_weight_and_class_that_it_ships_with() -> None:
    shop = Shop()
    parent = shop.sell("SHIRT", weight="0.3", shipping_class="soft", tags=[{"id": 1, "name": "New"}])
    size = shop.sell("SHIRT-XL", parent_id=parent["product_id"], weight="0.5")
    line = only(shop.order(size))
    assert (line.weight, line.shipping_class, line.tags) == (Decimal("0.5"), "soft", ("New",))


def test_the_weight_of_a_variation_without_a_sku_is_not_guessed() -> None:
    shop = Shop()
    parent = shop.sell("SHIRT", weight="0.3", shipping_class="soft")
    line = only(shop.order(shop.sell("", parent_id=parent["product_id"], weight="0.5")))
    assert (line.weight, line.shipping_class) == (None, "soft")


@pytest.mark.parametrize(
    ("unit", "kg"), [("kg", "2"), ("g", "0.002"), ("lbs", "0.90718474"), ("oz", "0.056699046250")]
)
def test_weights_are_kg_whatever_the_shop_weighs_in(unit: str, kg: str) -> None:
    shop = Shop(weight_unit=unit)
    assert only(shop.order(shop.sell("CUP", weight="2"))).weight == Decimal(kg)


def test_a_weight_in_a_unit_that_the_key_may_not_know_is_no_weight() -> None:
    shop = Shop()
    refusal = {"code": "woocommerce_rest_cannot_view", "message": "No.", "data": {"status": 403}}
    shop.instead = lambda read: (
        Response(403, body=json.dumps(refusal).encode()) if "weight_unit" in read.path else None
    )
    line = only(shop.order(shop.sell("CUP", weight="2", shipping_class="soft")))
    assert (line.weight, line.shipping_class) == (None, "soft")


@pytest.mark.parametrize("weight", ["", "heavy", "-1", "NaN", None])
def test_an_odd_weight_is_no_weight_and_stops_no_order(weight: str | None) -> None:
    shop = Shop()
    assert only(shop.order(shop.sell("CUP", weight=weight))).weight is None


def test_a_product_that_is_gone_leaves_its_line_as_the_order_has_it() -> None:
    shop = Shop()
    sold = shop.sell("CUP", weight="2", shipping_class="soft")
    order = shop.order(sold)
    del shop.backend.catalog.products[sold["product_id"]]
    line = only(shop.run(ADAPTER.fetch_order(order.ref)) or order)
    assert (line.sku, line.weight, line.shipping_class) == ("CUP", None, "")


def test_a_shop_that_does_not_answer_for_its_products_is_asked_again_rather_than_sent_elsewhere() -> None:
    shop = Shop()
    shop.backend.place_order([shop.sell("CUP")], now=NOW)
    shop.instead = lambda read: Response(503) if read.path.endswith("/products") else None
    with pytest.raises(Unavailable):
        shop.run(ADAPTER.fetch_orders(None, since=NOW.replace(year=2025), now=NOW))


def test_a_page_of_orders_costs_one_request_for_each_fifty_products() -> None:
    shop = Shop()
    sold = [shop.sell(f"CUP-{n}") for n in range(60)]
    for line in sold:
        shop.backend.place_order([line], now=NOW)
    page = shop.run(ADAPTER.fetch_orders(None, since=NOW.replace(year=2025), now=NOW))
    assert len(page.items) == 60
    assert [path for path in shop.asked if path.endswith("/products")] == ["/wp-json/wc/v3/products"] * 2


def test_nobody_who_does_not_ask_for_products_pays_for_them() -> None:
    shop = Shop()
    plain = WooCommerce(
        Settings(
            base_url="https://shop.test",
            consumer_key=Secret(KEY),
            consumer_secret=Secret(SECRET),
        )
    )
    shop.backend.place_order([shop.sell("CUP", weight="2")], now=NOW)
    shop.run(plain.fetch_orders(None, since=NOW.replace(year=2025), now=NOW))
    assert shop.asked == ["/wp-json/wc/v3/orders"]
