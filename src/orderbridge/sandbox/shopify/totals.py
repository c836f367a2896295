"""What an order comes to and how it stands, worked out from its lines, its money and its work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from .records import Line, Order
from .values import CENT, iso

ZERO = Decimal(0)


def cents(value: Decimal) -> Decimal:
    """Rounded as money is."""
    return value.quantize(CENT, ROUND_HALF_UP)


def tax_of(order: Order, price: Decimal, rate: Decimal) -> Decimal:
    """The tax in a price, or on it."""
    if order.tax_exempt:
        return ZERO
    return cents(price * rate / (1 + rate) if order.taxes_included else price * rate)


def tax_of_units(order: Order, line: Line, units: int) -> Decimal:
    """All taxes of so many units."""
    return sum((tax_of(order, line.share(units), rate) for _, rate in line.taxes), ZERO)


def taxes(order: Order, *, now: bool) -> Mapping[tuple[str, Decimal], Decimal]:
    """The taxes of the order by title and rate: as sold, or of what is left of it now."""
    found: dict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    for line in order.lines:
        units = line.current if now else line.quantity - line.removed
        for title, rate in line.taxes:
            found[title, rate] += tax_of(order, line.share(units), rate)
    return found


def subtotal(order: Order, *, now: bool) -> Decimal:
    """All lines after discounts: as sold, or what is left now."""
    units = ((line, line.current if now else line.quantity - line.removed) for line in order.lines)
    return cents(sum((line.share(count) for line, count in units), ZERO))


def discounts(order: Order, *, now: bool) -> Decimal:
    """All that was taken off: as sold, or of what is left now."""
    return cents(
        sum(
            (
                line.discount * (line.current if now else line.quantity - line.removed) / line.quantity
                for line in order.lines
                if line.quantity
            ),
            ZERO,
        )
    )


def shipping_left(order: Order) -> Decimal:
    """Shipping not given back."""
    if order.shipping_removed:
        return ZERO
    return order.shipping - sum((refund.shipping for refund in order.refunds), ZERO)


def duties(order: Order, *, now: bool) -> Decimal:
    """All duties: as sold, or of what is left now."""
    units = ((line, line.current if now else line.quantity - line.removed) for line in order.lines)
    return cents(sum((line.duty * count / line.quantity for line, count in units if line.quantity), ZERO))


def total(order: Order, *, now: bool) -> Decimal:
    """What the shopper owes in all: as sold, or for what is left now."""
    tax = ZERO if order.taxes_included else sum(taxes(order, now=now).values(), ZERO)
    freight = shipping_left(order) if now else (ZERO if order.shipping_removed else order.shipping)
    return subtotal(order, now=now) + freight + tax + duties(order, now=now) + order.tip


def original_total(order: Order) -> Decimal:
    """What the order came to when it was placed; lines that were added later do not count."""
    tax = ZERO
    if not order.taxes_included:
        tax = sum((tax_of_units(order, line, line.quantity) for line in order.lines), ZERO)
    net = sum((line.net for line in order.lines), ZERO)
    return cents(net) + order.shipping + tax + sum((line.duty for line in order.lines), ZERO) + order.tip


def moved(order: Order, *kinds: str) -> Decimal:
    """Money that really moved by transactions of these kinds."""
    return sum(
        (one.amount for one in order.transactions if one.kind in kinds and one.status == "SUCCESS"), ZERO
    )


def received(order: Order) -> Decimal:
    """Money the shopper paid."""
    return moved(order, "SALE", "CAPTURE")


def refunded(order: Order) -> Decimal:
    """Money the shopper got back."""
    return moved(order, "REFUND")


def capturable(order: Order) -> Decimal:
    """Authorized and neither captured nor void."""
    if order.expired or moved(order, "VOID"):
        return ZERO
    return max(ZERO, moved(order, "AUTHORIZATION") - moved(order, "CAPTURE"))


def outstanding(order: Order) -> Decimal:
    """Still to be paid; negative where the merchant owes."""
    return total(order, now=True) - received(order) + refunded(order)


def financial_status(order: Order) -> str:
    """``displayFinancialStatus``."""
    paid, back = received(order), refunded(order)
    if paid == ZERO:
        if order.canceled_at or moved(order, "VOID"):
            return "VOIDED"
        if order.expired:
            return "EXPIRED"
        if capturable(order):
            return "AUTHORIZED"
        return "PENDING" if total(order, now=True) else "PAID"
    if back:
        return "REFUNDED" if back >= paid else "PARTIALLY_REFUNDED"
    return "PARTIALLY_PAID" if paid < total(order, now=True) else "PAID"


def unfulfilled(line: Line) -> int:
    """Units of a line that are still to leave."""
    if not line.fulfillable:
        return 0
    return max(0, line.quantity - line.removed - (line.refunded - line.returned) - line.fulfilled)


def fulfillment_status(order: Order) -> str:
    """``displayFulfillmentStatus``: a summary for people."""
    left = sum(unfulfilled(line) for line in order.lines)
    gone = sum(line.fulfilled for line in order.lines)
    open_now = [each for each in order.fulfillment_orders if each.open]
    if gone:
        return "PARTIALLY_FULFILLED" if left else "FULFILLED"
    if not left:
        return "FULFILLMENT_NOT_REQUIRED"
    for status, shown in (("ON_HOLD", "ON_HOLD"), ("SCHEDULED", "SCHEDULED"), ("IN_PROGRESS", "IN_PROGRESS")):
        if any(each.status == status for each in open_now):
            return shown
    if any(each.request_status == "REJECTED" for each in open_now):
        return "REQUEST_DECLINED"
    return "IN_PROGRESS" if any(each.request_status == "SUBMITTED" for each in open_now) else "UNFULFILLED"


def return_status(order: Order) -> str:
    """``returnStatus``."""
    states = {each.status for each in order.returns}
    if "REQUESTED" in states:
        return "RETURN_REQUESTED"
    if "OPEN" in states:
        return "IN_PROGRESS"
    return "RETURNED" if "CLOSED" in states else "NO_RETURN"


FILTERED_FULFILLMENT = {
    "UNFULFILLED": ("unfulfilled", "unshipped"),
    "FULFILLED": ("fulfilled", "shipped"),
    "PARTIALLY_FULFILLED": ("partial",),
    "ON_HOLD": ("on_hold", "unfulfilled", "unshipped"),
    "SCHEDULED": ("scheduled", "unfulfilled", "unshipped"),
    "IN_PROGRESS": ("unfulfilled", "unshipped"),
    "REQUEST_DECLINED": ("request_declined", "unfulfilled", "unshipped"),
}


def searchable(order: Order) -> Mapping[str, object]:
    """What the search index keeps of an order."""
    fulfillment = order.fulfillment_status or fulfillment_status(order)
    states = ["cancelled"] if order.canceled_at else []
    states += ["closed"] if order.closed_at else [] if order.canceled_at else ["open"]
    return {
        "id": [str(order.id)],
        "name": [order.name, order.name.lstrip("#")],
        "sku": [line.sku for line in order.lines if line.sku],
        "tag": list(order.tags),
        "email": [order.email or ""],
        "po_number": [order.po_number or ""],
        "source_name": [order.source],
        "test": [str(order.test).lower()],
        "financial_status": [(order.financial_status or financial_status(order)).lower()],
        "fulfillment_status": list(FILTERED_FULFILLMENT.get(fulfillment, ())),
        "return_status": [return_status(order).lower()],
        "status": [*states, *([] if order.closed_at else ["not_closed"])],
        "created_at": iso(order.created_at),
        "updated_at": iso(order.updated_at),
        "processed_at": iso(order.created_at),
    }
