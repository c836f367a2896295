"""``orderbridge decode``: exactly what a program reads, and how it ends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from one_shopify_order import order as shopify_order
from orderbridge.cli.app import app

ADDRESS = {
    "first_name": "Ines",
    "last_name": "Moreau",
    "company": "",
    "address_1": "12 rue des Tanneurs",
    "address_2": "",
    "city": "Lille",
    "state": "",
    "postcode": "59000",
    "country": "FR",
    "phone": "",
    "email": "ines@example.test",
}


def order(ref: int = 18, **more: object) -> dict[str, object]:
    return {
        "id": ref,
        "number": str(ref),
        "status": "processing",
        "currency": "EUR",
        "date_created_gmt": "2026-10-31T22:10:05",
        "date_modified_gmt": "2026-10-31T22:11:00",
        "date_paid_gmt": "2026-10-31T22:10:09",
        "total": "48.10",
        "total_tax": "8.99",
        "payment_method": "stripe",
        "billing": ADDRESS,
        "shipping": ADDRESS,
        "line_items": [
            {
                "id": 6,
                "name": "Linen shirt M",
                "product_id": 510,
                "variation_id": 512,
                "quantity": 2,
                "total": "32.61",
                "total_tax": "7.50",
                "sku": "SHIRT-M",
                "price": 16.305,
                "meta_data": [],
            }
        ],
        "shipping_lines": [
            {"method_id": "flat_rate", "instance_id": "1", "method_title": "Courier", "total": "6.50"}
        ],
        "refunds": [],
        "meta_data": [],
        **more,
    }


def decode(body: object, *words: str, platform: str = "woocommerce") -> tuple[int, dict[str, list[object]]]:
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    result = CliRunner().invoke(app, ["decode", platform, "-", "--json", *words], input=text)
    return result.exit_code, json.loads(result.stdout)


def test_an_order_has_exactly_these_fields() -> None:
    code, found = decode(order())
    assert code == 0
    assert found == {
        "orders": [
            {
                "ref": "18",
                "number": "18",
                "placed_at": "2026-10-31T22:10:05Z",
                "updated_at": "2026-10-31T22:11:00Z",
                "currency": "EUR",
                "payment": "PAID",
                "canceled": False,
                "raw_status": "processing",
                "total": "48.10",
                "lines": [
                    {
                        "ref": "6",
                        "ship_ref": "6",
                        "sku": "SHIRT-M",
                        "product_ref": "510",
                        "variant_ref": "512",
                        "name": "Linen shirt M",
                        "quantity": "2",
                        "open": "2",
                        "unit_price": "16.305",
                        "total": "32.61",
                        "shippable": True,
                    }
                ],
                "ship_to": (
                    address := {
                        "name": "Ines Moreau",
                        "company": None,
                        "line1": "12 rue des Tanneurs",
                        "line2": None,
                        "city": "Lille",
                        "region": None,
                        "region_code": None,
                        "postal_code": "59000",
                        "country": "FR",
                        "phone": None,
                        "email": "ines@example.test",
                        "tax_id": None,
                    }
                ),
                "bill_to": address,
                "shipping": [{"code": "flat_rate:1", "title": "Courier", "total": "6.50"}],
            }
        ],
        "refused": [],
    }


def test_what_is_absent_is_null_and_never_an_empty_text() -> None:
    line = {
        "id": 6,
        "name": "",
        "product_id": 0,
        "quantity": 1,
        "total": "1.00",
        "total_tax": "0",
        "sku": None,
    }
    bare = order(billing={}, shipping={}, shipping_lines=[], line_items=[line])
    code, found = decode(bare)
    assert code == 0
    assert '""' not in json.dumps(found)
    shown = found["orders"][0]
    assert isinstance(shown, dict)
    assert (shown["ship_to"], shown["bill_to"], shown["shipping"]) == (None, None, [])
    assert {name for name, value in shown["lines"][0].items() if value is None} == {
        "sku",
        "product_ref",
        "variant_ref",
        "name",
    }


def test_refused_orders_keep_their_place_and_name_the_field() -> None:
    bad = order(19, total="many")
    code, found = decode([order(18), bad, order(20), "no order"])
    assert code == 3
    assert [shown["ref"] for shown in found["orders"] if isinstance(shown, dict)] == ["18", "20"]
    first, second = found["refused"]
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert first.keys() == second.keys() == {"index", "path", "why"}
    assert (first["index"], first["path"], second["index"]) == (1, "$.total", 3)
    assert first["why"]
    assert not str(first["why"]).startswith("$")


@pytest.mark.parametrize("body", ["", "{", "webhook_id=5", "<html>", b"\xff\xfe\x00"])
def test_a_body_that_is_no_order_is_refused_whole(body: str | bytes) -> None:
    code, found = decode(body)
    assert code == 3
    assert found["orders"] == []
    assert [item["index"] for item in found["refused"] if isinstance(item, dict)] == [0]


def test_a_list_of_none_is_understood() -> None:
    assert decode([]) == (0, {"orders": [], "refused": []})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("decode", "woocomerce", "-"), "did you mean 'woocommerce'"),
        (("decode", "rewix", "-"), "no store platform"),
        (("decode", "woocommerce", "there/is/none.json"), "cannot be read"),
        (("decode", "woocommerce"), "Missing argument"),
    ],
)
def test_wrong_use_is_told_in_words(words: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(app, list(words), input="[]")
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_people_see_a_table_without_the_shopper() -> None:
    result = CliRunner().invoke(
        app, ["decode", "woocommerce", "-"], input=json.dumps([order(), 5]), env={"COLUMNS": "200"}
    )
    assert result.exit_code == 3
    assert "Linen shirt M" in result.stdout
    assert "1 refused" in result.stdout
    assert "Moreau" not in result.stdout


def test_a_file_is_read_as_bytes_whatever_the_terminal_speaks(tmp_path: Path) -> None:
    """A real process with an ASCII terminal: names outside it come through."""
    file = tmp_path / "order.json"
    named = {**ADDRESS, "first_name": "Łucja", "last_name": "Žižková 名"}
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(order(shipping=named), ensure_ascii=False).encode())
    result = subprocess.run(
        [sys.executable, "-m", "orderbridge.cli", "decode", "woocommerce", str(file), "--json"],
        capture_output=True,
        check=False,
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["orders"][0]["ship_to"]["name"] == "Łucja Žižková 名"


PLAIN = re.compile(r"-?\d+(\.\d+)?")


@given(
    units=st.decimals("0.001", 10**6, places=3),
    total=st.decimals(0, 10**9, places=4),
    exponent=st.booleans(),
)
def test_numbers_are_plain_and_exact(units: Decimal, total: Decimal, exponent: bool) -> None:
    written = f"{total:E}" if exponent else str(total)
    line = {"id": 6, "name": "Cloth", "quantity": float(units), "total": written, "total_tax": "0"}
    code, found = decode(order(line_items=[line]))
    assert code == 0
    shown = found["orders"][0]
    assert isinstance(shown, dict)
    for name, value in (("quantity", units), ("open", units), ("total", total)):
        text = shown["lines"][0][name]
        assert PLAIN.fullmatch(text), text
        assert Decimal(text) == value


def test_every_recorded_order_and_webhook_is_decoded_or_refused_in_words(shared: Path) -> None:
    understood = 0
    for file in sorted((shared / "payloads/woocommerce").rglob("*.json")):
        recorded = file.read_bytes()
        if file.name.startswith("webhook_"):
            recorded = json.loads(recorded)["raw"]  # the body as it came
        code, found = decode(recorded)
        assert code == (3 if found["refused"] else 0), file.name
        for item in found["refused"]:
            assert isinstance(item, dict)
            assert item["why"], file.name
            assert str(item["path"]).startswith("$"), file.name
        understood += len(found["orders"])
    assert understood > 40


# --- what an order names by id only -----------------------------------------------------------------

PRESTASHOP_ORDER = {
    "order": {
        "id": 7,
        "reference": "QOVMLRBZX",
        "current_state": "6",
        "id_currency": "1",
        "id_address_delivery": "5",
        "id_carrier": "2",
        "total_paid": "24.00",
        "total_paid_tax_incl": "24.00",
        "date_add": "2026-03-02 09:00:00",
        "date_upd": "2026-03-02 09:00:00",
        "associations": {
            "order_rows": [
                {"id": "1", "product_id": "3", "product_quantity": "2", "unit_price_tax_excl": "10"}
            ]
        },
    }
}
PRESTASHOP_SIDES: dict[str, object] = {
    "currencies": {"currencies": [{"id": 1, "iso_code": "EUR"}]},
    "addresses": {"addresses": [{"id": 5, "firstname": "Ines", "lastname": "Moreau", "id_country": "8"}]},
    "countries": {"countries": [{"id": 8, "iso_code": "FR"}]},
    "states": {
        "order_states": [
            {"id": 6, "name": "Annulé", "template": "order_canceled", "paid": "0", "shipped": "0"}
        ]
    },
}


def decoded(tmp_path: Path, *sides: str) -> dict[str, object]:
    files: list[str] = []
    for name, said in [("order", PRESTASHOP_ORDER), *((side, PRESTASHOP_SIDES[side]) for side in sides)]:
        files.append(str(tmp_path / f"{name}.json"))
        Path(files[-1]).write_text(json.dumps(said))
    result = CliRunner().invoke(app, ["decode", "prestashop", *files, "--json"])
    assert result.exit_code == 0, result.output
    (found,) = json.loads(result.stdout)["orders"]
    assert isinstance(found, dict)
    return found


def test_what_no_side_tells_of_is_null(tmp_path: Path) -> None:
    found = decoded(tmp_path)
    nulls = ("currency", "ship_to", "bill_to", "raw_status")
    assert [found[name] for name in nulls] == [None] * 4
    assert (found["payment"], found["canceled"], found["shipping"]) == ("UNKNOWN", False, [])
    assert found["total"] == "24.00"


def test_sides_tell_of_what_an_order_names_by_id_only(tmp_path: Path) -> None:
    found = decoded(tmp_path, "states", "countries", "addresses", "currencies")
    assert (found["currency"], found["raw_status"], found["canceled"]) == ("EUR", "Annulé", True)
    assert isinstance(found["ship_to"], dict)
    assert (found["ship_to"]["name"], found["ship_to"]["country"]) == ("Ines Moreau", "FR")


def test_a_side_that_is_no_answer_of_the_shop_is_a_usage_error(tmp_path: Path) -> None:
    order, side = tmp_path / "order.json", tmp_path / "notes.txt"
    order.write_text(json.dumps(PRESTASHOP_ORDER))
    side.write_text("remember the milk")
    result = CliRunner().invoke(app, ["decode", "prestashop", str(order), str(side)])
    assert result.exit_code == 2
    assert "side 1" in result.stderr
    result = CliRunner().invoke(app, ["decode", "prestashop", str(order), str(tmp_path / "none.json")])
    assert result.exit_code == 2
    assert "none.json" in result.stderr


def test_magentos_products_say_how_a_bundle_ships(tmp_path: Path) -> None:
    rows = [
        {"item_id": 8, "product_type": "bundle", "product_id": 7, "qty_ordered": 2, "row_total": 25},
        {"item_id": 9, "parent_item_id": 8, "product_id": 1, "qty_ordered": 4, "row_total": 25},
    ]
    said: dict[str, object] = {
        "order": {
            "entity_id": 4,
            "increment_id": "000000004",
            "created_at": "2026-11-22 03:48:35",
            "order_currency_code": "USD",
            "grand_total": 25,
            "items": rows,
        },
        "product": {"id": 7, "custom_attributes": [{"attribute_code": "shipment_type", "value": "1"}]},
    }
    for name, body in said.items():
        (tmp_path / name).write_text(json.dumps(body))
    for sides, lines in ((), ["8"]), ((str(tmp_path / "product"),), ["8", "9"]):
        words = ["decode", "magento", str(tmp_path / "order"), *sides, "--json"]
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.output
        (found,) = json.loads(result.stdout)["orders"]
        assert [line["ref"] for line in found["lines"]] == lines
        assert (found["number"], found["total"]) == ("000000004", "25")


def test_shopifys_answers_lists_and_bulk_lines_are_the_same_order() -> None:
    """An answer of GraphQL, a bare list, and the lines that a bulk operation writes; no account is needed."""
    one = shopify_order()
    bulk = {name: value for name, value in one.items() if name not in ("lineItems", "fulfillmentOrders")}
    (row,) = one["lineItems"]["nodes"]
    (work,) = one["fulfillmentOrders"]["nodes"]
    del work["lineItems"]
    lines = [bulk, {**row, "__parentId": one["id"]}, {**work, "__parentId": one["id"]}]
    for body in (
        {"data": {"orders": {"nodes": [one]}}},
        {"data": {"order": one}},
        [one],
        "\n".join(json.dumps(each) for each in lines),
    ):
        code, found = decode(body, platform="shopify")
        assert (code, found["refused"]) == (0, [])
        (shown,) = found["orders"]
        assert isinstance(shown, dict)
        assert (shown["number"], shown["currency"], shown["total"]) == ("#1003", "EUR", "35.00")
        (line,) = shown["lines"]
        assert (line["ref"], line["sku"], line["open"], line["variant_ref"]) == ("10", "MUG-R", "2", "7")


def test_a_webhook_of_shopifys_is_decoded_and_what_is_no_order_refused(shared: Path) -> None:
    recorded = shared / "payloads/shopify"
    code, found = decode((recorded / "webhook-orders-create.json").read_bytes(), platform="shopify")
    assert code == 0
    (shown,) = found["orders"]
    assert isinstance(shown, dict)
    assert shown["ref"] == "820982911946154508", "the number that JSON had not rounded"
    code, found = decode((recorded / "webhook-refunds-create.json").read_bytes(), platform="shopify")
    assert (code, found["orders"], len(found["refused"])) == (3, [], 1)
