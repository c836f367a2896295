"""Source anew: rules and policies that changed reach the orders that wait, and suppliers are asked first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import cast

import attrs

from ._intake import judge_anew
from ._intake_sharing import suppliers_wanted, unasked_offers, unknown_parts
from ._intents import Subject
from ._journal import Tx
from ._policy import PackingRule, Policy
from ._pull import identify
from ._records import Offer, OrderRecord
from ._saga import Clock, Saga, ask, clock, commit, look
from ._sourcing import Rule
from ._world import World
from .adapters import ChecksProducts, Product, Splits
from .errors import BridgeError, ConfigurationError, LeaseLost

__all__ = ["advance_source", "ask_suppliers", "settings_changed"]

_SLICE = 100  # orders in one commit: others want the journal too


_SOLD_FOR = timedelta(days=1)  # sellers change seldom
_GONE_FOR = timedelta(hours=6)  # what nobody sells may be back


def settings_changed(world: World, compared: set[str], stores: Iterable[str]) -> Saga[None]:
    """Make the orders of each store due whose settings are not those that the journal saw last.

    Args:
        compared: What this process has compared already; it compares each account's once.

        stores: Which ones; of a mapping, with them the suppliers that their orders wait for.
    """
    names = [name for name in stores if Subject.source(name) not in compared]
    if not names:
        return
    if world.lazy:
        wanted = yield from look(partial(_to_order, tuple(names)))
        names += [name for name in wanted if Subject.source(name) not in compared]
    # A supplier whose settings cannot be loaded now is no matter of the store's.
    digests = {name: digest for name in names if (digest := _digest(world, name)) is not None}

    def changed(tx: Tx) -> list[str]:
        return [name for name in digests if tx.get_meta(_digest_of(name)) != digests[name]]

    if (yield from look(changed)):
        now = yield from clock()

        def work(tx: Tx) -> None:
            for name in changed(tx):
                tx.put_meta(_digest_of(name), digests[name])
                for store in (name,) if name in world.stores else tx.stores_to_order(name):
                    if tx.open_orders(store, after="", limit=1):
                        tx.put_meta(_place_of(store), "")
                        tx.wake(Subject.source(store), now.wall)

        yield from commit(work)
    compared.update(Subject.source(name) for name in digests)


def _to_order(stores: tuple[str, ...], tx: Tx) -> list[str]:
    return sorted({supplier for store in stores for supplier in tx.suppliers_to_order(store)})


def _digest(world: World, name: str) -> str | None:
    """Of all that says who ships a store's orders, what goes in, and who approves it.

    Of a supplier it is its policy; None for one that cannot be opened now.
    """
    if name not in world.stores:
        try:
            return _hashed(_of_policy(world.suppliers[name].policy))
        except (KeyError, ConfigurationError):
            return None
    # Of thousands of accounts each comes and goes by itself, and is no setting of all stores.
    names = () if world.lazy else sorted(world.suppliers)
    suppliers = [(each, _of_policy(world.suppliers[each].policy)) for each in names]
    policies = (_of_policy(world.policy), _of_policy(world.stores[name].policy))
    rules = [_of_rule(rule) for rule in (*world.rules, *world.packing)]
    return _hashed((suppliers, policies, rules))


def _hashed(settings: object) -> str:
    return hashlib.sha256(repr(settings).encode()).hexdigest()


def _of_policy(policy: Policy | None) -> object:
    return policy and (policy.take, policy.source_by, policy.reserve, policy.place, policy.pay)


def _of_rule(rule: Rule | PackingRule) -> object:
    """In the same words in each process, which sets are not."""
    said = cast("dict[str, object]", attrs.asdict(rule, recurse=False))
    plain = {
        name: sorted(cast("frozenset[str]", value)) if isinstance(value, frozenset) else value
        for name, value in said.items()
    }
    return type(rule).__name__, plain


def advance_source(world: World, store: str) -> Saga[None]:
    """The next slice of a store's open orders goes by the settings of now."""
    now = yield from clock()
    subject = Subject.source(store)
    seen = (yield from look(lambda tx: tx.work(subject))).fence
    with suppress(LeaseLost):  # another worker was faster
        yield from commit(partial(_slice, world, store, seen, now))


def _slice(world: World, store: str, seen: int, now: Clock, tx: Tx) -> None:
    subject = Subject.source(store)
    tx.claim(subject, seen=seen, now=now.wall)
    found = tx.open_orders(store, after=tx.get_meta(_place_of(store)) or "", limit=_SLICE)
    for order_id in found:
        judge_anew(tx, world, order_id, now)
    more = len(found) == _SLICE
    tx.put_meta(_place_of(store), found[-1] if more else "")
    tx.release(subject, due_at=now.wall if more else None)


def _digest_of(store: str) -> str:
    return f"settings/{store}"


def _place_of(store: str) -> str:
    return f"source/{store}"


def ask_suppliers(world: World, record: OrderRecord) -> Saga[bool]:
    """Ask what only suppliers know before the order is shared out; False if one could not be asked.

    Who they are; which of several is cheaper, or has enough; which part of one sells a product.
    """
    well = True
    now = yield from clock()
    wanted = (yield from look(lambda tx: suppliers_wanted(tx, world, record, now))) if world.lazy else None
    for name in world.suppliers if wanted is None else wanted:
        if (yield from look(partial(_identity, name))) is None:
            try:
                yield from identify(world, world.suppliers[name])
            except BridgeError:
                well = False
    now = yield from clock()
    unasked = yield from look(lambda tx: unasked_offers(tx, world, record, now))
    for name, remote_ids in unasked.items():
        adapter = world.suppliers[name].adapter
        if isinstance(adapter, ChecksProducts):
            try:
                products = yield from ask(name, adapter.check_products(remote_ids))
                offers = _offers(remote_ids, products)
            except BridgeError:
                # Others may do: the order goes on without its word.
                offers = dict.fromkeys(remote_ids, Offer())
            yield from commit(partial(_keep_offers, name, offers, now))
    unknown = yield from look(lambda tx: unknown_parts(tx, world, record, now))
    for name, remote_ids in unknown.items():
        adapter = world.suppliers[name].adapter
        if isinstance(adapter, Splits):
            try:
                parts = yield from ask(name, adapter.parts(remote_ids))
            except BridgeError:
                well = False
            else:
                found = {key: parts.get(key, "") for key in remote_ids}
                yield from commit(partial(_keep_parts, name, found, now))
    return well


def _identity(name: str, tx: Tx) -> str | None:
    return tx.account_identity(name)


def _offers(remote_ids: tuple[str, ...], products: tuple[Product, ...]) -> dict[str, Offer]:
    """What is not named is not sold: there is none of it."""
    offers = {remote_id: Offer(available=Decimal(0)) for remote_id in remote_ids}
    offers |= {each.remote_id: Offer(price=each.price, available=each.available) for each in products}
    return offers


def _keep_offers(supplier: str, offers: dict[str, Offer], now: Clock, tx: Tx) -> None:
    for remote_id, offer in offers.items():
        tx.put_offer(supplier, remote_id, offer, now.wall)


def _keep_parts(supplier: str, parts: dict[str, str], now: Clock, tx: Tx) -> None:
    for remote_id, part in parts.items():
        tx.put_part(supplier, remote_id, part, until=now.wall + (_SOLD_FOR if part else _GONE_FOR))
