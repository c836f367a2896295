"""What the bridge may do by itself, and up to which limits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

import attrs

from ._fits import (
    COUNTRIES,
    LIMITS,
    YES_OR_NO,
    Wanted,
    all_in,
    is_number,
    is_share,
    must_fit,
    one_of,
    or_none,
    says_something,
    span,
)
from ._model import Address, Line, Order, PurchaseOrder, StorePayment
from ._money import Money
from ._shipping_rules import ShipBy, ShippingRule, cheapest, fastest
from ._supplier_adapter import Quote, ShippingOption
from ._wording import amount_of
from .errors import ConfigurationError

__all__ = ["PackingRule", "Policy", "SourceBy", "Take", "Who"]


class Take(Enum):
    """Which of a shop's orders are acted on."""

    PAID = "PAID"  # paid, or to be paid on delivery
    ALL = "ALL"


class Who(Enum):
    """Who takes a step."""

    BY_HAND = "BY_HAND"
    AUTOMATIC = "AUTOMATIC"


@attrs.frozen(kw_only=True)
class PackingRule:
    """What goes into some orders beside the goods: own packaging, a card, a sample. What fits adds up.

    Args:
        packing: What it is, as the supplier's people are to read it: "gift box, red".

        stores: Names of store accounts it is for; empty for all.

        suppliers: Names of supplier accounts it is for; empty for all.

        sku_prefix: For orders with a product whose SKU begins so.

        min_total: Least value of the shop's order; other currencies do not fit.

        attribute: For orders with a line on which the shopper chose this, such as ``"Gift wrap"``; with
            ``"Gift wrap=yes"`` only that value.
    """

    packing: str
    stores: frozenset[str] = frozenset()
    suppliers: frozenset[str] = frozenset()
    sku_prefix: str = ""
    min_total: Money | None = None
    attribute: str = ""

    def __attrs_post_init__(self) -> None:
        if not self.packing.strip():
            raise ConfigurationError("packing: say what goes in, as the supplier's people are to read it")

    def fits(self, order: Order, supplier: str, lines: Iterable[str]) -> bool:
        """Is it for what this supplier gets of the order: the lines of these refs?"""
        if self.stores and order.store not in self.stores:
            return False
        if self.suppliers and supplier not in self.suppliers:
            return False
        least = self.min_total
        if least is not None and (order.total.currency != least.currency or order.total < least):
            return False
        refs = frozenset(lines)
        return any(
            line.sku.startswith(self.sku_prefix) and self._chosen_on(line)
            for line in order.lines
            if line.ref in refs
        )

    def _chosen_on(self, line: Line) -> bool:
        name, mark, value = (part.strip().lower() for part in self.attribute.partition("="))
        chosen = [(key.strip().lower(), said.strip().lower()) for key, said in line.attributes]
        return not name or any(name == key and (not mark or value == said) for key, said in chosen)


class SourceBy(Enum):
    """Which of several suppliers that a product is linked to gets it."""

    PRIORITY = "PRIORITY"  # of the links
    PRICE = "PRICE"
    STOCK = "STOCK"  # the first by priority that has enough


_PAID = frozenset({StorePayment.PAID, StorePayment.PART_REFUNDED, StorePayment.ON_DELIVERY})


@attrs.frozen(kw_only=True)
class Policy:
    """What the bridge may do by itself. The defaults spend nothing.

    Args:
        take: Which orders are acted on; the others are stored and shown. Of unpaid ones ``ALL`` takes those
            that their shop calls ready to be shipped: WooCommerce's ``ready_statuses`` and PrestaShop's
            ``ready_states`` must name the statuses that such orders wait in.

        source_by: Which of several suppliers that a product is linked to gets it. A line stays with the one
            that has it, unless its links or, for ``PRIORITY``, their priorities change.

        reserve: Hold units at suppliers that have a growing order, as soon as an order is taken.

        place: Who orders at the supplier.

        pay: Who pays the supplier, where that can be done through its API. Automatic paying takes
            only orders that the shopper has paid.

        limit_per_order: The most that one payment through a supplier's API may be, one amount per
            currency. With any limit set, money in a currency without one does not move. A supplier
            whose orders a person pays (Rewix) has no payment for a limit to judge.

        limit_per_day: The most that may be paid in any 24 hours, one amount per currency and owner.

        price_drift: How much more than quoted, or than its links' costs, a purchase order may cost, as a part
            of it: 0.02 allows two percent. More than that is a review before anything is
            paid, and before it is placed where the price is known by then.

        place_after: How long after the shopper bought an order is placed automatically, so that a change of
            mind costs nothing. A person may place it before.

        margin: The least part of what the shopper pays for the goods, without tax, that must be left after
            goods and shipping are paid: 0.1 is a tenth. Less than that is a review before
            anything is ordered; so is a price in another currency without an exchange rate. A
            bundle with a price of its own is judged where one purchase order has all of its parts; else a
            person is asked.

        shipping: Which of a supplier's shipping options is taken, by rules.

        ship_by: Which one where no rule fits.

        blocked_countries: Orders to these countries (ISO 3166-1 alpha-2) are a review before they are placed.

        blocked_addresses: The same for orders whose name, street, postal code, phone or email contains one
            of these texts; upper and lower case and spaces do not count.

        report_progress: Show Booked, Confirmed, Working on and Ready in the shop's order.

        notify_shopper: Let the shop mail the shopper about shipments.

        pull_every: How often a shop is asked for changes.

        follow_every: How often a young purchase order is asked about; older ones less often.

        tracking_wait: How long a departure without a tracking number waits for one before the shop
            is told of it anyway.
    """

    take: Take = Take.PAID
    source_by: SourceBy = SourceBy.PRIORITY
    reserve: bool = True
    place: Who = Who.BY_HAND
    pay: Who = Who.BY_HAND
    limit_per_order: tuple[Money, ...] = ()
    limit_per_day: tuple[Money, ...] = ()
    price_drift: Decimal = Decimal(0)
    place_after: timedelta = timedelta(0)
    margin: Decimal | None = None
    shipping: tuple[ShippingRule, ...] = ()
    ship_by: ShipBy = ShipBy.CHEAPEST
    blocked_countries: frozenset[str] = frozenset()
    blocked_addresses: tuple[str, ...] = ()
    report_progress: bool = True
    notify_shopper: bool = True
    pull_every: timedelta = timedelta(minutes=5)
    follow_every: timedelta = timedelta(minutes=15)
    tracking_wait: timedelta = timedelta(hours=4)

    def __attrs_post_init__(self) -> None:
        must_fit(
            attrs.asdict(self, recurse=False), _OF_POLICY, where="policy", private=("blocked_addresses",)
        )

    def takes(self, order: Order, *, take_from: datetime | None) -> bool:
        """Is this order acted on?"""
        if not order.ready or order.canceled:
            return False
        if take_from is not None and order.placed_at < take_from:
            return False
        return self.take is Take.ALL or order.payment in _PAID

    def choose(self, order: Order, po: PurchaseOrder, quote: Quote) -> ShippingOption | None:
        """The way it is sent: what was chosen before, else by rule; None leaves it to a person."""
        known = next((option for option in quote.options if option.code == po.carrier), None)
        if known is not None:
            return known
        for rule in self.shipping:
            if rule.fits(order, po) and (found := rule.choose(quote.options)) is not None:
                return found
        if self.ship_by is ShipBy.BY_HAND:
            return None
        return (cheapest if self.ship_by is ShipBy.CHEAPEST else fastest)(quote.options)

    def blocks(self, to: Address) -> str:
        """Why nothing is sent to this address, without saying who lives there; empty if it may be."""
        if to.country in self.blocked_countries:
            return f"orders to {to.country} are blocked"
        known = (to.name, to.company, to.line1, to.line2, to.postal_code, to.phone, to.email)
        fields = [_plain(text) for text in known]
        for number, text in enumerate(self.blocked_addresses, start=1):
            if any(_plain(text) in field for field in fields):
                return f"the address is blocked (text {number} of blocked_addresses)"
        return ""

    def too_dear(self, asked: Money, agreed: Money) -> bool:
        """Is ``asked`` more than was agreed, beyond the drift allowed? Another currency always is."""
        if asked.currency != agreed.currency:
            return True
        return asked > agreed.times(1 + self.price_drift)

    def joined(self, store: Policy | None, supplier: Policy | None) -> Policy:
        """The policy for purchase orders of one store at one supplier, where either has one of its own.

        What concerns the shop is the store's, all else the supplier's; a step is automatic, and an amount
        allowed, only if both say so.
        """
        if store is None or supplier is None:
            return store or supplier or self
        mine = {name: getattr(store, name) for name in _OF_STORES}
        return attrs.evolve(
            supplier,
            **mine,
            place=Who.BY_HAND if Who.BY_HAND in (store.place, supplier.place) else Who.AUTOMATIC,
            pay=Who.BY_HAND if Who.BY_HAND in (store.pay, supplier.pay) else Who.AUTOMATIC,
            reserve=store.reserve and supplier.reserve,
            place_after=max(store.place_after, supplier.place_after),
            price_drift=min(store.price_drift, supplier.price_drift),
            margin=max((each for each in (store.margin, supplier.margin) if each is not None), default=None),
            limit_per_order=_stricter(store.limit_per_order, supplier.limit_per_order),
            limit_per_day=_stricter(store.limit_per_day, supplier.limit_per_day),
            shipping=(*store.shipping, *supplier.shipping),
            blocked_countries=store.blocked_countries | supplier.blocked_countries,
            blocked_addresses=(*store.blocked_addresses, *supplier.blocked_addresses),
        )

    def over_limit(self, amount: Money, *, spent_today: Money) -> str:
        """Which limit ``amount`` would break, in words; empty if none."""
        for words, limits, value in (
            ("per order", self.limit_per_order, amount),
            ("per day", self.limit_per_day, amount + spent_today),
        ):
            if not limits:
                continue
            limit = next((limit for limit in limits if limit.currency == amount.currency), None)
            if limit is None:
                return f"no limit {words} is set for {amount.currency}; {amount_of(amount)} would be spent"
            if value > limit:
                return f"limit {words}: {amount_of(value)} would be over {amount_of(limit)}"
        return ""


_OF_POLICY: Wanted = {
    "take": (one_of(Take), "Take.PAID or Take.ALL"),
    "source_by": (one_of(SourceBy), "SourceBy.PRIORITY, SourceBy.PRICE or SourceBy.STOCK"),
    "reserve": YES_OR_NO,
    "place": (one_of(Who), "Who.BY_HAND or Who.AUTOMATIC"),
    "pay": (one_of(Who), "Who.BY_HAND or Who.AUTOMATIC"),
    "limit_per_order": LIMITS,
    "limit_per_day": LIMITS,
    "price_drift": (is_number, "a part of zero or more such as 0.02, in Python a Decimal"),
    "place_after": span(zero=True),
    "margin": (or_none(is_share), "a part from zero to below one such as 0.15, in Python a Decimal"),
    "shipping": (
        all_in(tuple, one_of(ShippingRule)),
        "a list of shipping rules, in Python a tuple of ShippingRule",
    ),
    "ship_by": (one_of(ShipBy), "ShipBy.CHEAPEST, ShipBy.FASTEST or ShipBy.BY_HAND"),
    "blocked_countries": COUNTRIES,
    "blocked_addresses": (
        all_in(tuple, says_something),
        "a list of texts, none of them empty; in Python a tuple",
    ),
    "report_progress": YES_OR_NO,
    "notify_shopper": YES_OR_NO,
    # Asked for again at once, run_once would never end.
    "pull_every": span(zero=False),
    "follow_every": span(zero=False),
    "tracking_wait": span(zero=True),
}

_OF_STORES = ("take", "source_by", "report_progress", "notify_shopper", "pull_every")


def _stricter(one: tuple[Money, ...], other: tuple[Money, ...]) -> tuple[Money, ...]:
    """Both lists hold: of a currency that only one of them names nothing is to be spent."""
    if not one or not other:
        return one or other
    lists = [{limit.currency: limit for limit in limits} for limits in (one, other)]
    return tuple(
        min((limits.get(currency, Money.zero(currency)) for limits in lists), key=lambda each: each.amount)
        for currency in sorted({*lists[0], *lists[1]})
    )


def _plain(text: str) -> str:
    return "".join(text.lower().split())
