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
from collections.abc import Callable, Generator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Generic, Protocol, TypeAlias, TypeVar

import attrs

from ._http import Headers, Read, Request, Response
from ._model import Held, Money, Order, PurchaseOrder, Shipment, ShipmentNotice, utc_or_none
from ._states import Fulfillment, Payment
from ._wire import decode, decode_bytes, decode_each, decode_xml, parse_xml, raise_for_status
from .auth import Auth, Token
from .errors import ConfigurationError

__all__ = [
    "Access",
    "AccountSettings",
    "Annotates",
    "Announced",
    "Auth",
    "Bucket",
    "Confirmed",
    "Cursor",
    "DecodesOrders",
    "Finding",
    "Flow",
    "Fulfillment",
    "Headers",
    "LookUp",
    "Note",
    "Noted",
    "Nudge",
    "Page",
    "PaidByHand",
    "Park",
    "Past",
    "Payment",
    "PaymentSeen",
    "Pays",
    "Placed",
    "Placement",
    "Platform",
    "Probes",
    "Progress",
    "Read",
    "ReceivesWebhooks",
    "Refusal",
    "Refused",
    "RefusedLine",
    "Repeat",
    "Reply",
    "ReportsProgress",
    "Request",
    "Reserves",
    "Response",
    "SameKey",
    "SetAside",
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
    "decode",
    "decode_bytes",
    "decode_each",
    "decode_xml",
    "judge_by_status",
    "parse_xml",
    "raise_for_status",
]

T = TypeVar("T")
S = TypeVar("S", bound="AccountSettings")

Flow: TypeAlias = Generator[Read, Response, T]
"""Yields reads, is sent their answers, returns a ``T``."""

Cursor: TypeAlias = str
"""Where a pull goes on: text that only its adapter understands."""


# --- writes, and what an unknown outcome of one means -------------------------------------------


@attrs.frozen(kw_only=True)
class SameKey:
    """The platform dedupes on a key in the request: the stored bytes are sent again within ``lifetime``."""

    lifetime: timedelta


@attrs.frozen(kw_only=True)
class LookUp:
    """The flow itself finds out by reading: it returns the result if the write landed, else the write.

    Args:
        late: How long after our deadline the platform may still carry the request out.

        lag: How long after that a read may still not show it.
    """

    late: timedelta = timedelta(minutes=10)
    lag: timedelta = timedelta(minutes=1)


@attrs.frozen(kw_only=True)
class Repeat:
    """Doing it twice is the same as once (an absolute set), or costs nothing (a draft)."""

    late: timedelta = timedelta(minutes=10)
    lag: timedelta = timedelta(minutes=1)


@attrs.frozen
class Park:
    """Nothing can tell: one attempt ever, then a person decides."""


UnknownRule: TypeAlias = SameKey | LookUp | Repeat | Park


@attrs.frozen
class Write:
    """The next effect on the platform. It is journalled, then sent once.

    Args:
        step: Names it within its operation: ``"create"``, ``"tracking"``. The same step is the same
            effect; several of a kind get a number or key in their name.

        request: Before signing. For the same state of the world always the same bytes.

        unknown: What to do if nobody learns whether it happened.

        amount: The money it moves, which the budgets must allow.

        binding: False for what costs nothing if left behind, such as a draft.
    """

    step: str
    request: Request
    unknown: UnknownRule = attrs.field(kw_only=True)
    amount: Money | None = attrs.field(default=None, kw_only=True)
    binding: bool = attrs.field(default=True, kw_only=True)


@attrs.frozen(kw_only=True)
class Past:
    """What is known when a flow runs again.

    Args:
        answers: The answers to this operation's confirmed writes, by step.

        attempted: A write of this operation has been tried before, with whatever outcome.
    """

    answers: Mapping[str, Response] = attrs.field(factory=dict[str, Response], repr=False)
    attempted: bool = False


@attrs.frozen
class Unclear:
    """The platform holds something that might be ours and might not: a person must look.

    Args:
        evidence: What was found and why it does not fit, without shopper data.
    """

    evidence: str


class Refusal(Enum):
    """Why a platform said no, as far as the next step depends on it."""

    INVALID = "INVALID"
    UNAUTHORIZED = "UNAUTHORIZED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    PAYMENT_REFUSED = "PAYMENT_REFUSED"


@attrs.frozen
class Confirmed:
    """The answer says that the write took place."""


@attrs.frozen
class Refused:
    """The answer says that the write did not and will not take place.

    Args:
        why: The kind of refusal.

        code: The platform's own code.

        message: The platform's own words, if they hold no shopper data.
    """

    why: Refusal
    code: str = attrs.field(default="", kw_only=True)
    message: str = attrs.field(default="", kw_only=True)


@attrs.frozen
class Throttled:
    """Turned away before any effect; come back after so many seconds, where the platform says."""

    after: float | None = None


@attrs.frozen
class Unknown:
    """The answer proves neither."""

    why: str = ""


Verdict: TypeAlias = Confirmed | Refused | Throttled | Unknown


def judge_by_status(response: Response) -> Verdict:
    """The default: 2xx is confirmed, all else is unknown until an adapter declares otherwise."""
    if 200 <= response.status < 300:
        return Confirmed()
    return Unknown(f"HTTP {response.status}")


# --- stores -------------------------------------------------------------------------------------


@attrs.frozen
class SetAside:
    """An order that cannot be understood: it becomes a review and never stops the page.

    Args:
        ref: Its id, where that much could be read.

        path: The field: ``$.line_items[0].quantity``.

        why: What came and what would be right, without shopper data.
    """

    ref: str
    path: str
    why: str


@attrs.frozen(kw_only=True)
class Page:
    """One page of changed orders; it and its cursor are committed together.

    Args:
        items: The orders.

        set_aside: Those that cannot be understood.

        next: Where to go on.

        more: Ask again at once: there is another page now.
    """

    items: tuple[Order, ...]
    set_aside: tuple[SetAside, ...] = ()
    next: Cursor
    more: bool


@attrs.frozen(kw_only=True)
class Announced:
    """The shop knows of the departure.

    Args:
        refs: The shop's ids of what was made, one per package where it has them.

        warnings: What could not be said in full: an unknown carrier, a link with no place for it.
    """

    refs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Note:
    """A remark on a shop's order.

    Args:
        key: Names it for ever, so that a repeat finds it.

        text: Plain text.

        to_shopper: Mail it to the shopper too.
    """

    key: str
    text: str
    to_shopper: bool = False


@attrs.frozen
class Noted:
    """The shop shows it."""


@attrs.frozen(kw_only=True)
class Progress:
    """How far the suppliers are, to be shown in the shop's order.

    Args:
        key: Changes when what is to be shown changes.

        order_id: ``store/ref``.

        stages: Supplier account and its stage in words: ``("rewix", "Working on")``.
    """

    key: str
    order_id: str
    stages: tuple[tuple[str, str], ...]


class StoreAdapter(Protocol):
    """A shop system."""

    def fetch_orders(self, cursor: Cursor | None, *, since: datetime, now: datetime) -> Flow[Page]:
        """One page of orders changed since ``cursor``, or since ``since`` (UTC) where there is none yet."""
        ...

    def fetch_order(self, ref: str) -> Flow[Order | None]:
        """One order; None if the shop has no such order any more."""
        ...

    def announce(self, order: Order, notice: ShipmentNotice, past: Past) -> Flow[Write | Announced | Unclear]:
        """Tell the shop of one departure: look what is there, then tracking before status."""
        ...

    def judge(self, write: Write, response: Response) -> Verdict:
        """What the answer to a write proves; ``judge_by_status`` where the platform is plain."""
        ...


class Annotates(ABC):
    """A shop where a remark can be put on an order."""

    @abstractmethod
    def annotate(self, order: Order, note: Note, past: Past) -> Flow[Write | Noted | Unclear]:
        """Put the remark on the order once."""


class DecodesOrders(ABC):
    """A shop whose orders can be read from a file: exports, recorded answers, webhook bodies."""

    @abstractmethod
    def decode_orders(self, body: bytes) -> tuple[Order | SetAside, ...]:
        """The orders in a file, one for each in its order: one, a list of them, or a webhook's body."""


class ReportsProgress(ABC):
    """A shop that can show how far the suppliers are before anything ships."""

    @abstractmethod
    def report(self, order: Order, progress: Progress, past: Past) -> Flow[Write | Noted | Unclear]:
        """Show it."""


# --- suppliers ----------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Placed:
    """One order at the supplier.

    Args:
        supplier_ref: Its id there.

        lines: Supplier units by remote id; None where the supplier does not say.

        fulfillment: The state it stands at, where the supplier says so.

        payment: The same for money.

        raw_status: The supplier's word.

        total: What the supplier asks for it.

        url: Its page for the merchant.
    """

    supplier_ref: str
    lines: tuple[tuple[str, Decimal], ...] | None = None
    fulfillment: Fulfillment | None = None
    payment: Payment | None = None
    raw_status: str = ""
    total: Money | None = None
    url: str = ""


@attrs.frozen(kw_only=True)
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


@attrs.frozen(kw_only=True)
class SupplierStatus:
    """The supplier's word on one purchase order.

    Args:
        raw: The word itself, always.

        fulfillment: What it means; None if nobody knows that word. Never a default.

        payment: What it says of money; None if nothing.

        at: When the supplier last changed it (UTC), where it says so.

        shipments: All departures known so far, each with the same ``ref`` each time.
    """

    raw: str
    fulfillment: Fulfillment | None
    payment: Payment | None = None
    at: datetime | None = attrs.field(default=None, converter=utc_or_none)
    shipments: tuple[Shipment, ...] = ()
    total: Money | None = None


@attrs.frozen(kw_only=True)
class PaymentSeen:
    """What paying came to."""

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


class Pays(ABC):
    """A supplier that is paid through its API, as a step of its own after placing."""

    @abstractmethod
    def pay(self, po: PurchaseOrder, total: Money, past: Past) -> Flow[Write | PaymentSeen | Unclear]:
        """Pay ``total`` for it: read whether it is paid first."""


class PaidByHand(ABC):
    """A supplier where a person pays."""

    @abstractmethod
    def payment_page(self, po: PurchaseOrder) -> str:
        """The page where a person pays for it."""


# --- both ---------------------------------------------------------------------------------------


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
            credentials: it goes into the reference suppliers see.

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
class Nudge:
    """A webhook says that something happened. It is a hint: the thing itself is read again.

    Args:
        ref: Of the order it is about; empty for "something changed", which makes the pull due.

        topic: The platform's word.

        dedupe: The same for the same message delivered again, different for any other.
    """

    ref: str
    topic: str
    dedupe: str


@attrs.frozen(kw_only=True)
class Reply:
    """What to answer the caller of a webhook."""

    status: int = 200
    body: bytes = b""
    headers: Headers = attrs.field(factory=Headers)


class ReceivesWebhooks(ABC):
    """A platform that calls back."""

    @abstractmethod
    def read_webhook(self, method: str, path: str, headers: Headers, body: bytes) -> Nudge | Reply:
        """Check the signature over the raw bytes in constant time and say what it is about.

        A ``Reply`` ends it there: a ping, a challenge, a wrong signature.
        """


@attrs.frozen(kw_only=True)
class Bucket:
    """How much a platform lets us ask: ``burst`` at once, then ``per_second``."""

    per_second: float
    burst: int


def _base_url(value: str) -> str:
    value = value.strip().rstrip("/")
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


@attrs.frozen(kw_only=True)
class Platform(Generic[S]):
    """What an entry point names. Use ``StorePlatform`` or ``SupplierPlatform``.

    Args:
        name: As it stands in configuration files.

        title: As people say it.

        settings: An attrs class derived from ``AccountSettings``; fields of type ``Secret`` are
            secrets. The configuration, ``init`` and the docs come from it.

        auth: How its calls are signed.

        limits: How fast it may be asked.
    """

    name: str
    title: str
    settings: type[S]
    auth: Callable[[S], Auth]
    limits: Callable[[S], Bucket] = lambda _: Bucket(per_second=2.0, burst=10)


@attrs.frozen(kw_only=True)
class StorePlatform(Platform[S]):
    """A shop system as a plug-in: entry point group ``orderbridge.stores``."""

    adapter: Callable[[S], StoreAdapter]


@attrs.frozen(kw_only=True)
class SupplierPlatform(Platform[S]):
    """A supplier as a plug-in: entry point group ``orderbridge.suppliers``."""

    adapter: Callable[[S], SupplierAdapter]
