"""One side of the demonstration: a simulated platform, and the bad weather on the line to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from random import Random
from typing import ClassVar

from .._http import Call
from ..sandbox.faults import Backend, Fault

__all__ = ["Side", "Weather"]


class Side(ABC):
    """A shop or a supplier.

    Args:
        platform: As accounts and the command line call it.

        name: Of its account.

        path: Of the address that accounts have, below its origin.
    """

    platform: ClassVar[str]
    name: ClassVar[str]
    path: ClassVar[str] = ""
    # A copy of a call, made by the network, does there no more than the call.
    bears_copies: ClassVar[bool] = False

    @property
    @abstractmethod
    def backend(self) -> Backend | None:
        """Answers its calls; None where nobody is called."""

    @abstractmethod
    def settings(self) -> dict[str, str]:
        """What an account of it needs beside the address."""

    def changes(self, call: Call) -> bool:
        """Would this call change anything?"""
        return call.method not in ("GET", "HEAD")

    def spared(self, call: Call) -> bool:
        """A call whose loss no client can mend."""
        return False


class Weather:
    """Which call meets which fault: a seeded throw for each."""

    def __init__(self, side: Side, seed: int) -> None:
        self._side = side
        self._chance = Random(f"{seed} {side.name}")  # noqa: S311 (a demonstration, no secret)

    def __call__(self, call: Call) -> Fault | None:
        changes = self._side.changes(call)
        if self._chance.random() > (0.35 if changes else 0.12) or self._side.spared(call):
            return None
        fault = self._chance.choice(list(Fault))
        # A network that doubles what makes a new thing each time makes two, whoever sends it.
        copies = changes and not self._side.bears_copies
        return Fault.ANSWER_LOST if fault is Fault.DOUBLED and copies else fault
