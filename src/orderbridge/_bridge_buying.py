"""What is bought: checked out, placed, paid, found at the supplier or canceled there.

Each method is one line over a saga; what both faces have stands here twice.
"""

from __future__ import annotations

from collections.abc import Mapping

from ._bridge_part import AsyncPart, Part
from ._checkout import Checkout, check_out, place
from ._checkout_pay import PaymentPage, pay
from ._commands import switch
from ._commands_purchases import found, revoke
from ._model import BuyerContext
from ._owners import of_accounts, of_orders
from ._records import PurchaseRecord
from ._views import Payable, payable

__all__ = ["AsyncBuying", "Buying"]


class Buying(Part):
    """What is bought: checked out, placed, paid, found at the supplier or canceled there."""

    def payable(self, supplier: str, *, owner: str = "") -> Payable:
        """What a person may pay at a supplier, where, and what stands against it."""
        return self._driver.run(
            of_accounts(self._setup.world, owner, payable(self._setup.world, supplier), supplier)
        )

    def check_out(self, *select: str, shipping: Mapping[str, str] | None = None, owner: str = "") -> Checkout:
        """What ordering these would cost, how they can be sent, and what stands against it; asks suppliers.

        ``select`` names purchase orders, or shop orders, by id or number, for all of theirs; ``shipping``
        chooses an option's code by purchase order.
        """
        return self._driver.run(
            check_out(
                self._setup.world,
                select,
                shipping=shipping or {},
                identified=self._setup.identified,
                owner=owner,
            )
        )

    def place(self, *purchase_orders: str, checkout: str = "", owner: str = "") -> tuple[PaymentPage, ...]:
        """Order these at their suppliers; each goes when its units are held.

        ``checkout`` is the digest of the checkout that was shown; alone it places all of it. Suppliers that
        quote prices are never placed at without one.
        """
        return self._driver.run(
            of_orders(
                owner,
                place(
                    self._setup.world,
                    purchase_orders,
                    checkout=checkout,
                    identified=self._setup.identified,
                ),
                *purchase_orders,
                checkout=checkout,
            )
        )

    def pay(self, purchase_order: str, *, buyer: BuyerContext | None = None, owner: str = "") -> PaymentPage:
        """Pay a placed purchase order through its supplier's API, or say where a person pays."""
        return self._driver.run(
            of_orders(
                owner,
                pay(self._setup.world, purchase_order, self._setup.identified, buyer=buyer),
                purchase_order,
            )
        )

    def found(self, purchase_order: str, *, supplier_ref: str, owner: str = "") -> PurchaseRecord:
        """Say which of the supplier's orders it is, where a review asks because nobody could tell."""
        return self._driver.run(
            of_orders(
                owner,
                found(self._setup.world, purchase_order, supplier_ref, self._setup.identified),
                purchase_order,
            )
        )

    def cancel_purchase(self, purchase_order: str, *, owner: str = "") -> PurchaseRecord:
        """Cancel a placed purchase order at its supplier; the shopper's money is another matter."""
        return self._driver.run(
            of_orders(
                owner, revoke(self._setup.world, purchase_order, self._setup.identified), purchase_order
            )
        )

    def stop_money(self, *, reason: str, owner: str = "") -> None:
        """Stop all placing and paying at once, of one owner or of all.

        Raises:
            ConfigurationError: no account is the owner's, so nothing was stopped. Where accounts come from a
                mapping, any owner is taken.
        """
        self._driver.run(switch(self._setup.owners, owner=owner, stopped=True, reason=reason))

    def allow_money(self, *, owner: str = "") -> None:
        """Let placing and paying go on; what waited for it is due at once.

        An owner whose money alone was stopped stays so until it is allowed for that owner: see
        ``Health.stopped_owners``.
        """
        self._driver.run(switch(self._setup.owners, owner=owner, stopped=False, reason=""))


class AsyncBuying(AsyncPart):
    """The same for event loops."""

    async def payable(self, supplier: str, *, owner: str = "") -> Payable:
        """What a person may pay at a supplier, where, and what stands against it."""
        return await self._driver.run(
            of_accounts(self._setup.world, owner, payable(self._setup.world, supplier), supplier)
        )

    async def check_out(
        self, *select: str, shipping: Mapping[str, str] | None = None, owner: str = ""
    ) -> Checkout:
        """What ordering these would cost, how they can be sent, and what stands against it; asks suppliers.

        ``select`` names purchase orders, or shop orders, by id or number, for all of theirs; ``shipping``
        chooses an option's code by purchase order.
        """
        return await self._driver.run(
            check_out(
                self._setup.world,
                select,
                shipping=shipping or {},
                identified=self._setup.identified,
                owner=owner,
            )
        )

    async def place(
        self, *purchase_orders: str, checkout: str = "", owner: str = ""
    ) -> tuple[PaymentPage, ...]:
        """Order these at their suppliers; each goes when its units are held.

        ``checkout`` is the digest of the checkout that was shown; alone it places all of it. Suppliers that
        quote prices are never placed at without one.
        """
        return await self._driver.run(
            of_orders(
                owner,
                place(
                    self._setup.world,
                    purchase_orders,
                    checkout=checkout,
                    identified=self._setup.identified,
                ),
                *purchase_orders,
                checkout=checkout,
            )
        )

    async def pay(
        self, purchase_order: str, *, buyer: BuyerContext | None = None, owner: str = ""
    ) -> PaymentPage:
        """Pay a placed purchase order through its supplier's API, or say where a person pays."""
        return await self._driver.run(
            of_orders(
                owner,
                pay(self._setup.world, purchase_order, self._setup.identified, buyer=buyer),
                purchase_order,
            )
        )

    async def found(self, purchase_order: str, *, supplier_ref: str, owner: str = "") -> PurchaseRecord:
        """Say which of the supplier's orders it is, where a review asks because nobody could tell."""
        return await self._driver.run(
            of_orders(
                owner,
                found(self._setup.world, purchase_order, supplier_ref, self._setup.identified),
                purchase_order,
            )
        )

    async def cancel_purchase(self, purchase_order: str, *, owner: str = "") -> PurchaseRecord:
        """Cancel a placed purchase order at its supplier; the shopper's money is another matter."""
        return await self._driver.run(
            of_orders(
                owner, revoke(self._setup.world, purchase_order, self._setup.identified), purchase_order
            )
        )

    async def stop_money(self, *, reason: str, owner: str = "") -> None:
        """Stop all placing and paying at once, of one owner or of all.

        Raises:
            ConfigurationError: no account is the owner's, so nothing was stopped. Where accounts come from a
                mapping, any owner is taken.
        """
        await self._driver.run(switch(self._setup.owners, owner=owner, stopped=True, reason=reason))

    async def allow_money(self, *, owner: str = "") -> None:
        """Let placing and paying go on; what waited for it is due at once.

        An owner whose money alone was stopped stays so until it is allowed for that owner: see
        ``Health.stopped_owners``.
        """
        await self._driver.run(switch(self._setup.owners, owner=owner, stopped=False, reason=""))
