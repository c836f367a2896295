"""Owners: a saga is run only if all that it names is the owner's; nobody hears what else there is."""

from __future__ import annotations

from typing import TypeVar

from ._canonical import load
from ._checkout import Checkout
from ._journal import Tx
from ._saga import Saga, look
from ._views import owns
from ._world import World
from .errors import ConfigurationError

__all__ = ["of_accounts", "of_manifest", "of_orders", "of_review"]

T = TypeVar("T")


def of_orders(owner: str, saga: Saga[T], *ids: str, checkout: str = "") -> Saga[T]:
    """Run it if these orders, purchase orders and cases are the owner's, and what a checkout holds.

    Raises:
        ConfigurationError: one is not, in the words for one that is not there.
    """

    def check(tx: Tx) -> None:
        text = tx.checkout(checkout) if checkout else None
        shown = () if text is None else load(Checkout, text).items
        if checkout and not all(owns(tx, owner, item.purchase_order) for item in shown):
            raise ConfigurationError(f"checkout: there is no {checkout!r}; check out again")
        for name in ids:
            if not owns(tx, owner, name):
                kind = "case" if "/case/" in name else "purchase order" if name.count("/") > 2 else "order"
                raise ConfigurationError(f"{kind}: there is no {name!r}")

    if owner:
        yield from look(check)
    return (yield from saga)


def of_accounts(world: World, owner: str, saga: Saga[T], *names: str, shared: bool = False) -> Saga[T]:
    """Run it if these accounts are the owner's.

    Args:
        shared: Suppliers without an owner, which serve all, are as good: nothing of others' orders is seen.

    Raises:
        ConfigurationError: one is not, in the words for one that is not there.
    """
    for name in names if owner else ():
        if name in world.stores:
            fits = world.stores[name].owner == owner
        else:
            fits = name in world.suppliers and world.suppliers[name].owner in (owner, "" if shared else owner)
        if not fits:
            raise ConfigurationError(f"account: there is no {name!r}")
    return (yield from saga)


def of_manifest(owner: str, saga: Saga[T], manifest_id: int, *ids: str) -> Saga[T]:
    """Run it if a manifest is the owner's, and these purchase orders.

    Raises:
        ConfigurationError: one is not, in the words for one that is not there.
    """

    def check(tx: Tx) -> None:
        manifest = tx.manifest(manifest_id)
        if manifest is None or manifest.owner != owner:
            raise ConfigurationError(f"manifest: there is no {manifest_id}")

    if owner:
        yield from look(check)
    return (yield from of_orders(owner, saga, *ids))


def of_review(owner: str, saga: Saga[T], review_id: int) -> Saga[T]:
    """Run it if a review is about something of the owner's.

    Raises:
        ConfigurationError: it is not, in the words for one that is not there.
    """

    def check(tx: Tx) -> None:
        review = tx.review(review_id)
        # As lists of reviews have it: its order says whose it is, and without one its account.
        whose = None if review is None else tx.owner_of(review.order_id)
        if review is not None and whose is None:
            whose = tx.account_owner(review.account)
        if whose != owner:
            raise ConfigurationError(f"review: there is no {review_id}")

    if owner:
        yield from look(check)
    return (yield from saga)
