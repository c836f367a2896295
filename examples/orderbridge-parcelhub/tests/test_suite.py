"""ParcelHub does what every supplier must do."""

from __future__ import annotations

from collections import Counter
from typing import cast

from orderbridge.adapters import SupplierPlatform
from orderbridge.testing import SupplierBackend, SupplierSuite
from orderbridge.testing.simulator import Outcome, Scene
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

    def check(self, scene: Scene, outcome: Outcome) -> None:
        """Wherever a process was killed, the hub's own ledger says once, too."""
        super().check(scene, outcome)
        backend = cast("Backend", scene.supplier.backend)  # also where the suite stands before it
        made = Counter(effect.what for effect in backend.hub.ledger)
        assert (made["confirm"], made["pay"]) == (1, 1), outcome.story
