"""A simulated platform over real HTTP on this machine."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPResponse, RemoteDisconnected
from threading import Lock
from time import sleep
from urllib.error import HTTPError
from urllib.request import urlopen

import attrs
import pytest

from orderbridge._http import Call, Headers, Response
from orderbridge.sandbox.faults import Fault, Line, NoAnswer
from orderbridge.sandbox.server import LoopbackServer

NOW = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)


@attrs.define
class Ledger:
    """A platform that writes down what it was asked and answers with that."""

    calls: list[Call] = attrs.field(factory=list[Call])
    times: list[datetime] = attrs.field(factory=list[datetime])
    alone: Lock = attrs.field(factory=Lock)

    def handle(self, call: Call, now: datetime) -> Response:
        assert self.alone.acquire(blocking=False), "two calls at once"
        self.calls.append(call)
        self.times.append(now)
        sleep(0.001)  # long enough for others to come in between, if they could
        headers = Headers({"Content-Type": "text/plain", "X-Page": "1"})
        response = Response(201, headers=headers, body=f"{call.method} done".encode())
        self.alone.release()
        return response


@attrs.define
class Clock:
    """A clock that stands until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@contextmanager
def served(*plan: Fault | None) -> Iterator[tuple[LoopbackServer, Ledger, Clock]]:
    """A server whose first calls meet these faults, one each."""
    ledger, clock, faults = Ledger(), Clock(), iter(plan)
    with LoopbackServer(Line(ledger, lambda _: next(faults, None)), clock=clock) as server:
        yield server, ledger, clock


@contextmanager
def connected(server: LoopbackServer) -> Iterator[HTTPConnection]:
    connection = HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    try:
        yield connection
    finally:
        connection.close()


def ask(
    connection: HTTPConnection, method: str = "POST", path: str = "/orders", body: bytes = b""
) -> HTTPResponse:
    connection.request(method, path, body=body)
    return connection.getresponse()


def test_a_call_arrives_as_it_was_sent() -> None:
    with served() as (server, ledger, _), connected(server) as connection:
        connection.request("PUT", "//a%2Fb/c%20d?x=%7e&x=a+b", body=b"\x00\xff", headers={"X-Key": "k"})
        response = connection.getresponse()
        assert response.read() == b"PUT done"
    (call,) = ledger.calls
    assert call.url == server.url + "//a%2Fb/c%20d?x=%7e&x=a+b"
    assert (call.method, call.body, call.headers["x-key"]) == ("PUT", b"\x00\xff", "k")


def test_the_answer_leaves_as_the_platform_gave_it() -> None:
    with served() as (server, _, clock), urlopen(server.url + "/orders", timeout=10) as response:
        assert (response.status, response.read(), response.headers["X-Page"]) == (201, b"GET done", "1")
        assert clock.now == NOW


def test_the_platform_is_told_the_time_of_the_servers_clock() -> None:
    with served() as (server, ledger, clock), connected(server) as connection:
        ask(connection).read()
        clock.now += timedelta(hours=3)
        ask(connection).read()
    assert ledger.times == [NOW, NOW + timedelta(hours=3)]


def test_a_connection_is_kept_for_the_next_call_also_after_a_head() -> None:
    with served() as (server, ledger, _), connected(server) as connection:
        head = ask(connection, "HEAD")
        assert (head.status, head.read()) == (201, b"")
        kept = connection.sock
        assert ask(connection, "GET").read() == b"GET done"
        assert connection.sock is kept
    assert [call.method for call in ledger.calls] == ["HEAD", "GET"]


def test_the_answer_to_a_head_is_its_head_and_not_a_byte_more() -> None:
    with served() as (server, _, _), connected(server) as connection:
        connection.connect()
        client = connection.sock
        client.sendall(b"HEAD /orders HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = client.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 201")
    assert answer.endswith(b"\r\n\r\n")


def test_calls_of_many_connections_reach_the_platform_one_at_a_time() -> None:
    def some(server: LoopbackServer) -> list[int]:
        with connected(server) as connection:
            statuses: list[int] = []
            for _ in range(10):
                response = ask(connection)
                response.read()
                statuses.append(response.status)
            return statuses

    with served() as (server, ledger, _), ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(some, [server] * 4))
    assert answers == [[201] * 10] * 4
    assert len(ledger.calls) == 40


@pytest.mark.parametrize(
    ("fault", "effects"),
    [(Fault.NOT_CONNECTED, 0), (Fault.REQUEST_LOST, 0), (Fault.ANSWER_LOST, 1)],
)
def test_where_no_answer_comes_the_connection_closes_without_a_byte(fault: Fault, effects: int) -> None:
    """From the outside these look alike, whether or not it was done."""
    with served(fault) as (server, ledger, _), connected(server) as connection:
        with pytest.raises(RemoteDisconnected):
            ask(connection, body=b"x" * 100_000)
        assert len(ledger.calls) == effects
        assert ask(connection).read() == b"POST done"  # on a new connection


def test_a_late_call_is_done_when_its_time_has_come() -> None:
    with served(Fault.LATE) as (server, ledger, clock), connected(server) as connection:
        with pytest.raises(RemoteDisconnected):
            ask(connection, path="/late")
        ask(connection, path="/early").read()
        clock.now += timedelta(minutes=5)
        ask(connection, path="/after").read()
    assert [call.url.removeprefix(server.url) for call in ledger.calls] == ["/early", "/late", "/after"]


def test_a_late_call_is_carried_out_at_its_own_time_whenever_that_is_looked_at() -> None:
    """A platform that shows things late counts from then."""
    now, times = datetime(2026, 3, 2, 8, tzinfo=UTC), list[datetime]()

    class Noting:
        def handle(self, call: Call, now: datetime) -> Response:
            times.append(now)
            return Response(200)

    line = Line(Noting(), plan=lambda _: Fault.LATE)
    with pytest.raises(NoAnswer):
        line.exchange(Call("POST", "https://shop.example/orders"), now)
    line.deliver(now + timedelta(hours=1))
    assert times == [now + line.late_by]


@pytest.mark.parametrize(
    ("fault", "status", "body", "effects"),
    [
        (Fault.DOUBLED, 201, b"POST done", 2),
        (Fault.THROTTLED, 429, b"Too many requests", 0),
        (Fault.ERROR_BEFORE, 503, b"Service unavailable", 0),
        (Fault.ERROR_AFTER, 502, b"Bad gateway", 1),
        (Fault.HTML, 200, b"Checking your browser", 0),
        (Fault.BOM, 201, b"\xef\xbb\xbfPOST done", 1),
    ],
)
def test_a_wrong_answer_comes_whole_and_the_connection_is_kept(
    fault: Fault, status: int, body: bytes, effects: int
) -> None:
    with served(fault) as (server, ledger, _), connected(server) as connection:
        response = ask(connection)
        assert response.status == status
        assert body in response.read()
        assert len(ledger.calls) == effects
        kept = connection.sock
        assert ask(connection).read() == b"POST done"
        assert connection.sock is kept


def test_a_cut_answer_looks_whole_to_http_and_ends_half_way() -> None:
    with served(Fault.CUT) as (server, ledger, _), connected(server) as connection:
        assert ask(connection).read() == b"POST"
        assert len(ledger.calls) == 1


def test_throttling_says_how_long_to_wait() -> None:
    with served(Fault.THROTTLED) as (server, _, _), pytest.raises(HTTPError) as refused:
        urlopen(server.url, timeout=10)
    with refused.value as answer:
        assert (answer.code, answer.headers["Retry-After"]) == (429, "20")


def test_every_fault_is_tried_here() -> None:
    tried = {Fault.NOT_CONNECTED, Fault.REQUEST_LOST, Fault.ANSWER_LOST, Fault.LATE, Fault.CUT}
    tried |= {Fault.DOUBLED, Fault.THROTTLED, Fault.ERROR_BEFORE, Fault.ERROR_AFTER, Fault.HTML, Fault.BOM}
    assert tried == set(Fault)


def test_a_call_whose_body_is_cut_off_is_not_done() -> None:
    with served() as (server, ledger, _), connected(server) as connection:
        connection.connect()
        client = connection.sock
        client.sendall(b"POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
    assert ledger.calls == []


def test_a_call_without_a_length_is_refused_before_it_is_done() -> None:
    with served() as (server, ledger, _), connected(server) as connection:
        connection.putrequest("POST", "/orders")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        assert connection.getresponse().status == 411
    assert ledger.calls == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "localhost", "192.0.2.1", ""])
def test_other_machines_can_never_reach_it(host: str) -> None:
    with pytest.raises(ValueError, match=r"listens on 127\.0\.0\.1 only"):
        LoopbackServer(Line(Ledger()), clock=Clock(), host=host)


def test_the_address_names_the_port_that_was_asked_for() -> None:
    with served() as (server, _, _):
        port = int(server.url.rsplit(":", 1)[1])
    with LoopbackServer(Line(Ledger()), clock=Clock(), port=port) as again:
        assert again.url == f"http://127.0.0.1:{port}"


def test_closing_ends_kept_connections_and_may_be_repeated() -> None:
    with served() as (server, _, _), connected(server) as connection:
        ask(connection).read()
        server.close()
        server.close()
        with pytest.raises(OSError):  # noqa: PT011 - which one depends on the moment
            ask(connection)
        with pytest.raises(ConnectionRefusedError), connected(server) as new:
            ask(new)


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with served(Fault.ERROR_BEFORE, Fault.ANSWER_LOST) as (server, _, _), connected(server) as connection:
        ask(connection).read()
        with pytest.raises(RemoteDisconnected):
            ask(connection)
        ask(connection, path="/secret?key=1").read()
    assert capfd.readouterr() == ("", "")
