"""Writes events.md from the table in ``orderbridge._events``; run it after changing the table."""

from __future__ import annotations

from pathlib import Path

from orderbridge import EventKind
from orderbridge._events import EVENTS

PAGE = Path(__file__).with_name("events.md")

INTRO = """\
<!-- Made by docs/make_events.py from src/orderbridge/_events.py: change the table there, then run it. -->

# Events

Every change writes an event in the same transaction. `bridge.events(after=...)` reads them, `bridge.consume`
remembers how far you are; see [What happened](guide/embedding.md#what-happened).

Each has a `position` that rises with each event over the whole journal, `at` (UTC), `kind`, `about`,
`order_id` (the shop's order it belongs to, or empty) and `data`. Kinds are never renamed or removed. A later
version may add some: read by an older one, their `kind` is a plain string, so keep a `case _` in a `match`.
What is in `data` is text, never holds an address, a name or a secret, and any of it may be missing.
"""


def page() -> str:
    """The whole page."""
    rows = [
        "| `EventKind` | `kind` | what has happened | `about` names | `data` |",
        "| --- | --- | --- | --- | --- |",
    ]
    for kind in EventKind:
        text = EVENTS[kind]
        data = ", ".join(f"`{name}`" for name in text.data)
        rows.append(f"| `{kind.name}` | `{kind.value}` | {text.means} | {text.about} | {data} |")
    return "\n".join([INTRO, *rows]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
