"""How a simulated Rewix supplier speaks: XML mostly, JSON and plain text between."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from typing import TypeAlias
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

import attrs
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from ..._http import Call, Headers, Response

__all__ = ["Fields", "Refusal", "demand_xml", "fill", "html", "json_answer", "root_of", "xml", "zipped"]

Field: TypeAlias = "str | int | Decimal | bool | list[Fields] | Fields | None"
Fields: TypeAlias = "dict[str, Field]"


class Refusal(Exception):
    """The call is answered with an error."""

    def __init__(self, status: int, reason: str, media_type: str = "text/plain;charset=UTF-8") -> None:
        super().__init__(reason)
        self.answer = Response(status, headers=Headers({"Content-Type": media_type}), body=reason.encode())


def demand_xml(call: Call) -> None:
    """Refuse who wants or sends anything else."""
    takes = {part.partition(";")[0].strip() for part in call.headers.get("accept", "*/*").split(",")}
    if takes.isdisjoint(("application/xml", "application/*", "*/*")):
        raise Refusal(406, "Not Acceptable")
    sends = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if call.method == "POST" and sends != "application/xml":
        raise Refusal(415, "Unsupported Media Type")


def root_of(call: Call) -> Element:
    """The ``root`` that was sent."""
    try:
        root = fromstring(call.body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise Refusal(400, "The body is no XML") from None
    if root.tag != "root":
        raise Refusal(400, "The body has no root")
    return root


def fill(parent: Element, fields: Fields) -> None:
    """A child per field; fields without a value are left out, as Java's XML binding does."""
    for name, value in fields.items():
        if isinstance(value, list):
            wrapper = SubElement(parent, name)
            for each in value:
                fill(SubElement(wrapper, name.removesuffix("s")), each)
        elif isinstance(value, dict):
            fill(SubElement(parent, name), value)
        elif isinstance(value, bool):
            SubElement(parent, name).text = str(value).lower()
        elif value is not None and value != "":
            SubElement(parent, name).text = str(value)


def xml(root: Element) -> Response:
    """An answer in XML."""
    declaration = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    headers = Headers({"Content-Type": "application/xml;charset=UTF-8"})
    return Response(200, headers=headers, body=declaration + tostring(root, encoding="unicode").encode())


def json_answer(body: Field, status: int = 200) -> Response:
    """An answer in JSON. Prices leave as floats: that is how the feed has them."""
    headers = Headers({"Content-Type": "application/json;charset=UTF-8"})
    return Response(status, headers=headers, body=json.dumps(body, default=float).encode())


def html(text: str) -> Response:
    """A page for people."""
    headers = Headers({"Content-Type": "text/html;charset=UTF-8"})
    return Response(200, headers=headers, body=f"<!DOCTYPE html>{text}".encode())


def zipped(response: Response, call: Call) -> Response:
    """The same, packed, for a client that takes it so."""
    if not response.body or "gzip" not in call.headers.get("accept-encoding", ""):
        return response
    headers = Headers({**response.headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"})
    return attrs.evolve(response, headers=headers, body=gzip.compress(response.body, mtime=0))
