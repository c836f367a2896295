"""Magento 2 (Adobe Commerce, Mage-OS): a shop system in PHP, spoken to over its REST API.

What its API lacks shapes this package: no idempotency key, a shipment that is silently cut to what fits,
filters that find everything if they are misspelled, and a time of change that stands still when a second
part of an order ships. So questions are built in one place that knows what must not be asked, writes are
looked for before and after, and what was made of orders is polled beside the orders themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import attrs

from ..._model import Order, Package, ShipmentNotice
from ...adapters import (
    Access,
    Annotates,
    Announced,
    Bucket,
    Canceled,
    Cancellation,
    CancelsShopOrders,
    Carrier,
    CorrectsTracking,
    Cursor,
    DecodesOrders,
    Flow,
    Headers,
    ListsCarriers,
    Note,
    Noted,
    Nudge,
    Page,
    Past,
    Probes,
    Progress,
    ReceivesWebhooks,
    Refund,
    Refunded,
    Refunds,
    Reply,
    ReportsProgress,
    Response,
    SetAside,
    StorePlatform,
    Unclear,
    Verdict,
    Write,
    decode_bytes,
)
from ...errors import Malformed
from . import _changes as changes
from . import _refunds as refunds
from . import _shipping as shipping
from ._answers import verdict_on
from ._hooks import read_webhook
from ._login import auth_of
from ._orders import order_from
from ._paging import PER_PAGE, Position, first, next_position, time_of
from ._parcels import CARRIERS
from ._probe import look
from ._query import above, equal
from ._query import since as not_before
from ._reading import (
    FULL,
    PAPERS,
    Found,
    kinds,
    newer,
    order_row,
    orders_by_id,
    orders_found,
    orders_of,
    set_aside,
)
from ._settings import Settings
from ._shapes import WireOrder, WireProduct
from ._wire import each, items_of

__all__ = ["PLATFORM", "Magento", "Settings"]

T = TypeVar("T")


@attrs.frozen
class Magento(
    Annotates,
    CancelsShopOrders,
    CorrectsTracking,
    DecodesOrders,
    ListsCarriers,
    Probes,
    ReceivesWebhooks,
    Refunds,
    ReportsProgress,
):
    """One Magento shop, or some of its store views."""

    settings: Settings

    # --- orders -----------------------------------------------------------------------------------

    def fetch_orders(self, cursor: Cursor | None, *, since: datetime, now: datetime) -> Flow[Page]:
        """One page of changed orders, and of those that something was made of behind their back."""
        at = decode_bytes(Position, cursor.encode()) if cursor else first(since)
        touched: list[int] = []
        broken: list[SetAside] = []
        unread = False
        for path in PAPERS if at.starts else ():
            found = yield from newer(self.settings, path, at.papers.get(path))
            if found is None:
                why = "what is made of orders by hand may go unnoticed until that is mended in the shop"
                broken.append(SetAside("", "$", f"Magento fails (HTTP 500) to list its {path}; {why}"))
                continue
            seen, fresh = found
            at = attrs.evolve(at, papers={**at.papers, path: seen})
            touched += fresh
            unread = unread or len(fresh) >= FULL
        page = yield from self._changed(at)
        unnamed = sum(not each.ref for each in page.set_aside)
        after = next_position(at, page.rows, len(page.rows) + unnamed >= PER_PAGE, now)
        here = {row.id for row in page.rows}
        extra = yield from orders_by_id(self.settings, (ref for ref in touched if ref not in here))
        orders, aside = yield from orders_of(self.settings, (*page.orders, *extra.orders))
        return Page(
            items=tuple(orders),
            set_aside=(*broken, *page.set_aside, *extra.set_aside, *aside),
            next=after.text,
            more=unread or not after.starts,
        )

    def _changed(self, at: Position) -> Flow[Found]:
        if at.within:
            second = equal("updated_at", time_of(at.within))
            return (
                yield from orders_found(self.settings, second, above("entity_id", at.last), size=PER_PAGE)
            )
        then = not_before(time_of(at.after or at.since))
        by_time = ("updated_at", "entity_id")
        return (yield from orders_found(self.settings, then, sort=by_time, size=PER_PAGE))

    def fetch_order(self, ref: str) -> Flow[Order | None]:
        """One order; None if this shop, or the store views that are meant, have none of this id."""
        wire = yield from order_row(self.settings, ref)
        if wire is None:
            return None
        orders, aside = yield from orders_of(self.settings, (wire,))
        if aside:
            raise Malformed(aside[0].why, path=aside[0].path)
        return orders[0]

    def decode_orders(self, body: bytes, *sides: bytes) -> tuple[Order | SetAside, ...]:
        """The orders in a file: one, a list as the shop answers, or a bare list.

        Sides are the shop's answers about products, one or a list of them: they say whether a bundle's
        parts ship by themselves. Without its product a bundle ships as a whole.
        """
        separately: dict[int, bool] = {}
        for number, side in enumerate(sides, 1):
            try:
                products = each(WireProduct, items_of(side, "custom_attributes"))
            except Malformed as error:
                raise Malformed(f"side {number}: {error.message}", path=error.path) from None
            separately |= kinds(product for product in products if isinstance(product, WireProduct))
        try:
            found = each(WireOrder, items_of(body, "entity_id"))
        except Malformed as error:
            return (SetAside("", error.path, error.message),)
        decoded: list[Order | SetAside] = []
        for wire in found:
            if isinstance(wire, Malformed):
                decoded.append(SetAside("", wire.path, wire.message))
                continue
            try:
                decoded.append(order_from(wire, self.settings, separately=separately))
            except (Malformed, ValueError) as error:
                decoded.append(set_aside(wire, error))
        return tuple(decoded)

    def _with_order(self, order: Order, act: Callable[[WireOrder], Flow[T]]) -> Flow[T | Unclear]:
        """Act on the order as the shop has it now."""
        wire = yield from order_row(self.settings, order.ref)
        if wire is None:
            return Unclear(f"order {order.ref}: the shop has no such order any more")
        return (yield from act(wire))

    # --- shipments --------------------------------------------------------------------------------

    def announce(self, order: Order, notice: ShipmentNotice, past: Past) -> Flow[Write | Announced | Unclear]:
        """One departure as one shipment: what is left read before, what was shipped read after."""
        return self._with_order(order, lambda wire: shipping.announce(self.settings, wire, order, notice))

    def correct(
        self, order: Order, notice: ShipmentNotice, told: tuple[Package, ...], past: Past
    ) -> Flow[Write | Announced | Unclear]:
        """The right number is added to the shipment, then the wrong one deleted."""
        return self._with_order(order, lambda wire: shipping.correct(self.settings, wire, notice, told))

    def carriers(self) -> Flow[tuple[Carrier, ...]]:
        """Those whose numbers Magento itself can follow; it has no list to ask for."""
        return CARRIERS
        yield  # makes this a flow

    # --- progress, notes, cancels, refunds ----------------------------------------------------------

    def report(self, order: Order, progress: Progress, past: Past) -> Flow[Write | Noted | Unclear]:
        """A comment for the staff, and a status or our reference where the merchant wants them."""
        return self._with_order(order, lambda wire: changes.report(self.settings, wire, progress))

    def annotate(self, order: Order, note: Note, past: Past) -> Flow[Write | Noted | Unclear]:
        """A comment on the order; one for the shopper is mailed too."""
        return self._with_order(order, lambda wire: changes.annotate(self.settings, wire, note))

    def cancel(
        self, order: Order, cancellation: Cancellation, past: Past
    ) -> Flow[Write | Canceled | Unclear]:
        """The whole order, unless something of it has shipped or been paid."""
        return self._with_order(order, lambda wire: changes.cancel(self.settings, wire, cancellation))

    @property
    def can_give_money(self) -> bool:
        """Through payment methods that can; an invoice without a transaction is only written down."""
        return True

    def refund(self, order: Order, refund: Refund, past: Past) -> Flow[Write | Refunded | Unclear]:
        """A credit memo, made once: of the order as a record, of an invoice to give money back."""
        return self._with_order(order, lambda wire: refunds.refund(self.settings, wire, order, refund))

    # --- webhooks ---------------------------------------------------------------------------------

    def read_webhook(self, method: str, path: str, headers: Headers, body: bytes) -> Nudge | Reply:
        """Adobe Commerce's webhooks and events; Magento Open Source and Mage-OS send none."""
        return read_webhook(self.settings, method, path, headers, body)

    # --- what answers mean ------------------------------------------------------------------------

    def judge(self, write: Write, response: Response) -> Verdict:
        """Believe only what Magento answers to just this call; all else may come from a wall before it."""
        return verdict_on(write, response)

    # --- probe ------------------------------------------------------------------------------------

    def probe(self) -> Flow[Access]:
        """Who the shop is, and what is wrong, in words a merchant can act on."""
        return (yield from look(self.settings))


# --- the platform -----------------------------------------------------------------------------------

PLATFORM = StorePlatform(
    name="magento",
    title="Magento",
    settings=Settings,
    adapter=Magento,
    auth=auth_of,
    # Magento itself has no limit for integrations; hosts have, and each question starts all of PHP.
    limits=lambda _: Bucket(per_second=5.0, burst=20),
)
