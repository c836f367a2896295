"""The purchase orders, the units allocated to them, and what suppliers hold reserved."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import attrs

from ._canonical import dump, load_kept, stamp
from ._journal_orders import Shoppers
from ._journal_rows import Row, int_in, text_in, time_in, when
from ._model import Address, PurchaseOrder
from ._records import PurchaseRecord, ReservationRow
from ._states import Fulfillment

__all__ = ["Purchases"]


class Purchases(Shoppers):
    """What is bought, from whom, and how far that is."""

    def purchase(self, po_id: str) -> PurchaseRecord | None:
        found = self._rows.run("get_purchase", id=po_id)
        return self._purchase(found[0]) if found else None

    def purchases(self, order_id: str) -> tuple[PurchaseRecord, ...]:
        return tuple(self._purchase(row) for row in self._rows.run("purchases_of", order_id=order_id))

    def purchases_in(self, supplier: str, state: Fulfillment) -> tuple[PurchaseRecord, ...]:
        rows = self._rows.run("purchases_by_state", supplier=supplier, fulfillment=state.value)
        return tuple(self._purchase(row) for row in rows)

    def purchases_waiting(self, word: str, *, owner: str) -> tuple[PurchaseRecord, ...]:
        """What waits for something, of one owner or of all."""
        rows = self._rows.run("purchases_waiting", waits=word, owner=owner)
        return tuple(self._purchase(row) for row in rows)

    def purchase_with(self, supplier: str, supplier_ref: str) -> str | None:
        found = self._rows.run("purchase_by_supplier_ref", supplier=supplier, supplier_ref=supplier_ref)
        return text_in(found[0], "id") if found else None

    def purchase_called(self, reference: str) -> str | None:
        """The purchase order that its supplier knows under our ``reference``."""
        found = self._rows.run("purchase_by_reference", reference=reference)
        return text_in(found[0], "id") if found else None

    def supplier_refs(self, supplier: str, *, since: datetime) -> frozenset[str]:
        """The supplier's ids of orders that were placed there for purchase orders made since."""
        rows = self._rows.run("supplier_refs", supplier=supplier, since=stamp(since))
        return frozenset(text_in(row, "supplier_ref") for row in rows)

    def placed_since(
        self, supplier: str, *, after: tuple[datetime, str], limit: int
    ) -> tuple[PurchaseRecord, ...]:
        """A supplier's purchase orders that were placed after a time, or then and with a greater id."""
        at, po_id = after
        rows = self._rows.run("placed_since", supplier=supplier, placed_at=stamp(at), id=po_id, limit=limit)
        return tuple(self._purchase(row) for row in rows)

    def put_purchase(self, record: PurchaseRecord) -> None:
        po = record.po
        bare = attrs.evolve(record, po=attrs.evolve(po, ship_to=Address(), note=""))
        self._rows.run(
            "put_purchase",
            id=po.id,
            order_id=po.order_id,
            supplier=po.supplier,
            n=po.n,
            reference=po.reference,
            fulfillment=record.fulfillment.value,
            payment=record.payment.value,
            raw_status=record.raw_status,
            supplier_ref=po.supplier_ref or None,
            approved=int(record.approved),
            waits=record.waits,
            created_at=stamp(record.created_at),
            placed_at=when(record.placed_at),
            next_at=when(record.next_at),
            doc=dump(bare),
        )
        self._rows.run("drop_allocations", po_id=po.id)
        for line in po.lines:
            self._rows.run(
                "put_allocation",
                po_id=po.id,
                line_ref=line.line_ref,
                remote_id=line.remote_id,
                units=str(line.units),
                quantity=str(line.quantity),
            )
        # What was only shared out anew stands nowhere, not even among all that its supplier has.
        tabs = tuple(tab.value for tab in record.tabs)
        self._stand(po.order_id, about=po.id, tabs=("", *tabs) if tabs else (), supplier=po.supplier)

    def count_purchases(self) -> dict[str, int]:
        return {text_in(row, "fulfillment"): int_in(row, "n") for row in self._rows.run("count_purchases")}

    def allocated(
        self, supplier: str, remote_ids: Iterable[str] | None = None
    ) -> tuple[tuple[str, str, Fulfillment, Decimal], ...]:
        """``(purchase order, remote id, state, supplier units)`` not surely ordered, oldest first.

        All of a supplier's, or those of some remote ids.
        """
        if remote_ids is None:
            rows = list(self._rows.run("allocated", supplier=supplier))
        else:
            rows = [
                row
                for remote_id in remote_ids
                for row in self._rows.run("allocated_of", supplier=supplier, remote_id=remote_id)
            ]
        return tuple(
            (
                text_in(row, "id"),
                text_in(row, "remote_id"),
                Fulfillment(text_in(row, "fulfillment")),
                Decimal(text_in(row, "quantity")),
            )
            for row in rows
        )

    def reservations(self, supplier: str) -> tuple[ReservationRow, ...]:
        return tuple(
            ReservationRow(
                supplier=supplier,
                remote_id=text_in(row, "remote_id"),
                wanted=Decimal(text_in(row, "wanted")),
                held=Decimal(text_in(row, "held")),
                available=Decimal(text_in(row, "available")) if row["available"] is not None else None,
                ours=bool(row["ours"]),
                seen_at=time_in(row, "seen_at"),
            )
            for row in self._rows.run("reservations_of", supplier=supplier)
        )

    def put_reservation(self, row: ReservationRow) -> None:
        if not row.wanted and not row.held:
            self._rows.run("drop_reservation", supplier=row.supplier, remote_id=row.remote_id)
            return
        self._rows.run(
            "put_reservation",
            supplier=row.supplier,
            remote_id=row.remote_id,
            wanted=str(row.wanted),
            held=str(row.held),
            available=None if row.available is None else str(row.available),
            ours=int(row.ours),
            seen_at=when(row.seen_at),
        )

    def _purchase(self, row: Row) -> PurchaseRecord:
        record = load_kept(PurchaseRecord, text_in(row, "doc"))
        private = self._private(row)
        po: PurchaseOrder = attrs.evolve(
            record.po,
            ship_to=private.address or private.ship_to or Address(),
            note=private.note,
        )
        return attrs.evolve(record, po=po)
