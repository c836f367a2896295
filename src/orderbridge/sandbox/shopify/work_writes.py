"""Mutations of fulfillment orders and fulfillments."""

from __future__ import annotations

from collections.abc import Callable

from .ask import Ask
from .floor import Units, actions, tracking_of, whole_of
from .records import Event, FulfillmentLine, FulfillmentOrder, Hold
from .values import Json, Node, Refusal, gid, mapping, moment, number_of, rows, text, texts, whole

HOLDS, NOTE = 10, 256


def _chosen(work: FulfillmentOrder, given: Json, code: str | None = None) -> Units:
    """The units a client named; all that is left if none.

    Raises:
        Refusal: A line that is not in it, or more than is left.
    """
    named = rows(given)
    if not named:
        return whole_of(work)
    if len({text(row["id"]) for row in named}) < len(named):
        raise Refusal("Fulfillment order line items must be unique.", ["fulfillmentOrderLineItems"], code)
    found: list[tuple[FulfillmentLine, int]] = []
    for row in named:
        line = next(
            (one for one in work.lines if one.id == number_of(row["id"], "FulfillmentOrderLineItem")), None
        )
        count = whole(row["quantity"])
        if line is None:
            raise Refusal("Fulfillment order line item does not exist.", ["fulfillmentOrderLineItems"], code)
        if not 0 < count <= line.remaining:
            raise Refusal("Invalid fulfillment order line item quantity requested.", ["fulfillment"], code)
        found.append((line, count))
    return found


def fulfillment_create(at: Ask, fulfillment: Json, message: Json = None) -> Node:
    """Goods leave. There is no key: the same call again ships again, as long as units are left."""
    given = mapping(fulfillment)
    chosen: list[tuple[FulfillmentOrder, Units]] = []
    for row in rows(given.get("lineItemsByFulfillmentOrder")):
        work = at.work(row["fulfillmentOrderId"])
        if work is None or not at.acts(work):
            raise Refusal("Fulfillment order does not exist.", ["fulfillment"])
        if "CREATE_FULFILLMENT" not in actions(work):
            raise Refusal(
                f"Fulfillment order {work.id} has an unfulfillable status= {work.status.lower()}.",
                ["fulfillment"],
            )
        if any(work is other for other, _ in chosen):
            raise Refusal("Fulfillment orders must be unique.", ["fulfillment"])
        units = _chosen(work, row.get("fulfillmentOrderLineItems"))
        if units:
            chosen.append((work, units))
    if not chosen:
        raise Refusal("Fulfillment must have at least one line item.", ["fulfillment"])
    first = chosen[0][0]
    if any(work.order is not first.order or work.location is not first.location for work, _ in chosen):
        raise Refusal("All fulfillment orders must belong to the same order and location.", ["fulfillment"])
    tracking = tracking_of(mapping(given.get("trackingInfo")))
    gone = at.shop.fulfill(chosen, tracking, notify=bool(given.get("notifyCustomer")), now=at.now)
    at.did("fulfillmentCreate", gid("Fulfillment", gone.id))
    return {"fulfillment": at.shown(gone)}


def tracking_update(
    at: Ask,
    fulfillmentId: Json,
    trackingInfoInput: Json,
    notifyCustomer: Json = None,
) -> Node:
    """All that is said about tracking is replaced."""
    gone = at.fulfillment(fulfillmentId)
    if gone is None:
        raise Refusal("Fulfillment does not exist.", ["fulfillmentId"])
    if gone.status == "CANCELLED":
        raise Refusal("Fulfillment is cancelled.", ["fulfillmentId"])
    tracking = tracking_of(mapping(trackingInfoInput))
    at.shop.retrack(gone, tracking, notify=bool(notifyCustomer), now=at.now)
    at.did("fulfillmentTrackingInfoUpdate", gid("Fulfillment", gone.id))
    return {"fulfillment": at.shown(gone)}


def fulfillment_cancel(at: Ask, id: Json) -> Node:  # noqa: A002
    """A fulfillment is undone."""
    gone = at.fulfillment(id)
    if gone is None:
        raise Refusal("Fulfillment does not exist.", ["id"])
    if gone.status == "CANCELLED":
        raise Refusal("Fulfillment is already cancelled.", ["id"])
    at.shop.unfulfill(gone, at.now)
    at.did("fulfillmentCancel", gid("Fulfillment", gone.id))
    return {"fulfillment": at.shown(gone)}


def event_create(at: Ask, fulfillmentEvent: Json) -> Node:
    """Something happened on the way. Saying it again makes a second event."""
    given = mapping(fulfillmentEvent)
    gone = at.fulfillment(given["fulfillmentId"])
    if gone is None:
        raise Refusal("Fulfillment does not exist.", ["fulfillmentEvent", "fulfillmentId"])
    if gone.status == "CANCELLED":
        raise Refusal("Fulfillment is cancelled.", ["fulfillmentEvent", "fulfillmentId"])
    expected = given.get("estimatedDeliveryAt")
    event = Event(
        id=at.shop.next_id("FulfillmentEvent"),
        status=text(given["status"]),
        happened_at=moment(text(given["happenedAt"])) if given.get("happenedAt") else at.now,
        created_at=at.now,
        message=text(given["message"]) if given.get("message") else None,
        estimated_at=moment(text(expected)) if expected else None,
        place={
            name: text(given[name])
            for name in ("address1", "city", "country", "province", "zip")
            if given.get(name) is not None
        },
    )
    at.shop.happen(gone, event, at.now)
    at.did("fulfillmentEventCreate", gid("FulfillmentEvent", event.id))
    return {"fulfillmentEvent": at.shown(event)}


def report_progress(at: Ask, id: Json, progressReport: Json = None) -> Node:  # noqa: A002
    """Somebody works on it."""
    work = at.the_work(id, "FULFILLMENT_ORDER_NOT_FOUND")
    if work.status not in ("OPEN", "IN_PROGRESS"):
        raise Refusal("Fulfillment order status is invalid.", ["id"], "FULFILLMENT_ORDER_STATUS_INVALID")
    at.shop.need(
        work, "REPORT_PROGRESS", "The action is not supported.", "FULFILLMENT_ORDER_UNSUPPORTED_ACTION"
    )
    if len(text(mapping(progressReport).get("reasonNotes"))) > NOTE:
        raise Refusal(
            f"Reason notes is too long (maximum is {NOTE} characters)", ["progressReport", "reasonNotes"]
        )
    work.status, work.reported = "IN_PROGRESS", True
    at.shop.changed(work, at.now, "fulfillment_orders/progress_reported")
    return _did(at, "fulfillmentOrderReportProgress", work)


def open_again(at: Ask, id: Json) -> Node:  # noqa: A002
    """It is neither scheduled nor worked on."""
    work = at.the_work(id)
    at.shop.need(work, "MARK_AS_OPEN", "Fulfillment order cannot be marked as open.")
    work.status, work.reported = "OPEN", False
    at.shop.changed(work, at.now, "fulfillment_orders/manually_reported_progress_stopped")
    return _did(at, "fulfillmentOrderOpen", work)


def hold(at: Ask, id: Json, fulfillmentHold: Json) -> Node:  # noqa: A002
    """It waits. The handle is the only key there is: a second hold of that name is refused."""
    work, given = at.the_work(id, "FULFILLMENT_ORDER_NOT_FOUND"), mapping(fulfillmentHold)
    handle = text(given.get("handle")) or None
    ours = [one for one in work.holds if one.ours]
    if any(one.handle == handle for one in ours):
        raise Refusal(
            "The handle is already in use by this app for another hold on this fulfillment order.",
            ["fulfillmentHold", "handle"],
            "DUPLICATE_FULFILLMENT_HOLD_HANDLE",
        )
    if len(ours) >= HOLDS:
        raise Refusal(
            "The maximum number of fulfillment holds has been reached.",
            ["id"],
            "FULFILLMENT_ORDER_HOLD_LIMIT_REACHED",
        )
    lines = given.get("fulfillmentOrderLineItems")
    if rows(lines) and work.holds:
        raise Refusal("The fulfillment order is not splittable.", ["id"], "FULFILLMENT_ORDER_NOT_SPLITTABLE")
    at.shop.need(work, "HOLD", "The fulfillment order is not in a holdable state.", "TAKEN")
    units = _chosen(work, lines, "INVALID_LINE_ITEM_QUANTITY")
    made = Hold(
        id=at.shop.next_id("FulfillmentHold"),
        reason=text(given["reason"]),
        notes=text(given["reasonNotes"]) if given.get("reasonNotes") else None,
        handle=handle,
    )
    rest = at.shop.put_on_hold(work, made, units, at.now)
    at.did("fulfillmentOrderHold", gid("FulfillmentOrder", work.id))
    return {
        "fulfillmentHold": at.shown(made),
        "fulfillmentOrder": at.shown(work),
        "remainingFulfillmentOrder": at.show(rest),
    }


def release(at: Ask, id: Json, holdIds: Json = None, externalId: Json = None) -> Node:  # noqa: A002
    """Holds end; where none is named, everybody's."""
    work = at.the_work(id, "FULFILLMENT_ORDER_NOT_FOUND")
    wanted = {number_of(one, "FulfillmentHold") for one in texts(holdIds)}
    ending = [one for one in work.holds if not isinstance(holdIds, list) or one.id in wanted]
    at.shop.let_go(work, ending, at.now)
    return _did(at, "fulfillmentOrderReleaseHold", work)


def split(at: Ask, fulfillmentOrderSplits: Json) -> Node:
    """Units go to new fulfillment orders."""
    results: list[Node] = []
    for given in rows(fulfillmentOrderSplits):
        work = at.the_work(given["fulfillmentOrderId"], "FULFILLMENT_ORDER_NOT_FOUND")
        if not rows(given["fulfillmentOrderLineItems"]):
            raise Refusal("No line items.", ["fulfillmentOrderSplits"], "NO_LINE_ITEMS_PROVIDED_TO_SPLIT")
        units = _chosen(work, given["fulfillmentOrderLineItems"], "INVALID_LINE_ITEM_QUANTITY")
        at.shop.need(work, "SPLIT", "Fulfillment order cannot be split.", "INVALID_LINE_ITEM_QUANTITY")
        fresh, replacement = at.shop.split(work, units, at.now)
        at.did("fulfillmentOrderSplit", gid("FulfillmentOrder", work.id))
        results.append(
            {
                "fulfillmentOrder": at.shown(work),
                "remainingFulfillmentOrder": at.shown(fresh),
                "replacementFulfillmentOrder": at.show(replacement),
            }
        )
    return {"fulfillmentOrderSplits": results}


def move(at: Ask, id: Json, newLocationId: Json, fulfillmentOrderLineItems: Json = None) -> Node:  # noqa: A002
    """It goes to another location, as a new fulfillment order."""
    work = at.the_work(id)
    place = at.shop.locations.get(number_of(newLocationId, "Location"))
    if place is None:
        raise Refusal("Location not found.", ["newLocationId"])
    if work.reported:
        raise Refusal(
            "Cannot move a fulfillment order with reported progress.",
            ["id"],
            "CANNOT_MOVE_FULFILLMENT_ORDER_WITH_REPORTED_PROGRESS",
        )
    at.shop.need(work, "MOVE", "Fulfillment order cannot be moved.")
    fresh = at.shop.relocate(work, place, _chosen(work, fulfillmentOrderLineItems), at.now)
    at.did("fulfillmentOrderMove", gid("FulfillmentOrder", work.id))
    return {
        "movedFulfillmentOrder": at.shown(fresh),
        "originalFulfillmentOrder": at.shown(work),
        "remainingFulfillmentOrder": None,
    }


def cancel(at: Ask, id: Json) -> Node:  # noqa: A002
    """It is cancelled, and another one stands for what is left."""
    work = at.the_work(id)
    if work.reported:
        raise Refusal(
            "Fulfillment order has manually reported progress.",
            ["id"],
            "FULFILLMENT_ORDER_HAS_MANUALLY_REPORTED_PROGRESS",
        )
    if not work.open:
        raise Refusal("Fulfillment order cannot be cancelled.", ["id"])
    fresh = at.shop.replace(work, at.now)
    at.did("fulfillmentOrderCancel", gid("FulfillmentOrder", work.id))
    return {"fulfillmentOrder": at.shown(work), "replacementFulfillmentOrder": at.shown(fresh)}


# The words between a merchant and a fulfillment service


def submit_request(
    at: Ask,
    id: Json,  # noqa: A002
    fulfillmentOrderLineItems: Json = None,
    message: Json = None,
    notifyCustomer: Json = None,
) -> Node:
    """The merchant asks the service to send it; what is not asked for goes to a new fulfillment order."""
    work = at.the_work(id)
    at.shop.need(work, "REQUEST_FULFILLMENT", "Fulfillment order cannot be requested.")
    units = _chosen(work, fulfillmentOrderLineItems)
    rest = None
    if sum(count for _, count in units) < work.remaining:
        asked = {line.id: count for line, count in units}
        rest = at.shop.carve(
            work, [(line, line.remaining - asked.get(line.id, 0)) for line in work.lines], at.now
        )
    at.shop.ask(work, "FULFILLMENT_REQUEST", text(message) or None, at.now, notify=bool(notifyCustomer))
    work.status, work.request_status = "OPEN", "SUBMITTED"
    at.shop.changed(work, at.now, "fulfillment_orders/fulfillment_request_submitted")
    at.did("fulfillmentOrderSubmitFulfillmentRequest", gid("FulfillmentOrder", work.id))
    return {
        "originalFulfillmentOrder": at.shown(work),
        "submittedFulfillmentOrder": at.shown(work),
        "unsubmittedFulfillmentOrder": at.show(rest),
    }


def submit_cancellation(at: Ask, id: Json, message: Json = None) -> Node:  # noqa: A002
    """The merchant asks the service to stop."""
    work = at.the_work(id)
    at.shop.need(work, "REQUEST_CANCELLATION", "Cancellation cannot be requested.")
    at.shop.ask(work, "CANCELLATION_REQUEST", text(message) or None, at.now, notify=False)
    work.request_status = "CANCELLATION_REQUESTED"
    at.shop.changed(work, at.now, "fulfillment_orders/cancellation_request_submitted")
    return _did(at, "fulfillmentOrderSubmitCancellationRequest", work)


def _answer(
    mutation: str, wanted: str, status: str | None, request_status: str, topic: str
) -> Callable[..., Node]:
    """The service answers what was asked of it."""

    def answer(at: Ask, id: Json, **said: Json) -> Node:  # noqa: A002
        work = at.the_work(id)
        if not work.location.ours or work.request_status != wanted or not work.open:
            raise Refusal("Cannot answer a request that is not there.", ["id"])
        work.status, work.request_status = status or work.status, request_status
        work.answer = text(said.get("message"))
        at.shop.changed(work, at.now, f"fulfillment_orders/{topic}")
        return _did(at, mutation, work)

    return answer


def accept_cancellation(at: Ask, id: Json, message: Json = None) -> Node:  # noqa: A002
    """The service stops; another fulfillment order stands for what is left."""
    work = at.the_work(id)
    if not work.location.ours or work.request_status != "CANCELLATION_REQUESTED":
        raise Refusal("Cannot answer a request that is not there.", ["id"])
    at.shop.replace(work, at.now)
    work.request_status, work.answer = "CANCELLATION_ACCEPTED", text(message)
    return _did(at, "fulfillmentOrderAcceptCancellationRequest", work)


def close(at: Ask, id: Json, message: Json = None) -> Node:  # noqa: A002
    """The service cannot send the rest: the merchant decides again."""
    work = at.the_work(id)
    if not work.location.ours or work.status != "IN_PROGRESS":
        raise Refusal("Fulfillment order cannot be closed.", ["id"])
    work.status, work.request_status, work.reported = "INCOMPLETE", "CLOSED", False
    work.answer = text(message)
    at.shop.changed(work, at.now)
    return _did(at, "fulfillmentOrderClose", work)


def service_create(at: Ask, name: Json, callbackUrl: Json = None, **_: Json) -> Node:
    """A service of this app, and its location with it."""
    if any(place.name == name for place in at.shop.locations.values()):
        raise Refusal("Name has already been taken", ["name"])
    place = at.shop.add_location(text(name), service=text(name).lower().replace(" ", "-"), ours=True)
    place.callback = text(callbackUrl)
    at.did("fulfillmentServiceCreate", gid("Location", place.id))
    shown = at.shown(place)["fulfillmentService"]
    return {"fulfillmentService": shown}


def _did(at: Ask, mutation: str, work: FulfillmentOrder) -> Node:
    at.did(mutation, gid("FulfillmentOrder", work.id))
    return {"fulfillmentOrder": at.shown(work)}


MUTATIONS: dict[str, Callable[..., Node]] = {
    "fulfillmentCreate": fulfillment_create,
    "fulfillmentTrackingInfoUpdate": tracking_update,
    "fulfillmentCancel": fulfillment_cancel,
    "fulfillmentEventCreate": event_create,
    "fulfillmentOrderReportProgress": report_progress,
    "fulfillmentOrderOpen": open_again,
    "fulfillmentOrderHold": hold,
    "fulfillmentOrderReleaseHold": release,
    "fulfillmentOrderSplit": split,
    "fulfillmentOrderMove": move,
    "fulfillmentOrderCancel": cancel,
    "fulfillmentOrderSubmitFulfillmentRequest": submit_request,
    "fulfillmentOrderSubmitCancellationRequest": submit_cancellation,
    "fulfillmentOrderAcceptFulfillmentRequest": _answer(
        "fulfillmentOrderAcceptFulfillmentRequest",
        "SUBMITTED",
        "IN_PROGRESS",
        "ACCEPTED",
        "fulfillment_request_accepted",
    ),
    "fulfillmentOrderRejectFulfillmentRequest": _answer(
        "fulfillmentOrderRejectFulfillmentRequest",
        "SUBMITTED",
        "OPEN",
        "REJECTED",
        "fulfillment_request_rejected",
    ),
    "fulfillmentOrderRejectCancellationRequest": _answer(
        "fulfillmentOrderRejectCancellationRequest",
        "CANCELLATION_REQUESTED",
        None,
        "CANCELLATION_REJECTED",
        "cancellation_request_rejected",
    ),
    "fulfillmentOrderAcceptCancellationRequest": accept_cancellation,
    "fulfillmentOrderClose": close,
    "fulfillmentServiceCreate": service_create,
}
