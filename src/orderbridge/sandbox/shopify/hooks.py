"""Webhooks: subscriptions, and deliveries in the shape REST had, signed over the raw body."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import attrs

from . import totals
from .records import FulfillmentOrder, Line, Order
from .values import Json, Money, Object, amount, bag, encode, gid, iso


class Delivery(NamedTuple):
    """One webhook call; ``body`` holds the exact bytes that were signed."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@attrs.define(kw_only=True, eq=False)
class Subscription:
    """A wish to be told."""

    id: int
    topic: str
    uri: str
    created_at: datetime
    updated_at: datetime
    name: str | None = None
    filter: str | None = None
    include_fields: list[str] = attrs.field(factory=list[str])
    namespaces: list[str] = attrs.field(factory=list[str])
    failures: int = 0


def signature(secret: str, body: bytes) -> str:
    """``X-Shopify-Hmac-Sha256``."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def unique(of: str) -> str:
    """An id in the shape of a UUID, always the same for the same."""
    digest = hashlib.sha256(of.encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"


def order_body(order: Order) -> Object:
    """An order as webhooks tell it: numbers for ids, lower-case words, tags in one text."""
    status = totals.fulfillment_status(order)
    words = {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial"}
    return {
        "id": order.id,
        "admin_graphql_api_id": order.gid,
        "name": order.name,
        "number": order.number - 1000,
        "order_number": order.number,
        "email": order.email or "",
        "created_at": iso(order.created_at),
        "updated_at": iso(order.updated_at),
        "processed_at": iso(order.created_at),
        "cancelled_at": iso(order.canceled_at),
        "cancel_reason": order.cancel_reason.lower() if order.cancel_reason else None,
        "closed_at": iso(order.closed_at),
        "confirmed": True,
        "test": order.test,
        "currency": order.shop_currency,
        "presentment_currency": order.currency,
        "taxes_included": order.taxes_included,
        "financial_status": totals.financial_status(order).lower(),
        "fulfillment_status": words.get(status),
        "note": order.note,
        "tags": ", ".join(order.tags),
        "current_total_price": amount(totals.total(order, now=True) * order.rate),
        "current_total_price_set": _set(order.money(totals.total(order, now=True))),
        "line_items": [_line(line) for line in order.lines],
    }


def _set(money: Money) -> Object:
    shown = bag(money)
    names = (("shop_money", "shopMoney"), ("presentment_money", "presentmentMoney"))
    found: Object = {}
    for name, key in names:
        side = shown[key]
        if isinstance(side, dict):
            found[name] = {"amount": side["amount"], "currency_code": side["currencyCode"]}
    return found


def _line(line: Line) -> Json:
    variant = None if line.variant is None or line.variant.deleted else line.variant
    return {
        "id": line.id,
        "admin_graphql_api_id": gid("LineItem", line.id),
        "sku": line.sku,
        "title": line.title,
        "quantity": line.quantity,
        "current_quantity": line.current,
        "fulfillable_quantity": totals.unfulfilled(line),
        "price": amount(line.price * line.order.rate),
        "variant_id": variant.id if variant else None,
        "product_id": variant.id + 1 if variant else None,
        "product_exists": variant is not None,
        "requires_shipping": line.requires_shipping,
        "gift_card": line.gift_card,
    }


def _work_body(topic: str, work: FulfillmentOrder) -> Object:
    named: Object = {"id": gid("FulfillmentOrder", work.id), "status": work.status.lower()}
    if topic.endswith("/fulfillment_request_submitted") and work.requests:
        asked: Object = {**named, "request_status": work.request_status.lower()}
        request = work.requests[-1]
        return {
            "original_fulfillment_order": asked,
            "submitted_fulfillment_order": asked,
            "fulfillment_order_merchant_request": {
                "id": gid("FulfillmentOrderMerchantRequest", request.id),
                "message": request.message,
            },
        }
    if topic.endswith("/progress_reported"):
        return {
            "fulfillment_order": named,
            "progress_report": {"reason_notes": None},
            "initial_status": "open",
        }
    return {"fulfillment_order": named}


def body_of(topic: str, order: Order) -> Object:
    """What a delivery of this topic says: the order, something that hangs on it, or hardly anything."""
    kind = topic.partition("/")[0]
    if kind == "fulfillment_orders":
        last = max(order.fulfillment_orders, key=lambda work: (work.updated_at, work.id), default=None)
        if last is None:
            return {}
        return _work_body(topic, last)
    if kind == "fulfillments" and order.fulfillments:
        gone = order.fulfillments[-1]
        numbers: list[Json] = [*gone.numbers]
        urls: list[Json] = [*gone.urls]
        return {
            "id": gone.id,
            "admin_graphql_api_id": gid("Fulfillment", gone.id),
            "order_id": order.id,
            "status": gone.status.lower(),
            "created_at": iso(gone.created_at),
            "updated_at": iso(gone.updated_at),
            "tracking_company": gone.company,
            "tracking_number": gone.numbers[0] if gone.numbers else None,
            "tracking_numbers": numbers,
            "tracking_urls": urls,
            "name": f"{order.name}.{gone.index}",
        }
    if kind == "refunds" and order.refunds:
        refund = order.refunds[-1]
        return {
            "id": refund.id,
            "admin_graphql_api_id": gid("Refund", refund.id),
            "order_id": order.id,
            "created_at": iso(refund.created_at),
            "note": refund.note,
            "refund_line_items": [
                {
                    "id": one.id,
                    "line_item_id": one.line.id,
                    "quantity": one.quantity,
                    "restock_type": one.restock.lower(),
                }
                for one in refund.lines
            ],
        }
    return order_body(order)


def delivery(
    *,
    topic: str,
    url: str,
    order: Order,
    secret: str,
    domain: str,
    version: str,
    number: int,
    name: str | None,
    now: datetime,
) -> Delivery:
    """One signed call. Its id stays the same when it is tried again."""
    body = encode(body_of(topic, order))

    headers = {
        "Content-Type": "application/json",
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": signature(secret, body),
        "X-Shopify-Shop-Domain": domain,
        "X-Shopify-API-Version": version,
        "X-Shopify-Webhook-Id": unique(f"webhook{number}"),
        # One action of the merchant, however many topics tell of it.
        "X-Shopify-Event-Id": unique(f"event{order.id}{iso(order.updated_at)}"),
        "X-Shopify-Triggered-At": f"{iso(now)}",
    }
    if name:
        headers["X-Shopify-Name"] = name
    return Delivery(url, headers, body)
