"""What a simulated platform's people do can be done over HTTP, whichever platform it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from typing import Any, Literal
from urllib.request import Request, urlopen

import attrs
import pytest

from orderbridge._http import Call, Response
from orderbridge.sandbox import (
    AlibabaSupplier,
    Hands,
    Line,
    LoopbackServer,
    MagentoShop,
    PrestaShopShop,
    ShopifyShop,
    WooCommerceShop,
)
from rewix_client import LOCKED, NOW, call, order_xml, place, supplier


class Mood(IntEnum):
    """How somebody feels."""

    CALM = 1
    BUSY = 2


@attrs.frozen(kw_only=True)
class Piece:
    """One thing."""

    sku: str
    price: Decimal


@attrs.define
class Letter:
    """One that lies here, and changes."""

    stamped: bool = False


@attrs.define(slots=True)
class Counter:
    """A desk with one verb for each kind of argument."""

    told: list[object] = attrs.field(factory=list[object])
    _drawer: str = "money"

    @property
    def heard(self) -> int:
        """How often it was told something."""
        return len(self.told)

    def handle(self, call: Call, now: datetime) -> Response:
        """Answer with the path."""
        return Response(200, body=call.url.encode())

    def say(self, text: str, mood: Mood = Mood.CALM, *, now: datetime) -> Mood:
        """Say something.

        In a mood.
        """
        self.told.append((text, mood, now))
        return mood

    def sell(self, pieces: Sequence[Piece], units: Mapping[str, int], *, card: bool | None = None) -> Decimal:
        """Sell things."""
        self.told.append((pieces, units, card))
        return sum((piece.price * units[piece.sku] for piece in pieces), Decimal(0))

    def wait(self, long: timedelta, why: Literal["rain", "sun"], at: datetime) -> tuple[timedelta, datetime]:
        """Do nothing."""
        return long, at

    def label(self, **lines: str) -> list[str]:
        """Write a label."""
        return list(lines.values())

    def stamp(self, letter: Letter) -> None:
        """Stamp a letter that lies here."""

    def grow_older(self, now: datetime) -> None:
        """What comes with time."""

    def next_id(self) -> int:
        """A number."""
        return 1

    def fail(self) -> None:
        """Drop everything."""
        raise RuntimeError("it is on the floor")


def post(backend: Hands, verb: str, **arguments: object) -> tuple[int, Any]:
    body = json.dumps(arguments).encode()
    answer = backend.handle(Call("POST", f"http://127.0.0.1:1/_desk/{verb}", body=body), NOW)
    assert answer.media_type == "application/json"
    return answer.status, json.loads(answer.body)


def get(backend: Hands, path: str) -> tuple[int, Any]:
    answer = backend.handle(Call("GET", f"http://127.0.0.1:1{path}"), NOW)
    return answer.status, json.loads(answer.body)


def test_all_other_calls_reach_the_backend_as_they_are() -> None:
    for path in ("/", "/orders", "/_desks/say", "/x/_desk/say"):
        answer = Hands(Counter()).handle(Call("POST", f"http://127.0.0.1:1{path}"), NOW)
        assert answer.body.decode().endswith(path)


def test_the_desk_lists_its_verbs_with_what_they_do_and_what_can_be_read() -> None:
    status, listed = get(Hands(Counter()), "/_desk")
    assert status == 200
    assert sorted(listed["verbs"]) == ["fail", "label", "say", "sell", "wait"]
    assert listed["verbs"]["say"] == "(text: str, [mood: Mood]) Say something."
    assert listed["verbs"]["label"] == "([any others]) Write a label."
    assert listed["reads"] == "heard, told"
    assert get(Hands(Counter()), "/_desk/") == (status, listed)


def test_the_list_leaves_out_what_nobody_can_ask_for_and_has_each_verb_on_its_line() -> None:
    """A thing that the platform keeps cannot be sent, and as time goes it is the platform that acts."""
    answer = Hands(Counter()).handle(Call("GET", "http://127.0.0.1:1/_desk"), NOW)
    lines = answer.body.decode().splitlines(keepends=True)
    assert [line for line in lines if '"say"' in line and '"sell"' in line] == []
    assert lines[-1].endswith("\n")
    for verb in ("stamp", "grow_older", "next_id"):
        assert not [line for line in lines if f'"{verb}"' in line]


def test_every_answer_ends_its_line() -> None:
    for path in ("/_desk/fail", "/_desk/nothing", "/_desk/say"):
        body = Hands(Counter()).handle(Call("POST", f"http://127.0.0.1:1{path}", body=b"{}"), NOW).body
        assert body.endswith(b"\n")


def test_a_verb_gets_the_servers_time_unless_one_is_sent() -> None:
    counter = Counter()
    assert post(Hands(counter), "say", text="hello") == (200, 1)
    assert post(Hands(counter), "say", text="bye", now="2026-01-02T03:04:05+00:00")[0] == 200
    early = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert counter.told == [("hello", Mood.CALM, NOW), ("bye", Mood.CALM, early)]


@pytest.mark.parametrize("mood", ["BUSY", 2])
def test_an_enum_goes_by_its_name_or_its_value(mood: object) -> None:
    counter = Counter()
    assert post(Hands(counter), "say", text="no", mood=mood) == (200, 2)
    assert counter.told == [("no", Mood.BUSY, NOW)]


@pytest.mark.parametrize("price", ["0.10", 0.1])
def test_objects_and_amounts_arrive_whole_and_exact(price: object) -> None:
    counter = Counter()
    pieces = [{"sku": "a", "price": price}]
    status, total = post(Hands(counter), "sell", pieces=pieces, units={"a": 3}, card=None)
    assert (status, Decimal(total)) == (200, Decimal("0.30"))
    assert counter.told == [([Piece(sku="a", price=Decimal(str(price)))], {"a": 3}, None)]


def test_durations_are_seconds_and_times_are_iso() -> None:
    at = "2026-01-02T03:04:05+01:00"
    assert post(Hands(Counter()), "wait", long=90, why="rain", at=at) == (200, [90, at])


def test_free_fields_are_passed_on() -> None:
    assert post(Hands(Counter()), "label", street="Via Prova 1", zip="20100") == (
        200,
        ["Via Prova 1", "20100"],
    )


@pytest.mark.parametrize(
    ("verb", "arguments", "named"),
    [
        ("say", {}, "text"),
        ("say", {"text": 1}, "text"),
        ("say", {"text": True}, "text"),
        ("say", {"text": "a", "mood": "ANGRY"}, "mood"),
        ("say", {"text": "a", "mood": 3}, "mood"),
        ("say", {"text": "a", "loud": True}, "loud"),
        ("say", {"text": "a", "now": "2026-01-02T03:04:05"}, "now"),
        ("sell", {"pieces": "a", "units": {}}, "pieces"),
        ("sell", {"pieces": [{"sku": "a"}], "units": {}}, "pieces"),
        ("sell", {"pieces": [{"sku": "a", "price": "cheap"}], "units": {}}, "pieces"),
        ("sell", {"pieces": [], "units": {"a": 1.5}}, "units"),
        ("sell", {"pieces": [], "units": []}, "units"),
        ("sell", {"pieces": [], "units": {}, "card": "yes"}, "card"),
        ("wait", {"long": "1 h", "why": "sun", "at": "2026-01-02T03:04:05Z"}, "long"),
        ("wait", {"long": 1, "why": "snow", "at": "2026-01-02T03:04:05Z"}, "why"),
    ],
)
def test_an_argument_that_does_not_fit_is_named_and_nothing_is_done(
    verb: str, arguments: dict[str, object], named: str
) -> None:
    counter = Counter()
    status, answer = post(Hands(counter), verb, **arguments)
    assert status == 400
    assert named in answer["error"]
    assert counter.told == []


@pytest.mark.parametrize("body", [b"text=a", b"[]", b'"a"', b"\xff"])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    answer = Hands(Counter()).handle(Call("POST", "http://127.0.0.1:1/_desk/say", body=body), NOW)
    assert answer.status == 400


@pytest.mark.parametrize("verb", ["shout", "handle", "_drawer", "__init__", "told", "heard", ""])
def test_only_public_methods_are_verbs(verb: str) -> None:
    assert post(Hands(Counter()), verb)[0] == 404


@pytest.mark.parametrize("name", ["_drawer", "say", "handle", "__class__", "nothing"])
def test_only_public_attributes_can_be_read(name: str) -> None:
    status, answer = get(Hands(Counter()), f"/_desk/{name}")
    assert status == 404
    assert "money" not in str(answer)


def test_what_the_desk_objects_to_is_the_answer() -> None:
    assert post(Hands(Counter()), "fail") == (409, {"error": "RuntimeError: it is on the floor"})


def test_the_desk_knows_no_other_methods() -> None:
    answer = Hands(Counter()).handle(Call("DELETE", "http://127.0.0.1:1/_desk/say"), NOW)
    assert answer.status == 405


# --- the sandboxes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("desk", "verb"),
    [
        (AlibabaSupplier, "ship"),
        (MagentoShop, "place_order"),
        (PrestaShopShop, "ship"),
        (ShopifyShop, "capture_by_hand"),
        (WooCommerceShop, "place_order"),
    ],
)
def test_every_sandbox_has_hands_and_can_be_read(desk: type[Any], verb: str) -> None:
    backend = Hands(desk())
    _, listed = get(backend, "/_desk")
    assert verb in listed["verbs"]
    assert "now: " not in str(listed["verbs"])
    assert [name for name in listed["reads"].split(", ") if get(backend, f"/_desk/{name}")[0] != 200] == []


def test_a_rewix_order_goes_its_way_by_other_peoples_hands() -> None:
    rewix = supplier()
    backend = Hands(rewix)
    place(backend, order_xml())
    (order,) = get(backend, "/_desk/orders")[1]
    order_id = order["order_id"]
    assert (order["key"], order["items"], order["status"]) == ("ob-1", {"234225": 1}, 5)
    for verb in ("pay", "work", "ready"):
        assert post(backend, verb, order_id=order_id) == (200, None)
    assert post(backend, "hold", order_id=order_id, code="MISSING_ITEMS")[0] == 200
    assert post(backend, "dispatch", order_id=order_id, tracking_code="1Z9")[0] == 200
    codes = post(backend, "open_return", order_id=order_id)[1]
    assert post(backend, "move_return", code=codes[0], status=3)[0] == 200
    assert [code for _, code in rewix.orders[0].history] == [5, 2, 3001, 3002, 3004, 3]
    assert rewix.stock["234225"] == 5
    assert post(backend, "pay", order_id="77") == (409, {"error": "LookupError: there is no order 77"})


def test_hands_work_over_loopback_beside_the_platforms_own_paths() -> None:
    rewix = supplier()
    with LoopbackServer(Line(Hands(rewix)), clock=lambda: NOW) as server:
        body = json.dumps({"what": "set", "stock_id": "234225", "units": 2}).encode()
        with urlopen(Request(f"{server.url}/_desk/others", body), timeout=10) as answer:
            assert json.load(answer) is None
        asked = Request(server.url + LOCKED, headers=dict(call("GET", LOCKED).headers))
        with urlopen(asked, timeout=10) as answer:
            assert b'stock_id="234225" locked="2"' in answer.read()
