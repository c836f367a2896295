"""A client of the simulated Rewix that says what it is told, right or wrong."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime

from defusedxml.ElementTree import fromstring

from orderbridge._http import Call, Headers, Response
from orderbridge.sandbox.faults import Backend
from orderbridge.sandbox.rewix import RewixSupplier

NOW = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
LOCKED = "/restful/ghost/orders/dropshipping/locked/"
SOLD = "/restful/ghost/orders/sold"
PLACE = "/restful/ghost/orders/0/dropshipping"
ADDRESS = {
    "recipient": "Ada Neri",
    "street_name": "Via Prova 1",
    "zip": "20100",
    "city": "Milano",
    "countrycode": "IT",
}


def supplier(**settings: object) -> RewixSupplier:
    stock = {"234225": 5, "234230": 2}
    return RewixSupplier(**({"api_key": "a-key", "password": "a-password", "stock": stock} | settings))


def call(
    method: str,
    path: str,
    body: str = "",
    *,
    headers: dict[str, str] | None = None,
    password: str = "a-password",
) -> Call:
    pair = b64encode(f"a-key:{password}".encode()).decode()
    standard = {
        "Authorization": f"Basic {pair}",
        "Accept": "application/xml",
        "Content-Type": "application/xml",
    }
    url = "https://supplier.example" + path
    return Call(method, url, headers=Headers(standard | (headers or {})), body=body.encode())


def get(rewix: Backend, path: str, now: datetime = NOW) -> Response:
    return rewix.handle(call("GET", path), now)


def post(rewix: Backend, path: str, body: str, now: datetime = NOW) -> Response:
    return rewix.handle(call("POST", path, body), now)


def operation(kind: str, *models: tuple[str, int]) -> str:
    inner = "".join(f'<model stock_id="{stock_id}" quantity="{units}"/>' for stock_id, units in models)
    return f'<operation type="{kind}">{inner}</operation>'


def change(rewix: Backend, *operations: str) -> Response:
    return post(rewix, SOLD, f"<root>{''.join(operations)}</root>")


def order_xml(
    key: str = "ob-1",
    *items: tuple[str, str],
    date: str = "2026/01/30 14:30:00 +0100",
    extra: str = "",
    **address: str,
) -> str:
    lines = "".join(
        f"<item><stock_id>{stock_id}</stock_id><quantity>{units}</quantity></item>"
        for stock_id, units in items or (("234225", "1"),)
    )
    fields = ADDRESS | address
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items() if name != "recipient")
    return (
        f"<order><key>{key}</key><date>{date}</date>{extra}"
        f"<recipient_details><recipient>{fields['recipient']}</recipient><address>{inner}</address>"
        f"</recipient_details><item_list>{lines}</item_list></order>"
    )


def place(rewix: Backend, *orders: str, now: datetime = NOW) -> Response:
    return post(rewix, PLACE, f"<root><order_list>{''.join(orders)}</order_list></root>", now)


def held(response: Response) -> dict[str, tuple[str | None, str | None]]:
    """Locked and available by model, of an answer about the growing order."""
    assert response.status == 200
    assert response.media_type == "application/xml"
    models = fromstring(response.body).iterfind("model")
    return {str(model.get("stock_id")): (model.get("locked"), model.get("available")) for model in models}


def found(response: Response) -> dict[str, str | None]:
    """The fields of the one order in a look-up's answer."""
    assert response.status == 200
    (order,) = fromstring(response.body).iterfind("order_list/order")
    return {field.tag: field.text for field in order}


def look_up(rewix: Backend, key: str = "ob-1", now: datetime = NOW) -> Response:
    return get(rewix, f"/restful/ghost/clientorders/clientkey/{key}", now)
