"""Alibaba.com: goods of many sellers, over the platform's gateway for buyers.

What shapes this package: an order holds one seller's goods and names its way to ship; placing and paying
are two steps; nothing keeps an order from being made twice, and what went wrong mostly comes with status
200. The older gateway (taobao.com) speaks another language and is not meant.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime

import attrs

from ..._model import BuyerContext, Money, PurchaseOrder
from ...adapters import (
    Access,
    Bucket,
    CancelsPurchases,
    CarriesNotes,
    Changes,
    ChecksProducts,
    Cursor,
    Flow,
    Headers,
    ListsChanges,
    ListsPurchases,
    Nudge,
    Past,
    PaymentSeen,
    Pays,
    Placement,
    Probes,
    Product,
    PurchaseCanceled,
    PurchasePage,
    Quote,
    Quotes,
    ReceivesWebhooks,
    Reply,
    Response,
    SeenPurchase,
    Splits,
    SupplierPlatform,
    SupplierStatus,
    Unclear,
    Verdict,
    Write,
)
from . import _orders as orders
from . import _paying as paying
from . import _placing as placing
from . import _products as products
from . import _quote as quoting
from . import _status as status
from ._failures import BURST, PER_SECOND, allowance_in, verdict_on
from ._login import Login
from ._probe import look
from ._push import read_push
from ._settings import Settings

__all__ = ["PLATFORM", "AlibabaAdapter", "Settings"]


@attrs.frozen
class AlibabaAdapter(
    CancelsPurchases,
    CarriesNotes,
    ChecksProducts,
    ListsChanges,
    ListsPurchases,
    Pays,
    Probes,
    Quotes,
    ReceivesWebhooks,
    Splits,
):
    """Quotes, orders, payments and statuses of one buyer's account."""

    needs_buyer = True

    settings: Settings

    def parts(self, remote_ids: Collection[str]) -> Flow[Mapping[str, str]]:
        """The seller and the place of dispatch, ``seller/CN``."""
        return products.parts(self.settings, remote_ids)

    def check_products(self, remote_ids: Collection[str]) -> Flow[tuple[Product, ...]]:
        """Price for the smallest quantity sold, and stock at the place of dispatch."""
        return products.check(self.settings, remote_ids)

    def quote(self, po: PurchaseOrder) -> Flow[Quote | Unclear]:
        """Goods, and the ways to send them to this address; Alibaba.com's word once ordered may differ."""
        return quoting.quote(self.settings, po)

    def place(self, po: PurchaseOrder, past: Past) -> Flow[Write | Placement | Unclear]:
        """Order it unless there is an order with our reference, or one that might be it."""
        return placing.place(self.settings, po, past)

    def pay(
        self, po: PurchaseOrder, total: Money, buyer: BuyerContext | None, past: Past
    ) -> Flow[Write | PaymentSeen | Unclear]:
        """Pay it in a call of its own; without ``buyer`` the write is one to compare with, not to send."""
        return paying.pay(self.settings, po, total, buyer, past)

    def fetch(self, po: PurchaseOrder) -> Flow[SupplierStatus | None]:
        """Its status, and once it may have left its parcels."""
        return status.fetch(self.settings, po)

    def cancel_purchase(self, po: PurchaseOrder, past: Past) -> Flow[Write | PurchaseCanceled | Unclear]:
        """Have it closed; whether a paid one is, Alibaba.com decides."""
        return paying.cancel(self.settings, po, past)

    def changes(self, cursor: Cursor | None, *, now: datetime) -> Flow[Changes]:
        """The numbers of orders changed since then."""
        return orders.changes(cursor, now=now)

    def purchases(self, cursor: Cursor | None, *, since: datetime, now: datetime) -> Flow[PurchasePage]:
        """The numbers of orders made since then; the list says nothing of what they carry."""
        return orders.purchases(cursor, since=since, now=now)

    def purchase(self, supplier_ref: str) -> Flow[SeenPurchase | None]:
        """One order with what stands in its remark."""
        return placing.seen_purchase(self.settings, supplier_ref)

    def read_webhook(self, method: str, path: str, headers: Headers, body: bytes) -> Nudge | Reply:
        """A push message, signed by the app's secret."""
        return read_push(self.settings, headers, body)

    def probe(self) -> Flow[Access]:
        """Read one order and one product, and say in words what is wrong."""
        # No read says whose account it is, so the merchant's word for it does, or the app's key.
        named = f"{self.settings.app_key}\n{self.settings.account.casefold()}"
        account = hashlib.sha256(named.encode()).hexdigest()[:16]
        return look(f"{self.settings.base_url.lower()}#{account}")

    def judge(self, write: Write, response: Response) -> Verdict:
        """Refused only where a documented word says so; all else may have happened."""
        if write.step == "create":
            return placing.verdict(response)
        if write.step == "pay":
            return paying.payment_verdict(response)
        return verdict_on(response, sure=write.step == "cancel")


PLATFORM = SupplierPlatform(
    name="alibaba",
    title="Alibaba.com",
    settings=Settings,
    adapter=AlibabaAdapter,
    auth=Login,
    # The gateway counts an app's calls, whichever account they are for.
    limits=lambda its: Bucket(per_second=PER_SECOND, burst=BURST, name=f"alibaba/{its.app_key}"),
    meter=allowance_in,
)
