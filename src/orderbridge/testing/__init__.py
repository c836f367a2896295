"""Suites for authors of plug-ins, and a simulated world for the whole bridge.

Subclass ``SupplierSuite``, ``StoreSuite`` or ``JournalSuite`` in a test file and pytest collects what such
a plug-in must do. They alone need pytest, so they are loaded when they are asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .backends import (
    CallsBack,
    FirstPaidByHand,
    Ordered,
    OrdersAgain,
    PaysSlowly,
    PrintsLabels,
    RaisesPrices,
    SellsUnpaid,
    SetsTotals,
    ShipsParts,
    Shown,
    ShowsAddresses,
    ShowsRemarks,
    SpoilsOrders,
    StoreBackend,
    SupplierBackend,
    Unasked,
    tracking_number,
)

if TYPE_CHECKING:
    from .journal_suite import JournalSuite
    from .store_suite import StoreSuite
    from .supplier_suite import SupplierSuite

__all__ = [
    "CallsBack",
    "FirstPaidByHand",
    "JournalSuite",
    "Ordered",
    "OrdersAgain",
    "PaysSlowly",
    "PrintsLabels",
    "RaisesPrices",
    "SellsUnpaid",
    "SetsTotals",
    "ShipsParts",
    "Shown",
    "ShowsAddresses",
    "ShowsRemarks",
    "SpoilsOrders",
    "StoreBackend",
    "StoreSuite",
    "SupplierBackend",
    "SupplierSuite",
    "Unasked",
    "tracking_number",
]

_SUITES = {
    "JournalSuite": ".journal_suite",
    "StoreSuite": ".store_suite",
    "SupplierSuite": ".supplier_suite",
}


def __getattr__(name: str) -> object:
    if name not in _SUITES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_SUITES[name], __name__), name)
