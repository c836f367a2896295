"""What a supplier's adapter must make of odd answers, and what it must not: a part of its suite."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import product
from typing import TypeAlias, TypeVar, cast
from unittest import SkipTest
from urllib.parse import urlsplit
from xml.etree import ElementTree

import attrs

from .. import Money, PurchaseOrder
from .._http import Call, Headers, Response
from .._states import HAS_LEFT
from ..adapters import (
    Flow,
    OrdersItself,
    Past,
    Pays,
    Placement,
    Repeat,
    SupplierStatus,
    Unclear,
    Write,
)
from ..errors import BridgeError
from ._bench import Bench
from ._demands import reads_of, story, went_well
from ._supplier_abilities import ByAbility
from .backends import OrdersAgain, PrintsLabels, ShipsParts, SupplierBackend, tracking_number
from .scenes import BUYER, SupplierSide

__all__ = ["OnAnswers"]

T = TypeVar("T")
Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

_TO_THE_END = 10_000
_NEW = "ZZZ_NEW"
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_ .-]{0,39}|\d{1,4}")
_OF_STATE = re.compile("stat|step|stage|phase", re.IGNORECASE)  # fields whose numbers are words
_JSON = Headers({"Content-Type": "application/json"})
_BROKEN = b'{"error":"internal_error","message":"Something went wrong"}'
# None of these is a supplier's "no such order": something before it has answered, or another route.
_NOT_FOUND = (
    Response(404, headers=Headers({"Content-Type": "text/html"}), body=b"<html>Not here</html>"),
    Response(404, headers=_JSON, body=b'{"message":"no Route matched with those values"}'),
    Response(404),
)


class _BreaksAfter:
    """A backend that carries each write out, and answers it by 500 the first time.

    Args:
        body: What comes with it; None is the true answer.
    """

    def __init__(self, backend: SupplierBackend, body: bytes | None) -> None:
        self.broken: set[tuple[str, str]] = set()
        self._backend = backend
        self._body = body

    def __getattr__(self, name: str) -> object:
        return getattr(self._backend, name)

    def handle(self, call: Call, now: datetime) -> Response:
        """The answer to a call that has changed something is an error."""
        before = self._backend.effects()
        response = self._backend.handle(call, now)
        which = (call.method, urlsplit(call.url).path)
        if self._backend.effects() == before or which in self.broken:
            return response
        self.broken.add(which)
        body = response.body if self._body is None else self._body
        return attrs.evolve(response, status=500, body=body)


class OnAnswers(ByAbility):
    """Demands on how answers are read."""

    # --- words ---

    def test_a_word_that_nobody_knows_moves_no_order(self) -> None:
        """Each word of each answer in turn is a new one: then nothing is known, or what was true still is."""
        side, bench, po = self._placed()
        adapter = side.adapter
        for stage in ("placed", "paid", "worked on", "worked on", "gone"):
            if stage == "paid" and isinstance(adapter, Pays):
                self._pay(bench, adapter, po, self._status(bench, side, po))
            if stage == "worked on":
                side.backend.work(bench.now)
            if stage == "gone":
                side.backend.ship(po.supplier_ref, tracking_number(42), now=bench.now)
            bench.wait()
            true = self._status(bench, side, po)
            for where, status in _with_new_words(bench, lambda: side.adapter.fetch(po), po):
                assert status is not None, f"{where} is {_NEW}, and the order counts as unknown"
                said = f"{where} is {_NEW} in an order that is {stage}, and fetch says {status}"
                assert status.fulfillment in (None, true.fulfillment), said
                assert status.payment in (None, true.payment), said
                assert len(status.shipments) <= len(true.shipments), said

    def test_a_word_that_nobody_knows_makes_nobody_order_or_pay(self) -> None:
        """It is ordered and paid already; a word that is new says nothing else."""
        side, bench, po = self._placed()
        adapter = side.adapter
        unplaced = attrs.evolve(po, supplier_ref="")
        flows: dict[str, Callable[[], Flow[object]]] = {"place": lambda: adapter.place(unplaced, Past())}
        if isinstance(adapter, Pays):
            total = self._pay(bench, adapter, po, self._status(bench, side, po))
            flows["pay"] = lambda: adapter.pay(po, total, BUYER, Past())
        bench.wait()
        for name, flow in flows.items():
            if isinstance(bench.run(flow()), Write):
                continue  # it is not looked for, and its key or its step keeps it from being made twice
            for where, result in _with_new_words(bench, flow, po):
                again = (
                    isinstance(result, Write) and result.binding and not isinstance(result.unknown, Repeat)
                )
                assert not again, f"{name}: {where} is {_NEW}, and it is done again by {result}"

    def _pay(self, bench: Bench, adapter: Pays, po: PurchaseOrder, status: SupplierStatus) -> Money:
        total = status.total
        assert total is not None, "who is paid through the API says what is to be paid"
        bench.carry(lambda past: adapter.pay(po, total, BUYER, past))
        return total

    def _status(self, bench: Bench, side: SupplierSide, po: PurchaseOrder) -> SupplierStatus:
        status = bench.run(side.adapter.fetch(po))
        assert status is not None, "the supplier has the order, and fetch says that it has not"
        return status

    # --- departures ---

    def test_a_tracking_number_is_no_departure(self) -> None:
        """A label is printed and paid for; the parcel still stands in the warehouse."""
        side, bench, po = self._placed()
        backend = side.backend
        if not isinstance(backend, PrintsLabels):
            raise SkipTest("the backend has no hand print_label")
        backend.work(bench.now)
        for work in (False, True):
            if work:
                backend.work(bench.now)
            else:
                backend.print_label(po.supplier_ref, tracking_number(7), now=bench.now)
            bench.wait()
            status = self._status(bench, side, po)
            assert not status.shipments, f"nothing has left, and fetch tells of {status.shipments}"
        backend.ship(po.supplier_ref, tracking_number(7), now=bench.now)
        bench.wait()
        left = self._status(bench, side, po).shipments
        assert len(left) == 1, f"one parcel has left, and fetch tells of {left}"

    def test_an_order_that_leaves_in_parts_is_told_by_what_has_left(self) -> None:
        """Never as shipped before the last part, with every number, and a part with what is in it."""
        side, bench, po = self._placed()
        backend = side.backend
        if not isinstance(backend, ShipsParts):
            raise SkipTest("the backend has no hand ship_part")
        if isinstance(side.adapter, Pays):
            self._pay(bench, side.adapter, po, self._status(bench, side, po))
        backend.work(bench.now)
        first = po.lines[0].remote_id
        backend.ship_part(po.supplier_ref, {first: 1}, tracking_number(21), now=bench.now)
        bench.wait()
        status = self._status(bench, side, po)
        said = f"1 {first} of {po.units} has left, and fetch says {status}"
        assert status.fulfillment not in HAS_LEFT, said
        inside = [{line.remote_id: line.quantity for line in gone.lines or ()} for gone in status.shipments]
        # Where nobody knows what is in it, it is told with the last one.
        assert inside in ([], [{first: Decimal(1)}]), said
        backend.ship(po.supplier_ref, tracking_number(22), now=bench.now)
        bench.wait()
        left = self._status(bench, side, po).shipments
        told = sorted(each.tracking_number for gone in left for each in gone.packages)
        said = f"two packages have left, first {status.shipments}, and in the end fetch tells of {left}"
        assert told == [tracking_number(21), tracking_number(22)], said
        assert {gone.ref for gone in status.shipments} <= {gone.ref for gone in left[:-1]}, said

    # --- what is not there ---

    def test_a_404_that_is_not_the_suppliers_own_is_no_order_that_is_gone(self) -> None:
        """A page, a gateway's words, or none: what is gone would be ordered again, or given up."""
        side, bench, po = self._placed()
        bench.wait()
        unplaced = attrs.evolve(po, supplier_ref="")
        flows: dict[str, Callable[[], Flow[object]]] = {"fetch": lambda: side.adapter.fetch(po)}
        if isinstance(bench.run(side.adapter.place(unplaced, Past())), Placement):
            flows["place"] = lambda: side.adapter.place(unplaced, Past())
        for (name, flow), bad in product(flows.items(), _NOT_FOUND):
            for first, more in product(range(reads_of(bench, flow)), (0, _TO_THE_END)):

                def spoil(
                    at: int, answer: Response, first: int = first, more: int = more, bad: Response = bad
                ) -> Response:
                    return bad if first <= at <= first + more else answer

                try:
                    result = bench.run(flow(), spoil)
                except BridgeError:
                    continue
                gone = result is None or (isinstance(result, Write) and result.binding)
                said = f"{name}: HTTP 404 with {bad.body[:20]!r} to read {first + 1} comes to {result}"
                assert not gone, f"{said}, as if the order were gone"

    # --- what is there, and is not ours ---

    def test_an_order_with_other_goods_under_our_reference_is_not_taken_for_ours(self) -> None:
        """Somebody has changed it, or has used our number."""
        side, bench, po = self._placed()
        bench.wait()
        unplaced = attrs.evolve(po, supplier_ref="")
        if not isinstance(bench.run(side.adapter.place(unplaced, Past())), Placement):
            raise SkipTest("finds no order by our reference")
        first, *others = po.lines
        more = attrs.evolve(first, quantity=first.quantity + 1, units=first.units + 6)
        changed = {"more of one": (more, *others), "one less": (first, *others[:-1])}
        for what, lines in changed.items():
            result = bench.run(side.adapter.place(attrs.evolve(unplaced, lines=lines), Past()))
            said = f"what is there holds other goods ({what}), and place comes to {result}"
            assert isinstance(result, Unclear), said

    def test_two_orders_under_our_reference_are_a_question(self) -> None:
        """Both cost money, and only one was wanted."""
        side, bench, po = self._placed()
        backend = side.backend
        if not isinstance(backend, OrdersAgain):
            raise SkipTest("the backend has no hand order_again")
        bench.wait()
        twin = backend.order_again(po.supplier_ref, now=bench.now)
        bench.wait()
        unplaced = attrs.evolve(po, supplier_ref="")
        for past in (Past(), Past(attempted=True)):
            result = bench.run(side.adapter.place(unplaced, past))
            said = f"{po.supplier_ref} and {twin} bear one reference, and place comes to {result}"
            assert isinstance(result, Unclear), said

    # --- errors after the fact ---

    def test_a_server_error_in_the_suppliers_own_words_may_come_after_the_fact(self) -> None:
        """Each write is carried out and answered by 500: all is done once, or a person is asked."""
        self.asks()
        if isinstance(self.side().adapter, OrdersItself):
            raise SkipTest("orders by itself")
        for body in (None, _BROKEN):
            scene = self.scene()
            breaks = _BreaksAfter(scene.supplier.backend, body)
            backend = cast("SupplierBackend", breaks)
            scene = attrs.evolve(scene, supplier=attrs.evolve(scene.supplier, backend=backend))
            outcome = story(scene)
            assert breaks.broken, "nothing was written"
            went_well(outcome, f"HTTP 500 with {body or 'the true answer'!r} after the fact")
            self.check(scene, outcome)

    def _placed(self) -> tuple[SupplierSide, Bench, PurchaseOrder]:
        self.asks()
        side = self.side()
        if isinstance(side.adapter, OrdersItself):
            raise SkipTest("orders by itself")
        bench = Bench(side)
        po, _ = self.place(side, bench)
        return side, bench, po


# --- words of answers -------------------------------------------------------------------------------


def _with_new_words(bench: Bench, flow: Callable[[], Flow[T]], po: PurchaseOrder) -> Iterator[tuple[str, T]]:
    """What a flow comes to with each word of each of its answers replaced, and which word that was.

    An error of any kind is a good end, so it is left out.
    """
    answers: list[Response] = []

    def keep(at: int, answer: Response) -> Response:
        answers.append(answer)
        return answer

    bench.run(flow(), keep)
    for number, true in enumerate(answers):
        for where, new in _replaced(true, ours=(po.reference, po.supplier_ref)):

            def spoil(at: int, answer: Response, number: int = number, new: Response = new) -> Response:
                return new if at == number else answer

            try:
                result = bench.run(flow(), spoil)
            except AssertionError:
                raise
            except Exception:  # noqa: S112  # whatever it is: nothing is done, and a person decides
                continue
            yield f"{where} of answer {number + 1}", result


def _replaced(response: Response, ours: tuple[str, ...]) -> Iterator[tuple[str, Response]]:
    """The answer with one word replaced, for each that is none of our own."""
    body = response.body.removeprefix(b"\xef\xbb\xbf").strip()
    if body[:1] in (b"{", b"["):
        words = _json_words(cast("Json", json.loads(body)))
    elif body.startswith(b"<"):
        words = _xml_words(ElementTree.fromstring(body))  # noqa: S314  # the backend of the test wrote it
    else:
        words = iter(())
    seen: set[tuple[str, str]] = set()
    for where, word, new in words:
        if (where, word) in seen or any(each and each in word for each in ours):
            continue
        seen.add((where, word))
        yield f"{where} ({word!r})", attrs.evolve(response, body=new)


def _json_words(document: Json) -> Iterator[tuple[str, str, bytes]]:
    for path, value in _leaves(document, ()):
        if isinstance(value, str) and _WORD.fullmatch(value):
            new: Json = _NEW
        elif isinstance(value, int) and not isinstance(value, bool) and _OF_STATE.search(f"{path[-1]}"):
            new = 987654
        else:
            continue
        changed = _with(document, path, new)
        where = ".".join(step for step in path if isinstance(step, str))
        yield where, f"{value}", json.dumps(changed, ensure_ascii=False).encode()


def _leaves(value: Json, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves(each, (*path, name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _leaves(each, (*path, index))
    elif path:
        yield path, value


def _with(value: Json, path: tuple[str | int, ...], new: Json) -> Json:
    if not path:
        return new
    step, *rest = path
    if isinstance(value, dict) and isinstance(step, str):
        return {**value, step: _with(value[step], tuple(rest), new)}
    if isinstance(value, list) and isinstance(step, int):
        return [*value[:step], _with(value[step], tuple(rest), new), *value[step + 1 :]]
    raise AssertionError(f"no {step!r} in the answer")


def _xml_words(root: ElementTree.Element) -> Iterator[tuple[str, str, bytes]]:
    for element in root.iter():
        text = (element.text or "").strip()
        if not len(element) and _WORD.fullmatch(text):
            true, element.text = element.text, _NEW
            yield element.tag, text, ElementTree.tostring(root, encoding="utf-8")
            element.text = true
        for name, value in element.attrib.items():
            if _WORD.fullmatch(value.strip()):
                element.set(name, _NEW)
                yield f"{element.tag}/@{name}", value, ElementTree.tostring(root, encoding="utf-8")
                element.set(name, value)
