"""Weights are kg, whatever a shop weighs in."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orderbridge.adapters import in_kg


@pytest.mark.parametrize(
    ("weight", "unit", "kg"),
    [
        ("1.5", "kg", "1.5"),
        ("1.5", " KILOGRAMS", "1.5"),
        ("250", "g", "0.25"),
        ("1", "lbs", "0.45359237"),
        ("16", "OUNCES", "0.45359237"),
    ],
)
def test_a_weight_is_exact_in_kg(weight: str, unit: str, kg: str) -> None:
    assert in_kg(Decimal(weight), unit) == Decimal(kg)


@pytest.mark.parametrize(
    ("weight", "unit"), [("0", "kg"), ("-1", "kg"), ("NaN", "kg"), ("1", ""), ("1", "stone")]
)
def test_what_a_shop_does_not_really_say_is_not_guessed(weight: str, unit: str) -> None:
    assert in_kg(Decimal(weight), unit) is None
