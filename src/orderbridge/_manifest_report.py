"""What a manifest holds, and how far the shops are told of each departure in it."""

from __future__ import annotations

from enum import Enum
from functools import partial

import attrs

from ._departures import notice_key
from ._events import EventKind
from ._fits import at_most
from ._journal import Tx
from ._records import Manifest, NoticeRecord, OrderRecord, Packed, PurchaseRecord
from ._reviews import Review, ReviewCode
from ._saga import Saga, look
from ._states import Fulfillment, ManifestState, NoticeState
from .errors import ConfigurationError

__all__ = [
    "Handed",
    "ManifestReport",
    "Telling",
    "against_it",
    "both_of",
    "known_manifest",
    "left_out_for",
    "list_manifests",
    "notice_of",
    "report",
]

_GIVEN_UP = (Fulfillment.CANCELED, Fulfillment.REJECTED, Fulfillment.CANCEL_REQUESTED)


class Telling(Enum):
    """How far a shop is told of a departure. Words are never renamed or removed."""

    PACKED = "PACKED"  # the manifest has not shipped
    LEFT_OUT = "LEFT_OUT"  # it did not go, or will not as it stands: the order is canceled
    WAITING = "WAITING"  # it goes on by itself
    TOLD = "TOLD"
    REFUSED = "REFUSED"  # the shop said no; it may be repeated
    ASKED = "ASKED"  # a person must look first


@attrs.frozen(kw_only=True)
class Handed:
    """One departure in a manifest.

    Args:
        purchase_order: Its id.

        ref: The departure's name in it.

        store: Who is told.

        why: What stands against it, in the shop's words where it refused.

        review: The question that a person may answer, if there is one.
    """

    purchase_order: str
    ref: str
    store: str
    telling: Telling
    why: str = ""
    review: int | None = None


@attrs.frozen(kw_only=True)
class ManifestReport:
    """A manifest, and how far the shops are told of each departure in it."""

    manifest: Manifest
    departures: tuple[Handed, ...]

    def only(self, telling: Telling) -> tuple[Handed, ...]:
        """Those that are so far."""
        return tuple(each for each in self.departures if each.telling is telling)

    @property
    def told(self) -> tuple[Handed, ...]:
        """Those that the shops know of."""
        return self.only(Telling.TOLD)

    @property
    def waiting(self) -> tuple[Handed, ...]:
        """Those that are told as soon as it can be, without anybody's help."""
        return self.only(Telling.WAITING)

    @property
    def refused(self) -> tuple[Handed, ...]:
        """Those that shops refused: what ``repeat_manifest`` repeats."""
        return self.only(Telling.REFUSED)


def list_manifests(
    *, owner: str, state: ManifestState | None, after: int, limit: int
) -> Saga[tuple[Manifest, ...]]:
    """Manifests by id, a page at a time."""
    most = at_most(limit)
    return look(
        lambda tx: tuple(
            known_manifest(tx, each)
            for each in tx.manifest_ids(owner=owner, state=state, after=after, limit=most)
        )
    )


def report(manifest_id: int) -> Saga[ManifestReport]:
    """How far the shops are told of each departure."""
    return look(partial(_report, manifest_id))


def known_manifest(tx: Tx, manifest_id: int) -> Manifest:
    manifest = tx.manifest(manifest_id)
    if manifest is None:
        raise ConfigurationError(f"manifest: there is no {manifest_id}")
    return manifest


def both_of(tx: Tx, packed: Packed) -> tuple[PurchaseRecord, OrderRecord]:
    record = tx.purchase(packed.purchase_order)
    order = tx.order(record.po.order_id) if record is not None else None
    assert record is not None
    assert order is not None
    return record, order


def against_it(record: PurchaseRecord, order: OrderRecord) -> str:
    """Why it is not to go to the shopper."""
    if order.order.canceled:
        return f"order {order.order.number} is canceled in the shop"
    if record.fulfillment in _GIVEN_UP:
        return f"the purchase order is {record.fulfillment.value}"
    return ""


def left_out_for(manifest: Manifest, packed: Packed, record: PurchaseRecord, order: OrderRecord) -> str:
    """Why it did not go, or as things stand will not."""
    return against_it(record, order) if manifest.state is ManifestState.PREPARING else packed.left_out


def notice_of(tx: Tx, record: PurchaseRecord, ref: str) -> NoticeRecord | None:
    key = notice_key(record.po.reference, ref)
    return next((each for each in tx.notices(record.po.order_id) if each.notice.key == key), None)


def _report(manifest_id: int, tx: Tx) -> ManifestReport:
    manifest = known_manifest(tx, manifest_id)
    return ManifestReport(
        manifest=manifest, departures=tuple(_handed(tx, manifest, packed) for packed in manifest.departures)
    )


def _handed(tx: Tx, manifest: Manifest, packed: Packed) -> Handed:
    record, order = both_of(tx, packed)
    notice = notice_of(tx, record, packed.shipment.ref)
    review: Review | None = None
    why = left_out_for(manifest, packed, record, order)
    if why:
        telling = Telling.LEFT_OUT
    elif manifest.state is ManifestState.PREPARING or notice is None:
        telling = Telling.PACKED
    else:
        notice = _told_with(tx, record, notice)
        asked = [each for each in tx.reviews_of(record.po.order_id) if each.about == notice.notice.key]
        review = asked[0] if asked else None
        telling, why = _telling(tx, record, notice, review)
    return Handed(
        purchase_order=record.po.id,
        ref=packed.shipment.ref,
        store=record.po.store,
        telling=telling,
        why=why,
        review=review.id if review is not None else None,
    )


def _told_with(tx: Tx, record: PurchaseRecord, notice: NoticeRecord) -> NoticeRecord:
    """The notice that tells of a departure: its own, or that of the last part of a kit once that has left."""
    if notice.state is not NoticeState.WITHDRAWN or notice.notice.packages:
        return notice
    later = (
        each
        for each in tx.notices(record.po.order_id)
        if each.notice.purchase_order_id == record.po.id
        and each.state is not NoticeState.WITHDRAWN
        and each.created_at >= notice.created_at
    )
    return next(later, notice)


def _telling(
    tx: Tx, record: PurchaseRecord, notice: NoticeRecord, review: Review | None
) -> tuple[Telling, str]:
    if notice.state is NoticeState.ANNOUNCED:
        return Telling.TOLD, "; ".join(notice.warnings)
    if review is not None:
        refused = review.code is ReviewCode.REFUSED
        return Telling.REFUSED if refused else Telling.ASKED, review.evidence
    if notice.state is NoticeState.REFUSED:
        return Telling.REFUSED, "refused by the shop, and a person let it be"
    if notice.state is NoticeState.WITHDRAWN:
        return Telling.WAITING, "parts of a kit; the shop is told with the last of them"
    # The departure itself was put off, or all of its order, because the shop could not be asked.
    put_off = [
        event.data.get("why", "")
        for event in tx.time_line(record.po.order_id)
        if event.kind == EventKind.PUT_OFF
        and event.about in (notice.notice.key, record.po.order_id)
        and event.at >= notice.created_at
    ]
    if put_off:
        return Telling.WAITING, put_off[-1]
    tracked = any(each.tracking_number or each.tracking_url for each in notice.notice.packages)
    return Telling.WAITING, "" if tracked else "it waits a while for a tracking number"
