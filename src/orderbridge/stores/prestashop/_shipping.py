"""Telling a PrestaShop shop of a departure: tracking first, then words, then the state, mail last."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import attrs

from ..._model import Order, Package, ShipmentNotice
from ...adapters import (
    Announced,
    Flow,
    LookUp,
    Past,
    Repeat,
    Response,
    Unclear,
    Write,
    by_name,
    departure,
    same_name,
    same_number,
)
from ._amounts import unpaid_rest
from ._messages import tell
from ._orders import Shop
from ._parcels import Parcel, free, parcels_of, showing
from ._query import equal, listing, one_as_xml
from ._reading import ask, every, may_patch
from ._settings import Settings
from ._wire import KEEP, Row, refuse, release_of
from ._xml import Tracked, patch, post, put

# 1.7.0 ignores the wish for a mail without a word; 1.7.1 to 1.7.4 mail a link that lacks the number.
_PARCELS_MAILED = (1, 7, 5)


@attrs.frozen(kw_only=True)
class Plan:
    """What is to become of the order's state, once all that left is shown.

    Args:
        state: To be set; 0 for none.

        done: The order is in a state that says it has left, or has been.

        warnings: Why it is left alone.
    """

    state: int = 0
    done: bool = False
    warnings: tuple[str, ...] = ()


def announce(
    settings: Settings,
    shop: Shop,
    order: Order,
    notice: ShipmentNotice,
    past: Past,
    row: Row,
    response: Response,
) -> Flow[Write | Announced | Unclear]:
    """One departure. One mail at most: the parcel's, which links to it, else that of the shipped state."""
    there = yield from every("order_carriers", equal("id_order", row.id()))
    parcels, warnings = parcels_of(notice)
    plan = yield from _plan(settings, shop, row, notice)
    mails = notice.notify and settings.shipped_mail
    # The stock mail of the state names no number, and one that does names the order's first parcel.
    unmailed = "there is no number"
    if mails and parcels:
        unmailed = yield from _unmailed(settings, row, response)
    by_parcel = mails and not unmailed
    by_state = mails and not by_parcel and shop.says(plan.state, "send_email")
    last = parcels[-1] if by_parcel else None
    # Of several parcels PrestaShop's pages show one for each carrier: then the shopper is to see the message.
    ours = [found for parcel in parcels for found in showing(there, parcel.number)]
    others = [found for found in there if found.text("tracking_number") and found not in ours]
    private = len(others) + len(parcels) <= 1
    refs: list[str] = []
    for parcel in parcels:
        shown = showing(there, parcel.number)
        if len(shown) > 1:
            ids = ", ".join(found.text("id") for found in shown)
            return Unclear(
                f"order {order.ref}: order carriers {ids} show one tracking number; empty all but one"
            )
        carrier, warning = yield from _carrier(settings, parcel.package.carrier)
        warnings += warning
        if shown:
            refs.append(shown[0].text("id"))
            continue
        if parcel is last:
            # The mail goes with the number, and that comes last.
            told = yield from tell(row, notice.key, departure(order, notice), private=private)
            if told is not None:
                return told
        return (yield from _show(row, there, parcel, carrier, response, mail=parcel is last))
    told = yield from tell(row, notice.key, departure(order, notice), private=private)
    if told is not None:
        return told
    if plan.state:
        values = {"id_order": str(row.id()), "id_order_state": str(plan.state)}
        return Write("state", post("order_history", values, mail=by_state), unknown=LookUp())
    if "state" in past.answers and mails and not by_parcel:
        # A network that carries a call twice sets a state twice, and each time mails.
        seen = yield from every("order_histories", equal("id_order", row.id()))
        set_to = [entry for entry in seen if entry.id("id_order_state") == row.id("current_state")]
        if len(set_to) > 1:
            ids = ", ".join(entry.text("id") for entry in set_to)
            return Unclear(f"order {order.ref}: order histories {ids} set one state; were two mails sent?")
    warnings += plan.warnings
    if mails and not by_parcel and not (plan.done and shop.says(row.id("current_state"), "send_email")):
        warnings += (f"the shopper is not mailed: {unmailed}",)
    elif mails and past.attempted and (f"tracking-{last.place}" if last else "state") not in past.answers:
        # Where the mail server is down, PrestaShop saves, sends nothing, and answers with an error.
        warnings += ("the shop's answer was lost or an error: its mail to the shopper may not have gone out",)
    return Announced(refs=tuple(refs), warnings=tuple(dict.fromkeys(warnings)))


def _unmailed(settings: Settings, row: Row, response: Response) -> Flow[str]:
    """Why the shop cannot mail a parcel's number, or empty: it takes the link of the order's own carrier."""
    if () < release_of(response) < _PARCELS_MAILED:
        return "PrestaShop before 1.7.5 mails no parcel's number"
    read = listing("carriers", equal("id", row.id("id_carrier")), shop=settings.shop_id, keep=KEEP)
    found = yield from ask(read, "carriers")
    linked = any(carrier.text("url") for carrier in found)
    return "" if linked else "the order's carrier has no tracking address in the shop"


def _plan(settings: Settings, shop: Shop, row: Row, notice: ShipmentNotice) -> Flow[Plan]:
    """Setting a state is not the same as setting it once: it may book money, mail and restock again."""
    if not notice.completes:
        return Plan()
    current = row.id("current_state")
    if shop.says(current, "shipped"):
        return Plan(done=True)
    if shop.is_closed(current):
        return Plan(warnings=("the order is closed in the shop; its state is left alone",))
    target = int(settings.shipped_state or shop.state_id("PS_OS_SHIPPING"))
    unpaid = not shop.says(current, "paid") or unpaid_rest(row)
    if unpaid and shop.says(target, "paid"):
        books = "the order is not paid in full, and the shop's shipped state would book a payment"
        target = int(settings.unpaid_shipped_state or 0)
        if not target:
            return Plan(warnings=(f"{books}; its state is left alone (see unpaid_shipped_state)",))
        if shop.says(target, "paid"):
            return Plan(warnings=(f"{books}, and so would unpaid_shipped_state; its state is left alone",))
    if target not in shop.states:
        return Plan(warnings=(f"the shop has no order state {target}; the order's state is left alone",))
    if not shop.says(target, "shipped"):
        why = f"order state {target} is not marked as shipped in the shop"
        return Plan(warnings=(f"{why}; the order's state is left alone (see shipped_state)",))
    # The shop answers alike to a state it set just now and to one that somebody has taken back since.
    seen = yield from every("order_histories", equal("id_order", row.id()))
    if any(entry.id("id_order_state") == target for entry in seen):
        return Plan(
            done=True, warnings=("the order was shipped before and moved on; its state is left alone",)
        )
    return Plan(state=target)


def _show(
    row: Row, there: list[Row], parcel: Parcel, carrier: str, response: Response, *, mail: bool
) -> Flow[Write | Unclear]:
    """The write that shows a parcel's number: in the row made at checkout, else in one more."""
    place = free(there)
    changes: dict[Tracked, str] = {"tracking_number": parcel.number}
    if carrier:
        changes["id_carrier"] = carrier
    if place is not None:
        return (yield from change(f"tracking-{parcel.place}", place.id(), changes, response, mail=mail))
    values = {"id_order": str(row.id()), "id_carrier": carrier or str(row.id("id_carrier"))}
    if not mail:
        values["tracking_number"] = parcel.number
    # Making a row never mails, so where a mail is wanted the number is put into an empty one.
    return Write(f"parcel-{parcel.place}", post("order_carrier", values), unknown=LookUp())


def change(
    step: str, ref: int, changes: Mapping[Tracked, str], response: Response, *, mail: bool
) -> Flow[Write]:
    """Set fields of one order carrier: by PATCH where the shop and the key know it, else by a whole PUT."""
    # With a mail it must not be done twice; the number says whether it was done.
    rule = LookUp() if mail else Repeat()
    if (yield from may_patch(response)):
        return Write(step, patch(ref, changes, mail=mail), unknown=rule)
    answer = yield one_as_xml("order_carriers", ref)
    refuse(answer)
    return Write(step, put(answer.body, ref, changes, mail=mail), unknown=rule)


def _carrier(settings: Settings, name: str) -> Flow[tuple[str, tuple[str, ...]]]:
    """The shop's present id of a supplier's carrier, or empty and why."""
    if not name.strip():
        return "", ()
    wanted = by_name(settings.carriers, name) or name.strip()
    # Each edit in the back office makes a new row and leaves the old one behind, deleted.
    filters = [equal("deleted", 0)]
    by_reference = wanted.isascii() and wanted.isdigit()
    if by_reference:
        filters.append(equal("id_reference", int(wanted)))
    found = yield from ask(listing("carriers", *filters, shop=settings.shop_id), "carriers")
    if not by_reference:
        found = [row for row in found if same_name(row.words("name"), wanted)]
    if found:
        return found[-1].text("id"), ()
    return "", (f"carrier {name} is not known to the shop; it stands in the order's messages only",)


def correct(
    settings: Settings,
    order: Order,
    notice: ShipmentNotice,
    told: tuple[Package, ...],
    row: Row,
    response: Response,
) -> Flow[Write | Announced | Unclear]:
    """Put the new numbers where the old ones stand, and mail the right one; never the state."""
    there = yield from every("order_carriers", equal("id_order", row.id()))
    parcels, warnings = parcels_of(notice)
    before, _ = parcels_of(attrs.evolve(notice, packages=told))
    gone = [old for old in before if not any(same_number(old.number, new.number) for new in parcels)]
    new = [parcel for parcel in parcels if not showing(there, parcel.number)]
    mails = bool(new) and notice.notify and settings.shipped_mail
    mails = mails and not (yield from _unmailed(settings, row, response))
    refs: list[str] = []
    for parcel in parcels:
        carrier, warning = yield from _carrier(settings, parcel.package.carrier)
        warnings += warning
        shown = showing(there, parcel.number)
        if len(shown) > 1:
            ids = ", ".join(found.text("id") for found in shown)
            return Unclear(
                f"order {order.ref}: order carriers {ids} show one tracking number; empty all but one"
            )
        if shown:
            refs.append(shown[0].text("id"))
            if carrier and shown[0].text("id_carrier") != carrier and parcel.package not in told:
                step = f"carrier-{parcel.place}"
                return (yield from change(step, shown[0].id(), {"id_carrier": carrier}, response, mail=False))
            continue
        mail = mails and parcel is new[-1]
        old = next((found for each in gone for found in showing(there, each.number)), None)
        if old is None:
            return (yield from _show(row, there, parcel, carrier, response, mail=mail))
        changes: dict[Tracked, str] = {"tracking_number": parcel.number}
        if carrier:
            changes["id_carrier"] = carrier
        return (yield from change(f"corrected-{parcel.place}", old.id(), changes, response, mail=mail))
    if any(showing(there, old.number) for old in gone):
        warnings += ("the shop still shows a tracking number that is no longer right; delete it there",)
    said = f"Tracking corrected: {_numbers(parcels) or 'no number'}, in place of {_numbers(before) or 'none'}"
    told_of = yield from tell(row, f"{notice.key}/{_digest(said)}", said)
    if told_of is not None:
        return told_of
    return Announced(refs=tuple(refs), warnings=tuple(dict.fromkeys(warnings)))


def _numbers(parcels: tuple[Parcel, ...]) -> str:
    return ", ".join(parcel.number for parcel in parcels)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
