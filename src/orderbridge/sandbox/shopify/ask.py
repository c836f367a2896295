"""One call as views and mutations see it: the shop, the time, who asks, and how things are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

import attrs

from .desk import Desk
from .paging import Row, connection
from .records import Fulfillment, FulfillmentOrder, Line, Order
from .totals import cents
from .values import Asked, Json, Node, Object, Refusal, bag, number_of, text, whole

R = TypeVar("R", bound=Row)
Views = Mapping[type, Callable[["Ask", object], Node]]


@attrs.define(kw_only=True, eq=False)
class Ask:
    """One call.

    Args:
        scopes: What the app may do.

        key: Of the ``@idempotent`` directive of the mutation at hand.

        views: How each kind of record is shown.

        bulk: It is a bulk query.

        rows: Which rows of its root a bulk query reads now; all of them where it is None.
    """

    shop: Desk
    now: datetime
    scopes: frozenset[str]
    origin: str
    views: Views = attrs.field(repr=False)
    key: str | None = None
    bulk: bool = False
    rows: slice | None = None

    def show(self, record: object) -> Node | None:
        """A record as GraphQL reads it; None stays None."""
        return None if record is None else self.views[type(record)](self, record)

    def shown(self, record: object) -> Node:
        """A record that is there."""
        return self.views[type(record)](self, record)

    def each(self, records: Iterable[object]) -> list[Node]:
        """A plain list."""
        return [self.shown(record) for record in records]

    def pages(self, records: Callable[[], Sequence[R]]) -> Asked:
        """A field that is a connection over records."""
        return Asked(lambda args: self.page(records(), args))

    def page(self, records: Sequence[R], args: Object, sort: Callable[[R], str] | None = None) -> Node:
        """A connection over records, by their numbers where not sorted otherwise."""
        return connection(records, self.shown, args, sort, whole_list=self.bulk)

    def first(self, records: Callable[[], Sequence[object]]) -> Asked:
        """A field that is a list cut by ``first``."""
        return Asked(lambda args: self.each(records()[: limit(args)]))

    @staticmethod
    def money(order: Order, value: Decimal) -> Node:
        """An amount of an order."""
        return bag(order.money(cents(value)))

    # What a client named

    def order(self, value: Json) -> Order | None:
        """The order of this id, if this app sees it."""
        found = self.shop.orders.get(number_of(value, "Order"))
        return found if found and self.shop.visible(found, self.now, self.scopes) else None

    def the_order(
        self, value: Json, field: str, message: str = "Order does not exist", code: str = ""
    ) -> Order:
        """The order of this id.

        Raises:
            Refusal: There is none.
        """
        found = self.order(value)
        if found is None:
            raise Refusal(message, [field], code or None)
        return found

    def sees(self, work: FulfillmentOrder) -> bool:
        """Whether the scopes cover the location's kind; if not, it is left out without a word."""
        return self._may(work, "read")

    def acts(self, work: FulfillmentOrder) -> bool:
        """Whether the scopes let the app change it."""
        return self._may(work, "write")

    def _may(self, work: FulfillmentOrder, what: str) -> bool:
        place = work.location
        kind = "merchant_managed" if not place.service else "assigned" if place.ours else "third_party"
        scopes = {f"{verb}_{kind}_fulfillment_orders" for verb in {what, "write"}}
        return bool(scopes & self.scopes)

    def work(self, value: Json) -> FulfillmentOrder | None:
        """The fulfillment order of this id, if this app sees it."""
        wanted = number_of(value, "FulfillmentOrder")
        found = next((one for one in self.shop.all_work() if one.id == wanted), None)
        return found if found and self.sees(found) and self.order(found.order.gid) else None

    def the_work(self, value: Json, code: str | None = None) -> FulfillmentOrder:
        """The fulfillment order of this id.

        Raises:
            Refusal: There is none that this app may change.
        """
        found = self.work(value)
        if found is None or not self.acts(found):
            raise Refusal("Fulfillment order does not exist.", ["id"], code)
        return found

    def fulfillment(self, value: Json) -> Fulfillment | None:
        """The fulfillment of this id."""
        wanted = number_of(value, "Fulfillment")
        every = (gone for order in self.shop.orders.values() for gone in order.fulfillments)
        found = next((gone for gone in every if gone.id == wanted), None)
        return found if found and self.order(found.order.gid) else None

    @staticmethod
    def line(order: Order, value: Json) -> Line | None:
        """The order line of this id."""
        return next((line for line in order.lines if line.id == number_of(value, "LineItem")), None)

    def did(self, mutation: str, subject: str) -> None:
        """The call changed something."""
        self.shop.did(mutation, subject, self.now)


def decimal(value: Json, field: str) -> Decimal:
    """An amount a client sent.

    Raises:
        Refusal: It is none.
    """
    try:
        return Decimal(text(value))
    except InvalidOperation:
        raise Refusal("is not a number", [field]) from None


def limit(args: Mapping[str, Json]) -> int | None:
    """How much of a plain list is wanted; None is all."""
    return None if args.get("first") is None else whole(args["first"])
