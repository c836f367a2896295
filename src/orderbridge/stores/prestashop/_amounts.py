"""What the amounts on an order mean where PrestaShop does not say it: vouchers, slips, what is unpaid."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

from ._wire import Row

_STEP = Decimal("0.000001")  # as PrestaShop writes amounts
# Our own, because the caller's may round to a few digits.
_WIDE = Context(prec=80)


def unpaid_rest(row: Row) -> bool:
    """The shop has written down less money than the order costs; rounding aside."""
    total = row.number("total_paid_tax_incl" if row.text("total_paid_tax_incl") else "total_paid")
    total = min(total, row.number("total_paid") or total)
    return row.number("total_paid_real") < total - Decimal("0.05")


def slip_amount(slip: Row) -> Decimal:
    """What a credit slip gives back, tax included.

    Its ``amount`` holds goods without or with tax, as the customer's group is shown prices, and never
    shipping. Only an amount that is neither was chosen by hand and counts instead.
    """
    goods = slip.number("total_products_tax_incl", "$.order_slips[]")
    chosen = slip.number("amount", "$.order_slips[]")
    shipping = slip.number("total_shipping_tax_incl", "$.order_slips[]")
    shipping = shipping or slip.number("shipping_cost_amount", "$.order_slips[]")
    net = slip.number("total_products_tax_excl", "$.order_slips[]")
    if chosen > 0 and chosen not in (goods, net):
        goods = chosen
    return goods + shipping


def line_amounts(row: Row, items: Iterable[Row], where: str) -> tuple[list[Decimal], list[Decimal], bool]:
    """What the lines cost without and with tax, less vouchers; and whether there were any.

    PrestaShop writes a voucher on the order alone, and one for the shipping beside one for the goods. So all
    of it counts as for the goods, unless it is what the shipping costs.
    """
    nets: list[Decimal] = []
    grosses: list[Decimal] = []
    for index, item in enumerate(items):
        path = f"{where}[{index}]"
        quantity = item.number("product_quantity", path)
        known = bool(item.text("total_price_tax_excl"))
        for found, tax in ((nets, "tax_excl"), (grosses, "tax_incl")):
            each, total = item.number(f"unit_price_{tax}", path), item.number(f"total_price_{tax}", path)
            found.append(total if known else each * quantity)
    off = row.number("total_discounts_tax_excl")
    if off <= 0 or off == row.number("total_shipping_tax_excl"):
        return nets, grosses, False
    return discounted(nets, off), discounted(grosses, row.number("total_discounts_tax_incl")), True


def discounted(amounts: list[Decimal], off: Decimal) -> list[Decimal]:
    """What is left of each amount. The running sum is what is rounded, so all of ``off`` is taken off.

    Args:
        amounts: Of zero or more.

        off: No more than all of them is taken off.
    """
    with localcontext(_WIDE):
        whole = sum(amounts, Decimal(0))
        off = min(off, whole)
        if off <= 0:
            return amounts
        left: list[Decimal] = []
        seen = taken = Decimal(0)
        for amount in amounts:
            seen += amount
            upto = off if seen == whole else (off * seen / whole).quantize(_STEP, ROUND_HALF_EVEN)
            left.append(amount - (upto - taken))
            taken = upto
    return left
