"""ParcelHub does what every supplier must do."""

from __future__ import annotations

from orderbridge.adapters import SupplierPlatform
from orderbridge.testing import SupplierBackend, SupplierSuite
from test_orders import EMAIL, PASSWORD, Backend
from test_orders import platform as installed

from orderbridge_parcelhub import Settings


class TestParcelHub(SupplierSuite[Settings]):
    def platform(self) -> SupplierPlatform[Settings]:
        return installed()

    def settings(self) -> dict[str, object]:
        return {"base_url": "https://hub.example", "email": EMAIL, "password": PASSWORD}

    def backend(self) -> SupplierBackend:
        return Backend()
