"""The door of a Shopify shop: logging in, what a merchant is told, and whose webhooks are believed."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from hmac import digest as hmac_digest
from pathlib import Path
from socket import socket
from typing import Any, TypeVar

import attrs
import pytest
from graphql import GraphQLSchema, build_schema, parse, validate
from hypothesis import given
from hypothesis import strategies as st

from orderbridge import MemoryTokens
from orderbridge._calls import Line
from orderbridge._drivers import SyncDriver
from orderbridge._http import Call, Headers, Read, Response
from orderbridge._model import Secret
from orderbridge._saga import fetch
from orderbridge.adapters import Access, Bucket, Finding, Nudge, Reply
from orderbridge.auth import Auth, Token
from orderbridge.errors import (
    BridgeError,
    Forbidden,
    Malformed,
    NotFound,
    RateLimited,
    Rejected,
    Unauthorized,
)
from orderbridge.journals.sqlite import open_memory
from orderbridge.stores.shopify._hooks import read_webhook
from orderbridge.stores.shopify._login import auth_of
from orderbridge.stores.shopify._probe import look
from orderbridge.stores.shopify._scopes import has, needs
from orderbridge.stores.shopify._settings import Settings
from wires import Got, Wire, answer

SHARED = Path(__file__).parents[1].parent / "shared"
NOW = datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC)
T = TypeVar("T")
CLIENT_SECRET = "shpss_app-0123456789"
FIRST = "shprt_first-0123456789"
ACCESS = "shpat_fixed-0123456789"


def run(flow: Generator[Read, Response, T], answer: Callable[[Read], Response]) -> T:
    try:
        read = next(flow)
        while True:
            read = flow.send(answer(read))
    except StopIteration as end:
        result: T = end.value
        return result


def said(status: int, body: object, **headers: str) -> Response:
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Response(status, headers=Headers(headers), body=content)


def custom(**more: Any) -> Settings:
    return Settings(**{"base_url": "https://knits.myshopify.com", "access_token": Secret(ACCESS), **more})


def own_app(**more: Any) -> Settings:
    app = {"client_id": "app-1", "client_secret": Secret(CLIENT_SECRET)}
    return Settings(**{"base_url": "https://knits.myshopify.com", **app, **more})


def let_in(**more: Any) -> Settings:
    return own_app(refresh_token=Secret(FIRST), **more)


# --- logging in --------------------------------------------------------------------------------------


@attrs.define
class Desk:
    """Shopify's login: a refresh token is good until the one that it got is used."""

    own_shop: bool = True
    installed: bool = True
    expires: bool = True
    good: list[str] = attrs.field(factory=lambda: [FIRST])
    asked: list[str] = attrs.field(factory=list)
    given: int = 0

    def __call__(self, read: Read) -> Response:
        assert (read.method, read.path, read.params) == ("POST", "/admin/oauth/access_token", ())
        assert read.headers["content-type"] == "application/json"
        asked = json.loads(read.body)
        self.asked.append(asked.get("refresh_token", asked["grant_type"]))
        as_json = read.headers.get("accept") == "application/json"
        if asked["client_id"] != "app-1":
            return self.no(400, "application_cannot_be_found", f"no {asked['client_id']}", as_json)
        if asked["client_secret"] != CLIENT_SECRET:
            return self.no(400, "invalid_client", f"not {asked['client_secret']}", as_json)
        if not self.installed:
            return self.no(400, "app_not_installed", "not installed", as_json)
        if asked["grant_type"] == "client_credentials":
            if not self.own_shop:
                return self.no(400, "shop_not_permitted", "cannot be performed on this shop", as_json)
            self.given += 1
            return said(200, {"access_token": self.access, "scope": "read_orders", "expires_in": 86399})
        if asked["grant_type"] != "refresh_token":
            return self.no(400, "unsupported_grant_type", "", as_json)
        if asked["refresh_token"] not in self.good:
            return self.no(401, "invalid_request", "This request requires an active refresh_token", as_json)
        self.given += 1
        self.good = [asked["refresh_token"], f"shprt_{self.given}"]
        body: dict[str, object] = {"access_token": self.access, "refresh_token": f"shprt_{self.given}"}
        if self.expires:
            body |= {"expires_in": 3600, "refresh_token_expires_in": 7776000}
        return said(200, body)

    @property
    def access(self) -> str:
        return f"shpat_{self.given}"

    @staticmethod
    def no(status: int, error: str, why: str, as_json: bool) -> Response:
        if as_json:
            return said(status, {"error": error, "error_description": why})
        return said(status, f"<html><body><h1>Oops</h1>Oauth error {error}: {why}</body></html>")


def log_in(settings: Settings, desk: Callable[[Read], Response], token: Token | None = None) -> Token:
    return run(auth_of(settings).refresh(token, now=NOW), desk)


def signed(auth: Auth, token: Token | None) -> Call:
    call = Call("POST", "https://knits.myshopify.com/admin/api/2026-10/graphql.json")
    return auth.sign(call, now=NOW, nonce="n", token=token)


def test_a_token_that_never_ends_goes_with_each_call() -> None:
    auth = auth_of(custom())
    assert not auth.needs_token
    assert signed(auth, None).headers["x-shopify-access-token"] == ACCESS


def test_an_app_of_the_shops_own_gets_a_token_for_a_day() -> None:
    auth, desk = auth_of(own_app()), Desk()
    token = log_in(own_app(), desk)
    assert auth.needs_token
    assert (token.access, token.refresh) == (Secret("shpat_1"), None)
    assert token.expires_at == NOW + timedelta(seconds=86399)
    assert signed(auth, token).headers["x-shopify-access-token"] == "shpat_1"


def test_each_token_of_an_app_that_was_let_in_comes_with_what_gets_the_next() -> None:
    """The first refresh token stands in the settings, those that follow only in the stored token."""
    desk = Desk()
    token = log_in(let_in(), desk)
    assert token == Token(Secret("shpat_1"), Secret("shprt_1"), NOW + timedelta(hours=1))
    token = log_in(let_in(), desk, token)
    assert token == Token(Secret("shpat_2"), Secret("shprt_2"), NOW + timedelta(hours=1))
    assert desk.asked == [FIRST, "shprt_1"]


def test_an_answer_to_a_refresh_that_is_lost_costs_nothing() -> None:
    desk = Desk()
    token = log_in(let_in(), desk)
    log_in(let_in(), desk, token)  # nobody keeps it
    again = log_in(let_in(), desk, token)
    assert again.refresh == Secret("shprt_3")


def test_a_merchant_who_lets_the_app_in_again_need_not_clear_the_token_store() -> None:
    desk = Desk()
    token = log_in(let_in(), desk)
    desk.good = ["shprt_anew"]
    anew = own_app(refresh_token=Secret("shprt_anew"))
    assert log_in(anew, desk, token).refresh == Secret("shprt_2")
    assert desk.asked == [FIRST, "shprt_1", "shprt_anew"]


def test_a_token_that_another_way_of_signing_in_left_behind_is_no_hindrance() -> None:
    old = Token(Secret("shpat_of_before"))
    assert log_in(let_in(), Desk(), old).refresh == Secret("shprt_1")
    assert log_in(own_app(), Desk(), old).access == Secret("shpat_1")


def test_a_refresh_answer_without_an_end_or_a_next_one_loses_neither() -> None:
    desk = Desk(expires=False)
    token = log_in(let_in(), desk)
    assert (token.expires_at, token.refresh) == (None, Secret("shprt_1"))
    kept = log_in(let_in(), lambda _: said(200, {"access_token": "shpat_9"}), token)
    assert kept.refresh == Secret("shprt_1")


@pytest.mark.parametrize("settings", [own_app(), let_in()], ids=["client", "refresh"])
def test_only_401_means_that_a_token_has_ended(settings: Settings) -> None:
    auth = auth_of(settings)
    assert auth.expired(said(401, {"errors": "[API] Invalid API key or access token"}))
    assert not any(auth.expired(said(status, "")) for status in (200, 402, 403, 404, 429, 500))


REFUSALS: list[tuple[Settings, Desk, str, str]] = [
    (own_app(client_id="app-2"), Desk(), "application_cannot_be_found", "client_id"),
    (own_app(client_secret=Secret("shpss_wrong-99")), Desk(), "invalid_client", "client_secret"),
    (own_app(), Desk(installed=False), "app_not_installed", "install"),
    (own_app(), Desk(own_shop=False), "shop_not_permitted", "refresh_token"),
    (let_in(), Desk(good=[]), "invalid_grant", "let the app in again"),
]


@pytest.mark.parametrize("page", [False, True], ids=["json", "page"])
@pytest.mark.parametrize(("settings", "desk", "code", "fix"), REFUSALS, ids=[case[2] for case in REFUSALS])
def test_a_refused_login_says_in_words_what_to_do(
    settings: Settings, desk: Desk, code: str, fix: str, page: bool
) -> None:
    """Also where a proxy has dropped the header by which Shopify answers JSON."""

    def answer(read: Read) -> Response:
        return desk(attrs.evolve(read, headers={"Content-Type": "application/json"}) if page else read)

    with pytest.raises(Unauthorized, match=fix) as refused:
        log_in(settings, answer)
    assert refused.value.code == code
    assert not any(secret in str(refused.value) for secret in (CLIENT_SECRET, FIRST, "shpss_wrong", "app-2"))


def test_a_wrong_secret_does_not_try_another_refresh_token() -> None:
    desk = Desk()
    stored = Token(Secret("shpat_0"), Secret("shprt_0"))
    with pytest.raises(Unauthorized):
        log_in(let_in(client_secret=Secret("shpss_wrong-99")), desk, stored)
    assert desk.asked == ["shprt_0"]


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (402, Rejected, "frozen"),
        (403, Forbidden, "blocks"),
        (404, NotFound, "base_url"),
        (423, Rejected, "locked"),
        (400, Unauthorized, "client_id"),
        (429, RateLimited, "slow down"),
        (302, Rejected, "redirects"),
    ],
)
def test_what_stands_before_the_login_is_told_apart(status: int, kind: type[BridgeError], words: str) -> None:
    with pytest.raises(kind, match=words):
        log_in(own_app(), lambda _: said(status, "<html>a page</html>"))


@pytest.mark.parametrize(
    "body",
    [
        "<html>shpat_leaked</html>",
        '{"access_token": 7, "note": "shpat_leaked"}',
        '{"access_token": "shpat_leaked", "expires_in": 1e300}',
        '{"token": "shpat_leaked"}',
    ],
)
def test_what_is_no_token_is_refused_without_being_shown(body: str) -> None:
    with pytest.raises(Malformed) as wrong:
        log_in(own_app(), lambda _: said(200, body))
    assert "leaked" not in f"{wrong.value}{wrong.value.__cause__}"


def test_no_credential_stands_in_a_repr() -> None:
    for settings in (custom(), own_app(), let_in()):
        shown = repr(auth_of(settings))
        assert not any(secret in shown for secret in (ACCESS, CLIENT_SECRET, FIRST))


class Back:
    """A shop behind its login, which takes only the newest access token."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.refused = 0

    def __call__(self, connection: socket, got: Got) -> None:
        if got.target == "/admin/oauth/access_token":
            back = self.desk(Read(got.method, got.target, headers=Headers(got.headers), body=got.body))
            answer(back.status, back.body)(connection, got)
        elif got.headers.get("x-shopify-access-token") == self.desk.access:
            answer(200, b'{"data": {}}')(connection, got)
        else:
            self.refused += 1
            answer(401, b'{"errors": "[API] Invalid API key or access token"}')(connection, got)


def test_the_token_store_keeps_what_rotates() -> None:
    """A process that starts anew, or finds its token ended early, goes on from the newest."""
    shop, tokens = Back(), MemoryTokens()
    read = Read("POST", "/admin/api/2026-10/graphql.json")
    with Wire(shop) as wire:
        settings = let_in(base_url=wire.url)
        line = Line(
            account="knits", base_url=wire.url, auth=auth_of(settings), bucket=Bucket(per_second=1e6, burst=9)
        )

        def ask_in_a_new_process() -> int:
            driver = SyncDriver(open_memory(), lambda _: line, tokens=tokens)
            try:
                return driver.run(fetch("knits", read)).status
            finally:
                driver.close()

        assert [ask_in_a_new_process(), ask_in_a_new_process()] == [200, 200]
        assert shop.desk.asked == [FIRST]
        shop.desk.given += 6  # the access token ends before its time
        assert ask_in_a_new_process() == 200
        assert (shop.desk.asked, shop.refused) == ([FIRST, "shprt_1"], 1)
        kept = tokens.get(line.login)
        assert kept is not None
        assert kept.refresh == Secret("shprt_8")


# --- what a merchant is told ----------------------------------------------------------------------------

EVERYTHING = (
    "read_orders",
    "write_orders",
    "read_all_orders",
    "read_merchant_managed_fulfillment_orders",
    "write_merchant_managed_fulfillment_orders",
    "read_assigned_fulfillment_orders",
    "write_assigned_fulfillment_orders",
    "read_products",
    "read_locations",
    "write_fulfillments",
    "read_returns",
)
HOOKED = (
    "ORDERS_CREATE",
    "ORDERS_UPDATED",
    "ORDERS_CANCELLED",
    "REFUNDS_CREATE",
    "FULFILLMENT_ORDERS_ORDER_ROUTING_COMPLETE",
    "FULFILLMENT_ORDERS_PLACED_ON_HOLD",
    "FULFILLMENT_ORDERS_HOLD_RELEASED",
    "FULFILLMENT_ORDERS_FULFILLMENT_REQUEST_SUBMITTED",
    "FULFILLMENT_ORDERS_CANCELLATION_REQUEST_SUBMITTED",
    "APP_UNINSTALLED",
)


@cache
def schema() -> GraphQLSchema | None:
    found = SHARED / "shopify/admin-trimmed.graphql"
    return build_schema(found.read_text()) if found.exists() else None


def place(number: str, **more: object) -> dict[str, object]:
    return {
        "legacyResourceId": number,
        "name": f"Hall {number}",
        "isActive": True,
        "isFulfillmentService": False,
        **more,
    }


@attrs.define
class Shop:
    """A shop as far as the probe looks: who it is, what the app may do, from where it ships."""

    domain: str = "knits.myshopify.com"
    served: tuple[str, ...] = ("2026-10", "2027-01")
    scopes: tuple[str, ...] = EVERYTHING
    approved: bool = True
    hollow: bool = False
    places: tuple[dict[str, object], ...] = ()
    services: tuple[dict[str, object], ...] = ()
    hooks: tuple[dict[str, object], ...] = tuple(
        {"topic": topic, "format": "JSON", "includeFields": []} for topic in HOOKED
    )
    asked: list[str] = attrs.field(factory=list)

    def __call__(self, read: Read) -> Response:
        asked = json.loads(read.body)
        self.asked.append(asked["operationName"])
        rules = schema()
        assert rules is None or not validate(rules, parse(asked["query"]))
        version = re.fullmatch(r"/admin/api/([^/]+)/graphql\.json", read.path)
        assert version
        if (read.method, read.headers["content-type"]) != ("POST", "application/json"):
            return said(400, {"errors": "Bad Request"})
        data = getattr(self, asked["operationName"])(**asked["variables"])
        answered = version[1] if version[1] in self.served else self.served[0]
        return said(200, data, **{"X-Shopify-API-Version": answered, "X-Request-ID": "r-1"})

    def WhoAmI(self) -> object:
        shop = {
            "myshopifyDomain": self.domain,
            "currencyCode": "EUR",
            "ianaTimezone": "Europe/Rome",
            "plan": {"publicDisplayName": "Basic"},
        }
        versions = [{"handle": each, "supported": True} for each in self.served]
        versions.append({"handle": "unstable", "supported": False})
        scopes = [{"handle": scope} for scope in self.scopes]
        return {
            "data": {
                "shop": shop,
                "currentAppInstallation": {"accessScopes": scopes},
                "publicApiVersions": versions,
            }
        }

    def Services(self) -> object:
        if "read_locations" not in self.scopes:
            return self.denied("`read_locations` access scope.", "shop", "fulfillmentServices")
        return {"data": {"shop": {"fulfillmentServices": list(self.services)}}}

    def Places(self, ids: list[str]) -> object:
        if "read_locations" not in self.scopes:
            return self.denied("`read_locations` access scope.", "nodes")
        known = {f"gid://shopify/Location/{each['legacyResourceId']}": each for each in self.places}
        return {"data": {"nodes": [known.get(each) for each in ids]}}

    def Shopper(self) -> object:
        assert "read_orders" in self.scopes
        if not self.approved:
            message = "This app is not approved to access the MailingAddress object."
            return {
                "data": {"orders": {"nodes": [{"email": None, "shippingAddress": None}]}},
                "errors": [
                    {
                        "message": message,
                        "path": ["orders", "nodes", 0, "shippingAddress"],
                        "extensions": {"code": "ACCESS_DENIED"},
                    }
                ],
            }
        address = {"name": "Ada Rossi", "address1": "Via Roma 1", "phone": None}
        if self.hollow:
            address = dict.fromkeys(address)
        return {"data": {"orders": {"nodes": [{"email": "ada@mail.example", "shippingAddress": address}]}}}

    def Subscriptions(self, topics: list[str]) -> object:
        nodes = [each for each in self.hooks if each["topic"] in topics]
        return {"data": {"webhookSubscriptions": {"nodes": nodes}}}

    @staticmethod
    def denied(access: str, *path: str) -> object:
        problem = {
            "message": f"Access denied for {path[-1]} field. Required access: {access}",
            "path": path,
            "extensions": {"code": "ACCESS_DENIED", "requiredAccess": access},
        }
        return {"data": None, "errors": [problem]}


def seen(shop: Callable[[Read], Response], settings: Settings | None = None) -> Access:
    return run(look(settings or custom()), shop)


def wrong(access: Access) -> list[Finding]:
    return [finding for finding in access.findings if not finding.ok]


def words(access: Access) -> str:
    return "\n".join(f"{finding.what}. {finding.fix}" for finding in access.findings)


def test_a_shop_where_all_is_well_says_who_it_is() -> None:
    shop = Shop()
    access = seen(shop, own_app())
    assert not wrong(access)
    assert (access.identity, access.version, access.lacks) == ("knits.myshopify.com", "2026-10", frozenset())
    assert all(word in words(access) for word in ("Basic", "EUR", "Europe/Rome", "2026-10", "its webhooks"))
    assert shop.asked == ["WhoAmI", "Shopper", "Subscriptions"]


def test_nothing_of_a_shopper_comes_out_of_the_probe() -> None:
    shown = repr(seen(Shop()))
    assert "Ada" not in shown
    assert "Roma" not in shown
    assert "mail.example" not in shown


def test_who_sends_no_webhooks_here_is_not_told_of_them() -> None:
    shop = Shop(hooks=())
    assert "webhooks" not in words(seen(shop))
    assert "Subscriptions" not in shop.asked


@pytest.mark.parametrize("scope", [need.scope for need in needs(custom())])
def test_a_missing_scope_is_named_with_what_does_not_work_without_it(scope: str) -> None:
    left = tuple(each for each in EVERYTHING if each not in (scope, scope.replace("read_", "write_", 1)))
    access = seen(Shop(scopes=left))
    named = [finding for finding in access.findings if f" {scope}:" in finding.what]
    assert len(named) == 1
    optional = {"read_all_orders", "read_returns", "write_fulfillments"}
    assert named[0].ok == (scope in optional)
    assert named[0].fix
    assert "all the access" not in words(access) or scope in optional


def test_scopes_for_another_kind_of_location_are_not_enough() -> None:
    """Shopify answers with an empty list then, and no error: nothing would ever be ready to ship."""
    own = tuple(each for each in EVERYTHING if "assigned" not in each)
    service = tuple(each for each in EVERYTHING if "merchant_managed" not in each)
    assert not wrong(seen(Shop(scopes=own)))
    assert any(
        "read_merchant_managed_fulfillment_orders" in each.what for each in wrong(seen(Shop(scopes=service)))
    )
    here: dict[str, object] = {"handle": "tailor", "callbackUrl": None, "location": place("7")}
    assert not wrong(seen(Shop(scopes=service, services=(here,)), custom(service="tailor")))
    refused = seen(Shop(scopes=own, services=(here,)), custom(service="tailor"))
    assert any("read_assigned_fulfillment_orders" in each.what for each in wrong(refused))


def test_what_the_app_may_not_write_it_lacks() -> None:
    reading = tuple(each for each in EVERYTHING if not each.startswith("write_"))
    assert seen(Shop(scopes=reading)).lacks == {
        "Annotates",
        "CancelsShopOrders",
        "CorrectsTracking",
        "HoldsWork",
        "Refunds",
        "ReportsProgress",
    }


@given(st.sets(st.sampled_from(EVERYTHING)))
def test_writing_includes_reading_but_not_the_other_way(granted: set[str]) -> None:
    for what in ("orders", "fulfillments", "products"):
        assert has(granted, f"write_{what}") == (f"write_{what}" in granted)
        assert has(granted, f"read_{what}") == bool({f"read_{what}", f"write_{what}"} & granted)


@pytest.mark.parametrize("shop", [Shop(approved=False), Shop(hollow=True)], ids=["denied", "empty"])
def test_an_app_that_may_not_see_shoppers_is_told_to_ask_for_it(shop: Shop) -> None:
    (finding,) = wrong(seen(shop))
    assert "protected customer data" in finding.fix


def test_a_version_that_is_not_served_any_more_is_said() -> None:
    old = seen(Shop(served=("2027-01", "2027-04")))
    assert not wrong(old)
    assert old.version == "2027-01"
    assert "does not serve version 2026-10" in words(old)
    assert "2027-01, 2027-04" in words(old)


def test_a_version_older_than_what_we_ask_for_is_wrong() -> None:
    older = seen(Shop(served=("2026-01", "2026-07", "2026-10")), custom(api_version="2025-04"))
    assert ["2026-01" in finding.what for finding in wrong(older)] == [True]


def test_the_part_of_a_shop_that_is_ours_stands_in_its_identity() -> None:
    """So that two accounts which ship from one location are never two."""
    shop = Shop(
        places=(place("9"), place("31")),
        services=({"handle": "tailor", "callbackUrl": None, "location": place("31")},),
    )
    by_place = seen(shop, custom(locations=("9", "gid://shopify/Location/31")))
    assert not wrong(by_place)
    assert by_place.identity == "knits.myshopify.com#31,9"
    by_service = seen(shop, custom(service="tailor"))
    assert not wrong(by_service)
    assert by_service.identity == "knits.myshopify.com#31"


def test_a_service_that_is_not_there_leaves_it_open_which_part_of_the_shop_is_meant() -> None:
    shop = Shop(services=({"handle": "weaver", "callbackUrl": None, "location": place("31")},))
    access = seen(shop, custom(service="tailor"))
    assert access.identity == ""
    assert "weaver" in wrong(access)[0].fix
    nowhere = Shop(services=({"handle": "tailor", "callbackUrl": None, "location": None},))
    assert seen(nowhere, custom(service="tailor")).identity == ""
    blind = Shop(scopes=tuple(each for each in EVERYTHING if each != "read_locations"))
    denied = seen(blind, custom(service="tailor"))
    assert denied.identity == ""
    assert any("read_locations" in finding.what for finding in wrong(denied))


def test_locations_that_leave_out_our_own_service_are_wrong() -> None:
    shop = Shop(services=({"handle": "tailor", "callbackUrl": None, "location": place("31")},))
    (finding,) = wrong(seen(shop, custom(service="tailor", locations=("9",))))
    assert "31" in finding.what


@pytest.mark.parametrize(
    ("there", "why"),
    [
        ((), "no location 9"),
        ((place("9", isActive=False),), "deactivated"),
        ((place("9", isFulfillmentService=True),), "alone may ship"),
    ],
)
def test_a_location_we_cannot_ship_for_is_named(there: tuple[dict[str, object], ...], why: str) -> None:
    (finding,) = wrong(seen(Shop(places=there), custom(locations=("9",))))
    assert why in finding.what
    assert finding.fix


def test_webhooks_that_shopify_has_dropped_are_named() -> None:
    """They only hint at what is found by looking anyway, so nothing is wrong."""
    hooks: tuple[dict[str, object], ...] = tuple(
        {"topic": topic, "format": "XML" if topic == "REFUNDS_CREATE" else "JSON", "includeFields": fields}
        for topic, fields in [("ORDERS_CREATE", []), ("ORDERS_UPDATED", ["id"]), ("REFUNDS_CREATE", [])]
    )
    access = seen(Shop(hooks=hooks), own_app())
    assert not wrong(access)
    told = words(access)
    assert "no webhooks for APP_UNINSTALLED, FULFILLMENT_ORDERS" in told
    assert "FULFILLMENT_REQUEST_SUBMITTED" not in told  # of services only
    assert "XML for REFUNDS_CREATE" in told
    assert "leave out fields for ORDERS_UPDATED:" in told


def test_a_shop_with_another_address_of_its_own_now_is_said() -> None:
    access = seen(Shop(domain="yarns.myshopify.com"))
    assert access.identity == "yarns.myshopify.com"
    assert "https://yarns.myshopify.com" in words(access)


@pytest.mark.parametrize(
    ("response", "what"),
    [
        (said(401, {"errors": "[API] Invalid API key or access token (unrecognized login)"}), "access token"),
        (said(402, {"errors": "Payment Required"}), "frozen"),
        (said(403, {"errors": "Forbidden"}), "turns the app away"),
        (said(404, {"errors": "Not Found"}), "no Shopify shop"),
        (said(423, {"errors": "Locked"}), "locked"),
        (said(430, ""), "attack"),
        (said(301, "", Location="https://shop.example/x?token=1"), "https://shop.example"),
        (said(503, "<!DOCTYPE html><title>down</title>"), "web page"),
        (said(200, " <html></html>"), "web page"),
    ],
)
def test_what_stands_before_the_shop_is_said_and_nothing_remembered(response: Response, what: str) -> None:
    access = seen(lambda _: response)
    (finding,) = access.findings
    assert access.identity == ""
    assert not finding.ok
    assert what in finding.what
    assert finding.fix
    assert "token=1" not in finding.what


def test_an_outage_behind_the_door_raises() -> None:
    with pytest.raises(BridgeError):
        seen(lambda _: said(500, {"errors": "Internal Server Error"}))


# --- webhooks -----------------------------------------------------------------------------------------


def sent(
    body: bytes | str,
    topic: str = "orders/create",
    *,
    secret: str = CLIENT_SECRET,
    family: str = "X-Shopify-",
    shop: str = "knits.myshopify.com",
    **more: str,
) -> Headers:
    raw = body.encode() if isinstance(body, str) else body
    values = {
        "Topic": topic,
        "Hmac-Sha256": b64encode(hmac_digest(secret.encode(), raw, sha256)).decode(),
        "Shop-Domain": shop,
        "Webhook-Id": "b54557e4",
        "Event-Id": "98880550",
        **more,
    }
    return Headers({family + name: value for name, value in values.items()})


def receive(
    body: bytes | str, headers: Headers, settings: Settings | None = None, path: str = "/"
) -> Nudge | Reply:
    raw = body.encode() if isinstance(body, str) else body
    return read_webhook(settings or own_app(), "POST", path, headers, raw)


def nudge(body: bytes | str, topic: str = "orders/create", **more: Any) -> Nudge:
    found = receive(body, sent(body, topic, **more))
    assert isinstance(found, Nudge)
    assert (found.topic, found.reply.status) == (topic, 200)
    return found


ORDER = '{"id": 5008, "admin_graphql_api_id": "gid://shopify/Order/5008", "updated_at": "2026-11-22"}'


def recorded(name: str) -> bytes:
    found = SHARED / "payloads/shopify" / name
    if not found.exists():
        pytest.skip("the recorded messages are not here")
    return found.read_bytes()


@pytest.mark.parametrize(
    ("name", "topic", "ref"),
    [
        # The recorded id has lost its last digits in JavaScript; the other one has not.
        ("webhook-orders-create.json", "orders/create", "820982911946154508"),
        ("webhook-refunds-create.json", "refunds/create", "820982911946154500"),
        ("webhook-fulfillments-create.json", "fulfillments/create", "820982911946154500"),
        (
            "webhook-fo-fulfillment-request-submitted.json",
            "fulfillment_orders/fulfillment_request_submitted",
            "",
        ),
        ("webhook-fo-progress-reported.json", "fulfillment_orders/progress_reported", ""),
        ("webhook-fo-split.json", "fulfillment_orders/split", ""),
    ],
)
def test_a_recorded_message_names_its_order_if_it_can(name: str, topic: str, ref: str) -> None:
    assert nudge(recorded(name), topic).ref == ref


@pytest.mark.parametrize(
    ("topic", "body", "ref"),
    [
        ("orders/delete", {"id": 77}, "77"),
        ("orders/edited", {"order_edit": {"id": 1, "order_id": 77}}, "77"),
        ("orders/risk_assessment_changed", {"id": 1, "order_id": 77}, "77"),
        ("orders/something_new", {"id": 1}, ""),
        ("returns/approve", {"id": 1, "order": {"id": 77}}, "77"),
        ("returns/approve", {"order": {"id": 1, "admin_graphql_api_id": "gid://shopify/Order/77"}}, "77"),
        ("fulfillment_events/create", {"id": 1, "order_id": 77}, "77"),
        ("order_transactions/create", {"id": 1, "order_id": 77}, "77"),
        ("refunds/create", {"id": 1, "admin_graphql_api_id": "gid://shopify/Refund/1", "order_id": 77}, "77"),
        ("app/uninstalled", {"id": 548380009, "name": "Knits"}, ""),
        ("app/scopes_update", {"id": 548380009}, ""),
        ("bulk_operations/finish", {"admin_graphql_api_id": "gid://shopify/BulkOperation/1"}, ""),
        ("orders/updated", {"id": None}, ""),
        ("orders/updated", {"id": "0; drop"}, ""),
        ("orders/updated", {"id": 8.2e17}, ""),
        ("orders/updated", [1], ""),
    ],
)
def test_only_an_orders_own_number_is_taken_for_one(topic: str, body: object, ref: str) -> None:
    assert nudge(json.dumps(body), topic).ref == ref


@pytest.mark.parametrize("topic", ["customers/data_request", "customers/redact", "shop/redact"])
def test_what_the_law_wants_is_acknowledged_and_led_on(topic: str) -> None:
    body = json.dumps({"shop_domain": "knits.myshopify.com", "customer": {"id": 1}, "orders_to_redact": [5]})
    assert nudge(body, topic).ref == ""
    assert nudge(body, topic).forget == (("5",) if topic == "customers/redact" else ())
    assert nudge(body, topic).forget_all == (topic == "shop/redact")
    assert (nudge(body, topic).data_request is not None) == (topic == "customers/data_request")
    forged = receive(body, sent(body, topic, secret="else"))
    assert isinstance(forged, Reply)
    assert forged.status == 401


@pytest.mark.parametrize(
    ("body", "orders"),
    [
        ('{"orders_requested": [5, "6", 0, "x/../7"], "data_request": {"id": 9}}', ("5", "6")),
        ('{"orders_requested": null, "data_request": null}', ()),
        ('{"orders_requested": "5"}', ()),
        ("no json", ()),
    ],
)
def test_a_request_for_data_always_has_a_number_and_only_real_ones(
    body: str, orders: tuple[str, ...]
) -> None:
    request = nudge(body, "customers/data_request").data_request
    assert request is not None
    assert request.orders == orders
    assert (request.ref == "9") == ('"id": 9' in body)
    assert request.ref.isalnum()


@pytest.mark.parametrize("topic", ["products/update", "customers/create", "shop/update", "carts/create"])
def test_what_is_not_about_orders_is_answered_and_dropped(topic: str) -> None:
    assert receive("{}", sent("{}", topic)) == Reply()


@pytest.mark.parametrize("family", ["X-Shopify-", "x-shopify-", "shopify-", "Shopify-"])
def test_both_families_of_headers_are_read(family: str) -> None:
    found = nudge(ORDER, family=family)
    assert found.ref == "5008"
    assert found.dedupe == nudge(ORDER).dedupe


def test_any_secret_in_the_settings_may_have_signed() -> None:
    """For an hour after a change the old one does, and the admin's own webhooks have another."""
    settings = own_app(webhook_secrets=(Secret("old"), Secret("the admin's")))
    for secret in (CLIENT_SECRET, "old", "the admin's"):
        assert isinstance(receive(ORDER, sent(ORDER, secret=secret), settings), Nudge)
    assert isinstance(receive(ORDER, sent(ORDER, secret="other"), settings), Reply)
    fixed = custom(webhook_secrets=(Secret("the admin's"),))
    assert isinstance(receive(ORDER, sent(ORDER, secret="the admin's"), fixed), Nudge)


@pytest.mark.parametrize("settings", [custom(), custom(webhook_secrets=(Secret(""),))], ids=["none", "empty"])
def test_without_a_secret_nothing_is_believed(settings: Settings) -> None:
    answer = receive(ORDER, sent(ORDER, secret=""), settings)
    assert isinstance(answer, Reply)
    assert answer.status == 401


@given(st.binary(), st.text())
def test_nothing_is_believed_without_a_good_signature(body: bytes, signature: str) -> None:
    headers = Headers({"X-Shopify-Topic": "orders/create", "X-Shopify-Hmac-Sha256": signature})
    answer = receive(body, headers)
    assert isinstance(answer, Reply)
    assert answer.status == 401


@given(st.binary())
def test_no_signed_body_breaks_the_reader(body: bytes) -> None:
    assert isinstance(receive(body, sent(body)), Nudge)
    receive(body, sent(body), path="/fulfillment_order_notification")


@given(st.integers(0, len(ORDER) - 1), st.integers(1, 255))
def test_a_body_that_was_changed_on_its_way_is_turned_away(at: int, by: int) -> None:
    changed = bytearray(ORDER.encode())
    changed[at] ^= by
    assert isinstance(receive(bytes(changed), sent(ORDER)), Reply)


def test_a_message_of_another_shop_of_the_same_app_is_turned_away() -> None:
    answer = receive(ORDER, sent(ORDER, shop="yarns.myshopify.com"))
    assert isinstance(answer, Reply)
    assert answer.status == 404
    assert b"yarns.myshopify.com" in answer.body
    assert isinstance(receive(ORDER, sent(ORDER, shop="Knits.MyShopify.com")), Nudge)


def test_an_address_with_its_port_takes_no_message_of_another_shop() -> None:
    """That one went away, and its shoppers are to be forgotten: ours are not."""
    named = attrs.evolve(own_app(), base_url="https://knits.myshopify.com:443")
    gone = "{}"
    answer = receive(gone, sent(gone, "shop/redact", shop="yarns.myshopify.com"), named)
    assert isinstance(answer, Reply)
    assert answer.status == 404
    assert isinstance(receive(gone, sent(gone, "shop/redact"), named), Nudge)


def test_shopify_posts() -> None:
    answer = read_webhook(own_app(), "GET", "/", sent(""), b"")
    assert isinstance(answer, Reply)
    assert answer.status == 405


def test_a_message_delivered_again_is_the_same_and_any_other_is_not() -> None:
    one = nudge(ORDER).dedupe
    assert nudge(ORDER, **{"Triggered-At": "2026-11-22T12:00:00Z"}).dedupe == one
    others = {
        nudge(ORDER, **{"Webhook-Id": "c1"}).dedupe,  # one action, two subscriptions
        nudge(ORDER, "orders/paid").dedupe,
        nudge(ORDER.replace("5008", "5009")).dedupe,  # an old id with another body
    }
    assert len(others | {one}) == 4


NOTICE = "/hooks/knits/fulfillment_order_notification"


@pytest.mark.parametrize("kind", ["FULFILLMENT_REQUEST", "CANCELLATION_REQUEST", "SOMETHING_NEW"])
@pytest.mark.parametrize("path", [NOTICE, NOTICE + "/", NOTICE + "?shop=1"])
def test_a_notice_to_our_fulfillment_service_makes_a_look_due(kind: str, path: str) -> None:
    body = json.dumps({"kind": kind})
    found = receive(body, sent(body, ""), path=path)
    assert isinstance(found, Nudge)
    assert (found.ref, found.topic) == ("", kind)
    forged = receive(body, sent(body, "", secret="else"), path=path)
    assert isinstance(forged, Reply)
    assert forged.status == 401


def test_two_notices_with_the_same_body_are_two() -> None:
    """All requests have the same body and signature, so what came around it has to tell them apart."""
    body = '{"kind":"FULFILLMENT_REQUEST"}'
    plain = {"X-Shopify-Hmac-Sha256": sent(body)["x-shopify-hmac-sha256"]}
    found = [
        receive(body, Headers({**plain, "X-Request-Id": number}), path=NOTICE) for number in ("1", "2", "2")
    ]
    assert [isinstance(each, Nudge) for each in found] == [True] * 3
    first, second, again = (each.dedupe for each in found if isinstance(each, Nudge))
    assert first != second == again


@pytest.mark.parametrize("body", ["", "[]", '{"kind": 7}', "not json"])
def test_what_is_no_notice_is_refused(body: str) -> None:
    answer = receive(body, sent(body, ""), path=NOTICE)
    assert isinstance(answer, Reply)
    assert answer.status == 400
