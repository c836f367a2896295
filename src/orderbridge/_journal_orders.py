"""The orders of the stores, their lines, and apart from them what is about the shopper."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

import attrs

from ._canonical import dump, load, load_kept, stamp
from ._journal_rows import Row, Rows, int_in, text_in, time_in, when
from ._journal_tabs import Tabs
from ._model import Address, Order
from ._records import OrderRecord
from ._standing import order_tabs

__all__ = ["Orders", "Private", "Shoppers"]


@attrs.frozen(kw_only=True)
class Private:
    """The part of an order that is about a person; ``address`` is the application's, and goes before."""

    address: Address | None = None
    ship_to: Address | None = None
    bill_to: Address | None = None
    note: str = ""
    attributes: dict[str, tuple[tuple[str, str], ...]] = attrs.field(
        factory=dict[str, tuple[tuple[str, str], ...]]
    )


class Shoppers(Tabs):
    """What is about a person: taken apart once a transaction, and gone with it."""

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows)
        self._privates: dict[str, Private] = {}

    def _private(self, row: Row) -> Private:
        text = text_in(row, "private")
        if text not in self._privates:
            self._privates[text] = load(Private, text) if text else Private()
        return self._privates[text]


class Orders(Shoppers):
    """Orders as their stores show them, and what we know beside it."""

    def order(self, order_id: str) -> OrderRecord | None:
        found = self._rows.run("get_order", id=order_id)
        if not found:
            return None
        row = found[0]
        order = load_kept(Order, text_in(row, "doc"))
        private = self._private(row)
        order = attrs.evolve(
            order,
            ship_to=private.ship_to,
            bill_to=private.bill_to,
            note=private.note,
            lines=tuple(
                attrs.evolve(line, attributes=private.attributes[line.ref])
                if line.ref in private.attributes
                else line
                for line in order.lines
            ),
        )
        seen_at = time_in(row, "seen_at")
        assert seen_at is not None
        return OrderRecord(
            order=order,
            address=private.address,
            version=int_in(row, "version"),
            taken=bool(row["taken"]),
            held=bool(row["held"]),
            forgotten=row["private"] is None,
            seen_at=seen_at,
            refresh=bool(row["refresh"]),
            unsourced=bool(row["unsourced"]),
            source_at=time_in(row, "source_at"),
            progress_begun=text_in(row, "progress_begun"),
            progress_shown=text_in(row, "progress_shown"),
            next_at=time_in(row, "next_at"),
            failures=int_in(row, "failures"),
        )

    def seen_order(self, order_id: str, at: datetime) -> None:
        """The store shows the same order still."""
        self._rows.run("seen_order", id=order_id, seen_at=stamp(at))

    def put_order(self, record: OrderRecord, *, owner: str, salt: str, waits: Mapping[str, str]) -> None:
        """Keep an order; ``waits`` says per line what it waits for (``"link"``), if anything."""
        order = record.order
        bare = attrs.evolve(
            order,
            ship_to=None,
            bill_to=None,
            note="",
            lines=tuple(
                attrs.evolve(line, attributes=()) if line.attributes else line for line in order.lines
            ),
        )
        self._rows.run(
            "put_order",
            id=order.id,
            store=order.store,
            ref=order.ref,
            number=order.number,
            owner=owner,
            placed_at=stamp(order.placed_at),
            updated_at=stamp(order.updated_at),
            currency=order.currency,
            payment=order.payment.value,
            ready=int(order.ready),
            canceled=int(order.canceled),
            raw_status=order.raw_status,
            total=str(order.total.amount),
            digest=order.digest,
            version=record.version,
            taken=int(record.taken),
            held=int(record.held),
            refresh=int(record.refresh),
            unsourced=int(record.unsourced),
            source_at=when(record.source_at),
            progress_begun=record.progress_begun,
            progress_shown=record.progress_shown,
            seen_at=stamp(record.seen_at),
            next_at=when(record.next_at),
            failures=record.failures,
            doc=dump(bare),
        )
        if not record.forgotten:
            private = dump(
                Private(
                    address=record.address,
                    ship_to=order.ship_to,
                    bill_to=order.bill_to,
                    note=order.note,
                    attributes={line.ref: line.attributes for line in order.lines if line.attributes},
                )
            )
            digest = hashlib.sha256(f"{salt}\n{private}".encode()).hexdigest()
            self._rows.run("put_private", order_id=order.id, salt=salt, hash=digest, doc=private)
        self._rows.run("drop_lines", order_id=order.id)
        for line in order.lines:
            self._rows.run(
                "put_line",
                order_id=order.id,
                ref=line.ref,
                sku=line.sku,
                link_key=line.link_key,
                name=line.name,
                quantity=str(line.quantity),
                open=str(line.open),
                shippable=int(line.shippable),
                waits=waits.get(line.ref, ""),
            )
        in_quote = any(line.open and waits.get(line.ref) == "link" for line in order.lines)
        tabs = order_tabs(taken=record.taken, canceled=order.canceled, in_quote=in_quote)
        self._stand(order.id, about=order.id, tabs=("", *(tab.value for tab in tabs)))
        self._rows.run("move_stands", order_id=order.id, owner=owner, placed_at=stamp(order.placed_at))

    def begin_progress(self, order_id: str, key: str) -> None:
        """The shop is about to be shown other progress."""
        self._rows.run("begin_progress", id=order_id, key=key)

    def put_progress(
        self, order_id: str, *, shown: str | None, next_at: datetime | None, failures: int
    ) -> None:
        """What the shop shows of the suppliers' progress (None: unchanged), and when to go on."""
        self._rows.run("put_progress", id=order_id, shown=shown, next_at=when(next_at), failures=failures)

    def ask_to_source(self, order_id: str) -> None:
        """What of the order can still change is to be shared out anew."""
        self._rows.run("ask_to_source", id=order_id)

    def put_source(self, order_id: str, *, source_at: datetime, failures: int) -> None:
        """When it is tried again to share the order out."""
        self._rows.run("put_source", id=order_id, source_at=when(source_at), failures=failures)

    def set_flags(self, order_id: str, *, refresh: bool, held: bool) -> None:
        """Ask for the order to be read again; keep it from being acted on."""
        self._rows.run("set_flags", id=order_id, refresh=int(refresh), held=int(held))

    def waits(self, order_id: str) -> dict[str, str]:
        """Why no supplier ships a line of an order yet, by line."""
        rows = self._rows.run("waits_of", order_id=order_id)
        return {text_in(row, "ref"): text_in(row, "waits") for row in rows}

    def open_orders(self, store: str, *, after: str, limit: int) -> tuple[str, ...]:
        """A store's orders with units open, by id."""
        rows = self._rows.run("open_orders", store=store, after=after or f"{store}/", limit=limit)
        return tuple(text_in(row, "id") for row in rows)

    def orders_open_with(self, store: str, key: str) -> tuple[str, ...]:
        """Orders acted on with units open of the product that links name so."""
        sku = key.removeprefix("sku:") if key.startswith("sku:") else ""
        rows = self._rows.run("orders_open_with", store=store, link_key=key, sku=sku)
        return tuple(text_in(row, "id") for row in rows)

    def is_only_a_sku(self, store: str, key: str) -> bool:
        """Is it the SKU of a product that was sold, and no product's key?"""
        return bool(self._rows.run("only_a_sku", store=store, sku=key))

    def orders_with_shopper(self, store: str, *, after: str, limit: int) -> tuple[str, ...]:
        """A store's orders whose shopper was not forgotten, by id."""
        rows = self._rows.run("orders_with_shopper", store=store, after=after or f"{store}/", limit=limit)
        return tuple(text_in(row, "id") for row in rows)

    def put_tombstone(self, order_id: str, at: datetime) -> None:
        """Never let this order's shopper in."""
        self._rows.run("put_tombstone", order_id=order_id, at=stamp(at))

    def forgotten(self, order_id: str) -> bool:
        return bool(self._rows.run("has_tombstone", order_id=order_id))

    def _drop_private(self, order_id: str) -> None:
        self._rows.run("drop_private", order_id=order_id)

    def count_orders(self) -> tuple[int, int]:
        """All, and those acted on."""
        counts = {int_in(row, "taken"): int_in(row, "n") for row in self._rows.run("count_orders")}
        return sum(counts.values()), counts.get(1, 0)

    def count_orders_between(self, store: str, since: datetime, until: datetime) -> int:
        """How many orders a store sold in a time."""
        found = self._rows.run("count_orders_between", store=store, since=stamp(since), until=stamp(until))
        return int_in(found[0], "n")

    def oldest_order(self, store: str) -> datetime | None:
        """When the oldest order of a store was placed."""
        return time_in(self._rows.run("oldest_order", store=store)[0], "at")
