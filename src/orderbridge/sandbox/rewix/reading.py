"""What stands in the bodies that a simulated Rewix supplier is sent."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from xml.etree.ElementTree import Element

import attrs

from .records import Change
from .wire import Refusal

__all__ = ["Asked", "asked", "changes"]

_DATE = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d [+-]\d{4}")
_ADDRESS = ("recipient", "street_name", "zip", "city", "countrycode")  # without these it goes nowhere


@attrs.frozen(kw_only=True)
class Asked:
    """One order as a client sent it.

    Args:
        items: Units by stock id.

        recipient: Everything below ``recipient_details`` by element name.

        auto_confirm: False: it waits for the merchant's word.
    """

    key: str
    items: dict[str, int]
    recipient: dict[str, str] = attrs.field(repr=False)
    carrier: str
    auto_confirm: bool


def asked(element: Element, stock: Collection[str]) -> Asked:
    """The order in an ``order`` element, refused where the supplier could not send it."""
    key = element.findtext("key") or ""
    if not key:
        raise Refusal(412, "The key is missing")
    if not _is_date(element.findtext("date") or ""):
        raise Refusal(412, "The date is missing or not yyyy/MM/dd HH:mm:ss Z")
    details = element.find("recipient_details")
    recipient = {} if details is None else {e.tag: e.text or "" for e in details.iter() if len(e) == 0}
    for field in _ADDRESS:
        if not recipient.get(field, "").strip():
            raise Refusal(412, f"The address is incomplete: {field}")
    if not re.fullmatch("[A-Z]{2}", recipient["countrycode"]):
        raise Refusal(412, "The countrycode is unknown")
    items: dict[str, int] = {}
    for item in element.iterfind("item_list/item"):
        stock_id = (item.findtext("stock_id") or "").strip()
        if stock_id not in stock:
            raise Refusal(404, f"Model {stock_id} not found")
        if stock_id in items:
            raise Refusal(412, f"Model {stock_id} stands on several lines")
        items[stock_id] = _units(item.findtext("quantity"))
    if not items or 0 in items.values():
        raise Refusal(412, "An order needs items and each item a quantity")
    return Asked(
        key=key,
        items=items,
        recipient=recipient,
        carrier=element.findtext("carrierId") or "",
        auto_confirm=element.findtext("autoConfirm") != "false",
    )


def changes(root: Element) -> list[tuple[Change, str, int]]:
    """What is to happen to the growing order: how, which model, how many units."""
    found: list[tuple[Change, str, int]] = []
    for operation in root.iterfind("operation"):
        match operation.get("type"):
            case "lock" | "set" | "unlock" as what:
                for model in operation.iterfind("model"):
                    found.append((what, model.get("stock_id", ""), _units(model.get("quantity"))))
            case _:
                raise Refusal(400, "Unknown operation")
    return found


def _units(text: str | None) -> int:
    if text is None or not re.fullmatch(r"\s*\d{1,9}\s*", text, re.ASCII):
        raise Refusal(400, "A quantity is no whole number")
    return int(text)


def _is_date(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y/%m/%d %H:%M:%S %z")
    except ValueError:
        return False
    return bool(_DATE.fullmatch(text))  # Java's Z knows neither "+01:00" nor "Z"
