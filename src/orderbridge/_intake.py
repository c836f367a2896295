"""Orders come in: stored, judged by the policy, shared out to suppliers. All inside one commit."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import attrs

from ._engine import World
from ._events import EventKind
from ._journal import Tx
from ._model import (
    Address,
    Allocation,
    Line,
    Order,
    ProductLink,
    PurchaseLine,
    PurchaseOrder,
    StorePayment,
)
from ._policy import Who
from ._records import NoticeRecord, Offer, OrderRecord, PurchaseRecord, ReviewCode, Subject
from ._saga import Clock
from ._sourcing import Choice, Sourced, allocate, still_needed
from ._states import (
    BEFORE_PLACED,
    FINAL,
    HAS_LEFT,
    Fulfillment,
    IntentState,
    NoticeState,
    TaskState,
    command,
    observe,
)
from .adapters import (
    CancelsPurchases,
    ChecksProducts,
    MovedByPeople,
    OrdersItself,
    PaymentKind,
    Reserves,
    Splits,
    payment_kind,
)

__all__ = [
    "address_changed",
    "address_settled",
    "door",
    "judge_anew",
    "plan_order",
    "reference",
    "source",
    "source_anew",
    "suppliers_wanted",
    "take_in",
    "told_half_way",
    "unasked_offers",
    "unknown_parts",
]

_CAN_CHANGE = frozenset({Fulfillment.TO_ORDER, Fulfillment.RESERVED})
_GIVEN_UP = frozenset({Fulfillment.CANCELED, Fulfillment.REJECTED})
_NOBODY = Address()
_NOT_SOLD = "\0"  # no part's name
_OFFER_GOOD_FOR = timedelta(minutes=10)  # prices and stock move; older ones are asked for again


def reference(*, store: str, order_ref: str, supplier: str, n: int, epoch: int) -> str:
    """What a supplier sees as our number: the same for the same order, whatever journal it is in.

    Args:
        store: The shop's identity as probed, not its name in a file.

        supplier: The supplier account's identity as probed.
    """
    text = "\n".join((store, order_ref, supplier, str(n), str(epoch)))
    return b32encode(hashlib.sha256(text.encode()).digest()).decode()[:16].lower()


def take_in(tx: Tx, world: World, order: Order, now: Clock, *, read_at: datetime) -> bool:
    """Store what the shop shows; True if it is news.

    ``order.store`` names the account, ``read_at`` is when the shop was asked. An echo of our own notes is
    no news: only what matters to shipping and money counts.
    """
    store = world.stores[order.store]
    known = tx.order(order.id)
    if known is not None and known.seen_at > read_at:
        # Another worker has read it since: this picture may be the older one.
        tx.set_flags(order.id, refresh=True, held=known.held)
        plan_order(tx, order.id, now)
        return False
    gone = tx.forgotten(order.id)
    tx.close_reviews(ReviewCode.ORDER_NOT_UNDERSTOOD, about=order.id, decision="understood", at=now.wall)
    if gone:
        order = _without_shopper(order)
    if known is not None and known.order.digest == order.digest:
        if known.taken and _facts(known.order) != _facts(order):
            # No change of the order, but rules go by it.
            source(tx, world, attrs.evolve(known, order=order, refresh=False, seen_at=read_at), now)
            plan_order(tx, order.id, now)
            return False
        tx.seen_order(order.id, read_at)
        if known.refresh:
            plan_order(tx, order.id, now)
        return False
    taken = known is not None and known.taken
    if not taken:
        take_from = tx.take_from(order.store)
        taken = world.policy_of(order.store).takes(order, take_from=take_from)
    record = OrderRecord(
        order=order,
        address=None if known is None or gone else known.address,
        version=1 if known is None else known.version + 1,
        taken=taken,
        held=known is not None and known.held,
        forgotten=gone,
        seen_at=read_at,
        progress_shown="" if known is None else known.progress_shown,
    )
    tx.event(
        EventKind.ORDER_SEEN if known is None else EventKind.ORDER_CHANGED,
        about=order.id,
        at=now.wall,
        order_id=order.id,
        owner=store.owner,
        data={"number": order.number, "payment": order.payment.value, "status": order.raw_status},
    )
    source(tx, world, record, now)
    if known is not None and taken:
        _check_address(tx, world, known.order, record, now)
    plan_order(tx, order.id, now)
    return True


def _facts(order: Order) -> list[tuple[object, ...]]:
    return [line.facts for line in order.lines]


def _without_shopper(order: Order) -> Order:
    return attrs.evolve(
        order,
        ship_to=None,
        bill_to=None,
        note="",
        lines=tuple(attrs.evolve(line, attributes=()) for line in order.lines),
    )


def source(tx: Tx, world: World, record: OrderRecord, now: Clock) -> None:
    """Store the order, and share its open units out: what can still change follows the shop."""
    order = record.order
    store = world.stores[order.store]
    if not record.taken:
        tx.put_order(record, owner=store.owner, salt=now.salt, waits={})
        return
    purchases = tx.purchases(order.id)
    ordered = [p for p in purchases if p.fulfillment not in _CAN_CHANGE | _GIVEN_UP]
    shared = _share_out(tx, world, order, purchases, now)
    waits = dict(shared.waits)
    in_pieces = _in_pieces(tx, world, order, shared, now)
    waits |= dict.fromkeys(in_pieces, "link")
    groups: dict[tuple[str, str], list[Allocation]] = {}
    for allocation in shared.allocations:
        if allocation.line_ref in in_pieces:
            continue
        part = _part_of(tx, world, allocation, purchases, now)
        if part is None:
            waits[allocation.line_ref] = "supplier"
        elif part == _NOT_SOLD:
            waits[allocation.line_ref] = "link"
            words = f"{allocation.supplier} does not sell {allocation.remote_id}: retry asks it again"
            about = f"{order.id}/{allocation.line_ref}"
            _ask(tx, ReviewCode.SHORTFALL, order, words, now, about=about, decisions=("retry", "ignore"))
        else:
            groups.setdefault((allocation.supplier, part), []).append(allocation)
            about = f"{order.id}/{allocation.line_ref}"
            tx.close_reviews(ReviewCode.SHORTFALL, about=about, decision="sold", at=now.wall)
    # A kit goes out whole or waits whole.
    groups = {
        key: kept
        for key, found in groups.items()
        if (kept := [allocation for allocation in found if allocation.line_ref not in waits])
    }
    unsourced = "supplier" in waits.values()
    record = attrs.evolve(record, unsourced=unsourced, next_at=now.wall if unsourced else None)
    tx.put_order(record, owner=store.owner, salt=now.salt, waits=waits)
    if not order.lines:
        _ask(tx, ReviewCode.NOTHING_TO_SHIP, order, "the order has no lines; see to it in the shop", now)
    for purchase in purchases:
        if _hub_has_shipped(world, order, purchase):
            state, _ = observe(purchase.fulfillment, Fulfillment.SHIPPED)
            tx.put_purchase(
                attrs.evolve(purchase, fulfillment=state, next_at=None, waits="", changed_at=now.wall)
            )
        elif purchase.fulfillment in _CAN_CHANGE and not _is_wanted(order, purchase, groups):
            _drop(tx, purchase, now, owner=store.owner)
    for supplier, part in sorted(groups):
        _ask_of(tx, world, order, supplier, part, groups[supplier, part], now)
    _check_committed(tx, world, order, ordered, now)


def _is_wanted(order: Order, purchase: PurchaseRecord, groups: Collection[tuple[str, str]]) -> bool:
    if purchase.resend_of:
        return not order.canceled  # a person wants it, whatever has left already
    return (purchase.po.supplier, purchase.po.part) in groups


def source_anew(tx: Tx, world: World, order_id: str, now: Clock) -> bool:
    """Links or rules have changed: what is open is shared out anew; True if that changed anything."""
    record = tx.order(order_id)
    if record is None:
        return False
    store = record.order.store
    taken = record.taken or world.policy_of(store).takes(record.order, take_from=tx.take_from(store))
    if not taken:
        return False
    before = _outcome(tx, order_id)
    # Who has read it already, and not sent yet, must look at it anew.
    source(tx, world, attrs.evolve(record, taken=True, version=record.version + 1), now)
    plan_order(tx, order_id, now)
    return before != _outcome(tx, order_id)


def _outcome(tx: Tx, order_id: str) -> object:
    return tx.waits(order_id), [(p.po.id, p.fulfillment, p.po.lines) for p in tx.purchases(order_id)]


def judge_anew(tx: Tx, world: World, order_id: str, now: Clock) -> None:
    """Rules, policies or accounts have changed: what of the order is not placed yet goes by the new ones.

    An approval that the policy gave and would not give now is taken back; none is given for what was left
    to people.
    """
    source_anew(tx, world, order_id, now)
    record = tx.order(order_id)
    for purchase in tx.purchases(order_id) if record is not None and record.taken else ():
        supplier = purchase.po.supplier
        if supplier not in world.suppliers or purchase.fulfillment in FINAL:
            continue
        changes = purchase.fulfillment in _CAN_CHANGE
        if changes and not purchase.resend_of and purchase.waits not in ("review", "shipping"):
            by_itself = record is not None and _by_itself(world, supplier, record.order)
            approved = purchase.approved and (purchase.by_hand or by_itself)
            tx.put_purchase(attrs.evolve(purchase, approved=approved, next_at=now.wall))
        elif purchase.waits == "account":
            tx.put_purchase(attrs.evolve(purchase, waits="", next_at=now.wall))
        if changes and record is not None and _reserves(world, supplier, record.order):
            tx.wake(Subject.cart(supplier), now.wall)
    plan_order(tx, order_id, now)


def _part_of(
    tx: Tx, world: World, allocation: Allocation, purchases: Sequence[PurchaseRecord], now: Clock
) -> str | None:
    """Which part of its supplier it goes to, mostly the only one; None while the supplier was not asked."""
    supplier = world.suppliers.get(allocation.supplier)
    if supplier is None or tx.account_identity(supplier.name) is None:
        return None
    if not isinstance(supplier.adapter, Splits):
        return ""
    part = tx.part_of(supplier.name, allocation.remote_id, now=now.wall)
    if part is None:
        # Not asked lately: what stands in a purchase order already stays there.
        mine = [p.po for p in purchases if p.po.supplier == supplier.name and p.fulfillment in _CAN_CHANGE]
        part = next((po.part for po in mine if allocation.remote_id in po.units), None)
    return _NOT_SOLD if part == "" else part


def suppliers_wanted(tx: Tx, world: World, record: OrderRecord, now: Clock) -> tuple[str, ...]:
    """The suppliers that are to ship something of an order."""
    shared = _share_out(tx, world, record.order, tx.purchases(record.order.id), now)
    return tuple(sorted({allocation.supplier for allocation in shared.allocations}))


def unasked_offers(tx: Tx, world: World, record: OrderRecord, now: Clock) -> dict[str, tuple[str, ...]]:
    """Remote ids by supplier, whose price or stock says who gets a line of the order and is not known."""
    purchases = tx.purchases(record.order.id)
    found: dict[str, set[str]] = {}
    for supplier, remote_id in _share_out(tx, world, record.order, purchases, now).unasked:
        found.setdefault(supplier, set()).add(remote_id)
    return {name: tuple(sorted(remote_ids)) for name, remote_ids in found.items()}


def unknown_parts(tx: Tx, world: World, record: OrderRecord, now: Clock) -> dict[str, tuple[str, ...]]:
    """Remote ids of an order by supplier, of which nobody asked yet which part of it sells them."""
    found: dict[str, set[str]] = {}
    for allocation in _share_out(tx, world, record.order, tx.purchases(record.order.id), now).allocations:
        supplier = world.suppliers.get(allocation.supplier)
        splits = supplier is not None and isinstance(supplier.adapter, Splits)
        if splits and tx.part_of(allocation.supplier, allocation.remote_id, now=now.wall) is None:
            found.setdefault(allocation.supplier, set()).add(allocation.remote_id)
    return {name: tuple(sorted(remote_ids)) for name, remote_ids in found.items()}


def _hub_has_shipped(world: World, order: Order, purchase: PurchaseRecord) -> bool:
    """A hub tells the shop by itself, so the shop's word is how we learn of it."""
    supplier = world.suppliers.get(purchase.po.supplier)
    if supplier is None or not isinstance(supplier.adapter, OrdersItself) or order.canceled:
        return False
    if purchase.fulfillment in HAS_LEFT or purchase.fulfillment in FINAL:
        return False
    shipped = {line.ref: line.fulfilled for line in order.lines}
    return all(shipped.get(line.line_ref, Decimal(0)) >= line.units for line in purchase.po.lines)


def _in_pieces(tx: Tx, world: World, order: Order, shared: Sourced, now: Clock) -> set[str]:
    """Lines of which a supplier would have to send part of a piece; they must not hold up the others."""
    found: set[str] = set()
    for allocation in shared.allocations:
        supplier = world.suppliers.get(allocation.supplier)
        if supplier is not None and isinstance(supplier.adapter, MovedByPeople):
            continue  # people cut cloth
        pieces = allocation.units * allocation.factor
        if pieces != pieces.to_integral_value():
            found.add(allocation.line_ref)
            words = (
                f"line {allocation.line_ref}: {pieces:f} of {allocation.remote_id} at {allocation.supplier}, "
                "which sells whole pieces; link it with another factor, or change the order in the shop"
            )
            _ask(tx, ReviewCode.FRACTION, order, words, now, about=f"{order.id}/{allocation.line_ref}")
    for line in order.lines:
        if line.ref not in found:
            about = f"{order.id}/{line.ref}"
            tx.close_reviews(ReviewCode.FRACTION, about=about, decision="whole", at=now.wall)
    return found


def _share_out(
    tx: Tx, world: World, order: Order, purchases: Sequence[PurchaseRecord], now: Clock
) -> Sourced:
    """Who is to ship what is still needed and not yet ordered for certain."""
    notices = tx.notices(order.id)
    fixed = [p for p in purchases if p.fulfillment not in _CAN_CHANGE and not _given_up(p)]
    needed = {
        line.ref: still_needed(
            line, committed=_units(line.ref, fixed), announced=_announced(line.ref, notices)
        )
        for line in order.lines
        if not order.canceled
    }

    def links(line: Line) -> Sequence[ProductLink]:
        found = tx.links_of(order.store, line.link_key)
        return found or (tx.links_of(order.store, f"sku:{line.sku}") if line.sku else ())

    def offer(supplier: str, remote_id: str) -> Offer | None:
        if not isinstance(world.suppliers[supplier].adapter, ChecksProducts):
            return Offer()
        return tx.offer(supplier, remote_id, since=now.wall - _OFFER_GOOD_FOR)

    choice = Choice(
        by=world.policy_of(order.store).source_by,
        known=_Serving(world, order.store),
        settled={
            line.line_ref: purchase.po.supplier
            for purchase in purchases
            if purchase.fulfillment in _CAN_CHANGE and not purchase.resend_of
            for line in purchase.po.lines
        },
        offer=offer,
        rate=world.rate,
    )
    # Only those that fit: no supplier is opened that the order has nothing to do with.
    fitting = [rule for rule in world.rules if any(rule.matches(line) for line in order.lines)]
    rules = [rule for rule in fitting if not rule.supplier or world.serves(rule.supplier, order.store)]
    return allocate(order, needed, links=links, rules=rules, choice=choice)


@attrs.frozen
class _Serving:
    """The suppliers that may ship for a store, however many there are."""

    world: World
    store: str

    def __contains__(self, supplier: object) -> bool:
        return isinstance(supplier, str) and self.world.serves(supplier, self.store)


def _given_up(purchase: PurchaseRecord) -> bool:
    """Its units may be asked for anew: never ordered, or a person said so after the supplier refused."""
    if purchase.fulfillment not in (Fulfillment.CANCELED, Fulfillment.REJECTED):
        return False
    return purchase.placed_at is None or purchase.waits == "replaced"


def _units(line_ref: str, purchases: Sequence[PurchaseRecord]) -> Decimal:
    """Units of a line in purchase orders; a kit's several remote ids count once, goods sent again never."""
    total = Decimal(0)
    for purchase in (each for each in purchases if not each.resend_of):
        total += max(
            (line.units for line in purchase.po.lines if line.line_ref == line_ref), default=Decimal(0)
        )
    return total


def _announced(line_ref: str, notices: Sequence[NoticeRecord]) -> Decimal:
    return sum(
        (
            line.units
            for record in notices
            if record.state is not NoticeState.WITHDRAWN
            for line in record.notice.lines
            if line.line_ref == line_ref
        ),
        Decimal(0),
    )


def _ask_of(
    tx: Tx,
    world: World,
    order: Order,
    supplier: str,
    part: str,
    allocations: Sequence[Allocation],
    now: Clock,
) -> None:
    """The one purchase order of this part of a supplier that can still change follows the allocations."""
    lines = tuple(_purchase_line(order, allocation) for allocation in allocations)
    refs = [line.line_ref for line in lines]
    rules = [rule for rule in world.packing if rule.fits(order, supplier, refs)]
    packing = tuple(dict.fromkeys(rule.packing for rule in rules))
    owner = world.stores[order.store].owner
    mine = [p for p in tx.purchases(order.id) if p.po.supplier == supplier]
    current = next(
        (p for p in mine if p.fulfillment in _CAN_CHANGE and p.po.part == part and not p.resend_of), None
    )
    if current is not None:
        if current.waits == "shop" and world.policy_of(order.store).takes(order, take_from=None):
            current = attrs.evolve(current, waits="", next_at=now.wall if current.approved else None)
            tx.put_purchase(current)
        if current.po.lines == lines and current.po.packing == packing:
            return
        state = current.fulfillment
        if state is Fulfillment.RESERVED:
            state = command(state, Fulfillment.TO_ORDER)
        # What was quoted and agreed was for other lines.
        po = attrs.evolve(current.po, lines=lines, packing=packing, carrier="")
        automatic = _by_itself(world, supplier, order)
        # A person has said place it, and of less: what is more than that, somebody has to say anew.
        more = any(units > current.po.units.get(key, Decimal(0)) for key, units in po.units.items())
        again = current.by_hand and more and not automatic
        approved = current.approved and not again
        waits, next_at = _begins(world, supplier, order, now, approved=approved)
        tx.put_purchase(
            attrs.evolve(
                current,
                po=po,
                fulfillment=state,
                quote=None,
                quoted_at=None,
                agreed=current.agreed if current.by_hand and not more else None,
                accepted=(),
                by_hand=current.by_hand and not more,
                approved=approved,
                # The questions about what it was are closed below, so it waits for none of them.
                waits=waits,
                next_at=next_at,
            )
        )
        for code in _OF_WHAT_IS_TO_COME:
            tx.close_reviews(code, about=current.po.id, decision="other lines", at=now.wall)
        _changed(tx, world, current.po.id, supplier, order, owner, EventKind.PURCHASE_ORDER_CHANGED, now)
        return
    n = 1 + max((p.po.n for p in mine), default=0)
    store_identity = tx.account_identity(order.store)
    supplier_identity = tx.account_identity(supplier)
    assert store_identity is not None
    assert supplier_identity is not None
    po = PurchaseOrder(
        id=f"{order.id}/{supplier}/{n}",
        order_id=order.id,
        order_ref=order.ref,
        order_number=order.number,
        store=order.store,
        supplier=supplier,
        n=n,
        reference=reference(
            store=store_identity, order_ref=order.ref, supplier=supplier_identity, n=n, epoch=0
        ),
        lines=lines,
        ship_to=_NOBODY,  # read with the order, whose address may change until it is placed
        placed_at=order.placed_at,
        part=part,
        packing=packing,
    )
    hub = isinstance(world.suppliers[supplier].adapter, OrdersItself)
    automatic = not hub and _by_itself(world, supplier, order)
    waits, next_at = _begins(world, supplier, order, now, approved=automatic)
    tx.put_purchase(
        PurchaseRecord(po=po, created_at=now.wall, approved=automatic, waits=waits, next_at=next_at)
    )
    _changed(tx, world, po.id, supplier, order, owner, EventKind.PURCHASE_ORDER_MADE, now)


def _begins(
    world: World, supplier: str, order: Order, now: Clock, *, approved: bool
) -> tuple[str, datetime | None]:
    """For what a purchase order with these lines waits first, and when it is due."""
    if isinstance(world.suppliers[supplier].adapter, OrdersItself):
        return "hub", None
    if _reserves(world, supplier, order):
        return "stock", None
    return ("", now.wall) if approved else ("approval", None)


def _by_itself(world: World, supplier: str, order: Order) -> bool:
    """Is it placed without a person? Where that moves money, only as paying would be."""
    policy = world.policy_of(order.store, supplier)
    if policy.place is not Who.AUTOMATIC:
        return False
    if payment_kind(world.suppliers[supplier].adapter) is not PaymentKind.AT_PLACING:
        return True
    return policy.pay is Who.AUTOMATIC and order.payment is StorePayment.PAID


def _changed(
    tx: Tx, world: World, po_id: str, supplier: str, order: Order, owner: str, kind: EventKind, now: Clock
) -> None:
    tx.event(kind, about=po_id, at=now.wall, order_id=order.id, owner=owner, data={"supplier": supplier})
    if _reserves(world, supplier, order):
        tx.wake(Subject.cart(supplier), now.wall)


def _reserves(world: World, supplier: str, order: Order) -> bool:
    return world.policy_of("", supplier).reserve and isinstance(world.suppliers[supplier].adapter, Reserves)


def _purchase_line(order: Order, allocation: Allocation) -> PurchaseLine:
    line = next(line for line in order.lines if line.ref == allocation.line_ref)
    return PurchaseLine(
        line_ref=line.ref,
        ship_ref=line.ship_ref or line.ref,
        remote_id=allocation.remote_id,
        quantity=allocation.units * allocation.factor,
        units=allocation.units,
        sku=line.sku,
        name=line.name,
        cost=allocation.cost,
    )


# Questions about an order that is not placed yet; nobody need answer them once nothing of it is wanted.
_OF_WHAT_IS_TO_COME = (
    ReviewCode.SHORTFALL,
    ReviewCode.PRICE,
    ReviewCode.MARGIN,
    ReviewCode.BLOCKED,
    ReviewCode.LIMIT,
)


def _drop(tx: Tx, record: PurchaseRecord, now: Clock, *, owner: str) -> None:
    """Nothing of it is wanted any more, and nothing has been ordered."""
    po = record.po
    tx.put_purchase(
        attrs.evolve(
            record,
            fulfillment=command(record.fulfillment, Fulfillment.CANCELED),
            next_at=None,
            waits="",
            changed_at=now.wall,
        )
    )
    for code in _OF_WHAT_IS_TO_COME:
        tx.close_reviews(code, about=po.id, decision="not wanted", at=now.wall)
    tx.event(EventKind.PURCHASE_ORDER_CANCELED, about=po.id, at=now.wall, order_id=po.order_id, owner=owner)
    tx.wake(Subject.cart(po.supplier), now.wall)


def _check_committed(tx: Tx, world: World, order: Order, fixed: Sequence[PurchaseRecord], now: Clock) -> None:
    """What the shop takes back after the supplier was asked is for a person to settle."""
    for purchase in fixed:
        if purchase.fulfillment in HAS_LEFT:
            continue  # then a refund is the merchant's own business
        there = f"{purchase.po.id} is ordered at {purchase.po.supplier}; "
        if order.canceled:
            if purchase.fulfillment is not Fulfillment.CANCEL_REQUESTED:
                words = there + "cancel it there, or let it come"
                _ask_to_cancel(tx, world, ReviewCode.CANCELED_AFTER_PLACING, order, purchase, words, now)
        elif too_many := _too_many(order, purchase, fixed):
            words = f"{there}{too_many}; cancel it there and order anew what is left, or let it come"
            _ask_to_cancel(tx, world, ReviewCode.CHANGED_AFTER_PLACING, order, purchase, words, now)


def _too_many(order: Order, purchase: PurchaseRecord, fixed: Sequence[PurchaseRecord]) -> str:
    """The lines of which more is ordered than the shop still wants, in words; what has left counts too."""
    mine = {part.line_ref for part in purchase.po.lines if not purchase.resend_of}
    found: list[str] = []
    for line in order.lines:
        committed, wanted = _units(line.ref, fixed), line.quantity - line.canceled - line.refunded
        if line.ref in mine and committed > wanted:
            found.append(f"line {line.ref}: {committed} ordered at suppliers, {wanted} left in the shop")
    return ", ".join(found)


def _check_address(tx: Tx, world: World, before: Order, record: OrderRecord, now: Clock) -> None:
    """The shop has another address now; it goes there, unless your application has said where to."""
    order = record.order
    moved = door(before.ship_to or before.bill_to) != door(order.ship_to or order.bill_to)
    if order.canceled or not moved or tx.forgotten(order.id):
        return
    if record.address is None:
        address_changed(tx, world, order, "the shop has another address now", now)
        return
    tx.close_reviews(ReviewCode.ADDRESS_CHANGED, about=order.id, decision="changed", at=now.wall)
    if door(record.address) == door(order.ship_to or order.bill_to):
        address_settled(tx, order.id, now)  # the shop says the same by now
        return
    words = (
        "your application gave an address, and the shop has changed its own since: `accept` sends it where "
        "the shop says, `ignore` where your application says"
    )
    _ask(tx, ReviewCode.ADDRESS_CHANGED, order, words, now, decisions=("accept", "ignore"))


def address_changed(tx: Tx, world: World, order: Order, why: str, now: Clock) -> None:
    """What was ordered goes to the address that its supplier was given then: a person settles that."""
    for purchase in tx.purchases(order.id):
        if purchase.fulfillment in _CAN_CHANGE:
            _go_elsewhere(tx, purchase, now)
        elif purchase.fulfillment not in HAS_LEFT | FINAL:
            sent = "may be" if purchase.fulfillment in BEFORE_PLACED else "is"
            words = (
                f"{why}, and {purchase.po.id} {sent} ordered at "
                f"{purchase.po.supplier} to the one before; cancel it there and order anew, or have them "
                "change it"
            )
            _ask_to_cancel(tx, world, ReviewCode.ADDRESS_CHANGED, order, purchase, words, now)


def _go_elsewhere(tx: Tx, purchase: PurchaseRecord, now: Clock) -> None:
    """Another way may have another price; what was agreed stays so, but for what was said of the address."""
    blocked, po_id = ReviewCode.BLOCKED, purchase.po.id
    was_asked = tx.has_open_review(blocked, about=po_id)
    tx.close_reviews(blocked, about=po_id, decision="another address", at=now.wall)
    asked_still = any(review.about == po_id for review in tx.reviews_of(purchase.po.order_id))
    purchase = attrs.evolve(
        purchase, quoted_at=None, accepted=tuple(code for code in purchase.accepted if code != blocked.value)
    )
    if was_asked and not asked_still and purchase.waits == "review":
        purchase = attrs.evolve(purchase, waits="", next_at=now.wall if purchase.approved else None)
    tx.put_purchase(purchase)


def address_settled(tx: Tx, order_id: str, now: Clock) -> None:
    """What waited for somebody to say which address is right waits no more."""
    for purchase in tx.purchases(order_id):
        if purchase.fulfillment in BEFORE_PLACED and purchase.waits == "address":
            tx.put_purchase(attrs.evolve(purchase, waits="", next_at=now.wall))


def door(address: Address | None) -> Address:
    """What of an address stands on a parcel; a mail address or a tax number does not."""
    return attrs.evolve(address or _NOBODY, email="", tax_id="")


def _ask_to_cancel(
    tx: Tx,
    world: World,
    code: ReviewCode,
    order: Order,
    purchase: PurchaseRecord,
    words: str,
    now: Clock,
) -> None:
    """Where the supplier can, a decision cancels; else people have to ask there."""
    supplier = world.suppliers.get(purchase.po.supplier)
    can = supplier is not None and isinstance(supplier.adapter, CancelsPurchases)
    can = can and purchase.fulfillment is not Fulfillment.PART_SHIPPED
    _ask(
        tx,
        code,
        order,
        words if can else f"{words}: ask the supplier to cancel it, it cannot be done from here",
        now,
        about=purchase.po.id,
        decisions=("cancel", "ignore") if can else ("ignore",),
    )


def _ask(
    tx: Tx,
    code: ReviewCode,
    order: Order,
    evidence: str,
    now: Clock,
    *,
    about: str = "",
    decisions: tuple[str, ...] = ("ignore",),
) -> None:
    tx.open_review(
        code,
        about=about or order.id,
        evidence=evidence,
        decisions=decisions,
        at=now.wall,
        order_id=order.id,
        account=order.store,
    )


def told_half_way(tx: Tx, notices: Sequence[NoticeRecord]) -> NoticeRecord | None:
    """The notice of which the shop may know a part, and which goes on by itself.

    Whether it is the order's last one must not change under it, so its siblings wait for it.
    """
    for record in notices:
        if record.state is NoticeState.DUE and not record.told and record.next_at is not None:
            intents = tx.intents(about=record.notice.key, operation="announce", op_no=record.op_no)
            if any(intent.state is not IntentState.NOT_SENT for intent in intents):
                return record
    return None


def plan_order(tx: Tx, order_id: str, now: Clock) -> None:
    """The order's subject is due when the first thing in it is; whoever has it keeps it."""
    record = tx.order(order_id)
    times = [purchase.next_at for purchase in tx.purchases(order_id)]
    notices = tx.notices(order_id)
    half = told_half_way(tx, notices)
    if half is not None:
        times.append(half.next_at)
    else:
        times += [notice.next_at for notice in notices if notice.state is NoticeState.DUE]
    times += [task.next_at for task in tx.tasks(order_id) if task.state is TaskState.DUE]
    if record is not None:
        times.append(record.next_at)
        if record.refresh or (record.unsourced and record.next_at is None):
            times.append(now.wall)
    tx.schedule(Subject.order(order_id), min((at for at in times if at is not None), default=None))
