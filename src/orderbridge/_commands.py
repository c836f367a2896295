"""What people and programs ask of a bridge, each as a saga; the faces run them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

import attrs

from ._cart import Difference, advance_cart, differences, read_cart
from ._engine import Store, Supplier, World, backoff, perform
from ._intake import plan_order, source
from ._journal import Tx
from ._model import ProductLink
from ._orders import advance_order
from ._place import Pay, payment_page
from ._pull import due_at_start, identity_flow, pull
from ._records import (
    Event,
    NoticeRecord,
    OrderRecord,
    PurchaseRecord,
    ReservationRow,
    Review,
    ReviewCode,
    Subject,
)
from ._saga import Clock, Saga, clock, commit, look, run_flow
from ._states import BEFORE_PLACED, FINAL, Fulfillment, NoticeState
from .adapters import Access, Finding, Headers, Nudge, Pays, ReceivesWebhooks, Reply, Reserves
from .errors import BridgeError, ConfigurationError, JournalError, Unsupported

__all__ = [
    "Health",
    "OrderView",
    "Payable",
    "PaymentPage",
    "Report",
    "advance",
    "consume",
    "due_now",
    "events",
    "forget",
    "health",
    "hold",
    "link",
    "list_orders",
    "order_view",
    "pay",
    "payable",
    "place",
    "probe",
    "pull_now",
    "receive",
    "reconcile",
    "reservations",
    "resolve",
    "run_once",
    "switch",
]

_ROUNDS = 20  # times one order or cart is advanced in one go; more means it does not get on


@attrs.frozen(kw_only=True)
class Report:
    """What one run did.

    Args:
        advanced: Subjects worked on.

        orders: Orders that were news.

        failures: Accounts and orders that could not be worked on, and why, in words.

        next_at: When there is something to do again (UTC).
    """

    advanced: int = 0
    orders: int = 0
    failures: tuple[tuple[str, str], ...] = ()
    next_at: datetime | None = None


@attrs.frozen(kw_only=True)
class OrderView:
    """An order with all that the bridge does for it."""

    record: OrderRecord
    purchases: tuple[PurchaseRecord, ...]
    notices: tuple[NoticeRecord, ...]

    @property
    def in_quote(self) -> bool:
        """Is there a line that nobody is to ship yet, because nobody said who?"""
        covered = {line.line_ref for purchase in self.purchases for line in purchase.po.lines}
        return self.record.taken and any(
            line.open and line.ref not in covered for line in self.record.order.lines
        )


@attrs.frozen(kw_only=True)
class Payable:
    """What a person may pay at a supplier, where, and what stands against it."""

    supplier: str
    purchase_orders: tuple[str, ...]
    page: str
    against: tuple[Difference, ...]


@attrs.frozen(kw_only=True)
class PaymentPage:
    """Where a person pays for a purchase order; empty ``page`` if it was paid through the API."""

    purchase_order: str
    page: str


@attrs.frozen(kw_only=True)
class Health:
    """Is it alive?

    Args:
        last_pull: Per store, when its last page was taken in (UTC); None if never.

        orders: All, and those acted on.

        purchase_orders: How many stand in which state.

        notices: How many stand in which state.

        due: Subjects that wait for work now.

        next_at: When there is something to do again (UTC).

        reviews: Open questions.

        oldest_unshipped: When the oldest order that is acted on and not yet shipped was placed.

        stopped: Why money is stopped, or empty.
    """

    last_pull: Mapping[str, datetime | None]
    orders: int
    taken: int
    purchase_orders: Mapping[str, int]
    notices: Mapping[str, int]
    due: int
    next_at: datetime | None
    reviews: int
    oldest_unshipped: datetime | None
    stopped: str


def start(world: World) -> Saga[None]:
    """Make every store's pull due once."""
    now = yield from clock()
    missing = yield from look(lambda tx: [n for n in world.stores if tx.work(Subject.pull(n)).due_at is None])
    if missing:
        stores = {name: world.stores[name] for name in missing}
        yield from commit(lambda tx: due_at_start(tx, stores, now.wall))


def advance(world: World, subject: str, identified: set[str]) -> Saga[int]:
    """Do what is due in one subject; how many orders were news."""
    kind, _, name = subject.partition("/")
    if kind == "pull":
        if name in world.stores:
            page = yield from pull(world, name, identified=identified)
            return 0 if page is None else len(page.items)
    elif kind == "cart":
        if name in world.suppliers:
            yield from advance_cart(world, name)
            return 0
    elif name.partition("/")[0] in world.stores:
        yield from advance_order(world, name)
        return 0
    yield from _not_ours(subject)
    return 0


def _not_ours(subject: str) -> Saga[None]:
    """Its account is not in this configuration: another bridge's, or a name that was dropped."""
    now = yield from clock()
    yield from commit(lambda tx: tx.schedule(subject, now.wall + timedelta(days=1)))


def run_once(
    world: World,
    identified: set[str],
    *,
    stopping: Callable[[], bool],
    told: Callable[[Report], None] | None = None,
    limit: int = 50,
) -> Saga[Report]:
    """Work until nothing is due. One subject that fails never stops the others."""
    yield from start(world)
    report = Report()
    rounds: dict[str, int] = {}
    while not stopping():
        now = yield from clock()
        due = yield from look(partial(_due, now.wall, limit))
        todo = [subject for subject in due if rounds.get(subject, 0) < _ROUNDS or subject.startswith("pull/")]
        if not todo:
            break
        for subject in todo:
            if stopping():
                break
            rounds[subject] = rounds.get(subject, 0) + 1
            news, failure = yield from _guarded(world, subject, identified)
            report = attrs.evolve(
                report,
                advanced=report.advanced + 1,
                orders=report.orders + news,
                failures=(*report.failures, (subject, failure)) if failure else report.failures,
            )
            if told is not None:
                told(report)
    next_at = yield from look(lambda tx: tx.next_due())
    return attrs.evolve(report, next_at=next_at)


def due_now(limit: int) -> Saga[tuple[str, ...]]:
    """Subjects that wait for work now."""
    now = yield from clock()
    return (yield from look(partial(_due, now.wall, limit)))


def _due(now: datetime, limit: int, tx: Tx) -> tuple[str, ...]:
    return tx.due(now, limit)


def _guarded(world: World, subject: str, identified: set[str]) -> Saga[tuple[int, str]]:
    try:
        return (yield from advance(world, subject, identified)), ""
    except JournalError:
        raise
    except (BridgeError, ConfigurationError) as error:
        yield from _put_off(subject, None)
        return 0, str(error)
    except Exception as error:  # a bug stops what it is in, never the rest
        words = f"{type(error).__name__} in {subject}"
        yield from _put_off(subject, words)
        return 0, words


def _put_off(subject: str, bug: str | None) -> Saga[None]:
    now = yield from clock()

    def work(tx: Tx) -> None:
        found = tx.work(subject)
        if found.due_at is not None and found.due_at <= now.wall:
            due_at = now.wall + backoff(found.failures, base=60.0)
            tx.release(subject, due_at=due_at, failures=found.failures + 1)
        if bug is not None:
            tx.open_review(ReviewCode.FAULT, about=subject, evidence=bug, decisions=("ignore",), at=now.wall)

    yield from commit(work)


def pull_now(world: World, name: str, identified: set[str]) -> Saga[int]:
    """All pages of one store's changes, now; how many orders came."""
    if name not in world.stores:
        raise ConfigurationError(f"store: there is no account {name!r}; known are {', '.join(world.stores)}")
    orders = 0
    while True:
        page = yield from pull(world, name, identified=identified)
        if page is None:
            return orders
        orders += len(page.items)
        if not page.more:
            return orders


def receive(
    world: World, account: str, *, method: str, path: str, headers: Headers, body: bytes
) -> Saga[Reply]:
    """Take a webhook in: checked, remembered, and the order it is about made due. Nothing goes out."""
    found = world.stores.get(account) or world.suppliers.get(account)
    if found is None:
        return Reply(status=404)
    if not isinstance(found.adapter, ReceivesWebhooks):
        raise Unsupported(f"{found.platform} has no webhooks", account=account)
    read = found.adapter.read_webhook(method, path, headers, body)
    if isinstance(read, Reply):
        return read
    nudge: Nudge = read
    now = yield from clock()
    is_store = account in world.stores

    def work(tx: Tx) -> None:
        if not tx.take_inbox(account, nudge.dedupe, now.wall):
            return
        if not is_store or not nudge.ref:
            tx.wake(Subject.pull(account) if is_store else Subject.cart(account), now.wall)
            return
        order_id = f"{account}/{nudge.ref}"
        record = tx.order(order_id)
        if record is not None:
            tx.set_flags(order_id, refresh=True, held=record.held)
        tx.wake(Subject.order(order_id), now.wall)

    yield from commit(work)
    return Reply()


def order_view(order_id: str) -> Saga[OrderView | None]:
    """An order with all that the bridge does for it."""
    return look(lambda tx: _view(tx, order_id))


def _view(tx: Tx, order_id: str) -> OrderView | None:
    record = tx.order(order_id)
    if record is None:
        return None
    return OrderView(record=record, purchases=tx.purchases(order_id), notices=tx.notices(order_id))


def list_orders(*, store: str, owner: str, after: str, limit: int) -> Saga[tuple[OrderView, ...]]:
    def work(tx: Tx) -> tuple[OrderView, ...]:
        ids = tx.order_ids(store=store, owner=owner, after=after, limit=limit)
        return tuple(view for view in (_view(tx, order_id) for order_id in ids) if view is not None)

    return look(work)


def link(world: World, links: tuple[ProductLink, ...], *, remove: bool) -> Saga[int]:
    """Write or take away links; how many waiting orders were looked at anew."""
    for item in links:
        if item.store not in world.stores:
            raise ConfigurationError(f"store: there is no account {item.store!r}")
        if not remove and item.supplier not in world.suppliers:
            raise ConfigurationError(f"supplier: there is no account {item.supplier!r}")
        if not remove and (item.factor <= 0 or not item.remote_id):
            raise ConfigurationError(f"link {item.key!r}: give a remote id and a factor above zero")
    now = yield from clock()

    def work(tx: Tx) -> int:
        freed: set[str] = set()
        for item in links:
            if remove:
                tx.drop_links(item.store, item.key)
            else:
                tx.put_link(item)
                freed.update(tx.orders_waiting_for(item.store, item.key))
        for order_id in sorted(freed):
            record = tx.order(order_id)
            if record is not None:
                source(tx, world, record, now)
                plan_order(tx, order_id, now)
        return len(freed)

    return (yield from commit(work))


def reservations(supplier: str) -> Saga[tuple[ReservationRow, ...]]:
    """What is wanted and held, as of the last look at the supplier."""

    def work(tx: Tx) -> tuple[ReservationRow, ...]:
        cart = read_cart(tx, supplier)
        rows = {
            row.remote_id: attrs.evolve(row, wanted=cart.wanted.get(row.remote_id, Decimal(0)))
            for row in tx.reservations(supplier)
        }
        for remote_id, wanted in cart.wanted.items():
            rows.setdefault(remote_id, ReservationRow(supplier=supplier, remote_id=remote_id, wanted=wanted))
        return tuple(rows[remote_id] for remote_id in sorted(rows))

    return look(work)


def reconcile(world: World, name: str) -> Saga[tuple[Difference, ...]]:
    """Compare a growing order with what our orders want; nothing is changed."""
    adapter = _supplier(world, name).adapter
    if not isinstance(adapter, Reserves):
        raise Unsupported(f"{name} has no growing order", account=name)
    held = yield from run_flow(name, adapter.held())
    cart = yield from look(lambda tx: read_cart(tx, name))
    return differences(cart, name, held)


def _supplier(world: World, name: str) -> Supplier:
    found = world.suppliers.get(name)
    if found is None:
        raise ConfigurationError(
            f"supplier: there is no account {name!r}; known are {', '.join(world.suppliers)}"
        )
    return found


def payable(world: World, name: str) -> Saga[Payable]:
    """What a person may pay at a supplier, and what stands against it."""
    supplier = _supplier(world, name)
    against: tuple[Difference, ...] = ()
    if isinstance(supplier.adapter, Reserves):
        against = yield from reconcile(world, name)
    placed = yield from look(lambda tx: tx.purchases_in(name, Fulfillment.PLACED))
    unpaid = [record for record in placed if record.payment.value in ("UNPAID", "FAILED", "UNKNOWN")]
    page = payment_page(supplier, unpaid[0]) if unpaid else ""
    return Payable(
        supplier=name,
        purchase_orders=tuple(record.po.id for record in unpaid),
        page=page,
        against=against,
    )


def place(world: World, po_ids: tuple[str, ...]) -> Saga[None]:
    """A person says: order these. They go when their units are held."""
    now = yield from clock()

    def work(tx: Tx) -> None:
        for po_id in po_ids:
            record = tx.purchase(po_id)
            if record is None:
                raise ConfigurationError(f"purchase order: there is no {po_id!r}")
            if record.fulfillment not in BEFORE_PLACED:
                continue
            stock = record.waits == "stock"
            tx.put_purchase(
                attrs.evolve(
                    record,
                    approved=True,
                    waits="stock" if stock else "",
                    next_at=record.next_at if stock else now.wall,
                )
            )
            tx.event("Approved", about=po_id, at=now.wall, order_id=record.po.order_id)
            plan_order(tx, record.po.order_id, now)

    yield from commit(work)
    for order_id in dict.fromkeys(po_id.rsplit("/", 2)[0] for po_id in po_ids):
        yield from advance_order(world, order_id)


def pay(world: World, po_id: str) -> Saga[PaymentPage]:
    """Pay through the supplier's API, or say where a person pays.

    Raises:
        ConfigurationError: there is no such purchase order, or it is not placed.
    """
    record = yield from look(lambda tx: tx.purchase(po_id))
    if record is None:
        raise ConfigurationError(f"purchase order: there is no {po_id!r}")
    if record.fulfillment in BEFORE_PLACED or record.fulfillment in FINAL:
        raise ConfigurationError(
            f"purchase order {po_id!r} is {record.fulfillment.value}; only a placed one is paid"
        )
    supplier = _supplier(world, record.po.supplier)
    order = yield from look(lambda tx: tx.order(record.po.order_id))
    if isinstance(supplier.adapter, Pays) and order is not None:
        if record.total is None:
            raise Unsupported(f"{supplier.name} has not said what {po_id} costs", account=supplier.name)
        owner = world.stores[order.order.store].owner
        yield from perform(Pay(supplier, supplier.adapter, order, record, record.total, owner=owner), world)
        return PaymentPage(purchase_order=po_id, page="")
    return PaymentPage(purchase_order=po_id, page=payment_page(supplier, record))


def hold(order_id: str, *, held: bool) -> Saga[None]:
    """Keep an order from being placed, or let it go again."""
    now = yield from clock()

    def work(tx: Tx) -> None:
        record = tx.order(order_id)
        if record is None:
            raise ConfigurationError(f"order: there is no {order_id!r}")
        tx.set_flags(order_id, refresh=record.refresh, held=held)
        for purchase in tx.purchases(order_id):
            if purchase.fulfillment in BEFORE_PLACED and purchase.approved and not held:
                waits = "stock" if purchase.waits == "stock" else ""
                tx.put_purchase(attrs.evolve(purchase, waits=waits, next_at=None if waits else now.wall))
        tx.event("Held" if held else "Released", about=order_id, at=now.wall, order_id=order_id)
        plan_order(tx, order_id, now)

    yield from commit(work)


def resolve(world: World, review_id: int, decision: str) -> Saga[Review]:
    """Answer a review; the same answer twice does nothing the second time.

    Raises:
        ConfigurationError: there is no such review, or it does not take this answer.
    """
    now = yield from clock()

    def work(tx: Tx) -> Review:
        review = tx.review(review_id)
        if review is None:
            raise ConfigurationError(f"review: there is no {review_id}")
        if review.resolved_at is not None:
            return review
        if decision not in review.decisions:
            raise ConfigurationError(
                f"review {review_id}: {decision!r} is none of {', '.join(review.decisions)}"
            )
        tx.decide_review(review_id, decision=decision, at=now.wall)
        tx.event(
            "ReviewResolved",
            about=review.about,
            at=now.wall,
            order_id=review.order_id,
            data={"code": review.code.value, "decision": decision},
        )
        if decision == "retry":
            _retry(tx, review, now)
        return attrs.evolve(review, resolved_at=now.wall, decision=decision)

    return (yield from commit(work))


def _retry(tx: Tx, review: Review, now: Clock) -> None:
    """Start what was refused or unclear again: the flow looks first, whatever was sent before."""
    for purchase in tx.purchases(review.order_id):
        if purchase.po.id != review.about:
            continue
        if purchase.fulfillment in (Fulfillment.CANCELED, Fulfillment.REJECTED):
            tx.put_purchase(attrs.evolve(purchase, waits="replaced", next_at=None))
            tx.ask_to_source(review.order_id)
            continue
        refused = review.code is ReviewCode.REFUSED
        tx.put_purchase(
            attrs.evolve(
                purchase,
                op_no=purchase.op_no + 1 if refused else purchase.op_no,
                next_at=now.wall,
                waits="",
            )
        )
    for notice in tx.notices(review.order_id):
        if notice.notice.key == review.about:
            refused = notice.state is NoticeState.REFUSED
            tx.put_notice(
                attrs.evolve(
                    notice,
                    state=NoticeState.DUE if refused else notice.state,
                    op_no=notice.op_no + 1 if refused else notice.op_no,
                    next_at=now.wall,
                )
            )
    if review.order_id:
        plan_order(tx, review.order_id, now)


def switch(*, owner: str, stopped: bool, reason: str) -> Saga[None]:
    """Stop all placing and paying, or let it go again."""
    now = yield from clock()

    def work(tx: Tx) -> None:
        tx.put_switch(owner=owner, stopped=stopped, reason=reason, at=now.wall)
        kind = "MoneyStopped" if stopped else "MoneyReleased"
        tx.event(kind, about=owner or "all", at=now.wall, owner=owner, data={"reason": reason})

    yield from commit(work)


def health(world: World) -> Saga[Health]:
    now = yield from clock()

    def work(tx: Tx) -> Health:
        orders, taken = tx.count_orders()
        pulls: dict[str, datetime | None] = {}
        for name in world.stores:
            found = tx.cursor(name)
            pulls[name] = found[1] if found else None
        return Health(
            last_pull=pulls,
            orders=orders,
            taken=taken,
            purchase_orders=tx.count_purchases(),
            notices=tx.count_notices(),
            due=len(tx.due(now.wall, 10_000)),
            next_at=tx.next_due(),
            reviews=tx.count_reviews(),
            oldest_unshipped=tx.oldest_unshipped(),
            stopped=tx.stopped("") or "",
        )

    return (yield from look(work))


def probe(world: World) -> Saga[dict[str, Access]]:
    """Ask every account who it is and what it may do; one that fails never hides the others."""
    found: dict[str, Access] = {}
    accounts: list[Store | Supplier] = [*world.stores.values(), *world.suppliers.values()]
    for account in accounts:
        try:
            found[account.name] = yield from run_flow(account.name, identity_flow(account))
        except BridgeError as error:
            found[account.name] = Access(
                identity="", findings=(Finding(ok=False, what=error.message or str(error)),)
            )
    return found


def forget(order_id: str) -> Saga[bool]:
    """Blank a shopper for good; False if a call about the order is under way, so ask again later."""
    now = yield from clock()

    def work(tx: Tx) -> bool:
        record = tx.order(order_id)
        if record is None:
            tx.put_tombstone(order_id, now.wall)
            return True
        abouts = [p.po.id for p in tx.purchases(order_id)] + [n.notice.key for n in tx.notices(order_id)]
        if any(tx.unresolved(about) for about in abouts):
            return False
        tx.forget(order_id, now.wall)
        tx.event("Forgotten", about=order_id, at=now.wall, order_id=order_id)
        return True

    return (yield from commit(work))


def events(*, after: int, owner: str, limit: int) -> Saga[tuple[Event, ...]]:
    return look(lambda tx: tx.events(after=after, owner=owner, limit=limit))


def consume(name: str, handler: Callable[[Event], None], *, limit: int) -> Saga[int]:
    """Hand each new event to ``handler``, at least once; how many there were."""
    after = yield from look(lambda tx: tx.consumer(name))
    batch = yield from look(lambda tx: tx.events(after=after, limit=limit))
    for event in batch:
        handler(event)
        yield from commit(partial(_consumed, name, event.position))
    return len(batch)


def _consumed(name: str, position: int, tx: Tx) -> None:
    tx.put_consumer(name, position)
