"""What changed at a supplier that lists it: its purchase orders are due at once, all others can wait."""

from __future__ import annotations

from datetime import timedelta

import attrs

from ._cases import money_is_out
from ._intents import Subject
from ._journal import Tx
from ._plan import plan_order
from ._pull import recognize
from ._saga import Clock, Saga, backoff, clock, commit, look, run_flow
from ._states import FINAL
from ._world import World
from .adapters import ListsChanges
from .errors import BridgeError, LeaseLost

__all__ = ["list_changes", "lists_of_changes", "nudge_purchase"]


def list_changes(world: World, name: str, identified: set[str]) -> Saga[None]:
    """One page of what changed at a supplier.

    Raises:
        BridgeError: the supplier could not be asked; it is asked again later.
    """
    supplier = world.suppliers[name]
    adapter = supplier.adapter
    subject = Subject.changes(name)
    if not isinstance(adapter, ListsChanges):
        yield from commit(lambda tx: tx.schedule(subject, None))
        return
    began = yield from clock()
    work = yield from look(lambda tx: tx.work(subject))
    if work.lease_until is not None and work.lease_until > began.wall:
        return
    found = yield from look(lambda tx: tx.cursor(subject))
    try:
        yield from recognize(world, supplier, identified)
        cursor = found[0] if found else ""
        page = yield from run_flow(name, adapter.changes(cursor or None, now=began.wall))
    except BridgeError:
        now = yield from clock()

        def put_off(tx: Tx) -> None:
            tx.claim(subject, seen=work.fence, now=now.wall)
            tx.release(subject, due_at=now.wall + backoff(work.failures), failures=work.failures + 1)

        try:
            yield from commit(put_off)
        except LeaseLost:
            return
        raise
    now = yield from clock()

    def take_in(tx: Tx) -> None:
        tx.claim(subject, seen=work.fence, now=now.wall)
        for ref in page.refs:
            nudge_purchase(tx, name, ref, now)
        tx.put_cursor(subject, page.cursor, now.wall)
        pause = timedelta(0) if page.more else world.policy_of("", name).follow_every
        tx.release(subject, due_at=now.wall + pause)

    try:
        yield from commit(take_in)
    except LeaseLost:
        return


def nudge_purchase(tx: Tx, supplier: str, ref: str, now: Clock) -> bool:
    """Have the supplier's order ``ref`` read now; False if it is none of ours."""
    po_id = tx.purchase_with(supplier, ref)
    record = tx.purchase(po_id) if po_id is not None else None
    if record is None:
        return False
    if record.fulfillment not in FINAL or money_is_out(tx, record):
        tx.put_purchase(attrs.evolve(record, next_at=now.wall))
        plan_order(tx, record.po.order_id, now)
    return True


def lists_of_changes(world: World) -> list[str]:
    """The subjects of the suppliers that list what changed there."""
    return [
        Subject.changes(name)
        for name in world.suppliers
        if isinstance(world.suppliers[name].adapter, ListsChanges)
    ]
