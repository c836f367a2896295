"""The commands for suppliers that people move, and who pays, on a shop of this machine."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orderbridge import Bridge, BuyerContext
from orderbridge._config import read_buyer, read_config
from orderbridge.cli.app import app
from orderbridge.cli.init import configuration
from orderbridge.errors import ConfigurationError
from orderbridge.sandbox import Line, LoopbackServer, RewixSupplier, WooCommerceShop
from test_cli import SHOPPER, Site

BAG = {"product_id": 520, "sku": "D-BAG", "name": "Canvas bag", "price": "54.00", "quantity": 3}
CAP = {"product_id": 521, "sku": "D-CAP", "name": "Cap", "price": "9.00", "quantity": 1}
BUYER = """
ip = "203.0.113.7"
user_agent = "Mozilla/5.0 (X11; Linux x86_64)"
accept_language = "en-US,en;q=0.9"
screen = "1920*1080"
member_since = 2024-05-01T00:00:00Z
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A shop with one paid order for three bags and a cap, and the merchant's own warehouse."""
    shop = WooCommerceShop(fulfillments=True)
    address = {**SHOPPER, "postcode": "59000", "country": "FR"}
    ref = shop.place_order([BAG, CAP], now=datetime.now(UTC), shipping=address, billing=address)
    line = Line(shop)
    with LoopbackServer(line, clock=lambda: datetime.now(UTC)) as server:
        (tmp_path / "orderbridge.toml").write_text(
            f"""
            journal = "journal.db"
            take_from = 2026-01-01T00:00:00Z

            [stores.shop]
            platform = "woocommerce"
            base_url = "{server.url}"
            consumer_key = "{shop.consumer_key}"
            consumer_secret = "{shop.consumer_secret}"

            [suppliers.depot]
            platform = "offline"
            title = "Main warehouse"
            owed = "by_hand"

            [[rules]]
            prefix = "D-"
            supplier = "depot"
            """
        )
        rewix = RewixSupplier(api_key="key", password="word", stock={})
        yield Site(folder=tmp_path, shop=shop, rewix=rewix, shop_line=line, order=f"shop/{ref}")


@pytest.fixture
def po_id(site: Site) -> str:
    """The warehouse's purchase order, placed."""
    site.json("run", "--once")
    po_id = f"{site.order}/depot/1"
    assert site.json("place", po_id)[0]["fulfillment"] == "PLACED"
    return po_id


def shown(site: Site) -> list[str]:
    shipments = site.shop.shipments(int(site.order.partition("/")[2]))
    return [number for shipment in shipments for number in shipment.numbers]


# --- documents --------------------------------------------------------------------------------------


def test_documents_are_written_once_and_never_over_other_content(site: Site, po_id: str) -> None:
    folder = site.folder / "paper"
    said = site.run("documents", po_id, "--to", str(folder))
    files = sorted(folder.iterdir())
    assert [file.suffix for file in files] == [".csv", ".html"]
    assert all(str(file) in said for file in files)
    site.run("documents", po_id, "--to", str(folder))
    files[0].write_text("the warehouse's remarks")
    assert "--force" in site.run("documents", po_id, "--to", str(folder), code=2)
    assert files[0].read_text() == "the warehouse's remarks"
    listed = site.json("documents", po_id, "--to", str(folder), "--force")
    assert [item["file"] for item in listed] == [str(file) for file in files]
    assert "Canvas bag" in files[0].read_text()


def test_nothing_is_written_if_one_of_the_files_is_there_with_other_content(site: Site, po_id: str) -> None:
    folder = site.folder / "paper"
    folder.mkdir()
    names = [item["name"] for item in site.json("documents", po_id)]
    (folder / names[1]).write_text("something else")
    site.run("documents", po_id, "--to", str(folder), code=2)
    assert [file.name for file in folder.iterdir()] == [names[1]]


def test_papers_that_name_shoppers_are_their_owner_s_alone(site: Site, po_id: str) -> None:
    folder = site.folder / "print"
    site.run("documents", po_id, "--to", str(folder))
    site.run("manifest", "open", "--courier", "DHL")
    page = folder / "list.html"
    page.write_text("long " * 10_000)
    page.chmod(0o644)
    site.run("manifest", "print", "1", "--to", str(page))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    assert page.read_text().endswith("</html>\n")


def test_without_a_folder_the_table_is_printed(site: Site, po_id: str) -> None:
    result = CliRunner().invoke(app, ["documents", po_id, "--config", str(site.folder / "orderbridge.toml")])
    rows = list(csv.DictReader(io.StringIO(result.stdout_bytes.decode("utf-8-sig"))))
    assert [(row["sku"], row["quantity"]) for row in rows] == [("D-BAG", "3"), ("D-CAP", "1")]
    [table, page] = site.json("documents", po_id)
    assert (table["media_type"], page["media_type"]) == ("text/csv", "text/html")
    assert table["text"].startswith("reference,")


def test_a_folder_that_cannot_be_written_is_told(site: Site, po_id: str) -> None:
    (site.folder / "file").write_text("")
    assert "cannot be written" in site.run("documents", po_id, "--to", str(site.folder / "file"), code=2)


# --- what people say --------------------------------------------------------------------------------


def test_what_people_say_is_taken_in_and_shown(site: Site, po_id: str) -> None:
    record = site.json("observe", po_id, "--status", "ready", "--payment", "PAID", "--word", "auf der Rampe")
    assert (record["fulfillment"], record["payment"]) == ("READY", "PAID")
    assert record["raw_status"] == "auf der Rampe"
    assert "READY" in site.run("observe", po_id, "--word", "still there")
    assert "cannot be ACCEPTED" in site.run("observe", po_id, "--status", "ACCEPTED", code=2)
    assert "--status" in site.run("observe", po_id, code=2)


def test_own_stock_that_has_arrived_waits_for_nobody(site: Site, po_id: str) -> None:
    site.run("ship", po_id, "--number", "T1")
    assert site.json("observe", po_id, "--payment", "PAID")["waits"] == "people"
    assert site.json("observe", po_id, "--status", "DELIVERED")["waits"] == ""
    assert "depot Delivered" in site.run("orders")


def test_a_status_that_is_none_is_refused(site: Site, po_id: str) -> None:
    words = ["observe", po_id, "--status", "DONE", "--config", str(site.folder / "orderbridge.toml")]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert "DONE" in result.stderr


def test_what_left_is_told_to_the_shop_once_part_by_part(site: Site, po_id: str) -> None:
    remote_ids = {row["sku"]: row["remote_id"] for row in csv.DictReader(io.StringIO(table(site, po_id)))}
    first = ("ship", po_id, "--carrier", "DHL", "--number", "T1", "--line", f"{remote_ids['D-BAG']}=2")
    assert site.json(*first)["fulfillment"] == "PART_SHIPPED"
    site.run(*first)
    assert shown(site) == ["T1"]
    rest = ("ship", po_id, "--carrier", "DHL", "--number", "T2", "--at", "2026-11-22T15:00:00+01:00")
    assert "SHIPPED" in site.run(*rest)
    assert shown(site) == ["T1", "T2"]
    assert "left already" in site.run("ship", po_id, "--number", "T3", code=2)


def test_a_wrong_number_is_corrected_under_its_ref(site: Site, po_id: str) -> None:
    site.run("ship", po_id, "--ref", "first", "--carrier", "DHL", "--number", "WRONG")
    site.run("ship", po_id, "--ref", "first", "--carrier", "DHL", "--number", "RIGHT")
    site.run("run", "--once")
    assert shown(site) == ["RIGHT"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--number"),
        (("--number", "T1", "--line", "4711"), "REMOTE_ID=QUANTITY"),
        (("--number", "T1", "--line", "4711=none"), "REMOTE_ID=QUANTITY"),
        (("--number", "T1", "--line", "4711=-1"), "REMOTE_ID=QUANTITY"),
        (("--number", "T1", "--at", "yesterday"), "no time"),
        (("--number", "T1", "--at", "2026-11-22T15:00:00"), "time zone"),
        (("--number", "T1", "--line", "other=1"), "other"),
    ],
)
def test_a_departure_that_makes_no_sense_is_named_in_one_line(
    site: Site, po_id: str, words: tuple[str, ...], said: str
) -> None:
    told = site.run("ship", po_id, *words, code=2)
    assert said in told
    assert told.count("\n") == 1
    assert shown(site) == []


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--url", "javascript:alert(1)", "tracking page: 'javascript:alert(1)' came"),
        ("--at", "2130-01-01T00:00:00Z", "shipped at: 2130-01-01 00:00 UTC came"),
    ],
)
def test_a_link_that_is_none_and_a_departure_to_come_are_refused_wherever_people_say_them(
    site: Site, po_id: str, option: str, value: str, said: str
) -> None:
    assert said in site.run("ship", po_id, "--number", "T1", option, value, code=2)
    if option == "--url":
        site.run("manifest", "open", "--courier", "DHL")
        assert said in site.run("manifest", "pack", "1", po_id, "--number", "T1", option, value, code=2)
    column = {"--url": "tracking_url", "--at": "shipped_at"}[option]
    file = site.folder / "left.csv"
    file.write_text(f"purchase_order,tracking_number,{column}\n{po_id},T1,{value}\n")
    for words in (("--dry-run",), ()):
        assert said in site.json("import", str(file), *words, code=3)["errors"][0]["why"]
    assert shown(site) == []


def table(site: Site, po_id: str) -> str:
    [text] = [item["text"] for item in site.json("documents", po_id) if item["media_type"] == "text/csv"]
    return str(text)


# --- a table of it ----------------------------------------------------------------------------------


def test_a_table_is_taken_in_and_the_rows_that_were_refused_are_listed(site: Site, po_id: str) -> None:
    file = site.folder / "shipped.csv"
    file.write_text(f"purchase_order,carrier,tracking_number\n{po_id},DHL,T1\nshop/1/depot/9,DHL,T2\n")
    assert site.json("import", str(file), "--dry-run", code=3)["departures"] == 1
    assert shown(site) == []
    said = site.run("import", str(file), code=3)
    assert "shop/1/depot/9" in said
    assert "1 departures went in" in said
    assert shown(site) == ["T1"]
    again = site.run("import", str(file), code=3)
    assert "0 statuses and 0 departures went in; 1 were known already" in again
    file.write_text(f"purchase_order,status\n{po_id},DELIVERED\n")
    assert site.json("import", str(file)) == {"statuses": 1, "departures": 0, "known": 0, "errors": []}
    assert site.json("import", str(file)) == {"statuses": 0, "departures": 0, "known": 1, "errors": []}


def test_a_file_that_is_no_such_table_is_told(site: Site, po_id: str) -> None:
    assert "cannot be read" in site.run("import", str(site.folder / "none.csv"), code=2)
    file = site.folder / "some.csv"
    file.write_bytes("référence".encode("latin-1"))
    assert "UTF-8" in site.run("import", str(file), code=2)
    file.write_text("order,number\n1,2\n")
    assert "purchase_order" in site.run("import", str(file), code=2)


# --- canceling and paying ---------------------------------------------------------------------------


def test_who_has_no_way_to_cancel_is_asked_by_people(site: Site, po_id: str) -> None:
    assert "ask the supplier" in site.run("cancel-purchase", po_id, code=4)
    assert site.run("cancel-purchase", "shop/1/depot/9", code=2).count("\n") == 1


def test_what_a_person_pays_is_said_to_be_unpaid(site: Site, po_id: str) -> None:
    assert site.json("pay", po_id)["payment"] == "UNPAID"
    site.run("observe", po_id, "--payment", "paid")
    assert "PAID" in site.run("pay", po_id)


def test_who_pays_stands_in_the_configuration_or_in_a_file(site: Site, po_id: str) -> None:
    file = site.folder / "buyer.toml"
    file.write_text(BUYER)
    buyer = BuyerContext(
        ip="203.0.113.7",
        user_agent="Mozilla/5.0 (X11; Linux x86_64)",
        accept_language="en-US,en;q=0.9",
        screen="1920*1080",
        member_since=datetime(2024, 5, 1, tzinfo=UTC),
    )
    assert read_buyer(file) == buyer
    site.run("pay", po_id, "--buyer-file", str(file))
    config = site.folder / "orderbridge.toml"
    config.write_text(f"{config.read_text()}\n[buyer]\n{BUYER}")
    assert read_config(config).buyer == buyer
    with Bridge.from_toml(config) as bridge:
        assert bridge._setup.world.buyer == buyer


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("ip =", "ipp =", "did you mean 'ip'"),
        ("screen =", "# screen =", "screen: is missing"),
        ('"203.0.113.7"', "7", "in quotes"),
        ("00:00:00Z", "00:00:00", "time zone"),
    ],
)
def test_a_wrong_buyer_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    file = tmp_path / "buyer.toml"
    file.write_text(BUYER.replace(old, new))
    with pytest.raises(ConfigurationError, match=said) as told:
        read_buyer(file)
    assert str(file) in str(told.value)


def test_a_buyer_that_is_no_table_is_named(tmp_path: Path) -> None:
    file = tmp_path / "orderbridge.toml"
    file.write_text('buyer = "me"')
    with pytest.raises(ConfigurationError, match="buyer: must be a table"):
        read_config(file)


def test_init_shows_an_offline_supplier_and_who_pays(tmp_path: Path) -> None:
    text = configuration(["woocommerce"], ["offline", "hub"])
    assert '[suppliers.offline]\nplatform = "offline"' in text
    buyer = text.partition("# [buyer]\n")[2]
    file = tmp_path / "buyer.toml"
    file.write_text("\n".join(line.removeprefix("# ") for line in buyer.splitlines()))
    assert read_buyer(file).ip == "203.0.113.7"


def test_nobody_who_pays_and_no_shopper_is_printed_by_a_command_that_moves(site: Site, po_id: str) -> None:
    for words in (("observe", po_id, "--status", "READY"), ("ship", po_id, "--number", "T1")):
        for text in (json.dumps(site.json(*words)), site.run("show", site.order)):
            assert not any(value in text for value in SHOPPER.values())


# --- manifests --------------------------------------------------------------------------------------


def test_a_manifest_is_opened_packed_printed_shipped_and_repeated(site: Site, po_id: str) -> None:
    manifest = site.json("manifest", "open", "--courier", "DHL")
    assert (manifest["id"], manifest["courier"], manifest["state"]) == (1, "DHL", "PREPARING")
    lines = [
        item["remote_id"] for item in csv.DictReader(io.StringIO(site.json("documents", po_id)[0]["text"]))
    ]
    first, second = lines
    packed = site.json("manifest", "pack", "1", po_id, "--number", "JD1", "--line", f"{first}=2")
    assert packed["departures"][0]["shipment"]["lines"] == [{"remote_id": first, "quantity": "2"}]
    site.json("manifest", "pack", "1", po_id, "--number", "JD2")
    site.json("manifest", "unpack", "1", po_id, "--ref", "JD2")
    site.json("manifest", "pack", "1", po_id, "--number", "JD3", "--line", f"{second}=1")
    assert "UPS" in site.run("manifest", "pack", "1", po_id, "--number", "1Z", "--carrier", "UPS", code=1)
    assert "--number" in site.run("manifest", "pack", "1", po_id, code=2)
    assert {each["telling"] for each in site.json("manifest", "show", "1")["departures"]} == {"PACKED"}
    page = site.folder / "list.html"
    site.run("manifest", "print", "1", "--to", str(page))
    assert "JD3" in page.read_text()
    assert site.json("manifest", "print", "1")["text"] == page.read_text()
    assert "cannot be written" in site.run("manifest", "print", "1", "--to", str(site.folder), code=2)
    assert shown(site) == []
    site.shop._keys.permission = "read"
    refused = site.json("manifest", "ship", "1", code=4)
    assert {each["telling"] for each in refused["departures"]} == {"REFUSED"}
    assert "permissions" in site.run("manifest", "repeat", "1", code=4)
    site.shop._keys.permission = "read_write"
    told = site.json("manifest", "repeat", "1")
    assert {each["telling"] for each in told["departures"]} == {"TOLD"}
    assert sorted(shown(site)) == ["JD1", "JD3"]
    assert "SHIPPED" in site.run("manifest", "ship", "1")
    assert [each["id"] for each in site.json("manifest", "list", "--state", "shipped")] == [1]
    assert site.json("manifest", "list", "--state", "PREPARING") == []
    assert "has shipped" in site.run("manifest", "unpack", "1", po_id, code=2)
    assert "there is no 7" in site.run("manifest", "show", "7", code=2)
