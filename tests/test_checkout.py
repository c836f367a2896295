"""Checkout: what a person is shown, and that exactly that is placed; packaging and cards."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest

import orderbridge as ob
from both_sides import Sides, a_warehouse, codes
from mall_supplier import BUYER
from orderbridge import Fulfillment, Money, PackingRule, Payment, Policy, ShipBy
from orderbridge._clockwork import Clockwork
from orderbridge.errors import ConfigurationError
from test_mall import PLACES, Street, purchases, street

BY_HAND = Policy()


def waiting(here: Street, *remote_ids: str, **changes: Any) -> tuple[ob.Bridge, str]:
    bridge = here.bridge(**{"policy": BY_HAND, **changes})
    return bridge, here.sold(bridge, *remote_ids)


def test_products_of_several_sellers_are_separate_orders_with_their_own_shipping_and_payment() -> None:
    with street() as here:
        bridge, order_id = waiting(here, "a-1", "b-1", "a-2")
        checkout = bridge.check_out(order_id)
        assert [(item.part, str(item.goods), str(item.total)) for item in checkout.items] == [
            ("a", "20 EUR", "22 EUR"),
            ("b", "10 EUR", "12 EUR"),
        ]
        assert [str(total) for total in checkout.totals] == ["34 EUR"]
        assert all(item.against == () for item in checkout.items)
        assert {option.code for item in checkout.items for option in item.options} == {"slow", "fast"}
        pages = bridge.place(checkout=checkout.digest)
        assert [page.fulfillment for page in pages] == [Fulfillment.PLACED] * 2
        assert here.mall.payments == []
        first = bridge.pay(pages[0].purchase_order, buyer=BUYER)
        assert first.payment is Payment.PAID
        assert len(here.mall.payments) == 1


def test_looking_places_nothing_and_agrees_to_nothing() -> None:
    with street() as here:
        bridge, order_id = waiting(here, "a-1")
        bridge.check_out(order_id)
        here.mall.price = Decimal(50)
        here.sides.live(bridge, hours=2)
        assert here.mall.orders == {}
        assert codes(bridge) == []
        assert [str(total) for total in bridge.check_out(order_id).totals] == ["52 EUR"]


def test_a_person_chooses_how_it_is_sent() -> None:
    with street() as here:
        bridge, order_id = waiting(here, "a-1", policy=Policy(ship_by=ShipBy.BY_HAND))
        undecided = bridge.check_out(order_id)
        (item,) = undecided.items
        assert (item.shipping, item.against) == (None, ("a person is to choose how it is sent",))
        with pytest.raises(ConfigurationError, match="nobody has chosen"):
            bridge.place(checkout=undecided.digest)
        with pytest.raises(ConfigurationError, match="pigeon"):
            bridge.check_out(order_id, shipping={item.purchase_order: "pigeon"})
        with pytest.raises(ConfigurationError, match="none of what is checked out"):
            bridge.check_out(order_id, shipping={"shop/9/mall/1": "fast"})
        checkout = bridge.check_out(order_id, shipping={item.purchase_order: "fast"})
        assert str(checkout.items[0].total) == "15 EUR"
        bridge.place(checkout=checkout.digest)
        assert here.mall.orders["M1"]["carrier"] == "fast"


def test_a_checkout_expires() -> None:
    with street() as here:
        bridge, order_id = waiting(here, "a-1")
        checkout = bridge.check_out(order_id)
        assert checkout.expires_at - here.sides.now() <= timedelta(hours=1)
        here.sides.clock.sleep(3600)
        with pytest.raises(ConfigurationError, match="was good until"):
            bridge.place(checkout=checkout.digest)
        here.sides.clock.sleep(48 * 3600)
        bridge.check_out(order_id)
        with pytest.raises(ConfigurationError, match="there is no"):
            bridge.place(checkout=checkout.digest)
        assert here.mall.orders == {}


def test_what_has_changed_since_it_was_shown_is_not_placed() -> None:
    with street() as here:
        bridge = here.bridge(policy=BY_HAND)
        order_id = here.sides.sell({"RW-a-1": 2})
        here.sides.live(bridge)
        checkout = bridge.check_out(order_id)
        here.sides.shop.refund(
            int(order_id.partition("/")[2]),
            now=here.sides.now(),
            lines=[{"id": 1, "quantity": 1, "refund_total": "10.00"}],
        )
        here.sides.live(bridge, hours=0.2)
        with pytest.raises(ConfigurationError, match="changed since"):
            bridge.place(checkout=checkout.digest)
        assert here.mall.orders == {}


def test_a_price_that_moves_after_the_checkout_is_asked_about_before_it_is_paid() -> None:
    with street() as here:
        bridge, order_id = waiting(here, "a-1")
        checkout = bridge.check_out(order_id)
        here.mall.surcharge = Decimal("0.01")
        bridge.place(checkout=checkout.digest)
        assert codes(bridge) == ["PRICE"]
        with pytest.raises(ConfigurationError, match="answer its review first"):
            bridge.pay(purchases(bridge, order_id)[0].po.id, buyer=BUYER)


def test_suppliers_that_quote_are_never_placed_at_unseen() -> None:
    with street() as here:
        bridge, order_id = waiting(here, "a-1")
        with pytest.raises(ConfigurationError, match="check out first"):
            bridge.place(purchases(bridge, order_id)[0].po.id)
        with pytest.raises(ConfigurationError, match="there is no 'nothing'"):
            bridge.place(checkout="nothing")
        with pytest.raises(ConfigurationError, match="name purchase orders"):
            bridge.place()


def test_only_what_was_shown_goes_by_its_digest() -> None:
    with street() as here:
        bridge, order_id = waiting(here, "a-1", "b-1")
        one, other = (record.po.id for record in purchases(bridge, order_id))
        checkout = bridge.check_out(one)
        with pytest.raises(ConfigurationError, match="is not in it"):
            bridge.place(other, checkout=checkout.digest)
        bridge.place(one, checkout=checkout.digest)
        bridge.place(one, checkout=checkout.digest)
        assert len(here.mall.orders) == 1
        with pytest.raises(ConfigurationError, match="still to be placed"):
            bridge.check_out(one)
        with pytest.raises(ConfigurationError, match="there is no"):
            bridge.check_out("shop/99")


def test_what_stands_against_it_is_said() -> None:
    with street() as here:
        here.mall.gone.add("a-1")
        policy = Policy(margin=Decimal("0.5"), blocked_countries=frozenset({"PL"}))
        bridge, order_id = waiting(here, "a-1", policy=policy)
        bridge.hold(order_id)
        (item,) = bridge.check_out(order_id).items
        words = "; ".join(item.against)
        for word in ("sold out", "held", "blocked", "at least 50"):
            assert word in words
        assert codes(bridge) == []


def test_a_held_order_says_that_it_waits() -> None:
    with Sides() as sides:
        bridge = sides.bridge(policy=BY_HAND)
        order_id = sides.sell({"RW-100": 1})
        sides.live(bridge)
        bridge.hold(order_id)
        (page,) = bridge.place(purchases(bridge, order_id)[0].po.id)
        assert (page.fulfillment, page.waits) == (Fulfillment.RESERVED, "held")
        bridge.release(order_id)
        sides.live(bridge)
        assert len(sides.ordered()) == 1


def test_a_supplier_where_people_pay_says_where() -> None:
    with Sides() as sides:
        bridge = sides.bridge(policy=BY_HAND)
        order_id = sides.sell({"RW-100": 1})
        sides.live(bridge)
        (item,) = bridge.check_out(order_id).items
        assert (item.goods, item.total, item.against) == (None, None, ())
        (page,) = bridge.place(checkout=bridge.check_out(order_id).digest)
        assert page.page == sides.warehouse_url


def test_what_names_nothing_is_said_in_words_for_that() -> None:
    with Sides() as sides:
        bridge = sides.bridge(policy=BY_HAND)
        with pytest.raises(ob.ConfigurationError, match="name orders or purchase orders"):
            bridge.check_out()
        for owner in ("", "ann"):
            for ask in (bridge.place, bridge.pay):
                missing = "^purchase order: there is no 'shop/9/rewix/1'"
                with pytest.raises(ob.ConfigurationError, match=missing):
                    ask("shop/9/rewix/1", owner=owner)


def test_units_that_are_not_held_yet_stand_against_it() -> None:
    with Sides(warehouse=a_warehouse(units=0)) as sides:
        bridge = sides.bridge(policy=BY_HAND)
        order_id = sides.sell({"RW-100": 1})
        sides.live(bridge)
        (item,) = bridge.check_out(order_id).items
        assert item.against == ("its units are not held yet",)


def test_the_async_face_checks_out_and_places_alike() -> None:
    with street(Clockwork()) as here:
        account = ob.supplier("mall", platform="mall", settings={"base_url": here.url})
        rules = (ob.SkuPrefix(prefix="RW-", supplier="mall"),)
        parts = here.sides.parts(suppliers=[account], rules=rules, policy=BY_HAND)

        async def work() -> None:
            async with ob.AsyncBridge(**parts) as bridge:
                order_id = here.sides.sell({"RW-a-1": 1})
                await bridge.run_once()
                checkout = await bridge.check_out(order_id)
                (page,) = await bridge.place(checkout=checkout.digest)
                assert page.fulfillment is Fulfillment.PLACED

        asyncio.run(work())
        assert len(here.mall.orders) == 1


# --- packaging and cards -------------------------------------------------------------------------


def test_cards_and_packaging_are_added_by_rule_and_read_by_the_suppliers_people() -> None:
    rules = (
        PackingRule(packing="red box", sku_prefix="RW-100"),
        PackingRule(packing="thank-you card", stores=frozenset({"shop"})),
        PackingRule(packing="sample", min_total=Money.of(1000, "EUR")),
        PackingRule(packing="elsewhere", suppliers=frozenset({"other"})),
    )
    with Sides() as sides:
        sent: list[bytes] = []
        handle = sides.warehouse.handle

        def listen(call: Any, now: Any) -> Any:
            sent.append(call.body)
            return handle(call, now)

        sides.at_warehouse.backend = attrs.make_class("Listening", {"handle": attrs.field()})(listen)
        bridge = sides.bridge(packing=rules)
        order_id = sides.sell({"RW-100": 1})
        sides.live(bridge)
        (record,) = purchases(bridge, order_id)
        assert record.po.packing == ("red box", "thank-you card")
        (order,) = [body for body in sent if record.po.reference.encode() in body]
        assert b"red box" in order
        assert b"thank-you card" in order
        assert codes(bridge) == []


def test_a_supplier_that_cannot_be_told_is_for_people_to_tell() -> None:
    with street() as here:
        bridge = here.bridge(policy=PLACES, packing=(PackingRule(packing="card"),))
        here.sold(bridge, "a-1")
        (review,) = bridge.reviews()
        assert review.code is ob.ReviewCode.PACKING
        assert "card" in review.evidence


@pytest.mark.parametrize(
    ("attribute", "fits"),
    [("Gift wrap", True), ("gift wrap = YES", True), ("Gift wrap=no", False), ("Ink", False)],
)
def test_a_choice_of_the_shopper_asks_for_packing(attribute: str, fits: bool) -> None:
    from test_policy import bought

    order, _ = bought()
    line = attrs.evolve(order.lines[0], attributes=(("Gift wrap", "yes"),))
    order = attrs.evolve(order, lines=(line,))
    assert PackingRule(packing="bow", attribute=attribute).fits(order, "mall", ["1"]) is fits
    assert not PackingRule(packing="bow", attribute=attribute).fits(order, "mall", [])


def test_packing_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="say what goes in"):
        PackingRule(packing=" ")


def test_an_order_is_checked_out_by_its_id_or_by_what_people_call_it() -> None:
    with street() as here:
        bridge = here.bridge(policy=Policy())
        order_id = here.sold(bridge, "a-1", "b-1")
        view = bridge.order(order_id)
        assert view is not None
        number = view.record.order.number
        by_id = bridge.check_out(order_id)
        assert len(by_id.items) == 2
        for name in (number, f"#{number}"):
            assert bridge.check_out(name).items == by_id.items
        with pytest.raises(ConfigurationError, match="there is no '999'"):
            bridge.check_out("999")
        with pytest.raises(ConfigurationError, match="there is no"):
            bridge.check_out(number, owner="somebody else")
        with pytest.raises(ConfigurationError, match="there is no"):
            bridge.check_out(by_id.items[0].purchase_order, owner="somebody else")
