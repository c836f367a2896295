"""One buyer's account at a simulated Alibaba.com, and a hand that runs the adapter's flows there."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import attrs

from orderbridge import Address, BuyerContext, PurchaseLine, PurchaseOrder
from orderbridge._http import Call, Read, Request, Response
from orderbridge._model import Money, Secret
from orderbridge.adapters import (
    Confirmed,
    Flow,
    Past,
    PaymentSeen,
    Placement,
    Quote,
    SupplierStatus,
    Token,
    Unclear,
    Verdict,
    Write,
)
from orderbridge.sandbox.alibaba import AlibabaSupplier, Habits
from orderbridge.suppliers.alibaba import PLATFORM, AlibabaAdapter, Settings

T = TypeVar("T")

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
REFERENCE = "ab22cd34ef56gh77"
MUG_RED, MUG_BLUE = "1601206892606:105613018158", "1601206892606:105613018159"
CABLE, LAMP = "1601314875038:106117950042", "1600191825486:107089731477"
BOXES, MEXICAN = "1600124642247:104536974925", "1600927952535:104536974926@MX"
FEDEX = "EX_ASP_JYC_FEDEX"

SHOPPER = Address(
    name="Quirina Zwetschgenmus",
    line1="Blaumeisenweg 7171",
    line2="scala B",
    city="Milano",
    region="Milano",
    region_code="MI",
    postal_code="20121",
    country="IT",
    phone="+39 02 7171 7171",
    email="quirina@zwetschgenmus.example",
)
BUYER = BuyerContext(
    ip="192.0.2.17",
    user_agent="Mozilla/5.0 (the buyer's own)",
    accept_language="it-IT,it;q=0.9",
    screen="1920*1080",
    member_since=datetime(2021, 3, 24, 14, 11, 58, 627000, tzinfo=UTC),
)


def a_line(remote_id: str = MUG_RED, quantity: str = "2", ref: str = "L1") -> PurchaseLine:
    return PurchaseLine(
        line_ref=ref, remote_id=remote_id, quantity=Decimal(quantity), units=Decimal(quantity)
    )


def an_order(
    *lines: PurchaseLine,
    reference: str = REFERENCE,
    supplier_ref: str = "",
    carrier: str = FEDEX,
    part: str = "",
) -> PurchaseOrder:
    """A purchase order for the shopper, with a way to ship that the seller of mugs and cables offers."""
    return PurchaseOrder(
        id="shop/1001/alibaba/1",
        order_id="shop/1001",
        order_ref="1001",
        order_number="#1001",
        store="shop",
        supplier="alibaba",
        reference=reference,
        supplier_ref=supplier_ref,
        lines=lines or (a_line(),),
        ship_to=SHOPPER,
        placed_at=START - timedelta(hours=1),
        carrier=carrier,
        part=part,
    )


@attrs.define
class Account:
    """The account; ``calls`` are all that was asked, as they left."""

    shop: AlibabaSupplier = attrs.field(factory=AlibabaSupplier)
    now: datetime = START
    calls: list[Call] = attrs.field(factory=list[Call])
    _write: Write | None = attrs.field(init=False, default=None)
    settings: Settings = attrs.field(init=False)
    adapter: AlibabaAdapter = attrs.field(init=False)
    token: Token = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        keys = self.shop.keys
        self.settings = Settings(
            app_key=keys.app_key,
            app_secret=Secret(keys.app_secret),
            refresh_token=Secret(keys.refresh_token),
        )
        self.adapter = AlibabaAdapter(self.settings)
        self.token = Token(Secret(keys.access_token), refresh=Secret(keys.refresh_token))

    def exchange(self, request: Request, *, signed: bool = True) -> Response:
        """One call, signed right before it leaves."""
        url = self.settings.base_url + request.path + (f"?{request.query}" if request.query else "")
        call = Call(request.method, url, headers=request.headers, body=request.body)
        if signed:
            call = PLATFORM.auth(self.settings).sign(call, now=self.now, nonce="", token=self.token)
        self.calls.append(call)
        return self.shop.handle(call, self.now)

    def run(self, flow: Flow[T]) -> T:
        """A flow to its end; it changes nothing."""
        before = len(self.shop.effects)
        try:
            read: Read = next(flow)
            while True:
                read = flow.send(self.exchange(read))
        except StopIteration as stop:
            assert len(self.shop.effects) == before, "a flow changed something"
            result: T = stop.value
            return result

    def send(self, write: Write) -> tuple[Verdict, Response]:
        """A write, once."""
        answer = self.exchange(write.private or write.request)
        return self.adapter.judge(write, answer), answer

    def carry(self, operation: Callable[[Past], Flow[T | Write]], past: Past | None = None) -> T:
        """An operation to its end, as long as its writes are confirmed."""
        past = past or Past()
        while True:
            result = self.run(operation(past))
            if not isinstance(result, Write):
                return result
            verdict, answer = self.send(result)
            assert isinstance(verdict, Confirmed), f"{result.step}: {verdict}"
            past = attrs.evolve(past, answers={**past.answers, result.step: answer}, attempted=True)

    def wait(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)

    def placed_elsewhere(self, reference: str) -> None:
        """Order something under another reference, without looking first."""
        if self._write is None:
            write = Account().run(self.adapter.place(an_order(), Past()))
            assert isinstance(write, Write)
            self._write = write
        write = self._write
        body = write.request.body.replace(REFERENCE.encode(), reference.encode())
        self.exchange(attrs.evolve(write.request, body=body))

    def placed(self, po: PurchaseOrder) -> PurchaseOrder:
        """Order it."""
        result = self.carry(lambda past: self.adapter.place(po, past))
        assert isinstance(result, Placement), result
        return attrs.evolve(po, supplier_ref=result.placed[0].supplier_ref)

    def quoted(self, po: PurchaseOrder) -> Quote:
        """What it would cost."""
        result = self.run(self.adapter.quote(po))
        assert not isinstance(result, Unclear), result
        return result


def habits(**changes: object) -> Account:
    return Account(AlibabaSupplier(habits=Habits(**changes)))  # type: ignore[arg-type]  # by name


def place(account: Account, po: PurchaseOrder, past: Past | None = None) -> object:
    return account.run(account.adapter.place(po, past or Past()))


def total_of(account: Account, po: PurchaseOrder) -> Money:
    status = account.run(account.adapter.fetch(po))
    assert status is not None
    assert status.total is not None
    return status.total


def pay(account: Account, po: PurchaseOrder) -> PaymentSeen:
    total = total_of(account, po)
    result = account.carry(lambda past: account.adapter.pay(po, total, BUYER, past))
    assert isinstance(result, PaymentSeen), result
    return result


def status_of(account: Account, po: PurchaseOrder) -> SupplierStatus:
    status = account.run(account.adapter.fetch(po))
    assert status is not None
    return status


def sent(call: Call) -> dict[str, str]:
    """The parameters of a call, from its address and its form."""
    pairs = {**parse_qs(urlsplit(call.url).query), **parse_qs(call.body.decode())}
    return {name: values[0] for name, values in pairs.items()}


def packed_in(call: Call, name: str) -> dict[str, object]:
    """An object that travels as the text of one parameter."""
    value: dict[str, object] = json.loads(sent(call)[name])
    return value
