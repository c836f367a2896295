"""Alibaba.com's open platform for buyers in memory, as its papers and those who use it describe it.

``front`` takes the calls; ``keys`` lets them in; ``catalog``, ``freight``, ``buying`` and ``reading``
answer them, in the words of ``values``. ``desk`` is what people do, with the ``goods`` and the ``orders``;
``habits`` holds the switches for what nobody has written down.

What makes careless clients order twice or pay twice is here on purpose:

- every answer is a 200, and a refusal may stand below code ``"0"``;
- a repeated ``channel_refer_id`` is a second order, and no answer shows it;
- prices and freight move between quote and order, and the order takes no price to compare with;
- a payment may be undecided for a minute, and a failed one is a success of the call;
- a new order may be missing in the list, whose pages move while they are read;
- refreshing a token spoils the one before.
"""

from __future__ import annotations

from .front import LIMITS, AlibabaSupplier
from .goods import SELLER, Carrier, Product, Sku, routes, shelf, some_carriers, some_goods
from .habits import Habits
from .keys import Keys, sign
from .orders import AlibabaOrder, Effect, Event, OrderLine, Parcel, Payment, Push

__all__ = [
    "LIMITS",
    "SELLER",
    "AlibabaOrder",
    "AlibabaSupplier",
    "Carrier",
    "Effect",
    "Event",
    "Habits",
    "Keys",
    "OrderLine",
    "Parcel",
    "Payment",
    "Product",
    "Push",
    "Sku",
    "routes",
    "shelf",
    "sign",
    "some_carriers",
    "some_goods",
]
