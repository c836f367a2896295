"""Progress, remarks and cancels on a Magento order."""

from __future__ import annotations

from ...adapters import Canceled, Cancellation, Flow, Note, Noted, Progress, Unclear, Write
from ._comments import change, clean, post, tell
from ._settings import Settings
from ._shapes import WireOrder
from ._values import number, text

# The suppliers' word for what has arrived; its status belongs to Magento's state "complete".
_DELIVERED = "Delivered"
_OPEN = frozenset({"new", "processing"})


def report(settings: Settings, wire: WireOrder, progress: Progress) -> Flow[Write | Noted | Unclear]:
    """A comment for the staff, with a status where the merchant has made one, and our reference."""
    wanted = _status(settings, wire, progress)
    by_comment = settings.status_by == "comment"
    said = "; ".join(f"{supplier}: {stage}" for supplier, stage in progress.stages)
    told = yield from tell(settings, wire, progress.key, said, status=wanted if by_comment else "")
    if told is not None:
        return told
    if wanted and not by_comment and wanted != text(wire.status):
        return change(settings, "status", wire, status=wanted)
    if settings.keep_reference and progress.references and not text(wire.ext_order_id):
        return change(settings, "reference", wire, ext_order_id=progress.references[0])
    return Noted()


def _status(settings: Settings, wire: WireOrder, progress: Progress) -> str:
    """That of the supplier who is least far; empty if one is somewhere that has no status."""
    statuses = settings.progress_statuses
    if progress.delivered:
        return statuses.get(_DELIVERED, "") if text(wire.state) == "complete" else ""
    words = [word for word in statuses if word != _DELIVERED]
    stages = {stage for _, stage in progress.stages}
    # Never on an order that is held, closed or done.
    if text(wire.state) not in _OPEN or not stages or not stages <= set(words):
        return ""
    return statuses[min(stages, key=words.index)]


def annotate(settings: Settings, wire: WireOrder, note: Note) -> Flow[Write | Noted | Unclear]:
    """A comment on the order; one for the shopper is mailed and stands in the account."""
    if not clean(note.text):
        return Unclear(f"{wire.title}: nothing is left of the remark without what the shop cannot keep")
    told = yield from tell(
        settings, wire, note.key, note.text, to_shopper=note.to_shopper, mail=note.to_shopper
    )
    return told or Noted()


def cancel(
    settings: Settings, wire: WireOrder, cancellation: Cancellation
) -> Flow[Write | Canceled | Unclear]:
    """The whole order, while nothing of it has shipped or been paid; then why, in a comment."""
    if text(wire.state) not in ("canceled", "closed"):
        if riddle := _cannot_cancel(wire):
            return Unclear(f"{wire.title}: {riddle}")
        return post(settings, "cancel", f"/orders/{wire.ref}/cancel", {})
    if cancellation.reason:
        told = yield from tell(settings, wire, cancellation.key, f"Canceled: {cancellation.reason}")
        if told is not None:
            return told
    return Canceled()


def _cannot_cancel(wire: WireOrder) -> str:
    """Why not: Magento itself cancels the rest of a shipped order, and says no to a paid one by ``false``."""
    if any(number(item.qty_shipped, "$.items[].qty_shipped") for item in wire.lines):
        return "a part of it has shipped"
    if text(wire.state) == "holded":
        return "it is on hold in the shop; take it off hold there, then choose retry"
    if text(wire.state) == "payment_review":
        return "its state is payment_review, in which the shop cancels nothing"
    if any(number(item.qty_invoiced, "$.items[].qty_invoiced") for item in wire.lines):
        return "a part of it is invoiced; refund that, which closes the order"
    if text(wire.state) == "complete":
        return "it is complete"
    return ""
