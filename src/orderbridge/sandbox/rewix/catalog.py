"""The feed of a simulated Rewix supplier: products, their models, and what stands about them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from xml.etree.ElementTree import Element, SubElement

import attrs

from .wire import Fields, fill

__all__ = ["LANGUAGES", "Feed", "Model", "Product", "assortment", "moment", "page_xml", "product_json"]

LANGUAGES = {"it_IT": "Italiano", "en_US": "English", "de_DE": "Deutsch", "fr_FR": "Français"}
# Numbers of the platform for its own tags.
_TAGS = {
    "brand": 1,
    "category": 4,
    "subcategory": 5,
    "season": 11,
    "color": 13,
    "gender": 26,
    "productname": 30,
}
_FIRST = datetime(2020, 7, 23, 9, 57, 46, 90087, tzinfo=UTC)  # of models that nothing happened to


@attrs.frozen(kw_only=True)
class Model:
    """One size or color of a product.

    Args:
        id: The stock id: the only number that orders take.

        code: The SKU, which other models may have too.

        list_price: Net price without any discount (``taxable``) in EUR; that of the shelf by default.
    """

    id: str
    code: str
    size: str = ""
    color: str = ""
    barcode: str = ""
    street_price: Decimal | None = None
    suggested_price: Decimal | None = None
    list_price: Decimal | None = None
    weight: Decimal | None = None
    backorder: bool = False


@attrs.frozen(kw_only=True)
class Product:
    """What several models have in common.

    Args:
        tags: Value by name, for those who ask with ``addtags=true``.

        descriptions: Text by locale, such as ``it_IT``.

        online: False: no longer sold, and yet in the feed.
    """

    id: int
    code: str
    name: str
    models: Collection[Model]
    brand: str = ""
    made_in: str = ""
    customs_code: str = ""
    weight: Decimal | None = None
    images: Collection[str] = ()
    tags: Mapping[str, str] = attrs.field(factory=dict[str, str])
    descriptions: Mapping[str, str] = attrs.field(factory=dict[str, str])
    online: bool = True

    @property
    def all_tags(self) -> dict[str, str]:
        """Its tags; the brand is one of them."""
        return ({"brand": self.brand} if self.brand else {}) | dict(self.tags)


@attrs.frozen(kw_only=True)
class Feed:
    """The shelf as the feed has it, which may be older than the shelf itself."""

    at: datetime
    stock: Mapping[str, int]
    prices: Mapping[str, Decimal]
    changed_at: Mapping[str, datetime]

    def changed(self, product: Product) -> datetime:
        """When something last happened to one of its models."""
        return max((self.changed_at.get(model.id, _FIRST) for model in product.models), default=_FIRST)

    def free(self, product: Product) -> int:
        """Units of all its models."""
        return sum(self.stock.get(model.id, 0) for model in product.models)


def assortment(products: Iterable[Product], stock: Iterable[str]) -> list[Product]:
    """These products, and one more for what is in stock and in none of them."""
    named = list(products)
    listed = {model.id for product in named for model in product.models}
    rest = [Model(id=each, code="SKU-82105_M", size="M") for each in stock if each not in listed]
    if rest:
        # All share the SKU: only the id tells them apart.
        named.append(Product(id=82105, code="SKU-82105", name="T-shirt", models=rest))
    return named


def moment(at: datetime) -> str:
    """``2020-08-03T13:48:50.910Z``"""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def product_json(product: Product, feed: Feed, locales: Collection[str], *, tags: bool) -> Fields:
    """As it stands in the JSON feed; numbers are to leave as floats."""
    texts: Fields = {
        locale: {"value": text} for locale, text in product.descriptions.items() if locale in locales
    }
    return {
        **_product(product, feed),
        "hs": product.customs_code,
        "images": [{"id": number, "url": url} for number, url in enumerate(product.images, 164458)],
        "models": [_model(model, feed) for model in product.models],
        "productLocalizations": {"description": texts},
        **(
            {"tags": [{"id": _tag(n), "name": n, "value": v} for n, v in product.all_tags.items()]}
            if tags
            else {}
        ),
    }


def page_xml(products: Collection[Product], feed: Feed, locales: Collection[str], *, tags: bool) -> Element:
    """The whole XML feed, which has everything on one page; some names differ from those in JSON."""
    total = str(len(products))
    page = Element("page", currentPage="1", pageSize=total, totalPages="1", totalNumberOfElements=total)
    page.set("lastUpdate", moment(feed.at))
    items = SubElement(page, "items")
    for product in products:
        item = SubElement(items, "item")
        fill(item, {**_product(product, feed), "intra": product.customs_code})
        pictures = SubElement(item, "pictures")
        for number, url in enumerate(product.images, 164458):
            fill(SubElement(pictures, "image"), {"id": number, "url": url})
        models = SubElement(item, "models")
        for model in product.models:
            fill(SubElement(models, "model"), _model(model, feed))
        texts = SubElement(SubElement(item, "localizations"), "description")
        for locale, text in product.descriptions.items():
            if locale in locales:
                SubElement(texts, "localevalue", localecode=locale).text = text
        if tags:
            wrapper = SubElement(item, "tags")
            for name, value in product.all_tags.items():
                fill(SubElement(wrapper, "tag"), {"id": _tag(name), "name": name, "value": {"value": value}})
    return page


def _tag(name: str) -> int:
    return _TAGS.get(name.lower(), 100)


def _product(product: Product, feed: Feed) -> Fields:
    """What both formats say alike; prices are those of the first model."""
    first = next(iter(product.models), None)
    return {
        "id": product.id,
        "name": product.name,
        "code": product.code,
        "brand": product.brand,
        **({} if first is None else _prices(first, feed)),
        "weight": product.weight,
        "availability": feed.free(product),
        "madein": product.made_in,
        "online": product.online,
        "intangible": False,
        "lastUpdate": moment(feed.changed(product)),
    }


def _model(model: Model, feed: Feed) -> Fields:
    return {
        "id": int(model.id),
        "model": model.size,
        "code": model.code,
        "barcode": model.barcode,
        "option1": model.size,
        "option2": model.color,
        "size": model.size,
        "color": model.color,
        **_prices(model, feed),
        "modelWeight": model.weight,
        "availability": feed.stock.get(model.id, 0),
        "backorder": model.backorder,
        "lastUpdate": feed.changed_at.get(model.id, _FIRST).isoformat().replace("+00:00", "Z"),
    }


def _prices(model: Model, feed: Feed) -> Fields:
    best = feed.prices.get(model.id)
    return {
        "streetPrice": model.street_price,
        "suggestedPrice": model.suggested_price,
        "taxable": model.list_price if model.list_price is not None else best,
        "bestTaxable": best,
        "currency": "EUR",
    }
