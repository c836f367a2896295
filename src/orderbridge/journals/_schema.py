"""The journal in one PostgreSQL schema: how its transactions begin, where it lives, how it is made."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
from psycopg.pq import TransactionStatus

from ..errors import JournalError, LookOnly, SchemaMismatch
from ._dialect import postgres_migrations
from ._server import Address, Db

__all__ = ["Begin", "State", "check_writable", "set_up"]

# Milliseconds. A worker that freezes inside a transaction holds up all others: the server ends it.
_TIMEOUTS = {
    "idle_in_transaction_session_timeout": 15_000,
    "lock_timeout": 30_000,
    "statement_timeout": 60_000,
}


@attrs.frozen(kw_only=True)
class Begin:
    """What begins a transaction; the settings in it last as long as the transaction.

    Args:
        write: Takes the lock of the journal's writers.

        look: One picture, and no lock.

        state: Asks for the row that ``State.of`` reads; may be sent together with ``write``.
    """

    write: str
    look: str
    state: str

    @classmethod
    def at(cls, address: Address, connection: Db) -> Begin:
        """As this server lets us.

        Raises:
            JournalError: it would not keep what it committed.
        """
        settings = "".join(f"SET LOCAL {name} TO {value};" for name, value in _TIMEOUTS.items())
        # After the schema, not before it: nobody's temporary table is taken for ours.
        settings += f'SET LOCAL search_path TO "{address.schema}", pg_temp;'
        row = connection.execute(
            "SELECT has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE') AS may, "
            "current_setting('synchronous_commit') AS kept"
        ).fetchone()
        assert row is not None
        if row["kept"] == "off":
            raise JournalError(
                f"{address.name}: synchronous_commit is off, and a crash would take away the last orders; "
                "set it to on, for this user at least: ALTER ROLE ... SET synchronous_commit = on"
            )
        # And so it stays: behind a pooler, another program may have set it on the connection we get next.
        settings += f"SET LOCAL synchronous_commit TO {row['kept']};"
        system = "(SELECT system_identifier::text FROM pg_control_system())" if row["may"] else "''"
        return cls(
            # Each statement after the lock sees all that was committed before the lock was given.
            write="BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
            f"{settings}SELECT pg_advisory_xact_lock({address.key('writers')});",
            look=f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;{settings}",
            state=f"SELECT value::integer AS version, {system} AS system, tableoid::bigint AS table_id, "  # noqa: S608 (of our own making)
            "(SELECT oid::bigint FROM pg_database WHERE datname = current_database()) AS database_id, "
            "(SELECT value FROM meta WHERE name = 'journal_home') AS home "
            "FROM meta WHERE name = 'journal_version'",
        )


@attrs.frozen(kw_only=True)
class State:
    """What a journal says of itself.

    Args:
        here: The cluster (empty where this user may not ask), the database and the table: dumped and
            restored it is another table.

        why_not_home: Why ``here`` is not where it lives, in words; empty if it is.
    """

    version: int
    here: tuple[str, str, str]
    why_not_home: str

    @classmethod
    def of(cls, row: Mapping[str, object] | None, address: Address) -> State:
        """Read the row that ``Begin.state`` asks for."""
        if row is None:
            raise JournalError(
                f"{address.name}: this is the schema of another program; give the journal its own"
            )
        here = (str(row["system"]), str(row["database_id"]), str(row["table_id"]))
        return cls(version=int(str(row["version"])), here=here, why_not_home=_why(row["home"], here))


def _why(home: object, here: tuple[str, str, str]) -> str:
    if home is None:
        return "this journal does not say where it lives"
    system, database, table = str(home).split(" ")
    if system and here[0] and system != here[0]:
        return "this is a copy: the journal lived on another server"
    if database != here[1]:
        return "this is a copy: the journal lived in another database"
    return "" if table == here[2] else "this is a copy: it was restored from a dump"


def check_writable(state: State, address: Address) -> None:
    """Refuse to write where a newer version has been, or away from home."""
    _check_version(state, address)
    if state.why_not_home:
        raise LookOnly(
            f"{address.name}: {state.why_not_home}. It can be read, but to act on it could order again what "
            "was ordered since. Make sure that no other copy is used any more, then call adopt()"
        )


def _check_version(state: State, address: Address) -> None:
    known = len(postgres_migrations())
    if state.version > known:
        raise SchemaMismatch(
            f"{address.name}: the journal has version {state.version}, and this orderbridge knows up to "
            f"{known}; install the orderbridge that wrote it, or a newer. Nothing was written"
        )


def set_up(connection: Db, address: Address, begin: Begin, *, adopting: bool = False) -> None:
    """Make the schema if there is none, bring it up to date, and let it live here if new or adopted."""
    connection.execute(begin.write.encode())
    try:
        version = _version(connection, address, begin, adopting=adopting)
        for number, migration in enumerate(postgres_migrations(), start=1):
            if number > version:
                for statement in migration:
                    connection.execute(statement.encode())
                _put_meta(connection, "journal_version", str(number))
        if not version:
            # No part of what the databases share: SQLite keeps them in another file.
            connection.execute("CREATE TABLE tokens (account TEXT PRIMARY KEY, token TEXT NOT NULL)")
        if adopting or not version:
            state = State.of(connection.execute(begin.state.encode()).fetchone(), address)
            _put_meta(connection, "journal_home", " ".join(state.here))
        connection.execute("COMMIT")
    finally:
        if connection.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            connection.execute("ROLLBACK")


def _version(connection: Db, address: Address, begin: Begin, *, adopting: bool) -> int:
    """The version of what is there; 0 if nothing is, and then there is an empty schema."""
    found = connection.execute(
        "SELECT to_regnamespace(%(schema)s) IS NULL AS missing, to_regclass('meta') IS NULL AS new, "
        "has_schema_privilege(to_regnamespace(%(schema)s), 'USAGE') AS usable, "
        "EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace(%(schema)s)) AS used",
        {"schema": f'"{address.schema}"'},
    ).fetchone()
    assert found is not None
    if found["missing"]:
        connection.execute(f'CREATE SCHEMA "{address.schema}"'.encode())
    elif not found["usable"]:
        # PostgreSQL steps over it to the next in the search path, and would make the tables temporary.
        raise JournalError(
            f"{address.name}: this user may not use its schema; see what rights the guide asks for"
        )
    if found["new"] and not found["used"]:
        return 0
    if found["new"]:
        raise JournalError(
            f"{address.name}: this schema holds tables of another program, and was left as it is; "
            "give the journal a schema of its own"
        )
    state = State.of(connection.execute(begin.state.encode()).fetchone(), address)
    _check_version(state, address)
    known = len(postgres_migrations())
    if state.why_not_home and not adopting and state.version < known:
        # A copy is left as it is, so it can be read only if it needs no migration.
        raise SchemaMismatch(
            f"{address.name}: {state.why_not_home}, and has version {state.version} of the journal where "
            f"this orderbridge reads {known}; look at it with the orderbridge that wrote it, or call adopt()"
        )
    return state.version


def _put_meta(connection: Db, name: str, value: str) -> None:
    connection.execute(
        "INSERT INTO meta (name, value) VALUES (%s, %s) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )
