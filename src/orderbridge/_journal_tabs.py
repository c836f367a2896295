"""The tabs in which orders stand, kept so that a page of many orders is found by an index."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ._canonical import stamp
from ._journal_rows import Part, Value, int_in, text_in, time_in
from ._standing import Tab

__all__ = ["Tabs"]

_LAST = "~"  # sorts after every time
_BEYOND = "\U0010ffff"  # sorts after whatever may follow


class Tabs(Part):
    """Where orders stand, the newest first."""

    def _stand(self, order_id: str, *, about: str, tabs: Sequence[str], supplier: str = "") -> None:
        """Where ``about`` puts its order; mostly that is where it was."""
        known = {text_in(row, "tab") for row in self._rows.run("stands_of", order_id=order_id, about=about)}
        if known == set(tabs):
            return
        self._rows.run("drop_stands", order_id=order_id, about=about)
        for tab in tabs:
            self._rows.run("put_stand", order_id=order_id, about=about, tab=tab, supplier=supplier)

    def order_ids(
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
    ) -> tuple[str, ...]:
        """Orders, the newest first: after the order ``after``, placed from ``since`` to before ``until``.

        ``number`` is what people say, with or without the ``#`` that some shops have in it; ``find`` is the
        beginning of one, of a SKU or of a tracking number, or the whole id of an order at a supplier.
        """
        word, begin = "" if tab is None else tab.value, "" if since is None else stamp(since)
        below = (_LAST, "") if until is None else (stamp(until), "")
        if after:
            found = self._rows.run("placed_at_of", id=after)
            below = min(below, (text_in(found[0], "placed_at"), after)) if found else ("", "")
        at, key = below
        page: dict[str, Value] = {
            "tab": word,
            "since": begin,
            "below_at": at,
            "below_id": key,
            "limit": limit,
        }
        plain = (number or find).removeprefix("#")
        whose: dict[str, Value] = {"store": store, "supplier": supplier, "owner": owner}
        if number:
            rows = self._rows.run("orders_called", plain=plain, marked=f"#{plain}", **whose, **page)
        elif find:
            rows = self._rows.run("orders_found", word=plain, beyond=plain + _BEYOND, **whose, **page)
        elif supplier:
            rows = self._rows.run("orders_in_tab_of_supplier", **whose, **page)
        elif store:
            rows = self._rows.run("orders_in_tab_of_store", store=store, owner=owner, **page)
        elif owner:
            rows = self._rows.run("orders_in_tab_of_owner", owner=owner, **page)
        else:
            rows = self._rows.run("orders_in_tab", **page)
        return tuple(text_in(row, "id") for row in rows)

    def count_tabs(self, *, owner: str = "", store: str = "") -> dict[Tab, int]:
        """How many orders stand in each tab."""
        return {tab: self._count_in(tab.value, owner=owner, store=store) for tab in Tab}

    def _count_in(self, tab: str, *, owner: str, store: str) -> int:
        if store:
            rows = self._rows.run("count_in_tab_of_store", tab=tab, store=store, owner=owner)
        elif owner:
            rows = self._rows.run("count_in_tab_of_owner", tab=tab, owner=owner)
        else:
            rows = self._rows.run("count_in_tab", tab=tab)
        return int_in(rows[0], "n")

    def suppliers_to_order(self, store: str) -> tuple[str, ...]:
        """The suppliers that are to ship something for a store, and were not asked to yet."""
        rows = self._rows.run("suppliers_in_tab", tab=Tab.TO_ORDER.value, store=store)
        return tuple(text_in(row, "supplier") for row in rows)

    def stores_to_order(self, supplier: str) -> tuple[str, ...]:
        """The stores for which a supplier is to ship something, and was not asked to yet."""
        rows = self._rows.run("stores_in_tab", tab=Tab.TO_ORDER.value, supplier=supplier)
        return tuple(text_in(row, "store") for row in rows)

    def oldest_in(self, tab: Tab) -> datetime | None:
        """When the oldest order in a tab was placed."""
        return time_in(self._rows.run("oldest_in_tab", tab=tab.value)[0], "at")
