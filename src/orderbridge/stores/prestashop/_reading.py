"""What is read of a PrestaShop shop, in as few questions as it can be."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from datetime import timedelta

import attrs

from ..._model import Order
from ...adapters import Flow, Read, Response, SetAside, parse_xml
from ...errors import Forbidden, Malformed, NotFound
from ._orders import PARAMETERS, Shop, Sides, by_id, by_order, order_from
from ._query import (
    MOST,
    Filter,
    Resource,
    Word,
    above,
    any_of,
    chunks,
    equal,
    list_name,
    listing,
    rights,
)
from ._wire import KEEP, Row, is_blank, refuse, release_of, rows


@attrs.frozen(kw_only=True)
class Found:
    """Rows, and which of what was asked for could not be read: PHP sends nothing at all for those."""

    rows: tuple[Row, ...]
    unreadable: frozenset[int] = frozenset()


def ask(read: Read, resource: Resource) -> Flow[list[Row]]:
    return rows((yield read), list_name(resource))


def parameters(shop: str) -> Flow[dict[str, str]]:
    """The shop's configuration as far as it matters here; a shop's own value before that of all shops."""
    names = any_of("name", [Word(name) for name in PARAMETERS])
    found = yield from ask(listing("configurations", names, shop=shop, keep=KEEP), "configurations")
    values: dict[str, str] = {}
    for row in sorted(
        found, key=lambda row: (row.id("id_shop") == int(shop or 0), -row.id("id_shop"), -row.id())
    ):
        values[row.text("name")] = row.text("value")
    return values


def order_states(shop: str, *, needed: Iterable[int] = ()) -> Flow[dict[int, Row]]:
    """All order states, by id; ``needed`` as in ``kept``."""
    return (yield from kept("order_states", (), shop, needed=needed))


def every(
    resource: Resource,
    *filters: Filter,
    display: tuple[str, ...] = (),
    shop: str = "",
    keep: timedelta | None = None,
    fresh: bool = False,
) -> Flow[list[Row]]:
    """All rows, by id upward, however many."""
    found: list[Row] = []
    while len(found) % MOST == 0:
        beyond = (above("id", found[-1].id()),) if found else ()
        read = listing(resource, *filters, *beyond, display=display, shop=shop, keep=keep)
        part = yield from ask(attrs.evolve(read, fresh=fresh), resource)
        if not part:
            break
        found += part
    return found


def batch(
    resource: Resource,
    field: str,
    ids: Iterable[int],
    *,
    display: tuple[str, ...] = (),
    shop: str = "",
) -> Flow[Found]:
    """The rows whose ``field`` is one of ``ids``.

    A text in a row that is not UTF-8 makes PHP answer with nothing for the whole list; then the list is
    narrowed down to the row.
    """
    found: list[Row] = []
    unreadable: set[int] = set()
    waiting = list(chunks(each for each in ids if each))
    while waiting:
        part = waiting.pop(0)
        beyond: tuple[Filter, ...] = ()
        while True:
            response = yield listing(resource, any_of(field, part), *beyond, display=display, shop=shop)
            if is_blank(response):
                if len(part) == 1:
                    unreadable.add(part[0])
                else:
                    waiting += [part[: len(part) // 2], part[len(part) // 2 :]]
                found = [row for row in found if row.id(field) not in part]
                break
            some = rows(response, list_name(resource))
            found += some
            if len(some) < MOST:
                break
            beyond = (above("id", some[-1].id()),)
    return Found(rows=tuple(found), unreadable=frozenset(unreadable))


def _virtual(ids: Iterable[int], shop: str) -> Flow[frozenset[int]]:
    """Products that are not shipped; none where the key may not look at products."""
    found: list[Row] = []
    for part in chunks(each for each in ids if each):
        read = listing("products", any_of("id", part), display=("id", "is_virtual"), shop=shop, keep=KEEP)
        try:
            found += yield from ask(read, "products")
        except Forbidden:
            return frozenset()
    return frozenset(row.id() for row in found if row.flag("is_virtual"))


def orders_of(items: list[Row], shop: Shop, shop_id: str) -> Flow[tuple[list[Order], list[SetAside]]]:
    """The orders of a page: one question for each kind of thing that they name by id."""
    if not items:
        return [], []
    refs = [row.id() for row in items]
    details = yield from batch("order_details", "id_order", refs, shop=shop_id)
    slips = yield from batch("order_slip", "id_order", refs)
    where = [row.id(name) for row in items for name in ("id_address_delivery", "id_address_invoice")]
    addresses = yield from batch("addresses", "id", where, shop=shop_id)
    who = [row.id("id_customer") for row in items]
    customers = yield from batch("customers", "id", who, display=("id", "email"), shop=shop_id)
    virtual = yield from _virtual((row.id("product_id") for row in details.rows), shop_id)
    needed = [row.id("id_country") for row in addresses.rows]
    countries = yield from kept("countries", ("id", "iso_code"), shop_id, needed=needed)
    needed = [row.id("id_state") for row in addresses.rows]
    regions = yield from kept("states", ("id", "iso_code", "name"), shop_id, needed=needed)
    needed = [row.id("id_currency") for row in items]
    currencies = yield from kept("currencies", ("id", "iso_code"), shop_id, needed=needed)
    sides = Sides(
        addresses=by_id(addresses.rows),
        customers=by_id(customers.rows),
        countries=countries,
        regions=regions,
        currencies=currencies,
        carriers=by_id((yield from _carriers(items, shop_id))),
        details=by_order(details.rows),
        slips=by_order(slips.rows),
        virtual=virtual,
    )
    unreadable = {
        "order_details": ("id", details.unreadable),
        "order_slips": ("id", slips.unreadable),
        "addresses": ("id_address_delivery", addresses.unreadable),
        "customers": ("id_customer", customers.unreadable),
    }
    good: list[Order] = []
    bad: list[SetAside] = []
    for row in items:
        try:
            for name, (field, ids) in unreadable.items():
                if row.id(field) in ids:
                    raise Malformed(f"$.{name}: PrestaShop cannot write it as JSON", path=f"$.{name}")
            if not sides.details.get(row.id()) and not row.below("order_rows"):
                raise Malformed("$.order_details: none came; an order has lines", path="$.order_details")
            if not sides.currencies.get(row.id("id_currency"), Row({})).text("iso_code"):
                raise Malformed("$.id_currency: the shop has no such currency", path="$.id_currency")
            good.append(order_from(row, shop, sides))
        except (Malformed, ValueError) as error:
            bad.append(set_aside(row, error))
    return good, bad


def kept(
    resource: Resource, display: tuple[str, ...], shop: str, *, needed: Iterable[int]
) -> Flow[dict[int, Row]]:
    """A whole short list that seldom changes, by id.

    Args:
        resource: What of.

        display: Fields wanted; all if empty.

        shop: As in ``listing``.

        needed: Ids that are looked for. One that the cache has not may be new, and is asked for again.
    """
    wanted = {each for each in needed if each}
    found = by_id((yield from every(resource, display=display, shop=shop, keep=KEEP)))
    if wanted <= set(found):
        return found
    return by_id((yield from every(resource, display=display, shop=shop, keep=KEEP, fresh=True)))


def _carriers(items: list[Row], shop: str) -> Flow[list[Row]]:
    # Each edit leaves an old row behind, so the whole list may be long.
    found: list[Row] = []
    for part in chunks(row.id("id_carrier") for row in items if row.id("id_carrier")):
        read = listing("carriers", any_of("id", part), shop=shop, keep=KEEP)
        found += yield from ask(read, "carriers")
    return found


def order_row(ref: str, shop: str) -> Generator[Read, Response, tuple[Row | None, Response]]:
    """One order as it stands now, and the answer it came in. As a list, which keeps to the shop."""
    response = yield listing("orders", equal("id", int(ref)), shop=shop, limit=1)
    found = [row for row in rows(response, "orders") if row.id() == int(ref) and in_shop(row, shop)]
    return (found[0] if found else None), response


def in_shop(row: Row, shop: str) -> bool:
    """PrestaShop gives out other shops' orders by their id, and parts of them in any case."""
    return not shop or not row.text("id_shop") or row.id("id_shop") == int(shop)


def may_patch(response: Response) -> Flow[bool]:
    """Whether order carriers can be changed field by field.

    PATCH came with 8.0, and keys made before an update to that have no right to it.

    Args:
        response: Any answer of the shop's; the version stands on it.
    """
    if release_of(response) < (8,):
        return False
    answer = yield rights(KEEP)
    return allowed(answer, "order_carriers", "patch")


def allowed(answer: Response, resource: str, method: str) -> bool:
    """What the key may do, from the answer to ``rights``."""
    refuse(answer)
    node = parse_xml(answer.body).find(f"api/{resource}")
    return node is not None and node.get(method) == "true"


def set_aside(row: Row, error: Malformed | NotFound | ValueError) -> SetAside:
    path = error.path if isinstance(error, Malformed) else "$"
    said = error.message if isinstance(error, Malformed | NotFound) else str(error)
    return SetAside(row.text("id"), path, said)
