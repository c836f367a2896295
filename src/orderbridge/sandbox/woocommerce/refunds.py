"""Refunds: on paper or through the gateway. Nothing in them asks whether it was done before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from .values import Json, Object, WpError, amount, array, integer, money, rows, text

if TYPE_CHECKING:
    from .shop import Shop


def refuse(message: str) -> WpError:
    """Every business refusal of a refund is a 500, its ``data`` the bare number."""
    return WpError("woocommerce_rest_cannot_create_order_refund", message, 500, 500)


def refund(
    shop: Shop,
    order_id: int,
    *,
    now: datetime,
    total: str | None = None,
    reason: str = "",
    lines: Sequence[Object] = (),
    through_gateway: bool = False,
    restock: bool = False,
) -> Object:
    """Give money back and record it.

    Args:
        total: With tax; where it and the lines differ, it wins.

        lines: ``{"id", "quantity", "refund_total", "refund_tax": [{"id", "refund_total"}]}`` each.
    """
    order = shop.book[order_id]
    given = {integer(line.get("id")): line for line in lines}
    back = [
        _line(shop, line, given[integer(line["id"])])
        for line in rows(order["line_items"])
        if line["id"] in given
    ]
    freight = [
        _line(shop, line, given[integer(line["id"])])
        for line in rows(order["shipping_lines"])
        if line["id"] in given
    ]
    tax = sum((amount(line["total_tax"]) for line in back), Decimal(0))
    freight_tax = sum((amount(line["total_tax"]) for line in freight), Decimal(0))
    net = sum((amount(line["total"]) for line in back + freight), freight_tax)
    asked, left = Decimal(total) if total else -(net + tax), shop.unrefunded(order_id)
    if not 0 <= asked <= left:
        raise refuse("Invalid refund amount.")
    gave = through_gateway and _send_back(shop, order, asked)
    full = asked == left
    local, gmt = shop.dates(now)
    made: Object = {
        "id": shop.ids.next("post"),
        "date_created": local,
        "date_created_gmt": gmt,
        "amount": money(asked, shop.decimals),
        "reason": reason,
        "refunded_by": 1,
        "refunded_payment": gave,
        "meta_data": [
            {"id": shop.ids.next("meta"), "key": "_refund_type", "value": "full" if full else "partial"}
        ],
        "line_items": array(back),
        "shipping_lines": array(freight),
        "tax_lines": [shop.catalog.tax_line(tax, freight_tax)] if back or freight else [],
        "fee_lines": [],
    }
    shop.refunds[order_id].insert(0, made)
    listed: Object = {"id": made["id"], "reason": reason, "total": f"-{made['amount']}"}
    order["refunds"] = [listed, *rows(order.get("refunds"))]
    if through_gateway and not gave:
        # The record stands from before the gateway was asked.
        raise WpError("internal_server_error", "<p>There has been a critical error.</p>", 500)
    if restock:
        for line in back:
            shop.catalog.restock(line, -integer(line["quantity"]))
    shop.touch(order, now)
    kind = "customer_refunded_order" if full else "customer_partially_refunded_order"
    shop.mail(kind, order_id, money(asked, shop.decimals))
    if full:
        shop.move(order, "refunded", now)
    return made


def delete(shop: Shop, order_id: int, refund_id: int, now: datetime) -> Object:
    """The record goes; money that moved has moved."""
    made = get(shop, order_id, refund_id)
    shop.refunds[order_id].remove(made)
    order = shop.book[order_id]
    order["refunds"] = array(row for row in rows(order["refunds"]) if row["id"] != refund_id)
    shop.touch(order, now)
    return made


def get(shop: Shop, order_id: int, refund_id: int) -> Object:
    """One refund of the order."""
    found = next((row for row in shop.refunds[order_id] if row["id"] == refund_id), None)
    if found is None:
        raise WpError("woocommerce_rest_shop_order_refund_invalid_id", "Invalid ID.", 404)
    return found


def links(home: str, order_id: int, made: Object) -> Object:
    """The ``_links`` of a refund."""
    up = f"{home}/wp-json/wc/v3/orders/{order_id}"
    hints: Object = {"allow": array(("GET", "DELETE"))}
    return {
        "self": [{"href": f"{up}/refunds/{made['id']}", "targetHints": hints}],
        "collection": [{"href": f"{up}/refunds"}],
        "up": [{"href": up}],
    }


def _send_back(shop: Shop, order: Object, asked: Decimal) -> bool:
    """False where the shop crashes while the money is on its way."""
    match shop.gateways.get(text(order["payment_method"])):
        case None:
            raise refuse("The payment gateway for this order does not exist.")
        case "cannot":
            raise refuse("The payment gateway for this order does not support automatic refunds.")
        case "declines":
            raise refuse("FakePay: refund declined")
        case "refunds" | "silent" | "fatal" as how:
            shop.money_back.append((integer(order["id"]), money(asked, shop.decimals)))
            if how == "silent":
                # A no like any other: the record goes again.
                raise refuse("cURL error 28: Operation timed out after 30001 milliseconds")
            return how == "refunds"


def _line(shop: Shop, line: Object, given: Object) -> Object:
    quantity = integer(given.get("quantity"))
    net = money(-amount(given.get("refund_total")), shop.decimals)
    taxes = given.get("refund_tax")
    tax = money(-sum((amount(row.get("refund_total")) for row in rows(taxes)), Decimal(0)), shop.decimals)
    points_to: dict[str, Json] = {
        "id": shop.ids.next("meta"),
        "key": "_refunded_item_id",
        "value": text(line["id"]),
    }
    points_to.update(display_key="_refunded_item_id", display_value=text(line["id"]))
    return {
        **line,
        "id": shop.ids.next("item"),
        "quantity": -quantity,
        "subtotal": net,
        "total": net,
        "subtotal_tax": tax,
        "total_tax": tax,
        "taxes": [{"id": 1, "total": tax, "subtotal": tax}],
        "meta_data": [points_to],
        "price": float(-amount(net) / quantity) if quantity else 0,
    }
