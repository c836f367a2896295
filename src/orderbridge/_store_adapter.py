"""What a shop system is asked: orders, departures, and what only some of them can."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from decimal import Decimal
from typing import Protocol

import attrs

from ._http import Response
from ._model import Money, Order, Package, ShipmentNotice, checks_texts
from ._writes import Cursor, Flow, Past, Unclear, Verdict, Write


@attrs.frozen(field_transformer=checks_texts)
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

        again_at: Ask again then, if that is before the next pull: what was asked for is being made ready.

        as_of: When the orders were as they are here, if that was before they were asked for.
    """

    items: tuple[Order, ...]
    set_aside: tuple[SetAside, ...] = ()
    next: Cursor
    more: bool
    again_at: datetime | None = None
    as_of: datetime | None = None


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

        to_shopper: It is for the shopper too, who gets a mail where the shop mails remarks.
    """

    key: str
    text: str = attrs.field(repr=False)
    to_shopper: bool = False


@attrs.frozen
class Noted:
    """The shop shows it."""


STAGES = ("Booked", "Confirmed", "Working on", "Ready", "On hold", "Delivered")
"""The words of ``Progress.stages``, as Rewix has them, for every supplier."""


@attrs.frozen(kw_only=True)
class Progress:
    """How far the suppliers are, to be shown in the shop's order.

    Args:
        key: Changes when what is to be shown changes.

        order_id: ``store/ref``.

        stages: Supplier account and its stage in words: ``("rewix", "Working on")``.

        references: What those suppliers see as our order number, one for each stage.

        delivered: All of the order has reached the shopper.
    """

    key: str
    order_id: str
    stages: tuple[tuple[str, str], ...]
    references: tuple[str, ...] = ()
    delivered: bool = False


class StoreAdapter(Protocol):
    """A shop system."""

    def fetch_orders(self, cursor: Cursor | None, *, since: datetime, now: datetime) -> Flow[Page]:
        """One page of orders changed since ``cursor``, or since ``since`` (UTC) where there is none yet."""
        ...

    def fetch_order(self, ref: str) -> Flow[Order | None]:
        """One order; None if the shop has no such order any more."""
        ...

    def announce(self, order: Order, notice: ShipmentNotice, past: Past) -> Flow[Write | Announced | Unclear]:
        """Tell the shop of one departure: look what is there, then tracking before status.

        Of more units than are open, tell none and say so: the notice comes again with those that are.
        """
        ...

    def judge(self, write: Write, response: Response) -> Verdict:
        """What the answer to a write proves; ``judge_by_status`` where the platform is plain."""
        ...


class Annotates(ABC):
    """A shop where a remark can be put on an order."""

    @abstractmethod
    def annotate(self, order: Order, note: Note, past: Past) -> Flow[Write | Noted | Unclear]:
        """Put the remark on the order once."""


@attrs.frozen(kw_only=True)
class Carrier:
    """A carrier that a shop knows.

    Args:
        code: What the shop wants named; what goes into an account's ``carriers`` setting.

        name: What people call it.

        tracking_url: Where the shop links to, with ``{number}`` in the number's place; empty if nowhere.
    """

    code: str
    name: str
    tracking_url: str = ""


class ListsCarriers(ABC):
    """A shop that says which carriers it knows."""

    @abstractmethod
    def carriers(self) -> Flow[tuple[Carrier, ...]]:
        """All it knows now."""


class CorrectsTracking(ABC):
    """A shop where a departure's tracking can be put right after the shop was told of it."""

    @abstractmethod
    def correct(
        self, order: Order, notice: ShipmentNotice, told: tuple[Package, ...], past: Past
    ) -> Flow[Write | Announced | Unclear]:
        """Show ``notice.packages`` where the shop shows ``told``, the packages it was told of last.

        Packages that are the same in both are left alone; nothing else about the departure changes, and
        the order's status never. Find what to change by what the shop shows now: a part of it may have
        been put right already.
        """


@attrs.frozen(kw_only=True)
class Cancellation:
    """The merchant's word that nothing of an order is to ship any more.

    Args:
        key: Names it for ever.

        reason: Plain text for the shop's staff.
    """

    key: str
    reason: str = attrs.field(default="", repr=False)


@attrs.frozen(kw_only=True)
class Canceled:
    """The shop's order is canceled.

    Args:
        warnings: What did not come with it, such as money that was not given back.
    """

    warnings: tuple[str, ...] = ()


class CancelsShopOrders(ABC):
    """A shop where a whole order can be canceled."""

    @abstractmethod
    def cancel(
        self, order: Order, cancellation: Cancellation, past: Past
    ) -> Flow[Write | Canceled | Unclear]:
        """Cancel the order, as the shop stands now: ``Unclear`` if something of it has shipped."""


@attrs.frozen(kw_only=True)
class Hold:
    """The merchant's word that an order is to wait, shown to the shop's staff.

    Args:
        key: Names it for ever.

        reason: Plain text for the shop's staff.
    """

    key: str
    reason: str = attrs.field(default="", repr=False)


@attrs.frozen(kw_only=True)
class Held:
    """The shop shows that the order waits.

    Args:
        warnings: What of it could not be put on hold.
    """

    warnings: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Release:
    """The order need not wait for us any more.

    Args:
        key: Names it for ever.
    """

    key: str


@attrs.frozen(kw_only=True)
class Released:
    """Nothing of the order waits because of us any more.

    Args:
        warnings: What others keep on hold.
    """

    warnings: tuple[str, ...] = ()


class HoldsWork(ABC):
    """A shop where an order can be put on hold, and where it shows whose hold that is."""

    @abstractmethod
    def hold(self, order: Order, hold: Hold, past: Past) -> Flow[Write | Held | Unclear]:
        """Hold what of the order may still ship, once: another hold of ours is as good as this one."""

    @abstractmethod
    def release(self, order: Order, release: Release, past: Past) -> Flow[Write | Released | Unclear]:
        """Take our holds off, whichever key they had, and never one of the merchant or of another app."""


@attrs.frozen(kw_only=True)
class RefundLine:
    """So many units of one line, and the money for them, tax included."""

    line_ref: str
    units: Decimal
    amount: Money


@attrs.frozen(kw_only=True)
class Refund:
    """Money that a shopper gets back.

    Args:
        key: Names it for ever, so that a repeat finds it.

        amount: All of it, tax included; at least the sum of ``lines`` and ``shipping``, and what is
            more is for no line.

        lines: What it is for, where it is for goods. These units are not to ship any more.

        shipping: The part that is for shipping, tax included.

        reason: Plain text for the shop's staff.

        gives_money: The shop is to give the money back itself, through the way it was paid; else it only
            writes down that somebody has.

        restock: The units go back on sale.
    """

    key: str
    amount: Money
    lines: tuple[RefundLine, ...] = ()
    shipping: Money | None = None
    reason: str = attrs.field(default="", repr=False)
    gives_money: bool = False
    restock: bool = False


@attrs.frozen(kw_only=True)
class Refunded:
    """The shop has the refund.

    Args:
        ref: The shop's id of it.

        amount: As the shop has it.

        gave_money: The shop says that it gave the money back; False if this is only a record.

        warnings: What could not be said in full.
    """

    ref: str
    amount: Money
    gave_money: bool
    warnings: tuple[str, ...] = ()


class Refunds(ABC):
    """A shop where a refund can be made or written down."""

    @property
    @abstractmethod
    def can_give_money(self) -> bool:
        """It can give money back; else a refund there is only ever a record."""

    @abstractmethod
    def refund(self, order: Order, refund: Refund, past: Past) -> Flow[Write | Refunded | Unclear]:
        """Make the refund once: look for it first, by its key or by what only it can be."""


class DecodesOrders(ABC):
    """A shop whose orders can be read from a file: exports, recorded answers, webhook bodies."""

    @abstractmethod
    def decode_orders(self, body: bytes, *sides: bytes) -> tuple[Order | SetAside, ...]:
        """The orders in a file, one for each in its order: one, a list of them, or a webhook's body.

        Args:
            body: The file.

            sides: Further answers of the shop, in any order, which hold what its orders only name by id;
                what they do not say stays empty, and a currency is ``XXX``. Many platforms need none.
        """


class ReportsProgress(ABC):
    """A shop that can show how far the suppliers are, before anything ships and once it has arrived."""

    @abstractmethod
    def report(self, order: Order, progress: Progress, past: Past) -> Flow[Write | Noted | Unclear]:
        """Show it."""
