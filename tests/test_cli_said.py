"""What commands say: tables that can be copied from, dry runs that foretell, sentences without a guess."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import orderbridge
from orderbridge import PurchaseRecord
from orderbridge.cli import output
from orderbridge.cli.app import app
from test_cli import SHOPPER, Site, site

__all__ = ["site"]  # the fixture

PO = "rewix/1"
PAGE = "https://supplier.example/orders/a-very-long-id-that-nobody-would-ever-type/pay?now=1"
ADDRESS = 'name = "Ann"\nline1 = "New Road 2"\ncity = "Dunkerque"\npostal_code = "59140"\ncountry = "FR"\n'


def linked(site: Site) -> str:
    """The purchase order for two bags, reserved."""
    site.run("link", "shop", "520", "rewix", "31310")
    site.run("run", "--once")
    return f"{site.order}/{PO}"


def placed(site: Site) -> str:
    po_id = linked(site)
    site.run("place", po_id)
    return po_id


# --- tables ------------------------------------------------------------------------------------------


def table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, width: int, terminal: bool
) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("TTY_COMPATIBLE", "1" if terminal else "0")
    rows = [("shop/101/alibaba/1", "", "the units are held, and wait for a person to place them", PAGE)]
    output.print_table("Purchase orders", ("Purchase order", "Empty", "What", "Its page"), rows)
    return re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)


@pytest.mark.parametrize("width", [20, 80, 130, 200])
@pytest.mark.parametrize("terminal", [True, False])
def test_an_id_and_a_page_are_never_broken_and_an_empty_column_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int, terminal: bool
) -> None:
    said = table(monkeypatch, capsys, width=width, terminal=terminal)
    assert "shop/101/alibaba/1" in said
    assert PAGE in said
    assert "Empty" not in said


def test_a_table_fits_the_terminal_where_it_can_and_is_a_list_where_it_cannot(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wide = table(monkeypatch, capsys, width=140, terminal=True)
    assert "│" in wide
    assert max(map(len, wide.splitlines())) <= 140
    narrow = table(monkeypatch, capsys, width=80, terminal=True)
    assert "│" not in narrow
    assert f"  Its page: {PAGE}" in narrow.splitlines()


def test_what_goes_to_a_file_has_each_row_on_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = table(monkeypatch, capsys, width=80, terminal=False)
    [row] = [line for line in said.splitlines() if "shop/101" in line]
    assert "wait for a person to place them" in row
    assert PAGE in row


# --- where it goes -----------------------------------------------------------------------------------


def test_the_address_that_counts_is_shown_beside_the_shops(site: Site) -> None:
    linked(site)
    (site.folder / "address.toml").write_text(ADDRESS)
    site.run("address", site.order, str(site.folder / "address.toml"))
    said = site.run("show", site.order, "--private")
    [row] = [line for line in said.splitlines() if SHOPPER["city"] in line]
    assert "Dunkerque" in row
    assert said.index("Ship to") < said.index("The shop shows")
    assert "Dunkerque" not in site.run("show", site.order)
    site.run("address", site.order, "--back")
    said = site.run("show", site.order, "--private")
    assert "Dunkerque" not in said
    assert "as you have said" not in said


def test_a_change_of_address_foretells_and_says_what_a_person_is_asked(site: Site) -> None:
    po_id = placed(site)
    (site.folder / "address.toml").write_text(ADDRESS)
    words = ("address", site.order, str(site.folder / "address.toml"))
    tried = site.run(*words, "--dry-run")
    assert "ADDRESS_CHANGED" in tried
    assert po_id in tried
    assert site.json("reviews") == []
    assert [each["code"] for each in site.json(*words, "--dry-run")["reviews"]] == ["ADDRESS_CHANGED"]
    [said] = [line for line in site.run(*words).splitlines() if line.startswith("Review ")]
    assert po_id in said


# --- dry runs ----------------------------------------------------------------------------------------


def test_canceling_foretells_what_suppliers_have(site: Site) -> None:
    po_id = linked(site)
    assert "CANCELED_AFTER_PLACING" not in site.run("cancel", site.order, "--dry-run")
    site.run("place", po_id)
    tried = site.run("cancel", site.order, "--dry-run")
    assert f"a person is asked about {po_id}" in tried
    assert tried.endswith("Nothing was done.\n")
    assert po_id in site.json("cancel", site.order, "--dry-run")["then"][0]


def test_a_dry_run_of_placing_what_is_placed_says_where_it_stands(site: Site) -> None:
    po_id = linked(site)
    assert "Nothing was ordered." in site.run("place", po_id, "--dry-run")
    assert site.rewix.orders == []
    site.run("place", po_id)
    said = site.run("place", po_id, "--dry-run")
    assert "PLACED" in said
    assert said.endswith("Nothing was ordered.\n")
    assert site.json("place", po_id, "--dry-run")[0]["fulfillment"] == "PLACED"
    assert len(site.rewix.orders) == 1


def test_what_a_person_places_of_a_held_order_is_said_to_wait_and_goes_after_it(site: Site) -> None:
    po_id = linked(site)
    site.run("hold", site.order)
    assert "its order is held. It goes once that is released." in site.run("place", po_id, code=4)
    assert site.json("place", po_id, code=4)[0]["waits"] == "held"
    site.run("release", site.order)
    site.run("run", "--once")
    assert len(site.rewix.orders) == 1


def test_a_checkout_shows_what_is_bought(site: Site) -> None:
    po_id = linked(site)
    assert "2 x Canvas bag (31310)" in site.run("checkout", po_id)


def test_a_dry_run_of_placing_takes_what_placing_takes(site: Site) -> None:
    linked(site)
    said = site.run("place", site.order, code=2)
    assert site.run("place", site.order, "--dry-run", code=2) == said


# --- words -------------------------------------------------------------------------------------------


def test_a_refund_says_whether_money_moved_and_how_much(site: Site) -> None:
    site.run("pull")
    said = site.run("refund", site.order, "--amount", "5.00 EUR", "--record", "--key", "a")
    assert "refund DONE: 5.00 EUR written down in the shop; no money moved" in said
    both = ("--record", "--give-money")
    assert "not both" in site.run("refund", site.order, "--amount", "1.00 EUR", *both, "--key", "b", code=2)
    said = site.run("refund", site.order, "--amount", "2.50 EUR", "--give-money", "--key", "b")
    assert "refund DONE: 2.50 EUR given back by the shop" in said


@pytest.mark.parametrize(("answer", "code"), [("n", 1), ("y", 0)])
def test_a_person_at_a_terminal_is_asked(
    site: Site, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    site.run("pull")
    monkeypatch.setattr(output, "somebody_is_there", lambda: True)
    words = ["forget", site.order, "--config", str(site.folder / "orderbridge.toml")]
    result = CliRunner().invoke(app, words, input=f"{answer}\n")
    assert result.exit_code == code
    assert ("Nothing was done." in result.output) == (answer == "n")
    assert (SHOPPER["city"] in site.run("show", site.order, "--private")) == (answer == "n")


def test_an_account_that_never_was_is_refused_wherever_it_is_named(site: Site) -> None:
    site.run("pull")
    for words in (
        ("reservations", "nosuch"),
        ("orders", "--store", "nosuch"),
        ("orders", "--supplier", "nosuch"),
        ("tabs", "--store", "nosuch"),
        ("carriers", "nosuch"),
        ("payable", "nosuch"),
    ):
        assert "there is no account 'nosuch'; known are" in site.run(*words, code=2), words


LOOKS = ("tabs", "orders", "reviews", "events", "links export", "case list", "manifest list", "run --dry-run")


def test_what_asks_no_platform_needs_no_secrets(site: Site) -> None:
    """The brake has to work in the shell of whoever is there."""
    site.run("pull")
    site.change('"key"', '"env:NOT_HERE"')
    site.change('"word"', '"env:NOR_THIS"')
    assert "Nothing was done" in site.run("stop-money", "fraud", "--dry-run")
    assert "stopped: nobody said why" in site.run("stop-money", " ")
    assert "stopped: fraud" in site.run("stop-money", "fraud")
    assert "stopped: fraud" in site.run("health", code=1)
    assert "Nothing was done" in site.run("allow-money", "--dry-run")
    assert "may move" in site.run("allow-money")
    for words in LOOKS:
        site.run(*words.split())
    site.run("show", site.order)
    site.run("backup", str(site.folder / "copy.db"))
    said = site.run("probe", code=2)
    assert "NOT_HERE" in said
    assert "NOR_THIS" in said


def test_what_people_write_is_said_as_they_wrote_it(site: Site) -> None:
    why = "[/b] [red]:cat:"
    assert f"stopped: {why}" in site.run("stop-money", why)
    assert f"stopped: {why}" in site.run("health", code=1)


def test_who_stays_stopped_is_said_when_money_may_move(site: Site) -> None:
    assert "no account is 'typo'" in site.run("stop-money", "x", "--owner", "typo", code=2)
    site.change('platform = "rewix"', 'platform = "rewix"\nowner = "ann"')
    site.run("stop-money", "fraud", "--owner", "ann")
    site.run("stop-money", "all of it")
    assert "All money is stopped still: all of it" in site.run("allow-money", "--owner", "ann")
    site.run("stop-money", "fraud", "--owner", "ann")
    assert "Money of ann stays stopped: fraud" in site.run("allow-money")
    assert "Money of ann" in site.run("health", code=1)


def test_what_people_may_say_of_a_purchase_order_is_one_list(site: Site) -> None:
    said = site.run("observe", "shop/1/depot/1", "--status", "ENJOYED", code=2)
    words = said.partition("one of ")[2].strip().split(", ")
    assert "READY" in words
    assert "TO_ORDER" not in words
    (site.folder / "said.csv").write_text(f"purchase_order,status\n{placed(site)},ENJOYED\n")
    (error,) = site.json("import", str(site.folder / "said.csv"), code=3)["errors"]
    assert error["why"].partition("one of ")[2].split(", ") == words
    assert ", ".join(words) in " ".join(CliRunner().invoke(app, ["observe", "--help"]).output.split())


@pytest.mark.parametrize(
    ("words", "incomplete", "offered"),
    [
        ("orders --tab", "to", "to-order"),
        ("sandbox", "bd", "bdroppy"),
        ("decode", "mag", "magento"),
        ("init --store", "presta", "prestashop"),
        ("observe --status", "del", "delivered"),
    ],
)
def test_a_shell_is_told_the_words_that_can_stand_there(words: str, incomplete: str, offered: str) -> None:
    typed = f"orderbridge {words} {incomplete}"
    asked = {
        "_ORDERBRIDGE_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(typed.count(" ")),
    }
    result = CliRunner().invoke(app, [], env=asked, prog_name="orderbridge")
    assert result.stdout.split() == [offered]


def test_a_shell_is_told_the_accounts_of_the_configuration(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site.folder)
    for words, offered in (
        ("pull", "shop"),
        ("payable", "rewix"),
        ("carriers", "shop"),
        ("orders --store", "shop"),
    ):
        asked = {
            "_ORDERBRIDGE_COMPLETE": "complete_bash",
            "COMP_WORDS": f"orderbridge {words} {offered[0]}",
            "COMP_CWORD": str(words.count(" ") + 2),
        }
        assert CliRunner().invoke(app, [], env=asked, prog_name="orderbridge").stdout.split() == [offered]


# --- what it waits for --------------------------------------------------------------------------------

SOURCE = Path(inspect.getfile(orderbridge)).parent
# Lines of orders wait too, in words of their own.
LINES = {"link", "own", "supplier"}


def words_in(node: ast.expr | None) -> set[str]:
    found = ast.walk(node) if node is not None else ()
    return {each.value for each in found if isinstance(each, ast.Constant) and isinstance(each.value, str)}


def words_of_the_code() -> set[str]:
    """What is ever given to, or compared with, something called ``waits``."""
    found: set[str] = set()
    for file in SOURCE.glob("_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.keyword(arg="waits", value=value):
                    found |= words_in(value)
                case ast.Assign(targets=[ast.Name(id="waits")], value=value):
                    found |= words_in(value)
                case ast.Compare(left=ast.Attribute(attr="waits"), comparators=others):
                    found |= {word for other in others for word in words_in(other)}
                case ast.FunctionDef(name="_begins"):
                    returned = [each.value for each in ast.walk(node) if isinstance(each, ast.Return)]
                    found |= {word for value in returned for word in words_in(value)}
                case _:
                    pass
    return found - {""}


def test_the_words_for_what_a_purchase_order_waits_for_are_all_explained() -> None:
    code = words_of_the_code() - LINES
    assert {"approval", "people", "window"} <= code
    guide = (Path(__file__).parents[1] / "docs/guide/operating.md").read_text(encoding="utf-8")
    section = guide.partition("### What a purchase order waits for\n")[2].partition("\n### ")[0]
    orders, _, lines = section.partition("A line of an order")
    assert set(re.findall(r"^\| `(\w+)` \|", orders, re.M)) == code
    assert set(re.findall(r"^\| `(\w+)` \|", lines, re.M)) == LINES
    said = inspect.getdoc(PurchaseRecord) or ""
    assert set(re.findall(r'``"(\w+)"``', said.partition("waits: ")[2])) == code
