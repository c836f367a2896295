"""A made-up mall: one order holds one seller's goods, is quoted first, and is paid by a known buyer."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs

import orderbridge as ob
from both_sides import AT_ONCE
from orderbridge import BuyerContext, Money, PurchaseOrder
from orderbridge._http import Call
from orderbridge.adapters import (
    AccountSettings,
    CancelsPurchases,
    Changes,
    Confirmed,
    Flow,
    Fulfillment,
    ListsChanges,
    LookUp,
    Past,
    Payment,
    PaymentSeen,
    Pays,
    Placed,
    Placement,
    PurchaseCanceled,
    Quote,
    Quotes,
    Read,
    ReceivesWebhooks,
    Refusal,
    Refused,
    RefusedLine,
    Reply,
    Request,
    Response,
    ShippingOption,
    Splits,
    SupplierPlatform,
    SupplierStatus,
    Unclear,
    Unknown,
    Verdict,
    Write,
    decode,
)
from orderbridge.adapters import Nudge as Nudged
from orderbridge.auth import NoAuth

__all__ = ["BUYER", "Mall"]

BUYER = BuyerContext(
    ip="198.51.100.20",
    user_agent="Mozilla/5.0 (Test)",
    accept_language="it",
    screen="800*600",
    member_since=datetime(2025, 1, 1, tzinfo=UTC),
)


class Mall:
    """Sellers ``a``, ``b``..: remote ids are ``seller-product``; ``none-...`` is sold by nobody.

    Args:
        price: Of each unit.

        fees: Shipping by its code.

        surcharge: What each order costs beyond its quote.
    """

    def __init__(self) -> None:
        self.price = Decimal(10)
        self.fees = {"slow": Decimal(2), "fast": Decimal(5)}
        self.surcharge = Decimal(0)
        self.currency = "EUR"
        self.gone: set[str] = set()
        self.first_payment_by_hand = False
        self.unclear = self.forgetful = False
        self.sold_again: set[str] = set()
        self.orders: dict[str, dict[str, Any]] = {}
        self.payments: list[tuple[str, str, str]] = []
        self.changed: list[str] = []
        self.asked: list[str] = []

    def handle(self, call: Call, now: datetime) -> Response:
        url = urlsplit(call.url)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        asked = json.loads(call.body) if call.body else {}
        self.asked.append(f"{call.method} {url.path}")
        match call.method, url.path.strip("/").split("/"):
            case "GET", ["sellers"]:
                ids = query["ids"].split(",")
                sold = [i for i in ids if not i.startswith("none-") or i in self.sold_again]
                return _json({i: i.partition("-")[0] for i in sold})
            case "POST", ["quotes"]:
                goods = self.price * sum(Decimal(units) for units in asked["units"].values())
                gone = [i for i in asked["units"] if i in self.gone]
                said = {"goods": str(goods), "fees": self.fees, "gone": gone, "currency": self.currency}
                return _json(said)
            case "GET", ["orders"] if "reference" in query:
                mine = [o for o in self.orders.values() if o["reference"] == query["reference"]]
                return _json([] if self.forgetful else mine)
            case "GET", ["orders", ref]:
                return _json([self.orders[ref]])
            case "GET", ["changes"]:
                start = int(query["after"])
                return _json(
                    {"refs": self.changed[start : start + 2], "next": min(start + 2, len(self.changed))}
                )
            case "POST", ["orders"]:
                goods = self.price * sum(Decimal(units) for units in asked["units"].values())
                ref = f"M{len(self.orders) + 1}"
                total = goods + self.fees[asked["carrier"]] + self.surcharge
                new = {"ref": ref, "total": str(total), "currency": self.currency}
                self.orders[ref] = {**asked, **new, "paid": False, "state": "PLACED"}
                return _json([self.orders[ref]])
            case "POST", ["orders", ref, "pay"]:
                order = self.orders[ref]
                if self.unclear:
                    order["tried"] = True
                    return _json({}, status=500)
                if self.first_payment_by_hand:
                    return _json({"page": f"https://mall.example/pay/{ref}"}, status=402)
                self.payments.append((ref, order["total"], asked["ip"]))
                order["paid"] = True
                return _json([order])
            case "POST", ["orders", ref, "cancel"]:
                if self.orders[ref]["paid"]:
                    return _json({}, status=409)
                self.orders[ref]["state"] = "CANCELED"
                return _json([self.orders[ref]])
            case _:
                return _json([], status=404)

    def move(self, ref: str, state: str) -> None:
        """The seller's people work on it."""
        self.orders[ref]["state"] = state
        self.changed.append(ref)


def _json(value: object, *, status: int = 200) -> Response:
    body = json.dumps(value, default=str).encode()
    return Response(status, headers={"Content-Type": "application/json"}, body=body)


@attrs.frozen(kw_only=True)
class _Order:
    ref: str
    reference: str
    total: str
    paid: bool
    state: str
    carrier: str
    units: Mapping[str, str]
    currency: str
    tried: bool = False


@attrs.frozen(kw_only=True)
class _Quoted:
    goods: str
    fees: Mapping[str, str]
    gone: tuple[str, ...]
    currency: str


@attrs.frozen(kw_only=True)
class _Changed:
    refs: tuple[str, ...]
    next: int


class _Adapter(Splits, Quotes, Pays, CancelsPurchases, ListsChanges, ReceivesWebhooks):
    needs_buyer = True

    def parts(self, remote_ids: Collection[str]) -> Flow[Mapping[str, str]]:
        ids = ",".join(sorted(remote_ids))
        return decode(dict[str, str], (yield Read("GET", "/sellers", params=(("ids", ids),))))

    def quote(self, po: PurchaseOrder) -> Flow[Quote | Unclear]:
        body = json.dumps({"units": {i: str(n) for i, n in po.units.items()}}).encode()
        found = decode(_Quoted, (yield Read("POST", "/quotes", body=body)))
        options = tuple(
            ShippingOption(code=code, title=code, price=Money.of(fee, found.currency))
            for code, fee in found.fees.items()
        )
        refused = tuple(RefusedLine(remote_id=i, quantity=po.units[i], why="sold out") for i in found.gone)
        return Quote(goods=Money.of(found.goods, found.currency), options=options, refused=refused)

    def place(self, po: PurchaseOrder, past: Past) -> Flow[Write | Placement | Unclear]:
        found = decode(list[_Order], (yield Read("GET", "/orders", params=(("reference", po.reference),))))
        if not found:
            units = {remote_id: str(count) for remote_id, count in po.units.items()}
            order = {"reference": po.reference, "units": units, "carrier": po.carrier}
            return Write(
                "create", Request("POST", "/orders", body=json.dumps(order).encode()), unknown=LookUp()
            )
        order_found, *others = found
        units_found = {remote_id: Decimal(count) for remote_id, count in order_found.units.items()}
        if others or units_found != po.units:
            return Unclear(
                f"order {order_found.ref} is not the only one with our reference, or has other goods"
            )
        placed = Placed(
            supplier_ref=order_found.ref,
            fulfillment=Fulfillment.__members__.get(order_found.state),
            payment=Payment.UNPAID,
            total=Money.of(order_found.total, order_found.currency),
        )
        return Placement(placed=(placed,))

    def fetch(self, po: PurchaseOrder) -> Flow[SupplierStatus | None]:
        order = yield from self._order(po)
        return SupplierStatus(
            raw=order.state,
            fulfillment=Fulfillment.__members__.get(order.state),
            payment=Payment.PAID if order.paid else Payment.UNPAID,
            total=Money.of(order.total, order.currency),
        )

    def pay(
        self, po: PurchaseOrder, total: Money, buyer: BuyerContext | None, past: Past
    ) -> Flow[Write | PaymentSeen | Unclear]:
        order = yield from self._order(po)
        if order.paid:
            return PaymentSeen(payment=Payment.PAID)
        if order.tried and past.attempted:
            return Unclear("it was declined; nobody knows why")
        path = f"/orders/{order.ref}/pay"
        whole = None
        if buyer is not None:
            whole = Request("POST", path, body=json.dumps({"ip": buyer.ip}).encode())
        return Write("pay", Request("POST", path), unknown=LookUp(), amount=total, private=whole)

    def cancel_purchase(self, po: PurchaseOrder, past: Past) -> Flow[Write | PurchaseCanceled | Unclear]:
        order = yield from self._order(po)
        if order.state == "CANCELED":
            return PurchaseCanceled(fulfillment=Fulfillment.CANCELED, raw_status=order.state)
        return Write("cancel", Request("POST", f"/orders/{order.ref}/cancel"), unknown=LookUp())

    def changes(self, cursor: str | None, *, now: datetime) -> Flow[Changes]:
        page = decode(_Changed, (yield Read("GET", "/changes", params=(("after", cursor or "0"),))))
        return Changes(refs=page.refs, cursor=str(page.next), more=len(page.refs) == 2)

    def read_webhook(self, method: str, path: str, headers: object, body: bytes) -> Nudged | Reply:
        return Nudged(ref=body.decode(), topic="changed", dedupe=body.decode())

    def judge(self, write: Write, response: Response) -> Verdict:
        if response.status == 402:
            page = json.loads(response.body)["page"]
            return Refused(Refusal.PAYMENT_REFUSED, code="first by hand", page=page)
        if response.status == 409:
            return Refused(Refusal.INVALID, code="paid")
        return Confirmed() if response.status == 200 else Unknown(f"HTTP {response.status}")

    def _order(self, po: PurchaseOrder) -> Flow[_Order]:
        return decode(list[_Order], (yield Read("GET", f"/orders/{po.supplier_ref}")))[0]


ob.register(
    SupplierPlatform(
        name="mall",
        title="Mall",
        settings=AccountSettings,
        adapter=lambda _: _Adapter(),
        auth=lambda _: NoAuth(),
        limits=lambda _: AT_ONCE,
    )
)
