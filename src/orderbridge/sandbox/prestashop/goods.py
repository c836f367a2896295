"""What the shop sells, and the order lines made from it."""

from __future__ import annotations

from decimal import Decimal

import attrs

from .shop import Shop
from .values import Row, money


@attrs.frozen(kw_only=True)
class Item:
    """One line as a shopper puts it in the cart.

    Args:
        reference: The SKU. A product the shop does not have yet is made.

        price: Of one, with taxes, as the shopper sees it.

        attribute_id: Of the combination; 0 where the product has none.

        supplier, supplier_reference: The product's default supplier and his name for it.

        weight: Of one, in the shop's unit.

        customization_id: The same product may stand on two lines that differ only in this.
    """

    reference: str
    quantity: int = 1
    price: str = "10.00"
    name: str = ""
    tax_percent: str = "20"
    product_id: int = 0
    attribute_id: int = 0
    customization_id: int = 0
    ean13: str = ""
    supplier: str = ""
    supplier_reference: str = ""
    weight: str = "0.000000"


@attrs.define(kw_only=True, eq=False)
class Goods(Shop):
    """A shop with a catalog that grows by itself."""

    def new_line(self, item: Item, id_shop: int) -> Row:
        """The columns of an order_detail; its product is made if the shop does not have it."""
        product = self._product(item)
        gross = Decimal(item.price)
        net = gross / (1 + Decimal(item.tax_percent) / 100)
        supplied = {
            "product_supplier_reference": item.supplier_reference,
            "purchase_supplier_price": "5.490000",
        }
        goods = (int(product["id"]), item.attribute_id)
        self.stock[goods] = self.stock.get(goods, 100) - item.quantity
        return {
            "product_id": product["id"],
            "product_attribute_id": str(item.attribute_id),
            "product_quantity": str(item.quantity),
            "product_quantity_in_stock": str(item.quantity),
            "product_name": item.name or item.reference,
            "product_weight": item.weight,
            "product_reference": item.reference,
            "product_ean13": item.ean13,
            **dict.fromkeys(("product_price", "unit_price_tax_excl", "original_product_price"), money(net)),
            "unit_price_tax_incl": money(gross),
            "total_price_tax_excl": money(money(net * item.quantity, 2)),
            "total_price_tax_incl": money(gross * item.quantity),
            "id_customization": str(item.customization_id),
            "id_shop": str(id_shop),
            **(supplied if item.supplier_reference else {}),
        }

    def _product(self, item: Item) -> Row:
        known = self.tables["products"]
        found = known.get(item.product_id) if item.product_id else None
        found = found or next((row for row in known.values() if row["reference"] == item.reference), None)
        if found is None:
            values = {"reference": item.reference, "name": item.name or item.reference, "active": "1"}
            numbered = {"id": str(item.product_id), "price": money(item.price), "ean13": item.ean13}
            found = self.insert("products", {**values, **numbered, "id_shop_default": "1"}, "")
        if item.attribute_id and item.attribute_id not in self.tables["combinations"]:
            whose = {"id": str(item.attribute_id), "id_product": found["id"], "reference": item.reference}
            self.insert("combinations", whose, "")
        if item.supplier:
            self._supply(found, item)
        return found

    def _supply(self, product: Row, item: Item) -> None:
        suppliers = self.tables["suppliers"].values()
        supplier = next((row for row in suppliers if row["name"] == item.supplier), None)
        supplier = supplier or self.insert("suppliers", {"name": item.supplier, "active": "1"}, "")
        product["id_supplier"] = supplier["id"]
        links = self.tables["product_suppliers"].values()
        for attribute in sorted({0, item.attribute_id}):
            pair = (product["id"], str(attribute))
            if all((row["id_product"], row["id_product_attribute"]) != pair for row in links):
                what = {
                    "id_product": product["id"],
                    "id_product_attribute": str(attribute),
                    "id_currency": "1",
                }
                whose = {"id_supplier": supplier["id"], "product_supplier_reference": item.supplier_reference}
                self.insert(
                    "product_suppliers", {**what, **whose, "product_supplier_price_te": "5.490000"}, ""
                )
