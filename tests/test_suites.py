"""Our own adapters pass the suites that plug-in authors use, and broken ones do not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import cast

import attrs
import pytest

from keyed_supplier import KEYED, PUT, KeyedSupplier
from orderbridge import Order
from orderbridge._plugins import platform_of
from orderbridge.adapters import AccountSettings, StorePlatform, SupplierPlatform
from orderbridge.sandbox import MagentoShop, PrestaShopShop, RewixSupplier, ShopifyShop, WooCommerceShop
from orderbridge.sandbox.magento import Item, Keys
from orderbridge.sandbox.shopify import Bucket as Points
from orderbridge.stores import magento, prestashop, shopify, woocommerce
from orderbridge.suppliers import rewix
from orderbridge.testing import StoreBackend, StoreSuite, SupplierBackend, SupplierSuite
from orderbridge.testing._bench import Bench
from orderbridge.testing.sandboxes import (
    MagentoBackend,
    PrestaShopBackend,
    RewixBackend,
    ShopifyBackend,
    WooCommerceBackend,
)
from orderbridge.testing.simulator import StoreSide

pytestmark = pytest.mark.slow  # minutes of work: once, on the interpreter at hand


class TestRewix(SupplierSuite[rewix.Settings]):
    def platform(self) -> SupplierPlatform[rewix.Settings]:
        return cast("SupplierPlatform[rewix.Settings]", platform_of("supplier", "rewix"))

    def settings(self) -> dict[str, object]:
        return {
            "base_url": "https://supplier.example",
            "api_key": "key-of-the-suite",
            "password": "password-of-the-suite",
        }

    def backend(self) -> SupplierBackend:
        return RewixBackend(
            RewixSupplier(
                api_key="key-of-the-suite",
                password="password-of-the-suite",
                stock={str(100 + n): 10_000 for n in range(6)},
            )
        )


class TestOrderingUnderAKey(SupplierSuite[AccountSettings]):
    """Nothing of ours says ``SameKey``, and it must work for those who do."""

    def platform(self) -> SupplierPlatform[AccountSettings]:
        return KEYED

    def settings(self) -> dict[str, object]:
        return {"base_url": "https://keyed.example"}

    def backend(self) -> SupplierBackend:
        return KeyedSupplier()


class TestOrderingByReplacing(TestOrderingUnderAKey):
    """The same for ``Repeat`` of a write that binds."""

    def platform(self) -> SupplierPlatform[AccountSettings]:
        return PUT


class TestWooCommerceWithFulfillments(StoreSuite[woocommerce.Settings]):
    def platform(self) -> StorePlatform[woocommerce.Settings]:
        return cast("StorePlatform[woocommerce.Settings]", platform_of("store", "woocommerce"))

    def settings(self) -> dict[str, object]:
        shop = WooCommerceShop()
        return {
            "base_url": "https://shop.example",
            "consumer_key": shop.consumer_key,
            "consumer_secret": shop.consumer_secret,
            "webhook_secrets": ["the secret of the webhooks"],
        }

    def backend(self) -> StoreBackend:
        return WooCommerceBackend(WooCommerceShop(fulfillments=True))


class OnlyDepartures:
    """Refunds and cancels are the same however a shop shows departures: tried once, in the class above."""

    test_whatever_one_call_comes_to_a_refund_is_made_once = None
    test_whatever_one_call_comes_to_an_order_is_canceled_once = None


class TestWooCommerceWithTheTrackingPlugin(OnlyDepartures, TestWooCommerceWithFulfillments):
    # The whole way is gone with fulfillments and with notes.
    test_whatever_one_call_comes_to_an_order_goes_its_whole_way = None

    def backend(self) -> StoreBackend:
        return WooCommerceBackend(WooCommerceShop(fulfillments=False, tracking_plugin="ast"))


class TestWooCommerceWithNotes(OnlyDepartures, TestWooCommerceWithFulfillments):
    def backend(self) -> StoreBackend:
        return WooCommerceBackend(WooCommerceShop(fulfillments=False))


class TestMagento(StoreSuite[magento.Settings]):
    """By bearer: a signed call is refused where the clock is wrong by as much as it is here."""

    keys = Keys(bearer=True)

    def platform(self) -> StorePlatform[magento.Settings]:
        return cast("StorePlatform[magento.Settings]", platform_of("store", "magento"))

    def settings(self) -> dict[str, object]:
        return {
            "base_url": "https://shop.example",
            "bearer": True,
            "access_token": self.keys.access_token,
        }

    def backend(self) -> StoreBackend:
        return MagentoBackend(MagentoShop(keys=self.keys))

    def sold_to_cancel(self, side: StoreSide, bench: Bench) -> Order:
        """Magento cancels what is not paid; what is paid is refunded."""
        backend = side.backend
        assert isinstance(backend, MagentoBackend)
        ref = backend.shop.place_order([Item(sku="MUG-BLUE", quantity=2)], now=bench.now, paid=False)
        order = bench.run(side.adapter.fetch_order(str(ref)))
        assert order is not None
        return attrs.evolve(order, store="shop")


class TestShopify(StoreSuite[shopify.Settings]):
    def platform(self) -> StorePlatform[shopify.Settings]:
        return cast("StorePlatform[shopify.Settings]", platform_of("store", "shopify"))

    def settings(self) -> dict[str, object]:
        return {"base_url": "https://shop.myshopify.com", "access_token": ShopifyShop().access_token}

    def backend(self) -> StoreBackend:
        # Nobody waits for points here: the bucket is one of Shopify's largest plan.
        return ShopifyBackend(ShopifyShop(bucket=Points(maximum=20_000.0, restore=1000.0)))


class TestPrestaShop(StoreSuite[prestashop.Settings]):
    """A shop of today, whose key may PATCH."""

    version = "8.1.2"

    def platform(self) -> StorePlatform[prestashop.Settings]:
        return cast("StorePlatform[prestashop.Settings]", platform_of("store", "prestashop"))

    def settings(self) -> dict[str, object]:
        return {"base_url": "https://shop.example", "key": PrestaShopShop().key}

    def backend(self) -> StoreBackend:
        return PrestaShopBackend(PrestaShopShop(version=self.version))


class TestPrestaShop17(OnlyDepartures, TestPrestaShop):
    """No PATCH, no order note, numbers as texts; and a carrier whose parcels are mailed by themselves."""

    version = "1.7.8.11"
    # What is asked, and what is made of a broken answer, is the same for all versions.
    test_a_broken_answer_never_passes_for_nothing_there = None
    test_a_flow_that_is_closed_half_way_is_silent = None
    test_an_error_instead_of_an_answer_is_a_typed_error_or_a_result = None
    test_flows_touch_no_clock_no_chance_and_no_socket = None
    test_the_same_state_of_the_world_gives_the_same_requests = None
    test_whatever_one_call_comes_to_an_order_goes_its_whole_way = None

    def backend(self) -> StoreBackend:
        shop = PrestaShopShop(version=self.version)
        shop.tables["carriers"][2]["url"] = "https://carrier.example/@"
        return PrestaShopBackend(shop)


# --- broken adapters ----------------------------------------------------------------------------

BROKEN = """
import time
from decimal import Decimal
from itertools import count
import attrs
from orderbridge.adapters import *
from orderbridge.stores import woocommerce
from orderbridge.stores.woocommerce import WooCommerce
from orderbridge.suppliers import rewix
from orderbridge.suppliers.rewix import RewixAdapter
from keyed_supplier import KEYED, PUT, KeyedAdapter, PutAdapter, order_text
from test_suites import TestRewix as Rewix, TestWooCommerceWithNotes as Notes
from test_suites import TestWooCommerceWithFulfillments as Whole
from test_suites import TestWooCommerceWithTheTrackingPlugin as Plugin
from test_suites import TestOrderingByReplacing as Replacing, TestOrderingUnderAKey as Keyed

def answer_nothing(flow, to, answer):
    try:
        read = next(flow)
        while True:
            read = flow.send(answer if to in read.path else (yield read))
    except StopIteration as end:
        return end.value

class Broken({adapter}):
{body}

class TestBroken({suite}):
    def platform(self):
        return attrs.evolve({platform}, adapter=Broken)

del Keyed, Notes, Plugin, Replacing, Rewix, Whole
"""

ANY_404_IS_GONE = """
    def fetch_order(self, ref):
        flow = super().fetch_order(ref)
        try:
            read = next(flow)
            while True:
                response = yield read
                if response.status == 404:
                    return None
                read = flow.send(response)
        except StopIteration as end:
            return end.value
"""
NEVER_LOOKS = """
    def place(self, po, past):
        found = past.answers.get("create")
        result = yield from answer_nothing(super().place(po, past), "clientkey", Response(404))
        return result if found is None else Placement(placed=(Placed(supplier_ref="9002"),))
"""
HTML_IS_ABSENT = """
    def place(self, po, past):
        flow = super().place(po, past)
        response = yield next(flow)
        if b"<html" in response.body:
            response = Response(404)
        return (yield from answer_nothing(resume(flow, response), "\\0", None))

def resume(flow, response):
    try:
        read = flow.send(response)
        while True:
            read = flow.send((yield read))
    except StopIteration as end:
        return end.value
"""
READS_THE_CLOCK = """
    def fetch(self, po):
        time.time()
        return (yield from super().fetch(po))
"""
ADDS_INSTEAD_OF_SETTING = """
    def set_held(self, units, past):
        result = yield from super().set_held(units, past)
        if isinstance(result, Write):
            body = result.request.body.replace(b'type="set"', b'type="lock"')
            return attrs.evolve(result, request=attrs.evolve(result.request, body=body))
        return result
"""
BELIEVES_ANYTHING = """
    def judge(self, write, response):
        return Confirmed() if response.status == 200 else super().judge(write, response)
"""
SHOWS_ITS_SECRETS = """
    def __repr__(self):
        return f"Rewix({self._settings.password.reveal()})"
"""
ANNOUNCES_BLINDLY = """
    def announce(self, order, notice, past):
        if "tracking-1" in past.answers:
            return (yield from super().announce(order, notice, past))
        none = Response(200, body=b"[]")
        return (yield from answer_nothing(super().announce(order, notice, past), "/shipment-trackings", none))
"""
NOTES_BLINDLY = """
    def announce(self, order, notice, past):
        if "note" in past.answers:
            return (yield from super().announce(order, notice, past))
        none = Response(200, body=b"[]")
        return (yield from answer_nothing(super().announce(order, notice, past), "/notes", none))
"""
LOSES_AN_ORDER = """
    def fetch_orders(self, cursor, *, since, now):
        page = yield from super().fetch_orders(cursor, since=since, now=now)
        return attrs.evolve(page, items=page.items[:50] + page.items[51:])
"""
ANOTHER_KEY_EACH_TIME = """
    def create(self, po):
        write = super().create(po)
        headers = {"Idempotency-Key": f"{po.reference}-{next(self.runs)}"}
        return attrs.evolve(write, request=attrs.evolve(write.request, headers=headers))

    runs = count()
"""
SENDS_NO_KEY = """
    def create(self, po):
        write = super().create(po)
        return attrs.evolve(write, request=attrs.evolve(write.request, headers={}))
"""
REPEATS_WHAT_ADDS = """
    def create(self, po):
        return Write("create", Request("POST", "/orders", body=order_text(po)), unknown=Repeat())
"""
REFUNDS_BLINDLY = """
    def refund(self, order, refund, past):
        if "refund" in past.answers:
            return (yield from super().refund(order, refund, past))
        none = Response(200, body=b"[]")
        return (yield from answer_nothing(super().refund(order, refund, past), "/refunds", none))
"""
TAKES_ANY_REFUND_FOR_ITS_OWN = """
    def refund(self, order, refund, past):
        for made in order.refunds:
            return Refunded(ref=made.ref, amount=made.amount, gave_money=False)
        return (yield from super().refund(order, refund, past))
"""
CANCELS_WHAT_HAS_SHIPPED = """
    def cancel(self, order, cancellation, past):
        result = yield from super().cancel(order, cancellation, past)
        return Canceled() if isinstance(result, Unclear) else result
"""
CORRECTS_BY_ADDING = """
    def correct(self, order, notice, told, past):
        return (yield from super().correct(order, notice, (), past))
"""
LISTS_A_CARRIER_TWICE = """
    def carriers(self):
        found = yield from super().carriers()
        return (*found, *found[:1])
"""

# By suite: the sound adapter, and its platform.
SOUND = {
    "Keyed": ("KeyedAdapter", "KEYED"),
    "Notes": ("WooCommerce", "woocommerce.PLATFORM"),
    "Plugin": ("WooCommerce", "woocommerce.PLATFORM"),
    "Whole": ("WooCommerce", "woocommerce.PLATFORM"),
    "Replacing": ("PutAdapter", "PUT"),
    "Rewix": ("RewixAdapter", "rewix.PLATFORM"),
}


@pytest.mark.parametrize(
    ("suite", "body", "caught"),
    [
        ("Rewix", NEVER_LOOKS, "whatever_one_call_comes_to_the_order"),
        ("Rewix", HTML_IS_ABSENT, "never_passes_for_nothing_there"),
        ("Rewix", READS_THE_CLOCK, "no_clock"),
        ("Rewix", ADDS_INSTEAD_OF_SETTING, "is_set_is_held"),
        ("Rewix", BELIEVES_ANYTHING, "proves_nothing"),
        ("Rewix", SHOWS_ITS_SECRETS, "no_secret"),
        ("Keyed", ANOTHER_KEY_EACH_TIME, "same_state_of_the_world"),
        ("Keyed", SENDS_NO_KEY, "whatever_one_call_comes_to_the_order"),
        ("Replacing", REPEATS_WHAT_ADDS, "whatever_one_call_comes_to_the_order"),
        ("Plugin", ANNOUNCES_BLINDLY, "told_once"),
        ("Whole", ANY_404_IS_GONE, "web_page_that_says_404"),
        ("Whole", REFUNDS_BLINDLY, "refund_is_made_once"),
        ("Plugin", TAKES_ANY_REFUND_FOR_ITS_OWN, "same_amount_are_two"),
        ("Plugin", CANCELS_WHAT_HAS_SHIPPED, "something_has_shipped"),
        ("Plugin", CORRECTS_BY_ADDING, "put_right_once"),
        ("Plugin", LISTS_A_CARRIER_TWICE, "carriers_have"),
        ("Notes", NOTES_BLINDLY, "told_once"),
        ("Notes", LOSES_AN_ORDER, "every_order"),
    ],
    ids=lambda value: value.split()[1] if value.startswith("\n") else None,
)
def test_an_adapter_that_is_broken_does_not_pass(tmp_path: Path, suite: str, body: str, caught: str) -> None:
    """Each breach is caught by the test that is there for it, and the sound adapter passes that test."""
    adapter, platform = SOUND[suite]
    file = tmp_path / "test_broken.py"
    file.write_text(BROKEN.format(suite=suite, platform=platform, adapter=adapter, body=body))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    folders = [str(Path(__file__).parent), *sys.path]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-x",
            "-p",
            "no:cacheprovider",
            "-W",
            "ignore",
            "-k",
            caught,
            str(file),
        ],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": os.pathsep.join(folders)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.fullmatch(
        r"(\d+ failed|\d+ (passed|deselected|skipped)|, )+ in .*", done.stdout.splitlines()[-1]
    )
