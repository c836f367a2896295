"""What came of the demonstration, counted in the ledgers of both sides and not in our journal.

The two sides know nothing of each other but the shopper: who bought what stands in the shop, what goes
to whom at the supplier.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

import attrs

from .demo_shops import DemoShop
from .demo_suppliers import Bought, DemoSupplier

__all__ = ["Counts", "ShopCounts", "Sold", "SupplierCounts", "count"]


@attrs.frozen(kw_only=True)
class Sold:
    """A shop's order that is to go to suppliers.

    Args:
        units: By supplier account, units of each remote id.
    """

    shopper: str = attrs.field(repr=False)
    units: Mapping[str, Mapping[str, int]]


@attrs.frozen(kw_only=True)
class ShopCounts:
    """What one shop holds.

    Args:
        taken: Of its orders, those that are paid and have something a supplier has.

        shown: Departures that it shows.

        mails: To shoppers, that something has left.
    """

    orders: int
    taken: int
    shown: int
    mails: int


@attrs.frozen(kw_only=True)
class SupplierCounts:
    """What one supplier holds.

    Args:
        placed: Orders.

        payments: How often money moved for them; None where nobody is paid.

        paid_by: ``"by hand"`` or ``"through its API"``.

        shipped: Orders that have left, whole.

        parcels: That left with them.
    """

    placed: int
    units: int
    payments: int | None
    paid_by: str
    shipped: int
    parcels: int


@attrs.frozen(kw_only=True)
class Counts:
    """What both sides hold in the end.

    Args:
        orders: In the shops.

        taken: Of them, those that are paid and have something a supplier has.

        purchase_orders: That the bridge made.

        placed: Orders at the suppliers.

        shipped: Of them, those that left.

        announced: Of those, the ones whose tracking numbers the shop shows.

        reviews: Open questions to a person.

        double_orders: Shop orders with more units at the suppliers than were bought, and supplier
            orders of no shop order.

        double_payments: Supplier orders that were paid more than once.

        lost_orders: Taken orders with fewer units sent than were bought, and no review that says so.

        unannounced: Departures whose tracking numbers the shop does not show, and no review that says so.

        double_announcements: Tracking numbers that are shown more than once.
    """

    orders: int
    taken: int
    purchase_orders: int
    placed: int
    shipped: int
    announced: int
    reviews: int
    double_orders: int
    double_payments: int
    lost_orders: int
    unannounced: int
    double_announcements: int
    requests: int
    seconds: float
    shops: Mapping[str, ShopCounts]
    suppliers: Mapping[str, SupplierCounts]

    @property
    def good(self) -> bool:
        """Nothing doubled, lost or untold."""
        doubled = self.double_orders + self.double_payments + self.double_announcements
        return doubled + self.lost_orders + self.unannounced == 0


def count(
    shops: Sequence[DemoShop],
    suppliers: Sequence[DemoSupplier],
    sold: Mapping[str, Sold],
    *,
    asked: Collection[str],
    untold: Collection[str],
    purchase_orders: int,
    reviews: int,
    requests: int,
    seconds: float,
) -> Counts:
    """Read all ledgers.

    Args:
        sold: What was sold, by the order's id (``store/ref``).

        asked: Orders that a person is asked about.

        untold: Tracking numbers that a person is asked about, because the shop could not be told of them.
    """
    ledgers = {supplier.name: supplier.ledger() for supplier in suppliers}
    bought = [(name, order) for name, ledger in ledgers.items() for order in ledger]
    wanted = _by_shopper((order.shopper, order.units) for order in sold.values())
    sent = _by_shopper((order.shopper, {name: order.units}) for name, order in bought)
    gone = _by_shopper((order.shopper, {name: order.units}) for name, order in bought if order.whole)
    questioned = {_plain(sold[order_id].shopper) for order_id in asked if order_id in sold}
    more = [shopper for shopper in sent if shopper in wanted and sent[shopper] - wanted[shopper]]
    strange = [order for _, order in bought if _plain(order.shopper) not in wanted]
    less = [who for who in wanted if wanted[who] - gone.get(who, Counter()) and who not in questioned]
    texts = _texts(shops, sold)
    left = [order for _, order in bought if order.numbers]
    silent = [order for order in left if not _is_told(order, texts)]
    all_texts = [text for shop in shops for ref in shop.refs() for text in shop.told(ref)]
    shown = Counter(
        number for order in left for number in order.numbers for text in all_texts if number in text
    )
    return Counts(
        orders=sum(len(shop.refs()) for shop in shops),
        taken=len(sold),
        purchase_orders=purchase_orders,
        placed=len(bought),
        shipped=len(left),
        announced=len(left) - len(silent),
        reviews=reviews,
        double_orders=len(more) + len(strange),
        double_payments=sum((order.paid or 0) > 1 for _, order in bought),
        lost_orders=len(less),
        unannounced=sum(not set(order.numbers) <= {*untold} for order in silent),
        double_announcements=sum(times > 1 for times in shown.values()),
        requests=requests,
        seconds=seconds,
        shops={shop.name: _of_shop(shop, sold) for shop in shops},
        suppliers={each.name: _of_supplier(each, ledgers[each.name]) for each in suppliers},
    )


def _plain(name: str) -> str:
    """A name as both sides can be compared by it."""
    return " ".join(name.casefold().split())


def _by_shopper(
    orders: Iterable[tuple[str, Mapping[str, Mapping[str, int]]]],
) -> dict[str, Counter[tuple[str, str]]]:
    """Units by supplier and remote id, for each shopper."""
    found: dict[str, Counter[tuple[str, str]]] = {}
    for shopper, by_supplier in orders:
        mine = found.setdefault(_plain(shopper), Counter())
        for supplier, units in by_supplier.items():
            for remote_id, wanted in units.items():
                mine[supplier, remote_id] += wanted
    return found


def _texts(shops: Iterable[DemoShop], sold: Mapping[str, Sold]) -> dict[str, list[str]]:
    """What each shopper can see of departures."""
    by_name = {shop.name: shop for shop in shops}
    found: dict[str, list[str]] = {}
    for order_id, order in sold.items():
        store, _, ref = order_id.partition("/")
        found.setdefault(_plain(order.shopper), []).extend(by_name[store].told(ref))
    return found


def _is_told(order: Bought, texts: Mapping[str, Sequence[str]]) -> bool:
    mine = texts.get(_plain(order.shopper), ())
    return all(any(number in text for text in mine) for number in order.numbers)


def _of_shop(shop: DemoShop, sold: Mapping[str, Sold]) -> ShopCounts:
    return ShopCounts(
        orders=len(shop.refs()),
        taken=sum(order_id.startswith(f"{shop.name}/") for order_id in sold),
        shown=sum(len(shop.told(ref)) for ref in shop.refs()),
        mails=shop.mails(),
    )


def _of_supplier(supplier: DemoSupplier, ledger: Sequence[Bought]) -> SupplierCounts:
    return SupplierCounts(
        placed=len(ledger),
        units=sum(sum(order.units.values()) for order in ledger),
        payments=sum(order.paid or 0 for order in ledger) if supplier.paid_by else None,
        paid_by=supplier.paid_by,
        shipped=sum(order.whole for order in ledger),
        parcels=sum(len(order.numbers) for order in ledger),
    )
