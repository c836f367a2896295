"""Procrastinate as the dispatcher of many workers: one task looks what is due, another does it.

    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=...))
    orderbridge.ext.procrastinate.install(app, bridge)

The journal knows what is due and when, so a job is only a hint: one that is lost, doubled or late costs time
and nothing else. That is also why no job is deferred inside the journal's own transactions. It would save the
seconds until the next look, and the look must be there all the same, for what becomes due by the clock alone.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from procrastinate import App
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Status

from .. import AsyncBridge, Bridge

__all__ = ["install"]

_AT_ONCE = 500  # subjects that one look queues


def install(
    app: App,
    bridge: Bridge | AsyncBridge,
    *,
    name: str = "orderbridge",
    queue: str = "orderbridge",
    cron: str = "* * * * * */5",
    stalled_after: float = 30.0,
) -> None:
    """Register the tasks ``NAME:due`` and ``NAME:advance``, before the workers start.

    A subject waits in the queue once and is worked on by one job at a time. One that fails is put off by the
    journal, longer each time, and its job says why; the others go on.

    Args:
        app: Where workers find them. Its tables may stand in the journal's database, or in another.

        bridge: A ``Bridge`` is called on threads; an ``AsyncBridge`` must belong to the loop of the worker.

        name: What the tasks' names and locks begin with; another one for a second bridge.

        queue: In which both wait.

        cron: How often it is looked what is due; the sixth field is seconds.

        stalled_after: Seconds without a sign of life of its worker after which a job no longer keeps its
            subject from others. More than the workers' ``update_heartbeat_interval``.
    """

    jobs = app.job_manager

    @app.task(name=f"{name}:advance", queue=queue)
    async def advance(subject: str) -> None:
        if isinstance(bridge, AsyncBridge):
            await bridge.advance(subject)
        else:
            await asyncio.to_thread(bridge.advance, subject)
        # What is still due has not got on, and waits for the next look; what has got on may have made others
        # due, which are looked for as soon as nothing is queued any more.
        if subject not in await _due(bridge):
            with suppress(AlreadyEnqueued):
                await look.configure(queueing_lock=f"{name}:again", priority=-1).defer_async(timestamp=0)

    @app.task(name=f"{name}:due", queue=queue, queueing_lock=f"{name}:due", priority=1)
    async def look(timestamp: int) -> None:
        # The lock of a killed worker's job would stay for ever. If that worker only slept, the journal's
        # fence keeps it from writing.
        for stalled in await jobs.get_stalled_jobs(
            task_name=f"{name}:advance", seconds_since_heartbeat=stalled_after
        ):
            await jobs.finish_job(stalled, status=Status.FAILED, delete_job=False)
        waiting = await jobs.list_jobs_async(task=f"{name}:advance", status="todo")
        locks = {job.queueing_lock for job in waiting}
        for subject in await _due(bridge, start=True):
            lock = f"{name}:{subject}"
            if lock not in locks:
                with suppress(AlreadyEnqueued):  # another worker looked at the same time
                    await advance.configure(lock=lock, queueing_lock=lock).defer_async(subject=subject)

    app.periodic(cron=cron)(look)


async def _due(bridge: Bridge | AsyncBridge, *, start: bool = False) -> tuple[str, ...]:
    if isinstance(bridge, AsyncBridge):
        if start:
            await bridge.start()
        return await bridge.due(limit=_AT_ONCE)
    if start:
        await asyncio.to_thread(bridge.start)
    return await asyncio.to_thread(bridge.due, limit=_AT_ONCE)
