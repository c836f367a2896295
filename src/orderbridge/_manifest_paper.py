"""A manifest on paper: what the courier counts and signs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import attrs

from ._model import Document, PurchaseOrder, Shipment
from ._records import Manifest
from ._states import ManifestState

__all__ = ["Parcels", "paper"]


@attrs.frozen(kw_only=True)
class Parcels:
    """One departure as the list shows it.

    Args:
        left_out: Why it is not handed over; empty if it is.
    """

    po: PurchaseOrder = attrs.field(repr=False)
    shipment: Shipment
    left_out: str = ""

    @property
    def count(self) -> int:
        """Boxes to count; one of which nothing is known is one."""
        return max(1, len(self.shipment.packages))


_STYLE = """
body { font: 11pt/1.4 sans-serif; margin: 2em; }
h1 { font-size: 1.4em; }
table { border-collapse: collapse; margin-top: 1em; width: 100%; }
th, td { border-bottom: 1px solid #999; padding: .3em .6em; text-align: left; vertical-align: top; }
.number { text-align: right; }
.sign { display: flex; gap: 3em; margin-top: 4em; }
.sign div { border-top: 1px solid #000; flex: 1; padding-top: .3em; }
@media print { body { margin: 0; } tr { break-inside: avoid; } }
""".strip()


def paper(manifest: Manifest, departures: Sequence[Parcels]) -> Document:
    """The same list is the same bytes, however often and wherever it is printed."""
    rows = sorted(
        departures, key=lambda each: (each.po.store, each.po.order_number, each.po.id, each.shipment.ref)
    )
    going = [each for each in rows if not each.left_out]
    staying = [each for each in rows if each.left_out]
    shops = len({each.po.store for each in going})
    stands = (
        f"Shipped {manifest.shipped_at:%Y-%m-%d %H:%M} UTC"
        if manifest.state is ManifestState.SHIPPED and manifest.shipped_at is not None
        else "In preparation"
    )
    body = f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Manifest {manifest.id}</title><style>
{_STYLE}
</style></head>
<body>
<h1>Manifest {manifest.id}: {escape(manifest.courier)}</h1>
<p>{stands}. Opened {manifest.created_at:%Y-%m-%d}.
Departures: {len(going)}. Parcels: {sum(each.count for each in going)}. Shops: {shops}.</p>
<table>
<tr><th class="number">No.</th><th>Shop</th><th>Order</th><th>Reference</th><th>Tracking</th><th>To</th>\
<th class="number">Parcels</th></tr>
{"".join(_row(no, each) for no, each in enumerate(going, 1))}</table>
{_not_going(staying)}<div class="sign">
<div>Handed over by</div><div>Taken by, for {escape(manifest.courier)}</div><div>Date and time</div>
</div>
</body>
</html>
"""
    return Document(name=f"manifest-{manifest.id}.html", media_type="text/html", body=body.encode())


def _row(no: int, each: Parcels) -> str:
    numbers = "<br>".join(escape(package.tracking_number) for package in each.shipment.packages)
    return (
        f'<tr><td class="number">{no}</td><td>{escape(each.po.store)}</td>'
        f"<td>{escape(each.po.order_number)}</td><td>{escape(each.po.reference)}</td>"
        f"<td>{numbers}</td><td>{escape(_to(each.po))}</td>"
        f'<td class="number">{each.count}</td></tr>\n'
    )


def _to(po: PurchaseOrder) -> str:
    to = po.ship_to
    place = " ".join(part for part in (to.postal_code, to.city, to.country) if part)
    return ", ".join(part for part in (to.name or to.company, place) if part)


def _not_going(staying: Sequence[Parcels]) -> str:
    if not staying:
        return ""
    rows = "".join(
        f"<tr><td>{escape(each.po.store)}</td><td>{escape(each.po.order_number)}</td>"
        f"<td>{escape(each.po.reference)}</td><td>{escape(each.shipment.ref)}</td>"
        f"<td>{escape(each.left_out)}</td></tr>\n"
        for each in staying
    )
    return (
        "<h2>Not handed over</h2>\n<table>\n"
        f"<tr><th>Shop</th><th>Order</th><th>Reference</th><th>Departure</th><th>Why</th></tr>\n{rows}</table>\n"
    )
