"""How far the suppliers are, as an order's own status where the merchant has made one for it."""

from __future__ import annotations

from ..._model import Order
from ...adapters import Flow, Noted, Progress, Unclear, Write
from ._settings import DELIVERED, Settings
from ._wire import STATE_META, fields
from ._writes import note, put_order, state_of, statuses


def report(settings: Settings, order: Order, progress: Progress) -> Flow[Write | Noted | Unclear]:
    """Order meta for programs; for people a status if one says it all, else a private note."""
    state = yield from state_of(order)
    if fields(state.meta(STATE_META)).get("key") != progress.key:
        value = {"key": progress.key, "stages": progress.stages}
        return put_order(order, "state", {"meta_data": [{"key": STATE_META, "value": value}]})
    status = _status(settings, progress)
    shown = False
    # A status for what has arrived stands after the one for what has left; it is not one to ship.
    arrived = settings.progress_statuses.get(DELIVERED, "") if progress.delivered else ""
    if arrived and state.status == settings.complete_status and arrived in (yield from statuses()):
        return put_order(order, "delivered", {"status": arrived})
    # Never back from an order that is shipped, closed, or put aside by the merchant.
    if status and state.status in settings.statuses_to_ship and status in (yield from statuses()):
        if state.status != status and state.status != settings.part_shipped_status:
            return put_order(order, "progress", {"status": status})
        shown = state.status == status
    if shown and len({stage for _, stage in progress.stages}) == 1:
        return Noted()
    said = "; ".join(f"{supplier}: {stage}" for supplier, stage in progress.stages)
    noted = yield from note(order, progress.key, said, to_shopper=False)
    return noted or Noted()


def part_shipped(settings: Settings, order: Order) -> Flow[Write | None]:
    """The status of an order of which a part has left, unless it is there or the order is past it."""
    status = settings.part_shipped_status
    if not status or status not in (yield from statuses()):
        return None
    now = (yield from state_of(order)).status
    if now == status or now not in settings.statuses_to_ship:
        return None
    return put_order(order, "part-shipped", {"status": status})


def _status(settings: Settings, progress: Progress) -> str:
    """That of the supplier who is least far; empty if one is somewhere that has no status."""
    words = list(settings.progress_statuses)
    stages = {stage for _, stage in progress.stages}
    if not stages or not stages <= set(words):
        return ""
    return settings.progress_statuses[min(stages, key=words.index)]
