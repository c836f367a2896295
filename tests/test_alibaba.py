"""The Alibaba.com adapter quotes and places, at a simulated platform written without knowledge of it."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from in_alibaba import (
    BOXES,
    CABLE,
    FEDEX,
    LAMP,
    MEXICAN,
    MUG_BLUE,
    MUG_RED,
    REFERENCE,
    SHOPPER,
    START,
    Account,
    a_line,
    an_order,
    habits,
    packed_in,
    place,
    sent,
    total_of,
)
from orderbridge import errors
from orderbridge._http import Response
from orderbridge._model import Money, PurchaseOrder
from orderbridge.adapters import (
    Confirmed,
    Fulfillment,
    LookUp,
    Past,
    Payment,
    Placement,
    Quote,
    Refusal,
    Refused,
    Unclear,
    Write,
)
from orderbridge.suppliers.alibaba._address import same_place
from orderbridge.suppliers.alibaba._wire import WireAddress

F, P = Fulfillment, Payment
OTHER = "zz22cd34ef56gh77"


@pytest.fixture
def account() -> Account:
    return Account()


# --- remote ids and parts -----------------------------------------------------------------------


def test_products_of_one_seller_from_one_place_are_one_part(account: Account) -> None:
    found = account.run(account.adapter.parts([MUG_RED, CABLE, f"{CABLE}@US", LAMP, "99999:1"]))
    assert found[MUG_RED] == found[CABLE] == "cVmhg7/xG8q3UQgcH/5Fag==/CN"
    assert found[f"{CABLE}@US"] == "cVmhg7/xG8q3UQgcH/5Fag==/US"
    assert found[LAMP] == "kx++Dlfuw+osaJiw08no/A==/CN"
    assert "99999:1" not in found


def test_a_variant_that_is_gone_is_in_no_part(account: Account) -> None:
    account.shop.withdraw(*MUG_RED.split(":"))
    assert MUG_RED not in account.run(account.adapter.parts([MUG_RED, MUG_BLUE]))


@pytest.mark.parametrize("wrong", ["mug", "", "1:", "1:2@usa", "1 :2", "1:2/3", "1@"])
def test_an_id_that_no_product_has_is_refused_in_words(account: Account, wrong: str) -> None:
    with pytest.raises(errors.Unsupported, match="product and variant"):
        account.run(account.adapter.parts([wrong]))


# --- quoting ------------------------------------------------------------------------------------


def test_a_quote_is_goods_by_the_ladder_and_the_ways_to_this_address(account: Account) -> None:
    quote = account.quoted(an_order(a_line(MUG_RED, "2"), a_line(CABLE, "3", "L2")))
    assert quote.goods == Money(Decimal("2.7702"), "USD")
    assert not quote.refused
    fedex = next(option for option in quote.options if option.code == FEDEX)
    assert (fedex.title, fedex.price, fedex.days) == ("FedEx IE", Money(Decimal("19.1"), "USD"), (5, 8))


@pytest.mark.parametrize(("units", "price"), [("1", "1.20"), ("49", "1.20"), ("50", "0.95"), ("700", "0.95")])
def test_the_price_is_that_of_the_step_reached(account: Account, units: str, price: str) -> None:
    assert account.quoted(an_order(a_line(MUG_RED, units))).goods.amount == Decimal(units) * Decimal(price)


@given(st.integers(1, 5000))
def test_what_is_quoted_is_what_is_asked(units: int) -> None:
    account = Account()
    po = an_order(a_line(MUG_RED, str(units)))
    quote = account.quoted(po)
    fee = next(option.price for option in quote.options if option.code == FEDEX)
    if quote.goods.amount < 4000:
        assert total_of(account, account.placed(po)) == quote.goods + fee


def test_the_address_goes_in_the_body_and_never_in_an_address(account: Account) -> None:
    po = account.placed(an_order())
    account.quoted(po)
    account.run(account.adapter.fetch(po))
    for call in account.calls:
        assert "Zwetschgenmus" not in call.url
        assert "20121" not in call.url
        assert call.method == "POST" or "/eco/buyer/" in call.url


def test_the_sellers_least_quantity_counts_all_variants_together(account: Account) -> None:
    refused = account.quoted(an_order(a_line(BOXES, "49"))).refused
    assert [(line.remote_id, line.quantity) for line in refused] == [(BOXES, Decimal(49))]
    assert "no fewer than 50" in refused[0].why
    assert not account.quoted(an_order(a_line(BOXES, "50"))).refused


def test_what_is_short_or_gone_is_refused_line_by_line(account: Account) -> None:
    product, sku = CABLE.split(":")
    account.shop.set_stock(product, sku, 2)
    account.shop.withdraw("1600191825486")
    quote = account.quoted(an_order(a_line(), a_line(CABLE, "3", "L2"), a_line(LAMP, "1", "L3")))
    assert {line.remote_id: line.why for line in quote.refused} == {
        CABLE: "2 are in stock",
        LAMP: "it is no longer sold",
    }
    assert not quote.options


def test_a_product_leaves_from_the_place_its_link_names(account: Account) -> None:
    [option] = account.quoted(an_order(a_line(MEXICAN))).options
    assert option.code == "EX_ASP_MX_LOCAL"
    assert account.quoted(an_order(a_line(MEXICAN.removesuffix("@MX")))).refused


def test_sellers_are_never_mixed(account: Account) -> None:
    for result in (
        account.run(account.adapter.quote(an_order(a_line(), a_line(LAMP, "1", "L2")))),
        place(account, an_order(a_line(), a_line(LAMP, "1", "L2"))),
    ):
        assert isinstance(result, Unclear)
        assert "one order each" in result.evidence


def test_without_a_full_address_the_quick_quote_is_asked_where_it_can_answer(account: Account) -> None:
    account.shop.fail_next("800022", path="/order/freight/calculate")
    options = account.quoted(an_order()).options
    assert FEDEX in {option.code for option in options}
    assert sent(account.calls[-1])["zip_code"] == "20121"
    account.shop.fail_next("800022", path="/order/freight/calculate")
    assert account.quoted(an_order(a_line(), a_line(CABLE, "1", "L2"))).refused


def test_a_country_the_seller_does_not_ship_to_refuses_all(account: Account) -> None:
    account.shop.fail_next("4015", path="/order/freight/calculate")
    [line] = account.quoted(an_order()).refused
    assert "does not ship to this country" in line.why


def test_a_way_to_ship_without_a_price_hides_no_other(account: Account) -> None:
    flow = account.adapter.quote(an_order())
    read = next(flow)
    while read.path != "/order/freight/calculate":
        read = flow.send(account.exchange(read))
    odd = [
        {"vendor_code": "ASK_THE_SELLER"},
        {"fee": {"amount": "3", "currency": "USD"}},
        {"vendor_code": "SEA", "fee": {"amount": "3 to 5", "currency": "USD"}},
    ]
    good = {"vendor_code": "DHL", "fee": {"amount": "3", "currency": "USD"}}
    with pytest.raises(StopIteration) as stop:
        flow.send(Response(200, body=json.dumps({"code": "0", "value": [*odd, good]}).encode()))
    quote = stop.value.value
    assert isinstance(quote, Quote)
    assert [option.code for option in quote.options] == ["DHL"]
    flow = account.adapter.quote(an_order())
    read = next(flow)
    while read.path != "/order/freight/calculate":
        read = flow.send(account.exchange(read))
    with pytest.raises(errors.Malformed, match="fee"):  # not "there is no way": nobody could read any
        flow.send(Response(200, body=json.dumps({"code": "0", "value": odd}).encode()))


def test_a_quote_that_could_not_be_had_is_no_refusal(account: Account) -> None:
    for code, error in (("ServiceTimeout", errors.Unavailable), ("110001", errors.Forbidden)):
        account.shop.fail_next(code, path="/order/freight/calculate")
        with pytest.raises(error):
            account.quoted(an_order())


def test_products_are_checked_for_price_and_stock(account: Account) -> None:
    mug, boxes = account.run(account.adapter.check_products([MUG_RED, BOXES, "99999:1"]))
    assert (mug.price, mug.available) == (Money(Decimal("1.20"), "USD"), Decimal(100000))
    assert mug.name == "Sublimation Mug & Tumbler, Red"
    assert boxes.price == Money(Decimal("3.69"), "USD")


# --- placing ------------------------------------------------------------------------------------


def test_an_order_names_everything_once(account: Account) -> None:
    account.placed(an_order(a_line(), a_line(MUG_RED, "3", "L2"), a_line(CABLE, "1", "L3")))
    [order] = account.shop.orders
    assert order.units == {
        ("1601206892606", "105613018158"): 5,
        ("1601314875038", "106117950042"): 1,
    }
    assert (order.reference, order.remark, order.carrier.code) == (REFERENCE, REFERENCE, FEDEX)
    call = next(call for call in account.calls if call.url.endswith("/buynow/order/create"))
    detail = packed_in(call, "logistics_detail")
    assert detail["shipment_address"] == {
        "zip": "20121",
        "country": "Italy",
        "country_code": "IT",
        "province": "Milano",
        "province_code": "MI",
        "city": "Milano",
        "address": "Blaumeisenweg 7171",
        "alternate_address": "scala B",
        "contact_person": "Quirina Zwetschgenmus",
        "telephone": {"country": "+39", "number": "0271717171"},
    }
    assert "properties" not in sent(call)
    assert "clearance_detail" not in sent(call)


def test_placing_looks_first_and_a_lost_answer_is_looked_up(account: Account) -> None:
    write = place(account, an_order())
    assert isinstance(write, Write)
    assert isinstance(write.unknown, LookUp)
    account.send(write)
    result = place(account, an_order(), Past(attempted=True))
    assert isinstance(result, Placement)
    assert result.placed[0].supplier_ref == account.shop.orders[0].trade_id
    assert result.placed[0].url == account.shop.orders[0].pay_url


def test_what_is_placed_is_read_back_with_its_exact_total(account: Account) -> None:
    result = account.carry(lambda past: account.adapter.place(an_order(), past))
    assert isinstance(result, Placement)
    [placed] = result.placed
    assert placed.total == Money(Decimal("21.50"), "USD")
    assert placed.lines == ((MUG_RED, Decimal(2)),)
    assert (placed.fulfillment, placed.payment, placed.raw_status) == (F.PLACED, P.UNPAID, "unpay")
    assert placed.url == account.shop.orders[0].pay_url


def test_the_same_order_is_always_the_same_bytes() -> None:
    one, other = place(Account(), an_order()), place(Account(now=START + timedelta(days=2)), an_order())
    assert isinstance(one, Write)
    assert isinstance(other, Write)
    assert one.request.sha256 == other.request.sha256


def test_two_orders_with_our_reference_are_for_a_person(account: Account) -> None:
    """A network may carry a call twice, and nothing at Alibaba.com keeps it from ordering twice."""
    write = place(account, an_order())
    assert isinstance(write, Write)
    account.send(write)
    verdict, answer = account.send(write)
    assert verdict == Confirmed()
    for past in (Past(), Past(answers={"create": answer}, attempted=True)):
        result = place(account, an_order(), past)
        assert isinstance(result, Unclear)
        for order in account.shop.orders:
            assert order.trade_id in result.evidence


def test_a_doubled_order_is_settled_once_all_but_one_are_canceled(account: Account) -> None:
    write = place(account, an_order())
    assert isinstance(write, Write)
    account.send(write)
    _, answer = account.send(write)
    first, second = account.shop.orders
    account.shop.close(first.trade_id, now=account.now)
    for past in (Past(), Past(answers={"create": answer}, attempted=True)):
        result = place(account, an_order(), past)
        assert isinstance(result, Placement)
        assert [placed.supplier_ref for placed in result.placed] == [second.trade_id]
    account.shop.close(second.trade_id, now=account.now)
    result = place(account, an_order())
    assert isinstance(result, Placement)
    assert result.placed[0].fulfillment is F.CANCELED


def test_an_order_that_was_doubled_is_seen_even_where_no_remark_shows() -> None:
    account = habits(remark="hidden")
    write = place(account, an_order())
    assert isinstance(write, Write)
    account.send(write)
    _, answer = account.send(write)
    past = Past(answers={"create": answer}, attempted=True)
    result = place(account, an_order(), past)
    assert isinstance(result, Unclear)
    assert all(order.trade_id in result.evidence for order in account.shop.orders)
    account.shop.close(account.shop.orders[0].trade_id, now=account.now)
    assert isinstance(place(account, an_order(), past), Placement)


def test_an_order_with_our_reference_and_other_goods_is_for_a_person(account: Account) -> None:
    account.placed(an_order())
    result = place(account, an_order(a_line(MUG_RED, "3")))
    assert isinstance(result, Unclear)
    assert "other goods" in result.evidence


@pytest.mark.parametrize("remark", ["hidden", "cut"])
@pytest.mark.parametrize("attempted", [True, False])
def test_where_no_remark_shows_an_equal_order_is_for_a_person(remark: str, attempted: bool) -> None:
    """Also before a first attempt: the journal may be lost, and one made by hand must not be doubled."""
    account = habits(remark=remark, remark_limit=10)
    account.placed(an_order())
    result = place(account, an_order(), Past(attempted=attempted))
    assert isinstance(result, Unclear)
    assert account.shop.orders[0].trade_id in result.evidence
    assert "Zwetschgenmus" not in result.evidence


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"country": "GB"}, {"country_code": "UK"}),
        ({"name": "Zoë Muñoz", "line1": "Calle Peñón 1"}, {"contact_person": "Zoe Munoz", "address": "-"}),
        ({"name": "Łukasz Żak", "line1": "Łąka 1"}, {"contact_person": "Lukasz Zak", "address": "Laka 1"}),
        ({"postal_code": "94105-1234"}, {"zip": "94105"}),
        ({"line1": "A long street 1, staircase B"}, {"address": "A long street 1", "contact_person": "Q Z"}),
    ],
    ids=["another code", "no accents", "other letters", "a shorter zip", "cut"],
)
def test_where_no_remark_shows_an_address_written_anew_is_still_the_shoppers(
    ours: dict[str, str], theirs: dict[str, str]
) -> None:
    """What is not known again is ordered twice; what is taken for it is only a question."""
    to = attrs.evolve(SHOPPER, **ours)
    shown = {
        "zip": to.postal_code,
        "country_code": to.country,
        "address": to.line1,
        "contact_person": to.name,
        **theirs,
    }
    assert same_place(to, WireAddress(**shown))
    assert not same_place(to, WireAddress(**{**shown, "zip": "00100"}))


def test_an_order_whose_lines_say_nothing_keeps_no_other_from_being_placed(account: Account) -> None:
    """Agreed with a seller outside of the shop, for one: it names no product of the platform."""
    odd = {
        "trade_id": "1",
        "trade_status": "undeliver",
        "order_products": [{"product_id": "null", "quantity": "1 lot"}],
        "shipping_address": {"zip": "310000", "country_code": "CN", "contact_person": "Li", "address": "1"},
    }
    flow = account.adapter.place(an_order(), Past())
    next(flow)
    rows = b'{"code":"0","value":{"total_count":"1","order_list":[{"trade_id":"1"}]}}'
    assert flow.send(Response(200, body=rows)).path == "/alibaba/order/get"
    asked = flow.send(Response(200, body=json.dumps({"code": "0", "value": odd}).encode()))
    assert asked.path == "/eco/buyer/product/description"  # what stands before the order is made
    odd["shipping_address"] = {"zip": "20121", "country_code": "IT", "contact_person": "Quirina *"}
    flow = account.adapter.place(an_order(), Past())
    next(flow)
    flow.send(Response(200, body=rows))
    with pytest.raises(StopIteration) as stop:
        flow.send(Response(200, body=json.dumps({"code": "0", "value": odd}).encode()))
    assert isinstance(stop.value.value, Unclear)


def test_an_order_that_was_found_is_taken_whatever_is_said_of_its_payment(account: Account) -> None:
    """Of an order that nobody has tried to pay, there may be nothing to say."""
    write = place(account, an_order())
    assert isinstance(write, Write)
    account.send(write)
    flow = account.adapter.place(an_order(), Past(attempted=True))
    read = next(flow)
    while read.path != "/alibaba/order/pay/result/query":
        read = flow.send(account.exchange(read))
    with pytest.raises(StopIteration) as stop:
        flow.send(Response(200, body=b'{"code":"0","value":{}}'))
    assert isinstance(stop.value.value, Placement)


def test_where_no_remark_shows_orders_known_to_be_others_are_no_doubt() -> None:
    account = habits(remark="hidden")
    first = account.placed(an_order(reference=OTHER))
    assert isinstance(place(account, an_order(), Past(others=frozenset({first.supplier_ref}))), Write)


@pytest.mark.parametrize(
    "other",
    [
        an_order(a_line(MUG_RED, "3")),
        an_order(a_line(MUG_BLUE)),
        attrs.evolve(an_order(), ship_to=attrs.evolve(SHOPPER, postal_code="00100")),
        attrs.evolve(an_order(), ship_to=attrs.evolve(SHOPPER, name="Otto", line1="Elsewhere 1")),
    ],
    ids=["more", "another variant", "another town", "another shopper"],
)
def test_where_no_remark_shows_other_goods_or_shoppers_are_no_doubt(other: PurchaseOrder) -> None:
    account = habits(remark="hidden")
    account.placed(attrs.evolve(other, reference=OTHER))
    assert isinstance(place(account, an_order()), Write)


def test_an_order_with_another_reference_is_not_ours_however_alike(account: Account) -> None:
    account.placed(an_order(reference=OTHER))
    assert isinstance(place(account, an_order()), Write)


def test_a_closed_order_that_is_alike_is_no_doubt() -> None:
    account = habits(remark="hidden")
    po = account.placed(an_order())
    account.shop.close(po.supplier_ref, now=account.now)
    assert isinstance(place(account, an_order(reference=OTHER)), Write)


def test_a_new_order_that_the_list_does_not_show_yet_is_read_by_its_number() -> None:
    account = habits(late_visible=timedelta(minutes=5))
    assert account.placed(an_order()).supplier_ref == account.shop.orders[0].trade_id


def test_orders_of_many_pages_are_all_looked_at(account: Account) -> None:
    ours = account.placed(an_order())
    for number in range(120):
        account.wait(seconds=10)
        account.placed_elsewhere(f"{number:04}cd34ef56gh77")
    result = place(account, an_order(), Past(attempted=True))
    assert isinstance(result, Placement)
    assert result.placed[0].supplier_ref == ours.supplier_ref
    known = frozenset(order.trade_id for order in account.shop.orders[1:])
    account.calls.clear()
    place(account, an_order(), Past(others=known))
    assert sum("/alibaba/order/get" in call.url for call in account.calls) == 1


def test_a_list_that_shows_less_than_it_counts_proves_no_absence(account: Account) -> None:
    flow = account.adapter.place(an_order(), Past())
    next(flow)
    flow.send(Response(200, body=b'{"code":"0","value":{"total_count":"2","order_list":[{"trade_id":"1"}]}}'))
    with pytest.raises(errors.Unavailable, match="counts 2"):
        flow.send(Response(200, body=b'{"code":"0","value":{"total_count":"2","order_list":[]}}'))


@pytest.mark.parametrize(
    ("po", "why"),
    [
        (an_order(carrier=""), "quote it first"),
        (attrs.evolve(an_order(), ship_to=attrs.evolve(SHOPPER, city=" ")), "city"),
        (attrs.evolve(an_order(), ship_to=attrs.evolve(SHOPPER, country="KR")), "customs number"),
        (an_order(part="another seller/CN"), "another seller"),
        (an_order(part="cVmhg7/xG8q3UQgcH/5Fag==/US"), "/CN's"),
        (an_order(a_line("1601206892606:999")), "no longer sold"),
    ],
)
def test_what_cannot_be_ordered_is_for_a_person_and_nothing_is_sent(
    account: Account, po: PurchaseOrder, why: str
) -> None:
    result = place(account, po)
    assert isinstance(result, Unclear)
    assert why in result.evidence


def test_goods_of_another_seller_than_the_order_was_made_for_are_not_quoted(account: Account) -> None:
    result = account.run(account.adapter.quote(an_order(part="another seller/CN")))
    assert isinstance(result, Unclear)
    assert "another seller" in result.evidence


def test_south_korea_gets_the_customs_number(account: Account) -> None:
    seoul = attrs.evolve(SHOPPER, country="KR", tax_id="P123456789012")
    write = place(account, attrs.evolve(an_order(), ship_to=seoul))
    assert isinstance(write, Write)
    assert b"P123456789012" in write.request.body


@pytest.mark.parametrize("quantity", ["1.5", "0"])
def test_parts_of_a_unit_are_refused_before_anything_is_asked(account: Account, quantity: str) -> None:
    with pytest.raises(errors.Unsupported, match="whole units"):
        place(account, an_order(a_line(MUG_RED, quantity)))
    assert not account.calls


@pytest.mark.parametrize(
    ("code", "why"),
    [("130703", Refusal.OUT_OF_STOCK), ("130602", Refusal.INVALID), ("4008", Refusal.NOT_FOUND)],
)
@pytest.mark.parametrize("where", ["code", "sub_code", "result"])
def test_a_refusal_is_read_wherever_the_gateway_puts_it(code: str, why: Refusal, where: str) -> None:
    account = habits(refusals=where)
    write = place(account, an_order())
    assert isinstance(write, Write)
    account.shop.fail_next(code, path="/buynow/order/create")
    verdict, _ = account.send(write)
    assert isinstance(verdict, Refused)
    assert (verdict.why, verdict.code) == (why, code)
    assert not account.shop.orders
