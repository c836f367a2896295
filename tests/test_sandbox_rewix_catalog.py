"""The simulated Rewix supplier's feed: fields, prices, and how long it can be continued."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from defusedxml.ElementTree import fromstring

from orderbridge._http import Response
from orderbridge.sandbox.rewix import Model, Product, RewixSupplier
from rewix_client import LOCKED, NOW, call, change, get, operation, order_xml, place, supplier

JSON = "/restful/export/api/products.json?v=TEAL"
XML = "/restful/export/api/products.xml?v=TEAL"
SHOE = Product(
    id=82105,
    code="SKU-12345",
    name="Scarpa",
    brand="Acme",
    made_in="Italy",
    customs_code="64035119",
    weight=Decimal(2),
    images=("/prod/one.jpg",),
    tags={"color": "black"},
    descriptions={"it_IT": "Una scarpa", "de_DE": "Ein Schuh"},
    models=(
        Model(
            id="234225",
            code="SKU-12345_36",
            size="36",
            color="black",
            street_price=Decimal("159.00"),
            suggested_price=Decimal("79.90"),
            list_price=Decimal("45.00"),
        ),
        Model(id="234226", code="SKU-12345_36", size="36", color="black"),
    ),
)


def shoes(**settings: object) -> RewixSupplier:
    stock = {"234225": 5, "234226": 2}
    return supplier(
        **({"stock": stock, "prices": {"234225": Decimal("39.90")}, "products": [SHOE]} | settings)
    )


def told(answer: Response) -> Any:
    assert (answer.status, answer.media_type) == (200, "application/json")
    return json.loads(answer.body)


def continued(rewix: RewixSupplier, since: str, now: datetime) -> Response:
    return get(rewix, f"{JSON}&since={quote(since)}", now)


# --- what stands in it --------------------------------------------------------------------------


def test_a_product_has_the_fields_of_the_collected_one_and_prices_that_are_floats(shared: Path) -> None:
    collected = json.loads((shared / "payloads/rewix/docs_samples/products_teal.json").read_text())
    page = told(get(shoes(), f"{JSON}&addtags=true&acceptedlocales=it_IT,en_US"))
    (sample,), (product,) = collected["pageItems"], page["pageItems"]
    assert collected.keys() <= page.keys()
    assert sample.keys() <= product.keys()
    assert sample["models"][0].keys() <= product["models"][0].keys()
    for field in ("images", "tags"):
        assert sample[field][0].keys() == product[field][0].keys()
    model = product["models"][0]
    assert [type(model[name]) for name in ("streetPrice", "taxable", "bestTaxable")] == [float, float, float]
    assert (model["taxable"], model["bestTaxable"]) == (45.0, 39.9)
    assert product["productLocalizations"] == {"description": {"it_IT": {"value": "Una scarpa"}}}


def test_two_models_have_one_sku_and_only_the_id_tells_them_apart() -> None:
    (product,) = told(get(shoes(), JSON))["pageItems"]
    assert [model["code"] for model in product["models"]] == ["SKU-12345_36"] * 2
    assert [(model["id"], model["availability"]) for model in product["models"]] == [(234225, 5), (234226, 2)]
    assert product["availability"] == 7


def test_the_root_of_the_json_catalog_depends_on_the_version() -> None:
    rewix = shoes()
    teal, old = told(get(rewix, JSON)), told(get(rewix, JSON.removesuffix("?v=TEAL")))
    assert teal["pageItems"] == old["items"]
    assert (teal["totalItems"], old["totalPages"]) == (1, 1)


def test_tags_come_only_if_they_are_asked_for_and_texts_only_in_accepted_locales() -> None:
    (product,) = told(get(shoes(), f"{JSON}&acceptedlocales=en_US"))["pageItems"]
    assert "tags" not in product
    assert product["productLocalizations"] == {"description": {}}
    (product,) = told(get(shoes(), f"{JSON}&addtags=true"))["pageItems"]
    assert [(tag["id"], tag["value"]) for tag in product["tags"]] == [(1, "Acme"), (13, "black")]


def test_the_xml_catalog_is_a_page_of_items_and_names_some_things_otherwise() -> None:
    page = fromstring(get(shoes(), f"{XML}&addtags=true&acceptedlocales=it_IT").body)
    assert page.tag == "page"
    assert page.attrib == {
        "currentPage": "1",
        "pageSize": "1",
        "totalPages": "1",
        "totalNumberOfElements": "1",
        "lastUpdate": "2026-07-01T10:00:00.000Z",
    }
    item = page.find("items/item")
    assert item is not None
    assert (item.findtext("intra"), item.findtext("online")) == ("64035119", "true")
    assert item.findtext("pictures/image/url") == "/prod/one.jpg"
    assert item.findtext("localizations/description/localevalue[@localecode='it_IT']") == "Una scarpa"
    assert [tag.findtext("value/value") for tag in item.iterfind("tags/tag")] == ["Acme", "black"]
    assert [model.findtext("id") for model in item.iterfind("models/model")] == ["234225", "234226"]
    assert [model.findtext("bestTaxable") for model in item.iterfind("models/model")] == ["39.90", None]


def test_what_is_in_stock_and_in_no_product_is_a_t_shirt() -> None:
    first, rest = told(get(shoes(stock={"234225": 5, "900": 1}), JSON))["pageItems"]
    assert [model["id"] for model in first["models"]] == [234225, 234226]
    assert (rest["name"], [model["id"] for model in rest["models"]]) == ("T-shirt", [900])


# --- prices and stock move ----------------------------------------------------------------------


def test_a_new_price_stands_in_the_catalog_and_counts_for_orders_placed_afterwards() -> None:
    rewix = shoes()
    place(rewix, order_xml("ob-1", ("234225", "2")))
    rewix.reprice("234225", Decimal("41.25"), now=NOW)
    place(rewix, order_xml("ob-2", ("234225", "2")))
    (product,) = told(get(rewix, JSON))["pageItems"]
    assert product["models"][0]["bestTaxable"] == 41.25
    assert [order.total for order in rewix.orders] == [Decimal("79.80"), Decimal("82.50")]


def test_a_catalog_that_is_made_only_now_and_then_is_behind_the_growing_order() -> None:
    rewix = shoes(feed_every=timedelta(minutes=15))
    first = told(get(rewix, JSON))
    change(rewix, operation("set", ("234225", 4)))
    soon = told(get(rewix, JSON, NOW + timedelta(minutes=14)))
    assert soon == first
    later = told(get(rewix, JSON, NOW + timedelta(minutes=15)))
    assert later["pageItems"][0]["models"][0]["availability"] == 1
    assert later["lastUpdate"] == "2026-07-01T10:15:00.000Z"


def test_a_continued_catalog_has_only_what_changed_since() -> None:
    rewix = shoes(stock={"234225": 5, "234226": 2, "900": 1})
    since = told(get(rewix, JSON))["lastUpdate"]
    hour = NOW + timedelta(hours=1)
    assert told(continued(rewix, since, hour))["pageItems"] == []
    rewix.restock("900", 3, now=hour)
    (product,) = told(continued(rewix, since, hour))["pageItems"]
    assert (product["name"], product["availability"]) == ("T-shirt", 4)
    assert product["models"][0]["lastUpdate"] == "2026-07-01T11:00:00Z"


@pytest.mark.parametrize(("minutes", "status"), [(240, 200), (241, 412)])
def test_a_catalog_can_be_continued_for_four_hours(minutes: int, status: int) -> None:
    rewix = shoes()
    since = told(get(rewix, JSON))["lastUpdate"]
    answer = continued(rewix, since, NOW + timedelta(minutes=minutes))
    assert answer.status == status


def test_only_what_an_answer_said_can_be_continued() -> None:
    answer = continued(shoes(), "2026-07-01T09:59:00.000Z", NOW)
    assert (answer.status, answer.media_type) == (412, "text/plain")


def test_too_many_catalogs_are_refused_until_a_quarter_of_an_hour_is_over() -> None:
    rewix = shoes(catalog_calls=2)
    times = [NOW + timedelta(minutes=minutes) for minutes in (0, 5, 14, 15, 16)]
    answers = [get(rewix, JSON, at) for at in times]
    assert [answer.status for answer in answers] == [200, 200, 429, 200, 429]
    assert "15 minutes" in answers[2].text
    assert get(rewix, LOCKED, times[2]).status == 200


# --- beside it ----------------------------------------------------------------------------------


def test_carriers_come_in_json_for_those_who_want_it(shared: Path) -> None:
    collected = json.loads((shared / "payloads/rewix/docs_samples/carriers.json").read_text())
    asked = call("GET", "/restful/export/carriers", headers={"Accept": "application/json"})
    assert told(shoes().handle(asked, NOW)) == collected


def test_locales_and_tags_are_values_with_keys() -> None:
    locales = fromstring(get(shoes(), "/restful/export/locales").body)
    assert {value.get("key"): value.text for value in locales.iterfind("value")}["it_IT"] == "Italiano"
    tags = fromstring(get(shoes(), "/restful/export/tags").body)
    assert [value.get("key") for value in tags.iterfind("value")] == ["brand", "color"]


def test_answers_are_packed_only_for_those_who_take_it() -> None:
    rewix = shoes(gzip=True)
    plain = get(rewix, LOCKED)
    packed = rewix.handle(call("GET", LOCKED, headers={"Accept-Encoding": "gzip, deflate"}), NOW)
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
