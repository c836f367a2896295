"""What is wrong is said in words, by name, with what would be right; and everything else goes on."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

import orderbridge as ob
from both_sides import AT_ONCE, RULES, START, Sides, a_warehouse, codes, on_clock, only_purchase
from orderbridge import BridgeError, ConfigurationError, PurchaseOrder
from orderbridge._http import Call, Response
from orderbridge._journal import Tx
from orderbridge.adapters import Flow, Past, Placement, Read, SupplierPlatform, Unclear, Write
from orderbridge.errors import Damaged, LookOnly, SchemaMismatch
from orderbridge.journals.sqlite import open_memory
from orderbridge.sandbox import WooCommerceShop
from orderbridge.sandbox.faults import Fault
from orderbridge.suppliers import rewix
from test_bridge import another_shop
from wires import Wire, answer

SECRET = "cs_do-not-show-me"
GOOD = f"""\
journal = "orders.db"
take_from = 2026-03-01T00:00:00Z

[stores.shop]
platform = "woocommerce"
base_url = "https://shop.example"
consumer_key = "ck_1"
consumer_secret = "{SECRET}"

[suppliers.rewix]
platform = "rewix"
base_url = "https://supplier.example"
api_key = "key"
password = "pw"

[policy]
place = "AUTOMATIC"
limit_per_order = ["100.00 EUR"]
pull_every = "10m"

[[rules]]
prefix = "RW-"
supplier = "rewix"

[[rules]]
own = true
prefix = "OWN-"
"""


@pytest.fixture
def sides() -> Iterator[Sides]:
    with Sides() as made:
        yield made


# --- the configuration ------------------------------------------------------------------------


def from_text(folder: Path, text: str) -> ob.Bridge:
    file = folder / "orderbridge.toml"
    file.write_text(text)
    return ob.Bridge.from_toml(file)


def test_a_good_file_makes_a_bridge(tmp_path: Path) -> None:
    bridge = from_text(tmp_path, GOOD)
    policy = bridge._setup.policy
    assert policy.place is ob.Who.AUTOMATIC
    assert policy.pull_every == timedelta(minutes=10)
    assert [str(limit) for limit in policy.limit_per_order] == ["100.00 EUR"]
    assert bridge.health().orders == 0
    assert (tmp_path / "orders.db").exists()
    bridge.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        # a key that is not there, and the one that was meant
        (("[policy]", "[policy]\nlimit_per_ordr = []"), ("policy", "limit_per_ordr", "limit_per_order")),
        (("consumer_secret =", "consumer_secrt ="), ("store 'shop'", "consumer_secrt", "consumer_secret")),
        (("api_key =", "apikey ="), ("supplier 'rewix'", "apikey", "api_key")),
        (("journal =", "jurnal ="), ("jurnal", "journal")),
        (('prefix = "RW-"', 'prefx = "RW-"'), ("rules", "prefx", "prefix")),
        (("[policy]", "[policies]"), ("policies", "policy")),
        (("[policy]", "[policy]\nzzz = 1"), ("policy", "zzz", "keys are", "pull_every")),
        # a key that is missing
        (('api_key = "key"\n', ""), ("supplier 'rewix'", "api_key", "missing")),
        (('platform = "rewix"\n', ""), ("supplier 'rewix'", "platform", "missing")),
        (('supplier = "rewix"\n', ""), ("rules", "supplier", "missing")),
        # a value that is none
        (('pull_every = "10m"', "pull_every = 10"), ("policy", "pull_every", "quotes")),
        (('pull_every = "10m"', 'pull_every = "ten"'), ("policy", "pull_every", "'ten'", "15m")),
        (('place = "AUTOMATIC"', 'place = "AUTO"'), ("policy", "place", "AUTO", "AUTOMATIC", "BY_HAND")),
        (('place = "AUTOMATIC"', 'place = ["AUTOMATIC"]'), ("policy", "place", "BY_HAND")),
        (('["100.00 EUR"]', '["100"]'), ("policy", "limit_per_order")),
        (('["100.00 EUR"]', '"100.00 EUR"'), ("policy", "limit_per_order", "list")),
        (("take_from = 2026-03-01T00:00:00Z", "take_from = 2026-03-01T00:00:00"), ("take_from", "zone")),
        (("take_from = 2026-03-01T00:00:00Z", "take_from = 2026-03-01"), ("take_from",)),
        (('consumer_key = "ck_1"', "consumer_key = 17"), ("store 'shop'", "consumer_key", "text")),
        (('"https://shop.example"', '"shop.example"'), ("store 'shop'", "base_url", "https://")),
        (('"https://shop.example"', '"https://shop.example/wp-json"'), ("base_url", "/wp-json")),
        (('api_key = "key"', 'api_key = "key"\nshared = "no"'), ("supplier 'rewix'", "shared")),
        # something that is not there
        (('platform = "woocommerce"', 'platform = "woocomerce"'), ("woocomerce", "woocommerce")),
        (('platform = "rewix"', 'platform = "alibabe"'), ("alibabe", "alibaba")),
        (('supplier = "rewix"', 'supplier = "rewiks"'), ("rules", "rewiks", "known are: rewix")),
        (('api_key = "key"', 'api_key = "env:NOT_SET_ANYWHERE"'), ("api_key", "NOT_SET_ANYWHERE")),
        (('api_key = "key"', 'api_key = "file:/no/such/file"'), ("api_key", "/no/such/file")),
        (("[stores.shop]", "[stores.rewix]"), ("rewix", "store", "supplier")),
        (("[stores.shop]", '[stores."a/b"]'), ("a/b", "slash")),
        (('place = "AUTOMATIC"', 'pay = "AUTOMATIC"'), ("policy", "pay", "rewix", "BY_HAND")),
        # another shape
        (("[stores.shop]", "[stores]"), ("stores", "[stores.shop]")),
        (("[policy]", "["), ("TOML", "line")),
        (("[[rules]]\nprefix", "[rules]\nprefix"), ("TOML",)),
    ],
)
def test_a_wrong_configuration_is_named_with_what_would_be_right(
    tmp_path: Path, change: tuple[str, str], words: tuple[str, ...]
) -> None:
    assert change[0] in GOOD
    with pytest.raises(ConfigurationError) as caught:
        from_text(tmp_path, GOOD.replace(*change, 1))
    said = str(caught.value)
    assert said.startswith(str(tmp_path / "orderbridge.toml"))
    for word in words:
        assert word in said
    assert SECRET not in said
    assert list(tmp_path.glob("*.db*")) == []


def test_a_file_that_is_not_there_is_named_with_the_command_that_writes_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="orderbridge init"):
        ob.Bridge.from_toml(tmp_path / "no.toml")
    with pytest.raises(ConfigurationError, match=r"cannot be read|no TOML"):
        ob.Bridge.from_toml(tmp_path)


def test_secrets_come_from_the_environment_and_from_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("from-the-file\n")
    monkeypatch.setenv("OB_TEST_KEY", "from-the-environment")
    text = GOOD.replace('"ck_1"', '"env:OB_TEST_KEY"').replace(f'"{SECRET}"', f'"file:{tmp_path}/secret"')
    settings: Any = from_text(tmp_path, text)._setup.stores.account("shop").settings
    assert settings.consumer_key.reveal() == "from-the-environment"
    assert settings.consumer_secret.reveal() == "from-the-file"


def test_an_account_given_twice_is_refused(sides: Sides) -> None:
    with pytest.raises(ConfigurationError, match="'shop' is given twice"):
        sides.bridge(stores=[sides.store(), sides.store()])


def test_an_unknown_journal_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="cardbox"):
        ob.journal("somewhere", kind="cardbox")


@pytest.mark.parametrize(
    "ask",
    [
        lambda bridge: bridge.pull("nobody"),
        lambda bridge: bridge.reconcile("nobody"),
        lambda bridge: bridge.payable("nobody"),
        lambda bridge: bridge.place("shop/1/rewix/1"),
        lambda bridge: bridge.pay("shop/1/rewix/1"),
        lambda bridge: bridge.hold("shop/1"),
        lambda bridge: bridge.resolve(7, "retry"),
        lambda bridge: bridge.link(ob.ProductLink(store="x", key="1", supplier="rewix", remote_id="1")),
        lambda bridge: bridge.link(ob.ProductLink(store="shop", key="1", supplier="x", remote_id="1")),
        lambda bridge: bridge.link(ob.ProductLink(store="shop", key="1", supplier="rewix", remote_id="")),
    ],
)
def test_a_name_that_nobody_has_is_said_so(sides: Sides, ask: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no|give a|is empty"):
        ask(sides.bridge())
    assert not sides.at_shop.calls
    assert not sides.at_warehouse.calls


def test_a_review_takes_only_the_answers_it_offers(sides: Sides) -> None:
    sides.warehouse.others_lock("102", 1, now=sides.now())
    sides.sell({"RW-100": 1})
    bridge = sides.bridge()
    sides.live(bridge, 1)
    (review,) = bridge.reviews()
    with pytest.raises(ConfigurationError, match="ignore"):
        bridge.resolve(review.id, "pay twice")


# --- accounts that do not work ----------------------------------------------------------------


def two_shops(sides: Sides, broken: dict[str, Any]) -> ob.Bridge:
    """A shop that works, and one that does not."""
    return sides.bridge(stores=[sides.store("bad", **broken), sides.store()])


def failures(report: ob.Report) -> dict[str, str]:
    return dict(report.failures)


def test_a_wrong_secret_is_said_and_the_other_shop_goes_on(sides: Sides) -> None:
    sides.sell({"RW-100": 1})
    bridge = two_shops(sides, {"consumer_secret": "cs_wrong"})
    report = bridge.run_once()
    assert sides.ordered() == [{"100": 1}]
    assert set(failures(report)) == {"pull/bad"}
    assert "bad" in report.failures[0][1]
    findings = bridge.probe()["bad"].findings
    assert [finding for finding in findings if not finding.ok and finding.fix]
    assert "cs_wrong" not in str(report) + str(findings)


def test_a_supplier_s_wrong_password_asks_a_person_and_the_other_supplier_goes_on(sides: Sides) -> None:
    second = a_warehouse(("200",))
    url = sides.serve(second)
    stuck = sides.sell({"RW-100": 1})
    sides.sell({"R2-200": 1})
    bridge = sides.bridge(
        suppliers=[sides.supplier(password="wrong"), sides.supplier("second", base_url=url)],
        rules=(*RULES, ob.SkuPrefix(prefix="R2-", supplier="second")),
    )
    sides.live(bridge, 3)
    assert sides.ordered(second) == [{"200": 1}]
    assert not sides.ordered()
    (review,) = bridge.reviews()
    assert review.account == "rewix" or "rewix" in review.about
    assert "rewix" in review.evidence
    assert "wrong" not in review.evidence
    assert [finding.fix for finding in bridge.probe()["rewix"].findings if not finding.ok]
    assert only_purchase(bridge, stuck).fulfillment is ob.Fulfillment.TO_ORDER


def test_a_supplier_whose_password_is_put_right_goes_on_by_itself(sides: Sides, tmp_path: Path) -> None:
    sides.sell({"RW-100": 1})
    wrong = sides.bridge(suppliers=[sides.supplier(password="wrong")], journal=tmp_path / "j.db")
    sides.live(wrong, 3)
    wrong.close()
    bridge = sides.bridge(journal=tmp_path / "j.db")
    sides.live(bridge, 3)
    assert sides.ordered() == [{"100": 1}]
    assert not codes(bridge)


def test_a_shop_that_cannot_be_reached_is_named_and_the_other_goes_on(sides: Sides) -> None:
    sides.sell({"RW-100": 1})
    bridge = two_shops(sides, {"base_url": "http://127.0.0.1:1"})
    report = bridge.run_once()
    assert sides.ordered() == [{"100": 1}]
    said = failures(report)["pull/bad"]
    assert "127.0.0.1:1 cannot be reached" in said
    assert "base_url" in said
    assert bridge.health().last_pull["bad"] is None
    assert "PullFailed" in [event.kind for event in bridge.events()]


def test_a_supplier_that_cannot_be_reached_lets_orders_in_and_gets_them_later(sides: Sides) -> None:
    """It was never seen before, so nobody knows who it is; the shop's orders come in all the same."""
    warehouse = sides.warehouse
    order_id = sides.sell({"RW-100": 1, "R2-200": 1})
    second = a_warehouse(("200",))
    gate: list[int] = []

    class Down:
        def handle(self, call: Call, now: datetime) -> Response:
            if not gate:
                return Response(503, body=b"<html>down</html>")
            return second.handle(call, now)

    bridge = sides.bridge(
        suppliers=[sides.supplier(), sides.supplier("second", base_url=sides.serve(Down()))],
        rules=(*RULES, ob.SkuPrefix(prefix="R2-", supplier="second")),
    )
    sides.live(bridge, 1)
    assert sides.ordered(warehouse) == [{"100": 1}]
    assert not sides.ordered(second)
    gate.append(1)
    sides.live(bridge, 8)
    assert sides.ordered(second) == [{"200": 1}]
    assert sides.ordered(warehouse) == [{"100": 1}]
    view = bridge.order(order_id)
    assert view is not None
    assert len(view.purchases) == 2


def test_a_host_that_redirects_is_said_so_and_the_other_goes_on(sides: Sides) -> None:
    sides.sell({"RW-100": 1})
    with Wire(answer(301, more="Location: https://www.shop.example/\r\n")) as wire:
        bridge = two_shops(sides, {"base_url": wire.url})
        report = bridge.run_once()
        assert sides.ordered() == [{"100": 1}]
        said = failures(report)["pull/bad"]
        assert "redirects to https://www.shop.example/" in said
        assert "base_url" in said


def test_a_page_where_json_should_be_is_said_so_and_the_other_goes_on(sides: Sides) -> None:
    sides.sell({"RW-100": 1})
    with Wire(answer(200, b"<!DOCTYPE html><html>Checking your browser</html>", html=True)) as wire:
        bridge = two_shops(sides, {"base_url": wire.url})
        report = bridge.run_once()
        assert sides.ordered() == [{"100": 1}]
        said = failures(report)["pull/bad"]
        assert "web page" in said
        assert "firewall" in said


def test_a_page_from_the_supplier_puts_things_off_and_then_asks(sides: Sides) -> None:
    sides.sell({"RW-100": 1})
    bridge = sides.bridge()
    bridge.pull("shop")
    sides.warehouse_plan.meet("GET", "/dropshipping/locked", Fault.HTML, times=30)
    sides.live(bridge, 0.2)
    assert not sides.ordered()
    sides.live(bridge, 4)
    assert codes(bridge) == ["FAULT"]
    assert "rewix" in bridge.reviews()[0].evidence
    sides.live(bridge, 40)
    assert sides.ordered() == [{"100": 1}]
    assert not codes(bridge)


# --- an account that is another one now -----------------------------------------------------------


def test_another_supplier_account_under_an_old_name_gets_no_order(sides: Sides, tmp_path: Path) -> None:
    """What the old one may have, the new one cannot tell: everything would be ordered anew."""
    order_id = sides.sell({"RW-100": 1})
    sides.warehouse_plan.meet("POST", "/orders/0/dropshipping", Fault.ANSWER_LOST)
    old = sides.bridge(journal=tmp_path / "j.db")
    old.run_once()
    assert only_purchase(old, order_id).fulfillment is ob.Fulfillment.IN_DOUBT
    old.close()
    another, second = a_warehouse(), a_warehouse(("200",))
    bridge = sides.bridge(
        journal=tmp_path / "j.db",
        suppliers=[
            sides.supplier(base_url=sides.serve(another)),
            sides.supplier("second", base_url=sides.serve(second)),
        ],
        rules=(*RULES, ob.SkuPrefix(prefix="R2-", supplier="second")),
    )
    sides.sell({"RW-101": 1})
    sides.sell({"R2-200": 1})
    sides.clock.sleep(600)
    report = bridge.run_once()
    sides.live(bridge, 6)
    assert another.orders == []
    assert another.locked == {}
    assert sides.ordered() == [{"100": 1}]
    assert sides.ordered(second) == [{"200": 1}]
    said = "".join(report.failures[0])
    assert "rewix" in said
    assert "another account name" in said
    bridge.close()
    right = sides.bridge(journal=tmp_path / "j.db")
    sides.live(right, 2)
    assert sides.ordered() == [{"100": 1}, {"101": 1}]


def test_a_person_cannot_place_at_another_account_under_an_old_name_either(
    sides: Sides, tmp_path: Path
) -> None:
    order_id = sides.sell({"RW-100": 1})
    old = sides.bridge(journal=tmp_path / "j.db", policy=ob.Policy())
    old.run_once()
    old.close()
    another = a_warehouse()
    bridge = sides.bridge(
        journal=tmp_path / "j.db",
        policy=ob.Policy(),
        suppliers=[sides.supplier(base_url=sides.serve(another))],
    )
    with pytest.raises(ConfigurationError, match="another account name"):
        bridge.place(only_purchase(bridge, order_id).po.id)
    sides.live(bridge, 3)
    assert another.orders == []
    assert another.locked == {}


def test_another_shop_under_an_old_name_is_told_nothing(sides: Sides, tmp_path: Path) -> None:
    order_id = sides.sell({"RW-100": 1})
    old = sides.bridge(journal=tmp_path / "j.db")
    old.run_once()
    old.close()
    sides.dispatch()
    another = another_shop()
    keys = {"consumer_key": another.consumer_key, "consumer_secret": another.consumer_secret}
    another.place_order([{"sku": "RW-100", "quantity": 1, "price": "1.00"}], now=sides.now())
    bridge = sides.bridge(
        journal=tmp_path / "j.db", stores=[sides.store(base_url=sides.serve(another), **keys)]
    )
    sides.clock.sleep(3600)
    report = bridge.run_once()
    sides.live(bridge, 5)
    assert another.effects == []
    assert len(sides.ordered()) == 1
    assert "another account name" in "".join(report.failures[0])
    bridge.close()
    right = sides.bridge(journal=tmp_path / "j.db")
    sides.live(right, 5)
    assert len(sides.shown(order_id)) == 1


# --- the journal ------------------------------------------------------------------------------


def test_a_corrupt_journal_is_said_so_and_left_as_it_is(sides: Sides, tmp_path: Path) -> None:
    file = tmp_path / "j.db"
    sides.sell({"RW-100": 1})
    first = sides.bridge(journal=file)
    first.run_once()
    first.close()
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.seek(4096)
        opened.write(b"\xa5" * (size - 8192))
    spoiled = file.read_bytes()
    bridge = sides.bridge(journal=file)
    calls = len(sides.at_warehouse.calls)
    with pytest.raises(Damaged, match="damaged") as caught:
        bridge.run_once()
    assert "backup" in str(caught.value)
    assert file.read_bytes() == spoiled
    assert len(sides.at_warehouse.calls) == calls


def test_a_file_that_is_no_journal_is_said_so(sides: Sides, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("remember the milk\n" * 100)
    with pytest.raises(Damaged, match="no SQLite database"):
        sides.bridge(journal=file).run_once()
    with pytest.raises(BridgeError, match="make it first"):
        sides.bridge(journal=tmp_path / "no" / "folder" / "j.db").run_once()


def test_a_copied_journal_may_be_read_and_acts_only_once_adopted(sides: Sides, tmp_path: Path) -> None:
    order_id = sides.sell({"RW-100": 1})
    first = sides.bridge(journal=tmp_path / "j.db")
    first.run_once()
    first.close()
    shutil.copy(tmp_path / "j.db", tmp_path / "copy.db")
    bridge = sides.bridge(journal=tmp_path / "copy.db")
    assert only_purchase(bridge, order_id).fulfillment is ob.Fulfillment.PLACED
    sides.sell({"RW-101": 1})
    sides.clock.sleep(3600)
    with pytest.raises(LookOnly, match="adopt"):
        bridge.run_once()
    assert len(sides.ordered()) == 1
    bridge.adopt()
    bridge.run_once()
    assert sides.ordered() == [{"100": 1}, {"101": 1}]


def test_a_newer_journal_is_left_alone(sides: Sides, tmp_path: Path) -> None:
    file = tmp_path / "j.db"
    first = sides.bridge(journal=file)
    first.health()
    first.close()
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(SchemaMismatch, match="install the orderbridge that wrote it"):
        sides.bridge(journal=file).run_once()


def test_a_lost_journal_orders_nothing_twice(sides: Sides) -> None:
    """The reference is the same whatever journal it is in, and it is looked for first."""
    sides.sell({"RW-100": 2})
    first = sides.bridge()
    sides.live(first, 1)
    sides.dispatch()
    sides.live(first, 1)
    again = sides.bridge()
    sides.live(again, 5)
    assert sides.ordered() == [{"100": 2}]
    order_id = f"shop/{next(iter(sides.shop.book))}"
    assert len(sides.shown(order_id)) == 1
    assert sides.departure_mails(order_id) == 1


# --- orders -----------------------------------------------------------------------------------


def test_an_order_with_no_lines_asks_a_person_and_the_others_go_on(sides: Sides) -> None:
    empty = sides.sell({"RW-102": 1})
    sides.shop.book[int(empty.partition("/")[2])]["line_items"] = []
    sides.sell({"RW-100": 1})
    bridge = sides.bridge()
    sides.live(bridge, 2)
    assert sides.ordered() == [{"100": 1}]
    (review,) = bridge.reviews()
    assert review.code is ob.ReviewCode.NOTHING_TO_SHIP
    assert review.order_id == empty
    assert "see to it in the shop" in review.evidence


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("quantity", "many", "quantity"),
        ("quantity", -1, "quantity"),
        ("total", "a lot", "total"),
        ("total", None, "total"),
    ],
)
def test_an_order_that_cannot_be_understood_is_set_aside_and_the_page_goes_on(
    sides: Sides, field: str, value: object, path: str
) -> None:
    first = sides.sell({"RW-101": 1})
    broken = sides.sell({"RW-100": 1})
    sides.sell({"RW-102": 1})
    ref = int(broken.partition("/")[2])
    lines: Any = sides.shop.book[ref]["line_items"]
    kept = lines[0][field]
    lines[0][field] = value
    bridge = sides.bridge()
    report = bridge.run_once()
    assert report.failures == ()
    assert sides.ordered() == [{"101": 1}, {"102": 1}]
    (review,) = bridge.reviews()
    assert review.code is ob.ReviewCode.ORDER_NOT_UNDERSTOOD
    assert review.order_id == broken
    assert path in review.evidence
    assert "Polna" not in review.evidence
    assert bridge.order(broken) is None
    assert bridge.order(first) is not None
    # Put right in the shop, it comes in by itself.
    lines[0][field] = kept
    sides.clock.sleep(60)
    sides.shop.change(ref, sides.now(), customer_note="fixed")
    sides.live(bridge, 1)
    assert sides.ordered() == [{"101": 1}, {"102": 1}, {"100": 1}]
    assert not codes(bridge)


def test_a_purchase_order_without_an_address_asks_a_person_and_the_others_go_on(sides: Sides) -> None:
    nobody = dict.fromkeys(("first_name", "last_name", "company", "address_1", "city", "postcode"), "")
    sides.sell({"RW-100": 1}, shipping=nobody, billing=nobody)
    sides.sell({"RW-101": 1})
    bridge = sides.bridge()
    sides.live(bridge, 3)
    assert sides.ordered() == [{"101": 1}]
    (review,) = bridge.reviews()
    assert review.code is ob.ReviewCode.BLOCKED
    assert "no address" in review.evidence


def test_a_model_the_supplier_does_not_have_is_a_shortfall_and_the_others_go_on(sides: Sides) -> None:
    sides.sell({"RW-999": 1})
    sides.sell({"RW-101": 1})
    bridge = sides.bridge()
    sides.live(bridge, 3)
    assert sides.ordered() == [{"101": 1}]
    assert codes(bridge) == ["SHORTFALL"]


# --- a plug-in with a bug ---------------------------------------------------------------------


class Buggy(rewix.RewixAdapter):
    """Breaks on one of the goods."""

    def place(self, po: PurchaseOrder, past: Past) -> Flow[Write | Placement | Unclear]:
        if "100" in po.units:
            yield Read("GET", "/restful/ghost/orders/dropshipping/locked/")
            raise ValueError(f"invalid literal for a street: {po.ship_to.line1!r}")
        return (yield from super().place(po, past))


def test_a_plug_in_that_breaks_asks_a_person_and_the_others_go_on(sides: Sides) -> None:
    ob.register(
        SupplierPlatform(
            name="buggy",
            title="Buggy",
            settings=rewix.Settings,
            adapter=Buggy,
            auth=rewix.PLATFORM.auth,
            limits=lambda _: AT_ONCE,
        )
    )
    settings = {"base_url": sides.warehouse_url, "api_key": "key", "password": "pw"}
    broken = sides.sell({"RW-100": 1})
    sides.sell({"RW-101": 1})
    bridge = sides.bridge(suppliers=[ob.supplier("rewix", platform="buggy", settings=settings)])
    sides.live(bridge, 3)
    assert sides.ordered() == [{"101": 1}]
    (review,) = bridge.reviews()
    assert review.code is ob.ReviewCode.FAULT
    assert "ValueError" in review.evidence
    assert review.order_id == broken
    # What an exception says may hold a shopper.
    assert "Polna" not in str(bridge.reviews()) + str(bridge.events(limit=1000))


def test_a_platform_that_names_no_platform_is_refused(sides: Sides) -> None:
    with pytest.raises(ConfigurationError, match="there is no store platform 'shopware'"):
        ob.store("shop", platform="shopware", settings={})
    with pytest.raises(ConfigurationError, match="settings are a"):
        ob.store("shop", platform="woocommerce", settings=sides.supplier().settings)


def test_all_of_these_tests_run_between_real_sandboxes(sides: Sides) -> None:
    """The shop refuses a wrong key as the real one does, so that the tests above mean something."""
    assert isinstance(sides.shop, WooCommerceShop)
    bridge = on_clock(ob.Bridge(**sides.parts(stores=[sides.store(consumer_key="ck_wrong")])), sides.clock)
    assert failures(bridge.run_once())
    assert sides.now() >= START
    assert attrs.has(type(sides.store().settings))
    bridge.close()


# --- one account under two names ----------------------------------------------------------------------


def test_a_supplier_account_under_two_names_is_an_error_and_orders_nothing_twice(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 1, "R2-101": 1})
    bridge = sides.bridge(
        suppliers=[sides.supplier(), sides.supplier("second")],
        rules=(*RULES, ob.SkuPrefix(prefix="R2-", supplier="second")),
    )
    failures = dict(bridge.run_once().failures)
    assert [why for why in failures.values() if "keep one name" in why and "'rewix'" in why], failures
    sides.live(bridge)
    assert sides.ordered() in ([], [{"100": 1}])
    assert bridge.order(order_id) is not None


def test_a_shop_under_a_new_name_is_an_error_and_orders_nothing_twice(sides: Sides) -> None:
    """Such as an account that was renamed in the configuration."""
    bridge = sides.bridge()
    sides.sell({"RW-100": 1})
    sides.live(bridge)
    assert sides.ordered() == [{"100": 1}]
    renamed = sides.bridge(stores=[sides.store(), sides.store("main")], journal=bridge._setup.journal)
    failures = dict(renamed.run_once().failures)
    assert "keep one name" in failures["pull/main"]
    assert sides.ordered() == [{"100": 1}]


@pytest.mark.parametrize(
    ("known", "asked", "same"),
    [
        ("shop.example", "shop.example", True),
        ("shop.example", "shop.example#2", True),
        ("shop.example#2", "shop.example", True),
        ("shop.example#1", "shop.example#1,2", True),
        ("shop.example#2,3", "shop.example#1,2", True),
        ("shop.example#1", "shop.example#2", False),
        ("shop.example#1", "shop.example#11", False),
        ("shop.example#1", "shop.example.org#1", False),
    ],
)
def test_accounts_of_which_parts_overlap_are_one(known: str, asked: str, same: bool) -> None:
    def remember(tx: Tx) -> None:
        tx.put_account("main", kind="store", platform="x", owner="", identity=known, take_from=None, at=START)

    journal = open_memory()
    journal.transact(remember)
    found = journal.look(lambda tx: tx.account_with(kind="store", identity=asked))
    assert found == ("main" if same else None)


# --- settings in Python ---------------------------------------------------------------------------

MONEY = ob.Money.of("5", "EUR")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"blocked_countries": ["Germany"]}, "blocked_countries: .*Germany.*two capital letters"),
        ({"blocked_countries": frozenset({"pl"})}, "blocked_countries: .*'pl'.*two capital letters"),
        ({"blocked_addresses": "Old Road 1"}, "blocked_addresses: what came, a str, .*tuple"),
        ({"blocked_addresses": ("",)}, "blocked_addresses: .*empty"),
        ({"pull_every": timedelta(0)}, "pull_every: 0:00:00 is not a duration above zero"),
        ({"follow_every": timedelta(-1)}, "follow_every: .*above zero"),
        ({"tracking_wait": timedelta(-1)}, "tracking_wait: .*zero or more"),
        ({"place_after": timedelta(-1)}, "place_after: .*zero or more"),
        ({"limit_per_order": (MONEY, MONEY.times(10))}, "limit_per_order: .*one per currency"),
        ({"limit_per_day": (ob.Money.of("-5", "EUR"),)}, "limit_per_day: .*zero or more"),
        ({"price_drift": 0.02}, "price_drift: 0.02 is not .*Decimal"),
        ({"shipping": [ob.ShippingRule()]}, "shipping: .*tuple of ShippingRule"),
        ({"notify_shopper": "no"}, "notify_shopper: 'no' is not true or false"),
    ],
)
def test_a_policy_that_would_mean_something_else_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=f"policy: {words}") as caught:
        ob.Policy(**given)
    assert "Old Road" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"countries": {"DE"}}, "countries: .*frozenset"),
        ({"countries": frozenset({"Germany"})}, "countries: .*two capital letters"),
        ({"max_days": -5}, "max_days: -5 is not"),
        ({"min_total": 5}, "min_total: 5 is not .*Money"),
    ],
)
def test_a_shipping_rule_that_would_never_fit_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=f"shipping: {words}"):
        ob.ShippingRule(**given)


def test_zero_is_none_where_none_is_meant() -> None:
    assert not ob.Policy(place_after=timedelta(0), tracking_wait=timedelta(0)).place_after


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"take_from": "2026-01-01"}, "take_from: what came, a str, is not an aware datetime"),
        ({"take_from": START.replace(tzinfo=None)}, "take_from: what came, a datetime, .*aware"),
        ({"policy": {}}, "policy: what came, a dict, is not a Policy"),
        ({"rules": ["x"]}, "rules: .*SkuPrefix"),
        ({"rules": ob.OwnStock(prefix="A")}, "rules: what came, a OwnStock, is not a list"),
        ({"packing": ["x"]}, "packing: .*PackingRule"),
        ({"stores": ob.supplier("a", platform="offline", settings={"title": "A"})}, "stores: .*list"),
        ({"suppliers": ["a"]}, r"suppliers: .*supplier\(\)"),
        ({"journal": 5}, "journal: what came, a int, .*path"),
        ({"rate": 1.1}, "rate: .*function"),
        ({"buyer": {}}, "buyer: .*BuyerContext"),
        ({"couriers": {"DHL": 5}}, "couriers: .*links"),
        ({"tokens": 5}, "tokens: .*path"),
    ],
)
def test_a_wrong_option_is_named_when_the_bridge_is_made(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        ob.Bridge(**{"journal": ":memory:", **given})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"policy": {"place": "AUTOMATIC"}}, "supplier 'a': policy: what came, a dict"),
        ({"owner": None}, "supplier 'a': owner: .*text"),
        ({"shared": "no"}, "supplier 'a': shared: .*true or false"),
        ({"settings": SECRET}, "supplier 'a': settings: what came, a str"),
        ({"name": 5}, "account name: 5"),
    ],
)
def test_a_wrong_option_of_an_account_is_named(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        ob.supplier(**{"name": "a", "platform": "offline", "settings": {"title": "A"}, **given})
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda bridge: bridge.orders(tab="to-order"), "tab: 'to-order' is none of .*TO_ORDER"),
        (lambda bridge: bridge.orders(limit=-1), "limit: -1"),
        (lambda bridge: bridge.due(limit=-1), "limit: -1"),
        (lambda bridge: bridge.reviews(limit=-1), "limit: -1"),
        (lambda bridge: bridge.events(limit=-1), "limit: -1"),
        (lambda bridge: bridge.cases(limit=-1), "limit: -1"),
        (lambda bridge: bridge.manifests(limit="5"), "limit: '5'"),
        (lambda bridge: bridge.consume("x", print, limit=-1), "limit: -1"),
        (lambda bridge: bridge.receive("shop", headers={}, body="text"), "body: a str came; .*bytes"),
    ],
)
def test_a_wrong_argument_is_named(ask: Any, words: str) -> None:
    with ob.Bridge(journal=":memory:") as bridge, pytest.raises(ConfigurationError, match=words):
        ask(bridge)


@pytest.mark.parametrize("scheme", ["postgress", "mysql", "sqlite"])
def test_a_journal_s_address_that_nobody_knows_is_never_shown(tmp_path: Path, scheme: str) -> None:
    place = f"{scheme}://bridge:{SECRET}@db/x"
    with pytest.raises(ConfigurationError, match=r"journal: .*postgresql://") as caught:
        ob.Bridge(journal=place)
    assert SECRET not in str(caught.value)
    with pytest.raises(ConfigurationError, match=r"journal: .*postgresql://") as caught:
        from_text(tmp_path, GOOD.replace("orders.db", place))
    assert SECRET not in str(caught.value)


def test_secrets_that_cannot_be_read_are_all_named_at_once(tmp_path: Path) -> None:
    text = GOOD.replace('"ck_1"', '"env:NO_KEY"').replace('"pw"', '"env:NO_PASSWORD"')
    with pytest.raises(ConfigurationError) as caught:
        from_text(tmp_path, text)
    for word in ("store 'shop': consumer_key", "NO_KEY", "supplier 'rewix': password", "NO_PASSWORD"):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("change", "right"),
    [
        (('pull_every = "10m"', 'price_drift = "2%"'), "price_drift: '2%' is not a number such as \"0.02\""),
        (('pull_every = "10m"', 'margin = "10"'), "policy: margin: 10 is not a part from zero to below one"),
        (("take_from = 2026-03-01T00:00:00Z", 'take_from = "yesterday"'), "take_from: 'yesterday'"),
        (("own = true", 'own = "yes"'), "rules: own: 'yes' is neither true nor false"),
        (('pull_every = "10m"', 'pull_every = "0s"'), "pull_every: 0:00:00 is not a duration above zero"),
        (('pull_every = "10m"', 'blocked_countries = ["pl"]'), "blocked_countries: .*two capital letters"),
    ],
)
def test_a_file_s_error_speaks_of_the_file(tmp_path: Path, change: tuple[str, str], right: str) -> None:
    with pytest.raises(ConfigurationError, match=right) as caught:
        from_text(tmp_path, GOOD.replace(*change, 1))
    for word in ("Decimal(", "isoformat", "class", "policy: policy", "there is no such key"):
        assert word not in str(caught.value)
