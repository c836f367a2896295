"""Keys, rights and hosts of a PrestaShop: what a merchant is told, and what is never shown or asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs
import pytest

import orderbridge as ob
from both_sides import PrestaShopSides, codes
from one_prestashop_order import departed, in_shop, states
from orderbridge._http import Call, Headers, Response
from orderbridge.errors import Rejected, Unauthorized, Unavailable
from orderbridge.sandbox import PrestaShopShop
from orderbridge.sandbox.prestashop import MINIMUM


@pytest.fixture
def sides() -> Iterator[PrestaShopSides]:
    with in_shop() as both:
        yield both


# --- what a merchant is told about the account -----------------------------------------------------------


def without(**changed: Any) -> dict[str, Any]:
    kept = {name: may for name, may in MINIMUM.items() if changed.get(name, may) is not None}
    return {"permissions": {name: changed.get(name, may) for name, may in kept.items()}}


@pytest.mark.parametrize(
    ("habits", "settings", "said", "fix"),
    [
        ({"webservice": False}, {}, "webservice is switched off", "Switch it on"),
        ({"strips_header": True}, {}, "strips the Authorization header", "CGIPassAuth"),
        ({}, {"key": "A" * 32}, "does not accept the key", "Copy the key again"),
        ({}, {"key": "short"}, "does not accept the key", "Copy the key again"),
        ({"active": False}, {}, "does not accept the key", "switched on"),
        ({"permissions": {}}, {}, "", "Webservice"),
        (without(order_details=None), {}, "may not read order_details", "View (GET)"),
        (without(order_slip=("POST",)), {}, "may not read order_slip", "View (GET)"),
        (without(order_histories=("GET",)), {}, "may not add order_histories", "Add (POST)"),
        (without(order_carriers=("GET", "POST")), {}, "no tracking number can be shown", "Modify (PUT)"),
        ({"shops": 2, "key_shops": {1}}, {"shop_id": "2"}, "not tied to this shop", "Shop association"),
        ({}, {"shop_id": "7"}, "redirects to", "check shop_id"),
        ({}, {"time_zone": "", "shipped_state": "2"}, "is not marked as shipped", "Set shipped_state"),
        ({}, {"shipped_state": "99"}, "no order state for what has shipped", "Set shipped_state"),
        ({}, {"ready_states": ["2", "99"]}, "no order state 99", "Correct ready_states"),
    ],
)
def test_what_keeps_an_account_from_working_is_said_with_the_fix(
    habits: dict[str, Any], settings: dict[str, Any], said: str, fix: str
) -> None:
    with in_shop(**habits) as sides:
        access = sides.bridge(stores=[sides.store(**settings)]).probe()["shop"]
        wrong = [finding for finding in access.findings if not finding.ok]
        assert len(wrong) == 1
        assert said in wrong[0].what
        assert fix in wrong[0].fix
        assert sides.shop.key not in str(access)


@pytest.mark.parametrize(
    ("habits", "settings", "said"),
    [
        ({}, {}, "time zone is Europe/Rome"),
        ({"version": "1.7.8.11"}, {}, "PrestaShop 1.7.8.11"),
        (without(order_carriers=("GET", "POST", "PUT")), {}, "may not PATCH order_carriers"),
        (without(products=None), {}, "may not read products"),
        ({"shops": 2}, {}, "multistore"),
        ({"strips_header": True}, {"query_key": True}, "PrestaShop 8.1.2"),
    ],
)
def test_what_only_makes_it_work_less_well_is_said_too(
    habits: dict[str, Any], settings: dict[str, Any], said: str
) -> None:
    with in_shop(**habits) as sides:
        sides.sell({"RW-100": 1})
        bridge = sides.bridge(stores=[sides.store(**settings)])
        access = bridge.probe()["shop"]
        assert all(finding.ok for finding in access.findings)
        assert said in " ".join(finding.what for finding in access.findings)
        sides.live(bridge, 1)
        departed(sides, bridge)
        assert states(sides) == ["2", "4"]


@pytest.mark.parametrize(
    ("name", "lacks"),
    [
        ("order_slip", {"Refunds"}),
        ("customer_messages", {"Annotates", "ReportsProgress", "Refunds"}),
        ("order_histories", {"CancelsShopOrders"}),
    ],
)
def test_abilities_that_a_key_has_no_right_to_are_named(name: str, lacks: set[str]) -> None:
    with in_shop(**without(**{name: ("GET",)})) as sides:
        assert sides.bridge().probe()["shop"].lacks == lacks


def test_a_shop_that_the_installation_does_not_have_is_a_mistake_in_the_settings(
    sides: PrestaShopSides,
) -> None:
    """PrestaShop sends on to its front whoever asks for it, and nobody is followed there."""
    bridge = sides.bridge(stores=[sides.store(shop_id="7")])
    with pytest.raises(Rejected, match="check shop_id"):
        bridge.pull("shop")
    assert {path.partition("/api")[1] for _, path, _ in sides.at_shop.calls} == {"/api"}


# --- the key and the shoppers -------------------------------------------------------------------------


def a_whole_life(sides: PrestaShopSides, **settings: Any) -> None:
    sides.sell({"RW-100": 2})
    bridge = sides.bridge(stores=[sides.store(**settings)])
    sides.live(bridge, 1)
    bridge.note("shop/1", ob.Note(key="n", text="Hello", to_shopper=True))
    sides.dispatch()
    sides.live(bridge, 3)
    bridge.refund("shop/1", ob.Refund(key="r", amount=ob.Money.of("1.00", "EUR")))
    assert bridge.probe()["shop"].findings
    assert bridge.carriers("shop")
    assert codes(bridge) == []


def test_customers_are_never_asked_for_in_full_and_the_key_stands_in_no_address(
    sides: PrestaShopSides,
) -> None:
    """In full they come with the hash of their password and the key to their orders."""
    a_whole_life(sides)
    asked = [said for _, path, said in sides.at_shop.calls if path.startswith("/api/customers")]
    assert asked
    assert all("display=%5Bid%2Cemail%5D" in said for said in asked)
    assert all(path == "/api/customers" for _, path, _ in sides.at_shop.calls if "customers" in path)
    assert not any("ws_key" in said or sides.shop.key in said for _, _, said in sides.at_shop.calls)
    assert all(said.startswith("Basic ") for _, _, said in sides.at_shop.calls)


def test_on_a_host_that_strips_the_header_the_key_goes_in_the_address_if_the_merchant_says_so() -> None:
    with PrestaShopSides(shop=PrestaShopShop(strips_header=True)) as sides:
        a_whole_life(sides, query_key=True)
        assert all("ws_key=" in said and "Basic" not in said for _, _, said in sides.at_shop.calls)


def test_on_such_a_host_the_error_says_what_to_do(sides: PrestaShopSides) -> None:
    sides.shop.strips_header = True
    bridge = sides.bridge()
    with pytest.raises(Unauthorized, match="strips the Authorization header"):
        bridge.pull("shop")


def test_a_webservice_that_is_switched_off_is_waited_for(sides: PrestaShopSides) -> None:
    sides.sell({"RW-100": 1})
    sides.shop.webservice = False
    bridge = sides.bridge()
    with pytest.raises(Unavailable, match="switched off"):
        bridge.pull("shop")
    sides.live(bridge, 3)
    assert sides.ordered() == []
    sides.shop.webservice = True
    sides.live(bridge, 12)
    assert sides.ordered() == [{"100": 1}]
    assert codes(bridge) == []


@attrs.define
class Moved:
    """A host that sends everybody elsewhere."""

    to: str
    seen: list[str] = attrs.field(factory=list[str])

    def handle(self, call: Call, now: datetime) -> Response:
        self.seen.append(call.method)
        return Response(301, headers=Headers({"Location": self.to + "/api/"}))


def test_nobody_is_followed_to_another_address(sides: PrestaShopSides) -> None:
    moved = Moved(sides.shop_url)
    sides.sell({"RW-100": 1})
    bridge = sides.bridge(stores=[sides.store(base_url=sides.serve(moved))])
    with pytest.raises(ob.BridgeError, match="redirects"):
        bridge.pull("shop")
    assert moved.seen
    assert sides.at_shop.calls == []
    (finding,) = bridge.probe()["shop"].findings
    assert f"redirects to {sides.shop_url}" in finding.what


def rights_on_the_page() -> dict[str, tuple[str, ...]]:
    """What the page about PrestaShop asks merchants to tick."""
    page = (Path(__file__).parents[1] / "docs/stores/prestashop.md").read_text()
    table = page.partition("### What the key may do")[2].partition("\n- ")[0]
    rights: dict[str, tuple[str, ...]] = {}
    for row in table.splitlines():
        names = re.findall(r"`(\w+)`", row.split("|")[1]) if row.startswith("| `") else []
        ticks = [cell.strip() for cell in row.split("|")[2:6]]
        methods = tuple(m for m, tick in zip(("GET", "POST", "PUT", "PATCH"), ticks, strict=False) if tick)
        rights |= dict.fromkeys(names, methods)
    return rights


@pytest.mark.parametrize("version", ["1.7.8.11", "8.1.2"])
def test_the_rights_that_the_page_asks_for_are_enough_for_a_whole_life(version: str) -> None:
    rights = rights_on_the_page()
    assert rights["order_carriers"] == ("GET", "POST", "PUT", "PATCH")
    assert "order_payments" not in rights
    with in_shop(permissions=rights, version=version) as sides:
        bridge = sides.bridge(stores=[sides.store(own_states=True)])
        sides.sell({"RW-100": 2})
        sides.live(bridge, 1)
        bridge.note("shop/1", ob.Note(key="n", text="Wrapped as a gift"))
        departed(sides, bridge)
        (order,) = sides.warehouse.orders
        order.tracking_code = "1ZRIGHT"
        sides.live(bridge, 50)
        assert sides.shown("shop/1") == ["1ZRIGHT"]
        task = bridge.refund("shop/1", ob.Refund(key="r", amount=ob.Money.of("1.00", "EUR")))
        assert task.state is ob.TaskState.DONE
        other = sides.sell({"OWN-1": 1})
        bridge.pull("shop")
        assert bridge.cancel(other).state is ob.TaskState.DONE
        assert codes(bridge) == []
        assert not [finding for finding in bridge.probe()["shop"].findings if not finding.ok]
