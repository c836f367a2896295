"""What can be changed through the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from . import body
from .ask import Ask, Route, route, whole_id
from .keys import SALES
from .reading import order_fields, order_of
from .refund import Refund
from .shapes import address_json, lines_json, order_tail, paper_comment_json, shipment_json
from .ship import Comment, Track
from .shop import Mail, Order, Paper
from .values import ZERO, Json, Object, RestError, Row, Value, as_json, not_found, stamp

if TYPE_CHECKING:
    from .front import MagentoShop

# Columns that ``POST /V1/orders`` shows as they were not sent: the model was never loaded.
_EMPTY: Object = {"base_grand_total": None, "customer_email": None, "grand_total": None}
_NOT_ITS_STATUS = (
    'Unable to add comment: The status "%1" is not part of the order\n                 status history.'
)
_NOT_PAID_FOR = "Please provide payment for the order."


def _units(fields: body.Fields) -> list[tuple[int, Decimal]]:
    asked = [(body.whole(row, "order_item_id"), body.exact(row, "qty")) for row in body.rows(fields, "items")]
    return [(item_id, qty or ZERO) for item_id, qty in asked]


def _comment(fields: body.Fields, name: str = "comment") -> Comment | None:
    said = body.inner(fields, name)
    return (
        Comment(text=body.text(said, "comment"), visible=body.whole(said, "is_visible_on_front"))
        if said
        else None
    )


def _text_or_none(fields: body.Fields, name: str) -> str | None:
    return body.text(fields, name) if fields.get(name) is not None else None


def _paper_of(table: Mapping[int, Paper], number: str) -> Paper:
    paper = table.get(whole_id(number))
    if paper is None:
        raise not_found()
    return paper


# Shipments


def _ship(shop: MagentoShop, ask: Ask, number: str) -> Json:
    order = order_of(shop, number)
    said = body.read_body(ask.call.body, body.SHIP)
    extension = body.inner(body.inner(said, "arguments"), "extension_attributes")
    if "source_code" in extension and not shop.msi:
        message = '"%fieldName" is not supported. Correct the field name and try again.'
        raise RestError(400, message, {"fieldName": "SourceCode"})
    tracks = [
        Track(
            number=body.text(row, "track_number"),
            title=_text_or_none(row, "title"),
            carrier=body.text(row, "carrier_code"),
        )
        for row in body.rows(said, "tracks")
    ]
    shipped = shop.ship(
        order,
        _units(said),
        now=ask.now,
        tracks=tracks,
        comment=_comment(said),
        notify=bool(said.get("notify")),
        append_comment=bool(said.get("appendComment")),
        source=body.text(extension, "source_code") or "default",
    )
    return str(shipped)


def _track(shop: MagentoShop, ask: Ask) -> Json:
    entity = body.required(body.read_body(ask.call.body, body.TRACK), "entity")
    row = shop.add_track(
        body.whole(entity, "parent_id"),
        body.text(entity, "track_number"),
        now=ask.now,
        title=_text_or_none(entity, "title"),
        carrier=body.text(entity, "carrier_code"),
        order_id=body.whole(entity, "order_id"),
    )
    row |= {name: body.exact(entity, name) for name in ("weight", "qty")}
    row["description"] = body.text(entity, "description") or None
    # The answer repeats what was sent, also what did not fit its column.
    sent: Object = {
        "title": _text_or_none(entity, "title"),
        "carrier_code": body.text(entity, "carrier_code"),
    }
    return {**as_json(row, nulls=True), **sent}


def _delete_track(shop: MagentoShop, _ask: Ask, number: str) -> Json:
    shop.delete_track(whole_id(number))
    return True


def _shipment_comment(shop: MagentoShop, ask: Ask, _number: str) -> Json:
    # Which shipment it is for stands in the body; the address is not looked at.
    entity = body.required(body.read_body(ask.call.body, body.PAPER_COMMENT), "entity")
    shipment = shop.shipments.get(body.whole(entity, "parent_id"))
    text = body.text(entity, "comment")
    if shipment is None or not text:
        raise RestError(400, "Could not save the shipment comment.")
    notified = body.whole(entity, "is_customer_notified") if "is_customer_notified" in entity else None
    said = Comment(text=text, visible=body.whole(entity, "is_visible_on_front"))
    row = shop.comment_paper(shipment, said, ask.now, notified=notified)
    # What was not sent is null here, though the table has a 0.
    visible = row["is_visible_on_front"] if "is_visible_on_front" in entity else None
    return paper_comment_json({**row, "is_visible_on_front": visible})


def _shipment_mail(shop: MagentoShop, _ask: Ask, number: str) -> Json:
    shop.mail_shipment(_paper_of(shop.shipments, number))
    return True


def _save_shipment(shop: MagentoShop, ask: Ask) -> Json:
    entity = body.required(body.read_body(ask.call.body, body.SHIPMENT), "entity")
    order = shop.orders.get(body.whole(entity, "order_id"))
    if order is None:
        raise RestError(400, "The shipment couldn't be saved.")
    return shipment_json(shop.save_shipment(order, _units(entity), ask.now), source=False)


# Orders


def _comment_order(shop: MagentoShop, ask: Ask, number: str) -> Json:
    said = body.required(body.read_body(ask.call.body, body.HISTORY), "statusHistory")
    order = order_of(shop, number)
    before = dict(order.row)
    if "status" in said:
        status = body.text(said, "status")
        if status and not _may_set(shop, order, status):
            raise RestError(400, _NOT_ITS_STATUS, [status])
        # Before 2.4.7 nobody looks, and a status of null is written too.
        if status or shop.release <= (2, 4, 6):
            order.row["status"] = status or None
    notified = body.whole(said, "is_customer_notified") if "is_customer_notified" in said else None
    columns: dict[str, Value] = {
        "is_customer_notified": notified,
        "is_visible_on_front": body.whole(said, "is_visible_on_front"),
        "entity_name": body.text(said, "entity_name") or None,
    }
    if body.text(said, "created_at"):
        columns["created_at"] = body.text(said, "created_at")
    text = body.text(said, "comment")
    shop.add_comment(order, text, ask.now, **columns)
    if notified:
        shop.mails.append(Mail("order comment", order.order_id, order.order_id, (), text))
    shop.save_order(order, before, ask.now)
    return True


def _may_set(shop: MagentoShop, order: Order, status: str) -> bool:
    if shop.release <= (2, 4, 6) or status == order.row["status"]:
        return True
    return shop.release >= (2, 4, 8) and shop.all_statuses().get(status) == order.state


def _save_order(shop: MagentoShop, ask: Ask) -> Json:
    shape = body.order_shape(order_fields(shop))
    entity = body.required(body.read_body(ask.call.body, shape), "entity")
    if "entity_id" not in entity:
        raise RestError(400, _NOT_PAID_FOR)
    order = shop.orders.get(body.whole(entity, "entity_id"))
    if order is None:
        raise not_found()
    written: Row = {
        name: value
        for name, value in entity.items()
        if name in order.row and (value is None or isinstance(value, (str, int, Decimal)))
    }
    order.row |= written
    order.row["updated_at"] = stamp(ask.now)
    if "items" in entity:
        for row in body.rows(entity, "items"):
            line = order.line(body.whole(row, "item_id"))
            if line is not None and line.kind == "bundle":
                # The options it was bought with are written over by what the echo has, which is not all.
                line.separately = False
    shop.changed()
    times: Object = {name: str(order.row[name]) for name in ("created_at", "updated_at")}
    told: Row = {
        **written,
        "entity_id": order.order_id,
        "billing_address_id": order.row["billing_address_id"],
    }
    bare = "items" not in entity
    tail = order_tail(order, lines_json(order.lines, shop.ways, bare=bare))
    due: Object = {"base_total_due": 0, "total_due": 0}
    return {**_EMPTY, **due, **as_json(told), **times, **tail, "billing_address": address_json(order.billing)}


def _cancel(shop: MagentoShop, ask: Ask, number: str) -> Json:
    return shop.cancel(order_of(shop, number).order_id, now=ask.now)


def _hold(shop: MagentoShop, ask: Ask, number: str) -> Json:
    shop.hold(order_of(shop, number).order_id, now=ask.now)
    return True


def _unhold(shop: MagentoShop, ask: Ask, number: str) -> Json:
    shop.unhold(order_of(shop, number).order_id, now=ask.now)
    return True


def _order_mail(shop: MagentoShop, _ask: Ask, number: str) -> Json:
    order = order_of(shop, number)
    shop.mails.append(Mail("order", order.order_id, order.order_id, (), ""))
    shop.changed()
    return True


# Money


def _invoice(shop: MagentoShop, ask: Ask, number: str) -> Json:
    order = order_of(shop, number)
    said = body.read_body(ask.call.body, body.INVOICE)
    made = shop.invoice(
        order.order_id,
        dict(_units(said)),
        now=ask.now,
        capture=bool(said.get("capture")),
        comment=_comment(said),
        notify=bool(said.get("notify")),
        append_comment=bool(said.get("appendComment")),
    )
    return str(made)


def _refund(shop: MagentoShop, ask: Ask, order: Order, invoice: Paper | None) -> Json:
    said = body.read_body(ask.call.body, body.REFUND)
    arguments = body.inner(said, "arguments")
    restock = body.inner(arguments, "extension_attributes").get("return_to_stock_items")
    made = shop.refund(
        order,
        Refund(
            items=dict(_units(said)),
            shipping=body.exact(arguments, "shipping_amount"),
            more=body.exact(arguments, "adjustment_positive") or ZERO,
            less=body.exact(arguments, "adjustment_negative") or ZERO,
            restock=[one for one in restock if isinstance(one, int)] if isinstance(restock, list) else [],
        ),
        now=ask.now,
        invoice=invoice,
        online=invoice is not None and bool(said.get("isOnline")),
        comment=_comment(said),
        notify=bool(said.get("notify")),
        append_comment=bool(said.get("appendComment")),
    )
    return str(made)


def _refund_order(shop: MagentoShop, ask: Ask, number: str) -> Json:
    return _refund(shop, ask, order_of(shop, number), None)


def _refund_invoice(shop: MagentoShop, ask: Ask, number: str) -> Json:
    invoice = _paper_of(shop.invoices, number)
    return _refund(shop, ask, shop.orders[invoice.order_id], invoice)


# Logins


def _login(shop: MagentoShop, ask: Ask) -> Json:
    said = body.read_body(ask.call.body, body.LOGIN)
    return shop.keys.admin_token(body.text(said, "username"), body.text(said, "password"), ask.now)


def _login_with_code(shop: MagentoShop, ask: Ask) -> Json:
    said = body.read_body(ask.call.body, body.LOGIN)
    name, password = body.text(said, "username"), body.text(said, "password")
    return shop.keys.google_token(name, password, body.text(said, "otp"), ask.now)


def _post(path: str, right: str, run: Callable[..., Json]) -> Route:
    return route("POST", f"V1/{path}", f"{SALES}{right}" if right else "", run)


WRITING: Sequence[Route] = (
    _post("order/{}/ship", "ship", _ship),
    _post("shipment", "shipment", _save_shipment),
    _post("shipment/track", "shipment", _track),
    route("DELETE", "V1/shipment/track/{}", f"{SALES}shipment", _delete_track),
    _post("shipment/{}/comments", "shipment", _shipment_comment),
    _post("shipment/{}/emails", "shipment", _shipment_mail),
    _post("orders", "api_actions", _save_order),
    _post("orders/{}/comments", "comment", _comment_order),
    _post("orders/{}/cancel", "cancel", _cancel),
    _post("orders/{}/hold", "hold", _hold),
    _post("orders/{}/unhold", "unhold", _unhold),
    _post("orders/{}/emails", "emails", _order_mail),
    _post("order/{}/invoice", "invoice", _invoice),
    _post("order/{}/refund", "creditmemo", _refund_order),
    _post("invoice/{}/refund", "sales_invoice", _refund_invoice),
    _post("integration/admin/token", "", _login),
    _post("tfa/provider/google/authenticate", "", _login_with_code),
)
