"""How a request becomes a call to an account, and what proves that a call left."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TypeGuard
from urllib.parse import unquote, urlsplit

import attrs
import httpx

from ._http import Call, Headers, Read, Request, Response
from ._writes import LONGEST_FREEZE
from .adapters import Allowance, Bucket
from .auth import Auth
from .errors import Malformed, Unsupported

__all__ = [
    "Gone",
    "Line",
    "headers_of",
    "is_foreign",
    "outcome_of",
    "outgoing",
    "prepare",
    "retry_after",
    "unlogged",
]

CONNECT = 10.0  # seconds
USER_AGENT = "orderbridge/0.1 (+https://pypi.org/project/orderbridge/)"


@attrs.frozen(kw_only=True)
class Line:
    """How to reach one account."""

    account: str
    base_url: str
    auth: Auth
    bucket: Bucket
    meter: Callable[[Response], Allowance | None] = lambda _: None
    foreign: tuple[str, ...] = ()

    @property
    def login(self) -> str:
        """Under which its token is kept."""
        return f"{self.account} {self.base_url}"

    @property
    def shared_as(self) -> str:
        """What its bucket is called, which several accounts may share."""
        return self.bucket.name or self.account


class Gone(Exception):
    """A call that got no answer.

    Args:
        sent: False only if it is certain that not one byte left.
    """

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.why = why
        self.sent = sent


# RFC 3986; what is not in it would be rewritten on the way out, after it was signed.
_PATH = re.compile(r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)+")


def prepare(line: Line, request: Request) -> Call:
    """The call before it is signed: absolute, and below the account's own address."""
    if is_foreign(request):
        return _abroad(line, request)
    path = request.path
    if not _PATH.fullmatch(path) or path.startswith("//"):
        raise Malformed(f"path: {path!r} must start with one slash and be percent-encoded")
    if not {".", ".."}.isdisjoint(unquote(path).split("/")):
        raise Malformed(f"path: {path!r} leads out of the account's base_url")
    url = line.base_url + path + (f"?{request.query}" if request.query else "")
    headers = {"Accept": "application/json", "User-Agent": USER_AGENT, **request.headers}
    return Call(request.method, url, headers=Headers(headers), body=request.body)


def is_foreign(request: Request) -> TypeGuard[Read]:
    """Does it go to another origin, where nothing of the account's may go?"""
    return isinstance(request, Read) and bool(request.url)


# As strict as the path above; what httpx and we could read differently is not asked at all.
_FOREIGN = re.compile(
    r"(?P<origin>(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]+)(?P<port>:\d+)?)"
    r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*(\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?"
)
_LOOPBACK = re.compile(r"localhost|127\.\d+\.\d+\.\d+")


def _abroad(line: Line, read: Read) -> Call:
    """A call to another origin: only there where the platform says, and nothing of the account's on it."""
    found = _FOREIGN.fullmatch(read.url)
    if found is None or read.method != "GET" or read.body:
        raise Malformed("an address at another origin is a whole URL without credentials, asked with GET")
    host = found["host"].lower()
    if found["scheme"] != "https" and not _LOOPBACK.fullmatch(host):
        raise Malformed(f"{host}: another origin is asked over https only")
    own = urlsplit(line.base_url)
    if found["origin"].lower() != f"{own.scheme}://{own.netloc}".lower() and (
        found["port"] not in (None, ":443") or not any(_covers(pattern, host) for pattern in line.foreign)
    ):
        raise Unsupported(f"{host}: the platform does not say that its files are there, so it is not asked")
    headers = {"Accept": "*/*", "User-Agent": USER_AGENT, **read.headers}
    return Call("GET", read.url, headers=Headers(headers))


def _covers(pattern: str, host: str) -> bool:
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def outgoing(call: Call, deadline: float) -> httpx.Request:
    """The call as httpx's transports take it.

    Its clients are not used: they log every address, which may hold keys, and they keep the
    cookies that one account was given for another account on the same host.
    """
    timeout = httpx.Timeout(deadline, connect=CONNECT, pool=CONNECT)
    return httpx.Request(
        call.method,
        call.url,
        headers=Headers({"Accept-Encoding": "gzip, deflate", **call.headers}),
        content=call.body or None,
        extensions={"timeout": timeout.as_dict()},
    )


# httpcore writes the headers of answers to its debug log, where a redirect may repeat our keys.
_ours: ContextVar[bool] = ContextVar("_ours", default=False)
logging.getLogger("httpcore.http11").addFilter(lambda _: not _ours.get())


@contextmanager
def unlogged() -> Generator[None, None, None]:
    """A call of ours, of which httpcore tells nobody."""
    token = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(token)


def outcome_of(error: Exception) -> Gone:
    """What a transport error proves: the one classification table; what is not listed is unknown."""
    match error:
        case Gone():
            return error
        case (
            httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout() | httpx.UnsupportedProtocol()
        ):
            return Gone(type(error).__name__, sent=False)
        case _:
            return Gone(type(error).__name__, sent=True)


def retry_after(response: Response, now: datetime) -> float | None:
    """Seconds a platform asks to wait, from Retry-After in either of its forms."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return min(float(value), LONGEST_FREEZE)
    try:
        seconds = (parsedate_to_datetime(value) - now).total_seconds() if value else None
        return None if seconds is None else min(max(0.0, seconds), LONGEST_FREEZE)
    except (TypeError, ValueError):
        return None


def headers_of(answer: httpx.Response) -> Headers:
    return Headers(dict(answer.headers.items()))
