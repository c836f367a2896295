"""The demonstration: what it counts, and that nothing is doubled, lost or untold whatever the line does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from typer.testing import CliRunner

from orderbridge import Fulfillment, ReviewCode
from orderbridge._http import Call
from orderbridge.cli.app import app
from orderbridge.cli.demo_orders import NAMES, baskets
from orderbridge.cli.demo_recorded import read_recorded
from orderbridge.cli.demo_run import Demo
from orderbridge.cli.demo_shops import SHOPS, WooCommerce
from orderbridge.cli.demo_suppliers import SUPPLIERS, Alibaba, Rewix
from orderbridge.errors import ConfigurationError
from orderbridge.sandbox import Fault
from orderbridge.sandbox.rewix import RewixSupplier
from orderbridge.sandbox.woocommerce import WooCommerceShop
from orderbridge.sandbox.woocommerce.values import Object

pytestmark = pytest.mark.slow  # minutes of work: once, on the interpreter at hand

KEYS = {
    "orders",
    "purchase_orders",
    "placed",
    "shipped",
    "announced",
    "reviews",
    "double_orders",
    "double_payments",
    "lost_orders",
    "unannounced",
    "double_announcements",
    "requests",
    "seconds",
    "shops",
    "suppliers",
}
WRONG = ("double_orders", "double_payments", "lost_orders", "unannounced", "double_announcements")
EVERYBODY = ("--stores", ",".join(SHOPS), "--suppliers", ",".join(SUPPLIERS))
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def demo(*words: str) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(app, ["demo", "--json", *words])
    assert result.stdout.count("\n") == 1, result.output
    return result.exit_code, json.loads(result.stdout)


@contextmanager
def world(*, seed: int = 1, suppliers: str = "rewix") -> Iterator[Demo]:
    """A WooCommerce and, unless said otherwise, a Rewix."""
    chosen = [SUPPLIERS[name]() for name in suppliers.split(",")]
    with Demo(shops=[WooCommerce()], suppliers=chosen, seed=seed, faults=False, now=NOW) as run:
        yield run


def shop_of(run: Demo) -> WooCommerceShop:
    (shop,) = run.shops
    assert isinstance(shop, WooCommerce)
    return shop.shop


def rewix_of(run: Demo) -> RewixSupplier:
    (supplier,) = run.suppliers
    assert isinstance(supplier, Rewix)
    return supplier.supplier


def silent(have: int, of: int) -> None:
    pass


def to_the_end(run: Demo) -> None:
    for stage in (run.pull, run.order, run.pay, run.work, run.pack, run.ship):
        stage(silent)
    run.settle()


def once(fault: Fault, wanted: Callable[[Call], bool], times: int = 1) -> Callable[[Call], Fault | None]:
    """That fault for the first calls of a kind."""
    met: list[str] = []

    def plan(call: Call) -> Fault | None:
        if len(met) < times and wanted(call):
            met.append(call.url)
            return fault
        return None

    return plan


# --- the command ------------------------------------------------------------------------------------


def test_the_demo_prints_one_object_and_ends_well() -> None:
    code, counts = demo()
    assert counts.keys() >= KEYS
    assert code == 0
    assert counts["orders"] == 11
    assert counts["placed"] == counts["purchase_orders"] == counts["shipped"] == counts["announced"]
    assert counts["placed"] > counts["taken"] == 9  # some orders are of two suppliers
    assert counts["suppliers"].keys() == {"rewix", "warehouse"}
    assert counts["reviews"] == 0
    assert counts["requests"] > 100


@pytest.mark.parametrize("supplier", SUPPLIERS)
@pytest.mark.parametrize("store", SHOPS)
def test_every_shop_goes_with_every_supplier(store: str, supplier: str) -> None:
    code, counts = demo("--stores", store, "--suppliers", supplier)
    assert (code, counts["reviews"], counts["orders"], counts["taken"]) == (0, 0, 11, 9)
    assert counts["placed"] == counts["purchase_orders"] == counts["shipped"] == counts["announced"] >= 9
    ((_, shop),) = counts["shops"].items()
    ((name, there),) = counts["suppliers"].items()
    assert name == SUPPLIERS[supplier].name
    assert shop["shown"] >= there["placed"] == there["shipped"] <= there["parcels"]
    assert shop["mails"] >= there["placed"]
    assert there["payments"] == (None if supplier == "offline" else there["placed"])


def test_mixed_orders_go_from_all_shops_to_all_suppliers() -> None:
    code, counts = demo(*EVERYBODY)
    assert (code, [counts[name] for name in WRONG]) == (0, [0] * len(WRONG))
    assert (counts["orders"], counts["taken"], counts["reviews"]) == (44, 36, 0)
    assert counts["placed"] == counts["purchase_orders"] == counts["shipped"] == counts["announced"]
    assert counts["placed"] > 2 * counts["taken"]
    assert counts["shops"].keys() == SHOPS.keys()
    assert all(shop["shown"] > shop["taken"] for shop in counts["shops"].values())
    assert all(there["placed"] == there["shipped"] > 9 for there in counts["suppliers"].values())


@pytest.mark.parametrize("seed", [1, 5])
def test_faults_on_both_lines_double_nothing_and_lose_nothing(seed: int) -> None:
    code, counts = demo("--faults", "--seed", str(seed))
    assert (code, [counts[name] for name in WRONG]) == (0, [0] * len(WRONG))


@pytest.mark.parametrize("seed", [1])
def test_faults_on_every_line_double_nothing_and_lose_nothing(seed: int) -> None:
    code, counts = demo(*EVERYBODY, "--faults", "--seed", str(seed))
    assert (code, [counts[name] for name in WRONG]) == (0, [0] * len(WRONG))
    assert counts["placed"] == counts["shipped"] == counts["announced"] > 2 * counts["taken"]


def test_people_see_each_stage_and_a_time_line() -> None:
    result = CliRunner().invoke(app, ["demo", "--seed", "2"])
    assert result.exit_code == 0
    for words in ("What the shops have", "What the suppliers say", "The time line of", "Announced"):
        assert words in result.output


@pytest.mark.parametrize(
    ("option", "said", "known"),
    [
        ("--stores", "shopware", SHOPS),
        ("--stores", ",", SHOPS),
        ("--suppliers", "rewix,acme", SUPPLIERS),
        ("--suppliers", "", SUPPLIERS),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_ones(option: str, said: str, known: dict[str, Any]) -> None:
    result = CliRunner().invoke(app, ["demo", option, said])
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert ", ".join(known) in result.stderr
    if named := said.rpartition(",")[2]:
        assert repr(named) in result.stderr


def test_a_name_that_is_given_twice_is_there_once() -> None:
    code, counts = demo("--stores", "magento, Magento", "--suppliers", "offline")
    assert (code, counts["orders"]) == (0, 11)


def test_the_same_seed_sells_the_same_and_another_does_not() -> None:
    def sold(seed: int) -> object:
        with world(seed=seed) as run:
            return run.sold

    assert sold(1) == sold(1) != sold(2)


def test_nobody_buys_twice_because_the_ledgers_are_compared_by_who_buys() -> None:
    people = [basket.shopper for shop in range(len(SHOPS)) for basket in baskets(7, now=NOW, shop=shop)]
    assert len(set(people)) == len(people) <= len(NAMES)


def test_recorded_orders_go_the_same_way(shared: Path) -> None:
    code, counts = demo("--orders", str(shared / "payloads/woocommerce"))
    assert code == 0
    assert counts["placed"] == counts["announced"] > 0
    assert counts["reviews"] > 0  # recorded shoppers without an address, and a metre and a half of cloth


@pytest.mark.parametrize(("text", "words"), [("{", "no JSON"), ("[]", "no order"), (None, "cannot be read")])
def test_a_file_without_orders_is_named(tmp_path: Path, text: str | None, words: str) -> None:
    file = tmp_path / "orders.json"
    if text is not None:
        file.write_text(text)
    result = CliRunner().invoke(app, ["demo", "--orders", str(file)])
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_orders_are_found_in_every_wrapping(tmp_path: Path) -> None:
    one = {"id": 1, "status": "processing", "line_items": []}
    two = {**one, "id": 2}
    refund = {"id": 9, "line_items": []}
    for number, document in enumerate((one, [one, two], {"data": one}, {"data": [one, two]}, [one, refund])):
        file = tmp_path / f"{number}.json"
        file.write_text(json.dumps(document))
        assert {order["id"] for order in read_recorded([file])} <= {1, 2}
    (tmp_path / "other.json").write_text("no order at all")
    assert len(read_recorded([tmp_path])) == 2
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_recorded([tmp_path / "none.json"])


def test_a_recorded_order_that_no_shop_can_have_sent_is_left_out_with_a_word(tmp_path: Path) -> None:
    line = {"id": 3, "name": "Cup", "product_id": 5, "quantity": 1, "total": "5", "total_tax": "0"}
    good = {"id": 1, "status": "processing", "currency": "EUR", "total": "5", "line_items": [line]}
    dates = {"date_created_gmt": "2020-01-01T00:00:00", "date_paid_gmt": "2020-01-01T00:00:00"}
    bad = {**good, "id": "x"}
    file = tmp_path / "orders.json"
    file.write_text(json.dumps([{**good, **dates}, bad]))
    result = CliRunner().invoke(app, ["demo", "--json", "--orders", str(file)])
    assert "order x is left out" in result.stderr
    counts = json.loads(result.stdout)
    # The good one came in, and nobody could ship it: it has no address.
    assert (counts["orders"], counts["purchase_orders"], counts["reviews"]) == (1, 1, 1)
    assert result.exit_code == 0


# --- the counts are of what is really there ---------------------------------------------------------


def test_the_count_reads_the_ledgers_and_not_the_journal() -> None:
    with world() as run:
        to_the_end(run)
        assert run.count().good
        rewix, shop = rewix_of(run), shop_of(run)
        first, second, third = rewix.orders[:3]

        rewix.orders.append(attrs.evolve(first, order_id="999", dispatched=False))
        assert run.count().double_orders == 1
        rewix.orders.pop()

        rewix.orders.append(attrs.evolve(first, key="nobodys", dispatched=False))
        assert run.count().double_orders == 1
        rewix.orders.pop()

        rewix.orders.remove(second)
        assert run.count().lost_orders == 1
        rewix.orders.insert(1, second)

        for fulfillment in shop.parcels.made.values():
            if fulfillment.value("_tracking_number") == third.tracking_code:
                fulfillment.deleted = True
        counts = run.count()
        assert (counts.unannounced, counts.good) == (1, False)
        assert counts.announced == counts.shipped - 1

        (key, order_id) = next(
            (notice.notice.key, notice.notice.order_id)
            for view in run.orders()
            for notice in view.notices
            if third.tracking_code in [package.tracking_number for package in notice.notice.packages]
        )
        asked = {"evidence": "no", "decisions": ("told",), "at": run.clock.wall(), "order_id": order_id}
        journal = run.bridge._setup.journal
        journal.transact(lambda tx: tx.open_review(ReviewCode.REFUSED, about=key, **asked))
        counts = run.count()
        assert (counts.unannounced, counts.good) == (0, True), "a person is asked: it is not forgotten"
        assert counts.announced == counts.shipped - 1


def test_a_payment_that_was_made_twice_is_counted() -> None:
    with world(suppliers="alibaba") as run:
        to_the_end(run)
        assert run.count().good
        (supplier,) = run.suppliers
        assert isinstance(supplier, Alibaba)
        payments = supplier.supplier.payments
        payments.append(attrs.evolve(payments[0]))
        counts = run.count()
        assert (counts.double_payments, counts.good) == (1, False)


def test_what_nobody_sent_is_lost() -> None:
    with world() as run:
        for stage in (run.pull, run.order, run.pay):
            stage(silent)
        counts = run.count()
        assert (counts.lost_orders, counts.shipped, counts.good) == (counts.taken, 0, False)


# --- single things that go wrong --------------------------------------------------------------------


def test_an_order_that_the_network_placed_twice_is_found_and_not_taken_for_refused() -> None:
    """The supplier refuses the copy, "this key exists", and that refusal is all we are told."""
    with world() as run:
        run.lines["rewix"].plan = once(
            Fault.DOUBLED, lambda call: call.url.endswith("/orders/0/dropshipping")
        )
        to_the_end(run)
        counts = run.count()
        assert counts.good
        assert (counts.placed, counts.reviews) == (9, 0)


def test_a_refusal_is_not_believed_while_nobody_can_look() -> None:
    with world() as run:
        doubled = once(Fault.DOUBLED, lambda call: call.url.endswith("/orders/0/dropshipping"))
        blind = once(Fault.HTML, lambda call: "/clientkey/" in call.url and call.method == "GET", times=1)
        met: list[Fault] = []

        def plan(call: Call) -> Fault | None:
            fault = doubled(call) or (blind(call) if met else None)
            if fault:
                met.append(fault)
            return fault

        run.lines["rewix"].plan = plan
        to_the_end(run)
        assert met == [Fault.DOUBLED, Fault.HTML]
        counts = run.count()
        assert counts.good
        assert (counts.placed, counts.reviews) == (9, 0)


def test_a_bot_wall_that_comes_and_goes_asks_nobody_anything() -> None:
    with world() as run:
        run.lines["woocommerce"].plan = once(Fault.HTML, lambda call: "/fulfillments" in call.url, times=2)
        to_the_end(run)
        assert run.count().good
        kinds = {event.kind for order_id in run.sold for event in run.bridge.history(order_id)}
        assert "PutOff" in kinds
        assert "ReviewOpened" not in kinds


def test_a_bot_wall_that_stays_is_told_and_the_question_goes_when_it_does() -> None:
    with world() as run:
        seen: set[ReviewCode] = set()
        wall = once(Fault.HTML, lambda call: "/fulfillments" in call.url, times=60)

        def plan(call: Call) -> Fault | None:
            seen.update(review.code for review in run.reviews())
            return wall(call)

        run.lines["woocommerce"].plan = plan
        to_the_end(run)
        assert ReviewCode.FAULT in seen
        counts = run.count()
        assert counts.good
        assert counts.reviews == 0


def test_progress_that_could_not_be_shown_in_time_does_not_keep_the_order_busy() -> None:
    with world() as run:
        for stage in (run.pull, run.order, run.pay, run.work):
            stage(silent)
        # "Ready" cannot be shown, and then the goods leave: there is nothing to show any more.
        run.lines["woocommerce"].plan = lambda call: (
            Fault.ERROR_BEFORE if call.method == "POST" and "/notes" in call.url else None
        )
        run.pack(silent)
        run.ship(silent)
        for _ in range(15):
            run.clock.sleep(60)
            report = run.bridge.run_once()
            assert report.advanced < 100
            assert report.next_at is not None
            assert report.next_at > run.clock.wall()  # else it would never rest


def test_a_real_refusal_is_told_and_a_person_may_order_it_again() -> None:
    with world() as run:
        taken: dict[str, int] = {}

        def plan(call: Call) -> Fault | None:
            if call.url.endswith("/orders/0/dropshipping") and not taken:
                # Between our last look and our order, somebody takes it all.
                taken.update(rewix_of(run).locked)
                rewix_of(run).locked.clear()
                rewix_of(run).stock.update(dict.fromkeys(rewix_of(run).stock, 0))
            return None

        run.lines["rewix"].plan = plan
        run.pull(silent)
        run.bridge.run_once()
        refused = [review for review in run.reviews() if review.code is ReviewCode.REFUSED]
        assert len(refused) == 1
        assert "OUT_OF_STOCK" in refused[0].evidence
        rewix_of(run).stock.update(dict.fromkeys(rewix_of(run).stock, 100))
        run.bridge.resolve(refused[0].id, "retry")
        run.clock.sleep(3600)
        to_the_end(run)
        assert run.count().good
        assert run.count().placed == 9


def test_an_order_set_aside_because_of_one_bad_answer_comes_in_by_itself() -> None:
    with world() as run:
        order_id = next(iter(run.sold))
        number = int(order_id.partition("/")[2])
        # Long ago, so that no overlap reads it again.
        shop_of(run).refund(number, now=NOW - timedelta(minutes=50), total="1.00")
        run.lines["woocommerce"].plan = once(Fault.HTML, lambda call: f"/{number}/refunds" in call.url)
        run.pull(silent)
        assert run.bridge.order(order_id) is None
        assert [review.code for review in run.reviews()] == [ReviewCode.ORDER_NOT_UNDERSTOOD]
        run.clock.sleep(600)
        run.bridge.run_once()
        assert run.bridge.order(order_id) is not None
        assert run.reviews() == []


def test_a_part_of_a_piece_is_a_question_and_does_not_hold_up_the_other_orders() -> None:
    with world() as run:
        bag: Object = {
            "product_id": 520,
            "sku": "BAG",
            "name": "Canvas bag",
            "price": "54.00",
            "quantity": 1.5,
        }
        ref = shop_of(run).place_order([bag], now=NOW)
        to_the_end(run)
        assert [(r.code, r.order_id) for r in run.reviews()] == [(ReviewCode.FRACTION, f"woocommerce/{ref}")]
        states = {record.fulfillment for view in run.orders() for record in view.purchases}
        assert states == {Fulfillment.SHIPPED}
        assert run.count().placed == 9
