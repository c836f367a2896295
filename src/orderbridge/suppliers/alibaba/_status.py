"""How far an order is: one word for the order, one for its parcels, and events of each parcel."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from ..._model import Money, Package, PurchaseOrder, Shipment, ShipmentLine
from ...adapters import Flow, Fulfillment, Payment, SupplierStatus, same_number
from ...errors import NotFound, Rejected
from ._call import ask
from ._failures import answered
from ._orders import SeenOrder, order_with
from ._paying import result_of
from ._products import item_of
from ._settings import Settings
from ._wire import (
    FundAnswer,
    Logistics,
    LogisticsAnswer,
    ShippingOrder,
    Tracking,
    TrackingAnswer,
    WireFund,
    WireGood,
    money,
    needed,
    number,
    said,
    when,
)
from ._words import ARRIVED, HANDED_OVER, MAY_BE_PARTLY, PARTLY, F

_LOGISTICS = "/order/logistics/query"
_TRACKING = "/order/logistics/tracking/get"
_FUND = "/alibaba/order/fund/query"
# The second is a word of the gateway before this one; whether this one knows it is written nowhere.
_REFUNDS = "fund_transaction_fee,fund_refund"

# No parcel has left while these hold; with any other word one may have, also with one nobody knows.
_NOTHING_LEFT = frozenset({F.PLACED, F.ACCEPTED, F.CANCELED, F.REJECTED})
_ALL_LEFT = frozenset({F.SHIPPED, F.DELIVERED, F.COMPLETED})


def fetch(settings: Settings, po: PurchaseOrder) -> Flow[SupplierStatus | None]:
    """Its status, money and parcels; None if it was never placed or Alibaba.com has it no more."""
    order = (yield from order_with(settings, po.supplier_ref)) if po.supplier_ref else None
    if order is None:
        return None
    fulfillment, payment = order.meaning
    shipments: tuple[Shipment, ...] = ()
    if fulfillment is F.CANCELED:
        payment = yield from _of_a_closed_one(order)
    elif fulfillment not in _NOTHING_LEFT:
        logistics = yield from _logistics(order.ref)
        # A number may exist before the parcel has left: only the status tells.
        handed = said(logistics.logistic_status).lower()
        if handed in HANDED_OVER | {PARTLY} or fulfillment in _ALL_LEFT:
            parcels = yield from _tracking(order.ref)
            partly = handed == PARTLY and (fulfillment not in _ALL_LEFT or order.raw.lower() in MAY_BE_PARTLY)
            fulfillment = _how_far(fulfillment, logistics, parcels, partly=partly)
            shipments = _shipments(settings, po, logistics, parcels, partly=partly)
    return SupplierStatus(
        raw=order.raw,
        fulfillment=fulfillment,
        payment=payment,
        at=order.at,
        shipments=shipments,
        total=order.total,
    )


def _logistics(ref: str) -> Flow[Logistics]:
    response = yield ask(_LOGISTICS, trade_id=ref, data_select="logistic_order")
    return answered(LogisticsAnswer, response).value or Logistics()


def _tracking(ref: str) -> Flow[list[Tracking]]:
    response = yield ask(_TRACKING, trade_id=ref)
    try:
        return answered(TrackingAnswer, response).tracking_list or []
    except Rejected as error:
        if type(error) not in (Rejected, NotFound):
            raise
        return []  # nothing was scanned yet; the parcels' numbers stand in the order's logistics too


def _how_far(
    word: Fulfillment | None, logistics: Logistics, parcels: list[Tracking], *, partly: bool
) -> Fulfillment | None:
    """The order's word, and beyond it what its parcels say."""
    if word in (F.PREPARING, F.READY, F.SHIPPED) and partly:
        return F.PART_SHIPPED
    if word in (F.PREPARING, F.READY):
        word = F.SHIPPED
    numbered = [order for order in logistics.shipping_order_list or [] if _number_of(order)]
    if word is F.SHIPPED and parcels and len(parcels) >= len(numbered) and all(map(_arrived, parcels)):
        return F.DELIVERED
    return word


def _arrived(parcel: Tracking) -> bool:
    codes = [parcel.current_event_code, *(event.event_code for event in parcel.event_list or [])]
    return any(said(code).lower() == ARRIVED for code in codes)


# --- parcels --------------------------------------------------------------------------------------


def _shipments(
    settings: Settings,
    po: PurchaseOrder,
    logistics: Logistics,
    parcels: list[Tracking],
    *,
    partly: bool,
) -> tuple[Shipment, ...]:
    """One departure for each parcel whose goods are told; else one of all parcels, once all have left.

    What is in a parcel is mostly not told. To call the first of several the whole order would tell the
    shopper that everything is on its way.
    """
    at = when(logistics.shipment_date, "$.value.shipment_date")
    orders = logistics.shipping_order_list or []
    if orders and all(order.goods and _ref_of(order) for order in orders):
        return tuple(_told(settings, po, order, parcels, at) for order in orders)
    if partly:
        return ()
    packages = [_package(order, parcels) for order in orders if _number_of(order)]
    packages += [
        _tracked(parcel)
        for parcel in parcels
        if said(parcel.tracking_number) and not _among(parcel, packages)
    ]
    # The number of the order itself stays the same, whatever becomes of the numbers of parcels.
    return (Shipment(ref=po.supplier_ref, packages=tuple(packages), shipped_at=at),)


def _told(
    settings: Settings, po: PurchaseOrder, order: ShippingOrder, parcels: list[Tracking], at: datetime | None
) -> Shipment:
    package = _package(order, parcels)
    return Shipment(
        ref=_ref_of(order),
        packages=(package,) if package != Package() else (),
        lines=tuple(_lines(settings, po, order.goods or [])),
        shipped_at=at,
    )


def _lines(settings: Settings, po: PurchaseOrder, goods: list[WireGood]) -> Iterable[ShipmentLine]:
    path = "$.value.shipping_order_list[].goods[]"
    for good in goods:
        product, sku = needed(good.product_id, f"{path}.product_id"), said(good.sku_id)
        left: Decimal = number(good.quantity, f"{path}.quantity")
        for remote_id, quantity in po.units.items():
            item = item_of(settings, remote_id)
            if item.product == product and (not item.sku or not sku or item.sku == sku) and left > 0:
                yield ShipmentLine(remote_id=remote_id, quantity=min(left, quantity))
                left -= min(left, quantity)


def _ref_of(order: ShippingOrder) -> str:
    return said(order.id) or _number_of(order)


def _number_of(order: ShippingOrder) -> str:
    return said(order.voucher.tracking_number) if order.voucher else ""


def _package(order: ShippingOrder, parcels: list[Tracking]) -> Package:
    mine = [parcel for parcel in parcels if same_number(said(parcel.tracking_number), _number_of(order))]
    if mine:
        return _tracked(mine[0])
    carrier = said(order.voucher.service_provider) if order.voucher else ""
    return Package(tracking_number=_number_of(order), carrier=carrier)


def _tracked(parcel: Tracking) -> Package:
    return Package(
        tracking_number=said(parcel.tracking_number),
        tracking_url=said(parcel.tracking_url),
        carrier=said(parcel.carrier),
    )


def _among(parcel: Tracking, packages: list[Package]) -> bool:
    return any(same_number(said(parcel.tracking_number), package.tracking_number) for package in packages)


# --- money ----------------------------------------------------------------------------------------


def _of_a_closed_one(order: SeenOrder) -> Flow[Payment | None]:
    """Was it paid, and did the money come back? None where that is not told."""
    try:
        result = yield from result_of(order.ref)
        match said(result.status).upper():
            case "UNPAY" | "PAY_FAILED":
                return Payment.UNPAID
            case "PAY_SUCCESS":
                response = yield ask(_FUND, e_trade_id=order.ref, data_select=_REFUNDS)
                return _refunded(answered(FundAnswer, response).value, order.total)
            case _:
                return None
    except Rejected as error:
        if type(error) not in (Rejected, NotFound):
            raise
        return None  # that the order is closed has to be told all the same


def _refunded(fund: WireFund | None, total: Money | None) -> Payment | None:
    refunds = (fund.refund_list if fund else None) or []
    sums = [
        money(refund.refund_amount, f"$.value.refund_list[{index}].refund_amount")
        for index, refund in enumerate(refunds)
    ]
    back = [refund for refund in sums if refund is not None and refund]
    if not back or total is None or {refund.currency for refund in back} != {total.currency}:
        return None
    return Payment.REFUNDED if Money.sum(back, total.currency) >= total else Payment.PART_REFUNDED
