"""Our own sandboxes as backends of the suites and the simulator."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

import attrs

from .._http import Call, Response
from ..sandbox.prestashop import DEPARTURES, Item, PrestaShopShop
from ..sandbox.rewix import Code, RewixSupplier
from ..sandbox.woocommerce import WooCommerceShop
from .backends import TRACKING, Ordered, Shown

__all__ = ["PrestaShopBackend", "RewixBackend", "WooCommerceBackend"]

_DEPARTURE_MAILS = ("customer_fulfillment_created", "customer_note", "customer_completed_order")
_PART = re.compile(r"(\d+) x ([\w-]+)")


class WooCommerceBackend:
    """A WooCommerce shop, whichever way it shows departures."""

    def __init__(self, shop: WooCommerceShop) -> None:
        self.shop = shop

    def handle(self, call: Call, now: datetime) -> Response:
        """Carry the call out."""
        return self.shop.handle(call, now)

    def sell(self, goods: Mapping[str, int], *, shopper: str, now: datetime) -> str:
        """A shopper buys."""
        first, _, last = shopper.partition(" ")
        lines = [{"sku": sku, "price": "10.00", "quantity": units} for sku, units in goods.items()]
        # The sandbox takes plain JSON.
        name = cast("Any", {"first_name": first, "last_name": last})
        return str(self.shop.place_order(cast("Any", lines), now=now, shipping=name))

    def shown(self, ref: str) -> Sequence[Shown]:
        """Fulfillments or plug-in entries; in a shop with neither, the notes that tell of a departure."""
        order_id = int(ref)
        if self.shop.fulfillments or self.shop.tracking_plugin:
            skus = {line["id"]: line["sku"] for line in self._lines(order_id)}
            return [
                Shown(
                    numbers=tuple(number for text in shown.numbers for number in TRACKING.findall(text)),
                    units={skus[line]: Decimal(units) for line, units in shown.items.items()}
                    if shown.way == "fulfillment"
                    else None,
                )
                for shown in self.shop.shipments(order_id)
            ]
        notes = sorted(self.shop.notes(order_id), key=lambda note: int(str(note["id"])))
        told = [str(note["note"]) for note in notes]
        shown = [
            Shown(
                # A number stands once as itself and once in its link.
                numbers=tuple(dict.fromkeys(TRACKING.findall(text))),
                units={sku: Decimal(units) for units, sku in _PART.findall(text)},
            )
            for text in told
            if text.startswith("Shipped")
        ]
        for text in told:
            right, corrects, wrong = text.partition(" in place of ")
            if corrects:
                numbers = tuple(dict.fromkeys(TRACKING.findall(right)))
                gone = set(TRACKING.findall(wrong))
                shown = [
                    attrs.evolve(each, numbers=numbers) if gone & {*each.numbers} else each for each in shown
                ]
        return shown

    def mails(self, ref: str) -> int:
        """Mails about departures; WooCommerce counts the one about a completed order among them."""
        return sum(mail.order_id == int(ref) and mail.kind in _DEPARTURE_MAILS for mail in self.shop.mails)

    def closed(self, ref: str) -> bool:
        """Completed."""
        return self.shop.order(int(ref))["status"] == "completed"

    def effects(self) -> int:
        """Calls that changed the shop."""
        return len(self.shop.effects)

    def _lines(self, order_id: int) -> list[dict[str, Any]]:
        return cast("list[dict[str, Any]]", json.loads(json.dumps(self.shop.order(order_id)["line_items"])))


class PrestaShopBackend:
    """A PrestaShop, which cannot say what is in a parcel."""

    def __init__(self, shop: PrestaShopShop) -> None:
        self.shop = shop

    def handle(self, call: Call, now: datetime) -> Response:
        """Carry the call out."""
        return self.shop.handle(call, now)

    def sell(self, goods: Mapping[str, int], *, shopper: str, now: datetime) -> str:
        """A shopper buys."""
        first, _, last = shopper.partition(" ")
        lines = [Item(reference=sku, quantity=units) for sku, units in goods.items()]
        name = {"firstname": first, "lastname": last}
        return str(self.shop.place_order(lines, now=now, shipping=name))

    def shown(self, ref: str) -> Sequence[Shown]:
        """Each order_carrier that has a tracking number."""
        numbers = [parcel["tracking_number"] for parcel in self.shop.parcels(int(ref))]
        return [Shown(numbers=tuple(TRACKING.findall(number))) for number in numbers if number]

    def mails(self, ref: str) -> int:
        """Mails about departures: of the state "shipped", and of a parcel in transit."""
        return sum(mail.order_id == int(ref) and mail.template in DEPARTURES for mail in self.shop.mails)

    def closed(self, ref: str) -> bool:
        """It is in a state that counts as shipped."""
        return self.shop.state(int(ref)).get("shipped") == "1"

    def effects(self) -> int:
        """Calls that changed the shop."""
        return len(self.shop.effects)


class RewixBackend:
    """A Rewix supplier and the people at his desk."""

    def __init__(self, supplier: RewixSupplier) -> None:
        self.supplier = supplier

    def handle(self, call: Call, now: datetime) -> Response:
        """Carry the call out."""
        return self.supplier.handle(call, now)

    @property
    def goods(self) -> Sequence[str]:
        """All models."""
        return sorted(self.supplier.stock)

    def orders(self) -> Sequence[Ordered]:
        """All orders. The merchant pays in the supplier's shop, so nobody pays through the API."""
        return [
            Ordered(
                ref=order.order_id,
                reference=order.key,
                shopper=order.recipient["recipient"],
                units={model: Decimal(units) for model, units in order.items.items()},
            )
            for order in self.supplier.orders
        ]

    def work(self, now: datetime) -> None:
        """Each order goes one step on: paid, worked on, ready."""
        for order in self.supplier.orders:
            if order.step == Code.WORKING_ON:
                self.supplier.ready(order.order_id, now=now)
            elif order.step == Code.CONFIRMED:
                self.supplier.work(order.order_id, now=now)
            elif order.step == Code.BOOKED:
                self.supplier.pay(order.order_id, now=now)

    def ship(self, ref: str, number: str, *, now: datetime) -> None:
        """It leaves by UPS."""
        self.supplier.dispatch(ref, tracking_code=number, carrier="UPS", now=now)

    def effects(self) -> int:
        """Changes asked for and carried out."""
        return len(self.supplier.effects)
