"""A bridge whose journal is out of reach for a while goes on when it is back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest

import orderbridge as ob
from both_sides import Sides
from orderbridge._journal import Tx
from orderbridge.errors import Damaged, JournalError, Unreachable
from orderbridge.journals.sqlite import open_memory

T = TypeVar("T")


class Away:
    """A journal that cannot be had from its ``at``-th writing transaction on, so many times."""

    def __init__(self, at: int, *, times: int, error: type[JournalError] = Unreachable) -> None:
        self._journal = open_memory()
        self._left = at
        self.times = times
        self._error = error

    @property
    def commits(self) -> int:
        return self._journal.commits

    @property
    def look_only(self) -> bool:
        return self._journal.look_only

    def transact(self, work: Callable[[Tx], T]) -> T:
        if self._left:
            self._left -= 1
        else:
            self._try()
        return self._journal.transact(work)

    def look(self, work: Callable[[Tx], T]) -> T:
        if not self._left:
            self._try()
        return self._journal.look(work)

    def _try(self) -> None:
        if self.times:
            self.times -= 1
            raise self._error("the server is going down")

    def adopt(self) -> None:
        self._journal.adopt()

    def close(self) -> None:
        self._journal.close()


def stops_when_told(
    sides: Sides, bridge: ob.Bridge | ob.AsyncBridge, order: str
) -> Callable[[ob.Report], None]:
    """The supplier's people send off what they have; the bridge works until the shop shows it."""

    def told(_: ob.Report) -> None:
        sides.dispatch()
        if sides.shown(order) or sides.clock.steady() > 40 * 3600:
            bridge.stop()

    return told


@pytest.mark.parametrize("at", [12, 20, 27])
def test_a_worker_waits_for_a_journal_that_is_away_and_loses_nothing(
    at: int, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Away(at, times=3)
    with Sides() as sides, caplog.at_level(logging.WARNING, "orderbridge"):
        bridge = sides.bridge(journal=journal, policy=ob.Policy(place=ob.Who.AUTOMATIC))
        bridge.run_once()
        order = sides.sell({"RW-100": 1})
        bridge.run(told=stops_when_told(sides, bridge, order))
        assert sides.ordered() == [{"100": 1}]
        assert len(sides.shown(order)) == sides.departure_mails(order) == 1
    assert journal.times == 0
    assert set(caplog.messages) == {"waiting for the journal: the server is going down"}


def test_a_worker_that_never_worked_says_at_once_what_is_wrong() -> None:
    with Sides() as sides:
        bridge = sides.bridge(journal=Away(0, times=99))
        with pytest.raises(Unreachable):
            bridge.run()


def test_a_journal_that_is_broken_ends_the_worker() -> None:
    with Sides() as sides:
        bridge = sides.bridge(journal=Away(12, times=99, error=Damaged))
        bridge.run_once()
        sides.sell({"RW-100": 1})
        with pytest.raises(Damaged):
            bridge.run()


def test_an_event_loop_goes_on_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderbridge._drivers_shared.LONGEST_PAUSE", 0.05)
    journal = Away(0, times=0)
    reports: list[ob.Report] = []

    async def until(happened: Callable[[], bool], work: asyncio.Task[None]) -> None:
        while not happened() and not work.done():
            await asyncio.sleep(0.02)

    async def go(parts: dict[str, object]) -> None:
        async with ob.AsyncBridge(**parts) as bridge:  # type: ignore[arg-type]
            work = asyncio.create_task(bridge.run(told=reports.append))
            await until(lambda: bool(reports), work)
            journal.times = 2
            await until(lambda: not journal.times, work)
            assert not work.done()
            bridge.stop()
            await work

    with Sides() as sides:
        asyncio.run(go(sides.parts(journal=journal, policy=ob.Policy(pull_every=timedelta(seconds=0.1)))))
    assert journal.times == 0
