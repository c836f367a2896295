"""A made-up supplier in every kind there is: how it keeps orders apart, and when it takes its money.

Nothing here saves a careless client: what is ordered or paid twice is ordered and paid twice, unless
calls bear a key and the supplier keeps keys.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
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
    PaidAtPlacing,
    Park,
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
    SameKey,
    SupplierPlatform,
    SupplierStatus,
    Unclear,
    UnknownRule,
    Verdict,
    Write,
    decode,
    judge_by_status,
    raise_for_status,
)
from orderbridge.auth import NoAuth

__all__ = ["DoubtfulSupplier", "Mode", "platform_name"]

KEPT = timedelta(hours=2)  # how long keys are remembered
PRICE = Money(Decimal(10), "EUR")


class Mode(Enum):
    """How it is known that an order, or a payment, is there already."""

    KEY = "key"
    LOOK_UP = "look-up"
    NEITHER = "neither"


@attrs.define(kw_only=True)
class Made:
    """One order."""

    ref: str
    reference: str
    units: dict[str, str]
    total: Decimal
    at: datetime
    paid_at: datetime | None = None


@attrs.define(kw_only=True)
class DoubtfulSupplier:
    """Its server.

    Args:
        takes_money: With the order, not in a call of its own.

        refuses_repeats: What was ordered or paid before is refused the next time.

        shows_after: Only so long after it happened does a look-up show it.
    """

    mode: Mode
    takes_money: bool = False
    refuses_repeats: bool = False
    shows_after: timedelta = timedelta(0)
    made: list[Made] = attrs.field(factory=list[Made])
    payments: list[tuple[str, Decimal]] = attrs.field(factory=list[tuple[str, Decimal]])
    _keys: dict[str, tuple[datetime, Response]] = attrs.field(factory=dict[str, tuple[datetime, Response]])

    def handle(self, call: Call, now: datetime) -> Response:
        url = urlsplit(call.url)
        match call.method, url.path.strip("/").split("/"):
            case "GET", ["orders"] if self.mode is Mode.LOOK_UP:
                wanted = parse_qs(url.query)["reference"][0]
                there = [each for each in self.made if each.reference == wanted and self._shows(each.at, now)]
                return _json([self._told(each, now) for each in there])
            case "GET", ["orders", ref]:
                return _json([self._told(each, now) for each in self.made if each.ref == ref])
            case "POST", ["orders"]:
                return self._once(call, now, lambda: self._order(json.loads(call.body), now))
            case "POST", ["orders", ref, "pay"]:
                return self._once(call, now, lambda: self._pay(ref, now))
            case _:
                return _json([], status=404)

    def _once(self, call: Call, now: datetime, work: object) -> Response:
        assert callable(work)
        key = call.headers.get("Idempotency-Key", "")
        if self.mode is not Mode.KEY or not key:
            answer: Response = work()
            return answer
        at, answer = self._keys.get(key, (now - 2 * KEPT, Response(500)))
        if now - at > KEPT:
            answer = work()
            self._keys[key] = (now, answer)
            return answer
        return _json([], status=409) if self.refuses_repeats else answer

    def _order(self, asked: dict[str, dict[str, str]], now: datetime) -> Response:
        reference = str(asked["reference"])
        if self.refuses_repeats and any(each.reference == reference for each in self.made):
            return _json([], status=409)
        total = PRICE.amount * sum(Decimal(units) for units in asked["units"].values())
        ref = f"D{len(self.made) + 1}"
        made = Made(ref=ref, reference=reference, units=asked["units"], total=total, at=now)
        self.made.append(made)
        if self.takes_money:
            self._take(made, now)
        return _json([self._told(made, now)])

    def _pay(self, ref: str, now: datetime) -> Response:
        made = next(each for each in self.made if each.ref == ref)
        if self.refuses_repeats and made.paid_at is not None:
            return _json([], status=409)
        self._take(made, now)
        return _json([self._told(made, now)])

    def _take(self, made: Made, now: datetime) -> None:
        self.payments.append((made.ref, made.total))
        made.paid_at = made.paid_at or now

    def _told(self, made: Made, now: datetime) -> dict[str, object]:
        told: dict[str, object] = {"ref": made.ref, "reference": made.reference, "total": str(made.total)}
        if self.mode is not Mode.NEITHER:  # there nobody learns of money afterwards
            told["paid"] = made.paid_at is not None and self._shows(made.paid_at, now)
        return told

    def _shows(self, at: datetime, now: datetime) -> bool:
        return now - at >= self.shows_after


def _json(value: object, *, status: int = 200) -> Response:
    return Response(status, headers={"Content-Type": "application/json"}, body=json.dumps(value).encode())


@attrs.frozen(kw_only=True)
class _Order:
    ref: str
    reference: str
    total: str
    paid: bool | None = None

    @property
    def payment(self) -> Payment | None:
        return None if self.paid is None else Payment.PAID if self.paid else Payment.UNPAID

    @property
    def money(self) -> Money:
        return Money(Decimal(self.total), "EUR")


@attrs.frozen
class _Adapter:
    """Ordering and following; how it is paid is the subclasses'."""

    mode: Mode

    def _rule(self) -> UnknownRule:
        match self.mode:
            case Mode.KEY:
                return SameKey(lifetime=KEPT)
            case Mode.LOOK_UP:
                return LookUp()
            case Mode.NEITHER:
                return Park()

    def _write(self, step: str, path: str, key: str, body: bytes, amount: Money | None) -> Write:
        headers = {"Idempotency-Key": key} if self.mode is Mode.KEY else {}
        request = Request("POST", path, headers=headers, body=body)
        return Write(step, request, unknown=self._rule(), amount=amount)

    def place(self, po: PurchaseOrder, past: Past) -> Flow[Write | Placement | Unclear]:
        ref = po.supplier_ref
        if self.mode is Mode.LOOK_UP:
            read = Read("GET", "/orders", params=(("reference", po.reference),))
            found = decode(list[_Order], (yield read))
            if len(found) > 1:
                return Unclear(f"{' and '.join(each.ref for each in found)} bear our reference")
            ref = found[0].ref if found else ""
        elif not ref and "create" in past.answers:
            ref = decode(list[_Order], past.answers["create"])[0].ref
        if not ref:
            units = {remote_id: str(count) for remote_id, count in po.units.items()}
            body = json.dumps({"reference": po.reference, "units": units}).encode()
            return self._write("create", "/orders", po.reference, body, self._amount(po))
        order = yield from self._order(ref)
        payment = Payment.PAID if isinstance(self, PaidAtPlacing) else Payment.UNPAID
        return Placement(placed=(Placed(supplier_ref=ref, payment=payment, total=order.money),))

    def _amount(self, po: PurchaseOrder) -> Money | None:
        return None

    def fetch(self, po: PurchaseOrder) -> Flow[SupplierStatus | None]:
        order = yield from self._order(po.supplier_ref)
        word = Fulfillment.ACCEPTED if order.paid else Fulfillment.PLACED
        return SupplierStatus(raw=word.value, fulfillment=word, payment=order.payment, total=order.money)

    def judge(self, write: Write, response: Response) -> Verdict:
        if response.status == 409:
            return Refused(Refusal.INVALID, code="409")
        return judge_by_status(response)

    def _order(self, ref: str) -> Flow[_Order]:
        response = yield Read("GET", f"/orders/{ref}")
        raise_for_status(response)
        return decode(list[_Order], response)[0]


class _PaidByCall(_Adapter, Pays):
    def pay(
        self, po: PurchaseOrder, total: Money, buyer: BuyerContext | None, past: Past
    ) -> Flow[Write | PaymentSeen | Unclear]:
        order = yield from self._order(po.supplier_ref)
        if order.paid or "pay" in past.answers:
            return PaymentSeen(payment=Payment.PAID)
        return self._write("pay", f"/orders/{order.ref}/pay", f"{po.reference}-pay", b"", total)


class _PaidAtOnce(_Adapter, PaidAtPlacing):
    def _amount(self, po: PurchaseOrder) -> Money | None:
        return PRICE.times(sum(po.units.values(), Decimal(0)))


class _SaysNoAmount(_PaidAtOnce):
    def _amount(self, po: PurchaseOrder) -> Money | None:
        return None


_KINDS = {"call": _PaidByCall, "placing": _PaidAtOnce, "silent": _SaysNoAmount}


def platform_name(mode: Mode, paid: str) -> str:
    """The plug-in of a kind: paid by a ``call``, at ``placing``, or so and ``silent`` about how much."""
    return f"doubtful-{mode.value}-{paid}"


for _mode in Mode:
    for _paid, _kind in _KINDS.items():
        ob.register(
            SupplierPlatform(
                name=platform_name(_mode, _paid),
                title="Doubtful",
                settings=AccountSettings,
                adapter=lambda _, mode=_mode, kind=_kind: kind(mode),
                auth=lambda _: NoAuth(),
                limits=lambda _: AT_ONCE,
            )
        )
