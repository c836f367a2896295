"""The page *A day's work* is true: its commands are run as they stand there, and show what it says."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import attrs
import pytest
from typer.testing import CliRunner

from orderbridge.cli.app import app
from test_docs_examples import ROOT, blocks

PAGE = ROOT / "docs/guide/a-days-work.md"
PORTS = ("8101", "8102", "8103")
PATIENCE = 30  # seconds until a look must show what the page says; only a failure takes so long


@attrs.frozen
class Step:
    """A command of the page, and what it shows there."""

    command: str
    shown: tuple[str, ...]


def steps(text: str) -> list[Step]:
    """The commands of a console block. One that goes on over several lines ends where its quotes do."""
    found: list[Step] = []
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        for end in range(1, len(lines) + 1):
            command = "\n".join(lines[:end])
            try:
                shlex.split(command)
            except ValueError:
                continue
            found.append(Step(command, tuple(line for line in lines[end:] if line.strip())))
            break
        else:
            raise AssertionError(f"the quotes never end: {part}")
    return found


def shows(said: str, line: str) -> bool:
    """One line of what was said has all the words of the page's, in their order."""
    return any(in_order(plain_words(line), plain_words(each)) for each in said.splitlines())


def plain_words(text: str) -> list[str]:
    """Without the frames of tables, and the marks of JSON and of sentences."""
    return [word.rstrip(".:") for word in re.split(r'[\s│"\[\]{},;]+', text) if word]


def in_order(wanted: list[str], words: list[str]) -> bool:
    rest = iter(words)
    return all(any(word == each for each in rest) for word in wanted)


class Desk:
    """Whoever follows the page: runs its commands, and looks again where the news is not there yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sandboxes: list[subprocess.Popen[str]] = []
        self.accounts: list[str] = []
        self.digest = ""

    def follow(self, step: Step) -> None:
        command = step.command.replace("DIGEST", self.digest or "DIGEST")
        words = shlex.split(command)
        if words[:2] == ["orderbridge", "sandbox"]:
            self.serve(words[1:])
            return
        said = self.run(words)
        until = time.monotonic() + PATIENCE
        while not all(shows(said, line) for line in step.shown):
            looks = words[:2] in (["orderbridge", "show"], ["orderbridge", "orders"])
            if not looks or time.monotonic() > until:
                raise AssertionError(f"{command}\nshould show {step.shown}:\n{said}")
            self.run(["orderbridge", "run", "--once"])
            said = self.run(words)

    def run(self, words: list[str]) -> str:
        if words[0] == "curl":
            assert words[1] == "-d"
            with urlopen(words[3], data=words[2].encode(), timeout=30) as answer:
                return str(answer.read().decode())
        assert words[0] == "orderbridge"
        result = CliRunner().invoke(app, words[1:], env={"COLUMNS": "240"})
        assert result.exit_code == 0, f"{words}\n{result.output}\n{result.exception}"
        digest = re.search(r"place --checkout (\w+)", result.output)
        self.digest = digest[1] if digest else self.digest
        return result.output

    def serve(self, words: list[str]) -> None:
        """Start a sandbox, and keep the account that it prints."""
        process = subprocess.Popen(
            [sys.executable, "-m", "orderbridge.cli", *words],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self.sandboxes.append(process)
        assert process.stdout is not None
        head = [process.stdout.readline(), process.stdout.readline()]
        assert "is served at" in head[0], head
        account = [process.stdout.readline()]
        with_keys = {"woocommerce": 4, "rewix": 4, "alibaba": 5}
        account += [process.stdout.readline() for _ in range(with_keys[words[1]])]
        self.accounts.append("".join(account))

    def close(self) -> None:
        for process in self.sandboxes:
            process.terminate()
        for process in self.sandboxes:
            process.communicate(timeout=60)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.chdir(tmp_path)
    found = Desk(tmp_path)
    yield found
    found.close()


def test_the_page_can_be_followed_from_its_first_command_to_its_last(desk: Desk) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for port, free in zip(PORTS, free_ports(len(PORTS)), strict=True):
        text = text.replace(port, free)
    (config,) = blocks(text, "toml")
    (desk.folder / "orderbridge.toml").write_text(config.text)
    commands = 0
    for block in blocks(text, "console"):
        for step in steps(block.text):
            desk.follow(step)
            commands += 1
    assert commands > 40
    accounts = tomllib.loads(config.text)
    for printed in map(tomllib.loads, desk.accounts):
        for kind, named in printed.items():
            for name, account in named.items():
                assert accounts[kind][name] == account
    assert len(desk.accounts) == 3


def free_ports(count: int) -> list[str]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [str(each.getsockname()[1]) for each in held]
    for each in held:
        each.close()
    return ports


def test_what_is_shown_is_looked_for_word_by_word_within_a_line() -> None:
    table = "│ shop/1 │ 7 │ PAID │\n│ shop/2 │ 8 │ UNPAID │"
    assert shows(table, "shop/1 PAID")
    assert shows('[{"numbers": ["JD1"]}, {"numbers": ["JD2"]}]', "JD1 JD2")
    assert not shows(table, "PAID shop/1")
    assert not shows(table, "shop/2 PAID")
    assert steps("$ curl -d '{\n}' there\n101\n$ b\n") == [
        Step("curl -d '{\n}' there", ("101",)),
        Step("b", ()),
    ]
