"""The orders collection by REST: what a list gives, and what an edit does."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import attrs

from .shop import Shop
from .values import Ids, Json, Object, WpError, amount, array, integer, money, rows, text

MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d(:?\d\d)?)?")
PLAIN_FIELDS = (
    "parent_id",
    "currency",
    "customer_id",
    "customer_note",
    "payment_method",
    "payment_method_title",
    "transaction_id",
)
ITEMS = ("line_items", "shipping_lines", "fee_lines", "coupon_lines")
LINE_MONEY = ("subtotal", "subtotal_tax", "total", "total_tax")
ORDER_MONEY = (
    "discount_total",
    "discount_tax",
    "shipping_total",
    "shipping_tax",
    "cart_tax",
    "total",
    "total_tax",
)


def invalid_param(name: str, message: str, code: str, data: Json = None) -> WpError:
    """WordPress's own refusal of a parameter."""
    detail: Object = {"code": code, "message": message, "data": data}
    whole: Object = {"status": 400, "params": {name: message}, "details": {name: detail}}
    return WpError("rest_invalid_param", f"Invalid parameter(s): {name}", 400, whole)


def flag(params: Object, name: str, default: bool = False) -> bool:
    """A yes or no."""
    value = text(params.get(name, default)).lower()
    if value not in ("true", "1", "false", "0", ""):
        message = f"{name} is not of type boolean."
        raise invalid_param(name, message, "rest_invalid_type", {"param": name})
    return value in ("true", "1")


def whole(params: Object, name: str, default: int, low: int = 0, high: int | None = None) -> int:
    """A whole number within limits."""
    value = text(params.get(name, default))
    if not re.fullmatch(r"-?\d+", value):
        raise invalid_param(name, f"{name} is not of type integer.", "rest_invalid_type", {"param": name})
    if high is not None and not low <= int(value) <= high:
        message = f"{name} must be between {low} (inclusive) and {high} (inclusive)"
        raise invalid_param(name, message, "rest_out_of_bounds")
    if int(value) < low:
        raise invalid_param(name, f"{name} must be greater than or equal to {low}", "rest_out_of_bounds")
    return int(value)


def members(params: Object, name: str) -> list[str]:
    """A list, also when written with commas."""
    value = params.get(name)
    given = value if isinstance(value, list) else text(value).split(",")
    return [text(member).strip() for member in given if text(member).strip()]


def one_of(params: Object, name: str, default: str, allowed: Sequence[str]) -> str:
    """One of some words."""
    value = text(params.get(name, default))
    if value not in allowed:
        raise not_in_enum(name, name, allowed)
    return value


def not_in_enum(name: str, what: str, allowed: Sequence[str]) -> WpError:
    """A word that is none of the allowed ones."""
    message = f"{what} is not one of {', '.join(allowed[:-1])}, and {allowed[-1]}."
    return invalid_param(name, message, "rest_not_in_enum", {"enum": array(allowed)})


@attrs.frozen
class Listing:
    """One page of a list, and how much there is in all."""

    page: list[Object]
    total: int
    number: int
    pages: int


def list_orders(shop: Shop, params: Object, *, orderby_modified: bool) -> Listing:
    """``GET /orders``. Parameters it does not know are no error: they do nothing."""
    per_page = whole(params, "per_page", 10, 1, 100)
    number = whole(params, "page", 1, 1)
    offset = whole(params, "offset", (number - 1) * per_page)
    order = one_of(params, "order", "desc", ("asc", "desc"))
    keys = ("date", "id", "include", "title", "slug", *(("modified",) if orderby_modified else ()))
    orderby = one_of(params, "orderby", "date", keys)
    found = [row for row in shop.book.values() if _wanted(shop, row, params)]
    include = members(params, "include")

    def key(row: Object) -> tuple[str, int]:
        match orderby:
            case "date":
                return text(row.get("date_created_gmt")), integer(row["id"])
            case "include" if include:
                return "", include.index(text(row["id"]))
            case "modified":
                # No second key: rows of one second come in any order, another one for each page.
                chance = hashlib.sha256(f"{row['id']} {offset} {per_page}".encode()).digest()
                return text(row.get("date_modified_gmt")), int.from_bytes(chance[:4])
            case _:
                return "", integer(row["id"])

    found.sort(key=key, reverse=order == "desc" and orderby != "include")
    pages = -(-len(found) // per_page)
    return Listing(found[offset : offset + per_page], len(found), number, pages)


def _wanted(shop: Shop, row: Object, params: Object) -> bool:
    return (
        _status_wanted(shop, row, params)
        and _dates_wanted(shop, row, params)
        and _ids_wanted(row, params)
        and _search_wanted(row, text(params.get("search")).lower())
    )


def _status_wanted(shop: Shop, row: Object, params: Object) -> bool:
    allowed = ("any", "trash", "auto-draft", *shop.statuses)
    wanted = members(params, "status") or ["any"]
    for index, status in enumerate(wanted):
        if status not in allowed:
            raise not_in_enum("status", f"status[{index}]", allowed)
    # Statuses of a plug-in that is gone are in no list.
    return row["status"] in wanted or ("any" in wanted and row["status"] in shop.statuses)


def _ids_wanted(row: Object, params: Object) -> bool:
    include, exclude = members(params, "include"), members(params, "exclude")
    parent, via = members(params, "parent"), members(params, "created_via")
    products = [
        text(line.get(key)) for line in rows(row.get("line_items")) for key in ("product_id", "variation_id")
    ]
    return (
        (not include or text(row["id"]) in include)
        and text(row["id"]) not in exclude
        and (not parent or text(row.get("parent_id")) in parent)
        and (not via or row.get("created_via") in via)
        and ("customer" not in params or row.get("customer_id") == whole(params, "customer", 0))
        and ("product" not in params or text(whole(params, "product", 0)) in products)
    )


def _search_wanted(row: Object, term: str) -> bool:
    words = [text(row["id"])]
    for key in ("billing", "shipping"):
        address = row.get(key)
        words += [text(value) for value in address.values()] if isinstance(address, dict) else []
    words += [text(line.get("name")) for line in rows(row.get("line_items"))]
    return any(term in word.lower() for word in words)


def _dates_wanted(shop: Shop, row: Object, params: Object) -> bool:
    gmt = flag(params, "dates_are_gmt")
    for name, column in (("", "date_created_gmt"), ("modified_", "date_modified_gmt")):
        after, before = (_bound(shop, params, name + end, gmt) for end in ("after", "before"))
        value = text(row.get(column))
        if not (after or before):
            continue
        if not value:
            return False
        at = value if gmt else shop.local(value)
        if (after and not at > after) or (before and not at < before):
            return False
    return True


def _bound(shop: Shop, params: Object, name: str, gmt: bool) -> str:
    """A date as it meets the column: in the shop's zone, or in UTC with ``gmt``.

    A value that names its zone always becomes shop time, also where the column is in UTC: the
    trap that loses the orders of the last hours east of Greenwich.
    """
    if name not in params:
        return ""
    value = text(params[name])
    if not MOMENT.fullmatch(value):
        raise invalid_param(name, "Invalid date.", "rest_invalid_date")
    try:
        moment = datetime.fromisoformat(value.upper())
    except ValueError:
        raise invalid_param(name, "Invalid date.", "rest_invalid_date") from None
    if moment.tzinfo is not None:
        moment = moment.astimezone(ZoneInfo(shop.timezone))
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def shown(shop: Shop, order: Object, params: Object) -> Object:
    """An order as one answer shows it: ``dp``, ``include_meta`` and ``exclude_meta`` applied."""
    shape = dict(order)
    keep, drop = members(params, "include_meta"), members(params, "exclude_meta")
    if keep or drop:
        entries = rows(order.get("meta_data"))
        shape["meta_data"] = array(
            entry for entry in entries if (not keep or entry["key"] in keep) and entry["key"] not in drop
        )
    decimals = whole(params, "dp", shop.decimals)
    if decimals != shop.decimals:
        shape.update({key: money(amount(order[key]), decimals) for key in ORDER_MONEY if key in order})
        shape["line_items"] = array(_precise(line, decimals) for line in rows(order.get("line_items")))
    return shape


def _precise(line: Object, decimals: int) -> Object:
    shape = {**line, **{key: money(amount(line[key]), decimals) for key in LINE_MONEY if key in line}}
    if "price" in line:
        shape["total"] = money(amount(line["price"]) * amount(line["quantity"]), decimals)
    return shape


def edit(shop: Shop, order: Object, body: Object, now: datetime, *, in_batch: bool = False) -> None:
    """``PUT /orders/{id}``: whatever it holds, the order's date moves. Unknown fields do nothing.

    Args:
        in_batch: The batch route does not look at the status: an unknown one becomes ``pending``.
    """
    status = body.get("status")
    if status is not None:
        writable = ("auto-draft", *shop.statuses)
        if in_batch:
            status = text(status).removeprefix("wc-")
            status = status if status in shop.statuses else "pending"
        elif status not in writable:
            raise not_in_enum("status", "status", writable)
    for key in (*ITEMS, "meta_data"):
        if body.get(key) is not None and not isinstance(body[key], list):
            raise invalid_param(key, f"{key} is not of type array.", "rest_invalid_type", {"param": key})
    _check_items(order, body)
    for key in PLAIN_FIELDS:
        if body.get(key) is not None:
            order[key] = body[key]
    for key in ("billing", "shipping"):
        given, known = body.get(key), order[key]
        if isinstance(given, dict) and isinstance(known, dict):
            known.update({name: value for name, value in given.items() if name in known})
    _edit_meta(shop.ids, order, body, order)
    edited = [_edit_items(shop, order, key, rows(body.get(key))) for key in ITEMS]
    if any(edited) or "billing" in body or "shipping" in body:
        shop.catalog.recalculate(order)
    shop.touch(order, now)
    if body.get("set_paid") is True and order["status"] in ("pending", "failed"):
        shop.move(order, "processing" if order["needs_processing"] else "completed", now)
        order["date_paid"], order["date_paid_gmt"] = shop.dates(now)
    if status is not None:
        shop.move(order, text(status), now)


def _check_items(order: Object, body: Object) -> None:
    for key in ITEMS:
        known = [line["id"] for line in rows(order.get(key))]
        for line in rows(body.get(key)):
            if line.get("id") and line["id"] not in known:
                message = "Order item ID provided is not associated with order."
                raise WpError("woocommerce_rest_invalid_item_id", message, 400)
            if key == "line_items" and not line.get("id") and not (line.get("product_id") or line.get("sku")):
                message = "Product ID or SKU is required."
                raise WpError("woocommerce_rest_required_product_reference", message, 400)


def _edit_items(shop: Shop, order: Object, key: str, given: list[Object]) -> bool:
    lines = rows(order.get(key))
    for change in given:
        line = next((line for line in lines if change.get("id") and line["id"] == change["id"]), None)
        if line is None:
            lines.append(shop.catalog.new_line(change) if key == "line_items" else _plain_item(shop, change))
        elif _is_null(change):
            lines.remove(line)
        else:
            _edit_meta(shop.ids, line, change, None)
            _edit_quantity(shop, line, change)
    order[key] = array(lines)
    return bool(given)


def _is_null(change: Object) -> bool:
    names = ("product_id", "method_id", "method_title", "name", "code")
    return any(name in change and change[name] is None for name in names) or change.get("quantity") == 0


def _edit_quantity(shop: Shop, line: Object, change: Object) -> None:
    for key in ("name", "total", "subtotal"):
        if change.get(key) is not None:
            line[key] = change[key]
    if change.get("quantity") is not None:
        per_unit = amount(line["total"]) / amount(line["quantity"])
        line["quantity"] = change["quantity"]
        line["total"] = line["subtotal"] = money(per_unit * amount(change["quantity"]), shop.decimals)
    if change.keys() & {"quantity", "total", "subtotal"}:
        tax = money(amount(line["total"]) * Decimal(shop.tax_percent) / 100, shop.decimals)
        line["total_tax"] = line["subtotal_tax"] = tax


def _plain_item(shop: Shop, given: Object) -> Object:
    total = money(amount(given.get("total")), shop.decimals)
    return {**given, "id": shop.ids.next("item"), "total": total, "total_tax": money(0, shop.decimals)}


def _edit_meta(ids: Ids, owner: Object, change: Object, order: Object | None) -> None:
    """Meta by id, or by key, which updates the entry of that key; null removes.

    Some keys of an order are its own fields in disguise, and writing them changes those.
    """
    for entry in rows(change.get("meta_data")):
        key, value = text(entry.get("key")), entry.get("value")
        part, _, field = key.removeprefix("_").partition("_")
        address = order.get(part) if order is not None and key.startswith("_") else None
        if isinstance(address, dict) and field in address:
            address[field] = value
            continue
        entries = rows(owner.get("meta_data"))
        known = (
            next((e for e in entries if e.get("id") == entry.get("id")), None) if entry.get("id") else None
        )
        if value is None:
            owner["meta_data"] = array(
                e for e in entries if e is not known and (known or e.get("key") != key)
            )
        elif known is not None:
            known.update(entry)
        else:
            ids.set_meta(owner, key, value)


def create(shop: Shop, body: Object, now: datetime) -> Object:
    """``POST /orders``."""
    _check_items({}, body)
    status = body.get("status", "pending")
    if status not in shop.statuses:
        raise not_in_enum("status", "status", ("auto-draft", *shop.statuses))
    blank: Object = dict.fromkeys(
        ("first_name", "last_name", "address_1", "city", "postcode", "country", "phone"), ""
    )
    fields: Object = {"billing": {**blank, "email": ""}, "shipping": dict(blank), "created_via": "rest-api"}
    fields.update(dict.fromkeys(("payment_method", "payment_method_title", "transaction_id"), ""))
    order_id = shop.place_order(rows(body.get("line_items")), now=now, status="pending", **fields)
    order = shop.book[order_id]
    edit(shop, order, {key: value for key, value in body.items() if key != "line_items"}, now)
    return order
