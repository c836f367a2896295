"""The part of the journal suite about things: orders, purchase orders, notices, reviews, money."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import attrs
import pytest

from .._intents import Attempt, Subject
from .._journal import Journal, Tx
from .._model import Address, ProductLink, Shipment, ShipmentLine
from .._money import Money
from .._records import Manifest, Offer, OrderRecord, Packed, PurchaseRecord, ReservationRow
from .._reviews import ReviewCode
from .._standing import Tab
from .._states import CaseKind, CaseState, Fulfillment, ManifestState, NoticeState, TaskState
from ..errors import RowRefused
from ._journal_samples import (
    MINUTE,
    NOW,
    a_case,
    a_notice,
    a_purchase,
    a_task,
    an_attempt,
    an_intent,
    an_order,
    keep_order,
)

__all__ = ["ThingTests"]


class ThingTests:
    """What a journal keeps comes back exactly; ``JournalSuite`` brings the journal."""

    # --- orders ---

    def test_an_order_comes_back_exactly_as_it_was_put(self, journal: Journal) -> None:
        record = OrderRecord(
            order=an_order(),
            version=3,
            taken=True,
            held=True,
            seen_at=NOW,
            refresh=True,
            unsourced=True,
            source_at=NOW + MINUTE,
            progress_begun="t",
            progress_shown="s",
            next_at=NOW + MINUTE,
            failures=2,
        )
        journal.transact(lambda tx: tx.put_order(record, owner="o", salt="pepper", waits={}))
        found = journal.look(lambda tx: tx.order("shop/7"))
        assert found == record
        assert found is not None
        assert found.order.digest == record.order.digest
        assert str(found.order.lines[0].quantity) == "1.50"
        assert str(found.order.lines[0].tax) == str(record.order.lines[0].tax)
        journal.transact(lambda tx: tx.seen_order("shop/7", NOW + MINUTE))
        assert journal.look(lambda tx: tx.order("shop/7")) == attrs.evolve(
            record, seen_at=NOW + MINUTE, refresh=False
        )

    def test_an_order_put_again_replaces_its_lines(self, journal: Journal) -> None:
        order = an_order()
        journal.transact(lambda tx: keep_order(tx, order))
        shorter = attrs.evolve(order, lines=order.lines[1:], note="")
        record = journal.transact(lambda tx: keep_order(tx, shorter))
        assert journal.look(lambda tx: tx.order("shop/7")) == record

    def test_flags_and_progress_change_without_touching_the_order(self, journal: Journal) -> None:
        record = journal.transact(lambda tx: keep_order(tx, an_order()))
        journal.transact(lambda tx: tx.set_flags("shop/7", refresh=True, held=True))
        journal.transact(lambda tx: tx.put_progress("shop/7", shown="ready", next_at=NOW, failures=1))
        journal.transact(lambda tx: tx.put_progress("shop/7", shown=None, next_at=None, failures=2))
        assert journal.look(lambda tx: tx.order("shop/7")) == attrs.evolve(
            record, refresh=True, held=True, progress_begun="ready", progress_shown="ready", failures=2
        )
        journal.transact(lambda tx: tx.begin_progress("shop/7", "late"))
        began = journal.look(lambda tx: tx.order("shop/7"))
        assert began is not None
        assert (began.progress_begun, began.progress_shown) == ("late", "")

    def test_orders_are_listed_from_the_newest_on_in_pages_and_by_owner(self, journal: Journal) -> None:
        def keep(tx: Tx) -> None:
            for ref in ("1", "2", "3"):
                keep_order(tx, an_order(ref), owner="ann")
            older = attrs.evolve(an_order("1", store="other"), placed_at=NOW - 2 * MINUTE)
            keep_order(tx, older, owner="bob")

        journal.transact(keep)
        assert journal.look(lambda tx: tx.order_ids(limit=2)) == ("shop/3", "shop/2")
        assert journal.look(lambda tx: tx.order_ids(after="shop/2", limit=9)) == ("shop/1", "other/1")
        assert journal.look(lambda tx: tx.order_ids(store="shop")) == ("shop/3", "shop/2", "shop/1")
        assert journal.look(lambda tx: tx.order_ids(owner="bob")) == ("other/1",)
        assert journal.look(lambda tx: tx.order_ids(number="1")) == ("shop/1", "other/1")
        assert journal.look(lambda tx: tx.order_ids(until=NOW - MINUTE)) == ("other/1",)
        assert len(journal.look(lambda tx: tx.order_ids(since=NOW - MINUTE))) == 3
        assert journal.look(lambda tx: tx.count_orders()) == (4, 4)

    def test_an_order_stands_in_the_tabs_of_what_belongs_to_it(self, journal: Journal) -> None:
        waiting = a_purchase()

        def keep(tx: Tx) -> None:
            keep_order(tx, an_order(), owner="ann", waits="link")
            tx.put_purchase(waiting)

        journal.transact(keep)
        counts = journal.look(lambda tx: tx.count_tabs())
        assert {tab for tab, count in counts.items() if count} == {Tab.IN_QUOTE, Tab.TO_ORDER}
        assert journal.look(lambda tx: tx.order_ids(tab=Tab.TO_ORDER, supplier="hub")) == ("shop/7",)
        assert journal.look(lambda tx: tx.order_ids(tab=Tab.IN_QUOTE, supplier="hub")) == ()
        gone = attrs.evolve(waiting, fulfillment=Fulfillment.SHIPPED)
        journal.transact(lambda tx: tx.put_purchase(gone))
        assert journal.look(lambda tx: tx.order_ids(tab=Tab.TO_ORDER)) == ()
        assert journal.look(lambda tx: tx.order_ids(tab=Tab.SHIPPED, owner="ann", store="shop")) == (
            "shop/7",
        )
        assert journal.look(lambda tx: tx.count_tabs(owner="bob", store="shop")) == dict.fromkeys(Tab, 0)

        def move(tx: Tx) -> None:
            older = attrs.evolve(an_order(), placed_at=NOW - 9 * MINUTE)
            keep_order(tx, older, owner="bob")

        journal.transact(move)
        assert journal.look(lambda tx: tx.order_ids(tab=Tab.SHIPPED, owner="bob", until=NOW - 5 * MINUTE))
        assert journal.look(lambda tx: tx.count_tabs(owner="ann")) == dict.fromkeys(Tab, 0)

    def test_a_forgotten_shopper_is_gone_for_good(self, journal: Journal) -> None:
        order = an_order()

        def keep(tx: Tx) -> None:
            keep_order(tx, order)
            tx.put_purchase(a_purchase())
            tx.put_notice(a_notice("k1", shipment="s1"))
            for number, (about, subject) in enumerate(
                (
                    ("shop/7", Subject.order("shop/7")),
                    ("shop/7/hub/1", Subject.cart("hub")),
                    ("k1", Subject.order("shop/7")),
                ),
                start=1,
            ):
                intent = tx.add_intent(an_intent(about, subject=subject))
                assert intent.id == number
                tx.add_attempt(attrs.evolve(an_attempt(intent.id), answer="for Zoë"))

        journal.transact(keep)
        journal.transact(lambda tx: tx.forget("shop/7", NOW))
        # The next pull brings the order again.
        journal.transact(lambda tx: keep_order(tx, order))

        found = journal.look(lambda tx: tx.order("shop/7"))
        assert found is not None
        assert found.forgotten
        assert (found.order.ship_to, found.order.bill_to, found.order.note) == (None, None, "")
        assert [line.attributes for line in found.order.lines] == [(), ()]
        assert found.order.total == order.total
        purchase = journal.look(lambda tx: tx.purchase("shop/7/hub/1"))
        assert purchase is not None
        assert (purchase.po.ship_to, purchase.po.note) == (Address(), "")
        assert journal.look(lambda tx: tx.forgotten("shop/7"))
        tries = journal.look(lambda tx: [attempt for intent in (1, 2, 3) for attempt in tx.attempts(intent)])
        assert [(tried.request, tried.answer, tried.sha256) for tried in tries] == [("", "", "ab")] * 3

    def test_forgetting_one_order_leaves_the_others_alone(self, journal: Journal) -> None:
        def keep(tx: Tx) -> Attempt:
            keep_order(tx, an_order("7"))
            keep_order(tx, an_order("8"))
            intent = tx.add_intent(an_intent("shop/8/hub/1", subject="order/shop/8"))
            attempt = an_attempt(intent.id)
            tx.add_attempt(attempt)
            return attempt

        attempt = journal.transact(keep)
        journal.transact(lambda tx: tx.forget("shop/7", NOW))
        other = journal.look(lambda tx: tx.order("shop/8"))
        assert other is not None
        assert other.order == an_order("8")
        assert journal.look(lambda tx: tx.attempts(attempt.intent)) == (attempt,)

    # --- links and accounts ---

    def test_links_come_back_and_wake_the_orders_that_wait_for_them(self, journal: Journal) -> None:
        def keep(tx: Tx) -> None:
            keep_order(tx, an_order("7"), waits="link")
            keep_order(tx, an_order("8"))
            keep_order(tx, an_order("7", store="other"), waits="link")

        journal.transact(keep)
        assert journal.look(lambda tx: tx.orders_open_with("shop", "v1")) == ("shop/7", "shop/8")
        assert journal.look(lambda tx: tx.orders_open_with("shop", "sku:SKU 1")) == ("shop/7", "shop/8")
        assert journal.look(lambda tx: tx.orders_open_with("shop", "SKU 1")) == ()
        assert journal.look(lambda tx: tx.waits("shop/7")) == {"l1": "link"}
        assert journal.look(lambda tx: tx.waits("shop/8")) == {}
        assert journal.look(lambda tx: tx.is_only_a_sku("shop", "SKU 1"))
        assert not journal.look(lambda tx: tx.is_only_a_sku("shop", "v1"))
        assert journal.look(lambda tx: tx.open_orders("shop", after="", limit=1)) == ("shop/7",)
        assert journal.look(lambda tx: tx.open_orders("shop", after="shop/7", limit=9)) == ("shop/8",)
        kit = [
            ProductLink(store="shop", key="v1", supplier="hub", remote_id=remote, factor=Decimal("0.5"))
            for remote in ("r1", "r2")
        ]
        second = ProductLink(store="shop", key="v1", supplier="depot", remote_id="d1", priority=1)

        def link(tx: Tx) -> None:
            for part in (*kit, kit[0], second):
                tx.put_link(part)

        journal.transact(link)
        assert journal.look(lambda tx: tx.links_of("shop", "v1")) == (*kit, second)
        assert journal.look(lambda tx: (tx.links(), tx.links("other"))) == ((*kit, second), ())
        journal.transact(lambda tx: tx.drop_link(kit[0]))
        assert journal.look(lambda tx: tx.links_of("shop", "v1")) == (kit[1], second)

    def test_what_a_supplier_offered_is_known_for_a_while(self, journal: Journal) -> None:
        offer = Offer(price=Money.of("3.10", "EUR"), available=Decimal(0))

        def keep(tx: Tx) -> None:
            tx.put_offer("hub", "r1", Offer(), NOW)
            tx.put_offer("hub", "r1", offer, NOW)
            tx.put_offer("hub", "r2", Offer(), NOW)

        journal.transact(keep)
        assert journal.look(lambda tx: tx.offer("hub", "r1", since=NOW)) == offer
        assert journal.look(lambda tx: tx.offer("hub", "r2", since=NOW)) == Offer()
        assert journal.look(lambda tx: tx.offer("hub", "r1", since=NOW + timedelta(seconds=1))) is None

    def test_an_account_keeps_its_identity_and_where_its_first_pull_starts(self, journal: Journal) -> None:
        def put(tx: Tx) -> None:
            tx.put_account(
                "shop", kind="store", platform="woo", owner="o", identity="id1", take_from=NOW, at=NOW
            )

        assert journal.look(lambda tx: (tx.account_identity("shop"), tx.take_from("shop"))) == (None, None)
        journal.transact(put)
        assert journal.look(lambda tx: (tx.account_identity("shop"), tx.take_from("shop"))) == ("id1", NOW)

    def test_a_store_that_a_clock_ahead_saw_first_is_begun_anew(self, journal: Journal) -> None:
        later = NOW + timedelta(days=1)

        def put(tx: Tx) -> None:
            for name, at in (("shop", later), ("planned", NOW)):
                tx.put_account(
                    name, kind="store", platform="woo", owner="o", identity=name, take_from=later, at=at
                )
            tx.put_cursor("shop", "p9", later)

        journal.transact(put)
        assert journal.look(lambda tx: tx.begun_ahead(NOW)) == ("shop",)
        journal.transact(lambda tx: tx.begin_anew("shop", take_from=NOW, at=NOW))
        assert journal.look(lambda tx: (tx.take_from("shop"), tx.cursor("shop"))) == (NOW, None)
        assert journal.look(lambda tx: tx.begun_ahead(NOW)) == ()

    # --- purchase orders and reservations ---

    def test_a_purchase_order_comes_back_exactly_with_the_address_of_its_order(
        self, journal: Journal
    ) -> None:
        record = a_purchase(supplier_ref="S-1")

        def keep(tx: Tx) -> None:
            keep_order(tx, an_order())
            tx.put_purchase(record)
            tx.put_purchase(a_purchase(2))

        journal.transact(keep)
        assert journal.look(lambda tx: tx.purchase("shop/7/hub/1")) == record
        assert journal.look(lambda tx: tx.purchases("shop/7")) == (record, a_purchase(2))
        assert journal.look(lambda tx: tx.purchase_with("hub", "S-1")) == "shop/7/hub/1"
        assert journal.look(lambda tx: tx.purchase_with("other", "S-1")) is None
        assert journal.look(lambda tx: tx.count_purchases()) == {"TO_ORDER": 2}
        moved = attrs.evolve(record, fulfillment=Fulfillment.PLACED)
        journal.transact(lambda tx: tx.put_purchase(moved))
        assert journal.look(lambda tx: tx.purchases_in("hub", Fulfillment.PLACED)) == (moved,)
        assert journal.look(lambda tx: tx.purchases_in("hub", Fulfillment.TO_ORDER)) == (a_purchase(2),)

    @pytest.mark.parametrize(
        "second",
        [
            pytest.param(a_purchase(2, supplier_ref="S-1"), id="the supplier's id of it"),
            pytest.param(
                attrs.evolve(
                    a_purchase(), po=attrs.evolve(a_purchase().po, id="shop/7/hub/x", reference="x")
                ),
                id="its number at the supplier",
            ),
            pytest.param(
                attrs.evolve(a_purchase(2), po=attrs.evolve(a_purchase(2).po, reference="ref7hub1")),
                id="the reference the supplier sees",
            ),
        ],
    )
    def test_no_two_purchase_orders_share(self, journal: Journal, second: PurchaseRecord) -> None:
        def keep(tx: Tx) -> None:
            keep_order(tx, an_order())
            tx.put_purchase(a_purchase(supplier_ref="S-1"))

        journal.transact(keep)
        with pytest.raises(RowRefused):
            journal.transact(lambda tx: tx.put_purchase(second))
        assert journal.look(lambda tx: tx.purchases("shop/7")) == (a_purchase(supplier_ref="S-1"),)

    def test_what_waits_for_one_thing_is_listed_for_one_owner_or_for_all(self, journal: Journal) -> None:
        waiting = attrs.evolve(a_purchase(2), waits="money")
        other = attrs.evolve(a_purchase(3, order="8"), waits="money")

        def keep(tx: Tx) -> None:
            keep_order(tx, an_order("7"), owner="ann")
            keep_order(tx, an_order("8"), owner="bob")
            for record in (attrs.evolve(a_purchase(), waits="stock"), waiting, other):
                tx.put_purchase(record)

        journal.transact(keep)
        assert journal.look(lambda tx: tx.purchases_waiting("money", owner="")) == (waiting, other)
        assert journal.look(lambda tx: tx.purchases_waiting("money", owner="bob")) == (other,)

    def test_orders_too_many_are_listed_by_account_also_those_that_were_answered(
        self, journal: Journal
    ) -> None:
        def ask(tx: Tx) -> None:
            for code, about, account in (
                (ReviewCode.DOUBLE, "a#twin/1", "hub"),
                (ReviewCode.DOUBLE, "a#twin/2", "x"),
                (ReviewCode.REFUSED, "a#twin/3", "hub"),
            ):
                tx.open_review(code, about=about, evidence="e", decisions=(), at=NOW, account=account)
            tx.close_reviews(ReviewCode.DOUBLE, about="a#twin/1", decision="canceled", at=NOW)

        journal.transact(ask)
        assert journal.look(lambda tx: (tx.doubles("hub"), tx.doubles("y"))) == (("a#twin/1",), ())

    def test_the_same_supplier_id_at_two_suppliers_is_two_orders(self, journal: Journal) -> None:
        def keep(tx: Tx) -> None:
            keep_order(tx, an_order())
            tx.put_purchase(a_purchase(supplier="a", supplier_ref="1"))
            tx.put_purchase(a_purchase(supplier="b", supplier_ref="1"))

        journal.transact(keep)
        assert journal.look(lambda tx: tx.purchase_with("b", "1")) == "shop/7/b/1"

    def test_allocated_lists_what_is_not_yet_ordered_for_certain_oldest_first(self, journal: Journal) -> None:
        def keep(tx: Tx) -> None:
            keep_order(tx, an_order())
            tx.put_purchase(attrs.evolve(a_purchase(3), fulfillment=Fulfillment.PLACED))
            tx.put_purchase(attrs.evolve(a_purchase(2), fulfillment=Fulfillment.IN_DOUBT))
            tx.put_purchase(a_purchase(1))
            tx.put_purchase(a_purchase(1))
            tx.put_purchase(a_purchase(1, supplier="other"))

        journal.transact(keep)
        found = journal.look(lambda tx: tx.allocated("hub"))
        assert found == (
            ("shop/7/hub/1", "r1", Fulfillment.TO_ORDER, Decimal("2.0")),
            ("shop/7/hub/2", "r1", Fulfillment.IN_DOUBT, Decimal("2.0")),
        )

    def test_reservations_are_kept_until_neither_wanted_nor_held(self, journal: Journal) -> None:
        row = ReservationRow(
            supplier="hub", remote_id="r1", wanted=Decimal("2"), held=Decimal("1.0"), ours=False, seen_at=NOW
        )
        other = attrs.evolve(row, remote_id="r0", available=Decimal("0"), ours=True, seen_at=None)
        journal.transact(lambda tx: tx.put_reservation(row))
        journal.transact(lambda tx: tx.put_reservation(other))
        assert journal.look(lambda tx: tx.reservations("hub")) == (other, row)
        journal.transact(lambda tx: tx.put_reservation(attrs.evolve(row, wanted=Decimal(0), held=Decimal(0))))
        assert journal.look(lambda tx: (tx.reservations("hub"), tx.reservations("x"))) == ((other,), ())

    # --- notices ---

    def test_notices_come_back_oldest_first_and_one_departure_has_one(self, journal: Journal) -> None:
        first, second = (
            a_notice("z", shipment="s1"),
            a_notice("a", shipment="s2", created_at=NOW + MINUTE),
        )

        def keep(tx: Tx) -> None:
            keep_order(tx, an_order())
            tx.put_purchase(a_purchase())
            tx.put_notice(second)
            tx.put_notice(first)

        journal.transact(keep)
        assert journal.look(lambda tx: tx.notices("shop/7")) == (first, second)
        with pytest.raises(RowRefused):
            journal.transact(lambda tx: tx.put_notice(a_notice("other", shipment="s1")))
        told = attrs.evolve(first, state=NoticeState.ANNOUNCED, announced=first.notice.packages)
        journal.transact(lambda tx: tx.put_notice(told))
        assert journal.look(lambda tx: tx.notices("shop/7")) == (told, second)
        assert journal.look(lambda tx: tx.count_notices()) == {"ANNOUNCED": 1, "DUE": 1}

    # --- manifests ---

    def test_a_departure_is_in_one_manifest_until_it_is_taken_off_or_left_out(self, journal: Journal) -> None:
        lines = (ShipmentLine(remote_id="r1", quantity=Decimal("1.5")),)
        packed = Packed(
            purchase_order="shop/7/hub/1", shipment=Shipment(ref="s1", lines=lines, shipped_at=NOW)
        )

        def keep(tx: Tx) -> tuple[Manifest, Manifest]:
            keep_order(tx, an_order())
            tx.put_purchase(a_purchase())
            opened = tuple(tx.add_manifest(courier=name, owner="ada", at=NOW) for name in ("DHL", "GLS"))
            tx.put_packed(opened[0].id, packed)
            return opened[0], opened[1]

        first, second = journal.transact(keep)
        assert journal.look(lambda tx: tx.manifest(first.id)) == attrs.evolve(first, departures=(packed,))
        assert journal.look(lambda tx: tx.manifest(second.id + 1)) is None
        assert journal.look(lambda tx: tx.packed("shop/7/hub/1")) == ((first.id, packed),)
        with pytest.raises(RowRefused):
            journal.transact(lambda tx: tx.put_packed(second.id, packed))
        left_out = attrs.evolve(packed, left_out="the order is canceled")

        def ship(tx: Tx) -> None:
            tx.put_packed(first.id, left_out)
            tx.ship_manifest(first.id, NOW + MINUTE)
            # What did not go may go with another.
            tx.put_packed(second.id, packed)

        journal.transact(ship)
        shipped = attrs.evolve(
            first, state=ManifestState.SHIPPED, departures=(left_out,), shipped_at=NOW + MINUTE
        )
        assert journal.look(lambda tx: tx.manifest(first.id)) == shipped
        assert journal.look(lambda tx: tx.packed("shop/7/hub/1")) == ((second.id, packed),)
        journal.transact(lambda tx: tx.drop_packed(second.id, "shop/7/hub/1", "s1"))
        assert journal.look(lambda tx: tx.packed("shop/7/hub/1")) == ()

        def ids(tx: Tx) -> list[tuple[int, ...]]:
            return [
                tx.manifest_ids(),
                tx.manifest_ids(state=ManifestState.SHIPPED),
                tx.manifest_ids(owner="ada", after=first.id),
                tx.manifest_ids(owner="bert"),
                tx.manifest_ids(limit=1),
            ]

        assert journal.look(ids) == [(first.id, second.id), (first.id,), (second.id,), (), (first.id,)]

    # --- tasks ---

    def test_tasks_come_back_oldest_first_and_a_key_names_one(self, journal: Journal) -> None:
        note, refund = a_task("z"), a_task("a", Money.of("2.50", "EUR"), created_at=NOW + MINUTE)

        def keep(tx: Tx) -> None:
            keep_order(tx, an_order())
            tx.put_task(refund)
            tx.put_task(note)

        journal.transact(keep)
        assert journal.look(lambda tx: tx.tasks("shop/7")) == (note, refund)
        done = attrs.evolve(note, state=TaskState.DONE)
        journal.transact(lambda tx: tx.put_task(done))
        assert journal.look(lambda tx: tx.tasks("shop/7")) == (done, refund)
        journal.transact(lambda tx: tx.forget("shop/7", NOW))
        assert journal.look(lambda tx: tx.tasks("shop/7")) == ()

    # --- cases ---

    def test_cases_come_back_by_order_and_page_by_page(self, journal: Journal) -> None:
        first, second = a_case(1), a_case(2, kind=CaseKind.RESEND, state=CaseState.RESOLVED)

        def keep(tx: Tx) -> None:
            keep_order(tx, an_order(), owner="ada")
            tx.put_purchase(a_purchase())
            tx.put_case(second)
            tx.put_case(first)

        journal.transact(keep)
        assert journal.look(lambda tx: (tx.case(first.id), tx.case("none"))) == (first, None)
        assert journal.look(lambda tx: tx.cases_of("shop/7")) == (first, second)
        assert journal.look(lambda tx: tx.cases(owner="ada", limit=1)) == (first,)
        assert journal.look(lambda tx: tx.cases(after=first.id)) == (second,)
        assert journal.look(lambda tx: tx.cases(everything=False)) == (first,)
        assert journal.look(lambda tx: tx.cases(kind=CaseKind.RESEND)) == (second,)
        assert journal.look(lambda tx: tx.cases(owner="bob")) == ()
        assert journal.look(lambda tx: tx.cases(purchase_order="shop/7/hub/2")) == ()
        moved = attrs.evolve(first, state=CaseState.APPROVED, word="they will")
        journal.transact(lambda tx: tx.put_case(moved))
        assert journal.look(lambda tx: tx.case(first.id)) == moved
        journal.transact(lambda tx: tx.forget("shop/7", NOW))
        bare = attrs.evolve(moved, reason="", evidence=(), word="")
        assert journal.look(lambda tx: tx.case(first.id)) == bare

    # --- reviews and money ---

    def test_an_open_question_is_asked_once_with_the_newest_evidence(self, journal: Journal) -> None:
        def ask(evidence: str) -> int:
            return journal.transact(
                lambda tx: tx.open_review(
                    ReviewCode.UNCLEAR,
                    about="shop/7/hub/1",
                    evidence=evidence,
                    decisions=("adopt", "place"),
                    at=NOW,
                    order_id="shop/7",
                    account="hub",
                )
            )

        first = ask("one")
        assert ask("two") == first
        [review] = journal.look(lambda tx: tx.reviews())
        assert (review.evidence, review.decisions, review.code) == (
            "two",
            ("adopt", "place"),
            ReviewCode.UNCLEAR,
        )
        assert journal.look(lambda tx: tx.review(first)) == review
        journal.transact(lambda tx: tx.decide_review(first, decision="adopt", at=NOW + MINUTE))
        journal.transact(lambda tx: tx.decide_review(first, decision="place", at=NOW + 2 * MINUTE))
        decided = journal.look(lambda tx: tx.review(first))
        assert decided == attrs.evolve(review, decision="adopt", resolved_at=NOW + MINUTE)
        assert journal.look(lambda tx: tx.reviews()) == ()
        again = ask("three")
        assert again != first
        journal.transact(
            lambda tx: tx.close_reviews(ReviewCode.UNCLEAR, about="shop/7/hub/1", decision="gone", at=NOW)
        )
        assert journal.look(lambda tx: (tx.reviews(), tx.review(again) is None)) == ((), False)

    def test_reviews_are_listed_by_owner_and_in_pages(self, journal: Journal) -> None:
        def ask(tx: Tx) -> list[int]:
            keep_order(tx, an_order("7"), owner="ann")
            keep_order(tx, an_order("8"), owner="bob")
            return [
                tx.open_review(
                    ReviewCode.FAULT, about=order, evidence="", decisions=(), at=NOW, order_id=order
                )
                for order in ("shop/7", "shop/8")
            ]

        ids = journal.transact(ask)
        assert [review.id for review in journal.look(lambda tx: tx.reviews(limit=1))] == ids[:1]
        assert [review.id for review in journal.look(lambda tx: tx.reviews(after=ids[0]))] == ids[1:]
        assert [review.id for review in journal.look(lambda tx: tx.reviews(owner="bob"))] == ids[1:]

    def test_what_was_spent_is_summed_exactly_by_owner_currency_and_time(self, journal: Journal) -> None:
        def spend(tx: Tx) -> list[int]:
            ids = [tx.add_intent(an_intent(step=str(step))).id for step in range(5)]
            for intent, owner, currency, amount, at in (
                (ids[0], "ann", "EUR", "0.10", NOW - MINUTE),
                (ids[1], "ann", "EUR", "0.20", NOW),
                (ids[2], "ann", "EUR", "9999999999999999.99", NOW),
                (ids[3], "ann", "USD", "7", NOW),
                (ids[4], "bob", "EUR", "7", NOW),
            ):
                tx.spend(intent, owner=owner, currency=currency, amount=Decimal(amount), at=at)
            # The same intent spends once.
            tx.spend(ids[1], owner="ann", currency="EUR", amount=Decimal("0.20"), at=NOW)
            return ids

        ids = journal.transact(spend)

        def spent(since: datetime) -> str:
            return str(journal.look(lambda tx: tx.spent(owner="ann", currency="EUR", since=since)))

        assert spent(NOW - 2 * MINUTE) == "10000000000000000.29"
        assert spent(NOW - MINUTE) == "10000000000000000.19"
        journal.transact(lambda tx: tx.unspend(ids[2]))
        assert spent(NOW - MINUTE) == "0.20"
        assert spent(NOW) == "0"

    def test_money_is_stopped_for_one_owner_or_for_all(self, journal: Journal) -> None:
        def stopped() -> tuple[str | None, str | None]:
            return journal.look(lambda tx: (tx.stopped("ann"), tx.stopped("bob")))

        def switch(owner: str, *, stopped: bool) -> None:
            journal.transact(lambda tx: tx.put_switch(owner=owner, stopped=stopped, reason="audit", at=NOW))

        assert stopped() == (None, None)
        switch("ann", stopped=True)
        assert stopped() == ("audit", None)
        switch("", stopped=True)
        assert stopped() == ("audit", "audit")
        switch("", stopped=False)
        switch("ann", stopped=False)
        assert stopped() == (None, None)
