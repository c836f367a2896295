"""What the journal keeps about each thing, beside the thing itself."""

from __future__ import annotations

import hashlib
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import TypeAlias

import attrs

from ._events import EventKind
from ._model import Address, Order, Package, PurchaseOrder, Shipment, ShipmentLine, ShipmentNotice
from ._money import Money
from ._standing import Tab, case_tabs, purchase_tabs, word_of
from ._states import (
    CaseKind,
    CaseState,
    Fulfillment,
    IntentState,
    ManifestState,
    NoticeState,
    Payment,
    TaskState,
)
from ._store_adapter import Cancellation, Hold, Note, Refund, Refunded, Release
from ._supplier_adapter import Quote

__all__ = [
    "Attempt",
    "Case",
    "Event",
    "Intent",
    "Manifest",
    "NoticeRecord",
    "Offer",
    "OrderRecord",
    "Packed",
    "PurchaseRecord",
    "ReservationRow",
    "Review",
    "ReviewCode",
    "Subject",
    "Task",
    "Wish",
    "Work",
]


class Subject:
    """Names of what one worker at a time may work on."""

    @staticmethod
    def order(order_id: str) -> str:
        """An order, its purchase orders, and all writes to its store about it."""
        return f"order/{order_id}"

    @staticmethod
    def cart(supplier: str) -> str:
        """A supplier account's growing order."""
        return f"cart/{supplier}"

    @staticmethod
    def pull(store: str) -> str:
        """The pull of one store."""
        return f"pull/{store}"

    @staticmethod
    def forget(store: str) -> str:
        """The shoppers of a store that went away."""
        return f"forget/{store}"

    @staticmethod
    def source(store: str) -> str:
        """The orders of a store that wait, once its rules have changed."""
        return f"source/{store}"

    @staticmethod
    def changes(supplier: str) -> str:
        """A supplier account's list of what changed."""
        return f"list/{supplier}"


@attrs.frozen(kw_only=True)
class Work:
    """When a subject is due, and who has it.

    Args:
        fence: Rises with each claim; a commit under an older one is refused.

        lease_until: Until when the holder of ``fence`` may have a call under way.

        failures: In a row.
    """

    subject: str
    due_at: datetime | None
    fence: int
    lease_until: datetime | None
    failures: int = 0


@attrs.frozen(kw_only=True)
class OrderRecord:
    """A store's order as the journal has it.

    Args:
        address: Where your application wants it sent, in place of where the shop says.

        version: Rises with each change of what matters.

        taken: The bridge acts on it; else it is only observed.

        seen_at: When the store last showed it to us.

        refresh: A nudge asks to read it again.

        unsourced: A line waits for a supplier that could not be asked who it is.

        progress_shown: Key of what it shows.
    """

    order: Order
    address: Address | None = None
    version: int = 1
    taken: bool
    held: bool = False
    forgotten: bool = False
    seen_at: datetime
    refresh: bool = False
    unsourced: bool = False
    progress_shown: str = ""
    next_at: datetime | None = None
    failures: int = 0

    @property
    def ship_to(self) -> Address | None:
        """Where it goes."""
        return self.address or self.order.ship_to or self.order.bill_to

    @property
    def digest(self) -> str:
        """Fingerprint of what the shop shows and your application has changed: what ``expected`` names."""
        if self.address is None:
            return self.order.digest
        text = "\n".join((self.order.digest, *attrs.astuple(self.address)))
        return hashlib.sha256(text.encode()).hexdigest()


@attrs.frozen(kw_only=True)
class PurchaseRecord:
    """A purchase order as the journal has it.

    Args:
        epoch: Part of the reference; always 0, because a new number ``n`` does its work (ADR 0007).

        left: The state before ON_HOLD or CANCEL_REQUESTED.

        approved: A person or the policy has said: place it.

        op_no: Which operation of its kind is the current one; rises when a person orders a retry.

        quote: What it would cost, where the supplier says so beforehand; of ``quote.options`` the one that
            ``po.carrier`` names is chosen.

        quoted_at: When that was.

        agreed: What it may cost: as quoted, or as a person has accepted since.

        by_hand: A person has said: place it; else, if ``approved``, the policy did.

        accepted: Review codes that a person has accepted for these lines, so they are not asked again.

        split_from: The purchase order that it is a part of, or that it sends once more.

        resend_of: The purchase order whose goods it sends once more: its units are none of the shop's, which
            has them as shipped already. It is never paid by itself.

        revoke: A person wants it canceled at the supplier.

        revoke_no: Which such wish it is.

        reads: Times it was read at the supplier, which spaces the next reads.

        next_at: When it wants to be worked on; None if it waits for a named thing or is done.

        waits: For what, in a word: ``"approval"``, ``"stock"``, ``"review"``, ``"hub"``, ``"people"``.
    """

    po: PurchaseOrder
    fulfillment: Fulfillment = Fulfillment.TO_ORDER
    payment: Payment = Payment.UNKNOWN
    left: Fulfillment | None = None
    raw_status: str = ""
    epoch: int = 0
    approved: bool = False
    op_no: int = 1
    total: Money | None = None
    quote: Quote | None = None
    quoted_at: datetime | None = None
    agreed: Money | None = None
    url: str = ""
    split_from: str = ""
    resend_of: str = ""
    created_at: datetime
    placed_at: datetime | None = None
    changed_at: datetime | None = None
    supplier_at: datetime | None = None
    by_hand: bool = False
    accepted: tuple[str, ...] = ()
    revoke: bool = False
    revoke_no: int = 0
    reads: int = 0
    next_at: datetime | None = None
    waits: str = ""
    failures: int = 0

    @property
    def word(self) -> str:
        """How far it is at the supplier: Booked, Confirmed, Working on, Ready, Dispatched; empty before."""
        return word_of(self.fulfillment, self.payment)

    @property
    def tabs(self) -> tuple[Tab, ...]:
        """The tabs in which it puts its order."""
        return purchase_tabs(
            self.fulfillment,
            self.payment,
            left=self.left,
            placed=self.placed_at is not None,
            waits=self.waits,
        )


@attrs.frozen(kw_only=True)
class NoticeRecord:
    """A shipment notice as the journal has it.

    Args:
        shipment_ref: The supplier's name of the departure: one notice each.

        inside: The supplier units in it.

        carried: Of its packages, those of departures before it that held parts of kits only.

        announced: The packages the shop was told of.

        refs: The shop's ids of what was made.
    """

    notice: ShipmentNotice
    shipment_ref: str
    inside: tuple[ShipmentLine, ...] = ()
    carried: tuple[Package, ...] = ()
    state: NoticeState = NoticeState.DUE
    announced: tuple[Package, ...] = ()
    refs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    op_no: int = 1
    created_at: datetime
    next_at: datetime | None = None
    failures: int = 0

    @property
    def told(self) -> bool:
        """The shop knows of this departure, though perhaps not yet of its latest tracking number."""
        return self.state is NoticeState.ANNOUNCED or bool(self.announced)


@attrs.frozen(kw_only=True)
class Packed:
    """A departure that is to go, or went, with a manifest.

    Args:
        shipment: What is in it, by supplier unit, and its packages.

        left_out: Why it did not go though it was packed; empty if it did or may still.
    """

    purchase_order: str
    shipment: Shipment
    left_out: str = ""


@attrs.frozen(kw_only=True)
class Manifest:
    """A hand-over list: departures of any shops and warehouses that one courier takes together.

    Args:
        courier: Who takes them.

        owner: Whose shops' orders it may hold.
    """

    id: int
    courier: str
    owner: str = ""
    state: ManifestState = ManifestState.PREPARING
    departures: tuple[Packed, ...] = ()
    created_at: datetime
    shipped_at: datetime | None = None


Wish: TypeAlias = Note | Cancellation | Refund | Hold | Release
"""What a person may want done to an order in its shop."""


@attrs.frozen(kw_only=True)
class Task:
    """What a person wants done to an order in the shop: exactly one of the wishes that it has fields for.

    Args:
        holds: The order is held because of it, and was not before.

        refunded: What the shop made of the refund, once it is done.

        warnings: What did not come with it.
    """

    order_id: str
    note: Note | None = None
    cancellation: Cancellation | None = None
    refund: Refund | None = None
    hold: Hold | None = None
    release: Release | None = None
    state: TaskState = TaskState.DUE
    holds: bool = False
    refunded: Refunded | None = None
    warnings: tuple[str, ...] = ()
    op_no: int = 1
    created_at: datetime
    next_at: datetime | None = None
    failures: int = 0

    @property
    def wish(self) -> Wish:
        """The one that it is."""
        found = self.note or self.cancellation or self.refund or self.hold or self.release
        assert found is not None
        return found

    @property
    def key(self) -> str:
        """Names it for ever within its order."""
        return self.wish.key

    @property
    def about(self) -> str:
        """Its id."""
        return f"{self.order_id}#{self.key}"


@attrs.frozen(kw_only=True)
class Case:
    """What is wanted of a supplier beside an order that it has: money, goods once more, goods back.

    Nobody asks the supplier by it: people do, and the case says how far that is.

    Args:
        id: ``purchase order/case/number``.

        order_id: The shop's order.

        key: Names it for ever within its purchase order; the bridge's own have a colon in it.

        lines: The supplier units that it is about; none means the whole purchase order.

        amount: What the supplier is to give back.

        reason: Why, for the supplier's people; without shopper data.

        evidence: Words, or addresses of pictures; without shopper data.

        child: The purchase order that sends the goods once more.

        word: What was said of it last, by a person or the supplier.
    """

    id: str
    order_id: str
    purchase_order: str
    key: str
    kind: CaseKind
    state: CaseState = CaseState.REQUESTED
    lines: tuple[ShipmentLine, ...] = ()
    amount: Money | None = None
    reason: str = ""
    evidence: tuple[str, ...] = ()
    child: str = ""
    opened_at: datetime
    changed_at: datetime
    word: str = ""

    @property
    def tabs(self) -> tuple[Tab, ...]:
        """The tabs in which it puts its order."""
        return case_tabs(self.kind, self.state)


@attrs.frozen(kw_only=True)
class Intent:
    """We are about to do this, once.

    Args:
        about: What it is done to: a purchase order's id, a notice's key, a supplier's name.

        rule: The unknown-outcome rule as stored.

        wait: Seconds after which, on one steady clock, no attempt so far can land any more and no
            look-up can miss it.

        watch_domain: Which steady clock ``watch_from`` and ``absent_at`` are on.

        watch_from: Since when an attempt without an answer is watched, in seconds of that clock.

        absences: Look-ups after ``wait`` that did not find it.
    """

    id: int
    subject: str
    about: str
    operation: str
    op_no: int
    step: str
    account: str
    state: IntentState
    rule: str
    amount: Money | None = None
    binding: bool = True
    wait: float = 0.0
    watch_domain: str = ""
    watch_from: float = 0.0
    absences: int = 0
    absent_at: float = 0.0
    reason: str = ""


@attrs.frozen(kw_only=True)
class Attempt:
    """One try at an intent: the bytes, their fingerprint, what came back."""

    intent: int
    no: int
    request: str
    sha256: str
    at: datetime
    state: IntentState
    answer: str = ""
    fence: int = 0


@attrs.frozen(kw_only=True)
class Event:
    """One line of the audit, in one order over the whole journal.

    Args:
        position: Rises with each event; no reader can skip one.

        kind: What happened; a plain string is one that a later version has written.

        about: The id of what it happened to.

        order_id: The store order it belongs to, or empty.

        data: Details, without shopper data or secrets.
    """

    position: int
    at: datetime
    kind: EventKind | str
    about: str
    order_id: str = ""
    data: dict[str, str] = attrs.field(factory=dict[str, str])


@attrs.frozen(kw_only=True)
class ReservationRow:
    """What is wanted and what is held of one remote id at one supplier account."""

    supplier: str
    remote_id: str
    wanted: Decimal = Decimal(0)
    held: Decimal = Decimal(0)
    available: Decimal | None = None
    ours: bool = True
    seen_at: datetime | None = None


@attrs.frozen(kw_only=True)
class Offer:
    """What a supplier asks for one of its units, without tax, and how many it has, as far as it says."""

    price: Money | None = None
    available: Decimal | None = None


class ReviewCode(Enum):
    """Why a person is asked. Words are never renamed or removed."""

    ORDER_NOT_UNDERSTOOD = "ORDER_NOT_UNDERSTOOD"
    NOTHING_TO_SHIP = "NOTHING_TO_SHIP"
    SHORTFALL = "SHORTFALL"
    FRACTION = "FRACTION"
    FOREIGN_UNITS = "FOREIGN_UNITS"
    UNCLEAR = "UNCLEAR"
    REFUSED = "REFUSED"
    PARKED = "PARKED"
    CONFIRMED_NOT_FOUND = "CONFIRMED_NOT_FOUND"
    DOUBLE = "DOUBLE"
    CANCELED_BY_SUPPLIER = "CANCELED_BY_SUPPLIER"
    CANCELED_AFTER_PLACING = "CANCELED_AFTER_PLACING"
    CHANGED_AFTER_PLACING = "CHANGED_AFTER_PLACING"
    ADDRESS_CHANGED = "ADDRESS_CHANGED"
    CONTRADICTORY_STATUS = "CONTRADICTORY_STATUS"
    LOST_AT_SUPPLIER = "LOST_AT_SUPPLIER"
    TRACKING_CHANGED = "TRACKING_CHANGED"
    PRICE = "PRICE"
    PACKING = "PACKING"
    MARGIN = "MARGIN"
    BLOCKED = "BLOCKED"
    RETURNED = "RETURNED"
    LIMIT = "LIMIT"
    FAULT = "FAULT"
    PRIVACY = "PRIVACY"


@attrs.frozen(kw_only=True)
class Review:
    """A question only a person may answer.

    Args:
        code: Why.

        about: The id of what it is about.

        evidence: What was seen, without shopper data.

        decisions: What may be answered.

        decision: What was answered, once it was.
    """

    id: int
    code: ReviewCode
    about: str
    order_id: str = ""
    account: str = ""
    evidence: str
    decisions: tuple[str, ...]
    opened_at: datetime
    resolved_at: datetime | None = None
    decision: str = ""
