"""Departures: what a supplier says has left becomes a notice for the shop, once."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from decimal import ROUND_FLOOR, Decimal

import attrs

from ._events import EventKind
from ._journal import Tx
from ._model import NoticeLine, Package, PurchaseOrder, Shipment, ShipmentLine, ShipmentNotice
from ._policy import Policy
from ._records import NoticeRecord, PurchaseRecord
from ._reviews import ReviewCode
from ._saga import Clock
from ._states import IntentState, NoticeState

__all__ = ["Departures", "notice_key"]


def notice_key(reference: str, shipment_ref: str) -> str:
    """Names one departure of one purchase order for ever, whatever journal it is in."""
    digest = hashlib.sha256(f"{reference}\n{shipment_ref}".encode()).digest()
    return b32encode(digest).decode()[:16].lower()


@attrs.frozen(kw_only=True)
class Departures:
    """Takes the departures of the purchase orders that one shop has at one supplier.

    Args:
        corrects: Can the shop be told of other tracking later on?

        owner: Whose events they are.
    """

    policy: Policy
    corrects: bool
    owner: str

    def take(self, tx: Tx, record: PurchaseRecord, shipment: Shipment, now: Clock) -> None:
        """What left is to be told, or what is new about a departure that is known."""
        po = record.po
        known = next(
            (
                notice
                for notice in tx.notices(po.order_id)
                if notice.notice.purchase_order_id == po.id and notice.shipment_ref == shipment.ref
            ),
            None,
        )
        packages = shipment.packages or (Package(),)
        tracked = any(package.tracking_number or package.tracking_url for package in packages)
        if known is None and record.waits == "replaced":
            _left_after_all(tx, po, shipment, now)
            return
        if known is None:
            lines, inside = _lines(tx, po, shipment)
            if not inside and _all_told(tx, po, packages):
                return  # the same by another name: what was told as the rest is told by its goods now
            if record.resend_of:
                lines = ()  # the shop has these units as shipped already: one more parcel, and no more
            # Parts of a kit alone are no unit of the shop's: their parcels are told with the last of them.
            waits = bool(inside) and not lines and not record.resend_of
            carried = () if waits else _told_later(tx, po)
            packages = (*carried, *packages)
            tx.put_notice(
                NoticeRecord(
                    notice=ShipmentNotice(
                        key=notice_key(po.reference, shipment.ref),
                        order_id=po.order_id,
                        purchase_order_id=po.id,
                        lines=lines,
                        packages=packages,
                        shipped_at=shipment.shipped_at or now.wall,
                        completes=False,
                        notify=self.policy.notify_shopper,
                    ),
                    shipment_ref=shipment.ref,
                    inside=inside,
                    carried=carried,
                    state=NoticeState.WITHDRAWN if waits else NoticeState.DUE,
                    created_at=now.wall,
                    next_at=None if waits else now.wall if tracked else now.wall + self.policy.tracking_wait,
                )
            )
            self._event(tx, po, EventKind.DEPARTED, now, shipment=shipment.ref, packages=str(len(packages)))
            return
        packages = (*known.carried, *packages)
        if known.notice.packages == packages:
            return
        begun = tx.intents(about=known.notice.key, operation="announce", op_no=known.op_no)
        # What the shop has of it in part is told to its end, and corrected then.
        half = any(intent.state is IntentState.CONFIRMED for intent in begun)
        if known.state is NoticeState.DUE and not half and not tx.unresolved(known.notice.key):
            tx.put_notice(
                attrs.evolve(
                    known,
                    notice=attrs.evolve(known.notice, packages=packages),
                    next_at=now.wall if tracked else known.next_at,
                )
            )
        elif known.state is not NoticeState.ANNOUNCED or known.announced == packages:
            return
        elif self.corrects:
            tx.put_notice(
                attrs.evolve(
                    known,
                    notice=attrs.evolve(known.notice, packages=packages),
                    state=NoticeState.DUE,
                    op_no=known.op_no + 1,
                    next_at=now.wall,
                )
            )
            self._event(tx, po, EventKind.TRACKING_CHANGED, now, shipment=shipment.ref)
        else:
            tx.open_review(
                ReviewCode.TRACKING_CHANGED,
                about=known.notice.key,
                evidence=f"{po.supplier} has changed the tracking of a departure the shop was told of",
                decisions=("ignore",),
                at=now.wall,
                order_id=po.order_id,
                account=po.supplier,
            )

    def _event(self, tx: Tx, po: PurchaseOrder, kind: EventKind, now: Clock, **data: str) -> None:
        tx.event(kind, about=po.id, at=now.wall, order_id=po.order_id, owner=self.owner, data=data)


def _left_after_all(tx: Tx, po: PurchaseOrder, shipment: Shipment, now: Clock) -> None:
    """It was canceled and is ordered anew: the shop would hear of the same units twice."""
    about = f"{po.id}/departure/{shipment.ref}"
    if about in tx.asked_about(po.order_id, ReviewCode.CONTRADICTORY_STATUS):
        return
    tx.open_review(
        ReviewCode.CONTRADICTORY_STATUS,
        about=about,
        evidence=f"{po.supplier} says {shipment.ref} has left of what it had canceled, and which is "
        "ordered anew: the shop was not told of it",
        decisions=("ignore",),
        at=now.wall,
        order_id=po.order_id,
        account=po.supplier,
    )


def _all_told(tx: Tx, po: PurchaseOrder, packages: tuple[Package, ...]) -> bool:
    """Is each of them a parcel with a number that another departure of the purchase order has?"""
    notices = [each.notice for each in tx.notices(po.order_id) if each.notice.purchase_order_id == po.id]
    told = {package.tracking_number for notice in notices for package in notice.packages}
    return all(package.tracking_number and package.tracking_number in told for package in packages)


def _told_later(tx: Tx, po: PurchaseOrder) -> tuple[Package, ...]:
    """Parcels with parts of kits that left before, of which the shop was not told."""
    found: list[Package] = []
    for notice in tx.notices(po.order_id):
        mine = notice.notice.purchase_order_id == po.id
        if mine and notice.state is NoticeState.WITHDRAWN and notice.notice.packages:
            found += [each for each in notice.notice.packages if each.tracking_number or each.tracking_url]
            tx.put_notice(attrs.evolve(notice, notice=attrs.evolve(notice.notice, packages=())))
    return tuple(found)


def _lines(
    tx: Tx, po: PurchaseOrder, shipment: Shipment
) -> tuple[tuple[NoticeLine, ...], tuple[ShipmentLine, ...]]:
    """The shop's units that have left with this departure, and the supplier units inside it.

    What the supplier says is inside, else all that has not left yet. Units of a kit have left when the
    last of its parts has, in whichever departures.
    """
    before = [notice for notice in tx.notices(po.order_id) if notice.notice.purchase_order_id == po.id]
    told: dict[str, Decimal] = {}
    for line in (line for notice in before for line in notice.notice.lines):
        told[line.line_ref] = told.get(line.line_ref, Decimal(0)) + line.units
    supplied: dict[str, Decimal] = {}
    for each in (each for notice in before for each in notice.inside):
        supplied[each.remote_id] = supplied.get(each.remote_id, Decimal(0)) + each.quantity
    inside: dict[str, Decimal] = {}
    said: dict[str, Decimal] = {}
    for article in shipment.lines or ():
        said[article.remote_id] = said.get(article.remote_id, Decimal(0)) + article.quantity
    for remote_id, ordered in po.units.items():
        left = max(ordered - supplied.get(remote_id, Decimal(0)), Decimal(0))
        inside[remote_id] = left if shipment.lines is None else min(left, said.get(remote_id, Decimal(0)))
        supplied[remote_id] = supplied.get(remote_id, Decimal(0)) + inside[remote_id]
    units: dict[str, tuple[str, Decimal]] = {}
    for part in po.lines:
        taken = min(part.quantity, supplied[part.remote_id])
        supplied[part.remote_id] -= taken
        gone = part.units * taken / part.quantity
        if part.units == part.units.to_integral_value():
            # Of a pack that leaves in pieces no shop knows a fifth: it has left when all of it has.
            gone = gone.to_integral_value(ROUND_FLOOR)
        _, known = units.get(part.line_ref, ("", gone))
        units[part.line_ref] = (part.ship_ref or part.line_ref, min(gone, known))
    lines = tuple(
        NoticeLine(line_ref=line_ref, ship_ref=ship_ref, units=gone - told.get(line_ref, Decimal(0)))
        for line_ref, (ship_ref, gone) in units.items()
        if gone > told.get(line_ref, Decimal(0))
    )
    parts = tuple(ShipmentLine(remote_id=key, quantity=n) for key, n in inside.items() if n)
    return lines, parts
