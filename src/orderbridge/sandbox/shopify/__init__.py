"""A Shopify shop in memory behind the GraphQL Admin API 2026-10, traps and all. Needs graphql-core.

``front`` takes the calls, ``run`` carries documents out over the schema in ``admin.graphql``. ``reading`` is
what can be asked for; ``order_view`` and ``work_view`` show it. ``work_writes``, ``order_writes`` and
``shop_writes`` are the mutations. ``shop`` is what there is, ``floor`` and ``till`` what can be done with it,
``desk`` what people do.
"""

from __future__ import annotations

from .cost import Bucket
from .desk import Item
from .front import ShopifyShop
from .hooks import Delivery, signature
from .keys import SCOPES
from .shop import Effect, Mail

__all__ = ["SCOPES", "Bucket", "Delivery", "Effect", "Item", "Mail", "ShopifyShop", "signature"]
