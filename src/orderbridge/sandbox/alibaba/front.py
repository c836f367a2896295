"""The gateway: reads a call, checks who sends it, and words the answer. It is always a 200."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email import message_from_bytes
from email.policy import HTTP
from itertools import count
from urllib.parse import parse_qsl, urlsplit

import attrs

from ..._http import Call, Response
from . import buying, catalog, freight, reading
from .desk import Desk
from .habits import Habits
from .orders import Effect
from .values import GatewayError, Object, Refused, answer, invalid, missing, refusal

__all__ = ["LIMITS", "AlibabaSupplier", "Failure"]

LIMITS = ("AppCallLimit", "ApiCallLimit", "ServiceCallLimit")
_BIGGEST_FILE = 5 * 1024 * 1024


@attrs.frozen(kw_only=True)
class Failure:
    """What the next call of a path meets; see ``AlibabaSupplier.fail_next``."""

    error: GatewayError | Refused
    path: str
    done: bool


@attrs.define(kw_only=True, eq=False)
class AlibabaSupplier(Desk):
    """Alibaba.com's gateway for buyers, under any origin at ``/rest``. What it holds is ``Desk``'s.

    Args:
        habits: What it does where nobody has written it down.
    """

    habits: Habits = attrs.field(factory=Habits)
    _failures: list[Failure] = attrs.field(init=False, factory=list[Failure])
    _request_ids: count[int] = attrs.field(init=False, factory=lambda: count(178178017221014))

    def fail_next(
        self, code: str, message: str = "", *, times: int = 1, path: str = "", done: bool = False
    ) -> None:
        """The next calls fail though nothing is wrong with them.

        Args:
            code: A number is a refusal of the trade and stands where ``habits`` put it. Else it is the
                gateway's: one of ``LIMITS``, ``ServiceTimeout``, ``isp.``... ``"7"`` is the limit as
                the gateway before this one wrote it.

            path: Only calls of this one, as ``/buynow/order/create``; empty is any.

            done: The call is carried out all the same.
        """
        error: GatewayError | Refused
        if code in (*LIMITS, "7"):
            said = message or "Call limited: this ban will last for 1 more seconds"
            error = GatewayError(code, said, "ISP" if code == "7" else "ISV")
        elif code.isdecimal():
            error = Refused(code, message or "refused")
        else:
            error = GatewayError(code, message or "The remote service failed", "SYSTEM")
        self._failures += [Failure(error=error, path=path, done=done)] * times

    def handle(self, call: Call, now: datetime) -> Response:
        """Carry the call out, as the real one would, and answer."""
        self.settle(now)
        request_id = f"0ba2887{next(self._request_ids)}"
        body: Object
        try:
            body = self._answer(call, now)
        except GatewayError as error:
            body = {"type": error.kind, "code": error.code, "message": error.message}
            body["_trace_id_"] = request_id[::-1]
        except Refused as refused:
            body = refusal(refused, self.habits.refusals)
        return answer(body, request_id)

    def _answer(self, call: Call, now: datetime) -> Object:
        url = urlsplit(call.url)
        path = url.path.partition("/rest")[2]
        params, files = _read(call, url.query)
        self.keys.check(path, params, now)
        if path == "/auth/token/create":
            return self.keys.create(params, now)
        if path == "/auth/token/refresh":
            return self.keys.refresh(params, now)
        self.keys.let_in(params, now)
        if call.method not in (("GET",) if path.startswith("/eco/") else ("GET", "POST")):
            raise GatewayError("UnsupportedMethod", "The API does not take this HTTP method")
        found = (each for each in self._failures if each.path in ("", path))
        failure = next(found, None)
        if failure is not None:
            self._failures.remove(failure)
            if failure.done:
                self._route(path, params, files, now)
            raise failure.error
        return self._route(path, params, files, now)

    def _route(
        self, path: str, params: Mapping[str, str], files: Mapping[str, bytes], now: datetime
    ) -> Object:
        match path:
            case "/eco/buyer/product/description":
                return catalog.description(self, self.habits, params)
            case "/eco/buyer/product/batch/description":
                return catalog.descriptions(self, params)
            case "/eco/buyer/product/inventory":
                return catalog.inventory(self, params)
            case "/eco/buyer/product/batch/inventory":
                return catalog.inventories(self, params)
            case "/shipping/freight/calculate":
                return freight.quick_quote(self, params)
            case "/order/freight/calculate":
                return freight.exact_quote(self, params)
            case "/buynow/order/create":
                return buying.create(self, self.habits, params, now)
            case "/alibaba/dropshipping/order/pay":
                return buying.pay(self, params, now)
            case "/alibaba/order/cancel":
                return buying.cancel(self, self.habits, params, now)
            case "/alibaba/order/list":
                return reading.list_orders(self, self.habits, params, now)
            case "/alibaba/order/get":
                return reading.get(self, self.habits, params)
            case "/alibaba/order/pay/result/query":
                return reading.pay_result(self, params)
            case "/order/merge/pay/query":
                return reading.merge_pay(self, params)
            case "/alibaba/order/fund/query":
                return reading.fund(self, params)
            case "/order/logistics/query":
                return reading.logistics(self, params)
            case "/order/logistics/tracking/get":
                return reading.tracking(self, params)
            case "/alibaba/order/attachment/upload":
                return self._upload(params, files, now)
            case _:
                raise GatewayError("InvalidApiPath", "The specified API path is invalid")

    def _upload(self, params: Mapping[str, str], files: Mapping[str, bytes], now: datetime) -> Object:
        """Keeps nothing but the path: nobody can fetch a file back."""
        if "file_name" not in params:
            raise missing("file_name")
        if "data" not in files:
            raise missing("data")
        ends = params["file_name"].rpartition(".")[2]
        if ends not in ("jpg", "png", "pdf", "doc") or len(files["data"]) > _BIGGEST_FILE:
            raise invalid("file_name")
        path = f"icbu/{len(self.effects):06}.{ends}"
        self.effects.append(Effect(at=now, what="upload", ref=path))
        return {"code": "0", "value": path}


def _read(call: Call, query: str) -> tuple[dict[str, str], dict[str, bytes]]:
    """Parameters of query and form, and files, which no signature covers."""
    pairs = parse_qsl(query, keep_blank_values=True)
    files: dict[str, bytes] = {}
    kind = call.headers.get("content-type", "")
    if kind.startswith("application/x-www-form-urlencoded"):
        pairs += parse_qsl(call.body.decode(), keep_blank_values=True)
    elif kind.startswith("multipart/form-data"):
        whole = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + call.body, policy=HTTP)
        for part in whole.iter_parts():
            name = str(part.get_param("name", "", header="content-disposition"))
            content = part.get_payload(decode=True)
            data = content if isinstance(content, bytes) else b""
            if part.get_filename():
                files[name] = data
            else:
                pairs.append((name, data.decode()))
    params = dict(pairs)
    if len(params) != len(pairs):
        # Which of two equal names is signed, nobody knows.
        raise GatewayError("IncompleteSignature", "A parameter came twice")
    return params, files
