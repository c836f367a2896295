"""What the gateway tells of orders: lists, an order, its money, its parcels."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from .buying import failed, no_order
from .desk import Desk
from .habits import Habits
from .orders import AlibabaOrder, OrderLine, Parcel
from .values import (
    Json,
    Object,
    array,
    boolean,
    dated,
    fixed,
    invalid,
    local,
    missing,
    money,
    object_of,
    or_null,
    plain,
    read_list,
    read_local,
    read_object,
    read_stamp,
    text_of,
)

__all__ = ["fund", "get", "list_orders", "logistics", "merge_pay", "pay_result", "tracking"]

_MERGE_FAULT = "订单状态不符合合并支付条件"
_FEE = Decimal("0.0295")


def list_orders(desk: Desk, habits: Habits, params: Mapping[str, str], now: datetime) -> Object:
    """``/alibaba/order/list``: last changed first, so pages move while they are read."""
    if "role" not in params:
        raise missing("role")
    start = _number(params, "start_page", 0)
    size = _number(params, "page_size", 10)
    if not 1 <= size <= 100:
        raise invalid("page_size")
    orders = desk.orders if params["role"] == "buyer" else []
    orders = [order for order in orders if now - order.created_at >= habits.late_visible]
    if "status" in params:
        orders = [order for order in orders if order.status == params["status"]]
    for name in ("create_date", "modified_date"):
        since = _moment(params, f"{name}_start", habits)
        until = _moment(params, f"{name}_end", habits)
        orders = [order for order in orders if _within(order, name, since, until)]
    orders.sort(key=lambda order: (_second(order.modified_at), order.trade_id), reverse=True)
    page = array(
        {
            "trade_id": order.trade_id,
            "trade_status": order.status,
            "create_date": dated(order.created_at),
            "modify_date": dated(order.modified_at),
        }
        for order in orders[start * size : (start + 1) * size]
    )
    return {"code": "0", "value": {"total_count": str(len(orders)), "order_list": page}}


def _number(params: Mapping[str, str], name: str, default: int) -> int:
    text = params.get(name, str(default))
    if not text.isdecimal():
        raise invalid(name)
    return int(text)


def _moment(params: Mapping[str, str], name: str, habits: Habits) -> datetime | None:
    if name not in params:
        return None
    value = read_object(params[name], name)
    text, milliseconds = text_of(value, "date_str"), text_of(value, "date_timestamp")
    if text and (habits.date_field == "date_str" or not milliseconds):
        return read_local(text, name)
    return read_stamp(milliseconds, name)


def _within(order: AlibabaOrder, name: str, since: datetime | None, until: datetime | None) -> bool:
    moment = _second(order.created_at if name == "create_date" else order.modified_at)
    return (since is None or since <= moment) and (until is None or moment <= until)


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def get(desk: Desk, habits: Habits, params: Mapping[str, str]) -> Object:
    """``/alibaba/order/get``, whose parameter is ``e_trade_id``."""
    order = _order(desk, params, "e_trade_id")
    remark = {"shown": order.remark, "cut": order.remark[: habits.remark_limit], "hidden": ""}
    value: Object = {
        "seller": {"immutable_eid": order.e_company_id, "full_name": order.company},
        "attachments": order.attachments,
        "nation": text_of(order.address, "country_code"),
        "discount_amount": money(Decimal(0)),
        "shipment_method": order.carrier.shipping_type,
        "remark": or_null(remark[habits.remark]),
        "shipment_date": {"duration": "7", "type": "relative"},
        "order_products": array(_line(line, number) for number, line in enumerate(order.lines, 1)),
        "trade_id": order.trade_id,
        "fulfillment_channel": "TAD",
        "trade_status": order.status,
        "export_service_type": "self_run_service",
        "shipping_address": _address(order.address),
        "create_date": dated(order.created_at),
        "shipment_fee": money(order.freight),
        "dropshipping": "true",
        "biz_code": "1010306",
        "pay_step": "ADVANCE",
        "trade_term": "DAP",
        "item_status": "normal",
        "tags": '["dropshipping"]',
        "buyer": {"immutable_eid": "8s0vvDIbRvbS9hSAK4bUtw==", "full_name": "Buyer Name"},
        # Two places here, four elsewhere.
        "product_total_amount": money(order.goods_total, 2),
        "carrier": {"code": order.carrier.code, "name": order.carrier.name},
        "adjust_amount": money(order.adjusted),
        "total_amount": money(order.total),
        "balance_amount": money(Decimal(0)),
        "advance_amount": money(order.total),
        "semi_manage": boolean(order.carrier.code.startswith("SEMI_MANAGED")),
    }
    if habits.shows_reference:
        value["channel_refer_id"] = order.reference
    more = params.get("data_select", "").split(",")
    if "draft_role" in more:
        value["draft_role"] = "buyer"
    if "statusAction" in more:
        value["status_action"] = {"actions": [], "status": order.status}
    return {"code": "0", "value": value}


def _order(desk: Desk, params: Mapping[str, str], name: str) -> AlibabaOrder:
    if name not in params:
        raise missing(name)
    return desk.find(params[name]) or no_order()


def _line(line: OrderLine, number: int) -> Object:
    return {
        "unit": "Pieces",
        "quantity": fixed(line.quantity),
        "product_image": "https://sc04.alicdn.com/kf/main.jpg",
        "product_id": line.product_id,
        "sku_attributes": [{"value": line.color, "key": "Color"}],
        "name": line.title,
        "sku_id": line.sku_id,
        "sort": str(number),
        "id": f"{int(line.sku_id) * 7919 + number:032x}",
        "model_number": "null",
        "unit_price": money(line.unit_price),
        "sku_code": "null",
    }


def _address(address: Object) -> Object:
    """Not quite as it was given: the city in its own spelling, the telephone as a mobile."""
    telephone = object_of(address, "telephone")
    country, area = or_null(text_of(telephone, "country")), or_null(text_of(telephone, "area"))
    names = ("zip", "country", "country_code", "address", "province", "contact_person", "port")
    shown: Object = {name: or_null(text_of(address, name)) for name in (*names, "alternate_address")}
    shown["city"] = or_null(text_of(address, "city").capitalize())
    shown["mobile"] = {"area": area, "country": country, "number": or_null(text_of(telephone, "number"))}
    shown["telephone"] = {"area": "null", "country": country, "number": "null"}
    return shown


def pay_result(desk: Desk, params: Mapping[str, str]) -> Object:
    """``/alibaba/order/pay/result/query``."""
    order = _order(desk, params, "trade_id")
    running = any(each.outcome == "PAYING" and each.trade_id == order.trade_id for each in desk.payments)
    if running:
        value: Object = {"status": "PAYING"}
    elif desk.paid(order.trade_id):
        value = {"status": "PAY_SUCCESS"}
    elif order.pay_reason:
        value = failed(order, *order.pay_reason)
    else:
        value = {"status": "UNPAY", "pay_url": order.pay_url}
    return {"code": "0", "value": {**value, "trade_id": order.trade_id}}


def merge_pay(desk: Desk, params: Mapping[str, str]) -> Object:
    """``/order/merge/pay/query``: which of these orders could be paid in one go."""
    if "order_ids" not in params:
        raise missing("order_ids")
    orders = [desk.find(str(each)) or no_order() for each in read_list(params["order_ids"], "order_ids")]
    groups: list[Json] = []
    for place in dict.fromkeys(order.dispatch for order in orders):
        here = [order for order in orders if order.dispatch == place]
        refused = array(
            {
                "can_not_merge_pay_reason": "ORDER_STATUS_ERROR",
                "can_not_merge_pay_reason_message": _MERGE_FAULT,
                "order_id": order.trade_id,
            }
            for order in here
            if order.status != "unpay"
        )
        group: Object = {
            "can_merge_pay": boolean(not refused),
            "group_code": place,
            "can_not_merge_pay_order_items": refused,
            "can_merge_pay_order_items": array(
                {"order_id": order.trade_id} for order in here if order.status == "unpay"
            ),
        }
        if refused:
            group["can_not_merge_pay_reason"] = "ORDER_STATUS_ERROR"
            group["can_not_merge_pay_reason_message"] = _MERGE_FAULT
        groups.append(group)
    return {"code": "0", "value": {"groups": groups}}


def fund(desk: Desk, params: Mapping[str, str]) -> Object:
    """``/alibaba/order/fund/query``: the fee for paying, and nothing of refunds."""
    order = _order(desk, params, "e_trade_id")
    if "data_select" not in params:
        raise missing("data_select")
    value: Object = {}
    if params["data_select"] == "fund_transaction_fee" and desk.paid(order.trade_id):
        fee = plain((order.total * _FEE).quantize(Decimal("0.01")))
        value["payment_transaction_fee"] = {"amount": fee, "currency": "USD"}
    return {"code": "0", "value": value}


def logistics(desk: Desk, params: Mapping[str, str]) -> Object:
    """``/order/logistics/query``: parcels without a word of what is in them."""
    order = _order(desk, params, "trade_id")
    value: Object = {"logistic_status": order.logistic}
    if params.get("data_select") == "logistic_order":
        value["shipping_order_list"] = array({"voucher": _voucher(parcel, order)} for parcel in order.parcels)
    if order.parcels:
        value["shipment_date"] = dated(order.parcels[0].sent_at)
    return {"code": "0", "value": value}


def _voucher(parcel: Parcel, order: AlibabaOrder) -> Object:
    return {
        "tracking_number": or_null(parcel.number),
        "service_provider": parcel.carrier,
        "logistics_type": order.carrier.shipping_type,
    }


def tracking(desk: Desk, params: Mapping[str, str]) -> Object:
    """``/order/logistics/tracking/get``: its list stands at the top, not in a value."""
    order = _order(desk, params, "trade_id")
    rows: list[Json] = []
    for parcel in order.parcels:
        if not parcel.number:
            continue
        events = array(
            {
                "event_code": event.code,
                "event_location": event.location,
                "event_name": event.name,
                "event_time": local(event.at),
            }
            for event in parcel.events
        )
        url = f"https://sale.alibaba.com/p/track/index.html?number={parcel.number}&order={order.trade_id}"
        rows.append(
            {
                "carrier": parcel.carrier,
                "tracking_number": parcel.number,
                "event_list": events,
                "tracking_url": url,
                "current_event_code": parcel.events[0].code if parcel.events else "null",
            }
        )
    return {"code": "0", "tracking_list": rows}
