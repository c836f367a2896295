"""What people say of purchase orders at suppliers without an API: how far they are, and what left."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import attrs

from ._follow import Follow
from ._journal import Tx
from ._model import Document, Shipment, ShipmentLine
from ._orders import advance_order
from ._plan import plan_order
from ._records import NoticeRecord, OrderRecord, PurchaseRecord
from ._saga import Clock, Saga, clock, commit, look
from ._states import BEFORE_PLACED, Fulfillment, Payment, Seen, observe, observe_payment
from ._views import known_supplier
from ._wording import web_link
from ._world import Supplier, World
from .adapters import MovedByPeople, OrdersItself, SupplierStatus
from .errors import BridgeError, ConfigurationError, Unsupported

__all__ = [
    "after_departure",
    "check_left",
    "check_placed",
    "check_said",
    "check_word",
    "documents",
    "go_on",
    "in_full",
    "moved_by_people",
    "notices_of",
    "said",
    "shipped",
    "take_departure",
    "take_word",
]


_SLACK = timedelta(minutes=5)  # people's clocks differ from this one
_GONE = (Fulfillment.PART_SHIPPED, Fulfillment.SHIPPED, Fulfillment.DELIVERED, Fulfillment.COMPLETED)


def documents(world: World, po_id: str) -> Saga[tuple[Document, ...]]:
    """A purchase order on paper.

    Raises:
        ConfigurationError: there is no such purchase order, or it is not placed yet: it may still change.

        Unsupported: its supplier is told by itself.
    """
    record = yield from look(lambda tx: tx.purchase(po_id))
    if record is None:
        raise ConfigurationError(f"purchase order: there is no {po_id!r}")
    adapter = known_supplier(world, record.po.supplier).adapter
    if not isinstance(adapter, MovedByPeople):
        raise Unsupported(f"{record.po.supplier} is told by itself; there is no paper")
    if not isinstance(adapter, OrdersItself):
        check_placed(record)
    return adapter.documents(record.po)


def said(
    world: World,
    po_id: str,
    *,
    fulfillment: Fulfillment | None = None,
    payment: Payment | None = None,
    raw: str = "",
    identified: set[str],
) -> Saga[PurchaseRecord]:
    """A person says how far a purchase order is.

    Raises:
        ConfigurationError: there is no such purchase order, or it cannot be there from where it is.

        Unsupported: its supplier says so by itself.
    """
    now = yield from clock()
    record = yield from commit(lambda tx: take_word(tx, world, po_id, fulfillment, payment, raw, now))
    yield from go_on(world, record.po.order_id, identified)
    return record


def take_word(
    tx: Tx,
    world: World,
    po_id: str,
    fulfillment: Fulfillment | None,
    payment: Payment | None,
    raw: str,
    now: Clock,
) -> PurchaseRecord:
    """As ``said``, within a transaction; it raises before anything is written."""
    # Some suppliers never hear what became of a parcel: that it has arrived anybody may say.
    record, order, supplier = moved_by_people(
        tx, world, po_id, arrived=fulfillment is Fulfillment.DELIVERED and payment is None
    )
    if not isinstance(supplier.adapter, OrdersItself):
        check_placed(record)
        if fulfillment in _GONE and _left(tx, record):
            raise ConfigurationError(
                f"fulfillment: say with ship what of {po_id!r} has left; the shop is told of departures only"
            )
    check_word(record, fulfillment, payment)
    to = fulfillment or record.fulfillment
    status = SupplierStatus(raw=raw or to.value, fulfillment=to, payment=payment)
    return _take(tx, world, supplier, order, record, status, now)


def check_word(record: PurchaseRecord, fulfillment: Fulfillment | None, payment: Payment | None) -> None:
    """Can it be there, from where it is?"""
    po_id = record.po.id
    to = fulfillment or record.fulfillment
    _, seen = observe(record.fulfillment, to, left=record.left)
    if seen not in (Seen.MOVED, Seen.SAME):
        raise ConfigurationError(
            f"fulfillment: {po_id!r} is {record.fulfillment.value} and cannot be {to.value}"
        )
    if observe_payment(record.payment, payment)[1] is Seen.REGRESSED and payment is not None:
        raise ConfigurationError(
            f"payment: {po_id!r} is {record.payment.value} and cannot be {payment.value}"
        )


def shipped(world: World, po_id: str, departure: Shipment, *, identified: set[str]) -> Saga[PurchaseRecord]:
    """A person says what left; the shop is told of each departure once.

    Raises:
        ConfigurationError: there is no such purchase order, it is not placed, or more would have left than
            is still to leave.

        Unsupported: its supplier says so by itself, or tells the shop by itself.
    """
    now = yield from clock()
    record = yield from commit(lambda tx: take_departure(tx, world, po_id, departure, now))
    yield from go_on(world, record.po.order_id, identified)
    return record


def take_departure(tx: Tx, world: World, po_id: str, departure: Shipment, now: Clock) -> PurchaseRecord:
    """As ``shipped``, within a transaction; it raises before anything is written."""
    record, order, supplier = moved_by_people(tx, world, po_id)
    if isinstance(supplier.adapter, OrdersItself):
        raise Unsupported("it tells the shop by itself what it ships", account=supplier.name)
    check_placed(record)
    check_said(departure, now)
    if departure.ref not in {notice.shipment_ref for notice in notices_of(tx, record)}:
        check_left(tx, record, departure)
        departure = in_full(tx, record, departure)
    to = after_departure(tx, record, departure)
    status = SupplierStatus(raw=to.value, fulfillment=to, shipments=(departure,))
    return _take(tx, world, supplier, order, record, status, now)


def after_departure(tx: Tx, record: PurchaseRecord, departure: Shipment) -> Fulfillment:
    """Where it stands once this has left."""
    to = Fulfillment.PART_SHIPPED if _left_after(tx, record, departure) else Fulfillment.SHIPPED
    return observe(record.fulfillment, to, left=record.left)[0]


def moved_by_people(
    tx: Tx, world: World, po_id: str, *, arrived: bool = False
) -> tuple[PurchaseRecord, OrderRecord, Supplier]:
    """What is known of it; ``arrived`` if all that a person says is that it has.

    Raises:
        ConfigurationError: there is none.

        Unsupported: its supplier says by itself how far it is.
    """
    record = tx.purchase(po_id)
    order = tx.order(record.po.order_id) if record is not None else None
    if record is None or order is None:
        raise ConfigurationError(f"purchase order: there is no {po_id!r}")
    supplier = known_supplier(world, record.po.supplier)
    told = arrived and record.fulfillment in (Fulfillment.SHIPPED, Fulfillment.DELIVERED)
    if not told and not isinstance(supplier.adapter, MovedByPeople):
        raise Unsupported(f"{supplier.platform} says by itself how far its orders are", account=supplier.name)
    return record, order, supplier


def check_said(departure: Shipment, now: Clock) -> None:
    """Can people have seen it leave, and can a shopper follow its links?"""
    for package in departure.packages:
        if package.tracking_url and not web_link(package):
            raise ConfigurationError(
                f"tracking page: {package.tracking_url!r} came; give an address that begins with https://"
            )
    if departure.shipped_at is not None and departure.shipped_at > now.wall + _SLACK:
        raise ConfigurationError(
            f"shipped at: {departure.shipped_at:%Y-%m-%d %H:%M} UTC came, and it is "
            f"{now.wall:%Y-%m-%d %H:%M} UTC; say it once it has left"
        )


def check_placed(record: PurchaseRecord) -> None:
    if record.fulfillment in BEFORE_PLACED:
        raise ConfigurationError(
            f"purchase order {record.po.id!r} is {record.fulfillment.value}; place it first"
        )
    if record.fulfillment in (Fulfillment.CANCELED, Fulfillment.REJECTED):
        raise ConfigurationError(
            f"purchase order {record.po.id!r} is {record.fulfillment.value}; nothing of it can leave"
        )


def _take(
    tx: Tx,
    world: World,
    supplier: Supplier,
    order: OrderRecord,
    record: PurchaseRecord,
    status: SupplierStatus,
    now: Clock,
) -> PurchaseRecord:
    owner = world.stores[order.order.store].owner
    Follow(supplier, order, record, owner=owner).with_policy(world).done(tx, status, now)
    plan_order(tx, record.po.order_id, now)
    after = tx.purchase(record.po.id)
    assert after is not None
    return after


def go_on(world: World, order_id: str, identified: set[str]) -> Saga[None]:
    """It is written down by now: a shop that cannot be reached is no error of what was said."""
    try:
        yield from advance_order(world, order_id, identified)
    except BridgeError:
        return


def notices_of(tx: Tx, record: PurchaseRecord) -> list[NoticeRecord]:
    return [n for n in tx.notices(record.po.order_id) if n.notice.purchase_order_id == record.po.id]


def _left(tx: Tx, record: PurchaseRecord) -> dict[str, Decimal]:
    """Supplier units that are still to leave."""
    left = dict(record.po.units)
    for line in (line for notice in notices_of(tx, record) for line in notice.inside):
        left[line.remote_id] = left.get(line.remote_id, Decimal(0)) - line.quantity
    return {remote_id: units for remote_id, units in left.items() if units > 0}


def _free(tx: Tx, record: PurchaseRecord) -> dict[str, Decimal]:
    """Of those, what is in no manifest."""
    free = _left(tx, record)
    for _, packed in tx.packed(record.po.id):
        for line in packed.shipment.lines or ():
            free[line.remote_id] = free.get(line.remote_id, Decimal(0)) - line.quantity
    return {remote_id: units for remote_id, units in free.items() if units > 0}


def check_left(tx: Tx, record: PurchaseRecord, departure: Shipment) -> None:
    """Is what would leave still here, and in no manifest?"""
    packed = {each.shipment.ref: manifest for manifest, each in tx.packed(record.po.id)}
    if departure.ref in packed:
        raise ConfigurationError(
            f"departure {departure.ref!r} of {record.po.id} is in manifest {packed[departure.ref]}; "
            "ship that, or unpack it first"
        )
    free = _free(tx, record)
    if not free:
        where = f", or is in manifest {min(packed.values())}" if packed else ""
        raise ConfigurationError(f"purchase order {record.po.id!r}: all of it has left already{where}")
    for line in departure.lines or ():
        if line.remote_id not in record.po.units:
            known = ", ".join(sorted(record.po.units))
            raise ConfigurationError(f"remote id: {line.remote_id!r} came; {record.po.id} holds {known}")
        if not 0 < line.quantity <= free.get(line.remote_id, Decimal(0)):
            raise ConfigurationError(
                f"remote id {line.remote_id}: {line.quantity:f} units came; "
                f"{free.get(line.remote_id, Decimal(0)):f} are still to leave"
            )
    ids = [line.remote_id for line in departure.lines or ()]
    if twice := sorted({remote_id for remote_id in ids if ids.count(remote_id) > 1}):
        raise ConfigurationError(f"remote id {twice[0]}: it stands twice in one departure; give the sum")


def in_full(tx: Tx, record: PurchaseRecord, departure: Shipment) -> Shipment:
    """With its contents: where nobody says what is inside, it is all that is here and in no manifest."""
    if departure.lines is not None:
        return departure
    free = _free(tx, record)
    lines = tuple(ShipmentLine(remote_id=key, quantity=units) for key, units in free.items())
    return attrs.evolve(departure, lines=lines)


def _left_after(tx: Tx, record: PurchaseRecord, departure: Shipment) -> bool:
    """Is anything still to leave once this has?"""
    left = _left(tx, record)
    if any(notice.shipment_ref == departure.ref for notice in notices_of(tx, record)):
        return bool(left)
    inside = in_full(tx, record, departure).lines or ()
    gone = {line.remote_id: line.quantity for line in inside}
    return any(units > gone.get(remote_id, Decimal(0)) for remote_id, units in left.items())
