"""A merchant's money: policies and their guards, checkout, packaging and cards, to the suppliers' ledgers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest

import orderbridge as ob
from at_alibaba import BLUE, FEDEX, LAMP, MUG, STANDARD, Market, market_of
from both_sides import PrestaShopSides, Sides, codes
from brief import Bridged, told
from mall_supplier import Mall
from orderbridge import Money, Policy, ReviewCode, ShippingRule, Who
from orderbridge.errors import ConfigurationError
from orderbridge.sandbox.prestashop import Item

HAND, AUTO = Who.BY_HAND, Who.AUTOMATIC
PLACES, PAYS = Policy(place=AUTO), Policy(place=AUTO, pay=AUTO)
MODES = {
    "place by hand and pay by hand": Policy(),
    "place automatically, pay by hand": PLACES,
    "place by hand, pay automatically": Policy(pay=AUTO),
    "place and pay automatically": PAYS,
}


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


@pytest.fixture
def market(bridged: Bridged) -> Iterator[Market]:
    with market_of(bridged, Sides()) as made:
        yield made


@pytest.fixture(params=MODES.values(), ids=list(MODES))
def mode(request: pytest.FixtureRequest) -> Policy:
    policy: Policy = request.param
    return policy


def everybody_works(market: Market, bridge: ob.Bridge, order_id: str) -> None:
    """The bridge does what is automatic; people order and pay all the rest, if they are let."""
    market.live(bridge, 0.5)
    with suppress(ConfigurationError):
        bridge.place(checkout=bridge.check_out(order_id).digest)
    market.live(bridge, 0.5)
    for record in told(bridge, order_id).purchases:
        if record.payment is not ob.Payment.PAID:
            with suppress(ConfigurationError):
                bridge.pay(record.po.id)
    market.live(bridge, 0.5)


def spent(market: Market) -> tuple[int, list[Decimal]]:
    """How many orders stand at the supplier, and each time that money moved."""
    return len(market.ordered), market.paid


# --- 2: the four modes, and what each guard keeps back in all of them --------------------------------------


def test_the_four_modes_say_who_places_and_who_pays(market: Market, mode: Policy) -> None:
    """Place by hand or automatically; pay by hand or automatically: the four modes."""
    bridge = market.bridge(mode)
    order_id = market.sells(bridge, {MUG: 1}, hours=6)
    assert len(market.ordered) == (mode.place is AUTO)
    if mode.place is HAND:
        bridge.place(checkout=bridge.check_out(order_id).digest)
    market.live(bridge, 6)
    assert (len(market.ordered), len(market.paid)) == (1, mode.pay is AUTO)
    if mode.pay is HAND:
        bridge.pay(told(bridge, order_id).purchases[0].po.id)
    assert spent(market) == (1, [Decimal("5.73")])


def test_a_switch_stops_all_money_at_once(market: Market, mode: Policy) -> None:
    """A switch that stops all money at once."""
    bridge = market.bridge(mode)
    bridge.stop_money(reason="the prices look wrong")
    order_id = market.sells(bridge, {MUG: 1})
    everybody_works(market, bridge, order_id)
    assert spent(market) == (0, [])
    bridge.allow_money()
    everybody_works(market, bridge, order_id)
    assert spent(market) == (1, [Decimal("5.73")])


def test_a_limit_per_order_keeps_money_back_until_it_is_raised(market: Market, mode: Policy) -> None:
    """Limits per order."""
    accounts = {"alibaba": market.account(policy=attrs.evolve(mode, limit_per_order=(usd("5.72"),)))}
    bridge = market.bridge(suppliers=accounts)
    order_id = market.sells(bridge, {MUG: 1})
    everybody_works(market, bridge, order_id)
    assert spent(market) == (1, [])
    (review,) = bridge.reviews()
    assert review.code is ReviewCode.LIMIT
    assert "would be over 5.72 USD" in review.evidence
    accounts["alibaba"] = market.account(policy=attrs.evolve(mode, limit_per_order=(usd("5.73"),)))
    bridge.reopen("alibaba")
    everybody_works(market, bridge, order_id)
    assert spent(market) == (1, [Decimal("5.73")])
    assert codes(bridge) == []


def test_what_a_person_has_paid_at_the_suppliers_page_is_asked_about_no_more(market: Market) -> None:
    """Limits per order: a person who pays there by hand has decided."""
    bridge = market.bridge(attrs.evolve(PAYS, limit_per_order=(usd("5.72"),)))
    order_id = market.sells(bridge, {MUG: 1})
    assert (spent(market), codes(bridge)) == ((1, []), ["LIMIT"])
    market.alibaba.pay_by_hand(market.ordered[0].trade_id, now=market.sides.now())
    market.live(bridge, 6)
    assert told(bridge, order_id).purchases[0].payment is ob.Payment.PAID
    assert (spent(market), codes(bridge)) == ((1, [Decimal("5.73")]), [])


def test_a_limit_per_rolling_24_hours_lets_go_when_they_have_passed(market: Market, mode: Policy) -> None:
    """Limits per rolling 24 hours."""
    rarely = attrs.evolve(mode, pull_every=timedelta(hours=6), report_progress=False)
    bridge = market.bridge(attrs.evolve(rarely, limit_per_day=(usd("11.45"),)))
    for _ in range(2):
        order_id = market.sells(bridge, {MUG: 1})
        bridge.pull("shop")
        everybody_works(market, bridge, order_id)
    assert spent(market) == (2, [Decimal("5.73")])
    assert codes(bridge) == ["LIMIT"]
    market.live(bridge, 12)
    assert len(market.paid) == 1
    market.live(bridge, 14)
    everybody_works(market, bridge, order_id)
    assert spent(market) == (2, [Decimal("5.73")] * 2)
    assert codes(bridge) == []


def test_a_margin_floor_asks_a_person_by_the_embedders_exchange_rate(market: Market, mode: Policy) -> None:
    """Margin floor (with the embedder's exchange rates)."""
    rates = {("USD", "EUR"): Decimal("1.58")}  # 5.73 USD are 9.05 EUR, of the 10 EUR that the mug is sold for
    floor = attrs.evolve(mode, margin=Decimal("0.1"))
    bridge = market.bridge(floor, rate=lambda of, to: rates.get((of, to)))
    order_id = market.sells(bridge, {MUG: 1})
    everybody_works(market, bridge, order_id)
    assert spent(market) == (0, [])
    review = market.held_back(bridge, order_id, ReviewCode.MARGIN)
    bridge.resolve(review.id, "accept")
    everybody_works(market, bridge, order_id)
    assert spent(market) == (1, [Decimal("5.73")])
    rates["USD", "EUR"] = Decimal("1.57")  # 9.00 EUR: just enough is left
    everybody_works(market, bridge, market.sells(bridge, {MUG: 1}))
    assert len(market.paid) == 2


def test_a_price_that_drifted_is_not_paid_before_a_person_accepts_it(market: Market, mode: Policy) -> None:
    """Price drift."""
    market.plan.before("POST", "/order/create", lambda: market.dearer(MUG, "1.26"))
    bridge = market.bridge(attrs.evolve(mode, price_drift=Decimal("0.01")))
    order_id = market.sells(bridge, {MUG: 1})
    everybody_works(market, bridge, order_id)
    assert spent(market) == (1, [])
    (review,) = bridge.reviews()
    assert review.code is ReviewCode.PRICE
    assert "5.73 USD was agreed" in review.evidence
    bridge.resolve(review.id, "accept")
    everybody_works(market, bridge, order_id)
    assert spent(market) == (1, [Decimal("5.79")])


def test_blocked_countries_or_addresses_are_asked_about_before_anything_is_ordered(
    market: Market, mode: Policy
) -> None:
    """Blocked countries or addresses."""
    blocks = attrs.evolve(mode, blocked_countries=frozenset({"IT"}), blocked_addresses=("main st. 1",))
    bridge = market.bridge(blocks)
    for address in (ITALY, {"address_1": "Main St. 1"}):
        order_id = market.sells(bridge, {MUG: 1}, shipping=address)
        everybody_works(market, bridge, order_id)
        assert spent(market) == (0, [])
        blocked = market.held_back(bridge, order_id, ReviewCode.BLOCKED)
    bridge.resolve(blocked.id, "accept")
    everybody_works(market, bridge, order_id)
    assert spent(market) == (1, [Decimal("5.73")])


# --- 2: the rest of the policy ------------------------------------------------------------------------------


def test_limits_are_per_owner(market: Market) -> None:
    """Limits per order and per rolling 24 hours, per currency and owner."""
    other, others = market.another_shop("other", owner="bob")
    stores = [attrs.evolve(market.sides.store(), owner="ann"), other]
    bridge = market.bridge(attrs.evolve(PAYS, limit_per_day=(usd("6.00"),)), stores=stores)
    market.sells(bridge, {MUG: 1})
    market.sells(bridge, {MUG: 1}, hours=2)
    assert spent(market) == (2, [Decimal("5.73")])
    others.place_order([a_mug()], now=market.sides.now())
    market.live(bridge, 2)
    assert spent(market) == (3, [Decimal("5.73")] * 2)
    assert [len(bridge.reviews(owner=owner)) for owner in ("ann", "bob")] == [1, 0]


def test_with_a_limit_in_one_currency_no_other_currency_moves(market: Market) -> None:
    """Limits per order and per rolling 24 hours, per currency and owner."""
    bridge = market.bridge(attrs.evolve(PAYS, limit_per_order=(Money.of(1000, "EUR"),)))
    market.sells(bridge, {MUG: 1}, hours=2)
    assert spent(market) == (1, [])
    assert "no limit per order is set for USD" in bridge.reviews()[0].evidence


def test_policies_are_per_store_and_per_supplier_and_a_step_is_automatic_only_if_both_say_so(
    market: Market,
) -> None:
    """Policy, per store and per supplier."""
    careful, at_careful = market.another_shop("careful", policy=Policy())
    daring, at_daring = market.another_shop("daring")
    places = attrs.evolve(market.sides.store(), policy=PLACES)
    bridge = market.bridge(suppliers=[market.account(policy=PAYS)], stores=[places, careful, daring])
    at_careful.place_order([a_mug()], now=market.sides.now())
    market.live(bridge)
    assert spent(market) == (0, [])
    market.sells(bridge, {MUG: 1}, hours=1)
    assert spent(market) == (1, [])
    at_daring.place_order([a_mug()], now=market.sides.now())
    market.live(bridge)
    assert spent(market) == (2, [Decimal("5.73")])


def a_mug() -> dict[str, Any]:
    """What a WooCommerce shop writes down for one."""
    return {"sku": f"AB-{MUG}", "quantity": 1, "price": "10.00"}


def test_only_what_is_unfulfilled_is_ordered(market: Market) -> None:
    """Take PAID or ALL, unfulfilled only."""
    bridge = market.bridge(PLACES)
    sold = market.sides.sell({f"AB-{MUG}": 3, f"AB-{BLUE}": 1})
    ref = int(sold.partition("/")[2])
    mug = market.sides.shop.order(ref)["line_items"][0]["id"]
    market.sides.shop.refund(
        ref, now=market.sides.now(), lines=[{"id": mug, "quantity": 3, "refund_total": "30.00"}]
    )
    market.sells(bridge, {LAMP: 1}, status="completed")
    market.live(bridge)
    assert [list(order.units.values()) for order in market.ordered] == [[1]]
    assert list(market.ordered[0].units) == [tuple(BLUE.split(":"))]


def test_automatic_paying_takes_only_paid_orders(market: Market) -> None:
    """Automatic paying takes only paid orders."""
    store = market.sides.store(ready_statuses=["on-hold", "processing"])
    bridge = market.bridge(attrs.evolve(PAYS, take=ob.Take.ALL), stores=[store])
    order_id = market.sells(bridge, {MUG: 1}, hours=3, status="on-hold", date_paid=None)
    assert spent(market) == (1, [])
    market.sides.shop.put_status(int(order_id.partition("/")[2]), "processing", market.sides.now())
    market.live(bridge, 6)
    assert spent(market) == (1, [Decimal("5.73")])


def test_in_the_hold_window_nothing_is_placed_but_by_hand(market: Market) -> None:
    """Hold window."""
    bridge = market.bridge(attrs.evolve(PLACES, place_after=timedelta(hours=6)))
    market.sells(bridge, {MUG: 1}, hours=5)
    assert market.ordered == []
    urgent = market.sells(bridge, {LAMP: 1})
    bridge.place(checkout=bridge.check_out(urgent).digest)
    assert [order.company for order in market.ordered] == ["Lamp Company"]
    market.live(bridge, 2)
    assert [order.company for order in market.ordered] == ["Lamp Company", "Mug Company"]


EXPRESS = [{"method_id": "flat_rate", "method_title": "Express 24h", "total": "5.00", "total_tax": "0.00"}]
ITALY = {"country": "IT", "state": "MI", "city": "Milano", "postcode": "20121"}


@pytest.mark.parametrize(
    ("rule", "fits", "fits_not"),
    [
        (ShippingRule(carrier=FEDEX, countries=frozenset({"IT"})), {"shipping": ITALY}, {}),
        (ShippingRule(carrier=FEDEX, shop_method="express"), {"shipping_lines": EXPRESS}, {}),
        (ShippingRule(carrier=FEDEX, min_total=Money.of(20, "EUR")), {"units": 2}, {"units": 1}),
        (ShippingRule(carrier=FEDEX, suppliers=frozenset({"alibaba"})), {}, None),
        (ShippingRule(max_days=8), {}, None),
        (ShippingRule(carrier=FEDEX, suppliers=frozenset({"another"})), None, {}),
    ],
    ids=["country", "method the shopper chose", "price", "supplier", "delivery time", "another supplier"],
)
def test_shipping_goes_by_rules_and_else_the_cheapest_way(
    market: Market, rule: ShippingRule, fits: dict[str, Any] | None, fits_not: dict[str, Any] | None
) -> None:
    """Shipping cheapest, or by rules (country, weight, price, method the shopper chose, supplier, delivery
    time)."""
    bridge = market.bridge(attrs.evolve(PLACES, shipping=(rule,)))
    for order in (fits, fits_not):
        if order is not None:
            market.sells(bridge, {MUG: order.get("units", 1)}, **{k: order[k] for k in order if k != "units"})
    wanted = [FEDEX] * (fits is not None) + [STANDARD] * (fits_not is not None)
    assert [order.carrier.code for order in market.ordered] == wanted


def test_shipping_goes_by_weight_where_the_shop_says_it(bridged: Bridged) -> None:
    """Shipping by rules (weight)."""
    with market_of(bridged, PrestaShopSides()) as market:
        rule = ShippingRule(carrier=FEDEX, min_weight=Decimal(1))
        bridge = market.bridge(attrs.evolve(PLACES, shipping=(rule,)))
        for weight in ("0.400", "1.100"):
            mug = Item(reference=f"AB-{MUG}", weight=weight)
            market.sides.shop.place_order([mug], now=market.sides.now())
            market.live(bridge, 0.2)
        assert [order.carrier.code for order in market.ordered] == [STANDARD, FEDEX]


def test_shipping_is_chosen_by_hand_where_the_policy_says_so(market: Market) -> None:
    """Shipping by hand."""
    bridge = market.bridge(attrs.evolve(PLACES, ship_by=ob.ShipBy.BY_HAND))
    order_id = market.sells(bridge, {MUG: 1}, hours=3)
    (record,) = told(bridge, order_id).purchases
    assert (market.ordered, record.waits) == ([], "shipping")
    assert "a person is to choose how it is sent" in bridge.check_out(order_id).items[0].against
    chosen = bridge.check_out(order_id, shipping={record.po.id: FEDEX})
    bridge.place(checkout=chosen.digest)
    assert [order.carrier.code for order in market.ordered] == [FEDEX]


# --- 3: checkout --------------------------------------------------------------------------------------------


def with_rewix(market: Market, **parts: Any) -> tuple[ob.Bridge, str]:
    """An order of a mug from Alibaba and a bag from Rewix, whose link says what it costs."""
    market.sides.warehouse.prices = {"100": Decimal("4.00")}
    bridge = market.bridge(suppliers=[market.account(), market.sides.supplier()], **parts)
    bag = ob.ProductLink(
        store="shop", key="sku:BAG", supplier="rewix", remote_id="100", cost=Money.of("4.00", "EUR")
    )
    bridge.link(bag)
    order_id = market.sides.sell({f"AB-{MUG}": 1, "BAG": 1})
    market.live(bridge, 0.5)
    return bridge, order_id


def test_one_summary_of_selected_orders(market: Market) -> None:
    """Checkout: select orders, get one summary: per purchase order the shipping options with prices and
    times, packaging and cards, totals by currency, what stands against it."""
    bridge, first = with_rewix(market, packing=[ob.PackingRule(packing="a card")])
    second = market.sells(bridge, {LAMP: 1})
    bridge.hold(second)
    checkout = bridge.check_out(first, second)
    mug, bag, lamp = checkout.items
    offered = [(option.title, option.price, option.days) for option in mug.options]
    assert offered == [("FedEx IE", usd("19.10"), (5, 8)), ("Standard", usd("4.53"), (10, 15))]
    assert [(item.supplier, item.goods, item.total) for item in (mug, bag, lamp)] == [
        ("alibaba", usd("1.20"), usd("5.73")),
        ("rewix", Money.of("4.00", "EUR"), Money.of("4.00", "EUR")),
        ("alibaba", usd("2.50"), usd("7.03")),
    ]
    assert checkout.totals == (Money.of("4.00", "EUR"), usd("12.76"))
    assert mug.packing == bag.packing == lamp.packing == ("a card",)
    assert (mug.against, bag.against, lamp.against) == ((), (), ("the order is held",))
    assert spent(market) == (0, [])


def test_place_must_carry_the_digest_before_it_expires_and_only_as_it_was_shown(market: Market) -> None:
    """With a digest and an expiry that place must carry."""
    bridge = market.bridge()
    order_id = market.sells(bridge, {MUG: 2})
    (record,) = told(bridge, order_id).purchases
    with pytest.raises(ConfigurationError, match="check out first"):
        bridge.place(record.po.id)
    late = bridge.check_out(order_id)
    market.live(bridge, (late.expires_at - market.sides.now()).total_seconds() / 3600 + 0.1)
    with pytest.raises(ConfigurationError, match="was good until"):
        bridge.place(checkout=late.digest)
    overtaken = bridge.check_out(order_id)
    market.give_back(order_id, units=1)
    market.live(bridge, 0.2)
    with pytest.raises(ConfigurationError, match="changed since"):
        bridge.place(checkout=overtaken.digest)
    assert spent(market) == (0, [])
    bridge.place(checkout=bridge.check_out(order_id).digest)
    assert [list(order.units.values()) for order in market.ordered] == [[1]]


def test_then_place_then_pay_each_answer_with_links(bridged: Bridged) -> None:
    """Then place, then pay, each answer with links (supplier's order page, page to pay at)."""
    with market_of(bridged, Sides(), paid_before=False) as market:
        bridge, order_id = with_rewix(market)
        pages = {
            page.purchase_order: page for page in bridge.place(checkout=bridge.check_out(order_id).digest)
        }
        mug, bag = (pages[f"{order_id}/{supplier}/1"] for supplier in ("alibaba", "rewix"))
        (order,) = market.ordered
        assert order.trade_id in mug.order_page
        assert bag.page == market.sides.warehouse_url
        paying = bridge.pay(mug.purchase_order)
        assert (paying.page, order.trade_id in paying.order_page) == (order.pay_url, True)
        assert bridge.pay(bag.purchase_order).page == market.sides.warehouse_url
        assert market.paid == []


# --- 5: packaging and cards ---------------------------------------------------------------------------------


def test_packaging_and_cards_by_product_shop_or_order_are_added_by_themselves(market: Market) -> None:
    """Packaging and cards by product, shop, or order rule, added by themselves."""
    other, others = market.another_shop("other")
    rules = [
        ob.PackingRule(packing="red box", sku_prefix=f"AB-{MUG}"),
        ob.PackingRule(packing="our card", stores=frozenset({"shop"})),
        ob.PackingRule(packing="a sample", min_total=Money.of(30, "EUR")),
    ]
    bridge = market.bridge(PLACES, packing=rules, stores=[market.sides.store(), other])
    market.sells(bridge, {MUG: 1})
    market.sells(bridge, {LAMP: 3})
    others.place_order([a_mug()], now=market.sides.now())
    market.live(bridge)
    remarks = [order.remark.partition(" ")[2] for order in market.ordered]
    assert remarks == ["red box our card", "our card a sample", "red box"]
    assert codes(bridge) == []


def test_packaging_is_sent_natively_where_a_supplier_can_else_as_a_remark_or_a_review(
    bridged: Bridged,
) -> None:
    """Sent natively where a supplier can, else as a remark or review."""
    with Sides() as sides:
        mall = Mall()
        suppliers = [
            ob.supplier("depot", platform="offline", settings={"title": "Main warehouse"}),
            ob.supplier("mall", platform="mall", settings={"base_url": sides.serve(mall)}),
            sides.supplier(),
        ]
        rules = [ob.SkuPrefix(prefix=f"{each.name}-", supplier=each.name) for each in suppliers]
        card = ob.PackingRule(packing="a card")
        bridge = bridged(sides, suppliers=suppliers, rules=rules, policy=PLACES, packing=[card])
        order_id = sides.sell({"depot-7": 1, "rewix-100": 1, "mall-a-1": 1})
        sides.live(bridge)
        (row,) = csv.DictReader(io.StringIO(paper_of(bridge, f"{order_id}/depot/1")))
        assert row["packing"] == "a card"
        (at_rewix,) = sides.warehouse.orders
        assert "a card" in at_rewix.recipient["notes"]
        assert len(mall.orders) == 1
        (review,) = bridge.reviews()
        assert (review.code, review.about) == (ReviewCode.PACKING, f"{order_id}/mall/1")
        assert "a card" in review.evidence
        bridge.resolve(review.id, "ignore")
        assert codes(bridge) == []


def paper_of(bridge: ob.Bridge, po_id: str) -> str:
    """The table that goes to people who pack."""
    return bridge.documents(po_id)[0].body.decode("utf-8-sig")
