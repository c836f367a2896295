"""The shapes of Magento's JSON.

Only fields that are needed are named here, so that what extensions do to the others never stops an order.
Lists come as null, and empty objects as ``[]``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Generic, TypeVar

import attrs

from ._values import Amount, Scalar, id_text, number, number_of, text

T = TypeVar("T")


# --- orders ------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True, repr=False)
class WireAddress:
    """Its ``parent_id`` is the order it belongs to."""

    parent_id: Scalar = None
    firstname: Scalar = ""
    middlename: Scalar = ""
    lastname: Scalar = ""
    company: Scalar = ""
    street: list[Scalar] | str | None = None
    city: Scalar = ""
    region: Scalar = ""
    region_code: Scalar = ""
    postcode: Scalar = ""
    country_id: Scalar = ""
    telephone: Scalar = ""
    email: Scalar = ""
    vat_id: Scalar = ""


@attrs.frozen(kw_only=True)
class WireParent:
    """The parent as a child repeats it."""

    item_id: Scalar = None


@attrs.frozen(kw_only=True)
class WireItem:
    """One row of an order: a product, a parent of rows, or a row of a parent's."""

    item_id: Scalar = None
    parent_item_id: Scalar = None
    parent_item: WireParent | list[object] | None = None
    product_id: Scalar = None
    product_type: Scalar = ""
    sku: Scalar = ""
    name: Scalar = ""
    is_virtual: Scalar = 0
    is_qty_decimal: Scalar = 0
    qty_ordered: Amount = None
    qty_shipped: Amount = None
    qty_invoiced: Amount = None
    qty_refunded: Amount = None
    qty_canceled: Amount = None
    price: Amount = None
    row_total: Amount = None
    tax_amount: Amount = None
    discount_amount: Amount = None
    discount_tax_compensation_amount: Amount = None
    weight: Amount = None
    product_option: object = None

    @property
    def ref(self) -> str:
        """Its id; empty where none came."""
        return id_text(self.item_id)

    @property
    def title(self) -> str:
        """What people find it by."""
        sku = text(self.sku)
        return f"row {self.ref} ({sku})" if sku else f"row {self.ref}"

    @property
    def parent(self) -> str:
        """The id of the row it is a part of, or empty."""
        inside = self.parent_item
        return id_text(self.parent_item_id) or (
            id_text(inside.item_id) if isinstance(inside, WireParent) else ""
        )


def row_total(item: WireItem, path: str) -> Decimal:
    """Of a row of an order: before discounts, without tax.

    The API of Magento 2.4 shows it after discounts, and as 0 where that comes to less, although the shop
    keeps it as it was, which older versions show too (seen in 2.4.7: Order/Webapi/ChangeOutputArray.php).
    """
    shown = number(item.row_total, f"{path}.row_total")
    discount = number(item.discount_amount, f"{path}.discount_amount")
    by_price = number(item.price, f"{path}.price") * number(item.qty_ordered, f"{path}.qty_ordered")
    if not discount or item.price is None:
        return shown
    if not shown:
        return by_price
    return min(shown, shown + discount, key=lambda total: abs(total - by_price))


@attrs.frozen(kw_only=True)
class WirePayment:
    method: Scalar = ""
    amount_authorized: Amount = None


@attrs.frozen(kw_only=True)
class WireShippingWay:
    address: WireAddress | list[object] | None = None
    method: Scalar = ""


@attrs.frozen(kw_only=True)
class WireAssignment:
    shipping: WireShippingWay | list[object] | None = None


@attrs.frozen(kw_only=True)
class WireOrderMore:
    shipping_assignments: tuple[WireAssignment, ...] | None = None


@attrs.frozen(kw_only=True, repr=False)
class WireComment:
    """A comment on an order or a shipment."""

    entity_id: Scalar = None
    comment: Scalar = ""
    is_visible_on_front: Scalar = 0

    @property
    def ref(self) -> str:
        return id_text(self.entity_id)


@attrs.frozen(kw_only=True, repr=False)
class WireOrder:
    entity_id: Scalar = None
    increment_id: Scalar = ""
    store_id: Scalar = None
    state: Scalar = ""
    status: Scalar = ""
    created_at: Scalar = ""
    updated_at: Scalar = ""
    order_currency_code: Scalar = ""
    base_to_order_rate: Amount = None
    grand_total: Amount = None
    total_due: Amount = None
    total_paid: Amount = None
    total_refunded: Amount = None
    total_canceled: Amount = None
    shipping_amount: Amount = None
    shipping_incl_tax: Amount = None
    shipping_refunded: Amount = None
    shipping_tax_refunded: Amount = None
    shipping_discount_amount: Amount = None
    shipping_discount_tax_compensation_amount: Amount = None
    shipping_description: Scalar = ""
    customer_email: Scalar = ""
    customer_note: Scalar = ""
    ext_order_id: Scalar = ""
    relation_parent_id: Scalar = None
    payment: WirePayment | list[object] | None = None
    billing_address: WireAddress | list[object] | None = None
    items: tuple[WireItem, ...] | None = None
    extension_attributes: WireOrderMore | list[object] | None = None

    @property
    def ref(self) -> str:
        """Its id in every address of the API; never the number people call it by."""
        return id_text(self.entity_id)

    @property
    def title(self) -> str:
        """What people find it by."""
        return f"order {text(self.increment_id) or self.ref}"

    @property
    def lines(self) -> tuple[WireItem, ...]:
        return self.items or ()

    @property
    def method(self) -> str:
        """Code of the payment method."""
        return text(self.payment.method) if isinstance(self.payment, WirePayment) else ""

    @property
    def currency(self) -> str:
        return text(self.order_currency_code)


@attrs.frozen(kw_only=True)
class WireRow:
    """As much of an order, shipment, invoice or credit memo as a cursor needs; a bad one stops no list."""

    entity_id: object = None
    order_id: object = None
    updated_at: object = ""

    @property
    def id(self) -> int:
        return number_of(self.entity_id)

    @property
    def order(self) -> int:
        return number_of(self.order_id)


@attrs.frozen(kw_only=True)
class WireMade:
    """The answer to a write that gives back what it made."""

    entity_id: Scalar = None

    @property
    def ref(self) -> str:
        return id_text(self.entity_id)


# --- what was made of an order -------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class WireShipped:
    """So many units of a row in a shipment, an invoice or a credit memo."""

    order_item_id: Scalar = None
    qty: Amount = None

    @property
    def ref(self) -> str:
        return id_text(self.order_item_id)

    @property
    def units(self) -> Decimal:
        return number(self.qty, "$.items[].qty")


@attrs.frozen(kw_only=True)
class WireTrack:
    entity_id: Scalar = None
    track_number: Scalar = ""
    title: Scalar = ""
    carrier_code: Scalar = ""

    @property
    def ref(self) -> str:
        return id_text(self.entity_id)


@attrs.frozen(kw_only=True)
class WireShipment:
    entity_id: Scalar = None
    order_id: Scalar = None
    email_sent: Scalar = None
    items: tuple[WireShipped, ...] | None = None
    tracks: tuple[WireTrack, ...] | None = None
    comments: tuple[WireComment, ...] | None = None

    @property
    def ref(self) -> str:
        return id_text(self.entity_id)


@attrs.frozen(kw_only=True)
class WireCreditmemo:
    """Its ``state``: 1 open, 2 refunded, 3 canceled."""

    entity_id: Scalar = None
    order_id: Scalar = None
    invoice_id: Scalar = None
    state: Scalar = None
    grand_total: Amount = None
    items: tuple[WireShipped, ...] | None = None
    comments: tuple[WireComment, ...] | None = None

    @property
    def ref(self) -> str:
        return id_text(self.entity_id)


@attrs.frozen(kw_only=True)
class WireInvoice:
    """Its ``state``: 1 open, 2 paid, 3 canceled."""

    entity_id: Scalar = None
    order_id: Scalar = None
    state: Scalar = None
    grand_total: Amount = None
    transaction_id: Scalar = ""
    items: tuple[WireShipped, ...] | None = None

    @property
    def ref(self) -> str:
        return id_text(self.entity_id)


@attrs.frozen(kw_only=True)
class WireAttribute:
    attribute_code: Scalar = ""
    value: object = None


@attrs.frozen(kw_only=True)
class WireProduct:
    id: Scalar = None
    sku: Scalar = ""
    custom_attributes: tuple[WireAttribute, ...] | dict[str, object] | None = None

    @property
    def ships_separately(self) -> bool | None:
        """Of a bundle, that its parts ship by themselves; None where the product does not say."""
        found = self.custom_attributes or ()
        if isinstance(found, dict):
            said = text(found.get("shipment_type"))
        else:
            said = next((text(each.value) for each in found if each.attribute_code == "shipment_type"), "")
        return said == "1" if said in ("0", "1") else None


@attrs.frozen(kw_only=True)
class WireList(Generic[T]):
    """A page of a list. One without ``items`` is none, be it answered with a yes."""

    items: tuple[T, ...] | None
    total_count: Scalar = None

    @property
    def rows(self) -> tuple[T, ...]:
        return self.items or ()

    @property
    def total(self) -> int:
        return number_of(self.total_count)
