"""A PrestaShop in memory that answers its webservice as a real one did when it was recorded, traps and all.

``front`` takes the calls; ``query`` reads, ``save`` and ``checks`` write, ``output`` words the answers, all
by the fields that ``tables`` and ``order_tables`` list. ``shop`` is what happens by itself, ``desk`` what
people do, ``goods`` what they buy, ``seed`` what is there from the beginning.
"""

from __future__ import annotations

from .front import EVERYTHING, MINIMUM, PrestaShopShop
from .goods import Item
from .shop import DEPARTURES, Effect, Mail

__all__ = ["DEPARTURES", "EVERYTHING", "MINIMUM", "Effect", "Item", "Mail", "PrestaShopShop"]
