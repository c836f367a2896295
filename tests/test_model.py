"""The domain's values: what is open, what counts as a change, and what never shows."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderbridge import _model
from orderbridge._model import (
    Address,
    Held,
    Line,
    Money,
    NoticeLine,
    Order,
    Package,
    PurchaseLine,
    PurchaseOrder,
    Secret,
    Shipment,
    ShipmentNotice,
    ShippingChoice,
    ShopRefund,
    StorePayment,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ONE = Money.of("1.00", "EUR")
EMPTY = Address()
quantities = st.decimals("0", "10000", places=3)
# A mark no code of ours writes, so that a short random text is not found by chance.
private = st.text(max_size=30).map(lambda text: f"\u27e6{text}\u27e7")


def line(ref: str = "1", **changes: object) -> Line:
    base = Line(ref=ref, quantity=Decimal(2), unit_price=ONE, total=ONE.times(2), tax=ONE)
    return attrs.evolve(base, **changes)


def order(**changes: object) -> Order:
    base = Order(
        store="shop",
        ref="7",
        number="1007",
        placed_at=NOON,
        updated_at=NOON,
        currency="EUR",
        payment=StorePayment.PAID,
        ready=True,
        lines=(line(),),
        total=ONE.times(3),
    )
    return attrs.evolve(base, **changes)


def purchase(*lines: PurchaseLine, **changes: object) -> PurchaseOrder:
    base = PurchaseOrder(
        id="shop/7/rewix/1",
        order_id="shop/7",
        order_ref="7",
        order_number="1007",
        store="shop",
        supplier="rewix",
        reference="AB12CD34EF56GH78",
        lines=lines,
        ship_to=EMPTY,
        placed_at=NOON,
    )
    return attrs.evolve(base, **changes)


# --- what is open -----------------------------------------------------------------------------


@given(quantities, quantities, quantities, quantities)
def test_open_units_are_never_negative_and_never_more_than_ordered(
    quantity: Decimal, canceled: Decimal, refunded: Decimal, fulfilled: Decimal
) -> None:
    units = line(quantity=quantity, canceled=canceled, refunded=refunded, fulfilled=fulfilled).open
    assert 0 <= units <= quantity
    assert units == max(Decimal(0), quantity - (canceled + refunded + fulfilled))


@pytest.mark.parametrize("field", ["canceled", "refunded", "fulfilled"])
@given(quantities, quantities)
def test_each_unit_canceled_refunded_or_shipped_is_one_unit_less_to_ship(
    field: str, quantity: Decimal, gone: Decimal
) -> None:
    assert line(quantity=quantity + gone, **{field: gone}).open == quantity


def test_nothing_is_open_of_what_cannot_be_shipped() -> None:
    assert line(shippable=False).open == 0


@pytest.mark.parametrize("field", ["quantity", "canceled", "refunded", "fulfilled"])
@pytest.mark.parametrize("bad", ["-0.001", "-1", "NaN", "Infinity"])
def test_a_quantity_is_a_finite_number_of_zero_or_more(field: str, bad: str) -> None:
    with pytest.raises(ValueError, match=field):
        line(**{field: Decimal(bad)})


@pytest.mark.parametrize("bad", ["-1", "NaN", "Infinity"])
def test_a_supplier_cannot_hold_less_than_nothing(bad: str) -> None:
    with pytest.raises(ValueError, match="held"):
        Held(remote_id="m1", held=Decimal(bad))


# --- time -------------------------------------------------------------------------------------

NAIVE = datetime(2026, 3, 1, 12)
AWARE = st.datetimes(
    datetime(1990, 1, 1),
    datetime(2100, 1, 1),
    timezones=st.builds(lambda minutes: timezone(timedelta(minutes=minutes)), st.integers(-14 * 60, 14 * 60)),
)


@given(AWARE)
def test_times_are_kept_in_utc_and_are_the_same_moment(at: datetime) -> None:
    notice = ShipmentNotice(
        key="k",
        order_id="shop/7",
        purchase_order_id="p",
        lines=(),
        packages=(),
        shipped_at=at,
        completes=False,
    )
    for kept in (
        order(placed_at=at).placed_at,
        order(updated_at=at).updated_at,
        purchase(placed_at=at).placed_at,
        Shipment(ref="s", shipped_at=at).shipped_at,
        notice.shipped_at,
    ):
        assert kept == at
        assert kept is not None
        assert kept.tzinfo is UTC


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        order(placed_at=NAIVE)
    with pytest.raises(ValueError, match="time zone"):
        order(updated_at=NAIVE)
    with pytest.raises(ValueError, match="time zone"):
        purchase(placed_at=NAIVE)
    with pytest.raises(ValueError, match="time zone"):
        Shipment(ref="s", shipped_at=NAIVE)


def test_a_shipment_may_have_no_time_yet() -> None:
    assert Shipment(ref="s").shipped_at is None


# --- the digest -------------------------------------------------------------------------------

# One other value for every field of an order. A new field fails here until somebody has decided
# whether a change of it must be acted on.
MATTERS: dict[str, object] = {
    "store": "other",
    "ref": "8",
    "number": "1008",
    "placed_at": NOON + timedelta(seconds=1),
    "currency": "USD",
    "payment": StorePayment.REFUNDED,
    "ready": False,
    "canceled": True,
    "raw_status": "on-hold",
    "lines": (),
    "ship_to": Address(city="Roma"),
    "bill_to": Address(city="Roma"),
    "shipping": (ShippingChoice(code="flat", title="Flat", total=ONE),),
    "total": ONE,
    "note": "ring twice",
    "refunds": (ShopRefund(ref="3", amount=ONE),),
    "replaces": "6",
}
ECHO: dict[str, object] = {
    "updated_at": NOON + timedelta(days=1),
    "tags": ("seen",),
    "extra": (("_orderbridge", "1"),),
}
LINE_CHANGES: dict[str, object] = {
    "ref": "2",
    "ship_ref": "3",
    "sku": "S",
    "product_ref": "5",
    "variant_ref": "6",
    "name": "Shirt",
    "attributes": (("size", "L"),),
    "quantity": Decimal(3),
    "canceled": Decimal(1),
    "refunded": Decimal(1),
    "fulfilled": Decimal(1),
    "unit_price": ONE.times(2),
    "total": ONE,
    "tax": Money.zero("EUR"),
    "shippable": False,
    "container": "9",
    "supplier_ref": "A-1",
    "link_as": "5-6",
}
# What the shop says of the product; it may change while the order does not.
LINE_FACTS: dict[str, object] = {
    "weight": Decimal("0.25"),
    "vendor": "Acme",
    "tags": ("dropship",),
    "shipping_class": "bulky",
}


def test_every_field_of_an_order_and_a_line_has_been_decided_on() -> None:
    assert {field.name for field in attrs.fields(Order)} == MATTERS.keys() | ECHO.keys()
    assert {field.name for field in attrs.fields(Line)} == LINE_CHANGES.keys() | LINE_FACTS.keys()


@pytest.mark.parametrize("field", MATTERS)
def test_a_change_that_matters_changes_the_digest(field: str) -> None:
    assert order(**{field: MATTERS[field]}).digest != order().digest


@pytest.mark.parametrize("field", LINE_FACTS)
def test_what_the_shop_says_of_a_product_is_known_and_no_change_of_the_order(field: str) -> None:
    (before,) = order().lines
    after = attrs.evolve(before, **{field: LINE_FACTS[field]})
    assert order(lines=(after,)).digest == order().digest
    assert after.facts != before.facts


@pytest.mark.parametrize("field", LINE_CHANGES)
def test_any_change_of_a_line_changes_the_digest(field: str) -> None:
    assert order(lines=(line(**{field: LINE_CHANGES[field]}),)).digest != order().digest


@pytest.mark.parametrize("field", [field.name for field in attrs.fields(Address)])
def test_any_change_of_the_address_changes_the_digest(field: str) -> None:
    before = order(ship_to=Address(city="Roma", country="IT"))
    assert order(ship_to=attrs.evolve(before.ship_to, **{field: "X"})).digest != before.digest


@pytest.mark.parametrize("field", ECHO)
def test_an_echo_of_what_we_wrote_ourselves_is_no_change(field: str) -> None:
    assert order(**{field: ECHO[field]}).digest == order().digest


@given(private, private)
def test_two_addresses_swapped_between_fields_are_a_change(a: str, b: str) -> None:
    same = order(ship_to=Address(line1=a, line2=b)).digest == order(ship_to=Address(line1=b, line2=a)).digest
    assert same == (a == b)


def test_the_order_of_lines_matters() -> None:
    a, b = line("1"), line("2")
    assert order(lines=(a, b)).digest != order(lines=(b, a)).digest


@pytest.mark.parametrize(("units", "total"), [("2.0", "3.00"), ("2.000", "3"), ("2E+0", "3.0")])
def test_equal_orders_have_equal_digests_however_their_numbers_are_written(units: str, total: str) -> None:
    """Shops change between ``2`` and ``2.0`` from one read to the next; that is no news."""
    again = order(lines=(line(quantity=Decimal(units)),), total=Money.of(total, "EUR"))
    assert again == order()
    assert again.digest == order().digest


def test_times_in_another_zone_are_the_same_digest() -> None:
    rome = NOON.astimezone(timezone(timedelta(hours=1)))
    assert order(placed_at=rome).digest == order().digest


def test_the_digest_can_be_computed_for_any_text() -> None:
    assert len(order(note="\ud83d broken \x00").digest) == 64


# --- what no value holds ----------------------------------------------------------------------


def test_half_a_character_becomes_the_sign_for_none() -> None:
    """Shops cut notes off in the middle of one, and no journal could hold the order."""
    cut = "Thanks \ud83d"
    assert order(note=cut, ship_to=Address(name=cut)).ship_to == Address(name="Thanks \ufffd")
    assert order(extra=((cut, cut),)).extra == (("Thanks \ufffd", "Thanks \ufffd"),)
    assert Address(name="Zoë \ud83d\ude00").name == "Zoë \U0001f600"


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Address(company=None), "company"),  # type: ignore[arg-type]
        (lambda: line(sku=None), "sku"),
        (lambda: line(7), "ref"),  # type: ignore[arg-type]
        (lambda: line(quantity=1), "quantity"),
        (lambda: order(number=None), "number"),
        (lambda: order(payment="PAID"), "payment"),
        (lambda: Shipment(ref=None), "ref"),  # type: ignore[arg-type]
        (lambda: order(lines=(line("1"), line("1"))), "lines"),
    ],
)
def test_what_an_order_cannot_be_is_refused_where_it_is_made(make: Callable[[], object], field: str) -> None:
    """In the journal a None would become the word, on a parcel too; equal refs would stop all its page."""
    with pytest.raises((TypeError, ValueError), match=field):
        make()


# --- what never shows -------------------------------------------------------------------------


def shown(value: object) -> str:
    return f"{value!r} {value}"


def address(text: str) -> Address:
    return Address(**{field.name: text for field in attrs.fields(Address) if field.name != "country"})


@given(private)
def test_no_repr_shows_a_shopper(text: str) -> None:
    whole = address(text)
    bought = line(attributes=((text, text),))
    sold = order(
        ship_to=whole,
        bill_to=whole,
        note=text,
        lines=(bought,),
        shipping=(ShippingChoice(code="c", title=text, total=ONE),),
        extra=((text, text),),
    )
    for value in (whole, bought, sold, purchase(ship_to=whole, note=text)):
        assert "\u27e6" not in shown(value)


def test_an_address_shows_its_country_only() -> None:
    assert repr(attrs.evolve(address("x"), country="IT")) == "Address(country='IT')"


PRIVATE_FIELDS = {
    Address: {field.name for field in attrs.fields(Address)} - {"country"},
    Line: {"attributes"},
    Order: {"ship_to", "bill_to", "note", "shipping", "extra"},
    PurchaseOrder: {"ship_to", "note"},
}


@pytest.mark.parametrize("cls", PRIVATE_FIELDS)
def test_exactly_the_private_fields_are_kept_out_of_reprs(cls: type[attrs.AttrsInstance]) -> None:
    hidden = {field.name for field in attrs.fields(cls) if not field.repr}
    assert hidden == PRIVATE_FIELDS[cls]


def test_no_other_value_of_the_domain_can_hold_an_address() -> None:
    """A class that gets an address must be listed above, where its repr is tested."""
    holders = {
        name
        for name in _model.__all__
        if attrs.has(getattr(_model, name))
        and any("Address" in str(field.type) for field in attrs.fields(getattr(_model, name)))
    }
    assert holders == {"Order", "PurchaseOrder"}


@given(private)
def test_a_secret_shows_nowhere_but_where_it_is_revealed(text: str) -> None:
    secret = Secret(text)
    assert secret.reveal() == text
    for seen in (shown(secret), shown([secret]), json.dumps(secret, default=str)):
        assert "\u27e6" not in seen
    assert not hasattr(secret, "__dict__")


def test_secrets_compare_by_value_and_only_with_secrets() -> None:
    assert Secret("a") == Secret("a")
    assert len({Secret("a"), Secret("a")}) == 1
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert not Secret("")
    assert Secret(" ")


# --- values -----------------------------------------------------------------------------------

VALUES = [
    ONE,
    EMPTY,
    line(),
    order(),
    purchase(),
    Held(remote_id="m", held=Decimal(1)),
    Package(),
    Shipment(ref="s"),
    NoticeLine(line_ref="1", ship_ref="1", units=Decimal(1)),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values_cannot_be_changed_and_survive_a_copy(value: attrs.AttrsInstance) -> None:
    field = attrs.fields(type(value))[0].name
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(value, field, None)
    assert copy.deepcopy(value) == value
    assert pickle.loads(pickle.dumps(value)) == value
    assert hash(copy.deepcopy(value)) == hash(value)


@pytest.mark.parametrize("name", [n for n in _model.__all__ if n not in {"Money", "Secret", "StorePayment"}])
def test_values_are_given_by_keyword_and_have_no_room_for_typos(name: str) -> None:
    cls = getattr(_model, name)
    assert all(field.kw_only for field in attrs.fields(cls))
    assert "__dict__" not in dir(cls)


def test_an_empty_address_is_false_and_any_word_makes_it_true() -> None:
    assert not EMPTY
    assert all(Address(**{field.name: "x"}) for field in attrs.fields(Address))


def test_an_order_is_named_by_store_and_ref() -> None:
    assert order().id == "shop/7"


def test_a_purchase_order_sums_the_units_of_one_remote_id() -> None:
    """Two lines of the shop may be the same article at the supplier."""

    def wanted(remote_id: str, quantity: str) -> PurchaseLine:
        return PurchaseLine(line_ref="1", remote_id=remote_id, quantity=Decimal(quantity), units=Decimal(1))

    po = purchase(wanted("m1", "2"), wanted("m2", "1.5"), wanted("m1", "3"))
    assert po.units == {"m1": Decimal(5), "m2": Decimal("1.5")}
    assert purchase().units == {}


@given(st.lists(st.tuples(st.sampled_from("abc"), quantities), max_size=20))
def test_no_unit_is_lost_when_a_purchase_order_is_summed(asked: list[tuple[str, Decimal]]) -> None:
    lines = [PurchaseLine(line_ref="1", remote_id=rid, quantity=q, units=q) for rid, q in asked]
    units = purchase(*lines).units
    assert sum(units.values()) == sum(q for _, q in asked)
    assert set(units) == {rid for rid, _ in asked}


def test_words_of_payment_are_never_removed() -> None:
    """A journal written by this version must be read by every later one."""
    words = "UNPAID AUTHORIZED PAID PART_PAID PART_REFUNDED REFUNDED VOIDED ON_DELIVERY UNKNOWN"
    assert set(words.split()) <= {payment.value for payment in StorePayment}
    assert all(payment.name == payment.value for payment in StorePayment)
