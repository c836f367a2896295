"""The routes of orders, their notes and their refunds."""

from __future__ import annotations

import attrs

from . import orders, refunds
from .orders import flag, invalid_param
from .rest import EDITS, Answer, Ask, Route, paged, sliced
from .shop import Shop
from .values import Json, Object, WpError, array, integer, rows, text


@attrs.frozen(eq=False)
class OrderRoutes:
    """``/orders``, ``/refunds``."""

    shop: Shop
    orderby_modified: bool

    def routes(self) -> list[Route]:
        """Pattern, methods, and what answers."""
        every = "wc/v3/orders"
        one = rf"{every}/(\d+)"
        return [
            (every, ("GET",), self._list_orders),
            (every, ("POST",), self._create_order),
            (f"{every}/statuses", ("GET",), self._list_statuses),
            (f"{every}/batch", EDITS, self._batch),
            (one, ("GET",), self._get_order),
            (one, EDITS, self._edit_order),
            (one, ("DELETE",), self._delete_order),
            (f"{one}/notes", ("GET",), self._list_notes),
            (f"{one}/notes", ("POST",), self._create_note),
            (rf"{one}/notes/(\d+)", ("GET",), self._get_note),
            (rf"{one}/notes/(\d+)", ("DELETE",), self._delete_note),
            (f"{one}/refunds", ("GET",), self._list_refunds),
            (f"{one}/refunds", ("POST",), self._create_refund),
            (rf"{one}/refunds/(\d+)", ("GET",), self._get_refund),
            (rf"{one}/refunds/(\d+)", ("DELETE",), self._delete_refund),
            ("wc/v3/refunds", ("GET",), self._all_refunds),
            ("wc/v3/reports/orders/totals", ("GET",), self._count_statuses),
        ]

    # Orders

    def _known(self, order_id: str, status: int = 404) -> Object:
        if int(order_id) not in self.shop.book:
            raise WpError("woocommerce_rest_shop_order_invalid_id", "Invalid ID.", status)
        return self.shop.book[int(order_id)]

    def _parent(self, order_id: str, code: str) -> None:
        if int(order_id) not in self.shop.book:
            raise WpError(code, "Invalid order ID.", 404)

    def _order_answer(self, ask: Ask, order: Object, status: int = 200) -> Answer:
        return Answer(
            orders.shown(self.shop, order, ask.params), links=self.shop.links(ask.home, order), status=status
        )

    def _list_orders(self, ask: Ask, _0: str, _1: str) -> Answer:
        listing = orders.list_orders(self.shop, ask.params, orderby_modified=self.orderby_modified)
        page: list[Object] = [
            {**orders.shown(self.shop, row, ask.params), "_links": self.shop.links(ask.home, row)}
            for row in listing.page
        ]
        return paged(ask, page, listing.total, listing.pages, listing.number)

    def _create_order(self, ask: Ask, _0: str, _1: str) -> Answer:
        return self._order_answer(ask, orders.create(self.shop, ask.body, ask.now), 201)

    def _get_order(self, ask: Ask, order_id: str, _1: str) -> Answer:
        return self._order_answer(ask, self._known(order_id))

    def _edit_order(self, ask: Ask, order_id: str, _1: str) -> Answer:
        order = self._known(order_id, 400)
        orders.edit(self.shop, order, ask.body, ask.now)
        return self._order_answer(ask, order)

    def _delete_order(self, ask: Ask, order_id: str, _1: str) -> Answer:
        order = self._known(order_id)
        answer = self._order_answer(attrs.evolve(ask, params={}), dict(order))
        if flag(ask.params, "force"):
            self.shop.drop_order(int(order_id))
        elif order["status"] == "trash":
            raise WpError("woocommerce_rest_already_trashed", "The order has already been deleted.", 410)
        else:
            order["status"] = "trash"
            self.shop.webhooks.fire("order.deleted", int(order_id))
        return answer

    def _batch(self, ask: Ask, _0: str, _1: str) -> Answer:
        given = {key: ask.body.get(key) for key in ("create", "update", "delete") if ask.body.get(key)}
        if sum(len(value) for value in given.values() if isinstance(value, list)) > 100:
            message = "Unable to accept more than 100 items for this request."
            raise WpError("woocommerce_rest_request_entity_too_large", message, 413)
        answer: Object = {}
        for verb, items in given.items():
            answer[verb] = array(
                self._batch_item(ask, verb, item) for item in (items if isinstance(items, list) else ())
            )
        return Answer(answer)

    def _batch_item(self, ask: Ask, verb: str, item: Json) -> Object:
        row: Object = item if isinstance(item, dict) else {"id": item}
        order_id = text(row.get("id"))
        try:
            if verb == "create":
                made = self._create_order(attrs.evolve(ask, body=row), "", "")
            elif verb == "delete":
                params: Object = {"force": True}
                made = self._delete_order(attrs.evolve(ask, params=params), order_id, "")
            else:
                order = self._known(order_id, 400)
                orders.edit(self.shop, order, row, ask.now, in_batch=True)
                made = self._order_answer(ask, order)
        except WpError as no:
            return {
                "id": integer(row.get("id")),
                "error": {"code": no.code, "message": no.message, "data": no.data},
            }
        return {**(made.body if isinstance(made.body, dict) else {}), "_links": made.links}

    def _list_statuses(self, ask: Ask, _0: str, _1: str) -> Answer:
        return Answer(array({"slug": slug, "name": name} for slug, name in self.shop.statuses.items()))

    def _count_statuses(self, ask: Ask, _0: str, _1: str) -> Answer:
        count = [text(order["status"]) for order in self.shop.book.values()].count
        return Answer(
            array({"slug": s, "name": name, "total": count(s)} for s, name in self.shop.statuses.items())
        )

    # Notes

    def _note_links(self, ask: Ask, order_id: str, note: Object) -> Object:
        up = f"{ask.home}/wp-json/wc/v3/orders/{order_id}"
        hints: Object = {"allow": array(("GET", "DELETE"))}
        return {
            "self": [{"href": f"{up}/notes/{note['id']}", "targetHints": hints}],
            "collection": [{"href": f"{up}/notes"}],
            "up": [{"href": up}],
        }

    def _list_notes(self, ask: Ask, order_id: str, _1: str) -> Answer:
        self._parent(order_id, "woocommerce_rest_order_invalid_id")
        kind = orders.one_of(ask.params, "type", "any", ("any", "customer", "internal"))
        notes = [
            n
            for n in self.shop.notes(int(order_id))
            if kind == "any" or n["customer_note"] == (kind == "customer")
        ]
        return Answer(array({**note, "_links": self._note_links(ask, order_id, note)} for note in notes))

    def _create_note(self, ask: Ask, order_id: str, _1: str) -> Answer:
        self._parent(order_id, "woocommerce_rest_order_invalid_id")
        if "note" not in ask.params:
            data: Object = {"status": 400, "params": ["note"]}
            raise WpError("rest_missing_callback_param", "Missing parameter(s): note", 400, data)
        if not isinstance(ask.params["note"], str):
            raise invalid_param("note", "note is not of type string.", "rest_invalid_type", {"param": "note"})
        author = "admin" if flag(ask.params, "added_by_user") else "WooCommerce"
        customer = flag(ask.params, "customer_note")
        note = self.shop.add_note(
            int(order_id), ask.params["note"], now=ask.now, customer=customer, author=author
        )
        return Answer(note, links=self._note_links(ask, order_id, note), status=201)

    def _note(self, order_id: str, note_id: str) -> Object:
        self._parent(order_id, "woocommerce_rest_order_invalid_id")
        found = next((note for note in self.shop.notes(int(order_id)) if note["id"] == int(note_id)), None)
        if found is None:
            raise WpError("woocommerce_rest_invalid_id", "Invalid resource ID.", 404)
        return found

    def _get_note(self, ask: Ask, order_id: str, note_id: str) -> Answer:
        note = self._note(order_id, note_id)
        return Answer(note, links=self._note_links(ask, order_id, note))

    def _delete_note(self, ask: Ask, order_id: str, note_id: str) -> Answer:
        note = self._note(order_id, note_id)
        if not flag(ask.params, "force"):
            raise WpError("woocommerce_rest_trash_not_supported", "Webhooks do not support trashing.", 501)
        self.shop.drop_note(int(order_id), int(note_id))
        return Answer(note, links=self._note_links(ask, order_id, note))

    # Refunds

    def _refund_answer(self, ask: Ask, order_id: str, made: Object, status: int = 200) -> Answer:
        return Answer(made, links=refunds.links(ask.home, int(order_id), made), status=status)

    def _list_refunds(self, ask: Ask, order_id: str, _1: str) -> Answer:
        self._parent(order_id, "woocommerce_rest_invalid_order_id")
        found = self.shop.refunds[int(order_id)]
        return sliced(ask, [{**row, "_links": refunds.links(ask.home, int(order_id), row)} for row in found])

    def _all_refunds(self, ask: Ask, _0: str, _1: str) -> Answer:
        found: list[Object] = []
        for order_id, made in self.shop.refunds.items():
            for row in made:
                rest: Object = {key: value for key, value in row.items() if key != "id"}
                links = refunds.links(ask.home, order_id, row)
                found.append({"id": row["id"], "parent_id": order_id, **rest, "_links": links})
        return sliced(ask, sorted(found, key=lambda row: integer(row["id"]), reverse=True))

    def _create_refund(self, ask: Ask, order_id: str, _1: str) -> Answer:
        self._parent(order_id, "woocommerce_rest_invalid_order_id")
        total = ask.body.get("amount")
        if total is not None and not isinstance(total, str):
            raise invalid_param(
                "amount", "amount is not of type string.", "rest_invalid_type", {"param": "amount"}
            )
        made = refunds.refund(
            self.shop,
            int(order_id),
            now=ask.now,
            total=total,
            reason=text(ask.body.get("reason")),
            lines=rows(ask.body.get("line_items")),
            through_gateway=flag(ask.body, "api_refund", True),
            restock=flag(ask.body, "api_restock", True),
        )
        return self._refund_answer(ask, order_id, made, 201)

    def _get_refund(self, ask: Ask, order_id: str, refund_id: str) -> Answer:
        self._parent(order_id, "woocommerce_rest_invalid_order_id")
        return self._refund_answer(ask, order_id, refunds.get(self.shop, int(order_id), int(refund_id)))

    def _delete_refund(self, ask: Ask, order_id: str, refund_id: str) -> Answer:
        self._parent(order_id, "woocommerce_rest_invalid_order_id")
        made = refunds.delete(self.shop, int(order_id), int(refund_id), ask.now)
        return self._refund_answer(ask, order_id, made)
