"""Webhook subscriptions and bulk queries: what an app sets up in the shop."""

from __future__ import annotations

from collections.abc import Callable

from graphql import GraphQLSyntaxError, parse, validate

from .ask import Ask
from .bulk import AT_ONCE, Bulk, refusal
from .hooks import Subscription
from .schema import schema
from .values import Json, Node, Refusal, gid, iso, mapping, number_of, text, texts


def hook_node(at: Ask, hook: Subscription) -> Node:
    """A WebhookSubscription."""
    version = at.shop.version
    return {
        "__typename": "WebhookSubscription",
        "id": gid("WebhookSubscription", hook.id),
        "legacyResourceId": hook.id,
        "topic": hook.topic,
        "uri": hook.uri,
        "format": "JSON",
        "filter": hook.filter,
        "name": hook.name,
        "includeFields": hook.include_fields,
        "metafieldNamespaces": hook.namespaces,
        "createdAt": iso(hook.created_at),
        "updatedAt": iso(hook.updated_at),
        "apiVersion": {"handle": version, "displayName": version, "supported": True},
    }


def hook_create(at: Ask, topic: Json, webhookSubscription: Json) -> Node:
    """Be told at an address."""
    given = mapping(webhookSubscription)
    uri = _uri(given)
    if any((hook.topic, hook.uri) == (topic, uri) for hook in at.shop.hooks.values()):
        raise Refusal("Address for this topic has already been taken", ["webhookSubscription", "callbackUrl"])
    hook = Subscription(
        id=at.shop.next_id("WebhookSubscription"),
        topic=text(topic),
        uri=uri,
        created_at=at.now,
        updated_at=at.now,
        name=text(given.get("name")) or None,
        filter=text(given.get("filter")) or None,
        include_fields=texts(given.get("includeFields")),
        namespaces=texts(given.get("metafieldNamespaces")),
    )
    at.shop.hooks[hook.id] = hook
    at.did("webhookSubscriptionCreate", gid("WebhookSubscription", hook.id))
    return {"webhookSubscription": at.shown(hook)}


def _uri(given: dict[str, Json]) -> str:
    uri = text(given.get("uri") or given.get("callbackUrl"))
    if not uri.startswith(("https://", "pubsub://", "arn:")):
        raise Refusal("Address protocol http:// is not supported", ["webhookSubscription", "callbackUrl"])
    return uri


def _hook(at: Ask, value: Json) -> Subscription:
    found = at.shop.hooks.get(number_of(value, "WebhookSubscription"))
    if found is None:
        raise Refusal("Webhook subscription does not exist", ["id"])
    return found


def hook_update(at: Ask, id: Json, webhookSubscription: Json) -> Node:  # noqa: A002
    """Be told elsewhere, or of other things."""
    hook, given = _hook(at, id), mapping(webhookSubscription)
    if given.get("uri") or given.get("callbackUrl"):
        hook.uri = _uri(given)
    if "filter" in given:
        hook.filter = text(given["filter"]) or None
    if "includeFields" in given:
        hook.include_fields = texts(given["includeFields"])
    hook.updated_at = at.now
    at.did("webhookSubscriptionUpdate", gid("WebhookSubscription", hook.id))
    return {"webhookSubscription": at.shown(hook)}


def hook_delete(at: Ask, id: Json) -> Node:  # noqa: A002
    """Be told no more."""
    hook = _hook(at, id)
    del at.shop.hooks[hook.id]
    at.did("webhookSubscriptionDelete", gid("WebhookSubscription", hook.id))
    return {"deletedWebhookSubscriptionId": gid("WebhookSubscription", hook.id)}


def bulk_run(at: Ask, query: Json, groupObjects: Json = None) -> Node:
    """A query is run at leisure, a few at a time."""
    try:
        document = parse(text(query))
    except GraphQLSyntaxError as wrong:
        raise Refusal(f"Bulk query is not valid GraphQL: {wrong.message}", ["query"], "INVALID") from None
    if found := validate(schema(), document):
        raise Refusal(f"Invalid bulk query: {found[0].message}", ["query"], "INVALID")
    if why := refusal(schema(), document):
        raise Refusal(why, ["query"], "INVALID")
    if (
        sum(one.completed_at is None and one.status != "CANCELED" for one in at.shop.bulks.values())
        >= AT_ONCE
    ):
        raise Refusal("A bulk query operation is already in progress.", None, "LIMIT_REACHED")
    bulk = Bulk(
        id=at.shop.next_id("BulkOperation"),
        query=text(query),
        created_at=at.now,
        due=at.now + at.shop.bulk_takes,
        grouped=bool(groupObjects),
    )
    at.shop.bulks[bulk.id] = bulk
    return {"bulkOperation": at.shown(bulk)}


def bulk_cancel(at: Ask, id: Json) -> Node:  # noqa: A002
    """It is not wanted any more."""
    bulk = at.shop.bulks.get(number_of(id, "BulkOperation"))
    if bulk is None:
        raise Refusal("Bulk operation does not exist", ["id"])
    if bulk.completed_at is not None:
        raise Refusal("A bulk operation cannot be canceled when it is completed", ["id"])
    bulk.status = "CANCELED"
    return {"bulkOperation": at.shown(bulk)}


MUTATIONS: dict[str, Callable[..., Node]] = {
    "webhookSubscriptionCreate": hook_create,
    "webhookSubscriptionUpdate": hook_update,
    "webhookSubscriptionDelete": hook_delete,
    "bulkOperationRunQuery": bulk_run,
    "bulkOperationCancel": bulk_cancel,
}
