"""Signing against a second implementation of RFC 5849, written here from its text."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import unquote, unquote_plus

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderbridge._http import Call, Headers, Request, Response
from orderbridge._model import Secret
from orderbridge.auth import Auth, Basic, Bearer, NoAuth, OAuth1, QueryKeys, Token
from orderbridge.errors import Unsupported

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CALL = Call("GET", "https://shop.example/orders?page=1", headers={"Accept": "application/json"}, body=b"{}")
UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
words = st.text(st.characters(codec="utf-8"), max_size=15)
private = st.text(max_size=30).map(lambda text: f"\u27e6{text}\u27e7")


# --- OAuth 1.0a, once more --------------------------------------------------------------------


def percent(text: str) -> str:
    """Section 3.6."""
    return "".join(c if c in UNRESERVED else "".join(f"%{b:02X}" for b in c.encode()) for c in text)


def base_string(method: str, url: str, query: str, form: str, oauth: dict[str, str]) -> str:
    """Sections 3.4.1.1 to 3.4.1.3."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    name, _, port = host.lower().partition(":")
    if port and port != {"http": "80", "https": "443"}[scheme.lower()]:
        name += f":{port}"
    pairs = list(oauth.items())
    for part in (query, form):
        for piece in filter(None, part.split("&")):
            key, _, value = piece.partition("=")
            pairs.append((unquote_plus(key), unquote_plus(value)))
    params = "&".join(
        "=".join(pair) for pair in sorted((percent(key), percent(value)) for key, value in pairs)
    )
    return "&".join(
        [method.upper(), percent(f"{scheme.lower()}://{name}/{path if slash else ''}"), percent(params)]
    )


def signature(base: str, consumer_secret: str, token_secret: str) -> str:
    """Section 3.4.2, with SHA-256 for SHA-1."""
    key = f"{percent(consumer_secret)}&{percent(token_secret)}".encode()
    return b64encode(hmac.digest(key, base.encode(), hashlib.sha256)).decode()


def fields(call: Call) -> dict[str, str]:
    """The parameters of an OAuth header."""
    scheme, _, rest = call.headers["authorization"].partition(" ")
    assert scheme == "OAuth"
    pairs = (part.split("=", 1) for part in rest.split(", "))
    return {unquote(name): unquote(value.removeprefix('"').removesuffix('"')) for name, value in pairs}


def test_the_second_implementation_gives_the_base_string_of_the_rfc() -> None:
    """Section 3.4.1.1 prints this one; without it both implementations could be wrong alike."""
    oauth = {
        "oauth_consumer_key": "9djdj82h48djs9d2",
        "oauth_token": "kkk9d7dh3k39sjv7",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "137131201",
        "oauth_nonce": "7d8f3e4a",
    }
    assert base_string(
        "post", "http://EXAMPLE.COM:80/request", "b5=%3D%253D&a3=a&c%40=&a2=r%20b", "c2&a3=2+q", oauth
    ) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D"
        "%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a"
        "%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )


def check(auth: OAuth1, call: Call, url: str, query: str, token_secret: str, nonce: str = "n0nce") -> None:
    signed = auth.sign(call, now=NOW, nonce=nonce, token=None)
    sent = fields(signed)
    mac = sent.pop("oauth_signature")
    assert mac == signature(
        base_string(call.method, url, query, "", sent), auth.consumer_secret.reveal(), token_secret
    )
    assert sent["oauth_timestamp"] == str(int(NOW.timestamp()))
    assert sent["oauth_nonce"] == nonce
    assert sent["oauth_consumer_key"] == auth.consumer_key.reveal()
    assert (signed.url, signed.method, signed.body) == (call.url, call.method, call.body)


ONE_LEGGED = OAuth1(Secret("key"), Secret("secret"))
TWO_LEGGED = OAuth1(Secret("key&=%"), Secret("s+ /é"), Secret("to ken"), Secret("&~"))


@given(
    st.lists(st.tuples(words, words), max_size=6), words, st.sampled_from(["GET", "POST", "PUT", "DELETE"])
)
def test_any_query_is_signed_as_it_is_sent(pairs: list[tuple[str, str]], nonce: str, method: str) -> None:
    query = Request("GET", "/", params=pairs).query
    url = "https://shop.example/wp-json/wc/v3/orders"
    call = Call(method, f"{url}?{query}" if query else url, body=b'{"a": 1}')
    check(ONE_LEGGED, call, url, query, "", nonce)
    check(TWO_LEGGED, call, url, query, "&~", nonce)


@pytest.mark.parametrize(
    "url",
    [
        "https://Shop.Example/Orders",
        "HTTPS://shop.example/rest/V1/orders/100%2F7",
        "http://127.0.0.1:8080/orders",
        "https://shop.example/",
        "https://shop.example:443/orders",
        "http://shop.example:80/orders",
        "https://shop.example",
    ],
)
@pytest.mark.parametrize("query", ["", "b5=%3D%253D&a3=a&c%40=&a2=r%20b", "a=2&a=10&a=1", "x+y=z+w"])
def test_any_address_is_signed_as_the_rfc_writes_it(url: str, query: str) -> None:
    """The default port and the case of the host are no part of what is signed; the path is, as it is."""
    call = Call("GET", f"{url}?{query}" if query else url)
    check(ONE_LEGGED, call, url, query, "")


def test_a_token_is_named_only_where_there_is_one() -> None:
    assert "oauth_token" not in fields(ONE_LEGGED.sign(CALL, now=NOW, nonce="n", token=None))
    assert fields(TWO_LEGGED.sign(CALL, now=NOW, nonce="n", token=None))["oauth_token"] == "to ken"


def test_the_time_of_a_signature_is_the_moment_not_the_wall_clock() -> None:
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    assert ONE_LEGGED.sign(CALL, now=NOW, nonce="n", token=None) == (
        ONE_LEGGED.sign(CALL, now=tokyo, nonce="n", token=None)
    )


# --- the plain ones ---------------------------------------------------------------------------


@given(words.filter(lambda user: ":" not in user), words)
def test_basic_is_user_and_password_in_utf_8(user: str, password: str) -> None:
    signed = Basic(Secret(user), Secret(password)).sign(CALL, now=NOW, nonce="n", token=None)
    scheme, _, coded = signed.headers["authorization"].partition(" ")
    assert scheme == "Basic"
    assert b64decode(coded, validate=True).decode() == f"{user}:{password}"


def test_basic_gives_the_example_of_its_rfc() -> None:
    signed = Basic(Secret("test"), Secret("123\u00a3")).sign(CALL, now=NOW, nonce="n", token=None)
    assert signed.headers["authorization"] == "Basic dGVzdDoxMjPCow=="  # RFC 7617, section 2.1


def test_bearer_sends_its_token() -> None:
    signed = Bearer(Secret("abc")).sign(CALL, now=NOW, nonce="n", token=None)
    assert signed.headers["authorization"] == "Bearer abc"


def test_query_keys_go_behind_what_is_asked_and_are_encoded() -> None:
    keys = QueryKeys((("consumer_key", Secret("ck_1")), ("consumer_secret", Secret("c&s 2"))))
    signed = keys.sign(CALL, now=NOW, nonce="n", token=None)
    assert signed.url == "https://shop.example/orders?page=1&consumer_key=ck_1&consumer_secret=c%26s%202"
    bare = keys.sign(Call("GET", "https://shop.example/orders"), now=NOW, nonce="n", token=None)
    assert bare.url == "https://shop.example/orders?consumer_key=ck_1&consumer_secret=c%26s%202"
    assert signed.headers == CALL.headers


ALL = [
    Auth(),
    NoAuth(),
    Basic(Secret("u"), Secret("p")),
    Bearer(Secret("t")),
    QueryKeys((("k", Secret("v")),)),
    ONE_LEGGED,
    TWO_LEGGED,
]


@pytest.mark.parametrize("auth", ALL, ids=lambda auth: type(auth).__name__)
def test_signing_changes_nothing_but_the_credentials(auth: Auth) -> None:
    signed = auth.sign(CALL, now=NOW, nonce="n", token=None)
    assert (signed.method, signed.body) == (CALL.method, CALL.body)
    assert signed.url.startswith(CALL.url)
    assert (
        Headers({name: value for name, value in signed.headers.items() if name != "authorization"})
        == CALL.headers
    )
    assert Call("GET", CALL.url, headers={"Accept": "application/json"}, body=b"{}") == CALL
    assert auth.sign(CALL, now=NOW, nonce="n", token=None) == signed


@pytest.mark.parametrize("auth", ALL, ids=lambda auth: type(auth).__name__)
def test_credentials_that_need_no_login_need_no_token_and_cannot_be_refreshed(auth: Auth) -> None:
    assert not auth.needs_token
    assert not auth.expired(Response(401))
    with pytest.raises(Unsupported):
        next(auth.refresh(None, now=datetime(2026, 1, 1, tzinfo=UTC)))


def test_new_credentials_replace_old_ones() -> None:
    old = attrs.evolve(CALL, headers={"authorization": "Bearer old"})
    signed = Bearer(Secret("new")).sign(old, now=NOW, nonce="n", token=None)
    assert dict(signed.headers) == {"authorization": "Bearer new"}


# --- secrets and times ------------------------------------------------------------------------


@given(private)
def test_no_repr_shows_a_credential(text: str) -> None:
    secret = Secret(text)
    for value in (
        Basic(secret, secret),
        Bearer(secret),
        QueryKeys((("key", secret),)),
        OAuth1(secret, secret, secret, secret),
        Token(secret, secret),
    ):
        assert "\u27e6" not in f"{value!r} {value}"


@given(st.text(st.characters(codec="utf-8"), max_size=20).map(lambda text: f"\u27e6{text}\u27e7"))
def test_no_repr_of_a_signed_call_shows_a_credential(text: str) -> None:
    secret = Secret(text)
    for auth in (
        Basic(secret, secret),
        QueryKeys((("key", secret),)),
        OAuth1(secret, secret, secret, secret),
    ):
        signed = auth.sign(CALL, now=NOW, nonce="n", token=None)
        for shown in (text, percent(text), b64encode(f"{text}:{text}".encode()).decode()):
            assert shown not in f"{signed!r} {signed}"


def test_the_end_of_a_token_is_kept_in_utc() -> None:
    rome = NOW.astimezone(timezone(timedelta(hours=1)))
    kept = Token(Secret("a"), expires_at=rome).expires_at
    assert kept == NOW
    assert kept is not None
    assert kept.tzinfo is UTC
    assert Token(Secret("a")).expires_at is None


def test_the_end_of_a_token_needs_a_zone() -> None:
    """Else it would mean another moment on each machine."""
    with pytest.raises(ValueError, match="time zone"):
        Token(Secret("a"), expires_at=datetime(2026, 3, 1, 12))
