"""Check out, then place, then pay: what a person is shown, agrees to, and sets going."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial

import attrs

from ._canonical import dump, load
from ._checkout_pay import PaymentPage, page_of
from ._engine import perform
from ._events import EventKind
from ._guards import against, still_to_come
from ._journal import Tx
from ._model import PurchaseLine
from ._money import Money
from ._orders import advance_order
from ._pay import money_stopped
from ._plan import plan_order
from ._pull import recognize
from ._purchase_operation import surely_refused
from ._quote import AskQuote, chosen, quoted, wants_quote
from ._records import OrderRecord, PurchaseRecord
from ._reviews import ReviewCode
from ._saga import Saga, clock, commit, look
from ._states import BEFORE_PLACED, Fulfillment
from ._views import find, known_supplier, owns
from ._world import Supplier, World
from .adapters import OrdersItself, Quotes, Reserves, ShippingOption
from .errors import BridgeError, ConfigurationError

__all__ = ["Checkout", "CheckoutItem", "check_out", "place"]

_GOOD_FOR = timedelta(minutes=15)


@attrs.frozen(kw_only=True)
class CheckoutItem:
    """One purchase order of a checkout.

    Args:
        order_number: What people call the shop's order.

        part: Which part of the supplier, where it takes only one in an order: the seller.

        goods: Without shipping; None where the supplier names no price before it is ordered.

        options: The ways to send it.

        shipping: The one that will be taken; None where there is none to choose, or a person is to choose.

        total: Goods and shipping.

        packing: What goes in beside the goods: packaging, cards.

        against: What stands against ordering it now, in words; empty if nothing does.
    """

    purchase_order: str
    order_number: str
    supplier: str
    part: str = ""
    lines: tuple[PurchaseLine, ...]
    goods: Money | None = None
    options: tuple[ShippingOption, ...] = ()
    shipping: ShippingOption | None = None
    total: Money | None = None
    packing: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Checkout:
    """A frozen offer: ``place`` takes it by its digest, and only as it was shown.

    Args:
        digest: Of all that is in it.

        expires_at: Until when it may be placed (UTC).

        totals: One amount per currency.
    """

    digest: str
    expires_at: datetime
    items: tuple[CheckoutItem, ...]
    totals: tuple[Money, ...]


def check_out(
    world: World, select: Iterable[str], *, shipping: Mapping[str, str], identified: set[str], owner: str
) -> Saga[Checkout]:
    """What ordering some purchase orders would cost, how they can be sent, and what stands against it.

    Args:
        select: Ids of purchase orders, or ids or numbers of shop orders for all of theirs that are not placed
            yet.

        shipping: The option to take, by purchase order.

    Raises:
        ConfigurationError: there is no such order, several have this number, nothing is left to place, or
            there is no such shipping option.
    """
    po_ids = yield from look(lambda tx: _selected(tx, tuple(select), owner))
    for po_id in shipping:
        if po_id not in po_ids:
            raise ConfigurationError(f"shipping: {po_id!r} is none of what is checked out")
    items: list[CheckoutItem] = []
    for po_id in po_ids:
        items.append((yield from _item(world, po_id, shipping.get(po_id, ""), identified)))
    now = yield from clock()
    totals: dict[str, Money] = {}
    for item in items:
        if item.total is not None:
            currency = item.total.currency
            totals[currency] = totals.get(currency, Money.zero(currency)) + item.total
    bare = Checkout(
        digest="",
        expires_at=now.wall + _GOOD_FOR,
        items=tuple(items),
        totals=tuple(totals[currency] for currency in sorted(totals)),
    )
    checkout = attrs.evolve(bare, digest=hashlib.sha256(dump(bare).encode()).hexdigest()[:24])
    text = dump(checkout)
    yield from commit(
        lambda tx: tx.put_checkout(checkout.digest, text, expires_at=checkout.expires_at, now=now.wall)
    )
    return checkout


def _selected(tx: Tx, select: tuple[str, ...], owner: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in select:
        record = tx.purchase(name) if owns(tx, owner, name) else None
        order_id = find(tx, name, owner) if record is None else None
        records = (record,) if record is not None else tx.purchases(order_id or "")
        if record is None and order_id is None:
            raise ConfigurationError(f"order: there is no {name!r}")
        found.update(
            dict.fromkeys(
                each.po.id
                for each in records
                if each.fulfillment in (Fulfillment.TO_ORDER, Fulfillment.RESERVED) and each.waits != "hub"
            )
        )
    if not select:
        raise ConfigurationError("check out: name orders or purchase orders")
    if not found:
        raise ConfigurationError("check out: nothing of it is still to be placed")
    return tuple(found)


def _item(world: World, po_id: str, option: str, identified: set[str]) -> Saga[CheckoutItem]:
    record, order = yield from look(partial(_both, po_id))
    supplier = known_supplier(world, record.po.supplier)
    words: list[str] = []
    now = yield from clock()
    if isinstance(supplier.adapter, Quotes) and wants_quote(supplier.adapter, record, now.wall):
        try:
            yield from recognize(world, supplier, identified)
        except (BridgeError, ConfigurationError) as error:
            words.append(str(error))
        else:
            yield from _ask_quote(world, supplier, supplier.adapter, order, record)
        record, order = yield from look(partial(_both, po_id))
        if record.quote is None or record.quoted_at is None or record.quoted_at < now.wall:
            words.append(f"{supplier.name} has not said what it costs")
    if record.fulfillment not in (Fulfillment.TO_ORDER, Fulfillment.RESERVED):
        raise ConfigurationError(f"check out: {po_id!r} has been placed meanwhile")
    if option:  # only shown: it is taken when this checkout is placed
        record = attrs.evolve(record, po=attrs.evolve(record.po, carrier=option))
    taken = chosen(record)
    if option and (taken is None or taken.code != option):
        offered = ", ".join(each.code for each in record.quote.options) if record.quote else "none"
        raise ConfigurationError(f"shipping: {po_id!r} can go by {offered}; {option!r} is none of them")
    if record.quote is not None and record.quote.options and taken is None:
        words.append("a person is to choose how it is sent")
    words += _against(world, order, record, supplier)
    before = yield from look(lambda tx: still_to_come(tx, order.order))
    if before and ReviewCode.REPLACES.value not in record.accepted:
        words.append(f"the order was made from another one, of which {before} is not over")
    if stopped := (yield from look(lambda tx: money_stopped(tx, record.po.order_id))):
        words.append(stopped)
    if record.quote is not None:
        words += [f"{line.quantity:f} of {line.remote_id}: {line.why}" for line in record.quote.refused]
    return CheckoutItem(
        purchase_order=po_id,
        order_number=order.order.number,
        supplier=supplier.name,
        part=record.po.part,
        lines=record.po.lines,
        goods=record.quote.goods if record.quote is not None else None,
        options=record.quote.options if record.quote is not None else (),
        shipping=taken,
        total=quoted(record),
        packing=record.po.packing,
        against=tuple(words),
    )


def _ask_quote(
    world: World, supplier: Supplier, adapter: Quotes, order: OrderRecord, record: PurchaseRecord
) -> Saga[None]:
    policy = world.policy_of(order.order.store, supplier.name)
    owner = world.stores[order.order.store].owner
    ask = AskQuote(supplier, adapter, order, record, owner=owner, policy=policy, rate=world.rate)
    yield from perform(ask, world)


def _both(po_id: str, tx: Tx) -> tuple[PurchaseRecord, OrderRecord]:
    record = tx.purchase(po_id)
    assert record is not None
    order = tx.order(record.po.order_id)
    assert order is not None
    return record, order


def _against(world: World, order: OrderRecord, record: PurchaseRecord, supplier: Supplier) -> list[str]:
    policy = world.policy_of(order.order.store, supplier.name)
    words = [why for _, why in against(world, order.order, record)]
    if order.held:
        words.append("the order is held")
    if not record.resend_of and not policy.takes(order.order, take_from=None):
        words.append("the shop does not want it shipped now, or the policy does not take it: is it paid?")
    reserves = world.policy_of("", supplier.name).reserve and isinstance(supplier.adapter, Reserves)
    if reserves and record.fulfillment is not Fulfillment.RESERVED:
        words.append("its units are not held yet")
    return words


def place(
    world: World, po_ids: tuple[str, ...], *, checkout: str, identified: set[str]
) -> Saga[tuple[PaymentPage, ...]]:
    """A person says: order these. They go when their units are held.

    Args:
        checkout: Digest of the checkout that the person saw; with it and no ids, all of it is placed. Where
            a supplier quotes prices, nobody places without one.

    Raises:
        ConfigurationError: there is no such purchase order or checkout, it has expired, or what it showed
            has changed since.
    """
    now = yield from clock()

    def work(tx: Tx) -> tuple[str, ...]:
        shown = _shown(tx, checkout, now.wall)
        wanted = po_ids or tuple(shown)
        if not wanted:
            raise ConfigurationError("place: name purchase orders, or a checkout")
        for po_id in wanted:
            record = tx.purchase(po_id)
            if record is None:
                raise ConfigurationError(f"purchase order: there is no {po_id!r}")
            if checkout and po_id not in shown:
                raise ConfigurationError(f"checkout: {po_id!r} is not in it; check it out as well")
            if record.fulfillment not in BEFORE_PLACED:
                continue
            adapter = known_supplier(world, record.po.supplier).adapter
            if isinstance(adapter, OrdersItself):
                raise ConfigurationError(
                    f"purchase order {po_id!r} is {record.po.supplier}'s own, which orders by itself; "
                    "give its products to another supplier to order them here"
                )
            seen = po_id in shown and shown[po_id].total is not None
            if not seen and tx.has_open_review(ReviewCode.PRICE, about=po_id):
                raise ConfigurationError(
                    f"purchase order {po_id!r}: it costs more than was agreed; answer its review first"
                )
            if not seen and isinstance(adapter, Quotes) and adapter.needed_to_place:
                raise ConfigurationError(
                    f"checkout: {record.po.supplier} asks a price for {po_id!r} that nobody has seen; "
                    "check out first, and give the digest of what names it"
                )
            _approve(tx, record, shown.get(po_id), now.wall)
            tx.event(
                EventKind.APPROVED,
                about=po_id,
                at=now.wall,
                order_id=record.po.order_id,
                data={"checkout": checkout} if checkout else {},
            )
            plan_order(tx, record.po.order_id, now)
        return wanted

    wanted = yield from commit(work)
    for order_id in dict.fromkeys(po_id.rsplit("/", 2)[0] for po_id in wanted):
        yield from advance_order(world, order_id, identified)
    return (yield from look(lambda tx: tuple(page_of(tx, world, po_id) for po_id in wanted)))


def _shown(tx: Tx, digest: str, now: datetime) -> dict[str, CheckoutItem]:
    """The items of a checkout that may still be placed, by purchase order."""
    if not digest:
        return {}
    text = tx.checkout(digest)
    if text is None:
        raise ConfigurationError(f"checkout: there is no {digest!r}; check out again")
    checkout = load(Checkout, text)
    if not now <= checkout.expires_at <= now + _GOOD_FOR:
        raise ConfigurationError(
            f"checkout: {digest!r} was good until {checkout.expires_at:%Y-%m-%d %H:%M} UTC; check out again"
        )
    return {item.purchase_order: item for item in checkout.items}


def _approve(tx: Tx, record: PurchaseRecord, item: CheckoutItem | None, now: datetime) -> None:
    po_id = record.po.id
    stock = record.waits == "stock"
    before = tx.intents(about=po_id, operation="place", op_no=record.op_no)
    # What was never sent, or is known to be absent, goes on under its own number and its own pauses.
    refused = surely_refused(before)
    if item is not None:
        if item.lines != record.po.lines:
            raise ConfigurationError(f"checkout: {po_id!r} has changed since; check out again")
        if item.options and item.shipping is None:
            raise ConfigurationError(f"checkout: nobody has chosen how {po_id!r} is sent; check out again")
        carrier = record.po.carrier if item.shipping is None else item.shipping.code
        po = attrs.evolve(record.po, carrier=carrier)
        record = attrs.evolve(record, po=po)
        if item.total is not None:
            # The price that a person has seen is the price agreed to, whatever the links said before; where
            # another is known by now, the supplier is asked once more, and that is held against it.
            known = record.quoted_at if quoted(record) == item.total else None
            record = attrs.evolve(record, agreed=item.total, quoted_at=known)
        tx.close_reviews(ReviewCode.PRICE, about=po_id, decision="checked out", at=now)
    tx.put_purchase(
        attrs.evolve(
            record,
            approved=True,
            by_hand=True,
            # A person says so again: another operation, which looks first like any other.
            op_no=record.op_no + 1 if refused else record.op_no,
            waits="stock" if stock else "",
            next_at=record.next_at if stock else now,
        )
    )
