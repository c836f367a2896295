"""What holds for every command: JSON, a dry run of what writes, an owner, the documented exit codes."""

from __future__ import annotations

import ast
import inspect
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer.main
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

import orderbridge.cli
from orderbridge import Bridge, Money, ReviewCode
from orderbridge.cli import output
from orderbridge.cli.app import app
from test_cli import SHOPPER, Site
from test_cli_people import CAP, site
from test_docs_examples import blocks

__all__ = ["site"]  # the fixture: a shop with an order, and a warehouse that people move

OPERATING = Path(__file__).parents[1] / "docs/guide/operating.md"

# What speaks no JSON, and why.
NO_JSON = {
    "console": "serves pages until it is stopped",
}
# What writes and has no dry run, and why. All other commands without one only look.
NO_DRY_RUN = {
    "adopt": "asks before it does it, and changes no order",
    "backup": "writes a new file and changes nothing that is there",
    "checkout": "orders nothing: it is what a dry run of place shows",
    "console": "asks before each answer, and answers only with --decide",
    "demo": "works on simulated platforms and a journal in memory",
    "documents": "prints what it would write, without --to",
    "manifest print": "prints what it would write, without --to",
    "pull": "only takes in what the next run would",
    "reconcile": "shows what differs and sets nothing, without --fix",
    "sandbox": "is no real platform",
}
LOOKS = {
    "carriers", "case list", "decode", "events", "health", "links export", "manifest list", "manifest show",
    "orders", "payable", "probe", "products", "reservations", "reviews", "show", "tabs",
}  # fmt: skip
# What is of all owners, and why.
NO_OWNER = {
    "adopt": "the whole journal",
    "backup": "the whole journal",
    "decode": "needs no account",
    "demo": "has shops of its own",
    "init": "makes a configuration",
    "run": "works for all",
    "sandbox": "has no journal",
}


def commands() -> dict[str, set[str]]:
    """Each command with the names of its options."""

    def walk(group: Any, before: tuple[str, ...]) -> Iterator[tuple[str, set[str]]]:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from walk(command, (*before, name))
            else:
                yield " ".join((*before, name)), {param.name for param in command.params}

    return dict(walk(typer.main.get_command(app), ()))


@pytest.mark.parametrize(
    ("option", "without"),
    [("as_json", NO_JSON), ("dry_run", {**NO_DRY_RUN, **dict.fromkeys(LOOKS)}), ("owner", NO_OWNER)],
)
def test_every_command_has_the_option_or_says_why_not(option: str, without: Mapping[str, str]) -> None:
    assert {name for name, options in commands().items() if option not in options} == set(without)


# --- dry runs ----------------------------------------------------------------------------------------


def contents(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that a journal holds."""
    with closing(sqlite3.connect(folder / "journal.db")) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


ADDRESS = 'name = "Ann"\nline1 = "New Road 2"\ncity = "Lille"\npostal_code = "59000"\ncountry = "FR"\n'
PO = "{order}/depot/1"
# Each command that rehearses, and what it says would happen.
DRY = {
    "hold": (["{order}"], "A person holds the order"),
    "release": (["{held}"], "A person lets the order go on"),
    "note": (["{order}", "Wrap it", "--key", "n"], "A person wants something done in the shop: note."),
    "refund": (
        ["{order}", "--amount", "1.00 EUR", "--key", "r"],
        "A person wants something done in the shop: refund, 1.00 EUR.",
    ),
    "cancel": (["{order}"], "A person wants something done in the shop: cancel."),
    "address": (["{order}", "{folder}/address.toml"], "Your application has changed where it goes"),
    "forget": (["{order}"], "The shopper was blanked for good"),
    "observe": ([PO, "--status", "READY"], "How far it is: Ready"),
    "ship": ([PO, "--number", "JD1"], "Goods left, packages: 1"),
    "case open": ([PO, "--kind", "RETURN"], "A case was opened"),
    "case move": (["{case}", "UNDER_REVIEW"], "The case has moved"),
    "resend": (["{gone}/depot/1", "--supplier", "depot"], "Goods are to be sent once more"),
    "manifest open": (["--courier", "UPS"], "A hand-over list for UPS was begun"),
    "manifest pack": (["1", PO, "--number", "JD2"], "A departure was put on a hand-over list"),
    "manifest unpack": (["1", "{held}/depot/1"], "A departure was taken off a hand-over list"),
    "manifest ship": (["1"], "The courier UPS has the hand-over list"),
    "manifest repeat": (["2"], "It would go through"),
    "link": (["shop", "sku:X", "depot", "X"], "It would go through"),
    "resolve": (["{review}", "ignore"], "A person answered"),
    "stop-money": (["too dear"], "All placing and paying is stopped: too dear"),
    "allow-money": ([], "Placing and paying may go on"),
}
# The others with a dry run of their own are tried where they are.
OF_THEIR_OWN = {"found", "place", "pay", "cancel-purchase", "import", "links import", "init", "run"}


def test_every_dry_run_is_tried() -> None:
    dry = {name for name, options in commands().items() if "dry_run" in options}
    assert dry == {*DRY, *OF_THEIR_OWN}


@pytest.fixture
def three(site: Site) -> Mapping[str, str]:
    """An order that the warehouse has, one that is held and half packed, and one that has left."""
    ids = {"order": site.order}
    for name in ("held", "gone"):
        address = {**SHOPPER, "postcode": "59000", "country": "FR"}
        ref = site.shop.place_order([CAP], now=datetime.now(UTC), shipping=address, billing=address)
        ids[name] = f"shop/{ref}"
    site.json("run", "--once")
    site.json("place", *(f"{order_id}/depot/1" for order_id in ids.values()))
    for courier in ("UPS", "DHL"):
        site.json("manifest", "open", "--courier", courier)
    site.json("manifest", "pack", "1", f"{ids['held']}/depot/1", "--number", "JD8")
    site.json("manifest", "pack", "2", f"{ids['gone']}/depot/1", "--number", "JD9")
    site.json("manifest", "ship", "2")
    site.json("hold", ids["held"])
    case = site.json("case", "open", f"{ids['gone']}/depot/1", "--kind", "REFUND")
    (site.folder / "address.toml").write_text(ADDRESS)
    with Bridge.from_toml(site.folder / "orderbridge.toml") as bridge:

        def ask(tx: Any) -> None:
            more = {"evidence": "x", "decisions": ("ignore",), "at": datetime.now(UTC)}
            tx.open_review(ReviewCode.FAULT, about="shop", account="shop", **more)

        bridge._setup.journal.transact(ask)
        [review] = bridge.reviews()
    return {**ids, "case": case["id"], "review": str(review.id), "folder": str(site.folder)}


def test_a_dry_run_says_what_would_happen_and_leaves_everything_as_it_is(
    site: Site, three: Mapping[str, str]
) -> None:
    """Also that the command does do it, without: so the words are about what it does."""
    asked: list[str] = []
    plan = site.shop_line.plan
    site.shop_line.plan = lambda call: [asked.append(call.method), plan(call)][1]
    before = contents(site.folder)
    for name, (words, said) in DRY.items():
        command = [*name.split(), *(word.format(**three) for word in words)]
        text = site.run(*command, "--dry-run")
        assert said in text, (name, text)
        assert "Nothing was done." in text, name
        found = site.json(*command, "--dry-run")
        assert found["dry_run"] is True, name
        assert contents(site.folder) == before, name
    assert set(asked) <= {"GET"}
    site.json("stop-money", "too dear")
    assert contents(site.folder) != before


def test_a_dry_run_refuses_what_the_command_refuses(site: Site, three: Mapping[str, str]) -> None:
    for command in (
        ["observe", f"{three['gone']}/depot/1", "--status", "READY"],
        ["ship", f"{three['gone']}/depot/1", "--number", "JD10"],
        ["refund", three["order"], "--amount", "99999.00 EUR", "--key", "r"],
        ["hold", "shop/nowhere"],
        ["manifest", "pack", "2", f"{three['order']}/depot/1", "--number", "JD2"],
    ):
        wrong = site.run(*command, code=2)
        assert site.run(*command, "--dry-run", code=2) == wrong


def test_a_dry_run_says_who_would_be_asked_next(site: Site, three: Mapping[str, str]) -> None:
    found = site.json("note", three["order"], "Wrap it", "--key", "n", "--dry-run")
    assert found["asks_next"] == "shop"
    assert [event["kind"] for event in found["events"]] == ["Asked"]


def test_a_dry_run_of_run_lists_what_is_due(site: Site, three: Mapping[str, str]) -> None:
    assert site.json("run", "--dry-run")["due"] == []
    site.json("release", three["held"])
    assert "Nothing was done." in site.run("run", "--dry-run")


# --- exit codes --------------------------------------------------------------------------------------


def test_exit_codes_are_those_of_the_table_in_the_docs() -> None:
    """The codes that the command line ends with, and what each command's help says of its own."""
    table = re.findall(r"^\| (\d) \| ", OPERATING.read_text("utf-8"), re.MULTILINE)
    assert table == ["0", "1", "2", "3", "4"]
    used: set[str] = set()
    for file in Path(inspect.getfile(orderbridge.cli)).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "typer.Exit":
                used |= set(re.findall(r"\d", ast.unparse(node.args[0]))) if node.args else set()
    assert used == set(table)
    helps = [command.help for command in _all(typer.main.get_command(app))]
    named = {code for text in helps for code in re.findall(r"[Ee]xit code (\d)", text)}
    assert named <= set(table)
    assert {"1", "3", "4"} <= named


def _all(group: Any) -> Iterator[Any]:
    for command in group.commands.values():
        yield from _all(command) if hasattr(command, "commands") else (command,)


# --- progress and completion -------------------------------------------------------------------------


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_shown_on_a_terminal_s_standard_error_and_nowhere_else(
    terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def a_console(**given: Any) -> Console:
        return Console(**given, force_terminal=terminal)

    monkeypatch.setattr(output, "Console", a_console)
    with output.progress("Reading") as say:
        say("shop, 2000 orders")
    out, err = capsys.readouterr()
    assert not out
    assert ("Reading" in err) == terminal


def test_reading_a_store_says_after_each_page_how_many_orders_came(site: Site) -> None:
    for _ in range(120):
        site.shop.place_order([CAP], now=datetime.now(UTC))
    told: list[int] = []
    with Bridge.from_toml(site.folder / "orderbridge.toml") as bridge:
        orders = bridge.pull("shop", told=told.append)
    assert len(told) > 1
    assert told[-1] == orders >= 121
    assert told == sorted(told)


def test_the_shell_can_be_taught_the_commands() -> None:
    said = CliRunner().invoke(app, ["--help"]).output
    assert "--install-completion" in said
    assert "--show-completion" in said
    assert "--install-completion" in OPERATING.read_text("utf-8")
    words = CliRunner().invoke(
        app,
        [],
        prog_name="orderbridge",
        env={"_ORDERBRIDGE_COMPLETE": "complete_bash", "COMP_WORDS": "orderbridge rec", "COMP_CWORD": "1"},
    )
    assert words.output.strip() == "reconcile"


# --- amounts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exact", "shown"),
    [
        ("12.500000 EUR", "12.50 EUR"),
        ("12.5 EUR", "12.50 EUR"),
        ("12 EUR", "12.00 EUR"),
        ("0.123400 EUR", "0.1234 EUR"),
        ("-3.10 EUR", "-3.10 EUR"),
        ("1200.00 JPY", "1200 JPY"),
        ("1200.5 JPY", "1200.5 JPY"),
        ("1.5 KWD", "1.500 KWD"),
    ],
)
def test_people_see_the_decimals_of_the_currency_and_more_only_where_they_matter(
    exact: str, shown: str
) -> None:
    assert output.amount(Money.parse(exact)) == shown


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_an_amount_for_people_is_the_exact_amount(value: Decimal, currency: str) -> None:
    money = Money(value, currency)
    assert Money.parse(output.amount(money)) == money


# --- the docs ----------------------------------------------------------------------------------------


def options_of(root: Any, name: str) -> set[str]:
    command = root
    for word in name.split():
        command = command.commands[word]
    return {option for param in command.params for option in (*param.opts, *param.secondary_opts)}


def test_every_command_line_in_the_docs_can_be_typed() -> None:
    """Its command is there, and each of its options."""
    known, root = commands(), typer.main.get_command(app)
    lines: list[str] = []
    for page in sorted(OPERATING.parents[1].rglob("*.md")):
        text = page.read_text("utf-8")
        for block in blocks(text, "sh", "console", "bash"):
            lines += re.findall(r"^(?:\$ )?(orderbridge [^\n#]+)", block.text, re.MULTILINE)
        lines += re.findall(r"`(orderbridge [^`]+)`", text)
    assert len(lines) > 50
    for line in lines:
        words = line.split()[1:]
        if words[0].startswith(("--", ".")):
            continue
        name = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in known), "")
        assert name or words[0] in {each.split()[0] for each in known}, line
        given = set(re.findall(r"(?<=\s)(--[a-z-]+)", re.sub(r"\"[^\"]*\"|'[^']*'", "", line)))
        assert not name or given <= options_of(root, name) | {"--install-completion"}, line


def test_it_says_which_version_it_is() -> None:
    said = CliRunner().invoke(app, ["--version"])
    assert (said.exit_code, said.output.split()) == (0, ["orderbridge", orderbridge.__version__])
