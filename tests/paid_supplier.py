"""A made-up supplier without a growing order that is paid through its API, and its plug-in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import attrs

import orderbridge as ob
from both_sides import AT_ONCE
from orderbridge import BuyerContext, Money, PurchaseOrder
from orderbridge._http import Call
from orderbridge.adapters import (
    AccountSettings,
    Flow,
    Fulfillment,
    LookUp,
    Past,
    Payment,
    PaymentSeen,
    Pays,
    Placed,
    Placement,
    Read,
    Refusal,
    Refused,
    Request,
    Response,
    SupplierPlatform,
    SupplierStatus,
    Unclear,
    Verdict,
    Write,
    decode,
    judge_by_status,
    raise_for_status,
)
from orderbridge.auth import NoAuth

__all__ = ["PaidSupplier"]


@attrs.define
class PaidSupplier:
    """Its server: every unit costs 10 EUR. ``declines`` refuses all payments; ``bills`` names totals."""

    price: Decimal = Decimal(10)
    declines: bool = False
    bills: bool = True
    orders: list[dict[str, object]] = attrs.field(factory=list[dict[str, object]])
    payments: list[tuple[str, str]] = attrs.field(factory=list[tuple[str, str]])

    def handle(self, call: Call, now: datetime) -> Response:
        answer = self._answer(call)
        found = json.loads(answer.body)
        return answer if self.bills else _json([{**order, "total": ""} for order in found])

    def _answer(self, call: Call) -> Response:
        url = urlsplit(call.url)
        match call.method, url.path.strip("/").split("/"):
            case "GET", ["orders"]:
                wanted = parse_qs(url.query)["reference"][0]
                return _json([order for order in self.orders if order["reference"] == wanted])
            case "GET", ["orders", ref]:
                return _json([order for order in self.orders if order["ref"] == ref])
            case "POST", ["orders"]:
                asked = json.loads(call.body)
                total = self.price * sum(Decimal(units) for units in asked["units"].values())
                self.orders.append(
                    {**asked, "ref": f"P{len(self.orders) + 1}", "total": str(total), "paid": False}
                )
                return _json(self.orders[-1:])
            case "POST", ["orders", ref, "pay"]:
                if self.declines:
                    return _json([], status=402)
                order = next(order for order in self.orders if order["ref"] == ref)
                order["paid"] = True
                self.payments.append((ref, str(order["total"])))
                return _json([order])
            case _:
                return _json([], status=404)


def _json(value: object, *, status: int = 200) -> Response:
    return Response(status, headers={"Content-Type": "application/json"}, body=json.dumps(value).encode())


@attrs.frozen(kw_only=True)
class _Order:
    ref: str
    reference: str
    units: Mapping[str, str]
    total: str
    paid: bool

    @property
    def payment(self) -> Payment:
        return Payment.PAID if self.paid else Payment.UNPAID

    @property
    def money(self) -> Money | None:
        return Money(Decimal(self.total), "EUR") if self.total else None


class _Adapter(Pays):
    def place(self, po: PurchaseOrder, past: Past) -> Flow[Write | Placement | Unclear]:
        found = decode(list[_Order], (yield Read("GET", "/orders", params=(("reference", po.reference),))))
        if not found:
            units = {remote_id: str(count) for remote_id, count in po.units.items()}
            body = json.dumps({"reference": po.reference, "units": units}).encode()
            return Write("create", Request("POST", "/orders", body=body), unknown=LookUp())
        (order,) = found
        return Placement(placed=(Placed(supplier_ref=order.ref, payment=order.payment, total=order.money),))

    def fetch(self, po: PurchaseOrder) -> Flow[SupplierStatus | None]:
        order = yield from self._order(po)
        word = Fulfillment.ACCEPTED if order.paid else Fulfillment.PLACED
        return SupplierStatus(raw=word.value, fulfillment=word, payment=order.payment, total=order.money)

    def pay(
        self, po: PurchaseOrder, total: Money, buyer: BuyerContext | None, past: Past
    ) -> Flow[Write | PaymentSeen | Unclear]:
        order = yield from self._order(po)
        if order.paid:
            return PaymentSeen(payment=Payment.PAID)
        request = Request("POST", f"/orders/{order.ref}/pay")
        return Write("pay", request, unknown=LookUp(), amount=total)

    def judge(self, write: Write, response: Response) -> Verdict:
        if response.status == 402:
            return Refused(Refusal.PAYMENT_REFUSED, code="402")
        return judge_by_status(response)

    def _order(self, po: PurchaseOrder) -> Flow[_Order]:
        response = yield Read("GET", f"/orders/{po.supplier_ref}")
        raise_for_status(response)
        return decode(list[_Order], response)[0]


ob.register(
    SupplierPlatform(
        name="paid",
        title="Paid",
        settings=AccountSettings,
        adapter=lambda _: _Adapter(),
        auth=lambda _: NoAuth(),
        limits=lambda _: AT_ONCE,
    )
)
