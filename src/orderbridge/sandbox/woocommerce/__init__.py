"""A WooCommerce 10.2 shop in memory, answering as the real one did when it was recorded, traps included.

``front`` takes the calls; ``keys`` lets them in; ``orders``, ``refunds``, ``shipping``, ``webhooks`` and
``catalog`` each know one part of the REST API; ``shop`` is what the shop holds and does by itself.
"""

from __future__ import annotations

from .front import WooCommerceShop
from .shipping import Shown
from .shop import Effect, Mail
from .webhooks import Delivery

__all__ = ["Delivery", "Effect", "Mail", "Shown", "WooCommerceShop"]
