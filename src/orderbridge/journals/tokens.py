"""Tokens in one SQLite file, which outlives the process and is shared by all workers on the machine.

A refresh token may be used up by its first use. So the newest must be on the disk before it is used, and
no two workers may renew at once: the second one's token could end the first one's.

What no file can save is a token that the platform gave and that never came to be written: an answer lost
on the way, or a process killed between the answer and the commit. With some platforms the old refresh
token is good until the new one is used; with others the account has to be let in again.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from .._model import Secret
from ..auth import Token
from ..errors import Damaged, JournalError
from ._file import connect
from ._home import create

__all__ = ["FileTokens", "read_token", "write_token"]

# "orbt" in the file's header says that it is ours.
_APPLICATION_ID = 0x6F726274
_SCHEMA = "CREATE TABLE tokens (account TEXT PRIMARY KEY, token TEXT NOT NULL, renewals INTEGER NOT NULL)"
_MEND = (
    "Put it aside: accounts then log in anew with what is in their settings, and where that was a refresh "
    "token that has been used, the account must be let in again"
)


class FileTokens:
    """Tokens in a file for this user alone. They open accounts: keep the file as safe as a password.

    Nothing is opened before first use. Safe from any thread and process, and after a fork.

    Args:
        path: On a local disk: file locks over a network lie. Beside it stands an empty file for each
            account, by which workers keep each other away while one renews.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path).absolute()

    def get(self, account: str) -> Token | None:
        """The token in use.

        Raises:
            Damaged: the file is broken.

            JournalError: it cannot be used, or is another program's.
        """
        with self._opened() as db:
            return self._token(db, account)

    def swap(self, account: str, old: Token | None, new: Token) -> bool:
        """Put ``new`` in the place of ``old``, on the disk when this returns; False if another was first.

        Raises:
            JournalError: as for ``get``.
        """
        text = write_token(new)
        with self._opened(writes=True) as db:
            if self._token(db, account) != old:
                return False
            db.execute(
                "INSERT INTO tokens VALUES (?, ?, 0) "
                "ON CONFLICT (account) DO UPDATE SET token = excluded.token",
                (account, text),
            )
            return True

    @contextmanager
    def renewing(self, account: str) -> Generator[bool, None, None]:
        """True for the one worker that may renew the token now, False while another does; never waits.

        Whoever dies lets go: the system frees the lock.

        Raises:
            JournalError: as for ``get``. The old token is not used up yet.
        """
        name = hashlib.sha256(account.encode()).hexdigest()[:16]
        beside = self._path.with_name(f"{self._path.name}-{name}")
        with self._in_words():
            _make(beside)
            lock = sqlite3.connect(beside, timeout=0, isolation_level=None, check_same_thread=False)
        with closing(lock):
            yield self._takes(lock) and self._can_write(account)

    def _takes(self, lock: sqlite3.Connection) -> bool:
        with self._in_words():
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                return False
            return True

    def _can_write(self, account: str) -> bool:
        """A full disk is better met before the platform is asked than when the new token has come."""
        with self._opened(writes=True) as db:
            db.execute(
                "INSERT INTO tokens VALUES (?, '', 1) ON CONFLICT DO UPDATE SET renewals = renewals + 1",
                (account,),
            )
        return True

    @contextmanager
    def _opened(self, *, writes: bool = False) -> Generator[sqlite3.Connection, None, None]:
        """The file, in a transaction that is committed at the end; a connection lives no longer."""
        with self._in_words():
            _make(self._path)
            with closing(connect(self._path)) as db:
                self._check(db)
                db.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
                yield db
                db.execute("COMMIT")

    def _check(self, db: sqlite3.Connection) -> None:
        owner = db.execute("PRAGMA application_id").fetchone()[0]
        if owner == _APPLICATION_ID:
            return
        db.execute("BEGIN IMMEDIATE")
        # Again, now that nobody else can: another process may have been faster.
        owner = db.execute("PRAGMA application_id").fetchone()[0]
        tables = db.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
        if owner != _APPLICATION_ID:
            if owner or tables:
                raise JournalError(
                    f"{self._path}: this is no file of tokens and was left as it is; "
                    "give tokens a file of their own"
                )
            db.execute(_SCHEMA)
            db.execute(f"PRAGMA application_id={_APPLICATION_ID}")
        db.execute("COMMIT")

    def _token(self, db: sqlite3.Connection, account: str) -> Token | None:
        row = db.execute("SELECT token FROM tokens WHERE account = ?", (account,)).fetchone()
        return None if row is None else read_token(row[0], str(self._path))

    @contextmanager
    def _in_words(self) -> Generator[None, None, None]:
        """Errors of the file, as what they mean to the person who runs the bridge."""
        try:
            yield
        except OSError as error:
            raise JournalError(f"{error.filename or self._path}: {error.strerror or error}") from error
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise Damaged(f"{self._path}: the file of tokens is damaged. {_MEND}") from error
            raise JournalError(f"{self._path}: the file of tokens cannot be used: {error}") from error


def _make(path: Path) -> None:
    """The file, for its user alone; root's command line must not lock out whose directory it is."""
    if path.exists():
        return
    create(path)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def write_token(token: Token) -> str:
    """A token as it is kept."""
    refresh = token.refresh.reveal() if token.refresh else None
    ends = token.expires_at.isoformat() if token.expires_at else None
    return json.dumps([token.access.reveal(), refresh, ends])


def read_token(text: str, where: str) -> Token | None:
    """The token that is kept as ``text``; None if there is none yet.

    Raises:
        Damaged: it cannot be read.
    """
    if not text:
        return None
    try:
        access, refresh, ends = json.loads(text)
        return Token(
            Secret(str(access)),
            refresh=Secret(str(refresh)) if refresh else None,
            expires_at=datetime.fromisoformat(ends) if ends else None,
        )
    except (TypeError, ValueError):
        # What stands there may be a token: it is not repeated.
        raise Damaged(f"{where}: an entry is damaged. {_MEND}") from None
