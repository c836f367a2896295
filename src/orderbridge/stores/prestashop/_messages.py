"""Remarks on a PrestaShop order: messages of a customer thread, which the back office shows.

No mail goes out by them. Each of ours ends in its key, so that a repeat finds it.
"""

from __future__ import annotations

import hashlib
import re

from ...adapters import Flow, LookUp, Unclear, Write, mark_of
from ...errors import Malformed
from ._query import equal
from ._reading import batch, every
from ._wire import Row
from ._xml import clean, post

# What PrestaShop takes for an attack on a page, and refuses the whole message for.
_SCRIPT = re.compile(r"script\s*:", re.IGNORECASE)
_EVENT = re.compile(r"\b(on[a-z]+)\s*=", re.IGNORECASE)
_RIGHT_TO_LEFT = "\u202e"
_LONGEST = 3000


def said(order: Row) -> Flow[tuple[int, list[Row]]]:
    """The thread for our messages, 0 if there is none yet, and all messages about the order."""
    threads = yield from every("customer_threads", equal("id_order", order.id()))
    if not threads:
        return 0, []
    ids = [row.id() for row in threads]
    found = yield from batch("customer_messages", "id_customer_thread", ids)
    if found.unreadable:
        # One of ours may be among them, and must not be written again.
        what = "$.customer_messages: PrestaShop cannot write them as JSON: a text in them is not UTF-8"
        raise Malformed(what, path="$.customer_messages")
    return ids[0], list(found.rows)


def tell(order: Row, key: str, text: str, *, private: bool = True) -> Flow[Write | Unclear | None]:
    """The message as a write, or None if the order has it.

    Args:
        order: As just read.

        key: Of the notice or note.

        text: Plain text.

        private: For the shop's staff; else the shopper sees it in the account.
    """
    mark = mark_of(key)
    thread, messages = yield from said(order)
    found = [row for row in messages if mark in row.text("message")]
    # A network that carries a call twice writes it twice: no harm, and staff cannot delete a message.
    if len({row.text("message") for row in found}) > 1:
        ids = ", ".join(row.text("id") for row in found)
        return Unclear(f"order {order.id()}: messages {ids} carry one key {mark} and differ")
    if found:
        return None
    if not thread:
        return (yield from _new_thread(order))
    values = {
        "id_customer_thread": str(thread),
        "message": f"{plain(text)} {mark}",
        "private": "1" if private else "0",
    }
    return Write(f"message-{key}", post("customer_message", values), unknown=LookUp())


def _new_thread(order: Row) -> Flow[Write]:
    customers = yield from batch("customers", "id", [order.id("id_customer")], display=("id", "email"))
    # The token opens the thread to whoever knows it, so it comes of what only the shop and the shopper
    # know; and it is the same each time, as a write must be.
    seed = f"orderbridge thread {order.id()} {order.text('secure_key')}"
    values = {
        "id_lang": str(order.id("id_lang") or 1),
        "id_contact": "0",
        "id_shop": str(order.id("id_shop") or 1),
        "id_customer": str(order.id("id_customer")),
        "id_order": str(order.id()),
        **({"email": customers.rows[0].text("email")} if customers.rows else {}),
        "token": hashlib.sha256(seed.encode()).hexdigest()[:12],
        "status": "open",
    }
    return Write("thread", post("customer_thread", values), unknown=LookUp(), binding=False)


def plain(text: str) -> str:
    """``text`` as PrestaShop takes it: without tags and what it thinks is a script."""
    text = clean(text).replace(_RIGHT_TO_LEFT, "").replace("<", "(").replace(">", ")")
    text = _EVENT.sub(r"\1 -", _SCRIPT.sub("script -", text))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
