"""``/eco/buyer/product/...``: what is sold, and how many there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .desk import Desk
from .goods import Product, Sku
from .habits import Habits
from .values import CURRENCY, Json, Object, array, demanded, missing, plain, read_object, text_of

__all__ = ["description", "descriptions", "inventories", "inventory"]

_NO_PRODUCT = ("2005", "query failed")


def description(desk: Desk, habits: Habits, params: Mapping[str, str]) -> Object:
    """One product."""
    wanted = _request(params, "query_req")
    product = desk.products.get(demanded(wanted, "product_id"))
    if habits.needs_country and not text_of(wanted, "country"):
        return {"result": {"result_msg": "Parameter format is error!", "result_code": "400"}, "code": "0"}
    if product is None:
        return {"result": {"result_msg": _NO_PRODUCT[1], "result_code": _NO_PRODUCT[0]}, "code": "0"}
    return {"result": _found(_product(product)), "code": "0"}


def descriptions(desk: Desk, params: Mapping[str, str]) -> Object:
    """Several products; this method alone writes its names in camel case."""
    found, lost = _sorted_out(desk, _request(params, "param0"), _product)
    failed: list[Json] = [
        {"productId": product_id, "errorCode": _NO_PRODUCT[0], "errorMsg": _NO_PRODUCT[1]}
        for product_id in lost
    ]
    return _batch({"resultData": found, "failedItems": failed})


def inventory(desk: Desk, params: Mapping[str, str]) -> Object:
    """Free units of one product by dispatch place."""
    wanted = _request(params, "inv_req")
    product = desk.products.get(demanded(wanted, "product_id"))
    if product is None:
        return {"result": {"result_msg": _NO_PRODUCT[1], "result_code": _NO_PRODUCT[0]}, "code": "0"}
    rows = _stock(product, text_of(wanted, "sku_id"), text_of(wanted, "shipping_from"))
    return {"result": _found(rows), "code": "0"}


def inventories(desk: Desk, params: Mapping[str, str]) -> Object:
    """Free units of several products."""
    found, lost = _sorted_out(desk, _request(params, "query_req"), _product_stock)
    failed: list[Json] = [
        {"product_id": product_id, "error_code": _NO_PRODUCT[0], "error_msg": _NO_PRODUCT[1]}
        for product_id in lost
    ]
    return _batch({"result_data": found, "failed_items": failed})


def _request(params: Mapping[str, str], name: str) -> Object:
    if name not in params:
        raise missing(name)
    return read_object(params[name], name)


def _found(data: Json) -> Object:
    return {"result_msg": "request success", "result_data": data, "result_code": "200"}


def _batch(data: Object) -> Object:
    result: Object = {"code": "200", "data": data, "success": "true", "message": "success"}
    return {"result": result, "code": "0"}


def _sorted_out(
    desk: Desk, wanted: Object, view: Callable[[Product], Object]
) -> tuple[list[Json], list[str]]:
    ids = wanted.get("product_ids")
    if not isinstance(ids, list) or not ids:
        raise missing("product_ids")
    found: list[Json] = []
    lost: list[str] = []
    for product_id in map(str, ids):
        if product_id in desk.products:
            found.append(view(desk.products[product_id]))
        else:
            lost.append(product_id)
    return found, lost


def _product(product: Product) -> Object:
    return {
        "detail_url": f"https://www.alibaba.com/product-detail/x_{product.product_id}.html",
        "images": [],
        "skus": array(_sku(product, sku) for sku in product.skus),
        "main_image": "https://sc04.alicdn.com/kf/main.jpg",
        "eCompanyId": product.e_company_id,
        "description": "null",
        "title": product.title,
        "min_order_quantity": str(product.min_order_quantity),
        "category_id": "100003291",
        "category": "Vacuum Flasks & Thermoses",
        "mode_id": '"AV.YW.DEP.103.L"',
        "product_id": product.product_id,
        "supplier": product.company,
        "currency": CURRENCY,
        "status": product.status,
    }


def _sku(product: Product, sku: Sku) -> Object:
    starts = list(sku.ladder)
    ends = [*(start - 1 for start in starts[1:]), 999_999]
    ladder = array(
        {
            "max_quantity": str(end),
            "min_quantity": str(start),
            "price": plain(sku.ladder[start]),
            "currency": CURRENCY,
        }
        for start, end in zip(starts, ends, strict=True)
    )
    first = plain(sku.ladder[starts[0]])
    return {
        "image": "https://sc04.alicdn.com/kf/sku.jpg",
        "sku_id": sku.sku_id,
        "seller_sku_id": f"{product.product_id}_{sku.sku_id}",
        "sku_attr_list": [
            {
                "attr_name_id": "1111",
                "attr_name_desc": "Color",
                "attr_value_id": "-11",
                "attr_value_desc": sku.color,
                "attr_value_image": "null",
            }
        ],
        "cost_price_currency": CURRENCY,
        "cost_origin_price": first,
        "cost_discount_price": first,
        "total_origin_cost_price": first,
        "total_discount_cost_price": first,
        "shipping_fee": "null",
        "unit": "Piece",
        "ladder_price": ladder,
        "product_id": product.product_id,
        "status": sku.status,
    }


def _stock(product: Product, sku_id: str = "", place: str = "") -> list[Json]:
    rows: list[Json] = []
    for each in product.places:
        if place not in ("", each):
            continue
        skus = array(
            {
                "inventory_unit": "Piece",
                "inventory_count": str(sku.stock[each]),
                "product_id": product.product_id,
                "sku_id": sku.sku_id,
            }
            for sku in product.skus
            if each in sku.stock and sku_id in ("", sku.sku_id)
        )
        rows.append({"inventory_list": skus, "shipping_from": each})
    return rows


def _product_stock(product: Product) -> Object:
    return {
        "inventory_list": _stock(product),
        "ship_from_list": array(product.places),
        "product_id": product.product_id,
    }
