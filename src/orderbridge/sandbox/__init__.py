"""Simulated platforms at their wire format, to develop and test against without paying for anything.

Each holds its own ledger of what really happened, answers with the real one's shapes and traps, and can
be told to fail. They serve in process, or over loopback HTTP with ``LoopbackServer``, where ``Hands``
lets other programs do what the platform's people do. Shopify's alone
needs graphql-core, so it is loaded when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .alibaba import AlibabaSupplier
from .faults import Backend, Fault, Line, NoAnswer, NotConnected
from .hands import Hands
from .magento import MagentoShop
from .prestashop import PrestaShopShop
from .rewix import BDroppySupplier, RewixSupplier
from .server import LoopbackServer
from .woocommerce import WooCommerceShop

if TYPE_CHECKING:
    from .shopify import ShopifyShop

__all__ = [
    "AlibabaSupplier",
    "BDroppySupplier",
    "Backend",
    "Fault",
    "Hands",
    "Line",
    "LoopbackServer",
    "MagentoShop",
    "NoAnswer",
    "NotConnected",
    "PrestaShopShop",
    "RewixSupplier",
    "ShopifyShop",
    "WooCommerceShop",
]


def __getattr__(name: str) -> object:
    if name != "ShopifyShop":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(".shopify", __name__).ShopifyShop
