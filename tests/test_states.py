"""The state tables against a second statement of the same rules, over every pair of states."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from enum import Enum
from itertools import product
from pathlib import Path
from typing import TypeVar

import pytest

from orderbridge import _states
from orderbridge._states import (
    COMMANDS,
    Fulfillment,
    IntentState,
    NoticeState,
    Payment,
    Seen,
    can_be_canceled,
    command,
    move_intent,
    observe,
    observe_payment,
)
from orderbridge.errors import IllegalTransition

ROOT = Path(__file__).parents[1]
F, P, N = Fulfillment, Payment, IntentState
S = TypeVar("S", bound=Enum)

# The rules once more, by hand and by name, so that a slip in a table is not repeated here.
MAIN = ["PLACED", "ACCEPTED", "PREPARING", "READY", "PART_SHIPPED", "SHIPPED", "DELIVERED", "COMPLETED"]
BEFORE = ["IN_QUOTE", "TO_ORDER", "RESERVED", "PLACING", "IN_DOUBT"]
STILL_THERE = ["PLACED", "ACCEPTED", "PREPARING", "READY"]
BESIDE = ["ON_HOLD", "CANCEL_REQUESTED"]
OUR_STEPS = """
    IN_QUOTE > TO_ORDER CANCELED
    TO_ORDER > IN_QUOTE RESERVED PLACING CANCELED
    RESERVED > TO_ORDER PLACING CANCELED
    PLACING > PLACED REJECTED IN_DOUBT TO_ORDER
    IN_DOUBT > PLACED TO_ORDER
    PLACED > CANCEL_REQUESTED
    ACCEPTED > CANCEL_REQUESTED
    PREPARING > CANCEL_REQUESTED
    READY > CANCEL_REQUESTED
    ON_HOLD > CANCEL_REQUESTED
"""
MONEY_STEPS = """
    UNKNOWN > NOT_REQUIRED UNPAID PENDING IN_DOUBT FAILED PAID DISPUTED PART_REFUNDED REFUNDED CHARGED_BACK
    UNPAID > PENDING IN_DOUBT FAILED NOT_REQUIRED PAID DISPUTED PART_REFUNDED REFUNDED CHARGED_BACK
    PENDING > UNPAID IN_DOUBT FAILED PAID DISPUTED PART_REFUNDED REFUNDED CHARGED_BACK
    IN_DOUBT > UNPAID PENDING FAILED PAID DISPUTED PART_REFUNDED REFUNDED CHARGED_BACK
    FAILED > UNPAID PENDING PAID DISPUTED PART_REFUNDED REFUNDED CHARGED_BACK
    PAID > DISPUTED PART_REFUNDED REFUNDED CHARGED_BACK
    DISPUTED > PAID PART_REFUNDED REFUNDED CHARGED_BACK
    PART_REFUNDED > REFUNDED
"""


def steps(text: str) -> set[tuple[str, str]]:
    pairs: set[tuple[str, str]] = set()
    for row in text.strip().splitlines():
        state, _, targets = row.partition(">")
        pairs |= {(state.strip(), to) for to in targets.split()}
    return pairs


def reach(start: S, arrows: Callable[[S], Iterable[S]]) -> set[S]:
    """All states that can follow ``start``, itself included."""
    seen, todo = {start}, [start]
    while todo:
        for to in arrows(todo.pop()):
            if to not in seen:
                seen.add(to)
                todo.append(to)
    return seen


def allowed(step: Callable[[S, S], S], states: type[S]) -> set[tuple[S, S]]:
    """The pairs that a function lets through."""
    pairs: set[tuple[S, S]] = set()
    for state, to in product(states, states):
        try:
            assert step(state, to) is to
        except IllegalTransition:
            continue
        pairs.add((state, to))
    return pairs


def named(pairs: Iterable[tuple[Enum, Enum]]) -> set[tuple[str, str]]:
    return {(a.value, b.value) for a, b in pairs}


def may_see(state: str, seen: str) -> bool:
    """The rules for what suppliers say, of a purchase order that was placed and no further before a hold."""
    if state in BEFORE:
        return seen in MAIN or seen == "CANCELED" or (state, seen) == ("IN_DOUBT", "REJECTED")
    if state in BESIDE:
        return seen in MAIN or seen == "CANCELED"
    if state not in MAIN or state == "COMPLETED":
        return False
    if seen in MAIN:
        return MAIN.index(seen) > MAIN.index(state)
    if seen == "ON_HOLD":
        return state in [*STILL_THERE, "PART_SHIPPED"]
    if seen == "REJECTED":
        return state == "PLACED"
    return seen in {"CANCELED", "CANCEL_REQUESTED"} and state in STILL_THERE


# --- goods ------------------------------------------------------------------------------------


def test_our_own_steps_are_these_and_no_others() -> None:
    assert named(allowed(command, Fulfillment)) == steps(OUR_STEPS)


def test_a_step_that_is_not_in_the_table_says_which_it_was() -> None:
    with pytest.raises(IllegalTransition, match="from SHIPPED to TO_ORDER"):
        command(F.SHIPPED, F.TO_ORDER)


@pytest.mark.parametrize(("state", "seen"), list(product(F, F)), ids=lambda state: state.value)
def test_an_observation_moves_exactly_where_the_rules_say(state: F, seen: F) -> None:
    after, what = observe(state, seen, left=None)
    if state is seen:
        assert (after, what) == (state, Seen.SAME)
    elif may_see(state.value, seen.value):
        assert (after, what) == (seen, Seen.MOVED)
    else:
        assert after is state
        assert what in {Seen.REGRESSED, Seen.CONTRADICTORY}


@pytest.mark.parametrize("state", F)
def test_a_word_nobody_mapped_changes_nothing(state: F) -> None:
    assert observe(state, None, left=None) == (state, Seen.UNKNOWN_WORD)


@pytest.mark.parametrize("state", F)
def test_what_has_left_or_is_over_cannot_be_canceled_without_a_person(state: F) -> None:
    if state in {F.PART_SHIPPED, F.SHIPPED, F.DELIVERED, F.COMPLETED, F.REJECTED}:
        assert observe(state, F.CANCELED, left=None) == (state, Seen.CONTRADICTORY)


@pytest.mark.parametrize("state", [F.CANCELED, F.REJECTED])
@pytest.mark.parametrize("seen", [F.PART_SHIPPED, F.SHIPPED, F.DELIVERED, F.COMPLETED])
def test_goods_that_leave_after_a_cancel_are_looked_at_by_a_person(state: F, seen: F) -> None:
    """The shopper was told that nothing comes, or the goods were ordered elsewhere: this is money."""
    assert observe(state, seen, left=None) == (state, Seen.CONTRADICTORY)


@pytest.mark.parametrize("beside", [F.ON_HOLD, F.CANCEL_REQUESTED])
@pytest.mark.parametrize(("left", "seen"), list(product(MAIN, MAIN)))
def test_after_a_hold_a_purchase_order_does_not_fall_behind_where_it_was(
    beside: F, left: str, seen: str
) -> None:
    after, what = observe(beside, F(seen), left=F(left))
    if MAIN.index(seen) >= MAIN.index(left):
        assert (after, what) == (F(seen), Seen.MOVED)
    else:
        assert (after, what) == (beside, Seen.REGRESSED)


@pytest.mark.parametrize("beside", [F.ON_HOLD, F.CANCEL_REQUESTED])
def test_a_hold_after_a_part_has_left_cannot_end_in_a_silent_cancel(beside: F) -> None:
    """A part is on its way to the shopper, hold or no hold."""
    assert observe(beside, F.CANCELED, left=F.PART_SHIPPED) == (beside, Seen.CONTRADICTORY)
    assert observe(beside, F.CANCELED, left=F.READY) == (F.CANCELED, Seen.MOVED)


@pytest.mark.parametrize("state", F)
@pytest.mark.parametrize("left", F)
def test_a_supplier_is_asked_to_cancel_only_what_is_placed_and_of_which_nothing_has_left(
    state: F, left: F
) -> None:
    still_there = state.value in STILL_THERE
    beside = state.value in BESIDE and left not in {F.PART_SHIPPED, F.SHIPPED, F.DELIVERED, F.COMPLETED}
    assert can_be_canceled(state, left=left) is (still_there or beside)


def follow(state: F) -> set[F]:
    return set(COMMANDS.get(state, ())) | {observe(state, seen, left=None)[0] for seen in F}


def test_every_state_can_be_reached_from_the_start() -> None:
    assert reach(F.IN_QUOTE, follow) == set(F)


@pytest.mark.parametrize("state", F)
def test_every_state_can_end(state: F) -> None:
    final = {F.CANCELED, F.REJECTED, F.COMPLETED}
    assert reach(state, follow) & final
    if state in final:
        assert reach(state, follow) == {state}


def test_nothing_comes_back_from_shipped() -> None:
    assert reach(F.SHIPPED, follow) == {F.SHIPPED, F.DELIVERED, F.COMPLETED}


def test_only_what_was_never_placed_can_be_ordered() -> None:
    """The step to PLACING is the one that costs money: nothing placed may come before it again."""
    assert {state for state in F if F.PLACING in reach(state, follow)} == {F(name) for name in BEFORE}


def test_in_doubt_is_left_by_what_was_found_and_never_by_a_cancel_of_ours() -> None:
    assert COMMANDS[F.IN_DOUBT] == {F.TO_ORDER, F.PLACED}


# --- money ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "seen"), list(product(P, P)), ids=lambda state: state.value)
def test_money_moves_exactly_where_the_rules_say(state: P, seen: P) -> None:
    after, what = observe_payment(state, seen)
    if state is seen:
        assert (after, what) == (state, Seen.SAME)
    elif (state.value, seen.value) in steps(MONEY_STEPS):
        assert (after, what) == (seen, Seen.MOVED)
    else:
        assert (after, what) == (state, Seen.REGRESSED)


@pytest.mark.parametrize("state", P)
def test_a_supplier_that_says_nothing_about_money_changes_nothing(state: P) -> None:
    assert observe_payment(state, None) == (state, Seen.SAME)


def see_money(state: P) -> set[P]:
    return {observe_payment(state, seen)[0] for seen in P}


def test_what_was_paid_is_never_seen_as_unpaid() -> None:
    """Else the next run would pay again."""

    unpaid = {P.UNKNOWN, P.UNPAID, P.PENDING, P.IN_DOUBT, P.FAILED}
    for state in {P.PAID, P.DISPUTED, P.PART_REFUNDED, P.REFUNDED, P.CHARGED_BACK}:
        assert not reach(state, see_money) & unpaid


def test_every_payment_can_be_reached_and_can_end() -> None:
    assert reach(P.UNKNOWN, see_money) == set(P)
    for state in P:
        assert reach(state, see_money) & {P.PAID, P.REFUNDED, P.CHARGED_BACK, P.NOT_REQUIRED}


# --- intents ----------------------------------------------------------------------------------

INTENT_PAIRS = allowed(move_intent, IntentState) - {(state, state) for state in N}


def after(state: IntentState) -> set[IntentState]:
    return {to for was, to in INTENT_PAIRS if was is state}


def test_what_is_confirmed_stays_confirmed() -> None:
    assert after(N.CONFIRMED) == set()


def test_a_late_success_closes_an_intent_from_any_state() -> None:
    assert {state for state, to in INTENT_PAIRS if to is N.CONFIRMED} == set(N) - {N.CONFIRMED}


def test_an_unknown_effect_is_never_taken_for_refused() -> None:
    for to in (N.REFUSED, N.NOT_SENT):
        with pytest.raises(IllegalTransition, match=f"UNKNOWN to {to.value}"):
            move_intent(N.UNKNOWN, to)


def test_absence_is_only_found_where_something_was_sent() -> None:
    assert {state for state, to in INTENT_PAIRS if to is N.ABSENT} == {N.UNKNOWN, N.PARKED}


def test_a_call_that_may_be_under_way_is_not_started_again() -> None:
    assert after(N.OPEN) == {N.NOT_SENT, N.UNKNOWN, N.CONFIRMED, N.REFUSED}


def test_every_intent_can_be_confirmed_and_every_state_of_one_can_be_reached() -> None:
    assert reach(N.OPEN, after) == set(N)
    for state in N:
        assert N.CONFIRMED in reach(state, after)


def test_repeating_the_same_word_of_an_intent_is_no_step() -> None:
    for state in N:
        assert move_intent(state, state) is state


# --- words and drawings -----------------------------------------------------------------------

WORDS = {
    Fulfillment: [*BEFORE, *MAIN, *BESIDE, "CANCELED", "REJECTED"],
    Payment: [state for state, _ in sorted(steps(MONEY_STEPS))]
    + ["NOT_REQUIRED", "REFUNDED", "CHARGED_BACK"],
    IntentState: ["OPEN", "NOT_SENT", "ABSENT", "UNKNOWN", "CONFIRMED", "REFUSED", "PARKED"],
    NoticeState: ["DUE", "ANNOUNCED", "REFUSED", "WITHDRAWN"],
}


@pytest.mark.parametrize("states", WORDS, ids=lambda states: states.__name__)
def test_state_words_are_never_renamed_or_removed(states: type[Enum]) -> None:
    """A journal written by this version must be read by every later one."""
    assert {state.value for state in states} >= set(WORDS[states])
    assert all(state.name == state.value for state in states)


def test_the_tables_are_those_the_project_started_from(shared: Path) -> None:
    told = json.loads((shared / "states.json").read_text())
    goods, money = told["fulfillment"], told["payment"]
    assert {state.value: rank for state, rank in _states.RANK.items()} == goods["rank"]
    assert {state.value for state in _states.FINAL} == set(goods["terminal"])
    assert {state.value for state in F} == {*goods["rank"], *goods["side"]}
    assert named(allowed(command, Fulfillment)) == {tuple(pair) for pair in goods["local_commands"]}
    assert {state.value for state in P} == set(money["states"])
    told_money = {
        (state, to)
        for state, target in money["transitions"]
        for to in (money["states"] if target == "*" else [target])
        if to != state
    }
    assert named((a, b) for a in _states.PAYMENTS for b in _states.PAYMENTS[a]) == told_money
    assert {state.value for state in P if not _states.PAYMENTS.get(state)} == set(money["terminal"])
