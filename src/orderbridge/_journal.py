"""The journal: where safety lives.

``Tx`` is one transaction in the domain's words, over named SQL that any database can run; a
``Journal`` opens transactions. A saga never holds one across a call to the outside.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol, TypeVar

import attrs

from ._canonical import dump, load, stamp, unstamp
from ._events import EventKind
from ._model import Address, Money, Order, ProductLink, PurchaseOrder
from ._records import (
    Attempt,
    Case,
    Event,
    Intent,
    Manifest,
    NoticeRecord,
    Offer,
    OrderRecord,
    Packed,
    PurchaseRecord,
    ReservationRow,
    Review,
    ReviewCode,
    Subject,
    Task,
    Work,
)
from ._standing import Tab, order_tabs
from ._states import CaseKind, Fulfillment, IntentState, ManifestState, move_intent
from .errors import LeaseLost

__all__ = ["Journal", "Rows", "Tx"]

T = TypeVar("T")
_LAST = "~"  # sorts after every time
Value = str | int | float | None


class Row(Protocol):
    """One row by column name."""

    def __getitem__(self, name: str, /) -> Value: ...


class Rows(Protocol):
    """Runs a named query."""

    def run(self, name: str, /, **values: Value) -> Sequence[Row]:
        """The rows of query ``name``; none for one that only writes."""
        ...


class Journal(Protocol):
    """Opens transactions. Safe from any thread; a transaction belongs to the thread that runs it.

    ``commits`` counts the transactions that wrote, so that tests can hold us to a number.
    """

    commits: int

    def transact(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` and commit all of it, or none if it raises."""
        ...

    def look(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` on one consistent picture; it must not write."""
        ...

    def adopt(self) -> None:
        """Make a copied or restored journal this machine's own."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


@attrs.frozen(kw_only=True)
class _Private:
    """The part of an order that is about a person; ``address`` is the application's, and goes before."""

    address: Address | None = None
    ship_to: Address | None = None
    bill_to: Address | None = None
    note: str = ""
    attributes: dict[str, tuple[tuple[str, str], ...]] = attrs.field(
        factory=dict[str, tuple[tuple[str, str], ...]]
    )


def _text(row: Row, name: str) -> str:
    value = row[name]
    return "" if value is None else str(value)


def _time(row: Row, name: str) -> datetime | None:
    value = row[name]
    return unstamp(value) if isinstance(value, str) and value else None


def _int(row: Row, name: str) -> int:
    return int(row[name] or 0)


def _when(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)


class Tx:
    """One transaction on the journal."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    # --- the journal itself, accounts, links ---

    def get_meta(self, name: str) -> str | None:
        found = self._rows.run("get_meta", name=name)
        return _text(found[0], "value") if found else None

    def put_meta(self, name: str, value: str) -> None:
        self._rows.run("put_meta", name=name, value=value)

    def account_identity(self, name: str) -> str | None:
        """The identity an account had when it was first seen."""
        found = self._rows.run("get_account", name=name)
        return _text(found[0], "identity") if found else None

    def account_owner(self, name: str) -> str:
        """Whose an account was when it was last asked who it is."""
        found = self._rows.run("get_account", name=name)
        return _text(found[0], "owner") if found else ""

    def take_from(self, name: str) -> datetime | None:
        found = self._rows.run("get_account", name=name)
        return _time(found[0], "take_from") if found else None

    def account_with(self, *, kind: str, identity: str) -> str | None:
        """The name under which this journal knows a shop or a supplier account, whole or a part of it."""
        whole, _, wanted = identity.partition("#")
        for row in self._rows.run("accounts_with", kind=kind, whole=whole):
            parts = _text(row, "identity").partition("#")[2]
            # Nothing after the mark is all of it; several parts stand with commas between them.
            if not wanted or not parts or not {*wanted.split(",")}.isdisjoint(parts.split(",")):
                return _text(row, "name")
        return None

    def accounts(self, kind: str) -> tuple[str, ...]:
        """The names of the stores (``"store"``) or suppliers that were ever used."""
        return tuple(_text(row, "name") for row in self._rows.run("list_accounts", kind=kind))

    def put_account(
        self,
        name: str,
        *,
        kind: str,
        platform: str,
        owner: str,
        identity: str,
        take_from: datetime | None,
        at: datetime,
    ) -> None:
        self._rows.run(
            "put_account",
            name=name,
            kind=kind,
            platform=platform,
            owner=owner,
            identity=identity,
            take_from=_when(take_from),
            first_seen=stamp(at),
        )

    def put_link(self, link: ProductLink) -> None:
        self._rows.run(
            "put_link",
            store=link.store,
            link_key=link.key,
            supplier=link.supplier,
            remote_id=link.remote_id,
            factor=str(link.factor),
            cost="" if link.cost is None else str(link.cost),
            priority=link.priority,
        )

    def put_part(self, supplier: str, remote_id: str, part: str, *, until: datetime) -> None:
        """Which part of the supplier a remote id belongs to, and until when that is believed."""
        self._rows.run("put_part", supplier=supplier, remote_id=remote_id, part=part, until=stamp(until))

    def drop_unsold(self) -> None:
        """What nobody sold lately is to be asked anew."""
        self._rows.run("drop_unsold")

    def drop_part(self, supplier: str, remote_id: str) -> None:
        """It is to be asked anew."""
        self._rows.run("drop_part", supplier=supplier, remote_id=remote_id)

    def part_of(self, supplier: str, remote_id: str, *, now: datetime) -> str | None:
        """The part a remote id belongs to; empty if the supplier does not sell it, None if nobody asked."""
        found = self._rows.run("get_part", supplier=supplier, remote_id=remote_id, now=stamp(now))
        return _text(found[0], "part") if found else None

    def put_offer(self, supplier: str, remote_id: str, offer: Offer, at: datetime) -> None:
        """What the supplier asks for it now, and how many it has."""
        self._rows.run(
            "put_offer",
            supplier=supplier,
            remote_id=remote_id,
            price="" if offer.price is None else str(offer.price),
            available=None if offer.available is None else str(offer.available),
            seen_at=stamp(at),
        )

    def offer(self, supplier: str, remote_id: str, *, since: datetime) -> Offer | None:
        """What the supplier said of it; None if nobody asked since then."""
        found = self._rows.run("get_offer", supplier=supplier, remote_id=remote_id, since=stamp(since))
        if not found:
            return None
        row = found[0]
        return Offer(
            price=Money.parse(price) if (price := _text(row, "price")) else None,
            available=Decimal(_text(row, "available")) if row["available"] is not None else None,
        )

    def drop_link(self, link: ProductLink) -> None:
        self._rows.run(
            "drop_link",
            store=link.store,
            link_key=link.key,
            supplier=link.supplier,
            remote_id=link.remote_id,
        )

    def links_of(self, store: str, key: str) -> tuple[ProductLink, ...]:
        return tuple(_link(row) for row in self._rows.run("links_of", store=store, link_key=key))

    def links(self, store: str = "", *, owner: str = "") -> tuple[ProductLink, ...]:
        return tuple(_link(row) for row in self._rows.run("list_links", store=store, owner=owner))

    def orders_open_with(self, store: str, key: str) -> tuple[str, ...]:
        """Orders acted on with units open of the product that links name so."""
        sku = key.removeprefix("sku:") if key.startswith("sku:") else ""
        rows = self._rows.run("orders_open_with", store=store, link_key=key, sku=sku)
        return tuple(_text(row, "id") for row in rows)

    def is_only_a_sku(self, store: str, key: str) -> bool:
        """Is it the SKU of a product that was sold, and no product's key?"""
        return bool(self._rows.run("only_a_sku", store=store, sku=key))

    def open_orders(self, store: str, *, after: str, limit: int) -> tuple[str, ...]:
        """A store's orders with units open, by id."""
        rows = self._rows.run("open_orders", store=store, after=after or f"{store}/", limit=limit)
        return tuple(_text(row, "id") for row in rows)

    def waits(self, order_id: str) -> dict[str, str]:
        """Why no supplier ships a line of an order yet, by line."""
        rows = self._rows.run("waits_of", order_id=order_id)
        return {_text(row, "ref"): _text(row, "waits") for row in rows}

    def put_checkout(self, digest: str, doc: str, *, expires_at: datetime, now: datetime) -> None:
        """Keep what a person was shown; those that nobody can place any more go."""
        # For a day somebody may still ask why it is too late.
        self._rows.run("trim_checkouts", before=stamp(now - timedelta(days=1)))
        self._rows.run("put_checkout", digest=digest, doc=doc, expires_at=stamp(expires_at))

    def checkout(self, digest: str) -> str | None:
        found = self._rows.run("get_checkout", digest=digest)
        return _text(found[0], "doc") if found else None

    # --- who works on what ---

    def work(self, subject: str) -> Work:
        found = self._rows.run("get_work", subject=subject)
        if not found:
            return Work(subject=subject, due_at=None, fence=0, lease_until=None)
        row = found[0]
        return Work(
            subject=subject,
            due_at=_time(row, "due_at"),
            fence=_int(row, "fence"),
            lease_until=_time(row, "lease_until"),
            failures=_int(row, "failures"),
        )

    def _put_work(self, work: Work) -> None:
        self._rows.run(
            "put_work",
            subject=work.subject,
            due_at=_when(work.due_at),
            fence=work.fence,
            lease_until=_when(work.lease_until),
            failures=work.failures,
        )

    def wake(self, subject: str, at: datetime) -> None:
        """Make ``subject`` due no later than ``at``."""
        self._rows.run("wake", subject=subject, due_at=stamp(at))

    def due(self, now: datetime, limit: int) -> tuple[str, ...]:
        rows = self._rows.run("due", now=stamp(now), limit=limit)
        return tuple(_text(row, "subject") for row in rows)

    def planned(self, kind: str) -> frozenset[str]:
        """Subjects of a kind, such as ``"pull"``, that are due now or at a time to come."""
        return frozenset(_text(row, "subject") for row in self._rows.run("planned", kind=kind))

    def next_due(self) -> datetime | None:
        return _time(self._rows.run("next_due")[0], "at")

    def claim(self, subject: str, *, seen: int, now: datetime) -> int:
        """Take ``subject`` over if nobody did since fence ``seen`` was read; the new fence.

        Raises:
            LeaseLost: somebody did, or has a call under way.
        """
        work = self.work(subject)
        if work.fence != seen or (work.lease_until is not None and work.lease_until > now):
            raise LeaseLost("another worker has this subject", reference=subject)
        self._put_work(attrs.evolve(work, fence=seen + 1, lease_until=None))
        return seen + 1

    def hold(self, subject: str, *, fence: int, until: datetime) -> None:
        """Keep others away while a call is under way.

        Raises:
            LeaseLost: the subject was taken over.
        """
        work = self.work(subject)
        if work.fence != fence:
            raise LeaseLost("another worker has taken this subject over", reference=subject)
        self._put_work(attrs.evolve(work, lease_until=until))

    def owns(self, subject: str, fence: int) -> bool:
        return self.work(subject).fence == fence

    def schedule(self, subject: str, due_at: datetime | None) -> None:
        """Say when it wants work next; whoever has it keeps it."""
        self._put_work(attrs.evolve(self.work(subject), due_at=due_at))

    def free(self, subject: str) -> None:
        """Let others have it, due when it already is."""
        self._put_work(attrs.evolve(self.work(subject), lease_until=None))

    def release(self, subject: str, *, due_at: datetime | None, failures: int = 0) -> None:
        """Let others have it, and say when it wants work next."""
        work = self.work(subject)
        self._put_work(attrs.evolve(work, lease_until=None, due_at=due_at, failures=failures))

    # --- orders ---

    def order(self, order_id: str) -> OrderRecord | None:
        found = self._rows.run("get_order", id=order_id)
        if not found:
            return None
        row = found[0]
        order = load(Order, _text(row, "doc"))
        private = load(_Private, _text(row, "private")) if row["private"] else _Private()
        order = attrs.evolve(
            order,
            ship_to=private.ship_to,
            bill_to=private.bill_to,
            note=private.note,
            lines=tuple(
                attrs.evolve(line, attributes=private.attributes.get(line.ref, ())) for line in order.lines
            ),
        )
        seen_at = _time(row, "seen_at")
        assert seen_at is not None
        return OrderRecord(
            order=order,
            address=private.address,
            version=_int(row, "version"),
            taken=bool(row["taken"]),
            held=bool(row["held"]),
            forgotten=row["private"] is None,
            seen_at=seen_at,
            refresh=bool(row["refresh"]),
            unsourced=bool(row["unsourced"]),
            progress_shown=_text(row, "progress_shown"),
            next_at=_time(row, "next_at"),
            failures=_int(row, "failures"),
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
            lines=tuple(attrs.evolve(line, attributes=()) for line in order.lines),
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
            progress_shown=record.progress_shown,
            seen_at=stamp(record.seen_at),
            next_at=_when(record.next_at),
            failures=record.failures,
            doc=dump(bare),
        )
        if not record.forgotten:
            private = dump(
                _Private(
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

    def _stand(self, order_id: str, *, about: str, tabs: Sequence[str], supplier: str = "") -> None:
        """Where ``about`` puts its order; mostly that is where it was."""
        known = {_text(row, "tab") for row in self._rows.run("stands_of", order_id=order_id, about=about)}
        if known == set(tabs):
            return
        self._rows.run("drop_stands", order_id=order_id, about=about)
        for tab in tabs:
            self._rows.run("put_stand", order_id=order_id, about=about, tab=tab, supplier=supplier)

    def put_progress(
        self, order_id: str, *, shown: str | None, next_at: datetime | None, failures: int
    ) -> None:
        """What the shop shows of the suppliers' progress (None: unchanged), and when to go on."""
        self._rows.run("put_progress", id=order_id, shown=shown, next_at=_when(next_at), failures=failures)

    def ask_to_source(self, order_id: str) -> None:
        """What of the order can still change is to be shared out anew."""
        self._rows.run("ask_to_source", id=order_id)

    def set_flags(self, order_id: str, *, refresh: bool, held: bool) -> None:
        """Ask for the order to be read again; keep it from being acted on."""
        self._rows.run("set_flags", id=order_id, refresh=int(refresh), held=int(held))

    def forget(self, order_id: str, at: datetime) -> None:
        """Blank the shopper of an order, for good."""
        self._rows.run("drop_private", order_id=order_id)
        self._rows.run("drop_tasks", order_id=order_id)
        for case in self.cases_of(order_id):
            self.put_case(attrs.evolve(case, reason="", evidence=(), word=""))
        self._rows.run("put_tombstone", order_id=order_id, at=stamp(at))
        # By the order as well: a purchase order is placed under its supplier's cart.
        self._rows.run("scrub_attempts", subject=Subject.order(order_id), order_id=order_id)

    def orders_with_shopper(self, store: str, *, after: str, limit: int) -> tuple[str, ...]:
        """A store's orders whose shopper was not forgotten, by id."""
        rows = self._rows.run("orders_with_shopper", store=store, after=after or f"{store}/", limit=limit)
        return tuple(_text(row, "id") for row in rows)

    def put_tombstone(self, order_id: str, at: datetime) -> None:
        """Never let this order's shopper in."""
        self._rows.run("put_tombstone", order_id=order_id, at=stamp(at))

    def forgotten(self, order_id: str) -> bool:
        return bool(self._rows.run("has_tombstone", order_id=order_id))

    def order_ids(
        self,
        *,
        tab: Tab | None = None,
        store: str = "",
        supplier: str = "",
        number: str = "",
        owner: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        after: str = "",
        limit: int = 100,
    ) -> tuple[str, ...]:
        """Orders, the newest first: after the order ``after``, placed from ``since`` to before ``until``.

        ``number`` is what people say, with or without the ``#`` that some shops have in it.
        """
        word, begin = "" if tab is None else tab.value, "" if since is None else stamp(since)
        below = (_LAST, "") if until is None else (stamp(until), "")
        if after:
            found = self._rows.run("placed_at_of", id=after)
            below = min(below, (_text(found[0], "placed_at"), after)) if found else ("", "")
        at, key = below
        if number:
            plain = number.removeprefix("#")
            rows = self._rows.run(
                "orders_called",
                plain=plain,
                marked=f"#{plain}",
                tab=word,
                store=store,
                supplier=supplier,
                owner=owner,
                since=begin,
                below_at=at,
                below_id=key,
                limit=limit,
            )
        elif supplier:
            rows = self._rows.run(
                "orders_in_tab_of_supplier",
                tab=word,
                store=store,
                supplier=supplier,
                owner=owner,
                since=begin,
                below_at=at,
                below_id=key,
                limit=limit,
            )
        elif store:
            rows = self._rows.run(
                "orders_in_tab_of_store",
                tab=word,
                store=store,
                owner=owner,
                since=begin,
                below_at=at,
                below_id=key,
                limit=limit,
            )
        elif owner:
            rows = self._rows.run(
                "orders_in_tab_of_owner",
                tab=word,
                owner=owner,
                since=begin,
                below_at=at,
                below_id=key,
                limit=limit,
            )
        else:
            rows = self._rows.run(
                "orders_in_tab", tab=word, since=begin, below_at=at, below_id=key, limit=limit
            )
        return tuple(_text(row, "id") for row in rows)

    def count_tabs(self, *, owner: str = "", store: str = "") -> dict[Tab, int]:
        """How many orders stand in each tab."""
        return {tab: self._count_in(tab.value, owner=owner, store=store) for tab in Tab}

    def _count_in(self, tab: str, *, owner: str, store: str) -> int:
        if store:
            rows = self._rows.run("count_in_tab_of_store", tab=tab, store=store, owner=owner)
        elif owner:
            rows = self._rows.run("count_in_tab_of_owner", tab=tab, owner=owner)
        else:
            rows = self._rows.run("count_in_tab", tab=tab)
        return _int(rows[0], "n")

    # --- purchase orders and reservations ---

    def purchase(self, po_id: str) -> PurchaseRecord | None:
        found = self._rows.run("get_purchase", id=po_id)
        return _purchase(found[0]) if found else None

    def purchases(self, order_id: str) -> tuple[PurchaseRecord, ...]:
        return tuple(_purchase(row) for row in self._rows.run("purchases_of", order_id=order_id))

    def purchases_in(self, supplier: str, state: Fulfillment) -> tuple[PurchaseRecord, ...]:
        rows = self._rows.run("purchases_by_state", supplier=supplier, fulfillment=state.value)
        return tuple(_purchase(row) for row in rows)

    def purchase_with(self, supplier: str, supplier_ref: str) -> str | None:
        found = self._rows.run("purchase_by_supplier_ref", supplier=supplier, supplier_ref=supplier_ref)
        return _text(found[0], "id") if found else None

    def purchase_called(self, reference: str) -> str | None:
        """The purchase order that its supplier knows under our ``reference``."""
        found = self._rows.run("purchase_by_reference", reference=reference)
        return _text(found[0], "id") if found else None

    def supplier_refs(self, supplier: str, *, since: datetime) -> frozenset[str]:
        """The supplier's ids of orders that were placed there for purchase orders made since."""
        rows = self._rows.run("supplier_refs", supplier=supplier, since=stamp(since))
        return frozenset(_text(row, "supplier_ref") for row in rows)

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
            epoch=record.epoch,
            fulfillment=record.fulfillment.value,
            payment=record.payment.value,
            raw_status=record.raw_status,
            supplier_ref=po.supplier_ref or None,
            approved=int(record.approved),
            waits=record.waits,
            created_at=stamp(record.created_at),
            next_at=_when(record.next_at),
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
                _text(row, "id"),
                _text(row, "remote_id"),
                Fulfillment(_text(row, "fulfillment")),
                Decimal(_text(row, "quantity")),
            )
            for row in rows
        )

    def reservations(self, supplier: str) -> tuple[ReservationRow, ...]:
        return tuple(
            ReservationRow(
                supplier=supplier,
                remote_id=_text(row, "remote_id"),
                wanted=Decimal(_text(row, "wanted")),
                held=Decimal(_text(row, "held")),
                available=Decimal(_text(row, "available")) if row["available"] is not None else None,
                ours=bool(row["ours"]),
                seen_at=_time(row, "seen_at"),
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
            seen_at=_when(row.seen_at),
        )

    # --- notices ---

    def notices(self, order_id: str) -> tuple[NoticeRecord, ...]:
        rows = self._rows.run("notices_of", order_id=order_id)
        return tuple(load(NoticeRecord, _text(row, "doc")) for row in rows)

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
            next_at=_when(record.next_at),
            doc=dump(record),
        )

    # --- manifests ---

    def add_manifest(self, *, courier: str, owner: str, at: datetime) -> Manifest:
        state = ManifestState.PREPARING
        row = self._rows.run(
            "add_manifest", courier=courier, owner=owner, state=state.value, created_at=stamp(at)
        )[0]
        return Manifest(id=_int(row, "id"), courier=courier, owner=owner, state=state, created_at=at)

    def manifest(self, manifest_id: int) -> Manifest | None:
        found = self._rows.run("get_manifest", id=manifest_id)
        if not found:
            return None
        row = found[0]
        return Manifest(
            id=manifest_id,
            courier=_text(row, "courier"),
            owner=_text(row, "owner"),
            state=ManifestState(_text(row, "state")),
            departures=tuple(
                load(Packed, _text(each, "doc")) for each in self._rows.run("packed_in", manifest=manifest_id)
            ),
            created_at=unstamp(_text(row, "created_at")),
            shipped_at=_time(row, "shipped_at"),
        )

    def manifest_ids(
        self, *, owner: str = "", state: ManifestState | None = None, after: int = 0, limit: int = 100
    ) -> tuple[int, ...]:
        word = "" if state is None else state.value
        rows = self._rows.run("list_manifests", owner=owner, state=word, after=after, limit=limit)
        return tuple(_int(row, "id") for row in rows)

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
            (_int(row, "manifest"), load(Packed, _text(row, "doc")))
            for row in self._rows.run("packed_of", po_id=po_id)
        )

    # --- tasks ---

    def tasks(self, order_id: str) -> tuple[Task, ...]:
        rows = self._rows.run("tasks_of", order_id=order_id)
        return tuple(load(Task, _text(row, "doc")) for row in rows)

    def put_task(self, task: Task) -> None:
        self._rows.run(
            "put_task",
            order_id=task.order_id,
            key=task.key,
            state=task.state.value,
            created_at=stamp(task.created_at),
            next_at=_when(task.next_at),
            doc=dump(task),
        )

    # --- cases ---

    def case(self, case_id: str) -> Case | None:
        found = self._rows.run("get_case", id=case_id)
        return load(Case, _text(found[0], "doc")) if found else None

    def cases_of(self, order_id: str) -> tuple[Case, ...]:
        rows = self._rows.run("cases_of", order_id=order_id)
        return tuple(load(Case, _text(row, "doc")) for row in rows)

    def cases(
        self,
        *,
        purchase_order: str = "",
        kind: CaseKind | None = None,
        everything: bool = True,
        owner: str = "",
        after: str = "",
        limit: int = 100,
    ) -> tuple[Case, ...]:
        """Cases by id; with ``everything`` those that are over too."""
        rows = self._rows.run(
            "list_cases",
            po_id=purchase_order,
            kind="" if kind is None else kind.value,
            everything=int(everything),
            owner=owner,
            after=after,
            limit=limit,
        )
        return tuple(load(Case, _text(row, "doc")) for row in rows)

    def put_case(self, case: Case) -> None:
        self._rows.run(
            "put_case",
            id=case.id,
            order_id=case.order_id,
            po_id=case.purchase_order,
            key=case.key,
            kind=case.kind.value,
            state=case.state.value,
            opened_at=stamp(case.opened_at),
            doc=dump(case),
        )
        purchase = self.purchase(case.purchase_order)
        supplier = "" if purchase is None else purchase.po.supplier
        tabs = [tab.value for tab in case.tabs]
        self._stand(case.order_id, about=case.id, tabs=tabs, supplier=supplier)

    # --- intents and attempts ---

    def intent(self, *, about: str, operation: str, op_no: int, step: str) -> Intent | None:
        found = self._rows.run("find_intent", about=about, operation=operation, op_no=op_no, step=step)
        return _intent(found[0]) if found else None

    def intents(self, *, about: str, operation: str, op_no: int) -> tuple[Intent, ...]:
        rows = self._rows.run("intents_of", about=about, operation=operation, op_no=op_no)
        return tuple(_intent(row) for row in rows)

    def add_intent(self, intent: Intent) -> Intent:
        row = self._rows.run(
            "add_intent",
            subject=intent.subject,
            about=intent.about,
            operation=intent.operation,
            op_no=intent.op_no,
            step=intent.step,
            account=intent.account,
            state=intent.state.value,
            doc=dump(intent),
        )[0]
        return attrs.evolve(intent, id=_int(row, "id"))

    def put_intent(self, intent: Intent) -> None:
        self._rows.run("put_intent", id=intent.id, state=intent.state.value, doc=dump(intent))

    def confirm_late(self, intent_id: int, attempt: int, answer: str) -> None:
        """A success that comes after its worker lost the subject still closes its intent."""
        found = self._rows.run("get_intent", id=intent_id)
        if not found:
            return
        intent = _intent(found[0])
        for tried in self.attempts(intent_id):
            if tried.no == attempt:
                self.put_attempt(attrs.evolve(tried, state=IntentState.CONFIRMED, answer=answer))
        if intent.state is not IntentState.CONFIRMED:
            self.put_intent(attrs.evolve(intent, state=move_intent(intent.state, IntentState.CONFIRMED)))

    def unpark(self, about: str) -> None:
        """A person says: what nobody could tell of did not happen, and may be tried again."""
        for row in self._rows.run("parked_intents", about=about):
            intent = _intent(row)
            self.put_intent(attrs.evolve(intent, state=move_intent(intent.state, IntentState.ABSENT)))
            for tried in self.attempts(intent.id):
                if tried.state is IntentState.UNKNOWN:
                    self.put_attempt(attrs.evolve(tried, state=IntentState.ABSENT))

    def unresolved(self, about: str) -> bool:
        """Is an effect on this still open, unknown or parked?"""
        return _int(self._rows.run("unresolved", about=about)[0], "n") > 0

    def add_attempt(self, attempt: Attempt) -> None:
        self._rows.run(
            "add_attempt",
            intent=attempt.intent,
            no=attempt.no,
            at=stamp(attempt.at),
            sha256=attempt.sha256,
            request=attempt.request,
            state=attempt.state.value,
            answer=attempt.answer,
            fence=attempt.fence,
        )

    def put_attempt(self, attempt: Attempt) -> None:
        self._rows.run(
            "put_attempt",
            intent=attempt.intent,
            no=attempt.no,
            state=attempt.state.value,
            answer=attempt.answer,
        )

    def attempts(self, intent_id: int) -> tuple[Attempt, ...]:
        return tuple(
            Attempt(
                intent=intent_id,
                no=_int(row, "no"),
                request=_text(row, "request"),
                sha256=_text(row, "sha256"),
                at=unstamp(_text(row, "at")),
                state=IntentState(_text(row, "state")),
                answer=_text(row, "answer"),
                fence=_int(row, "fence"),
            )
            for row in self._rows.run("attempts_of", intent=intent_id)
        )

    # --- events ---

    def event(
        self,
        kind: EventKind,
        *,
        about: str,
        at: datetime,
        order_id: str = "",
        owner: str = "",
        data: Mapping[str, str] | None = None,
    ) -> None:
        """Write one line of the audit."""
        text = json.dumps(dict(data or {}), sort_keys=True, ensure_ascii=False)
        digest = hashlib.sha256("\n".join((stamp(at), kind, about, order_id, text)).encode()).hexdigest()
        self._rows.run(
            "add_event",
            at=stamp(at),
            kind=kind,
            about=about,
            order_id=order_id,
            owner=owner,
            data=text,
            sha256=digest,
        )

    def events(self, *, after: int = 0, owner: str = "", limit: int = 100) -> tuple[Event, ...]:
        return tuple(
            _event(row) for row in self._rows.run("events_after", after=after, owner=owner, limit=limit)
        )

    def time_line(self, order_id: str) -> tuple[Event, ...]:
        return tuple(_event(row) for row in self._rows.run("events_of", order_id=order_id))

    def last_failed_pull(self, store: str) -> tuple[datetime, str] | None:
        """When a store last gave no orders, and why."""
        found = self._rows.run("last_failed_pull", store=store)
        if not found:
            return None
        data: dict[str, str] = json.loads(_text(found[0], "data"))
        return unstamp(_text(found[0], "at")), data.get("why", "")

    def put_refused_login(self, account: str, why: str, at: datetime) -> None:
        """The account refused to let us in."""
        self._rows.run("put_refused_login", account=account, at=stamp(at), why=why)

    def drop_refused_login(self, account: str) -> None:
        """It lets us in again."""
        self._rows.run("drop_refused_login", account=account)

    def refused_logins(self, *, since: datetime | None = None) -> dict[str, tuple[datetime, str]]:
        """The accounts that refused to let us in, since then: when last, and why."""
        return {
            _text(row, "account"): (unstamp(_text(row, "at")), _text(row, "why"))
            for row in self._rows.run("refused_logins", since=_when(since) or "")
        }

    def consumer(self, name: str) -> int:
        found = self._rows.run("get_consumer", name=name)
        return _int(found[0], "position") if found else 0

    def put_consumer(self, name: str, position: int) -> None:
        self._rows.run("put_consumer", name=name, position=position)

    # --- pulls, webhooks, cache ---

    def cursor(self, store: str) -> tuple[str, datetime] | None:
        found = self._rows.run("get_cursor", store=store)
        return (_text(found[0], "cursor"), unstamp(_text(found[0], "at"))) if found else None

    def put_cursor(self, store: str, cursor: str, at: datetime) -> None:
        self._rows.run("put_cursor", store=store, cursor=cursor, at=stamp(at))

    def take_inbox(self, account: str, dedupe: str, at: datetime) -> bool:
        """True the first time, False for a message that was taken before."""
        return bool(self._rows.run("take_inbox", account=account, dedupe=dedupe, at=stamp(at)))

    def trim_inbox(self, before: datetime) -> None:
        self._rows.run("trim_inbox", before=stamp(before))

    def cached(self, account: str, sha256: str, now: datetime) -> str | None:
        found = self._rows.run("get_cache", account=account, sha256=sha256, now=stamp(now))
        return _text(found[0], "answer") if found else None

    def put_cache(self, account: str, sha256: str, answer: str, expires_at: datetime) -> None:
        self._rows.run(
            "put_cache", account=account, sha256=sha256, answer=answer, expires_at=stamp(expires_at)
        )

    # --- reviews, money ---

    def open_review(
        self,
        code: ReviewCode,
        *,
        about: str,
        evidence: str,
        decisions: Iterable[str],
        at: datetime,
        order_id: str = "",
        account: str = "",
    ) -> int:
        """Ask a person; the same open question is asked once."""
        row = self._rows.run(
            "open_review",
            code=code.value,
            about=about,
            order_id=order_id,
            account=account,
            evidence=evidence,
            decisions=json.dumps(list(decisions)),
            opened_at=stamp(at),
        )[0]
        return _int(row, "id")

    def close_reviews(self, code: ReviewCode, *, about: str, decision: str, at: datetime) -> None:
        self._rows.run("close_reviews", code=code.value, about=about, decision=decision, at=stamp(at))

    def asked_about(self, order_id: str, code: ReviewCode) -> frozenset[str]:
        """What people were asked about an order under one code, answered or not."""
        rows = self._rows.run("asked_about", order_id=order_id, code=code.value)
        return frozenset(_text(row, "about") for row in rows)

    def reviews_of(self, order_id: str) -> tuple[Review, ...]:
        """What people are being asked about an order now."""
        return tuple(_review(row) for row in self._rows.run("open_reviews_of", order_id=order_id))

    def has_open_review(self, code: ReviewCode, *, about: str) -> bool:
        """Is a person being asked this now?"""
        return bool(self._rows.run("open_review_about", code=code.value, about=about))

    def decide_review(self, review_id: int, *, decision: str, at: datetime) -> None:
        self._rows.run("decide_review", id=review_id, decision=decision, at=stamp(at))

    def review(self, review_id: int) -> Review | None:
        found = self._rows.run("get_review", id=review_id)
        return _review(found[0]) if found else None

    def reviews(self, *, after: int = 0, owner: str = "", limit: int = 100) -> tuple[Review, ...]:
        rows = self._rows.run("open_reviews", after=after, owner=owner, limit=limit)
        return tuple(_review(row) for row in rows)

    def spend(self, intent: int, *, owner: str, currency: str, amount: Decimal, at: datetime) -> None:
        self._rows.run(
            "spend", intent=intent, owner=owner, currency=currency, amount=str(amount), at=stamp(at)
        )

    def unspend(self, intent: int) -> None:
        self._rows.run("unspend", intent=intent)

    def spent(self, *, owner: str, currency: str, since: datetime) -> Decimal:
        rows = self._rows.run("spent", owner=owner, currency=currency, since=stamp(since))
        return sum((Decimal(_text(row, "amount")) for row in rows), Decimal(0))

    def spent_by_all(self, *, since: datetime) -> dict[tuple[str, str], Decimal]:
        """What left or may have left since then, by owner and currency."""
        found: dict[tuple[str, str], Decimal] = {}
        for row in self._rows.run("spent_by_all", since=stamp(since)):
            key = _text(row, "owner"), _text(row, "currency")
            found[key] = found.get(key, Decimal(0)) + Decimal(_text(row, "amount"))
        return found

    def put_switch(self, *, owner: str, stopped: bool, reason: str, at: datetime) -> None:
        self._rows.run("put_switch", owner=owner, stopped=int(stopped), reason=reason, at=stamp(at))

    def stopped(self, owner: str) -> str | None:
        """Why this owner's money is stopped; None if it may go."""
        found = self._rows.run("stopped", owner=owner)
        return _text(found[0], "reason") if found else None

    # --- counts ---

    def count_purchases(self) -> dict[str, int]:
        return {_text(row, "fulfillment"): _int(row, "n") for row in self._rows.run("count_purchases")}

    def count_reviews(self) -> dict[str, int]:
        """How many questions are open, by code."""
        return {_text(row, "code"): _int(row, "n") for row in self._rows.run("count_reviews")}

    def count_due(self, now: datetime) -> int:
        return _int(self._rows.run("count_due", now=stamp(now))[0], "n")

    def oldest_in(self, tab: Tab) -> datetime | None:
        """When the oldest order in a tab was placed."""
        return _time(self._rows.run("oldest_in_tab", tab=tab.value)[0], "at")

    def count_orders(self) -> tuple[int, int]:
        """All, and those acted on."""
        counts = {_int(row, "taken"): _int(row, "n") for row in self._rows.run("count_orders")}
        return sum(counts.values()), counts.get(1, 0)

    def count_orders_between(self, store: str, since: datetime, until: datetime) -> int:
        """How many orders a store sold in a time."""
        found = self._rows.run("count_orders_between", store=store, since=stamp(since), until=stamp(until))
        return _int(found[0], "n")

    def oldest_order(self, store: str) -> datetime | None:
        """When the oldest order of a store was placed."""
        return _time(self._rows.run("oldest_order", store=store)[0], "at")

    def count_untold(self, before: datetime) -> int:
        """How many departures since before then no shop was told of."""
        return _int(self._rows.run("count_untold", before=stamp(before))[0], "n")

    def count_notices(self) -> dict[str, int]:
        return {_text(row, "state"): _int(row, "n") for row in self._rows.run("count_notices")}


def _link(row: Row) -> ProductLink:
    return ProductLink(
        store=_text(row, "store"),
        key=_text(row, "link_key"),
        supplier=_text(row, "supplier"),
        remote_id=_text(row, "remote_id"),
        factor=Decimal(_text(row, "factor")),
        cost=Money.parse(cost) if (cost := _text(row, "cost")) else None,
        priority=_int(row, "priority"),
    )


def _purchase(row: Row) -> PurchaseRecord:
    record = load(PurchaseRecord, _text(row, "doc"))
    private = load(_Private, _text(row, "private")) if row["private"] else _Private()
    po: PurchaseOrder = attrs.evolve(
        record.po,
        ship_to=private.address or private.ship_to or private.bill_to or Address(),
        note=private.note,
    )
    return attrs.evolve(record, po=po)


def _intent(row: Row) -> Intent:
    return attrs.evolve(
        load(Intent, _text(row, "doc")), id=_int(row, "id"), state=IntentState(_text(row, "state"))
    )


def _event(row: Row) -> Event:
    return Event(
        position=_int(row, "position"),
        at=unstamp(_text(row, "at")),
        kind=_kind(_text(row, "kind")),
        about=_text(row, "about"),
        order_id=_text(row, "order_id"),
        data={str(name): str(value) for name, value in json.loads(_text(row, "data")).items()},
    )


def _kind(word: str) -> EventKind | str:
    """As it was written, also by a later version than this one."""
    try:
        return EventKind(word)
    except ValueError:
        return word


def _review(row: Row) -> Review:
    opened_at = _time(row, "opened_at")
    assert opened_at is not None
    return Review(
        id=_int(row, "id"),
        code=ReviewCode(_text(row, "code")),
        about=_text(row, "about"),
        order_id=_text(row, "order_id"),
        account=_text(row, "account"),
        evidence=_text(row, "evidence"),
        decisions=tuple(str(item) for item in json.loads(_text(row, "decisions"))),
        opened_at=opened_at,
        resolved_at=_time(row, "resolved_at"),
        decision=_text(row, "decision"),
    )
