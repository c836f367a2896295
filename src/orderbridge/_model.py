"""The domain: what shoppers bought, and what suppliers are to ship.

Everything here is a frozen value. Money is exact and knows its currency, quantities are decimals
(shops sell 1.5 m of fabric), times are aware and in UTC, and ids of platforms are opaque text.
Fields that hold a shopper's data have no place in any repr.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Context, Decimal
from enum import Enum

import attrs

from ._money import Money

__all__ = [
    "Address",
    "Allocation",
    "BuyerContext",
    "Document",
    "Held",
    "Line",
    "Money",
    "NoticeLine",
    "Order",
    "Package",
    "ProductLink",
    "PurchaseLine",
    "PurchaseOrder",
    "Secret",
    "Shipment",
    "ShipmentLine",
    "ShipmentNotice",
    "ShippingChoice",
    "ShopRefund",
    "StorePayment",
]


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"time: {value.isoformat()} has no time zone; give an aware datetime")
    return value.astimezone(UTC)


def utc_or_none(value: datetime | None) -> datetime | None:
    return None if value is None else _utc(value)


def _not_negative(instance: object, attribute: attrs.Attribute[Decimal], value: object) -> None:
    if not isinstance(value, Decimal) or not value.is_finite() or value < 0:
        raise ValueError(f"{attribute.name}: {value} is not a quantity of zero or more")


def _whole(text: str) -> str:
    """With the sign for no character where half of one stands: shops cut text off, and no file holds that."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _text(value: object, field: attrs.Attribute[str]) -> str:
    if not isinstance(value, str):
        kind = type(value).__name__
        raise ValueError(f"{field.name}: {kind} is no text; what is not known is empty text")
    return _whole(value)


def checks_texts(_: type, fields: list[attrs.Attribute[object]]) -> list[attrs.Attribute[object]]:
    """Look at each text of a class: a None would stand as the word "None" in the journal, and on a parcel."""
    # One function a field, because whatever is made passes here, also what the journal has.
    checked = attrs.Converter(_text, takes_field=True)
    return [field.evolve(converter=checked) if field.type in (str, "str") else field for field in fields]


def _text_pairs(value: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((_whole(name), _whole(said)) for name, said in value)


# Wide enough for any number that gets this far; the caller's own context might round.
_PLAIN = Context(prec=200)


def _as_written_once(value: object) -> object:
    """Equal values in equal words: shops write 2, 2.0 and 2.00 by turns, which is no change."""
    if isinstance(value, Enum):
        return value.value
    return str(_PLAIN.normalize(value)) if isinstance(value, Decimal) else value


class Secret:
    """A password, key or token that no repr, log or error can show by accident."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself: call it only where the request is signed."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(...)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)


class StorePayment(Enum):
    """How far the shopper has paid the shop. Words are never renamed or removed."""

    UNPAID = "UNPAID"
    AUTHORIZED = "AUTHORIZED"
    PAID = "PAID"
    PART_PAID = "PART_PAID"
    PART_REFUNDED = "PART_REFUNDED"
    REFUNDED = "REFUNDED"
    VOIDED = "VOIDED"
    ON_DELIVERY = "ON_DELIVERY"
    UNKNOWN = "UNKNOWN"


@attrs.frozen(kw_only=True, field_transformer=checks_texts)
class Address:
    """Where to ship or bill. Only the country shows in a repr."""

    name: str = attrs.field(default="", repr=False)
    company: str = attrs.field(default="", repr=False)
    line1: str = attrs.field(default="", repr=False)
    line2: str = attrs.field(default="", repr=False)
    city: str = attrs.field(default="", repr=False)
    region: str = attrs.field(default="", repr=False)
    region_code: str = attrs.field(default="", repr=False)
    postal_code: str = attrs.field(default="", repr=False)
    country: str = ""  # ISO 3166-1 alpha-2, or empty where the shop does not say
    phone: str = attrs.field(default="", repr=False)
    email: str = attrs.field(default="", repr=False)
    tax_id: str = attrs.field(default="", repr=False)

    def __bool__(self) -> bool:
        return any(attrs.astuple(self))


@attrs.frozen(kw_only=True, field_transformer=checks_texts)
class ShippingChoice:
    """A shipping method the shopper chose, in the shop's words."""

    code: str
    title: str
    total: Money


@attrs.frozen(kw_only=True, field_transformer=checks_texts)
class Line:
    """One line of a shop's order.

    Args:
        ref: The line's id in the shop.

        ship_ref: What the shop wants named when this line ships: a configurable's parent, a
            bundle's child; mostly ``ref`` itself.

        sku: May be empty, and may not be unique.

        product_ref: Empty where the product has been deleted.

        variant_ref: Empty where the product has no variants.

        attributes: What the shopper chose, by name: size, color, engraving.

        quantity: Units ordered, before any cancel or refund.

        canceled: Units that will never ship.

        refunded: Units whose money went back.

        fulfilled: Units that the shop knows as shipped, by whomever.

        unit_price: Of one unit, after discounts, without tax.

        total: Of the whole line, after discounts, without tax.

        tax: On ``total``.

        shippable: False for services, downloads, and containers whose children ship.

        container: ``ref`` of the bundle this line is a part of, or empty.

        link_as: What product links call the product, where ``variant_ref`` alone could be another one's.

        supplier_ref: What the shop says its supplier calls the product; a hint that a rule may follow.

        weight: Of one unit in kg, where the shop says so.

        vendor: Who makes or sells the product, where the shop says so.

        tags: The product's, where the shop says them.

        shipping_class: The shop's word for how the product is to be shipped, where it has one.
    """

    ref: str
    ship_ref: str = ""
    sku: str = ""
    product_ref: str = ""
    variant_ref: str = ""
    name: str = ""
    attributes: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_text_pairs, repr=False)
    quantity: Decimal = attrs.field(validator=_not_negative)
    canceled: Decimal = attrs.field(default=Decimal(0), validator=_not_negative)
    refunded: Decimal = attrs.field(default=Decimal(0), validator=_not_negative)
    fulfilled: Decimal = attrs.field(default=Decimal(0), validator=_not_negative)
    unit_price: Money
    total: Money
    tax: Money
    shippable: bool = True
    container: str = ""
    link_as: str = ""
    supplier_ref: str = ""
    weight: Decimal | None = None
    vendor: str = ""
    tags: tuple[str, ...] = ()
    shipping_class: str = ""

    @property
    def facts(self) -> tuple[object, ...]:
        """What the shop says of the product beside the order: rules go by it, and it may change any time."""
        return self.weight, self.vendor, self.tags, self.shipping_class

    @property
    def link_key(self) -> str:
        """What a ``ProductLink`` names: the variant, else the product, else the SKU as ``sku:...``."""
        return self.link_as or self.variant_ref or self.product_ref or (f"sku:{self.sku}" if self.sku else "")

    @property
    def open(self) -> Decimal:
        """Units still to ship."""
        if not self.shippable:
            return Decimal(0)
        return max(Decimal(0), self.quantity - self.canceled - self.refunded - self.fulfilled)


@attrs.frozen(kw_only=True, field_transformer=checks_texts)
class ShopRefund:
    """A refund that the shop has: money given back, or the record that it was.

    Args:
        ref: The shop's id of it.

        amount: Above zero, tax included.
    """

    ref: str
    amount: Money


@attrs.frozen(kw_only=True, field_transformer=checks_texts)
class Order:
    """What a shopper bought in one store.

    Args:
        store: Name of the account.

        ref: The order's id in the store's API.

        number: What people call it.

        placed_at: When the shopper bought (UTC).

        updated_at: When the store last changed it (UTC); no proof of a change, see ``digest``.

        currency: ISO 4217.

        payment: How far the shopper has paid.

        ready: The store says that this order may be shipped now: not a draft, not on hold, not closed.

        canceled: The store says that nothing of it may ship any more.

        raw_status: The store's own word.

        shipping: The methods the shopper chose.

        total: What the shopper pays in all.

        refunds: What the shopper got back, by whomever; the units of it stand in the lines.

        note: The shopper's words to the merchant.

        replaces: ``ref`` of the order that staff made this one from, where it takes that one's place. While
            that one is still to come from a supplier, nothing of this one is ordered unasked.

        extra: What the platform says beyond the model, by name; not part of the digest.
    """

    store: str
    ref: str
    number: str
    placed_at: datetime = attrs.field(converter=_utc)
    updated_at: datetime = attrs.field(converter=_utc)
    currency: str
    payment: StorePayment = attrs.field(validator=attrs.validators.instance_of(StorePayment))
    ready: bool
    canceled: bool = False
    raw_status: str = ""
    lines: tuple[Line, ...] = ()
    ship_to: Address | None = attrs.field(default=None, repr=False)
    bill_to: Address | None = attrs.field(default=None, repr=False)
    shipping: tuple[ShippingChoice, ...] = attrs.field(default=(), repr=False)
    total: Money
    refunds: tuple[ShopRefund, ...] = ()
    note: str = attrs.field(default="", repr=False)
    replaces: str = ""
    tags: tuple[str, ...] = ()
    extra: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_text_pairs, repr=False)

    def __attrs_post_init__(self) -> None:
        if len({line.ref for line in self.lines}) < len(self.lines):
            raise ValueError("lines: two of them have the same ref; give each its own")

    @property
    def id(self) -> str:
        """``store/ref``."""
        return f"{self.store}/{self.ref}"

    @property
    def digest(self) -> str:
        """Fingerprint of what matters to shipping and money, so that an echo of our own note is no change."""
        # What shops say of a product may change later, which is no change of the order.
        skip = {"updated_at", "extra", "tags", "weight", "vendor", "shipping_class"}
        doc = attrs.asdict(
            self,
            filter=lambda field, _: field.name not in skip,
            value_serializer=lambda _, __, value: _as_written_once(value),
        )
        return hashlib.sha256(json.dumps(doc, sort_keys=True, default=str).encode()).hexdigest()


@attrs.frozen(kw_only=True)
class ProductLink:
    """This product of a store is that remote id at a supplier.

    Args:
        store: Name of the store's account.

        key: ``link_key`` of the shop's lines: mostly ``variant_ref``, else ``product_ref``; or
            ``sku:...``, which fits any line with that SKU.

        supplier: Name of the supplier's account.

        remote_id: What the supplier wants ordered (Rewix: the model's id, never its SKU).

        factor: Supplier units in one unit of the shop; a kit has several links.

        cost: What the supplier asked for one of its units when this was linked, without tax; where it is
            set, an order that would cost more than ``Policy.price_drift`` allows becomes a review.

        priority: Which of several suppliers comes first: the lowest.
    """

    store: str
    key: str
    supplier: str
    remote_id: str
    factor: Decimal = Decimal(1)
    cost: Money | None = None
    priority: int = 0


@attrs.frozen(kw_only=True)
class Allocation:
    """So many units of one line, to one supplier account."""

    line_ref: str
    supplier: str
    remote_id: str
    units: Decimal  # of the shop's line
    factor: Decimal = Decimal(1)
    cost: Money | None = None  # of one supplier unit, as its link has it


@attrs.frozen(kw_only=True)
class PurchaseLine:
    """What one purchase order asks for of one remote id, for one line of the shop's order.

    Args:
        quantity: How many are ordered, in the supplier's units; ``PurchaseOrder.units`` sums it by remote id.

        units: How many of the shop's line these are: 12 where 2 packs of six are ordered. The supplier is
            told nothing of it.
    """

    line_ref: str
    ship_ref: str = ""
    remote_id: str
    quantity: Decimal
    units: Decimal
    sku: str = ""
    name: str = ""
    cost: Money | None = None  # of one supplier unit, as its link has it


@attrs.frozen(kw_only=True)
class PurchaseOrder:
    """Exactly one order at one supplier, for one order of a store.

    Args:
        id: ``store/ref/supplier/n``.

        reference: What the supplier sees as our order number: 16 letters and digits, stored at
            creation and never computed again.

        supplier_ref: The supplier's own id of it, once known.

        ship_to: The shopper's address.

        placed_at: When the shopper bought (UTC); fixed, so that the same purchase order is always
            the same bytes.

        carrier: The supplier's code of the shipping method chosen for it; empty lets the supplier choose.

        part: Which part of the supplier it goes to, where the supplier takes only one in an order
            (Alibaba: the seller and the place of dispatch); see ``Splits``.

        packing: What goes in beside the goods, in words: packaging, cards. What a supplier cannot take by
            itself stands in ``note`` as well.
    """

    id: str
    order_id: str
    order_ref: str
    order_number: str
    store: str
    supplier: str
    n: int = 1
    reference: str
    lines: tuple[PurchaseLine, ...]
    supplier_ref: str = ""
    ship_to: Address = attrs.field(repr=False)
    placed_at: datetime = attrs.field(converter=_utc)
    note: str = attrs.field(default="", repr=False)
    carrier: str = ""
    part: str = ""
    packing: tuple[str, ...] = ()

    @property
    def units(self) -> dict[str, Decimal]:
        """What is ordered: ``quantity`` of the lines, not their ``units``, by remote id.

        Equal ids are summed: suppliers refuse or lose repeated ones.
        """
        sums: dict[str, Decimal] = {}
        for line in self.lines:
            sums[line.remote_id] = sums.get(line.remote_id, Decimal(0)) + line.quantity
        return sums


@attrs.frozen(kw_only=True)
class BuyerContext:
    """The person who has a supplier paid, as the person's browser shows itself.

    Suppliers such as Alibaba judge fraud by it, so it comes from the application that embeds us, is never
    made up, and is never kept in the journal.

    Args:
        ip: The person's address, as the application saw it.

        user_agent: The browser's own words.

        accept_language: As the browser sent it: ``"en-US,en;q=0.9"``.

        screen: Width and height in pixels: ``"1920*1080"``.

        member_since: When the person registered with the application (UTC).
    """

    ip: str = attrs.field(repr=False)
    user_agent: str = attrs.field(repr=False)
    accept_language: str = attrs.field(repr=False)
    screen: str = attrs.field(repr=False)
    member_since: datetime = attrs.field(converter=_utc, repr=False)


@attrs.frozen(kw_only=True)
class Document:
    """Something to save, print or mail.

    Args:
        name: A file name that is safe on any system.

        media_type: ``text/csv``, ``text/html``.

        body: Its bytes; they name a shopper.
    """

    name: str
    media_type: str
    body: bytes = attrs.field(repr=False)


@attrs.frozen(kw_only=True, field_transformer=checks_texts)
class Held:
    """What a supplier account's growing order holds of one remote id.

    Args:
        remote_id: The supplier's id.

        held: Units reserved for the account, by whomever.

        available: Units that could still be reserved, where the supplier says so.
    """

    remote_id: str
    held: Decimal = attrs.field(validator=_not_negative)
    available: Decimal | None = None


@attrs.frozen(kw_only=True, field_transformer=checks_texts)
class Package:
    """One parcel: carrier and tracking in the supplier's words."""

    tracking_number: str = ""
    tracking_url: str = ""
    carrier: str = ""


@attrs.frozen(kw_only=True, field_transformer=checks_texts)
class ShipmentLine:
    """So many supplier units of a remote id in a shipment."""

    remote_id: str
    quantity: Decimal


@attrs.frozen(kw_only=True, field_transformer=checks_texts)
class Shipment:
    """What left the supplier, or is about to.

    Args:
        ref: The supplier's id of it, or what stands for one; the same departure has the same ref
            each time it is read.

        packages: May be empty while the tracking number is not known yet.

        lines: What is inside; None where the supplier does not say, which means all that is still
            to ship of the purchase order.

        shipped_at: When it left (UTC), where known.
    """

    ref: str
    packages: tuple[Package, ...] = ()
    lines: tuple[ShipmentLine, ...] | None = None
    shipped_at: datetime | None = attrs.field(default=None, converter=utc_or_none)


@attrs.frozen(kw_only=True)
class NoticeLine:
    """So many units of one line of the shop's order."""

    line_ref: str
    ship_ref: str
    units: Decimal


@attrs.frozen(kw_only=True)
class ShipmentNotice:
    """The message to the shop about one departure of one purchase order.

    Args:
        key: Names this notice for ever: short, URL-safe, unique over all shops and time. A shop
            that can keep a note of ours keeps this, and a repeat looks for it first.

        lines: What left, in the shop's own lines and units. Empty means one parcel more, of goods that
            leave once more: the shop shows its number and link, ships no units and keeps its status.

        packages: One or more; an unknown number is an empty ``tracking_number``.

        shipped_at: When it left (UTC).

        completes: Nothing of the shop's order is left to ship after this, by any supplier.

        notify: Let the shop mail the shopper about it, at most once.
    """

    key: str
    order_id: str
    purchase_order_id: str
    lines: tuple[NoticeLine, ...]
    packages: tuple[Package, ...]
    shipped_at: datetime = attrs.field(converter=_utc)
    completes: bool
    notify: bool = True
