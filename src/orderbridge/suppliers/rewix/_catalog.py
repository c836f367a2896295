"""The catalog: what is sold, and at which price.

Nothing can be asked about a single model, so the whole of it is read, and kept for a while.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import timedelta
from decimal import Decimal
from typing import TypeAlias, cast

import attrs

from ..._model import Money
from ...adapters import (
    Cursor,
    Flow,
    Headers,
    Product,
    ProductPage,
    Read,
    Response,
    decode,
    decode_bytes,
    decode_each,
)
from ...errors import Malformed
from ._answers import word
from ._order import MODEL

_PATH = "/restful/export/api/products.json"
_ACCEPT = Headers({"Accept": "application/json"})
_ONE_LANGUAGE = ("acceptedlocales", "en_US")  # its texts are not read; without, all languages come

# A supplier tells what has changed since an answer for four hours, and its prices are made anew each
# quarter of an hour.
_WHOLE = timedelta(hours=3)
_NEWS = timedelta(minutes=5)
_PAGES = timedelta(hours=1)
_PER_PAGE = "100"
_MOST_PAGES = 10_000

_UNREAD = "unread "


@attrs.frozen(kw_only=True)
class Catalog:
    """What of the catalog could be read, and what could not.

    Args:
        products: By model id.

        unread: What is wrong with each item that was left out, with its place in the answer.
    """

    products: dict[str, Product]
    unread: tuple[str, ...] = ()
    last_update: str = ""
    pages: int = 1

    def of(self, remote_ids: Collection[str]) -> tuple[Product, ...]:
        """Those that are sold."""
        return tuple(self.products[each] for each in remote_ids if each in self.products)


# --- as it is written ---------------------------------------------------------------------------

_Text: TypeAlias = str | int | float | None


@attrs.frozen(kw_only=True)
class _Model:
    id: _Text = None
    code: _Text = None
    option1: _Text = None
    option2: _Text = None
    option3: _Text = None
    color: _Text = None
    size: _Text = None
    taxable: Decimal | None = None
    bestTaxable: Decimal | None = None
    currency: str | None = None
    availability: Decimal | None = None


@attrs.frozen(kw_only=True)
class _Item:
    id: _Text = None
    code: _Text = None
    name: _Text = None
    taxable: Decimal | None = None
    bestTaxable: Decimal | None = None
    currency: str | None = None
    online: bool | None = None
    models: list[_Model] | None = None


@attrs.frozen(kw_only=True)
class _Page:
    pageItems: list[_Item] | None = None  # so of the version TEAL
    items: list[_Item] | None = None
    totalPages: _Text = None
    lastUpdate: _Text = None

    @property
    def rows(self) -> list[_Item]:
        rows = self.items if self.pageItems is None else self.pageItems
        if rows is None:
            raise Malformed("something else came where the catalog was expected", path="$.pageItems")
        return rows


def _read(response: Response) -> Catalog:
    unread: list[str] = []
    try:
        page = decode(_Page, response)
    except Malformed as error:
        page, unread = _each_by_itself(response, error)
    products: dict[str, Product] = {}
    for index, item in enumerate(page.rows):
        try:
            products |= {product.remote_id: product for product in _products(item, f"$[{index}]")}
        except Malformed as error:
            unread.append(error.message)
    pages = word(page.totalPages)
    return Catalog(
        products=products,
        unread=tuple(unread),
        last_update=word(page.lastUpdate),
        pages=min(int(pages), _MOST_PAGES) if pages.isdecimal() and len(pages) < 9 else 1,
    )


def _each_by_itself(response: Response, whole: Malformed) -> tuple[_Page, list[str]]:
    """The same for a catalog in which something is wrong: all items but those."""
    try:
        # Numbers stay the digits that they were written with.
        found: object = json.loads(response.text, parse_float=str)
    except (ValueError, RecursionError):
        raise whole from None
    if not isinstance(found, dict):
        raise whole
    document = cast("dict[str, object]", found)
    rows = document.pop("pageItems", None) or document.pop("items", None)
    if not isinstance(rows, list):
        raise whole
    each = decode_each(_Item, json.dumps(rows).encode())
    head = {name: document.get(name) for name in ("totalPages", "lastUpdate")}
    page = decode_bytes(_Page, json.dumps(head).encode())
    read = [item for item in each if isinstance(item, _Item)]
    return attrs.evolve(page, items=read), [item.message for item in each if isinstance(item, Malformed)]


def _products(item: _Item, path: str) -> tuple[Product, ...]:
    """Its models; none if it is no longer sold."""
    found: list[Product] = []
    for index, model in enumerate(item.models or []):
        remote_id = word(model.id)
        if not MODEL.fullmatch(remote_id):
            where = f"{path}.models[{index}].id"
            raise Malformed(f"{where}: not the number of a model", path=where)
        options = [model.option1, model.option2, model.option3]
        if not any(word(option) for option in options):
            options = [model.size, model.color]
        found.append(
            Product(
                remote_id=remote_id,
                product_ref=word(item.id),
                sku=word(model.code),
                name=", ".join(text for text in map(word, (item.name, *options)) if text),
                price=_price(item, model),
                available=model.availability,
            )
        )
    return () if item.online is False else tuple(found)


def _price(item: _Item, model: _Model) -> Money | None:
    """What the supplier asks for one, with all discounts; never less than that where it is not said."""
    amounts = (model.bestTaxable, model.taxable, item.bestTaxable, item.taxable)
    amount = next((each for each in amounts if each is not None), None)
    currency = model.currency or item.currency or ""
    if amount is None or amount <= 0:
        return None
    try:
        return Money(amount, currency)
    except ValueError:
        return None


# --- at one supplier ----------------------------------------------------------------------------


def whole() -> Flow[Catalog]:
    """All of a Rewix supplier's: a whole answer of some hours ago, and what changed since."""
    params = (("v", "TEAL"), _ONE_LANGUAGE)
    read = Read("GET", _PATH, params=params, headers=_ACCEPT, keep=_WHOLE)
    catalog = _read((yield read))
    if not catalog.last_update:
        return catalog
    since = (*params, ("since", catalog.last_update))
    response = yield Read("GET", _PATH, params=since, headers=_ACCEPT, keep=_NEWS)
    if response.status == 412:  # that was too long ago for the supplier
        return _read((yield attrs.evolve(read, fresh=True)))
    return _with(catalog, _read(response))


def _with(old: Catalog, new: Catalog) -> Catalog:
    return attrs.evolve(old, products={**old.products, **new.products}, unread=(*old.unread, *new.unread))


def products(cursor: Cursor | None) -> Flow[ProductPage]:
    """All of it as one page; what could not be read is told after it."""
    _tell(cursor)
    catalog = yield from whole()
    return ProductPage(items=tuple(catalog.products.values()), cursor=_unread(catalog.unread))


def _unread(unread: Iterable[str]) -> Cursor | None:
    """Where a listing goes on that has left something out: to the error which says so."""
    words = tuple(unread)
    more = f", and {len(words) - 5} more" if len(words) > 5 else ""
    return _UNREAD + "; ".join(words[:5]) + more if words else None


def _tell(cursor: Cursor | None) -> None:
    if cursor is not None and cursor.startswith(_UNREAD):
        told = cursor.removeprefix(_UNREAD)
        raise Malformed(f"not all of the catalog could be read: {told}", path=told.partition(":")[0])


# --- at BDroppy ---------------------------------------------------------------------------------


def page_of(user_catalog: str, number: int) -> Flow[Catalog]:
    """One page of a user's catalog."""
    params = (
        ("pageSize", _PER_PAGE),
        ("page", str(number)),
        _ONE_LANGUAGE,
        ("user_catalog", user_catalog),
    )
    return _read((yield Read("GET", _PATH, params=params, headers=_ACCEPT, keep=_PAGES)))


def all_pages(user_catalog: str) -> Flow[Catalog]:
    """All of a user's catalog."""
    catalog = yield from page_of(user_catalog, 1)
    for number in range(2, catalog.pages + 1):
        catalog = _with(catalog, (yield from page_of(user_catalog, number)))
    return catalog


def products_page(user_catalog: str, cursor: Cursor | None) -> Flow[ProductPage]:
    """One page of it; what could not be read is told after the last."""
    _tell(cursor)
    number, _, before = (cursor or "1").partition(" ")
    page = yield from page_of(user_catalog, int(number))
    unread = (*([before] if before else []), *page.unread)
    if int(number) < page.pages:
        return ProductPage(
            items=tuple(page.products.values()),
            cursor=f"{int(number) + 1} {'; '.join(unread[:5])}".strip(),
        )
    return ProductPage(items=tuple(page.products.values()), cursor=_unread(unread))
