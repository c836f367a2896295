"""What the commands print: tables for people, JSON for programs, one line on stderr for what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeAlias, cast

import attrs
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .._canonical import plain

__all__ = [
    "CONFIG",
    "AsJson",
    "ConfigFile",
    "console",
    "print_json",
    "print_table",
    "progress",
    "say_wrong",
    "when",
    "without_private",
]

AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
ConfigFile: TypeAlias = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
CONFIG = Path("orderbridge.toml")


def console() -> Console:
    """Where people read."""
    return Console(highlight=False)


@contextmanager
def progress(what: str) -> Generator[Callable[[str], None], None, None]:
    """A line that says how far long work is, on a terminal only; nothing of it stays."""
    stderr = Console(stderr=True, highlight=False)
    if not stderr.is_terminal:
        yield lambda _: None
        return
    with stderr.status(f"{what} ...") as line:
        yield lambda how_far: line.update(Text(f"{what}: {how_far}"))


def print_json(value: object) -> None:
    """One JSON document on one line."""
    typer.echo(json.dumps(plain(value)))


def without_private(value: object, *, private: bool = False) -> object:
    """Fields that have no place in a repr have none here either: they hold a shopper."""
    if isinstance(value, (list, tuple)):
        return [without_private(item, private=private) for item in cast("list[object]", value)]
    if not attrs.has(type(value)):
        return value
    fields = attrs.fields(type(cast("attrs.AttrsInstance", value)))
    return {
        field.name: without_private(getattr(value, field.name), private=private)
        for field in fields
        if private or field.repr
    }


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; what stands in it is never read as markup."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    console().print(table)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return when(value)
    return str(value)


def when(at: datetime) -> str:
    """A time for people: UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def say_wrong(words: str) -> None:
    """One line on stderr."""
    typer.echo(f"orderbridge: {' '.join(words.split())}", err=True)
