"""Bodies as Magento reads them: names in either case, unknown ones ignored at the top and refused below."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from .goods import PAIRED
from .values import RestError

# What a field is: a scalar by its name, a list of something, or an object with fields.
Shape: TypeAlias = "str | list[Shape] | dict[str, Shape]"
# What a checked body holds: numbers are exact.
Data: TypeAlias = "bool | int | str | Decimal | list[Data] | dict[str, Data] | None"
Fields: TypeAlias = "dict[str, Data]"

_COMMENT: Shape = {"comment": "string", "is_visible_on_front": "int", "extension_attributes": {}}
_ITEMS: Shape = [{"order_item_id": "int", "qty": "float", "extension_attributes": {}}]
_HEAD: dict[str, Shape] = {"items": _ITEMS, "notify": "bool", "appendComment": "bool", "comment": _COMMENT}
_TRACK: dict[str, Shape] = {
    "track_number": "string",
    "title": "string",
    "carrier_code": "string",
    "extension_attributes": {},
}

SHIP: dict[str, Shape] = {
    **_HEAD,
    "tracks": [_TRACK],
    "packages": [{"extension_attributes": {}}],
    "arguments": {"extension_attributes": {"source_code": "string"}},
}
INVOICE: dict[str, Shape] = {**_HEAD, "capture": "bool", "arguments": {"extension_attributes": {}}}
REFUND: dict[str, Shape] = {
    **_HEAD,
    "isOnline": "bool",
    "arguments": {
        "shipping_amount": "float",
        "adjustment_positive": "float",
        "adjustment_negative": "float",
        "extension_attributes": {"return_to_stock_items": ["int"]},
    },
}
TRACK: dict[str, Shape] = {
    "entity": {
        **_TRACK,
        "order_id": "int",
        "parent_id": "int",
        "entity_id": "int",
        "created_at": "string",
        "updated_at": "string",
        "description": "string",
        "weight": "float",
        "qty": "float",
    }
}
_PAPER_COMMENT: dict[str, Shape] = {
    "comment": "string",
    "is_visible_on_front": "int",
    "is_customer_notified": "int",
    "parent_id": "int",
    "entity_id": "int",
    "created_at": "string",
    "extension_attributes": {},
}
PAPER_COMMENT: dict[str, Shape] = {"entity": _PAPER_COMMENT}
HISTORY: dict[str, Shape] = {"statusHistory": {**_PAPER_COMMENT, "entity_name": "string", "status": "string"}}
_TIMES: dict[str, Shape] = {"created_at": "string", "updated_at": "string"}
SHIPMENT: dict[str, Shape] = {
    "entity": {
        **_TIMES,
        "entity_id": "int",
        "increment_id": "string",
        "order_id": "int",
        "store_id": "int",
        "customer_id": "int",
        "email_sent": "int",
        "shipment_status": "int",
        "billing_address_id": "int",
        "shipping_address_id": "int",
        "shipping_label": "string",
        "total_qty": "float",
        "total_weight": "float",
        "packages": ["any"],
        "items": [
            {
                **dict.fromkeys(("additional_data", "description", "name", "sku"), "string"),
                **dict.fromkeys(("price", "qty", "row_total", "weight"), "float"),
                **dict.fromkeys(("entity_id", "order_item_id", "parent_id", "product_id"), "int"),
                "extension_attributes": "any",
            }
        ],
        "tracks": [TRACK["entity"]],
        "comments": [_PAPER_COMMENT],
        "extension_attributes": {"source_code": "string"},
    }
}
LOGIN: dict[str, Shape] = {"username": "string", "password": "string", "otp": "string"}
_ITEM_ECHO: dict[str, Shape] = {
    **{name: "any" for pair in PAIRED for name in (pair, f"base_{pair}")},
    **dict.fromkeys(("item_id", "order_id", "parent_item_id", "product_id", "quote_item_id"), "int"),
    **dict.fromkeys(("store_id", "is_virtual", "is_qty_decimal", "no_discount", "free_shipping"), "int"),
    **{
        f"qty_{name}": "float"
        for name in ("ordered", "shipped", "invoiced", "refunded", "canceled", "backordered", "returned")
    },
    **dict.fromkeys(("parent_item", "product_option", "extension_attributes", "weee_tax_applied"), "any"),
    **dict.fromkeys(("discount_percent", "tax_percent", "row_weight", "weight"), "any"),
    **{
        f"{base}discount_tax_compensation_{what}": "any"
        for base in ("", "base_")
        for what in ("amount", "invoiced")
    },
    **dict.fromkeys(("sku", "name", "product_type", "created_at", "updated_at"), "string"),
}


def order_shape(columns: frozenset[str]) -> dict[str, Shape]:
    """The body of ``POST /V1/orders``: any column goes, and is believed."""
    entity: dict[str, Shape] = dict.fromkeys(columns, "any")
    known: dict[str, Shape] = {
        "entity_id": "int",
        "state": "string",
        "status": "string",
        "increment_id": "string",
    }
    rows: dict[str, Shape] = {"billing_address": "any", "payment": "any", "status_histories": "any"}
    return {"entity": {**entity, **known, **rows, "items": [_ITEM_ECHO], "extension_attributes": "any"}}


def read_body(body: bytes, shape: Mapping[str, Shape]) -> Fields:
    """A checked body.

    Raises:
        RestError: it is no JSON object, or something in it is of the wrong kind.
    """
    if not body.strip():
        return {}
    try:
        document: Data = json.loads(body, parse_float=Decimal)
    except ValueError:
        raise RestError(400, "Decoding error.") from None
    if not isinstance(document, dict):
        return {}
    found: Fields = {}
    for name, value in document.items():
        # Parameters of the method may come in either case too; others are not looked at.
        for key in (name, _camel(name)):
            if key in shape and value is not None:
                found[key] = _checked(value, shape[key], key)
                break
    return found


def _checked(value: Data, shape: Shape, name: str) -> Data:
    if value is None:
        return None
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            raise _wrong(name, value, "array")
        found: Fields = {}
        for key, member in value.items():
            column = _snake(key)
            if column not in shape:
                message = '"%fieldName" is not supported. Correct the field name and try again.'
                raise RestError(400, message, {"fieldName": _title(column)})
            found[column] = _checked(member, shape[column], column)
        return found
    if isinstance(shape, list):
        if not isinstance(value, (list, dict)):
            raise _wrong(name, value, "array")
        members = value.values() if isinstance(value, dict) else value
        return [_checked(member, shape[0], name) for member in members]
    return _scalar(value, shape, name)


def _scalar(value: Data, kind: str, name: str) -> Data:
    if kind == "any":
        return value
    if isinstance(value, (dict, list)):
        raise _wrong(name, value, kind)
    text = str(value)
    if kind == "string":
        return {"True": "1", "False": ""}.get(text, text) if isinstance(value, bool) else text
    if kind == "bool":
        if isinstance(value, bool) or text in ("0", "1", "true", "false"):
            return text in ("True", "1", "true")
        raise _wrong(name, value, "bool")
    try:
        exact = Decimal(int(value)) if isinstance(value, bool) else Decimal(text)
    except InvalidOperation:
        raise _wrong(name, value, kind) from None
    if not exact.is_finite() or (kind == "int" and exact != exact.to_integral_value()):
        raise _wrong(name, value, kind)
    return int(exact) if kind == "int" else exact


def _wrong(name: str, value: Data, kind: str) -> RestError:
    told = value if isinstance(value, (str, int, Decimal)) else "Array"
    return RestError(
        400,
        f'Error occurred during "{name}" processing. The "{told}" value\'s type is invalid. '
        f'The "{kind}" type was expected. Verify and try again.',
    )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: "_" + found[1].lower(), name)


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


def _title(name: str) -> str:
    camel = _camel(name)
    return camel[:1].upper() + camel[1:]


# Reading a checked body


def required(fields: Fields, name: str) -> Fields:
    """An object that has to be there.

    Raises:
        RestError: it is not.
    """
    if name not in fields:
        raise RestError(400, '"%fieldName" is required. Enter and try again.', {"fieldName": name})
    return inner(fields, name)


def inner(fields: Fields, name: str) -> Fields:
    """An object; empty if it is not there."""
    found = fields.get(name)
    return found if isinstance(found, dict) else {}


def rows(fields: Fields, name: str) -> list[Fields]:
    """The objects of a list."""
    found = fields.get(name)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def whole(fields: Fields, name: str) -> int:
    """A whole number; 0 if it is not there."""
    found = fields.get(name)
    return int(found) if isinstance(found, (int, Decimal)) else 0


def exact(fields: Fields, name: str) -> Decimal | None:
    """A number; None if it is not there."""
    found = fields.get(name)
    return Decimal(found) if isinstance(found, (int, Decimal)) else None


def text(fields: Fields, name: str) -> str:
    """A text; empty if it is not there."""
    found = fields.get(name)
    return found if isinstance(found, str) else ""
