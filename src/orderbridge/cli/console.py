"""``console``: the operators' page on this machine."""

from __future__ import annotations

import asyncio
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Annotated, cast
from urllib.parse import unquote

import typer

from .. import Bridge
from ..errors import ConfigurationError
from ..ext._served import App, Message
from ..ext.console import console as application
from .output import CONFIG, ConfigFile, console

__all__ = ["console_"]


def console_(
    port: Annotated[int, typer.Option(help="0 takes a free one.", min=0, max=65535)] = 8484,
    owner: Annotated[str, typer.Option(help="Only this owner's orders and reviews.")] = "",
    decide: Annotated[bool, typer.Option("--decide", help="Reviews may be answered there.")] = False,
    config: ConfigFile = CONFIG,
) -> None:
    """Serve a page for people in a browser of this machine: what waits, orders, reservations, reviews.

    Whoever can log in to this machine can open it. It runs until Ctrl-C.
    """
    with Bridge.from_toml(config) as bridge:
        handler = _handler(application(bridge, owner=owner, may_decide=decide))
        with _listening(port, handler) as server:
            server.daemon_threads = True
            console().print(f"http://127.0.0.1:{server.server_port}/", soft_wrap=True)
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                return


def _listening(port: int, handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise ConfigurationError(f"--port {port}: {error.strerror}; give another one, or 0") from None


def _handler(app: App) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 30

        def do_GET(self) -> None:
            # Another site's name may be pointed at this machine; its pages must not read ours.
            host = self.headers.get("Host", "").partition(":")[0]
            if host not in ("127.0.0.1", "localhost"):
                self.send_error(421)
                return
            asyncio.run(self._answer())

        do_HEAD = do_POST = do_PUT = do_DELETE = do_GET

        async def _answer(self) -> None:
            path, _, query = self.path.partition("?")
            length = self.headers.get("Content-Length", "0")
            # One byte more than is taken is enough to be told that it is too much.
            long = int(length[:6]) if length.isdecimal() else 0  # of more than that the rest is not read
            body = self.rfile.read(min(long, 100_000))
            scope: dict[str, object] = {
                "type": "http",
                "method": self.command,
                "path": unquote(path),
                "query_string": query.encode("latin-1"),
                "headers": [
                    (name.lower().encode("latin-1"), value.encode("latin-1"))
                    for name, value in self.headers.items()
                ],
            }

            async def receive() -> Message:
                return {"type": "http.request", "body": body, "more_body": False}

            async def send(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self.send_response(cast("int", message["status"]))
                    for name, value in cast("list[tuple[bytes, bytes]]", message["headers"]):
                        self.send_header(name.decode("latin-1"), value.decode("latin-1"))
                    self.end_headers()
                else:
                    self.wfile.write(cast("bytes", message["body"]))

            await app(scope, receive, send)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name for it
            """Nothing: what people look at is nobody else's business."""

    return Handler
