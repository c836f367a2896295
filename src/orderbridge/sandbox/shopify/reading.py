"""What can be asked for: the root of all queries, and how each kind of record is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from . import line_view, money_view, order_view, work_view
from .ask import Ask, Views
from .bulk import Bulk, bulk_node
from .hooks import Subscription
from .order_writes import job_node
from .records import (
    Event,
    Fulfillment,
    FulfillmentLine,
    FulfillmentOrder,
    Hold,
    Job,
    Line,
    Location,
    Metafield,
    Order,
    Part,
    Refund,
    RefundLine,
    Request,
    Return,
    Transaction,
    Variant,
)
from .search import compiled
from .shop_writes import hook_node
from .values import Asked, Json, Node, Object, ShopError, gid, iso, mapping, number_of, text, texts, whole

VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")
COUNTED = 10_000

_VIEWS: Mapping[type, object] = {
    Order: order_view.order_node,
    Line: line_view.line_node,
    Variant: line_view.variant_node,
    Metafield: order_view.metafield_node,
    Transaction: money_view.transaction_node,
    Refund: money_view.refund_node,
    RefundLine: money_view.refund_line_node,
    Return: money_view.return_node,
    FulfillmentOrder: work_view.work_node,
    FulfillmentLine: work_view.work_line_node,
    Hold: work_view.hold_node,
    Request: work_view.request_node,
    Fulfillment: work_view.fulfillment_node,
    Part: work_view.part_node,
    Event: work_view.event_node,
    Location: work_view.location_node,
    Job: job_node,
    Subscription: hook_node,
    Bulk: bulk_node,
}
VIEWS: Views = _VIEWS  # type: ignore[assignment]


def query_root(at: Ask) -> Node:
    """The fields of QueryRoot."""
    shop = at.shop

    def one(kind: str = "") -> Asked:
        return Asked(lambda args: node(at, args["id"], kind))

    return {
        "order": Asked(lambda args: at.show(at.order(args["id"]))),
        "orderByIdentifier": Asked(lambda args: at.show(at.order(mapping(args["identifier"]).get("id")))),
        "orders": Asked(lambda args: _orders(at, args)),
        "ordersCount": Asked(
            lambda args: _count(len(_found(at, text(args.get("query")))), args.get("limit"))
        ),
        "fulfillmentOrder": Asked(lambda args: at.show(at.work(args["id"]))),
        "fulfillmentOrders": Asked(lambda args: _work(at, _chosen_work(at, args), args)),
        "assignedFulfillmentOrders": Asked(lambda args: _work(at, _assigned(at, args), args)),
        "fulfillment": one("Fulfillment"),
        "fulfillmentService": Asked(lambda args: _service(at, args["id"])),
        "refund": one("Refund"),
        "return": one("Return"),
        "productVariant": one("ProductVariant"),
        "location": Asked(
            lambda args: node(at, args.get("id") or gid("Location", min(shop.locations)), "Location")
        ),
        "locations": at.pages(lambda: list(shop.locations.values())),
        "job": Asked(lambda args: _job(at, args["id"])),
        "node": one(),
        "nodes": Asked(lambda args: [node(at, each) for each in texts(args["ids"])]),
        "bulkOperation": one("BulkOperation"),
        "bulkOperations": at.pages(lambda: list(shop.bulks.values())),
        "webhookSubscription": one("WebhookSubscription"),
        "webhookSubscriptions": Asked(lambda args: _hooks(at, args)),
        "shop": lambda: _shop(at),
        "publicApiVersions": [
            *({"handle": one, "displayName": one, "supported": True} for one in VERSIONS),
            {"handle": "unstable", "displayName": "unstable", "supported": False},
        ],
        "currentAppInstallation": lambda: {
            "__typename": "AppInstallation",
            "id": gid("AppInstallation", 690001),
            "app": work_view.OUR_APP,
            "accessScopes": [
                {"handle": one, "description": one.replace("_", " ")} for one in sorted(at.scopes)
            ],
        },
    }


# Orders, as the search index has them


def _seen(at: Ask, order: Order) -> Mapping[str, object] | None:
    """What the index knows of an order by now; nothing if the order is too new."""
    known = [row for when, row in order.indexed if when <= at.now - at.shop.search_lag]
    return known[-1] if known else None


def _found(at: Ask, query: str) -> list[Order]:
    test = compiled(query)
    return [
        order
        for order in at.shop.orders.values()
        if at.shop.visible(order, at.now, at.scopes) and (row := _seen(at, order)) is not None and test(row)
    ]


def _orders(at: Ask, args: Object) -> Node:
    key = text(args.get("sortKey"))

    def sort(order: Order) -> str:
        row = _seen(at, order) or {}
        match key:
            case "UPDATED_AT" | "CREATED_AT" | "PROCESSED_AT":
                return text(_plain(row.get(key.lower())))
            case "ORDER_NUMBER":
                return f"{order.number:020}"
            case _:
                return ""

    found = _found(at, text(args.get("query")))
    if at.rows is not None:
        found = sorted(found, key=lambda order: (sort(order), order.id))[at.rows]
    return at.page(found, args, sort)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(found: int, limit: Json) -> Node:
    most = whole(limit) or COUNTED
    return {"count": min(found, most), "precision": "EXACT" if found <= most else "AT_LEAST"}


# Work


def _work(at: Ask, found: Sequence[FulfillmentOrder], args: Object) -> Node:
    def sort(work: FulfillmentOrder) -> str:
        return text(iso(work.updated_at)) if args.get("sortKey") == "UPDATED_AT" else ""

    seen = [work for work in found if at.sees(work) and at.order(work.order.gid)]
    return at.page(seen, args, sort)


def _chosen_work(at: Ask, args: Mapping[str, Json]) -> list[FulfillmentOrder]:
    test = compiled(text(args.get("query")))
    every = bool(args.get("includeClosed"))
    return [
        work
        for work in at.shop.all_work()
        if (every or work.open)
        and test(
            {
                "id": [str(work.id)],
                "status": [work.status.lower()],
                "assigned_location_id": [str(work.location.id)],
                "updated_at": iso(work.updated_at),
            }
        )
    ]


ASSIGNED = {
    "CANCELLATION_REQUESTED": "CANCELLATION_REQUESTED",
    "FULFILLMENT_ACCEPTED": "ACCEPTED",
    "FULFILLMENT_REQUESTED": "SUBMITTED",
    "FULFILLMENT_UNSUBMITTED": "UNSUBMITTED",
}


def _assigned(at: Ask, args: Mapping[str, Json]) -> list[FulfillmentOrder]:
    wanted = ASSIGNED.get(text(args.get("assignmentStatus")))
    places = {number_of(one, "Location") for one in texts(args.get("locationIds"))}
    return [
        work
        for work in at.shop.all_work()
        if work.location.ours
        and work.open
        and wanted in (None, work.request_status)
        and (not places or work.location.id in places)
    ]


def _service(at: Ask, id: Json) -> object:  # noqa: A002
    wanted = number_of(text(id).partition("?")[0], "FulfillmentService") - 500
    place = at.shop.locations.get(wanted)
    return work_view.service_node(at, place) if place else None


# Anything by its id


def _job(at: Ask, id: Json) -> Node | None:  # noqa: A002
    found = at.shop.jobs.get(number_of(id, "Job"))
    return {"id": gid("Job", found.id), "done": found.status != "STARTED"} if found else None


def node(at: Ask, id: Json, kind: str = "") -> Node | None:  # noqa: A002
    """Anything that is a node; null for what is not there or not seen. A Job is none."""
    named = text(id).removeprefix("gid://shopify/").partition("/")[0]
    if kind and named != kind:
        return None
    if number_of(id) == 0:
        raise ShopError("Invalid global id", code="BAD_REQUEST")
    if named == "Order":
        return at.show(at.order(id))
    if named == "FulfillmentOrder":
        return at.show(at.work(id))
    orders = [order for order in at.shop.orders.values() if at.order(order.gid)]
    places: Mapping[str, Callable[[], Sequence[object]]] = {
        "LineItem": lambda: [line for order in orders for line in order.lines],
        "Fulfillment": lambda: [one for order in orders for one in order.fulfillments],
        "Refund": lambda: [one for order in orders for one in order.refunds],
        "Return": lambda: [one for order in orders for one in order.returns],
        "OrderTransaction": lambda: [one for order in orders for one in order.transactions],
        "Metafield": lambda: [one for order in orders for one in order.metafields],
        "ProductVariant": lambda: list(at.shop.variants.values()),
        "Location": lambda: list(at.shop.locations.values()),
        "OrderCancelJobResult": lambda: list(at.shop.jobs.values()),
        "BulkOperation": lambda: list(at.shop.bulks.values()),
        "WebhookSubscription": lambda: list(at.shop.hooks.values()),
    }
    found = places[named]() if named in places else []
    return at.show(next((one for one in found if getattr(one, "id", 0) == number_of(id)), None))


# The shop


def _hooks(at: Ask, args: Object) -> Node:
    topics, uri = args.get("topics"), args.get("uri")
    found = [
        hook
        for hook in at.shop.hooks.values()
        if (topics is None or hook.topic in texts(topics)) and uri in (None, hook.uri)
    ]
    return at.page(found, args)


def _shop(at: Ask) -> Node:
    shop = at.shop
    return {
        "__typename": "Shop",
        "id": gid("Shop", 60139831548),
        "name": shop.name,
        "email": "owner@example.com",
        "contactEmail": "orders@example.com",
        "myshopifyDomain": shop.domain,
        "url": f"https://{shop.domain}",
        "currencyCode": shop.currency,
        "enabledPresentmentCurrencies": [shop.currency],
        "ianaTimezone": shop.time_zone,
        "timezoneOffset": "+0100",
        "taxesIncluded": True,
        "orderNumberFormatPrefix": "#",
        "orderNumberFormatSuffix": "",
        "plan": {"publicDisplayName": shop.plan, "shopifyPlus": shop.plan == "Plus"},
        "fulfillmentServices": lambda: [
            work_view.service_node(at, place) for place in shop.locations.values() if place.service
        ],
    }
