"""All of an order: its lists to their end, and what only some orders have, never half of it.

Departures, refunds and the lines of fulfillment orders are asked for all orders of a page at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from ..._model import Order
from ...adapters import Flow, Response, SetAside
from ...errors import BridgeError, Malformed, Unavailable
from ._documents_orders import (
    ALL_LEFT_AND_REFUNDED,
    LEFT_AND_REFUNDED,
    LEFT_LINES,
    MORE_LINES,
    MORE_SHIPPING,
    MORE_WORK,
    MORE_WORK_LINES,
    REFUNDED_LINES,
    THEIR_LINES,
    WORK_LINES,
)
from ._graphql import ask, data_of
from ._lists import by_id, rest_of
from ._orders import counted, has_left, has_refunds, order_from
from ._settings import Settings
from ._wire import (
    Connection,
    WireFulfilledLine,
    WireFulfillment,
    WireFulfillmentOrder,
    WireFulfillmentOrderLine,
    WireLine,
    WireOrder,
    WireRefund,
    WireShippingLine,
    ref_of,
    whole,
)

_ALL = 250  # Shopify gives no more of a plain list
_FEW = 5  # departures and refunds of one order, which seldom has more
_LISTS = 510.0  # points of an order's departures and refunds, as many as there can be
_LINES = 25.0  # points of the lines of a departure or a refund


def orders_of(settings: Settings, wires: Sequence[WireOrder]) -> Flow[tuple[list[Order], list[SetAside]]]:
    """Orders of ours: their lists read to the end, and what only some of them have.

    Where Shopify fails over one of them, each by itself.
    """
    try:
        return (yield from _together(settings, wires))
    except (Malformed, Unavailable) as error:
        if len(wires) == 1:
            return [], [set_aside(wires[0], error)]
        failed = error
    orders: list[Order] = []
    aside: list[SetAside] = []
    for wire in wires:
        some, bad = yield from orders_of(settings, (wire,))
        orders += some
        aside += bad
    if not orders:
        # Perhaps it is Shopify and not the orders: later it may go well.
        raise failed
    return orders, aside


def _together(settings: Settings, wires: Sequence[WireOrder]) -> Flow[tuple[list[Order], list[SetAside]]]:
    complete: list[WireOrder] = []
    orders: list[Order] = []
    aside: list[SetAside] = []
    for wire in wires:
        try:
            complete.append((yield from _to_the_end(settings, wire)))
        except Malformed as error:
            aside.append(set_aside(wire, error))
    complete = yield from _with_left_and_refunded(settings, complete)
    complete = yield from _with_work_lines(settings, complete)
    for wire in complete:
        try:
            _none_moved(settings, wire)
            orders.append(order_from(wire, settings))
        except (Malformed, ValueError) as error:
            aside.append(set_aside(wire, error))
    return orders, aside


def _none_moved(settings: Settings, wire: WireOrder) -> None:
    """What went away while it was read stands elsewhere by now, perhaps in what is another's."""
    gone = [ref_of(work.id) for work in counted(wire, settings) or () if work.lineItems is None]
    if gone:
        raise Malformed(
            f"$.fulfillmentOrders: {', '.join(gone)} went away while they were read",
            path="$.fulfillmentOrders",
        )


def set_aside(wire: WireOrder, error: BridgeError | ValueError) -> SetAside:
    path = error.path if isinstance(error, Malformed) else "$"
    return SetAside(wire.ref, path, error.message if isinstance(error, BridgeError) else str(error))


@attrs.frozen(kw_only=True)
class _LinesOf:
    lineItems: Connection[WireLine]


@attrs.frozen(kw_only=True)
class _MoreLines:
    order: _LinesOf | None


@attrs.frozen(kw_only=True)
class _ShippingOf:
    shippingLines: Connection[WireShippingLine]


@attrs.frozen(kw_only=True)
class _MoreShipping:
    order: _ShippingOf | None


@attrs.frozen(kw_only=True)
class _WorkOf:
    fulfillmentOrders: Connection[WireFulfillmentOrder]


@attrs.frozen(kw_only=True)
class _MoreWork:
    order: _WorkOf | None


def _to_the_end(settings: Settings, wire: WireOrder) -> Flow[WireOrder]:
    def lines(response: Response) -> Connection[WireLine] | None:
        order = data_of(_MoreLines, response).order
        return order.lineItems if order else None

    def shipping(response: Response) -> Connection[WireShippingLine] | None:
        order = data_of(_MoreShipping, response).order
        return order.shippingLines if order else None

    def work(response: Response) -> Connection[WireFulfillmentOrder] | None:
        order = data_of(_MoreWork, response).order
        return order.fulfillmentOrders if order else None

    if wire.lineItems.rest:
        full = yield from rest_of(settings, MORE_LINES, wire.id, wire.lineItems, lines)
        wire = attrs.evolve(wire, lineItems=full)
    if wire.shippingLines.rest:
        ways = yield from rest_of(settings, MORE_SHIPPING, wire.id, wire.shippingLines, shipping)
        wire = attrs.evolve(wire, shippingLines=ways)
    if wire.fulfillmentOrders and wire.fulfillmentOrders.rest:
        works = yield from rest_of(settings, MORE_WORK, wire.id, wire.fulfillmentOrders, work)
        wire = attrs.evolve(wire, fulfillmentOrders=works)
    return wire


# --- what only some orders have ------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class _LeftAndRefunded:
    id: str = ""
    fulfillments: tuple[WireFulfillment, ...] | None = None
    refunds: tuple[WireRefund, ...] | None = None


@attrs.frozen(kw_only=True)
class _Nodes:
    nodes: tuple[_LeftAndRefunded | None, ...]


@attrs.frozen(kw_only=True)
class _LeftLinesOf:
    fulfillmentLineItems: Connection[WireFulfilledLine]


@attrs.frozen(kw_only=True)
class _LeftLines:
    node: _LeftLinesOf | None


def _with_left_and_refunded(settings: Settings, wires: Sequence[WireOrder]) -> Flow[list[WireOrder]]:
    left = {wire.id for wire in wires if wire.fulfillments is None and has_left(wire)}
    refunded = {wire.id for wire in wires if wire.refunds is None and _says_refunds(wire)}
    asked = [wire.id for wire in wires if wire.id in left or wire.id in refunded]
    flags: dict[str, object] = {"left": bool(left), "refunded": bool(refunded)}
    found: dict[str, _LeftAndRefunded] = {}
    for row in (yield from _nodes(settings, asked, {**flags, "first": _FEW})):
        # A plain list does not say whether it goes on.
        many = max(len(row.fulfillments or ()), len(row.refunds or ())) >= _FEW
        found[row.id] = (yield from _all_left_and_refunded(settings, row.id)) if many else row
    complete: list[WireOrder] = []
    for wire in wires:
        row = found.get(wire.id, _LeftAndRefunded())
        departures: list[WireFulfillment] = []
        for departure in row.fulfillments or ():
            departures.append((yield from _left_to_the_end(settings, departure)))
        refunds: list[WireRefund] = []
        for refund in row.refunds or ():
            refunds.append((yield from _refunded_to_the_end(settings, refund)))
        complete.append(
            attrs.evolve(
                wire,
                fulfillments=wire.fulfillments or tuple(departures),
                refunds=wire.refunds or tuple(refunds),
            )
        )
    return complete


@attrs.frozen(kw_only=True)
class _AllLeftAndRefunded:
    order: _LeftAndRefunded | None


@attrs.frozen(kw_only=True)
class _Theirs:
    """A departure, or a refund."""

    id: str = ""
    fulfillmentLineItems: Connection[WireFulfilledLine] = attrs.field(factory=Connection[WireFulfilledLine])
    refundLineItems: Connection[WireFulfilledLine] = attrs.field(factory=Connection[WireFulfilledLine])


@attrs.frozen(kw_only=True)
class _TheirLines:
    nodes: tuple[_Theirs | None, ...]


def _all_left_and_refunded(settings: Settings, name: str) -> Flow[_LeftAndRefunded]:
    """Of one order, however many: their lines are asked for by themselves."""

    def read(response: Response) -> tuple[_Theirs | None, ...]:
        return data_of(_TheirLines, response).nodes

    response = yield ask(settings, ALL_LEFT_AND_REFUNDED, {"id": name}, cost=_LISTS)
    found = data_of(_AllLeftAndRefunded, response).order
    if found is None:
        return _LeftAndRefunded()
    if max(len(found.fulfillments or ()), len(found.refunds or ())) >= _ALL:
        raise Malformed(
            f"$: it has {_ALL} fulfillments, or as many refunds, and Shopify shows no others", path="$"
        )
    names = [each.id for each in found.fulfillments or ()] + [each.id for each in found.refunds or ()]
    rows = yield from by_id(settings, THEIR_LINES, names, {}, read, each=2 * _LINES)
    theirs = {row.id: row for row in rows}
    if theirs.keys() != set(names):
        raise Malformed(f"$.nodes: departures or refunds of {name} went away while they were read", path="$")
    return attrs.evolve(
        found,
        fulfillments=tuple(
            attrs.evolve(each, fulfillmentLineItems=theirs[each.id].fulfillmentLineItems)
            for each in found.fulfillments or ()
        ),
        refunds=tuple(
            attrs.evolve(each, refundLineItems=theirs[each.id].refundLineItems)
            for each in found.refunds or ()
        ),
    )


def _says_refunds(wire: WireOrder) -> bool:
    try:
        return has_refunds(wire)
    except Malformed:
        return False  # the order is set aside for it later


def _nodes(
    settings: Settings, names: Sequence[str], variables: Mapping[str, object]
) -> Flow[list[_LeftAndRefunded]]:
    """Of these orders, those that are still there."""

    def read(response: Response) -> tuple[_LeftAndRefunded | None, ...]:
        return data_of(_Nodes, response).nodes

    return (yield from by_id(settings, LEFT_AND_REFUNDED, names, variables, read, each=2 * _FEW * _LINES + 5))


def _left_to_the_end(settings: Settings, departure: WireFulfillment) -> Flow[WireFulfillment]:
    def read(response: Response) -> Connection[WireFulfilledLine] | None:
        node = data_of(_LeftLines, response).node
        return node.fulfillmentLineItems if node else None

    if not departure.fulfillmentLineItems.rest:
        return departure
    rows = yield from rest_of(settings, LEFT_LINES, departure.id, departure.fulfillmentLineItems, read)
    return attrs.evolve(departure, fulfillmentLineItems=rows)


@attrs.frozen(kw_only=True)
class _RefundedLinesOf:
    refundLineItems: Connection[WireFulfilledLine]


@attrs.frozen(kw_only=True)
class _RefundedLines:
    node: _RefundedLinesOf | None


def _refunded_to_the_end(settings: Settings, refund: WireRefund) -> Flow[WireRefund]:
    def read(response: Response) -> Connection[WireFulfilledLine] | None:
        node = data_of(_RefundedLines, response).node
        return node.refundLineItems if node else None

    if not refund.refundLineItems.rest:
        return refund
    rows = yield from rest_of(settings, REFUNDED_LINES, refund.id, refund.refundLineItems, read)
    return attrs.evolve(refund, refundLineItems=rows)


# --- the lines of fulfillment orders -----------------------------------------------------------------


@attrs.frozen(kw_only=True)
class _WorkNodes:
    nodes: tuple[WireFulfillmentOrder | None, ...]


@attrs.frozen(kw_only=True)
class _WorkLinesOf:
    lineItems: Connection[WireFulfillmentOrderLine]


@attrs.frozen(kw_only=True)
class _MoreWorkLines:
    node: _WorkLinesOf | None


def _with_work_lines(settings: Settings, wires: Sequence[WireOrder]) -> Flow[list[WireOrder]]:
    def read(response: Response) -> tuple[WireFulfillmentOrder | None, ...]:
        return data_of(_WorkNodes, response).nodes

    def more(response: Response) -> Connection[WireFulfillmentOrderLine] | None:
        node = data_of(_MoreWorkLines, response).node
        return node.lineItems if node else None

    asked = [work.id for wire in wires for work in counted(wire, settings) or () if work.lineItems is None]
    lines: dict[str, Connection[WireFulfillmentOrderLine]] = {}
    for work in (yield from by_id(settings, WORK_LINES, asked, {}, read, each=50.0)):
        rows = work.lineItems or whole(())
        if rows.rest:
            rows = yield from rest_of(settings, MORE_WORK_LINES, work.id, rows, more)
        lines[work.id] = rows
    return [_with_lines(wire, lines) for wire in wires]


def _with_lines(wire: WireOrder, lines: Mapping[str, Connection[WireFulfillmentOrderLine]]) -> WireOrder:
    if not wire.fulfillmentOrders:
        return wire
    works = [
        attrs.evolve(work, lineItems=lines.get(work.id, work.lineItems))
        for work in wire.fulfillmentOrders.items
    ]
    return attrs.evolve(wire, fulfillmentOrders=whole(works))
