"""What a platform allows is for all processes on a journal together."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from both_sides import Jumping, Sides
from orderbridge._buckets import ARRIVE, GLANCE, LOST, OLD, RENEW, Buckets
from orderbridge._calls import Line
from orderbridge._clockwork import Clockwork
from orderbridge._drivers import SyncDriver
from orderbridge._drivers_async import AsyncDriver
from orderbridge._http import Read, Request, Response
from orderbridge._journal import Tx
from orderbridge._pace import SURE, Pace
from orderbridge._saga import Lost, Saga, commit, fetch, send
from orderbridge.adapters import Allowance, Bucket
from orderbridge.auth import NoAuth
from orderbridge.errors import JournalError, RateLimited
from orderbridge.journals.sqlite import SqliteJournal, open_memory, open_sqlite
from orderbridge.suppliers import alibaba
from wires import Wire, answer

T = TypeVar("T")

LONG = 1e6  # seconds


@attrs.define
class Machine(Clockwork):
    """A machine's clocks: one that may be wrong, and a steady one that began at any time."""

    true: Jumping
    wrong_by: timedelta = timedelta(0)
    up: float = 0.0

    def wall(self) -> datetime:
        return self.true.wall() + self.wrong_by

    def steady(self) -> float:
        return self.true.steady() + self.up

    def sleep(self, seconds: float) -> None:
        self.true.sleep(seconds)

    async def rest(self, seconds: float) -> None:
        self.sleep(seconds)


class Asking:
    """One process that asks a platform."""

    def __init__(self, journal: SqliteJournal, clock: Clockwork, bucket: Bucket) -> None:
        self.clock = clock
        self.bucket = bucket
        self.buckets = Buckets(journal, clock)
        self.pace = self.buckets.pace("shop", bucket)

    def wait(self, *, write: bool = False, at_most: float = LONG) -> float:
        """As a driver does before a call; the seconds until it may leave."""
        pause = self.look(write=write)
        if pause:
            self.clock.sleep(pause)
            self.look(write=True)
        return pause + self.pace.take(at_most)

    def look(self, *, write: bool = False) -> float:
        return self.buckets.meet("shop", self.bucket) if write or not self.buckets.knows("shop") else 0.0

    def told(self, seconds: float) -> None:
        """The platform said so."""
        self.buckets.freeze("shop", self.bucket, seconds)
        self.buckets.tell("shop")

    def in_a_row(self, calls: int) -> float:
        """The seconds that so many calls take, each after the one before."""
        before = self.clock.steady()
        for _ in range(calls):
            at = self.clock.steady()
            wait = self.wait()
            self.clock.sleep(at + wait - self.clock.steady())
        return self.clock.steady() - before


class Several:
    """Processes on one journal, and the one true time."""

    def __init__(self, *, per_second: float = 1.0, burst: int = 10) -> None:
        self.time = Jumping()
        self.journal = open_memory()
        self.bucket = Bucket(per_second=per_second, burst=burst)

    def process(self, *, wrong_by: float = 0.0, up: float = 0.0) -> Asking:
        clock = Machine(self.time, timedelta(seconds=wrong_by), up)
        return Asking(self.journal, clock, self.bucket)

    def kill(self, processes: int, *, wrong_by: float = 0.0) -> None:
        """So many had just said that they ask, and are no more."""
        at = self.time.wall() + timedelta(seconds=wrong_by)

        def said(tx: Tx) -> None:
            for number in range(processes):
                tx.put_pace("shop", f"killed {number} at {at}", 1, at)

        self.journal.transact(said)

    def rows(self) -> int:
        return len(self.journal.look(lambda tx: tx.paces("shop")))


@pytest.fixture
def several() -> Iterator[Several]:
    made = Several()
    yield made
    made.journal.close()


# --- together no more than the bucket allows ---------------------------------------------------------


def too_many(departures: list[float], bucket: Bucket) -> list[float]:
    """The calls that a platform with such a bucket would have turned away."""
    level, at, turned_away = float(bucket.burst), 0.0, []
    for now in sorted(departures):
        level, at = min(bucket.burst, level + (now - at) * bucket.per_second), now
        if level < 1.0 - 1e-6:
            turned_away.append(now)
            continue
        level -= 1.0
    return turned_away


PAUSES = st.sampled_from([0.0] * 30 + [0.01, 0.1, 0.4, 0.99, 1.5, 19.0, 39.0, 59.0, 61.0, 90.0])


@given(
    calls=st.lists(st.tuples(st.integers(0, 2), st.booleans(), PAUSES), min_size=30, max_size=100),
    up=st.tuples(*[st.floats(0.0, 1e5)] * 3),
    wrong_by=st.tuples(*[st.floats(-20.0, 20.0)] * 3),
)
def test_workers_that_come_and_go_never_ask_more_than_one_alone_might(
    calls: list[tuple[int, bool, float]], up: tuple[float, ...], wrong_by: tuple[float, ...]
) -> None:
    """Where their clocks are as right as has to be. Each makes one call after the other, after a pause."""
    several = Several(per_second=6.0, burst=6)
    workers = [
        several.process(wrong_by=wrong, up=seconds) for wrong, seconds in zip(wrong_by, up, strict=True)
    ]
    todo: list[list[tuple[bool, float]]] = [[], [], []]
    for number, write, pause in calls:
        todo[number].append((write, pause))
    departures: list[float] = []
    asks = [(todo[number][0][1], number) for number in range(3) if todo[number]]
    while asks:
        at, number = min(asks)
        asks.remove((at, number))
        several.time.sleep(at - several.time.steady())
        if pause := workers[number].look(write=todo[number][0][0]):
            asks.append((at + pause, number))
            continue
        todo[number].pop(0)
        departures.append(at + workers[number].pace.take(LONG))
        if todo[number]:
            asks.append((departures[-1] + todo[number][0][1], number))
    several.journal.close()
    assert not too_many(departures, several.bucket)


def test_a_bucket_that_nobody_shares_is_over_when_it_was_over_before(several: Several) -> None:
    alone = several.process()
    assert [alone.wait() for _ in range(12)] == [0.0] * 10 + [1.0, 2.0]


def test_processes_that_are_all_at_it_share_what_there_is(several: Several) -> None:
    first, second = several.process(), several.process()
    first.in_a_row(10)
    for process in (second, first):
        several.time.sleep(GLANCE)
        process.wait()
    several.time.sleep(10.0)
    for process in (first, second):
        assert process.in_a_row(25) > 20 / 0.5 - 2.0


def test_the_share_of_one_that_was_killed_comes_back(several: Several) -> None:
    killed, other = several.process(), several.process()
    killed.wait()
    assert other.in_a_row(20) > 38.0
    several.time.sleep(LOST)
    other.wait()
    other.in_a_row(20)
    assert other.in_a_row(20) == pytest.approx(20.0)


def test_the_row_of_one_that_was_killed_is_cleared_away(several: Several) -> None:
    killed, other = several.process(), several.process()
    killed.wait()
    for _ in range(3):
        other.wait()
        assert several.rows() == 2
        several.time.sleep(RENEW)
    several.time.sleep(LOST)
    other.wait()
    assert several.rows() == 1


def test_the_share_of_one_that_ends_in_order_is_there_at_once(several: Several) -> None:
    leaving, other = several.process(), several.process()
    leaving.wait()
    other.in_a_row(10)
    leaving.buckets.leave()
    several.time.sleep(GLANCE)
    other.wait()
    assert other.in_a_row(20) < 22.0


# --- nobody stands still for those who are no more ---------------------------------------------------


@given(
    killed=st.lists(
        st.tuples(st.integers(0, 100), st.floats(-1e6, 1e6) | st.floats(-120.0, 120.0)), max_size=3
    ),
    per_second=st.floats(0.2, 100.0),
    burst=st.integers(1, 100),
    asks=st.lists(st.tuples(st.floats(0.1, 100.0), st.booleans(), PAUSES), min_size=1, max_size=30),
    wrong_by=st.floats(-1e6, 1e6),
)
def test_a_call_leaves_within_seconds_however_many_were_killed_and_whatever_clocks_say(
    killed: list[tuple[int, float]],
    per_second: float,
    burst: int,
    asks: list[tuple[float, bool, float]],
    wrong_by: float,
) -> None:
    several = Several(per_second=per_second, burst=burst)
    for processes, wrong in killed:
        several.kill(processes, wrong_by=wrong)
    asking = several.process(wrong_by=wrong_by)
    before = 0.0  # what a call has cost that may still have to come back, as for one alone
    for cost, write, pause in asks:
        several.time.sleep(pause)
        if keep_still := asking.look(write=write):
            several.time.sleep(keep_still)
            asking.look(write=True)
        several.time.sleep(asking.pace.take(max(SURE, (before + cost) / per_second) + 1e-6, cost))
        before = max(before, cost)
    several.journal.close()


def test_programs_that_live_for_seconds_get_their_calls_out_after_a_hundred_were_killed() -> None:
    """A command that is started once a minute never lives to see that nobody is behind a row."""
    several = Several(per_second=10.0, burst=20)
    several.kill(100)
    took: list[float] = []
    for _ in range(4):
        several.time.sleep(60.0)
        command = several.process()
        took.append(command.in_a_row(10))
        command.buckets.leave()
    several.journal.close()
    assert took[0] < ARRIVE + 10 * (SURE + GLANCE)
    assert took[2:] == [0.0, 0.0]


def test_what_is_there_of_ones_own_share_is_spent_before_that_of_the_others() -> None:
    clock = Jumping()
    pace = Pace(Bucket(per_second=1.0, burst=10), clock)
    pace.share(2, in_doubt=True)
    clock.sleep(20.0)
    assert [pace.take(LONG) for _ in range(7)] == [0.0] * 5 + [2.0, 4.0]


def test_what_left_at_the_cost_of_those_who_were_no_more_need_not_come_back() -> None:
    clock = Jumping()
    pace = Pace(Bucket(per_second=1.0, burst=1), clock)
    pace.share(100, in_doubt=True)
    waits: list[float] = []
    for _ in range(20):
        waits.append(pace.take(LONG))
        clock.sleep(waits[-1])
    assert waits == [0.0] + [SURE] * 19
    pace.share(1)
    assert pace.take(LONG) < 2.0


def test_where_the_others_are_surely_there_each_keeps_to_its_part() -> None:
    pace = Pace(Bucket(per_second=1.0, burst=100), Jumping())
    pace.share(100)
    assert [pace.take(LONG) for _ in range(3)] == [0.0, 100.0, 200.0]


def test_one_that_comes_back_keeps_still_again_before_anything_leaves_at_the_cost_of_others(
    several: Several,
) -> None:
    asking = several.process()
    asking.wait()
    several.time.sleep(90.0)
    several.kill(3)
    assert asking.wait() == pytest.approx(SURE)


def test_a_bridge_that_only_reads_its_journal_does_not_count_rows_of_long_ago() -> None:
    class ReadOnly(SqliteJournal):
        def transact(self, work: Callable[[Tx], T]) -> T:
            raise JournalError("look-only")

    several = Several()
    several.journal = ReadOnly(None)
    long_ago = several.time.wall() - OLD
    SqliteJournal.transact(several.journal, lambda tx: tx.put_pace("shop", "killed", 1, long_ago))
    assert several.process().in_a_row(10) == 0.0
    several.journal.close()


def test_scripts_that_never_close_do_not_slow_those_that_come_after_them() -> None:
    several = Several(per_second=4.0, burst=20)
    for _ in range(50):
        several.time.sleep(300.0)
        assert several.process().in_a_row(20) == 0.0
        assert several.rows() == 1
    several.journal.close()


def test_one_that_comes_a_minute_after_a_kill_has_half_for_two_minutes_at_most(several: Several) -> None:
    several.process().wait()
    several.time.sleep(60.0)
    successor = several.process()
    assert 38.0 < successor.in_a_row(20) < 42.0
    several.time.sleep(OLD.total_seconds() - 60.0)
    successor.wait()
    successor.in_a_row(20)
    assert successor.in_a_row(20) == pytest.approx(20.0)


@pytest.mark.parametrize("wrong_by", [-OLD.total_seconds(), OLD.total_seconds(), -1e8, 1e8])
def test_a_row_whose_time_cannot_be_is_not_counted_and_cleared_away(
    several: Several, wrong_by: float
) -> None:
    several.kill(5, wrong_by=wrong_by)
    assert several.process().wait() == 0.0
    assert several.rows() == 1


def test_processes_whose_clocks_are_wrong_count_each_other_once_they_have_seen_that_they_are_there(
    several: Several,
) -> None:
    first, second = several.process(wrong_by=-86400.0), several.process(wrong_by=86400.0)
    for _ in range(90):
        several.time.sleep(GLANCE)
        first.look()
        second.look()
    assert first.in_a_row(20) > 18.0
    assert second.in_a_row(20) > 18.0


SCRIPT = """
import os, sys
from orderbridge._calls import Line
from orderbridge._drivers import SyncDriver
from orderbridge.adapters import Bucket
from orderbridge.auth import NoAuth
from orderbridge.journals.sqlite import open_sqlite

def ask():
    line = Line(
        account="shop", base_url="http://127.0.0.1:9", auth=NoAuth(), bucket=Bucket(per_second=1.0, burst=4)
    )
    driver = SyncDriver(open_sqlite(sys.argv[1]), lambda _: line)
    driver._take(line, 10.0, 1.0)
    return driver

"""


@pytest.mark.parametrize(
    ("script", "left"),
    [
        ("driver = ask()", 0),
        ("ask()", 0),
        ("driver = ask()\ndriver.journal.close()", 1),
        ("driver = ask()\nraise SystemExit(0)", 0),
        ("driver = ask()\nos._exit(0)", 1),
        *(
            pytest.param(
                f"{before}\nif os.fork():\n    os.wait()\n    os._exit(0)\ndriver = None",
                1,
                marks=pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here"),
            )
            for before in ("driver = ask()", "ask()")
        ),
    ],
    ids=[
        "at its end",
        "out of sight",
        "without its journal",
        "by an exit",
        "by a kill",
        "as a forked child",
        "as a child of one that had dropped it",
    ],
)
def test_a_script_that_ends_without_closing_leaves_what_it_shared(
    tmp_path: Path, script: str, left: int
) -> None:
    """Its own row and no other's: that of the parent of a fork stays."""
    path = tmp_path / "journal.db"
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT + script, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ended.stderr == ""
    journal = open_sqlite(path)
    assert len(journal.look(lambda tx: tx.paces("shop"))) == left
    journal.close()


# --- who is there ------------------------------------------------------------------------------------


def test_one_that_keeps_asking_is_counted_for_as_long(several: Several) -> None:
    first, second = several.process(), several.process()
    first.wait()
    second.wait()
    for _ in range(60):
        several.time.sleep(10.0)
        first.wait()
        second.wait()
    assert first.in_a_row(10) > 8.0


def test_one_that_comes_new_keeps_still_until_the_others_have_made_room(several: Several) -> None:
    several.process().wait()
    assert several.process().wait() > ARRIVE


def test_a_journal_that_may_only_be_read_keeps_nobody_from_asking(several: Several) -> None:
    class ReadOnly(SqliteJournal):
        def transact(self, work: Callable[[Tx], T]) -> T:
            raise JournalError("look-only")

    reading = Asking(ReadOnly(None), several.time, several.bucket)
    assert reading.wait() == 0.0
    reading.told(3.0)
    assert reading.wait() == 3.0


def test_a_journal_that_was_closed_keeps_nobody_from_asking(several: Several) -> None:
    asking = several.process()
    several.journal.close()
    assert asking.wait() == 0.0
    asking.buckets.leave()


# --- pauses -------------------------------------------------------------------------------------------


def test_a_pause_that_one_is_told_of_holds_for_all_before_their_next_write(several: Several) -> None:
    first, second = several.process(), several.process()
    first.wait()
    second.in_a_row(1)
    first.told(300.0)
    with pytest.raises(RateLimited):
        second.wait(write=True, at_most=30.0)
    several.time.sleep(300.0)
    assert second.wait(write=True) < 3.0


def test_reads_hear_of_a_pause_a_moment_later(several: Several) -> None:
    first, second = several.process(), several.process()
    first.wait()
    second.in_a_row(1)
    first.told(300.0)
    several.time.sleep(GLANCE)
    assert second.wait() > 290.0


def test_a_pause_outlasts_the_process_that_was_told(several: Several) -> None:
    told = several.process()
    told.wait()
    told.told(900.0)
    told.buckets.leave()
    assert several.process().wait() == pytest.approx(900.0)


@pytest.mark.parametrize("wrong_by", [-3600.0, 3600.0, -1e8, 1e8])
def test_a_pause_never_lasts_longer_than_the_platform_said_whatever_a_clock_says(
    several: Several, wrong_by: float
) -> None:
    wrong, right = several.process(wrong_by=wrong_by), several.process()
    wrong.wait()
    wrong.told(60.0)
    assert right.wait() <= 60.0
    several.time.sleep(62.0)
    assert right.wait() == 0.0
    assert wrong.wait() <= 3.0  # only because the other is there


def test_a_clock_that_jumps_changes_nothing(several: Several) -> None:
    first, second = several.process(), several.process()
    first.wait()
    second.in_a_row(10)
    for jump in (3600.0, -7200.0, 1e7):
        assert isinstance(first.clock, Machine)
        first.clock.wrong_by = timedelta(seconds=jump)
        several.time.sleep(10.0)
        first.wait()
        assert second.in_a_row(10) > 8.0


def test_a_shorter_pause_does_not_end_a_longer_one(several: Several) -> None:
    first = several.process()
    first.wait()
    first.told(900.0)
    first.told(5.0)
    assert several.process().wait() == pytest.approx(900.0)


# --- what answers say ---------------------------------------------------------------------------------


def test_where_answers_say_what_is_left_one_at_work_gets_what_an_idle_one_leaves() -> None:
    """``per_second`` of an answer is the account's: dividing it once is enough."""
    several = Several(per_second=100.0, burst=1000)
    idle, busy = several.process(), several.process()
    idle.wait()
    level, at, spent = 1000.0, several.time.steady(), 0.0
    began = at
    while several.time.steady() - began < 50.0:
        if not busy.buckets.knows("shop"):
            busy.buckets.meet("shop", several.bucket)
        several.time.sleep(max(0.01, busy.pace.take(LONG, 50.0)))
        level, at = min(1000.0, level + (several.time.steady() - at) * 100.0), several.time.steady()
        assert level >= 50.0, "turned away"
        level, spent = level - 50.0, spent + 50.0
        busy.pace.settle(50.0, Allowance(left=level, per_second=100.0, most=1000.0))
    several.journal.close()
    assert spent > 0.95 * (50.0 * 100.0)


def test_accounts_of_one_app_at_alibaba_share_its_bucket() -> None:
    def limits(app_key: str, account: str) -> Bucket:
        return alibaba.PLATFORM.limits(
            alibaba.Settings(
                base_url="https://a.example",
                app_key=app_key,
                app_secret="s",
                account=account,
                refresh_token="r",
            )
        )

    assert limits("1", "ann").name == limits("1", "bob").name != limits("2", "ann").name
    with Wire(answer()) as wire:
        bucket = Bucket(per_second=1.0, burst=4, name="alibaba/1")
        lines = {
            name: Line(account=name, base_url=wire.url, auth=NoAuth(), bucket=bucket)
            for name in ("ann", "bob")
        }
        clock = Jumping()
        driver = SyncDriver(open_memory(), lines.__getitem__, clockwork=clock)
        for name in ("ann", "bob") * 3:
            driver.run(fetch(name, Read("GET", "/x")))
        driver.close()
        assert clock.steady() == pytest.approx(2.0)


# --- drivers ------------------------------------------------------------------------------------------


class Both:
    """Two processes with a driver each, a sync one and an async one, over one journal."""

    def __init__(self, url: str, *, meter: Callable[[Response], Allowance | None] = lambda _: None) -> None:
        self.time = Jumping()
        self.journal = open_memory()
        bucket = Bucket(per_second=10.0, burst=100)
        line = Line(account="shop", base_url=url, auth=NoAuth(), bucket=bucket, meter=meter)
        self.sync = SyncDriver(self.journal, lambda _: line, clockwork=Machine(self.time))
        self.loop = asyncio.new_event_loop()
        self.on_loop = AsyncDriver(self.journal, lambda _: line, clockwork=Machine(self.time))

    def __enter__(self) -> Both:
        return self

    def __exit__(self, *exc: object) -> None:
        self.sync.close()
        self.loop.run_until_complete(self.on_loop.close())
        self.loop.close()
        self.journal.close()

    def run(self, driver: str, saga: Saga[Any]) -> Any:
        if driver == "sync":
            return self.sync.run(saga)
        return self.loop.run_until_complete(self.on_loop.run(saga))

    def write(self, driver: str) -> Any:
        request = Request("POST", "/x", body=b"{}")
        return self.run(driver, send("shop", request, not_after=self.time.steady() + 30.0))


@pytest.mark.parametrize(("first", "second"), [("sync", "async"), ("async", "sync")])
@pytest.mark.parametrize("how", ["429", "in words"])
def test_what_one_process_is_told_keeps_the_other_from_writing(first: str, second: str, how: str) -> None:
    def says(response: Response) -> Allowance | None:
        if response.text != "wait":
            return None
        return Allowance(left=1.0 - 300.0 * 10.0, per_second=10.0, most=100.0, throttled=True)

    turned_away = answer(429, more="Retry-After: 300\r\n") if how == "429" else answer(200, b"wait")
    with Wire(turned_away) as wire, Both(wire.url, meter=says) as both:
        both.write(first)
        outcome = both.write(second)
        assert isinstance(outcome, Lost)
        assert not outcome.sent
        assert len(wire.got) == 1


@pytest.mark.parametrize("driver", ["sync", "async"])
def test_calls_cost_no_commits_but_one_now_and_then_that_says_who_asks(driver: str) -> None:
    with Wire(answer()) as wire, Both(wire.url) as both:
        for _ in range(50):
            both.run(driver, fetch("shop", Read("GET", "/x")))
            both.write(driver)
        assert both.journal.commits == 1
        both.time.sleep(RENEW)
        both.write(driver)
        assert both.journal.commits == 2


def test_a_chain_of_writes_costs_one_commit_each_and_one_more() -> None:
    def chain(writes: int) -> Saga[None]:
        for number in range(writes + 1):
            yield from commit(lambda tx, number=number: tx.put_meta("step", str(number)))
            if number < writes:
                yield from send("shop", Request("POST", "/x"), not_after=30.0)

    with Wire(answer()) as wire, Both(wire.url) as both:
        both.write("sync")
        before = both.journal.commits
        both.run("sync", chain(5))
        assert both.journal.commits - before == 6


def test_an_order_costs_the_commits_that_it_did_without_sharing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside those that say who asks: one for each side, and one more for each after some minutes."""

    def commits() -> int:
        with Sides() as sides:
            bridge = sides.bridge()
            sides.sell({"RW-100": 1})
            sides.live(bridge, 1)
            sides.dispatch()
            sides.live(bridge, 1)
            return bridge._setup.journal.commits

    said: list[str] = []
    really = Buckets._say

    def counted(self: Buckets, share: Any, now: float) -> None:
        said.append(share.name)
        really(self, share, now)

    with monkeypatch.context() as patch:
        patch.setattr(Buckets, "_say", counted)
        together = commits()
    monkeypatch.setattr(Buckets, "meet", lambda *_: None)
    assert set(said) == {"shop", "rewix"}
    assert together - len(said) == commits()


def test_a_forked_child_is_a_process_of_its_own(several: Several) -> None:
    line = Line(account="shop", base_url="http://127.0.0.1:9", auth=NoAuth(), bucket=several.bucket)
    driver = SyncDriver(several.journal, lambda _: line, clockwork=several.time)
    for _ in range(2):
        driver._take(line, LONG, 1.0)
        driver.reopen()
    assert several.rows() == 2
