"""A made-up supplier that finds nothing by our reference, and two ways to order there only once.

``POST /orders`` dedupes by an ``Idempotency-Key`` for a day; ``PUT /orders/for/{reference}`` replaces
what was there. So one adapter says ``SameKey`` and the other ``Repeat``, both of a write that binds.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast
from urllib.parse import quote, urlsplit

import attrs

from orderbridge import Package, PurchaseOrder, Shipment
from orderbridge.adapters import (
    AccountSettings,
    Confirmed,
    Flow,
    Fulfillment,
    Past,
    Placed,
    Placement,
    Read,
    Repeat,
    Request,
    Response,
    SameKey,
    SupplierPlatform,
    SupplierStatus,
    Throttled,
    Unclear,
    Unknown,
    Verdict,
    Write,
    decode,
    decode_bytes,
)
from orderbridge.auth import Call, NoAuth
from orderbridge.errors import Malformed, Unsupported
from orderbridge.testing import Ordered

__all__ = ["KEYED", "PUT", "KeyedAdapter", "KeyedSupplier", "PutAdapter", "order_text"]

KEPT = timedelta(days=1)  # how long the supplier remembers a key


@attrs.define
class KeyedSupplier:
    """Its server and its desk."""

    made: list[dict[str, object]] = attrs.field(factory=list[dict[str, object]])
    changes: int = 0
    _keys: dict[str, tuple[datetime, Response]] = attrs.field(factory=dict[str, tuple[datetime, Response]])

    goods = ("BOX", "CASE")

    def handle(self, call: Call, now: datetime) -> Response:
        match call.method, urlsplit(call.url).path.strip("/").split("/"):
            case "POST", ["orders"]:
                key = call.headers.get("Idempotency-Key", "")
                at, answer = self._keys.get(key, (now - 2 * KEPT, Response(500)))
                if now - at <= KEPT:
                    return answer
                answer = self._make(json.loads(call.body))
                if key:
                    self._keys[key] = (now, answer)
                return answer
            case "PUT", ["orders", "for", reference]:
                there = [order for order in self.made if order["under"] == reference]
                if not there:
                    return self._make({**json.loads(call.body), "under": reference})
                there[0].update(json.loads(call.body))
                return _json({"ref": there[0]["ref"]})
            case "GET", ["orders", ref]:
                found = [order for order in self.made if order["ref"] == ref]
                return _json(found[0]) if found else _json({"absent": ref}, status=404)
            case _:
                return _json({}, status=404)

    def _make(self, asked: dict[str, object]) -> Response:
        self.changes += 1
        ref = f"K{len(self.made) + 1}"
        self.made.append({"under": "", **asked, "ref": ref, "state": "new", "tracking": ""})
        return _json({"ref": ref}, status=201)

    def orders(self) -> list[Ordered]:
        return [
            Ordered(
                ref=str(order["ref"]),
                reference=str(order["reference"]),
                shopper=str(order["to"]),
                units={sku: Decimal(units) for sku, units in cast("dict[str, str]", order["units"]).items()},
                to=cast("dict[str, str]", order["address"]),
            )
            for order in self.made
        ]

    def work(self, now: datetime) -> None:
        for order in self.made:
            order["state"] = "packing" if order["state"] == "new" else order["state"]

    def ship(self, ref: str, number: str, *, now: datetime) -> None:
        for order in self.made:
            if order["ref"] == ref:
                order.update(state="gone", tracking=number)

    def print_label(self, ref: str, number: str, *, now: datetime) -> None:
        for order in self.made:
            if order["ref"] == ref:
                order["tracking"] = number

    def effects(self) -> int:
        return self.changes


def _json(value: object, *, status: int = 200) -> Response:
    return Response(status, headers={"Content-Type": "application/json"}, body=json.dumps(value).encode())


@attrs.frozen
class _Made:
    ref: str


@attrs.frozen(kw_only=True)
class _Order:
    ref: str
    reference: str
    state: str
    tracking: str


STATES = {"new": Fulfillment.PLACED, "packing": Fulfillment.PREPARING, "gone": Fulfillment.SHIPPED}


def order_text(po: PurchaseOrder) -> bytes:
    """What is ordered, in the supplier's words."""
    units = {remote_id: str(count) for remote_id, count in po.units.items()}
    to = po.ship_to
    address = {"line1": to.line1, "postal_code": to.postal_code, "city": to.city, "country": to.country}
    text = {"reference": po.reference, "units": units, "to": to.name, "address": address}
    return json.dumps(text).encode()


@attrs.frozen
class KeyedAdapter:
    """Orders under a key that the supplier dedupes by."""

    settings: AccountSettings

    def create(self, po: PurchaseOrder) -> Write:
        request = Request("POST", "/orders", headers={"Idempotency-Key": po.reference}, body=order_text(po))
        return Write("create", request, unknown=SameKey(lifetime=KEPT))

    def place(self, po: PurchaseOrder, past: Past) -> Flow[Write | Placement | Unclear]:
        ref = po.supplier_ref
        if not ref:
            if "create" not in past.answers:
                return self.create(po)
            ref = decode(_Made, past.answers["create"]).ref
        order = decode(_Order, (yield Read("GET", f"/orders/{quote(ref, safe='')}")))
        if order.reference != po.reference:
            return Unclear(f"order {order.ref} bears another reference than ours")
        placed = Placed(supplier_ref=order.ref, fulfillment=STATES.get(order.state), raw_status=order.state)
        return Placement(placed=(placed,))

    def fetch(self, po: PurchaseOrder) -> Flow[SupplierStatus | None]:
        if not po.supplier_ref:
            raise Unsupported("an order is found by the supplier's own number only, and none is known")
        order = decode(_Order, (yield Read("GET", f"/orders/{quote(po.supplier_ref, safe='')}")))
        gone = (Shipment(ref="1", packages=(Package(tracking_number=order.tracking),)),)
        return SupplierStatus(
            raw=order.state,
            fulfillment=STATES.get(order.state),
            shipments=gone if order.state == "gone" else (),
        )

    def judge(self, write: Write, response: Response) -> Verdict:
        if response.status == 429:
            return Throttled()
        try:
            made = decode_bytes(_Made, response.body)
        except Malformed:
            return Unknown(f"HTTP {response.status}")
        return Confirmed() if response.status in (200, 201) and made.ref else Unknown("no ref")


class PutAdapter(KeyedAdapter):
    """Orders by saying what is to stand under our reference: twice is the same as once."""

    def create(self, po: PurchaseOrder) -> Write:
        path = f"/orders/for/{quote(po.reference, safe='')}"
        return Write("create", Request("PUT", path, body=order_text(po)), unknown=Repeat())


KEYED = SupplierPlatform(
    name="keyed",
    title="Keyed",
    settings=AccountSettings,
    adapter=KeyedAdapter,
    auth=lambda _: NoAuth(),
)
PUT = attrs.evolve(KEYED, name="put", title="Put", adapter=PutAdapter)
