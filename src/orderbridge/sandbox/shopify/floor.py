"""The warehouse floor: what can be done with fulfillment orders, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import attrs

from .records import (
    Event,
    Fulfillment,
    FulfillmentLine,
    FulfillmentOrder,
    Hold,
    Line,
    Location,
    Order,
    Part,
    Request,
)
from .shop import Shop
from .values import Object, Refusal, text, texts

Units = Sequence[tuple[FulfillmentLine, int]]
CARRIERS = {
    "UPS": "https://www.ups.com/WebTracking?loc=en_US&requester=ST&trackNums={}",
    "FedEx": "https://www.fedex.com/fedextrack/?trknbr={}",
    "DHL Express": "https://www.dhl.com/en/express/tracking.html?AWB={}",
    "GLS": "https://gls-group.eu/EU/en/parcel-tracking?match={}",
    "DPD": "https://tracking.dpd.de/status/en_US/parcel/{}",
}


@attrs.frozen(kw_only=True)
class Tracking:
    """What is said about tracking; one carrier for all numbers."""

    company: str | None = None
    numbers: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()


def actions(work: FulfillmentOrder) -> list[str]:
    """What may be done with it, by the app that asks."""
    service = work.location.service
    foreign = bool(service) and not work.location.ours
    many = work.remaining > 1
    match work.status, work.request_status:
        case (("CLOSED" | "CANCELLED"), _):
            return []
        case "ON_HOLD", _:
            return ["RELEASE_HOLD", "HOLD"]
        case "SCHEDULED", _:
            return ["MARK_AS_OPEN"]
        case _, "SUBMITTED":
            return ["CANCEL_FULFILLMENT_ORDER"]
        case _, "CANCELLATION_REQUESTED":
            return [] if foreign else ["CREATE_FULFILLMENT"]
        case _, ("ACCEPTED" | "CANCELLATION_REJECTED"):
            return ["REQUEST_CANCELLATION", *([] if foreign else ["CREATE_FULFILLMENT", "REPORT_PROGRESS"])]
        case "INCOMPLETE", _:
            return ["REQUEST_FULFILLMENT", *([] if foreign else ["CREATE_FULFILLMENT"]), "HOLD"]
        case _:
            able = ["REQUEST_FULFILLMENT"] if service else []
            able += [] if foreign else ["CREATE_FULFILLMENT", "REPORT_PROGRESS"]
            if work.status == "IN_PROGRESS" and work.reported:
                able.append("MARK_AS_OPEN")
            if not work.reported:
                able.append("MOVE")
            return [*able, "HOLD", *(["SPLIT"] if many else [])]


def whole_of(work: FulfillmentOrder) -> Units:
    """All that is left in it."""
    return [(line, line.remaining) for line in work.lines if line.remaining]


@attrs.define(kw_only=True, eq=False)
class Floor(Shop):
    """A shop in which work is done."""

    def changed(self, work: FulfillmentOrder, now: datetime, topic: str = "orders/updated") -> None:
        """Work changed, and its order with it."""
        work.updated_at = now.replace(microsecond=0)
        self.touch(work.order, now, topic)

    def fulfill(
        self,
        chosen: Sequence[tuple[FulfillmentOrder, Units]],
        tracking: Tracking,
        *,
        notify: bool,
        now: datetime,
    ) -> Fulfillment:
        """Goods leave. Nothing tells one call from another with the same content."""
        order, stamp = chosen[0][0].order, now.replace(microsecond=0)
        parts: list[Part] = []
        for work, units in chosen:
            for line, count in units:
                line.remaining -= count
                line.line.fulfilled += count
                parts.append(Part(id=self.next_id("FulfillmentLineItem"), source=line, quantity=count))
            work.status = "IN_PROGRESS" if work.remaining else "CLOSED"
            if not work.remaining and work.location.service:
                work.request_status = "CLOSED"
            work.updated_at = stamp
        gone = Fulfillment(
            id=self.next_id("Fulfillment"),
            order=order,
            index=len(order.fulfillments) + 1,
            sources=[work for work, _ in chosen],
            parts=parts,
            created_at=stamp,
            updated_at=stamp,
        )
        order.fulfillments.append(gone)
        self.track(gone, tracking)
        if notify:
            self.mail("shipping_confirmation", order, gone.numbers)
        self.touch(order, now, "fulfillments/create")
        self.events.append(
            ("orders/partially_fulfilled" if self._left(order) else "orders/fulfilled", order.id)
        )
        return gone

    @staticmethod
    def _left(order: Order) -> int:
        return sum(work.remaining for work in order.fulfillment_orders if work.open)

    def track(self, gone: Fulfillment, tracking: Tracking) -> None:
        """Replace all that is said about tracking. Known carriers get their link by themselves."""
        gone.company, gone.numbers = tracking.company, [*tracking.numbers]
        pattern = CARRIERS.get(tracking.company or "")
        made = [pattern.format(number) for number in tracking.numbers] if pattern else []
        gone.urls = [*tracking.urls] or made

    def retrack(self, gone: Fulfillment, tracking: Tracking, *, notify: bool, now: datetime) -> None:
        """Tracking is corrected."""
        self.track(gone, tracking)
        gone.updated_at = now.replace(microsecond=0)
        if notify:
            self.mail("shipping_update", gone.order, gone.numbers)
        self.touch(gone.order, now, "fulfillments/update")

    def happen(self, gone: Fulfillment, event: Event, now: datetime) -> None:
        """Something happens on the way."""
        gone.events.append(event)
        gone.updated_at = now.replace(microsecond=0)
        self.touch(gone.order, now, "fulfillment_events/create")

    def unfulfill(self, gone: Fulfillment, now: datetime) -> None:
        """A fulfillment is undone: its units are work again, if need be in new fulfillment orders."""
        gone.status, gone.updated_at = "CANCELLED", now.replace(microsecond=0)
        lost: dict[int, list[tuple[Line, int]]] = {}
        for part in gone.parts:
            part.source.line.fulfilled -= part.quantity
            work = next(each for each in gone.sources if part.source in each.lines)
            if work.open:
                part.source.remaining += part.quantity
            else:
                lost.setdefault(work.id, []).append((part.source.line, part.quantity))
        for work in gone.sources:
            if work.id in lost:
                self.new_work(gone.order, work.location, lost[work.id], now, method=work.method)
            elif work.status == "IN_PROGRESS" and not work.reported and self._untouched(work):
                work.status = "OPEN"
        self.touch(gone.order, now, "fulfillments/update")

    @staticmethod
    def _untouched(work: FulfillmentOrder) -> bool:
        return all(line.remaining == line.total for line in work.lines)

    def take_out(self, line: Line, units: int) -> None:
        """Units nobody has to send any more leave the work."""
        for work in line_work(line, self.all_work()):
            for each in work.lines:
                if each.line is line and units:
                    gone = min(units, each.remaining)
                    each.remaining, each.total, units = each.remaining - gone, each.total - gone, units - gone
            if not work.remaining:
                work.status = "CLOSED"

    def carve(self, work: FulfillmentOrder, units: Units, now: datetime) -> FulfillmentOrder:
        """A new fulfillment order takes these units over."""
        fresh = self.new_work(
            work.order, work.location, [(line.line, count) for line, count in units], now, method=work.method
        )
        for line, count in units:
            line.remaining -= count
            line.total -= count
        work.lines = [line for line in work.lines if line.total]
        return fresh

    def split(
        self, work: FulfillmentOrder, units: Units, now: datetime
    ) -> tuple[FulfillmentOrder, FulfillmentOrder | None]:
        """Units go to a new fulfillment order.

        Work that was begun is closed, still showing its units, and another one stands for the rest.

        Returns: The new one, and what replaces the old one.
        """
        fresh = self.new_work(
            work.order, work.location, [(line.line, count) for line, count in units], now, method=work.method
        )
        taken = {line.id: count for line, count in units}
        rest = [(line, line.remaining - taken.get(line.id, 0)) for line in work.lines]
        replacement = None
        if work.status == "OPEN":
            for line, left in rest:
                line.total, line.remaining = left, left
            work.lines = [line for line in work.lines if line.total]
        else:
            replacement = self.new_work(
                work.order, work.location, [(line.line, left) for line, left in rest], now, method=work.method
            )
            self.retire(work)
        self.changed(work, now, "fulfillment_orders/split")
        return fresh, replacement

    @staticmethod
    def retire(work: FulfillmentOrder) -> None:
        """Closed because others stand for it; what it shows as left is left no more."""
        work.status, work.displayable = "CLOSED", False

    def relocate(
        self, work: FulfillmentOrder, place: Location, units: Units, now: datetime
    ) -> FulfillmentOrder:
        """Units go to another location, in a new fulfillment order."""
        fresh = self.new_work(
            work.order, place, [(line.line, count) for line, count in units], now, method=work.method
        )
        if sum(count for _, count in units) == work.remaining:
            self.retire(work)
        else:
            for line, count in units:
                line.remaining -= count
                line.total -= count
            work.lines = [line for line in work.lines if line.total]
        self.changed(work, now, "fulfillment_orders/moved")
        return fresh

    def replace(self, work: FulfillmentOrder, now: datetime) -> FulfillmentOrder:
        """It is cancelled, and another one stands for what is left."""
        fresh = self.new_work(
            work.order,
            work.location,
            [(line.line, line.remaining) for line in work.lines],
            now,
            method=work.method,
        )
        self.retire(work)
        self.changed(work, now, "fulfillment_orders/cancelled")
        return fresh

    def put_on_hold(
        self, work: FulfillmentOrder, hold: Hold, units: Units, now: datetime
    ) -> FulfillmentOrder | None:
        """It waits. Where only some units wait, the others go to a new fulfillment order."""
        rest = None
        if units and sum(count for _, count in units) < work.remaining:
            held = {line.id: count for line, count in units}
            rest = self.carve(
                work, [(line, line.remaining - held.get(line.id, 0)) for line in work.lines], now
            )
        work.holds.append(hold)
        work.status = "ON_HOLD"
        self.changed(work, now, "fulfillment_orders/placed_on_hold")
        return rest

    def let_go(self, work: FulfillmentOrder, holds: Iterable[Hold], now: datetime) -> None:
        """Holds end; the last one opens the work again."""
        gone = {hold.id for hold in holds}
        work.holds = [hold for hold in work.holds if hold.id not in gone]
        if not work.holds and work.status == "ON_HOLD":
            work.status = "OPEN" if self._untouched(work) else "IN_PROGRESS"
        self.changed(work, now, "fulfillment_orders/hold_released")

    def ask(
        self, work: FulfillmentOrder, kind: str, message: str | None, now: datetime, *, notify: bool
    ) -> None:
        """The merchant asks the service for something."""
        work.requests.append(
            Request(
                id=self.next_id("FulfillmentOrderMerchantRequest"),
                kind=kind,
                message=message,
                sent_at=now.replace(microsecond=0),
                notify=notify,
            )
        )

    def need(self, work: FulfillmentOrder, action: str, message: str, code: str | None = None) -> None:
        """Refuse what is not among the supported actions."""
        if action not in actions(work):
            raise Refusal(message, ["id"], code)


def line_work(line: Line, all_work: Iterable[FulfillmentOrder]) -> list[FulfillmentOrder]:
    """Open work on a line."""
    return [work for work in all_work if work.open and any(each.line is line for each in work.lines)]


def tracking_of(given: Object) -> Tracking:
    """Tracking as a client gave it: single or several, by position.

    Raises:
        Refusal: Both, or links without numbers.
    """
    numbers, urls = texts(given.get("numbers")), texts(given.get("urls"))
    number, url = text(given.get("number")), text(given.get("url"))
    field = ["fulfillment", "trackingInfo"]
    if (number or url) and (numbers or urls):
        raise Refusal("Tracking can have a number and url or numbers and urls, but not both.", field)
    numbers, urls = numbers or [number] * bool(number), urls or [url] * bool(url)
    if len(urls) > len(numbers):
        raise Refusal("A tracking url needs a tracking number.", field)
    return Tracking(company=text(given.get("company")) or None, numbers=tuple(numbers), urls=tuple(urls))
