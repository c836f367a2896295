"""A departure as WooCommerce shows it: packages, their contents, their carriers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import attrs

from ..._model import NoticeLine, Order, Package, ShipmentNotice
from ...adapters import web_link
from ._orders import fulfilled_units
from ._wire import NOTICE_META, WireFulfillment


@attrs.frozen(kw_only=True)
class Parcel:
    """One entry of WooCommerce's order fulfillments."""

    lines: tuple[tuple[str, int], ...]
    packages: tuple[Package, ...]

    @property
    def numbers(self) -> str:
        return ", ".join(package.tracking_number for package in self.packages if package.tracking_number)

    @property
    def items(self) -> dict[str, Decimal]:
        return {ref: Decimal(units) for ref, units in self.lines}

    def meta(self, slug: str) -> dict[str, object]:
        """What an entry says of this parcel; what is empty is not to be there."""
        package = self.packages[0]
        return {
            "_items": [{"item_id": int(ref), "qty": units} for ref, units in self.lines],
            "_tracking_number": self.numbers,
            # The screens read the first, newer code the second.
            "_shipment_provider": slug,
            "_shipping_provider": slug,
            "_provider_name": package.carrier if slug == "other" else "",
            "_tracking_url": web_link(package),
        }

    def body(self, key: str, slug: str, *, notify: bool) -> dict[str, object]:
        meta = {**self.meta(slug), NOTICE_META: key}
        # Without an id of 0 the shop drops the meta and then complains that there are no items.
        rows = [{"id": 0, "key": name, "value": value} for name, value in meta.items() if value]
        return {"status": "fulfilled", "is_fulfilled": True, "meta_data": rows, "notify_customer": notify}


def parcels_of(notice: ShipmentNotice) -> list[Parcel]:
    """The departure as entries that each hold something, every unit in exactly one of them.

    Nobody says which package holds what, and the shop takes no empty entry: the first gets all but one
    unit for each further one. Where there are more packages than units, the last entry gets their numbers.
    """
    units: dict[str, int] = {}
    for line in notice.lines:
        ref = _shop_line(line)
        units[ref] = units.get(ref, 0) + int(line.units)
    singles = [ref for ref, count in units.items() for _ in range(count)]
    packages = notice.packages or (Package(),)
    entries = min(len(packages), len(singles))
    cut = len(singles) - entries + 1
    contents = [singles[:cut], *([ref] for ref in singles[cut:])]
    return [
        Parcel(
            lines=tuple((ref, content.count(ref)) for ref in dict.fromkeys(content)),
            packages=packages[index:] if index == entries - 1 else packages[index : index + 1],
        )
        for index, content in enumerate(contents)
    ]


def _shop_line(line: NoticeLine) -> str:
    return line.ship_ref or line.line_ref


def beyond(order: Order, items: Mapping[str, Decimal], there: Iterable[WireFulfillment]) -> str:
    """Why more units would have left than were ordered, or nothing."""
    ordered = {line.ship_ref or line.ref: line.quantity for line in order.lines}
    left = fulfilled_units(there)
    for ref, count in items.items():
        if ref in ordered and left.get(ref, Decimal(0)) + count > ordered[ref]:
            others = f"{left.get(ref, Decimal(0))} of {ordered[ref]} units are fulfilled already"
            return f"order {order.ref}, line {ref}: {others}, by somebody else"
    return ""
