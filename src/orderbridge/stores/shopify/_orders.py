"""How Shopify's JSON becomes an order of ours: money, payment, units, what may ship now, addresses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from ..._model import Address, Line, Money, Order, ShippingChoice, ShopRefund, StorePayment
from ...adapters import in_kg
from ...errors import Malformed
from ._settings import Settings
from ._wire import (
    WireAddress,
    WireBag,
    WireFulfilledLine,
    WireFulfillmentOrder,
    WireLine,
    WireOrder,
    WireRefund,
    WireShippingLine,
    WireTax,
    count,
    ref_of,
    utc,
)

_PAYMENT = {
    "AUTHORIZED": StorePayment.AUTHORIZED,
    "EXPIRED": StorePayment.UNPAID,  # an authorization that nobody captured in time
    "PAID": StorePayment.PAID,
    "PARTIALLY_PAID": StorePayment.PART_PAID,
    "PARTIALLY_REFUNDED": StorePayment.PART_REFUNDED,
    "PENDING": StorePayment.UNPAID,
    "REFUNDED": StorePayment.REFUNDED,
    "VOIDED": StorePayment.VOIDED,
}

# Of departures: the goods have left, or are the carrier's in all but name.
_SHIPPED = frozenset({"SUCCESS", "OPEN", "PENDING"})
# And those that are none any more. One under a word that we don't know may have left: a departure of ours
# that was taken for absent would be made twice.
TAKEN_BACK = frozenset({"CANCELLED", "ERROR", "FAILURE"})
# Of fulfillment orders: something of them can still ship, now or later.
ALIVE = frozenset({"OPEN", "IN_PROGRESS", "ON_HOLD", "SCHEDULED", "INCOMPLETE"})
_NOW = frozenset({"OPEN", "IN_PROGRESS"})
# Of requests to a service; who says no to a cancellation ships.
_ASKED = frozenset({"SUBMITTED", "ACCEPTED", "CANCELLATION_REJECTED"})
_ASKED_BACK = "CANCELLATION_REQUESTED"
# We said no, or could not go on: the merchant decides what becomes of it.
_GIVEN_BACK = frozenset({"REJECTED", "CANCELLATION_ACCEPTED", "CLOSED"})
# Ways of delivery by which nothing is sent: the shopper is, or comes, to a store.
_FETCHED = frozenset({"PICK_UP", "RETAIL"})
# In words for people, where fulfillment orders were not read.
_SHIPPABLE_WORDS = frozenset({"UNFULFILLED", "PARTIALLY_FULFILLED", "IN_PROGRESS", "OPEN"})


def order_from(wire: WireOrder, settings: Settings) -> Order:
    """Our order. ``store`` stays empty: an adapter does not know what the account is called.

    Args:
        wire: As Shopify sent it, its lists whole. The fulfillment orders that ``counted`` names have their
            lines.

        settings: What the merchant says of payments, and of what is ours.
    """
    if not wire.ref:
        raise Malformed("$.id: none came; an order has an id", path="$.id")
    if not wire.lineItems.items:
        raise Malformed("$.lineItems: none came; an order has lines", path="$.lineItems")
    total = _paid(wire.totalPriceSet, "$.totalPriceSet")
    currency = total.currency
    placed_at = utc(wire.processedAt or wire.createdAt, "$.createdAt")
    ours = _ours(wire, settings)
    left, back = _left(wire), _given_back(wire)
    lines = tuple(
        _line(line, f"$.lineItems.nodes[{index}]", wire.taxesIncluded is True, currency, left, back, ours)
        for index, line in enumerate(wire.lineItems.items)
    )
    ready = (
        not wire.cancelledAt
        and not wire.test
        and wire.confirmed is not False
        and any(line.open for line in lines)
        and may_ship(wire, settings)
    )
    return Order(
        store="",
        ref=wire.ref,
        number=wire.name or wire.ref,
        placed_at=placed_at,
        updated_at=utc(wire.updatedAt, "$.updatedAt") if wire.updatedAt else placed_at,
        currency=currency,
        payment=payment_of(wire, settings.delivery_on_payment_gateways),
        ready=ready,
        canceled=bool(wire.cancelledAt),
        raw_status=wire.displayFulfillmentStatus or "",
        lines=lines,
        ship_to=_address(wire.shippingAddress, wire),
        bill_to=_address(wire.billingAddress, wire),
        shipping=tuple(
            _shipping(line, f"$.shippingLines.nodes[{index}]", wire.taxesIncluded is True, currency)
            for index, line in enumerate(wire.shippingLines.items)
            if not line.isRemoved
        ),
        total=total,
        refunds=_refunds(wire),
        note=_shoppers_words(wire.note or ""),
        tags=wire.tags,
        extra=_extra(wire),
    )


# --- what is ours, and may ship now -------------------------------------------------------------------


def is_fetched(work: WireFulfillmentOrder) -> bool:
    """Does the shopper fetch it in a store? Other parts of the same order may be sent to him."""
    return work.deliveryMethod is not None and work.deliveryMethod.methodType in _FETCHED


def is_ours(work: WireFulfillmentOrder, settings: Settings) -> bool:
    """Is this fulfillment order for us to ship, as the merchant says what is ours?"""
    if is_fetched(work):
        return False
    location = work.assignedLocation.location
    if settings.locations and (location is None or ref_of(location.id) not in settings.locations):
        return False
    if settings.service:
        service = location.fulfillmentService if location else None
        given_back = work.requestStatus in _GIVEN_BACK
        return service is not None and service.handle == settings.service and not given_back
    # Only the service itself may ship from its location. One that is named in ``locations`` is our own.
    return bool(settings.locations) or location is None or not location.isFulfillmentService


def ships_now(work: WireFulfillmentOrder, settings: Settings) -> bool:
    """Is it ours, and may it ship now: requested of us where we are a service, not held, not for later?"""
    asked = work.requestStatus in _ASKED or not settings.service
    return asked and work.status in _NOW and is_ours(work, settings)


def counted(wire: WireOrder, settings: Settings) -> tuple[WireFulfillmentOrder, ...] | None:
    """The fulfillment orders whose units are the open ones; None where we are shown none that are alive.

    Shopify does not show all there are: those of others are left out without a word. So what is open is
    counted by those that we see, even if all of them are ours: by those that may ship now, and where there
    are none, by those that are ours and wait. What is another's, or waits beside something that ships, is
    not open for us; nor is what the merchant would have back, of which people are asked if it is ordered.
    """
    alive = [work for work in _work(wire) if work.status in ALIVE]
    ours = [work for work in alive if is_ours(work, settings) and work.requestStatus != _ASKED_BACK]
    units = [work for work in ours if ships_now(work, settings)] or ours
    return tuple(units) if alive else None


def may_ship(wire: WireOrder, settings: Settings) -> bool:
    """May something of it ship now?

    No fulfillment orders mean that Shopify has not made them yet, or does not show them to us: never that
    there is nothing to ship.
    """
    if wire.fulfillmentOrders is None:
        return wire.displayFulfillmentStatus in _SHIPPABLE_WORDS
    return any(ships_now(work, settings) for work in _work(wire))


def _work(wire: WireOrder) -> tuple[WireFulfillmentOrder, ...]:
    return wire.fulfillmentOrders.items if wire.fulfillmentOrders else ()


def _ours(wire: WireOrder, settings: Settings) -> Mapping[str, int] | None:
    """Units by line that are open for us; None where that is all that is left."""
    works = counted(wire, settings)
    if works is None:
        return None
    units: dict[str, int] = {}
    alive = [work for work in _work(wire) if work.status in ALIVE]
    if len(works) == len(alive) and all(work.lineItems is None for work in works):
        return None  # a file, in which nobody read them
    for work in works:
        if work.lineItems is None:
            raise Malformed(
                "$.fulfillmentOrders: only some are open for us, and their lines were not read",
                path="$.fulfillmentOrders",
            )
        for row in work.lineItems.items:
            ref = ref_of(row.lineItem.id)
            units[ref] = units.get(ref, 0) + row.remainingQuantity
    return units


def has_left(wire: WireOrder) -> bool:
    """Has something of it left, so that its departures are to be read?"""
    return wire.displayFulfillmentStatus in ("FULFILLED", "PARTIALLY_FULFILLED") or any(
        (line.quantity or 0) > (line.unfulfilledQuantity or 0) + (line.nonFulfillableQuantity or 0)
        for line in wire.lineItems.items
        if line.requiresShipping
    )


def has_refunds(wire: WireOrder) -> bool:
    """Did the shopper get something back?"""
    bag = wire.totalRefundedSet
    return bag is not None and _paid(bag, "$.totalRefundedSet").amount > 0


def _left(wire: WireOrder) -> dict[str, int]:
    departures = (each for each in wire.fulfillments or () if each.status in _SHIPPED)
    return _units(row for each in departures for row in each.fulfillmentLineItems.items)


def _given_back(wire: WireOrder) -> dict[str, int]:
    """Units by line; a refund of nothing only took them off."""
    gave = (each for each in wire.refunds or () if each.totalRefundedSet and _gave(each).amount > 0)
    return _units(row for each in gave for row in each.refundLineItems.items)


def _units(rows: Iterable[WireFulfilledLine]) -> dict[str, int]:
    units: dict[str, int] = {}
    for row in rows:
        ref = ref_of(row.lineItem.id)
        units[ref] = units.get(ref, 0) + (row.quantity or 0)
    return units


# --- lines --------------------------------------------------------------------------------------------


def _line(
    wire: WireLine,
    path: str,
    tax_inside: bool,
    currency: str,
    left: Mapping[str, int],
    back: Mapping[str, int],
    ours: Mapping[str, int] | None,
) -> Line:
    if not wire.ref:
        raise Malformed(f"{path}.id: none came; a line has an id", path=f"{path}.id")
    quantity = count(wire.quantity, f"{path}.quantity")
    shippable = wire.requiresShipping and not wire.isGiftCard
    to_ship = _open(wire, path, quantity, ours) if shippable else Decimal(0)
    # What was sent back may ship once more: then more has left than was ordered.
    fulfilled = min(Decimal(left.get(wire.ref, 0)), quantity - to_ship)
    # Of a unit that left and came back only the departure counts.
    never = quantity - to_ship - fulfilled
    refunded = min(Decimal(back.get(wire.ref, 0)), never)
    total, tax = _after_discounts(wire, path, tax_inside, currency)
    return Line(
        ref=wire.ref,
        ship_ref=wire.ref,
        sku=wire.sku or "",
        product_ref=ref_of(wire.product.id) if wire.product else "",
        variant_ref=ref_of(wire.variant.id) if wire.variant else "",
        name=wire.name or wire.title or "",
        attributes=_attributes(wire),
        quantity=quantity,
        canceled=never - refunded if shippable else _removed(wire, never, refunded),
        refunded=refunded,
        fulfilled=fulfilled,
        unit_price=total.each(quantity),
        total=total,
        tax=tax,
        shippable=shippable,
        weight=in_kg(wire.weight.value, wire.weight.unit) if wire.weight else None,
        vendor=wire.vendor or "",
        tags=wire.product.tags if wire.product else (),
    )


def _open(wire: WireLine, path: str, quantity: Decimal, ours: Mapping[str, int] | None) -> Decimal:
    """Units still to ship, by us and now. What was removed or is another's counts as canceled."""
    unfulfilled = count(wire.unfulfilledQuantity, f"{path}.unfulfilledQuantity")
    never = count(wire.nonFulfillableQuantity or 0, f"{path}.nonFulfillableQuantity")
    to_ship = max(Decimal(0), min(unfulfilled, quantity - never))
    return to_ship if ours is None else min(to_ship, Decimal(ours.get(wire.ref, 0)))


def _removed(wire: WireLine, most: Decimal, refunded: Decimal) -> Decimal:
    """Of what never ships, the units that were taken off the order without being refunded."""
    if wire.quantity is None or wire.currentQuantity is None:
        return Decimal(0)
    return max(Decimal(0), min(most, Decimal(wire.quantity - wire.currentQuantity)) - refunded)


def _attributes(wire: WireLine) -> tuple[tuple[str, str], ...]:
    # The variant comes as one text, "Red / L"; names that begin with _ are apps' own and hidden in the shop.
    variant = (("variant", wire.variantTitle),) if wire.variantTitle else ()
    chosen = (
        (each.key, each.value)
        for each in wire.customAttributes
        if each.value and not each.key.startswith("_")
    )
    return (*variant, *chosen)


def _after_discounts(wire: WireLine, path: str, tax_inside: bool, currency: str) -> tuple[Money, Money]:
    """A line's money after all discounts, without tax, and its tax.

    Shopify's own discounted total leaves out what was given on the whole order; the allocations do not.
    """
    before = _paid(wire.originalTotalSet, f"{path}.originalTotalSet")
    given = Money.sum(
        (_paid(each.allocatedAmountSet, f"{path}.discountAllocations") for each in wire.discountAllocations),
        currency,
    )
    tax = _tax(wire.taxLines, path, currency)
    after = before - given
    return (after - tax if tax_inside else after), tax


def _tax(lines: Iterable[WireTax], path: str, currency: str) -> Money:
    return Money.sum((_paid(each.priceSet, f"{path}.taxLines") for each in lines), currency)


# --- money --------------------------------------------------------------------------------------------


def payment_of(wire: WireOrder, on_delivery: Iterable[str]) -> StorePayment:
    """By Shopify's word for it; one that we don't know is no payment."""
    word = wire.displayFinancialStatus or ""
    collects = {name.casefold() for name in on_delivery}
    if word == "PENDING" and any(name.casefold() in collects for name in wire.paymentGatewayNames):
        return StorePayment.ON_DELIVERY
    return _PAYMENT.get(word, StorePayment.UNKNOWN)


def _shipping(wire: WireShippingLine, path: str, tax_inside: bool, currency: str) -> ShippingChoice:
    total = _paid(wire.discountedPriceSet, f"{path}.discountedPriceSet")
    if tax_inside:
        total = total - _tax(wire.taxLines, path, currency)
    return ShippingChoice(code=wire.code or wire.title or "", title=wire.title or "", total=total)


def _refunds(wire: WireOrder) -> tuple[ShopRefund, ...]:
    amounts = ((ref_of(each.id), _gave(each)) for each in wire.refunds or () if each.totalRefundedSet)
    # One of nothing only took units off, or put them back on sale.
    return tuple(ShopRefund(ref=ref, amount=amount) for ref, amount in amounts if amount.amount > 0)


def _gave(refund: WireRefund) -> Money:
    return _paid(refund.totalRefundedSet, "$.refunds[].totalRefundedSet")


def _paid(bag: WireBag | None, path: str) -> Money:
    if bag is None:
        raise Malformed(f"{path}: none came; an amount is needed", path=path)
    return bag.paid(path)


# --- people -------------------------------------------------------------------------------------------


def _address(wire: WireAddress | None, order: WireOrder) -> Address | None:
    if wire is None:
        return None
    name = " ".join(part for part in (wire.firstName, wire.lastName) if part) or wire.name
    return Address(
        name=name or "",
        company=wire.company or "",
        line1=wire.address1 or "",
        line2=wire.address2 or "",
        city=wire.city or "",
        region=wire.province or "",
        region_code=wire.provinceCode or "",
        postal_code=wire.zip or "",
        country=(wire.countryCodeV2 or "").upper(),
        phone=wire.phone or order.phone or "",
        email=order.email or "",
    )


def _shoppers_words(note: str) -> str:
    """An order's note less our remarks, which are lines of their own."""
    return "\n".join(line for line in note.splitlines() if not line.startswith("[ob:"))


def _extra(wire: WireOrder) -> tuple[tuple[str, str], ...]:
    shop = wire.totalPriceSet.shopMoney if wire.totalPriceSet else None
    pairs = (
        ("shop_currency", shop.currencyCode if shop else ""),
        ("shop_total", shop.amount if shop else ""),
        ("payment_gateways", ", ".join(wire.paymentGatewayNames)),
        ("financial_status", wire.displayFinancialStatus or ""),
        ("cancel_reason", wire.cancelReason or ""),
        ("closed_at", wire.closedAt or ""),
        ("source", wire.sourceName or ""),
        ("po_number", wire.poNumber or ""),
        ("test", "true" if wire.test else ""),
    )
    return tuple((name, value) for name, value in pairs if value)
