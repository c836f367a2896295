"""PrestaShop's validators, by the names it gives them, and how a value lands in its column."""

from __future__ import annotations

import re
from collections.abc import Callable

from .schema import DECIMALS, Field, Resource
from .values import NO_DAY, NO_TIME, Row, WebserviceError, integer, money, number, without_tags

_HANDLERS = r"on(?:click|load|error|mouse\w+|focus|blur|submit|change|key\w+)"
_SCRIPT = re.compile(rf"<\s*script|{_HANDLERS}\s*=|script\s*:|<\s*(?:i?frame|form|input|embed|object)", re.I)
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?: \d{2}:\d{2}:\d{2})?")
_WIDTHS = {"tracking_number": 64, "note": 65535, "reference": 9, "url": 255}


def _like(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


def _is_date(text: str) -> bool:
    found = _DATE.fullmatch(text)
    return found is not None and all(int(part) for part in found.groups())


# Those of the fields a bridge writes; any other check lets everything pass.
CHECKS: dict[str, Callable[[str], bool]] = {
    **dict.fromkeys(("isUnsignedId", "isNullOrUnsignedId", "isUnsignedInt"), _like(r"\d{1,10}")),
    "isInt": _like(r"-?\d{1,10}"),
    "isFloat": _like(r"-?\d+(?:\.\d*)?"),
    "isPrice": _like(r"\d{1,10}(?:\.\d{1,9})?"),
    "isBool": _like(r"0|1"),
    "isDate": _is_date,
    "isTrackingNumber": _like(r"[~:#,%&_=()\[\]. ?+\-@/a-zA-Z0-9]+"),
    "isCleanHtml": lambda text: not _SCRIPT.search(text),
    "isMessage": lambda text: not re.search(r"[<>{}]", text),
    "isGenericName": _like(r"[^<>={}]*"),
    "isName": _like(r"[^0-9!<>,;?=+()@#\"°{}_$%:¤|]*"),
    "isAddress": _like(r"[^!<>?=+@{}_$%]*"),
    "isCityName": _like(r"[^!<>;?=+@#\"°{}_$%]*"),
    "isMd5": _like(r"[a-f0-9A-F]{32}"),
    "isEmail": _like(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "isColor": _like(r"#[0-9a-fA-F]{6}|[a-zA-Z-]*"),
    "isModuleName": _like(r"[a-zA-Z0-9_-]+"),
    "isTplName": _like(r"[a-zA-Z0-9_-]+"),
}


def validate(resource: Resource, row: Row) -> None:
    """The whole row, also what was not touched: one bad old value makes it unwritable."""
    for field in resource.fields:
        if field.kind == "i18n":
            texts = [text for key, text in row.items() if key.startswith(f"{field.name}:")]
            if field.required and not any(texts):
                raise _refused(resource, field, "is empty", 84)
            continue
        text = row.get(field.name, "")
        if field.required and text == "":
            raise _refused(resource, field, "is empty")
        if field.size and len(text) > field.size:
            raise _refused(resource, field, f"length ({len(text)}) must be between 0 and {field.size}")
        check = CHECKS.get(field.check)
        if check is not None and text not in ("", "0") and not check(text):
            raise _refused(resource, field, "is not valid")


def _refused(resource: Resource, field: Field, why: str, code: int = 85) -> WebserviceError:
    message = f'Validation error: "Property {resource.title}-&gt;{field.name} {why}"'
    return WebserviceError(400, (code, message))


def stored(field: Field, text: str) -> str:
    """A value as its column keeps it: cast, rounded, stripped of tags, cut without a word."""
    if field.kind in DECIMALS:
        return money(number(text), DECIMALS[field.kind])
    match field.kind:
        case "int":
            return str(integer(text))
        case "empty":
            return str(integer(text)) if text else ""
        case "bool" | "flag":
            return str(int(integer(text) != 0))
        case "date":
            return text or NO_TIME
        case "day":
            return text or NO_DAY
        case "text":
            return without_tags(text)[: _WIDTHS.get(field.name)]
        case _:
            return text[: _WIDTHS.get(field.name)]
