"""What every journal must do: subclass ``JournalSuite`` in a test module and pytest tells.

class TestMyJournal(JournalSuite):
    def open(self) -> Journal:
        return MyJournal(...)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from threading import Barrier
from typing import TypeVar

import attrs
import pytest

from .._events import EventKind
from .._intents import Intent
from .._journal import Journal, Tx
from .._states import IntentState
from ..errors import JournalError, LeaseLost, RowRefused
from ._journal_samples import MINUTE, NOW, a_purchase, an_attempt, an_intent, an_order, keep_order
from ._journal_things import ThingTests

__all__ = ["JournalSuite"]

T = TypeVar("T")
WORKERS = 4


def _at_once(work: Callable[[int], T]) -> list[T]:
    """``work`` in several threads that start together."""
    start = Barrier(WORKERS)

    def run(number: int) -> T:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(run, range(WORKERS)))


class JournalSuite(ThingTests):
    """Behavior tests of a journal. Subclass it, name the class ``Test...``, and say how to open one."""

    def open(self) -> Journal:
        """A new journal with nothing in it: override it with yours."""
        raise NotImplementedError

    @pytest.fixture
    def journal(self) -> Iterator[Journal]:
        journal = self.open()
        yield journal
        journal.close()

    # --- transactions ---

    def test_a_transaction_that_raises_leaves_nothing(self, journal: Journal) -> None:
        def fail(tx: Tx) -> None:
            keep_order(tx, an_order())
            tx.put_meta("left", "behind")
            tx.event(EventKind.ORDER_SEEN, about="shop/7", at=NOW)
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            journal.transact(fail)
        assert journal.look(lambda tx: (tx.order("shop/7"), tx.get_meta("left"), tx.events())) == (
            None,
            None,
            (),
        )
        journal.transact(lambda tx: tx.put_meta("still", "works"))
        assert journal.look(lambda tx: tx.get_meta("still")) == "works"

    def test_a_transaction_sees_its_own_writes_and_returns_what_its_work_returns(
        self, journal: Journal
    ) -> None:
        def work(tx: Tx) -> str | None:
            tx.put_meta("a", "1")
            return tx.get_meta("a")

        assert journal.transact(work) == "1"

    def test_a_transaction_inside_a_transaction_is_an_error(self, journal: Journal) -> None:
        def nest(tx: Tx) -> None:
            tx.put_meta("outer", "1")
            journal.transact(lambda inner: inner.put_meta("inner", "1"))

        with pytest.raises(JournalError):
            journal.transact(nest)
        assert journal.look(lambda tx: (tx.get_meta("outer"), tx.get_meta("inner"))) == (None, None)

    def test_what_look_writes_does_not_stay(self, journal: Journal) -> None:
        with pytest.raises(JournalError):
            journal.look(lambda tx: tx.put_meta("a", "1"))
        assert journal.look(lambda tx: tx.get_meta("a")) is None

    def test_a_transaction_cannot_be_used_after_its_end(self, journal: Journal) -> None:
        kept = journal.transact(lambda tx: tx)
        with pytest.raises(JournalError):
            kept.put_meta("late", "1")
        with pytest.raises(JournalError):
            journal.transact(lambda _: kept.put_meta("late", "1"))
        assert journal.look(lambda tx: tx.get_meta("late")) is None

    def test_adopting_a_journal_that_is_at_home_changes_nothing(self, journal: Journal) -> None:
        journal.transact(lambda tx: tx.put_meta("a", "1"))
        journal.adopt()
        journal.transact(lambda tx: tx.put_meta("b", "2"))
        assert journal.look(lambda tx: (tx.get_meta("a"), tx.get_meta("b"))) == ("1", "2")

    def test_a_refused_row_is_an_error_in_words_and_the_rest_of_the_transaction_stands_or_falls_whole(
        self, journal: Journal
    ) -> None:
        def twice(tx: Tx) -> None:
            keep_order(tx, an_order())
            intent = tx.add_intent(an_intent())
            tx.add_attempt(an_attempt(intent.id))
            tx.add_attempt(an_attempt(intent.id))

        with pytest.raises(RowRefused):
            journal.transact(twice)
        assert journal.look(lambda tx: tx.order("shop/7")) is None

    def test_commits_counts_the_transactions_that_wrote(self, journal: Journal) -> None:
        before = journal.commits
        journal.transact(lambda tx: tx.get_meta("a"))
        journal.look(lambda tx: tx.get_meta("a"))
        assert journal.commits == before
        journal.transact(lambda tx: tx.put_meta("a", "1"))
        assert journal.commits == before + 1
        with pytest.raises(RowRefused):
            journal.transact(lambda tx: tx.put_purchase(a_purchase(order="unknown")))
        assert journal.commits == before + 1

    def test_threads_that_add_to_one_number_lose_nothing(self, journal: Journal) -> None:
        def add(tx: Tx) -> None:
            tx.put_meta("n", str(int(tx.get_meta("n") or 0) + 1))

        def work(_: int) -> None:
            for _ in range(10):
                journal.transact(add)

        _at_once(work)
        assert journal.look(lambda tx: tx.get_meta("n")) == str(WORKERS * 10)

    # --- who works on what ---

    def test_only_one_of_two_claimers_gets_a_subject(self, journal: Journal) -> None:
        seen = journal.look(lambda tx: tx.work("cart/hub")).fence
        fence = journal.transact(lambda tx: tx.claim("cart/hub", seen=seen, now=NOW))
        assert fence > seen
        with pytest.raises(LeaseLost):
            journal.transact(lambda tx: tx.claim("cart/hub", seen=seen, now=NOW))
        assert journal.look(lambda tx: (tx.owns("cart/hub", fence), tx.owns("cart/hub", seen))) == (
            True,
            False,
        )

    def test_of_many_threads_that_claim_at_once_one_wins(self, journal: Journal) -> None:
        def claim(_: int) -> bool:
            try:
                journal.transact(lambda tx: tx.claim("cart/hub", seen=0, now=NOW))
            except LeaseLost:
                return False
            return True

        assert sorted(_at_once(claim)) == [False] * (WORKERS - 1) + [True]

    def test_a_call_under_way_keeps_claimers_away_until_its_time_is_over(self, journal: Journal) -> None:
        def take(tx: Tx) -> int:
            fence = tx.claim("cart/hub", seen=0, now=NOW)
            tx.hold("cart/hub", fence=fence, until=NOW + MINUTE)
            return fence

        fence = journal.transact(take)
        with pytest.raises(LeaseLost):
            journal.transact(lambda tx: tx.claim("cart/hub", seen=fence, now=NOW + MINUTE / 2))
        assert journal.transact(lambda tx: tx.claim("cart/hub", seen=fence, now=NOW + MINUTE)) == fence + 1
        with pytest.raises(LeaseLost):
            journal.transact(lambda tx: tx.hold("cart/hub", fence=fence, until=NOW + 9 * MINUTE))

    def test_what_is_held_is_not_due_and_what_is_released_is_due_when_it_said(self, journal: Journal) -> None:
        def take(tx: Tx) -> None:
            tx.wake("cart/hub", NOW)
            tx.hold("cart/hub", fence=tx.claim("cart/hub", seen=0, now=NOW), until=NOW + MINUTE)

        journal.transact(take)
        assert journal.look(lambda tx: (tx.due(NOW, 9), tx.next_due())) == ((), NOW + MINUTE)
        journal.transact(lambda tx: tx.release("cart/hub", due_at=NOW + 2 * MINUTE, failures=2))
        assert journal.look(lambda tx: tx.due(NOW + MINUTE, 9)) == ()
        assert journal.look(lambda tx: tx.due(NOW + 2 * MINUTE, 9)) == ("cart/hub",)
        work = journal.look(lambda tx: tx.work("cart/hub"))
        assert (work.failures, work.fence, work.lease_until) == (2, 1, None)
        journal.transact(lambda tx: tx.release("cart/hub", due_at=None))
        assert journal.look(lambda tx: (tx.due(NOW + 9 * MINUTE, 9), tx.next_due())) == ((), None)

    def test_a_holder_can_say_when_next_and_keep_it_or_free_it_and_leave_the_time(
        self, journal: Journal
    ) -> None:
        def take(tx: Tx) -> None:
            tx.hold("a", fence=tx.claim("a", seen=0, now=NOW), until=NOW + MINUTE)
            tx.schedule("a", NOW)

        journal.transact(take)
        assert journal.look(lambda tx: tx.due(NOW, 9)) == ()
        journal.transact(lambda tx: tx.free("a"))
        assert journal.look(lambda tx: tx.due(NOW, 9)) == ("a",)
        assert journal.look(lambda tx: tx.owns("a", 1))

    def test_due_subjects_come_longest_waiting_first_and_no_more_than_asked_for(
        self, journal: Journal
    ) -> None:
        def wake(tx: Tx) -> None:
            for name, minutes in (("c", 3), ("a", 1), ("b", 2), ("later", 30)):
                tx.wake(name, NOW + minutes * MINUTE)

        journal.transact(wake)
        assert journal.look(lambda tx: tx.due(NOW + 3 * MINUTE, 9)) == ("a", "b", "c")
        assert journal.look(lambda tx: tx.due(NOW + 3 * MINUTE, 2)) == ("a", "b")
        assert journal.look(lambda tx: tx.next_due()) == NOW + MINUTE

    def test_waking_keeps_the_earliest_time(self, journal: Journal) -> None:
        def due_at() -> datetime | None:
            return journal.look(lambda tx: tx.work("a").due_at)

        journal.transact(lambda tx: tx.wake("a", NOW))
        journal.transact(lambda tx: tx.wake("a", NOW + MINUTE))
        assert due_at() == NOW
        journal.transact(lambda tx: tx.wake("a", NOW - MINUTE))
        assert due_at() == NOW - MINUTE
        journal.transact(lambda tx: tx.release("a", due_at=None))
        journal.transact(lambda tx: tx.wake("a", NOW + MINUTE))
        assert due_at() == NOW + MINUTE

    # --- intents and attempts ---

    def test_one_step_of_one_operation_has_one_intent(self, journal: Journal) -> None:
        intent = journal.transact(lambda tx: tx.add_intent(an_intent()))
        assert intent.id > 0
        assert attrs.evolve(intent, id=0) == an_intent()

        def find(tx: Tx) -> Intent | None:
            return tx.intent(about="shop/7/hub/1", operation="place", op_no=1, step="create")

        assert journal.look(find) == intent
        with pytest.raises(RowRefused):
            journal.transact(lambda tx: tx.add_intent(an_intent()))
        tracking = journal.transact(lambda tx: tx.add_intent(an_intent(step="tracking")))
        assert journal.look(lambda tx: tx.intents(about="shop/7/hub/1", operation="place", op_no=1)) == (
            intent,
            tracking,
        )
        known = attrs.evolve(intent, state=IntentState.CONFIRMED, reason="seen", absences=1, absent_at=1.5)
        journal.transact(lambda tx: tx.put_intent(known))
        assert journal.look(find) == known

    @pytest.mark.parametrize("state", IntentState)
    def test_open_unknown_and_parked_intents_are_unresolved(
        self, journal: Journal, state: IntentState
    ) -> None:
        journal.transact(lambda tx: tx.add_intent(attrs.evolve(an_intent(), state=state)))
        waits = state in {IntentState.OPEN, IntentState.UNKNOWN, IntentState.PARKED}
        assert journal.look(lambda tx: tx.unresolved("shop/7/hub/1")) is waits
        assert not journal.look(lambda tx: tx.unresolved("shop/7/hub/2"))

    def test_an_attempt_keeps_its_bytes_whatever_comes_of_it(self, journal: Journal) -> None:
        intent = journal.transact(lambda tx: tx.add_intent(an_intent())).id
        first, second = an_attempt(intent), an_attempt(intent, 2)
        journal.transact(lambda tx: tx.add_attempt(second))
        journal.transact(lambda tx: tx.add_attempt(first))
        changed = attrs.evolve(
            first, request="other", sha256="cd", fence=9, state=IntentState.CONFIRMED, answer="200"
        )
        journal.transact(lambda tx: tx.put_attempt(changed))
        assert journal.look(lambda tx: tx.attempts(intent)) == (
            attrs.evolve(first, state=IntentState.CONFIRMED, answer="200"),
            second,
        )
        with pytest.raises(RowRefused):
            journal.transact(lambda tx: tx.add_attempt(changed))
        with pytest.raises(RowRefused):
            journal.transact(lambda tx: tx.add_attempt(an_attempt(intent + 1)))

    def test_a_late_success_closes_its_intent_and_nothing_opens_it_again(self, journal: Journal) -> None:
        def try_it(tx: Tx) -> int:
            intent = tx.add_intent(attrs.evolve(an_intent(), state=IntentState.UNKNOWN))
            for no in (1, 2):
                tx.add_attempt(attrs.evolve(an_attempt(intent.id, no), state=IntentState.UNKNOWN))
            return intent.id

        intent = journal.transact(try_it)
        for _ in range(2):
            journal.transact(lambda tx: tx.confirm_late(intent, 1, "201"))
        tries = journal.look(lambda tx: tx.attempts(intent))
        assert [(tried.state, tried.answer) for tried in tries] == [
            (IntentState.CONFIRMED, "201"),
            (IntentState.UNKNOWN, ""),
        ]
        assert not journal.look(lambda tx: tx.unresolved("shop/7/hub/1"))

    # --- events ---

    def test_events_come_in_one_order_by_page_owner_and_order(self, journal: Journal) -> None:
        def write(tx: Tx) -> None:
            tx.event(
                EventKind.ORDER_SEEN, about="shop/7", order_id="shop/7", owner="ann", at=NOW, data={"ü": "☃"}
            )
            tx.event(EventKind.PLACED, about="shop/8/hub/1", order_id="shop/8", owner="bob", at=NOW)
            tx.event(EventKind.MONEY_STOPPED, about="", at=NOW)

        journal.transact(write)
        events = journal.look(lambda tx: tx.events())
        assert [event.kind for event in events] == ["OrderSeen", "Placed", "MoneyStopped"]
        assert (events[0].data, events[0].at, events[0].about) == ({"ü": "☃"}, NOW, "shop/7")
        assert journal.look(lambda tx: tx.events(after=events[0].position, limit=1)) == events[1:2]
        assert journal.look(lambda tx: tx.events(owner="bob")) == events[1:2]
        assert journal.look(lambda tx: tx.time_line("shop/7")) == events[:1]

    def test_a_reader_that_follows_the_events_skips_none_while_threads_write(self, journal: Journal) -> None:
        each = 15
        read: list[str] = []
        done: list[int] = []

        def follow() -> None:
            position, last = 0, False
            while not last:
                last = len(done) == WORKERS - 1
                while page := journal.look(partial(Tx.events, after=position, limit=7)):
                    read.extend(event.about for event in page)
                    position = page[-1].position

        def work(number: int) -> None:
            if number == 0:
                follow()
                return
            try:
                for count in range(each):
                    journal.transact(
                        partial(Tx.event, kind=EventKind.STATUS, about=f"{number}.{count}", at=NOW)
                    )
            finally:
                done.append(number)

        _at_once(work)
        assert sorted(read) == sorted(f"{n}.{c}" for n in range(1, WORKERS) for c in range(each))
        for number in range(1, WORKERS):
            assert [about for about in read if about.startswith(f"{number}.")] == [
                f"{number}.{count}" for count in range(each)
            ]

    def test_an_undone_event_is_never_read(self, journal: Journal) -> None:
        def fail(tx: Tx) -> None:
            tx.event(EventKind.PLACING, about="", at=NOW)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            journal.transact(fail)
        journal.transact(lambda tx: tx.event(EventKind.PLACED, about="", at=NOW))
        assert [event.kind for event in journal.look(lambda tx: tx.events())] == ["Placed"]

    def test_a_consumer_goes_on_where_it_was(self, journal: Journal) -> None:
        assert journal.look(lambda tx: tx.consumer("mail")) == 0
        journal.transact(lambda tx: tx.put_consumer("mail", 5))
        journal.transact(lambda tx: tx.put_consumer("mail", 9))
        assert journal.look(lambda tx: (tx.consumer("mail"), tx.consumer("other"))) == (9, 0)
        journal.transact(lambda tx: tx.put_consumer("mail", 7))  # a slower one of the same name
        assert journal.look(lambda tx: tx.consumer("mail")) == 9

    def test_an_event_belongs_to_the_owner_of_its_order_or_account(self, journal: Journal) -> None:
        def write(tx: Tx) -> None:
            keep_order(tx, an_order(), owner="ann")
            tx.put_account(
                "hub", kind="supplier", platform="x", owner="bob", identity="i", take_from=None, at=NOW
            )
            tx.event(EventKind.HELD, about="shop/7", order_id="shop/7", at=NOW)
            tx.event(EventKind.PULL_FAILED, about="hub", at=NOW)
            tx.event(EventKind.MONEY_STOPPED, about="all", at=NOW)

        journal.transact(write)
        for owner, kind in (("ann", EventKind.HELD), ("bob", EventKind.PULL_FAILED)):
            assert [event.kind for event in journal.look(partial(Tx.events, owner=owner))] == [kind]

    def test_what_is_planned_is_told_by_kind(self, journal: Journal) -> None:
        def write(tx: Tx) -> None:
            tx.wake("pull/shop", NOW)
            tx.wake("pullover/shop", NOW)
            tx.wake("pull/done", NOW)
            tx.schedule("pull/done", None)

        journal.transact(write)
        assert journal.look(lambda tx: tx.planned("pull")) == {"pull/shop"}

    # --- pulls, webhooks, cache ---

    def test_a_page_and_its_cursor_are_kept_together_or_not_at_all(self, journal: Journal) -> None:
        def page(tx: Tx) -> None:
            keep_order(tx, an_order())
            tx.put_cursor("shop", "p2", NOW)
            tx.put_purchase(a_purchase(order="unknown"))

        with pytest.raises(RowRefused):
            journal.transact(page)
        assert journal.look(lambda tx: (tx.cursor("shop"), tx.order("shop/7"))) == (None, None)
        journal.transact(lambda tx: tx.put_cursor("shop", "p2", NOW))
        journal.transact(lambda tx: tx.put_cursor("shop", "p3", NOW + MINUTE))
        assert journal.look(lambda tx: tx.cursor("shop")) == ("p3", NOW + MINUTE)

    def test_a_webhook_is_taken_once_also_by_threads_at_once(self, journal: Journal) -> None:
        def take(_: int) -> bool:
            return journal.transact(lambda tx: tx.take_inbox("shop", "m1", NOW))

        assert sorted(_at_once(take)) == [False] * (WORKERS - 1) + [True]
        assert journal.transact(lambda tx: tx.take_inbox("other", "m1", NOW))
        journal.transact(lambda tx: tx.trim_inbox(NOW))
        assert not journal.transact(lambda tx: tx.take_inbox("shop", "m1", NOW))
        journal.transact(lambda tx: tx.trim_inbox(NOW + MINUTE))
        assert journal.transact(lambda tx: tx.take_inbox("shop", "m1", NOW))

    def test_a_cached_answer_is_good_until_it_expires(self, journal: Journal) -> None:
        journal.transact(lambda tx: tx.put_cache("shop", "sha", "old", NOW))
        journal.transact(lambda tx: tx.put_cache("shop", "sha", "new", NOW + MINUTE))
        assert journal.look(lambda tx: tx.cached("shop", "sha", NOW)) == "new"
        assert journal.look(lambda tx: tx.cached("shop", "sha", NOW + MINUTE)) is None
        assert journal.look(lambda tx: tx.cached("other", "sha", NOW)) is None

    # --- how fast platforms are asked ---

    def test_who_asks_out_of_a_bucket_stands_there_until_it_leaves_or_is_missed(
        self, journal: Journal
    ) -> None:
        def say(tx: Tx) -> None:
            for bucket in ("shop", "hub"):
                for process in ("p1", "p2", "p3"):
                    tx.put_pace(bucket, process, 1, NOW)
            tx.put_pace("shop", "p1", 2, NOW + MINUTE)

        journal.transact(say)
        assert journal.look(lambda tx: tx.paces("shop")) == {
            "p1": (2, NOW + MINUTE),
            "p2": (1, NOW),
            "p3": (1, NOW),
        }
        journal.transact(lambda tx: tx.drop_paces("p3"))
        journal.transact(lambda tx: tx.drop_pace("shop", "p1", 1))  # it has said so again since
        journal.transact(lambda tx: tx.drop_pace("shop", "p2", 1))
        assert journal.look(lambda tx: (tx.paces("shop"), tx.paces("hub"))) == (
            {"p1": (2, NOW + MINUTE)},
            {"p1": (1, NOW), "p2": (1, NOW)},
        )

    def test_who_asked_out_of_a_bucket_too_long_ago_or_at_a_time_to_come_is_forgotten(
        self, journal: Journal
    ) -> None:
        def say(tx: Tx) -> None:
            for minutes in range(-2, 3):
                tx.put_pace("shop", f"at {minutes}", 1, NOW + minutes * MINUTE)
                tx.put_pace("hub", f"at {minutes}", 1, NOW + minutes * MINUTE)
            tx.drop_old_paces("shop", since=NOW - 2 * MINUTE, until=NOW + 2 * MINUTE)

        journal.transact(say)
        assert set(journal.look(lambda tx: tx.paces("shop"))) == {"at -1", "at 0", "at 1"}
        assert len(journal.look(lambda tx: tx.paces("hub"))) == 5

    def test_the_last_pause_that_a_platform_wanted_is_kept(self, journal: Journal) -> None:
        assert journal.look(lambda tx: tx.freeze("shop")) is None
        journal.transact(lambda tx: tx.put_freeze("shop", NOW + MINUTE, 60.0))
        journal.transact(lambda tx: tx.put_freeze("shop", NOW + 2 * MINUTE, 59.5))
        assert journal.look(lambda tx: tx.freeze("shop")) == (NOW + 2 * MINUTE, 60.0)
        assert journal.look(lambda tx: tx.freeze("hub")) is None
