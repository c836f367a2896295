"""BDroppy: the same orders over the same paths, with tokens, user catalogs, and paged JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from ..._http import Call, Response
from .catalog import Feed, Product, assortment, moment
from .front import RewixSupplier
from .records import RewixOrder
from .wire import Fields, Refusal, json_answer

__all__ = ["BDroppySupplier"]

ALL_PRODUCTS = "6400c0ffee0123456789abcd"
# All known clients send these, so nobody knows what happens without one.
_OF_ORDERS = (
    "ref_id",
    "user_catalog_id",
    "shipping_taxable",
    "shipping_currency",
    "price_total",
    "price_currency",
    "cash_on_delivery",
)
_OF_ITEMS = ("price_taxable", "price_currency")


class BDroppySupplier(RewixSupplier):
    """A Rewix behind BDroppy's door. The habits of ``RewixSupplier`` are attributes here, too.

    Args:
        email: Who signs in, with ``password``, for a token.

        user_catalogs: Product ids by catalog id; None is all of them. By default one catalog with all.

        token_life: A token is refused so long after its login.
    """

    def __init__(
        self,
        *,
        email: str,
        password: str,
        stock: Mapping[str, Decimal | int],
        prices: Mapping[str, Decimal] | None = None,
        products: Collection[Product] = (),
        user_catalogs: Mapping[str, Collection[int] | None] | None = None,
        token_life: timedelta = timedelta(days=1),
    ) -> None:
        super().__init__(
            api_key=email,
            password=password,
            stock=stock,
            prices=prices,
            products=products,
            repeated_key="refuse_400_bdroppy",
        )
        self._login = {"email": email, "password": password}
        self.user_catalogs = dict(user_catalogs or {ALL_PRODUCTS: None})
        self.token_life = token_life
        self._token_numbers = count(1)
        self._tokens: dict[str, datetime] = {}

    def forget_tokens(self) -> None:
        """Every token is refused from now on, as after a change of the password."""
        self._tokens.clear()

    def _route(self, call: Call, now: datetime) -> Response:
        path = urlsplit(call.url).path
        if call.method == "POST" and path == "/api/auth/login":
            return self._sign_in(call, now)
        if call.method == "GET" and path == "/restful/user_catalog/list":
            self._let_in(call, now)
            return json_answer([self._user_catalog(each) for each in self.user_catalogs])
        return super()._route(call, now)

    def _sign_in(self, call: Call, now: datetime) -> Response:
        try:
            sent: object = json.loads(call.body)
        except ValueError:
            raise _told(400, "The body is no JSON") from None
        if sent != self._login:
            raise _told(401, "Wrong email or password")
        token = f"bdroppy-token-{next(self._token_numbers)}"
        self._tokens[token] = now + self.token_life
        return json_answer({"token": token})

    def _let_in(self, call: Call, now: datetime) -> None:
        kind, _, token = call.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or token not in self._tokens:
            raise _told(401, "Not signed in")
        if now >= self._tokens[token]:
            raise _told(401, "The token has expired")

    def _read_order(self, element: Element, now: datetime) -> RewixOrder:
        order = super()._read_order(element, now)
        extra = {name: (element.findtext(name) or "").strip() for name in _OF_ORDERS}
        for item in element.iterfind("item_list/item"):
            stock_id = (item.findtext("stock_id") or "").strip()
            extra |= {f"{name}/{stock_id}": (item.findtext(name) or "").strip() for name in _OF_ITEMS}
        for name, value in extra.items():
            if not value:
                raise Refusal(412, f"{name} is missing")
        if extra["user_catalog_id"] not in self.user_catalogs:
            raise Refusal(412, "The user_catalog_id is unknown")
        order.extra = extra
        return order

    # The catalog: always one of the user's.

    def _continued(self, feed: Feed, query: Mapping[str, str], now: datetime) -> list[Product]:
        chosen = query.get("user_catalog", "")
        if chosen not in self.user_catalogs:
            raise _told(404, "There is no such user_catalog")
        named = self.user_catalogs[chosen]
        products = super()._continued(feed, query, now)
        return [product for product in products if named is None or product.id in named]

    def _since(self, text: str) -> datetime | None:
        """Seconds since 1970, by the client's own clock: that is what BDroppy's plug-in sends."""
        return datetime.fromtimestamp(int(text), UTC) if text.isdecimal() and len(text) < 12 else None

    def _json_catalog(self, items: list[Fields], feed: Feed, query: Mapping[str, str]) -> Response:
        """Pages are counted from 1; who names no size gets all on one."""
        size = int(query["pageSize"]) if query.get("pageSize", "").isdecimal() else 0
        size = size or max(1, len(items))
        number = int(query["page"]) if query.get("page", "").isdecimal() else 1
        shown: list[Fields] = items[(number - 1) * size : number * size] if number else []
        if query.get("onlyid") == "true":
            shown = [{"id": item["id"], "refId": item["id"]} for item in shown]
        body: Fields = {
            "items": shown,
            "totalPages": -(-len(items) // size),
            "lastUpdate": moment(feed.at),
            "userCatalog": self._user_catalog(query["user_catalog"]),
        }
        return json_answer(body)

    def _user_catalog(self, catalog_id: str) -> Fields:
        named = self.user_catalogs[catalog_id]
        return {
            "_id": catalog_id,
            "name": f"Catalog {list(self.user_catalogs).index(catalog_id) + 1}",
            "count": len(assortment(self.products, self.stock) if named is None else named),
            "currency": "EUR",
        }


def _told(status: int, message: str) -> Refusal:
    return Refusal(status, json.dumps({"message": message}), "application/json")
