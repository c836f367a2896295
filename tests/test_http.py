"""Requests, answers and headers as plain values: what is sent, what is fingerprinted, what never shows."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderbridge._http import Call, Headers, Read, Request, Response
from orderbridge._model import Money
from orderbridge.adapters import (
    AccountSettings,
    Confirmed,
    LookUp,
    Past,
    Reply,
    Unknown,
    Write,
    judge_by_status,
)
from orderbridge.errors import ConfigurationError

text = st.text(st.characters(codec="utf-8"), max_size=20)
# A mark no code of ours writes, so that a short random text is not found by chance.
private = st.text(max_size=30).map(lambda drawn: f"\u27e6{drawn}\u27e7")
MARK = "\u27e6"


# --- headers ----------------------------------------------------------------------------------


def test_header_names_compare_without_case() -> None:
    headers = Headers({"Content-Type": "text/html"})
    assert headers["content-TYPE"] == "text/html"
    assert "CONTENT-type" in headers
    assert headers == Headers({"content-type": "text/html"})
    assert hash(headers) == hash(Headers({"CONTENT-TYPE": "text/html"}))
    assert headers.get("accept") is None
    with pytest.raises(KeyError):
        headers["accept"]


def test_the_last_of_equal_names_wins() -> None:
    headers = Headers({"A": "1", "a": "2"})
    assert dict(headers) == {"a": "2"}
    assert len(headers) == 1


def test_any_mapping_becomes_headers() -> None:
    assert Request("GET", "/", headers={"Accept": "a/b"}).headers["accept"] == "a/b"
    assert Response(200, headers={"X": "y"}).headers == Headers({"x": "y"})


# --- the query --------------------------------------------------------------------------------


@given(st.lists(st.tuples(text, text), max_size=6))
def test_the_query_says_exactly_the_pairs_in_their_order(pairs: list[tuple[str, str]]) -> None:
    query = Request("GET", "/", params=pairs).query
    assert parse_qsl(query, keep_blank_values=True, separator="&") == [pair for pair in pairs if query]
    assert set(query) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%=&")


def test_the_query_is_encoded_as_oauth_wants_it() -> None:
    """RFC 3986: a space is %20 and never +, and only the unreserved characters stay."""
    request = Request("GET", "/", params=[("a b", "c+d/é"), ("~", "-._~"), ("e", "")])
    assert request.query == "a%20b=c%2Bd%2F%C3%A9&~=-._~&e="


# --- the fingerprint --------------------------------------------------------------------------

BASE = Request("POST", "/orders", params=[("a", "1")], headers={"X": "y"}, body=b"{}")
OTHERS = {
    "method": attrs.evolve(BASE, method="PUT"),
    "path": attrs.evolve(BASE, path="/order"),
    "params": attrs.evolve(BASE, params=[("a", "2")]),
    "order of params": attrs.evolve(BASE, params=[("a", "1"), ("b", "2")]),
    "other order of params": attrs.evolve(BASE, params=[("b", "2"), ("a", "1")]),
    "header": attrs.evolve(BASE, headers={"X": "z"}),
    "no header": attrs.evolve(BASE, headers={}),
    "body": attrs.evolve(BASE, body=b"{} "),
    "no body": attrs.evolve(BASE, body=b""),
    "header in the body": attrs.evolve(BASE, headers={}, body=b"x:y\n{}"),
    "header in another": attrs.evolve(BASE, headers={"W": "v\nx:y"}),
    "two headers": attrs.evolve(BASE, headers={"W": "v", "X": "y"}),
    "path over two lines": attrs.evolve(BASE, path="/orders\na=1", params=[]),
}


def test_requests_that_do_different_things_have_different_fingerprints() -> None:
    """The fingerprint guards each send: two effects must never share one."""
    prints: dict[str, str] = {"": BASE.sha256}
    for name, other in OTHERS.items():
        try:
            prints[name] = other.sha256
        except ValueError:  # refusing a line break is as good as telling it apart
            continue
    assert len(set(prints.values())) == len(prints)


def test_the_same_request_has_the_same_fingerprint_however_it_was_written() -> None:
    again = Request("POST", "/orders", params=(("a", "1"),), headers=Headers({"x": "y"}), body=b"{}")
    assert again == BASE
    assert again.sha256 == BASE.sha256
    assert attrs.evolve(BASE, headers={"b": "1", "a": "2"}).sha256 == (
        attrs.evolve(BASE, headers={"A": "2", "B": "1"}).sha256
    )


def test_how_long_an_answer_may_be_kept_is_no_part_of_the_fingerprint() -> None:
    assert Read("GET", "/x", keep=timedelta(hours=1)).sha256 == Read("GET", "/x", fresh=True).sha256


# --- answers ----------------------------------------------------------------------------------


@given(st.binary(max_size=40))
def test_a_body_is_always_readable_as_text(body: bytes) -> None:
    assert isinstance(Response(200, body=body).text, str)


def test_text_drops_the_byte_order_mark_and_keeps_the_rest() -> None:
    assert Response(200, body="\ufeffé".encode()).text == "é"


@pytest.mark.parametrize(
    ("header", "media_type"),
    [
        ("application/JSON; charset=UTF-8", "application/json"),
        ("text/html", "text/html"),
        ("", ""),
        (";", ""),
    ],
)
def test_the_media_type_is_without_parameters(header: str, media_type: str) -> None:
    assert Response(200, headers={"Content-Type": header}).media_type == media_type


def test_an_answer_without_a_content_type_has_no_media_type() -> None:
    assert Response(200).media_type == ""


@given(st.integers(100, 599))
def test_by_status_alone_only_2xx_proves_anything_about_a_write(status: int) -> None:
    verdict = judge_by_status(Response(status))
    if 200 <= status < 300:
        assert verdict == Confirmed()
    else:
        assert isinstance(verdict, Unknown)


# --- what never shows -------------------------------------------------------------------------


@given(private)
def test_no_repr_shows_headers_bodies_or_addresses_with_credentials(secret: str) -> None:
    body = secret.encode("utf-8", "replace")
    headers = Headers({"Authorization": secret, "Cookie": secret})
    request = Request("POST", "/orders", headers=headers, body=body)
    response = Response(200, headers=headers, body=body)
    values = [
        headers,
        request,
        Read("GET", "/orders", headers=headers, body=body),
        Call("GET", f"https://shop.example/?key={secret}", headers=headers, body=body),
        response,
        Write("create", request, unknown=LookUp(), amount=Money.of(1, "EUR")),
        Past(answers={"create": response}, attempted=True),
        Reply(headers=headers),
    ]
    for value in values:
        shown = f"{value!r} {value}"
        assert MARK not in shown
        assert repr(body)[2:-1] not in shown or not body


def test_a_repr_still_says_which_request_it_was() -> None:
    assert "POST" in repr(BASE)
    assert "/orders" in repr(BASE)
    assert repr(Headers({"B": "1", "a": "2"})) == "Headers(a, b)"


# --- the account's address --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_url", "kept"),
    [
        ("https://shop.example", "https://shop.example"),
        (" https://shop.example/ ", "https://shop.example"),
        ("https://shop.example/a/b//", "https://shop.example/a/b"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_an_address_is_kept_without_its_last_slash(given_url: str, kept: str) -> None:
    assert AccountSettings(base_url=given_url).base_url == kept


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.example",
        "//shop.example",
        "ftp://shop.example",
        "https://",
        "https:///orders",
        "https://user:secret@shop.example",
        "https://shop.example?key=secret",
        "https://shop.example#x",
        "https://shop .example",
        "https://shop.example\nevil.example",
    ],
)
def test_an_address_that_is_none_or_holds_credentials_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigurationError, match="base_url") as caught:
        AccountSettings(base_url=url)
    assert "secret" not in str(caught.value)
