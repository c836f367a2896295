"""The commands on orders in their shop, on money as a whole, and that no method of the bridge lacks one."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

import orderbridge.cli
from orderbridge import Bridge
from orderbridge.cli.app import app
from orderbridge.cli.demo_orders import baskets, links_of
from orderbridge.cli.demo_shops import DemoShop, PrestaShop, Shopify
from orderbridge.cli.sandbox import _supplier
from orderbridge.sandbox import Line, LoopbackServer, RewixSupplier
from test_cli import SHOPPER, Site, site

__all__ = ["site"]  # the fixture

PO = "rewix/1"
# Methods of the bridge that no command is for, and why.
NO_COMMAND = {
    "requests": "a number for programs that hold a bridge",
    "advance": "run does it",
    "start": "run does it",
    "stop": "Ctrl-C",
    "receive": "webhooks come to a web server, which is the embedder's",
    "consume": "hands events to code; events lists them",
    "reopen": "each command reads the configuration anew",
    "close": "each command does it",
}


def public_methods() -> set[str]:
    return {name for name, _ in inspect.getmembers_static(Bridge) if not name.startswith("_")}


def called_by_commands() -> set[str]:
    """Attributes of anything called ``bridge``, and of ``Bridge``, in the files of the command line."""
    found: set[str] = set()
    folder = Path(inspect.getfile(orderbridge.cli)).parent
    for file in folder.glob("*.py"):
        if file.name.startswith("demo"):
            continue  # a program of its own that uses a bridge
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Attribute(value=ast.Name(id="bridge" | "Bridge"), attr=name):
                    found.add(name)
                case _:
                    pass
    return found


def test_every_method_of_the_bridge_has_a_command_or_a_reason_to_have_none() -> None:
    called = called_by_commands()
    assert public_methods() - called - set(NO_COMMAND) == set()
    assert set(NO_COMMAND) <= public_methods()
    assert called & set(NO_COMMAND) <= {"stop"}  # by a signal


def reserved(site: Site) -> str:
    """The purchase order for two bags, reserved."""
    site.run("link", "shop", "520", "rewix", "31310")
    site.run("run", "--once")
    return f"{site.order}/{PO}"


@contextmanager
def another(side: DemoShop, folder: Path) -> Generator[str]:
    """Another shop with one order, and a configuration for it; the order's id."""
    folder = folder / "another"
    folder.mkdir()
    [basket, *_] = baskets(1, now=datetime.now(UTC))
    ref = side.sell(basket)
    with LoopbackServer(Line(side.backend), clock=lambda: datetime.now(UTC)) as server:
        account = {"platform": side.platform, "base_url": server.url, **side.settings()}
        lines = [
            'journal = "journal.db"',
            "take_from = 2026-01-01T00:00:00Z",
            "[stores.shop]",
            *(f'{name} = "{value}"' for name, value in account.items()),
        ]
        (folder / "orderbridge.toml").write_text("\n".join(lines))
        yield f"shop/{ref}"


def site_of(folder: Path, *words: str) -> str:
    """What a command prints that is given to the other shop."""
    config = folder / "another" / "orderbridge.toml"
    result = CliRunner().invoke(app, [*words, "--config", str(config)], env={"COLUMNS": "240"})
    assert result.exit_code == 0, result.output
    return result.output


def number(site: Site) -> int:
    return int(site.order.partition("/")[2])


# --- holding ----------------------------------------------------------------------------------------


def test_a_held_order_is_not_placed_until_it_is_released(site: Site) -> None:
    po_id = reserved(site)
    held = site.json("hold", str(number(site)))
    assert held == {"order_id": site.order, "held": True, "shop_cannot": None}
    assert site.json("place", po_id, code=4)[0]["waits"] == "held"
    assert site.rewix.orders == []
    assert "held" in site.run("orders")
    assert "goes on" in site.run("release", site.order)
    site.run("place", po_id)
    site.run("run", "--once")
    assert [order.items for order in site.rewix.orders] == [{"31310": 2}]


def test_a_hold_in_the_shop_is_seen_there_and_ends_there(tmp_path: Path) -> None:
    side = Shopify()
    with another(side, tmp_path) as order:

        def on_hold() -> list[bool]:
            found = side.shop.orders[int(order.partition("/")[2])]
            return [bool(work.holds) for work in found.fulfillment_orders]

        site_of(tmp_path, "pull")
        assert "hold DONE" in site_of(tmp_path, "hold", order, "--in-shop", "--reason", "a strange address")
        assert on_hold() == [True]
        assert "release DONE" in site_of(tmp_path, "release", order)
        assert on_hold() == [False]


def test_an_order_is_held_here_also_if_its_shop_cannot_hold_it_which_is_said(site: Site) -> None:
    po_id = reserved(site)
    words = ("hold", site.order, "--in-shop")
    tried = site.run(*words, "--dry-run")
    assert "A person holds the order" in tried
    assert "no way to hold" in tried
    assert not site.json("show", site.order)["record"]["held"]
    assert "no way to hold an order in the shop" in site.run(*words, code=4)
    assert "no way to hold" in site.json(*words, code=4)["shop_cannot"]
    assert site.json("place", po_id, code=4)[0]["waits"] == "held"
    site.run("run", "--once")
    assert site.rewix.orders == []


def test_a_reason_without_the_shop_is_a_wrong_command(site: Site) -> None:
    reserved(site)
    assert "--in-shop" in site.run("hold", site.order, "--reason", "why", code=2)


# --- notes, refunds, cancels ------------------------------------------------------------------------


def test_a_remark_is_made_once_for_its_key(site: Site) -> None:
    site.run("pull")
    before = len(site.shop.notes(number(site)))
    for _ in range(2):
        assert "note DONE" in site.run("note", site.order, "Packed as a gift", "--key", "gift")
    assert len(site.shop.notes(number(site))) == before + 1
    assert "other content" in site.run("note", site.order, "No gift", "--key", "gift", code=2)
    assert "Packed" not in str(site.json("note", site.order, "Packed as a gift", "--key", "gift"))


def test_money_is_only_written_down_as_given_back_unless_the_shop_is_to_pay_it(site: Site) -> None:
    site.run("pull")
    line = site.json("show", site.order)["record"]["order"]["lines"][0]["ref"]
    words = ("refund", site.order, "--amount", "54.00 EUR", "--line", f"{line}=1", "--key", "broken")
    task = site.json(*words)
    assert (task["state"], task["refund"]["gives_money"]) == ("DONE", False)
    site.run(*words)
    [refund] = site.shop.refunds[number(site)]
    assert refund["amount"] == "54.00"
    site.run("pull")
    assert site.json("show", site.order)["record"]["order"]["lines"][0]["refunded"] == "1"


def test_a_refund_that_the_shop_refuses_is_for_a_person(site: Site) -> None:
    site.shop.gateways.clear()  # nothing goes back through the way it was paid
    site.run("pull")
    words = ("refund", site.order, "--amount", "5.00 EUR", "--give-money", "--key", "k")
    assert site.json(*words, code=4)["state"] == "REFUSED"
    assert len(site.json("reviews", code=4)) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--amount", "54"), "54"),
        (("--amount", "9999.00 EUR"), "at most"),
        (("--amount", "5.00 USD"), "EUR"),
        (("--amount", "5.00 EUR", "--line", "1"), "line"),
        (("--amount", "5.00 EUR", "--line", "1=1", "--line", "2=1"), "each is worth"),
        (("--amount", "5.00 EUR", "--line", "1=1@x"), "line"),
    ],
)
def test_a_refund_that_makes_no_sense_is_refused_before_the_shop_hears_of_it(
    site: Site, words: tuple[str, ...], said: str
) -> None:
    site.run("pull")
    assert said in site.run("refund", site.order, *words, "--key", "k", code=2)
    assert site.shop.refunds[number(site)] == []


def test_an_order_is_canceled_in_its_shop_and_never_placed(site: Site) -> None:
    po_id = reserved(site)
    assert "cancel DONE" in site.run("cancel", site.order, "--reason", "the shopper has changed her mind")
    assert site.shop.order(number(site))["status"] == "cancelled"
    site.run("run", "--once")
    assert site.json("place", po_id)[0]["fulfillment"] == "CANCELED"
    assert site.rewix.orders == []


def test_an_order_that_is_not_there_is_a_wrong_command(site: Site) -> None:
    for words in (
        ("hold", "shop/404"),
        ("release", "shop/404"),
        ("note", "shop/404", "x", "--key", "k"),
        ("refund", "shop/404", "--amount", "1.00 EUR", "--key", "k"),
        ("cancel", "shop/404"),
        ("address", "shop/404", "--back"),
        ("carriers", "nowhere"),
        ("payable", "nobody"),
        ("pay", "shop/404/rewix/1", "--dry-run"),
        ("cancel-purchase", "shop/404/rewix/1", "--dry-run"),
        ("place", "--dry-run"),
    ):
        assert site.run(*words, code=2).count("\n") == 1


# --- the shopper ------------------------------------------------------------------------------------


def test_an_order_goes_to_the_address_in_a_file_and_the_shopper_is_not_shown(site: Site) -> None:
    po_id = reserved(site)
    file = site.folder / "address.toml"
    file.write_text(
        'name = "Ines Moreau"\nline1 = "Quai 9"\ncity = "Dunkerque"\npostal_code = "59140"\ncountry = "FR"\n'
    )
    said = site.run("address", site.order, str(file)) + str(site.json("address", site.order, str(file)))
    assert "Dunkerque" not in said
    site.run("place", po_id)
    [order] = site.rewix.orders
    assert order.recipient["city"] == "Dunkerque"
    assert "--back" in site.run("address", site.order, code=2)
    file.write_text('town = "Dunkerque"\n')
    assert "town" in site.run("address", site.order, str(file), code=2)


def test_an_address_is_not_changed_of_an_order_that_is_not_as_it_was_seen(site: Site) -> None:
    site.run("pull")
    site.run("address", site.order, "--back", "--expected", "another", code=1)


def test_a_shopper_is_forgotten_for_good(site: Site) -> None:
    site.run("pull")
    assert "--yes" in site.run("forget", site.order, code=2)  # nobody can be asked
    assert SHOPPER["city"] in site.run("show", site.order, "--private")
    assert site.json("forget", site.order, "--yes") == {"order_id": site.order, "forgotten": True}
    assert SHOPPER["city"] not in site.run("show", site.order, "--private")
    for words in (["--yes"], ["--dry-run"]):
        assert "there is no 'shop/999'" in site.run("forget", "shop/999", *words, code=2)


# --- money ------------------------------------------------------------------------------------------


def test_what_is_payable_is_named_with_its_page_and_with_what_stands_against_it(site: Site) -> None:
    po_id = reserved(site)
    assert "Nothing waits for money" in site.run("payable", "rewix")
    site.run("place", po_id)
    found = site.json("payable", "rewix")
    assert (found["purchase_orders"], found["against"]) == ([po_id], [])
    assert "Pay it here: http://127.0.0.1" in site.run("payable", "rewix")
    assert "Nothing was paid" in site.run("pay", po_id, "--dry-run")
    site.rewix.others_lock("31310", 3, now=datetime.now(UTC))
    assert "foreign" in site.run("payable", "rewix", code=4)
    assert any("foreign" in each for each in site.json("pay", po_id, "--dry-run", code=4)["against"])


def test_stopped_money_places_nothing_until_it_is_allowed(site: Site) -> None:
    po_id = reserved(site)
    assert site.json("stop-money", "an audit") == {"owner": None, "stopped": "an audit"}
    site.run("place", po_id, code=4)
    assert site.rewix.orders == []
    assert "stopped: an audit" in site.run("health", code=1)
    assert "money is stopped: an audit" in site.run("pay", po_id, "--dry-run", code=4)
    assert "may move" in site.run("allow-money")
    site.run("place", po_id)
    site.run("run", "--once")
    assert len(site.rewix.orders) == 1


def test_what_is_not_to_be_paid_is_named_with_the_reason_and_without_a_page(site: Site) -> None:
    po_id = reserved(site)
    site.run("place", po_id)
    site.run("stop-money", "an audit")
    said = site.run("payable", "rewix", code=4)
    assert "Money is stopped: an audit" in said
    assert "Pay it here" not in said
    assert site.json("payable", "rewix", code=4)["stopped"] == "an audit"
    assert "money is stopped: an audit" in site.run("pay", po_id, code=2)
    assert site.json("place", po_id, code=4)[0]["waits"] == "money"
    site.run("allow-money")
    assert "Pay it here" in site.run("payable", "rewix")
    site.run("hold", site.order)
    said = site.run("payable", "rewix")
    assert f"Do not pay {po_id}: its order is held; release it first" in said
    assert "Pay it here" not in said
    assert site.json("pay", po_id, "--dry-run", code=4)["against"] == ["its order is held; release it first"]


def test_a_dry_run_orders_and_cancels_nothing(site: Site) -> None:
    po_id = reserved(site)
    assert "Nothing was ordered" in site.run("place", po_id, "--dry-run")
    assert [item["purchase_order"] for item in site.json("place", po_id, "--dry-run")["items"]] == [po_id]
    assert site.rewix.orders == []
    site.run("place", po_id)
    # Rewix takes nothing back, and a dry run says so like the command itself.
    assert site.run("cancel-purchase", po_id, "--dry-run", code=4) == site.run(
        "cancel-purchase", po_id, code=4
    )
    assert len(site.rewix.waiting_for_money) == 1


def test_events_are_listed_page_by_page(site: Site) -> None:
    reserved(site)
    found = site.json("events")
    assert [event["position"] for event in found] == sorted(event["position"] for event in found)
    assert found[0]["kind"] == "OrderSeen"
    [second] = site.json("events", "--after", str(found[0]["position"]), "--limit", "1")
    assert second == found[1]
    assert f"--after {found[0]['position']}" in site.run("events", "--limit", "1")


def test_the_carriers_of_a_shop_are_listed_with_the_codes_to_name(tmp_path: Path) -> None:
    with another(PrestaShop(), tmp_path):
        assert "https://track.example/{number}" in site_of(tmp_path, "carriers", "shop")


# --- the shell, and the sandboxes -------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_learns_the_commands(shell: str) -> None:
    """``--install-completion`` writes this into the shell's own files."""
    result = subprocess.run(
        [sys.executable, "-m", "orderbridge.cli", "--show-completion", shell],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
    )
    assert result.returncode == 0, result.stderr
    assert "complet" in result.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rewix", "--empty"), "a supplier begins with none"),
        (("woocommerce", "--suppliers", "rewick"), "rewick"),
        (("woocommerce", "--links", "there.csv"), "other content"),
    ],
)
def test_a_sandbox_says_what_it_cannot_begin_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.csv").write_text("mine")
    result = CliRunner().invoke(app, ["sandbox", *words])
    assert (result.exit_code, said in result.stderr) == (2, True), result.output
    assert (tmp_path / "there.csv").read_text() == "mine"


def test_the_sandbox_supplier_has_what_the_sandbox_shop_sells() -> None:
    """Whoever starts both can have each order of the one shipped by the other."""
    _, rewix, _ = _supplier("rewix")
    assert isinstance(rewix, RewixSupplier)
    assert {link.remote_id for link in links_of("shop", {"rewix": "rewix"})} <= set(rewix.stock)
