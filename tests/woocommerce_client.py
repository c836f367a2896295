"""A merchant's integration with a WooCommerce shop, for the tests of its sandbox."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import attrs

from orderbridge._http import Call, Headers, Response
from orderbridge.sandbox.woocommerce import WooCommerceShop

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
KEY, SECRET = "ck_" + "a" * 40, "cs_" + "b" * 40
SHIRT: dict[str, Any] = {"sku": "SHIRT", "quantity": 2, "price": "10.00", "name": "Shirt"}
MUG: dict[str, Any] = {"sku": "MUG", "quantity": 1, "price": "5.00", "name": "Mug"}


def later(**delta: float) -> datetime:
    return NOW + timedelta(**delta)


@attrs.define
class Client:
    """A merchant's integration, written only from the public documentation."""

    shop: WooCommerceShop
    root: str = "https://shop.test/wp-json"
    key: str = KEY
    secret: str = SECRET

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Call:
        url = f"{self.root}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Authorization": "Basic " + b64encode(f"{self.key}:{self.secret}".encode()).decode()}
        content = b""
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body).encode()
        return Call(method, url, headers=Headers(headers), body=content)

    def send(self, method: str, path: str, body: Any = None, *, at: datetime = NOW, **query: Any) -> Response:
        return self.shop.handle(self.call(method, path, body, **query), at)

    def get(self, path: str, **query: Any) -> Any:
        response = self.send("GET", path, **query)
        assert response.status == 200, response.text
        return json.loads(response.body)

    def write(self, method: str, path: str, body: Any = None, *, at: datetime = NOW, **query: Any) -> Any:
        response = self.send(method, path, body, at=at, **query)
        assert response.status in (200, 201), response.text
        return json.loads(response.body)

    def ids(self, **query: Any) -> list[int]:
        return [row["id"] for row in self.get("/wc/v3/orders", **query)]


def a_shop(**settings: Any) -> WooCommerceShop:
    return WooCommerceShop(consumer_key=KEY, consumer_secret=SECRET, **settings)


def error(response: Response) -> tuple[int, Any]:
    return response.status, json.loads(response.body)["code"]


def parcel(items: list[tuple[int, Any]], number: str = "TN1", **more: Any) -> dict[str, Any]:
    meta = {
        "_items": [{"item_id": line, "qty": quantity} for line, quantity in items],
        "_tracking_number": number,
        "_shipment_provider": "dpd",
        "_tracking_url": f"https://t.test/{number}",
    }
    entries = [{"id": 0, "key": key, "value": value} for key, value in meta.items()]
    return {"status": "fulfilled", "is_fulfilled": True, "meta_data": entries, **more}


def hooked(topic: str = "order.updated", secret: str = "s&amp;<1>") -> Client:
    client = Client(a_shop())
    hook = {"name": "n", "topic": topic, "delivery_url": "https://bridge.test/in", "secret": secret}
    made = client.write("POST", "/wc/v3/webhooks", hook)
    assert "secret" not in made
    return client
