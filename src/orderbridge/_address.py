"""Another address than the shop's: your application gives it, and it stays until it is taken back.

The shop goes on showing the old one, so what was given is kept beside the order. If the shop changes
its own address later, nobody knows whose is right: nothing more is ordered until a person says.
"""

from __future__ import annotations

import re

import attrs

from ._events import EventKind
from ._intake import source
from ._intake_questions import address_changed, address_settled, door
from ._journal import Tx
from ._model import Address
from ._plan import plan_order
from ._records import OrderRecord
from ._reviews import ReviewCode
from ._saga import Clock, Saga, clock, commit
from ._states import FINAL, HAS_LEFT
from ._world import World
from .errors import ConfigurationError, OutOfDate

__all__ = ["change_address", "settle_address"]

_COUNTRY = re.compile(r"[A-Z]{2}")


def change_address(
    world: World, order_id: str, address: Address | None, *, expected: str
) -> Saga[OrderRecord]:
    """Send an order elsewhere than the shop says, or with None where the shop says.

    Raises:
        OutOfDate: the order is not as it was when ``expected`` was read.

        ConfigurationError: there is no such order, nothing of it can go elsewhere any more, or the address
            is none.
    """
    if address is not None:
        _check(address)
    now = yield from clock()

    def work(tx: Tx) -> OrderRecord:
        record = tx.order(order_id)
        if record is None or record.order.store not in world.stores:
            raise ConfigurationError(f"order: there is no {order_id!r}")
        if record.forgotten:
            raise ConfigurationError(f"order {order_id!r}: its shopper was forgotten")
        if record.digest != expected:
            raise OutOfDate("the order has changed since it was read; read it again", reference=order_id)
        purchases = tx.purchases(order_id)
        over = bool(purchases) and all(p.fulfillment in HAS_LEFT | FINAL for p in purchases)
        if record.order.canceled or (over and not any(line.open for line in record.order.lines)):
            raise ConfigurationError(f"order {order_id!r}: it is canceled, or all of it has left")
        if record.address != address:
            _put(tx, world, record, address, now)
        return tx.order(order_id) or record

    return (yield from commit(work))


def settle_address(tx: Tx, world: World, order_id: str, now: Clock, *, ours: bool) -> None:
    """A person has said which address is right, the application's (``ours``) or the shop's."""
    record = tx.order(order_id)
    if record is None:
        return
    if not ours and record.address is not None:
        _put(tx, world, record, None, now)
    else:
        address_settled(tx, order_id, now)
        plan_order(tx, order_id, now)


def _put(tx: Tx, world: World, before: OrderRecord, address: Address | None, now: Clock) -> None:
    order = before.order
    # A higher version: who has read the old address already, and not sent it yet, must look anew.
    record = attrs.evolve(before, address=address, version=before.version + 1)
    source(tx, world, record, now)
    tx.event(
        EventKind.ADDRESS_CHANGED,
        about=order.id,
        at=now.wall,
        order_id=order.id,
        data={"address": "the shop's" if address is None else "yours"},
    )
    tx.close_reviews(ReviewCode.ADDRESS_CHANGED, about=order.id, decision="changed", at=now.wall)
    if door(before.ship_to) != door(record.ship_to):
        address_changed(tx, world, order, "it is to go to another address now", now)
    address_settled(tx, order.id, now)
    plan_order(tx, order.id, now)


def _check(address: Address) -> None:
    for field in attrs.fields(Address):
        text = str(getattr(address, field.name))
        if text != text.strip() or any(sign in "\r\n\0\ufffd" for sign in text):
            raise ConfigurationError(
                f"address: {field.name} has spaces at its ends, line breaks, or signs that UTF-8 cannot hold"
            )
    if not _COUNTRY.fullmatch(address.country):
        raise ConfigurationError("address: country is not two capital letters, such as 'DE'")
    for name in ("line1", "city"):
        if not getattr(address, name):
            raise ConfigurationError(f"address: {name} is empty")
    if not (address.name or address.company):
        raise ConfigurationError("address: name and company are both empty")
