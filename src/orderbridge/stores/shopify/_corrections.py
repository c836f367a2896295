"""Putting right the tracking of a departure that the shop was told of.

Shopify replaces all that a fulfillment shows at once, so that each is told its whole tracking.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from ..._model import Order, Package, ShipmentNotice
from ...adapters import Announced, Flow, LookUp, Repeat, Unclear, Write, same_name, same_number, web_link
from ._carriers import company_of
from ._departures import (
    UNMARKED,
    Shop,
    numbers_of,
    refs_of,
    same_numbers,
    shop_of,
    sum_of,
    units_in,
    units_of,
)
from ._documents import TRACK
from ._graphql import change
from ._parcels import number_of, parcels_of, tracking_of
from ._settings import Settings
from ._wire import WireFulfillment, ref_of


def correct(
    settings: Settings, order: Order, notice: ShipmentNotice, told: tuple[Package, ...]
) -> Flow[Write | Announced | Unclear]:
    """The whole tracking of each fulfillment of the departure; numbers that others added stay."""
    shop = yield from shop_of(settings, order.ref)
    if shop is None:
        return Unclear(f"order {order.ref}: the shop has no such order any more")
    ours = _of_notice(shop, notice, told)
    if isinstance(ours, Unclear):
        return ours
    return corrected(settings, shop, ours, notice, told)


def corrected(
    settings: Settings,
    shop: Shop,
    ours: Sequence[WireFulfillment],
    notice: ShipmentNotice,
    told: Sequence[Package],
) -> Write | Announced:
    """The next fulfillment to be put right, or what is to be said once all are."""
    _, warnings = parcels_of(settings, notice.packages)
    if not shop.may_mark:
        warnings += (UNMARKED,)
    placed = _placed(settings, ours, notice.packages, told)
    news = [each.id for each in ours if any(package not in told for package in placed[each.id])]
    for departure in ours:
        kept = [
            Package(tracking_number=track.number or "", tracking_url=track.url or "")
            for track in departure.trackingInfo
            if track.number and not _is_any(track.number, (*told, *notice.packages))
        ]
        parcels, _ = parcels_of(settings, placed[departure.id])
        packages = [*(package for each in parcels for package in each.packages), *kept]
        if not packages:
            if numbers_of(departure):
                warnings += (f"fulfillment {ref_of(departure.id)} keeps its number: take it off in the shop",)
            continue
        company = (parcels[0].carrier if parcels else "") or _company(departure)
        if len(parcels) > 1:
            warnings += (
                f"Shopify shows one carrier for each fulfillment: other numbers stand under {company}",
            )
        if not _shows(departure, company, packages, told):
            mail = notice.notify and settings.shipped_mail and news[:1] == [departure.id]
            return _track(settings, departure, company, packages, mail=mail)
    return Announced(refs=tuple(ref_of(each.id) for each in ours), warnings=tuple(dict.fromkeys(warnings)))


def _of_notice(
    shop: Shop, notice: ShipmentNotice, told: tuple[Package, ...]
) -> tuple[WireFulfillment, ...] | Unclear:
    plan = shop.plan(notice.key)
    if plan is not None:
        made = {part.made for part in plan.parts if part.made}
        ours = tuple(each for each in shop.left if each.id in made)
    else:
        claimed = shop.claimed()
        ours = tuple(
            each
            for each in shop.left
            if each.id not in claimed
            and any(_is_any(number, (*told, *notice.packages)) for number in numbers_of(each))
        )
        wanted = units_of(notice)
        if ours and sum_of(map(units_in, ours)) != wanted:
            return Unclear(
                f"order {shop.ref}: fulfillments {refs_of(ours)} show numbers of the departure {notice.key} "
                "but hold other units"
            )
    return ours or Unclear(f"order {shop.ref}: no fulfillment is the departure {notice.key}")


def _placed(
    settings: Settings,
    ours: Sequence[WireFulfillment],
    packages: Sequence[Package],
    told: Sequence[Package],
) -> dict[str, list[Package]]:
    """Which package is shown where: in its own place, in that of the one it corrects, else by carrier."""
    placed: dict[str, list[Package]] = {each.id: [] for each in ours}
    for index, package in enumerate(packages):
        if not number_of(package):
            continue
        before = told[index] if index < len(told) and not _is_any(number_of(told[index]), packages) else None
        homes = [
            each
            for each in ours
            if _is_any_of(package, each) or (before is not None and _is_any_of(before, each))
        ]
        if not homes:
            company, _ = company_of(settings, package.carrier)
            homes = [each for each in ours if _company(each) == company][:1] or list(ours[:1])
        for home in homes:
            placed[home.id].append(package)
    return placed


def _is_any(number: str, packages: Iterable[Package]) -> bool:
    return any(same_number(number, package.tracking_number) for package in packages)


def _is_any_of(package: Package, departure: WireFulfillment) -> bool:
    return any(same_number(number, package.tracking_number) for number in numbers_of(departure))


def _company(departure: WireFulfillment) -> str:
    return next((track.company for track in departure.trackingInfo if track.company), "")


def _shows(
    departure: WireFulfillment, company: str, packages: Sequence[Package], told: Sequence[Package]
) -> bool:
    if not same_numbers(numbers_of(departure), map(number_of, packages)) or (
        # Where we name none, Shopify guesses one.
        company and not same_name(_company(departure), company)
    ):
        return False
    # Shopify may make links of its own: only one that we put right is looked at.
    links = {track.url for track in departure.trackingInfo}
    before = {web_link(package) for package in told}
    return all(
        web_link(package) in links
        for package in packages
        if web_link(package) and web_link(package) not in before
    )


def _track(
    settings: Settings, departure: WireFulfillment, company: str, packages: Sequence[Package], *, mail: bool
) -> Write:
    tracking = tracking_of(company, packages)
    shown = hashlib.sha256(repr(sorted(tracking.items())).encode()).hexdigest()[:8]
    return change(
        settings,
        f"track-{ref_of(departure.id)}-{shown}",
        TRACK,
        {"id": departure.id, "tracking": tracking, "notify": mail},
        # The same set twice is one, but two mails are two.
        unknown=LookUp() if mail else Repeat(),
    )
