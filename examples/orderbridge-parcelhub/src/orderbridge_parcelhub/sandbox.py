"""ParcelHub in memory, as the README describes it, traps included. It has never seen the adapter.

``handle`` takes calls; the other methods are what the people at ParcelHub do. ``ledger`` is what
really happened, so that a test can compare it with what the bridge believes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias, cast
from urllib.parse import unquote, urlsplit

import attrs
from orderbridge.adapters import Headers, Response
from orderbridge.auth import Call

__all__ = ["STATUSES", "Draft", "Effect", "HubOrder", "HubShipment", "ParcelHub"]

Json: TypeAlias = "str | int | bool | Sequence[Json] | Mapping[str, Json] | None"

# This account's codes. Another account has others.
STATUSES = {
    "S10": ("Booked", "booked"),
    "S20": ("Accepted", "accepted"),
    "S30": ("Being packed", "packing"),
    "S35": ("Waits for the courier", "ready"),
    "S40": ("Partly sent", "part_sent"),
    "S50": ("Sent", "sent"),
    "S60": ("Delivered", "delivered"),
    "S80": ("On hold", "held"),
    "S90": ("Canceled", "canceled"),
    "S95": ("Quality check", None),
}
_TOKEN_LASTS = timedelta(hours=1)


class Effect(NamedTuple):
    """One change that a client asked for and that was made; refused calls leave none."""

    what: Literal["draft", "lines", "confirm", "pay"]
    ref: str
    at: datetime


@attrs.define(kw_only=True)
class Draft:
    """Costs nothing, for as long as nobody confirms it."""

    id: str
    memo: str
    lines: dict[str, int] = attrs.field(factory=dict[str, int])
    order: str | None = None


@attrs.define(kw_only=True)
class HubShipment:
    """Parcels that leave together; listed from the moment their labels are printed."""

    id: str
    lines: dict[str, int]
    packages: list[tuple[str, str]]  # carrier and number
    left_at: datetime | None = None


@attrs.define(kw_only=True)
class HubOrder:
    """An order as ParcelHub sees it."""

    id: str
    memo: str
    lines: dict[str, int]
    to: Mapping[str, str] = attrs.field(repr=False)
    total: Decimal
    changed_at: datetime
    status: str = "S10"
    paid: list[Decimal] = attrs.field(factory=list[Decimal])
    shipments: list[HubShipment] = attrs.field(factory=list[HubShipment])


class _Answer(Exception):
    """Ends a call early."""

    def __init__(self, status: int, error: str, message: str = "", **more: Json) -> None:
        super().__init__(error)
        self.status = status
        self.body: Json = {"error": error, "message": message or error.replace("_", " "), **more}


def _no(error: str, message: str = "") -> _Answer:
    """A business refusal: with status 200, like everything that is not the client's mistake."""
    return _Answer(200, error, message, ok=False)


class ParcelHub:
    """One account at ParcelHub, and the people there.

    Args:
        email, password: Of the one login.

        prices: In EUR, by SKU; what is not here does not exist.

        stock: Units by SKU; plenty of what is not here.

        credit: What the account may spend, in EUR.
    """

    def __init__(
        self,
        *,
        email: str,
        password: str,
        prices: Mapping[str, str],
        stock: Mapping[str, int] | None = None,
        credit: str = "1000000.00",
    ) -> None:
        self._login = (email, password)
        self.prices = {sku: Decimal(price) for sku, price in prices.items()}
        self.stock = {sku: (stock or {}).get(sku, 100_000) for sku in prices}
        self.credit = Decimal(credit)
        self.blocked = False
        self.statuses: dict[str, tuple[str, str | None]] = dict(STATUSES)
        self.drafts: dict[str, Draft] = {}
        self.orders: dict[str, HubOrder] = {}
        self.ledger: list[Effect] = []
        self.logins = 0
        self._sessions: dict[str, tuple[int, datetime]] = {}  # access token: session, end
        self._refreshes: dict[str, int] = {}  # refresh token, used up or not: session
        self._used: set[str] = set()
        self._tokens = 0

    # What the people at ParcelHub do

    def move(self, order_id: str, code: str, *, now: datetime) -> None:
        """Put an order into a status."""
        order = self.orders[order_id]
        order.status, order.changed_at = code, now

    def print_labels(
        self,
        order_id: str,
        *numbers: str,
        lines: Mapping[str, int] | None = None,
        carrier: str = "DHL",
        now: datetime,
    ) -> str:
        """Pack ``lines``, or all of it, one package per number; the shipment's id. Nothing leaves yet."""
        order = self.orders[order_id]
        made = HubShipment(
            id=f"{order_id}-{len(order.shipments) + 1}",
            lines=dict(order.lines if lines is None else lines),
            packages=[(carrier, number) for number in numbers],
        )
        order.shipments.append(made)
        self.move(order_id, "S35", now=now)
        return made.id

    def hand_over(self, order_id: str, shipment_id: str, *, now: datetime) -> None:
        """The courier takes a shipment."""
        order = self.orders[order_id]
        next(each for each in order.shipments if each.id == shipment_id).left_at = now
        gone = sum(sum(each.lines.values()) for each in order.shipments if each.left_at is not None)
        self.move(order_id, "S50" if gone >= sum(order.lines.values()) else "S40", now=now)

    def revoke(self) -> None:
        """End every session: the next call of each client gets a 401."""
        self._sessions.clear()
        self._refreshes.clear()

    # What calls do

    def handle(self, call: Call, now: datetime) -> Response:
        """Carry the call out and answer."""
        try:
            status, body = self._route(call, now)
        except _Answer as early:
            status, body = early.status, early.body
        headers = Headers({"Content-Type": "application/json"})
        return Response(status, headers=headers, body=json.dumps(body).encode())

    def _route(self, call: Call, now: datetime) -> tuple[int, Json]:
        parts = [unquote(part) for part in urlsplit(call.url).path.strip("/").split("/")]
        route = (call.method, *parts)
        if route == ("POST", "login"):
            return 200, self._log_in(_document(call), now)
        if route == ("POST", "token", "refresh"):
            return 200, self._refresh(_document(call), now)
        self._let_in(call, now)
        match route:
            case ("GET", "account"):
                return 200, {"id": "A-77", "currency": "EUR", "blocked": self.blocked}
            case ("GET", "statuses"):
                named = self.statuses.items()
                return 200, [{"code": code, "label": label, "stage": stage} for code, (label, stage) in named]
            case ("POST", "drafts"):
                return 201, self._open(_document(call), now)
            case ("GET", "drafts", draft_id):
                draft = self._draft(draft_id)
                return 200, {**attrs.asdict(draft), "lines": _lines(draft.lines)}
            case ("PUT", "drafts", draft_id, "lines"):
                return 200, self._fill(self._draft(draft_id), _document(call), now)
            case ("POST", "drafts", draft_id, "confirm"):
                return 201, self._confirm(self._draft(draft_id), _document(call), now)
            case ("GET", "orders", order_id):
                return 200, self._show(self._order(order_id))
            case ("POST", "orders", order_id, "pay"):
                return 200, self._pay(self._order(order_id), _document(call), now)
            case _:
                raise _Answer(404, "not_found")

    def _log_in(self, asked: Mapping[str, Json], now: datetime) -> Json:
        if (asked.get("email"), asked.get("password")) != self._login:
            raise _Answer(401, "bad_login")
        self.logins += 1
        return self._pair(self.logins, now)

    def _refresh(self, asked: Mapping[str, Json], now: datetime) -> Json:
        token = str(asked.get("refresh"))
        session = self._refreshes.get(token)
        if session is None:
            raise _Answer(401, "bad_refresh")
        if token in self._used:
            # Somebody has a copy, so the whole session ends.
            self._sessions = {key: of for key, of in self._sessions.items() if of[0] != session}
            self._refreshes = {key: of for key, of in self._refreshes.items() if of != session}
            raise _Answer(401, "refresh_used")
        self._used.add(token)
        return self._pair(session, now)

    def _pair(self, session: int, now: datetime) -> Json:
        self._tokens += 1
        access, refresh, end = f"access-{self._tokens}", f"refresh-{self._tokens}", now + _TOKEN_LASTS
        self._sessions[access] = (session, end)
        self._refreshes[refresh] = session
        return {"access": access, "refresh": refresh, "expires_at": _time(end)}

    def _let_in(self, call: Call, now: datetime) -> None:
        kind, _, token = call.headers.get("Authorization", "").partition(" ")
        _, end = self._sessions.get(token, (0, now))
        if kind != "Bearer" or now >= end:
            raise _Answer(401, "bad_token")

    def _draft(self, draft_id: str) -> Draft:
        if draft_id not in self.drafts:
            raise _Answer(404, "not_found")
        return self.drafts[draft_id]

    def _order(self, order_id: str) -> HubOrder:
        if order_id not in self.orders:
            raise _Answer(404, "not_found")
        return self.orders[order_id]

    def _open(self, asked: Mapping[str, Json], now: datetime) -> Json:
        draft = Draft(id=f"D-{1001 + len(self.drafts)}", memo=str(asked.get("memo", "")))
        self.drafts[draft.id] = draft
        self.ledger.append(Effect("draft", draft.id, now))
        return {"ok": True, "id": draft.id}

    def _fill(self, draft: Draft, asked: Mapping[str, Json], now: datetime) -> Json:
        if draft.order is not None:
            raise _Answer(409, "already_confirmed")
        lines: dict[str, int] = {}
        for line in cast("Sequence[Mapping[str, Json]]", asked.get("lines", ())):
            sku, quantity = str(line.get("sku")), line.get("quantity")
            if sku not in self.prices:
                raise _no("unknown_sku")
            if not isinstance(quantity, int) or quantity < 1 or sku in lines:
                raise _Answer(422, "invalid", "one line per sku, with whole units")
            lines[sku] = quantity
        self._in_stock(lines)
        draft.lines = lines
        self.ledger.append(Effect("lines", draft.id, now))
        return {"ok": True, "id": draft.id}

    def _confirm(self, draft: Draft, asked: Mapping[str, Json], now: datetime) -> Json:
        if draft.order is not None:
            raise _Answer(409, "already_confirmed")
        to = cast("Mapping[str, str]", asked.get("to", {}))
        if not draft.lines:
            raise _Answer(422, "invalid", "the draft has no lines")
        if not all(to.get(field) for field in ("name", "street", "city", "country")):
            raise _no("bad_address", f"cannot be delivered: {to.get('name')}, {to.get('street')}")
        if self.blocked:
            raise _no("account_blocked")
        self._in_stock(draft.lines)
        for sku, units in draft.lines.items():
            self.stock[sku] -= units
        order = HubOrder(
            id=f"O-{5001 + len(self.orders)}",
            memo=draft.memo,
            lines=dict(draft.lines),
            to=dict(to),
            total=sum((self.prices[sku] * units for sku, units in draft.lines.items()), Decimal("0.00")),
            changed_at=now,
        )
        self.orders[order.id] = order
        draft.order = order.id
        self.ledger.append(Effect("confirm", order.id, now))
        return {"ok": True, "id": order.id}

    def _in_stock(self, lines: Mapping[str, int]) -> None:
        for sku, units in lines.items():
            if units > self.stock[sku]:
                raise _no("out_of_stock", f"{self.stock[sku]} left of {sku}")

    def _pay(self, order: HubOrder, asked: Mapping[str, Json], now: datetime) -> Json:
        if order.paid:
            raise _Answer(409, "already_paid")
        amount = Decimal(str(asked.get("amount")))
        if amount != order.total or asked.get("currency") != "EUR":
            raise _no("wrong_amount", f"{order.total} EUR to pay")
        if amount > self.credit:
            raise _no("no_credit")
        self.credit -= amount
        order.paid.append(amount)
        order.changed_at = now
        self.ledger.append(Effect("pay", order.id, now))
        return {"ok": True, "id": f"P-{order.id}"}

    def _show(self, order: HubOrder) -> Json:
        return {
            "id": order.id,
            "memo": order.memo,
            "status": order.status,
            "changed_at": _time(order.changed_at),
            "payment": "paid" if order.paid else "open",
            "total": str(order.total),
            "currency": "EUR",
            "url": f"https://parcelhub.example/orders/{order.id}",
            "lines": _lines(order.lines),
            "shipments": [
                {
                    "id": shipment.id,
                    "left_at": None if shipment.left_at is None else _time(shipment.left_at),
                    "lines": _lines(shipment.lines),
                    "packages": [
                        {"carrier": carrier, "number": number, "link": None}
                        for carrier, number in shipment.packages
                    ],
                }
                for shipment in order.shipments
            ],
        }


def _document(call: Call) -> Mapping[str, Json]:
    try:
        document: Json = json.loads(call.body)
    except ValueError:
        raise _Answer(422, "invalid", "the body is no JSON") from None
    if not isinstance(document, Mapping):
        raise _Answer(422, "invalid", "the body is no JSON object")
    return document


def _lines(lines: Mapping[str, int]) -> Json:
    return [{"sku": sku, "quantity": units} for sku, units in lines.items()]


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
