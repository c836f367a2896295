"""Views: what people and programs see of a bridge. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

import attrs

from ._cart import Difference, differences, read_cart
from ._engine import Store, Supplier, World
from ._journal import Tx
from ._place import payment_page
from ._pull import identity_flow
from ._records import (
    Event,
    NoticeRecord,
    OrderRecord,
    PurchaseRecord,
    ReservationRow,
    Task,
)
from ._saga import Saga, clock, look, run_flow
from ._states import Fulfillment
from .adapters import Access, Carrier, Finding, ListsCarriers, Reserves
from .errors import BridgeError, ConfigurationError, Unsupported

__all__ = [
    "Health",
    "OrderView",
    "Payable",
    "carriers",
    "events",
    "health",
    "known_supplier",
    "list_orders",
    "order_view",
    "payable",
    "probe",
    "reconcile",
    "reservations",
    "view_of",
]


@attrs.frozen(kw_only=True)
class OrderView:
    """An order with all that the bridge does for it."""

    record: OrderRecord
    purchases: tuple[PurchaseRecord, ...]
    notices: tuple[NoticeRecord, ...]
    tasks: tuple[Task, ...] = ()

    @property
    def in_quote(self) -> bool:
        """Is there a line that nobody is to ship yet, because nobody said who?"""
        covered = {line.line_ref for purchase in self.purchases for line in purchase.po.lines}
        return self.record.taken and any(
            line.open and line.ref not in covered for line in self.record.order.lines
        )


@attrs.frozen(kw_only=True)
class Payable:
    """What a person may pay at a supplier, where, and what stands against it."""

    supplier: str
    purchase_orders: tuple[str, ...]
    page: str
    against: tuple[Difference, ...]


@attrs.frozen(kw_only=True)
class Health:
    """Is it alive?

    Args:
        last_pull: Per store, when its last page was taken in (UTC); None if never.

        orders: All, and those acted on.

        purchase_orders: How many stand in which state.

        notices: How many stand in which state.

        due: Subjects that wait for work now.

        next_at: When there is something to do again (UTC).

        reviews: Open questions.

        oldest_unshipped: When the oldest order that is acted on and not yet shipped was placed.

        stopped: Why money is stopped, or empty.
    """

    last_pull: Mapping[str, datetime | None]
    orders: int
    taken: int
    purchase_orders: Mapping[str, int]
    notices: Mapping[str, int]
    due: int
    next_at: datetime | None
    reviews: int
    oldest_unshipped: datetime | None
    stopped: str


def carriers(world: World, name: str) -> Saga[tuple[Carrier, ...]]:
    """The carriers that a shop knows.

    Raises:
        Unsupported: it does not say.
    """
    store = world.stores.get(name)
    if store is None:
        raise ConfigurationError(f"store: there is no account {name!r}; known are {', '.join(world.stores)}")
    if not isinstance(store.adapter, ListsCarriers):
        raise Unsupported(f"{store.platform} does not say which carriers it knows", account=name)
    return (yield from run_flow(name, store.adapter.carriers()))


def order_view(order_id: str) -> Saga[OrderView | None]:
    """An order with all that the bridge does for it."""
    return look(lambda tx: view_of(tx, order_id))


def view_of(tx: Tx, order_id: str) -> OrderView | None:
    record = tx.order(order_id)
    if record is None:
        return None
    return OrderView(
        record=record,
        purchases=tx.purchases(order_id),
        notices=tx.notices(order_id),
        tasks=tx.tasks(order_id),
    )


def list_orders(*, store: str, owner: str, after: str, limit: int) -> Saga[tuple[OrderView, ...]]:
    def work(tx: Tx) -> tuple[OrderView, ...]:
        ids = tx.order_ids(store=store, owner=owner, after=after, limit=limit)
        return tuple(view for view in (view_of(tx, order_id) for order_id in ids) if view is not None)

    return look(work)


def reservations(supplier: str) -> Saga[tuple[ReservationRow, ...]]:
    """What is wanted and held, as of the last look at the supplier."""

    def work(tx: Tx) -> tuple[ReservationRow, ...]:
        cart = read_cart(tx, supplier)
        rows = {
            row.remote_id: attrs.evolve(row, wanted=cart.wanted.get(row.remote_id, Decimal(0)))
            for row in tx.reservations(supplier)
        }
        for remote_id, wanted in cart.wanted.items():
            rows.setdefault(remote_id, ReservationRow(supplier=supplier, remote_id=remote_id, wanted=wanted))
        return tuple(rows[remote_id] for remote_id in sorted(rows))

    return look(work)


def reconcile(world: World, name: str) -> Saga[tuple[Difference, ...]]:
    """Compare a growing order with what our orders want; nothing is changed."""
    adapter = known_supplier(world, name).adapter
    if not isinstance(adapter, Reserves):
        raise Unsupported(f"{name} has no growing order", account=name)
    held = yield from run_flow(name, adapter.held())
    cart = yield from look(lambda tx: read_cart(tx, name))
    return differences(cart, name, held)


def known_supplier(world: World, name: str) -> Supplier:
    found = world.suppliers.get(name)
    if found is None:
        raise ConfigurationError(
            f"supplier: there is no account {name!r}; known are {', '.join(world.suppliers)}"
        )
    return found


def payable(world: World, name: str) -> Saga[Payable]:
    """What a person may pay at a supplier, and what stands against it."""
    supplier = known_supplier(world, name)
    against: tuple[Difference, ...] = ()
    if isinstance(supplier.adapter, Reserves):
        against = yield from reconcile(world, name)
    placed = yield from look(lambda tx: tx.purchases_in(name, Fulfillment.PLACED))
    unpaid = [record for record in placed if record.payment.value in ("UNPAID", "FAILED", "UNKNOWN")]
    page = payment_page(supplier, unpaid[0]) if unpaid else ""
    return Payable(
        supplier=name,
        purchase_orders=tuple(record.po.id for record in unpaid),
        page=page,
        against=against,
    )


def health(world: World) -> Saga[Health]:
    now = yield from clock()

    def work(tx: Tx) -> Health:
        orders, taken = tx.count_orders()
        pulls: dict[str, datetime | None] = {}
        for name in world.stores:
            found = tx.cursor(name)
            pulls[name] = found[1] if found else None
        return Health(
            last_pull=pulls,
            orders=orders,
            taken=taken,
            purchase_orders=tx.count_purchases(),
            notices=tx.count_notices(),
            due=len(tx.due(now.wall, 10_000)),
            next_at=tx.next_due(),
            reviews=tx.count_reviews(),
            oldest_unshipped=tx.oldest_unshipped(),
            stopped=tx.stopped("") or "",
        )

    return (yield from look(work))


def probe(world: World) -> Saga[dict[str, Access]]:
    """Ask every account who it is and what it may do; one that fails never hides the others."""
    found: dict[str, Access] = {}
    accounts: list[Store | Supplier] = [*world.stores.values(), *world.suppliers.values()]
    for account in accounts:
        try:
            found[account.name] = yield from run_flow(account.name, identity_flow(account))
        except BridgeError as error:
            found[account.name] = Access(
                identity="", findings=(Finding(ok=False, what=error.message or str(error)),)
            )
    return found


def events(*, after: int, owner: str, limit: int) -> Saga[tuple[Event, ...]]:
    return look(lambda tx: tx.events(after=after, owner=owner, limit=limit))
