"""Marketstall: a shop system nobody has, to show how one is written. The README holds its API.

Whatever the adapter makes bears a ``remark`` with our key, and an order shows all of them. So each
flow reads the order once, looks for the remark, and asks for what is not there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import quote

import attrs
from orderbridge import Address, Line, Money, Order, Secret, ShipmentNotice, ShopRefund, StorePayment
from orderbridge.adapters import (
    Access,
    AccountSettings,
    Annotates,
    Announced,
    Canceled,
    Cancellation,
    CancelsShopOrders,
    Confirmed,
    Cursor,
    Finding,
    Flow,
    LookUp,
    Note,
    Noted,
    Page,
    Past,
    Probes,
    Read,
    Refusal,
    Refused,
    Request,
    Response,
    SetAside,
    StorePlatform,
    Throttled,
    Unclear,
    Unknown,
    Verdict,
    Write,
    decode,
    decode_bytes,
    decode_each,
    raise_for_status,
    understood,
)
from orderbridge.auth import Bearer
from orderbridge.errors import Malformed

__all__ = ["PLATFORM", "Marketstall", "Settings"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# What proves that nothing was done. "moved" is missing on purpose: the order has another status by
# now, and perhaps it was our own call that gave it; the next look tells.
_REFUSALS: Mapping[str, Refusal] = {
    "bad_token": Refusal.UNAUTHORIZED,
    "bad_body": Refusal.INVALID,
    "closed": Refusal.INVALID,
    "too_many_units": Refusal.INVALID,
}


@attrs.frozen(kw_only=True)
class Settings(AccountSettings):
    """One stall: ``base_url`` comes from the parent, the token from its page *Helpers*."""

    token: Secret


# What Marketstall says, without the fields that nobody needs.


@attrs.frozen(kw_only=True)
class WireStall:
    id: str
    may_write: bool


@attrs.frozen(kw_only=True)
class WireAnswer:
    ok: bool
    id: str = ""
    why: str = ""


@attrs.frozen(kw_only=True)
class WireAbsent:
    absent: str  # the kind of thing
    id: str


@attrs.frozen(kw_only=True)
class WireRemark:
    id: str
    remark: str = ""


@attrs.frozen(kw_only=True)
class WireLine:
    id: str
    sku: str
    quantity: Decimal
    refunded: Decimal
    amount: int  # of all units, in cents, with tax
    tax: int


@attrs.frozen(kw_only=True)
class WireParcel:
    id: str
    remark: str
    number: str
    lines: dict[str, Decimal]


@attrs.frozen(kw_only=True)
class WireRefund:
    id: str
    amount: int


@attrs.frozen(kw_only=True)
class WireOrder:
    id: str
    number: str
    status: str
    paid: bool
    placed: int  # milliseconds since 1970, like all times
    changed: int
    currency: str
    total: int
    ship_to: Address  # the fields are called as ours are
    lines: tuple[WireLine, ...]
    parcels: tuple[WireParcel, ...]
    notes: tuple[WireRemark, ...]
    refunds: tuple[WireRefund, ...]

    @property
    def path(self) -> str:
        return f"/orders/{quote(self.id, safe='')}"

    def money(self, cents: int) -> Money:
        return Money(Decimal(cents).scaleb(-2), self.currency)

    def order(self) -> Order:
        """In orderbridge's words. A status that nobody knows is neither ready nor canceled."""
        with understood():  # a currency that there is not
            return self._order()

    def _order(self) -> Order:
        return Order(
            store="",  # the bridge puts the account's name there
            ref=self.id,
            number=self.number,
            placed_at=_EPOCH + timedelta(milliseconds=self.placed),
            updated_at=_EPOCH + timedelta(milliseconds=self.changed),
            currency=self.currency,
            payment=StorePayment.PAID if self.paid else StorePayment.UNPAID,
            ready=self.status == "to_pack",
            canceled=self.status == "dropped",
            raw_status=self.status,
            lines=tuple(self._line(line) for line in self.lines),
            ship_to=self.ship_to,
            total=self.money(self.total),
            refunds=tuple(ShopRefund(ref=each.id, amount=self.money(each.amount)) for each in self.refunds),
        )

    def _line(self, line: WireLine) -> Line:
        net = self.money(line.amount - line.tax)
        return Line(
            ref=line.id,
            ship_ref=line.id,
            sku=line.sku,
            quantity=line.quantity,
            refunded=line.refunded,
            fulfilled=sum((parcel.lines.get(line.id, Decimal(0)) for parcel in self.parcels), Decimal(0)),
            unit_price=net.each(line.quantity),
            total=net,
            tax=self.money(line.tax),
        )


class Marketstall(Annotates, CancelsShopOrders, Probes):
    """One stall. It holds nothing between two calls."""

    def fetch_orders(self, cursor: Cursor | None, *, since: datetime, now: datetime) -> Flow[Page]:
        """The next orders by their change number, which no other order can slip in front of."""
        first = ("changed_since", str((since - _EPOCH) // timedelta(milliseconds=1)))
        begin = ("after", cursor) if cursor else first
        response = yield Read("GET", "/orders", params=[begin, ("limit", "50")])
        raise_for_status(response)
        items, aside = list[Order](), list[SetAside]()
        refs = decode_each(WireRemark, response.body)
        for ref, found in zip(refs, decode_each(WireOrder, response.body), strict=True):
            try:
                if isinstance(found, Malformed):
                    raise found
                items.append(found.order())
            except Malformed as error:
                aside.append(SetAside("" if isinstance(ref, Malformed) else ref.id, error.path, str(error)))
        after = response.headers.get("X-After", "")
        if not after:
            raise Malformed("the list of orders came without X-After", path="X-After")
        more = response.headers.get("X-More") == "yes"
        return Page(items=tuple(items), set_aside=tuple(aside), next=after, more=more)

    def fetch_order(self, ref: str) -> Flow[Order | None]:
        """One order."""
        found = yield from self._find(ref)
        return None if found is None else found.order()

    def announce(self, order: Order, notice: ShipmentNotice, past: Past) -> Flow[Write | Announced | Unclear]:
        """A parcel per package, then *done*: a stall that is done takes no parcels any more."""
        found = yield from self._find(order.ref)
        if found is None:
            return _gone(order)
        refs: list[str] = []
        for number, package in enumerate(notice.packages, 1):
            key = f"{notice.key}/{number}"
            ours = [parcel for parcel in found.parcels if parcel.remark == key]
            if len(ours) > 1:
                return Unclear(f"order {order.ref}: {len(ours)} parcels bear the remark {key}")
            tracking = package.tracking_number
            if not ours and tracking and any(parcel.number == tracking for parcel in found.parcels):
                return Unclear(f"order {order.ref}: somebody else has told of {tracking}")
            if not ours:
                # Which units are in which package nobody knows: the first one has them all.
                lines = {line.ship_ref: f"{line.units:f}" for line in notice.lines} if number == 1 else {}
                body = {
                    "remark": key,
                    "carrier": package.carrier,
                    "number": tracking,
                    "link": package.tracking_url,
                    "lines": lines,
                    "quiet": not notice.notify or number > 1,
                }
                return _write(f"parcel-{number}", "POST", f"{found.path}/parcels", body)
            refs.append(ours[0].id)
        if notice.completes and found.status == "to_pack":
            return _write("done", "PUT", f"{found.path}/status", {"from": "to_pack", "to": "done"})
        return Announced(refs=tuple(refs))

    def annotate(self, order: Order, note: Note, past: Past) -> Flow[Write | Noted | Unclear]:
        """Under our key as its remark."""
        found = yield from self._find(order.ref)
        if found is None:
            return _gone(order)
        if any(each.remark == note.key for each in found.notes):
            return Noted()
        body = {"remark": note.key, "text": note.text, "to_shopper": note.to_shopper}
        return _write("note", "POST", f"{found.path}/notes", body)

    def cancel(
        self, order: Order, cancellation: Cancellation, past: Past
    ) -> Flow[Write | Canceled | Unclear]:
        """Drop the order from the very status it was seen in, so that nobody's packing is overrun."""
        found = yield from self._find(order.ref)
        if found is None:
            return _gone(order)
        if found.status == "dropped":
            return Canceled(warnings=("Marketstall keeps the money; give it back",) if found.paid else ())
        if found.parcels or found.status == "done":
            return Unclear(f"order {order.ref}: something of it has shipped")
        body = {"from": found.status, "to": "dropped", "because": cancellation.reason}
        return _write("drop", "PUT", f"{found.path}/status", body)

    def probe(self) -> Flow[Access]:
        """Which stall it is, and whether the token may write."""
        stall = decode(WireStall, (yield Read("GET", "/stall")))
        finding = Finding(ok=True, what=f"stall {stall.id} answers")
        if not stall.may_write:
            what, fix = f"the token may only read stall {stall.id}", "make one that may write, under Helpers"
            finding = Finding(ok=False, what=what, fix=fix)
        return Access(identity=f"marketstall/{stall.id}", findings=(finding,))

    def judge(self, write: Write, response: Response) -> Verdict:
        """Success and refusal both come with a 200: the words decide, and a proxy has none of them."""
        if response.status == 429:
            after = response.headers.get("Retry-After", "")
            return Throttled(float(after) if after.isdecimal() else None)
        if _says_absent(response):
            return Refused(Refusal.NOT_FOUND, code="absent")
        try:
            answer = decode_bytes(WireAnswer, response.body)
        except Malformed:
            return Unknown(f"HTTP {response.status}, not in Marketstall's words")
        if response.status == 200 and answer.ok and answer.id:
            return Confirmed()
        if response.status in (200, 401) and not answer.ok and answer.why in _REFUSALS:
            return Refused(_REFUSALS[answer.why], code=answer.why)
        return Unknown(answer.why or f"HTTP {response.status}")

    def _find(self, ref: str) -> Flow[WireOrder | None]:
        response = yield Read("GET", f"/orders/{quote(ref, safe='')}")
        # A proxy's 404, or one for a wrong base_url, says nothing about the order: decode raises.
        return None if _says_absent(response, ref) else decode(WireOrder, response)


def _says_absent(response: Response, ref: str = "") -> bool:
    """Marketstall itself says that it has no such thing, and no such order where ``ref`` is given."""
    if response.status != 404:
        return False
    try:
        absent = decode_bytes(WireAbsent, response.body)
    except Malformed:
        return False
    return not ref or (absent.absent, absent.id) == ("order", ref)


def _gone(order: Order) -> Unclear:
    return Unclear(f"Marketstall does not know order {order.ref} any more")


def _write(step: str, method: str, path: str, document: Mapping[str, object]) -> Write:
    """Each effect shows in its order at once, so a look tells what came of it."""
    headers = {"Content-Type": "application/json"}
    request = Request(method, path, headers=headers, body=json.dumps(document).encode())
    return Write(step, request, unknown=LookUp())


PLATFORM = StorePlatform(
    name="marketstall",
    title="Marketstall",
    settings=Settings,
    adapter=lambda _: Marketstall(),
    auth=lambda settings: Bearer(settings.token),
)
