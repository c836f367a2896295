"""Products and variations, the order lines made from them, and stock."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from decimal import Decimal

import attrs

from .values import Ids, Json, Object, amount, array, drop_meta, get_meta, integer, money, rows, text

SHAPE = (  # the fields of a plain product that say nothing here
    '{"type":"simple","status":"publish","featured":false,"catalog_visibility":"visible","description":"",'
    '"short_description":"","sale_price":"","date_on_sale_from":null,"date_on_sale_from_gmt":null,'
    '"date_on_sale_to":null,"date_on_sale_to_gmt":null,"on_sale":false,"purchasable":true,"total_sales":0,'
    '"virtual":false,"downloadable":false,"downloads":[],"download_limit":-1,"download_expiry":-1,'
    '"external_url":"","button_text":"","tax_status":"taxable","tax_class":"","manage_stock":true,'
    '"stock_quantity":50,"backorders":"no","backorders_allowed":false,"backordered":false,'
    '"low_stock_amount":null,"sold_individually":false,"weight":"","dimensions":{"length":"","width":"",'
    '"height":""},"shipping_required":true,"shipping_taxable":true,"shipping_class":"","shipping_class_id":0,'
    '"reviews_allowed":true,"average_rating":"0.00","rating_count":0,"upsell_ids":[],"cross_sell_ids":[],'
    '"parent_id":0,"purchase_note":"","categories":[{"id":15,"name":"Uncategorized","slug":"uncategorized"}],'
    '"brands":[],"tags":[],"images":[],"attributes":[],"default_attributes":[],"variations":[],'
    '"grouped_products":[],"menu_order":0,"price_html":"","related_ids":[],"meta_data":[],'
    '"stock_status":"instock","has_options":false,"post_password":"","global_unique_id":""}'
)
BORN = "2026-01-01T00:00:00"


@attrs.define(kw_only=True, eq=False)
class Catalog:
    """What the shop sells."""

    ids: Ids
    decimals: int
    tax_percent: int
    products: dict[int, Object] = attrs.field(init=False, factory=dict[int, Object])

    def add(
        self, product_id: int = 0, *, sku: str = "", name: str = "", price: str = "10", **fields: Json
    ) -> int:
        """A product; with ``parent_id=`` a variation. ``meta={...}`` becomes its meta_data."""
        product_id = product_id or self.ids.next("post")
        self.ids.seen("post", product_id)
        marks = fields.pop("meta", None)
        shape: Object = json.loads(SHAPE)
        self.products[product_id] = {
            "id": product_id,
            "name": name,
            "slug": re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"),
            "permalink": f"https://shop.example/product/{product_id}/",
            **dict.fromkeys(("date_created", "date_created_gmt", "date_modified", "date_modified_gmt"), BORN),
            **shape,
            "sku": sku,
            "price": price,
            "regular_price": price,
            "type": "variation" if fields.get("parent_id") else "simple",
            **fields,
        }
        for key, value in marks.items() if isinstance(marks, dict) else ():
            self.ids.set_meta(self.products[product_id], key, value)
        return product_id

    def load(self, recorded: Json) -> None:
        """Recorded products or variations."""
        for product in copy.deepcopy(rows(recorded if isinstance(recorded, list) else [recorded])):
            product.pop("_links", None)
            self.products[integer(product["id"])] = product
            self.ids.seen("post", product["id"])
            self.ids.seen_meta(product)

    def find(self, line: Object) -> Object | None:
        """The product or variation of a line, if it was not deleted."""
        return self.products.get(integer(line.get("variation_id")) or integer(line.get("product_id")))

    def new_line(self, wanted: Mapping[str, Json]) -> Object:
        """A line item for a product, which is made if the shop does not have it."""
        extra = dict(wanted)
        quantity = amount(extra.pop("quantity", 1))
        sku, name, price = (text(extra.pop(key, None)) for key in ("sku", "name", "price"))
        variation_id, product_id = (integer(extra.pop(key, None)) for key in ("variation_id", "product_id"))
        virtual = extra.pop("virtual", False)
        known = variation_id or product_id
        known = known or next((i for i, product in self.products.items() if sku and product["sku"] == sku), 0)
        if known not in self.products:
            parent_id = product_id if variation_id else 0
            name = name or sku or "Thing"
            both = {"virtual": virtual, "downloadable": virtual}
            known = self.add(known, sku=sku, name=name, price=price or "10", parent_id=parent_id, **both)
        product = self.products[known]
        parent_id = integer(product["parent_id"])
        parent = self.products.get(parent_id)
        unit = Decimal(price) if price else amount(product["price"])
        total = money(unit * quantity, self.decimals)
        tax = money(unit * quantity * self.tax_percent / 100, self.decimals)
        return {
            "id": self.ids.next("item"),
            "name": name or product["name"],
            "product_id": parent_id or known,
            "variation_id": known if parent_id else 0,
            "quantity": int(quantity) if quantity == int(quantity) else float(quantity),
            "tax_class": "",
            "subtotal": total,
            "subtotal_tax": tax,
            "total": total,
            "total_tax": tax,
            "taxes": [{"id": 1, "total": tax, "subtotal": tax}],
            "meta_data": [],
            "sku": product["sku"],
            "global_unique_id": product.get("global_unique_id", ""),
            "price": float(unit),
            "image": {"id": "", "src": ""},
            "parent_name": parent["name"] if parent else None,
            **extra,
        }

    def tax_line(self, tax: Decimal, shipping_tax: Decimal) -> Object:
        """The tax of an order or a refund, summed."""
        return {
            "id": self.ids.next("item"),
            "rate_code": "PL-VAT-1",
            "rate_id": 1,
            "label": "VAT",
            "compound": False,
            "tax_total": money(tax, self.decimals),
            "shipping_tax_total": money(shipping_tax, self.decimals),
            "rate_percent": self.tax_percent,
            "meta_data": [],
        }

    def recalculate(self, order: Object) -> None:
        """Totals from lines, as after each edit of lines."""
        lines, fees, shipping = (
            rows(order.get(key)) for key in ("line_items", "fee_lines", "shipping_lines")
        )
        cart_tax = sum((amount(line["total_tax"]) for line in lines + fees), Decimal(0))
        shipping_tax = sum((amount(line["total_tax"]) for line in shipping), Decimal(0))
        shipping_net = sum((amount(line["total"]) for line in shipping), Decimal(0))
        net = sum((amount(line["total"]) for line in lines + fees), shipping_net)
        order["cart_tax"] = money(cart_tax, self.decimals)
        order["shipping_total"] = money(shipping_net, self.decimals)
        order["shipping_tax"] = money(shipping_tax, self.decimals)
        order["total_tax"] = money(cart_tax + shipping_tax, self.decimals)
        order["total"] = money(net + cart_tax + shipping_tax, self.decimals)
        order["needs_processing"] = self.needs_processing(order)
        taxes = rows(order.get("tax_lines"))
        line = self.tax_line(cart_tax, shipping_tax)
        sums: Object = {"tax_total": line["tax_total"], "shipping_tax_total": line["shipping_tax_total"]}
        order["tax_lines"] = [{**line, **(taxes[0] if taxes else {}), **sums}] if lines else []

    def needs_processing(self, order: Object) -> bool:
        """Is there anything to ship? A deleted product counts as nothing."""
        products = [self.find(line) for line in rows(order.get("line_items"))]
        return any(p is not None and not (p["virtual"] and p["downloadable"]) for p in products)

    def move_stock(self, order: Object) -> str:
        """Take or give back stock as the order's status wants; gives the text of the shop's own note."""
        takes = order["status"] in ("processing", "completed", "on-hold")
        gives = order["status"] in ("cancelled", "pending")
        taken: list[str] = []
        for line in rows(order.get("line_items")):
            product, reduced = self.find(line), integer(get_meta(line, "_reduced_stock"))
            if product is None or not product["manage_stock"]:
                continue
            if takes and not reduced:
                before, quantity = integer(product["stock_quantity"]), integer(line["quantity"])
                product["stock_quantity"] = before - quantity
                self.ids.set_meta(line, "_reduced_stock", str(quantity))
                taken.append(f"{line['name']} ({line['sku']}) {before}&rarr;{before - quantity}")
            elif gives and reduced:
                self.restock(line, reduced)
                drop_meta(line, "_reduced_stock")
        return "Stock levels reduced: " + ", ".join(taken) if taken else ""

    def restock(self, line: Object, quantity: int) -> None:
        """Units come back to the shelf."""
        product = self.find(line)
        if product is not None and product["manage_stock"]:
            product["stock_quantity"] = integer(product["stock_quantity"]) + quantity

    def listed(self, params: Object) -> list[Object]:
        """``GET /products``: by exact ``sku`` (several by comma, variations too) or ``include``."""
        found = [self._with_parents(self.products[i]) for i in sorted(self.products, reverse=True)]
        skus, wanted = text(params.get("sku")), params.get("include")
        if skus:
            return [product for product in found if product["sku"] in skus.split(",")]
        if wanted:
            ids = wanted if isinstance(wanted, list) else text(wanted).split(",")
            found = [product for product in found if text(product["id"]) in [text(i) for i in ids]]
        return [product for product in found if not product["parent_id"]]

    def _with_parents(self, product: Object) -> Object:
        """A variation says its product's weight and shipping class where it has none; never its tags."""
        parent = self.products.get(integer(product["parent_id"]))
        if parent is None:
            return product
        return {**product, **{name: product[name] or parent[name] for name in ("weight", "shipping_class")}}

    @staticmethod
    def links(home: str, product: Object) -> Object:
        """The ``_links`` of a product."""
        base = f"{home}/wp-json/wc/v3/products"
        hints: Object = {"allow": array(("GET", "POST", "PUT", "PATCH", "DELETE"))}
        links: Object = {
            "self": [{"href": f"{base}/{product['id']}", "targetHints": hints}],
            "collection": [{"href": base}],
        }
        if product["parent_id"]:
            links["up"] = [{"href": f"{base}/{product['parent_id']}"}]
        return links
