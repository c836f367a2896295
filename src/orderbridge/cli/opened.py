"""The bridge a command works with; with ``--dry-run`` one that only rehearses, and says what would happen."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn, TypeAlias, TypeVar

import typer

from .. import Bridge, Event, EventKind, Review
from .._drivers import SyncDriver
from .._journal import Tx
from .._saga import Commit, Effect, Fetch, Look, Saga, Send, Tick
from .._timeline import in_words
from ..errors import ConfigurationError
from .output import console, print_json, print_table

__all__ = ["DryRun", "Looking", "Owner", "opened", "rehearsed"]

T = TypeVar("T")

DryRun: TypeAlias = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")]
Owner: TypeAlias = Annotated[str, typer.Option(help="Only this owner's, where several share this bridge.")]


@contextmanager
def opened(
    config: Path,
    *,
    asks: bool = True,
    dry_run: bool = False,
    as_json: bool = False,
    then: Iterable[str] = (),
) -> Generator[Bridge, None, None]:
    """The configured bridge.

    Args:
        asks: False where no platform is asked for it; then it needs no secrets.

        dry_run: The first thing that would be written ends the command: it is said, and undone.

        as_json: How it is said.

        then: What would come of it later, in sentences; read when all has been tried.
    """
    if not dry_run:
        with (Bridge if asks else Looking).from_toml(config) as bridge:
            yield bridge
        return
    said = _Rehearsed()
    try:
        with (_Rehearsing if asks else _RehearsingAlone).from_toml(config) as bridge:
            yield bridge
    except _Rehearsed as end:
        said = end
    _say(said, tuple(then), as_json=as_json)
    raise typer.Exit(0)


def rehearsed(config: Path, work: Callable[[Bridge], object]) -> tuple[Event, ...]:
    """What ``work`` would write to the audit before anybody is asked; it refuses what it would refuse."""
    try:
        with _Rehearsing.from_toml(config) as bridge:
            work(bridge)
    except _Rehearsed as end:
        return end.events
    return ()


class _Rehearsed(Exception):
    """So far a command came without anything being kept.

    Args:
        events: What it would have written to the audit.

        asks: The account that would be asked next; nobody is.

        reviews: What a person would be asked.
    """

    def __init__(
        self,
        events: tuple[Event, ...] = (),
        asks: str = "",
        reviews: tuple[Review, ...] = (),
    ) -> None:
        super().__init__(asks)
        self.events = events
        self.asks = asks
        self.reviews = reviews


class Looking(Bridge):
    """For commands that ask no platform: they work where secrets cannot be read, as in an emergency."""

    _signs = False

    @classmethod
    def from_toml(cls, path: str | Path) -> Bridge:
        """A bridge as a configuration file says, which asks nobody."""
        bridge = super().from_toml(path)
        bridge._driver = SyncDriver(bridge._setup.journal, _nobody)
        return bridge


def _nobody(account: str) -> NoReturn:
    raise ConfigurationError(f"account {account!r}: this command asks no platform")


class _Rehearsing(Bridge):
    @classmethod
    def from_toml(cls, path: str | Path) -> Bridge:
        bridge = super().from_toml(path)
        setup = bridge._setup
        bridge._driver = _Rehearsal(setup.journal, setup.line_of, tokens=setup.tokens)
        return bridge


class _RehearsingAlone(_Rehearsing):
    """What ``Looking`` is to the bridge."""

    _signs = False


class _Rehearsal(SyncDriver):
    """Runs a saga within one transaction that is rolled back, up to where somebody outside is asked.

    What a saga reads before its first commit is read: it changes nothing.
    """

    def run(self, saga: Saga[T]) -> T:
        answer: object = None
        error: Exception | None = None
        try:
            while True:
                effect = saga.throw(error) if error is not None else saga.send(answer)
                error = None
                if isinstance(effect, (Commit, Send)):
                    break
                try:
                    answer = self._do(effect)
                except Exception as failed:  # as when it is no rehearsal: the saga says what it stops
                    error = failed
            return self.journal.transact(lambda tx: self._go_on(tx, saga, effect))
        except StopIteration as end:
            found: T = end.value
            return found
        finally:
            saga.close()

    def _go_on(self, tx: Tx, saga: Saga[T], effect: Effect) -> NoReturn:
        before = tx.last_position()
        open_before = {review.id for review in _open_reviews(tx)}
        asks = ""
        try:
            while True:
                answer: object = None
                error: Exception | None = None
                match effect:
                    case Tick():
                        answer = self._do(effect)
                    case Commit() | Look():
                        try:
                            answer = effect.work(tx)
                        except Exception as failed:
                            error = failed
                    case Fetch() | Send():
                        asks = effect.account
                        break
                effect = saga.throw(error) if error is not None else saga.send(answer)
        except StopIteration:
            pass
        reviews = tuple(review for review in _open_reviews(tx) if review.id not in open_before)
        raise _Rehearsed(tx.events(after=before, limit=1000), asks, reviews)


def _open_reviews(tx: Tx) -> tuple[Review, ...]:
    return tx.reviews(after=0, owner="", limit=100_000)


def _say(end: _Rehearsed, then: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "dry_run": True,
                "events": end.events,
                "reviews": end.reviews,
                "asks_next": end.asks or None,
                "then": then,
            }
        )
        return
    # Not every question is an event of its own.
    rows = [(in_words(event), event.about) for event in end.events if event.kind != EventKind.REVIEW_OPENED]
    rows += [
        (f"A person is asked, {review.code.value}: {review.evidence}", review.about) for review in end.reviews
    ]
    if rows:
        print_table("What would happen", ("What", "About"), rows)
    else:
        console().print("It would go through. No order would change by it at once.")
    if end.asks:
        console().print(f"Then {end.asks} would be asked.")
    for words in then:
        console().print(words, soft_wrap=True)
    console().print("Nothing was done.")
