"""What people ship by hand: its papers, departures, and the manifests that couriers get.

Each method is one line over a saga; what both faces have stands here twice.
"""

from __future__ import annotations

from ._bridge_part import AsyncPart, Part
from ._by_people import documents, said, shipped
from ._manifest_report import ManifestReport, list_manifests, report
from ._manifests import open_manifest, pack, print_manifest, repeat_manifest, ship_manifest, unpack
from ._model import Document, Shipment
from ._owners import of_manifest, of_orders
from ._records import Manifest, PurchaseRecord
from ._shipments_table import Imported, import_shipments
from ._states import Fulfillment, ManifestState, Payment

__all__ = ["AsyncByHand", "ByHand"]


class ByHand(Part):
    """What people ship by hand: its papers, departures, and the manifests that couriers get."""

    def documents(self, purchase_order: str, *, owner: str = "") -> tuple[Document, ...]:
        """A placed purchase order on paper, for a supplier that people tell."""
        return self._driver.run(
            of_orders(owner, documents(self._setup.world, purchase_order), purchase_order)
        )

    def observe(
        self,
        purchase_order: str,
        *,
        fulfillment: Fulfillment | None = None,
        payment: Payment | None = None,
        raw: str = "",
        owner: str = "",
    ) -> PurchaseRecord:
        """Say how far a purchase order is at a supplier without an API; ``raw`` is the supplier's word.

        That what was shipped has been DELIVERED may be said of any: many suppliers never hear of it.
        """
        return self._driver.run(
            of_orders(
                owner,
                said(
                    self._setup.world,
                    purchase_order,
                    fulfillment=fulfillment,
                    payment=payment,
                    raw=raw,
                    identified=self._setup.identified,
                ),
                purchase_order,
            )
        )

    def ship(self, purchase_order: str, departure: Shipment, *, owner: str = "") -> PurchaseRecord:
        """Say what left a supplier without an API; the shop is told of each ``Shipment.ref`` once."""
        return self._driver.run(
            of_orders(
                owner,
                shipped(self._setup.world, purchase_order, departure, identified=self._setup.identified),
                purchase_order,
            )
        )

    def import_shipments(self, table: str, *, dry_run: bool = False, owner: str = "") -> Imported:
        """Take in a CSV of statuses and departures; a wrong row is told and never stops the others."""
        return self._driver.run(
            import_shipments(
                self._setup.world, table, dry_run=dry_run, owner=owner, identified=self._setup.identified
            )
        )

    def open_manifest(self, courier: str, *, owner: str = "") -> Manifest:
        """Begin a hand-over list: departures of any shops that one courier takes together."""
        return self._driver.run(open_manifest(courier, owner=owner))

    def pack(self, manifest: int, purchase_order: str, departure: Shipment, *, owner: str = "") -> Manifest:
        """Put a departure on a manifest; no shop hears of it before the manifest ships.

        The same ``Shipment.ref`` again puts it right. Packages of which nobody says who carries them go with
        the manifest's courier.
        """
        return self._driver.run(
            of_manifest(
                owner,
                pack(
                    self._setup.world, manifest, purchase_order, departure, identified=self._setup.identified
                ),
                manifest,
                purchase_order,
            )
        )

    def unpack(self, manifest: int, purchase_order: str, *, ref: str = "", owner: str = "") -> Manifest:
        """Take a departure off a manifest, or all of the purchase order's if ``ref`` is empty."""
        return self._driver.run(
            of_manifest(owner, unpack(manifest, purchase_order, ref=ref), manifest, purchase_order)
        )

    def manifests(
        self, *, owner: str = "", state: ManifestState | None = None, after: int = 0, limit: int = 100
    ) -> tuple[Manifest, ...]:
        """Manifests by id, a page at a time: ``after`` is the last id of the page before."""
        return self._driver.run(list_manifests(owner=owner, state=state, after=after, limit=limit))

    def manifest(self, manifest: int, *, owner: str = "") -> ManifestReport:
        """One manifest, and how far the shops are told of each departure in it."""
        return self._driver.run(of_manifest(owner, report(manifest), manifest))

    def print_manifest(self, manifest: int, *, owner: str = "") -> Document:
        """The list as a page for the courier to count and sign; it names the shoppers."""
        return self._driver.run(of_manifest(owner, print_manifest(manifest), manifest))

    def ship_manifest(self, manifest: int, *, owner: str = "") -> ManifestReport:
        """The courier has it: each departure leaves, and its shop is told once; safe to repeat.

        What is canceled by now is left out, and said.
        """
        return self._driver.run(
            of_manifest(
                owner, ship_manifest(self._setup.world, manifest, identified=self._setup.identified), manifest
            )
        )

    def repeat_manifest(self, manifest: int, *, owner: str = "") -> ManifestReport:
        """Tell the shops that refused once more, and no others."""
        return self._driver.run(
            of_manifest(
                owner,
                repeat_manifest(self._setup.world, manifest, identified=self._setup.identified),
                manifest,
            )
        )


class AsyncByHand(AsyncPart):
    """The same for event loops."""

    async def documents(self, purchase_order: str, *, owner: str = "") -> tuple[Document, ...]:
        """A placed purchase order on paper, for a supplier that people tell."""
        return await self._driver.run(
            of_orders(owner, documents(self._setup.world, purchase_order), purchase_order)
        )

    async def observe(
        self,
        purchase_order: str,
        *,
        fulfillment: Fulfillment | None = None,
        payment: Payment | None = None,
        raw: str = "",
        owner: str = "",
    ) -> PurchaseRecord:
        """Say how far a purchase order is at a supplier without an API; ``raw`` is the supplier's word.

        That what was shipped has been DELIVERED may be said of any: many suppliers never hear of it.
        """
        return await self._driver.run(
            of_orders(
                owner,
                said(
                    self._setup.world,
                    purchase_order,
                    fulfillment=fulfillment,
                    payment=payment,
                    raw=raw,
                    identified=self._setup.identified,
                ),
                purchase_order,
            )
        )

    async def ship(self, purchase_order: str, departure: Shipment, *, owner: str = "") -> PurchaseRecord:
        """Say what left a supplier without an API; the shop is told of each ``Shipment.ref`` once."""
        return await self._driver.run(
            of_orders(
                owner,
                shipped(self._setup.world, purchase_order, departure, identified=self._setup.identified),
                purchase_order,
            )
        )

    async def import_shipments(self, table: str, *, dry_run: bool = False, owner: str = "") -> Imported:
        """Take in a CSV of statuses and departures; a wrong row is told and never stops the others."""
        return await self._driver.run(
            import_shipments(
                self._setup.world, table, dry_run=dry_run, owner=owner, identified=self._setup.identified
            )
        )

    async def open_manifest(self, courier: str, *, owner: str = "") -> Manifest:
        """Begin a hand-over list: departures of any shops that one courier takes together."""
        return await self._driver.run(open_manifest(courier, owner=owner))

    async def pack(
        self, manifest: int, purchase_order: str, departure: Shipment, *, owner: str = ""
    ) -> Manifest:
        """Put a departure on a manifest; no shop hears of it before the manifest ships.

        The same ``Shipment.ref`` again puts it right. Packages of which nobody says who carries them go with
        the manifest's courier.
        """
        return await self._driver.run(
            of_manifest(
                owner,
                pack(
                    self._setup.world, manifest, purchase_order, departure, identified=self._setup.identified
                ),
                manifest,
                purchase_order,
            )
        )

    async def unpack(self, manifest: int, purchase_order: str, *, ref: str = "", owner: str = "") -> Manifest:
        """Take a departure off a manifest, or all of the purchase order's if ``ref`` is empty."""
        return await self._driver.run(
            of_manifest(owner, unpack(manifest, purchase_order, ref=ref), manifest, purchase_order)
        )

    async def manifests(
        self, *, owner: str = "", state: ManifestState | None = None, after: int = 0, limit: int = 100
    ) -> tuple[Manifest, ...]:
        """Manifests by id, a page at a time: ``after`` is the last id of the page before."""
        return await self._driver.run(list_manifests(owner=owner, state=state, after=after, limit=limit))

    async def manifest(self, manifest: int, *, owner: str = "") -> ManifestReport:
        """One manifest, and how far the shops are told of each departure in it."""
        return await self._driver.run(of_manifest(owner, report(manifest), manifest))

    async def print_manifest(self, manifest: int, *, owner: str = "") -> Document:
        """The list as a page for the courier to count and sign; it names the shoppers."""
        return await self._driver.run(of_manifest(owner, print_manifest(manifest), manifest))

    async def ship_manifest(self, manifest: int, *, owner: str = "") -> ManifestReport:
        """The courier has it: each departure leaves, and its shop is told once; safe to repeat.

        What is canceled by now is left out, and said.
        """
        return await self._driver.run(
            of_manifest(
                owner, ship_manifest(self._setup.world, manifest, identified=self._setup.identified), manifest
            )
        )

    async def repeat_manifest(self, manifest: int, *, owner: str = "") -> ManifestReport:
        """Tell the shops that refused once more, and no others."""
        return await self._driver.run(
            of_manifest(
                owner,
                repeat_manifest(self._setup.world, manifest, identified=self._setup.identified),
                manifest,
            )
        )
