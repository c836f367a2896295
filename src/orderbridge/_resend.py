"""Resend: goods that were lost or broken leave once more, by a purchase order of their own.

A person asks for it, and places it like any other. The shop has the units as shipped already, so its
departure is one more parcel there, and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import attrs

from ._cases import case_opened, check_key, check_lines
from ._events import EventKind
from ._intake_purchases import reference
from ._intents import Subject
from ._journal import Tx
from ._model import PurchaseLine, PurchaseOrder, ShipmentLine
from ._plan import plan_order
from ._pull import recognize
from ._records import PurchaseRecord
from ._saga import Clock, Saga, clock, commit
from ._states import CASE_OVER, HAS_LEFT, CaseKind, CaseState, Fulfillment, move_case
from ._views import known_supplier
from ._wishes import Case
from ._world import World
from .adapters import MovedByPeople, OrdersItself, Reserves
from .errors import ConfigurationError, Unsupported

__all__ = ["resend"]

_LEFT = HAS_LEFT | {Fulfillment.PART_SHIPPED}


def resend(
    world: World,
    po_id: str,
    *,
    key: str,
    lines: Sequence[ShipmentLine],
    supplier: str,
    reason: str,
    identified: set[str],
) -> Saga[PurchaseRecord]:
    """A purchase order that sends the goods of another once more, to be placed by a person.

    Args:
        key: Names it for ever within ``po_id``: asked for again it is the same one.

        lines: Supplier units of ``po_id``; none means all of them.

        supplier: Another account, which people move; empty means the same supplier.

    Raises:
        ConfigurationError: there is no such purchase order, nothing of it has left, or it does not hold that.

        Unsupported: its supplier orders by itself.
    """
    check_key(key)
    if supplier:
        yield from recognize(world, known_supplier(world, supplier), identified)
    now = yield from clock()
    return (yield from commit(lambda tx: _resend(tx, world, po_id, key, tuple(lines), supplier, reason, now)))


def _resend(
    tx: Tx,
    world: World,
    po_id: str,
    key: str,
    lines: tuple[ShipmentLine, ...],
    supplier: str,
    reason: str,
    now: Clock,
) -> PurchaseRecord:
    parent = tx.purchase(po_id)
    order = None if parent is None else tx.order(parent.po.order_id)
    if parent is None or order is None:
        raise ConfigurationError(f"purchase order: there is no {po_id!r}")
    name = supplier or parent.po.supplier
    if not world.serves(name, parent.po.store):
        raise ConfigurationError(f"supplier: there is no account {name!r} that ships for {parent.po.store!r}")
    adapter = known_supplier(world, name).adapter
    if isinstance(adapter, OrdersItself):
        raise Unsupported(f"{name} orders by itself; have its people send it, and open a case", account=name)
    if name != parent.po.supplier and not isinstance(adapter, MovedByPeople):
        raise ConfigurationError(
            f"supplier: {name!r} does not know {parent.po.supplier}'s goods by their ids"
        )
    check_lines(parent, lines)
    case = case_opened(tx, parent, now, kind=CaseKind.RESEND, key=key, lines=lines, reason=reason)
    if case.child:
        known = tx.purchase(case.child)
        assert known is not None
        if known.po.supplier != name:
            raise ConfigurationError(f"key: {key!r} names {known.po.id} already, at {known.po.supplier}")
        return known
    if case.state in CASE_OVER:
        raise ConfigurationError(
            f"case {case.id!r} is {case.state.value}: nothing is sent for it; give another key"
        )
    if parent.fulfillment not in _LEFT:
        raise ConfigurationError(
            f"purchase order {po_id!r} is {parent.fulfillment.value}: nothing of it has left yet"
        )
    if order.forgotten or order.order.canceled:
        why = "its shopper was forgotten" if order.forgotten else "the shop has canceled it"
        raise ConfigurationError(f"order {order.order.id!r}: {why}; nothing can be sent")
    child = _child(tx, world, parent, name, lines)
    reserves = isinstance(adapter, Reserves) and world.policy_of(parent.po.store, name).reserve
    record = PurchaseRecord(
        po=child,
        split_from=parent.po.id,
        resend_of=parent.po.id,
        waits="stock" if reserves else "approval",
        created_at=now.wall,
    )
    tx.put_purchase(record)
    if reserves:
        tx.wake(Subject.cart(name), now.wall)
    _granted(tx, case, child.id, now)
    tx.event(
        EventKind.RESEND_MADE,
        about=child.id,
        at=now.wall,
        order_id=child.order_id,
        owner=world.stores[child.store].owner,
        data={"supplier": name, "resend_of": parent.po.id},
    )
    plan_order(tx, child.order_id, now)
    return record


def _granted(tx: Tx, case: Case, child: str, now: Clock) -> None:
    state = move_case(case.state, CaseState.APPROVED)
    tx.put_case(attrs.evolve(case, state=state, child=child, changed_at=now.wall))


def _child(
    tx: Tx, world: World, parent: PurchaseRecord, supplier: str, lines: tuple[ShipmentLine, ...]
) -> PurchaseOrder:
    order_id = parent.po.order_id
    store_identity = tx.account_identity(parent.po.store)
    supplier_identity = tx.account_identity(supplier)
    assert store_identity is not None
    assert supplier_identity is not None
    n = 1 + max((p.po.n for p in tx.purchases(order_id) if p.po.supplier == supplier), default=0)
    return attrs.evolve(
        parent.po,
        id=f"{order_id}/{supplier}/{n}",
        supplier=supplier,
        n=n,
        # A number of its own: it must never be taken for the order that it sends once more, or a later one.
        reference=reference(
            store=store_identity,
            order_ref=f"{parent.po.order_ref}\nresend of {parent.po.reference}",
            supplier=supplier_identity,
            n=n,
        ),
        lines=_taken(parent.po.lines, lines),
        supplier_ref="",
        carrier="",
        part=parent.po.part if supplier == parent.po.supplier else "",
    )


def _taken(held: tuple[PurchaseLine, ...], wanted: tuple[ShipmentLine, ...]) -> tuple[PurchaseLine, ...]:
    if not wanted:
        return held
    left: dict[str, Decimal] = {}
    for line in wanted:
        left[line.remote_id] = left.get(line.remote_id, Decimal(0)) + line.quantity
    taken: list[PurchaseLine] = []
    for part in held:
        units = min(part.quantity, left.get(part.remote_id, Decimal(0)))
        if units:
            left[part.remote_id] -= units
            taken.append(attrs.evolve(part, quantity=units, units=part.units * units / part.quantity))
    return tuple(taken)
