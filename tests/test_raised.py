"""What a plug-in's exception leaves behind: its kind and place, and none of its words."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import inf, nan

import pytest

import orderbridge as ob
from orderbridge._raised import log_raised, raised_at
from orderbridge.adapters import (
    AccountSettings,
    Cursor,
    Flow,
    Fulfillment,
    LookUp,
    Page,
    Park,
    Placed,
    Read,
    Repeat,
    Request,
    Response,
    SameKey,
    StorePlatform,
    SupplierStatus,
    Throttled,
    Write,
    decode,
    understood,
)
from orderbridge.auth import Call, NoAuth
from orderbridge.errors import Malformed
from orderbridge.sandbox import Line, LoopbackServer


def broken() -> int:
    return int("Quirina Zwetschgenmus")


def raised() -> ValueError:
    try:
        broken()
    except ValueError as error:
        return error
    raise AssertionError


def test_an_exception_is_named_by_its_kind_and_the_innermost_place_of_its_own_package() -> None:
    where = raised_at(raised())
    line = broken.__code__.co_firstlineno + 1
    assert where == f"ValueError at {__name__}:{line} in broken"


def test_the_place_is_the_plugins_own_where_a_helper_of_ours_raised_it() -> None:
    def read() -> None:
        ob.Money(Decimal(1), "EURO")

    with pytest.raises(ValueError, match="EURO") as caught:
        read()
    assert raised_at(caught.value).endswith(" in read")


def test_what_the_model_does_not_take_is_malformed_in_its_own_words() -> None:
    with pytest.raises(Malformed, match="currency: 'EURO' is not an ISO 4217 code"), understood():
        ob.Money(Decimal(1), "EURO")


def test_what_anything_else_does_not_take_is_malformed_without_its_words() -> None:
    """They quote what came, and that may be a shopper."""
    with pytest.raises(Malformed, match=" in broken") as caught, understood():
        broken()
    assert "Quirina" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_bug_is_no_answer_that_cannot_be_understood() -> None:
    with pytest.raises(KeyError), understood():
        dict[str, str]()["name"]


def test_the_log_tells_the_way_and_none_of_the_words(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "orderbridge"):
        log_raised(raised(), "pull/shop")
    [record] = caplog.records
    assert record.name == "orderbridge"
    told = record.getMessage()
    assert "ValueError in pull/shop" in told
    assert " in broken" in told
    assert "Quirina" not in caplog.text


class Odd:
    """A plug-in that trips over a name."""

    def fetch_orders(self, cursor: Cursor | None, *, since: datetime, now: datetime) -> Flow[Page]:
        decode(dict[str, str], (yield Read("GET", "/orders")))
        broken()
        return Page(items=(), next="", more=False)


class Shop:
    def handle(self, call: Call, now: datetime) -> Response:
        return Response(200, body=b"{}")


def test_a_flow_that_raises_is_told_of_by_its_place(caplog: pytest.LogCaptureFixture) -> None:
    """In the report, in the question to a person and in the log; and what it choked on is in none of them."""
    platform = StorePlatform(
        name="odd",
        title="Odd",
        settings=AccountSettings,
        adapter=lambda _: Odd(),  # type: ignore[arg-type,return-value]  # no more of it is asked for
        auth=lambda _: NoAuth(),
    )
    ob.register(platform)
    with LoopbackServer(Line(Shop())) as served:
        store = ob.store("shop", platform="odd", settings={"base_url": served.url})
        with ob.Bridge(stores=[store], journal=":memory:", take_from=datetime.now(UTC)) as bridge:
            failures = dict(bridge.run_once().failures)
            [review] = bridge.reviews()
    place = f"ValueError at {__name__}:{broken.__code__.co_firstlineno + 1} in broken"
    assert failures["pull/shop"] == f"{place}, for pull/shop"
    assert (review.code, review.evidence) == (ob.ReviewCode.FAULT, f"{place}, for pull/shop")
    assert "in fetch_orders" in caplog.text
    assert "Quirina" not in caplog.text


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: LookUp(lag=120), "lag"),  # type: ignore[arg-type]  # what a type checker would have told
        (lambda: Repeat(late=timedelta(-1)), "late"),
        (lambda: Park(late=None), "late"),  # type: ignore[arg-type]
        (lambda: Park(late=timedelta.max), "late"),  # no time to come is so far away
        (lambda: SameKey(lifetime=0), "lifetime"),  # type: ignore[arg-type]
        (lambda: SameKey(lifetime=timedelta(0)), "lifetime"),
        (lambda: Write("", Request("POST", "/orders"), unknown=LookUp()), "step"),
        (lambda: Write("create", Request("GET", "/orders"), unknown=LookUp()), "request"),
        (lambda: Placed(supplier_ref=""), "supplier_ref"),
        (lambda: Placed(supplier_ref="7", fulfillment="PLACED"), "fulfillment"),  # type: ignore[arg-type]
        (lambda: SupplierStatus(raw="", fulfillment="SHIPPED"), "fulfillment"),  # type: ignore[arg-type]
        (lambda: SupplierStatus(raw=None, fulfillment=None), "raw"),  # type: ignore[arg-type]
        (
            lambda: SupplierStatus(
                raw="", fulfillment=None, shipments=(ob.Shipment(ref="1"), ob.Shipment(ref="1"))
            ),
            "shipments",  # the shop would be told of one parcel, and corrected to the other, for ever
        ),
        (lambda: ob.Package(tracking_number=None), "tracking_number"),  # type: ignore[arg-type]
    ],
)
def test_a_value_of_a_wrong_kind_is_named_where_it_is_written(make, field: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises((TypeError, ValueError), match=field):
        make()


def test_right_values_are_taken() -> None:
    assert SupplierStatus(raw="gone", fulfillment=Fulfillment.SHIPPED).fulfillment is Fulfillment.SHIPPED
    assert LookUp(late=timedelta(0)).late == timedelta(0)


@pytest.mark.parametrize(
    ("asked", "waits"), [(inf, 86400.0), (1e300, 86400.0), (-5.0, 0.0), (nan, None), (None, None), (7.0, 7.0)]
)
def test_nobody_waits_longer_than_a_day_because_a_platform_says_so(
    asked: float | None, waits: float | None
) -> None:
    assert Throttled(asked).after == waits
