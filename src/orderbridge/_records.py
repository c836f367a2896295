"""What the journal keeps about each thing, beside the thing itself."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from decimal import Decimal

import attrs

from ._model import (
    Address,
    NoticeLine,
    Order,
    Package,
    PurchaseOrder,
    Shipment,
    ShipmentLine,
    ShipmentNotice,
)
from ._money import Money
from ._standing import Tab, purchase_tabs, word_of
from ._states import Fulfillment, ManifestState, NoticeState, Payment
from ._supplier_adapter import Quote

__all__ = [
    "DailyLook",
    "Manifest",
    "NoticeRecord",
    "Offer",
    "OrderRecord",
    "Packed",
    "PurchaseRecord",
    "ReservationRow",
    "Twin",
    "WantedBy",
]


@attrs.frozen(kw_only=True)
class OrderRecord:
    """A store's order as the journal has it.

    Args:
        address: Where your application wants it sent, in place of where the shop says.

        version: Rises with each change of what matters.

        taken: The bridge acts on it; else it is only observed.

        seen_at: When the store last showed it to us.

        refresh: A nudge asks to read it again.

        unsourced: A line waits for a supplier that could not be asked who it is, or does not sell it now, or
            whose account is not there now.

        source_at: When such a supplier is asked again; None is at once.

        progress_begun: Key of the progress that the shop was last to be shown.

        progress_shown: Key of what it shows; empty while nobody knows.

        next_at: When the shop is to be shown progress again.
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
    source_at: datetime | None = None
    progress_begun: str = ""
    progress_shown: str = ""
    next_at: datetime | None = None
    failures: int = 0

    def seen_within(self, span: timedelta, now: datetime) -> bool:
        """Has the store shown it so lately? A time to come says nothing: a clock was wrong then."""
        return abs(now - self.seen_at) < span

    @property
    def ship_to(self) -> Address | None:
        """Where it goes."""
        return self.address or self.order.ship_to

    @property
    def digest(self) -> str:
        """Fingerprint of what the shop shows and your application has changed: what ``expected`` names."""
        if self.address is None:
            return self.order.digest
        text = "\n".join((self.order.digest, *attrs.astuple(self.address)))
        return hashlib.sha256(text.encode()).hexdigest()


@attrs.frozen(kw_only=True)
class Twin:
    """One order too many: the supplier has it under the reference of a purchase order that is another there,
    or that wants nothing any more.

    Args:
        supplier_ref: Its number there.

        fulfillment: How far it was when it was last seen, where that is known.

        raw_status: The supplier's word for that.

        total: What the supplier asks for it.

        revoke_no: How often a person has wanted it canceled at the supplier.

        asked_at: When the supplier was first seen to have been asked, and had not said yes.
    """

    supplier_ref: str
    fulfillment: Fulfillment | None = None
    raw_status: str = ""
    total: Money | None = None
    revoke_no: int = 0
    asked_at: datetime | None = None
    next_at: datetime | None = None
    failures: int = 0


@attrs.frozen(kw_only=True)
class PurchaseRecord:
    """A purchase order as the journal has it.

    Args:
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

        twins: Orders too many of it at the supplier, also those that are canceled by now.

        reads: Times it was read at the supplier, which spaces the next reads.

        next_at: When it wants to be worked on; None if it waits for a named thing or is done.

        waits: For what, in a word: ``"approval"``, ``"held"``, ``"window"`` (the policy's ``place_after``),
            ``"shipping"`` (a person is to choose how it is sent), ``"address"`` (a person is to say which
            is right), ``"review"``, ``"money"`` (it is stopped), ``"stock"``, ``"shop"`` (it is not to be
            shipped yet there), ``"hub"``, ``"people"`` (who move it), ``"account"`` (it is not configured
            any more) or ``"replaced"``; empty if for nothing but its turn.
    """

    po: PurchaseOrder
    fulfillment: Fulfillment = Fulfillment.TO_ORDER
    payment: Payment = Payment.UNKNOWN
    left: Fulfillment | None = None
    raw_status: str = ""
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
    twins: tuple[Twin, ...] = ()
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

        untold: Of its lines, the units of which the shop had none open any more: it was not told of these.
    """

    notice: ShipmentNotice
    shipment_ref: str
    inside: tuple[ShipmentLine, ...] = ()
    carried: tuple[Package, ...] = ()
    untold: tuple[NoticeLine, ...] = ()
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


@attrs.frozen(kw_only=True)
class WantedBy:
    """A line of an order that wants units of a remote id.

    Args:
        order_id: The way to the order: ``bridge.order`` takes it.

        product_ref: The shop's id of the product; empty where it was deleted.

        variant_ref: Empty where the product has no variants.

        units: The supplier's.

        fulfillment: How far its purchase order is.

        waits: For what that waits, in a word.
    """

    order_id: str
    order_number: str
    purchase_order: str
    product_ref: str = ""
    variant_ref: str = ""
    sku: str = ""
    name: str = ""
    units: Decimal
    fulfillment: Fulfillment
    waits: str = ""


@attrs.frozen(kw_only=True)
class ReservationRow:
    """What is wanted and what is held of one remote id at one supplier account.

    Args:
        status: In the view: ``"held"``, ``"not asked yet"``, or as in ``Difference.cause``.

        wanted_by: In the view: who wants them, the oldest first.
    """

    supplier: str
    remote_id: str
    wanted: Decimal = Decimal(0)
    held: Decimal = Decimal(0)
    available: Decimal | None = None
    ours: bool = True
    seen_at: datetime | None = None
    status: str = ""
    wanted_by: tuple[WantedBy, ...] = ()


@attrs.frozen(kw_only=True)
class DailyLook:
    """What a daily look over a supplier account's orders came to.

    Args:
        ended_at: When its last page was read (UTC).

        seen: Orders it was shown that no purchase order here was known to be.

        unknown: Of those, the ones with a reference like ours that this journal has not given. Another
            journal orders from the same account, such as one for trying things out, or one that was lost.

        unread: Orders that could not be read.
    """

    ended_at: datetime
    seen: int = 0
    unknown: int = 0
    unread: int = 0


@attrs.frozen(kw_only=True)
class Offer:
    """What a supplier asks for one of its units, without tax, and how many it has, as far as it says."""

    price: Money | None = None
    available: Decimal | None = None
