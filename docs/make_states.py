"""Writes states.md from the tables in ``orderbridge._states``; run it after changing a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from orderbridge._states import (
    CASES,
    COMMANDS,
    INTENTS,
    PAYMENTS,
    CaseState,
    Fulfillment,
    IntentState,
    Payment,
    Seen,
    observe,
    observe_payment,
)

Observe: TypeAlias = Callable[[Any, Any], tuple[Enum, Seen]]

PAGE = Path(__file__).with_name("states.md")

INTRO = """\
<!-- Made by docs/make_states.py from src/orderbridge/_states.py: change the tables there, then run it. -->

# States

A purchase order stands on two axes: how far its goods are, and how far its money is. A third small
machine follows each effect on the outside, from "we are about to" to "it is done".

State words are never renamed or removed, so a journal written today can be read by any later version.
"""
COMMANDS_TEXT = """\
## Goods: what the bridge does

These steps are commands. Each moves along one arrow; anything else raises `IllegalTransition`.
"""
OBSERVED_TEXT = """\
## Goods: what the supplier says

An observation may skip forward, because a poller misses steps and people order behind our back. One
that goes backward changes nothing: the state stays, the supplier's own word is kept, and an event says
so. The same holds for a word that nobody has mapped. A word that contradicts what is known changes
nothing either, and a person looks.
"""
HELD_TEXT = """\
For `ON_HOLD` and `CANCEL_REQUESTED` the table shows a purchase order that was `PLACED` before. One that
was further does not come back below the state it left.
"""
PAYMENT_TEXT = """\
## Money

`UNKNOWN` may become anything: it only means that the supplier has not spoken of money yet.
"""
PAYMENT_SEEN_TEXT = """\
## Money: what the supplier says

The same reading as above; a payment that we have not seen being made may be seen as made, refunded or
disputed at once.
"""
CASE_TEXT = """\
## Cases

A case stands beside a purchase order: money back (`REFUND`), goods once more (`RESEND`), goods back
(`RETURN`), or a `DISPUTE`. People move it, and so does the supplier's word on the money and the goods.
"""
INTENT_TEXT = """\
## One effect on the outside

An intent is committed before its call leaves. `UNKNOWN` means that the call left and no word came: only
a look-up, a repeat that the platform dedupes, or a person may resolve it.
"""


def diagram(arrows: Mapping[Enum, Iterable[Enum]], start: Enum, final: Iterable[Enum]) -> str:
    """A Mermaid state diagram; arrows stand in the order of the enum."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {start.value}"]
    for state in type(start):
        targets = set(arrows.get(state, ()))
        lines += [f"    {state.value} --> {to.value}" for to in type(start) if to in targets]
    lines += [f"    {state.value} --> [*]" for state in type(start) if state in set(final)]
    return "\n".join([*lines, "```\n"])


def table(states: type[Enum], observe: Observe) -> str:
    """What each word of the supplier's does in each state."""
    rows = ["| in the journal | moves to | a person looks at |", "| --- | --- | --- |"]
    for state in states:
        moves, contradicts = (
            words(states, state, observe, what) for what in (Seen.MOVED, Seen.CONTRADICTORY)
        )
        rows.append(f"| `{state.value}` | {moves} | {contradicts} |")
    return "\n".join(rows) + "\n"


def words(states: type[Enum], state: Enum, observe: Observe, what: Seen) -> str:
    """The words that do ``what`` in ``state``."""
    return ", ".join(f"`{word.value}`" for word in states if observe(state, word)[1] is what)


def ends(states: type[Enum], arrows: Mapping[Enum, Iterable[Enum]]) -> list[Enum]:
    """States with no way out."""
    return [state for state in states if not arrows.get(state)]


def page() -> str:
    """The whole page."""
    moves = {
        state: [word for word in Fulfillment if observe(state, word, left=None)[1] is Seen.MOVED]
        for state in Fulfillment
    }
    payments = {state: to for state, to in PAYMENTS.items() if state is not Payment.UNKNOWN}
    parts = [
        INTRO,
        COMMANDS_TEXT,
        diagram(COMMANDS, Fulfillment.IN_QUOTE, ends(Fulfillment, moves)),
        OBSERVED_TEXT,
        table(Fulfillment, partial(observe, left=None)),
        HELD_TEXT,
        PAYMENT_TEXT,
        diagram(payments, Payment.UNPAID, ends(Payment, PAYMENTS)),
        PAYMENT_SEEN_TEXT,
        table(Payment, observe_payment),
        CASE_TEXT,
        diagram(CASES, CaseState.REQUESTED, ends(CaseState, CASES)),
        INTENT_TEXT,
        diagram(INTENTS, IntentState.OPEN, ends(IntentState, INTENTS)),
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
