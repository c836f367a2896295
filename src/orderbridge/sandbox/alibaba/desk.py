"""What people do at the platform: the sellers and their shelves, the buyer on the payment page, the carriers.

No wire here: the other files turn calls into these steps, and tests move orders with the same ones.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Literal

import attrs

from ..._http import Headers
from .goods import Carrier, Product, Sku, some_carriers, some_goods
from .keys import Keys
from .orders import AlibabaOrder, Effect, Event, Parcel, Payment, Push
from .values import Json, local

__all__ = ["CLOSED", "UNPAID", "Desk"]

UNPAID = ("to_be_audited", "unpay")
CLOSED = ("trade_close", "trade_closed", "cancel")
_HAVE_PAID = ("ORDER_HAVE_PAID", "The order has been paid")
_NEVER_PAID = (
    "NEVER_PAY_SUCCESS_IN_DROPSHIPER",
    "The buyer has never paid for a successful dropshipping order and needs to visit payUrl to pay.",
)


@attrs.define(kw_only=True, eq=False)
class Desk:
    """Goods, orders and money.

    Args:
        products: What is on sale, see ``shelf``.

        carriers: How orders may be sent, see ``routes``.

        audited: New orders wait for a review before anybody may pay them; see ``confirm``.

        paid_before: The buyer has paid once by hand. Until then no call can pay.

        paying_for: A payment by a call is decided only after so long.

        double_pay: The platform does not notice that an order is paid, and takes the money again.
    """

    keys: Keys = attrs.field(factory=Keys)
    products: dict[str, Product] = attrs.field(factory=some_goods)
    carriers: dict[str, Carrier] = attrs.field(factory=some_carriers)
    audited: bool = False
    paid_before: bool = True
    paying_for: timedelta = timedelta(0)
    double_pay: bool = False
    orders: list[AlibabaOrder] = attrs.field(init=False, factory=list[AlibabaOrder])
    payments: list[Payment] = attrs.field(init=False, factory=list[Payment])
    effects: list[Effect] = attrs.field(init=False, factory=list[Effect])
    pushed: list[Push] = attrs.field(init=False, factory=list[Push])
    _declined: tuple[str, str] | None = attrs.field(init=False, default=None)
    # Neighbors differ in the last digit only: whoever reads them as floats takes one for the other.
    _trade_ids: count[int] = attrs.field(init=False, factory=lambda: count(271207727001028893))

    # What the ledger knows.

    def order(self, trade_id: str) -> AlibabaOrder:
        """The order with this id."""
        found = self.find(trade_id)
        if found is None:
            raise LookupError(f"there is no order {trade_id}")
        return found

    def find(self, trade_id: str) -> AlibabaOrder | None:
        """The order with this id, if there is one."""
        return next((order for order in self.orders if order.trade_id == trade_id), None)

    def tagged(self, tag: str) -> list[AlibabaOrder]:
        """Orders with this text in their remark."""
        return [order for order in self.orders if tag in order.remark]

    def referring(self, reference: str) -> list[AlibabaOrder]:
        """Orders with this ``channel_refer_id``."""
        return [order for order in self.orders if order.reference == reference]

    def paid(self, trade_id: str) -> int:
        """How many times money has moved for this order."""
        return len(self.movements(trade_id))

    def movements(self, trade_id: str | None = None) -> list[Payment]:
        """Payments that moved money: of one order, or all."""
        moved = (each for each in self.payments if each.outcome == "PAY_SUCCESS")
        return [each for each in moved if trade_id in (None, each.trade_id)]

    @property
    def cancellations(self) -> list[str]:
        """Trade ids that were canceled by a call."""
        return [effect.ref for effect in self.effects if effect.what == "cancel"]

    # Goods.

    def offer(self, product: Product) -> None:
        """Put a product on sale, or another in its place."""
        self.products[product.product_id] = product

    def sku(self, product_id: str, sku_id: str) -> Sku:
        """A variant, sold or not."""
        return next(sku for sku in self.products[product_id].skus if sku.sku_id == sku_id)

    def set_price(
        self, product_id: str, sku_id: str, ladder: Mapping[int, Decimal], *, now: datetime
    ) -> None:
        """Another price from now on. A product message tells of it."""
        self.sku(product_id, sku_id).ladder = ladder
        seconds = str(int(now.timestamp()))
        data: dict[str, Json] = {"productId": product_id, "skuId": sku_id, "option": "PRICE_CHANGE"}
        data |= {"value": f"{next(iter(ladder.values())):.2f}", "timestamp": seconds}
        self._push("BROADCAST", 1, data, now)

    def set_fee(self, carrier_code: str, fee: Decimal) -> None:
        """Another freight from now on."""
        self.carriers[carrier_code].fee = fee

    def set_stock(self, product_id: str, sku_id: str, units: int, place: str = "CN") -> None:
        """So many free units at one place."""
        self.sku(product_id, sku_id).stock[place] = units

    def withdraw(self, product_id: str, sku_id: str = "") -> None:
        """No longer sold: the product, or one variant."""
        if sku_id:
            self.sku(product_id, sku_id).status = "DELETED"
        else:
            self.products[product_id].status = "PRODUCT_OFFLINE"

    # Money.

    def pay_by_hand(self, trade_id: str, *, now: datetime) -> None:
        """The buyer pays on the payment page; from then on calls can pay too."""
        order = self.order(trade_id)
        if self.paid(trade_id) and not self.double_pay:
            raise ValueError(f"{trade_id} is paid")
        self.paid_before = True
        paid = Payment(
            trade_id=trade_id, amount=order.total, by="hand", at=now, due=now, outcome="PAY_SUCCESS"
        )
        self.payments.append(paid)
        self.say(trade_id, "paid", now=now)

    def decline(self, code: str = "50006", message: str = "test failed") -> None:
        """The bank says no to every payment by a call, until ``accept``."""
        self._declined = (code, message)

    def accept(self) -> None:
        """The bank says yes again."""
        self._declined = None

    def charge(self, order: AlibabaOrder, now: datetime) -> Payment:
        """What a call to pay does."""
        fails = self._declined if self.paid_before else _NEVER_PAID
        # Without a method on file nothing is tried, so there is nothing to wait for.
        due = now + self.paying_for if self.paid_before else now
        payment = Payment(trade_id=order.trade_id, amount=order.total, by="api", at=now, due=due, fails=fails)
        self.payments.append(payment)
        order.pay_reason = None
        if due > now:
            self.say(order.trade_id, "paying", now=now)
        self.settle(now)
        return payment

    def settle(self, now: datetime) -> None:
        """Decide the payments whose time has come."""
        for payment in self.payments:
            if payment.outcome != "PAYING" or payment.due > now:
                continue
            order = self.order(payment.trade_id)
            if self.paid(order.trade_id) and not self.double_pay:
                payment.fails = _HAVE_PAID  # a person was faster
            payment.outcome = "PAY_FAILED" if payment.fails else "PAY_SUCCESS"
            order.pay_reason = payment.fails
            waits = order.status in (*UNPAID, "paying")
            if payment.fails and order.status == "paying":
                self.say(order.trade_id, "unpay", now=payment.due)
            elif not payment.fails and waits:
                self.say(order.trade_id, "paid", now=payment.due)

    def adjust(self, trade_id: str, by: Decimal, *, now: datetime) -> None:
        """The seller changes the total after the order was placed."""
        order = self.order(trade_id)
        order.adjusted += by
        order.modified_at = now

    def freeze(self, trade_id: str, *, now: datetime) -> None:
        """A refund is asked for and runs."""
        order = self.order(trade_id)
        order.held_from = order.status
        self.say(trade_id, "frozen", now=now)

    def refund(self, trade_id: str, amount: Decimal | None = None, *, now: datetime) -> None:
        """Money goes back: all of it, which closes the order, or a part, which lets it go on."""
        order = self.order(trade_id)
        left = order.total - order.refunded
        given = left if amount is None else amount
        if not self.paid(trade_id) or not 0 < given <= left:
            raise ValueError(f"{given} of {left} cannot be refunded")
        order.refunded += given
        goes_on = order.held_from if order.status == "frozen" else order.status
        self.say(trade_id, "trade_close" if given == left else goes_on, now=now)

    def charge_back(self, trade_id: str, *, now: datetime) -> None:
        """The card's bank takes the money back."""
        self.say(trade_id, "charge_back", now=now)

    # The seller's work.

    def confirm(self, trade_id: str | None = None, *, now: datetime) -> None:
        """The review is over, or the money has arrived: of one order, or of all that wait for it."""
        for order in self._of(trade_id):
            following = {"to_be_audited": "unpay", "paid": "captured"}.get(order.status)
            if following:
                self.say(order.trade_id, following, now=now)

    def work(self, trade_id: str | None = None, *, now: datetime) -> None:
        """Start on one order, or on all that are paid."""
        for order in self._of(trade_id):
            if order.status in ("paid", "captured"):
                self.say(order.trade_id, "undeliver", now=now)

    def ready(self, trade_id: str | None = None, *, now: datetime) -> None:
        """Packed. The platform has no word for it: only the time of change moves."""
        for order in self._of(trade_id):
            if order.status == "undeliver":
                self.say(order.trade_id, "undeliver", now=now)

    def ship(
        self,
        trade_id: str,
        number: str,
        *,
        parts: Mapping[str, int] | None = None,
        carrier: str = "FEDEX",
        now: datetime,
    ) -> Parcel:
        """A parcel leaves with these units by SKU id, or with all that is left."""
        order = self.order(trade_id)
        left = {line.sku_id: line.quantity for line in order.lines}
        for parcel in order.parcels:
            for sku_id, sent in parcel.parts.items():
                left[sku_id] -= sent
        parts = {sku_id: units for sku_id, units in left.items() if units} if parts is None else parts
        if not parts or any(not 0 < units <= left.get(sku_id, 0) for sku_id, units in parts.items()):
            raise ValueError(f"{dict(parts)} of {left} cannot be sent")
        parcel = Parcel(carrier=carrier, number=number, parts=dict(parts), sent_at=now)
        order.parcels.append(parcel)
        whole = all(left[sku_id] == parts.get(sku_id, 0) for sku_id in left)
        order.logistic = "DELIVERED" if whole else "PART_DELIVERED"
        self.say(trade_id, "wait_confirm_receipt" if whole else "delivering", now=now)
        return parcel

    def resend(self, trade_id: str, number: str, *, carrier: str = "FEDEX", now: datetime) -> Parcel:
        """One more parcel for goods that were lost or broken; no status tells of it."""
        order = self.order(trade_id)
        parcel = Parcel(carrier=carrier, number=number, parts={}, sent_at=now)
        order.parcels.append(parcel)
        order.modified_at = now
        return parcel

    def renumber(self, trade_id: str, old: str, new: str, *, now: datetime) -> None:
        """The tracking number comes later, or was wrong."""
        order = self.order(trade_id)
        next(parcel for parcel in order.parcels if parcel.number == old).number = new
        order.modified_at = now

    def scan(
        self,
        trade_id: str,
        number: str,
        code: str = "DELIVERED",
        *,
        location: str = "IT, ROMA",
        now: datetime,
    ) -> None:
        """The carrier scans a parcel; ``DELIVERED`` is the only word for an arrival."""
        parcels = self.order(trade_id).parcels
        parcel = next(parcel for parcel in parcels if parcel.number == number)
        name = code.replace("_", " ").title()
        parcel.events.insert(0, Event(code=code, name=name, location=location, at=now))

    def receive(self, trade_id: str, *, now: datetime) -> None:
        """The buyer confirms that all has arrived."""
        self.order(trade_id).logistic = "CONFIRM_RECEIPT"
        self.say(trade_id, "trade_success", now=now)

    def close(self, trade_id: str, *, now: datetime) -> None:
        """The seller, or time, closes it; what has not left goes back on the shelf."""
        order = self.order(trade_id)
        if not order.parcels and not order.released:
            order.released = True
            for line in order.lines:
                self.sku(line.product_id, line.sku_id).stock[order.dispatch] += line.quantity
        self.say(trade_id, "trade_close", now=now)

    def say(
        self, trade_id: str, word: str, *, logistic: str | None = None, told: str = "", now: datetime
    ) -> None:
        """Write any status, also one that nobody knows, and send a message.

        Args:
            told: The status in the message, if it is to differ.
        """
        order = self.order(trade_id)
        order.status = word
        order.logistic = order.logistic if logistic is None else logistic
        order.modified_at = now
        self.tell(trade_id, told or word, now=now)

    def tell(self, trade_id: str, word: str, *, now: datetime) -> None:
        """Send a message about an order, whether or not there is one."""
        data: dict[str, Json] = {
            "status": word,
            "trade_id_str": trade_id,
            # Says so to the end: it is about another life than the order's.
            "order_status": "PLACE_ORDER_SUCCESS",
            "trade_order_id": trade_id[-9:-1],
            "status_update_time": local(now),
        }
        self._push("200042362", 3, data, now)

    def messages(self, kind: Literal["orders", "all"] = "orders") -> list[Push]:
        """What was sent to the callback so far, first to last: about orders, or about products too."""
        return [push for push in self.pushed if kind == "all" or b'"message_type":3' in push.body]

    # Steps the other files take.

    def keep(self, order: AlibabaOrder) -> None:
        """Take a new order in, with its units off the shelf."""
        for line in order.lines:
            self.sku(line.product_id, line.sku_id).stock[order.dispatch] -= line.quantity
        self.orders.append(order)
        self.say(order.trade_id, order.status, now=order.created_at)

    def next_trade_id(self) -> str:
        """18 digits."""
        return str(next(self._trade_ids))

    def _of(self, trade_id: str | None) -> Iterator[AlibabaOrder]:
        return (order for order in list(self.orders) if trade_id in (None, order.trade_id))

    def _push(self, seller_id: str, kind: int, data: dict[str, Json], now: datetime) -> None:
        message: dict[str, Json] = {"seller_id": seller_id, "message_type": kind, "data": data}
        message["timestamp"] = int(now.timestamp())
        if kind == 3:
            message = {"havana_id": "17379911544", **message, "site": "icbu_global"}
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        key, said = self.keys.app_secret.encode(), self.keys.app_key.encode() + body
        signature = hmac.new(key, said, hashlib.sha256).hexdigest()
        headers = Headers({"Content-Type": "application/json", "Authorization": signature})
        self.pushed.append(Push(headers=headers, body=body))
