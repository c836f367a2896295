"""Mutations of orders: money, notes, tags, metafields, calling off."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from .ask import Ask, decimal
from .order_view import digest, find_metafield, full_namespace
from .records import Job, Metafield, Order
from .till import MoneyBack, Wanted
from .totals import shipping_left
from .values import Json, Node, Refusal, encode, gid, mapping, number_of, rows, text, texts, whole

NOTE, STAFF_NOTE, METAFIELDS = 5000, 255, 25
KEPT = timedelta(hours=24)
ADDRESS = ("firstName", "lastName", "company", "address1", "address2", "city", "zip", "phone")


def order_update(at: Ask, input: Json) -> Node:  # noqa: A002
    """What is given replaces what was there: the note, all tags, all attributes."""
    given = mapping(input)
    order = at.the_order(given["id"], "id")
    if len(text(given.get("note"))) > NOTE:
        raise Refusal(f"Note is too long (maximum is {NOTE} characters)", ["note"])
    if "note" in given:
        order.note = text(given["note"]) or None
    if isinstance(given.get("tags"), list):
        order.tags = sorted(set(texts(given["tags"])))
    if "customAttributes" in given:
        order.attributes = {text(row["key"]): text(row["value"]) for row in rows(given["customAttributes"])}
    for name, field in (("email", "email"), ("phone", "phone"), ("poNumber", "po_number")):
        if name in given:
            setattr(order, field, text(given[name]) or None)
    if given.get("shippingAddress"):
        address = mapping(given["shippingAddress"])
        kept = dict(order.shipping_address or {})
        kept |= {name: text(address[name]) for name in ADDRESS if name in address}
        for name in ("countryCode", "provinceCode"):
            if name in address:
                kept[name] = text(address[name])
        order.shipping_address = kept
    for row in rows(given.get("metafields")):
        _set(
            at,
            order,
            text(row.get("namespace")) or None,
            text(row["key"]),
            text(row.get("type")),
            text(row["value"]),
        )
    return _order(at, "orderUpdate", order)


def _order(at: Ask, mutation: str, order: Order) -> Node:
    at.shop.touch(order, at.now)
    at.did(mutation, order.gid)
    return {"order": at.shown(order)}


def tags_add(at: Ask, id: Json, tags: Json) -> Node:  # noqa: A002
    """More tags; the others stay."""
    order = at.the_order(id, "id")
    order.tags = sorted({*order.tags, *texts(tags)})
    return {"node": _order(at, "tagsAdd", order)["order"]}


def tags_remove(at: Ask, id: Json, tags: Json) -> Node:  # noqa: A002
    """Fewer tags."""
    order = at.the_order(id, "id")
    order.tags = [tag for tag in order.tags if tag not in texts(tags)]
    return {"node": _order(at, "tagsRemove", order)["order"]}


def mark_paid(at: Ask, input: Json) -> Node:  # noqa: A002
    """The money came from elsewhere."""
    order = at.the_order(mapping(input)["id"], "id")
    at.shop.mark_paid(order, at.now)
    return _order(at, "orderMarkAsPaid", order)


def capture(at: Ask, input: Json) -> Node:  # noqa: A002
    """Authorized money is taken."""
    given = mapping(input)
    order = at.the_order(given["id"], "id")
    wanted = number_of(given["parentTransactionId"], "OrderTransaction")
    parent = next((one for one in order.transactions if one.id == wanted), None)
    if parent is None or parent.kind != "AUTHORIZATION":
        raise Refusal("Transaction does not exist", ["parentTransactionId"])
    taken = at.shop.capture(order, parent, decimal(given["amount"], "amount"), at.now)
    at.did("orderCapture", order.gid)
    return {"transaction": at.shown(taken)}


def close(at: Ask, input: Json) -> Node:  # noqa: A002
    """Put away."""
    order = at.the_order(mapping(input)["id"], "id")
    order.closed_at = order.closed_at or at.now.replace(microsecond=0)
    return _order(at, "orderClose", order)


def open_again(at: Ask, input: Json) -> Node:  # noqa: A002
    """Taken out again."""
    order = at.the_order(mapping(input)["id"], "id")
    order.closed_at = None
    return _order(at, "orderOpen", order)


def cancel(
    at: Ask,
    orderId: Json,
    reason: Json,
    restock: Json,
    refund: Json = None,
    refundMethod: Json = None,
    staffNote: Json = None,
    notifyCustomer: Json = None,
) -> Node:
    """Starts a job; what comes of it is seen later. Refusals stand in a list of their own."""
    try:
        order = at.the_order(orderId, "orderId", code="NOT_FOUND")
        if len(text(staffNote)) > STAFF_NOTE:
            raise Refusal("Staff note is too long", ["staffNote"], "INVALID")
        if refund is not None and refundMethod is not None:
            raise Refusal("Only one of refund and refundMethod can be given.", ["refundMethod"], "INVALID")
        back = bool(refund) or bool(mapping(refundMethod).get("originalPaymentMethodsRefund"))
        job = at.shop.start_cancel(
            order,
            reason=text(reason),
            restock=bool(restock),
            refund=back,
            notify=bool(notifyCustomer),
            now=at.now,
        )
    except Refusal as no:
        entry = {"field": no.field, "message": no.message, "code": no.code}
        return {"job": None, "jobResult": None, "orderCancelUserErrors": [entry], "userErrors": [entry]}
    at.did("orderCancel", order.gid)
    return {
        "job": {"id": gid("Job", job.id), "done": False},
        "jobResult": at.shown(job),
        "orderCancelUserErrors": [],
        "userErrors": [],
    }


def job_node(at: Ask, job: Job) -> Node:
    """An OrderCancelJobResult."""
    errors = [{"field": None, "message": job.error, "code": "INTERNAL_ERROR"}] if job.error else []
    return {
        "__typename": "OrderCancelJobResult",
        "id": gid("OrderCancelJobResult", job.id),
        "status": job.status,
        "done": job.status != "STARTED",
        "errors": errors,
        "order": lambda: at.shown(job.order),
    }


# Refunds


def refund_create(at: Ask, input: Json) -> Node:  # noqa: A002
    """Gives back, once for each key: the same key with the same input shows the first outcome."""
    given = mapping(input)
    if at.key is None:
        raise Refusal("The @idempotent directive is required for this mutation.")
    body = encode(input).decode()
    kept = at.shop.keys.get(at.key)
    if kept and kept.at > at.now - KEPT:
        if kept.body != body:
            raise Refusal("The idempotency key was used with other parameters.")
        if kept.refund is None:
            raise Refusal("The previous attempt with this idempotency key failed.")
        return {"refund": at.shown(kept.refund), "order": at.shown(kept.refund.order)}
    order = at.the_order(given["orderId"], "orderId")
    at.shop.keep_key(at.key, body, at.now)
    if order.currency != order.shop_currency and text(given.get("currency")) != order.currency:
        raise Refusal("Currency must be the presentment currency of the order.", ["currency"])
    wanted: list[Wanted] = []
    for row in rows(given.get("refundLineItems")):
        line = at.line(order, row["lineItemId"])
        if line is None:
            raise Refusal("Line item does not exist", ["refundLineItems", "lineItemId"])
        restock = text(row.get("restockType")) or "NO_RESTOCK"
        wanted.append(Wanted(line=line, quantity=whole(row["quantity"]), restock=restock))
    freight = mapping(given.get("shipping"))
    shipping = (
        shipping_left(order) if freight.get("fullRefund") else Decimal(text(freight.get("amount")) or "0")
    )
    money: list[MoneyBack] = []
    for row in rows(given.get("transactions")):
        if row["kind"] != "REFUND":
            raise Refusal("Transaction kind must be refund", ["transactions", "kind"])
        wanted_id = number_of(row.get("parentId"), "OrderTransaction")
        parent = next((one for one in order.transactions if one.id == wanted_id), None)
        if parent is None and text(row["gateway"]) != "manual":
            raise Refusal("Parent transaction does not exist", ["transactions", "parentId"])
        money.append(
            MoneyBack(
                amount=decimal(row["amount"], "transactions"), gateway=text(row["gateway"]), parent=parent
            )
        )
    made = at.shop.refund(
        order,
        wanted,
        shipping=shipping,
        money=money,
        note=text(given["note"]) if given.get("note") else None,
        notify=bool(given.get("notify")),
        over=bool(given.get("allowOverRefunding")),
        now=at.now,
    )
    at.shop.keep_key(at.key, body, at.now, made)
    at.did("refundCreate", gid("Refund", made.id))
    return {"refund": at.shown(made), "order": at.shown(order)}


# Metafields


def metafields_set(at: Ask, metafields: Json) -> Node:
    """All or none; each may say what it expects to replace."""
    given = rows(metafields)
    if len(given) > METAFIELDS:
        raise Refusal(
            f"Exceeded the maximum metafields input limit of {METAFIELDS}.",
            ["metafields"],
            "LESS_THAN_OR_EQUAL_TO",
        )
    checked: list[tuple[Order, str | None, str, str, str]] = []
    for index, row in enumerate(given):
        path = ["metafields", str(index)]
        order = at.the_order(row["ownerId"], "metafields", "Owner does not exist.", "INVALID")
        namespace, key = text(row.get("namespace")) or None, text(row["key"])
        have = find_metafield(order, namespace, key)
        if "compareDigest" in row:
            expected = row["compareDigest"]
            if (have is None) != (expected is None) or (have and digest(have) != expected):
                raise Refusal(
                    "The resource has been updated since it was loaded.",
                    path,
                    "STALE_OBJECT",
                )
        kind, value = text(row.get("type")) or (have.type if have else ""), text(row["value"])
        if not kind:
            raise Refusal("Type can't be blank", [*path, "type"], "BLANK")
        if not value:
            raise Refusal("Value can't be blank.", [*path, "value"], "BLANK")
        if kind == "json":
            try:
                json.loads(value)
            except ValueError:
                raise Refusal("Value is invalid JSON.", [*path, "value"], "INVALID_VALUE") from None
        if len(key) > 64 or len(namespace or "") > 255:
            raise Refusal("Key is too long", [*path, "key"], "TOO_LONG")
        checked.append((order, namespace, key, kind, value))
    made = [_set(at, *one) for one in checked]
    for order in {one[0].id: one[0] for one in checked}.values():
        at.shop.touch(order, at.now)
        at.did("metafieldsSet", order.gid)
    return {"metafields": at.each(made)}


def _set(at: Ask, order: Order, namespace: str | None, key: str, kind: str, value: str) -> Metafield:
    have = find_metafield(order, namespace, key)
    stamp = at.now.replace(microsecond=0)
    if have is None:
        have = Metafield(
            id=at.shop.next_id("Metafield"),
            namespace=full_namespace(namespace),
            key=key,
            type=kind,
            value=value,
            created_at=stamp,
            updated_at=stamp,
        )
        order.metafields.append(have)
    elif have.value != value:
        have.value, have.type, have.changes, have.updated_at = value, kind, have.changes + 1, stamp
    return have


def metafields_delete(at: Ask, metafields: Json) -> Node:
    """Those that are not there are null in the answer."""
    gone: list[Node | None] = []
    for row in rows(metafields):
        order = at.the_order(row["ownerId"], "metafields")
        have = find_metafield(order, text(row["namespace"]), text(row["key"]))
        if have is None:
            gone.append(None)
            continue
        order.metafields.remove(have)
        at.shop.touch(order, at.now)
        at.did("metafieldsDelete", order.gid)
        gone.append({"ownerId": order.gid, "namespace": have.namespace, "key": have.key})
    return {"deletedMetafields": gone}


MUTATIONS: dict[str, Callable[..., Node]] = {
    "orderUpdate": order_update,
    "tagsAdd": tags_add,
    "tagsRemove": tags_remove,
    "orderMarkAsPaid": mark_paid,
    "orderCapture": capture,
    "orderClose": close,
    "orderOpen": open_again,
    "orderCancel": cancel,
    "refundCreate": refund_create,
    "metafieldsSet": metafields_set,
    "metafieldsDelete": metafields_delete,
}
