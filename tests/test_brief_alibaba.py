"""The brief's rows 12 to 16, Alibaba through Syncee: each sentence from the shop to the supplier's ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

import orderbridge as ob
from at_alibaba import FEDEX, LAMP, MUG, STANDARD, Market, market_of
from both_sides import Sides, codes
from brief import SHOPS, Bridged, told
from in_shopify import ShopifySides, order_of, work_of
from orderbridge.errors import ConfigurationError
from orderbridge.sandbox.shopify import Item
from orderbridge.sandbox.shopify.totals import fulfillment_status

HAND, AUTO = ob.Who.BY_HAND, ob.Who.AUTOMATIC
# How each shop takes an order that nobody has paid yet, and which setting has it shipped all the same.
UNPAID: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "woocommerce": ({"status": "on-hold", "date_paid": None}, {"ready_statuses": ["processing", "on-hold"]}),
    "shopify": ({"paid": False}, {}),
    "prestashop": ({"paid": False}, {"ready_states": ["2", "10"]}),
    "magento": ({"paid": False}, {}),
}


@pytest.fixture
def market(bridged: Bridged) -> Iterator[Market]:
    with market_of(bridged, Sides()) as made:
        yield made


# --- 12 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shop", SHOPS)
@pytest.mark.parametrize("take", ob.Take, ids=lambda take: take.value)
def test_orders_are_fetched_and_a_setting_says_paid_ones_only_or_all(
    bridged: Bridged, shop: str, take: ob.Take
) -> None:
    """Orders are fetched from the shop; a setting says paid ones only, or all."""
    unpaid, settings = UNPAID[shop]
    with market_of(bridged, SHOPS[shop]()) as market:
        bridge = market.bridge(ob.Policy(take=take), stores=[market.sides.store(**settings)])
        paid = market.sells(bridge, {MUG: 1})
        owing = market.sells(bridge, {MUG: 1}, **unpaid)
        assert {view.record.order.id for view in bridge.orders()} == {paid, owing}
        to_order = {view.record.order.id for view in bridge.orders(tab=ob.Tab.TO_ORDER)}
        assert to_order == ({paid} if take is ob.Take.PAID else {paid, owing})
        assert market.ordered == []


# --- 13 and 14 ------------------------------------------------------------------------------------------


def test_products_of_different_suppliers_are_separate_orders_each_with_its_own_shipping_and_payment(
    market: Market,
) -> None:
    """The merchant selects orders to pay, goes to checkout: products of different Alibaba suppliers are
    separate orders, each with its own shipping method and its own payment."""
    bridge = market.bridge()
    first, second = market.sells(bridge, {MUG: 2, LAMP: 1}), market.sells(bridge, {MUG: 1})
    left_out = market.sells(bridge, {LAMP: 5})
    mugs, lamp, other = bridge.check_out(first, second).items
    assert [item.shipping.code for item in (mugs, lamp, other) if item.shipping] == [STANDARD] * 3
    checkout = bridge.check_out(first, second, shipping={lamp.purchase_order: FEDEX})
    assert bridge.place(checkout=checkout.digest)
    assert [(order.company, order.carrier.code) for order in market.ordered] == [
        ("Mug Company", STANDARD),
        ("Lamp Company", FEDEX),
        ("Mug Company", STANDARD),
    ]
    assert market.paid == []
    bridge.pay(lamp.purchase_order)
    assert [market.alibaba.paid(order.trade_id) for order in market.ordered] == [0, 1, 0]
    bridge.pay(mugs.purchase_order)
    assert [market.alibaba.paid(order.trade_id) for order in market.ordered] == [1, 1, 0]
    assert ob.Tab.TO_ORDER in told(bridge, left_out).tabs


def test_a_payment_summary_with_a_link_to_the_suppliers_order(market: Market) -> None:
    """A payment summary, with a link to the supplier's order."""
    bridge = market.bridge()
    order_id = market.sells(bridge, {MUG: 2, LAMP: 1})
    checkout = bridge.check_out(order_id)
    mugs, lamp = checkout.items
    assert [str(item.total) for item in (mugs, lamp)] == ["6.96 USD", "7.03 USD"]
    assert [str(total) for total in checkout.totals] == ["13.99 USD"]
    pages = bridge.place(checkout=checkout.digest)
    assert [page.total for page in pages] == [mugs.total, lamp.total]
    for page, order in zip(pages, market.ordered, strict=True):
        assert order.trade_id in page.order_page
        assert page.order_page.startswith("https://")
        assert page.payment is ob.Payment.UNPAID
    assert market.paid == []


def test_if_no_payment_method_is_saved_the_first_payment_is_made_by_hand(bridged: Bridged) -> None:
    """If no payment method is saved, the first payment is made by hand."""
    with market_of(bridged, Sides(), paid_before=False) as market:
        bridge = market.bridge()
        first, second = market.sells(bridge, {MUG: 1}), market.sells(bridge, {LAMP: 1})
        one, other = bridge.place(checkout=bridge.check_out(first, second).digest)
        page = bridge.pay(one.purchase_order)
        assert (page.payment, market.paid) == (ob.Payment.FAILED, [])
        assert page.page == market.ordered[0].pay_url
        market.alibaba.pay_by_hand(market.ordered[0].trade_id, now=market.sides.now())
        market.live(bridge)
        assert told(bridge, first).purchases[0].payment is ob.Payment.PAID
        assert bridge.pay(other.purchase_order).payment is ob.Payment.PAID
        assert [payment.by for payment in market.alibaba.movements()] == ["hand", "api"]
        assert codes(bridge) == []


# --- 15 -------------------------------------------------------------------------------------------------


def test_placing_and_paying_are_two_different_steps(market: Market) -> None:
    """Placing and paying are two different steps."""
    bridge = market.bridge()
    order_id = market.sells(bridge, {MUG: 1}, hours=3)
    assert (market.ordered, market.paid) == ([], [])
    (placed,) = bridge.place(checkout=bridge.check_out(order_id).digest)
    market.live(bridge, 3)
    assert (len(market.ordered), market.paid) == (1, [])
    bridge.pay(placed.purchase_order)
    market.live(bridge, 3)
    assert (len(market.ordered), market.paid) == (1, [market.ordered[0].total])


def test_place_by_hand_and_pay_by_hand_is_the_default(market: Market) -> None:
    """Place by hand and pay by hand (the default)."""
    assert (ob.Policy().place, ob.Policy().pay) == (HAND, HAND)
    bridge = market.bridge()
    order_id = market.sells(bridge, {MUG: 1}, hours=6)
    assert (market.ordered, market.paid) == ([], [])
    with pytest.raises(ConfigurationError, match="check out first"):
        bridge.place(told(bridge, order_id).purchases[0].po.id)
    (placed,) = bridge.place(checkout=bridge.check_out(order_id).digest)
    market.live(bridge, 6)
    assert (len(market.ordered), market.paid) == (1, [])
    bridge.pay(placed.purchase_order)
    assert len(market.paid) == 1


def test_place_automatically_with_the_cheapest_shipping_and_pay_by_hand(market: Market) -> None:
    """Place automatically with the cheapest shipping and pay by hand."""
    bridge = market.bridge(ob.Policy(place=AUTO))
    order_id = market.sells(bridge, {MUG: 1}, hours=6)
    assert [order.carrier.code for order in market.ordered] == [STANDARD]
    assert market.paid == []
    bridge.pay(told(bridge, order_id).purchases[0].po.id)
    assert market.paid == [market.ordered[0].total]


def test_place_by_hand_choosing_the_shipping_and_pay_automatically(market: Market) -> None:
    """Place by hand (choosing the shipping) and pay automatically."""
    bridge = market.bridge(ob.Policy(pay=AUTO))
    order_id = market.sells(bridge, {MUG: 1}, hours=6)
    assert (market.ordered, market.paid) == ([], [])
    (record,) = told(bridge, order_id).purchases
    checkout = bridge.check_out(order_id, shipping={record.po.id: FEDEX})
    bridge.place(checkout=checkout.digest)
    market.live(bridge)
    assert [order.carrier.code for order in market.ordered] == [FEDEX]
    assert market.paid == [market.ordered[0].total]


def test_place_and_pay_automatically_only_paid_shop_orders_with_limits(market: Market) -> None:
    """Place and pay automatically (only paid shop orders, at the merchant's own risk: so with limits)."""
    policy = ob.Policy(
        take=ob.Take.ALL,
        place=AUTO,
        pay=AUTO,
        limit_per_order=(ob.Money.of("10.00", "USD"),),
        limit_per_day=(ob.Money.of("12.00", "USD"),),
    )
    status, settings = UNPAID["woocommerce"]
    bridge = market.bridge(policy, stores=[market.sides.store(**settings)])
    paid = market.sells(bridge, {MUG: 1}, hours=2)
    assert market.paid == [Decimal("5.73")]
    owing = market.sells(bridge, {MUG: 1}, hours=2, **status)
    large = market.sells(bridge, {MUG: 5}, hours=2)
    assert [told(bridge, each).purchases[0].payment.value for each in (paid, owing, large)] == [
        "PAID",
        "UNPAID",
        "UNPAID",
    ]
    assert len(market.ordered) == 3
    assert market.paid == [Decimal("5.73")]
    assert codes(bridge) == ["LIMIT"]


# --- 16 -------------------------------------------------------------------------------------------------


@pytest.fixture
def service(bridged: Bridged) -> Iterator[tuple[Market, ob.Bridge, ShopifySides, str]]:
    """A Shopify where the merchant has pressed Request fulfillment for two mugs of ours."""
    sides = ShopifySides()
    with market_of(bridged, sides) as market:
        ours = sides.shop.add_location("Bridge", service="bridge", ours=True)
        rarely = ob.Policy(pull_every=timedelta(hours=1))
        bridge = market.bridge(rarely, stores=[sides.store(service="bridge")])
        ref = sides.shop.place_order([Item(sku=f"AB-{MUG}", quantity=2, at=ours.id)], now=sides.now())
        market.live(bridge)
        (work,) = work_of(sides)
        sides.shop.request_by_hand(work, now=sides.now())
        market.live(bridge, 6)
        yield market, bridge, sides, f"shop/{ref}"


def shown(sides: ShopifySides) -> str:
    """What the shop's order page says of how far it is."""
    return fulfillment_status(order_of(sides))


def test_request_fulfillment_shows_in_progress_and_is_neither_placing_nor_paying(
    service: tuple[Market, ob.Bridge, ShopifySides, str],
) -> None:
    """For Shopify: the merchant may press Request fulfillment; the order shows In progress. That is neither
    placing nor paying."""
    market, bridge, sides, order_id = service
    assert shown(sides) == "IN_PROGRESS"
    assert (market.ordered, market.paid) == ([], [])
    assert told(bridge, order_id).tabs == (ob.Tab.TO_ORDER,)
    (placed,) = bridge.place(checkout=bridge.check_out(order_id).digest)
    assert (len(market.ordered), market.paid) == (1, [])
    bridge.pay(placed.purchase_order)
    market.live(bridge)
    assert (len(market.ordered), len(market.paid)) == (1, 1)
    assert shown(sides) == "IN_PROGRESS"


def test_after_shipping_the_shop_order_is_updated_again_and_again_until_delivered(
    service: tuple[Market, ob.Bridge, ShopifySides, str],
) -> None:
    """After shipping, the shop order is updated again and again until delivered."""
    market, bridge, sides, order_id = service
    (placed,) = bridge.place(checkout=bridge.check_out(order_id).digest)
    bridge.pay(placed.purchase_order)
    (order,) = market.ordered
    market.alibaba.work(now=sides.now())
    market.live(bridge, 2)
    market.alibaba.ship(order.trade_id, "FX1", now=sides.now())
    market.live(bridge, 2)
    assert (shown(sides), sides.shown(order_id)) == ("FULFILLED", ["FX1"])
    market.alibaba.renumber(order.trade_id, "FX1", "FX2", now=sides.now())
    market.live(bridge, 30)
    assert sides.shown(order_id) == ["FX2"]
    market.alibaba.scan(order.trade_id, "FX2", now=sides.now())
    market.live(bridge, 30)
    (gone,) = order_of(sides).fulfillments
    assert [event.status for event in gone.events] == ["DELIVERED"]
    assert told(bridge, order_id).purchases[0].fulfillment is ob.Fulfillment.DELIVERED
    assert codes(bridge) == []
