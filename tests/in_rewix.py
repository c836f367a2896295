"""Answers as Rewix suppliers give them, and a way to drive a flow over them by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

from orderbridge._http import Headers, Read, Response
from orderbridge._model import Address, PurchaseLine, PurchaseOrder, Secret
from orderbridge.adapters import Flow
from orderbridge.suppliers.rewix import RewixAdapter, Settings

T = TypeVar("T")

KEY, PASSWORD = "6f9619ff-8b86-d011-b42d-00c04fc964ff", "shop-login-pass"
REFERENCE = "ab12cd34ef56gh78"
CART = "/restful/ghost/orders/dropshipping/locked/"
BY_KEY = f"/restful/ghost/clientorders/clientkey/{REFERENCE}"
CREATE = "/restful/ghost/orders/0/dropshipping"
WEB_PAGE = "<!DOCTYPE html><html><head><title>Just a moment</title></head><body>...</body></html>"

SETTINGS = Settings(base_url="https://supplier.example", api_key=Secret(KEY), password=Secret(PASSWORD))
REWIX = RewixAdapter(SETTINGS)
SHOPPER = Address(
    name="Giulia Bianchi",
    company="Bottega & Figli",
    line1="Via Prova 1",
    line2="scala <B>",
    city="Milano",
    region="Milano",
    region_code="MI",
    postal_code="20100",
    country="IT",
    phone="+39 333 1234567",
    email="giulia@mail.example",
    tax_id="BNCGLI80A01F205X",
)


def line(remote_id: str = "234225", quantity: str = "1", ref: str = "L1") -> PurchaseLine:
    return PurchaseLine(
        line_ref=ref, remote_id=remote_id, quantity=Decimal(quantity), units=Decimal(quantity), sku="SAME-SKU"
    )


PO = PurchaseOrder(
    id="shop/1001/rewix/1",
    order_id="shop/1001",
    order_ref="1001",
    order_number="#1001",
    store="shop",
    supplier="rewix",
    reference=REFERENCE,
    lines=(line(),),
    ship_to=SHOPPER,
    placed_at=datetime(2026, 1, 30, 13, 30, tzinfo=UTC),
)


def answer(body: str = "", status: int = 200, media_type: str = "application/xml") -> Response:
    return Response(status, headers=Headers({"Content-Type": media_type}), body=body.encode())


def web_page(status: int = 200) -> Response:
    return answer(WEB_PAGE, status, "text/html")


def orders(*fields: dict[str, str]) -> Response:
    rows = "".join(f"<order>{''.join(f'<{n}>{v}</{n}>' for n, v in row.items())}</order>" for row in fields)
    return answer(f'<?xml version="1.0"?><root><order_list>{rows}</order_list></root>')


def order(**fields: str) -> dict[str, str]:
    return {"order_id": "114", "ext_ref": REFERENCE, "status": "5", "substatus": "0", **fields}


def cart(**locked: str) -> Response:
    models = "".join(f'<model stock_id="{k[1:]}" locked="{v}" available="4"/>' for k, v in locked.items())
    return answer(f'<root order_id="9001">{models}</root>')


ABSENT = answer("Not Found", 404, "text/plain")
BROKEN = answer("", 500)


def drive(flow: Flow[T], *responses: Response) -> tuple[T, list[Read]]:
    """Run ``flow`` over exactly these answers; its result and what it asked for."""
    reads: list[Read] = []
    queue = list(responses)
    try:
        read = next(flow)
        while True:
            reads.append(read)
            assert queue, f"{read.path} was asked for, and the test has no answer left"
            read = flow.send(queue.pop(0))
    except StopIteration as stop:
        assert not queue, "not all answers were asked for"
        return stop.value, reads
