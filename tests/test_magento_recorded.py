"""The Magento sandbox against the recorded session of a real 2.4.7-p7: same status, same JSON shape."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderbridge._http import Call, Headers, Response
from orderbridge.sandbox.magento import EVERYTHING, Item, Keys, MagentoShop, Store

LIVE = Path(__file__).parents[1].parent / "shared/payloads/magento/live"
pytestmark = pytest.mark.skipif(not LIVE.is_dir(), reason="no recorded traffic here")

AT = datetime(2026, 11, 22, 3, 48, 6, tzinfo=UTC)
TOKEN = "a" * 32
ADDRESSES: dict[str, Any] = {
    "shipping": {"company": "Ünion & Co"},
    "billing": {"company": "Ünion & Co", "street": "233 S Wacker Dr\nFloor 9"},
}
MUG = Item(sku="OB-MUG", name="Blue Mug", price=Decimal("12.50"))
LAMP = Item(sku="OB-LAMP", name="Desk Lamp", price=Decimal("39.99"), weight=Decimal("2.5"))


def mugs(units: int) -> Item:
    return Item(sku="OB-MUG", name="Blue Mug", price=Decimal("12.50"), quantity=Decimal(units))


def shirt(size: str, units: int) -> Item:
    name = f"Shirt {size}"
    return Item(
        sku=f"OB-SHIRT-{size}", kind="configurable", price=Decimal(20), quantity=Decimal(units), name=name
    )


def kit(sku: str, units: int, *, separately: bool) -> Item:
    weight = Decimal("4.5")
    return Item(
        sku=sku,
        kind="bundle",
        quantity=Decimal(units),
        parts=[mugs(2), LAMP],
        separately=separately,
        weight=weight,
    )


WARRANTY = Item(sku="OB-WARRANTY", kind="virtual", price=Decimal(9), quantity=Decimal(2))
FABRIC = Item(sku="OB-FABRIC", price=Decimal("7.30"), quantity=Decimal("2.5"), decimal=True)
TRAY = Item(sku="OB-TRAY", price=Decimal(15), quantity=Decimal(4))
PEN = Item(sku="OB-PEN", price=Decimal(3), quantity=Decimal(4))
# What stood in the shop when the lists were read, and what was ordered afterwards.
FIRST: list[tuple[list[Item], dict[str, Any]]] = [
    ([mugs(2)], {}),
    ([mugs(2), LAMP], {}),
    ([shirt("S", 3), shirt("M", 1)], {}),
    ([kit("OB-KIT", 2, separately=False)], {}),
    ([kit("OB-KITSEP", 1, separately=True)], {}),
    ([mugs(1), WARRANTY], {}),
    ([WARRANTY], {}),
    ([mugs(1), LAMP], {"store": "fr", "rate": "0.9137"}),
    ([FABRIC], {}),
    ([mugs(1)], {"method": "purchaseorder"}),
    ([Item(sku="OB-LAMP", price=Decimal("39.99"), quantity=Decimal(4))], {"method": "banktransfer"}),
    ([mugs(1)], {}),
    ([mugs(1)], {}),
    ([mugs(2)], {}),
    ([mugs(4)], {"shipping_amount": 20}),
    ([mugs(4)], {}),
    ([mugs(1)], {}),
]
THEN: list[tuple[list[Item], dict[str, Any]]] = [
    ([mugs(4)], {}),
    ([MUG, LAMP], {}),
    ([kit("OB-KITSEP", 1, separately=True)], {}),
    ([mugs(1)], {}),
    ([mugs(2)], {}),
    ([mugs(1)], {}),
    ([mugs(1)], {}),
    ([TRAY, PEN], {}),
    ([mugs(1)], {}),
    ([mugs(5)], {}),
    ([mugs(2)], {}),
    ([mugs(5)], {}),
    ([mugs(4)], {}),
]
READS = """
list-no-criteria list-empty-criteria list-fields list-and-or list-in list-nin list-incr list-incr-noprefix
list-like list-like2 list-null list-camel list-page-last list-page-past-end list-page0 list-pageneg
list-pagesize-huge list-pagesize0 list-sort list-sort-lower list-sort-bad list-state-in list-store-fr
list-store-url-all list-store-url-default list-store-url-fr list-store-url-nope list-updated-from-to
list-updated-garbage list-updated-gteq list-updated-iso list-updated-offset err-list-unknown-condition
err-list-unknown-field err-filter-nested-field list-tracks-endpoint fields-nested fields-unknown
order-simple order-configurable order-bundle_together order-virtual_only order-decimal order-po order-bank
order-items-list order-statuses order-comments-empty product-bundle store-configs modules msi-sources
index-php-prefix
accept-any accept-none err-404-order err-nonint-order err-route err-method err-async-get
"""
WRITES = """
ship-partial shipment-get err-ship-overqty err-ship-unknown-source err-ship-foreign-item
err-ship-qty-string err-ship-toplevel-unknown err-ship-unknown-property err-ship-track-nonumber
ship-rest-empty-body err-ship-again invoice-after-ship err-invoice-again err-cancel-complete err-hold-complete
err-ship-config-child ship-config-parent ship-config-child-and-parent
err-ship-bundle-together-child ship-bundle-together-parent
err-ship-bundle-sep-parent ship-bundle-sep-child
shipment-bundle-sep ship-decimal err-ship-mixed-virtual-item ship-mixed-all invoice-mixed err-ship-virtual
track-add err-track-min err-track-no-order track-add-duplicate track-add-wrong-order
track-add-missing-shipment track-add-unknown-carrier track-delete err-track-delete shipment-with-tracks
shipments-by-order shipment-comment shipment-emails order-emails
comment-min comment-full comments-list comment-status-bogus comment-status-other-state err-comment-404
err-comment-shape err-cancel-404 err-malformed-json
hold err-hold-twice err-ship-on-hold cancel-on-hold unhold err-unhold-twice cancel cancel-twice
err-ship-canceled err-invoice-canceled
ship-then-cancel-1 cancel-part-shipped invoice-partial invoice-get err-refund-unpaid refund-invoice-partial
refund-order-partial err-refund-more err-refund-online creditmemos-by-order cancel-part-invoiced
ship-no-trailing-slash
"""
LATER = """
err-old-shipment-endpoint shipment-via-save
comment-custom-status err-comment-complete ship-qty-1.5-nondecimal ship-after-custom-status
comment-nostatus-after-custom err-comment-back-to-pending
orders-post-partial-status orders-post-ext-id list-by-ext-order-id err-orders-post-empty orders-post-state
orders-post-increment-only orders-post-items-roundtrip ship-bundle-after-items-post
invoice-nocapture order-invoiced-not-shipped
"""
LAST = """
msi-ship-supplier-source msi-ship-no-source err-msi-ship-insufficient msi-ship-second-source
msi-ship-empty-source msi-shipments msi-salable
err-input-limit-array ship-camelCase ship-trackless-url-as-number ship-notify-comment order-3-shipments
ship-first-half invoice-first refund-unshipped-half ship-refunded cancel-fully-invoiced
comment-notify comment-roundtrip ship-for-dedupe dedupe-lookup err-shipments-filter-track err-long-track
err-long-carrier creditmemos-since list-poll-sort2
"""
ENTRY = """
err-notoken err-badtoken err-no-content-type accept-html accept-xml err-readonly-ship ok-readonly-get
admin-token-2fa-plain admin-token-2fa-badotp admin-token-2fa-ok admin-token-use err-maintenance
"""
# Routes that the sandbox does not have: the queue, and how a shop sets its inventory up.
NOT_CLAIMED = ("async-", "bulk-", "err-bulk-", "msi-", "err-401-developer-mode-trace")
# Answers of which the shape is known to differ, and why.
DIFFERENT = {
    "product-bundle": "attributes that have nothing to do with shipping are left out",
    "list-poll-sort2": "the session had other orders by then",
    "msi-salable": "the session had counted its stock otherwise",
    "creditmemos-since": "made at other times",
}


def recorded(name: str) -> dict[str, Any]:
    return json.loads((LIVE / f"{name}.json").read_bytes())


def unlike(found: Any, wanted: Any, where: str = "") -> list[str]:
    """Where two answers are of another shape: other keys, another length, another kind of value."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        keys = [
            f"{where}.{key} {'more' if key in found else 'missing'}" for key in found.keys() ^ wanted.keys()
        ]
        common = sorted(found.keys() & wanted.keys())
        return keys + [word for key in common for word in unlike(found[key], wanted[key], f"{where}.{key}")]
    if isinstance(found, list) and isinstance(wanted, list):
        if len(found) != len(wanted):
            return [f"{where} has {len(found)} for {len(wanted)}"]
        pairs = zip(found, wanted, strict=True)
        return [word for n, pair in enumerate(pairs) for word in unlike(*pair, f"{where}[{n}]")]
    return [] if kind(found) is kind(wanted) else [f"{where} is {found!r} for {wanted!r}"]


def kind(value: Any) -> type:
    return float if type(value) is int else type(value)


def send(shop: MagentoShop, pair: dict[str, Any], at: datetime, **headers: str) -> Response:
    request = pair["request"]
    given = {"Authorization": f"Bearer {TOKEN}"}
    content = b""
    if request["body"] is not None:
        given["Content-Type"] = "application/json"
        text = request["body"] if isinstance(request["body"], str) else json.dumps(request["body"])
        content = text.encode()
    url = "http://127.0.0.1:8087" + request["path"]
    call = Call(request["method"], url, headers=Headers({**given, **headers}), body=content)
    return shop.handle(call, at)


def replay(shop: MagentoShop, name: str, at: datetime, **headers: str) -> str:
    """What is different, in words; empty if nothing is."""
    pair = recorded(name)
    response = send(shop, pair, at, **headers)
    if response.status != pair["status"]:
        return f"{name}: {response.status} for {pair['status']}: {response.text[:300]}"
    if name in DIFFERENT or not response.media_type.endswith("json"):
        return (
            "" if name in DIFFERENT or isinstance(pair["response"], str) else f"{name}: {response.media_type}"
        )
    found, wanted = json.loads(response.body), pair["response"]
    # Bare values, refusals and short lists are the very same; else times and amounts may be others.
    same = not isinstance(wanted, (dict, list)) or (name.startswith("list-") and name not in DIFFERENT)
    if same and "token" not in name and found != wanted:
        return f"{name}: {found} for {wanted}"
    if words := unlike(found, wanted):
        return f"{name}: " + "; ".join(words)
    if response.status >= 400 and "Report ID" not in found["message"] and found != wanted:
        return f"{name}: {found} for {wanted}"
    return ""


def a_shop() -> MagentoShop:
    shop = MagentoShop(
        keys=Keys(access_token=TOKEN, bearer=True),
        stores=[Store(store_id=2, code="fr", name="French", currency="EUR")],
        statuses={"ob_at_supplier": "processing"},
        first_ids={},
    )
    moments = {
        order["entity_id"]: order["updated_at"]
        for order in recorded("list-updated-garbage")["response"]["items"]
    }
    for number, (items, more) in enumerate(FIRST, 1):
        placed = datetime.strptime(moments[number], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        assert shop.place_order(items, now=placed, paid=False, **ADDRESSES, **more) == number
    return shop


def differences(shop: MagentoShop, names: str, at: datetime) -> list[str]:
    found = [replay(shop, name, at + timedelta(seconds=n)) for n, name in enumerate(names.split())]
    return [one for one in found if one]


def test_the_recorded_reads_are_answered_alike() -> None:
    """Lists with everything that passes in them, orders of every kind, and what the shop says of itself."""
    assert differences(a_shop(), READS, AT + timedelta(minutes=2)) == []


def test_the_recorded_writes_are_answered_alike() -> None:
    """Shipments, tracks, comments, holding, canceling, invoices and refunds, in the session's order."""
    shop = a_shop()
    assert differences(shop, WRITES, AT + timedelta(minutes=3)) == []
    for items, more in THEN:
        shop.place_order(items, now=AT + timedelta(minutes=5), paid=False, **ADDRESSES, **more)
    for units in (1, 1, 1):
        shop.ship_by_hand(16, {26: units}, now=AT + timedelta(minutes=6), number="DUP1")
    for source in ("supplier_a", "main_wh"):
        shop.add_source(source)
        shop.stock |= {("OB-TRAY", source): Decimal(50), ("OB-PEN", source): Decimal(1)}
    assert differences(shop, LATER, AT + timedelta(minutes=8)) == []
    # In the session these went by the queue.
    for order_id, item_id in ((17, 27), (22, 35), (22, 35), (23, 36), (24, 37)):
        shop.ship_by_hand(order_id, {item_id: 1}, now=AT + timedelta(minutes=9))
    assert differences(shop, LAST, AT + timedelta(minutes=10)) == []


def test_every_recorded_refusal_of_entry_is_answered_alike() -> None:
    """Without a token, with a wrong one, with one that may only read, and as somebody of the admin."""
    shop = a_shop()
    assert replay(shop, "err-notoken", AT, Authorization="") == ""
    assert replay(shop, "err-badtoken", AT, Authorization="Bearer nobody") == ""
    assert replay(shop, "err-no-content-type", AT, **{"Content-Type": "text/plain"}) == ""
    assert replay(shop, "accept-html", AT, Accept="text/html") == ""
    assert send(shop, recorded("accept-xml"), AT, Accept="application/xml").text == (
        '<?xml version="1.0"?>\n<response><entity_id>2</entity_id></response>\n'
    )
    shop.keys.resources = {"Magento_Sales::actions_view"}
    assert replay(shop, "err-readonly-ship", AT) == ""
    assert replay(shop, "ok-readonly-get", AT) == ""
    shop.keys.resources = EVERYTHING
    shop.keys.username, shop.keys.password, shop.keys.otp = "admin", "Admin12345!", "841588"
    for name in ("admin-token-2fa-plain", "admin-token-2fa-badotp", "admin-token-2fa-ok"):
        assert replay(shop, name, AT) == ""
    token = json.loads(send(shop, recorded("admin-token-2fa-ok"), AT).body)
    assert replay(shop, "admin-token-use", AT, Authorization=f"Bearer {token}") == ""
    shop.maintenance = True
    assert replay(shop, "err-maintenance", AT) == ""


def test_every_recorded_pair_is_replayed_unless_its_route_is_not_claimed() -> None:
    """So that a new recording is not passed over."""
    replayed = set(f"{READS} {WRITES} {LATER} {LAST} {ENTRY}".split())
    assert replayed <= {path.stem for path in LIVE.glob("*.json")}
    left = {path.stem for path in LIVE.glob("*.json")} - replayed
    assert [name for name in sorted(left) if not name.startswith(NOT_CLAIMED)] == []
