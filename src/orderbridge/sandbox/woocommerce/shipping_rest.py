"""The routes of fulfillments and of the tracking plug-ins."""

from __future__ import annotations

import attrs

from .rest import EDITS, Answer, Ask, Route
from .shop import Shop
from .values import Object, array, text


@attrs.frozen(eq=False)
class ShippingRoutes:
    """``/orders/{id}/fulfillments`` and ``/orders/{id}/shipment-trackings``, as far as the shop has them."""

    shop: Shop
    bare: bool

    def routes(self) -> list[Route]:
        """Pattern, methods, and what answers."""
        routes: list[Route] = []
        if self.shop.fulfillments:
            every, one = r"wc/v3/orders/(\d+)/fulfillments", r"wc/v3/orders/(\d+)/fulfillments/(\d+)"
            routes += [
                (every, ("GET",), self._list_fulfillments),
                (every, ("POST",), self._create_fulfillment),
                (f"{every}/lookup", ("GET",), self._lookup),
                (one, ("GET",), self._get_fulfillment),
                (one, EDITS, self._edit_fulfillment),
                (one, ("DELETE",), self._delete_fulfillment),
            ]
        if self.shop.tracking_plugin:
            spaces = "wc-shipment-tracking/v3|wc/v[123]" + (
                "|wc-ast/v3" if self.shop.tracking_plugin == "ast" else ""
            )
            every, one = rf"(?:{spaces})/orders/(\d+)/shipment-trackings", r"([0-9a-f]{32})"
            routes += [
                (f"{every}/providers", ("GET",), self._carriers),
                (every, ("GET",), self._list_trackings),
                (every, ("POST",), self._create_tracking),
                (f"{every}/{one}", ("GET",), self._get_tracking),
                (f"{every}/{one}", ("DELETE",), self._delete_tracking),
            ]
        if self.shop.tracking_plugin == "official":
            routes.append(("wc-shipment-tracking/v3/shipment-trackings/providers", ("GET",), self._carriers))
        return routes

    # Shipments

    def _list_fulfillments(self, ask: Ask, order_id: str, _1: str) -> Answer:
        found = array(one.shape() for one in self.shop.parcels.of(int(order_id)))
        return Answer(found if self.bare else {"fulfillments": found})

    def _fulfillment_answer(self, shape: Object, status: int = 200) -> Answer:
        return Answer(shape if self.bare else {"fulfillment": shape}, status=status)

    def _create_fulfillment(self, ask: Ask, order_id: str, _1: str) -> Answer:
        return self._fulfillment_answer(
            self.shop.parcels.create(int(order_id), ask.body, ask.now).shape(), 201
        )

    def _get_fulfillment(self, ask: Ask, order_id: str, number: str) -> Answer:
        return self._fulfillment_answer(self.shop.parcels.get(int(order_id), int(number)).shape())

    def _edit_fulfillment(self, ask: Ask, order_id: str, number: str) -> Answer:
        changed = self.shop.parcels.update(int(order_id), int(number), ask.body, ask.now)
        return self._fulfillment_answer(changed.shape())

    def _delete_fulfillment(self, ask: Ask, order_id: str, number: str) -> Answer:
        return Answer(self.shop.parcels.delete(int(order_id), int(number), ask.params, ask.now))

    def _lookup(self, ask: Ask, order_id: str, _1: str) -> Answer:
        self.shop.parcels.of(int(order_id))
        return Answer(self.shop.parcels.lookup(text(ask.params.get("tracking_number"))))

    def _tracking_links(self, ask: Ask, order_id: str, item: Object) -> Object:
        space = ask.path.partition("/orders/")[0]
        return self.shop.trackings.links(f"{ask.home}/wp-json/{space}", int(order_id), item)

    def _list_trackings(self, ask: Ask, order_id: str, _1: str) -> Answer:
        found = self.shop.trackings.of(int(order_id))
        return Answer(array({**item, "_links": self._tracking_links(ask, order_id, item)} for item in found))

    def _create_tracking(self, ask: Ask, order_id: str, _1: str) -> Answer:
        item = self.shop.trackings.create(int(order_id), ask.params, ask.now)
        return Answer(item, links=self._tracking_links(ask, order_id, item), status=201)

    def _get_tracking(self, ask: Ask, order_id: str, tracking_id: str) -> Answer:
        item = self.shop.trackings.get(int(order_id), tracking_id)
        return Answer(item, links=self._tracking_links(ask, order_id, item))

    def _delete_tracking(self, ask: Ask, order_id: str, tracking_id: str) -> Answer:
        item = self.shop.trackings.delete(int(order_id), tracking_id, ask.now)
        return Answer(item, links=self._tracking_links(ask, order_id, item))

    def _carriers(self, ask: Ask, order_id: str, _1: str) -> Answer:
        return Answer(self.shop.trackings.table())
