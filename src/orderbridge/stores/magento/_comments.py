"""Writes to a Magento order, and the remarks in its history, each with the key by which a repeat finds it."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from datetime import timedelta

from ...adapters import Flow, LookUp, Repeat, Request, Unclear, Write, mark_of
from ._settings import Settings
from ._shapes import WireComment, WireList, WireOrder
from ._values import text
from ._wire import ACCEPT, JSON, get, rows

# PHP may work on for a while after the web server in front of it has given up waiting.
LATE = timedelta(minutes=10)
# Magento's column holds 65,535 bytes and cuts off the rest without a word.
_LONGEST = 60_000


def post(settings: Settings, step: str, path: str, body: object) -> Write:
    """A write that must not be done twice: it is looked for before any repeat."""
    request = Request("POST", f"{settings.api}{path}", headers=JSON, body=_json(body))
    return Write(step, request, unknown=LookUp(late=LATE))


def delete(settings: Settings, step: str, path: str) -> Write:
    """A delete: Magento says yes to a second one too."""
    return Write(step, Request("DELETE", f"{settings.api}{path}", headers=ACCEPT), unknown=Repeat(late=LATE))


def _json(body: object) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def change(settings: Settings, step: str, wire: WireOrder, **columns: str) -> Write:
    """Set columns of the order's own row; never with its items, which Magento would break.

    A save writes all columns as it read them, so it can undo what somebody saves at the same moment.
    """
    return post(settings, step, "/orders", {"entity": {"entity_id": int(wire.ref), **columns}})


def has_mark(comments: Iterable[WireComment] | None, key: str) -> bool:
    """Does one of the comments carry our key?"""
    return any(mark_of(key) in text(comment.comment) for comment in comments or ())


def clean(said: str) -> str:
    """``said`` less what Magento's database turns into question marks or cuts off."""
    kept = "".join(
        sign
        for sign in said
        if sign <= "\uffff" and (sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cs"))
    )
    return kept.encode()[:_LONGEST].decode(errors="ignore").strip()


def tell(
    settings: Settings,
    wire: WireOrder,
    key: str,
    said: str,
    *,
    to_shopper: bool = False,
    mail: bool = False,
    status: str = "",
) -> Flow[Write | Unclear | None]:
    """The remark as a write, or None if the order has it.

    Args:
        settings: Whose shop.

        wire: The order as just read.

        key: Of the notice, note or task.

        said: Plain text.

        to_shopper: The shopper sees it in the account; else only the staff do.

        mail: The shop mails it to the shopper too.

        status: Set with it, where the shop's version allows that.
    """
    mark = mark_of(key)
    there = yield get(settings, f"/orders/{wire.ref}/comments")
    found = [row for row in rows(WireList[WireComment], there) if mark in text(row.comment)]
    if len(found) > 1 and mail:
        ids = ", ".join(row.ref for row in found)
        return Unclear(f"{wire.title}: comments {ids} carry one key {mark}; two mails may have gone out")
    if found:
        return None
    history: dict[str, object] = {
        "comment": f"{clean(said)} {mark}",
        "is_customer_notified": int(mail),
        "is_visible_on_front": int(to_shopper),
    }
    # Left out, versions before 2.4.7 would empty the order's own.
    if status or text(wire.status):
        history["status"] = status or text(wire.status)
    return post(
        settings,
        "status" if status else "comment",
        f"/orders/{wire.ref}/comments",
        {"statusHistory": history},
    )
