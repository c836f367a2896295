"""The demonstration: what it counts, and that nothing is doubled, lost or untold whatever the line does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest
from typer.testing import CliRunner

from orderbridge import Fulfillment, ReviewCode
from orderbridge._http import Call
from orderbridge.cli.app import app
from orderbridge.cli.demo_orders import read_recorded
from orderbridge.cli.demo_run import Demo
from orderbridge.errors import ConfigurationError
from orderbridge.sandbox import Fault

pytestmark = pytest.mark.slow  # minutes of work: once, on the interpreter at hand

KEYS = {
    "orders",
    "lines",
    "purchase_orders",
    "placed",
    "shipped",
    "announced",
    "reviews",
    "double_orders",
    "lost_orders",
    "unannounced",
    "requests",
    "seconds",
}
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def demo(*words: str) -> tuple[int, dict[str, float]]:
    result = CliRunner().invoke(app, ["demo", "--json", *words])
    assert result.stdout.count("\n") == 1, result.output
    return result.exit_code, json.loads(result.stdout)


@contextmanager
def world(folder: Path, *, seed: int = 1, recorded: list[object] | None = None) -> Iterator[Demo]:
    with Demo(folder, seed=seed, faults=False, recorded=recorded or [], now=NOW) as run:
        yield run


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
    assert counts["placed"] == counts["purchase_orders"] == counts["shipped"] == counts["announced"] == 9
    assert counts["reviews"] == 0
    assert counts["requests"] > 100


@pytest.mark.parametrize("seed", [1, 5, 17])
def test_faults_on_both_lines_double_nothing_and_lose_nothing(seed: int) -> None:
    code, counts = demo("--faults", "--seed", str(seed))
    wrong = ("double_orders", "lost_orders", "unannounced", "double_announcements")
    assert [counts[name] for name in wrong] == [0, 0, 0, 0]
    assert code == 0


def test_people_see_each_stage_and_a_time_line() -> None:
    result = CliRunner().invoke(app, ["demo", "--seed", "2"])
    assert result.exit_code == 0
    for words in ("What the shop has", "What the supplier says", "The time line of", "Announced"):
        assert words in result.output


def test_the_same_seed_sells_the_same_and_another_does_not(tmp_path: Path) -> None:
    def sold(seed: int, name: str) -> object:
        (tmp_path / name).mkdir()
        with world(tmp_path / name, seed=seed) as run:
            return run.wanted

    assert sold(1, "a") == sold(1, "b") != sold(2, "c")


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


def test_the_count_reads_the_ledgers_and_not_the_journal(tmp_path: Path) -> None:
    with world(tmp_path) as run:
        to_the_end(run)
        assert run.count().good
        first, second, third = run.rewix.orders[:3]

        run.rewix.orders.append(attrs.evolve(first, order_id="999", dispatched=False))
        assert run.count().double_orders == 1
        run.rewix.orders.pop()

        run.rewix.orders.append(attrs.evolve(first, key="nobodys", dispatched=False))
        assert run.count().double_orders == 1
        run.rewix.orders.pop()

        run.rewix.orders.remove(second)
        assert run.count().lost_orders == 1
        run.rewix.orders.insert(1, second)

        for fulfillment in run.shop.parcels.made.values():
            if fulfillment.value("_tracking_number") == third.tracking_code:
                fulfillment.deleted = True
        counts = run.count()
        assert (counts.unannounced, counts.good) == (1, False)
        assert counts.announced == counts.shipped - 1


# --- single things that go wrong --------------------------------------------------------------------


def test_an_order_that_the_network_placed_twice_is_found_and_not_taken_for_refused(tmp_path: Path) -> None:
    """The supplier refuses the copy, "this key exists", and that refusal is all we are told."""
    with world(tmp_path) as run:
        run.lines[1].plan = once(Fault.DOUBLED, lambda call: call.url.endswith("/orders/0/dropshipping"))
        to_the_end(run)
        counts = run.count()
        assert counts.good
        assert (counts.placed, counts.reviews) == (9, 0)


def test_a_refusal_is_not_believed_while_nobody_can_look(tmp_path: Path) -> None:
    with world(tmp_path) as run:
        doubled = once(Fault.DOUBLED, lambda call: call.url.endswith("/orders/0/dropshipping"))
        blind = once(Fault.HTML, lambda call: "/clientkey/" in call.url and call.method == "GET", times=1)
        met: list[Fault] = []

        def plan(call: Call) -> Fault | None:
            fault = doubled(call) or (blind(call) if met else None)
            if fault:
                met.append(fault)
            return fault

        run.lines[1].plan = plan
        to_the_end(run)
        assert met == [Fault.DOUBLED, Fault.HTML]
        counts = run.count()
        assert counts.good
        assert (counts.placed, counts.reviews) == (9, 0)


def test_a_bot_wall_that_comes_and_goes_asks_nobody_anything(tmp_path: Path) -> None:
    with world(tmp_path) as run:
        run.lines[0].plan = once(Fault.HTML, lambda call: "/fulfillments" in call.url, times=2)
        to_the_end(run)
        assert run.count().good
        kinds = {event.kind for order_id in run.wanted for event in run.bridge.history(order_id)}
        assert "PutOff" in kinds
        assert "ReviewOpened" not in kinds


def test_a_bot_wall_that_stays_is_told_and_the_question_goes_when_it_does(tmp_path: Path) -> None:
    with world(tmp_path) as run:
        seen: set[ReviewCode] = set()
        wall = once(Fault.HTML, lambda call: "/fulfillments" in call.url, times=60)

        def plan(call: Call) -> Fault | None:
            seen.update(review.code for review in run.reviews())
            return wall(call)

        run.lines[0].plan = plan
        to_the_end(run)
        assert ReviewCode.FAULT in seen
        counts = run.count()
        assert counts.good
        assert counts.reviews == 0


def test_progress_that_could_not_be_shown_in_time_does_not_keep_the_order_busy(tmp_path: Path) -> None:
    with world(tmp_path) as run:
        for stage in (run.pull, run.order, run.pay, run.work):
            stage(silent)
        # "Ready" cannot be shown, and then the goods leave: there is nothing to show any more.
        run.lines[0].plan = lambda call: (
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


def test_a_real_refusal_is_told_and_a_person_may_order_it_again(tmp_path: Path) -> None:
    with world(tmp_path) as run:
        taken: dict[str, int] = {}

        def plan(call: Call) -> Fault | None:
            if call.url.endswith("/orders/0/dropshipping") and not taken:
                # Between our last look and our order, somebody takes it all.
                taken.update(run.rewix.locked)
                run.rewix.locked.clear()
                run.rewix.stock.update(dict.fromkeys(run.rewix.stock, 0))
            return None

        run.lines[1].plan = plan
        run.pull(silent)
        run.bridge.run_once()
        refused = [review for review in run.reviews() if review.code is ReviewCode.REFUSED]
        assert len(refused) == 1
        assert "OUT_OF_STOCK" in refused[0].evidence
        run.rewix.stock.update(dict.fromkeys(run.rewix.stock, 100))
        run.bridge.resolve(refused[0].id, "retry")
        run.clock.sleep(3600)
        to_the_end(run)
        assert run.count().good
        assert run.count().placed == 9


def test_an_order_set_aside_because_of_one_bad_answer_comes_in_by_itself(tmp_path: Path) -> None:
    with world(tmp_path) as run:
        order_id = next(iter(run.wanted))
        number = int(order_id.partition("/")[2])
        # Long ago, so that no overlap reads it again.
        run.shop.refund(number, now=NOW - timedelta(minutes=50), total="1.00")
        run.lines[0].plan = once(Fault.HTML, lambda call: f"/{number}/refunds" in call.url)
        run.pull(silent)
        assert run.bridge.order(order_id) is None
        assert [review.code for review in run.reviews()] == [ReviewCode.ORDER_NOT_UNDERSTOOD]
        run.clock.sleep(600)
        run.bridge.run_once()
        assert run.bridge.order(order_id) is not None
        assert run.reviews() == []


def test_a_part_of_a_piece_is_a_question_and_does_not_hold_up_the_other_orders(tmp_path: Path) -> None:
    with world(tmp_path) as run:
        bag = {"product_id": 520, "sku": "BAG", "name": "Canvas bag", "price": "54.00", "quantity": 1.5}
        ref = run.shop.place_order([bag], now=NOW)
        to_the_end(run)
        assert [(r.code, r.order_id) for r in run.reviews()] == [(ReviewCode.FRACTION, f"shop/{ref}")]
        states = {record.fulfillment for view in run.orders() for record in view.purchases}
        assert states == {Fulfillment.SHIPPED}
        assert run.count().placed == 9
