"""Quote: what a purchase order would cost, which way it is sent, and whether that is too dear."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from ._engine import Supplier, backoff
from ._events import EventKind
from ._journal import Tx
from ._model import PurchaseOrder
from ._money import Money
from ._place import PurchaseOperation
from ._policy import Policy
from ._records import OrderRecord, PurchaseRecord, ReviewCode
from ._saga import Clock
from ._states import Fulfillment
from .adapters import Flow, Past, Quote, Quotes, ShippingOption, Unclear, Write

__all__ = ["AskQuote", "chosen", "quoted", "wants_quote"]

_GOOD_FOR = timedelta(minutes=10)  # prices move; one this old is asked for again before ordering
_STOCK_AGAIN = timedelta(minutes=30)


def wants_quote(adapter: object, record: PurchaseRecord, now: datetime) -> bool:
    """Is a price to be asked before it is ordered?"""
    if not isinstance(adapter, Quotes):
        return False
    # Without a cost on the links there is nothing that the price of a supplier could be held against.
    if not adapter.needed_to_place and any(line.cost is None for line in record.po.lines):
        return False
    if record.quote is None or record.quoted_at is None or (record.approved and record.agreed is None):
        return True
    return now - record.quoted_at > _GOOD_FOR


def chosen(record: PurchaseRecord) -> ShippingOption | None:
    """The way it is sent, of those quoted."""
    options = record.quote.options if record.quote is not None else ()
    return next((option for option in options if option.code == record.po.carrier), None)


def quoted(record: PurchaseRecord) -> Money | None:
    """Goods and shipping as quoted; None if nobody asked."""
    if record.quote is None:
        return None
    option = chosen(record)
    return record.quote.goods + option.price if option is not None else record.quote.goods


def _linked_at(po: PurchaseOrder, currency: str) -> Money | None:
    """What the goods cost when they were linked; None unless every link says so.

    What is in another currency counts for nothing here: so it is never less than what is asked.
    """
    costs = [line.cost.times(line.quantity) for line in po.lines if line.cost is not None]
    if not po.lines or len(costs) < len(po.lines):
        return None
    return Money.sum([cost for cost in costs if cost.currency == currency], currency)


class AskQuote(PurchaseOperation[Quote]):
    """Ask the supplier what it would cost. It never writes there."""

    name = "quote"

    def __init__(
        self,
        supplier: Supplier,
        adapter: Quotes,
        order: OrderRecord,
        record: PurchaseRecord,
        *,
        owner: str,
        policy: Policy,
    ) -> None:
        super().__init__(supplier, order, record, owner=owner)
        self._adapter = adapter
        self._policy = policy

    def flow(self, past: Past) -> Flow[Write | Quote | Unclear]:
        return (yield from self._adapter.quote(self.po))

    def done(self, tx: Tx, result: Quote, now: Clock) -> None:
        record = self.current(tx)
        if record.fulfillment not in (Fulfillment.TO_ORDER, Fulfillment.RESERVED):
            return  # somebody has placed it since
        if record.po.lines != self.po.lines:
            self._again(tx, record, now.wall)  # it has changed since; it is asked for anew
            return
        if result.refused and not record.approved:
            tx.put_purchase(attrs.evolve(record, quote=result, quoted_at=now.wall))
            return
        if result.refused:
            words = "; ".join(f"{line.quantity} of {line.remote_id}: {line.why}" for line in result.refused)
            self.ask(tx, ReviewCode.SHORTFALL, f"{self.account} cannot give {words}", now)
            tx.put_purchase(attrs.evolve(record, waits="stock", next_at=now.wall + _STOCK_AGAIN))
            return
        tx.close_reviews(ReviewCode.SHORTFALL, about=self.about, decision="there again", at=now.wall)
        if any(option.price.currency != result.goods.currency for option in result.options):
            # Nothing here can add them up.
            self.unclear(tx, f"{self.account} quotes goods and shipping in different currencies", now)
            return
        option = self._policy.choose(self._order.order, record.po, result)
        if option is None and result.options:
            # A person chooses; what there is to choose from is kept.
            waits = "shipping" if record.approved else record.waits
            tx.put_purchase(attrs.evolve(record, quote=result, quoted_at=now.wall, waits=waits, next_at=None))
            return
        if option is None and self._adapter.needed_to_place:
            self.unclear(tx, f"{self.account} names no way to send it", now)
            return
        record = attrs.evolve(
            record,
            po=attrs.evolve(record.po, carrier="" if option is None else option.code),
            quote=result,
            quoted_at=now.wall,
            waits="" if record.approved else record.waits,
            failures=0,
        )
        total = quoted(record)
        assert total is not None
        self.event(tx, EventKind.QUOTED, now, total=str(total), carrier=record.po.carrier)
        if not record.approved:
            # Somebody only wants to know; nothing is agreed to, and nobody need be asked.
            tx.put_purchase(record)
            return
        linked = _linked_at(record.po, result.goods.currency)
        if record.agreed is None and linked is not None and self._policy.too_dear(result.goods, linked):
            costs = ", ".join(f"{line.cost} for {line.remote_id}" for line in record.po.lines)
            self._too_dear(tx, record, f"the goods cost {result.goods}; its links say {costs}", now)
        elif record.agreed is not None and self._policy.too_dear(total, record.agreed):
            self._too_dear(tx, record, f"it costs {total} now, and {record.agreed} was agreed", now)
        else:
            tx.close_reviews(ReviewCode.PRICE, about=self.about, decision="cheaper", at=now.wall)
            agreed = total if record.agreed is None else record.agreed
            self._again(tx, attrs.evolve(record, agreed=agreed), now.wall)

    def _again(self, tx: Tx, record: PurchaseRecord, at: datetime) -> None:
        tx.put_purchase(attrs.evolve(record, next_at=at if record.approved else None))

    def _too_dear(self, tx: Tx, record: PurchaseRecord, words: str, now: Clock) -> None:
        tx.put_purchase(attrs.evolve(record, waits="review", next_at=None))
        self.ask_about_price(tx, words, now)

    def doubt(self, tx: Tx, now: Clock, *, again_at: datetime | None) -> None:
        self.later(tx, now, after=None, why="in doubt")

    def later(self, tx: Tx, now: Clock, *, after: timedelta | None, why: str) -> None:
        record = self.current(tx)
        pause = after if after is not None else backoff(record.failures)
        tx.put_purchase(attrs.evolve(record, next_at=now.wall + pause, failures=record.failures + 1))
        self.event(tx, EventKind.PUT_OFF, now, why=why)
