"""Paying, and canceling what need not be paid: each reads first, and each call is about one order."""

from __future__ import annotations

from datetime import timedelta

from ..._model import BuyerContext, Money, PurchaseOrder
from ...adapters import (
    Confirmed,
    Flow,
    Fulfillment,
    LookUp,
    Past,
    Payment,
    PaymentSeen,
    PurchaseCanceled,
    Refusal,
    Refused,
    Repeat,
    Response,
    Unclear,
    Unknown,
    Verdict,
    Write,
    decode_bytes,
)
from ...errors import Malformed, NotFound, Unavailable
from ._call import ask, milliseconds, packed, send
from ._failures import BUSINESS, answered, verdict_on
from ._orders import SeenOrder, order_with
from ._settings import Settings
from ._wire import PaymentAnswer, WirePayment, needed, said
from ._words import UNDER_REVIEW

PAY = "/alibaba/dropshipping/order/pay"
CANCEL = "/alibaba/order/cancel"
_RESULT = "/alibaba/order/pay/result/query"

_PAID = "PAY_SUCCESS"
_UNDER_WAY = "PAYING"  # about a minute
_FAILED = "PAY_FAILED"
_NOT_PAID = "UNPAY"
# Not a failure: some earlier try has paid it, and the look-up will show that.
_PAID_BEFORE = "ORDER_HAVE_PAID"
# Alibaba.com keeps a way to pay only after a person has paid once.
_FIRST_BY_HAND = "NEVER_PAY_SUCCESS_IN_DROPSHIPER"

_LEFT = frozenset(
    {Fulfillment.PART_SHIPPED, Fulfillment.SHIPPED, Fulfillment.DELIVERED, Fulfillment.COMPLETED}
)


def result_of(ref: str) -> Flow[WirePayment]:
    """How far its payment is."""
    response = yield ask(_RESULT, trade_id=ref)
    return answered(PaymentAnswer, response).value


def pay(
    settings: Settings, po: PurchaseOrder, total: Money, buyer: BuyerContext | None, past: Past
) -> Flow[Write | PaymentSeen | Unclear]:
    """Pay it, unless it is paid or about to be."""
    order = yield from _order(settings, po)
    result = yield from result_of(order.ref)
    status, page = needed(result.status, "$.value.status").upper(), said(result.pay_url)
    fulfillment, payment = order.meaning
    if status == _PAID or payment is Payment.PAID:
        return PaymentSeen(payment=Payment.PAID, total=order.total, url=page)
    if payment in (Payment.DISPUTED, Payment.CHARGED_BACK):
        return PaymentSeen(payment=payment, total=order.total, url=page)
    if status == _UNDER_WAY or payment is Payment.PENDING:
        return PaymentSeen(payment=Payment.PENDING, total=order.total, url=page)
    if fulfillment is Fulfillment.CANCELED:
        return Unclear(f"order {order.ref} is closed ({order.raw}) and not paid")
    if status not in (_NOT_PAID, _FAILED) or payment is not Payment.UNPAID:
        return Unclear(f"order {order.ref} is {order.raw!r} and its payment {status!r}: is it paid or not?")
    if order.raw.lower() == UNDER_REVIEW:
        raise Unavailable(f"Alibaba.com still reviews order {order.ref}; it can be paid after that")
    if order.total != total:
        return Unclear(f"Alibaba.com asks {order.total or 'no known sum'}, and {total} was to be paid")
    reason = said(result.reason_code)
    if status == _FAILED and past.attempted and reason != _FIRST_BY_HAND:
        # Not tried again and again: a card that was declined is blocked for it.
        reason = reason or "without a reason"
        words = f"Alibaba.com says that the payment failed ({reason}); pay by hand, or try once more"
        return Unclear(words, page=page)
    return _write(settings, order.ref, total, buyer)


def _order(settings: Settings, po: PurchaseOrder) -> Flow[SeenOrder]:
    order = yield from order_with(settings, po.supplier_ref)
    if order is None:
        raise NotFound(f"Alibaba.com does not show order {po.supplier_ref}")
    return order


def _write(settings: Settings, ref: str, total: Money, buyer: BuyerContext | None) -> Write:
    what = {"order_id_list": [ref], "is_pc": "true", "payment_method": settings.payment_method}
    private = None
    if buyer is not None:
        who = {
            "user_ip": buyer.ip,
            "user_agent": buyer.user_agent,
            "accept_language": buyer.accept_language,
            "screen_resolution": buyer.screen,
            "isv_drop_shipper_registration_time": str(milliseconds(buyer.member_since)),
        }
        private = send(PAY, param_order_pay_request=packed({**what, **who}))
    return Write(
        "pay",
        send(PAY, param_order_pay_request=packed(what)),
        unknown=LookUp(late=timedelta(minutes=10), lag=timedelta(minutes=5)),
        amount=total,
        private=private,
    )


def payment_verdict(response: Response) -> Verdict:
    """A payment that failed is a success of the call, so the status below tells."""
    verdict = verdict_on(response)
    if not isinstance(verdict, Confirmed):
        return verdict
    try:
        value = decode_bytes(PaymentAnswer, response.body).value
    except Malformed as error:
        return Unknown(error.message)
    status, reason = said(value.status).upper(), said(value.reason_code)
    if status in (_PAID, _UNDER_WAY) or (status == _FAILED and reason == _PAID_BEFORE):
        return Confirmed()
    if status == _FAILED and reason == _FIRST_BY_HAND:
        return Refused(
            Refusal.PAYMENT_REFUSED,
            code=reason,
            message="the first payment of an account is made by hand; later ones can be made here",
            page=said(value.pay_url),
        )
    if status == _FAILED and reason in BUSINESS:
        message = BUSINESS[reason][1]
        return Refused(Refusal.PAYMENT_REFUSED, code=reason, message=message, page=said(value.pay_url))
    return Unknown(f"{status or 'no status'} {reason}".strip())


def cancel(settings: Settings, po: PurchaseOrder, past: Past) -> Flow[Write | PurchaseCanceled | Unclear]:
    """Have it closed, unless it is, or is on its way."""
    order = yield from _order(settings, po)
    fulfillment = order.meaning[0]
    if fulfillment is Fulfillment.CANCELED:
        return PurchaseCanceled(fulfillment=Fulfillment.CANCELED, raw_status=order.raw)
    if "cancel" in past.answers:
        return PurchaseCanceled(fulfillment=Fulfillment.CANCEL_REQUESTED, raw_status=order.raw)
    if fulfillment in _LEFT:
        return Unclear(f"order {order.ref} is {order.raw!r}: it has left, and can only come back as a return")
    # A closed order is not closed again, so a repeat does no harm.
    return Write("cancel", send(CANCEL, trade_id=order.ref), unknown=Repeat())
