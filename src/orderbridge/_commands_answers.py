"""What follows from the answers that people give to reviews."""

from __future__ import annotations

import attrs

from ._address import settle_address
from ._commands_purchases import MAY_LAND, want_revoked
from ._commands_shop import put_held
from ._engine_doubt import lands_until
from ._events import EventKind
from ._journal import Tx
from ._plan import plan_order
from ._progress import about_progress
from ._purchase_operation import surely_refused
from ._records import OrderRecord, PurchaseRecord
from ._reviews import Review, ReviewCode
from ._revoke import revoking
from ._saga import Clock, Saga, clock, commit
from ._states import BEFORE_PLACED, FINAL, IntentState, NoticeState, TaskState, move_intent
from ._tasks import is_overtaken
from ._twins import want_twin_canceled
from ._world import World
from .errors import ConfigurationError

__all__ = ["resolve"]


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
            EventKind.REVIEW_RESOLVED,
            about=review.about,
            at=now.wall,
            order_id=review.order_id,
            data={"code": review.code.value, "decision": decision},
        )
        if decision == "retry":
            _retry(tx, review, now)
        elif decision == "accept":
            _accept(tx, review, now)
        elif decision == "cancel":
            if review.code is ReviewCode.DOUBLE:
                want_twin_canceled(tx, review, now)
            else:
                want_revoked(tx, review.about, now)
        elif decision == "told":
            _told(tx, review, now)
        if review.code is ReviewCode.ADDRESS_CHANGED and review.about == review.order_id:
            settle_address(tx, world, review.order_id, now, ours=decision == "ignore")
        for task in tx.tasks(review.order_id) if decision == "ignore" else ():
            if task.about != review.about:
                continue
            if task.state is TaskState.ASKED:
                tx.put_task(attrs.evolve(task, state=TaskState.DROPPED))
            record = tx.order(review.order_id)
            if task.holds and record is not None and record.held:
                # It is not to be canceled after all, and was not held before.
                put_held(tx, record, now, held=False)
        return attrs.evolve(review, resolved_at=now.wall, decision=decision)

    return (yield from commit(work))


# Whether it still stands for another order is looked at anew each time: nothing need wait for that answer.
_ACCEPTED_FIRST = (ReviewCode.PRICE, ReviewCode.MARGIN, ReviewCode.BLOCKED)


def _accept(tx: Tx, review: Review, now: Clock) -> None:
    """A person says that it is all right: what was held back goes on, once nothing else is asked."""
    record = tx.purchase(review.about)
    if record is None or record.fulfillment in FINAL:
        return
    open_still = any(
        other.about == review.about and other.id != review.id and other.code in _ACCEPTED_FIRST
        for other in tx.reviews_of(review.order_id)
    )
    go_on = record.placed_at is not None or (record.approved and not open_still)
    tx.put_purchase(
        attrs.evolve(
            record,
            # To what the question said, and to nothing that came since.
            agreed=record.agreed if review.amount is None else review.amount,
            accepted=(*record.accepted, review.code.value),
            waits=record.waits if open_still else "",
            next_at=now.wall if go_on else None,
        )
    )
    plan_order(tx, record.po.order_id, now)


def _told(tx: Tx, review: Review, now: Clock) -> None:
    """A person has told the shop, or found that it shows all there is: the departure is done with."""
    for record in tx.notices(review.order_id):
        if record.notice.key == review.about and record.state is not NoticeState.ANNOUNCED:
            packages = record.notice.packages
            tx.put_notice(
                attrs.evolve(
                    record, state=NoticeState.ANNOUNCED, announced=packages, next_at=None, failures=0
                )
            )
            tx.event(EventKind.TOLD_BY_HAND, about=review.about, at=now.wall, order_id=review.order_id)
    plan_order(tx, review.order_id, now)


def _was_refused(tx: Tx, review: Review, purchase: PurchaseRecord) -> bool:
    """Is what the answer is about surely not done? An older question may be answered after a newer try."""
    if review.code is not ReviewCode.REFUSED:
        return False
    operation = "place" if purchase.fulfillment in BEFORE_PLACED else "pay"
    intents = tx.intents(about=purchase.po.id, operation=operation, op_no=purchase.op_no)
    return surely_refused(intents)


def _to_pay_anew(tx: Tx, review: Review, purchase: PurchaseRecord, now: Clock) -> bool:
    """May a payment that is unclear be made again? Once no call of before can arrive any more.

    Raises:
        ConfigurationError: one still can.
    """
    if review.code is not ReviewCode.UNCLEAR or purchase.fulfillment in BEFORE_PLACED:
        return False
    intents = tx.intents(about=purchase.po.id, operation="pay", op_no=purchase.op_no)
    for intent in intents:
        if intent.state is IntentState.CONFIRMED:
            return False
        lands = lands_until(tx, intent)
        if lands > now.wall:
            raise ConfigurationError(
                f"review {review.id}: the last payment may still arrive; retry after {lands:%H:%M} UTC"
            )
    for intent in intents:
        if intent.state in MAY_LAND:
            unknown = attrs.evolve(intent, state=IntentState.UNKNOWN)
            tx.put_intent(attrs.evolve(unknown, state=move_intent(unknown.state, IntentState.ABSENT)))
    return bool(intents)


def _retry(tx: Tx, review: Review, now: Clock) -> None:
    """Start what was refused or unclear again: the flow looks first, whatever was sent before."""
    if review.code is ReviewCode.SHORTFALL and tx.purchase(review.about) is None:
        tx.drop_unsold()
        tx.ask_to_source(review.order_id)
    want_twin_canceled(tx, review, now)
    for purchase in tx.purchases(review.order_id):
        if revoking(purchase.po.id) == review.about and purchase.fulfillment not in FINAL:
            want_revoked(tx, purchase.po.id, now)
        if purchase.po.id != review.about:
            continue
        if purchase.fulfillment in FINAL and review.code is not ReviewCode.CANCELED_BY_SUPPLIER:
            continue
        if purchase.fulfillment in FINAL:
            tx.put_purchase(attrs.evolve(purchase, waits="replaced"))
            tx.ask_to_source(review.order_id)
            continue
        anew = _was_refused(tx, review, purchase) or _to_pay_anew(tx, review, purchase, now)
        tx.put_purchase(
            attrs.evolve(
                purchase,
                op_no=purchase.op_no + 1 if anew else purchase.op_no,
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
    for task in tx.tasks(review.order_id):
        if task.about == review.about:
            refused = task.state is TaskState.REFUSED
            op_no = task.op_no + 1 if refused else task.op_no
            if is_overtaken(task, tx.tasks(review.order_id)):
                tx.put_task(attrs.evolve(task, state=TaskState.DROPPED))
            else:
                tx.put_task(attrs.evolve(task, state=TaskState.DUE, op_no=op_no, next_at=now.wall))
    order = tx.order(review.order_id)
    if order is not None and review.about == about_progress(review.order_id, order.progress_begun):
        _show_again(tx, order, review, now)
    if review.code is ReviewCode.PARKED:
        tx.unpark(review.about)
    if review.order_id:
        plan_order(tx, review.order_id, now)
    elif review.about.startswith("cart/"):
        tx.wake(review.about, now.wall)


def _show_again(tx: Tx, order: OrderRecord, review: Review, now: Clock) -> None:
    """What was refused is shown under another number; of what is unclear the shop is asked first."""
    refused = review.code is ReviewCode.REFUSED
    if not refused:
        tx.begin_progress(review.order_id, order.progress_begun)
    tx.put_progress(review.order_id, shown="" if refused else None, next_at=now.wall, failures=0)
