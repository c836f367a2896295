"""Packages as Magento shows them: tracks of a shipment, and links, which a track has no place for."""

from __future__ import annotations

import attrs

from ..._model import Package
from ...adapters import Carrier, Write, by_name, same_name, same_number, web_link
from ._comments import clean, post
from ._settings import Settings
from ._shapes import WireComment, WireOrder, WireShipment, WireTrack
from ._values import flag, text

# Magento's own, which it knows how to follow a number of. Any other code is shown by its title.
CARRIERS = (
    Carrier(code="custom", name="any other, shown by name"),
    Carrier(code="dhl", name="DHL"),
    Carrier(code="fedex", name="FedEx"),
    Carrier(code="ups", name="UPS"),
    Carrier(code="usps", name="USPS"),
)
_FOLLOWED = frozenset(carrier.code for carrier in CARRIERS) - {"custom"}
# The column holds so many; the rest is cut off without a word.
_CODE = 32
_TITLE = 255


@attrs.frozen(kw_only=True)
class Parcel:
    """A package as Magento's tracks show it.

    Args:
        place: Its place in the notice, from 1.

        link: Its tracking page, where Magento makes no link of its own.
    """

    place: int
    package: Package
    number: str
    code: str
    title: str
    link: str

    @property
    def track(self) -> dict[str, object]:
        return {"track_number": self.number, "title": self.title, "carrier_code": self.code}

    def is_shown(self, there: WireShipment) -> bool:
        return bool(tracks_of(there, self.number))

    def is_shown_so(self, track: WireTrack) -> bool:
        """By its number, and by its carrier's name too."""
        same = text(track.carrier_code) == self.code and text(track.title) == self.title
        return same and same_number(text(track.track_number), self.number)


def parcels_of(
    settings: Settings, packages: tuple[Package, ...]
) -> tuple[tuple[Parcel, ...], tuple[str, ...]]:
    """The packages that have a number, each number once, and warnings about carriers."""
    found: list[Parcel] = []
    warnings: list[str] = []
    for place, package in enumerate(packages, 1):
        shown = clean(" ".join(package.tracking_number.split()))
        # Magento takes a nought for no number at all, and refuses the whole shipment for it.
        if shown in ("", "0") or any(same_number(shown, other.number) for other in found):
            continue
        code, warning = _carrier(settings, package.carrier)
        warnings += warning
        title = clean(package.carrier)[:_TITLE] or "Parcel"
        link = "" if code in _FOLLOWED else clean(web_link(package))
        found.append(Parcel(place=place, package=package, number=shown, code=code, title=title, link=link))
    return tuple(found), tuple(dict.fromkeys(warnings))


def _carrier(settings: Settings, name: str) -> tuple[str, list[str]]:
    """The shop's code for a supplier's carrier, and a warning if it knows none."""
    mapped = by_name(settings.carriers, name)
    if len(mapped) > _CODE:
        return "custom", [f"carriers: {mapped} is longer than the {_CODE} letters that the shop keeps"]
    own = next((each.code for each in CARRIERS if same_name(each.name, name)), "")
    if mapped or own:
        return mapped or own, []
    return "custom", [f"carrier {name} is not known to the shop; shown by name"] if name.strip() else []


def tracks_of(shipment: WireShipment, number: str) -> list[WireTrack]:
    """The shipment's tracks that show this number."""
    return [track for track in shipment.tracks or () if same_number(text(track.track_number), number)]


def add_track(
    settings: Settings, wire: WireOrder, shipment: WireShipment, parcel: Parcel, step: str
) -> Write:
    """One number more on a shipment; no mail goes out."""
    entity = {"order_id": int(wire.ref), "parent_id": int(shipment.ref), **parcel.track}
    return post(settings, step, "/shipment/track", {"entity": entity})


def show_links(settings: Settings, shipment: WireShipment, parcels: tuple[Parcel, ...]) -> Write | None:
    """Tracking pages that the shopper is still to be shown, as one comment that the shop does not mail."""
    said = " ".join(text(comment.comment) for comment in shipment.comments or () if _is_visible(comment))
    # One link may be the beginning of another.
    links = {word.rstrip(";") for word in said.split()}
    new = [parcel for parcel in parcels if parcel.link and parcel.link not in links]
    if not new:
        return None
    comment = "; ".join(f"{parcel.title} {parcel.number}: {parcel.link}" for parcel in new)
    return remark(settings, "link", shipment, comment, to_shopper=True)


def remark(settings: Settings, step: str, shipment: WireShipment, comment: str, *, to_shopper: bool) -> Write:
    """A comment on a shipment, which the shop does not mail."""
    entity = {
        "parent_id": int(shipment.ref),
        "comment": comment,
        "is_customer_notified": 0,
        "is_visible_on_front": int(to_shopper),
    }
    return post(settings, step, f"/shipment/{shipment.ref}/comments", {"entity": entity})


def _is_visible(comment: WireComment) -> bool:
    return flag(comment.is_visible_on_front)
