"""What shoppers and the merchant do in the shop, beside the webservice."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import attrs

from .goods import Goods, Item
from .seed import COUNTRIES, CURRENCIES, REGIONS
from .values import NO_TIME, Json, Object, Row, money, objects

SHOPPER = {
    "firstname": "Jean",
    "lastname": "Dupont",
    "address1": "16, Rue Principale",
    "postcode": "75002",
    "city": "Paris ",  # a trailing blank, as people leave them
    "country": "FR",
    "phone": "+33 1 02 03 04 05",
}
# Where an order starts, by the module that takes the payment; any other module has taken it already.
WAITING = {
    "ps_wirepayment": ("PS_OS_BANKWIRE", "Bank wire"),
    "ps_checkpayment": ("PS_OS_CHEQUE", "Payment by check"),
    "ps_cashondelivery": ("PS_OS_COD_VALIDATION", "Cash on delivery"),
}


def _letters(seed: str, length: int) -> str:
    """Capital letters that are always the same for a seed."""
    return "".join(chr(65 + byte % 26) for byte in hashlib.sha256(seed.encode()).digest()[:length])


def _hex(seed: str) -> str:
    return hashlib.sha256(seed.encode()).hexdigest()[:32]


@attrs.define(kw_only=True, eq=False)
class Desk(Goods):
    """A shop with the people in it."""

    def load(self, recorded: Json) -> None:
        """Take in recorded lists as they are: ``{"orders": [...], "order_carriers": [...]}``."""
        for nodes, rows in recorded.items() if isinstance(recorded, dict) else ():
            name = next(name for name, resource in self.resources.items() if resource.nodes == nodes)
            for row in rows if isinstance(rows, list) else ():
                if isinstance(row, dict):
                    self._load(name, row)

    def _load(self, name: str, recorded: Object) -> None:
        row = {key: str(value) for key, value in recorded.items() if not isinstance(value, list | dict)}
        for key, value in recorded.items():
            row |= {f"{key}:{one['id']}": str(one["value"]) for one in objects(value)}
        self.insert(name, row, NO_TIME)
        inner = recorded.get("associations")
        parts = inner if isinstance(inner, dict) else {}
        for line in objects(parts.get("order_rows", [])):
            if line["id"] not in self.tables["order_details"]:
                texts = {key: str(value) for key, value in line.items()}
                self.insert("order_details", {**texts, "id_order": row["id"], "id_shop": "1"}, NO_TIME)
        slip = [
            {key: str(value) for key, value in line.items()}
            for line in objects(parts.get("order_slip_details", []))
        ]
        if slip:
            self.slip_lines[int(row["id"])] = slip

    # Shoppers

    def place_order(
        self,
        lines: Sequence[Item],
        *,
        now: datetime,
        shipping: Mapping[str, str] | None = None,
        billing: Mapping[str, str] | None = None,
        paid: bool = True,
        module: str = "",
        email: str = "",
        id_shop: int = 1,
        carrier_id: int = 2,
        currency: str = "EUR",
        shipping_cost: str = "8.40",
        discount: str = "0",
        reference: str = "",
        gift_message: str = "",
    ) -> int:
        """A shopper buys; the order's id.

        Args:
            lines: What is bought.

            now: When.

            shipping, billing: Columns of the addresses, with ``country`` and ``state`` as codes; left out,
                a shopper in Paris; a billing address left out is the shipping address.

            paid: The payment is already there. If not, the order waits as its module says.

            module: ``ps_wirepayment``, ``ps_checkpayment``, ``ps_cashondelivery``, or any other.

            shipping_cost, discount: With taxes.

            reference: As another order has it: carts that are split share theirs.
        """
        stamp, module = self.stamp(now), module or ("ps_checkout" if paid else "ps_wirepayment")
        waiting, payment = WAITING.get(module, ("PS_OS_PAYMENT", "Payments by card"))
        delivery = {**SHOPPER, **(shipping or {})}
        customer = self._customer(email, delivery, id_shop, stamp)
        address = self._address(delivery, customer, stamp)
        invoice = self._address({**delivery, **billing}, customer, stamp) if billing else address
        rows = [self.new_line(item, id_shop) for item in lines]
        net = sum((Decimal(row["total_price_tax_excl"]) for row in rows), Decimal(0))
        gross = sum((Decimal(row["total_price_tax_incl"]) for row in rows), Decimal(0))
        freight, off = Decimal(shipping_cost), Decimal(discount)
        freight_net = freight / Decimal("1.2")
        count = len(self.tables["orders"]) + 1
        order = self.insert(
            "orders",
            {
                "id_address_delivery": address["id"],
                "id_address_invoice": invoice["id"],
                "id_cart": str(count + 5),
                "id_currency": str(CURRENCIES[currency][0]),
                "id_lang": "1",
                "id_customer": customer["id"],
                "id_carrier": str(carrier_id),
                "module": module,
                "payment": payment,
                "id_shop": str(id_shop),
                "id_shop_group": "1",
                "secure_key": customer["secure_key"],
                "gift": str(int(bool(gift_message))),
                "gift_message": gift_message,
                **dict.fromkeys(("total_discounts", "total_discounts_tax_incl"), money(off)),
                "total_discounts_tax_excl": money(off / Decimal("1.2")),
                **dict.fromkeys(("total_paid", "total_paid_tax_incl"), money(gross + freight - off)),
                "total_paid_tax_excl": money(net + freight_net - off / Decimal("1.2")),
                "total_products": money(net),
                "total_products_wt": money(gross),
                **dict.fromkeys(("total_shipping", "total_shipping_tax_incl"), money(freight)),
                "total_shipping_tax_excl": money(freight_net),
                "carrier_tax_rate": "20.000",
                "round_mode": "2",
                "round_type": "1",
                "conversion_rate": "1.000000",
                "reference": reference or _letters(f"order {count}", 9),
            },
            stamp,
        )
        for row in rows:
            self.insert("order_details", {**row, "id_order": order["id"]}, stamp)
        costs = {"shipping_cost_tax_incl": money(freight), "shipping_cost_tax_excl": money(freight_net)}
        parcel = {"id_order": order["id"], "id_carrier": str(carrier_id), **costs}
        self.insert("order_carriers", parcel, stamp)
        if paid:
            self.add_payment(order, order["total_paid"], stamp)
        self.mail("order_conf", order)
        self.set_state(order, self._state("PS_OS_PAYMENT" if paid else waiting), stamp)
        return int(order["id"])

    def _customer(self, email: str, person: Mapping[str, str], id_shop: int, stamp: str) -> Row:
        known = self.tables["customers"]
        email = email or f"shopper{len(known) + 1}@example.com"
        found = next((row for row in known.values() if row["email"] == email), None)
        if found is not None:
            return found
        values = {
            "email": email,
            "firstname": person["firstname"],
            "lastname": person["lastname"],
            "passwd": "$2y$10$" + _hex(f"password of {email}"),
            "secure_key": _hex(f"key of {email}"),
            **dict.fromkeys(("id_lang", "active", "id_shop_group"), "1"),
            "id_shop": str(id_shop),
            "id_default_group": "3",
        }
        return self.insert("customers", values, stamp)

    def _address(self, columns: Mapping[str, str], customer: Row, stamp: str) -> Row:
        values = dict(columns)
        country, region = values.pop("country"), values.pop("state", "")
        where = {"id_country": str(COUNTRIES[country][0])}
        where["id_state"] = str(REGIONS[country, region][0]) if region else "0"
        return self.insert(
            "addresses", {"alias": "My address", "id_customer": customer["id"], **where, **values}, stamp
        )

    # The back office

    def _state(self, key: str) -> Row:
        return self.tables["order_states"][int(self.setting(key))]

    def move(self, order_id: int, key: str, *, now: datetime) -> None:
        """Set a state by its configuration (``PS_OS_DELIVERED``), which mails."""
        self.set_state(self.tables["orders"][order_id], self._state(key), self.stamp(now))

    def move_to(self, order_id: int, state_id: int, *, now: datetime) -> None:
        """Set any state, the merchant's own ones too."""
        state = self.tables["order_states"][state_id]
        self.set_state(self.tables["orders"][order_id], state, self.stamp(now))

    def cancel(self, order_id: int, *, now: datetime) -> None:
        """Cancel the whole order."""
        self.move(order_id, "PS_OS_CANCELED", now=now)

    def pay(self, order_id: int, *, now: datetime) -> None:
        """Accept the payment: the state makes invoice and payment row by itself."""
        self.move(order_id, "PS_OS_PAYMENT", now=now)

    def ship(self, order_id: int, number: str, *, now: datetime) -> None:
        """Enter a tracking number and set the order shipped, by hand."""
        parcel = self.rows_of("order_carriers", order_id)[0]
        self.change("order_carriers", parcel, tracking_number=number)
        self.move(order_id, "PS_OS_SHIPPING", now=now)

    def refund(
        self,
        order_id: int,
        units: Mapping[int, int],
        *,
        now: datetime,
        freight: str = "0",
        restock: bool = False,
    ) -> int:
        """Give back so many of each line (by order_detail id) and so much freight; the slip's id.

        The order itself is not touched: its ``date_upd`` stays.
        """
        order, stamp = self.tables["orders"][order_id], self.stamp(now)
        slip_rows: list[Row] = []
        net = gross = Decimal(0)
        for detail_id, count in units.items():
            line = self.tables["order_details"][detail_id]
            line_net, line_gross = (
                Decimal(line[f"unit_price_tax_{way}"]) * count for way in ("excl", "incl")
            )
            refunded = int(line["product_quantity_refunded"]) + count
            self.change(
                "order_details",
                line,
                product_quantity_refunded=refunded,
                total_refunded_tax_excl=money(Decimal(line["total_refunded_tax_excl"]) + line_net),
                total_refunded_tax_incl=money(Decimal(line["total_refunded_tax_incl"]) + line_gross),
            )
            if restock:
                again = int(line["product_quantity_reinjected"]) + count
                self.change("order_details", line, product_quantity_reinjected=again)
                self.stock[int(line["product_id"]), int(line["product_attribute_id"])] += count
            row = {"id_order_detail": str(detail_id), "product_quantity": str(count)}
            slip_rows.append(
                {**row, "amount_tax_excl": money(line_net), "amount_tax_incl": money(line_gross)}
            )
            net, gross = net + line_net, gross + line_gross
        values = {
            "id_order": order["id"],
            "id_customer": order["id_customer"],
            "conversion_rate": order["conversion_rate"],
            "total_products_tax_excl": money(net),
            "total_products_tax_incl": money(gross),
            "total_shipping_tax_excl": money(Decimal(freight) / Decimal("1.2")),
            "total_shipping_tax_incl": money(freight),
            "amount": money(gross),
            "shipping_cost": str(int(Decimal(freight) > 0)),
            "shipping_cost_amount": money(freight),
            "partial": "1",
        }
        slip = self.insert("order_slip", values, stamp)
        self.slip_lines[int(slip["id"])] = [{"id": slip["id"], **row} for row in slip_rows]
        self.mail("credit_slip", order)
        return int(slip["id"])

    def drop_units(self, order_id: int, detail_id: int, units: int, *, now: datetime) -> None:
        """Take units out of an order that was not paid: the line shrinks or goes, and so do the totals."""
        order, line = self.tables["orders"][order_id], self.tables["order_details"][detail_id]
        left = int(line["product_quantity"]) - units
        net, gross = (Decimal(line[f"unit_price_tax_{way}"]) * units for way in ("excl", "incl"))
        self.change(
            "order_details",
            line,
            product_quantity=left,
            total_price_tax_excl=money(Decimal(line["total_price_tax_excl"]) - net),
            total_price_tax_incl=money(Decimal(line["total_price_tax_incl"]) - gross),
        )
        if left == 0:
            del self.tables["order_details"][detail_id]
        off = dict.fromkeys(("total_products_wt", "total_paid", "total_paid_tax_incl"), gross)
        off |= dict.fromkeys(("total_products", "total_paid_tax_excl"), net)
        totals = {name: money(Decimal(order[name]) - less) for name, less in off.items()}
        self.change("orders", order, date_upd=self.stamp(now), **totals)

    def edit_address(self, order_id: int, *, now: datetime, **columns: str) -> int:
        """Correct the shipping address: the order gets a new one, the old is marked deleted."""
        order = self.tables["orders"][order_id]
        old = self.tables["addresses"][int(order["id_address_delivery"])]
        new = self.insert(
            "addresses", {**old, "id": "0", **columns, "date_add": "", "date_upd": ""}, self.stamp(now)
        )
        self.change("addresses", old, deleted=1)
        self.change("orders", order, id_address_delivery=new["id"], date_upd=self.stamp(now))
        return int(new["id"])

    def edit_carrier(self, carrier_id: int, **columns: str) -> int:
        """Save a carrier: it gets a new id, the old one is marked deleted, old orders keep the old."""
        old = self.tables["carriers"][carrier_id]
        new = self.insert("carriers", {**old, "id": "0", **columns}, "")
        self.change("carriers", old, deleted=1)
        return int(new["id"])

    def add_state(self, name: str, *flags: str, template: str = "") -> int:
        """A state of the merchant's own with these flags (``paid``, ``shipped``, ...); its id."""
        values = {"name": name, "template": template, **dict.fromkeys(flags, "1")}
        return int(self.insert("order_states", values, "")["id"])

    def add_note(self, order_id: int, text: str) -> None:
        """Write the order's internal note, which does not move its ``date_upd``."""
        self.change("orders", self.tables["orders"][order_id], note=text)

    def delete_order(self, order_id: int) -> None:
        """An order is gone, with its lines."""
        for name in ("order_details", "order_histories", "order_carriers"):
            for row in self.rows_of(name, order_id):
                del self.tables[name][int(row["id"])]
        del self.tables["orders"][order_id]

    def move_to_zone(self, time_zone: str) -> None:
        """Change PS_TIMEZONE. What was written before stays as it was, and now means another time."""
        self.time_zone = time_zone
        row = next(row for row in self.tables["configurations"].values() if row["name"] == "PS_TIMEZONE")
        self.change("configurations", row, value=time_zone)
