"""What the shop has of an order's shipping, read anew each time: nothing of it lasts.

Fulfillment orders are split, moved and replaced, so that only the lines of the order itself are known for
longer than one reading. What we did is kept beside the order, in marks that no shopper sees: they are written
only over what was read, because the calls that ship have no key of their own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

import attrs

from ..._model import ShipmentNotice
from ...adapters import Flow, LookUp, Response, Write, decode_bytes, same_number
from ...errors import Malformed
from ._documents_orders import LEFT_LINES as MORE_CONTENTS
from ._documents_shipping import CONTENTS, MARK, MORE_MARKS, MORE_SHIPPABLE, MORE_SHIPPABLE_LINES, SHIPPING
from ._graphql import ask, change, data_of
from ._lists import by_id, rest_of
from ._orders import TAKEN_BACK
from ._scopes import has
from ._settings import Settings
from ._wire import (
    Connection,
    WireFulfilledLine,
    WireFulfillment,
    WireFulfillmentOrder,
    WireFulfillmentOrderLine,
    WireId,
    WireTrack,
    gid,
    kind_of,
    ref_of,
)

NAMESPACE = "$app:orderbridge"

UNMARKED = (
    "the app may not write beside orders (write_orders): departures are told apart by their numbers alone"
)
_FEW = 20
_MOST = 250  # Shopify gives no more of a list
_LEFT = frozenset({"OPEN", "IN_PROGRESS", "ON_HOLD", "SCHEDULED", "INCOMPLETE"})


# --- what it looks like -------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class WireMark:
    """What we wrote beside the order; ``compareDigest`` names just this text."""

    key: str = ""
    value: str = ""
    compareDigest: str = ""


@attrs.frozen(kw_only=True)
class Part:
    """One fulfillment of ours, made or to be made: Shopify wants one for each location and carrier.

    Args:
        location: Where Shopify says it ships from, by id.

        units: By line of the order.

        carrier: In Shopify's spelling.

        numbers: Of ours, all that it shows.

        mail: Shopify mails the shopper about this one.

        made: Shopify's id of it, once it is there.
    """

    location: str = ""
    units: Mapping[str, int] = attrs.field(factory=dict[str, int])
    carrier: str = ""
    numbers: tuple[str, ...] = ()
    mail: bool = False
    made: str = ""

    @property
    def name(self) -> str:
        """The same for the same units: a number that changes while a call is lost makes no new one of it."""
        doc = (self.location, sorted(self.units.items()))
        return hashlib.sha256(repr(doc).encode()).hexdigest()[:8]

    def is_there(self, departure: WireFulfillment) -> bool:
        """Is it this one: the same units, numbers and place?"""
        return (
            units_in(departure) == self.units
            and same_numbers(numbers_of(departure), self.numbers)
            # A location that was deleted since has no id.
            and (not self.location or location_of(departure) in ("", self.location))
        )

    def may_be_there(self, departure: WireFulfillment) -> bool:
        """Is it like this one, in its units or in a number?"""
        shown = numbers_of(departure)
        return units_in(departure) == self.units or any(
            same_number(one, other) for one in shown for other in self.numbers
        )


@attrs.frozen(kw_only=True)
class Plan:
    """What we keep of one departure.

    Args:
        notice: Its key.

        parts: All of it, fixed before the first is made.

        before: The fulfillments that the shop had then, by id: none of them came of our calls.

        no: Counts, so that going back to an earlier plan is a new one.
    """

    no: int = 0
    notice: str = ""
    parts: tuple[Part, ...] = ()
    before: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return json.dumps(attrs.asdict(self), sort_keys=True, separators=(",", ":"))


@attrs.frozen(kw_only=True)
class Shop:
    """What the shop has of one order's shipping, whole.

    Args:
        id: Shopify's name of the order.

        canceled: Nothing of it ships any more.

        works: The fulfillment orders, as far as we are shown them; those of which something is left have
            their lines.

        departures: The fulfillments, those that left with their lines.

        marks: What we wrote beside the order, by key.

        scopes: What the app may do.
    """

    id: str
    canceled: bool
    works: tuple[WireFulfillmentOrder, ...]
    departures: tuple[WireFulfillment, ...]
    marks: Mapping[str, WireMark]
    scopes: frozenset[str]

    @property
    def ref(self) -> str:
        return ref_of(self.id)

    @property
    def may_mark(self) -> bool:
        return has(self.scopes, "write_orders")

    @property
    def left(self) -> tuple[WireFulfillment, ...]:
        """The departures that were not taken back."""
        return tuple(each for each in self.departures if each.status not in TAKEN_BACK)

    def plan(self, notice: str) -> Plan | None:
        """What we keep of a departure; None if we never began it."""
        mark = self.marks.get(mark_key(notice))
        return decode_bytes(Plan, mark.value.encode()) if mark else None

    def claimed(self) -> dict[str, str]:
        """The fulfillments that are known to be of departures of ours, and of which."""
        plans = (self.plan_in(mark) for key, mark in self.marks.items() if key.startswith("departure-"))
        return {part.made: plan.notice for plan in plans for part in plan.parts if part.made}

    @staticmethod
    def plan_in(mark: WireMark) -> Plan:
        return decode_bytes(Plan, mark.value.encode())


def mark_key(notice: str) -> str:
    """Where a departure's mark stands; Shopify takes few signs in it."""
    return f"departure-{hashlib.sha256(notice.encode()).hexdigest()[:24]}"


def location_of(thing: WireFulfillment | WireFulfillmentOrder) -> str:
    if isinstance(thing, WireFulfillment):
        return ref_of(thing.location.id) if thing.location else ""
    place = thing.assignedLocation.location
    return ref_of(place.id) if place else ""


def request_of(work: WireFulfillmentOrder) -> str:
    """What names a request of the merchant's: the same fulfillment order can be requested again."""
    asked = work.merchantRequests.items if work.merchantRequests else ()
    return "-".join(ref_of(name) for name in (work.id, *(each.id for each in asked)))


def units_in(departure: WireFulfillment) -> dict[str, int]:
    units: dict[str, int] = {}
    for row in departure.fulfillmentLineItems.items:
        ref = ref_of(row.lineItem.id)
        units[ref] = units.get(ref, 0) + (row.quantity or 0)
    return {ref: count for ref, count in units.items() if count}


def numbers_of(departure: WireFulfillment) -> tuple[str, ...]:
    return tuple(track.number for track in departure.trackingInfo if track.number and track.number.strip())


def same_numbers(some: Iterable[str], others: Iterable[str]) -> bool:
    """The same tracking numbers, in whatever order."""
    return {_plain(each) for each in some} == {_plain(each) for each in others}


def _plain(number: str) -> str:
    return "".join(number.split()).casefold()


def can(work: WireFulfillmentOrder, action: str) -> bool:
    """Shopify says so itself, by the state of things and by who asks."""
    return any(each.action == action for each in work.supportedActions)


# --- reading ------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class _Scope:
    handle: str = ""


@attrs.frozen(kw_only=True)
class _App:
    accessScopes: tuple[_Scope, ...] = ()


@attrs.frozen(kw_only=True)
class _Order:
    id: str = ""
    cancelledAt: str | None = None
    fulfillments: tuple[WireFulfillment, ...] = ()
    fulfillmentOrders: Connection[WireFulfillmentOrder] = attrs.field(
        factory=Connection[WireFulfillmentOrder]
    )
    metafields: Connection[WireMark] = attrs.field(factory=Connection[WireMark])


@attrs.frozen(kw_only=True)
class _Shipping:
    order: _Order | None
    currentAppInstallation: _App = attrs.field(factory=_App)


@attrs.frozen(kw_only=True)
class _More:
    order: _Order | None


@attrs.frozen(kw_only=True)
class _Contents:
    id: str = ""
    deliveredAt: str | None = None
    location: WireId | None = None
    trackingInfo: tuple[WireTrack, ...] = ()
    lineItems: Connection[WireFulfillmentOrderLine] = attrs.field(
        factory=Connection[WireFulfillmentOrderLine]
    )
    merchantRequests: Connection[WireId] | None = None
    fulfillmentLineItems: Connection[WireFulfilledLine] = attrs.field(factory=Connection[WireFulfilledLine])


@attrs.frozen(kw_only=True)
class _Nodes:
    nodes: tuple[_Contents | None, ...]


@attrs.frozen(kw_only=True)
class _Node:
    node: _Contents | None


def shop_of(settings: Settings, ref: str) -> Flow[Shop | None]:
    """All of it, to the end of each list; None if the shop has no such order."""
    name = gid("Order", ref)
    found = yield from _asked(settings, name, _FEW)
    if found.order is not None and len(found.order.fulfillments) >= _FEW:
        found = yield from _asked(settings, name, _MOST)
    wire = found.order
    if wire is None:
        return None
    if len(wire.fulfillments) >= _MOST:
        # A plain list: what is beyond it may be the very departure that is looked for.
        raise Malformed(
            f"order {ref}: it has {_MOST} fulfillments or more, and Shopify shows no others",
            path="$.order.fulfillments",
        )

    def more_works(response: Response) -> Connection[WireFulfillmentOrder] | None:
        order = data_of(_More, response).order
        return order.fulfillmentOrders if order else None

    def more_marks(response: Response) -> Connection[WireMark] | None:
        order = data_of(_More, response).order
        return order.metafields if order else None

    works = yield from rest_of(settings, MORE_SHIPPABLE, name, wire.fulfillmentOrders, more_works)
    marks = yield from rest_of(settings, MORE_MARKS, name, wire.metafields, more_marks)
    asked = [work.id for work in works.items if work.status in _LEFT]
    asked += [each.id for each in wire.fulfillments if each.status not in TAKEN_BACK]
    contents = yield from _contents(settings, asked)
    return Shop(
        id=name,
        canceled=bool(wire.cancelledAt),
        works=tuple(
            _with_lines(work, contents[work.id]) if work.id in contents else work for work in works.items
        ),
        departures=tuple(
            _with_contents(each, contents[each.id]) if each.id in contents else each
            for each in wire.fulfillments
        ),
        marks={mark.key: mark for mark in marks.items},
        scopes=frozenset(each.handle for each in found.currentAppInstallation.accessScopes),
    )


def _with_lines(work: WireFulfillmentOrder, found: _Contents) -> WireFulfillmentOrder:
    return attrs.evolve(work, lineItems=found.lineItems, merchantRequests=found.merchantRequests)


def _with_contents(departure: WireFulfillment, found: _Contents) -> WireFulfillment:
    return attrs.evolve(
        departure,
        deliveredAt=found.deliveredAt,
        location=found.location,
        trackingInfo=found.trackingInfo,
        fulfillmentLineItems=found.fulfillmentLineItems,
    )


def _asked(settings: Settings, name: str, most: int) -> Flow[_Shipping]:
    response = yield ask(settings, SHIPPING, {"id": name, "first": most}, cost=150.0 + most)
    return data_of(_Shipping, response)


def _contents(settings: Settings, names: list[str]) -> Flow[dict[str, _Contents]]:
    def read(response: Response) -> tuple[_Contents | None, ...]:
        return data_of(_Nodes, response).nodes

    def more_left(response: Response) -> Connection[WireFulfillmentOrderLine] | None:
        node = data_of(_Node, response).node
        return node.lineItems if node else None

    def more_gone(response: Response) -> Connection[WireFulfilledLine] | None:
        node = data_of(_Node, response).node
        return node.fulfillmentLineItems if node else None

    found: dict[str, _Contents] = {}
    for row in (yield from by_id(settings, CONTENTS, names, {}, read, each=100.0)):
        left = yield from rest_of(settings, MORE_SHIPPABLE_LINES, row.id, row.lineItems, more_left)
        gone = yield from rest_of(settings, MORE_CONTENTS, row.id, row.fulfillmentLineItems, more_gone)
        found[row.id] = attrs.evolve(row, lineItems=left, fulfillmentLineItems=gone)
    # What cannot be looked into may hold anything.
    if missing := [f"{kind_of(name)} {ref_of(name)}" for name in names if name not in found]:
        raise Malformed(f"$.nodes: {', '.join(missing)} went away while they were read", path="$.nodes")
    return found


# --- marks ----------------------------------------------------------------------------------------------


def put_mark(settings: Settings, shop: Shop, step: str, key: str, value: str) -> Write:
    """Write beside the order, over just what was read: whoever comes second is refused."""
    there = shop.marks.get(key)
    mark: dict[str, object] = {
        "ownerId": shop.id,
        "namespace": NAMESPACE,
        "key": key,
        "type": "json",
        "value": value,
        "compareDigest": there.compareDigest if there else None,
    }
    return change(settings, step, MARK, {"marks": [mark]}, unknown=LookUp())


def put_plan(settings: Settings, shop: Shop, plan: Plan) -> Write:
    there = shop.plan(plan.notice)
    plan = attrs.evolve(plan, no=there.no + 1 if there else 1)
    shown = hashlib.sha256(plan.text.encode()).hexdigest()[:8]
    return put_mark(settings, shop, f"mark-{shown}", mark_key(plan.notice), plan.text)


# --- units, and words ----------------------------------------------------------------------------------


def units_of(notice: ShipmentNotice) -> dict[str, int] | str:
    """Units by line, or why Shopify cannot be told of them."""
    units: dict[str, int] = {}
    for line in notice.lines:
        ref = line.ship_ref or line.line_ref
        if line.units != line.units.to_integral_value():
            return f"line {ref}: {line.units.normalize():f} units left, and Shopify counts whole ones"
        units[ref] = units.get(ref, 0) + int(line.units)
    units = {ref: count for ref, count in units.items() if count}
    # Without lines Shopify would ship everything that is left.
    return units or "the departure holds nothing of this order"


def sum_of(some: Iterable[Mapping[str, int]]) -> dict[str, int]:
    units: dict[str, int] = {}
    for each in some:
        for line, count in each.items():
            units[line] = units.get(line, 0) + count
    return units


def less(wanted: Mapping[str, int], made: Mapping[str, int]) -> dict[str, int]:
    rest = {line: count - made.get(line, 0) for line, count in wanted.items()}
    return {line: count for line, count in rest.items() if count > 0}


def in_words(units: Mapping[str, int]) -> str:
    return ", ".join(f"{count} of line {line}" for line, count in units.items()) or "nothing"


def refs_of(departures: Iterable[WireFulfillment]) -> str:
    return ", ".join(ref_of(each.id) for each in departures)
