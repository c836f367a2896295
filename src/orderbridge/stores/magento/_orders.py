"""How Magento's JSON becomes an order of ours: payment, units, bundles, addresses, refunds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import attrs

from ..._model import Address, Line, Order, ShippingChoice, ShopRefund, StorePayment
from ...errors import Malformed
from ._goods import Goods
from ._settings import Settings
from ._shapes import WireAddress, WireCreditmemo, WireOrder, WireOrderMore, WirePayment, WireShippingWay
from ._values import id_text, money, needed, number, number_of, text, utc, words

_OVER = frozenset({"canceled", "closed"})
_TO_SHIP = frozenset({"new", "processing", "complete"})

_ASSIGNMENTS = "$.extension_attributes.shipping_assignments"
_CANCELED = 3  # a credit memo's state
_CENT = Decimal("0.005")


def order_from(
    wire: WireOrder,
    settings: Settings,
    *,
    separately: Mapping[int, bool],
    creditmemos: Iterable[WireCreditmemo] = (),
) -> Order:
    """Our order. ``store`` stays empty: an adapter does not know what the account is called.

    Args:
        wire: As the shop sent it.

        settings: What the merchant says of payments and statuses.

        separately: Of bundles by their product's id, whether the parts ship by themselves; one that is
            not there ships as a whole.

        creditmemos: Of this and other orders.
    """
    if not wire.ref:
        raise Malformed("$.entity_id: none came; an order has an id", path="$.entity_id")
    if not wire.lines:
        raise Malformed("$.items: none came; an order has lines", path="$.items")
    placed_at = utc(wire.created_at, "$.created_at")
    amount = needed(wire.grand_total, "$.grand_total")
    total = money(amount, wire.currency, "$.order_currency_code")
    lines = Goods(wire, separately, settings.weight_unit).lines()
    if _is_fetched(wire):
        lines = tuple(attrs.evolve(line, shippable=False) for line in lines)
    return Order(
        store="",
        ref=wire.ref,
        number=text(wire.increment_id) or wire.ref,
        placed_at=placed_at,
        updated_at=utc(wire.updated_at, "$.updated_at") if text(wire.updated_at) else placed_at,
        currency=total.currency,
        payment=payment_of(wire, settings.delivery_on_payment_methods),
        ready=_is_ready(wire, settings, lines),
        canceled=text(wire.state) in _OVER,
        raw_status=text(wire.status),
        lines=lines,
        ship_to=_ship_to(wire),
        bill_to=_address(wire.billing_address, wire),
        shipping=_shipping(wire),
        total=total,
        refunds=tuple(
            ShopRefund(
                ref=memo.ref,
                amount=money(
                    number(memo.grand_total, "$.creditmemos[].grand_total"),
                    wire.currency,
                    "$.creditmemos[].grand_total",
                ),
            )
            for memo in creditmemos
            if id_text(memo.order_id) == wire.ref and counts(memo)
        ),
        note=words(wire.customer_note),
        replaces=id_text(wire.relation_parent_id),
        extra=tuple(
            (name, value)
            for name, value in (
                ("payment_method", wire.method),
                ("increment_id", text(wire.increment_id)),
                ("store_id", text(wire.store_id)),
                ("ext_order_id", text(wire.ext_order_id)),
            )
            if value
        ),
    )


def _is_ready(wire: WireOrder, settings: Settings, lines: Iterable[Line]) -> bool:
    """May its goods leave, and are there any?"""
    if text(wire.state) not in _TO_SHIP or text(wire.status) in settings.unready_statuses:
        return False
    if text(wire.state) != "complete":
        return any(line.shippable for line in lines)
    # Magento may say so while units are open: it counts a bundle's parts twice, and units that were shipped
    # and came back too. Of an order of which nothing has left or gone back, somebody said it.
    moved = [units for item in wire.lines for units in (item.qty_shipped, item.qty_refunded)]
    return any(number(units, "$.items[]") for units in moved) and any(line.open for line in lines)


def counts(memo: WireCreditmemo) -> bool:
    """It gives money back, or says that somebody did."""
    return number_of(memo.state) != _CANCELED and number(memo.grand_total, "$.grand_total") > 0


# --- money --------------------------------------------------------------------------------------------


def payment_of(wire: WireOrder, on_delivery: Iterable[str]) -> StorePayment:
    """By the money that the shop has written down: a state of ``processing`` may mean only "shipped"."""
    total = number(wire.grand_total, "$.grand_total")
    paid = number(wire.total_paid, "$.total_paid")
    refunded = number(wire.total_refunded, "$.total_refunded")
    if refunded > 0 and (text(wire.state) == "closed" or refunded >= paid):
        return StorePayment.REFUNDED
    if paid > 0 and _is_enough(wire, total, paid):
        return StorePayment.PART_REFUNDED if refunded > 0 else StorePayment.PAID
    if text(wire.state) == "canceled":
        return StorePayment.PART_PAID if paid > 0 else StorePayment.VOIDED
    if total <= 0:
        return StorePayment.PAID
    if wire.method in on_delivery:
        return StorePayment.ON_DELIVERY
    if paid > 0:
        return StorePayment.PART_PAID
    payment = wire.payment
    if isinstance(payment, WirePayment) and number(payment.amount_authorized, "$.payment") > 0:
        return StorePayment.AUTHORIZED
    return StorePayment.UNPAID


def _is_enough(wire: WireOrder, total: Decimal, paid: Decimal) -> bool:
    """Nothing is owed any more; Magento still says so of what was canceled after a part was paid."""
    due = number(wire.total_due, "$.total_due") if wire.total_due is not None else total - paid
    return due < _CENT or paid >= total - number(wire.total_canceled, "$.total_canceled") - _CENT


def _shipping(wire: WireOrder) -> tuple[ShippingChoice, ...]:
    ways = _ways(wire)
    code, title = text(ways[0].method) if ways else "", words(wire.shipping_description)
    if not code and not title:
        return ()
    total = (
        number(wire.shipping_amount, "$.shipping_amount")
        - number(wire.shipping_discount_amount, "$.shipping_discount_amount")
        + number(
            wire.shipping_discount_tax_compensation_amount, "$.shipping_discount_tax_compensation_amount"
        )
    )
    return (ShippingChoice(code=code, title=title, total=money(total, wire.currency, "$.shipping_amount")),)


# --- addresses -----------------------------------------------------------------------------------------


def _ways(wire: WireOrder) -> list[WireShippingWay]:
    more = wire.extension_attributes
    assigned = (more.shipping_assignments or ()) if isinstance(more, WireOrderMore) else ()
    return [each.shipping for each in assigned if isinstance(each.shipping, WireShippingWay)]


def _is_fetched(wire: WireOrder) -> bool:
    """Does the shopper fetch it in a store? Its shipping address is then that of the store."""
    return any(text(way.method).startswith("instore_") for way in _ways(wire))


def _ship_to(wire: WireOrder) -> Address | None:
    """Where the goods go, which where the bill goes never stands for; None if nothing says it."""
    found: list[Address] = []
    for way in _ways(wire):
        if isinstance(way.address, WireAddress) and id_text(way.address.parent_id) not in ("", wire.ref):
            # Lists of some shops show one order's address with all of them; by itself it is right again.
            whose = f"the address came that order {id_text(way.address.parent_id)} goes to"
            raise Malformed(f"{_ASSIGNMENTS}: {whose}", path=_ASSIGNMENTS)
        address = _address(way.address, wire)
        if address is not None and address not in found:
            found.append(address)
    if len(found) > 1:
        raise Malformed(f"{_ASSIGNMENTS}: {len(found)} addresses; an order goes to one", path=_ASSIGNMENTS)
    return found[0] if found else None


def _address(found: WireAddress | list[object] | None, wire: WireOrder) -> Address | None:
    if not isinstance(found, WireAddress):
        return None
    street = found.street
    told = street.splitlines() if isinstance(street, str) else [text(each) for each in street or ()]
    street_lines = [line.strip() for line in told if line.strip()]
    address = Address(
        name=" ".join(
            part for part in (words(found.firstname), words(found.middlename), words(found.lastname)) if part
        ),
        company=words(found.company),
        line1=street_lines[0] if street_lines else "",
        line2=", ".join(street_lines[1:]),
        city=words(found.city),
        region=words(found.region),
        region_code=text(found.region_code),
        postal_code=text(found.postcode),
        country=text(found.country_id).upper(),
        phone=text(found.telephone),
        email=text(found.email) or text(wire.customer_email),
        tax_id=text(found.vat_id),
    )
    return address if address else None
