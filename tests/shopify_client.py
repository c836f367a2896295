"""A Shopify shop with one order, in memory: enough of its GraphQL to run the writing flows against.

It behaves as the documents of Shopify say: fulfillment orders are worked off and not cut down, a call without
lines ships everything left, a metafield is set over just the text that was read, a refund's key is known.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, TypeVar

from one_shopify_order import bag, conn, line, order
from one_shopify_order import shop as adapter
from orderbridge._http import Read, Request, Response
from orderbridge._model import Order
from orderbridge.adapters import Confirmed, Past, Refused, Write
from orderbridge.stores import shopify as package
from orderbridge.stores.shopify import Shopify

T = TypeVar("T")
Json = dict[str, Any]

# Every question and every mutation that is sent, by its name in the adapter.
DOCUMENTS = {
    name: text
    for module in iter_modules(package.__path__)
    if module.name.startswith("_documents_")
    for name, text in vars(import_module(f"{package.__name__}.{module.name}")).items()
    if isinstance(text, str) and text.lstrip().startswith(("query ", "mutation "))
}

SCOPES = ("write_orders", "write_merchant_managed_fulfillment_orders", "write_fulfillments")


def gid(kind: str, ref: object) -> str:
    return f"gid://shopify/{kind}/{ref}"


def ref(name: str) -> str:
    return name.rsplit("/", 1)[1]


def answer(data: object, status: int = 200) -> Response:
    return Response(status, body=json.dumps({"data": data}).encode())


class Shop:
    """One order. Mails are counted, not sent."""

    def __init__(self, *, service: str = "") -> None:
        self.service = service
        self.scopes = list(SCOPES)
        self.canceled_at: str | None = None
        self.note: str | None = None
        self.works: dict[str, Json] = {}
        self.departures: dict[str, Json] = {}
        self.marks: dict[str, tuple[str, str]] = {}
        self.refunds: list[Json] = []
        self.keys: dict[str, tuple[str, Json]] = {}
        self.events: list[tuple[str, str]] = []
        self.reports: list[tuple[str, str]] = []
        self.mails = 0
        self.left_to_pay_back = 100
        self.net = "0.00"
        self.returns: list[Json] = []
        self.job: Json = {"done": False, "status": "STARTED", "errors": []}
        self.currencies = ("EUR", "EUR")
        self.lines = {"10": (2, 2)}  # unfulfilled, refundable
        self.failing_gateway = False
        self.page = 100
        self.next = 900
        self.reads: list[Read] = []
        self.writes: list[Json] = []
        self.asked: list[Json] = []
        self.by_hand = False  # paid by cash or transfer
        self.hidden: set[str] = set()  # departures that the shop has and does not show yet
        self.relink: Callable[[str], str] = lambda url: url  # what Shopify makes of a tracking link
        self.remarks: dict[str, str] = {}
        self.lose: Callable[[Write], str] = lambda _: ""

    # --- what is in it ---------------------------------------------------------------------------------

    def work(
        self, name: int, *units: tuple[int, int], at: int = 1, status: str = "OPEN", **more: Any
    ) -> None:
        actions = ["CREATE_FULFILLMENT", "REPORT_PROGRESS"] if status in ("OPEN", "IN_PROGRESS") else []
        self.works[gid("FulfillmentOrder", name)] = {
            "at": at,
            "status": status,
            "request": "UNSUBMITTED",
            "method": "SHIPPING",
            "actions": actions,
            "service": self.service,
            "asked": 1,
            "rows": {gid("FulfillmentOrderLineItem", f"{name}{of}"): [str(of), some] for of, some in units},
            **more,
        }

    def departed(self, *units: tuple[int, int], numbers: tuple[str, ...] = (), at: int = 1) -> str:
        self.next += 1
        name = gid("Fulfillment", self.next)
        self.departures[name] = {
            "status": "SUCCESS",
            "at": at,
            "company": "",
            "numbers": list(numbers),
            "urls": [],
            "units": {str(of): some for of, some in units},
        }
        return name

    @property
    def shipped(self) -> dict[str, int]:
        units: dict[str, int] = {}
        for each in self.departures.values():
            for of, some in each["units"].items():
                units[of] = units.get(of, 0) + some
        return units

    # --- running flows -----------------------------------------------------------------------------------

    def run(
        self,
        make: Callable[[Past], Generator[Read, Response, T | Write]],
        shopify: Shopify,
        *,
        most: int = 30,
        past: Past | None = None,
    ) -> T:
        """A flow to its end, as the core runs it: writes once, and again after a lost answer."""
        past = past or Past()
        for _ in range(most):
            result = self.ask(make(past))
            if not isinstance(result, Write):
                return result
            assert result.step not in past.answers, f"{result.step} was confirmed and is asked for again"
            lost = self.lose(result)
            response = self.answer(result.request, write=True) if lost != "request" else None
            if lost == "doubled":
                response = self.answer(result.request, write=True)
            if lost or response is None:
                past = Past(answers=past.answers, attempted=True)
                continue
            verdict = shopify.judge(result, response)
            if isinstance(verdict, Refused):
                again = self.ask(make(Past(answers=past.answers, attempted=True)))
                if isinstance(again, Write) and again.step == result.step:
                    raise AssertionError(f"{result.step} was refused: {verdict.message}")
                past = Past(answers=past.answers, attempted=True)
                continue
            assert isinstance(verdict, Confirmed), (result.step, verdict)
            past = Past(answers={**past.answers, result.step: response}, attempted=True)
        raise AssertionError("the flow does not end")

    def ask(self, flow: Generator[Read, Response, T]) -> T:
        try:
            read = next(flow)
            while True:
                self.reads.append(read)
                read = flow.send(self.answer(Request(read.method, read.path, body=read.body)))
        except StopIteration as stop:
            result: T = stop.value
            return result

    # --- answers -----------------------------------------------------------------------------------------

    def answer(self, request: Request, *, write: bool = False) -> Response:
        asked = json.loads(request.body)
        self.asked.append(asked)
        name, variables = asked["operationName"], asked["variables"]
        if write:
            self.writes.append({"name": name, **variables})
        # Names that Python has too.
        renamed = {{"id": "of", "input": "wish"}.get(key, key): value for key, value in variables.items()}
        found = getattr(self, f"_{name}")(**renamed)
        return answer(found)

    def _Shipping(self, of: str, first: int) -> Json:
        return {
            "currentAppInstallation": {"accessScopes": [{"handle": each} for each in self.scopes]},
            "order": {
                "id": of,
                "cancelledAt": self.canceled_at,
                "fulfillments": [
                    {"id": name, "status": each["status"]}
                    for name, each in self.departures.items()
                    if name not in self.hidden
                ][:first],
                "fulfillmentOrders": self._paged([self._work(name) for name in self.works], 0),
                "metafields": conn(
                    *(
                        {"key": key, "value": value, "compareDigest": digest}
                        for key, (value, digest) in self.marks.items()
                    )
                ),
            },
        }

    def _MoreShippable(self, of: str, after: str, first: int) -> Json:
        works = [self._work(name) for name in self.works]
        return {"order": {"fulfillmentOrders": self._paged(works, int(after))}}

    def _paged(self, rows: list[Json], start: int) -> Json:
        end = start + self.page
        info = {"hasNextPage": end < len(rows), "endCursor": str(end)}
        return {"pageInfo": info, "nodes": rows[start:end]}

    def _work(self, name: str) -> Json:
        work = self.works[name]
        return {
            "id": name,
            "status": work["status"],
            "requestStatus": work["request"],
            "deliveryMethod": {"methodType": work["method"]},
            "supportedActions": [{"action": each} for each in work["actions"]],
            "assignedLocation": {
                "location": {
                    "id": gid("Location", work["at"]),
                    "isFulfillmentService": bool(work["service"]),
                    "fulfillmentService": {"handle": work["service"]} if work["service"] else None,
                }
            },
        }

    def _Contents(self, ids: list[str]) -> Json:
        return {"nodes": [self._content(name) for name in ids]}

    def _content(self, name: str) -> Json:
        if name in self.works:
            rows = [
                {"id": row, "remainingQuantity": some, "lineItem": {"id": gid("LineItem", of)}}
                for row, (of, some) in self.works[name]["rows"].items()
            ]
            asked = self.works[name]["asked"]
            requests = conn({"id": gid("FulfillmentOrderMerchantRequest", asked)})
            return {"id": name, "lineItems": self._paged(rows, 0), "merchantRequests": requests}
        each = self.departures[name]
        urls = each["urls"] + [None] * len(each["numbers"])
        return {
            "id": name,
            "deliveredAt": None,
            "location": {"id": gid("Location", each["at"])},
            "trackingInfo": [
                {"company": each["company"], "number": number, "url": url}
                for number, url in zip(each["numbers"], urls, strict=False)
            ],
            "fulfillmentLineItems": conn(
                *(
                    {"quantity": some, "lineItem": {"id": gid("LineItem", of)}}
                    for of, some in each["units"].items()
                )
            ),
        }

    def _MoreShippableLines(self, of: str, after: str, first: int) -> Json:
        rows = [
            {"id": row, "remainingQuantity": some, "lineItem": {"id": gid("LineItem", of)}}
            for row, (of, some) in self.works[of]["rows"].items()
        ]
        return {"node": {"lineItems": self._paged(rows, int(after))}}

    def _Events(self, ids: list[str]) -> Json:
        return {
            "nodes": [
                {"id": name, "events": conn(*({"status": word} for of, word in self.events if of == name))}
                for name in ids
            ]
        }

    # --- writes ------------------------------------------------------------------------------------------

    def _Mark(self, marks: list[Json]) -> Json:
        mark = marks[0]
        assert mark["namespace"] == "$app:orderbridge"
        there = self.marks.get(mark["key"])
        if (there[1] if there else None) != mark["compareDigest"]:
            error = {"field": ["metafields"], "message": "Stale.", "code": "STALE_OBJECT"}
            return {"metafieldsSet": {"metafields": None, "userErrors": [error]}}
        self.next += 1
        # Shopify writes JSON anew.
        self.marks[mark["key"]] = (json.dumps(json.loads(mark["value"])), f"digest-{self.next}")
        return {"metafieldsSet": {"metafields": [{"id": gid("Metafield", self.next)}], "userErrors": []}}

    def _Ship(self, fulfillment: Json) -> Json:
        refused = self._refusal(fulfillment)
        if refused:
            errors = [{"field": ["fulfillment"], "message": refused}]
            return {"fulfillmentCreate": {"fulfillment": None, "userErrors": errors}}
        units: dict[str, int] = {}
        for group in fulfillment["lineItemsByFulfillmentOrder"]:
            work = self.works[group["fulfillmentOrderId"]]
            rows = group.get("fulfillmentOrderLineItems") or [
                {"id": row, "quantity": some} for row, (_, some) in work["rows"].items()
            ]
            for row in rows:
                work["rows"][row["id"]][1] -= row["quantity"]
                of = work["rows"][row["id"]][0]
                units[of] = units.get(of, 0) + row["quantity"]
            done = not any(some for _, some in work["rows"].values())
            work["status"] = "CLOSED" if done else "IN_PROGRESS"
        name = self.departed(
            at=self.works[fulfillment["lineItemsByFulfillmentOrder"][0]["fulfillmentOrderId"]]["at"]
        )
        self.departures[name]["units"] = units
        self._show(name, fulfillment.get("trackingInfo") or {})
        self.mails += fulfillment["notifyCustomer"]
        return {"fulfillmentCreate": {"fulfillment": {"id": name}, "userErrors": []}}

    def _refusal(self, fulfillment: Json) -> str:
        places = set()
        for group in fulfillment["lineItemsByFulfillmentOrder"]:
            work = self.works.get(group["fulfillmentOrderId"])
            if work is None or "CREATE_FULFILLMENT" not in work["actions"] or work["status"] == "CLOSED":
                return "Fulfillment order does not exist or cannot be fulfilled."
            places.add(work["at"])
            for row in group.get("fulfillmentOrderLineItems") or ():
                if row["quantity"] > work["rows"][row["id"]][1]:
                    return "Invalid fulfillment order line item quantity requested."
        return "" if len(places) == 1 else "All fulfillment orders must be at one location."

    def _show(self, name: str, tracking: Json) -> None:
        assert not ({"number", "url"} & tracking.keys() and {"numbers", "urls"} & tracking.keys())
        assert "url" not in tracking or tracking["number"]
        self.departures[name]["company"] = tracking.get("company", "")
        self.departures[name]["numbers"] = tracking.get(
            "numbers", [tracking["number"]] if "number" in tracking else []
        )
        urls = tracking.get("urls", [tracking["url"]] if "url" in tracking else [])
        self.departures[name]["urls"] = [self.relink(url) for url in urls]
        assert len(self.departures[name]["urls"]) <= len(self.departures[name]["numbers"])

    def _Track(self, of: str, tracking: Json, notify: bool) -> Json:
        self._show(of, tracking)
        self.mails += notify
        return {"fulfillmentTrackingInfoUpdate": {"fulfillment": {"id": of}, "userErrors": []}}

    def _Accept(self, of: str) -> Json:
        self.works[of].update(request="ACCEPTED", status="IN_PROGRESS", actions=["CREATE_FULFILLMENT"])
        return {
            "fulfillmentOrderAcceptFulfillmentRequest": {"fulfillmentOrder": {"id": of}, "userErrors": []}
        }

    def _Reject(self, of: str, message: str) -> Json:
        self.works[of].update(request="REJECTED", status="OPEN")
        return {
            "fulfillmentOrderRejectFulfillmentRequest": {"fulfillmentOrder": {"id": of}, "userErrors": []}
        }

    def _AcceptCancellation(self, of: str, message: str) -> Json:
        self.works[of].update(request="CANCELLATION_ACCEPTED", status="CLOSED")
        return {
            "fulfillmentOrderAcceptCancellationRequest": {"fulfillmentOrder": {"id": of}, "userErrors": []}
        }

    def _GiveBack(self, of: str, message: str) -> Json:
        self.works[of].update(request="CLOSED", status="INCOMPLETE")
        return {"fulfillmentOrderClose": {"fulfillmentOrder": {"id": of}, "userErrors": []}}

    def _Report(self, of: str, notes: str) -> Json:
        self.reports.append((of, notes))
        self.works[of]["status"] = "IN_PROGRESS"
        return {"fulfillmentOrderReportProgress": {"fulfillmentOrder": {"id": of}, "userErrors": []}}

    def _Delivered(self, of: str) -> Json:
        self.events.append((of, "DELIVERED"))
        return {"fulfillmentEventCreate": {"fulfillmentEvent": {"id": "1"}, "userErrors": []}}

    def _NoteOf(self, of: str) -> Json:
        rows = [{"key": key, "value": value} for key, value in self.remarks.items()]
        return {"order": {"note": self.note, "metafields": conn(*rows)}}

    def _PutNote(self, of: str, note: str, remarks: list[Json]) -> Json:
        self.note = note
        for remark in remarks:
            assert remark["namespace"] == "$app:orderbridge"
            self.remarks[remark["key"]] = remark["value"]
        return {"orderUpdate": {"order": {"id": of}, "userErrors": []}}

    def _Cancelable(self, of: str) -> Json:
        return {
            "order": {
                "cancelledAt": self.canceled_at,
                "netPaymentSet": bag(self.net),
                "returns": conn(*self.returns),
            }
        }

    def _Cancel(self, of: str, staffNote: str) -> Json:
        assert len(staffNote) <= 255
        if self.canceled_at:
            errors = [{"field": ["orderId"], "message": "Already canceled", "code": "INVALID"}]
            return {"orderCancel": {"job": None, "jobResult": None, "orderCancelUserErrors": errors}}
        begun = {
            "job": {"id": gid("Job", 1), "done": False},
            "jobResult": {"id": gid("OrderCancelJobResult", 1)},
        }
        return {"orderCancel": {**begun, "orderCancelUserErrors": []}}

    def _CancelJob(self, job: str, result: str) -> Json:
        if not self.job:
            return {"job": None, "node": None}
        return {"job": {"done": self.job["done"]}, "node": self.job}

    def _Refundable(self, of: str, lines: list[str], goods: list[Json], shipping: str | None) -> Json:
        ways = [
            {
                "gateway": "cards",
                "amountSet": bag(min(60, self.left_to_pay_back)),
                "parentTransaction": {
                    "id": gid("OrderTransaction", 1),
                    "manualPaymentGateway": self.by_hand,
                },
            },
            {
                "gateway": "gift",
                "amountSet": bag(max(0, self.left_to_pay_back - 60)),
                "parentTransaction": {"id": gid("OrderTransaction", 2)},
            },
        ]
        return {
            "order": {
                "currencyCode": self.currencies[0],
                "presentmentCurrencyCode": self.currencies[1],
                "refunds": [{"id": each["id"], "note": each["note"]} for each in self.refunds],
                "asked": {
                    "refundLineItems": [
                        {"lineItem": {"id": row["lineItemId"]}, "location": {"id": gid("Location", 1)}}
                        for row in goods
                    ]
                },
                "all": {
                    "maximumRefundableSet": bag(self.left_to_pay_back),
                    "suggestedTransactions": ways,
                },
            },
            "nodes": [
                {
                    "id": name,
                    "unfulfilledQuantity": self.lines[ref(name)][0],
                    "refundableQuantity": self.lines[ref(name)][1],
                }
                for name in lines
            ],
        }

    def _RefundMade(self, of: str) -> Json:
        found = next((each for each in self.refunds if each["id"] == of), None)
        return {"node": {key: value for key, value in found.items() if key != "note"} if found else None}

    def _Refund(self, wish: Json, key: str) -> Json:
        text = json.dumps(wish, sort_keys=True)
        if key in self.keys:
            known, made = self.keys[key]
            assert known == text
            return made
        self.next += 1
        total = sum(float(each["amount"]) for each in wish["transactions"])
        status = "FAILURE" if self.failing_gateway else "SUCCESS"
        self.refunds.append(
            {
                "id": gid("Refund", self.next),
                "note": wish["note"],
                "totalRefundedSet": bag(f"{total:.2f}"),
                "transactions": conn(
                    *(
                        {
                            "kind": "REFUND",
                            "status": status,
                            "gateway": each["gateway"],
                            "amountSet": bag(each["amount"]),
                        }
                        for each in wish["transactions"]
                    )
                ),
            }
        )
        made = {"refundCreate": {"refund": {"id": gid("Refund", self.next)}, "userErrors": []}}
        self.keys[key] = (text, made)
        return made


def order_of(*units: tuple[int, int]) -> Order:
    """The order as the bridge has read it."""
    body = {"data": {"order": order(*(line(of, some) for of, some in units or ((10, 2),)))}}
    found = adapter().decode_orders(json.dumps(body).encode())[0]
    assert isinstance(found, Order)
    return found
