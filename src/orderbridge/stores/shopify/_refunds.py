"""Refunds, each with our key in its note and as the key by which Shopify itself knows a repeat.

Money moves only through transactions, which are taken from what Shopify suggests: each back the way it came,
and never more than is left there. What somebody else gave back is one transaction of Shopify's gateway for
what people do by hand: it is counted and moves nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

import attrs

from ..._model import Money, Order
from ...adapters import Flow, Refund, Refunded, RefundLine, SameKey, Unclear, Write, mark_of
from ...errors import Malformed
from ._documents_money import REFUND, REFUND_MADE, REFUNDABLE
from ._graphql import ask, change, data_of
from ._settings import Settings
from ._wire import Connection, WireBag, WireId, gid, ref_of

# Shopify knows a key for a day; its clock is not ours.
_LIFETIME = timedelta(hours=23)
_DONE = frozenset({"SUCCESS"})
_WAITS = frozenset({"PENDING", "AWAITING_RESPONSE", "UNKNOWN"})
_BY_HAND = "manual"
_MOST = 250  # Shopify gives no more of a list


def refund(settings: Settings, order: Order, wanted: Refund) -> Flow[Write | Refunded | Unclear]:
    """The refund as the shop has it by our key, or the one call that makes it."""
    name = gid("Order", order.ref)
    if wanted.lines and any(line.units != line.units.to_integral_value() for line in wanted.lines):
        return Unclear(f"order {order.ref}: Shopify gives back whole units")
    goods = [line for line in wanted.lines if line.units]
    variables: dict[str, object] = {
        "id": name,
        "lines": [gid("LineItem", line.line_ref) for line in goods],
        "goods": [
            {"lineItemId": gid("LineItem", line.line_ref), "quantity": int(line.units)} for line in goods
        ],
        "shipping": f"{wanted.shipping.amount:f}" if wanted.shipping else None,
    }
    answer = data_of(
        _Refundable, (yield ask(settings, REFUNDABLE, variables, cost=_MOST + 50.0)), may_lack=("asked",)
    )
    shop = answer.order
    if shop is None:
        return Unclear(f"order {order.ref}: the shop has no such order any more")
    ours = [made for made in shop.refunds if mark_of(wanted.key) in (made.note or "")]
    if len(ours) > 1:
        refs = ", ".join(ref_of(made.id) for made in ours)
        return Unclear(f"order {order.ref}: refunds {refs} carry one key {mark_of(wanted.key)}")
    lines = {ref_of(line.id): line for line in answer.nodes if line is not None}
    if ours:
        made = data_of(_Node, (yield ask(settings, REFUND_MADE, {"id": ours[0].id}, cost=200.0))).node
        if made is None:
            raise Malformed(f"$.node: refund {ref_of(ours[0].id)} went away", path="$.node")
        return _as_made(order, wanted, made, lines)
    if len(shop.refunds) >= _MOST:
        return Unclear(
            f"order {order.ref}: it has more refunds than Shopify shows, so this may be among them"
        )
    if riddle := _beyond(shop, lines, goods, wanted):
        return Unclear(f"order {order.ref}: {riddle}")
    body = _body(name, shop, lines, goods, wanted)
    return change(
        settings,
        "refund",
        REFUND,
        {"input": body, "key": _key(order, wanted, body)},
        unknown=SameKey(lifetime=_LIFETIME),
    )


def _key(order: Order, wanted: Refund, body: Mapping[str, object]) -> str:
    """A UUID, as Shopify asks for, that is one in the whole shop and for just this body.

    A call that is laid out anew is another one: under a key that was used for another body Shopify would turn
    it away, whatever became of the first. A repeat is the same bytes, and so the same key.
    """
    text = json.dumps(body, sort_keys=True)
    shown = hashlib.sha256(f"orderbridge refund {order.ref} {wanted.key} {text}".encode()).hexdigest()
    return f"{shown[:8]}-{shown[8:12]}-5{shown[13:16]}-a{shown[17:20]}-{shown[20:32]}"


# --- what the shop says ---------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class _Transaction:
    kind: str = ""
    status: str = ""
    gateway: str = ""
    amountSet: WireBag = attrs.field(factory=WireBag)


@attrs.frozen(kw_only=True)
class _Noted:
    """A refund by its note, where our key stands."""

    id: str = ""
    note: str | None = None


@attrs.frozen(kw_only=True)
class _Made:
    id: str = ""
    transactions: Connection[_Transaction] = attrs.field(factory=Connection[_Transaction])


@attrs.frozen(kw_only=True)
class _Node:
    node: _Made | None


@attrs.frozen(kw_only=True)
class _SuggestedLine:
    lineItem: WireId = attrs.field(factory=WireId)
    location: WireId | None = None


@attrs.frozen(kw_only=True)
class _Paid:
    """A payment; a manual one is cash or a transfer, of which Shopify only knows."""

    id: str = ""
    manualPaymentGateway: bool = False


@attrs.frozen(kw_only=True)
class _Suggested:
    """One way back: at most so much through the payment that it was paid by."""

    gateway: str | None = None
    amountSet: WireBag = attrs.field(factory=WireBag)
    parentTransaction: _Paid | None = None


@attrs.frozen(kw_only=True)
class _Asked:
    refundLineItems: tuple[_SuggestedLine, ...] = ()


@attrs.frozen(kw_only=True)
class _All:
    maximumRefundableSet: WireBag = attrs.field(factory=WireBag)
    suggestedTransactions: tuple[_Suggested, ...] = ()


@attrs.frozen(kw_only=True)
class _Shop:
    currencyCode: str = ""
    presentmentCurrencyCode: str = ""
    refunds: tuple[_Noted, ...] = ()
    asked: _Asked | None = None
    all: _All | None = None


@attrs.frozen(kw_only=True)
class _Line:
    id: str = ""
    unfulfilledQuantity: int = 0
    refundableQuantity: int = 0


@attrs.frozen(kw_only=True)
class _Refundable:
    order: _Shop | None
    nodes: tuple[_Line | None, ...] = ()


# --- what is asked for ----------------------------------------------------------------------------------


def _beyond(shop: _Shop, lines: Mapping[str, _Line], goods: list[RefundLine], wanted: Refund) -> str:
    """Why the shop cannot do this, or empty."""
    currency = shop.presentmentCurrencyCode
    if wanted.amount.currency != currency:
        return f"{wanted.amount} is wanted, and the shopper paid in {currency}"
    for line in goods:
        there = lines.get(line.line_ref)
        if there is None or line.units > there.refundableQuantity:
            left = there.refundableQuantity if there else 0
            return f"line {line.line_ref}: {line.units.normalize():f} units to give back, and {left} can be"
    most = shop.all.maximumRefundableSet.paid("$.all") if shop.all else Money.zero(currency)
    if not wanted.gives_money:
        return (
            f"{wanted.amount} is wanted, and Shopify knows of {most} that is paid"
            if wanted.amount > most
            else ""
        )
    ways = sum((amount for _, amount in _given(shop, wanted.amount)), Decimal(0))
    if wanted.amount > most or ways < wanted.amount.amount:
        most = min(most, attrs.evolve(most, amount=ways))
        return f"{wanted.amount} is wanted, and {most} can be given back the way it was paid"
    return ""


def _given(shop: _Shop, amount: Money) -> list[tuple[_Suggested, Decimal]]:
    """So much money over the ways back, in the order in which Shopify suggests them."""
    left = amount.amount
    given: list[tuple[_Suggested, Decimal]] = []
    for way in shop.all.suggestedTransactions if shop.all else ():
        if way.parentTransaction is None or not way.gateway:
            continue
        if way.parentTransaction.manualPaymentGateway:
            continue  # cash, or a transfer: Shopify writes it down and moves nothing
        part = min(left, way.amountSet.paid("$.all.suggestedTransactions").amount)
        if part > 0:
            given.append((way, part))
            left -= part
    return given


def _body(
    name: str, shop: _Shop, lines: Mapping[str, _Line], goods: list[RefundLine], wanted: Refund
) -> dict[str, object]:
    outside = "" if wanted.gives_money else f"{wanted.amount} given back outside Shopify"
    said = ". ".join(part for part in (wanted.reason.strip(), outside) if part)
    body: dict[str, object] = {
        "orderId": name,
        "note": f"{said} {mark_of(wanted.key)}".strip(),
        "notify": False,
        "refundLineItems": [row for line in goods for row in _rows(shop, lines[line.line_ref], line, wanted)],
        "transactions": _transactions(name, shop, wanted),
    }
    if wanted.shipping is not None and wanted.shipping.amount:
        body["shipping"] = {"amount": f"{wanted.shipping.amount:f}"}
    if shop.currencyCode != shop.presentmentCurrencyCode:
        body["currency"] = shop.presentmentCurrencyCode
    return body


def _transactions(name: str, shop: _Shop, wanted: Refund) -> list[dict[str, object]]:
    back: dict[str, object] = {"orderId": name, "kind": "REFUND"}
    if not wanted.gives_money:
        return [{**back, "gateway": _BY_HAND, "amount": f"{wanted.amount.amount:f}"}]
    return [
        {
            **back,
            "parentId": way.parentTransaction.id if way.parentTransaction else None,
            "gateway": way.gateway,
            "amount": f"{amount:f}",
        }
        for way, amount in _given(shop, wanted.amount)
    ]


def _rows(shop: _Shop, there: _Line, line: RefundLine, wanted: Refund) -> list[dict[str, object]]:
    """Units that have not left are canceled, others come back; without ``restock`` nothing is counted."""
    units = int(line.units)
    if not wanted.restock:
        return [{"lineItemId": there.id, "quantity": units, "restockType": "NO_RESTOCK"}]
    waiting = min(units, there.unfulfilledQuantity)
    suggested = shop.asked.refundLineItems if shop.asked else ()
    place = next((row.location.id for row in suggested if row.lineItem.id == there.id and row.location), "")
    return [
        {
            "lineItemId": there.id,
            "quantity": count,
            "restockType": kind,
            **({"locationId": place} if place else {}),
        }
        for kind, count in (("CANCEL", waiting), ("RETURN", units - waiting))
        if count
    ]


# --- what was made --------------------------------------------------------------------------------------


def _as_made(order: Order, wanted: Refund, made: _Made, lines: Mapping[str, _Line]) -> Refunded | Unclear:
    ref = ref_of(made.id)
    warnings: tuple[str, ...] = ()
    if not wanted.restock:
        waiting = [line.line_ref for line in wanted.lines if _waits(lines, line)]
        if waiting:
            warnings += (
                f"line {', '.join(waiting)}: without restocking, Shopify may still count units as to ship",
            )
    if made.transactions.rest:
        raise Malformed(f"$.refunds: refund {ref} has too many transactions", path="$.refunds[].transactions")
    moved = [each for each in made.transactions.items if each.kind == "REFUND"]
    others = {each.gateway for each in moved if each.gateway != _BY_HAND}
    if others and not wanted.gives_money:
        through = ", ".join(sorted(others))
        return Unclear(
            f"order {order.ref}: refund {ref} was to move no money, and gave some back by {through}"
        )
    failed = [each.status for each in moved if each.status not in _DONE | _WAITS]
    amount = Money.sum(
        (each.amountSet.paid("$.refunds[].transactions") for each in moved if each.status in _DONE | _WAITS),
        wanted.amount.currency,
    )
    if failed or amount != wanted.amount:
        why = f" (transactions: {', '.join(failed)})" if failed else ""
        return Unclear(f"order {order.ref}: refund {ref} gives {amount} back, not {wanted.amount}{why}")
    if any(each.status in _WAITS for each in moved):
        warnings += ("the payment provider has not said yet that the money went back",)
    return Refunded(ref=ref, amount=amount, gave_money=wanted.gives_money, warnings=warnings)


def _waits(lines: Mapping[str, _Line], line: RefundLine) -> bool:
    there = lines.get(line.line_ref)
    return there is not None and there.unfulfilledQuantity > 0 and line.units > 0
