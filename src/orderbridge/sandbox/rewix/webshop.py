"""The supplier's web shop as the merchant's account sees it: the one place where a person pays."""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qs

from ..._http import Call, Headers, Response
from .desk import Desk
from .wire import Refusal, html

__all__ = ["account_page", "back", "payment"]


def account_page(desk: Desk, growing_id: str) -> Response:
    """The growing order, and each order that waits for money with a button to pay it."""
    held = "".join(f"<li>{escape(model)}: {units}</li>" for model, units in desk.locked.items())
    rows = "".join(
        f"<tr><td>{order.order_id}</td><td>{escape(order.key)}</td><td>{order.total} EUR</td><td>"
        '<form method="post" action="/pay">'
        f'<button name="order_id" value="{order.order_id}">Pay</button></form></td></tr>'
        for order in desk.waiting_for_money
    )
    return html(
        "<html><head><title>Your orders</title></head><body>"
        f"<h1>Growing order {growing_id}</h1><ul>{held}</ul>"
        f"<h1>Orders that wait for payment</h1><table>{rows}</table></body></html>"
    )


def payment(desk: Desk, call: Call) -> str:
    """The id of the order that the person wants to pay."""
    order_id = parse_qs(call.body.decode("ascii", errors="replace")).get("order_id", [""])[0]
    if order_id not in {order.order_id for order in desk.waiting_for_money}:
        raise Refusal(404, "This order does not wait for payment")
    return order_id


def back() -> Response:
    """To the page it came from."""
    return Response(303, headers=Headers({"Location": "/"}))
