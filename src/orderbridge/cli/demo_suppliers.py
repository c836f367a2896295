"""The suppliers of the demonstration: what their people do, and what stands in their ledgers.

A new supplier's platform is one more class here, and its line in ``SUPPLIERS``.
"""

from __future__ import annotations

import csv
import io
from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal
from urllib.parse import urlsplit

import attrs

from .. import Bridge, Fulfillment, Package, Payment, PurchaseRecord, Shipment, ShipmentLine
from .._http import Call
from ..errors import BridgeError
from ..sandbox.alibaba import AlibabaSupplier
from ..sandbox.faults import Backend
from ..sandbox.rewix import Code, RewixSupplier
from .demo_side import Side

__all__ = ["STAGES", "SUPPLIERS", "Alibaba", "Bought", "DemoSupplier", "Rewix", "Warehouse"]

F = Fulfillment
STAGES = (F.ACCEPTED, F.PREPARING, F.READY, F.SHIPPED)


@attrs.frozen(kw_only=True)
class Bought:
    """One order in a supplier's ledger.

    Args:
        ref: The supplier's number of it.

        shopper: Whom it goes to.

        units: By remote id; none are left of one that was canceled.

        paid: How many times; None where nobody is paid.

        numbers: Tracking numbers of the parcels that left.

        whole: All of it has left.
    """

    ref: str
    shopper: str = attrs.field(repr=False)
    units: Mapping[str, int]
    paid: int | None
    numbers: tuple[str, ...]
    whole: bool


class DemoSupplier(Side):
    """A simulated supplier and the people in it."""

    # How a person or the bridge pays; empty where nobody is paid.
    paid_by: Literal["by hand", "through its API", ""]

    def stock_up(self, units: Mapping[str, int]) -> None:
        """See that there is enough of everything, and a little more."""

    @abstractmethod
    def act(self, to: Fulfillment, bridge: Bridge, mine: Sequence[PurchaseRecord], now: datetime) -> None:
        """Bring every order so far, also one that came late.

        Args:
            to: One of ``STAGES``. The merchant's paying brings it to ``ACCEPTED``.

            mine: The purchase orders here, as the bridge knows them.
        """

    def shows(self, to: Fulfillment) -> Fulfillment:
        """What the bridge is to say of an order that has come so far."""
        return to

    @abstractmethod
    def ledger(self) -> Sequence[Bought]:
        """Everything that was ever ordered here."""


class Rewix(DemoSupplier):
    """Goods are held in one growing order, and a person pays on the supplier's page."""

    platform = name = "rewix"
    paid_by = "by hand"
    bears_copies = True  # it knows each order's key

    def __init__(self) -> None:
        self.supplier = RewixSupplier(api_key="demo", password="demo", stock={})  # noqa: S106 (the sandbox's own)

    @property
    def backend(self) -> RewixSupplier:
        return self.supplier

    def settings(self) -> dict[str, str]:
        return {"api_key": "demo", "password": "demo"}

    def stock_up(self, units: Mapping[str, int]) -> None:
        self.supplier.stock = {stock_id: wanted + 5 for stock_id, wanted in units.items()}

    def act(self, to: Fulfillment, bridge: Bridge, mine: Sequence[PurchaseRecord], now: datetime) -> None:
        hands = (self.supplier.pay, self.supplier.work, self.supplier.ready, self._dispatch)
        for act in hands[: STAGES.index(to) + 1]:
            act(now=now)

    def _dispatch(self, *, now: datetime) -> None:
        for order in self.supplier.orders:
            if order.step == Code.READY:
                carrier = "UPS" if int(order.order_id) % 2 else "DHL"
                number = f"DEMO{order.order_id:0>8}"
                self.supplier.dispatch(order.order_id, tracking_code=number, carrier=carrier, now=now)

    def ledger(self) -> Sequence[Bought]:
        return [
            Bought(
                ref=order.order_id,
                shopper=order.recipient["recipient"],
                units={} if order.released else order.items,
                paid=sum(step == Code.CONFIRMED for _, step in order.history),
                numbers=(order.tracking_code,) if order.dispatched else (),
                whole=order.dispatched,
            )
            for order in self.supplier.orders
        ]


class Alibaba(DemoSupplier):
    """Many sellers, an order for each; the merchant has the bridge pay, in the merchant's own name."""

    platform = name = "alibaba"
    path = "/rest"
    paid_by = "through its API"

    def __init__(self) -> None:
        self.supplier = AlibabaSupplier()

    @property
    def backend(self) -> AlibabaSupplier:
        return self.supplier

    def settings(self) -> dict[str, str]:
        keys = self.supplier.keys
        return {
            "app_key": keys.app_key,
            "app_secret": keys.app_secret,
            "refresh_token": keys.refresh_token,
        }

    def changes(self, call: Call) -> bool:
        return urlsplit(call.url).path.endswith(("/create", "/pay", "/cancel"))

    def spared(self, call: Call) -> bool:
        # A refresh spoils the token before it: whoever loses the answer must be let in again by a person.
        return "/auth/" in call.url

    def act(self, to: Fulfillment, bridge: Bridge, mine: Sequence[PurchaseRecord], now: datetime) -> None:
        for record in mine:
            if record.payment is Payment.UNPAID:
                self._pay(bridge, record)
        for order in self.supplier.orders:
            if to is not F.ACCEPTED and order.status == "paid":
                self.supplier.work(order.trade_id, now=now)
            if to is F.SHIPPED and order.status == "undeliver":
                self._ship(order.trade_id, now)

    @staticmethod
    def _pay(bridge: Bridge, record: PurchaseRecord) -> None:
        try:
            bridge.pay(record.po.id)
        except BridgeError:
            return  # the line is bad; the person tries again later

    def _ship(self, trade_id: str, now: datetime) -> None:
        """In two parcels where there is enough for two."""
        units = {line.sku_id: line.quantity for line in self.supplier.order(trade_id).lines}
        for number, parts in enumerate(_parcels(units), start=1):
            self.supplier.ship(trade_id, f"DEMO{trade_id[-8:]}{number}", parts=parts, now=now)

    def shows(self, to: Fulfillment) -> Fulfillment:
        return F.PREPARING if to is F.READY else to  # there is no word for packed

    def ledger(self) -> Sequence[Bought]:
        return [
            Bought(
                ref=order.trade_id,
                shopper=order.shopper,
                units={} if order.released else _by_remote_id(order.units),
                paid=self.supplier.paid(order.trade_id),
                numbers=tuple(parcel.number for parcel in order.parcels),
                whole=order.logistic == "DELIVERED",
            )
            for order in self.supplier.orders
        ]


def _by_remote_id(units: Mapping[tuple[str, str], int]) -> dict[str, int]:
    return {f"{product_id}:{sku_id}": wanted for (product_id, sku_id), wanted in units.items()}


def _parcels(units: Mapping[str, int]) -> list[Mapping[str, int]]:
    """One unit first, and the rest after it."""
    first = Counter([next(iter(units))])
    rest = Counter(units) - first
    return [first, rest] if rest else [first]


@attrs.define(kw_only=True)
class _Paper:
    """A purchase order as it came out of the printer, and what was sent for it."""

    shopper: str
    units: Counter[str]
    sent: list[tuple[str, Mapping[str, int]]] = attrs.field(factory=list[tuple[str, Mapping[str, int]]])


class Warehouse(DemoSupplier):
    """The merchant's own warehouse: purchase orders on paper, and people who say what they did."""

    platform = "offline"
    name = "warehouse"
    paid_by = ""

    def __init__(self) -> None:
        self._papers: dict[str, _Paper] = {}

    @property
    def backend(self) -> Backend | None:
        return None

    def settings(self) -> dict[str, str]:
        return {"title": "Demo warehouse"}

    def act(self, to: Fulfillment, bridge: Bridge, mine: Sequence[PurchaseRecord], now: datetime) -> None:
        for record in mine:
            paper = self._paper(bridge, record)
            if to is F.SHIPPED:
                self._ship(bridge, record, paper)
            elif record.fulfillment in (F.PLACED, *STAGES[: STAGES.index(to)]):
                bridge.observe(record.po.id, fulfillment=to)

    def _paper(self, bridge: Bridge, record: PurchaseRecord) -> _Paper:
        """The paper is what is packed by; one that is printed twice has the same number on it."""
        known = self._papers.get(record.po.supplier_ref)
        if known is not None:
            return known
        table = next(paper for paper in bridge.documents(record.po.id) if paper.media_type == "text/csv")
        rows = list(csv.DictReader(io.StringIO(table.body.decode("utf-8-sig"))))
        paper = _Paper(shopper=rows[0]["ship_name"], units=Counter())
        for row in rows:
            paper.units[row["remote_id"]] += int(row["quantity"])
        return self._papers.setdefault(rows[0]["reference"], paper)

    def _ship(self, bridge: Bridge, record: PurchaseRecord, paper: _Paper) -> None:
        """In two parcels where there is enough for two."""
        if paper.sent:
            return
        for parts in _parcels(paper.units):
            number = f"DEMOW{sum(len(each.sent) for each in self._papers.values()) + 1:07}"
            paper.sent.append((number, parts))
            lines = tuple(ShipmentLine(remote_id=each, quantity=Decimal(parts[each])) for each in parts)
            package = Package(tracking_number=number, carrier="DHL")
            bridge.ship(record.po.id, Shipment(ref=number, packages=(package,), lines=lines))

    def ledger(self) -> Sequence[Bought]:
        return [
            Bought(
                ref=ref,
                shopper=paper.shopper,
                units=paper.units,
                paid=None,
                numbers=tuple(number for number, _ in paper.sent),
                whole=paper.units == sum((Counter(parts) for _, parts in paper.sent), Counter[str]()),
            )
            for ref, paper in self._papers.items()
        ]


SUPPLIERS: Mapping[str, type[Rewix | Alibaba | Warehouse]] = {
    supplier.platform: supplier for supplier in (Rewix, Alibaba, Warehouse)
}
