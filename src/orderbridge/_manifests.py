"""Manifests: what a courier takes together, from its hand-over list to the last shop that was told.

A departure that is packed is a wish of people's and nothing else: no shop hears of it. Shipping the manifest
is one commit, in which each departure leaves as ``Bridge.ship`` would have let it leave. From there on they
are departures like any others, so that a crash after it costs nothing, and shipping it again does nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from functools import partial

import attrs

from ._by_people import (
    check_left,
    check_placed,
    go_on,
    in_full,
    moved_by_people,
    take_departure,
    take_word,
)
from ._commands import resolve
from ._couriers import Couriers
from ._engine import World
from ._events import EventKind
from ._follow import notice_key
from ._journal import Tx
from ._manifest_paper import Parcels, paper
from ._model import Document, Package, Shipment
from ._orders import read_again
from ._pull import recognize
from ._records import Manifest, NoticeRecord, OrderRecord, Packed, PurchaseRecord, Review, ReviewCode
from ._saga import Clock, Saga, clock, commit, look
from ._states import Fulfillment, ManifestState, NoticeState, Seen, observe
from .adapters import OrdersItself
from .errors import BridgeError, ConfigurationError, CourierMismatch, Unsupported

__all__ = [
    "Handed",
    "ManifestReport",
    "Telling",
    "list_manifests",
    "open_manifest",
    "pack",
    "print_manifest",
    "repeat_manifest",
    "report",
    "ship_manifest",
    "unpack",
]

_FRESH = timedelta(minutes=2)  # how long ago a shop must have shown an order that is handed over
_GIVEN_UP = (Fulfillment.CANCELED, Fulfillment.REJECTED, Fulfillment.CANCEL_REQUESTED)


class Telling(Enum):
    """How far a shop is told of a departure. Words are never renamed or removed."""

    PACKED = "PACKED"  # the manifest has not shipped
    LEFT_OUT = "LEFT_OUT"  # it did not go, or will not as it stands: the order is canceled
    WAITING = "WAITING"  # it goes on by itself
    TOLD = "TOLD"
    REFUSED = "REFUSED"  # the shop said no; it may be repeated
    ASKED = "ASKED"  # a person must look first


@attrs.frozen(kw_only=True)
class Handed:
    """One departure in a manifest.

    Args:
        purchase_order: Its id.

        ref: The departure's name in it.

        store: Who is told.

        why: What stands against it, in the shop's words where it refused.

        review: The question that a person may answer, if there is one.
    """

    purchase_order: str
    ref: str
    store: str
    telling: Telling
    why: str = ""
    review: int | None = None


@attrs.frozen(kw_only=True)
class ManifestReport:
    """A manifest, and how far the shops are told of each departure in it."""

    manifest: Manifest
    departures: tuple[Handed, ...]

    def only(self, telling: Telling) -> tuple[Handed, ...]:
        """Those that are so far."""
        return tuple(each for each in self.departures if each.telling is telling)

    @property
    def told(self) -> tuple[Handed, ...]:
        """Those that the shops know of."""
        return self.only(Telling.TOLD)

    @property
    def waiting(self) -> tuple[Handed, ...]:
        """Those that are told as soon as it can be, without anybody's help."""
        return self.only(Telling.WAITING)

    @property
    def refused(self) -> tuple[Handed, ...]:
        """Those that shops refused: what ``repeat_manifest`` repeats."""
        return self.only(Telling.REFUSED)


def open_manifest(courier: str, *, owner: str) -> Saga[Manifest]:
    """Begin a hand-over list."""
    name = " ".join(courier.split())
    if not name:
        raise ConfigurationError("courier: say who takes the parcels, such as DHL")
    now = yield from clock()

    def work(tx: Tx) -> Manifest:
        manifest = tx.add_manifest(courier=name, owner=owner, at=now.wall)
        _event(tx, manifest, EventKind.MANIFEST_OPENED, now, courier=name)
        return manifest

    return (yield from commit(work))


def pack(
    world: World, manifest_id: int, po_id: str, departure: Shipment, *, identified: set[str]
) -> Saga[Manifest]:
    """Put a departure on the list; the same ref again puts it right.

    Raises:
        CourierMismatch: its parcels are another courier's.

        ConfigurationError: there is no such manifest or it has shipped, or the departure cannot leave.

        Unsupported: its supplier ships by itself.
    """
    now = yield from clock()
    manifest = yield from commit(partial(_pack, world, manifest_id, po_id, departure, now))
    yield from go_on(world, po_id.rsplit("/", 2)[0], identified)
    return manifest


def _pack(world: World, manifest_id: int, po_id: str, departure: Shipment, now: Clock, tx: Tx) -> Manifest:
    manifest = _preparing(tx, manifest_id)
    record, order, supplier = moved_by_people(tx, world, po_id)
    if isinstance(supplier.adapter, OrdersItself):
        raise Unsupported("it tells the shop by itself what it ships", account=supplier.name)
    if not departure.ref:
        raise ConfigurationError("departure: give it a ref, such as its tracking number")
    if _owner(world, order) != manifest.owner:
        raise ConfigurationError(f"purchase order {po_id!r} is not of the owner of manifest {manifest_id}")
    check_placed(record)
    if why := _against(record, order):
        raise ConfigurationError(f"purchase order {po_id!r}: {why}; it is not handed over")
    packages = _of_courier(world.couriers, manifest, departure)
    tx.drop_packed(manifest_id, po_id, departure.ref)
    if _notice(tx, record, departure.ref) is not None:
        raise ConfigurationError(f"departure {departure.ref!r} of {po_id} has left already")
    check_left(tx, record, departure)
    shipment = attrs.evolve(in_full(tx, record, departure), packages=packages)
    tx.put_packed(manifest_id, Packed(purchase_order=po_id, shipment=shipment))
    _event(
        tx,
        manifest,
        EventKind.PACKED,
        now,
        order_id=order.order.id,
        purchase_order=po_id,
        shipment=shipment.ref,
    )
    if observe(record.fulfillment, Fulfillment.READY, left=record.left)[1] is Seen.MOVED:
        take_word(tx, world, po_id, Fulfillment.READY, None, "", now)
    return _known(tx, manifest_id)


def _of_courier(couriers: Couriers, manifest: Manifest, departure: Shipment) -> tuple[Package, ...]:
    """Its packages; who carries those of which nobody says it is whoever has the manifest."""
    for package in departure.packages:
        if package.carrier.strip() and not couriers.same(package.carrier, manifest.courier):
            raise CourierMismatch(
                f"departure {departure.ref!r} goes with {package.carrier}, and manifest {manifest.id} is for "
                f"{manifest.courier}"
            )
    return tuple(
        package if package.carrier.strip() else attrs.evolve(package, carrier=manifest.courier)
        for package in departure.packages or (Package(),)
    )


def unpack(manifest_id: int, po_id: str, *, ref: str) -> Saga[Manifest]:
    """Take a departure off the list, or all of its purchase order's if ``ref`` is empty.

    Raises:
        ConfigurationError: there is no such departure in it, or the manifest has shipped.
    """
    now = yield from clock()

    def work(tx: Tx) -> Manifest:
        manifest = _preparing(tx, manifest_id)
        found = [
            packed
            for packed in manifest.departures
            if packed.purchase_order == po_id and ref in ("", packed.shipment.ref)
        ]
        if not found:
            raise ConfigurationError(
                f"manifest {manifest_id}: it holds no {ref or 'departure'!r} of {po_id!r}"
            )
        for packed in found:
            tx.drop_packed(manifest_id, po_id, packed.shipment.ref)
            order_id = po_id.rsplit("/", 2)[0]
            name = packed.shipment.ref
            _event(
                tx, manifest, EventKind.UNPACKED, now, order_id=order_id, purchase_order=po_id, shipment=name
            )
        return _known(tx, manifest_id)

    return (yield from commit(work))


def list_manifests(
    *, owner: str, state: ManifestState | None, after: int, limit: int
) -> Saga[tuple[Manifest, ...]]:
    """Manifests by id, a page at a time."""
    return look(
        lambda tx: tuple(
            _known(tx, each) for each in tx.manifest_ids(owner=owner, state=state, after=after, limit=limit)
        )
    )


def report(manifest_id: int) -> Saga[ManifestReport]:
    """How far the shops are told of each departure."""
    return look(partial(_report, manifest_id))


def print_manifest(manifest_id: int) -> Saga[Document]:
    """The list on paper, to sign; it names the shoppers."""

    def work(tx: Tx) -> Document:
        manifest = _known(tx, manifest_id)
        rows: list[Parcels] = []
        for packed in manifest.departures:
            record, order = _both(tx, packed)
            rows.append(
                Parcels(
                    po=record.po,
                    shipment=packed.shipment,
                    left_out=_left_out(manifest, packed, record, order),
                )
            )
        return paper(manifest, rows)

    return look(work)


# --- shipping -----------------------------------------------------------------------------------------


def ship_manifest(world: World, manifest_id: int, *, identified: set[str]) -> Saga[ManifestReport]:
    """The courier has it: each departure leaves, and each shop is told of its own; safe to repeat.

    What is canceled by now is left out. The shops are asked first; one that cannot be reached stops nothing.

    Raises:
        ConfigurationError: there is no such manifest, it is empty, or an account of it is not in this bridge.
    """
    manifest = yield from look(lambda tx: _known(tx, manifest_id))
    if manifest.state is ManifestState.PREPARING:
        yield from _ask_shops(world, manifest, identified)
        now = yield from clock()
        manifest = yield from commit(partial(_ship, world, manifest_id, now))
    for order_id in _orders_in(manifest):
        yield from go_on(world, order_id, identified)
    return (yield from report(manifest_id))


def _ask_shops(world: World, manifest: Manifest, identified: set[str]) -> Saga[None]:
    """Is any of it canceled meanwhile? A shop that does not answer once is not asked again."""
    silent: set[str] = set()
    for order_id in _orders_in(manifest):
        store = order_id.partition("/")[0]
        now = yield from clock()
        seen = yield from look(partial(_seen_at, order_id))
        if store in silent or store not in world.stores or now.wall - seen <= _FRESH:
            continue
        try:
            yield from recognize(world, world.stores[store], identified)
            yield from read_again(world, order_id, None)
        except BridgeError:
            silent.add(store)
            continue
        if (yield from look(partial(_seen_at, order_id))) == seen:
            silent.add(store)


def _seen_at(order_id: str, tx: Tx) -> datetime:
    order = tx.order(order_id)
    assert order is not None
    return order.seen_at


def _ship(world: World, manifest_id: int, now: Clock, tx: Tx) -> Manifest:
    manifest = _known(tx, manifest_id)
    if manifest.state is ManifestState.SHIPPED:
        return manifest
    if not manifest.departures:
        raise ConfigurationError(f"manifest {manifest_id}: nothing is packed in it")
    # From here on its departures are packed no longer: they leave, or are left out.
    tx.ship_manifest(manifest_id, now.wall)
    for packed in manifest.departures:
        record, order = _both(tx, packed)
        _owner(world, order)
        why = _against(record, order)
        if why:
            tx.put_packed(manifest_id, attrs.evolve(packed, left_out=why))
            _event(
                tx,
                manifest,
                EventKind.LEFT_OUT,
                now,
                order_id=order.order.id,
                purchase_order=record.po.id,
                why=why,
            )
            continue
        shipment = attrs.evolve(packed.shipment, shipped_at=packed.shipment.shipped_at or now.wall)
        take_departure(tx, world, record.po.id, shipment, now)
    _event(tx, manifest, EventKind.MANIFEST_SHIPPED, now, courier=manifest.courier)
    return _known(tx, manifest_id)


def repeat_manifest(world: World, manifest_id: int, *, identified: set[str]) -> Saga[ManifestReport]:
    """Try again what shops refused, and nothing else; safe to repeat, and to be cut short.

    What a person must look at first is left to the reviews.
    """
    before = yield from report(manifest_id)
    orders: dict[str, None] = {}
    for each in before.refused:
        if each.review is not None:
            yield from resolve(world, each.review, "retry")
            orders[each.purchase_order.rsplit("/", 2)[0]] = None
    for order_id in orders:
        yield from go_on(world, order_id, identified)
    return (yield from report(manifest_id))


# --- what stands where --------------------------------------------------------------------------------


def _known(tx: Tx, manifest_id: int) -> Manifest:
    manifest = tx.manifest(manifest_id)
    if manifest is None:
        raise ConfigurationError(f"manifest: there is no {manifest_id}")
    return manifest


def _preparing(tx: Tx, manifest_id: int) -> Manifest:
    manifest = _known(tx, manifest_id)
    if manifest.state is not ManifestState.PREPARING:
        raise ConfigurationError(f"manifest {manifest_id} has shipped; open another")
    return manifest


def _both(tx: Tx, packed: Packed) -> tuple[PurchaseRecord, OrderRecord]:
    record = tx.purchase(packed.purchase_order)
    order = tx.order(record.po.order_id) if record is not None else None
    assert record is not None
    assert order is not None
    return record, order


def _owner(world: World, order: OrderRecord) -> str:
    store = world.stores.get(order.order.store)
    if store is None:
        raise ConfigurationError(f"store: there is no account {order.order.store!r} in this bridge")
    return store.owner


def _against(record: PurchaseRecord, order: OrderRecord) -> str:
    """Why it is not to go to the shopper."""
    if order.order.canceled:
        return f"order {order.order.number} is canceled in the shop"
    if record.fulfillment in _GIVEN_UP:
        return f"the purchase order is {record.fulfillment.value}"
    return ""


def _left_out(manifest: Manifest, packed: Packed, record: PurchaseRecord, order: OrderRecord) -> str:
    """Why it did not go, or as things stand will not."""
    return _against(record, order) if manifest.state is ManifestState.PREPARING else packed.left_out


def _orders_in(manifest: Manifest) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.purchase_order.rsplit("/", 2)[0] for each in manifest.departures))


def _notice(tx: Tx, record: PurchaseRecord, ref: str) -> NoticeRecord | None:
    key = notice_key(record.po.reference, ref)
    return next((each for each in tx.notices(record.po.order_id) if each.notice.key == key), None)


def _report(manifest_id: int, tx: Tx) -> ManifestReport:
    manifest = _known(tx, manifest_id)
    return ManifestReport(
        manifest=manifest, departures=tuple(_handed(tx, manifest, packed) for packed in manifest.departures)
    )


def _handed(tx: Tx, manifest: Manifest, packed: Packed) -> Handed:
    record, order = _both(tx, packed)
    notice = _notice(tx, record, packed.shipment.ref)
    review: Review | None = None
    why = _left_out(manifest, packed, record, order)
    if why:
        telling = Telling.LEFT_OUT
    elif manifest.state is ManifestState.PREPARING or notice is None:
        telling = Telling.PACKED
    else:
        notice = _told_with(tx, record, notice)
        asked = [each for each in tx.reviews_of(record.po.order_id) if each.about == notice.notice.key]
        review = asked[0] if asked else None
        telling, why = _telling(tx, record, notice, review)
    return Handed(
        purchase_order=record.po.id,
        ref=packed.shipment.ref,
        store=record.po.store,
        telling=telling,
        why=why,
        review=review.id if review is not None else None,
    )


def _told_with(tx: Tx, record: PurchaseRecord, notice: NoticeRecord) -> NoticeRecord:
    """The notice that tells of a departure: its own, or that of the last part of a kit once that has left."""
    if notice.state is not NoticeState.WITHDRAWN or notice.notice.packages:
        return notice
    later = (
        each
        for each in tx.notices(record.po.order_id)
        if each.notice.purchase_order_id == record.po.id
        and each.state is not NoticeState.WITHDRAWN
        and each.created_at >= notice.created_at
    )
    return next(later, notice)


def _telling(
    tx: Tx, record: PurchaseRecord, notice: NoticeRecord, review: Review | None
) -> tuple[Telling, str]:
    if notice.state is NoticeState.ANNOUNCED:
        return Telling.TOLD, "; ".join(notice.warnings)
    if review is not None:
        refused = review.code is ReviewCode.REFUSED
        return Telling.REFUSED if refused else Telling.ASKED, review.evidence
    if notice.state is NoticeState.REFUSED:
        return Telling.REFUSED, "refused by the shop, and a person let it be"
    if notice.state is NoticeState.WITHDRAWN:
        return Telling.WAITING, "parts of a kit; the shop is told with the last of them"
    # The departure itself was put off, or all of its order, because the shop could not be asked.
    put_off = [
        event.data.get("why", "")
        for event in tx.time_line(record.po.order_id)
        if event.kind == EventKind.PUT_OFF
        and event.about in (notice.notice.key, record.po.order_id)
        and event.at >= notice.created_at
    ]
    if put_off:
        return Telling.WAITING, put_off[-1]
    tracked = any(each.tracking_number or each.tracking_url for each in notice.notice.packages)
    return Telling.WAITING, "" if tracked else "it waits a while for a tracking number"


def _event(
    tx: Tx, manifest: Manifest, kind: EventKind, now: Clock, *, order_id: str = "", **data: str
) -> None:
    tx.event(
        kind,
        about=f"manifest/{manifest.id}",
        at=now.wall,
        order_id=order_id,
        owner=manifest.owner,
        data=data,
    )
