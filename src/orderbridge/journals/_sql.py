"""The SQL files: named queries and numbered migrations."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

import attrs

__all__ = ["Query", "migrations", "queries", "statements"]

_HEAD = "-- name: "


@attrs.frozen
class Query:
    """One named query: what it is for, and its text."""

    about: str
    text: str


@lru_cache(maxsize=1)
def queries() -> Mapping[str, Query]:
    """The named queries of all files in ``sql/queries``; each file is named for the module that runs them.

    Raises:
        ValueError: a name stands twice, or a query has no line that says what it is for.
    """
    found: dict[str, Query] = {}
    for file in (files("orderbridge.journals") / "sql" / "queries").iterdir():
        for block in file.read_text("utf-8").split(_HEAD)[1:]:
            name, about, *lines = block.splitlines()
            if name in found or not about.startswith("-- "):
                raise ValueError(f"{file.name}: {name!r} stands twice or does not say what it is for")
            found[name] = Query(about.removeprefix("-- "), "\n".join(lines).strip().removesuffix(";"))
    return MappingProxyType(found)


@lru_cache(maxsize=1)
def migrations() -> tuple[str, ...]:
    """The migrations in order: the first makes version 1 of the schema out of nothing."""
    found = sorted(
        (entry.name, entry.read_text("utf-8"))
        for entry in (files("orderbridge.journals") / "sql").iterdir()
        if entry.name[:4].isdigit()
    )
    if [name for name, _ in found] != [f"{number:04}.sql" for number in range(1, len(found) + 1)]:
        raise ValueError("migrations are numbered 0001.sql, 0002.sql and so on, without a gap")
    return tuple(text for _, text in found)


def statements(script: str) -> list[str]:
    """The statements of a migration, each of which ends a line with its semicolon.

    Databases differ in how many statements they take at once, and sqlite3's ``executescript``
    would commit the transaction that a migration runs in.
    """
    found = [""]
    for line in script.splitlines():
        if line.startswith("--"):
            continue
        found[-1] += line + "\n"
        if line.rstrip().endswith(";"):
            found.append("")
    return [text.strip() for text in found if text.strip()]
