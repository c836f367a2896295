"""Couriers: one table of names and tracking pages, and what the merchant writes over it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

import orderbridge as ob
from both_sides import MagentoSides, PrestaShopSides, Sides
from in_shopify import ShopifySides
from orderbridge._config import read_config
from orderbridge._couriers import COURIERS, Courier, Couriers
from orderbridge._wording import plain_name
from orderbridge.errors import ConfigurationError
from test_offline import depot, purchase

KNOWN = Couriers()
NAMES = [(courier, name) for courier in COURIERS for name in (courier.name, *courier.aliases)]
BY_NAME = pytest.mark.parametrize(("courier", "name"), NAMES, ids=[name for _, name in NAMES])


def test_a_name_is_one_courier_s_only() -> None:
    plain = [plain_name(name) for _, name in NAMES]
    assert sorted(plain) == sorted(set(plain))
    assert all(plain)


def test_the_couriers_stand_in_the_order_of_their_names_and_each_says_where_its_link_is_from() -> None:
    shown = [courier.name.casefold().replace("ö", "o") for courier in COURIERS]
    assert shown == sorted(shown)
    assert all(courier.source for courier in COURIERS)


@pytest.mark.parametrize("courier", COURIERS, ids=lambda courier: courier.name)
def test_each_link_has_one_place_for_the_number_and_goes_to_a_host_over_tls(courier: Courier) -> None:
    assert courier.link.count("{number}") == 1
    assert urlsplit(courier.link).scheme == "https"
    assert "{" not in urlsplit(courier.link).netloc


@BY_NAME
def test_a_courier_is_found_under_each_of_its_names_however_it_is_written(
    courier: Courier, name: str
) -> None:
    link = courier.link.replace("{number}", "AB%2F1%26x")
    for written in (name, name.upper(), f"  {name.replace(' ', '-')} "):
        assert KNOWN.link(written, " AB/1 &x ") == link
        assert KNOWN.same(written, courier.name)


@pytest.mark.parametrize(
    "name", ["", "  ", "Uncle Bob", "Correos Express", "DHL of my cousin", "UPSS", "Hermes"]
)
def test_a_courier_that_nobody_knows_gets_no_link(name: str) -> None:
    assert KNOWN.link(name, "123") == ""


@pytest.mark.parametrize("number", ["", " ", "\n"])
def test_without_a_number_there_is_no_link(number: str) -> None:
    assert KNOWN.link("DHL", number) == ""


@given(number=st.text(max_size=40), courier=st.sampled_from(COURIERS))
def test_no_number_can_leave_its_place_in_a_link(number: str, courier: Courier) -> None:
    link = KNOWN.link(courier.name, number)
    before, after = courier.link.split("{number}")
    assert (link == "") == ("".join(number.split()) == "")
    if link:
        assert link.startswith(before)
        assert link.endswith(after)
        inside = link[len(before) : len(link) - len(after)]
        assert not set(inside) & set(" \t\r\n\"'<>\\&?#/=`{|}")
        assert inside.isascii()
        assert inside.isprintable()


def test_a_supplier_s_own_link_wins_unless_it_is_none() -> None:
    own = ob.Package(carrier="DHL", tracking_number="1", tracking_url="https://supplier.example/1")
    assert KNOWN.linked(own) == own
    broken = ob.Package(carrier="DHL", tracking_number="1", tracking_url="javascript:alert(1)")
    assert KNOWN.linked(broken).tracking_url == KNOWN.link("DHL", "1") != ""
    unknown = ob.Package(carrier="Uncle Bob", tracking_number="1")
    assert KNOWN.linked(unknown) == unknown


def test_the_merchant_s_words_go_over_the_table() -> None:
    own = Couriers(
        {
            "dhl": "https://dhl.example/{number}?again={number}",
            "DHL Express": "https://express.example/#{number}",
            "Bob's Van": "http://bob.example/t?n={number}",
            "UPS": "",
        }
    )
    assert own.link("DHL Paket", "a/b") == "https://dhl.example/a%2Fb?again=a%2Fb"
    assert own.link("DHL EXPRESS", "1") == "https://express.example/#1"
    assert own.link("bobs van", "1") == "http://bob.example/t?n=1"
    assert own.link("United Parcel Service", "1") == ""
    assert own.link("GLS", "1") == KNOWN.link("GLS", "1")
    assert own.same("DHL Express", "DHL")


@pytest.mark.parametrize(
    "link",
    [
        "https://courier.example/track",
        "courier.example/{number}",
        "javascript:{number}",
        "https://{number}.example/",
        "https://courier.example{number}",
        "https://courier.example/{nr}",
        "https://courier.example/{number}/{country}",
        "https://courier.example/a b/{number}",
        'https://courier.example/"{number}',
        "https://courier.example/<{number}>",
        "https://courier.example/ü/{number}",
    ],
)
def test_a_link_that_is_none_is_named_with_its_courier(link: str) -> None:
    with pytest.raises(ConfigurationError, match=r"couriers: DHL: .* came; give a web address"):
        Couriers({"DHL": link})


def test_a_configuration_names_couriers(tmp_path: Path) -> None:
    file = tmp_path / "orderbridge.toml"
    file.write_text('[couriers]\nDHL = "https://dhl.example/{number}"\n"Bob\'s Van" = ""\n')
    assert read_config(file).couriers == {"DHL": "https://dhl.example/{number}", "Bob's Van": ""}
    with ob.Bridge.from_toml(file) as bridge:
        assert bridge._setup.world.couriers.link("DHL", "1") == "https://dhl.example/1"
    file.write_text("[couriers]\nDHL = 3\n")
    with pytest.raises(ConfigurationError, match="couriers"):
        read_config(file)
    file.write_text('[couriers]\nDHL = "nowhere"\n')
    with pytest.raises(ConfigurationError, match=r"orderbridge\.toml: couriers: DHL"):
        ob.Bridge.from_toml(file)


# --- in the shops -------------------------------------------------------------------------------------

NUMBER = "JD 0146/5"
LINK = KNOWN.link("Bartolini", NUMBER)


def announced(sides: Sides, sku: str, **changes: object) -> str:
    """One order shipped with a courier's name and a number, and no link; the order's ref in the shop."""
    rules = [ob.SkuPrefix(prefix="RW-", supplier="depot")]
    bridge = sides.bridge(suppliers=[depot()], rules=rules, **changes)
    order_id = sides.sell({sku: 1})
    sides.live(bridge)
    parcel = ob.Package(carrier="Bartolini", tracking_number=NUMBER)
    bridge.ship(purchase(bridge, order_id).po.id, ob.Shipment(ref="1", packages=(parcel,)))
    sides.live(bridge)
    found = bridge.order(order_id)
    assert found is not None
    # What is kept is the supplier's word: a link that changes is no correction of the departure.
    assert [notice.announced for notice in found.notices] == [(parcel,)]
    return order_id.partition("/")[2]


def test_woocommerce_shows_the_link() -> None:
    with Sides() as sides:
        ref = announced(sides, "RW-100")
        (shipment,) = sides.shop.shipments(int(ref))
        assert shipment.link == LINK


def test_prestashop_tells_the_link_in_its_message() -> None:
    with PrestaShopSides() as sides:
        ref = announced(sides, "RW-100")
        assert LINK in " ".join(str(message) for message in sides.shop.messages(int(ref))).replace(
            "&amp;", "&"
        )


def test_magento_shows_the_link_in_a_comment() -> None:
    with MagentoSides() as sides:
        ref = announced(sides, "RW-100")
        (shipment,) = sides.shop.shipments_of(int(ref))
        assert LINK in " ".join(str(comment) for comment in shipment.comments).replace("&amp;", "&")


def test_shopify_shows_the_link_beside_the_number() -> None:
    with ShopifySides() as sides:
        ref = announced(sides, "RW-100")
        (gone,) = sides.shop.orders[int(ref)].fulfillments
        assert gone.urls == [LINK]


def test_the_merchant_s_link_is_the_one_that_is_shown() -> None:
    with Sides() as sides:
        ref = announced(sides, "RW-100", couriers={"BRT": "https://brt.example/{number}"})
        (shipment,) = sides.shop.shipments(int(ref))
        assert shipment.link == f"https://brt.example/{quote('JD0146/5', safe='')}"
