"""Shopify: a shop system spoken to over its GraphQL Admin API; only webhooks still have the shape of REST.

What shapes this package: almost every answer has status 200, and what went wrong stands inside; calls are
paid for in points, and a page is as large as they allow; searches lag behind; what ships is a fulfillment
order, which is split, moved and replaced, and of which we are shown only what the app's scopes allow; and
most writes have no key that would make them safe to repeat.
"""

from __future__ import annotations

from datetime import datetime

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
    Held,
    Hold,
    HoldsWork,
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
    Release,
    Released,
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
from . import _cancels as cancels
from . import _corrections as corrections
from . import _holds as holds
from . import _one_more as one_more
from . import _progress as progressing
from . import _refunds as refunds
from . import _shipping as shipping
from ._answers import verdict_on
from ._bulk import HOSTS
from ._carriers import CARRIERS
from ._files import orders_in
from ._graphql import meter
from ._hooks import read_webhook
from ._login import auth_of
from ._paging import Position, first
from ._probe import look
from ._reading import order_of, page_of
from ._settings import Settings

__all__ = ["PLATFORM", "Settings", "Shopify"]


@attrs.frozen
class Shopify(
    Annotates,
    CancelsShopOrders,
    CorrectsTracking,
    DecodesOrders,
    HoldsWork,
    ListsCarriers,
    Probes,
    ReceivesWebhooks,
    Refunds,
    ReportsProgress,
):
    """One Shopify shop, or what of it is ours to ship."""

    settings: Settings

    # --- orders -----------------------------------------------------------------------------------

    def fetch_orders(self, cursor: Cursor | None, *, since: datetime, now: datetime) -> Flow[Page]:
        """One page of changed orders, as large as Shopify's points allow."""
        at = decode_bytes(Position, cursor.encode()) if cursor else first(since)
        return (yield from page_of(self.settings, at, now))

    def fetch_order(self, ref: str) -> Flow[Order | None]:
        """One order; None if there is none, or it is older than what the app may see."""
        return (yield from order_of(self.settings, ref))

    def decode_orders(self, body: bytes, *sides: bytes) -> tuple[Order | SetAside, ...]:
        """The orders in a file: an answer with one or some, a webhook's body, a bulk operation's lines.

        A webhook does not say what fulfillment orders there are: whether it may ship is then by Shopify's
        words for people. Sides are not needed.
        """
        return orders_in(body, self.settings)

    # --- shipments --------------------------------------------------------------------------------

    def announce(self, order: Order, notice: ShipmentNotice, past: Past) -> Flow[Write | Announced | Unclear]:
        """One departure, as one fulfillment for each location and carrier; without units a number more."""
        if not notice.lines:
            return (yield from one_more.announce(self.settings, order, notice, past))
        return (yield from shipping.announce(self.settings, order, notice, past))

    def correct(
        self, order: Order, notice: ShipmentNotice, told: tuple[Package, ...], past: Past
    ) -> Flow[Write | Announced | Unclear]:
        """The whole tracking of each fulfillment that shows what was told."""
        return (yield from corrections.correct(self.settings, order, notice, told, past))

    def carriers(self) -> Flow[tuple[Carrier, ...]]:
        """Those that Shopify knows how to follow; it has no list to ask for."""
        return CARRIERS
        yield  # makes this a flow

    # --- progress, notes, cancels, refunds, holds ---------------------------------------------------

    def report(self, order: Order, progress: Progress, past: Past) -> Flow[Write | Noted | Unclear]:
        """Shopify's own "in progress" and "delivered", and the suppliers' words beside the order."""
        return (yield from progressing.report(self.settings, order, progress, past))

    def annotate(self, order: Order, note: Note, past: Past) -> Flow[Write | Noted | Unclear]:
        """A line at the end of the order's note, for the staff."""
        return (yield from progressing.annotate(self.settings, order, note, past))

    def cancel(
        self, order: Order, cancellation: Cancellation, past: Past
    ) -> Flow[Write | Canceled | Unclear]:
        """The whole order, or, where we are a fulfillment service, our part of it."""
        return (yield from cancels.cancel(self.settings, order, cancellation, past))

    @property
    def can_give_money(self) -> bool:
        """Back the way it was paid."""
        return True

    def refund(self, order: Order, refund: Refund, past: Past) -> Flow[Write | Refunded | Unclear]:
        """A refund, made once."""
        return (yield from refunds.refund(self.settings, order, refund))

    def hold(self, order: Order, hold: Hold, past: Past) -> Flow[Write | Held | Unclear]:
        """A hold of ours on each fulfillment order that is ours and may still ship."""
        return (yield from holds.hold(self.settings, order, hold, past))

    def release(self, order: Order, release: Release, past: Past) -> Flow[Write | Released | Unclear]:
        """Our own holds end; those of others stay."""
        return (yield from holds.release(self.settings, order))

    # --- webhooks ---------------------------------------------------------------------------------

    def read_webhook(self, method: str, path: str, headers: Headers, body: bytes) -> Nudge | Reply:
        """Shopify's webhooks; a message is a hint, and the order is read again."""
        return read_webhook(self.settings, method, path, headers, body)

    # --- what answers mean ------------------------------------------------------------------------

    def judge(self, write: Write, response: Response) -> Verdict:
        """Believe only a mutation that names what it made, and no error beside it."""
        return verdict_on(write, response)

    # --- probe ------------------------------------------------------------------------------------

    def probe(self) -> Flow[Access]:
        """Who the shop is, and what is wrong, in words a merchant can act on."""
        return (yield from look(self.settings))


# --- the platform -----------------------------------------------------------------------------------

PLATFORM = StorePlatform(
    name="shopify",
    title="Shopify",
    settings=Settings,
    adapter=Shopify,
    auth=auth_of,
    # Points, of the smallest plan; every answer says what the shop's own plan allows.
    limits=lambda _: Bucket(per_second=100.0, burst=2000),
    meter=meter,
    foreign=HOSTS,
)
