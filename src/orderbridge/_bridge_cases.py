"""What is wanted of a supplier after the fact: money, goods back, or goods once more.

Each method is one line over a saga; what both faces have stands here twice.
"""

from __future__ import annotations

from collections.abc import Iterable

from ._bridge_part import AsyncPart, Part
from ._cases import list_cases, open_case
from ._cases import move as move_case
from ._model import ShipmentLine
from ._money import Money
from ._owners import of_orders
from ._records import PurchaseRecord
from ._resend import resend
from ._states import CaseKind, CaseState
from ._wishes import Case

__all__ = ["AfterTheFact", "AsyncAfterTheFact"]


class AfterTheFact(Part):
    """What is wanted of a supplier after the fact: money, goods back, or goods once more."""

    def open_case(
        self,
        purchase_order: str,
        *,
        kind: CaseKind,
        key: str,
        lines: Iterable[ShipmentLine] = (),
        amount: Money | None = None,
        reason: str = "",
        evidence: Iterable[str] = (),
        owner: str = "",
    ) -> Case:
        """Write down what people want of a supplier beside an order that it has; nobody is asked by it.

        Args:
            purchase_order: A placed one.

            kind: Money back, goods back, goods once more, or a dispute.

            key: Names the case within its purchase order; the same again is the same case.

            lines: The supplier units that it is about; none means all of them.

            amount: What the supplier is to give back.

            reason: Why; without shopper data.

            evidence: Words, or addresses of pictures; without shopper data.
        """
        return self._driver.run(
            of_orders(
                owner,
                open_case(
                    purchase_order,
                    kind=kind,
                    key=key,
                    lines=tuple(lines),
                    amount=amount,
                    reason=reason,
                    evidence=tuple(evidence),
                ),
                purchase_order,
            )
        )

    def move_case(self, case: str, state: CaseState, *, word: str = "", owner: str = "") -> Case:
        """Say how far a case is; ``word`` is what the supplier said. The same again changes nothing."""
        return self._driver.run(of_orders(owner, move_case(case, state, word=word), case))

    def cases(
        self,
        *,
        purchase_order: str = "",
        kind: CaseKind | None = None,
        everything: bool = False,
        owner: str = "",
        after: str = "",
        limit: int = 100,
    ) -> tuple[Case, ...]:
        """Cases by id, a page at a time; those that are over only with ``everything``."""
        return self._driver.run(
            list_cases(
                purchase_order=purchase_order,
                kind=kind,
                everything=everything,
                owner=owner,
                after=after,
                limit=limit,
            )
        )

    def resend(
        self,
        purchase_order: str,
        *,
        key: str,
        lines: Iterable[ShipmentLine] = (),
        supplier: str = "",
        reason: str = "",
        owner: str = "",
    ) -> PurchaseRecord:
        """A purchase order that sends goods once more; ``place`` orders it. The shop shows one parcel more.

        Args:
            purchase_order: What has left and did not arrive as it should.

            key: Names it within its purchase order; the same again is the same one.

            lines: The supplier units to send; none means all of them.

            supplier: Another account, which people move: own stock. By default the same supplier.

            reason: For the case that goes with it; without shopper data.
        """
        return self._driver.run(
            of_orders(
                owner,
                resend(
                    self._setup.world,
                    purchase_order,
                    key=key,
                    lines=tuple(lines),
                    supplier=supplier,
                    reason=reason,
                    identified=self._setup.identified,
                ),
                purchase_order,
            )
        )


class AsyncAfterTheFact(AsyncPart):
    """The same for event loops."""

    async def open_case(
        self,
        purchase_order: str,
        *,
        kind: CaseKind,
        key: str,
        lines: Iterable[ShipmentLine] = (),
        amount: Money | None = None,
        reason: str = "",
        evidence: Iterable[str] = (),
        owner: str = "",
    ) -> Case:
        """Write down what people want of a supplier beside an order that it has; nobody is asked by it.

        Args:
            purchase_order: A placed one.

            kind: Money back, goods back, goods once more, or a dispute.

            key: Names the case within its purchase order; the same again is the same case.

            lines: The supplier units that it is about; none means all of them.

            amount: What the supplier is to give back.

            reason: Why; without shopper data.

            evidence: Words, or addresses of pictures; without shopper data.
        """
        return await self._driver.run(
            of_orders(
                owner,
                open_case(
                    purchase_order,
                    kind=kind,
                    key=key,
                    lines=tuple(lines),
                    amount=amount,
                    reason=reason,
                    evidence=tuple(evidence),
                ),
                purchase_order,
            )
        )

    async def move_case(self, case: str, state: CaseState, *, word: str = "", owner: str = "") -> Case:
        """Say how far a case is; ``word`` is what the supplier said. The same again changes nothing."""
        return await self._driver.run(of_orders(owner, move_case(case, state, word=word), case))

    async def cases(
        self,
        *,
        purchase_order: str = "",
        kind: CaseKind | None = None,
        everything: bool = False,
        owner: str = "",
        after: str = "",
        limit: int = 100,
    ) -> tuple[Case, ...]:
        """Cases by id, a page at a time; those that are over only with ``everything``."""
        return await self._driver.run(
            list_cases(
                purchase_order=purchase_order,
                kind=kind,
                everything=everything,
                owner=owner,
                after=after,
                limit=limit,
            )
        )

    async def resend(
        self,
        purchase_order: str,
        *,
        key: str,
        lines: Iterable[ShipmentLine] = (),
        supplier: str = "",
        reason: str = "",
        owner: str = "",
    ) -> PurchaseRecord:
        """A purchase order that sends goods once more; ``place`` orders it. The shop shows one parcel more.

        Args:
            purchase_order: What has left and did not arrive as it should.

            key: Names it within its purchase order; the same again is the same one.

            lines: The supplier units to send; none means all of them.

            supplier: Another account, which people move: own stock. By default the same supplier.

            reason: For the case that goes with it; without shopper data.
        """
        return await self._driver.run(
            of_orders(
                owner,
                resend(
                    self._setup.world,
                    purchase_order,
                    key=key,
                    lines=tuple(lines),
                    supplier=supplier,
                    reason=reason,
                    identified=self._setup.identified,
                ),
                purchase_order,
            )
        )
