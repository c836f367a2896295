"""A departure in PrestaShop's terms: which row gets which number, and which cannot be shown."""

from __future__ import annotations

import re

import attrs

from ..._model import Package, ShipmentNotice
from ...adapters import same_number
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


def showing(rows: list[Row], number: str) -> list[Row]:
    """The order carriers that show ``number``."""
    return [row for row in rows if same_number(row.text("tracking_number"), number)]


def free(rows: list[Row]) -> Row | None:
    """The first order carrier that still shows no number."""
    return next((row for row in rows if not row.text("tracking_number")), None)
