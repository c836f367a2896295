"""What people look at: orders in their tabs, how each went its way, what happened, what is asked.

Each method is one line over a saga; what both faces have stands here twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from ._bridge_part import AsyncPart, Part
from ._commands import consume, have_read, unread
from ._commands_answers import resolve
from ._events import Event
from ._fits import at_most
from ._owners import of_review
from ._reviews import Review
from ._standing import Tab
from ._timeline import Entry, history, timeline
from ._views import OrderView, count_tabs, events, list_orders, order_view

__all__ = ["AsyncViews", "Views"]


class Views(Part):
    """What people look at: orders in their tabs, how each went its way, what happened, what is asked."""

    def orders(
        self,
        *,
        tab: Tab | None = None,
        store: str = "",
        supplier: str = "",
        number: str = "",
        find: str = "",
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

            find: The beginning of a number, of a SKU or of a tracking number, or the whole id of an order at
                its supplier; as it is written there, capitals and all.

            owner: Only of this owner's stores.

            since: Placed then or later (aware).

            until: Placed before (aware).

            after: The last id of the page before.

            limit: So many at most.
        """
        return self._driver.run(
            list_orders(
                self._setup.world,
                tab=tab,
                store=store,
                supplier=supplier,
                number=number,
                find=find,
                owner=owner,
                since=since,
                until=until,
                after=after,
                limit=limit,
            )
        )

    def tabs(self, *, owner: str = "", store: str = "") -> Mapping[Tab, int]:
        """How many orders stand in each tab; one may stand in several."""
        return self._driver.run(count_tabs(self._setup.world, owner=owner, store=store))

    def order(self, order_id: str, *, owner: str = "") -> OrderView | None:
        """One order with all that the bridge does for it; by its id, ``store/ref``, or its number.

        Raises:
            ConfigurationError: several orders have this number; it names them.
        """
        return self._driver.run(order_view(order_id, owner))

    def timeline(self, order_id: str, *, owner: str = "") -> tuple[Entry, ...]:
        """What happened to an order, each step in a sentence; by its id, or its number.

        Raises:
            ConfigurationError: there is none, or several orders have this number.
        """
        return self._driver.run(timeline(order_id, owner))

    def history(self, order_id: str, *, owner: str = "") -> tuple[Event, ...]:
        """The events of one order, by its id or its number; ``timeline`` says them in words.

        Raises:
            ConfigurationError: there is none, or several orders have this number.
        """
        return self._driver.run(history(order_id, owner))

    def reviews(self, *, after: int = 0, owner: str = "", limit: int = 100) -> tuple[Review, ...]:
        """Open questions that only a person may answer."""
        return self._setup.journal.look(lambda tx: tx.reviews(after=after, owner=owner, limit=at_most(limit)))

    def resolve(self, review: int, decision: str, *, owner: str = "") -> Review:
        """Answer a question with one of its ``decisions``; safe to repeat."""
        return self._driver.run(of_review(owner, resolve(self._setup.world, review, decision), review))

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


class AsyncViews(AsyncPart):
    """The same for event loops."""

    async def orders(
        self,
        *,
        tab: Tab | None = None,
        store: str = "",
        supplier: str = "",
        number: str = "",
        find: str = "",
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

            find: The beginning of a number, of a SKU or of a tracking number, or the whole id of an order at
                its supplier; as it is written there, capitals and all.

            owner: Only of this owner's stores.

            since: Placed then or later (aware).

            until: Placed before (aware).

            after: The last id of the page before.

            limit: So many at most.
        """
        return await self._driver.run(
            list_orders(
                self._setup.world,
                tab=tab,
                store=store,
                supplier=supplier,
                number=number,
                find=find,
                owner=owner,
                since=since,
                until=until,
                after=after,
                limit=limit,
            )
        )

    async def tabs(self, *, owner: str = "", store: str = "") -> Mapping[Tab, int]:
        """How many orders stand in each tab; one may stand in several."""
        return await self._driver.run(count_tabs(self._setup.world, owner=owner, store=store))

    async def order(self, order_id: str, *, owner: str = "") -> OrderView | None:
        """One order with all that the bridge does for it; by its id, ``store/ref``, or its number.

        Raises:
            ConfigurationError: several orders have this number; it names them.
        """
        return await self._driver.run(order_view(order_id, owner))

    async def timeline(self, order_id: str, *, owner: str = "") -> tuple[Entry, ...]:
        """What happened to an order, each step in a sentence; by its id, or its number.

        Raises:
            ConfigurationError: there is none, or several orders have this number.
        """
        return await self._driver.run(timeline(order_id, owner))

    async def history(self, order_id: str, *, owner: str = "") -> tuple[Event, ...]:
        """The events of one order, by its id or its number; ``timeline`` says them in words.

        Raises:
            ConfigurationError: there is none, or several orders have this number.
        """
        return await self._driver.run(history(order_id, owner))

    async def reviews(self, *, after: int = 0, owner: str = "", limit: int = 100) -> tuple[Review, ...]:
        """Open questions that only a person may answer."""
        return await self._driver.look(lambda tx: tx.reviews(after=after, owner=owner, limit=at_most(limit)))

    async def resolve(self, review: int, decision: str, *, owner: str = "") -> Review:
        """Answer a question with one of its ``decisions``; safe to repeat."""
        return await self._driver.run(of_review(owner, resolve(self._setup.world, review, decision), review))

    async def events(self, *, after: int = 0, owner: str = "", limit: int = 100) -> tuple[Event, ...]:
        """The audit from a position on, in the one order in which it was written."""
        return await self._driver.run(events(after=after, owner=owner, limit=limit))

    async def consume(
        self,
        name: str,
        handler: Callable[[Event], Awaitable[None] | None],
        *,
        owner: str = "",
        limit: int = 100,
    ) -> int:
        """Hand each new event to ``handler``, which may be async, at least once; how many there were.

        ``name`` is the consumer's own, and remembers how far it is, for each ``owner`` apart. An error in
        ``handler`` comes out here, and the event comes again.
        """
        new = await self._driver.run(unread(name, owner=owner, limit=limit))
        for event in new:
            waits = handler(event)
            if waits is not None:
                await waits
            await self._driver.run(have_read(name, event.position, owner=owner))
        return len(new)
