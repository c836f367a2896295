"""The brief's rows 17 to 21, SourcinBox: each sentence from the shop to the supplier's ledger and back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

import orderbridge as ob
from at_alibaba import BLUE, FEDEX, LAMP, MUG, STANDARD, Market, market_of
from both_sides import MagentoSides, PrestaShopSides, Sides, codes
from brief import SHOPS, Bridged, fulfilled, progress_in_shop, told
from in_shopify import ShopifySides
from orderbridge import Tab

AUTO = ob.Who.AUTOMATIC
RARELY = timedelta(hours=12)
PLACES = ob.Policy(place=AUTO, pull_every=RARELY)


@pytest.fixture
def market(bridged: Bridged) -> Iterator[Market]:
    with market_of(bridged, Sides()) as made:
        yield made


# --- 17 -------------------------------------------------------------------------------------------------


def test_by_default_paid_and_unfulfilled_orders_are_fetched_by_themselves(market: Market) -> None:
    """By default paid and unfulfilled orders are fetched by themselves."""
    bridge = market.bridge()
    paid = market.sells(bridge, {MUG: 1})
    owing = market.sells(bridge, {MUG: 1}, status="pending", date_paid=None)
    fulfilled_already = market.sells(bridge, {MUG: 1}, status="completed")
    market.live(bridge)
    assert told(bridge, paid).tabs == (Tab.TO_ORDER,)
    assert told(bridge, owing).tabs == told(bridge, fulfilled_already).tabs == ()
    assert bridge.tabs()[Tab.TO_ORDER] == 1


def test_the_setting_can_be_changed_per_shop(market: Market) -> None:
    """The setting can be changed per shop."""
    daring, other_shop = market.another_shop("daring", policy=ob.Policy(take=ob.Take.ALL))
    careful = market.sides.store(ready_statuses=["processing", "on-hold"])
    bridge = market.bridge(stores=[careful, daring])
    line = {"sku": f"AB-{MUG}", "quantity": 1, "price": "10.00"}
    for shop in (market.sides.shop, other_shop):
        shop.place_order([line], now=market.sides.now(), status="on-hold", date_paid=None)
    market.live(bridge)
    assert bridge.tabs(store="shop").get(Tab.TO_ORDER, 0) == 0
    assert bridge.tabs(store="daring")[Tab.TO_ORDER] == 1


def test_a_sync_orders_command_does_it_now(market: Market) -> None:
    """A Sync orders command does it now."""
    bridge = market.bridge(ob.Policy(pull_every=RARELY))
    market.live(bridge)
    order_id = market.sells(bridge, {MUG: 1}, hours=1)
    assert bridge.order(order_id) is None
    assert bridge.pull("shop") == 1
    assert told(bridge, order_id).record.taken
    bridge.run_once()
    assert told(bridge, order_id).tabs == (Tab.TO_ORDER,)


# --- 18 -------------------------------------------------------------------------------------------------


def test_an_order_goes_through_the_tabs_from_quote_to_shipped(bridged: Bridged) -> None:
    """Tabs: In quote (a product is not linked to a supplier's product), To order (linked, ready to pay),
    Pending (being paid, not yet successful), Processing (paid, before shipping), Shipped (with tracking)."""
    with market_of(bridged, Sides(), paying_for=timedelta(hours=1)) as market:
        bridge = market.bridge()
        order_id = market.sides.sell({"CUP": 1})
        market.live(bridge, 0.2)
        assert told(bridge, order_id).tabs == (Tab.IN_QUOTE,)
        bridge.link(ob.ProductLink(store="shop", key="sku:CUP", supplier="alibaba", remote_id=MUG))
        market.live(bridge, 0.2)
        assert told(bridge, order_id).tabs == (Tab.TO_ORDER,)
        (placed,) = bridge.place(checkout=bridge.check_out(order_id).digest)
        bridge.pay(placed.purchase_order)
        assert told(bridge, order_id).tabs == (Tab.PENDING,)
        assert market.paid == []
        market.live(bridge, 2)
        assert told(bridge, order_id).tabs == (Tab.PROCESSING,)
        (order,) = market.ordered
        market.alibaba.work(now=market.sides.now())
        market.alibaba.ship(order.trade_id, "FX1", now=market.sides.now())
        market.live(bridge, 2)
        assert told(bridge, order_id).tabs == (Tab.SHIPPED,)
        assert market.sides.shown(order_id) == ["FX1"]
        assert [view.record.order.id for view in bridge.orders(tab=Tab.SHIPPED)] == [order_id]


def shipped(market: Market, bridge: ob.Bridge, *goods: str) -> tuple[str, str]:
    """An order that has left, and its purchase order."""
    order_id = market.sells(bridge, dict.fromkeys(goods or (MUG,), 2), hours=0)
    bridge.pull("shop")
    market.live(bridge, 0.2)
    (record,) = told(bridge, order_id).purchases
    bridge.pay(record.po.id)
    market.alibaba.work(now=market.sides.now())
    market.alibaba.ship(record.po.supplier_ref, "FX1", now=market.sides.now())
    market.live(bridge, 2)
    return order_id, record.po.id


def test_refunds_are_asked_for_with_progress(market: Market) -> None:
    """Refunds (asked for, with progress)."""
    bridge = market.bridge(PLACES)
    order_id, po_id = shipped(market, bridge)
    case = bridge.open_case(
        po_id,
        kind=ob.CaseKind.REFUND,
        key="chipped",
        amount=ob.Money.of("1.20", "USD"),
        reason="One is chipped",
    )
    assert told(bridge, order_id).tabs == (Tab.SHIPPED, Tab.REFUNDS)
    bridge.move_case(case.id, ob.CaseState.UNDER_REVIEW, word="they want a picture")
    assert bridge.cases()[0].word == "they want a picture"
    market.alibaba.freeze(market.ordered[0].trade_id, now=market.sides.now())
    market.live(bridge, 26)
    asked, dispute = told(bridge, order_id).cases
    assert (dispute.kind, dispute.state) == (ob.CaseKind.DISPUTE, ob.CaseState.UNDER_REVIEW)
    bridge.move_case(asked.id, ob.CaseState.RESOLVED, word="1.20 came back")
    assert [case.kind for case in bridge.cases()] == [ob.CaseKind.DISPUTE]
    assert bridge.tabs()[Tab.REFUNDS] == 1


def test_resent_is_asked_for_with_progress(market: Market) -> None:
    """Resent (asked for, with progress)."""
    bridge = market.bridge(PLACES)
    order_id, po_id = shipped(market, bridge)
    again = bridge.resend(po_id, key="lost", reason="Lost on the way")
    assert Tab.RESENT in told(bridge, order_id).tabs
    bridge.place(checkout=bridge.check_out(again.po.id).digest)
    assert len(market.ordered) == 2
    (case,) = bridge.cases()
    assert (case.kind, case.state, case.child) == (ob.CaseKind.RESEND, ob.CaseState.APPROVED, again.po.id)
    market.alibaba.pay_by_hand(market.ordered[1].trade_id, now=market.sides.now())
    market.alibaba.ship(market.ordered[1].trade_id, "FX2", now=market.sides.now())
    market.live(bridge, 26)
    (case,) = told(bridge, order_id).cases
    assert case.state is ob.CaseState.RESOLVED
    assert Tab.RESENT in told(bridge, order_id).tabs


def test_canceled_from_to_order(market: Market) -> None:
    """Canceled (from To order)."""
    bridge = market.bridge()
    order_id = market.sells(bridge, {MUG: 1})
    assert told(bridge, order_id).tabs == (Tab.TO_ORDER,)
    bridge.cancel(order_id, reason="The shopper has thought better of it")
    market.live(bridge, 24)
    assert told(bridge, order_id).tabs == (Tab.CANCELED,)
    assert market.sides.shop.order(int(order_id.partition("/")[2]))["status"] == "cancelled"
    assert (market.alibaba.orders, codes(bridge)) == ([], [])


# --- 19 -------------------------------------------------------------------------------------------------


def test_custom_packaging_and_cards_belong_to_products_or_shops_and_are_added_by_themselves(
    market: Market,
) -> None:
    """Custom packaging and cards belong to products or shops and are added to each order by themselves."""
    packing = [
        ob.PackingRule(packing="thank-you card", stores=frozenset({"shop"})),
        ob.PackingRule(packing="red box", sku_prefix=f"AB-{MUG}"),
        ob.PackingRule(packing="elsewhere's card", stores=frozenset({"elsewhere"})),
    ]
    bridge = market.bridge(PLACES, packing=packing)
    with_box, without = market.sells(bridge, {MUG: 1}), market.sells(bridge, {BLUE: 1})
    market.live(bridge, 13)
    boxed, plain = (market.order_of(told(bridge, each).purchases[0]).remark for each in (with_box, without))
    assert "thank-you card red box" in boxed
    assert "thank-you card" in plain
    assert "box" not in plain
    assert "elsewhere" not in boxed + plain


# --- 20 -------------------------------------------------------------------------------------------------


def test_shipping_rules_choose_the_shipping_method_for_an_order_by_themselves(market: Market) -> None:
    """Shipping rules choose the shipping method for an order by themselves."""
    rule = ob.ShippingRule(carrier="FedEx IE", countries=frozenset({"IT"}), min_total=ob.Money.of(20, "EUR"))
    bridge = market.bridge(ob.Policy(place=AUTO, shipping=(rule,)))
    italy = {"shipping": {"country": "IT", "state": "MI", "city": "Milano", "postcode": "20121"}}
    market.sells(bridge, {MUG: 2}, **italy)
    market.sells(bridge, {MUG: 1}, **italy)
    market.sells(bridge, {LAMP: 2})
    market.live(bridge)
    assert [order.carrier.code for order in market.ordered] == [FEDEX, STANDARD, STANDARD]
    assert codes(bridge) == []


# --- 21 -------------------------------------------------------------------------------------------------


def page_of(sides: Sides, order_id: str) -> str:
    """What the shop's page of the order shows of parcels, and its remarks."""
    ref = int(order_id.partition("/")[2])
    if isinstance(sides, ShopifySides):
        return " ".join(url for gone in sides.shop.orders[ref].fulfillments for url in gone.urls)
    if isinstance(sides, MagentoSides):
        return str([paper.comments for paper in sides.shop.shipments_of(ref)])
    if not isinstance(sides, PrestaShopSides):
        return " ".join(shown.link for shown in sides.shop.shipments(ref))
    return progress_in_shop(sides, order_id)


@pytest.mark.parametrize("shop", SHOPS)
def test_once_shipped_tracking_number_and_link_go_to_the_shop_which_mails_the_shopper(
    bridged: Bridged, shop: str
) -> None:
    """Once shipped, tracking number and tracking link go to the shop, which mails the shopper."""
    with market_of(bridged, SHOPS[shop]()) as market:
        bridge = market.bridge(ob.Policy(place=AUTO, pull_every=RARELY))
        order_id, _ = shipped(market, bridge)
        (notice,) = told(bridge, order_id).notices
        (parcel,) = notice.announced
        assert parcel.tracking_number == "FX1"
        assert parcel.tracking_url.startswith("https://")
        assert market.sides.shown(order_id) == ["FX1"]
        assert market.sides.departure_mails(order_id) == 1
        assert fulfilled(market.sides, order_id)
        market.live(bridge, 72)
        assert market.sides.departure_mails(order_id) == 1
        assert parcel.tracking_url in page_of(market.sides, order_id)
