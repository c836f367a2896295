"""Bytes to typed values: what shops put around their JSON, and what must never come out of it."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderbridge._http import Response
from orderbridge._wire import decode, decode_bytes, decode_each, decode_xml, parse_xml, raise_for_status
from orderbridge.errors import (
    AnswerError,
    Forbidden,
    Malformed,
    NotFound,
    RateLimited,
    Rejected,
    Unauthorized,
    Unavailable,
)


@attrs.frozen
class Item:
    sku: str
    quantity: Decimal = Decimal(1)


@attrs.frozen
class Sale:
    id: int
    total: Decimal = Decimal(0)
    items: list[Item] = attrs.field(factory=list)
    note: str | None = None


BOM = b"\xef\xbb\xbf"
SALE = b'{"id": 7, "total": "12.50", "items": [{"sku": "A", "quantity": 2}]}'
SALES = b'[{"id": 1}, {"id": 2}]'
AS_VALUE = Sale(id=7, total=Decimal("12.50"), items=[Item("A", Decimal(2))])
# What has been seen before the JSON of a live shop.
DIRT = {
    "byte order mark": BOM,
    "blank lines": b"\r\n\n  \t",
    "two byte order marks": BOM + BOM,
    "a mark after a blank line": b"\n" + BOM,
    "a PHP warning": b"<br />\n<b>Warning</b>: Undefined array key 5 in <b>/srv/x.php</b> on line 3<br />\n",
    "a PHP warning with a bracket": b'Warning: Undefined array key ["x"] in /srv/x.php on line 3\n',
    "a PHP warning with a brace": b"Notice: Trying to access {closure} in /srv/x.php on line 3\n",
    "a debug line": b"string(3) foo\n",
    "a log date": b"[03-Nov-2026 10:11:12 UTC] deprecated\n",
    "a number": b"1\n",
}


# --- dirt -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dirt", DIRT.values(), ids=DIRT)
def test_an_object_is_found_behind_dirt(dirt: bytes) -> None:
    assert decode_bytes(Sale, dirt + SALE) == AS_VALUE


@pytest.mark.parametrize("dirt", DIRT.values(), ids=DIRT)
def test_a_list_is_found_behind_dirt(dirt: bytes) -> None:
    assert decode_bytes(list[Sale], dirt + SALES) == [Sale(id=1), Sale(id=2)]
    assert decode_each(Sale, dirt + SALES) == [Sale(id=1), Sale(id=2)]


def test_a_field_that_is_wrong_behind_dirt_is_still_named() -> None:
    with pytest.raises(Malformed) as caught:
        decode_bytes(Sale, b"Warning: x\n" + b'{"id": 1, "items": [{"sku": 5}]}')
    assert caught.value.path == "$.items[0].sku"


def test_blank_space_after_the_document_is_no_dirt() -> None:
    assert decode_bytes(Sale, SALE + b" \r\n\n") == AS_VALUE


# --- what is no document ----------------------------------------------------------------------


@pytest.mark.parametrize("cut", range(1, len(SALE)))
@pytest.mark.parametrize("dirt", [b"", BOM, b"Warning: x\n"], ids=["clean", "mark", "warning"])
def test_a_document_that_is_cut_off_anywhere_is_no_document(dirt: bytes, cut: int) -> None:
    with pytest.raises(Malformed):
        decode_bytes(Sale, dirt + SALE[:cut])


@attrs.frozen
class Loose:
    """All fields optional, as wire classes of changeable platforms are."""

    id: int = 0
    parent: dict[str, int] | None = None


@pytest.mark.parametrize("dirt", [b"", b"Warning: x\n"], ids=["clean", "warning"])
def test_a_part_of_a_cut_document_is_never_taken_for_the_whole(dirt: bytes) -> None:
    """Cut right after an inner object, the rest of the bytes is a whole document, but not the order."""
    with pytest.raises(Malformed):
        decode_bytes(Loose, dirt + b'{"id": 7, "parent": {"id": 3}')
    with pytest.raises(Malformed):
        decode_bytes(list[Loose], dirt + b'[{"id": 7, "x": [{"id": 3}]')
    with pytest.raises(Malformed):
        decode_bytes(list[Loose], dirt + b'{"orders": [{"id": 7, "x": [{"id": 3}]')


@pytest.mark.parametrize(
    "page",
    [
        b"<!DOCTYPE html><html><body>Checking your browser</body></html>",
        BOM + b"\n <HTML><script>var x = {}</script></HTML>",
        b"<head></head>",
    ],
)
def test_a_web_page_is_called_one(page: bytes) -> None:
    with pytest.raises(Malformed, match="a web page came"):
        decode_bytes(Sale, page)


@pytest.mark.parametrize("nothing", [b"", b" \n", BOM])
def test_an_empty_answer_is_called_empty(nothing: bytes) -> None:
    with pytest.raises(Malformed, match="an empty answer"):
        decode_bytes(Sale, nothing)


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"{}",
        b"[]",
        b"7",
        b'"x"',
        b"true",
        SALE + b"x",
        SALE + SALE,
        b"{'id': 7}",
        b'{"id": NaN}',
        b"{",
    ],
)
def test_json_of_another_shape_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        decode_bytes(Sale, body)


@given(st.binary(max_size=60) | st.binary(max_size=20).map(lambda junk: SALE[:30] + junk))
def test_any_bytes_are_a_value_or_malformed(body: bytes) -> None:
    for cls in (Sale, list[Sale], dict[str, str]):
        with suppress(Malformed):  # and no other error
            decode_bytes(cls, body)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"x":' * 100_000, b"[" * 100_000 + b"]" * 100_000])
def test_a_document_of_absurd_depth_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        decode_bytes(Sale, b'{"id": 1, "x": ' + body + b"}")
    with pytest.raises(Malformed):
        decode_bytes(list[Sale], body)


def test_text_that_is_no_utf_8_is_malformed() -> None:
    """Old shops store Latin-1 names; that is one order set aside, not a crash of the page."""
    with pytest.raises(Malformed):
        decode_bytes(Sale, b'{"id": 1, "note": "Andr\xe9"}')


# --- naming the field -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b'{"id": "seven"}', "$.id"),
        (b'{"total": "1"}', "$"),
        (b'{"id": 1, "total": ""}', "$.total"),
        (b'{"id": 1, "total": "1,50"}', "$.total"),
        (b'{"id": 1, "total": true}', "$.total"),
        (b'{"id": 1, "items": {}}', "$.items"),
        (b'{"id": 1, "items": [{"sku": "A"}, {"sku": null}]}', "$.items[1].sku"),
        (b'{"id": 1, "items": [{"quantity": 1}]}', "$.items[0]"),
    ],
)
def test_a_wrong_or_missing_field_is_named_by_its_path(body: bytes, path: str) -> None:
    with pytest.raises(Malformed) as caught:
        decode_bytes(Sale, body)
    assert caught.value.path == path
    assert path in str(caught.value)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(Malformed, match="`id`"):
        decode_bytes(Sale, b"{}")


@given(st.text(min_size=1, max_size=30).map(lambda text: f"\u27e6{text}\u27e7"))
def test_an_error_names_the_field_but_never_shows_what_stood_in_it(text: str) -> None:
    for doc in (
        {"id": text},
        {"id": 1, "total": text},
        {"id": 1, "items": text},
        {"id": 1, "items": [text]},
        text,
    ):
        with pytest.raises(Malformed) as caught:
            decode_bytes(Sale, json.dumps(doc).encode())
        assert "\u27e6" not in f"{caught.value} {caught.value!r} {caught.value.path}"
        assert caught.value.__suppress_context__


def test_unknown_fields_are_ignored() -> None:
    assert decode_bytes(Sale, b'{"id": 1, "new": {"deep": [1]}, "_links": null}') == Sale(id=1)


# --- exactness --------------------------------------------------------------------------------


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=9))
def test_a_decimal_is_exact_as_a_number_and_as_text(amount: Decimal) -> None:
    number = decode_bytes(Sale, f'{{"id": 1, "total": {amount:f}}}'.encode())
    text = decode_bytes(Sale, f'{{"id": 1, "total": "{amount:f}"}}'.encode())
    assert number.total == text.total == amount


@pytest.mark.parametrize(
    "written", ["0.1", "1.10", "12345678901234567890.123456789", "1e-7", "0.30000000000000004"]
)
def test_a_number_never_passes_through_a_float(written: str) -> None:
    total = decode_bytes(Sale, f'{{"id": 1, "total": {written}}}'.encode()).total
    assert total == Decimal(written)
    assert total.as_tuple() == Decimal(written).as_tuple()


# --- each by itself ---------------------------------------------------------------------------


def test_one_bad_item_does_not_hide_the_others() -> None:
    first, bad, last = decode_each(Sale, b'[{"id": 1}, {"id": "x"}, {"id": 3}]')
    assert (first, last) == (Sale(id=1), Sale(id=3))
    assert isinstance(bad, Malformed)
    assert bad.path == "$[1].id"
    assert "$[1].id" in str(bad)


@pytest.mark.parametrize(
    "bad",
    [
        b'{"id": 2, "note": "Andr\xe9"}',
        b"null",
        b"{}",
        b"[]",
        b'"text"',
        b'{"id": 2, "x": ' + b"[" * 900 + b"]" * 900 + b'}, {"id": 1e400}',
        b'{"id": 2, "total": 1e99999999999999999999}',
    ],
)
def test_no_item_however_broken_hides_its_neighbors(bad: bytes) -> None:
    items = decode_each(Sale, b'[{"id": 1}, ' + bad + b', {"id": 3}]')
    assert items[0] == Sale(id=1)
    assert items[-1] == Sale(id=3)


@given(st.lists(st.booleans(), max_size=12))
def test_items_and_failures_stand_where_they_stood(good: list[bool]) -> None:
    body = json.dumps([{"id": i} if ok else {"id": str(i)} for i, ok in enumerate(good)]).encode()
    items = decode_each(Sale, body)
    assert len(items) == len(good)
    for i, (item, ok) in enumerate(zip(items, good, strict=True)):
        if ok:
            assert item == Sale(id=i)
        else:
            assert isinstance(item, Malformed)
            assert item.path == f"$[{i}].id"


@pytest.mark.parametrize("body", [b'{"code": "rest_no_route"}', b"null", b'"x"', b"", SALES[:-1]])
def test_what_is_no_list_fails_as_a_whole(body: bytes) -> None:
    with pytest.raises(Malformed):
        decode_each(Sale, body)


# --- XML --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><a/>',
        b"<!DOCTYPE a><a/>",
        b"<a>&undefined;</a>",
        b"<a><b></a>",
        b"<a>",
        b"",
        b"{}",
        b'<?xml version="1.0" encoding="no-such"?><a/>',
        b"<a>\xe9</a>",
        b"<a>" * 100_000,
    ],
)
def test_xml_with_tricks_or_faults_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        parse_xml(body)


def test_plain_xml_is_read_with_and_without_a_byte_order_mark() -> None:
    body = '<?xml version="1.0" encoding="UTF-8"?>\n<a><b>é</b></a>'.encode()
    for dirt in (b"", BOM, b"\r\n"):
        assert parse_xml(dirt + body).findtext("b") == "é"
    assert decode_xml(Response(200, body=body)).tag == "a"


@given(st.binary(max_size=60))
def test_any_bytes_are_xml_or_malformed(body: bytes) -> None:
    with suppress(Malformed):  # and no other error
        parse_xml(b"<a>" + body + b"</a>")


# --- statuses ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (301, Rejected), (304, Rejected), (400, Rejected), (401, Unauthorized), (403, Forbidden),
        (404, NotFound),
        (408, Unavailable), (409, Rejected), (410, NotFound), (422, Rejected), (425, Unavailable),
        (429, RateLimited), (500, Unavailable), (502, Unavailable), (503, Unavailable), (504, Unavailable),
        (507, Unavailable), (508, Unavailable), (520, Unavailable), (525, Unavailable), (529, Unavailable),
        (530, Unavailable), (599, Unavailable),
    ],
)  # fmt: skip
def test_the_status_of_a_read_says_what_to_do_next(status: int, error: type[AnswerError]) -> None:
    response = Response(status, body=SALE)
    for read in (raise_for_status, lambda r: decode(Sale, r), decode_xml):
        with pytest.raises(error) as caught:
            read(response)
        assert type(caught.value) is error
        assert caught.value.status == status


@given(st.integers(0, 999).filter(lambda status: not 200 <= status < 300))
def test_only_2xx_passes(status: int) -> None:
    with pytest.raises(AnswerError):
        raise_for_status(Response(status))


@pytest.mark.parametrize("status", [200, 201, 206, 299])
def test_2xx_passes(status: int) -> None:
    raise_for_status(Response(status))
    assert decode(Sale, Response(status, body=SALE)) == AS_VALUE


# --- recorded answers -------------------------------------------------------------------------


def test_every_recorded_json_answer_decodes_with_and_without_dirt(shared: Path) -> None:
    files = sorted((shared / "payloads").rglob("*.json"))
    assert files
    for file in files:
        body = file.read_bytes()
        try:
            json.loads(body.decode("utf-8-sig"))
        except ValueError:
            continue  # recorded broken on purpose
        for dirt in (b"", BOM, b"Warning: x\n"):
            decode_bytes(object, dirt + body)


# --- half characters ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (rb'["X\ud800"]', ["X\ufffd"]),
        (rb'["\udc00\ud83d\ude00\ud83d"]', ["\ufffd\U0001f600\ufffd"]),
        (rb'["\ud800", "\\ud800", "\\\ud800"]', ["\ufffd", "\\ud800", "\\\ufffd"]),
    ],
)
def test_half_a_character_is_no_reason_to_refuse_a_whole_page(sent: bytes, read: list[str]) -> None:
    """A shop that cut a name in the middle of an emoji; what only looks like an escape stays as it is."""
    assert decode_bytes(list[str], sent) == read


def test_one_order_with_half_a_character_hides_no_other() -> None:
    found = decode_each(dict[str, str], rb'[{"name": "X\ud800"}, {"name": "\ud83d\ude00"}]')
    assert found == [{"name": "X\ufffd"}, {"name": "\U0001f600"}]


@pytest.mark.parametrize("word", ["NaN", "sNaN", "Infinity", "-inf", " nan ", "N_aN"])
def test_what_is_no_number_is_none_in_any_field_for_numbers(word: str) -> None:
    """Python's decimals take these words for values, which no sum or comparison survives."""
    bad = {"id": 7, "items": [{"sku": "A"}, {"sku": "B", "quantity": word}]}
    with pytest.raises(Malformed) as caught:
        decode_bytes(Sale, json.dumps(bad).encode())
    assert caught.value.path == "$.items[1].quantity"
    good, aside = decode_each(Sale, json.dumps([{"id": 1, "note": word}, bad]).encode())
    assert isinstance(good, Sale)
    assert good.note == word
    assert isinstance(aside, Malformed)
    assert aside.path == "$[1].items[1].quantity"
    with pytest.raises(Malformed):
        decode_bytes(dict[str, Decimal], json.dumps({"rate": word}).encode())
