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
    Case,
    Event,
    NoticeRecord,
    OrderRecord,
    PurchaseRecord,
    ReservationRow,
    Task,
)
from ._saga import Saga, let_in, look, run_flow
from ._standing import Tab, order_tabs
from ._states import Fulfillment
from .adapters import Access, Carrier, Cursor, Finding, ListsCarriers, ListsProducts, ProductPage, Reserves
from .errors import BridgeError, ConfigurationError, Unsupported

__all__ = [
    "OrderView",
    "Payable",
    "carriers",
    "count_tabs",
    "events",
    "find",
    "known_supplier",
    "list_orders",
    "order_view",
    "payable",
    "probe",
    "products",
    "reconcile",
    "reservations",
    "view_of",
]


@attrs.frozen(kw_only=True)
class OrderView:
    """An order with all that the bridge does for it.

    Args:
        waits: Per line that no supplier ships, why: ``"link"`` (nobody said who), ``"supplier"`` (one is to
            be asked first), ``"own"`` (the merchant ships it, outside the bridge).
    """

    record: OrderRecord
    purchases: tuple[PurchaseRecord, ...]
    notices: tuple[NoticeRecord, ...]
    tasks: tuple[Task, ...] = ()
    cases: tuple[Case, ...] = ()
    waits: Mapping[str, str] = attrs.field(factory=dict[str, str])

    @property
    def in_quote(self) -> bool:
        """Is there a line that nobody is to ship yet, because nobody said who?"""
        return self.record.taken and any(
            line.open and self.waits.get(line.ref) == "link" for line in self.record.order.lines
        )

    @property
    def tabs(self) -> tuple[Tab, ...]:
        """Where people look for it: through itself, its purchase orders and its cases."""
        record = self.record
        own = order_tabs(taken=record.taken, canceled=record.order.canceled, in_quote=self.in_quote)
        found = {
            *own,
            *(tab for purchase in self.purchases for tab in purchase.tabs),
            *(tab for case in self.cases for tab in case.tabs),
        }
        return tuple(tab for tab in Tab if tab in found)


@attrs.frozen(kw_only=True)
class Payable:
    """What a person may pay at a supplier, where, and what stands against it."""

    supplier: str
    purchase_orders: tuple[str, ...]
    page: str
    against: tuple[Difference, ...]


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


def products(world: World, name: str, cursor: Cursor | None) -> Saga[ProductPage]:
    """One page of what a supplier sells.

    Raises:
        Unsupported: it does not say.
    """
    supplier = known_supplier(world, name)
    if not isinstance(supplier.adapter, ListsProducts):
        raise Unsupported(f"{supplier.platform} does not list what it sells", account=name)
    return (yield from run_flow(name, supplier.adapter.products(cursor)))


def order_view(name: str) -> Saga[OrderView | None]:
    """An order with all that the bridge does for it, by its id or by the number people see.

    Raises:
        ConfigurationError: several have this number.
    """

    def work(tx: Tx) -> OrderView | None:
        order_id = find(tx, name)
        return None if order_id is None else view_of(tx, order_id)

    return look(work)


def find(tx: Tx, name: str) -> str | None:
    """The id of the order that has this id, or this number; None if there is none.

    Raises:
        ConfigurationError: several have this number.
    """
    if tx.order(name) is not None:
        return name
    found = tx.order_ids(number=name, limit=10) if name.removeprefix("#") else ()
    if len(found) > 1:
        several = ", ".join(sorted(found))
        raise ConfigurationError(f"order: {name} is the number of {several}; name one of them by its id")
    return found[0] if found else None


def view_of(tx: Tx, order_id: str) -> OrderView | None:
    record = tx.order(order_id)
    if record is None:
        return None
    return OrderView(
        record=record,
        purchases=tx.purchases(order_id),
        notices=tx.notices(order_id),
        tasks=tx.tasks(order_id),
        waits=tx.waits(order_id),
        cases=tx.cases_of(order_id),
    )


def list_orders(
    *,
    tab: Tab | None,
    store: str,
    supplier: str,
    number: str,
    owner: str,
    since: datetime | None,
    until: datetime | None,
    after: str,
    limit: int,
) -> Saga[tuple[OrderView, ...]]:
    """A page of orders, the newest first.

    Raises:
        ConfigurationError: a time without a zone, or a page after an order that is not there.
    """
    for name, at in (("since", since), ("until", until)):
        if at is not None and at.tzinfo is None:
            raise ConfigurationError(f"{name}: {at} has no time zone; give an aware time")

    def work(tx: Tx) -> tuple[OrderView, ...]:
        if after and tx.order(after) is None:
            raise ConfigurationError(f"after: there is no order {after!r}; give the id of the last one shown")
        ids = tx.order_ids(
            tab=tab,
            store=store,
            supplier=supplier,
            number=number,
            owner=owner,
            since=since,
            until=until,
            after=after,
            limit=limit,
        )
        return tuple(view for view in (view_of(tx, order_id) for order_id in ids) if view is not None)

    return look(work)


def count_tabs(*, owner: str, store: str) -> Saga[dict[Tab, int]]:
    """How many orders stand in each tab."""
    return look(lambda tx: tx.count_tabs(owner=owner, store=store))


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


def probe(world: World) -> Saga[dict[str, Access]]:
    """Ask every account who it is and what it may do; one that fails never hides the others."""
    found: dict[str, Access] = {}
    accounts: list[Store | Supplier] = [*world.stores.values(), *world.suppliers.values()]
    for account in accounts:
        try:
            found[account.name] = yield from run_flow(account.name, identity_flow(account))
            if all(finding.ok for finding in found[account.name].findings):
                yield from let_in(account.name)
        except BridgeError as error:
            found[account.name] = Access(
                identity="", findings=(Finding(ok=False, what=error.message or str(error)),)
            )
    return found


def events(*, after: int, owner: str, limit: int) -> Saga[tuple[Event, ...]]:
    return look(lambda tx: tx.events(after=after, owner=owner, limit=limit))
