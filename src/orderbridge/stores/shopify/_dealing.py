"""From where each unit of a departure ships, and with which carrier: one fulfillment for each such pair."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ...adapters import Unclear
from ._departures import Part, Shop, can, location_of, sum_of
from ._orders import is_fetched, is_ours
from ._parcels import Parcels
from ._settings import Settings
from ._wire import WireFulfillmentOrder, WireFulfillmentOrderLine, ref_of, whole

# --- what may ship, and what speaks against it ----------------------------------------------------------


def may_ship(work: WireFulfillmentOrder, settings: Settings) -> bool:
    """Ours, and Shopify lets us ship it now."""
    return (
        work.status in ("OPEN", "IN_PROGRESS") and is_ours(work, settings) and can(work, "CREATE_FULFILLMENT")
    )


def rows_of(work: WireFulfillmentOrder) -> tuple[WireFulfillmentOrderLine, ...]:
    rows = work.lineItems or whole(())
    return tuple(row for row in rows.items if row.remainingQuantity > 0)


def why_not(shop: Shop, settings: Settings, line: str) -> str:
    """Where the rest of a line is, and why it cannot ship, in words."""
    if not shop.works:
        return (
            "the app is shown no fulfillment order: it lacks the access, or Shopify has not routed the order"
        )
    found = [
        f"{row.remainingQuantity} in fulfillment order {ref_of(work.id)}, {_why(work, settings)}"
        for work in shop.works
        if not may_ship(work, settings)
        for row in rows_of(work)
        if ref_of(row.lineItem.id) == line
    ]
    return "; ".join(found) or "no fulfillment order that we are shown holds the rest"


def _why(work: WireFulfillmentOrder, settings: Settings) -> str:
    state = f"{work.status}/{work.requestStatus}"
    if work.our_holds:
        return f"on hold ({state}) since the bridge was told so; release the order there, then choose retry"
    if work.status == "ON_HOLD":
        return f"on hold ({state}); only who placed the hold should take it off"
    if is_fetched(work):
        return f"where the shopper fetches it in the store ({state})"
    if not is_ours(work, settings):
        return f"of another location or service ({state}, location {location_of(work)})"
    return f"which Shopify does not let the app ship now ({state})"


# --- dealing --------------------------------------------------------------------------------------------


def _free(settings: Settings, shop: Shop) -> dict[tuple[str, str], int]:
    """Units that may ship now, by location and line."""
    free: dict[tuple[str, str], int] = {}
    for work in shop.works:
        for row in rows_of(work) if may_ship(work, settings) else ():
            at = (location_of(work), ref_of(row.lineItem.id))
            free[at] = free.get(at, 0) + row.remainingQuantity
    return free


def fits(settings: Settings, shop: Shop, parts: Iterable[Part]) -> bool:
    free = _free(settings, shop)
    for part in parts:
        for line, count in part.units.items():
            left = free.get((part.location, line), 0) - count
            if left < 0:
                return False
            free[(part.location, line)] = left
    return True


def deal(settings: Settings, shop: Shop, wanted: Mapping[str, int]) -> list[tuple[str, str, int]] | Unclear:
    """From where each unit ships: all from one location if one has it all, else as the shop lists them."""
    free = _free(settings, shop)
    places = list(dict.fromkeys(place for place, _ in free))
    whole = [place for place in places if all(free.get((place, line), 0) >= n for line, n in wanted.items())]
    dealt: list[tuple[str, str, int]] = []
    missing: list[str] = []
    left = dict(wanted)
    for place in whole[:1] or places:
        for line in wanted:
            count = min(left[line], free.get((place, line), 0))
            if count:
                dealt.append((place, line, count))
                left[line] -= count
    for line, count in left.items():
        if count:
            why = "the order is canceled" if shop.canceled else why_not(shop, settings, line)
            missing.append(
                f"line {line}: {count} of {wanted[line]} units cannot be shipped in the shop: {why}"
            )
    return Unclear(f"order {shop.ref}: {'; '.join(missing)}") if missing else dealt


def parts_of(dealt: Sequence[tuple[str, str, int]], parcels: Sequence[Parcels]) -> list[Part]:
    """One fulfillment for each location and carrier.

    Nobody says which units left with which carrier, so they are dealt in order: whole locations where there
    are enough of them, else whole lines, else single units.
    """
    carriers = list(parcels) or [Parcels()]
    groups = _groups(dealt, len(carriers))
    if len(groups) < len(carriers):
        # More carriers than units: their numbers go with the last unit.
        last = carriers[len(groups) - 1 :]
        packages = tuple(package for each in last for package in each.packages)
        carriers = [*carriers[: len(groups) - 1], Parcels(carrier=last[0].carrier, packages=packages)]
    parts: list[Part] = []
    for group, each in zip(groups, carriers, strict=True):
        for place in dict.fromkeys(place for place, _, _ in group):
            units = sum_of({line: count} for at, line, count in group if at == place)
            parts.append(Part(location=place, units=units, carrier=each.carrier, numbers=each.numbers))
    return parts


def _groups(dealt: Sequence[tuple[str, str, int]], carriers: int) -> list[list[tuple[str, str, int]]]:
    """At most so many groups, none of them empty."""
    places = list(dict.fromkeys(place for place, _, _ in dealt))
    if carriers == 1:
        return [list(dealt)]
    if len(places) >= carriers:
        chunks = [[row for row in dealt if row[0] == place] for place in places]
    elif len(dealt) >= carriers:
        chunks = [[row] for row in dealt]
    else:
        chunks = [[(place, line, 1)] for place, line, count in dealt for _ in range(count)]
    first = chunks[: carriers - 1]
    rest = [row for chunk in chunks[carriers - 1 :] for row in chunk]
    return [*first, rest] if rest else first
