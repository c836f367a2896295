"""What the law wants of whoever keeps shoppers' data, as Shopify asks for it."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from typing import Any

import pytest

import orderbridge as ob
from both_sides import AUTOMATIC
from in_shopify import ShopifySides, in_shop
from orderbridge import _forget
from orderbridge.sandbox.faults import Fault

SUBJECT = "forget/shop"


def tell(bridge: ob.Bridge, topic: str, body: dict[str, Any], *, number: str = "1") -> int:
    """One signed message of the shop's."""
    raw = json.dumps({"shop_id": 1, "shop_domain": "x.myshopify.com", **body}).encode()
    signature = b64encode(hmac.new(b"s", raw, hashlib.sha256).digest()).decode()
    headers = {
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": signature,
        "X-Shopify-Webhook-Id": number,
    }
    return bridge.receive("shop", method="POST", path="/", headers=headers, body=raw).status


def bridge_of(sides: ShopifySides, **more: Any) -> ob.Bridge:
    return sides.bridge(stores=[sides.store(webhook_secrets=["s"])], policy=AUTOMATIC, **more)


def known(bridge: ob.Bridge) -> set[str]:
    """Orders whose shopper is still here."""
    return {view.record.order.id for view in bridge.orders() if view.record.order.ship_to is not None}


def privacy(bridge: ob.Bridge) -> list[ob.Review]:
    return [review for review in bridge.reviews() if review.code is ob.ReviewCode.PRIVACY]


def test_a_shop_that_went_away_has_all_its_shoppers_forgotten() -> None:
    with in_shop() as sides:
        bridge = bridge_of(sides)
        sold = {sides.sell({"RW-100": 1}) for _ in range(3)}
        sides.live(bridge, 1)
        sides.dispatch()
        sides.live(bridge, 1)
        assert known(bridge) == sold
        assert tell(bridge, "shop/redact", {}) == 200
        bridge.run_once()
        assert known(bridge) == set()
        assert all(view.record.forgotten for view in bridge.orders())
        assert privacy(bridge) == []
        assert SUBJECT not in bridge.due()
        assert [each.kind for each in bridge.events(limit=9999)].count("StoreForgotten") == 1


def test_an_answer_to_the_shop_waits_for_no_order_and_the_work_comes_in_slices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A shop may have a hundred thousand orders, and a webhook has seconds."""
    monkeypatch.setattr(_forget, "_SLICE", 2)
    with in_shop() as sides:
        bridge = bridge_of(sides)
        sold = {sides.sell({"RW-100": 1}) for _ in range(5)}
        sides.live(bridge, 1)
        sides.dispatch()
        sides.live(bridge, 1)
        assert tell(bridge, "shop/redact", {}) == 200
        assert known(bridge) == sold
        left = []
        for _ in range(3):
            bridge.advance(SUBJECT)
            left.append(len(known(bridge)))
        assert left == [3, 1, 0]


def test_another_process_goes_on_where_one_was_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(_forget, "_SLICE", 1)
    with in_shop() as sides:
        bridge = bridge_of(sides, journal=tmp_path / "x.db")
        for _ in range(3):
            sides.sell({"RW-100": 1})
        sides.live(bridge, 1)
        sides.dispatch()
        sides.live(bridge, 1)
        tell(bridge, "shop/redact", {})
        bridge.advance(SUBJECT)
        bridge.close()
        again = bridge_of(sides, journal=tmp_path / "x.db")
        again.run_once()
        assert known(again) == set()


def test_an_order_that_is_not_over_keeps_its_shopper_until_it_is_and_a_person_is_told() -> None:
    with in_shop() as sides:
        bridge = bridge_of(sides)
        order_id = sides.sell({"RW-100": 1})
        sides.live(bridge, 1)
        tell(bridge, "shop/redact", {})
        bridge.run_once()
        assert known(bridge) == {order_id}
        (review,) = privacy(bridge)
        assert order_id in review.evidence
        sides.live(bridge, 5)
        assert [each.id for each in privacy(bridge)] == [review.id]
        sides.dispatch()
        sides.live(bridge, 5)
        assert known(bridge) == set()
        assert privacy(bridge) == []


def test_an_order_with_a_call_in_doubt_is_come_back_to() -> None:
    with in_shop() as sides:
        bridge = bridge_of(sides)
        order_id = sides.sell({"RW-100": 1})
        sides.warehouse_plan.meet("POST", "/orders/0/dropshipping", Fault.ANSWER_LOST)
        bridge.run_once()
        assert not bridge.forget(order_id)
        tell(bridge, "shop/redact", {})
        bridge.run_once()
        assert known(bridge) == {order_id}
        sides.live(bridge, 2)
        sides.dispatch()
        sides.live(bridge, 5)
        assert known(bridge) == set()
        assert len(sides.ordered()) == 1


def test_what_was_not_ordered_yet_is_never_ordered_for_nobody() -> None:
    with in_shop() as sides:
        bridge = sides.bridge(
            stores=[sides.store(webhook_secrets=["s"])], policy=ob.Policy(place=ob.Who.BY_HAND)
        )
        sides.sell({"RW-100": 1})
        sides.live(bridge, 1)
        tell(bridge, "shop/redact", {})
        bridge.run_once()
        assert known(bridge) == set()
        automatic = bridge_of(sides, journal=bridge._setup.journal)
        for view in automatic.orders():
            assert view.record.held
            automatic.place(view.purchases[0].po.id)
        sides.live(automatic, 2)
        assert sides.ordered() == []


def test_an_order_whose_shopper_was_to_go_before_it_came_is_held_and_ordered_for_nobody() -> None:
    with in_shop() as sides:
        bridge = bridge_of(sides)
        bridge.run_once()
        order_id = sides.sell({"RW-100": 1})
        body = {"orders_to_redact": [int(order_id.partition("/")[2])]}
        assert tell(bridge, "customers/redact", body) == 200
        sides.live(bridge, 2)
        view = bridge.order(order_id)
        assert view is not None
        assert (view.record.held, view.record.forgotten, view.record.ship_to) == (True, True, None)
        bridge.release(order_id)
        sides.live(bridge, 2)
        assert sides.ordered() == []
        assert [review.code for review in bridge.reviews()] == [ob.ReviewCode.BLOCKED]


@pytest.mark.parametrize("order_id", ["shop/777", "ghost/777"])
def test_who_is_not_here_cannot_be_forgotten_by_hand(order_id: str) -> None:
    """A typing error would leave the shopper here and say that the law was done."""
    with in_shop() as sides:
        bridge = bridge_of(sides)
        with pytest.raises(ob.ConfigurationError, match=f"there is no '{order_id}'"):
            bridge.forget(order_id)
        assert not bridge._setup.journal.look(lambda tx: tx.forgotten(order_id))


def test_nothing_brings_a_forgotten_shopper_back() -> None:
    """Neither the next pull, nor a webhook about the order, nor the message that came twice."""
    with in_shop() as sides:
        bridge = bridge_of(sides)
        order_id = sides.sell({"RW-100": 1})
        sides.live(bridge, 1)
        sides.dispatch()
        sides.live(bridge, 1)
        tell(bridge, "shop/redact", {})
        bridge.run_once()
        number = int(order_id.partition("/")[2])
        assert tell(bridge, "orders/updated", {"id": number}, number="2") == 200
        assert tell(bridge, "shop/redact", {}) == 200
        sides.live(bridge, 30)
        bridge.pull("shop")
        assert known(bridge) == set()


def test_orders_of_other_shops_keep_their_shoppers() -> None:
    """Also where one shop's name begins with the other's."""
    with in_shop() as sides:
        bridge = bridge_of(sides)
        order_id = sides.sell({"RW-100": 1})
        sides.live(bridge, 1)

        def of(store: str) -> tuple[str, ...]:
            return bridge._setup.journal.look(lambda tx: tx.orders_with_shopper(store, after="", limit=9))

        assert of("shop") == (order_id,)
        assert [of(store) for store in ("sho", "shop2", "shop-2", "sh")] == [()] * 4


def test_who_asks_what_is_kept_is_answered_by_a_person() -> None:
    with in_shop() as sides:
        bridge = bridge_of(sides)
        order_id = sides.sell({"RW-100": 1})
        sides.live(bridge, 1)
        number = int(order_id.partition("/")[2])
        body = {
            "orders_requested": [number, 404],
            "customer": {"id": 7, "email": "eva@example.com", "phone": "+39 555"},
            "data_request": {"id": 9999},
        }
        for _ in range(2):
            assert tell(bridge, "customers/data_request", body) == 200
        (review,) = privacy(bridge)
        assert order_id in review.evidence
        assert "404" not in review.evidence
        assert "9999" in review.evidence
        everything = str(bridge.reviews()) + str(bridge.events(limit=9999))
        assert "eva@" not in everything
        assert "555" not in everything
        body["data_request"] = {"id": 10000}
        tell(bridge, "customers/data_request", body, number="2")
        assert len(privacy(bridge)) == 2
        assert bridge.resolve(review.id, "done").decision == "done"
        assert len(privacy(bridge)) == 1
        assert known(bridge) == {order_id}


def test_a_request_about_no_order_of_ours_reaches_a_person_too() -> None:
    with in_shop() as sides:
        bridge = bridge_of(sides)
        tell(bridge, "customers/data_request", {"customer": {"id": 7}})
        (review,) = privacy(bridge)
        assert "nothing" in review.evidence


def test_a_worker_that_has_read_the_shopper_before_reads_the_order_anew() -> None:
    """Else it would write the address down again, in the bytes of its next call."""
    with in_shop() as sides:
        order_id = sides.sell({"RW-100": 1})
        bridge = bridge_of(sides)
        sides.live(bridge, 1)
        look = bridge._setup.journal.look
        before = look(lambda tx: tx.work(f"order/{order_id}").fence)
        assert bridge.forget(order_id)
        assert look(lambda tx: tx.work(f"order/{order_id}").fence) > before
