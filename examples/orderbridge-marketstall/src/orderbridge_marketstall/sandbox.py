"""Marketstall in memory, as the README describes it, traps included. It has never seen the adapter.

``handle`` takes calls; ``sell`` is the shopper; the other methods look at what really happened. That
is all a ``StoreBackend`` is, so the suite and the simulator run on it as it stands.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias, TypeVar, cast
from urllib.parse import parse_qs, unquote, urlsplit

import attrs
from orderbridge import Address
from orderbridge.adapters import Headers, Response
from orderbridge.auth import Call
from orderbridge.testing import Shown

__all__ = ["Marketstall", "StallOrder"]

Json: TypeAlias = "str | int | bool | Sequence[Json] | Mapping[str, Json] | None"
Document: TypeAlias = "Mapping[str, Json]"

V = TypeVar("V")

_TOWN = {
    "line1": "Rynek 1",
    "city": "Krakow",
    "postal_code": "31-042",
    "country": "PL",
    "phone": "+48 12 000 000",
}


@attrs.define(kw_only=True)
class StallLine:
    id: str
    sku: str
    quantity: str  # units are text, so that half a meter stays half a meter
    amount: int  # cents, with tax
    tax: int
    refunded: str = "0"


@attrs.define(kw_only=True)
class Parcel:
    id: str
    remark: str
    carrier: str
    number: str
    link: str
    lines: dict[str, str]


@attrs.define(kw_only=True)
class StallNote:
    id: str
    remark: str
    text: str
    to_shopper: bool


@attrs.define(kw_only=True)
class StallRefund:
    id: str
    amount: int


@attrs.define(kw_only=True)
class StallOrder:
    """An order as the stall has it."""

    id: str
    number: str
    placed: int
    total: int
    ship_to: dict[str, str] = attrs.field(repr=False)
    lines: list[StallLine]
    status: str = "to_pack"  # to_pay, to_pack, resting, done, dropped
    paid: bool = True
    currency: str = "EUR"
    parcels: list[Parcel] = attrs.field(factory=list[Parcel])
    notes: list[StallNote] = attrs.field(factory=list[StallNote])
    refunds: list[StallRefund] = attrs.field(factory=list[StallRefund])
    changed: int = 0
    change: int = 0  # its number among all changes of the stall


class _Answer(Exception):
    """Ends a call early."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(status)
        self.status, self.body = status, body


def _no(why: str) -> _Answer:
    return _Answer(200, {"ok": False, "why": why})


class Marketstall:
    """One stall and its customers.

    Args:
        token: The one that may call.
    """

    def __init__(self, token: str) -> None:
        self._token = token
        self.orders: dict[str, StallOrder] = {}
        self.ledger: list[str] = []  # one word for each call that changed something
        self.told: list[str] = []  # the order of each mail about a parcel
        self.may_write = True
        self._changes = 0

    # What people do, and what they see

    def sell(self, goods: Mapping[str, int], *, shopper: str, now: datetime) -> str:
        """A shopper buys so many of each SKU, at 12.30 with 2.30 tax in it, and pays."""
        lines = [
            StallLine(id=f"L{n}", sku=sku, quantity=str(units), amount=1230 * units, tax=230 * units)
            for n, (sku, units) in enumerate(goods.items(), 1)
        ]
        order = StallOrder(
            id=f"s-{len(self.orders) + 1}",
            number=str(1001 + len(self.orders)),
            placed=_ms(now),
            total=sum(line.amount for line in lines) + 490,  # and the shipping
            ship_to={"name": shopper, **_TOWN},
            lines=lines,
        )
        self.orders[order.id] = order
        self._touch(order, now)
        return order.id

    def shown(self, ref: str) -> Sequence[Shown]:
        """Its parcels, those without goods beside the first one of their departure."""
        order = self.orders[ref]
        skus = {line.id: line.sku for line in order.lines}
        return [
            Shown(
                numbers=(parcel.number,),
                units={skus[line]: Decimal(units) for line, units in parcel.lines.items()},
            )
            for parcel in order.parcels
        ]

    def ship_to(self, ref: str) -> Address:
        """Where it goes."""
        return Address(**self.orders[ref].ship_to)

    def shown_to_shopper(self, ref: str) -> Sequence[str]:
        """The notes that its shopper can read."""
        return [note.text for note in self.orders[ref].notes if note.to_shopper]

    def mails(self, ref: str) -> int:
        """Mails about its parcels."""
        return self.told.count(ref)

    def closed(self, ref: str) -> bool:
        """Done."""
        return self.orders[ref].status == "done"

    def effects(self) -> int:
        """Calls that changed something."""
        return len(self.ledger)

    # What calls do

    def handle(self, call: Call, now: datetime) -> Response:
        """Carry the call out and answer."""
        headers = {"Content-Type": "application/json"}
        try:
            status, body = 200, self._route(call, headers, now)
        except _Answer as early:
            status, body = early.status, early.body
        return Response(status, headers=Headers(headers), body=json.dumps(body).encode())

    def _route(self, call: Call, headers: dict[str, str], now: datetime) -> Json:
        if call.headers.get("Authorization") != f"Bearer {self._token}":
            raise _Answer(401, {"ok": False, "why": "bad_token"})
        url = urlsplit(call.url)
        match (call.method, *(unquote(part) for part in url.path.strip("/").split("/"))):
            case ("GET", "stall"):
                return {"id": "krakow-7", "may_write": self.may_write}
            case ("GET", "orders"):
                return self._list({key: values[0] for key, values in parse_qs(url.query).items()}, headers)
            case ("GET", "orders", order_id):
                return cast("Json", attrs.asdict(self._order(order_id)))
            case ("POST" | "PUT", "orders", order_id, *rest):
                order, asked = self._order(order_id), cast("Document", json.loads(call.body))
                made = self._change((call.method, *rest), order, asked)
                self.ledger.append(rest[0])
                self._touch(order, now)
                return {"ok": True, "id": made}
            case _:
                raise _Answer(404, {"oops": "no such page"})

    def _list(self, asked: Mapping[str, str], headers: dict[str, str]) -> Json:
        since, after = int(asked.get("changed_since", "0")), int(asked.get("after", "0"))
        found = [order for order in self.orders.values() if order.changed >= since and order.change > after]
        found.sort(key=lambda order: order.change)
        page = found[: min(50, int(asked["limit"]))]
        headers["X-After"] = str(page[-1].change if page else after or self._changes)
        headers["X-More"] = "yes" if len(found) > len(page) else "no"
        return [cast("Json", attrs.asdict(order)) for order in page]

    def _change(self, route: tuple[str, ...], order: StallOrder, asked: Document) -> str:
        match route:
            case ("PUT", "status"):
                if order.status != _get(asked, "from", str):
                    raise _no("moved")
                order.status = _get(asked, "to", str)
                return order.id
            case ("POST", "parcels"):
                return self._send(order, asked)
            case ("POST", "notes"):
                note = StallNote(
                    id=f"n-{len(order.notes) + 1}",
                    remark=_get(asked, "remark", str),
                    text=_get(asked, "text", str),
                    to_shopper=_get(asked, "to_shopper", bool),
                )
                order.notes.append(note)
                return note.id
            case _:
                raise _Answer(404, {"oops": "no such page"})

    def _send(self, order: StallOrder, asked: Document) -> str:
        lines = cast("dict[str, str]", _get(asked, "lines", dict))
        if order.status in ("done", "dropped"):
            raise _no("closed")
        for line in order.lines:
            gone = sum(Decimal(parcel.lines.get(line.id, "0")) for parcel in order.parcels)
            if Decimal(lines.get(line.id, "0")) + gone + Decimal(line.refunded) > Decimal(line.quantity):
                raise _no("too_many_units")
        parcel = Parcel(
            id=f"p-{len(order.parcels) + 1}",
            remark=_get(asked, "remark", str),
            carrier=_get(asked, "carrier", str),
            number=_get(asked, "number", str),
            link=_get(asked, "link", str),
            lines=lines,
        )
        order.parcels.append(parcel)
        if not _get(asked, "quiet", bool):
            self.told.append(order.id)
        return parcel.id

    def _order(self, order_id: str) -> StallOrder:
        if order_id not in self.orders:
            raise _Answer(404, {"absent": "order", "id": order_id})
        return self.orders[order_id]

    def _touch(self, order: StallOrder, now: datetime) -> None:
        self._changes += 1
        order.change, order.changed = self._changes, _ms(now)


def _get(asked: Document, name: str, kind: type[V]) -> V:
    value = asked.get(name)
    if not isinstance(value, kind):
        raise _no("bad_body")
    return value


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
