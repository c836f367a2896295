"""The feed: every event in the order it was written, and how far each consumer has read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from ._canonical import stamp, unstamp
from ._events import Event, EventKind
from ._journal_rows import Part, Row, int_in, text_in

__all__ = ["Feed"]


class Feed(Part):
    """Events and their consumers."""

    def event(
        self,
        kind: EventKind,
        *,
        about: str,
        at: datetime,
        order_id: str = "",
        owner: str = "",
        data: Mapping[str, str] | None = None,
    ) -> None:
        """Write one line of the audit."""
        text = json.dumps(dict(data or {}), sort_keys=True, ensure_ascii=False)
        digest = hashlib.sha256("\n".join((stamp(at), kind, about, order_id, text)).encode()).hexdigest()
        self._rows.run(
            "add_event",
            at=stamp(at),
            kind=kind,
            about=about,
            order_id=order_id,
            owner=owner,
            data=text,
            sha256=digest,
        )

    def events(self, *, after: int = 0, owner: str = "", limit: int = 100) -> tuple[Event, ...]:
        return tuple(
            _event(row) for row in self._rows.run("events_after", after=after, owner=owner, limit=limit)
        )

    def last_position(self) -> int:
        """Where the feed ends now."""
        return int_in(self._rows.run("last_position")[0], "position")

    def time_line(self, order_id: str) -> tuple[Event, ...]:
        return tuple(_event(row) for row in self._rows.run("events_of", order_id=order_id))

    def last_failed_pull(self, store: str) -> tuple[datetime, str] | None:
        """When a store last gave no orders, and why."""
        found = self._rows.run("last_failed_pull", store=store)
        if not found:
            return None
        data: dict[str, str] = json.loads(text_in(found[0], "data"))
        return unstamp(text_in(found[0], "at")), data.get("why", "")

    def consumer(self, name: str) -> int:
        found = self._rows.run("get_consumer", name=name)
        return int_in(found[0], "position") if found else 0

    def put_consumer(self, name: str, position: int) -> None:
        self._rows.run("put_consumer", name=name, position=position)


def _event(row: Row) -> Event:
    return Event(
        position=int_in(row, "position"),
        at=unstamp(text_in(row, "at")),
        kind=_kind(text_in(row, "kind")),
        about=text_in(row, "about"),
        order_id=text_in(row, "order_id"),
        data={str(name): str(value) for name, value in json.loads(text_in(row, "data")).items()},
    )


def _kind(word: str) -> EventKind | str:
    """As it was written, also by a later version than this one."""
    try:
        return EventKind(word)
    except ValueError:
        return word
