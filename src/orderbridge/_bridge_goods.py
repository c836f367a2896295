"""What suppliers sell and hold: links to the shops' products, catalogs and growing orders.

Each method is one line over a saga; what both faces have stands here twice.
"""

from __future__ import annotations

from ._bridge_part import AsyncPart, Part
from ._cart import Difference
from ._links import link, unlink
from ._links_table import LinksImported, export_links, import_links
from ._model import ProductLink
from ._owners import of_accounts
from ._put_right import put_right
from ._records import ReservationRow
from ._views import products, reconcile, reservations
from .adapters import ProductPage

__all__ = ["AsyncGoods", "Goods"]


class Goods(Part):
    """What suppliers sell and hold: links to the shops' products, catalogs and growing orders."""

    def link(self, *links: ProductLink, owner: str = "") -> int:
        """Say which supplier's remote id a shop's product is; how many orders that changed."""
        return self._driver.run(
            of_accounts(
                self._setup.world,
                owner,
                link(self._setup.world, links),
                *{name for each in links for name in (each.store, each.supplier)},
                shared=True,
            )
        )

    def unlink(self, *links: ProductLink, owner: str = "") -> int:
        """Take exactly these links away; how many orders that changed. What is placed keeps its way."""
        return self._driver.run(
            of_accounts(
                self._setup.world,
                owner,
                unlink(self._setup.world, links),
                *{name for each in links for name in (each.store, each.supplier)},
                shared=True,
            )
        )

    def links(self, *, store: str = "", owner: str = "") -> tuple[ProductLink, ...]:
        """All product links, or those of one store, or of an owner's stores that were pulled once."""
        return self._setup.journal.look(lambda tx: tx.links(store, owner=owner))

    def export_links(self, *, store: str = "", owner: str = "") -> str:
        """The same links as CSV that ``import_links`` takes back unchanged."""
        return self._setup.journal.look(lambda tx: export_links(tx, store, owner=owner))

    def import_links(self, table: str, *, dry_run: bool = False, owner: str = "") -> LinksImported:
        """Take in a CSV of product links; a wrong row is told, and keeps only its product out."""
        return self._driver.run(import_links(self._setup.world, table, dry_run=dry_run, owner=owner))

    def products(self, supplier: str, *, cursor: str | None = None, owner: str = "") -> ProductPage:
        """One page of what a supplier sells; the next is asked for with its ``cursor``, until that is None.

        What a supplier has written so that nobody can read it is left out, and raises after the last page.
        """
        return self._driver.run(
            of_accounts(
                self._setup.world, owner, products(self._setup.world, supplier, cursor), supplier, shared=True
            )
        )

    def reservations(self, supplier: str, *, owner: str = "") -> tuple[ReservationRow, ...]:
        """What is wanted and held of each remote id, as of the last look at the supplier."""
        return self._driver.run(
            of_accounts(self._setup.world, owner, reservations(self._setup.world, supplier), supplier)
        )

    def reconcile(self, supplier: str, *, owner: str = "") -> tuple[Difference, ...]:
        """Compare the supplier's growing order with what our orders want, now; empty if they agree."""
        return self._driver.run(
            of_accounts(self._setup.world, owner, reconcile(self._setup.world, supplier), supplier)
        )

    def put_right(self, *shown: Difference, owner: str = "") -> tuple[Difference, ...]:
        """Set the growing order to what our orders want, as ``reconcile`` has shown; what differs after that.

        Units that nobody here wants go back to the supplier, whoever took them. Nothing is set if something
        of it is not as it was shown.

        Raises:
            OutOfDate: it has changed meanwhile, or somebody else is at it: reconcile again.

            ConfigurationError: the account is shared, and others may hold them.
        """
        return self._driver.run(
            of_accounts(
                self._setup.world,
                owner,
                put_right(self._setup.world, shown, self._setup.identified),
                *{each.supplier for each in shown},
            )
        )


class AsyncGoods(AsyncPart):
    """The same for event loops."""

    async def link(self, *links: ProductLink, owner: str = "") -> int:
        """Say which supplier's remote id a shop's product is; how many orders that changed."""
        return await self._driver.run(
            of_accounts(
                self._setup.world,
                owner,
                link(self._setup.world, links),
                *{name for each in links for name in (each.store, each.supplier)},
                shared=True,
            )
        )

    async def unlink(self, *links: ProductLink, owner: str = "") -> int:
        """Take exactly these links away; how many orders that changed. What is placed keeps its way."""
        return await self._driver.run(
            of_accounts(
                self._setup.world,
                owner,
                unlink(self._setup.world, links),
                *{name for each in links for name in (each.store, each.supplier)},
                shared=True,
            )
        )

    async def links(self, *, store: str = "", owner: str = "") -> tuple[ProductLink, ...]:
        """All product links, or those of one store, or of an owner's stores that were pulled once."""
        return await self._driver.look(lambda tx: tx.links(store, owner=owner))

    async def export_links(self, *, store: str = "", owner: str = "") -> str:
        """The same links as CSV that ``import_links`` takes back unchanged."""
        return await self._driver.look(lambda tx: export_links(tx, store, owner=owner))

    async def import_links(self, table: str, *, dry_run: bool = False, owner: str = "") -> LinksImported:
        """Take in a CSV of product links; a wrong row is told, and keeps only its product out."""
        return await self._driver.run(import_links(self._setup.world, table, dry_run=dry_run, owner=owner))

    async def products(self, supplier: str, *, cursor: str | None = None, owner: str = "") -> ProductPage:
        """One page of what a supplier sells; the next is asked for with its ``cursor``, until that is None.

        What a supplier has written so that nobody can read it is left out, and raises after the last page.
        """
        return await self._driver.run(
            of_accounts(
                self._setup.world, owner, products(self._setup.world, supplier, cursor), supplier, shared=True
            )
        )

    async def reservations(self, supplier: str, *, owner: str = "") -> tuple[ReservationRow, ...]:
        """What is wanted and held of each remote id, as of the last look at the supplier."""
        return await self._driver.run(
            of_accounts(self._setup.world, owner, reservations(self._setup.world, supplier), supplier)
        )

    async def reconcile(self, supplier: str, *, owner: str = "") -> tuple[Difference, ...]:
        """Compare the supplier's growing order with what our orders want, now; empty if they agree."""
        return await self._driver.run(
            of_accounts(self._setup.world, owner, reconcile(self._setup.world, supplier), supplier)
        )

    async def put_right(self, *shown: Difference, owner: str = "") -> tuple[Difference, ...]:
        """Set the growing order to what our orders want, as ``reconcile`` has shown; what differs after that.

        Units that nobody here wants go back to the supplier, whoever took them. Nothing is set if something
        of it is not as it was shown.

        Raises:
            OutOfDate: it has changed meanwhile, or somebody else is at it: reconcile again.

            ConfigurationError: the account is shared, and others may hold them.
        """
        return await self._driver.run(
            of_accounts(
                self._setup.world,
                owner,
                put_right(self._setup.world, shown, self._setup.identified),
                *{each.supplier for each in shown},
            )
        )
