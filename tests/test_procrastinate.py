"""Procrastinate as the dispatcher: what is due is done once, by any number of workers, killed or not."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import procrastinate
import pytest
from procrastinate.testing import InMemoryConnector

import orderbridge as ob
from both_sides import Sides, codes
from kill_nine import CONFIGURATION, PATIENCE, WRONG, Bridge, FastClock, Strike, Town
from orderbridge import _run
from orderbridge.ext.procrastinate import install
from orderbridge.sandbox import LoopbackServer


class Queue:
    """An app with its jobs in memory, and a worker that runs whenever the test says."""

    def __init__(self, *bridges: ob.Bridge | ob.AsyncBridge) -> None:
        self.connector = InMemoryConnector()
        self.app = procrastinate.App(connector=self.connector)
        for number, bridge in enumerate(bridges):
            install(self.app, bridge, name=f"bridge{number}", cron="0 0 1 1 *")

    @property
    def jobs(self) -> list[dict[str, Any]]:
        return list(self.connector.jobs.values())

    def subjects(self, status: str) -> list[str]:
        """Of the jobs that are to advance something."""
        return [
            job["args"]["subject"]
            for job in self.jobs
            if job["status"] == status and job["args"].get("subject")
        ]

    async def look(self, name: str = "bridge0") -> None:
        """Look what is due, without doing it."""
        await self.app.tasks[f"{name}:due"].func(timestamp=0)

    async def work(self) -> None:
        """Do whatever is queued."""
        await self.app.run_worker_async(wait=False, listen_notify=False, install_signal_handlers=False)

    def live(self, sides: Sides, hours: int = 1) -> None:
        """Look and work every few minutes for so long."""

        async def pass_time() -> None:
            end = sides.now() + timedelta(hours=hours)
            while sides.now() < end:
                await self.look()
                await self.work()
                sides.clock.sleep(300)

        asyncio.run(pass_time())


def test_an_order_goes_its_way_by_jobs_alone() -> None:
    with Sides() as sides:
        order = sides.sell({"RW-100": 2})
        queue = Queue(sides.bridge())
        queue.live(sides)
        assert sides.ordered() == [{"100": 2}]
        sides.dispatch()
        queue.live(sides, hours=8)
        assert len(sides.shown(order)) == 1
        assert sides.departure_mails(order) == 1


def test_what_one_step_makes_due_is_done_without_waiting_for_the_clock() -> None:
    """From the pull to the order at the supplier, after one look."""
    with Sides() as sides:
        sides.sell({"RW-100": 2})
        sides.sell({"RW-101": 1})
        queue = Queue(sides.bridge())

        async def once() -> None:
            await queue.look()
            await queue.work()

        asyncio.run(once())
        assert sorted(sides.ordered(), key=str) == [{"100": 2}, {"101": 1}]
        assert not queue.subjects("todo")


def test_a_subject_waits_in_the_queue_once_however_often_it_is_looked() -> None:
    with Sides() as sides:
        queue = Queue(sides.bridge())
        for _ in range(3):
            asyncio.run(queue.look())
        assert sorted(queue.subjects("todo")) == sorted(set(queue.subjects("todo")))
        assert "pull/shop" in queue.subjects("todo")


def test_two_bridges_in_one_queue_have_tasks_of_their_own() -> None:
    with Sides() as one, Sides() as other:
        queue = Queue(one.bridge(), other.bridge())
        asyncio.run(queue.look())
        asyncio.run(queue.look("bridge1"))
        assert queue.subjects("todo").count("pull/shop") == 2


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes one order run into a bug whenever it is advanced."""
    really = _run.advance_order

    def put(order_id: str) -> None:
        def advance_order(world: Any, name: str, identified: set[str]) -> Any:
            if name == order_id:
                raise ZeroDivisionError
            return really(world, name, identified)

        monkeypatch.setattr(_run, "advance_order", advance_order)

    return put


def test_an_order_that_always_fails_is_put_off_and_the_others_go_their_way(
    poison: Callable[[str], None],
) -> None:
    with Sides() as sides:
        bad, _ = sides.sell({"RW-100": 1}), sides.sell({"RW-101": 2})
        poison(bad)
        bridge = sides.bridge()
        queue = Queue(bridge)
        queue.live(sides)
        assert sides.ordered() == [{"101": 2}]
        failed = queue.subjects("failed")
        assert set(failed) == {f"order/{bad}"}
        assert 2 <= len(failed) <= 6  # each time it waits longer
        assert codes(bridge) == ["FAULT"]


def test_what_an_embedder_advances_itself_is_put_off_as_well(poison: Callable[[str], None]) -> None:
    with Sides() as sides:
        bad = sides.sell({"RW-100": 1})
        poison(bad)
        bridge = sides.bridge()
        bridge.pull("shop")
        bridge.advance("cart/rewix")
        assert f"order/{bad}" in bridge.due()
        with pytest.raises(ZeroDivisionError):
            bridge.advance(f"order/{bad}")
        assert f"order/{bad}" not in bridge.due()


def test_what_is_another_bridge_s_on_the_journal_is_not_due_here() -> None:
    with Sides() as sides:
        journal = ob.journal(":memory:")
        many = {f"shop{number}": sides.store(f"shop{number}") for number in range(9)}
        other = sides.bridge(stores=list(many.values()), journal=journal)
        ours = sides.bridge(journal=journal)
        other.start()
        sides.clock.sleep(60)
        ours.start()
        assert len(other.due()) == 9
        assert ours.due(limit=1) == ("pull/shop",)


def test_a_job_whose_worker_died_does_not_keep_its_subject_from_the_others() -> None:
    with Sides() as sides:
        queue = Queue(sides.bridge())
        asyncio.run(queue.look())
        dead = next(job for job in queue.jobs if job["args"].get("subject") == "pull/shop")
        dead.update(status="doing", worker_id=None)
        asyncio.run(queue.look())
        assert dead["status"] == "failed"
        assert queue.subjects("todo").count("pull/shop") == 1


# --- real workers, over PostgreSQL ---


class Worker(Bridge):
    """A worker process."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        super().__init__(folder, 0.0, 0.0)
        script = Path(__file__).with_name("procrastinate_worker.py")
        self._command = [sys.executable, str(script), str(folder), *arguments]


@pytest.mark.slow
def test_of_two_workers_one_is_killed_and_all_orders_are_placed_and_told_once(tmp_path: Path) -> None:
    from at_postgres import new_schema, server

    server().sql("CREATE DATABASE jobs")
    database, speed, epoch = server().dsn("jobs"), 200.0, time.time()
    app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=database))
    with app.open():
        app.schema_manager.apply_schema()
    clock = FastClock(epoch, speed)
    town = Town(7, clock)
    with (
        LoopbackServer(town.line(town.shop), clock=clock.wall) as shop,
        LoopbackServer(town.line(town.supplier), clock=clock.wall) as supplier,
        ExitStack() as kept,
    ):
        text = CONFIGURATION.format(
            journal=new_schema(),
            take_from=(clock.wall() - timedelta(days=1)).isoformat(),
            shop=shop.url,
            supplier=supplier.url,
            key=town.shop.consumer_key,
            secret=town.shop.consumer_secret,
        )
        for name in ("woocommerce", "rewix"):
            text = text.replace(f'platform = "{name}"', f'platform = "fast-{name}"')
        (tmp_path / "orderbridge.toml").write_text(text)
        for _ in range(40):
            town.sell()
        arguments = (database, repr(epoch), repr(speed))
        killed = kept.enter_context(Worker(tmp_path, *arguments, "threads"))
        other = kept.enter_context(Worker(tmp_path, *arguments, "loop"))
        strike = Strike(killed, calls_left=12, writes=True)
        town.strike = strike
        killed.start()
        other.start()
        assert strike.fell.wait(PATIENCE), other.last_words
        killed.wait()
        end = time.monotonic() + PATIENCE
        while any(town.count()[name] for name in WRONG):
            assert other.alive, other.last_words
            assert time.monotonic() < end, (town.count(), other.last_words)
            time.sleep(0.3)
            town.work()
        # Whatever is still under way has its chance to do harm.
        clock.sleep(600)
        assert other.stop() == 0, other.last_words
    found = town.count()
    assert {name: found[name] for name in WRONG} == dict.fromkeys(WRONG, 0)
    assert found["supplier_orders"] == found["shipped"] > 20
