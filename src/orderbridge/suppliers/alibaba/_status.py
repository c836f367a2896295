"""How far an order is: one word for the order, one for its parcels, and events of each parcel."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from ..._model import Money, Package, PurchaseOrder, Shipment, ShipmentLine
from ...adapters import Flow, Fulfillment, Payment, SupplierStatus, same_number
from ...errors import Malformed, NotFound, Rejected, Unauthorized
from ._call import ask
from ._failures import answered
from ._orders import SeenOrder, order_with
from ._paying import result_of
from ._products import Item, item_of
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
    counted,
    money,
    said,
    when,
)
from ._words import ALL_HANDED_OVER, ARRIVED, HANDED_OVER, MAY_BE_PARTLY, NONE_LEFT, PARTLY, F

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
        logistics = yield from _logistics(order.ref, must=fulfillment in _ALL_LEFT)
        # A number may exist before the parcel has left: only the status tells.
        handed = said(logistics.logistic_status).lower()
        if handed == NONE_LEFT and fulfillment is F.SHIPPED and order.raw.lower() in MAY_BE_PARTLY:
            fulfillment = F.PREPARING
        if handed in HANDED_OVER | {PARTLY} or fulfillment in _ALL_LEFT:
            parcels = yield from _tracking(order.ref)
            through = fulfillment in _ALL_LEFT and order.raw.lower() not in MAY_BE_PARTLY
            partly = handed == PARTLY and not through
            fulfillment = _how_far(fulfillment, logistics, parcels, partly=partly)
            told, rest = _told(settings, po, logistics, parcels)
            shipments = tuple(told)
            whole = through or handed in ALL_HANDED_OVER or (not partly and not told)
            if whole and (rest or not _is_all(told, po)):
                shipments = (*told, _rest(po, logistics, rest, parcels, told))
    return SupplierStatus(
        raw=order.raw,
        fulfillment=fulfillment,
        payment=payment,
        at=order.at,
        shipments=shipments,
        total=order.total,
    )


def _logistics(ref: str, *, must: bool) -> Flow[Logistics]:
    response = yield ask(_LOGISTICS, trade_id=ref, data_select="logistic_order")
    try:
        return answered(LogisticsAnswer, response).value or Logistics()
    except Rejected as error:
        # Of what has left by its own word, these say whether all has; before that, there may be none.
        if must or type(error) not in (Rejected, NotFound):
            raise
        return Logistics()


def _tracking(ref: str) -> Flow[list[Tracking]]:
    response = yield ask(_TRACKING, trade_id=ref)
    try:
        return answered(TrackingAnswer, response).tracking_list or []
    except Rejected as error:
        if isinstance(error, Unauthorized):
            raise
        # Nothing was scanned yet, or the app may not ask, for which it needs a permission of its own. The
        # parcels' numbers stand in the order's logistics too.
        return []


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


def _told(
    settings: Settings, po: PurchaseOrder, logistics: Logistics, parcels: list[Tracking]
) -> tuple[list[Shipment], list[ShippingOrder]]:
    """A departure for each parcel whose goods are told, and the rows of all others.

    What is in a parcel is mostly not told. To call the first of several the whole order would tell the
    shopper that everything is on its way.
    """
    by_ref: dict[str, list[ShippingOrder]] = {}
    for row in logistics.shipping_order_list or []:
        by_ref.setdefault(_ref_of(row), []).append(row)
    told: list[Shipment] = []
    rest: list[ShippingOrder] = []
    for ref, rows in by_ref.items():
        lines = _inside(settings, po, rows) if ref else None
        if lines is None:
            rest += rows
        else:
            packages = _packages(rows, parcels)
            told.append(Shipment(ref=ref, packages=packages, lines=lines, shipped_at=_left_at(logistics)))
    return told, rest


def _rest(
    po: PurchaseOrder,
    logistics: Logistics,
    rows: list[ShippingOrder],
    parcels: list[Tracking],
    told: list[Shipment],
) -> Shipment:
    """One departure of all else, once all has left."""
    packages = [*_packages([row for row in rows if _number_of(row)], parcels)]
    known = [package for shipment in told for package in shipment.packages]
    for parcel in parcels:
        if said(parcel.tracking_number) and not _among(parcel, [*known, *packages]):
            packages.append(_tracked(parcel))
    # The number of the order itself stays the same, whatever becomes of the numbers of parcels.
    return Shipment(ref=po.supplier_ref, packages=tuple(packages), shipped_at=_left_at(logistics))


def _left_at(logistics: Logistics) -> datetime | None:
    return when(logistics.shipment_date, "$.value.shipment_date")


def _is_all(told: list[Shipment], po: PurchaseOrder) -> bool:
    units: dict[str, Decimal] = {}
    for line in (line for shipment in told for line in shipment.lines or ()):
        units[line.remote_id] = units.get(line.remote_id, Decimal(0)) + line.quantity
    return all(units.get(remote_id, Decimal(0)) >= quantity for remote_id, quantity in po.units.items())


def _inside(
    settings: Settings, po: PurchaseOrder, rows: Iterable[ShippingOrder]
) -> tuple[ShipmentLine, ...] | None:
    """What of the order a parcel holds; None where that is not told for certain, as without a variant."""
    units: dict[str, Decimal] = {}
    for good in (good for row in rows for good in row.goods or []):
        quantity = counted(good.quantity)
        fits = [each for each in po.units if _is_of(item_of(settings, each), good)]
        if quantity is None or len(fits) != 1:
            return None
        units[fits[0]] = units.get(fits[0], Decimal(0)) + quantity
    return tuple(ShipmentLine(remote_id=each, quantity=n) for each, n in units.items()) or None


def _is_of(item: Item, good: WireGood) -> bool:
    sku = said(good.sku_id)
    return item.product == said(good.product_id) and (not item.sku or not sku or item.sku == sku)


def _ref_of(order: ShippingOrder) -> str:
    return said(order.id) or _number_of(order)


def _number_of(order: ShippingOrder) -> str:
    return said(order.voucher.tracking_number) if order.voucher else ""


def _packages(rows: Iterable[ShippingOrder], parcels: list[Tracking]) -> tuple[Package, ...]:
    """Each once, also where several rows name it."""
    packages = dict.fromkeys(_package(row, parcels) for row in rows)
    return tuple(package for package in packages if package != Package())


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
    except (Rejected, Malformed) as error:
        if isinstance(error, Unauthorized):
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
