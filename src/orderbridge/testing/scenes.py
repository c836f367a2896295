"""Where a simulated world plays: a store and a supplier, each with its adapter, its auth and its backend."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar

import attrs

from .. import BuyerContext, Policy, Secret, Who
from ..adapters import (
    AccountSettings,
    Auth,
    StoreAdapter,
    StorePlatform,
    SupplierAdapter,
    SupplierPlatform,
)
from ..sandbox.rewix import RewixSupplier
from ..sandbox.woocommerce import WooCommerceShop
from ..stores import woocommerce
from ..suppliers import rewix
from .backends import StoreBackend, SupplierBackend
from .sandboxes import RewixBackend, WooCommerceBackend

__all__ = ["BUYER", "Scene", "StoreSide", "SupplierSide", "a_rewix", "a_scene", "a_woocommerce"]

S = TypeVar("S", bound=AccountSettings)

# Who pays. The words turn up nowhere else, so that each place that keeps them is found.
BUYER = BuyerContext(
    ip="203.0.113.71",
    user_agent="Mozilla/5.0 (X11; Linux x86_64) Mirabelle/7171",
    accept_language="en-US,en;q=0.9",
    screen="1920*1080",
    member_since=datetime(2024, 5, 1, tzinfo=UTC),
)


@attrs.frozen(kw_only=True)
class StoreSide:
    """A store's account and the simulated shop behind it."""

    adapter: StoreAdapter
    auth: Auth
    base_url: str
    backend: StoreBackend

    @classmethod
    def of(cls, platform: StorePlatform[S], settings: S, backend: StoreBackend) -> StoreSide:
        """The side a platform makes of these settings."""
        return cls(
            adapter=platform.adapter(settings),
            auth=platform.auth(settings),
            base_url=settings.base_url,
            backend=backend,
        )


@attrs.frozen(kw_only=True)
class SupplierSide:
    """A supplier's account and the simulated supplier behind it."""

    adapter: SupplierAdapter
    auth: Auth
    base_url: str
    backend: SupplierBackend

    @classmethod
    def of(cls, platform: SupplierPlatform[S], settings: S, backend: SupplierBackend) -> SupplierSide:
        """The side a platform makes of these settings."""
        return cls(
            adapter=platform.adapter(settings),
            auth=platform.auth(settings),
            base_url=settings.base_url,
            backend=backend,
        )


@attrs.frozen(kw_only=True)
class Scene:
    """The two sides, and what the bridge may do by itself."""

    store: StoreSide
    supplier: SupplierSide
    policy: Policy


def a_scene(chance: Random) -> Scene:
    """WooCommerce and Rewix in one of their many variants."""
    return Scene(
        store=a_woocommerce(chance),
        supplier=a_rewix(chance),
        policy=Policy(
            place=Who.AUTOMATIC,
            reserve=chance.random() < 0.7,
            report_progress=chance.random() < 0.5,
            notify_shopper=chance.random() < 0.8,
            pull_every=timedelta(hours=1),
            follow_every=timedelta(hours=2),
        ),
    )


def a_woocommerce(chance: Random) -> StoreSide:
    """A WooCommerce shop with one of its ways to show a departure."""
    way = chance.choice(("fulfillments", "fulfillments", "official", "ast", "note"))
    shop = WooCommerceShop(
        fulfillments=way == "fulfillments",
        tracking_plugin="official" if way == "official" else "ast" if way == "ast" else None,
        bare_fulfillment_answers=chance.random() < 0.5,
        orderby_modified=chance.random() < 0.8,
    )
    settings = woocommerce.Settings(
        base_url="https://shop.example",
        consumer_key=Secret(shop.consumer_key),
        consumer_secret=Secret(shop.consumer_secret),
    )
    return StoreSide.of(woocommerce.PLATFORM, settings, WooCommerceBackend(shop))


def a_rewix(chance: Random) -> SupplierSide:
    """A Rewix supplier with one of the habits of each kind."""
    key, password = "key-of-the-simulated", "password-of-the-simulated"
    desk = RewixSupplier(
        api_key=key,
        password=password,
        stock={str(100 + n): 10_000 for n in range(6)},
        not_found=chance.choice((404, 500)),
        repeated_key=chance.choice(("refuse_412", "refuse_400_bdroppy", "accept")),
        late_visible=timedelta(seconds=chance.choice((0, 0, 20, 55))),
        tracking_fields=chance.random() < 0.8,
        substatus=chance.random() < 0.3,
        autopay=chance.random() < 0.3,
    )
    settings = rewix.Settings(
        base_url="https://supplier.example", api_key=Secret(key), password=Secret(password)
    )
    return SupplierSide.of(rewix.PLATFORM, settings, RewixBackend(desk))
