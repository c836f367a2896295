"""What every ASGI application of ours is made of: one request in, one reply out, and nothing logged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TypeAlias, cast

from ..adapters import Reply

__all__ = ["App", "Message", "Receive", "Scope", "Send", "below", "body_of", "headers_of", "served"]

Scope: TypeAlias = MutableMapping[str, object]
Message: TypeAlias = MutableMapping[str, object]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


def served(reply: Callable[[Scope, Receive], Awaitable[Reply | None]]) -> App:
    """An application that answers each request with ``reply``; None if the caller has gone."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "lifespan":
            await _live(receive, send)
        elif kind == "websocket":
            await receive()
            await send({"type": "websocket.close"})
        elif kind == "http":
            said = await reply(scope, receive)
            if said is not None:
                await _answer(said, send, silent=scope["method"] == "HEAD")

    return app


def below(scope: Scope) -> str:
    """The path below where the application is mounted; servers show the whole path, or only that."""
    path, root = cast("str", scope["path"]), cast("str", scope.get("root_path", "")).rstrip("/")
    return path.removeprefix(root) if root and path.startswith(f"{root}/") else path


def headers_of(scope: Scope) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in cast("list[tuple[bytes, bytes]]", scope["headers"]):
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


async def body_of(receive: Receive, max_body: int) -> bytes | Reply | None:
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


async def _live(receive: Receive, send: Send) -> None:
    """Nothing is opened at the start, and whoever made the bridge closes it."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _answer(reply: Reply, send: Send, *, silent: bool) -> None:
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()
    ]
    if not any(name == b"content-length" for name, _ in headers):
        headers.append((b"content-length", str(len(reply.body)).encode("ascii")))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if silent else reply.body})
