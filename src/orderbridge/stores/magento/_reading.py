"""What is read of a Magento shop, in as few questions as it can be, and never half of a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

import attrs

from ..._model import Order
from ...adapters import Flow, SetAside
from ...errors import AnswerError, Malformed, Unavailable
from ._goods import bundle_products
from ._orders import order_from
from ._query import MOST, Filter, Path, above, chunks, equal, listing, one_of
from ._settings import Settings
from ._shapes import WireCreditmemo, WireInvoice, WireList, WireOrder, WireProduct, WireRow, WireShipment
from ._values import Scalar, id_text, number_of
from ._wire import KEEP, listed, orders_in, rows


class _Made(Protocol):
    """A row that was made of an order."""

    @property
    def ref(self) -> str: ...
    @property
    def order_id(self) -> Scalar: ...


M = TypeVar("M", bound=_Made)

# So many failures in a row, and no answer among them, are the shop's and no order's.
_PATIENCE = 3
# Ids are given before rows are committed: one may turn up below the highest that was seen.
_BACK = 20
# What is made of orders, some of it without a trace on the order itself.
PAPERS: tuple[Path, ...] = ("shipments", "invoices", "creditmemos")
# So many new rows, and there may be more.
FULL = MOST - _BACK


@attrs.frozen(kw_only=True)
class Found:
    """Orders, the rows that say where a list stands, and what could not be read.

    Args:
        total: What the shop says that the whole list has.
    """

    rows: tuple[WireRow, ...]
    orders: tuple[WireOrder, ...]
    set_aside: tuple[SetAside, ...] = ()
    total: int = 0


def orders_found(
    settings: Settings, *filters: Filter, sort: tuple[str, ...] = ("entity_id",), size: int
) -> Flow[Found]:
    """A page of orders. If Magento stumbles over one of them, all others, and where that one stands."""
    where = (*filters, *_of_stores(settings))
    found = yield from _page(settings, where, sort, size)
    return found or (yield from _one_by_one(settings, where, sort, size))


def _page(
    settings: Settings, where: tuple[Filter, ...], sort: tuple[str, ...], size: int, page: int = 1
) -> Flow[Found | None]:
    """None if Magento stumbles over one of the page's orders."""
    response = yield listing(settings, "orders", *where, sort=sort, size=size, page=page)
    if response.status == 500:
        return None
    page_of = listed(WireList[WireRow], response)
    orders, aside = _sorted_out(page_of.rows, orders_in(response))
    return Found(rows=page_of.rows, orders=tuple(orders), set_aside=tuple(aside), total=page_of.total)


def _one_by_one(
    settings: Settings, where: tuple[Filter, ...], sort: tuple[str, ...], size: int
) -> Flow[Found]:
    """The same page in pages of one. Of an order that Magento cannot write, not even the id is to be had.

    From its end to its beginning: an order that changes meanwhile goes to the end of the list, and all that
    stand behind it move up, to places that are still to be read.
    """
    for place in range(1, _PATIENCE + 1):
        one = yield from _page(settings, where, sort, 1, place)
        if one is not None:
            break
    else:
        raise Unavailable("Magento fails (HTTP 500) when asked for orders, one by one too", status=500)
    found: list[Found | None] = []
    # Past its end a list is empty, or its last page comes again, on which that order may be.
    place = min(size, one.total or (size if one.rows else place - 1))
    while place:
        one = yield from _page(settings, where, sort, 1, place)
        if one is not None and (not one.rows or 0 < one.total < place):
            place = min(one.total or place, place - 1)
            continue
        found.append(one)
        place -= 1
    about = ", ".join(f"{each.field} {each.condition} {each.value}" for each in where)
    parts: list[Found] = []
    before = "the first one"
    for one in reversed(found):
        if one is None:
            why = f"Magento fails (HTTP 500) when asked for an order: of those with {about}, {before}"
            parts.append(Found(rows=(), orders=(), set_aside=(SetAside("", "$", why),)))
        else:
            before = f"the one after order {one.rows[0].id}"
            parts.append(one)
    return _together(parts)


def _together(parts: list[Found]) -> Found:
    return Found(
        rows=tuple(row for part in parts for row in part.rows),
        orders=tuple(order for part in parts for order in part.orders),
        set_aside=tuple(each for part in parts for each in part.set_aside),
    )


def _sorted_out(
    known: tuple[WireRow, ...], found: list[WireOrder | Malformed]
) -> tuple[list[WireOrder], list[SetAside]]:
    orders = [each for each in found if isinstance(each, WireOrder)]
    aside = [
        SetAside(id_text(row.entity_id), each.path, each.message)
        for row, each in zip(known, found, strict=False)
        if isinstance(each, Malformed)
    ]
    return orders, aside


def _of_stores(settings: Settings) -> tuple[Filter, ...]:
    # The store view in the address chooses no orders.
    return (one_of("store_id", settings.store_ids),) if settings.store_ids else ()


def orders_by_id(settings: Settings, ids: Iterable[int]) -> Flow[Found]:
    """Orders by their ids, in as few questions as they fit into."""
    parts: list[Found] = []
    for some in chunks(ids):
        where = (one_of("entity_id", some), *_of_stores(settings))
        found = yield from _page(settings, where, ("entity_id",), len(some))
        parts += [found] if found else (yield from _each(settings, some))
    return _together(parts)


def _each(settings: Settings, ids: tuple[int, ...]) -> Flow[list[Found]]:
    found: list[Found] = []
    answered = False
    for place, ref in enumerate(ids, 1):
        where = (equal("entity_id", ref), *_of_stores(settings))
        one = yield from _page(settings, where, ("entity_id",), 1)
        answered = answered or one is not None
        if place == min(_PATIENCE, len(ids)) and not answered and len(ids) > 1:
            raise Unavailable("Magento fails (HTTP 500) when asked for orders, one by one too", status=500)
        why = "Magento fails (HTTP 500) when asked for this order"
        found.append(one or Found(rows=(), orders=(), set_aside=(SetAside(str(ref), "$", why),)))
    return found


def order_row(settings: Settings, ref: str) -> Flow[WireOrder | None]:
    """One order as it stands now; None if the shop, or the store views that are meant, have none of this id.

    Asked for as a list: there an empty answer means "none", and a 404 can only be a wrong address.
    """
    if not number_of(ref):
        return None
    response = yield listing(
        settings, "orders", equal("entity_id", number_of(ref)), *_of_stores(settings), size=1
    )
    for found in orders_in(response):
        if isinstance(found, Malformed):
            raise found
        if found.ref == id_text(ref):
            return found
    return None


def shipments_of(settings: Settings, *order_ids: int | str) -> Flow[tuple[WireShipment, ...]]:
    """All shipments of these orders, by id upward."""
    return (yield from _made(settings, "shipments", WireList[WireShipment], order_ids))


def invoices_of(settings: Settings, *order_ids: int | str) -> Flow[tuple[WireInvoice, ...]]:
    """All invoices of these orders, by id upward."""
    return (yield from _made(settings, "invoices", WireList[WireInvoice], order_ids))


def creditmemos_of(settings: Settings, *order_ids: int | str) -> Flow[tuple[WireCreditmemo, ...]]:
    """All credit memos of these orders, by id upward."""
    return (yield from _made(settings, "creditmemos", WireList[WireCreditmemo], order_ids))


def _made(
    settings: Settings, path: Path, cls: type[WireList[M]], order_ids: Iterable[int | str]
) -> Flow[tuple[M, ...]]:
    found: list[M] = []
    wanted = {number_of(each) for each in order_ids}
    for some in chunks(wanted):
        last = 0
        while True:
            whose = equal("order_id", some[0]) if len(some) == 1 else one_of("order_id", some)
            beyond = (above("entity_id", last),) if last else ()
            part = rows(cls, (yield listing(settings, path, whose, *beyond)))
            found += (row for row in part if number_of(row.order_id) in wanted)
            highest = max((number_of(row.ref) for row in part), default=0)
            if len(part) < MOST:
                break
            if highest <= last:
                raise Malformed(f"$.items: {path} came again that were not asked for", path="$.items")
            last = highest
    return tuple(found)


def newer(
    settings: Settings, path: Path, seen: tuple[int, ...] | None
) -> Flow[tuple[tuple[int, ...], tuple[int, ...]] | None]:
    """The last ids of a list, and the orders of rows that were not ``seen`` yet; none at first.

    None if Magento stumbles over one of the rows.
    """
    fields = ("entity_id", "order_id")
    low = max(0, max(seen or (), default=0) - _BACK)
    if seen is None:
        read = listing(settings, path, descending=True, size=_BACK, fields=fields)
    else:
        read = listing(settings, path, above("entity_id", low), fields=fields)
    response = yield read
    if response.status == 500:
        return None
    found = rows(WireList[WireRow], response)
    if seen is None:
        return tuple(sorted(row.id for row in found)), ()
    fresh = [row for row in found if row.id > low and row.id not in seen]
    ids = {*seen, *(row.id for row in fresh)}
    kept = tuple(sorted(ref for ref in ids if ref > max(ids) - _BACK)) if ids else ()
    return kept, tuple(row.order for row in fresh if row.order)


def bundles(settings: Settings, product_ids: Iterable[int]) -> Flow[Mapping[int, bool]]:
    """Of bundles by their product's id, whether the parts ship by themselves.

    Products that are gone, and those that do not say it, are not in the answer.
    """
    found: dict[int, bool] = {}
    for some in chunks(product_ids):
        read = listing(
            settings, "products", one_of("entity_id", some), fields=("id", "custom_attributes"), keep=KEEP
        )
        found |= kinds(rows(WireList[WireProduct], (yield read)))
    return found


def kinds(products: Iterable[WireProduct]) -> dict[int, bool]:
    """What products say of themselves, as ``bundles`` gives it."""
    return {
        number_of(product.id): product.ships_separately
        for product in products
        if product.ships_separately is not None
    }


def orders_of(settings: Settings, items: Iterable[WireOrder]) -> Flow[tuple[list[Order], list[SetAside]]]:
    """The orders of a page: one question for all bundles in them, and one for all refunds."""
    items = list(items)
    refunded = [wire.ref for wire in items if wire.ref and wire.total_refunded]
    memos: tuple[WireCreditmemo, ...] = ()
    separately: Mapping[int, bool] = {}
    unreadable = unpaid = ""
    try:
        memos = (yield from creditmemos_of(settings, *refunded)) if refunded else ()
    except (Malformed, Unavailable) as error:
        unpaid = error.message
    try:
        separately = yield from bundles(settings, (ref for wire in items for ref in bundle_products(wire)))
    except AnswerError as error:
        unreadable = error.message
    good: list[Order] = []
    bad: list[SetAside] = []
    for wire in items:
        if unreadable and bundle_products(wire):
            why = f"a bundle's parts may ship by themselves, and its product cannot be read: {unreadable}"
            bad.append(SetAside(wire.ref, "$.items", why))
            continue
        if unpaid and wire.ref in refunded:
            bad.append(SetAside(wire.ref, "$.total_refunded", f"its credit memos cannot be read: {unpaid}"))
            continue
        try:
            good.append(order_from(wire, settings, separately=separately, creditmemos=memos))
        except (Malformed, ValueError) as error:
            bad.append(set_aside(wire, error))
    return good, bad


def set_aside(wire: WireOrder, error: Malformed | ValueError) -> SetAside:
    path = error.path if isinstance(error, Malformed) else "$"
    return SetAside(wire.ref, path, error.message if isinstance(error, Malformed) else str(error))
