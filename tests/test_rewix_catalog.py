"""What a Rewix supplier sells: read whole, kept for a while, and held against what links say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import orderbridge as ob
from both_sides import Sides, a_warehouse, codes, only_purchase
from in_rewix import PO, REWIX, SETTINGS, answer, drive, line, web_page
from orderbridge import errors
from orderbridge._http import Response
from orderbridge._model import Money
from orderbridge.adapters import Product, Quote, ShippingOption, Unclear
from orderbridge.sandbox.faults import Fault
from orderbridge.sandbox.rewix import Model
from orderbridge.sandbox.rewix import Product as Article
from orderbridge.suppliers.rewix import RewixAdapter

FEED = "/restful/export/api/products.json"
AT = "2026-07-01T10:00:00.000Z"


def feed(*items: object, at: str = AT, **more: object) -> Response:
    return written(json.dumps({"pageItems": items, "lastUpdate": at, **more}))


def written(text: str) -> Response:
    return answer(text, media_type="application/json")


def item(*models: object, **fields: object) -> dict[str, object]:
    return {"id": 82105, "code": "SKU", "name": "T-shirt", "currency": "EUR", "models": models, **fields}


def model(number: object = 234225, price: object = 39.9, **fields: object) -> dict[str, object]:
    return {"id": number, "code": "SKU_36", "bestTaxable": price, "availability": 5, **fields}


NOTHING_NEW = feed()


def listed(*responses: Response) -> tuple[Product, ...]:
    return drive(REWIX.products(None), *responses)[0].items


# --- reading ------------------------------------------------------------------------------------


def test_the_collected_catalog_is_understood_to_the_last_digit(shared: Path) -> None:
    recorded = (shared / "payloads/rewix/docs_samples/products_teal.json").read_text()
    (product,) = listed(written(recorded), NOTHING_NEW)
    assert product == Product(
        remote_id="234225",
        product_ref="82105",
        sku="SKU-12345_36",
        name="T-Shirt Logo Uomo, 36, black",
        price=Money.of("39.9", "EUR"),
        available=Decimal(5),
    )


def test_equal_skus_stay_apart_by_the_id_of_the_model() -> None:
    products = listed(feed(item(model(1), model(2)), item(model(3), id=9)), NOTHING_NEW)
    assert [(product.remote_id, product.sku) for product in products] == [
        ("1", "SKU_36"),
        ("2", "SKU_36"),
        ("3", "SKU_36"),
    ]


@given(st.decimals(min_value="0.01", max_value="99999999", places=2))
def test_prices_are_the_digits_that_were_written_and_never_floats(price: Decimal) -> None:
    body = f'{{"items": [{{"currency": "EUR", "models": [{{"id": 1, "bestTaxable": {price}}}]}}]}}'
    (product,) = listed(written(body))
    assert product.price == Money(price, "EUR")


@pytest.mark.parametrize(
    ("fields", "of_item", "price"),
    [
        ({"bestTaxable": 30, "taxable": 40}, {"bestTaxable": 10}, "30"),
        ({"taxable": 40}, {"bestTaxable": 10}, "40"),
        ({}, {"bestTaxable": 10, "taxable": 20}, "10"),
        ({}, {"taxable": 20}, "20"),
        ({}, {}, None),
        ({"bestTaxable": 0}, {"taxable": 20}, None),
        ({"bestTaxable": 30, "currency": "no money"}, {}, None),
    ],
)
def test_the_price_is_the_best_one_of_the_model_and_never_guessed_too_low(
    fields: dict[str, object], of_item: dict[str, object], price: str | None
) -> None:
    (product,) = listed(feed(item({"id": 1, **fields}, **of_item)), NOTHING_NEW)
    assert product.price == (None if price is None else Money.of(price, "EUR"))


def test_what_is_no_longer_sold_is_left_out() -> None:
    assert listed(feed(item(model(1), online=False), item(model(2))), NOTHING_NEW)[0].remote_id == "2"


@pytest.mark.parametrize(
    ("bad", "where"),
    [
        (item(model(7, "dear")), "$[1].models[0].bestTaxable"),
        (item(model("no id")), ".models[0].id"),
        (item(model(None)), ".models[0].id"),
        ({"models": "many"}, "$[1].models"),
        ("not even an item", "$[1]"),
    ],
)
def test_a_broken_item_loses_only_itself_and_is_told_after_the_last_page(bad: object, where: str) -> None:
    answers = feed(item(model(1, 39.9)), bad, item(model(3))), NOTHING_NEW
    page, _ = drive(REWIX.products(None), *answers)
    assert [(product.remote_id, product.price) for product in page.items] == [
        ("1", Money.of("39.9", "EUR")),
        ("3", Money.of("39.9", "EUR")),
    ]
    assert page.cursor is not None
    with pytest.raises(errors.Malformed) as caught:
        drive(REWIX.products(page.cursor))
    assert where in str(caught.value)
    assert caught.value.path


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (web_page(), errors.Malformed),
        (written("[]"), errors.Malformed),
        (written('{"pageItems": 3}'), errors.Malformed),
        (written('{"lastUpdate": "x"}'), errors.Malformed),
        (written('{"pageItems": ['), errors.Malformed),
        (answer("", 401), errors.Unauthorized),
        (answer("", 429), errors.RateLimited),
        (answer("no", 412), errors.Rejected),
    ],
)
def test_an_answer_that_is_no_catalog_is_an_error_and_never_an_empty_one(
    response: Response, error: type[errors.AnswerError]
) -> None:
    with pytest.raises(error):
        listed(response)


# --- whole, and then what changed ---------------------------------------------------------------


def test_a_catalog_of_some_hours_ago_is_brought_up_to_date_with_what_changed_since() -> None:
    page, reads = drive(
        REWIX.products(None),
        feed(item(model(1, 10), model(2, 20))),
        feed(item(model(2, 25), model(3, 30)), at="2026-07-01T12:00:00.000Z"),
    )
    assert {product.remote_id: str(product.price) for product in page.items} == {
        "1": "10 EUR",
        "2": "25 EUR",
        "3": "30 EUR",
    }
    assert [dict(read.params).get("since") for read in reads] == [None, AT]
    whole, news = (read.keep for read in reads)
    # The supplier goes on from an answer for four hours.
    assert whole is not None
    assert news is not None
    assert news < timedelta(minutes=15) < whole < timedelta(hours=4)


def test_a_catalog_that_can_no_longer_be_gone_on_from_is_read_whole_again() -> None:
    too_old = answer("Incremental validity failed", 412, "text/plain")
    page, reads = drive(REWIX.products(None), feed(item(model(1, 10))), too_old, feed(item(model(1, 15))))
    assert str(page.items[0].price) == "15 EUR"
    assert reads[2].fresh
    assert reads[2].sha256 == reads[0].sha256  # so that it takes the place of the old one


def test_products_can_be_checked_by_id_and_what_is_not_sold_is_left_out() -> None:
    flow = REWIX.check_products(["2", "404"])
    (product,) = drive(flow, feed(item(model(1), model(2))), NOTHING_NEW)[0]
    assert product.remote_id == "2"


# --- what an order would cost -------------------------------------------------------------------

CARRIERS = answer(
    '<carriers><carrier id="1" name="UPS" cost="5.90"/><carrier id="2" name="DHL" cost="7.5"/></carriers>'
)


def quoted(*responses: Response, rewix: RewixAdapter = REWIX, **changes: Any) -> Quote | Unclear:
    return drive(rewix.quote(attrs.evolve(PO, **changes)), *responses)[0]


def test_goods_cost_the_units_at_the_prices_of_their_models() -> None:
    lines = (line("1", "3"), line("2", "1", "L2"), line("1", "2", "L3"))
    quote = quoted(feed(item(model(1, 19.99), model(2, 5))), NOTHING_NEW, lines=lines)
    assert quote == Quote(goods=Money.of("104.95", "EUR"))


def test_no_price_is_needed_to_order() -> None:
    assert not REWIX.needed_to_place


@pytest.mark.parametrize(
    "carriers",
    [
        CARRIERS,
        answer(
            "<root><carrier><id>2</id><name>DHL</name><cost>7.5</cost></carrier>"
            "<carrier><id>1</id><name>UPS</name><cost>5.90</cost></carrier></root>"
        ),
    ],
)
def test_the_carrier_that_the_account_names_is_the_one_way_and_has_its_cost(carriers: Response) -> None:
    account = RewixAdapter(attrs.evolve(SETTINGS, carrier_id="2"))
    quote = quoted(feed(item(model())), NOTHING_NEW, carriers, rewix=account)
    option = ShippingOption(code="2", title="DHL", price=Money.of("7.5", "EUR"))
    assert quote == Quote(goods=Money.of("39.9", "EUR"), options=(option,))


def test_a_carrier_that_the_account_has_not_is_for_a_person_who_is_told_those_it_has() -> None:
    quote = quoted(feed(item(model())), NOTHING_NEW, CARRIERS, carrier="9")
    assert isinstance(quote, Unclear)
    assert "1, 2" in quote.evidence


def test_a_supplier_that_lists_no_carriers_is_quoted_without() -> None:
    quote = quoted(feed(item(model())), NOTHING_NEW, answer("", 404), carrier="1")
    assert quote == Quote(goods=Money.of("39.9", "EUR"))


def test_a_carrier_whose_cost_is_no_amount_is_malformed() -> None:
    with pytest.raises(errors.Malformed, match="cost"):
        quoted(feed(item(model())), NOTHING_NEW, answer('<c><carrier id="1" cost="?"/></c>'), carrier="1")


def test_a_carrier_whose_cost_is_not_told_hides_no_other() -> None:
    listed = answer('<c><carrier id="1" name="By hand"/><carrier id="2" name="DHL" cost="7.5"/></c>')
    quote = quoted(feed(item(model())), NOTHING_NEW, listed, carrier="2")
    assert isinstance(quote, Quote)
    assert [option.code for option in quote.options] == ["2"]


def test_a_model_without_a_price_is_for_a_person_who_is_told_which() -> None:
    quote = quoted(feed(item(model(price=None))), NOTHING_NEW)
    assert isinstance(quote, Unclear)
    assert "234225" in quote.evidence


def test_a_model_that_is_not_in_the_catalog_cannot_be_had_and_is_named() -> None:
    quote = quoted(feed(item(model(1))), NOTHING_NEW)
    assert isinstance(quote, Quote)
    (refused,) = quote.refused
    assert (refused.remote_id, refused.quantity) == ("234225", Decimal(1))


def test_a_model_that_may_stand_in_what_nobody_can_read_is_for_a_person() -> None:
    quote = quoted(feed(item(model(1)), {"models": "many"}), NOTHING_NEW)
    assert isinstance(quote, Unclear)
    assert "$[1].models" in quote.evidence


def test_models_in_two_currencies_are_for_a_person() -> None:
    lines = (line("1"), line("2", ref="L2"))
    models = model(1, currency="EUR"), model(2, currency="USD")
    assert isinstance(quoted(feed(item(*models)), NOTHING_NEW, lines=lines), Unclear)


def test_units_held_for_us_are_not_asked_for_again() -> None:
    """What we hold is no longer available, so what is available says nothing about our order."""
    quote = quoted(feed(item(model(availability=0))), NOTHING_NEW)
    assert quote == Quote(goods=Money.of("39.9", "EUR"))


# --- a bridge between a shop and a supplier -----------------------------------------------------


@pytest.fixture
def sides() -> Iterator[Sides]:
    with Sides(warehouse=a_warehouse(prices={"100": Decimal("4.00")})) as both:
        yield both


def linked(sides: Sides, cost: str | None) -> tuple[ob.Bridge, str]:
    """A bridge, and an order of three units of what is linked at this cost."""
    bridge = sides.bridge(rules=())
    order_id = sides.sell({"TEE": 3})
    bridge.run_once()
    view = bridge.order(order_id)
    assert view is not None
    key = view.record.order.lines[0].link_key
    money = None if cost is None else Money.of(cost, "EUR")
    bridge.link(ob.ProductLink(store="shop", key=key, supplier="rewix", remote_id="100", cost=money))
    return bridge, order_id


def test_an_order_at_the_linked_price_is_placed_and_the_catalog_is_read_once(sides: Sides) -> None:
    bridge, _ = linked(sides, "4.00")
    sides.live(bridge)
    sides.sell({"TEE": 1})
    sides.live(bridge)
    assert sides.ordered() == [{"100": 3}, {"100": 1}]
    # Whole once, and once what changed since for each of the two hours.
    assert sides.at_warehouse.count("GET", FEED) <= 4


def test_a_dearer_price_is_a_review_before_anything_is_placed(sides: Sides) -> None:
    sides.warehouse.reprice("100", Decimal("9.00"), now=sides.now())
    bridge, order_id = linked(sides, "4.00")
    sides.live(bridge)
    assert sides.ordered() == []
    (review,) = bridge.reviews()
    assert review.code is ob.ReviewCode.PRICE
    assert "27" in review.evidence
    assert only_purchase(bridge, order_id).fulfillment is ob.Fulfillment.RESERVED
    bridge.resolve(review.id, "accept")
    sides.live(bridge)
    assert sides.ordered() == [{"100": 3}]


def test_a_price_that_rises_after_the_catalog_was_read_is_seen_too(sides: Sides) -> None:
    bridge, _ = linked(sides, "4.00")
    sides.live(bridge)
    sides.warehouse.reprice("100", Decimal("9.00"), now=sides.now())
    sides.live(bridge, hours=0.2)
    sides.sell({"TEE": 1})
    sides.live(bridge)
    assert sides.ordered() == [{"100": 3}]
    assert codes(bridge) == ["PRICE"]


def test_without_a_cost_on_the_link_no_price_is_asked(sides: Sides) -> None:
    bridge, _ = linked(sides, None)
    sides.live(bridge)
    assert sides.ordered() == [{"100": 3}]
    assert sides.at_warehouse.count("GET", FEED) == 0


def test_while_the_catalog_cannot_be_read_nothing_is_placed_and_then_it_is(sides: Sides) -> None:
    sides.warehouse_plan.meet("GET", FEED, Fault.ERROR_BEFORE, times=6)
    bridge, _ = linked(sides, "4.00")
    bridge.run_once()
    assert sides.ordered() == []
    sides.live(bridge)
    assert sides.ordered() == [{"100": 3}]


def test_a_whole_catalog_is_listed_page_by_page_from_a_bridge() -> None:
    articles = [
        Article(id=n, code="A", name=f"Article {n}", models=[Model(id=str(n), code="SAME", size="M")])
        for n in range(1, 4)
    ]
    stock = {str(n): Decimal(7) for n in range(1, 4)}
    prices = {str(n): Decimal("1.10") for n in range(1, 4)}
    warehouse = a_warehouse(products=articles, prices=prices)
    warehouse.stock = {stock_id: int(units) for stock_id, units in stock.items()}
    with Sides(warehouse=warehouse) as both:
        bridge = both.bridge()
        page = bridge.products("rewix")
    assert page.cursor is None
    assert [(each.remote_id, each.name, each.available) for each in page.items] == [
        (str(n), f"Article {n}, M", Decimal(7)) for n in range(1, 4)
    ]


def test_who_does_not_list_what_he_sells_says_so() -> None:
    with Sides() as both:
        paper = ob.supplier("paper", platform="offline", settings={"title": "A wholesaler"})
        bridge = both.bridge(suppliers=[paper], rules=())
        with pytest.raises(errors.Unsupported):
            bridge.products("paper")
