"""How many commits per second the journals take from one, two and four processes at once.

    python benchmarks/journals.py [--seconds 3]

A commit is what a worker mostly does: take a subject over, note an event, let the subject go. Each
process works on subjects of its own, so what they wait for is only the journal. The numbers are this
machine's; the ratios to one process over SQLite are what to read. PostgreSQL comes from the wheel that
the tests use, on a socket of this machine: over a network each statement waits for the way there and back.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import orderbridge as ob
from orderbridge._events import EventKind
from orderbridge._journal import Tx

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def commit(tx: Tx, subject: str) -> None:
    tx.claim(subject, seen=tx.work(subject).fence, now=NOW)
    tx.event(EventKind.STATUS, about=subject, at=NOW)
    tx.release(subject, due_at=NOW)


def worker(place: str, number: int, seconds: float) -> int:
    """So many commits in so many seconds."""
    journal = ob.journal(place)
    journal.transact(lambda tx: commit(tx, f"cart/{number}"))
    print("ready", flush=True)
    sys.stdin.readline()
    done, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        journal.transact(lambda tx: commit(tx, f"cart/{number}"))
        done += 1
    journal.close()
    return done


def together(place: str, processes: int, seconds: float) -> float:
    """Commits per second of all."""
    command = [sys.executable, __file__, "--seconds", str(seconds), "--place", place, "--number"]
    workers = [
        subprocess.Popen([*command, str(n)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for n in range(processes)
    ]
    for each in workers:
        assert each.stdout is not None
        each.stdout.readline()
    return sum(int(each.communicate("go\n")[0]) for each in workers) / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--place", default="", help=argparse.SUPPRESS)
    parser.add_argument("--number", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.place:
        print(worker(given.place, given.number, given.seconds))
        return
    from at_postgres import new_schema

    with tempfile.TemporaryDirectory() as folder:
        places = {"SQLite": f"{folder}/journal.db", "PostgreSQL": new_schema()}
        base = 0.0
        for name, place in places.items():
            for processes in (1, 2, 4):
                found = together(place, processes, given.seconds)
                base = base or found
                print(f"{name:10}  {processes} processes  {found:7.0f} commits/s  x {found / base:.2f}")


if __name__ == "__main__":
    main()
