"""What people want after the fact: tasks in a shop, and cases with a supplier."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import attrs

from ._model import ShipmentLine
from ._money import Money
from ._standing import Tab, case_tabs
from ._states import CaseKind, CaseState, TaskState
from ._store_adapter import Cancellation, Hold, Note, Refund, Refunded, Release

__all__ = ["Case", "Task", "Wish"]

Wish: TypeAlias = Note | Cancellation | Refund | Hold | Release
"""What a person may want done to an order in its shop."""


@attrs.frozen(kw_only=True)
class Task:
    """What a person wants done to an order in the shop: exactly one of the wishes that it has fields for.

    Args:
        holds: The order is held because of it, and was not before.

        refunded: What the shop made of the refund, once it is done.

        warnings: What did not come with it.
    """

    order_id: str
    note: Note | None = None
    cancellation: Cancellation | None = None
    refund: Refund | None = None
    hold: Hold | None = None
    release: Release | None = None
    state: TaskState = TaskState.DUE
    holds: bool = False
    refunded: Refunded | None = None
    warnings: tuple[str, ...] = ()
    op_no: int = 1
    created_at: datetime
    next_at: datetime | None = None
    failures: int = 0

    @property
    def wish(self) -> Wish:
        """The one that it is."""
        found = self.note or self.cancellation or self.refund or self.hold or self.release
        assert found is not None
        return found

    @property
    def key(self) -> str:
        """Names it for ever within its order."""
        return self.wish.key

    @property
    def about(self) -> str:
        """Its id."""
        return f"{self.order_id}#{self.key}"


@attrs.frozen(kw_only=True)
class Case:
    """What is wanted of a supplier beside an order that it has: money, goods once more, goods back.

    Nobody asks the supplier by it: people do, and the case says how far that is.

    Args:
        id: ``purchase order/case/number``.

        order_id: The shop's order.

        key: Names it for ever within its purchase order; the bridge's own have a colon in it.

        lines: The supplier units that it is about; none means the whole purchase order.

        amount: What the supplier is to give back.

        reason: Why, for the supplier's people; without shopper data.

        evidence: Words, or addresses of pictures; without shopper data.

        child: The purchase order that sends the goods once more.

        word: What was said of it last, by a person or the supplier.
    """

    id: str
    order_id: str
    purchase_order: str
    key: str
    kind: CaseKind
    state: CaseState = CaseState.REQUESTED
    lines: tuple[ShipmentLine, ...] = ()
    amount: Money | None = None
    reason: str = ""
    evidence: tuple[str, ...] = ()
    child: str = ""
    opened_at: datetime
    changed_at: datetime
    word: str = ""

    @property
    def tabs(self) -> tuple[Tab, ...]:
        """The tabs in which it puts its order."""
        return case_tabs(self.kind, self.state)
