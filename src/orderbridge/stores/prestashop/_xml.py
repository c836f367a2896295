"""Bodies of writes to PrestaShop's webservice, built so that none of its dangerous ones can be.

A PUT with fields left out empties them; a PUT or PATCH of an order's ``current_state`` mails the
shopper each time; several entities in one body are all carried out. So there are just two ways to change
a row and both change order carriers only, and a few kinds of row to make.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias
from xml.sax.saxutils import escape

from ...adapters import Request, parse_xml
from ...errors import Malformed

Tracked: TypeAlias = Literal["id_carrier", "tracking_number"]

# What each kind of row that we make may hold, and where it is posted.
_NEW: Mapping[str, tuple[str, frozenset[str]]] = {
    "order_carrier": ("order_carriers", frozenset({"id_order", "id_carrier", "tracking_number"})),
    "order_history": ("order_histories", frozenset({"id_order", "id_order_state"})),
    "customer_thread": (
        "customer_threads",
        frozenset(
            {
                "id_lang",
                "id_contact",
                "id_shop",
                "id_customer",
                "id_order",
                "email",
                "token",
                "status",
            }
        ),
    ),
    "customer_message": ("customer_messages", frozenset({"id_customer_thread", "message", "private"})),
    "order_slip": (
        "order_slip",
        frozenset(
            {
                "id_customer",
                "id_order",
                "conversion_rate",
                "total_products_tax_excl",
                "total_products_tax_incl",
                "total_shipping_tax_excl",
                "total_shipping_tax_incl",
                "amount",
                "shipping_cost",
                "shipping_cost_amount",
                "partial",
            }
        ),
    ),
    "order_state": (
        "order_states",
        frozenset({"name", "module_name", "color", "paid", "logable", "invoice", "unremovable"}),
    ),
}
New: TypeAlias = Literal[
    "order_carrier", "order_history", "customer_thread", "customer_message", "order_slip", "order_state"
]
_SLIP_LINE = frozenset[str]({"id_order_detail", "product_quantity", "amount_tax_excl", "amount_tax_incl"})
_MAILING = frozenset({"order_history"})
_CHANGEABLE = frozenset[str]({"id_carrier", "tracking_number"})

# XML cannot hold these at all, and PrestaShop's old tables end a text at the first sign above 0xFFFF.
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd]")


def clean(value: str) -> str:
    """``value`` without what XML or PrestaShop's tables cannot hold."""
    return _UNFIT.sub("", value)


def patch(ref: int, changes: Mapping[Tracked, str], *, mail: bool) -> Request:
    """Change named fields of one order carrier, and nothing else of it: PrestaShop 8.0 and newer.

    Args:
        ref: Its id. PrestaShop goes by the one in the body, whatever the address says.

        changes: Field and new value.

        mail: The shop tells the shopper that the parcel is under way.
    """
    leaves = _leaf("id", str(_row_id(ref))) + _changes(changes)
    return _request("PATCH", f"/api/order_carriers/{ref:d}", f"<order_carrier>{leaves}</order_carrier>", mail)


def put(row: bytes, ref: int, changes: Mapping[Tracked, str], *, mail: bool) -> Request:
    """The same for a shop that knows no PATCH: the whole row goes back, with the fields changed.

    Args:
        row: The shop's own XML of it, just read.

        ref: Its id, which the row must have.

        changes: Field and new value.

        mail: The shop tells the shopper that the parcel is under way.

    Raises:
        Malformed: ``row`` is not that row, or not all of it.
    """
    root = parse_xml(row)
    nodes = root.findall("order_carrier") if root.tag == "prestashop" else []
    values = {child.tag: (child.text or "").strip() for child in nodes[0]} if len(nodes) == 1 else {}
    if values.get("id") != str(_row_id(ref)) or not {"id_order", *_CHANGEABLE} <= set(values):
        raise Malformed(f"/order_carrier: the whole row {ref} was asked for and did not come", path="/")
    if not set(changes) <= _CHANGEABLE:
        raise ValueError("order_carrier: no field but the carrier and the tracking number is ours to change")
    leaves = "".join(_leaf(name, value) for name, value in (values | dict(changes)).items())
    return _request("PUT", f"/api/order_carriers/{ref:d}", f"<order_carrier>{leaves}</order_carrier>", mail)


def post(
    kind: New,
    values: Mapping[str, str],
    *,
    lines: tuple[Mapping[str, str], ...] = (),
    languages: tuple[int, ...] = (),
    mail: bool = False,
) -> Request:
    """Make one row.

    Args:
        kind: Of what.

        values: Its fields by name.

        lines: Of a credit slip, what it is for.

        languages: Ids of those in which an order state has its name.

        mail: The shop mails the shopper what it mails for a new state.
    """
    resource, known = _NEW[kind]
    if not values or not set(values) <= known:
        raise ValueError(f"{kind}: {', '.join(sorted(set(values) - known))} is not ours to write")
    if (lines and kind != "order_slip") or any(set(line) ^ _SLIP_LINE for line in lines):
        raise ValueError("only a credit slip has lines, with all of their fields")
    if mail and kind not in _MAILING:
        raise ValueError(f"{kind}: making one never mails")
    leaves = ""
    for name, value in values.items():
        if name == "name":
            named = "".join(f'<language id="{each:d}">{_text(value)}</language>' for each in languages)
            leaves += f"<name>{named}</name>"
        else:
            leaves += _leaf(name, value)
    if lines:
        inside = "".join(
            "<order_slip_detail>"
            + "".join(_leaf(name, line[name]) for name in sorted(_SLIP_LINE))
            + "</order_slip_detail>"
            for line in lines
        )
        leaves += f"<associations><order_slip_details>{inside}</order_slip_details></associations>"
    return _request("POST", f"/api/{resource}", f"<{kind}>{leaves}</{kind}>", mail)


def _changes(changes: Mapping[Tracked, str]) -> str:
    if not changes or not set(changes) <= _CHANGEABLE:
        raise ValueError("order_carrier: no field but the carrier and the tracking number is ours to change")
    return "".join(_leaf(name, value) for name, value in changes.items())


def _row_id(ref: int) -> int:
    if ref < 1:
        raise ValueError(f"{ref} is not the id of a row")
    return ref


def _leaf(name: str, value: str) -> str:
    # Without a blank or line break around it: PrestaShop takes the text as it stands.
    return f"<{name}>{_text(value)}</{name}>"


def _text(value: str) -> str:
    # A carriage return would be read as a line break anyway.
    return escape(clean(value).replace("\r\n", "\n").replace("\r", "\n"))


def _request(method: str, path: str, inside: str, mail: bool) -> Request:
    params = [("output_format", "JSON"), *((("sendemail", "1"),) if mail else ())]
    body = f'<?xml version="1.0" encoding="UTF-8"?><prestashop>{inside}</prestashop>'
    return Request(method, path, params=params, headers={"Content-Type": "text/xml"}, body=body.encode())
