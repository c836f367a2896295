"""Our own adapters pass the suites that plug-in authors use, and broken ones do not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest

from orderbridge._plugins import platform_of
from orderbridge.adapters import StorePlatform, SupplierPlatform
from orderbridge.sandbox import RewixSupplier, WooCommerceShop
from orderbridge.stores import woocommerce
from orderbridge.suppliers import rewix
from orderbridge.testing import StoreBackend, StoreSuite, SupplierBackend, SupplierSuite
from orderbridge.testing.sandboxes import RewixBackend, WooCommerceBackend

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


class TestWooCommerceWithTheTrackingPlugin(TestWooCommerceWithFulfillments):
    def backend(self) -> StoreBackend:
        return WooCommerceBackend(WooCommerceShop(fulfillments=False, tracking_plugin="ast"))


class TestWooCommerceWithNotes(TestWooCommerceWithFulfillments):
    def backend(self) -> StoreBackend:
        return WooCommerceBackend(WooCommerceShop(fulfillments=False))


# --- broken adapters ----------------------------------------------------------------------------

BROKEN = """
import time
from decimal import Decimal
import attrs
from orderbridge.adapters import *
from orderbridge.stores import woocommerce
from orderbridge.stores.woocommerce import WooCommerce
from orderbridge.suppliers import rewix
from orderbridge.suppliers.rewix import RewixAdapter
from test_suites import TestRewix as Rewix, TestWooCommerceWithNotes as Notes
from test_suites import TestWooCommerceWithTheTrackingPlugin as Plugin

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
        return attrs.evolve({module}.PLATFORM, adapter=Broken)

del Rewix, Notes, Plugin
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


@pytest.mark.parametrize(
    ("suite", "body", "caught"),
    [
        ("Rewix", NEVER_LOOKS, "whatever_one_call_comes_to_the_order"),
        ("Rewix", HTML_IS_ABSENT, "never_passes_for_nothing_there"),
        ("Rewix", READS_THE_CLOCK, "no_clock"),
        ("Rewix", ADDS_INSTEAD_OF_SETTING, "is_set_is_held"),
        ("Rewix", BELIEVES_ANYTHING, "proves_nothing"),
        ("Rewix", SHOWS_ITS_SECRETS, "no_secret"),
        ("Plugin", ANNOUNCES_BLINDLY, "told_once"),
        ("Notes", NOTES_BLINDLY, "told_once"),
        ("Notes", LOSES_AN_ORDER, "every_order"),
    ],
    ids=lambda value: value.split()[1] if value.startswith("\n") else None,
)
def test_an_adapter_that_is_broken_does_not_pass(tmp_path: Path, suite: str, body: str, caught: str) -> None:
    """Each breach is caught by the test that is there for it, and the sound adapter passes that test."""
    module, adapter = ("rewix", "RewixAdapter") if suite == "Rewix" else ("woocommerce", "WooCommerce")
    file = tmp_path / "test_broken.py"
    file.write_text(BROKEN.format(suite=suite, module=module, adapter=adapter, body=body))
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
