"""Money is exact, knows its currency, and is never made from a float."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderbridge._money import Money, decimal_from

amounts = st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, allow_infinity=False, places=6)
wide = st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places, Context(prec=60)),
    st.integers(-(10**39), 10**39),
    st.integers(0, 20),
)
currencies = st.sampled_from(["EUR", "USD", "JPY", "KWD"])
money = st.builds(Money, amounts, currencies)


def eur(text: str) -> Money:
    return Money.of(text, "EUR")


def read(text: str) -> Decimal | str:
    """The number, or why it is none."""
    try:
        return decimal_from(text, field="price")
    except ValueError as error:
        return str(error)


# --- exactness --------------------------------------------------------------------------------


@given(amounts, amounts)
def test_a_sum_and_a_difference_are_exact(a: Decimal, b: Decimal) -> None:
    assert Fraction((Money(a, "EUR") + Money(b, "EUR")).amount) == Fraction(a) + Fraction(b)
    assert Fraction((Money(a, "EUR") - Money(b, "EUR")).amount) == Fraction(a) - Fraction(b)


@given(amounts, st.integers(-(10**6), 10**6))
def test_a_multiple_is_exact(a: Decimal, times: int) -> None:
    assert Fraction(Money(a, "EUR").times(times).amount) == Fraction(a) * times


@given(amounts, st.decimals("0", "1000000", places=3))
def test_a_multiple_by_a_fractional_quantity_is_exact(a: Decimal, metres: Decimal) -> None:
    assert Fraction(Money(a, "EUR").times(metres).amount) == Fraction(a) * Fraction(metres)


@given(st.lists(amounts, max_size=30))
def test_the_sum_of_many_is_exact_and_does_not_depend_on_their_order(parts: list[Decimal]) -> None:
    forward = Money.sum((Money(a, "EUR") for a in parts), "EUR")
    backward = Money.sum((Money(a, "EUR") for a in reversed(parts)), "EUR")
    assert forward == backward
    assert Fraction(forward.amount) == sum(map(Fraction, parts))


def test_the_sum_of_nothing_is_zero_in_the_currency_asked_for() -> None:
    assert Money.sum([], "jpy") == Money.zero("JPY")


@given(wide, wide)
def test_arithmetic_is_exact_or_refused_for_any_amount_that_can_be_held(a: Decimal, b: Decimal) -> None:
    """Up to 40 digits are let in, so 40 digits must also survive a sum."""
    left, right = Money(a, "EUR"), Money(b, "EUR")
    for result, exact in (
        (lambda: left + right, Fraction(a) + Fraction(b)),
        (lambda: left - right, Fraction(a) - Fraction(b)),
        (lambda: -left, -Fraction(a)),
        (lambda: left.times(3), Fraction(a) * 3),
    ):
        try:
            amount = result().amount
        except ValueError:  # more digits than an amount may have
            continue
        assert Fraction(amount) == exact


def test_the_decimal_context_of_the_caller_does_not_reach_our_amounts() -> None:
    """An embedder may work with few digits; its choice must not round other people's money."""
    with localcontext(Context(prec=4)):
        assert eur("12345.67") + eur("0.01") == eur("12345.68")
        assert eur("12345.67").times(2) == eur("24691.34")
        assert -eur("12345.67") == eur("-12345.67")
        assert eur("12345.67").each(Decimal(2)) == eur("6172.835")


# --- what is let in ---------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0.1, 1.5, float("nan"), "1.50", 1, None, True])
def test_only_a_decimal_becomes_an_amount(value: object) -> None:
    with pytest.raises(TypeError, match=r"give a Decimal"):
        Money(value, "EUR")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [1.5, 0.1, True])
def test_floats_and_truth_values_are_no_amounts_on_the_wire_either(value: object) -> None:
    with pytest.raises((TypeError, ValueError), match="total"):
        Money.of(value, "EUR", field="total")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value", ["NaN", "sNaN", "-NaN", "Infinity", "-inf", Decimal("NaN"), Decimal("-inf")]
)
def test_what_is_no_finite_number_is_refused_and_named(value: str | Decimal) -> None:
    with pytest.raises(ValueError, match=r"^total: .*finite"):
        decimal_from(value, field="total")
    with pytest.raises(ValueError, match="finite"):
        Money(Decimal(value), "EUR")


@pytest.mark.parametrize(
    "value", ["", " ", "12,50", "1.000,00", "€12", "12 EUR", "0x10", "--1", "1e", "1_000"]
)
def test_what_is_no_number_is_refused_and_named(value: str) -> None:
    with pytest.raises(ValueError, match=r"^price: "):
        decimal_from(value, field="price")


@pytest.mark.parametrize("value", ["1e41", "1e-41", "9" * 41, "0." + "1" * 41, "1e999999999", 10**50])
def test_a_number_of_absurd_length_is_refused(value: str | int) -> None:
    with pytest.raises(ValueError, match=r"^price: "):
        decimal_from(value, field="price")


@given(st.text(max_size=12) | st.text("0123456789.-+eE_ ", max_size=12))
def test_any_text_is_an_exact_finite_number_or_a_value_error(text: str) -> None:
    result = read(text)
    if isinstance(result, str):
        assert result.startswith("price: ")
    else:
        assert result.is_finite()
        assert result == Decimal(text.strip())
        assert "_" not in text


@given(amounts)
def test_a_number_is_taken_as_it_is_written(amount: Decimal) -> None:
    assert str(decimal_from(f" {amount} ", field="price")) == str(amount)


# --- currency ---------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["", "EU", "EURO", "€", "E1R", "ÉUR", "12.", "E R"])
def test_a_currency_is_three_letters(code: str) -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        Money(Decimal(1), code)


def test_a_currency_is_kept_in_capitals() -> None:
    assert Money(Decimal(1), " eur ").currency == "EUR"


@pytest.mark.parametrize("method", ["__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"])
@given(a=amounts, b=amounts)
def test_two_currencies_never_mix(method: str, a: Decimal, b: Decimal) -> None:
    with pytest.raises(ValueError, match="EUR and USD"):
        getattr(Money(a, "EUR"), method)(Money(b, "USD"))


def test_a_sum_refuses_one_amount_of_another_currency() -> None:
    with pytest.raises(ValueError, match="EUR and USD"):
        Money.sum([eur("1"), Money.of("1", "USD")], "EUR")


@given(amounts)
def test_equal_numbers_of_two_currencies_are_not_equal(a: Decimal) -> None:
    assert Money(a, "EUR") != Money(a, "USD")


# --- comparing --------------------------------------------------------------------------------


@given(amounts, amounts)
def test_amounts_of_one_currency_compare_as_their_numbers(a: Decimal, b: Decimal) -> None:
    left, right = Money(a, "EUR"), Money(b, "EUR")
    assert (left < right, left <= right, left > right, left >= right) == (a < b, a <= b, a > b, a >= b)
    assert (left == right) == (a == b)


def test_trailing_zeros_make_no_difference() -> None:
    assert eur("1.5") == eur("1.500")
    assert hash(eur("1.5")) == hash(eur("1.500"))


def test_only_zero_is_false() -> None:
    assert not eur("0.00")
    assert not eur("-0")
    assert eur("0.000001")
    assert eur("-1")


# --- text -------------------------------------------------------------------------------------


@given(money)
def test_text_and_back_is_the_same_money(value: Money) -> None:
    again = Money.parse(str(value))
    assert again == value
    assert str(again) == str(value)


@given(wide)
def test_text_never_has_an_exponent(amount: Decimal) -> None:
    assert "E" not in str(Money(amount, "USD")).removesuffix(" USD")


def test_text_shows_every_digit() -> None:
    assert str(eur("12.50")) == "12.50 EUR"
    assert str(eur("1E+3")) == "1000 EUR"
    assert str(eur("1E-7")) == "0.0000001 EUR"


@pytest.mark.parametrize("text", ["", "12.50", "EUR", "EUR 12.50", "12.50 EUR more", "12.50EUR"])
def test_text_that_is_no_money_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|currency"):
        Money.parse(text)


# --- the price of one -------------------------------------------------------------------------


@given(amounts, st.decimals("0.001", "100000", places=3))
def test_the_price_of_one_is_the_nearest_of_six_places(total: Decimal, units: Decimal) -> None:
    price = Fraction(Money(total, "EUR").each(units).amount)
    assert abs(price - Fraction(total) / Fraction(units)) <= Fraction(1, 2 * 10**6)


@given(st.decimals("0", "1000000", places=6), st.integers(1, 1000))
def test_the_price_of_one_is_exact_where_it_ends(price: Decimal, units: int) -> None:
    assert Money(price, "EUR").times(units).each(Decimal(units)) == Money(price, "EUR")


@pytest.mark.parametrize(
    ("total", "places", "price"),
    [
        ("0.5", 0, "0"),
        ("1.5", 0, "2"),
        ("2.5", 0, "2"),
        ("0.25", 1, "0.2"),
        ("0.35", 1, "0.4"),
        ("-0.5", 0, "0"),
        ("-1.5", 0, "-2"),
    ],
)
def test_a_tie_goes_to_the_even_neighbor(total: str, places: int, price: str) -> None:
    assert eur(total).each(Decimal(1), places=places) == eur(price)


def test_a_third_is_rounded_to_six_places() -> None:
    assert str(eur("10.00").each(Decimal(3))) == "3.333333 EUR"


def test_a_line_of_no_units_has_its_total_as_price() -> None:
    assert eur("7").each(Decimal(0)) == eur("7")


def test_a_large_total_has_a_price_too() -> None:
    assert Money(Decimal(10) ** 25, "EUR").each(Decimal(3)) == eur("3" * 25 + "." + "3" * 6)
