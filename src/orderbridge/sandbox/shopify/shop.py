"""What a shop holds, and what happens in it by itself as time goes by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import attrs

from .records import FulfillmentLine, FulfillmentOrder, Job, Line, Location, Order, Variant
from .totals import searchable, unfulfilled

WINDOW = timedelta(days=60)


class Mail(NamedTuple):
    """One mail to the shopper."""

    kind: str
    order_id: int
    numbers: tuple[str, ...] = ()


class Effect(NamedTuple):
    """One call's change: the mutation and what it changed."""

    mutation: str
    subject: str
    at: datetime


@attrs.define(kw_only=True, eq=False)
class Shop:
    """One shop's contents. Knows no HTTP and no clock: whoever acts brings the time (aware, UTC).

    Args:
        domain: Its own address at Shopify.

        currency: The shop's; an order may be in another.

        search_lag: How far the search is behind. Lists choose and sort by what it has seen, and show
            what is.

        routing_delay: How long after an order its fulfillment orders are there.

        cancel_takes: How long a cancel is under way.

        cancel_fails: Why cancels fail at last, if they do.

        bulk_takes: How long a bulk query is under way.

        bulk_fails: Why bulk queries fail at last, if they do: ``TIMEOUT``.

        version: The newest of the API, which also webhooks speak.

        newer: Enum values this version has no name for, by the enum that they are shown for.
    """

    domain: str = "bridge-test.myshopify.com"
    name: str = "Bridge test"
    currency: str = "EUR"
    time_zone: str = "Europe/Berlin"
    plan: str = "Basic"
    search_lag: timedelta = timedelta(0)
    routing_delay: timedelta = timedelta(0)
    cancel_takes: timedelta = timedelta(seconds=3)
    cancel_fails: str = ""
    bulk_takes: timedelta = timedelta(seconds=10)
    bulk_fails: str = ""
    version: str = "2026-10"
    newer: Mapping[str, str] = attrs.field(factory=dict[str, str])

    orders: dict[int, Order] = attrs.field(init=False, factory=dict[int, Order], repr=False)
    variants: dict[str, Variant] = attrs.field(init=False, factory=dict[str, Variant], repr=False)
    locations: dict[int, Location] = attrs.field(init=False, factory=dict[int, Location], repr=False)
    jobs: dict[int, Job] = attrs.field(init=False, factory=dict[int, Job], repr=False)
    mails: list[Mail] = attrs.field(init=False, factory=list[Mail], repr=False)
    effects: list[Effect] = attrs.field(init=False, factory=list[Effect])
    events: list[tuple[str, int]] = attrs.field(init=False, factory=list[tuple[str, int]], repr=False)
    _unrouted: dict[int, datetime] = attrs.field(init=False, factory=dict[int, datetime], repr=False)
    _last_id: dict[str, int] = attrs.field(init=False, factory=dict[str, int], repr=False)

    def __attrs_post_init__(self) -> None:
        self.add_location("Main warehouse")

    def next_id(self, kind: str) -> int:
        """A number not used yet; each kind has its own row of them."""
        starts = {"Location": 0, "Order": 5_000_000_000_000, "OrderNumber": 1000}
        # No two kinds share numbers, so that a mixed-up id is never right by chance.
        base = starts.get(kind, 1_000_000 * (1 + sum(kind.encode()) % 9_000))
        self._last_id[kind] = self._last_id.get(kind, base) + 1
        return self._last_id[kind]

    def add_location(
        self, name: str, *, service: str = "", ours: bool = False, country: str = "DE"
    ) -> Location:
        """A place goods leave from."""
        place = Location(id=self.next_id("Location"), name=name, service=service, ours=ours, country=country)
        self.locations[place.id] = place
        return place

    def touch(self, order: Order, now: datetime, topic: str = "orders/updated") -> None:
        """The order changed: it says so, the search will learn of it, and webhooks are told."""
        order.updated_at = max(order.updated_at, now.replace(microsecond=0))
        order.indexed.append((now, searchable(order)))
        self.events.append((topic, order.id))

    def did(self, mutation: str, subject: str, now: datetime) -> None:
        """A call changed something."""
        self.effects.append(Effect(mutation, subject, now))

    def mail(self, kind: str, order: Order, numbers: Iterable[str] = ()) -> None:
        """Write to the shopper, who may have left no address."""
        if order.email:
            self.mails.append(Mail(kind, order.id, tuple(numbers)))

    def tick(self, now: datetime) -> None:
        """Whatever was due by now."""
        for order_id, due in list(self._unrouted.items()):
            if due <= now:
                del self._unrouted[order_id]
                self.route(self.orders[order_id], due)
        for work in self.all_work():
            if work.status == "SCHEDULED" and work.fulfill_at is not None and work.fulfill_at <= now:
                work.status, work.updated_at = "OPEN", work.fulfill_at
                self.touch(work.order, work.fulfill_at)

    # Work

    def expect_routing(self, order: Order, now: datetime) -> None:
        """Fulfillment orders come later, from a job in the background."""
        self._unrouted[order.id] = now + self.routing_delay
        self.tick(now)

    def route(self, order: Order, now: datetime) -> None:
        """One fulfillment order for each location and way of delivery."""
        groups: dict[tuple[int, str], list[Line]] = {}
        for line in order.lines:
            if unfulfilled(line):
                groups.setdefault((line.location_id, line.method), []).append(line)
        for (location_id, method), lines in groups.items():
            units = [(line, unfulfilled(line)) for line in lines]
            self.new_work(order, self.locations[location_id], units, now, method=method)
        self.touch(order, now, "fulfillment_orders/order_routing_complete")

    def new_work(
        self,
        order: Order,
        location: Location,
        units: Iterable[tuple[Line, int]],
        now: datetime,
        *,
        method: str = "SHIPPING",
    ) -> FulfillmentOrder:
        """A fulfillment order with ids of its own."""
        stamp = now.replace(microsecond=0)
        work = FulfillmentOrder(
            id=self.next_id("FulfillmentOrder"),
            order=order,
            location=location,
            lines=[
                FulfillmentLine(
                    id=self.next_id("FulfillmentOrderLineItem"), line=line, total=count, remaining=count
                )
                for line, count in units
                if count
            ],
            created_at=stamp,
            updated_at=stamp,
            method=method,
        )
        order.fulfillment_orders.append(work)
        return work

    def all_work(self) -> list[FulfillmentOrder]:
        """The fulfillment orders of all orders."""
        return [work for order in self.orders.values() for work in order.fulfillment_orders]

    def visible(self, order: Order, now: datetime, scopes: frozenset[str]) -> bool:
        """Old orders are as if they were not there, unless the app may read all."""
        return "read_all_orders" in scopes or order.created_at > now - WINDOW

    def variant(self, sku: str, *, price: Decimal | None = None, location_id: int = 1) -> Variant:
        """What is sold by this SKU; put on sale if it is not yet."""
        if sku not in self.variants:
            self.variants[sku] = Variant(
                id=self.next_id("ProductVariant"),
                sku=sku,
                product_title=sku.title(),
                price=price or Decimal("10.00"),
                location_id=location_id,
            )
        return self.variants[sku]
