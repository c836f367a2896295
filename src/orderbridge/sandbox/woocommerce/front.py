"""The shop's HTTP face: any address it is called by, who may do what, and answers with their headers."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import format_datetime
from typing import Literal
from urllib.parse import unquote, urlsplit

import attrs

from ..._http import Call, Headers, Response
from .keys import Keys, as_params, php_query
from .orders_rest import OrderRoutes
from .rest import Answer, Ask, Route, html_page, read_body, trim
from .shipping_rest import ShippingRoutes
from .shop import Effect, Shop
from .site_rest import SiteRoutes
from .values import Json, Object, WpError, array, encode, rows, text

WRITES = ("POST", "PUT", "PATCH", "DELETE")
REFUSED = {
    "GET": ("view", "Sorry, you cannot view this resource."),
    "POST": ("create", "Sorry, you are not allowed to create resources."),
    "PUT": ("edit", "Sorry, you are not allowed to edit this resource."),
    "PATCH": ("edit", "Sorry, you are not allowed to edit this resource."),
    "DELETE": ("delete", "Sorry, you are not allowed to delete this resource."),
}
PUBLIC = ("", "wc/v3", "wc-shipment-tracking/v3/shipment-trackings/providers")


@attrs.define(kw_only=True, eq=False)
class WooCommerceShop(Shop):
    """A WooCommerce shop that answers calls under any origin and sub-path. What it holds is ``Shop``'s.

    Args:
        consumer_key, consumer_secret, permission, https, trusts_http, strips_authorization: See ``Keys``.

        may_manage: The key's user may manage the shop. If not, answers are 403.

        plain_permalinks: ``/wp-json/`` does not exist, only ``?rest_route=``, where keys do not count.

        orderby_modified: Lists can be ordered by modification; old stores refuse that.

        bare_fulfillment_answers: The shape of newer versions, without the wrapping object.
    """

    consumer_key: str = attrs.field(default="ck_" + "1" * 40, repr=False)
    consumer_secret: str = attrs.field(default="cs_" + "2" * 40, repr=False)
    permission: Literal["read", "write", "read_write"] = "read_write"
    https: bool = True
    trusts_http: bool = False
    strips_authorization: bool = False
    may_manage: bool = True
    plain_permalinks: bool = False
    orderby_modified: bool = True
    bare_fulfillment_answers: bool = False

    _keys: Keys = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        Shop.__attrs_post_init__(self)
        self._keys = Keys(
            consumer_key=self.consumer_key,
            consumer_secret=self.consumer_secret,
            permission=self.permission,
            https=self.https,
            trusts_http=self.trusts_http,
            strips_authorization=self.strips_authorization,
        )

    def handle(self, call: Call, now: datetime) -> Response:
        """Carry the call out and answer as WooCommerce would."""
        url = urlsplit(call.url)
        query = php_query(url.query)
        route = query.pop("rest_route", None)
        prefix, below, path = url.path.partition("/wp-json")
        if below and not self.plain_permalinks:
            path = unquote(path)
        elif isinstance(route, str):
            prefix, path = url.path.removesuffix("index.php").rstrip("/"), route
        else:
            return html_page(404, "Not Found", now)
        home = self.home or f"{url.scheme}://{url.netloc.lower()}{prefix}"
        params = as_params(query)
        method = text(params.pop("_method", None)) or call.headers.get("X-HTTP-Method-Override", call.method)
        ask = Ask(method=method.upper(), path=path.strip("/"), params=params, body={}, home=home, now=now)
        try:
            answer = self._answer(ask, call, self._keys.let_in(call, home, now))
        except WpError as no:
            answer = Answer({"code": no.code, "message": no.message, "data": no.data}, status=no.status)
        if answer.status < 400 and ask.method in WRITES:
            self.effects.append(Effect(ask.method, "/" + ask.path, now))
        self.deliver(now)
        body = b"" if call.method == "HEAD" else encode(_shape(answer, text(params.get("_fields"))))
        headers = {
            "Content-Type": "application/json; charset=UTF-8",
            "Date": format_datetime(now, usegmt=True),
            **answer.headers,
        }
        return Response(answer.status, headers=Headers(headers), body=body)

    def _answer(self, ask: Ask, call: Call, known: bool) -> Answer:
        if known:
            self._keys.allow(ask.method)
        method = "GET" if ask.method == "HEAD" else ask.method
        for pattern, methods, respond in self._routes():
            found = re.fullmatch(pattern, ask.path)
            if found and method in methods:
                body = read_body(call)
                if ask.path not in PUBLIC and not (known and self.may_manage):
                    raise _refused(method, ask.path, 403 if known else 401)
                first, second, *_ = [*(group or "" for group in found.groups()), "", ""]
                return respond(attrs.evolve(ask, params={**ask.params, **body}, body=body), first, second)
        raise WpError("rest_no_route", "No route was found matching the URL and request method.", 404)

    def _routes(self) -> list[Route]:
        return [
            ("wc/v3", ("GET",), self._list_routes),
            *SiteRoutes(self, self.https).routes(),
            *OrderRoutes(self, self.orderby_modified).routes(),
            *ShippingRoutes(self, self.bare_fulfillment_answers).routes(),
        ]

    def _list_routes(self, ask: Ask, _0: str, _1: str) -> Answer:
        listed: dict[str, list[Json]] = {}
        for pattern, methods, _ in self._routes():
            if pattern.startswith("wc/v3"):
                name = pattern.replace(r"orders/(\d+)/", r"orders/(?P<order_id>[\d]+)/")
                listed.setdefault("/" + name.replace(r"(\d+)", r"(?P<id>[\d]+)"), []).extend(methods)
        routes: Object = {
            name: {"namespace": "wc/v3", "methods": methods} for name, methods in listed.items()
        }
        return Answer(
            {"namespace": "wc/v3", "routes": routes}, links={"up": [{"href": f"{ask.home}/wp-json/"}]}
        )


def _refused(method: str, path: str, status: int) -> WpError:
    what, message = REFUSED[method]
    if method == "GET" and not path[-1].isdigit():
        message = "Sorry, you cannot list resources."
    return WpError(f"woocommerce_rest_cannot_{what}", message, status)


def _shape(answer: Answer, fields: str) -> Json:
    body = answer.body
    if fields and answer.status < 400:
        keep = [name.strip() for name in fields.split(",")]
        body = array(trim(row, keep) for row in rows(body)) if isinstance(body, list) else body
        body = trim(body, keep) if isinstance(body, dict) else body
    if answer.links is not None and isinstance(body, dict):
        whole: Object = {**body, "_links": answer.links}
        return whole
    return body
