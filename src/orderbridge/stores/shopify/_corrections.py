"""Putting right the tracking of a departure that the shop was told of.

Shopify replaces all that a fulfillment shows at once, so that each is told its whole tracking.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from ..._model import Order, Package, ShipmentNotice
from ...adapters import Announced, Flow, LookUp, Past, Repeat, Unclear, Write, same_name, same_number
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
from ._documents_shipping import TRACK
from ._graphql import change
from ._parcels import Parcels, link_of, number_of, parcels_of, tracking_of
from ._settings import Settings
from ._wire import WireFulfillment, ref_of


def correct(
    settings: Settings, order: Order, notice: ShipmentNotice, told: tuple[Package, ...], past: Past
) -> Flow[Write | Announced | Unclear]:
    """The whole tracking of each fulfillment of the departure; numbers that others added stay."""
    shop = yield from shop_of(settings, order.ref)
    if shop is None:
        return Unclear(f"order {order.ref}: the shop has no such order any more")
    ours = _of_notice(shop, notice, told)
    if isinstance(ours, Unclear):
        return ours
    return corrected(settings, shop, ours, notice, told, past)


def corrected(
    settings: Settings,
    shop: Shop,
    ours: Sequence[WireFulfillment],
    notice: ShipmentNotice,
    told: Sequence[Package],
    past: Past,
) -> Write | Announced:
    """The next fulfillment to be put right, or what is to be said once all are."""
    _, warnings = parcels_of(settings, notice.packages)
    if not shop.may_mark:
        warnings += (UNMARKED,)
    placed = _placed(settings, ours, notice.packages, told)
    news = [each.id for each in ours if any(package not in told for package in placed[each.id])]
    # A number that was mailed is wrong; one that is only added stands where the first mail links to.
    wrong = any(number_of(each) and not _is_any(number_of(each), notice.packages) for each in told)
    # Goods that leave once more were never mailed about.
    wrong = wrong or not notice.lines
    for departure in ours:
        kept = [
            Package(tracking_number=track.number or "", tracking_url=track.url or "")
            for track in departure.trackingInfo
            if track.number
            and not _is_any(track.number, (*told, *notice.packages))
            and not _was_ours(departure, track.number, past)
        ]
        parcels, _ = parcels_of(settings, placed[departure.id])
        packages = [*(package for each in parcels for package in each.packages), *kept]
        if not packages:
            if numbers_of(departure):
                warnings += (f"fulfillment {ref_of(departure.id)} keeps its number: take it off in the shop",)
            continue
        # One parcel more stands beside the numbers of another departure, which has the carrier's name.
        own = parcels[0].carrier if parcels and (notice.lines or not kept) else ""
        company = own or _company(departure) or (parcels[0].carrier if parcels else "")
        if len(parcels) > 1:
            warnings += (
                f"Shopify shows one carrier for each fulfillment: other numbers stand under {company}",
            )
        if _shows(departure, company, packages, told):
            continue
        tracking = tracking_of(company, packages)
        numbered = same_numbers(numbers_of(departure), map(number_of, packages))
        if numbered and _just_set(departure, tracking, past):
            warnings += (
                f"fulfillment {ref_of(departure.id)} shows another tracking page or carrier than it was told",
            )
            continue
        mail = wrong and not numbered and news[:1] == [departure.id]
        mail = mail and notice.notify and settings.shipped_mail
        return _track(settings, departure, tracking, parcels, past, mail=mail)
    return Announced(refs=tuple(ref_of(each.id) for each in ours), warnings=tuple(dict.fromkeys(warnings)))


def _of_notice(
    shop: Shop, notice: ShipmentNotice, told: tuple[Package, ...]
) -> tuple[WireFulfillment, ...] | Unclear:
    plan = shop.plan(notice.key)
    if not notice.lines:
        home = home_of(shop, (*told, *notice.packages))
        ours = tuple(each for each in shop.left if each is home)
    elif plan is not None:
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


def home_of(shop: Shop, packages: Sequence[Package]) -> WireFulfillment | None:
    """Where a parcel without units of its own is shown: where one of its numbers is, else at the last."""
    there = [each for each in shop.left if any(_is_any(number, packages) for number in numbers_of(each))]
    return next(iter(there), shop.left[-1] if shop.left else None)


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
    before = {link_of(package) for package in told}
    return all(
        link_of(package) in links
        for package in packages
        if link_of(package) and link_of(package) not in before
    )


def _digest(*texts: object) -> str:
    return hashlib.sha256(repr(texts).encode()).hexdigest()[:8]


def _steps(departure: WireFulfillment, past: Past) -> list[str]:
    """What this operation has set on it, for sure."""
    return [step for step in past.answers if step.startswith(f"track-{ref_of(departure.id)}-")]


def _step(departure: WireFulfillment, tracking: Mapping[str, object], no: int) -> str:
    """Numbered, so that going back to what was set before is a step of its own; our numbers follow."""
    return f"track-{ref_of(departure.id)}-{no}-{_digest(*sorted(tracking.items()))}-"


def _just_set(departure: WireFulfillment, tracking: Mapping[str, object], past: Past) -> bool:
    """Shopify has said yes to just this: what it shows otherwise it has made of it itself."""
    steps = _steps(departure, past)
    return any(step.startswith(_step(departure, tracking, len(steps))) for step in steps)


def _was_ours(departure: WireFulfillment, number: str, past: Past) -> bool:
    """Set by this operation, and changed again by the supplier before it was told."""
    return any(_digest(number) in step.split("-")[4:] for step in _steps(departure, past))


def _track(
    settings: Settings,
    departure: WireFulfillment,
    tracking: Mapping[str, object],
    parcels: Iterable[Parcels],
    past: Past,
    *,
    mail: bool,
) -> Write:
    done = len(_steps(departure, past))
    step = _step(departure, tracking, done if _just_set(departure, tracking, past) else done + 1)
    return change(
        settings,
        step + "-".join(_digest(number) for each in parcels for number in each.numbers),
        TRACK,
        {"id": departure.id, "tracking": tracking, "notify": mail},
        # The same set twice is one, but two mails are two.
        unknown=LookUp() if mail else Repeat(),
    )
