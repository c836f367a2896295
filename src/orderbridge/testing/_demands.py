"""What every adapter must do, be it of a store or of a supplier: both suites begin with these demands."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import product
from typing import TypeAlias, TypeVar
from unittest import SkipTest
from urllib.parse import urlsplit

import attrs

from .. import Policy, Who
from .._http import Call, Headers, Response
from .._saga import fetch
from ..adapters import (
    AccountSettings,
    Flow,
    MovedByPeople,
    Nudge,
    Past,
    ReceivesWebhooks,
    Refused,
    Repeat,
    Reply,
    Throttled,
    Unclear,
    Unknown,
    Verdict,
    Write,
)
from ..errors import BridgeError
from ..sandbox.faults import Fault
from ._bench import MARKS, NAME, START, Bench
from ._secrets import open_secrets, secrets_in
from .backends import CallsBack
from .simulator import Outcome, Scene, StoreSide, SupplierSide, simulate

__all__ = ["AS_LOST_TO_READERS", "POLICY", "Demands", "Flows"]

R = TypeVar("R")

# In no platform's words, so no refusal that a contract lists.
_ERROR = b'{"error":"internal_error","code":"internal_error","message":"Something went wrong"}'

# What a proxy, a health check or another API may say.
_FOREIGN = b'{"status":"ok","service":"gateway"}'

# The whole life of an order in few calls: the suites go through all of them again and again.
POLICY = Policy(
    place=Who.AUTOMATIC,
    pay=Who.AUTOMATIC,
    report_progress=False,
    pull_every=timedelta(hours=12),
    follow_every=timedelta(hours=4),
)

# To whoever reads these are all one, and a lost request stands for them: the driver asks again a little
# later, and the flow gets what it would have got at once. Reading changes nothing, and an error page does not
# end a token: a test says each. Calls that get a token are no reads here.
AS_LOST_TO_READERS = frozenset(
    {
        Fault.NOT_CONNECTED,
        Fault.ANSWER_LOST,
        Fault.LATE,
        Fault.DOUBLED,
        Fault.THROTTLED,
        Fault.ERROR_BEFORE,
        Fault.ERROR_AFTER,
    }
)

# After these the platform knows nothing of the call.
_NOT_DONE = frozenset({Fault.NOT_CONNECTED, Fault.REQUEST_LOST, Fault.THROTTLED, Fault.ERROR_BEFORE})

Flows: TypeAlias = Mapping[str, Callable[[], Flow[object]]]


def bodies(answer: Response, status: int, *said: bytes) -> Iterator[Response]:
    """The answer with another status, and each of these bodies."""
    return (attrs.evolve(answer, status=status, body=body) for body in said)


def proves_nothing(judge: Callable[[Write, Response], Verdict], write: Write, *answers: Response) -> None:
    """Neither that it was done, nor that it was not."""
    for each in answers:
        verdict = judge(write, each)
        said = f"{write.step}: HTTP {each.status} with {each.body[:20]!r} is {verdict}, and must be Unknown"
        assert isinstance(verdict, Unknown), said


def _page(status: int) -> Response:
    body = b"<!DOCTYPE html><html><head><title>Wait</title></head><body>Checking your browser</body></html>"
    return Response(status, headers=Headers({"Content-Type": "text/html"}), body=body)


# --- whole lives of one order -----------------------------------------------------------------------


def story(scene: Scene, *, fault_at: Mapping[int, Fault] | None = None, kill_at: int = 0) -> Outcome:
    """One order from the shop to the announcement, by the real engine."""
    return simulate(
        1,
        orders=1,
        faults=0,
        kills=0,
        stalls=0,
        processes=1,
        fault_at=fault_at,
        kill_at=[kill_at],
        scene=lambda _: scene,
    )


def calls_to(outcome: Outcome, base_url: str) -> list[int]:
    """Numbers of the calls that went to one of the two platforms."""
    found = (re.search(rf"call (\d+): \w+ {re.escape(base_url)}[/ ]", line) for line in outcome.trace)
    return [int(each[1]) for each in found if each]


def went_well(outcome: Outcome, where: str = "") -> None:
    """Nothing is wrong; else the problems come first, then what was done, then how it went."""
    __tracebackhide__ = True
    assert not outcome.problems, "\n".join((*outcome.problems, where, "", *outcome.trace))


def padded(response: Response) -> Response:
    """The answer with one more field, as platforms add them all the time."""
    body = response.body.removeprefix(b"\xef\xbb\xbf").strip()
    if body.startswith(b"{") and body.endswith(b"}"):
        comma = b"" if body == b"{}" else b","
        body = body[:-1] + comma + b'"orderbridge_suite":{"new":["field"]}}'
    elif body.startswith(b"<") and b"</" in body and not body.lower().startswith(b"<!doctype html"):
        end = body.rindex(b"</")
        body = body[:end] + b'<orderbridge_suite new="field">new</orderbridge_suite>' + body[end:]
    return attrs.evolve(response, body=body)


# --- demands on the flows of any adapter ------------------------------------------------------------


class Demands(ABC):
    """What holds for the flows of stores and suppliers alike."""

    public_settings: frozenset[str] = frozenset()
    """Settings of plain text that go out with calls and open nothing, such as the public number of an app."""

    @abstractmethod
    def at_first(self) -> tuple[Bench, Flows]:
        """Nothing has been done yet: a fresh bench, and all flows that can run."""

    @abstractmethod
    def at_last(self) -> tuple[Bench, Flows]:
        """All has been done: the same, and each flow that could write finds it."""

    @abstractmethod
    def side(self) -> StoreSide | SupplierSide:
        """The platform with these settings before a fresh backend."""

    @abstractmethod
    def given(self) -> AccountSettings:
        """The settings."""

    @abstractmethod
    def scene(self, change: Callable[[Response], Response] | None = None) -> Scene:
        """The platform and a counterpart; ``change`` stands before each answer of the former."""

    def test_nothing_that_is_done_is_asked_for_again(self) -> None:
        """When all has been done, no flow returns a write."""
        bench, flows = self.at_last()
        for name, flow in flows.items():
            result = bench.run(flow())
            assert not isinstance(result, (Write, Unclear)), f"{name}: all is done, and it returns {result}"

    def test_reading_changes_nothing(self) -> None:
        """Whatever flows read, the backend's ledger stays as it is."""
        for make in (self.at_first, self.at_last):
            bench, flows = make()
            for name, flow in flows.items():
                before = bench.effects()
                bench.run(flow())
                assert bench.effects() == before, f"{name} changed something by reading"

    def test_the_same_state_of_the_world_gives_the_same_requests(self) -> None:
        """Two adapters in two equal worlds read and write the very same bytes."""
        for make in (self.at_first, self.at_last):
            told: dict[str, list[str]] = {}
            for bench, flows in (make(), make()):
                for name, flow in flows.items():
                    for _ in range(2):
                        result = bench.run(flow())
                        shown = result.request.sha256 if isinstance(result, Write) else repr(result)
                        told.setdefault(name, []).append(shown)
            for name, answers in told.items():
                assert len(answers) == 4, f"{name}: only one of two equal worlds has this flow"
                assert len(set(answers)) == 1, f"{name}: one world, and several answers: {answers}"

    def test_flows_touch_no_clock_no_chance_and_no_socket(self) -> None:
        """A flow that read the clock would send other bytes the next time."""
        for make in (self.at_first, self.at_last):
            bench, flows = make()
            bench.watching = True
            for name, flow in flows.items():
                bench.run(flow())
                assert not bench.touched, f"{name} uses {', '.join(sorted(set(bench.touched)))}"

    def test_a_flow_that_is_closed_half_way_is_silent(self) -> None:
        """It raises nothing, asks for nothing more, and nothing happens."""
        for make in (self.at_first, self.at_last):
            bench, flows = make()
            for name, start in flows.items():
                reads = reads_of(bench, start)
                before = bench.effects()
                for stop in range(reads + 1):
                    flow = start()
                    read = next(flow) if stop else None
                    for _ in range(1, stop):
                        assert read is not None
                        read = flow.send(bench.drive(fetch(NAME, read)))
                    flow.close()
                assert bench.effects() == before, f"{name} changes something when it is closed"

    def test_an_error_instead_of_an_answer_is_a_typed_error_or_a_result(self) -> None:
        """401, 403, 404, 429, 500 and 503 to each read, in four bodies: never any other exception."""
        self.asks()
        bodies = (b"", b"{}", b'{"code": "x", "message": "no"}', _page(0).body)
        bad = [Response(status, body=body) for status in (401, 403, 404, 429, 500, 503) for body in bodies]
        self._spoil(bad, safe=False)

    def test_a_broken_answer_never_passes_for_nothing_there(self) -> None:
        """A web page, half an answer, an error: no flow writes again what has been done."""
        self.asks()
        self._spoil([_page(status) for status in (200, 401, 403, 404, 429, 503)], safe=True)
        self._spoil([Response(200), Response(401), Response(403), Response(429), Response(503)], safe=True)
        self._spoil([None], safe=True)

    def _spoil(self, bad: Sequence[Response | None], *, safe: bool) -> None:
        for make in (self.at_last,) if safe else (self.at_first, self.at_last):
            bench, flows = make()
            for name, flow in flows.items():
                self._spoil_each(bench, name, flow, bad, safe=safe)

    def _spoil_each(
        self,
        bench: Bench,
        name: str,
        flow: Callable[[], Flow[object]],
        spoiled: Sequence[Response | None],
        *,
        safe: bool,
    ) -> None:
        for number, bad in product(range(reads_of(bench, flow)), spoiled):
            reached = False

            def spoil(
                at: int, answer: Response, number: int = number, bad: Response | None = bad
            ) -> Response:
                nonlocal reached
                if at != number:
                    return answer
                reached = True
                cut = attrs.evolve(answer, body=answer.body[: len(answer.body) // 2])
                return cut if bad is None else bad

            words = "half an answer" if bad is None else f"HTTP {bad.status} with {bad.body[:20]!r}"
            try:
                result = bench.run(flow(), spoil)
            except BridgeError:
                pass
            except Exception as error:
                raise AssertionError(f"{name}: {words} to read {number + 1} raises {error!r}") from error
            else:
                again = (
                    isinstance(result, Write) and result.binding and not isinstance(result.unknown, Repeat)
                )
                assert not (safe and reached and again), (
                    f"{name}: {words} to read {number + 1} makes it write again what is done: {result}"
                )

    def test_a_web_page_or_a_server_error_proves_nothing(self) -> None:
        """Each is Unknown, also a server error with the words of success, and success with other words."""
        self.asks()
        bench, _ = self.at_last()
        judge = self.side().adapter.judge
        assert bench.writes, "nothing was ever written"
        for write, answer in bench.writes:
            for status in (500, 502, 503, 504):
                proves_nothing(judge, write, _page(status), Response(status))
                proves_nothing(judge, write, *bodies(answer, status, b"{}", _ERROR, answer.body))
            # A write that ran into another one, or into a time limit, may have been done.
            for status in (408, 409, 425):
                proves_nothing(judge, write, _page(status), *bodies(answer, status, b"", b"{}", _ERROR))
            proves_nothing(judge, write, _page(200), Response(200))
            if len(answer.body) > 2 and write.request.method != "DELETE":  # its success has words
                proves_nothing(judge, write, *bodies(answer, answer.status, b"{}", _FOREIGN))
            verdict = judge(write, Response(429, headers=Headers({"Retry-After": "20"})))
            assert isinstance(verdict, Throttled), f"{write.step}: HTTP 429 is {verdict}"
            for body in (b"\xff\xfe", b"[]", b"null", b'"x"', b"{", answer.body[: len(answer.body) // 2]):
                for status in (200, 400, 404, 422, 500):
                    judge(write, Response(status, body=body))

    def test_no_secret_and_no_shopper_is_shown(self) -> None:
        """Not in a repr, an address, an error or a verdict, and not in an event of the journal."""
        settings, side = self.given(), self.side()
        secrets = [*secrets_in(settings)]
        shown = [repr(settings), repr(side.adapter), repr(side.auth), str(side.adapter)]
        for make in (self.at_first, self.at_last):
            bench, flows = make()
            for flow in flows.values():
                self._spoil_each(bench, "", flow, [_page(503), None, Response(403, body=_ERROR)], safe=False)
            shown += bench.shown()
            for (write, _), status in product(bench.writes, (400, 401, 403, 404, 409, 422)):
                judged = (side.adapter.judge(write, Response(status, body=body)) for body in (_ERROR, b"no"))
                shown += map(repr, judged)
        if not isinstance(side.adapter, MovedByPeople):
            outcome = story(self.scene())
            shown += [line for line in outcome.trace if " journal: " in line]
        for mark in (*secrets, *MARKS, "Shopper No1"):
            where = next((text for text in shown if mark in text), "")
            assert not where, f"a secret or a shopper stands in: {where.replace(mark, '***')[:200]}"

    def test_what_opens_the_account_is_a_secret(self) -> None:
        """A setting of plain text is shown in errors and logs, and wherever settings are."""
        for name, why in open_secrets(self.given(), self.side().auth):
            said = f"{name} is plain text, and {why}: make it a Secret, or name it in public_settings"
            assert name in self.public_settings, said

    def test_fields_that_nobody_knows_are_ignored(self) -> None:
        """Each answer has one more: the order goes its whole way all the same."""
        self.asks()
        outcome = story(self.scene(padded))
        if outcome.problems:
            went_well(story(self.scene()), "with answers as they are: new fields have no part in it")
        went_well(outcome, "with one more field in each answer")

    def test_a_process_killed_at_any_moment_does_all_once(self) -> None:
        """Each moment between two effects of one order's whole life, one after the other."""
        self.asks()
        calm = story(self.scene())
        went_well(calm)
        for moment in range(1, calm.points + 1):
            scene = self.scene()
            outcome = story(scene, kill_at=moment)
            went_well(outcome, f"killed at moment {moment}")
            self.check(scene, outcome)

    def test_a_log_in_that_goes_wrong_is_made_again_or_ends_in_a_typed_error(self) -> None:
        """Each fault to the call that renews a token; what never arrived is simply made again."""
        if not self.side().auth.needs_token:
            raise SkipTest("needs no token")
        for status in (429, 502, 503):
            wrong = self.side().auth.expired(_page(status))
            assert not wrong, f"a page with {status} says nothing of the token, and it is taken for ended"
        for fault in Fault:
            bench, flows = self.at_first()
            flow = next(iter(flows.values()))
            account = bench.accounts[NAME]
            assert account.token is not None
            account.token = attrs.evolve(account.token, expires_at=START)
            bench.fault_at[bench.line.calls + 1] = fault
            failed: BridgeError | None = None
            for _ in range(3):
                try:
                    bench.run(flow())
                except BridgeError as error:
                    failed = error
                    bench.wait()
                else:
                    failed = None
                    break
            assert failed is None or fault not in _NOT_DONE, f"{fault.value}: {failed}"

    def test_a_webhook_without_a_signature_is_turned_away(self) -> None:
        """Nothing of it is believed, and no body breaks the reader."""
        adapter = self.side().adapter
        if not isinstance(adapter, ReceivesWebhooks):
            raise SkipTest("takes no webhooks")
        for body in (b"", b"{", b"[]", b"null", b"\xff", b'{"id": 1, "status": "paid"}'):
            read = adapter.read_webhook("POST", "/", Headers({"Content-Type": "application/json"}), body)
            assert _turned_away(read), f"{body!r} without a signature comes to {read}"

    def test_a_forged_webhook_is_turned_away(self) -> None:
        """A genuine one is believed; not with another body, and not with another signature or none."""
        side = self.side()
        adapter, backend = side.adapter, side.backend
        if not isinstance(adapter, ReceivesWebhooks):
            raise SkipTest("takes no webhooks")
        if not isinstance(backend, CallsBack):
            raise SkipTest("the backend has no hand that makes a genuine call")
        call, other = backend.call_back(now=START), backend.call_back(now=START + timedelta(minutes=1))
        nudge = _read_call(adapter, call)
        assert isinstance(nudge, Nudge), f"a genuine call comes to {nudge}"
        again, another = _read_call(adapter, call), _read_call(adapter, other)
        assert isinstance(again, Nudge), f"a genuine call that comes again comes to {again}"
        assert isinstance(another, Nudge), f"another genuine call comes to {another}"
        assert again.dedupe == nudge.dedupe, "the same call, delivered again, has another dedupe"
        assert another.dedupe != nudge.dedupe, "another call has the same dedupe, and is dropped"
        signed = any(
            all(_turned_away(_read_call(adapter, forged)) for forged in _forged(call, name))
            for name in call.headers
        )
        if not signed:  # then the address or the body holds the signature
            path, _, query = call.url.partition("?")
            bare = attrs.evolve(call, url=path, headers=Headers({}))
            right = not query or _turned_away(_read_call(adapter, bare))
            assert right, "a call is believed without any headers and without its query"
        if call.body:
            digit = _with_another_digit(call.body.decode("latin-1")).encode("latin-1")
            for body in (digit, b""):
                read = _read_call(adapter, attrs.evolve(call, body=body))
                assert _turned_away(read), f"a call is believed with another body: it comes to {read}"

    def asks(self) -> None:
        """Skip what is about calls, where people do all and none is ever made."""
        if isinstance(self.side().adapter, MovedByPeople):
            raise SkipTest("people move it: nothing is asked and nothing sent")

    def whatever(self, fault: Fault) -> None:
        """One fault to each call in turn, and the order's whole life goes right."""
        self.asks()
        calm = story(self.scene())
        went_well(calm)
        calls = calls_to(calm, self.given().base_url)
        assert calls, "no call went to the platform"
        for call in calls:
            if fault in AS_LOST_TO_READERS and call in calm.reads:
                continue
            scene = self.scene()
            outcome = story(scene, fault_at={call: fault})
            went_well(outcome, f"call {call}: {fault.value}")
            if fault is not Fault.DOUBLED:
                self.check(scene, outcome)

    def each_call(
        self, fault: Fault, prepare: Callable[[], tuple[Bench, Callable[[Past], Flow[Write | R | Unclear]]]]
    ) -> Iterator[tuple[Bench, R | Unclear | Refused]]:
        """An operation carried out in calm, and then each time with the fault at another of its calls."""
        bench, operation = prepare()
        first = bench.line.calls + 1
        result = bench.carry(operation)
        last, writes = bench.line.calls, bench.write_calls
        bench.wait()
        yield bench, result
        for call in range(first, last + 1):
            if fault in AS_LOST_TO_READERS and call not in writes:
                continue
            bench, operation = prepare()
            bench.fault_at[call] = fault
            result = bench.carry(operation)
            assert bench.line.calls >= call, "the same operation makes other calls than before"
            bench.wait()
            bench.fault_at.clear()
            yield bench, result

    @abstractmethod
    def check(self, scene: Scene, outcome: Outcome) -> None:
        """What else must hold at the end of a story."""


def _turned_away(read: Nudge | Reply) -> bool:
    return isinstance(read, Reply) and 400 <= read.status < 500


def _read_call(adapter: ReceivesWebhooks, call: Call) -> Nudge | Reply:
    url = urlsplit(call.url)
    path = f"{url.path}?{url.query}" if url.query else url.path
    return adapter.read_webhook(call.method, path, call.headers, call.body)


def _forged(call: Call, name: str) -> Iterator[Call]:
    """The call without this header, and with others in its place."""
    rest = {each: text for each, text in call.headers.items() if each != name}
    yield attrs.evolve(call, headers=Headers(rest))
    for wrong in (_with_another_digit(call.headers[name]), "", "x"):
        yield attrs.evolve(call, headers=Headers({**rest, name: wrong}))


def _with_another_digit(text: str) -> str:
    """The text with another letter or digit in the middle of it."""
    places = [place for place, sign in enumerate(text) if sign.isascii() and sign.isalnum()]
    if not places:
        return f"{text}x"
    at = places[len(places) // 2]
    return f"{text[:at]}{'7' if text[at] != '7' else '3'}{text[at + 1 :]}"


def reads_of(bench: Bench, flow: Callable[[], Flow[object]]) -> int:
    """How many reads a flow needs to its end."""
    reads = 0

    def count(number: int, answer: Response) -> Response:
        nonlocal reads
        reads = number + 1
        return answer

    bench.run(flow(), count)
    return reads
