"""PrestaShop: a shop system in PHP, spoken to over its webservice.

What its webservice lacks shapes this file: no webhooks, no idempotency key, no line in a parcel, dates
without a zone, filters that find everything if they are misspelled, and an error for a write that took
place. So questions and writes are each built in one place that knows what must not be asked, and every
write is looked for first.
"""

from __future__ import annotations

from datetime import datetime

import attrs

from ..._model import Order, Package, Secret, ShipmentNotice
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
    ListsCarriers,
    Note,
    Noted,
    Page,
    Past,
    Probes,
    Progress,
    Read,
    Refund,
    Refunded,
    Refunds,
    Refusal,
    Refused,
    ReportsProgress,
    Response,
    SetAside,
    StorePlatform,
    Throttled,
    Unclear,
    Unknown,
    Verdict,
    Write,
    decode_bytes,
)
from ...auth import Auth, Basic, QueryKeys
from ...errors import Malformed
from . import _shipping as shipping
from . import _states as changes
from ._messages import tell
from ._orders import Shop, Sides, by_id, by_order, order_from
from ._paging import PER_PAGE, Position, first, in_zone, next_position
from ._probe import look
from ._query import Filter, Moment, Resource, above, equal, listing
from ._reading import (
    ask,
    batch,
    in_shop,
    order_row,
    order_states,
    orders_of,
    parameters,
    set_aside,
)
from ._settings import Settings
from ._wire import Problem, Row, is_blank, problem_of, rows, rows_of

__all__ = ["PLATFORM", "PrestaShop", "Settings"]

# The entities a file can hold beside orders, by what their lists and single ones are called.
_SIDES = {
    "address": "addresses",
    "carrier": "carriers",
    "configuration": "configurations",
    "country": "countries",
    "currency": "currencies",
    "customer": "customers",
    "order_detail": "order_details",
    "order_slip": "order_slips",
    "order_state": "order_states",
    "product": "products",
    "state": "states",
}
# What a new or changed entity is called in an answer to a write.
_MADE = frozenset(
    {"customer_message", "customer_thread", "order_carrier", "order_history", "order_slip", "order_state"}
)


@attrs.frozen
class PrestaShop(
    Annotates,
    CancelsShopOrders,
    CorrectsTracking,
    DecodesOrders,
    ListsCarriers,
    Probes,
    Refunds,
    ReportsProgress,
):
    """One PrestaShop shop, or one of a multistore's."""

    settings: Settings

    # --- orders -----------------------------------------------------------------------------------

    def fetch_orders(self, cursor: Cursor | None, *, since: datetime, now: datetime) -> Flow[Page]:
        """One page of changed orders, and of those whose slips or history changed behind the order's back."""
        values = yield from parameters(self.settings.shop_id)
        zone = self._as_shop(values, {}).zone.key
        at = in_zone(decode_bytes(Position, cursor.encode()), zone) if cursor else first(since, zone)
        touched: list[int] = []
        if at.starts:
            history, found = yield from self._beyond("order_histories", at.history)
            touched += found
            slip, found = yield from self._beyond("order_slip", at.slip)
            touched += found
            at = attrs.evolve(at, history=history, slip=slip)
        items, bad = yield from self._changed(at)
        here = {row.id() for row in items}
        after = next_position(at, items, len(items) >= PER_PAGE, now)
        wanted = [ref for ref in touched if ref not in here]
        extra = yield from batch("orders", "id", wanted, shop=self.settings.shop_id)
        bad |= extra.unreadable
        readable = [row for row in (*items, *extra.rows) if row.id() not in bad]
        mine = [row for row in readable if in_shop(row, self.settings.shop_id)]
        shop = yield from self._shop(*mine)
        orders, aside = yield from orders_of(mine, shop, self.settings.shop_id)
        aside += [_unreadable(ref) for ref in sorted(bad)]
        more = not after.starts or len(touched) >= PER_PAGE
        return Page(items=tuple(orders), set_aside=tuple(aside), next=after.text, more=more)

    def fetch_order(self, ref: str) -> Flow[Order | None]:
        """One order; None if this shop has none of this id."""
        if not (ref.isascii() and ref.isdigit()):
            return None
        row, _ = yield from order_row(ref, self.settings.shop_id)
        if row is None:
            return None
        shop = yield from self._shop(row)
        orders, aside = yield from orders_of([row], shop, self.settings.shop_id)
        if aside:
            raise Malformed(aside[0].why, path=aside[0].path)
        return orders[0]

    def _changed(self, at: Position) -> Flow[tuple[list[Row], frozenset[int]]]:
        """The orders of a page; if PHP cannot write one of them as JSON, all others, and its id."""
        response = yield self._page(at, ())
        if not is_blank(response):
            return rows(response, "orders"), frozenset()
        # Numbers and dates can always be written.
        short = yield from ask(self._page(at, ("id", "id_shop", "date_upd")), "orders")
        found = yield from batch("orders", "id", (row.id() for row in short), shop=self.settings.shop_id)
        whole = by_id(found.rows)
        return [whole.get(row.id(), row) for row in short], found.unreadable

    def _page(self, at: Position, display: tuple[str, ...]) -> Read:
        filters: tuple[Filter, ...]
        if at.within:
            filters = (equal("date_upd", Moment(at.within)), above("id", at.last))
        else:
            filters = (above("date_upd", Moment(at.after or at.since)),)
        shop = self.settings.shop_id
        return listing(
            "orders", *filters, display=display, sort=("date_upd", "id"), limit=PER_PAGE, shop=shop
        )

    def _beyond(self, resource: Resource, last: int) -> Flow[tuple[int, list[int]]]:
        """The highest id of a list, and the orders that rows above ``last`` are about; none at first."""
        display = ("id", "id_order")
        if last < 0:
            newest = yield from ask(listing(resource, display=display, descending=True, limit=1), resource)
            return (newest[0].id() if newest else 0), []
        found = yield from ask(
            listing(resource, above("id", last), display=display, limit=PER_PAGE), resource
        )
        return max([last, *(row.id() for row in found)]), [
            row.id("id_order") for row in found if row.id("id_order")
        ]

    def _shop(self, *orders: Row) -> Flow[Shop]:
        """The shop's own settings, and its order states, those of ``orders`` among them."""
        needed = [row.id("current_state") for row in orders]
        values = yield from parameters(self.settings.shop_id)
        return self._as_shop(values, (yield from order_states(self.settings.shop_id, needed=needed)))

    def _as_shop(self, values: dict[str, str], states: dict[int, Row]) -> Shop:
        return Shop(
            parameters=values,
            states=states,
            time_zone=self.settings.time_zone,
            ready_states=tuple(int(each) for each in self.settings.ready_states),
            cash_modules=self.settings.delivery_on_payment_modules,
            pickup_carriers=self.settings.pickup_carriers,
        )

    def decode_orders(self, body: bytes, *sides: bytes) -> tuple[Order | SetAside, ...]:
        """The orders in a file of JSON or XML, one or a list.

        Sides are answers of the shop's other lists, told apart by their names; of an order with no
        ``order_details`` among them, the lines are those that stand in the order itself.
        """
        found: dict[str, list[Row]] = {name: [] for name in _SIDES.values()}
        for number, side in enumerate(sides, 1):
            try:
                name, items = rows_of(side)
            except Malformed as error:
                raise Malformed(f"side {number}: {error.message}", path=error.path) from None
            # An order_slip is called that alone and in a list by itself.
            found.setdefault(_SIDES.get(name, name), []).extend(items)
        values = {row.text("name"): row.text("value") for row in found["configurations"]}
        shop = self._as_shop(values, by_id(found["order_states"]))
        known = Sides(
            addresses=by_id(found["addresses"]),
            customers=by_id(found["customers"]),
            countries=by_id(found["countries"]),
            regions=by_id(found["states"]),
            currencies=by_id(found["currencies"]),
            carriers=by_id(found["carriers"]),
            details=by_order(found["order_details"]),
            slips=by_order(found["order_slips"]),
            virtual=frozenset(row.id() for row in found["products"] if row.flag("is_virtual")),
        )
        try:
            name, items = rows_of(body)
            if name not in ("order", "orders", ""):
                raise Malformed(f"$.{name}: no orders, but something else of PrestaShop's", path=f"$.{name}")
        except Malformed as error:
            return (SetAside("", error.path, error.message),)
        decoded: list[Order | SetAside] = []
        for row in items:
            try:
                decoded.append(order_from(row, shop, known))
            except (Malformed, ValueError) as error:
                decoded.append(set_aside(row, error))
        return tuple(decoded)

    # --- shipments --------------------------------------------------------------------------------

    def announce(self, order: Order, notice: ShipmentNotice, past: Past) -> Flow[Write | Announced | Unclear]:
        """Each number at an order carrier, what left in a message, and the state if that was all."""
        row, response = yield from order_row(order.ref, self.settings.shop_id)
        if row is None:
            return _gone(order)
        shop = yield from self._shop(row)
        return (yield from shipping.announce(self.settings, shop, order, notice, past, row, response))

    def correct(
        self, order: Order, notice: ShipmentNotice, told: tuple[Package, ...], past: Past
    ) -> Flow[Write | Announced | Unclear]:
        """The order carrier that shows an old number gets the new one."""
        row, response = yield from order_row(order.ref, self.settings.shop_id)
        if row is None:
            return _gone(order)
        return (yield from shipping.correct(self.settings, order, notice, told, row, response))

    def carriers(self) -> Flow[tuple[Carrier, ...]]:
        """Those in use now, by ``id_reference``: their ids change with each edit."""
        read = listing("carriers", equal("deleted", 0), shop=self.settings.shop_id)
        return tuple(
            Carrier(
                code=str(row.id("id_reference") or row.id()),
                # The shop's own name stands there as a nought.
                name=row.words("name") if row.words("name") != "0" else "the shop itself",
                tracking_url=row.text("url").replace("@", "{number}"),
            )
            for row in (yield from ask(read, "carriers"))
        )

    # --- progress, notes, cancels, refunds -----------------------------------------------------------

    def report(self, order: Order, progress: Progress, past: Past) -> Flow[Write | Noted | Unclear]:
        """A message for the staff, or an order state of our own where the merchant wants that."""
        row, _ = yield from order_row(order.ref, self.settings.shop_id)
        if row is None:
            return _gone(order)
        shop = yield from self._shop(row)
        return (yield from changes.report(self.settings, shop, row, progress))

    def annotate(self, order: Order, note: Note, past: Past) -> Flow[Write | Noted | Unclear]:
        """A message on the order. The shopper sees those meant for them in the account; no mail goes out."""
        row, _ = yield from order_row(order.ref, self.settings.shop_id)
        if row is None:
            return _gone(order)
        return (yield from tell(row, note.key, note.text, private=not note.to_shopper)) or Noted()

    def cancel(
        self, order: Order, cancellation: Cancellation, past: Past
    ) -> Flow[Write | Canceled | Unclear]:
        """The whole order, unless something of it has shipped."""
        row, _ = yield from order_row(order.ref, self.settings.shop_id)
        if row is None:
            return _gone(order)
        return (yield from changes.cancel((yield from self._shop(row)), row, cancellation))

    @property
    def can_give_money(self) -> bool:
        """No: a credit slip is only a document."""
        return False

    def refund(self, order: Order, refund: Refund, past: Past) -> Flow[Write | Refunded | Unclear]:
        """A credit slip, written once."""
        row, _ = yield from order_row(order.ref, self.settings.shop_id)
        if row is None:
            return _gone(order)
        return (yield from changes.refund(row, refund, past))

    # --- what answers mean ------------------------------------------------------------------------

    def judge(self, write: Write, response: Response) -> Verdict:
        """Believe only PrestaShop's own documents; "unable to save" often means that it was saved."""
        if response.status == 429:
            wait = response.headers.get("retry-after", "")
            return Throttled(float(wait) if wait.isascii() and wait.isdigit() else None)
        if response.status in (200, 201):
            try:
                name, items = rows_of(response.body)
            except Malformed as error:
                return Unknown(f"HTTP {response.status}, but {error.message}")
            if name not in _MADE or not items or not items[0].id():
                return Unknown(f"HTTP {response.status}, but no row of PrestaShop's")
            return Confirmed()
        # Said by PrestaShop's front door, before it looks at anything.
        if response.status == 401 and response.body.strip() == b"401 Unauthorized":
            return Refused(Refusal.UNAUTHORIZED, message="no key reached PrestaShop")
        problem = problem_of(response)
        if response.status not in (400, 401, 403, 404, 405) or not problem:
            return Unknown(f"HTTP {response.status}{f', code {problem.codes[0]}' if problem else ''}")
        return Refused(_why(response.status, problem), code=problem.codes[0], message=problem.message)

    # --- probe ------------------------------------------------------------------------------------

    def probe(self) -> Flow[Access]:
        """Who the shop is, and what is wrong, in words a merchant can act on."""
        return (yield from look(self.settings))


def _why(status: int, problem: Problem) -> Refusal:
    if status == 401 and "26" not in problem.codes:
        return Refusal.UNAUTHORIZED
    if status in (401, 403, 405):
        return Refusal.FORBIDDEN
    return Refusal.NOT_FOUND if status == 404 else Refusal.INVALID


def _gone(order: Order) -> Unclear:
    return Unclear(f"order {order.ref}: the shop has no such order any more")


def _unreadable(ref: int) -> SetAside:
    return SetAside(str(ref), "$", "PrestaShop cannot write it as JSON: a text in it is not UTF-8")


# --- the platform -----------------------------------------------------------------------------------


def _auth(settings: Settings) -> Auth:
    if settings.query_key:
        return QueryKeys((("ws_key", settings.key),))
    return Basic(settings.key, Secret(""))


PLATFORM = StorePlatform(
    name="prestashop",
    title="PrestaShop",
    settings=Settings,
    adapter=PrestaShop,
    auth=_auth,
    # PrestaShop itself has no limit; hosts have, and each question starts all of PHP.
    limits=lambda _: Bucket(per_second=5.0, burst=20),
)
