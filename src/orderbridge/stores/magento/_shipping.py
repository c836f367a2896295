"""Telling a Magento shop of a departure, and putting its tracking right.

The call that ships takes a list of rows and units and ships what it likes of it: too many units are cut to
what is left, rows that are not to be shipped are passed over, and an empty list ships everything; each time
the answer is yes. So what is left is read before, what was shipped is read after, and the shipment is known
by a mark in a comment that no shopper sees. There is no way to take a shipment back.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ..._model import NoticeLine, Order, Package, ShipmentNotice
from ...adapters import Announced, Flow, Unclear, Write, departure, mark_of, same_number
from ._comments import clean, delete, has_mark, post, tell
from ._parcels import Parcel, add_track, parcels_of, remark, show_links, tracks_of
from ._reading import shipments_of
from ._settings import Settings
from ._shapes import WireItem, WireOrder, WireShipment, WireTrack
from ._values import flag, json_number, number, text

# In these Magento refuses every shipment.
_CLOSED = frozenset({"holded", "payment_review", "canceled"})


def announce(
    settings: Settings, wire: WireOrder, order: Order, notice: ShipmentNotice
) -> Flow[Write | Announced | Unclear]:
    """One departure is one shipment; its links, which a track has no place for, are a comment on it."""
    there = yield from shipments_of(settings, wire.ref)
    wanted = _units(notice.lines)
    parcels, warnings = parcels_of(settings, notice.packages)
    if not notice.lines:
        return (yield from _one_more(settings, wire, order, notice, there, parcels, warnings))
    ours = [shipment for shipment in there if has_mark(shipment.comments, notice.key)]
    if len(ours) > 1:
        return Unclear(
            f"{wire.title}: shipments {_refs(ours)} carry one key {mark_of(notice.key)}; "
            "the shop cannot take one back"
        )
    # Typed in by hand: the same numbers and the same units are the same departure.
    by_hand = [each for each in there if _is_by_hand(each, parcels, wanted)]
    if not ours and by_hand:
        # From now on it is ours, and no other departure's.
        return _adopt(settings, by_hand[0], notice)
    if not ours:
        if riddle := _cannot_ship(wire, order, wanted, there):
            return Unclear(f"{wire.title}: {riddle}")
        return _ship(settings, wire, order, notice, wanted, parcels)
    shipment = ours[0]
    for parcel in parcels:
        if not parcel.is_shown(shipment):
            return add_track(settings, wire, shipment, parcel, f"track-{parcel.place}")
    linked = show_links(settings, shipment, parcels)
    if linked is not None:
        return linked
    if missing := _missing(wire, shipment, wanted):
        return Unclear(
            f"{wire.title}: shipment {shipment.ref} was made, but only in part: {missing}. "
            "The shop holds the rest for shipped, canceled or refunded"
        )
    if notice.notify and settings.shipped_mail and not flag(shipment.email_sent):
        # A mail server that is down stops nothing; and some shops mail later, by a job of their own.
        warnings += ("the shop does not say that it has mailed the shopper",)
    return Announced(refs=(shipment.ref,), warnings=warnings)


def _one_more(
    settings: Settings,
    wire: WireOrder,
    order: Order,
    notice: ShipmentNotice,
    there: tuple[WireShipment, ...],
    parcels: tuple[Parcel, ...],
    warnings: tuple[str, ...],
) -> Flow[Write | Announced | Unclear]:
    """Goods that left once more: their numbers stand at the last shipment, for nothing is left to ship."""
    for parcel in parcels:
        if there and not any(parcel.is_shown(shipment) for shipment in there):
            return add_track(settings, wire, there[-1], parcel, f"track-{parcel.place}")
    mail = notice.notify and settings.shipped_mail
    told = yield from tell(settings, wire, notice.key, departure(order, notice), to_shopper=True, mail=mail)
    if told is not None:
        return told
    if parcels and not there:
        warnings += ("the shop has no shipment to show the number at; it stands in the comments only",)
    return Announced(refs=tuple(shipment.ref for shipment in there[-1:]), warnings=warnings)


def _adopt(settings: Settings, shipment: WireShipment, notice: ShipmentNotice) -> Write:
    comment = f"The departure of {notice.purchase_order_id} {mark_of(notice.key)}"
    return remark(settings, "adopt", shipment, comment, to_shopper=False)


def _ship(
    settings: Settings,
    wire: WireOrder,
    order: Order,
    notice: ShipmentNotice,
    wanted: Mapping[str, Decimal],
    parcels: tuple[Parcel, ...],
) -> Write:
    said = clean(departure(order, notice))
    body: dict[str, object] = {
        "items": [{"order_item_id": int(ref), "qty": json_number(units)} for ref, units in wanted.items()],
        "notify": notice.notify and settings.shipped_mail,
        # Else the shopper's mail would hold the comment.
        "appendComment": False,
        "comment": {"comment": f"{said} {mark_of(notice.key)}", "is_visible_on_front": 0},
        "tracks": [parcel.track for parcel in parcels],
    }
    source = settings.sources.get(_supplier(notice), settings.source)
    if source:
        body["arguments"] = {"extension_attributes": {"source_code": source}}
    return post(settings, "ship", f"/order/{wire.ref}/ship", body)


def _supplier(notice: ShipmentNotice) -> str:
    # A purchase order's id is store/ref/supplier/n.
    parts = notice.purchase_order_id.split("/")
    return parts[-2] if len(parts) > 1 else ""


# --- what is left, and what was shipped ----------------------------------------------------------------


def _units(lines: tuple[NoticeLine, ...]) -> dict[str, Decimal]:
    """Units by the row that Magento ships."""
    units: dict[str, Decimal] = {}
    for line in lines:
        ref = line.ship_ref or line.line_ref
        units[ref] = units.get(ref, Decimal(0)) + line.units
    return {ref: count for ref, count in units.items() if count}


def _cannot_ship(
    wire: WireOrder, order: Order, wanted: Mapping[str, Decimal], there: tuple[WireShipment, ...]
) -> str:
    """Why Magento would refuse this, or do less or more than it says; empty if nothing speaks against it."""
    if not wanted:
        # Magento takes an empty list for everything there is.
        return "the departure holds nothing of this order"
    if text(wire.state) in _CLOSED:
        if text(wire.state) == "holded":
            return "it is on hold in the shop; take it off hold there, then choose retry"
        return f"its state is {text(wire.state)}, in which the shop ships nothing"
    rows = {item.ref: item for item in wire.lines}
    ships = {line.ship_ref or line.ref for line in order.lines if line.shippable}
    for ref, units in wanted.items():
        item = rows.get(ref)
        if item is None or not ref:
            return f"it has no row {ref}"
        if ref not in ships:
            # Beside rows that ship, Magento passes over it without a word.
            return f"{item.title} does not ship by itself"
        if units != units.to_integral_value() and not flag(item.is_qty_decimal):
            return f"{item.title}: {units.normalize():f} units were shipped, and the shop counts whole ones"
        left = _left(item)
        if units > left:
            by = f" (shipments {_refs(there)})" if there else ""
            said = (
                f"{item.title}: the supplier shipped {units.normalize():f}, and the shop has "
                f"{left.normalize():f} of {_qty(item, 'ordered').normalize():f} still to ship{by}"
            )
            if text(item.product_type) == "bundle" and _qty(item, "refunded"):
                said += "; it counts a whole set as given back once a part of one is"
            return said
    return ""


def _left(item: WireItem) -> Decimal:
    """What Magento would still ship of a row: of units refunded it ships those that had not left."""
    gone = max(_qty(item, "shipped"), _qty(item, "refunded"))
    return max(Decimal(0), _qty(item, "ordered") - gone - _qty(item, "canceled"))


def _qty(item: WireItem, what: str) -> Decimal:
    amounts = {
        "ordered": item.qty_ordered,
        "shipped": item.qty_shipped,
        "refunded": item.qty_refunded,
        "canceled": item.qty_canceled,
    }
    return number(amounts[what], f"$.items[].qty_{what}")


def _contents(shipment: WireShipment) -> dict[str, Decimal]:
    units: dict[str, Decimal] = {}
    for row in shipment.items or ():
        units[row.ref] = units.get(row.ref, Decimal(0)) + row.units
    return units


def _missing(wire: WireOrder, shipment: WireShipment, wanted: Mapping[str, Decimal]) -> str:
    """Units that the shop left out, in words. Rows beside them are parents, which move with their parts."""
    shipped = _contents(shipment)
    said: list[str] = []
    for item in wire.lines:
        there, units = shipped.get(item.ref, Decimal(0)), wanted.get(item.ref, Decimal(0))
        if there < units:
            said.append(f"{there.normalize():f} of {units.normalize():f} of {item.title}")
    return ", ".join(said)


def _is_by_hand(shipment: WireShipment, parcels: tuple[Parcel, ...], wanted: Mapping[str, Decimal]) -> bool:
    marked = any("[ob:" in text(comment.comment) for comment in shipment.comments or ())
    if marked or not parcels or not all(parcel.is_shown(shipment) for parcel in parcels):
        return False
    shipped = _contents(shipment)
    return all(shipped.get(ref) == units for ref, units in wanted.items())


def _refs(shipments: tuple[WireShipment, ...] | list[WireShipment]) -> str:
    return ", ".join(shipment.ref for shipment in shipments)


# --- corrections ---------------------------------------------------------------------------------------


def correct(
    settings: Settings, wire: WireOrder, notice: ShipmentNotice, told: tuple[Package, ...]
) -> Flow[Write | Announced | Unclear]:
    """A track cannot be changed: the right one is added before the wrong one is deleted."""
    there = yield from shipments_of(settings, wire.ref)
    parcels, warnings = parcels_of(settings, notice.packages)
    before, _ = parcels_of(settings, told)
    ours = [shipment for shipment in there if has_mark(shipment.comments, notice.key)]
    # Of a departure typed in by hand, which shows a number that we told.
    ours = ours or [each for each in there if any(old.is_shown(each) for old in (*before, *parcels))]
    if not ours and not notice.lines:
        ours = list(there[-1:])
    if len(ours) != 1:
        found = f"shipments {_refs(ours)} may each be" if ours else "no shipment is"
        return Unclear(f"{wire.title}: {found} the departure {notice.key}")
    shipment = ours[0]
    tracks = shipment.tracks or ()
    for parcel in parcels:
        same = parcel.package in told
        if not (parcel.is_shown(shipment) if same else any(map(parcel.is_shown_so, tracks))):
            return add_track(settings, wire, shipment, parcel, f"corrected-{parcel.place}")
    for index, track in enumerate(tracks):
        if _is_wrong(track, parcels, before) or _is_doubled(track, tracks[:index], parcels):
            return delete(settings, f"delete-{track.ref}", f"/shipment/track/{track.ref}")
    linked = show_links(settings, shipment, parcels)
    if linked is not None:
        return linked
    if _numbers(parcels) != _numbers(before):
        said = f"Tracking number: {_numbers(parcels)}"
        if before:
            said = f"Tracking corrected: {_numbers(parcels) or 'no number'}, in place of {_numbers(before)}"
        mail = notice.notify and settings.shipped_mail
        # Named by the tracks, so that going back to an earlier number is a correction of its own.
        shown = [track.ref for parcel in parcels for track in tracks_of(shipment, parcel.number)]
        key = f"{notice.key}/{'+'.join(shown)}"
        noted = yield from tell(settings, wire, key, said, to_shopper=True, mail=mail)
        if noted is not None:
            return noted
    return Announced(refs=(shipment.ref,), warnings=warnings)


def _is_wrong(track: WireTrack, parcels: tuple[Parcel, ...], before: tuple[Parcel, ...]) -> bool:
    """We told it, and it is not what is right now; numbers that others added are left alone."""
    shown = text(track.track_number)
    if not any(same_number(shown, old.number) for old in before):
        return False
    told = [old.package for old in before]
    now = [parcel for parcel in parcels if same_number(shown, parcel.number)]
    return not any(parcel.package in told or parcel.is_shown_so(track) for parcel in now)


def _is_doubled(track: WireTrack, earlier: tuple[WireTrack, ...], parcels: tuple[Parcel, ...]) -> bool:
    """A network that carries a call twice adds a track twice."""
    return any(
        parcel.is_shown_so(track) and any(parcel.is_shown_so(other) for other in earlier)
        for parcel in parcels
    )


def _numbers(parcels: tuple[Parcel, ...]) -> str:
    return ", ".join(parcel.number for parcel in parcels)
