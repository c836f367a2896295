"""The command line on a configuration, against sandboxes served on this machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from typer.testing import CliRunner

from orderbridge._config import read_config
from orderbridge._http import Call, Response
from orderbridge.cli.app import COMMANDS, app
from orderbridge.cli.init import configuration
from orderbridge.sandbox import Line, LoopbackServer, RewixSupplier, WooCommerceShop

BAG = {"product_id": 520, "sku": "BAG", "name": "Canvas bag", "price": "54.00", "quantity": 2}
SHOPPER = {"first_name": "Ines", "last_name": "Moreau", "address_1": "12 rue des Tanneurs", "city": "Lille"}
WITHOUT_JSON = {"console"}  # serves pages


@attrs.frozen(kw_only=True)
class Site:
    """A shop with one paid order for two bags, a supplier of bags, and a configuration of both."""

    folder: Path
    shop: WooCommerceShop
    rewix: RewixSupplier
    shop_line: Line
    order: str

    def run(self, *words: str, code: int = 0) -> str:
        """What a command prints for people; its exit code must be ``code``."""
        result = CliRunner().invoke(
            app, [*words, "--config", str(self.folder / "orderbridge.toml")], env={"COLUMNS": "240"}
        )
        assert result.exit_code == code, result.output
        if code in (1, 2):
            assert result.stderr.startswith("orderbridge: ") or result.stdout, result.output
        assert "Traceback" not in result.output
        return result.output

    def json(self, *words: str, code: int = 0) -> Any:
        """What a command prints for programs."""
        result = CliRunner().invoke(
            app, [*words, "--json", "--config", str(self.folder / "orderbridge.toml")]
        )
        assert result.exit_code == code, result.output
        assert result.stdout.count("\n") == 1, result.stdout
        return json.loads(result.stdout)

    def change(self, old: str, new: str) -> None:
        """Edit the configuration."""
        file = self.folder / "orderbridge.toml"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    shop = WooCommerceShop(fulfillments=True)
    rewix = RewixSupplier(api_key="key", password="word", stock={"31310": 50})
    address = {**SHOPPER, "postcode": "59000", "country": "FR"}
    ref = shop.place_order([BAG], now=datetime.now(UTC), shipping=address, billing=address)
    lines = Line(shop), Line(rewix)
    with (
        LoopbackServer(lines[0], clock=lambda: datetime.now(UTC)) as shop_server,
        LoopbackServer(lines[1], clock=lambda: datetime.now(UTC)) as rewix_server,
    ):
        (tmp_path / "orderbridge.toml").write_text(
            f"""
            journal = "journal.db"
            take_from = 2026-01-01T00:00:00Z

            [stores.shop]
            platform = "woocommerce"
            base_url = "{shop_server.url}"
            consumer_key = "{shop.consumer_key}"
            consumer_secret = "{shop.consumer_secret}"

            [suppliers.rewix]
            platform = "rewix"
            base_url = "{rewix_server.url}"
            api_key = "key"
            password = "word"
            """
        )
        yield Site(folder=tmp_path, shop=shop, rewix=rewix, shop_line=lines[0], order=f"shop/{ref}")


# --- init -------------------------------------------------------------------------------------------


def test_init_writes_a_file_that_only_needs_addresses_and_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "orderbridge.toml"
    result = CliRunner().invoke(app, ["init", "--config", str(file)])
    assert result.exit_code == 0, result.output
    names = re.findall(r"env:(\w+)", file.read_text().partition("[stores")[2])
    assert "SHOP_CONSUMER_KEY" in names
    for name in names:
        monkeypatch.setenv(name, "x")
    config = read_config(file)
    assert [account.name for account in (*config.stores, *config.suppliers)] == ["shop", "rewix"]
    assert config.journal == str(tmp_path / "orderbridge.db")


def test_every_setting_that_init_leaves_out_is_shown_as_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = configuration(["woocommerce"], ["rewix"])
    for name in re.findall(r"env:(\w+)", text.partition("[stores")[2]):
        monkeypatch.setenv(name, "x")
    spelled_out = re.sub(r"^# (\w+ = )", r"\1", text.partition("# Who ships what")[0], flags=re.MULTILINE)
    assert spelled_out.count("\n# ") < text.count("\n# ")
    tomllib.loads(spelled_out)
    (tmp_path / "plain.toml").write_text(text)
    (tmp_path / "spelled.toml").write_text(spelled_out.replace("take_from", "# take_from"))
    plain, spelled = read_config(tmp_path / "plain.toml"), read_config(tmp_path / "spelled.toml")
    assert spelled == plain
    assert [a.settings for a in spelled.stores] == [a.settings for a in plain.stores]


def test_init_explains_every_setting() -> None:
    text = configuration(["woocommerce"], ["rewix"])
    settings = re.findall(r"^(?:# )?(?:\w+) = .*", text.partition("[stores")[2], re.MULTILINE)
    paragraphs = text.partition("[stores")[2].split("\n\n")
    for line in settings:
        paragraph = next(part for part in paragraphs if line in part)
        assert paragraph.startswith(("# ", ".")) or "platform" in line, paragraph


def test_init_shows_a_place_for_each_secret_of_which_not_all_are_needed() -> None:
    text = configuration(["magento"], ["rewix"])
    assert '# access_token = "env:SHOP_ACCESS_TOKEN"' in text
    assert "Secret(" not in text


def test_init_never_overwrites_unless_told_to(tmp_path: Path) -> None:
    file = tmp_path / "orderbridge.toml"
    file.write_text("mine")
    result = CliRunner().invoke(app, ["init", "--config", str(file)])
    assert (result.exit_code, file.read_text()) == (2, "mine")
    assert "--force" in result.stderr
    result = CliRunner().invoke(app, ["init", "--config", str(file), "--force"])
    assert result.exit_code == 0
    assert "[policy]" in file.read_text()


# --- what can be wrong ------------------------------------------------------------------------------


def test_without_a_configuration_the_way_to_one_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["orders", "--config", str(tmp_path / "none.toml")])
    assert result.exit_code == 2
    assert "orderbridge init" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('api_key = "key"', 'api_kee = "key"', "did you mean 'api_key'"),
        ('platform = "rewix"', 'platform = "rewick"', "did you mean 'rewix'"),
        ('journal = "journal.db"', "journal = 5", "give it in quotes"),
        ('api_key = "key"', 'api_key = "env:NOT_THERE"', "NOT_THERE"),
    ],
)
def test_a_wrong_configuration_is_named_in_one_line(site: Site, old: str, new: str, words: str) -> None:
    site.change(old, new)
    only_looks = () if "env:" in new else ("orders",)  # it needs no secrets
    for command in ("probe", *only_looks):
        said = site.run(command, code=2)
        assert words in said
        assert said.count("\n") == 1


def test_a_wrong_secret_is_found_by_the_probe(site: Site) -> None:
    assert all(f["ok"] for access in site.json("probe").values() for f in access["findings"])
    site.change('password = "word"', 'password = "old"')
    found = site.json("probe", code=1)
    assert all(finding["ok"] for finding in found["shop"]["findings"])
    assert not all(finding["ok"] for finding in found["rewix"]["findings"])
    assert "wrong" in site.run("probe", code=1)


def test_a_store_that_cannot_be_reached_does_not_keep_the_others_from_being_read(site: Site) -> None:
    text = (site.folder / "orderbridge.toml").read_text()
    shop = text.partition("[stores.shop]")[2].partition("[suppliers")[0]
    gone = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:9", shop)
    (site.folder / "orderbridge.toml").write_text(f"{text}\n[stores.gone]{gone}")
    assert "127.0.0.1:9 cannot be reached" in site.run("run", "--once", code=1)
    assert "127.0.0.1:9 cannot be reached" in site.run("pull", code=1)
    assert [order["id"] for order in site.json("orders")] == [site.order]


def test_what_does_not_exist_is_a_wrong_command(site: Site) -> None:
    for words in (
        ("pull", "shopp"),
        ("show", "shop/1"),
        ("place", "shop/1/rewix/1"),
        ("pay", "shop/1/rewix/1"),
        ("documents", "shop/1/rewix/1"),
        ("observe", "shop/1/rewix/1", "--status", "READY"),
        ("ship", "shop/1/rewix/1", "--number", "T1"),
        ("cancel-purchase", "shop/1/rewix/1"),
        ("reconcile", "rewicks"),
        ("resolve", "77", "ignore"),
        ("link", "shop", "520"),
        ("link", "shop", "520", "rewix", "31310", "--factor", "two"),
        ("link", "shop", "520", "--remove"),
    ):
        assert site.run(*words, code=2).count("\n") == 1


def test_a_broken_journal_is_told_in_words(site: Site) -> None:
    (site.folder / "journal.db").write_bytes(b"no database" * 500)
    said = site.run("orders", code=1)
    assert "journal.db" in said
    assert said.count("\n") == 1


# --- an order's whole way ---------------------------------------------------------------------------


def test_an_order_goes_its_way_by_commands(site: Site) -> None:
    assert site.json("pull") == {"shop": 1}
    [listed] = site.json("orders")
    assert (listed["id"], listed["in_quote"]) == (site.order, True)
    assert "in quote" in site.run("orders")

    assert "1 waiting order can go on" in site.run("link", "shop", "520", "rewix", "31310")
    assert [link["remote_id"] for link in site.json("link")] == ["31310"]
    assert site.json("run", "--once")["failures"] == []
    assert site.rewix.locked == {"31310": 2}
    [row] = site.json("reservations", "rewix")
    assert (row["remote_id"], row["wanted"], row["held"]) == ("31310", "2", "2")
    assert site.json("reconcile", "rewix") == {"differences": [], "fix": None}
    assert site.rewix.orders == []  # placing is for a person here

    po_id = f"{site.order}/rewix/1"
    [placed] = site.json("place", po_id)
    assert (placed["fulfillment"], placed["purchase_order"]) == ("PLACED", po_id)
    assert [order.items for order in site.rewix.orders] == [{"31310": 2}]
    assert site.json("pay", po_id)["page"].startswith("http://127.0.0.1")
    site.run("place", po_id)
    assert len(site.rewix.orders) == 1

    health = site.json("health")
    assert (health["orders"], health["taken"], health["reviews"]) == (1, 1, 0)
    for words in (
        ("orders",),
        ("reservations", "rewix"),
        ("reconcile", "rewix"),
        ("pay", po_id),
        ("link",),
        ("reviews",),
        ("health",),
    ):
        assert site.run(*words)


def test_orders_are_found_by_tab_time_and_number(site: Site) -> None:
    site.json("pull")
    number = site.order.partition("/")[2]
    assert site.json("tabs")["IN_QUOTE"] == 1
    assert "no account 'outlet'" in site.run("tabs", "--store", "outlet", code=2)
    assert "In quote" in site.run("tabs")
    for words in (
        ("--tab", "in-quote"),
        ("--tab", "In quote", "--store", "shop"),
        ("--number", f"#{number}"),
        ("--since", "2026-01-01"),
        ("--until", "2126-01-01T00:00Z"),
    ):
        [found] = site.json("orders", *words)
        assert (found["id"], found["tabs"]) == (site.order, ["IN_QUOTE"])
    for words in (
        ("--tab", "shipped"),
        ("--supplier", "rewix"),
        ("--owner", "ann"),
        ("--until", "2026-01-01"),
    ):
        assert site.json("orders", *words) == []
    assert site.json("show", number)["id"] == site.json("show", f"#{number}")["id"] == site.order
    for words in (("--tab", "lost"), ("--since", "yesterday"), ("--after", "shop/404")):
        assert words[1] in site.run("orders", *words, code=2)
    assert "there is no '404'" in site.run("show", "404", code=2)


def test_a_time_line_is_told_in_sentences(site: Site) -> None:
    site.json("pull")
    assert "The shop shows the order, number" in site.run("show", site.order)
    [step] = site.json("show", site.order)["timeline"]
    assert (step["kind"], step["about"]) == ("OrderSeen", site.order)


def test_health_says_why_a_store_is_not_read(site: Site) -> None:
    assert site.json("health", code=1)["stores"]["shop"]["last_pull"] is None
    site.change(site.shop.consumer_secret, "cs_of_another")
    site.run("run", "--once", code=1)
    health = site.json("health", code=1)
    assert health["stores"]["shop"]["failed"]
    assert list(health["refused_logins"]) == ["shop"]
    assert "Login refused by shop" in site.run("health", code=1)


def test_the_shopper_is_shown_only_when_asked_for(site: Site) -> None:
    site.json("pull")
    for words in (("show", site.order), ("orders",)):
        for text in (site.run(*words), json.dumps(site.json(*words))):
            assert "Canvas bag" in text or words == ("orders",)
            assert not any(value in text for value in SHOPPER.values())
    assert "12 rue des Tanneurs" in site.run("show", site.order, "--private")
    assert site.json("show", site.order, "--private")["record"]["order"]["ship_to"]["city"] == "Lille"
    assert site.json("show", site.order)["history"][0]["kind"] == "OrderSeen"


def test_units_that_nobody_here_wants_are_for_a_person(site: Site) -> None:
    site.rewix.others_lock("31310", 3, now=datetime.now(UTC))
    [difference] = site.json("reconcile", "rewix", code=4)["differences"]
    assert (difference["cause"], difference["held"]) == ("foreign", "3")
    assert "foreign" in site.run("reconcile", "rewix", code=4)


def test_a_difference_is_put_right_as_it_was_shown_and_not_once_it_has_changed(site: Site) -> None:
    site.rewix.others_lock("31310", 3, now=datetime.now(UTC))
    word = site.run("reconcile", "rewix", code=4).split("--fix ")[1].split()[0]
    site.rewix.others_lock("31310", 1, now=datetime.now(UTC))
    assert "not as it was shown" in site.run("reconcile", "rewix", "--fix", word, code=1)
    assert site.rewix.locked == {"31310": 4}
    word = site.json("reconcile", "rewix", code=4)["fix"]
    assert f"--fix {word}" in site.run("reconcile", "rewix", code=4)
    assert "holds exactly what the orders want" in site.run("reconcile", "rewix", "--fix", word)
    assert site.rewix.locked == {}


def test_the_reservations_show_which_orders_want_the_units(site: Site) -> None:
    site.run("link", "shop", "520", "rewix", "31310")
    site.run("run", "--once")
    [row] = site.json("reservations", "rewix")
    assert row["status"] == "held"
    assert [each["order_id"] for each in row["wanted_by"]] == [site.order]
    assert site.order in site.run("reservations", "rewix")


def test_a_review_is_listed_and_answered(site: Site) -> None:
    site.shop.place_order([{**BAG, "quantity": 0.5}], now=datetime.now(UTC))
    site.run("link", "shop", "520", "rewix", "31310")
    site.run("run", "--once")
    [review] = site.json("reviews", code=4)
    assert review["code"] == "FRACTION"
    assert "orderbridge resolve" in site.run("reviews", code=4)
    site.run("health", code=4)
    assert "'sure'" in site.run("resolve", str(review["id"]), "sure", code=2)
    assert site.json("resolve", str(review["id"]), "ignore")["decision"] == "ignore"
    assert "ignore" in site.run("resolve", str(review["id"]), "ignore")
    assert site.json("reviews") == []


@pytest.mark.parametrize("by_command", [True, False])
def test_a_copied_journal_is_looked_at_and_adopted(site: Site, by_command: bool) -> None:
    site.run("pull")
    if by_command:
        site.run("backup", str(site.folder / "copy.db"))
        assert "is there already" in site.run("backup", str(site.folder / "copy.db"), code=2)
    else:
        shutil.copy(site.folder / "journal.db", site.folder / "copy.db")
    site.change("journal.db", "copy.db")
    link = ("link", "shop", "520", "rewix", "31310")
    assert "orderbridge adopt" in site.run(*link, code=1)
    assert [order["id"] for order in site.json("orders")] == [site.order]
    assert "Journal" in site.run("health", code=1)
    assert site.json("health", code=1)["look_only"]
    assert "--yes" in site.run("adopt", code=2)  # nobody can be asked
    site.run(*link, code=1)
    site.run("adopt", "--yes")
    site.run(*link)
    assert not site.json("health")["look_only"]


# --- real processes ---------------------------------------------------------------------------------


def start(words: Sequence[str], folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "orderbridge.cli", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_works_until_a_signal_and_ends_orderly(site: Site, number: signal.Signals) -> None:
    process = start(("run",), site.folder)
    while not site.json("orders"):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "Working until Ctrl-C" in out


@pytest.mark.parametrize(
    ("platform", "kind", "lines"),
    [
        ("magento", "stores", 9),
        ("woocommerce", "stores", 7),
        ("prestashop", "stores", 6),
        ("shopify", "stores", 6),
        ("rewix", "suppliers", 7),
        ("bdroppy", "suppliers", 8),
        ("alibaba", "suppliers", 8),
    ],
)
def test_a_sandbox_says_how_to_reach_it_and_accepts_what_it_says(
    tmp_path: Path, platform: str, kind: str, lines: int
) -> None:
    process = start(("sandbox", platform), tmp_path)
    assert process.stdout is not None
    said = "".join(process.stdout.readline() for _ in range(lines))
    account = said[said.index(f"[{kind}") :].strip()
    (tmp_path / "orderbridge.toml").write_text(account)
    result = CliRunner().invoke(app, ["probe", "--config", str(tmp_path / "orderbridge.toml"), "--json"])
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert result.exit_code == 0, result.output


def test_the_products_of_a_supplier_are_listed_with_the_ids_to_link(site: Site) -> None:
    site.rewix.prices["31310"] = Decimal("19.90")
    assert "31310" in site.run("products", "rewix")
    (product,) = site.json("products", "rewix")
    assert (product["remote_id"], product["price"], product["currency"]) == ("31310", "19.9", "EUR")
    head, row = site.run("products", "rewix", "--csv").splitlines()
    assert head == "remote_id,product_ref,sku,name,price,currency,available"
    assert row == '31310,82105,SKU-82105_M,"T-shirt, M",19.9,EUR,50'


def test_products_that_cannot_be_read_are_told_after_the_others(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(call: Call, now: datetime) -> Response:
        return Response(
            200, body=b'{"pageItems": [{"models": 1}, {"models": [{"id": 7}]}], "lastUpdate": ""}'
        )

    monkeypatch.setattr(site.rewix, "handle", answer)
    out = site.run("products", "rewix", "--csv", code=3)
    assert "\n7,,," in out
    assert "$[0].models" in out
    assert site.json("products", "rewix", code=3)[0]["name"] is None


def test_a_sandbox_that_does_not_exist_or_cannot_listen_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["sandbox", "shopware"])
    assert result.exit_code == 2
    assert "rewix, bdroppy, alibaba" in result.stderr
    with LoopbackServer(Line(WooCommerceShop()), clock=lambda: datetime.now(UTC)) as server:
        port = server.url.rpartition(":")[2]
        result = CliRunner().invoke(app, ["sandbox", "rewix", "--port", port])
    assert result.exit_code == 2
    assert port in result.stderr


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_the_extra_one_line_says_what_to_install(missing: str) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None\nfrom orderbridge.cli import main\nmain()"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "pip install 'orderbridge[cli]'" in result.stderr
    assert result.stderr.count("\n") == 1


def test_every_command_explains_itself_and_speaks_json() -> None:
    for command in COMMANDS:
        name = command.__name__.strip("_").replace("_", "-")
        result = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"})
        assert result.exit_code == 0
        assert command.__doc__
        assert ("--json" in result.stdout) == (name not in WITHOUT_JSON), name
