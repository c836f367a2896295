"""What shoppers and the merchant do in the shop, beside the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import attrs

from .bulk import Bulk
from .floor import Tracking, whole_of
from .hooks import Subscription
from .records import (
    Discount,
    Event,
    Fulfillment,
    FulfillmentOrder,
    Hold,
    Job,
    Line,
    Location,
    Order,
    Refund,
    Return,
)
from .till import MoneyBack, Till, Wanted
from .totals import ZERO, capturable, cents, fulfillment_status, outstanding, total, unfulfilled

SHOPPER = {
    "firstName": "Jean",
    "lastName": "Dupont",
    "address1": "16, Rue Principale",
    "zip": "75002",
    "city": "Paris",
    "country": "France",
    "countryCode": "FR",
    "phone": "+33102030405",
}


@attrs.frozen(kw_only=True)
class Item:
    """What a shopper buys.

    Args:
        sku: None or empty, and there is none; a SKU not yet on sale is put on sale.

        price: One unit, in the shopper's currency.

        custom: A line that no variant stands behind.

        tax: The rate, ``"0.19"``; empty, and no tax is on it.

        fetched: The shopper picks it up in a store.

        at: Which location sends it, by its id.
    """

    sku: str | None
    quantity: int = 1
    price: str = "10.00"
    title: str = ""
    variant_title: str | None = None
    custom: bool = False
    requires_shipping: bool = True
    gift_card: bool = False
    fulfillable: bool = True
    fetched: bool = False
    tax: str = "0.19"
    duty: str = "0"
    group: str = ""
    attributes: Mapping[str, str] = attrs.field(factory=dict[str, str])
    at: int = 1


@attrs.frozen(kw_only=True)
class Used:
    """A key that was used, with what, and what came of it."""

    body: str
    at: datetime
    refund: Refund | None = None


@attrs.define(kw_only=True, eq=False)
class Desk(Till):
    """A shop with the people in it."""

    keys: dict[str, Used] = attrs.field(init=False, factory=dict[str, Used], repr=False)
    hooks: dict[int, Subscription] = attrs.field(init=False, factory=dict[int, Subscription], repr=False)
    bulks: dict[int, Bulk] = attrs.field(init=False, factory=dict[int, Bulk], repr=False)

    def keep_key(self, key: str, body: str, now: datetime, refund: Refund | None = None) -> None:
        """A key is used."""
        self.keys[key] = Used(body=body, at=now, refund=refund)

    def place_order(
        self,
        items: Sequence[Item],
        *,
        now: datetime,
        shipping: Mapping[str, str] | None = None,
        digital: bool = False,
        email: str | None = "jean@example.com",
        paid: bool = True,
        authorized: bool = False,
        gateway: str = "shopify_payments",
        currency: str = "",
        rate: str = "1",
        shipping_cost: str = "4.90",
        percent_off: str = "",
        code: str = "",
        tip: str = "0",
        taxes_included: bool = True,
        note: str | None = None,
        tags: Sequence[str] = (),
        test: bool = False,
        fulfill_at: datetime | None = None,
    ) -> int:
        """A shopper buys; the order's number in its ids.

        Args:
            items: What is bought.

            now: When.

            shipping: Fields of the address; left out, a shopper in Paris.

            digital: There is no shipping address and no shipping; nor is there an address where the shopper
                fetches all of it.

            paid, authorized: The money is there, or only promised by a card. If neither, it is awaited.

            gateway: Who takes the money, ``Cash on Delivery (COD)`` for one.

            currency, rate: The shopper's, and how many units of the shop's one of it is.

            percent_off, code: A discount on all lines, by a code or by hand.

            fulfill_at: Not to be sent before.
        """
        nowhere = digital or all(item.fetched for item in items)
        address = None if nowhere else {**SHOPPER, **(shipping or {})}
        count = self.next_id("OrderNumber")
        stamp = now.replace(microsecond=0)
        order = Order(
            id=self.next_id("Order"),
            number=count,
            name=f"#{count}",
            currency=currency or self.currency,
            rate=Decimal(rate),
            shop_currency=self.currency,
            created_at=stamp,
            updated_at=stamp,
            lines=[],
            email=email,
            phone=address["phone"] if address else None,
            shipping_address=address,
            billing_address=address or SHOPPER,
            shipping=ZERO if digital else Decimal(shipping_cost),
            shipping_code=None if digital else "Standard",
            tip=Decimal(tip),
            gateway=gateway,
            taxes_included=taxes_included,
            note=note,
            tags=sorted(tags),
            test=test,
        )
        if percent_off:
            title = "" if code else "By hand"
            order.discounts.append(Discount(index=0, code=code, title=title, percentage=Decimal(percent_off)))
        for item in items:
            self._add(order, item)
        self.orders[order.id] = order
        owed = total(order, now=True)
        if authorized:
            self.transact(order, "AUTHORIZATION", owed, now)
        elif paid and owed:
            self.transact(order, "SALE", owed, now)
        elif not paid:
            self.transact(order, "SALE", owed, now, status="PENDING")
        self.touch(order, now, "orders/create")
        self.expect_routing(order, now)
        if fulfill_at is not None:
            for work in order.fulfillment_orders:
                work.status, work.fulfill_at = "SCHEDULED", fulfill_at
        return order.id

    def _add(self, order: Order, item: Item) -> Line:
        variant = None if item.custom or not item.sku else self.variant(item.sku, price=Decimal(item.price))
        price = Decimal(item.price)
        line = Line(
            id=self.next_id("LineItem"),
            sku=item.sku or None,
            title=item.title or (variant.product_title if variant else "Something special"),
            variant_title=item.variant_title,
            vendor=variant.vendor if variant else None,
            weight=variant.weight if variant else 0.0,
            quantity=item.quantity,
            price=price,
            variant=variant,
            requires_shipping=item.requires_shipping,
            gift_card=item.gift_card,
            fulfillable=item.fulfillable,
            fetched=item.fetched,
            location_id=item.at,
            discounts={
                one.index: cents(price * item.quantity * one.percentage / 100)
                for one in order.discounts
                if one.percentage is not None
            },
            taxes=(("VAT", Decimal(item.tax)),) if item.tax else (),
            duty=Decimal(item.duty),
            attributes=dict(item.attributes),
            group=item.group,
        )
        line.order = order
        order.lines.append(line)
        return line

    # The merchant's money

    def pay(self, order_id: int, *, now: datetime, amount: str = "") -> None:
        """Money comes in; without an amount, all that is owed."""
        order = self.orders[order_id]
        self.transact(order, "SALE", Decimal(amount) if amount else outstanding(order), now)
        self.touch(order, now, "orders/paid")

    def capture_by_hand(self, order_id: int, *, now: datetime) -> None:
        """The merchant takes what a card promised."""
        order = self.orders[order_id]
        self.capture(order, order.transactions[0], capturable(order), now)

    def void(self, order_id: int, *, now: datetime) -> None:
        """The promise of a card is given back."""
        order = self.orders[order_id]
        self.transact(order, "VOID", capturable(order), now, parent=order.transactions[0])
        self.touch(order, now)

    def expire(self, order_id: int, *, now: datetime) -> None:
        """The promise of a card is too old."""
        self.orders[order_id].expired = True
        self.touch(self.orders[order_id], now)

    def refund_by_hand(
        self,
        order_id: int,
        units: Mapping[str, int],
        *,
        now: datetime,
        restock: str = "CANCEL",
        amount: str = "",
        shipping: str = "0",
    ) -> Refund:
        """The merchant refunds units by SKU; without an amount, what they cost; ``"0"`` moves no money."""
        order = self.orders[order_id]
        wanted = [
            Wanted(line=self.line(order_id, sku), quantity=count, restock=restock)
            for sku, count in units.items()
        ]
        due = Decimal(amount) if amount else self.suggest(order, wanted, Decimal(shipping))
        money: list[MoneyBack] = self.sources(order, due)
        return self.refund(order, wanted, shipping=Decimal(shipping), money=money, now=now)

    # What anybody can see

    def order(self, ref: str) -> Order:
        """An order by its global id or its number in it."""
        return self.orders[int(ref.rpartition("/")[2])]

    def fulfilled(self, ref: str) -> bool:
        """All that was to leave has left."""
        return fulfillment_status(self.order(ref)) == "FULFILLED"

    # The merchant's work

    def work(self, order_id: int) -> list[FulfillmentOrder]:
        """Its fulfillment orders, first to last."""
        return self.orders[order_id].fulfillment_orders

    def line(self, order_id: int, sku: str) -> Line:
        """The line of this SKU."""
        return next(line for line in self.orders[order_id].lines if line.sku == sku)

    def fulfill_by_hand(
        self,
        order_id: int,
        units: Mapping[str, int] | None = None,
        *,
        now: datetime,
        numbers: Sequence[str] = (),
        company: str = "",
        notify: bool = False,
    ) -> Fulfillment:
        """The merchant sends units by SKU, or all that one location has left."""
        for work in self.work(order_id):
            skus = {line.line.sku for line in work.lines}
            if work.open and work.remaining and (units is None or set(units) <= skus):
                chosen = whole_of(work)
                if units is not None:
                    chosen = [
                        (line, units[line.line.sku or ""]) for line, _ in chosen if line.line.sku in units
                    ]
                tracking = Tracking(company=company or None, numbers=tuple(numbers))
                return self.fulfill([(work, chosen)], tracking, notify=notify, now=now)
        raise ValueError("nothing left to send")

    def event_by_hand(self, gone: Fulfillment, status: str, *, now: datetime) -> None:
        """A carrier tells what happened."""
        event = Event(id=self.next_id("FulfillmentEvent"), status=status, happened_at=now, created_at=now)
        self.happen(gone, event, now)

    def hold_by_hand(
        self, work: FulfillmentOrder, *, now: datetime, reason: str = "OTHER", ours: bool = False
    ) -> Hold:
        """Somebody puts it on hold."""
        made = Hold(id=self.next_id("FulfillmentHold"), reason=reason, ours=ours)
        self.put_on_hold(work, made, (), now)
        return made

    def split_by_hand(
        self, work: FulfillmentOrder, units: Mapping[str, int], *, now: datetime
    ) -> FulfillmentOrder:
        """Units by SKU go to a new fulfillment order."""
        chosen = [(line, units[line.line.sku or ""]) for line in work.lines if line.line.sku in units]
        return self.split(work, chosen, now)[0]

    def move_by_hand(self, work: FulfillmentOrder, place: Location, *, now: datetime) -> FulfillmentOrder:
        """All of it goes to another location."""
        return self.relocate(work, place, whole_of(work), now)

    def request_by_hand(self, work: FulfillmentOrder, *, now: datetime, message: str = "") -> None:
        """The merchant asks the service to send it."""
        self.ask(work, "FULFILLMENT_REQUEST", message or None, now, notify=False)
        work.request_status = "SUBMITTED"
        self.changed(work, now, "fulfillment_orders/fulfillment_request_submitted")

    # Changes of mind

    def edit(
        self,
        order_id: int,
        *,
        now: datetime,
        remove: Mapping[str, int] | None = None,
        add: Sequence[Item] = (),
    ) -> None:
        """The merchant edits the order: units leave it by SKU, and lines come to it."""
        order = self.orders[order_id]
        for sku, count in (remove or {}).items():
            line = self.line(order_id, sku)
            gone = min(count, unfulfilled(line))
            self.take_out(line, gone)
            line.removed += gone
        for item in add:
            line = self._add(order, item)
            if unfulfilled(line):
                place = self.locations[line.location_id]
                self.new_work(order, place, [(line, line.quantity)], now, method=line.method)
        order.edited = True
        self.touch(order, now, "orders/edited")

    def cancel_by_hand(self, order_id: int, *, now: datetime, refund: bool = True) -> Job:
        """The merchant calls it off, at once."""
        job = self.start_cancel(
            self.orders[order_id], reason="CUSTOMER", restock=True, refund=refund, notify=False, now=now
        )
        job.due = now
        self.tick(now)
        return job

    def return_by_hand(self, order_id: int, *, now: datetime, status: str = "OPEN") -> Return:
        """The shopper sends back what came with the first fulfillment."""
        order = self.orders[order_id]
        made = Return(
            id=self.next_id("Return"),
            order=order,
            status=status,
            created_at=now.replace(microsecond=0),
            parts=[
                (self.next_id("ReturnLineItem"), part, part.quantity) for part in order.fulfillments[0].parts
            ],
        )
        order.returns.append(made)
        self.touch(order, now, "returns/approve")
        return made

    def delete_product(self, sku: str) -> None:
        """A product is deleted; orders keep their lines without it."""
        self.variants.pop(sku).deleted = True

    def archive(self, order_id: int, *, now: datetime) -> None:
        """The merchant puts the order away."""
        self.orders[order_id].closed_at = now.replace(microsecond=0)
        self.touch(self.orders[order_id], now)
