"""Rows of PrestaShop's webservice, and how to read text, numbers, flags and times in them.

The same field comes as ``1``, ``"1"``, ``""`` or not at all, as the shop's version, its PHP and the
form asked for will have it; JSON and XML are read into the same rows here. A field that is needed and
wrong raises ``Malformed`` with its path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from html import unescape
from typing import cast
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

import attrs

from ...adapters import Response, decode_bytes, parse_xml, raise_for_status
from ...errors import Forbidden, Malformed, Rejected, Unauthorized, Unavailable

KEEP = timedelta(hours=1)  # states, carriers, countries and currencies seldom change

_STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_MOST = 12  # digits before the point of a number; more is a mistake or an attack
# The key is not the thing that is wrong: it may not do this.
_NO_RIGHT = frozenset({"25", "26"})


@attrs.frozen
class Row:
    """One entity. Fields that PrestaShop left out are as good as empty, and so are those with a zero."""

    values: Mapping[str, object] = attrs.field(repr=False)

    def text(self, name: str) -> str:
        return text(self.values.get(name))

    def id(self, name: str = "id") -> int:
        """A foreign key; 0 for none."""
        shown = self.text(name)
        return int(shown) if shown.isascii() and shown.isdigit() and len(shown) <= 2 * _MOST else 0

    def flag(self, name: str) -> bool:
        return self.values.get(name) is True or self.text(name) not in ("", "0", "false")

    def number(self, name: str, path: str = "$") -> Decimal:
        """A plain number; 0 where the field is empty or missing.

        Raises:
            Malformed: something else came.
        """
        shown = self.text(name)
        try:
            value = Decimal(shown or "0")
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or (value and abs(value.adjusted()) >= _MOST):
            raise Malformed(f"{path}.{name}: {shown[:30]!r} is not a number", path=f"{path}.{name}")
        return value

    def stamp(self, name: str) -> str:
        """The shop's wall time, as PrestaShop writes and compares it; empty for its null dates."""
        shown = self.text(name)
        try:
            # Not only null dates: the database also keeps days that no calendar has.
            return shown if _STAMP.fullmatch(shown) and datetime.fromisoformat(shown) else ""
        except ValueError:
            return ""

    def words(self, name: str, language: int = 0) -> str:
        """A translatable text in one language, or in any where that one is not there."""
        value = self.values.get(name)
        if not isinstance(value, list):
            return unescape(text(value))
        said: dict[int, str] = {}
        for item in cast("list[object]", value):
            row = Row(fields(item))
            said[row.id()] = unescape(row.text("value"))
        return said.get(language) or next((words for words in said.values() if words), "")

    def below(self, name: str) -> list[Row]:
        """The rows of an association."""
        value = fields(self.values.get("associations")).get(name)
        return [Row(fields(item)) for item in cast("list[object]", value)] if isinstance(value, list) else []


def text(value: object) -> str:
    """``value`` as text without blanks around it; lists, objects, false and null are empty."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return ""
    return str(value).strip()


def fields(value: object) -> dict[str, object]:
    """The fields of a JSON object; nothing where something else came, such as PHP's empty list."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def utc(stamp: str, zone: ZoneInfo) -> datetime:
    """A wall time of the shop's. Of the hour that autumn has twice, the first is meant."""
    return datetime.fromisoformat(stamp).replace(tzinfo=zone).astimezone(UTC)


def wall(time: datetime, zone: ZoneInfo) -> str:
    """A time as the shop's clock shows it; such texts sort by what the clock shows."""
    return time.astimezone(zone).replace(tzinfo=None).isoformat(" ", timespec="seconds")


# --- documents ---------------------------------------------------------------------------------------


def rows_of(body: bytes) -> tuple[str, list[Row]]:
    """What a document is about, and its rows: JSON or XML, one entity or a list of them.

    The name is the document's own: ``orders``, ``order_slips``; for one entity ``order``, ``order_slip``.
    It is empty for the bare list that stands for nothing at all.
    """
    if _is_xml(body):
        return _rows_of_xml(parse_xml(body))
    document = decode_bytes(object, body)
    if isinstance(document, list):
        return "", [Row(fields(item)) for item in cast("list[object]", document)]
    for name, value in fields(document).items():
        if isinstance(value, list):
            return name, [Row(fields(item)) for item in cast("list[object]", value)]
        if isinstance(value, dict):
            return name, [Row(fields(cast("object", value)))]
    raise Malformed("$: no list of PrestaShop's came, and no entity either", path="$")


def _is_xml(body: bytes) -> bool:
    # Not any tag: PHP's warnings before JSON are HTML.
    return body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<?xml", b"<prestashop"))


def _rows_of_xml(root: Element) -> tuple[str, list[Row]]:
    if root.tag != "prestashop" or len(root) != 1:
        raise Malformed("/: no document of PrestaShop's", path="/")
    top = root[0]
    if top.tag == "errors":
        raise Malformed(
            "/prestashop/errors: an error of PrestaShop's, and no data", path="/prestashop/errors"
        )
    # A list has children of one name, each with its id as an attribute or with fields of its own.
    many = len({child.tag for child in top}) < 2 and all(len(child) or child.get("id") for child in top)
    return top.tag, [_row_of_xml(child) for child in top] if many else [_row_of_xml(top)]


def _row_of_xml(node: Element) -> Row:
    values: dict[str, object] = {"id": node.get("id", "")} if node.get("id") else {}
    for child in node:
        if child.tag == "associations":
            values["associations"] = {
                group.tag: [_row_of_xml(item).values for item in group] for group in child
            }
        elif any(part.tag == "language" for part in child):
            values[child.tag] = [{"id": part.get("id", ""), "value": part.text or ""} for part in child]
        else:
            values[child.tag] = child.text or ""
    return Row(values)


def rows(response: Response, name: str) -> list[Row]:
    """The list ``name`` out of an answer to a read.

    Raises:
        BridgeError: anything else came; what PrestaShop said of it is in the words.
    """
    refuse(response)
    if is_blank(response):
        raise Malformed("$: an empty answer came: a text in it is not UTF-8, or PHP stopped", path="$")
    found, items = rows_of(response.body)
    # PrestaShop says a bare [] for a list without rows, whatever it is of.
    if found != name and (found or items):
        raise Malformed(f"$: {found or 'a bare list'} came where {name} was asked for", path="$")
    return items


def is_blank(response: Response) -> bool:
    """What PHP answers where it cannot write a row as JSON."""
    # A module's file may begin with a byte order mark, which then stands before all that the shop says.
    return response.status == 200 and not response.body.removeprefix(b"\xef\xbb\xbf").strip()


# --- errors --------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Problem:
    """PrestaShop's own words for what went wrong; empty where something else answered."""

    codes: tuple[str, ...] = ()
    message: str = ""

    def __bool__(self) -> bool:
        return bool(self.codes)


def problem_of(response: Response) -> Problem:
    found: list[Row] = []
    try:
        if _is_xml(response.body):
            root = parse_xml(response.body)
            errors = root.find("errors") if root.tag == "prestashop" else None
            found = [_row_of_xml(child) for child in errors] if errors is not None else []
        else:
            value = fields(decode_bytes(object, response.body)).get("errors")
            if isinstance(value, list):
                found = [Row(fields(item)) for item in cast("list[object]", value)]
    except Malformed:
        return Problem()
    codes = tuple(row.text("code") for row in found if row.text("code").isdigit())
    said = "; ".join(unescape(row.text("message")) for row in found)
    return Problem(codes=codes, message=said[:300])


def refuse(response: Response) -> None:
    """Turn the answer to a read into a typed error, in PrestaShop's own words; 2xx passes."""
    problem = problem_of(response) if response.status >= 400 else Problem()
    status = response.status
    if status in (401, 405) and _NO_RIGHT & set(problem.codes):
        raise Forbidden(
            f"the webservice key lacks a right ({problem.message}); tick it under Advanced "
            "Parameters, Webservice",
            status=status,
            code=problem.codes[0],
        )
    if 300 <= status < 400:
        to = response.headers.get("location", "another address").partition("?")[0]
        raise Rejected(
            f"the shop redirects to {to}: write the final address in base_url, and check shop_id",
            status=status,
        )
    if status == 401 and response.body.strip() == b"401 Unauthorized":
        raise Unauthorized(
            "no key reached PrestaShop: the host strips the Authorization header; have it passed on, "
            "or set query_key",
            status=status,
        )
    if status == 403 and "132" in problem.codes:
        raise Forbidden("the webservice key is not tied to this shop", status=status, code="132")
    if status == 503 and "22" in problem.codes:
        raise Unavailable("the shop's webservice is switched off", status=status, code="22")
    if status == 400 and problem:
        raise Malformed(f"PrestaShop refuses the question ({problem.message[:120]})", path="$", status=status)
    raise_for_status(response)


def version_of(response: Response) -> str:
    """PrestaShop's version; empty where it does not say, as before it knows the key."""
    shown = response.headers.get("psws-version", "").strip()
    return shown if re.fullmatch(r"\d+(\.\d+)+", shown) else ""


def release_of(response: Response) -> tuple[int, ...]:
    """The version as numbers, which compare; none where it does not say."""
    return tuple(int(part) for part in version_of(response).split(".") if part)
