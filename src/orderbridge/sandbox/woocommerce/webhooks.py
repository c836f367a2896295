"""The shop's webhooks: created by REST, called after what happened, signed over the raw body."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import re
from collections.abc import Callable, Mapping
from datetime import datetime

import attrs

from .values import Ids, Json, Object, WpError, encode, integer, text

VERSION = "10.2.4"
AGENT = f"WooCommerce/{VERSION} Hookshot (WordPress/6.8.7)"
HOOKS = {
    "order.created": ["woocommerce_new_order"],
    "order.updated": ["woocommerce_update_order", "woocommerce_order_refunded"],
    "order.deleted": ["wp_trash_post", "woocommerce_trash_order"],
    "order.restored": ["untrashed_post", "woocommerce_untrash_order"],
}
TOPIC = re.compile(r"(order|product|customer|coupon)\.(created|updated|deleted|restored)|action\.\w+")
ENTITY = re.compile(r"&(?:amp|lt|gt|quot|#0?39);")


@attrs.frozen(kw_only=True)
class Delivery:
    """One webhook call the shop made. ``body`` holds the exact bytes that were signed."""

    webhook_id: int
    url: str
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    method: str = "POST"

    @property
    def topic(self) -> str:
        """``order.updated`` and the like; empty for a ping."""
        return self.headers.get("X-WC-Webhook-Topic", "")


def signature(secret: str, body: bytes) -> str:
    """The signature of a delivery. WordPress decodes HTML entities in the secret first."""
    key = ENTITY.sub(lambda found: html.unescape(found[0]), secret)
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


@attrs.define(eq=False)
class Webhooks:
    """All webhooks and what they sent."""

    ids: Ids
    hooks: dict[int, Object] = attrs.field(init=False, factory=dict[int, Object])
    deliveries: list[Delivery] = attrs.field(init=False, factory=list[Delivery])
    _secrets: dict[int, str] = attrs.field(init=False, factory=dict[int, str], repr=False)
    _failures: dict[int, int] = attrs.field(init=False, factory=dict[int, int])
    _waiting: dict[tuple[str, int], None] = attrs.field(init=False, factory=dict[tuple[str, int], None])

    def create(self, params: Object, dates: tuple[str, str]) -> Object:
        """Keep a webhook and ping its address: form data, without signature or headers of its own."""
        topic, url = text(params.get("topic")), text(params.get("delivery_url"))
        if not TOPIC.fullmatch(topic):
            message = "Webhook topic is required and must be valid."
            raise WpError("woocommerce_rest_shop_webhook_invalid_topic", message, 400)
        if not url.startswith(("http://", "https://")):
            message = "Webhook delivery URL must be a valid URL starting with http:// or https://."
            raise WpError("woocommerce_rest_shop_webhook_invalid_delivery_url", message, 400)
        resource, _, event = topic.partition(".")
        hook_id = self.ids.next("webhook")
        names: list[Json] = [
            *HOOKS.get(topic, [event if resource == "action" else f"woocommerce_{event}_{resource}"])
        ]
        hook: Object = {
            "id": hook_id,
            "name": text(params.get("name")) or f"Webhook created on {dates[0]}",
            "status": "active",
            "topic": topic,
            "resource": resource,
            "event": event,
            "hooks": names,
            "delivery_url": url,
            "date_created": dates[0],
            "date_created_gmt": dates[1],
            "date_modified": None,
            "date_modified_gmt": None,
        }
        self.hooks[hook_id] = hook
        # Left out, the shop makes one up and never tells it.
        self._secrets[hook_id] = (
            text(params.get("secret")) or hashlib.sha256(f"unknown{hook_id}".encode()).hexdigest()
        )
        headers = {"User-Agent": AGENT, "Content-Type": "application/x-www-form-urlencoded"}
        ping = f"webhook_id={hook_id}".encode()
        self.deliveries.append(Delivery(webhook_id=hook_id, url=url, headers=headers, body=ping))
        return hook

    def update(self, hook_id: int, params: Object, dates: tuple[str, str]) -> Object:
        """Change or switch on again."""
        hook = self.get(hook_id)
        for key in ("name", "status", "topic", "delivery_url"):
            if key in params:
                hook[key] = params[key]
        if "topic" in params:
            hook["resource"], _, hook["event"] = text(params["topic"]).partition(".")
        if "secret" in params:
            self._secrets[hook_id] = text(params["secret"])
        if params.get("status") == "active":
            self._failures[hook_id] = 0
        hook["date_modified"], hook["date_modified_gmt"] = dates
        return hook

    def get(self, hook_id: int) -> Object:
        """One webhook; its secret is never shown."""
        if hook_id not in self.hooks:
            raise WpError("woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.", 404)
        return self.hooks[hook_id]

    def delete(self, hook_id: int, params: Object) -> Object:
        """Only for good."""
        hook = self.get(hook_id)
        if text(params.get("force")).lower() not in ("true", "1"):
            raise WpError("woocommerce_rest_trash_not_supported", "Webhooks do not support trashing.", 501)
        return self.hooks.pop(hook_id) if hook else hook

    def fire(self, topic: str, resource_id: int) -> None:
        """Something happened; equal events of one call go out once, when the call is over."""
        self._waiting[topic, resource_id] = None

    def deliver(self, now: datetime, home: str, order: Callable[[int], Object | None]) -> None:
        """Call the webhooks. A body is what the order is now, not what it was when the event came."""
        waiting, self._waiting = self._waiting, {}
        for topic, resource_id in waiting:
            for hook in self.hooks.values():
                if hook["topic"] == topic and hook["status"] == "active":
                    self._deliver(hook, resource_id, now, home, order(resource_id))

    def answered(self, delivery: Delivery, status: int) -> None:
        """How the receiver answered. Seven failures in a row switch a webhook off."""
        hook = delivery.webhook_id
        good = 200 <= status < 300 or status in (301, 302)
        self._failures[hook] = 0 if good else self._failures.get(hook, 0) + 1
        if self._failures[hook] > 6:
            self.hooks[hook]["status"] = "disabled"

    @staticmethod
    def links(home: str, hook: Object) -> Object:
        """The ``_links`` of a webhook."""
        base = f"{home}/wp-json/wc/v3/webhooks"
        return {"self": [{"href": f"{base}/{hook['id']}"}], "collection": [{"href": base}]}

    def _deliver(
        self, hook: Object, resource_id: int, now: datetime, home: str, order: Object | None
    ) -> None:
        topic, hook_id = text(hook["topic"]), integer(hook["id"])
        resource, _, event = topic.partition(".")
        content: Object = {"id": resource_id}
        if resource == "action":
            content = {"action": event, "arg": resource_id}
        elif event != "deleted" and order is not None:
            content = order
        body = encode(content)
        # Not one id per delivery, but one per webhook and second.
        delivery_id = hashlib.sha256(f"{hook_id}{int(now.timestamp())}".encode()).hexdigest()[:32]
        headers = {
            "User-Agent": AGENT,
            "Accept": "*/*",
            "Content-Type": "application/json",
            "X-WC-Webhook-Source": f"{home}/",
            "X-WC-Webhook-Topic": topic,
            "X-WC-Webhook-Resource": resource,
            "X-WC-Webhook-Event": event,
            "X-WC-Webhook-Signature": signature(self._secrets[hook_id], body),
            "X-WC-Webhook-ID": str(hook_id),
            "X-WC-Webhook-Delivery-ID": delivery_id,
        }
        url = text(hook["delivery_url"])
        self.deliveries.append(Delivery(webhook_id=hook_id, url=url, headers=headers, body=body))
