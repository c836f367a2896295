"""What operations on one purchase order share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Generic, TypeVar

import attrs

from ._engine_operation import Operation
from ._events import EventKind
from ._intents import Intent, Subject
from ._journal import Tx
from ._model import PurchaseOrder
from ._money import Money
from ._plan import plan_order
from ._records import OrderRecord, PurchaseRecord
from ._reviews import ReviewCode
from ._saga import Clock
from ._states import NOTHING_DONE, IntentState
from ._twins import OVER
from ._world import Supplier
from .adapters import Response, Unclear, Verdict, Write

__all__ = ["PurchaseOperation", "ask_about_price", "surely_refused"]

R = TypeVar("R")
_KNOWN_FOR = timedelta(minutes=2)  # how old the shop's word may be when the bytes leave


def ask_about_price(tx: Tx, po: PurchaseOrder, words: str, price: Money, now: Clock) -> None:
    """Ask whether a price is all right; what a person accepts is the one that stands in the question."""
    evidence = f"{po.supplier}: {words}"
    for review in tx.reviews_of(po.order_id):
        if review.code is ReviewCode.PRICE and review.about == po.id and review.evidence != evidence:
            tx.close_reviews(ReviewCode.PRICE, about=po.id, decision="another price", at=now.wall)
    tx.open_review(
        ReviewCode.PRICE,
        about=po.id,
        evidence=evidence,
        amount=price,
        decisions=("accept", "ignore"),
        at=now.wall,
        order_id=po.order_id,
        account=po.supplier,
    )


def surely_refused(intents: Sequence[Intent]) -> bool:
    """Was one refused, and can none of them have happened? Then it may be asked for anew."""
    refused = any(intent.state is IntentState.REFUSED for intent in intents)
    return refused and all(intent.state in NOTHING_DONE for intent in intents)


class PurchaseOperation(Operation[R], Generic[R]):
    """What operations on one purchase order share."""

    def __init__(self, supplier: Supplier, order: OrderRecord, record: PurchaseRecord, *, owner: str) -> None:
        self._supplier = supplier
        self._order = order
        self._record = record
        self.account = supplier.name
        self.about = record.po.id
        self.op_no = record.op_no
        self.order_id = record.po.order_id
        self.owner = owner
        self.failures = record.failures
        self.subject = Subject.order(record.po.order_id)

    @property
    def po(self) -> PurchaseOrder:
        """The purchase order as it was when the operation began."""
        return self._record.po

    def judge(self, write: Write, response: Response) -> Verdict:
        return self._supplier.adapter.judge(write, response)

    def current(self, tx: Tx) -> PurchaseRecord:
        """The purchase order as the journal has it in this transaction."""
        record = tx.purchase(self.po.id)
        assert record is not None
        return record

    def event(self, tx: Tx, kind: EventKind, now: Clock, **data: str) -> None:
        """One line of the audit about it."""
        tx.event(kind, about=self.po.id, at=now.wall, order_id=self.order_id, owner=self.owner, data=data)

    def not_seen(self, tx: Tx, order: OrderRecord, now: Clock) -> str:
        """The shop's word may not be old when the bytes leave; if it is, the shop is asked first."""
        if order.seen_within(_KNOWN_FOR, now.wall):
            return ""
        tx.set_flags(self.order_id, refresh=True, held=order.held)
        return "the shop has not shown the order lately; it is asked first"

    def ask_about_price(self, tx: Tx, words: str, price: Money, now: Clock) -> None:
        """It would cost more than was agreed: nothing is paid before a person says so."""
        ask_about_price(tx, self.po, words, price, now)
        self.event(tx, EventKind.TOO_DEAR, now, why=words)

    def ask_about_cancel(self, tx: Tx, raw: str, now: Clock) -> None:
        """The supplier will not ship it: whether to order anew is for a person to say."""
        anew = "retry orders it anew, under a new number"
        decisions: tuple[str, ...] = ("retry", "ignore")
        if self._record.resend_of:
            # Nothing of the shop's asks for it again; a person does.
            decisions = ("ignore",)
            anew = "if it is still wanted, have it sent once more under another key"
        alive = [twin.supplier_ref for twin in self._record.twins if twin.fulfillment not in OVER]
        if alive:
            anew = f"it has {', '.join(alive)} for the same goods: see to that first. Then {anew}"
        evidence = f"{self.account} says {raw!r}; {anew}"
        tx.open_review(
            ReviewCode.CANCELED_BY_SUPPLIER,
            about=self.po.id,  # whichever operation found out
            evidence=evidence,
            decisions=decisions,
            at=now.wall,
            order_id=self.order_id,
            account=self.account,
        )
        code = ReviewCode.CANCELED_BY_SUPPLIER.value
        self.event(tx, EventKind.REVIEW_OPENED, now, code=code, evidence=evidence)

    def wait_for_money(self, tx: Tx) -> None:
        tx.put_purchase(attrs.evolve(self.current(tx), waits="money"))

    def may_have_happened(self, tx: Tx) -> bool:
        """Does any binding write of it count, for all that is known?"""
        return any(
            intent.binding and intent.state not in NOTHING_DONE
            for intent in tx.intents(about=self.about, operation=self.name, op_no=self.op_no)
        )

    def settle(self, tx: Tx, now: Clock) -> None:
        plan_order(tx, self.order_id, now)
        for subject in (self.subject, *self.also):
            tx.free(subject)

    def unclear(self, tx: Tx, why: Unclear, now: Clock) -> None:
        super().unclear(tx, why, now)
        record = self.current(tx)
        # What is ordered anew stays so, whatever is asked about it.
        waits = record.waits if record.waits == "replaced" else "review"
        tx.put_purchase(attrs.evolve(record, next_at=None, waits=waits))
