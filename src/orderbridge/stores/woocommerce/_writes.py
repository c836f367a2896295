"""Requests that change one order, and the look before them. Never a batch: it does not check statuses."""

from __future__ import annotations

import json
from datetime import timedelta
from html import escape
from urllib.parse import quote

from ..._model import Order
from ...adapters import Flow, LookUp, Repeat, Request, Unclear, Write, decode, mark_of
from ._wire import API, JSON, KEEP, WireNote, WireState, WireStatus, get, text

# A shop on a slow host may work on for a while after its web server has given up waiting.
LATE = timedelta(minutes=10)


def order_path(order: Order) -> str:
    return f"{API}/orders/{quote(order.ref, safe='')}"


def state_of(order: Order) -> Flow[WireState]:
    return decode(WireState, (yield get(order_path(order), ("_fields", "status,meta_data"))))


def statuses() -> Flow[frozenset[str]]:
    """The statuses that the shop has; none of a shop too old to say."""
    response = yield get(f"{API}/orders/statuses", keep=KEEP)
    if response.status == 404:
        return frozenset()
    return frozenset(text(row.slug) for row in decode(list[WireStatus], response))


def post(step: str, path: str, body: object) -> Write:
    return Write(step, _request("POST", path, body), unknown=LookUp(late=LATE))


def put(step: str, path: str, body: object) -> Write:
    return Write(step, _request("PUT", path, body), unknown=Repeat(late=LATE))


def put_order(order: Order, step: str, body: object) -> Write:
    # Never with lines: one without its id would be added to the order.
    return put(step, order_path(order), body)


def delete(step: str, path: str) -> Write:
    return Write(step, _request("DELETE", path, {}), unknown=LookUp(late=LATE))


def note(order: Order, key: str, said: str, *, to_shopper: bool) -> Flow[Write | Unclear | None]:
    """The note as a write, or None if the order has it. Notes cannot be changed, so each ends in its key."""
    path = f"{order_path(order)}/notes"
    mark = mark_of(key)
    notes = decode(list[WireNote], (yield get(path)))
    found = [str(row.id) for row in notes if mark in text(row.note)]
    if len(found) > 1:
        return Unclear(f"order {order.ref}: notes {', '.join(found)} carry one key {mark}")
    if found:
        return None
    # Notes are shown as HTML.
    return post("note", path, {"note": f"{escape(said, quote=False)} {mark}", "customer_note": to_shopper})


def _request(method: str, path: str, body: object) -> Request:
    return Request(method, path, headers=JSON, body=json.dumps(body, separators=(",", ":")).encode())
