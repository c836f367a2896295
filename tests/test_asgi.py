"""Webhooks as an ASGI application: what comes in is handed on raw, and nothing else comes out of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

import orderbridge as ob
from both_sides import Sides
from orderbridge.errors import JournalError
from orderbridge.ext.asgi import webhooks

SECRET = "s3cret"


@pytest.fixture
def sides() -> Iterator[Sides]:
    with Sides() as made:
        hook = {
            "topic": "order.updated",
            "delivery_url": "https://bridge.example/hooks/shop",
            "secret": SECRET,
        }
        made.shop.webhooks.create(hook, made.shop.dates(made.now()))
        yield made


def hooked(sides: Sides) -> ob.Bridge:
    bridge = sides.bridge(stores=[sides.store(webhook_secrets=[SECRET])])
    bridge.run_once()
    sides.shop.deliveries.clear()
    return bridge


def ask(app: Any, *calls: tuple[str, str, dict[str, Any]], root: str = "") -> list[httpx.Response]:
    """One after the other over httpx's own ASGI client."""

    async def go() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=app, root_path=root)
        async with httpx.AsyncClient(transport=transport, base_url="https://bridge.example") as client:
            return [await client.request(method, path, **more) for method, path, more in calls]

    return asyncio.run(go())


def delivery(sides: Sides) -> dict[str, Any]:
    """What the shop sends when somebody buys."""
    sides.sell({"RW-100": 1})
    sent = sides.shop.deliveries[-1]
    return {"headers": dict(sent.headers), "content": sent.body}


def test_a_webhook_is_taken_and_makes_its_order_due(sides: Sides) -> None:
    bridge = hooked(sides)
    (answer,) = ask(webhooks(bridge), ("POST", "/hooks/shop", delivery(sides)))
    assert answer.status_code == 200
    assert [subject.partition("/")[0] for subject in bridge.due()] == ["order"]
    bridge.run_once()
    assert sides.ordered() == [{"100": 1}]


def test_an_async_bridge_takes_it_on_its_own_loop(sides: Sides) -> None:
    sent = delivery(sides)

    async def go() -> tuple[int, tuple[str, ...]]:
        parts = sides.parts(stores=[sides.store(webhook_secrets=[SECRET])])
        async with ob.AsyncBridge(**parts) as bridge:
            transport = httpx.ASGITransport(app=webhooks(bridge))
            async with httpx.AsyncClient(transport=transport, base_url="https://bridge.example") as client:
                answer = await client.post("/hooks/shop", **sent)
            return answer.status_code, await bridge.due()

    status, due = asyncio.run(go())
    assert status == 200
    assert len(due) == 1


def test_a_body_that_was_changed_on_the_way_is_turned_away(sides: Sides) -> None:
    bridge = hooked(sides)
    sent = delivery(sides)
    due = bridge.due()
    (answer,) = ask(webhooks(bridge), ("POST", "/hooks/shop", {**sent, "content": sent["content"] + b" "}))
    assert answer.status_code == 401
    assert bridge.due() == due


def test_where_there_is_no_account_there_is_nothing(sides: Sides) -> None:
    """A supplier that has no webhooks looks no different from one that is not there."""
    app = webhooks(hooked(sides))
    paths = ("/hooks/nobody", "/hooks/", "/hooks", "/", "/hooksshop", "/hooks//shop", "/hooks/rewix", "/shop")
    answers = ask(app, *(("POST", path, {}) for path in paths))
    assert [answer.status_code for answer in answers] == [404] * len(paths)
    assert {answer.content for answer in answers} == {b""}


def test_only_what_webhooks_use_is_taken(sides: Sides) -> None:
    (answer,) = ask(webhooks(hooked(sides)), ("DELETE", "/hooks/shop", {}))
    assert answer.status_code == 405


def test_a_mounted_application_is_shown_the_path_in_either_way(sides: Sides) -> None:
    """Some frameworks cut off what is above, others say how much of it there is."""
    bridge = hooked(sides)
    app = webhooks(bridge, prefix="")
    sent = delivery(sides)
    (whole,) = ask(app, ("POST", "/app/hooks/shop", sent), root="/app/hooks")
    (cut,) = ask(app, ("POST", "/shop", sent), root="/app/hooks")
    assert (whole.status_code, cut.status_code) == (200, 200)


def test_what_comes_after_the_account_and_the_query_reach_the_platform(sides: Sides) -> None:
    """A shop's challenge stands in the query, and a fulfillment service's message in the path."""
    bridge = hooked(sides)
    seen: list[tuple[str, str]] = []
    known = bridge.receive

    def receive(account: str, **request: Any) -> Any:
        seen.append((request["method"], request["path"]))
        return known(account, **request)

    bridge.receive = receive  # type: ignore[method-assign]
    ask(webhooks(bridge), ("GET", "/hooks/shop/fulfillment_order_notification?challenge=a%2Bb", {}))
    assert seen == [("GET", "/hooks/shop/fulfillment_order_notification?challenge=a%2Bb")]


def test_head_is_answered_without_a_body(sides: Sides) -> None:
    bridge = hooked(sides)
    (head,) = ask(webhooks(bridge), ("HEAD", "/hooks/shop", {}))
    assert (head.status_code, head.content) == (405, b"")


@pytest.mark.parametrize("chunks", [1, 30])
def test_a_body_that_is_too_long_is_not_read_to_its_end(sides: Sides, chunks: int) -> None:
    """With its length said beforehand, and without."""
    app = webhooks(hooked(sides), max_body=10)
    taken: list[int] = []

    async def body() -> Any:
        for number in range(chunks):
            taken.append(number)
            yield b"x" * (30 // chunks)

    content = b"x" * 30 if chunks == 1 else body()
    (answer,) = ask(app, ("POST", "/hooks/shop", {"content": content}))
    assert answer.status_code == 413
    assert len(taken) < 30


@pytest.mark.parametrize("length", ["9" * 5000, "-1", "x"])
def test_a_length_that_lies_does_no_harm(sides: Sides, length: str) -> None:
    bridge = hooked(sides)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/hooks/shop",
        "query_string": b"",
        "headers": [(b"content-length", length.encode())],
    }
    asyncio.run(webhooks(bridge)(scope, receive, send))
    assert sent[0]["status"] in (401, 413)


def test_a_caller_who_goes_is_answered_nothing_and_leaves_nothing(sides: Sides) -> None:
    bridge = hooked(sides)
    body = delivery(sides)["content"]
    came = iter([{"type": "http.request", "body": body[:9], "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> dict[str, Any]:
        return next(came)

    async def send(message: Any) -> None:
        raise AssertionError(message)

    scope = {"type": "http", "method": "POST", "path": "/hooks/shop", "query_string": b"", "headers": []}
    asyncio.run(webhooks(bridge)(scope, receive, send))
    assert bridge.due() == ()


def test_a_journal_that_cannot_be_written_has_the_platform_send_again(
    sides: Sides, caplog: pytest.LogCaptureFixture
) -> None:
    bridge = hooked(sides)
    sent = delivery(sides)

    def broken(*_: Any, **__: Any) -> Any:
        raise JournalError("the disk is full")

    bridge.receive = broken  # type: ignore[method-assign]
    with caplog.at_level(logging.DEBUG):
        (answer,) = ask(webhooks(bridge), ("POST", "/hooks/shop", sent))
    assert answer.status_code == 503
    assert "the disk is full" in caplog.text


def test_no_log_holds_a_body_or_a_signature(sides: Sides, caplog: pytest.LogCaptureFixture) -> None:
    bridge = hooked(sides)
    sent = delivery(sides)
    with caplog.at_level(logging.DEBUG):
        ask(webhooks(bridge), ("POST", "/hooks/shop", sent), ("POST", "/hooks/nobody", sent))
    assert sent["content"].decode()[:40] not in caplog.text
    assert sent["headers"]["X-WC-Webhook-Signature"] not in caplog.text


def test_it_lives_and_ends_with_its_server_and_opens_no_websocket(sides: Sides) -> None:
    app = webhooks(hooked(sides))
    sent: list[str] = []
    came = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}, {"type": "websocket.connect"}])

    async def receive() -> dict[str, Any]:
        return next(came)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    asyncio.run(app({"type": "lifespan"}, receive, send))
    asyncio.run(app({"type": "websocket"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete", "websocket.close"]
