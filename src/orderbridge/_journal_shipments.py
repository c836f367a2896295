"""The departures: what the shops are told of them, and the manifests that couriers get."""

from __future__ import annotations

import json
from datetime import datetime

from ._canonical import dump, load, stamp, unstamp
from ._journal_rows import Part, int_in, text_in, time_in, when
from ._records import Manifest, NoticeRecord, Packed
from ._states import ManifestState

__all__ = ["Shipments"]

_LOOKED_AT = 500  # departures that wait, the newest first: enough to know which stores they wait for


class Shipments(Part):
    """Shipment notices, and manifests of what waits for a courier."""

    def notices(self, order_id: str) -> tuple[NoticeRecord, ...]:
        rows = self._rows.run("notices_of", order_id=order_id)
        return tuple(load(NoticeRecord, text_in(row, "doc")) for row in rows)

    def put_notice(self, record: NoticeRecord) -> None:
        notice = record.notice
        self._rows.run(
            "put_notice",
            key=notice.key,
            order_id=notice.order_id,
            po_id=notice.purchase_order_id,
            shipment_ref=record.shipment_ref,
            state=record.state.value,
            created_at=stamp(record.created_at),
            next_at=when(record.next_at),
            doc=dump(record),
        )
        self._rows.run("drop_tracking", notice=notice.key)
        for number in {package.tracking_number for package in notice.packages} - {""}:
            self._rows.run("put_tracking", notice=notice.key, number=number, order_id=notice.order_id)

    def count_notices(self) -> dict[str, int]:
        return {text_in(row, "state"): int_in(row, "n") for row in self._rows.run("count_notices")}

    def stores_waiting(self, before: datetime) -> dict[str, str]:
        """Stores that refused to be told of a departure, or could not be since before then, and why."""
        found: dict[str, str] = {}
        for row in self._rows.run("departures_waiting", before=stamp(before), limit=_LOOKED_AT):
            if row["refusal"] is not None:
                found.setdefault(text_in(row, "store"), text_in(row, "refusal"))
            elif row["data"] is not None:
                data: dict[str, str] = json.loads(text_in(row, "data"))
                found.setdefault(text_in(row, "store"), data.get("why", ""))
        return found

    def count_untold(self, before: datetime) -> int:
        """How many departures since before then no shop was told of."""
        return int_in(self._rows.run("count_untold", before=stamp(before))[0], "n")

    def add_manifest(self, *, courier: str, owner: str, at: datetime) -> Manifest:
        state = ManifestState.PREPARING
        row = self._rows.run(
            "add_manifest", courier=courier, owner=owner, state=state.value, created_at=stamp(at)
        )[0]
        return Manifest(id=int_in(row, "id"), courier=courier, owner=owner, state=state, created_at=at)

    def manifest(self, manifest_id: int) -> Manifest | None:
        found = self._rows.run("get_manifest", id=manifest_id)
        if not found:
            return None
        row = found[0]
        return Manifest(
            id=manifest_id,
            courier=text_in(row, "courier"),
            owner=text_in(row, "owner"),
            state=ManifestState(text_in(row, "state")),
            departures=tuple(
                load(Packed, text_in(each, "doc"))
                for each in self._rows.run("packed_in", manifest=manifest_id)
            ),
            created_at=unstamp(text_in(row, "created_at")),
            shipped_at=time_in(row, "shipped_at"),
        )

    def manifest_ids(
        self, *, owner: str = "", state: ManifestState | None = None, after: int = 0, limit: int = 100
    ) -> tuple[int, ...]:
        word = "" if state is None else state.value
        rows = self._rows.run("list_manifests", owner=owner, state=word, after=after, limit=limit)
        return tuple(int_in(row, "id") for row in rows)

    def ship_manifest(self, manifest_id: int, at: datetime) -> None:
        """The courier has it: its departures wait no longer."""
        state = ManifestState.SHIPPED
        self._rows.run("ship_manifest", id=manifest_id, state=state.value, shipped_at=stamp(at))

    def put_packed(self, manifest_id: int, packed: Packed) -> None:
        self._rows.run(
            "put_packed",
            manifest=manifest_id,
            po_id=packed.purchase_order,
            shipment_ref=packed.shipment.ref,
            left_out=packed.left_out,
            doc=dump(packed),
        )

    def drop_packed(self, manifest_id: int, po_id: str, shipment_ref: str) -> None:
        self._rows.run("drop_packed", manifest=manifest_id, po_id=po_id, shipment_ref=shipment_ref)

    def packed(self, po_id: str) -> tuple[tuple[int, Packed], ...]:
        """Departures of a purchase order that wait for a courier, each with its manifest."""
        return tuple(
            (int_in(row, "manifest"), load(Packed, text_in(row, "doc")))
            for row in self._rows.run("packed_of", po_id=po_id)
        )
