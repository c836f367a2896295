"""How WooCommerce's JSON becomes an order of ours: payment, units, bundles, addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from html import unescape
from typing import cast

import attrs

from ..._model import Address, Line, Money, Order, ShippingChoice, ShopRefund, StorePayment
from ...errors import Malformed
from ._wire import (
    CLOSED,
    COMPLETED,
    SHIPMENT_META,
    Scalar,
    WireAddress,
    WireFulfillment,
    WireLine,
    WireOrder,
    WireRefund,
    fields,
    is_id,
    meta_of,
    text,
    units_of,
    utc,
    words,
)

# Ways of delivery by which nothing is sent: WooCommerce's own, old and new, and its Local Pickup Plus.
_FETCHED = frozenset({"local_pickup", "legacy_local_pickup", "pickup_location", "local_pickup_plus"})

_MOST = 12  # digits before the point of a quantity; more is a mistake or an attack


def has_refunds(wire: WireOrder) -> bool:
    """Which units were refunded stands in a place of its own, which is worth reading."""
    return bool(wire.refunds) and wire.status not in CLOSED


def is_part_fulfilled(wire: WireOrder) -> bool:
    """Which units have left stands in a place of its own, which is worth reading."""
    partly = wire.meta("_fulfillment_status") == "partially_fulfilled"
    return partly and wire.status not in CLOSED and wire.status != COMPLETED


def refunded_units(refunds: Iterable[WireRefund]) -> dict[str, Decimal]:
    """Units by line id; refunds carry them as negative quantities."""
    units: dict[str, Decimal] = {}
    for refund in refunds:
        for index, line in enumerate(refund.line_items):
            ref = text(meta_of(line.meta_data, "_refunded_item_id"))
            path = f"$.refunds[].line_items[{index}]"
            count = _quantity(abs(line.quantity), f"{path}.quantity")
            if count and not ref:
                raise Malformed(f"{path}: units were refunded, but not said of which line", path=path)
            units[ref] = units.get(ref, Decimal(0)) + count
    return units


def fulfilled_units(fulfillments: Iterable[WireFulfillment]) -> dict[str, Decimal]:
    """Units by line id in parcels that have left."""
    units: dict[str, Decimal] = {}
    for fulfillment in fulfillments:
        if fulfillment.left:
            for ref, count in fulfillment.items.items():
                units[ref] = units.get(ref, Decimal(0)) + count
    return units


def order_from(
    wire: WireOrder,
    *,
    ready_statuses: Iterable[str],
    cash_methods: Iterable[str],
    refunded: Mapping[str, Decimal],
    fulfilled: Mapping[str, Decimal],
) -> Order:
    """Our order. ``store`` stays empty: an adapter does not know what the account is called.

    Args:
        wire: As the shop sent it.

        ready_statuses: In these the merchant wants it shipped.

        cash_methods: Payment methods by which the courier collects the money.

        refunded: Units by line id, from ``refunded_units``.

        fulfilled: Units by line id, from ``fulfilled_units``.
    """
    if not is_id(wire.ref):
        raise Malformed(f"$.id: {wire.ref[:20]!r} is not an order's id", path="$.id")
    if wire.date_created_gmt is None:
        raise Malformed(
            "$.date_created_gmt: null came; an order that was placed has a time", path="$.date_created_gmt"
        )
    total = _money(wire.total, wire.currency, "$.currency")
    ready_statuses = frozenset(ready_statuses)
    placed_at = utc(wire.date_created_gmt, "$.date_created_gmt")
    changed = wire.date_modified_gmt
    bill_to = _address(wire.billing)
    ship_to = _ship_to(wire.shipping, wire.billing)
    refunds = _refunds(wire)
    lines = _lines(wire, ready_statuses, refunded, fulfilled)
    return Order(
        store="",
        ref=wire.ref,
        number=text(wire.number) or wire.ref,
        placed_at=placed_at,
        updated_at=utc(changed, "$.date_modified_gmt") if changed else placed_at,
        currency=total.currency,
        payment=_payment(wire, refunds, ready_statuses, frozenset(cash_methods)),
        # Downloads need nobody; an order with no lines at all needs a person.
        ready=wire.status in ready_statuses and (not lines or any(line.shippable for line in lines)),
        canceled=wire.status in CLOSED,
        raw_status=wire.status,
        lines=lines,
        ship_to=ship_to if ship_to else None,
        bill_to=bill_to if bill_to else None,
        shipping=tuple(
            ShippingChoice(
                code=":".join(part for part in (text(line.method_id), text(line.instance_id)) if part),
                title=words(line.method_title),
                total=_money(line.total, wire.currency, f"$.shipping_lines[{index}].total"),
            )
            for index, line in enumerate(wire.shipping_lines)
        ),
        refunds=tuple(refund for refund in refunds if refund.amount.amount > 0),
        total=total,
        note=words(wire.customer_note),
        extra=(("payment_method", text(wire.payment_method)), ("created_via", text(wire.created_via))),
    )


def _refunds(wire: WireOrder) -> tuple[ShopRefund, ...]:
    return tuple(
        ShopRefund(
            ref=text(refund.id), amount=-_money(refund.total, wire.currency, f"$.refunds[{index}].total")
        )
        for index, refund in enumerate(wire.refunds)
    )


def _payment(
    wire: WireOrder, refunds: Iterable[ShopRefund], ready: frozenset[str], cash_methods: frozenset[str]
) -> StorePayment:
    refunded = sum((refund.amount.amount for refund in refunds), Decimal(0))
    if wire.status == "refunded" or 0 < refunded >= wire.total:
        return StorePayment.REFUNDED
    # Not so by a refund alone: that is also how merchants take a line off an order that nobody has paid.
    if wire.date_paid_gmt:
        return StorePayment.PART_REFUNDED if refunded > 0 else StorePayment.PAID
    if wire.status in CLOSED:
        return StorePayment.VOIDED
    if text(wire.payment_method) in cash_methods and wire.status in ready | {"processing", COMPLETED}:
        return StorePayment.ON_DELIVERY
    return StorePayment.UNPAID


def _lines(
    wire: WireOrder, ready: frozenset[str], refunded: Mapping[str, Decimal], fulfilled: Mapping[str, Decimal]
) -> tuple[Line, ...]:
    # A shop that calls unshipped orders completed says so by listing it as a ready status.
    all_left = wire.status == COMPLETED and COMPLETED not in ready
    all_left = all_left or wire.meta("_fulfillment_status") == "fulfilled"
    all_refunded = wire.status == "refunded"
    ours = _announced_in_meta(wire)
    ships = set[str]() if _is_fetched(wire, ready) else _which_ship(wire)
    lines: list[Line] = []
    for index, item in enumerate(wire.line_items):
        path = f"$.line_items[{index}]"
        ref = str(item.id)
        quantity = _quantity(item.quantity, f"{path}.quantity")
        total = _money(item.total, wire.currency, f"{path}.total")
        left = fulfilled.get(ref, Decimal(0)) + ours.get(ref, Decimal(0))
        lines.append(
            Line(
                ref=ref,
                ship_ref=ref,
                sku=text(item.sku),
                product_ref=_id(item.product_id),
                variant_ref=_id(item.variation_id),
                name=words(item.name),
                attributes=_attributes(item),
                quantity=quantity,
                refunded=quantity if all_refunded else min(quantity, refunded.get(ref, Decimal(0))),
                fulfilled=quantity if all_left else min(quantity, left),
                unit_price=total.each(quantity),
                total=total,
                tax=_money(item.total_tax, wire.currency, f"{path}.total_tax"),
                shippable=ref in ships,
                container=_parent(item),
            )
        )
    return tuple(lines)


def _announced_in_meta(wire: WireOrder) -> dict[str, Decimal]:
    # Shops without fulfillments keep our own notes of what has left; by key, in case of a doubled one.
    rows = {text(row.key): row.value for row in wire.meta_data if text(row.key).startswith(SHIPMENT_META)}
    units: dict[str, Decimal] = {}
    for value in rows.values():
        lines = fields(value).get("lines")
        for line in cast("list[object]", lines) if isinstance(lines, list) else ():
            ref = text(fields(line).get("line"))
            units[ref] = units.get(ref, Decimal(0)) + units_of(fields(line).get("units"))
    return units


def _id(value: Scalar) -> str:
    shown = text(value)
    return "" if shown == "0" else shown


def _parent(item: WireLine) -> str:
    return _id(item.bundled_by) or _id(item.composite_parent)


def _is_fetched(wire: WireOrder, ready: frozenset[str]) -> bool:
    """Does the shopper fetch it in a store? Then even its shipping address may be that of the store."""
    fetched = {text(way.method_id).partition(":")[0] in _FETCHED for way in wire.shipping_lines}
    if len(fetched) > 1 and wire.status in ready:
        path = "$.shipping_lines"
        raise Malformed(f"{path}: the shopper fetches a part, and nothing says which lines", path=path)
    return fetched == {True}


def _which_ship(wire: WireOrder) -> set[str]:
    """Ids of the lines to ship: no containers beside their parts, no downloads.

    An order's lines do not say whether they are virtual. The order does, in ``needs_processing``, but
    that is false for deleted products too, and plug-ins set it to complete orders by themselves;
    so it counts only where nothing was charged for shipping.
    """
    digital = wire.needs_processing is False and not wire.shipping_lines
    known = {str(item.id) for item in wire.line_items}
    parts: dict[str, list[str]] = {}
    ships: dict[str, bool] = {}
    for item in wire.line_items:
        ref, parent = str(item.id), _parent(item)
        inside = meta_of(item.meta_data, "_bundled_item_needs_shipping") == "no" or (
            meta_of(item.meta_data, "_composite_item_needs_shipping") == "no"
        )
        ships[ref] = not inside and not (digital and _id(item.product_id))
        if parent in known and parent != ref:
            parts.setdefault(parent, []).append(ref)

    def any_part_ships(ref: str, above: frozenset[str]) -> bool:
        below = [part for part in parts.get(ref, ()) if part not in above]
        return any(ships[part] or any_part_ships(part, above | {part}) for part in below)

    return {ref for ref, itself in ships.items() if itself and not any_part_ships(ref, frozenset({ref}))}


def _attributes(item: WireLine) -> tuple[tuple[str, str], ...]:
    # Keys with an underscore are the plug-ins' own; lists and objects are nothing people chose.
    return tuple(
        (words(row.display_key) or words(row.key), unescape(text(row.value)))
        for row in item.meta_data
        if text(row.key) and not text(row.key).startswith("_") and text(row.value)
    )


def _ship_to(shipping: WireAddress, billing: WireAddress) -> Address:
    # Shops fill in a country even where the shopper gave no shipping address.
    place = (shipping.address_1, shipping.address_2, shipping.city, shipping.postcode)
    if not any(text(part) for part in place):
        return _address(billing)
    address = _address(shipping)
    return attrs.evolve(
        address, phone=address.phone or text(billing.phone), email=address.email or text(billing.email)
    )


def _address(wire: WireAddress) -> Address:
    state = words(wire.state)
    return Address(
        name=f"{words(wire.first_name)} {words(wire.last_name)}".strip(),
        company=words(wire.company),
        line1=words(wire.address_1),
        line2=words(wire.address_2),
        city=words(wire.city),
        region=state,
        region_code=state if re.fullmatch(r"[A-Z0-9-]{1,6}", state) else "",
        postal_code=text(wire.postcode),
        country=text(wire.country).upper(),
        phone=text(wire.phone),
        email=text(wire.email),
    )


def _money(amount: Decimal, currency: str, path: str) -> Money:
    try:
        return Money(amount, currency)
    except ValueError as error:
        raise Malformed(f"{path}: {error}", path=path) from None


def _quantity(value: Decimal, path: str) -> Decimal:
    if value < 0 or value.adjusted() >= _MOST:
        raise Malformed(f"{path}: {value} is not a quantity of zero or more", path=path)
    return value
