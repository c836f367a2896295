"""Where a journal file lives, and how a copy or an old one is told from it.

A copy that acts would order what the original orders too; an old one put back would order again
what was ordered since. So the file says inside which file it is (machine, device, inode), and a
small companion beside it, ``<file>-home``, says how many commits the journal here has seen.

Caught: a copy at another place or on another machine, whatever copied it; a snapshot of another
disk; an older copy written over the file, or put where the file was, even with the same inode
number; a journal in the place of another one; every backup made by ``backup()``, wherever it is.
A plain move or rename on one disk stays at home, with or without the companion.

Not caught: a whole machine or disk put back to an earlier state; file and companion both
overwritten in place, or both deleted and restored where the disk happens to give the file its old
inode number. Against those stands what stands against a lost journal: an order's reference is
looked up at the supplier before anything is ordered.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from functools import lru_cache
from pathlib import Path

import attrs

__all__ = [
    "Companion",
    "Home",
    "Place",
    "create",
    "move_in",
    "move_out",
    "raise_mark",
    "read_home",
    "why_not_home",
]


@attrs.frozen
class Place:
    """Which file on which machine."""

    machine: str  # a hash of the machine's id; empty where it has none
    device: int
    inode: int

    @classmethod
    def of(cls, file: Path) -> Place:
        status = file.stat()
        return cls(_machine(), status.st_dev, status.st_ino)


@attrs.frozen
class Home:
    """Where a journal lives.

    Args:
        journal_id: Random, and new with each adoption.

        place: None for a journal in memory, and for a backup, which lives nowhere.

        mark: Commits so far.
    """

    journal_id: str
    place: Place | None
    mark: int


@lru_cache(maxsize=1)
def _machine() -> str:
    try:
        text = Path("/etc/machine-id").read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    # The id itself is meant to stay on its machine.
    return hashlib.sha256(f"orderbridge {text}".encode()).hexdigest()[:16] if text else ""


def read_home(connection: sqlite3.Connection) -> Home:
    """The home that stands in the journal."""
    found: dict[str, str] = dict(
        connection.execute("SELECT name, value FROM meta WHERE name LIKE 'journal_%'").fetchall()
    )
    place = None
    if found["journal_home"]:
        machine, device, inode = found["journal_home"].split(" ")
        place = Place(machine, int(device), int(inode))
    return Home(found["journal_id"], place, int(found["journal_mark"]))


def move_in(connection: sqlite3.Connection, place: Place | None) -> None:
    """Write down that the journal lives here, under a new id: other copies keep the old one."""
    home = "" if place is None else f"{place.machine} {place.device} {place.inode}"
    # One statement: both change or none.
    connection.execute(
        "INSERT INTO meta (name, value) "
        "VALUES ('journal_id', LOWER(HEX(RANDOMBLOB(16)))), ('journal_home', ?), ('journal_mark', '0') "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (home,),
    )


def move_out(connection: sqlite3.Connection) -> None:
    """Make a backup a thing that lives nowhere."""
    connection.execute("UPDATE meta SET value = '' WHERE name = 'journal_home'")


def raise_mark(connection: sqlite3.Connection) -> int:
    """Count a commit, in the caller's transaction."""
    rows = connection.execute(
        "UPDATE meta SET value = value + 1 WHERE name = 'journal_mark' RETURNING value"
    ).fetchall()
    return int(rows[0][0])


def why_not_home(home: Home, here: Place, companion: tuple[str, int] | None) -> str:
    """Why the journal is not where it lives, in words; empty if it is.

    Args:
        home: As it stands in the journal, read after ``companion``: a mark only rises.

        here: Where the file is.

        companion: What ``Companion.read`` has said, if anything.
    """
    if home.place is None:
        return "this is a backup"
    if home.place != here:
        where = "another machine" if home.place.machine != here.machine else "another file"
        return f"this is a copy: the journal lived in {where}"
    if companion is None:
        return ""
    journal_id, mark = companion
    if journal_id != home.journal_id:
        return "another journal stood here before this one was put in its place"
    if mark > home.mark:
        return f"this is an older copy: it has {home.mark} commits, and {mark} were made here"
    return ""


def create(path: Path) -> None:
    """An empty file for this user alone, whatever the umask; SQLite gives its companions the same mode.

    Where possible without opening it: closing a descriptor drops all locks that this process has
    on the file, also those of another journal's connection.
    """
    with contextlib.suppress(FileExistsError):
        try:
            os.mknod(path, 0o600)
        except (AttributeError, OSError):  # not everywhere, and not on every disk
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        path.chmod(0o600)


class Companion:
    """The file beside a journal that says how far the journal here has been.

    Written after each commit, without waiting for the disk: if a power cut takes the last words
    away it says too little, never too much.
    """

    def __init__(self, journal: Path, journal_id: str) -> None:
        self.mark = 0
        self._journal_id = journal_id
        path = _beside(journal)
        if not path.exists():
            create(path)
            if hasattr(os, "geteuid") and os.geteuid() == 0:
                # Root's command line must not lock out the user whose journal it is.
                owner = journal.stat()
                os.chown(path, owner.st_uid, owner.st_gid)
        self._file = path.open("r+b", buffering=0)

    @staticmethod
    def read(journal: Path) -> tuple[str, int] | None:
        """The journal's id and commits; None if there is no companion, or none that can be read."""
        try:
            journal_id, mark = _beside(journal).read_text("utf-8").split()
            return journal_id, int(mark)
        except (OSError, ValueError):
            return None

    @staticmethod
    def drop(journal: Path) -> None:
        """What is left of a journal that was deleted."""
        _beside(journal).unlink(missing_ok=True)

    def note(self, mark: int) -> None:
        self.mark = mark
        # The commit has happened: nothing that goes wrong here may make it look as if it had not.
        with contextlib.suppress(OSError):
            self._file.seek(0)
            self._file.write(f"{self._journal_id} {mark:020}\n".encode())

    def close(self) -> None:
        self._file.close()


def _beside(journal: Path) -> Path:
    return journal.with_name(journal.name + "-home")
