"""The journal in PostgreSQL does what every journal must, and stands what only a server can do to it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import attrs
import psycopg
import pytest

import kill_nine
import orderbridge as ob
from at_postgres import Relay, Server, new_schema, server
from both_sides import Sides
from kill_nine import WRONG
from orderbridge._clockwork import Clockwork
from orderbridge._config import read_config
from orderbridge._events import EventKind
from orderbridge._journal import Journal, Tx
from orderbridge._model import Secret
from orderbridge.auth import Token
from orderbridge.errors import (
    ConfigurationError,
    JournalError,
    LookOnly,
    RowRefused,
    SchemaMismatch,
    Unreachable,
)
from orderbridge.journals import _schema, _server
from orderbridge.journals._dialect import postgres_queries
from orderbridge.journals.postgres import PostgresJournal, open_postgres
from orderbridge.journals.sqlite import open_memory
from orderbridge.testing import _world
from orderbridge.testing._journal_samples import an_order, keep_order
from orderbridge.testing.journal_suite import JournalSuite
from orderbridge.testing.simulator import simulate
from test_sql import PROMISED

T = TypeVar("T")
NOW = datetime(2026, 3, 1, tzinfo=UTC)


class TestPostgresJournal(JournalSuite):
    def open(self) -> Journal:
        return open_postgres(new_schema())


@pytest.fixture
def place() -> str:
    return new_schema()


@pytest.fixture
def opened() -> Iterator[Callable[[str], PostgresJournal]]:
    """Opens journals, and closes them all."""
    with ExitStack() as stack:

        def one(place: str) -> PostgresJournal:
            return stack.enter_context(closing(open_postgres(place)))

        yield one


def put(journal: Journal, value: str) -> None:
    journal.transact(lambda tx: tx.put_meta("a", value))


def got(journal: Journal) -> str | None:
    return journal.look(lambda tx: tx.get_meta("a"))


def schema_of(place: str) -> str:
    return place.partition("schema=")[2]


# --- the shared SQL ---


@pytest.fixture(scope="module")
def made() -> str:
    place = new_schema()
    with closing(open_postgres(place)) as journal:
        put(journal, "made")
    return place


@pytest.mark.parametrize("name", postgres_queries())
def test_a_query_fits_the_schema(name: str, made: str) -> None:
    query = postgres_queries()[name]
    values = dict.fromkeys(_names(query))
    with psycopg.connect(server().dsn()) as connection:
        connection.execute(f"SET search_path TO {schema_of(made)}".encode())
        connection.execute(f"EXPLAIN {query}".encode(), values)


def _names(query: str) -> list[str]:
    return [part.partition(")s")[0] for part in query.split("%(")[1:]]


def test_text_is_ordered_by_bytes_whatever_the_language_of_the_database(made: str) -> None:
    rows = server().sql(
        "SELECT count(*), count(*) FILTER (WHERE collation_name = 'C') FROM information_schema.columns "
        f"WHERE table_schema = '{schema_of(made)}' AND data_type = 'text' "
        "AND table_name NOT LIKE 'orderbridge_%' AND table_name <> 'tokens'"
    )
    assert rows[0][0] == rows[0][1]
    assert rows[0][0] > 100


@pytest.mark.parametrize("view", PROMISED)
def test_a_promised_view_stands_there_too(view: str, made: str) -> None:
    rows = server().sql(
        "SELECT string_agg(column_name, ' ' ORDER BY ordinal_position) FROM information_schema.columns "
        f"WHERE table_schema = '{schema_of(made)}' AND table_name = '{view}'"
    )
    assert rows == [(PROMISED[view],)]


# --- a story runs the same way over both journals ---


@pytest.mark.parametrize("seed", [3])
def test_a_simulated_world_goes_the_same_way_as_over_sqlite(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = partial(simulate, seed, orders=3, faults=0.2, kills=0.03, processes=3)
    over_sqlite = run()
    monkeypatch.setattr(_world, "open_memory", lambda: open_postgres(new_schema()))
    over_postgres = run()
    assert not over_postgres.problems, over_postgres.story
    assert over_postgres.trace == over_sqlite.trace
    assert over_postgres.commits == over_sqlite.commits


@pytest.mark.slow
def test_two_bridges_of_which_one_is_killed_again_and_again_order_and_tell_everything_once(
    tmp_path: Path, place: str
) -> None:
    found = kill_nine.rehearse(
        orders=6, kills=3, seed=3, speed=400.0, folder=tmp_path, say=lambda _: None, journal=place, others=1
    )
    assert {name: found[name] for name in WRONG} == dict.fromkeys(WRONG, 0)
    assert found["supplier_orders"] == found["shipped"] > 2


def test_several_bridges_at_once_place_an_order_once(place: str) -> None:
    with Sides() as sides:
        bridges = [sides.bridge(journal=place) for _ in range(3)]
        order = sides.sell({"RW-100": 1})
        with ThreadPoolExecutor(3) as pool:
            for _ in range(6):
                list(pool.map(lambda bridge: bridge.run_once(), bridges))
                sides.clock.sleep(600)
        assert sides.ordered() == [{"100": 1}]
        sides.dispatch()
        sides.live(bridges[0], hours=8)
        assert len(sides.shown(order)) == 1
        assert sides.departure_mails(order) == 1


# --- writers and readers ---


def test_a_reader_of_the_events_skips_none_that_several_processes_write(
    place: str, opened: Callable[[str], PostgresJournal]
) -> None:
    writers = [opened(place) for _ in range(3)]
    reader = opened(place)
    done = threading.Event()
    read: list[str] = []

    def follow() -> None:
        position, last = 0, False
        while not last:
            last = done.is_set()
            while page := reader.look(partial(Tx.events, after=position, limit=7)):
                read.extend(event.about for event in page)
                position = page[-1].position

    def write(number: int) -> None:
        for count in range(20):
            writers[number].transact(
                partial(Tx.event, kind=EventKind.STATUS, about=f"{number}.{count}", at=NOW)
            )

    with ThreadPoolExecutor(4) as pool:
        following = pool.submit(follow)
        try:
            list(pool.map(write, range(3)))
        finally:
            done.set()
        following.result()
    assert sorted(read) == sorted(f"{n}.{c}" for n in range(3) for c in range(20))


def test_a_look_waits_for_no_writer_and_sees_one_moment(
    place: str, opened: Callable[[str], PostgresJournal]
) -> None:
    writer, reader = opened(place), opened(place)
    put(writer, "before")

    def look(tx: Tx) -> tuple[str | None, str | None]:
        first = tx.get_meta("a")
        put(writer, "after")
        return first, tx.get_meta("a")

    assert reader.look(look) == ("before", "before")

    def write(tx: Tx) -> str | None:
        tx.put_meta("a", "later")
        return got(reader)

    assert writer.transact(write) == "after"
    assert got(reader) == "later"


def test_a_worker_that_freezes_inside_a_transaction_loses_it_and_holds_nobody_up(
    place: str, opened: Callable[[str], PostgresJournal], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(_schema._TIMEOUTS, "idle_in_transaction_session_timeout", 200)
    frozen, other = opened(place), opened(place)
    put(other, "first")

    def freeze(tx: Tx) -> None:
        tx.put_meta("a", "frozen")
        put(other, "other")  # waits until the server has ended the frozen one
        tx.put_meta("a", "thawed")

    with pytest.raises(JournalError, match="nothing was written"):
        frozen.transact(freeze)
    assert got(frozen) == "other"
    put(frozen, "again")
    assert got(other) == "again"


def test_a_transaction_that_its_server_finds_too_long_may_be_tried_again(
    place: str, opened: Callable[[str], PostgresJournal]
) -> None:
    journal = opened(place)
    put(journal, "1")
    with pytest.raises(Unreachable, match="took longer"), journal.transaction(writes=True) as rows:
        rows.execute("SET LOCAL transaction_timeout TO 1; SELECT pg_sleep(10)")
    assert got(journal) == "1"


def test_a_writer_waits_for_another_only_so_long(
    place: str, opened: Callable[[str], PostgresJournal], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = opened(place)
    put(first, "1")
    monkeypatch.setitem(_schema._TIMEOUTS, "lock_timeout", 50)
    second = opened(place)
    got_there = got(second)

    def hold(tx: Tx) -> None:
        tx.put_meta("a", "2")
        with pytest.raises(JournalError, match="has kept the journal to itself"):
            put(second, "3")

    first.transact(hold)
    assert (got_there, got(second)) == ("1", "2")
    put(second, "4")


# --- the connection goes ---


def _end_sessions(place: str) -> None:
    server().sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'orderbridge' AND pid <> pg_backend_pid()"
    )


def test_a_connection_lost_while_idle_costs_nothing(
    place: str, opened: Callable[[str], PostgresJournal]
) -> None:
    journal = opened(place)
    put(journal, "1")
    _end_sessions(place)
    put(journal, "2")
    _end_sessions(place)
    assert got(journal) == "2"
    assert journal.commits == 2


def test_a_connection_lost_inside_a_transaction_undoes_it_and_the_next_has_a_new_one(
    place: str, opened: Callable[[str], PostgresJournal]
) -> None:
    journal = opened(place)
    put(journal, "before")

    def lose(tx: Tx) -> None:
        tx.put_meta("a", "lost")
        _end_sessions(place)
        tx.get_meta("a")

    with pytest.raises(JournalError, match="nothing was written"):
        journal.transact(lose)
    assert got(journal) == "before"
    assert journal.commits == 1


def test_work_that_swallows_a_failed_statement_cannot_commit_the_rest(
    place: str, opened: Callable[[str], PostgresJournal]
) -> None:
    journal = opened(place)

    def swallow(tx: Tx) -> None:
        tx.put_meta("a", "half")
        with pytest.raises(RowRefused):
            tx._rows.run("put_meta", name=None, value=None)

    with pytest.raises(JournalError, match="nothing was written"):
        journal.transact(swallow)
    assert got(journal) is None
    assert journal.commits == 0


@pytest.mark.parametrize("happened", [False, True])
def test_a_connection_lost_during_the_commit_is_taken_for_neither(
    happened: bool, place: str, opened: Callable[[str], PostgresJournal]
) -> None:
    with Relay(server()) as relay:
        journal = opened(relay.through(place))
        put(journal, "before")
        relay.cut_at_commit(1, after=happened)
        with pytest.raises(JournalError, match="only the journal can tell") as caught:
            put(journal, "after")
        assert "nothing was written" not in str(caught.value)
        assert journal.commits == 1
        assert got(journal) == ("after" if happened else "before")
        put(journal, "again")
        assert got(journal) == "again"


class Lossy:
    """A journal that loses its connection during one commit, before it happened or after."""

    def __init__(self, at: int, *, after: bool) -> None:
        self._journal = open_memory()
        self._at = at
        self._after = after
        self.lost = False

    @property
    def commits(self) -> int:
        return self._journal.commits

    @property
    def look_only(self) -> bool:
        return self._journal.look_only

    def transact(self, work: Callable[[Tx], T]) -> T:
        if self.lost or self.commits < self._at:
            return self._journal.transact(work)

        def lose(tx: Tx) -> None:
            work(tx)
            self.lost = True
            if not self._after:
                raise JournalError("the connection was lost during the commit")

        self._journal.transact(lose)
        raise JournalError("the connection was lost during the commit")

    def look(self, work: Callable[[Tx], T]) -> T:
        return self._journal.look(work)

    def adopt(self) -> None: ...

    def close(self) -> None:
        self._journal.close()


@pytest.mark.parametrize("happened", [False, True])
@pytest.mark.parametrize("at", range(0, 36, 3))
def test_whichever_commit_is_lost_an_order_is_placed_and_told_once(at: int, happened: bool) -> None:
    journal = Lossy(at, after=happened)
    with Sides() as sides:
        bridge = sides.bridge(journal=journal)
        order = sides.sell({"RW-100": 1})

        def live(hours: float) -> None:
            end = sides.now() + timedelta(hours=hours)
            while sides.now() < end:
                try:
                    sides.live(bridge, hours=(end - sides.now()).total_seconds() / 3600)
                except JournalError:
                    sides.clock.sleep(60)  # whoever runs it goes on

        live(0.5)
        assert sides.ordered() == [{"100": 1}]
        sides.dispatch()
        live(1)
        assert len(sides.shown(order)) == sides.departure_mails(order) == 1
    assert journal.lost


# --- copies ---


def test_a_dump_restored_elsewhere_only_looks_until_it_is_adopted(
    place: str, opened: Callable[[str], PostgresJournal]
) -> None:
    original = opened(place)
    put(original, "original")
    dump = str(server().directory / "dump.sql")
    server().run("pg_dump", server().dsn(), "-n", schema_of(place), "-f", dump)
    server().sql(f"CREATE DATABASE {schema_of(place)}")
    server().run("psql", server().dsn(schema_of(place)), "-q", "-v", "ON_ERROR_STOP=1", "-f", dump)
    elsewhere = f"{server().dsn(schema_of(place))}&schema={schema_of(place)}"
    copy, other = opened(elsewhere), opened(elsewhere)
    assert copy.look_only
    assert got(copy) == "original"
    for journal in (copy, other):
        with pytest.raises(LookOnly, match="another database"):
            put(journal, "copy")
    with pytest.raises(LookOnly), copy.tokens.renewing("shop"):
        raise AssertionError("a copy's token would end the original's")
    copy.adopt()
    put(copy, "adopted")
    put(other, "by another process too")
    put(original, "lives on")
    assert (got(copy), got(original)) == ("by another process too", "lives on")


def test_an_older_dump_put_in_the_place_of_a_journal_in_use_stops_it(
    place: str, opened: Callable[[str], PostgresJournal]
) -> None:
    journal = opened(place)
    put(journal, "old")
    dump = str(server().directory / "older.sql")
    server().run("pg_dump", server().dsn(), "-n", schema_of(place), "-f", dump)
    put(journal, "new")
    server().sql(f"DROP SCHEMA {schema_of(place)} CASCADE")
    with pytest.raises(JournalError):
        put(journal, "nowhere")
    server().run("psql", server().dsn(), "-q", "-v", "ON_ERROR_STOP=1", "-f", dump)
    with pytest.raises(LookOnly, match="restored from a dump"):
        put(journal, "newer")
    with pytest.raises(LookOnly, match="restored from a dump"):
        put(opened(place), "newer")
    journal.adopt()
    put(journal, "newest")


def test_a_journal_on_another_server_or_that_says_nothing_of_its_home_only_looks(
    place: str, opened: Callable[[str], PostgresJournal]
) -> None:
    journal = opened(place)
    put(journal, "1")
    schema = schema_of(place)
    meta = f"{schema}.meta WHERE name = 'journal_home'"
    server().sql(
        f"UPDATE {schema}.meta SET value = regexp_replace(value, '^\\d+', '1') WHERE name = 'journal_home'"
    )
    with pytest.raises(LookOnly, match="another server"):
        put(journal, "2")
    server().sql(f"DELETE FROM {meta}")
    with pytest.raises(LookOnly, match="does not say where it lives"):
        put(journal, "2")
    journal.adopt()
    put(journal, "3")


def test_a_user_who_may_not_ask_for_the_servers_name_is_at_home_as_well(
    place: str, opened: Callable[[str], PostgresJournal]
) -> None:
    journal = opened(place)
    put(journal, "1")
    function = "FUNCTION pg_control_system()"
    server().sql(f"REVOKE EXECUTE ON {function} FROM PUBLIC", "CREATE ROLE modest LOGIN")
    try:
        schema = schema_of(place)
        server().sql(
            f"GRANT USAGE ON SCHEMA {schema} TO modest",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO modest",
        )
        modest = opened(f"{server().dsn(user='modest')}&schema={schema}")
        put(modest, "2")
        assert got(journal) == "2"
    finally:
        server().sql(f"GRANT EXECUTE ON {function} TO PUBLIC", "DROP OWNED BY modest", "DROP ROLE modest")


def test_a_newer_schema_is_left_alone_also_by_who_had_it_open(
    place: str, opened: Callable[[str], PostgresJournal]
) -> None:
    journal = opened(place)
    put(journal, "1")
    server().sql(f"UPDATE {schema_of(place)}.meta SET value = '99' WHERE name = 'journal_version'")
    for each in (journal, opened(place)):
        with pytest.raises(SchemaMismatch, match="99"):
            put(each, "2")


def test_two_that_open_a_new_journal_at_once_make_it_once(
    place: str, opened: Callable[[str], PostgresJournal]
) -> None:
    journals = [opened(place) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda journal: put(journal, "made"), journals))
    assert [got(journal) for journal in journals] == ["made"] * 4


# --- what is refused ---


def test_the_schema_of_another_program_is_left_as_it_is(
    place: str, opened: Callable[[str], PostgresJournal]
) -> None:
    schema = schema_of(place)
    server().sql(f"CREATE SCHEMA {schema}", f"CREATE TABLE {schema}.orders (mine int)")
    with pytest.raises(JournalError, match="a schema of its own"):
        put(opened(place), "1")
    server().sql(f"ALTER TABLE {schema}.orders RENAME TO meta")
    with pytest.raises(JournalError):
        put(opened(place), "1")
    assert server().sql(f"SELECT * FROM {schema}.meta") == []


@pytest.mark.parametrize(
    ("setting", "words"),
    [("fsync = off", "set fsync=on"), ("synchronous_commit = off", "synchronous_commit is off")],
)
def test_a_server_that_may_lose_what_it_committed_is_refused(
    setting: str, words: str, place: str, opened: Callable[[str], PostgresJournal]
) -> None:
    journal = opened(place)
    put(journal, "1")
    server().set(setting)
    try:
        with pytest.raises(JournalError, match=words):
            put(opened(place), "2")
    finally:
        server().set(setting.partition(" ")[0])
    put(opened(place), "3")


def test_a_journal_in_use_keeps_what_it_commits_whatever_is_set_meanwhile(
    place: str, opened: Callable[[str], PostgresJournal]
) -> None:
    """Also behind a pooler, where another program's ``SET`` stays on the connection that we get next."""
    journal = opened(place)
    put(journal, "1")
    assert journal._connection is not None
    journal._connection.execute("SET synchronous_commit = off")
    with journal.transaction(writes=True) as rows:
        assert rows.execute("SELECT current_setting('synchronous_commit') AS kept") == [{"kept": "on"}]


def test_a_database_that_only_reads_is_refused(place: str, opened: Callable[[str], PostgresJournal]) -> None:
    server().sql("CREATE ROLE reader LOGIN", "ALTER ROLE reader SET default_transaction_read_only = on")
    with pytest.raises(JournalError, match="only reads"):
        put(opened(place.replace("postgres@", "reader@")), "1")
    server().sql("DROP ROLE reader")


def test_a_standby_is_refused_and_once_promoted_is_at_home(
    opened: Callable[[str], PostgresJournal],
) -> None:
    with closing(Server()) as primary:
        put(opened(primary.dsn()), "copied")
        standby = Server.standby_of(primary)
    with closing(standby):
        at_standby = opened(standby.dsn())
        with pytest.raises(JournalError, match="only reads"):
            put(at_standby, "1")
        standby.sql("SELECT pg_promote()")
        put(at_standby, "promoted")
        assert got(at_standby) == "promoted"


def test_a_database_in_another_encoding_is_refused(opened: Callable[[str], PostgresJournal]) -> None:
    server().sql("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")
    with pytest.raises(JournalError, match="UTF8"):
        put(opened(server().dsn("latin")), "1")


def test_a_server_that_is_too_old_is_refused(
    place: str, opened: Callable[[str], PostgresJournal], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_server, "_OLDEST_SERVER", 990000)
    with pytest.raises(JournalError, match="needs 14 or newer"):
        put(opened(place), "1")


def test_a_machine_whose_clock_is_far_from_the_servers_is_refused(
    place: str, opened: Callable[[str], PostgresJournal], monkeypatch: pytest.MonkeyPatch
) -> None:
    for ahead in (-120, 120):

        class Wrong(Clockwork):
            def wall(self, ahead: int = ahead) -> datetime:
                return super().wall() + timedelta(seconds=ahead)

        with monkeypatch.context() as patch:
            patch.setattr(_server, "Clockwork", Wrong)
            with pytest.raises(JournalError, match="clock"):
                put(opened(place), "1")
    put(opened(place), "2")


def test_a_user_who_may_not_make_the_schema_is_told(
    place: str, opened: Callable[[str], PostgresJournal]
) -> None:
    server().sql("CREATE ROLE guest LOGIN")
    with pytest.raises(JournalError, match="what rights"):
        put(opened(place.replace("postgres@", "guest@")), "1")
    server().sql("DROP ROLE guest")


def test_a_schema_that_its_user_may_not_use_is_refused_and_no_journal_made_elsewhere(
    place: str, made: str, opened: Callable[[str], PostgresJournal]
) -> None:
    """Its tables would be temporary: of one connection, with every other worker placing the orders anew."""
    server().sql("CREATE ROLE guest LOGIN", f"CREATE SCHEMA {schema_of(place)}")
    for given in (place, made):
        with pytest.raises(JournalError, match="may not use its schema"):
            put(opened(given.replace("postgres@", "guest@")), "1")
    server().sql("DROP ROLE guest")


def test_how_the_servers_user_likes_dates_written_does_not_matter(
    place: str, opened: Callable[[str], PostgresJournal]
) -> None:
    server().sql(f"CREATE ROLE german LOGIN; CREATE SCHEMA {schema_of(place)} AUTHORIZATION german")
    server().sql("ALTER ROLE german SET DateStyle = 'German'", "ALTER ROLE german SET TimeZone = '<+03>-03'")
    put(opened(place.replace("postgres@", "german@")), "1")
    server().sql("DROP OWNED BY german", "DROP ROLE german")


# --- the address ---


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://user:hunter2@host:port2/db",
        "postgresql://user:hun@ter2@host/db",
        "postgresql://user:hunter2@host/db?nonsense=hunter2",
        "postgresql://user:hunter2/@host/db",
        "postgresql://user:hunter2@host/db?schema=Upper",
        "postgresql://user:hunter2@host/db?schema=pg_mine",
        'postgresql://user:hunter2@host/db?schema=a";drop',
    ],
)
def test_an_address_that_cannot_be_read_is_not_repeated(dsn: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ob.journal(dsn)
    error: BaseException | None = caught.value
    while error is not None:
        assert "hun" not in str(error)
        assert "ter2" not in str(error)
        error = error.__cause__


def test_a_password_stands_in_no_error_and_in_no_repr(tmp_path: Path) -> None:
    dsn = f"postgresql://someone:hunter2@localhost:1/nowhere?host={server().directory}"
    journal = ob.journal(dsn, schema="mine")
    with pytest.raises(JournalError, match=r"PostgreSQL nowhere at .+, schema mine") as caught:
        journal.look(lambda tx: tx.get_meta("a"))
    assert caught.value.__cause__ is None
    file = tmp_path / "orderbridge.toml"
    file.write_text(f'journal = "{dsn}"\n')
    config = read_config(file)
    assert config.journal == dsn
    for shown in (str(caught.value), repr(caught.value), repr(journal), repr(vars(journal)), repr(config)):
        assert "hunter2" not in shown


def test_an_address_may_come_from_the_environment(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS_DATABASE", place)
    file = tmp_path / "orderbridge.toml"
    file.write_text('journal = "env:ORDERS_DATABASE"\n')
    with ob.Bridge.from_toml(file) as bridge:
        bridge.run_once()
    assert server().sql(f"SELECT count(*) FROM {schema_of(place)}.meta WHERE name = 'journal_home'") == [(1,)]
    assert [each.name for each in tmp_path.iterdir()] == ["orderbridge.toml"]


# --- what rows may hold ---


def test_a_sign_that_postgresql_cannot_hold_stops_neither_its_order_nor_the_others(
    place: str, opened: Callable[[str], PostgresJournal]
) -> None:
    order = an_order()
    bad = attrs.evolve(
        order,
        raw_status="pro\0cessing",
        note="leave it\0at the door",
        lines=tuple(attrs.evolve(line, name="T\0shirt", sku="S\0") for line in order.lines),
    )
    for journal in (opened(place), open_memory()):
        record = journal.transact(partial(keep_order, order=bad))
        assert journal.look(lambda tx: tx.order("shop/7")) == record
    rows = server().sql(f"SELECT DISTINCT name FROM {schema_of(place)}.lines")
    assert rows == [("T\ufffdshirt",)]


def test_what_a_shopper_wrote_is_in_no_error_of_the_server(
    place: str, opened: Callable[[str], PostgresJournal]
) -> None:
    def refused(tx: Tx) -> None:
        tx._rows.run("put_private", order_id="shop/none", salt="s", hash="h", doc="Erika Mustermann")

    with pytest.raises(RowRefused) as caught:
        opened(place).transact(refused)
    assert "order_private" in str(caught.value)
    assert "shop/none" not in str(caught.value)
    assert caught.value.__cause__ is None


# --- tokens ---


def test_tokens_stand_beside_the_journal_and_one_worker_at_a_time_renews(
    place: str, opened: Callable[[str], PostgresJournal]
) -> None:
    mine, other = opened(place).tokens, opened(place).tokens
    old = Token(Secret("old"), refresh=Secret("once"), expires_at=NOW)
    new = attrs.evolve(old, access=Secret("new"))
    assert mine.get("shop") is None
    assert mine.swap("shop", None, old)
    assert not other.swap("shop", None, new)
    assert other.get("shop") == old
    with mine.renewing("shop") as first, other.renewing("shop") as second, other.renewing("hub") as third:
        assert (first, second, third) == (True, False, True)
        assert mine.swap("shop", old, new)
    with other.renewing("shop") as again:
        assert again
    assert not other.swap("shop", old, old)
    assert other.get("shop") == new


# --- forks ---

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


def _in_child(work: Callable[[], bool]) -> bool:
    child = os.fork()
    if child == 0:
        fine = False
        try:
            fine = work()
        finally:
            os._exit(0 if fine else 1)
    return os.waitpid(child, 0)[1] == 0


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_parent_and_child_of_a_fork_each_have_a_connection(
    place: str, opened: Callable[[str], PostgresJournal]
) -> None:
    journal = opened(place)
    put(journal, "parent")

    def child() -> bool:
        seen = got(journal)
        put(journal, "child")
        journal.close()
        return seen == "parent"

    assert _in_child(child)
    assert journal._connection is not None
    assert not journal._connection.closed
    assert got(journal) == "child"
    put(journal, "parent again")


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_inside_a_transaction_leaves_it_to_the_parent(
    place: str, opened: Callable[[str], PostgresJournal]
) -> None:
    journal = opened(place)
    parent = os.getpid()

    def work(tx: Tx) -> bool:
        tx.put_meta("a", "parent")
        child = os.fork()
        if child == 0:
            tx.get_meta("a")  # raises: it is not the child's
        return os.waitpid(child, 0)[1] == 0

    try:
        refused = journal.transact(work)
    except BaseException as error:
        if os.getpid() != parent:
            os._exit(0 if isinstance(error, JournalError) else 1)
        raise
    assert refused
    assert got(journal) == "parent"
