"""Reserve: a supplier account's growing order holds exactly what our orders want.

Orders only say what they want, by being there. The cart alone sets, with absolute numbers and at
most one unresolved ``set``; a remote id with a purchase order that is being placed is left alone,
because placing moves its units out of the growing order.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

import attrs

from ._engine import perform
from ._engine_operation import NotDone, Operation
from ._events import EventKind
from ._intents import Subject
from ._journal import Tx
from ._model import Held, PurchaseOrder
from ._plan import plan_order
from ._records import PurchaseRecord, ReservationRow
from ._reviews import ReviewCode
from ._saga import Clock, Saga, backoff, commit, look
from ._states import Fulfillment, command
from ._world import Supplier, World
from .adapters import Flow, Past, Read, Refused, Reserves, Response, Unclear, Verdict, Write

__all__ = ["Cart", "Difference", "SetAsShown", "advance_cart", "differences", "moved_out", "read_cart"]

T = TypeVar("T")

_WANTING = (Fulfillment.TO_ORDER, Fulfillment.RESERVED)
_RECHECK = timedelta(hours=6)
_STOCK_AGAIN = timedelta(minutes=30)


@attrs.frozen(kw_only=True)
class Cart:
    """A growing order as the journal sees it.

    Args:
        wanted: Units by remote id for purchase orders not yet placed.

        frozen: Remote ids that a purchase order being placed may be moving out just now.

        rows: As last set and seen.

        op_no: Number of the current ``set``.
    """

    wanted: Mapping[str, Decimal]
    frozen: frozenset[str]
    rows: Mapping[str, ReservationRow]
    op_no: int

    def asked(self, remote_id: str) -> Decimal:
        """Units that we have set, or are about to."""
        row = self.rows.get(remote_id)
        return row.wanted if row is not None and row.ours else Decimal(0)

    @property
    def target(self) -> dict[str, Decimal]:
        """What to set: what is wanted, and nothing of what was ours and is wanted no more."""
        ids = set(self.wanted) | {remote_id for remote_id, row in self.rows.items() if row.ours}
        return {remote_id: self.wanted.get(remote_id, Decimal(0)) for remote_id in sorted(ids - self.frozen)}


def read_cart(tx: Tx, supplier: str) -> Cart:
    """The growing order of an account."""
    wanted: dict[str, Decimal] = {}
    frozen: set[str] = set()
    for _, remote_id, state, units in tx.allocated(supplier):
        if state in _WANTING:
            wanted[remote_id] = wanted.get(remote_id, Decimal(0)) + units
        else:
            frozen.add(remote_id)
    return Cart(
        wanted=wanted,
        frozen=frozenset(frozen),
        rows={row.remote_id: row for row in tx.reservations(supplier)},
        op_no=int(tx.get_meta(f"set/{supplier}") or 1),
    )


def moved_out(tx: Tx, po: PurchaseOrder) -> None:
    """Placing took its units out of the growing order: what is found there from now on is others'."""
    for row in tx.reservations(po.supplier):
        if row.remote_id in po.units:
            tx.put_reservation(
                attrs.evolve(
                    row,
                    wanted=max(Decimal(0), row.wanted - po.units[row.remote_id]),
                    held=max(Decimal(0), row.held - po.units[row.remote_id]),
                )
            )


@attrs.frozen(kw_only=True)
class Difference:
    """Where the supplier's growing order and our orders differ.

    Args:
        wanted: Units our orders want.

        held: Units the supplier holds.

        cause: ``"missing"``, ``"too many"``, ``"foreign"``, ``"being placed"``.

        fix: What to do, in words.
    """

    supplier: str
    remote_id: str
    wanted: Decimal
    held: Decimal
    cause: str
    fix: str


def differences(cart: Cart, supplier: str, held: tuple[Held, ...]) -> tuple[Difference, ...]:
    """Line by line, what differs and why; empty if the account may be paid."""
    holds = {item.remote_id: item.held for item in held if item.held}
    found: list[Difference] = []
    for remote_id in sorted(set(cart.wanted) | set(holds)):
        wanted, has = cart.wanted.get(remote_id, Decimal(0)), holds.get(remote_id, Decimal(0))
        if remote_id in cart.frozen:
            cause, fix = "being placed", "wait until the purchase order that holds it is settled"
        elif wanted == has:
            continue
        elif has < wanted:
            cause, fix = "missing", f"set it to {wanted}; if the supplier gives less, order elsewhere"
        elif remote_id in cart.wanted or (remote_id in cart.rows and cart.rows[remote_id].ours):
            cause, fix = "too many", f"set it to {wanted}"
        else:
            cause, fix = "foreign", "nobody here wants it; release it or leave it to whoever holds it"
        found.append(
            Difference(supplier=supplier, remote_id=remote_id, wanted=wanted, held=has, cause=cause, fix=fix)
        )
    return tuple(found)


def advance_cart(world: World, name: str) -> Saga[None]:
    """Bring a growing order to what our orders want."""
    supplier = world.suppliers[name]
    cart = yield from look(lambda tx: read_cart(tx, name))
    failures = yield from look(lambda tx: tx.work(Subject.cart(name)).failures)
    if isinstance(supplier.adapter, Reserves) and world.policy_of("", name).reserve:
        yield from perform(SetHeld(supplier, supplier.adapter, cart, failures), world)
        return
    yield from commit(lambda tx: tx.schedule(Subject.cart(name), None))


@attrs.frozen
class _Seen:
    """What the account held when all was set, and what of it is not ours."""

    held: tuple[Held, ...]
    foreign: Mapping[str, Decimal]


class _Moved(NotDone):
    """It is not any more as a person was shown."""


def _once(flow: Flow[T], known: list[tuple[Read, Response]]) -> Flow[T]:
    """The flow, of whose reads those that have their answer in ``known`` are not asked again."""
    try:
        read = next(flow)
        while True:
            found = [answer for asked, answer in known if asked == read]
            if not found:
                found = [(yield read)]
                known.append((read, found[0]))
            read = flow.send(found[0])
    except StopIteration as stop:
        result: T = stop.value
        return result


class SetHeld(Operation[_Seen | NotDone]):
    """One ``set`` of a growing order."""

    name = "set"

    def __init__(self, supplier: Supplier, adapter: Reserves, cart: Cart, failures: int) -> None:
        self._supplier = supplier
        self._adapter = adapter
        self._cart = cart
        self.account = supplier.name
        self.about = f"cart/{supplier.name}"
        self.subject = Subject.cart(supplier.name)
        self.op_no = cart.op_no
        self.owner = supplier.owner
        self.failures = failures
        self._again_at: datetime | None = None
        self._failures = 0

    def flow(self, past: Past) -> Flow[Write | _Seen | NotDone | Unclear]:
        # What is set is built from the very answer that is judged: others may take units at any moment.
        known: list[tuple[Read, Response]] = []
        held = yield from _once(self._adapter.held(), known)
        if self._has_moved(held):
            return _Moved()
        foreign = self._foreign(held)
        target = {remote_id: units for remote_id, units in self._target().items() if remote_id not in foreign}
        if not target:
            return _Seen(held, foreign)
        result = yield from _once(self._adapter.set_held(target, past), known)
        if isinstance(result, (Write, Unclear)):
            return result
        return _Seen(result, foreign)

    def _has_moved(self, held: tuple[Held, ...]) -> bool:
        """Is it not any more as somebody was shown?"""
        return False

    def _target(self) -> dict[str, Decimal]:
        return self._cart.target

    def _foreign(self, held: tuple[Held, ...]) -> dict[str, Decimal]:
        """Units nobody here can have set. Where the account is shared, only those of what we would set too:
        an absolute number would take them away from whoever holds them."""
        foreign: dict[str, Decimal] = {}
        for item in held:
            if self._supplier.shared and item.remote_id not in self._cart.target:
                continue
            # Not what was held: others may have added to it since.
            ours = max(self._cart.wanted.get(item.remote_id, Decimal(0)), self._cart.asked(item.remote_id))
            if item.held > ours and item.remote_id not in self._cart.frozen:
                foreign[item.remote_id] = item.held - ours
        return foreign

    def judge(self, write: Write, response: Response) -> Verdict:
        return self._supplier.adapter.judge(write, response)

    def plan(self, tx: Tx, write: Write, now: Clock) -> str:
        # What is about to be set is ours, even if nobody ever hears that it was.
        for remote_id, units in self._cart.target.items():
            row = self._cart.rows.get(remote_id)
            if row is None or row.wanted < units:
                tx.put_reservation(
                    ReservationRow(
                        supplier=self.account,
                        remote_id=remote_id,
                        wanted=units,
                        held=Decimal(0) if row is None else row.held,
                        available=None if row is None else row.available,
                        seen_at=None if row is None else row.seen_at,
                    )
                )
        return ""

    def done(self, tx: Tx, result: _Seen | NotDone, now: Clock) -> None:
        if isinstance(result, NotDone):
            return
        cart = read_cart(tx, self.account)
        holds = {item.remote_id: item for item in result.held}
        for remote_id in set(cart.wanted) | set(holds) | set(cart.rows):
            item, row = holds.get(remote_id), cart.rows.get(remote_id)
            ours = remote_id in cart.wanted or (row is not None and row.ours)
            # What was not set just now may still be as it was set before.
            untouched = remote_id in cart.frozen or remote_id in self._cart.frozen
            before = cart.asked(remote_id) if untouched else self._cart.wanted.get(remote_id, Decimal(0))
            tx.put_reservation(
                ReservationRow(
                    supplier=self.account,
                    remote_id=remote_id,
                    wanted=max(before, cart.wanted.get(remote_id, Decimal(0))),
                    held=item.held if item else Decimal(0),
                    available=item.available if item else None,
                    ours=ours,
                    seen_at=now.wall,
                )
            )
            if remote_id not in result.foreign:
                tx.close_reviews(
                    ReviewCode.FOREIGN_UNITS, about=f"{self.about}/{remote_id}", decision="gone", at=now.wall
                )
        for code in (ReviewCode.REFUSED, ReviewCode.UNCLEAR):
            tx.close_reviews(code, about=self.about, decision="worked", at=now.wall)
        self._report_foreign(tx, result, now)
        self._share_out(tx, result, cart, now)
        tx.put_meta(f"set/{self.account}", str(self.op_no + 1))

    def _report_foreign(self, tx: Tx, result: _Seen, now: Clock) -> None:
        for remote_id, units in result.foreign.items():
            about = f"{self.about}/{remote_id}"
            words = f"{units} of {remote_id} are held at {self.account} and no order here wants them"
            if tx.was_let_be("", ReviewCode.FOREIGN_UNITS, about=about, evidence=words):
                continue
            tx.open_review(
                ReviewCode.FOREIGN_UNITS,
                about=about,
                evidence=words,
                decisions=("ignore",),
                at=now.wall,
                account=self.account,
            )

    def _share_out(self, tx: Tx, result: _Seen, cart: Cart, now: Clock) -> None:
        """The oldest orders get what is held; nobody gets what others may hold too."""
        holds = {item.remote_id: item for item in result.held}
        unclear = {*cart.frozen, *result.foreign}
        left = {remote_id: item.held for remote_id, item in holds.items() if remote_id not in unclear}
        waiting = [*tx.purchases_in(self.account, _WANTING[0]), *tx.purchases_in(self.account, _WANTING[1])]
        for record in sorted(waiting, key=lambda r: (r.created_at, r.po.id)):
            units = record.po.units
            enough = all(left.get(remote_id, Decimal(0)) >= need for remote_id, need in units.items())
            for remote_id, need in units.items():
                left[remote_id] = left.get(remote_id, Decimal(0)) - (need if enough else Decimal(0))
            if enough:
                self._reserved(tx, record, now)
            elif unclear.isdisjoint(units):
                self._short(tx, record, holds, now)

    def _reserved(self, tx: Tx, record: PurchaseRecord, now: Clock) -> None:
        tx.close_reviews(ReviewCode.SHORTFALL, about=record.po.id, decision="held", at=now.wall)
        if record.fulfillment is Fulfillment.RESERVED:
            return
        waits = "review" if record.waits == "review" else "" if record.approved else "approval"
        tx.put_purchase(
            attrs.evolve(
                record,
                fulfillment=command(record.fulfillment, Fulfillment.RESERVED),
                waits=waits,
                next_at=None if waits else now.wall,
                changed_at=now.wall,
            )
        )
        tx.event(
            EventKind.RESERVED, about=record.po.id, at=now.wall, order_id=record.po.order_id, owner=self.owner
        )
        plan_order(tx, record.po.order_id, now)

    def _short(self, tx: Tx, record: PurchaseRecord, holds: Mapping[str, Held], now: Clock) -> None:
        state = record.fulfillment
        if state is Fulfillment.RESERVED:
            state = command(state, Fulfillment.TO_ORDER)
        waits = "review" if record.waits == "review" else "stock"
        tx.put_purchase(attrs.evolve(record, fulfillment=state, waits=waits, next_at=None))
        short = ", ".join(
            f"{remote_id}: {need} wanted, {holds[remote_id].held if remote_id in holds else 0} held in all"
            for remote_id, need in record.po.units.items()
        )
        words = f"{self.account} cannot hold enough ({short})"
        if tx.was_let_be(record.po.order_id, ReviewCode.SHORTFALL, about=record.po.id, evidence=words):
            return
        tx.open_review(
            ReviewCode.SHORTFALL,
            about=record.po.id,
            evidence=words,
            decisions=("ignore",),
            at=now.wall,
            order_id=record.po.order_id,
            account=self.account,
        )

    def refused(self, tx: Tx, why: Refused, now: Clock) -> None:
        # A set that did nothing is no reason never to set again: the next one is another operation.
        super().refused(tx, why, now)
        tx.put_meta(f"set/{self.account}", str(self.op_no + 1))
        self._again_at = now.wall + _STOCK_AGAIN

    def doubt(self, tx: Tx, now: Clock, *, again_at: datetime | None) -> None:
        self._again_at = again_at

    def later(self, tx: Tx, now: Clock, *, after: timedelta | None, why: str) -> None:
        self._failures = tx.work(self.subject).failures + 1
        self._again_at = now.wall + (after if after is not None else backoff(self._failures - 1))

    def settle(self, tx: Tx, now: Clock) -> None:
        again_at = self._again_at
        if again_at is None:
            cart = read_cart(tx, self.account)
            short = any(r.waits == "stock" for r in tx.purchases_in(self.account, Fulfillment.TO_ORDER))
            if (cart.wanted, cart.frozen) != (self._cart.wanted, self._cart.frozen):
                again_at = now.wall  # an order came, went or was placed while the supplier was asked
            elif cart.wanted or cart.frozen or cart.rows:
                again_at = now.wall + (_STOCK_AGAIN if short else _RECHECK)
        tx.release(self.subject, due_at=again_at, failures=self._failures)


class SetAsShown(SetHeld):
    """A set that also takes away what nobody here wants, because a person has seen it and says so.

    Args:
        shown: By remote id, what was seen.
    """

    def __init__(
        self, supplier: Supplier, adapter: Reserves, cart: Cart, shown: Mapping[str, Difference]
    ) -> None:
        super().__init__(supplier, adapter, cart, 0)
        self._shown = shown
        self._compared = False
        self.refusal = f"somebody else is at the growing order of {supplier.name}"

    def _has_moved(self, held: tuple[Held, ...]) -> bool:
        if self._compared:
            return False  # of what was set since, it is no wonder
        now = {each.remote_id: each for each in differences(self._cart, self.account, held)}
        moved = [remote_id for remote_id, each in self._shown.items() if now.get(remote_id) != each]
        self.refusal = f"{', '.join(moved)}: not as it was shown" if moved else ""
        self._compared = not moved
        return bool(moved)

    def _target(self) -> dict[str, Decimal]:
        wanted = {remote_id: each.wanted for remote_id, each in self._shown.items()}
        return {**self._cart.target, **wanted}

    def _foreign(self, held: tuple[Held, ...]) -> dict[str, Decimal]:
        holds = {item.remote_id: item.held for item in held}
        as_shown = {each.remote_id for each in self._shown.values() if holds.get(each.remote_id) == each.held}
        found = super()._foreign(held)
        return {remote_id: units for remote_id, units in found.items() if remote_id not in as_shown}
