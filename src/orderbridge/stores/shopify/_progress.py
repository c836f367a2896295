"""How far the suppliers are, and remarks for the staff, as a Shopify order can show them."""

from __future__ import annotations

import hashlib
import json

import attrs

from ..._model import Order
from ...adapters import (
    Flow,
    LookUp,
    Note,
    Noted,
    Past,
    Progress,
    Repeat,
    Response,
    Unclear,
    Write,
    decode_bytes,
    mark_of,
)
from ._departures import NAMESPACE, Shop, WireMark, can, put_mark, shop_of
from ._documents_shipping import DELIVERED, EVENTS, MORE_EVENTS, MORE_MARKS, NOTE_OF, PUT_NOTE, REPORT
from ._graphql import ask, change, data_of
from ._lists import by_id, rest_of
from ._orders import ships_now
from ._scopes import has
from ._settings import Settings
from ._shipping import accept, requested
from ._wire import Connection, gid, ref_of

_KEY = "progress"
_STEP = "note"
_REMARK = "remark-"
_AT_WORK = frozenset({"Working on", "Ready"})
# From here on the supplier has said that he ships it.
_CONFIRMED = frozenset({"Confirmed", *_AT_WORK, "Delivered"})
_LONGEST_REASON = 256
_LONGEST_NOTE = 5000


# --- progress -------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class _Shown:
    """What stands beside the order; ``no`` counts, so that going back to an earlier state is a new one."""

    key: str = ""
    no: int = 0
    stages: tuple[tuple[str, str], ...] = ()
    delivered: bool = False


def report(settings: Settings, order: Order, progress: Progress, past: Past) -> Flow[Write | Noted | Unclear]:
    """Beside the order for programs; for people as Shopify's own "in progress" and "delivered".

    What Shopify does not let the app do just now is left out: departures show themselves.
    """
    shop = yield from shop_of(settings, order.ref)
    if shop is None:
        return Unclear(f"order {order.ref}: the shop has no such order any more")
    there = shop.marks.get(_KEY)
    shown = decode_bytes(_Shown, there.value.encode()) if there else _Shown()
    wanted = _Shown(
        key=progress.key, no=shown.no, stages=progress.stages, delivered=shown.delivered or progress.delivered
    )
    if shop.may_mark and shown != wanted:
        wanted = attrs.evolve(wanted, no=shown.no + 1)
        text = json.dumps(attrs.asdict(wanted), sort_keys=True, separators=(",", ":"))
        return put_mark(settings, shop, f"progress-{wanted.no}", _KEY, text)
    said = {stage for _, stage in progress.stages}
    if said & _CONFIRMED:
        for work in requested(settings, shop):
            return accept(settings, work)
    if said & _AT_WORK:
        words = "; ".join(f"{supplier}: {stage}" for supplier, stage in progress.stages)
        for work in shop.works:
            step = f"report-{ref_of(work.id)}-{wanted.no}"
            # Shopify shows that it is in progress, and nowhere in which words: those of later stages stand
            # beside the order alone.
            mine = ships_now(work, settings) and work.status == "OPEN"
            if mine and can(work, "REPORT_PROGRESS") and step not in past.answers:
                notes = {"id": work.id, "notes": words[:_LONGEST_REASON]}
                return change(settings, step, REPORT, notes, unknown=Repeat())
    if progress.delivered and has(shop.scopes, "write_fulfillments"):
        arrived = yield from _arrived(settings, shop)
        if arrived is not None:
            return arrived
    return Noted()


@attrs.frozen(kw_only=True)
class _Event:
    status: str = ""


@attrs.frozen(kw_only=True)
class _Events:
    id: str = ""
    events: Connection[_Event] = attrs.field(factory=Connection[_Event])


@attrs.frozen(kw_only=True)
class _Nodes:
    nodes: tuple[_Events | None, ...]


@attrs.frozen(kw_only=True)
class _Node:
    node: _Events | None


def _arrived(settings: Settings, shop: Shop) -> Flow[Write | None]:
    """The next fulfillment of ours of which the shop does not know yet that it has arrived."""

    def read(response: Response) -> tuple[_Events | None, ...]:
        return data_of(_Nodes, response).nodes

    def more(response: Response) -> Connection[_Event] | None:
        node = data_of(_Node, response).node
        return node.events if node else None

    ours = shop.claimed()
    asked = [each.id for each in shop.left if each.id in ours and not each.deliveredAt]
    for row in (yield from by_id(settings, EVENTS, asked, {}, read, each=30.0)):
        events = yield from rest_of(settings, MORE_EVENTS, row.id, row.events, more)
        if not any(event.status == "DELIVERED" for event in events.items):
            return change(
                settings, f"delivered-{ref_of(row.id)}", DELIVERED, {"id": row.id}, unknown=LookUp()
            )
    return None


# --- remarks --------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True, repr=False)
class _NoteOf:
    note: str | None = None
    metafields: Connection[WireMark] = attrs.field(factory=Connection[WireMark])


@attrs.frozen(kw_only=True)
class _Order:
    order: _NoteOf | None


@attrs.frozen(kw_only=True)
class _MarksOf:
    metafields: Connection[WireMark]


@attrs.frozen(kw_only=True)
class _More:
    order: _MarksOf | None


def annotate(settings: Settings, order: Order, note: Note, past: Past) -> Flow[Write | Noted | Unclear]:
    """A line at the end of the order's note, which the staff see in the admin; all else in it stays.

    Shopify has one note for an order, without a way to write only to its end: it is read right before. A call
    that comes late takes away what came since, so each remark is kept beside the order too, in the same call.
    What is for the shopper has no place there, and Shopify mails no remarks.
    """
    if note.to_shopper:
        return Unclear(
            f"order {order.ref}: Shopify has no remarks for shoppers; write yourself, from the order's page "
            "in the admin"
        )
    name = gid("Order", order.ref)
    there = data_of(_Order, (yield ask(settings, NOTE_OF, {"id": name}))).order
    if there is None:
        return Unclear(f"order {order.ref}: the shop has no such order any more")
    before = there.note or ""
    mark = mark_of(note.key)
    # One line each, begun by its mark: that is how it is told from the shopper's own words.
    step, line = _STEP, f"{mark} {' '.join(note.text.split())}"
    kept = [_remark(note.key, line)]
    if mark in before:
        if _STEP in past.answers or not past.attempted:
            return Noted()
        lost = yield from _lost(settings, name, there)
        if not lost:
            return Noted()
        step, line, kept = f"restore-{_digest(*lost)}", "\n".join(lost), []
    room = _LONGEST_NOTE - len(before) - 1
    if room < len(line):
        return Unclear(
            f"order {order.ref}: its note has {len(before)} of {_LONGEST_NOTE} characters, and the remark "
            f"has {len(line)}"
        )
    text = f"{before}\n{line}" if before else line
    return change(settings, step, PUT_NOTE, {"id": name, "note": text, "remarks": kept}, unknown=LookUp())


def _lost(settings: Settings, name: str, there: _NoteOf) -> Flow[tuple[str, ...]]:
    """Remarks of ours that the note lacks: ours may have come late, and was laid out before they came."""

    def more(response: Response) -> Connection[WireMark] | None:
        order = data_of(_More, response).order
        return order.metafields if order else None

    marks = yield from rest_of(settings, MORE_MARKS, name, there.metafields, more)
    shown = there.note or ""
    remarks = (mark.value for mark in marks.items if mark.key.startswith(_REMARK))
    return tuple(line for line in remarks if f"{line.partition(']')[0]}]" not in shown)


def _remark(key: str, line: str) -> dict[str, object]:
    return {
        "namespace": NAMESPACE,
        "key": f"{_REMARK}{_digest(key)}",
        "type": "single_line_text_field",
        "value": line,
    }


def _digest(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:24]
