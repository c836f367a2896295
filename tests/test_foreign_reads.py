"""Files at another origin: fetched without credentials, only where a platform says, and shown nowhere."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import attrs
import pytest

from orderbridge._calls import Line, prepare
from orderbridge._drivers_shared import TRIES
from orderbridge._http import Read, Response
from orderbridge._model import Secret
from orderbridge._saga import Fetch, run_flow
from orderbridge.adapters import Allowance, Bucket, Flow
from orderbridge.auth import Auth, Basic, NoAuth, Token
from orderbridge.errors import BridgeError, Malformed, Unavailable, Unsupported
from test_drivers import Runner
from wires import Got, Wire, answer

SIGNED = "GoogleAccessId=assets%40shop.example&Expires=1777926898&Signature=OWHh%2BjOQ%2Ff7d%3D%3D"
KEY = "OWHh%2BjOQ%2Ff7d"
SHOP = Line(
    account="shop",
    base_url="https://shop.example",
    auth=NoAuth(),
    bucket=Bucket(per_second=1.0, burst=1),
    foreign=("files.example", "*.storage.example"),
)


@pytest.fixture(params=["sync", "async"])
def runner(request: pytest.FixtureRequest) -> Iterator[Runner]:
    made = Runner(request.param)
    yield made
    made.close()


def fetched(runner: Runner, url: str, **headers: str) -> Response:
    response: Response = runner.run(run_flow("shop", only(Read.foreign(url, headers=headers))))
    return response


def only(read: Read) -> Flow[Response]:
    return (yield read)


def with_login(runner: Runner, url: str, **more: Any) -> None:
    runner.reach(url, auth=Basic(Secret("user"), Secret("password-of-the-shop")), **more)
    # What a platform's entry names; here it stays on this machine.
    runner.lines["shop"] = attrs.evolve(runner.lines["shop"], foreign=("files.example",))


def test_nothing_of_the_account_goes_to_the_other_place(runner: Runner) -> None:
    """Not even where the file is at the shop's own address, as a sandbox has it."""
    with Wire(answer(206, b"some")) as wire:
        with_login(runner, wire.url)
        response = fetched(runner, f"{wire.url}/file-final?{SIGNED}", Range="bytes=0-3")
        assert (response.status, response.body) == (206, b"some")
        (got,) = wire.got
    assert (got.method, got.target, got.body) == ("GET", f"/file-final?{SIGNED}", b"")
    assert got.headers["range"] == "bytes=0-3"
    assert not {"authorization", "cookie", "x-shopify-access-token"}.intersection(got.headers)


def test_a_wish_for_plain_bytes_is_the_only_one_that_is_sent(runner: Runner) -> None:
    with Wire(answer()) as wire:
        with_login(runner, wire.url)
        fetched(runner, wire.url + "/file", **{"Accept-Encoding": "identity"})
        assert wire.got[0].headers["accept-encoding"] == "identity"


class TokenNeeded(Auth):
    """An account that has to log in before each call of its own."""

    needs_token = True

    def refresh(self, token: Token | None, *, now: datetime) -> Any:
        raise AssertionError("nobody logs in for a file at another place")


def test_no_login_and_no_allowance_is_spent(runner: Runner) -> None:
    """The account's bucket holds one call in an hour; three files are read at once."""
    meter_asked: list[Response] = []

    def meter(response: Response) -> Allowance | None:
        meter_asked.append(response)
        return None

    with Wire(answer()) as wire:
        slow = Bucket(per_second=1 / 3600, burst=1)
        runner.reach(wire.url, auth=TokenNeeded(), bucket=slow, meter=meter)
        for _ in range(3):
            assert fetched(runner, wire.url + "/file").status == 200
    assert meter_asked == []


def test_a_429_there_holds_nobody_up_here(runner: Runner) -> None:
    statuses = iter([429] * TRIES + [200])

    def act(connection: socket.socket, got: Got) -> None:
        answer(next(statuses), more="Retry-After: 3600\r\n")(connection, got)

    with Wire(act) as wire:
        runner.reach(wire.url)
        assert fetched(runner, wire.url + "/file").status == 429
        assert runner.read().status == 200


def test_it_is_asked_again_when_no_answer_came_and_a_redirect_is_an_answer(runner: Runner) -> None:
    lost = iter([True])

    def act(connection: socket.socket, got: Got) -> None:
        if next(lost, False):
            connection.shutdown(socket.SHUT_RDWR)
        else:
            answer(302, more="Location: http://127.0.0.1:1/\r\n")(connection, got)

    with Wire(act) as wire:
        runner.reach(wire.url)
        assert fetched(runner, wire.url + "/file").status == 302
        assert len(wire.got) == 2


def test_an_error_there_reaches_the_flow_which_may_know_another_way(runner: Runner) -> None:
    def flow() -> Flow[str]:
        try:
            yield Read.foreign("https://elsewhere.example/file?" + SIGNED)
        except Unsupported as error:
            response = yield Read("GET", "/pages")
            return f"{error.message}; {response.status}"
        raise AssertionError("it was asked")

    with Wire(answer()) as wire:
        with_login(runner, wire.url)
        said = runner.run(run_flow("shop", flow()))
        assert said.startswith("elsewhere.example: ")
        assert said.endswith("; 200")
        assert [got.target for got in wire.got] == ["/pages"]


def test_an_error_at_the_shop_itself_ends_the_flow() -> None:
    """A flow that could go on after one might take half of the shop for all of it."""

    def flow() -> Flow[str]:
        try:
            yield Read("GET", "/orders")
        except BridgeError:
            raise AssertionError("the flow was told") from None
        return ""

    saga = run_flow("shop", flow())
    assert isinstance(next(saga), Fetch)
    with pytest.raises(Unavailable):
        saga.throw(Unavailable("down"))


@pytest.mark.parametrize(
    "url",
    [
        "https://files.example/a?" + SIGNED,
        "https://files.example:443/a",
        "https://FILES.example/a",
        "https://eu.storage.example/a",
        "https://shop.example/bulk/1",
    ],
)
def test_a_host_that_the_platform_names_is_asked(url: str) -> None:
    call = prepare(SHOP, Read.foreign(url))
    assert (call.method, call.url) == ("GET", url)


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/a",
        "https://files.example.elsewhere.example/a",
        "https://notfiles.example/a",
        "https://storage.example/a",
        "https://files.example:8443/a",
        "https://169.254.169.254/latest/meta-data",
        "https://127.0.0.1/a",
        "http://127.0.0.1:8000/a",
    ],
)
def test_no_other_host_is_asked(url: str) -> None:
    with pytest.raises(Unsupported):
        prepare(SHOP, Read.foreign(url))


@pytest.mark.parametrize(
    "url",
    [
        "http://files.example/a",
        "http://shop.example/a",
        "ftp://files.example/a",
        "file:///etc/passwd",
        "https://user:pw@files.example/a",
        "https://files.example\\@elsewhere.example/a",
        "https://files.example#@elsewhere.example/",
        "https://files.example/a b",
        "https://files.example/\r\nX: y",
        "//files.example/a",
        "https:///a",
        "files.example/a",
    ],
)
def test_what_is_no_plain_https_address_is_not_asked(url: str) -> None:
    with pytest.raises(Malformed):
        prepare(SHOP, Read.foreign(url))


def test_only_reading_goes_abroad() -> None:
    read = Read.foreign("https://files.example/a")
    for wrong in (attrs.evolve(read, method="POST"), attrs.evolve(read, body=b"x")):
        with pytest.raises(Malformed):
            prepare(SHOP, wrong)


def test_the_address_is_shown_nowhere(runner: Runner, caplog: pytest.LogCaptureFixture) -> None:
    """Who has a signed address has the file: neither log nor error nor repr holds more than its host."""
    caplog.set_level(logging.DEBUG)

    def act(connection: socket.socket, got: Got) -> None:
        connection.shutdown(socket.SHUT_RDWR)

    with Wire(act) as wire:
        with_login(runner, wire.url)
        url = f"{wire.url}/secret-name?{SIGNED}"
        said = [repr(Read.foreign(url)), repr(prepare(runner.lines["shop"], Read.foreign(url)))]
        for bad in (
            url,
            url.replace("127.0.0.1", "files.example"),
            "https://other.example/secret-name?" + SIGNED,
        ):
            with pytest.raises(BridgeError) as caught:
                fetched(runner, bad)
            error = caught.value
            said += [str(error), repr(error), repr(vars(error)), repr(error.__cause__)]
    text = "".join(said) + caplog.text
    assert KEY not in text
    assert "secret-name" not in text
    assert "GET //127.0.0.1" in text
