"""A departure shown where a WooCommerce shop shows departures: fulfillments, a tracking plug-in, a note."""

from __future__ import annotations

from decimal import Decimal

from ..._model import Order, Package, ShipmentNotice
from ...adapters import Announced, Flow, Past, Unclear, Write, decode, departure, same_number, web_link
from ._carriers import core_carrier, providers, same_name
from ._parcels import beyond, parcels_of
from ._progress import part_shipped
from ._settings import Settings
from ._wire import (
    API,
    CLOSED,
    COMPLETED,
    KEEP,
    PLUGINS,
    SHIPMENT_META,
    WireRoutes,
    WireSite,
    WireTracking,
    fields,
    fulfillments_from,
    get,
    text,
)
from ._writes import note, order_path, post, put_order, state_of


def announce(
    settings: Settings, order: Order, notice: ShipmentNotice, past: Past
) -> Flow[Write | Announced | Unclear]:
    """Show the departure where this shop shows departures, then complete the order if it is the last."""
    way = yield from way_of(settings, notice)
    if way == "fulfillments":
        told = yield from _fulfill(settings, order, notice, past)
    elif way == "note":
        told = yield from _tell_by_note(settings, order, notice)
    else:
        told = yield from _track(settings, order, notice, way)
    if isinstance(told, Announced) and notice.completes and settings.complete_status:
        status = (yield from state_of(order)).status
        if status not in {settings.complete_status, COMPLETED, *CLOSED}:
            return put_order(order, "status", {"status": settings.complete_status})
    elif isinstance(told, Announced) and notice.lines and not notice.completes:
        return (yield from part_shipped(settings, order)) or told
    return told


def way_of(settings: Settings, notice: ShipmentNotice) -> Flow[str]:
    """``fulfillments``, ``note``, or the namespace of a tracking plug-in."""
    # Fulfillments count whole units and cannot be empty.
    whole = all(line.units == line.units.to_integral_value() for line in notice.lines)
    return (yield from place_of(settings, fulfillments=bool(notice.lines) and whole))


def place_of(settings: Settings, *, fulfillments: bool = True) -> Flow[str]:
    """As ``way_of``: the first place that the merchant wants and the shop has."""
    wanted = settings.tracking
    possible = fulfillments and wanted in ("auto", "fulfillments")
    if possible and (
        wanted == "fulfillments" or decode(WireRoutes, (yield get(API, keep=KEEP))).fulfillments
    ):
        return "fulfillments"
    if wanted in ("auto", "plugin"):
        site = decode(WireSite, (yield get("/wp-json/", ("_fields", "namespaces"), keep=KEEP)))
        if site.plugin or wanted == "plugin":
            return site.plugin or PLUGINS[0]
    return "note"


def _unseen(settings: Settings, notice: ShipmentNotice) -> tuple[str, ...]:
    if not notice.notify or not settings.completion_mails(notice):
        return ()
    return ("the shopper's mail says that the order is complete but not the tracking number",)


def _fulfill(
    settings: Settings, order: Order, notice: ShipmentNotice, past: Past
) -> Flow[Write | Announced | Unclear]:
    """WooCommerce's own fulfillments: one entry per package, with our key on it."""
    path = f"{order_path(order)}/fulfillments"
    there = fulfillments_from((yield get(path)))
    ours = [entry for entry in there if entry.notice.startswith(f"{notice.key}/")]
    parcels = parcels_of(notice)
    warnings = [*_unseen(settings, notice)]
    if len(notice.packages) > 1:
        warnings.append("the shop wants contents for each package; which units are in which is assumed")
    refs: list[str] = []
    for number, parcel in enumerate(parcels, 1):
        slug, warning = slug_of(settings, parcel.packages[0])
        warnings.extend(warning)
        key = f"{notice.key}/{number}"
        found = [entry for entry in ours if entry.notice == key]
        if not found:
            found = [
                entry
                for entry in there
                if not entry.notice and same_number(entry.tracking_number, parcel.numbers)
            ]
            # Somebody typed it in by hand: the same thing, or a riddle.
            if any(entry.items != parcel.items or not entry.left for entry in found):
                why = f"fulfillment {found[0].id} has this tracking number but other contents"
                return Unclear(f"order {order.ref}: {why}")
        if len(found) > 1:
            ids = ", ".join(str(entry.id) for entry in found)
            return Unclear(
                f"order {order.ref}: fulfillments {ids} show one package ({key}); delete all but one"
            )
        if found:
            refs.append(str(found[0].id))
            continue
        if too_many := beyond(order, parcel.items, there):
            return Unclear(too_many)
        body = parcel.body(key, slug, notify=number == 1 and settings.mails(notice))
        return post(f"fulfillment-{number}", path, body)
    if settings.mails(notice) and past.attempted and "fulfillment-1" not in past.answers:
        # What a mail plug-in throws comes back as a refusal, although the fulfillment was saved before.
        warnings.append(
            "the shop's answer was lost or an error: its mail to the shopper may not have gone out"
        )
    return Announced(refs=tuple(refs), warnings=tuple(dict.fromkeys(warnings)))


def slug_of(settings: Settings, package: Package) -> tuple[str, list[str]]:
    mapped = settings.mapped(package.carrier)
    slug = mapped or core_carrier(package.carrier)
    if slug or not package.carrier:
        return slug, []
    return "other", [f"carrier {package.carrier} is not known to the shop; shown by name"]


def _track(
    settings: Settings, order: Order, notice: ShipmentNotice, plugin: str
) -> Flow[Write | Announced | Unclear]:
    """A shipment tracking plug-in: it knows numbers only, so what left goes into a note."""
    path = f"/wp-json/{plugin}/orders/{order.ref}/shipment-trackings"
    there = decode(list[WireTracking], (yield get(path)))
    known = yield from providers(plugin, order.ref)
    refs: list[str] = []
    warnings: list[str] = []
    for number, package in enumerate(notice.packages, 1):
        if not package.tracking_number:
            continue
        provider = settings.mapped(package.carrier) or known.get(same_name(package.carrier), ("", ""))[0]
        if not provider:
            name = package.carrier or "without a name"
            warnings.append(f"carrier {name} is not known to the shop's tracking plug-in; shown by name")
        found = [
            entry for entry in there if same_number(text(entry.tracking_number), package.tracking_number)
        ]
        if len(found) > 1:
            return Unclear(
                f"order {order.ref}: {len(found)} entries of one tracking number; delete all but one"
            )
        if found:
            refs.append(text(found[0].tracking_id))
            continue
        return post(f"tracking-{number}", path, tracking(notice, package, provider))
    all_numbered = all(package.tracking_number for package in notice.packages)
    if all_numbered and settings.completion_mails(notice):
        return Announced(refs=tuple(refs), warnings=tuple(warnings))
    noted = yield from note(order, notice.key, departure(order, notice), to_shopper=settings.mails(notice))
    return noted if noted else Announced(refs=tuple(refs), warnings=tuple(warnings))


def _tell_by_note(
    settings: Settings, order: Order, notice: ShipmentNotice
) -> Flow[Write | Announced | Unclear]:
    """A plain shop: order meta for programs, a note for people."""
    key = SHIPMENT_META + notice.key
    if not fields((yield from state_of(order)).meta(key)):
        return put_order(order, "shipment", {"meta_data": [{"key": key, "value": in_meta(notice)}]})
    noted = yield from note(order, notice.key, departure(order, notice), to_shopper=settings.mails(notice))
    return noted if noted else Announced(warnings=_unseen(settings, notice))


def tracking(notice: ShipmentNotice, package: Package, provider: str) -> dict[str, object]:
    """An entry of a plug-in; ``provider`` is its own name for the carrier, or empty if it has none."""
    body: dict[str, object] = {"tracking_number": package.tracking_number}
    if provider:
        body["tracking_provider"] = provider
    else:
        body["custom_tracking_provider"] = package.carrier or "Other"
        body["custom_tracking_link"] = web_link(package)
    body["date_shipped"] = notice.shipped_at.date().isoformat()
    return body


def in_meta(notice: ShipmentNotice) -> dict[str, object]:
    """A departure as order meta keeps it."""
    units: dict[str, Decimal] = {}
    for line in notice.lines:
        units[line.line_ref] = units.get(line.line_ref, Decimal(0)) + line.units
    return {
        # A list: PHP turns an object with numbers for names, or with none, into something else.
        "lines": [{"line": ref, "units": f"{count:f}"} for ref, count in units.items()],
        "packages": [
            {"number": package.tracking_number, "url": web_link(package), "carrier": package.carrier}
            for package in notice.packages
        ],
        "shipped_at": notice.shipped_at.isoformat(timespec="seconds"),
    }
