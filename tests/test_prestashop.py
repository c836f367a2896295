"""PrestaShop: what its orders mean, what cannot be asked of it, and that nothing is told twice."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderbridge._http import Call, Read, Response
from orderbridge._model import Money, NoticeLine, Order, Package, Secret, ShipmentNotice, StorePayment
from orderbridge.adapters import (
    Announced,
    Canceled,
    Cancellation,
    Confirmed,
    LookUp,
    Note,
    Noted,
    Page,
    Progress,
    Refund,
    Refunded,
    RefundLine,
    Refusal,
    Refused,
    Repeat,
    Throttled,
    Unclear,
    Unknown,
    Write,
    parse_xml,
)
from orderbridge.errors import ConfigurationError, Forbidden, Malformed, Unauthorized
from orderbridge.stores.prestashop import PLATFORM, Settings
from orderbridge.stores.prestashop._amounts import discounted
from orderbridge.stores.prestashop._messages import plain
from orderbridge.stores.prestashop._paging import PER_PAGE, Position, in_zone, lowest
from orderbridge.stores.prestashop._query import (
    Filter,
    Moment,
    Word,
    above,
    any_of,
    between,
    chunks,
    equal,
    listing,
)
from orderbridge.stores.prestashop._xml import clean, patch, post, put
from prestashop_client import Shop, answer, detail, error, order, run, shape, shop, state

PAYLOADS = Path(__file__).parents[1].parent / "shared/payloads/prestashop"
recorded = pytest.mark.skipif(not PAYLOADS.exists(), reason="recorded payloads are not beside the project")

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
SINCE = datetime(2026, 11, 1, tzinfo=UTC)


def fetched(there: Shop, ref: str = "6", **settings: Any) -> Order:
    found = run(shop(**settings).fetch_order(ref), there)
    assert found is not None
    return found


def pulled(there: Shop, cursor: str | None = None, now: datetime = NOW, **settings: Any) -> Page:
    return run(shop(**settings).fetch_orders(cursor, since=SINCE, now=now), there)


def notice(*numbers: str, key: str = "k1", completes: bool = False, **more: Any) -> ShipmentNotice:
    given_notice: dict[str, Any] = {
        "key": key,
        "order_id": "/6",
        "purchase_order_id": "p",
        "lines": (NoticeLine(line_ref="8", ship_ref="8", units=Decimal(1)),),
        "packages": tuple(Package(tracking_number=number, carrier="My Carrier") for number in numbers),
        "shipped_at": NOW,
        "completes": completes,
        **more,
    }
    return ShipmentNotice(**given_notice)


def told(there: Shop, about: ShipmentNotice, **settings: Any) -> object:
    adapter = shop(**settings)
    return there.do(adapter, lambda past: adapter.announce(fetched(there), about, past))


# --- what can be asked -------------------------------------------------------------------------------


def test_filters_have_the_forms_that_prestashop_understands() -> None:
    at = Moment("2026-11-22 04:45:26")
    assert equal("id", 3).shown == "[3]"
    assert any_of("id", [1, 2, 3]).shown == "[1|2|3]"
    assert between("id", 1, 3).shown == "[1,3]"
    assert above("date_upd", at).shown == ">[2026-11-22 04:45:26]"
    assert any_of("name", [Word("PS_TIMEZONE")]).shown == "[PS_TIMEZONE]"


@pytest.mark.parametrize("text", ["2026-11-22T04:45:26", "2026-11-22", "", "2026-11-22 04:45:26]"])
def test_a_time_in_another_form_cannot_be_asked_for(text: str) -> None:
    with pytest.raises(ValueError, match="wall"):
        Moment(text)


@pytest.mark.parametrize("text", ["a|b", "a]", "[a", "a,b", "a b", "%", ""])
def test_text_with_a_sign_of_the_filters_own_cannot_be_asked_for(text: str) -> None:
    with pytest.raises(ValueError, match="word"):
        Word(text)


@pytest.mark.parametrize(
    "build",
    [
        lambda: any_of("id", []),
        lambda: equal("id", -1),
        lambda: equal("id", True),
        lambda: equal("id]=1&filter[x", 1),
        lambda: Filter("id", "<=[3]"),
        lambda: Filter("id", ">=[3]"),
        lambda: Filter("id", "[1,2,3]"),
        lambda: Filter("id", "[1,]"),
        lambda: Filter("id", "%[a]%"),
        lambda: Filter("date_upd", ">[2026-11-22T04:45:26]"),
        lambda: between("date_upd", 1, Moment("2026-11-22 04:45:26")),
        lambda: listing("orders", sort=()),
        lambda: listing("orders", limit=0),
        lambda: listing("orders", display=("id,secure_key",)),
        lambda: listing("customers"),
        lambda: listing("order_carriers", above("date_upd", Moment("2026-11-22 04:45:26"))),
        lambda: listing("order_histories", sort=("date_upd",)),
        lambda: listing("orders", shop="all"),
    ],
)
def test_questions_that_prestashop_answers_wrongly_cannot_be_built(build: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        build()


def test_every_list_has_an_order_and_a_limit_and_dates_are_switched_on() -> None:
    there = Shop()
    fetched(there)
    page = pulled(there)
    pulled(there, page.next)
    told(there, notice("A", completes=True))
    for read in there.reads:
        params = dict(read.params)
        if read.path == "/api/" or read.path.count("/") > 2:
            continue
        assert params["sort"].endswith("SC]")
        assert params["limit"].startswith("0,")
        assert "offset" not in params
        assert ("date" in params) == ("date_upd" in read.query)
        assert "%3C%3D" not in read.query
        assert "%3E%3D" not in read.query
        assert len(read.query) < 6000
        assert read.keep is None or read.path not in ("/api/orders", "/api/addresses", "/api/customers")


def test_only_one_file_builds_questions_and_only_one_builds_writes() -> None:
    adapter = Path(__file__).parents[1] / "src/orderbridge/stores/prestashop"
    for word, home in ((r"\bRead\(", "_query.py"), (r"\bRequest\(", "_xml.py")):
        files = {file.name for file in adapter.glob("*.py") if re.search(word, file.read_text())}
        assert files == {home}


@given(st.sets(st.integers(min_value=1, max_value=10**9)))
def test_any_number_of_ids_fits_into_addresses(ids: set[int]) -> None:
    parts = list(chunks(ids))
    assert sorted(each for part in parts for each in part) == sorted(ids)
    assert all(len(listing("orders", any_of("id", part)).query) < 6000 for part in parts)


# --- what can be written -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "build",
    [
        lambda: patch(5, {"current_state": "4"}, mail=False),  # type: ignore[dict-item]
        lambda: patch(5, {"shipping_number": "X"}, mail=False),  # type: ignore[dict-item]
        lambda: patch(5, {}, mail=False),
        lambda: patch(0, {"tracking_number": "X"}, mail=False),
        lambda: post("order_history", {"id": "3", "id_order": "1"}),
        lambda: post("orders", {"id_cart": "1"}),  # type: ignore[arg-type]
        lambda: post("order_carrier", {"id_order": "1"}, mail=True),
        lambda: post("order_slip", {"id_order": "1"}, lines=({"id_order_detail": "1"},)),
        lambda: post("order_history", {}),
    ],
)
def test_writes_that_do_more_than_they_say_cannot_be_built(build: Callable[[], object]) -> None:
    with pytest.raises((ValueError, KeyError)):
        build()


@pytest.mark.parametrize(
    "row",
    [
        b"<prestashop><order_carrier><id>5</id><tracking_number/></order_carrier></prestashop>",
        b"<prestashop><order_carrier><id>6</id><id_order>1</id_order><id_carrier>1</id_carrier>"
        b"<tracking_number/></order_carrier></prestashop>",
        b"<prestashop><order><id>5</id></order></prestashop>",
        b"<html/>",
    ],
)
def test_a_part_of_a_row_or_another_one_is_never_put_back(row: bytes) -> None:
    with pytest.raises(Malformed):
        put(row, 5, {"tracking_number": "X"}, mail=False)


@given(st.text())
def test_any_text_comes_out_of_the_xml_as_it_went_in_but_for_what_xml_cannot_hold(text: str) -> None:
    body = post("customer_message", {"id_customer_thread": "1", "message": text}).body
    found = parse_xml(body).findtext("customer_message/message") or ""
    assert found == clean(text).replace("\r\n", "\n").replace("\r", "\n")


def test_only_signs_that_tables_and_xml_cannot_hold_are_dropped() -> None:
    assert clean("a\x0bb\x00\ud800 \U0001f600 perché €\n]]>") == "ab  perché €\n]]>"


def test_the_bodies_have_no_blanks_in_their_leaves_and_name_their_row() -> None:
    request = patch(5, {"tracking_number": "A&B"}, mail=True)
    assert shape(request) == (
        "<prestashop><order_carrier><id>5</id><tracking_number>A&amp;B</tracking_number>"
        "</order_carrier></prestashop>"
    )
    assert dict(request.params) == {"output_format": "JSON", "sendemail": "1"}


@pytest.mark.parametrize("text", ["<script>x</script>", "JavaScript : x", "a onload =b", "\u202ex"])
def test_messages_hold_nothing_that_prestashop_takes_for_an_attack(text: str) -> None:
    shown = plain(text).lower()
    assert "<" not in shown
    assert "script :" not in shown
    assert "onload =" not in shown
    assert "\u202e" not in shown


# --- orders ------------------------------------------------------------------------------------------


def test_a_paid_order_has_its_lines_money_and_address() -> None:
    there = Shop()
    found = fetched(there)
    (line,) = found.lines
    assert (found.ref, found.number, found.payment, found.ready) == (
        "6",
        "XKBKNABJK",
        StorePayment.PAID,
        True,
    )
    assert found.raw_status == "Payment accepted"
    assert found.placed_at == datetime(2026, 11, 22, 3, 45, 26, tzinfo=UTC)
    assert found.total == Money.of("58.71", "EUR")
    assert (line.ref, line.sku, line.product_ref, line.variant_ref) == ("8", "MUG", "10", "3")
    assert (line.supplier_ref, line.open) == ("SUP-1", Decimal(2))
    assert (line.total, line.tax) == (Money.of("48.12", "EUR"), Money.of("10.59", "EUR"))
    assert found.ship_to is not None
    assert (found.ship_to.name, found.ship_to.city) == ("Anna Bianchi", "Agrigento")
    assert (found.ship_to.region_code, found.ship_to.country) == ("AG", "IT")
    assert (found.ship_to.email, found.ship_to.tax_id) == ("anna@example.com", "BNC")
    assert found.shipping[0].code == "2"


@pytest.mark.parametrize(
    ("more", "payment", "ready", "canceled"),
    [
        ({"current_state": 2}, StorePayment.PAID, True, False),
        ({"current_state": "2"}, StorePayment.PAID, True, False),
        ({"current_state": 1, "total_paid_real": "0"}, StorePayment.UNPAID, False, False),
        ({"current_state": 1, "total_paid_real": "10"}, StorePayment.PART_PAID, False, False),
        (
            {"current_state": 13, "module": "ps_cashondelivery", "total_paid_real": ""},
            StorePayment.ON_DELIVERY,
            True,
            False,
        ),
        ({"current_state": 13, "total_paid_real": ""}, StorePayment.UNPAID, False, False),
        # PrestaShop itself moves an order on, whose goods are not in stock: with dropshipping that is each.
        (
            {"current_state": 12, "module": "ps_cashondelivery", "total_paid_real": ""},
            StorePayment.ON_DELIVERY,
            True,
            False,
        ),
        ({"current_state": 12, "total_paid_real": ""}, StorePayment.UNPAID, False, False),
        (
            {"current_state": 1, "module": "ps_cashondelivery", "total_paid_real": "0"},
            StorePayment.UNPAID,
            False,
            False,
        ),
        ({"current_state": 4}, StorePayment.PAID, False, False),
        ({"current_state": 6, "total_paid_real": "0"}, StorePayment.VOIDED, False, True),
        ({"current_state": 6}, StorePayment.PAID, False, True),
        ({"current_state": 7}, StorePayment.REFUNDED, False, True),
        ({"current_state": 8, "total_paid_real": "0"}, StorePayment.VOIDED, False, True),
        ({"current_state": 99}, StorePayment.UNKNOWN, False, False),
    ],
)
def test_states_are_understood_by_flags_and_configuration(
    more: dict[str, Any], payment: StorePayment, ready: bool, canceled: bool
) -> None:
    there = Shop()
    there.tables["orders"] = [order(**more)]
    found = fetched(there)
    assert (found.payment, found.ready, found.canceled) == (payment, ready, canceled)


@pytest.mark.parametrize(
    ("more", "payment"),
    [
        ({"current_state": 13, "module": "ps_cashondelivery", "total_paid_real": "0"}, "ON_DELIVERY"),
        ({"current_state": 1, "total_paid_real": "0"}, "UNPAID"),
        ({"current_state": 1}, "PART_REFUNDED"),
        ({"current_state": 2, "total_paid_real": "0"}, "PART_REFUNDED"),
        (
            {"current_state": 1, "total_paid": "5", "total_paid_tax_incl": "5", "total_paid_real": "0"},
            "REFUNDED",
        ),
    ],
)
def test_a_slip_for_what_was_never_paid_does_not_say_that_it_was(more: dict[str, Any], payment: str) -> None:
    there = Shop()
    there.tables["orders"] = [order(**more)]
    there.tables["order_slip"] = [{"id": 1, "id_order": 6, "amount": "5"}]
    assert fetched(there).payment.value == payment


def test_a_voucher_makes_the_lines_cheaper_by_their_share_and_one_for_the_shipping_does_not() -> None:
    there = Shop()
    there.tables["order_details"] = [
        detail(8, total_price_tax_excl="30", total_price_tax_incl="36.60", product_quantity=3),
        detail(9, total_price_tax_excl="70", total_price_tax_incl="85.40"),
    ]

    def totals(net: str, gross: str) -> list[tuple[Decimal, Decimal, Decimal]]:
        sums = {"total_discounts_tax_excl": net, "total_discounts_tax_incl": gross}
        there.tables["orders"] = [order(**sums, total_shipping_tax_excl="8", total_shipping_tax_incl="9.76")]
        lines = fetched(there).lines
        return [(line.total.amount, line.tax.amount, line.unit_price.amount) for line in lines]

    d = Decimal
    assert totals("10", "12.20") == [
        (d("27"), d("5.94"), d("9")),
        (d("63"), d("13.86"), d("31.5")),
    ]
    assert totals("999", "999") == [(d(0), d(0), d(0))] * 2
    for free_shipping in (("8", "9.76"), ("0", "0")):
        assert totals(*free_shipping) == [
            (d("30"), d("6.6"), d("24.06")),
            (d("70"), d("15.4"), d("24.06")),
        ]


@given(
    prices=st.lists(st.decimals(0, 99999, places=6), min_size=1, max_size=5),
    off=st.decimals(0, 99999, places=6),
)
def test_what_a_voucher_takes_off_is_taken_off_to_the_last_digit(prices: list[Decimal], off: Decimal) -> None:
    left = discounted(prices, off)
    assert sum(prices) - sum(left) == min(off, sum(prices))
    assert all(0 <= part <= price for part, price in zip(left, prices, strict=True))


def test_flags_that_come_as_json_s_own_true_and_false_count_as_well() -> None:
    there = Shop()
    for row in there.tables["order_states"]:
        row.update({name: value == "1" for name, value in row.items() if value in ("0", "1")})
    assert fetched(there).ready
    assert fetched(there).payment is StorePayment.PAID


def test_named_ready_states_come_before_flags_and_our_own_states_count_as_ready() -> None:
    there = Shop()
    there.tables["order_states"].append({**state(30, "Booked", paid=1), "module_name": "orderbridge"})
    assert not fetched(there, ready_states=("3",)).ready
    there.tables["orders"] = [order(current_state=30)]
    assert fetched(there, ready_states=("3",)).ready


def test_a_state_made_since_the_list_was_kept_is_looked_up_again() -> None:
    there = Shop()
    there.tables["orders"] = [order(current_state=99)]
    fetched(there)
    assert [read.fresh for read in there.asked("/api/order_states")] == [False, True]


def test_units_refunded_are_the_larger_of_line_and_slips_and_returns_count_once() -> None:
    there = Shop()
    there.tables["order_details"] = [
        detail(8, product_quantity=5, product_quantity_refunded=1, product_quantity_return=1),
        detail(9, product_quantity=5, product_quantity_refunded=3),
    ]
    there.tables["order_slip"] = [
        {
            "id": n,
            "id_order": 6,
            "amount": "10.000000",
            "total_products_tax_excl": "10.000000",
            "total_products_tax_incl": "12.200000",
            "total_shipping_tax_incl": "2.440000",
            "associations": {"order_slip_details": [{"id": n, "id_order_detail": 8, "product_quantity": 1}]},
        }
        for n in (1, 2)
    ]
    found = fetched(there)
    assert [line.refunded for line in found.lines] == [2, 3]
    # The amount is without tax here, and never holds the shipping.
    assert [refund.amount for refund in found.refunds] == [Money.of("14.64", "EUR")] * 2
    assert found.payment is StorePayment.PART_REFUNDED


def test_an_amount_chosen_by_hand_is_what_a_slip_gives_back() -> None:
    there = Shop()
    there.tables["order_slip"] = [
        {
            "id": 1,
            "id_order": 6,
            "amount": "5",
            "total_products_tax_excl": "10",
            "total_products_tax_incl": "12.2",
        }
    ]
    assert fetched(there).refunds[0].amount == Money.of("5", "EUR")


def test_services_and_downloads_are_not_shipped() -> None:
    there = Shop()
    there.tables["products"] = [{"id": 10, "is_virtual": "1"}, {"id": 11, "is_virtual": "0"}]
    there.tables["order_details"] = [
        detail(8),
        detail(9, product_id=11, download_hash="ab"),
        detail(10, product_id=11),
    ]
    assert [line.shippable for line in fetched(there).lines] == [False, False, True]


def test_what_the_shopper_fetches_is_not_shipped_where_the_merchant_names_such_carriers() -> None:
    """To PrestaShop its own "Click and collect" is a carrier like any other."""
    there = Shop()
    there.tables["carriers"][0] |= {"id": "2", "id_reference": "7", "name": "Click and collect"}
    assert fetched(there).ready
    for named in ("7", "click and collect"):
        order = fetched(there, pickup_carriers=(named,))
        assert not order.ready
        assert not any(line.open for line in order.lines)
    assert fetched(there, pickup_carriers=("8", "Abholung")).ready
    there.tables["carriers"].clear()
    with pytest.raises(Malformed, match="pickup_carriers"):
        fetched(there, pickup_carriers=("7",))


def test_a_key_without_a_right_to_products_still_reads_orders() -> None:
    there = Shop()

    def reply(read: Read) -> Response:
        return (
            error(401, 26, "Resource products is not allowed")
            if read.path == "/api/products"
            else there(read)
        )

    found = run(shop().fetch_order("6"), reply)
    assert found is not None
    assert found.lines[0].shippable


def test_an_order_of_another_shop_is_none() -> None:
    there = Shop()
    there.tables["orders"] = [order(id_shop=2)]
    assert run(shop(shop_id="1").fetch_order("6"), there) is None
    assert not pulled(there, shop_id="1").items
    assert all(dict(read.params)["id_shop"] == "1" for read in there.asked("/api/orders"))


@pytest.mark.parametrize("ref", ["", "x", "6|7", "-1", "٣"])
def test_what_is_no_id_is_no_order(ref: str) -> None:
    assert run(shop().fetch_order(ref), Shop()) is None


def test_one_bad_order_is_set_aside_and_the_others_come() -> None:
    there = Shop()
    there.tables["orders"] = [
        order(6),
        order(7, date_add="0000-00-00 00:00:00"),
        order(9, id_currency=5),
        order(10),
    ]
    there.tables["order_details"] = [
        detail(8),
        detail(9, 7),
        detail(11, 9),
        detail(12, 10, product_quantity="many"),
    ]
    page = pulled(there)
    assert [found.ref for found in page.items] == ["6"]
    assert {aside.ref: aside.path for aside in page.set_aside} == {
        "7": "$.date_add",
        "9": "$.id_currency",
        "10": "$.order_details[0].product_quantity",
    }


def test_a_line_without_a_quantity_is_not_a_line_of_nothing() -> None:
    there = Shop()
    for odd in ("", None, [2], False):
        there.tables["order_details"] = [detail(8, product_quantity=odd)]
        (aside,) = pulled(there).set_aside
        assert aside.path == "$.order_details[0].product_quantity"


def test_an_order_in_a_currency_without_a_name_is_set_aside() -> None:
    there = Shop()
    there.tables["currencies"][0]["iso_code"] = ""
    assert [item.path for item in pulled(there).set_aside] == ["$.id_currency"]


def test_a_day_that_no_calendar_has_stops_neither_this_pull_nor_the_next() -> None:
    """PrestaShop lets its database keep such dates."""
    there = Shop()
    there.tables["orders"] = [order(date_upd="2026-11-00 10:00:00")]
    page = pulled(there, pulled(there, Position(since="2026-10-01 00:00:00", zone="Europe/Rome").text).next)
    assert [found.ref for found in page.items] == ["6"]
    there.tables["orders"] = [order(date_add="2026-11-00 10:00:00")]
    assert [item.path for item in pulled(there).set_aside] == ["$.date_add"]


def test_an_order_that_php_cannot_write_is_found_and_set_aside() -> None:
    there = Shop()
    there.tables["orders"] = [order(ref) for ref in range(1, 31)]
    there.tables["order_details"] = [detail(100 + ref, ref) for ref in range(1, 31)]
    there.blank = {("orders", 17), ("order_details", 121)}
    page = pulled(there)
    assert {int(found.ref) for found in page.items} == set(range(1, 31)) - {17, 21}
    assert {aside.ref for aside in page.set_aside} == {"17", "21"}
    assert json.loads(page.next)["top"] == "2026-11-22 04:50:00"


def test_an_order_that_php_cannot_write_is_found_behind_a_byte_order_mark_too() -> None:
    """A file of a module was saved with one, so all that the shop says begins with it."""
    there = Shop()
    there.tables["orders"] += [order(7)]
    there.tables["order_details"] += [detail(9, 7)]
    there.blank = {("orders", 7)}

    def reply(read: Read) -> Response:
        said = there(read)
        return Response(said.status, headers=said.headers, body=b"\xef\xbb\xbf" + said.body)

    page = run(shop().fetch_orders(None, since=SINCE, now=NOW), reply)
    assert [found.ref for found in page.items] == ["6"]
    assert [item.ref for item in page.set_aside] == ["7"]


def test_what_php_says_before_the_json_hides_no_order() -> None:
    there = Shop()

    def reply(read: Read) -> Response:
        got = there(read)
        return attrs.evolve(got, body=b"\xef\xbb\xbf<br />\n<b>Notice</b>: x in y.php [1]<br />\n" + got.body)

    assert run(shop().fetch_order("6"), reply) == fetched(there)


# --- pages -------------------------------------------------------------------------------------------


def test_a_page_costs_the_same_number_of_questions_however_many_orders_are_on_it() -> None:
    counts: list[int] = []
    for many in (1, 40):
        there = Shop()
        there.tables["orders"] = [order(ref) for ref in range(1, many + 1)]
        there.tables["order_details"] = [detail(100 + ref, ref) for ref in range(1, many + 1)]
        pulled(there)
        counts.append(len([read for read in there.reads if read.keep is None]))
    assert counts == [7, 7]


def drained(there: Shop, cursor: str | None = None, now: datetime = NOW) -> tuple[list[str], str]:
    seen: list[str] = []
    for _ in range(50):
        page = pulled(there, cursor, now)
        seen += [found.ref for found in page.items]
        cursor = page.next
        if not page.more:
            return seen, cursor
    raise AssertionError("no end")


def with_orders(there: Shop, stamps: dict[int, str]) -> None:
    there.tables["orders"] = [order(ref, date_upd=stamp, date_add=stamp) for ref, stamp in stamps.items()]
    there.tables["order_details"] = [detail(10_000 + ref, ref) for ref in stamps]


def test_more_changes_in_one_second_than_a_page_holds_all_come() -> None:
    there = Shop()
    stamps = dict.fromkeys(range(1, 3 * PER_PAGE + 2), "2026-11-20 10:00:00")
    stamps |= {1000: "2026-11-20 09:00:00", 1001: "2026-11-20 11:00:00"}
    with_orders(there, stamps)
    seen, _ = drained(there)
    assert {int(ref) for ref in seen} == set(stamps)


def test_orders_that_move_between_two_pages_hide_none() -> None:
    there = Shop()
    stamps = {ref: f"2026-11-20 10:{ref // 60:02}:{ref % 60:02}" for ref in range(1, 2 * PER_PAGE + 1)}
    with_orders(there, stamps)
    page = pulled(there)
    for row in there.tables["orders"][: PER_PAGE // 2]:
        row["date_upd"] = "2026-11-20 12:00:00"
    seen, _ = drained(there, page.next)
    assert {int(found.ref) for found in page.items} | {int(ref) for ref in seen} == set(stamps)


def test_a_slip_or_a_raw_history_entry_brings_its_order_back_though_its_date_stands_still() -> None:
    there = Shop()
    there.tables["orders"] = [order(date_upd="2026-11-10 10:00:00"), order(7, date_upd="2026-11-20 10:00:00")]
    there.tables["order_details"] = [detail(8), detail(9, 7)]
    _, cursor = drained(there)
    later = NOW + timedelta(hours=1)
    again, cursor = drained(there, cursor, later)
    there.tables["order_slip"].append({"id": 3, "id_order": 6, "amount": "1"})
    seen, cursor = drained(there, cursor, later)
    assert "6" in seen
    there.tables["order_histories"].append({"id": 9, "id_order": 6, "id_order_state": 2})
    assert "6" in drained(there, cursor, later)[0]
    assert "6" not in again


def rome(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Rome"), fold=fold)


def test_a_night_in_which_the_clock_goes_back_loses_no_order() -> None:
    there = Shop()
    begin = rome("2026-10-24 23:30:00")
    cursor: str | None = None
    seen: set[str] = set()
    with_orders(there, {})
    for minute in range(0, 360, 7):
        now = (begin + timedelta(0)).astimezone(UTC) + timedelta(minutes=minute)
        wall = now.astimezone(ZoneInfo("Europe/Rome")).strftime("%Y-%m-%d %H:%M:%S")
        ref = minute + 1
        there.tables["orders"].append(order(ref, date_add=wall, date_upd=wall))
        there.tables["order_details"].append(detail(10_000 + ref, ref))
        page = run(
            shop().fetch_orders(
                cursor, since=begin.astimezone(UTC) - timedelta(days=1), now=now + timedelta(seconds=30)
            ),
            there,
        )
        seen |= {found.ref for found in page.items}
        cursor = page.next
        assert str(ref) in seen


def test_a_merchant_who_moves_the_shop_to_another_zone_loses_no_order() -> None:
    there = Shop()
    with_orders(there, {1: "2026-11-22 12:30:00"})
    _, cursor = drained(there)
    there.tables["configurations"][0]["value"] = "America/New_York"
    now = NOW + timedelta(minutes=30)
    wall = now.astimezone(ZoneInfo("America/New_York")).strftime("%Y-%m-%d %H:%M:%S")
    there.tables["orders"].append(order(2, date_add=wall, date_upd=wall))
    there.tables["order_details"].append(detail(10_002, 2))
    seen, cursor = drained(there, cursor, now)
    assert "2" in seen
    assert json.loads(cursor)["zone"] == "America/New_York"


@given(
    st.datetimes(min_value=datetime(2026, 10, 24), max_value=datetime(2026, 10, 26)), st.integers(0, 72_000)
)
def test_no_later_moment_shows_a_lower_time_than_the_bound(naive: datetime, seconds: int) -> None:
    naive = naive.replace(microsecond=0)
    moment = naive.replace(tzinfo=ZoneInfo("Europe/Rome")).astimezone(UTC) + timedelta(seconds=seconds)
    shown = moment.astimezone(ZoneInfo("Europe/Rome")).replace(tzinfo=None)
    assert lowest(naive.isoformat(" "), "Europe/Rome") <= shown.isoformat(" ")


def test_a_quiet_shop_is_not_read_again_and_again() -> None:
    there = Shop()
    _, cursor = drained(there)
    _, cursor = drained(there, cursor, NOW + timedelta(hours=1))
    assert drained(there, cursor, NOW + timedelta(hours=2))[0] == []


def test_the_same_zone_changes_nothing() -> None:
    at = Position(since="2026-11-22 10:00:00", zone="Europe/Rome")
    assert in_zone(at, "Europe/Rome") is at


# --- departures --------------------------------------------------------------------------------------


def test_a_part_shipment_shows_its_number_says_what_left_and_mails_once() -> None:
    there = Shop()
    result = told(there, notice("TRK 1"))
    assert isinstance(result, Announced)
    assert result.refs == ("5",)
    assert [write.step for write in there.writes] == ["thread", "message-k1", "tracking-1"]
    assert there.tables["order_carriers"][0]["tracking_number"] == "TRK 1"
    assert there.tables["order_carriers"][0]["id_carrier"] == "9"
    (message,) = there.tables["customer_messages"]
    assert message["private"] == "1"
    assert message["message"].endswith("[ob:k1]")
    assert "1 x Mug" in message["message"]
    assert there.mails == ["order_carriers"]
    assert there.tables["orders"][0]["current_state"] == 2
    told(there, notice("TRK 1"))
    assert len(there.writes) == 3


def unlinked() -> Shop:
    """A shop whose order goes by a carrier without a tracking address, so that no parcel's mail goes out."""
    there = Shop()
    there.tables["carriers"][0]["url"] = ""
    return there


def test_the_last_departure_sets_the_state_once_and_the_parcels_mail_is_the_only_one() -> None:
    """The stock mail of the shipped state names no number: the parcel's does, so that one goes."""
    there = Shop()
    told(there, notice("A", "B", completes=True))
    assert [write.step for write in there.writes] == [
        "tracking-1",
        "thread",
        "message-k1",
        "parcel-2",
        "tracking-2",
        "state",
    ]
    assert there.mails == ["order_carriers"]
    assert there.tables["orders"][0]["current_state"] == 4
    told(there, notice("A", "B", completes=True))
    assert len(there.writes) == 6


def test_where_no_parcel_can_be_mailed_the_shipped_state_is() -> None:
    there = unlinked()
    result = told(there, notice("A", completes=True))
    assert isinstance(result, Announced)
    assert result.warnings == ()
    assert there.mails == ["order_histories"]
    part = told(unlinked(), notice("A"))
    assert isinstance(part, Announced)
    assert [warning for warning in part.warnings if "not mailed" in warning]


def test_a_shipped_state_without_a_mail_is_warned_of_where_no_parcel_can_be_mailed() -> None:
    there = unlinked()
    result = told(there, notice("A", completes=True), shipped_state="21")
    assert isinstance(result, Announced)
    assert there.mails == []
    assert [warning for warning in result.warnings if "not mailed" in warning]


@pytest.mark.parametrize("version", ["1.7.0.6", "1.7.4.4"])
def test_before_1_7_5_no_parcel_is_mailed_as_the_shop_would_leave_out_its_number(version: str) -> None:
    """1.7.0 does not know the word sendemail there; 1.7.1 to 1.7.4 mail a link that lacks the number."""
    there = Shop(version)
    part = told(there, notice("A"))
    assert isinstance(part, Announced)
    assert there.mails == []
    assert [warning for warning in part.warnings if "PrestaShop before 1.7.5" in warning]
    whole = told(there, notice("B", key="k2", completes=True))
    assert isinstance(whole, Announced)
    assert (there.mails, whole.warnings) == (["order_histories"], ())
    right = notice("B2", key="k2", completes=True)
    adapter = shop()
    there.do(adapter, lambda past: adapter.correct(fetched(there), right, notice("B").packages, past))
    assert there.mails == ["order_histories"]


def test_a_second_parcel_that_mails_gets_a_row_first_as_making_one_never_mails() -> None:
    there = Shop()
    told(there, notice("A"))
    told(there, notice("B", key="k2"))
    assert [row["tracking_number"] for row in there.tables["order_carriers"]] == ["A", "B"]
    assert there.mails == ["order_carriers", "order_carriers"]


def test_where_the_shipped_state_has_no_mail_the_parcel_has() -> None:
    there = Shop()
    told(there, notice("A", completes=True), shipped_state="21")
    assert there.tables["orders"][0]["current_state"] == 21
    assert there.mails == ["order_carriers"]


def test_no_mail_where_none_is_wanted() -> None:
    there = Shop()
    told(there, notice("A", notify=False))
    told(there, notice("B", key="k2", completes=True), shipped_mail=False)
    assert there.mails == []


@pytest.mark.parametrize("completes", [True, False])
def test_a_mail_server_that_is_down_doubles_nothing(completes: bool) -> None:
    there = Shop()
    there.mail_down = True
    result = told(there, notice("A", completes=completes))
    assert isinstance(result, Announced)
    assert [warning for warning in result.warnings if "may not have gone out" in warning]
    steps = [write.step for write in there.writes]
    assert len(steps) == len(set(steps))


@pytest.mark.parametrize("lost", ["thread", "message-k1", "tracking-1", "parcel-2", "tracking-2", "state"])
def test_a_lost_answer_to_any_write_leaves_one_effect(lost: str) -> None:
    there = Shop()
    there.lose = lambda write: write.step == lost
    assert isinstance(told(there, notice("A", "B", completes=True)), Announced)
    assert len(there.tables["order_carriers"]) == 2
    assert len(there.tables["customer_messages"]) == len(there.tables["customer_threads"]) == 1
    assert len(there.tables["order_histories"]) == 2
    assert there.mails == ["order_carriers"]


def test_an_unpaid_order_is_never_set_to_a_state_that_books_its_payment() -> None:
    there = Shop()
    there.tables["orders"] = [order(current_state=13, module="ps_cashondelivery", total_paid_real="0")]
    result = told(there, notice("A", completes=True))
    assert isinstance(result, Announced)
    assert "book a payment" in " ".join(result.warnings)
    assert there.tables["orders"][0]["current_state"] == 13
    assert there.mails == ["order_carriers"]


def test_an_unpaid_order_gets_the_state_that_the_merchant_has_for_it() -> None:
    there = Shop()
    there.tables["orders"] = [order(current_state=13, module="ps_cashondelivery", total_paid_real="0")]
    told(there, notice("A", completes=True), unpaid_shipped_state="20")
    assert there.tables["orders"][0]["current_state"] == 20


@pytest.mark.parametrize("current", [4, 6, 7])
def test_a_shipped_or_closed_order_keeps_its_state(current: int) -> None:
    there = Shop()
    there.tables["orders"] = [order(current_state=current)]
    told(there, notice("A", completes=True))
    assert there.tables["orders"][0]["current_state"] == current


def test_an_order_that_was_taken_back_from_shipped_is_not_shipped_again() -> None:
    there = Shop()
    there.tables["order_histories"].append({"id": 2, "id_order": 6, "id_order_state": 4})
    result = told(there, notice("A", completes=True))
    assert isinstance(result, Announced)
    assert there.tables["orders"][0]["current_state"] == 2


def test_two_rows_with_our_number_need_a_person() -> None:
    there = Shop()
    there.tables["order_carriers"] = [
        {"id": n, "id_order": 6, "id_carrier": 2, "tracking_number": "a"} for n in (5, 6)
    ]
    assert isinstance(told(there, notice("A")), Unclear)
    assert there.writes == []


@pytest.mark.parametrize("number", ["X" * 65, "ÀÈ", "a;b"])
def test_a_number_that_prestashop_would_cut_or_refuse_stands_in_the_message_only(number: str) -> None:
    there = Shop()
    result = told(there, notice(number))
    assert isinstance(result, Announced)
    assert result.warnings
    assert there.tables["order_carriers"][0]["tracking_number"] == ""
    assert number in there.tables["customer_messages"][0]["message"]


def test_a_carrier_is_mapped_to_its_present_row_by_reference_or_name() -> None:
    there = Shop()
    told(there, notice("A", packages=(Package(tracking_number="A", carrier="GLS"),)), carriers={"gls": "2"})
    assert there.tables["order_carriers"][0]["id_carrier"] == "9"
    unknown = told(there, notice("B", key="k2", packages=(Package(tracking_number="B", carrier="UPS"),)))
    assert isinstance(unknown, Announced)
    assert "UPS" in unknown.warnings[0]
    assert there.tables["order_carriers"][1]["id_carrier"] == "2"


@pytest.mark.parametrize(("version", "right"), [("1.7.8.11", True), ("8.1.2", False), ("0", True)])
def test_where_patch_is_not_to_be_had_the_whole_row_goes_back(version: str, right: bool) -> None:
    there = Shop(version)
    there.patch_right = right
    told(there, notice("A"))
    (write,) = [write for write in there.writes if write.step == "tracking-1"]
    assert write.request.method == "PUT"
    assert "<weight>1.5</weight>" in shape(write.request)
    assert "<id_order>6</id_order>" in shape(write.request)


def test_rules_for_unknown_outcomes() -> None:
    there = Shop()
    told(there, notice("A", "B"))
    rules = {write.step: type(write.unknown) for write in there.writes}
    assert rules == {
        "thread": LookUp,
        "message-k1": LookUp,
        "tracking-1": Repeat,
        "parcel-2": LookUp,
        "tracking-2": LookUp,
    }


def test_a_corrected_number_replaces_the_old_one_and_the_shopper_gets_it() -> None:
    there = Shop()
    first = notice("A", "B")
    told(there, first)
    wrote = len(there.writes)
    adapter = shop()
    right = attrs.evolve(
        first, packages=(first.packages[0], Package(tracking_number="B2", carrier="My Carrier"))
    )
    for _ in range(2):
        result = there.do(adapter, lambda past: adapter.correct(fetched(there), right, first.packages, past))
        assert isinstance(result, Announced)
    assert [row["tracking_number"] for row in there.tables["order_carriers"]] == ["A", "B2"]
    assert there.writes[wrote].step == "corrected-2"
    assert len(there.writes) == wrote + 2
    said = str(there.tables["customer_messages"][-1]["message"])
    assert "B2, in place of A, B" in said
    # One for the departure, and one with the right number.
    assert there.mails == ["order_carriers", "order_carriers"]


# --- progress, notes, cancels, refunds -----------------------------------------------------------------


def progressed(there: Shop, *stages: str, **settings: Any) -> object:
    adapter = shop(**settings)
    about = Progress(key="p-" + "-".join(stages), order_id="/6", stages=tuple(("s", each) for each in stages))
    return there.do(adapter, lambda past: adapter.report(fetched(there), about, past))


def test_progress_is_a_private_message_unless_own_states_are_wanted() -> None:
    there = Shop()
    assert progressed(there, "Working on") == Noted()
    assert progressed(there, "Working on") == Noted()
    (message,) = there.tables["customer_messages"]
    assert (message["private"], message["message"]) == ("1", "s: Working on [ob:p-Working on]")


def test_own_states_are_made_once_and_are_as_paid_as_the_state_before() -> None:
    there = Shop()
    for stages in (("Booked", "Ready"), ("Confirmed",), ("Confirmed",)):
        assert progressed(there, *stages, own_states=True) == Noted()
    made = [row for row in there.tables["order_states"] if row["module_name"] == "orderbridge"]
    assert [row["name"][0]["value"] for row in made] == ["Booked", "Confirmed"]
    assert all((row["paid"], row["logable"], row["invoice"]) == ("1", "1", "1") for row in made)
    found = fetched(there)
    assert (found.raw_status, found.ready, found.payment) == ("Confirmed", True, StorePayment.PAID)
    assert there.mails == []


def test_a_stage_that_comes_back_is_told_beside_its_state_which_is_set_once() -> None:
    """Whether a state of before was set again by us or by people, its history does not tell."""
    there = Shop()
    for stage in ("Booked", "Confirmed", "Booked", "Booked"):
        assert progressed(there, stage, own_states=True) == Noted()
    assert fetched(there).raw_status == "Confirmed"
    assert [row["message"] for row in there.tables["customer_messages"]] == ["s: Booked [ob:p-Booked]"]


def test_a_note_for_the_shopper_is_seen_in_the_account() -> None:
    there = Shop()
    adapter = shop()
    note = Note(key="n", text="Hello", to_shopper=True)
    for _ in range(2):
        assert there.do(adapter, lambda past: adapter.annotate(fetched(there), note, past)) == Noted()
    assert [row["private"] for row in there.tables["customer_messages"]] == ["0"]
    assert there.tables["customer_threads"][0]["email"] == "anna@example.com"


def test_messages_that_cannot_be_read_are_not_written_again() -> None:
    there = Shop()
    told(there, notice("A"))
    wrote = len(there.writes)
    there.blank = {("customer_messages", 1)}
    with pytest.raises(Malformed, match="UTF-8"):
        told(there, notice("A"))
    assert len(there.writes) == wrote


def canceled(there: Shop) -> object:
    adapter = shop()
    wanted = Cancellation(key="c", reason="none left")
    return there.do(adapter, lambda past: adapter.cancel(fetched(there), wanted, past))


def test_an_order_is_canceled_once_and_the_money_is_said_not_to_go_back() -> None:
    there = Shop()
    for _ in range(2):
        result = canceled(there)
        assert isinstance(result, Canceled)
        assert result.warnings
    assert there.tables["orders"][0]["current_state"] == 6
    assert len(there.tables["order_histories"]) == 2


@pytest.mark.parametrize("shipped", [True, False])
def test_an_order_of_which_something_left_is_not_canceled(shipped: bool) -> None:
    there = Shop()
    if shipped:
        there.tables["orders"] = [order(current_state=4)]
    else:
        there.tables["order_carriers"][0]["tracking_number"] = "A"
    assert isinstance(canceled(there), Unclear)
    assert there.writes == []


REFUND = Refund(
    key="r1",
    amount=Money.of("31.36", "EUR"),
    lines=(RefundLine(line_ref="8", units=Decimal(1), amount=Money.of("29.36", "EUR")),),
    shipping=Money.of("2", "EUR"),
)


def refunded(there: Shop, wanted: Refund = REFUND) -> object:
    """A refund of an order that costs enough for another one like it beside."""
    dear = order(total_paid_tax_incl="100.000000", total_paid="100.000000", total_paid_real="100.000000")
    there.tables["orders"] = [dear]
    adapter = shop()
    return there.do(adapter, lambda past: adapter.refund(fetched(there), wanted, past))


@pytest.mark.parametrize("lost", ["", "thread", "message-r1", "slip"])
def test_a_refund_is_one_slip_whatever_answer_is_lost(lost: str) -> None:
    there = Shop()
    # One like it that somebody made before.
    there.tables["order_slip"] = [
        {
            "id": 1,
            "id_order": 6,
            "amount": "29.36",
            "total_products_tax_incl": "29.36",
            "total_shipping_tax_incl": "2",
            "associations": {"order_slip_details": [{"id_order_detail": "8", "product_quantity": "1"}]},
        }
    ]
    there.lose = lambda write: write.step == lost
    for _ in range(2):
        result = refunded(there)
        assert isinstance(result, Refunded)
        assert (result.ref, result.amount, result.gave_money) == ("2", Money.of("31.36", "EUR"), False)
    assert len(there.tables["order_slip"]) == 2


def test_two_slips_that_may_be_the_refund_need_a_person() -> None:
    there = Shop()
    refunded(there)
    there.tables["order_slip"].append({**there.tables["order_slip"][0], "id": 7})
    assert isinstance(refunded(there), Unclear)


@pytest.mark.parametrize(("paid", "units"), [("50", 2), ("100", 1)])
def test_no_more_is_written_down_than_the_order_has_left(paid: str, units: int) -> None:
    """PrestaShop itself takes any slip."""
    there = Shop()
    rows = [{"id": "8", "product_quantity": str(units)}]
    there.tables["orders"] = [order(total_paid_tax_incl=paid, associations={"order_rows": rows})]
    there.tables["order_slip"] = [
        {
            "id": 1,
            "id_order": 6,
            "total_products_tax_incl": "29.36",
            "associations": {"order_slip_details": [{"id_order_detail": "8", "product_quantity": "1"}]},
        }
    ]
    adapter = shop()
    result = there.do(adapter, lambda past: adapter.refund(fetched(there), REFUND, past))
    assert isinstance(result, Unclear)
    assert "left to give back" in result.evidence
    assert there.writes == []


def test_parts_of_a_unit_are_not_refunded_by_a_slip() -> None:
    there = Shop()
    line = attrs.evolve(REFUND.lines[0], units=Decimal("0.5"))
    assert isinstance(refunded(there, attrs.evolve(REFUND, lines=(line,))), Unclear)
    assert there.writes == []


def test_the_carriers_in_use_are_named_by_what_stays_the_same() -> None:
    (carrier,) = run(shop().carriers(), Shop())
    assert (carrier.code, carrier.tracking_url) == ("2", "https://t.example/{number}")


# --- what answers mean ---------------------------------------------------------------------------------

WRITE = Write("state", post("order_history", {"id_order": "1", "id_order_state": "4"}), unknown=LookUp())


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer({"order_history": {"id": "8"}}, 201), Confirmed),
        (answer(b"<prestashop><order_carrier><id>1</id></order_carrier></prestashop>"), Confirmed),
        (answer(b'\xef\xbb\xbf\n<br />Notice: x {"order_history":{"id":8}}', 201), Confirmed),
        (answer(b'\xef\xbb\xbfNotice: x\n{"order_history":{"id":8}}', 201), Confirmed),
        (answer(b"", 200), Unknown),
        (answer([], 200), Unknown),
        (answer({"ok": True}, 200), Unknown),
        (answer(b"<html>ok</html>", 200), Unknown),
        (error(400, 85), Refused),
        (error(401, 20), Refused),
        (error(405, 25), Refused),
        (error(404, 92), Refused),
        (answer(b"401 Unauthorized", 401), Refused),
        (answer(b"<html>firewall</html>", 403), Unknown),
        (answer(b"", 404), Unknown),
        (error(500, 46), Unknown),
        (error(500, 127), Unknown),
        (answer(b"", 500), Unknown),
        (error(503, 22), Unknown),
        (answer(b"", 302), Unknown),
        (answer(b"slow down", 429, retry_after="7"), Throttled),
    ],
)
def test_only_prestashops_own_words_prove_anything(response: Response, verdict: type) -> None:
    assert isinstance(shop().judge(WRITE, response), verdict)


@pytest.mark.parametrize(
    ("response", "why"),
    [
        (error(401, 20), Refusal.UNAUTHORIZED),
        (error(401, 26), Refusal.FORBIDDEN),
        (error(403, 132), Refusal.FORBIDDEN),
        (error(405, 25), Refusal.FORBIDDEN),
        (error(404, 92), Refusal.NOT_FOUND),
        (error(400, 85), Refusal.INVALID),
    ],
)
def test_a_refusal_says_of_what_kind(response: Response, why: Refusal) -> None:
    verdict = shop().judge(WRITE, response)
    assert isinstance(verdict, Refused)
    assert verdict.why is why


@pytest.mark.parametrize(
    ("response", "kind", "said"),
    [
        (error(401, 26, "orders"), Forbidden, "lacks a right"),
        (answer(b"401 Unauthorized", 401), Unauthorized, "strips"),
        (error(401, 20), Unauthorized, "credentials"),
        (error(400, 32, "This filter does not exist"), Malformed, "filter"),
        (answer({"carts": [{"id": 1}]}), Malformed, "carts"),
    ],
)
def test_a_read_that_fails_says_why(response: Response, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        run(shop().fetch_order("6"), lambda _: response)


# --- probe and settings --------------------------------------------------------------------------------


def test_a_good_shop_has_good_findings_only() -> None:
    access = run(shop().probe(), Shop())
    assert all(finding.ok for finding in access.findings)
    assert (access.identity, access.version, access.lacks) == ("shop.example", "8.1.2", frozenset())


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (
            answer(b"", 302, location="https://www.shop.example/?x=1"),
            "redirects to https://www.shop.example/",
        ),
        (error(503, 22), "switched off"),
        (answer(b"401 Unauthorized", 401), "strips"),
        (error(401, 20, "not active"), "does not accept the key"),
        (error(401, 21), "no rights"),
        (error(403, 132), "not tied"),
        (answer(b"<!DOCTYPE html>", 404), "no PrestaShop webservice"),
        (answer(b"<html>", 403), "web page"),
    ],
)
def test_what_stands_before_the_webservice_is_named(response: Response, said: str) -> None:
    access = run(shop().probe(), lambda _: response)
    (finding,) = access.findings
    assert not finding.ok
    assert said in finding.what
    assert finding.fix
    assert access.identity == "shop.example"


def test_missing_rights_are_named_with_what_they_keep_from_working() -> None:
    body = b'<prestashop><api shopName="Demo"><orders get="true"/></api></prestashop>'
    access = run(shop().probe(), lambda _: answer(body, psws_version="8.1.2"))
    said = " ".join(finding.what for finding in access.findings if not finding.ok)
    assert "read addresses" in said
    assert "add customer_messages" in said
    assert "change order_carriers" in said
    assert access.lacks == {"Annotates", "ReportsProgress", "Refunds", "CancelsShopOrders"}


def test_the_key_goes_as_basic_user_or_in_the_query_if_asked_for() -> None:
    call = Call("GET", "https://shop.example/api/orders")
    for query, mark in ((False, "SzpF"), (True, "ws_key=K%3AE")):
        settings = Settings(base_url="https://shop.example", key=Secret("K:E"), query_key=query)
        signed = PLATFORM.auth(settings).sign(call, now=NOW, nonce="n", token=None)
        assert mark in (signed.url if query else signed.headers["authorization"])
        assert "K:E" not in repr(settings)


@pytest.mark.parametrize(
    "more",
    [
        {"time_zone": "Rome"},
        {"shop_id": "two"},
        {"ready_states": ("paid",)},
        {"shipped_state": "-4"},
        {"base_url": "https://shop.example/api/"},
    ],
)
def test_a_wrong_setting_is_named(more: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(more))):
        shop(**more)


# --- files ---------------------------------------------------------------------------------------------


def test_an_order_alone_says_little_and_nothing_is_made_up() -> None:
    body = (b'{"order":{"id":1,"id_currency":1,"current_state":4,"date_add":"2026-11-22 04:45:26",'
            b'"total_paid":"5",'
            b'"associations":{"order_rows":[{"id":3,"product_id":7,"product_quantity":"2",'
            b'"unit_price_tax_incl":"1.22","unit_price_tax_excl":"1.00"}]}}}')  # fmt: skip
    (found,) = shop(time_zone="Europe/Rome").decode_orders(body)
    assert isinstance(found, Order)
    assert (found.currency, found.payment, found.raw_status) == ("XXX", StorePayment.UNKNOWN, "")
    assert (found.ship_to, found.shipping, found.ready) == (None, (), False)
    assert (found.lines[0].total.amount, found.lines[0].tax.amount) == (Decimal(2), Decimal("0.44"))


# The recorded files with whole orders, and those orders' ids.
WHOLE = {
    "note_html": ["4"],
    "order1_json": ["1"],
    "order1_json_display": ["1"],
    "order1_xml": ["1"],
    "order4_patch_note": ["4"],
    "order4_patch_state": ["4"],
    "order4_put_unchanged": ["4"],
    "order4_xml": ["4"],
    "orders_list_json": ["1", "2", "3", "4", "5"],
    "orders_list_xml": ["1", "2", "3", "4", "5"],
    "orders_one_json": ["1"],
    "thirdparty_order_detail_ps8_php81": ["549085"],
}
# The other files that are of orders: no dates in them, no ids, nothing, or no XML.
PARTS = {
    "docs_orders_blank_schema": "$.id",
    "orders_synopsis": "$.id",
    "oca_import_sale_batch_0": "$.date_add",
    "order2_after_paid": "$.date_add",
    "order2_after_shipped": "$.date_add",
    "order2_after_slip": "$.date_add",
    "order_post": "$.date_add",
    "orders_after_post": "$.date_add",
    "order3_ctrl_xml": "/",
    "order_404_json": "$",
    "order_404_xml": "$",
}


@recorded
def test_every_recorded_order_is_understood_or_set_aside_for_its_reason() -> None:
    live = PAYLOADS / "live"
    names = ("order_states_json", "currencies_json", "countries_json", "address_json", "carriers_json")
    sides = [(live / f"{name}.body").read_bytes() for name in names]
    whole: dict[str, list[str]] = {}
    aside: dict[str, str] = {}
    for file in sorted([*PAYLOADS.glob("*.json"), *PAYLOADS.glob("*.xml"), *live.glob("*.body")]):
        for found in shop(time_zone="Europe/Rome").decode_orders(file.read_bytes(), *sides):
            if isinstance(found, Order):
                whole.setdefault(file.stem, []).append(found.ref)
                assert found.total.currency == "EUR"
                assert found.total.amount > 0
                assert found.raw_status
                assert all(line.open >= 0 for line in found.lines)
            else:
                aside[file.stem] = found.path
    assert whole == WHOLE
    assert {name: aside[name] for name in PARTS} == PARTS
    # All others are of something else, and say what.
    said = {path for name, path in aside.items() if name not in PARTS and name.split("_")[0] != "err"}
    assert {"$.addresses", "$.order_carrier", "$.order_slips", "$.customer_messages"} < said
    assert "$.id" not in said


@recorded
def test_a_recorded_order_of_1_6_has_its_line_and_its_address_from_xml() -> None:
    body = b"""<prestashop><orders><order><id>5</id><id_currency>1</id_currency><total_paid>20.9</total_paid>
        <id_address_delivery>4</id_address_delivery><date_add>2019-01-30 01:02:11</date_add></order></orders>
        </prestashop>"""
    names = ("oca_import_sale_record_5_2", "oca_import_sale_record_5_3", "oca_import_basedata_248")
    sides = [(PAYLOADS / f"{name}.xml").read_bytes() for name in names]
    (found,) = shop().decode_orders(body, *sides)
    assert isinstance(found, Order)
    assert found.total == Money.of("20.9", "EUR")
    assert found.ship_to is not None
    assert (found.ship_to.city, found.ship_to.country) == ("Miami", "")
    assert [line.ref for line in found.lines] == ["13"]
    assert found.lines[0].product_ref == "1"


@recorded
def test_a_recorded_order_is_the_same_in_xml_and_in_both_forms_of_json() -> None:
    live = PAYLOADS / "live"
    adapter = shop(time_zone="Europe/Rome")
    found = [
        adapter.decode_orders((live / f"{name}.body").read_bytes())
        for name in ("order1_json", "order1_json_display", "order1_xml")
    ]
    assert len({orders[0].digest for orders in found if isinstance(orders[0], Order)}) == 1
    assert len(found[0]) == 1
