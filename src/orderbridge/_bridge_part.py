"""What every part of a face has: the setup, and the driver that runs its sagas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._drivers import SyncDriver
from ._setup import Setup

if TYPE_CHECKING:
    from ._drivers_async import AsyncDriver

__all__ = ["AsyncPart", "Part"]


class Part:
    """Some of the methods of a ``Bridge``."""

    _setup: Setup
    _driver: SyncDriver


class AsyncPart:
    """Some of the methods of an ``AsyncBridge``."""

    _setup: Setup
    _driver: AsyncDriver
