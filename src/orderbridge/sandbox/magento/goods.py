"""What the shop sells, and the order lines that are made from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal

import attrs

from .values import ZERO, Json, Object, Row, amount, cents

Kind = Literal["simple", "configurable", "bundle", "virtual", "downloadable"]

# Columns with a twin in the base currency.
PAIRED = (
    *("price", "original_price", "price_incl_tax", "row_total", "row_total_incl_tax", "row_invoiced"),
    *("tax_amount", "tax_invoiced", "discount_amount", "discount_invoiced", "amount_refunded"),
)
# Not written for the child of a configurable, which costs nothing by itself.
_NOT_OF_VARIANTS = (
    *("base_original_price", "base_price_incl_tax", "price_incl_tax"),
    *("discount_tax_compensation_amount", "base_discount_tax_compensation_amount"),
)
_NOT_OF_BUNDLES = ("discount_tax_compensation_amount", "base_discount_tax_compensation_amount", "tax_percent")


def dec(value: Decimal | int | str) -> Decimal:
    """Amounts and quantities are given as people type them, and kept exactly."""
    return Decimal(value)


@attrs.frozen(kw_only=True)
class Item:
    """One thing as a shopper puts it in the cart. A product the shop does not have yet is made.

    Args:
        price: Of one, without tax, in the base currency. A bundle with priced parts costs what they cost.

        kind: A configurable is bought as one of its variants, and ``sku`` is then the variant's.

        parts: What is in a bundle; ``quantity`` counts those in one bundle.

        separately: The bundle's parts ship one by one.

        discount: Of the whole line, in the base currency.

        decimal: Sold by length or weight: quantities need not be whole.

        options: Custom options, by name (an engraving).
    """

    sku: str
    quantity: Decimal = attrs.field(default=Decimal(1), converter=dec)
    price: Decimal = attrs.field(default=Decimal(10), converter=dec)
    name: str = ""
    kind: Kind = "simple"
    parts: Sequence[Item] = ()
    separately: bool = False
    discount: Decimal = attrs.field(default=ZERO, converter=dec)
    tax_percent: Decimal = attrs.field(default=ZERO, converter=dec)
    weight: Decimal = attrs.field(default=Decimal(1), converter=dec)
    decimal: bool = False
    options: Mapping[str, str] = attrs.field(factory=dict[str, str], repr=False)


@attrs.define(kw_only=True, eq=False)
class Product:
    """One row of the catalog."""

    product_id: int
    sku: str
    name: str
    kind: Kind
    price: Decimal
    separately: bool = False

    def as_json(self, created: str) -> Object:
        """As the catalog shows it. How a bundle ships stands nowhere else."""
        attributes: list[Json] = [{"attribute_code": "options_container", "value": "container2"}]
        if self.kind == "bundle":
            shipment_type = "1" if self.separately else "0"
            attributes.append({"attribute_code": "shipment_type", "value": shipment_type})
        attributes.append({"attribute_code": "url_key", "value": self.sku.lower()})
        return {
            "id": self.product_id,
            "sku": self.sku,
            "name": self.name,
            "attribute_set_id": 4,
            "price": float(self.price) if self.price % 1 else int(self.price),
            "status": 1,
            "visibility": 4,
            "type_id": self.kind,
            "created_at": created,
            "updated_at": created,
            "extension_attributes": {"website_ids": [1], "category_links": []},
            "product_links": [],
            "options": [],
            "media_gallery_entries": [],
            "tier_prices": [],
            "custom_attributes": attributes,
        }


@attrs.define(eq=False)
class Line:
    """One row of an order's items.

    Args:
        each: Of a bundle's part, how many are in one bundle.

        separately: Of a bundle, as its options say; a save that echoes the items loses it.
    """

    row: Row
    parent: Line | None = None
    children: list[Line] = attrs.field(factory=list["Line"], repr=False)
    each: Decimal = Decimal(1)
    separately: bool = False
    option: Object | None = None

    @property
    def item_id(self) -> int:
        """Its id."""
        return int(self.row["item_id"] or 0)

    @property
    def sku(self) -> str:
        """Its SKU."""
        return str(self.row["sku"])

    @property
    def kind(self) -> str:
        """The product's kind."""
        return str(self.row["product_type"])

    @property
    def virtual(self) -> bool:
        """Nothing to put in a box."""
        return bool(self.row["is_virtual"])

    def qty(self, what: str) -> Decimal:
        """``qty_ordered`` and so on, without the ``qty_``."""
        return amount(self.row[f"qty_{what}"])

    @property
    def ships_with_another(self) -> bool:
        """A dummy for shipping: another row is shipped in its place."""
        if self.parent is not None:
            return not (self.parent.kind == "bundle" and self.parent.separately)
        return self.kind == "bundle" and self.separately

    @property
    def billed_with_another(self) -> bool:
        """A dummy for money: another row is invoiced in its place."""
        if self.parent is not None:
            return self.parent.kind != "bundle" or not self.parent.priced_by_parts
        return self.kind == "bundle" and self.priced_by_parts

    @property
    def priced_by_parts(self) -> bool:
        """A bundle of which the parts have the prices."""
        return any(amount(child.row["base_price"]) for child in self.children)

    @property
    def in_bundle(self) -> bool:
        """A part of a bundle."""
        return self.parent is not None and self.parent.kind == "bundle"

    @property
    def to_ship(self) -> Decimal:
        """What Magento lets ship."""
        return ZERO if self.ships_with_another else self.left

    @property
    def left(self) -> Decimal:
        """What has not gone yet, whichever row it ships with.

        What was refunded is taken off what was shipped, not added to it.
        """
        gone = max(self.qty("shipped"), self.qty("refunded")) + self.qty("canceled")
        return max(self.qty("ordered") - gone, ZERO)

    @property
    def to_cancel(self) -> Decimal:
        """What a cancellation takes; of a bundle it is the rows with the money."""
        bundled = self.kind == "bundle" or self.in_bundle
        return min(self.to_invoice, self.left if bundled else self.to_ship)

    @property
    def to_invoice(self) -> Decimal:
        """What can still be invoiced."""
        if self.billed_with_another:
            return ZERO
        return max(self.qty("ordered") - self.qty("invoiced") - self.qty("canceled"), ZERO)

    @property
    def to_refund(self) -> Decimal:
        """What can still be refunded."""
        if self.billed_with_another:
            return ZERO
        return max(self.qty("invoiced") - self.qty("refunded"), ZERO)

    def add(self, what: str, units: Decimal, at: str) -> None:
        """Some more are shipped, invoiced, refunded or canceled."""
        if units:
            self.row[f"qty_{what}"] = self.qty(what) + units
            self.row["updated_at"] = at


def line_row(item: Item, product: Product, quantity: Decimal, rate: Decimal, price: Decimal) -> Row:
    """The columns of a line, but for its ids and times."""
    whole = price * quantity
    row: Row = {
        "free_shipping": 0,
        "discount_percent": cents(100 * item.discount / whole) if whole else ZERO,
        "discount_tax_compensation_amount": ZERO,
        "base_discount_tax_compensation_amount": ZERO,
        "is_qty_decimal": int(item.decimal),
        "is_virtual": int(item.kind in ("virtual", "downloadable")),
        "name": product.name,
        "no_discount": 0,
        "product_id": product.product_id,
        "product_type": item.kind,
        "qty_canceled": ZERO,
        "qty_invoiced": ZERO,
        "qty_ordered": quantity,
        "qty_refunded": ZERO,
        "qty_shipped": ZERO,
        "row_weight": item.weight * quantity,
        "sku": item.sku,
        "tax_percent": item.tax_percent,
        "weight": None if item.kind == "virtual" else item.weight,
    }
    # The price is exchanged and rounded, and what follows is worked out from it in each currency apart.
    for base, factor in (("base_", Decimal(1)), ("", rate)):
        one = price if base else cents(price * rate)
        money = _money(one, quantity, cents(item.discount * factor), item.tax_percent)
        money["original_price"] = price * factor
        row |= {f"{base}{name}": money.get(name, ZERO) for name in PAIRED}
    if item.kind == "bundle" and any(part.price for part in item.parts):
        for name in _NOT_OF_BUNDLES:
            del row[name]
    return row


def _money(price: Decimal, quantity: Decimal, discount: Decimal, tax_percent: Decimal) -> dict[str, Decimal]:
    row_total = price * quantity
    return {
        "price": price,
        "price_incl_tax": cents(price * (1 + tax_percent / 100)),
        "row_total": row_total,
        "row_total_incl_tax": row_total + cents(row_total * tax_percent / 100),
        "tax_amount": cents((row_total - discount) * tax_percent / 100),
        "discount_amount": discount,
    }


def add_up_bundle(line: Line) -> None:
    """A bundle of which the parts have the prices shows what they come to, and is not counted beside them."""
    for base in ("base_", ""):
        with_tax = sum(
            (amount(part.row[f"{base}price_incl_tax"]) * part.each for part in line.children), ZERO
        )
        line.row[f"{base}price_incl_tax"] = with_tax
        for name in ("tax_amount", "row_total_incl_tax"):
            line.row[f"{base}{name}"] = sum(
                (amount(part.row[f"{base}{name}"]) for part in line.children), ZERO
            )


def variant_row(row: Row, product: Product) -> Row:
    """The child of a configurable: the parent's SKU and quantity, and no price."""
    free: Row = {name: ZERO for name in row if name in PAIRED or name.removeprefix("base_") in PAIRED}
    child: Row = {**row, **free, "product_type": "simple", "product_id": product.product_id}
    child |= {"name": product.name, "tax_percent": ZERO, "row_weight": ZERO}
    for name in _NOT_OF_VARIANTS:
        del child[name]
    return child
