"""Forget: a shopper is blanked for good; all shoppers of a store that went away, a slice at a time."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from functools import partial

from ._events import EventKind
from ._intents import Subject
from ._journal import Tx
from ._reviews import ReviewCode
from ._revoke import revoking
from ._saga import Clock, Saga, clock, commit, look
from ._states import BEFORE_PLACED, FINAL, HAS_LEFT, Fulfillment
from .adapters import DataRequest
from .errors import ConfigurationError, LeaseLost

__all__ = ["advance_forget", "ask_to_disclose", "ask_to_forget", "blank", "forget"]

_SLICE = 100  # orders in one commit: others want the journal too
_COME_BACK = timedelta(hours=1)  # to orders that are not over yet
_OVER = FINAL | HAS_LEFT | BEFORE_PLACED - {Fulfillment.PLACING, Fulfillment.IN_DOUBT}


def forget(order_id: str) -> Saga[bool]:
    """Blank a shopper for good; False if a call about the order is under way, so ask again later.

    Raises:
        ConfigurationError: there is no such order, so that a mistyped id does not pass for done.
    """
    now = yield from clock()

    def work(tx: Tx) -> bool:
        if tx.order(order_id) is None:
            raise ConfigurationError(f"order: there is no {order_id!r}")
        return blank(tx, order_id, now)

    return (yield from commit(work))


def blank(tx: Tx, order_id: str, now: Clock) -> bool:
    """As ``forget``, within a transaction; one that has not come yet is blank when it does."""
    record = tx.order(order_id)
    if record is None:
        tx.put_tombstone(order_id, now.wall)
        return True
    purchases = tx.purchases(order_id)
    abouts = [about for each in purchases for about in (each.po.id, revoking(each.po.id))]
    abouts += [n.notice.key for n in tx.notices(order_id)]
    abouts += [task.about for task in tx.tasks(order_id)]
    if any(tx.unresolved(about) for about in abouts):
        return False
    subject = Subject.order(order_id)
    try:
        # Who has read the shopper already, and not sent yet, must read the order anew.
        tx.claim(subject, seen=tx.work(subject).fence, now=now.wall)
    except LeaseLost:
        return False
    tx.forget(order_id, now.wall)
    if not purchases or any(purchase.fulfillment in BEFORE_PLACED for purchase in purchases):
        # Nothing more of it may be ordered: there is nobody to send it to.
        tx.set_flags(order_id, refresh=record.refresh, held=True)
    tx.event(EventKind.FORGOTTEN, about=order_id, at=now.wall, order_id=order_id)
    return True


def ask_to_forget(tx: Tx, store: str, now: Clock) -> None:
    """Every shopper of the store is to go: more orders than one answer to a webhook has time for."""
    tx.put_meta(_place_of(store), "")
    tx.wake(Subject.forget(store), now.wall)


def advance_forget(store: str) -> Saga[None]:
    """The next slice of a store's orders; to those that are not over it comes back, and a person is told."""
    now = yield from clock()
    subject = Subject.forget(store)
    seen = (yield from look(lambda tx: tx.work(subject))).fence
    with suppress(LeaseLost):  # another worker was faster
        yield from commit(partial(_slice, store, subject, seen, now))


def _slice(store: str, subject: str, seen: int, now: Clock, tx: Tx) -> None:
    tx.claim(subject, seen=seen, now=now.wall)
    after = tx.get_meta(_place_of(store)) or ""
    found = tx.orders_with_shopper(store, after=after, limit=_SLICE)
    for order_id in found:
        if all(purchase.fulfillment in _OVER for purchase in tx.purchases(order_id)):
            blank(tx, order_id, now)
    if len(found) == _SLICE:
        tx.put_meta(_place_of(store), found[-1])
        tx.release(subject, due_at=now.wall)
        return
    tx.put_meta(_place_of(store), "")
    left = tx.orders_with_shopper(store, after="", limit=1)
    if not left:
        tx.close_reviews(ReviewCode.PRIVACY, about=subject, decision="done", at=now.wall)
        tx.event(EventKind.STORE_FORGOTTEN, about=store, at=now.wall)
        tx.release(subject, due_at=None)
        return
    tx.open_review(
        ReviewCode.PRIVACY,
        about=subject,
        evidence=(
            f"the law has all shoppers of {store} forgotten; orders that suppliers have and that have not "
            f"left, such as {left[0]}, keep theirs until they are over: see that they come to an end"
        ),
        decisions=(),  # it closes by itself
        at=now.wall,
        account=store,
    )
    tx.release(subject, due_at=now.wall + _COME_BACK)


def _place_of(store: str) -> str:
    return f"forget/{store}"


def ask_to_disclose(tx: Tx, store: str, request: DataRequest, now: Clock) -> None:
    """A shopper wants to know what is kept: only a person may tell, so one is asked."""
    named = [f"{store}/{ref}" for ref in request.orders]
    known = [order_id for order_id in named if tx.order(order_id) is not None]
    what = (
        f"of {', '.join(known)}; look with `orderbridge show --private`"
        if known
        else "nothing: none of the orders is here"
    )
    tx.open_review(
        ReviewCode.PRIVACY,
        about=f"{store}#{request.ref}",
        evidence=(
            f"a shopper asks what is kept (request {request.ref}), and has a right to know within 30 days; "
            f"send the shop's owner what is kept {what}"
        ),
        decisions=("done",),
        at=now.wall,
        account=store,
    )
