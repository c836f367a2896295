"""What the commands print: tables for people, JSON for programs, one line on stderr for what is wrong."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeAlias, cast

import attrs
import typer
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .. import Money
from .._canonical import plain
from .._wording import amount_of as amount
from ..errors import ConfigurationError

__all__ = [
    "CONFIG",
    "AsJson",
    "ConfigFile",
    "accounts_like",
    "amount",
    "ask_first",
    "console",
    "counted",
    "print_json",
    "print_table",
    "progress",
    "say_wrong",
    "somebody_is_there",
    "when",
    "without_private",
    "write_papers",
]

AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
ConfigFile: TypeAlias = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
CONFIG = Path("orderbridge.toml")


def accounts_like(kind: str) -> Callable[[typer.Context, str], list[str]]:
    """For the shell, while somebody types the name of a store or a supplier."""

    def found(ctx: typer.Context, incomplete: str) -> list[str]:
        try:
            with open(ctx.params.get("config") or CONFIG, "rb") as file:
                return [
                    name for name in tomllib.load(file).get(f"{kind}s", {}) if name.startswith(incomplete)
                ]
        except (OSError, ValueError):
            return []  # nothing can be said while somebody types

    return found


_WIDE = 10_000  # signs in a line that nobody looks at on a terminal


def console() -> Console:
    """Where people read. What goes to a file or another program is as wide as it is.

    What platforms and people wrote is never read as markup.
    """
    found = Console(highlight=False, markup=False, emoji=False)
    if not found.is_terminal:
        found.width = _WIDE
    return found


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


def write_papers(papers: Iterable[tuple[Path, bytes]]) -> None:
    """Papers name shoppers: nobody else on this machine may read them, whatever was there before."""
    for file, body in papers:
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.chmod(0o600)
            file.write_bytes(body)
        except OSError as error:
            raise ConfigurationError(
                f"{error.filename or file}: cannot be written: {error.strerror}"
            ) from None


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; what stands in it is never read as markup.

    Columns that nothing stands in are left out. What has no space in it, such as an id or a link, is never
    broken, so that it can be copied: where a terminal is too narrow for that, each row is a list.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    if not cells:
        console().print(Text(f"{title}: none."), soft_wrap=True)
        return
    kept = [at for at in range(len(columns)) if at == 0 or any(row[at] for row in cells)]
    shown = [[columns[at], *(row[at] for row in cells)] for at in kept]
    to = console()
    widths = _widths(shown, to.width - 1 - 3 * len(kept))
    if widths is None:
        _print_lists(to, title, shown)
        return
    headed = any(heading for heading, *_ in shown)
    table = Table(title=title, title_justify="left", header_style="bold", show_header=headed)
    for (heading, *_), width in zip(shown, widths, strict=True):
        table.add_column(heading, width=width)
    for row in cells:
        table.add_row(*(Text(row[at]) for at in kept))
    to.print(table)


def _widths(columns: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """How wide each column is, the widest made narrower first; None if a word would have to be broken."""
    least = [
        max((cell_len(word) for cell in column for word in cell.split()), default=0) for column in columns
    ]
    found = [max(cell_len(line) for cell in column for line in cell.split("\n")) for column in columns]
    while sum(found) > room:
        narrower = [at for at, width in enumerate(found) if width > least[at]]
        if not narrower:
            return None
        found[max(narrower, key=lambda at: found[at])] -= 1
    return found


def _print_lists(to: Console, title: str, columns: Sequence[Sequence[str]]) -> None:
    to.print(Text(title), soft_wrap=True)
    (_, *firsts), *others = columns
    for at, first in enumerate(firsts, start=1):
        to.print(Text(first.replace("\n", ", ")), soft_wrap=True)
        for column in others:
            if column[at]:
                text = column[at].replace("\n", ", ")
                to.print(Text(f"  {column[0]}: {text}" if column[0] else f"  {text}"), soft_wrap=True)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return when(value)
    if isinstance(value, Money):
        return amount(value)
    return str(value)


def counted(number: int, one: str) -> str:
    """So many of something, such as "1 order" or "2 orders"."""
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


def when(at: datetime) -> str:
    """A time for people: UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def ask_first(question: str, *, yes: bool) -> None:
    """Ask a person before what cannot be undone. Where nobody can be asked, ``--yes`` says it beforehand."""
    if yes:
        return
    if not somebody_is_there():
        raise ConfigurationError(f"{question} Nobody can be asked here: --yes says so")
    if not typer.confirm(question, err=True):
        typer.echo("Nothing was done.", err=True)
        raise typer.Exit(1)


def somebody_is_there() -> bool:
    """Is there a terminal to ask at?"""
    return sys.stdin.isatty()


def say_wrong(words: str) -> None:
    """One line on stderr."""
    typer.echo(f"orderbridge: {' '.join(words.split())}", err=True)
