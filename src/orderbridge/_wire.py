"""Bytes to typed values: the one place that knows msgspec.

Numbers in JSON become exact decimals where a field is a ``Decimal``; unknown fields are ignored;
a wrong or missing field is named by its path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import islice
from typing import TypeVar, cast
from xml.etree.ElementTree import Element, ParseError

import attrs
import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from ._http import Response
from .errors import (
    Forbidden,
    Malformed,
    NotFound,
    RateLimited,
    Rejected,
    Unauthorized,
    Unavailable,
)

__all__ = ["decode", "decode_bytes", "decode_each", "decode_xml", "parse_xml", "raise_for_status"]

T = TypeVar("T")

# Statuses that say "not now" rather than "no".
_LATER = frozenset({408, 425, *range(500, 600)}) - {501, 505}


_decoders: dict[object, object] = {}


def _decoder(cls: type[T]) -> msgspec.json.Decoder[T]:
    # Compiling a decoder costs more than using it; the classes are few and live for ever.
    found = _decoders.get(cls)
    if not isinstance(found, msgspec.json.Decoder):
        found = _decoders[cls] = msgspec.json.Decoder(cls)
    return cast("msgspec.json.Decoder[T]", found)


def _clean(body: bytes) -> bytes:
    # Shops put a byte order mark and blank lines before their JSON.
    return body.removeprefix(b"\xef\xbb\xbf").strip()


# Checks that bytes are one whole JSON document, and builds nothing.
_WHOLE = msgspec.json.Decoder(msgspec.Raw)
# A document that begins later than at the twentieth bracket is no longer dirt before a document.
_TRIES = 20


def _document(body: bytes) -> bytes | None:
    """The JSON document that ends where ``body`` ends, or None; the longest, so no part of one."""
    begins = (found.start() for found in islice(re.finditer(rb"[{\[]", body), _TRIES))
    for at in (0, *begins):
        try:
            _WHOLE.decode(body[at:])
        except RecursionError:
            return None
        except msgspec.DecodeError as error:
            # Cut off, or one document after another: a whole part of that is not what was asked for.
            bracket = body[at : at + 1] in (b"{", b"[")
            if bracket and ("truncated" in str(error) or (at == 0 and "trailing" in str(error))):
                return None
        else:
            return body[at:]
    return None


def _wrong_field(error: msgspec.ValidationError) -> Malformed:
    what, _, path = str(error).rpartition(" - at `")
    path = path.rstrip("`") if what else "$"
    return Malformed(f"{path}: {what or error}", path=path)


def _no_document(body: bytes) -> Malformed:
    start = body[:200].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<body")):
        return Malformed("a web page came where JSON was expected; is the address the shop's API?", path="$")
    if not body:
        return Malformed("an empty answer came where JSON was expected", path="$")
    return Malformed("the answer is no JSON, or was cut off", path="$")


# An escape in a JSON text, and of those the two that belong together.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL
)
_HALF = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


def _whole_characters(body: bytes) -> bytes:
    """Half a character, escaped, is no text anywhere; some shops cut names in the middle of one."""
    if _HALF.search(body) is None:
        return body
    return _ESCAPE.sub(lambda found: b"\\ufffd" if _HALF.fullmatch(found[0]) else found[0], body)


def _no_number(found: object) -> tuple[str, Decimal] | None:
    """Where a decimal is no number, and which it is: msgspec takes the texts ``NaN`` and ``Infinity``."""
    if isinstance(found, Decimal):
        return None if found.is_finite() else ("", found)
    parts: Iterable[tuple[object, object]]
    if isinstance(found, list | tuple):
        written, parts = "[{}]", enumerate(cast("Sequence[object]", found))
    elif isinstance(found, dict):
        written, parts = ".{}", cast("dict[object, object]", found).items()
    elif attrs.has(kind := type(found)):
        written, parts = ".{}", ((field.name, getattr(found, field.name)) for field in attrs.fields(kind))
    else:
        return None
    for name, part in parts:
        if (below := _no_number(part)) is not None:
            return written.format(name) + below[0], below[1]
    return None


def _decoded(cls: type[T], body: bytes) -> T:
    found = _decoder(cls).decode(body)
    if (wrong := _no_number(found)) is not None:
        path, value = f"${wrong[0]}", wrong[1]
        raise Malformed(f"{path}: {value} is not a number", path=path)
    return found


def decode_bytes(cls: type[T], body: bytes) -> T:
    """``cls`` out of a JSON document, also where a platform has put dirt before it.

    PHP hosts print warnings and stray bytes before the document, with status 200 and a JSON
    content type; the document itself is then whole, to the last byte.

    Raises:
        Malformed: names the field by its path, what came and what would be right.
    """
    clean = _clean(body)
    try:
        return _decoded(cls, clean)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        clean = _whole_characters(clean)
        document = _document(clean)
    if document is None:
        raise _no_document(clean)
    try:
        return _decoded(cls, document)
    except msgspec.ValidationError as error:
        raise _wrong_field(error) from None
    except UnicodeDecodeError:
        raise Malformed("$: a text in the answer is not UTF-8", path="$") from None
    except (msgspec.DecodeError, RecursionError):
        raise _no_document(clean) from None


def decode(cls: type[T], response: Response) -> T:
    """``cls`` out of the answer to a read.

    Args:
        cls: An attrs class, or a list or union of them; extra fields in the answer are ignored.

        response: A status other than 2xx raises as ``raise_for_status`` says.

    Raises:
        Malformed: names the field by its path, what came and what would be right.
    """
    raise_for_status(response)
    return decode_bytes(cls, response.body)


def decode_each(cls: type[T], body: bytes) -> list[T | Malformed]:
    """Each item of a JSON list by itself, so that one bad order never hides the others."""
    items: list[T | Malformed] = []
    for index, raw in enumerate(decode_bytes(list[msgspec.Raw], body)):
        try:
            items.append(decode_bytes(cls, bytes(raw)))
        except Malformed as error:
            path = f"$[{index}]{error.path.removeprefix('$')}"
            what = error.message.removeprefix(f"{error.path}: ")
            items.append(Malformed(f"{path}: {what}", path=path))
    return items


def decode_xml(response: Response) -> Element:
    """The root element of an XML answer; entities and document types are refused.

    Raises:
        Malformed: the answer is no XML, or tries tricks.
    """
    raise_for_status(response)
    return parse_xml(response.body)


def parse_xml(body: bytes) -> Element:
    """The root element of an XML document; entities and document types are refused."""
    try:
        return fromstring(_clean(body), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise Malformed("the answer is no plain XML, or was cut off", path="/") from None


def raise_for_status(response: Response) -> None:
    """Turn the status of a read's answer into a typed error; 2xx passes.

    Raises:
        Unauthorized, Forbidden, NotFound, RateLimited, Unavailable, Rejected: by status.
    """
    status = response.status
    if 200 <= status < 300:
        return
    if status == 401:
        raise Unauthorized(
            "the platform does not accept these credentials; put the right ones into the settings",
            status=status,
        )
    if status == 403:
        raise Forbidden(
            "these credentials may not do this, or a firewall stands before the shop", status=status
        )
    if status in (404, 410):
        raise NotFound("the platform has no such thing at this address", status=status)
    if status == 429:
        raise RateLimited("too many requests; the platform asks to slow down", status=status)
    if status in _LATER:
        raise Unavailable(f"the platform could not answer just now (HTTP {status})", status=status)
    if 300 <= status < 400:
        raise Rejected(
            f"the address redirects (HTTP {status}); give the final base_url, redirects are not followed",
            status=status,
        )
    raise Rejected(f"the platform refused the request (HTTP {status})", status=status)
