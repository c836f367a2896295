"""The journal's file: who may read it, what happens when it is damaged, copied, shared or cut off."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from orderbridge._events import EventKind
from orderbridge._journal import Tx
from orderbridge.errors import Damaged, JournalError, LookOnly, SchemaMismatch
from orderbridge.journals import _file
from orderbridge.journals._file import wal_is_safe
from orderbridge.journals.sqlite import SqliteJournal, open_memory, open_sqlite
from orderbridge.testing._journal_samples import NOW, an_order, keep_order


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture(params=["persist", "wal"])
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to commit, whichever SQLite this machine has."""
    version = (3, 51, 3) if request.param == "wal" else (3, 40, 1)
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    return str(request.param)


@contextmanager
def opened(path: Path, *, exclusive: bool = False) -> Iterator[SqliteJournal]:
    with closing(open_sqlite(path, exclusive=exclusive)) as journal:
        yield journal


def put(value: str) -> Callable[[Tx], None]:
    return lambda tx: tx.put_meta("a", value)


def get(tx: Tx) -> str | None:
    return tx.get_meta("a")


def write(path: Path, value: str = "1") -> None:
    """A journal at ``path`` with something in it, closed again."""
    with opened(path) as journal:
        journal.transact(put(value))


def copy(source: Path, target: Path) -> None:
    """What ``cp`` does: over a file that is there the bytes change and the file stays."""
    target.write_bytes(source.read_bytes())


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def in_process(script: str, *args: object) -> subprocess.Popen[str]:
    prelude = """
        import os, signal, sys
        from orderbridge._events import EventKind
        from orderbridge.errors import *
        from orderbridge.journals.sqlite import open_memory, open_sqlite
        path = sys.argv[1]
    """
    source = str(Path(_file.__file__).parents[2])
    return subprocess.Popen(
        [
            sys.executable,
            "-W",
            "error",
            "-c",
            textwrap.dedent(prelude) + textwrap.dedent(script),
            *map(str, args),
        ],
        env={**os.environ, "PYTHONPATH": source, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(script: str, *args: object) -> str:
    with in_process(script, *args) as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    return output


# --- making and opening ---


@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_the_file_and_all_beside_it_are_for_this_user_alone_whatever_the_umask(
    path: Path, umask: int, mode: str
) -> None:
    before = os.umask(umask)
    try:
        with opened(path) as journal:
            journal.transact(put("1"))
            found = {file.name: mode_of(file) for file in path.parent.iterdir()}
            journal.backup(path.with_name("backup.db"))
    finally:
        os.umask(before)
    beside = {"-wal", "-shm"} if mode == "wal" else {"-journal"}
    assert set(found) == {path.name + end for end in {"", "-home"} | beside}
    assert set(found.values()) == {0o600}
    assert mode_of(path.with_name("backup.db")) == 0o600


def test_nothing_is_made_before_the_first_use(path: Path) -> None:
    with opened(path):
        assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 0), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
        ((4, 0, 0), True),
    ],
)
def test_wal_is_used_only_where_sqlite_is_free_of_its_defect(
    version: tuple[int, int, int], safe: bool
) -> None:
    assert wal_is_safe(version) is safe


def test_a_commit_waits_for_the_disk_and_what_is_deleted_is_overwritten(path: Path) -> None:
    with closing(_file.connect(path)) as connection:
        values = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("synchronous", "foreign_keys", "secure_delete", "busy_timeout", "fullfsync")
        }
    assert values == {
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 30_000,
        "fullfsync": 1,
    }


def test_a_forgotten_shopper_is_not_in_the_file_any_more(path: Path) -> None:
    with opened(path) as journal:
        journal.transact(lambda tx: keep_order(tx, an_order()))
        assert b"zoe@example.com" in path.read_bytes()
        journal.transact(lambda tx: tx.forget("shop/7", NOW))
        assert b"zoe@example.com" not in path.read_bytes()


def test_a_closed_journal_says_so_and_may_be_closed_again(path: Path) -> None:
    journal = open_sqlite(path)
    journal.transact(put("1"))
    journal.close()
    journal.close()
    with pytest.raises(JournalError, match="was closed"):
        journal.look(get)


def test_a_relative_path_means_the_directory_of_that_moment(
    path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.chdir(path.parent)
    with closing(open_sqlite(path.name)) as journal:
        monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
        journal.transact(put("1"))
    assert path.exists()


def test_a_missing_directory_is_named_and_not_made(tmp_path: Path) -> None:
    with opened(tmp_path / "no" / "journal.db") as journal, pytest.raises(JournalError, match="no directory"):
        journal.look(get)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_is_no_journal(tmp_path: Path) -> None:
    with opened(tmp_path) as journal, pytest.raises(JournalError, match="is a directory"):
        journal.look(get)


@pytest.mark.parametrize("what", ["file", "directory"])
def test_what_this_user_may_not_write_is_an_error_in_words(what: str) -> None:
    script = """
        if os.geteuid() == 0:  # for whom nothing is read-only: be somebody else
            os.setuid(65534)
        try:
            open_sqlite(path).look(lambda tx: tx.get_meta("a"))
        except JournalError as error:
            print(error)
    """
    # Not below pytest's own directory, where somebody else may not even look.
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "journal.db"
        write(path)
        before = path.read_bytes()
        path.chmod(0o444 if what == "file" else 0o666)
        path.parent.chmod(0o777 if what == "file" else 0o555)
        output = run(script, path)
        path.parent.chmod(0o755)
        assert "may not write" in output
        assert path.read_bytes() == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be somebody else")
def test_what_root_does_to_the_journal_of_another_user_does_not_lock_that_user_out() -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "journal.db"
        script = """
            os.setuid(65534)
            journal = open_sqlite(path)
            journal.transact(lambda tx: tx.put_meta("a", "theirs"))
            journal.close()
        """
        path.parent.chmod(0o777)
        run(script, path)
        path.with_name("journal.db-home").unlink()
        write(path, "root's")
        run(script, path)
        with opened(path) as journal:
            assert journal.look(get) == "theirs"


def test_a_link_to_the_file_is_as_good_as_the_file(path: Path) -> None:
    link = path.with_name("link.db")
    link.symlink_to(path)
    write(link)
    with opened(path) as journal, opened(link) as other:
        assert journal.look(get) == "1"
        other.transact(put("2"))
        assert journal.look(get) == "2"
    assert path.with_name("journal.db-home").exists()


def test_a_file_with_two_names_is_refused(path: Path) -> None:
    write(path)
    path.with_name("second.db").hardlink_to(path)
    with opened(path) as journal, pytest.raises(JournalError, match="second name"):
        journal.look(get)


# --- what is in the file ---


def test_a_file_that_is_no_database_is_left_as_it_is(path: Path) -> None:
    path.write_bytes(b"not a database " * 1000)
    with opened(path) as journal, pytest.raises(Damaged, match=r"Nothing was written. Put a backup"):
        journal.transact(put("1"))
    assert path.read_bytes() == b"not a database " * 1000


@pytest.mark.parametrize("length", [0, 1, 50, 4096, 10_000])
def test_a_file_that_was_cut_off_is_damaged_and_left_as_it_is(path: Path, length: int) -> None:
    write(path)
    content = path.read_bytes()[:length]
    path.write_bytes(content)
    with opened(path) as journal, pytest.raises(Damaged):
        journal.transact(put("2"))
    assert path.read_bytes() == content


def test_a_page_that_went_bad_is_damage_and_not_an_answer(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(path) as journal:
        journal.transact(lambda tx: [tx.event(EventKind.STATUS, about="x" * 500, at=NOW) for _ in range(100)])
    content = path.read_bytes()
    path.write_bytes(content[:-16_384] + b"\xa5" * 16_384)
    with opened(path) as journal, pytest.raises(Damaged):
        journal.look(get)
    # A big file is not read on opening, so the damage shows when the page is needed.
    monkeypatch.setattr(_file, "_QUICK_CHECK_BYTES", 0)
    with opened(path) as journal:
        assert journal.look(get) is None
        with pytest.raises(Damaged):
            journal.look(lambda tx: tx.events(limit=1000))


@pytest.mark.parametrize(
    "setup", ["CREATE TABLE theirs (a)", "PRAGMA application_id=7", "PRAGMA user_version=3"]
)
def test_the_database_of_another_program_is_left_as_it_is(path: Path, setup: str) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute(setup)
    before = path.read_bytes()
    with opened(path) as journal, pytest.raises(JournalError, match="another program"):
        journal.transact(put("1"))
    assert path.read_bytes() == before
    assert {file.name for file in path.parent.iterdir()} == {path.name}


def test_an_empty_file_becomes_a_journal(path: Path) -> None:
    path.touch()
    write(path)
    with opened(path) as journal:
        assert journal.look(get) == "1"


def test_a_journal_of_a_newer_orderbridge_says_which_version_and_what_to_do(path: Path) -> None:
    write(path)
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version=99")
    before = path.read_bytes()
    with opened(path) as journal, pytest.raises(SchemaMismatch, match=r"version 99 .* install"):
        journal.look(get)
    assert path.read_bytes() == before


def next_version(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    scripts = (*_file.migrations(), script)
    monkeypatch.setattr(_file, "migrations", lambda: scripts)


def test_an_older_journal_is_brought_up_to_date_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path)
    next_version(monkeypatch, "INSERT INTO meta VALUES ('b', 'new');\n")
    for _ in range(2):
        with opened(path) as journal:
            assert journal.look(lambda tx: (tx.get_meta("a"), tx.get_meta("b"))) == ("1", "new")


def test_a_migration_that_fails_leaves_the_version_before(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path)
    with monkeypatch.context() as patch:
        next_version(patch, "INSERT INTO meta VALUES ('b', 'new');\nINSERT INTO nowhere VALUES (1);\n")
        with opened(path) as journal, pytest.raises(JournalError):
            journal.look(get)
    with opened(path) as journal:
        assert journal.look(lambda tx: (tx.get_meta("a"), tx.get_meta("b"))) == ("1", None)


def test_a_copy_of_an_older_version_is_not_changed_until_it_is_adopted(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path)
    other = path.with_name("copy.db")
    copy(path, other)
    before = other.read_bytes()
    next_version(monkeypatch, "INSERT INTO meta VALUES ('b', 'new');\n")
    with opened(other) as journal:
        with pytest.raises(SchemaMismatch, match="adopt"):
            journal.look(get)
        assert other.read_bytes() == before
        journal.adopt()
        assert journal.look(lambda tx: (tx.get_meta("a"), tx.get_meta("b"))) == ("1", "new")


def test_a_full_disk_undoes_the_whole_transaction_even_if_the_work_goes_on(path: Path) -> None:
    with opened(path) as journal:
        journal.transact(put("1"))

        def fill(tx: Tx) -> None:
            tx.put_meta("a", "2")
            with pytest.raises(JournalError, match="disk is full"):
                tx.put_meta("big", "x" * 1_000_000)
            # SQLite has rolled back by now: this would be committed alone.
            tx.put_meta("a", "3")

        connection = journal._connection
        assert connection is not None
        [[pages]] = connection.execute("PRAGMA page_count").fetchall()
        connection.execute(f"PRAGMA max_page_count={pages + 2}").fetchall()
        with pytest.raises(JournalError):
            journal.transact(fill)
        assert journal.look(lambda tx: (tx.get_meta("a"), tx.get_meta("big"))) == ("1", None)


def test_what_an_interrupted_rollback_left_open_is_undone_first(path: Path) -> None:
    with opened(path) as journal:
        journal.transact(put("1"))
        connection = journal._connection
        assert connection is not None
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM meta WHERE name = 'a'")
        journal.transact(lambda tx: tx.put_meta("b", "2"))
        assert journal.look(lambda tx: (tx.get_meta("a"), tx.get_meta("b"))) == ("1", "2")


# --- where it lives ---


def refuses(path: Path, why: str) -> None:
    """The journal at ``path`` can be read, not acted on, and stays as it is."""
    before = path.read_bytes()
    with opened(path) as journal:
        assert journal.look_only
        journal.look(get)
        with pytest.raises(LookOnly, match=rf"{why}.* call adopt\(\)"):
            journal.transact(put("acted"))
    assert path.read_bytes() == before


def acts(path: Path) -> None:
    with opened(path) as journal:
        assert not journal.look_only
        journal.transact(put("acted"))
        assert journal.look(get) == "acted"


def test_a_journal_is_at_home_where_it_was_made(path: Path) -> None:
    write(path)
    acts(path)
    with opened(path) as journal:
        place = journal.home.place
        assert place is not None
        assert (place.device, place.inode) == (path.stat().st_dev, path.stat().st_ino)


def test_a_copy_is_look_only(path: Path, mode: str) -> None:
    write(path)
    copy(path, path.with_name("copy.db"))
    refuses(path.with_name("copy.db"), "copy")
    acts(path)


def test_a_copied_directory_is_look_only_and_the_first_one_goes_on(tmp_path: Path) -> None:
    (tmp_path / "live").mkdir()
    write(tmp_path / "live" / "journal.db")
    shutil.copytree(tmp_path / "live", tmp_path / "staging")
    refuses(tmp_path / "staging" / "journal.db", "copy")
    acts(tmp_path / "live" / "journal.db")


def test_an_older_copy_written_over_the_file_is_look_only(path: Path) -> None:
    write(path)
    old = path.with_name("old.db")
    copy(path, old)
    write(path, "2")
    copy(old, path)
    refuses(path, "older copy: it has 1 commits, and 2 were made here")


def test_an_older_copy_put_back_after_a_delete_is_look_only_even_if_the_inode_is_used_again(
    path: Path,
) -> None:
    write(path)
    old = path.with_name("old.db")
    copy(path, old)
    write(path, "2")
    path.unlink()
    copy(old, path)
    refuses(path, "copy")


def test_the_newest_copy_written_over_the_file_has_lost_nothing_and_acts(path: Path) -> None:
    write(path)
    old = path.with_name("old.db")
    copy(path, old)
    copy(old, path)
    acts(path)


def test_a_renamed_file_or_directory_stays_at_home(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    path = tmp_path / "a" / "journal.db"
    write(path)
    acts(path.rename(tmp_path / "a" / "other.db"))
    (tmp_path / "a").rename(tmp_path / "b")
    acts(tmp_path / "b" / "other.db")


def test_without_its_companion_a_file_that_did_not_move_stays_at_home(path: Path) -> None:
    write(path)
    for content in (None, b"", b"garbage"):
        companion = path.with_name("journal.db-home")
        companion.unlink() if content is None else companion.write_bytes(content)
        acts(path)


def test_a_journal_that_comes_back_to_a_place_where_another_has_worked_is_look_only(path: Path) -> None:
    write(path)
    aside = path.rename(path.with_name("aside.db"))
    write(path, "another")
    aside.rename(path)
    refuses(path, "another journal stood here")


def test_a_deleted_journal_leaves_a_place_for_a_new_one(path: Path) -> None:
    write(path)
    path.unlink()
    acts(path)


def test_another_machine_is_not_home(path: Path) -> None:
    write(path)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE meta SET value = 'elsewhere' || value WHERE name = 'journal_home'")
    refuses(path, "lived in another machine")


def test_an_adopted_copy_acts_and_stays_at_home(path: Path) -> None:
    write(path)
    other = path.with_name("copy.db")
    copy(path, other)
    with opened(path) as journal, opened(other) as adopted:
        adopted.adopt()
        assert not adopted.look_only
        assert adopted.home.journal_id != journal.home.journal_id
        adopted.transact(put("2"))
        adopted.adopt()
    acts(other)
    acts(path)


def test_an_adopted_older_copy_in_the_old_place_acts(path: Path) -> None:
    write(path)
    old = path.with_name("old.db")
    copy(path, old)
    write(path, "2")
    copy(old, path)
    with opened(path) as journal:
        journal.adopt()
        assert journal.look(get) == "1"
    acts(path)


def test_a_running_journal_notices_that_another_program_has_adopted_it(path: Path) -> None:
    write(path)
    other = path.with_name("copy.db")
    copy(path, other)
    with opened(other) as running:
        assert running.look_only
        with opened(other) as command:
            command.adopt()
        running.transact(put("2"))
        assert not running.look_only


def test_a_backup_is_whole_and_look_only_wherever_it_is_put(path: Path, mode: str) -> None:
    backup = path.with_name("backup.db")
    with opened(path) as journal:
        journal.transact(put("1"))
        journal.backup(backup)
        journal.transact(put("2"))
        with opened(backup) as saved:
            assert saved.look(get) == "1"
    refuses(backup, "backup")
    copy(backup, path)
    path.with_name("journal.db-home").unlink()
    refuses(path, "backup")


def test_a_backup_goes_to_a_new_file_and_leaves_nothing_half_made(path: Path, tmp_path: Path) -> None:
    with opened(path) as journal:
        journal.transact(put("1"))
        before = sorted(tmp_path.iterdir())
        with pytest.raises(JournalError, match="new file"):
            journal.backup(path)
        with pytest.raises(JournalError):
            journal.backup(tmp_path / "no" / "backup.db")
        assert sorted(tmp_path.iterdir()) == before
        assert journal.look(get) == "1"


def test_a_backup_of_a_journal_in_memory_is_a_file(tmp_path: Path) -> None:
    with closing(open_memory()) as journal:
        journal.transact(put("1"))
        journal.backup(tmp_path / "backup.db")
    refuses(tmp_path / "backup.db", "backup")


def test_a_file_that_is_taken_away_while_open_is_not_written_to(path: Path) -> None:
    with opened(path) as journal:
        journal.transact(put("1"))
        path.rename(path.with_name("away.db"))
        for _ in range(2):
            with pytest.raises(JournalError, match="moved, replaced or deleted"):
                journal.transact(put("2"))
            path.touch()
        assert journal.commits == 1


def test_an_older_copy_written_over_an_open_file_stops_the_next_commit(path: Path) -> None:
    write(path)
    old = path.read_bytes()
    with opened(path) as journal:
        journal.transact(put("2"))
        path.write_bytes(old)
        with pytest.raises(LookOnly, match="older copy"):
            journal.transact(put("3"))
    refuses(path, "older copy")


# --- several programs ---


def test_a_file_that_another_program_keeps_is_waited_for_and_then_given_up_in_words(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path)
    monkeypatch.setattr(_file, "BUSY_SECONDS", 0.05)
    with opened(path) as journal, closing(sqlite3.connect(path, isolation_level=None)) as other:
        journal.look(get)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(JournalError, match=r"another program .* nothing was written"):
            journal.transact(put("2"))
        other.execute("ROLLBACK")
        journal.transact(put("3"))
        assert journal.look(get) == "3"


def test_an_exclusive_journal_keeps_others_out_until_it_is_closed(
    path: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_file, "BUSY_SECONDS", 0.05)
    write(path)
    with opened(path, exclusive=True) as journal:
        assert journal.look(get) == "1"
        with opened(path) as other, pytest.raises(JournalError, match="another program"):
            other.look(get)
    with opened(path) as other:
        assert other.look(get) == "1"


def test_of_two_that_bring_a_file_up_to_date_at_once_one_does(path: Path) -> None:
    with closing(_file.connect(path)) as slow, closing(_file.connect(path)) as fast:
        fast.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(1) as pool:
            # It has seen the old version, most likely, when it begins to wait for the lock.
            waiting = pool.submit(_file.migrate, slow, None)
            time.sleep(0.2)
            fast.execute(f"PRAGMA user_version={len(_file.migrations())}")
            fast.execute("COMMIT")
            waiting.result()
        assert slow.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0] == 0


def test_two_journals_of_one_process_on_one_file_see_each_other(path: Path, mode: str) -> None:
    with opened(path) as one, opened(path) as two:
        for number in range(5):
            one.transact(put(f"one {number}"))
            assert two.look(get) == f"one {number}"
            two.transact(put(f"two {number}"))
            assert one.look(get) == f"two {number}"
    acts(path)


def test_closing_one_journal_does_not_take_the_lock_of_another_in_the_same_process(path: Path) -> None:
    with opened(path) as writer:

        def work(tx: Tx) -> str:
            tx.put_meta("a", "1")
            # Opens and closes the same file; a stray descriptor would drop the writer's lock.
            with opened(path) as reader:
                reader.look(get)
            script = """
                import sqlite3
                try:
                    sqlite3.connect(path, timeout=0).execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError as error:
                    print(error)
            """
            return run(script, path)

        assert "locked" in writer.transact(work)


def test_two_processes_that_open_and_count_at_once_lose_nothing(path: Path) -> None:
    script = """
        journal = open_sqlite(path)
        def add(tx):
            tx.put_meta("n", str(int(tx.get_meta("n") or 0) + 1))
        for _ in range(30):
            journal.transact(add)
        journal.close()
    """
    with in_process(script, path) as one, in_process(script, path) as two:
        outputs = [process.communicate(timeout=120)[0] for process in (one, two)]
    assert (one.returncode, two.returncode) == (0, 0), outputs
    with opened(path) as journal:
        assert journal.look(lambda tx: tx.get_meta("n")) == "60"
        assert not journal.look_only


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


@needs_fork
@pytest.mark.parametrize("exclusive", [False, True])
def test_parent_and_child_of_a_fork_each_open_the_file_for_themselves(path: Path, exclusive: bool) -> None:
    script = """
        journal = open_sqlite(path)
        def add(tx):
            tx.put_meta("n", str(int(tx.get_meta("n") or 0) + 1))
        journal.transact(add)
        child = os.fork()
        for _ in range(20):
            journal.transact(add)
        if child:
            assert os.waitpid(child, 0)[1] == 0
            journal.transact(add)
        journal.close()
    """
    if exclusive:
        script = script.replace("open_sqlite(path)", "open_sqlite(path, exclusive=True)")
        script = script.replace("        for _ in range(20):", "        for _ in range(0 if child else 20):")
    run(script, path)
    with opened(path) as journal:
        assert journal.look(lambda tx: tx.get_meta("n")) == ("22" if exclusive else "42")


@needs_fork
def test_a_fork_waits_for_the_transaction_of_another_thread(path: Path) -> None:
    script = """
        import threading, warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        journal = open_sqlite(path)
        inside, go = threading.Event(), threading.Event()
        def slow(tx):
            tx.put_meta("a", "slow")
            inside.set()
            go.wait()
        thread = threading.Thread(target=lambda: journal.transact(slow))
        thread.start()
        inside.wait()
        threading.Timer(0.2, go.set).start()
        child = os.fork()
        seen = journal.look(lambda tx: tx.get_meta("a"))
        if not child:
            os._exit(0 if seen == "slow" else 1)
        assert os.waitpid(child, 0)[1] == 0
        thread.join()
        journal.close()
    """
    run(script, path)


@needs_fork
def test_a_fork_inside_a_transaction_leaves_it_to_the_parent(path: Path) -> None:
    """Part of what was written is in the file already, where a rollback by the child would undo it."""
    script = """
        from datetime import UTC, datetime
        journal = open_sqlite(path)
        def work(tx):
            for _ in range(3000):
                tx.event(EventKind.STATUS, about="x" * 1000, at=datetime.now(UTC))
            child = os.fork()
            if child:
                assert os.waitpid(child, 0)[1] == 0
                return
            try:
                tx.put_meta("a", "child")
            except JournalError:
                return
            os._exit(1)
        parent = os.getpid()
        try:
            journal.transact(work)
        except JournalError:
            os._exit(0 if os.getpid() != parent else 2)
        if os.getpid() != parent:
            os._exit(3)
        journal.close()
    """
    run(script, path)
    with opened(path) as journal:
        assert len(journal.look(lambda tx: tx.events(limit=9999))) == 3000
        assert journal.look(get) is None


@needs_fork
def test_a_journal_in_memory_is_not_shared_with_a_forked_process() -> None:
    script = """
        journal = open_memory()
        journal.transact(lambda tx: tx.put_meta("a", "1"))
        child = os.fork()
        if not child:
            try:
                journal.look(lambda tx: tx.get_meta("a"))
            except JournalError as error:
                os._exit(0 if "forked" in str(error) else 1)
            os._exit(2)
        assert os.waitpid(child, 0)[1] == 0
        assert journal.look(lambda tx: tx.get_meta("a")) == "1"
        journal.close()
    """
    run(script, "")


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system does not kill so")
@pytest.mark.parametrize("rows", [1, 3000])
def test_a_process_killed_inside_a_transaction_leaves_the_one_before_whole(path: Path, rows: int) -> None:
    """3000 rows are more than SQLite keeps in memory, so that part of them is in the file already."""
    script = """
        from datetime import UTC, datetime
        journal = open_sqlite(path)
        journal.transact(lambda tx: tx.put_meta("a", "before"))
        before = os.path.getsize(path)
        def half(tx):
            tx.put_meta("a", "half")
            for _ in range(int(sys.argv[2])):
                tx.event(EventKind.STATUS, about="x" * 1000, at=datetime.now(UTC))
            print(os.path.getsize(path) - before, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        journal.transact(half)
    """
    with in_process(script, path, rows) as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, output
    assert (int(output) > 0) == (rows > 1)
    with opened(path) as journal:
        assert not journal.look_only
        assert journal.look(lambda tx: (tx.get_meta("a"), tx.events())) == ("before", ())
        journal.transact(put("after"))
    with closing(sqlite3.connect(path)) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
