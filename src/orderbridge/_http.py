"""What goes over the wire, as plain values: no sockets, no clocks."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from functools import cached_property
from urllib.parse import quote

import attrs

__all__ = ["Call", "Headers", "Read", "Request", "Response"]

Pairs = tuple[tuple[str, str], ...]

_HOST = re.compile(r"https?://([A-Za-z0-9.-]+)", re.IGNORECASE)


def _pairs(value: Iterable[tuple[str, str]]) -> Pairs:
    return tuple(value)


class Headers(Mapping[str, str]):
    """Header names and values; names compare without case, the last of equal names wins."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = {name.lower(): value for name, value in (values or {}).items()}

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(tuple(sorted(self._values.items())))

    def __repr__(self) -> str:
        # Values may hold credentials or a shopper's name.
        return f"Headers({', '.join(sorted(self._values))})"


def _headers(value: Mapping[str, str]) -> Headers:
    return value if isinstance(value, Headers) else Headers(value)


@attrs.frozen
class Request:
    """What an adapter asks of its platform, before the account's address and credentials are added.

    Args:
        method: ``"GET"``, ``"POST"``, ...

        path: Below the account's ``base_url``, starting with ``/``, percent-encoded where needed.

        params: The query as pairs, not yet encoded. Never put a secret or a shopper here.

        headers: Beyond those of the account.

        body: The exact bytes.

        cost: What it takes of the account's allowance, in the platform's own points.
    """

    method: str
    path: str
    params: Pairs = attrs.field(default=(), converter=_pairs, kw_only=True)
    headers: Headers = attrs.field(factory=Headers, converter=_headers, kw_only=True, repr=False)
    body: bytes = attrs.field(default=b"", kw_only=True, repr=False)
    cost: float = attrs.field(default=1.0, kw_only=True)

    @cached_property
    def query(self) -> str:
        """The query string exactly as it is sent (and signed): RFC 3986, in the given order."""
        return "&".join(f"{quote(k, safe='-._~')}={quote(v, safe='-._~')}" for k, v in self.params)

    @property
    def sha256(self) -> str:
        """Fingerprint of all that the platform will act on; signatures come later and are not in it."""
        digest = hashlib.sha256()
        headers = [text for name in sorted(self.headers) for text in (name, self.headers[name])]
        parts = [text.encode() for text in (self.method, self.path, self.query, *headers)]
        for part in (*parts, self.body):
            # Each with its length before it, so that no two requests run together to the same bytes.
            digest.update(len(part).to_bytes(8, "big") + part)
        return digest.hexdigest()


@attrs.frozen
class Read(Request):
    """A request that changes nothing worth money at the platform, so it may be repeated.

    Args:
        keep: The answer may be served from the account's cache for so long. For reference data
            (carriers, statuses, routes) only, never for anything about a shopper.

        fresh: Ask again even if the cache has an answer.

        url: Set by ``foreign``. It may be a key by itself, so it is shown nowhere.
    """

    keep: timedelta | None = attrs.field(default=None, kw_only=True)
    fresh: bool = attrs.field(default=False, kw_only=True)
    url: str = attrs.field(default="", kw_only=True, repr=False)

    @classmethod
    def foreign(cls, url: str, *, headers: Mapping[str, str] | None = None) -> Read:
        """What an answer points to at another origin, such as a file that the platform has written.

        It is fetched with GET, without the account's credentials and outside of its allowance, and only from
        hosts that the platform names in ``Platform.foreign``. Ask for a large file a few megabytes at a time,
        with a ``Range``. Unlike any other read, one that fails raises its error in the flow, which may know
        another way.

        Args:
            url: The whole address, as it came.

            headers: Such as ``Range``; never a credential.
        """
        found = _HOST.match(url)
        # Two slashes begin no path of an account: this one says in errors which host it was, and no more.
        host = found[1].lower() if found else ""
        return cls("GET", f"//{host}", headers=Headers(headers), cost=0.0, url=url)


@attrs.frozen
class Call:
    """A request as it leaves: absolute address, credentials on it. Only drivers and sandboxes see one."""

    method: str
    url: str = attrs.field(repr=False)
    headers: Headers = attrs.field(factory=Headers, converter=_headers, kw_only=True, repr=False)
    body: bytes = attrs.field(default=b"", kw_only=True, repr=False)


@attrs.frozen
class Response:
    """A whole answer: never a stream, never cut."""

    status: int
    headers: Headers = attrs.field(factory=Headers, converter=_headers, kw_only=True, repr=False)
    body: bytes = attrs.field(default=b"", kw_only=True, repr=False)

    @property
    def text(self) -> str:
        """The body as text; a byte order mark is dropped, bytes that are no UTF-8 are replaced."""
        return self.body.decode("utf-8-sig", errors="replace")

    @property
    def media_type(self) -> str:
        """``application/json`` and the like, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()
