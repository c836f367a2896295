"""Our own sandboxes as backends of the suites and the simulator."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import attrs

from .. import Address, Money
from .._http import Call, Headers, Response
from ..sandbox import magento
from ..sandbox.alibaba import AlibabaSupplier
from ..sandbox.alibaba.values import Object, object_of, text_of
from ..sandbox.prestashop import DEPARTURES, Item, PrestaShopShop
from ..sandbox.rewix import Code, RewixSupplier
from ..sandbox.woocommerce import WooCommerceShop
from .backends import TRACKING, Ordered, Shown

if TYPE_CHECKING:
    from ..sandbox.shopify import ShopifyShop

__all__ = [
    "AlibabaBackend",
    "MagentoBackend",
    "PrestaShopBackend",
    "RewixBackend",
    "ShopifyBackend",
    "WooCommerceBackend",
]

_DEPARTURE_MAILS = ("customer_fulfillment_created", "customer_note", "customer_completed_order")
_SHOPIFY_DEPARTURES = ("shipping_confirmation", "shipping_update")
_PART = re.compile(r"(\d+) x ([\w-]+)")
_PARCEL_NOTES = (
    "Shipped",
    "One more parcel",
)  # the words that ``orderbridge.adapters.departure`` begins with


def _noted(text: str) -> Shown:
    """A note about a departure; a number stands there once as itself and once in its link."""
    return Shown(
        numbers=tuple(dict.fromkeys(TRACKING.findall(text))),
        units={sku: Decimal(units) for units, sku in _PART.findall(text)},
    )


class WooCommerceBackend:
    """A WooCommerce shop, whichever way it shows departures."""

    def __init__(self, shop: WooCommerceShop, *, webhook_secret: str = "") -> None:
        self.shop = shop
        self._webhook_secret = webhook_secret

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

    def sell_unpaid(self, goods: Mapping[str, int], *, shopper: str, now: datetime) -> Sequence[str]:
        """Nothing has come yet; and a bank transfer is waited for."""
        lines = [{"sku": sku, "price": "10.00", "quantity": units} for sku, units in goods.items()]
        return [
            str(self.shop.place_order(cast("Any", lines), now=now, status=status))
            for status in ("pending", "on-hold")
        ]

    def shown(self, ref: str) -> Sequence[Shown]:
        """Fulfillments or plug-in entries; in a shop with neither, the notes that tell of a departure.

        Goods that leave once more are told by a note where nothing else shows their parcel.
        """
        order_id = int(ref)
        notes = sorted(self.shop.notes(order_id), key=lambda note: int(str(note["id"])))
        told = [str(note["note"]) for note in notes]
        if self.shop.fulfillments or self.shop.tracking_plugin:
            skus = {line["id"]: line["sku"] for line in self._lines(order_id)}
            parcels = [
                Shown(
                    numbers=tuple(number for text in shown.numbers for number in TRACKING.findall(text)),
                    units={skus[line]: Decimal(units) for line, units in shown.items.items()}
                    if shown.way == "fulfillment"
                    else None,
                )
                for shown in self.shop.shipments(order_id)
            ]
            known = {number for parcel in parcels for number in parcel.numbers}
            more = [_noted(text) for text in told if text.startswith("One more parcel")]
            return parcels + [parcel for parcel in more if not known & {*parcel.numbers}]
        shown = [_noted(text) for text in told if text.startswith(("Shipped", "One more parcel"))]
        for text in told:
            right, corrects, wrong = text.partition(" in place of ")
            if corrects:
                numbers = tuple(dict.fromkeys(TRACKING.findall(right)))
                gone = set(TRACKING.findall(wrong))
                shown = [
                    attrs.evolve(each, numbers=numbers) if gone & {*each.numbers} else each for each in shown
                ]
        return shown

    def ship_to(self, ref: str) -> Address:
        """Its shipping address."""
        row = cast("dict[str, str]", self.shop.order(int(ref))["shipping"])
        return Address(
            name=f"{row['first_name']} {row['last_name']}",
            company=row["company"],
            line1=row["address_1"],
            line2=row["address_2"],
            city=row["city"],
            postal_code=row["postcode"],
            country=row["country"],
            phone=row["phone"],
        )

    def shown_to_shopper(self, ref: str) -> Sequence[str]:
        """Notes to the customer."""
        return [str(note["note"]) for note in self.shop.notes(int(ref)) if note["customer_note"]]

    def call_back(self, *, now: datetime) -> Call:
        """A new order is told to a webhook."""
        if not self.shop.webhooks.hooks:
            hook = {"topic": "order.created", "delivery_url": "https://bridge.example/hooks/shop"}
            self.shop.webhooks.create({**hook, "secret": self._webhook_secret}, self.shop.dates(now))
        self.sell({"MUG": 1}, shopper="Ala Nowak", now=now)
        told = self.shop.deliveries[-1]
        return Call(told.method, told.url, headers=Headers(told.headers), body=told.body)

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

    def sell_unpaid(self, goods: Mapping[str, int], *, shopper: str, now: datetime) -> Sequence[str]:
        """Nothing has come yet."""
        lines = [Item(reference=sku, quantity=units) for sku, units in goods.items()]
        return [str(self.shop.place_order(lines, now=now, paid=False))]

    def spoil(self, ref: str) -> None:
        """Its currency is one that the shop does not have."""
        self.shop.tables["orders"][int(ref)]["id_currency"] = "999"

    def ship_to(self, ref: str) -> Address:
        """Its delivery address, without the blanks that people leave at the end."""
        row = self.shop.tables["addresses"][int(self.shop.tables["orders"][int(ref)]["id_address_delivery"])]
        country = self.shop.tables["countries"][int(row["id_country"])]
        return Address(
            name=f"{row['firstname']} {row['lastname']}",
            company=row["company"],
            line1=row["address1"].strip(),
            line2=row["address2"].strip(),
            city=row["city"].strip(),
            postal_code=row["postcode"],
            country=country["iso_code"],
            phone=row["phone"],
        )

    def shown_to_shopper(self, ref: str) -> Sequence[str]:
        """Messages that are not private."""
        return [row["message"] for row in self.shop.messages(int(ref)) if row["private"] != "1"]

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


class MagentoBackend:
    """A Magento."""

    def __init__(self, shop: magento.MagentoShop) -> None:
        self.shop = shop

    def handle(self, call: Call, now: datetime) -> Response:
        """Carry the call out."""
        return self.shop.handle(call, now)

    def sell(self, goods: Mapping[str, int], *, shopper: str, now: datetime) -> str:
        """A shopper buys."""
        first, _, last = shopper.partition(" ")
        items = [magento.Item(sku=sku, quantity=units) for sku, units in goods.items()]
        name = {"firstname": first, "lastname": last}
        return str(self.shop.place_order(items, now=now, shipping=name))

    def sell_unpaid(self, goods: Mapping[str, int], *, shopper: str, now: datetime) -> Sequence[str]:
        """There is no invoice yet."""
        items = [magento.Item(sku=sku, quantity=units) for sku, units in goods.items()]
        return [str(self.shop.place_order(items, now=now, paid=False))]

    def ship_to(self, ref: str) -> Address:
        """Its shipping address."""
        row = self.shop.orders[int(ref)].shipping or {}
        line1, _, line2 = str(row["street"] or "").partition("\n")
        return Address(
            name=f"{row['firstname']} {row['lastname']}",
            company=str(row["company"] or ""),
            line1=line1,
            line2=line2,
            city=str(row["city"]),
            postal_code=str(row["postcode"]),
            country=str(row["country_id"]),
            phone=str(row["telephone"]),
        )

    def shown_to_shopper(self, ref: str) -> Sequence[str]:
        """Comments that are mailed, or stand on the shopper's page."""
        return [
            str(row["comment"] or "")
            for row in self.shop.orders[int(ref)].comments
            if row["is_visible_on_front"] or row["is_customer_notified"]
        ]

    def shown(self, ref: str) -> Sequence[Shown]:
        """Its shipments; a bundle that ships separately is not counted beside its parts."""
        shown: list[Shown] = []
        order = self.shop.orders[int(ref)]
        for shipment in self.shop.shipments_of(int(ref)):
            units: dict[str, Decimal] = {}
            for row in shipment.items:
                line = order.line(int(row["order_item_id"] or 0))
                if line is not None and not line.ships_with_another:
                    units[line.sku] = units.get(line.sku, Decimal(0)) + Decimal(row["qty"] or 0)
            numbers = [str(track["track_number"]) for track in shipment.tracks]
            found = tuple(number for text in numbers for number in TRACKING.findall(text))
            shown.append(Shown(numbers=found, units=units))
        return shown

    def mails(self, ref: str) -> int:
        """Mails about shipments, and of comments that have a tracking number in them."""
        return sum(
            mail.order_id == int(ref) and (mail.kind == "shipment" or bool(TRACKING.search(mail.comment)))
            for mail in self.shop.mails
        )

    def closed(self, ref: str) -> bool:
        """Complete, or all given back."""
        return self.shop.order(int(ref))["state"] in ("complete", "closed")

    def effects(self) -> int:
        """Calls that changed the shop."""
        return len(self.shop.effects)


class ShopifyBackend:
    """A Shopify shop, which says of each fulfillment what is in it."""

    def __init__(self, shop: ShopifyShop) -> None:
        self.shop = shop

    def handle(self, call: Call, now: datetime) -> Response:
        """Carry the call out."""
        return self.shop.handle(call, now)

    def sell(self, goods: Mapping[str, int], *, shopper: str, now: datetime) -> str:
        """A shopper buys."""
        # Loaded here: the simulated Shopify alone needs graphql-core.
        from ..sandbox.shopify import Item as Sold

        first, _, last = shopper.partition(" ")
        items = [Sold(sku=sku, quantity=units) for sku, units in goods.items()]
        return str(self.shop.place_order(items, now=now, shipping={"firstName": first, "lastName": last}))

    def sell_unpaid(self, goods: Mapping[str, int], *, shopper: str, now: datetime) -> Sequence[str]:
        """Nothing has come yet; and the card was only asked."""
        from ..sandbox.shopify import Item as Sold

        items = [Sold(sku=sku, quantity=units) for sku, units in goods.items()]
        return [
            str(self.shop.place_order(items, now=now, paid=False)),
            str(self.shop.place_order(items, now=now, authorized=True)),
        ]

    def ship_to(self, ref: str) -> Address:
        """Its shipping address."""
        row = self.shop.orders[int(ref)].shipping_address or {}
        return Address(
            name=f"{row['firstName']} {row['lastName']}",
            company=row.get("company", ""),
            line1=row["address1"],
            line2=row.get("address2", ""),
            city=row["city"],
            postal_code=row["zip"],
            country=row["countryCode"],
            phone=row["phone"],
        )

    def call_back(self, *, now: datetime) -> Call:
        """A new order is told."""
        told = self.shop.webhook(
            "orders/create", int(self.sell({"MUG": 1}, shopper="Ala Nowak", now=now)), now=now
        )
        return Call("POST", told.url, headers=Headers(told.headers), body=told.body)

    def shown(self, ref: str) -> Sequence[Shown]:
        """Each fulfillment that is not cancelled."""
        return [
            Shown(
                numbers=tuple(number for text in gone.numbers for number in TRACKING.findall(text)),
                units={part.source.line.sku or "": Decimal(part.quantity) for part in gone.parts},
            )
            for gone in self.shop.orders[int(ref)].fulfillments
            if gone.status == "SUCCESS"
        ]

    def mails(self, ref: str) -> int:
        """Mails about departures: that something left, and that its tracking changed."""
        order = self.shop.orders[int(ref)]
        return sum(mail.order_id == order.id and mail.kind in _SHOPIFY_DEPARTURES for mail in self.shop.mails)

    def closed(self, ref: str) -> bool:
        """All units have left."""
        return self.shop.fulfilled(self.shop.orders[int(ref)].gid)

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
                to=_of_recipient(order.recipient),
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

    def order_again(self, ref: str, *, now: datetime) -> str:
        """Somebody sends the file of orders a second time."""
        order = self.supplier.order(ref)
        again = attrs.evolve(order, order_id=f"{ref}1", history=[], placed_at=now, last_update=now)
        self.supplier.orders.append(again)
        return again.order_id

    def print_label(self, ref: str, number: str, *, now: datetime) -> None:
        """The carrier's number is written down as soon as the label is there."""
        order = self.supplier.order(ref)
        order.tracking_code, order.carrier, order.last_update = number, "UPS", now

    def effects(self) -> int:
        """Changes asked for and carried out."""
        return len(self.supplier.effects)


def _of_recipient(told: Mapping[str, str]) -> dict[str, str]:
    return {
        "line1": told.get("street_name", ""),
        "postal_code": told.get("zip", ""),
        "city": told.get("city", ""),
        "country": told.get("countrycode", ""),
        "phone": told.get("number", ""),
    }


class AlibabaBackend:
    """Alibaba.com and one of its sellers."""

    goods = ("1601206892606:105613018158", "1601206892606:105613018159", "1601314875038:106117950042")

    def __init__(self, supplier: AlibabaSupplier) -> None:
        self.supplier = supplier

    def handle(self, call: Call, now: datetime) -> Response:
        """Carry the call out."""
        return self.supplier.handle(call, now)

    def call_back(self, *, now: datetime) -> Call:
        """A message about another order each time."""
        self.supplier.tell(self.supplier.next_trade_id(), "undeliver", now=now)
        told = self.supplier.messages()[-1]
        return Call("POST", "https://bridge.example/hooks/supplier", headers=told.headers, body=told.body)

    def orders(self) -> Sequence[Ordered]:
        """All orders, also those that were closed."""
        return [
            Ordered(
                ref=order.trade_id,
                reference=order.reference,
                shopper=order.shopper,
                units={f"{product}:{sku}": Decimal(units) for (product, sku), units in order.units.items()},
                paid=self.supplier.paid(order.trade_id),
                canceled=self.supplier.cancellations.count(order.trade_id),
                to=_of_shipment(order.address),
                amount=next(
                    (Money(each.amount, "USD") for each in self.supplier.movements(order.trade_id)[-1:]), None
                ),
            )
            for order in self.supplier.orders
        ]

    def work(self, now: datetime) -> None:
        """The seller packs what is paid; nobody but a call pays."""
        self.supplier.confirm(now=now)
        self.supplier.work(now=now)
        self.supplier.ready(now=now)

    def ship(self, ref: str, number: str, *, now: datetime) -> None:
        """It leaves by FedEx."""
        self.supplier.ship(ref, number, now=now)

    def ship_part(self, ref: str, units: Mapping[str, int], number: str, *, now: datetime) -> None:
        """A parcel of some."""
        parts = {remote_id.partition(":")[2]: count for remote_id, count in units.items()}
        self.supplier.ship(ref, number, parts=parts, now=now)

    def raise_price(self, *, now: datetime) -> None:
        """All goods by ten cents."""
        for product in self.supplier.products.values():
            for sku in product.skus:
                ladder = {units: price + Decimal("0.10") for units, price in sku.ladder.items()}
                self.supplier.set_price(product.product_id, sku.sku_id, ladder, now=now)

    def set_total(self, ref: str, total: Decimal, *, now: datetime) -> None:
        """The seller changes what the order costs."""
        self.supplier.adjust(ref, total - self.supplier.order(ref).total, now=now)

    def order_again(self, ref: str, *, now: datetime) -> str:
        """Somebody orders the same for the same shopper, and copies the remark."""
        trade_id = self.supplier.next_trade_id()
        order = self.supplier.order(ref)
        self.supplier.keep(attrs.evolve(order, trade_id=trade_id, created_at=now, modified_at=now))
        return trade_id

    def pay_slowly(self) -> None:
        """Payments are undecided for a day."""
        self.supplier.paying_for = timedelta(days=1)

    def forget_payments(self) -> None:
        """The buyer has never paid by hand."""
        self.supplier.paid_before = False

    def effects(self) -> int:
        """Changes asked for and carried out."""
        return len(self.supplier.effects)


def _of_shipment(told: Object) -> dict[str, str]:
    phone = object_of(told, "telephone")
    return {
        "line1": text_of(told, "address"),
        "postal_code": text_of(told, "zip"),
        "city": text_of(told, "city"),
        "country": text_of(told, "country_code"),
        "phone": text_of(phone, "country") + text_of(phone, "number"),
    }
