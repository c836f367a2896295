"""The operators' page: what waits for whom, where an order is, what is reserved, what needs a decision."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import httpx
import pytest

import orderbridge as ob
from both_sides import Sides
from orderbridge.ext.console import console

HOSTILE = '<script>alert("1")</script>'


@pytest.fixture
def sides() -> Iterator[Sides]:
    with Sides() as made:
        yield made


class Browser:
    """Somebody who looks at the page; mounted under /bridge, as a host would."""

    def __init__(self, bridge: ob.Bridge | ob.AsyncBridge, **more: Any) -> None:
        self.app = console(bridge, **more)

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, root_path="/bridge")
            async with httpx.AsyncClient(transport=transport, base_url="https://host.example") as client:
                return await client.request(method, f"/bridge{path}", **more)

        return asyncio.run(go())

    def sees(self, path: str) -> str:
        answer = self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return unescape(re.sub(r"<[^>]*>", " ", answer.text))


def waiting(sides: Sides) -> ob.Bridge:
    """An order that is reserved, and waits for somebody to place it."""
    sides.sell({"RW-100": 2, "OWN-1": 1})
    bridge = sides.bridge(policy=ob.Policy())
    bridge.run_once()
    return bridge


def waits(bridge: ob.Bridge) -> ob.PurchaseRecord:
    """The one purchase order there is."""
    (view,) = bridge.orders()
    (record,) = view.purchases
    return record


def test_what_waits_stands_on_the_first_page(sides: Sides) -> None:
    bridge = waiting(sides)
    page = Browser(bridge).sees("/")
    po = waits(bridge)
    assert po.po.id in page.partition("Waits for somebody to place it")[2]
    assert re.search(r"To order\s+1", page)
    assert "0 to decide" in page


def test_tabs_lead_to_their_orders_and_those_to_their_way(sides: Sides) -> None:
    bridge = waiting(sides)
    browser = Browser(bridge)
    first = browser.ask("GET", "/").text
    (tab,) = set(re.findall(r'href="(/bridge/orders\?tab=TO_ORDER)"', first))
    order_id = waits(bridge).po.order_id
    listed = browser.ask("GET", unescape(tab).removeprefix("/bridge")).text
    assert f'href="/bridge/orders/{order_id}"' in listed
    shown = browser.sees(f"/orders/{order_id}")
    for step in bridge.timeline(order_id):
        assert step.words in shown
    assert "RW-100" in shown


def test_an_order_is_found_by_what_people_call_it(sides: Sides) -> None:
    bridge = waiting(sides)
    order_id = waits(bridge).po.order_id
    for word in (waits(bridge).po.order_number, "RW-1"):
        assert f"{order_id} " in Browser(bridge).sees(f"/orders?find={word}")
    assert "None." in Browser(bridge).sees("/orders?find=none-such")


def test_reservations_show_who_wants_what_and_what_is_held(sides: Sides) -> None:
    bridge = waiting(sides)
    (row,) = bridge.reservations("rewix")
    page = Browser(bridge).sees("/reservations/rewix")
    assert re.search(rf"{row.remote_id}\s+2\s+2\s+held", page)
    assert waits(bridge).po.order_number in page


def parked(sides: Sides) -> ob.Bridge:
    """A review: nobody sells what the shop's order wants."""
    sides.sell({"RW-404": 1})
    bridge = sides.bridge()
    sides.live(bridge)
    assert bridge.reviews(), "the supplier does not have it"
    return bridge


def test_a_review_is_explained_and_only_shown_unless_the_host_allows_more(sides: Sides) -> None:
    bridge = parked(sides)
    (review,) = bridge.reviews()
    browser = Browser(bridge)
    page = browser.sees("/reviews")
    for words in (review.text.title, review.text.hint, review.evidence, *review.decisions):
        assert words in page
    assert "<form method=post" not in browser.ask("GET", "/reviews").text
    refused = browser.ask(
        "POST", f"/reviews/{review.id}", data={"decision": review.decisions[-1]}, headers=OURS
    )
    assert refused.status_code == 403
    assert bridge.reviews() == (review,)


OURS = {"sec-fetch-site": "same-origin"}


def test_a_review_is_decided_once_by_a_button(sides: Sides) -> None:
    bridge = parked(sides)
    (review,) = bridge.reviews()
    browser = Browser(bridge, may_decide=True)
    word = "ignore" if "ignore" in review.decisions else review.decisions[-1]
    assert f'action="/bridge/reviews/{review.id}"' in browser.ask("GET", "/reviews").text
    for _ in range(2):
        answer = browser.ask("POST", f"/reviews/{review.id}", data={"decision": word}, headers=OURS)
    assert (answer.status_code, answer.headers["location"]) == (303, "/bridge/reviews")
    assert bridge.reviews() == ()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "none"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site", "origin": "https://host.example"},
    ],
)
def test_no_other_page_in_the_same_browser_decides(sides: Sides, headers: dict[str, str]) -> None:
    bridge = parked(sides)
    (review,) = bridge.reviews()
    answer = Browser(bridge, may_decide=True).ask(
        "POST", f"/reviews/{review.id}", data={"decision": review.decisions[-1]}, headers=headers
    )
    assert answer.status_code == 403
    assert bridge.reviews() == (review,)


def test_an_old_browser_says_by_the_origin_that_the_page_was_ours(sides: Sides) -> None:
    bridge = parked(sides)
    (review,) = bridge.reviews()
    answer = Browser(bridge, may_decide=True).ask(
        "POST",
        f"/reviews/{review.id}",
        data={"decision": review.decisions[-1]},
        headers={"origin": "https://host.example"},
    )
    assert answer.status_code == 303


@pytest.mark.parametrize(
    "path", ["/reviews/999", f"/reviews/{'9' * 23}", "/reviews/x", "/orders", "/", "/reviews"]
)
def test_what_nobody_asked_cannot_be_decided(sides: Sides, path: str) -> None:
    browser = Browser(waiting(sides), may_decide=True)
    assert browser.ask("POST", path, data={"decision": "retry"}, headers=OURS).status_code in (400, 404)


def test_a_decision_that_is_none_is_told_in_words(sides: Sides) -> None:
    bridge = parked(sides)
    (review,) = bridge.reviews()
    for form in ({"decision": HOSTILE}, {}, {"decision": "x" * 5_000}):
        answer = Browser(bridge, may_decide=True).ask(
            "POST", f"/reviews/{review.id}", data=form, headers=OURS
        )
        assert answer.status_code in (400, 413)
        assert HOSTILE not in answer.text
    assert bridge.reviews() == (review,)


def test_nothing_of_a_shopper_is_shown_anywhere(sides: Sides) -> None:
    bridge = waiting(sides)
    order_id = waits(bridge).po.order_id
    view = bridge.order(order_id)
    assert view is not None
    assert view.record.order.ship_to is not None
    address = view.record.order.ship_to
    browser = Browser(bridge)
    for path in ("/", "/orders", f"/orders/{order_id}", "/reservations/rewix", "/reviews"):
        text = browser.sees(path)
        for private in (address.name, address.line1, address.email, address.phone, address.postal_code):
            assert not private or private not in text, path


def test_what_a_shop_writes_is_never_markup(sides: Sides) -> None:
    sides.shop.place_order([{"sku": "RW-1", "name": HOSTILE, "price": "1", "quantity": 1}], now=sides.now())
    bridge = sides.bridge(policy=ob.Policy())
    bridge.run_once()
    (view,) = bridge.orders()
    browser = Browser(bridge)
    for path in (
        f"/orders/{view.record.order.id}",
        f"/orders/{HOSTILE}",
        f"/{HOSTILE}",
        "/orders?tab=<script>",
    ):
        assert "<script" not in browser.ask("GET", path).text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/orders/shop/999999", 404),
        ("/none", 404),
        ("/orders?tab=NONE", 404),
        ("/reviews?after=x", 400),
        (f"/reviews?after={'9' * 24}", 400),
        ("/reviews?after=%D9%A3", 400),
        ("/reviews/1/2", 404),
        ("/orders?after=none/1", 400),
    ],
)
def test_what_is_not_there_is_said_in_words(sides: Sides, path: str, status: int) -> None:
    answer = Browser(waiting(sides)).ask("GET", path)
    assert answer.status_code == status
    assert "class=wrong" in answer.text


def test_an_owner_sees_his_own_orders_only(sides: Sides) -> None:
    bridge = waiting(sides)
    order_id = waits(bridge).po.order_id
    browser = Browser(bridge, owner="somebody")
    assert order_id not in browser.sees("/")
    assert browser.ask("GET", f"/orders/{order_id}").status_code == 404
    assert browser.ask("GET", "/reservations/rewix").status_code == 400
    assert "Stores" not in browser.sees("/"), "the health of the whole bridge is not his"


def test_what_is_wrong_stands_on_the_first_page(sides: Sides) -> None:
    bridge = waiting(sides)
    bridge.stop_money(reason="we count")
    assert "Money is stopped: we count" in Browser(bridge).sees("/")


def test_of_very_many_shops_that_fail_the_first_page_shows_some_and_their_number(sides: Sides) -> None:
    names = [f"t{n}" for n in range(60)]
    stores = [sides.store(name, consumer_secret="cs_of_another") for name in names]
    bridge = sides.bridge(stores=stores)
    bridge.run_once()
    seen = Browser(bridge).sees("/")
    assert "Wrong: 50 of" in seen
    assert "Stores: 50 of 60" in seen


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("the shop cannot be reached", " shop: the shop cannot be reached"),
        ("account 'shop': its settings are gone", " account 'shop': its settings are gone"),
    ],
)
def test_a_shop_that_fails_is_named_and_named_once(sides: Sides, why: str, said: str) -> None:
    bridge = sides.bridge()
    bridge._setup.journal.transact(
        lambda tx: tx.event(ob.EventKind.PULL_FAILED, about="shop", at=sides.now(), data={"why": why})
    )
    assert said in Browser(bridge).sees("/")


def test_only_looking_is_possible_and_head_has_no_body(sides: Sides) -> None:
    browser = Browser(waiting(sides))
    assert browser.ask("DELETE", "/orders").status_code == 405
    head = browser.ask("HEAD", "/")
    assert (head.status_code, head.content) == (200, b"")


def test_a_page_may_not_be_framed_kept_or_run_scripts(sides: Sides) -> None:
    headers = Browser(waiting(sides)).ask("GET", "/").headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


def test_many_orders_are_shown_a_page_at_a_time(sides: Sides) -> None:
    for _ in range(53):
        sides.sell({"RW-100": 1})
    bridge = sides.bridge(policy=ob.Policy(reserve=False))
    bridge.run_once()
    browser = Browser(bridge)
    first = browser.ask("GET", "/orders").text
    (more,) = re.findall(r'href="(/bridge/orders\?after=[^"]*)"', first)
    second = browser.ask("GET", unescape(more).removeprefix("/bridge")).text
    found = [re.findall(r'href="/bridge/orders/(shop/\d+)"', page) for page in (first, second)]
    assert [len(set(each)) for each in found] == [50, 3]
    assert len({*found[0], *found[1]}) == 53


def test_an_async_bridge_is_shown_alike(sides: Sides, tmp_path: Path) -> None:
    sides.sell({"RW-100": 2, "OWN-1": 1})
    parts = sides.parts(policy=ob.Policy(), journal=str(tmp_path / "journal.db"))
    bridge = sides.bridge(**parts)
    bridge.run_once()
    paths = (
        "/orders",
        f"/orders/{waits(bridge).po.order_id}",
        "/reservations/rewix",
        "/reviews",
        "/none",
    )
    expected = [Browser(bridge).ask("GET", path).text for path in paths]

    async def go() -> list[str]:
        async with ob.AsyncBridge(**parts) as other:
            transport = httpx.ASGITransport(app=console(other), root_path="/bridge")
            async with httpx.AsyncClient(transport=transport, base_url="https://host.example") as client:
                return [(await client.get(f"/bridge{path}")).text for path in paths]

    assert "rewix" in expected[0], "and not all the same refusal"
    assert asyncio.run(go()) == expected


# --- on the command line ------------------------------------------------------------------------------------

CONFIG = """
journal = "journal.db"
take_from = 2026-01-01T00:00:00Z

[stores.shop]
platform = "woocommerce"
base_url = "https://shop.example"
consumer_key = "ck_x"
consumer_secret = "cs_x"
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of a page that ``orderbridge console`` serves."""
    (tmp_path / "orderbridge.toml").write_text(CONFIG)
    command = [sys.executable, "-m", "orderbridge.cli", "console", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def test_the_command_serves_the_page_to_this_machine_only(served: str, tmp_path: Path) -> None:
    for host in (urlsplit(served).netloc, "localhost"):  # without a port, as browsers say 80
        with urlopen(Request(served, headers={"Host": host})) as answer:
            assert b"What waits" in answer.read()
    with pytest.raises(HTTPError, match="404"):
        urlopen(f"{served}none")
    port = served.rstrip("/").rpartition(":")[2]
    again = subprocess.run(
        [sys.executable, "-m", "orderbridge.cli", "console", "--port", port],
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (again.returncode, again.stderr.count("\n")) == (2, 1), again.stderr
    assert "in use" in again.stderr
    # A name of somebody else's that was pointed here.
    with pytest.raises(HTTPError, match="421"):
        urlopen(Request(served, headers={"Host": "evil.example"}))
    with pytest.raises(HTTPError, match="403"):
        urlopen(Request(f"{served}reviews/1", data=b"decision=retry", headers=OURS))
