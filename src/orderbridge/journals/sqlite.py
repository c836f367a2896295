"""The journal in one SQLite file, or in memory.

One connection and one lock per process: a transaction is short, and the file lets one program
write at a time anyway. Other processes (the command line beside the application) open the same
file; SQLite's own locks keep them apart.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar, cast

from .._journal import Row, Tx, Value
from ..errors import JournalError, LookOnly, RowRefused
from ._file import (
    check_current,
    check_ours,
    connect,
    in_words,
    keep_companion,
    make_room,
    migrate,
    set_mode,
)
from ._home import Companion, Home, Place, create, move_in, move_out, raise_mark, read_home, why_not_home
from ._sql import queries

__all__ = ["SqliteJournal", "open_memory", "open_sqlite"]

T = TypeVar("T")

_QUERIES = {name: query.text for name, query in queries().items()}


def open_sqlite(path: str | Path, *, exclusive: bool = False) -> SqliteJournal:
    """The journal in the file at ``path``, made there if there is none.

    Nothing is opened before first use.

    Args:
        path: On a local disk: file locks over a network lie.

        exclusive: Keep every other program out, also the command line.
    """
    return SqliteJournal(Path(path).absolute(), exclusive=exclusive)


def open_memory() -> SqliteJournal:
    """A journal that lives as long as this object: for tests."""
    return SqliteJournal(None)


class _Rows:
    """The statements of one transaction.

    Dead once the transaction ended, also where SQLite rolled it back by itself (a full disk): a
    statement that came later would commit alone. Dead as well in a process forked inside it.
    """

    def __init__(self, connection: sqlite3.Connection, place: str) -> None:
        self._connection = connection
        self._place = place
        self._pid = os.getpid()
        self.ended = False

    @property
    def alive(self) -> bool:
        return not self.ended and self._connection.in_transaction and self._pid == os.getpid()

    def run(self, name: str, /, **values: Value) -> Sequence[Row]:
        if not self.alive:
            raise JournalError("this transaction has ended; its Tx cannot be used any more")
        try:
            return cast("list[Row]", self._connection.execute(_QUERIES[name], values).fetchall())
        except sqlite3.Error as error:
            raise in_words(error, self._place) from error
        except OverflowError:
            raise RowRefused(f"{self._place}: a number beyond 64 bits came; nothing was written") from None


class SqliteJournal:
    """A ``Journal`` in SQLite; see ``open_sqlite`` and ``open_memory``.

    ``commits`` counts the transactions of this object that wrote.
    """

    def __init__(self, path: Path | None, *, exclusive: bool = False) -> None:
        self.commits = 0
        self._path = path
        self._exclusive = exclusive
        self._name = "the journal in memory" if path is None else str(path)
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._pid = 0
        self._running: _Rows | None = None
        self._place: Place | None = None
        self._companion: Companion | None = None
        self._why_look_only = ""
        self._closed = False
        _journals.add(self)

    # --- transactions ---

    def transact(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` and commit all of it, or none if it raises.

        Raises:
            LookOnly: the file was copied or restored, and nobody has called ``adopt()``.

            Damaged: the file is broken.

            RowRefused: a row cannot be as ``work`` wants it.

            JournalError: the file cannot be used, another program has it, or a transaction of this
                thread is under way already.
        """
        return self._run(work, writes=True)

    def look(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` on one consistent picture; it must not write.

        Raises:
            JournalError: as for ``transact``; or ``work`` has written, which was undone.
        """
        return self._run(work, writes=False)

    def _run(self, work: Callable[[Tx], T], *, writes: bool) -> T:
        with self._lock:
            connection = self._ready_to_write() if writes else self._ready()
            rows = self._running = _Rows(connection, self._name)
            try:
                self._begin(connection, "BEGIN IMMEDIATE" if writes else "BEGIN")
                before = connection.total_changes
                result = work(Tx(rows))
                if connection.total_changes != before:
                    if not writes:
                        raise JournalError("look() is for reading; what it wrote was undone")
                    self._commit(connection, rows)
                return result
            finally:
                self._end(connection, rows)

    def _begin(self, connection: sqlite3.Connection, how: str) -> None:
        try:
            # One is left over only where a rollback was interrupted.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            connection.execute(how)
        except sqlite3.Error as error:
            raise in_words(error, self._name) from error

    def _commit(self, connection: sqlite3.Connection, rows: _Rows) -> None:
        if not rows.alive:
            raise JournalError(
                f"{self._name}: the transaction was lost before its commit; nothing was written"
            )
        try:
            mark = raise_mark(connection)
            if self._companion is not None and mark <= self._companion.mark:
                raise LookOnly(
                    f"{self._name}: an older copy was written over the file while it was open; close this "
                    "journal, open it again, and call adopt() if that copy is the one to go on with"
                )
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise in_words(error, self._name) from error
        self.commits += 1
        if self._companion is not None:
            self._companion.note(mark)

    def _end(self, connection: sqlite3.Connection, rows: _Rows) -> None:
        """Undo whatever was not committed."""
        rows.ended = True
        self._running = None
        # In a process forked inside the transaction it is the parent's to end.
        if self._pid != os.getpid() or not connection.in_transaction:
            return
        try:
            connection.execute("ROLLBACK")
        except sqlite3.Error:
            # The file is out of reach; what was not committed is undone when it is next opened.
            self._let_go()

    def _ready_to_write(self) -> sqlite3.Connection:
        connection = self._ready()
        if self._path is None:
            return connection
        if self._why_look_only:
            # Another process may have adopted it since.
            self._let_go()
            connection = self._ready()
        if self._why_look_only:
            raise LookOnly(
                f"{self._name}: {self._why_look_only}. It can be read, but to act on it could order again "
                "what was ordered since. Make sure that no other copy is used any more, then call adopt()"
            )
        try:
            moved = Place.of(self._path) != self._place
        except OSError:
            moved = True
        if moved:
            raise JournalError(
                f"{self._name}: the file was moved, replaced or deleted while it was open, and what is "
                "written now would be lost with it; close this journal and open the right file"
            )
        return connection

    # --- the file ---

    @property
    def home(self) -> Home:
        """Where the file says that the journal lives."""
        with self._lock:
            return read_home(self._ready())

    @property
    def look_only(self) -> bool:
        """The file was copied or restored: it may be read, not acted on."""
        with self._lock:
            self._ready()
            return bool(self._why_look_only)

    def adopt(self) -> None:
        """Make the place where the file is now its home, so that the bridge may act on it.

        Only a person can know that no other copy will be used any more.
        """
        with self._lock:
            self._check_usable()
            if self._path is not None:
                self._let_go()
                self._open(adopting=True)

    def backup(self, path: str | Path) -> None:
        """Write a copy to a new file: whole, of one moment, while the journal is in use.

        The copy lives nowhere: wherever it is put, also in place of the original, it is look-only
        until somebody adopts it.

        Raises:
            JournalError: there is a file already, or it cannot be written.
        """
        target = Path(path).absolute()
        partial = target.with_name(target.name + "-part")
        with self._lock:
            connection = self._ready()
            if target.exists():
                raise JournalError(f"{target}: a backup goes to a new file, and there is one already")
            try:
                partial.unlink(missing_ok=True)
                create(partial)
                connection.execute("VACUUM INTO ?", (str(partial),))
                with closing(connect(partial)) as copy:
                    move_out(copy)
                partial.rename(target)
            except (sqlite3.Error, OSError) as error:
                raise in_words(error, str(target)) from error
            finally:
                partial.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the file; a journal in memory is gone."""
        with self._lock:
            if not self._closed:
                self._check_usable()
                self._closed = True
                self._let_go()

    def _check_usable(self) -> None:
        if self._closed:
            raise JournalError(f"{self._name}: this journal was closed")
        if self._running is not None:
            raise JournalError("a transaction is under way in this thread; use the Tx it was given")
        if self._connection is not None and self._pid != os.getpid():
            # Two processes on one connection corrupt a file, and double a journal in memory.
            raise JournalError(
                f"{self._name}: this process was forked while the journal was in use; open it after the fork"
            )

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        companion, self._companion = self._companion, None
        if companion is not None:
            companion.close()
        if connection is not None:
            connection.close()

    def _ready(self) -> sqlite3.Connection:
        """The connection of this process, opened on first use."""
        self._check_usable()
        return self._connection or self._open()

    def _open(self, *, adopting: bool = False) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = None
        try:
            if self._path is None:
                connection = connect(":memory:")
                migrate(connection, None)
            else:
                # SQLite's own companions stand beside the file, not beside a link to it.
                self._path = Path(os.path.realpath(self._path))
                seen = make_room(self._path)
                connection = connect(self._path, exclusive=self._exclusive)
                new = check_ours(connection, self._path, seen)
                self._place = Place.of(self._path)
                self._why_look_only = "" if new else why_not_home(read_home(connection), self._place, seen)
                if self._why_look_only and adopting:
                    move_in(connection, self._place)
                    self._why_look_only = ""
                if self._why_look_only:
                    check_current(connection, self._path, self._why_look_only)
                else:
                    set_mode(connection, self._path, exclusive=self._exclusive)
                    migrate(connection, self._place)
                    self._companion = keep_companion(connection, self._path)
        except BaseException as error:
            if connection is not None:
                connection.close()
            if isinstance(error, (sqlite3.Error, OSError)):
                raise in_words(error, self._name) from error
            raise
        self._connection, self._pid = connection, os.getpid()
        return connection

    # --- forks ---

    def pause(self) -> None:
        """Before a fork: close the file, because it must not be open on both sides."""
        self._lock.acquire()
        if self._path is not None and self._running is None:
            self._let_go()

    def resume(self, *, child: bool) -> None:
        """After a fork, on both sides."""
        if child:
            self._lock = threading.RLock()
        else:
            self._lock.release()


# --- forks ---

# A file that is open when a process forks looks locked to the child, which then skips its own
# locks. So every open journal is closed first, and both sides open it again on next use.
_journals: weakref.WeakSet[SqliteJournal] = weakref.WeakSet()
_paused: list[SqliteJournal] = []


def _before_fork() -> None:
    journals = list(_journals)
    for journal in journals:
        journal.pause()
    _paused[:] = journals


def _after_fork(*, child: bool) -> None:
    for journal in _paused:
        journal.resume(child=child)
    if not child:
        _paused.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=lambda: _after_fork(child=False),
        after_in_child=lambda: _after_fork(child=True),
    )
