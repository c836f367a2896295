"""``orderbridge init``: asks on a terminal, and writes what only needs addresses and secrets without one."""

from __future__ import annotations

import json
import re
import stat
import tomllib
from pathlib import Path

import attrs
import pytest
from typer.testing import CliRunner, Result

import orderbridge as ob
from orderbridge import Match, PackingRule, Policy, ShippingRule
from orderbridge._config import _KEYS, read_config
from orderbridge.cli.app import app
from orderbridge.cli.init import configuration

ANSWERS = (
    "woocomerce",  # no such one: said, and asked again
    "woocommerce",
    "",  # its name: shop
    "shop.test",  # no whole address
    "https://shop.example",  # nobody's
    "",  # said to be needed
    "https://shop.test",
    "env:NO WAY",  # no name in an environment
    "ck_ab12",  # the secret itself where a place is wanted: refused, and not repeated
    "",  # env:SHOP_CONSUMER_KEY
    "file:/run/secrets/wc",
    "prestashop",
    "shop",  # taken
    "out let",  # two words
    "outlet",
    "https://outlet.test",
    "here",
    "PS_WEBSERVICE_KEY",
    "",  # no more shops
    "rewix",
    "",
    "https://rewix.test",
    "keyring:rewix",
    "",
    "",
)


def init(tmp_path: Path, *words: str, answers: tuple[str, ...] = (), code: int = 0) -> Result:
    file = tmp_path / "orderbridge.toml"
    typed = "".join(f"{answer}\n" for answer in answers)
    result = CliRunner().invoke(app, ["init", *words, "--config", str(file)], input=typed)
    assert result.exit_code == code, result.output
    return result


def test_on_a_terminal_it_asks_what_to_connect_and_where_secrets_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = init(tmp_path, "--ask", answers=ANSWERS)
    file = tmp_path / "orderbridge.toml"
    found = tomllib.loads(file.read_text())
    assert found["stores"]["shop"]["base_url"] == "https://shop.test"
    assert "give the full address" in result.output
    assert "shop.example stands in examples" in result.output
    assert "There must be one" in result.output
    assert result.output.count("answer 'here' first") == 2
    assert found["stores"]["shop"]["consumer_key"] == "env:SHOP_CONSUMER_KEY"
    assert found["stores"]["shop"]["consumer_secret"] == "file:/run/secrets/wc"
    assert found["suppliers"]["rewix"]["api_key"] == "keyring:rewix"
    assert "did you mean 'woocommerce'" in result.output
    for name in ("SHOP_CONSUMER_KEY", "REWIX_PASSWORD"):
        assert name in result.stdout  # what is to be set
        monkeypatch.setenv(name, "x")
    text = file.read_text()
    for place in ("file:/run/secrets/wc", "keyring:rewix"):
        text = text.replace(place, "env:REWIX_PASSWORD")
    file.write_text(text)
    config = read_config(file)
    assert [account.name for account in (*config.stores, *config.suppliers)] == ["shop", "outlet", "rewix"]


def test_a_secret_that_is_typed_in_is_never_shown_and_only_its_owner_may_read_the_file(
    tmp_path: Path,
) -> None:
    file = tmp_path / "orderbridge.toml"
    file.write_text("")
    file.chmod(0o644)
    result = init(tmp_path, "--ask", "--force", answers=ANSWERS)
    assert result.output.count("ck_ab12") == 1  # as it was typed
    assert "PS_WEBSERVICE_KEY" not in result.output
    assert tomllib.loads(file.read_text())["stores"]["outlet"]["key"] == "PS_WEBSERVICE_KEY"
    assert "ck_ab12" not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_dry_run_shows_the_file_without_the_secrets_in_it(tmp_path: Path) -> None:
    result = init(tmp_path, "--ask", "--dry-run", answers=ANSWERS)
    assert not (tmp_path / "orderbridge.toml").exists()
    assert "PS_WEBSERVICE_KEY" not in result.stdout
    text = "# What orderbridge connects" + result.stdout.partition("# What orderbridge connects")[2]
    assert tomllib.loads(text)["stores"]["outlet"]["key"] == "***"


def test_without_a_terminal_it_asks_nothing_and_says_what_is_to_be_set(tmp_path: Path) -> None:
    said = json.loads(init(tmp_path, "--json").stdout)
    assert said["file"] == str(tmp_path / "orderbridge.toml")
    assert said["text"] is None
    assert "SHOP_CONSUMER_KEY" in said["environment"]
    assert stat.S_IMODE((tmp_path / "orderbridge.toml").stat().st_mode) == 0o600


def test_each_account_has_a_name_of_its_own_and_what_is_blank_is_named(tmp_path: Path) -> None:
    words = ("--store", "woocommerce", "--store", "woocommerce", "--supplier", "offline")
    said = json.loads(init(tmp_path, *words, "--json").stdout)
    found = tomllib.loads((tmp_path / "orderbridge.toml").read_text())
    assert list(found["stores"]) == ["woocommerce", "woocommerce-2"]
    assert said["fill_in"] == ["woocommerce.base_url", "woocommerce-2.base_url", "offline.title"]
    named = init(tmp_path, *words, "--force").output
    assert "Fill these in: woocommerce.base_url, woocommerce-2.base_url, offline.title" in named


def test_every_setting_stands_in_the_file_with_the_values_that_it_takes() -> None:
    text = configuration(["prestashop"], ["offline"])
    known: set[str] = {"platform", "owner", "shared", "own", "supplier_ref", *_KEYS} - {"stores", "suppliers"}
    for cls in (Policy, ShippingRule, PackingRule, Match, ob.SkuPrefix, ob.OwnStock, ob.SupplierRef):
        known |= {field.name for field in attrs.fields(cls)}
    known |= {field.name for field in attrs.fields(ob.BuyerContext)}
    shown = set(re.findall(r"^[# ]*(?:\[+)?(?:[a-z]+\.)?(\w+)\b", text, re.MULTILINE))
    assert known - shown == set()
    for kind in (ob.Take, ob.SourceBy, ob.Who, ob.ShipBy):
        assert all(f'"{each.value}"' in text for each in kind), kind
    assert "[stores.shop.policy]" in text
    assert '"variant_ref"' in text


def test_what_is_commented_out_of_lists_is_a_configuration(tmp_path: Path) -> None:
    """Taken in, with the values that must be chosen, each table of rules is understood."""
    text = configuration(["prestashop"], ["offline"])
    table = "# [[packing]]" + text.partition("# [[packing]]")[2].partition("\n\n")[0]
    plain = "\n".join(line.removeprefix("# ") for line in table.splitlines())
    (rule,) = tomllib.loads(plain)["packing"]
    assert rule["packing"] == "red gift box"
    assert 'min_total is not set; to set it: min_total = "50.00 EUR"' in plain


def test_platforms_that_are_named_are_not_asked_for(tmp_path: Path) -> None:
    init(tmp_path, "--store", "magento", "--supplier", "offline")
    found = tomllib.loads((tmp_path / "orderbridge.toml").read_text())
    assert found["stores"]["shop"]["platform"] == "magento"
    assert found["suppliers"]["offline"]["platform"] == "offline"


def test_a_file_that_is_there_is_left_alone_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "orderbridge.toml").write_text("mine")
    result = init(tmp_path, "--ask", answers=(), code=2)
    assert "is there already" in result.stderr
    assert (tmp_path / "orderbridge.toml").read_text() == "mine"
