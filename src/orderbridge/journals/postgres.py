"""The journal in a PostgreSQL schema, for many workers on many machines.

One connection and one lock per process, as in SQLite; between processes an advisory lock lets one
transaction write at a time. What looks takes no lock.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from typing import TypeVar, cast

import psycopg
from psycopg.pq import TransactionStatus

from .._journal import Row, Tx, Value
from ..auth import Token
from ..errors import JournalError, Unreachable
from ._dialect import postgres_queries
from ._schema import Begin, State, check_writable, set_up
from ._server import Address, Db, connect, in_words
from .tokens import read_token, write_token

__all__ = ["PostgresJournal", "PostgresRows", "PostgresTokens", "open_postgres"]

T = TypeVar("T")
# Only a token's holder may renew it, and a platform's answer may take as long as this, in milliseconds.
_RENEWAL = 300_000


def open_postgres(dsn: str, *, schema: str = "") -> PostgresJournal:
    """The journal in a schema of a PostgreSQL database, made there if there is none.

    Nothing is connected before first use.

    Args:
        dsn: ``postgresql://user:password@host:5432/database``, with libpq's parameters after a ``?``;
            there also ``schema=``. A password is better kept in ``~/.pgpass``.

        schema: Of this journal alone; ``orderbridge`` by default.

    Raises:
        ConfigurationError: the address or the schema's name cannot be read.
    """
    return PostgresJournal(Address.of(dsn, schema))


class PostgresRows:
    """The statements of one transaction, on its ``connection``.

    Dead once the transaction ended or a statement failed: the server takes no more then. Dead as well
    in a process forked inside it.
    """

    def __init__(self, connection: Db, name: str) -> None:
        self.connection = connection
        self.wrote = False
        self.ended = False
        self._name = name
        self._pid = os.getpid()

    @property
    def ours(self) -> bool:
        """Begun in this process, not before a fork."""
        return self._pid == os.getpid()

    @property
    def alive(self) -> bool:
        return (
            not self.ended
            and self.ours
            and self.connection.info.transaction_status is TransactionStatus.INTRANS
        )

    def run(self, name: str, /, **values: Value) -> Sequence[Row]:
        return self.execute(postgres_queries()[name], **values)

    def execute(self, query: str, /, **values: Value) -> Sequence[Row]:
        """Run a query that is written for PostgreSQL."""
        if not self.alive:
            raise JournalError("this transaction has ended; its Tx cannot be used any more")
        try:
            cursor = self.connection.execute(
                query.encode(), {key: _taken(value) for key, value in values.items()}
            )
            if not (cursor.statusmessage or "").startswith("SELECT"):
                self.wrote = self.wrote or cursor.rowcount > 0
            return cast("list[Row]", cursor.fetchall()) if cursor.description else ()
        except psycopg.Error as error:
            raise in_words(error, self._name) from None


def _taken(value: Value) -> Value:
    """The one character that PostgreSQL's text cannot hold is shown as one that is no character."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


class PostgresJournal:
    """A ``Journal`` in PostgreSQL; see ``open_postgres``.

    ``commits`` counts the transactions of this object that wrote.
    """

    def __init__(self, address: Address) -> None:
        self.commits = 0
        self._address = address
        self._lock = threading.RLock()
        self._connection: Db | None = None
        self._begin: Begin | None = None
        self._running: PostgresRows | None = None
        self._closed = False
        _journals.add(self)

    # --- transactions ---

    def transact(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` and commit all of it, or none if it raises.

        Raises:
            LookOnly: the database was copied or restored, and nobody has called ``adopt()``.

            RowRefused: a row cannot be as ``work`` wants it.

            JournalError: the server cannot be reached or used, or a transaction of this thread is under
                way already; if the connection was lost during the commit, the message says that nobody
                knows, and only the journal itself can tell.
        """
        with self.transaction(writes=True) as rows:
            return work(Tx(rows))

    def look(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` on one consistent picture; it must not write.

        Raises:
            JournalError: as for ``transact``; or ``work`` has written, which was undone.
        """
        with self.transaction(writes=False) as rows:
            return work(Tx(rows))

    @contextmanager
    def transaction(self, *, writes: bool) -> Generator[PostgresRows, None, None]:
        """The rows of one transaction; committed at the end if something was written."""
        with self._lock:
            rows = self._running = self._begun(writes=writes)
            try:
                yield rows
                if rows.wrote:
                    self._commit(rows)
            finally:
                self._running = None
                self._end(rows)

    def _begun(self, *, writes: bool, again: bool = True) -> PostgresRows:
        rows = PostgresRows(self._ready(), self._address.name)
        try:
            self._start(rows.connection, writes=writes)
        except BaseException as error:
            self._end(rows)
            # The server was started anew, or something between us forgot an idle connection: nothing was
            # begun, so it costs nothing to begin on a new one.
            if again and rows.connection.closed and isinstance(error, psycopg.OperationalError):
                return self._begun(writes=writes, again=False)
            if isinstance(error, psycopg.Error):
                raise in_words(error, self._address.name) from None
            raise
        return rows

    def _start(self, connection: Db, *, writes: bool) -> None:
        assert self._begin is not None
        if not writes:
            connection.execute(self._begin.look.encode())
            return
        cursor = connection.execute(f"{self._begin.write}{self._begin.state}".encode())
        while cursor.nextset():
            pass
        check_writable(State.of(cursor.fetchone(), self._address), self._address)

    def _commit(self, rows: PostgresRows) -> None:
        lost = f"{self._address.name}: the transaction was lost before its commit; nothing was written"
        if not rows.alive:
            raise Unreachable(lost)
        try:
            done = rows.connection.execute("COMMIT").statusmessage
        except psycopg.Error as error:
            if not rows.connection.closed:
                raise in_words(error, self._address.name) from None
            raise Unreachable(
                f"{self._address.name}: the connection was lost during the commit, and whether it happened "
                "only the journal can tell: look before you repeat"
            ) from None
        if done != "COMMIT":
            raise Unreachable(lost)
        self.commits += 1

    def _end(self, rows: PostgresRows) -> None:
        """Undo whatever was not committed."""
        rows.ended = True
        # In a process forked inside the transaction it is the parent's to end.
        if not rows.ours or rows.connection.info.transaction_status is TransactionStatus.IDLE:
            return
        try:
            rows.connection.execute("ROLLBACK")
        except psycopg.Error:
            # Out of reach; the server undoes what was not committed.
            self._let_go()

    # --- the server ---

    @property
    def look_only(self) -> bool:
        """The database was copied or restored: it may be read, not acted on."""
        with self.transaction(writes=False) as rows:
            assert self._begin is not None
            row = rows.connection.execute(self._begin.state.encode()).fetchone()
            return bool(State.of(row, self._address).why_not_home)

    @property
    def tokens(self) -> PostgresTokens:
        """The tokens of accounts that log in, for all workers of this journal."""
        return PostgresTokens(self, self._address)

    def adopt(self) -> None:
        """Make the database where the journal is now its home, so that the bridge may act on it.

        Only a person can know that no other copy will be used any more.
        """
        with self._lock:
            self._check_usable()
            self._let_go()
            self._open(adopting=True)

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            if not self._closed:
                self._check_usable()
                self._closed = True
                self._let_go()

    def _check_usable(self) -> None:
        if self._closed:
            raise JournalError(f"{self._address.name}: this journal was closed")
        if self._running is not None:
            raise JournalError("a transaction is under way in this thread; use the Tx it was given")

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _ready(self) -> Db:
        """The connection of this process, opened on first use."""
        self._check_usable()
        if self._connection is not None and self._connection.closed:
            self._let_go()
        return self._connection or self._open()

    def _open(self, *, adopting: bool = False) -> Db:
        connection: Db | None = None
        try:
            connection = connect(self._address)
            begin = Begin.at(self._address, connection)
            set_up(connection, self._address, begin, adopting=adopting)
        except BaseException as error:
            if connection is not None:
                connection.close()
            if isinstance(error, psycopg.Error):
                raise in_words(error, self._address.name) from None
            raise
        self._connection, self._begin = connection, begin
        return connection

    # --- forks ---

    def start_over(self) -> None:
        """In a forked process: the connection is the parent's, and may be neither used nor closed here."""
        if self._connection is not None:
            _inherited.append(self._connection)
        self._connection = self._running = None
        self._lock = threading.RLock()


class PostgresTokens:
    """Tokens beside the journal, of which no two workers renew the same; see ``TokenStore``.

    A copy of the journal has them too. It may not renew them until it is adopted: that could end those
    of the original.
    """

    def __init__(self, journal: PostgresJournal, address: Address) -> None:
        self._journal = journal
        self._address = address

    def get(self, account: str) -> Token | None:
        """The token in use."""
        with self._journal.transaction(writes=False) as rows:
            found = rows.execute("SELECT token FROM tokens WHERE account = %(account)s", account=account)
        return read_token(str(found[0]["token"]), self._address.name) if found else None

    def swap(self, account: str, old: Token | None, new: Token) -> bool:
        """Put ``new`` in the place of ``old``; False, and nothing done, if another worker was first."""
        with self._journal.transaction(writes=True) as rows:
            rows.execute(
                "INSERT INTO tokens VALUES (%(account)s, %(new)s) ON CONFLICT (account) "
                "DO UPDATE SET token = excluded.token WHERE tokens.token = %(old)s",
                account=account,
                old=write_token(old) if old else "",
                new=write_token(new),
            )
            return rows.wrote

    @contextmanager
    def renewing(self, account: str) -> Generator[bool, None, None]:
        """True for the one worker that may renew the token now, False while another does; never waits.

        Raises:
            LookOnly: the journal is a copy. The old token is not used up.
        """
        with self._journal.transaction(writes=True):
            pass  # what cannot be written is better met before the platform is asked
        try:
            lock = connect(self._address)
        except psycopg.Error as error:
            raise in_words(error, self._address.name) from None
        with closing(lock):
            try:
                lock.execute(f"BEGIN; SET LOCAL idle_in_transaction_session_timeout TO {_RENEWAL}".encode())
                row = lock.execute(
                    "SELECT pg_try_advisory_xact_lock(%s) AS mine", (self._address.key(f"token {account}"),)
                ).fetchone()
            except psycopg.Error as error:
                raise in_words(error, self._address.name) from None
            yield bool(row and row["mine"])


# --- forks ---

_journals: weakref.WeakSet[PostgresJournal] = weakref.WeakSet()
# Kept, because what is thrown away is closed, and that would be said to the parent's server.
_inherited: list[Db] = []


def _after_fork() -> None:
    for journal in list(_journals):
        journal.start_over()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
