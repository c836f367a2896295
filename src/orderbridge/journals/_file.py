"""One SQLite file: made, checked before use, set up, and its errors put in words."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from ..errors import Damaged, JournalError, RowRefused, SchemaMismatch, Unreachable
from ._home import Companion, Place, create, move_in, read_home
from ._sql import migrations, statements

__all__ = [
    "check_current",
    "check_ours",
    "connect",
    "in_words",
    "keep_companion",
    "make_room",
    "migrate",
    "set_mode",
    "wal_is_safe",
]

# "orbr" in the file's header says that it is ours.
_APPLICATION_ID = 0x6F726272
# How long to wait for another program's transaction.
BUSY_SECONDS = 30.0
# Reading a whole file on opening is cheap up to here.
_QUICK_CHECK_BYTES = 4 * 1024 * 1024
# RETURNING and the partial unique index of reviews need it.
_OLDEST_SQLITE = (3, 35, 0)

_RESTORE = "Nothing was written. Put a backup in its place, open it, and call adopt()"
_WORDS = {
    sqlite3.SQLITE_BUSY: f"another program has kept the file to itself for {BUSY_SECONDS:g} seconds",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk could not be read or written",
    sqlite3.SQLITE_CANTOPEN: "the file, or one beside it, cannot be opened",
    sqlite3.SQLITE_READONLY: "the file cannot be written",
}
# What may be over when it is next tried.
_PASSES = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})


def wal_is_safe(version: tuple[int, int, int]) -> bool:
    """Is this SQLite free of the WAL-reset defect, which can lose a commit of two busy connections?"""
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51, 0) or (3, 44, 6) <= version < (3, 45, 0)


def make_room(path: Path) -> tuple[str, int] | None:
    """Make the file if there is none; what its companion says, if it has one."""
    if not path.parent.is_dir():
        raise JournalError(f"{path}: there is no directory {path.parent}; make it first")
    if path.is_dir():
        raise JournalError(f"{path}: this is a directory; give the name of a file in it")
    if not path.exists():
        Companion.drop(path)
        create(path)
    if path.stat().st_nlink > 1:
        # What SQLite needs to undo half a transaction stands beside the name it was opened under.
        raise JournalError(f"{path}: the file has a second name (a hard link); remove one of the two")
    if not os.access(path, os.R_OK | os.W_OK) or not os.access(path.parent, os.W_OK | os.X_OK):
        raise JournalError(f"{path}: this user may not write the file, or not make files beside it")
    # Before the journal itself is read: another process may commit in between, and a mark only rises.
    return Companion.read(path)


def connect(path: str | Path, *, exclusive: bool = False) -> sqlite3.Connection:
    """A connection with the settings that safety rests on."""
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise JournalError(f"the journal needs SQLite 3.35 or newer, and this is {sqlite3.sqlite_version}")
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    connection.row_factory = sqlite3.Row
    settings = ["foreign_keys=ON", "synchronous=FULL", "fullfsync=ON", "checkpoint_fullfsync=ON"]
    # A forgotten shopper is overwritten, not only unlinked.
    settings.append("secure_delete=ON")
    if exclusive:
        settings.insert(0, "locking_mode=EXCLUSIVE")
    try:
        for setting in settings:
            connection.execute(f"PRAGMA {setting}").close()
    except BaseException:
        connection.close()
        raise
    return connection


def _pragma(connection: sqlite3.Connection, text: str) -> str:
    # All rows, although one is wanted: a statement half read keeps its lock.
    return str(connection.execute(f"PRAGMA {text}").fetchall()[0][0])


def _version(connection: sqlite3.Connection) -> int:
    return int(_pragma(connection, "user_version"))


def check_ours(connection: sqlite3.Connection, path: Path, companion: tuple[str, int] | None) -> bool:
    """Refuse what is not ours or not whole, before a byte of it changes; True if nothing is in it yet."""
    tables = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchall()[0][0]
    owner = int(_pragma(connection, "application_id"))
    version = _version(connection)
    if not tables and not owner and not version:
        if companion is not None:
            raise Damaged(f"{path}: the file is empty, and a journal stood here. {_RESTORE}")
        return True
    if owner != _APPLICATION_ID:
        raise JournalError(
            f"{path}: this is the database of another program, and was left as it is; "
            "give the journal a file of its own"
        )
    if version > len(migrations()):
        raise SchemaMismatch(
            f"{path}: the file has version {version} of the journal, and this orderbridge knows up to "
            f"{len(migrations())}; install the orderbridge that wrote it, or a newer. Nothing was written"
        )
    if path.stat().st_size <= _QUICK_CHECK_BYTES and _pragma(connection, "quick_check") != "ok":
        raise Damaged(f"{path}: the file is damaged. {_RESTORE}")
    return False


def check_current(connection: sqlite3.Connection, path: Path, why: str) -> None:
    """A copy is left as it is, so it can be read only if it needs no migration."""
    if _version(connection) != len(migrations()):
        raise SchemaMismatch(
            f"{path}: {why}, and has version {_version(connection)} of the journal where this orderbridge "
            f"reads {len(migrations())}; look at it with the orderbridge that wrote it, or call adopt()"
        )


def set_mode(connection: sqlite3.Connection, path: Path, *, exclusive: bool) -> None:
    """WAL where this SQLite can be trusted with it; else a rollback journal that is kept."""
    major, minor, patch, *_ = sqlite3.sqlite_version_info
    wanted = "wal" if wal_is_safe((major, minor, patch)) else "persist"
    mode = _pragma(connection, "journal_mode")
    if mode != wanted:
        mode = _pragma(connection, f"journal_mode={wanted}")
    if mode == "wal" and wanted != "wal":
        raise JournalError(
            f"{path}: another program has this file open in WAL mode, in which SQLite "
            f"{sqlite3.sqlite_version} may lose commits; use a newer SQLite, or close the other program"
        )
    if mode != wanted:  # a disk without shared memory
        _pragma(connection, "journal_mode=persist")
    # What was forgotten must not live on in the rollback journal: it is emptied with each commit.
    _pragma(connection, "journal_size_limit=0")
    if exclusive:
        # The lock is kept from the first transaction on: let that be now.
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")


def migrate(connection: sqlite3.Connection, place: Place | None) -> None:
    """Bring the schema up to date, each step in a transaction; a new journal lives at ``place``."""
    for number, script in enumerate(migrations(), start=1):
        if _version(connection) >= number:
            continue
        try:
            connection.execute("BEGIN IMMEDIATE")
            # Again, now that nobody else can: another process may have been faster.
            if _version(connection) < number:
                for statement in statements(script):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id={_APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version={number}")
                if number == 1:
                    move_in(connection, place)
                connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def keep_companion(connection: sqlite3.Connection, path: Path) -> Companion:
    """The companion, saying what the journal says."""
    home = read_home(connection)
    companion = Companion(path, home.journal_id)
    companion.note(home.mark)
    return companion


def in_words(error: sqlite3.Error | OSError, name: str) -> Exception:
    """What the error means to the person who runs the bridge."""
    if isinstance(error, OSError):
        return JournalError(f"{error.filename or name}: {error.strerror or error}")
    # The errors of the sqlite3 module itself, such as a missing parameter, have no code: our bugs.
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return error
    if code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return Damaged(f"{name}: the file is damaged, or is no SQLite database ({error}). {_RESTORE}")
    if code & 0xFF == sqlite3.SQLITE_CONSTRAINT:
        # Not the journal is wrong, but what came from somewhere: it must not keep all else from going on.
        return RowRefused(f"{name}: a row was refused ({error}); nothing was written")
    kind = Unreachable if code & 0xFF in _PASSES else JournalError
    return kind(f"{name}: {_WORDS.get(code & 0xFF, str(error))}; nothing was written")
