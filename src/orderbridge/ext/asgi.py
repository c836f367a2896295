"""Webhooks as an ASGI application: it stands alone, or below FastAPI, Starlette, Django or Litestar.

    app.mount("/hooks", orderbridge.ext.asgi.webhooks(bridge, prefix=""))

A shop's webhooks then go to ``https://your.example/hooks/ACCOUNT``. Plain ASGI, so nothing more is
needed than a server for it. No body and no header is ever logged.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TypeAlias, cast

from .. import AsyncBridge, Bridge
from ..adapters import Reply
from ..errors import BridgeError, ConfigurationError, Unsupported

__all__ = ["webhooks"]

Scope: TypeAlias = MutableMapping[str, object]
Message: TypeAlias = MutableMapping[str, object]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_METHODS = ("GET", "HEAD", "POST", "PUT")
_log = logging.getLogger("orderbridge.asgi")


def webhooks(bridge: Bridge | AsyncBridge, *, prefix: str = "/hooks", max_body: int = 2_000_000) -> App:
    """An application that hands each request to ``bridge.receive`` and answers what that says.

    Args:
        bridge: A ``Bridge`` is called on a thread, so the loop goes on; an ``AsyncBridge`` must belong to
            the loop that serves.

        prefix: What the path begins with; the account's name follows, and what comes after that is the
            platform's own. Empty where the application is mounted.

        max_body: Bytes of a body that are taken; more is answered with 413.
    """
    base = prefix.rstrip("/")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "lifespan":
            await _live(receive, send)
        elif kind == "websocket":
            await receive()
            await send({"type": "websocket.close"})
        elif kind == "http":
            reply = await _reply(bridge, base, max_body, scope, receive)
            if reply is not None:
                await _answer(reply, send, silent=scope["method"] == "HEAD")

    return app


async def _live(receive: Receive, send: Send) -> None:
    """Nothing is opened at the start, and whoever made the bridge closes it."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _reply(
    bridge: Bridge | AsyncBridge, base: str, max_body: int, scope: Scope, receive: Receive
) -> Reply | None:
    """What to answer; None if the caller has gone."""
    method, path = cast("str", scope["method"]), cast("str", scope["path"])
    root = cast("str", scope.get("root_path", "")).rstrip("/")
    # A mounted application may be shown the whole path, or what is below it.
    below = path.removeprefix(root) if root and path.startswith(f"{root}/") else path
    if not below.startswith(f"{base}/"):
        return Reply(status=404)
    if method not in _METHODS:
        return Reply(status=405)
    account = below.removeprefix(f"{base}/").partition("/")[0]
    headers = _headers(scope)
    length = headers.get("content-length", "0")
    if length.isdecimal() and (len(length) > 12 or int(length) > max_body):
        return Reply(status=413)
    body = await _body(receive, max_body)
    if not isinstance(body, bytes):
        return body
    query = cast("bytes", scope.get("query_string", b"")).decode("latin-1")
    where = f"{path}?{query}" if query else path
    try:
        if isinstance(bridge, AsyncBridge):
            return await bridge.receive(account, method=method, path=where, headers=headers, body=body)
        return await asyncio.to_thread(
            bridge.receive, account, method=method, path=where, headers=headers, body=body
        )
    except Unsupported:
        return Reply(status=404)
    except (BridgeError, ConfigurationError) as error:
        # Such as a journal that cannot be written to: the platform sends it again.
        _log.error("a webhook for %r could not be taken: %s", account, error)
        return Reply(status=503)


def _headers(scope: Scope) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in cast("list[tuple[bytes, bytes]]", scope["headers"]):
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


async def _body(receive: Receive, max_body: int) -> bytes | Reply | None:
    """The raw bytes, which is what is signed; None if the caller has gone."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += cast("bytes", message.get("body", b""))
        if len(body) > max_body:
            return Reply(status=413)
        if not message.get("more_body", False):
            return bytes(body)


async def _answer(reply: Reply, send: Send, *, silent: bool) -> None:
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()
    ]
    if not any(name == b"content-length" for name, _ in headers):
        headers.append((b"content-length", str(len(reply.body)).encode("ascii")))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if silent else reply.body})
