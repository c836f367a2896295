"""Simulated platforms at their wire format, to develop and test against without paying for anything.

Each holds its own ledger of what really happened, answers with the real one's shapes and traps, and can
be told to fail. They serve in process, or over loopback HTTP with ``LoopbackServer``.
"""

from .faults import Backend, Fault, Line, NoAnswer, NotConnected
from .prestashop import PrestaShopShop
from .rewix import RewixSupplier
from .server import LoopbackServer
from .woocommerce import WooCommerceShop

__all__ = [
    "Backend",
    "Fault",
    "Line",
    "LoopbackServer",
    "NoAnswer",
    "NotConnected",
    "PrestaShopShop",
    "RewixSupplier",
    "WooCommerceShop",
]
