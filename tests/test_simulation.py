"""The whole bridge in a simulated world: nothing is ordered twice, lost or left untold, whatever fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any

import attrs
import pytest

from orderbridge import (
    Policy,
    Secret,
    Who,
    _engine,
    _engine_doubt,
    _journal_orders,
    _journal_purchases,
    _place,
    _pull,
    _purchase_operation,
    _run,
)
from orderbridge._canonical import load
from orderbridge._engine import perform
from orderbridge._engine_operation import Operation
from orderbridge._http import Read, Request, Response
from orderbridge._journal import Tx
from orderbridge._model import PurchaseOrder
from orderbridge._saga import Clock, Commit, Fetch, Look, Saga, Send, Tick
from orderbridge._world import World
from orderbridge.adapters import (
    Flow,
    LookUp,
    Past,
    Placement,
    Unclear,
    Verdict,
    Write,
    judge_by_status,
)
from orderbridge.journals.sqlite import open_memory
from orderbridge.sandbox.faults import Fault
from orderbridge.sandbox.rewix import RewixSupplier
from orderbridge.sandbox.woocommerce import WooCommerceShop
from orderbridge.stores import woocommerce
from orderbridge.suppliers import rewix
from orderbridge.testing._demands import AS_LOST_TO_READERS
from orderbridge.testing.sandboxes import RewixBackend, WooCommerceBackend
from orderbridge.testing.simulator import Outcome, Scene, StoreSide, SupplierSide, simulate

pytestmark = pytest.mark.slow  # minutes of work: once, on the interpreter at hand

WAYS: dict[str, dict[str, Any]] = {
    "fulfillments": {"fulfillments": True},
    "official plug-in": {"tracking_plugin": "official"},
    "AST": {"tracking_plugin": "ast"},
    "note": {},
}


def one_order(way: str = "fulfillments", *, reserve: bool = True) -> Callable[[Random], Scene]:
    """A shop that shows departures in this way, and a supplier who takes an order as often as it comes."""

    def scene(_: Random) -> Scene:
        shop = WooCommerceShop(**WAYS[way])
        shop_settings = woocommerce.Settings(
            base_url="https://shop.example",
            consumer_key=Secret(shop.consumer_key),
            consumer_secret=Secret(shop.consumer_secret),
        )
        desk = RewixSupplier(
            api_key="a-key", password="a-password", stock={"100": 50, "101": 50}, repeated_key="accept"
        )
        desk_settings = rewix.Settings(
            base_url="https://supplier.example", api_key=Secret("a-key"), password=Secret("a-password")
        )
        return Scene(
            store=StoreSide.of(woocommerce.PLATFORM, shop_settings, WooCommerceBackend(shop)),
            supplier=SupplierSide.of(rewix.PLATFORM, desk_settings, RewixBackend(desk)),
            policy=Policy(
                place=Who.AUTOMATIC,
                reserve=reserve,
                report_progress=False,
                pull_every=timedelta(hours=12),
                follow_every=timedelta(hours=6),
            ),
        )

    return scene


def quiet(way: str = "fulfillments", *, reserve: bool = True, **wrong: Any) -> Outcome:
    """One order in a world where nothing goes wrong but what is asked for."""
    return simulate(
        1, orders=1, faults=0, kills=0, stalls=0, processes=1, scene=one_order(way, reserve=reserve), **wrong
    )


@cache
def undisturbed(way: str = "fulfillments") -> Outcome:
    return quiet(way)


def call(outcome: Outcome, what: str) -> int:
    """The number of the first call that reads so in the story."""
    line = next(line for line in outcome.trace if "call " in line and what in line)
    return int(line.partition("call ")[2].partition(":")[0])


PLACES = "POST https://supplier.example/restful/ghost/orders/0/dropshipping"


@pytest.mark.parametrize("group", range(8))
def test_ten_orders_come_through_faults_kills_and_two_processes(group: int) -> None:
    """200 seeds, each another shop and supplier; one call in 20 goes wrong, processes die and sleep."""
    for seed in range(group * 25, group * 25 + 25):
        outcome = simulate(seed)
        assert not outcome.problems, f"simulate({seed}):\n{outcome.story}"


@pytest.mark.parametrize("seed", range(1000, 1006))
def test_orders_come_through_a_storm(seed: int) -> None:
    """Three processes; one call in five goes wrong."""
    outcome = simulate(seed, orders=4, faults=0.2, kills=0.03, stalls=0.02, processes=3)
    assert not outcome.problems, f"simulate({seed}):\n{outcome.story}"


@pytest.mark.parametrize("way", WAYS)
def test_one_order_survives_a_kill_at_any_moment(way: str) -> None:
    for point in range(1, undisturbed(way).points + 1):
        outcome = quiet(way, kill_at=[point])
        assert not outcome.problems, f"killed at {point}:\n{outcome.story}"


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.value)
def test_one_order_survives_any_fault_of_any_call_and_a_kill_beside_it(fault: Fault) -> None:
    """Every fault at every call, each once alone, and crossed with kills.

    All pairs would take ten minutes. The three moments after the fault are always tried, because a
    process that dies there takes with it what nobody else knows; of the others each 17th, and others
    for each call. Faults that are one to readers are crossed with kills as a lost request only, where
    the call is a read.
    """
    calm = undisturbed()
    for number, before in enumerate(calm.calls, 1):
        kills: set[int] = set()
        if fault not in AS_LOST_TO_READERS or number not in calm.reads:
            kills = {before + 1, before + 2, before + 3, *range(1 + number % 17, calm.points + 1, 17)}
        for kill in [None, *sorted(kills)]:
            outcome = quiet(fault_at={number: fault}, kill_at=[] if kill is None else [kill])
            assert not outcome.problems, f"{fault} at call {number}, killed at {kill}:\n{outcome.story}"


LATE_SEEDS = (1, 2, 3, 4, 5, 6, 7, 8)  # in some of them the second of a doubled order comes minutes later


def twice(seed: int) -> Outcome:
    """One order that the network carries to the supplier twice."""
    wrong = {"faults": 0, "kills": 0, "stalls": 0, "orders": 1, "processes": 2, "scene": one_order()}
    calm = simulate(seed, **wrong)
    return simulate(seed, fault_at={call(calm, PLACES): Fault.DOUBLED}, **wrong)


def test_each_twin_of_an_order_ends_with_a_person_however_late_it_comes() -> None:
    found = [twice(seed) for seed in LATE_SEEDS]
    assert not any(outcome.problems for outcome in found), "\n".join(outcome.story for outcome in found)
    reviews = [outcome.reviews for outcome in found]
    assert {("DOUBLE",), ("UNCLEAR",)} == {*reviews}, reviews


def test_a_twin_that_nobody_looks_for_is_seen_as_a_double_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_run, "daily_looks", lambda world: [])
    monkeypatch.setattr(_pull, "FindsPurchases", int)
    problems = [problem for seed in LATE_SEEDS for problem in twice(seed).problems]
    assert any(problem.startswith("double") for problem in problems)


def test_the_same_seed_is_the_same_world() -> None:
    assert simulate(3, orders=3).trace == simulate(3, orders=3).trace


# --- the simulator can fail: bugs planted on purpose ---------------------------------------------


def test_a_look_up_that_never_finds_is_seen_as_a_double_order(monkeypatch: pytest.MonkeyPatch) -> None:
    real = rewix.RewixAdapter.place

    def blind(self: rewix.RewixAdapter, po: PurchaseOrder, past: Past) -> Flow[Write | Placement | Unclear]:
        if "create" in past.answers:
            return (yield from real(self, po, past))
        flow = real(self, po, past)
        next(flow)
        try:
            while True:
                flow.send(Response(404, body=b"no such order"))
        except StopIteration as end:
            result: Write | Placement | Unclear = end.value
            return result

    lost = {call(undisturbed(), PLACES): Fault.ANSWER_LOST}
    assert not quiet(fault_at=lost).problems
    monkeypatch.setattr(rewix.RewixAdapter, "place", blind)
    lost = {call(quiet(), PLACES): Fault.ANSWER_LOST}
    assert any(problem.startswith("double") for problem in quiet(fault_at=lost).problems)


def test_giving_up_a_lost_write_at_the_first_look_is_seen_as_a_double_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    placed = call(undisturbed(), PLACES)
    assert not quiet(fault_at={placed: Fault.LATE}).problems
    monkeypatch.setattr(
        _engine, "unresolved", lambda tx, op, intent, *_: (_engine_doubt.absent(tx, intent), None)
    )
    # Asking the shop again first would by chance wait until the late call has landed.
    monkeypatch.setattr(_purchase_operation, "_KNOWN_FOR", timedelta(days=1))
    problems = quiet(fault_at={placed: Fault.LATE}).problems
    assert any(problem.startswith("double") for problem in problems)


def test_a_doubt_that_nobody_comes_back_to_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    real = _place.Place.doubt

    def forgetful(self: _place.Place, tx: Tx, now: Clock, *, again_at: datetime | None) -> None:
        real(self, tx, now, again_at=None)

    placed = call(undisturbed(), PLACES)
    monkeypatch.setattr(_place.Place, "doubt", forgetful)
    problems = quiet(fault_at={placed: Fault.REQUEST_LOST}).problems
    assert any(problem.startswith("I3") for problem in problems)


def test_bytes_that_differ_from_the_journal_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    real = _engine.send

    def other(account: str, request: Request, *, not_after: float) -> Saga[Any]:
        return real(account, attrs.evolve(request, body=request.body + b" "), not_after=not_after)

    monkeypatch.setattr(_engine, "send", other)
    assert any(problem.startswith("I2") for problem in quiet().problems)


def test_a_departure_that_is_told_twice_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    real = WooCommerceBackend.shown
    monkeypatch.setattr(WooCommerceBackend, "shown", lambda self, ref: [*real(self, ref), *real(self, ref)])
    assert any("shown 2 times" in problem for problem in quiet().problems)


# --- what it costs -------------------------------------------------------------------------------


@attrs.define
class Chain(Operation[str]):
    """Writes one after the other, with two reads before each."""

    writes: int
    ended: list[str] = attrs.field(factory=list)
    name = "chain"
    account = "somewhere"
    about = "a thing"
    subject = "order/a thing"

    def flow(self, past: Past) -> Flow[Write | str | Unclear]:
        yield Read("GET", "/one")
        yield Read("GET", "/two")
        for n in range(self.writes):
            if f"step {n}" not in past.answers:
                return Write(f"step {n}", Request("POST", "/thing"), unknown=LookUp())
        return "done"

    def judge(self, write: Write, response: Response) -> Verdict:
        return judge_by_status(response)

    def done(self, tx: Tx, result: str, now: Clock) -> None:
        self.ended.append(result)

    def doubt(self, tx: Tx, now: Clock, *, again_at: datetime | None) -> None:
        raise AssertionError("nothing was lost")

    def later(self, tx: Tx, now: Clock, *, after: timedelta | None, why: str) -> None:
        raise AssertionError(why)

    def settle(self, tx: Tx, now: Clock) -> None:
        tx.release(self.subject, due_at=None)


@pytest.mark.parametrize("writes", [0, 1, 2, 5])
def test_a_chain_of_writes_costs_one_commit_more_than_it_writes(writes: int) -> None:
    journal = open_memory()
    chain = Chain(writes)
    world = World(stores={}, suppliers={}, policy=Policy())
    saga = perform(chain, world)
    answer: object = None
    sent = 0
    try:
        while True:
            match saga.send(answer):
                case Tick():
                    answer = Clock(wall=datetime(2026, 3, 1, tzinfo=UTC), steady=1.0, domain="d", salt="s")
                case Look(work):
                    answer = journal.look(work)
                case Commit(work):
                    answer = journal.transact(work)
                case Fetch():
                    answer = Response(200)
                case Send():
                    sent += 1
                    answer = Response(201)
    except StopIteration:
        pass
    assert chain.ended == ["done"]
    assert sent == writes
    assert journal.commits == writes + 1


def between(outcome: Outcome, first: str, last: str) -> Iterator[str]:
    """Method and path of each call between two events of the journal."""
    inside = False
    for line in outcome.trace:
        inside = inside or f"journal: {first} " in line
        if f"journal: {last} " in line:
            return
        if inside and ": call " in line:
            yield line.partition(" https://")[0].rpartition(" ")[2]


def test_an_order_is_placed_with_four_calls() -> None:
    """Look for it, look at what is held, order, look again, which also tells its id."""
    assert list(between(undisturbed(), "Reserved", "Placed")) == ["GET", "GET", "POST", "GET"]


def test_an_order_that_needs_no_reserving_is_placed_with_three_calls() -> None:
    outcome = quiet(reserve=False)
    assert list(between(outcome, "PurchaseOrderMade", "Placed")) == ["GET", "POST", "GET"]


def test_a_departure_is_announced_and_the_order_completed_with_eight_calls() -> None:
    """What the shop can do, which is kept for an hour; look, tell, look; look, complete, look at both."""
    calls = list(between(undisturbed(), "Departed", "Announced"))
    assert calls == ["GET", "GET", "POST", "GET", "GET", "PUT", "GET", "GET"]


def test_what_is_kept_of_what_was_read_names_no_shopper(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[str] = []

    def keep(cls: type[object], text: str) -> object:
        kept.append(text)
        return load(cls, text)

    for module in (_journal_orders, _journal_purchases):
        monkeypatch.setattr(module, "load_kept", keep)
    assert any("Shopper No1" in line for line in quiet().trace)
    assert kept
    assert not [text for text in kept if "Shopper" in text]
