"""Shipments: what Magento checks, what it cuts and drops without a word, and what it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import attrs

from .goods import Line
from .shop import Mail, Order, Paper, Shop
from .values import ZERO, RestError, Row, amount, stamp, stored_text

_NOT_SAVED = "Could not save a shipment, see error log for details"
CARRIER_CODE, TITLE = 32, 255  # characters that fit their columns


@attrs.frozen(kw_only=True)
class Comment:
    """A comment on a paper. In the mail it stands only if the caller said both notify and append."""

    text: str
    visible: int = 0


@attrs.frozen(kw_only=True)
class Track:
    """A parcel's number, as it came."""

    number: str
    title: str | None
    carrier: str


@attrs.define(kw_only=True, eq=False)
class Shipping(Shop):
    """A shop that ships."""

    def ship(
        self,
        order: Order,
        asked: Sequence[tuple[int, Decimal]],
        *,
        now: datetime,
        tracks: Sequence[Track] = (),
        comment: Comment | None = None,
        notify: bool = False,
        append_comment: bool = False,
        source: str = "default",
    ) -> int:
        """What ``POST /V1/order/{id}/ship`` does; the shipment's id.

        Raises:
            RestError: it is refused.
        """
        # One item told twice: the last word counts.
        wanted = dict(asked)
        parts, inside = self._parts(order, wanted), self._inside(order, wanted)
        problems = self._order_problems(order)
        packed = any(units for line, units in parts if not line.ships_with_another)
        if not packed and not inside:
            problems.append("You can't create a shipment without products.")
        if any(track.number in ("", "0") for track in tracks):
            problems.append("Please enter a tracking number.")
        problems += self._wrong_levels(order, wanted)
        if problems:
            raise RestError(400, "\n".join(("Shipment Document Validation Error(s):", *problems)))
        number = self.next_id("shipment")
        # A save that fails has used up its ids.
        row = self._row(order, number, now)
        said_nothing = comment is not None and not comment.text
        if said_nothing or not all(track.carrier for track in tracks) or not packed:
            raise RestError(400, _NOT_SAVED)
        self._take_from_stock(parts, source)
        before = dict(order.row)
        shipment = Paper(row=row, items=[], source=source)
        for line, units in parts:
            self._pack(shipment, line, units, stamp(now))
        for line, units in inside:
            line.add("shipped", units, stamp(now))
        total = sum((units for line, units in parts if not line.ships_with_another), ZERO)
        shipment.row["total_qty"] = total
        for track in tracks:
            self._add_track(shipment, track, now)
        if comment is not None:
            self.comment_paper(shipment, comment, now, notified=int(notify and append_comment))
        self.shipments[number] = shipment
        if order.state == "new":
            self.set_state(order, "processing")
        self.settle(order)
        if notify:
            self.mail_shipment(shipment, comment.text if comment and append_comment else "")
        self.save_order(order, before, now)
        return number

    def ship_by_hand(
        self,
        order_id: int,
        units: Mapping[int, Decimal | int] | None = None,
        *,
        now: datetime,
        number: str = "",
    ) -> int:
        """Somebody ships in the admin: these units by item id, or everything that is left."""
        tracks = [Track(number=number, title="UPS", carrier="ups")] if number else []
        asked = [(item, Decimal(count)) for item, count in (units or {}).items()]
        return self.ship(self.orders[order_id], asked, now=now, tracks=tracks)

    def _parts(self, order: Order, wanted: Mapping[int, Decimal]) -> list[tuple[Line, Decimal]]:
        """What will be in the box: too much is cut, and what does not belong there is left out."""
        parts: list[tuple[Line, Decimal]] = []
        for line in order.lines:
            if line.virtual or line.ships_with_another:
                continue
            units = line.to_ship if not wanted else min(wanted.get(line.item_id, ZERO), line.to_ship)
            if not line.row["is_qty_decimal"]:
                units = Decimal(int(units))
            if units <= 0:
                continue
            if line.parent is not None and line.parent not in [part for part, _ in parts]:
                # The bundle itself is in every box that one of its parts is in.
                parts.append((line.parent, Decimal(1)))
            parts.append((line, units))
        return parts

    @staticmethod
    def _inside(order: Order, wanted: Mapping[int, Decimal]) -> list[tuple[Line, Decimal]]:
        """The parts of bundles that ship together, which no box lists.

        They go even if refunds have used the bundle itself up, so that it is in no box any more.
        """
        inside: list[tuple[Line, Decimal]] = []
        for line in order.lines:
            if line.kind != "bundle" or line.separately:
                continue
            asked = wanted.get(line.item_id, ZERO) if wanted else line.qty("ordered")
            for child in line.children:
                units = min(child.each * asked, child.left)
                if not child.row["is_qty_decimal"]:
                    units = Decimal(int(units))
                if units > 0 and not child.virtual:
                    inside.append((child, units))
        return inside

    def _order_problems(self, order: Order) -> list[str]:
        if order.state in ("holded", "payment_review", "canceled") or order.row["is_virtual"]:
            return [f"A shipment cannot be created when an order has a status of {order.row['status']}"]
        shippable = any(line.to_ship and not line.virtual for line in order.lines)
        return [] if shippable else ["The order does not allow a shipment to be created."]

    def _wrong_levels(self, order: Order, wanted: Mapping[int, Decimal]) -> list[str]:
        problems: list[str] = []
        for item_id in wanted:
            line = order.line(item_id)
            if line is None or not line.ships_with_another:
                continue
            bundle = line if line.parent is None else line.parent
            if bundle.kind != "bundle":
                continue
            ways = ("Separately", "Bundle product options") if bundle.separately else ("Together", "")
            problems.append(
                f'Cannot create shipment as bundle product "{bundle.sku}" has shipment type "{ways[0]}". '
                f"{ways[1] or 'Bundle product itself'} should be shipped instead."
            )
        return problems

    def _take_from_stock(self, parts: Sequence[tuple[Line, Decimal]], source: str) -> None:
        if not self.msi:
            return
        taken: dict[str, Decimal] = {}
        for line, units in parts:
            if line.kind == "bundle":
                loose = () if line.separately else line.children
                inside = [(child.sku, child.each * units) for child in loose if not child.virtual]
            else:
                inside = [(line.sku, units)]
            for sku, count in inside:
                taken[sku] = taken.get(sku, ZERO) + count
        enough = all(self.in_stock(sku, source) >= count for sku, count in taken.items())
        if source not in self.sources or not enough:
            raise RestError(400, _NOT_SAVED)
        for sku, count in taken.items():
            self.stock[sku, source] = self.in_stock(sku, source) - count

    def _row(self, order: Order, number: int, now: datetime) -> Row:
        ship_to = order.shipping or {}
        return {
            "billing_address_id": order.row["billing_address_id"],
            "created_at": stamp(now),
            "email_sent": None,
            "entity_id": number,
            "increment_id": f"{self.next_id('increment of shipments'):09}",
            "order_id": order.order_id,
            "shipping_address_id": ship_to.get("entity_id"),
            "store_id": order.row["store_id"],
            "total_qty": None,
            "updated_at": stamp(now),
        }

    def _pack(self, shipment: Paper, line: Line, units: Decimal, at: str) -> None:
        names = ("name", "price", "product_id", "sku", "weight")
        row: Row = {name: line.row[name] for name in names}
        row |= {"entity_id": self.next_id("shipment item"), "parent_id": shipment.entity_id}
        shipment.items.append(row | {"order_item_id": line.item_id, "qty": units})
        line.add("shipped", units, at)

    # Tracks, comments and mails

    def _add_track(self, shipment: Paper, track: Track, now: datetime) -> Row:
        row: Row = {
            "order_id": shipment.order_id,
            "created_at": stamp(now),
            "entity_id": self.next_id("track"),
            "parent_id": shipment.entity_id,
            "updated_at": stamp(now),
            "weight": None,
            "qty": None,
            "description": None,
            "track_number": track.number,
            "title": track.title if track.title is None else track.title[:TITLE],
            "carrier_code": track.carrier[:CARRIER_CODE],
        }
        shipment.tracks.append(row)
        self.changed()
        return row

    def add_track(
        self,
        shipment_id: int,
        number: str,
        *,
        now: datetime,
        title: str | None = "UPS",
        carrier: str = "ups",
        order_id: int | None = None,
    ) -> Row:
        """One more number on a shipment; it is not looked at whether it is there already.

        Raises:
            RestError: it is not this order's shipment, or there is no number or no carrier.
        """
        shipment = self.shipments.get(shipment_id)
        elsewhere = shipment is None or (order_id is not None and order_id != shipment.order_id)
        if shipment is None or elsewhere or not number or not carrier:
            raise RestError(400, "Could not save the shipment tracking.")
        return self._add_track(shipment, Track(number=number, title=title, carrier=carrier), now)

    def delete_track(self, track_id: int) -> None:
        """A number goes; one that is not there is no error."""
        for shipment in self.shipments.values():
            left = [row for row in shipment.tracks if row["entity_id"] != track_id]
            if len(left) < len(shipment.tracks):
                shipment.tracks = left
                self.changed()

    def comment_paper(
        self, paper: Paper, comment: Comment, now: datetime, *, notified: int | None = 0
    ) -> Row:
        """A comment on a shipment, invoice or credit memo."""
        row: Row = {
            "is_customer_notified": notified,
            "parent_id": paper.entity_id,
            "comment": stored_text(comment.text),
            "is_visible_on_front": comment.visible,
            "created_at": stamp(now),
            "entity_id": self.next_id("paper comment"),
        }
        paper.comments.append(row)
        self.changed()
        return row

    def mail_shipment(self, shipment: Paper, comment: str = "") -> None:
        """The mail about a departure; asked twice, it goes twice."""
        shipment.row["email_sent"] = 1
        numbers = tuple(str(row["track_number"]) for row in shipment.tracks)
        self.mails.append(Mail("shipment", shipment.order_id, shipment.entity_id, numbers, comment))
        self.changed()

    def save_shipment(self, order: Order, items: Sequence[tuple[int, Decimal]], now: datetime) -> Paper:
        """What ``POST /V1/shipment`` does: writes it down, whatever the order says.

        Raises:
            RestError: there is nothing in it.
        """
        if not items:
            raise RestError(400, "The shipment couldn't be saved.")
        number = self.next_id("shipment")
        row = self._row(order, number, now)
        empty = ("billing_address_id", "shipping_address_id", "store_id")
        shipment = Paper(row=row | dict.fromkeys(empty), items=[])
        for item_id, units in items:
            shipment.items.append(
                {
                    "entity_id": self.next_id("shipment item"),
                    "parent_id": number,
                    "order_item_id": item_id,
                    "qty": amount(units),
                }
            )
        self.shipments[number] = shipment
        self.changed()
        return shipment
