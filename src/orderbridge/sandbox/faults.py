"""What can go wrong between two machines, done to a simulated platform on purpose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

import attrs

from .._http import Call, Headers, Response

__all__ = ["Backend", "Fault", "Line", "NoAnswer", "NotConnected"]


class Backend(Protocol):
    """A simulated platform at its wire format. It keeps its own ledger of what really happened."""

    def handle(self, call: Call, now: datetime) -> Response:
        """Carry the call out, as the real one would, and answer."""
        ...


class Fault(Enum):
    """One thing that goes wrong with one call."""

    NOT_CONNECTED = "not connected"  # refused before a byte left
    REQUEST_LOST = "request lost"  # nothing arrived, nothing was done, no answer
    ANSWER_LOST = "answer lost"  # done, and nobody is told
    LATE = "late"  # no answer, and done only minutes later
    DOUBLED = "doubled"  # done twice by the network
    THROTTLED = "throttled"  # 429 before any effect
    ERROR_BEFORE = "error before"  # 503 with a page, nothing done
    ERROR_AFTER = "error after"  # 502 with a page, and yet done
    HTML = "html"  # 200 with a bot wall's page, nothing done
    CUT = "cut"  # done, the answer ends half-way
    BOM = "bom"  # done, dirt before the answer


class NotConnected(Exception):
    """The call could not leave: nothing happened."""


class NoAnswer(Exception):
    """The call left and no answer came: anything may have happened."""


def _page(status: int, title: str) -> Response:
    body = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{title}</body></html>"
    return Response(status, headers=Headers({"Content-Type": "text/html"}), body=body.encode())


def never(call: Call) -> Fault | None:
    """No faults."""
    return None


@attrs.define
class Line:
    """The line to one backend; ``plan`` names the fault of each call, or None.

    Late calls wait in ``pending`` until ``deliver`` is called with a time past theirs.

    Args:
        double_after: How long after the first the second of a doubled call arrives.
    """

    backend: Backend
    plan: Callable[[Call], Fault | None] = never
    late_by: timedelta = timedelta(minutes=5)
    double_after: timedelta = timedelta(0)
    pending: list[tuple[datetime, Call]] = attrs.field(factory=list[tuple[datetime, Call]])
    calls: int = 0

    def exchange(self, call: Call, now: datetime) -> Response:
        """One call and its answer.

        Raises:
            NotConnected: nothing happened.
            NoAnswer: anything may have happened.
        """
        self.deliver(now)
        self.calls += 1
        fault = self.plan(call)
        match fault:
            case Fault.NOT_CONNECTED:
                raise NotConnected
            case Fault.REQUEST_LOST:
                raise NoAnswer
            case Fault.LATE:
                self.pending.append((now + self.late_by, call))
                raise NoAnswer
            case Fault.THROTTLED:
                return attrs.evolve(_page(429, "Too many requests"), headers=Headers({"Retry-After": "20"}))
            case Fault.ERROR_BEFORE:
                return _page(503, "Service unavailable")
            case Fault.HTML:
                return _page(200, "Checking your browser")
            case _:
                pass
        response = self.backend.handle(call, now)
        match fault:
            case Fault.ANSWER_LOST:
                raise NoAnswer
            case Fault.DOUBLED if self.double_after:
                self.pending.append((now + self.double_after, call))
                return response
            case Fault.DOUBLED:
                return self.backend.handle(call, now)
            case Fault.ERROR_AFTER:
                return _page(502, "Bad gateway")
            case Fault.CUT:
                return attrs.evolve(response, body=response.body[: len(response.body) // 2])
            case Fault.BOM:
                return attrs.evolve(response, body=b"\xef\xbb\xbf" + response.body)
            case _:
                return response

    def deliver(self, now: datetime) -> None:
        """Carry out the late calls whose time has come, each at its own."""
        due = [(at, call) for at, call in self.pending if at <= now]
        self.pending = [(at, call) for at, call in self.pending if at > now]
        for at, call in due:
            self.backend.handle(call, at)
