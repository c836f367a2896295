"""For authors of plug-ins: what a store or a supplier must be able to say, and how to say it.

An adapter speaks one platform's HTTP API and does no I/O. Each of its methods is a *flow*: it
yields ``Read``s, is sent ``Response``s, and returns either a result or the next ``Write``:

    def fetch_order(self, ref: str) -> Flow[Order | None]:
        response = yield Read("GET", f"/orders/{ref}")
        if response.status == 404:
            return None
        return self._order(decode(WireOrder, response))

A flow cannot yield a write: the types forbid it. What it returns is journalled before it leaves,
sent once, and the flow is run again from the top with what is already done in ``Past``. So a flow
reads before it writes ("does it exist?"), keeps no state, reads no clock, sleeps and retries
never. The class of this file to start from is ``StorePlatform`` or ``SupplierPlatform``.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import attrs

from ._http import Headers, Read, Request, Response
from ._raised import understood
from ._states import Fulfillment, Payment, PaymentKind
from ._store_adapter import (
    STAGES,
    Annotates,
    Announced,
    Canceled,
    Cancellation,
    CancelsShopOrders,
    Carrier,
    CorrectsTracking,
    DecodesOrders,
    Held,
    Hold,
    HoldsWork,
    ListsCarriers,
    Note,
    Noted,
    Page,
    Progress,
    Refund,
    Refunded,
    RefundLine,
    Refunds,
    Release,
    Released,
    ReportsProgress,
    SetAside,
    StoreAdapter,
)
from ._supplier_adapter import (
    CancelsPurchases,
    CarriesNotes,
    Changes,
    ChecksProducts,
    FindsPurchases,
    ListsChanges,
    ListsProducts,
    ListsPurchases,
    MovedByPeople,
    OrdersItself,
    Packs,
    PaidAtPlacing,
    PaidByHand,
    PaymentSeen,
    Pays,
    Placed,
    Placement,
    Product,
    ProductPage,
    PurchaseCanceled,
    PurchasePage,
    Quote,
    Quotes,
    RefusedLine,
    Reserves,
    Returned,
    SeenPurchase,
    ShippingOption,
    Splits,
    SupplierAdapter,
    SupplierStatus,
    meaning_of,
    payment_kind,
)
from ._weight import in_kg
from ._wire import decode, decode_bytes, decode_each, decode_xml, parse_xml, raise_for_status
from ._wording import by_name, departure, mark_of, same_name, same_number, web_link
from ._writes import (
    Confirmed,
    Cursor,
    Flow,
    LookUp,
    Park,
    Past,
    Refusal,
    Refused,
    Repeat,
    SameKey,
    Throttled,
    Unclear,
    Unknown,
    UnknownRule,
    Verdict,
    Write,
    judge_by_status,
)
from .auth import Auth, Token
from .errors import ConfigurationError

__all__ = [
    "STAGES",
    "Access",
    "AccountSettings",
    "Allowance",
    "Annotates",
    "Announced",
    "Auth",
    "Bucket",
    "Canceled",
    "Cancellation",
    "CancelsPurchases",
    "CancelsShopOrders",
    "Carrier",
    "CarriesNotes",
    "Changes",
    "ChecksProducts",
    "Confirmed",
    "CorrectsTracking",
    "Cursor",
    "DataRequest",
    "DecodesOrders",
    "Finding",
    "FindsPurchases",
    "Flow",
    "Fulfillment",
    "Headers",
    "Held",
    "Hold",
    "HoldsWork",
    "ListsCarriers",
    "ListsChanges",
    "ListsProducts",
    "ListsPurchases",
    "LookUp",
    "MovedByPeople",
    "Note",
    "Noted",
    "Nudge",
    "OrdersItself",
    "Packs",
    "Page",
    "PaidAtPlacing",
    "PaidByHand",
    "Park",
    "Past",
    "Payment",
    "PaymentKind",
    "PaymentSeen",
    "Pays",
    "Placed",
    "Placement",
    "Platform",
    "Probes",
    "Product",
    "ProductPage",
    "Progress",
    "PurchaseCanceled",
    "PurchasePage",
    "Quote",
    "Quotes",
    "Read",
    "ReceivesWebhooks",
    "Refund",
    "RefundLine",
    "Refunded",
    "Refunds",
    "Refusal",
    "Refused",
    "RefusedLine",
    "Release",
    "Released",
    "Repeat",
    "Reply",
    "ReportsProgress",
    "Request",
    "Reserves",
    "Response",
    "Returned",
    "SameKey",
    "SeenPurchase",
    "SetAside",
    "ShippingOption",
    "Splits",
    "StoreAdapter",
    "StorePlatform",
    "SupplierAdapter",
    "SupplierPlatform",
    "SupplierStatus",
    "Throttled",
    "Token",
    "Unclear",
    "Unknown",
    "UnknownRule",
    "Verdict",
    "Write",
    "by_name",
    "decode",
    "decode_bytes",
    "decode_each",
    "decode_xml",
    "departure",
    "in_kg",
    "judge_by_status",
    "mark_of",
    "meaning_of",
    "parse_xml",
    "payment_kind",
    "raise_for_status",
    "same_name",
    "same_number",
    "understood",
    "web_link",
]

S = TypeVar("S", bound="AccountSettings")


@attrs.frozen(kw_only=True)
class Finding:
    """One thing a probe saw, in words a merchant understands.

    Args:
        ok: False if it keeps the bridge from working.

        what: What was seen.

        fix: What to do about it.
    """

    ok: bool
    what: str
    fix: str = ""


@attrs.frozen(kw_only=True)
class Access:
    """What an account can do.

    Args:
        identity: Of the shop or supplier account itself, the same under any account name and any
            credentials: it goes into the reference suppliers see. What follows a ``#`` names a part of
            it, such as one shop of several, or parts with commas between them; what overlaps is never two
            accounts.

        findings: What was seen.

        lacks: Abilities this account has not, though the platform has them: ``"ReportsProgress"``.

        version: Of the platform, where it says so.
    """

    identity: str
    findings: tuple[Finding, ...] = ()
    lacks: frozenset[str] = frozenset()
    version: str = ""


class Probes(ABC):
    """A platform that can be asked who it is and what the credentials may do."""

    @abstractmethod
    def probe(self) -> Flow[Access]:
        """Look, change nothing, and say in words what is wrong; raise only if nothing answers."""


@attrs.frozen(kw_only=True)
class Reply:
    """What to answer the caller of a webhook."""

    status: int = 200
    body: bytes = b""
    headers: Headers = attrs.field(factory=Headers)


@attrs.frozen(kw_only=True)
class DataRequest:
    """A shopper asks what is kept about them.

    Args:
        ref: The platform's id of the request.

        orders: The platform's ids of the orders that it names.
    """

    ref: str
    orders: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Nudge:
    """A webhook says that something happened. It is a hint: the thing itself is read again.

    Args:
        ref: Of the order it is about; empty for "something changed", which makes the pull due.

        topic: The platform's word.

        dedupe: The same for the same message delivered again, different for any other.

        forget: The platform's ids of orders whose shopper is to be blanked for good, as ``Bridge.forget``
            does. While a call about one of them is under way, the caller is told to come back (503).

        forget_all: The shoppers of all the store's orders are to be blanked, because the shop went away: done
            bit by bit as the bridge runs, and orders that are not over yet when they are.

        data_request: A shopper asks what is kept: a review has a person tell.

        reply: What the platform wants to hear.
    """

    ref: str
    topic: str
    dedupe: str
    forget: tuple[str, ...] = ()
    forget_all: bool = False
    data_request: DataRequest | None = None
    reply: Reply = attrs.field(factory=Reply)


class ReceivesWebhooks(ABC):
    """A platform that calls back."""

    @abstractmethod
    def read_webhook(self, method: str, path: str, headers: Headers, body: bytes) -> Nudge | Reply:
        """Check the signature over the raw bytes in constant time and say what it is about.

        A ``Reply`` ends it there: a ping, a challenge, a wrong signature.
        """


@attrs.frozen(kw_only=True)
class Bucket:
    """How much a platform lets us ask: ``burst`` at once, then ``per_second``.

    Args:
        name: What several accounts share it by, such as the key of the app that they all ask with: begin it
            with the platform's name and a slash. Empty if each account has its own.
    """

    per_second: float
    burst: int
    name: str = ""


@attrs.frozen(kw_only=True)
class Allowance:
    """What an answer says of how much its account may ask, in the platform's own points.

    Args:
        left: What is left now.

        per_second: What comes back each second.

        most: What can be left at most.

        throttled: The call was turned away for want of it, before any effect; it may have HTTP status 200.
    """

    left: float
    per_second: float = attrs.field(validator=attrs.validators.gt(0))
    most: float
    throttled: bool = False


def _base_url(value: str) -> str:
    scheme, mark, rest = value.strip().rstrip("/").partition("://")
    value = f"{scheme.lower()}{mark}{rest}"
    if not re.fullmatch(r"https?://[^\s/@?#]+(/[^\s@?#]*)?", value):
        raise ConfigurationError(
            "base_url: give the full address without credentials, query or fragment, "
            "such as https://shop.example"
        )
    return value


@attrs.frozen(kw_only=True)
class AccountSettings:
    """What every account needs; a platform's own settings class adds to it.

    Args:
        base_url: The address all paths stand below. Credentials never leave for any other origin.
    """

    base_url: str = attrs.field(converter=_base_url)

    @property
    def suppliers_named(self) -> Iterable[str]:
        """Supplier accounts that these settings name, which the bridge then looks for; mostly none."""
        return ()


@attrs.frozen(kw_only=True)
class Platform(Generic[S]):
    """What an entry point names. Use ``StorePlatform`` or ``SupplierPlatform``.

    Args:
        name: As it stands in configuration files.

        title: As people say it.

        settings: An attrs class derived from ``AccountSettings``; fields of type ``Secret`` are
            secrets. The configuration, ``init`` and the docs come from it.

        auth: How its calls are signed.

        limits: How fast it may be asked, until its answers say more.

        meter: What an answer says of that, where this platform's answers do.

        foreign: Other hosts that its answers send us to for files, which ``Read.foreign`` may ask:
            ``"files.example"``, or ``"*.files.example"`` for all below it.
    """

    name: str
    title: str
    settings: type[S]
    auth: Callable[[S], Auth]
    limits: Callable[[S], Bucket] = lambda _: Bucket(per_second=2.0, burst=10)
    meter: Callable[[Response], Allowance | None] = lambda _: None
    foreign: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class StorePlatform(Platform[S]):
    """A shop system as a plug-in: entry point group ``orderbridge.stores``."""

    adapter: Callable[[S], StoreAdapter]


@attrs.frozen(kw_only=True)
class SupplierPlatform(Platform[S]):
    """A supplier as a plug-in: entry point group ``orderbridge.suppliers``."""

    adapter: Callable[[S], SupplierAdapter]
