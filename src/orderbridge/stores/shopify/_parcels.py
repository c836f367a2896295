"""Packages as Shopify shows them: the numbers of one carrier, each with its link, in one fulfillment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote

import attrs

from ..._model import Package
from ...adapters import same_number, web_link
from ._carriers import company_of
from ._settings import Settings


@attrs.frozen(kw_only=True)
class Parcels:
    """The packages of one carrier.

    Args:
        carrier: In Shopify's spelling, or as the supplier calls it.

        packages: Those with a number, each number once.
    """

    carrier: str = ""
    packages: tuple[Package, ...] = ()

    @property
    def numbers(self) -> tuple[str, ...]:
        return tuple(number_of(package) for package in self.packages)


def parcels_of(
    settings: Settings, packages: Iterable[Package]
) -> tuple[tuple[Parcels, ...], tuple[str, ...]]:
    """The packages by carrier, each number once; and what cannot be said in full."""
    found: dict[str, list[Package]] = {}
    unnumbered: dict[str, None] = {}
    warnings: list[str] = []
    for package in packages:
        carrier, warning = company_of(settings, package.carrier)
        warnings += [warning] if warning else []
        if not number_of(package):
            unnumbered[carrier] = None
            if web_link(package):
                warnings.append("a tracking page without a number cannot be shown")
        elif not any(
            same_number(number_of(package), number_of(other)) for each in found.values() for other in each
        ):
            found.setdefault(carrier, []).append(package)
    parcels = tuple(Parcels(carrier=name, packages=tuple(some)) for name, some in found.items())
    return parcels or tuple(Parcels(carrier=name) for name in list(unnumbered)[:1]), tuple(
        dict.fromkeys(warnings)
    )


def numbers_in(packages: Iterable[Package]) -> tuple[str, ...]:
    return tuple(map(number_of, packages))


def number_of(package: Package) -> str:
    return " ".join(package.tracking_number.split())


def link_of(package: Package) -> str:
    """The tracking page as Shopify takes it: no signs that RFC 3986 wants escaped, or it refuses the call."""
    return quote(web_link(package), safe=":/?#[]@!$&'()*+,;=%-._~")


def tracking_of(carrier: str, packages: Sequence[Package]) -> dict[str, object]:
    """Carrier, numbers and links as Shopify wants them: matched by position, and no link without a number."""
    tracking: dict[str, object] = {"company": carrier} if carrier else {}
    # Those with a link first, so that each link stands where its number does.
    rows = sorted(packages, key=lambda package: not web_link(package))
    links = [link_of(package) for package in rows if web_link(package)]
    if len(rows) == 1:
        tracking["number"] = number_of(rows[0])
        if links:
            tracking["url"] = links[0]
    elif rows:
        tracking["numbers"] = [number_of(package) for package in rows]
        if links:
            tracking["urls"] = links
    return tracking
