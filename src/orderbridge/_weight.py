"""Weights in kg, whatever a shop weighs in."""

from __future__ import annotations

from decimal import Decimal

_POUND = Decimal("0.45359237")  # by definition, since 1959
_IN_KG = {
    **dict.fromkeys(("kg", "kgs", "kilograms"), Decimal(1)),
    **dict.fromkeys(("g", "grams"), Decimal("0.001")),
    **dict.fromkeys(("lb", "lbs", "pounds"), _POUND),
    **dict.fromkeys(("oz", "ounces"), _POUND / 16),
}


def in_kg(weight: Decimal, unit: str) -> Decimal | None:
    """What one unit of goods weighs, for ``Line.weight``; None where the shop does not really say.

    Args:
        weight: As the shop has it. Zero is what shops say where nobody wrote a weight.

        unit: The shop's word, such as ``kg``, ``GRAMS`` or ``lbs``; another one is nothing to guess at.
    """
    each = _IN_KG.get(unit.strip().lower())
    return weight * each if each is not None and weight.is_finite() and weight > 0 else None
