"""Webhooks as an ASGI application: it stands alone, or below FastAPI, Starlette, Django or Litestar.

    app.mount("/hooks", orderbridge.ext.asgi.webhooks(bridge, prefix=""))

A shop's webhooks then go to ``https://your.example/hooks/ACCOUNT``. Plain ASGI, so nothing more is
needed than a server for it. No body and no header is ever logged.
"""

from __future__ import annotations

import asyncio
import logging
from typing import cast

from .. import AsyncBridge, Bridge
from ..adapters import Reply
from ..errors import BridgeError, ConfigurationError, Unsupported
from ._served import App, Receive, Scope, below, body_of, headers_of, served

__all__ = ["webhooks"]

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

    async def reply(scope: Scope, receive: Receive) -> Reply | None:
        return await _reply(bridge, base, max_body, scope, receive)

    return served(reply)


async def _reply(
    bridge: Bridge | AsyncBridge, base: str, max_body: int, scope: Scope, receive: Receive
) -> Reply | None:
    """What to answer; None if the caller has gone."""
    method, path = cast("str", scope["method"]), cast("str", scope["path"])
    where = below(scope)
    if not where.startswith(f"{base}/"):
        return Reply(status=404)
    if method not in _METHODS:
        return Reply(status=405)
    account = where.removeprefix(f"{base}/").partition("/")[0]
    headers = headers_of(scope)
    length = headers.get("content-length", "0")
    if length.isdecimal() and (len(length) > 12 or int(length) > max_body):
        return Reply(status=413)
    body = await body_of(receive, max_body)
    if not isinstance(body, bytes):
        return body
    query = cast("bytes", scope.get("query_string", b"")).decode("latin-1")
    full = f"{path}?{query}" if query else path
    try:
        if isinstance(bridge, AsyncBridge):
            return await bridge.receive(account, method=method, path=full, headers=headers, body=body)
        return await asyncio.to_thread(
            bridge.receive, account, method=method, path=full, headers=headers, body=body
        )
    except Unsupported:
        return Reply(status=404)
    except (BridgeError, ConfigurationError) as error:
        # Such as a journal that cannot be written to: the platform sends it again.
        _log.error("a webhook for %r could not be taken: %s", account, error)
        return Reply(status=503)
