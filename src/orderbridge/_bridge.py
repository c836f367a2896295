"""The face for threads: every method is one line over a saga, the same as in ``_bridge_async``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from ._address import change_address
from ._by_people import documents, said, shipped
from ._cart import Difference
from ._cases import list_cases, open_case
from ._cases import move as move_case
from ._checkout import Checkout, PaymentPage, check_out, pay, place
from ._commands import (
    ask_of_shop,
    cancel,
    consume,
    found,
    hold,
    hold_in_shop,
    release,
    resolve,
    revoke,
    switch,
)
from ._drivers import SyncDriver, TokenStore
from ._forget import forget
from ._health import Health, health
from ._http import Headers
from ._journal import Journal
from ._links import link, unlink
from ._links_table import LinksImported, export_links, import_links
from ._manifests import (
    ManifestReport,
    list_manifests,
    open_manifest,
    pack,
    print_manifest,
    repeat_manifest,
    report,
    ship_manifest,
    unpack,
)
from ._model import Address, BuyerContext, Document, ProductLink, Shipment, ShipmentLine
from ._money import Money
from ._plugins import Account
from ._policy import PackingRule, Policy
from ._records import Case, Event, Manifest, OrderRecord, PurchaseRecord, ReservationRow, Review, Task
from ._resend import resend
from ._run import Report, advance, due_now, pull_now, receive, run_once, start
from ._setup import Setup
from ._shipments_table import Imported, import_shipments
from ._sourcing import Rule
from ._standing import Tab
from ._states import CaseKind, CaseState, Fulfillment, ManifestState, Payment
from ._timeline import Entry, timeline
from ._views import (
    OrderView,
    Payable,
    carriers,
    count_tabs,
    events,
    list_orders,
    order_view,
    payable,
    probe,
    products,
    reconcile,
    reservations,
)
from .adapters import Access, Carrier, Note, ProductPage, Refund, Reply
from .errors import ConfigurationError

__all__ = ["Bridge"]


class Bridge:
    """Shops on one side, suppliers on the other, and a journal between them.

    Safe from any number of threads. Files, connections and threads open on first use, and again
    after a fork.

    Args:
        stores: From ``store()``. For thousands give a mapping of accounts by name: each is asked for when
            it is first needed, and let go again.

        suppliers: From ``supplier()``; a mapping as well, if you like.

        journal: Path of the journal's file, or one from ``journal()``.

        policy: What the bridge may do by itself; by default it takes orders, reserves, and leaves
            placing and paying to people.

        rules: Which supplier ships what, where no product link says so; the first that fits.

        take_from: Orders placed before it (aware) are only observed. By default the moment of the
            first pull.

        tokens: Where tokens of platforms with a login are kept: path of a file, one from ``tokens()``, or
            your own. By default a file beside the journal's, named ``...-tokens``; in memory if the
            journal is not given as a path.

        buyer: Who pays, for suppliers that want to know, where paying is automatic. It is never kept.

        rate: What one unit of a currency is worth in another (both ISO 4217), or None if you do not know;
            asked where ``Policy.margin`` holds a supplier's price against a shop's.

        packing: What goes into orders beside the goods.

        couriers: Tracking pages by courier, with ``{number}`` in the number's place, for numbers that come
            without a link; over the built-in ones. Empty for no link.

    Raises:
        ConfigurationError: names what is wrong and what would be right.
    """

    def __init__(
        self,
        *,
        stores: Iterable[Account] | Mapping[str, Account] = (),
        suppliers: Iterable[Account] | Mapping[str, Account] = (),
        journal: Journal | str | Path,
        policy: Policy | None = None,
        rules: Iterable[Rule] = (),
        take_from: datetime | None = None,
        tokens: TokenStore | str | Path | None = None,
        buyer: BuyerContext | None = None,
        rate: Callable[[str, str], Decimal | None] | None = None,
        packing: Iterable[PackingRule] = (),
        couriers: Mapping[str, str] | None = None,
    ) -> None:
        self._setup = Setup(
            stores=stores,
            suppliers=suppliers,
            journal=journal,
            policy=policy,
            rules=rules,
            take_from=take_from,
            tokens=tokens,
            buyer=buyer,
            rate=rate,
            packing=packing,
            couriers=couriers,
        )
        self._driver = SyncDriver(self._setup.journal, self._setup.line_of, tokens=self._setup.tokens)
        self._stopped = False

    @classmethod
    def from_toml(cls, path: str | Path) -> Bridge:
        """A bridge as a configuration file says."""
        from ._config import read_config  # only who has a file needs a reader of it

        config = read_config(path)
        try:
            return cls(
                stores=config.stores,
                suppliers=config.suppliers,
                journal=config.journal,
                policy=config.policy,
                rules=config.rules,
                take_from=config.take_from,
                buyer=config.buyer,
                packing=config.packing,
                couriers=config.couriers,
            )
        except ConfigurationError as error:
            raise ConfigurationError(f"{path}: {error}") from None

    @property
    def requests(self) -> Mapping[str, int]:
        """How many requests each account was sent by this bridge."""
        return dict(self._driver.requests)

    def run_once(self, *, told: Callable[[Report], None] | None = None) -> Report:
        """Work until nothing is due. One order or account that fails never stops the others."""
        return self._driver.run(
            run_once(self._setup.world, self._setup.identified, stopping=lambda: self._stopped, told=told)
        )

    def run(self, *, told: Callable[[Report], None] | None = None) -> None:
        """Work until ``stop`` is called, from another thread or a signal handler."""
        try:
            while not self._stopped:
                report = self.run_once(told=told)
                self._driver.wait(report.next_at, stopped=lambda: self._stopped)
        finally:
            self._stopped = False
            self._driver.go_on()

    def stop(self) -> None:
        """End ``run``: no new call begins until the next ``run``, and what is known is written down."""
        self._stopped = True
        self._driver.stop()

    def pull(self, store: str) -> int:
        """Take in all pages of one store's changes now; how many orders came."""
        return self._driver.run(pull_now(self._setup.world, store, self._setup.identified))

    def advance(self, subject: str) -> None:
        """Do what is due in one subject; safe from any number of callers."""
        self._driver.run(advance(self._setup.world, subject, self._setup.identified))

    def start(self) -> None:
        """Make due what nothing is planned for yet, such as a new store's pull; part of ``run_once``."""
        self._driver.run(start(self._setup.world, self._setup.identified))

    def due(self, *, limit: int = 50) -> tuple[str, ...]:
        """Subjects that wait for work now."""
        return self._driver.run(due_now(limit))

    def receive(
        self, account: str, *, method: str = "POST", path: str = "/", headers: Mapping[str, str], body: bytes
    ) -> Reply:
        """Take a webhook in and say what to answer. Nothing goes out."""
        return self._driver.run(
            receive(self._setup.world, account, method=method, path=path, headers=Headers(headers), body=body)
        )

    def events(self, *, after: int = 0, owner: str = "", limit: int = 100) -> tuple[Event, ...]:
        """The audit from a position on, in the one order in which it was written."""
        return self._driver.run(events(after=after, owner=owner, limit=limit))

    def consume(
        self, name: str, handler: Callable[[Event], None], *, owner: str = "", limit: int = 100
    ) -> int:
        """Hand each new event to ``handler``, at least once; how many there were.

        ``name`` is the consumer's own, and remembers how far it is, for each ``owner`` apart. An error in
        ``handler`` comes out here, and the event comes again.
        """
        return self._driver.run(consume(name, handler, owner=owner, limit=limit))

    def orders(
        self,
        *,
        tab: Tab | None = None,
        store: str = "",
        supplier: str = "",
        number: str = "",
        owner: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        after: str = "",
        limit: int = 100,
    ) -> tuple[OrderView, ...]:
        """Orders, the newest first, a page at a time.

        Args:
            tab: Only those that stand there; with ``supplier`` through that supplier.

            store: Name of a store account.

            supplier: Name of a supplier account that ships something of it.

            number: What people say, with or without ``#``. Shops may share one.

            owner: Only of this owner's stores.

            since: Placed then or later (aware).

            until: Placed before (aware).

            after: The last id of the page before.

            limit: So many at most.
        """
        return self._driver.run(
            list_orders(
                tab=tab,
                store=store,
                supplier=supplier,
                number=number,
                owner=owner,
                since=since,
                until=until,
                after=after,
                limit=limit,
            )
        )

    def tabs(self, *, owner: str = "", store: str = "") -> Mapping[Tab, int]:
        """How many orders stand in each tab; one may stand in several."""
        return self._driver.run(count_tabs(owner=owner, store=store))

    def order(self, order_id: str) -> OrderView | None:
        """One order with all that the bridge does for it; by its id, ``store/ref``, or its number.

        Raises:
            ConfigurationError: several orders have this number; it names them.
        """
        return self._driver.run(order_view(order_id))

    def timeline(self, order_id: str) -> tuple[Entry, ...]:
        """What happened to an order, each step in a sentence; by its id, or its number.

        Raises:
            ConfigurationError: there is none, or several orders have this number.
        """
        return self._driver.run(timeline(order_id))

    def history(self, order_id: str) -> tuple[Event, ...]:
        """The events of one order; ``timeline`` says them in words."""
        return self._setup.journal.look(lambda tx: tx.time_line(order_id))

    def link(self, *links: ProductLink) -> int:
        """Say which supplier's remote id a shop's product is; how many orders that changed."""
        return self._driver.run(link(self._setup.world, links))

    def unlink(self, *links: ProductLink) -> int:
        """Take exactly these links away; how many orders that changed. What is placed keeps its way."""
        return self._driver.run(unlink(self._setup.world, links))

    def links(self, *, store: str = "", owner: str = "") -> tuple[ProductLink, ...]:
        """All product links, or those of one store, or of an owner's stores that were pulled once."""
        return self._setup.journal.look(lambda tx: tx.links(store, owner=owner))

    def export_links(self, *, store: str = "", owner: str = "") -> str:
        """The same links as CSV that ``import_links`` takes back unchanged."""
        return self._setup.journal.look(lambda tx: export_links(tx, store, owner=owner))

    def import_links(self, table: str, *, dry_run: bool = False) -> LinksImported:
        """Take in a CSV of product links; a wrong row is told, and keeps only its product out."""
        return self._driver.run(import_links(self._setup.world, table, dry_run=dry_run))

    def reservations(self, supplier: str) -> tuple[ReservationRow, ...]:
        """What is wanted and held of each remote id, as of the last look at the supplier."""
        return self._driver.run(reservations(supplier))

    def reconcile(self, supplier: str) -> tuple[Difference, ...]:
        """Compare the supplier's growing order with what our orders want, now; empty if they agree."""
        return self._driver.run(reconcile(self._setup.world, supplier))

    def payable(self, supplier: str) -> Payable:
        """What a person may pay at a supplier, where, and what stands against it."""
        return self._driver.run(payable(self._setup.world, supplier))

    def check_out(self, *select: str, shipping: Mapping[str, str] | None = None) -> Checkout:
        """What ordering these would cost, how they can be sent, and what stands against it; asks suppliers.

        ``select`` names purchase orders, or shop orders for all of theirs; ``shipping`` chooses an option's
        code by purchase order.
        """
        return self._driver.run(
            check_out(self._setup.world, select, shipping=shipping or {}, identified=self._setup.identified)
        )

    def place(self, *purchase_orders: str, checkout: str = "") -> tuple[PaymentPage, ...]:
        """Order these at their suppliers; each goes when its units are held.

        ``checkout`` is the digest of the checkout that was shown; alone it places all of it. Suppliers that
        quote prices are never placed at without one.
        """
        return self._driver.run(
            place(
                self._setup.world,
                purchase_orders,
                checkout=checkout,
                identified=self._setup.identified,
            )
        )

    def pay(self, purchase_order: str, *, buyer: BuyerContext | None = None) -> PaymentPage:
        """Pay a placed purchase order through its supplier's API, or say where a person pays."""
        return self._driver.run(pay(self._setup.world, purchase_order, self._setup.identified, buyer=buyer))

    def documents(self, purchase_order: str) -> tuple[Document, ...]:
        """A placed purchase order on paper, for a supplier that people tell."""
        return self._driver.run(documents(self._setup.world, purchase_order))

    def observe(
        self,
        purchase_order: str,
        *,
        fulfillment: Fulfillment | None = None,
        payment: Payment | None = None,
        raw: str = "",
    ) -> PurchaseRecord:
        """Say how far a purchase order is at a supplier without an API; ``raw`` is the supplier's word."""
        return self._driver.run(
            said(
                self._setup.world,
                purchase_order,
                fulfillment=fulfillment,
                payment=payment,
                raw=raw,
                identified=self._setup.identified,
            )
        )

    def ship(self, purchase_order: str, departure: Shipment) -> PurchaseRecord:
        """Say what left a supplier without an API; the shop is told of each ``Shipment.ref`` once."""
        return self._driver.run(
            shipped(self._setup.world, purchase_order, departure, identified=self._setup.identified)
        )

    def open_manifest(self, courier: str, *, owner: str = "") -> Manifest:
        """Begin a hand-over list: departures of any shops that one courier takes together."""
        return self._driver.run(open_manifest(courier, owner=owner))

    def pack(self, manifest: int, purchase_order: str, departure: Shipment) -> Manifest:
        """Put a departure on a manifest; no shop hears of it before the manifest ships.

        The same ``Shipment.ref`` again puts it right. Packages of which nobody says who carries them go with
        the manifest's courier.
        """
        return self._driver.run(
            pack(self._setup.world, manifest, purchase_order, departure, identified=self._setup.identified)
        )

    def unpack(self, manifest: int, purchase_order: str, *, ref: str = "") -> Manifest:
        """Take a departure off a manifest, or all of the purchase order's if ``ref`` is empty."""
        return self._driver.run(unpack(manifest, purchase_order, ref=ref))

    def manifests(
        self, *, owner: str = "", state: ManifestState | None = None, after: int = 0, limit: int = 100
    ) -> tuple[Manifest, ...]:
        """Manifests by id, a page at a time: ``after`` is the last id of the page before."""
        return self._driver.run(list_manifests(owner=owner, state=state, after=after, limit=limit))

    def manifest(self, manifest: int) -> ManifestReport:
        """One manifest, and how far the shops are told of each departure in it."""
        return self._driver.run(report(manifest))

    def print_manifest(self, manifest: int) -> Document:
        """The list as a page for the courier to count and sign; it names the shoppers."""
        return self._driver.run(print_manifest(manifest))

    def ship_manifest(self, manifest: int) -> ManifestReport:
        """The courier has it: each departure leaves, and its shop is told once; safe to repeat.

        What is canceled by now is left out, and said.
        """
        return self._driver.run(ship_manifest(self._setup.world, manifest, identified=self._setup.identified))

    def repeat_manifest(self, manifest: int) -> ManifestReport:
        """Tell the shops that refused once more, and no others."""
        return self._driver.run(
            repeat_manifest(self._setup.world, manifest, identified=self._setup.identified)
        )

    def import_shipments(self, table: str, *, dry_run: bool = False) -> Imported:
        """Take in a CSV of statuses and departures; a wrong row is told and never stops the others."""
        return self._driver.run(
            import_shipments(self._setup.world, table, dry_run=dry_run, identified=self._setup.identified)
        )

    def found(self, purchase_order: str, *, supplier_ref: str) -> PurchaseRecord:
        """Say which of the supplier's orders it is, where a review asks because nobody could tell."""
        return self._driver.run(
            found(self._setup.world, purchase_order, supplier_ref, self._setup.identified)
        )

    def cancel_purchase(self, purchase_order: str) -> PurchaseRecord:
        """Cancel a placed purchase order at its supplier; the shopper's money is another matter."""
        return self._driver.run(revoke(self._setup.world, purchase_order, self._setup.identified))

    def open_case(
        self,
        purchase_order: str,
        *,
        kind: CaseKind,
        key: str,
        lines: Iterable[ShipmentLine] = (),
        amount: Money | None = None,
        reason: str = "",
        evidence: Iterable[str] = (),
    ) -> Case:
        """Write down what people want of a supplier beside an order that it has; nobody is asked by it.

        Args:
            purchase_order: A placed one.

            kind: Money back, goods back, goods once more, or a dispute.

            key: Names the case within its purchase order; the same again is the same case.

            lines: The supplier units that it is about; none means all of them.

            amount: What the supplier is to give back.

            reason: Why; without shopper data.

            evidence: Words, or addresses of pictures; without shopper data.
        """
        return self._driver.run(
            open_case(
                purchase_order,
                kind=kind,
                key=key,
                lines=tuple(lines),
                amount=amount,
                reason=reason,
                evidence=tuple(evidence),
            )
        )

    def move_case(self, case: str, state: CaseState, *, word: str = "") -> Case:
        """Say how far a case is; ``word`` is what the supplier said. The same again changes nothing."""
        return self._driver.run(move_case(case, state, word=word))

    def cases(
        self,
        *,
        purchase_order: str = "",
        kind: CaseKind | None = None,
        everything: bool = False,
        owner: str = "",
        after: str = "",
        limit: int = 100,
    ) -> tuple[Case, ...]:
        """Cases by id, a page at a time; those that are over only with ``everything``."""
        return self._driver.run(
            list_cases(
                purchase_order=purchase_order,
                kind=kind,
                everything=everything,
                owner=owner,
                after=after,
                limit=limit,
            )
        )

    def resend(
        self,
        purchase_order: str,
        *,
        key: str,
        lines: Iterable[ShipmentLine] = (),
        supplier: str = "",
        reason: str = "",
    ) -> PurchaseRecord:
        """A purchase order that sends goods once more; ``place`` orders it. The shop shows one parcel more.

        Args:
            purchase_order: What has left and did not arrive as it should.

            key: Names it within its purchase order; the same again is the same one.

            lines: The supplier units to send; none means all of them.

            supplier: Another account, which people move: own stock. By default the same supplier.

            reason: For the case that goes with it; without shopper data.
        """
        return self._driver.run(
            resend(
                self._setup.world,
                purchase_order,
                key=key,
                lines=tuple(lines),
                supplier=supplier,
                reason=reason,
                identified=self._setup.identified,
            )
        )

    def note(self, order_id: str, note: Note) -> Task:
        """Put a remark on the shop's order, once for its key; how far that is now."""
        return self._driver.run(ask_of_shop(self._setup.world, order_id, note, self._setup.identified))

    def cancel(self, order_id: str, *, reason: str = "") -> Task:
        """Cancel the shop's order; nothing more of it is ordered, and what was is for a person to settle.

        It does not give the shopper's money back. If the shop refuses, the order stays held.
        """
        return self._driver.run(
            cancel(self._setup.world, order_id, reason=reason, identified=self._setup.identified)
        )

    def refund(self, order_id: str, refund: Refund) -> Task:
        """Give the shopper money back, or have the shop write down that somebody did; once for its key."""
        return self._driver.run(ask_of_shop(self._setup.world, order_id, refund, self._setup.identified))

    def carriers(self, store: str) -> tuple[Carrier, ...]:
        """The carriers that a shop knows: what the account's ``carriers`` setting may name."""
        return self._driver.run(carriers(self._setup.world, store))

    def products(self, supplier: str, *, cursor: str | None = None) -> ProductPage:
        """One page of what a supplier sells; the next is asked for with its ``cursor``, until that is None.

        What a supplier has written so that nobody can read it is left out, and raises after the last page.
        """
        return self._driver.run(products(self._setup.world, supplier, cursor))

    def change_address(self, order_id: str, address: Address | None, *, expected: str) -> OrderRecord:
        """Send an order elsewhere than its shop says; the order as it is then.

        It stays so whatever the shop goes on showing; a change in the shop later on is a review. What a
        supplier was asked for already is a review too: people have it changed there.

        Args:
            order_id: Which.

            address: The whole of it; None takes yours back, and the shop's is good again.

            expected: ``record.digest`` of the order as you saw it.

        Raises:
            OutOfDate: it is not like that any more: read it again, and decide anew.

            ConfigurationError: there is no such order, all of it has left, or the address is none.
        """
        return self._driver.run(change_address(self._setup.world, order_id, address, expected=expected))

    def hold(self, order_id: str) -> None:
        """Keep an order from being placed. The shop hears nothing of it."""
        self._driver.run(hold(order_id, held=True))

    def hold_in_shop(self, order_id: str, *, reason: str = "") -> Task:
        """Keep an order from being placed, and from being shipped by anybody in the shop.

        Args:
            order_id: Which.

            reason: Plain text for the shop's staff.
        """
        return self._driver.run(
            hold_in_shop(self._setup.world, order_id, reason=reason, identified=self._setup.identified)
        )

    def release(self, order_id: str) -> Task | None:
        """Let a held order go on; how far that is in the shop, or None if it was never held there.

        What others hold in the shop stays on hold, and is not placed before they let it go.
        """
        return self._driver.run(release(self._setup.world, order_id, self._setup.identified))

    def reviews(self, *, after: int = 0, owner: str = "", limit: int = 100) -> tuple[Review, ...]:
        """Open questions that only a person may answer."""
        return self._setup.journal.look(lambda tx: tx.reviews(after=after, owner=owner, limit=limit))

    def resolve(self, review: int, decision: str) -> Review:
        """Answer a question with one of its ``decisions``; safe to repeat."""
        return self._driver.run(resolve(self._setup.world, review, decision))

    def stop_money(self, *, reason: str, owner: str = "") -> None:
        """Stop all placing and paying at once, of one owner or of all."""
        self._driver.run(switch(owner=owner, stopped=True, reason=reason))

    def allow_money(self, *, owner: str = "") -> None:
        """Let placing and paying go on."""
        self._driver.run(switch(owner=owner, stopped=False, reason=""))

    def health(self) -> Health:
        """Is it alive?"""
        return self._driver.run(health(self._setup.world))

    def probe(self) -> dict[str, Access]:
        """Ask every account who it is and what it may do."""
        return self._driver.run(probe(self._setup.world))

    def forget(self, order_id: str) -> bool:
        """Blank a shopper for good; False if a call about the order is under way: ask again later."""
        return self._driver.run(forget(order_id))

    def reopen(self, account: str) -> None:
        """Ask the mapping of accounts anew for this one, whose settings have changed."""
        self._setup.reopen(account)

    def adopt(self) -> None:
        """Make a copied or restored journal this bridge's own, after making sure no other one runs."""
        self._setup.journal.adopt()

    def close(self) -> None:
        """Let go of connections and files."""
        self._driver.close()
        self._setup.journal.close()

    def __enter__(self) -> Bridge:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
