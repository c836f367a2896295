"""The shapes of WooCommerce's JSON, and how to read text, numbers and times in it.

Only fields that are needed are named here, so that what plug-ins do to the others never stops an
order. A field that is needed and wrong raises ``Malformed`` with its path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import TypeAlias, cast

import attrs

from ...adapters import Read, Response, decode, decode_bytes
from ...errors import Malformed

# What should be text and is not always: plug-ins write numbers, false and null.
Scalar: TypeAlias = str | int | float | bool | None

API = "/wp-json/wc/v3"
PLUGINS = ("wc-shipment-tracking/v3", "wc-ast/v3")  # one API under two names
KEEP = timedelta(hours=1)  # what a shop has installed seldom changes
JSON = {"Accept": "application/json", "Content-Type": "application/json"}

COMPLETED = "completed"
CLOSED = frozenset({"cancelled", "failed", "refunded", "trash"})
DRAFTS = frozenset({"checkout-draft", "auto-draft", "draft"})

# On a fulfillment: which notice of ours made it.
NOTICE_META = "_orderbridge_notice"
# On an order, plus the notice's key, where a shop has no other place for what has left.
SHIPMENT_META = "_orderbridge_shipment_"
STATE_META = "_orderbridge_state"
# Where tracking plug-ins keep theirs.
TRACKINGS_META = "_wc_shipment_tracking_items"

_TAG = re.compile(r"</?[a-zA-Z][^>]*>")


@attrs.frozen(kw_only=True)
class WireMeta:
    id: object = 0
    key: Scalar = ""
    value: object = None
    display_key: object = None


@attrs.frozen(kw_only=True)
class WireAddress:
    first_name: Scalar = ""
    last_name: Scalar = ""
    company: Scalar = ""
    address_1: Scalar = ""
    address_2: Scalar = ""
    city: Scalar = ""
    state: Scalar = ""
    postcode: Scalar = ""
    country: Scalar = ""
    email: Scalar = ""
    phone: Scalar = ""


@attrs.frozen(kw_only=True)
class WireLine:
    id: int | str
    name: Scalar = ""
    product_id: Scalar = 0
    variation_id: Scalar = 0
    quantity: Decimal
    total: Decimal
    total_tax: Decimal = Decimal(0)
    sku: Scalar = ""
    meta_data: tuple[WireMeta, ...] = ()
    bundled_by: Scalar = ""
    composite_parent: Scalar = ""


@attrs.frozen(kw_only=True)
class WireShipping:
    method_title: Scalar = ""
    method_id: Scalar = ""
    instance_id: Scalar = ""
    total: Decimal = Decimal(0)


@attrs.frozen(kw_only=True)
class WireRefunded:
    """What the order itself says of a refund: money only, below zero."""

    id: Scalar = ""
    total: Decimal = Decimal(0)


@attrs.frozen(kw_only=True)
class WireState:
    """As much of an order as must be looked at before it is written to."""

    status: str
    meta_data: tuple[WireMeta, ...] = ()

    def meta(self, key: str) -> object:
        """The value under ``key``; the last one where a plug-in has written several."""
        return meta_of(self.meta_data, key)


@attrs.frozen(kw_only=True)
class WireOrder(WireState):
    id: int | str
    number: Scalar = ""
    currency: str
    date_created_gmt: str | None
    date_modified_gmt: str | None = None
    date_paid_gmt: str | None = None
    total: Decimal
    billing: WireAddress = WireAddress()
    shipping: WireAddress = WireAddress()
    payment_method: Scalar = ""
    created_via: Scalar = ""
    customer_note: Scalar = ""
    needs_processing: bool | None = None
    line_items: tuple[WireLine, ...]
    shipping_lines: tuple[WireShipping, ...] = ()
    refunds: tuple[WireRefunded, ...] = ()

    @property
    def ref(self) -> str:
        return str(self.id)


@attrs.frozen(kw_only=True)
class WireRow:
    """As much of an order as the cursor needs, also where the rest cannot be understood."""

    id: object = None
    status: object = None
    date_modified: object = None
    date_modified_gmt: object = None

    @property
    def changed(self) -> str:
        """Naive UTC, or empty: text that sorts by time."""
        return stamp(self.date_modified_gmt)

    @property
    def zone(self) -> int | None:
        """Seconds by which the shop's own time was ahead of UTC when this row changed."""
        local, utc = stamp(self.date_modified), stamp(self.date_modified_gmt)
        if not local or not utc:
            return None
        return int((datetime.fromisoformat(local) - datetime.fromisoformat(utc)).total_seconds())


@attrs.frozen(kw_only=True)
class WireRefundLine:
    quantity: Decimal = Decimal(0)
    meta_data: tuple[WireMeta, ...] = ()


@attrs.frozen(kw_only=True)
class WireRefund:
    id: Scalar = ""
    amount: Scalar = ""
    reason: Scalar = ""
    refunded_payment: object = False
    line_items: tuple[WireRefundLine, ...] = ()


@attrs.frozen(kw_only=True)
class WireFulfillment:
    id: int | str
    is_fulfilled: object = False
    status: Scalar = ""
    meta_data: tuple[WireMeta, ...] = ()

    @property
    def left(self) -> bool:
        return self.is_fulfilled is True or self.status == "fulfilled"

    @property
    def notice(self) -> str:
        return text(meta_of(self.meta_data, NOTICE_META))

    @property
    def tracking_number(self) -> str:
        return text(meta_of(self.meta_data, "_tracking_number"))

    @property
    def items(self) -> dict[str, Decimal]:
        """Units by line id. The shop checks nothing here, so a line may come more than once."""
        units: dict[str, Decimal] = {}
        value = meta_of(self.meta_data, "_items")
        for item in cast("list[object]", value) if isinstance(value, list) else ():
            ref, qty = text(fields(item).get("item_id")), units_of(fields(item).get("qty"))
            units[ref] = units.get(ref, Decimal(0)) + qty
        return units


@attrs.frozen(kw_only=True)
class WireFulfillments:
    fulfillments: tuple[WireFulfillment, ...]


@attrs.frozen(kw_only=True)
class WireTracking:
    tracking_id: Scalar = ""
    tracking_number: Scalar = ""
    tracking_provider: Scalar = ""


@attrs.frozen(kw_only=True)
class WireProvider:
    """A carrier in the list of newer versions."""

    value: str
    label: Scalar = ""
    url: Scalar = ""


@attrs.frozen(kw_only=True)
class WireStatus:
    slug: Scalar = ""


@attrs.frozen(kw_only=True)
class WireTax:
    id: Scalar = ""
    total: Scalar = ""


@attrs.frozen(kw_only=True)
class WireCharge:
    """A line, or a way of shipping, as money that may go back."""

    id: int | str
    quantity: Decimal = Decimal(0)
    total: Decimal = Decimal(0)
    taxes: tuple[WireTax, ...] = ()


@attrs.frozen(kw_only=True)
class WireBill:
    """As much of an order as must be looked at before money goes back."""

    currency: str
    total: Decimal
    line_items: tuple[WireCharge, ...]
    shipping_lines: tuple[WireCharge, ...] = ()
    refunds: tuple[WireRefunded, ...] = ()


@attrs.frozen(kw_only=True)
class WireNote:
    id: int | str
    note: Scalar = ""


@attrs.frozen(kw_only=True)
class WireSite:
    """``/wp-json/``: needs no credentials."""

    name: Scalar = ""
    home: Scalar = ""
    url: Scalar = ""
    namespaces: tuple[str, ...] = ()
    timezone_string: Scalar = ""
    gmt_offset: Scalar = ""

    @property
    def plugin(self) -> str:
        """The namespace of a shipment tracking plug-in, or empty."""
        return next((name for name in PLUGINS if name in self.namespaces), "")

    @property
    def zone(self) -> str:
        return text(self.timezone_string) or f"UTC{text(self.gmt_offset) or '+0'}"


@attrs.frozen(kw_only=True)
class WireRoutes:
    routes: dict[str, object]

    @property
    def fulfillments(self) -> bool:
        """The shop has order fulfillments, and they are switched on."""
        return any(route.endswith("/fulfillments") for route in self.routes)


@attrs.frozen(kw_only=True)
class WireEnvironment:
    version: Scalar = ""


@attrs.frozen(kw_only=True)
class WireSystem:
    environment: WireEnvironment = WireEnvironment()


@attrs.frozen(kw_only=True)
class WireOption:
    """One of the shop's settings."""

    value: Scalar = ""


@attrs.frozen(kw_only=True)
class WireTerm:
    """A tag or a brand."""

    name: Scalar = ""


@attrs.frozen(kw_only=True)
class WireProduct:
    """A product or a variation; that says its product's weight and class for its own, but never tags."""

    id: int | str
    weight: Scalar = ""
    shipping_class: Scalar = ""
    tags: tuple[WireTerm, ...] = ()
    brands: tuple[WireTerm, ...] = ()


@attrs.frozen(kw_only=True)
class WireError:
    """Fulfillments give ``code`` as a number, refunds ``data``."""

    code: str | int
    message: str = ""
    data: object = None

    @property
    def params(self) -> tuple[str, ...]:
        """The parameters that were wrong."""
        return tuple(fields(fields(self.data).get("params")))


# --- text, numbers, times -----------------------------------------------------------------------


def text(value: object) -> str:
    """``value`` as text; lists, objects, false and null are empty."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()


def words(value: object) -> str:
    """Text for people: shops and plug-ins put entities and tags into names."""
    return unescape(_TAG.sub("", text(value))).strip()


def fields(value: object) -> dict[str, object]:
    """The fields of a JSON object; nothing where something else came, such as PHP's empty list."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def number_of(value: object) -> int:
    """A whole number of zero or more; 0 where something else came."""
    shown = text(value)
    return int(shown) if is_id(shown) else 0


def is_id(shown: str) -> bool:
    """A whole number as WordPress counts: other signs count as digits elsewhere, and numbers have no end."""
    return re.fullmatch("[0-9]{1,20}", shown) is not None


def decimal_of(value: object) -> Decimal:
    """An amount that may be missing: the empty text of shops counts for nothing."""
    shown = text(value)
    return Decimal(shown) if re.fullmatch(r"-?\d{1,20}(\.\d{1,20})?", shown) else Decimal(0)


def units_of(value: object) -> Decimal:
    # Only for what the shop itself lists as shipped: a number that is none counts for nothing.
    shown = text(value)
    return Decimal(shown) if re.fullmatch(r"\d{1,12}(\.\d{1,12})?", shown) else Decimal(0)


def meta_of(rows: Iterable[WireMeta], key: str) -> object:
    found: object = None
    for row in rows:
        if row.key == key:
            found = row.value
    return found


def stamp(value: object) -> str:
    if not isinstance(value, str):
        return ""
    try:
        return utc(value, "").replace(tzinfo=None).isoformat(timespec="seconds")
    except Malformed:
        return ""


def utc(value: str, path: str) -> datetime:
    try:
        time = datetime.fromisoformat(value)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Malformed(
            f"{path}: {value[:40]!r} is not a time such as 2026-11-22T03:47:03", path=path
        ) from None


# --- lists that come in two shapes -----------------------------------------------------------------


def fulfillments_from(response: Response) -> tuple[WireFulfillment, ...]:
    """Both shapes: 10.2 wraps the list, newer versions do not."""
    answer = decode(_FULFILLMENTS, response)
    return answer.fulfillments if isinstance(answer, WireFulfillments) else tuple(answer)


_FULFILLMENTS = cast(
    "type[WireFulfillments | list[WireFulfillment]]", WireFulfillments | list[WireFulfillment]
)


def providers_from(response: Response) -> tuple[WireProvider, ...]:
    """A list, or an object by code: both come out of PHP's arrays."""
    answer = decode(_PROVIDERS, response)
    return tuple(answer.values() if isinstance(answer, dict) else answer)


_PROVIDERS = cast(
    "type[list[WireProvider] | dict[str, WireProvider]]", list[WireProvider] | dict[str, WireProvider]
)


def problem_of(response: Response) -> WireError:
    """WooCommerce's own words for what went wrong; empty where something else answered."""
    try:
        return decode_bytes(WireError, response.body)
    except Malformed:
        return WireError(code="")


def get(path: str, *params: tuple[str, str], keep: timedelta | None = None) -> Read:
    """A read that asks for JSON: without saying so, a crashing shop answers with a web page."""
    return Read("GET", path, params=params, headers={"Accept": "application/json"}, keep=keep)
