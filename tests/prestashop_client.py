"""A PrestaShop shop of a few lines, in memory: enough of its webservice to run the flows against."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator
from typing import Any, TypeVar
from xml.etree.ElementTree import fromstring

from orderbridge._http import Read, Request, Response
from orderbridge._model import Secret
from orderbridge.adapters import Confirmed, Past, Refused, Write
from orderbridge.stores.prestashop import PrestaShop, Settings

T = TypeVar("T")
Json = dict[str, Any]

_LISTS = {"order_slip": "order_slips"}
_ONE = {
    "order_carriers": "order_carrier",
    "order_histories": "order_history",
    "order_slip": "order_slip",
    "order_states": "order_state",
    "customer_threads": "customer_thread",
    "customer_messages": "customer_message",
}
_RIGHTS = """<prestashop><api shopName="Demo">{}</api></prestashop>"""


def shop(**more: Any) -> PrestaShop:
    return PrestaShop(Settings(**{"base_url": "https://shop.example", "key": Secret("K" * 32), **more}))


def answer(body: object, status: int = 200, **headers: str) -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, headers={k.replace("_", "-"): v for k, v in headers.items()}, body=content)


def error(status: int, code: int, message: str = "No.") -> Response:
    return answer({"errors": [{"code": code, "message": message}]}, status)


def run(flow: Generator[Read, Response, T], reply: Callable[[Read], Response]) -> T:
    """Drive a flow against a shop that answers reads."""
    try:
        read = next(flow)
        while True:
            read = flow.send(reply(read))
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]


def state(ref: int, name: str, **flags: int) -> Json:
    names = ("paid", "shipped", "logable", "invoice", "send_email", "deleted")
    return {
        "id": ref,
        "module_name": "",
        "name": [{"id": 1, "value": name}, {"id": 2, "value": f"{name} (it)"}],
        **{flag: str(flags.get(flag, 0)) for flag in names},
    }


def order(ref: int = 6, **more: Any) -> Json:
    return {
        "id": ref,
        "reference": "XKBKNABJK",
        "id_address_delivery": 4,
        "id_address_invoice": 4,
        "id_currency": 1,
        "id_lang": 1,
        "id_customer": 2,
        "id_carrier": 2,
        "current_state": 2,
        "module": "ps_wirepayment",
        "secure_key": "b44a",
        "id_shop": 1,
        "total_paid": "58.710000",
        "total_paid_tax_incl": "58.710000",
        "total_paid_real": "58.710000",
        "total_products": "48.120000",
        "total_products_wt": "58.710000",
        "total_shipping_tax_excl": "0.000000",
        "total_shipping_tax_incl": "0.000000",
        "conversion_rate": "1.000000",
        "date_add": "2026-11-22 04:45:26",
        "date_upd": "2026-11-22 04:50:00",
        **more,
    }


def detail(ref: int, order_ref: int = 6, **more: Any) -> Json:
    return {
        "id": ref,
        "id_order": order_ref,
        "product_id": 10,
        "product_attribute_id": 3,
        "product_name": "Mug",
        "product_reference": "MUG",
        "product_supplier_reference": "SUP-1",
        "product_quantity": 2,
        "product_quantity_refunded": 0,
        "product_quantity_return": 0,
        "unit_price_tax_excl": "24.060000",
        "unit_price_tax_incl": "29.355000",
        "total_price_tax_excl": "48.120000",
        "total_price_tax_incl": "58.710000",
        "id_customization": 0,
        "download_hash": "",
        **more,
    }


class Shop:
    """Tables, and an answer for each request. Mails are counted, not sent."""

    def __init__(self, version: str = "8.1.2") -> None:
        self.version = version
        self.mails: list[str] = []
        self.mail_down = False
        self.lose: Callable[[Write], bool] = lambda _: False
        self.blank: set[tuple[str, int]] = set()
        self.patch_right = True
        self.reads: list[Read] = []
        self.writes: list[Write] = []
        parameters = {
            "PS_TIMEZONE": "Europe/Rome",
            "PS_LANG_DEFAULT": "1",
            "PS_OS_SHIPPING": "4",
            "PS_OS_DELIVERED": "5",
            "PS_OS_CANCELED": "6",
            "PS_OS_REFUND": "7",
            "PS_OS_ERROR": "8",
            "PS_OS_COD_VALIDATION": "13",
            "PS_OS_OUTOFSTOCK_UNPAID": "12",
        }
        self.tables: dict[str, list[Json]] = {
            "configurations": [
                {"id": n, "name": name, "value": value}
                for n, (name, value) in enumerate(parameters.items(), 1)
            ],
            "order_states": [
                state(1, "Awaiting check"),
                state(2, "Payment accepted", paid=1, logable=1, invoice=1),
                state(4, "Shipped", paid=1, shipped=1, logable=1, send_email=1),
                state(6, "Canceled"),
                state(7, "Refunded"),
                state(8, "Payment error"),
                state(12, "On backorder (not paid)"),
                state(13, "Awaiting Cash On Delivery validation"),
                state(20, "Sent, to be paid", shipped=1, send_email=1),
                state(21, "Gone", paid=1, shipped=1),
            ],
            "currencies": [{"id": 1, "iso_code": "EUR"}],
            "countries": [{"id": 10, "iso_code": "IT"}],
            "states": [{"id": 89, "iso_code": "AG", "name": "Agrigento"}],
            "carriers": [
                {
                    "id": 2,
                    "id_reference": 2,
                    "name": "My carrier",
                    "url": "https://t.example/@",
                    "deleted": "1",
                },
                {
                    "id": 9,
                    "id_reference": 2,
                    "name": "My carrier",
                    "url": "https://t.example/@",
                    "deleted": "0",
                },
            ],
            "addresses": [
                {
                    "id": 4,
                    "id_country": 10,
                    "id_state": 89,
                    "firstname": "Anna ",
                    "lastname": "Bianchi",
                    "address1": "Via Roma 1",
                    "city": "Agrigento ",
                    "postcode": "92100",
                    "phone": "09",
                    "dni": "BNC",
                    "deleted": "1",
                }
            ],
            "customers": [{"id": 2, "email": "anna@example.com"}],
            "products": [{"id": 10, "is_virtual": "0"}],
            "orders": [order()],
            "order_details": [detail(8)],
            "order_slip": [],
            "order_histories": [{"id": 1, "id_order": 6, "id_order_state": 2}],
            "order_carriers": [
                {
                    "id": 5,
                    "id_order": 6,
                    "id_carrier": 2,
                    "id_order_invoice": 0,
                    "weight": "1.5",
                    "tracking_number": "",
                }
            ],
            "customer_threads": [],
            "customer_messages": [],
            "shops": [{"id": 1}],
        }

    # --- reads -------------------------------------------------------------------------------------

    def __call__(self, read: Read) -> Response:
        self.reads.append(read)
        resource, _, ref = read.path.removeprefix("/api/").partition("/")
        if not resource:
            rights = 'get="true" put="true" post="true"' + (' patch="true"' if self.patch_right else "")
            inside = "".join(f"<{name} {rights}/>" for name in self.tables)
            return self._said(_RIGHTS.format(inside).encode())
        if ref:
            row = next(row for row in self.tables[resource] if str(row["id"]) == ref)
            leaves = "".join(f"<{name}>{value}</{name}>" for name, value in row.items())
            body = f"<prestashop><{_ONE[resource]}>{leaves}</{_ONE[resource]}></prestashop>"
            return self._said(body.encode())
        params = dict(read.params)
        found = [row for row in self.tables[resource] if self._matches(row, params)]
        sort = params["sort"].strip("[]").split(",")
        for key in reversed(sort):
            name, way = key.rsplit("_", 1)
            found.sort(key=lambda row: row.get(name, 0), reverse=way == "DESC")
        found = found[: int(params["limit"].partition(",")[2])]
        if params["display"] == "full" and any((resource, row["id"]) in self.blank for row in found):
            return self._said(b"")
        return self._said({_LISTS.get(resource, resource): found} if found else [])

    def _said(self, body: object) -> Response:
        return answer(body, psws_version=self.version)

    @staticmethod
    def _matches(row: Json, params: dict[str, str]) -> bool:
        for name, shown in params.items():
            if not name.startswith("filter["):
                continue
            value = str(row.get(name[7:-1], ""))
            mark, inside = shown[: shown.index("[")], shown[shown.index("[") + 1 : -1]
            number = value.isdigit()
            if mark == ">":
                if not (int(value) > int(inside) if number else value > inside):
                    return False
            elif value not in inside.split("|"):
                return False
        return True

    # --- writes ------------------------------------------------------------------------------------

    def write(self, write: Write) -> Response:
        """Carry it out, and answer; a lost answer is the caller's affair."""
        self.writes.append(write)
        request = write.request
        resource = request.path.split("/")[2]
        node = fromstring(request.body)[0]
        values: Json = {}
        for child in node:
            if child.tag == "associations":
                lines = [{leaf.tag: leaf.text for leaf in line} for line in child[0]]
                values["associations"] = {"order_slip_details": lines}
            elif child.tag == "name":
                values["name"] = [{"id": part.get("id"), "value": part.text} for part in child]
            else:
                values[child.tag] = child.text or ""
        table = self.tables[resource]
        if request.method == "POST":
            row = {"id": max([0, *(row["id"] for row in table)]) + 1, **values}
            table.append(row)
        else:
            row = next(row for row in table if str(row["id"]) == values["id"])
            row.update({name: value for name, value in values.items() if name != "id"})
        if resource == "order_histories":
            mine = next(o for o in self.tables["orders"] if str(o["id"]) == values["id_order"])
            mine["current_state"] = int(values["id_order_state"])
        if ("sendemail", "1") in request.params:
            if self.mail_down:
                return error(500, 46, "Unable to save resource")
            self.mails.append(resource)
        return answer({_ONE[resource]: row}, 201 if request.method == "POST" else 200)

    def do(
        self, adapter: PrestaShop, flow: Callable[[Past], Generator[Read, Response, Write | T]]
    ) -> T | Refused:
        """What an engine does: run the flow, send what it asks for, run it again."""
        answers: dict[str, Response] = {}
        for _ in range(20):
            result = run(flow(Past(answers=answers, attempted=bool(answers))), self)
            if not isinstance(result, Write):
                return result
            got = self.write(result)
            if self.lose(result):
                continue
            verdict = adapter.judge(result, got)
            if isinstance(verdict, Confirmed):
                answers[result.step] = got
            elif isinstance(verdict, Refused):
                return verdict
        raise AssertionError(f"no end: {[write.step for write in self.writes]}")

    def asked(self, path: str) -> list[Read]:
        return [read for read in self.reads if read.path == path]


def shape(request: Request) -> str:
    return re.sub(r"<\?xml[^>]*\?>", "", request.body.decode())
