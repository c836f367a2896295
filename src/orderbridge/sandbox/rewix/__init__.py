"""A Rewix supplier as those who order from it meet it: XML, one growing order, no list of orders.

What makes careless clients order twice or pay for air is here on purpose:

- a shortfall is a 200 with a smaller ``locked``; an unknown model is just missing from the answer;
- ``lock`` and ``unlock`` add up when repeated, only ``set`` does not;
- the growing order belongs to everything on the account, so a ``set`` can erase what others hold;
- placing answers with the growing order, whose ``order_id`` is not that of the order just placed;
- 412 may mean "no stock", "bad address" or "this key is used up": it does not prove absence;
- a look-up may say "no such order" with a 500, and may say so for a while after placing;
- Booked may carry the real step in ``substatus``; old servers have no ``tracking_code``;
- the catalog's SKUs repeat, its prices are floats, and it can only be continued for some hours.

Where public sources leave the behavior open (``not_found``, ``repeated_key``, ``short_stock``,
``hold_for``, ``booked_for``), the caller chooses. Refused because no known client does it, so nobody
knows: the operation ``ensure``, part units, JSON bodies.

``front`` takes the calls, ``reading`` what stands in them; ``shelf`` is the stock and the growing order,
``desk`` the people, ``catalog`` the feed, ``webshop`` the page where a person pays; ``bdroppy`` is the
variant with tokens.
"""

from __future__ import annotations

from .bdroppy import BDroppySupplier
from .catalog import Model, Product
from .front import RewixSupplier
from .records import Carrier, Code, Effect, ReturnedUnit, ReturnStatus, RewixOrder

__all__ = [
    "BDroppySupplier",
    "Carrier",
    "Code",
    "Effect",
    "Model",
    "Product",
    "ReturnStatus",
    "ReturnedUnit",
    "RewixOrder",
    "RewixSupplier",
]
