"""WooCommerce: a shop on WordPress, spoken to over its REST API v3.

What its API lacks shapes this file: no idempotency key, no lookup by order number, lists that move
while they are read, and up to three places for a tracking number. So every write is looked for
first, by a key of ours that the shop keeps for us.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast

import attrs

from ..._model import Order, Package, ShipmentNotice
from ...adapters import (
    Access,
    Annotates,
    Announced,
    Bucket,
    Canceled,
    Cancellation,
    CancelsShopOrders,
    Carrier,
    Confirmed,
    CorrectsTracking,
    Cursor,
    DecodesOrders,
    Flow,
    Headers,
    ListsCarriers,
    Note,
    Noted,
    Nudge,
    Page,
    Past,
    Probes,
    Progress,
    ReceivesWebhooks,
    Refund,
    Refunded,
    Refunds,
    Refusal,
    Refused,
    Reply,
    ReportsProgress,
    Response,
    SetAside,
    StorePlatform,
    Throttled,
    Unclear,
    Unknown,
    Verdict,
    Write,
    decode,
    decode_bytes,
    decode_each,
    raise_for_status,
)
from ...auth import Auth, Basic, OAuth1, QueryKeys
from ...errors import Malformed, NotFound
from . import _hooks
from ._cancels import cancel
from ._carriers import fulfillment_carriers, plugin_carriers
from ._corrections import correct
from ._departures import announce, place_of
from ._orders import (
    fulfilled_units,
    has_refunds,
    is_part_fulfilled,
    order_from,
    refunded_units,
)
from ._paging import PER_PAGE, Position, changed_params, naive, next_by_id, next_by_time
from ._probe import look
from ._products import with_products
from ._progress import report
from ._refunds import give_back, judge_refund, refunds_of
from ._settings import Settings, Way
from ._wire import (
    API,
    DRAFTS,
    TRACKINGS_META,
    WireError,
    WireOrder,
    WireRow,
    fields,
    fulfillments_from,
    get,
    is_id,
    number_of,
    problem_of,
    text,
    words,
)
from ._writes import note as write_note
from ._writes import order_path

__all__ = ["PLATFORM", "Settings", "Way", "WooCommerce"]


@attrs.frozen
class WooCommerce(
    Annotates,
    CancelsShopOrders,
    CorrectsTracking,
    DecodesOrders,
    ListsCarriers,
    Probes,
    ReceivesWebhooks,
    Refunds,
    ReportsProgress,
):
    """One WooCommerce shop."""

    settings: Settings

    # --- orders -----------------------------------------------------------------------------------

    def fetch_orders(self, cursor: Cursor | None, *, since: datetime, now: datetime) -> Flow[Page]:
        """One page of changed orders; drafts and the trash are left out."""
        # The shop compares whole seconds, and gives what changed after the one named.
        first = naive(since - timedelta(seconds=1))
        at = decode_bytes(Position, cursor.encode()) if cursor else Position(since=first)
        response = yield get(f"{API}/orders", *changed_params(at))
        # Old shops cannot sort by time of change.
        if response.status == 400 and not at.page and "orderby" in problem_of(response).params:
            at = attrs.evolve(at, page=1, mark=at.top)
            response = yield get(f"{API}/orders", *changed_params(at))
        raise_for_status(response)
        rows = decode_each(WireRow, response.body)
        orders: list[Order] = []
        set_aside: list[SetAside] = []
        for row, item in zip(rows, decode_each(WireOrder, response.body), strict=True):
            status = "" if isinstance(row, Malformed) else text(row.status)
            if status in DRAFTS or status == "trash":
                continue
            try:
                if isinstance(item, Malformed):
                    raise item
                orders.append((yield from self._order(item)))
            except (Malformed, NotFound) as error:
                ref = "" if isinstance(row, Malformed) else text(row.id)
                set_aside.append(_set_aside(ref, error))
        known = [row for row in rows if not isinstance(row, Malformed)]
        step = next_by_id if at.page else next_by_time
        count = number_of(response.headers.get("x-wp-total", ""))
        # The shop counts orders that it cannot load and leaves them out: a short page may not be the last.
        full = len(rows) >= PER_PAGE or count > PER_PAGE * max(at.page, 1)
        after = step(at, known, full, count, now)
        more = bool(after.page or after.after)
        if self.settings.read_products:
            orders = list((yield from with_products(orders)))
        return Page(items=tuple(orders), set_aside=tuple(set_aside), next=after.text, more=more)

    def fetch_order(self, ref: str) -> Flow[Order | None]:
        """One order; None if the shop has none of this id, or it is a cart that was never placed."""
        if not is_id(ref):
            return None
        response = yield get(f"{API}/orders/{ref}")
        # Any other 404 means that WooCommerce or the address is gone, not the order.
        if response.status == 404 and str(problem_of(response).code).endswith("_invalid_id"):
            return None
        item = decode(WireOrder, response)
        if item.status in DRAFTS:
            return None
        order = yield from self._order(item)
        return (yield from with_products((order,)))[0] if self.settings.read_products else order

    def decode_orders(self, body: bytes, *sides: bytes) -> tuple[Order | SetAside, ...]:
        """The orders in a file: one, a list, a ``{"data": ...}`` wrapper, or a webhook's body.

        Units refunded or sent in part stand elsewhere in the shop, so a file does not say them.
        """
        try:
            document = decode_bytes(object, body)
        except Malformed as error:
            return (_set_aside("", error),)
        if "data" in fields(document) and "id" not in fields(document):
            document = fields(document)["data"]
        found: list[Order | SetAside] = []
        for item in cast("list[object]", document) if isinstance(document, list) else [document]:
            try:
                found.append(self._as_order(decode_bytes(WireOrder, json.dumps(item).encode())))
            except Malformed as error:
                found.append(_set_aside(text(fields(item).get("id")), error))
        return tuple(found)

    def _order(self, item: WireOrder) -> Flow[Order]:
        refunded: dict[str, Decimal] = {}
        fulfilled: dict[str, Decimal] = {}
        if has_refunds(item):
            refunded = refunded_units((yield from refunds_of(item.ref)))
        if is_part_fulfilled(item):
            response = yield get(f"{API}/orders/{item.ref}/fulfillments")
            if why := _UNSAID.get(response.status, ""):
                path = "$.meta_data[_fulfillment_status]"
                raise Malformed(f"{path}: part of it has left, but {why}", path=path)
            fulfilled = fulfilled_units(fulfillments_from(response))
        return self._as_order(item, refunded, fulfilled)

    def _as_order(
        self,
        item: WireOrder,
        refunded: Mapping[str, Decimal] = {},
        fulfilled: Mapping[str, Decimal] = {},
    ) -> Order:
        return order_from(
            item,
            ready_statuses=self.settings.statuses_to_ship,
            cash_methods=self.settings.delivery_on_payment_methods,
            refunded=refunded,
            fulfilled=fulfilled,
        )

    # --- shipments --------------------------------------------------------------------------------

    def announce(self, order: Order, notice: ShipmentNotice, past: Past) -> Flow[Write | Announced | Unclear]:
        """Show the departure where this shop shows departures, then complete the order if it is the last."""
        return (yield from announce(self.settings, order, notice, past))

    def correct(
        self, order: Order, notice: ShipmentNotice, told: tuple[Package, ...], past: Past
    ) -> Flow[Write | Announced | Unclear]:
        """Show the packages as they are where the shop shows ``told``; the order's status is left alone."""
        return (yield from correct(self.settings, order, notice, told))

    def carriers(self) -> Flow[tuple[Carrier, ...]]:
        """Those of the place where this shop shows shipments; none where that is a note."""
        place = yield from place_of(self.settings)
        if place == "fulfillments":
            return (yield from fulfillment_carriers())
        return () if place == "note" else (yield from plugin_carriers(place))

    # --- progress and notes -----------------------------------------------------------------------

    def report(self, order: Order, progress: Progress, past: Past) -> Flow[Write | Noted | Unclear]:
        """Order meta for programs; for people a status of the shop's, or a note: ``rewix: Working on``."""
        return (yield from report(self.settings, order, progress))

    def annotate(self, order: Order, note: Note, past: Past) -> Flow[Write | Noted | Unclear]:
        """A note on the order, private unless it is for the shopper."""
        noted = yield from write_note(order, note.key, note.text, to_shopper=note.to_shopper)
        return noted or Noted()

    # --- cancels and refunds ----------------------------------------------------------------------

    def cancel(
        self, order: Order, cancellation: Cancellation, past: Past
    ) -> Flow[Write | Canceled | Unclear]:
        """Set the order's status to canceled, unless it is over or something of it has left."""
        item = decode(WireOrder, (yield get(order_path(order))))
        now = yield from self._order(item)
        tracked = bool(item.meta(TRACKINGS_META))
        return (yield from cancel(now, cancellation, tracked=tracked))

    @property
    def can_give_money(self) -> bool:
        """Through the gateway by which it was paid, if that gateway can."""
        return True

    def refund(self, order: Order, refund: Refund, past: Past) -> Flow[Write | Refunded | Unclear]:
        """Make the refund, or find it by its key."""
        return (yield from give_back(order, refund))

    # --- what answers mean ------------------------------------------------------------------------

    def judge(self, write: Write, response: Response) -> Verdict:
        """Believe only WooCommerce's own JSON: everything else may come from a wall before the shop."""
        if response.status == 429:
            wait = response.headers.get("retry-after", "")
            return Throttled(float(wait) if is_id(wait) else None)
        if 200 <= response.status < 300:
            try:
                row = decode_bytes(dict[str, object], response.body)
            except Malformed as error:
                return Unknown(f"HTTP {response.status}, but {error.message}")
            # What is deleted is answered in many ways; what is made or changed has its id.
            if write.request.method != "DELETE" and _MADE.isdisjoint(row):
                return Unknown(f"HTTP {response.status}, but no row of WooCommerce's")
            return Confirmed()
        if (verdict := judge_refund(write, response)) is not None:
            return verdict
        problem = problem_of(response)
        said = problem.code or problem.message
        if not 400 <= response.status < 500 or response.status in (408, 409, 425) or not said:
            return Unknown(f"HTTP {response.status}")
        # A signature's nonce counts once: a network that carried the call twice brings this back for the
        # second, and the first may have been carried out.
        if response.status == 401 and "nonce" in words(problem.message):
            return Unknown("HTTP 401, the nonce was used")
        return Refused(_why(response.status, problem), code=str(problem.code), message=words(problem.message))

    # --- webhooks ---------------------------------------------------------------------------------

    def read_webhook(self, method: str, path: str, headers: Headers, body: bytes) -> Nudge | Reply:
        """A signed message about an order is a nudge; the ping of a new webhook is answered and dropped."""
        return _hooks.read(self.settings.webhook_secrets, method, headers, body)

    # --- probe ------------------------------------------------------------------------------------

    def probe(self) -> Flow[Access]:
        """Who the shop is, and what is wrong, in words a merchant can act on."""
        return (yield from look(self.settings.base_url))


# --- what answers mean -----------------------------------------------------------------------------

# How an answer shows what was made or changed: older fulfillments stand in an object of their own.
_MADE = frozenset({"id", "tracking_id", "fulfillment"})

# Why order fulfillments do not say which part of an order has left.
_NO_RIGHT = "the key's user may not see which; give the key to a user with the role Shop manager"
_UNSAID = {
    401: _NO_RIGHT,
    403: _NO_RIGHT,
    404: "order fulfillments are switched off and do not say which",
}


def _why(status: int, problem: WireError) -> Refusal:
    if status == 401:
        return Refusal.UNAUTHORIZED
    if status == 403:
        return Refusal.FORBIDDEN
    # Fulfillments that do not exist are refused with HTTP 400 and the number 404 inside.
    if status in (404, 410) or problem.code == 404 or str(problem.code).endswith("_invalid_id"):
        return Refusal.NOT_FOUND
    return Refusal.INVALID


def _set_aside(ref: str, error: Malformed | NotFound) -> SetAside:
    path = error.path if isinstance(error, Malformed) else "$"
    return SetAside(ref, path, error.message)


# --- the platform -----------------------------------------------------------------------------------


def _auth(settings: Settings) -> Auth:
    # Over plain http WooCommerce ignores keys without a word; only a signature counts there.
    if settings.base_url.startswith("http://"):
        return OAuth1(settings.consumer_key, settings.consumer_secret)
    if settings.query_keys:
        return QueryKeys(
            (("consumer_key", settings.consumer_key), ("consumer_secret", settings.consumer_secret))
        )
    return Basic(settings.consumer_key, settings.consumer_secret)


PLATFORM = StorePlatform(
    name="woocommerce",
    title="WooCommerce",
    settings=Settings,
    adapter=WooCommerce,
    auth=_auth,
    # WooCommerce itself has no limit; hosts have, and say 429.
    limits=lambda _: Bucket(per_second=10.0, burst=20),
)
