"""The Rewix adapter, driven by hand with answers as its suppliers give them."""

from __future__ import annotations

import json
from base64 import b64decode
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from xml.etree.ElementTree import fromstring

import attrs
import cattrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from in_rewix import (
    ABSENT,
    BROKEN,
    BY_KEY,
    CART,
    CREATE,
    KEY,
    PASSWORD,
    PO,
    REFERENCE,
    REWIX,
    SETTINGS,
    SHOPPER,
    answer,
    cart,
    drive,
    line,
    order,
    orders,
    web_page,
)
from orderbridge import errors
from orderbridge._http import Call, Headers, Request, Response
from orderbridge._model import Address, Held, PurchaseOrder, Secret
from orderbridge.adapters import (
    Confirmed,
    Fulfillment,
    LookUp,
    Past,
    Payment,
    Placement,
    Refusal,
    Refused,
    Repeat,
    Returned,
    SupplierStatus,
    Throttled,
    Unclear,
    Unknown,
    Write,
)
from orderbridge.suppliers.rewix import PLATFORM, RewixAdapter, Settings


def place(*responses: Response, po: PurchaseOrder = PO, past: Past | None = None) -> object:
    return drive(REWIX.place(po, past or Past()), *responses)[0]


def created(po: PurchaseOrder = PO, rewix: RewixAdapter = REWIX) -> Write:
    result, _ = drive(rewix.place(po, Past()), ABSENT)
    assert isinstance(result, Write)
    return result


def status(response: Response, po: PurchaseOrder = PO, rewix: RewixAdapter = REWIX) -> SupplierStatus:
    """What it says of an order of which nothing comes back."""
    flow = rewix.fetch(po)
    next(flow)
    try:
        read = flow.send(response)
        assert "/returnedgoods/" in read.path
        flow.send(ABSENT)
    except StopIteration as stop:
        result: object = stop.value
    else:
        raise AssertionError("an order that has left is asked about twice, and no more")
    assert isinstance(result, SupplierStatus)
    return result


# --- placing: look first ------------------------------------------------------------------------


def test_placing_asks_for_our_key_before_anything_else() -> None:
    _, reads = drive(REWIX.place(PO, Past()), ABSENT)
    assert [(read.method, read.path) for read in reads] == [("GET", BY_KEY)]
    assert reads[0].headers["accept"] == "application/xml"


def test_an_order_found_under_our_key_is_taken_and_not_placed_again() -> None:
    result = place(orders(order(status="5")))
    assert isinstance(result, Placement)
    (placed,) = result.placed
    assert placed.supplier_ref == "114"
    assert (placed.fulfillment, placed.payment) == (Fulfillment.PLACED, Payment.UNPAID)
    assert placed.raw_status == "5"


def test_the_key_is_escaped_in_the_address() -> None:
    _, reads = drive(REWIX.place(attrs.evolve(PO, reference="a/b c"), Past()), ABSENT)
    assert reads[0].path.endswith("/clientkey/a%2Fb%20c")


def test_an_order_that_is_not_there_is_created_with_a_look_up_for_the_unknown_outcome() -> None:
    write = created()
    assert (write.step, write.request.method, write.request.path) == ("create", "POST", CREATE)
    assert isinstance(write.unknown, LookUp)
    assert write.binding


@pytest.mark.parametrize("body", ["<root/>", "<root><order_list/></root>"])
def test_an_answer_that_lists_no_order_means_that_there_is_none(body: str) -> None:
    assert isinstance(place(answer(body)), Write)


def test_500_means_absent_only_if_the_account_answers_and_a_second_look_says_500_again() -> None:
    result, reads = drive(REWIX.place(PO, Past()), BROKEN, cart(), BROKEN, BROKEN)
    assert isinstance(result, Write)
    assert [read.path for read in reads[:3]] == [BY_KEY, CART, BY_KEY]
    assert reads[3].path.endswith("/clientkey/orderbridge-none")


def test_500_is_never_absence_on_a_server_that_says_404_for_what_it_does_not_know() -> None:
    with pytest.raises(errors.Unavailable, match="404"):
        place(BROKEN, cart(), BROKEN, ABSENT)


@pytest.mark.parametrize("habit", [answer("<root/>"), web_page(503), answer("", 429), answer("", 401)])
def test_500_is_absence_only_on_a_server_that_was_seen_to_say_it_so(habit: Response) -> None:
    """One that lists nothing where there is nothing has broken down when it says 500."""
    with pytest.raises(errors.Unavailable):
        place(BROKEN, cart(), BROKEN, habit)


@pytest.mark.parametrize("rows", ["<Order><order_id>114</order_id></Order>", "<item/>"])
def test_a_list_that_holds_something_else_than_orders_proves_no_absence(rows: str) -> None:
    with pytest.raises(errors.Malformed):
        place(answer(f"<root><order_list>{rows}</order_list></root>"))


GATEWAY = (answer("", 404), answer('{"message": "no Route matched"}', 404, "application/json"))


@pytest.mark.parametrize("odd", GATEWAY)
def test_a_404_that_is_not_in_the_platforms_words_is_absence_only_if_the_account_answers(
    odd: Response,
) -> None:
    """Something before the server may have said it."""
    with pytest.raises(errors.AnswerError):
        place(odd, odd)
    assert isinstance(place(odd, cart(), orders(order())), Placement)
    result, reads = drive(REWIX.place(PO, Past()), odd, cart(), odd)
    assert isinstance(result, Write)
    assert [read.path for read in reads] == [BY_KEY, CART, BY_KEY]


@pytest.mark.parametrize(
    "control",
    [BROKEN, web_page(), web_page(503), answer(status=401), answer("<response status='false'/>"), ABSENT],
)
def test_500_on_an_account_that_answers_nothing_else_is_an_error_and_never_absence(control: Response) -> None:
    with pytest.raises(errors.AnswerError):
        place(BROKEN, control)


def test_500_that_a_second_look_does_not_confirm_counts_as_what_the_second_look_shows() -> None:
    assert isinstance(place(BROKEN, cart(), orders(order())), Placement)
    with pytest.raises(errors.Unauthorized):
        place(BROKEN, cart(), answer(status=401))


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (answer(status=401), errors.Unauthorized),
        (answer(status=403), errors.Forbidden),
        (answer(status=429), errors.RateLimited),
        (web_page(503), errors.Unavailable),
        (web_page(200), errors.Malformed),
        (web_page(404), errors.Malformed),
        (answer("<html><body>404</body></html>", 404), errors.Malformed),
        (answer("", 302), errors.Rejected),
        (answer("", 200), errors.Malformed),
        (answer("<root><order_list><order>", 200), errors.Malformed),
        (answer("<response status='false' code='7'/>"), errors.Malformed),
        (answer("<root><model stock_id='1' locked='1'/></root>"), errors.Malformed),
        (answer('{"code": "oops"}', 200, "application/json"), errors.Malformed),
        (answer('<!DOCTYPE r [<!ENTITY e "x">]><root><order_list/></root>'), errors.Malformed),
    ],
)
def test_an_answer_that_proves_nothing_is_an_error_and_never_absence(
    response: Response, error: type[errors.AnswerError]
) -> None:
    with pytest.raises(error):
        place(response)


def test_a_confirmed_create_that_does_not_show_yet_gives_the_same_write_again() -> None:
    again = place(ABSENT, past=Past(answers={"create": cart(_234225="1")}, attempted=True))
    assert again == created()


def test_the_growing_orders_id_in_the_answer_to_create_is_never_taken_as_ours() -> None:
    past = Past(answers={"create": cart(_234225="1")}, attempted=True)
    result = place(orders(order(order_id="114")), past=past)
    assert isinstance(result, Placement)
    assert result.placed[0].supplier_ref == "114"


def test_two_orders_under_our_key_are_for_a_person() -> None:
    result = place(orders(order(order_id="114"), order(order_id="115")))
    assert isinstance(result, Unclear)
    assert "114" in result.evidence
    assert "115" in result.evidence


def test_a_doubled_order_is_settled_once_all_but_one_are_canceled() -> None:
    alive, over = order(order_id="115"), order(order_id="114", status="2000")
    for rows in ((alive, over), (over, alive)):
        result = place(orders(*rows))
        assert isinstance(result, Placement)
        assert [placed.supplier_ref for placed in result.placed] == ["115"]
        assert status(orders(*rows)).fulfillment is Fulfillment.PLACED
    result = place(orders(over, order(order_id="115", status="2005")))
    assert isinstance(result, Placement)
    assert result.placed[0].fulfillment is Fulfillment.CANCELED
    assert isinstance(place(orders(over, order(order_id="115", ext_ref="somebody-elses"))), Unclear)


@pytest.mark.parametrize("ext_ref", ["somebody-elses", "", REFERENCE.upper()])
def test_an_order_whose_ext_ref_is_not_our_key_is_for_a_person(ext_ref: str) -> None:
    result = place(orders(order(ext_ref=ext_ref)))
    assert isinstance(result, Unclear)
    assert "somebody" not in result.evidence


def test_the_growing_order_is_never_taken_as_a_store_order() -> None:
    assert isinstance(place(orders(order(status="5003"))), Unclear)


def test_an_order_once_placed_that_its_key_does_not_find_is_for_a_person_and_not_placed_again() -> None:
    assert isinstance(place(ABSENT, po=attrs.evolve(PO, supplier_ref="114")), Unclear)


def test_another_order_than_the_one_placed_is_for_a_person() -> None:
    assert isinstance(place(orders(order(order_id="115")), po=attrs.evolve(PO, supplier_ref="114")), Unclear)


@pytest.mark.parametrize("name", ["order_id", "status"])
def test_an_order_without_id_or_status_is_malformed_and_names_the_field(name: str) -> None:
    row = order()
    del row[name]
    with pytest.raises(errors.Malformed) as caught:
        place(orders(row))
    assert caught.value.path.endswith(name)


def test_json_answers_are_understood_too() -> None:
    doc = {"orders": [{"order_id": 114, "ext_ref": REFERENCE, "status": 5.0, "substatus": 3001, "new": [1]}]}
    result = place(answer(json.dumps(doc), media_type="application/json"))
    assert isinstance(result, Placement)
    assert result.placed[0].supplier_ref == "114"
    assert result.placed[0].raw_status == "5/3001"
    assert isinstance(place(answer('{"orders": []}', media_type="application/json")), Write)


# --- placing: what is sent ----------------------------------------------------------------------


def test_the_order_carries_our_key_the_date_the_shopper_and_the_units() -> None:
    root = fromstring(created().request.body)
    (sent,) = root.findall("order_list/order")
    to = "recipient_details"
    assert {
        "key": sent.findtext("key"),
        "date": sent.findtext("date"),
        "recipient": sent.findtext(f"{to}/recipient"),
        "careof": sent.findtext(f"{to}/careof"),
        "cfpiva": sent.findtext(f"{to}/cfpiva"),
        "street": sent.findtext(f"{to}/address/street_name"),
        "number": sent.findtext(f"{to}/address/address_number"),
        "zip": sent.findtext(f"{to}/address/zip"),
        "city": sent.findtext(f"{to}/address/city"),
        "province": sent.findtext(f"{to}/address/province"),
        "country": sent.findtext(f"{to}/address/countrycode"),
        "phone": sent.findtext(f"{to}/phone/number"),
        "stock_id": sent.findtext("item_list/item/stock_id"),
        "quantity": sent.findtext("item_list/item/quantity"),
    } == {
        "key": REFERENCE,
        "date": "2026/01/30 13:30:00 +0000",
        "recipient": "Giulia Bianchi",
        "careof": "Bottega & Figli",
        "cfpiva": "BNCGLI80A01F205X",
        "street": "Via Prova 1 scala <B>",
        "number": "",
        "zip": "20100",
        "city": "Milano",
        "province": "MI",
        "country": "IT",
        "phone": "+39 333 1234567",
        "stock_id": "234225",
        "quantity": "1",
    }


def test_each_request_has_the_elements_of_the_recorded_one(shared: Path) -> None:
    def tags(body: bytes) -> set[str]:
        return {element.tag for element in fromstring(body).iter()}

    folder = shared / "payloads/rewix/derived"
    recorded = (folder / "dropshipping_order_request.xml").read_bytes()
    sent = attrs.evolve(PO, carrier="1")
    assert tags(created(sent).request.body) == tags(recorded) - {"autoConfirm"}


def test_the_same_purchase_order_is_the_same_bytes_whatever_zone_its_time_came_in() -> None:
    rome = PO.placed_at.astimezone(timezone(timedelta(hours=1)))
    assert created(attrs.evolve(PO, placed_at=rome)).request.sha256 == created().request.sha256


def test_the_carrier_is_that_of_the_order_else_that_of_the_account_else_the_suppliers_choice() -> None:
    account = RewixAdapter(attrs.evolve(SETTINGS, carrier_id="7"))
    path = "order_list/order/carrierId"
    assert fromstring(created().request.body).find(path) is None
    assert fromstring(created(rewix=account).request.body).findtext(path) == "7"
    assert fromstring(created(attrs.evolve(PO, carrier="9"), account).request.body).findtext(path) == "9"


def test_a_carrier_that_is_no_number_is_for_a_person() -> None:
    assert isinstance(place(ABSENT, po=attrs.evolve(PO, carrier="express")), Unclear)


def test_a_company_without_a_person_is_the_recipient() -> None:
    body = created(attrs.evolve(PO, ship_to=attrs.evolve(SHOPPER, name=""))).request.body
    details = fromstring(body).find("order_list/order/recipient_details")
    assert details is not None
    assert (details.findtext("recipient"), details.findtext("careof")) == ("Bottega & Figli", "")


@pytest.mark.parametrize(
    ("gone", "named"),
    [
        ({"name": "", "company": ""}, "name"),
        ({"line1": "", "line2": " "}, "street"),
        ({"postal_code": ""}, "zip"),
        ({"city": "\x01"}, "city"),
        ({"country": ""}, "country"),
    ],
)
def test_a_missing_address_field_is_named_to_a_person_without_the_others_values(
    gone: dict[str, str], named: str
) -> None:
    result = place(ABSENT, po=attrs.evolve(PO, ship_to=attrs.evolve(SHOPPER, **gone)))
    assert result == Unclear(f"ship_to: {named} missing")


def test_a_missing_address_does_not_hide_that_the_order_is_placed_already() -> None:
    assert isinstance(place(orders(order()), po=attrs.evolve(PO, ship_to=Address())), Placement)


@pytest.mark.parametrize("quantity", ["1.5", "0", "-1", "NaN"])
def test_units_that_are_not_whole_and_positive_are_unsupported_and_name_the_line(quantity: str) -> None:
    with pytest.raises(errors.Unsupported, match="line L9"):
        place(ABSENT, po=attrs.evolve(PO, lines=(line(), line("55", quantity, "L9"))))


def test_a_purchase_order_without_lines_is_unsupported() -> None:
    with pytest.raises(errors.Unsupported):
        place(ABSENT, po=attrs.evolve(PO, lines=()))


ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), min_size=0, max_size=40)


@given(name=ANY_TEXT, line1=ANY_TEXT, line2=ANY_TEXT, city=ANY_TEXT, phone=ANY_TEXT, note=ANY_TEXT)
def test_whatever_a_shopper_types_the_xml_can_be_read_and_holds_its_words(
    name: str, line1: str, line2: str, city: str, phone: str, note: str
) -> None:
    def words(text: str) -> list[str]:
        def allowed(c: str) -> bool:
            return c in "\t\n\r" or ("\x20" <= c <= "\ud7ff") or (c >= "\ue000" and c not in "\ufffe\uffff")

        return "".join(c for c in text if allowed(c)).split()

    to = attrs.evolve(
        SHOPPER, name=f"N {name}", line1=f"S {line1}", line2=line2, city=f"C {city}", phone=phone
    )
    po = attrs.evolve(PO, ship_to=to, note=note)
    root = fromstring(created(po).request.body)
    details = root.find("order_list/order/recipient_details")
    assert details is not None
    for path, text in (
        ("recipient", to.name),
        ("notes", po.note),
        ("address/street_name", f"{to.line1} {to.line2}"),
        ("address/city", to.city),
        ("phone/number", to.phone),
    ):
        assert (details.findtext(path) or "").split(" ") == (words(text) or [""])


@given(
    st.lists(st.tuples(st.sampled_from(["1", "22", "234225"]), st.integers(1, 10**6)), min_size=1, max_size=9)
)
def test_each_remote_id_is_one_item_with_the_units_of_all_its_lines(asked: list[tuple[str, int]]) -> None:
    lines = tuple(line(remote_id, str(n), f"L{i}") for i, (remote_id, n) in enumerate(asked))
    items = fromstring(created(attrs.evolve(PO, lines=lines)).request.body).findall(".//item")
    sent = [(item.findtext("stock_id") or "", int(item.findtext("quantity") or "")) for item in items]
    expected: Counter[str] = Counter()
    for remote_id, n in asked:
        expected[remote_id] += n
    assert len(sent) == len(expected)
    assert dict(sent) == dict(expected)


# --- reading back -------------------------------------------------------------------------------


def test_a_status_is_asked_by_the_suppliers_id_once_that_is_known() -> None:
    flow = REWIX.fetch(attrs.evolve(PO, supplier_ref="114"))
    _, reads = drive(flow, orders(order()))
    assert reads[0].path == "/restful/ghost/clientorders/serverkey/114"
    _, reads = drive(REWIX.fetch(PO), orders(order()))
    assert reads[0].path == BY_KEY


def test_an_order_the_supplier_does_not_know_has_no_status() -> None:
    assert drive(REWIX.fetch(PO), ABSENT)[0] is None
    assert drive(REWIX.fetch(PO), BROKEN, cart(), BROKEN, BROKEN)[0] is None


# What the numbers are, by the vendor's own labels.
TABLE = {
    ("0", "10", "1", "5"): (Fulfillment.PLACED, Payment.UNPAID),
    ("4000",): (Fulfillment.PLACED, Payment.PENDING),
    ("1000", "2002"): (Fulfillment.PLACED, Payment.FAILED),
    ("2",): (Fulfillment.ACCEPTED, Payment.PAID),
    ("3001",): (Fulfillment.PREPARING, Payment.PAID),
    ("3002",): (Fulfillment.READY, Payment.PAID),
    ("3",): (Fulfillment.SHIPPED, Payment.PAID),
    ("3003", "3004", "3005", "3006", "3007"): (Fulfillment.ON_HOLD, None),
    ("2000",): (Fulfillment.CANCELED, None),
    ("2005",): (Fulfillment.REJECTED, None),
    ("2003",): (None, Payment.REFUNDED),
}
NUMBERS = {raw: meaning for numbers, meaning in TABLE.items() for raw in numbers}


@pytest.mark.parametrize("raw", NUMBERS)
def test_every_number_means_what_the_vendor_calls_it(raw: str) -> None:
    seen = status(orders(order(status=raw)))
    assert (seen.fulfillment, seen.payment) == NUMBERS[raw]


@pytest.mark.parametrize("raw", NUMBERS)
@pytest.mark.parametrize("wrapper", ["5", "6"])
def test_every_number_means_the_same_as_the_second_of_booked_and_dropshipping(raw: str, wrapper: str) -> None:
    if raw == "0":  # no second number
        return
    seen = status(orders(order(status=wrapper, substatus=raw)))
    assert (seen.fulfillment, seen.payment) == NUMBERS[raw]
    assert seen.raw == f"{wrapper}/{raw}"


def test_the_shared_table_of_states_says_the_same(shared: Path) -> None:
    table: dict[str, list[str | None]] = json.loads((shared / "states.json").read_text())["map"]["rewix"]
    assert {raw: tuple(names) for raw, names in table.items()} == {
        raw: tuple(each and each.name for each in meaning) for raw, meaning in NUMBERS.items()
    }


@pytest.mark.parametrize("raw", ["2001", "5001", "5002", "5004", "11", "6", "5003", "77", "-1"])
def test_a_number_nobody_has_explained_means_nothing_and_is_kept(raw: str) -> None:
    seen = status(orders(order(status=raw)))
    assert (seen.raw, seen.fulfillment, seen.payment) == (raw, None, None)


@pytest.mark.parametrize(
    ("status_", "substatus", "raw", "fulfillment", "payment"),
    [
        ("5", "0", "5", Fulfillment.PLACED, Payment.UNPAID),
        ("5", "", "5", Fulfillment.PLACED, Payment.UNPAID),
        ("5", "3001", "5/3001", Fulfillment.PREPARING, Payment.PAID),
        ("6", "3", "6/3", Fulfillment.SHIPPED, Payment.PAID),
        ("6", "9999", "6/9999", None, None),
        ("2", "3001", "2/3001", Fulfillment.ACCEPTED, Payment.PAID),
        ("2000", "3", "2000/3", Fulfillment.CANCELED, None),
    ],
)
def test_the_substatus_is_the_real_step_of_booked_and_dropshipping_only(
    status_: str, substatus: str, raw: str, fulfillment: Fulfillment | None, payment: Payment | None
) -> None:
    seen = status(orders(order(status=status_, substatus=substatus)))
    assert (seen.raw, seen.fulfillment, seen.payment) == (raw, fulfillment, payment)


def test_booked_never_counts_as_paid() -> None:
    assert status(orders(order(status="5"))).payment is Payment.UNPAID


def test_an_account_can_explain_more_numbers_from_its_configuration() -> None:
    table = {"2001": "ON_HOLD", "5/4711": "PREPARING/PAID", "77": "/DISPUTED"}
    document = {"base_url": "https://x.example", "api_key": KEY, "password": PASSWORD, "statuses": table}
    converter = cattrs.Converter()
    converter.register_structure_hook(Secret, lambda value, _: Secret(value))
    rewix = RewixAdapter(converter.structure(document, Settings))
    assert status(orders(order(status="2001")), rewix=rewix).fulfillment is Fulfillment.ON_HOLD
    seen = status(orders(order(status="5", substatus="4711")), rewix=rewix)
    assert (seen.fulfillment, seen.payment) == (Fulfillment.PREPARING, Payment.PAID)
    seen = status(orders(order(status="77")), rewix=rewix)
    assert (seen.fulfillment, seen.payment) == (None, Payment.DISPUTED)


@pytest.mark.parametrize("words", ["", "/", "ON HOLD", "PAID", "ON_HOLD/SHIPPED"])
def test_a_word_that_is_no_state_is_a_wrong_setting(words: str) -> None:
    with pytest.raises(errors.ConfigurationError, match="2001"):
        attrs.evolve(SETTINGS, statuses={"2001": words})


def test_a_carrier_setting_that_is_no_number_is_wrong() -> None:
    with pytest.raises(errors.ConfigurationError, match="carrier_id"):
        attrs.evolve(SETTINGS, carrier_id="UPS")


def test_a_dispatched_order_is_one_shipment_of_unknown_lines(shared: Path) -> None:
    recorded = (shared / "payloads/rewix/derived/clientorders_response.xml").read_text()
    seen = status(answer(recorded), po=attrs.evolve(PO, reference="ob-1001-1"))
    assert seen.fulfillment is Fulfillment.SHIPPED
    assert seen.at == datetime(2026, 1, 29, 17, 5, 25, tzinfo=UTC)
    (shipment,) = seen.shipments
    (package,) = shipment.packages
    assert shipment.lines is None
    assert package.tracking_number == "1Z999AA10123456784"
    assert package.tracking_url == "https://www.ups.com/track?tracknum=1Z999AA10123456784"
    assert package.carrier == "UPS"


def test_the_departure_keeps_its_ref_when_its_number_comes_later() -> None:
    (early,) = status(orders(order(status="3"))).shipments
    (late,) = status(orders(order(status="3", tracking_code="1Z9"))).shipments
    assert early.packages == ()
    assert late.packages[0].tracking_number == "1Z9"
    assert early.ref == late.ref


def test_older_servers_give_the_number_only_at_the_end_of_the_address() -> None:
    (shipment,) = status(
        orders(order(status="3", tracking_url="https://carrier.example/t?a=1&amp;number=1Z9"))
    ).shipments
    assert shipment.packages[0].tracking_number == "1Z9"
    (shipment,) = status(orders(order(status="3", tracking_url="https://carrier.example/t/1Z9"))).shipments
    assert shipment.packages[0].tracking_number == ""
    assert shipment.packages[0].tracking_url == "https://carrier.example/t/1Z9"


@pytest.mark.parametrize(
    ("url", "number"),
    [
        ("https://carrier.example/t?mode=search&amp;shipment=MI123456&amp;kind=national", "MI123456"),
        ("https://carrier.example/t?number=1Z9&amp;lang=en", "1Z9"),
        ("https://carrier.example/#/track?number=1Z9#top", "1Z9"),
        ("https://carrier.example/t?lang=en", ""),
        ("https://carrier.example/t?number=", ""),
    ],
)
def test_a_word_at_the_end_of_the_address_is_no_tracking_number(url: str, number: str) -> None:
    (shipment,) = status(orders(order(status="3", tracking_url=url))).shipments
    assert shipment.packages[0].tracking_number == number


@pytest.mark.parametrize("raw", ["5", "3002", "3004", "2000", "77"])
def test_a_tracking_number_before_dispatch_is_no_departure(raw: str) -> None:
    assert status(orders(order(status=raw, tracking_code="1Z9"))).shipments == ()


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026/01/29 17:05:25 +0000", datetime(2026, 1, 29, 17, 5, 25, tzinfo=UTC)),
        ("2026/01/29 17:05:25 +0100", datetime(2026, 1, 29, 16, 5, 25, tzinfo=UTC)),
        ("2026/01/29 17:05:25 -0530", datetime(2026, 1, 29, 22, 35, 25, tzinfo=UTC)),
        ("2026/01/29 17:05:25", None),
        ("0001/01/01 00:00:00 +1200", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_change_has_a_time_only_if_its_zone_is_there(text: str, at: datetime | None) -> None:
    assert status(orders(order(last_update=text))).at == at


@pytest.mark.parametrize(
    "row",
    [order(order_id="115"), order(ext_ref="somebody-elses")],
)
def test_somebody_elses_tracking_is_never_read_as_ours(row: dict[str, str]) -> None:
    with pytest.raises(errors.Malformed):
        status(orders(row), po=attrs.evolve(PO, supplier_ref="114"))


def test_a_server_that_leaves_out_ext_ref_is_trusted_for_the_id_we_asked_for() -> None:
    seen = status(orders({"order_id": "114", "status": "2"}), po=attrs.evolve(PO, supplier_ref="114"))
    assert seen.fulfillment is Fulfillment.ACCEPTED


# --- goods that come back -----------------------------------------------------------------------

LEFT = attrs.evolve(PO, supplier_ref="114")


def returned(response: Response) -> tuple[Returned, ...]:
    seen, reads = drive(REWIX.fetch(LEFT), orders(order(status="3")), response)
    assert reads[1].path == "/restful/ghost/returnedgoods/serverkey/114"
    assert seen is not None
    return seen.returns


BACK = {"returnCode": "RMA1", "stockModelId": "234225", "quantity": "1", "status": "3", "refundStatus": "1"}


@pytest.mark.parametrize(
    "response",
    [
        answer(f"<root><item>{''.join(f'<{n}>{v}</{n}>' for n, v in BACK.items())}</item></root>"),
        answer(f"<list>{''.join(f'<{n}>{v}</{n}>' for n, v in BACK.items())}</list>"),
        answer(f"<root><returned {' '.join(f'{n}={v!r}' for n, v in BACK.items())}/></root>"),
        answer(json.dumps([{**BACK, "quantity": 1, "status": 3.0}]), media_type="application/json"),
        answer(json.dumps({"items": [BACK]}), media_type="application/json"),
    ],
)
def test_a_returned_unit_is_read_in_whatever_shape_it_comes(response: Response) -> None:
    (back,) = returned(response)
    assert (back.ref, back.remote_id, back.quantity) == ("RMA1/234225", "234225", Decimal(1))
    assert back.raw == "3 received, as it should be, refunded"


def test_two_units_under_one_code_are_one_return_and_models_are_kept_apart() -> None:
    rows = [BACK, BACK, {**BACK, "stockModelId": "55", "status": "88", "refundStatus": "0"}]
    found = returned(answer(json.dumps(rows), media_type="application/json"))
    assert [(back.ref, back.quantity, back.raw) for back in found] == [
        ("RMA1/234225", Decimal(2), "3 received, as it should be, refunded"),
        ("RMA1/55", Decimal(1), "88"),
    ]


@pytest.mark.parametrize(
    "response",
    [
        ABSENT,
        BROKEN,
        web_page(),
        web_page(404),
        answer("", 200),
        answer("", 429),
        answer("<root/>"),
        answer("[]", media_type="application/json"),
        answer('{"total": 3}', media_type="application/json"),
        answer("[{}, {", media_type="application/json"),
        answer("<root><item><returnCode>RMA1</returnCode></item></root>"),
    ],
)
def test_whatever_else_comes_is_no_return_and_the_order_is_followed_all_the_same(response: Response) -> None:
    assert returned(response) == ()


@pytest.mark.parametrize(
    ("date", "asked"),
    [
        ("Thu, 29 Jan 2026 17:59:00 GMT", 1),
        ("Thu, 29 Jan 2026 17:00:00 GMT", 1),  # the two clocks of a server may differ
        ("Thu, 29 Jan 2026 18:10:00 GMT", 2),
        ("nonsense", 2),
        ("", 2),
    ],
)
def test_a_departure_that_is_news_does_not_wait_for_what_comes_back(date: str, asked: int) -> None:
    seen = orders(order(status="3", last_update="2026/01/29 17:05:25 +0000"))
    dated = attrs.evolve(seen, headers=Headers({**seen.headers, "Date": date}))
    _, reads = drive(REWIX.fetch(LEFT), *(dated, ABSENT)[:asked])
    assert len(reads) == asked


@pytest.mark.parametrize("raw", ["5", "2", "3004", "2000", "77"])
def test_nothing_comes_back_that_has_not_left_so_nobody_asks(raw: str) -> None:
    _, reads = drive(REWIX.fetch(LEFT), orders(order(status=raw)))
    assert len(reads) == 1


# --- the growing order --------------------------------------------------------------------------


def set_held(units: dict[str, str], *responses: Response, past: Past | None = None) -> object:
    wanted = {remote_id: Decimal(n) for remote_id, n in units.items()}
    return drive(REWIX.set_held(wanted, past or Past()), *responses)[0]


def test_all_that_the_account_holds_is_read_whoever_put_it_there(shared: Path) -> None:
    recorded = (shared / "payloads/rewix/derived/sold_response_ok.xml").read_text()
    held, reads = drive(REWIX.held(), answer(recorded))
    assert held == (Held(remote_id="234225", held=Decimal(1), available=Decimal(4)),)
    assert [(read.method, read.path) for read in reads] == [("GET", CART)]


def test_an_account_may_hold_nothing() -> None:
    assert drive(REWIX.held(), answer('<root order_id="9001"/>'))[0] == ()


@pytest.mark.parametrize(
    "model",
    [
        '<model stock_id="1"/>',
        '<model stock_id="1" locked="-1"/>',
        '<model stock_id="1" locked="many"/>',
        '<model locked="1"/>',
        '<model stock_id="1" locked="1"/><model stock_id="1" locked="2"/>',
    ],
)
def test_a_growing_order_that_cannot_be_understood_is_no_empty_one(model: str) -> None:
    with pytest.raises(errors.Malformed):
        drive(REWIX.held(), answer(f"<root>{model}</root>"))


def test_units_are_set_absolutely_and_only_for_the_ids_named() -> None:
    write = set_held({"22": "0", "1": "3"}, cart(_22="1", _333="5"))
    assert isinstance(write, Write)
    assert (write.step, write.request.method, write.request.path) == (
        "set",
        "POST",
        "/restful/ghost/orders/sold",
    )
    assert isinstance(write.unknown, Repeat)
    (operation,) = fromstring(write.request.body)
    assert operation.attrib == {"type": "set"}
    assert [model.attrib for model in operation] == [
        {"stock_id": "1", "quantity": "3"},
        {"stock_id": "22", "quantity": "0"},
    ]


def test_nothing_is_written_when_every_id_named_is_held_so_already() -> None:
    result = set_held({"22": "1", "404": "0"}, cart(_22="1", _333="5"))
    assert result == drive(REWIX.held(), cart(_22="1", _333="5"))[0]


def test_a_supplier_that_gave_less_is_reported_and_not_asked_again() -> None:
    short = cart(_22="1")
    result = set_held({"22": "3"}, short, past=Past(answers={"set": short}, attempted=True))
    assert result == (Held(remote_id="22", held=Decimal(1), available=Decimal(4)),)


def test_a_set_whose_answer_was_lost_is_written_again_if_a_look_shows_it_missing() -> None:
    assert isinstance(set_held({"22": "3"}, cart(_22="1"), past=Past(attempted=True)), Write)


@pytest.mark.parametrize("quantity", ["0.5", "-1", "Infinity"])
def test_only_whole_units_can_be_held(quantity: str) -> None:
    with pytest.raises(errors.Unsupported, match="22"):
        set_held({"22": quantity})


@given(st.permutations(["1", "22", "333"]))
def test_the_order_in_which_units_are_named_changes_no_byte(ids: list[str]) -> None:
    write, same = (set_held(dict.fromkeys(names, "2"), cart()) for names in (ids, ["1", "22", "333"]))
    assert write == same


def test_what_is_held_as_it_should_be_is_not_set_again() -> None:
    """Somebody may be adding to it just now, and an absolute number would take that away."""
    write = set_held({"1": "2", "22": "3"}, cart(_1="2", _22="1"))
    assert isinstance(write, Write)
    assert [model.attrib for model in fromstring(write.request.body).iter("model")] == [
        {"stock_id": "22", "quantity": "3"}
    ]


# --- what answers prove -------------------------------------------------------------------------

WRITES = [
    Write("create", Request("POST", CREATE), unknown=LookUp()),
    Write("set", Request("POST", "/restful/ghost/orders/sold"), unknown=Repeat()),
]


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize(
    "response",
    [
        cart(_1="1"),
        answer("<root/>", 201),
        answer('\ufeff<?xml version="1.0"?><root order_id="9001"/>'),
        answer('{"order_id": 12345, "models": []}', media_type="application/json"),
    ],
)
def test_the_growing_order_as_the_answer_confirms_a_write(write: Write, response: Response) -> None:
    assert REWIX.judge(write, response) == Confirmed()


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize(
    "response",
    [
        web_page(200),
        web_page(404),
        web_page(412),
        web_page(500),
        web_page(502),
        answer("", 200),
        answer("", 204),
        answer("ok", 200, "text/plain"),
        answer('<root order_id="9001"><model', 200),
        answer('<response status="false" code="1" message="no"/>', 200),
        answer('{"code": "order_already_exists"}', 200, "application/json"),
        answer('{"order_id": 1', 200, "application/json"),
        answer("", 412),
        answer("", 302),
        answer("bad", 400),
        answer("", 406),
        answer("", 408),
        answer("boom", 500),
        answer("", 503),
    ],
)
def test_an_answer_that_proves_neither_is_unknown(write: Write, response: Response) -> None:
    assert isinstance(REWIX.judge(write, response), Unknown)


def test_a_key_that_exists_already_is_unknown_so_that_the_look_up_finds_the_order(shared: Path) -> None:
    recorded = (shared / "payloads/rewix/docs_samples/bdroppy_duplicate_key.400.json").read_text()
    verdict = REWIX.judge(WRITES[0], answer(recorded, 400, "application/json"))
    assert verdict == Unknown("order_already_exists")


@pytest.mark.parametrize(
    "words",
    [
        "An order with this key exists",
        "Order already exists",
        "Duplicate key",
        '{"code": "order_already_exists"}',
        "Esiste già un ordine con questa chiave",
    ],
)
@pytest.mark.parametrize("status", [400, 409, 412])
def test_however_a_known_key_is_refused_it_is_no_refusal_of_the_order(words: str, status: int) -> None:
    """Taken for one, the order would be made anew under another key."""
    verdict = REWIX.judge(WRITES[0], answer(words, status, "text/plain"))
    assert verdict == Unknown("order_already_exists")


@pytest.mark.parametrize(
    ("response", "why"),
    [
        (answer("unknown model", 404, "text/plain"), Refusal.NOT_FOUND),
        (answer("model 7 does not exist", 412, "text/plain"), Refusal.INVALID),
        (answer("", 401), Refusal.UNAUTHORIZED),
        (web_page(403), Refusal.FORBIDDEN),
        (answer("Not enough stock for model 234225", 412, "text/plain"), Refusal.OUT_OF_STOCK),
        (answer("Quantity not available", 412), Refusal.OUT_OF_STOCK),
        (answer("Merce non disponibile", 412, "text/plain"), Refusal.OUT_OF_STOCK),
        (answer("Invalid zip for Giulia Bianchi", 412, "text/plain"), Refusal.INVALID),
        (answer("stock_id is not a number", 412, "text/plain"), Refusal.INVALID),
    ],
)
def test_a_refusal_is_told_by_kind_and_code_and_never_quotes_the_supplier(
    response: Response, why: Refusal
) -> None:
    verdict = REWIX.judge(WRITES[0], response)
    assert verdict == Refused(why, code=str(response.status))


def test_too_many_requests_wait_a_quarter_of_an_hour_unless_the_supplier_says_how_long() -> None:
    assert REWIX.judge(WRITES[0], web_page(429)) == Throttled(900)
    asked = Response(429, headers=Headers({"Retry-After": "20"}))
    assert REWIX.judge(WRITES[0], asked) == Throttled(20)
    dated = Response(429, headers=Headers({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}))
    assert REWIX.judge(WRITES[0], dated) == Throttled(900)


# --- paying, probing, secrets -------------------------------------------------------------------


def test_a_person_pays_in_the_suppliers_shop() -> None:
    assert REWIX.payment_page(PO) == "https://supplier.example"
    page = "https://supplier.example/my-orders"
    assert RewixAdapter(attrs.evolve(SETTINGS, payment_page=page)).payment_page(PO) == page


def test_a_probe_of_a_good_account_tells_what_is_held_and_learns_how_absence_sounds() -> None:
    access, reads = drive(REWIX.probe(), cart(_1="2", _22="3"), ABSENT)
    assert [(read.method, read.path) for read in reads[:1]] == [("GET", CART)]
    assert reads[1].keep is not None
    (finding,) = access.findings
    assert finding.ok
    assert "5 units" in finding.what


@pytest.mark.parametrize(
    ("response", "fix"),
    [
        (answer("", 401), "password"),
        (answer("", 403), "supplier"),
        (web_page(404), "base_url"),
        (web_page(200), "base_url"),
        (answer("", 302), "base_url"),
        (web_page(429), "15 minutes"),
        (web_page(503), "later"),
    ],
)
def test_a_probe_says_in_words_what_is_wrong_and_what_to_do(response: Response, fix: str) -> None:
    access, _ = drive(REWIX.probe(), response)
    (finding,) = access.findings
    assert not finding.ok
    assert finding.what
    assert fix in finding.fix


def test_the_identity_is_that_of_the_account_and_shows_no_secret() -> None:
    def identity(settings: Settings) -> str:
        return drive(RewixAdapter(settings).probe(), cart(), ABSENT)[0].identity

    own = identity(SETTINGS)
    assert own == identity(attrs.evolve(SETTINGS, password=Secret("changed"), carrier_id="7"))
    assert own != identity(attrs.evolve(SETTINGS, api_key=Secret("another")))
    assert own != identity(attrs.evolve(SETTINGS, base_url="https://us.supplier.example"))
    assert own.startswith("https://supplier.example#")
    assert KEY not in own


def test_no_secret_and_no_shopper_shows_in_a_repr_a_path_or_a_review() -> None:
    write = created()
    shown = f"{SETTINGS!r} {REWIX!r} {write!r} {write.request.path} {write.request.params}"
    for hidden in (KEY, PASSWORD, "Giulia", "Via Prova", "giulia@mail", "1234567"):
        assert hidden not in shown


def test_calls_are_signed_with_the_api_key_and_the_login_password() -> None:
    call = Call("GET", "https://supplier.example" + CART)
    signed = PLATFORM.auth(SETTINGS).sign(call, now=PO.placed_at, nonce="n", token=None)
    assert b64decode(signed.headers["authorization"].removeprefix("Basic ")) == f"{KEY}:{PASSWORD}".encode()


def test_the_plug_in_brings_this_adapter_and_is_slow_enough_to_be_let_in() -> None:
    assert isinstance(PLATFORM.adapter(SETTINGS), RewixAdapter)
    assert PLATFORM.limits(SETTINGS).per_second <= 4
