"""Servers at the level of bytes, for what no proper server does: resets, drips, lies about lengths."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import attrs

__all__ = ["UNTRUSTED", "Got", "Wire", "answer", "reset"]

# A key and a certificate for 127.0.0.1 that no machine trusts.
UNTRUSTED = """\
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIKzUZ160j5wYjhFH6cx0yPGxkCkcLIyMCt4QF4r3kthpoAoGCCqGSM49
AwEHoUQDQgAEIvzGh+rZwqcP/Mk/hoVizl5AX+6JVTBZ+LMverL5NudTOFQxzf3G
orpMIX/jiHrjo/O21CL532QOvU1AJMUMew==
-----END EC PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBkDCCATagAwIBAgIUaRaVZ4xOshYJC4QHJkb7/GszrLMwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyMjA2MTQzOVoYDzIxMjYxMDI5
MDYxNDM5WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQi/MaH6tnCpw/8yT+GhWLOXkBf7olVMFn4sy96svk251M4VDHN/cai
ukwhf+OIeuOj87bUIvnfZA69TUAkxQx7o2QwYjAdBgNVHQ4EFgQU0TNG0LKwzXL3
GkWwB2JWspCvNZUwHwYDVR0jBBgwFoAU0TNG0LKwzXL3GkWwB2JWspCvNZUwDwYD
VR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0gAMEUC
IQD8oR9ts4p60LyGvfFu9C1029jMTA027tR3orRmKjJqnAIgfTbxF+ogvQVcA5Wy
Zzgs4cSQo0FifsGHSRz4W7yt5mE=
-----END CERTIFICATE-----
"""


@attrs.frozen
class Got:
    """One request as it came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int


Behavior: TypeAlias = Callable[[socket.socket, Got], None]


def answer(
    status: int = 200, body: bytes = b"{}", *, more: str = "", length: int | None = None, html: bool = False
) -> Behavior:
    """A plain answer; ``more`` are further header lines."""

    def act(connection: socket.socket, got: Got) -> None:
        size = len(body) if length is None else length
        kind = "text/html" if html else "application/json"
        head = f"HTTP/1.1 {status} Said\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n{more}\r\n"
        connection.sendall(head.encode() + body)

    return act


def reset(connection: socket.socket) -> None:
    """End the connection as a crash does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket.close(connection.detach())  # now, whoever else still holds it


class Wire:
    """A server whose ``behavior`` acts on each whole request, with the bare socket in its hands."""

    def __init__(self, behavior: Behavior, *, untrusted_in: Path | None = None) -> None:
        self.behavior = behavior
        self.got: list[Got] = []
        self.connections = 0
        self._context: ssl.SSLContext | None = None
        if untrusted_in is not None:
            file = untrusted_in / "untrusted.pem"
            file.write_text(UNTRUSTED)
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(file)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._open: list[socket.socket] = []
        scheme = "http" if self._context is None else "https"
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with suppress(OSError):
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            with connection.makefile("rb") as stream:
                while line := stream.readline():
                    method, target, _ = line.decode().split()
                    headers: dict[str, str] = {}
                    while row := stream.readline().decode().strip():
                        name, _, value = row.partition(":")
                        headers[name.lower()] = value.strip()
                    body = stream.read(int(headers.get("content-length", "0")))
                    got = Got(method, target, headers, body, number)
                    self.got.append(got)
                    self.behavior(connection, got)
