"""What is next for one purchase order: to wait, to be asked about, placed, paid, followed or revoked."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import attrs

from ._engine import perform
from ._events import EventKind
from ._follow import Follow
from ._guards import against
from ._journal import Tx
from ._model import StorePayment
from ._orders_steps import View, is_fresh, read_again, source_again, write
from ._pay import Pay, is_over
from ._place import Place
from ._policy import Who
from ._pull import recognize
from ._quote import AskQuote, wants_quote
from ._records import PurchaseRecord, Twin
from ._reviews import ReviewCode
from ._revoke import Revoke, RevokeTwin, revoking
from ._saga import Clock, Saga, backoff, look
from ._states import BEFORE_PLACED, FINAL, HAS_LEFT, SENDING, Fulfillment, Payment, can_be_canceled
from ._twins import put_twin
from ._world import Supplier, World
from .adapters import CancelsPurchases, MovedByPeople, OrdersItself, Pays, Quotes, Reserves
from .errors import BridgeError, ConfigurationError

__all__ = ["next_of_purchase", "next_of_twin"]

_SEEN_DAILY = timedelta(days=1)  # how old the shop's word may be while its goods have not left
_ACCOUNT_AGAIN = timedelta(hours=6)  # of accounts given as a mapping nobody says that one is back
_OVER_BY_THEN = timedelta(minutes=15)  # when it is looked whether an order that is replaced is over
_KNOWN_BEFORE = timedelta(days=30)  # orders made so long before may be listed after this one was bought


def next_of_purchase(
    world: World, view: View, purchase: PurchaseRecord, now: datetime, identified: set[str]
) -> Saga[None]:
    record = view.record
    supplier = world.suppliers.get(purchase.po.supplier)
    owner = world.stores[record.order.store].owner
    over = purchase.fulfillment in FINAL
    if over and (supplier is None or purchase.po.id not in view.out):
        return _let_be(purchase, view)
    if supplier is None:
        return _wait_until(purchase, view, now + _ACCOUNT_AGAIN, waits="account")
    if supplier.name not in identified:
        return _recognize(world, view, purchase, supplier, now, identified)
    adapter = supplier.adapter
    if over:
        # Its money is waited for; there is nothing to place, pay or take back any more.
        if isinstance(adapter, MovedByPeople):
            return _let_be(purchase, view)
        return _follow(world, view, purchase, supplier)
    policy = world.policy_of(record.order.store, supplier.name)
    # One growing order serves all shops, so whether it is kept is the supplier's matter.
    reserves = world.policy_of("", supplier.name).reserve and isinstance(adapter, Reserves)
    if purchase.fulfillment in SENDING:
        if not is_fresh(record, now):
            return read_again(world, record.order.id, view)
        return _place(world, view, purchase, reserves=reserves)
    if purchase.fulfillment in BEFORE_PLACED:
        if isinstance(adapter, OrdersItself):
            return _leave(purchase, view, waits="hub")
        if not purchase.approved or record.held:
            return _leave(purchase, view, waits="held" if purchase.approved else "approval")
        if record.order.canceled:
            return source_again(world, view)
        if not purchase.resend_of and not policy.takes(record.order, take_from=None):
            return _leave(purchase, view, waits="shop")
        wait_until = record.order.placed_at + policy.place_after
        if not purchase.by_hand and now < wait_until:
            # The policy gives the shopper time to think again.
            return _wait_until(purchase, view, wait_until, waits="window")
        if reserves and purchase.fulfillment is not Fulfillment.RESERVED:
            return _leave(purchase, view, waits="stock")
        if record.order.id in view.asked:
            return _leave(purchase, view, waits="address")
        if purchase.po.id in view.asked:
            return _leave(purchase, view, waits="review")
        if view.still_to_come and ReviewCode.REPLACES.value not in purchase.accepted:
            why = f"the order was made from another one, of which {view.still_to_come} is not over"
            return _ask(view, purchase, [(ReviewCode.REPLACES, why)], again_after=_OVER_BY_THEN)
        if not is_fresh(record, now):
            return read_again(world, record.order.id, view)
        if isinstance(adapter, Quotes) and wants_quote(adapter, purchase, now):
            ask = AskQuote(supplier, adapter, record, purchase, owner=owner, policy=policy, rate=world.rate)
            return perform(ask, world, seen=view.fence)
        if questions := against(world, record.order, purchase):
            return _ask(view, purchase, questions)
        return _place(world, view, purchase, reserves=reserves)
    in_doubt = purchase.payment is Payment.IN_DOUBT or purchase.po.id in view.paying
    if isinstance(adapter, CancelsPurchases) and purchase.revoke and not in_doubt:
        if not can_be_canceled(purchase.fulfillment, left=purchase.left):
            return _too_late_to_revoke(view, purchase)
        return perform(Revoke(supplier, adapter, record, purchase, owner=owner), world, seen=view.fence)
    if isinstance(adapter, MovedByPeople):
        return _leave(purchase, view, waits="" if is_over(purchase) else "people")
    if isinstance(adapter, Pays) and purchase.total is not None and _to_pay(world, purchase, view):
        if not is_fresh(record, now):
            return read_again(world, record.order.id, view)
        return perform(
            Pay(
                supplier,
                adapter,
                record,
                purchase,
                purchase.total,
                owner=owner,
                policy=policy,
                buyer=world.buyer,
            ),
            world,
            seen=view.fence,
        )
    if purchase.fulfillment not in HAS_LEFT and not record.seen_within(_SEEN_DAILY, now):
        # Shops that say nothing of a new address, or of an order that was deleted, are asked.
        return read_again(world, record.order.id, view)
    return _follow(world, view, purchase, supplier)


def _follow(world: World, view: View, purchase: PurchaseRecord, supplier: Supplier) -> Saga[None]:
    owner = world.stores[view.record.order.store].owner
    follow = Follow(supplier, view.record, purchase, owner=owner).with_policy(world)
    return perform(follow, world, seen=view.fence)


def _recognize(
    world: World,
    view: View,
    purchase: PurchaseRecord,
    supplier: Supplier,
    now: datetime,
    identified: set[str],
) -> Saga[None]:
    """Then its next step; or only this purchase order waits, and its siblings go on."""
    try:
        yield from recognize(world, supplier, identified)
    except (BridgeError, ConfigurationError) as error:
        why: BridgeError | ConfigurationError = error
    else:
        yield from next_of_purchase(world, view, purchase, now, identified)
        return

    def work(tx: Tx, now: Clock) -> None:
        record = tx.purchase(purchase.po.id)
        if record is not None:
            again_at = now.wall + backoff(record.failures, base=60.0)
            tx.put_purchase(attrs.evolve(record, next_at=again_at, failures=record.failures + 1))
            tx.event(EventKind.PUT_OFF, about=record.po.id, at=now.wall, order_id=record.po.order_id)

    yield from write(view, work)
    if isinstance(why, ConfigurationError):
        raise why


def next_of_twin(
    world: World, view: View, purchase: PurchaseRecord, twin: Twin, now: datetime, identified: set[str]
) -> Saga[None]:
    """A person wants an order too many canceled."""
    supplier = world.suppliers.get(purchase.po.supplier)
    next_at: datetime | None = None
    if supplier is not None and isinstance(supplier.adapter, CancelsPurchases):
        owner = world.stores[view.record.order.store].owner
        operation = RevokeTwin(supplier, supplier.adapter, view.record, purchase, twin, owner=owner)
        try:
            yield from recognize(world, supplier, identified)
        except (BridgeError, ConfigurationError):
            next_at = now + backoff(twin.failures, base=60.0)
        else:
            yield from perform(operation, world, seen=view.fence)
            return

    def work(tx: Tx, _: Clock) -> None:
        record = tx.purchase(purchase.po.id)
        if record is not None:
            put_twin(tx, record, attrs.evolve(twin, next_at=next_at, failures=twin.failures + 1))

    yield from write(view, work)


def _to_pay(world: World, purchase: PurchaseRecord, view: View) -> bool:
    if purchase.waits == "review" or purchase.po.id in view.asked:
        return False
    if purchase.payment is Payment.IN_DOUBT or purchase.po.id in view.paying:
        return True
    policy = world.policy_of(view.record.order.store, purchase.po.supplier)
    automatic = policy.pay is Who.AUTOMATIC and purchase.payment is Payment.UNPAID and not purchase.resend_of
    if purchase.revoke or purchase.fulfillment is Fulfillment.CANCEL_REQUESTED or not view.record.order.ready:
        automatic = False
    if purchase.waits == "money":
        automatic = False  # allow_money takes the mark away; until then it is only followed
    return automatic and view.record.order.payment is StorePayment.PAID and not view.record.held


def _place(world: World, view: View, purchase: PurchaseRecord, *, reserves: bool) -> Saga[None]:
    supplier = world.suppliers[purchase.po.supplier]
    owner = world.stores[view.record.order.store].owner
    reserved: dict[str, Decimal] | None = None
    wanted: dict[str, Decimal] = {}
    if reserves:
        reserved = {}
        for _, remote_id, state, units in (
            yield from look(lambda tx: tx.allocated(supplier.name, purchase.po.units))
        ):
            if state is Fulfillment.RESERVED:
                reserved[remote_id] = reserved.get(remote_id, Decimal(0)) + units
            if state in (Fulfillment.RESERVED, Fulfillment.TO_ORDER):
                wanted[remote_id] = wanted.get(remote_id, Decimal(0)) + units
    # Placing has just read the order; unless money is to follow, there is nothing to ask at once.
    policy = world.policy_of(view.record.order.store, supplier.name)
    pays = policy.pay is Who.AUTOMATIC and isinstance(supplier.adapter, Pays)
    long_before = view.record.order.placed_at - _KNOWN_BEFORE
    others = yield from look(lambda tx: tx.supplier_refs(supplier.name, since=long_before))
    place = Place(
        supplier,
        view.record,
        purchase,
        owner=owner,
        policy=policy,
        others=others - {purchase.po.supplier_ref},
        follow_after=timedelta(0) if pays else policy.follow_every,
        reserved=reserved,
        wanted=wanted,
    )
    yield from perform(place, world, seen=view.fence)


def _leave(purchase: PurchaseRecord, view: View, *, waits: str) -> Saga[None]:
    """Nothing can be done for it until a named thing happens."""

    def work(tx: Tx, now: Clock) -> None:
        record = tx.purchase(purchase.po.id)
        if record is not None:
            tx.put_purchase(attrs.evolve(record, next_at=None, waits=waits))

    return write(view, work)


def _let_be(purchase: PurchaseRecord, view: View) -> Saga[None]:
    """It is over; whether it is ordered anew stays as it was said."""

    def work(tx: Tx, now: Clock) -> None:
        record = tx.purchase(purchase.po.id)
        if record is not None:
            tx.put_purchase(attrs.evolve(record, next_at=None))

    return write(view, work)


def _wait_until(purchase: PurchaseRecord, view: View, until: datetime, *, waits: str) -> Saga[None]:
    """Nothing can be done for it before that."""

    def work(tx: Tx, now: Clock) -> None:
        record = tx.purchase(purchase.po.id)
        if record is not None:
            tx.put_purchase(attrs.evolve(record, next_at=until, waits=waits))

    return write(view, work)


def _ask(
    view: View,
    purchase: PurchaseRecord,
    questions: list[tuple[ReviewCode, str]],
    *,
    again_after: timedelta | None = None,
) -> Saga[None]:
    """Nothing is ordered before a person has answered, or, with ``again_after``, it came right by itself."""

    def work(tx: Tx, now: Clock) -> None:
        record = tx.purchase(purchase.po.id)
        if record is None:
            return
        next_at = None if again_after is None else now.wall + again_after
        tx.put_purchase(attrs.evolve(record, next_at=next_at, waits="review"))
        for code, why in questions:
            about, order_id = record.po.id, record.po.order_id
            if next_at is not None and (
                tx.has_open_review(code, about=about)
                or tx.was_let_be(order_id, code, about=about, evidence=why)
            ):
                continue
            tx.open_review(
                code,
                about=record.po.id,
                evidence=why,
                decisions=("accept", "ignore"),
                at=now.wall,
                order_id=record.po.order_id,
                account=record.po.supplier,
            )
            tx.event(
                EventKind.REVIEW_OPENED,
                about=record.po.id,
                at=now.wall,
                order_id=record.po.order_id,
                data={"code": code.value, "evidence": why},
            )

    return write(view, work)


def _too_late_to_revoke(view: View, purchase: PurchaseRecord) -> Saga[None]:
    """It has left, or is over: a person hears of it, and it is followed on."""

    def work(tx: Tx, now: Clock) -> None:
        record = tx.purchase(purchase.po.id)
        if record is None:
            return
        tx.put_purchase(attrs.evolve(record, revoke=False, next_at=now.wall))
        tx.open_review(
            ReviewCode.REFUSED,
            about=revoking(record.po.id),
            evidence=f"{record.po.supplier}: it is {record.fulfillment.value} by now and cannot be canceled",
            decisions=("ignore",),
            at=now.wall,
            order_id=record.po.order_id,
            account=record.po.supplier,
        )

    return write(view, work)
