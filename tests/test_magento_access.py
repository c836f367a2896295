"""What an integration at a Magento must be allowed, and what is said where it is not."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

import orderbridge as ob
from both_sides import MagentoSides, codes
from orderbridge.adapters import AccountSettings
from orderbridge.sandbox import MagentoShop
from orderbridge.sandbox.magento import EVERYTHING, Item, Keys
from orderbridge.stores.magento import Settings

PAGE = Path(__file__).parents[1] / "docs/stores/magento.md"
# In releases such as 2.4.7-p3 the right to write an order's row; the sandbox is of a later one.
OLDER = "Magento_Sales::create"
POLICY = ob.Policy(place=ob.Who.AUTOMATIC, pull_every=timedelta(hours=12))
# Without these nothing is pulled at all.
LISTS = {
    "Magento_Sales::actions_view": "orders",
    "Magento_Sales::shipment": "shipments",
    "Magento_Sales::sales_invoice": "invoices",
    "Magento_Sales::sales_creditmemo": "credit memos",
}


def rights_on_the_page() -> set[str]:
    """What the page about Magento asks merchants to tick."""
    table = PAGE.read_text(encoding="utf-8").partition("### What it may do")[2].partition("\n- ")[0]
    return {right for row in table.splitlines() for right in re.findall(r"`(Magento_\w+::\w+)`", row)}


RIGHTS = sorted(rights_on_the_page() - {OLDER})


@contextmanager
def in_magento(resources: Collection[str]) -> Iterator[tuple[MagentoSides, ob.Bridge]]:
    """Both sides, where the shop's integration has these rights and the bridge uses all it can."""
    shop = MagentoShop(keys=Keys(resources=frozenset(resources)), statuses={"at_supplier": "processing"})
    shop.add_source("rome")
    shop.stock[("RW-100", "rome")] = shop.stock[("RW-101", "rome")] = Item(sku="x", quantity=9).quantity
    with MagentoSides(shop=shop) as sides:
        settings: dict[str, Any] = {
            "source": "rome",
            "status_by": "order",
            "keep_reference": True,
            "progress_statuses": {"Booked": "at_supplier"},
        }
        yield sides, sides.bridge(stores=[sides.store(**settings)], policy=POLICY)


def a_whole_life(sides: MagentoSides, bridge: ob.Bridge) -> list[ob.Task]:
    """An order is bought, shown, remarked on, shipped, corrected and refunded, and another is canceled."""
    order_id = sides.sell({"RW-100": 2})
    sides.live(bridge, 1)
    tasks = [bridge.note(order_id, ob.Note(key="n", text="Wrapped as a gift", to_shopper=True))]
    sides.dispatch()
    sides.live(bridge, 1)
    (order,) = sides.warehouse.orders
    order.tracking_code = "1ZRIGHT"
    sides.live(bridge, 50)
    ref = int(order_id.partition("/")[2])
    # The sandbox's card has no transactions by itself.
    for invoice in sides.shop.invoices_of(ref):
        invoice.row["transaction_id"] = "ch_1"
    for key, gives_money in (("record", False), ("money", True)):
        refund = ob.Refund(key=key, amount=ob.Money.of("1.00", "USD"), gives_money=gives_money)
        tasks.append(bridge.refund(order_id, refund))
    other = sides.sell({"OWN-1": 1}, paid=False)
    bridge.pull("shop")
    return [*tasks, bridge.cancel(other, reason="Ordered twice")]


def said(bridge: ob.Bridge) -> str:
    """All that a merchant is told: by the probe, and by questions."""
    findings = [f"{finding.what} {finding.fix}" for finding in bridge.probe()["shop"].findings]
    return "\n".join((*findings, *(review.evidence for review in bridge.reviews())))


def test_the_rights_that_the_page_asks_for_are_enough_for_a_whole_life() -> None:
    assert "Magento_Sales::ship" in RIGHTS
    with in_magento(RIGHTS) as (sides, bridge):
        tasks = a_whole_life(sides, bridge)
        assert [task.state for task in tasks] == [ob.TaskState.DONE] * 4
        assert sides.shown("shop/21") == ["1ZRIGHT"]
        assert [str(given.amount) for given in sides.shop.payouts] == ["1.00"]
        row = sides.shop.order(21)
        assert row["ext_order_id"]
        assert sides.shop.order(22)["state"] == "canceled"
        assert codes(bridge) == []
        access = bridge.probe()["shop"]
        assert all(finding.ok for finding in access.findings)
        assert access.lacks == frozenset()


def test_the_page_asks_for_no_right_that_is_not_needed() -> None:
    assert set(RIGHTS) <= EVERYTHING
    assert EVERYTHING - set(RIGHTS) == {
        "Magento_Backend::admin",
        "Magento_Sales::emails",
        "Magento_Sales::hold",
        "Magento_Sales::invoice",
        "Magento_Sales::unhold",
    }


@pytest.mark.parametrize("right", [right for right in RIGHTS if right not in LISTS])
def test_a_right_that_is_left_out_is_named_and_the_rest_goes_on(right: str) -> None:
    with in_magento(set(RIGHTS) - {right}) as (sides, bridge):
        a_whole_life(sides, bridge)
        assert right in said(bridge)
        assert len(sides.ordered()) == 1


@pytest.mark.parametrize(("right", "what"), LISTS.items())
def test_without_a_list_nothing_is_taken_and_the_right_is_named(right: str, what: str) -> None:
    """Half of what happened to an order is no ground to spend money on."""
    with in_magento(set(RIGHTS) - {right}) as (sides, bridge):
        sides.sell({"RW-100": 2})
        sides.live(bridge, 1)
        assert sides.ordered() == []
        (wrong,) = (finding for finding in bridge.probe()["shop"].findings if not finding.ok)
        assert wrong.what == f"the credentials may not read {what}"
        assert right in wrong.fix
        with pytest.raises(ob.BridgeError, match=right):
            bridge.pull("shop")


def test_orders_of_bundles_wait_for_the_right_to_read_products() -> None:
    parts = (Item(sku="RW-100"), Item(sku="RW-101"))
    with in_magento(set(RIGHTS) - {"Magento_Catalog::products"}) as (sides, bridge):
        sides.shop.place_order(
            [Item(sku="KIT", kind="bundle", parts=parts, separately=True)], now=sides.now()
        )
        sides.sell({"RW-100": 1})
        sides.live(bridge, 1)
        (review,) = bridge.reviews()
        assert review.code is ob.ReviewCode.ORDER_NOT_UNDERSTOOD
        assert "Magento_Catalog::products" in review.evidence
        assert sides.ordered() == [{"100": 1}]


def test_every_setting_is_explained_on_the_page() -> None:
    common = {field.name for field in attrs.fields(AccountSettings)}
    page = PAGE.read_text(encoding="utf-8")
    for field in attrs.fields(Settings):
        assert field.name in common or re.search(rf"`{field.name}\b|^{field.name} = ", page, re.MULTILINE)


def calls(sides: MagentoSides) -> list[str]:
    """What was asked and told since the last time, without the ids."""
    found = [f"{method} {path.partition('/V1/')[2]}" for method, path, _ in sides.at_shop.calls]
    sides.at_shop.calls.clear()
    return [re.sub(r"\d+", "N", each) for each in found]


def test_a_shop_is_asked_as_little_as_the_page_says() -> None:
    look = ["GET shipments", "GET invoices", "GET creditmemos", "GET orders"]
    with in_magento(RIGHTS) as (sides, bridge):
        bridge.pull("shop")
        assert calls(sides)[-4:] == look
        sides.sell({"RW-100": 2})
        bridge.pull("shop")
        sides.live(bridge, 1)
        sides.dispatch()
        sides.at_shop.calls.clear()
        sides.live(bridge, 1)
        departure = ["GET orders", "GET shipments"]
        # The look at the order comes first.
        assert calls(sides) == ["GET orders", *departure, "POST order/N/ship", *departure]
        sides.shop.place_order([Item(sku="KIT", kind="bundle", parts=(Item(sku="A"),))], now=sides.now())
        bridge.refund("shop/21", ob.Refund(key="r", amount=ob.Money.of("1.00", "USD")))
        sides.at_shop.calls.clear()
        bridge.pull("shop")
        # The order that was shipped and refunded is on the page, so nothing more is asked about it.
        assert calls(sides) == [*look, "GET creditmemos", "GET products"]


def test_a_source_for_a_supplier_that_is_none_is_refused_at_once() -> None:
    """A departure from a wrong source cannot be taken back."""
    settings = {
        "base_url": "https://shop.example",
        "bearer": True,
        "access_token": "t",
        "sources": {"rewixx": "north"},
    }
    with pytest.raises(ob.ConfigurationError, match="store 'shop': there is no supplier account 'rewixx'"):
        ob.Bridge(
            stores=[ob.store("shop", platform="magento", settings=settings)], suppliers=[], journal=":memory:"
        )
