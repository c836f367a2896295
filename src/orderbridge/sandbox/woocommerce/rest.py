"""A call and an answer as the routes of a WordPress REST API see them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import TypeAlias
from urllib.parse import urlencode

import attrs

from ..._http import Call, Headers, Response
from .keys import as_params, php_query
from .orders import whole
from .values import Json, Object, WpError, array, text

EDITS = ("PUT", "POST", "PATCH")


@attrs.frozen(kw_only=True)
class Ask:
    """A call as a route sees it: the method after overrides, the path below the REST root."""

    method: str
    path: str
    params: Object = attrs.field(repr=False)
    body: Object = attrs.field(repr=False)
    home: str
    now: datetime


@attrs.frozen
class Answer:
    """What a route gives; ``links`` join an object after ``_fields`` trimmed it."""

    body: Json = attrs.field(repr=False)
    status: int = attrs.field(default=200, kw_only=True)
    links: Object | None = attrs.field(default=None, kw_only=True, repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str], kw_only=True, repr=False)


# Pattern of the path, methods, and what answers; the pattern's groups are its two texts.
Route: TypeAlias = tuple[str, tuple[str, ...], Callable[[Ask, str, str], Answer]]


def read_body(call: Call) -> Object:
    if not call.body:
        return {}
    if "json" not in call.headers.get("Content-Type", ""):
        return as_params(php_query(call.body.decode(errors="replace")))
    try:
        content: Json = json.loads(call.body)
    except ValueError:
        data: Object = {"status": 400, "json_error_code": 4, "json_error_message": "Syntax error"}
        raise WpError("rest_invalid_json", "Invalid JSON body passed.", 400, data) from None
    return content if isinstance(content, dict) else {}


def trim(row: Object, keep: list[str]) -> Object:
    """``_fields``: names, or ``outer.inner`` into objects."""
    shape: Object = {key: value for key, value in row.items() if key in keep}
    for name in keep:
        outer, dot, inner = name.partition(".")
        value, known = row.get(outer), shape.get(outer, {})
        if dot and isinstance(value, dict) and isinstance(known, dict) and inner in value:
            shape[outer] = {**known, inner: value[inner]}
    return shape


def sliced(ask: Ask, found: list[Object]) -> Answer:
    per_page, number = whole(ask.params, "per_page", 10, 1, 100), whole(ask.params, "page", 1, 1)
    page = found[(number - 1) * per_page : number * per_page]
    return paged(ask, page, len(found), -(-len(found) // per_page), number)


def paged(ask: Ask, page: list[Object], total: int, pages: int, number: int) -> Answer:
    headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
    query = {
        key: text(value) for key, value in ask.params.items() if key != "page" and not isinstance(value, list)
    }
    links: list[str] = []
    for rel, other in (("prev", number - 1), ("next", number + 1)):
        if 1 <= other <= pages:
            address = f"{ask.home}/wp-json/{ask.path}?{urlencode({**query, 'page': other})}"
            links.append(f'<{address}>; rel="{rel}"')
    if links:
        headers["Link"] = ", ".join(links)
    return Answer(array(page), headers=headers)


def html_page(status: int, title: str, now: datetime) -> Response:
    body = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    headers = {"Content-Type": "text/html; charset=UTF-8", "Date": format_datetime(now, usegmt=True)}
    return Response(status, headers=Headers(headers), body=body.encode())
