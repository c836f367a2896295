"""One PostgreSQL schema: reached, checked before use, set up, and its errors put in words."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import unquote

import attrs
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row

from .._clockwork import Clockwork
from .._model import Secret
from ..errors import ConfigurationError, Damaged, JournalError, RowRefused, Unreachable

__all__ = ["Address", "Db", "connect", "in_words"]

Db = psycopg.Connection[DictRow]

_OLDEST_SERVER = 140000
# Seconds by which another worker may be wrong about the end of a lease; fences stand whatever clocks say.
_CLOCKS_APART = 20.0
# Over a firewall that forgets, or to a machine that is gone, a worker notices within half a minute.
_DEFAULTS: dict[str, str] = {
    "application_name": "orderbridge",
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "25000",
}
_SCHEMA_NAME = re.compile(r"(?!pg_)[a-z_][a-z0-9_]{0,62}")
_RESTORE = "Nothing was written. Restore a backup, open it, and call adopt()"
_WORDS = {
    "08": "the connection was lost",
    "25006": "the database only reads: it is a standby, or look() was asked to write",
    "25P03": "the transaction stood still for too long, and the server has ended it",
    "25P04": "the transaction took longer than the server allows",
    "28": "the server does not let this user in",
    "3D000": "there is no such database",
    "40": "the server has ended the transaction in favor of another",
    "42501": "this user may not do that; see what rights the guide asks for",
    "53100": "the server's disk is full",
    "53": "the server has no room for it",
    "55P03": "another program has kept the journal to itself for 30 seconds",
    "57014": "the server has given the statement up",
    "57": "the server is going down, coming up or was told to end this",
    "58": "the server could not use its disk",
}
# What may be over when it is next tried.
_PASSES = ("08", "25P03", "25P04", "40", "53", "55P03", "57", "58")


@attrs.frozen(kw_only=True)
class Address:
    """Where the journal is; ``name`` is what may be shown."""

    conninfo: Secret
    schema: str
    name: str

    @classmethod
    def of(cls, dsn: str, schema: str = "") -> Address:
        """Read ``postgresql://...?schema=...``, without repeating it in an error: it may hold a password.

        Raises:
            ConfigurationError: it cannot be read.
        """
        bare, mark, query = dsn.partition("?")
        pairs = [pair.partition("=") for pair in query.split("&") if pair]
        schemas = [unquote(value) for name, _, value in pairs if name == "schema"]
        rest = "&".join("".join(pair) for pair in pairs if pair[0] != "schema")
        try:
            given = conninfo_to_dict(f"{bare}{mark and rest and '?'}{rest}")
        except psycopg.Error:
            given = None
        shown = [str((given or {}).get(key) or "") for key in ("host", "port", "dbname")]
        # The rest of a password that has such a sign of its own is taken for one of these.
        if given is None or re.search("[@?#]", "".join(shown)) or not re.fullmatch(r"[\d,]*", shown[1]):
            raise ConfigurationError(
                "journal: is not an address like postgresql://user:password@host:5432/database, in which the "
                "signs @ : / ? # % of a password are written as %40 %3A %2F %3F %23 %25"
            )
        schema = schema or "".join(schemas[:1]) or "orderbridge"
        if len(set(schemas)) > 1 or not _SCHEMA_NAME.fullmatch(schema):
            raise ConfigurationError(
                "journal: schema: is one name of small letters, digits and underscores, such as orderbridge"
            )
        host, _, database = shown
        return cls(
            conninfo=Secret(make_conninfo("", **{**_DEFAULTS, **given, "client_encoding": "utf8"})),
            schema=schema,
            name=f"PostgreSQL {database or 'database'}{host and ' at '}{host}, schema {schema}",
        )

    def key(self, of: str) -> int:
        """The key of an advisory lock: of the writers of this schema, or of something in it."""
        digest = hashlib.sha256(f"orderbridge {self.schema} {of}".encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)


def connect(address: Address) -> Db:
    """A connection to a server that can keep a journal."""
    connection = Db.connect(
        address.conninfo.reveal(),
        autocommit=True,
        row_factory=dict_row,
        # Nothing is left on the server between transactions, so that a pooler may stand in between.
        prepare_threshold=None,
    )
    try:
        _check(connection, address.name)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: Db, name: str) -> None:
    def setting(of: str) -> str:
        row = connection.execute("SELECT current_setting(%s) AS value", (of,)).fetchone()
        return str(row["value"]) if row else ""

    if int(setting("server_version_num")) < _OLDEST_SERVER:
        raise JournalError(
            f"{name}: the server is {setting('server_version')}; the journal needs 14 or newer"
        )
    if setting("server_encoding") != "UTF8":
        raise JournalError(
            f"{name}: the database is in {setting('server_encoding')}; "
            "make one with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"
        )
    if setting("fsync") != "on":
        raise JournalError(
            f"{name}: the server runs with fsync=off, and a power cut would take away what was ordered; "
            "set fsync=on"
        )
    if setting("transaction_read_only") != "off":
        raise JournalError(
            f"{name}: this server or this user only reads; give the address of the primary, or of all "
            "of them with target_session_attrs=read-write"
        )
    # As a number: how a date is written, each server and user may set.
    row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8 AS now").fetchone()
    assert row is not None
    off = abs(row["now"] - Clockwork().wall().timestamp())
    if off > _CLOCKS_APART:
        raise JournalError(
            f"{name}: this machine's clock and the server's are {off:.0f} seconds apart, and workers tell by "
            "their clocks whose turn it is; let NTP set both"
        )


def in_words(error: psycopg.Error, name: str) -> Exception:
    """What the error means to the person who runs the bridge; what the rows held is not repeated."""
    state = error.sqlstate or ""
    if not state:
        if isinstance(error, psycopg.OperationalError):
            return Unreachable(f"{name}: {_unreached(error)}; nothing was written")
        return error  # a missing value and its like: our bugs
    if state.startswith(("22", "23")):
        # The server's own sentence may hold what a shopper typed.
        rule = error.diag.constraint_name or error.diag.column_name or f"code {state}"
        # Not the journal is wrong, but what came from somewhere: it must not keep all else from going on.
        return RowRefused(f"{name}: a row was refused ({rule}); nothing was written")
    if state in ("XX001", "XX002"):
        return Damaged(f"{name}: the database is damaged. {_RESTORE}")
    found = next((_WORDS[state[:n]] for n in (5, 2) if state[:n] in _WORDS), "")
    said = error.diag.message_primary or type(error).__name__
    kind = Unreachable if state.startswith(_PASSES) else JournalError
    return kind(f"{name}: {found}{found and ': '}{said}; nothing was written")


def _unreached(error: psycopg.OperationalError) -> str:
    """Why there is no connection: the last line says it, without user and password."""
    said = str(error).strip().splitlines()
    return said[-1].strip() if said else "the server cannot be reached"
