"""Links: which supplier's remote id a shop's product is. What they change reaches the orders that wait."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ._intake import source_anew
from ._journal import Tx
from ._model import ProductLink
from ._saga import Clock, Saga, clock, commit, look
from ._world import World
from .errors import ConfigurationError

__all__ = ["keep_links", "link", "unlink", "why_not"]

_SPOILED = re.compile(r"\d+([.,]\d+)?E\+\d+")  # how spreadsheets show long numbers


def link(world: World, links: Sequence[ProductLink]) -> Saga[int]:
    """Write links down; how many orders changed by it."""

    def check(tx: Tx) -> None:
        for item in links:
            if why := why_not(tx, world, item):
                raise ConfigurationError(f"link {item.key!r}: {why}")

    yield from look(check)
    now = yield from clock()
    return (yield from commit(lambda tx: keep_links(tx, world, links, now)))


def unlink(world: World, links: Sequence[ProductLink]) -> Saga[int]:
    """Take exactly these links away; how many orders changed by it."""
    now = yield from clock()

    def work(tx: Tx) -> int:
        for item in links:
            if item.store not in world.stores:
                raise ConfigurationError(f"store: there is no account {item.store!r}")
            tx.drop_link(item)
        return _reach_orders(tx, world, links, now)

    return (yield from commit(work))


def why_not(tx: Tx, world: World, item: ProductLink, owner: str = "") -> str:
    """What is wrong with a link; empty if nothing is."""
    if item.store not in world.stores or owner not in ("", world.stores[item.store].owner):
        return f"store: there is no account {item.store!r}"
    known = item.supplier in world.suppliers
    if not known or (owner and not world.serves(item.supplier, item.store)):
        return f"supplier: there is no account {item.supplier!r}"
    if not world.serves(item.supplier, item.store):
        return f"supplier: {item.supplier!r} is another owner's than {item.store!r}"
    for name, text in (("key", item.key.removeprefix("sku:")), ("remote id", item.remote_id)):
        if not text or text != text.strip() or not text.isprintable():
            return f"{name}: {text!r} is empty, or has spaces at its ends or signs that cannot be printed"
        if _SPOILED.fullmatch(text):
            return f"{name}: a spreadsheet has made {text!r} of it; import the column there as text"
    if not (item.factor.is_finite() and item.factor > 0):
        return f"factor: {item.factor} came; give a number above zero"
    if item.cost is not None and item.cost.amount < 0:
        return f"cost: {item.cost} is below zero"
    if any(sign.isalpha() for sign in item.key) and tx.is_only_a_sku(item.store, item.key):
        return f"key: that is a SKU, and no product's id; did you mean 'sku:{item.key}'?"
    return ""


def keep_links(tx: Tx, world: World, links: Sequence[ProductLink], now: Clock) -> int:
    """Within a transaction, links that were checked; how many orders changed by it."""
    for item in links:
        tx.put_link(item)
        # What the supplier did not sell it may sell by now.
        tx.drop_part(item.supplier, item.remote_id)
    return _reach_orders(tx, world, links, now)


def _reach_orders(tx: Tx, world: World, links: Iterable[ProductLink], now: Clock) -> int:
    orders = {order_id for item in links for order_id in tx.orders_open_with(item.store, item.key)}
    return sum(source_anew(tx, world, order_id, now) for order_id in sorted(orders))
