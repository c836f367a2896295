"""What shops and shoppers change afterwards: addresses, units, whole orders. And how people answer."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import attrs
import pytest

import orderbridge as ob
from both_sides import PrestaShopSides, Sides, codes, only_purchase
from orderbridge import Fulfillment, Package, ReviewCode, Shipment, SkuPrefix
from orderbridge._clockwork import Clockwork
from orderbridge._journal import Tx
from orderbridge._reviews import DECISIONS, REVIEWS
from orderbridge.errors import ConfigurationError
from orderbridge.journals.sqlite import SqliteJournal, open_memory
from orderbridge.sandbox.faults import Fault
from test_mall import street

ROOT = Path(__file__).parents[1]
RULES = (SkuPrefix(prefix="RW-", supplier="depot"),)
BY_HAND = ob.Policy(place=ob.Who.BY_HAND)
T = TypeVar("T")


def depot() -> ob.Account:
    return ob.supplier("depot", platform="offline", settings={"title": "Main warehouse"})


def a_bridge(sides: Sides, **changes: Any) -> ob.Bridge:
    return sides.bridge(**{"suppliers": [depot()], "rules": RULES, **changes})


def sold(sides: Sides, bridge: ob.Bridge, **basket: int) -> tuple[str, int]:
    """An order as the bridge has it, and its number in the shop."""
    order_id = sides.sell({f"RW-{key[1:]}": units for key, units in (basket or {"_100": 3}).items()})
    sides.live(bridge)
    return order_id, int(order_id.partition("/")[2])


def move(sides: Sides, ref: int, **fields: str) -> None:
    """The shopper writes in, and the merchant corrects the shipping address."""
    sides.shop.change(ref, sides.now(), shipping=fields or {"address_1": "Neue Gasse 7"})


def purchases(bridge: ob.Bridge, order_id: str) -> list[ob.PurchaseRecord]:
    view = bridge.order(order_id)
    assert view is not None
    return list(view.purchases)


def give_back(sides: Sides, ref: int, units: int) -> None:
    line: Any = sides.shop.order(ref)["line_items"]
    row = {"id": line[0]["id"], "quantity": units, "refund_total": f"{units}0.00"}
    sides.shop.refund(ref, now=sides.now(), lines=[row], total=f"{units}0.00")


def leave(bridge: ob.Bridge, po_id: str) -> None:
    packages = (Package(tracking_number="1Z1", carrier="UPS"),)
    bridge.ship(po_id, Shipment(ref="1Z1", packages=packages))


# --- addresses ------------------------------------------------------------------------------------------


def test_what_is_not_ordered_yet_goes_to_the_new_address() -> None:
    with Sides() as sides:
        bridge = a_bridge(sides, policy=BY_HAND)
        order_id, ref = sold(sides, bridge)
        move(sides, ref)
        po_id = only_purchase(bridge, order_id).po.id
        bridge.place(po_id)
        (row,) = csv.DictReader(io.StringIO(bridge.documents(po_id)[0].body.decode("utf-8-sig")))
        assert "Neue Gasse 7" in row.values()
        assert not codes(bridge)


def test_a_quote_for_the_old_address_is_asked_for_anew_and_what_was_agreed_holds() -> None:
    with street() as here:
        bridge = here.bridge(policy=BY_HAND)
        order_id = here.sold(bridge, "a-1")
        (record,) = purchases(bridge, order_id)
        checkout = bridge.check_out(order_id)
        here.mall.fees = {"slow": Decimal(40), "fast": Decimal(50)}
        move(here.sides, int(order_id.partition("/")[2]))
        bridge.pull("shop")
        bridge.place(checkout=checkout.digest)
        here.sides.live(bridge)
        assert here.mall.orders == {}
        assert codes(bridge) == ["PRICE"]
        assert purchases(bridge, order_id)[0].po.id == record.po.id


def test_what_is_ordered_to_the_old_address_is_a_question_that_does_not_name_it() -> None:
    with Sides() as sides:
        bridge = a_bridge(sides)
        order_id, ref = sold(sides, bridge)
        move(sides, ref)
        sides.live(bridge)
        (review,) = bridge.reviews()
        po_id = only_purchase(bridge, order_id).po.id
        assert (review.code, review.about, review.decisions) == (
            ReviewCode.ADDRESS_CHANGED,
            po_id,
            ("ignore",),
        )
        assert "Gasse" not in repr(review)
        assert "Gasse" not in repr(bridge.history(order_id))
        assert bridge.resolve(review.id, "ignore").decision == "ignore"
        sides.live(bridge, 24)
        assert not codes(bridge)
        move(sides, ref, address_1="Old Street 1")
        sides.live(bridge)
        assert codes(bridge) == ["ADDRESS_CHANGED"]


def test_where_the_supplier_can_it_is_canceled_and_ordered_anew() -> None:
    with street() as here:
        bridge = here.bridge()
        order_id = here.sold(bridge, "a-1")
        move(here.sides, int(order_id.partition("/")[2]))
        here.sides.live(bridge)
        (review,) = bridge.reviews()
        assert review.decisions == ("cancel", "ignore")
        bridge.resolve(review.id, "cancel")
        here.sides.live(bridge)
        assert here.mall.orders["M1"]["state"] == "CANCELED"
        (review,) = bridge.reviews()
        assert review.code is ReviewCode.CANCELED_BY_SUPPLIER
        bridge.resolve(review.id, "retry")
        here.sides.live(bridge)
        assert sorted(here.mall.orders) == ["M1", "M2"]
        assert purchases(bridge, order_id)[1].po.ship_to.line1 == "Neue Gasse 7"
        assert not codes(bridge)


def test_what_has_left_is_on_its_way_and_a_mail_address_is_on_no_parcel() -> None:
    with Sides() as sides:
        bridge = a_bridge(sides)
        order_id, ref = sold(sides, bridge)
        sides.shop.change(ref, sides.now(), billing={"email": "ada@new.example"})
        sides.live(bridge)
        assert not codes(bridge)
        leave(bridge, only_purchase(bridge, order_id).po.id)
        move(sides, ref)
        sides.live(bridge)
        assert not codes(bridge)


def test_while_nobody_knows_whether_it_is_ordered_the_question_is_asked_too() -> None:
    with Sides() as sides:
        bridge = sides.bridge()
        order_id = sides.sell({"RW-100": 3})
        sides.warehouse_plan.meet("POST", "/orders/0/dropshipping", Fault.ANSWER_LOST)
        bridge.run_once()
        assert only_purchase(bridge, order_id).fulfillment is Fulfillment.IN_DOUBT
        move(sides, int(order_id.partition("/")[2]))
        bridge.pull("shop")
        sides.live(bridge, 2)
        assert codes(bridge) == ["ADDRESS_CHANGED"]
        assert len(sides.ordered()) == 1


def test_both_faces_ask_about_an_address() -> None:
    with Sides(clock=Clockwork()) as sides:

        async def work() -> None:
            async with ob.AsyncBridge(**sides.parts(suppliers=[depot()], rules=RULES)) as bridge:
                ref = int(sides.sell({"RW-100": 1}).partition("/")[2])
                await bridge.run_once()
                move(sides, ref)
                await bridge.pull("shop")
                (review,) = await bridge.reviews()
                assert review.code is ReviewCode.ADDRESS_CHANGED

        asyncio.run(work())


def test_an_address_that_was_replaced_by_another_is_seen_in_a_prestashop() -> None:
    with PrestaShopSides() as sides:
        bridge = a_bridge(sides)
        sold(sides, bridge)
        sides.shop.edit_address(1, now=sides.now(), address1="Neue Gasse 7")
        sides.live(bridge)
        assert codes(bridge) == ["ADDRESS_CHANGED"]


# --- units, and whole orders ------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["before", "after", "shipped"])
def test_units_given_back_make_less_a_question_or_nothing(when: str) -> None:
    with Sides() as sides:
        bridge = a_bridge(sides, policy=BY_HAND)
        order_id, ref = sold(sides, bridge)
        po_id = only_purchase(bridge, order_id).po.id
        if when != "before":
            bridge.place(po_id)
        if when == "shipped":
            leave(bridge, po_id)
        sides.live(bridge)
        give_back(sides, ref, 2)
        sides.live(bridge)
        units = only_purchase(bridge, order_id).po.units["100"]
        assert (units, codes(bridge)) == {
            "before": (1, []),
            "after": (3, ["CHANGED_AFTER_PLACING"]),
            "shipped": (3, []),
        }[when]


def test_of_units_given_back_the_rest_is_ordered_anew_where_the_supplier_can_cancel() -> None:
    with street() as here:
        bridge = here.bridge()
        order_id = here.sides.sell({"RW-a-1": 3})
        here.sides.live(bridge)
        give_back(here.sides, int(order_id.partition("/")[2]), 1)
        here.sides.live(bridge)
        (review,) = bridge.reviews()
        assert "3 ordered at suppliers, 2 left in the shop" in review.evidence
        bridge.resolve(review.id, "cancel")
        here.sides.live(bridge)
        (review,) = bridge.reviews()
        bridge.resolve(review.id, "retry")
        here.sides.live(bridge)
        assert [order["units"] for order in here.mall.orders.values()] == [{"a-1": "3"}, {"a-1": "2"}]
        assert not codes(bridge)


def test_each_purchase_order_says_what_is_too_much_of_it() -> None:
    with street() as here:
        bridge = here.bridge()
        order_id = here.sides.sell({"RW-a-1": 2, "RW-b-1": 2})
        here.sides.live(bridge)
        ref = int(order_id.partition("/")[2])
        lines: Any = here.sides.shop.order(ref)["line_items"]
        rows = [{"id": line["id"], "quantity": 1, "refund_total": "10.00"} for line in lines]
        here.sides.shop.refund(ref, now=here.sides.now(), lines=rows, total="20.00")
        here.sides.live(bridge)
        found = {review.about for review in bridge.reviews()}
        assert found == {record.po.id for record in purchases(bridge, order_id)}
        assert set(codes(bridge)) == {"CHANGED_AFTER_PLACING"}


def test_an_order_that_was_deleted_in_the_shop_is_not_ordered() -> None:
    with PrestaShopSides() as sides:
        bridge = a_bridge(sides, policy=BY_HAND)
        order_id, ref = sold(sides, bridge)
        sides.shop.delete_order(ref)
        sides.live(bridge)
        bridge.place(only_purchase(bridge, order_id).po.id)
        sides.live(bridge)
        assert only_purchase(bridge, order_id).fulfillment is Fulfillment.CANCELED
        assert not codes(bridge)


def test_an_order_that_was_deleted_after_placing_is_missed_within_a_day() -> None:
    """No list of changes says what is gone, so that the shop is asked daily until the goods have left."""
    with PrestaShopSides() as sides:
        bridge = sides.bridge()
        sides.sell({"RW-100": 1})
        sides.live(bridge)
        sides.shop.delete_order(1)
        sides.live(bridge, 26)
        assert codes(bridge) == ["CANCELED_AFTER_PLACING"]


def test_orders_merged_before_placing_are_ordered_once() -> None:
    """The merchant moves the goods of one order to another of the same shopper, and cancels the first."""
    with Sides() as sides:
        bridge = a_bridge(sides, policy=BY_HAND)
        first, first_ref = sold(sides, bridge, _100=1)
        second, second_ref = sold(sides, bridge, _100=1)
        sides.shop.put_status(first_ref, "cancelled", sides.now())
        lines: Any = sides.shop.order(second_ref)["line_items"]
        sides.shop.change(second_ref, sides.now(), line_items=[{**lines[0], "quantity": 2}])
        sides.live(bridge)
        assert only_purchase(bridge, first).fulfillment is Fulfillment.CANCELED
        assert only_purchase(bridge, second).po.units == {"100": 2}
        assert not codes(bridge)


def test_orders_merged_after_placing_order_what_is_added_and_ask_about_what_went() -> None:
    with Sides() as sides:
        bridge = a_bridge(sides)
        first, first_ref = sold(sides, bridge, _100=1)
        second, second_ref = sold(sides, bridge, _100=1)
        sides.shop.put_status(first_ref, "cancelled", sides.now())
        lines: Any = sides.shop.order(second_ref)["line_items"]
        sides.shop.change(second_ref, sides.now(), line_items=[{**lines[0], "quantity": 2}])
        sides.live(bridge)
        assert [record.po.units for record in purchases(bridge, second)] == [{"100": 1}, {"100": 1}]
        (review,) = bridge.reviews()
        assert (review.code, review.order_id) == (ReviewCode.CANCELED_AFTER_PLACING, first)


# --- answering --------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The power goes."""


@attrs.define
class Dying:
    """A journal whose process dies in its next commit: before it is written, or right after."""

    inner: SqliteJournal = attrs.field(factory=open_memory)
    dies: str = ""

    @property
    def commits(self) -> int:
        return self.inner.commits

    @property
    def look_only(self) -> bool:
        return self.inner.look_only

    def transact(self, work: Callable[[Tx], T]) -> T:
        dies, self.dies = self.dies, ""

        def whole(tx: Tx) -> T:
            result = work(tx)
            if dies == "before":
                raise Killed
            return result

        result = self.inner.transact(whole)
        if dies == "after":
            raise Killed
        return result

    def look(self, work: Callable[[Tx], T]) -> T:
        return self.inner.look(work)

    def adopt(self) -> None:
        self.inner.adopt()

    def close(self) -> None:
        self.inner.close()


@pytest.mark.parametrize("dies", ["before", "after"])
def test_an_answer_is_written_whole_or_not_at_all_and_given_again_it_is_the_same(dies: str) -> None:
    journal = Dying()
    with street() as here:
        bridge = here.bridge(journal=journal)
        order_id = here.sold(bridge, "a-1")
        here.sides.shop.put_status(int(order_id.partition("/")[2]), "cancelled", here.sides.now())
        here.sides.live(bridge)
        (review,) = bridge.reviews()
        journal.dies = dies
        with pytest.raises(Killed):
            bridge.resolve(review.id, "cancel")
        answered = [event for event in bridge.history(order_id) if event.kind == "ReviewResolved"]
        assert len(answered) == (dies == "after")
        assert bool(bridge.reviews()) is (dies == "before")
        assert bridge.resolve(review.id, "cancel").decision == "cancel"
        assert bridge.resolve(review.id, "ignore").decision == "cancel"
        here.sides.live(bridge)
        assert here.mall.asked.count("POST /orders/M1/cancel") == 1
        answered = [event for event in bridge.history(order_id) if event.kind == "ReviewResolved"]
        assert [event.data["decision"] for event in answered] == ["cancel"]
        assert not codes(bridge)


def test_an_answer_that_cannot_be_carried_out_leaves_the_question_open() -> None:
    with street() as here:
        bridge = here.bridge()
        order_id = here.sold(bridge, "a-1")
        move(here.sides, int(order_id.partition("/")[2]))
        here.sides.live(bridge)
        (review,) = bridge.reviews()
        here.mall.move("M1", "SHIPPED")
        here.sides.live(bridge)
        with pytest.raises(ConfigurationError, match="has not left"):
            bridge.resolve(review.id, "cancel")
        assert codes(bridge) == ["ADDRESS_CHANGED"]
        with pytest.raises(ConfigurationError, match="none of cancel, ignore"):
            bridge.resolve(review.id, "retry")


# --- the table --------------------------------------------------------------------------------------------


def test_every_code_is_explained_with_decisions_that_are_explained_too() -> None:
    assert set(REVIEWS) == set(ReviewCode)
    for text in REVIEWS.values():
        assert all((text.title, text.means, text.evidence, text.hint))
        assert set(text.decisions) <= set(DECISIONS)
    assert set(DECISIONS) == {word for text in REVIEWS.values() for word in text.decisions}
