"""Serves a simulated platform over real HTTP on this machine, so that any client can be tried on it."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import TypeAlias

from .._http import Call, Headers
from .faults import Line, NoAnswer, NotConnected

__all__ = ["LoopbackServer"]

LOOPBACK = "127.0.0.1"
_Request: TypeAlias = "socket.socket | tuple[bytes, socket.socket]"  # the parent's, which also knows UDP


def _now() -> datetime:
    return datetime.now(UTC)


class LoopbackServer:
    """A line to a simulated platform at ``url``, served from construction until ``close``.

    HTTP/1.1 with keep-alive; calls of several connections reach the backend one at a time.
    Where the line gives no answer, the connection is closed without a byte. Which fault a call
    meets is known only once it was read, so ``Fault.NOT_CONNECTED`` cannot refuse the connection
    itself: the client sees it close, and must think that anything may have happened.

    Args:
        line: Backend and faults.

        port: 0 takes a free one.

        host: 127.0.0.1; others are refused, because a sandbox believes whoever comes.

        clock: Gives the backend's time, aware; this machine's by default.
    """

    def __init__(
        self, line: Line, *, clock: Callable[[], datetime] = _now, port: int = 0, host: str = LOOPBACK
    ) -> None:
        if host != LOOPBACK:
            raise ValueError(f"a sandbox listens on {LOOPBACK} only, not on {host!r}")
        self._server = _Server(line, clock, port)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """``http://127.0.0.1:<port>``, without a slash at the end."""
        return self._server.url

    def close(self) -> None:
        """Stop serving and close every connection, also kept ones. May be called again."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        for connection, thread in list(self._server.connections.items()):
            with suppress(OSError):  # the other side may have closed it meanwhile
                connection.shutdown(socket.SHUT_RDWR)
            thread.join()

    def __enter__(self) -> LoopbackServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    """One thread a connection, as its parent; but it remembers them, so that it can close kept ones."""

    def __init__(self, line: Line, clock: Callable[[], datetime], port: int) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.line = line
        self.clock = clock
        self.turn = Lock()
        self.url = f"http://{LOOPBACK}:{self.server_port}"
        self.connections: dict[socket.socket, Thread] = {}

    def process_request(self, request: _Request, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        thread = Thread(target=self._serve, args=(request, client_address), daemon=True)
        self.connections[request] = thread
        thread.start()

    def _serve(self, request: socket.socket, client_address: object) -> None:
        try:
            self.process_request_thread(request, client_address)
        finally:
            del self.connections[request]

    def handle_error(self, request: _Request, client_address: object) -> None:
        if not isinstance(sys.exception(), OSError):  # a client that went away is no news
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together
    disable_nagle_algorithm = True

    def answer(self) -> None:
        """Read one whole call, let the line carry it out, and write what it answers."""
        server = self.server
        assert isinstance(server, _Server)
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            self.send_error(411)  # and closes, for nobody knows where this call ends
            return
        body = self.rfile.read(int(length))
        if len(body) < int(length):  # the client went away, so the call never left whole
            self.close_connection = True
            return
        target = self.requestline.split()[1]  # self.path is not always what was sent
        call = Call(self.command, server.url + target, headers=Headers(dict(self.headers.items())), body=body)
        try:
            with server.turn:
                response = server.line.exchange(call, server.clock())
        except (NotConnected, NoAnswer):
            self.close_connection = True
            return
        self.send_response_only(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        bodiless = self.command == "HEAD" or response.status in (204, 304)
        if not bodiless:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if not bodiless:
            self.wfile.write(response.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name for it
        """Say nothing: addresses hold keys and shoppers."""
