"""Canceling: the whole order, or, where we are a fulfillment service, our part of it."""

from __future__ import annotations

import attrs

from ..._model import Order
from ...adapters import (
    Canceled,
    Cancellation,
    Flow,
    LookUp,
    Past,
    Response,
    Unclear,
    Write,
    decode_bytes,
    mark_of,
)
from ...errors import Unavailable
from ._departures import Shop, location_of, refs_of, request_of, shop_of
from ._documents_money import CANCEL, CANCEL_JOB, CANCELABLE
from ._documents_shipping import ACCEPT_CANCELLATION, GIVE_BACK, REJECT
from ._graphql import UserError, ask, change, data_of
from ._orders import ALIVE, is_ours
from ._settings import Settings
from ._wire import Connection, WireBag, WireFulfillmentOrder, WireId, ref_of

_STEP = "cancel"
_LONGEST = 255
_UNDER_WAY = frozenset({"REQUESTED", "OPEN"})  # of returns


def cancel(
    settings: Settings, order: Order, cancellation: Cancellation, past: Past
) -> Flow[Write | Canceled | Unclear]:
    """What nothing speaks against; Shopify cancels some time after it has said yes."""
    shop = yield from shop_of(settings, order.ref)
    if shop is None:
        return Unclear(f"order {order.ref}: the shop has no such order any more")
    if settings.service:
        return _our_part(settings, shop, cancellation)
    response = yield ask(settings, CANCELABLE, {"id": shop.id})
    state = data_of(_State, response).order or _Order()
    if state.cancelledAt:
        return Canceled(warnings=_unpaid_back(state))
    told = past.answers.get(_STEP)
    if told is not None:
        return (yield from _job(settings, shop, told))
    if riddle := _cannot(settings, shop, state):
        return Unclear(f"order {shop.ref}: {riddle}")
    note = (
        f"{cancellation.reason[: _LONGEST - len(mark_of(cancellation.key)) - 1]} {mark_of(cancellation.key)}"
    )
    variables = {"id": shop.id, "staffNote": note.strip()[-_LONGEST:]}
    return change(settings, _STEP, CANCEL, variables, unknown=LookUp())


# --- the whole order ------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class _Return:
    name: str = ""
    status: str = ""


@attrs.frozen(kw_only=True)
class _Order:
    cancelledAt: str | None = None
    netPaymentSet: WireBag | None = None
    returns: Connection[_Return] = attrs.field(factory=Connection[_Return])


@attrs.frozen(kw_only=True)
class _State:
    order: _Order | None


def _unpaid_back(state: _Order) -> tuple[str, ...]:
    if state.netPaymentSet is None:
        return ()
    paid = state.netPaymentSet.paid("$.order.netPaymentSet")
    return (f"{paid} of the shopper's money was not given back",) if paid.amount > 0 else ()


def _cannot(settings: Settings, shop: Shop, state: _Order) -> str:
    """Why the order is not canceled, or empty: Shopify itself would cancel the rest of a shipped one."""
    if shop.left:
        return f"a part of it has shipped (fulfillments {refs_of(shop.left)})"
    under_way = [each.name for each in state.returns.items if each.status in _UNDER_WAY]
    if under_way or state.returns.rest:
        return f"returns are under way ({', '.join(under_way)})"
    others = [work for work in shop.works if work.status == "IN_PROGRESS" and not is_ours(work, settings)]
    if others:
        at = ", ".join(f"{ref_of(work.id)} at location {location_of(work)}" for work in others)
        return f"others are at work on it (fulfillment order {at})"
    return ""


@attrs.frozen(kw_only=True)
class _Job:
    id: str = ""
    done: bool = False


@attrs.frozen(kw_only=True)
class _Begun:
    job: _Job | None = None
    jobResult: WireId | None = None


@attrs.frozen(kw_only=True)
class _BegunData:
    orderCancel: _Begun


@attrs.frozen(kw_only=True)
class _Answer:
    data: _BegunData


@attrs.frozen(kw_only=True)
class _Result:
    status: str = ""
    errors: tuple[UserError, ...] = ()


@attrs.frozen(kw_only=True)
class _JobState:
    job: _Job | None = None
    node: _Result | None = None


def _job(settings: Settings, shop: Shop, told: Response) -> Flow[Write | Canceled | Unclear]:
    """Shopify has said yes and not done it yet, or could not."""
    begun = decode_bytes(_Answer, told.body).data.orderCancel
    job = begun.job.id if begun.job else ""
    result = begun.jobResult.id if begun.jobResult else job
    state = data_of(
        _JobState, (yield ask(settings, CANCEL_JOB, {"job": job, "result": result})), may_lack=("node",)
    )
    ended = state.node.status if state.node else ""
    if ended == "FAILED":
        why = "; ".join(error.message for error in state.node.errors) if state.node else ""
        return Unclear(f"order {shop.ref}: Shopify could not cancel it: {why or 'it does not say why'}")
    if state.job is None and state.node is None:
        return Unclear(f"order {shop.ref}: Shopify no longer says what came of the cancel; look there")
    if ended != "SUCCEEDED" and (state.job is None or not state.job.done):
        raise Unavailable(f"order {shop.ref}: Shopify is still canceling it")
    # Done since the order was read, or done without effect.
    response = yield ask(settings, CANCELABLE, {"id": shop.id})
    now = data_of(_State, response).order or _Order()
    if now.cancelledAt:
        return Canceled(warnings=_unpaid_back(now))
    return Unclear(f"order {shop.ref}: Shopify says that it has canceled it, and does not show it so")


# --- our part of it -------------------------------------------------------------------------------------


def _our_part(settings: Settings, shop: Shop, cancellation: Cancellation) -> Write | Canceled | Unclear:
    """What was requested of our service goes back to the merchant; the order itself is his."""
    ours = [work for work in shop.works if is_ours(work, settings)]
    claimed = shop.claimed()
    shipped = [each for each in shop.left if each.id in claimed]
    if shipped:
        return Unclear(f"order {shop.ref}: a part of ours has shipped (fulfillments {refs_of(shipped)})")
    requested = [work for work in ours if work.status in ALIVE and work.requestStatus in _WAYS_BACK]
    if able := [work for work in requested if _can_go_back(work)]:
        # Shopify may refuse what waits: that comes last.
        return _back(settings, min(able, key=lambda work: work.status not in _AT_WORK), cancellation)
    if requested:
        stuck = ", ".join(f"{ref_of(work.id)} ({work.status}/{work.requestStatus})" for work in requested)
        return Unclear(
            f"order {shop.ref}: fulfillment order {stuck} is still requested of us, and cannot be given back "
            "as it stands"
        )
    others = "nothing of it is requested of us now; the order itself is the merchant's to cancel"
    return Canceled(warnings=() if shop.canceled else (others,))


_AT_WORK = frozenset({"OPEN", "IN_PROGRESS"})
_WAYS_BACK = {
    "SUBMITTED": ("reject", REJECT),
    "ACCEPTED": ("close", GIVE_BACK),
    "CANCELLATION_REJECTED": ("close", GIVE_BACK),
    "CANCELLATION_REQUESTED": ("let-go", ACCEPT_CANCELLATION),
}


def _can_go_back(work: WireFulfillmentOrder) -> bool:
    """A question of the merchant's can be answered at any time, and only what is at work can be closed."""
    return work.status in _AT_WORK or _WAYS_BACK[work.requestStatus][1] is not GIVE_BACK


def _back(settings: Settings, work: WireFulfillmentOrder, cancellation: Cancellation) -> Write:
    name, document = _WAYS_BACK[work.requestStatus]
    said = f"{cancellation.reason[:200]} {mark_of(cancellation.key)}".strip()
    return change(
        settings, f"{name}-{request_of(work)}", document, {"id": work.id, "message": said}, unknown=LookUp()
    )
