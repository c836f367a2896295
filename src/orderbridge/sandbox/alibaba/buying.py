"""Calls that cost money: create, pay, cancel. None of them may be repeated blindly."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from .desk import CLOSED, Desk
from .freight import Wanted, check_dispatch, wanted_goods
from .goods import Carrier
from .habits import Habits
from .orders import AlibabaOrder, Effect, OrderLine
from .values import (
    Json,
    Object,
    Refused,
    demanded,
    invalid,
    missing,
    object_of,
    read_list,
    read_object,
    read_objects,
    text_of,
)

__all__ = ["cancel", "create", "no_order", "pay"]

MOST, LEAST = Decimal(5000), Decimal("0.30")
# The person who pays, for the checks against fraud.
CONTEXT = ("user_ip", "user_agent", "accept_language", "screen_resolution", "is_pc")
REGISTERED = "isv_drop_shipper_registration_time"
_CARRIER_FAULT = "The logistics route is invalid: the carrier code does not exist"


def create(desk: Desk, habits: Habits, params: Mapping[str, str], now: datetime) -> Object:
    """``/buynow/order/create``. Takes no price, and a known ``channel_refer_id`` as if it were new."""
    for name in ("channel_refer_id", "logistics_detail", "product_list"):
        if name not in params:
            raise missing(name)
    detail = read_object(params["logistics_detail"], "logistics_detail")
    rows = read_objects(params["product_list"], "product_list")
    attachments = read_list(params.get("attachments", "[]"), "attachments")
    if habits.china_account:
        raise Refused("110001", "The buyer is not authorized to order")
    address = object_of(detail, "shipment_address")
    wanted = wanted_goods(desk, rows)
    if len({product.e_company_id for product, _, _ in wanted}) > 1:
        # One carrier code cannot be that of two sellers.
        raise Refused("130602", _CARRIER_FAULT)
    country = _check_address(address, wanted, params)
    products = [product for product, _, _ in wanted]
    place = check_dispatch(products, text_of(detail, "dispatch_location"))
    _check_quantities(wanted, place)
    carrier = _carrier(desk, demanded(detail, "carrier_code"), place, country)
    order = AlibabaOrder(
        trade_id=desk.next_trade_id(),
        reference=params["channel_refer_id"],
        remark=params.get("remark", ""),
        e_company_id=products[0].e_company_id,
        company=products[0].company,
        lines=_lines(wanted),
        address=address,
        carrier=carrier,
        dispatch=place,
        freight=carrier.cost(sum(quantity for _, _, quantity in wanted)),
        created_at=now,
        modified_at=now,
        status="to_be_audited" if desk.audited else "unpay",
        attachments=attachments,
    )
    if order.total > MOST:
        raise Refused("480006", "The order amount exceeds the limit of 5000 USD")
    if order.total < LEAST:
        raise Refused("430013", "The order amount is below 0.30 USD")
    desk.keep(order)
    desk.effects.append(Effect(at=now, what="create", ref=order.trade_id, tag=order.remark))
    return {"code": "0", "value": {"trade_id": order.trade_id, "pay_url": order.pay_url}}


def _check_address(address: Object, wanted: Wanted, params: Mapping[str, str]) -> str:
    country = demanded(address, "country_code")
    for name in ("contact_person", "address", "country"):
        demanded(address, name)
    if country == "UK" or len(country) != 2 or country != country.upper():
        raise Refused("4015", "The seller does not ship to this country")
    if country == "US" and not all(text_of(address, name) for name in ("zip", "province", "city")):
        raise Refused("800022", "The tariff cannot be calculated: the address is not complete")
    if country == "KR" and "clearance_detail" not in params:
        raise missing("clearance_detail")
    for product, _, _ in wanted:
        if country in product.not_to:
            raise Refused("120019", "The product is restricted in this country")
        if country in ("DE", "FR") and not product.epr:
            raise Refused("400007", "The seller has no valid EPR number")
    return country


def _check_quantities(wanted: Wanted, place: str) -> None:
    ordered: dict[str, int] = {}
    for product, _, quantity in wanted:
        ordered[product.product_id] = ordered.get(product.product_id, 0) + quantity
    for product, sku, quantity in wanted:
        if ordered[product.product_id] < product.min_order_quantity:
            raise Refused("410006", "The quantity is below the minimum order quantity")
        if sku.price(quantity) is None:
            raise Refused("10007", "The sku cost cannot be found")
        if place not in sku.stock:
            raise Refused("10012", "The dispatch location is invalid for this product")
        if sku.stock[place] <= 0:
            raise Refused("140004", "The product is out of stock")
        if sku.stock[place] < quantity:
            raise Refused("130703", "The inventory is insufficient")


def _carrier(desk: Desk, code: str, place: str, country: str) -> Carrier:
    carrier = desk.carriers.get(code)
    if carrier is None:
        raise Refused("130602", _CARRIER_FAULT)
    if not carrier.exact:
        raise Refused("4028", "order vendor code not match")
    if carrier.dispatch != place:
        raise Refused("10010", "No logistics route was found")
    if not carrier.goes(country):
        raise Refused("4015", "The seller does not ship to this country")
    return carrier


def _lines(wanted: Wanted) -> tuple[OrderLine, ...]:
    return tuple(
        OrderLine(
            product_id=product.product_id,
            sku_id=sku.sku_id,
            quantity=quantity,
            unit_price=sku.price(quantity) or Decimal(0),
            title=product.title,
            color=sku.color,
        )
        for product, sku, quantity in wanted
    )


def pay(desk: Desk, params: Mapping[str, str], now: datetime) -> Object:
    """``/alibaba/dropshipping/order/pay``: many orders in, one word out, that of the worst."""
    if "param_order_pay_request" not in params:
        raise missing("param_order_pay_request")
    request = read_object(params["param_order_pay_request"], "param_order_pay_request")
    for name in (*CONTEXT, REGISTERED):
        demanded(request, name)
    if text_of(request, "is_pc") != "true" or not text_of(request, REGISTERED).isdecimal():
        raise invalid("param_order_pay_request")
    ids = request.get("order_id_list")
    if not isinstance(ids, list) or not ids:
        raise missing("order_id_list")
    if len(ids) > 10 or len(set(map(str, ids))) != len(ids):
        raise invalid("order_id_list")
    orders = [desk.find(str(trade_id)) for trade_id in ids]
    answers = [_pay(desk, order or no_order(), now) for order in orders]
    worst = ("PAY_FAILED", "PAYING", "PAY_SUCCESS")
    return {"code": "0", "value": min(answers, key=lambda value: worst.index(str(value["status"])))}


def _pay(desk: Desk, order: AlibabaOrder, now: datetime) -> Object:
    running = any(each.outcome == "PAYING" and each.trade_id == order.trade_id for each in desk.payments)
    if running and not desk.double_pay:
        return {"status": "PAYING"}
    if desk.paid(order.trade_id) and not desk.double_pay:
        return failed(order, "ORDER_HAVE_PAID", "The order has been paid")
    if order.status == "to_be_audited" or order.status in CLOSED:
        return failed(order, "ORDER_STATUS_ERROR", "The order cannot be paid in its status")
    payment = desk.charge(order, now)
    if payment.outcome != "PAY_FAILED":
        desk.effects.append(Effect(at=now, what="pay", ref=order.trade_id, tag=order.remark))
    if payment.outcome == "PAY_FAILED" and payment.fails:
        return failed(order, *payment.fails)
    return {"status": payment.outcome}


def failed(order: AlibabaOrder, code: str, message: str) -> Object:
    """A payment that did not go through, below code ``"0"``."""
    return {
        "reason_code": code,
        "reason_message": message,
        "pay_url": order.pay_url,
        "status": "PAY_FAILED",
    }


def cancel(desk: Desk, habits: Habits, params: Mapping[str, str], now: datetime) -> Object:
    """``/alibaba/order/cancel``."""
    if "trade_id" not in params:
        raise missing("trade_id")
    order = desk.find(params["trade_id"]) or no_order()
    paid = desk.paid(order.trade_id) > 0
    if order.status in (*CLOSED, "paying") or order.parcels or (paid and not habits.cancels_paid):
        raise Refused("ORDER_STATUS_ERROR", "The order cannot be canceled in its status")
    desk.close(order.trade_id, now=now)
    if paid:
        order.refunded = order.total
    desk.effects.append(Effect(at=now, what="cancel", ref=order.trade_id, tag=order.remark))
    empty: dict[str, Json] = {}
    return {"code": "0", "value": empty}


def no_order() -> AlibabaOrder:
    """Nobody has such an order.

    Raises:
        Refused: always.
    """
    raise Refused("ORDER_NOT_EXIST", "The order does not exist")
