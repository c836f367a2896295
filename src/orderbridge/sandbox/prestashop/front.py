"""The shop's HTTP face: whom it lets in, what he may do, and answers with their headers."""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from difflib import SequenceMatcher
from email.utils import format_datetime
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import attrs

from ..._http import Call, Headers, Response
from .desk import Desk
from .output import Shown, Writer, json_errors, xml_errors, xml_root
from .query import FULL, read_display, select
from .save import save
from .schema import Resource
from .shop import Effect
from .tables import RESOURCES
from .values import Fatal, Json, Row, WebserviceError, encode, integer

METHODS = ("GET", "PUT", "POST", "PATCH", "DELETE", "HEAD")
REALM = (
    "Welcome to PrestaShop Webservice, please enter the authentication key as the login. "
    "No password required."
)

# What merchants are asked to tick for a bridge, and not a tick more.
_READ = (
    *("orders", "order_details", "order_states", "order_histories", "order_carriers", "order_payments"),
    *("order_slip", "order_invoices", "carriers", "addresses", "countries", "states", "customers"),
    *("currencies", "languages", "configurations", "product_suppliers", "suppliers", "products"),
    *("combinations", "shops", "customer_threads", "customer_messages"),
)
_ADD = (
    *("order_histories", "order_carriers", "order_slip", "order_states"),
    *("customer_threads", "customer_messages"),
)
_EDIT = ("order_carriers", "orders")
MINIMUM: Mapping[str, Sequence[str]] = {
    name: (
        "GET",
        "HEAD",
        *(("POST",) if name in _ADD else ()),
        *(("PUT", "PATCH") if name in _EDIT else ()),
    )
    for name in _READ
}
EVERYTHING: Mapping[str, Sequence[str]] = dict.fromkeys(RESOURCES, METHODS)


@attrs.frozen(kw_only=True)
class _Ask:
    """One call to the webservice."""

    method: str
    home: str
    path: str
    query: Mapping[str, str]
    headers: Headers
    body: bytes
    now: datetime

    @property
    def json(self) -> bool:
        """Headers beat the query; ``Accept`` counts for nothing, and neither does ``json``."""
        wanted = self.headers.get("Output-Format") or self.headers.get("Io-Format")
        return (wanted or self.query.get("output_format") or self.query.get("io_format")) == "JSON"


@attrs.define(kw_only=True, eq=False)
class PrestaShopShop(Desk):
    """A PrestaShop that answers its webservice under any origin and sub-path. What it holds is ``Shop``'s.

    Args:
        key: 32 characters, the user of Basic authentication.

        permissions: Methods by resource. A key that came from 1.7 has no PATCH anywhere.

        key_shops: The shops the key belongs to; None is all.

        active: The key is switched on.

        webservice: The webservice is switched on. If not, answers are 503.

        strips_header: The host swallows ``Authorization``, so that only ``?ws_key=`` gets through.

        php7: JSON numbers are texts; left out, it goes by the version.
    """

    key: str = attrs.field(default="DEMOKEY" + "1" * 25, repr=False)
    permissions: Mapping[str, Sequence[str]] = attrs.field(default=MINIMUM, repr=False)
    key_shops: Collection[int] | None = None
    active: bool = True
    webservice: bool = True
    strips_header: bool = False
    php7: bool | None = None

    def handle(self, call: Call, now: datetime) -> Response:
        """Carry the call out and answer as PrestaShop would."""
        url = urlsplit(call.url)
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        home, path = _split_path(url.path, query)
        if path is None:
            return _page(404, "<!doctype html><html><body>Page not found</body></html>")
        ask = _Ask(
            method=query.get("ps_method", call.method).upper(),
            home=f"{url.scheme}://{url.netloc}{home}",
            path=path,
            query=query,
            headers=call.headers,
            body=call.body,
            now=now,
        )
        wanted = query.get("id_shop", "1")
        if wanted != "all" and not 1 <= integer(wanted) <= self.shops:
            # The shop is looked for before anything else, and a visitor who got lost is shown the front.
            where = f"{ask.home}/index.php?{url.query}&url={quote(path)}"
            return _page(302, "", {"Location": where})
        key = self._key(ask)
        if key is None:
            return _page(401, "401 Unauthorized", {"WWW-Authenticate": f'Basic realm="{REALM}"'})
        writes = self.writes
        try:
            response = self._answer(ask, key)
        except Fatal:
            response = _page(500, "")
        if self.writes != writes or (ask.method == "DELETE" and response.status == 200):
            self.effects.append(Effect(ask.method, ask.path, now))
        return attrs.evolve(response, body=b"") if call.method == "HEAD" else response

    # Who may

    def _key(self, ask: _Ask) -> str | None:
        authorization = "" if self.strips_header else ask.headers.get("Authorization", "")
        kind, _, word = authorization.partition(" ")
        if kind.lower() == "basic" and word:
            try:
                return b64decode(word).decode().partition(":")[0]
            except ValueError:
                return ""
        return ask.query.get("ws_key")

    def _answer(self, ask: _Ask, key: str) -> Response:
        version = "0"
        try:
            self._let_in(key)
            version = self.version
            shops = self._shops(ask.query)
            return self._carry_out(ask, shops)
        except WebserviceError as error:
            words = json_errors(error.errors) if ask.json else xml_errors(error.errors)
            response = self._respond(ask, error.status, words, version)
            if error.status != 401 or version != "0":
                return response
            realm = {"WWW-Authenticate": f'Basic realm="{REALM}"'}
            return attrs.evolve(response, headers=Headers({**response.headers, **realm}))

    def _let_in(self, key: str) -> None:
        if not self.webservice:
            message = (
                "The PrestaShop webservice is disabled. Please activate it in the PrestaShop Back Office"
            )
            raise WebserviceError(503, (22, message))
        if not key:
            raise WebserviceError(401, (17, "Authentication key is empty"))
        if len(key) != 32:
            raise WebserviceError(401, (18, "Invalid authentication key format"))
        nothing = (21, "No permission for this authentication key")
        if key != self.key or not self.active:
            raise WebserviceError(401, (20, "Authentification key is not active"), nothing)
        if not self.permissions:
            raise WebserviceError(401, nothing)

    def _shops(self, query: Mapping[str, str]) -> Collection[int]:
        every = range(1, self.shops + 1)
        group = query.get("id_shop_group", query.get("id_group_shop"))
        if group is not None and integer(group) != 1:
            raise WebserviceError(500, (999, "This shop group doesn't have shops"))
        wanted = query.get("id_shop", "1")
        shops = every if group is not None or wanted == "all" else [integer(wanted)]
        if self.key_shops is not None and not set(shops) & set(self.key_shops):
            raise WebserviceError(403, (132, "No permission for this key on this shop"))
        return shops

    def _check(self, ask: _Ask, name: str) -> Resource:
        if name not in self.resources:
            names = sorted(self.resources)
            closest = max(names, key=lambda one: SequenceMatcher(None, one, name).ratio())
            listed = ", ".join(f'"{one}"' for one in names)
            message = f'Resource of type "{name}" does not exists. Did you mean: "{closest}"? '
            raise WebserviceError(400, (27, f"{message}The full list is: {listed}"))
        if name not in self.permissions:
            message = f'Resource of type "{name}" is not allowed with this authentication key'
            raise WebserviceError(401, (26, message))
        if ask.method not in METHODS or (ask.method == "PATCH" and self.release < (8,)):
            raise WebserviceError(405, (23, f"Method {ask.method} is not valid"))
        if ask.method not in self.permissions[name]:
            message = (
                f"Method {ask.method} is not allowed for the resource {name} with this authentication key"
            )
            raise WebserviceError(405, (25, message))
        return self.resources[name]

    # What is done

    def _carry_out(self, ask: _Ask, shops: Collection[int]) -> Response:
        name, _, number = ask.path.partition("/")
        if not name:
            if ask.json and self.release >= (8,):
                raise Fatal
            if ask.json:
                return self._respond(ask, 200, encode(list[Json](sorted(self.permissions))))
            return self._respond(ask, 200, xml_root(ask.home, self.setting("PS_SHOP_NAME"), self.permissions))
        resource = self._check(ask, name)
        writer = self._writer(ask)
        if ask.method == "DELETE":
            return self._delete(ask, resource, number)
        if ask.method in ("GET", "HEAD"):
            if ask.query.get("schema") in ("blank", "synopsis"):
                return self._respond(
                    attrs.evolve(ask, query={}, headers=Headers()),
                    200,
                    writer.xml_schema(resource, ask.query["schema"] == "synopsis"),
                )
            return self._read(ask, resource, number, shops, writer)
        mail = ask.query.get("sendemail", "") not in ("", "0")
        saved = save(self, resource, ask.method, ask.body, mail=mail, now=ask.now)
        status = 201 if ask.method == "POST" else 200
        # Of several, JSON shows the last; any ``display`` gives the list that has them all.
        return self._show(
            ask, status, writer, resource, saved if "display" in ask.query else saved[-1:], one=True
        )

    def _read(
        self, ask: _Ask, resource: Resource, number: str, shops: Collection[int], writer: Writer
    ) -> Response:
        rows: Sequence[Row]
        if number:
            row = self.tables[resource.name].get(integer(number))
            if row is None:
                return self._respond(ask, 404, b"")
            # Of whichever shop it is: a single thing is not looked up by shop.
            rows = [row]
        else:
            every = self.tables[resource.name].values()
            known = [row for row in every if not resource.by_shop or int(row["id_shop"]) in shops]
            rows = select(resource, known, ask.query)
        shown = [self.shown(resource, row) for row in rows]
        return self._show(ask, 200, writer, resource, shown, one=bool(number))

    def _show(
        self, ask: _Ask, status: int, writer: Writer, resource: Resource, shown: Sequence[Shown], *, one: bool
    ) -> Response:
        wanted = ask.query.get("display")
        display = FULL if wanted is None and one else None
        if wanted is not None:
            display = read_display(resource, wanted)
        if one and shown and display is not None and (wanted is None or not ask.json):
            word = writer.json_one if ask.json else writer.xml_one
            return self._respond(ask, status, word(resource, shown[-1], display))
        listed = writer.json_list if ask.json else writer.xml_list
        return self._respond(ask, status, listed(resource, shown, display))

    def _delete(self, ask: _Ask, resource: Resource, number: str) -> Response:
        if self.tables[resource.name].pop(integer(number), None) is None:
            raise WebserviceError(404, (87, f"Id(s) not exists: {integer(number)}"))
        return self._respond(ask, 200, b"")

    # How it is said

    def _writer(self, ask: _Ask) -> Writer:
        wanted = ask.query.get("language")
        languages = list(range(1, self.languages + 1))
        if wanted is not None:
            asked = [integer(word) for word in re.findall(r"[^\[\]|,]+", wanted)]
            if not set(asked) <= set(languages):
                raise WebserviceError(400, (81, "You are not allowed to use this language"))
            languages = [one for one in languages if one in asked]
        native = self.release >= (8,) if self.php7 is None else not self.php7
        return Writer(home=ask.home, languages=languages, native=native, drops_falsy=self.release >= (8,))

    def _respond(self, ask: _Ask, status: int, body: bytes, version: str = "") -> Response:
        sha1 = hashlib.sha1(body, usedforsecurity=False).hexdigest()
        kind = "application/json" if ask.json else "text/xml;charset=utf-8"
        headers = {
            "Date": format_datetime(ask.now, usegmt=True),
            "X-Powered-By": "PrestaShop Webservice",
            "PSWS-Version": version or self.version,
            "Content-Type": kind if body else "",
            "Execution-Time": "0.004",
            "Set-Cookie": "PrestaShop-25f57fa575b416702f0b=def50200; path=/; HttpOnly; SameSite=Lax",
        }
        if status < 300 and body:
            headers["Content-Sha1"] = sha1
            if self.release >= (8,) and ask.headers.get("Local-Content-Sha1") == sha1:
                return Response(304, headers=Headers(headers))
        return Response(status, headers=Headers(headers), body=body)


def _split_path(path: str, query: Mapping[str, str]) -> tuple[str, str | None]:
    """Where the shop begins, and what is asked below ``/api``; None where it is no webservice address."""
    home, dispatcher, _ = path.partition("/webservice/dispatcher.php")
    if dispatcher:
        return home, query.get("url", "").strip("/")
    found = re.fullmatch(r"(.*?)/api(?:/(.*))?", path)
    return (found[1], unquote(found[2] or "").strip("/")) if found else (path, None)


def _page(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """An answer that never reached the webservice."""
    kind = {"Content-Type": "text/html; charset=utf-8", "X-Powered-By": "PHP/8.2.36"}
    return Response(status, headers=Headers({**kind, **(headers or {})}), body=text.encode())
