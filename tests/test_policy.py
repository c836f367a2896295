"""What the bridge may do by itself: windows, margins, blocked addresses, shipping rules, own policies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import orderbridge as ob
from both_sides import Sides
from mall_supplier import BUYER
from orderbridge import Fulfillment, Money, Policy, ShipBy, ShippingRule, Who
from orderbridge._shipping_rules import sold_for
from orderbridge.adapters import ShippingOption
from orderbridge.testing._journal_samples import a_purchase, an_order
from test_mall import PAYS, PLACES, Street, codes, purchases, street

AUTO = Who.AUTOMATIC


def sold(here: Street, policy: Policy, *, hours: float = 1.0, **changes: Any) -> tuple[ob.Bridge, str]:
    bridge = here.bridge(policy=policy, **changes)
    return bridge, here.sold(bridge, "a-1", hours=hours)


# --- the four modes ------------------------------------------------------------------------------


@pytest.mark.parametrize("place", Who)
@pytest.mark.parametrize("pay", Who)
def test_placing_and_paying_are_by_hand_or_automatic_each(place: Who, pay: Who) -> None:
    with street() as here:
        bridge, order_id = sold(here, Policy(place=place, pay=pay), buyer=BUYER)
        assert len(here.mall.orders) == (place is AUTO)
        if place is Who.BY_HAND:
            bridge.place(checkout=bridge.check_out(order_id).digest)
            here.sides.live(bridge)
        assert len(here.mall.payments) == (pay is AUTO)
        if pay is Who.BY_HAND:
            bridge.pay(purchases(bridge, order_id)[0].po.id)
        assert len(here.mall.payments) == 1


def test_automatic_paying_takes_only_what_the_shopper_has_paid() -> None:
    with street() as here:
        policy = attrs.evolve(PAYS, take=ob.Take.ALL)
        store = here.sides.store(ready_statuses=["pending", "processing"])
        bridge = here.bridge(policy=policy, buyer=BUYER, stores=[store])
        order_id = here.sides.sell({"RW-a-1": 1}, status="pending", date_paid=None)
        here.sides.live(bridge)
        assert here.mall.payments == []
        assert [p.fulfillment for p in purchases(bridge, order_id)] == [Fulfillment.PLACED]


# --- windows, margins, addresses -----------------------------------------------------------------


def test_nothing_is_placed_before_its_window_but_by_hand() -> None:
    with street() as here:
        bridge, order_id = sold(here, attrs.evolve(PLACES, place_after=timedelta(hours=6)), hours=5)
        (record,) = purchases(bridge, order_id)
        assert (here.mall.orders, record.waits) == ({}, "window")
        other = here.sold(bridge, "b-1", hours=0.6)
        bridge.place(checkout=bridge.check_out(other).digest)
        assert [order["units"] for order in here.mall.orders.values()] == [{"b-1": "1"}]
        here.sides.live(bridge, hours=2)
        assert len(here.mall.orders) == 2


@pytest.mark.parametrize(("price", "asked"), [("5", False), ("7.01", True)])
def test_what_leaves_too_little_is_not_ordered_before_a_person_accepts(price: str, asked: bool) -> None:
    with street() as here:
        here.mall.price, here.mall.fees = Decimal(price), {"slow": Decimal(2)}
        bridge, _ = sold(here, attrs.evolve(PLACES, margin=Decimal("0.1")))
        assert codes(bridge) == (["MARGIN"] if asked else [])
        assert len(here.mall.orders) == (not asked)
        if asked:
            (review,) = bridge.reviews()
            assert "10" in review.evidence
            bridge.resolve(review.id, "accept")
            here.sides.live(bridge)
            assert len(here.mall.orders) == 1
            assert codes(bridge) == []


@pytest.mark.parametrize(("rate", "ordered"), [(None, 0), (Decimal(1), 0), (Decimal("0.1"), 1)])
def test_a_price_in_another_currency_is_held_against_the_hosts_rate(
    rate: Decimal | None, ordered: int
) -> None:
    with street() as here:
        here.mall.currency = "USD"
        asked: list[tuple[str, str]] = []

        def rates(of: str, to: str) -> Decimal | None:
            asked.append((of, to))
            return rate

        bridge, _ = sold(here, attrs.evolve(PLACES, margin=Decimal("0.1")), rate=rates)
        assert len(here.mall.orders) == ordered
        assert set(asked) == {("USD", "EUR")}
        assert codes(bridge) == ([] if ordered else ["MARGIN"])


def test_the_price_of_a_bundle_is_that_of_its_parts_together() -> None:
    """Which part is worth how much of it nobody says: a purchase order of some of them has none of it."""
    euros = Money(Decimal(40), "EUR")
    nothing = Money.zero("EUR")

    def line(ref: str, quantity: int, total: Money, **more: Any) -> ob.Line:
        amount = Decimal(quantity)
        return ob.Line(
            ref=ref, quantity=amount, total=total, unit_price=total.each(amount), tax=nothing, **more
        )

    lines = (
        line("set", 2, euros, shippable=False),
        line("mug", 4, nothing, container="set"),
        line("lamp", 2, nothing, container="set"),
        line("book", 2, nothing, container="set", shippable=False),
        line("pen", 3, Money(Decimal(6), "EUR")),
    )
    order = attrs.evolve(an_order(), lines=lines)

    def price(**units: int) -> Decimal:
        parts = tuple(
            ob.PurchaseLine(line_ref=ref, remote_id=ref, quantity=Decimal(n), units=Decimal(n))
            for ref, n in units.items()
        )
        return sold_for(order, attrs.evolve(a_purchase().po, lines=parts)).amount

    assert price(mug=4, lamp=2) == 40
    assert price(mug=4, lamp=1, pen=1) == 22
    assert price(mug=4) == 0
    assert price(set=1) == 20
    assert price(pen=3) == 6


def two_linked(here: Street, first: str, second: str, **changes: Any) -> tuple[ob.Bridge, str]:
    """One of each of two products of one seller, linked at these costs, an empty one at none."""
    bridge = here.bridge(**changes)
    order_id = here.sides.sell({"NEW-1": 1, "NEW-2": 1})
    here.sides.live(bridge, hours=0.1)
    view = bridge.order(order_id)
    assert view is not None
    links = [
        ob.ProductLink(
            store="shop",
            key=line.link_key,
            supplier="mall",
            remote_id=f"a-{line.sku[-1]}",
            cost=Money.parse(cost) if cost else None,
        )
        for line, cost in zip(view.record.order.lines, (first, second), strict=True)
    ]
    for link in links:
        bridge.link(link)
    here.sides.live(bridge)
    return bridge, order_id


@pytest.mark.parametrize(
    ("first", "second", "asked"),
    [
        ("10 EUR", "10 EUR", []),
        ("10 EUR", "", ["no link says what a-2 costs"]),
        ("20 EUR", "", []),
        ("", "", []),
        ("10 EUR", "12.5 USD", []),
        ("10 EUR", "12.4 USD", ["its links say 19.92 EUR"]),
        ("10 EUR", "10 CHF", ["no exchange rate from CHF to EUR"]),
    ],
)
def test_prices_are_held_against_what_the_links_say_and_what_they_do_not_say_is_asked(
    first: str, second: str, asked: list[str]
) -> None:
    """The goods cost 20 EUR, and a dollar is 0.8 euros."""
    with street() as here:
        rates = {("USD", "EUR"): Decimal("0.8")}
        bridge, _ = two_linked(here, first, second, rate=lambda *pair: rates.get(pair))
        assert codes(bridge) == ["PRICE"] * len(asked)
        assert len(here.mall.orders) == (not asked)
        for review, words in zip(bridge.reviews(), asked, strict=True):
            assert words in review.evidence


@pytest.mark.parametrize(
    ("first", "second", "asked"),
    [
        ("4 EUR", "4 EUR", ""),
        ("4 EUR", "", "no link says what 102 costs"),
        ("19 EUR", "", "costs 19.00 EUR"),
        ("", "", ""),
        ("4 EUR", "5 USD", ""),
        ("4 EUR", "20 USD", "costs 20.00 EUR"),
        ("4 EUR", "4 CHF", "no exchange rate from CHF to EUR"),
    ],
)
def test_a_margin_is_judged_by_the_links_where_no_price_is_asked(first: str, second: str, asked: str) -> None:
    """Sold for 20 EUR together; a tenth is to be left, and a dollar is 0.8 euros."""
    with Sides() as sides:
        depot = ob.supplier("depot", platform="offline", settings={"title": "Main"})
        rates = {("USD", "EUR"): Decimal("0.8")}
        policy = attrs.evolve(PLACES, margin=Decimal("0.1"))
        bridge = sides.bridge(suppliers=[depot], rules=(), policy=policy, rate=lambda *pair: rates.get(pair))
        for name, cost in (("101", first), ("102", second)):
            bridge.link(
                ob.ProductLink(
                    store="shop",
                    key=f"sku:NEW-{name}",
                    supplier="depot",
                    remote_id=name,
                    cost=Money.parse(cost) if cost else None,
                )
            )
        order_id = sides.sell({"NEW-101": 1, "NEW-102": 1})
        sides.live(bridge)
        assert codes(bridge) == (["MARGIN"] if asked else [])
        (record,) = purchases(bridge, order_id)
        assert (record.fulfillment is Fulfillment.PLACED) is not bool(asked)
        assert not asked or asked in bridge.reviews()[0].evidence


@pytest.mark.parametrize(
    ("changes", "blocked"),
    [
        ({"blocked_countries": frozenset({"PL"})}, True),
        ({"blocked_countries": frozenset({"AQ"})}, False),
        ({"blocked_addresses": ("nobody at all",)}, False),
    ],
)
def test_blocked_orders_are_asked_about_before_anything_is_sent(
    changes: dict[str, Any], blocked: bool
) -> None:
    with street() as here:
        bridge, order_id = sold(here, attrs.evolve(PLACES, **changes))
        assert len(here.mall.orders) == (not blocked)
        assert codes(bridge) == (["BLOCKED"] if blocked else [])
        if blocked:
            bridge.place(checkout=bridge.check_out(order_id).digest)
            here.sides.live(bridge)
            assert here.mall.orders == {}


def test_a_blocked_address_is_found_however_it_is_written_and_not_repeated() -> None:
    policy = Policy(blocked_addresses=("Main  ST. 1",))
    why = policy.blocks(ob.Address(name="Jo", line1="at main st.1", country="IT"))
    assert why
    assert "main" not in why.lower()
    assert policy.blocks(ob.Address(line1="Elm St. 1", country="IT")) == ""


# --- shipping ------------------------------------------------------------------------------------


def test_the_fastest_is_taken_or_a_person_chooses() -> None:
    with street() as here:
        bridge = here.bridge(policy=attrs.evolve(PLACES, ship_by=ShipBy.BY_HAND))
        order_id = here.sold(bridge, "a-1")
        (record,) = purchases(bridge, order_id)
        assert (record.waits, here.mall.orders) == ("shipping", {})
        assert record.quote is not None
        assert {option.code for option in record.quote.options} == {"slow", "fast"}


def options(*found: tuple[str, str, tuple[int, int] | None]) -> tuple[ShippingOption, ...]:
    return tuple(
        ShippingOption(code=code, title=code.title(), price=Money.of(price, "EUR"), days=days)
        for code, price, days in found
    )


OFFERED = options(("post", "3", (5, 9)), ("courier", "8", (1, 2)), ("ship", "1", None))


def bought(**changes: Any) -> tuple[ob.Order, ob.PurchaseOrder]:
    line = ob.Line(
        ref="1",
        quantity=Decimal(2),
        unit_price=Money.of(10, "EUR"),
        total=Money.of(20, "EUR"),
        tax=Money.of(0, "EUR"),
        weight=changes.pop("weight", Decimal("1.5")),
    )
    when = datetime(2026, 1, 1, tzinfo=UTC)
    order = ob.Order(
        store="shop",
        ref="7",
        number="7",
        placed_at=when,
        updated_at=when,
        currency="EUR",
        payment=ob.StorePayment.PAID,
        ready=True,
        lines=(line,),
        shipping=(ob.ShippingChoice(code="flat", title="Express 24h", total=Money.of(5, "EUR")),),
        total=Money.of(25, "EUR"),
    )
    part = ob.PurchaseLine(line_ref="1", remote_id="x", quantity=Decimal(2), units=Decimal(2))
    po = ob.PurchaseOrder(
        id="shop/7/mall/1",
        order_id="shop/7",
        order_ref="7",
        order_number="7",
        store="shop",
        supplier="mall",
        reference="r",
        lines=(part,),
        ship_to=ob.Address(country=changes.pop("country", "IT")),
        placed_at=when,
    )
    assert not changes
    return order, po


@pytest.mark.parametrize(
    ("rule", "takes"),
    [
        (ShippingRule(carrier="COURIER"), "courier"),
        (ShippingRule(carrier="pigeon"), "ship"),
        (ShippingRule(max_days=9), "post"),
        (ShippingRule(max_days=2), "courier"),
        (ShippingRule(carrier="post", countries=frozenset({"FR"})), "ship"),
        (ShippingRule(carrier="post", countries=frozenset({"IT"})), "post"),
        (ShippingRule(carrier="post", suppliers=frozenset({"other"})), "ship"),
        (ShippingRule(carrier="courier", shop_method="express"), "courier"),
        (ShippingRule(carrier="courier", shop_method="pick-up"), "ship"),
        (ShippingRule(carrier="post", min_total=Money.of(20, "EUR")), "post"),
        (ShippingRule(carrier="post", max_total=Money.of("19.99", "EUR")), "ship"),
        (ShippingRule(carrier="post", min_total=Money.of(1, "USD")), "ship"),
        (ShippingRule(carrier="post", min_weight=Decimal(3)), "post"),
        (ShippingRule(carrier="post", max_weight=Decimal("2.9")), "ship"),
    ],
)
def test_the_first_rule_that_fits_and_finds_one_names_the_way(rule: ShippingRule, takes: str) -> None:
    order, po = bought()
    found = Policy(shipping=(rule,)).choose(order, po, a_quote())
    assert found is not None
    assert found.code == takes


def a_quote() -> Any:
    from orderbridge.adapters import Quote

    return Quote(goods=Money.of(10, "EUR"), options=OFFERED)


def test_a_weight_that_nobody_knows_fits_no_rule_about_weights() -> None:
    order, po = bought(weight=None)
    found = Policy(shipping=(ShippingRule(carrier="post", min_weight=Decimal(0)),)).choose(
        order, po, a_quote()
    )
    assert found is not None
    assert found.code == "ship"


def test_what_was_chosen_before_stays_chosen() -> None:
    order, po = bought()
    found = Policy(ship_by=ShipBy.FASTEST).choose(order, attrs.evolve(po, carrier="post"), a_quote())
    assert found is not None
    assert found.code == "post"
    fastest = Policy(ship_by=ShipBy.FASTEST).choose(order, po, a_quote())
    assert fastest is not None
    assert fastest.code == "courier"


# --- policies of accounts ------------------------------------------------------------------------


def test_a_supplier_with_a_policy_of_its_own_is_placed_by_it() -> None:
    with street() as here:
        url = {"base_url": here.url}
        account = ob.supplier("mall", platform="mall", settings=url, policy=PLACES)
        bridge = here.bridge(policy=Policy(), suppliers=[account])
        here.sold(bridge, "a-1")
        assert len(here.mall.orders) == 1


POLICIES = st.builds(
    Policy,
    place=st.sampled_from(Who),
    pay=st.sampled_from(Who),
    reserve=st.booleans(),
    price_drift=st.sampled_from([Decimal(0), Decimal("0.1")]),
    margin=st.sampled_from([None, Decimal("0.1"), Decimal("0.3")]),
    place_after=st.sampled_from([timedelta(0), timedelta(hours=1)]),
    limit_per_order=st.sampled_from([(), (Money.of(10, "EUR"),), (Money.of(20, "EUR"), Money.of(5, "USD"))]),
    blocked_countries=st.sampled_from([frozenset[str](), frozenset({"IT"})]),
)


@given(POLICIES, POLICIES, st.sampled_from(["EUR", "USD"]), st.integers(1, 30))
def test_two_policies_together_allow_nothing_that_one_of_them_does_not(
    store: Policy, supplier: Policy, currency: str, amount: int
) -> None:
    joined = Policy().joined(store, supplier)
    both = (store, supplier)
    assert (joined.place is AUTO) == all(each.place is AUTO for each in both)
    assert (joined.pay is AUTO) == all(each.pay is AUTO for each in both)
    money = Money.of(amount, currency)
    allowed = [not each.over_limit(money, spent_today=Money.zero(currency)) for each in both]
    assert (not joined.over_limit(money, spent_today=Money.zero(currency))) == all(allowed)
    to = ob.Address(country="IT")
    assert bool(joined.blocks(to)) == any(each.blocks(to) for each in both)
    assert joined.margin == max((m for each in both if (m := each.margin) is not None), default=None)
    agreed = Money.of(100, "EUR")
    for asked in (Money.of(100, "EUR"), Money.of(105, "EUR"), Money.of(111, "EUR")):
        assert joined.too_dear(asked, agreed) == any(each.too_dear(asked, agreed) for each in both)


def test_the_bridges_own_limits_hold_whatever_an_account_allows() -> None:
    with street() as here:
        allows = attrs.evolve(PAYS, limit_per_order=(Money.of(1000, "EUR"),))
        account = ob.supplier("mall", platform="mall", settings={"base_url": here.url}, policy=allows)
        bridge = here.bridge(
            policy=Policy(limit_per_order=(Money.of(5, "EUR"),)), suppliers=[account], buyer=BUYER
        )
        order_id = here.sold(bridge, "a-1")
        assert here.mall.payments == []
        assert codes(bridge) == ["LIMIT"]
        assert purchases(bridge, order_id)[0].fulfillment is Fulfillment.PLACED


@pytest.mark.parametrize(
    ("field", "value"),
    [("ship_by", "CHEAPEST"), ("place_after", 5), ("price_drift", Decimal(-1)), ("price_drift", 0.1)],
)
def test_what_would_have_to_be_guessed_is_refused(field: str, value: object) -> None:
    given_values: Mapping[str, Any] = {field: value}
    with pytest.raises(ob.ConfigurationError, match=field):
        Policy(**given_values)
