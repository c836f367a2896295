"""A whole order canceled in the shop, as the merchant says."""

from __future__ import annotations

from ..._model import Order, StorePayment
from ...adapters import Canceled, Cancellation, Flow, Unclear, Write
from ._writes import note, put_order


def cancel(now: Order, cancellation: Cancellation, *, tracked: bool) -> Flow[Write | Canceled | Unclear]:
    """Set the status and say why in a private note.

    Args:
        now: The order as the shop has it now.

        cancellation: The merchant's word.

        tracked: A plug-in shows a tracking number for it.
    """
    if now.raw_status != "cancelled":
        if riddle := _gone(now, tracked):
            return Unclear(f"order {now.ref}: {riddle}")
        return put_order(now, "cancel", {"status": "cancelled"})
    said = f"Canceled: {cancellation.reason}" if cancellation.reason else "Canceled"
    noted = yield from note(now, cancellation.key, said, to_shopper=False)
    if noted:
        return noted
    paid = now.payment in (StorePayment.PAID, StorePayment.PART_REFUNDED)
    return Canceled(warnings=("what was paid is not given back by this; refund it",) if paid else ())


def _gone(now: Order, tracked: bool) -> str:
    if now.raw_status in ("completed", "refunded", "trash"):
        return f"its status is {now.raw_status}"
    if any(line.fulfilled for line in now.lines):
        return "a part of it has shipped"
    return "it has a tracking number" if tracked else ""
