"""Views: what people and programs see of a bridge. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import cast

import attrs

from ._cart import Difference, differences, read_cart
from ._events import Event
from ._fits import at_most
from ._journal import Tx
from ._model import Held
from ._pay import TO_PAY, against_paying, money_stopped, payment_page
from ._pull import identity_flow
from ._records import NoticeRecord, OrderRecord, PurchaseRecord, ReservationRow, WantedBy
from ._saga import Saga, let_in, look, run_flow
from ._standing import Tab, order_tabs
from ._states import BEFORE_PLACED, Fulfillment
from ._wishes import Case, Task
from ._world import Store, Supplier, World
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
    "owns",
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
    """What a person may pay at a supplier, where, and what stands against it.

    Args:
        purchase_orders: Those that wait for money.

        pages: Where a person pays each; none where nobody does, and as long as something stands against it.

        kept_back: Those that wait for money and are not to be paid now, and why, in words: the shop has
            canceled their order, or it is held.

        stopped: Why the money is stopped; empty if it may go.

        against: Where the supplier's account is not as our orders want it. What others hold stands against
            nothing where the account is shared.
    """

    supplier: str
    purchase_orders: tuple[str, ...]
    pages: Mapping[str, str] = attrs.field(factory=dict[str, str])
    kept_back: Mapping[str, str] = attrs.field(factory=dict[str, str])
    stopped: str = ""
    against: tuple[Difference, ...] = ()

    @property
    def page(self) -> str:
        """The page where all of them are paid; empty where each has its own, and where there is none."""
        one = set(self.pages.values())
        return one.pop() if len(one) == 1 else ""


def carriers(world: World, name: str) -> Saga[tuple[Carrier, ...]]:
    """The carriers that a shop knows.

    Raises:
        Unsupported: it does not say.
    """
    store = world.stores.get(name)
    if store is None:
        raise ConfigurationError(
            f"store: there is no account {name!r}; known are {', '.join(world.stores) or 'none'}"
        )
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


def order_view(name: str, owner: str = "") -> Saga[OrderView | None]:
    """An order with all that the bridge does for it, by its id or by the number people see.

    Another owner's is not there.

    Raises:
        ConfigurationError: several have this number.
    """

    def work(tx: Tx) -> OrderView | None:
        order_id = find(tx, name, owner)
        return None if order_id is None else view_of(tx, order_id)

    return look(work)


def find(tx: Tx, name: str, owner: str = "") -> str | None:
    """The id of the order that has this id, or this number; None if there is none, or it is another owner's.

    Raises:
        ConfigurationError: several have this number.
    """
    if tx.order(name) is not None:
        return name if owns(tx, owner, name) else None
    found = tx.order_ids(number=name, owner=owner, limit=10) if name.removeprefix("#") else ()
    if len(found) > 1:
        several = ", ".join(sorted(found))
        raise ConfigurationError(f"order: {name} is the number of {several}; name one of them by its id")
    return found[0] if found else None


def owns(tx: Tx, owner: str, name: str) -> bool:
    """Is an order, a purchase order or a case this owner's? Without an owner everything is."""
    if not owner:
        return True
    order_id = name
    if (purchase := tx.purchase(name)) is not None:
        order_id = purchase.po.order_id
    elif (case := tx.case(name)) is not None:
        order_id = case.order_id
    return tx.owner_of(order_id) == owner


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
    world: World,
    *,
    tab: Tab | None,
    store: str,
    supplier: str,
    number: str,
    find: str,
    owner: str,
    since: datetime | None,
    until: datetime | None,
    after: str,
    limit: int,
) -> Saga[tuple[OrderView, ...]]:
    """A page of orders, the newest first.

    Raises:
        ConfigurationError: an account or an order that is not there, a time without a zone, or both a number
            and what to find.
    """
    if number and find:
        raise ConfigurationError("find: it looks at numbers as well; give one of number and find")
    if not isinstance(cast("object", tab), Tab | None):
        words = ", ".join(f"Tab.{each.name}" for each in Tab)
        raise ConfigurationError(f"tab: {tab!r} is none of {words}")
    most = at_most(limit)
    for name, at in (("since", since), ("until", until)):
        if at is not None and at.tzinfo is None:
            raise ConfigurationError(f"{name}: {at} has no time zone; give an aware time")

    def work(tx: Tx) -> tuple[OrderView, ...]:
        if after and (tx.order(after) is None or not owns(tx, owner, after)):
            raise ConfigurationError(f"after: there is no order {after!r}; give the id of the last one shown")
        check_account(tx, world, "store", store, owner)
        check_account(tx, world, "supplier", supplier, owner)
        ids = tx.order_ids(
            tab=tab,
            store=store,
            supplier=supplier,
            number=number,
            find=find.strip(),
            owner=owner,
            since=since,
            until=until,
            after=after,
            limit=most,
        )
        return tuple(view for view in (view_of(tx, order_id) for order_id in ids) if view is not None)

    return look(work)


def count_tabs(world: World, *, owner: str, store: str) -> Saga[dict[Tab, int]]:
    """How many orders stand in each tab."""

    def work(tx: Tx) -> dict[Tab, int]:
        check_account(tx, world, "store", store, owner)
        return tx.count_tabs(owner=owner, store=store)

    return look(work)


def check_account(tx: Tx, world: World, kind: str, name: str, owner: str = "") -> None:
    """Is there such an account, or was there one? Without a name there is nothing to look for.

    Raises:
        ConfigurationError: there was none, or it is another owner's.
    """
    if not name:
        return
    here = world.stores if kind == "store" else world.suppliers
    whose: str | None = None
    if name in here:
        whose = here[name].owner
    elif name in tx.accounts(kind):
        whose = tx.account_owner(name)
    serves_all = kind == "supplier" and not whose
    if whose is None or (owner and whose != owner and not serves_all):
        known = "" if owner else f"; known are {', '.join(here) or 'none'}"
        raise ConfigurationError(f"{kind}: there is no account {name!r}{known}")


def reservations(world: World, supplier: str) -> Saga[tuple[ReservationRow, ...]]:
    """What is wanted and held, as of the last look at the supplier."""

    def work(tx: Tx) -> tuple[ReservationRow, ...]:
        check_account(tx, world, "supplier", supplier)
        cart = read_cart(tx, supplier)
        by = _wanted_by(tx, supplier)
        held = tuple(Held(remote_id=key, held=row.held) for key, row in cart.rows.items())
        causes = {each.remote_id: each.cause for each in differences(cart, supplier, held)}
        rows: list[ReservationRow] = []
        for remote_id in sorted({*cart.rows, *cart.wanted}):
            row = cart.rows.get(remote_id) or ReservationRow(supplier=supplier, remote_id=remote_id)
            rows.append(
                attrs.evolve(
                    row,
                    wanted=cart.wanted.get(remote_id, Decimal(0)),
                    status=causes.get(remote_id, "held") if row.seen_at is not None else "not asked yet",
                    wanted_by=tuple(by.get(remote_id, ())),
                )
            )
        return tuple(rows)

    return look(work)


def _wanted_by(tx: Tx, supplier: str) -> dict[str, list[WantedBy]]:
    """Whose lines want units of each remote id, the oldest first."""
    found: dict[str, list[WantedBy]] = {}
    waiting = [record for state in BEFORE_PLACED for record in tx.purchases_in(supplier, state)]
    for record in sorted(waiting, key=lambda each: (each.created_at, each.po.id)):
        order = tx.order(record.po.order_id)
        lines = {line.ref: line for line in order.order.lines} if order is not None else {}
        for part in record.po.lines:
            line = lines.get(part.line_ref)
            found.setdefault(part.remote_id, []).append(
                WantedBy(
                    order_id=record.po.order_id,
                    order_number=record.po.order_number,
                    purchase_order=record.po.id,
                    product_ref="" if line is None else line.product_ref,
                    variant_ref="" if line is None else line.variant_ref,
                    sku=part.sku,
                    name=part.name,
                    units=part.quantity,
                    fulfillment=record.fulfillment,
                    waits=record.waits,
                )
            )
    return found


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
            f"supplier: there is no account {name!r}; known are {', '.join(world.suppliers) or 'none'}"
        )
    return found


def payable(world: World, name: str) -> Saga[Payable]:
    """What a person may pay at a supplier, and what stands against it."""
    supplier = known_supplier(world, name)
    against: tuple[Difference, ...] = ()
    if isinstance(supplier.adapter, Reserves):
        against = yield from reconcile(world, name)
        if supplier.shared:
            against = tuple(each for each in against if each.cause not in ("foreign", "too many"))

    def work(tx: Tx) -> Payable:
        stopped = tx.stopped(supplier.owner)
        unpaid: list[PurchaseRecord] = []
        kept_back: dict[str, str] = {}
        for record in tx.purchases_in(name, Fulfillment.PLACED):
            if record.payment not in TO_PAY:
                continue
            # A supplier that serves several owners: the money of one of them may be stopped.
            why = against_paying(tx, record)
            if not why and stopped is None:
                why = money_stopped(tx, record.po.order_id)
            if why:
                kept_back[record.po.id] = why
            else:
                unpaid.append(record)
        pages = {record.po.id: payment_page(supplier, record) for record in unpaid}
        stands_against = stopped is not None or bool(against)
        return Payable(
            supplier=name,
            purchase_orders=tuple(pages),
            pages={} if stands_against else {po_id: page for po_id, page in pages.items() if page},
            kept_back=kept_back,
            stopped=stopped or "",
            against=against,
        )

    return (yield from look(work))


def probe(world: World, *, owner: str) -> Saga[dict[str, Access]]:
    """Ask every account who it is and what it may do; one that fails never hides the others."""
    found: dict[str, Access] = {}
    accounts: list[Store | Supplier] = [*world.stores.values(), *world.suppliers.values()]
    for account in accounts:
        if owner not in ("", account.owner):
            continue
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
    most = at_most(limit)
    return look(lambda tx: tx.events(after=after, owner=owner, limit=most))
