"""The time line of an order, in words: one sentence for each kind of event."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

import attrs

from ._events import Event, EventKind
from ._journal import Tx
from ._money import Money
from ._reviews import REVIEWS, ReviewCode
from ._saga import Saga, look
from ._standing import word_of
from ._states import Fulfillment, Payment
from ._views import find
from ._wording import amount_of, purchase_name, readable
from .errors import ConfigurationError

__all__ = ["SENTENCES", "Entry", "in_words", "timeline"]


@attrs.frozen(kw_only=True)
class Entry:
    """One step of an order's way.

    Args:
        words: What happened, in a sentence; without shopper data.

        kind: The event's kind; a plain string is one that a later version has written.

        about: The id of what it happened to.
    """

    at: datetime
    words: str
    kind: EventKind | str
    about: str


E = EventKind
# In braces stands a field of the event's data, or what is made of it: ``supplier``, ``word``, ``money``,
# ``question``. What is in brackets is left out where a field in it is empty.
SENTENCES: Mapping[EventKind, str] = {
    E.ORDER_SEEN: "The shop shows the order[, number {number}][: {status}][, {payment}].",
    E.ORDER_CHANGED: "The shop has changed the order[: {status}][, {payment}].",
    E.ORDER_GONE: "The shop does not have the order any more.",
    E.ADDRESS_CHANGED: "Your application has changed where it goes.",
    E.HELD: "A person holds the order: nothing of it is placed.",
    E.RELEASED: "A person lets the order go on.",
    E.FORGOTTEN: "The shopper was blanked for good.",
    E.STORE_FORGOTTEN: "All shoppers of the shop were blanked.",
    E.PULL_FAILED: "The shop could not be asked for its orders[: {why}].",
    E.PURCHASE_ORDER_MADE: "[{supplier}: ]A purchase order was made.",
    E.PURCHASE_ORDER_CHANGED: "[{supplier}: ]The purchase order was changed; it is not placed yet.",
    E.PURCHASE_ORDER_CANCELED: "[{supplier}: ]Nothing of it is wanted any more; nothing was ordered.",
    E.RESEND_MADE: "[{supplier}: ]Goods are to be sent once more.",
    E.RESERVED: "[{supplier}: ]The units are held.",
    E.NOT_HELD: "[{supplier}: ]Units[ of {remote_id}] are not held any more; they are reserved again.",
    E.APPROVED: "[{supplier}: ]A person said: place it.",
    E.QUOTED: "[{supplier}: ]It would cost {total}[, sent with {carrier}].",
    E.TOO_DEAR: "[{supplier}: ]It costs more than was agreed[: {why}].",
    E.PLACING: "[{supplier}: ]About to be ordered[ as {reference}].",
    E.PLACED: "[{supplier}: ]The supplier has the order[ as {supplier_ref}][ ({status})].",
    E.IN_DOUBT: "[{supplier}: ]A call got no answer; what came of it is looked for.",
    E.REFUSED: "[{supplier}: ]The supplier refused[: {code}][ ({why})].",
    E.PUT_OFF: "[{supplier}: ]Nothing was done; it is tried again[: {why}].",
    E.PAYING: "[{supplier}: ]About to be paid[: {amount}].",
    E.PAID: "[{supplier}: ]It is paid.",
    E.PAYMENT_SEEN: "[{supplier}: ]The supplier says of the payment: {money}.",
    E.PAYMENT_REGRESSED: "[{supplier}: ]Its word on the payment went back[: {raw}]; it stays[ {money}].",
    E.MONEY_STOPPED: "All placing and paying is stopped[: {reason}].",
    E.MONEY_RELEASED: "Placing and paying may go on[: {reason}].",
    E.STATUS: "[{supplier}: ]How far it is[: {word}][, {money}][ ({raw})].",
    E.STATUS_REGRESSED: "[{supplier}: ]The supplier's word went back[: {raw}]; it stays[ {word}].",
    E.CONTRADICTORY_STATUS: "[{supplier}: ]The supplier contradicts itself[: {raw}]; it stays[ {word}].",
    E.UNKNOWN_STATUS: "[{supplier}: ]A word that nobody here knows[: {raw}]; it stays[ {word}].",
    E.DEPARTED: "[{supplier}: ]Goods left[, packages: {packages}].",
    E.TRACKING_CHANGED: "[{supplier}: ]The supplier has another tracking number.",
    E.RETURNED: "[{supplier}: ]Goods came back[: {remote_id}][ ({raw})].",
    E.REVOKE_ASKED: "[{supplier}: ]A person wants it canceled at the supplier.",
    E.REVOKING: "[{supplier}: ]About to be canceled at the supplier.",
    E.REVOKED: "[{supplier}: ]The supplier was asked to cancel it[: {status}].",
    E.SEEN_AT_SUPPLIER: "[{supplier}: ]The daily look found it at the supplier[ as {supplier_ref}].",
    E.TWIN_FOUND: "[{supplier}: ]The supplier has one order too many[: {supplier_ref}][ ({raw})].",
    E.TWIN_REVOKING: "[{supplier}: ]The order too many is about to be canceled[: {supplier_ref}].",
    E.TWIN_REVOKED: "[{supplier}: ]The order too many[ {supplier_ref}] was asked to be canceled[: {status}].",
    E.UNKNOWN_PURCHASE: "A supplier's account has an order that is none of this journal's[: {supplier_ref}].",
    E.ANNOUNCED: "[{supplier}: ]The shop was told what left[: {parcels}].",
    E.TRACKING_CORRECTED: "[{supplier}: ]The shop was told another tracking number[: {parcels}].",
    E.FOUND_BY_HAND: "[{supplier}: ]A person said which order of the supplier's it is[: {supplier_ref}].",
    E.TOLD_BY_HAND: "A person told the shop what left.",
    E.PROGRESS_SHOWN: "The shop shows how far it is[: {stages}].",
    E.WARNING: "[{supplier}: ]It was done, but: {text}.",
    E.ASKED: "A person wants something done in the shop[: {task}][, {amount}].",
    E.NOTED: "The shop shows the remark.",
    E.CANCELED_IN_SHOP: "The shop has canceled its order.",
    E.REFUNDED: "The shop has refunded[ {amount}][: {money}].",
    E.HELD_IN_SHOP: "The shop holds the order.",
    E.RELEASED_IN_SHOP: "Our hold in the shop is off.",
    E.CASE_OPENED: "[{supplier}: ]A case was opened[: {kind}][, {state}].",
    E.CASE_MOVED: "[{supplier}: ]The case has moved[: {kind}][, {state}].",
    E.MANIFEST_OPENED: "A hand-over list[ for {courier}] was begun.",
    E.PACKED: "A departure was put on a hand-over list[: {purchase_order}].",
    E.UNPACKED: "A departure was taken off a hand-over list[: {purchase_order}].",
    E.LEFT_OUT: "A departure did not go with its hand-over list[: {why}].",
    E.MANIFEST_SHIPPED: "The courier[ {courier}] has the hand-over list.",
    E.REVIEW_OPENED: "A person is asked[: {question}][: {evidence}].",
    E.REVIEW_RESOLVED: "A person answered[: {question}][: {decision}].",
}

_PART = re.compile(r"\[([^\[\]]*)\]")
_FIELD = re.compile(r"\{(\w+)\}")
_NO_NEWS = (Payment.UNKNOWN.value, Payment.NOT_REQUIRED.value)


def in_words(event: Event) -> str:
    """What happened, in a sentence."""
    if not isinstance(event.kind, EventKind):
        return f"{event.kind}."  # a later version has written it, and knows the words
    fields = _fields(event)

    def part(match: re.Match[str]) -> str:
        text = match.group(1)
        return text if all(fields.get(name) for name in _FIELD.findall(text)) else ""

    shown = _PART.sub(part, SENTENCES[event.kind])
    text = _FIELD.sub(lambda match: fields.get(match.group(1)) or "?", shown)
    return " ".join(text.split()).replace("..", ".")


def _fields(event: Event) -> dict[str, str]:
    data = dict(event.data)
    about = data.get("purchase_order", event.about)
    parts = about.removeprefix(f"{event.order_id}/").split("/")
    if event.order_id and about.startswith(f"{event.order_id}/") and len(parts) >= 2:
        data["supplier"] = purchase_name("/".join((event.order_id, *parts[:2])))
    if (code := data.get("code", "")) in ReviewCode.__members__:
        data["question"] = REVIEWS[ReviewCode[code]].title
    if (state := data.get("fulfillment", "")) in Fulfillment.__members__:
        payment = Payment.__members__.get(data.get("payment", ""), Payment.UNKNOWN)
        data["word"] = word_of(Fulfillment[state], payment) or _plain(state)
    if event.kind is not E.REFUNDED and (paid := data.get("payment", "")) in Payment.__members__:
        data["money"] = "" if paid in _NO_NEWS else _plain(paid)
    # What people say has no other word than ours, and a supplier's number for a state is no word.
    data["raw"] = "" if data.get("raw") == state else data.get("raw", "")
    data["status"] = readable(data.get("status", ""))
    if event.kind is E.STATUS:
        data["raw"] = readable(data["raw"])
    for name in ("total", "amount"):
        data[name] = _amount(data.get(name, ""))
    for name in ("payment", "kind", "state"):
        data[name] = _plain(data.get(name, ""))
    return data


def _amount(text: str) -> str:
    """An amount as people write it; anything else is left as it is."""
    try:
        return amount_of(Money.parse(text))
    except ValueError:
        return text


def _plain(word: str) -> str:
    """A state's word as people write it; anything else is left as it is."""
    return word.replace("_", " ").lower() if word.isupper() else word


def timeline(name: str, owner: str = "") -> Saga[tuple[Entry, ...]]:
    """What happened to an order, in words and in order.

    Raises:
        ConfigurationError: there is no such order, or several have this number.
    """

    def work(tx: Tx) -> tuple[Entry, ...]:
        return tuple(
            Entry(at=event.at, words=in_words(event), kind=event.kind, about=event.about)
            for event in tx.time_line(_known(tx, name, owner))
        )

    return look(work)


def history(name: str, owner: str) -> Saga[tuple[Event, ...]]:
    """The events of an order.

    Raises:
        ConfigurationError: there is no such order, or several have this number.
    """
    return look(lambda tx: tx.time_line(_known(tx, name, owner)))


def _known(tx: Tx, name: str, owner: str) -> str:
    order_id = find(tx, name, owner)
    if order_id is None:
        raise ConfigurationError(f"order: there is no {name!r}; give its id, store/ref, or its number")
    return order_id
