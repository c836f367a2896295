"""The gateway's answers as it writes them, and what their texts mean.

Everything is text: truth values, amounts (``"4.8700"``), quantities (``"2.0000"``), times, and the word
``"null"`` for what is not there.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

import attrs

from ..._model import Money
from ...errors import Malformed
from ._call import from_milliseconds

Text: TypeAlias = str | int | bool | None
# A text, too; where it is none after all, the shortest digits that a float has are those that were written.
Number: TypeAlias = str | int | float | bool | None

_NUMBER = re.compile(r"\d{1,30}(\.\d{1,20})?", re.ASCII)
# A year of 1973 to 5138, so that seconds are never taken for milliseconds.
_MILLISECONDS = re.compile(r"\d{12,14}", re.ASCII)
_DAYS = re.compile(r"(\d{1,4})(?:\s*[~\u2013-]\s*(\d{1,4}))?(?:\s*days?)?", re.ASCII | re.IGNORECASE)


def said(value: Number) -> str:
    """What was written; empty if nothing was."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = "" if value is None else str(value).strip()
    return "" if text.lower() == "null" else text


def needed(value: Number, path: str) -> str:
    """What was written, where something has to be."""
    text = said(value)
    if not text:
        raise Malformed(f"{path}: missing", path=path)
    return text


def counted(value: Number) -> Decimal | None:
    """A number of zero or more, to the last digit; None if it is none."""
    text = said(value)
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def number(value: Number, path: str) -> Decimal:
    """The same, where there has to be one."""
    needed(value, path)
    found = counted(value)
    if found is None:
        raise Malformed(f"{path}: not a number such as 2.0000", path=path)
    return found


def days(value: Text) -> tuple[int, int] | None:
    """Least and most out of ``"10~15"``, ``"3-9"`` or ``"7"``; None if it says something else."""
    found = _DAYS.fullmatch(said(value))
    if found is None:
        return None
    least, most = int(found[1]), int(found[2] or found[1])
    return (least, most) if least <= most else None


@attrs.frozen(kw_only=True)
class Sum:
    amount: Number = None
    currency: Text = None


def money(value: Sum | None, path: str) -> Money | None:
    """An amount with its currency; None if there is none."""
    if value is None or not said(value.amount):
        return None
    return priced(value.amount, value.currency, path)


def priced(amount: Number, currency: Text, path: str) -> Money:
    """An amount and the currency beside it."""
    try:
        return Money(number(amount, f"{path}.amount"), needed(currency, f"{path}.currency"))
    except ValueError:
        raise Malformed(f"{path}.currency: not a currency such as USD", path=f"{path}.currency") from None


@attrs.frozen(kw_only=True)
class Date:
    timestamp: Text = None


def when(value: Date | None, path: str) -> datetime | None:
    """A moment; the text beside the timestamp is for people."""
    if value is None or not said(value.timestamp):
        return None
    if not _MILLISECONDS.fullmatch(said(value.timestamp)):
        raise Malformed(f"{path}.timestamp: not milliseconds since 1970", path=f"{path}.timestamp")
    return from_milliseconds(int(said(value.timestamp)))


# --- products -------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Tier:
    min_quantity: Number = None
    price: Number = None
    currency: Text = None


@attrs.frozen(kw_only=True)
class Choice:
    attr_value_desc: Text = None


@attrs.frozen(kw_only=True)
class Sku:
    sku_id: Text = None
    seller_sku_id: Text = None
    status: Text = None
    ladder_price: list[Tier] | None = None
    cost_discount_price: Number = None
    cost_price_currency: Text = None
    sku_attr_list: list[Choice] | None = None


@attrs.frozen(kw_only=True)
class WireProduct:
    product_id: Text
    eCompanyId: Text = None
    title: Text = None
    status: Text = None
    currency: Text = None
    min_order_quantity: Number = None
    skus: list[Sku] | None = None


@attrs.frozen(kw_only=True)
class _ProductResult:
    result_data: WireProduct | None = None


@attrs.frozen(kw_only=True)
class ProductAnswer:
    result: _ProductResult


@attrs.frozen(kw_only=True)
class Count:
    sku_id: Text = None
    inventory_count: Number = None


@attrs.frozen(kw_only=True)
class Stock:
    shipping_from: Text = None
    inventory_list: list[Count] | None = None


@attrs.frozen(kw_only=True)
class _StockResult:
    result_data: list[Stock] | None = None


@attrs.frozen(kw_only=True)
class StockAnswer:
    result: _StockResult


@attrs.frozen(kw_only=True)
class Way:
    vendor_code: Text = None
    vendor_name: Text = None
    fee: Sum | None = None
    delivery_time: Text = None


@attrs.frozen(kw_only=True)
class FreightAnswer:
    value: list[Way] | None = None


# --- orders ---------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Row:
    trade_id: Text
    trade_status: Text = None
    modify_date: Date | None = None


@attrs.frozen(kw_only=True)
class Rows:
    total_count: Text = None
    order_list: list[Row] | None = None


@attrs.frozen(kw_only=True)
class ListAnswer:
    value: Rows


@attrs.frozen(kw_only=True)
class WireAddress:
    zip: Text = attrs.field(default=None, repr=False)
    country_code: Text = None
    address: Text = attrs.field(default=None, repr=False)
    contact_person: Text = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class WireLine:
    product_id: Text = None
    sku_id: Text = None
    quantity: Number = None


@attrs.frozen(kw_only=True)
class WireOrder:
    trade_id: Text
    trade_status: Text
    total_amount: Sum | None = None
    order_products: list[WireLine] | None = None
    shipping_address: WireAddress | None = attrs.field(default=None, repr=False)
    remark: Text = attrs.field(default=None, repr=False)
    modify_date: Date | None = None


@attrs.frozen(kw_only=True)
class OrderAnswer:
    value: WireOrder | None = None


@attrs.frozen(kw_only=True)
class WireCreated:
    trade_id: Text
    pay_url: Text = None


@attrs.frozen(kw_only=True)
class CreateAnswer:
    value: WireCreated


@attrs.frozen(kw_only=True)
class WirePayment:
    status: Text
    reason_code: Text = None
    pay_url: Text = None


@attrs.frozen(kw_only=True)
class PaymentAnswer:
    value: WirePayment


@attrs.frozen(kw_only=True)
class WireRefund:
    refund_amount: Sum | None = None


@attrs.frozen(kw_only=True)
class WireFund:
    refund_list: list[WireRefund] | None = None


@attrs.frozen(kw_only=True)
class FundAnswer:
    value: WireFund | None = None


# --- parcels --------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Voucher:
    tracking_number: Text = None
    service_provider: Text = None


@attrs.frozen(kw_only=True)
class WireGood:
    product_id: Text = None
    sku_id: Text = None
    quantity: Number = None


@attrs.frozen(kw_only=True)
class ShippingOrder:
    id: Text = None
    voucher: Voucher | None = None
    goods: list[WireGood] | None = None


@attrs.frozen(kw_only=True)
class Logistics:
    logistic_status: Text = None
    shipping_order_list: list[ShippingOrder] | None = None
    shipment_date: Date | None = None


@attrs.frozen(kw_only=True)
class LogisticsAnswer:
    value: Logistics | None = None


@attrs.frozen(kw_only=True)
class Event:
    event_code: Text = None


@attrs.frozen(kw_only=True)
class Tracking:
    carrier: Text = None
    tracking_number: Text = None
    tracking_url: Text = None
    current_event_code: Text = None
    event_list: list[Event] | None = None


@attrs.frozen(kw_only=True)
class TrackingAnswer:
    tracking_list: list[Tracking] | None = None


# --- logging in -----------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class WireUser:
    loginId: Text = None
    user_id: Text = None


@attrs.frozen(kw_only=True)
class TokenAnswer:
    access_token: Text = attrs.field(repr=False)
    refresh_token: Text = attrs.field(default=None, repr=False)
    expires_in: Text = None  # seconds
    refresh_expires_in: Text = None  # seconds
    account: Text = None
    account_id: Text = None
    user_info: WireUser | None = None
