"""Our own adapters pass the suites that plug-in authors use, and broken ones do not."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import cast

import attrs
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keyed_supplier import KEYED, PUT, KeyedAdapter, KeyedSupplier
from orderbridge import Order, Secret
from orderbridge._plugins import platform_of as find_platform
from orderbridge.adapters import AccountSettings, Headers, Packs, Response, StorePlatform, SupplierPlatform
from orderbridge.auth import Basic, Call
from orderbridge.sandbox import (
    AlibabaSupplier,
    BDroppySupplier,
    MagentoShop,
    PrestaShopShop,
    RewixSupplier,
    ShopifyShop,
    WooCommerceShop,
)
from orderbridge.sandbox.faults import Fault
from orderbridge.sandbox.magento import Item, Keys
from orderbridge.sandbox.shopify import Bucket as Points
from orderbridge.stores import magento, prestashop, shopify, woocommerce
from orderbridge.suppliers import alibaba, offline, rewix
from orderbridge.testing import StoreBackend, StoreSuite, SupplierBackend, SupplierSuite, Unasked
from orderbridge.testing._bench import Bench
from orderbridge.testing.sandboxes import (
    AlibabaBackend,
    MagentoBackend,
    PrestaShopBackend,
    RewixBackend,
    ShopifyBackend,
    WooCommerceBackend,
)
from orderbridge.testing.simulator import StoreSide

platform_of = cache(find_platform)  # looked up on the disk each time, and every world asks

WEBHOOK_SECRET = "the secret of the webhooks"

pytestmark = pytest.mark.slow  # minutes of work: once, on the interpreter at hand


class TestRewix(SupplierSuite[rewix.Settings]):
    # An order there has no total to hold against the quote: a person sees it where they pay.
    test_an_order_costs_exactly_what_was_quoted = None
    # And no goods: an order under our key is ours.
    test_an_order_with_other_goods_under_our_reference_is_not_taken_for_ours = None

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
                prices={str(100 + n): Decimal("4.90") for n in range(6)},
            )
        )


class TestRewixOfOldServers(TestRewix):
    """What is unknown gets a 500, the step hides in the second number, a parcel has a link and no number."""

    # What is asked, and what is made of a broken answer, is the same for all servers.
    test_a_broken_answer_never_passes_for_nothing_there = None
    test_a_flow_that_is_closed_half_way_is_silent = None
    test_a_process_killed_at_any_moment_does_all_once = None
    test_flows_touch_no_clock_no_chance_and_no_socket = None
    test_whatever_one_call_of_a_set_comes_to_exactly_the_target_is_held = None

    def backend(self) -> SupplierBackend:
        backend = super().backend()
        assert isinstance(backend, RewixBackend)
        backend.supplier.not_found = 500
        backend.supplier.substatus = True
        backend.supplier.tracking_fields = False
        return backend


class TestBDroppy(SupplierSuite[rewix.BDroppySettings]):
    # As at Rewix; and the growing order is the same there.
    test_an_order_costs_exactly_what_was_quoted = None
    test_an_order_with_other_goods_under_our_reference_is_not_taken_for_ours = None
    test_whatever_one_call_of_a_set_comes_to_exactly_the_target_is_held = None

    def platform(self) -> SupplierPlatform[rewix.BDroppySettings]:
        return cast("SupplierPlatform[rewix.BDroppySettings]", platform_of("supplier", "bdroppy"))

    def settings(self) -> dict[str, object]:
        return {
            "base_url": "https://bdroppy.example",
            "email": "suite@merchant.example",
            "password": "password-of-the-suite",
            "user_catalog": "catalog-of-the-suite",
        }

    def backend(self) -> SupplierBackend:
        return RewixBackend(
            BDroppySupplier(
                email="suite@merchant.example",
                password="password-of-the-suite",
                stock={str(100 + n): 10_000 for n in range(6)},
                prices={str(100 + n): Decimal("4.90") for n in range(6)},
                user_catalogs={"catalog-of-the-suite": None},
            )
        )


class TestAlibaba(SupplierSuite[alibaba.Settings]):
    public_settings = frozenset({"app_key"})

    def platform(self) -> SupplierPlatform[alibaba.Settings]:
        return cast("SupplierPlatform[alibaba.Settings]", platform_of("supplier", "alibaba"))

    def settings(self) -> dict[str, object]:
        keys = AlibabaSupplier().keys
        return {
            "base_url": "https://gateway.example/rest",
            "app_key": keys.app_key,
            "app_secret": keys.app_secret,
            "refresh_token": keys.refresh_token,
        }

    def backend(self) -> SupplierBackend:
        return AlibabaBackend(AlibabaSupplier())


class TestOffline(SupplierSuite[offline.Settings]):
    def platform(self) -> SupplierPlatform[offline.Settings]:
        return cast("SupplierPlatform[offline.Settings]", platform_of("supplier", "offline"))

    def settings(self) -> dict[str, object]:
        return {"title": "Main warehouse", "sender": "The shop\n1 High Street"}

    def backend(self) -> SupplierBackend:
        return Unasked()


class TestHub(TestOffline):
    def platform(self) -> SupplierPlatform[offline.Settings]:
        return cast("SupplierPlatform[offline.Settings]", platform_of("supplier", "hub"))


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
            "webhook_secrets": [WEBHOOK_SECRET],
        }

    def backend(self) -> StoreBackend:
        return WooCommerceBackend(WooCommerceShop(fulfillments=True), webhook_secret=WEBHOOK_SECRET)


class OnlyDepartures:
    """Refunds and cancels are the same however a shop shows departures: tried once, in the class above."""

    test_whatever_one_call_comes_to_a_refund_is_made_once = None
    test_whatever_one_call_comes_to_an_order_is_canceled_once = None


class TestWooCommerceWithTheTrackingPlugin(OnlyDepartures, TestWooCommerceWithFulfillments):
    # The whole way is gone with fulfillments and with notes.
    test_whatever_one_call_comes_to_an_order_goes_its_whole_way = None

    def backend(self) -> StoreBackend:
        shop = WooCommerceShop(fulfillments=False, tracking_plugin="ast")
        return WooCommerceBackend(shop, webhook_secret=WEBHOOK_SECRET)


class TestWooCommerceWithNotes(OnlyDepartures, TestWooCommerceWithFulfillments):
    def backend(self) -> StoreBackend:
        return WooCommerceBackend(WooCommerceShop(fulfillments=False), webhook_secret=WEBHOOK_SECRET)


class AdobesKey:
    """What Adobe signs its events with."""

    client = "client-of-the-suite"

    @property
    def public(self) -> str:
        key = self._private().public_key()
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def sign(self, body: bytes) -> str:
        return b64encode(self._private().sign(body, PKCS1v15(), SHA256())).decode()

    @staticmethod
    @cache
    def _private() -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class MagentoOfAdobe(MagentoBackend):
    """Magento itself calls nobody: Adobe does."""

    events = 0

    def call_back(self, *, now: datetime) -> Call:
        self.events += 1
        event = {
            "type": "com.adobe.commerce.observer.sales_order_save_commit_after",
            "event_id": f"event-{self.events}",
            "recipient_client_id": AdobesKey.client,
            "data": {"value": {"entity_id": self.events}},
        }
        body = json.dumps(event).encode()
        headers = Headers({"x-adobe-digital-signature-1": AdobesKey().sign(body)})
        return Call("POST", "https://bridge.example/hooks/shop", headers=headers, body=body)


class TestMagento(StoreSuite[magento.Settings]):
    """By bearer: a signed call is refused where the clock is wrong by as much as it is here."""

    public_settings = frozenset({"webhook_keys"})  # they check signatures, and make none

    keys = Keys(bearer=True)

    def platform(self) -> StorePlatform[magento.Settings]:
        return cast("StorePlatform[magento.Settings]", platform_of("store", "magento"))

    def settings(self) -> dict[str, object]:
        return {
            "base_url": "https://shop.example",
            "bearer": True,
            "access_token": self.keys.access_token,
            "webhook_keys": [AdobesKey().public],
            "event_client_ids": [AdobesKey.client],
        }

    def backend(self) -> StoreBackend:
        return MagentoOfAdobe(MagentoShop(keys=self.keys))

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
        shop = ShopifyShop()
        return {
            "base_url": "https://shop.myshopify.com",
            "access_token": shop.access_token,
            "webhook_secrets": [shop.client_secret],
        }

    def backend(self) -> StoreBackend:
        # Nobody waits for points here: the bucket is one of Shopify's largest plan.
        points = Points(maximum=20_000.0, restore=1000.0)
        return ShopifyBackend(ShopifyShop(bucket=points, domain="shop.myshopify.com"))

    def sold_and_held(self, side: StoreSide, bench: Bench) -> Order:
        order = self.sold(side, bench)
        shop = cast("ShopifyBackend", side.backend).shop
        for work in shop.orders[int(order.ref)].fulfillment_orders:
            shop.hold_by_hand(work, now=bench.now)
        return self._read(side, bench, order)


class TestPrestaShop(StoreSuite[prestashop.Settings]):
    """A shop of today, whose key may PATCH."""

    version = "8.1.2"

    def platform(self) -> StorePlatform[prestashop.Settings]:
        return cast("StorePlatform[prestashop.Settings]", platform_of("store", "prestashop"))

    def settings(self) -> dict[str, object]:
        return {"base_url": "https://shop.example", "key": PrestaShopShop().key}

    def backend(self) -> StoreBackend:
        return PrestaShopBackend(PrestaShopShop(version=self.version))

    def with_another_status(self, response: Response, order: Order) -> Response:
        """A state is a number there, of which a table has the words."""
        body = re.sub(rb'("current_state": ?"?)[0-9]+', rb"\g<1>999", response.body)
        return response if body == response.body else attrs.evolve(response, body=body)


class TestPrestaShop17(OnlyDepartures, TestPrestaShop):
    """No PATCH, no order note, numbers as texts; and a carrier whose parcels are mailed by themselves."""

    test_whatever_one_call_comes_to_a_number_is_put_right_once = None

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
import json
import re
import time
from decimal import Decimal
from itertools import count
import attrs
from orderbridge import Package, Shipment
from orderbridge.adapters import *
from orderbridge.errors import Forbidden
from orderbridge import NoticeLine, StorePayment
from orderbridge.errors import Malformed
from orderbridge.stores import shopify, woocommerce
from orderbridge.stores.shopify import Shopify
from orderbridge.stores.woocommerce import WooCommerce
from orderbridge.suppliers import alibaba, offline, rewix
from orderbridge.suppliers.alibaba import AlibabaAdapter, _paying as paying
from orderbridge.suppliers.offline import OfflineAdapter
from orderbridge.suppliers.rewix import RewixAdapter
from keyed_supplier import KEYED, PUT, KeyedAdapter, PutAdapter, order_text
from test_suites import TestRewix as Rewix, TestWooCommerceWithNotes as Notes
from test_suites import TestWooCommerceWithFulfillments as Whole
from test_suites import TestWooCommerceWithTheTrackingPlugin as Plugin
from test_suites import TestOrderingByReplacing as Replacing, TestOrderingUnderAKey as Keyed
from test_suites import TestAlibaba as Alibaba, TestOffline as Offline, TestShopify as Shop

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

del Alibaba, Keyed, Notes, Offline, Plugin, Replacing, Rewix, Shop, Whole
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
            response = Response(404, body=b"no such order")
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
STOPS_ALL_FOR_ONE = """
    def fetch_orders(self, cursor, *, since, now):
        page = yield from super().fetch_orders(cursor, since=since, now=now)
        for each in page.set_aside:
            raise ValueError(each.why)
        return page
"""
DROPS_WHAT_IT_CANNOT_READ = """
    def fetch_orders(self, cursor, *, since, now):
        page = yield from super().fetch_orders(cursor, since=since, now=now)
        return attrs.evolve(page, set_aside=())
"""
SAYS_WHO_BOUGHT_IT = """
    def fetch_orders(self, cursor, *, since, now):
        page = yield from super().fetch_orders(cursor, since=since, now=now)
        return attrs.evolve(page, set_aside=tuple(attrs.evolve(o, why="Bea Oddling") for o in page.set_aside))
"""
LETS_A_VALUE_ERROR_OUT = """
    def fetch_order(self, ref):
        try:
            return (yield from super().fetch_order(ref))
        except Malformed as error:
            raise ValueError(str(error))
"""
BELIEVES_ANY_SIGNATURE = """
    def read_webhook(self, method, path, headers, body):
        read = super().read_webhook(method, path, headers, body)
        signed = "x-wc-webhook-signature" in headers
        return Nudge(ref="", topic="", dedupe=str(hash(body))) if signed else read
"""
BELIEVES_NO_CALL = """
    def read_webhook(self, method, path, headers, body):
        return Reply(status=401)
"""
TAKES_ALL_CALLS_FOR_ONE = """
    def read_webhook(self, method, path, headers, body):
        read = super().read_webhook(method, path, headers, body)
        return attrs.evolve(read, dedupe="order") if isinstance(read, Nudge) else read
"""
TAKES_EACH_CALL_FOR_NEW = """
    def read_webhook(self, method, path, headers, body):
        read = super().read_webhook(method, path, headers, body)
        return attrs.evolve(read, dedupe=str(next(self.runs))) if isinstance(read, Nudge) else read

    runs = count()
"""
SHIPS_WHAT_IT_DOES_NOT_KNOW = """
    def fetch_order(self, ref):
        order = yield from super().fetch_order(ref)
        return attrs.evolve(order, ready=order.raw_status not in ("completed", "cancelled"))
"""
CANCELS_WHAT_IT_DOES_NOT_KNOW = """
    def fetch_order(self, ref):
        order = yield from super().fetch_order(ref)
        return attrs.evolve(order, canceled=order.raw_status not in ("processing", "completed"))
"""
TAKES_ANY_WORD_FOR_PAID = """
    def fetch_order(self, ref):
        order = yield from super().fetch_order(ref)
        return attrs.evolve(order, payment=StorePayment.PAID) if order else None
"""
FORGETS_THE_PHONE = """
    def fetch_order(self, ref):
        order = yield from super().fetch_order(ref)
        return attrs.evolve(order, ship_to=attrs.evolve(order.ship_to, phone=""))
"""
FORGETS_THE_STREET_ON_PAGES = """
    def fetch_orders(self, cursor, *, since, now):
        page = yield from super().fetch_orders(cursor, since=since, now=now)
        items = (attrs.evolve(o, ship_to=attrs.evolve(o.ship_to, line1="")) for o in page.items)
        return attrs.evolve(page, items=tuple(items))
"""
FORGETS_WHAT_HAS_LEFT = """
    def fetch_order(self, ref):
        order = yield from super().fetch_order(ref)
        lines = (attrs.evolve(line, fulfilled=Decimal(0)) for line in order.lines)
        return attrs.evolve(order, lines=tuple(lines))
"""
FORGETS_ON_PAGES_WHAT_HAS_LEFT = """
    def fetch_orders(self, cursor, *, since, now):
        page = yield from super().fetch_orders(cursor, since=since, now=now)
        return attrs.evolve(page, items=tuple(self.forgetful(order) for order in page.items))

    def forgetful(self, order):
        lines = (attrs.evolve(line, fulfilled=Decimal(0)) for line in order.lines)
        return attrs.evolve(order, lines=tuple(lines))
"""
SHIPS_ON_PAGES_WHAT_IT_DOES_NOT_KNOW = """
    def fetch_orders(self, cursor, *, since, now):
        page = yield from super().fetch_orders(cursor, since=since, now=now)
        return attrs.evolve(page, items=tuple(attrs.evolve(order, ready=True) for order in page.items))
"""
SHIPS_UNITS_AGAIN = """
    def announce(self, order, notice, past):
        if not notice.lines:
            more = (line for line in order.lines if line.open)
            lines = (NoticeLine(line_ref=line.ref, ship_ref=line.ref, units=line.open) for line in more)
            notice = attrs.evolve(notice, lines=tuple(lines))
        return (yield from super().announce(order, notice, past))
"""
KEEPS_A_SECOND_PARCEL_TO_ITSELF = """
    def announce(self, order, notice, past):
        return (yield from super().announce(order, notice, past)) if notice.lines else Announced()
"""
TELLS_THE_SHOPPER_ALL = """
    def annotate(self, order, note, past):
        return (yield from super().annotate(order, attrs.evolve(note, to_shopper=True), past))
"""
MAILS_EACH_CORRECTION = """
    def correct(self, order, notice, told, past):
        return (yield from super().correct(order, attrs.evolve(notice, notify=True), told, past))
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
PRINTS_FORMULAS = """
    def documents(self, po):
        table, page = super().documents(po)
        return attrs.evolve(table, body=table.body.replace(b"'=", b"=")), page
"""
FORGETS_WHOM_IT_GOES_TO = """
    def documents(self, po):
        return super().documents(attrs.evolve(po, ship_to=attrs.evolve(po.ship_to, line1="")))
"""
ANOTHER_NUMBER_EACH_TIME = """
    def place(self, po, past):
        result = yield from super().place(po, past)
        placed = attrs.evolve(result.placed[0], supplier_ref=f"{next(self.runs)}")
        return attrs.evolve(result, placed=(placed,))

    runs = count()
"""
GUESSES_HOW_FAR_IT_IS = """
    def fetch(self, po):
        return SupplierStatus(raw="sent", fulfillment=Fulfillment.SHIPPED)
        yield
"""

KEEPS_WHO_PAYS = """
    def pay(self, po, total, buyer, past):
        result = yield from super().pay(po, total, buyer, past)
        whole = isinstance(result, Write) and result.private
        return attrs.evolve(result, request=whole) if whole else result
"""
TAKES_NO_PRIVATE_WAY = """
    def pay(self, po, total, buyer, past):
        result = yield from super().pay(po, total, buyer, past)
        return attrs.evolve(result, private=None) if isinstance(result, Write) else result
"""
TAKES_A_PAYMENT_UNDER_WAY_FOR_NONE = """
    def pay(self, po, total, buyer, past):
        result = yield from super().pay(po, total, buyer, past)
        pending = isinstance(result, PaymentSeen) and result.payment is Payment.PENDING
        return paying._write(self.settings, po.supplier_ref, total, buyer) if pending else result
"""
FORGETS_THE_PAGE = """
    def judge(self, write, response):
        verdict = super().judge(write, response)
        return attrs.evolve(verdict, page="") if isinstance(verdict, Refused) else verdict
"""
QUOTES_ANOTHER_PRICE = """
    def quote(self, po):
        result = yield from super().quote(po)
        return attrs.evolve(result, goods=result.goods.times(2))
"""
NAMES_A_WAY_TWICE = """
    def quote(self, po):
        result = yield from super().quote(po)
        return attrs.evolve(result, options=result.options + result.options[:1])
"""
SHARES_OUT_BY_PLACE_IN_THE_LIST = """
    def parts(self, remote_ids):
        result = yield from super().parts(remote_ids)
        return {remote_id: f"{part}/{n}" for n, (remote_id, part) in enumerate(result.items())}
"""
CANCELS_BY_SAYING_SO = """
    def cancel_purchase(self, po, past):
        yield from self.fetch(po)
        return PurchaseCanceled(fulfillment=Fulfillment.CANCELED)
"""
READS_ONE_PAGE_OF_CHANGES = """
    def changes(self, cursor, *, now):
        flow = super().changes(cursor, now=now)
        try:
            read = next(flow)
            while True:
                response = yield read
                body = re.sub(rb'"total_count":"[0-9]+"', b'"total_count":"1"', response.body)
                read = flow.send(attrs.evolve(response, body=body))
        except StopIteration as end:
            return end.value
"""
ROUNDS_AND_WONDERS = """
    def place(self, po, past):
        lines = tuple(attrs.evolve(line, quantity=Decimal(round(line.quantity))) for line in po.lines)
        if "create" in past.answers and lines != po.lines:
            return Unclear("the order has other units than were asked for")
        return (yield from super().place(attrs.evolve(po, lines=lines), past))
"""
TAKES_A_NEW_WORD_FOR_PLACED = """
    def fetch(self, po):
        status = yield from super().fetch(po)
        return attrs.evolve(status, fulfillment=status.fulfillment or Fulfillment.PLACED)
"""
TAKES_A_NUMBER_FOR_A_DEPARTURE = """
    def fetch(self, po):
        status = yield from super().fetch(po)
        order = json.loads((yield Read("GET", f"/orders/{po.supplier_ref}")).body)
        gone = Shipment(ref="1", packages=(Package(tracking_number=order["tracking"]),))
        return attrs.evolve(status, shipments=(gone,) if order["tracking"] else ())
"""
NAMES_A_DEPARTURE_ANEW = """
    def fetch(self, po):
        status = yield from super().fetch(po)
        again = [attrs.evolve(each, ref=f"{next(self.runs)}") for each in status.shipments]
        return attrs.evolve(status, shipments=tuple(again))

    runs = count()
"""
BELIEVES_A_SERVER_ERROR = """
    def judge(self, write, response):
        words = response.body.startswith(b"{") and response.status >= 500
        return Refused(Refusal.INVALID) if words else super().judge(write, response)
"""
TAKES_ANY_404_FOR_GONE = """
    def fetch(self, po):
        response = yield Read("GET", f"/orders/{po.supplier_ref}")
        if response.status == 404:
            return None
        return (yield from super().fetch(po))
"""
FORGETS_THE_STREET = """
    def create(self, po):
        return super().create(attrs.evolve(po, ship_to=attrs.evolve(po.ship_to, line1="")))
"""
DROPS_THE_NOTE = """
    def place(self, po, past):
        return (yield from super().place(attrs.evolve(po, note=""), past))
"""
TAKES_ONE_OF_TWO = """
    def place(self, po, past):
        result = yield from super().place(po, past)
        return Placement(placed=(Placed(supplier_ref="114"),)) if isinstance(result, Unclear) else result
"""
PAYS_BY_FLOAT = """
    def pay(self, po, total, buyer, past):
        result = yield from super().pay(po, total, buyer, past)
        cents = int(float(total.amount) * 100)
        amount = attrs.evolve(total, amount=Decimal(cents) / 100)
        return attrs.evolve(result, amount=amount) if isinstance(result, Write) else result
"""
PAYS_WHAT_HAS_A_NEW_WORD = """
    def pay(self, po, total, buyer, past):
        result = yield from paying.result_of(po.supplier_ref)
        if result.status == "PAY_SUCCESS":
            return PaymentSeen(payment=Payment.PAID)
        return paying._write(self.settings, po.supplier_ref, total, buyer)
"""
TELLS_ITS_PASSWORD_WITH_A_REFUSAL = """
    def judge(self, write, response):
        if response.status == 401:
            return Refused(Refusal.UNAUTHORIZED, message=f"not {self._settings.password.reveal()}")
        return super().judge(write, response)
"""
TELLS_ITS_PASSWORD_IN_A_DOUBT = """
    def place(self, po, past):
        try:
            return (yield from super().place(po, past))
        except Forbidden:
            return Unclear(f"not with {self._settings.password.reveal()}")
"""

ORDERS_THE_SHOPS_UNITS = """
    def create(self, po):
        lines = tuple(attrs.evolve(line, quantity=line.units) for line in po.lines)
        return super().create(attrs.evolve(po, lines=lines))
"""
FORGETS_A_SECOND_LINE_OF_THE_SAME = """
    def create(self, po):
        lines = {line.remote_id: line for line in po.lines}
        return super().create(attrs.evolve(po, lines=tuple(lines.values())))
"""
TAKES_A_FAILURE_FOR_BUSY = """
    def judge(self, write, response):
        return Throttled() if response.status == 503 else super().judge(write, response)
"""
BELIEVES_ANY_YES = """
    def judge(self, write, response):
        words = response.body.startswith(b"{") and response.body.endswith(b"}")
        return Confirmed() if words and response.status < 300 else super().judge(write, response)
"""
TAKES_ANY_4XX_FOR_NO = """
    def judge(self, write, response):
        no = 400 <= response.status < 429 and response.body.startswith(b"{")
        return Refused(Refusal.INVALID) if no else super().judge(write, response)
"""
NAMES_THE_SHOPPER_IN_A_DOUBT = """
    def place(self, po, past):
        result = yield from super().place(po, past)
        return Unclear(f"not for {po.ship_to.name}") if isinstance(result, Unclear) else result
"""
QUOTES_A_REFUSAL = """
    def judge(self, write, response):
        verdict = super().judge(write, response)
        return attrs.evolve(verdict, message=response.text) if isinstance(verdict, Refused) else verdict
"""
REFUSES_WHATEVER_THE_STATUS = """
    def judge(self, write, response):
        verdict = super().judge(write, attrs.evolve(response, status=200))
        return verdict if isinstance(verdict, Refused) else super().judge(write, response)
"""
CALLS_A_PART_THE_WHOLE = """
    def fetch(self, po):
        status = yield from super().fetch(po)
        part = status.fulfillment is Fulfillment.PART_SHIPPED
        return attrs.evolve(status, fulfillment=Fulfillment.SHIPPED) if part else status
"""
TELLS_OF_ONE_PACKAGE = """
    def fetch(self, po):
        status = yield from super().fetch(po)
        gone = (attrs.evolve(each, packages=each.packages[:1]) for each in status.shipments)
        return attrs.evolve(status, shipments=tuple(gone))
"""
TAKES_A_NO_WHATEVER_ITS_STATUS = """
    def judge(self, write, response):
        failed = response.status == 500 and b"no_route" in response.body or b"invalid_id" in response.body
        return super().judge(write, attrs.evolve(response, status=404) if failed else response)
"""

# By suite: the sound adapter, and its platform.
SOUND = {
    "Alibaba": ("AlibabaAdapter", "alibaba.PLATFORM"),
    "Keyed": ("KeyedAdapter", "KEYED"),
    "Notes": ("WooCommerce", "woocommerce.PLATFORM"),
    "Offline": ("OfflineAdapter", "offline.PLATFORM"),
    "Plugin": ("WooCommerce", "woocommerce.PLATFORM"),
    "Whole": ("WooCommerce", "woocommerce.PLATFORM"),
    "Replacing": ("PutAdapter", "PUT"),
    "Rewix": ("RewixAdapter", "rewix.PLATFORM"),
    "Shop": ("Shopify", "shopify.PLATFORM"),
}


@pytest.mark.parametrize(
    ("suite", "body", "caught"),
    [
        ("Alibaba", KEEPS_WHO_PAYS, "leaves_and_is_not_kept"),
        ("Alibaba", TAKES_NO_PRIVATE_WAY, "leaves_and_is_not_kept"),
        ("Alibaba", TAKES_A_PAYMENT_UNDER_WAY_FOR_NONE, "never_made_again"),
        ("Alibaba", FORGETS_THE_PAGE, "names_its_page"),
        ("Alibaba", QUOTES_ANOTHER_PRICE, "exactly_what_was_quoted"),
        ("Alibaba", NAMES_A_WAY_TWICE, "told_apart"),
        ("Alibaba", SHARES_OUT_BY_PLACE_IN_THE_LIST, "same_part"),
        ("Alibaba", CANCELS_BY_SAYING_SO, "purchase_is_canceled_once"),
        ("Alibaba", READS_ONE_PAGE_OF_CHANGES, "every_changed_order"),
        ("Alibaba", TAKES_ONE_OF_TWO, "not_taken_for_ours"),
        ("Alibaba", PAYS_BY_FLOAT, "exactly_what_an_order_costs_is_paid"),
        ("Alibaba", PAYS_WHAT_HAS_A_NEW_WORD, "makes_nobody_order_or_pay"),
        ("Alibaba", PAYS_WHAT_HAS_A_NEW_WORD, "costs_another_sum"),
        ("Alibaba", NAMES_THE_SHOPPER_IN_A_DOUBT, "not_taken_for_ours"),
        ("Alibaba", QUOTES_A_REFUSAL, "names_its_page"),
        ("Alibaba", REFUSES_WHATEVER_THE_STATUS, "names_its_page"),
        ("Alibaba", CALLS_A_PART_THE_WHOLE, "leaves_in_parts"),
        ("Alibaba", TELLS_OF_ONE_PACKAGE, "leaves_in_parts"),
        ("Rewix", TAKES_A_NEW_WORD_FOR_PLACED, "moves_no_order"),
        ("Rewix", DROPS_THE_NOTE, "reach_the_supplier"),
        ("Rewix", TAKES_ONE_OF_TWO, "are_a_question"),
        ("Rewix", TELLS_ITS_PASSWORD_WITH_A_REFUSAL, "no_secret"),
        ("Rewix", TELLS_ITS_PASSWORD_IN_A_DOUBT, "no_secret"),
        ("Rewix", NEVER_LOOKS, "whatever_one_call_comes_to_the_order"),
        ("Rewix", HTML_IS_ABSENT, "never_passes_for_nothing_there"),
        ("Rewix", READS_THE_CLOCK, "no_clock"),
        ("Rewix", ADDS_INSTEAD_OF_SETTING, "is_set_is_held"),
        ("Rewix", BELIEVES_ANYTHING, "proves_nothing"),
        ("Rewix", SHOWS_ITS_SECRETS, "no_secret"),
        ("Keyed", ANOTHER_KEY_EACH_TIME, "same_state_of_the_world"),
        ("Keyed", ROUNDS_AND_WONDERS, "parts_of_a_unit"),
        ("Keyed", TAKES_A_NEW_WORD_FOR_PLACED, "moves_no_order"),
        ("Keyed", TAKES_A_NUMBER_FOR_A_DEPARTURE, "is_no_departure"),
        ("Keyed", NAMES_A_DEPARTURE_ANEW, "told_with_its_number"),
        ("Keyed", ORDERS_THE_SHOPS_UNITS, "exactly_as_it_was_asked_for"),
        ("Keyed", FORGETS_A_SECOND_LINE_OF_THE_SAME, "exactly_as_it_was_asked_for"),
        ("Keyed", BELIEVES_A_SERVER_ERROR, "proves_nothing"),
        ("Keyed", TAKES_A_FAILURE_FOR_BUSY, "proves_nothing"),
        ("Keyed", BELIEVES_ANY_YES, "proves_nothing"),
        ("Keyed", TAKES_ANY_4XX_FOR_NO, "proves_nothing"),
        ("Replacing", BELIEVES_A_SERVER_ERROR, "after_the_fact"),
        ("Keyed", TAKES_ANY_404_FOR_GONE, "no_order_that_is_gone"),
        ("Keyed", FORGETS_THE_STREET, "where_the_shopper_lives"),
        ("Keyed", SENDS_NO_KEY, "whatever_one_call_comes_to_the_order"),
        ("Replacing", REPEATS_WHAT_ADDS, "whatever_one_call_comes_to_the_order"),
        ("Plugin", ANNOUNCES_BLINDLY, "told_once"),
        ("Whole", ANY_404_IS_GONE, "web_page_that_says_404"),
        ("Whole", REFUNDS_BLINDLY, "refund_is_made_once"),
        ("Plugin", TAKES_ANY_REFUND_FOR_ITS_OWN, "same_amount_are_two"),
        ("Plugin", CANCELS_WHAT_HAS_SHIPPED, "something_has_shipped"),
        ("Plugin", CORRECTS_BY_ADDING, "put_right_once"),
        ("Plugin", LISTS_A_CARRIER_TWICE, "carriers_have"),
        ("Offline", PRINTS_FORMULAS, "no_harm_on_paper"),
        ("Offline", FORGETS_WHOM_IT_GOES_TO, "names_all"),
        ("Offline", ANOTHER_NUMBER_EACH_TIME, "written_down_once"),
        ("Offline", GUESSES_HOW_FAR_IT_IS, "asked_of_people"),
        ("Whole", STOPS_ALL_FOR_ONE, "cannot_be_understood"),
        ("Whole", DROPS_WHAT_IT_CANNOT_READ, "cannot_be_understood"),
        ("Whole", SAYS_WHO_BOUGHT_IT, "cannot_be_understood"),
        ("Whole", LETS_A_VALUE_ERROR_OUT, "cannot_be_understood"),
        ("Whole", BELIEVES_ANY_SIGNATURE, "forged_webhook"),
        ("Whole", BELIEVES_NO_CALL, "forged_webhook"),
        ("Whole", TAKES_ALL_CALLS_FOR_ONE, "forged_webhook"),
        ("Whole", TAKES_EACH_CALL_FOR_NEW, "forged_webhook"),
        ("Whole", SHIPS_WHAT_IT_DOES_NOT_KNOW, "status_of_tomorrow"),
        ("Whole", CANCELS_WHAT_IT_DOES_NOT_KNOW, "status_of_tomorrow"),
        ("Shop", TAKES_ANY_WORD_FOR_PAID, "payment_of_tomorrow"),
        ("Shop", TAKES_ANY_WORD_FOR_PAID, "is_not_told_as_paid"),
        ("Whole", FORGETS_THE_PHONE, "whole_address"),
        ("Whole", FORGETS_THE_STREET_ON_PAGES, "whole_address"),
        ("Whole", FORGETS_WHAT_HAS_LEFT, "not_open_any_more"),
        ("Whole", FORGETS_ON_PAGES_WHAT_HAS_LEFT, "not_open_any_more"),
        ("Whole", SHIPS_ON_PAGES_WHAT_IT_DOES_NOT_KNOW, "status_of_tomorrow"),
        ("Whole", SHIPS_UNITS_AGAIN, "leave_once_more"),
        ("Whole", KEEPS_A_SECOND_PARCEL_TO_ITSELF, "leave_once_more"),
        ("Whole", TELLS_THE_SHOPPER_ALL, "for_the_staff"),
        ("Notes", TAKES_A_NO_WHATEVER_ITS_STATUS, "none_with_a_server_error"),
        ("Notes", MAILS_EACH_CORRECTION, "in_silence"),
        ("Notes", NOTES_BLINDLY, "told_once"),
        ("Notes", LOSES_AN_ORDER, "every_order"),
    ],
    ids=lambda value: value.split()[1] if value.startswith("\n") else None,
)
def test_an_adapter_that_is_broken_does_not_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suite: str, body: str, caught: str
) -> None:
    """Each breach is caught by the test that is there for it, and the sound adapter passes that test."""
    adapter, platform = SOUND[suite]
    file = tmp_path / f"{tmp_path.name}.py"  # modules of one name would be taken for one
    file.write_text(BROKEN.format(suite=suite, platform=platform, adapter=adapter, body=body))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    told = Told()
    # In this process: a new one takes seconds to load what is loaded here.
    options = ["-q", "-x", "--import-mode=importlib", f"--rootdir={tmp_path}", "-W", "ignore"]
    # Nor does it look for garbage, of which the tests around it hold a lot.
    left_out = ["-p", "no:cacheprovider", "-p", "no:faulthandler", "-p", "no:unraisableexception"]
    code = pytest.main([*options, *left_out, "-k", caught, str(file)], plugins=[told])
    assert code == pytest.ExitCode.TESTS_FAILED
    assert told.failed_at == ["call"]


class Told:
    """A plugin that hears where tests failed: while they ran, or before or after."""

    def __init__(self) -> None:
        self.failed_at: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed_at.append(report.when or "")


# --- broken settings, and broken sandboxes ------------------------------------------------------


@attrs.frozen(kw_only=True)
class PlainKey(AccountSettings):
    api_key: str = ""


@attrs.frozen(kw_only=True)
class PlainLogin(AccountSettings):
    login: str = "the-shop"


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        (PlainKey, "api_key", "api_key is plain text, and its name is that"),
        (PlainLogin, "login", "login is plain text, and calls are signed with it"),
    ],
)
def test_a_setting_that_opens_the_account_and_is_no_secret_is_found(
    kind: type[AccountSettings], name: str, said: str
) -> None:
    """By its name, and by what stands on a call; unless its author says that it is public."""
    opens = Basic(Secret(PlainLogin(base_url="https://keyed.example").login), Secret("password"))

    class Suite(TestOrderingUnderAKey):
        def platform(self) -> SupplierPlatform[AccountSettings]:
            return attrs.evolve(KEYED, settings=kind, auth=lambda _: opens)

    with pytest.raises(AssertionError, match=said):
        Suite().test_what_opens_the_account_is_a_secret()
    Suite.public_settings = frozenset({name})
    Suite().test_what_opens_the_account_is_a_secret()


def test_a_secret_that_could_stand_anywhere_is_told_of_in_words() -> None:
    """``h-1`` is found in ``dispatch-1``, and nobody has told it."""

    class Suite(TestRewix):
        def settings(self) -> dict[str, object]:
            return {**super().settings(), "password": "h-1"}

    with pytest.raises(AssertionError, match="password could stand anywhere by chance: use a longer"):
        Suite().test_no_secret_and_no_shopper_is_shown()


def test_a_supplier_that_pays_twice_when_asked_twice_is_told_of_in_words() -> None:
    class Suite(TestAlibaba):
        def backend(self) -> SupplierBackend:
            return AlibabaBackend(AlibabaSupplier(double_pay=True))

    with pytest.raises(AssertionError, match="the request came twice and the sandbox paid 2 times"):
        Suite().test_whatever_one_call_of_a_payment_comes_to_money_moves_once(Fault.DOUBLED)


def test_an_adapter_that_says_it_packs_and_sends_nothing_of_it_is_found() -> None:
    class Silent(KeyedAdapter, Packs):
        pass

    class Suite(TestOrderingUnderAKey):
        def platform(self) -> SupplierPlatform[AccountSettings]:
            return attrs.evolve(
                KEYED, adapter=lambda _: Silent(AccountSettings(base_url="https://keyed.example"))
            )

    with pytest.raises(AssertionError, match="MarkOfThePacking was to go with the order"):
        Suite().test_what_is_to_be_packed_and_the_note_reach_the_supplier()
