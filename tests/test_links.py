"""Product links reach the orders that wait: made, taken away, in tables, and when the settings change."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import orderbridge as ob
from both_sides import AUTOMATIC, OWN, RULES, PrestaShopSides, Sides, a_warehouse, codes, only_purchase
from in_shopify import ShopifySides
from orderbridge import Fulfillment
from orderbridge._clockwork import Clockwork
from orderbridge.cli.app import app
from orderbridge.sandbox.prestashop import Item

BY_HAND = ob.Policy()
HEADER = "store,key,supplier,remote_id,factor,cost,priority"


@pytest.fixture
def sides() -> Iterator[Sides]:
    with Sides() as both:
        yield both


def link(
    key: str = "sku:TEE", supplier: str = "rewix", remote_id: str = "100", **more: Any
) -> ob.ProductLink:
    return ob.ProductLink(store="shop", key=key, supplier=supplier, remote_id=remote_id, **more)


def two(sides: Sides, **changes: Any) -> tuple[ob.Bridge, Any]:
    """A bridge with two suppliers, and the second one's warehouse."""
    warehouse = a_warehouse(("200", "201"), **changes.pop("habits", {}))
    second = sides.supplier("second", base_url=sides.serve(warehouse))
    return sides.bridge(suppliers=[sides.supplier(), second], **changes), warehouse


def view(bridge: ob.Bridge, order_id: str) -> ob.OrderView:
    found = bridge.order(order_id)
    assert found is not None
    return found


def states(bridge: ob.Bridge, order_id: str) -> dict[str, str]:
    return {p.po.id.partition(order_id)[2]: p.fulfillment.value for p in view(bridge, order_id).purchases}


# --- links that come and go --------------------------------------------------------------------------------


def test_unlinking_puts_what_is_not_placed_yet_back_in_quote_and_gives_its_units_back(sides: Sides) -> None:
    bridge = sides.bridge(policy=BY_HAND)
    order_id = sides.sell({"TEE": 2, "RW-101": 1})
    bridge.link(link())
    sides.live(bridge)
    assert sides.warehouse.locked == {"100": 2, "101": 1}
    assert not view(bridge, order_id).in_quote
    assert bridge.unlink(link()) == 1
    assert view(bridge, order_id).in_quote
    assert [part.remote_id for part in only_purchase(bridge, order_id).po.lines] == ["101"]
    sides.live(bridge)
    assert sides.warehouse.locked == {"101": 1}
    assert bridge.unlink(link()) == 0


def test_an_order_of_nothing_but_an_unlinked_product_is_canceled_here_and_made_anew_by_a_link(
    sides: Sides,
) -> None:
    bridge = sides.bridge(policy=BY_HAND)
    order_id = sides.sell({"TEE": 99})  # more than there is
    bridge.link(link())
    sides.live(bridge)
    assert codes(bridge) == ["SHORTFALL"]
    bridge.unlink(link())
    assert states(bridge, order_id) == {"/rewix/1": "CANCELED"}
    assert view(bridge, order_id).in_quote
    assert codes(bridge) == []  # what nobody wants any more lacks nothing
    bridge.link(link(remote_id="102", factor=Decimal("0.3")))
    assert codes(bridge) == ["FRACTION"]
    bridge.link(link(remote_id="102"))
    bridge.unlink(link(remote_id="102"), link(remote_id="100"))
    bridge.link(link(remote_id="101", factor=Decimal("1")))
    assert states(bridge, order_id) == {
        "/rewix/1": "CANCELED",
        "/rewix/2": "CANCELED",
        "/rewix/3": "TO_ORDER",
    }


def test_what_is_placed_keeps_its_way_when_its_product_is_unlinked(sides: Sides) -> None:
    bridge = sides.bridge()
    bridge.link(link())
    order_id = sides.sell({"TEE": 2})
    sides.live(bridge)
    assert sides.ordered() == [{"100": 2}]
    bridge.unlink(link())
    sides.live(bridge, 3)
    assert only_purchase(bridge, order_id).fulfillment is not Fulfillment.CANCELED
    assert sides.ordered() == [{"100": 2}]
    (number,) = sides.dispatch()
    sides.live(bridge, 3)
    assert sides.shown(order_id) == [number]


def test_an_order_that_is_about_to_be_placed_is_not_once_its_product_is_unlinked(sides: Sides) -> None:
    """Between the last look at the supplier and the call that orders, somebody takes the link away."""
    bridge = sides.bridge()
    sides.live(bridge, 0.1)
    bridge.probe()
    bridge.link(link())
    order_id = sides.sell({"TEE": 2})
    changed: list[int] = []
    sides.warehouse_plan.before("GET", "/clientkey/", lambda: changed.append(bridge.unlink(link())))
    sides.live(bridge, 2)
    assert changed == [1]
    assert sides.ordered() == []
    assert states(bridge, order_id) == {"/rewix/1": "CANCELED"}
    assert view(bridge, order_id).in_quote
    assert codes(bridge) == []
    bridge.link(link())
    sides.live(bridge, 2)
    assert sides.ordered() == [{"100": 2}]


def test_a_link_to_a_better_supplier_takes_over_what_is_not_placed_yet(sides: Sides) -> None:
    bridge, second = two(sides, policy=BY_HAND)
    order_id = sides.sell({"TEE": 2})
    bridge.link(link(priority=1))
    sides.live(bridge)
    assert sides.warehouse.locked == {"100": 2}
    assert bridge.link(link(supplier="second", remote_id="200")) == 1
    sides.live(bridge)
    assert (sides.warehouse.locked, second.locked) == ({}, {"200": 2})
    assert states(bridge, order_id) == {"/rewix/1": "CANCELED", "/second/1": "RESERVED"}
    # Linked once more to the first, as the second choice: nothing moves.
    assert bridge.link(link(priority=1)) == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"key": ""}, "key"),
        ({"key": "sku:"}, "key"),
        ({"key": " 7"}, "spaces at its ends"),
        ({"remote_id": ""}, "remote id"),
        ({"remote_id": "4.7E+12"}, "spreadsheet"),
        ({"supplier": "nobody"}, "no account 'nobody'"),
        ({"factor": Decimal(0)}, "above zero"),
        ({"factor": Decimal("NaN")}, "above zero"),
        ({"cost": ob.Money.of("-1", "EUR")}, "below zero"),
    ],
)
def test_a_wrong_link_is_refused_with_what_would_be_right(
    sides: Sides, wrong: dict[str, Any], said: str
) -> None:
    bridge = sides.bridge()
    with pytest.raises(ob.ConfigurationError, match=said):
        bridge.link(link(), link(**wrong))
    assert bridge.links() == ()


def test_a_sku_where_an_id_belongs_is_found_out_and_the_right_key_is_named(sides: Sides) -> None:
    bridge = sides.bridge()
    sides.sell({"TEE": 1})
    sides.live(bridge, 0.2)
    with pytest.raises(ob.ConfigurationError, match="'sku:TEE'"):
        bridge.link(link("TEE"))
    assert bridge.link(link("sku:TEE")) == 1


def test_own_stock_and_a_hubs_lines_are_not_in_quote(sides: Sides) -> None:
    hub = ob.supplier("syncee", platform="hub", settings={"title": "Syncee"})
    bridge = sides.bridge(
        suppliers=[sides.supplier(), hub], rules=(*RULES, ob.SkuPrefix(prefix="HUB-", supplier="syncee"))
    )
    left = sides.sell({OWN + "1": 1, "HUB-1": 1})
    asked = sides.sell({OWN + "1": 1, "TEE": 1})
    sides.live(bridge)
    assert not view(bridge, left).in_quote
    assert sorted(view(bridge, left).waits.values()) == ["own"]
    assert view(bridge, asked).in_quote
    assert sorted(view(bridge, asked).waits.values()) == ["link", "own"]


def test_own_stock_with_a_warehouse_goes_there(sides: Sides) -> None:
    depot = ob.supplier("depot", platform="offline", settings={"title": "Depot"})
    bridge = sides.bridge(suppliers=[depot], rules=[ob.OwnStock(prefix=OWN, supplier="depot")])
    order_id = sides.sell({OWN + "1": 3})
    sides.live(bridge)
    purchase = only_purchase(bridge, order_id)
    assert (purchase.fulfillment, purchase.po.units) == (Fulfillment.PLACED, {OWN + "1": Decimal(3)})


def test_a_rule_for_an_account_that_is_not_there_is_refused(sides: Sides) -> None:
    with pytest.raises(ob.ConfigurationError, match="no supplier account 'depot'"):
        sides.bridge(rules=[ob.OwnStock(prefix=OWN, supplier="depot")])


# --- several suppliers -------------------------------------------------------------------------------------


def test_the_cheapest_is_asked_for_its_price_and_gets_the_order(sides: Sides) -> None:
    sides.warehouse = sides.at_warehouse.backend = a_warehouse(prices={"100": Decimal("4.00")})
    policy = ob.Policy(place=ob.Who.AUTOMATIC, source_by=ob.SourceBy.PRICE)
    bridge, second = two(sides, policy=policy, habits={"prices": {"200": Decimal("3.90")}})
    bridge.link(link(), link(supplier="second", remote_id="200", priority=1))
    sides.sell({"TEE": 2})
    sides.live(bridge)
    assert (sides.ordered(), sides.ordered(second)) == ([], [{"200": 2}])
    second.reprice("200", Decimal("9.00"), now=sides.now())
    sides.live(bridge, 3)
    sides.sell({"TEE": 1})
    sides.live(bridge, 3)
    assert (sides.ordered(), sides.ordered(second)) == ([{"100": 1}], [{"200": 2}])


def test_the_first_that_has_enough_gets_the_order_and_keeps_it(sides: Sides) -> None:
    policy = ob.Policy(source_by=ob.SourceBy.STOCK)
    bridge, second = two(sides, policy=policy)
    bridge.link(link(), link(supplier="second", remote_id="200", priority=1))
    many, some = sides.sell({"TEE": 51}), sides.sell({"TEE": 50})
    sides.live(bridge)
    # Nobody has 51: the first by priority, where a person sees that they lack.
    assert states(bridge, many) == {"/rewix/1": "TO_ORDER"}
    assert [*states(bridge, some).values()] != []
    assert second.locked == {}
    bridge.link(link(supplier="second", remote_id="201", priority=1, factor=Decimal("0.5")))
    assert states(bridge, many) == {"/rewix/1": "TO_ORDER"}


def test_a_supplier_that_cannot_be_asked_does_not_hold_up_the_order(sides: Sides) -> None:
    policy = ob.Policy(place=ob.Who.AUTOMATIC, source_by=ob.SourceBy.PRICE)
    closed = sides.supplier("closed", base_url="http://127.0.0.1:9")
    bridge = sides.bridge(suppliers=[sides.supplier(), closed], policy=policy)
    bridge.link(link(), link(supplier="closed", remote_id="1", priority=1))
    sides.sell({"TEE": 1})
    sides.live(bridge)
    assert sides.ordered() == [{"100": 1}]


# --- what shops say of products ----------------------------------------------------------------------------


def test_a_shopify_line_goes_by_its_products_vendor_and_tags_also_when_they_change() -> None:
    with ShopifySides() as sides:
        rules = [
            ob.Match(supplier="rewix", tag="Dropship", sku_prefix="A-"),
            ob.Match(supplier="rewix", vendor="acme", sku_prefix="B-"),
        ]
        bridge = sides.bridge(rules=rules, policy=BY_HAND)
        sides.shop.variant("A-100").tags = ("new", "dropship")
        sides.shop.variant("B-101").vendor = "Acme"
        order_id = sides.sell({"A-100": 1, "B-101": 1, "A-102": 1})
        sides.live(bridge)
        assert only_purchase(bridge, order_id).po.units == {"100": 1, "101": 1}
        assert view(bridge, order_id).in_quote
        version = view(bridge, order_id).record.version
        # No change of the order, which is read again all the same before it is placed.
        sides.shop.variant("A-102").tags = ("dropship",)
        sides.clock.sleep(600)
        bridge.place(only_purchase(bridge, order_id).po.id)
        assert view(bridge, order_id).record.version == version
        assert not view(bridge, order_id).in_quote
        # It holds more than the person has said yes to.
        assert sides.ordered() == []
        bridge.place(only_purchase(bridge, order_id).po.id)
        sides.live(bridge)
        assert sum(order.get("102", 0) for order in sides.ordered()) == 1
        assert sum(order.get("100", 0) for order in sides.ordered()) == 1
        assert [event for event in bridge.history(order_id) if event.kind == "OrderChanged"] == []


@pytest.mark.parametrize(
    ("weight", "unit", "in_kg"),
    [("0.250000", "kg", "0.25"), ("250", "g", "0.25"), ("0.000000", "kg", None), ("1", "stone", None)],
)
def test_prestashop_says_what_a_product_weighs_in_a_unit_of_its_own(
    weight: str, unit: str, in_kg: str | None
) -> None:
    with PrestaShopSides() as sides:
        row = next(r for r in sides.shop.tables["configurations"].values() if r["name"] == "PS_WEIGHT_UNIT")
        row["value"] = unit
        order_ref = sides.shop.place_order([Item(reference="RW-100", weight=weight)], now=sides.now())
        bridge = sides.bridge(policy=BY_HAND)
        sides.live(bridge, 0.2)
        (line,) = view(bridge, f"shop/{order_ref}").record.order.lines
        assert line.weight == (None if in_kg is None else Decimal(in_kg))


# --- settings that change ----------------------------------------------------------------------------------


def test_a_new_rule_reaches_the_orders_that_wait(sides: Sides, tmp_path: Path) -> None:
    journal = tmp_path / "j.db"
    old = sides.bridge(journal=journal, rules=())
    orders = [sides.sell({"RW-100": 1}) for _ in range(3)]
    sides.live(old)
    assert all(view(old, each).in_quote for each in orders)
    old.close()
    new = sides.bridge(journal=journal)
    sides.live(new)
    assert sides.ordered() == [{"100": 1}] * 3
    last = new.events(limit=1000)[-1].position
    new.close()
    same = sides.bridge(journal=journal)
    same.run_once()
    assert same.events(after=last) == ()


def test_a_rule_that_is_gone_takes_back_what_is_not_placed_yet(sides: Sides, tmp_path: Path) -> None:
    old = sides.bridge(journal=tmp_path / "j.db", policy=BY_HAND)
    order_id = sides.sell({"RW-100": 1})
    sides.live(old)
    assert sides.warehouse.locked == {"100": 1}
    old.close()
    new = sides.bridge(journal=tmp_path / "j.db", policy=BY_HAND, rules=())
    sides.live(new)
    assert view(new, order_id).in_quote
    assert sides.warehouse.locked == {}


def test_more_orders_than_one_slice_are_all_reached(
    sides: Sides, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orderbridge._source_anew._SLICE", 2)
    old = sides.bridge(journal=tmp_path / "j.db", rules=())
    orders = [sides.sell({"RW-100": 1}) for _ in range(5)]
    sides.live(old)
    old.close()
    new = sides.bridge(journal=tmp_path / "j.db")
    sides.live(new)
    assert sides.ordered() == [{"100": 1}] * len(orders)


def test_who_takes_all_orders_now_takes_those_that_were_only_looked_at(sides: Sides, tmp_path: Path) -> None:
    old = sides.bridge(journal=tmp_path / "j.db")
    order_id = sides.sell({"RW-100": 1}, status="pending", paid=False)
    sides.live(old)
    assert not view(old, order_id).record.taken
    old.close()
    new = sides.bridge(journal=tmp_path / "j.db", policy=ob.Policy(take=ob.Take.ALL))
    sides.live(new)
    assert view(new, order_id).record.taken or not view(new, order_id).record.order.ready


def test_an_approval_that_the_policy_gave_is_taken_back_with_the_policy(sides: Sides, tmp_path: Path) -> None:
    """What waited for stock must not be ordered by itself after placing was left to people."""
    sides.warehouse.stock["100"] = Decimal(0)
    old = sides.bridge(journal=tmp_path / "j.db", policy=AUTOMATIC)
    waits, by_hand = sides.sell({"RW-100": 1}), sides.sell({"RW-100": 1})
    sides.live(old)
    assert only_purchase(old, waits).approved
    old.place(only_purchase(old, by_hand).po.id)
    old.close()
    new = sides.bridge(journal=tmp_path / "j.db", policy=BY_HAND)
    sides.warehouse.stock["100"] = Decimal(9)
    sides.live(new, 3)
    assert sides.ordered() == [{"100": 1}]
    assert only_purchase(new, waits).fulfillment is Fulfillment.RESERVED
    assert only_purchase(new, by_hand).placed_at is not None
    new.close()
    # And automatic placing does not order what was left to people.
    again = sides.bridge(journal=tmp_path / "j.db", policy=AUTOMATIC)
    sides.live(again, 3)
    assert sides.ordered() == [{"100": 1}]


def test_an_account_that_is_back_is_asked_about_its_orders_again(sides: Sides, tmp_path: Path) -> None:
    old = sides.bridge(journal=tmp_path / "j.db")
    order_id = sides.sell({"RW-100": 1})
    sides.live(old)
    old.close()
    without = sides.bridge(journal=tmp_path / "j.db", suppliers=[], rules=())
    sides.live(without, 12)
    assert only_purchase(without, order_id).waits == "account"
    without.close()
    back = sides.bridge(journal=tmp_path / "j.db")
    (number,) = sides.dispatch()
    sides.live(back, 3)
    assert sides.shown(order_id) == [number]


@pytest.mark.parametrize("known", [False, True])
def test_an_account_of_a_mapping_that_is_back_gets_what_was_shared_out_without_it(
    sides: Sides, known: bool
) -> None:
    """Nobody says that it is gone, or back."""
    accounts = {"rewix": sides.supplier()}
    bridge = sides.bridge(suppliers=accounts)
    if known:
        sides.sell({"RW-101": 1})
        sides.live(bridge)
    account = accounts.pop("rewix")
    order_id = sides.sell({"RW-100": 1})
    sides.live(bridge)
    assert bridge.reviews() == ()
    view = bridge.order(order_id)
    assert view is not None
    assert view.in_quote
    accounts["rewix"] = account
    sides.live(bridge, hours=25)
    assert sides.ordered()[-1] == {"100": 1}


def test_what_is_due_for_an_account_that_is_gone_keeps_nobody_busy(sides: Sides, tmp_path: Path) -> None:
    old = sides.bridge(journal=tmp_path / "j.db")
    old.run_once()
    old.close()
    without = sides.bridge(journal=tmp_path / "j.db", stores=[])
    sides.clock.sleep(3600)
    next_at = without.run_once().next_at
    assert next_at is not None
    assert next_at > sides.now()


# --- tables ------------------------------------------------------------------------------------------------


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_a_table_goes_in_row_by_row_and_says_what_is_wrong_where(sides: Sides) -> None:
    bridge = sides.bridge(policy=BY_HAND)
    order_id = sides.sell({"TEE": 2, "KIT": 1})
    sides.live(bridge, 0.2)
    table = "\n".join(
        [
            HEADER,
            "shop,sku:TEE,rewix,100,1,3.10 EUR,",
            "shop,sku:KIT,rewix,101,2,,0",
            "shop,sku:KIT,rewix,102,two,,0",
            "nowhere,1,rewix,100,,,",
            "shop,,rewix,100,,,",
            "shop,2,rewix,,,,",
            "shop,3,nobody,100,,,",
            "shop,4,rewix,100,-1,,",
            "shop,5,rewix,100,1,3.10,",
            "shop,6,rewix,100,1,,first",
            "shop,TEE,rewix,100,1,,",
            "shop,7,rewix,100,1,,0,more",
            "shop,8,rewix,100",
            "shop,8,rewix,100,2",
        ]
    )
    wrong = [
        (3, ""),
        (4, "factor"),
        (5, "store"),
        (6, "key"),
        (7, "remote_id"),
        (8, "supplier"),
        (9, "factor"),
        (10, "cost"),
        (11, "priority"),
        (12, "key"),
        (13, ""),
        (14, ""),
        (15, ""),
    ]
    dry = bridge.import_links(table, dry_run=True)
    assert ([(error.row, error.column) for error in dry.errors], dry.links, dry.orders) == (wrong, 1, 0)
    assert bridge.links() == ()
    done = bridge.import_links(table)
    assert (done.errors, done.links, done.orders) == (dry.errors, 1, 1)
    assert bridge.links() == (link(cost=ob.Money.of("3.10", "EUR")),)
    # Half a kit is never ordered.
    assert [part.remote_id for part in only_purchase(bridge, order_id).po.lines] == ["100"]
    assert bridge.import_links(table).orders == 0


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("store,key,supplier\n", "remote_id"),
        ("store,key,supplier,remote_id,prize\n", "prize"),
        ("", "store, key"),
        (f'{HEADER}\nshop,"1,rewix', "no CSV"),
    ],
)
def test_a_table_that_is_none_is_refused_whole(sides: Sides, table: str, said: str) -> None:
    with pytest.raises(ob.ConfigurationError, match=said):
        sides.bridge().import_links(table)


def test_what_a_spreadsheet_would_run_is_kept_from_it_and_comes_back_as_it_was(sides: Sides) -> None:
    bridge = sides.bridge()
    odd = (link("=1+1", remote_id="+49"), link("'7", remote_id="'=x"), link("a,b", remote_id='"q"'))
    bridge.link(*odd)
    text = bridge.export_links()
    assert not [cell for row in rows(text) for cell in row if cell.startswith(("=", "+", "-", "@"))]
    bridge.unlink(*odd)
    assert bridge.import_links("\ufeff" + text).errors == ()
    assert set(bridge.links()) == set(odd)


words = st.text(
    st.characters(exclude_categories=("C", "Z"), include_characters=" ="), min_size=1, max_size=12
).map(lambda text: text.strip().removesuffix("sku:") or "x")
some_links = st.lists(
    st.builds(
        link,
        words,
        st.sampled_from(["rewix", "-second"]),
        words,
        factor=st.decimals("0.0001", "99999", places=4),
        cost=st.none() | st.decimals(0, 10**6, places=3).map(lambda amount: ob.Money(amount, "EUR")),
        priority=st.integers(-5, 10**6),
    ),
    max_size=8,
    unique_by=lambda each: (each.key, each.supplier, each.remote_id),
)


@given(links=some_links)
def test_all_links_come_back_unchanged_from_their_table(links: list[ob.ProductLink]) -> None:
    account = {"base_url": "https://x.example", "api_key": "k", "password": "p"}
    shop = {"base_url": "https://x.example", "consumer_key": "k", "consumer_secret": "s"}

    def bridge() -> ob.Bridge:
        return ob.Bridge(
            stores=[ob.store("shop", platform="woocommerce", settings=shop)],
            suppliers=[
                ob.supplier(name, platform="rewix", settings=account) for name in ("rewix", "-second")
            ],
            journal=":memory:",
        )

    with bridge() as one, bridge() as other:
        one.link(*links)
        text = one.export_links(store="shop")
        done = other.import_links(text)
        assert (done.links, done.errors) == (len(links), ())
        assert other.links() == one.links()
        assert set(other.links()) == set(links)
        assert other.export_links() == text
        assert one.export_links(store="elsewhere") == HEADER + "\r\n"


def test_the_async_face_does_the_same() -> None:
    async def a_day(sides: Sides) -> None:
        parts = sides.parts(policy=BY_HAND, take_from=sides.now() - timedelta(days=1))
        async with ob.AsyncBridge(**parts) as bridge:
            order_id = sides.sell({"TEE": 2})
            await bridge.run_once()
            done = await bridge.import_links(f"{HEADER}\nshop,sku:TEE,rewix,100,1,,\n")
            assert (done.links, done.orders) == (1, 1)
            found = await bridge.order(order_id)
            assert found is not None
            assert not found.in_quote
            assert await bridge.export_links() == f"{HEADER}\r\nshop,sku:TEE,rewix,100,1,,0\r\n"
            assert await bridge.unlink(*(await bridge.links())) == 1
            found = await bridge.order(order_id)
            assert found is not None
            assert found.in_quote

    with Sides(clock=Clockwork()) as sides:
        asyncio.run(a_day(sides))


CONFIGURATION = """
journal = "j.db"
[stores.shop]
platform = "woocommerce"
base_url = "https://shop.example"
consumer_key = "k"
consumer_secret = "s"
[suppliers.rewix]
platform = "rewix"
base_url = "https://supplier.example"
api_key = "k"
password = "p"
"""


def test_the_command_line_takes_tables_out_and_in_and_links_one_by_one(tmp_path: Path) -> None:
    file, table = tmp_path / "orderbridge.toml", tmp_path / "links.csv"
    file.write_text(CONFIGURATION)

    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, [*words, "--config", str(file)])
        assert done.exit_code == code, done.output
        return done.output

    run("link", "shop", "sku:TEE", "rewix", "100", "--cost", "3.10 EUR", "--priority", "2")
    run("link", "shop", "sku:TEE", "rewix", "101", "--factor", "0.5")
    out = run("links", "export")
    assert out == f"{HEADER}\nshop,sku:TEE,rewix,101,0.5,,0\nshop,sku:TEE,rewix,100,1,3.10 EUR,2\n"
    assert run("links", "export", "--store", "other") == f"{HEADER}\n"
    run("link", "shop", "sku:TEE", "rewix", "101", "--remove")
    assert run("links", "export") == f"{HEADER}\nshop,sku:TEE,rewix,100,1,3.10 EUR,2\n"
    run("link", "shop", "sku:TEE", "nobody", "--remove", code=2)
    run("link", "shop", "sku:TEE", "--remove")
    table.write_text(out + "shop,,rewix,1,,,\n")
    assert "2 links would go in" in run("links", "import", str(table), "--dry-run", code=3)
    assert run("links", "export") == f"{HEADER}\n"
    said = run("links", "import", str(table), code=3)
    assert "2 links went in" in said
    assert "key" in said
    assert run("links", "export") == out
    run("links", "import", str(tmp_path / "none.csv"), code=2)
    run("link", "shop", "1", "rewix", "1", "--cost", "3,10", code=2)
