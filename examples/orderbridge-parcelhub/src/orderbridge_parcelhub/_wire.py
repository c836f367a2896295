"""What ParcelHub says, as classes, and what it means in orderbridge's words.

Only fields that are used stand here; what else an answer holds is ignored. A missing or wrong
field stops the flow with its path in the error, so nothing here needs to check for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

import attrs
from orderbridge import Money, Package, PurchaseOrder, Shipment, ShipmentLine
from orderbridge.errors import Malformed, Unsupported

__all__ = [
    "WireAccount",
    "WireAnswer",
    "WireDraft",
    "WireLine",
    "WireOrder",
    "WireStatus",
    "address_of",
    "lines_of",
    "units_of",
    "utc",
]


@attrs.frozen(kw_only=True)
class WireAnswer:
    """To any write: the id of what was made, or why nothing was."""

    ok: bool = False
    id: str = ""
    error: str = ""


@attrs.frozen(kw_only=True)
class WireAccount:
    id: str
    blocked: bool


@attrs.frozen(kw_only=True)
class WireStatus:
    code: str
    stage: str | None  # null while ParcelHub has not filed a new code yet


@attrs.frozen(kw_only=True)
class WireLine:
    sku: str
    quantity: Decimal


@attrs.frozen(kw_only=True)
class WireDraft:
    memo: str
    lines: list[WireLine]
    order: str | None


@attrs.frozen(kw_only=True)
class WirePackage:
    carrier: str
    number: str
    link: str | None = None


@attrs.frozen(kw_only=True)
class WireShipment:
    id: str
    left_at: datetime | None
    lines: list[WireLine]
    packages: list[WirePackage]


@attrs.frozen(kw_only=True)
class WireOrder:
    id: str
    memo: str
    status: str
    changed_at: datetime
    payment: str
    total: Decimal
    currency: str
    url: str
    lines: list[WireLine]
    shipments: list[WireShipment]

    @property
    def money(self) -> Money:
        """What it costs."""
        return Money(self.total, self.currency)

    @property
    def departures(self) -> tuple[Shipment, ...]:
        """What has left. A shipment is listed, numbers and all, as soon as its label is printed."""
        return tuple(
            Shipment(
                ref=shipment.id,
                packages=tuple(
                    Package(tracking_number=each.number, tracking_url=each.link or "", carrier=each.carrier)
                    for each in shipment.packages
                ),
                lines=tuple(
                    ShipmentLine(remote_id=line.sku, quantity=line.quantity) for line in shipment.lines
                ),
                shipped_at=utc(shipment.left_at),
            )
            for shipment in self.shipments
            if shipment.left_at is not None
        )


def utc(at: datetime) -> datetime:
    """A time that ParcelHub wrote."""
    if at.tzinfo is None:
        raise Malformed("a time without a zone came, where ParcelHub promises UTC")
    return at.astimezone(UTC)


def units_of(lines: Iterable[WireLine]) -> dict[str, Decimal]:
    """Units by SKU, to compare with ``PurchaseOrder.units``."""
    return {line.sku: line.quantity for line in lines}


def lines_of(po: PurchaseOrder) -> list[dict[str, object]]:
    """The lines to ask for, in the same order every time."""
    if not po.lines:
        raise Unsupported("the purchase order has no lines")
    for sku, quantity in po.units.items():
        if quantity != quantity.to_integral_value() or quantity <= 0:
            raise Unsupported(f"{sku}: {quantity} units; ParcelHub takes whole units only")
    return [{"sku": sku, "quantity": int(quantity)} for sku, quantity in sorted(po.units.items())]


def address_of(po: PurchaseOrder) -> dict[str, str]:
    """Where it goes."""
    to = po.ship_to
    return {
        "name": to.name,
        "company": to.company,
        "street": " ".join(part for part in (to.line1, to.line2) if part),
        "city": to.city,
        "region": to.region_code or to.region,
        "zip": to.postal_code,
        "country": to.country,
        "phone": to.phone,
    }
