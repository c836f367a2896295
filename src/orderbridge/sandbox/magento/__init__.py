"""A Magento in memory that answers its REST API as a real one did when it was recorded, traps and all.

``front`` takes the calls and ``keys`` says who may come in; ``reading`` and ``writing`` are the routes,
``search`` understands their queries, ``body`` their bodies, and ``shapes`` words the answers. ``shop`` is
what is there, ``goods`` what is sold, ``place`` how it is bought, ``ship``, ``bill`` and ``refund`` what
happens to it then, whoever asks for it; ``memo`` works out what a refund comes to.
"""

from __future__ import annotations

from .front import MagentoShop
from .goods import Item
from .keys import EVERYTHING, Keys
from .refund import Refund
from .shapes import Ways
from .ship import Comment, Track
from .shop import Effect, Mail, Paper, Payout, Store

__all__ = [
    "EVERYTHING",
    "Comment",
    "Effect",
    "Item",
    "Keys",
    "MagentoShop",
    "Mail",
    "Paper",
    "Payout",
    "Refund",
    "Store",
    "Track",
    "Ways",
]
