"""Exact amounts: a decimal and its currency, never a float."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_05UP, ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation

import attrs

__all__ = ["Money", "decimal_from", "decimals_of", "is_finer"]

# Enough for any price a shop can hold; a longer number is a mistake or an attack.
_LONGEST = 40
# Our own contexts, because the caller's may round to a few digits. Wide enough for every sum and product of
# amounts; what would still not fit raises and is never rounded.
_EXACT = Context(prec=8 * _LONGEST, traps=[InvalidOperation, Inexact])
# For a quotient that is rounded once more: this mode keeps the second rounding right.
_QUOTIENT = Context(prec=8 * _LONGEST, rounding=ROUND_05UP, traps=[InvalidOperation])

# ISO 4217: how many decimals a currency has, where it is not two.
_DECIMALS = {
    code: places
    for places, codes in (
        (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
        (4, "CLF UYW"),
    )
    for code in codes.split()
}


def decimals_of(currency: str) -> int:
    """How many decimals amounts in a currency have."""
    return _DECIMALS.get(currency, 2)


def decimal_from(value: str | int | Decimal, *, field: str) -> Decimal:
    """A finite exact decimal from what a platform wrote.

    Raises:
        ValueError: names ``field``, what came and what would be right.

        TypeError: floats are refused: they have lost the amount before we see it.
    """
    # At run time callers without a type checker pass floats and truth values; refuse them here, once.
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{field}: a {type(value).__name__} is not exact; give text, an int or a Decimal")
    if isinstance(value, str) and "_" in value:  # Python's own way of writing numbers, and no shop's
        raise ValueError(f"{field}: {value!r} is not a decimal number such as 12.50")
    try:
        number = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        raise ValueError(f"{field}: {value!r} is not a decimal number such as 12.50") from None
    if not number.is_finite():
        raise ValueError(f"{field}: {value!r} is not a finite number")
    if len(number.as_tuple().digits) > _LONGEST or abs(number.adjusted()) > _LONGEST:
        raise ValueError(f"{field}: a number of more than {_LONGEST} digits is not an amount")
    return number


def _exact(value: Decimal) -> Decimal:
    # At run time callers without a type checker pass floats; refuse them here, once.
    if not isinstance(value, Decimal):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"amount: {value!r} is a {type(value).__name__}; give a Decimal")
    return decimal_from(value, field="amount")


def _currency(value: str) -> str:
    code = value.strip().upper()
    if len(code) != 3 or not (code.isascii() and code.isalpha()):
        raise ValueError(f"currency: {value!r} is not an ISO 4217 code such as EUR")
    return code


def _plain(amount: Decimal, currency: str) -> Decimal:
    """The same amount without the zeros that some platforms write behind a currency's decimals."""
    exponent = amount.as_tuple().exponent
    least = -decimals_of(currency)
    while isinstance(exponent, int) and exponent < least and not amount.as_tuple().digits[-1]:
        exponent += 1
        amount = amount.quantize(Decimal(1).scaleb(exponent), context=_EXACT)
    return amount


@attrs.frozen(order=False)
class Money:
    """An exact amount in one currency. It is written one way, whatever zeros stood behind it.

    Adding or comparing two currencies raises ``ValueError``: an exchange rate is a decision of
    the embedder's and never ours.
    """

    amount: Decimal = attrs.field(converter=_exact)
    currency: str = attrs.field(converter=_currency)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "amount", _plain(self.amount, self.currency))

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str, *, field: str = "amount") -> Money:
        """Money from what a platform wrote; ``field`` is named if it is wrong."""
        return cls(decimal_from(amount, field=field), currency)

    @classmethod
    def parse(cls, text: str) -> Money:
        """The inverse of ``str()``: ``Money.parse("12.50 EUR")``."""
        amount, _, currency = text.partition(" ")
        return cls.of(amount, currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Nothing, in ``currency``."""
        return cls(Decimal(0), currency)

    @classmethod
    def sum(cls, amounts: Iterable[Money], currency: str) -> Money:
        """The sum of ``amounts``, all in ``currency``; zero of it if there are none."""
        total = cls.zero(currency)
        for amount in amounts:
            total = total + amount
        return total

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise ValueError(f"currency: {self.currency} and {other.currency} cannot be added or compared")
        return other.amount

    def __add__(self, other: Money) -> Money:
        return Money(_EXACT.add(self.amount, self._same(other)), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(_EXACT.subtract(self.amount, self._same(other)), self.currency)

    def __neg__(self) -> Money:
        return Money(_EXACT.minus(self.amount), self.currency)

    def times(self, factor: Decimal | int) -> Money:
        """This amount so many times, exactly."""
        return Money(_EXACT.multiply(self.amount, factor), self.currency)

    def each(self, units: Decimal, *, places: int = 6) -> Money:
        """The price of one of ``units``: exact where it ends within ``places``, else rounded half to even."""
        if units == 0:
            return self
        price = _QUOTIENT.divide(self.amount, units)
        step = Decimal(1).scaleb(-places)
        exponent = price.as_tuple().exponent
        if isinstance(exponent, int) and exponent < -places:
            price = price.quantize(step, rounding=ROUND_HALF_EVEN, context=_QUOTIENT)
        return Money(price, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._same(other)

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"


def is_finer(amount: Money, known: Money) -> bool:
    """Has an amount decimals that neither its currency has nor the amount it is a part of?"""
    return _places(amount) > max(decimals_of(amount.currency), _places(known))


def _places(money: Money) -> int:
    exponent = money.amount.as_tuple().exponent
    assert isinstance(exponent, int)
    return -exponent
