"""The accounts that are open, and all that a saga may know beside the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal

import attrs

from ._couriers import Couriers
from ._model import BuyerContext
from ._policy import PackingRule, Policy
from ._sourcing import Rule
from .adapters import StoreAdapter, SupplierAdapter

__all__ = ["Store", "Supplier", "World"]


@attrs.frozen(kw_only=True)
class Store:
    """A store's account, opened."""

    name: str
    platform: str
    adapter: StoreAdapter
    owner: str = ""
    origin: str
    policy: Policy | None = None


@attrs.frozen(kw_only=True)
class Supplier:
    """A supplier's account, opened.

    Args:
        shared: Other systems or people use the same growing order.
    """

    name: str
    platform: str
    adapter: SupplierAdapter
    owner: str = ""
    origin: str
    shared: bool = False
    policy: Policy | None = None


@attrs.frozen(kw_only=True)
class World:
    """All that a saga may know beside the journal.

    Args:
        lazy: There may be thousands of accounts, each opened when it is needed: nothing looks at all of them.
    """

    stores: Mapping[str, Store]
    suppliers: Mapping[str, Supplier]
    policy: Policy
    rules: tuple[Rule, ...] = ()
    take_from: datetime | None = None
    packing: tuple[PackingRule, ...] = ()
    buyer: BuyerContext | None = None
    couriers: Couriers = attrs.field(factory=Couriers)
    rate: Callable[[str, str], Decimal | None] = lambda _, __: None
    lazy: bool = False

    def serves(self, supplier: str, store: str) -> bool:
        """May this supplier ship for this store? Nothing crosses owners; one that is nobody's serves all."""
        shipper, seller = self.suppliers.get(supplier), self.stores.get(store)
        return shipper is not None and seller is not None and shipper.owner in ("", seller.owner)

    def policy_of(self, store: str, supplier: str = "") -> Policy:
        """The policy for a store, or for its purchase orders at a supplier."""
        seller, shipper = self.stores.get(store), self.suppliers.get(supplier)
        return self.policy.joined(
            seller.policy if seller is not None else None, shipper.policy if shipper is not None else None
        )
