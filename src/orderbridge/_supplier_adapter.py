"""What a supplier is asked: to take an order, to say how far it is, and what only some of them can."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Protocol

import attrs

from ._http import Response
from ._model import (
    BuyerContext,
    Document,
    Held,
    Money,
    PurchaseOrder,
    Shipment,
    checks_texts,
    utc_or_none,
)
from ._states import Fulfillment, Payment, PaymentKind
from ._writes import Cursor, Flow, Past, Unclear, Verdict, Write
from .errors import ConfigurationError

# A word in place of a state would go unseen until somebody compares it.
_FULFILLMENT = attrs.validators.optional(attrs.validators.instance_of(Fulfillment))
_PAYMENT = attrs.validators.optional(attrs.validators.instance_of(Payment))


def _named(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not value:
        raise ValueError(f"{attribute.name}: it is empty; give the supplier's id, by which it is found again")


@attrs.frozen(kw_only=True, field_transformer=checks_texts)
class Placed:
    """One order at the supplier.

    Args:
        supplier_ref: Its id there.

        lines: Supplier units by remote id; None where the supplier does not say.

        fulfillment: The state it stands at, where the supplier says so.

        payment: The same for money.

        raw_status: The supplier's word.

        total: What the supplier asks for it. Who is paid through its API names it here or in ``fetch``.

        url: Its page for the merchant.
    """

    supplier_ref: str = attrs.field(validator=_named)
    lines: tuple[tuple[str, Decimal], ...] | None = None
    fulfillment: Fulfillment | None = attrs.field(default=None, validator=_FULFILLMENT)
    payment: Payment | None = attrs.field(default=None, validator=_PAYMENT)
    raw_status: str = ""
    total: Money | None = None
    url: str = ""


@attrs.frozen(kw_only=True, field_transformer=checks_texts)
class RefusedLine:
    """Units the supplier did not take."""

    remote_id: str
    quantity: Decimal
    why: str


@attrs.frozen(kw_only=True)
class Placement:
    """What placing came to: one order, or several where the supplier splits, and lines refused."""

    placed: tuple[Placed, ...]
    refused: tuple[RefusedLine, ...] = ()


@attrs.frozen(kw_only=True, field_transformer=checks_texts)
class Returned:
    """Goods that came back to the supplier, or are to.

    Args:
        ref: The supplier's id of the return.

        remote_id: What comes back.

        quantity: Supplier units.

        raw: The supplier's word for how far it is.
    """

    ref: str
    remote_id: str
    quantity: Decimal
    raw: str


@attrs.frozen(kw_only=True, field_transformer=checks_texts)
class SupplierStatus:
    """The supplier's word on one purchase order.

    Args:
        raw: The word itself, always.

        fulfillment: What it means; None if nobody knows that word. Never a default.

        payment: What it says of money; None if nothing.

        at: When the supplier last changed it (UTC), where it says so.

        shipments: All departures known so far, each with the same ``ref`` each time.

        total: What the supplier asks for it now.

        returns: Goods on their way back, or there.
    """

    raw: str
    fulfillment: Fulfillment | None = attrs.field(validator=_FULFILLMENT)
    payment: Payment | None = attrs.field(default=None, validator=_PAYMENT)
    at: datetime | None = attrs.field(default=None, converter=utc_or_none)
    shipments: tuple[Shipment, ...] = ()
    total: Money | None = None
    returns: tuple[Returned, ...] = ()

    def __attrs_post_init__(self) -> None:
        if len({shipment.ref for shipment in self.shipments}) < len(self.shipments):
            raise ValueError("shipments: two departures have the same ref; give each its own")


@attrs.frozen(kw_only=True, field_transformer=checks_texts)
class PaymentSeen:
    """What paying came to.

    Args:
        url: Where a person pays it, or sees how far that is.
    """

    payment: Payment
    total: Money | None = None
    url: str = ""


class SupplierAdapter(Protocol):
    """Somebody who ships for the merchant."""

    def place(self, po: PurchaseOrder, past: Past) -> Flow[Write | Placement | Unclear]:
        """Order it: look by ``po.reference`` first, and return the write only if it is not there."""
        ...

    def fetch(self, po: PurchaseOrder) -> Flow[SupplierStatus | None]:
        """How far it is; None if the supplier does not know it."""
        ...

    def judge(self, write: Write, response: Response) -> Verdict:
        """What the answer to a write proves; ``judge_by_status`` where the platform is plain."""
        ...


class Reserves(ABC):
    """A supplier with a growing order: units are held for the account before they are ordered."""

    @abstractmethod
    def held(self) -> Flow[tuple[Held, ...]]:
        """All that the account holds, by whomever."""

    @abstractmethod
    def set_held(self, units: Mapping[str, Decimal], past: Past) -> Flow[Write | tuple[Held, ...] | Unclear]:
        """Hold exactly so many of each remote id named; ids not named stay untouched.

        Returns what the account holds when nothing is left to set. A supplier that gives less than
        was asked is no error: the caller compares.
        """


class Splits(ABC):
    """A supplier that takes only some of its products in one order, and knows beforehand which.

    Each part becomes a purchase order of its own, with a shipping method and a payment of its own.
    """

    @abstractmethod
    def parts(self, remote_ids: Collection[str]) -> Flow[Mapping[str, str]]:
        """The part each belongs to, as a short text; an id the supplier does not sell is left out."""


@attrs.frozen(kw_only=True, field_transformer=checks_texts)
class ShippingOption:
    """One way to send a purchase order.

    Args:
        code: The supplier's name of it: what ``PurchaseOrder.carrier`` holds once it is chosen.

        title: As people say it.

        price: For the whole purchase order.

        days: The supplier's word on how long it takes, least and most; None if it says nothing.
    """

    code: str
    title: str
    price: Money
    days: tuple[int, int] | None = None


@attrs.frozen(kw_only=True)
class Quote:
    """What a purchase order would cost now.

    Args:
        goods: All units at today's prices, without shipping.

        options: The ways to send it; none where the supplier leaves no choice and names no price.

        refused: Units that cannot be had now.
    """

    goods: Money
    options: tuple[ShippingOption, ...] = ()
    refused: tuple[RefusedLine, ...] = ()


class Quotes(ABC):
    """A supplier that says beforehand what an order will cost."""

    needed_to_place = True
    """An order names a shipping option of a quote. If not, prices are asked only to be held against those
    of the product links."""

    @abstractmethod
    def quote(self, po: PurchaseOrder) -> Flow[Quote | Unclear]:
        """Prices and shipping for exactly these lines to this address; nothing is ordered."""


class Pays(ABC):
    """A supplier that is paid through its API, as a step of its own after placing."""

    needs_buyer = False
    """It asks for the ``BuyerContext`` of the person who pays."""

    @abstractmethod
    def pay(
        self, po: PurchaseOrder, total: Money, buyer: BuyerContext | None, past: Past
    ) -> Flow[Write | PaymentSeen | Unclear]:
        """Pay ``total`` for it: read whether it is paid first.

        ``buyer`` is there if ``needs_buyer`` says so, at least whenever a write is to be sent.
        """


class PaidByHand(ABC):
    """A supplier where a person pays."""

    @abstractmethod
    def payment_page(self, po: PurchaseOrder) -> str:
        """The page where a person pays for it."""


class PaidAtPlacing:
    """A supplier that takes its money with the order: the write that places it names its ``amount``.

    It is placed automatically only where the policy also pays automatically, for orders the shopper has
    paid, and within the limits.
    """


class Packs:
    """A supplier whose orders have a place of their own for ``PurchaseOrder.packing``."""


class CarriesNotes:
    """A supplier whose people read ``PurchaseOrder.note``, so that packing can stand there too.

    Where an adapter is neither this nor ``Packs``, a person is asked to tell the supplier.
    """


class MovedByPeople(ABC):
    """A supplier without an API: people say how far an order is (``Bridge.observe``, ``Bridge.ship``)."""

    @abstractmethod
    def documents(self, po: PurchaseOrder) -> tuple[Document, ...]:
        """The purchase order on paper, to be saved, printed or mailed; always the same for the same order."""


class OrdersItself(MovedByPeople):
    """A hub that fetches orders from the shop and orders and pays by itself. We only watch: a purchase
    order for it is never placed by us, and what it ships it tells the shop."""


@attrs.frozen(kw_only=True, field_transformer=checks_texts)
class PurchaseCanceled:
    """What canceling at the supplier came to.

    Args:
        fulfillment: CANCELED, or CANCEL_REQUESTED where the supplier is still to agree.
    """

    fulfillment: Fulfillment
    raw_status: str = ""


class CancelsPurchases(ABC):
    """A supplier that takes an order back through its API."""

    @abstractmethod
    def cancel_purchase(self, po: PurchaseOrder, past: Past) -> Flow[Write | PurchaseCanceled | Unclear]:
        """Have it canceled: read first whether it already is."""


@attrs.frozen(kw_only=True)
class Changes:
    """Orders that changed at the supplier.

    Args:
        refs: The supplier's ids of them.

        cursor: Where the next look goes on.

        more: There is another page now.
    """

    refs: tuple[str, ...]
    cursor: Cursor
    more: bool


class ListsChanges(ABC):
    """A supplier that lists what changed, so that not every order need be asked about."""

    @abstractmethod
    def changes(self, cursor: Cursor | None, *, now: datetime) -> Flow[Changes]:
        """One page of the orders that changed since ``cursor``; since some hours before ``now`` if None."""


@attrs.frozen(kw_only=True)
class SeenPurchase:
    """An order in the supplier's account, whoever made it.

    Args:
        supplier_ref: The supplier's id of it.

        reference: Ours that it carries; empty if it carries none, None if a list does not say.

        fulfillment: How far it is; None where that is not told, or nobody knows the word.

        raw_status: The supplier's word.

        total: What the supplier asks for it.
    """

    supplier_ref: str
    reference: str | None = None
    fulfillment: Fulfillment | None = None
    raw_status: str = ""
    total: Money | None = None


@attrs.frozen(kw_only=True)
class PurchasePage:
    """One page of the orders in an account; ``cursor`` is None after the last."""

    items: tuple[SeenPurchase, ...]
    cursor: Cursor | None


class ListsPurchases(ABC):
    """A supplier whose account lists its orders, so that one is found that no call has reported."""

    @abstractmethod
    def purchases(self, cursor: Cursor | None, *, since: datetime, now: datetime) -> Flow[PurchasePage]:
        """One page of the orders made since then, whoever made them; ``since`` is the same for all pages."""

    def purchase(self, supplier_ref: str) -> Flow[SeenPurchase | None]:
        """One of them with the reference it carries: asked where the list does not say."""
        return None
        yield  # makes this a flow


class FindsPurchases(ABC):
    """A supplier that lists no orders, and shows each that carries a reference of ours."""

    @abstractmethod
    def purchases_with(self, reference: str) -> Flow[tuple[SeenPurchase, ...]]:
        """All orders that carry it, and not only one of them."""


@attrs.frozen(kw_only=True)
class Product:
    """What a supplier sells.

    Args:
        remote_id: What orders name.

        product_ref: The supplier's id of the product this is a variant of.

        sku: As the supplier writes it; may not be unique.

        name: Of the product, with the variant's options.

        price: For one unit now, without tax, where the supplier says so.

        available: Units to be had, where the supplier says so.
    """

    remote_id: str
    product_ref: str = ""
    sku: str = ""
    name: str = ""
    price: Money | None = None
    available: Decimal | None = None


@attrs.frozen(kw_only=True)
class ProductPage:
    """One page of what a supplier sells; ``cursor`` is None after the last."""

    items: tuple[Product, ...]
    cursor: Cursor | None


class ListsProducts(ABC):
    """A supplier whose catalog can be read, good enough to link products by remote id."""

    @abstractmethod
    def products(self, cursor: Cursor | None) -> Flow[ProductPage]:
        """One page of the catalog."""


class ChecksProducts(ABC):
    """A supplier that can be asked for the price and stock of some products."""

    @abstractmethod
    def check_products(self, remote_ids: Collection[str]) -> Flow[tuple[Product, ...]]:
        """Price and stock of these; an id the supplier does not sell is left out."""


def meaning_of(raw: str, words: str) -> tuple[Fulfillment | None, Payment | None]:
    """What a merchant's settings say of a status word that the adapter does not know, or knows otherwise.

    Args:
        raw: The supplier's word; an error names it.

        words: A fulfillment word, ``"ON_HOLD"``, and after a slash a payment word, ``"ON_HOLD/PAID"``; or
            the latter alone, ``"/PAID"``.

    Raises:
        ConfigurationError: it is neither.
    """
    fulfillment, _, payment = words.partition("/")
    try:
        if not words.strip("/"):
            raise KeyError(words)
        return (
            Fulfillment[fulfillment] if fulfillment else None,
            Payment[payment] if payment else None,
        )
    except KeyError:
        raise ConfigurationError(
            f"statuses: {raw!r} = {words!r} is not understood; give a fulfillment word such as ON_HOLD, "
            "and after a slash a payment word such as PAID"
        ) from None


# Each supplier is of the first kind in this table that its adapter is; else a person pays.
_KINDS: tuple[tuple[type, PaymentKind], ...] = (
    (OrdersItself, PaymentKind.BY_HUB),
    (PaidAtPlacing, PaymentKind.AT_PLACING),
    (Pays, PaymentKind.API),
)


def payment_kind(adapter: SupplierAdapter) -> PaymentKind:
    """How a supplier comes by its money."""
    return next((kind for ability, kind in _KINDS if isinstance(adapter, ability)), PaymentKind.BY_HAND)
