"""This machine's time and chance."""

from __future__ import annotations

import random
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path

from ._saga import Clock


def _domain() -> str:
    """Names the steady clock: the same for all processes since this machine was started."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return secrets.token_hex(16)


_DOMAIN = _domain()


class Clockwork:
    """This machine's time and chance. Who must not wait brings one that jumps over every pause."""

    def wall(self) -> datetime:
        """UTC, as good as this machine's clock is."""
        return datetime.now(UTC)

    def steady(self) -> float:
        """Seconds of a clock that never jumps, and that goes on while the machine sleeps where it can."""
        boot = getattr(time, "CLOCK_BOOTTIME", None)
        return time.monotonic() if boot is None else time.clock_gettime(boot)

    def sleep(self, seconds: float) -> None:
        """Let so much time pass."""
        time.sleep(seconds)

    async def rest(self, seconds: float) -> None:
        """The same on an event loop, which goes on meanwhile."""
        import asyncio  # loads much, and only event loops need it

        await asyncio.sleep(seconds)

    def chance(self) -> float:
        """Anything from 0 to 1."""
        return random.random()  # noqa: S311 (jitter, no secret)

    def read(self) -> Clock:
        """What time it is here."""
        return Clock(wall=self.wall(), steady=self.steady(), domain=_DOMAIN, salt=secrets.token_hex(16))

    def pause(self, tried: int) -> float:
        """Seconds to wait before a read is repeated: full jitter."""
        return self.chance() * min(8.0, 0.5 * 2.0**tried)
