"""Tokens that outlive the process: one worker renews, the others wait, and nobody else can read them."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import socket

import attrs
import pytest

import orderbridge as ob
from orderbridge import Secret
from orderbridge._calls import Line
from orderbridge._drivers import SyncDriver
from orderbridge._drivers_async import AsyncDriver
from orderbridge._http import Call, Headers, Read, Response
from orderbridge._saga import fetch
from orderbridge.adapters import Bucket
from orderbridge.auth import Auth, Token
from orderbridge.errors import Damaged, JournalError, Unauthorized
from orderbridge.journals.sqlite import open_memory
from orderbridge.journals.tokens import FileTokens
from wires import Got, Wire, answer

LATER = datetime(2099, 1, 1, tzinfo=UTC)
NEW = Token(Secret("shpat_new"), refresh=Secret("shprt_new"), expires_at=LATER)
NEWER = Token(Secret("shpat_newer"), refresh=Secret("shprt_newer"), expires_at=LATER)
SPAWN = multiprocessing.get_context("spawn")
FIRST = "first"


@attrs.frozen
class Rotating(Auth):
    """Each renewal gives a new refresh token; the first one is in the settings."""

    needs_token = True

    def sign(self, call: Call, *, now: datetime, nonce: str, token: Token | None) -> Call:
        assert token is not None
        return attrs.evolve(call, headers=Headers({**call.headers, "X-Token": token.access.reveal()}))

    def expired(self, response: Response) -> bool:
        return response.status == 401

    def refresh(self, token: Token | None, *, now: datetime) -> Generator[Read, Response, Token]:
        used = token.refresh.reveal() if token and token.refresh else FIRST
        response = yield Read("POST", "/token", body=used.encode())
        if response.status != 200:
            raise Unauthorized("the refresh token is used up", status=response.status)
        return Token(
            Secret(f"access-{response.text}"),
            refresh=Secret(f"refresh-{response.text}"),
            expires_at=now + timedelta(hours=1),
        )


class Desk:
    """Gives tokens.

    Args:
        strict: A refresh token is used up by its first use; else it is good until the next one is used.
    """

    def __init__(self, *, strict: bool = True) -> None:
        self.strict = strict
        self.asked: list[str] = []
        self._good = {FIRST}
        self._number = 0
        self._lock = threading.Lock()

    def __call__(self, connection: socket, got: Got) -> None:
        if got.target != "/token":
            good = got.headers.get("x-token") == f"access-{self._number}"
            answer(200 if good else 401)(connection, got)
            return
        time.sleep(0.2)  # long enough for others to come
        with self._lock:
            used = got.body.decode()
            self.asked.append(used)
            if used not in self._good:
                answer(400)(connection, got)
                return
            self._number += 1
            self._good = {f"refresh-{self._number}"} | (set() if self.strict else {used})
            answer(body=str(self._number).encode())(connection, got)

    def revoke(self) -> None:
        """The access token ends before its time."""
        self._number += 1
        self._good.add(f"refresh-{self._number - 1}")


class Killed(FileTokens):
    """The process dies with the new token in its hands."""

    def swap(self, account: str, old: Token | None, new: Token) -> bool:
        os.kill(os.getpid(), signal.SIGKILL)
        return False


def ask(url: str, tokens: ob.TokenStore, *, face: str = "sync") -> int:
    """One read by a worker that has just started."""
    line = Line(account="shop", base_url=url, auth=Rotating(), bucket=Bucket(per_second=1e6, burst=9))
    if face == "sync":
        driver = SyncDriver(open_memory(), lambda _: line, tokens=tokens)
        try:
            return driver.run(fetch("shop", Read("GET", "/x"))).status
        finally:
            driver.close()

    async def work() -> int:
        driver = AsyncDriver(open_memory(), lambda _: line, tokens=tokens)
        try:
            return (await driver.run(fetch("shop", Read("GET", "/x")))).status
        finally:
            await driver.close()

    return asyncio.run(work())


def work_alone(url: str, path: str, face: str, killed: bool) -> None:
    """What a process of its own does; it ends with 0 if it was answered."""
    tokens = Killed(path) if killed else FileTokens(path)
    raise SystemExit(0 if ask(url, tokens, face=face) == 200 else 1)


def in_processes(*arguments: tuple[str, str, str, bool]) -> list[int | None]:
    """How processes that start together end."""
    processes = [SPAWN.Process(target=work_alone, args=each) for each in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    return [process.exitcode for process in processes]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.db"


# --- the store ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "token",
    [
        NEW,
        Token(Secret("a")),
        Token(Secret("ä\n'"), refresh=Secret("r")),
        Token(Secret("a"), expires_at=LATER),
    ],
)
def test_a_token_comes_back_as_it_was_in_another_process(path: Path, token: Token) -> None:
    assert FileTokens(path).swap("main", None, token)
    assert FileTokens(path).get("main") == token
    assert FileTokens(path).get("other") is None


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_the_first_to_swap_wins_and_the_other_finds_its_token(path: Path, kind: str) -> None:
    tokens: ob.TokenStore = FileTokens(path) if kind == "file" else ob.MemoryTokens()
    assert tokens.swap("main", None, NEW)
    assert not tokens.swap("main", None, NEWER)
    assert tokens.get("main") == NEW
    assert tokens.swap("main", NEW, NEWER)
    assert tokens.get("main") == NEWER


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_one_at_a_time_renews_each_account(path: Path, kind: str) -> None:
    tokens: ob.TokenStore = FileTokens(path) if kind == "file" else ob.MemoryTokens()
    with tokens.renewing("main") as first, tokens.renewing("main") as second, tokens.renewing("b") as third:
        assert (first, second, third) == (True, False, True)
        assert tokens.swap("main", None, NEW)
    with tokens.renewing("main") as again:
        assert again
    assert tokens.get("main") == NEW


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
def test_nobody_else_may_read_the_file_nor_what_stands_beside_it(path: Path) -> None:
    mask = os.umask(0)
    try:
        tokens = FileTokens(path)
        with tokens.renewing("main"):
            tokens.swap("main", None, NEW)
    finally:
        os.umask(mask)
    files = list(path.parent.iterdir())
    assert len(files) == 2
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_no_file_is_made_before_there_is_a_token_to_keep(path: Path) -> None:
    FileTokens(path)
    assert not path.exists()


def test_an_old_token_does_not_linger_in_the_file(path: Path) -> None:
    tokens = FileTokens(path)
    tokens.swap("main", None, NEW)
    tokens.swap("main", NEW, NEWER)
    everything = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"shprt_newer" in everything
    assert b'shprt_new"' not in everything


def test_no_token_is_shown_by_the_store_or_its_errors(path: Path) -> None:
    tokens = FileTokens(path)
    tokens.swap("main", None, NEW)
    assert "shp" not in repr(tokens) + repr(tokens.get("main"))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE tokens SET token = 'shprt_broken'")
    with pytest.raises(Damaged, match="damaged") as raised:
        tokens.get("main")
    assert "shprt" not in str(raised.value)


@pytest.mark.parametrize(
    "use",
    [
        lambda tokens: tokens.get("main"),
        lambda tokens: tokens.swap("main", None, NEW),
        lambda tokens: tokens.renewing("main").__enter__(),
    ],
)
def test_a_damaged_file_is_said_to_be_and_left_as_it_is(
    path: Path, use: Callable[[FileTokens], object]
) -> None:
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(Damaged, match=r"tokens\.db.*let in again"):
        use(FileTokens(path))
    assert path.read_bytes() == b"no database at all" * 100


def test_another_programs_database_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(JournalError, match="no file of tokens"):
        FileTokens(path).get("main")
    assert path.read_bytes() == before


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="nowhere"):
        FileTokens(tmp_path / "nowhere" / "tokens.db").get("main")


# --- workers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("face", ["sync", "async"])
def test_two_processes_that_need_a_token_at_once_ask_for_one(path: Path, face: str) -> None:
    """Here a second one would end the first one's, and lock both out."""
    desk = Desk()
    with Wire(desk) as wire:
        assert in_processes(*[(wire.url, str(path), face, False)] * 3) == [0, 0, 0]
        assert desk.asked == [FIRST]
        desk.revoke()
        assert ask(wire.url, FileTokens(path), face=face) == 200
        assert desk.asked == [FIRST, "refresh-1"]


def test_threads_with_drivers_of_their_own_ask_for_one(path: Path) -> None:
    desk, found = Desk(), list[int]()
    with Wire(desk) as wire:
        threads = [
            threading.Thread(target=lambda: found.append(ask(wire.url, FileTokens(path)))) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (found, desk.asked) == ([200] * 4, [FIRST])


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kills here")
@pytest.mark.parametrize("strict", [False, True])
def test_a_kill_before_the_new_token_is_written_keeps_nobody_waiting(path: Path, strict: bool) -> None:
    """The lock ends with the process. What the platform gave it is lost: it decides if the old one counts."""
    desk = Desk(strict=strict)
    with Wire(desk) as wire:
        assert in_processes((wire.url, str(path), "sync", True)) == [-signal.SIGKILL]
        assert FileTokens(path).get(f"shop {wire.url}") is None
        if strict:
            with pytest.raises(Unauthorized):
                ask(wire.url, FileTokens(path))
        else:
            assert ask(wire.url, FileTokens(path)) == 200
    assert desk.asked == [FIRST, FIRST]


@pytest.mark.parametrize("face", ["sync", "async"])
def test_nothing_is_used_up_where_the_new_token_could_not_be_kept(path: Path, face: str) -> None:
    desk = Desk()
    path.write_bytes(b"no database at all" * 100)
    with Wire(desk) as wire, pytest.raises(Damaged):
        ask(wire.url, FileTokens(path), face=face)
    assert desk.asked == []


def test_a_token_is_not_sent_to_another_address_than_it_came_from(path: Path) -> None:
    desk, other = Desk(), Desk()
    with Wire(desk) as wire, Wire(other) as elsewhere:
        assert ask(wire.url, FileTokens(path)) == 200
        assert ask(elsewhere.url, FileTokens(path)) == 200
        assert other.asked == [FIRST]
        assert {got.headers.get("x-token") for got in elsewhere.got if got.target == "/x"} == {"access-1"}


def test_nothing_of_a_token_is_logged(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Wire(Desk()) as wire:
        assert ask(wire.url, FileTokens(path)) == 200
    assert "access-1" not in caplog.text
    assert "refresh-1" not in caplog.text


# --- bridges --------------------------------------------------------------------------------------------


def test_a_bridge_keeps_tokens_beside_its_journal_unless_told_otherwise(tmp_path: Path) -> None:
    """A merchant at the command line, too, never loses a rotation."""
    journal = tmp_path / "orderbridge.db"
    kept = [
        ob.Bridge(journal=journal)._setup.tokens,
        ob.AsyncBridge(journal=str(journal))._setup.tokens,
        ob.Bridge(journal=journal, tokens=tmp_path / "orderbridge.db-tokens")._setup.tokens,
    ]
    kept[0].swap("main", None, NEW)
    assert [tokens.get("main") for tokens in kept] == [NEW] * 3
    assert (tmp_path / "orderbridge.db-tokens").exists()
    mine = ob.MemoryTokens()
    assert ob.Bridge(journal=journal, tokens=mine)._setup.tokens is mine
    assert isinstance(ob.Bridge(journal=":memory:")._setup.tokens, ob.MemoryTokens)


def test_a_configuration_file_needs_no_word_about_tokens(tmp_path: Path) -> None:
    (tmp_path / "orderbridge.toml").write_text('journal = "x.db"\n')
    ob.Bridge.from_toml(tmp_path / "orderbridge.toml")._setup.tokens.swap("main", None, NEW)
    assert ob.tokens(tmp_path / "x.db-tokens").get("main") == NEW
