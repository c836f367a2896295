"""A worker process of Procrastinate over a journal in PostgreSQL, for the test that kills one.

python tests/procrastinate_worker.py FOLDER DATABASE EPOCH SPEED (threads|loop)
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from procrastinate import App, PsycopgConnector

import both_sides  # the platforms at which nobody waits
import orderbridge as ob
from kill_nine import FastClock
from orderbridge import _drivers_shared
from orderbridge.ext.procrastinate import install

__all__ = ["main"]

assert both_sides.AT_ONCE


async def main(folder: Path, database: str, epoch: float, speed: float, how: str) -> None:
    clock = FastClock(epoch, speed)
    _drivers_shared.Clockwork = lambda: clock  # type: ignore[assignment, misc]
    file = folder / "orderbridge.toml"
    bridge = ob.Bridge.from_toml(file) if how == "threads" else ob.AsyncBridge.from_toml(file)
    app = App(connector=PsycopgConnector(conninfo=database))
    install(app, bridge, cron="* * * * * *", stalled_after=2.0)
    async with app.open_async():
        await app.run_worker_async(
            concurrency=2,
            delete_jobs="successful",
            fetch_job_polling_interval=0.5,
            update_heartbeat_interval=0.5,
        )
    if isinstance(bridge, ob.AsyncBridge):
        await bridge.close()
    else:
        bridge.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), float(sys.argv[4]), sys.argv[5]))
