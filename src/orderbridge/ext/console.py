"""A page for operators: what waits for whom, where an order is, what is reserved, what needs a decision.

    app.mount("/bridge", orderbridge.ext.console.console(bridge))

Plain HTML without scripts, as an ASGI application, for whoever the host lets through: it knows no users
and no passwords of its own. Of shoppers it shows nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import TypeVar, cast
from urllib.parse import parse_qs, quote, urlsplit

import attrs

from .. import DECISIONS, AsyncBridge, Bridge, OrderView, PurchaseRecord, Review, Tab
from ..adapters import Headers, Reply
from ..errors import BridgeError, ConfigurationError
from ._html import Html, document, lines, link, outside, shown, table, wrong
from ._served import App, Receive, Scope, below, body_of, headers_of, served

__all__ = ["console"]

T = TypeVar("T")
_PAGE = 50  # orders or reviews on one page
_MOST = 2_000  # bytes of a form
_NEVER = datetime.min.replace(tzinfo=UTC)
_HEADERS = Headers(
    {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-store",
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; "
            "base-uri 'none'"
        ),
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
)


@attrs.frozen
class _NotShown(Exception):
    """What was asked for is not to be had here."""

    status: int
    words: str


def console(bridge: Bridge | AsyncBridge, *, owner: str = "", may_decide: bool = False) -> App:
    """The application. Mount it behind whatever says who may see it.

    Args:
        bridge: A ``Bridge`` is called on a thread, so the loop goes on; an ``AsyncBridge`` must belong to
            the loop that serves.

        owner: Only this owner's orders and reviews are shown.

        may_decide: Reviews may be answered here, which can order, pay and cancel.
    """

    async def reply(scope: Scope, receive: Receive) -> Reply | None:
        root = cast("str", scope.get("root_path", "")).rstrip("/")
        pages = _Pages(bridge, owner, may_decide, root)
        try:
            return await _reply(pages, scope, receive)
        except _NotShown as error:
            return pages.page("Not here", wrong(error.words), status=error.status)
        except (BridgeError, ConfigurationError, ValueError) as error:
            return pages.page("It did not work", wrong(str(error)), status=400)

    return served(reply)


async def _reply(pages: _Pages, scope: Scope, receive: Receive) -> Reply | None:
    name, _, rest = below(scope).strip("/").partition("/")
    if scope["method"] == "POST":
        form = await body_of(receive, _MOST)
        if not isinstance(form, bytes):
            return form
        return await pages.decide(name, rest, form, headers_of(scope))
    if scope["method"] not in ("GET", "HEAD"):
        raise _NotShown(405, "This page is for looking.")
    text = cast("bytes", scope.get("query_string", b"")).decode("latin-1")
    query = {name: values[-1] for name, values in parse_qs(text).items()}
    match name:
        case "":
            return await pages.overview()
        case "orders" if rest:
            return await pages.order(rest)
        case "orders":
            return await pages.orders(query)
        case "reservations" if rest:
            return await pages.reservations(rest)
        case "reviews" if not rest:
            return await pages.reviews(query)
        case _:
            raise _NotShown(404, "There is no such page.")


@attrs.frozen
class _Pages:
    """The pages of one request; ``root`` is where the application is mounted, which links begin with."""

    bridge: Bridge | AsyncBridge
    owner: str
    may_decide: bool
    root: str

    async def overview(self) -> Reply:
        """What waits, for whom, and whether all is alive."""
        tabs = await self._ask(lambda bridge: bridge.tabs(owner=self.owner))
        reviews = await self._ask(lambda bridge: bridge.reviews(owner=self.owner, limit=_PAGE))
        waiting = [
            record
            for tab in (Tab.TO_ORDER, Tab.PENDING)
            for view in await self._in(tab)
            if not (view.record.held or view.record.order.canceled)  # nothing of those is placed or paid
            for record in view.purchases
        ]
        asked = f"{len(reviews)}{' or more' if len(reviews) == _PAGE else ''} to decide"
        return self.page(
            "What waits",
            table(
                "Orders",
                ("Stand in", "How many"),
                ((self.link(_word(tab), "orders", tab=tab.name), count) for tab, count in tabs.items()),
            ),
            Html(f"<h2>{self.link(asked, 'reviews')}</h2>"),
            self._purchases("Waits for somebody to place it", (r for r in waiting if r.waits == "approval")),
            self._purchases("Waits for payment", (r for r in waiting if r.payment.value == "UNPAID")),
            table(
                "Reserved at",
                ("Supplier",),
                (
                    (self.link(name, "reservations", name),)
                    for name in sorted({r.po.supplier for r in waiting})
                ),
            ),
            *(() if self.owner else await self._health()),
        )

    async def _in(self, tab: Tab) -> Sequence[OrderView]:
        return await self._ask(lambda bridge: bridge.orders(tab=tab, owner=self.owner, limit=_PAGE))

    async def _health(self) -> Sequence[Html]:
        health = await self._ask(lambda bridge: bridge.health())
        wrong = [f"Money is stopped: {health.stopped}"] if health.stopped else []
        wrong += [f"Money of {owner} is stopped: {why}" for owner, why in health.stopped_owners.items()]
        wrong += [f"{name} refused our login: {why}" for name, why in health.refused_logins.items()]
        wrong += [
            store.failed if f"account {name!r}" in store.failed else f"{name}: {store.failed}"
            for name, store in health.stores.items()
            if store.failed
        ]
        wrong += [f"{name} is not told of departures: {why}" for name, why in health.waiting.items()]
        wrong += [f"{health.untold} departures of which no shop was told"] if health.untold else []
        wrong += [f"{subject} waits, and nobody works on it" for subject in health.stuck]
        wrong += [f"{subject} is planned far ahead: a clock is wrong, or was" for subject in health.far_ahead]
        # Those that wait longest first; of very many, `orderbridge health` tells all.
        stores = sorted(health.stores.items(), key=lambda each: (each[1].last_pull or _NEVER, each[0]))
        return (
            table(_some("Wrong", wrong), ("",), ((words,) for words in wrong[:_PAGE])),
            table(
                _some("Stores", stores),
                ("Store", "Last read", "Orders in the last day", "Usual"),
                ((name, store.last_pull, store.seen, store.expected) for name, store in stores[:_PAGE]),
            ),
        )

    async def orders(self, query: Mapping[str, str]) -> Reply:
        """The newest first, a page at a time, of one tab, or what is found by a number or a SKU."""
        tab, word, after = query.get("tab", ""), query.get("find", "").strip(), query.get("after", "")
        if tab and tab not in Tab.__members__:
            raise _NotShown(404, f"There is no tab {tab!r}.")
        found = await self._ask(
            lambda bridge: bridge.orders(
                tab=Tab[tab] if tab else None, find=word, after=after, owner=self.owner, limit=_PAGE
            )
        )
        return self.page(
            _word(Tab[tab]) if tab else "Orders",
            Html(
                f'<form action="{escape(self.root)}/orders"><input name=find value="{escape(word)}" size=40 '
                'placeholder="number, SKU, tracking number, id at a supplier"> '
                f'<input type=hidden name=tab value="{escape(tab)}">'
                "<button>Find</button></form>"
            ),
            table(
                "",
                ("Order", "Number", "Placed", "Payment", "Total", "Stands in", "Suppliers"),
                (
                    (
                        self.link(view.record.order.id, "orders", view.record.order.id),
                        view.record.order.number,
                        view.record.order.placed_at,
                        view.record.order.payment.value,
                        view.record.order.total,
                        ", ".join(_word(tab) for tab in view.tabs),
                        ", ".join(
                            f"{r.po.supplier}: {r.word or r.fulfillment.value}" for r in view.purchases
                        ),
                    )
                    for view in found
                ),
            )
            or Html("<p>None.</p>"),
            self.link("older ones", "orders", tab=tab, find=word, after=found[-1].record.order.id)
            if len(found) == _PAGE
            else Html(),
        )

    async def order(self, order_id: str) -> Reply:
        """Where it is: what was ordered of whom, what the shop was told, and its way so far."""
        view = await self._ask(lambda bridge: bridge.order(order_id, owner=self.owner))
        if view is None:
            raise _NotShown(404, f"There is no order {order_id!r}.")
        order = view.record.order
        steps = await self._ask(lambda bridge: bridge.timeline(order.id, owner=self.owner))
        return self.page(
            f"{order.id}, number {order.number}",
            Html(f"<p>{shown(', '.join(_word(tab) for tab in view.tabs))}</p>"),
            table(
                "Lines",
                ("SKU", "Name", "Units", "Still to ship"),
                ((line.sku, line.name, f"{line.quantity:f}", f"{line.open:f}") for line in order.lines),
            ),
            self._purchases("Purchase orders", view.purchases),
            table(
                "Parcels",
                ("Purchase order", "Shop", "Carrier", "Tracking number"),
                (
                    (
                        note.notice.purchase_order_id,
                        note.state.value,
                        package.carrier,
                        package.tracking_number,
                    )
                    for note in view.notices
                    for package in note.notice.packages
                ),
            ),
            table(
                "Cases",
                ("Case", "Kind", "State"),
                ((case.id, case.kind.value, case.state.value) for case in view.cases),
            ),
            table("Time line", ("When", "What"), ((step.at, step.words) for step in steps)),
        )

    def _purchases(self, title: str, records: Iterable[PurchaseRecord]) -> Html:
        return table(
            title,
            ("Purchase order", "State", "Payment", "Total", "At the supplier", "Waits for"),
            (
                (
                    self.link(record.po.id, "orders", record.po.order_id),
                    record.word or record.fulfillment.value,
                    record.payment.value,
                    record.total,
                    outside(record.url, record.po.supplier_ref),
                    record.waits,
                )
                for record in records
            ),
        )

    async def reservations(self, supplier: str) -> Reply:
        """What is wanted and held of each remote id, as of the last look at the supplier."""
        rows = await self._ask(lambda bridge: bridge.reservations(supplier, owner=self.owner))
        return self.page(
            f"Reservations at {supplier}",
            table(
                "",
                ("Remote id", "Wanted", "Held", "Status", "Product", "Variant", "Order"),
                (
                    (
                        row.remote_id,
                        f"{row.wanted:f}",
                        f"{row.held:f}",
                        row.status,
                        lines(each.product_ref for each in row.wanted_by),
                        lines(each.variant_ref for each in row.wanted_by),
                        lines(
                            self.link(each.order_number, "orders", each.order_id) for each in row.wanted_by
                        ),
                    )
                    for row in rows
                ),
            )
            or Html("<p>Nothing is wanted or held there.</p>"),
        )

    # --- decisions ------------------------------------------------------------------------------------

    async def reviews(self, query: Mapping[str, str]) -> Reply:
        """Open questions, the oldest first."""
        after = query.get("after", "0")
        if not _is_number(after):
            raise _NotShown(400, f"after: {after!r} is no number of a review.")
        found = await self._ask(
            lambda bridge: bridge.reviews(after=int(after), owner=self.owner, limit=_PAGE)
        )
        return self.page(
            "What needs a decision",
            table(
                "",
                ("Since", "What", "Seen", "What to do", "About", "Decide"),
                (
                    (
                        review.opened_at,
                        review.text.title,
                        review.evidence,
                        review.text.hint,
                        self.link(review.about, "orders", review.order_id)
                        if review.order_id
                        else review.about,
                        self._decisions(review),
                    )
                    for review in found
                ),
            )
            or Html("<p>Nothing.</p>"),
            self.link("more", "reviews", after=str(found[-1].id)) if len(found) == _PAGE else Html(),
        )

    def _decisions(self, review: Review) -> Html:
        if not self.may_decide:
            return Html(escape(", ".join(review.decisions)))
        buttons = "".join(
            f'<button name=decision value="{word}" title="{escape(DECISIONS[word])}">{word}</button>'
            for word in review.decisions
        )
        return Html(f'<form method=post action="{escape(self.root)}/reviews/{review.id}">{buttons}</form>')

    async def decide(self, name: str, rest: str, form: bytes, headers: Mapping[str, str]) -> Reply:
        """Answer a review, if the question was asked by a page of ours."""
        if name != "reviews" or not _is_number(rest):
            raise _NotShown(404, "There is nothing to decide under this address.")
        if not self.may_decide:
            raise _NotShown(403, "Reviews are not decided on this page.")
        if not _from_here(headers):
            raise _NotShown(403, "This was sent by another page than this one.")
        decision = parse_qs(form.decode("latin-1")).get("decision", [""])[-1]
        await self._ask(lambda bridge: bridge.resolve(int(rest), decision, owner=self.owner))
        return Reply(status=303, headers=Headers({**_HEADERS, "Location": f"{self.root}/reviews"}))

    # --- how it looks ---------------------------------------------------------------------------------

    async def _ask(self, question: Callable[[Bridge | AsyncBridge], T | Coroutine[object, object, T]]) -> T:
        if isinstance(self.bridge, AsyncBridge):
            found = question(self.bridge)
        else:
            found = await asyncio.to_thread(question, self.bridge)
        if isinstance(found, Coroutine):
            return await cast("Coroutine[object, object, T]", found)
        return found

    def link(self, words: object, *path: str, **query: str) -> Html:
        where = "/".join([self.root, *(quote(part, safe="/") for part in path)])
        wanted = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items() if value)
        return link(words, f"{where}?{wanted}" if wanted else where)

    def page(self, title: str, *parts: Html, status: int = 200) -> Reply:
        ways = (self.link("What waits", ""), self.link("Orders", "orders"), self.link("Reviews", "reviews"))
        return Reply(status=status, headers=_HEADERS, body=document(title, ways, parts))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 16


def _from_here(headers: Mapping[str, str]) -> bool:
    """Whether a page of ours has sent a form: another one in the same browser could send it as well."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return bool(headers.get("host")) and urlsplit(headers.get("origin", "")).netloc == headers.get("host")


def _some(title: str, rows: Sequence[object]) -> str:
    return f"{title}: {_PAGE} of {len(rows)}" if len(rows) > _PAGE else title


def _word(tab: Tab) -> str:
    return tab.value.replace("_", " ").capitalize()
