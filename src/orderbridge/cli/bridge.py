"""The bridge as a whole: ``probe``, ``run``, ``pull``, ``health``, ``backup``, ``adopt``."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from .. import Bridge, LimitUse, Report, StoreHealth, journal
from .._config import read_config
from ..errors import BridgeError, ConfigurationError
from ..journals.sqlite import SqliteJournal
from .opened import Looking, Owner
from .output import (
    CONFIG,
    AsJson,
    ConfigFile,
    accounts_like,
    amount,
    ask_first,
    console,
    print_json,
    print_table,
    progress,
    say_wrong,
    when,
)

__all__ = ["adopt", "backup", "health", "probe", "pull", "run"]

_A_COPY = "a copy, or restored: it is only looked at until orderbridge adopt makes it this machine's own"
_LATE = timedelta(hours=1)  # a store not read for so long is not well


def probe(owner: Owner = "", config: ConfigFile = CONFIG, as_json: AsJson = False) -> None:
    """Ask every account who it is and what the credentials may do. Exit code 1: something is wrong."""
    with Bridge.from_toml(config) as bridge:
        found = bridge.probe(owner=owner)
    if as_json:
        print_json(found)
    else:
        print_table(
            "Accounts",
            ("Account", "", "What was seen", "What to do"),
            (
                (name, "ok" if finding.ok else "wrong", finding.what, finding.fix)
                for name, access in found.items()
                for finding in access.findings
            ),
        )
    if not all(finding.ok for access in found.values() for finding in access.findings):
        raise typer.Exit(1)


def run(
    config: ConfigFile = CONFIG,
    once: Annotated[bool, typer.Option("--once", help="End when nothing is due.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what is due now.")] = False,
    as_json: AsJson = False,
) -> None:
    """Work until Ctrl-C or SIGTERM: pull, reserve, place, follow, announce, as the policy says.

    With --once exit code 1 says that something could not be worked on; it is tried again by the next run.
    """
    if dry_run:
        _list_due(config, as_json=as_json)
        return
    with (
        Bridge.from_toml(config) as bridge,
        _stopped_by_signals(bridge),
        progress("Working") as say,
    ):
        told = _Told(say)
        if not once:
            if not as_json:
                console().print("Working until Ctrl-C.")
            bridge.run(told=told)
            return
        report = bridge.run_once(told=told)
    if as_json:
        print_json(report)
    else:
        at = f"{report.next_at:%H:%M:%S} UTC" if report.next_at else "never"
        console().print(f"{report.advanced} steps, {report.orders} new or changed orders; next work: {at}")
    if report.failures:
        raise typer.Exit(1)


def _list_due(config: Path, *, as_json: bool) -> None:
    with Looking.from_toml(config) as bridge:
        due = bridge.due(limit=1000)
    if as_json:
        print_json({"dry_run": True, "due": due})
    else:
        print_table("Due now", ("What",), ((subject,) for subject in due))
        console().print("Nothing was done.")


class _Told:
    """Says how far the work is, and each failure once, as it comes."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._said = 0

    def __call__(self, report: Report) -> None:
        if report.advanced == 1:
            self._said = 0
        for subject, why in report.failures[self._said :]:
            say_wrong(f"{subject}: {why}")
        self._said = len(report.failures)
        self._say(f"{report.advanced} steps, {report.orders} new or changed orders")


@contextmanager
def _stopped_by_signals(bridge: Bridge) -> Generator[None, None, None]:
    """The first signal ends the run orderly; a second one ends it at once, which does no harm either."""
    known = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, frame: object) -> None:
        signal.signal(number, known[signal.Signals(number)])
        bridge.stop()

    for number in known:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in known.items():
            signal.signal(number, handler)


def pull(
    store: Annotated[
        str, typer.Argument(help="Which store; all, if none is named.", autocompletion=accounts_like("store"))
    ] = "",
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Take in the changed orders of one store, or of all, now. Exit code 1: a store gave none."""
    pulled: dict[str, int] = {}
    failed = False
    with Bridge.from_toml(config) as bridge, progress("Reading") as say:
        for name in [store] if store else bridge.health(owner=owner).last_pull:
            say(name)
            try:
                pulled[name] = bridge.pull(name, owner=owner, told=partial(_say_so_far, say, name))
            except BridgeError as error:
                failed = True
                say_wrong(str(error))
    if as_json:
        print_json(pulled)
    else:
        print_table("Orders read", ("Store", "Orders"), pulled.items())
    if failed:
        raise typer.Exit(1)


def _say_so_far(say: Callable[[str], None], store: str, orders: int) -> None:
    say(f"{store}, {orders} orders")


def health(owner: Owner = "", config: ConfigFile = CONFIG, as_json: AsJson = False) -> None:
    """Is it alive? Exit code 1: something is not as it should be; 4: only that reviews are open.

    Not as it should be is: the journal is a copy that nobody has adopted, money is stopped, a store was not
    read for an hour, an account refuses its login, departures wait to be told to a shop, work is overdue for
    long, or is planned so far ahead that a clock must be wrong.
    """
    with Looking.from_toml(config) as bridge:
        found = bridge.health(owner=owner)
    if as_json:
        print_json(found)
    else:
        rows: list[tuple[str, object]] = [
            ("Orders", f"{found.orders}, {found.taken} of them acted on"),
            *((f"Last pull of {name}", _read(store)) for name, store in found.stores.items()),
            *((f"Sold in a day in {name}", _sold(store)) for name, store in found.stores.items()),
            *((f"Login refused by {name}", why) for name, why in found.refused_logins.items()),
            ("Purchase orders", _counts(found.purchase_orders)),
            ("Shipment notices", _counts(found.notices)),
            ("Departures of more than a day not told", found.untold),
            *((f"Departures wait for {name}", why) for name, why in found.waiting.items()),
            *(
                (f"Orders at {name} that are another system's", looked.unknown)
                for name, looked in found.daily_looks.items()
                if looked.unknown
            ),
            ("Due now", found.due),
            ("Overdue for long", ", ".join(found.stuck) or "none"),
            *(
                (("A clock is wrong, or was", f"planned far ahead: {', '.join(found.far_ahead)}"),)
                if found.far_ahead
                else ()
            ),
            ("Next work", found.next_at),
            ("Oldest not shipped", found.oldest_unshipped),
            ("Open reviews", f"{found.reviews}: {_counts(found.review_codes)}" if found.reviews else "none"),
            *((" ".join(("Paid in a day", use.owner)).strip(), _used(use)) for use in found.limits),
            ("Money", f"stopped: {found.stopped}" if found.stopped else "may move"),
            *((f"Money of {name}", f"stopped: {why}") for name, why in found.stopped_owners.items()),
            *((("Journal", _A_COPY),) if found.look_only else ()),
        ]
        print_table("Health", ("", ""), rows)
    late = datetime.now(UTC) - _LATE
    unread = any(at is None or at < late for at in found.last_pull.values())
    wrong = found.look_only or found.stopped or found.stopped_owners or unread or found.far_ahead
    if wrong or found.refused_logins or found.untold or found.waiting or found.stuck:
        raise typer.Exit(1)
    if found.reviews:
        raise typer.Exit(4)


def _read(store: StoreHealth) -> str:
    minutes = "" if store.age is None else f", {store.age // timedelta(minutes=1)} minutes ago"
    at = "never" if store.last_pull is None else when(store.last_pull) + minutes
    why = store.failed or ("nobody has tried; start orderbridge run" if store.last_pull is None else "")
    return f"{at}: {why}" if why else at


def _sold(store: StoreHealth) -> str:
    usual = "nothing to compare with yet" if store.expected is None else f"usually {store.expected}"
    return f"{store.seen} seen, {usual}"


def _used(use: LimitUse) -> str:
    spent = amount(use.spent)
    return f"{spent} of {amount(use.limit)}" if use.limit is not None else f"{spent}, no limit"


def _counts(states: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in states.items()) or "none"


def backup(
    file: Annotated[Path, typer.Argument(help="A new file.")],
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Copy the journal as it is at one moment, while others use it. The copy does nothing until adopted."""
    if file.exists():
        raise ConfigurationError(f"{file}: is there already; a backup goes to a new file")
    if not os.access(file.absolute().parent, os.W_OK):
        raise ConfigurationError(f"{file}: cannot be written; name a folder that is there and may be written")
    with closing(journal(read_config(config, signs=False).journal)) as opened:
        if not isinstance(opened, SqliteJournal):
            raise ConfigurationError("journal: this kind is backed up where it lives, not by this command")
        opened.backup(file)
    if as_json:
        print_json({"file": str(file)})
    else:
        console().print(f"{file} is written.", soft_wrap=True)


def adopt(
    config: ConfigFile = CONFIG,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a copied or restored journal this machine's own."""
    with Looking.from_toml(config) as bridge:
        ask_first("Two bridges with copies of one journal order twice. Is the other one off?", yes=yes)
        bridge.adopt()
    if as_json:
        print_json({"adopted": True})
    else:
        console().print("The journal is adopted.")
