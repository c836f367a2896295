"""Tracking put right after the shop was told: each way has its own trap.

A change to a fulfillment replaces all that it holds, so all is sent again. A tracking plug-in cannot change
an entry, so the new one comes before the old one goes. A note stays as it is and is followed by another.
"""

from __future__ import annotations

import hashlib
from itertools import zip_longest

import attrs

from ..._model import Order, Package, ShipmentNotice
from ...adapters import Announced, Flow, Unclear, Write, decode, same_number, web_link
from ._carriers import providers, same_name
from ._departures import in_meta, slug_of, tracking, way_of
from ._parcels import Parcel, parcels_of
from ._settings import Settings
from ._wire import (
    NOTICE_META,
    SHIPMENT_META,
    WireFulfillment,
    WireNote,
    WireTracking,
    fields,
    fulfillments_from,
    get,
    meta_of,
    number_of,
    text,
)
from ._writes import delete, note, order_path, post, put, put_order, state_of


def correct(
    settings: Settings, order: Order, notice: ShipmentNotice, told: tuple[Package, ...]
) -> Flow[Write | Announced | Unclear]:
    """Show ``notice.packages`` where the shop shows ``told``; the order's status is left alone."""
    way = yield from way_of(settings, notice)
    if way == "fulfillments":
        return (yield from _refulfill(settings, order, notice, told))
    if way == "note":
        return (yield from _renote(order, notice, told))
    return (yield from _retrack(settings, order, notice, told, way))


# --- fulfillments -----------------------------------------------------------------------------------


def _refulfill(
    settings: Settings, order: Order, notice: ShipmentNotice, told: tuple[Package, ...]
) -> Flow[Write | Announced | Unclear]:
    path = f"{order_path(order)}/fulfillments"
    there = fulfillments_from((yield get(path)))
    before, after = parcels_of(attrs.evolve(notice, packages=told)), parcels_of(notice)
    pairs = list(enumerate(zip_longest(before, after), 1))
    changed = [number for number, (old, new) in pairs if old != new]
    refs: list[str] = []
    warnings: list[str] = []
    for number, (old, new) in pairs:
        key = f"{notice.key}/{number}"
        found = _shown(there, key, old, new)
        if len(found) > 1:
            ids = ", ".join(str(entry.id) for entry in found)
            return Unclear(f"order {order.ref}: fulfillments {ids} show one package ({key})")
        if new is None:
            if found:
                return delete(f"drop-{number}", f"{path}/{found[0].id}")
            continue
        # One mail for all that changes, with the first of it.
        notify = notice.notify and number == changed[0] if changed else False
        slug, warning = slug_of(settings, new.packages[0])
        warnings.extend(warning)
        if not found:
            if old is not None:
                return Unclear(f"order {order.ref}: no fulfillment shows the package {key} any more")
            return post(f"fulfillment-{number}", path, new.body(key, slug, notify=notify))
        entry = found[0]
        refs.append(str(entry.id))
        if old == new or _says(entry, new, slug):
            continue
        if riddle := _changed_by_hand(entry, old, new):
            return Unclear(f"order {order.ref}: fulfillment {entry.id} {riddle}")
        body: dict[str, object] = {"meta_data": _replaced(entry, new, key, slug), "notify_customer": notify}
        return put(f"correct-{number}", f"{path}/{entry.id}", body)
    return Announced(refs=tuple(refs), warnings=tuple(dict.fromkeys(warnings)))


def _shown(
    there: tuple[WireFulfillment, ...], key: str, old: Parcel | None, new: Parcel | None
) -> list[WireFulfillment]:
    ours = [entry for entry in there if entry.notice == key]
    if ours or old is None:
        return ours
    # Typed in by hand before we told of it, and taken for ours then.
    numbers = [parcel.numbers for parcel in (old, new) if parcel]
    return [
        entry
        for entry in there
        if not entry.notice and any(same_number(entry.tracking_number, number) for number in numbers)
    ]


def _says(entry: WireFulfillment, parcel: Parcel, slug: str) -> bool:
    plain = {name: value for name, value in parcel.meta(slug).items() if name != "_items"}
    same = all(text(meta_of(entry.meta_data, name)) == text(value) for name, value in plain.items())
    return same and entry.items == parcel.items


def _changed_by_hand(entry: WireFulfillment, old: Parcel | None, new: Parcel) -> str:
    if not entry.left:
        return "was taken back to a draft"
    known = {parcel.numbers.lower() for parcel in (old, new) if parcel}
    if entry.tracking_number.lower() not in known:
        return "has a tracking number that the shop was never told"
    if entry.items not in [parcel.items for parcel in (old, new) if parcel]:
        return "holds other units than the shop was told"
    return ""


def _replaced(entry: WireFulfillment, parcel: Parcel, key: str, slug: str) -> list[dict[str, object]]:
    ours = {**parcel.meta(slug), NOTICE_META: key}
    kept = [row for row in entry.meta_data if text(row.key) not in ours]
    rows: list[dict[str, object]] = [
        {"id": number_of(row.id), "key": text(row.key), "value": row.value} for row in kept
    ]
    known = {text(row.key): number_of(row.id) for row in entry.meta_data}
    return rows + [{"id": known.get(name, 0), "key": name, "value": v} for name, v in ours.items() if v]


# --- a tracking plug-in -----------------------------------------------------------------------------


def _retrack(
    settings: Settings, order: Order, notice: ShipmentNotice, told: tuple[Package, ...], plugin: str
) -> Flow[Write | Announced | Unclear]:
    path = f"/wp-json/{plugin}/orders/{order.ref}/shipment-trackings"
    there = decode(list[WireTracking], (yield get(path)))
    known = yield from providers(plugin, order.ref)
    refs: list[str] = []
    warnings: list[str] = []
    for number, package in enumerate(notice.packages, 1):
        if not package.tracking_number:
            continue
        provider = settings.mapped(package.carrier) or known.get(same_name(package.carrier), ("", ""))[0]
        found = _numbered(there, package)
        stale: list[WireTracking] = []
        if package not in told and any(_same(package, old) for old in told):
            # The same number with another carrier: only carriers that the plug-in knows can be told apart.
            if provider:
                stale = [e for e in found if same_name(text(e.tracking_provider)) != same_name(provider)]
                found = [e for e in found if e not in stale]
            else:
                warnings.append(f"the tracking plug-in cannot change the carrier to {package.carrier}")
        if len(found) > 1 or len(stale) > 1:
            return Unclear(f"order {order.ref}: several entries of one tracking number; delete all but one")
        if not found:
            return post(f"tracking-{number}", path, tracking(notice, package, provider))
        refs.append(text(found[0].tracking_id))
        if stale:
            return delete(f"drop-{number}", f"{path}/{text(stale[0].tracking_id)}")
    for number, old in enumerate(told, 1):
        if not old.tracking_number or any(_same(old, package) for package in notice.packages):
            continue
        found = _numbered(there, old)
        if len(found) > 1:
            return Unclear(f"order {order.ref}: {len(found)} entries of one tracking number; delete them")
        if found and (yield from _is_anothers(order, notice, old)):
            # Two suppliers may send in one box.
            warnings.append(f"{old.tracking_number} is left: another departure of the order has it too")
        elif found:
            return delete(f"drop-old-{number}", f"{path}/{text(found[0].tracking_id)}")
    noted = yield from _say_so(order, notice, told)
    return noted or Announced(refs=tuple(refs), warnings=tuple(warnings))


def _is_anothers(order: Order, notice: ShipmentNotice, package: Package) -> Flow[bool]:
    """A note about another departure of ours names the number."""
    notes = decode(list[WireNote], (yield get(f"{order_path(order)}/notes")))
    ours = (f"[ob:{notice.key}]", f"[ob:{notice.key}/")
    return any(
        package.tracking_number in text(row.note)
        for row in notes
        if "[ob:" in text(row.note) and not any(mark in text(row.note) for mark in ours)
    )


def _numbered(there: list[WireTracking], package: Package) -> list[WireTracking]:
    return [entry for entry in there if same_number(text(entry.tracking_number), package.tracking_number)]


def _same(package: Package, other: Package) -> bool:
    return same_number(package.tracking_number, other.tracking_number)


# --- meta and notes ---------------------------------------------------------------------------------


def _renote(
    order: Order, notice: ShipmentNotice, told: tuple[Package, ...]
) -> Flow[Write | Announced | Unclear]:
    key = SHIPMENT_META + notice.key
    shown = fields((yield from state_of(order)).meta(key))
    if not shown:
        return Unclear(f"order {order.ref}: the shop does not show the departure {notice.key}")
    value = {**shown, "packages": in_meta(notice)["packages"]}
    if shown != value:
        return put_order(order, "shipment", {"meta_data": [{"key": key, "value": value}]})
    return (yield from _say_so(order, notice, told)) or Announced()


def _say_so(order: Order, notice: ShipmentNotice, told: tuple[Package, ...]) -> Flow[Write | Unclear | None]:
    """What is right now, in a note: the earlier one cannot be changed. Its key is that of this change."""
    if told == notice.packages:
        return None
    packages = [(p.tracking_number, p.carrier, p.tracking_url) for p in (*told, *notice.packages)]
    digest = hashlib.sha256(repr((len(told), packages)).encode()).hexdigest()[:12]
    right = "; ".join(
        " ".join(part for part in (package.carrier, package.tracking_number, web_link(package)) if part)
        for package in notice.packages
    )
    gone = [old.tracking_number for old in told if not any(_same(old, new) for new in notice.packages)]
    before = ", ".join(number for number in gone if number)
    said = f"Tracking corrected: {right or 'no number'}{f', in place of {before}' if before else ''}"
    return (yield from note(order, f"{notice.key}/{digest}", said, to_shopper=notice.notify))
