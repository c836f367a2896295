"""The shapes of Magento's JSON, and how to read text, numbers, flags and times in it.

Only fields that are needed are named here, so that what extensions do to the others never stops an order.
What is null in the shop is left out, lists come as null, empty objects as ``[]``, ids as numbers or text and
truth as 0 and 1; a field that is needed and wrong raises ``Malformed`` with its path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Generic, TypeAlias, TypeVar, cast

import attrs

from ...adapters import Read, Response, decode_bytes, raise_for_status
from ...errors import Forbidden, Malformed, NotFound, Rejected, Unauthorized, Unavailable
from ._settings import Settings

T = TypeVar("T")

# What should be text and is not always.
Scalar: TypeAlias = str | int | float | bool | None
# Missing where the shop has null. Read with ``number``.
Amount: TypeAlias = Decimal | None

KEEP = timedelta(hours=1)  # products' kinds, store views and sources seldom change
# Without it some hosts ask PHP for a web page.
ACCEPT = {"Accept": "application/json"}
JSON = {"Accept": "application/json", "Content-Type": "application/json"}

_MOST = 12  # digits before the point of a number; more is a mistake or an attack
# Digits that Magento's database keeps. More come from PHP, which writes 12.3 as 12.300000000000001.
_STEP = Decimal("0.0001")


# --- orders ------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True, repr=False)
class WireAddress:
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
    """As much of an order, shipment, invoice or credit memo as a cursor needs."""

    entity_id: Scalar = None
    order_id: Scalar = None
    updated_at: Scalar = ""

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
    """A page of a list."""

    items: tuple[T, ...] | None = None
    total_count: Scalar = None

    @property
    def rows(self) -> tuple[T, ...]:
        return self.items or ()

    @property
    def total(self) -> int:
        return number_of(self.total_count)


# --- text, numbers, times -------------------------------------------------------------------------------


def text(value: object) -> str:
    """``value`` as text; lists, objects, truth values and null are empty."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()


def words(value: object) -> str:
    """Text for people: names are stored with entities where extensions wrote them."""
    return unescape(text(value)).strip()


def flag(value: object) -> bool:
    """Truth, which Magento writes as 0 and 1, as text, or as what it is."""
    return value is True or text(value) not in ("", "0", "false")


def number_of(value: object) -> int:
    """A whole number above zero, such as an id; 0 where something else came."""
    shown = text(value)
    return int(shown) if shown.isascii() and shown.isdigit() and len(shown) <= 2 * _MOST else 0


def id_text(value: object) -> str:
    """An id as text; empty where there is none."""
    return str(number_of(value) or "")


def number(value: Amount, path: str) -> Decimal:
    """An amount or a quantity, to the four digits that the shop keeps; 0 where it is missing.

    Raises:
        Malformed: it is none.
    """
    if value is None:
        return Decimal(0)
    if not value.is_finite() or (value and value.adjusted() >= _MOST):
        raise Malformed(f"{path}: {str(value)[:30]} is not a number", path=path)
    exponent = value.as_tuple().exponent
    return value.quantize(_STEP) if isinstance(exponent, int) and exponent < -4 else value


def json_number(value: Decimal) -> int | float:
    """A quantity or an amount as JSON has them."""
    return int(value) if value == value.to_integral_value() else float(value)


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


def utc(value: object, path: str) -> datetime:
    """A time: Magento writes UTC without saying so, whatever the shop's zone."""
    try:
        time = datetime.fromisoformat(text(value))
    except ValueError:
        raise Malformed(
            f"{path}: {text(value)[:40]!r} is not a time such as 2026-11-22 03:48:32", path=path
        ) from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def stamp(time: datetime) -> str:
    """A time as Magento writes and compares it. Every other form finds too much or nothing."""
    if time.tzinfo is None:
        raise ValueError(f"{time.isoformat()} has no time zone; give an aware datetime")
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(" ", timespec="seconds")


# --- reads and their answers ------------------------------------------------------------------------------


def get(settings: Settings, path: str, *params: tuple[str, str], keep: timedelta | None = None) -> Read:
    """A read of ``path`` below the API's address, such as ``/orders/3/comments``; lists are ``listing``'s."""
    return Read("GET", f"{settings.api}{path}", params=params, headers=ACCEPT, keep=keep)


def rows(cls: type[WireList[T]], response: Response) -> tuple[T, ...]:
    """The rows of a list, such as ``WireList[WireShipment]``. Any other answer raises, in words."""
    refuse(response)
    return decode_bytes(cls, response.body).rows


def each(cls: type[T], found: Iterable[object]) -> list[T | Malformed]:
    """Each of JSON's own values by itself, so that one bad order never hides the others."""
    items: list[T | Malformed] = []
    for value in found:
        try:
            # A float's text is the shortest that means it, which is what Magento wrote.
            items.append(decode_bytes(cls, json.dumps(value).encode()))
        except Malformed as error:
            items.append(error)
    return items


def orders_in(response: Response) -> list[WireOrder | Malformed]:
    """The orders of a list; in place of a bad one, what is wrong with it. Any other answer raises."""
    return each(WireOrder, rows(WireList[object], response))


def items_of(body: bytes, key: str) -> tuple[object, ...]:
    """What a file holds: one thing with the field ``key``, or a list, bare or as the shop answers."""
    document = decode_bytes(object, body)
    if isinstance(document, list):
        return tuple(cast("list[object]", document))
    found = cast("dict[str, object]", document) if isinstance(document, dict) else {}
    if key in found or "items" not in found:
        return (found,)
    return decode_bytes(WireList[object], body).rows


def bare(response: Response) -> str | bool | None:
    """An answer that is one value: text for ``"7"`` and ``7``, a truth value, None for all else."""
    try:
        value = decode_bytes(object, response.body)
    except Malformed:
        return None
    if isinstance(value, bool):
        return value
    return text(value) if isinstance(value, str | int) else None


# --- errors --------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Problem:
    """Magento's own words for what went wrong; empty where something else answered.

    Args:
        message: The sentence with its placeholders, as the shop's language has it.

        parameters: What stands for the placeholders, by name or, from a list, by ``1``, ``2``, ...
            May hold what a shopper wrote: never shown.
    """

    message: str = ""
    parameters: dict[str, str] = attrs.field(factory=dict[str, str], repr=False)

    def __bool__(self) -> bool:
        return bool(self.message)

    @property
    def right(self) -> str:
        """The permission that was missing, such as ``Magento_Sales::ship``, or empty."""
        return ", ".join(
            re.findall(r"[A-Za-z0-9]+_[A-Za-z0-9]+::[A-Za-z0-9_]+", self.parameters.get("resources", ""))
        )


@attrs.frozen(kw_only=True)
class _WireProblem:
    message: Scalar = ""
    parameters: dict[str, object] | list[object] | None = None


def problem_of(response: Response) -> Problem:
    """What Magento says went wrong. A page, a bare text or garbage is no word of its."""
    try:
        found = decode_bytes(_WireProblem, response.body)
    except Malformed:
        return Problem()
    given = found.parameters or {}
    pairs = (
        given.items() if isinstance(given, dict) else ((str(at), each) for at, each in enumerate(given, 1))
    )
    return Problem(
        message=text(found.message)[:300],
        parameters={
            name: ", ".join(text(each) for each in cast("list[object]", value))
            if isinstance(value, list)
            else text(value)
            for name, value in pairs
        },
    )


def refuse(response: Response) -> None:
    """Turn the answer to a read into a typed error, in words; 2xx passes."""
    status = response.status
    if 200 <= status < 300:
        return
    problem = problem_of(response)
    if status == 401 and problem.right:
        # Magento says the same of a token that it does not know.
        raise Forbidden(
            f"Magento wants the right {problem.right}: tick it under System, Extensions, Integrations, API "
            "(or in the user's role); if it is ticked, the token is wrong, or the shop does not take "
            "integration tokens as bearer",
            status=status,
            code=problem.right,
        )
    if status == 401 and problem:
        raise Unauthorized(f"Magento does not accept these credentials ({problem.message})", status=status)
    if status == 503 and is_maintenance(response):
        raise Unavailable("the shop is in maintenance mode", status=status)
    if status == 404 and problem:
        raise NotFound(f"Magento: {problem.message}", status=status)
    if status >= 500 and problem:
        # Its words may be raw SQL, with what a shopper wrote in it.
        raise Unavailable(f"Magento failed (HTTP {status})", status=status)
    if status == 400 and problem:
        raise Rejected(f"Magento refuses the question ({problem.message})", status=status)
    raise_for_status(response)


def is_maintenance(response: Response) -> bool:
    """Magento's page for a shop in maintenance mode, which it sends before it looks at anything."""
    page = response.text.lower()
    return (
        response.status == 503
        and "<html" in page
        and "503: service unavailable" in page
        and "maintenance downtime" in page
    )
