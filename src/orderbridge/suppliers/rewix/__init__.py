"""Rewix: suppliers such as Brandsdistribution, each at an address of its own; and BDroppy, a variant of it.

One key (``key`` when sent, ``ext_ref`` when read) makes an order findable, so placing looks there
before it writes. Units are held in one *growing order* per account, which an absolute ``set``
changes. Nothing is paid or canceled through this API: a person does that in the supplier's shop.

``_order`` is what we send, ``_answers`` and ``_catalog`` what we read, ``_judge`` what an answer to a
write proves, ``_words`` what the status numbers mean.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from decimal import Decimal

from ..._model import Held, Money, PurchaseOrder
from ...adapters import (
    Access,
    CarriesNotes,
    ChecksProducts,
    Cursor,
    FindsPurchases,
    Flow,
    ListsProducts,
    PaidByHand,
    Past,
    Placed,
    Placement,
    Probes,
    Product,
    ProductPage,
    Quote,
    Quotes,
    Read,
    Refused,
    Reserves,
    Response,
    SeenPurchase,
    SupplierPlatform,
    SupplierStatus,
    Throttled,
    Unclear,
    Verdict,
    Write,
    meaning_of,
)
from ...auth import Basic
from ...errors import Malformed
from . import _catalog as catalogs
from . import _probe as probing
from ._answers import ACCEPT, CART, Seen, by_id, by_key, cart_in, doubt, returns_of
from ._judge import LIMITS, pause_in, verdict_on
from ._login import Login
from ._order import MODEL, Priced, create, items_of, missing, set_units, whole
from ._quote import prices_of, quote
from ._settings import BDroppySettings, OrderSettings, Settings, is_number
from ._words import GROWING, HAS_LEFT, MEANINGS, OVER, Meaning

__all__ = ["BDROPPY", "PLATFORM", "BDroppyAdapter", "BDroppySettings", "RewixAdapter", "Settings"]


class _Orders(
    CarriesNotes, ChecksProducts, FindsPurchases, ListsProducts, PaidByHand, Probes, Quotes, Reserves
):
    """What an account can do, whichever way it signs in."""

    needed_to_place = False

    def __init__(self, settings: OrderSettings) -> None:
        self._orders = settings
        own = {raw: meaning_of(raw, words) for raw, words in settings.statuses.items()}
        self._meanings: Mapping[str, Meaning] = {**MEANINGS, **own}

    def place(self, po: PurchaseOrder, past: Past) -> Flow[Write | Placement | Unclear]:
        """Order it unless the supplier has an order with our key."""
        found = self._standing((yield from by_key(po.reference)))
        if not found and po.supplier_ref:
            return Unclear(f"placed as supplier order {po.supplier_ref}, but our key finds nothing")
        if not found:
            return (yield from self._create(po))
        why = doubt(found, po)
        if why:
            return Unclear(why)
        order = found[0]
        if order.status == GROWING:
            return Unclear(f"supplier order {order.order_id} with our key is the account's growing order")
        fulfillment, payment = self._read_status(order)
        placed = Placed(
            supplier_ref=order.order_id, fulfillment=fulfillment, payment=payment, raw_status=order.raw
        )
        return Placement(placed=(placed,))

    def fetch(self, po: PurchaseOrder) -> Flow[SupplierStatus | None]:
        """Its status, by the supplier's id of it if that is known, else by our key."""
        found = self._standing((yield from (by_id(po) if po.supplier_ref else by_key(po.reference))))
        if not found:
            return None
        why = doubt(found, po)
        if why:
            raise Malformed(why, path="/root/order_list")
        order = found[0]
        fulfillment, payment = self._read_status(order)
        # A tracking number may exist before the parcel has left: only the status tells.
        left = fulfillment in HAS_LEFT
        return SupplierStatus(
            raw=order.raw,
            fulfillment=fulfillment,
            payment=payment,
            at=order.at,
            shipments=(order.shipment,) if left else (),
            # Nothing comes back that has only just left; and a departure that is news must not wait for
            # a call of which so little is known.
            returns=(yield from returns_of(order.order_id)) if left and not order.just_changed else (),
        )

    def purchases_with(self, reference: str) -> Flow[tuple[SeenPurchase, ...]]:
        """The orders that answer to our key: nothing lists what an account has, so each is asked for."""
        return tuple(
            SeenPurchase(
                supplier_ref=order.order_id,
                reference=reference,
                fulfillment=self._read_status(order)[0],
                raw_status=order.raw,
            )
            for order in (yield from by_key(reference))
            # The growing order is nobody's; and an order that says another key answers by mistake.
            if order.status != GROWING and order.ext_ref in ("", reference)
        )

    def held(self) -> Flow[tuple[Held, ...]]:
        """The growing order, whoever put things into it."""
        return cart_in((yield Read("GET", CART, headers=ACCEPT)))

    def set_held(self, units: Mapping[str, Decimal], past: Past) -> Flow[Write | tuple[Held, ...] | Unclear]:
        """Hold exactly so many of each; a supplier that gives less answers 200 and a smaller number."""
        # An id that no model can have would have the whole set refused: it is never held, and asked about.
        ids = [remote_id for remote_id in sorted(units) if MODEL.fullmatch(remote_id)]
        wanted = {remote_id: whole(remote_id, units[remote_id]) for remote_id in ids}
        held = yield from self.held()
        now = {item.remote_id: item.held for item in held}
        # What is right is not named: others may be adding to it just now, and a set would undo that.
        to_set = {remote_id: n for remote_id, n in wanted.items() if now.get(remote_id, 0) != n}
        return set_units(to_set) if to_set and "set" not in past.answers else held

    def quote(self, po: PurchaseOrder) -> Flow[Quote | Unclear]:
        """Goods by the catalog of some minutes ago, and the carrier's cost if the account names one."""
        catalog = yield from self._catalog()
        return (yield from quote(po, catalog, po.carrier or self._orders.carrier_id))

    def products(self, cursor: Cursor | None) -> Flow[ProductPage]:
        """All models in one answer; then, if some could not be read, an error that says which."""
        return catalogs.products(cursor)

    def check_products(self, remote_ids: Collection[str]) -> Flow[tuple[Product, ...]]:
        """Price and stock by the catalog."""
        return (yield from self._catalog()).of(remote_ids)

    def payment_page(self, po: PurchaseOrder) -> str:
        """The supplier's shop: Rewix has no address for the payment of one order."""
        return self._orders.payment_page or self._orders.base_url

    def judge(self, write: Write, response: Response) -> Verdict:
        """Confirmed only by an answer in the supplier's own shape; refused only where it says so."""
        return verdict_on(response)

    def _standing(self, found: tuple[Seen, ...]) -> tuple[Seen, ...]:
        """Of an order that was doubled, what is canceled is settled."""
        return tuple(order for order in found if self._read_status(order)[0] not in OVER) or found[:1]

    def _read_status(self, order: Seen) -> Meaning:
        return self._meanings.get(order.raw) or self._meanings.get(order.effective) or (None, None)

    def _create(self, po: PurchaseOrder) -> Flow[Write | Unclear]:
        carrier = po.carrier or self._orders.carrier_id
        if carrier and not is_number(carrier):
            return Unclear("carrier: not a carrier's number of this supplier, such as 1")
        lacking = missing(po.ship_to)
        if lacking:
            return Unclear(f"ship_to: {', '.join(lacking)} missing")
        priced = yield from self._priced(po)
        return priced if isinstance(priced, Unclear) else create(po, carrier, priced)

    def _priced(self, po: PurchaseOrder) -> Flow[Priced | Unclear | None]:
        """What the order says of money: nothing, so the supplier's price of the day applies."""
        return None
        yield  # makes this a flow

    def _catalog(self) -> Flow[catalogs.Catalog]:
        return catalogs.whole()

    def _identity(self, login: str) -> str:
        # The login belongs to the account and is the only thing that names it.
        key = hashlib.sha256(login.strip().encode()).hexdigest()[:16]
        return f"{self._orders.base_url.lower()}#{key}"


class RewixAdapter(_Orders):
    """Orders, the growing order, statuses and the catalog of one Rewix account."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._settings = settings

    def probe(self) -> Flow[Access]:
        """Read the growing order, as the supplier's own status page does."""
        finding = yield from probing.look()
        return Access(identity=self._identity(self._settings.api_key.reveal()), findings=(finding,))


class BDroppyAdapter(_Orders):
    """The same at BDroppy: orders say what they are worth, and the catalog is one of the user's, in pages."""

    def __init__(self, settings: BDroppySettings) -> None:
        super().__init__(settings)
        self._settings = settings

    def products(self, cursor: Cursor | None) -> Flow[ProductPage]:
        """One page of the user's catalog; after the last an error, if some could not be read."""
        return catalogs.products_page(self._settings.user_catalog, cursor)

    def probe(self) -> Flow[Access]:
        """Read the growing order, and which catalogs there are."""
        finding = yield from probing.look()
        more = (yield from probing.user_catalog(self._settings.user_catalog)) if finding.ok else ()
        return Access(identity=self._identity(self._settings.email.casefold()), findings=(finding, *more))

    def judge(self, write: Write, response: Response) -> Verdict:
        """As for Rewix; only a token that has just ended is no refusal."""
        verdict = verdict_on(response)
        if isinstance(verdict, Refused) and verdict.code == "401":
            return Throttled(60.0)  # another token is got before the next call
        return verdict

    def _catalog(self) -> Flow[catalogs.Catalog]:
        return catalogs.all_pages(self._settings.user_catalog)

    def _priced(self, po: PurchaseOrder) -> Flow[Priced | Unclear | None]:
        """Prices as the product links have them, else those of the catalog; of shipping nothing is known."""
        items = items_of(po)
        prices = {line.remote_id: line.cost for line in po.lines if line.cost is not None}
        if len(prices) < len(items):
            catalog = yield from self._catalog()
            known = prices_of(items, catalog.products)
            if isinstance(known, Unclear):
                return known
            prices = known
        lacking = [remote_id for remote_id in items if remote_id not in prices]
        if lacking:
            words = ", ".join(lacking)
            return Unclear(f"{words}: not in the catalog; BDroppy wants a price, so give its link a cost")
        currencies = {price.currency for price in prices.values()}
        if len(currencies) > 1:
            return Unclear("the models are priced in several currencies")
        return Priced(
            user_catalog=self._settings.user_catalog, units=prices, shipping=Money.zero(currencies.pop())
        )


PLATFORM = SupplierPlatform(
    name="rewix",
    title="Rewix",
    settings=Settings,
    adapter=RewixAdapter,
    auth=lambda settings: Basic(settings.api_key, settings.password),
    limits=lambda _: LIMITS,
    meter=pause_in,
)

BDROPPY = SupplierPlatform(
    name="bdroppy",
    title="BDroppy",
    settings=BDroppySettings,
    adapter=BDroppyAdapter,
    auth=Login,
    limits=lambda _: LIMITS,
    meter=pause_in,
)
