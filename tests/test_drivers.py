"""What a call comes to: nothing sent twice, nothing believed without proof, no secret let out."""

from __future__ import annotations

import asyncio
import gzip
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from both_sides import START, Jumping
from orderbridge import MemoryTokens, Secret, _calls, _drivers, _drivers_async, _drivers_shared
from orderbridge._calls import Line, outcome_of, prepare, retry_after
from orderbridge._clockwork import Clockwork
from orderbridge._drivers import SyncDriver
from orderbridge._drivers_async import AsyncDriver
from orderbridge._http import Call, Headers, Read, Request, Response
from orderbridge._pace import Pace
from orderbridge._saga import Lost, Saga, commit, fetch, send
from orderbridge.adapters import Allowance, Bucket
from orderbridge.auth import Auth, Basic, NoAuth, QueryKeys, Token
from orderbridge.errors import BridgeError, Malformed, NotSent, RateLimited, Unauthorized, Unavailable
from orderbridge.journals.sqlite import open_memory
from wires import Got, Wire, answer, reset

FAST = Bucket(per_second=1e6, burst=1_000_000)
SECRET, SHOPPER = "very-secret-1234", "Ala-Nowak-Polna-7"


class NoJitter(Clockwork):
    """This machine's clock, without the pauses between two tries."""

    def chance(self) -> float:
        return 0.0


class Runner:
    """Both drivers under one face; the async one on a loop of its own."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.lines: dict[str, Line] = {}
        self.clock: Clockwork = NoJitter()
        self.deadline = 10.0
        self.tokens = MemoryTokens()
        self._driver: SyncDriver | AsyncDriver | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def reach(
        self,
        url: str,
        *,
        auth: Auth | None = None,
        account: str = "shop",
        bucket: Bucket = FAST,
        meter: Callable[[Response], Allowance | None] = lambda _: None,
    ) -> None:
        self.lines[account] = Line(
            account=account, base_url=url, auth=auth or NoAuth(), bucket=bucket, meter=meter
        )

    @property
    def driver(self) -> SyncDriver | AsyncDriver:
        if self._driver is None:
            kind = SyncDriver if self.kind == "sync" else AsyncDriver
            self._driver = kind(
                open_memory(),
                self.lines.__getitem__,
                tokens=self.tokens,
                deadline=self.deadline,
                clockwork=self.clock,
            )
        return self._driver

    def run(self, saga: Saga[Any]) -> Any:
        if isinstance(self.driver, SyncDriver):
            return self.driver.run(saga)
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        return self._loop.run_until_complete(self.driver.run(saga))

    def read(self, path: str = "/read", *, account: str = "shop") -> Response:
        response: Response = self.run(fetch(account, Read("GET", path)))
        return response

    def write(self, path: str = "/write", *, within: float = 30.0, account: str = "shop") -> Response | Lost:
        request = Request("POST", path, headers=Headers({"X-To": SHOPPER}), body=SHOPPER.encode())
        outcome: Response | Lost = self.run(send(account, request, not_after=self.clock.steady() + within))
        return outcome

    def close(self) -> None:
        if isinstance(self._driver, SyncDriver):
            self._driver.close()
        elif self._driver is not None and self._loop is not None:
            self._loop.run_until_complete(self._driver.close())
        if self._loop is not None:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()


@pytest.fixture(params=["sync", "async"])
def runner(request: pytest.FixtureRequest) -> Iterator[Runner]:
    made = Runner(request.param)
    yield made
    made.close()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, float], None]:
    """Set one of the drivers' limits, in both."""

    def change(name: str, value: float) -> None:
        for module in (_calls, _drivers, _drivers_async, _drivers_shared):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, value)

    return change


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


# --- what proves that nothing was sent --------------------------------------------------------


def test_a_refused_connection_sends_nothing(runner: Runner) -> None:
    runner.reach(f"http://127.0.0.1:{closed_port()}")
    assert runner.write() == Lost(False, "ConnectError")
    with pytest.raises(NotSent, match="cannot be reached") as caught:
        runner.read()
    assert caught.value.account == "shop"
    assert caught.value.request == "GET /read"
    assert "check base_url" in str(caught.value)


@contextmanager
def deaf_port() -> Iterator[int]:
    """Nobody accepts there, and no more may wait."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        for _ in range(3):
            caller = socket.socket()
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
            waiting.append(caller)
        yield listener.getsockname()[1]
        for caller in waiting:
            caller.close()


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="only Linux drops calls to a full port")
def test_a_connection_that_does_not_come_about_in_time_sends_nothing(
    runner: Runner, patient: Callable[[str, float], None]
) -> None:
    patient("CONNECT", 0.3)
    with deaf_port() as port:
        runner.reach(f"http://127.0.0.1:{port}")
        assert runner.write() == Lost(False, "ConnectTimeout")


def test_an_untrusted_certificate_gets_not_one_byte(runner: Runner, tmp_path: Path) -> None:
    with Wire(answer(), untrusted_in=tmp_path) as wire:
        runner.reach(wire.url)
        assert runner.write() == Lost(False, "ConnectError")
        with pytest.raises(NotSent):
            runner.read()
        assert not wire.got


def test_certificates_named_in_the_environment_are_not_trusted(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "untrusted.pem"))
    _drivers_shared.trusted.cache_clear()  # as in a process that calls for the first time
    with Wire(answer(), untrusted_in=tmp_path) as wire:
        runner.reach(wire.url)
        assert runner.write() == Lost(False, "ConnectError")


def test_what_may_not_leave_any_more_does_not_leave(runner: Runner) -> None:
    with Wire(answer()) as wire:
        runner.reach(wire.url)
        outcome = runner.write(within=-1.0)
        assert isinstance(outcome, Lost)
        assert not outcome.sent
        assert not wire.got


def test_a_write_that_would_have_to_wait_past_its_time_is_given_up_at_once(runner: Runner) -> None:
    runner.clock = clock = Jumping()
    with Wire(answer()) as wire:
        runner.reach(wire.url, bucket=Bucket(per_second=0.001, burst=1))
        assert isinstance(runner.write(), Response)
        outcome = runner.write()
        assert isinstance(outcome, Lost)
        assert not outcome.sent
        assert len(wire.got) == 1
        assert clock.steady() < 30


# --- what proves nothing ----------------------------------------------------------------------


def silent(connection: socket.socket, got: Got) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def crashed(connection: socket.socket, got: Got) -> None:
    reset(connection)


def crashed_in_the_body(connection: socket.socket, got: Got) -> None:
    answer(body=b"{" * 100, length=10_000)(connection, got)
    reset(connection)


def cut(connection: socket.socket, got: Got) -> None:
    answer(body=b"{" * 100, length=10_000)(connection, got)
    connection.shutdown(socket.SHUT_RDWR)


def gibberish(connection: socket.socket, got: Got) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
    connection.shutdown(socket.SHUT_RDWR)


def bad_gzip(connection: socket.socket, got: Got) -> None:
    answer(body=b"no gzip at all", more="Content-Encoding: gzip\r\n")(connection, got)


@pytest.mark.parametrize("behavior", [silent, crashed, crashed_in_the_body, cut, gibberish, bad_gzip])
def test_a_write_without_a_whole_answer_may_have_happened_and_is_never_sent_again(
    runner: Runner, behavior: Callable[[socket.socket, Got], None]
) -> None:
    with Wire(behavior) as wire:
        runner.reach(wire.url)
        outcome = runner.write()
        assert isinstance(outcome, Lost)
        assert outcome.sent
        assert len(wire.got) == 1


@pytest.mark.parametrize("behavior", [silent, crashed, crashed_in_the_body, cut])
def test_a_read_without_a_whole_answer_is_asked_again(
    runner: Runner, behavior: Callable[[socket.socket, Got], None]
) -> None:
    def first_badly(connection: socket.socket, got: Got) -> None:
        (behavior if len(wire.got) < 3 else answer(body=b'{"ok":1}'))(connection, got)

    with Wire(first_badly) as wire:
        runner.reach(wire.url)
        assert runner.read().body == b'{"ok":1}'
        assert len(wire.got) == 3
        assert len({got.connection for got in wire.got}) == 3


def test_a_read_is_asked_three_times_and_then_raised(runner: Runner) -> None:
    with Wire(silent) as wire:
        runner.reach(wire.url)
        with pytest.raises(Unavailable, match=r"no answer from 127\.0\.0\.1"):
            runner.read()
        assert len(wire.got) == 3


@pytest.mark.parametrize("status", [408, 425, 500, 502, 503, 504, 522])
def test_a_server_in_trouble_is_read_again_and_never_written_again(runner: Runner, status: int) -> None:
    with Wire(answer(status)) as wire:
        runner.reach(wire.url)
        outcome = runner.write()
        assert isinstance(outcome, Response)
        assert outcome.status == status
        assert len(wire.got) == 1
        assert runner.read().status == status
        assert len(wire.got) == 4


class Drip:
    """Bytes that come one by one and never end; ``over`` is set once somebody heard them all."""

    def __init__(self, head: bytes) -> None:
        self.head = head
        self.over = threading.Event()

    def __call__(self, connection: socket.socket, got: Got) -> None:
        connection.sendall(self.head)
        for _ in range(600):
            time.sleep(0.05)
            connection.sendall(b"x")
        self.over.set()


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 200 OK\r\nX-Long: ", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"]
)
def test_the_deadline_bounds_a_call_however_its_answer_drips(runner: Runner, head: bytes) -> None:
    runner.deadline = 0.5
    drip = Drip(head)
    with Wire(drip) as wire:
        runner.reach(wire.url)
        assert runner.write() == Lost(True, "deadline")
        assert not drip.over.is_set()
        assert len(wire.got) == 1


def test_nobody_listens_on_after_the_deadline() -> None:
    """The thread of a dripping call ends with the call, not with the drip."""
    runner = Runner("sync")
    runner.deadline = 0.3
    with Wire(Drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")) as wire:
        runner.reach(wire.url)
        assert runner.write() == Lost(True, "deadline")
        for _ in range(100):
            calls = [thread for thread in threading.enumerate() if thread.name == "orderbridge-call"]
            if not calls:
                break
            time.sleep(0.05)
        assert not calls
    runner.close()


def test_an_answer_too_large_is_no_answer(runner: Runner, patient: Callable[[str, float], None]) -> None:
    patient("LARGEST", 100_000)
    with Wire(answer(body=b"x" * 300_000)) as wire:
        runner.reach(wire.url)
        outcome = runner.write()
        assert isinstance(outcome, Lost)
        assert outcome.sent
        assert "larger" in outcome.why


def test_an_answer_is_measured_after_decompression(
    runner: Runner, patient: Callable[[str, float], None]
) -> None:
    patient("LARGEST", 1_000_000)
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert len(bomb) < 100_000
    with Wire(answer(body=bomb, more="Content-Encoding: gzip\r\n")) as wire:
        runner.reach(wire.url)
        outcome = runner.write()
        assert isinstance(outcome, Lost)
        assert "larger" in outcome.why
        assert "gzip" in wire.got[0].headers["accept-encoding"]


def test_a_compressed_answer_is_read(runner: Runner) -> None:
    with Wire(answer(body=gzip.compress(b'{"ok":1}'), more="Content-Encoding: gzip\r\n")) as wire:
        runner.reach(wire.url)
        assert runner.read().body == b'{"ok":1}'


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (httpx.ConnectError("x"), False),
        (httpx.ConnectTimeout("x"), False),
        (httpx.PoolTimeout("x"), False),
        (httpx.UnsupportedProtocol("x"), False),
        (httpx.ReadTimeout("x"), True),
        (httpx.WriteTimeout("x"), True),
        (httpx.ReadError("x"), True),
        (httpx.WriteError("x"), True),
        (httpx.CloseError("x"), True),
        (httpx.RemoteProtocolError("x"), True),
        (httpx.LocalProtocolError("x"), True),
        (httpx.ProxyError("x"), True),
        (httpx.DecodingError("x"), True),
        (OSError("x"), True),
        (ValueError("x"), True),
    ],
)
def test_what_is_not_listed_as_unsent_is_unknown(error: Exception, sent: bool) -> None:
    assert outcome_of(error).sent is sent


# --- where calls go, and on which connection --------------------------------------------------


def test_a_redirect_is_an_answer_and_is_not_followed(runner: Runner) -> None:
    with Wire(answer()) as other, Wire(answer(302, more=f"Location: {other.url}/\r\n")) as wire:
        runner.reach(wire.url, auth=Basic(Secret("user"), Secret(SECRET)))
        assert runner.read().status == 302
        written = runner.write()
        assert isinstance(written, Response)
        assert written.status == 302
        assert not other.connections
        assert len(wire.got) == 2


@pytest.mark.parametrize(
    "path",
    [
        "@evil.example/x",
        "//evil.example/x",
        ".evil.example/x",
        ":1/x",
        "/../other-tenant/x",
        "/x/../../other-tenant",
        "/x/%2e%2E/other-tenant",
        "/./x",
        "\\\\evil.example",
        "/\\evil.example",
        "/x?y=1",
        "/x#y",
        "/x y",
        "/x\r\nHost: evil.example",
        "/x\u00e9",
        "",
        "https://evil.example/x",
    ],
)
@pytest.mark.parametrize("base", ["https://shop.example", "https://shop.example/tenant"])
def test_a_path_that_could_lead_elsewhere_is_refused(base: str, path: str) -> None:
    line = Line(account="shop", base_url=base, auth=NoAuth(), bucket=FAST)
    with pytest.raises(Malformed, match="path"):
        prepare(line, Request("GET", path))


@pytest.mark.parametrize("path", ["/", "/a/b", "/a%20b", "/orders/1/", "/x;v=1,2/(y)", "/who@home", "/a//b"])
def test_an_honest_path_stays_below_the_account_s_address(path: str) -> None:
    line = Line(account="shop", base_url="https://shop.example/de", auth=NoAuth(), bucket=FAST)
    call = prepare(line, Request("GET", path, params=(("q", "a b"),)))
    assert call.url == f"https://shop.example/de{path}?q=a%20b"


def test_a_path_that_could_lead_elsewhere_is_not_written_to(runner: Runner) -> None:
    with Wire(answer()) as wire:
        runner.reach(wire.url, auth=Basic(Secret("user"), Secret(SECRET)))
        outcome = runner.write("//evil.example")
        assert isinstance(outcome, Lost)
        assert not outcome.sent
        assert not wire.connections


def test_every_write_has_a_connection_of_its_own_and_reads_share_one(runner: Runner) -> None:
    with Wire(answer()) as wire:
        runner.reach(wire.url)
        for _ in range(3):
            runner.read()
        assert wire.connections == 1
        for _ in range(3):
            assert isinstance(runner.write(), Response)
        assert wire.connections == 4


def test_the_bytes_are_those_of_the_request(runner: Runner) -> None:
    with Wire(answer()) as wire:
        runner.reach(f"{wire.url}/base")
        request = Request(
            "PUT", "/a%2Fb", params=(("x", "1 2"), ("y", "é&")), headers=Headers({"X-A": "1"}), body=b"\0\xff"
        )
        runner.run(send("shop", request, not_after=runner.clock.steady() + 30))
        (got,) = wire.got
        assert (got.method, got.target, got.body) == ("PUT", "/base/a%2Fb?x=1%202&y=%C3%A9%26", b"\0\xff")
        assert got.headers["x-a"] == "1"
        assert got.headers["user-agent"].startswith("orderbridge/")
        assert got.headers["accept"] == "application/json"


def test_a_cookie_is_never_sent_back_nor_to_another_account_on_the_same_host(runner: Runner) -> None:
    with Wire(answer(more="Set-Cookie: session=of-the-first; Path=/\r\n")) as wire:
        runner.reach(wire.url)
        runner.reach(wire.url, account="other")
        runner.read()
        runner.read()
        runner.read(account="other")
        assert not [got for got in wire.got if "cookie" in got.headers]


def test_proxies_and_netrc_of_the_environment_are_not_used(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with Wire(answer()) as proxy, Wire(answer()) as wire:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        runner.reach(wire.url)
        runner.read()
        runner.write()
        assert not proxy.connections
        assert len(wire.got) == 2
        assert not [got for got in wire.got if "authorization" in got.headers]


# --- how fast ---------------------------------------------------------------------------------


def test_a_429_freezes_the_account_for_everybody_until_it_said(runner: Runner) -> None:
    runner.clock = clock = Jumping()

    def first_no(connection: socket.socket, got: Got) -> None:
        (answer(429, more="Retry-After: 7\r\n") if len(wire.got) == 1 else answer())(connection, got)

    with Wire(first_no) as wire:
        runner.reach(wire.url)
        runner.reach(wire.url, account="other")
        outcome = runner.write()
        assert isinstance(outcome, Response)
        assert outcome.status == 429
        if runner.kind == "async":  # its pauses are the event loop's, on the real clock
            clock.sleep(6.9)
        runner.read(account="other")
        before = clock.steady()
        runner.read()
        assert runner.kind == "async" or clock.steady() - before >= 7.0
        assert before < 7.0


def test_an_account_frozen_for_long_says_so_instead_of_holding_up_everything(runner: Runner) -> None:
    """A supplier that wants a quarter of an hour of silence must not silence the other accounts."""
    with Wire(answer(429, more="Retry-After: 900\r\n")) as wire:
        runner.reach(wire.url)
        with pytest.raises(RateLimited) as caught:
            runner.read()
        assert caught.value.account == "shop"
        assert caught.value.until is not None
        assert len(wire.got) == 1
        outcome = runner.write()
        assert isinstance(outcome, Lost)
        assert not outcome.sent
        assert len(wire.got) == 1


def test_a_bucket_lets_a_burst_through_and_then_so_many_a_second() -> None:
    clock = Jumping()
    pace = Pace(Bucket(per_second=2.0, burst=3), clock)
    waits = []
    for _ in range(6):
        wait = pace.take(60.0)
        waits.append(wait)
        clock.sleep(wait)
    assert waits == [0.0, 0.0, 0.0, 0.5, 0.5, 0.5]


def test_a_platform_that_says_that_far_too_little_is_left_is_asked_again_within_a_day() -> None:
    clock = Jumping()
    pace = Pace(Bucket(per_second=2.0, burst=3), clock)
    pace.take(60.0)
    pace.settle(1.0, Allowance(left=-1e300, per_second=2.0, most=3.0, throttled=True))
    with pytest.raises(RateLimited):
        pace.take(60.0)
    clock.sleep(24 * 3600)
    assert pace.take(60.0) < 1


def test_who_is_turned_away_by_a_bucket_has_taken_nothing() -> None:
    clock = Jumping()
    pace = Pace(Bucket(per_second=1.0, burst=1), clock)
    assert pace.take(60.0) == 0.0
    for _ in range(5):
        with pytest.raises(RateLimited):
            pace.take(0.5)
    assert pace.take(60.0) == 1.0


def test_a_call_waits_until_its_own_cost_is_there() -> None:
    pace = Pace(Bucket(per_second=10.0, burst=100), Jumping())
    assert [pace.take(60.0, cost) for cost in (80.0, 20.0, 50.0)] == [0.0, 0.0, 5.0]


def test_what_an_answer_says_is_left_is_believed() -> None:
    """Other programs draw from the same bucket, and a call may cost less than was taken for it."""
    pace = Pace(Bucket(per_second=1.0, burst=1), Jumping())
    assert pace.take(60.0, 300.0) == 0.0
    pace.settle(300.0, Allowance(left=1900.0, per_second=100.0, most=2000.0))
    assert pace.take(60.0, 1900.0) == 0.0
    pace.settle(1900.0, Allowance(left=50.0, per_second=100.0, most=2000.0))
    assert pace.take(60.0, 250.0) == 2.0


def test_what_is_taken_for_calls_under_way_is_not_given_out_twice() -> None:
    """The first answer may have been written before the second call was charged."""
    pace = Pace(Bucket(per_second=100.0, burst=1000), Jumping())
    for _ in range(2):
        pace.take(60.0, 400.0)
    pace.settle(400.0, Allowance(left=600.0, per_second=100.0, most=1000.0))
    assert pace.take(60.0, 400.0) == 2.0


def test_a_call_of_which_nothing_was_heard_holds_nothing_back() -> None:
    clock = Jumping()
    pace = Pace(Bucket(per_second=100.0, burst=1000), clock)
    pace.take(60.0, 1000.0)
    pace.settle(1000.0, None)
    clock.sleep(10.0)
    pace.take(60.0, 0.0)
    pace.settle(0.0, Allowance(left=1000.0, per_second=100.0, most=1000.0))
    assert pace.take(60.0, 1000.0) == 0.0


@given(st.lists(st.tuples(st.integers(1, 900), st.integers(0, 100)), min_size=20, max_size=60))
def test_who_asks_alone_is_never_turned_away_and_wastes_nothing(calls: list[tuple[int, int]]) -> None:
    """Each call reserves its cost, and gets back what it did not need: the platform's bucket and ours."""
    clock = Jumping()
    pace = Pace(Bucket(per_second=100.0, burst=2000), clock)
    level, at, spent = 2000.0, clock.steady(), 0.0
    for cost, percent in calls:
        clock.sleep(pace.take(60.0, float(cost)))
        level, at = min(2000.0, level + (clock.steady() - at) * 100.0), clock.steady()
        assert cost <= level + 1e-6, "throttled"
        actual = cost * percent / 100
        level, spent = level - actual, spent + actual
        pace.settle(float(cost), Allowance(left=level, per_second=100.0, most=2000.0))
    passed = clock.steady()
    assert spent <= 2000.0 + passed * 100.0 + 1e-6
    # Nobody waited while there was enough: what is unused is less than one call.
    assert passed == 0 or level < 900.0 + 1e-6


class Unwilling(NoAuth):
    """Cannot sign the first three calls."""

    def __init__(self) -> None:
        self.left = 3

    def sign(self, call: Call, *, now: datetime, nonce: str, token: Token | None) -> Call:
        if self.left:
            self.left -= 1
            raise ValueError("no")
        return call


def test_a_call_that_never_left_holds_nothing_back(runner: Runner) -> None:
    with Wire(answer(body=b"1000")) as wire:
        runner.reach(
            wire.url, auth=Unwilling(), meter=by_points, bucket=Bucket(per_second=0.001, burst=1_000_000)
        )
        for _ in range(3):
            with pytest.raises(ValueError, match="no"):
                runner.run(fetch("shop", Read("GET", "/x", cost=400.0)))
        assert runner.run(fetch("shop", Read("GET", "/x", cost=1.0))).text == "1000"
        assert runner.driver._pace(runner.lines["shop"]).take(0.0, 999.0) == 0.0


def test_an_answer_that_a_meter_stumbles_over_is_an_answer_all_the_same(runner: Runner) -> None:
    def stumbles(response: Response) -> Allowance:
        return Allowance(left=1.0, per_second=0.0, most=1.0)

    with Wire(answer(body=b"ok")) as wire:
        runner.reach(wire.url, meter=stumbles)
        assert runner.read().text == "ok"
        assert not isinstance(runner.write(), Lost)


def by_points(response: Response) -> Allowance | None:
    left, _, throttled = response.text.partition(" ")
    if not left.isdigit():
        return None
    return Allowance(left=float(left), per_second=100.0, most=1000.0, throttled=bool(throttled))


def test_a_read_that_is_turned_away_inside_an_answer_of_success_is_asked_again_in_time(
    runner: Runner,
) -> None:
    runner.clock = clock = Jumping()
    with Wire(answer(body=b"0 throttled")) as wire:
        runner.reach(wire.url, meter=by_points, bucket=Bucket(per_second=100.0, burst=1000))
        told = iter((answer(body=b"0 throttled"), answer(body=b"950")))
        wire.behavior = lambda connection, got: next(told)(connection, got)
        assert runner.run(fetch("shop", Read("POST", "/graphql", cost=30.0))).text == "950"
        assert len(wire.got) == 2
        if runner.kind == "sync":  # an event loop's own time cannot jump
            assert clock.steady() == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("20", 20.0),
        ("Mon, 02 Mar 2026 08:00:30 GMT", 30.0),
        ("Mon, 02 Mar 2026 07:00:00 GMT", 0.0),
        ("99999999", 86400.0),
        ("Fri, 02 Mar 2029 08:00:30 GMT", 86400.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("²", None),
    ],
)
def test_retry_after_is_read_in_both_its_forms(value: str, seconds: float | None) -> None:
    response = Response(429, headers=Headers({"Retry-After": value} if value else {}))
    assert retry_after(response, START) == seconds


# --- what is kept -----------------------------------------------------------------------------


def test_reference_data_is_asked_for_once_and_outlives_the_driver(runner: Runner) -> None:
    read = Read("GET", "/carriers", keep=timedelta(hours=1))
    with Wire(answer(body=b'["UPS"]')) as wire:
        runner.reach(wire.url)
        for _ in range(3):
            assert runner.run(fetch("shop", read)).body == b'["UPS"]'
        assert len(wire.got) == 1
        runner.run(commit(lambda tx: tx.put_meta("anything", "else")))
        again = SyncDriver(runner.driver.journal, runner.lines.__getitem__)
        assert again.run(fetch("shop", read)).body == b'["UPS"]'
        assert len(wire.got) == 1
        runner.run(fetch("shop", attrs.evolve(read, fresh=True)))
        assert len(wire.got) == 2


@pytest.mark.parametrize(
    "passing", [answer(401), answer(403), answer(429), answer(500), answer(302), answer(200, html=True)]
)
def test_what_a_firewall_or_a_broken_server_says_is_not_kept(
    runner: Runner, passing: Callable[[socket.socket, Got], None], patient: Callable[[str, float], None]
) -> None:
    patient("LONGEST_WAIT", 0.0)
    runner.clock = clock = Jumping()
    read = Read("GET", "/carriers", keep=timedelta(hours=1))
    with Wire(passing) as wire:
        runner.reach(wire.url)
        with suppress(RateLimited):
            runner.run(fetch("shop", read))
        wire.behavior = answer(200, b'["UPS"]')
        clock.sleep(60)
        assert runner.run(fetch("shop", read)).body == b'["UPS"]'


def test_that_there_is_no_such_route_is_kept(runner: Runner) -> None:
    read = Read("GET", "/carriers", keep=timedelta(hours=1))
    with Wire(answer(404)) as wire:
        runner.reach(wire.url)
        for _ in range(3):
            assert runner.run(fetch("shop", read)).status == 404
        assert len(wire.got) == 1


# --- tokens -----------------------------------------------------------------------------------


class Login(Auth):
    """Bearer tokens; a refresh token is used up by its first use."""

    needs_token = True

    def sign(self, call: Call, *, now: datetime, nonce: str, token: Token | None) -> Call:
        assert token is not None
        return attrs.evolve(
            call, headers=Headers({**call.headers, "Authorization": f"Bearer {token.access.reveal()}"})
        )

    def expired(self, response: Response) -> bool:
        return response.status == 401

    def refresh(self, token: Token | None, *, now: datetime) -> Generator[Read, Response, Token]:
        used = "" if token is None or token.refresh is None else token.refresh.reveal()
        response = yield Read("POST", "/token", body=used.encode())
        if response.status != 200:
            raise Unauthorized("the refresh token is used up", status=response.status)
        number = response.text
        return Token(Secret(f"access-{number}"), refresh=Secret(f"refresh-{number}"))


class LoginServer:
    """Knows one access token and one refresh token at a time."""

    def __init__(self) -> None:
        self.number = 0
        self.logins = 0
        self.refused = 0
        self._lock = threading.Lock()

    def __call__(self, connection: socket.socket, got: Got) -> None:
        with self._lock:
            said = self._answer(got)
        said(connection, got)

    def _answer(self, got: Got) -> Callable[[socket.socket, Got], None]:
        if got.target == "/token":
            time.sleep(0.05)  # long enough for others to come
            if got.body.decode() != (f"refresh-{self.number}" if self.number else ""):
                self.refused += 1
                return answer(400)
            self.number += 1
            self.logins += 1
            return answer(body=str(self.number).encode())
        good = got.headers.get("authorization") == f"Bearer access-{self.number}"
        return answer(200 if good else 401)

    def revoke(self) -> None:
        """The access token ends before its time; the refresh token still counts."""
        with self._lock:
            self.number += 1


def read_in_threads(driver: SyncDriver, count: int) -> list[int | str]:
    found: list[int | str] = []
    gate = threading.Barrier(count)

    def work() -> None:
        gate.wait()
        try:
            found.append(driver.run(fetch("shop", Read("GET", "/x"))).status)
        except BridgeError as error:
            found.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_sixteen_threads_log_in_once() -> None:
    server = LoginServer()
    runner = Runner("sync")
    with Wire(server) as wire:
        runner.reach(wire.url, auth=Login())
        driver = runner.driver
        assert isinstance(driver, SyncDriver)
        assert read_in_threads(driver, 16) == [200] * 16
        assert (server.logins, server.refused) == (1, 0)
    runner.close()


class Rotated(LoginServer):
    """Ends the access token once, and remembers which refresh token is good for the next."""

    def __init__(self) -> None:
        super().__init__()
        self.ended = False

    def _answer(self, got: Got) -> Callable[[socket.socket, Got], None]:
        if got.target != "/token" and self.ended:
            return answer(401)
        if got.target == "/token":
            self.ended = False
        return super()._answer(got)


def test_sixteen_threads_whose_token_ended_early_renew_it_once() -> None:
    """Each renewal would end the token that the thread before has just got."""
    server = Rotated()
    runner = Runner("sync")
    with Wire(server) as wire:
        runner.reach(wire.url, auth=Login())
        driver = runner.driver
        assert isinstance(driver, SyncDriver)
        assert read_in_threads(driver, 1) == [200]
        server.ended = True
        assert read_in_threads(driver, 16) == [200] * 16
        assert (server.logins, server.refused) == (2, 0)
    runner.close()


def test_sixteen_tasks_log_in_once_and_renew_once() -> None:
    server = Rotated()

    async def live(url: str) -> None:
        line = Line(account="shop", base_url=url, auth=Login(), bucket=FAST)
        driver = AsyncDriver(open_memory(), {"shop": line}.__getitem__)
        for logins in (1, 2):
            reads = (driver.run(fetch("shop", Read("GET", "/x"))) for _ in range(16))
            assert [response.status for response in await asyncio.gather(*reads)] == [200] * 16
            assert (server.logins, server.refused) == (logins, 0)
            server.ended = True
        await driver.close()

    with Wire(server) as wire:
        asyncio.run(live(wire.url))


def test_a_refused_login_is_left_alone_for_half_an_hour(runner: Runner) -> None:
    """Platforms lock a user who goes on trying; new credentials are tried at once."""
    runner.clock = clock = Jumping()
    server = LoginServer()
    server.number = 5  # a first login is refused
    old = Login()
    with Wire(server) as wire:
        runner.reach(wire.url, auth=old)
        for _ in range(4):
            with pytest.raises(Unauthorized, match="used up"):
                runner.read()
        assert server.refused == 1
        runner.reach(wire.url, auth=Login())
        with pytest.raises(Unauthorized, match="used up"):
            runner.read()
        assert server.refused == 2
        clock.sleep(31 * 60)
        server.number = 0
        assert (runner.read().status, server.logins) == (200, 1)


def test_a_worker_whose_refresh_token_another_has_used_up_takes_that_one_s_token(runner: Runner) -> None:
    server = LoginServer()
    stale = Token(Secret("access-0"), refresh=Secret("refresh-0"), expires_at=START)

    class Shared(MemoryTokens):
        """The other worker is faster, right after this one has looked."""

        looks = 0

        def get(self, account: str) -> Token | None:
            self.looks += 1
            if self.looks == 2:
                server.number = 1
                fresh = Token(Secret("access-1"), refresh=Secret("refresh-1"))
                assert self.swap(account, None, fresh)
            return stale if self.looks <= 2 else super().get(account)

    runner.tokens = Shared()
    with Wire(server) as wire:
        runner.reach(wire.url, auth=Login())
        assert runner.read().status == 200
        assert server.refused == 1


def test_a_login_that_fails_keeps_a_write_from_leaving(runner: Runner) -> None:
    with Wire(answer(400)) as wire:
        runner.reach(wire.url, auth=Login())
        outcome = runner.write()
        assert isinstance(outcome, Lost)
        assert not outcome.sent
        assert [got.target for got in wire.got] == ["/token"]


def test_a_slow_login_of_one_account_does_not_hold_up_another() -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(connection: socket.socket, got: Got) -> None:
        entered.set()
        leave.wait(10)
        answer(body=b"1")(connection, got)

    runner = Runner("sync")
    with Wire(slow) as login, Wire(answer()) as plain:
        runner.reach(login.url, auth=Login(), account="slow")
        runner.reach(plain.url)
        driver = runner.driver
        assert isinstance(driver, SyncDriver)
        thread = threading.Thread(target=lambda: driver.run(fetch("slow", Read("GET", "/x"))))
        thread.start()
        assert entered.wait(10)
        assert isinstance(runner.write(), Response)
        assert runner.read().status == 200
        assert thread.is_alive()
        leave.set()
        thread.join()
    runner.close()


# --- forks ------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_child_forked_while_another_thread_logs_in_is_not_stuck() -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(connection: socket.socket, got: Got) -> None:
        if got.target == "/token":
            entered.set()
            leave.wait(20)
            answer(body=b"1")(connection, got)
        else:
            answer()(connection, got)

    runner = Runner("sync")
    with Wire(slow) as wire:
        runner.reach(wire.url, auth=Login(), account="slow")
        runner.reach(wire.url)
        driver = runner.driver
        assert isinstance(driver, SyncDriver)
        runner.read()
        thread = threading.Thread(target=lambda: driver.run(fetch("slow", Read("GET", "/x"))))
        thread.start()
        assert entered.wait(10)
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                watchdog = threading.Timer(10, os._exit, (7,))
                watchdog.daemon = True
                watchdog.start()
                code = 0 if runner.read().status == 200 else 2
            finally:
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        leave.set()
        thread.join()
        assert os.waitstatus_to_exitcode(status) == 0
        # The parent's kept connection was not touched by its child.
        assert runner.read().status == 200
        connections = [got.connection for got in wire.got if got.target == "/read"]
        assert connections[0] == connections[2] != connections[1]
    runner.close()


# --- what is let out --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "auth",
    [
        Basic(Secret("user"), Secret(SECRET)),
        QueryKeys((("consumer_key", Secret(SECRET)), ("consumer_secret", Secret(SECRET)))),
    ],
)
def test_no_secret_and_no_shopper_is_logged_or_raised(
    runner: Runner, auth: Auth, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    behaviors: list[Callable[[socket.socket, Got], None]] = [
        answer(),
        answer(302, more=f"Location: /x?{SECRET}\r\nSet-Cookie: a={SECRET}\r\n"),
        answer(401, SECRET.encode()),
        answer(503, SHOPPER.encode()),
        silent,
        gibberish,
        bad_gzip,
    ]
    runner.deadline = 2.0
    for behavior in behaviors:
        with Wire(behavior) as wire:
            runner.reach(wire.url, auth=auth)
            said.append(repr(runner.write()))
            try:
                said.append(repr(runner.read()))
            except BridgeError as error:
                said += [str(error), repr(error), repr(vars(error)), repr(error.__cause__)]
            assert any(SECRET in got.target or "authorization" in got.headers for got in wire.got)
    said.append(repr(runner.driver._line_of("shop")))
    text = caplog.text + "".join(said)
    assert SECRET not in text
    assert SHOPPER not in text
    assert "dXNlcjp2ZXJ5" not in text  # Basic, encoded


# --- canceling --------------------------------------------------------------------------------


def test_a_saga_canceled_twice_makes_no_further_call() -> None:
    """The first cancel lets the call under way finish; impatience must not set the rest free again."""
    entered, leave = threading.Event(), threading.Event()

    def slow(connection: socket.socket, got: Got) -> None:
        entered.set()
        leave.wait(10)
        answer()(connection, got)

    def saga(driver: AsyncDriver, recorded: list[Response | Lost]) -> Saga[None]:
        for _ in range(3):
            outcome = yield from send(
                "shop", Request("POST", "/x"), not_after=driver._clockwork.steady() + 30
            )
            recorded.append(outcome)

    async def live(url: str) -> list[Response | Lost]:
        line = Line(account="shop", base_url=url, auth=NoAuth(), bucket=FAST)
        driver = AsyncDriver(open_memory(), {"shop": line}.__getitem__)
        recorded: list[Response | Lost] = []
        task = asyncio.ensure_future(driver.run(saga(driver, recorded)))
        await asyncio.to_thread(entered.wait, 10)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0.01)
        assert not recorded
        leave.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        for _ in range(50):
            await asyncio.sleep(0.01)
        await driver.close()
        return recorded

    with Wire(slow) as wire:
        first, *others = asyncio.run(live(wire.url))
        assert isinstance(first, Response)
        assert all(isinstance(other, Lost) and not other.sent for other in others)
        assert len(wire.got) == 1


def test_a_driver_told_to_stop_begins_no_call(runner: Runner) -> None:
    with Wire(answer()) as wire:
        runner.reach(wire.url)
        runner.driver.stop()
        assert runner.write() == Lost(False, "the bridge is closing")
        with pytest.raises(Unavailable, match="closing"):
            runner.read()
        assert not wire.got
