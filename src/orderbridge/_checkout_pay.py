"""Pay what a person says is to be paid, or say at which page a person pays it."""

from __future__ import annotations

from functools import partial

import attrs

from ._engine import perform
from ._journal import Tx
from ._model import BuyerContext
from ._money import Money
from ._orders_steps import read_again
from ._pay import TO_PAY, Pay, against_paying, money_stopped, payment_page
from ._pull import recognize
from ._purchase_operation import ask_about_price
from ._records import PurchaseRecord
from ._saga import Saga, clock, commit, look
from ._states import BEFORE_PLACED, FINAL, Fulfillment, Payment
from ._views import known_supplier, payable
from ._wording import amount_of
from ._world import World
from .adapters import Pays
from .errors import ConfigurationError, Unsupported

__all__ = ["PaymentPage", "page_of", "pay"]


@attrs.frozen(kw_only=True)
class PaymentPage:
    """Where a purchase order stands after ``place`` or ``pay``, and where people go on.

    Args:
        page: Where a person pays; empty if it is paid through the API, is not placed, or is not to be paid
            now: money is stopped, its order is held, or the shop has canceled it.

        payment: How far that is now: a limit or a refusal may have kept it.

        order_page: The supplier's page of it, where it has one.

        waits: For what it waits, in a word, if it is not placed: ``"stock"``, ``"held"``, ``"review"``; and
            placed or not: ``"money"``, which is stopped.

        total: What the supplier asks for it.
    """

    purchase_order: str
    page: str
    payment: Payment
    fulfillment: Fulfillment
    order_page: str = ""
    waits: str = ""
    total: Money | None = None


def page_of(tx: Tx, world: World, po_id: str) -> PaymentPage:
    """How far a purchase order is on its way to be paid, and where a person pays it."""
    record = tx.purchase(po_id)
    assert record is not None
    stopped = money_stopped(tx, record.po.order_id)
    supplier = world.suppliers.get(record.po.supplier)
    placed = record.fulfillment not in BEFORE_PLACED
    by_api = supplier is not None and isinstance(supplier.adapter, Pays)
    # What a person has paid, or need not pay, is nothing to pay again.
    owed = record.payment in TO_PAY and record.fulfillment not in FINAL
    pays = placed and owed and (not by_api or record.payment is Payment.FAILED)
    shown = pays and not stopped and not against_paying(tx, record)
    return PaymentPage(
        purchase_order=record.po.id,
        page=payment_page(supplier, record) if shown and supplier is not None else "",
        payment=record.payment,
        fulfillment=record.fulfillment,
        order_page=record.url,
        waits="money" if stopped and placed and record.payment in TO_PAY else record.waits,
        total=record.total,
    )


def pay(
    world: World, po_id: str, identified: set[str], *, buyer: BuyerContext | None = None
) -> Saga[PaymentPage]:
    """Pay through the supplier's API, or say where a person pays.

    A hold on its order keeps this back as well: what is placed goes on at the supplier, and whoever is to pay
    releases the order first.

    Raises:
        ConfigurationError: there is no such purchase order, it is not placed, the shop has canceled its
            order, its order is held, money is stopped, it costs more than was agreed and nobody has accepted
            that, the supplier asks who pays and no ``buyer`` is given, or its growing order differs from what
            our orders want.
    """
    record = yield from look(lambda tx: tx.purchase(po_id))
    if record is None:
        raise ConfigurationError(f"purchase order: there is no {po_id!r}")
    if record.fulfillment in BEFORE_PLACED or record.fulfillment in FINAL:
        raise ConfigurationError(
            f"purchase order {po_id!r} is {record.fulfillment.value}; only a placed one is paid"
        )
    supplier = known_supplier(world, record.po.supplier)
    yield from look(partial(_check, record))
    now = yield from clock()
    order = yield from look(lambda tx: tx.order(record.po.order_id))
    if isinstance(supplier.adapter, Pays) and order is not None:
        if record.total is None:
            raise Unsupported(f"{supplier.name} has not said what {po_id} costs", account=supplier.name)
        buyer = buyer or world.buyer
        if supplier.adapter.needs_buyer and buyer is None:
            raise ConfigurationError(
                f"buyer: {supplier.name} asks who pays; give a BuyerContext with the person's browser"
            )
        policy = world.policy_of(order.order.store, supplier.name)
        asked = record.total
        if record.agreed is not None and policy.too_dear(asked, record.agreed):
            words = f"it asks {amount_of(asked)}, and {amount_of(record.agreed)} was agreed"
            yield from commit(lambda tx: ask_about_price(tx, record.po, words, asked, now))
            raise ConfigurationError(f"purchase order {po_id!r}: {words}; answer its review first")
        owner = world.stores[order.order.store].owner
        yield from recognize(world, supplier, identified)
        # Before money moves, the shop is asked whether it still wants this.
        yield from read_again(world, order.order.id, None)
        order = (yield from look(lambda tx: tx.order(record.po.order_id))) or order
        yield from look(partial(_check, record))
        paying = Pay(
            supplier,
            supplier.adapter,
            order,
            record,
            record.total,
            owner=owner,
            policy=policy,
            buyer=buyer,
            by_hand=True,
        )
        yield from perform(paying, world)
        return (yield from look(lambda tx: page_of(tx, world, po_id)))
    against = (yield from payable(world, supplier.name)).against
    if against:
        differs = ", ".join(f"{each.remote_id}: {each.cause}" for each in against)
        raise ConfigurationError(
            f"supplier {supplier.name!r} does not hold what the orders want ({differs}); reconcile first"
        )
    return (yield from look(lambda tx: page_of(tx, world, po_id)))


def _check(record: PurchaseRecord, tx: Tx) -> None:
    """Does anything stand against paying it, whoever does?"""
    current = tx.purchase(record.po.id) or record
    if why := against_paying(tx, current) or money_stopped(tx, record.po.order_id):
        raise ConfigurationError(f"purchase order {record.po.id!r}: {why}")
