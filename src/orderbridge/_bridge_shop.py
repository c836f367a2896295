"""What people want done to an order, and in its shop.

Each method is one line over a saga; what both faces have stands here twice.
"""

from __future__ import annotations

from ._address import change_address
from ._bridge_part import AsyncPart, Part
from ._commands_shop import ask_of_shop, cancel, hold, hold_in_shop, release
from ._forget import forget
from ._model import Address
from ._owners import of_accounts, of_orders
from ._records import OrderRecord
from ._views import carriers
from ._wishes import Task
from .adapters import Carrier, Note, Refund

__all__ = ["AsyncInShop", "InShop"]


class InShop(Part):
    """What people want done to an order, and in its shop."""

    def note(self, order_id: str, note: Note, *, owner: str = "") -> Task:
        """Put a remark on the shop's order, once for its key; how far that is now."""
        return self._driver.run(
            of_orders(owner, ask_of_shop(self._setup.world, order_id, note, self._setup.identified), order_id)
        )

    def cancel(self, order_id: str, *, reason: str = "", owner: str = "") -> Task:
        """Cancel the shop's order; nothing more of it is ordered, and what was is for a person to settle.

        It does not give the shopper's money back. If the shop refuses, the order stays held.
        """
        return self._driver.run(
            of_orders(
                owner,
                cancel(self._setup.world, order_id, reason=reason, identified=self._setup.identified),
                order_id,
            )
        )

    def refund(self, order_id: str, refund: Refund, *, owner: str = "") -> Task:
        """Give the shopper money back, or have the shop write down that somebody did; once for its key."""
        return self._driver.run(
            of_orders(
                owner, ask_of_shop(self._setup.world, order_id, refund, self._setup.identified), order_id
            )
        )

    def change_address(
        self, order_id: str, address: Address | None, *, expected: str, owner: str = ""
    ) -> OrderRecord:
        """Send an order elsewhere than its shop says; the order as it is then.

        It stays so whatever the shop goes on showing; a change in the shop later on is a review. What a
        supplier was asked for already is a review too: people have it changed there.

        Args:
            order_id: Which.

            address: The whole of it; None takes yours back, and the shop's is good again.

            expected: ``record.digest`` of the order as you saw it.

        Raises:
            OutOfDate: it is not like that any more: read it again, and decide anew.

            ConfigurationError: there is no such order, all of it has left, or the address is none.
        """
        return self._driver.run(
            of_orders(
                owner, change_address(self._setup.world, order_id, address, expected=expected), order_id
            )
        )

    def hold(self, order_id: str, *, owner: str = "") -> None:
        """Keep an order from being placed and paid. The shop hears nothing of it."""
        self._driver.run(of_orders(owner, hold(order_id, held=True), order_id))

    def hold_in_shop(self, order_id: str, *, reason: str = "", owner: str = "") -> Task:
        """Keep an order from being placed and paid, and from being shipped by anybody in the shop.

        Args:
            order_id: Which.

            reason: Plain text for the shop's staff.

        Raises:
            Unsupported: the shop knows no such hold. The order is held here all the same: nothing of it is
                placed, but people in the shop may ship it.
        """
        return self._driver.run(
            of_orders(
                owner,
                hold_in_shop(self._setup.world, order_id, reason=reason, identified=self._setup.identified),
                order_id,
            )
        )

    def release(self, order_id: str, *, owner: str = "") -> Task | None:
        """Let a held order go on; how far that is in the shop, or None if it was never held there.

        What others hold in the shop stays on hold, and is not placed before they let it go.
        """
        return self._driver.run(
            of_orders(owner, release(self._setup.world, order_id, self._setup.identified), order_id)
        )

    def carriers(self, store: str, *, owner: str = "") -> tuple[Carrier, ...]:
        """The carriers that a shop knows: what the account's ``carriers`` setting may name."""
        return self._driver.run(
            of_accounts(self._setup.world, owner, carriers(self._setup.world, store), store)
        )

    def forget(self, order_id: str, *, owner: str = "") -> bool:
        """Blank a shopper for good; False if a call about the order is under way: ask again later.

        Raises:
            ConfigurationError: there is no such order here.
        """
        return self._driver.run(of_orders(owner, forget(order_id), order_id))


class AsyncInShop(AsyncPart):
    """The same for event loops."""

    async def note(self, order_id: str, note: Note, *, owner: str = "") -> Task:
        """Put a remark on the shop's order, once for its key; how far that is now."""
        return await self._driver.run(
            of_orders(owner, ask_of_shop(self._setup.world, order_id, note, self._setup.identified), order_id)
        )

    async def cancel(self, order_id: str, *, reason: str = "", owner: str = "") -> Task:
        """Cancel the shop's order; nothing more of it is ordered, and what was is for a person to settle.

        It does not give the shopper's money back. If the shop refuses, the order stays held.
        """
        return await self._driver.run(
            of_orders(
                owner,
                cancel(self._setup.world, order_id, reason=reason, identified=self._setup.identified),
                order_id,
            )
        )

    async def refund(self, order_id: str, refund: Refund, *, owner: str = "") -> Task:
        """Give the shopper money back, or have the shop write down that somebody did; once for its key."""
        return await self._driver.run(
            of_orders(
                owner, ask_of_shop(self._setup.world, order_id, refund, self._setup.identified), order_id
            )
        )

    async def change_address(
        self, order_id: str, address: Address | None, *, expected: str, owner: str = ""
    ) -> OrderRecord:
        """Send an order elsewhere than its shop says; the order as it is then.

        It stays so whatever the shop goes on showing; a change in the shop later on is a review. What a
        supplier was asked for already is a review too: people have it changed there.

        Args:
            order_id: Which.

            address: The whole of it; None takes yours back, and the shop's is good again.

            expected: ``record.digest`` of the order as you saw it.

        Raises:
            OutOfDate: it is not like that any more: read it again, and decide anew.

            ConfigurationError: there is no such order, all of it has left, or the address is none.
        """
        return await self._driver.run(
            of_orders(
                owner, change_address(self._setup.world, order_id, address, expected=expected), order_id
            )
        )

    async def hold(self, order_id: str, *, owner: str = "") -> None:
        """Keep an order from being placed and paid. The shop hears nothing of it."""
        await self._driver.run(of_orders(owner, hold(order_id, held=True), order_id))

    async def hold_in_shop(self, order_id: str, *, reason: str = "", owner: str = "") -> Task:
        """Keep an order from being placed and paid, and from being shipped by anybody in the shop.

        Args:
            order_id: Which.

            reason: Plain text for the shop's staff.

        Raises:
            Unsupported: the shop knows no such hold. The order is held here all the same: nothing of it is
                placed, but people in the shop may ship it.
        """
        return await self._driver.run(
            of_orders(
                owner,
                hold_in_shop(self._setup.world, order_id, reason=reason, identified=self._setup.identified),
                order_id,
            )
        )

    async def release(self, order_id: str, *, owner: str = "") -> Task | None:
        """Let a held order go on; how far that is in the shop, or None if it was never held there.

        What others hold in the shop stays on hold, and is not placed before they let it go.
        """
        return await self._driver.run(
            of_orders(owner, release(self._setup.world, order_id, self._setup.identified), order_id)
        )

    async def carriers(self, store: str, *, owner: str = "") -> tuple[Carrier, ...]:
        """The carriers that a shop knows: what the account's ``carriers`` setting may name."""
        return await self._driver.run(
            of_accounts(self._setup.world, owner, carriers(self._setup.world, store), store)
        )

    async def forget(self, order_id: str, *, owner: str = "") -> bool:
        """Blank a shopper for good; False if a call about the order is under way: ask again later.

        Raises:
            ConfigurationError: there is no such order here.
        """
        return await self._driver.run(of_orders(owner, forget(order_id), order_id))
