"""The face for event loops: every method is one line over a saga, the same as in ``_bridge``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

from ._cart import Difference
from ._commands import (
    PaymentPage,
    ask_of_shop,
    cancel,
    forget,
    have_read,
    hold,
    link,
    pay,
    place,
    resolve,
    switch,
    unread,
)
from ._drivers import TokenStore
from ._http import Headers
from ._journal import Journal
from ._model import ProductLink
from ._plugins import Account
from ._policy import Policy
from ._records import Event, ReservationRow, Review, Task
from ._run import Report, advance, due_now, pull_now, receive, run_once
from ._setup import Setup
from ._sourcing import Rule
from ._views import (
    Health,
    OrderView,
    Payable,
    carriers,
    events,
    health,
    list_orders,
    order_view,
    payable,
    probe,
    reconcile,
    reservations,
)
from .adapters import Access, Carrier, Note, Refund, Reply
from .errors import ConfigurationError

__all__ = ["AsyncBridge"]


class AsyncBridge:
    """The same for an event loop: it belongs to one loop, and its transactions run on a thread.

    A canceled call finishes the request that is under way and writes it down; then it is raised.

    Args:
        stores: From ``store()``.

        suppliers: From ``supplier()``.

        journal: Path of the journal's file, or one from ``journal()``.

        policy: What the bridge may do by itself; by default it takes orders, reserves, and leaves
            placing and paying to people.

        rules: Which supplier ships what, where no product link says so; the first that fits.

        take_from: Orders placed before it (aware) are only observed. By default the moment of the
            first pull.

        tokens: Where tokens of platforms with a login are kept; by default in memory.

    Raises:
        ConfigurationError: names what is wrong and what would be right.
    """

    def __init__(
        self,
        *,
        stores: Iterable[Account] = (),
        suppliers: Iterable[Account] = (),
        journal: Journal | str | Path,
        policy: Policy | None = None,
        rules: Iterable[Rule] = (),
        take_from: datetime | None = None,
        tokens: TokenStore | None = None,
    ) -> None:
        self._setup = Setup(
            stores=stores,
            suppliers=suppliers,
            journal=journal,
            policy=policy,
            rules=rules,
            take_from=take_from,
        )
        # Imported here: an application without an event loop need not load asyncio.
        from ._drivers_async import AsyncDriver

        self._driver = AsyncDriver(self._setup.journal, self._setup.line_of, tokens=tokens)
        self._stopped = False

    @classmethod
    def from_toml(cls, path: str | Path) -> AsyncBridge:
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
            )
        except ConfigurationError as error:
            raise ConfigurationError(f"{path}: {error}") from None

    @property
    def requests(self) -> Mapping[str, int]:
        """How many requests each account was sent by this bridge."""
        return dict(self._driver.requests)

    async def run_once(self, *, told: Callable[[Report], None] | None = None) -> Report:
        """Work until nothing is due. One order or account that fails never stops the others."""
        return await self._driver.run(
            run_once(self._setup.world, self._setup.identified, stopping=lambda: self._stopped, told=told)
        )

    async def run(self, *, told: Callable[[Report], None] | None = None) -> None:
        """Work until ``stop`` is called, from another thread or a signal handler."""
        try:
            while not self._stopped:
                report = await self.run_once(told=told)
                await self._driver.wait(report.next_at, stopped=lambda: self._stopped)
        finally:
            self._stopped = False
            self._driver.go_on()

    def stop(self) -> None:
        """End ``run``: no new call begins until the next ``run``, and what is known is written down."""
        self._stopped = True
        self._driver.stop()

    async def pull(self, store: str) -> int:
        """Take in all pages of one store's changes now; how many orders came."""
        return await self._driver.run(pull_now(self._setup.world, store, self._setup.identified))

    async def advance(self, subject: str) -> None:
        """Do what is due in one subject; safe from any number of callers."""
        await self._driver.run(advance(self._setup.world, subject, self._setup.identified))

    async def due(self, *, limit: int = 50) -> tuple[str, ...]:
        """Subjects that wait for work now."""
        return await self._driver.run(due_now(limit))

    async def receive(
        self, account: str, *, method: str = "POST", path: str = "/", headers: Mapping[str, str], body: bytes
    ) -> Reply:
        """Take a webhook in and say what to answer. Nothing goes out."""
        return await self._driver.run(
            receive(self._setup.world, account, method=method, path=path, headers=Headers(headers), body=body)
        )

    async def events(self, *, after: int = 0, owner: str = "", limit: int = 100) -> tuple[Event, ...]:
        """The audit from a position on, in the one order in which it was written."""
        return await self._driver.run(events(after=after, owner=owner, limit=limit))

    async def consume(
        self, name: str, handler: Callable[[Event], Awaitable[None] | None], *, limit: int = 100
    ) -> int:
        """Hand each new event to ``handler``, which may be async, at least once; how many there were.

        ``name`` is the consumer's own, and remembers how far it is. An error in ``handler`` comes
        out here, and the event comes again.
        """
        new = await self._driver.run(unread(name, limit=limit))
        for event in new:
            waits = handler(event)
            if waits is not None:
                await waits
            await self._driver.run(have_read(name, event.position))
        return len(new)

    async def orders(
        self, *, store: str = "", owner: str = "", after: str = "", limit: int = 100
    ) -> tuple[OrderView, ...]:
        """Orders by id, a page at a time: ``after`` is the last id of the page before."""
        return await self._driver.run(list_orders(store=store, owner=owner, after=after, limit=limit))

    async def order(self, order_id: str) -> OrderView | None:
        """One order with all that the bridge does for it; ``order_id`` is ``store/ref``."""
        return await self._driver.run(order_view(order_id))

    async def history(self, order_id: str) -> tuple[Event, ...]:
        """The time line of one order."""
        return await self._driver.look(lambda tx: tx.time_line(order_id))

    async def link(self, *links: ProductLink) -> int:
        """Say which supplier's remote id a shop's product is; how many waiting orders that freed."""
        return await self._driver.run(link(self._setup.world, links, remove=False))

    async def unlink(self, *links: ProductLink) -> int:
        """Take links of products away; orders placed already keep their way."""
        return await self._driver.run(link(self._setup.world, links, remove=True))

    async def links(self, *, store: str = "") -> tuple[ProductLink, ...]:
        """All product links, or those of one store."""
        return await self._driver.look(lambda tx: tx.links(store))

    async def reservations(self, supplier: str) -> tuple[ReservationRow, ...]:
        """What is wanted and held of each remote id, as of the last look at the supplier."""
        return await self._driver.run(reservations(supplier))

    async def reconcile(self, supplier: str) -> tuple[Difference, ...]:
        """Compare the supplier's growing order with what our orders want, now; empty if they agree."""
        return await self._driver.run(reconcile(self._setup.world, supplier))

    async def payable(self, supplier: str) -> Payable:
        """What a person may pay at a supplier, where, and what stands against it."""
        return await self._driver.run(payable(self._setup.world, supplier))

    async def place(self, *purchase_orders: str) -> None:
        """Order these at their suppliers; each goes when its units are held."""
        await self._driver.run(place(self._setup.world, purchase_orders, self._setup.identified))

    async def pay(self, purchase_order: str) -> PaymentPage:
        """Pay a placed purchase order through its supplier's API, or say where a person pays."""
        return await self._driver.run(pay(self._setup.world, purchase_order, self._setup.identified))

    async def note(self, order_id: str, note: Note) -> Task:
        """Put a remark on the shop's order, once for its key; how far that is now."""
        return await self._driver.run(ask_of_shop(self._setup.world, order_id, note, self._setup.identified))

    async def cancel(self, order_id: str, *, reason: str = "") -> Task:
        """Cancel the shop's order; nothing more of it is ordered, and what was is for a person to settle.

        It does not give the shopper's money back. If the shop refuses, the order stays held.
        """
        return await self._driver.run(
            cancel(self._setup.world, order_id, reason=reason, identified=self._setup.identified)
        )

    async def refund(self, order_id: str, refund: Refund) -> Task:
        """Give the shopper money back, or have the shop write down that somebody did; once for its key."""
        return await self._driver.run(
            ask_of_shop(self._setup.world, order_id, refund, self._setup.identified)
        )

    async def carriers(self, store: str) -> tuple[Carrier, ...]:
        """The carriers that a shop knows: what the account's ``carriers`` setting may name."""
        return await self._driver.run(carriers(self._setup.world, store))

    async def hold(self, order_id: str) -> None:
        """Keep an order from being placed."""
        await self._driver.run(hold(order_id, held=True))

    async def release(self, order_id: str) -> None:
        """Let a held order go on."""
        await self._driver.run(hold(order_id, held=False))

    async def reviews(self, *, after: int = 0, owner: str = "", limit: int = 100) -> tuple[Review, ...]:
        """Open questions that only a person may answer."""
        return await self._driver.look(lambda tx: tx.reviews(after=after, owner=owner, limit=limit))

    async def resolve(self, review: int, decision: str) -> Review:
        """Answer a question with one of its ``decisions``; safe to repeat."""
        return await self._driver.run(resolve(self._setup.world, review, decision))

    async def stop_money(self, *, reason: str, owner: str = "") -> None:
        """Stop all placing and paying at once, of one owner or of all."""
        await self._driver.run(switch(owner=owner, stopped=True, reason=reason))

    async def allow_money(self, *, owner: str = "") -> None:
        """Let placing and paying go on."""
        await self._driver.run(switch(owner=owner, stopped=False, reason=""))

    async def health(self) -> Health:
        """Is it alive?"""
        return await self._driver.run(health(self._setup.world))

    async def probe(self) -> dict[str, Access]:
        """Ask every account who it is and what it may do."""
        return await self._driver.run(probe(self._setup.world))

    async def forget(self, order_id: str) -> bool:
        """Blank a shopper for good; False if a call about the order is under way: ask again later."""
        return await self._driver.run(forget(order_id))

    async def adopt(self) -> None:
        """Make a copied or restored journal this bridge's own, after making sure no other one runs."""
        await self._driver.on_thread(self._setup.journal.adopt)

    async def close(self) -> None:
        """Let go of connections and files."""
        await self._driver.on_thread(self._setup.journal.close)
        await self._driver.close()

    async def __aenter__(self) -> AsyncBridge:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()
