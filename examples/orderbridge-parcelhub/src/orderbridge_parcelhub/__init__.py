"""ParcelHub: a supplier nobody has, to show how one is written. The README holds its API.

Ordering takes three writes: open a draft, set its lines, confirm it. ParcelHub has no search, so
nothing is ever found by our reference. What leads back to an order is the number of its draft, and
that stands in the journal before the one write that counts is sent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import quote

import attrs
from orderbridge import BuyerContext, Money, PurchaseOrder, Secret
from orderbridge.adapters import (
    Access,
    AccountSettings,
    Bucket,
    Confirmed,
    Finding,
    Flow,
    Fulfillment,
    LookUp,
    Past,
    Payment,
    PaymentSeen,
    Pays,
    Placed,
    Placement,
    Probes,
    Read,
    Refusal,
    Refused,
    Repeat,
    Request,
    Response,
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
from orderbridge.errors import Malformed, Unsupported

from ._login import Login
from ._wire import (
    WireAccount,
    WireAnswer,
    WireDraft,
    WireOrder,
    WireStatus,
    address_of,
    lines_of,
    units_of,
    utc,
)

__all__ = ["PLATFORM", "Login", "ParcelHubAdapter", "Settings"]

# The codes differ from account to account, these words behind them do not. A word that is missing
# here means nothing to us: the bridge keeps it and leaves the order where it is.
_STAGES: Mapping[str, Fulfillment] = {
    "booked": Fulfillment.PLACED,
    "accepted": Fulfillment.ACCEPTED,
    "packing": Fulfillment.PREPARING,
    "ready": Fulfillment.READY,
    "part_sent": Fulfillment.PART_SHIPPED,
    "sent": Fulfillment.SHIPPED,
    "delivered": Fulfillment.DELIVERED,
    "held": Fulfillment.ON_HOLD,
    "canceled": Fulfillment.CANCELED,
}
_PAYMENTS: Mapping[str, Payment] = {
    "open": Payment.UNPAID,
    "paid": Payment.PAID,
    "refunded": Payment.REFUNDED,
}

# What proves that nothing was done. "already_confirmed" and "already_paid" are missing on purpose:
# somebody's call did it, perhaps ours, and the next look tells.
_REFUSALS: Mapping[str, Refusal] = {
    "invalid": Refusal.INVALID,
    "bad_address": Refusal.INVALID,
    "wrong_amount": Refusal.INVALID,
    "account_blocked": Refusal.FORBIDDEN,
    "not_found": Refusal.NOT_FOUND,
    "unknown_sku": Refusal.NOT_FOUND,
    "out_of_stock": Refusal.OUT_OF_STOCK,
    "no_credit": Refusal.PAYMENT_REFUSED,
}


@attrs.frozen(kw_only=True)
class Settings(AccountSettings):
    """One account at ParcelHub.

    Args:
        email: Of the login.

        password: Of the login.
    """

    email: Secret
    password: Secret


class ParcelHubAdapter(Pays, Probes):
    """Orders, payments and statuses of one ParcelHub account. It holds nothing between two calls."""

    def place(self, po: PurchaseOrder, past: Past) -> Flow[Write | Placement | Unclear]:
        """Open a draft, set its lines, confirm it: the first of these that is not done."""
        lines = lines_of(po)
        if po.supplier_ref:
            return (yield from self._placement(po, po.supplier_ref))
        # Until the confirmation the shop's order may still change. Other lines are other effects, so
        # they get a draft of their own; the names of the steps say which is meant.
        key = hashlib.sha256(json.dumps(lines).encode()).hexdigest()[:8]
        opened = past.answers.get(f"draft-{key}")
        if opened is None:
            memo = {"memo": po.reference}
            return Write(f"draft-{key}", _send("POST", "/drafts", memo), unknown=Repeat(), binding=False)
        draft_id = decode(WireAnswer, opened).id
        path = f"/drafts/{quote(draft_id, safe='')}"
        draft = decode(WireDraft, (yield Read("GET", path)))
        if draft.memo != po.reference:
            return Unclear(f"draft {draft_id} bears another reference than ours")
        if draft.order is not None:
            return (yield from self._placement(po, draft.order))
        if units_of(draft.lines) != po.units:
            fill = _send("PUT", f"{path}/lines", {"lines": lines})
            return Write(f"lines-{key}", fill, unknown=Repeat(), binding=False)
        # One name whatever the lines: a purchase order is confirmed once.
        return Write("confirm", _send("POST", f"{path}/confirm", {"to": address_of(po)}), unknown=LookUp())

    def fetch(self, po: PurchaseOrder) -> Flow[SupplierStatus | None]:
        """How far it is, with all that has left."""
        if not po.supplier_ref:
            raise Unsupported("ParcelHub finds an order by its own number only, and none is known")
        order = yield from self._order(po.supplier_ref)
        if order is None:
            return None
        return SupplierStatus(
            raw=order.status,
            fulfillment=(yield from self._stage(order.status)),
            payment=_PAYMENTS.get(order.payment),
            at=utc(order.changed_at),
            shipments=order.departures,
            total=order.money,
        )

    def pay(
        self, po: PurchaseOrder, total: Money, buyer: BuyerContext | None, past: Past
    ) -> Flow[Write | PaymentSeen | Unclear]:
        """Pay it from the account's credit, unless it is paid."""
        order = yield from self._order(po.supplier_ref)
        if order is None:
            return Unclear(f"ParcelHub does not know order {po.supplier_ref}")
        payment = _PAYMENTS.get(order.payment)
        if payment is None:
            return Unclear(f"order {order.id}: nobody knows what payment {order.payment!r} means")
        if payment is not Payment.UNPAID:
            return PaymentSeen(payment=payment, total=order.money)
        if order.money != total:
            return Unclear(f"order {order.id} costs {order.money}, and {total} was to be paid")
        body = {"amount": f"{total.amount:f}", "currency": total.currency}
        path = f"/orders/{quote(order.id, safe='')}/pay"
        return Write("pay", _send("POST", path, body), unknown=LookUp(), amount=total)

    def probe(self) -> Flow[Access]:
        """Who the account is, and whether it may order."""
        account = decode(WireAccount, (yield Read("GET", "/account")))
        finding = Finding(ok=True, what=f"account {account.id} answers")
        if account.blocked:
            what = f"ParcelHub takes no orders from account {account.id}"
            finding = Finding(ok=False, what=what, fix="pay its open invoices, or ask ParcelHub why")
        return Access(identity=f"parcelhub/{account.id}", findings=(finding,))

    def judge(self, write: Write, response: Response) -> Verdict:
        """Confirmed with an id, refused for a listed reason; whatever else comes proves nothing."""
        if response.status == 401:
            return Throttled()  # turned away at the door, before anything was done
        if response.status == 429:
            after = response.headers.get("retry-after", "")
            return Throttled(float(after) if after.isdecimal() else None)
        try:
            answer = decode_bytes(WireAnswer, response.body)
        except Malformed:
            return Unknown(f"HTTP {response.status}, not in ParcelHub's words")
        if response.status < 300 and answer.ok and answer.id:
            return Confirmed()
        # Business refusals come with a 200, so the status decides nothing here.
        if response.status < 500 and not answer.ok and answer.error in _REFUSALS:
            # The message beside the code may quote the shopper's address, so it stays behind.
            return Refused(_REFUSALS[answer.error], code=answer.error)
        return Unknown(answer.error or f"HTTP {response.status}")

    def _placement(self, po: PurchaseOrder, order_id: str) -> Flow[Placement | Unclear]:
        order = yield from self._order(order_id)
        if order is None:
            return Unclear(f"ParcelHub does not know order {order_id} any more")
        if order.memo != po.reference or units_of(order.lines) != po.units:
            return Unclear(f"order {order_id} has another reference or other lines than ours")
        placed = Placed(
            supplier_ref=order.id,
            fulfillment=(yield from self._stage(order.status)),
            payment=_PAYMENTS.get(order.payment),
            raw_status=order.status,
            total=order.money,
            url=order.url,
        )
        return Placement(placed=(placed,))

    def _order(self, order_id: str) -> Flow[WireOrder | None]:
        response = yield Read("GET", f"/orders/{quote(order_id, safe='')}")
        # A proxy's 404, or one for a wrong base_url, says nothing about the order: decode raises.
        return None if _says_absent(response) else decode(WireOrder, response)

    def _stage(self, code: str) -> Flow[Fulfillment | None]:
        """What a code means. The list is kept for a day, and read anew for a code it does not hold."""
        for fresh in (False, True):
            response = yield Read("GET", "/statuses", keep=timedelta(days=1), fresh=fresh)
            try:
                stages = {status.code: status.stage for status in decode(list[WireStatus], response)}
            except Malformed:
                if fresh:
                    raise
                continue  # half a list that was kept must not stop all orders for a day
            if code in stages:
                return _STAGES.get(stages[code] or "")
        return None


def _says_absent(response: Response) -> bool:
    """ParcelHub itself says that it has no such thing."""
    if response.status != 404:
        return False
    try:
        return decode_bytes(WireAnswer, response.body).error == "not_found"
    except Malformed:
        return False


def _send(method: str, path: str, document: Mapping[str, object]) -> Request:
    headers = {"Content-Type": "application/json"}
    return Request(method, path, headers=headers, body=json.dumps(document).encode())


PLATFORM = SupplierPlatform(
    name="parcelhub",
    title="ParcelHub",
    settings=Settings,
    adapter=lambda _: ParcelHubAdapter(),
    auth=lambda settings: Login(settings.email, settings.password),
    limits=lambda _: Bucket(per_second=5.0, burst=50),  # ParcelHub allows 300 calls a minute
)
