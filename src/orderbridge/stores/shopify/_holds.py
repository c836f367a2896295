"""Holds that we put on an order's work, and take off again: never those of the merchant or of another app.

A fulfillment order may be held by several at once, and each hold has a handle of which its app may have one:
a hold of ours that is sent twice stands there once.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..._model import Order
from ...adapters import Flow, Held, Hold, LookUp, Past, Released, Repeat, Unclear, Write
from ._dealing import rows_of
from ._departures import can, shop_of
from ._documents_shipping import HOLD, RELEASE
from ._graphql import change
from ._orders import ALIVE, is_ours
from ._settings import Settings
from ._wire import HANDLE, WireFulfillmentOrder, ref_of

_LONGEST = 255


def hold(settings: Settings, order: Order, wish: Hold, past: Past) -> Flow[Write | Held | Unclear]:
    """All that may still ship and is ours, as a whole: to name lines would split the work."""
    if settings.service:
        return Unclear(f"order {order.ref}: a fulfillment service cannot hold work; ask the merchant to")
    shop = yield from shop_of(settings, order.ref)
    if shop is None:
        return Unclear(f"order {order.ref}: the shop has no such order any more")
    works = [
        work for work in shop.works if work.status in ALIVE and is_ours(work, settings) and rows_of(work)
    ]
    if not works:
        why = "it is canceled" if shop.canceled else "the app is shown no work on it that may still ship"
        return Unclear(f"order {shop.ref}: nothing of it can be put on hold: {why}")
    # What a person takes off in the shop meanwhile stays off.
    free = [work for work in works if not work.our_holds and f"hold-{ref_of(work.id)}" not in past.answers]
    for work in free:
        if can(work, "HOLD"):
            given = {"reason": "OTHER", "reasonNotes": _words(wish), "handle": HANDLE}
            step = f"hold-{ref_of(work.id)}"
            return change(settings, step, HOLD, {"id": work.id, "hold": given}, unknown=LookUp())
    left = _named(free, "that Shopify does not let the app hold now")
    if len(free) == len(works):
        return Unclear(f"order {shop.ref}: nothing of it can be put on hold: {'; '.join(left)}")
    return Held(warnings=left)


def release(settings: Settings, order: Order) -> Flow[Write | Released | Unclear]:
    """Ours by their ids, wherever the work has been moved to since: without ids everybody's would end."""
    shop = yield from shop_of(settings, order.ref)
    if shop is None:
        return Released()
    alive = [work for work in shop.works if work.status in ALIVE]
    for work in alive:
        if work.our_holds:
            ended = {"id": work.id, "holds": [each.id for each in work.our_holds]}
            return change(settings, f"release-{ref_of(work.id)}", RELEASE, ended, unknown=Repeat())
    others = [work for work in alive if work.status == "ON_HOLD" and is_ours(work, settings)]
    return Released(warnings=_named(others, "that others keep on hold"))


def _words(wish: Hold) -> str:
    return " ".join(wish.reason.split())[:_LONGEST] or "On hold in the order bridge"


def _named(works: Iterable[WireFulfillmentOrder], why: str) -> tuple[str, ...]:
    return tuple(f"fulfillment order {ref_of(work.id)} ({work.status}), {why}" for work in works)
