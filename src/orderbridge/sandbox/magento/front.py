"""The shop's HTTP face: where a call goes, what it may do, and how the answer is worded."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

import attrs

from ..._http import Call, Headers, Response
from .ask import Ask, Route
from .keys import Keys
from .place import Placing
from .reading import READING
from .search import project, read_fields
from .shapes import Ways
from .shop import Effect
from .values import Json, Masked, Object, RestError, encode, encode_xml
from .writing import WRITING

ROUTES: Sequence[Route] = (*READING, *WRITING)
_REST = re.compile(r".*?/rest(?:/(?P<store>(?!V1(?:/|$)|async(?:/|$)|schema$)[^/]+))?/(?P<path>.*)")
_NO_ROUTE = "Request does not match any route."
_PAGE = (
    "<!doctype html>\n<html>\n<head>\n    <title>{title}</title>\n</head>\n<body>\n{text}\n</body>\n</html>\n"
)
_ERROR = "There has been an error processing your request"
_DOWN = "The server is temporarily unable to service your request due to maintenance downtime."


@attrs.define(kw_only=True, eq=False)
class MagentoShop(Placing):
    """A Magento that answers its REST API under any origin and sub-path. What it holds is ``Shop``'s.

    Args:
        keys: Who may come in.

        maintenance: The shop is down for maintenance, and says so with a page.

        past_end: What a page behind the last one holds: nothing, or (older ones) the last page again.

        null_items: A list with nothing in it is null even without ``fields``.

        page_limit: The largest ``pageSize``, where input limiting is on.

        ways: How its release shows things.

        broken: Orders whose payment data break every page that they are on.
    """

    keys: Keys = attrs.field(factory=Keys)
    maintenance: bool = False
    past_end: Literal["empty", "last"] = "empty"
    null_items: bool = False
    page_limit: int | None = None
    ways: Ways = attrs.field(factory=Ways)
    broken: set[int] = attrs.field(factory=set[int])
    _reports: int = attrs.field(init=False, default=0, repr=False)

    def handle(self, call: Call, now: datetime) -> Response:
        """Carry the call out and answer as Magento would."""
        if self.maintenance:
            return _page(503, "Error 503: Service Unavailable", _DOWN)
        url = urlsplit(call.url)
        found = _REST.fullmatch(url.path)
        if found is None:
            return _page(404, "404 Not Found", "The page you requested was not found.")
        accept = call.headers.get("Accept", "*/*")
        if accept.startswith("text/html"):
            return _page(500, _ERROR, f"<h1>{_ERROR}</h1><p>Error log record number: {self._report()}</p>")
        xml = accept.startswith("application/xml")
        query = tuple(parse_qsl(url.query, keep_blank_values=True))
        ask = Ask(
            call=call,
            now=now,
            store=found["store"] or "default",
            path=found["path"].removesuffix("/"),
            query=query,
        )
        before = self.changes
        try:
            status, answer = self._answer(ask)
        except RestError as error:
            body: Object = {"message": error.message}
            if error.parameters is not None:
                body["parameters"] = error.parameters
            return _respond(error.status, body, now, xml=xml)
        except Masked:
            report = f"webapi-{self._report()[:13]}"
            text = f"Internal Error. Details are available in Magento log file. Report ID: {report}"
            return _respond(500, {"message": text}, now, xml=xml)
        if self.changes != before:
            self.effects.append(Effect(call.method.upper(), ask.path.removeprefix("V1/"), now))
        fields = next((value for name, value in query if name == "fields"), "")
        if fields and ask.path == "V1/modules":
            text = "An error has happened during application run. See exception log for details.\n"
            return Response(
                500, headers=Headers({"Content-Type": "text/html; charset=UTF-8"}), body=text.encode()
            )
        if fields:
            answer = project(answer, read_fields(fields))
        return _respond(status, answer, now, xml=xml)

    def _answer(self, ask: Ask) -> tuple[int, Json]:
        if ask.store not in ("all", "default", *(store.code for store in self.stores)):
            raise RestError(400, "Specified request cannot be processed.")
        method = ask.call.method.upper()
        if ask.path.startswith("async/") and method == "GET":
            raise RestError(400, "Specified request cannot be processed.")
        for route in ROUTES:
            found = route.pattern.fullmatch(ask.path)
            if found is None or route.method != method:
                continue
            if route.resource:
                self.keys.check(ask.call, route.resource, ask.now)
            if ask.call.body.strip():
                kind = ask.call.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                if kind != "application/json":
                    said = kind or "text/plain"
                    raise RestError(
                        400, f"Server cannot understand Content-Type HTTP header media type {said}"
                    )
            return route.status, route.run(self, ask, *(unquote(part) for part in found.groups()))
        raise RestError(404, _NO_ROUTE)

    def _report(self) -> str:
        self._reports += 1
        return hashlib.sha256(f"report {self._reports}".encode()).hexdigest()[:16]


def _respond(status: int, answer: Json, now: datetime, *, xml: bool) -> Response:
    headers = {
        "Date": format_datetime(now, usegmt=True),
        "X-Powered-By": "PHP/8.2.36",
        # New with every answer; a client that keeps it makes calls wait for each other.
        "Set-Cookie": "PHPSESSID=bcd66c90d3545a458ac5424b3e8781b9; path=/; HttpOnly; SameSite=Lax",
        "X-Frame-Options": "SAMEORIGIN",
        "Content-Type": f"application/{'xml' if xml else 'json'}; charset=utf-8",
        "Cache-Control": "no-store",
    }
    body = encode_xml(answer) if xml else encode(answer)
    return Response(status, headers=Headers(headers), body=body)


def _page(status: int, title: str, text: str) -> Response:
    headers = Headers({"Content-Type": "text/html; charset=UTF-8", "X-Powered-By": "PHP/8.2.36"})
    return Response(status, headers=headers, body=_PAGE.format(title=title, text=text).encode())
