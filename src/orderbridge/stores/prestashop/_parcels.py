"""A departure in PrestaShop's terms: which row gets which number, and what is said in words."""

from __future__ import annotations

import re

import attrs

from ..._model import Order, Package, ShipmentNotice
from ._wire import Row

# The column holds so many; 8.1 cuts off the rest without a word.
LONGEST = 64
_ALLOWED = re.compile(r"[~:#,%&_=()\[\]. ?+\-@/a-zA-Z0-9]+")


@attrs.frozen(kw_only=True)
class Parcel:
    """A package whose number PrestaShop can hold.

    Args:
        place: Its place in the notice, from 1; it names the writes.

        number: As it is written to the shop.
    """

    place: int
    number: str
    package: Package


def parcels_of(notice: ShipmentNotice) -> tuple[tuple[Parcel, ...], tuple[str, ...]]:
    """Those packages that can be shown, and warnings about the others."""
    found: list[Parcel] = []
    warnings: list[str] = []
    for place, package in enumerate(notice.packages, 1):
        number = " ".join(package.tracking_number.split())
        if not number:
            continue
        if len(number) > LONGEST or not _ALLOWED.fullmatch(number):
            what = f"more than {LONGEST} signs" if len(number) > LONGEST else "signs that PrestaShop refuses"
            warnings.append(f"a tracking number has {what}; it stands in the order's messages only")
            continue
        if not any(same_number(number, other.number) for other in found):
            found.append(Parcel(place=place, number=number, package=package))
    return tuple(found), tuple(warnings)


def same_number(one: str, other: str) -> bool:
    """Equal but for blanks and letter case, in which people and carriers differ."""
    return bool(one.strip()) and "".join(one.split()).casefold() == "".join(other.split()).casefold()


def same_name(name: str) -> str:
    """A carrier's name, comparable: letters and digits only."""
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def showing(rows: list[Row], number: str) -> list[Row]:
    """The order carriers that show ``number``."""
    return [row for row in rows if same_number(row.text("tracking_number"), number)]


def free(rows: list[Row]) -> Row | None:
    """The first order carrier that still shows no number."""
    return next((row for row in rows if not row.text("tracking_number")), None)


def departure(order: Order, notice: ShipmentNotice) -> str:
    """What left, for people. PrestaShop knows no contents of a parcel, so they stand here only."""
    names = {line.ref: line.name or line.sku or line.ref for line in order.lines}
    said = [f"Shipped on {notice.shipped_at.date().isoformat()}:"]
    said += [
        f"{line.units.normalize():f} x {names.get(line.line_ref, line.line_ref)}" for line in notice.lines
    ]
    for package in notice.packages:
        parts = (package.carrier, package.tracking_number, package.tracking_url)
        if any(parts):
            said.append("Parcel: " + " ".join(part for part in parts if part))
    return "\n".join(said)
