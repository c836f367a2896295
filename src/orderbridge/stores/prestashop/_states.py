"""Progress, cancels and refunds: what changes a PrestaShop order beyond its parcels."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from ..._model import Money
from ...adapters import (
    Canceled,
    Cancellation,
    Flow,
    LookUp,
    Noted,
    Past,
    Progress,
    Refund,
    Refunded,
    RefundLine,
    Unclear,
    Write,
)
from ._amounts import slip_amount, unpaid_rest
from ._messages import said, tell
from ._orders import OWN, Shop
from ._query import Word, equal, listing
from ._reading import ask, every
from ._settings import Settings
from ._wire import Row
from ._xml import post

# As far as the supplier who is furthest behind.
_STAGES = ("Booked", "Confirmed", "Working on", "Ready")
_COPIED = ("paid", "logable", "invoice")
_BASELINE = "credit slips so far:"


def report(settings: Settings, shop: Shop, row: Row, progress: Progress) -> Flow[Write | Noted | Unclear]:
    """Own order states where the merchant wants them, else a message for the staff."""
    words = [stage for _, stage in progress.stages]
    current = row.id("current_state")
    if progress.delivered:
        wanted = yield from _delivered(row, shop)
        if wanted:
            return _set_state("delivered", row, wanted)
    may_move = (
        shop.says(current, "paid") and not shop.says(current, "shipped") and not shop.is_closed(current)
    )
    if settings.own_states and may_move and words and set(words) <= set(_STAGES):
        moved = yield from _own_state(row, min(words, key=_STAGES.index), shop.states[current], shop)
        if moved is not None:
            return moved
    shown = "; ".join(f"{supplier}: {stage}" for supplier, stage in progress.stages)
    return (yield from tell(row, progress.key, shown)) or Noted()


def _delivered(row: Row, shop: Shop) -> Flow[int]:
    """The shop's state for what has arrived, if the order is to be put into it; else 0."""
    current, target = row.id("current_state"), shop.state_id("PS_OS_DELIVERED")
    # From the shipped one only; and not where it would book a payment that nobody made.
    books = shop.says(target, "paid") and (not shop.says(current, "paid") or unpaid_rest(row))
    if target not in shop.states or not shop.says(current, "shipped") or books:
        return 0
    seen = yield from every("order_histories", equal("id_order", row.id()))
    return 0 if target in {entry.id("id_order_state") for entry in seen} else target


def _own_state(row: Row, stage: str, current: Row, shop: Shop) -> Flow[Write | Noted | None]:
    """A state of ours, which is as paid and as invoiced as the one it follows on.

    None if the order has left that state before: whether it is set again could not be told from its history.
    """
    # Not from the cache: one that was just made must be seen.
    found = yield from ask(listing("order_states", equal("module_name", Word(OWN))), "order_states")
    fitting = [
        state
        for state in found
        if state.words("name", shop.language) == stage
        and not state.flag("deleted")
        and all(state.flag(flag) == current.flag(flag) for flag in _COPIED)
    ]
    if not fitting:
        flags = {flag: "1" if current.flag(flag) else "0" for flag in _COPIED}
        values = {"name": stage, "module_name": OWN, "color": "#4169E1", "unremovable": "0", **flags}
        request = post("order_state", values, languages=(shop.language or 1,))
        return Write(f"make-{stage}", request, unknown=LookUp(), binding=False)
    wanted = fitting[0].id()
    if wanted == row.id("current_state"):
        return Noted()
    seen = yield from every("order_histories", equal("id_order", row.id()))
    left = wanted in {entry.id("id_order_state") for entry in seen}
    return None if left else _set_state("stage", row, wanted)


def cancel(shop: Shop, row: Row, cancellation: Cancellation) -> Flow[Write | Canceled | Unclear]:
    """The whole order, by its state; the shop puts the units back on sale."""
    current, target = row.id("current_state"), shop.state_id("PS_OS_CANCELED")
    if shop.says(current, "shipped"):
        return Unclear(f"order {row.id()}: the shop says that it has shipped")
    there = yield from every("order_carriers", equal("id_order", row.id()))
    if any(carrier.text("tracking_number") for carrier in there):
        return Unclear(f"order {row.id()}: a parcel of it has a tracking number")
    if cancellation.reason:
        told = yield from tell(row, cancellation.key, f"Canceled: {cancellation.reason}")
        if told is not None:
            return told
    if not shop.is_closed(current):
        if target not in shop.states:
            return Unclear(f"order {row.id()}: the shop names no order state for canceled orders")
        return _set_state("cancel", row, target)
    paid = row.number("total_paid_real") > 0
    return Canceled(warnings=("the shop gives no money back by itself",) if paid else ())


def _set_state(step: str, row: Row, state: int) -> Write:
    values = {"id_order": str(row.id()), "id_order_state": str(state)}
    return Write(step, post("order_history", values), unknown=LookUp())


# --- refunds -------------------------------------------------------------------------------------------


def refund(row: Row, wanted: Refund, past: Past) -> Flow[Write | Refunded | Unclear]:
    """A credit slip, which is a record: no money moves by it and no unit goes back on sale.

    A slip has no place for our key. So a message with the key first says which slips there are; one that
    is not among them and is for the same lines and money is ours.
    """
    if any(line.units != line.units.to_integral_value() for line in wanted.lines):
        return Unclear(f"order {row.id()}: a credit slip counts whole units only")
    slips = yield from every("order_slip", equal("id_order", row.id()))
    mark = f"[ob:{wanted.key}]"
    _, messages = yield from said(row)
    known = [message for message in messages if mark in message.text("message")]
    if not known:
        if beyond := _beyond(row, slips, wanted):
            return Unclear(beyond)
        ids = ", ".join(str(slip.id()) for slip in slips) or "none"
        text = f"Refund of {wanted.amount}. {wanted.reason}\n{_BASELINE} {ids}."
        told = yield from tell(row, wanted.key, text)
        return (
            told if told is not None else Unclear(f"order {row.id()}: the message {mark} is not to be found")
        )
    if len({message.text("message") for message in known}) > 1:
        return Unclear(f"order {row.id()}: {len(known)} messages carry one key {mark} and differ")
    before = _baseline(known[0].words("message"))
    if before is None:
        return Unclear(f"order {row.id()}: the message {mark} no longer says which credit slips there were")
    new = [slip for slip in slips if slip.id() not in before]
    ours = [slip for slip in new if _is(slip, wanted)]
    if len(ours) > 1:
        ids = ", ".join(slip.text("id") for slip in ours)
        return Unclear(f"order {row.id()}: credit slips {ids} may each be this refund")
    if not ours and "slip" in past.answers:
        return Unclear(f"order {row.id()}: the credit slip was made, but the shop shows none like it")
    if not ours:
        if beyond := _beyond(row, slips, wanted):
            return Unclear(beyond)
        values, lines = _slip(row, wanted)
        return Write("slip", post("order_slip", values, lines=lines), unknown=LookUp())
    warnings = ["a credit slip is a record: the shop gives no money back by itself"]
    if wanted.restock:
        warnings.append("the shop does not put the units back on sale for a credit slip")
    amount = Money(slip_amount(ours[0]), wanted.amount.currency)
    return Refunded(ref=ours[0].text("id"), amount=amount, gave_money=False, warnings=tuple(warnings))


def _beyond(row: Row, slips: list[Row], wanted: Refund) -> str:
    """Why there is not so much left to give back, or empty: PrestaShop itself would take any slip."""
    left = row.number("total_paid_tax_incl") - sum((slip_amount(slip) for slip in slips), Decimal(0))
    if wanted.amount.amount > left:
        return f"order {row.id()}: {wanted.amount.amount:f} is wanted, and {left:f} is left to give back"
    back: dict[str, Decimal] = {}
    for slip in slips:
        for line in slip.below("order_slip_details"):
            ref = line.text("id_order_detail")
            back[ref] = back.get(ref, Decimal(0)) + line.number("product_quantity")
    sold = {item.text("id"): item.number("product_quantity") for item in row.below("order_rows")}
    for ref, units in _units(wanted.lines).items():
        if ref in sold and units > sold[ref] - back.get(ref, Decimal(0)):
            return f"order {row.id()}: line {ref} has not {units:f} units left to give back"
    return ""


def _baseline(text: str) -> frozenset[int] | None:
    _, found, rest = text.partition(_BASELINE)
    ids = rest.partition(".")[0].strip()
    if not found or not ids:
        return None
    parts = () if ids == "none" else ids.split(",")
    return frozenset(Row({"id": part.strip()}).id() for part in parts)


def _is(slip: Row, wanted: Refund) -> bool:
    lines: dict[str, Decimal] = {}
    for line in slip.below("order_slip_details"):
        lines[line.text("id_order_detail")] = line.number("product_quantity")
    return slip_amount(slip) == wanted.amount.amount and lines == _units(wanted.lines)


def _units(lines: tuple[RefundLine, ...]) -> dict[str, Decimal]:
    units: dict[str, Decimal] = {}
    for line in lines:
        units[line.line_ref] = units.get(line.line_ref, Decimal(0)) + line.units
    return units


def _slip(row: Row, wanted: Refund) -> tuple[Mapping[str, str], tuple[Mapping[str, str], ...]]:
    """A slip's fields. The shop wants amounts without tax too: in the order's own proportion."""
    shipping = wanted.shipping.amount if wanted.shipping is not None else Decimal(0)
    goods = wanted.amount.amount - shipping
    goods_net = _net(goods, row.number("total_products"), row.number("total_products_wt"))
    shipping_net = _net(
        shipping, row.number("total_shipping_tax_excl"), row.number("total_shipping_tax_incl")
    )
    values = {
        "id_customer": str(row.id("id_customer")),
        "id_order": str(row.id()),
        "conversion_rate": row.text("conversion_rate") or "1",
        "total_products_tax_excl": f"{goods_net:f}",
        "total_products_tax_incl": f"{goods:f}",
        "total_shipping_tax_excl": f"{shipping_net:f}",
        "total_shipping_tax_incl": f"{shipping:f}",
        "amount": f"{goods:f}",
        "shipping_cost": "1" if shipping else "0",
        "shipping_cost_amount": f"{shipping:f}",
        "partial": "1",
    }
    amounts: dict[str, Decimal] = {}
    for line in wanted.lines:
        amounts[line.line_ref] = amounts.get(line.line_ref, Decimal(0)) + line.amount.amount
    lines: list[Mapping[str, str]] = []
    for ref, units in _units(wanted.lines).items():
        net = _net(amounts[ref], row.number("total_products"), row.number("total_products_wt"))
        lines.append(
            {
                "id_order_detail": ref,
                "product_quantity": f"{units.normalize():f}",
                "amount_tax_excl": f"{net:f}",
                "amount_tax_incl": f"{amounts[ref]:f}",
            }
        )
    return values, tuple(lines)


def _net(gross: Decimal, all_net: Decimal, all_gross: Decimal) -> Decimal:
    if not all_gross or not all_net:
        return gross
    return (gross * all_net / all_gross).quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP)
