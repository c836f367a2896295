"""Fulfillment orders, fulfillments, locations and services as GraphQL reads them."""

from __future__ import annotations

from .ask import Ask, limit
from .floor import actions
from .records import Event, Fulfillment, FulfillmentLine, FulfillmentOrder, Hold, Location, Part, Request
from .values import Asked, Node, Object, gid, iso, text

DISPLAY = {
    "SUCCESS": "FULFILLED",
    "CANCELLED": "CANCELED",
}
OUR_APP: Node = {
    "__typename": "App",
    "id": gid("App", 170001),
    "handle": "orderbridge-test",
    "title": "Order bridge test",
}
OTHER_APP: Node = {
    "__typename": "App",
    "id": gid("App", 180002),
    "handle": "somebody-else",
    "title": "Somebody else",
}
DESTINATION = ("firstName", "lastName", "company", "address1", "address2", "city", "province", "zip")


def work_node(at: Ask, work: FulfillmentOrder) -> Node:
    """A FulfillmentOrder. Where it goes is an object of nulls if there is no address."""
    order, place = work.order, work.location
    to = order.shipping_address or {}

    def requests(args: Object) -> Node:
        wanted = text(args.get("kind"))
        return at.page([one for one in work.requests if wanted in ("", one.kind)], args)

    return {
        "__typename": "FulfillmentOrder",
        "id": gid("FulfillmentOrder", work.id),
        "status": work.status,
        "requestStatus": work.request_status,
        "createdAt": iso(work.created_at),
        "updatedAt": iso(work.updated_at),
        "fulfillAt": iso(work.fulfill_at),
        "fulfillBy": iso(work.fulfill_by),
        "orderId": order.gid,
        "orderName": order.name,
        "orderProcessedAt": iso(order.created_at),
        "order": lambda: at.shown(order),
        "supportedActions": [{"action": action, "externalUrl": None} for action in actions(work)],
        "assignedLocation": {
            "name": place.name,
            "address1": None,
            "address2": None,
            "city": None,
            "province": None,
            "zip": None,
            "phone": None,
            "countryCode": place.country,
            "location": lambda: at.shown(place),
        },
        "deliveryMethod": {
            "__typename": "DeliveryMethod",
            "id": gid("DeliveryMethod", work.id + 1),
            "methodType": work.method,
            "serviceCode": order.shipping_code,
            "presentedName": order.shipping_code,
            "minDeliveryDateTime": None,
            "maxDeliveryDateTime": None,
        },
        "destination": {
            "__typename": "FulfillmentOrderDestination",
            "id": gid("FulfillmentOrderDestination", work.id + 2),
            **{name: to.get(name) for name in DESTINATION},
            "countryCode": to.get("countryCode"),
            "email": order.email if to else None,
            "phone": to.get("phone"),
        },
        "fulfillmentHolds": at.each(work.holds),
        "merchantRequests": Asked(requests),
        "lineItems": at.pages(lambda: work.lines),
        "fulfillments": at.pages(lambda: [gone for gone in order.fulfillments if work in gone.sources]),
    }


def work_line_node(at: Ask, line: FulfillmentLine) -> Node:
    """A FulfillmentOrderLineItem."""
    variant = None if line.line.variant is None or line.line.variant.deleted else line.line.variant
    return {
        "__typename": "FulfillmentOrderLineItem",
        "id": gid("FulfillmentOrderLineItem", line.id),
        "totalQuantity": line.total,
        "remainingQuantity": line.remaining,
        "sku": line.line.sku,
        "productTitle": line.line.title,
        "variantTitle": line.line.variant_title,
        "vendor": line.line.vendor,
        "requiresShipping": line.line.requires_shipping,
        "inventoryItemId": gid("InventoryItem", variant.id + 2) if variant else None,
        "lineItem": lambda: at.shown(line.line),
        "variant": lambda: at.show(variant),
    }


def hold_node(at: Ask, hold: Hold) -> Node:
    """A FulfillmentHold."""
    return {
        "__typename": "FulfillmentHold",
        "id": gid("FulfillmentHold", hold.id),
        "reason": hold.reason,
        "reasonNotes": hold.notes,
        "handle": hold.handle,
        "displayReason": hold.reason.replace("_", " ").capitalize(),
        "heldByRequestingApp": hold.ours,
        "heldByApp": OUR_APP if hold.ours else OTHER_APP,
    }


def request_node(at: Ask, request: Request) -> Node:
    """A FulfillmentOrderMerchantRequest."""
    return {
        "__typename": "FulfillmentOrderMerchantRequest",
        "id": gid("FulfillmentOrderMerchantRequest", request.id),
        "kind": request.kind,
        "message": request.message,
        "requestOptions": {"notify_customer": request.notify},
        "responseData": None,
        "sentAt": iso(request.sent_at),
        "fulfillmentOrder": lambda: at.shown(
            next(work for work in at.shop.all_work() if request in work.requests)
        ),
    }


def fulfillment_node(at: Ask, gone: Fulfillment) -> Node:
    """A Fulfillment. A list of links is as long as that of the numbers or empty."""
    when = {event.status: event.happened_at for event in gone.events}
    expected = [event.estimated_at for event in gone.events if event.estimated_at]
    last = max(gone.events, key=lambda event: (event.happened_at, event.id)).status if gone.events else ""
    place = gone.sources[0].location
    shown = DISPLAY[gone.status] if gone.status != "SUCCESS" or not last else last

    count = max(len(gone.numbers), len(gone.urls), 1 if gone.company else 0)
    tracking: list[Node] = [
        {
            "company": gone.company,
            "number": gone.numbers[i] if i < len(gone.numbers) else None,
            "url": gone.urls[i] if i < len(gone.urls) else None,
        }
        for i in range(count)
    ]
    return {
        "__typename": "Fulfillment",
        "id": gid("Fulfillment", gone.id),
        "legacyResourceId": gone.id,
        "name": f"{gone.order.name}-F{gone.index}",
        "status": gone.status,
        "displayStatus": shown,
        "createdAt": iso(gone.created_at),
        "updatedAt": iso(gone.updated_at),
        "inTransitAt": iso(when.get("IN_TRANSIT")),
        "deliveredAt": iso(when.get("DELIVERED")),
        "estimatedDeliveryAt": iso(expected[-1]) if expected else None,
        "requiresShipping": any(part.source.line.requires_shipping for part in gone.parts),
        "totalQuantity": sum(part.quantity for part in gone.parts),
        "trackingInfo": Asked(lambda args: tracking[: limit(args)]),
        "order": lambda: at.shown(gone.order),
        "location": lambda: at.shown(place),
        "service": lambda: service_node(at, place),
        "events": at.pages(lambda: gone.events),
        "fulfillmentLineItems": at.pages(lambda: gone.parts),
        "fulfillmentOrders": at.pages(lambda: [work for work in gone.sources if at.sees(work)]),
    }


def part_node(at: Ask, part: Part) -> Node:
    """A FulfillmentLineItem."""
    line = part.source.line
    return {
        "__typename": "FulfillmentLineItem",
        "id": gid("FulfillmentLineItem", part.id),
        "quantity": part.quantity,
        "lineItem": lambda: at.shown(line),
        "originalTotalSet": lambda: at.money(line.order, line.price * part.quantity),
        "discountedTotalSet": lambda: at.money(line.order, line.share(part.quantity)),
    }


def event_node(at: Ask, event: Event) -> Node:
    """A FulfillmentEvent."""
    return {
        "__typename": "FulfillmentEvent",
        "id": gid("FulfillmentEvent", event.id),
        "status": event.status,
        "happenedAt": iso(event.happened_at),
        "createdAt": iso(event.created_at),
        "estimatedDeliveryAt": iso(event.estimated_at),
        "message": event.message,
        **{name: event.place.get(name) for name in ("address1", "city", "country", "province", "zip")},
    }


def location_node(at: Ask, place: Location) -> Node:
    """A Location."""
    return {
        "__typename": "Location",
        "id": gid("Location", place.id),
        "legacyResourceId": place.id,
        "name": place.name,
        "isActive": place.active,
        "isPrimary": place.id == min(at.shop.locations),
        "isFulfillmentService": bool(place.service),
        "shipsInventory": True,
        "fulfillsOnlineOrders": True,
        "fulfillmentService": lambda: service_node(at, place),
        "address": {
            **dict.fromkeys(("address1", "address2", "city", "phone", "province", "provinceCode", "zip")),
            "country": place.country,
            "countryCode": place.country,
        },
    }


def service_node(at: Ask, place: Location) -> Node | None:
    """The FulfillmentService of a location; none where the merchant does it."""
    if not place.service:
        return None
    return {
        "id": gid("FulfillmentService", place.id + 500) + "?id=true",
        "handle": place.service,
        "serviceName": place.name,
        "type": "THIRD_PARTY",
        "callbackUrl": place.callback or None,
        "inventoryManagement": False,
        "requiresShippingMethod": True,
        "trackingSupport": True,
        "location": lambda: at.shown(place),
    }
