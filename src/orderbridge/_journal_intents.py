"""The intents: what is about to be done outside, and every attempt at it, before it leaves."""

from __future__ import annotations

import attrs

from ._canonical import dump, load, stamp, unstamp
from ._intents import Attempt, Intent, Subject
from ._journal_rows import Part, Row, int_in, text_in
from ._states import IntentState, move_intent

__all__ = ["Intents"]


class Intents(Part):
    """Intents and the attempts at them."""

    def intent(self, *, about: str, operation: str, op_no: int, step: str) -> Intent | None:
        found = self._rows.run("find_intent", about=about, operation=operation, op_no=op_no, step=step)
        return _intent(found[0]) if found else None

    def intents(self, *, about: str, operation: str, op_no: int) -> tuple[Intent, ...]:
        rows = self._rows.run("intents_of", about=about, operation=operation, op_no=op_no)
        return tuple(_intent(row) for row in rows)

    def last_op_no(self, about: str, operation: str) -> int:
        """Number of the last operation of its kind that was begun; 0 if none was."""
        (row,) = self._rows.run("last_op_no", about=about, operation=operation)
        return int_in(row, "n") if row["n"] is not None else 0

    def add_intent(self, intent: Intent) -> Intent:
        row = self._rows.run(
            "add_intent",
            subject=intent.subject,
            about=intent.about,
            operation=intent.operation,
            op_no=intent.op_no,
            step=intent.step,
            account=intent.account,
            state=intent.state.value,
            doc=dump(intent),
        )[0]
        return attrs.evolve(intent, id=int_in(row, "id"))

    def put_intent(self, intent: Intent) -> None:
        self._rows.run("put_intent", id=intent.id, state=intent.state.value, doc=dump(intent))

    def confirm_late(self, intent_id: int, attempt: int, answer: str) -> None:
        """A success that comes after its worker lost the subject still closes its intent."""
        found = self._rows.run("get_intent", id=intent_id)
        if not found:
            return
        intent = _intent(found[0])
        for tried in self.attempts(intent_id):
            if tried.no == attempt:
                self.put_attempt(attrs.evolve(tried, state=IntentState.CONFIRMED, answer=answer))
        if intent.state is not IntentState.CONFIRMED:
            self.put_intent(attrs.evolve(intent, state=move_intent(intent.state, IntentState.CONFIRMED)))

    def unpark(self, about: str) -> None:
        """A person says: what nobody could tell of did not happen, and may be tried again."""
        for row in self._rows.run("parked_intents", about=about):
            intent = _intent(row)
            self.put_intent(attrs.evolve(intent, state=move_intent(intent.state, IntentState.ABSENT)))
            for tried in self.attempts(intent.id):
                if tried.state is IntentState.UNKNOWN:
                    self.put_attempt(attrs.evolve(tried, state=IntentState.ABSENT))

    def unresolved(self, about: str) -> bool:
        """Is an effect on this still open, unknown or parked?"""
        return int_in(self._rows.run("unresolved", about=about)[0], "n") > 0

    def add_attempt(self, attempt: Attempt) -> None:
        self._rows.run(
            "add_attempt",
            intent=attempt.intent,
            no=attempt.no,
            at=stamp(attempt.at),
            sha256=attempt.sha256,
            request=attempt.request,
            state=attempt.state.value,
            answer=attempt.answer,
            fence=attempt.fence,
        )

    def put_attempt(self, attempt: Attempt) -> None:
        self._rows.run(
            "put_attempt",
            intent=attempt.intent,
            no=attempt.no,
            state=attempt.state.value,
            answer=attempt.answer,
        )

    def attempts(self, intent_id: int) -> tuple[Attempt, ...]:
        return tuple(
            Attempt(
                intent=intent_id,
                no=int_in(row, "no"),
                request=text_in(row, "request"),
                sha256=text_in(row, "sha256"),
                at=unstamp(text_in(row, "at")),
                state=IntentState(text_in(row, "state")),
                answer=text_in(row, "answer"),
                fence=int_in(row, "fence"),
            )
            for row in self._rows.run("attempts_of", intent=intent_id)
        )

    def _blank_attempts(self, order_id: str) -> None:
        """The bytes of an order's attempts hold its shopper's address."""
        # By the order as well: a purchase order is placed under its supplier's cart.
        self._rows.run("scrub_attempts", subject=Subject.order(order_id), order_id=order_id)


def _intent(row: Row) -> Intent:
    return attrs.evolve(
        load(Intent, text_in(row, "doc")), id=int_in(row, "id"), state=IntentState(text_in(row, "state"))
    )
