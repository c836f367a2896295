"""Our own journals do what every journal must."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderbridge._journal import Journal
from orderbridge.journals.sqlite import open_memory, open_sqlite
from orderbridge.testing.journal_suite import JournalSuite


class TestMemoryJournal(JournalSuite):
    def open(self) -> Journal:
        return open_memory()


class TestSqliteJournal(JournalSuite):
    @pytest.fixture(autouse=True)
    def _in_directory(self, tmp_path: Path) -> None:
        self.directory = tmp_path

    def open(self) -> Journal:
        return open_sqlite(self.directory / "journal.db")


class TestExclusiveSqliteJournal(TestSqliteJournal):
    def open(self) -> Journal:
        return open_sqlite(self.directory / "journal.db", exclusive=True)
