"""Values as the gateway writes them: texts everywhere, ``"null"`` for what is absent, its own dates."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from ..._http import Headers, Response

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Object: TypeAlias = "dict[str, Json]"
RefusalPlace: TypeAlias = Literal["code", "sub_code", "below_zero"]

ZONE = ZoneInfo("America/Los_Angeles")
CURRENCY = "USD"
_MONTHS = ("Jan.", "Feb.", "Mar.", "Apr.", "May", "Jun.", "Jul.", "Aug.", "Sep.", "Oct.", "Nov.", "Dec.")
# Google's Gson, which the gateway is built on, escapes what could end an HTML attribute.
_ESCAPED = {"=": "\\u003d", "&": "\\u0026", "<": "\\u003c", ">": "\\u003e", "'": "\\u0027"}


class GatewayError(Exception):
    """The gateway itself says no, before anything was done."""

    def __init__(self, code: str, message: str, kind: str = "ISV") -> None:
        super().__init__(message)
        self.code, self.message, self.kind = code, message, kind


class Refused(Exception):
    """The trade says no, with one of its numbers. Nothing was done."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def missing(name: str) -> GatewayError:
    """A parameter that must be there is not."""
    return GatewayError("MissingParameter", f"The input parameter {name} is mandatory and was not supplied")


def invalid(name: str) -> GatewayError:
    """A parameter cannot be read."""
    return GatewayError("InvalidParameter", f"The input parameter {name} is not valid")


def answer(body: Object, request_id: str) -> Response:
    """A 200: the gateway knows no other status."""
    text = json.dumps({**body, "request_id": request_id}, ensure_ascii=False, separators=(",", ":"))
    for plain, escaped in _ESCAPED.items():
        text = text.replace(plain, escaped)
    headers = Headers({"Content-Type": "application/json;charset=UTF-8"})
    return Response(200, headers=headers, body=text.encode())


def refusal(refused: Refused, place: RefusalPlace) -> Object:
    """Where its number stands differs between methods, and nobody has written down how."""
    if place == "code":
        return {"code": refused.code, "message": refused.message}
    if place == "sub_code":
        remote = {"type": "ISP", "code": "15", "message": "Remote service error"}
        return {**remote, "sub_code": refused.code, "sub_msg": refused.message}
    result: Object = {"success": "false", "msg_code": refused.code, "message_info": refused.message}
    return {"code": "0", "result": result}


def array(values: Iterable[Json]) -> list[Json]:
    """A JSON list of what is known more exactly than JSON."""
    return list(values)


def boolean(value: bool) -> str:
    """``"true"`` or ``"false"``."""
    return "true" if value else "false"


def or_null(text: str) -> str:
    """Absent text is the word null."""
    return text or "null"


def plain(value: Decimal) -> str:
    """A number without needless zeros, as prices and fees of the catalog are: ``3.0``, ``19.1``."""
    text = f"{value.normalize():f}"
    return text if "." in text else f"{text}.0"


def fixed(value: Decimal | int, places: int = 4) -> str:
    """Amounts and quantities of orders: ``4.8700``, ``2.0000``."""
    return f"{Decimal(value):.{places}f}"


def money(value: Decimal, places: int = 4) -> Object:
    """An amount with its currency."""
    return {"amount": fixed(value, places), "currency": CURRENCY}


def stamp(moment: datetime) -> str:
    """Milliseconds since 1970, to whole seconds."""
    return f"{int(moment.timestamp())}000"


def local(moment: datetime) -> str:
    """The wall clock in Los Angeles, without its offset."""
    return moment.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")


def dated(moment: datetime) -> Object:
    """A date as orders show it."""
    here = moment.astimezone(ZONE)
    day = f"{_MONTHS[here.month - 1]} {here.day}, {here.year}, {here:%H:%M:%S} {here.tzname()}."
    return {"format_date": day, "timestamp": stamp(moment)}


def read_local(text: str, name: str) -> datetime:
    """A wall clock in Los Angeles; of an hour that comes twice, the first."""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE).astimezone(UTC)
    except ValueError:
        raise invalid(name) from None


def read_stamp(text: str, name: str) -> datetime:
    """Milliseconds since 1970."""
    if not re.fullmatch(r"\d{13}", text, re.ASCII):
        raise invalid(name)
    return datetime.fromtimestamp(int(text) / 1000, UTC)


def read_object(text: str, name: str) -> Object:
    """A parameter that is a JSON object in a text."""
    value = _read(text, name)
    if not isinstance(value, dict):
        raise invalid(name)
    return value


def read_list(text: str, name: str) -> list[Json]:
    """A parameter that is a JSON list in a text."""
    value = _read(text, name)
    if not isinstance(value, list):
        raise invalid(name)
    return value


def read_objects(text: str, name: str) -> list[Object]:
    """A parameter that is a JSON list of objects in a text."""
    values = [value for value in read_list(text, name) if isinstance(value, dict)]
    if not values or len(values) != len(read_list(text, name)):
        raise invalid(name)
    return values


def _read(text: str, name: str) -> Json:
    try:
        value: Json = json.loads(text)
    except ValueError:
        raise invalid(name) from None
    return value


def text_of(value: Object, name: str) -> str:
    """A field that may have come as a text, a number or a boolean; absent is empty."""
    found = value.get(name)
    if isinstance(found, bool):
        return boolean(found)
    return str(found) if isinstance(found, (str, int)) else ""


def object_of(value: Object, name: str) -> Object:
    """A field that is an object; absent is an empty one."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def demanded(value: Object, name: str) -> str:
    """A field that must be there."""
    found = text_of(value, name)
    if not found.strip():
        raise missing(name)
    return found


def units(text: str, name: str = "quantity") -> int:
    """Whole pieces, at least one."""
    if not re.fullmatch(r"[1-9]\d{0,18}", text, re.ASCII):
        raise invalid(name)
    return int(text)
