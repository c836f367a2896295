"""A shop that sells what Alibaba's sellers have: both simulated, with the people in them.

What a shopper buys is named by Alibaba's own ids; a rule of the bridge makes SKUs of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import attrs

import orderbridge as ob
from both_sides import AT_ONCE, Plan, Sides
from brief import Bridged, told
from in_alibaba import BUYER, CABLE, FEDEX, LAMP, MUG_BLUE, MUG_RED
from orderbridge.sandbox import AlibabaSupplier, WooCommerceShop
from orderbridge.sandbox.alibaba import AlibabaOrder
from orderbridge.suppliers import alibaba

__all__ = ["BLUE", "BUYER", "CABLE", "FEDEX", "LAMP", "MUG", "STANDARD", "Market", "market_of"]

MUG, BLUE = MUG_RED, MUG_BLUE
STANDARD = "SEMI_MANAGED_CARRIER_CODE_CHEAPEST"
PREFIX = "AB-"

ob.register(attrs.evolve(alibaba.PLATFORM, name="alibaba-at-once", limits=lambda _: AT_ONCE))


@attrs.define
class Market:
    """The shop, Alibaba, and the merchant between them."""

    sides: Sides
    alibaba: AlibabaSupplier
    plan: Plan
    url: str
    bridged: Bridged

    def account(self, **more: Any) -> ob.Account:
        """The merchant's account at Alibaba."""
        keys = self.alibaba.keys
        secrets = {name: getattr(keys, name) for name in ("app_key", "app_secret", "refresh_token")}
        settings = {"base_url": f"{self.url}/rest", **secrets}
        return ob.supplier("alibaba", platform="alibaba-at-once", settings=settings, **more)

    def bridge(self, policy: ob.Policy | None = None, **parts: Any) -> ob.Bridge:
        """A bridge of the face at hand; without a policy it spends nothing by itself."""
        parts = {"policy": policy or ob.Policy(), "suppliers": [self.account()], **parts}
        rules = (ob.SkuPrefix(prefix=PREFIX, supplier="alibaba"),)
        return self.bridged(self.sides, **{"rules": rules, "buyer": BUYER, **parts})

    def another_shop(
        self, name: str, *, policy: ob.Policy | None = None, owner: str = ""
    ) -> tuple[ob.Account, Any]:
        """One more WooCommerce beside the first shop; it has not sold anything yet."""
        shop = WooCommerceShop(https=False, fulfillments=True)
        settings = {
            "base_url": self.sides.serve(shop),
            "consumer_key": shop.consumer_key,
            "consumer_secret": shop.consumer_secret,
            "ready_statuses": ["processing", "on-hold"],
        }
        account = ob.store(name, platform="fast-woocommerce", settings=settings, policy=policy, owner=owner)
        return account, shop

    def sells(self, bridge: ob.Bridge, goods: Mapping[str, int], *, hours: float = 0.2, **order: Any) -> str:
        """A shopper buys, and the bridge works for a while; the order's id."""
        order_id = self.sides.sell({f"{PREFIX}{each}": units for each, units in goods.items()}, **order)
        self.sides.live(bridge, hours)
        return order_id

    def live(self, bridge: ob.Bridge, hours: float = 1.0) -> None:
        """Time passes."""
        self.sides.live(bridge, hours)

    def give_back(self, order_id: str, *, units: int, line: int = 0) -> None:
        """The merchant refunds units of a line of the shop's order, at 10.00 each."""
        ref = int(order_id.partition("/")[2])
        row = self.sides.shop.order(ref)["line_items"][line]
        part = {"id": row["id"], "quantity": units, "refund_total": f"{units}0.00"}
        self.sides.shop.refund(ref, now=self.sides.now(), lines=[part], total=f"{units}0.00")

    def dearer(self, goods: str, price: str) -> None:
        """The seller asks another price from now on."""
        product, sku = goods.split(":")
        self.alibaba.set_price(product, sku, {1: Decimal(price)}, now=self.sides.now())

    # What stands in Alibaba's ledger

    @property
    def ordered(self) -> list[AlibabaOrder]:
        """The orders there that nobody canceled."""
        return [order for order in self.alibaba.orders if not order.released]

    @property
    def paid(self) -> list[Decimal]:
        """Each time that money moved."""
        return [payment.amount for payment in self.alibaba.movements()]

    def order_of(self, record: ob.PurchaseRecord) -> AlibabaOrder:
        """What Alibaba has for a purchase order."""
        return self.alibaba.order(record.po.supplier_ref)

    def held_back(self, bridge: ob.Bridge, order_id: str, code: ob.ReviewCode) -> ob.Review:
        """Nothing of the order is with Alibaba, and one question says why."""
        (review,) = (review for review in bridge.reviews() if review.order_id == order_id)
        assert review.code is code, review
        assert not [each for each in told(bridge, order_id).purchases if each.po.supplier_ref]
        return review


@contextmanager
def market_of(bridged: Bridged, sides: Sides, **people: Any) -> Iterator[Market]:
    """A shop's market; ``people`` are the habits of Alibaba's."""
    supplier, plan = AlibabaSupplier(**people), Plan()
    with sides:
        yield Market(sides, supplier, plan, sides.serve(supplier, plan), bridged)
