"""Manifests: what a courier takes together, from its hand-over list to the last shop that was told.

A departure that is packed is a wish of people's and nothing else: no shop hears of it. Shipping the manifest
is one commit, in which each departure leaves as ``Bridge.ship`` would have let it leave. From there on they
are departures like any others, so that a crash after it costs nothing, and shipping it again does nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import attrs

from ._by_people import (
    check_left,
    check_placed,
    check_said,
    go_on,
    in_full,
    moved_by_people,
    take_departure,
    take_word,
)
from ._commands_answers import resolve
from ._couriers import Couriers
from ._events import EventKind
from ._journal import Tx
from ._manifest_paper import Parcels, paper
from ._manifest_report import (
    ManifestReport,
    against_it,
    both_of,
    known_manifest,
    left_out_for,
    notice_of,
    report,
)
from ._model import Document, Package, Shipment
from ._orders_steps import read_again
from ._pull import recognize
from ._records import Manifest, OrderRecord, Packed
from ._saga import Clock, Saga, clock, commit, look
from ._states import Fulfillment, ManifestState, Seen, observe
from ._world import World
from .adapters import OrdersItself
from .errors import BridgeError, ConfigurationError, CourierMismatch, Unsupported

__all__ = ["open_manifest", "pack", "print_manifest", "repeat_manifest", "ship_manifest", "unpack"]

_FRESH = timedelta(minutes=2)  # how long ago a shop must have shown an order that is handed over


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
    if why := against_it(record, order):
        raise ConfigurationError(f"purchase order {po_id!r}: {why}; it is not handed over")
    packages = _of_courier(world.couriers, manifest, departure)
    tx.drop_packed(manifest_id, po_id, departure.ref)
    if notice_of(tx, record, departure.ref) is not None:
        raise ConfigurationError(f"departure {departure.ref!r} of {po_id} has left already")
    check_said(departure, now)
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
    return known_manifest(tx, manifest_id)


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
        return known_manifest(tx, manifest_id)

    return (yield from commit(work))


def print_manifest(manifest_id: int) -> Saga[Document]:
    """The list on paper, to sign; it names the shoppers."""

    def work(tx: Tx) -> Document:
        manifest = known_manifest(tx, manifest_id)
        rows: list[Parcels] = []
        for packed in manifest.departures:
            record, order = both_of(tx, packed)
            rows.append(
                Parcels(
                    po=record.po,
                    shipment=packed.shipment,
                    left_out=left_out_for(manifest, packed, record, order),
                )
            )
        return paper(manifest, rows)

    return look(work)


def ship_manifest(world: World, manifest_id: int, *, identified: set[str]) -> Saga[ManifestReport]:
    """The courier has it: each departure leaves, and each shop is told of its own; safe to repeat.

    What is canceled by now is left out. The shops are asked first; one that cannot be reached stops nothing.

    Raises:
        ConfigurationError: there is no such manifest, it is empty, or an account of it is not in this bridge.
    """
    manifest = yield from look(lambda tx: known_manifest(tx, manifest_id))
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
    manifest = known_manifest(tx, manifest_id)
    if manifest.state is ManifestState.SHIPPED:
        return manifest
    if not manifest.departures:
        raise ConfigurationError(f"manifest {manifest_id}: nothing is packed in it")
    # From here on its departures are packed no longer: they leave, or are left out.
    tx.ship_manifest(manifest_id, now.wall)
    for packed in manifest.departures:
        record, order = both_of(tx, packed)
        _owner(world, order)
        why = against_it(record, order)
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
    return known_manifest(tx, manifest_id)


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


def _preparing(tx: Tx, manifest_id: int) -> Manifest:
    manifest = known_manifest(tx, manifest_id)
    if manifest.state is not ManifestState.PREPARING:
        raise ConfigurationError(f"manifest {manifest_id} has shipped; open another")
    return manifest


def _owner(world: World, order: OrderRecord) -> str:
    store = world.stores.get(order.order.store)
    if store is None:
        raise ConfigurationError(f"store: there is no account {order.order.store!r} in this bridge")
    return store.owner


def _orders_in(manifest: Manifest) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.purchase_order.rsplit("/", 2)[0] for each in manifest.departures))


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
