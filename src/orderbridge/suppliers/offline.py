"""Suppliers without an API: the merchant's own warehouse, somebody reached by mail, a hub that orders itself.

Nothing is ever sent. Placing writes a purchase order that people print or mail (``documents``); how far
it is, people say with ``Bridge.observe`` and ``Bridge.ship``.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from html import escape
from typing import Literal

import attrs

from .._model import Address, Document, PurchaseLine, PurchaseOrder
from ..adapters import (
    Access,
    AccountSettings,
    Finding,
    Flow,
    Fulfillment,
    MovedByPeople,
    OrdersItself,
    Packs,
    Past,
    Payment,
    Placed,
    Placement,
    Probes,
    Response,
    SupplierPlatform,
    SupplierStatus,
    Unclear,
    Unknown,
    Verdict,
    Write,
)
from ..auth import NoAuth
from ..errors import ConfigurationError, Unsupported

__all__ = ["HUB", "PLATFORM", "HubAdapter", "OfflineAdapter", "Settings"]

_NOWHERE = "https://offline.invalid"  # reserved by RFC 2606: it names no host, and none is ever asked


def _said(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not value.strip():
        raise ConfigurationError(f"{attribute.name}: give the name people know it by, such as Main warehouse")


@attrs.frozen(kw_only=True)
class Settings(AccountSettings):
    """One warehouse, supplier or hub that people deal with.

    Args:
        title: The name people know it by; it stands on the documents, and names the account for ever.

        sender: Who orders, as it is to stand on the documents: name and address, one line each.

        owed: ``"nothing"`` where nobody is paid (own stock), ``"by_hand"`` where a person pays.

        base_url: Never asked.
    """

    base_url: str = attrs.field(default=_NOWHERE, converter=str)
    title: str = attrs.field(validator=_said)
    sender: str = ""
    owed: Literal["nothing", "by_hand"] = "nothing"


class OfflineAdapter(MovedByPeople, Packs, Probes):
    """Purchase orders on paper."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def place(self, po: PurchaseOrder, past: Past) -> Flow[Write | Placement | Unclear]:
        """It is placed by being written down: there is nobody to ask and nothing to send."""
        payment = Payment.UNPAID if self._settings.owed == "by_hand" else Payment.NOT_REQUIRED
        placed = Placed(
            supplier_ref=po.reference,
            lines=tuple(po.units.items()),
            fulfillment=Fulfillment.PLACED,
            payment=payment,
            raw_status="written",
        )
        return Placement(placed=(placed,))
        yield  # makes this a flow

    def fetch(self, po: PurchaseOrder) -> Flow[SupplierStatus | None]:
        """Nobody can be asked."""
        raise Unsupported("people say how far it is; tell the bridge with observe and ship")
        yield  # makes this a flow

    def judge(self, write: Write, response: Response) -> Verdict:
        """No write of ours ever leaves."""
        return Unknown("an answer came, and nothing was asked")

    def documents(self, po: PurchaseOrder) -> tuple[Document, ...]:
        """As a table for programs, and as a page to print."""
        name = f"order-{_file_name(po.order_number)}-{po.reference}"
        return (
            Document(name=f"{name}.csv", media_type="text/csv", body=_table(po)),
            Document(name=f"{name}.html", media_type="text/html", body=_page(po, self._settings)),
        )

    def probe(self) -> Flow[Access]:
        """Its title is all there is."""
        finding = Finding(ok=True, what=f"{self._settings.title}: people move it, nothing is asked")
        return Access(
            identity=f"offline:{' '.join(self._settings.title.lower().split())}", findings=(finding,)
        )
        yield  # makes this a flow


class HubAdapter(OfflineAdapter, OrdersItself):
    """A hub that fetches the shop's orders, orders, pays and ships by itself."""

    def place(self, po: PurchaseOrder, past: Past) -> Flow[Write | Placement | Unclear]:
        """Never: two systems would order the same."""
        raise Unsupported(f"{self._settings.title} orders by itself; nothing is placed there")
        yield  # makes this a flow

    def documents(self, po: PurchaseOrder) -> tuple[Document, ...]:
        """None: it has the order already."""
        return ()


# --- the table -------------------------------------------------------------------------------------

_COLUMNS = (
    "reference",
    "purchase_order",
    "shop_order",
    "ordered_at",
    "remote_id",
    "sku",
    "name",
    "quantity",
    "ship_name",
    "ship_company",
    "ship_line1",
    "ship_line2",
    "ship_postal_code",
    "ship_city",
    "ship_region",
    "ship_country",
    "ship_phone",
    "ship_email",
    "packing",
    "note",
)


def _table(po: PurchaseOrder) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    to = po.ship_to
    for line in _lines(po.lines):
        row = (
            po.reference,
            po.id,
            po.order_number,
            po.placed_at.isoformat(),
            line.remote_id,
            line.sku,
            line.name,
            f"{line.quantity:f}",
            to.name,
            to.company,
            to.line1,
            to.line2,
            to.postal_code,
            to.city,
            to.region or to.region_code,
            to.country,
            to.phone,
            to.email,
            "; ".join(po.packing),
            po.note,
        )
        writer.writerow([_harmless(cell) for cell in row])
    return text.getvalue().encode("utf-8-sig")  # the mark has spreadsheets read it as UTF-8


def _harmless(cell: str) -> str:
    """Spreadsheets run what looks like a formula, and a shopper chooses these words."""
    if re.match("[\\s\u200b]*([=@\uff1d\uff20]|[+\uff0b\uff0d-](?![\\d\\s()./-]*$))|[\t\r\n]", cell):
        return "'" + cell
    return cell


def _lines(lines: Iterable[PurchaseLine]) -> Iterable[PurchaseLine]:
    """Equal products once, as people pick them."""
    sums: dict[str, PurchaseLine] = {}
    for line in lines:
        known = sums.get(line.remote_id)
        quantity = line.quantity + (known.quantity if known is not None else 0)
        sums[line.remote_id] = attrs.evolve(known or line, quantity=quantity)
    return sums.values()


# --- the page --------------------------------------------------------------------------------------

_STYLE = """
body { font: 11pt/1.4 sans-serif; margin: 2em; }
h1 { font-size: 1.4em; }
address { font-style: normal; white-space: pre-line; }
table { border-collapse: collapse; margin-top: 1.5em; width: 100%; }
th, td { border-bottom: 1px solid #999; padding: .3em .6em; text-align: left; }
.number { text-align: right; }
.sides { display: flex; gap: 4em; }
@media print { body { margin: 0; } }
""".strip()


def _page(po: PurchaseOrder, settings: Settings) -> bytes:
    rows = "\n".join(
        f"<tr><td>{escape(line.remote_id)}</td><td>{escape(line.sku)}</td><td>{escape(line.name)}</td>"
        f'<td class="number">{line.quantity:f}</td></tr>'
        for line in _lines(po.lines)
    )
    texts = (*po.packing, po.note) if po.note else po.packing
    note = "\n".join(f"<p>{escape(text)}</p>" for text in texts)
    sender = f"<div><b>From</b><address>{escape(settings.sender)}</address></div>" if settings.sender else ""
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{escape(po.reference)}</title><style>
{_STYLE}
</style></head>
<body>
<h1>Purchase order {escape(po.reference)}</h1>
<p>To {escape(settings.title)}. Shop order {escape(po.order_number)} of {po.placed_at:%Y-%m-%d}.</p>
<div class="sides">
{sender}
<div><b>Ship to</b><address>{escape(_written(po.ship_to))}</address></div>
</div>
<table>
<tr><th>Product</th><th>SKU</th><th>Name</th><th class="number">Quantity</th></tr>
{rows}
</table>
{note}
</body>
</html>
""".encode()


def _written(to: Address) -> str:
    city = " ".join(part for part in (to.postal_code, to.city) if part)
    lines = (to.name, to.company, to.line1, to.line2, city, to.region or to.region_code, to.country, to.phone)
    return "\n".join(line for line in lines if line)


def _file_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:40] or "order"


PLATFORM = SupplierPlatform(
    name="offline",
    title="Offline",
    settings=Settings,
    adapter=OfflineAdapter,
    auth=lambda _: NoAuth(),
)

HUB = SupplierPlatform(
    name="hub",
    title="Hub",
    settings=Settings,
    adapter=HubAdapter,
    auth=lambda _: NoAuth(),
)
