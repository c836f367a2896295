"""Refunds. The shop keeps nothing that would stop a second one, so ours carry their key in the reason.

Order of events in the shop: the record is written, then the gateway is asked, then the record says that
money moved. A gateway's no deletes the record again. So does its time-out, and any later error, although
the money may have gone: no record proves nothing where money was to move.
"""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

from ..._model import Money, Order
from ...adapters import (
    Flow,
    LookUp,
    Park,
    Refund,
    Refunded,
    Refusal,
    Refused,
    Request,
    Response,
    Unclear,
    Unknown,
    Verdict,
    Write,
    decode,
    mark_of,
)
from ...errors import Unsupported
from ._orders import refunded_units
from ._paging import PER_PAGE
from ._wire import (
    API,
    JSON,
    WireBill,
    WireCharge,
    WireRefund,
    decimal_of,
    get,
    number_of,
    problem_of,
    text,
    words,
)
from ._writes import order_path

STEP = "refund"
# A gateway may be slow, and nobody waits for a record.
_LATE = timedelta(minutes=30)
# In the words of gateways and of PHP's own HTTP clients.
_UNHEARD = ("curl", "timed out", "timeout", "time-out", "connect", "network")
# Our own, because the caller's may round to a few digits.
_WIDE = Context(prec=80)


def refunds_of(ref: str) -> Flow[list[WireRefund]]:
    """All refunds of an order."""
    found: list[WireRefund] = []
    page = 1
    while len(found) == (page - 1) * PER_PAGE:
        params = (("per_page", str(PER_PAGE)), ("page", str(page)))
        found += decode(list[WireRefund], (yield get(f"{API}/orders/{ref}/refunds", *params)))
        page += 1
    return found


def give_back(order: Order, refund: Refund) -> Flow[Write | Refunded | Unclear]:
    """The refund as the shop has it by our key, or the one call that makes it."""
    _check(order, refund)
    mark = mark_of(refund.key)
    made = yield from refunds_of(order.ref)
    found = [row for row in made if mark in text(row.reason)]
    if len(found) > 1:
        ids = ", ".join(text(row.id) for row in found)
        return Unclear(f"order {order.ref}: refunds {ids} carry one key {mark}")
    if found:
        return _as_made(order, refund, found[0])
    wanted = ("_fields", "currency,total,line_items,shipping_lines,refunds")
    bill = decode(WireBill, (yield get(order_path(order), wanted)))
    if riddle := _beyond(refund, bill, refunded_units(made)):
        return Unclear(f"order {order.ref}: {riddle}")
    request = Request("POST", f"{order_path(order)}/refunds", headers=JSON, body=_body(refund, bill))
    return Write(STEP, request, unknown=Park() if refund.gives_money else LookUp(late=_LATE))


def judge_refund(write: Write, response: Response) -> Verdict | None:
    """WooCommerce's no to a refund is a 500 with the bare number again; None for any other answer."""
    problem = problem_of(response)
    ours = problem.code == "woocommerce_rest_cannot_create_order_refund" and problem.data == 500
    if write.step != STEP or response.status != 500 or not ours:
        return None
    said = words(problem.message)
    gives_money = isinstance(write.unknown, Park)
    # A gateway that did not answer the shop has perhaps paid, and the shop calls that a no.
    if gives_money and any(sign in said.lower() for sign in _UNHEARD):
        return Unknown("the shop heard nothing of its payment gateway")
    why = Refusal.PAYMENT_REFUSED if gives_money else Refusal.INVALID
    return Refused(why, code=str(problem.code), message=said)


# --- what can be asked ------------------------------------------------------------------------------


def _check(order: Order, refund: Refund) -> None:
    """What no answer of the shop could make right.

    Raises:
        Unsupported: names what came and what would be right.
    """
    parts = [*(line.amount for line in refund.lines), *([refund.shipping] if refund.shipping else [])]
    if any(money.currency != order.currency for money in (refund.amount, *parts)):
        raise Unsupported(f"refund: give amounts in the order's currency, {order.currency}")
    if refund.amount.amount <= 0 or any(money.amount < 0 for money in parts):
        raise Unsupported("refund: amounts are above zero; WooCommerce would make a record of nothing")
    if Money.sum(parts, order.currency) > refund.amount:
        raise Unsupported("refund: amount is less than what its lines and shipping come to")
    known = {line.ref for line in order.lines}
    for line in refund.lines:
        if line.units < 0 or line.units != line.units.to_integral_value():
            raise Unsupported(f"refund: line {line.line_ref}: WooCommerce takes back whole units only")
        if line.line_ref not in known:
            raise Unsupported(f"refund: the order has no line {line.line_ref}")


def _beyond(refund: Refund, bill: WireBill, refunded: dict[str, Decimal]) -> str:
    """Why the shop as it stands cannot give this back, or nothing; it checks the amount, but not units."""
    if bill.currency.upper() != refund.amount.currency:
        return f"is in {bill.currency} now"
    places = _places(bill)
    if any(-_exponent(m.amount.normalize(_WIDE)) > places for m in _amounts(refund)):
        return f"amounts of more than {places} decimals, which the shop would round"
    left = bill.total + sum((row.total for row in bill.refunds), Decimal(0))
    if refund.amount.amount > left:
        return f"{left:f} of {bill.total:f} are left to give back, less than {refund.amount.amount:f}"
    ordered = {str(line.id): line.quantity for line in bill.line_items}
    for ref, units in _units(refund).items():
        if ref not in ordered:
            return f"line {ref} is gone"
        open_units = ordered[ref] - refunded.get(ref, Decimal(0))
        if units > open_units:
            return f"line {ref}: {open_units:f} units are not refunded yet, fewer than {units:f}"
    return ""


def _units(refund: Refund) -> dict[str, Decimal]:
    units: dict[str, Decimal] = {}
    for line in refund.lines:
        units[line.line_ref] = units.get(line.line_ref, Decimal(0)) + line.units
    return units


def _amounts(refund: Refund) -> list[Money]:
    return [
        refund.amount,
        *(line.amount for line in refund.lines),
        *([refund.shipping] if refund.shipping else []),
    ]


# --- what is sent -----------------------------------------------------------------------------------


def _body(refund: Refund, bill: WireBill) -> bytes:
    places = _places(bill)
    rows: list[dict[str, object]] = []
    charges = {str(line.id): line for line in bill.line_items}
    for ref, units in _units(refund).items():
        amount = sum((line.amount.amount for line in refund.lines if line.line_ref == ref), Decimal(0))
        rows.append(_row(charges[ref], int(units), amount, places))
    if refund.shipping and bill.shipping_lines:
        shares = split(refund.shipping.amount, [_gross(line) for line in bill.shipping_lines], places)
        rows += [
            _row(line, 0, share, places) for line, share in zip(bill.shipping_lines, shares, strict=True)
        ]
    reason = f"{refund.reason} {mark_of(refund.key)}".strip()
    body = {
        "amount": _text(refund.amount.amount, places),
        "reason": reason,
        # Left out, the shop would move money and stock.
        "api_refund": refund.gives_money,
        "api_restock": refund.restock,
        "line_items": rows,
    }
    return json.dumps(body, separators=(",", ":")).encode()


def _row(charge: WireCharge, units: int, amount: Decimal, places: int) -> dict[str, object]:
    """One line: WooCommerce wants the part without tax, and the tax for each of its rates."""
    taxes = [(number_of(tax.id), decimal_of(tax.total)) for tax in charge.taxes]
    taxes = [(rate, tax) for rate, tax in taxes if rate and tax > 0]
    net, *shares = split(amount, [charge.total, *(tax for _, tax in taxes)], places)
    return {
        "id": number_of(charge.id),
        "quantity": units,
        "refund_total": _text(net, places),
        "refund_tax": [
            {"id": rate, "refund_total": _text(share, places)}
            for (rate, _), share in zip(taxes, shares, strict=True)
        ],
    }


def split(amount: Decimal, weights: list[Decimal], places: int) -> list[Decimal]:
    """``amount`` in parts like ``weights``, each of at most ``places`` decimals; they sum up to it exactly.

    What is rounded is the running sum, so no part is off by a whole step and none is below zero.
    """
    step = Decimal(1).scaleb(-places)
    parts: list[Decimal] = []
    given, seen = Decimal(0), Decimal(0)
    with localcontext(_WIDE):
        weights = [max(weight, Decimal(0)) for weight in weights]
        whole = sum(weights, Decimal(0))
        if not whole:
            return [amount, *(Decimal(0) for _ in weights[1:])]
        for weight in weights:
            seen += weight
            upto = amount if seen == whole else (amount * seen / whole).quantize(step, ROUND_HALF_EVEN)
            parts.append(upto - given)
            given = upto
    return parts


def _gross(charge: WireCharge) -> Decimal:
    return charge.total + sum((decimal_of(tax.total) for tax in charge.taxes), Decimal(0))


def _places(bill: WireBill) -> int:
    # The shop's own decimals, whatever the currency's.
    return max(0, -_exponent(bill.total))


def _exponent(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _text(amount: Decimal, places: int) -> str:
    return f"{amount:.{places}f}"


# --- what the shop has ------------------------------------------------------------------------------


def _as_made(order: Order, refund: Refund, row: WireRefund) -> Refunded | Unclear:
    amount = Money.of(text(row.amount), order.currency, field="amount")
    ref = text(row.id)
    if amount != refund.amount:
        return Unclear(
            f"order {order.ref}: refund {ref} has our key, but gives {amount}, not {refund.amount}"
        )
    gave = row.refunded_payment is True
    if refund.gives_money and not gave:
        return Unclear(
            f"order {order.ref}: refund {ref} is written down, but the shop does not say that money moved; "
            "look at the payment provider"
        )
    return Refunded(ref=ref, amount=amount, gave_money=gave)
