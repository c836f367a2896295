"""Quote: what a purchase order would cost, which way it is sent, and whether that is too dear."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import attrs

from ._events import EventKind
from ._journal import Tx
from ._model import PurchaseOrder
from ._money import Money
from ._policy import Policy
from ._purchase_operation import PurchaseOperation
from ._records import OrderRecord, PurchaseRecord
from ._reviews import ReviewCode
from ._saga import Clock, backoff
from ._states import Fulfillment
from ._wording import amount_of
from ._world import Supplier
from .adapters import Flow, Past, Quote, Quotes, ShippingOption, Unclear, Write

__all__ = ["AskQuote", "LinkCosts", "chosen", "cost_by_links", "quoted", "wants_quote"]

_GOOD_FOR = timedelta(minutes=10)  # prices move; one this old is asked for again before ordering
_STOCK_AGAIN = timedelta(minutes=30)


def wants_quote(adapter: object, record: PurchaseRecord, now: datetime) -> bool:
    """Is a price to be asked before it is ordered?"""
    if not isinstance(adapter, Quotes):
        return False
    # Without a cost on any link there is nothing that the price of a supplier could be held against.
    if not adapter.needed_to_place and all(line.cost is None for line in record.po.lines):
        return False
    if record.quote is None or record.quoted_at is None or (record.approved and record.agreed is None):
        return True
    return abs(now - record.quoted_at) > _GOOD_FOR


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


@attrs.frozen
class LinkCosts:
    """What the goods of a purchase order cost when they were linked.

    Args:
        known: Of those of which that is known, in the currency that was asked for.

        unknown: Why it is not known of the others, in words.
    """

    known: Money
    unknown: tuple[str, ...]


def cost_by_links(
    po: PurchaseOrder, currency: str, rate: Callable[[str, str], Decimal | None]
) -> LinkCosts | None:
    """What its links say it costs, in one currency; None if none does: there is nothing to judge by."""
    if all(line.cost is None for line in po.lines):
        return None
    known, unknown = Money.zero(currency), dict[str, None]()
    for line in po.lines:
        if line.cost is None:
            unknown[f"no link says what {line.remote_id} costs"] = None
            continue
        cost = line.cost.times(line.quantity)
        worth = Decimal(1) if cost.currency == currency else rate(cost.currency, currency)
        if worth is None:
            unknown[f"there is no exchange rate from {cost.currency} to {currency}"] = None
        else:
            known += Money(cost.times(worth).amount, currency)
    return LinkCosts(known, tuple(unknown))


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
        rate: Callable[[str, str], Decimal | None],
    ) -> None:
        super().__init__(supplier, order, record, owner=owner)
        self._adapter = adapter
        self._policy = policy
        self._rate = rate

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
            words = f"{self.account} quotes goods and shipping in different currencies"
            self.unclear(tx, Unclear(words), now)
            return
        option = self._policy.choose(self._order.order, record.po, result)
        if option is None and result.options:
            # A person chooses; what there is to choose from is kept.
            waits = "shipping" if record.approved else record.waits
            tx.put_purchase(attrs.evolve(record, quote=result, quoted_at=now.wall, waits=waits, next_at=None))
            return
        if option is None and self._adapter.needed_to_place:
            self.unclear(tx, Unclear(f"{self.account} names no way to send it"), now)
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
        linked = cost_by_links(record.po, result.goods.currency, self._rate)
        # What is not known counts for nothing here: what costs no more than the rest is not too dear.
        if record.agreed is None and linked is not None and self._policy.too_dear(result.goods, linked.known):
            said = "; ".join((f"its links say {amount_of(linked.known)}", *linked.unknown))
            words = f"the goods cost {amount_of(result.goods)}, with their way {amount_of(total)}; {said}"
            self._too_dear(tx, record, words, total, now)
        elif record.agreed is not None and self._policy.too_dear(total, record.agreed):
            words = f"it costs {amount_of(total)} now, and {amount_of(record.agreed)} was agreed"
            self._too_dear(tx, record, words, total, now)
        else:
            tx.close_reviews(ReviewCode.PRICE, about=self.about, decision="cheaper", at=now.wall)
            agreed = total if record.agreed is None else record.agreed
            self._again(tx, attrs.evolve(record, agreed=agreed), now.wall)

    def _again(self, tx: Tx, record: PurchaseRecord, at: datetime) -> None:
        tx.put_purchase(attrs.evolve(record, next_at=at if record.approved else None))

    def _too_dear(self, tx: Tx, record: PurchaseRecord, words: str, total: Money, now: Clock) -> None:
        tx.put_purchase(attrs.evolve(record, waits="review", next_at=None))
        self.ask_about_price(tx, words, total, now)

    def doubt(self, tx: Tx, now: Clock, *, again_at: datetime | None) -> None:
        self.later(tx, now, after=None, why="in doubt")

    def later(self, tx: Tx, now: Clock, *, after: timedelta | None, why: str) -> None:
        record = self.current(tx)
        pause = after if after is not None else backoff(record.failures)
        tx.put_purchase(attrs.evolve(record, next_at=now.wall + pause, failures=record.failures + 1))
        self.event(tx, EventKind.PUT_OFF, now, why=why)
