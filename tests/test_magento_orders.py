"""What an order of Magento's means: money, units, bundles, payment, addresses, and what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from one_magento_order import APART, KIT, WHOLE, Json, address, bundle, item, order, part, shop
from orderbridge._http import Response
from orderbridge._model import Order, Secret, StorePayment
from orderbridge.adapters import SetAside
from orderbridge.errors import ConfigurationError, Malformed
from orderbridge.stores.magento import Settings
from orderbridge.stores.magento._values import number
from orderbridge.stores.magento._wire import bare, problem_of

PAYLOADS = Path(__file__).parents[1].parent / "shared/payloads/magento"


def read(row: Json, *sides: bytes, **settings: Any) -> Order:
    (found,) = shop(**settings).decode_orders(json.dumps(row).encode(), *sides)
    assert isinstance(found, Order), found
    return found


def refused(row: Json, *sides: bytes) -> SetAside:
    (found,) = shop().decode_orders(json.dumps(row).encode(), *sides)
    assert isinstance(found, SetAside), found
    return found


# --- recorded orders --------------------


def recorded() -> list[tuple[str, Json]]:
    """Whole orders, wherever one stands in a recorded answer."""
    found: list[tuple[str, Json]] = []
    for path in sorted([*PAYLOADS.glob("live/*.json"), *PAYLOADS.glob("doc-*order*.json")]):
        document = json.loads(path.read_text())
        answer = document.get("response", document) if isinstance(document, dict) else document
        rows = answer.get("items") if isinstance(answer, dict) and "total_count" in answer else [answer]
        whole = [row for row in rows or [] if isinstance(row, dict) and row.get("order_currency_code")]
        found += [(path.name, row) for row in whole if "payment" in row and "items" in row]
    return found


RECORDED = recorded()
# The manual prints one of the lines that this order has.
CUT = "doc-rest__tutorials__orders__order-create-order-2.json"


@pytest.mark.skipif(not RECORDED, reason="no recorded answers here")
def test_there_are_recorded_orders_of_every_kind() -> None:
    kinds = {item["product_type"] for _, row in RECORDED for item in row["items"]}
    assert {"simple", "configurable", "bundle", "virtual"} <= kinds


@pytest.mark.parametrize(("name", "row"), RECORDED, ids=[name for name, _ in RECORDED])
def test_a_recorded_orders_lines_and_shipping_are_its_total(name: str, row: Json) -> None:
    found = read(row)
    assert found.ref == str(row["entity_id"])
    assert found.number == row["increment_id"]
    assert str(found.total.amount) == str(row["grand_total"])
    assert (found.ship_to is None) == bool(row["is_virtual"])
    goods = sum((line.total.amount + line.tax.amount for line in found.lines), Decimal(0))
    shipping = Decimal(str(row["shipping_incl_tax"])) if "shipping_incl_tax" in row else Decimal(0)
    discount = Decimal(str(row.get("shipping_discount_amount", 0)))
    if name != CUT:
        assert goods + shipping - discount == found.total.amount


@pytest.mark.parametrize(
    ("name", "payment", "ready", "units"),
    [
        ("order-simple", "UNPAID", True, {"2": "2", "3": "1"}),
        ("order-configurable", "UNPAID", True, {"4": "3", "6": "1"}),
        ("order-bundle_together", "UNPAID", True, {"8": "2"}),
        ("order-virtual_only", "UNPAID", False, {"16": "0"}),
        ("order-decimal", "UNPAID", True, {"19": "2.5"}),
        ("order-invoiced-not-shipped", "PAID", True, {"34": "1"}),
    ],
)
def test_recorded_orders_are_understood(name: str, payment: str, ready: bool, units: dict[str, str]) -> None:
    path = PAYLOADS / f"live/{name}.json"
    if not path.exists():
        pytest.skip("no recorded answers here")
    found = read(json.loads(path.read_text())["response"])
    assert (found.payment.value, found.ready) == (payment, ready)
    assert {line.ref: str(line.open) for line in found.lines} == units


@pytest.mark.parametrize("name", ["orders-post-ext-id", "orders-post-state", "orders-post-items-roundtrip"])
def test_the_answer_to_a_write_of_an_order_is_no_order(name: str) -> None:
    """It shows nulls and zero totals: taken for the order, it would say that all is paid."""
    path = PAYLOADS / f"live/{name}.json"
    if not path.exists():
        pytest.skip("no recorded answers here")
    assert refused(json.loads(path.read_text())["response"]).path == "$.grand_total"


# --- the order itself --------------------


def test_the_id_names_the_order_and_the_number_is_for_people() -> None:
    found = read(order(entity_id=12, increment_id="2000000001"))
    assert (found.ref, found.number) == ("12", "2000000001")


def test_times_are_utc_whatever_the_shops_zone() -> None:
    assert read(order()).placed_at == datetime(2026, 11, 22, 3, 48, 32, tzinfo=UTC)


def test_amounts_are_in_the_orders_currency_never_in_the_shops() -> None:
    found = read(order(order_currency_code="EUR", grand_total=130.18, base_grand_total=142.48))
    assert str(found.total) == "130.18 EUR"


def test_the_shopper_is_not_the_one_who_writes_comments() -> None:
    said = [{"comment": "Left at the door", "is_visible_on_front": 1, "entity_id": 1}]
    found = read(order(status_histories=said, customer_note="Ring twice"))
    assert found.note == "Ring twice"
    assert read(order(status_histories=said)).note == ""


def test_the_goods_go_to_the_address_of_the_shipping_assignment() -> None:
    found = read(order(customer_email="zoe@example.test"))
    assert found.ship_to is not None
    assert found.bill_to is not None
    assert (found.ship_to.name, found.bill_to.name) == ("Max O'Neil", "Zoë O'Neil")
    assert (found.ship_to.line1, found.ship_to.line2) == ("1 Dock Rd", "Floor 9")
    assert (found.ship_to.region, found.ship_to.region_code, found.ship_to.country) == (
        "Illinois",
        "IL",
        "US",
    )
    assert found.shipping[0].code == "flatrate_flatrate"


def shipping_to(*addresses: Json | None) -> Json:
    """Shipping assignments, of which shops have one."""
    ways = [{"shipping": {"address": found, "method": "flatrate_flatrate"}} for found in addresses]
    return {"extension_attributes": {"shipping_assignments": ways}}


@pytest.mark.parametrize("more", [{"extension_attributes": []}, shipping_to(), shipping_to(None)])
def test_goods_without_an_address_never_go_to_where_the_bill_goes(more: Json) -> None:
    """An extension may write over the attributes that the address stands in."""
    found = read(order(**more))
    assert (found.ready, found.ship_to) == (True, None)
    assert found.bill_to is not None


def test_goods_never_go_to_the_address_of_another_order() -> None:
    """Shops were seen to show the first order's address with each one of a list (magento2 #4019, #38808)."""
    there = refused(order(**shipping_to(address(parent_id=2))))
    assert there.path == "$.extension_attributes.shipping_assignments"
    assert "order 2" in there.why
    assert "Springfield" not in there.why
    assert read(order(**shipping_to(address(parent_id="3")))).ship_to is not None


def test_goods_of_one_order_go_to_one_address() -> None:
    assert read(order(**shipping_to(None, address(), address()))).ship_to is not None
    there = order(**shipping_to(address(), address(city="Shelbyville")))
    assert refused(there).path == "$.extension_attributes.shipping_assignments"


@pytest.mark.parametrize(
    ("street", "lines"),
    [
        (["1 Dock Rd"], ("1 Dock Rd", "")),
        (["a", "b", "c"], ("a", "b, c")),
        (["", None, "c"], ("c", "")),
        ("1 Dock Rd\nFloor 9", ("1 Dock Rd", "Floor 9")),
        (None, ("", "")),
    ],
)
def test_a_street_has_as_many_lines_as_it_likes(street: object, lines: tuple[str, str]) -> None:
    found = read(order(billing_address=address(street=street))).bill_to
    assert found is not None
    assert (found.line1, found.line2) == lines


@pytest.mark.parametrize("empty", [[], None])
@pytest.mark.parametrize("field", ["extension_attributes", "payment", "billing_address"])
def test_empty_objects_come_as_lists_and_lists_as_null(field: str, empty: object) -> None:
    assert read(order(**{field: empty})).lines


def test_numbers_come_as_text_and_text_as_numbers() -> None:
    row = item("10", product_id="1", qty_ordered="2.0000", row_total="25.0000", is_virtual="0", sku=4711)
    found = read(order(row, entity_id="3", store_id="1", increment_id=3, grand_total="35.0000"))
    assert (found.ref, found.number, found.lines[0].sku, found.lines[0].open) == ("3", "3", "4711", 2)
    assert found.total.amount == 35


# --- states and payment --------------------


@pytest.mark.parametrize(
    ("state", "ready", "canceled"),
    [
        ("new", True, False),
        ("processing", True, False),
        ("pending_payment", False, False),
        ("payment_review", False, False),
        ("holded", False, False),
        # Said of an order of which nothing has left: by a person or a program.
        ("complete", False, False),
        ("closed", False, True),
        ("canceled", False, True),
        ("", False, False),
    ],
)
def test_the_state_says_whether_goods_may_leave(state: str, ready: bool, canceled: bool) -> None:
    found = read(order(state=state))
    assert (found.ready, found.canceled) == (ready, canceled)


@pytest.mark.parametrize("begun", ["qty_shipped", "qty_refunded"])
def test_an_order_that_magento_calls_complete_too_early_is_shipped_on(begun: str) -> None:
    """It counts a bundle's parts twice, and what was shipped and came back too (2.4.7-p3)."""
    assert read(order(item(10, **{begun: 1}), state="complete")).ready


def test_a_complete_order_with_nothing_left_is_not_to_be_shipped_again() -> None:
    done = order(item(10, qty_shipped=2), item(11, qty_refunded=2), state="complete")
    assert not read(done).ready


def test_a_suspected_fraud_is_not_ready_though_its_state_is() -> None:
    assert not read(order(state="processing", status="fraud")).ready
    assert read(order(state="processing", status="fraud"), unready_statuses=()).ready


@pytest.mark.parametrize(
    ("payment", "more"),
    [
        ("PAID", {"total_paid": 35, "total_due": 0}),
        ("PAID", {"total_paid": 20, "total_canceled": 15, "total_due": 15}),
        ("PART_PAID", {"total_paid": 20, "total_due": 15}),
        ("UNPAID", {}),
        # Shipping an unpaid order makes its state "processing".
        ("UNPAID", {"state": "processing"}),
        ("UNPAID", {"state": "complete", "status": "complete"}),
        ("ON_DELIVERY", {"payment": {"method": "cashondelivery"}}),
        ("PAID", {"payment": {"method": "cashondelivery"}, "total_paid": 35, "total_due": 0}),
        ("VOIDED", {"payment": {"method": "cashondelivery"}, "state": "canceled"}),
        ("AUTHORIZED", {"payment": {"method": "card", "amount_authorized": 35}}),
        ("PAID", {"payment": {"method": "card", "amount_authorized": 35}, "total_paid": 35, "total_due": 0}),
        ("VOIDED", {"state": "canceled"}),
        ("PAID", {"grand_total": 0, "total_due": 0}),
        ("PART_REFUNDED", {"total_paid": 35, "total_due": 0, "total_refunded": 5}),
        # Half of it was paid, and a part of that came back: the rest is still owed.
        ("PART_PAID", {"total_paid": 20, "total_due": 15, "total_refunded": 5}),
        ("PART_REFUNDED", {"total_paid": 20, "total_canceled": 15, "total_due": 15, "total_refunded": 5}),
        # The courier collects what is left of an order that is invoiced as it leaves.
        ("ON_DELIVERY", {"payment": {"method": "cashondelivery"}, "total_paid": 20, "total_due": 15}),
        ("REFUNDED", {"total_paid": 35, "total_due": 0, "total_refunded": 35}),
        ("REFUNDED", {"total_paid": 35, "total_refunded": 30, "state": "closed"}),
        # Nothing was written down as paid, so nothing was.
        ("UNPAID", {"total_due": 0}),
    ],
)
def test_payment_is_what_the_shop_has_written_down(payment: str, more: Json) -> None:
    assert read(order(**more)).payment is StorePayment(payment)


# --- lines --------------------


def test_of_a_configurable_the_parent_ships_and_the_child_is_the_variant() -> None:
    shirt = item(4, product_type="configurable", product_id=6, sku="SHIRT-S", name="Shirt", row_total=60)
    (line,) = read(order(shirt, part(5, 4, product_id=4, sku="SHIRT-S", name="Shirt S"))).lines
    assert (line.ref, line.ship_ref, line.product_ref, line.variant_ref) == ("4", "4", "6", "4")
    assert (line.sku, line.total.amount, line.attributes) == ("SHIRT-S", 60, (("variant", "Shirt S"),))


def test_a_child_that_names_its_parent_only_inside_is_a_child() -> None:
    shirt = item(4, product_type="configurable")
    child = {**item(5, row_total=0), "parent_item": {"item_id": 4}}
    assert [line.ref for line in read(order(shirt, child)).lines] == ["4"]


def test_a_row_whose_parent_is_gone_ships_by_itself() -> None:
    assert [line.ref for line in read(order(part(5, 4))).lines] == ["5"]


@pytest.mark.parametrize("sides", [(), (WHOLE,), (b"[]",)])
def test_a_bundle_in_one_box_is_one_line_that_says_what_is_inside(sides: tuple[bytes, ...]) -> None:
    """So is one whose product is gone: Magento refuses a shipment at the wrong level and nothing is done."""
    (line,) = read(order(*KIT), *sides).lines
    assert (line.ref, line.open, line.total.amount, line.shippable) == ("8", 2, 130, True)
    assert line.attributes == (("MUG", "2 x Mug"), ("LAMP", "1 x Lamp"))
    assert (line.product_ref, line.variant_ref) == ("7", "")


def test_of_a_bundle_that_ships_separately_the_children_are_lines() -> None:
    kit, mug, lamp = read(order(*KIT), APART).lines
    assert (kit.shippable, kit.open, kit.total.amount) == (False, 0, 0)
    assert (mug.ref, mug.ship_ref, mug.container, mug.open) == ("9", "9", "8", 4)
    assert (mug.total.amount, lamp.total.amount) == (50, 80)


def test_a_bundle_with_a_price_of_its_own_keeps_it() -> None:
    rows = bundle(part(9, 8, qty_ordered=4), part(10, 8), row_total=99)
    kit, *parts = read(order(*rows), APART).lines
    assert (kit.total.amount, [line.total.amount for line in parts]) == (99, [0, 0])
    (whole,) = read(order(*rows), WHOLE).lines
    assert whole.total.amount == 99


def test_a_part_of_a_bundle_ships_and_goes_back_by_itself() -> None:
    rows = bundle(
        part(9, 8, qty_ordered=4, row_total=50, qty_shipped=3),
        part(10, 8, row_total=80, qty_refunded=1),
        qty_shipped=2,
        qty_refunded=1,
    )
    _, mug, lamp = read(order(*rows), APART).lines
    assert (mug.open, lamp.open) == (1, 1)


def test_a_bundle_with_its_own_price_goes_back_with_all_its_parts() -> None:
    rows = bundle(part(9, 8, qty_ordered=4), part(10, 8), row_total=99, qty_refunded=1)
    _, mug, lamp = read(order(*rows), APART).lines
    assert (mug.open, lamp.open) == (2, 1)


def test_a_bundle_in_one_box_is_gone_where_all_its_parts_are() -> None:
    parts = (part(9, 8, qty_ordered=4, row_total=50, qty_refunded=2), part(10, 8, row_total=80))
    assert read(order(*bundle(*parts))).lines[0].open == 2
    parts = (parts[0], part(10, 8, row_total=80, qty_refunded=2))
    assert read(order(*bundle(*parts))).lines[0].refunded == 1


@pytest.mark.parametrize("where", ["parent", "child"])
@pytest.mark.parametrize("name", ["qty_canceled", "qty_refunded"])
def test_units_of_a_configurable_are_gone_wherever_that_is_written(where: str, name: str) -> None:
    shirt = item(4, product_type="configurable", **({name: 1} if where == "parent" else {}))
    child = part(5, 4, **({name: 1} if where == "child" else {}))
    assert read(order(shirt, child)).lines[0].open == 1


def test_the_unit_that_was_refunded_is_not_the_one_that_was_shipped() -> None:
    """Magento itself would let the other one ship again: it takes the larger of the two, not the sum."""
    (line,) = read(order(item(qty_shipped=1, qty_refunded=1))).lines
    assert line.open == 0


def test_what_is_virtual_or_downloaded_never_ships_and_alone_makes_no_order_ready() -> None:
    rows = (item(1, is_virtual=1, product_type="virtual"), item(2, product_type="downloadable"))
    found = read(order(*rows))
    assert [line.open for line in found.lines] == [0, 0]
    assert not found.ready
    assert read(order(*rows, item(3))).ready


def test_what_the_shopper_fetches_in_a_store_is_nothing_to_ship() -> None:
    """The address of the shipping assignment is then the store's."""
    more = shipping_to(address())
    more["extension_attributes"]["shipping_assignments"][0]["shipping"]["method"] = "instore_pickup"
    found = read(order(item(1), *KIT, **more))
    assert not found.ready
    assert not any(line.open for line in found.lines)


def test_an_order_that_staff_edited_names_the_one_that_it_replaces() -> None:
    assert read(order(relation_parent_id="2", relation_parent_real_id="000000002")).replaces == "2"
    assert read(order()).replaces == ""


def test_what_the_shopper_wrote_on_it_is_an_attribute() -> None:
    chosen = [{"option_id": "5", "option_value": "For Ann"}]
    row = item(product_option={"extension_attributes": {"custom_options": chosen}})
    assert read(order(row)).lines[0].attributes == (("option 5", "For Ann"),)
    assert read(order(item(product_option=[]))).lines[0].attributes == ()


def test_a_deleted_product_leaves_its_sku() -> None:
    row = item()
    del row["product_id"]
    (line,) = read(order(row)).lines
    assert (line.product_ref, line.link_key) == ("", "sku:MUG")


# --- what is refused --------------------


@pytest.mark.parametrize(
    ("path", "row"),
    [
        ("$.entity_id", order(entity_id=None)),
        ("$.items", order(items=[])),
        ("$.items", order(items=None)),
        ("$.created_at", order(created_at="yesterday")),
        ("$.created_at", order(created_at="0001-01-01 00:00:00+02:00")),
        ("$.grand_total", order(grand_total=None)),
        ("$.order_currency_code", order(order_currency_code="")),
        ("$.order_currency_code", order(order_currency_code="dollars")),
        ("$.grand_total", order(grand_total="NaN")),
        ("$.items[0].item_id", order(item(None))),
        ("$.items[1].item_id", order(item(4), item(4))),
        ("$.items[0].qty_ordered", order(item(qty_ordered=None))),
        ("$.items[0].qty_ordered", order(item(qty_ordered="many"))),
        ("$.items[0].qty_ordered", order(item(qty_ordered=-1))),
        ("$.items[0].qty_shipped", order(item(qty_shipped=-1))),
        ("$.items[0].row_total", order(item(row_total=None))),
        ("$.items[0].row_total", order(item(row_total="1e20"))),
    ],
)
def test_an_order_that_cannot_be_understood_is_set_aside_and_the_field_is_named(path: str, row: Json) -> None:
    assert refused(row).path == path


def test_one_bad_order_hides_no_other_in_a_file() -> None:
    body = {"items": [order(), order(items=7), order(entity_id=4)], "total_count": 3}
    found = shop().decode_orders(json.dumps(body).encode())
    assert [type(each) for each in found] == [Order, SetAside, Order]
    assert [type(each) for each in shop().decode_orders(json.dumps(body["items"]).encode())] == [
        Order,
        SetAside,
        Order,
    ]


def test_a_file_that_is_no_order_is_refused_and_a_side_that_is_none_is_named() -> None:
    (found,) = shop().decode_orders(b"<html>")
    assert isinstance(found, SetAside)
    with pytest.raises(Malformed, match="side 1"):
        shop().decode_orders(json.dumps(order()).encode(), b"milk")


# --- money, for all orders --------------------

cents = st.integers(0, 10**7).map(lambda n: Decimal(n) / 100)
units = st.integers(1, 20)


@st.composite
def rows_and_sum(draw: st.DrawFn, ref: int) -> tuple[list[Json], Decimal]:
    """A row with its parts, and what the shopper pays for it, tax included."""

    def priced(own: int, **more: Any) -> tuple[Json, Decimal]:
        price, tax, discount, inside = (draw(cents) for _ in range(4))
        row = item(
            own,
            row_total=str(price),
            tax_amount=str(tax),
            discount_amount=str(discount),
            discount_tax_compensation_amount=str(inside),
            qty_ordered=draw(units),
            **more,
        )
        return row, price + tax - discount + inside

    kind = draw(st.sampled_from(["simple", "configurable", "fixed", "dynamic"]))
    if kind == "simple":
        row, paid = priced(ref)
        return [row], paid
    if kind == "configurable":
        row, paid = priced(ref, product_type="configurable")
        return [row, part(ref + 1, ref)], paid
    if kind == "fixed":
        row, paid = priced(ref, product_type="bundle", product_id=7)
        return [row, part(ref + 1, ref), part(ref + 2, ref)], paid
    first, a = priced(ref + 1, parent_item_id=ref)
    second, b = priced(ref + 2, parent_item_id=ref)
    price = Decimal(first["row_total"]) + Decimal(second["row_total"])
    kit = item(ref, product_type="bundle", product_id=7, row_total=str(price), tax_amount="3")
    if not price:
        return [item(ref)], Decimal(25)
    return [kit, first, second], a + b


@given(st.integers(1, 4), st.data(), st.sampled_from([APART, WHOLE]))
def test_lines_add_up_to_what_the_shopper_pays_for_goods(many: int, data: st.DataObject, side: bytes) -> None:
    found = [data.draw(rows_and_sum(ref=10 * index)) for index in range(1, many + 1)]
    read_back = read(order(*(row for rows, _ in found for row in rows)), side)
    said = sum((line.total.amount + line.tax.amount for line in read_back.lines), Decimal(0))
    assert said == sum((paid for _, paid in found), Decimal(0))


@given(st.integers(0, 10**10))
def test_an_amount_in_json_is_read_exactly(ten_thousandths: int) -> None:
    """Whole or not, and with all the digits that PHP's settings may make it write."""
    exact = Decimal(ten_thousandths) / 10000
    for shown in (f"{exact:f}", f"{float(exact):.17g}"):
        body = json.dumps(order(grand_total="?")).replace('"?"', shown)
        (found,) = shop().decode_orders(body.encode())
        assert isinstance(found, Order)
        assert found.total.amount == exact


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_open_units_are_what_is_neither_shipped_nor_gone(
    ordered: int, shipped: int, refunded: int, canceled: int
) -> None:
    row = item(qty_ordered=ordered, qty_shipped=shipped, qty_refunded=refunded, qty_canceled=canceled)
    (line,) = read(order(row)).lines
    assert line.open == max(0, ordered - shipped - refunded - canceled)


@given(st.integers(-(10**10), 10**10))
def test_a_number_is_read_to_the_four_digits_that_the_shop_keeps(ten_thousandths: int) -> None:
    exact = Decimal(ten_thousandths) / 10000
    assert number(exact, "$") == exact
    # PHP writes 12.3 as 12.300000000000001.
    assert number(exact + Decimal("0.000000000000001"), "$") == exact


@given(st.binary(max_size=60))
def test_any_bytes_are_an_answer_that_means_something_or_nothing(body: bytes) -> None:
    response = Response(400, body=body)
    assert isinstance(bare(response), str | bool | None)
    assert isinstance(problem_of(response).message, str)


# --- words for what went wrong --------------------


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"fieldName": "url"}, {"fieldName": "url"}),
        (["HMAC-SHA1"], {"1": "HMAC-SHA1"}),
        (None, {}),
        ([], {}),
        ({"resources": ["Magento_Sales::ship", "x"]}, {"resources": "Magento_Sales::ship, x"}),
    ],
)
def test_parameters_come_by_name_or_by_place(parameters: object, found: dict[str, str]) -> None:
    body = json.dumps({"message": "No %1.", "parameters": parameters}).encode()
    assert problem_of(Response(400, body=body)).parameters == found


def test_parameters_never_show() -> None:
    body = b'{"message": "No %1.", "parameters": ["max@example.test"]}'
    assert "max@" not in repr(problem_of(Response(400, body=body)))


# --- settings --------------------

FOUR = {
    name: Secret("x") for name in ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
}


@pytest.mark.parametrize(
    "ways",
    [
        FOUR,
        {"bearer": True, "access_token": Secret("x")},
        {"username": "ann", "password": Secret("x")},
        {"username": "ann", "password": Secret("x"), "otp_secret": Secret("JBSWY3DP")},
    ],
)
def test_there_are_three_ways_to_sign_in(ways: Json) -> None:
    assert Settings(base_url="https://shop.example", **ways).api == "/rest/V1"


@pytest.mark.parametrize(
    ("name", "ways"),
    [
        ("consumer_key", {}),
        ("consumer_secret", {"consumer_key": Secret("x")}),
        ("access_token_secret", {**FOUR, "access_token_secret": Secret("")}),
        ("access_token", {"bearer": True}),
        ("bearer", {"bearer": True, **FOUR}),
        ("password", {"username": "ann"}),
        ("username", {"password": Secret("x")}),
        ("username", {"otp_secret": Secret("JBSWY3DP")}),
        ("username", {"username": "ann", "password": Secret("x"), **FOUR}),
    ],
)
def test_half_a_way_to_sign_in_is_named(name: str, ways: Json) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name}:"):
        Settings(base_url="https://shop.example", **ways)


@pytest.mark.parametrize("address", ["/rest", "/rest/V1", "/rest/default/V1", "/index.php/rest"])
def test_the_address_is_the_shops_and_not_the_apis(address: str) -> None:
    with pytest.raises(ConfigurationError, match="base_url"):
        Settings(base_url=f"https://shop.example{address}", **FOUR)


@pytest.mark.parametrize(
    ("name", "value"), [("store_view", "a/b"), ("store_ids", ("fr",)), ("status_by", "hand")]
)
def test_a_wrong_setting_is_named(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=name):
        shop(**{name: value})


def test_a_store_view_stands_in_every_address() -> None:
    assert shop(store_view="fr").settings.api == "/rest/fr/V1"


# --- discounts, as two versions write them ---------------------------------------------------------

MUGS = {"price": 12.5, "qty_ordered": 3, "discount_amount": 3.75, "tax_amount": 7.43}


@pytest.mark.parametrize("shown", [37.5, 33.75], ids=["before the discount", "after it"])
def test_a_discount_is_taken_off_once_whichever_way_the_version_shows_the_row(shown: float) -> None:
    """2.4.7-p3 takes it off the row in what its API shows, while the shop itself keeps the row whole."""
    (line,) = read(order(item(10, row_total=shown, **MUGS))).lines
    assert (line.total.amount, line.tax.amount) == (Decimal("33.75"), Decimal("7.43"))


def test_a_row_that_the_api_shows_as_nothing_because_of_its_discount_is_worth_what_tax_leaves() -> None:
    """Prices with tax: the discount has tax in it, and the API shows no row below nought."""
    row = item(
        10, price=100, qty_ordered=1, row_total=0, discount_amount=122, discount_tax_compensation_amount=22
    )
    (line,) = read(order(row)).lines
    assert line.total.amount == 0


def test_of_a_bundle_priced_by_its_parts_only_sets_whose_parts_all_went_back_are_refunded() -> None:
    """Refund the parts of one of two sets, and 2.4.7-p3 calls both sets refunded."""
    rows = (
        item(10, product_type="bundle", row_total=50, qty_refunded=2),
        part(11, 10, sku="PLATE", qty_ordered=4, row_total=40, qty_refunded=2),
        part(12, 10, sku="GLASS", qty_ordered=2, row_total=10, qty_refunded=1),
    )
    (line,) = read(order(*rows)).lines
    assert (line.refunded, line.open) == (1, 1)


def test_a_free_part_of_a_bundle_does_not_keep_a_refunded_set_open() -> None:
    rows = (
        item(10, product_type="bundle", row_total=50, qty_refunded=2),
        part(11, 10, sku="PLATE", qty_ordered=4, row_total=50, qty_refunded=2),
        part(12, 10, sku="CARD", qty_ordered=2, row_total=0, qty_refunded=0),
    )
    (line,) = read(order(*rows)).lines
    assert (line.refunded, line.open) == (1, 1)


# --- weights ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "weight", "in_kg"),
    [
        ("kgs", 2.5, "2.5"),
        ("lbs", 2.5, "1.133980925"),
        ("kgs", "0.2500", "0.25"),
        ("", 2.5, None),
        ("kgs", None, None),
        ("kgs", 0, None),
    ],
)
def test_a_line_weighs_what_the_shop_says_where_the_unit_is_known(
    unit: str, weight: object, in_kg: str | None
) -> None:
    (line,) = read(order(item(weight=weight)), weight_unit=unit).lines
    assert line.weight == (None if in_kg is None else Decimal(in_kg))


@pytest.mark.skipif(not RECORDED, reason="no recorded answers here")
def test_all_that_ships_in_one_box_weighs_as_much_as_the_shop_says_of_the_order() -> None:
    weighed = 0
    for name, row in RECORDED:
        found = read(row, weight_unit="kgs")
        if name != CUT and row.get("weight") and all(line.weight for line in found.lines if line.shippable):
            sums = sum(line.weight * line.quantity for line in found.lines if line.shippable and line.weight)
            assert sums == Decimal(str(row["weight"]))
            weighed += 1
    assert weighed > 3


def test_a_unit_that_no_shop_has_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="give kgs or lbs"):
        shop(weight_unit="stone")
